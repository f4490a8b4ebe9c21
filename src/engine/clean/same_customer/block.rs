//! Which rows are worth comparing: several passes, each of which puts rows with one key side by
//! side, so that work grows with the rows and not with their square. What two rows of one customer
//! write differently in one pass brings them together in another. Groups that are too large are
//! split by a second field and told of.

use std::collections::HashSet;
use std::ops::Range;

use rayon::prelude::*;
use serde::Serialize;

use super::FieldKind;
use super::normal::soundex;
use super::values::{Comparison, Prepared, hash, per_row, sorted};
use crate::job::{Cancelled, Reporter};

/// Rows of a group that are all compared with each other.
const FULL: usize = 50;
/// Neighbours that a row is compared with where a group is too large even after a split.
const NEIGHBOURS: usize = 8;
/// Neighbours in the order of a field's text.
const WINDOW: usize = 4;
/// Places in a pass that are worked on between two looks at the cancel flag.
const CHUNK: usize = 512;

/// One key a row; 0 for none.
type Lane = Vec<u32>;

enum Pass {
    /// Rows that share a key in any of these lanes.
    Keyed { name: &'static str, lanes: Range<usize> },
    /// Rows near each other in the order of a comparison's text.
    Sorted { comparison: usize },
}

/// Groups of a pass that were too large to compare in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedBlock {
    /// `email`, `phone`, `name_letters`, …
    pub pass: &'static str,
    pub groups: u64,
    pub rows: u64,
}

/// The passes over prepared rows.
pub(super) struct Blocks {
    passes: Vec<Pass>,
    keys: Keys,
}

/// The keys of all lanes, those of one row side by side: pairs are looked up row by row.
struct Keys {
    keys: Vec<u32>,
    lanes: usize,
}

impl Keys {
    fn new(lanes: &[Lane], height: u32, report: &Reporter) -> Result<Self, Cancelled> {
        let mut keys = Vec::with_capacity(height as usize * lanes.len());
        for row in 0..height as usize {
            if row % CHUNK == 0 {
                report.check()?;
            }
            keys.extend(lanes.iter().map(|lane| lane.get(row).copied().unwrap_or(0)));
        }
        Ok(Self { keys, lanes: lanes.len() })
    }

    fn of(&self, row: u32, lanes: &Range<usize>) -> &[u32] {
        let from = row as usize * self.lanes;
        self.keys.get(from + lanes.start..from + lanes.end).unwrap_or_default()
    }
}

/// What a search came to.
pub(super) struct Searched<T> {
    pub(super) found: Vec<T>,
    /// Pairs that were looked at.
    pub(super) candidates: u64,
    pub(super) skipped: Vec<SkippedBlock>,
}

