//! What customers are saying, in words: a theme's name, its place in the list of what to mend, since when.

use regulars_engine::feedback::{Mend, MoodModel, Outcome, Theme, Tried};

use super::{Lang, percent};

/// A theme's name.
pub fn theme(lang: Lang, theme: &Theme) -> &str {
    match lang {
        Lang::En => &theme.en,
        Lang::Zh => &theme.zh,
    }
}

/// The name of what learns moods.
pub fn model(lang: Lang, model: MoodModel) -> String {
    lang.t(match model {
        MoodModel::Linear => "mood.model.linear",
        MoodModel::Cnn => "mood.model.cnn",
        MoodModel::Rnn => "mood.model.rnn",
    })
}

/// How well a model tells comments that it never saw, in a line.
pub fn tried(lang: Lang, one: &Tried) -> String {
    let figures = &one.figures;
    let [value, low, high] =
        [figures.accuracy.value, figures.accuracy.low, figures.accuracy.high].map(percent);
    let args = [
        ("model", model(lang, one.model)),
        ("accuracy", value),
        ("low", low),
        ("high", high),
        ("error", format!("{:.3}", figures.calibration_error)),
        ("brier", format!("{:.4}", figures.brier)),
    ];
    lang.with("mood.line", &args)
}

/// Which of several models reads, and whether another one is better; nothing where one was tried.
pub fn taken(lang: Lang, all: &[Tried], reads: Option<MoodModel>) -> Option<String> {
    let best = all.iter().find(|one| one.is_best).filter(|_| all.len() > 1)?;
    let reads = reads?;
    Some(match best.model == reads {
        true => lang.with("mood.best_reads", &[("model", model(lang, reads))]),
        false => {
            let args = [("best", model(lang, best.model)), ("model", model(lang, reads))];
            lang.with("mood.other_is_better", &args)
        }
    })
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
