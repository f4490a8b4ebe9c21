//! The grid: recency upwards, the other score to the right, every cell a button.

use std::sync::Arc;

use eframe::egui::{self, Align2, Pos2, Rect, Sense, Ui, Vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::project::{Classified, Group};
use regulars_engine::segment::rfm::{FittedRfm, SCORES};

use super::{Choice, Shade};
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::parts::drawing::{self, Drawing, fitted, mixed};
use crate::window::theme::{Palette, S2};
use crate::words::{Lang, class_name, percent};

/// Room for the numbers beside the grid.
const LEFT: f32 = 34.0;
const BELOW: f32 = 36.0;
/// Room between the text of a cell and its edge.
const INSET: f32 = 8.0;
const CELL_HEIGHT: f32 = 62.0;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Classified>) {
    let lang = scene.lang;
    let Some(fitted) = &found.fitted else { return };
    let has_money = found.classes.iter().any(|group| group.money.is_some());
    let has_leaving = found.classes.iter().any(|group| leaving(group).is_some());
    ui.horizontal_wrapped(|ui| {
        parts::muted(ui, lang.t("classes.shade"));
        let all = [(Shade::Size, true), (Shade::Money, has_money), (Shade::Leaving, has_leaving)];
        for (shade, is_there) in all {
            let key = match shade {
                Shade::Size => "classes.shade.size",
                Shade::Money => "classes.shade.money",
                Shade::Leaving if has_left(found) => "classes.shade.left",
                Shade::Leaving => "classes.shade.leaving",
            };
            if is_there {
                ui.selectable_value(&mut scene.page.classes.shade, shade, lang.t(key));
            }
        }
    });
    ui.add_space(S2);
    let wide = ((ui.available_width() - LEFT) / f32::from(SCORES)).clamp(72.0, 132.0);
    let drawing = picture(ui, lang, found, fitted, scene.page.classes.shade, wide);
    let title = title(lang, found, fitted);
    let name = lang.t("classes.grid.name");
    let ctx = ui.ctx().clone();
    let response = drawing::framed(ui, lang, ("rfm grid", &title, &name), &drawing, || {
        parts::cells::shared(&ctx, lang, grid_of(lang, found, fitted), &Layout::of(&MEANINGS))
    });
    for recency in 1..=SCORES {
        for worth in 1..=SCORES {
            let rect = cell(recency, worth, wide).translate(response.rect.min.to_vec2());
            let Some(group) = group(found, recency, worth) else { continue };
            cell_button(ui, scene, (found, fitted), (recency, worth), (rect, group));
        }
    }
}

/// Each cell can be reached by the keyboard and is told to those who do not see it.
fn cell_button(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    (found, fitted): (&Classified, &FittedRfm),
    (recency, worth): (u8, u8),
    (rect, group): (Rect, &Group),
) {
    let lang = scene.lang;
    let id = ui.scope_id().with(("rfm cell", recency, worth));
    let response = ui.interact(rect, id, Sense::click());
    let told = words(lang, found, fitted, (recency, worth), group);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &told));
    let choice = Choice::Cell(recency, worth);
    let p = Palette::of(ui);
    let is_chosen = scene.page.classes.choice == Some(choice);
    if is_chosen || response.has_focus() || response.hovered() {
        let width = if is_chosen || response.has_focus() { 2.0 } else { 1.0 };
        let stroke = egui::Stroke::new(width, if is_chosen { p.accent } else { p.ink });
        ui.painter().rect_stroke(rect.shrink(1.0), 2, stroke, egui::StrokeKind::Inside);
    }
    let response = response.on_hover_text(told);
    if response.clicked() {
        scene.page.classes.choice = (!is_chosen).then_some(choice);
    }
}

/// Share of the group that leaves: known to have left, else as the model says.
pub(super) fn leaving(group: &Group) -> Option<f64> {
    group.churn.map(|churn| churn.value).or(group.risk)
}

/// True where it is known who has left, false where a model says who may.
pub(super) fn has_left(found: &Classified) -> bool {
    found.classes.iter().any(|group| group.churn.is_some())
}

