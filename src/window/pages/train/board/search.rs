//! The search for better settings: its trials while they run, the winner, and what its figure is worth.

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::train::search::{Sampler, SearchKind, SearchSpec, Trial, best, best_so_far, ranked};

use super::Next;
use crate::report::found;
use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart, table, take};
use crate::window::theme;
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, next: &Next) {
    let lang = scene.lang;
    parts::section(ui, lang.t("search.title"));
    parts::muted(ui, lang.t("search.question"));
    controls(ui, scene, next);
    if scene.state.search_is_stale() {
        parts::caution(ui, &lang.t("search.stale"));
    }
    winner(ui, scene, next);
    let board = &scene.state.board;
    if board.trials.is_empty() {
        return;
    }
    trials(ui, lang, &board.asked, &board.trials);
    curve(ui, lang, &board.trials);
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>, next: &Next) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        if !scene.state.board.searching() {
            let ready = scene.state.can_compare();
            let text = lang.t("search.start");
            let go = match next {
                Next::Search => parts::primary(ui, text, ready),
                _ => ui.add_enabled(ready, parts::tall(text)).clicked(),
            };
            if go {
                scene.state.search_settings();
            }
            return;
        }
        let board = &scene.state.board;
        if parts::primary(ui, lang.t("search.finish"), true) {
            board.finish();
        }
        let text = lang.t(if board.paused() { "train.go_on" } else { "train.pause" });
        if ui.add(parts::tall(text)).clicked() {
            board.pause();
        }
        if ui.add(parts::tall(lang.t("command.cancel"))).clicked() {
            scene.send.push(Command::Cancel);
        }
        let (_, share, _) = scene.state.board.job().unwrap_or(("search", 0.0, 0.0));
        ui.add(egui::ProgressBar::new(share as f32).desired_width(180.0));
        let board = &scene.state.board;
        let args = [("done", board.trials.len().to_string()), ("trials", board.asked.trials.to_string())];
        parts::muted(ui, lang.with("search.progress", &args));
    });
}

fn winner(ui: &mut Ui, scene: &mut Scene<'_>, next: &Next) {
    let lang = scene.lang;
    let Some(found) = scene.state.board.searched().cloned() else { return };
    ui.label(RichText::new(found::winner(lang, &found)).family(theme::strong()));
    parts::muted(ui, lang.t("search.flatters"));
    if found.best == 0 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        if scene.state.uses_searched() {
            parts::muted(ui, lang.t("search.in_use"));
            return;
        }
        let free = !scene.state.locked;
        let text = lang.t("search.use");
        let go = match next {
            Next::Use => parts::primary(ui, text, free),
            _ => ui.add_enabled(free, parts::tall(text)).clicked(),
        };
        if go {
            scene.state.use_searched();
        }
        if let Some(trial) = found.winner() {
            parts::muted(ui, found::changes(lang, trial));
        }
    });
}

/// The trials, the best first: those that were trained to their end, then the others.
fn trials(ui: &mut Ui, lang: Lang, spec: &SearchSpec, trials: &[Trial]) {
    let leader = best(trials);
    let order = ranked(trials);
    let heads = [
        table::Head::number(lang.t("search.trial"), 52.0),
        table::Head::number(lang.t("search.auc"), 120.0),
        table::Head::number(lang.t("search.steps"), 112.0),
        table::Head::number(lang.t("train.seconds"), 72.0),
        table::Head::text(lang.t("search.ended"), 150.0),
        table::Head::text(lang.t("search.what"), 400.0),
    ];
    let cell = |trial: &Trial, column: usize| match column {
        0 => trial.number.to_string(),
        1 => trial.valid_auc.map_or("–".into(), |auc| format!("{auc:.4}")),
        2 => trial.epochs.to_string(),
        3 => format!("{:.1}", trial.seconds),
        4 if leader.and_then(|at| trials.get(at)).is_some_and(|best| best.number == trial.number) => {
            lang.t("search.best")
        }
        4 => found::ended(lang, spec.kind, spec.folds > 1, trial),
        _ => found::changes(lang, trial),
    };
    ui.horizontal_wrapped(|ui| {
        parts::muted(ui, lang.t("search.only_valid"));
        take::table_menu(ui, lang, &lang.t("search.title"), || Grid {
            name: lang.t("search.title"),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: order
                .iter()
                .map(|t| (0..heads.len()).map(|at| Cell::from(cell(t, at))).collect())
                .collect(),
        });
    });
    let table = table::Table::new("trials", &heads, order.len(), 230.0);
    table::show(ui, &table, |ui, row, column| {
        let Some(trial) = order.get(row) else { return };
        let text = cell(trial, column);
        let is_best = leader.and_then(|at| trials.get(at)).is_some_and(|best| best.number == trial.number);
        let shown = if is_best { RichText::new(&text).family(theme::strong()) } else { RichText::new(&text) };
        let label = ui.add(egui::Label::new(shown).truncate().selectable(false));
        if let regulars_engine::train::search::Ended::Failed { cause } = &trial.ended
            && column == 4
        {
            label.on_hover_text(cause);
        }
    });
}

