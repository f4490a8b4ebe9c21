//! Whether a comment is kind: a bag of words and a logistic regression, or a network, trained on rated comments,
//! its probability repaired on rows that were held out, and "not sure" between two thresholds.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::figures::{Figures, figures, thresholds};
use super::folds::{Learner, are_enough, cross_fit};
use super::lexicon;
use super::network::{MoodModel, MoodNet, NetLearner};
use super::script::{Language, with_emoji_words};
use crate::evaluate::{Repair, RepairKind};
use crate::features::text::{Chinese, FittedText, TextSpec, Unit, fold};
use crate::job::Reporter;
use crate::train::{SparseLinear, SparseLinearSpec};

/// Log-odds a point of the list of words: between what the two files of Chinese reviews of `docs/feedback.md` give.
const LIST_SLOPE: f64 = 1.0;
/// Thresholds of what the app comes with: those of its English model, rounded.
pub const SHIPPED_THRESHOLDS: (f64, f64) = (0.27, 0.67);
/// Bytes of a comment that are read; the rest of a longer one is passed over.
pub const LONGEST: usize = 20_000;

/// A trained reader of comments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    #[serde(flatten)]
    mind: Mind,
    repair: Option<Repair>,
    /// Below the first unkind, from the second on kind, between them not sure.
    pub thresholds: (f64, f64),
    pub figures: Figures,
}

/// What answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Mind {
    Bag(Bag),
    Net(Box<MoodNet>),
}

/// A bag of words and its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bag {
    text: FittedText,
    model: SparseLinear,
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

/// Learns a bag of words and its weights.
struct BagLearner<'a> {
    spec: &'a TextSpec,
    texts: Vec<std::borrow::Cow<'a, str>>,
    labels: &'a [bool],
}

impl BagLearner<'_> {
    fn texts(&self, rows: &[usize]) -> Vec<&str> {
        rows.iter().filter_map(|&at| self.texts.get(at).map(|text| &**text)).collect()
    }
}

impl Learner for BagLearner<'_> {
    type Model = Bag;

    fn train(&self, rows: &[usize], _: usize, report: &Reporter) -> crate::Result<Bag> {
        let part = self.texts(rows);
        let of: Vec<usize> =
            rows.iter().filter_map(|&at| self.labels.get(at).map(|y| usize::from(*y))).collect();
        let text = FittedText::fit(self.spec, &part, report)?;
        let matrix = text.apply(&part, report)?;
        let model = SparseLinear::fit(&SparseLinearSpec::default(), &matrix, &of, 2, report)?;
        Ok(Bag { text, model })
    }

    fn tell(&self, bag: &Bag, rows: &[usize], report: &Reporter) -> crate::Result<Vec<f64>> {
        let p = bag.model.predict(&bag.text.apply(&self.texts(rows), report)?);
        Ok(p.chunks_exact(2).map(|p| p.get(1).copied().unwrap_or(0.5)).collect())
    }
}

impl Sentiment {
    /// Trains on rated comments, `labels` true for kind ones. `folds` gives each comment's fold, 0 to
    /// [`FOLDS`](super::FOLDS) − 1. The repair is Platt's on held-out probabilities, thresholds are chosen on them,
    /// and the figures are cross-fitted: what a fold's figures are made of never saw the fold. `None` where there
    /// are fewer than [`LEAST`](super::folds::LEAST) different comments.
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
        if !are_enough(texts, labels, folds) {
            return Ok(None);
        }
        let texts = texts.par_iter().map(|text| read(spec, text)).collect();
        let (bag, held) = cross_fit(&BagLearner { spec, texts, labels }, labels, folds, report)?;
        Ok(Some(Self::of(Mind::Bag(bag), &held, labels, folds)))
    }

    /// The same with a network. Every training watches a tenth of its own comments to know when to end, so that
    /// the held-out ones choose nothing. Equal seeds give equal networks.
    ///
    /// # Errors
    /// The person cancelled; as [`train_net`](crate::train::net::train_net).
    pub fn fit_net(
        (model, language): (MoodModel, Language),
        texts: &[&str],
        labels: &[bool],
        (folds, seed): (&[usize], u64),
        report: &Reporter,
    ) -> crate::Result<Option<Self>> {
        if !are_enough(texts, labels, folds) {
            return Ok(None);
        }
        let learner = NetLearner::new((model, language), texts, labels, seed);
        let (net, held) = cross_fit(&learner, labels, folds, report)?;
        Ok(Some(Self::of(Mind::Net(Box::new(net)), &held, labels, folds)))
    }

    /// A mind with its repair, thresholds and figures, all of held-out probabilities.
    fn of(mind: Mind, held: &[f64], labels: &[bool], folds: &[usize]) -> Self {
        let repair = Repair::fit(RepairKind::Platt, held, labels);
        let repaired = repair.as_ref().map_or_else(|| held.to_vec(), |repair| repair.apply_all(held));
        let figures = figures(held, labels, folds);
        Self { mind, repair, thresholds: thresholds(&repaired, labels), figures }
    }

    /// What it was trained as.
    pub fn model(&self) -> MoodModel {
        match &self.mind {
            Mind::Bag(_) => MoodModel::Linear,
            Mind::Net(net) => net.model(),
        }
    }

    /// Probability that each text is kind; `None` where it holds nothing that was learnt.
    ///
    /// # Errors
    /// The person cancelled; as [`Net::predict`](crate::train::net::Net::predict).
    pub fn predict(&self, texts: &[&str], report: &Reporter) -> crate::Result<Vec<Option<f64>>> {
        let mut out = Vec::with_capacity(texts.len());
        for (done, piece) in texts.chunks(8192).enumerate() {
            report.progress(done as f64 * 8192.0 / texts.len() as f64);
            let told: Vec<Option<f64>> = match &self.mind {
                Mind::Bag(bag) => {
                    let read: Vec<_> = piece.par_iter().map(|text| read(bag.text.spec(), text)).collect();
                    let matrix = bag.text.apply(&read, report)?;
                    let p = bag.model.predict(&matrix);
                    let told = p.chunks_exact(2).enumerate();
                    told.map(|(at, p)| p.get(1).copied().filter(|_| !matrix.row(at).0.is_empty())).collect()
                }
                Mind::Net(net) => net.tell(piece, report)?,
            };
            let repair = |p: f64| self.repair.as_ref().map_or(p, |repair| repair.apply(p));
            out.extend(told.into_iter().map(|p| p.map(repair)));
        }
        Ok(out)
    }

    /// The words that speak most for (true) or against a kind comment; none of a network.
    pub fn telling(&self, kind: bool, count: usize) -> Vec<(&str, f64)> {
        match &self.mind {
            Mind::Bag(bag) => bag.model.telling_words(&bag.text, usize::from(kind), count),
            Mind::Net(_) => Vec::new(),
        }
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

    /// What it was trained as; `None` for what the app comes with.
    pub fn model(&self) -> Option<MoodModel> {
        match self {
            Self::Own(model) => Some(model.model()),
            Self::Shipped => None,
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
