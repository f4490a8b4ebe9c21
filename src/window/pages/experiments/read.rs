//! Step three: what became of the customers, how far the groups are apart, and how sure that is.

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::experiment::{Experiment, Finding, Measured, Order, Reading};
use regulars_engine::features::behaviour::to_date;
use regulars_engine::files::{Cell, Grid};

use super::{column, money};
use crate::report::experiment as told;
use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart, table, take};
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, percent};

/// Scores whose corrected value is shown.
const SCORES: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(shown) = scene.state.experiments.shown().cloned() else {
        let button = Some((lang.t("command.open_experiment"), Command::OpenExperiment));
        parts::empty_state(ui, lang, "exp_read", button, scene.send);
        return;
    };
    if scene.state.experiments.results().is_none() {
        parts::muted(ui, told::title(&shown));
        if scene.state.experiments.is_reading() {
            parts::muted(ui, lang.t("status.working"));
            return;
        }
        let button = Some((lang.t("command.open_results"), Command::OpenResults));
        parts::empty_state(ui, lang, "exp_results", button, scene.send);
        return;
    }
    scene.state.follow_reading();
    let room = &scene.state.experiments;
    let file = room.results().map(|table| regulars_engine::files::name_of(&table.source.file));
    ui.horizontal_wrapped(|ui| {
        parts::muted(ui, format!("{} · {}", told::title(&shown), file.unwrap_or_default()));
        if ui.button(lang.t("exp.other_results")).clicked() {
            scene.send.push(Command::OpenResults);
        }
    });
    match room.reading() {
        Some(Ok(reading)) => all(ui, lang, reading, &shown.plan.measured),
        Some(Err(error)) => parts::problem(ui, lang, error),
        None => parts::muted(ui, lang.t("status.working")),
    }
    parts::steady(ui, "refit", |ui| refit(ui, scene, &shown));
}

/// The loop closed: the model set right by those who were left alone, or that taken back.
fn refit(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Experiment) {
    let lang = scene.lang;
    let platt = match scene.state.experiments.reading() {
        Some(Ok(reading)) => reading.recalibration,
        _ => None,
    };
    if let Some(refit) = scene.state.refit().cloned() {
        parts::muted(ui, told::refit(lang, &refit));
        if ui.button(lang.t("refit.drop")).clicked() {
            scene.state.drop_refit();
        }
        if refit.experiment == shown.name && refit.drawn == shown.made {
            return;
        }
    }
    let (Some(platt), true) = (platt, scene.state.list().is_some()) else { return };
    let is_free = !scene.state.experiments.is_refitting() && !scene.state.bundling();
    let button = egui::Button::new(lang.t("refit.apply"));
    let response = ui.add_enabled(is_free && !platt.is_fine(), button);
    if response.on_hover_text(lang.t("refit.apply.help")).clicked() {
        scene.state.apply_refit();
    }
}

fn all(ui: &mut Ui, lang: Lang, of: &Reading, planned: &Measured) {
    if let Some(text) = told::stopped(lang, of) {
        ui.add_space(S2);
        parts::caution(ui, &text);
        return;
    }
    let mut findings = [(of.share.as_ref(), true), (of.money.as_ref(), false)];
    if matches!(planned, Measured::Money { .. }) {
        findings.reverse();
    }
    for (finding, is_share) in findings {
        if let Some(finding) = finding {
            measure(ui, lang, finding, (is_share, of.spec.unwanted));
        }
    }
    if let Some(gained) = of.gained {
        parts::section(ui, lang.t("exp.money"));
        let low_high = format!("{} … {}", told::sum(lang, gained.low), told::sum(lang, gained.high));
        parts::figure(ui, &lang.t("exp.gained.name"), &told::sum(lang, gained.value), &low_high);
        ui.add(egui::Label::new(told::gained(lang, gained)).wrap());
    }
    parts::section(ui, lang.t("exp.who"));
    ui.add(egui::Label::new(told::accounts(lang, of)).wrap());
    let args = [("p", format!("{:.2}", of.ratio.p))];
    parts::muted(ui, lang.with("exp.ratio.fine", &args));
    if let Some(platt) = &of.recalibration {
        parts::section(ui, lang.t("exp.platt"));
        ui.add(egui::Label::new(told::recalibration(lang, platt)).wrap());
        let pairs = SCORES.map(|score| format!("{} → {}", percent(score), percent(platt.apply(score))));
        parts::muted(ui, pairs.join(" · "));
    }
}

