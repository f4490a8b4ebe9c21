//! The map: every customer as a point, those who are alike together. It is drawn from squares of a few
//! pixels, so that any number of customers costs no more than the picture; what is drawn is kept until
//! the view changes.

mod inspector;
mod paint;

use std::sync::Arc;

use eframe::egui::{self, Mesh, Pos2, Rect, Sense, Ui, Vec2, pos2, vec2};
use regulars_engine::deploy::Customer;
use regulars_engine::project::{ColourBy, Colours, CustomerMap};
use regulars_engine::segment::map::{Sight, nearest_to, thinned};

use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts;
use crate::window::theme::{Palette, S1, S2};
use crate::words;

pub(super) use inspector::inspector;

/// What a press of the pointer does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tool {
    /// Moves the map.
    #[default]
    Move,
    /// Draws a shape around customers.
    Lasso,
}

/// What the tab remembers between frames.
#[derive(Default)]
pub struct View {
    /// What points are coloured by.
    pub by: ColourBy,
    pub tool: Tool,
    /// The part in sight; all of the map where there is none.
    pub sight: Option<Sight>,
    /// Colours that are hidden.
    pub hidden: [bool; 8],
    /// Corners of the shape that is being drawn, in the plane.
    pub shape: Vec<[f32; 2]>,
    /// What was drawn last, and what for.
    drawn: Option<(Key, Arc<Mesh>, usize)>,
    /// The map that the rest belongs to.
    of: Option<Arc<CustomerMap>>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("by", &self.by).field("tool", &self.tool).finish_non_exhaustive()
    }
}

/// What a picture was drawn for.
#[derive(Clone, PartialEq)]
struct Key {
    colours: *const Colours,
    sight: Sight,
    hidden: [bool; 8],
    corner: Pos2,
    dark: bool,
}

/// Pixels within which the pointer means a point.
const NEAR: f32 = 8.0;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.cleaning.is_none() {
        crate::window::pages::clean::waiting(ui, scene, "map");
        return;
    }
    scene.state.follow_map();
    let by = scene.page.map.by.clone();
    scene.state.follow_colours(&by);
    if let Some(done) = scene.state.map.progress() {
        ui.horizontal(|ui| {
            parts::muted(ui, lang.t("map.drawing"));
            let bar = ui.add(egui::ProgressBar::new(done as f32).desired_width(160.0));
            let name = lang.t("map.drawing");
            bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &name));
        });
    }
    if scene.state.map.map().is_some() && scene.state.map_stale() {
        parts::caution(ui, &lang.t("map.stale"));
        ui.add_space(S2);
    }
    let (Some(map), Some(colours)) = (scene.state.map.map().cloned(), scene.state.map.colours().cloned())
    else {
        if scene.state.map.progress().is_none() && scene.state.map.map().is_none() {
            parts::muted(ui, lang.t("map.not_yet"));
        }
        return;
    };
    let view = &mut scene.page.map;
    if view.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, &map)) {
        (view.sight, view.drawn, view.of) = (None, None, Some(map.clone()));
        view.shape.clear();
    }
    let id = ui.scope_id().with("map's picture");
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let top = ui.cursor().min;
    head(ui, scene, &map, &colours, before);
    tools(ui, scene);
    let rect = plane(ui, scene, &map, &colours);
    legend(ui, scene, &colours);
    let whole = Rect::from_min_max(top, pos2(rect.right(), ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, whole));
    parts::muted(ui, lang.t("map.help"));
}

/// The finding, how it was made, and the menu that takes it away.
fn head(ui: &mut Ui, scene: &Scene<'_>, map: &Arc<CustomerMap>, colours: &Colours, before: Option<Rect>) {
    let lang = scene.lang;
    let drawn = &map.drawn;
    let count = lang.count(drawn.xy.len() as u64);
    let title = match drawn.explained {
        Some([x, y]) => lang.with("map.finding.pca", &[("count", count), ("share", words::percent(x + y))]),
        None => {
            let kind = lang.t(&format!("map.projection.{}", drawn.projection.name()));
            lang.with("map.finding", &[("count", count), ("kind", kind)])
        }
    };
    ui.horizontal(|ui| {
        let room = ui.available_width() - 96.0;
        ui.scope(|ui| {
            ui.set_max_width(room.max(60.0));
            let text = egui::RichText::new(&title).family(crate::window::theme::strong());
            ui.add(egui::Label::new(text).wrap());
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
            paint::menu(ui, scene, map, colours, before, &title);
        });
    });
    let mut how = lang.with(
        "map.trustworthiness",
        &[("value", format!("{:.2}", drawn.trustworthiness)), ("count", lang.count(drawn.compared as u64))],
    );
    if let Some(rows) = drawn.laid_out {
        how.push(' ');
        how += &lang.with("map.laid_out", &[("count", lang.count(rows as u64))]);
    }
    let every = thinned(drawn.xy.len());
    if every > 1 {
        how.push(' ');
        let shown = drawn.xy.len().div_ceil(every);
        let args = [("shown", lang.count(shown as u64)), ("all", lang.count(drawn.xy.len() as u64))];
        how += &lang.with("map.thinned", &args);
    }
    ui.add(egui::Label::new(egui::RichText::new(how).color(Palette::of(ui).muted)).wrap());
}

