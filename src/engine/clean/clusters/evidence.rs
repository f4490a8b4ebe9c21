//! Reasons other than slips of the keyboard to think that two writings mean one thing.

use std::collections::{BTreeMap, BTreeSet};

use pinyin::ToPinyin;

use super::level::{Level, apart, are_distinct};
use super::{Edge, months, words};
use crate::job::{Cancelled, Reporter};

/// Members of one key that are compared with each other; beyond, the key says nothing.
const KEY_MEMBERS: usize = 40;
/// Writings up to which names and their parts are compared: every pair of them.
const PARTS_AMONG: usize = 200;
/// Least letters for n-gram fingerprints: short words share them by chance.
const NGRAM_LETTERS: usize = 6;
/// Share of the rarer of two homophones up to which it may be a slip.
const SLIP_SHARE: f64 = 0.2;

/// Adds an edge for each pair that shares a key and may be one.
fn collide(
    levels: &[Level],
    edges: &mut Vec<Edge>,
    report: &Reporter,
    key: impl Fn(&Level) -> Option<String>,
    edge: impl Fn(&Level, &Level) -> Option<(&'static str, f64)>,
) -> Result<(), Cancelled> {
    let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, level) in levels.iter().enumerate() {
        if at % 256 == 0 {
            report.check()?;
        }
        if let Some(key) = key(level) {
            by_key.entry(key).or_default().push(at);
        }
    }
    for (count, members) in by_key.values().filter(|members| members.len() <= KEY_MEMBERS).enumerate() {
        if count % 256 == 0 {
            report.check()?;
        }
        for (place, &a) in members.iter().enumerate() {
            for &b in members.iter().skip(place + 1) {
                let (Some(x), Some(y)) = (levels.get(a), levels.get(b)) else { continue };
                if let Some((why, confidence)) = edge(x, y) {
                    edges.push(Edge { a, b, why, confidence });
                }
            }
        }
    }
    Ok(())
}

/// The fingerprint of OpenRefine's manual: small letters, no accents, no punctuation, words in
/// order of the alphabet, each once.
pub(super) fn same_words(
    levels: &[Level],
    edges: &mut Vec<Edge>,
    report: &Reporter,
) -> Result<(), Cancelled> {
    let key = |level: &Level| {
        let words: BTreeSet<&str> = level.tokens.iter().map(String::as_str).collect();
        (!words.is_empty()).then(|| words.into_iter().collect::<Vec<_>>().join(" "))
    };
    collide(levels, edges, report, key, |x, y| {
        let confidence = if x.tokens == y.tokens { 0.95 } else { 0.75 };
        (!are_distinct(x, y)).then_some(("cluster_words", confidence))
    })
}

/// The n-gram fingerprint of OpenRefine's manual with pairs of letters: the same letters in a row,
/// whatever the blanks.
pub(super) fn same_ngrams(
    levels: &[Level],
    edges: &mut Vec<Edge>,
    report: &Reporter,
) -> Result<(), Cancelled> {
    collide(
        levels,
        edges,
        report,
        |level| Some(level.squeezed.clone()),
        |x, y| (x.tokens != y.tokens && !are_distinct(x, y)).then_some(("cluster_words", 0.9)),
    )?;
    let key = |level: &Level| {
        let letters: Vec<char> = level.squeezed.chars().collect();
        let pairs: BTreeSet<String> = letters.windows(2).map(|pair| pair.iter().collect()).collect();
        (letters.len() >= NGRAM_LETTERS).then(|| pairs.into_iter().collect())
    };
    collide(levels, edges, report, key, |x, y| {
        let alike = x.squeezed != y.squeezed && strsim::osa_distance(&x.squeezed, &y.squeezed) <= 2;
        (alike && !are_distinct(x, y)).then_some(("cluster_letters", 0.7))
    })
}

/// Synonyms of the list, and months.
pub(super) fn synonyms(levels: &[Level], edges: &mut Vec<Edge>, report: &Reporter) -> Result<(), Cancelled> {
    let key = |level: &Level| {
        let of_list = words::SYNONYMS.iter().position(|row| row.contains(&level.squeezed.as_str()));
        let of_list = of_list.map(|at| format!("synonym {at}"));
        of_list.or_else(|| months::month(&level.squeezed).map(|at| format!("month {at}")))
    };
    collide(levels, edges, report, key, |x, y| (x.squeezed != y.squeezed).then_some(("cluster_synonym", 0.9)))
}

