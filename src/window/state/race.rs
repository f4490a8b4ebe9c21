//! The models that learn side by side: their setup, and the worker that runs them.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use regulars_engine::job::{Cancelled, Job};
use regulars_engine::project::{self, Prepared};
use regulars_engine::train::race::{self, LANES, LaneSpec, Order, Preset, RaceError, View};

use super::{State, ended};
use crate::window::notice::Tone;
use crate::words::Lang;

/// A lane as it is being set up.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSetup {
    /// Its name among the words of the catalogue.
    key: &'static str,
    /// The person's own name for it, before all others.
    pub own: String,
    pub spec: LaneSpec,
}

impl LaneSetup {
    /// Its name: the person's, else that of the preset.
    pub fn name(&self, lang: Lang) -> String {
        match self.own.trim() {
            "" => lang.t(&format!("race.lane.{}", self.key)),
            own => own.to_owned(),
        }
    }
}

/// What is to be raced.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    pub lanes: Vec<LaneSetup>,
    /// The race runs by itself to this epoch.
    pub epochs: usize,
}

impl Setup {
    /// The lanes of a preset.
    pub fn of(preset: Preset, seed: u64) -> Self {
        let lane = |entry: race::Entry| LaneSetup { key: entry.name, own: String::new(), spec: entry.spec };
        Self { lanes: preset.lanes(seed).into_iter().map(lane).collect(), epochs: 30 }
    }

    /// Adds a lane like the last one.
    pub fn add(&mut self) {
        if let Some(last) = self.lanes.last().filter(|_| self.lanes.len() < *LANES.end()).cloned() {
            self.lanes.push(LaneSetup { key: "own", own: String::new(), ..last });
        }
    }

    /// Takes a lane out.
    pub fn remove(&mut self, lane: usize) {
        if self.lanes.len() > *LANES.start() && lane < self.lanes.len() {
            self.lanes.remove(lane);
        }
    }
}

/// The letter of a lane: its mark beside the colour.
pub fn letter(lane: usize) -> char {
    char::from(b'A' + (lane.min(25) as u8))
}

/// What was made before the first batch: what never changes while a race runs.
pub struct Ground {
    /// The lanes as they were set up.
    pub setup: Setup,
    /// The rows that they learn from.
    prepared: Arc<Prepared>,
    /// The features.
    pub features: Vec<String>,
    /// The followed customers: their names where the file has some, and whether they left.
    pub followed: Vec<(Option<String>, bool)>,
    /// Rows that are learnt from, rows that the curves are measured on, and those that there are.
    pub train_rows: usize,
    pub watched: (usize, usize),
    /// The features of the surfaces at first.
    pub axes: (usize, usize),
}

/// What the worker tells: the ground once, then view after view.
#[derive(Default)]
struct Told {
    ground: Option<Arc<Ground>>,
    view: Option<Arc<View>>,
}

/// The models that learn side by side.
pub struct Race {
    pub preset: Preset,
    /// What the next race will be; `None` until the page is seen first.
    pub setup: Option<Setup>,
    /// The epoch that the slider for setting back stands at, while it is not at the end.
    pub back_to: Option<usize>,
    /// The lane whose settings are shown.
    pub editing: usize,
    /// The curves of the training rows are shown as well.
    pub with_train: bool,
    /// Lanes whose curves are left out.
    pub hidden: Vec<usize>,
    /// Losses stand on a logarithmic axis.
    pub is_log: bool,
    /// Learning rates that the worker has not taken up yet, by lane.
    asked_rates: Vec<(usize, f64)>,
    orders: Option<Sender<Order>>,
    told: Arc<Mutex<Told>>,
    ground: Option<Arc<Ground>>,
    view: Option<Arc<View>>,
    job: Option<Job<Result<(), Ended>>>,
    problem: Option<RaceError>,
    /// It runs as soon as it stands.
    wants_run: bool,
}

/// Why the worker went home.
enum Ended {
    Cancelled,
    Race(RaceError),
}

impl From<Cancelled> for Ended {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl Default for Race {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            setup: None,
            back_to: None,
            editing: 0,
            with_train: false,
            hidden: Vec::new(),
            is_log: true,
            asked_rates: Vec::new(),
            orders: None,
            told: Arc::default(),
            ground: None,
            view: None,
            job: None,
            problem: None,
            wants_run: false,
        }
    }
}

impl Drop for Race {
    fn drop(&mut self) {
        self.job.iter().for_each(Job::cancel);
    }
}

impl Race {
    /// What never changes while the race runs; `None` before there is a race.
    pub fn ground(&self) -> Option<&Arc<Ground>> {
        self.ground.as_ref()
    }

    /// The race as it is now.
    pub fn view(&self) -> Option<&Arc<View>> {
        self.view.as_ref()
    }

    /// Why the last race could not start.
    pub fn problem(&self) -> Option<&RaceError> {
        self.problem.as_ref()
    }

    /// True from the start until the lanes stand.
    pub fn starting(&self) -> bool {
        self.job.is_some() && self.view.is_none()
    }