impl Blocks {
    pub(super) fn new(data: &Prepared, report: &Reporter) -> Result<Self, Cancelled> {
        let (mut passes, mut all): (Vec<Pass>, Vec<Lane>) = (Vec::new(), Vec::new());
        for (at, comparison) in data.comparisons.iter().enumerate() {
            let mut lane = |name: &'static str, keys: &[&(dyn Fn(&str) -> u32 + Sync)]| {
                let of = |key: &(dyn Fn(&str) -> u32 + Sync)| {
                    per_row(data.height(), report, |row| match comparison.values.of_row(row) {
                        "" => 0,
                        text => key(text),
                    })
                };
                let from = all.len();
                for key in keys {
                    all.push(of(*key)?);
                }
                passes.push(Pass::Keyed { name, lanes: from..all.len() });
                Ok(())
            };
            match comparison.kind {
                FieldKind::Email => {
                    lane("email", &[&|text| key(&[text])])?;
                    lane("email_user", &[&|text| long_key(text.split('@').next(), 4)])?;
                }
                FieldKind::Phone => {
                    let tail = |number: Option<&str>| {
                        number
                            .map(|n| n.get(n.len().saturating_sub(7)..).unwrap_or(n))
                            .map_or(0, |n| key(&[n]))
                    };
                    lane(
                        "phone",
                        &[&|text| tail(text.split(' ').next()), &|text| tail(text.split(' ').nth(1))],
                    )?;
                }
                FieldKind::Name => {
                    lane("name_letters", &[&letters])?;
                    lane("name_sound", &[&sounds])?;
                    lane("name_start", &[&starts])?;
                }
                FieldKind::Company => {
                    lane("company_letters", &[&letters])?;
                    lane("company_start", &[&|text| key(&[&head(&text.replace(' ', ""), 6)])])?;
                    lane("company_sound", &[&sounds])?;
                }
                FieldKind::Address => lane("address", &[&house])?,
                FieldKind::Exact => lane("exact", &[&|text| key(&[text])])?,
                FieldKind::Text => lane("text", &[&letters])?,
                FieldKind::Date | FieldKind::Postcode | FieldKind::Number => {}
            }
            if matches!(
                comparison.kind,
                FieldKind::Name | FieldKind::Company | FieldKind::Email | FieldKind::Text
            ) {
                passes.push(Pass::Sorted { comparison: at });
            }
        }
        let of_kind = |kind: FieldKind| data.comparisons.iter().find(|comparison| comparison.kind == kind);
        let who = of_kind(FieldKind::Name).or(of_kind(FieldKind::Company));
        for (name, kind) in [
            ("name_birth", FieldKind::Date),
            ("name_postcode", FieldKind::Postcode),
            ("name_house", FieldKind::Address),
        ] {
            if let (Some(who), Some(with)) = (who, of_kind(kind)) {
                let from = all.len();
                all.extend(word_lanes(data, who, with, report)?);
                passes.push(Pass::Keyed { name, lanes: from..all.len() });
            }
        }
        if passes.is_empty() {
            for comparison in &data.comparisons {
                let lane = per_row(data.height(), report, |row| match comparison.values.of_row(row) {
                    "" => 0,
                    text => key(&[text]),
                })?;
                passes.push(Pass::Keyed { name: "exact", lanes: all.len()..all.len() + 1 });
                all.push(lane);
            }
        }
        // Keyed passes first: they tell which pairs the neighbours need not look at again.
        passes.sort_by_key(|pass| matches!(pass, Pass::Sorted { .. }));
        Ok(Self { passes, keys: Keys::new(&all, data.height(), report)? })
    }

    /// Calls `visit` for every pair worth comparing, in parallel; pairs that two passes name are
    /// visited once as far as their keys tell, seldom twice. `progress` maps 0..1 to the job's whole.
    pub(super) fn search<T: Send>(
        &self,
        data: &Prepared,
        report: &Reporter,
        progress: Range<f64>,
        visit: impl Fn(u32, u32) -> Option<T> + Sync,
    ) -> Result<Searched<T>, Cancelled> {
        let mut out = Searched { found: Vec::new(), candidates: 0, skipped: Vec::new() };
        let mut full: Vec<HashSet<u32>> = Vec::new();
        for (at, pass) in self.passes.iter().enumerate() {
            let share = at as f64 / self.passes.len() as f64;
            report.progress(progress.start + (progress.end - progress.start) * share);
            let line = pass.line(data, &self.keys, report)?;
            let found: Vec<(Vec<T>, u64)> = (0..line.rows.len())
                .into_par_iter()
                .step_by(CHUNK)
                .map(|from| {
                    report.check()?;
                    let (mut found, mut seen) = (Vec::new(), 0);
                    for place in from..(from + CHUNK).min(line.rows.len()) {
                        for (a, b) in line.pairs(place) {
                            if a == b || self.known(a, b, at, &full) {
                                continue;
                            }
                            seen += 1;
                            found.extend(visit(a.min(b), a.max(b)));
                        }
                    }
                    Ok((found, seen))
                })
                .collect::<Result<_, Cancelled>>()?;
            for (list, seen) in found {
                out.found.extend(list);
                out.candidates += seen;
            }
            if line.skipped.groups > 0 {
                out.skipped.push(line.skipped);
            }
            full.push(line.split);
        }
        Ok(out)
    }

    /// True for a pair that an earlier pass has compared.
    fn known(&self, a: u32, b: u32, before: usize, full: &[HashSet<u32>]) -> bool {
        self.passes.iter().take(before).zip(full).any(|(pass, split)| {
            let Pass::Keyed { lanes, .. } = pass else { return false };
            let (mine, theirs) = (self.keys.of(a, lanes), self.keys.of(b, lanes));
            mine.iter().any(|key| *key != 0 && theirs.contains(key) && !split.contains(key))
        })
    }
}

