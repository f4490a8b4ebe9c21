//! The area after each round: together, pooled, and each branch alone.

use eframe::egui::Ui;
use egui_plot::{Corner, PlotPoint};
use regulars_engine::train::federated::{Mischief, RoundFigures};

use super::{area, other};
use crate::window::parts;
use crate::window::parts::chart::{self, Frame, Series};
use crate::window::state::Play;
use crate::window::theme::S3;
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, lang: Lang, play: &Play, seen: &[RoundFigures]) {
    let rule = play.setup.spec.rule;
    let line = |value: &dyn Fn(&RoundFigures) -> Option<f64>| -> Vec<PlotPoint> {
        seen.iter().filter_map(|round| Some(PlotPoint::new(round.round as f64, value(round)?))).collect()
    };
    let together = line(&|round| round.auc);
    let alone: Vec<Vec<PlotPoint>> = (0..play.setup.branches)
        .map(|at| line(&|round: &RoundFigures| round.branches.get(at)?.alone))
        .collect();
    let pooled = line(&|round| round.pooled);
    let under_other = line(&|round| round.other);
    let rule_name =
        |rule: regulars_engine::train::federated::Rule| lang.t(&format!("theatre.rule.{}", rule.name()));
    let is_plain = play.setup.mischief == Mischief::None || play.setup.masks;
    let together_name = match is_plain {
        true => lang.t("theatre.together"),
        false => lang.with("theatre.together_by", &[("rule", rule_name(rule))]),
    };
    let mut series = vec![Series { name: together_name, points: &together, dashed: false, markers: true }];
    if is_plain {
        for (at, points) in alone.iter().enumerate() {
            let name = lang.with("theatre.alone_name", &[("number", (at + 1).to_string())]);
            series.push(Series { name, points, dashed: true, markers: false });
        }
    } else {
        let name = lang.with("theatre.together_by", &[("rule", rule_name(other(rule)))]);
        series.push(Series { name, points: &under_other, dashed: false, markers: true });
        if let Some(at) = best(seen) {
            let name = lang.with("theatre.alone_name", &[("number", (at + 1).to_string())]);
            let points = alone.get(at).map_or(&[][..], Vec::as_slice);
            series.push(Series { name, points, dashed: true, markers: false });
        }
    }
    let name = lang.t("theatre.pooled");
    series.push(Series { name, points: &pooled, dashed: true, markers: false });
    let frame = Frame {
        id: "theatre_auc",
        title: title(lang, play, seen),
        x: lang.t("theatre.round"),
        y: lang.t("metric.roc_auc"),
        height: 240.0,
        include: span(play),
        legend: Corner::LeftTop,
        log_y: false,
        hue: 0,
    };
    chart::lines(ui, lang, frame, &series, None);
    ui.add_space(S3);
    if seen.is_empty() {
        parts::muted(ui, lang.t("theatre.no_round"));
    }
}

/// The axes reach as far as the whole play does, so that they stand still while it is watched.
fn span(play: &Play) -> Vec<[f64; 2]> {
    let of = |round: &RoundFigures| {
        let alone = round.branches.iter().map(|branch| branch.alone);
        alone.chain([round.auc, round.pooled, round.other]).flatten().collect::<Vec<f64>>()
    };
    let areas = || play.rounds.iter().flat_map(of);
    let (low, high) = areas().fold((1.0f64, 0.0f64), |(low, high), area| (low.min(area), high.max(area)));
    let (low, high) = if low > high { (0.5, 1.0) } else { (low, high) };
    vec![[1.0, low], [play.setup.spec.rounds.max(2) as f64, high]]
}

/// The branch that alone has come furthest.
pub(super) fn best(seen: &[RoundFigures]) -> Option<usize> {
    let last = seen.last()?;
    let areas = last.branches.iter().enumerate().filter_map(|(at, branch)| Some((at, branch.alone?)));
    areas.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

/// What is seen so far.
fn title(lang: Lang, play: &Play, seen: &[RoundFigures]) -> String {
    let Some(last) = seen.last() else { return lang.t("theatre.title_start") };
    let alone = best(seen).and_then(|at| last.branches.get(at)?.alone);
    let rule = play.setup.spec.rule;
    let rule_name =
        |rule: regulars_engine::train::federated::Rule| lang.t(&format!("theatre.rule.{}", rule.name()));
    let args = [
        ("round", last.round.to_string()),
        ("together", area(last.auc)),
        ("alone", area(alone)),
        ("pooled", area(last.pooled)),
        ("branch", play.setup.branches.to_string()),
        ("rule", rule_name(rule)),
        ("other", rule_name(other(rule))),
        ("under_other", area(last.other)),
    ];
    match last.other.is_some() {
        true => lang.with("theatre.title_other", &args),
        false => lang.with("theatre.title", &args),
    }
}
