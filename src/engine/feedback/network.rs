//! Networks that tell moods: a text CNN and a recurrent network over the words or characters of a comment, trained
//! by the loop of the train room on the person's own rated comments.

use serde::{Deserialize, Serialize};

use super::folds::{FOLDS, Learner, dealt};
use super::script::{Language, with_emoji_words};
use super::sentiment::LONGEST;
use crate::features::text::{Chinese, FittedTokens, TokenSpec, TokenUnit};
use crate::job::{Event, Reporter};
use crate::train::net::{
    Body, Cell, FitSpec, Net, NetData, NetError, NetSamples, NetSpec, Ragged, Run, Target, train_net,
};
use crate::train::{DeviceKind, ModelKind, TrainError};

/// Tokens of a comment that a network reads.
const READ: usize = 256;
/// Mean tokens of a comment from which the CNN also tells how often, not only whether.
const LONG: usize = 64;
/// One comment of so many is watched, to know when to end.
const WATCHED: usize = 10;
/// Rated comments that networks learn from at most.
pub const MOST_LEARNT: usize = 20_000;

/// What learns the moods of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoodModel {
    /// A bag of words and a logistic regression.
    #[default]
    Linear,
    /// Convolutions over neighbouring words (Kim 2014).
    Cnn,
    /// A gated recurrent network that reads in both directions (Cho et al. 2014).
    Rnn,
}

impl MoodModel {
    /// Every model, the simplest first.
    pub const ALL: [MoodModel; 3] = [MoodModel::Linear, MoodModel::Cnn, MoodModel::Rnn];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cnn => "cnn",
            Self::Rnn => "rnn",
        }
    }
}

/// A network that tells moods, and how it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MoodNet {
    tokens: FittedTokens,
    net: Net,
    /// The epoch whose weights were kept.
    pub epoch: usize,
}

impl MoodNet {
    /// Which of the networks it is.
    pub fn model(&self) -> MoodModel {
        match self.net.spec.body {
            Body::Rnn { .. } => MoodModel::Rnn,
            _ => MoodModel::Cnn,
        }
    }

    /// Probability that each text is kind; `None` where it holds no token that was learnt.
    pub(super) fn tell(&self, texts: &[&str], report: &Reporter) -> crate::Result<Vec<Option<f64>>> {
        let unit = self.tokens.spec().unit;
        let read: Vec<_> = texts.iter().map(|text| read(unit, text)).collect();
        let (data, known) = data(&self.tokens, &read, report)?;
        let told = self.net.predict(&data, DeviceKind::Flex, report)?;
        Ok(told.values.into_iter().zip(known).map(|(p, known)| known.then_some(p)).collect())
    }
}

/// The head of a comment that is read. Where words are tokens, emoji become words; as characters they count
/// anyway.
fn read(unit: TokenUnit, text: &str) -> std::borrow::Cow<'_, str> {
    let text = super::head(text, LONGEST);
    if unit == TokenUnit::Characters { text.into() } else { with_emoji_words(text) }
}

/// Tokens: characters and marks where comments are Chinese; words, and each Chinese character as one, where they
/// are mixed or English.
fn unit(language: Language) -> TokenUnit {
    if language == Language::Chinese { TokenUnit::Characters } else { TokenUnit::Words }
}

/// What a network reads of texts, and which of them hold a token that was learnt.
fn data<T: AsRef<str> + Sync>(
    tokens: &FittedTokens,
    texts: &[T],
    report: &Reporter,
) -> crate::Result<(NetData, Vec<bool>)> {
    let rows = tokens.apply(texts, report)?;
    let mut ragged = Ragged::new(1);
    let mut known = Vec::with_capacity(texts.len());
    for at in 0..rows.height() {
        let row = rows.row(at);
        ragged.push(row);
        known.push(row.iter().any(|id| tokens.token(*id).is_some()));
    }
    let data = NetData {
        rows: rows.height(),
        tokens: Some(ragged),
        vocabulary: tokens.width(),
        ..NetData::default()
    };
    Ok((data, known))
}

/// Learns a network from rated comments.
pub(super) struct NetLearner<'a> {
    model: MoodModel,
    unit: TokenUnit,
    texts: Vec<std::borrow::Cow<'a, str>>,
    labels: &'a [bool],
    seed: u64,
}

