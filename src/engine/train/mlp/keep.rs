//! Where a training of the network stands at the end of an epoch, in one file written atomically, so that
//! going on after a crash equals never having stopped.
//!
//! Format: the 8 bytes `RGLMLP1\n`; JSON; the BLAKE3 of all bytes before it, 32 bytes.

use std::path::Path;
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Epoch, MlpSpec};
use crate::train::fit::Updater;
use crate::train::net::NetError;
use crate::train::network::{Dense, Network, read};
use crate::train::optimizer::Plateau;
use crate::train::{Samples, TrainError};

const MAGIC: &[u8; 8] = b"RGLMLP1\n";
/// Writing takes at most about this share of the time.
const SHARE: u32 = 20;
/// Epochs may be shorter than this; the file is not written more often.
const APART: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 300 });

/// The optimiser's means, one for each tensor in the network's order, where there are any.
type Moments = Vec<Option<Vec<f32>>>;

/// Everything that the next epoch depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub spec: MlpSpec,
    pub seed: u64,
    /// Fingerprint of the rows and their labels.
    pub data: String,
    /// Epochs that are done.
    pub epoch: usize,
    /// The rows as the last epoch went through them: the next shuffles these.
    pub order: Vec<usize>,
    /// Words of the ChaCha stream that are used.
    pub stream_at: u64,
    pub steps: usize,
    pub plateau: Plateau,
    pub seconds: f64,
    pub history: Vec<Epoch>,
    /// Loss, epoch and network of the best so far.
    pub best: Option<(f64, usize, Network)>,
    pub network: Network,
    first: Moments,
    second: Moments,
}

fn broken(cause: impl ToString) -> TrainError {
    NetError::Checkpoint { cause: cause.to_string() }.into()
}

impl Standing {
    /// Takes the optimiser's memory along.
    pub fn with_moments(mut self, model: &Dense, updater: &Updater) -> Result<Self, TrainError> {
        struct Each<'a>(&'a GradientsParams, Result<Moments, TrainError>);
        impl ModuleVisitor for Each<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let value = self.0.get::<D>(param.id).map(read).transpose();
                match (&mut self.1, value) {
                    (Ok(all), Ok(value)) => all.push(value),
                    (kept @ Ok(_), Err(why)) => *kept = Err(why),
                    (Err(_), _) => {}
                }
            }
        }
        let of = |store: &GradientsParams| {
            let mut each = Each(store, Ok(Vec::new()));
            model.visit(&mut each);
            each.1
        };
        (self.first, self.second) = (of(&updater.first)?, of(&updater.second)?);
        Ok(self)
    }

    /// Gives the optimiser its memory back.
    ///
    /// # Errors
    /// The numbers are of other shapes than the network's.
    pub fn give(&self, model: &Dense, updater: &mut Updater, device: &Device) -> Result<(), TrainError> {
        struct Put<'a> {
            kept: std::slice::Iter<'a, Option<Vec<f32>>>,
            into: &'a mut GradientsParams,
            device: &'a Device,
            fits: bool,
        }
        impl ModuleVisitor for Put<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let Some(values) = self.kept.next() else {
                    self.fits = false;
                    return;
                };
                let Some(values) = values else { return };
                let shape = param.val().dims();
                if values.len() != shape.iter().product::<usize>() {
                    self.fits = false;
                    return;
                }
                let data = TensorData::new(values.clone(), shape);
                self.into.register::<D>(param.id, Tensor::from_data(data, self.device));
            }
        }
        let put = |kept: &Moments, into: &mut GradientsParams| {
            let mut put = Put { kept: kept.iter(), into, device, fits: true };
            model.visit(&mut put);
            put.fits
        };
        let fits = put(&self.first, &mut updater.first) && put(&self.second, &mut updater.second);
        updater.steps = self.steps as u64;
        if fits { Ok(()) } else { Err(broken("the optimiser's numbers have other shapes")) }
    }

    fn write(&self, path: &Path) -> Result<(), TrainError> {
        let mut bytes = MAGIC.to_vec();
        serde_json::to_writer(&mut bytes, self).map_err(broken)?;
        let hash = blake3::hash(&bytes);
        crate::files::write_atomically(path, |out| {
            out.write_all(&bytes)?;
            out.write_all(hash.as_bytes())
        })
        .map_err(broken)
    }

    fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(broken)?;
        let body = bytes.len().checked_sub(32).ok_or_else(|| broken("the file is too short"))?;
        let (bytes, hash) = bytes.split_at(body);
        if blake3::hash(bytes).as_bytes().as_slice() != hash {
            return Err(broken("the file is damaged"));
        }
        let json = bytes.strip_prefix(MAGIC).ok_or_else(|| broken("this is not a checkpoint"))?;
        serde_json::from_slice(json).map_err(broken)
    }
}

