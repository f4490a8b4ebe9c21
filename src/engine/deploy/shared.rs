//! The card and the bundle as they are handed on: no small group can be read from them. What is left out
//! is named, the method and the least size are said, and the hash is that of what is there. The hash of the
//! card with all its counts is not among it: whoever guesses the hidden ones could test the guess by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::differences::Spread;
use super::drift::Fine;
use super::{Bundle, Card, CardSlice, Profile};
use crate::evaluate::{Choice, OperatingPoint, Values};
use crate::metrics::{self, Confusion, Estimate, Figure};
use crate::privacy::cells::{self, Mark, Method, Rule, Step, Suppressed, Web};

/// Thresholds of a shared curve are told to so many parts of one: the exact one is a customer's own figure.
const THRESHOLD_PARTS: f64 = 1000.0;
/// Where counts are rounded, so are the shares that are made of them.
const SHARE_PARTS: f64 = 100.0;

/// How small groups were kept out of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardCells {
    #[serde(flatten)]
    pub rule: Rule,
    /// What was left out, by the name of its field; a count that is left out reads 0.
    pub hidden: BTreeMap<String, Mark>,
    /// False where what the card cannot help saying gives a small group away.
    pub holds: bool,
}

/// The places of a card's counts in its web.
struct Places {
    web: Web,
    named: Vec<(String, usize)>,
}

impl Places {
    fn cell(&mut self, name: impl Into<String>, from: usize, to: usize, value: u64, weight: u64) {
        let at = self.web.costing(from, to, value, value.saturating_add(1).saturating_mul(weight));
        self.named.push((name.into(), at));
    }

    /// All counts of a card, and how they add up: the file's rows are those of the sides and those left out,
    /// the left out were dropped by steps, and the test rows are sorted into four cells.
    fn of(card: &Card) -> Self {
        let mut all = Self { web: Web::new(), named: Vec::new() };
        let [top, bottom, out, test, yes, no, flagged, spared] = [(); 8].map(|()| all.web.node());
        let count = |rows: usize| rows as u64;
        all.cell("train_rows", top, bottom, count(card.train_rows), 2);
        all.cell("valid_rows", top, bottom, count(card.valid_rows), 4);
        let sides = count(card.train_rows + card.valid_rows + card.test_rows);
        let left_out = count(card.rows).checked_sub(sides);
        let dropped: u64 = card.steps.iter().map(|(_, _, dropped)| *dropped).sum();
        let rest = left_out.and_then(|left| left.checked_sub(dropped));
        // Steps that drop more than is missing speak of other rows; they are looked at one by one.
        let (from, to) = if rest.is_some() { (out, bottom) } else { (out, out) };
        for (at, (_, _, dropped)) in card.steps.iter().enumerate() {
            if rest.is_some() {
                all.cell(format!("steps.{at}.dropped"), from, to, *dropped, 1);
            } else {
                let pair = [all.web.node(), all.web.node()];
                all.cell(format!("steps.{at}.dropped"), pair[0], pair[1], *dropped, 1);
                all.web.unwritten(pair[1], pair[0], *dropped);
            }
        }
        if let (Some(left), Some(rest)) = (left_out, rest) {
            all.web.unwritten(top, out, left);
            all.web.unwritten(out, bottom, rest);
            // The whole goes first: fewest readers miss it.
            let at = all.web.costing(bottom, top, count(card.rows), 1);
            all.named.push(("rows".to_owned(), at));
        } else {
            all.web.unwritten(bottom, top, sides);
        }
        let c = card.confusion;
        let negatives = count(card.test_rows).saturating_sub(card.test_positives);
        all.cell("test_rows", top, test, count(card.test_rows), 16);
        let fits = c.true_positive + c.false_negative == card.test_positives
            && c.false_positive + c.true_negative == negatives;
        if fits {
            all.cell("test_positives", test, yes, card.test_positives, 8);
            all.cell("test_negatives", test, no, negatives, 8);
            all.cell("confusion.true_positive", yes, flagged, c.true_positive, 1);
            all.cell("confusion.false_negative", yes, spared, c.false_negative, 1);
            all.cell("confusion.false_positive", no, flagged, c.false_positive, 1);
            all.cell("confusion.true_negative", no, spared, c.true_negative, 1);
            all.cell("confusion.flagged", flagged, bottom, c.true_positive + c.false_positive, 2);
            all.cell("confusion.not_flagged", spared, bottom, c.false_negative + c.true_negative, 2);
        } else {
            all.web.unwritten(test, bottom, count(card.test_rows));
        }
        all
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.named.iter().find(|(of, _)| of == name).map(|(_, at)| *at)
    }
}

