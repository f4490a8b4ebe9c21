//! What comments speak of, aspects and topics alike: who, how kindly, since when, and what goes with it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::effects::{self, Effect};
use super::rises::{Calendar, FALSE_ALARMS, Rise, rise};
use super::sentiment::Mood;
use super::{Comment, Said, masked, shorten};
use crate::job::{Cancelled, Reporter};
use crate::metrics::{self, Estimate};

/// Comments of a theme that are quoted.
const QUOTED: usize = 3;
/// Letters of a quoted comment.
const LETTERS: usize = 200;
/// Share of customers in common, of all of both, from which two themes are one complaint.
const SAME: f64 = 0.5;

/// Where a theme came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeKind {
    /// Of the list that a person edits.
    Aspect,
    /// Learnt from the words.
    Topic,
}

/// Something that comments speak of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Theme {
    pub kind: ThemeKind,
    /// Stable name: the aspect's key, or `topic_1` and so on.
    pub key: String,
    /// Name in English and in Chinese; a proposal for a topic.
    pub en: String,
    pub zh: String,
    pub words: Vec<String>,
    /// NPMI of a topic's words.
    pub coherence: Option<f64>,
    /// Comments that speak of it, and how kindly; "not sure" are the rest.
    pub comments: usize,
    pub kind_comments: usize,
    pub unkind_comments: usize,
    /// Share of kind ones among those that the app is sure of.
    pub sentiment: Option<Estimate>,
    /// Customers who complained of it.
    pub customers: usize,
    /// Places of some comments, worst first, and their text with details masked.
    pub typical: Vec<(usize, String)>,
    /// Comments and complaints per period of the calendar.
    pub trend: Vec<(u32, u32)>,
    pub rise: Option<Rise>,
    /// Customers who complained of it beside the other commenting ones: share that left, mean rating, spend.
    pub left: Option<Effect>,
    pub rating: Option<Effect>,
    pub spend: Option<Effect>,
    /// Places of all comments that speak of it.
    #[serde(skip)]
    pub rows: Vec<usize>,
    /// Customers who complained, as places; comments without one count by themselves.
    #[serde(skip)]
    touched: BTreeSet<usize>,
}

/// A comment that speaks of a theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mention {
    pub comment: usize,
    pub p: Option<f64>,
    pub mood: Mood,
}

/// A theme before it is counted.
pub(super) struct Draft {
    pub kind: ThemeKind,
    pub key: String,
    pub en: String,
    pub zh: String,
    pub words: Vec<String>,
    pub coherence: Option<f64>,
    pub mentions: Vec<Mention>,
}

/// Who is counted for a comment: its customer, else the comment itself.
fn who(said: &Said, comment: usize, place: &Comment) -> usize {
    place.customer.unwrap_or(said.customers.len() + comment)
}

/// Counts themes. `calendar` and all comments per period, where there are dates.
pub(super) fn count(
    said: &Said,
    drafts: Vec<Draft>,
    calendar: Option<&(Calendar, Vec<u32>)>,
    (seed, show_details): (u64, bool),
    report: &Reporter,
) -> Result<Vec<Theme>, Cancelled> {
    let drafts: Vec<Draft> = drafts.into_iter().filter(|draft| !draft.mentions.is_empty()).collect();
    let alpha = FALSE_ALARMS / drafts.len().max(1) as f64;
    let everyone: BTreeSet<usize> =
        said.comments.iter().enumerate().map(|(at, comment)| who(said, at, comment)).collect();
    let ratings = ratings(said);
    let all = drafts.len();
    let mut out = Vec::with_capacity(all);
    for (done, draft) in drafts.into_iter().enumerate() {
        report.check()?;
        report.progress(done as f64 / all as f64);
        let of = |mood: Mood| draft.mentions.iter().filter(move |mention| mention.mood == mood);
        let (kind, unkind) = (of(Mood::Kind).count(), of(Mood::Unkind).count());
        let comment = |mention: &Mention| said.comments.get(mention.comment);
        let touched: BTreeSet<usize> = of(Mood::Unkind)
            .filter_map(|mention| Some(who(said, mention.comment, comment(mention)?)))
            .collect();
        let mut trend = vec![(0u32, 0u32); calendar.map_or(0, |(calendar, _)| calendar.starts.len())];
        for mention in &draft.mentions {
            let period =
                comment(mention).and_then(|c| c.day).zip(calendar).and_then(|(day, (c, _))| c.at(day));
            if let Some((said, complained)) = period.and_then(|at| trend.get_mut(at)) {
                *said += 1;
                *complained += u32::from(mention.mood == Mood::Unkind);
            }
        }
        let rise = match calendar {
            Some((calendar, heard)) => {
                let complaints: Vec<u32> = trend.iter().map(|(_, complained)| *complained).collect();
                rise(calendar, &complaints, heard, alpha, seed ^ done as u64, report)?
            }
            None => None,
        };
        let others: BTreeSet<usize> = everyone.difference(&touched).copied().collect();
        let left = |side: &BTreeSet<usize>| -> Vec<bool> {
            side.iter().filter_map(|at| said.customers.get(*at)?.left).collect()
        };
        let spend = |side: &BTreeSet<usize>| -> Vec<f64> {
            side.iter().filter_map(|at| said.customers.get(*at)?.spend).collect()
        };
        let rated = |side: &BTreeSet<usize>| -> Vec<f64> {
            side.iter().filter_map(|at| ratings.get(*at).copied().flatten()).collect()
        };
        out.push(Theme {
            comments: draft.mentions.len(),
            kind_comments: kind,
            unkind_comments: unkind,
            sentiment: (kind + unkind > 0).then(|| metrics::proportion(kind as u64, (kind + unkind) as u64)),
            customers: touched.len(),
            typical: typical(said, &draft.mentions, show_details),
            trend,
            rise,
            left: effects::shares(&left(&touched), &left(&others)),
            rating: effects::means(&rated(&touched), &rated(&others)),
            spend: effects::means(&spend(&touched), &spend(&others)),
            rows: draft.mentions.iter().map(|mention| mention.comment).collect(),
            touched,
            kind: draft.kind,
            key: draft.key,
            en: draft.en,
            zh: draft.zh,
            words: draft.words,
            coherence: draft.coherence,
        });
    }
    Ok(out)
}

