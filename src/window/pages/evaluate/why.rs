//! Why: what the model leans on, over all customers.

mod bars;
mod dependence;
mod rows;
mod tree;

use std::sync::Arc;

use eframe::egui::{Align, Label, Layout, RichText, Ui};
use regulars_engine::evaluate::explain::{Interactions, Overall};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Outcome;

use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::window::theme::{S2, S3, S4, S5};
use crate::words::Lang;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    /// The column whose chart is shown; the weightiest until one is chosen.
    column: Option<String>,
    /// Lines of single customers begin at zero.
    centred: bool,
}

/// Interactions weaker than this, in log-odds, are not worth a word.
const LEAST: f64 = 0.01;
/// Width from which bars and chart stand side by side.
const WIDE: f32 = 640.0;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(outcome) = scene.state.shown().cloned() else { return };
    scene.state.follow_why();
    working(ui, scene);
    let Some((found, threshold)) = scene.state.why.overall(&outcome) else { return };
    let found = found.clone();
    ui.add(Label::new(lead(lang, &found)).wrap());
    ui.add_space(S3);
    let columns: Vec<String> = outcome.explainer.columns().map(str::to_owned).collect();
    let first = found.importance.first().map(|one| &one.column).or(columns.first());
    let is_there = |name: &&String| columns.contains(name);
    let shown = scene.page.why.column.as_ref().filter(is_there).or(first).cloned();
    if let Some(column) = &shown {
        scene.state.follow_why_column(column);
    }
    let mut clicked = None;
    if ui.available_width() >= WIDE {
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.x = S5;
            ui.columns(2, |sides| {
                if let [left, right] = sides {
                    for side in [&mut *left, &mut *right] {
                        side.spacing_mut().item_spacing.x = S2;
                    }
                    // Columns stretch their text from side to side.
                    let plain = Layout::top_down(Align::Min);
                    let bars = |ui: &mut Ui| bars::show(ui, lang, &found, &columns, shown.as_deref());
                    clicked = left.with_layout(plain, bars).inner;
                    right.with_layout(plain, |ui| closely(ui, scene, &outcome, (&found, shown.as_deref())));
                }
            });
        });
    } else {
        clicked = bars::show(ui, lang, &found, &columns, shown.as_deref());
        ui.add_space(S4);
        closely(ui, scene, &outcome, (&found, shown.as_deref()));
    }
    if clicked.is_some() {
        scene.page.why.column = clicked;
    }
    ui.add_space(S3);
    interactions(ui, lang, &found.interactions);
    tree::show(ui, lang, found.surrogate.as_ref(), threshold);
}

fn lead(lang: Lang, found: &Arc<Overall>) -> String {
    if found.importance.is_empty() {
        return lang.t("why.few");
    }
    let repeats = found.repeats.to_string();
    lang.with("why.lead", &[("rows", lang.count(found.rows as u64)), ("repeats", repeats)])
}

/// What is being measured, and the button that stops it.
fn working(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if let Some((_, done, _)) = scene.state.why.job() {
        ui.horizontal(|ui| {
            let percent = format!("{:.0}", 100.0 * done);
            parts::muted(ui, lang.with("why.measuring", &[("percent", percent)]));
            if ui.button(lang.t("why.stop")).clicked() {
                scene.state.why.stop();
            }
        });
    } else if scene.state.why.is_stopped() {
        ui.horizontal(|ui| {
            parts::muted(ui, lang.t("why.stopped"));
            if ui.button(lang.t("why.measure")).clicked() {
                scene.state.why.resume();
            }
        });
    }
}

/// The chart of the chosen column.
fn closely(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    outcome: &Arc<Outcome>,
    (found, column): (&Overall, Option<&str>),
) {
    let lang = scene.lang;
    let Some(column) = column else {
        parts::muted(ui, lang.t("why.choose"));
        return;
    };
    match scene.state.why.column(outcome, column) {
        None => parts::muted(ui, lang.t("status.working")),
        Some(None) => {
            ui.add(Label::new(lang.with("explain.no_dependence", &[("column", column.to_owned())])).wrap());
        }
        Some(Some(of)) => {
            let measured = found.importance.iter().find(|one| one.column == column);
            dependence::show(ui, lang, of, measured.map(|one| one.proven), &mut scene.page.why.centred);
        }
    }
}

/// The pairs that do more together than each column alone.
fn interactions(ui: &mut Ui, lang: Lang, of: &Interactions) {
    parts::section(ui, lang.t("why.interactions"));
    let strong: Vec<_> = of.pairs.iter().filter(|pair| pair.strength >= LEAST).collect();
    if strong.is_empty() {
        parts::muted(ui, lang.t("why.interactions.none"));
        return;
    }
    let number = |value: f64| Cell::Number { value, text: format!("{value:.4}"), format: "0.00" };
    let name = |a: &str, b: &str| lang.with("why.interactions.says", &[("a", a.into()), ("b", b.into())]);
    let heads = [
        table::Head::text(lang.t("why.pair"), 280.0),
        table::Head::number(lang.t("why.strength"), 90.0),
        table::Head::number(lang.t("why.h2"), 70.0),
    ];
    take::table_menu(ui, lang, &lang.t("why.interactions"), || Grid {
        name: lang.t("why.interactions"),
        header: heads.iter().map(|head| head.name.clone()).collect(),
        rows: strong
            .iter()
            .map(|pair| {
                vec![name(&pair.a, &pair.b).as_str().into(), number(pair.strength), number(pair.share)]
            })
            .collect(),
    });
    let spec = table::Table::new("interactions", &heads, strong.len(), 28.0 * strong.len() as f32 + 34.0);
    table::show(ui, &spec, |ui, row, column| {
        let Some(pair) = strong.get(row) else { return };
        table::plain(
            ui,
            match column {
                0 => name(&pair.a, &pair.b),
                1 => format!("{:.2}", pair.strength),
                _ => format!("{:.2}", pair.share),
            },
        );
    });
    let args = [("rows", lang.count(of.rows as u64)), ("columns", lang.count(of.columns.len() as u64))];
    ui.add(Label::new(RichText::new(lang.with("why.interactions.help", &args)).small()).wrap());
}
