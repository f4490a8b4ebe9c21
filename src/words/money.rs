//! Money and what to say, in words.

use regulars_engine::deploy::Reason;
use regulars_engine::evaluate::money::{Called, MoneySpec, ProfitPoint, fill};
use regulars_engine::features::behaviour::HISTORY;
use regulars_engine::files::Cell;
use regulars_engine::files::Grid;
use regulars_engine::project::{CallList, Gains};

use super::{Lang, column_name, percent};

/// Currencies that have no hundredths in use.
const WHOLE: [&str; 10] = ["JPY", "KRW", "VND", "CLP", "ISK", "IDR", "円", "₩", "₫", "Rp"];

/// An amount: "€1,234.40", "EUR 12.50", "−¥3.00", "JPY 1,234": every amount of a currency has the same
/// decimals.
pub fn amount(lang: Lang, currency: &str, value: f64) -> String {
    let decimals = if WHOLE.contains(&currency.trim()) { 0 } else { 2 };
    written(lang, currency, value, decimals)
}

/// An amount at a mark of an axis whose marks are `step` apart: without cents where no mark has any.
pub fn at_mark(lang: Lang, currency: &str, value: f64, step: f64) -> String {
    if step >= 1.0 { written(lang, currency, value, 0) } else { amount(lang, currency, value) }
}

fn written(lang: Lang, currency: &str, value: f64, decimals: u32) -> String {
    let unit = 10u64.pow(decimals);
    let parts = (value.abs() * unit as f64).round();
    let whole = lang.count((parts / unit as f64).floor() as u64);
    let number = match decimals {
        0 => whole,
        _ => format!("{whole}.{:0width$}", (parts % unit as f64) as u64, width = decimals as usize),
    };
    let gap = if currency.chars().last().is_some_and(char::is_alphabetic) { " " } else { "" };
    let minus = if value < 0.0 && parts > 0.0 { "−" } else { "" };
    format!("{minus}{currency}{gap}{number}")
}

/// An amount with its band, where there is one: "€120.00 (€80.00 to €150.00)".
fn with_band(lang: Lang, currency: &str, point: &ProfitPoint) -> String {
    let money = |value: f64| amount(lang, currency, value);
    match point.band {
        Some((low, high)) => lang.with(
            "plan.with_band",
            &[("profit", money(point.profit)), ("low", money(low)), ("high", money(high))],
        ),
        None => money(point.profit),
    }
}

/// The recommended plan with its reason, in one sentence.
pub fn recommended(lang: Lang, gains: &Gains, spec: &MoneySpec) -> String {
    let Some(point) = gains.best.and_then(|best| gains.curve.at(best)) else {
        return lang.t("money.title_none");
    };
    let limited = spec.most_calls().is_some_and(|most| gains.curve.customers > most)
        && spec.profit(point.threshold, 1.0) > 0.0
        && gains.curve.points.last().is_some_and(|last| last.calls == point.calls);
    let args = [
        ("calls", lang.count(point.calls as u64)),
        ("customers", lang.count(gains.curve.customers as u64)),
        ("profit", with_band(lang, &spec.currency, point)),
        ("threshold", percent(spec.pays_from())),
    ];
    lang.with(if limited { "plan.title_limit" } else { "plan.title_pays" }, &args)
}

