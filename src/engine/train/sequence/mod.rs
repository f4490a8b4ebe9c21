//! Networks that read a customer's words and history in order, beside the features of the table: what
//! they read is fitted on the training rows and kept with the network, so that it predicts from a design
//! matrix as any model does.

mod inputs;
mod settings;
mod slope;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::net::graph::Graph;
use super::net::{self, Body, EpochFigures, Head, Net, NetError, NetSamples, Run, Target, Watch, train_net};
use super::small::{SavedSequence, Shrunk};
use super::{DeviceKind, Epoch, Model, ModelKind, Samples, Specs, TrainError, Trained, device, elsewhere};
use crate::Error;
use crate::features::{Matrix, NOTHING};
use crate::job::{Event, Reporter};
use crate::note::Note;

pub use inputs::{Reading, Words};
pub use settings::{CnnSettings, HybridSettings, NetSettings, RnnSettings, TransformerSettings};

/// A fitted network with the way from words and histories to what it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SavedSequence", into = "SavedSequence")]
pub struct SequenceNet {
    pub reading: Reading,
    pub net: Net,
    /// Training and validation texts that were longer than what is read.
    pub cut: usize,
    /// Set where the loss left all bounds and the network of the last good epoch was kept.
    pub exploded: Option<Exploded>,
    /// How it was made smaller, where it was.
    pub small: Option<Box<Shrunk>>,
}

pub(in crate::train) fn is_none(count: &usize) -> bool {
    *count == 0
}

/// When a training's loss left all bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Exploded {
    /// Counted from 1.
    pub epoch: usize,
    pub rate: f64,
}

/// Steps between checkpoints within an epoch.
const KEPT_STEPS: usize = 100;

/// The epochs that were finished, also where training then fails.
#[derive(Default)]
struct Finished(Vec<EpochFigures>);

impl Watch for Finished {
    fn resumed(&mut self, history: &[EpochFigures]) {
        self.0.extend_from_slice(history);
    }

    fn epoch(&mut self, figures: &EpochFigures) {
        self.0.push(*figures);
    }
}

/// Trains a network of a kind that reads sequences.
///
/// # Errors
/// Nothing to read in order; settings that cannot be built; a forced device that is not there; a loss
/// that leaves all bounds before one epoch was finished; cancelled.
pub(super) fn train(
    kind: ModelKind,
    specs: &Specs,
    samples: &Samples,
    (device, seed): (DeviceKind, u64),
    report: &Reporter,
) -> crate::Result<Trained> {
    let started = Instant::now();
    let settings = specs.net.clone().sane();
    let spec = settings.spec(kind).ok_or(TrainError::Net(NetError::Settings { what: "body" }))?;
    report.emit(Event::Phase("features"));
    let reading = Reading::fit(&settings, &samples.train, report)?;
    if reading.is_empty() {
        return Err(TrainError::Net(NetError::NoSequence { model: kind.name() }).into());
    }
    let (train, cut_train) = reading.data(&samples.train, report)?;
    let (valid, cut_valid) = reading.data(&samples.valid, report)?;
    let samples = NetSamples {
        train,
        train_target: Target::Binary(samples.train_labels.clone()),
        valid,
        valid_target: Target::Binary(samples.valid_labels.clone()),
    };
    let cut = cut_train + cut_valid;
    let mut finished = Finished::default();
    let checkpoint = specs.checkpoint.as_deref();
    let run = Run { device, seed, checkpoint, checkpoint_steps: KEPT_STEPS, watch: &mut finished };
    let ended = match &specs.elsewhere {
        Some(at) => elsewhere::train_sequence(at, &spec, &settings.fit, &samples, run, report),
        None => train_net(&spec, &settings.fit, &samples, run, report),
    };
    let (net, exploded, choice, best_epoch) = match ended {
        Ok(trained) => (trained.net, None, trained.device, trained.best_epoch),
        // The epochs before it went well: their network is worth having, with a word on what happened.
        Err(Error::Train(TrainError::Net(NetError::Exploded { epoch, rate, kept: Some(net), .. })))
            if !finished.0.is_empty() =>
        {
            let (_, mut choice) = device::choose(device, |_| 0.0)?;
            choice.measured = None;
            (*net, Some(Exploded { epoch, rate }), choice, finished.0.len())
        }
        Err(error) => return Err(error),
    };
    let history: Vec<Epoch> = finished.0.iter().map(epoch).collect();
    Ok(Trained {
        model: Model::Net(Box::new(SequenceNet { reading, net, cut, exploded, small: None })),
        device: choice,
        epochs_run: history.len(),
        history,
        best_epoch,
        seconds: started.elapsed().as_secs_f64(),
        promise: None,
    })
}

fn epoch(figures: &EpochFigures) -> Epoch {
    Epoch {
        epoch: figures.epoch,
        train_loss: figures.train_loss,
        valid_loss: figures.valid_loss,
        valid_auc: figures.metric,
        seconds: figures.seconds,
        planned: figures.planned,
        learning_rate: figures.learning_rate,
    }
}

