//! The whole room in one function: comments → languages, moods, themes, what to mend, figures, repeats.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::Serialize;

use super::figures::Figures;
use super::filler::is_filler;
use super::learn::{self, Tried};
use super::lexicon::{Aspect, Finder, clauses};
use super::repeats::{Repeats, repeats};
use super::rises::{Calendar, Step};
use super::script::{Language, with_emoji_words};
use super::sentiment::{LONGEST, Mood, Reader};
use super::spec::FeedbackSpec;
use super::survey::{Answers, answers};
use super::themes::{self, Draft, Mend, Mention, Theme, ThemeKind};
use super::topics::{self, Topics};
use super::{Said, head, reply};
use crate::features::text::{FittedText, TextSpec, fold};
use crate::job::Reporter;
use crate::note::Note;

/// What customers are saying.
#[derive(Debug, Clone)]
pub struct Feedback {
    pub said: Said,
    pub language: Language,
    /// Language of each comment.
    pub languages: Vec<Language>,
    /// Who told the moods, and its figures on comments that it never saw.
    pub reader: Reader,
    pub figures: Option<Figures>,
    /// Every model that was trained to tell moods, the simplest first; empty where what the app comes with reads.
    pub tried: Vec<Tried>,
    /// Probability that each comment is kind by its text, and what it is taken for: by its rating, else by that.
    pub moods: Vec<(Option<f64>, Mood)>,
    /// Aspects by their comments, then topics by theirs.
    pub themes: Vec<Theme>,
    /// Aspects of each comment, as places in `aspects`.
    pub aspects_of: Vec<Vec<usize>>,
    pub aspects: Vec<Aspect>,
    /// What to mend first.
    pub mend: Vec<Mend>,
    /// How alike the topics of two halves are, for each number tried.
    pub stability: Vec<(usize, f64)>,
    /// Comments and unkind ones over time.
    pub trend: Option<Trend>,
    /// Ratings and recommendations: all, by group, by period.
    pub survey: Option<Answers>,
    pub by_segment: Vec<Answers>,
    pub by_period: Vec<Answers>,
    pub repeats: Repeats,
    pub notes: Vec<Note>,
}

/// Comments over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    pub step: Step,
    pub starts: Vec<NaiveDate>,
    pub comments: Vec<u32>,
    pub unkind: Vec<u32>,
}

impl Feedback {
    /// Comments of a mood.
    pub fn count(&self, mood: Mood) -> usize {
        self.moods.iter().filter(|(_, one)| *one == mood).count()
    }

    /// A drafted reply to a comment.
    pub fn reply(&self, comment: usize, spec: &FeedbackSpec) -> Option<String> {
        let (_, mood) = self.moods.get(comment)?;
        let about: Vec<&Aspect> =
            self.aspects_of.get(comment)?.iter().filter_map(|at| self.aspects.get(*at)).collect();
        reply::draft(&spec.templates(), *self.languages.get(comment)?, *mood, &about)
    }

    /// A comment as it is shown: with personal details covered unless the person wants them.
    pub fn shown(&self, comment: usize, letters: usize, spec: &FeedbackSpec) -> String {
        let text = self.said.comments.get(comment).map_or("", |comment| comment.text.trim());
        match spec.show_details {
            true => super::shorten(text, letters),
            false => super::masked(text, letters),
        }
    }
}

