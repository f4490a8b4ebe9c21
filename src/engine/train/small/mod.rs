//! A trained network made smaller: 8-bit weights ([`eight`]), weights pruned by magnitude ([`prune`]),
//! whole neurons removed ([`neurons`]), a small student that learns from its answers ([`distil`]). Each
//! gives a model like any other, with a mark of how it was made ([`Shrunk`]). What it costs is measured by
//! `project::small`, on rows that no model has seen.

mod distil;
mod eight;
mod neurons;
mod prune;
mod saved;
mod tune;
mod tune_net;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::tune::Ran;
use super::{DeviceChoice, DeviceKind, Epoch, Model, Samples, Specs, TrainError, Trained};
use crate::job::Reporter;
use crate::note::Note;

pub(in crate::train) use saved::{SavedNetwork, SavedSequence};

/// Why a model cannot be made smaller.
#[derive(Debug, thiserror::Error)]
pub enum SmallError {
    #[error("the model is of the kind {model}, which has no weights to shrink; train a network")]
    NoWeights { model: &'static str },
    #[error("“{way}” cannot be done with a network of the kind {model}")]
    NotThisWay { way: &'static str, model: &'static str },
    #[error("the model was made smaller already ({way}); begin with the full one")]
    Already { way: &'static str },
    #[error(
        "these are not the rows that the model in the file was measured on ({cause}), so no row can be said \
         to be new to it"
    )]
    OtherRows { cause: &'static str },
    #[error("it would learn from the training rows once more, without the promise of differential privacy")]
    Promised,
    #[error("the project has no trained model; train one in the window and save again")]
    NoModel,
}

impl SmallError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoWeights { .. } => "small_no_weights",
            Self::NotThisWay { .. } => "small_not_this_way",
            Self::Already { .. } => "small_already",
            Self::OtherRows { .. } => "small_other_rows",
            Self::Promised => "small_promised",
            Self::NoModel => "small_no_model",
        }
    }
}

impl From<SmallError> for crate::Error {
    fn from(why: SmallError) -> Self {
        TrainError::Small(why).into()
    }
}

/// How a network is made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Weights as whole numbers from −127 to 127 with one scale a layer.
    EightBit,
    /// The smallest weights are zero; the rest is trained on.
    Pruned,
    /// The least of the hidden neurons are gone; the rest is trained on.
    Neurons,
    /// A small network that learnt from the full one's answers.
    Distilled,
    /// The same, with 8-bit weights.
    DistilledEightBit,
    /// The same small network, learnt from the outcomes alone: what the teacher is worth.
    LabelsOnly,
}

impl Way {
    /// Every way, in the order of the table.
    pub const ALL: [Way; 6] =
        [Way::EightBit, Way::Pruned, Way::Neurons, Way::Distilled, Way::DistilledEightBit, Way::LabelsOnly];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::EightBit => "eight_bit",
            Self::Pruned => "pruned",
            Self::Neurons => "neurons",
            Self::Distilled => "distilled",
            Self::DistilledEightBit => "distilled_eight_bit",
            Self::LabelsOnly => "labels_only",
        }
    }

    /// True where a score takes as many products as with the full network: what a clock then says of the
    /// speed is its error.
    pub fn calculates_as_before(self) -> bool {
        matches!(self, Self::EightBit | Self::Pruned)
    }

    /// True where the weights are kept as 8-bit numbers.
    pub fn is_packed(self) -> bool {
        matches!(self, Self::EightBit | Self::DistilledEightBit)
    }
}

/// How far networks are made smaller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmallSpec {
    /// Share of the weights that pruning makes zero.
    pub sparsity: f64,
    /// Share of each hidden layer's neurons that is removed.
    pub neurons: f64,
    /// Units of the student's one hidden layer.
    pub student: usize,
    /// Softens the teacher's answers: log-odds are divided by it (T in Hinton et al. 2015).
    pub temperature: f64,
    /// Weight of the teacher's answers in the student's loss; the rest is for the outcomes.
    pub alpha: f64,
    /// Epochs of training on after pruning; the student has as many as the full network had planned.
    pub epochs: usize,
}

impl Default for SmallSpec {
    fn default() -> Self {
        Self { sparsity: 0.8, neurons: 0.5, student: 16, temperature: 2.0, alpha: 0.7, epochs: 20 }
    }
}

impl SmallSpec {
    /// The same within its bounds.
    pub fn sane(mut self) -> Self {
        let within = |value: f64, low: f64, high: f64, or: f64| {
            if value.is_finite() { value.clamp(low, high) } else { or }
        };
        self.sparsity = within(self.sparsity, 0.1, 0.99, 0.8);
        self.neurons = within(self.neurons, 0.1, 0.95, 0.5);
        self.student = self.student.clamp(1, 512);
        self.temperature = within(self.temperature, 1.0, 20.0, 2.0);
        self.alpha = within(self.alpha, 0.0, 1.0, 0.7);
        self.epochs = self.epochs.clamp(2, 1000);
        self
    }
}