impl Card {
    /// The card without small groups, sealed anew. One that is so already stays as it is: what was left out
    /// cannot be left out otherwise. `seed` chooses what is rounded up, see [`cells::chance`].
    pub fn shared(&self, rule: Rule, seed: u64) -> Self {
        if self.cells.is_some() {
            return self.clone();
        }
        let rule = rule.sound();
        let mut card = self.clone();
        let mut hidden: BTreeMap<String, Mark> = BTreeMap::new();
        let places = Places::of(self);
        let mut holds = true;
        match rule.method {
            Method::Suppress => {
                let found = cells::suppress(&places.web, rule, &[]);
                holds = found.holds;
                let marks = places.named.iter().map(|(name, at)| (name.clone(), found.mark(*at)));
                hidden.extend(marks.filter(|(_, mark)| *mark != Mark::Plain));
                card.set_counts(|name| match found_plain(&places, &found, name) {
                    true => None,
                    false => Some(0),
                });
            }
            Method::Round => {
                let rounded = cells::round(&places.web, rule.k(), seed);
                card.set_counts(|name| places.place(name).and_then(|at| rounded.get(at).copied()));
            }
        }
        let is_hidden = |name: &str| hidden.contains_key(name);
        let few_tests = ["test_rows", "test_positives", "test_negatives"].into_iter().any(is_hidden);
        let counts_hidden = hidden.keys().any(|name| name.starts_with("confusion."));
        for figure in Figure::ALL {
            let counted = !matches!(
                figure,
                Figure::RocAuc
                    | Figure::PrAuc
                    | Figure::LogLoss
                    | Figure::Brier
                    | Figure::Ece
                    | Figure::EceMass
            );
            // A share of counts is the counts again.
            let gone = few_tests || counted && (counts_hidden || rule.method == Method::Round);
            if gone && card.metrics.remove(figure.name()).is_some() {
                hidden.insert(format!("metrics.{}", figure.name()), Mark::Hidden);
            }
        }
        card.curve = if few_tests { Vec::new() } else { thinned(self, rule) };
        card.calibration = if few_tests { Vec::new() } else { joined(self, rule) };
        if few_tests && !card.beside.is_empty() {
            card.beside.clear();
            hidden.insert("beside".to_owned(), Mark::Hidden);
        }
        for (at, (_, changed, dropped)) in card.steps.iter_mut().enumerate() {
            for (name, count) in [("cells", changed), ("dropped", dropped)] {
                let name = format!("steps.{at}.{name}");
                if rule.method == Method::Round && name.ends_with("cells") {
                    *count = nearest(*count, rule);
                } else if rule.is_small(*count) && rule.method == Method::Suppress {
                    hidden.insert(name, Mark::Less);
                    *count = 0;
                }
            }
        }
        if rule.is_small(card.valid_rows as u64) || is_small_side(&hidden, "valid_rows") {
            card.history.clear();
        }
        if let Some(refit) = &mut card.refit {
            if rule.is_small(refit.customers) && rule.method == Method::Suppress {
                hidden.insert("refit.customers".to_owned(), Mark::Less);
                refit.customers = 0;
            } else if rule.method == Method::Round {
                refit.customers = nearest(refit.customers, rule);
            }
        }
        if let Some(promise) = &mut card.promise {
            match rule.method {
                Method::Round => promise.rows = nearest(promise.rows as u64, rule) as usize,
                Method::Suppress if hidden.contains_key("train_rows") => promise.rows = 0,
                Method::Suppress => {}
            }
        }
        card.slices = shared_slices(self, rule, &mut hidden);
        for period in &mut card.periods {
            // The first and the last day are one customer's; the months are many's.
            for day in [&mut period.from, &mut period.to] {
                day.truncate(day.char_indices().nth(7).map_or(day.len(), |(at, _)| at));
            }
        }
        card.cells = Some(CardCells { rule, hidden, holds });
        card.sealed()
    }

    /// What is written for a field of the card: [`Mark::Plain`] where nothing is left out.
    pub fn mark(&self, name: &str) -> Mark {
        self.cells.as_ref().and_then(|cells| cells.hidden.get(name)).copied().unwrap_or_default()
    }

