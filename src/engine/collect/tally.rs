//! The different values of a column, counted: each is looked at once and then only counted, as long
//! as there are not too many of them. No allocation per cell.

use polars::prelude::*;

use super::distinct::Distinct;
use super::facts::{CHECKED, Facts, LEVELS_COUNTED, LEVELS_SHOWN};
use crate::detect::{missing, words};
use crate::job::Reporter;

/// Different values beyond which the counts of single ones tell nothing and are left alone.
const LEVELS_FOLLOWED: usize = 5 * LEVELS_COUNTED;
/// Values after which a column without dates is asked no more for them.
const DATES_TRIED: u64 = 500;

/// Two dates that one value reads as: day first, month first.
type Step = (i64, i64);

/// Gathers the facts of one column, batch by batch, in the order of the rows.
pub(super) struct Tally {
    facts: Facts,
    /// Rows so far, and the place or number of the last.
    next: usize,
    at: usize,
    dates_hopeless: bool,
    /// Marks that may be values: `NA`, `无`.
    na: u64,
    without: u64,
    /// The different values, until there are too many.
    values: Option<Dictionary>,
    /// Values with their counts, once there are too many to follow.
    frozen: Vec<(String, u64)>,
    distinct: Distinct,
}

impl Tally {
    pub fn new() -> Self {
        Self::with(Distinct::default())
    }

    /// A tally in bounded memory, however many rows come.
    pub fn bounded() -> Self {
        Self::with(Distinct::bounded())
    }

    fn with(distinct: Distinct) -> Self {
        Self {
            facts: Facts::default(),
            next: 0,
            at: 0,
            dates_hopeless: false,
            na: 0,
            without: 0,
            values: Some(Dictionary::new()),
            frozen: Vec::new(),
            distinct,
        }
    }

    /// Takes the next rows; `rows` are the numbers under which examples are remembered, the places in
    /// the column where it is `None`.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn feed(
        &mut self,
        text: &StringChunked,
        rows: Option<&[u32]>,
        report: &Reporter,
    ) -> crate::Result<()> {
        let mut rows = rows.map(|rows| rows.iter());
        for (array, validity) in text.downcast_iter().zip(text.iter_validities()) {
            let validity = validity.filter(|validity| validity.unset_bits() > 0);
            for (i, view) in array.views().iter().enumerate() {
                if self.next.is_multiple_of(CHECKED) {
                    report.check()?;
                }
                self.at = match &mut rows {
                    Some(rows) => rows.next().map_or(self.at, |row| *row as usize),
                    None => self.next,
                };
                self.next += 1;
                if view.length == 0 || validity.is_some_and(|validity| !validity.get_bit(i)) {
                    self.facts.missing += 1;
                    continue;
                }
                // Up to twelve bytes a view holds the whole text: equal views are equal texts.
                let key = if view.is_inline() { view.as_u128() } else { key_of(array.value(i)) };
                if self.values.is_none() {
                    self.many(key, array.value(i));
                } else if !self.counted(key) {
                    self.new_value(key, array.value(i));
                }
            }
        }
        Ok(())
    }

    /// One more of a known value; `false` where it is not known.
    #[inline]
    fn counted(&mut self, key: u128) -> bool {
        let Some(entry) = self.values.as_mut().and_then(|values| values.find(key)) else { return false };
        entry.count += 1;
        self.facts.present += 1;
        self.facts.length += u64::from(key as u32);
        if self.facts.present <= DATES_TRIED {
            entry.looked += 1;
            let text = std::mem::take(&mut entry.text);
            self.look(&text);
            if let Some(entry) = self.values.as_mut().and_then(|values| values.find(key)) {
                entry.text = text;
            }
        } else if let Some(step) = entry.step
            && self.facts.is_course_open()
        {
            self.facts.step(step);
        }
        true
    }

    #[inline(never)]
    fn new_value(&mut self, key: u128, text: &str) {
        if self.is_missing(text) {
            return;
        }
        self.facts.present += 1;
        self.facts.length += text.len() as u64;
        let step = self.look(text);
        let at = self.at;
        let Some(values) = &mut self.values else { return };
        values.insert(Entry { key, text: text.to_owned(), at, count: 1, looked: 1, step });
        if values.entries.len() >= LEVELS_FOLLOWED {
            self.freeze();
        }
    }

    /// One of too many values to be counted one by one.
    #[inline]
    fn many(&mut self, key: u128, text: &str) {
        if self.is_missing(text) {
            return;
        }
        self.facts.present += 1;
        self.facts.length += text.len() as u64;
        self.distinct.push(hash_of(key));
        self.look(text);
    }

    #[inline]
    fn is_missing(&mut self, text: &str) -> bool {
        if text.as_bytes().first().is_some_and(u8::is_ascii_digit) || !missing::is_missing(text) {
            return false;
        }
        self.facts.missing += 1;
        if missing::may_be_value(text) {
            *if text.trim() == "NA" { &mut self.na } else { &mut self.without } += 1;
        }
        true
    }

    /// Looks at the value of the row that was counted last.
    #[inline]
    fn look(&mut self, text: &str) -> Option<Step> {
        let looked = self.facts.look(self.at, text, 1, self.dates_hopeless);
        if let Some(step) = looked.step {
            self.facts.step(step);
        }
        if looked.tried_date && self.has_few_dates() && self.gives_up_dates() {
            return None;
        }
        looked.step
    }

    fn has_few_dates(&self) -> bool {
        self.facts.present >= DATES_TRIED && self.facts.dates() * 10 < self.facts.present
    }

    /// Reading dates is slow; a column that shows none among its first values has none.
    #[cold]
    fn gives_up_dates(&mut self) -> bool {
        self.settle();
        self.dates_hopeless = self.has_few_dates();
        if self.dates_hopeless {
            for entry in self.values.iter_mut().flat_map(|values| &mut values.entries) {
                entry.step = Facts::default().look(entry.at, &entry.text, 1, true).step;
            }
        }
        self.dates_hopeless
    }

    /// Counts what was not looked at for all its rows.
    fn settle(&mut self) {
        // In the order in which they were met: examples are the first of their kind.
        for entry in self.values.iter_mut().flat_map(|values| &mut values.entries) {
            let more = entry.count - entry.looked;
            if more > 0 {
                self.facts.look(entry.at, &entry.text, more, self.dates_hopeless);
                entry.looked = entry.count;
            }
        }
    }

    /// Follows single values no more.
    fn freeze(&mut self) {
        self.settle();
        let Some(values) = self.values.take() else { return };
        for entry in &values.entries {
            self.distinct.push(hash_of(entry.key));
        }
        let kept = values.entries.into_iter().take(LEVELS_COUNTED);
        self.frozen = kept.map(|entry| (entry.text, entry.count)).collect();
    }

    /// The facts of all rows, and whether the number of different values is an estimate.
    pub fn finish(mut self, name: &str) -> (Facts, bool) {
        self.freeze();
        let Self { facts: mut f, mut frozen, distinct, na, without, .. } = self;
        let (count, is_estimate) = distinct.count();
        f.distinct = count;
        f.forget_code();
        let only = |wanted: &str| frozen.iter().all(|(value, _)| value.trim() == wanted);
        // Two-letter country codes: NA is Namibia, not a hole. 有 and 无 are yes and no.
        let kept = if na > 0 && f.present > 0 && f.has_letter_pairs() && !words::is_contact_name(name) {
            Some(("NA", na))
        } else if without > 0 && f.distinct == 1 && only("有") {
            Some(("无", without))
        } else {
            None
        };
        if let Some((mark, count)) = kept {
            f.missing -= count;
            f.present += count;
            f.distinct += 1;
            frozen.push((mark.to_owned(), count));
            f.keep_na = true;
        }
        let mut levels: Vec<(String, u64)> =
            frozen.into_iter().map(|(value, n)| (value.chars().take(80).collect(), n)).collect();
        levels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        levels.truncate(LEVELS_SHOWN);
        f.levels = levels;
        (f, is_estimate)
    }
}

