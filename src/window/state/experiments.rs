//! The jobs and results of one part of the window: plans, draws and read-backs.

mod audience;
mod reading;
mod refit;
mod uplift;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::deploy::{Change, Customer, FollowUps};
use regulars_engine::evaluate::Refit;
use regulars_engine::experiment::{
    Arm, DrawSpec, Drawing, Experiment, Files, Measured, Plan, Planned, Reading, ResultsSpec, draw,
};
use regulars_engine::job::Job;
use regulars_engine::project::{self, CallList, CallListSpec, Pool, StrataBy, UpliftAsk, UpliftFound};
use regulars_engine::table::Table;

pub use audience::Audience;

use super::{State, ended, ended_of};
use crate::window::notice::Tone;
use crate::words::{self, Lang};

/// Customers that are gathered in a few milliseconds, without a thread.
const QUICK: usize = 5_000;

/// What a pool of customers was made from.
#[derive(Clone)]
struct PoolOf {
    list: u64,
    spec: CallListSpec,
    threshold: f64,
    by: StrataBy,
    follow_ups: Arc<FollowUps>,
    /// Those who would want a product, in the place of the list.
    audience: Option<Arc<Audience>>,
}

impl PartialEq for PoolOf {
    fn eq(&self, other: &Self) -> bool {
        let settings = (self.list, &self.spec, self.threshold, &self.by);
        let audience = |of: &Self| of.audience.as_ref().map(Arc::as_ptr);
        settings == (other.list, &other.spec, other.threshold, &other.by)
            && audience(self) == audience(other)
            && Arc::ptr_eq(&self.follow_ups, &other.follow_ups)
    }
}

/// A plan, and the customers that there are.
type PlanOf = (Plan, Option<u64>);
/// What belongs to `of`: a result, or why there is none.
type Known<K, T> = Option<(K, Result<Arc<T>, Arc<Error>>)>;
/// Work on what belongs to `of`.
type Working<K, T> = Option<(K, Job<Result<T, Error>>)>;
/// The experiment, the file of results, how it is read.
type ReadOf = (Arc<Experiment>, Arc<Table>, ResultsSpec);

/// What was found, and its jobs.
#[derive(Default)]
pub struct Experiments {
    pub plan: Plan,
    planned: Known<PlanOf, Planned>,
    planning: Working<PlanOf, Planned>,
    pub draw: DrawSpec,
    pub by: StrataBy,
    audience: Option<Arc<Audience>>,
    pool: Known<PoolOf, Pool>,
    pooling: Working<PoolOf, Pool>,
    drawing: Option<Job<Result<(Experiment, PathBuf), Error>>>,
    /// Experiments of the project, the oldest first, and the place of the one that is shown.
    pub drawn: Vec<Arc<Experiment>>,
    pub chosen: usize,
    pub spec: ResultsSpec,
    results: Option<Arc<Table>>,
    opening: Option<Job<Result<Table, Error>>>,
    read: Known<ReadOf, Reading>,
    reading: Working<ReadOf, Reading>,
    pub ask: UpliftAsk,
    uplift: Option<(UpliftAsk, Arc<UpliftFound>)>,
    uplifting: Working<UpliftAsk, UpliftFound>,
    refitting: Option<Job<Result<Refit, Error>>>,
    pub uplift_failed: Option<Error>,
}

/// Takes in a job that works on something: true when it ended. What was cancelled leaves no trace.
fn settled<K, T: Send + 'static>(working: &mut Working<K, T>, known: &mut Known<K, T>) -> bool {
    let Some((of, news)) = ended_of(working) else { return false };
    match news {
        Some(Ok(value)) => *known = Some((of, Ok(Arc::new(value)))),
        Some(Err(Error::Cancelled)) => {}
        Some(Err(error)) => *known = Some((of, Err(Arc::new(error)))),
        // A worker that died would do so again.
        None => *known = Some((of, Err(Arc::new(Error::Cancelled)))),
    }
    true
}

/// What an experiment is called: its file without the ending.
fn name_of(files: &Files) -> String {
    let name = files.experiment.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default().trim_end_matches(".experiment.json").to_owned()
}

