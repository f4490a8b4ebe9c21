//! The curves of many runs, made ready to be drawn: once for each choice of what is drawn, away from
//! the window's thread where there are many.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::curve::{Pyramid, smoothed};
use regulars_engine::job::Job;
use regulars_engine::project::Outcome;
use regulars_engine::train::Epoch;

use super::{Run, State, ended_of};

/// A figure that is followed over the epochs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Measure {
    #[default]
    ValidLoss,
    TrainLoss,
    ValidAuc,
    LearningRate,
}

impl Measure {
    pub const ALL: [Measure; 4] =
        [Measure::ValidLoss, Measure::TrainLoss, Measure::ValidAuc, Measure::LearningRate];

    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::ValidLoss => "runs.measure.valid_loss",
            Self::TrainLoss => "runs.measure.train_loss",
            Self::ValidAuc => "runs.measure.valid_auc",
            Self::LearningRate => "runs.measure.learning_rate",
        }
    }

    fn of(self, epoch: &Epoch) -> f64 {
        match self {
            Self::ValidLoss => epoch.valid_loss,
            Self::TrainLoss => epoch.train_loss,
            Self::ValidAuc => epoch.valid_auc.unwrap_or(f64::NAN),
            Self::LearningRate => epoch.learning_rate,
        }
    }
}

/// What the curves were made for: the runs, the measure, the smoothing.
type Key = (Vec<usize>, Measure, u64);
/// The number of a run and its curve.
pub type Drawn = Vec<(usize, Pyramid)>;

/// Predictions that are made.
type Predicting = Job<Result<Vec<Outcome>, Error>>;

/// Curves that are ready, and jobs that make others.
#[derive(Default)]
pub struct Curves {
    ready: Option<(Key, Arc<Drawn>)>,
    job: Option<(Key, Job<Drawn>)>,
    /// A run whose predictions are made again.
    pub(super) again: Option<(usize, Predicting)>,
}

/// Points up to which curves are made at once.
const AT_ONCE: usize = 50_000;

impl State {
    /// The curves of the overlaid runs and of the shown one, the shown first; those that were ready
    /// last while others are made.
    pub fn curves(&mut self, measure: Measure, smooth: f64) -> Arc<Drawn> {
        let shown = self.runs.get(self.shown_run).map(|run| run.number);
        let mut runs: Vec<&Run> =
            self.runs.iter().filter(|run| run.overlaid || Some(run.number) == shown).collect();
        runs.sort_by_key(|run| (Some(run.number) != shown, std::cmp::Reverse(run.number)));
        let key = (runs.iter().map(|run| run.number).collect::<Vec<_>>(), measure, smooth.to_bits());
        if let Some((of, ready)) = &self.curves.ready
            && *of == key
        {
            return ready.clone();
        }
        let points: usize = runs.iter().map(|run| run.history().len()).sum();
        let parts: Vec<(usize, RunCurve)> = runs.iter().map(|run| (run.number, run.curve())).collect();
        let make = move || -> Drawn {
            let one = |(number, curve): &(usize, RunCurve)| {
                let values = smoothed(curve.history().iter().map(|e| measure.of(e)), smooth);
                let epochs = curve.history().iter().map(|e| e.epoch as f64);
                (*number, Pyramid::new(epochs.zip(values).map(|(x, y)| [x, y])))
            };
            parts.iter().map(one).collect()
        };
        if points <= AT_ONCE {
            let ready = Arc::new(make());
            self.curves.ready = Some((key, ready.clone()));
            return ready;
        }
        if self.curves.job.is_none() {
            let job = self.start(move |_| make());
            self.curves.job = Some((key, job));
        }
        self.curves.ready.as_ref().map(|(_, ready)| ready.clone()).unwrap_or_default()
    }

    /// True while curves are being made.
    pub fn making_curves(&self) -> bool {
        self.curves.job.is_some()
    }

    pub(super) fn poll_curves(&mut self) {
        if let Some((key, Some(drawn))) = ended_of(&mut self.curves.job) {
            self.curves.ready = Some((key, Arc::new(drawn)));
        }
        self.poll_again();
    }
}

/// A run's figures, shared with a worker.
pub(super) struct RunCurve(pub Arc<Vec<regulars_engine::project::SavedModel>>);

impl RunCurve {
    pub fn history(&self) -> &[Epoch] {
        self.0.iter().find(|m| !m.history.is_empty()).map_or(&[], |m| &m.history)
    }
}
