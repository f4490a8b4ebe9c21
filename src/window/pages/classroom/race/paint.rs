//! What is painted by hand: the surface of a lane's scores, and its weights.

use eframe::egui::{self, Align2, Color32, FontId, Mesh, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use regulars_engine::train::race::{LaneView, SIDE, View, WeightPicture};

use crate::window::theme::{self, Palette};

/// The ends of the scale: blue for below, vermilion for above (Okabe and Ito).
const LOW: Color32 = Color32::from_rgb(0x00, 0x72, 0xB2);
const HIGH: Color32 = Color32::from_rgb(0xD5, 0x5E, 0x00);

/// A colour for a value of −1 to 1 around `middle`.
fn diverging(value: f32, middle: Color32) -> Color32 {
    let end = if value < 0.0 { LOW } else { HIGH };
    middle.lerp_to_gamma(end, value.abs().min(1.0))
}

/// The two-dimensional place of a share across and a share up.
fn place(rect: Rect, across: f32, up: f32) -> Pos2 {
    pos2(rect.left() + rect.width() * across, rect.bottom() - rect.height() * up)
}

/// The scores over the two axes, the line where they are one half, and the followed customers.
pub(super) fn surface(ui: &mut Ui, side: f32, name: &str, lane: &LaneView, view: &View) {
    let p = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
    let painter = ui.painter_at(rect);
    let last = (SIDE - 1) as f32;
    let mut mesh = Mesh::default();
    for (at, probability) in lane.surface.iter().enumerate() {
        let (across, up) = ((at % SIDE) as f32 / last, (at / SIDE) as f32 / last);
        mesh.colored_vertex(place(rect, across, up), diverging(2.0 * probability - 1.0, p.surface));
    }
    if lane.surface.len() == SIDE * SIDE {
        for at in (0..SIDE * (SIDE - 1)).filter(|at| at % SIDE + 1 < SIDE) {
            let corner = |place: usize| u32::try_from(place).unwrap_or(0);
            mesh.add_triangle(corner(at), corner(at + 1), corner(at + SIDE));
            mesh.add_triangle(corner(at + 1), corner(at + SIDE), corner(at + SIDE + 1));
        }
        painter.add(Shape::mesh(mesh));
    }
    for [from, to] in boundary(&lane.surface) {
        let end = |[across, up]: [f32; 2]| place(rect, across / last, up / last);
        painter.line_segment([end(from), end(to)], Stroke::new(1.5, p.ink));
    }
    let [across, up] = view.ranges;
    let share = |value: f32, [low, high]: [f32; 2]| ((value - low) / (high - low)).clamp(0.06, 0.94);
    for (at, [x, y]) in view.followed_at.iter().enumerate() {
        let middle = place(rect, share(*x, across), share(*y, up));
        painter.circle(middle, 6.5, p.surface, Stroke::new(1.0, p.ink));
        let font = FontId::new(10.0, theme::strong());
        painter.text(middle, Align2::CENTER_CENTER, at + 1, font, p.ink);
    }
    painter.rect_stroke(rect, 0, Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
    response.on_hover_text(name);
}

/// Where the surface is one half, as pieces of line between its points (marching squares).
fn boundary(surface: &[f32]) -> Vec<[[f32; 2]; 2]> {
    const LEVEL: f32 = 0.5;
    let value = |column: usize, row: usize| surface.get(row * SIDE + column).copied().unwrap_or(LEVEL);
    let mut pieces = Vec::new();
    for row in 0..SIDE - 1 {
        for column in 0..SIDE - 1 {
            // Around the square; an edge is cut where its ends lie on both sides.
            let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
            let mut cuts = Vec::new();
            for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
                let (a, b) = (value(from.0, from.1), value(to.0, to.1));
                if (a < LEVEL) != (b < LEVEL) {
                    let share = (LEVEL - a) / (b - a);
                    let mix = |a: usize, b: usize| a as f32 + share * (b as f32 - a as f32);
                    cuts.push([mix(from.0, to.0), mix(from.1, to.1)]);
                }
            }
            for pair in cuts.chunks(2) {
                if let [from, to] = pair {
                    pieces.push([*from, *to]);
                }
            }
        }
    }
    pieces
}

/// The weights of a layer as cells: inputs across, units down.
pub(super) fn weights(ui: &mut Ui, size: egui::Vec2, name: &str, picture: &WeightPicture) {
    let p = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
    let (columns, rows) = (picture.columns.max(1), picture.rows.max(1));
    let cell = vec2(rect.width() / columns as f32, rect.height() / rows as f32);
    let mut mesh = Mesh::default();
    for (at, weight) in picture.cells.iter().enumerate() {
        let (column, row) = ((at % columns) as f32, (at / columns) as f32);
        let from = rect.min + vec2(cell.x * column, cell.y * row);
        let color = diverging(weight / picture.largest.max(f32::MIN_POSITIVE), p.surface);
        mesh.add_colored_rect(Rect::from_min_size(from, cell), color);
    }
    let painter = ui.painter_at(rect);
    painter.add(Shape::mesh(mesh));
    painter.rect_stroke(rect, 0, Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
    response.on_hover_text(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_lies_where_the_score_is_one_half() {
        // Rises to the right, one half at three quarters of the way.
        let last = (SIDE - 1) as f32;
        let at = |column: usize| 0.5 + (column as f32 / last - 0.75) * 0.4;
        let surface: Vec<f32> = (0..SIDE * SIDE).map(|place| at(place % SIDE)).collect();
        let pieces = boundary(&surface);
        assert_eq!(pieces.len(), SIDE - 1);
        for [x, _] in pieces.concat() {
            assert!((x / last - 0.75).abs() < 1e-4, "{x}");
        }
        assert!(boundary(&vec![0.9; SIDE * SIDE]).is_empty());
    }
}