/// One measure: the sentence, the groups, every way of reckoning, and the interval as it ran.
fn measure(ui: &mut Ui, lang: Lang, of: &Finding, (is_share, unwanted): (bool, bool)) {
    parts::section(ui, lang.t(if is_share { "exp.measured.share" } else { "exp.measured.money" }));
    let sentence = told::finding(lang, of, is_share, unwanted);
    ui.add(egui::Label::new(RichText::new(&sentence).font(theme::section_font())).wrap());
    parts::muted(ui, told::rule(lang, of));
    ui.add_space(S2);
    let group = |value: f64| if is_share { percent(value) } else { format!("{value:.2}") };
    parts::figures(ui, |ui| {
        let of_count = |count: u64| lang.with("exp.of_count", &[("count", lang.count(count))]);
        parts::figure(ui, &lang.t("exp.group.called"), &group(of.called), &of_count(of.customers.0));
        parts::figure(ui, &lang.t("exp.group.left"), &group(of.left_alone), &of_count(of.customers.1));
        if let Some(counts) = of.counts() {
            let ends = [counts.low, counts.high].map(|end| told::amount(is_share, end));
            let unit = lang.t(if is_share { "exp.unit.share" } else { "exp.unit.money" });
            let text = format!("{} … {} {unit}", ends[0], ends[1]);
            parts::figure(ui, &lang.t("exp.difference"), &told::amount(is_share, counts.value), &text);
        }
    });
    ways(ui, lang, of, is_share);
    ui.add_space(S3);
    running(ui, lang, of, is_share);
}

fn ways(ui: &mut Ui, lang: Lang, of: &Finding, is_share: bool) {
    let all = [
        ("exp.way.once", Some(of.difference)),
        ("exp.way.strata", of.stratified),
        ("exp.way.cuped", of.cuped.as_ref().map(|cuped| cuped.difference)),
        ("exp.way.always", of.always),
    ];
    let rows: Vec<[String; 5]> = all
        .into_iter()
        .filter_map(|(key, difference)| {
            let of = difference?;
            let [value, low, high] = [of.value, of.low, of.high].map(|value| told::amount(is_share, value));
            let p = if of.p < 0.0001 { "< 0.0001".to_owned() } else { format!("{:.4}", of.p) };
            Some([lang.t(key), value, low, high, p])
        })
        .collect();
    let unit = lang.t(if is_share { "exp.unit.share" } else { "exp.unit.money" });
    let heads = [
        table::Head::text(lang.t("exp.head.way"), 330.0),
        table::Head::number(lang.t("exp.difference"), 96.0),
        table::Head::number(lang.t("exp.head.low"), 76.0),
        table::Head::number(lang.t("exp.head.high"), 76.0),
        table::Head::number("p", 76.0),
    ];
    ui.horizontal_wrapped(|ui| {
        parts::muted(ui, lang.with("exp.ways", &[("unit", unit)]));
        take::table_menu(ui, lang, &lang.t("exp.head.way"), || Grid {
            name: lang.t("page.experiments.name"),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: rows.iter().map(|row| row.iter().map(|text| Cell::from(text.as_str())).collect()).collect(),
        });
    });
    let id = if is_share { "exp ways share" } else { "exp ways money" };
    let spec = table::Table::new(id, &heads, rows.len(), 200.0);
    table::show(ui, &spec, |ui, row, at| {
        let text = rows.get(row).and_then(|row| row.get(at)).cloned().unwrap_or_default();
        table::plain(ui, text);
    });
    if let Some(cuped) = &of.cuped {
        parts::muted(ui, lang.with("exp.cuped", &[("share", percent(cuped.reduction.max(0.0)))]));
    }
}

