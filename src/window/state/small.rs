//! The shown run's network made smaller, and the smaller one that a person takes.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Outcome, Prepared, Settings, SmallTable};
use regulars_engine::train::small::{SmallSpec, Way, check};

use super::keyed::{Keyed, Same};
use super::{State, ended};
use crate::window::notice::Tone;

/// What smaller networks are made of: the full one, its rows, how far, the threshold and the repair.
type Key = (Same<Outcome>, Same<Prepared>, SmallSpec, String);

/// The smaller model on its way: of which network, under which name, and the job.
type Taking = (Arc<Outcome>, String, Job<Result<Outcome, Error>>);

/// Smaller networks, and what a person says of them.
#[derive(Default)]
pub struct Small {
    pub spec: SmallSpec,
    /// The one whose price is being shown.
    pub asked: Option<Way>,
    found: Keyed<Key, SmallTable>,
    taking: Option<Taking>,
}

impl Small {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.found.cancel();
        self.taking.iter().for_each(|(_, _, job)| job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let taking = self.taking.as_ref().map(|(_, _, job)| ("small", job.progress(), job.seconds()));
        self.found.job("small").or(taking)
    }

    /// The done share while smaller networks are made.
    pub fn progress(&self) -> Option<f64> {
        self.found.progress()
    }

    /// True while the one that a person took is being made ready.
    pub fn is_taking(&self) -> bool {
        self.taking.is_some()
    }
}

impl State {
    /// The network of the shown run, before any repair.
    pub fn network(&self) -> Option<&Arc<Outcome>> {
        self.outcomes.iter().find(|outcome| outcome.kind.is_network())
    }

    /// The settings of the shown run, read with the present threshold and repair.
    fn small_settings(&self) -> Option<Settings> {
        let run = self.runs.get(self.shown_run)?;
        let (threshold, repair) = (self.settings.threshold, self.settings.repair);
        Some(Settings { threshold, repair, ..run.settings.clone() })
    }

    fn small_key(&self) -> Option<Key> {
        let (network, rows) = (self.network()?.clone(), self.trained_on.clone()?);
        let reading = format!("{} {}", self.settings.threshold, self.settings.repair.name());
        Some((Same(network), Same(rows), self.small.spec.clone(), reading))
    }

    /// Makes the shown run's network smaller in every way.
    pub fn find_smaller(&mut self) {
        let (Some(key), Some(settings)) = (self.small_key(), self.small_settings()) else { return };
        if self.train.is_some() || check(&key.0.0.trained.model).is_err() {
            return;
        }
        self.small.asked = None;
        let (full, rows, spec) = (key.0.0.clone(), key.1.0.clone(), key.2.clone());
        let ctx = self.ctx.clone();
        self.small
            .found
            .begin(key, &ctx, move |report| project::find_smaller(&settings, &rows, &full, &spec, report));
    }

    /// The smaller networks of the shown run, and whether they were made as the settings are now.
    pub fn smaller(&self) -> Option<(Arc<SmallTable>, bool)> {
        let (of, found) = self.small.found.found()?;
        let key = self.small_key()?;
        (of.0 == key.0 && of.1 == key.1).then(|| (found.clone(), *of == key))
    }

    /// Takes a smaller model at its price: it becomes a run of its own, named `name`, and is shown.
    pub fn take_smaller(&mut self, way: Way, name: String) {
        let (Some(key), Some(settings)) = (self.small_key(), self.small_settings()) else { return };
        let Some(table) = self.small.found.of(&key).cloned() else { return };
        let (full, rows) = (key.0.0, key.1.0);
        let of = full.clone();
        let job = self.start(move |report| {
            let taken = project::take_smaller(&settings, &rows, &full.trained, (&table, way), report)?;
            // The window repairs what it shows by itself.
            Ok(taken.0)
        });
        self.small.taking = Some((of, name, job));
        self.small.asked = None;
    }

    /// The run whose network the shown smaller one was made of, where it is still there.
    pub fn full_run(&self) -> Option<usize> {
        let shown = self.runs.get(self.shown_run)?;
        self.runs.iter().rposition(|run| {
            let full = run.network().is_some_and(|model| model.model.small().is_none());
            full && run.can_be_shown() && run.is_of_same_training(shown)
        })
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_small(&mut self) {
        let end = self.small.found.poll();
        self.ended_with(end);
        let Some((of, name, job)) = self.small.taking.take() else { return };
        let mut slot = Some(job);
        let news = ended(&mut slot);
        if let Some(job) = slot {
            self.small.taking = Some((of, name, job));
            return;
        }
        let Some(taken) = self.settle(news) else { return };
        let kind = taken.kind;
        if self.push_smaller(&of, name.clone(), taken) {
            self.show_model(kind);
            self.tell(Tone::Good, "small.taken", vec![("name", name)]);
        }
    }
}