/// What the present threshold says to do, in one sentence, and what it is filled with.
pub fn lead(
    lang: Lang,
    spec: &MoneySpec,
    called: &Called,
    threshold: f64,
) -> (String, [(&'static str, String); 6]) {
    let money = |value: f64| amount(lang, &spec.currency, value);
    let args = [
        ("calls", lang.count(called.calls as u64)),
        ("cost", money(called.cost)),
        ("worth", money(called.worth)),
        ("profit", money(called.profit)),
        ("kept", format!("{:.1}", called.kept)),
        ("threshold", percent(threshold)),
    ];
    (lang.with(if called.calls == 0 { "today.lead_none" } else { "today.lead" }, &args), args)
}

/// The strongest reason that drives away.
pub fn strongest(reasons: &[Reason]) -> Option<&Reason> {
    reasons.iter().find(|reason| reason.share > 0.0)
}

/// A column as it is said to a customer; the history has no name of its own.
fn said(lang: Lang, column: &str) -> String {
    if column == HISTORY { column.to_owned() } else { column_name(lang, column) }
}

/// The catalogue's line for a reason, with its marks.
pub fn usual_line(lang: Lang, reason: Option<&Reason>) -> String {
    lang.t(match reason {
        None => "say.none",
        Some(Reason { value: None, .. }) => "say.missing",
        Some(Reason { usual, .. }) if usual.is_empty() => "say.plain",
        Some(_) => "say.unusual",
    })
}

/// What to say to a customer: the person's line for the strongest reason, else the catalogue's.
pub fn say(lang: Lang, spec: &MoneySpec, id: &str, reasons: &[Reason]) -> String {
    let reason = strongest(reasons);
    let own = spec.line(lang.code(), reason.map_or("", |reason| &reason.column));
    let line = own.map_or_else(|| usual_line(lang, reason), str::to_owned);
    let named = reason.map(|reason| Reason { column: said(lang, &reason.column), ..reason.clone() });
    fill(&line, id, named.as_ref())
}

/// Puts what to say, and what a call should bring where the person has said what a customer is worth,
/// behind the reasons of a call list.
pub fn add_lines(lang: Lang, grid: &mut Grid, list: &CallList, spec: &MoneySpec) {
    let last = lang.with("list.reason", &[("number", "3".to_owned())]);
    let at = grid.header.iter().position(|head| *head == last).map_or(grid.header.len(), |at| at + 1);
    let with_money = !spec.is_example();
    let bring = |p: f64| {
        let value = spec.profit(p, 1.0);
        Cell::Number { value, text: amount(lang, &spec.currency, value), format: "#,##0.00" }
    };
    grid.header.insert(at, lang.t("today.say"));
    if with_money {
        grid.header.insert(at + 1, lang.t("today.brings"));
    }
    for (row, line) in grid.rows.iter_mut().zip(&list.lines) {
        let place = at.min(row.len());
        if with_money {
            row.insert(place, bring(line.customer.probability));
        }
        row.insert(place, say(lang, spec, &line.customer.id, &line.reasons).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_money() {
        let of = |currency: &str, value: f64| amount(Lang::En, currency, value);
        assert_eq!(of("€", 1234.4), "€1,234.40");
        assert_eq!(of("EUR", 12.5), "EUR 12.50");
        assert_eq!(of("¥", -3.0), "−¥3.00");
        assert_eq!(of("", 999.999), "1,000.00");
        assert_eq!(of("$", -0.001), "$0.00");
        assert_eq!(of("JPY", 1234.4), "JPY 1,234");
        assert_eq!(at_mark(Lang::En, "€", 1500.0, 500.0), "€1,500");
        assert_eq!(at_mark(Lang::En, "€", -0.5, 0.5), "−€0.50");
    }

    #[test]
    fn the_strongest_reason_that_drives_away_says_what_is_said() {
        let reason = |column: &str, value: Option<&str>, share: f64| Reason {
            column: column.into(),
            value: value.map(str::to_owned),
            usual: "12".into(),
            share,
        };
        let reasons = [reason("age", Some("30"), -0.4), reason("days_since_visit", Some("90"), 0.3)];
        let mut spec = MoneySpec::default();
        let told = say(Lang::En, &spec, "C1", &reasons);
        assert!(told.contains("days since visit") && told.contains("90") && told.contains("12"), "{told}");
        assert!(say(Lang::Zh, &spec, "C1", &reasons).contains("days since visit"));
        assert_eq!(say(Lang::En, &spec, "C1", &reasons[..1]), Lang::En.t("say.none"));
        spec.set_line("en", "days_since_visit", Some("We miss you, {id}!".into()));
        assert_eq!(say(Lang::En, &spec, "C1", &reasons), "We miss you, C1!");
        assert_ne!(say(Lang::Zh, &spec, "C1", &reasons), "We miss you, C1!");
    }
}
