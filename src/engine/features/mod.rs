//! Cleaned columns → a design matrix: numbers as they are, categories one-hot with rare and
//! unseen levels, dates as parts and recency, free text as its most telling terms where the person
//! wants that. Identifiers and contacts are left out.

pub mod behaviour;
mod history;
mod leak;
mod sequences;
pub mod text;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::error::Place;
use crate::job::{Cancelled, Reporter};
use crate::table::{ColumnSpec, Frame, Role};

pub use history::FittedHistory;
pub use leak::{Leak, find_leaks};
pub use sequences::{NOTHING, Sequences, sequence_columns};
pub use text::{TermColumns, TextFeatures, TextUse};

/// Why no features could be made.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    #[error("no column is left to learn from: all are identifiers, contacts, free text or constant")]
    NoFeatures,
}

impl FeatureError {
    pub(crate) fn kind(&self) -> &'static str {
        "no_features"
    }

    pub(crate) fn place(&self) -> Place {
        Place::default()
    }
}

/// Settings of the encoders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeatureSpec {
    /// Levels rarer than this share of the training rows share one column.
    pub rare_share: f64,
    /// Levels kept per category, most frequent first.
    pub max_levels: usize,
    /// Columns that the person leaves out.
    pub exclude: Vec<String>,
    /// Whether a date's month is a feature. Projects of the first format always had it.
    #[serde(default = "DateMonth::first", skip_serializing_if = "DateMonth::is_first")]
    pub month: DateMonth,
    /// Whether free text becomes features. Projects before text was read never had it.
    #[serde(default, skip_serializing_if = "TextUse::is_off")]
    pub text: TextUse,
}

/// When the month of a date becomes a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateMonth {
    /// Where the training rows cover two years: in a shorter time the month says how long ago it was,
    /// and a file of the next month would look like another shop.
    #[default]
    WhenLong,
    Always,
    Never,
}

impl DateMonth {
    pub const ALL: [DateMonth; 3] = [DateMonth::WhenLong, DateMonth::Always, DateMonth::Never];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::WhenLong => "when_long",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    fn first() -> Self {
        Self::Always
    }

    fn is_first(&self) -> bool {
        *self == Self::first()
    }
}

/// Days that dates must cover for their month to mean a season.
const SEASONS: f64 = 730.0;

impl Default for FeatureSpec {
    fn default() -> Self {
        Self {
            rare_share: 0.005,
            max_levels: 50,
            exclude: Vec::new(),
            month: DateMonth::default(),
            text: TextUse::Off,
        }
    }
}

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
}

fn yes() -> bool {
    true
}

/// Fitted encoders: all that is needed to make the same features of new rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedFeatures {
    pub encoders: Vec<Encoder>,
}

/// A design matrix, one row a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub names: Vec<String>,
    /// The source column of each feature.
    pub sources: Vec<String>,
    pub height: usize,
    /// Row by row, `height × names.len()`.
    pub data: Vec<f32>,
    /// What networks read in order beside the features.
    pub sequences: Sequences,
}

impl Matrix {
    /// A matrix of `height` rows, `data` row by row.
    pub fn new(names: Vec<String>, sources: Vec<String>, height: usize, data: Vec<f32>) -> Self {
        Self { names, sources, height, data, sequences: Sequences::default() }
    }

    /// Features.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// One customer's features.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.data[at * self.width()..(at + 1) * self.width()]
    }

    /// A matrix of the same features with other rows, `data` row by row; their sequences are empty.
    pub fn like(&self, data: Vec<f32>) -> Matrix {
        let height = data.len() / self.width().max(1);
        let sequences = self.sequences.silent(height);
        Matrix { names: self.names.clone(), sources: self.sources.clone(), height, data, sequences }
    }

    /// The same rows with these sequences.
    pub fn with_sequences(self, sequences: Sequences) -> Matrix {
        Matrix { sequences, ..self }
    }

    /// The rows at `places`, in that order.
    pub fn select(&self, places: &[usize]) -> Matrix {
        let mut data = Vec::with_capacity(places.len() * self.width());
        places.iter().for_each(|&at| data.extend_from_slice(self.row(at)));
        self.like(data).with_sequences(self.sequences.select(places))
    }
}

/// Fits the encoders on training rows.
///
/// # Errors
/// No column has a role that a model may learn from.
pub fn fit(spec: &FeatureSpec, schema: &[ColumnSpec], train: &Frame) -> Result<FittedFeatures, FeatureError> {
    // Nobody can cancel this reporter.
    let encoders = encoders(spec, schema, train, None, &Reporter::silent()).unwrap_or_default();
    if encoders.is_empty() { Err(FeatureError::NoFeatures) } else { Ok(FittedFeatures { encoders }) }
}

