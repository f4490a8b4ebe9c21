//! Layer by layer: how weights and answers are spread, how long the gradients are, how many units are
//! dead; of the present step or of the epoch that was gone back to.

use eframe::egui::Ui;
use regulars_engine::train::fit::Histogram;

use crate::window::pages::Scene;
use crate::window::parts::{self, histogram, table};
use crate::words::{Lang, percent};

/// A layer's name in words.
pub(super) fn name(lang: Lang, tensor: &str) -> String {
    let layer = tensor.split('.').next().unwrap_or(tensor);
    match layer.strip_prefix("dense").and_then(|number| number.parse::<usize>().ok()) {
        Some(number) => lang.with("inside.hidden", &[("number", (number + 1).to_string())]),
        None if layer == "out" => lang.t("inside.out"),
        None => layer.to_owned(),
    }
}

/// A row of the table.
struct Row<'a> {
    name: String,
    weights: &'a Histogram,
    answers: Option<&'a Histogram>,
    norm: Option<f64>,
    dead: Option<f64>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let inside = &scene.state.inside;
    let of = |tensor: &str| tensor.strip_suffix(".weight").map(str::to_owned);
    let mut rows: Vec<Row<'_>> = Vec::new();
    let title = match (inside.epoch, inside.still(), &inside.look) {
        (Some(_), None, _) => {
            parts::muted(ui, lang.t("status.working"));
            return;
        }
        (Some(_), Some(Err(error)), _) => {
            parts::problem(ui, lang, error);
            return;
        }
        (Some(epoch), Some(Ok(still)), _) => {
            for (tensor, weights) in &still.weights {
                let Some(layer) = of(tensor) else { continue };
                let answers = still.activations.iter().find(|one| one.name == layer);
                rows.push(Row {
                    name: name(lang, tensor),
                    weights,
                    answers: answers.map(|one| &one.activations),
                    norm: None,
                    dead: answers.map(|one| one.dead),
                });
            }
            let args = [("epoch", epoch.to_string()), ("rows", lang.count(still.rows as u64))];
            lang.with("inside.layers_then", &args)
        }
        (None, _, Some(look)) => {
            for weight in &look.weights {
                let Some(layer) = of(&weight.name) else { continue };
                let answers = look.activations.iter().find(|one| one.name == layer);
                rows.push(Row {
                    name: name(lang, &weight.name),
                    weights: &weight.weights,
                    answers: answers.map(|one| &one.activations),
                    norm: Some(weight.gradient_norm),
                    dead: answers.map(|one| one.dead),
                });
            }
            lang.with(
                "inside.layers_now",
                &[("step", lang.count(look.step)), ("epoch", look.epoch.to_string())],
            )
        }
        (None, _, None) => return,
    };
    parts::section(ui, title);
    parts::muted(ui, dead_words(lang, &rows));
    let heads = [
        table::Head::text(lang.t("inside.layer"), 110.0),
        table::Head::text(lang.t("inside.weights"), 240.0),
        table::Head::text(lang.t("inside.answers"), 240.0),
        table::Head::number(lang.t("inside.norm"), 140.0),
        table::Head::number(lang.t("inside.dead"), 100.0),
    ];
    let spec = table::Table::new("layers", &heads, rows.len(), 280.0);
    table::show(ui, &spec, |ui, at, column| {
        let Some(row) = rows.get(at) else { return };
        let width = ui.available_width().min(220.0);
        let named = |key: &str| format!("{} · {}", row.name, lang.t(key));
        match (column, row.answers) {
            (0, _) => table::plain(ui, &row.name),
            (1, _) => histogram::small(ui, &named("inside.weights"), row.weights, width),
            (2, Some(answers)) => histogram::small(ui, &named("inside.answers"), answers, width),
            (3, _) => table::plain(
                ui,
                row.norm.map_or_else(|| "–".to_owned(), |norm| histogram::number(norm as f32)),
            ),
            (4, _) => table::plain(ui, row.dead.map_or_else(|| "–".to_owned(), percent)),
            _ => table::missing(ui),
        }
    });
}

/// What the dead units mean, in one sentence.
fn dead_words(lang: Lang, rows: &[Row<'_>]) -> String {
    let worst = rows.iter().filter_map(|row| Some((&row.name, row.dead?))).max_by(|a, b| a.1.total_cmp(&b.1));
    match worst {
        Some((name, dead)) if dead > 0.0 => {
            lang.with("inside.dead_most", &[("layer", name.clone()), ("share", percent(dead))])
        }
        Some(_) => lang.t("inside.none_dead"),
        None => lang.t("inside.no_hidden"),
    }
}
