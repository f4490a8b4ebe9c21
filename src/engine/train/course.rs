//! How far a training has come, and what is left of it when it fails.

use std::any::Any;
use std::time::{Duration, Instant};

use super::{DeviceChoice, Epoch, Model, Network, TrainError, Trained};

/// How far a training has come: what is left of it when it fails.
pub(super) struct Course {
    pub history: Vec<Epoch>,
    /// The lowest validation loss, its epoch and its network.
    pub best: Option<(f64, usize, Network)>,
    pub started: Instant,
    /// Time of pauses.
    pub rested: Duration,
    /// Time before the program ended and the training was gone on with.
    pub before: Duration,
}

impl Course {
    /// At its beginning.
    pub fn begin() -> Self {
        let (rested, before) = (Duration::ZERO, Duration::ZERO);
        Self { history: Vec::new(), best: None, started: Instant::now(), rested, before }
    }

    pub fn seconds(&self) -> f64 {
        (self.started.elapsed().saturating_sub(self.rested) + self.before).as_secs_f64()
    }

    /// The best epoch so far as a finished training.
    pub fn trained(self, device: &DeviceChoice) -> Option<Trained> {
        let seconds = self.seconds();
        let (_, best_epoch, network) = self.best?;
        Some(Trained {
            model: Model::Mlp(network),
            device: device.clone(),
            epochs_run: self.history.len(),
            history: self.history,
            best_epoch,
            seconds,
            promise: None,
        })
    }
}

/// An error with what is left of the training.
pub(super) fn with_kept(error: TrainError, course: Course, device: &DeviceChoice) -> TrainError {
    let kept = course.trained(device).map(Box::new);
    match error {
        TrainError::Diverged { epoch, .. } => TrainError::Diverged { epoch, kept },
        TrainError::Device { cause } => TrainError::Broken { cause, kept },
        other => other,
    }
}

/// What a panic said.
pub(super) fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "the computation ended without a word".to_owned())
}
