//! The picture of linked tables: the customers to the left, what hangs on them to the right, each
//! line with the keys that it stands for.

use eframe::egui::{self, Align2, Color32, FontId, Pos2, Rect, Sense, Stroke, Ui, Vec2};
use regulars_engine::table::{Cardinality, Dataset, Link};

use crate::window::theme::{self, Palette};

const BOX: Vec2 = Vec2::new(176.0, 50.0);
const GAP: Vec2 = Vec2::new(190.0, 16.0);

/// A box's place: how many links away from the customers, and which from above.
type Place = (usize, usize);

/// Draws the tables and their links. `root` is the customers' table, `words` the second line of a
/// box. A click on a box returns its table.
pub(super) fn show(
    ui: &mut Ui,
    dataset: &Dataset,
    root: Option<usize>,
    chosen: Option<usize>,
    words: impl Fn(usize) -> String,
) -> Option<usize> {
    let places = places(dataset.tables.len(), &dataset.links, root);
    let deepest = places.iter().map(|(depth, _)| *depth).max().unwrap_or(0);
    let tallest = places.iter().map(|(_, at)| *at).max().unwrap_or(0);
    let cell = BOX + GAP;
    let size =
        Vec2::new((deepest + 1) as f32 * cell.x - GAP.x + 2.0, (tallest + 1) as f32 * cell.y - GAP.y + 2.0);
    let mut clicked = None;
    egui::ScrollArea::horizontal().id_salt("tables").show(ui, |ui| {
        let (area, _) = ui.allocate_exact_size(size, Sense::hover());
        let p = Palette::of(ui);
        let rect = |(depth, at): Place| {
            let min = area.min + Vec2::new(depth as f32 * cell.x + 1.0, at as f32 * cell.y + 1.0);
            Rect::from_min_size(min, BOX)
        };
        for link in &dataset.links {
            let (Some(from), Some(to)) = (places.get(link.from), places.get(link.to)) else { continue };
            let refused = link.cardinality == Cardinality::ManyToMany;
            let color = if refused { p.bad } else { p.muted };
            line(ui, rect(*from), rect(*to), color, &label(link));
        }
        for (at, table) in dataset.tables.iter().enumerate() {
            let Some(place) = places.get(at) else { continue };
            let rect = rect(*place);
            let response = ui.interact(rect, ui.scope_id().with(("table", at)), Sense::click());
            let second = words(at);
            let name = format!("{} {second}", table.name);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            let lit = chosen == Some(at) || response.hovered() || response.has_focus();
            let stroke = Stroke::new(if lit { 2.0 } else { 1.0 }, if lit { p.accent } else { p.line });
            ui.painter().rect(rect, 6.0, p.surface, stroke, egui::StrokeKind::Inside);
            let left = rect.left_top() + Vec2::new(12.0, 8.0);
            let clip = ui.painter().with_clip_rect(rect.shrink(6.0).intersect(ui.clip_rect()));
            let strong = FontId::new(14.0, theme::strong());
            clip.text(left, Align2::LEFT_TOP, &table.name, strong, p.ink);
            clip.text(
                left + Vec2::new(0.0, 19.0),
                Align2::LEFT_TOP,
                second,
                FontId::proportional(12.0),
                p.muted,
            );
            if response.clicked() {
                clicked = Some(at);
            }
        }
    });
    clicked
}

/// The keys of a link and how well they fit.
fn label(link: &Link) -> String {
    let keys = if link.from_column == link.to_column {
        link.to_column.clone()
    } else {
        format!("{} = {}", link.to_column, link.from_column)
    };
    format!("{keys} · {:.0}%", 100.0 * link.overlap)
}

fn line(ui: &Ui, from: Rect, to: Rect, color: Color32, text: &str) {
    let (left, right) = if from.center().x < to.center().x { (from, to) } else { (to, from) };
    let (a, b) = (left.right_center(), right.left_center());
    let bend = Vec2::new((b.x - a.x).abs().max(40.0) / 2.0, 0.0);
    let curve = egui::epaint::CubicBezierShape::from_points_stroke(
        [a, a + bend, b - bend, b],
        false,
        Color32::TRANSPARENT,
        Stroke::new(1.5, color),
    );
    ui.painter().add(curve);
    // On the ground, so that no other line runs through it.
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(11.0), color);
    let corner = Pos2::new(b.x - 10.0 - galley.size().x, b.y - galley.size().y / 2.0);
    let behind = Rect::from_min_size(corner, galley.size()).expand2(Vec2::new(4.0, 1.0));
    ui.painter().rect_filled(behind, 0.0, Palette::of(ui).ground);
    ui.painter().galley(corner, galley, color);
}

/// Where each table stands: by its distance from the customers; tables without a link at the end
/// of the first column.
fn places(count: usize, links: &[Link], root: Option<usize>) -> Vec<Place> {
    let mut depth: Vec<Option<usize>> = vec![None; count];
    if let Some(slot) = root.and_then(|root| depth.get_mut(root)) {
        *slot = Some(0);
    }
    for distance in 1..count.max(1) {
        for link in links {
            for (near, far) in [(link.from, link.to), (link.to, link.from)] {
                if depth.get(near).copied().flatten() == Some(distance - 1)
                    && depth.get(far).copied().flatten().is_none()
                    && let Some(slot) = depth.get_mut(far)
                {
                    *slot = Some(distance);
                }
            }
        }
    }
    let mut filled: Vec<usize> = Vec::new();
    depth
        .into_iter()
        .map(|depth| {
            let depth = depth.unwrap_or(0);
            if filled.len() <= depth {
                filled.resize(depth + 1, 0);
            }
            filled[depth] += 1;
            (depth, filled[depth] - 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use regulars_engine::Note;

    fn link(from: usize, to: usize) -> Link {
        Link {
            from,
            from_column: "k".into(),
            to,
            to_column: "k".into(),
            cardinality: Cardinality::ManyToOne,
            overlap: 1.0,
            orphans: 0,
            blank: 0,
            duplicates: 0,
            childless: 0,
            why: Note::new("x"),
        }
    }

    #[test]
    fn tables_stand_by_their_distance() {
        // Orders hang on customers, lines on orders; a table without a link stands below.
        let links = [link(1, 0), link(2, 1)];
        assert_eq!(places(4, &links, Some(0)), [(0, 0), (1, 0), (2, 0), (0, 1)]);
        assert_eq!(places(0, &links, Some(0)), []);
    }
}
