//! Whether a comment is kind: a bag of words and a logistic regression trained on rated comments, its
//! probability repaired on rows that were held out, and "not sure" between two thresholds.

use std::collections::{HashMap, HashSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::lexicon;
use super::script::{Language, with_emoji_words};
use crate::evaluate::{Repair, RepairKind};
use crate::features::text::{Chinese, FittedText, TextSpec, Unit, fold};
use crate::job::Reporter;
use crate::metrics::{self, Estimate};
use crate::train::{SparseLinear, SparseLinearSpec};

/// Folds that held-out probabilities come from.
pub const FOLDS: usize = 5;
/// Different rated comments, and of each class, without which nothing is trained.
pub const LEAST: (usize, usize) = (60, 15);
/// Share of the comments called kind (unkind) that should be, where the app is sure.
pub const SURE: f64 = 0.9;
/// Log-odds a point of the list of words: between what the two files of Chinese reviews of `docs/feedback.md` give.
const LIST_SLOPE: f64 = 1.0;
/// Thresholds of what the app comes with: those of its English model, rounded.
pub const SHIPPED_THRESHOLDS: (f64, f64) = (0.27, 0.67);
/// Bytes of a comment that are read; the rest of a longer one is passed over.
pub const LONGEST: usize = 20_000;

/// A trained reader of comments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    text: FittedText,
    model: SparseLinear,
    repair: Option<Repair>,
    /// Below the first unkind, from the second on kind, between them not sure.
    pub thresholds: (f64, f64),
    pub figures: Figures,
}

/// Figures of held-out comments: each was told by a model, a repair and thresholds that never saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Rated comments, and the kind ones of them.
    pub rated: usize,
    pub kind: usize,
    pub accuracy: Estimate,
    pub macro_f1: f64,
    pub roc_auc: Option<f64>,
    pub brier: f64,
    /// Mean distance of the probability from the share that was kind, in ten bins of equal width, weighted
    /// by their comments.
    pub calibration_error: f64,
    /// Accuracy of always telling the larger class.
    pub larger_class: f64,
    /// Share of the comments that the app is sure of, and its accuracy there.
    pub sure: f64,
    pub sure_accuracy: Option<Estimate>,
    /// Accuracy of each fold.
    pub folds: Vec<f64>,
}

/// The bag of words for comments of a language: characters 1–3 where most are Chinese, else words 1–2.
pub fn bag(language: Language) -> TextSpec {
    match language.has_chinese() {
        true => TextSpec {
            unit: Unit::Characters,
            ngrams: (1, 3),
            max_features: Some(200_000),
            ..TextSpec::default()
        },
        false => TextSpec { chinese: Chinese::Characters, min_df: 1, ..TextSpec::default() },
    }
}

/// The head of a comment that is read. Where words are counted, emoji become words; as characters they count
/// anyway.
fn read<'t>(spec: &TextSpec, text: &'t str) -> std::borrow::Cow<'t, str> {
    let text = super::head(text, LONGEST);
    if spec.unit == Unit::Characters { text.into() } else { with_emoji_words(text) }
}