/// A different value.
struct Entry {
    key: u128,
    text: String,
    /// The place of its first row.
    at: usize,
    count: u64,
    /// Rows for which it was looked at.
    looked: u64,
    /// The dates that it reads as, for their course from row to row.
    step: Option<Step>,
}

/// Different values by their keys: an open table whose places say where in the list an entry stands.
struct Dictionary {
    /// The key and the place in `entries`; a key of 0 is an empty place.
    places: Vec<(u128, u32)>,
    entries: Vec<Entry>,
}

impl Dictionary {
    fn new() -> Self {
        Self { places: vec![(0, 0); 64], entries: Vec::new() }
    }

    #[inline]
    fn find(&mut self, key: u128) -> Option<&mut Entry> {
        let mask = self.places.len() - 1;
        let mut at = quick_hash(key) as usize & mask;
        loop {
            match *self.places.get(at)? {
                (0, _) => return None,
                (known, entry) if known == key => return self.entries.get_mut(entry as usize),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn insert(&mut self, entry: Entry) {
        self.put(entry.key, self.entries.len() as u32);
        self.entries.push(entry);
        if self.entries.len() * 2 > self.places.len() {
            self.places = vec![(0, 0); self.places.len() * 4];
            for at in 0..self.entries.len() {
                let key = self.entries.get(at).map_or(0, |entry| entry.key);
                self.put(key, at as u32);
            }
        }
    }

    fn put(&mut self, key: u128, entry: u32) {
        let mask = self.places.len() - 1;
        let mut at = quick_hash(key) as usize & mask;
        while self.places.get(at).is_some_and(|(known, _)| *known != 0) {
            at = (at + 1) & mask;
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = (key, entry);
        }
    }
}

/// The key of a text that does not fit into a view: its length, as in a view, and its hash.
fn key_of(text: &str) -> u128 {
    let mut hash = 0x243f_6a88_85a3_08d3_u64;
    let mut chunks = text.as_bytes().chunks_exact(16);
    for chunk in &mut chunks {
        hash = hash_of(u128::from_le_bytes(chunk.try_into().unwrap_or_default()) ^ u128::from(hash));
    }
    let mut rest = [0; 16];
    for (to, from) in rest.iter_mut().zip(chunks.remainder()) {
        *to = *from;
    }
    hash = hash_of(u128::from_le_bytes(rest) ^ u128::from(hash));
    (u128::from(hash) << 64) | text.len() as u128
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn quick_hash(key: u128) -> u64 {
    fold(key as u64 ^ 0x9e37_79b9_7f4a_7c15, (key >> 64) as u64 ^ 0xd1b5_4a32_d192_ed03)
}

/// A hash in which every bit depends on every bit.
#[inline]
pub(super) fn hash_of(key: u128) -> u64 {
    let once = quick_hash(key);
    fold(once ^ 0xa076_1d64_78bd_642f, key as u64 ^ (key >> 64) as u64 ^ 0xe703_7ed1_a0b4_28db)
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
