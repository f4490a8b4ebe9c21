//! Branches that train together before a class: what is to be played, the worker that plays it, and how far
//! the class has watched.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Prepared, TheatreTold};
use regulars_engine::table::Role;
use regulars_engine::train::federated::{Ground, RoundFigures, Simulation};

use super::{State, ended};

/// Time that a class has for one round.
const TICK: Duration = Duration::from_millis(700);

/// What is being played.
pub struct Play {
    /// As it was started.
    pub setup: Simulation,
    rows_of: Arc<Prepared>,
    /// The branches, and the area of the first weights; absent until they stand.
    pub ground: Option<(Ground, Option<f64>)>,
    /// Rounds that are there, watched or not.
    pub rounds: Vec<RoundFigures>,
}

/// The theatre.
#[derive(Default)]
pub struct Theatre {
    /// What the next play will be.
    pub setup: Simulation,
    /// The branch whose message is looked at.
    pub branch: usize,
    play: Option<Play>,
    watched: usize,
    /// When the next round is shown, while it plays.
    next: Option<Instant>,
    told: Arc<Mutex<Vec<TheatreTold>>>,
    job: Option<Job<Result<(), Error>>>,
    failed: Option<Error>,
}

impl Drop for Theatre {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Theatre {
    /// What is being played.
    pub fn play(&self) -> Option<&Play> {
        self.play.as_ref()
    }

    /// Rounds that were watched.
    pub fn watched(&self) -> usize {
        self.watched
    }

    /// The rounds that were watched.
    pub fn seen(&self) -> &[RoundFigures] {
        let rounds = self.play.as_ref().map_or(&[][..], |play| &play.rounds);
        rounds.get(..self.watched).unwrap_or(rounds)
    }

    /// True while rounds follow each other by themselves.
    pub fn is_playing(&self) -> bool {
        self.next.is_some()
    }

    /// True while the worker still makes rounds.
    pub fn is_working(&self) -> bool {
        self.job.is_some()
    }

    /// True after the last round.
    pub fn is_over(&self) -> bool {
        self.play.as_ref().is_some_and(|play| self.watched >= play.setup.spec.rounds.max(1))
    }

    /// Why there are no more rounds.
    pub fn failed(&self) -> Option<&Error> {
        self.failed.as_ref()
    }

    /// Lets rounds follow each other, or stops that.
    pub fn play_on(&mut self, on: bool) {
        self.next = (on && self.play.is_some() && !self.is_over()).then(Instant::now);
    }

    /// Goes to the end of a round, as far as there is one; 0 is the start.
    pub fn go_to(&mut self, round: usize) {
        self.next = None;
        self.watched = round.min(self.play.as_ref().map_or(0, |play| play.rounds.len()));
    }

    /// True where the settings are no longer those that are played.
    pub fn setup_differs(&self) -> bool {
        self.play.as_ref().is_some_and(|play| play.setup != self.setup)
    }

    /// Stops the worker; the rounds that are there stay.
    pub fn cancel(&self) {
        self.job.iter().for_each(Job::cancel);
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.job.as_ref().map(|job| ("theatre", job.progress(), job.seconds()))
    }

    /// Takes in what the worker has told.
    fn hear(&mut self) {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(play) = &mut self.play else { return };
        for one in told {
            match one {
                TheatreTold::Opened(ground, start) => play.ground = Some((ground, start)),
                TheatreTold::Round(figures) => play.rounds.push(*figures),
            }
        }
    }
}

impl State {
    /// Plays from the start, with the settings as they are.
    pub fn start_theatre(&mut self) {
        let (Some(table), Some(prepared)) = (self.table.clone(), self.prepared.clone()) else { return };
        self.theatre.cancel();
        let (settings, setup) = (self.settings.clone(), self.theatre.setup.clone());
        let told = Arc::new(Mutex::new(Vec::new()));
        let ctx = self.ctx.clone();
        let (heard, simulation) = (told.clone(), setup.clone());
        let job = self.start(move |report| {
            let mut tell = |one: TheatreTold| {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                ctx.request_repaint();
            };
            project::theatre(&settings, &simulation, &table, &mut tell, report)
        });
        let theatre = &mut self.theatre;
        (theatre.told, theatre.job, theatre.failed) = (told, Some(job), None);
        (theatre.watched, theatre.next) = (0, Some(Instant::now() + TICK));
        theatre.play = Some(Play { setup, rows_of: prepared, ground: None, rounds: Vec::new() });
    }

    /// True where the rows are no longer those that are played.
    pub fn theatre_is_old(&self) -> bool {
        let present = self.prepared.as_ref();
        let is_same = |play: &Play| present.is_some_and(|now| Arc::ptr_eq(now, &play.rows_of));
        self.theatre.play.as_ref().is_some_and(|play| !is_same(play))
    }

    /// Numbers of the table that branches can be cut by.
    pub fn theatre_columns(&self) -> Vec<String> {
        let numbers = self.table.iter().flat_map(|table| &table.columns);
        let numbers = numbers.filter(|column| matches!(column.role, Role::Number | Role::Money));
        numbers.map(|column| column.name.clone()).collect()
    }

    /// Takes in what its worker has told, and lets the next round be seen when it is time.
    pub(super) fn poll_theatre(&mut self) {
        if self.theatre.job.is_some() {
            self.theatre.hear();
        }
        if let Some(end) = ended(&mut self.theatre.job) {
            // What was told between the look and the end.
            self.theatre.hear();
            match end {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    self.theatre.next = None;
                    self.theatre.failed = (!matches!(error, Error::Cancelled)).then_some(error);
                }
                None => {
                    self.theatre.next = None;
                    self.lost();
                }
            }
        }
        let theatre = &mut self.theatre;
        let (Some(next), Some(play)) = (theatre.next, &theatre.play) else { return };
        if theatre.watched >= play.rounds.len() {
            // The worker wakes the window with its next round; when it is over or gone there is none.
            if theatre.job.is_none() {
                theatre.next = None;
            }
            return;
        }
        let now = Instant::now();
        if now < next {
            self.ctx.request_repaint_after(next - now);
            return;
        }
        theatre.watched += 1;
        theatre.next = (!theatre.is_over()).then_some(now + TICK);
        if theatre.next.is_some() {
            self.ctx.request_repaint_after(TICK);
        }
    }
}
