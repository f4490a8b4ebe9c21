//! Slips of the keyboard: writings that differ in one word, by a letter or two. Candidates come from
//! shared deletions (W. Garbe's symmetric delete method), so that no two writings are compared
//! that cannot be near: 20,000 of them stay fast.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher};

use polars::prelude::{PlFixedStateQuality, PlHashMap};

use super::Edge;
use super::level::{Level, apart, are_distinct, is_han};
use crate::job::Reporter;

/// Writings up to which two slips in a long word are looked for.
const TWO_SLIPS_AMONG: usize = 5_000;
/// Writings of one key that are compared; more share it by chance.
const BUCKET: usize = 50;
/// Words of a writing beyond which it is a text.
const WORDS: usize = 12;
/// Least similarity after Jaro and Winkler.
const ALIKE: f64 = 0.9;

/// Slips that a word of so many letters may hold: none in short ones, where a letter makes another
/// word.
fn limit(letters: usize) -> usize {
    match letters {
        0..=4 => 0,
        5..=9 => 1,
        _ => 2,
    }
}

pub(super) fn find(levels: &[Level], edges: &mut Vec<Edge>, report: &Reporter) -> crate::Result<()> {
    let state = PlFixedStateQuality::default();
    let most = if levels.len() <= TWO_SLIPS_AMONG { 2 } else { 1 };
    let mut buckets: PlHashMap<u64, Vec<usize>> = PlHashMap::default();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (at, level) in levels.iter().enumerate() {
        if at % 64 == 0 {
            report.check()?;
        }
        if level.tokens.len() > WORDS {
            continue;
        }
        let mut keys: Vec<u64> = Vec::new();
        for (place, token) in level.tokens.iter().enumerate() {
            let letters: Vec<char> = token.chars().collect();
            // One letter more or less makes another word of Chinese.
            if letters.iter().any(|c| is_han(*c)) {
                continue;
            }
            let slips = limit(letters.len()).min(most);
            for variant in deletions(&letters, slips) {
                let mut hasher = state.build_hasher();
                place.hash(&mut hasher);
                let others = level.tokens.iter().enumerate().filter(|(other, _)| *other != place);
                others.for_each(|(_, token)| token.hash(&mut hasher));
                variant.hash(&mut hasher);
                keys.push(hasher.finish());
            }
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let bucket = buckets.entry(key).or_default();
            pairs.extend(bucket.iter().map(|other| (*other, at)));
            if bucket.len() < BUCKET {
                bucket.push(at);
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    for (count, (a, b)) in pairs.into_iter().enumerate() {
        if count % 1024 == 0 {
            report.check()?;
        }
        if let (Some(x), Some(y)) = (levels.get(a), levels.get(b))
            && let Some(confidence) = slip(x, y)
        {
            edges.push(Edge { a, b, why: "cluster_typo", confidence });
        }
    }
    Ok(())
}

/// A word with up to `slips` letters left out, itself included.
fn deletions(letters: &[char], slips: usize) -> BTreeSet<Vec<char>> {
    let mut last = BTreeSet::from([letters.to_vec()]);
    let mut all = last.clone();
    for _ in 0..slips {
        let shorter = |word: &Vec<char>, at: usize| {
            let kept = word.iter().enumerate().filter(|(place, _)| *place != at);
            kept.map(|(_, c)| *c).collect::<Vec<char>>()
        };
        last = last.iter().flat_map(|word| (0..word.len()).map(move |at| shorter(word, at))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// How sure it is that two writings are one but for a slip; `None` for two.
fn slip(a: &Level, b: &Level) -> Option<f64> {
    let (of_a, of_b) = apart(a, b);
    let ([x], [y]) = (of_a.as_slice(), of_b.as_slice()) else { return None };
    let short = x.chars().count().min(y.chars().count());
    let distance = strsim::osa_distance(x, y);
    // First letters are seldom wrong: Gambia is not Zambia.
    let near = distance <= limit(short)
        && x.chars().next() == y.chars().next()
        && strsim::jaro_winkler(x, y) >= ALIKE;
    if !near || are_distinct(a, b) {
        return None;
    }
    // A slip is rare beside what was meant; two words of a language are both common.
    let share = a.count.min(b.count) as f64 / a.count.max(b.count).max(1) as f64;
    Some(if share <= 0.1 {
        0.85
    } else if share <= 0.5 {
        0.65
    } else {
        0.5
    })
}
