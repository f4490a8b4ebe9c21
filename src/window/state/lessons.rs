//! The lesson that is being taken, what was done so far, and the person's own project, which waits aside
//! untouched. And the leak trap, which works on copies.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::collect::relate::TableKind;
use regulars_engine::deploy::DeployError;
use regulars_engine::job::Job;
use regulars_engine::lessons::{self, Check, Facts, Lesson, Room, RunFacts, STEPS};
use regulars_engine::project::{self, Bait, Source, Sprung};
use regulars_engine::train::ModelKind;

use super::{State, ended};

/// The lesson that is being taken, and what was done so far.
#[derive(Default)]
pub struct Lessons {
    running: Option<Running>,
    /// The person's project, as it was left.
    aside: Option<Box<State>>,
    pub trap: Trap,
}

/// A lesson.
struct Running {
    lesson: Lesson,
    making: Option<Job<Result<Room, DeployError>>>,
    /// Its data, as long as it is taken.
    room: Option<Room>,
    checks: Vec<Check>,
}

/// The leak trap of the present data.
#[derive(Default)]
pub struct Trap {
    pub bait: Bait,
    job: Option<Job<Result<Sprung, Error>>>,
    /// The settings and data that it was set for.
    key: String,
    /// What it showed, and the settings and data that it was shown for.
    sprung: Option<(String, Arc<Sprung>)>,
}

impl Trap {
    /// What it showed, as long as it is set.
    pub fn sprung(&self) -> Option<&Arc<Sprung>> {
        self.sprung.as_ref().map(|(_, sprung)| sprung)
    }

    /// While the models are trained: how much of that is done, and for how many seconds.
    pub fn job(&self) -> Option<(f64, f64)> {
        self.job.as_ref().map(|job| (job.progress(), job.seconds()))
    }
}

impl Lessons {
    /// The lesson that is being taken.
    pub fn lesson(&self) -> Option<Lesson> {
        self.running.as_ref().map(|running| running.lesson)
    }

    /// What the checks of its steps say; empty before the first look.
    pub fn checks(&self) -> &[Check] {
        self.running.as_ref().map_or(&[], |running| &running.checks)
    }

    /// The first step that is not done, from 0; `None` where all are.
    pub fn step(&self) -> Option<usize> {
        (0..STEPS).find(|at| !self.checks().get(*at).is_some_and(|check| check.done))
    }

    /// The lesson, where all its checks are green.
    pub fn finished(&self) -> Option<Lesson> {
        self.lesson().filter(|_| self.step().is_none())
    }

    /// Stops what runs here.
    pub(super) fn cancel(&self) {
        self.running.iter().filter_map(|running| running.making.as_ref()).for_each(Job::cancel);
        self.trap.job.iter().for_each(Job::cancel);
    }

    /// The person's own project, where it waits.
    pub fn aside(&self) -> Option<&State> {
        self.aside.as_deref()
    }
}

impl State {
    /// Begins a lesson, or begins it anew. The person's project is put aside as it is: nothing of it is
    /// saved, closed or lost, and work that runs in it goes on.
    pub fn begin_lesson(&mut self, lesson: Lesson) {
        let mut fresh = State::new(self.ctx.clone());
        fresh.locked = self.locked;
        let before = std::mem::replace(self, fresh);
        self.lessons.aside = Some(match before.lessons.running {
            // From one lesson to the next: what is done in a lesson is not kept.
            Some(_) => {
                let mut before = before;
                before.cancel();
                before.lessons.aside.take().unwrap_or_else(|| Box::new(State::new(self.ctx.clone())))
            }
            None => Box::new(before),
        });
        self.settings = lesson.settings();
        self.committed = self.settings.clone();
        self.shown_model = ModelKind::Mlp;
        let making = self.start(move |_| Room::new(lesson));
        self.lessons.running = Some(Running { lesson, making: Some(making), room: None, checks: Vec::new() });
    }

    /// Ends the lesson: the person's project stands where it stood.
    pub fn end_lesson(&mut self) {
        if let Some(mine) = self.lessons.aside.take() {
            self.cancel();
            *self = *mine;
        }
    }

    pub(super) fn poll_lessons(&mut self) {
        if let Some(mine) = &mut self.lessons.aside {
            mine.poll();
        }
        let making = self.lessons.running.as_mut().and_then(|running| ended(&mut running.making));
        match making {
            Some(Some(Ok(room))) => {
                self.read(vec![Source::File(room.file().to_owned())]);
                if let Some(running) = &mut self.lessons.running {
                    running.room = Some(room);
                }
            }
            Some(Some(Err(error))) => self.fail(error.into()),
            Some(None) => self.lost(),
            None => {}
        }
        self.judge_lesson();
        self.poll_trap();
    }

    /// Looks at what was done; cheap.
    pub fn judge_lesson(&mut self) {
        let Some(lesson) = self.lessons.lesson() else { return };
        let runs = self.runs.iter().filter_map(|run| {
            let network = run.outcomes.iter().find(|outcome| outcome.kind == ModelKind::Mlp)?;
            Some(RunFacts { settings: &run.settings, network })
        });
        let facts = Facts { settings: &self.settings, table: self.table.as_deref(), runs: runs.collect() };
        let checks = lessons::judge(lesson, &facts).to_vec();
        if let Some(running) = &mut self.lessons.running {
            if running.checks != checks {
                self.ctx.request_repaint();
            }
            running.checks = checks;
        }
    }

    /// True where the data hold orders, so that a total can look ahead.
    pub fn has_orders(&self) -> bool {
        let orders = |(kind, _): &(TableKind, _)| matches!(kind, TableKind::Orders | TableKind::OrderLines);
        self.collected.as_ref().is_some_and(|c| c.kinds.len() > 1 && c.kinds.iter().any(orders))
    }

    /// Sets the leak trap: trains without and with a column that gives the answer away, both on copies.
    pub fn set_trap(&mut self) {
        let (Some(table), Some(collected)) = (self.table.clone(), self.collected.clone()) else { return };
        if self.lessons.trap.job.is_some() {
            return;
        }
        let (bait, settings) = (self.lessons.trap.bait, self.settings.clone());
        self.lessons.trap.sprung = None;
        let job = self.start(move |report| project::leak_trap(bait, &settings, &table, &collected, report));
        (self.lessons.trap.job, self.lessons.trap.key) = (Some(job), self.present_key.clone());
    }

    /// Takes the trap away, or stops setting it.
    pub fn take_trap_away(&mut self) {
        let trap = &mut self.lessons.trap;
        trap.job.iter().for_each(Job::cancel);
        (trap.job, trap.sprung) = (None, None);
    }

    fn poll_trap(&mut self) {
        let news = ended(&mut self.lessons.trap.job);
        if let Some(sprung) = self.settle(news) {
            let trap = &mut self.lessons.trap;
            trap.sprung = Some((trap.key.clone(), Arc::new(sprung)));
        }
        let is_old = self.lessons.trap.sprung.as_ref().is_some_and(|(key, _)| *key != self.present_key);
        if is_old {
            // Its figures are of other settings or data.
            self.lessons.trap.sprung = None;
        }
    }
}
