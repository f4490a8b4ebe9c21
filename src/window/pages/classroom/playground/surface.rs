//! What the network says over the plane of the two features, with the rows on top.

use eframe::egui::{
    self, Align2, Color32, ColorImage, FontId, Pos2, Rect, Sense, Shape, Stroke, TextureHandle,
    TextureOptions, Ui, pos2, vec2,
};
use regulars_engine::train::Activation;
use regulars_engine::train::glass::GlassData;
use regulars_engine::train::glass::bench::View;
use regulars_engine::train::glass::toys::{SIDE, UNIT_SIDE};

use crate::window::parts;
use crate::window::state::{Lab, LabGround};
use crate::window::theme::{self, Palette, SERIES};
use crate::words::Lang;

/// Rows of a half that are drawn; of more, every n-th.
const POINTS: usize = 300;

/// The colours of the two sides: of those who stayed, or of values below nothing; of those who left.
pub(in crate::window::pages::classroom) const SIDES: [Color32; 2] = [SERIES[0], SERIES[1]];

/// From the one side (−1) over nothing (0) to the other (1).
fn mixed(p: &Palette, value: f32) -> Color32 {
    let side = if value < 0.0 { SIDES[0] } else { SIDES[1] };
    p.surface.lerp_to_gamma(side, 0.8 * value.abs().min(1.0))
}

/// A square of values as a picture, the low end of the second feature below.
fn image(p: &Palette, values: &[f32], side: usize, scale: impl Fn(f32) -> f32) -> ColorImage {
    let rows = values.chunks(side).rev();
    let pixels: Vec<Color32> = rows.flatten().map(|value| mixed(p, scale(*value))).collect();
    ColorImage::new([side, values.len() / side.max(1)], pixels)
}

/// How a unit's values are brought to −1 … 1.
fn scale(activation: Activation, values: &[f32]) -> (f32, f32) {
    match activation {
        Activation::Tanh => (0.0, 1.0),
        Activation::Sigmoid => (0.5, 0.5),
        Activation::Relu | Activation::Gelu => {
            (0.0, values.iter().fold(0.0f32, |most, value| most.max(value.abs())).max(1e-6))
        }
    }
}

/// Place of a unit's picture among the textures.
pub(super) fn texture(view: &View, layer: usize, unit: usize) -> usize {
    let before: usize = view.picture.units.iter().take(layer).map(Vec::len).sum();
    1 + before + unit
}

/// Makes the pictures of a view that is not drawn yet.
pub(super) fn tend(ui: &Ui, lab: &mut Lab, view: &std::sync::Arc<View>) {
    let p = Palette::of(ui);
    let ground = p.surface;
    if lab.drawn.as_ref().is_some_and(|(of, on)| std::sync::Arc::ptr_eq(of, view) && *on == ground) {
        return;
    }
    let picture = &view.picture;
    let last = picture.units.len().saturating_sub(1);
    let mut images = vec![image(&p, &picture.surface, SIDE, |value| 2.0 * value - 1.0)];
    for (layer, units) in picture.units.iter().enumerate() {
        for values in units {
            let (middle, reach) =
                if layer == last { (0.5, 0.5) } else { scale(picture.network.activation, values) };
            images.push(image(&p, values, UNIT_SIDE, |value| (value - middle) / reach));
        }
    }
    lab.textures.truncate(images.len());
    for (at, image) in images.into_iter().enumerate() {
        match lab.textures.get_mut(at) {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => {
                let texture = ui.ctx().load_texture(format!("lab {at}"), image, TextureOptions::LINEAR);
                lab.textures.push(texture);
            }
        }
    }
    lab.drawn = Some((view.clone(), ground));
}

/// Draws a picture into `rect`.
pub(super) fn paint(ui: &Ui, texture: Option<&TextureHandle>, rect: Rect) {
    if let Some(texture) = texture {
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), rect, whole, Color32::WHITE);
    }
}

/// A row's mark: a disc for those who stayed, a diamond for those who left; filled where it is learnt from.
fn mark(p: &Palette, at: Pos2, left: bool, filled: bool) -> Shape {
    let color = SIDES[usize::from(left)];
    let (fill, stroke) = match filled {
        true => (color, Stroke::new(1.0, p.surface)),
        false => (p.surface.gamma_multiply(0.6), Stroke::new(1.4, color)),
    };
    if left {
        let r = 4.4;
        let corners = [vec2(0.0, -r), vec2(r, 0.0), vec2(0.0, r), vec2(-r, 0.0)];
        Shape::convex_polygon(corners.map(|corner| at + corner).to_vec(), fill, stroke)
    } else {
        Shape::Circle(egui::epaint::CircleShape { center: at, radius: 3.4, fill, stroke })
    }
}