    /// Puts another count in the place of each named one that `other` has something for.
    fn set_counts(&mut self, other: impl Fn(&str) -> Option<u64>) {
        let rows = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        for (name, count) in [
            ("rows", &mut self.rows),
            ("train_rows", &mut self.train_rows),
            ("valid_rows", &mut self.valid_rows),
            ("test_rows", &mut self.test_rows),
        ] {
            *count = other(name).map_or(*count, rows);
        }
        self.test_positives = other("test_positives").unwrap_or(self.test_positives);
        let Confusion { true_positive, false_positive, false_negative, true_negative } = &mut self.confusion;
        for (name, count) in [
            ("confusion.true_positive", true_positive),
            ("confusion.false_positive", false_positive),
            ("confusion.false_negative", false_negative),
            ("confusion.true_negative", true_negative),
        ] {
            *count = other(name).unwrap_or(*count);
        }
        for (at, (_, _, dropped)) in self.steps.iter_mut().enumerate() {
            *dropped = other(&format!("steps.{at}.dropped")).unwrap_or(*dropped);
        }
    }
}

fn found_plain(places: &Places, found: &Suppressed, name: &str) -> bool {
    places.place(name).is_none_or(|at| found.mark(at) == Mark::Plain)
}

fn is_small_side(hidden: &BTreeMap<String, Mark>, name: &str) -> bool {
    hidden.get(name) == Some(&Mark::Less)
}

/// The nearest multiple of the least size.
fn nearest(count: u64, rule: Rule) -> u64 {
    let k = rule.k();
    (count + k / 2) / k * k
}

