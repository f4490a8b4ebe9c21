//! The watched folder, drift and the gate, in words.

use regulars_engine::deploy::audit::Entry;
use regulars_engine::deploy::drift::{Alert, AlertKind, ColumnDrift, DriftReport, Performance};
use regulars_engine::deploy::watch::{Done, DoneResult};
use regulars_engine::metrics::Estimate;
use regulars_engine::project::{Gate, WatchEvent};

use super::{Lang, percent};

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn between(estimate: Estimate) -> [String; 3] {
    [estimate.value, estimate.low, estimate.high].map(three)
}

/// An alert as a sentence.
pub fn alert(lang: Lang, alert: &Alert) -> String {
    let shares = matches!(
        alert.kind,
        AlertKind::Missing | AlertKind::Unseen | AlertKind::Outside | AlertKind::Calibration
    );
    let show = |value: f64| if shares { percent(value) } else { three(value) };
    let args = [("column", alert.column.clone()), ("value", show(alert.value)), ("limit", show(alert.limit))];
    lang.with(&format!("watch.alert.{}", alert.kind.name()), &args)
}

/// What a drift report comes to, in one sentence.
pub fn verdict(lang: Lang, report: &DriftReport) -> String {
    let rows = ("rows", lang.count(report.rows as u64));
    let alerts = ("alerts", lang.count(report.alerts.len() as u64));
    let key = match (report.too_few, report.alerts.as_slice()) {
        (true, _) => "watch.verdict.few",
        (false, []) => "watch.verdict.calm",
        (false, _) => "watch.verdict.alerts",
    };
    lang.with(key, &[rows, alerts])
}

/// The finding of the chart of all columns.
pub fn finding(lang: Lang, file: &str, report: &DriftReport) -> String {
    let worst = report.alerts.iter().find(|alert| !alert.column.is_empty());
    let file = ("file", file.to_owned());
    match (worst, report.columns.first()) {
        (Some(alert), _) => lang.with("watch.chart.moved", &[file, ("column", alert.column.clone())]),
        (None, Some(first)) => lang
            .with("watch.chart.calm", &[file, ("column", first.column.clone()), ("psi", three(first.psi))]),
        (None, None) => lang.with("watch.chart.none", &[file]),
    }
}

/// The finding of the chart of one column.
pub fn column_finding(lang: Lang, column: &ColumnDrift) -> String {
    let name = if column.column.is_empty() { lang.t("watch.score") } else { column.column.clone() };
    let most = column.bins.iter().max_by(|a, b| (a.2 - a.1).abs().total_cmp(&(b.2 - b.1).abs()));
    let Some((bin, then, now)) = most else { return name };
    let args = [("column", name), ("bin", bin.clone()), ("then", percent(*then)), ("now", percent(*now))];
    lang.with("watch.chart.column", &args)
}

/// What a pass did, one line.
pub fn event(lang: Lang, event: &WatchEvent) -> String {
    match event {
        WatchEvent::Done(one) => done(lang, one),
        WatchEvent::Waits { file, kind: None } => {
            lang.with("watch.event.settling", &[("file", file.clone())])
        }
        WatchEvent::Waits { file, kind: Some(kind) } => {
            let why = lang.t(&format!("error.{kind}"));
            lang.with("watch.event.waits", &[("file", file.clone()), ("why", why)])
        }
        WatchEvent::NotTold { file, cause } => {
            lang.with("watch.event.not_told", &[("file", file.clone()), ("why", cause.clone())])
        }
        WatchEvent::Retrained { learnt, gate: found } => {
            let args = [("learnt", lang.count(*learnt as u64)), ("gate", gate(lang, found))];
            lang.with("robust.retrained", &args)
        }
        WatchEvent::NotRetrained { kind, cause } => {
            let args = [("why", lang.t(&format!("error.{kind}"))), ("cause", cause.clone())];
            lang.with("robust.not_retrained", &args)
        }
    }
}

/// What became of a file, one line.
pub fn done(lang: Lang, done: &Done) -> String {
    let file = ("file", done.file.clone());
    match &done.result {
        DoneResult::Scored { out, rows, at_risk, alerts, .. } => {
            let counts = [("rows", *rows), ("at_risk", *at_risk), ("alerts", alerts.len() as u64)];
            let mut args = vec![file, ("out", out.clone())];
            args.extend(counts.map(|(name, count)| (name, lang.count(count))));
            lang.with("watch.event.scored", &args)
        }
        DoneResult::Refused { kind, .. } => {
            lang.with("watch.event.refused", &[file, ("why", lang.t(&format!("error.{kind}")))])
        }
    }
}

/// What the gate found.
pub fn gate(lang: Lang, gate: &Gate) -> String {
    let args = [
        ("champion", three(gate.champion_auc)),
        ("challenger", three(gate.challenger_auc)),
        ("low", three(gate.paired.low)),
        ("high", three(gate.paired.high)),
        ("rows", lang.count(gate.rows as u64)),
    ];
    lang.with(if gate.takes_over { "watch.gate.took_over" } else { "watch.gate.stayed" }, &args)
}

/// How good the model is now.
pub fn performance(lang: Lang, found: &Performance) -> String {
    let [now, low, high] = found.roc_auc.map(between).unwrap_or_else(|| ["–"; 3].map(str::to_owned));
    let then = found.roc_auc_then.map_or_else(
        || "–".to_owned(),
        |auc| {
            let [value, low, high] = between(auc);
            format!("{value} ({low}–{high})")
        },
    );
    let args = [
        ("rows", lang.count(found.labelled as u64)),
        ("now", now),
        ("low", low),
        ("high", high),
        ("then", then),
        ("predicted", percent(found.predicted)),
        ("observed", percent(found.observed.value)),
    ];
    lang.with("watch.performance", &args)
}

/// An entry of the audit trail: what, and its counts.
pub fn entry(lang: Lang, entry: &Entry) -> [String; 2] {
    let detail = entry.detail.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), |text| text.chars().take(16).collect());
        format!("{name} {value}")
    });
    [lang.t(&format!("watch.what.{}", entry.what.name())), detail.collect::<Vec<_>>().join(" · ")]
}
