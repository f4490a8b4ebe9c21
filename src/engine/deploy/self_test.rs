//! Made-up rows with the scores that they get, to be carried with what is handed on: whoever has it can
//! see that it still gives these scores. Each cell is drawn by itself from what the bundle knows of its
//! column, so that no row is a customer's.

use std::sync::Arc;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Bundle, Given, Lacking, Ready, Spread};
use crate::detect::date;
use crate::evaluate::Values;
use crate::features::Encoder;
use crate::table::{ColumnSpec, Role};

/// Rows that are made.
const ROWS: usize = 24;
/// The stream that draws them: equal bundles make equal rows.
const SEED: u64 = 0x5e1f;
/// By how much a score may differ on another processor, whose single-precision sums come in another order.
pub const TOLERANCE: f64 = 1e-6;

/// Made-up rows and their scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The columns that the model needs.
    pub columns: Vec<String>,
    /// As the model's own file would write them; `None` for a hole.
    pub rows: Vec<Vec<Option<String>>>,
    /// The probability of each row when the test was made.
    pub expected: Vec<f64>,
}

/// What trying the rows has shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SelfChecked {
    pub rows: usize,
    /// Rows whose probability is the same to the last bit.
    pub equal: usize,
    /// Rows that differ by more than [`TOLERANCE`].
    pub wrong: usize,
    /// The largest difference.
    pub most: f64,
}

impl SelfTest {
    /// Makes rows and scores them: the first are ordinary, then come ones with holes, the last holds what
    /// the model never saw.
    ///
    /// # Errors
    /// A step of the recipe that cannot be applied.
    pub fn of(bundle: &Bundle) -> crate::Result<Self> {
        let needed = bundle.needed();
        let specs: Vec<&ColumnSpec> =
            bundle.recipe.schema.iter().filter(|spec| needed.contains(&spec.name.as_str())).collect();
        let columns: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
        let mut draw = ChaCha8Rng::seed_from_u64(SEED);
        let makers: Vec<Maker<'_>> = specs.iter().map(|spec| Maker::of(bundle, spec)).collect();
        let holes = ROWS - ROWS / 4;
        let rows: Vec<Vec<Option<String>>> = (0..ROWS)
            .map(|row| {
                let cell = |(at, maker): (usize, &Maker<'_>)| {
                    if row + 1 == ROWS {
                        return maker.strange();
                    }
                    let cell = maker.cell(&mut draw);
                    // Every column is a hole once.
                    let is_hole = row >= holes && at % (ROWS / 4) == row - holes;
                    cell.filter(|_| !is_hole)
                };
                makers.iter().enumerate().map(cell).collect()
            })
            .collect();
        let mut test = Self { columns, rows, expected: Vec::new() };
        test.expected = test.scores(&Ready::new(Arc::new(bundle.clone())))?;
        Ok(test)
    }

    fn scores(&self, ready: &Ready) -> crate::Result<Vec<f64>> {
        let given = |row: &Vec<Option<String>>| {
            let cells = row.iter().map(|cell| cell.clone().map_or(Given::Nothing, Given::Text));
            let named = self.columns.iter().cloned().zip(cells).collect();
            // A column that nobody needs may be asked of a model that learnt from none.
            ready.row(named, Lacking::Fill)
        };
        let rows = self.rows.iter().map(given).collect::<crate::Result<Vec<_>>>()?;
        Ok(ready.each(&rows)?.into_iter().map(|row| row.probability).collect())
    }

    /// Scores the rows again.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn check(&self, bundle: &Bundle) -> crate::Result<SelfChecked> {
        let found = self.scores(&Ready::new(Arc::new(bundle.clone())))?;
        let mut out = SelfChecked { rows: self.rows.len(), equal: 0, wrong: 0, most: 0.0 };
        // A score that is missing is a wrong one.
        out.wrong = self.rows.len().abs_diff(found.len().min(self.expected.len()));
        for (found, expected) in found.iter().zip(&self.expected) {
            let far = (found - expected).abs();
            out.equal += usize::from(found.to_bits() == expected.to_bits());
            // What is no number is far.
            let is_near = far <= TOLERANCE;
            out.wrong += usize::from(!is_near);
            out.most = out.most.max(if far.is_nan() { f64::INFINITY } else { far });
        }
        Ok(out)
    }
}