/// [`fit`] for training rows whose classes may be known, one label a row: encoders that choose by the
/// target need them.
///
/// # Errors
/// As [`fit`], or the person cancelled.
pub fn fit_labelled(
    spec: &FeatureSpec,
    schema: &[ColumnSpec],
    train: &Frame,
    labels: Option<&[bool]>,
    report: &Reporter,
) -> crate::Result<FittedFeatures> {
    let encoders = encoders(spec, schema, train, labels, report)?;
    if encoders.is_empty() { Err(FeatureError::NoFeatures.into()) } else { Ok(FittedFeatures { encoders }) }
}

fn encoders(
    spec: &FeatureSpec,
    schema: &[ColumnSpec],
    train: &Frame,
    labels: Option<&[bool]>,
    report: &Reporter,
) -> Result<Vec<Encoder>, Cancelled> {
    let mut encoders = Vec::new();
    let text_is_used = !spec.text.is_off();
    let is_used = |role: Role| role.is_feature() || (role == Role::Text && text_is_used);
    for column in schema.iter().filter(|column| is_used(column.role) && !spec.exclude.contains(&column.name))
    {
        let name = column.name.clone();
        match column.role {
            Role::Number | Role::Money => {
                encoders.push(Encoder::Number { column: name.clone() });
                let indicator = crate::clean::indicator_name(&name);
                if train.data.column(&indicator).is_ok() {
                    encoders.push(Encoder::Number { column: indicator });
                }
            }
            Role::Category => encoders.extend(one_hot(spec, name, train)),
            Role::Date => {
                let days = || train.numbers(&name).into_iter().flatten().flatten();
                let newest = days().fold(f64::MIN, f64::max);
                if newest > f64::MIN {
                    let oldest = days().fold(f64::MAX, f64::min);
                    let month = match spec.month {
                        DateMonth::WhenLong => newest - oldest >= SEASONS,
                        DateMonth::Always => true,
                        DateMonth::Never => false,
                    };
                    encoders.push(Encoder::Date { column: name, newest, month });
                }
            }
            Role::Text => {
                if let TextUse::Terms(terms) = &spec.text {
                    encoders.extend(
                        TextFeatures::fit(terms, &name, train, labels, report)?
                            .map(|text| Encoder::Text(Box::new(text))),
                    );
                }
            }
            _ => {}
        }
    }
    Ok(encoders)
}

fn one_hot(spec: &FeatureSpec, column: String, train: &Frame) -> Option<Encoder> {
    let text = train.text(&column)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
    let least = (spec.rare_share * train.height() as f64).max(1.0);
    let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let (mut levels, mut rare) = (Vec::new(), Vec::new());
    for (value, count) in by_count {
        let kept = count as f64 >= least && levels.len() < spec.max_levels;
        if kept { levels.push(value.to_owned()) } else { rare.push(value.to_owned()) }
    }
    // A category of one level tells nothing.
    if levels.len() + rare.len() < 2 {
        return None;
    }
    // Alphabetical, so that the features stand in an order a person can scan.
    levels.sort();
    Some(Encoder::OneHot { column, levels, rare })
}

impl Encoder {
    /// The column this encoder reads.
    pub fn column(&self) -> &str {
        match self {
            Self::Number { column } | Self::OneHot { column, .. } | Self::Date { column, .. } => column,
            Self::Text(text) => &text.column,
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Number { column } => vec![column.clone()],
            Self::OneHot { column, levels, rare } => {
                let mut names: Vec<String> = levels
                    .iter()
                    .skip(usize::from(levels.len() == 2 && rare.is_empty()))
                    .map(|level| format!("{column} = {level}"))
                    .collect();
                if !rare.is_empty() {
                    names.push(format!("{column} = (rare)"));
                }
                names
            }
            Self::Date { column, month, .. } => {
                ["years ago", "month sin", "month cos", "weekday sin", "weekday cos", "missing"]
                    .iter()
                    .filter(|part| *month || !part.starts_with("month"))
                    .map(|part| format!("{column} {part}"))
                    .collect()
            }
            Self::Text(text) => text.names(),
        }
    }

    /// Writes this encoder's features of every row into `data` from feature `offset` on.
    fn write(
        &self,
        frame: &Frame,
        offset: usize,
        width: usize,
        data: &mut [f32],
        report: &Reporter,
    ) -> Result<(), Cancelled> {
        let rows = data.chunks_exact_mut(width);
        match self {
            Self::Number { column } => {
                // A column that is absent or incomplete reads as its centre, 0 after scaling.
                let Some(values) = frame.numbers(column) else { return Ok(()) };
                for (row, value) in rows.zip(values) {
                    // Where the person switched scaling off, values stay finite in 32 bits.
                    let value = value.unwrap_or(0.0).clamp(-1e15, 1e15);
                    row[offset] = if value.is_nan() { 0.0 } else { value as f32 };
                }
            }
            Self::OneHot { column, levels, rare } => {
                let Some(text) = frame.text(column) else { return Ok(()) };
                let drop_first = usize::from(levels.len() == 2 && rare.is_empty());
                let mut places: HashMap<&str, usize> = HashMap::new();
                for (at, level) in levels.iter().enumerate().skip(drop_first) {
                    places.insert(level, offset + at - drop_first);
                }
                rare.iter().for_each(|level| {
                    places.insert(level, offset + levels.len() - drop_first);
                });
                for (row, value) in rows.zip(text.iter()) {
                    if let Some(&place) = value.and_then(|value| places.get(value)) {
                        row[place] = 1.0;
                    }
                }
            }
            Self::Date { column, newest, month: has_month } => {
                let months = if *has_month { 2 } else { 0 };
                let Some(values) = frame.numbers(column) else { return Ok(()) };
                for (row, value) in rows.zip(values) {
                    let Some(day) = value else {
                        row[offset + 3 + months] = 1.0;
                        continue;
                    };
                    row[offset] = ((newest - day) / 365.25) as f32;
                    let (month, weekday) = circle_parts(day);
                    if *has_month {
                        row[offset + 1] = month.sin() as f32;
                        row[offset + 2] = month.cos() as f32;
                    }
                    row[offset + 1 + months] = weekday.sin() as f32;
                    row[offset + 2 + months] = weekday.cos() as f32;
                }
            }
            Self::Text(text) => text.write(frame, offset, width, data, report)?,
        }
        Ok(())
    }
}