fn coarse(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// The curve in steps of at least the least size, of either outcome.
fn thinned(card: &Card, rule: Rule) -> Vec<OperatingPoint> {
    let (yes, no) = (card.test_positives as f64, card.test_rows as f64 - card.test_positives as f64);
    let counted = |point: &OperatingPoint| Step {
        yes: (point.recall * yes).round().max(0.0) as u64,
        no: (point.false_positive_rate * no).round().max(0.0) as u64,
    };
    let steps: Vec<Step> = card.curve.iter().map(counted).collect();
    let kept = cells::steps(&steps, rule).unwrap_or_default();
    let made = |point: &OperatingPoint| {
        let mut point = *point;
        if point.threshold <= 1.0 {
            point.threshold = coarse(point.threshold, THRESHOLD_PARTS);
        }
        if rule.method == Method::Round {
            for value in [
                &mut point.flagged,
                &mut point.recall,
                &mut point.false_positive_rate,
                &mut point.precision,
                &mut point.lift,
            ] {
                *value = coarse(*value, SHARE_PARTS);
            }
        }
        point
    };
    let mut points: Vec<OperatingPoint> =
        kept.into_iter().filter_map(|at| card.curve.get(at)).map(made).collect();
    // Everybody is flagged from the lowest probability on, which is one customer's.
    if let Some(last) = points.last_mut() {
        last.threshold = 0.0;
    }
    points
}

/// The calibration curve with bins joined until each holds nobody or enough of either outcome.
fn joined(card: &Card, rule: Rule) -> Vec<crate::evaluate::CalibrationBin> {
    let hits = |bin: &crate::evaluate::CalibrationBin| {
        ((bin.observed.value * bin.rows as f64).round().max(0.0) as u64).min(bin.rows)
    };
    let counts: Vec<Step> =
        card.calibration.iter().map(|bin| Step { yes: hits(bin), no: bin.rows - hits(bin) }).collect();
    let bins = cells::bins(&counts, rule).into_iter().filter_map(|range| {
        let bins = card.calibration.get(range)?;
        let rows: u64 = bins.iter().map(|bin| bin.rows).sum();
        let said: f64 = bins.iter().map(|bin| bin.predicted * bin.rows as f64).sum();
        let mut observed = metrics::proportion(bins.iter().map(hits).sum(), rows);
        let mut told = rows;
        if rule.method == Method::Round {
            let Estimate { value, low, high } = observed;
            let [value, low, high] = [value, low, high].map(|share| coarse(share, SHARE_PARTS));
            observed = Estimate { value, low, high };
            told = nearest(rows, rule);
        }
        let predicted = said / rows.max(1) as f64;
        Some(crate::evaluate::CalibrationBin { predicted, observed, rows: told })
    });
    bins.collect()
}

/// Parts of the test rows overlap, so their sizes are rounded under either method; a part that is small, or
/// whose figure counts few, goes.
fn shared_slices(card: &Card, rule: Rule, hidden: &mut BTreeMap<String, Mark>) -> Option<Vec<CardSlice>> {
    let all = card.slices.as_ref()?;
    let mut kept = Vec::new();
    for (at, slice) in all.iter().enumerate() {
        let counts_few = Figure::Recall.name() == slice.metric
            && trials(slice.estimate, slice.rows).is_none_or(|(hits, of)| {
                let rest = card.test_positives.saturating_sub(of);
                [of, hits, of - hits, rest].into_iter().any(|count| rule.is_small(count))
            });
        if rule.is_small(slice.rows) || counts_few {
            hidden.insert(format!("slices.{at}"), Mark::Hidden);
        } else {
            kept.push(CardSlice { rows: nearest(slice.rows, rule), ..slice.clone() });
        }
    }
    Some(kept).filter(|kept| !kept.is_empty())
}

/// Of how many a share is, and how many they are, as Wilson's interval gives it away.
fn trials(of: Estimate, most: u64) -> Option<(u64, u64)> {
    (1..=most).find_map(|trials| {
        let hits = (of.value * trials as f64).round() as u64;
        let by = metrics::proportion(hits.min(trials), trials);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        (near(by.value, of.value) && near(by.low, of.low) && near(by.high, of.high)).then_some((hits, trials))
    })
}

impl Bundle {
    /// The bundle without small groups in its card, in the spread of its columns and among the values that
    /// can be asked about. It scores as before. What the recipe, the encoders and the model have learnt stays.
    pub fn shared(&self, rule: Rule, seed: u64) -> Self {
        let rule = rule.sound();
        let mut bundle = self.clone();
        bundle.card = self.card.as_ref().map(|card| card.shared(rule, seed));
        for (at, profile) in bundle.profiles.iter_mut().chain(&mut bundle.scores).enumerate() {
            *profile = shared_profile(profile, rule, seed.wrapping_add(at as u64));
        }
        let profiles = std::mem::take(&mut bundle.profiles);
        bundle.choices.retain_mut(|choice| {
            let of = profiles.iter().find(|profile| profile.column == choice.column);
            shared_choice(choice, of, rule);
            choice.values.len() > 1
        });
        bundle.profiles = profiles;
        bundle
    }
}

/// Bins and levels of nobody or enough, with rounded counts.
fn shared_profile(profile: &Profile, rule: Rule, seed: u64) -> Profile {
    let mut out = profile.clone();
    let present = profile.present() as u64;
    let count = |share: &f64| (share * present as f64).round().max(0.0) as u64;
    let (spread, counts) = match &profile.spread {
        Spread::Numbers { edges, shares } => {
            let counts: Vec<Step> = shares.iter().map(|share| Step { yes: count(share), no: 0 }).collect();
            let ranges = cells::bins(&counts, rule);
            let last = ranges.len().saturating_sub(1);
            let ends = ranges.iter().take(last).filter_map(|range| edges.get(range.end - 1).copied());
            let sum = |range: &std::ops::Range<usize>| {
                counts.get(range.clone()).unwrap_or_default().iter().map(|step| step.yes).sum::<u64>()
            };
            let sums: Vec<u64> =
                if ranges.is_empty() { vec![present] } else { ranges.iter().map(sum).collect() };
            (Spread::Numbers { edges: ends.collect(), shares: Vec::new() }, sums)
        }
        Spread::Levels { levels, shares } => {
            let known = levels.iter().zip(shares.iter().map(count));
            let (kept, few): (Vec<_>, Vec<_>) = known.partition(|(_, count)| !rule.is_small(*count));
            let other = shares.get(levels.len()).map_or(0, count) + few.iter().map(|(_, n)| *n).sum::<u64>();
            let sums = kept.iter().map(|(_, count)| *count).chain([other]).collect();
            let levels: Vec<String> = kept.into_iter().map(|(level, _)| level.clone()).collect();
            if !levels.contains(&profile.usual) {
                out.usual = String::new();
            }
            (Spread::Levels { levels, shares: Vec::new() }, sums)
        }
    };
    let rows = profile.rows as u64;
    let holes = rows.saturating_sub(present);
    let all: Vec<u64> = counts.iter().copied().chain([holes]).collect();
    let mut rounded = cells::round(&Web::parts(&all, false), rule.k(), seed);
    // Others there were, however few: a level that is not named is not a new one.
    let other = counts.len().saturating_sub(1);
    if let (Spread::Levels { .. }, Some(of), Some(was)) = (&spread, rounded.get_mut(other), counts.get(other))
        && *was > 0
    {
        *of = (*of).max(rule.k());
    }
    let told: u64 = rounded.iter().take(counts.len()).sum();
    let missing = rounded.get(counts.len()).copied().unwrap_or(0);
    let shares: Vec<f64> =
        rounded.iter().take(counts.len()).map(|n| *n as f64 / told.max(1) as f64).collect();
    out.spread = match spread {
        Spread::Numbers { edges, .. } => Spread::Numbers { edges, shares },
        Spread::Levels { levels, .. } => Spread::Levels { levels, shares },
    };
    out.rows = usize::try_from(told + missing).unwrap_or(usize::MAX);
    out.missing = missing as f64 / (told + missing).max(1) as f64;
    out.fine = profile.fine.as_ref().and_then(|fine| shared_fine(fine, present, rule));
    out
}

fn shared_fine(fine: &Fine, present: u64, rule: Rule) -> Option<Fine> {
    let count = |share: &f64| Step { yes: (share * present as f64).round().max(0.0) as u64, no: 0 };
    let ends = [Step::default(), Step { yes: present, no: 0 }];
    let steps: Vec<Step> = ends[..1]
        .iter()
        .copied()
        .chain(fine.reached.iter().map(count))
        .chain(ends[1..].iter().copied())
        .collect();
    let kept = cells::steps(&steps, rule)?;
    let cuts: Vec<(f64, f64)> = kept
        .into_iter()
        .filter_map(|at| at.checked_sub(1))
        .filter_map(|at| Some((*fine.cuts.get(at)?, *fine.reached.get(at)?)))
        .map(|(cut, reached)| (cut, coarse(reached, SHARE_PARTS)))
        .collect();
    let (cuts, reached) = cuts.into_iter().unzip();
    // The ends of the range have four customers beyond them.
    let range = fine.range.filter(|_| rule.least <= Rule::USUAL);
    Some(Fine { cuts, reached, range })
}

/// Words of enough customers, and numbers that enough customers lie beyond.
fn shared_choice(choice: &mut Choice, profile: Option<&Profile>, rule: Rule) {
    match &mut choice.values {
        Values::Levels { values } => {
            let known = profile.and_then(|profile| match &profile.spread {
                Spread::Levels { levels, .. } => Some(levels),
                Spread::Numbers { .. } => None,
            });
            values.retain(|(word, _)| known.is_some_and(|known| known.contains(word)));
        }
        Values::Numbers { values, .. } => {
            // What the profile tells has enough customers at either end. Values are told once, however many have
            // them: to count them off would hide an end that hundreds share, and call it strange.
            let fine = profile.and_then(|profile| profile.fine.as_ref());
            let ends = fine.and_then(|fine| fine.range.or(Some((*fine.cuts.first()?, *fine.cuts.last()?))));
            if let Some((low, high)) = ends {
                values.retain(|(value, _)| (low..=high).contains(value));
                return;
            }
            let rows = profile.map_or(0, Profile::present).max(1);
            let least = rule.least as usize;
            let ends = (least * values.len()).div_ceil(rows).max(1).min(values.len() / 2 + 1);
            values.drain(..ends.min(values.len()));
            values.truncate(values.len().saturating_sub(ends));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends of a column's numbers in what is handed on.
    fn ends(mut cells: Vec<f64>, rule: Rule) -> Vec<f64> {
        cells.sort_by(f64::total_cmp);
        let spread = Spread::Numbers { edges: vec![2.0], shares: vec![0.5, 0.5] };
        let fine = Fine::of(&cells);
        let (column, usual) = ("tickets".to_owned(), "1".to_owned());
        let profile =
            Profile { column: column.clone(), rows: cells.len(), missing: 0.0, usual, spread, fine };
        cells.dedup();
        let values = cells.iter().map(|cell| (*cell, cell.to_string())).collect();
        let mut choice = Choice { column, values: Values::Numbers { spread: 1.0, values } };
        shared_choice(&mut choice, Some(&shared_profile(&profile, rule, 1)), rule);
        let Values::Numbers { values, .. } = choice.values else { return Vec::new() };
        values.into_iter().map(|(value, _)| value).collect()
    }

    #[test]
    fn an_end_that_many_share_is_told_and_that_of_a_few_is_not() {
        let many = |value: f64, times: usize| std::iter::repeat_n(value, times);
        let cells: Vec<f64> =
            many(0.0, 300).chain(many(1.0, 90)).chain(many(2.0, 30)).chain(many(3.0, 5)).collect();
        assert_eq!(ends(cells.clone(), Rule::default()), [0.0, 1.0, 2.0, 3.0]);
        // Four who had 9, and one who had none to speak of.
        let odd: Vec<f64> = cells.into_iter().chain(many(9.0, 4)).chain([-1.0]).collect();
        assert_eq!(ends(odd.clone(), Rule::default()), [0.0, 1.0, 2.0, 3.0]);
        // Of a stricter rule no end with fewer than so many is left.
        let strict = ends(odd.clone(), Rule { least: 20, ..Rule::default() });
        let beyond = odd.iter().filter(|cell| **cell >= *strict.last().unwrap()).count();
        assert!(strict.contains(&0.0) && beyond >= 20, "{strict:?}");
    }
}