/// Move or lasso, and the buttons that zoom and move without a pointer's drag.
fn tools(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let view = &mut scene.page.map;
    ui.horizontal_wrapped(|ui| {
        ui.selectable_value(&mut view.tool, Tool::Move, lang.t("map.move"));
        let lasso = ui.selectable_value(&mut view.tool, Tool::Lasso, lang.t("map.lasso"));
        lasso.on_hover_text(lang.t("map.lasso.help"));
        ui.separator();
        let Some(sight) = view.sight else { return };
        let [w, h] = sight.size;
        let centre = [w / 2.0, h / 2.0];
        let mut next = None;
        for (sign, key, to) in [
            ("←", "zoom.left", sight.moved([w / 4.0, 0.0])),
            ("→", "zoom.right", sight.moved([-w / 4.0, 0.0])),
            ("↑", "map.up", sight.moved([0.0, h / 4.0])),
            ("↓", "map.down", sight.moved([0.0, -h / 4.0])),
            ("+", "zoom.in", sight.zoomed(1.6, centre)),
            ("–", "zoom.out", sight.zoomed(1.0 / 1.6, centre)),
        ] {
            let name = lang.t(key);
            let button = ui.button(sign).on_hover_text(&name);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if button.clicked() {
                next = Some(Some(to));
            }
        }
        if ui.button(lang.t("map.whole")).clicked() {
            next = Some(None);
        }
        if let Some(next) = next {
            view.sight = next;
        }
    });
    ui.add_space(S1);
}

