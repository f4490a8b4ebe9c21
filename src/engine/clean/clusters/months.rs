//! Months in uneven forms: `June` among `Jan`, `Feb`, `Mar`.

use std::collections::BTreeSet;

use super::Cluster;
use super::level::Level;
use crate::note::Note;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Place in the year, from 0, of a month in English, in full, in three letters or as `sept`.
pub(super) fn month(squeezed: &str) -> Option<usize> {
    let found = MONTHS.iter().position(|name| *name == squeezed || name.get(..3) == Some(squeezed));
    found.or_else(|| (squeezed == "sept").then_some(8))
}

/// Months that are written in full among three-letter ones, or the other way about, and whose
/// form no other writing of the column has. Only in columns that hold little but months: June and
/// April are names as well.
pub(super) fn uneven(levels: &[Level]) -> Vec<Cluster> {
    let months: Vec<(&Level, usize)> =
        levels.iter().filter_map(|level| Some((level, month(&level.squeezed)?))).collect();
    let different: BTreeSet<usize> = months.iter().map(|(_, month)| *month).collect();
    if different.len() < 4 || months.len() * 2 <= levels.len() {
        return Vec::new();
    }
    // May is both.
    let told = || months.iter().filter(|(_, month)| *month != 4);
    let short = told().filter(|(level, _)| level.squeezed.len() == 3).count();
    let long = told().filter(|(level, month)| MONTHS.get(*month) == Some(&level.squeezed.as_str())).count();
    let wanted = |month: usize| {
        let name = MONTHS.get(month).copied().unwrap_or_default();
        if short > long { name.get(..3).unwrap_or(name) } else { name }
    };
    if short == long {
        return Vec::new();
    }
    let model = told().find(|(level, month)| level.squeezed == wanted(*month));
    let Some((model, _)) = model else { return Vec::new() };
    let mut out = Vec::new();
    for (level, month) in told() {
        let name = wanted(*month);
        if level.squeezed == name || levels.iter().any(|other| other.squeezed == name) {
            continue;
        }
        let proposed = like(&model.text, name);
        out.push(Cluster {
            members: vec![(level.text.clone(), level.count)],
            why: Note::new("cluster_month").with("from", &level.text).with("to", &proposed),
            proposed,
            confidence: 0.8,
        });
    }
    out
}

/// A name in capitals or small letters as the model has them.
fn like(model: &str, name: &str) -> String {
    let letters: Vec<char> = model.trim().chars().collect();
    if letters.iter().all(|c| !c.is_lowercase()) {
        return name.to_uppercase();
    }
    if letters.first().is_some_and(|c| c.is_lowercase()) {
        return name.to_owned();
    }
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
