//! Kinds of model under the same folds, while the folds pass and after.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::evaluate::{Compared, Comparison};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::train::ModelKind;

use super::{Next, strip};
use crate::report::found;
use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::window::theme;
use crate::words::Lang;

/// Figures of the table, beside the one that decides.
const MEANS: [&str; 4] = ["pr_auc", "f1", "accuracy", "log_loss"];

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, next: &Next) {
    let lang = scene.lang;
    parts::section(ui, lang.t("board.title"));
    parts::muted(ui, lang.t("board.what"));
    controls(ui, scene, next);
    if scene.state.comparison_is_stale() && !scene.state.board.comparing() {
        parts::caution(ui, &lang.t("board.stale"));
    }
    let board = &scene.state.board;
    let live = board.standing.as_ref().filter(|_| board.comparing());
    match (live, board.compared()) {
        (Some(standing), _) => figures(ui, lang, &standing.so_far(), &standing.waiting()),
        (None, Some(found)) => {
            figures(ui, lang, found, &[]);
            ui.label(RichText::new(found::verdict(lang, found)).family(theme::strong()));
            notes(ui, lang, found);
        }
        (None, None) => {}
    }
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>, next: &Next) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        if !scene.state.board.comparing() {
            let ready = scene.state.can_compare() && !scene.state.board.kinds().is_empty();
            let text = lang.t("board.compare");
            let go = match next {
                Next::Compare => parts::primary(ui, text, ready),
                _ => ui.add_enabled(ready, parts::tall(text)).clicked(),
            };
            if go {
                scene.state.compare_kinds();
            }
            return;
        }
        if ui.add(parts::tall(lang.t("command.cancel"))).clicked() {
            scene.send.push(Command::Cancel);
        }
        let Some(standing) = &scene.state.board.standing else { return };
        let (done, all) = standing.done();
        let text = match standing.at {
            Some((fold, kind)) => {
                let args = [
                    ("fold", fold.to_string()),
                    ("folds", scene.state.board.folds.to_string()),
                    ("model", found::model(lang, kind)),
                ];
                lang.with("compare.fold", &args)
            }
            None => lang.t("status.working"),
        };
        let share = done as f32 / all.max(1) as f32;
        ui.add(egui::ProgressBar::new(share).desired_width(180.0));
        parts::muted(ui, format!("{done}/{all} · {text}"));
    });
}

fn mean(model: &Compared, name: &str) -> String {
    model.metrics.get(name).map_or("–".to_owned(), |figure| format!("{:.3}", figure.mean))
}

fn interval(model: &Compared, name: &str) -> String {
    let show = |f: &regulars_engine::evaluate::Folded| format!("{:.3} ({:.3}–{:.3})", f.mean, f.low, f.high);
    model.metrics.get(name).map_or("–".to_owned(), show)
}

fn figures(ui: &mut Ui, lang: Lang, found: &Comparison, waiting: &[ModelKind]) {
    let mut heads = vec![
        table::Head::text(lang.t("train.model"), 216.0),
        table::Head::number(lang.t("metric.roc_auc"), 146.0),
        table::Head::text(lang.t("board.folds"), 150.0),
    ];
    let widths = [140.0, 56.0, 80.0, 80.0];
    let means = MEANS.iter().zip(widths);
    heads.extend(means.map(|(name, width)| table::Head::number(lang.t(&format!("metric.{name}")), width)));
    heads.push(table::Head::number(lang.t("train.seconds"), 72.0));
    ui.horizontal_wrapped(|ui| {
        parts::muted(ui, lang.t("board.interval"));
        take::table_menu(ui, lang, &lang.t("board.title"), || grid(lang, found));
    });
    let span = strip::Span::of(&found.models);
    let rows = found.models.len() + waiting.len();
    let spec = table::Table::new("board", &heads, rows, 300.0);
    table::show(ui, &spec, |ui, row, column| {
        let Some(model) = found.models.get(row) else {
            let kind = waiting.get(row - found.models.len());
            match (column, kind) {
                (0, Some(kind)) => table::plain(ui, found::model(lang, *kind)),
                _ => table::missing(ui),
            }
            return;
        };
        match column {
            0 => {
                let name = RichText::new(found::model(lang, model.kind)).family(theme::strong());
                ui.add(egui::Label::new(name).truncate());
            }
            1 => table::plain(ui, interval(model, "roc_auc")),
            2 => strip::show(ui, lang, model, span),
            7 => table::plain(ui, format!("{:.1}", model.seconds)),
            at => {
                let name = MEANS.get(at - 3).copied().unwrap_or_default();
                let label = egui::Label::new(mean(model, name)).truncate().selectable(false);
                ui.add(label).on_hover_text(interval(model, name));
            }
        }
    });
}