/// The catalogue's key of the name of a column of the tables of classes.
pub(super) fn head_key(found: &Classified, head: &str) -> String {
    match head {
        "leaving" if has_left(found) => "classes.head.left".to_owned(),
        head => format!("classes.head.{head}"),
    }
}

fn group(found: &Classified, recency: u8, worth: u8) -> Option<&Group> {
    found.grid.get(usize::from(recency) - 1)?.get(usize::from(worth) - 1)
}

/// Where a cell stands in the picture: the best recency on top.
fn cell(recency: u8, worth: u8, wide: f32) -> Rect {
    let x = LEFT + f32::from(worth - 1) * wide;
    let y = f32::from(SCORES - recency) * CELL_HEIGHT;
    Rect::from_min_size(Pos2::new(x, y), Vec2::new(wide, CELL_HEIGHT)).shrink(1.0)
}

fn class_of(fitted: &FittedRfm, recency: u8, worth: u8) -> Option<&str> {
    let class = fitted.classes.iter().find(|class| class.holds(recency, worth));
    class.map(|class| class.name.as_str())
}

fn picture(ui: &Ui, lang: Lang, found: &Classified, of: &FittedRfm, shade: Shade, wide: f32) -> Drawing {
    let p = Palette::of(ui);
    let all_money: f64 = found.classes.iter().filter_map(|group| group.money).sum();
    let value = |group: &Group| match shade {
        Shade::Size => group.share,
        Shade::Money => group.money.unwrap_or(0.0) / all_money.max(1e-12),
        Shade::Leaving => leaving(group).unwrap_or(0.0),
    };
    let most = found.grid.iter().flatten().map(value).fold(1e-12, f64::max);
    let (height, width) = (f32::from(SCORES) * CELL_HEIGHT, LEFT + f32::from(SCORES) * wide);
    let mut drawing = Drawing { size: Vec2::new(width, height + BELOW), marks: Vec::new() };
    let color = if shade == Shade::Leaving { p.bad } else { p.accent };
    for recency in 1..=SCORES {
        let middle = cell(recency, 1, wide).center().y;
        drawing.strong(Pos2::new(4.0, middle), Align2::LEFT_CENTER, format!("R{recency}"), 12.0, p.muted);
        for worth in 1..=SCORES {
            let rect = cell(recency, worth, wide);
            let Some(group) = group(found, recency, worth) else { continue };
            let share = (value(group) / most) as f32;
            drawing.rect(rect, mixed(p.surface, color, 0.04 + 0.36 * share), Some(p.line));
            let room = rect.width() - 2.0 * INSET;
            let name = class_of(of, recency, worth).map(|name| class_name(lang, name));
            let name = name.unwrap_or_else(|| lang.t("classes.none"));
            let at = |y: f32| Pos2::new(rect.left() + INSET, rect.top() + y);
            drawing.text(at(7.0), Align2::LEFT_TOP, fitted(ui, &name, 11.0, room), 11.0, p.ink);
            let count = lang.count(group.size as u64);
            drawing.strong(at(22.0), Align2::LEFT_TOP, count, 14.0, p.ink);
            let second = match shade {
                _ if group.size == 0 => String::new(),
                Shade::Size => percent(group.share),
                Shade::Money => lang.with("classes.of_money", &[("share", percent(value(group)))]),
                Shade::Leaving => match leaving(group) {
                    Some(share) => {
                        let key = if group.churn.is_some() { "classes.have_left" } else { "classes.leave" };
                        lang.with(key, &[("share", percent(share))])
                    }
                    None => "—".to_owned(),
                },
            };
            drawing.text(at(40.0), Align2::LEFT_TOP, fitted(ui, &second, 11.0, room), 11.0, p.ink);
        }
    }
    let axis = axis_name(of);
    for worth in 1..=SCORES {
        let at = Pos2::new(cell(1, worth, wide).center().x, height + 4.0);
        drawing.strong(at, Align2::CENTER_TOP, format!("{axis}{worth}"), 12.0, p.muted);
    }
    let below = Pos2::new(LEFT, height + 20.0);
    let axes = lang.t("classes.axes");
    drawing.text(below, Align2::LEFT_TOP, fitted(ui, &axes, 11.0, width - LEFT), 11.0, p.muted);
    drawing
}

