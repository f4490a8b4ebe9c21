//! How a new file differs from the one that the model learnt from: columns, values, spread.

use std::collections::BTreeMap;

use polars::prelude::PlHashMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Bundle;
use super::drift::Fine;
use crate::clean::Cleaning;
use crate::detect::date;
use crate::metrics::{psi, psi_by_chance};
use crate::table::{ColumnSpec, Frame, Places, Role, Table, each, show_number};

/// Bins of a number's spread.
const BINS: usize = 10;
/// Levels of a category that are told apart; the rest is one.
const LEVELS: usize = 30;
/// Population stability index from which a column is worth a word. The usual reading: below 0.1
/// no change, from 0.25 a large one (Siddiqi 2006).
const WORTH_A_WORD: f64 = 0.1;

/// How the training rows' values of a column were spread, before holes were filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub column: String,
    pub rows: usize,
    /// Share of rows without a value.
    pub missing: f64,
    /// The median, or the most frequent value, as people read it.
    pub usual: String,
    pub spread: Spread,
    /// The spread of numbers and dates more closely, for watching over them; absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine: Option<Fine>,
}

/// Shares by bin or level; they add up to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Bin n holds values up to `edges[n]`; the last holds the rest. Dates in days since 1970.
    Numbers { edges: Vec<f64>, shares: Vec<f64> },
    /// The last share is that of all other levels.
    Levels { levels: Vec<String>, shares: Vec<f64> },
}

impl Profile {
    /// True if the parts fit each other; asked of every opened file.
    pub(crate) fn is_sound(&self) -> bool {
        let (bins, shares) = match &self.spread {
            Spread::Numbers { edges, shares } => (edges.len(), shares),
            Spread::Levels { levels, shares } => (levels.len(), shares),
        };
        shares.len() == bins + 1
            && shares.iter().all(|share| (0.0..=1.0).contains(share))
            && self.rows <= u32::MAX as usize
            && (0.0..=1.0).contains(&self.missing)
            && self.fine.as_ref().is_none_or(Fine::is_sound)
    }

    /// Rows with a value.
    pub(super) fn present(&self) -> usize {
        (self.rows as f64 * (1.0 - self.missing)).round() as usize
    }
}

/// A column whose values are spread otherwise than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    pub column: String,
    /// Population stability index, Σ (now − then) · ln(now / then).
    pub psi: f64,
    pub then: String,
    pub now: String,
}

/// Everything that is told of a new file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Differences {
    /// Columns that the model learnt from and the file lacks.
    pub missing: Vec<String>,
    /// Columns read under another writing of their name: then, now.
    pub renamed: Vec<(String, String)>,
    /// Columns that the model does not know.
    pub extra: Vec<String>,
    /// Values of categories that the training rows never had, with their rows.
    pub new_levels: Vec<(String, Vec<(String, usize)>)>,
    /// Columns with clearly more holes: column, share then, share now.
    pub more_missing: Vec<(String, f64, f64)>,
    /// Columns that changed their spread, the most changed first.
    pub drift: Vec<Drift>,
    /// Date columns counted back from another day: column, day then, day now.
    pub later: Vec<(String, f64, f64)>,
    /// The file has no identifier: nobody can be recognised.
    pub no_identifier: bool,
    /// Rows that were left out because a later row has their identifier.
    pub repeated: usize,
}

impl Differences {
    /// Number of things told.
    pub fn count(&self) -> usize {
        self.missing.len()
            + self.renamed.len()
            + self.extra.len()
            + self.new_levels.len()
            + self.more_missing.len()
            + self.drift.len()
            + self.later.len()
            + usize::from(self.no_identifier)
            + usize::from(self.repeated > 0)
    }
}

/// The spread of every column that a model may learn from. `train` holds the training rows before
/// holes are filled.
pub fn profile(schema: &[ColumnSpec], train: &Frame) -> Vec<Profile> {
    let features = schema.par_iter().filter(|spec| spec.role.is_feature());
    features.filter_map(|spec| profile_of(spec, train)).collect()
}