/// Rows of the table part that pass through the network at a time.
const ROWS: usize = 4096;

impl SequenceNet {
    /// Its kind.
    pub fn kind(&self) -> ModelKind {
        match self.net.spec.body {
            Body::Cnn { .. } => ModelKind::Cnn,
            Body::Rnn { .. } => ModelKind::Rnn,
            Body::CnnRnn { .. } => ModelKind::Hybrid,
            Body::Transformer { .. } => ModelKind::Transformer,
            // None that is sound has this body.
            Body::Mlp { .. } => ModelKind::Mlp,
        }
    }

    /// True if the parts fit each other and `width` features; asked of every opened file.
    pub fn is_sound(&self, width: usize) -> bool {
        let inputs = &self.net.inputs;
        self.reading.is_sound()
            && inputs.table == width
            && inputs.categories.is_empty()
            && inputs.vocabulary == self.reading.vocabulary()
            && inputs.channels == self.reading.channels()
            && self.net.spec.head == Head::Binary
            && !matches!(self.net.spec.body, Body::Mlp { .. })
            && self.net.is_sound()
    }

    /// What a person should know of how it came to be.
    pub fn note(&self) -> Option<Note> {
        let exploded = self
            .exploded
            .map(|e| Note::new("net_exploded").with("epoch", e.epoch).with("rate", e.rate.to_string()));
        let most = self.reading.words.as_ref().map_or(0, |words| words.fitted.spec().max_len);
        let cut = || Note::new("sequence_cut").with("count", self.cut).with("most", most);
        exploded.or_else(|| (self.cut > 0).then(cut))
    }

    /// Probability of the positive class for each row of the matrix. Rows that say the same in all that is
    /// read in order pass through the bodies once.
    ///
    /// # Errors
    /// The matrix has other features; the device cannot be used; cancelled.
    pub fn predict(&self, matrix: &Matrix, device: DeviceKind, report: &Reporter) -> crate::Result<Vec<f64>> {
        if matrix.width() != self.net.inputs.table {
            return Err(TrainError::Net(NetError::Shape { what: "table" }).into());
        }
        let device = device::open(device)?;
        let graph = Graph::new(&self.net, &device).map_err(TrainError::from)?;
        let places = self.reading.places(&matrix.sequences);
        let mut numbers: HashMap<Vec<u32>, usize> = HashMap::new();
        let (mut keys, mut rows) = (Vec::new(), Vec::new());
        let of_row: Vec<usize> = (0..matrix.height)
            .map(|row| {
                let place = |at: &Option<usize>| at.map_or(NOTHING, |at| matrix.sequences.place(at, row));
                let key: Vec<u32> = places.iter().map(place).collect();
                *numbers.entry(key).or_insert_with_key(|key| {
                    keys.push(key.clone());
                    rows.push(row);
                    rows.len() - 1
                })
            })
            .collect();

        let network = self.fingerprint();
        let mut vectors = matrix.sequences.remembered(network, &keys);
        let unknown: Vec<usize> = (0..keys.len()).filter(|at| vectors.get(*at) == Some(&None)).collect();
        if !unknown.is_empty() {
            let asked: Vec<usize> = unknown.iter().filter_map(|at| rows.get(*at)).copied().collect();
            let data = self.reading.sequences(&matrix.sequences, &asked, report)?.0;
            let (width, made) = net::predict_vectors(&graph, &self.net, &data, &device, report)?;
            let made: Vec<Arc<[f32]>> = made.chunks(width.max(1)).map(Arc::from).collect();
            let named = unknown.iter().filter_map(|at| keys.get(*at)).cloned().zip(made.iter().cloned());
            matrix.sequences.remember(network, named);
            for (at, vector) in unknown.iter().zip(made) {
                if let Some(place) = vectors.get_mut(*at) {
                    *place = Some(vector);
                }
            }
        }

        let width = matrix.width();
        let mut logits = Vec::with_capacity(matrix.height);
        for (part, of_row) in of_row.chunks(ROWS).enumerate() {
            report.check()?;
            let from = part * ROWS * width;
            let table = matrix.data.get(from..from + of_row.len() * width).unwrap_or_default();
            let vector = |at: &usize| vectors.get(*at).and_then(Option::as_deref).unwrap_or_default();
            let joined: Vec<f32> = of_row.iter().flat_map(vector).copied().collect();
            let parts = (of_row.len(), table, joined.as_slice());
            logits.extend(net::predict_joined(&graph, &self.net, parts, &device)?);
        }
        Ok(net::predict_answers(&self.net, &logits))
    }

    /// What tells this network's vectors from another's.
    fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(serde_json::to_string(&(&self.reading, &self.net.spec)).unwrap_or_default().as_bytes());
        for weight in &self.net.weights {
            let bytes: Vec<u8> = weight.values.iter().flat_map(|x| x.to_le_bytes()).collect();
            hasher.update(&bytes);
        }
        *hasher.finalize().as_bytes()
    }
}