/// What is known of a column, to make cells of.
struct Maker<'a> {
    spec: &'a ColumnSpec,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Levels(Vec<&'a str>),
    Range(f64, f64),
    /// The last day among the training rows, in days since 1970.
    Days(f64),
    Words(Vec<&'a str>),
    Nothing,
}

impl<'a> Maker<'a> {
    fn of(bundle: &'a Bundle, spec: &'a ColumnSpec) -> Self {
        let kind = Self::kind(bundle, spec).unwrap_or(Kind::Nothing);
        Self { spec, kind }
    }

    fn kind(bundle: &'a Bundle, spec: &ColumnSpec) -> Option<Kind<'a>> {
        let mut encoders = bundle.features.encoders.iter().filter(|e| e.column() == spec.name);
        let choice = bundle.choices.iter().find(|choice| choice.column == spec.name);
        match (choice.map(|choice| &choice.values), spec.role) {
            (Some(Values::Numbers { values, .. }), _) => {
                Some(Kind::Range(values.first()?.0, values.last()?.0))
            }
            (Some(Values::Levels { values }), _) => {
                Some(Kind::Levels(values.iter().map(|(_, text)| text.as_str()).collect()))
            }
            (None, Role::Number | Role::Money) => {
                let profile = bundle.profiles.iter().find(|profile| profile.column == spec.name)?;
                let Spread::Numbers { edges, .. } = &profile.spread else { return None };
                Some(Kind::Range(*edges.first()?, *edges.last()?))
            }
            (None, Role::Category) => encoders.find_map(Encoder::levels).map(Kind::Levels),
            (None, Role::Date) => encoders.find_map(|encoder| match encoder {
                Encoder::Date { newest, .. } => Some(Kind::Days(*newest)),
                _ => None,
            }),
            (None, Role::Text) => encoders.find_map(|encoder| match encoder {
                Encoder::Text(text) => {
                    Some(Kind::Words(text.text.terms().iter().map(String::as_str).take(200).collect()))
                }
                _ => None,
            }),
            _ => None,
        }
    }

    fn cell(&self, draw: &mut ChaCha8Rng) -> Option<String> {
        let pick = |list: &[&str], draw: &mut ChaCha8Rng| {
            let at = draw.gen_range(0..list.len().max(1));
            list.get(at).map(|text| (*text).to_owned())
        };
        match &self.kind {
            Kind::Levels(levels) => pick(levels, draw),
            Kind::Range(low, high) => {
                let value = low + (high - low) * draw.gen_range(0.0..1.0);
                Some(self.number(rounded(value, high - low)))
            }
            Kind::Days(newest) => self.day(newest - f64::from(draw.gen_range(0..900_u16))),
            Kind::Words(words) => {
                let some: Vec<String> = (0..4).filter_map(|_| pick(words, draw)).collect();
                Some(some.join(" "))
            }
            Kind::Nothing => None,
        }
    }

    /// What the training rows never had.
    fn strange(&self) -> Option<String> {
        match &self.kind {
            Kind::Levels(_) => Some("never seen".to_owned()),
            Kind::Range(low, high) => Some(self.number(rounded(high + (high - low), high - low))),
            Kind::Days(newest) => self.day(newest - 4_000.0),
            Kind::Words(_) => Some("never seen".to_owned()),
            Kind::Nothing => None,
        }
    }

    fn number(&self, value: f64) -> String {
        let text = value.to_string();
        if self.spec.decimal.is_comma() { text.replace('.', ",") } else { text }
    }

    fn day(&self, day: f64) -> Option<String> {
        let text = date::format((day.floor() * 86_400_000.0) as i64);
        date::parse(&text, self.spec.date_order).map(|_| text)
    }
}

/// A number with three digits of the width of its range: nobody's own, and easily read.
fn rounded(value: f64, width: f64) -> f64 {
    if !(width > 0.0 && width.is_finite()) {
        return value;
    }
    let digits = (2.0 - width.log10().floor()).clamp(-12.0, 12.0) as i32;
    let unit = 10f64.powi(digits.abs());
    if digits >= 0 { (value * unit).round() / unit } else { (value / unit).round() * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_three_digits_of_their_range() {
        assert_eq!(rounded(71.23456, 72.0), 71.2);
        assert_eq!(rounded(8123.4, 8_600.0), 8120.0);
        assert_eq!(rounded(0.012_345, 0.02), 0.0123);
        assert_eq!(rounded(5.0, 0.0), 5.0);
    }
}