fn profile_of(spec: &ColumnSpec, train: &Frame) -> Option<Profile> {
    let rows = train.height();
    let (values, usual, spread);
    let mut fine = None;
    if let Some(numbers) = train.numbers(&spec.name) {
        let mut present: Vec<f64> = numbers.into_iter().flatten().filter(|v| v.is_finite()).collect();
        present.sort_unstable_by(f64::total_cmp);
        values = present.len();
        usual = show_median(spec, &present);
        let mut present = spread_of(spec.role, present);
        present.sort_unstable_by(f64::total_cmp);
        let mut edges: Vec<f64> =
            (1..BINS).filter_map(|n| present.get(n * present.len() / BINS).copied()).collect();
        edges.dedup();
        let shares = shares(present.iter().map(|v| bin(&edges, *v)), edges.len() + 1);
        spread = Spread::Numbers { edges, shares };
        fine = Fine::of(&present);
    } else {
        let text = train.text(&spec.name)?;
        let mut counts: PlHashMap<&str, usize> = PlHashMap::default();
        text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
        let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
        by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        values = by_count.iter().map(|(_, n)| n).sum();
        usual = by_count.first().map_or_else(String::new, |(level, _)| (*level).to_owned());
        let kept = by_count.len().min(LEVELS);
        let rest: usize = by_count.iter().skip(kept).map(|(_, n)| n).sum();
        let counts = by_count.iter().take(kept).map(|(_, n)| *n).chain([rest]);
        let shares = counts.map(|n| n as f64 / values.max(1) as f64).collect();
        let levels = by_count.iter().take(kept).map(|(level, _)| (*level).to_owned()).collect();
        spread = Spread::Levels { levels, shares };
    }
    let missing = (rows - values) as f64 / rows.max(1) as f64;
    Some(Profile { column: spec.name.clone(), rows, missing, usual, spread, fine })
}

/// How a model's probabilities were spread on rows that it never learnt from.
pub fn profile_scores(probabilities: &[f64]) -> Option<Profile> {
    let mut sorted: Vec<f64> = probabilities.iter().copied().filter(|p| p.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let usual = show_number((sorted.get(sorted.len() / 2)? * 100.0).round() / 100.0);
    let mut edges: Vec<f64> =
        (1..BINS).filter_map(|n| sorted.get(n * sorted.len() / BINS).copied()).collect();
    edges.dedup();
    let shares = shares(sorted.iter().map(|p| bin(&edges, *p)), edges.len() + 1);
    let (rows, fine) = (sorted.len(), Fine::of(&sorted));
    let spread = Spread::Numbers { edges, shares };
    Some(Profile { column: String::new(), rows, missing: 0.0, usual, spread, fine })
}

/// The values whose spread is looked at: dates as days before the last one, so that a file is not
/// another one for being younger.
pub(super) fn spread_of(role: Role, values: Vec<f64>) -> Vec<f64> {
    let last = values.iter().copied().fold(f64::MIN, f64::max);
    if role == Role::Date { values.into_iter().map(|v| last - v).collect() } else { values }
}

fn show_median(spec: &ColumnSpec, sorted: &[f64]) -> String {
    let Some(middle) = sorted.get(sorted.len() / 2) else { return String::new() };
    match spec.role {
        Role::Date => date::format((middle * 86_400_000.0) as i64),
        _ => show_number((middle * 100.0).round() / 100.0),
    }
}

pub(super) fn bin(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|edge| *edge < value)
}

pub(super) fn level(levels: &[String], value: &str) -> usize {
    levels.iter().position(|level| level == value).unwrap_or(levels.len())
}

fn shares(places: impl Iterator<Item = usize>, bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    let mut total = 0.0f64;
    for place in places {
        counts[place.min(bins - 1)] += 1.0;
        total += 1.0;
    }
    counts.iter_mut().for_each(|count| *count /= total.max(1.0));
    counts
}

/// What is known of an earlier file: what a new one is compared with.
pub(crate) struct Known<'a> {
    pub schema: &'a [ColumnSpec],
    /// Columns that may not be missing.
    pub needed: Vec<&'a str>,
    /// A column that is known beside those of the schema.
    pub target: Option<&'a str>,
    /// Categories with every value that they had.
    pub levels: Vec<(&'a str, Vec<&'a str>)>,
    /// The columns as they are after the recipe, and how those that matter were spread.
    pub after: Vec<ColumnSpec>,
    pub profiles: Vec<&'a Profile>,
}

/// Categories of profiles that hold every value there was.
pub(crate) fn whole_levels(profiles: &[Profile]) -> Vec<(&str, Vec<&str>)> {
    let whole = |profile: &'_ Profile| match &profile.spread {
        Spread::Levels { shares, .. } => shares.last() == Some(&0.0),
        Spread::Numbers { .. } => false,
    };
    profiles
        .iter()
        .filter(|profile| whole(profile))
        .map(|profile| match &profile.spread {
            Spread::Levels { levels, .. } => {
                (profile.column.as_str(), levels.iter().map(String::as_str).collect())
            }
            Spread::Numbers { .. } => (profile.column.as_str(), Vec::new()),
        })
        .collect()
}

