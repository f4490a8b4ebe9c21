//! What a split asks, in the units and levels that people read.

use serde::Serialize;

use crate::clean::indicator_name;
use crate::evaluate::explain::{Ground, day};
use crate::features::Encoder;
use crate::table::show_number;

/// What is asked of a customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// The column is less than this.
    Less { column: String, bound: String },
    /// The date is on this day or later.
    Since { column: String, day: String },
    /// The column has this level.
    Is { column: String, level: String },
    /// The column has one of the levels that few rows have.
    Rare { column: String },
    /// The column has no value.
    Missing { column: String },
    /// The feature, as the model reads it, is less than this.
    Feature { feature: String, bound: String },
}

impl Ask {
    /// The column that it looks at, or the feature where that has no column of its own.
    pub fn column(&self) -> &str {
        match self {
            Self::Less { column, .. }
            | Self::Since { column, .. }
            | Self::Is { column, .. }
            | Self::Rare { column }
            | Self::Missing { column } => column,
            Self::Feature { feature, .. } => feature,
        }
    }
}

/// What a feature stands for.
enum Stands<'a> {
    Number(&'a str),
    YearsAgo(&'a str),
    Level(&'a str, String),
    Rare(&'a str),
    Missing(String),
    /// Can be asked, but only as the model reads it.
    Itself,
    /// A hash or a part of a circle: nobody could follow.
    Unreadable,
}

/// Puts splits into words.
pub(super) struct Asks<'a, 'g> {
    ground: &'a Ground<'g>,
    known: &'a [usize],
    stands: Vec<Stands<'a>>,
}

impl<'a, 'g> Asks<'a, 'g> {
    pub fn of(ground: &'a Ground<'g>, known: &'a [usize]) -> Self {
        let kept = ground.features.kept();
        let all = ground.features.encoders.iter().flat_map(|encoder| meanings(encoder, ground));
        let stands: Vec<Stands<'a>> = all.zip(kept).filter(|(_, kept)| *kept).map(|(s, _)| s).collect();
        Self { ground, known, stands }
    }

    /// The features that can be asked, ascending.
    pub fn features(&self) -> Vec<usize> {
        let all = self.stands.iter().enumerate();
        let readable = all.filter(|(_, stands)| !matches!(stands, Stands::Unreadable));
        readable.map(|(at, _)| at).filter(|at| *at < self.ground.matrix.width()).collect()
    }

    /// What `feature < bound` asks, and whether those of whom that is true are the ones whose answer is yes.
    pub fn ask(&self, feature: usize, bound: f32) -> (Ask, bool) {
        let itself = || {
            let feature = self.ground.matrix.names.get(feature).cloned().unwrap_or_default();
            (Ask::Feature { feature, bound: show_number(round(f64::from(bound))) }, true)
        };
        match self.stands.get(feature) {
            Some(Stands::Number(column)) => match self.between(feature, bound, column) {
                Some((low, high)) if low < high => {
                    let bound = show_number(roundest(low, high));
                    (Ask::Less { column: (*column).to_owned(), bound }, true)
                }
                _ => itself(),
            },
            Some(Stands::YearsAgo(column)) => match self.between(feature, bound, column) {
                // Fewer years ago is a later day.
                Some((later, earlier)) if earlier < later => {
                    let day = day(later);
                    (Ask::Since { column: (*column).to_owned(), day }, true)
                }
                _ => itself(),
            },
            Some(Stands::Level(column, level)) => {
                (Ask::Is { column: (*column).to_owned(), level: level.clone() }, false)
            }
            Some(Stands::Rare(column)) => (Ask::Rare { column: (*column).to_owned() }, false),
            Some(Stands::Missing(column)) => (Ask::Missing { column: column.clone() }, false),
            _ => itself(),
        }
    }

    /// The readable values of the known rows on either side of a bound: the one nearest to it below, the one
    /// nearest above, by the order of the feature.
    fn between(&self, feature: usize, bound: f32, column: &str) -> Option<(f64, f64)> {
        let numbers = self.ground.numbers(column, self.known)?;
        let mut below: Option<(f32, f64)> = None;
        let mut above: Option<(f32, f64)> = None;
        for (row, number) in self.known.iter().zip(numbers) {
            let value = self.ground.matrix.row(*row).get(feature).copied();
            let (Some(value), Some(number)) = (value, number) else { continue };
            if value < bound && below.is_none_or(|(best, _)| value > best) {
                below = Some((value, number));
            }
            if value >= bound && above.is_none_or(|(best, _)| value < best) {
                above = Some((value, number));
            }
        }
        Some((below?.1, above?.1))
    }
}

/// What each feature of an encoder stands for.
fn meanings<'a>(encoder: &'a Encoder, ground: &Ground<'_>) -> Vec<Stands<'a>> {
    let many = |one: fn() -> Stands<'a>| (0..encoder.width()).map(|_| one()).collect();
    match encoder {
        Encoder::Number { column } => {
            let owner = ground.explainer.columns().find(|name| indicator_name(name) == *column);
            vec![match owner {
                Some(owner) if owner != column => Stands::Missing(owner.to_owned()),
                _ => Stands::Number(column),
            }]
        }
        Encoder::OneHot { column, levels, rare } => {
            let skipped = usize::from(levels.len() == 2 && rare.is_empty());
            let named = levels.iter().skip(skipped).map(|level| Stands::Level(column, level.clone()));
            let mut all: Vec<Stands<'a>> = named.collect();
            all.extend((!rare.is_empty()).then_some(Stands::Rare(column)));
            all
        }
        Encoder::Date { column, .. } => {
            let mut all: Vec<Stands<'a>> = many(|| Stands::Unreadable);
            if let Some(first) = all.first_mut() {
                *first = Stands::YearsAgo(column);
            }
            if let Some(last) = all.last_mut() {
                *last = Stands::Missing(column.clone());
            }
            all
        }
        Encoder::Hashed { .. } => many(|| Stands::Unreadable),
        Encoder::Text(_)
        | Encoder::Frequency { .. }
        | Encoder::Ordinal { .. }
        | Encoder::Target(_)
        | Encoder::Bins { .. } => many(|| Stands::Itself),
    }
}

/// The number with the fewest digits above `low` and not above `high`.
pub(super) fn roundest(low: f64, high: f64) -> f64 {
    for digits in -9..12 {
        let step = 10f64.powi(-digits);
        let candidate = ((low / step).floor() + 1.0) * step;
        // What the steps' own rounding adds is taken off again.
        let candidate = (candidate * 10f64.powi(digits.max(0))).round() / 10f64.powi(digits.max(0));
        if candidate > low && candidate <= high {
            return candidate;
        }
    }
    high
}

/// A number with three digits after the point.
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_as_round_as_they_can_be() {
        for (low, high, wanted) in [
            (46.0, 47.0, 47.0),
            (46.2, 47.9, 47.0),
            (8.0, 13.0, 10.0),
            (0.121, 0.139, 0.13),
            (1.0, 1.5, 1.1),
            (-3.0, 2.0, 0.0),
            (95.0, 210.0, 100.0),
            (1.0 / 3.0, 1.0 / 3.0 + 1e-12, 1.0 / 3.0 + 1e-12),
        ] {
            let found = roundest(low, high);
            assert!((found - wanted).abs() < 1e-9, "{low} {high}: {found}");
            assert!(found > low && found <= high, "{low} {high}: {found}");
        }
    }
}