impl Experiments {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.planning.iter().for_each(|(_, job)| job.cancel());
        self.pooling.iter().for_each(|(_, job)| job.cancel());
        self.drawing.iter().for_each(Job::cancel);
        self.opening.iter().for_each(Job::cancel);
        self.reading.iter().for_each(|(_, job)| job.cancel());
        self.uplifting.iter().for_each(|(_, job)| job.cancel());
        self.refitting.iter().for_each(Job::cancel);
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        if let Some(job) = &self.drawing {
            return Some(("exp_draw", job.progress(), job.seconds()));
        }
        if let Some(job) = &self.opening {
            return Some(("read", job.progress(), job.seconds()));
        }
        if let Some((_, job)) = &self.reading {
            return Some(("exp_read", job.progress(), job.seconds()));
        }
        self.uplifting.as_ref().map(|(_, job)| ("exp_uplift", job.progress(), job.seconds()))
    }

    /// The plan worked out, or why it cannot be; of the plan before while the present one is worked on.
    pub fn planned(&self) -> Option<Result<&Planned, &Error>> {
        self.planned.as_ref().map(|(_, found)| found.as_deref().map_err(AsRef::as_ref))
    }

    /// Whom a draw is made from, or why there is nobody.
    pub fn pool(&self) -> Option<Result<&Pool, &Error>> {
        self.pool.as_ref().map(|(_, found)| found.as_deref().map_err(AsRef::as_ref))
    }

    /// The experiment that is shown.
    pub fn shown(&self) -> Option<&Arc<Experiment>> {
        self.drawn.get(self.chosen)
    }

    /// True while an experiment is drawn and written.
    pub fn drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// What the project keeps.
    pub(super) fn to_saved(&self) -> (Option<Plan>, Vec<Arc<Experiment>>) {
        ((self.plan != Plan::default()).then(|| self.plan.clone()), self.drawn.clone())
    }

    /// Takes what an opened project kept.
    pub(super) fn restore(&mut self, saved: project::Experiments) {
        self.plan = saved.plan.unwrap_or_default();
        self.drawn = saved.drawn.into_iter().map(Arc::new).collect();
        self.chosen = self.drawn.len().saturating_sub(1);
    }

    /// Puts an experiment among the others and shows it.
    fn keep(&mut self, of: Experiment) {
        match self.drawn.iter().position(|known| **known == of) {
            Some(at) => self.chosen = at,
            None => {
                self.drawn.push(Arc::new(of));
                self.chosen = self.drawn.len() - 1;
            }
        }
    }
}

impl State {
    /// Works out the present plan and gathers the customers, unless that is done or under way.
    pub fn follow_plan(&mut self) {
        self.follow_pool();
        let customers = self.experiments.pool().and_then(Result::ok).map(|pool| pool.candidates.len() as u64);
        let of = (self.experiments.plan.clone().sane(), customers);
        let is_it = |known: &PlanOf| *known == of;
        let is_known = self.experiments.planned.as_ref().is_some_and(|(known, _)| is_it(known))
            || self.experiments.planning.as_ref().is_some_and(|(known, _)| is_it(known));
        if is_known {
            return;
        }
        self.experiments.planning.iter().for_each(|(_, job)| job.cancel());
        if matches!(of.0.measured, Measured::Share { .. }) {
            // A few hundred values of the normal distribution: less than starting a thread.
            let found = of.0.work_out(of.1).map(Arc::new).map_err(|error| Arc::new(error.into()));
            self.experiments.planning = None;
            self.experiments.planned = Some((of, found));
            return;
        }
        let (plan, customers) = of.clone();
        let job = self.start(move |_| Ok(plan.work_out(customers)?));
        self.experiments.planning = Some((of, job));
    }

    fn follow_pool(&mut self) {
        if self.list().is_none() && self.experiments.audience.is_none() {
            self.experiments.pool = None;
            return;
        }
        let of = PoolOf {
            list: self.list_id,
            spec: self.settings.call_list.clone(),
            threshold: self.settings.threshold,
            by: self.experiments.by.clone(),
            follow_ups: self.follow_ups.clone(),
            audience: self.experiments.audience.clone(),
        };
        let is_known = self.experiments.pool.as_ref().is_some_and(|(known, _)| *known == of)
            || self.experiments.pooling.as_ref().is_some_and(|(known, _)| *known == of);
        if is_known {
            return;
        }
        self.experiments.pooling.iter().for_each(|(_, job)| job.cancel());
        if let Some(audience) = &of.audience {
            let pool = Arc::new(audience.pool());
            self.experiments.pooling = None;
            self.experiments.pool = Some((of, Ok(pool)));
            return;
        }
        let (standing, wanted) = (self.standing(), of.clone());
        let gather = move || {
            let Some((list, origin)) = standing.get() else { return Err(Error::Cancelled) };
            let spec = (&wanted.spec, wanted.threshold);
            project::experiment_pool(list, origin, &wanted.follow_ups, spec, &wanted.by)
        };
        if self.list().is_some_and(|list| list.len() <= QUICK) {
            self.experiments.pooling = None;
            self.experiments.pool = Some((of, gather().map(Arc::new).map_err(Arc::new)));
            return;
        }
        let job = self.start(move |_| gather());
        self.experiments.pooling = Some((of, job));
    }