/// What a bundle's model learnt from.
pub(super) fn known_to(bundle: &Bundle) -> Known<'_> {
    let encoders = bundle.features.encoders.iter();
    let levels = encoders.filter_map(|encoder| Some((encoder.column(), encoder.levels()?)));
    Known {
        schema: &bundle.recipe.schema,
        needed: bundle.needed(),
        target: Some(&bundle.target),
        levels: levels.collect(),
        after: bundle.recipe.recipe.schema_after(&bundle.recipe.schema).unwrap_or_default(),
        profiles: bundle.profiles.iter().filter(|p| bundle.learns_from(&p.column)).collect(),
    }
}

/// Compares a file, cleaned by the same recipe, with what is known of an earlier one.
pub(crate) fn find(known: &Known<'_>, table: &Table, cleaning: &Cleaning) -> Differences {
    let needed = &known.needed;
    let mut out = Differences::default();
    let has = |name: &str| table.columns.iter().any(|column| column.name == name);
    for spec in known.schema.iter().filter(|spec| !has(&spec.name)) {
        // A column that nothing was learnt from may go without a word.
        if needed.contains(&spec.name.as_str()) {
            out.missing.push(spec.name.clone());
        }
        out.no_identifier |= spec.role == Role::Id;
    }
    let is_known = |name: &str| known.target == Some(name) || known.schema.iter().any(|s| s.name == name);
    out.extra = table.columns.iter().map(|c| c.name.clone()).filter(|name| !is_known(name)).collect();

    let frame = cleaning.before_filling();
    for (column, levels) in &known.levels {
        let Some(text) = frame.text(column) else { continue };
        let mut new: BTreeMap<&str, usize> = BTreeMap::new();
        let known = Places::of(levels.iter().map(|level| (*level, ())));
        each(
            text,
            |value| known.get(value).is_none().then_some(value),
            |unknown| {
                if let Some(value) = unknown.flatten() {
                    *new.entry(value).or_default() += 1;
                }
            },
        );
        if !new.is_empty() {
            let mut list: Vec<(String, usize)> = new.into_iter().map(|(l, n)| (l.to_owned(), n)).collect();
            list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            out.new_levels.push(((*column).to_owned(), list));
        }
    }

    let now = profile(&known.after, frame);
    for then in &known.profiles {
        let Some(now) = now.iter().find(|p| p.column == then.column) else { continue };
        let rows = (then.rows, now.rows);
        let pooled =
            (then.missing * rows.0 as f64 + now.missing * rows.1 as f64) / (rows.0 + rows.1).max(1) as f64;
        let error =
            (pooled * (1.0 - pooled) * (1.0 / rows.0.max(1) as f64 + 1.0 / rows.1.max(1) as f64)).sqrt();
        if now.missing - then.missing > (2.576 * error).max(0.02) {
            out.more_missing.push((then.column.clone(), then.missing, now.missing));
        }
        if now.present() == 0 {
            continue;
        }
        let role = known.after.iter().find(|s| s.name == then.column).map(|s| s.role);
        let here: Option<(Vec<f64>, &Vec<f64>)> = match &then.spread {
            Spread::Numbers { edges, shares: of } => frame.numbers(&then.column).map(|values| {
                let present = values.into_iter().flatten().filter(|v| v.is_finite()).collect();
                let present = spread_of(role.unwrap_or(Role::Number), present);
                (shares(present.into_iter().map(|v| bin(edges, v)), of.len()), of)
            }),
            Spread::Levels { levels, shares: of } => frame
                .text(&then.column)
                .map(|text| (shares(text.iter().flatten().map(|v| level(levels, v)), of.len()), of)),
        };
        let Some((here, of)) = here else { continue };
        let values = (then.present(), now.present());
        let psi = psi(of, &here, values);
        if psi > WORTH_A_WORD && psi > psi_by_chance(of.len(), values) {
            let (was, is) = (then.usual.clone(), now.usual.clone());
            out.drift.push(Drift { column: then.column.clone(), psi, then: was, now: is });
        }
    }
    out.drift.sort_by(|a, b| b.psi.total_cmp(&a.psi));
    out
}