/// What a smaller model costs beside the full one, as it was measured when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Bytes of the model in a bundle: of the full one, and of this one.
    pub full_bytes: u64,
    pub bytes: u64,
    /// Scores a second of this one over those of the full one, measured side by side.
    pub speed: f64,
    /// ROC AUC of this one less that of the full one on the test rows, with its 95% interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<[f64; 3]>,
}

/// The mark of a model that was made smaller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shrunk {
    pub way: Way,
    /// The settings that it was made with.
    pub spec: SmallSpec,
    /// Of 8-bit weights: what each tensor's whole numbers are multiplied by; 0 for tensors that stay as
    /// they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scales: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// A smaller model and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub model: Model,
    /// Epochs of its own training; empty where nothing was trained.
    pub history: Vec<Epoch>,
    /// The epoch that was kept, counted from 1.
    pub best_epoch: usize,
    pub seconds: f64,
}

impl Made {
    /// As a finished training, marked with its price. Where nothing was trained the full network's own
    /// training stands.
    pub fn trained(&self, full: &Trained, price: Price) -> Trained {
        let mark = self.model.small().cloned();
        let model = match mark {
            Some(mark) => self.model.clone().marked(Shrunk { price: Some(price), ..mark }),
            None => self.model.clone(),
        };
        let device = DeviceChoice::plain(DeviceKind::Flex);
        if self.history.is_empty() {
            return Trained { model, device, ..full.clone() };
        }
        Trained {
            model,
            device,
            history: self.history.clone(),
            epochs_run: self.history.len(),
            best_epoch: self.best_epoch,
            seconds: self.seconds,
            // Nothing that was promised is learnt on: see `project::find_smaller`.
            promise: None,
        }
    }
}

impl Model {
    /// How it was made smaller, where it was.
    pub fn small(&self) -> Option<&Shrunk> {
        match self {
            Self::Mlp(network) => network.small.as_deref(),
            Self::Net(net) => net.small.as_deref(),
            _ => None,
        }
    }

    /// The same with a mark; kinds without weights have none.
    pub(crate) fn marked(mut self, mark: Shrunk) -> Self {
        match &mut self {
            Self::Mlp(network) => network.small = Some(Box::new(mark)),
            Self::Net(net) => net.small = Some(Box::new(mark)),
            _ => {}
        }
        self
    }

    /// True where it is saved with 8-bit weights, which programs before version 3 of bundles cannot read.
    pub fn is_packed(&self) -> bool {
        self.small().is_some_and(|small| small.way.is_packed())
    }

    /// Trainable numbers, and how many of them are zero; `None` for kinds without weights.
    pub fn weights(&self) -> Option<(usize, usize)> {
        let zeros = |values: &[f32]| values.iter().filter(|w| **w == 0.0).count();
        match self {
            Self::Mlp(network) => {
                let zeros = network.layers.iter().map(|layer| zeros(&layer.weights)).sum();
                Some((network.parameters(), zeros))
            }
            Self::Net(net) => {
                let zeros = net.net.weights.iter().map(|weight| zeros(&weight.values)).sum();
                Some((net.net.parameters(), zeros))
            }
            _ => None,
        }
    }
}

/// What a person should know of a model that was made smaller.
pub(super) fn note(small: &Shrunk) -> Note {
    match small.way {
        Way::EightBit => Note::new("small_eight_bit"),
        Way::Pruned => Note::new("small_pruned").with("share", whole(small.spec.sparsity)),
        Way::Neurons => Note::new("small_neurons").with("share", whole(small.spec.neurons)),
        Way::Distilled => Note::new("small_distilled").with("units", small.spec.student),
        Way::DistilledEightBit => Note::new("small_distilled_eight_bit").with("units", small.spec.student),
        Way::LabelsOnly => Note::new("small_labels_only").with("units", small.spec.student),
    }
}

/// A share as a whole number of percent.
fn whole(share: f64) -> String {
    format!("{:.0}", 100.0 * share)
}

/// Checks that there is a full network to begin with.
///
/// # Errors
/// The model has no weights, or was made smaller already.
pub fn check(model: &Model) -> Result<(), SmallError> {
    if let Some(small) = model.small() {
        return Err(SmallError::Already { way: small.way.name() });
    }
    match model {
        Model::Mlp(_) | Model::Net(_) => Ok(()),
        other => Err(SmallError::NoWeights { model: other.kind().name() }),
    }
}

