//! What was seen inside the network that learns, and the way back to one of its epochs.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::curve::Growing;
use regulars_engine::job::{Event, Job};
use regulars_engine::project::Outcome;
use regulars_engine::train::fit::Look;
use regulars_engine::train::{
    DeviceChoice, DeviceKind, Epoch, KeptEpoch, Memory, Shelf, StillLook, Trained, Watching, look_at,
};

use super::runs::Training;
use super::{State, ended, ended_of};

/// Names of tensors, or of layers, each with a figure that is followed over the steps.
type Followed = Vec<(String, Growing)>;

/// A look at a kept epoch: its number and what was seen, or why nothing was.
type Still = (usize, Result<Arc<StillLook>, Error>);

/// Whose network it is, the name of the run to be, and its outcome being made.
type Taking = (Training, String, Job<Result<Outcome, Error>>);

/// What was seen inside the network that learns.
#[derive(Default)]
pub struct Inside {
    /// Trainings are watched also while the tab is closed.
    pub always: bool,
    /// The tab is in sight.
    pub open: bool,
    /// The training that is looked at.
    of: Option<Training>,
    pub losses: Growing,
    /// Steps in each epoch, once that is known.
    pub per_epoch: Option<u64>,
    /// The last step that was told, and its epoch.
    last: Option<(u64, usize)>,
    pub rates: Growing,
    pub norms: Followed,
    pub dead: Followed,
    pub look: Option<Box<Look>>,
    pub watching: Option<Watching>,
    pub memory: Option<Memory>,
    /// The epochs to which a person can go back.
    pub shelf: Shelf,
    history: Vec<Epoch>,
    device: Option<DeviceChoice>,
    /// The epoch that is looked at; the present where there is none.
    pub epoch: Option<usize>,
    still: Option<Still>,
    still_job: Option<(usize, Job<Result<StillLook, Error>>)>,
    /// An outcome is being made of a network: with the name of the run to be.
    taking: Option<Taking>,
    /// What is left of a training that failed.
    pub left: Option<(Training, Box<Trained>)>,
}

impl Inside {
    /// A training begins: what was seen of the one before is forgotten.
    pub(super) fn begin(&mut self, of: Option<Training>) {
        let memory = of.as_ref().map(Training::memory);
        let (always, open, taking) = (self.always, self.open, self.taking.take());
        *self = Self { always, open, of, memory, taking, ..Self::default() };
    }

    /// True while trainings are to be watched.
    pub(super) fn watches(&self) -> bool {
        self.always || self.open
    }

    /// Takes in what a training tells.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Steps(steps) => {
                for step in steps {
                    // The first step of an epoch tells how many there are in each.
                    if self.per_epoch.is_none()
                        && self.last == Some((step.step.saturating_sub(1), step.epoch.saturating_sub(1)))
                    {
                        self.per_epoch =
                            Some(step.step.saturating_sub(1) / (step.epoch as u64).saturating_sub(1).max(1));
                    }
                    self.last = Some((step.step, step.epoch));
                    self.losses.push(step.step as f64, step.loss);
                    self.rates.push(step.step as f64, step.learning_rate);
                }
            }
            Event::Look(look) => {
                let step = look.step as f64;
                for weight in look.weights.iter().filter(|weight| weight.name.ends_with(".weight")) {
                    follow(&mut self.norms, &weight.name, step, weight.gradient_norm);
                }
                for layer in &look.activations {
                    follow(&mut self.dead, &layer.name, step, layer.dead);
                }
                self.look = Some(look.clone());
            }
            Event::Network(kept) => self.shelf.keep(KeptEpoch::clone(kept)),
            Event::Watching(watching) => self.watching = Some(*watching),
            Event::Epoch(epoch) => self.history.push(*epoch),
            Event::Device(device) => self.device = Some(device.clone()),
            Event::Crew(_)
            | Event::Phase(_)
            | Event::Fold { .. }
            | Event::FoldDone { .. }
            | Event::Trial(_) => {}
        }
    }

    /// A training failed: what is left of it is offered.
    pub(super) fn failed(&mut self, error: &Error) {
        let Error::Train(error) = error else { return };
        self.left = self.of.clone().zip(error.kept().map(|kept| Box::new(kept.clone())));
    }

    /// The figures of the training that is looked at, epoch by epoch.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The kept epoch that is looked at.
    pub fn chosen(&self) -> Option<&KeptEpoch> {
        let epoch = self.epoch?;
        self.shelf.epochs().iter().find(|kept| kept.figures.epoch == epoch)
    }

    /// What the chosen epoch's network looks like, once it was looked at.
    pub fn still(&self) -> Option<&Result<Arc<StillLook>, Error>> {
        self.still.as_ref().filter(|(epoch, _)| Some(*epoch) == self.epoch).map(|(_, look)| look)
    }

    /// True while an outcome is made of a network.
    pub fn is_taking(&self) -> bool {
        self.taking.is_some()
    }
}

