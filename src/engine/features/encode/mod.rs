//! Encoders: one column → features. Each is fitted on training rows, holds all it needs for new rows, and
//! writes its features of any rows into the design matrix.

mod bins;
mod category;
mod dates;
mod target;

use serde::{Deserialize, Serialize};

use super::spec::{ColumnEncoding, FeatureSpec};
use super::text::{TextFeatures, TextUse};
use crate::job::{Cancelled, Reporter};
use crate::table::{ColumnSpec, Frame, Role};

pub use target::{FOLDS, TargetRates};

/// How one column becomes features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "encoder", rename_all = "snake_case")]
pub enum Encoder {
    Number {
        column: String,
    },
    /// `levels` have a column each; `rare` one more for all levels seen but rare. A level that was
    /// never seen is zero everywhere. Two levels without rare ones need one column only, in which
    /// such a level reads as the first of the two.
    OneHot {
        column: String,
        levels: Vec<String>,
        rare: Vec<String>,
    },
    /// Days before `newest` (the last day among the training rows) in years; month and weekday
    /// on a circle. A missing date is zero everywhere but in the indicator.
    Date {
        column: String,
        newest: f64,
        /// The month is a feature.
        #[serde(default = "yes")]
        month: bool,
    },
    /// The weight of each chosen term in the cell.
    Text(Box<TextFeatures>),
    /// The place of the level among the training levels by how frequent it is: each level with its
    /// place, 1 for the most frequent, 0 for the rarest, levels of one count sharing a place. A level
    /// that was never seen is 0.
    Frequency {
        column: String,
        /// Alphabetical.
        places: Vec<(String, f32)>,
    },
    /// The place of the level in a given order, the first 0 and the last 1. Any other level reads as
    /// `other`, the mean of the training rows in the order, and is told by one more feature where the
    /// training rows have such.
    Ordinal {
        column: String,
        order: Vec<String>,
        other: f32,
        indicator: bool,
    },
    /// How much more often the target is positive among the training rows of the level.
    Target(Box<TargetRates>),
    /// Levels share `2^bits` features by a hash; a missing one is zero everywhere.
    Hashed {
        column: String,
        bits: u8,
    },
    /// One feature for each stretch of a number: the first up to `edges[0]`, excluded, the last from the
    /// last edge on. A missing number is zero everywhere.
    Bins {
        column: String,
        /// Ascending, in the cleaned (scaled) unit.
        edges: Vec<f64>,
    },
}

fn yes() -> bool {
    true
}

/// Training rows, and what is known of them.
#[derive(Debug, Clone, Copy)]
pub struct TrainRows<'a> {
    pub frame: &'a Frame,
    /// The class of each row; encoders that look at the target need them, and are replaced by those
    /// that do not where they are unknown.
    pub labels: Option<&'a [bool]>,
    /// A key for each row that is equal for rows that must share a fold: copies, and the days of one
    /// customer. Each row stands for itself where absent.
    pub groups: Option<&'a [u64]>,
    /// Draws the folds of out-of-fold encodings.
    pub seed: u64,
}

/// A fitted encoder, with what the training rows themselves get where that is not what
/// [`Encoder::write`] would give them.
pub(super) struct Fit {
    pub encoder: Encoder,
    pub own: Option<Vec<f32>>,
}

impl From<Encoder> for Fit {
    fn from(encoder: Encoder) -> Self {
        Self { encoder, own: None }
    }
}

/// Fits the encoders of every column that is learnt from, in the order of the schema.
///
/// # Errors
/// The person cancelled.
pub(super) fn fit(
    spec: &FeatureSpec,
    schema: &[ColumnSpec],
    rows: &TrainRows<'_>,
    report: &Reporter,
) -> Result<Vec<Fit>, Cancelled> {
    let mut out: Vec<Fit> = Vec::new();
    let text_is_used = !spec.text.is_off();
    let is_used = |role: Role| role.is_feature() || (role == Role::Text && text_is_used);
    let used = schema.iter().filter(|column| is_used(column.role) && !spec.exclude.contains(&column.name));
    for column in used {
        report.check()?;
        let name = column.name.clone();
        let wish = spec.columns.get(&name);
        match column.role {
            Role::Number | Role::Money => {
                match wish {
                    Some(ColumnEncoding::Bins { count, by }) => {
                        out.extend(bins::fit(*count, *by, &name, rows).map(Fit::from));
                    }
                    _ => out.push(Encoder::Number { column: name.clone() }.into()),
                }
                let indicator = crate::clean::indicator_name(&name);
                if rows.frame.data.column(&indicator).is_ok() {
                    out.push(Encoder::Number { column: indicator }.into());
                }
            }
            Role::Category => out.extend(category::fit(spec, wish, &name, rows)),
            Role::Date => out.extend(dates::fit(spec.month, name, rows.frame).map(Fit::from)),
            Role::Text => {
                if let TextUse::Terms(terms) = &spec.text {
                    let text = TextFeatures::fit(terms, &name, rows.frame, rows.labels, report)?;
                    out.extend(text.map(|text| Encoder::Text(Box::new(text)).into()));
                }
            }
            _ => {}
        }
    }
    Ok(out)
}