fn curve(ui: &mut Ui, lang: Lang, trials: &[Trial]) {
    let points = best_so_far(trials);
    let (Some((_, most)), true) = (points.last().copied(), points.len() > 1) else { return };
    let first = points.iter().find(|(_, auc)| *auc >= most).map_or(1, |(number, _)| *number);
    let args =
        [("trial", first.to_string()), ("auc", format!("{most:.4}")), ("trials", trials.len().to_string())];
    let so_far: Vec<PlotPoint> = points.iter().map(|(at, auc)| PlotPoint::new(*at as f64, *auc)).collect();
    let frame = chart::Frame {
        id: "search",
        title: lang.with("search.finding", &args),
        x: lang.t("search.trial"),
        y: lang.t("search.auc"),
        height: 180.0,
        include: Vec::new(),
        legend: Corner::RightBottom,
        log_y: false,
        hue: 0,
    };
    let series =
        [chart::Series { name: lang.t("search.so_far"), points: &so_far, dashed: false, markers: true }];
    chart::lines(ui, lang, frame, &series, None);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("search.title"));
    let board = &mut scene.state.board;
    parts::setting(ui, lang, "search_kind", |ui| {
        let mut kind = board.spec.kind;
        let name = lang.t("setting.search_kind");
        if parts::choose(ui, &name, &mut kind, &SearchKind::ALL, |kind| found::model(lang, kind.model())) {
            board.search_kind(kind);
        }
    });
    let spec = &mut board.spec;
    parts::setting(ui, lang, "sampler", |ui| {
        let name = lang.t("setting.sampler");
        parts::choose(ui, &name, &mut spec.sampler, &Sampler::ALL, |one| {
            lang.t(&format!("sampler.{}", one.name()))
        });
    });
    parts::setting(ui, lang, "trials", |ui| {
        parts::named(ui, lang, "trials", egui::Slider::new(&mut spec.trials, 2..=300).logarithmic(true));
    });
    parts::setting(ui, lang, "search_seconds", |ui| {
        let slider = egui::Slider::new(&mut spec.seconds, 0.0..=3600.0).logarithmic(true);
        parts::named(ui, lang, "search_seconds", slider.smallest_positive(5.0).fixed_decimals(0));
    });
    parts::setting(ui, lang, "halving", |ui| {
        ui.checkbox(&mut spec.halving, lang.t("setting.halving.on"));
    });
    parts::setting(ui, lang, "search_folds", |ui| {
        let name = lang.t("setting.search_folds");
        parts::choose(ui, &name, &mut spec.folds, &[0, 3, 5], |folds| match folds {
            0 => lang.t("search.by_rows"),
            folds => lang.with("search.by_folds", &[("folds", folds.to_string())]),
        });
    });
    parts::setting(ui, lang, "space", |ui| {
        for dimension in &mut spec.dimensions {
            let mut free = !dimension.pinned;
            if ui.checkbox(&mut free, found::setting(lang, dimension.setting)).changed() {
                dimension.pinned = !free;
            }
        }
    });
}
