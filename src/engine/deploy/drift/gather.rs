//! Counts of a batch, block by block, in the bins of the training rows' profile.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{ColumnDrift, ColumnKind, DriftReport, Fine, Rules};
use crate::deploy::differences::{bin, known_to};
use crate::deploy::{Bundle, Profile, Spread};
use crate::metrics::psi;
use crate::table::{Frame, Places, Role, each, show_number};

/// Unseen categories that are told apart; a column of free text must not fill the memory.
const UNSEEN_KEPT: usize = 1000;
/// Unseen categories that are told.
const UNSEEN_TOLD: usize = 5;
/// Values that a bin is expected to hold, at least, so that χ² is near (Cochran 1954).
const LEAST: f64 = 5.0;

/// What was counted so far.
#[derive(Debug, Clone)]
pub struct Gather {
    rows: usize,
    sum: f64,
    columns: Vec<Counts>,
    score: Option<Counts>,
}

/// What is known of a category.
#[derive(Debug, Clone, Copy)]
struct Place {
    bin: usize,
    /// The training rows had it.
    known: bool,
}

/// Categories that the training rows never had, with their rows.
#[derive(Debug, Clone, Default)]
struct Unseen {
    /// In the order in which they came.
    levels: Vec<(String, usize)>,
    places: HashMap<String, usize>,
}

impl Unseen {
    /// `times` more rows; a category that is new is kept where there are fewer than `most`.
    fn add(&mut self, level: &str, times: usize, most: usize) {
        if let Some((_, count)) = self.places.get(level).and_then(|at| self.levels.get_mut(*at)) {
            *count += times;
        } else if self.levels.len() < most {
            self.places.insert(level.to_owned(), self.levels.len());
            self.levels.push((level.to_owned(), times));
        }
    }
}

/// Counts of one column.
#[derive(Debug, Clone)]
struct Counts {
    profile: Profile,
    kind: ColumnKind,
    /// The bin of each category that has one, and of each that the training rows had.
    places: Places<String, Place>,
    /// Every category that the training rows had is among the places.
    knows_all: bool,
    present: bool,
    missing: usize,
    values: usize,
    bins: Vec<usize>,
    /// Values in front of each cut of the fine spread, and behind the last.
    fine: Vec<usize>,
    outside: usize,
    unseen: usize,
    unseen_levels: Unseen,
    /// Days with their counts: they are counted back from the last one, known at the end only.
    days: BTreeMap<i64, usize>,
}

impl Counts {
    /// `known` holds every category that the training rows had, where that is known.
    fn new(profile: &Profile, kind: ColumnKind, known: Option<Vec<&str>>) -> Self {
        let (bins, named) = match &profile.spread {
            Spread::Numbers { shares, .. } => (shares.len(), &[][..]),
            Spread::Levels { shares, levels } => (shares.len(), levels.as_slice()),
        };
        let is_known: HashSet<&str> = known.iter().flatten().copied().collect();
        let of = |bin: usize, level: &str| {
            (level.to_owned(), Place { bin, known: known.is_none() || is_known.contains(level) })
        };
        let named_ones = named.iter().enumerate().map(|(bin, level)| of(bin, level));
        let others = known.iter().flatten().map(|level| of(named.len(), level));
        let places = Places::of(named_ones.chain(others));
        Self {
            kind,
            places,
            knows_all: known.is_some(),
            present: false,
            missing: 0,
            values: 0,
            bins: vec![0; bins],
            fine: vec![0; profile.fine.as_ref().map_or(0, |fine| fine.cuts.len() + 1)],
            outside: 0,
            unseen: 0,
            unseen_levels: Unseen::default(),
            days: BTreeMap::new(),
            profile: profile.clone(),
        }
    }

    /// The same column with nothing counted.
    fn blank(&self) -> Self {
        Self {
            profile: self.profile.clone(),
            kind: self.kind,
            places: self.places.clone(),
            knows_all: self.knows_all,
            present: false,
            missing: 0,
            values: 0,
            bins: vec![0; self.bins.len()],
            fine: vec![0; self.fine.len()],
            outside: 0,
            unseen: 0,
            unseen_levels: Unseen::default(),
            days: BTreeMap::new(),
        }
    }

