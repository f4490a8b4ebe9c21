//! One customer's card as a page to print, and its sentences, which the window shows as well.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use regulars_engine::evaluate::{Goal, Nearest, Such, Turn};
use regulars_engine::project::{Alike, CustomerCard};

use super::style;
use crate::words::{self, Lang, percent};

/// "About 6 of 10 such customers left", with what that was counted on.
pub fn such(lang: Lang, such: &Such) -> String {
    let Such { observed, rows, from, to } = *such;
    let tenths = (10.0 * observed.value).round();
    let key = match tenths as u64 {
        0 => "card.such.few",
        10 => "card.such.all",
        _ => "card.such",
    };
    let args = [
        ("tenths", format!("{tenths:.0}")),
        ("share", percent(observed.value)),
        ("low", percent(observed.low)),
        ("high", percent(observed.high)),
        ("rows", lang.count(rows)),
        ("from", percent(from)),
        ("to", percent(to)),
    ];
    lang.with(key, &args)
}

/// The changes of a set in one line: "contract: monthly → one year".
fn moves(lang: Lang, turn: &Turn) -> String {
    let all: Vec<String> = turn
        .moves
        .iter()
        .map(|one| {
            let from = one.from.clone().unwrap_or_else(|| lang.t("card.missing"));
            let args = [("column", one.column.clone()), ("from", from), ("to", one.to.clone())];
            lang.with("card.move", &args)
        })
        .collect();
    lang.list(&all)
}

/// What the search for the nearest change found, one sentence each.
pub fn nearest(lang: Lang, found: &Nearest) -> Vec<String> {
    if found.columns.is_empty() {
        return vec![lang.t("card.no_columns")];
    }
    let told = |turn: &Turn, key: &str| {
        let args = [
            ("changes", moves(lang, turn)),
            ("risk", percent(turn.probability)),
            ("now", percent(found.start)),
        ];
        lang.with(key, &args)
    };
    if let Some(turn) = &found.turn {
        let key = match found.goal {
            Goal::Below(_) => "card.turn",
            Goal::Reach(_) => "card.turn_up",
        };
        return vec![told(turn, key)];
    }
    let args = [("tried", lang.count(found.tried as u64)), ("columns", lang.list(&found.columns))];
    let mut out = vec![lang.with("card.no_turn", &args)];
    let better = |turn: &&Turn| match found.goal {
        Goal::Below(_) => turn.probability < found.start,
        Goal::Reach(_) => turn.probability > found.start,
    };
    out.extend(found.best.as_ref().filter(better).map(|turn| told(turn, "card.best")));
    out
}

/// How many of the most similar customers left.
pub fn alike_finding(lang: Lang, alike: &[Alike]) -> String {
    let left = alike.iter().filter(|one| one.happened).count();
    lang.with("card.alike.finding", &[("left", left.to_string()), ("count", alike.len().to_string())])
}

/// How much alike a customer is, and how likely it was held to be to leave.
pub fn alike_share(lang: Lang, one: &Alike) -> String {
    let args = [("share", percent(1.0 - one.distance)), ("risk", percent(one.probability))];
    lang.with("card.alike.share", &args)
}

/// The card of one customer as a page that prints on one sheet of A4, in both languages; `also` are
/// further lines about the customer: name, text.
pub fn html(first: Lang, card: &CustomerCard, also: &dyn Fn(Lang) -> Vec<(String, String)>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(first.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Regulars · " (card.id) }
                style { (PreEscaped(style::REPORT)) (PreEscaped(style::CUSTOMER)) }
            }
            body {
                @for lang in Lang::ALL {
                    input type="radio" name="lang" id=(lang.code()) checked[lang == first];
                }
                nav { @for lang in Lang::ALL { label for=(lang.code()) { (lang.label()) } } }
                @for lang in Lang::ALL {
                    main lang=(lang.code()) class=(lang.code()) { (body(lang, card, &also(lang))) }
                }
            }
        }
    };
    page.into_string()
}

fn body(lang: Lang, card: &CustomerCard, also: &[(String, String)]) -> Markup {
    let threshold = [("threshold", percent(card.threshold))];
    let side = if card.probability >= card.threshold { "card.at_risk" } else { "card.not_at_risk" };
    html! {
        h1 { (lang.with("card.title", &[("id", card.id.clone())])) }
        @if card.has_left { p.lead { strong { "● " (lang.t("badge.left")) } " " span.muted { (lang.t("badge.left.help")) } } }
        p.figure { strong { (percent(card.probability)) } " " (lang.t("badge.model_says")) " " span.muted { (lang.with(side, &threshold)) } }
        @if let Some(found) = &card.such { p.lead { span.muted { (lang.t("badge.counted")) } " " (such(lang, found)) } }
        @if !also.is_empty() || !card.contacts.is_empty() {
            table.card { tbody {
                @for (name, value) in also.iter().chain(&card.contacts) { tr { th { (name) } td { (value) } } }
            } }
        }
        h2 { (lang.t("customers.why")) }
        @if card.reasons.is_empty() {
            p.muted { (lang.t("card.no_reasons")) }
        } @else {
            @if let Some(base) = card.base { p.muted { (lang.with("reason.base", &[("base", percent(base))])) } }
            ol { @for one in &card.reasons { li title=(one.column) { (words::reason(lang, one)) } } }
            p.muted { (lang.t("reason.no_cause")) }
        }
        @if let Some(found) = &card.nearest {
            h2 { (lang.t("card.nearest")) }
            @for line in nearest(lang, found) { p { (line) } }
            p.muted { (lang.t("card.no_proof")) }
        }
        @if !card.alike.is_empty() {
            h2 { (lang.t("card.alike")) }
            p { (alike_finding(lang, &card.alike)) }
            table.small { tbody {
                @for one in &card.alike {
                    tr {
                        td { (one.id) }
                        td { (lang.t(if one.happened { "card.left" } else { "card.stayed" })) }
                        td.muted { (alike_share(lang, one)) }
                    }
                }
            } }
        }
        @let done = words::follow_up(lang, &card.follow_up);
        h2 { (lang.t("customers.follow_up")) }
        @if !done.is_empty() { p { (done) } }
        @if !card.follow_up.note.is_empty() { p { (card.follow_up.note) } }
        div.note {}
        p.muted.foot {
            (lang.with("card.foot", &[
                ("model", lang.t(&format!("model.{}", card.model.name()))),
                ("file", card.file.clone()),
                ("target", format!("{} = {}", card.target, card.positive)),
                ("day", card.made.clone()),
            ]))
            @if card.masked { " " (lang.t("card.masked")) }
        }
    }
}
