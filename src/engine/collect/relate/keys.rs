//! The keys of a column, as 64-bit hashes of their plain form: two different keys share one with
//! chance 2⁻⁶⁴ a pair.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use polars::prelude::{PlFixedStateQuality, PlHashMap};

use crate::detect::missing;
use crate::job::Reporter;
use crate::table::{Column, Table};

/// The hash that stands for "no key".
pub(crate) const BLANK: u64 = 0;
/// Rows between two looks at whether the person has cancelled.
const ROWS_PER_CHECK: usize = 8192;

/// Lets the person cancel a loop over rows.
pub(crate) fn check(at: usize, report: &Reporter) -> crate::Result<()> {
    if at.is_multiple_of(ROWS_PER_CHECK) {
        report.check()?;
    }
    Ok(())
}

/// A value without surrounding blanks; `None` where it stands for "no value".
pub(crate) fn value<'a>(column: &Column, text: Option<&'a str>) -> Option<&'a str> {
    let text = text?.trim();
    (!missing::is_missing(text) || column.keep_na && text == "NA").then_some(text)
}

/// The form in which keys are compared: `12.0` is `12`, mail addresses know no case; zeros in front
/// count.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if let Some((whole, zeros)) = text.split_once('.')
        && !whole.is_empty()
        && whole.bytes().all(|b| b.is_ascii_digit())
        && zeros.bytes().all(|b| b == b'0')
    {
        return Cow::Borrowed(whole);
    }
    if text.contains('@') { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
}

/// The hash of every row's key, [`BLANK`] where there is none. Length: rows of the table.
pub(crate) fn hashes(table: &Table, column: &Column, report: &Reporter) -> crate::Result<Vec<u64>> {
    let Some(text) = table.text(&column.name) else { return Ok(vec![BLANK; table.height()]) };
    let hasher = PlFixedStateQuality::default();
    let mut out = Vec::with_capacity(text.len());
    for (at, cell) in text.iter().enumerate() {
        check(at, report)?;
        out.push(value(column, cell).map_or(BLANK, |key| hasher.hash_one(plain(key).as_ref()).max(1)));
    }
    Ok(out)
}

/// How often each key of a column occurs.
pub(crate) struct Keys {
    pub counts: PlHashMap<u64, u32>,
    pub blank: u64,
    pub rows: u64,
}

impl Keys {
    pub fn of(table: &Table, column: &Column, report: &Reporter) -> crate::Result<Self> {
        let hashes = hashes(table, column, report)?;
        let mut keys = Self { counts: PlHashMap::default(), blank: 0, rows: hashes.len() as u64 };
        for (at, hash) in hashes.into_iter().enumerate() {
            check(at, report)?;
            if hash == BLANK {
                keys.blank += 1;
            } else {
                *keys.counts.entry(hash).or_default() += 1;
            }
        }
        Ok(keys)
    }

    /// Rows that have a key.
    pub fn present(&self) -> u64 {
        self.rows - self.blank
    }

    /// No key comes twice.
    pub fn is_unique(&self) -> bool {
        self.counts.len() as u64 == self.present() && self.blank < self.rows
    }

    /// Keys as a list of things has them: nearly every row its own. Tills save a customer twice now
    /// and then.
    pub fn is_key(&self) -> bool {
        self.blank < self.rows && self.counts.len() as u64 * 10 >= self.present() * 9
    }

    /// Keys that come more than once.
    pub fn repeated(&self) -> u64 {
        self.counts.values().filter(|n| **n > 1).count() as u64
    }

    /// Different keys that `other` has too.
    pub fn shared(&self, other: &Self) -> u64 {
        self.counts.keys().filter(|key| other.counts.contains_key(*key)).count() as u64
    }

    /// Rows whose key `other` lacks.
    pub fn rows_not_in(&self, other: &Self) -> u64 {
        self.counts
            .iter()
            .filter(|(key, _)| !other.counts.contains_key(*key))
            .map(|(_, n)| u64::from(*n))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn keys_compare_in_their_plain_form() {
        assert_eq!(plain("12.0"), "12");
        assert_eq!(plain("12.00"), "12");
        assert_eq!(plain("007"), "007");
        assert_eq!(plain("12.5"), "12.5");
        assert_eq!(plain(".0"), ".0");
        assert_eq!(plain("Ann@Example.com"), "ann@example.com");
    }
}