    /// Adds what was counted of rows that come behind these.
    fn join(&mut self, other: Self) {
        let sum = |all: &mut Vec<usize>, more: &[usize]| {
            all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
        };
        self.present |= other.present;
        self.missing += other.missing;
        self.values += other.values;
        sum(&mut self.bins, &other.bins);
        sum(&mut self.fine, &other.fine);
        self.outside += other.outside;
        self.unseen += other.unseen;
        for (level, times) in other.unseen_levels.levels {
            self.unseen_levels.add(&level, times, UNSEEN_KEPT);
        }
        other.days.into_iter().for_each(|(day, times)| *self.days.entry(day).or_default() += times);
    }

    /// Counts rows; `most` unseen categories are told apart.
    fn add(&mut self, frame: &Frame, most: usize) {
        if matches!(self.profile.spread, Spread::Levels { .. }) {
            let Some(text) = frame.text(&self.profile.column) else { return };
            self.present = true;
            let places = std::mem::replace(&mut self.places, Places::of(std::iter::empty()));
            each(
                text,
                |value| (value, places.get(value)),
                |cell| match cell {
                    Some((value, place)) => self.level(value, place, most),
                    None => self.missing += 1,
                },
            );
            self.places = places;
            return;
        }
        let Some(numbers) = frame.numbers(&self.profile.column) else { return };
        self.present = true;
        for value in numbers {
            match value.filter(|value| value.is_finite()) {
                Some(day) if self.kind == ColumnKind::Date => {
                    *self.days.entry(day.floor() as i64).or_default() += 1;
                }
                Some(value) => self.number(value, 1),
                None => self.missing += 1,
            }
        }
    }

    fn level(&mut self, value: &str, place: Option<Place>, most: usize) {
        self.values += 1;
        let last = self.bins.len().saturating_sub(1);
        if let Some(count) = self.bins.get_mut(place.map_or(last, |place| place.bin)) {
            *count += 1;
        }
        if self.knows_all && !place.is_some_and(|place| place.known) {
            self.unseen += 1;
            self.unseen_levels.add(value, 1, most);
        }
    }

    fn number(&mut self, value: f64, times: usize) {
        let Spread::Numbers { edges, .. } = &self.profile.spread else { return };
        self.values += times;
        if let Some(count) = self.bins.get_mut(bin(edges, value)) {
            *count += times;
        }
        if let Some(fine) = &self.profile.fine {
            if let Some(count) = self.fine.get_mut(bin(&fine.cuts, value)) {
                *count += times;
            }
            if fine.range.is_some_and(|(low, high)| value < low || value > high) {
                self.outside += times;
            }
        }
    }