/// The fold of every comment: equal texts share one, and each class is dealt out evenly.
pub fn folds_of(texts: &[&str], labels: &[bool], seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut groups: Vec<(bool, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (row, (text, label)) in texts.iter().zip(labels).enumerate() {
        let at = *places.entry(text.trim()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((*label, vec![row])),
        }
    }
    groups.shuffle(&mut rng);
    groups.sort_by_key(|(label, _)| *label);
    let mut out = vec![0; texts.len()];
    for (at, (_, rows)) in groups.iter().enumerate() {
        for row in rows {
            if let Some(fold) = out.get_mut(*row) {
                *fold = at % FOLDS;
            }
        }
    }
    out
}

impl Sentiment {
    /// Trains on rated comments, `labels` true for kind ones. `folds` gives each comment's fold, 0 to
    /// [`FOLDS`] − 1. The repair is Platt's on held-out probabilities, thresholds are chosen on them, and the
    /// figures are cross-fitted: what a fold's figures are made of never saw the fold. `None` where there are
    /// fewer than [`LEAST`] different comments.
    ///
    /// # Errors
    /// The person cancelled; as [`SparseLinear::fit`].
    pub fn fit(
        spec: &TextSpec,
        texts: &[&str],
        labels: &[bool],
        folds: &[usize],
        report: &Reporter,
    ) -> crate::Result<Option<Self>> {
        let different = |kind: bool| -> usize {
            let of = texts.iter().zip(labels).filter(|(_, label)| **label == kind);
            of.map(|(text, _)| text.trim()).collect::<HashSet<&str>>().len()
        };
        let (kind, unkind) = (different(true), different(false));
        let too_few = kind + unkind < LEAST.0 || kind.min(unkind) < LEAST.1;
        if too_few || folds.len() != labels.len() || texts.len() != labels.len() {
            return Ok(None);
        }
        let texts: Vec<_> = texts.par_iter().map(|text| read(spec, text)).collect();
        let train = |rows: &[usize], report: &Reporter| -> crate::Result<(FittedText, SparseLinear)> {
            let part: Vec<&str> = rows.iter().filter_map(|&at| texts.get(at).map(|text| &**text)).collect();
            let of: Vec<usize> =
                rows.iter().filter_map(|&at| labels.get(at).map(|y| usize::from(*y))).collect();
            let text = FittedText::fit(spec, &part, report)?;
            let matrix = text.apply(&part, report)?;
            let model = SparseLinear::fit(&SparseLinearSpec::default(), &matrix, &of, 2, report)?;
            Ok((text, model))
        };
        let mut held = vec![0.5; labels.len()];
        for fold in 0..FOLDS {
            report.check()?;
            let part = report.part(fold as f64 / (FOLDS + 1) as f64, 1.0 / (FOLDS + 1) as f64);
            let rows = |test: bool| -> Vec<usize> {
                folds.iter().enumerate().filter(|(_, f)| (**f == fold) == test).map(|(at, _)| at).collect()
            };
            let (trained, told) = (rows(false), rows(true));
            let kind = trained.iter().filter(|&&at| labels.get(at) == Some(&true)).count();
            if told.is_empty() || kind.min(trained.len() - kind) < 5 {
                continue;
            }
            let (text, model) = train(&trained, &part)?;
            let part: Vec<&str> = told.iter().filter_map(|&at| texts.get(at).map(|text| &**text)).collect();
            let p = model.predict(&text.apply(&part, report)?);
            for (row, p) in told.iter().zip(p.chunks_exact(2)) {
                if let (Some(out), Some(p)) = (held.get_mut(*row), p.get(1)) {
                    *out = *p;
                }
            }
        }
        let figures = figures(&held, labels, folds);
        let repair = Repair::fit(RepairKind::Platt, &held, labels);
        let repaired = repair.as_ref().map_or_else(|| held.clone(), |repair| repair.apply_all(&held));
        let all: Vec<usize> = (0..labels.len()).collect();
        let last = report.part(FOLDS as f64 / (FOLDS + 1) as f64, 1.0 / (FOLDS + 1) as f64);
        let (text, model) = train(&all, &last)?;
        Ok(Some(Self { text, model, repair, thresholds: thresholds(&repaired, labels), figures }))
    }

    /// Probability that each text is kind; `None` where it holds nothing that was learnt.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn predict(&self, texts: &[&str], report: &Reporter) -> crate::Result<Vec<Option<f64>>> {
        let mut out = Vec::with_capacity(texts.len());
        for (done, piece) in texts.chunks(8192).enumerate() {
            report.progress(done as f64 * 8192.0 / texts.len() as f64);
            let read: Vec<_> = piece.par_iter().map(|text| read(self.text.spec(), text)).collect();
            let matrix = self.text.apply(&read, report)?;
            let p = self.model.predict(&matrix);
            out.extend(p.chunks_exact(2).enumerate().map(|(at, p)| {
                let p = p.get(1).copied().filter(|_| !matrix.row(at).0.is_empty())?;
                Some(self.repair.as_ref().map_or(p, |repair| repair.apply(p)))
            }));
        }
        Ok(out)
    }

    /// The words that speak most for (true) or against a kind comment.
    pub fn telling(&self, kind: bool, count: usize) -> Vec<(&str, f64)> {
        self.model.telling_words(&self.text, usize::from(kind), count)
    }
}