/// Reads the comments. Where at least 60 different ones are rated, 15 of them kind and 15 unkind, the app learns
/// from them; else it reads with what it comes with. A rating that is clear tells the mood of its comment. Equal seeds give equal answers.
///
/// # Errors
/// The person cancelled.
pub fn analyse(said: Said, spec: &FeedbackSpec, seed: u64, report: &Reporter) -> crate::Result<Feedback> {
    let texts: Vec<&str> = said.comments.iter().map(|comment| head(&comment.text, LONGEST)).collect();
    let languages: Vec<Language> = texts.par_iter().map(|text| Language::of(text)).collect();
    let language = Language::of_all(&languages);
    let mut notes = said.notes.clone();
    let long = said.comments.iter().filter(|comment| comment.text.len() > LONGEST).count();
    if long > 0 {
        notes.push(Note::new("feedback_long").with("count", long).with("bytes", LONGEST));
    }
    let found = repeats(&texts, &report.part(0.0, 0.1))?;

    let learnt = learn::reader(&said, &texts, (language, spec.mood), seed, &report.part(0.1, 0.4))?;
    let (reader, tried) = (learnt.reader, learnt.tried);
    notes.extend(learnt.notes);
    let figures = match &reader {
        Reader::Own(model) => Some(model.figures.clone()),
        Reader::Shipped => None,
    };
    let limits = spec.thresholds.unwrap_or_else(|| reader.thresholds());
    let read = reader.read(&texts, &report.part(0.5, 0.1))?;
    // Who rated a comment has said what it means.
    let rated = |at: usize| said.scale?.is_kind(said.comments.get(at)?.rating?);
    let mood = |(at, p): (usize, Option<f64>)| match rated(at) {
        Some(true) => (p, Mood::Kind),
        Some(false) => (p, Mood::Unkind),
        None => (p, Mood::of(p, limits)),
    };
    let moods: Vec<(Option<f64>, Mood)> = read.into_iter().enumerate().map(mood).collect();
    let is_rated: Vec<bool> = (0..moods.len()).map(|at| rated(at).is_some()).collect();

    let calendar = Calendar::of(said.comments.iter().filter_map(|comment| comment.day));
    let trend = calendar.as_ref().map(|calendar| trend(&said, calendar, &moods));
    let aspects = spec.aspects();
    let (mut drafts, aspects_of) =
        of_aspects((&texts, &aspects), (&reader, limits), (&moods, &is_rated), &report.part(0.6, 0.1))?;
    let (topics, stability) = of_topics(&texts, spec, &moods, seed, &report.part(0.7, 0.2))?;
    drafts.extend(topics);
    let heard = calendar.as_ref().zip(trend.as_ref()).map(|(c, trend)| (c.clone(), trend.comments.clone()));
    let themes =
        themes::count(&said, drafts, heard.as_ref(), (seed, spec.show_details), &report.part(0.9, 0.1))?;
    let mend = themes::mend(&themes);
    let (survey, by_segment, by_period) = survey(&said, calendar.as_ref());
    drop(texts);
    report.progress(1.0);
    Ok(Feedback {
        language,
        languages,
        reader,
        figures,
        tried,
        moods,
        themes,
        aspects_of,
        aspects,
        mend,
        stability,
        trend,
        survey,
        by_segment,
        by_period,
        repeats: found,
        notes,
        said,
    })
}

fn trend(said: &Said, calendar: &Calendar, moods: &[(Option<f64>, Mood)]) -> Trend {
    let mut out = Trend {
        step: calendar.step,
        starts: calendar.starts.clone(),
        comments: vec![0; calendar.starts.len()],
        unkind: vec![0; calendar.starts.len()],
    };
    for (comment, (_, mood)) in said.comments.iter().zip(moods) {
        let Some(at) = comment.day.and_then(|day| calendar.at(day)) else { continue };
        if let (Some(all), Some(unkind)) = (out.comments.get_mut(at), out.unkind.get_mut(at)) {
            *all += 1;
            *unkind += u32::from(*mood == Mood::Unkind);
        }
    }
    out
}

/// Aspects of the comments, each told by the clauses that speak of it. Where a comment speaks of nothing else,
/// and was rated or its clauses say nothing, the comment's mood counts.
fn of_aspects(
    (texts, aspects): (&[&str], &[Aspect]),
    (reader, limits): (&Reader, (f64, f64)),
    (moods, is_rated): (&[(Option<f64>, Mood)], &[bool]),
    report: &Reporter,
) -> crate::Result<(Vec<Draft>, Vec<Vec<usize>>)> {
    let finder = Finder::new(aspects);
    let look = |text: &&str| -> Vec<(usize, String)> {
        let mut found: BTreeMap<usize, String> = BTreeMap::new();
        for clause in clauses(text) {
            for aspect in finder.find(&fold(clause)) {
                let all = found.entry(aspect).or_default();
                if !all.is_empty() {
                    all.push_str(", ");
                }
                all.push_str(clause);
            }
        }
        found.into_iter().collect()
    };
    let mut of_comment: Vec<Vec<(usize, String)>> = Vec::with_capacity(texts.len());
    for piece in texts.chunks(8192) {
        report.check()?;
        of_comment.par_extend(piece.par_iter().map(look));
    }
    let parts: Vec<&str> = of_comment.iter().flatten().map(|(_, clause)| clause.as_str()).collect();
    let mut read = reader.read(&parts, report)?.into_iter();
    let mut mentions: Vec<Vec<Mention>> = vec![Vec::new(); aspects.len()];
    for (comment, found) in of_comment.iter().enumerate() {
        for (aspect, _) in found {
            let mut p = read.next().flatten();
            let mut mood = Mood::of(p, limits);
            let is_known = mood != Mood::NotSure && is_rated.get(comment) != Some(&true);
            if let Some((of_all, known)) = moods.get(comment).filter(|_| found.len() == 1 && !is_known) {
                (p, mood) = (*of_all, *known);
            }
            if let Some(list) = mentions.get_mut(*aspect) {
                list.push(Mention { comment, p, mood });
            }
        }
    }
    let draft = |(aspect, mentions): (&Aspect, Vec<Mention>)| Draft {
        kind: ThemeKind::Aspect,
        key: aspect.key.clone(),
        en: aspect.en.clone(),
        zh: aspect.zh.clone(),
        words: aspect.words.clone(),
        coherence: None,
        mentions,
    };
    let mut drafts: Vec<Draft> = aspects.iter().zip(mentions).map(draft).collect();
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.mentions.len()));
    let places = of_comment.into_iter().map(|found| found.into_iter().map(|(at, _)| at).collect()).collect();
    Ok((drafts, places))
}