    /// The figures; `level` is what each test may be wrong by.
    fn finish(mut self, level: f64) -> ColumnDrift {
        if let Some(last) = self.days.keys().next_back().copied() {
            for (day, times) in std::mem::take(&mut self.days) {
                self.number((last - day) as f64, times);
            }
        }
        let (then, names) = match &self.profile.spread {
            Spread::Numbers { edges, shares } => (shares.clone(), names_of(edges)),
            Spread::Levels { levels, shares } => {
                let rest = std::iter::once("…".to_owned());
                (shares.clone(), levels.iter().cloned().chain(rest).collect())
            }
        };
        let (m, n) = (self.profile.present(), self.values);
        let now: Vec<f64> = self.bins.iter().map(|count| *count as f64 / n.max(1) as f64).collect();
        let is_ordered = !matches!(self.kind, ColumnKind::Category);
        let (few_then, few_now) = merged(&then, &now, n.min(m), is_ordered);
        let harmonic = 1.0 / m.max(1) as f64 + 1.0 / n.max(1) as f64;
        let df = few_then.len().saturating_sub(1);
        let point = match (df, ChiSquared::new(df.max(1) as f64)) {
            (1.., Ok(chi)) => chi.inverse_cdf(1.0 - level),
            _ => 0.0,
        };
        let ks = self.profile.fine.as_ref().filter(|_| n > 0).map(|fine| distance(fine, &self.fine, n));
        let ks_by_chance = ks.map(|_| (-(level / 2.0).ln() / 2.0 * harmonic).sqrt());
        let mut levels = self.unseen_levels.levels;
        levels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        levels.truncate(UNSEEN_TOLD);
        let has_range = self.kind == ColumnKind::Number
            && self.profile.fine.as_ref().is_some_and(|fine| fine.range.is_some());
        let rows = self.values + self.missing;
        ColumnDrift {
            column: self.profile.column.clone(),
            kind: self.kind,
            values: (m, n),
            psi: if n == 0 { 0.0 } else { psi(&few_then, &few_now, (m, n)) },
            psi_expected: df as f64 * harmonic,
            psi_by_chance: point * harmonic,
            ks,
            ks_by_chance,
            missing: (self.profile.missing, self.missing as f64 / rows.max(1) as f64),
            unseen: self.unseen,
            unseen_levels: levels,
            outside: has_range.then(|| (self.outside, Fine::outside_expected(m))),
            bins: names.into_iter().zip(then).zip(now).map(|((name, a), b)| (name, a, b)).collect(),
        }
    }
}

/// Names of the bins between edges.
fn names_of(edges: &[f64]) -> Vec<String> {
    let short = |value: &f64| show_number((value * 1000.0).round() / 1000.0);
    let first = edges.first().map_or_else(|| "…".to_owned(), |edge| format!("≤ {}", short(edge)));
    let between = edges.windows(2).map(|pair| format!("{} – {}", short(&pair[0]), short(&pair[1])));
    let last = edges.last().map(|edge| format!("> {}", short(edge)));
    std::iter::once(first).chain(between).chain(last).collect()
}

/// Bins that are expected to hold [`LEAST`] values of the smaller group each: neighbours are taken
/// together where bins have an order, the smallest ones where they have none.
fn merged(then: &[f64], now: &[f64], rows: usize, is_ordered: bool) -> (Vec<f64>, Vec<f64>) {
    let mut pairs: Vec<(f64, f64)> = then.iter().copied().zip(now.iter().copied()).collect();
    if !is_ordered {
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    }
    let mut out: Vec<(f64, f64)> = Vec::new();
    let mut held = (0.0, 0.0);
    for (a, b) in pairs {
        held = (held.0 + a, held.1 + b);
        if held.0 * rows as f64 >= LEAST {
            out.push(std::mem::take(&mut held));
        }
    }
    match out.last_mut() {
        Some(last) => *last = (last.0 + held.0, last.1 + held.1),
        None => out.push(held),
    }
    out.into_iter().unzip()
}

/// The largest distance of the distribution functions at the cuts.
fn distance(fine: &Fine, counts: &[usize], values: usize) -> f64 {
    let mut below = 0;
    let mut largest = 0.0f64;
    for (reached, count) in fine.reached.iter().zip(counts) {
        below += count;
        largest = largest.max((reached - below as f64 / values.max(1) as f64).abs());
    }
    largest
}

impl Gather {
    /// Nothing counted yet of the columns that the bundle's model learns from.
    pub fn new(bundle: &Bundle) -> Self {
        let known = known_to(bundle);
        let columns = known.profiles.iter().map(|profile| {
            let role = known.after.iter().find(|spec| spec.name == profile.column).map(|spec| spec.role);
            let kind = match (&profile.spread, role) {
                (Spread::Levels { .. }, _) => ColumnKind::Category,
                (_, Some(Role::Date)) => ColumnKind::Date,
                _ => ColumnKind::Number,
            };
            let of_encoder = known.levels.iter().find(|(column, _)| *column == profile.column);
            let levels = match (&profile.spread, of_encoder) {
                (_, Some((_, levels))) => Some(levels.clone()),
                (Spread::Levels { levels, shares }, None) if shares.last() == Some(&0.0) => {
                    Some(levels.iter().map(String::as_str).collect())
                }
                _ => None,
            };
            Counts::new(profile, kind, levels)
        });
        Self {
            rows: 0,
            sum: 0.0,
            columns: columns.collect(),
            score: bundle.scores.as_ref().map(|profile| Counts::new(profile, ColumnKind::Score, None)),
        }
    }

