//! What a sample was drawn of, in words.

use regulars_engine::collect::{Sampled, Unit};

use super::{Lang, percent};

/// Learnt from so many of so many customers, and how they were drawn.
pub fn told(lang: Lang, sampled: &Sampled) -> String {
    let key = match (sampled.unit, sampled.about) {
        (Unit::Customers, false) => "draw.told",
        (Unit::Customers, true) => "draw.told_about",
        (Unit::Rows, false) => "draw.told_rows",
        (Unit::Rows, true) => "draw.told_rows_about",
    };
    let args = [("rows", lang.count(sampled.rows)), ("of", lang.count(sampled.of))];
    let mut text = lang.with(key, &args);
    let how = match &sampled.by {
        Some(by) => lang.with("draw.by", &[("column", by.clone()), ("shares", shares(lang, sampled))]),
        None => lang.t("draw.by_none"),
    };
    // Chinese sentences stand without a blank between them.
    if lang == Lang::En {
        text.push(' ');
    }
    text.push_str(&how);
    text
}

/// The shares of the whole that the values of the target have.
fn shares(lang: Lang, sampled: &Sampled) -> String {
    let all: Vec<String> = sampled
        .strata
        .iter()
        .map(|one| {
            let value = if one.value.is_empty() { lang.t("draw.unknown") } else { one.value.clone() };
            format!("{value} {}", percent(one.of as f64 / sampled.of.max(1) as f64))
        })
        .collect();
    lang.list(&all)
}