/// The interval for many looks, as results came in.
fn running(ui: &mut Ui, lang: Lang, of: &Finding, is_share: bool) {
    let (Some(first), Some(last)) = (of.looks.first(), of.looks.last()) else {
        parts::muted(ui, lang.t("exp.says.too_few"));
        return;
    };
    let scale = if is_share { 100.0 } else { 1.0 };
    let place = |look: &regulars_engine::experiment::Look| match (of.order, look.day) {
        (Order::Day, Some(day)) => f64::from(day),
        (Order::Day, None) => f64::from(of.looks.iter().filter_map(|look| look.day).max().unwrap_or(0) + 1),
        (Order::Chance, _) => look.customers as f64,
    };
    let line = |value: fn(&regulars_engine::experiment::Difference) -> f64| -> Vec<PlotPoint> {
        of.looks.iter().map(|look| PlotPoint::new(place(look), scale * value(&look.difference))).collect()
    };
    let (middle, low, high) = (line(|d| d.value), line(|d| d.low), line(|d| d.high));
    let zero = [PlotPoint::new(place(first), 0.0), PlotPoint::new(place(last), 0.0)];
    let since = of.looks.iter().rev().take_while(|look| look.difference.is_sure()).last();
    let title = match since {
        Some(look) => lang.with("exp.running.sure", &[("count", lang.count(look.customers))]),
        None => lang.t("exp.running.unsure"),
    };
    let x = lang.t(match of.order {
        Order::Day => "exp.running.day",
        Order::Chance => "exp.running.customers",
    });
    let frame = chart::Frame {
        id: if is_share { "exp running share" } else { "exp running money" },
        title,
        x,
        y: lang.t(if is_share { "exp.unit.share" } else { "exp.unit.money" }),
        height: 260.0,
        include: vec![[place(first), 0.0], [place(last), 0.0]],
        legend: Corner::RightTop,
        log_y: false,
        hue: 0,
    };
    let named =
        |key: &str, points, dashed| chart::Series { name: lang.t(key), points, dashed, markers: false };
    let series = [
        named("exp.difference", &middle[..], false),
        named("exp.head.high", &high[..], true),
        named("exp.head.low", &low[..], true),
        named("exp.running.zero", &zero[..], true),
    ];
    match of.order {
        Order::Day => {
            let day = |day: f64| to_date(day as i32).to_string();
            chart::lines_over(ui, lang, frame, &series, None, &day);
        }
        Order::Chance => {
            chart::lines(ui, lang, frame, &series, None);
            parts::muted(ui, lang.t("exp.running.chance"));
        }
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let room = &mut scene.state.experiments;
    if room.drawn.len() > 1 {
        parts::setting(ui, lang, "exp_shown", |ui| {
            let all: Vec<usize> = (0..room.drawn.len()).collect();
            let titles: Vec<String> = room.drawn.iter().map(|of| told::title(of)).collect();
            let words = |at: usize| titles.get(at).cloned().unwrap_or_default();
            parts::choose(ui, &lang.t("setting.exp_shown"), &mut room.chosen, &all, words);
        });
    }
    let names: Vec<String> = room
        .results()
        .map(|table| table.columns.iter().map(|column| column.name.clone()).collect())
        .unwrap_or_default();
    if names.is_empty() {
        parts::muted(ui, lang.t("exp.results_first"));
        return;
    }
    // What was guessed stands where nothing was chosen.
    let read = match room.reading() {
        Some(Ok(reading)) => reading.spec.clone(),
        _ => room.spec.clone(),
    };
    let guessed = |name: &Option<String>| match name.as_deref() {
        Some(name) if !name.is_empty() => lang.with("exp.guessed", &[("column", name.to_owned())]),
        _ => lang.t("exp.no_column"),
    };
    let spec = &mut room.spec;
    column(ui, lang, "exp_id", (&mut spec.id, &guessed(&read.id)), &names);
    column(ui, lang, "exp_outcome", (&mut spec.outcome, &guessed(&read.outcome)), &names);
    let mut unwanted = read.unwanted;
    let text = lang.t("exp.unwanted");
    if ui.checkbox(&mut unwanted, text).on_hover_text(lang.t("exp.unwanted.help")).changed() {
        // A choice holds against the guess only where the column is named.
        spec.outcome.clone_from(&read.outcome);
        spec.unwanted = unwanted;
    }
    column(ui, lang, "exp_money", (&mut spec.money, &guessed(&read.money)), &names);
    column(ui, lang, "exp_day", (&mut spec.day, &guessed(&read.day)), &names);
    let text = lang.t("exp.absent");
    ui.checkbox(&mut spec.absent_is_no, text).on_hover_text(lang.t("exp.absent.help"));
    ui.checkbox(&mut spec.over, lang.t("exp.over")).on_hover_text(lang.t("exp.over.help"));
    money(ui, lang, "exp_worth", &mut spec.worth, 0.0);
    money(ui, lang, "exp_cost", &mut spec.cost, 0.0);
}