/// The letters of the grid's other axis.
pub(super) fn axis_name(fitted: &FittedRfm) -> &'static str {
    use regulars_engine::segment::rfm::Axis;
    match fitted.axis {
        Axis::Frequency => "F",
        Axis::Money => "M",
        Axis::FrequencyAndMoney if fitted.money.is_none() => "F",
        Axis::FrequencyAndMoney => "FM",
    }
}

/// The finding of the grid: its fullest cell.
fn title(lang: Lang, found: &Classified, fitted: &FittedRfm) -> String {
    let mut best = (1, 1, 0usize);
    for recency in 1..=SCORES {
        for worth in 1..=SCORES {
            let size = group(found, recency, worth).map_or(0, |group| group.size);
            if size > best.2 {
                best = (recency, worth, size);
            }
        }
    }
    let name = class_of(fitted, best.0, best.1).map(|name| class_name(lang, name)).unwrap_or_default();
    let args = [
        ("r", best.0.to_string()),
        ("axis", axis_name(fitted).to_owned()),
        ("fm", best.1.to_string()),
        ("class", name),
        ("count", lang.count(best.2 as u64)),
    ];
    lang.with("classes.grid.title", &args)
}

fn words(
    lang: Lang,
    found: &Classified,
    fitted: &FittedRfm,
    (recency, worth): (u8, u8),
    group: &Group,
) -> String {
    let name = class_of(fitted, recency, worth).map(|name| class_name(lang, name));
    let mut lines = vec![format!(
        "R{recency} {}{worth} · {}",
        axis_name(fitted),
        name.unwrap_or_else(|| lang.t("classes.none"))
    )];
    let args = [("count", lang.count(group.size as u64)), ("share", percent(group.share))];
    lines.push(lang.with("classes.size", &args));
    let all: f64 = found.classes.iter().filter_map(|group| group.money).sum();
    if let Some(money) = group.money.filter(|_| all > 0.0) {
        lines.push(lang.with("classes.of_money", &[("share", percent(money / all))]));
    }
    match (group.churn, group.risk) {
        (Some(churn), _) => lines.push(lang.with(
            "classes.left",
            &[("share", percent(churn.value)), ("low", percent(churn.low)), ("high", percent(churn.high))],
        )),
        (None, Some(risk)) => lines.push(lang.with("classes.risk", &[("share", percent(risk))])),
        (None, None) => {}
    }
    lines.join("\n")
}

/// What the columns of the table count.
const MEANINGS: [Meaning; 7] = [
    Meaning::Plain,
    Meaning::Plain,
    Meaning::Plain,
    Meaning::Count,
    Meaning::Share(3),
    Meaning::Figure(3),
    Meaning::Rate(3),
];

/// The grid as a table to take away.
fn grid_of(lang: Lang, found: &Classified, fitted: &FittedRfm) -> Grid {
    let all: f64 = found.classes.iter().filter_map(|group| group.money).sum();
    let mut rows = Vec::new();
    for recency in (1..=SCORES).rev() {
        for worth in 1..=SCORES {
            let Some(group) = group(found, recency, worth) else { continue };
            let name = class_of(fitted, recency, worth).map(|name| class_name(lang, name));
            let money = group.money.map_or_else(|| Cell::from(""), |m| Cell::percent(m / all.max(1e-12)));
            rows.push(vec![
                Cell::whole(recency.into()),
                Cell::whole(worth.into()),
                name.unwrap_or_default().into(),
                Cell::whole(group.size as u64),
                Cell::percent(group.share),
                money,
                leaving(group).map_or_else(|| Cell::from(""), Cell::percent),
            ]);
        }
    }
    let heads = ["class", "size", "share", "money", "leaving"];
    let mut header = vec!["R".to_owned(), axis_name(fitted).to_owned()];
    header.extend(heads.map(|key| lang.t(&head_key(found, key))));
    Grid { name: lang.t("classes.grid.name"), header, rows }
}