/// What a comment is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    Kind,
    Unkind,
    NotSure,
}

impl Mood {
    /// Every mood, kind ones first.
    pub const ALL: [Mood; 3] = [Mood::Kind, Mood::NotSure, Mood::Unkind];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Unkind => "unkind",
            Self::NotSure => "not_sure",
        }
    }

    /// By a probability, if there is one, and the thresholds.
    pub fn of(p: Option<f64>, (low, high): (f64, f64)) -> Self {
        match p {
            Some(p) if p >= high => Self::Kind,
            Some(p) if p < low => Self::Unkind,
            _ => Self::NotSure,
        }
    }
}

/// Probability that a text is kind by the list of words; `None` where it has none of them.
pub fn by_list(text: &str) -> Option<f64> {
    let tone = lexicon::tone(&fold(super::head(text, LONGEST)))?;
    Some(1.0 / (1.0 + (-LIST_SLOPE * tone).exp()))
}

/// Two thresholds so that [`SURE`] of what is told on either side is right, as near to a half as that
/// allows; 0.1 and 0.9 where no threshold does.
fn thresholds(p: &[f64], labels: &[bool]) -> (f64, f64) {
    let side = |p: &[f64], kind: bool| -> f64 {
        let mut pairs: Vec<(f64, bool)> = p.iter().copied().zip(labels.iter().map(|y| *y == kind)).collect();
        pairs.retain(|(p, _)| *p >= 0.5);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut right, mut best) = (0usize, None);
        for (at, (p, hit)) in pairs.iter().enumerate() {
            right += usize::from(*hit);
            let next = pairs.get(at + 1).map(|next| next.0);
            let ends = next.is_none_or(|next| next < *p);
            if ends && at >= 9 && right as f64 >= SURE * (at + 1) as f64 {
                // Half way to the next one that would be told wrong too often; down to a half where none is.
                best = Some(next.map_or(0.5, |next| (p + next) / 2.0));
            }
        }
        best.unwrap_or(0.9)
    };
    let turned: Vec<f64> = p.iter().map(|p| 1.0 - p).collect();
    (1.0 - side(&turned, false), side(p, true))
}

/// Mean distance of probabilities from shares, in ten bins of equal width, weighted by their rows
/// (Naeini, Cooper and Hauskrecht 2015).
pub fn calibration_error(p: &[f64], labels: &[bool]) -> f64 {
    let mut bins = [(0usize, 0.0f64, 0usize); 10];
    for (p, y) in p.iter().zip(labels) {
        if let Some((count, sum, kind)) = bins.get_mut(((p * 10.0) as usize).min(9)) {
            *count += 1;
            *sum += p;
            *kind += usize::from(*y);
        }
    }
    let apart =
        |(count, sum, kind): &(usize, f64, usize)| if *count > 0 { (sum - *kind as f64).abs() } else { 0.0 };
    bins.iter().map(apart).sum::<f64>() / p.len().max(1) as f64
}

