//! The surrogate tree, drawn as an outline with its branches, and read aloud.

use eframe::egui::{self, Label, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use regulars_engine::evaluate::explain::Surrogate;
use regulars_engine::files::{Cell, Grid};

use crate::window::parts::{self, take};
use crate::window::theme::{Palette, S1, S2, S3, SERIES};
use crate::words::{Lang, percent, spoken};

/// A step to the right for each split.
const STEP: f32 = 24.0;
/// Width of the bar that shows a probability.
const BAR: f32 = 90.0;
const HEIGHT: f32 = 28.0;

/// A node on its line of the outline.
struct Line {
    node: usize,
    depth: usize,
    /// The line of its parent.
    parent: Option<usize>,
    words: String,
}

pub(super) fn show(ui: &mut Ui, lang: Lang, tree: Option<&Surrogate>, threshold: f64) {
    parts::section(ui, lang.t("why.tree"));
    let Some(tree) = tree else {
        parts::muted(ui, lang.t("why.tree.none"));
        return;
    };
    let leaves = tree.leaves().len();
    let name = lang.with("why.tree.name", &[("leaves", lang.count(leaves as u64))]);
    let sentences = spoken::sentences(lang, tree);
    ui.horizontal(|ui| {
        parts::muted(ui, &name);
        take::table_menu(ui, lang, &name, || Grid {
            name: name.clone(),
            header: heads(lang).to_vec(),
            rows: rules(lang, tree),
        });
    });
    ui.add_space(S1);
    outline(ui, lang, tree);
    ui.add_space(S3);
    for line in &sentences {
        ui.add(Label::new(line.as_str()).wrap());
    }
    ui.add_space(S2);
    ui.add(Label::new(RichText::new(spoken::fidelity(lang, tree, threshold)).small()).wrap());
}

/// What the columns of the outline and of its table hold.
fn heads(lang: Lang) -> [String; 3] {
    ["why.tree.rule", "why.tree.probability", "why.tree.share"].map(|key| lang.t(key))
}

/// The outline as a table, a row each node, its depth told by its indent.
fn rules(lang: Lang, tree: &Surrogate) -> Vec<Vec<Cell>> {
    let row = |line: Line| {
        let node = tree.nodes.get(line.node)?;
        let rule = format!("{}{}", "  ".repeat(line.depth), line.words);
        Some(vec![rule.as_str().into(), Cell::percent(node.probability), Cell::percent(node.share)])
    };
    lines(lang, tree).into_iter().filter_map(row).collect()
}

/// The nodes in the order in which they are read: the answer yes before the answer no.
fn lines(lang: Lang, tree: &Surrogate) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let everyone = lang.with(
        "surrogate.everyone",
        &[("probability", tree.nodes.first().map_or_else(String::new, |node| percent(node.probability)))],
    );
    let mut open = vec![(0usize, 0usize, None, everyone)];
    while let Some((node, depth, parent, words)) = open.pop() {
        let at = out.len();
        out.push(Line { node, depth, parent, words });
        let Some(here) = tree.nodes.get(node) else { continue };
        if let Some(ask) = &here.ask {
            for (child, answer) in [(here.no, false), (here.yes, true)] {
                if child > node {
                    open.push((child, depth + 1, Some(at), spoken::clause(lang, ask, answer)));
                }
            }
        }
    }
    out
}

/// The heads of the outline, over their columns.
fn head(ui: &mut Ui, lang: Lang, width: f32) {
    let p = Palette::of(ui);
    let [rule, probability, share] = heads(lang);
    let numbers = format!("{probability} · {share}");
    let font = egui::FontId::proportional(12.0);
    let room = |width: f32, text: String| ui.painter().layout(text, font.clone(), p.muted, width.max(60.0));
    let (rule, numbers) = (room(width - BAR - 130.0, rule), room(BAR + 118.0, numbers));
    let tall = rule.size().y.max(numbers.size().y) + S1;
    let (rect, _) = ui.allocate_exact_size(vec2(width, tall), Sense::hover());
    ui.painter().galley(pos2(rect.left() + S2, rect.top()), rule, p.muted);
    ui.painter().galley(pos2(rect.right() - BAR - 118.0, rect.top()), numbers, p.muted);
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, p.line));
}

fn outline(ui: &mut Ui, lang: Lang, tree: &Surrogate) {
    let p = Palette::of(ui);
    let lines = lines(lang, tree);
    let width = ui.available_width();
    let mut marks: Vec<egui::Pos2> = Vec::with_capacity(lines.len());
    ui.spacing_mut().item_spacing.y = 0.0;
    head(ui, lang, width);
    for line in &lines {
        let Some(node) = tree.nodes.get(line.node) else { continue };
        let left = line.depth as f32 * STEP + S2;
        let numbers = format!("{} · {}", percent(node.probability), percent(node.share));
        // What is too long for its line is wrapped, never cut.
        let room = (width - left - BAR - 130.0).max(80.0);
        let font = egui::FontId::proportional(14.0);
        let galley = ui.painter().layout(line.words.clone(), font.clone(), p.ink, room);
        let tall = HEIGHT.max(galley.size().y + S2);
        let (rect, response) = ui.allocate_exact_size(vec2(width, tall), Sense::hover());
        let words = format!("{}: {numbers}", line.words);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
        let mark = pos2(rect.left() + left, rect.center().y);
        let painter = ui.painter();
        if let Some(from) = line.parent.and_then(|at| marks.get(at)) {
            let stroke = Stroke::new(1.0, p.muted);
            painter.vline(from.x, from.y + 4.0..=mark.y, stroke);
            painter.hline(from.x..=mark.x - 4.0, mark.y, stroke);
        }
        match node.ask {
            Some(_) => painter.circle_stroke(mark, 4.0, Stroke::new(1.5, p.muted)),
            None => painter.circle_filled(mark, 4.0, SERIES[0]),
        };
        marks.push(mark);
        painter.galley(pos2(mark.x + S3, rect.center().y - galley.size().y / 2.0), galley, p.ink);
        let bar =
            Rect::from_min_size(pos2(rect.right() - BAR - 118.0, rect.center().y - 5.0), vec2(BAR, 10.0));
        painter.rect_stroke(bar, 2, Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
        let full = vec2(BAR * node.probability.clamp(0.0, 1.0) as f32, 10.0);
        painter.rect_filled(Rect::from_min_size(bar.min, full), 2, SERIES[0].gamma_multiply(0.6));
        let at = pos2(bar.right() + S2, rect.center().y);
        painter.text(at, egui::Align2::LEFT_CENTER, numbers, font, p.muted);
    }
}