fn follow(all: &mut Followed, name: &str, step: f64, value: f64) {
    match all.iter_mut().find(|(other, _)| other == name) {
        Some((_, curve)) => curve.push(step, value),
        None => {
            let mut curve = Growing::new(4096);
            curve.push(step, value);
            all.push((name.to_owned(), curve));
        }
    }
}

impl State {
    /// Lets the paused training make one more step.
    pub fn step_batch(&mut self) {
        self.train.iter().for_each(Job::step_batch);
    }

    /// Makes a run of the chosen epoch's network; `name` is the run's.
    pub fn use_epoch(&mut self, name: String) {
        let inside = &self.inside;
        let device = inside.device.clone().unwrap_or(DeviceChoice {
            ran: DeviceKind::Flex,
            why: "saved",
            adapter: None,
            measured: None,
        });
        let trained = inside.epoch.and_then(|epoch| inside.shelf.trained(epoch, &inside.history, device));
        if let Some((of, trained)) = inside.of.clone().zip(trained) {
            self.make_run(of, name, trained);
        }
    }

    /// Makes a run of what a failed training left; `name` is the run's.
    pub fn use_left(&mut self, name: String) {
        if let Some((of, trained)) = self.inside.left.take() {
            self.make_run(of, name, *trained);
        }
    }

    fn make_run(&mut self, of: Training, name: String, trained: Trained) {
        if self.inside.taking.is_some() {
            return;
        }
        let rows = of.rows.clone();
        // On the processor: another training may have the graphics card.
        let job = self.start(move |_| rows.outcome(trained));
        self.inside.taking = Some((of, name, job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_inside(&mut self) {
        let on = self.inside.watches();
        self.train.iter().for_each(|job| job.watch(on));
        // Said again by the tab while it is drawn.
        self.inside.open = false;
        if let Some((of, name, job)) = self.inside.taking.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            match slot {
                Some(job) => self.inside.taking = Some((of, name, job)),
                None => {
                    if let Some(outcome) = self.settle(news) {
                        self.push_run(of, name, vec![outcome]);
                    }
                }
            }
        }
        if let Some((epoch, look)) = ended_of(&mut self.inside.still_job) {
            self.inside.still = look.map(|look| (epoch, look.map(Arc::new)));
        }
        self.look_at_chosen();
    }

    /// Looks at the chosen epoch, if that was not done yet.
    fn look_at_chosen(&mut self) {
        let inside = &self.inside;
        let Some(kept) = inside.chosen().filter(|_| inside.still_job.is_none()) else { return };
        let epoch = kept.figures.epoch;
        if inside.still.as_ref().is_some_and(|(seen, _)| *seen == epoch) {
            return;
        }
        let Some(of) = &inside.of else { return };
        let (network, rows) = (kept.network.clone(), of.rows.clone());
        let job = self.start(move |_| Ok(look_at(&network, &rows.matrix)?));
        self.inside.still_job = Some((epoch, job));
    }
}