/// The table with every figure's interval and every fold of the one that decides.
fn grid(lang: Lang, found: &Comparison) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let names = || std::iter::once("roc_auc").chain(MEANS);
    let mut header = vec![lang.t("train.model")];
    for name in names() {
        let name = lang.t(&format!("metric.{name}"));
        header.extend([name.clone(), lang.with("board.low", &[("name", name.clone())])]);
        header.push(lang.with("board.high", &[("name", name)]));
    }
    header.extend((1..=found.folds).map(|fold| lang.with("board.fold", &[("fold", fold.to_string())])));
    header.push(lang.t("train.seconds"));
    let row = |model: &Compared| {
        let mut row = vec![Cell::from(found::model(lang, model.kind))];
        for name in names() {
            match model.metrics.get(name) {
                Some(f) => row.extend([f.mean, f.low, f.high].map(number)),
                None => row.extend([Cell::from(""), Cell::from(""), Cell::from("")]),
            }
        }
        let folds = model.metrics.get("roc_auc").map_or(&[][..], |f| &f.folds);
        row.extend((0..found.folds).map(|at| folds.get(at).map_or_else(|| Cell::from(""), |f| number(*f))));
        row.push(number(model.seconds));
        row
    };
    Grid { name: lang.t("board.title"), header, rows: found.models.iter().map(row).collect() }
}

fn notes(ui: &mut Ui, lang: Lang, found: &Comparison) {
    for model in &found.models {
        for note in &model.notes {
            parts::muted(ui, format!("{}: {}", found::model(lang, model.kind), lang.note(note)));
        }
    }
    for (kind, cause) in &found.failed {
        let args = [("model", found::model(lang, *kind)), ("cause", cause.clone())];
        parts::caution(ui, &lang.with("compare.failed", &args));
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("board.title"));
    let board = &mut scene.state.board;
    parts::setting(ui, lang, "folds", |ui| {
        parts::named(ui, lang, "folds", egui::Slider::new(&mut board.folds, 3..=10));
    });
    parts::setting(ui, lang, "kinds", |ui| {
        ui.checkbox(&mut board.networks, lang.t("board.networks"));
        for kind in ModelKind::ALL {
            let name = found::model(lang, kind);
            let mut joins = !board.without.contains(&kind);
            let open = board.networks || !kind.is_network();
            if ui.add_enabled(open, egui::Checkbox::new(&mut joins, name)).changed() {
                board.without.retain(|other| *other != kind);
                if !joins {
                    board.without.push(kind);
                }
            }
        }
    });
    if scene.state.boosted_is_changed() {
        parts::setting(ui, lang, "boosted", |ui| {
            let b = &scene.state.settings.boosted;
            let args = [
                ("depth", b.depth.to_string()),
                ("rate", b.learning_rate.to_string()),
                ("l2", b.l2.to_string()),
                ("leaf", b.least_leaf.to_string()),
                ("rows", b.row_share.to_string()),
                ("features", b.feature_share.to_string()),
            ];
            parts::muted(ui, lang.with("board.boosted", &args));
            if ui.button(lang.t("board.boosted_reset")).clicked() {
                scene.state.settings.boosted = Default::default();
            }
        });
    }
}