/// Rows in the order of a pass, and up to where each is compared.
struct Line {
    rows: Vec<u32>,
    until: Vec<usize>,
    /// Keys whose groups were split.
    split: HashSet<u32>,
    skipped: SkippedBlock,
}

impl Line {
    fn pairs(&self, place: usize) -> impl Iterator<Item = (u32, u32)> {
        let a = self.rows.get(place).copied().unwrap_or(0);
        let until = self.until.get(place).copied().unwrap_or(0);
        self.rows.get(place + 1..until).unwrap_or_default().iter().map(move |b| (a, *b))
    }

    /// Adds a group: in full, or where it is too large each row with its next neighbours.
    fn group(&mut self, rows: impl ExactSizeIterator<Item = u32>, window: usize) {
        let from = self.rows.len();
        let end = from + rows.len();
        self.rows.extend(rows);
        self.until.extend((from..end).map(|place| place.saturating_add(window).saturating_add(1).min(end)));
    }
}

impl Pass {
    fn line(&self, data: &Prepared, keys: &Keys, report: &Reporter) -> Result<Line, Cancelled> {
        let name = match self {
            Self::Keyed { name, .. } => name,
            Self::Sorted { .. } => "sorted",
        };
        let skipped = SkippedBlock { pass: name, groups: 0, rows: 0 };
        let mut line = Line { rows: Vec::new(), until: Vec::new(), split: HashSet::new(), skipped };
        match self {
            Self::Sorted { comparison } => {
                let Some(comparison) = data.comparisons.get(*comparison) else { return Ok(line) };
                let rows: Vec<(&str, u32)> = (0..data.height())
                    .map(|row| (latin(comparison.values.of_row(row)), row))
                    .filter(|(text, _)| !text.is_empty())
                    .collect();
                let first_two = |(text, _): &(&str, u32)| match text.as_bytes() {
                    [a, b, ..] => usize::from(u16::from_be_bytes([*a, *b])),
                    [a] => usize::from(u16::from_be_bytes([*a, 0])),
                    [] => 0,
                };
                line.group(sorted(rows, first_two, report)?.into_iter().map(|(_, row)| row), WINDOW);
            }
            Self::Keyed { lanes, .. } => {
                let entries = (0..data.height())
                    .flat_map(|row| keys.of(row, lanes).iter().map(move |key| (*key, row)))
                    .filter(|(key, _)| *key != 0)
                    .collect();
                let mut entries = sorted(entries, |(key, _)| (key >> 16) as usize, report)?;
                entries.dedup();
                for block in entries.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
                    report.check()?;
                    if block.len() <= FULL {
                        line.group(block.iter().map(|entry| entry.1), FULL);
                        continue;
                    }
                    line.split.extend(block.first().map(|entry| entry.0));
                    line.skipped.groups += 1;
                    line.skipped.rows += block.len() as u64;
                    for comparison in &data.comparisons {
                        split(block, comparison, &mut line);
                    }
                }
            }
        }
        Ok(line)
    }
}

/// Splits a group that is too large by a second field; parts that are still too large are compared
/// with their neighbours only.
fn split(block: &[(u32, u32)], comparison: &Comparison, line: &mut Line) {
    let of = |row: u32| Some((comparison.values.of(row)?, row));
    let mut parts: Vec<(u32, u32)> = block.iter().filter_map(|entry| of(entry.1)).collect();
    parts.sort_unstable_by_key(|(id, row)| (comparison.values.text(*id), *row));
    for part in parts.chunk_by(|a, b| a.0 == b.0).filter(|part| part.len() > 1) {
        let window = if part.len() <= FULL { FULL } else { NEIGHBOURS };
        line.group(part.iter().map(|(_, row)| *row), window);
    }
}

