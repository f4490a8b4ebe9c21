//! Which writings of a category may mean one thing: found, never merged. Each suggestion names its
//! members, the writing to keep, the reason and how sure it is; the step that merges takes what the
//! person confirms.

mod evidence;
mod level;
mod months;
mod typos;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::job::Reporter;
use crate::note::Note;

use level::Level;

/// Longest writing that is compared, in characters; what is longer is a text, not a category.
const LONGEST: usize = 120;

/// Writings that may mean one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cluster {
    /// The writings with their counts, most frequent first.
    pub members: Vec<(String, u64)>,
    /// The writing to keep: the most frequent, or the form of the others where `members` is one.
    pub proposed: String,
    /// The weakest of the reasons.
    pub why: Note,
    /// From 0 to 1, of the weakest reason; from 0.5 on worth asking a person.
    pub confidence: f64,
}

/// A reason to think that two writings mean one thing.
struct Edge {
    a: usize,
    b: usize,
    why: &'static str,
    confidence: f64,
}

/// Looks for writings that may mean one thing among `levels`, writings with their counts. Joined
/// are: equal fingerprints and n-gram fingerprints (key collision as in OpenRefine's manual), slips
/// of the keyboard (edit distance with limits by length), known synonyms, initials (`COD`), a name
/// and its first or last words (`Phone`, `Mobile Phone`), Chinese places with and without 市 or 省,
/// and, hardly sure, Chinese homophones. Never joined are writings whose numbers, single letters or
/// signs differ. Every member is joined with the proposed writing itself: no chains.
///
/// # Errors
/// The person cancelled.
pub fn clusters(levels: &[(String, u64)], report: &Reporter) -> crate::Result<Vec<Cluster>> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (text, count) in levels {
        let known = counts.entry(text).or_default();
        *known = known.saturating_add(*count);
    }
    let fits = |text: &str| text.chars().count() <= LONGEST && text.chars().any(char::is_alphanumeric);
    let mut levels: Vec<Level> = Vec::new();
    for (at, (text, count)) in counts.into_iter().enumerate() {
        if at % 256 == 0 {
            report.check()?;
        }
        if fits(text) {
            levels.push(Level::new(text, count));
        }
    }
    // Of equally frequent writings the longer one says more.
    let length = |level: &Level| std::cmp::Reverse(level.text.chars().count());
    levels.sort_by(|a, b| {
        b.count.cmp(&a.count).then_with(|| length(a).cmp(&length(b))).then_with(|| a.text.cmp(&b.text))
    });
    let mut edges = Vec::new();
    evidence::same_words(&levels, &mut edges, report)?;
    evidence::same_ngrams(&levels, &mut edges, report)?;
    evidence::synonyms(&levels, &mut edges, report)?;
    evidence::initials(&levels, &mut edges);
    evidence::parts(&levels, &mut edges);
    evidence::places(&levels, &mut edges);
    evidence::homophones(&levels, &mut edges, report)?;
    typos::find(&levels, &mut edges, report)?;
    let mut found = stars(&levels, &edges);
    found.extend(months::uneven(&levels));
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then_with(|| a.members.cmp(&b.members)));
    Ok(found)
}

/// From the most frequent on, each writing goes to the surest of its partners that stands for
/// itself, or stands for itself.
fn stars(levels: &[Level], edges: &[Edge]) -> Vec<Cluster> {
    let mut partners: Vec<Vec<&Edge>> = vec![Vec::new(); levels.len()];
    for edge in edges {
        // Levels are in descending order: the later one looks for the earlier.
        if let Some(of) = partners.get_mut(edge.a.max(edge.b)) {
            of.push(edge);
        }
    }
    let mut joined: Vec<Vec<(usize, &Edge)>> = vec![Vec::new(); levels.len()];
    let mut free = vec![true; levels.len()];
    for (at, of) in partners.iter().enumerate() {
        let best =
            of.iter().filter(|edge| free.get(edge.a.min(edge.b)).copied().unwrap_or(false)).max_by(|x, y| {
                let place = |edge: &Edge| std::cmp::Reverse(edge.a.min(edge.b));
                x.confidence.total_cmp(&y.confidence).then_with(|| place(x).cmp(&place(y)))
            });
        if let Some(edge) = best
            && let Some(center) = joined.get_mut(edge.a.min(edge.b))
        {
            center.push((at, edge));
            if let Some(slot) = free.get_mut(at) {
                *slot = false;
            }
        }
    }
    let mut out = Vec::new();
    for (center, members) in levels.iter().zip(&joined) {
        let weakest = members.iter().min_by(|(_, x), (_, y)| x.confidence.total_cmp(&y.confidence));
        let Some((other, edge)) = weakest else { continue };
        let other = levels.get(*other).map_or("", |level| level.text.as_str());
        let all = std::iter::once(center).chain(members.iter().filter_map(|(at, _)| levels.get(*at)));
        out.push(Cluster {
            members: all.map(|level| (level.text.clone(), level.count)).collect(),
            proposed: center.text.clone(),
            why: Note::new(edge.why).with("from", other).with("to", &center.text),
            confidence: edge.confidence,
        });
    }
    out
}

#[cfg(test)]
mod tests;