impl<'a> NetLearner<'a> {
    pub fn new(
        (model, language): (MoodModel, Language),
        texts: &[&'a str],
        labels: &'a [bool],
        seed: u64,
    ) -> Self {
        let unit = unit(language);
        let texts = texts.iter().map(|text| read(unit, text)).collect();
        Self { model, unit, texts, labels, seed }
    }

    fn texts(&self, rows: &[usize]) -> Vec<&str> {
        rows.iter().filter_map(|&at| self.texts.get(at).map(|text| &**text)).collect()
    }

    fn labels(&self, rows: &[usize]) -> Vec<bool> {
        rows.iter().filter_map(|&at| self.labels.get(at).copied()).collect()
    }

    fn spec(&self, train: &NetData) -> NetSpec {
        let steps: usize = train.tokens.as_ref().map_or(0, |tokens| tokens.values.len());
        let is_long = steps > LONG * train.rows.max(1);
        match self.model {
            MoodModel::Rnn => NetSpec {
                body: Body::Rnn { cell: Cell::Gru, units: 64, bidirectional: true },
                token_size: 64,
                embedding_dropout: 0.3,
                max_len: READ,
                ..NetSpec::default()
            },
            MoodModel::Cnn | MoodModel::Linear => NetSpec {
                body: Body::Cnn { kernels: vec![1, 2, 3, 4], filters: 64 },
                token_size: 64,
                pairs: 1 << 14,
                embedding_dropout: if is_long { 0.5 } else { 0.3 },
                mean_pool: is_long,
                max_len: READ,
                ..NetSpec::default()
            },
        }
    }
}

impl Learner for NetLearner<'_> {
    type Model = MoodNet;

    fn train(&self, rows: &[usize], part: usize, report: &Reporter) -> crate::Result<MoodNet> {
        let kind = if self.model == MoodModel::Rnn { ModelKind::Rnn } else { ModelKind::Cnn };
        report.emit(Event::Fold { fold: part + 1, folds: FOLDS + 1, kind });
        let seed = self.seed.wrapping_mul(100).wrapping_add(part as u64 + 1);
        // Equal texts are either learnt or watched.
        let heaps = dealt(&self.texts(rows), &self.labels(rows), WATCHED, seed);
        let side = |watched: bool| -> Vec<usize> {
            let of = rows.iter().zip(&heaps).filter(|(_, heap)| (**heap == 0) == watched);
            of.map(|(row, _)| *row).collect()
        };
        let (learnt, watched) = (side(false), side(true));
        let spec = TokenSpec {
            unit: self.unit,
            chinese: Chinese::Characters,
            max_len: READ,
            ..TokenSpec::default()
        };
        let tokens = FittedTokens::fit(&spec, &self.texts(&learnt), report)?;
        let of = |rows: &[usize]| -> crate::Result<(NetData, Target)> {
            Ok((data(&tokens, &self.texts(rows), report)?.0, Target::Binary(self.labels(rows))))
        };
        let (train, train_target) = of(&learnt)?;
        let (valid, valid_target) = of(&watched)?;
        let spec = self.spec(&train);
        let fit = FitSpec {
            // Few comments make few steps an epoch.
            batch_size: if learnt.len() < 2_000 { 16 } else { 64 },
            epochs: 20,
            patience: 3,
            clip_norm: 1.0,
            ..FitSpec::default()
        };
        let samples = NetSamples { train, train_target, valid, valid_target };
        let run =
            Run { device: DeviceKind::Flex, seed, checkpoint: None, checkpoint_steps: 0, watch: &mut () };
        match train_net(&spec, &fit, &samples, run, report) {
            Ok(trained) => Ok(MoodNet { tokens, net: trained.net, epoch: trained.best_epoch }),
            // What was learnt before it went wrong is worth more than nothing.
            Err(crate::Error::Train(TrainError::Net(NetError::Exploded {
                kept: Some(net), epoch, ..
            }))) => Ok(MoodNet { tokens, net: *net, epoch: epoch.saturating_sub(1) }),
            Err(error) => Err(error),
        }
    }

    fn tell(&self, net: &MoodNet, rows: &[usize], report: &Reporter) -> crate::Result<Vec<f64>> {
        Ok(net.tell(&self.texts(rows), report)?.into_iter().map(|p| p.unwrap_or(0.5)).collect())
    }
}