impl Encoder {
    /// The column this encoder reads.
    pub fn column(&self) -> &str {
        match self {
            Self::Number { column }
            | Self::OneHot { column, .. }
            | Self::Date { column, .. }
            | Self::Frequency { column, .. }
            | Self::Ordinal { column, .. }
            | Self::Hashed { column, .. }
            | Self::Bins { column, .. } => column,
            Self::Text(text) => &text.column,
            Self::Target(rates) => &rates.column,
        }
    }

    /// Every level that it has met, where it holds them all.
    pub fn levels(&self) -> Option<Vec<&str>> {
        match self {
            Self::OneHot { levels, rare, .. } => {
                Some(levels.iter().chain(rare).map(String::as_str).collect())
            }
            Self::Frequency { places, .. } => Some(places.iter().map(|(level, _)| level.as_str()).collect()),
            Self::Target(rates) => Some(rates.levels.iter().map(|(level, _)| level.as_str()).collect()),
            _ => None,
        }
    }

    /// Names of its features, in their order.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Number { column } => vec![column.clone()],
            Self::OneHot { column, levels, rare } => {
                let mut names: Vec<String> = levels
                    .iter()
                    .skip(usize::from(is_pair(levels, rare)))
                    .map(|level| format!("{column} = {level}"))
                    .collect();
                if !rare.is_empty() {
                    names.push(format!("{column} = (rare)"));
                }
                names
            }
            Self::Date { column, month, .. } => {
                dates::parts(*month).map(|part| format!("{column} {part}")).collect()
            }
            Self::Text(text) => text.names(),
            Self::Frequency { column, .. } => vec![format!("{column} (frequency)")],
            Self::Ordinal { column, indicator, .. } => {
                let mut names = vec![format!("{column} (order)")];
                names.extend(indicator.then(|| format!("{column} (not in order)")));
                names
            }
            Self::Target(rates) => vec![format!("{} (target rate)", rates.column)],
            Self::Hashed { column, bits } => {
                let buckets = 1usize << bits.min(&MOST_BITS);
                (1..=buckets).map(|at| format!("{column} #{at} of {buckets}")).collect()
            }
            Self::Bins { column, edges } => {
                let bins = edges.len() + 1;
                (1..=bins).map(|at| format!("{column} (bin {at} of {bins})")).collect()
            }
        }
    }

    /// Features that it makes.
    pub fn width(&self) -> usize {
        match self {
            Self::Number { .. } | Self::Frequency { .. } | Self::Target(_) => 1,
            Self::OneHot { levels, rare, .. } => {
                levels.len() - usize::from(is_pair(levels, rare)) + usize::from(!rare.is_empty())
            }
            Self::Date { month, .. } => dates::parts(*month).count(),
            Self::Text(text) => text.width(),
            Self::Ordinal { indicator, .. } => 1 + usize::from(*indicator),
            Self::Hashed { bits, .. } => 1 << bits.min(&MOST_BITS),
            Self::Bins { edges, .. } => edges.len() + 1,
        }
    }

    /// Writes this encoder's features of every row into `data`, `width` numbers a row, all zero so far,
    /// from feature `offset` on.
    pub(super) fn write(
        &self,
        frame: &Frame,
        offset: usize,
        width: usize,
        data: &mut [f32],
        report: &Reporter,
    ) -> Result<(), Cancelled> {
        match self {
            Self::Number { column } => {
                // A column that is absent or incomplete reads as its centre, 0 after scaling.
                let Some(values) = frame.numbers(column) else { return Ok(()) };
                put(
                    data,
                    offset,
                    width,
                    values.into_iter().map(|value| {
                        // Where the person switched scaling off, values stay finite in 32 bits.
                        let value = value.unwrap_or(0.0).clamp(-1e15, 1e15);
                        if value.is_nan() { 0.0 } else { value as f32 }
                    }),
                );
            }
            Self::Date { column, newest, month } => {
                dates::write((column, *newest, *month), frame, offset, width, data);
            }
            Self::Text(text) => text.write(frame, offset, width, data, report)?,
            Self::Bins { column, edges } => bins::write(column, edges, frame, offset, width, data),
            Self::Target(rates) => {
                let Some(text) = frame.text(&rates.column) else { return Ok(()) };
                put(data, offset, width, text.iter().map(|level| level.map_or(0.0, |l| rates.of(l))));
            }
            Self::OneHot { .. } | Self::Frequency { .. } | Self::Ordinal { .. } | Self::Hashed { .. } => {
                category::write(self, frame, offset, width, data);
            }
        }
        Ok(())
    }
}

/// More features than this no setting asks for; a damaged file could.
const MOST_BITS: u8 = *super::spec::HASH_BITS.end();

/// Two levels and nothing rare: one feature tells both.
fn is_pair(levels: &[String], rare: &[String]) -> bool {
    levels.len() == 2 && rare.is_empty()
}

/// Writes one feature of every row.
fn put(data: &mut [f32], offset: usize, width: usize, values: impl Iterator<Item = f32>) {
    for (row, value) in data.chunks_exact_mut(width.max(1)).zip(values) {
        if let Some(place) = row.get_mut(offset) {
            *place = value;
        }
    }
}
