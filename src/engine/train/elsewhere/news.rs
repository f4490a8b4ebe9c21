//! What the machine that trains tells, and what it is told.

use serde::{Deserialize, Serialize};

use crate::job::{Event, Reporter};
use crate::train::fit::{EpochFigures, Look, StepFigures};
use crate::train::net::{Net, NetError};
use crate::train::{DeviceChoice, DeviceKind, Epoch, KeptEpoch, Network, TrainError, Watching};

/// What happened there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", content = "of", rename_all = "snake_case")]
pub enum News {
    Device { ran: DeviceKind, adapter: Option<String> },
    Epoch(Epoch),
    Steps(Vec<StepFigures>),
    Look(Box<Look>),
    Network(Box<KeptEpoch>),
    Watching(Watching),
}

impl News {
    /// What travels of an event: what a training tells, if JSON can say it.
    pub(super) fn of(event: Event) -> Option<Self> {
        match event {
            Event::Device(choice) => Some(Self::Device { ran: choice.ran, adapter: choice.adapter }),
            Event::Epoch(epoch) => Some(Self::Epoch(epoch)),
            Event::Steps(steps) => {
                Some(Self::Steps(steps.into_iter().filter(|step| step.loss.is_finite()).collect()))
            }
            Event::Look(look) => {
                let is_fine = look.weights.iter().all(|weight| weight.gradient_norm.is_finite());
                is_fine.then_some(Self::Look(look))
            }
            Event::Network(kept) => Some(Self::Network(kept)),
            Event::Watching(watching) => Some(Self::Watching(watching)),
            _ => None,
        }
    }

    /// Tells it on here, unless it was told before: a training that was gone on with tells its epochs again.
    pub(super) fn tell(self, place: &str, seen: &mut usize, report: &Reporter) {
        match self {
            Self::Device { ran, adapter } => report.emit(Event::Device(choice(place, ran, adapter))),
            Self::Epoch(epoch) if epoch.epoch > *seen => {
                *seen = epoch.epoch;
                report.epoch_done(epoch);
            }
            Self::Epoch(_) => {}
            Self::Steps(steps) => report.emit(Event::Steps(steps)),
            Self::Look(look) => report.emit(Event::Look(look)),
            Self::Network(kept) => {
                if kept.figures.epoch > *seen {
                    report.emit(Event::Network(kept));
                }
            }
            Self::Watching(watching) => report.emit(Event::Watching(watching)),
        }
    }
}

/// A device there, as the faces tell it.
pub(super) fn choice(place: &str, ran: DeviceKind, adapter: Option<String>) -> DeviceChoice {
    let name = adapter.map_or_else(|| place.to_owned(), |adapter| format!("{place}: {adapter}"));
    DeviceChoice { ran, why: "elsewhere", adapter: Some(name), measured: None }
}

/// What the machine is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Control {
    /// Stop, and forget it.
    pub cancel: bool,
    /// End now with what there is.
    pub finish: bool,
    pub pause: bool,
    /// Somebody looks inside.
    pub watched: bool,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Running,
    /// There is an outcome.
    Done,
}

/// An answer to "what is new?".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub news: Vec<News>,
    /// To be asked for next time.
    pub next: usize,
    /// Done share, 0 to 1.
    pub progress: f64,
    pub standing: Standing,
    /// Checkpoints written so far.
    pub checkpoints: u64,
}

/// Why a training ended without going well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub(super) enum Failed {
    Diverged { epoch: usize },
    Exploded { epoch: usize, rate: f64 },
    Memory { needed: u64, available: u64 },
    Broken { cause: String },
    Cancelled,
    Other { cause: String },
}

/// A trained network, whichever it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Weights {
    Mlp(Network),
    Net(Box<Net>),
}

/// What came of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub(super) failed: Option<Failed>,
    pub(super) weights: Option<Weights>,
    pub(super) device: Option<(DeviceKind, Option<String>)>,
    pub(super) history: Vec<Epoch>,
    pub(super) figures: Vec<EpochFigures>,
    pub(super) best_epoch: usize,
    pub(super) seconds: f64,
}

impl Outcome {
    /// Nothing but a reason.
    pub(super) fn nothing(failed: Failed) -> Self {
        Self {
            failed: Some(failed),
            weights: None,
            device: None,
            history: Vec::new(),
            figures: Vec::new(),
            best_epoch: 0,
            seconds: 0.0,
        }
    }
}

impl Failed {
    /// The reason of an error, in a form that travels.
    pub fn of(error: &crate::Error) -> Self {
        match error {
            crate::Error::Cancelled => Self::Cancelled,
            crate::Error::Train(TrainError::Diverged { epoch, .. }) => Self::Diverged { epoch: *epoch },
            crate::Error::Train(TrainError::Net(NetError::Exploded { epoch, rate, .. })) => {
                Self::Exploded { epoch: *epoch, rate: *rate }
            }
            crate::Error::Train(TrainError::Memory { needed, available }) => {
                Self::Memory { needed: *needed, available: *available }
            }
            crate::Error::Train(TrainError::Broken { cause, .. } | TrainError::Device { cause }) => {
                Self::Broken { cause: cause.clone() }
            }
            other => Self::Other { cause: other.to_string() },
        }
    }
}