    /// Nothing counted yet of columns whose profiles stand by themselves.
    #[cfg(test)]
    pub(super) fn of_profiles(profiles: &[(Profile, ColumnKind)], score: Option<&Profile>) -> Self {
        fn known(profile: &Profile) -> Option<Vec<&str>> {
            match &profile.spread {
                Spread::Levels { levels, .. } => Some(levels.iter().map(String::as_str).collect()),
                Spread::Numbers { .. } => None,
            }
        }
        let columns = profiles.iter().map(|(profile, kind)| Counts::new(profile, *kind, known(profile)));
        let score = score.map(|profile| Counts::new(profile, ColumnKind::Score, None));
        Self { rows: 0, sum: 0.0, columns: columns.collect(), score }
    }

    /// Takes in rows before holes are filled, and their probabilities.
    pub fn add(&mut self, frame: &Frame, probabilities: &[f64]) {
        self.count(frame, probabilities, UNSEEN_KEPT);
    }

    /// What [`add`](Self::add) would count of these rows, by itself, to be [joined](Self::join).
    pub(in crate::deploy) fn part(&self, frame: &Frame, probabilities: &[f64]) -> Self {
        let mut part = Self {
            rows: 0,
            sum: 0.0,
            columns: self.columns.iter().map(Counts::blank).collect(),
            score: self.score.as_ref().map(Counts::blank),
        };
        // Which of the unseen categories are kept is known only once the parts before are joined.
        part.count(frame, probabilities, usize::MAX);
        part
    }

    /// Adds what was counted of the rows that come next.
    pub(in crate::deploy) fn join(&mut self, part: Self) {
        self.rows += part.rows;
        self.sum += part.sum;
        self.columns.iter_mut().zip(part.columns).for_each(|(all, part)| all.join(part));
        if let (Some(all), Some(part)) = (&mut self.score, part.score) {
            all.join(part);
        }
    }

    fn count(&mut self, frame: &Frame, probabilities: &[f64], most: usize) {
        self.rows += frame.height();
        self.columns.par_iter_mut().for_each(|counts| counts.add(frame, most));
        self.sum += probabilities.iter().sum::<f64>();
        if let Some(score) = &mut self.score {
            score.present = true;
            probabilities.iter().for_each(|p| score.number(*p, 1));
        }
    }

    /// The figures of all rows, judged by the rules.
    pub fn finish(self, rules: &Rules) -> DriftReport {
        let (here, gone): (Vec<Counts>, Vec<Counts>) =
            self.columns.into_iter().partition(|counts| counts.present);
        let tests: usize = here.iter().chain(&self.score).map(tests_of).sum();
        let level = rules.false_alarms / tests.max(1) as f64;
        let mut columns: Vec<ColumnDrift> = here.into_iter().map(|counts| counts.finish(level)).collect();
        columns.sort_by(|a, b| b.psi.total_cmp(&a.psi).then_with(|| a.column.cmp(&b.column)));
        let mut report = DriftReport {
            rows: self.rows,
            columns,
            score: self.score.filter(|_| self.rows > 0).map(|counts| counts.finish(level)),
            mean_score: self.sum / self.rows.max(1) as f64,
            lacking: gone.into_iter().map(|counts| counts.profile.column).collect(),
            too_few: self.rows < rules.least_rows,
            alerts: Vec::new(),
        };
        report.alerts = rules.judge(&report, level);
        report
    }
}

/// Tests that are made of a column: index and distance, holes, range.
fn tests_of(counts: &Counts) -> usize {
    let has_range = counts.profile.fine.as_ref().is_some_and(|fine| fine.range.is_some());
    2 + usize::from(counts.profile.fine.is_some()) + usize::from(has_range)
}
