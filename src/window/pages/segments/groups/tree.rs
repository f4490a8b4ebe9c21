//! The tree of merges: its last steps, and where it was cut.

use eframe::egui::{self, Pos2, RichText, Sense, Stroke, Ui, pos2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::segment::cluster::Top;

use crate::window::parts::{self, take};
use crate::window::theme::{Palette, SERIES};
use crate::words::Lang;

const HEIGHT: f32 = 240.0;

/// Where a branch hangs: its place across, its height, and its group where all of it is in one.
struct Branch {
    x: f32,
    height: f64,
    group: Option<u32>,
}

pub(super) fn show(ui: &mut Ui, lang: Lang, top: &Top, k: usize) {
    let title = lang.with("groups.tree", &[("k", k.to_string())]);
    parts::section(ui, title.clone());
    parts::muted(ui, lang.with("groups.tree.help", &[("leaves", top.leaves.len().to_string())]));
    // Groups within groups.
    let plain = Meaning::Plain;
    let columns = [plain, plain, plain, plain, Meaning::Overlap];
    take::groups_menu(ui, lang, &title, &Layout::of(&columns), || grid(lang, top, &title));
    let width = ui.available_width().clamp(300.0, 900.0);
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, HEIGHT), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &title));
    let p = Palette::of(ui);
    let painter = ui.painter_at(rect);
    // Sizes stand below the leaves, heights to the left.
    let (left, bottom) = (rect.left() + 52.0, rect.bottom() - 22.0);
    let most = top.merges.iter().map(|merge| merge.height).fold(1e-12, f64::max);
    let step = (rect.right() - left) / top.leaves.len().max(1) as f32;
    let y = |height: f64| bottom - (height / most) as f32 * (bottom - rect.top() - 12.0);
    let font = egui::FontId::proportional(11.0);
    let mut branches: Vec<Branch> = top
        .groups
        .iter()
        .enumerate()
        .map(|(at, group)| Branch { x: left + step * (at as f32 + 0.5), height: 0.0, group: Some(*group) })
        .collect();
    for (leaf, branch) in top.leaves.iter().zip(&branches) {
        let text = lang.count(*leaf as u64);
        let at = pos2(branch.x, bottom + 4.0);
        painter.text(at, egui::Align2::CENTER_TOP, text, font.clone(), p.muted);
    }
    for merge in &top.merges {
        let (Some(a), Some(b)) = (branches.get(merge.left), branches.get(merge.right)) else { continue };
        let group = a.group.filter(|_| a.group == b.group);
        let color = group.map_or(p.muted, |group| SERIES[group as usize % SERIES.len()]);
        let stroke = Stroke::new(1.5, color);
        let high = y(merge.height);
        let corners: [Pos2; 4] =
            [pos2(a.x, y(a.height)), pos2(a.x, high), pos2(b.x, high), pos2(b.x, y(b.height))];
        for two in corners.windows(2) {
            if let [from, to] = two {
                painter.line_segment([*from, *to], stroke);
            }
        }
        let joined = Branch { x: (a.x + b.x) / 2.0, height: merge.height, group };
        branches.push(joined);
    }
    for share in [0.0, 0.5, 1.0] {
        let at = pos2(left - 8.0, y(share * most));
        let text = format!("{:.1}", share * most);
        painter.text(at, egui::Align2::RIGHT_CENTER, text, font.clone(), p.muted);
    }
    // Between the last merge that was made and the first that was not.
    let undone = top.merges.len().saturating_sub(k.saturating_sub(1));
    let below = undone.checked_sub(1).and_then(|at| top.merges.get(at)).map_or(0.0, |merge| merge.height);
    if let Some(above) = top.merges.get(undone) {
        let cut = y((below + above.height) / 2.0);
        let line = [pos2(left, cut), pos2(rect.right(), cut)];
        painter.extend(egui::Shape::dashed_line(&line, Stroke::new(1.0, p.ink), 6.0, 4.0));
    }
    ui.label(RichText::new(lang.t("groups.tree.axis")).small().color(p.muted));
}

fn grid(lang: Lang, top: &Top, title: &str) -> Grid {
    let rows = top.merges.iter().enumerate().map(|(at, merge)| {
        let height = merge.height;
        vec![
            Cell::whole(at as u64 + 1),
            Cell::whole(merge.left as u64 + 1),
            Cell::whole(merge.right as u64 + 1),
            Cell::Number { value: height, text: height.to_string(), format: "General" },
            Cell::whole(merge.size as u64),
        ]
    });
    let heads = ["merge", "left", "right", "height", "size"];
    Grid {
        name: title.to_owned(),
        header: heads.map(|key| lang.t(&format!("groups.tree.{key}"))).to_vec(),
        rows: rows.collect(),
    }
}