    /// Takes what the customers at hand would do without an offer for the plan.
    pub fn plan_from_pool(&mut self) {
        let Some(Ok(pool)) = self.experiments.pool() else { return };
        let (expected, deviation) = (pool.expected(), pool.deviation());
        match &mut self.experiments.plan.measured {
            Measured::Share { base } => *base = expected.unwrap_or(*base),
            Measured::Money { deviation: of } => *of = deviation.unwrap_or(*of),
        }
        self.touch();
    }

    /// Draws an experiment from the list in force and writes its three files beside `path`.
    pub fn draw_experiment(&mut self, lang: Lang, path: PathBuf) {
        let files = Files::beside(&path);
        if let Some(audience) = self.experiments.audience.clone() {
            self.draw_from_audience(lang, files, audience);
            return;
        }
        let standing = self.standing();
        let (settings, follow_ups, since) =
            (self.settings.clone(), self.follow_ups.clone(), self.since.clone());
        let segments = self.segments.clone().filter(|_| self.month.is_none());
        let (plan, by) = (self.experiments.plan.clone().sane(), self.experiments.by.clone());
        let spec = DrawSpec { left_alone: plan.left_alone, ..self.experiments.draw.clone() };
        let name = name_of(&files);
        self.experiments.drawing = Some(self.start(move |report| {
            let Some((list, origin)) = standing.get() else { return Err(Error::Cancelled) };
            let choice = (&settings.call_list, settings.threshold);
            let pool = project::experiment_pool(list, origin, &follow_ups, choice, &by)?;
            let drawn = draw(&spec, &pool.candidates)?;
            let source = &origin.table().source;
            let drawing = Drawing {
                spec,
                file: regulars_engine::files::name_of(&source.file),
                hash: source.hash.clone(),
                score_is_risk: true,
                value: by.value,
                column: by.column,
            };
            let of = Experiment::new(&name, plan, drawing, drawn);
            let mut place: HashMap<&str, usize> = HashMap::with_capacity(pool.candidates.len());
            for (one, at) in pool.candidates.iter().zip(&pool.places) {
                place.entry(one.id.as_str()).or_insert(*at);
            }
            let at = |id: &str| list.get(*place.get(id)?);
            let called: Vec<&Customer> = of.of(Arm::Called).filter_map(|member| at(&member.id)).collect();
            // Nobody is left out a second time.
            let whole = CallListSpec { most: None, ..settings.call_list.clone() };
            let made = CallList::make(&whole, settings.threshold, origin, &called, &follow_ups, report)?;
            let changes: HashMap<u32, Change> = since
                .iter()
                .flat_map(|since| list.iter().zip(&since.1.of))
                .map(|(customer, (change, _))| (customer.row, *change))
                .collect();
            let to_call = words::call_list(lang, &made, (segments.as_deref(), None), &changes);
            let header = [lang.t("customers.id"), lang.t("customers.risk")];
            let alone = project::experiment_ids(&of, Arm::LeftAlone, header);
            project::write_experiment(&files, &of, &to_call, &alone)?;
            Ok((of, files.experiment))
        }));
    }

    /// Opens an experiment that was drawn elsewhere.
    pub fn open_experiment(&mut self, path: &Path) {
        match Experiment::open(path) {
            Ok(of) => {
                self.experiments.keep(of);
                self.touch();
            }
            Err(error) => self.fail(error.into()),
        }
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_experiments(&mut self) {
        let room = &mut self.experiments;
        settled(&mut room.planning, &mut room.planned);
        settled(&mut room.pooling, &mut room.pool);
        let news = ended(&mut self.experiments.drawing);
        if let Some((of, file)) = self.settle(news) {
            let count = |arm| of.count(arm).to_string();
            let args = vec![
                ("called", count(Arm::Called)),
                ("left", count(Arm::LeftAlone)),
                ("file", file.display().to_string()),
            ];
            self.experiments.keep(of);
            self.touch();
            self.tell(Tone::Good, "notice.exp_drawn", args);
        }
        self.poll_reading_back();
        self.poll_uplift();
        self.poll_refit();
    }
}
