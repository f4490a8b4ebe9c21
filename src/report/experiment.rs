//! What an experiment needs and what it found, in words that the window and the terminal share.

use regulars_engine::evaluate::Refit;
use regulars_engine::experiment::{
    Difference, Experiment, Finding, Measured, Plan, Planned, Platt, Reading, Verdict,
};
use regulars_engine::metrics::Estimate;
use regulars_engine::project::UpliftFound;

use crate::words::{Lang, percent};

/// A number with a true minus.
fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    // What rounds to nothing has no sign.
    let is_nothing = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !is_nothing { format!("−{text}") } else { text }
}

/// A difference in the unit in which it is told: of 100 customers, or money per customer.
pub fn amount(is_share: bool, value: f64) -> String {
    if is_share { signed(100.0 * value, 1) } else { signed(value, 2) }
}

/// [`amount`] without decimals that are nothing.
fn round(is_share: bool, value: f64) -> String {
    let text = amount(is_share, value);
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    if decimals.bytes().all(|digit| digit == b'0') { whole.to_owned() } else { text }
}

/// A difference worth finding, with its unit: "30 of 100 customers".
pub fn difference(lang: Lang, is_share: bool, value: f64) -> String {
    match is_share {
        true => lang.with("few.points", &[("points", round(true, value))]),
        false => lang.with("few.money", &[("money", round(false, value))]),
    }
}

/// Money of many customers, in whole units.
pub fn sum(lang: Lang, value: f64) -> String {
    let whole = lang.count(value.abs().round() as u64);
    if value <= -0.5 { format!("−{whole}") } else { whole }
}

fn from_to(is_share: bool, of: Difference) -> [(&'static str, String); 3] {
    [
        ("value", amount(is_share, of.value)),
        ("low", amount(is_share, of.low)),
        ("high", amount(is_share, of.high)),
    ]
}

/// What was found, in one sentence, by the interval that counts.
pub fn finding(lang: Lang, of: &Finding, is_share: bool, unwanted: bool) -> String {
    let Some(counts) = of.counts() else { return lang.t("exp.says.too_few") };
    let key = match (of.verdict, is_share, unwanted) {
        (Verdict::Works, true, true) => "exp.says.kept",
        (Verdict::Works, true, false) => "exp.says.won",
        (Verdict::Works, false, _) => "exp.says.brought",
        (Verdict::Harms, true, _) => "exp.says.lost",
        (Verdict::Harms, false, _) => "exp.says.cost",
        (Verdict::Unsure, true, _) => "exp.says.unsure",
        (Verdict::Unsure, false, _) => "exp.says.unsure_money",
    };
    // “4.1 fewer” has no minus; its ends change places.
    let told = if of.verdict == Verdict::Harms { counts.times(-1.0) } else { counts };
    lang.with(key, &from_to(is_share, told))
}

/// How the interval may be used: at one look or at many.
pub fn rule(lang: Lang, of: &Finding) -> String {
    lang.t(if of.at_once { "exp.rule.once" } else { "exp.rule.always" })
}

/// Why nothing is read; `None` where the groups are what was drawn.
pub fn stopped(lang: Lang, of: &Reading) -> Option<String> {
    let count = |n: u64| lang.count(n);
    let args = [
        ("lost_called", count(of.called.lost())),
        ("called", count(of.called.drawn)),
        ("lost_left", count(of.left_alone.lost())),
        ("left", count(of.left_alone.drawn)),
        ("p", format!("{:.1e}", of.ratio.p)),
    ];
    of.ratio.stops.then(|| lang.with("exp.stopped", &args))
}

/// Who is missing, who is a stranger, who came twice.
pub fn accounts(lang: Lang, of: &Reading) -> String {
    let count = |n: u64| lang.count(n);
    let args = [
        ("found", count(of.called.found + of.left_alone.found)),
        ("drawn", count(of.called.drawn + of.left_alone.drawn)),
        ("lost_called", count(of.called.lost())),
        ("lost_left", count(of.left_alone.lost())),
        ("strangers", count(of.strangers as u64)),
        ("repeated", count(of.repeated as u64)),
    ];
    lang.with("exp.accounts", &args)
}

/// Money gained, with its interval.
pub fn gained(lang: Lang, of: Estimate) -> String {
    let args = [("value", sum(lang, of.value)), ("low", sum(lang, of.low)), ("high", sum(lang, of.high))];
    lang.with("exp.gained", &args)
}

/// How many customers a plan needs.
pub fn planned(lang: Lang, plan: &Plan, of: &Planned) -> String {
    let is_share = matches!(plan.measured, Measured::Share { .. });
    let args = [
        ("total", lang.count(of.size.total())),
        ("called", lang.count(of.size.called)),
        ("left", lang.count(of.size.left_alone)),
        ("effect", round(is_share, plan.effect)),
        ("power", percent(plan.power)),
    ];
    lang.with(if is_share { "exp.plan.needs" } else { "exp.plan.needs_money" }, &args)
}

/// What the customers that there are can show; `None` where nobody said how many there are.
pub fn with(lang: Lang, plan: &Plan, of: &Planned) -> Option<String> {
    let is_share = matches!(plan.measured, Measured::Share { .. });
    let with = of.with?;
    let args = [
        ("count", lang.count(with.customers)),
        ("power", percent(with.power)),
        ("effect", with.effect.map_or_else(String::new, |effect| round(is_share, effect))),
    ];
    let key = match (with.effect, is_share) {
        (None, _) => "exp.plan.with_none",
        (Some(_), true) => "exp.plan.with",
        (Some(_), false) => "exp.plan.with_money",
    };
    Some(lang.with(key, &args))
}

/// How the model's scores are set right.
pub fn recalibration(lang: Lang, of: &Platt) -> String {
    let args = [
        ("said", percent(of.said)),
        ("happened", percent(of.happened)),
        ("slope", signed(of.slope.value, 2)),
        ("slope_low", signed(of.slope.low, 2)),
        ("slope_high", signed(of.slope.high, 2)),
        ("intercept", signed(of.intercept.value, 2)),
        ("intercept_low", signed(of.intercept.low, 2)),
        ("intercept_high", signed(of.intercept.high, 2)),
        ("count", lang.count(of.customers as u64)),
    ];
    lang.with(if of.is_fine() { "exp.platt.fine" } else { "exp.platt.off" }, &args)
}

/// What an experiment has set right in a model.
pub fn refit(lang: Lang, of: &Refit) -> String {
    let args = [
        ("experiment", of.experiment.clone()),
        ("day", of.drawn.clone()),
        ("count", lang.count(of.customers)),
    ];
    lang.with("refit.in_force", &args)
}

/// Whether the offer turns some more than others.
pub fn uplift(lang: Lang, of: &UpliftFound) -> String {
    let qini = &of.qini;
    let three = |value: f64| signed(value, 4);
    let args = [
        ("all", amount(true, qini.all)),
        ("share", percent(qini.best)),
        ("value", three(qini.coefficient.value)),
        ("low", three(qini.coefficient.low)),
        ("high", three(qini.coefficient.high)),
        ("offer", lang.count(of.list.iter().filter(|one| one.offer).count() as u64)),
        ("count", lang.count(of.list.len() as u64)),
    ];
    lang.with(if qini.coefficient.low > 0.0 { "exp.uplift.found" } else { "exp.uplift.none" }, &args)
}

/// An experiment in a list.
pub fn title(of: &Experiment) -> String {
    format!("{} · {}", of.name, of.made)
}