/// `COD` and `Cash on Delivery`: capitals that are the first letters of one other writing only.
pub(super) fn initials(levels: &[Level], edges: &mut Vec<Edge>) {
    let mut of: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, level) in levels.iter().enumerate().filter(|(_, level)| level.tokens.len() >= 2) {
        let all = level.tokens.iter().filter_map(|token| token.chars().next());
        of.entry(all.collect()).or_default().insert(at);
        let great = level.tokens.iter().filter(|token| !words::SMALL.contains(&token.as_str()));
        of.entry(great.filter_map(|token| token.chars().next()).collect()).or_default().insert(at);
    }
    for (at, level) in levels.iter().enumerate() {
        let is_capitals = level.text.chars().all(|c| c.is_ascii_uppercase() || c == '.' || c == ' ');
        if !is_capitals || !(2..=6).contains(&level.squeezed.len()) {
            continue;
        }
        let Some(long) = of.get(&level.squeezed) else { continue };
        let mut others = long.iter().filter(|other| **other != at);
        if let (Some(&other), None) = (others.next(), others.next()) {
            let confidence = if level.squeezed.len() >= 3 { 0.85 } else { 0.75 };
            edges.push(Edge { a: at, b: other, why: "cluster_initials", confidence });
        }
    }
}

/// `Phone` and `Mobile Phone`: the first or last words of one other writing only.
pub(super) fn parts(levels: &[Level], edges: &mut Vec<Edge>) {
    if levels.len() > PARTS_AMONG {
        return;
    }
    for (at, part) in levels.iter().enumerate().filter(|(_, part)| part.squeezed.chars().count() >= 3) {
        let mut wholes = levels.iter().enumerate().filter(|(_, whole)| {
            whole.tokens.len() > part.tokens.len()
                && (whole.tokens.starts_with(&part.tokens) || whole.tokens.ends_with(&part.tokens))
        });
        let (Some((other, whole)), None) = (wholes.next(), wholes.next()) else { continue };
        // More than one word more is a description, not a longer name.
        if apart(part, whole).1.len() == 1 && !are_distinct(part, whole) {
            edges.push(Edge { a: at, b: other, why: "cluster_part", confidence: 0.6 });
        }
    }
}

/// A Chinese place without its ending.
fn place(text: &str) -> &str {
    let bare = words::PLACE_ENDINGS.iter().find_map(|ending| text.strip_suffix(ending));
    bare.filter(|bare| bare.chars().count() >= 2).unwrap_or(text)
}

/// `北京` and `北京市`, unless two longer forms claim the short one (`吉林省`, `吉林市`).
pub(super) fn places(levels: &[Level], edges: &mut Vec<Edge>) {
    let mut by_place: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, level) in levels.iter().enumerate().filter(|(_, level)| level.is_han()) {
        by_place.entry(place(&level.squeezed)).or_default().push(at);
    }
    for members in by_place.values() {
        if let [a, b] = members.as_slice()
            && let (Some(x), Some(y)) = (levels.get(*a), levels.get(*b))
            && (place(&x.squeezed) == x.squeezed) != (place(&y.squeezed) == y.squeezed)
        {
            edges.push(Edge { a: *a, b: *b, why: "cluster_place", confidence: 0.85 });
        }
    }
}

/// The sound of Chinese letters, without tones; `None` where one has no sound on record.
fn sound(text: &str) -> Option<String> {
    text.to_pinyin().map(|letter| letter.map(|letter| letter.plain())).collect()
}

/// Chinese writings that sound alike, hardly sure and only where one is rare, and those of which
/// another writing is the sound (`Beijing`).
pub(super) fn homophones(
    levels: &[Level],
    edges: &mut Vec<Edge>,
    report: &Reporter,
) -> Result<(), Cancelled> {
    let key = |level: &Level| {
        (level.is_han() && level.squeezed.chars().count() >= 2).then(|| sound(&level.squeezed)).flatten()
    };
    collide(levels, edges, report, key, |x, y| {
        let known = words::SOUND_ALIKE.iter().any(|(a, b)| {
            let pair = (place(&x.squeezed), place(&y.squeezed));
            pair == (*a, *b) || pair == (*b, *a)
        });
        let rare = x.count.min(y.count) as f64 <= SLIP_SHARE * x.count.max(y.count) as f64;
        (x.squeezed != y.squeezed && rare && !known).then_some(("cluster_sound", 0.3))
    })?;
    let mut by_sound: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, level) in levels.iter().enumerate().filter(|(_, level)| level.is_han()) {
        if let Some(sound) = sound(place(&level.squeezed)).filter(|sound| sound.len() >= 4) {
            by_sound.entry(sound).or_default().push(at);
        }
    }
    for (a, level) in levels.iter().enumerate().filter(|(_, level)| level.squeezed.is_ascii()) {
        if let Some([b]) = by_sound.get(&level.squeezed).map(Vec::as_slice) {
            edges.push(Edge { a, b: *b, why: "cluster_pinyin", confidence: 0.7 });
        }
    }
    Ok(())
}