/// The picture itself; returns where it is.
fn plane(ui: &mut Ui, scene: &mut Scene<'_>, map: &Arc<CustomerMap>, colours: &Arc<Colours>) -> Rect {
    let height = (ui.available_height() - 140.0).clamp(300.0, 900.0);
    let size = vec2(ui.available_width().max(200.0), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let name = scene.lang.with("map.picture", &[("count", scene.lang.count(map.drawn.xy.len() as u64))]);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let view = &mut scene.page.map;
    let pixels = [rect.width(), rect.height()];
    let sight = match view.sight {
        Some(sight) => Sight { size: pixels, ..sight },
        None => Sight::whole(&map.drawn.xy, pixels),
    };
    let sight = moved(ui, &response, view, sight, rect);
    view.sight = Some(sight);
    let p = Palette::of(ui);
    let painter = ui.painter_at(rect);
    painter.rect(rect, 4.0, p.surface, egui::Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
    let key = Key {
        colours: Arc::as_ptr(colours),
        sight,
        hidden: view.hidden,
        corner: rect.min,
        dark: ui.visuals().dark_mode,
    };
    let is_known = view.drawn.as_ref().is_some_and(|(of, ..)| *of == key);
    if !is_known {
        let (mesh, seen) = paint::mesh(&map.drawn.xy, colours, &sight, &view.hidden, rect, &p);
        view.drawn = Some((key, Arc::new(mesh), seen));
    }
    if let Some((_, mesh, _)) = &view.drawn {
        painter.add(egui::Shape::mesh(mesh.clone()));
    }
    paint::shape(&painter, &view.shape, &sight, rect, &p);
    if let Some(part) = scene.state.map.part() {
        paint::chosen(&painter, &part.points, &map.drawn.xy, &sight, rect, &p);
    }
    point(ui, scene, map, &response, &sight, rect);
    rect
}

/// Follows the pointer: moves, zooms, or draws a shape.
fn moved(ui: &Ui, response: &egui::Response, view: &mut View, sight: Sight, rect: Rect) -> Sight {
    let mut sight = sight;
    let in_picture = |at: Pos2| [at.x - rect.left(), at.y - rect.top()];
    let drag: Vec2 = response.drag_delta();
    match view.tool {
        Tool::Move if response.dragged() && drag != Vec2::ZERO => sight = sight.moved([drag.x, drag.y]),
        Tool::Lasso if response.drag_started() => {
            let from = ui.input(|input| input.pointer.press_origin());
            view.shape = from.map(|at| sight.point(in_picture(at))).into_iter().collect();
        }
        _ => {}
    }
    if let (Tool::Lasso, true, Some(at)) = (view.tool, response.dragged(), response.interact_pointer_pos()) {
        let corner = sight.point(in_picture(at));
        let is_far = view.shape.last().is_none_or(|last| {
            let (a, b) = (sight.pixel(*last), sight.pixel(corner));
            (a[0] - b[0]).hypot(a[1] - b[1]) > 3.0
        });
        if is_far {
            view.shape.push(corner);
        }
    }
    if let Some(at) = response.hover_pos() {
        // The wheel alone scrolls the page; with Ctrl, or a pinch, it zooms.
        let pinch = ui.input(egui::InputState::zoom_delta);
        if pinch > 0.0 && pinch != 1.0 {
            sight = sight.zoomed(pinch, in_picture(at));
        }
    }
    if response.double_clicked() {
        view.shape.clear();
        return Sight::whole(view.of.as_ref().map_or(&[][..], |of| &of.drawn.xy), sight.size);
    }
    sight
}

/// The customer under the pointer: who it is, and a click that leads there. A shape that is let go chooses.
fn point(
    ui: &Ui,
    scene: &mut Scene<'_>,
    map: &Arc<CustomerMap>,
    response: &egui::Response,
    sight: &Sight,
    rect: Rect,
) {
    if response.drag_stopped() && scene.page.map.tool == Tool::Lasso {
        let shape = scene.page.map.shape.clone();
        let shown = scene.page.map.hidden.map(|hidden| !hidden);
        if shape.len() > 2 {
            scene.state.choose_part(shape, shown);
        } else {
            scene.page.map.shape.clear();
        }
    }
    let Some(at) = response.hover_pos().filter(|_| !response.dragged()) else { return };
    let to = sight.point([at.x - rect.left(), at.y - rect.top()]);
    let Some(found) = nearest_to(&map.drawn.xy, to, NEAR / sight.scale) else { return };
    let colour = scene.state.map.colours().and_then(|colours| colours.of.get(found).copied()).unwrap_or(0);
    if scene.page.map.hidden.get(colour as usize) == Some(&true) {
        return;
    }
    let place = map.drawn.xy.get(found).map_or([0.0; 2], |point| sight.pixel(*point));
    let p = Palette::of(ui);
    let around = pos2(rect.left() + place[0], rect.top() + place[1]);
    ui.painter_at(rect).circle_stroke(around, 6.0, egui::Stroke::new(2.0, p.ink));
    let told = inspector::told(scene, map, found);
    response.clone().on_hover_ui_at_pointer(|ui| {
        told.iter().for_each(|line| {
            ui.label(line);
        });
    });
    if !response.clicked() || scene.page.map.tool != Tool::Move || scene.state.month.is_some() {
        return;
    }
    let Some(row) = map.row(found) else { return };
    let is_listed = |list: &Arc<Vec<Customer>>| list.iter().any(|customer| customer.row == row);
    if scene.state.customers.as_ref().is_some_and(is_listed) {
        scene.page.customer = Some((scene.state.list_source, row));
        scene.page.follow_customer = true;
        scene.send.push(Command::Go(Page::Customers));
    }
}

/// What each colour stands for; a click hides or shows it.
fn legend(ui: &mut Ui, scene: &mut Scene<'_>, colours: &Colours) {
    let lang = scene.lang;
    let p = Palette::of(ui);
    ui.add_space(S2);
    ui.horizontal_wrapped(|ui| {
        for (place, level, count) in &colours.levels {
            let name = inspector::level(lang, scene.state.segments.as_deref(), level);
            let text = format!("{name} · {}", lang.count(*count as u64));
            let at = *place as usize;
            let mut on = scene.page.map.hidden.get(at) != Some(&true);
            // The mark stands in the room before the words, so that a line never parts them.
            let response = ui.checkbox(&mut on, format!("      {text}")).accessible_name(&text);
            let left = response.rect.left() + ui.spacing().icon_width + ui.spacing().icon_spacing + 9.0;
            let at_words = pos2(left, response.rect.center().y);
            paint::mark(ui.painter(), at_words, *place, colours.is_ramp, &p);
            if response.changed()
                && let Some(hidden) = scene.page.map.hidden.get_mut(at)
            {
                *hidden = !on;
            }
        }
    });
}
