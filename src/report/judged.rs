//! How good a model is and how sure that is, in words that the window and the terminal share.

use regulars_engine::evaluate::{
    Calibrated, Evaluation, Finding, Footing, LearningCurve, MoreData, Pair, Trust,
};
use regulars_engine::metrics::{Estimate, Figure, Method};

use super::found::model;
use crate::words::{Lang, percent};

/// A figure's value: a share as a percentage, all else with three decimals.
pub fn shown(figure: Figure, value: f64) -> String {
    match figure {
        Figure::Accuracy | Figure::BalancedAccuracy | Figure::Precision | Figure::Recall => percent(value),
        _ => format!("{value:.3}"),
    }
}

/// What a figure says in a plain sentence.
pub fn says(lang: Lang, figure: Figure, value: f64) -> String {
    lang.with(&format!("metric.{}.says", figure.name()), &[("value", shown(figure, value))])
}

/// How an interval was made.
pub fn method(lang: Lang, method: Method, replicates: usize) -> String {
    let key = match method {
        Method::Wilson => "figures.method.wilson",
        Method::Delong => "figures.method.delong",
        Method::Mean => "figures.method.mean",
        Method::Bootstrap => "figures.method.bootstrap",
        Method::Inversion => "figures.method.inversion",
    };
    lang.with(key, &[("replicates", lang.count(replicates as u64))])
}

/// A p-value.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

/// The area of measured rows with its ends in a few words, or that so few are not judged.
pub fn area(lang: Lang, measured: &Evaluation) -> String {
    match measured.area() {
        Some(e) => {
            // Two digits: the rail has room for no more.
            let args = [("value", e.value), ("low", e.low), ("high", e.high)];
            lang.with("status.area", &args.map(|(name, value)| (name, format!("{value:.2}"))))
        }
        None => lang.t("status.not_judged"),
    }
}

/// Whether probabilities come true: the title of the calibration curve.
pub fn calibrated(lang: Lang, found: &Calibrated) -> String {
    match found {
        Calibrated::TooFew => lang.t("evaluate.calibration.few"),
        Calibrated::Holds { bins } => lang.with("evaluate.calibration.holds", &[("bins", bins.to_string())]),
        Calibrated::Off { predicted, observed, off, bins, .. } => {
            let args = [
                ("predicted", percent(*predicted)),
                ("observed", percent(observed.value)),
                ("low", percent(observed.low)),
                ("high", percent(observed.high)),
                ("off", off.to_string()),
                ("bins", bins.to_string()),
            ];
            let is_low = *predicted < observed.value;
            lang.with(if is_low { "evaluate.calibration.low" } else { "evaluate.calibration.high" }, &args)
        }
    }
}

/// What was found of a difference.
pub fn finding(lang: Lang, found: Finding) -> String {
    lang.t(match found {
        Finding::Better => "figures.finding.better",
        Finding::Worse => "figures.finding.worse",
        Finding::Chance => "figures.finding.chance",
    })
}

/// An area with its interval, or that it is not judged.
pub fn lead(lang: Lang, trust: &Trust) -> String {
    match trust.roc_auc {
        Some(e) => lang.with("figures.lead", &interval(e)),
        None => lang.t("figures.lead_none"),
    }
}

fn interval(e: Estimate) -> [(&'static str, String); 3] {
    [("value", e.value), ("low", e.low), ("high", e.high)].map(|(name, value)| (name, format!("{value:.3}")))
}

/// How far figures of so few customers can be trusted, what more would bring, and the next best thing.
pub fn trust(lang: Lang, trust: &Trust) -> Vec<String> {
    let count = |n: usize| lang.count(n as u64);
    let width = trust.roc_auc.map_or(0.0, |e| e.high - e.low);
    let careful =
        trust.careful.map(interval).unwrap_or_else(|| interval(Estimate { value: 0.5, low: 0.0, high: 1.0 }));
    let [(_, careful), (_, low), (_, high)] = careful;
    let args = [
        ("rows", count(trust.rows)),
        ("smaller", count(trust.smaller_class)),
        ("more", count(trust.more)),
        ("width", format!("{width:.2}")),
        ("careful", careful),
        ("low", low),
        ("high", high),
    ];
    let key = match trust.footing {
        Footing::Firm => "figures.trust.firm",
        Footing::Wide => "figures.trust.wide",
        Footing::TooFew => "figures.trust.too_few",
    };
    let mut told = vec![lang.with(key, &args)];
    if let (Some(rate), Some(months)) = (trust.per_month, trust.months()) {
        let args = [
            ("rate", if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }),
            ("months", count(months)),
        ];
        told.push(lang.with("figures.trust.months", &args));
    }
    match trust.crossed {
        _ if trust.footing == Footing::Firm => {}
        Some(width) if width.is_finite() => {
            told.push(lang.with("figures.trust.next_width", &[("width", format!("{width:.2}"))]));
        }
        Some(_) => told.push(lang.t("figures.trust.next")),
        None => told.push(lang.t("figures.trust.segments")),
    }
    told
}

/// Whether the model looked at really differs from another one.
pub fn pair(lang: Lang, own: regulars_engine::train::ModelKind, pair: &Pair) -> String {
    let key = match pair.by_area {
        Finding::Better => "figures.pair.better",
        Finding::Worse => "figures.pair.worse",
        Finding::Chance => "figures.pair.chance",
    };
    let signed = |value: f64| format!("{value:+.3}");
    let args = [
        ("own", model(lang, own)),
        ("other", model(lang, pair.model)),
        ("difference", signed(pair.roc_auc.difference)),
        ("low", signed(pair.roc_auc.low)),
        ("high", signed(pair.roc_auc.high)),
        ("p", p_value(pair.roc_auc.p)),
        ("accuracy", format!("{:+.1}", 100.0 * pair.accuracy.difference)),
        ("by_accuracy", finding(lang, pair.by_accuracy)),
    ];
    lang.with(key, &args)
}

/// Whether more customers would help.
pub fn more(lang: Lang, curve: &LearningCurve) -> String {
    let now = curve.points.last().map_or(0.5, |point| point.area.value);
    let then = curve.doubled.unwrap_or(Estimate { value: now, low: now, high: now });
    let key = match curve.finding {
        MoreData::Helps => "figures.more.helps",
        MoreData::Perhaps => "figures.more.perhaps",
        MoreData::Enough => "figures.more.enough",
        MoreData::Unknown => "figures.more.unknown",
    };
    let number = |value: f64| format!("{value:.3}");
    let args = [
        ("now", number(now)),
        ("then", number(then.value)),
        ("low", number(then.low)),
        ("high", number(then.high)),
    ];
    lang.with(key, &args)
}