/// The ways that there are for a model.
pub fn ways(model: &Model) -> Vec<Way> {
    let fits = |way: &Way| match model {
        Model::Mlp(network) => *way != Way::Neurons || network.layers.len() > 1,
        // What a body reads with has no neurons that can go one by one.
        Model::Net(_) => *way != Way::Neurons,
        _ => false,
    };
    Way::ALL.into_iter().filter(fits).collect()
}

/// Makes a network smaller in one way. Everything is learnt from the training rows of `samples`; its
/// validation rows say which epoch is kept. `teacher` is the full model's probability of each training row.
///
/// # Errors
/// The model has no weights, was made smaller already, or this way is not for it; a loss that leaves the
/// finite numbers; cancelled.
pub fn shrink(
    (model, way): (&Model, Way),
    (spec, specs): (&SmallSpec, &Specs),
    (samples, teacher): (&Samples, &[f64]),
    seed: u64,
    report: &Reporter,
) -> crate::Result<Made> {
    check(model)?;
    let started = std::time::Instant::now();
    let not = || SmallError::NotThisWay { way: way.name(), model: model.kind().name() };
    if !ways(model).contains(&way) {
        return Err(not().into());
    }
    let spec = spec.clone().sane();
    let (made, ran, scales) = match way {
        Way::EightBit => {
            let (made, scales) = eight::quantized(model)?;
            (made, Ran::default(), scales)
        }
        Way::Pruned => {
            let (made, ran) = prune::pruned(model, &spec, specs, samples, seed, report)?;
            (made, ran, Vec::new())
        }
        Way::Neurons => {
            let Model::Mlp(network) = model else { return Err(not().into()) };
            let (made, ran) = neurons::without(network, &spec, &specs.mlp, samples, seed, report)?;
            (made, ran, Vec::new())
        }
        Way::Distilled | Way::DistilledEightBit => {
            let learnt = distil::student(&spec, &specs.mlp, (samples, Some(teacher)), seed, report)?;
            match way.is_packed() {
                true => {
                    let (made, scales) = eight::quantized(&learnt.0)?;
                    (made, learnt.1, scales)
                }
                false => (learnt.0, learnt.1, Vec::new()),
            }
        }
        Way::LabelsOnly => {
            let (made, ran) = distil::student(&spec, &specs.mlp, (samples, None), seed, report)?;
            (made, ran, Vec::new())
        }
    };
    Ok(Made {
        model: made.marked(Shrunk { way, spec, scales, price: None }),
        best_epoch: ran.best,
        history: ran.history,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Scores a second of each model on the same rows: the models take turns, `turns` times, and the median
/// counts. On the processor, where bundles score. A turn repeats the rows until the model has worked for
/// `seconds`: shorter turns measure what else the machine does.
///
/// # Errors
/// The model does not fit the rows; cancelled.
pub fn speeds(
    models: &[&Model],
    matrix: &crate::features::Matrix,
    (seconds, turns): (f64, usize),
    report: &Reporter,
) -> crate::Result<Vec<f64>> {
    let once = |model: &Model| -> crate::Result<f64> {
        // New sequences each time: what a network read before is not remembered.
        let fresh = matches!(model, Model::Net(_))
            .then(|| matrix.clone().with_sequences(matrix.sequences.forgotten()));
        let started = std::time::Instant::now();
        model.predict_reporting(fresh.as_ref().unwrap_or(matrix), DeviceKind::Flex, report)?;
        report.check()?;
        Ok(started.elapsed().as_secs_f64())
    };
    let turns = turns.max(1);
    let mut taken: Vec<Vec<f64>> = vec![Vec::new(); models.len()];
    let mut times = vec![1; models.len()];
    // The first turn warms up, tells how often to repeat, and is not counted.
    for turn in 0..=turns {
        for at in 0..models.len() {
            // Nobody always follows the same one.
            let at = (at + turn) % models.len().max(1);
            let of = (models.get(at), taken.get_mut(at), times.get_mut(at));
            let (Some(model), Some(taken), Some(times)) = of else { continue };
            if turn == 0 {
                once(model)?;
                *times = ((seconds / once(model)?.max(1e-9)).ceil() as usize).clamp(1, MOST_TIMES);
                continue;
            }
            let mut sum = 0.0;
            for _ in 0..*times {
                sum += once(model)?;
            }
            taken.push(sum / *times as f64);
        }
        report.progress((turn + 1) as f64 / (turns + 1) as f64);
    }
    let median = |mut taken: Vec<f64>| {
        taken.sort_by(f64::total_cmp);
        taken.get(taken.len() / 2).copied().unwrap_or(f64::INFINITY)
    };
    Ok(taken.into_iter().map(|taken| matrix.height as f64 / median(taken).max(1e-12)).collect())
}

/// Repetitions of one turn at most: a handful of rows is scored in no time.
const MOST_TIMES: usize = 2_000;
