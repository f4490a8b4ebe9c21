//! Comments that say the same, word for word or nearly, and those that only want to sell.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use polars::prelude::PlFixedStateQuality;
use rayon::prelude::*;
use serde::Serialize;

use crate::features::text::fold;
use crate::job::{Cancelled, Reporter};

/// Characters of a shingle.
const SHINGLE: usize = 5;
/// Numbers of a signature, in bands of [`ROWS`].
const HASHES: usize = 64;
const ROWS: usize = 4;
/// Share of equal numbers, an estimate of shared shingles over all, from which two are nearly the same.
const ALIKE: f64 = 0.8;
/// Letters of a comment below which only equal ones are the same.
const SHORT: usize = 12;

/// What was found, by the place of the comments.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Repeats {
    /// Groups of two and more comments that say the same, the largest first.
    pub groups: Vec<Vec<usize>>,
    /// Comments that repeat an earlier one.
    pub repeated: usize,
    /// Comments that look like advertising or noise.
    pub spam: Vec<usize>,
}

/// Letters and digits of the folded text: what two comments must share to be equal. A text without
/// any stays as it is.
fn bare(text: &str) -> String {
    let folded = fold(text.trim());
    let out: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    if out.is_empty() { folded } else { out }
}

/// Finds them. Nearly equal: MinHash signatures of shingles of five characters (Broder 1997) in 16 bands of
/// four (Leskovec, Rajaraman and Ullman 2014, chapter 3), which finds pairs that share four fifths of their
/// shingles almost surely.
///
/// # Errors
/// The person cancelled.
pub fn repeats(texts: &[&str], report: &Reporter) -> Result<Repeats, Cancelled> {
    let mut bares: Vec<String> = Vec::with_capacity(texts.len());
    for piece in texts.chunks(8192) {
        report.check()?;
        bares.par_extend(piece.par_iter().map(|text| bare(super::head(text, super::sentiment::LONGEST))));
    }
    let mut different: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let of_text: Vec<Option<usize>> = bares
        .iter()
        .map(|bare| {
            (!bare.is_empty()).then(|| {
                *places.entry(bare.as_str()).or_insert_with(|| {
                    different.push(bare);
                    different.len() - 1
                })
            })
        })
        .collect();
    let mut above: Vec<usize> = (0..different.len()).collect();
    let mut signatures: Vec<Option<[u32; HASHES]>> = Vec::with_capacity(different.len());
    for piece in different.chunks(8192) {
        report.check()?;
        signatures.par_extend(piece.par_iter().map(|text| signature(text)));
    }
    for band in 0..HASHES / ROWS {
        report.check()?;
        let mut first: HashMap<&[u32], usize> = HashMap::new();
        for (at, signature) in signatures.iter().enumerate() {
            let Some(signature) = signature else { continue };
            let Some(key) = signature.get(band * ROWS..(band + 1) * ROWS) else { continue };
            let other = *first.entry(key).or_insert(at);
            let Some(Some(before)) = signatures.get(other).filter(|_| other != at) else { continue };
            let equal = signature.iter().zip(before).filter(|(a, b)| a == b).count();
            if equal as f64 >= ALIKE * HASHES as f64 {
                let (a, b) = (root(&mut above, at), root(&mut above, other));
                if let Some(place) = above.get_mut(a.max(b)) {
                    *place = a.min(b);
                }
            }
        }
    }
    let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
    for (row, place) in of_text.iter().enumerate() {
        if let Some(place) = place {
            groups.entry(root(&mut above, *place)).or_default().push(row);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|rows| rows.len() > 1).collect();
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.first().cmp(&b.first())));
    let repeated = groups.iter().map(|rows| rows.len() - 1).sum();
    let in_group: HashMap<usize, usize> =
        groups.iter().flat_map(|rows| rows.iter().map(|row| (*row, rows.len()))).collect();
    let spam = (0..texts.len())
        .filter(|row| {
            let text = texts.get(*row).copied().unwrap_or_default();
            is_spam(super::head(text, super::sentiment::LONGEST), in_group.get(row).copied().unwrap_or(1))
        })
        .collect();
    Ok(Repeats { groups, repeated, spam })
}

fn root(above: &mut [usize], mut at: usize) -> usize {
    while let Some(next) = above.get(at).copied().filter(|next| *next != at) {
        if let Some(far) = above.get(next).copied()
            && let Some(place) = above.get_mut(at)
        {
            *place = far;
        }
        at = next;
    }
    at
}

fn signature(text: &str) -> Option<[u32; HASHES]> {
    let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    if bounds.len() <= SHORT {
        return None;
    }
    let hasher = PlFixedStateQuality::default();
    let mut least = [u32::MAX; HASHES];
    for window in bounds.windows(SHINGLE + 1) {
        let (Some(from), Some(to)) = (window.first(), window.last()) else { continue };
        let mut state = hasher.build_hasher();
        state.write(text.get(*from..*to).unwrap_or_default().as_bytes());
        let hash = state.finish();
        // Two halves of a hash make any number of them (Kirsch and Mitzenmacher 2006).
        let (a, b) = (hash as u32, (hash >> 32) as u32 | 1);
        for (at, least) in least.iter_mut().enumerate() {
            let mixed = a.wrapping_add((at as u32).wrapping_mul(b)).wrapping_mul(0x9e37_79b1);
            *least = (*least).min(mixed ^ (mixed >> 15));
        }
    }
    Some(least)
}

/// Two links; a link in a comment said three times; one character for more than four fifths of
/// thirty and more.
fn is_spam(text: &str, times: usize) -> bool {
    let lower = text.to_ascii_lowercase();
    let links =
        lower.matches("http://").count() + lower.matches("https://").count() + lower.matches("www.").count();
    if links >= 2 || links == 1 && times >= 3 {
        return true;
    }
    let mut counts: HashMap<char, usize> = HashMap::new();
    let mut all = 0usize;
    for c in lower.chars().filter(|c| !c.is_whitespace()) {
        *counts.entry(c).or_default() += 1;
        all += 1;
    }
    all >= 30 && counts.values().max().is_some_and(|most| most * 5 > all * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_and_nearly_equal_comments() {
        let long = "The parcel came a week late and nobody told me anything about it, so I had to call them twice and then wait for another three days until somebody came";
        let near = long.replace("twice", "again");
        let texts = [
            "Great tea!",
            "great tea",
            long,
            near.as_str(),
            "送得太慢了。",
            "送得太慢了！",
            "something else entirely here",
            "",
            "😀",
            "buy now http://a.example http://b.example",
            "哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈",
        ];
        let found = repeats(&texts, &Reporter::silent()).unwrap();
        assert_eq!(found.groups, [vec![0, 1], vec![2, 3], vec![4, 5]]);
        assert_eq!(found.repeated, 3);
        assert_eq!(found.spam, [9, 10]);
    }

    #[test]
    fn a_hundred_thousand_equal_ones() {
        let texts = vec!["味道很好，下次再来"; 100_000];
        let found = repeats(&texts, &Reporter::silent()).unwrap();
        assert_eq!((found.groups.len(), found.repeated), (1, 99_999));
    }
}