/// Angles of the month in the year and the day in the week, for days since 1970.
fn circle_parts(days: f64) -> (f64, f64) {
    use chrono::Datelike;
    let date = chrono::DateTime::from_timestamp_millis((days * 86_400_000.0) as i64)
        .unwrap_or_default()
        .date_naive();
    let turn = std::f64::consts::TAU;
    (turn * f64::from(date.month0()) / 12.0, turn * f64::from(date.weekday().num_days_from_monday()) / 7.0)
}

impl FittedFeatures {
    /// Feature names, in the order of the matrix.
    pub fn names(&self) -> Vec<String> {
        self.encoders.iter().flat_map(Encoder::names).collect()
    }

    /// For a file that goes on more than a week after the model's: the same encoders, with days
    /// counted back from the file's own end. A few rows do not tell when the file ends, and neither do
    /// a few dates that are slips: days to come are passed over, and at least three rows (one in two
    /// hundred) must reach the day.
    pub fn reanchored(&self, frame: &Frame) -> Self {
        const LEAST_ROWS: usize = 30;
        const WEEK: f64 = 7.0;
        let mut out = self.clone();
        for encoder in out.encoders.iter_mut().filter(|_| frame.height() >= LEAST_ROWS) {
            let Encoder::Date { column, newest, .. } = encoder else { continue };
            let today = chrono::Utc::now().timestamp() as f64 / 86_400.0;
            let days = frame.numbers(column).into_iter().flatten().flatten();
            let mut days: Vec<f64> = days.filter(|day| *day <= (today + WEEK).max(*newest)).collect();
            days.sort_unstable_by(f64::total_cmp);
            let reach = (days.len() / 200).max(3);
            let last = days.len().checked_sub(reach).and_then(|at| days.get(at)).copied();
            if let Some(last) = last.filter(|last| *last > *newest + WEEK) {
                *newest = last;
            }
        }
        out
    }

    /// The date columns that count from another day than `before`: column, day then, day now (days
    /// since 1970).
    pub fn later_than(&self, before: &Self) -> Vec<(String, f64, f64)> {
        let pairs = self.encoders.iter().zip(&before.encoders);
        pairs
            .filter_map(|(now, then)| match (now, then) {
                (Encoder::Date { column, newest: now, .. }, Encoder::Date { newest: then, .. })
                    if now != then =>
                {
                    Some((column.clone(), *then, *now))
                }
                _ => None,
            })
            .collect()
    }

    /// Makes the features of any rows.
    pub fn apply(&self, frame: &Frame) -> Matrix {
        let mut matrix = self.blank(frame.height());
        // Nobody can cancel this reporter, so the matrix is whole.
        let _ = self.fill(frame, &mut matrix, &Reporter::silent());
        matrix
    }

    /// [`apply`](Self::apply) for many rows: text takes its time.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn apply_reporting(&self, frame: &Frame, report: &Reporter) -> Result<Matrix, Cancelled> {
        let mut matrix = self.blank(frame.height());
        self.fill(frame, &mut matrix, report)?;
        Ok(matrix)
    }

    /// A matrix of these features, all zero.
    fn blank(&self, height: usize) -> Matrix {
        let (mut names, mut sources) = (Vec::new(), Vec::new());
        for encoder in &self.encoders {
            for name in encoder.names() {
                names.push(name);
                sources.push(encoder.column().to_owned());
            }
        }
        let data = vec![0.0f32; names.len() * height];
        Matrix { names, sources, height, data, sequences: Sequences::default() }
    }

    fn fill(&self, frame: &Frame, matrix: &mut Matrix, report: &Reporter) -> Result<(), Cancelled> {
        let (width, mut offset) = (matrix.width(), 0);
        for encoder in &self.encoders {
            encoder.write(frame, offset, width, &mut matrix.data, report)?;
            offset += encoder.names().len();
        }
        Ok(())
    }
}