/// Mean rating of everyone who commented.
fn ratings(said: &Said) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0usize); said.customers.len() + said.comments.len()];
    for (at, comment) in said.comments.iter().enumerate() {
        if let (Some(rating), Some((sum, count))) = (comment.rating, sums.get_mut(who(said, at, comment))) {
            *sum += rating;
            *count += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / count as f64)).collect()
}

/// The surest complaints, then what is left, no text twice, neither very short nor very long before others.
fn typical(said: &Said, mentions: &[Mention], show_details: bool) -> Vec<(usize, String)> {
    let mut order: Vec<&Mention> = mentions.iter().collect();
    let length = |mention: &Mention| said.comments.get(mention.comment).map_or(0, |c| c.text.len());
    order.sort_by(|a, b| {
        let odd = |mention: &Mention| !(12..=600).contains(&length(mention));
        let p = |mention: &Mention| mention.p.unwrap_or(0.5);
        odd(a).cmp(&odd(b)).then(p(a).total_cmp(&p(b))).then(a.comment.cmp(&b.comment))
    });
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for mention in order {
        let Some(comment) = said.comments.get(mention.comment) else { continue };
        let text = match show_details {
            true => shorten(comment.text.trim(), LETTERS),
            false => masked(comment.text.trim(), LETTERS),
        };
        if seen.insert(text.clone()) {
            out.push((mention.comment, text));
        }
        if out.len() == QUOTED {
            break;
        }
    }
    out
}

/// What complaints are weighed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Customers who left.
    Left,
    /// Points of the rating.
    Rating,
    /// Neither is known: the number of customers who complained.
    Complaints,
}

/// A theme's place in the list of what to mend first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mend {
    /// Place in the themes.
    pub theme: usize,
    pub key: String,
    pub customers: usize,
    pub outcome: Outcome,
    /// Customers touched times the effect: customers who left beyond what the others' share would make, or
    /// points of rating missing. Of [`Outcome::Complaints`] the customers.
    pub weight: Estimate,
    /// True where the interval leaves out zero.
    pub is_clear: bool,
}

/// The list, heaviest first. A topic whose customers are mostly those of an aspect is left out, for it is the
/// same complaint.
pub(super) fn mend(themes: &[Theme]) -> Vec<Mend> {
    let outcome = match () {
        () if themes.iter().any(|theme| theme.left.is_some()) => Outcome::Left,
        () if themes.iter().any(|theme| theme.rating.is_some()) => Outcome::Rating,
        () => Outcome::Complaints,
    };
    let same = |a: &Theme, b: &Theme| {
        let both = a.touched.intersection(&b.touched).count() as f64;
        both >= SAME * (a.touched.len() + b.touched.len()) as f64 - SAME * both
    };
    let aspects: Vec<&Theme> =
        themes.iter().filter(|theme| theme.kind == ThemeKind::Aspect && theme.customers > 0).collect();
    let mut out: Vec<Mend> = Vec::new();
    for (at, theme) in themes.iter().enumerate().filter(|(_, theme)| theme.customers > 0) {
        if theme.kind == ThemeKind::Topic && aspects.iter().any(|aspect| same(theme, aspect)) {
            continue;
        }
        let n = theme.customers as f64;
        let times = |e: Estimate| Estimate { value: n * e.value, low: n * e.low, high: n * e.high };
        let weight = match outcome {
            Outcome::Left => theme.left.map(|effect| times(effect.difference)),
            Outcome::Rating => theme.rating.map(|effect| {
                let e = effect.difference;
                times(Estimate { value: -e.value, low: -e.high, high: -e.low })
            }),
            Outcome::Complaints => Some(Estimate { value: n, low: n, high: n }),
        };
        let Some(weight) = weight else { continue };
        let is_clear = outcome != Outcome::Complaints && (weight.low > 0.0 || weight.high < 0.0);
        out.push(Mend {
            theme: at,
            key: theme.key.clone(),
            customers: theme.customers,
            outcome,
            weight,
            is_clear,
        });
    }
    out.sort_by(|a, b| b.weight.value.total_cmp(&a.weight.value).then(a.theme.cmp(&b.theme)));
    out
}