/// Numbers of topics that were tried, with how stable each was.
type Stabilities = Vec<(usize, f64)>;

fn of_topics(
    texts: &[&str],
    spec: &FeedbackSpec,
    moods: &[(Option<f64>, Mood)],
    seed: u64,
    report: &Reporter,
) -> crate::Result<(Vec<Draft>, Stabilities)> {
    let words = TextSpec {
        ngrams: (1, 1),
        stop_words: true,
        min_df: (texts.len() / 2000).max(3),
        max_df: 0.5,
        max_features: Some(2000),
        ..TextSpec::default()
    };
    let texts: Vec<_> = texts.par_iter().map(|text| with_emoji_words(text)).collect();
    let fitted = FittedText::fit(&words, &texts, report)?;
    let rows = fitted.apply(&texts, report)?;
    let keep: Vec<bool> = fitted.terms().iter().map(|term| !is_filler(term)).collect();
    let Some(rows) = topics::without(&rows, &keep) else { return Ok(Default::default()) };
    let Some(topics) = Topics::fit(&rows, spec.topics, seed, report)? else { return Ok(Default::default()) };
    let mut mentions: Vec<Vec<Mention>> = vec![Vec::new(); topics.count()];
    for (comment, found) in topics.of_rows(&rows, report)?.into_iter().enumerate() {
        let (p, mood) = moods.get(comment).copied().unwrap_or((None, Mood::NotSure));
        for topic in found {
            if let Some(list) = mentions.get_mut(topic) {
                list.push(Mention { comment, p, mood });
            }
        }
    }
    let mut drafts = Vec::new();
    for ((words, coherence), mentions) in topics.words.iter().zip(&topics.coherence).zip(mentions) {
        let words: Vec<String> = words.iter().filter_map(|at| fitted.terms().get(*at).cloned()).collect();
        let name = words.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(" · ");
        drafts.push(Draft {
            kind: ThemeKind::Topic,
            key: String::new(),
            en: name.clone(),
            zh: name,
            words,
            coherence: *coherence,
            mentions,
        });
    }
    drafts.retain(|draft| !draft.words.is_empty());
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.mentions.len()));
    for (at, draft) in drafts.iter_mut().enumerate() {
        draft.key = format!("topic_{}", at + 1);
    }
    Ok((drafts, topics.stability))
}

fn survey(said: &Said, calendar: Option<&Calendar>) -> (Option<Answers>, Vec<Answers>, Vec<Answers>) {
    type Lists = (Vec<f64>, Vec<f64>);
    let (mut all, mut groups, mut periods): (Lists, BTreeMap<String, Lists>, BTreeMap<NaiveDate, Lists>) =
        Default::default();
    for comment in &said.comments {
        let start = comment.day.zip(calendar).and_then(|(day, c)| c.starts.get(c.at(day)?).copied());
        let add = |lists: &mut Lists| {
            lists.0.extend(comment.rating);
            lists.1.extend(comment.nps);
        };
        add(&mut all);
        if let Some(segment) = &comment.segment {
            add(groups.entry(segment.clone()).or_default());
        }
        if let Some(start) = start {
            add(periods.entry(start).or_default());
        }
    }
    if all.0.is_empty() && all.1.is_empty() {
        return (None, Vec::new(), Vec::new());
    }
    let told = |name: &str, lists: &Lists| answers(name, &lists.0, said.scale, &lists.1);
    let by_segment = groups.iter().map(|(name, lists)| told(name, lists)).collect();
    let by_period = periods.iter().map(|(start, lists)| told(&start.to_string(), lists)).collect();
    (Some(told("", &all)), by_segment, by_period)
}
