//! What a report says of counts: those that may be told, and that small ones are not.

use maud::{Markup, html};
use regulars_engine::deploy::Card;
use regulars_engine::files::Grid;
use regulars_engine::privacy::cells::{Layout, Mark, Marks, Meaning, Method, Rule, Sheet, Shown};
use regulars_engine::segment::{Segment, Segmentation};

use crate::words::{Lang, percent, segment_name};

/// The words for what is hidden.
pub fn marks(lang: Lang, rule: Rule) -> Marks {
    let least = [("least", rule.sound().least.to_string())];
    Marks { less: lang.with("cells.less", &least), hidden: lang.t("cells.hidden") }
}

/// What stands for a mark; `None` where nothing is hidden.
fn told(lang: Lang, rule: Rule, mark: Mark) -> Option<String> {
    let marks = marks(lang, rule);
    match mark {
        Mark::Plain => None,
        Mark::Less => Some(marks.less),
        Mark::Hidden => Some(marks.hidden),
    }
}

/// A count of the card by the name of its field, or what stands for it.
pub fn count(lang: Lang, card: &Card, name: &str, value: u64) -> String {
    let rule = card.cells.as_ref().map_or_else(Rule::default, |cells| cells.rule);
    told(lang, rule, card.mark(name)).unwrap_or_else(|| lang.count(value))
}

/// How small groups were kept out: the method, the least size, how much is left out. `None` where nothing
/// was done.
pub fn note(lang: Lang, card: &Card, also: usize) -> Option<String> {
    let cells = card.cells.as_ref()?;
    Some(sentence(lang, cells.rule, cells.hidden.len() + also, cells.holds))
}

/// [`note`] of a table.
pub fn sentence(lang: Lang, rule: Rule, hidden: usize, holds: bool) -> String {
    let key = format!("cells.note.{}", rule.method.name());
    let args = [("least", rule.sound().least.to_string()), ("hidden", lang.count(hidden as u64))];
    let mut text = lang.with(&key, &args);
    if !holds {
        if lang == Lang::En {
            text.push(' ');
        }
        text += &lang.t("cells.note.fails");
    }
    text
}

/// A table as it may be handed on, with a last line that says what was done; how many cells are hidden.
pub fn protect(lang: Lang, grid: &mut Grid, layout: &Layout<'_>, (rule, seed): (Rule, u64)) -> usize {
    let hidden = Sheet::protect_grid(grid, layout, (rule, seed), &marks(lang, rule));
    tell(lang, grid, rule, hidden);
    hidden
}

/// The last line of a table, where anything was done.
pub fn tell(lang: Lang, grid: &mut Grid, rule: Rule, hidden: usize) {
    if hidden > 0 || rule.method == Method::Round {
        grid.rows.push(vec![sentence(lang, rule, hidden, true).into()]);
    }
}

/// The confusion matrix.
pub fn confusion(lang: Lang, card: &Card) -> Markup {
    let c = card.confusion;
    let cell = |name: &str, value: u64| count(lang, card, &format!("confusion.{name}"), value);
    html! {
        h2 { (lang.t("evaluate.confusion")) }
        p.muted { (lang.with("report.threshold", &[("threshold", percent(card.threshold))])) }
        table.small {
            thead { tr { th {} th.n { (lang.t("evaluate.said_yes")) } th.n { (lang.t("evaluate.said_no")) } } }
            tbody {
                tr {
                    th { (lang.t("evaluate.was_yes")) }
                    td.n { (cell("true_positive", c.true_positive)) }
                    td.n { (cell("false_negative", c.false_negative)) }
                }
                tr {
                    th { (lang.t("evaluate.was_no")) }
                    td.n { (cell("false_positive", c.false_positive)) }
                    td.n { (cell("true_negative", c.true_negative)) }
                }
            }
        }
    }
}

/// True where one of the counts that the sentence in plain words names is hidden, or where all are rounded: "10
/// of 10" would be read as a perfect model.
pub fn hides_plain(card: &Card) -> bool {
    if card.cells.as_ref().is_some_and(|cells| cells.rule.method == Method::Round) {
        return true;
    }
    [
        "confusion.true_positive",
        "confusion.false_negative",
        "confusion.flagged",
        "test_positives",
        "test_rows",
    ]
    .into_iter()
    .any(|name| card.mark(name) != Mark::Plain)
}

/// One group of the report's table.
struct Line {
    name: String,
    size: String,
    share: String,
    rate: String,
}

/// The groups as they may be told, and how many cells are hidden. Both languages go by one seed: two draws of
/// one table would tell more than one.
fn lines(lang: Lang, found: &Segmentation, rule: Option<(Rule, u64)>) -> (Vec<Line>, usize) {
    let exact = |segment: &Segment| Line {
        name: segment_name(lang, segment),
        size: lang.count(segment.size as u64),
        share: percent(segment.share),
        rate: segment.target_rate.map_or_else(String::new, percent),
    };
    let Some((rule, seed)) = rule else { return (found.segments.iter().map(exact).collect(), 0) };
    let numbers = |segment: &Segment| {
        vec![Some(segment.size as f64), Some(segment.share), segment.target_rate, Some(0.0)]
    };
    let sheet = Sheet {
        columns: vec![Meaning::Count, Meaning::Share(0), Meaning::Rate(0), Meaning::Figure(0)],
        rows: found.segments.iter().map(numbers).collect(),
        total: None,
    };
    let marks = marks(lang, rule);
    let mut hidden = 0;
    let mut one = |segment: &Segment, shown: &[Shown]| {
        let mut text = |at: usize, exact: String, number: fn(Lang, f64) -> String| match shown.get(at) {
            Some(Shown::Less) => {
                hidden += 1;
                marks.less.clone()
            }
            Some(Shown::Hidden) => {
                hidden += 1;
                marks.hidden.clone()
            }
            Some(Shown::Number(value)) => number(lang, *value),
            Some(Shown::Same) | None => exact,
        };
        let line = exact(segment);
        Line {
            size: text(0, line.size, |lang, value| lang.count(value as u64)),
            share: text(1, line.share, |_, value| percent(value)),
            rate: text(2, line.rate, |_, value| percent(value)),
            // A name is made of the group's means.
            name: if shown.get(3) == Some(&Shown::Hidden) { marks.hidden.clone() } else { line.name },
        }
    };
    let shown = sheet.protect(rule, seed);
    let lines = found.segments.iter().zip(&shown).map(|(segment, shown)| one(segment, shown)).collect();
    (lines, hidden)
}

/// How many cells of the groups are hidden.
pub fn hidden_groups(lang: Lang, card: &Card, found: Option<&Segmentation>, seed: u64) -> usize {
    found.map_or(0, |found| lines(lang, found, card.cells.as_ref().map(|cells| (cells.rule, seed))).1)
}

/// The groups of customers.
pub fn groups(lang: Lang, card: &Card, found: &Segmentation, seed: u64) -> Markup {
    let (lines, _) = lines(lang, found, card.cells.as_ref().map(|cells| (cells.rule, seed)));
    html! {
        h2 { (lang.t("page.segments.name")) }
        table {
            tbody {
                @for (at, line) in lines.iter().enumerate() {
                    tr {
                        td { (at + 1) ". " (line.name) }
                        td.n { (line.size) }
                        td.n { (line.share) }
                        td.n { (line.rate) }
                    }
                }
            }
        }
    }
}