    /// True while it runs by itself.
    pub fn running(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.is_running)
    }

    /// Asks something of the race; nothing happens where there is none.
    pub fn ask(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // A worker that has gone home is told by its job.
            let _ = orders.send(order);
        }
    }

    /// Puts the lanes of a preset into the setup.
    pub fn choose(&mut self, preset: Preset, seed: u64) {
        let epochs = self.setup.as_ref().map(|setup| setup.epochs);
        let mut setup = Setup::of(preset, seed);
        setup.epochs = epochs.unwrap_or(setup.epochs);
        (self.preset, self.setup) = (preset, Some(setup));
    }

    /// Ends the race and forgets it; the setup stays.
    pub fn close(&mut self) {
        self.job.iter().for_each(Job::cancel);
        let keep = (self.preset, self.setup.take(), self.editing, self.with_train, self.is_log);
        *self = Self::default();
        (self.preset, self.setup, self.editing, self.with_train, self.is_log) = keep;
    }

    /// A lane's learning rate: the one that was just asked for, else the one in force.
    pub fn rate(&self, lane: usize) -> Option<f64> {
        let asked = self.asked_rates.iter().find(|(of, _)| *of == lane).map(|(_, rate)| *rate);
        asked.or_else(|| Some(self.view.as_ref()?.lanes.get(lane)?.rate))
    }

    /// Changes a lane's learning rate.
    pub fn set_rate(&mut self, lane: usize, rate: f64) {
        self.asked_rates.retain(|(of, _)| *of != lane);
        self.asked_rates.push((lane, rate));
        self.ask(Order::Rate { lane, rate });
    }

    /// Sets one lane, or all, back to the end of an epoch.
    pub fn rewind(&mut self, lane: Option<usize>, epoch: usize) {
        self.asked_rates.retain(|(of, _)| lane.is_some_and(|lane| lane != *of));
        self.ask(Order::Rewind { lane, epoch });
    }

    /// True when the setup is no longer what the race was started with; the length is changed at once.
    pub fn setup_differs(&self) -> bool {
        match (&self.setup, &self.ground) {
            (Some(setup), Some(ground)) => setup.lanes != ground.setup.lanes,
            _ => false,
        }
    }
}

impl State {
    /// Puts the lanes at their start, on the present rows; `run` sets them off at once.
    pub fn start_race(&mut self, run: bool) {
        let Some(prepared) = self.prepared.clone().filter(|_| !self.preparing()) else { return };
        self.race.close();
        let seed = self.settings.seed;
        let setup = self.race.setup.get_or_insert_with(|| Setup::of(self.race.preset, seed)).clone();
        let (orders, inbox) = channel();
        let told = Arc::new(Mutex::new(Told::default()));
        (self.race.orders, self.race.told, self.race.wants_run) = (Some(orders), told.clone(), run);
        let ctx = self.ctx.clone();
        self.race.job = Some(self.start(move |report| {
            let (track, names) = project::race_track(&prepared, seed).map_err(Ended::Race)?;
            let ground = Ground {
                features: track.names.clone(),
                followed: names.into_iter().zip(track.followed.iter().map(|one| one.is_positive)).collect(),
                train_rows: track.train.rows(),
                watched: (track.valid.rows(), track.valid_rows),
                axes: track.axes,
                prepared,
                setup: setup.clone(),
            };
            let specs: Vec<LaneSpec> = setup.lanes.iter().map(|lane| lane.spec.clone()).collect();
            let lanes = race::Race::new(Arc::new(track), &specs).map_err(Ended::Race)?;
            let tell = |change: &mut dyn FnMut(&mut Told)| {
                change(&mut told.lock().unwrap_or_else(PoisonError::into_inner));
                ctx.request_repaint();
            };
            let ground = Arc::new(ground);
            tell(&mut |told| told.ground = Some(ground.clone()));
            let publish = |view: View| {
                let view = Arc::new(view);
                tell(&mut |told| told.view = Some(view.clone()));
            };
            race::drive(lanes, setup.epochs, &inbox, publish, report)?;
            Ok(())
        }));
    }

    /// True when the race runs on rows that are no longer the present ones.
    pub fn race_is_old(&self) -> bool {
        let present = self.prepared.as_ref();
        self.race
            .ground
            .as_ref()
            .is_some_and(|ground| present.is_none_or(|now| !Arc::ptr_eq(now, &ground.prepared)))
    }

    /// Takes the settings of a lane for the network of the project: one step of undo.
    pub fn use_lane(&mut self, lane: usize) {
        let Some(view) = self.race.view.clone() else { return };
        let Some(of) = view.lanes.get(lane).filter(|_| !self.locked) else { return };
        self.settings.mlp = race::settings_of(&of.spec, of.rate, &self.settings.mlp);
        let key = if of.spec.l2 > 0.0 { "race.used_without_l2" } else { "race.used" };
        self.tell(Tone::Good, key, vec![("lane", letter(lane).to_string())]);
    }

    /// Takes in what its worker has told.
    pub(super) fn poll_race(&mut self) {
        let race = &mut self.race;
        if race.job.is_none() {
            return;
        }
        {
            let mut told = race.told.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ground) = told.ground.take() {
                race.ground = Some(ground);
            }
            if let Some(view) = told.view.take() {
                let in_force = |at: usize| view.lanes.get(at).map(|lane| lane.rate);
                race.asked_rates.retain(|(lane, rate)| in_force(*lane) != Some(*rate));
                race.view = Some(view);
            }
        }
        if race.wants_run && race.view.is_some() {
            race.wants_run = false;
            race.ask(Order::Run);
        }
        match ended(&mut race.job) {
            Some(Some(Err(Ended::Race(problem)))) => race.problem = Some(problem),
            Some(None) => {
                race.close();
                self.lost();
            }
            Some(Some(Ok(()) | Err(Ended::Cancelled))) | None => {}
        }
    }
}
