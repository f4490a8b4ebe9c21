//! What customers are saying, in words: a theme's name, its place in the list of what to mend, since when.

use regulars_engine::feedback::{Mend, Outcome, Theme};

use super::{Lang, percent};

/// A theme's name.
pub fn theme(lang: Lang, theme: &Theme) -> &str {
    match lang {
        Lang::En => &theme.en,
        Lang::Zh => &theme.zh,
    }
}

/// How many complained of a theme, and what that goes with.
pub fn mend(lang: Lang, of: &Theme, mend: &Mend) -> String {
    let weight = mend.weight;
    let [value, low, high] = [weight.value, weight.low, weight.high].map(|value| format!("{value:.1}"));
    let args = [
        ("name", theme(lang, of).to_owned()),
        ("count", lang.count(mend.customers as u64)),
        ("value", value),
        ("low", low),
        ("high", high),
    ];
    let key = match mend.outcome {
        Outcome::Left => "feedback.mend.left",
        Outcome::Rating => "feedback.mend.rating",
        Outcome::Complaints => "feedback.mend.complaints",
    };
    lang.with(key, &args)
}

/// Since when a theme is spoken of more often.
pub fn rise(lang: Lang, theme: &Theme) -> Option<String> {
    let rise = theme.rise.as_ref()?;
    let args =
        [("from", rise.from.to_string()), ("rate", percent(rise.rate)), ("before", percent(rise.before))];
    Some(lang.with(if rise.goes_on { "feedback.rise" } else { "feedback.rise_over" }, &args))
}