pub(super) fn show(ui: &mut Ui, lang: Lang, lab: &mut Lab, view: &View, ground: &LabGround, side: f32) {
    let p = Palette::of(ui);
    let unit = lab
        .unit
        .filter(|(layer, unit)| view.picture.units.get(*layer).is_some_and(|units| *unit < units.len()));
    let is_answer = unit.is_none_or(|(layer, _)| layer + 1 == view.picture.units.len());
    let title = match unit.filter(|_| !is_answer) {
        Some((layer, unit)) => {
            lang.with("lab.response", &[("layer", (layer + 1).to_string()), ("unit", (unit + 1).to_string())])
        }
        None => lang.t("lab.surface"),
    };
    let at = unit.filter(|_| !is_answer).map_or(0, |(layer, unit)| texture(view, layer, unit));
    ui.add(egui::Label::new(egui::RichText::new(&title).family(theme::strong())).truncate());
    let gutter = 34.0;
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &title));
    let plane = Rect::from_min_max(
        pos2(rect.left() + gutter, rect.top() + 2.0),
        pos2(rect.right() - 2.0, rect.bottom() - 20.0),
    );
    paint(ui, lab.textures.get(at), plane);
    let painter = ui.painter_at(rect);
    painter.rect_stroke(plane, 0.0, Stroke::new(1.0, p.line), egui::StrokeKind::Outside);
    let [across, up] = ground.halves.range;
    let place = |x: f32, y: f32| {
        let share = |value: f32, [low, high]: [f32; 2]| ((value - low) / (high - low)).clamp(0.0, 1.0);
        pos2(plane.left() + plane.width() * share(x, across), plane.bottom() - plane.height() * share(y, up))
    };
    let draw = |data: &GlassData, filled: bool| {
        let each = data.rows().div_ceil(POINTS).max(1);
        for (at, left) in data.y.iter().enumerate().step_by(each) {
            if let [x, y] = data.row(at) {
                painter.add(mark(&p, place(*x, *y), *left, filled));
            }
        }
    };
    if !lab.hide_valid {
        draw(&ground.halves.valid, false);
    }
    draw(&ground.halves.train, true);
    let font = FontId::proportional(12.0);
    let number = |value: f32| format!("{value:.1}");
    for (value, at, align) in [
        (across[0], plane.left_bottom() + vec2(0.0, 3.0), Align2::LEFT_TOP),
        (across[1], plane.right_bottom() + vec2(0.0, 3.0), Align2::RIGHT_TOP),
        (up[0], plane.left_bottom() - vec2(4.0, 0.0), Align2::RIGHT_BOTTOM),
        (up[1], plane.left_top() - vec2(4.0, 0.0), Align2::RIGHT_TOP),
    ] {
        painter.text(at, align, number(value), font.clone(), p.muted);
    }
    let under = plane.center_bottom() + vec2(0.0, 3.0);
    painter.text(under, Align2::CENTER_TOP, "x₁", font.clone(), p.ink);
    painter.text(plane.left_center() - vec2(8.0, 0.0), Align2::RIGHT_CENTER, "x₂", font, p.ink);
    if let Some(pointer) = response.hover_pos().filter(|at| plane.contains(*at)) {
        let value = |share: f32, [low, high]: [f32; 2]| low + share * (high - low);
        let x = value((pointer.x - plane.left()) / plane.width(), across);
        let y = value((plane.bottom() - pointer.y) / plane.height(), up);
        let said = regulars_engine::train::glass::answer(&view.picture.network, &[x, y]);
        response.on_hover_text(lang.with(
            "lab.at",
            &[("x", format!("{x:.2}")), ("y", format!("{y:.2}")), ("p", format!("{said:.3}"))],
        ));
    }
    legend(ui, lang, lab, ground);
}

fn legend(ui: &mut Ui, lang: Lang, lab: &mut Lab, ground: &LabGround) {
    let p = Palette::of(ui);
    ui.horizontal_wrapped(|ui| {
        for (left, key) in [(false, "lab.side.low"), (true, "lab.side.high")] {
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 14.0), Sense::hover());
            ui.painter().add(mark(&p, rect.center(), left, true));
            ui.label(egui::RichText::new(lang.t(key)).small());
        }
    });
    let mut shown = !lab.hide_valid;
    if ui.checkbox(&mut shown, lang.t("lab.show_valid")).changed() {
        lab.hide_valid = !shown;
    }
    let halves = &ground.halves;
    let rows = |data: &GlassData| lang.count(data.rows() as u64);
    let told = [("train", rows(&halves.train)), ("valid", rows(&halves.valid))];
    ui.add(egui::Label::new(egui::RichText::new(lang.with("lab.rows", &told)).small()).wrap());
    if halves.outside > 0 {
        let text = lang.with("lab.outside", &[("count", lang.count(halves.outside as u64))]);
        parts::muted(ui, text);
    }
}