fn figures(held: &[f64], labels: &[bool], folds: &[usize]) -> Figures {
    let mut repaired = held.to_vec();
    let mut told = Vec::new();
    let mut accuracy = Vec::new();
    for fold in 0..FOLDS {
        let part = |inside: bool| -> (Vec<f64>, Vec<bool>) {
            let rows = held.iter().zip(labels).zip(folds).filter(|(_, f)| (**f == fold) == inside);
            rows.map(|((p, y), _)| (*p, *y)).unzip()
        };
        let ((others, of_others), (mine, of_mine)) = (part(false), part(true));
        let repair = Repair::fit(RepairKind::Platt, &others, &of_others);
        let apply = |p: &f64| repair.as_ref().map_or(*p, |repair| repair.apply(*p));
        let others: Vec<f64> = others.iter().map(apply).collect();
        let limits = thresholds(&others, &of_others);
        for (p, y) in mine.iter().map(apply).zip(&of_mine) {
            match Mood::of(Some(p), limits) {
                Mood::NotSure => {}
                mood => told.push((mood == Mood::Kind) == *y),
            }
        }
        let right = mine.iter().zip(&of_mine).filter(|(p, y)| (**p >= 0.5) == **y).count();
        if !mine.is_empty() {
            accuracy.push(right as f64 / mine.len() as f64);
        }
        for ((p, f), out) in held.iter().zip(folds).zip(&mut repaired) {
            if *f == fold {
                *out = apply(p);
            }
        }
    }
    let n = labels.len();
    let count = |p_kind: bool, y_kind: bool| {
        let hit = |(p, y): &(&f64, &bool)| (**p >= 0.5) == p_kind && **y == y_kind;
        held.iter().zip(labels).filter(hit).count()
    };
    let (tp, fp, fnn, tn) = (count(true, true), count(true, false), count(false, true), count(false, false));
    let f1 = |hit: usize| 2.0 * hit as f64 / (2 * hit + fp + fnn).max(1) as f64;
    let kind = tp + fnn;
    let right = told.iter().filter(|right| **right).count() as u64;
    Figures {
        rated: n,
        kind,
        accuracy: metrics::proportion((tp + tn) as u64, n as u64),
        macro_f1: (f1(tp) + f1(tn)) / 2.0,
        roc_auc: metrics::roc_auc(&repaired, labels),
        brier: metrics::brier_terms(&repaired, labels).iter().sum::<f64>() / n.max(1) as f64,
        calibration_error: calibration_error(&repaired, labels),
        larger_class: kind.max(n - kind) as f64 / n.max(1) as f64,
        sure: told.len() as f64 / n.max(1) as f64,
        sure_accuracy: (!told.is_empty()).then(|| metrics::proportion(right, told.len() as u64)),
        folds: accuracy,
    }
}

/// Who reads the comments of a project.
#[derive(Debug, Clone)]
pub enum Reader {
    /// Trained on the person's own rated comments.
    Own(Box<Sentiment>),
    /// The model that the app comes with for English, the list of words for the rest.
    Shipped,
}

impl Reader {
    /// The name used in JSON and in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Own(_) => "own",
            Self::Shipped => "shipped",
        }
    }

    /// Thresholds of "not sure".
    pub fn thresholds(&self) -> (f64, f64) {
        match self {
            Self::Own(model) => model.thresholds,
            Self::Shipped => SHIPPED_THRESHOLDS,
        }
    }

    /// Probability that each text is kind; `None` where nothing can be said.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn read(&self, texts: &[&str], report: &Reporter) -> crate::Result<Vec<Option<f64>>> {
        if let Self::Own(model) = self {
            return model.predict(texts, report);
        }
        let mut out: Vec<Option<f64>> = Vec::with_capacity(texts.len());
        for piece in texts.chunks(8192) {
            report.check()?;
            out.par_extend(piece.par_iter().map(|text| by_list(text)));
        }
        let Some(english) = shipped() else { return Ok(out) };
        let is_english = |text: &&str| Language::of(super::head(text, LONGEST)) == Language::English;
        let rows: Vec<usize> =
            texts.par_iter().enumerate().filter(|(_, text)| is_english(text)).map(|(at, _)| at).collect();
        let some: Vec<&str> = rows.iter().filter_map(|&at| texts.get(at).copied()).collect();
        for (row, p) in rows.into_iter().zip(english.predict(&some, report)?) {
            if let Some(out) = out.get_mut(row) {
                *out = p;
            }
        }
        Ok(out)
    }
}

/// The English model that the app comes with: made by `make_the_shipped_model` of this room's tests from the
/// Sentiment Labelled Sentences (Kotzias et al. 2015, UCI, CC BY 4.0). `None` where it was built without.
pub fn shipped() -> Option<&'static Sentiment> {
    static MODEL: std::sync::LazyLock<Option<Sentiment>> = std::sync::LazyLock::new(|| {
        let bytes: &[u8] = include_bytes!("../../../assets/feedback/english.json.zst");
        let text = zstd::decode_all(bytes).ok().filter(|text| !text.is_empty())?;
        serde_json::from_slice(&text).ok()
    });
    MODEL.as_ref()
}