/// Keeps a training's standing in a file, where there is one.
pub(super) struct Keeper<'a> {
    path: Option<&'a Path>,
    pub data: String,
    wrote: Option<Instant>,
    cost: Duration,
}

impl<'a> Keeper<'a> {
    pub fn new(path: Option<&'a Path>, samples: &Samples) -> Self {
        let data = path.map(|_| fingerprint(samples)).unwrap_or_default();
        Self { path, data, wrote: None, cost: Duration::ZERO }
    }

    /// The standing that is there to be gone on with.
    ///
    /// # Errors
    /// The file is damaged, or of other settings, another seed or other data; only the number of epochs
    /// may differ.
    pub fn open(&self, spec: &MlpSpec, seed: u64, samples: &Samples) -> Result<Option<Standing>, TrainError> {
        let Some(path) = self.path.filter(|path| path.exists()) else { return Ok(None) };
        let kept = Standing::read(path)?;
        let theirs = MlpSpec { epochs: spec.epochs, ..kept.spec.clone() };
        if theirs != *spec || kept.seed != seed || kept.data != self.data {
            return Err(broken("it was written with other settings, another seed or other data"));
        }
        let rows = samples.train.height;
        let mut seen = vec![false; rows];
        let counts = |at: &usize| seen.get_mut(*at).is_some_and(|seen| !std::mem::replace(seen, true));
        let is_order = kept.order.len() == rows && kept.order.iter().all(counts);
        let width = samples.train.width();
        let is_sound = |network: &Network| network.is_sound(width);
        let best = kept.best.as_ref().is_none_or(|(_, _, network)| is_sound(network));
        if !(is_order && best && is_sound(&kept.network)) {
            return Err(broken("its parts do not fit each other"));
        }
        Ok(Some(kept))
    }

    /// Writes no more.
    pub fn ends(&mut self) {
        self.path = None;
    }

    /// True if it is time to write.
    pub fn is_due(&self) -> bool {
        self.path.is_some()
            && self
                .wrote
                .is_none_or(|at| at.elapsed() >= APART.max(self.cost.saturating_mul(SHARE)) || cfg!(test))
    }

    /// Writes the standing. A full disk does not end a training that goes well.
    pub fn keep(&mut self, standing: &Standing) {
        let Some(path) = self.path else { return };
        let began = Instant::now();
        let _ = standing.write(path);
        self.cost = began.elapsed();
        self.wrote = Some(Instant::now());
    }
}

impl Standing {
    /// Without the optimiser's memory; see [`with_moments`](Self::with_moments).
    #[expect(clippy::too_many_arguments, reason = "each is one field")]
    pub fn new(
        spec: &MlpSpec,
        (seed, data): (u64, &str),
        order: &[usize],
        stream_at: u64,
        (epoch, steps, plateau): (usize, usize, Plateau),
        course: &crate::train::course::Course,
        network: Network,
        seconds: f64,
    ) -> Self {
        Self {
            spec: spec.clone(),
            seed,
            data: data.to_owned(),
            epoch,
            order: order.to_vec(),
            stream_at,
            steps,
            plateau,
            seconds,
            history: course.history.clone(),
            best: course.best.clone(),
            network,
            first: Vec::new(),
            second: Vec::new(),
        }
    }
}

fn fingerprint(samples: &Samples) -> String {
    let mut hash = blake3::Hasher::new();
    for (matrix, labels) in [(&samples.train, &samples.train_labels), (&samples.valid, &samples.valid_labels)]
    {
        hash.update(&(matrix.height as u64).to_le_bytes());
        hash.update(&(matrix.width() as u64).to_le_bytes());
        let bytes: Vec<u8> = matrix.data.iter().flat_map(|x| x.to_le_bytes()).collect();
        hash.update(&bytes);
        hash.update(&labels.iter().map(|y| u8::from(*y)).collect::<Vec<u8>>());
    }
    hash.finalize().to_hex().to_string()
}