/// A key of texts, never 0.
fn key(parts: &[&str]) -> u32 {
    (hash(parts) as u32).max(1)
}

fn long_key(text: Option<&str>, least: usize) -> u32 {
    text.filter(|text| text.len() >= least).map_or(0, |text| key(&[text]))
}

fn head(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The words of a name in Latin letters (its text is `native|words`); other texts as they are.
fn latin(text: &str) -> &str {
    text.split_once('|').map_or(text, |(_, words)| words)
}

/// Words of at least two letters.
fn whole_words(text: &str) -> impl Iterator<Item = &str> {
    latin(text).split(' ').filter(|word| word.chars().count() > 1)
}

/// The letters of all words in alphabetical order: neither the order of words nor their separation
/// matters.
fn letters(text: &str) -> u32 {
    let mut letters: Vec<char> = whole_words(text).flat_map(str::chars).collect();
    letters.sort_unstable();
    long_key(Some(&letters.into_iter().collect::<String>()), 4)
}

/// The sounds of the words, in alphabetical order.
fn sounds(text: &str) -> u32 {
    several(whole_words(text).map(soundex))
}

/// The first three letters of the words, in alphabetical order.
fn starts(text: &str) -> u32 {
    several(whole_words(text).map(|word| head(word, 3)))
}

fn several(parts: impl Iterator<Item = String>) -> u32 {
    let mut parts: Vec<String> = parts.collect();
    parts.sort();
    if parts.len() < 2 { 0 } else { key(&[&parts.join(" ")]) }
}

/// House number and the beginning of the longest word of an address.
fn house(text: &str) -> u32 {
    let (numbers, words) = text.split_once('|').unwrap_or(("", text));
    let Some(number) = numbers.split(' ').min().filter(|number| !number.is_empty()) else { return 0 };
    let letters: String = words.split(' ').filter(|word| *word != "street").collect();
    key(&[number, &head(&letters, 4)])
}

/// Words of a name for which a row gets a key of its own.
const WORD_LANES: usize = 3;

/// The sound of each word of the name, together with a second field.
fn word_lanes(
    data: &Prepared,
    who: &Comparison,
    with: &Comparison,
    report: &Reporter,
) -> Result<Vec<Lane>, Cancelled> {
    let lane = |nth: usize| {
        per_row(data.height(), report, |row| {
            let second = match with.values.of_row(row) {
                // Of an address the house number, which is spelt in one way only.
                text if with.kind == FieldKind::Address => text.split('|').next().unwrap_or_default(),
                text => text,
            };
            match whole_words(who.values.of_row(row)).nth(nth) {
                Some(word) if !second.is_empty() => key(&[&soundex(word), second]),
                _ => 0,
            }
        })
    };
    (0..WORD_LANES).map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_bring_writings_together() {
        assert_eq!(letters("|ming wang xiao"), letters("|wang xiaoming"));
        assert_eq!(sounds("|robert smith"), sounds("|rupert smyth"));
        assert_ne!(sounds("|robert smith"), sounds("|robert jones"));
        assert_eq!(sounds("|smith"), 0, "one word is no key");
        assert_eq!(house("12|main street"), house("12|mainz street"));
        assert_eq!(house("|main street"), 0);
    }

    #[test]
    fn a_group_is_compared_in_full_or_with_neighbours() {
        let skipped = SkippedBlock { pass: "test", groups: 0, rows: 0 };
        let mut line = Line { rows: Vec::new(), until: Vec::new(), split: HashSet::new(), skipped };
        line.group([7, 8, 9].into_iter(), FULL);
        line.group([1, 2, 3].into_iter(), 1);
        let pairs: Vec<(u32, u32)> = (0..line.rows.len()).flat_map(|place| line.pairs(place)).collect();
        assert_eq!(pairs, [(7, 8), (7, 9), (8, 9), (1, 2), (2, 3)]);
    }
}
