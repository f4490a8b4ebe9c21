//! The project in the window: settings with undo, what was computed from them, and the jobs that
//! compute. Long work runs on threads of its own; `poll` takes in what is done.

mod board;
mod card;
mod classes;
mod curves;
mod edit;
mod experiments;
mod feedback;
mod figures;
mod flows;
mod groups;
mod guard;
mod hand_on;
mod inside;
mod keep;
mod keyed;
mod lab;
mod lessons;
mod list;
mod look;
mod map;
mod mask;
mod money;
mod muscle;
mod privacy;
pub(in crate::window) mod race;
mod reading;
mod recommend;
mod repair;
mod runs;
mod service;
mod sheet;
mod slices;
mod small;
mod takeaway;
mod theatre;
mod time;
mod twins;
mod value;
mod watch;
mod why;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use eframe::egui;
use regulars_engine::Error;
use regulars_engine::clean::{Cleaning, Suggestion};
use regulars_engine::collect;
use regulars_engine::deploy::{Bundle, Changes, Customer, Differences, FollowUps, SavedList};
use regulars_engine::job::{Cancelled, Event, Job, Poll, Reporter};
use regulars_engine::project::{
    self, Collected, Found, Inspection, Month, Outcome, Prepared, Recovered, Recovery, SavedRun, Secrets,
    Settings, Source,
};
use regulars_engine::segment::Segmentation;
use regulars_engine::table::{Role, Table};
use regulars_engine::train::{DeviceChoice, Epoch, ModelKind};

pub use board::Board;
pub use card::Card;
pub use classes::Classes;
pub use curves::{Curves, Drawn, Measure};
pub use edit::Edit;
pub use experiments::{Audience, Experiments};
pub use feedback::{Course, Feedback, Heard};
pub use figures::Figures;
pub use flows::{Flows, Moved};
pub use groups::Groups;
pub use guard::{Asking, Behind, Guard};
pub use inside::Inside;
pub use keep::Lacks;
pub use lab::{Ground as LabGround, Lab, Shown, Source as LabSource, Whose};
pub use lessons::{Lessons, Trap};
pub use list::Reasons;
pub use map::{Map, Part};
pub use mask::{Mask, MaskTable, Tried};
pub use money::Money;
pub use muscle::{Answered, Muscle};
pub use privacy::{Leaving, Privacy};
pub use race::Race;
pub use recommend::{Everyone, Found as Offers, Names, Recommend, Search};
pub use repair::Repairing;
pub use runs::{Run, Training};
pub use service::{Reach, Service};
pub use sheet::FeatureSheet;
pub use slices::Slices;
pub use small::Small;
pub use takeaway::Ask;
pub use theatre::{Play, Theatre};
pub use time::{SeenColumn, TimeMachine, Who};
pub use twins::Twins;
pub use value::{Found as FoundValue, Value, WorthColumn};
pub use watch::{Watch, WatchForm, WatchPath, WatchRead};
pub use why::Why;

use super::notice::{Notice, Told, Tone};

/// What cleaning gives back: the table with its roles, the rows, and the outcomes of saved runs,
/// predicted again (their position among the runs that waited).
struct Ready {
    table: Table,
    prepared: Result<Prepared, Error>,
    /// The rows as cleaned, of files without a target as well.
    cleaning: Option<Arc<Cleaning>>,
    suggestions: Vec<Suggestion>,
    restored: Vec<(usize, Vec<Outcome>)>,
    /// [`Settings::rows_key`] of the rows.
    rows_key: String,
}

/// A number that no other list or file of this program has.
fn fresh_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A look at the rows that is under way.
type Looking = Job<Result<Inspection, Error>>;

/// The project and its jobs.
pub struct State {
    pub settings: Settings,
    committed: Settings,
    undo: Vec<(Settings, Edit)>,
    redo: Vec<(Settings, Edit)>,
    pub project_file: Option<PathBuf>,
    pub saved: bool,
    /// Data that an opened project asks for.
    pub lacks: Option<Lacks>,
    /// Settings are held by a trainer.
    pub locked: bool,

    /// What the project reads, as it was given: files, folders, patterns, databases, web addresses;
    /// nothing for a table that was pasted.
    pub sources: Vec<Source>,
    /// What is being read: the project's sources once that has succeeded.
    reading: Vec<Source>,
    /// What opens them; never saved.
    pub secrets: Secrets,
    /// The table as guessed, before the person's roles, and the tables that it was made from.
    pub collected: Option<Arc<Collected>>,
    pub table: Option<Arc<Table>>,
    pub prepared: Option<Arc<Prepared>>,
    pub prepare_error: Option<Error>,
    pub cleaning: Option<Arc<Cleaning>>,
    pub suggestions: Arc<Vec<Suggestion>>,

    /// Trainings, the oldest first.
    pub runs: Vec<Run>,
    /// The one that the pages show.
    pub shown_run: usize,
    /// Outcomes of the shown run.
    pub outcomes: Vec<Arc<Outcome>>,
    /// [`Settings::key`] at the time of training.
    outcomes_key: String,
    /// [`Settings::key`] of the present settings, made anew when they or the table change.
    present_key: String,
    /// The rows that the outcomes belong to.
    pub trained_on: Option<Arc<Prepared>>,
    /// [`Settings::rows_key`] of the prepared rows.
    prepared_key: String,
    training: Option<runs::Training>,
    /// Runs of an opened project, waiting for its data.
    waiting_runs: Vec<SavedRun>,
    waiting_shown: Option<(usize, ModelKind)>,
    pub shown_model: ModelKind,
    /// A training that was cut off may be taken up again.
    pub cut_off: bool,

    /// What was found by looking at the rows, and the rows that were looked at.
    inspection: Option<(Arc<Cleaning>, Arc<Inspection>)>,
    inspecting: Option<(Arc<Cleaning>, Looking)>,

    /// The masked copy that is being planned.
    pub mask: Mask,
    /// Rows that may be one customer.
    pub twins: Twins,

    pub segments: Option<Arc<Segmentation>>,
    pub customers: Option<Arc<Vec<Customer>>>,
    /// The model in use, with its card; made after each training.
    pub bundle: Option<Arc<Bundle>>,
    /// A later file, scored with the bundle.
    pub month: Option<Arc<Month>>,
    /// What changed since the last list, at the present threshold.
    pub since: Option<Arc<(Arc<SavedList>, Changes)>>,
    pub lists: Vec<Arc<SavedList>>,
    pub follow_ups: Arc<FollowUps>,
    /// Changes whenever the list in force does, and when the file behind it does.
    pub list_id: u64,
    pub list_source: u64,
    pub reasons: Option<Arc<Reasons>>,

    pub load: Option<Job<Result<Collected, Error>>>,
    preview_job: Option<Job<Result<Table, Error>>>,
    /// The first rows, shown while the rest is read.
    pub preview: Option<Arc<Table>>,
    prepare: Option<Job<Ready>>,
    pub train: Option<Job<Result<Vec<Outcome>, Error>>>,
    pub segment: Option<Job<Result<Segmentation, Error>>>,
    bundling: Option<Job<Result<Bundle, Error>>>,
    pub month_job: Option<Job<Result<Month, Error>>>,
    reasons_job: Option<Job<Result<Option<Reasons>, Error>>>,
    /// How the present table differs from the one that an opened recipe was made on.
    checking: Option<Job<Result<(String, Differences), Error>>>,
    pub checked: Option<Arc<(String, Differences)>>,
    /// A save or export, with what to say when it is done.
    write: Option<Job<Result<Told, Error>>>,
    /// The project is being saved to this file.
    saving: Option<(PathBuf, Job<Result<(), Error>>)>,
    /// To be saved there as soon as the model of the list is made and no other save runs.
    save_wish: Option<PathBuf>,
    /// The data of an opened project are being looked for.
    finding: Option<Job<Result<Vec<Found>, Cancelled>>>,
    autosave: Option<Job<Result<(), Error>>>,
    /// Something changed since the last autosave.
    unkept: bool,
    /// An autosave failed; it is tried again then.
    retry_at: Option<Instant>,
    recovery: Option<Recovery>,
    /// What a crash left behind, until it is kept anew.
    recovering: Option<Recovered>,
    dialog: Option<Receiver<(Ask, Option<Vec<PathBuf>>)>>,

    pub board: Board,
    pub inside: Inside,
    pub curves: Curves,
    pub time: TimeMachine,
    pub lab: Lab,
    pub race: Race,
    pub theatre: Theatre,
    pub lessons: Lessons,
    pub sheet: FeatureSheet,
    pub experiments: Experiments,
    pub value: Value,
    pub service: Service,
    pub guard: Guard,
    pub muscle: Muscle,
    pub privacy: Privacy,
    pub watch: Watch,
    pub feedback: Feedback,
    pub recommend: Recommend,
    pub flows: Flows,
    pub map: Map,
    pub groups: Groups,
    pub classes: Classes,
    pub card: Card,
    pub why: Why,
    pub slices: Slices,
    pub small: Small,
    pub money: Money,
    pub figures: Figures,
    pub repairing: Repairing,
    pub live: Vec<Epoch>,
    pub live_device: Option<DeviceChoice>,
    pub notices: Vec<Notice>,
    ctx: egui::Context,
}

impl State {
    /// An empty project.
    pub fn new(ctx: egui::Context) -> Self {
        Self {
            settings: Settings::default(),
            committed: Settings::default(),
            undo: Vec::new(),
            redo: Vec::new(),
            project_file: None,
            saved: true,
            lacks: None,
            locked: false,
            sources: Vec::new(),
            reading: Vec::new(),
            secrets: Secrets::default(),
            collected: None,
            table: None,
            prepared: None,
            prepare_error: None,
            cleaning: None,
            suggestions: Arc::default(),
            runs: Vec::new(),
            shown_run: 0,
            outcomes: Vec::new(),
            outcomes_key: String::new(),
            present_key: String::new(),
            trained_on: None,
            prepared_key: String::new(),
            training: None,
            waiting_runs: Vec::new(),
            waiting_shown: None,
            shown_model: ModelKind::Mlp,
            cut_off: false,
            inspection: None,
            inspecting: None,
            mask: Mask::new(),
            twins: Twins::default(),
            segments: None,
            customers: None,
            bundle: None,
            month: None,
            since: None,
            lists: Vec::new(),
            follow_ups: Arc::default(),
            list_id: fresh_id(),
            list_source: fresh_id(),
            reasons: None,
            load: None,
            preview_job: None,
            preview: None,
            prepare: None,
            train: None,
            segment: None,
            bundling: None,
            month_job: None,
            reasons_job: None,
            checking: None,
            checked: None,
            write: None,
            saving: None,
            save_wish: None,
            finding: None,
            autosave: None,
            unkept: false,
            retry_at: None,
            recovery: None,
            recovering: None,
            dialog: None,
            board: Board::default(),
            inside: Inside::default(),
            curves: Curves::default(),
            time: TimeMachine::default(),
            lab: Lab::default(),
            race: Race::default(),
            theatre: Theatre::default(),
            lessons: Lessons::default(),
            sheet: FeatureSheet::default(),
            experiments: Experiments::default(),
            value: Value::default(),
            service: Service::default(),
            guard: Guard::default(),
            muscle: Muscle::default(),
            privacy: Privacy::default(),
            watch: Watch::default(),
            feedback: Feedback::default(),
            recommend: Recommend::default(),
            flows: Flows::default(),
            map: Map::default(),
            groups: Groups::default(),
            classes: Classes::default(),
            card: Card::default(),
            why: Why::default(),
            slices: Slices::default(),
            small: Small::default(),
            money: Money::default(),
            figures: Figures::default(),
            repairing: Repairing::default(),
            live: Vec::new(),
            live_device: None,
            notices: Vec::new(),
            ctx,
        }
    }

    /// Starts work on a thread of its own.
    pub(in crate::window) fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reporter) -> T + Send + 'static,
    ) -> Job<T> {
        let ctx = self.ctx.clone();
        Job::start(move || ctx.request_repaint(), work)
    }

    /// Forgets everything but the place for autosaves. Work that is not saved is left there, to be
    /// found again.
    fn reset(&mut self, settings: Settings) {
        // Another file ends a lesson: it takes the place of the person's project, not of the lesson's.
        self.end_lesson();
        let left = self.leave_unsaved();
        let (recovery, locked) = (self.recovery.take(), self.locked);
        // What is being exported is told when it is done.
        let write = self.write.take();
        // A watched folder has nothing to do with the file that is open.
        let watch = std::mem::take(&mut self.watch);
        let service = self.service.ended();
        let muscle = self.muscle.ended();
        self.cancel();
        self.bundling.iter().for_each(Job::cancel);
        self.inspecting.iter().for_each(|(_, job)| job.cancel());
        let ctx = self.ctx.clone();
        *self = Self::new(ctx);
        (self.recovery, self.locked, self.write, self.watch) = (recovery, locked, write, watch);
        (self.service, self.muscle) = (service, muscle);
        if left {
            self.tell(Tone::Caution, "notice.left_unsaved", Vec::new());
        }
        self.committed = settings.clone();
        self.settings = settings;
    }

    /// Cleans, splits and encodes again, with the roles that the person set.
    fn prepare(&mut self) {
        let Some(base) = self.collected.clone() else { return };
        if let Some(job) = &self.prepare {
            job.cancel();
        }
        let settings = self.settings.clone();
        let shown = self.waiting_shown.map(|(at, _)| at);
        // Those that wait for the data, else those whose rows were not there: they may be now.
        let runs: Vec<(usize, SavedRun)> = if self.waiting_runs.is_empty() {
            let lost = self.runs.iter().filter(|run| !run.can_be_shown());
            lost.map(|run| (run.number, run.to_saved())).collect()
        } else {
            self.waiting_runs.iter().cloned().enumerate().collect()
        };
        self.prepare = Some(self.start(move |report| {
            let mut table = base.table.clone();
            // Where a question over time is asked, no column of the file is the target.
            let counts = |role: Role| role != Role::Target || settings.question.is_none();
            for (name, role) in settings.read.roles.iter().filter(|(_, role)| counts(*role)) {
                // A role for a column that is gone says nothing about the ones that are there.
                let _ = collect::set_role(&mut table, name, *role);
            }
            for (name, decimal) in &settings.read.decimals {
                let _ = collect::set_decimal(&mut table, name, *decimal);
            }
            for (name, order) in &settings.read.date_orders {
                let _ = collect::set_date_order(&mut table, name, *order);
            }
            let prepared = project::prepare(&settings, &table, report);
            let restored = match &prepared {
                Ok(prepared) => {
                    let same: Vec<_> = runs.iter().filter(|(_, run)| run.is_of(&settings, &table)).collect();
                    let restore = |run: &SavedRun| {
                        run.models.iter().filter_map(|model| model.restore(prepared).ok()).collect()
                    };
                    // Of many, the last and the one that was shown; the others once they are wanted.
                    let early = same.len().saturating_sub(runs::HELD);
                    let is_wanted = |place: usize, at: usize| place >= early || Some(at) == shown;
                    let outcomes = |(place, (at, run)): (usize, &&(usize, SavedRun))| {
                        (*at, if is_wanted(place, *at) { restore(run) } else { Vec::new() })
                    };
                    same.iter().enumerate().map(outcomes).collect()
                }
                Err(_) => Vec::new(),
            };
            let rows_key = settings.rows_key(&table);
            let cleaning = match &prepared {
                Ok(prepared) => Some(prepared.cleaning.clone()),
                Err(Error::Cancelled) => None,
                Err(_) => project::clean_only(&settings, &table, report).ok().map(Arc::new),
            };
            let suggestions = match &cleaning {
                Some(cleaning) => {
                    project::suggest(&settings, &table, prepared.as_ref().ok(), cleaning, report)
                }
                None => Ok(Vec::new()),
            };
            // A suggestion that cannot be made must not cost the rows.
            let suggestions = suggestions.unwrap_or_default();
            Ready { table, prepared, cleaning, suggestions, restored, rows_key }
        }));
    }

    /// True while the table is being cleaned and encoded.
    pub fn preparing(&self) -> bool {
        self.prepare.is_some()
    }

    /// Stops every job and forgets its result.
    pub fn cancel(&mut self) {
        self.load.iter().for_each(Job::cancel);
        self.train.iter().for_each(Job::cancel);
        self.segment.iter().for_each(Job::cancel);
        self.prepare.iter().for_each(Job::cancel);
        self.month_job.iter().for_each(Job::cancel);
        self.finding.iter().for_each(Job::cancel);
        self.write.iter().for_each(Job::cancel);
        self.reasons_job.iter().for_each(Job::cancel);
        self.mask.cancel();
        self.twins.cancel();
        self.time.cancel();
        self.sheet.cancel();
        self.experiments.cancel();
        self.value.cancel();
        self.service.cancel();
        self.watch.cancel();
        self.privacy.cancel();
        self.feedback.cancel();
        self.recommend.cancel();
        self.flows.cancel();
        self.map.cancel();
        self.groups.cancel();
        self.classes.cancel();
        self.card.cancel();
        self.why.cancel();
        self.slices.cancel();
        self.small.cancel();
        self.money.cancel();
        self.figures.cancel();
        self.board.cancel();
        self.lessons.cancel();
        self.theatre.cancel();
    }

    /// The running job that the top bar shows: its phase, done share and seconds.
    pub fn running(&self) -> Option<(&'static str, f64, f64)> {
        let of = |name, progress, seconds| Some((name, progress, seconds));
        if let Some(job) = &self.load {
            return of("read", job.progress(), job.seconds());
        }
        if let Some(job) = &self.train {
            return of("train", job.progress(), job.seconds());
        }
        if let Some(job) = &self.month_job {
            return of("score", job.progress(), job.seconds());
        }
        if let Some(job) = &self.write {
            return of("write", job.progress(), job.seconds());
        }
        if let Some(job) = &self.prepare {
            return of("clean", job.progress(), job.seconds());
        }
        if let Some(job) = &self.segment {
            return of("segment", job.progress(), job.seconds());
        }
        if let Some(job) = self.time.job() {
            return Some(job);
        }
        if let Some((name, progress, seconds)) = self.board.job() {
            return of(name, progress, seconds);
        }
        let rooms = [
            self.figures.job(),
            self.money.job(),
            self.slices.job(),
            self.small.job(),
            self.why.job(),
            self.card.job(),
            self.classes.job(),
            self.groups.job(),
            self.map.job(),
            self.flows.job(),
            self.value.job(),
            self.service.job(),
            self.guard.job(),
            self.muscle.job(),
            self.privacy.job(),
            self.watch.job(),
            self.feedback.job(),
            self.recommend.job(),
            self.experiments.job(),
            self.theatre.job(),
        ];
        if let Some(job) = rooms.into_iter().flatten().next() {
            return Some(job);
        }
        if let Some((progress, seconds)) = self.twins.job() {
            return of("twins", progress, seconds);
        }
        if let Some((progress, seconds)) = self.mask.job() {
            return of("mask", progress, seconds);
        }
        if let Some((progress, seconds)) = self.lessons.trap.job() {
            return of("trap", progress, seconds);
        }
        self.reasons_job.as_ref().and_then(|job| of("reasons", job.progress(), job.seconds()))
    }

    /// True while something runs whose loss a person would mind.
    pub fn busy(&self) -> bool {
        let aside = self.lessons.aside().is_some_and(State::busy);
        self.train.is_some() || self.board.job().is_some() || self.write.is_some() || self.saving() || aside
    }

    fn fail(&mut self, error: Error) {
        if !matches!(error, Error::Cancelled) {
            self.notices.push(Notice { tone: Tone::Bad, text: Told::Error(error) });
        }
    }

    /// Tells something.
    pub fn tell(&mut self, tone: Tone, key: &'static str, args: Vec<(&'static str, String)>) {
        self.notices.push(Notice { tone, text: Told::Key(key, args) });
    }

    /// Takes in what the jobs have done since the last frame.
    pub fn poll(&mut self) {
        // What is wrong with the head is told by the reading of the whole.
        if let Some(Some(Ok(table))) = ended(&mut self.preview_job) {
            self.preview = Some(Arc::new(table));
        }
        self.poll_finding();
        let news = ended(&mut self.load);
        let news = self.without_question(news);
        let is_over = news.is_some();
        match self.settle(news) {
            Some(collected) => {
                self.sources = std::mem::take(&mut self.reading);
                self.take_collected(collected);
            }
            // A project whose data could not be read asks again how to open them.
            None if is_over && self.lacks.is_some() => self.secrets = Secrets::default(),
            None => {}
        }
        match ended(&mut self.prepare) {
            Some(Some(ready)) => self.take_prepared(ready),
            Some(None) => self.lost(),
            None => {}
        }
        // The result first: what a worker said before it ended would be lost with it.
        let result = self.train.as_mut().map(Job::poll);
        for event in self.train.iter().flat_map(Job::events) {
            self.inside.take(&event);
            match event {
                Event::Epoch(epoch) => self.live.push(epoch),
                Event::Device(device) => self.live_device = Some(device),
                Event::Crew(crew) => self.muscle.crew = crew,
                Event::Phase(name) => self.muscle.phase = name.starts_with("elsewhere").then_some(name),
                _ => {}
            }
        }
        let news = match result {
            None | Some(Poll::Running) => None,
            Some(Poll::Done(value)) => Some(Some(value)),
            Some(Poll::Lost) => Some(None),
        };
        if news.is_some() {
            self.train = None;
        }
        if let Some(Some(Err(error))) = &news {
            self.inside.failed(error);
        }
        let is_over = news.is_some();
        match self.settle(news) {
            Some(outcomes) => self.take_outcomes(outcomes),
            None if is_over => {
                // A file that says "a training was running" is no longer true.
                self.touch();
                self.show_kept_run();
            }
            None => {}
        }
        let news = ended(&mut self.segment);
        if let Some(found) = self.settle(news) {
            self.take_segments(found);
            self.relist();
        }
        self.poll_lists();
        self.poll_inspection();
        self.poll_mask();
        self.poll_twins();
        self.poll_checking();
        self.poll_board();
        self.poll_inside();
        self.poll_curves();
        self.poll_time();
        self.poll_lab();
        self.poll_race();
        self.poll_theatre();
        self.poll_lessons();
        self.poll_sheet();
        self.poll_experiments();
        self.poll_value();
        self.poll_service();
        self.poll_guard();
        self.poll_muscle();
        self.poll_privacy();
        self.poll_watch();
        self.poll_feedback();
        self.poll_recommend();
        self.poll_flows();
        self.poll_map();
        self.poll_groups();
        self.poll_classes();
        self.poll_card();
        self.poll_why();
        self.poll_slices();
        self.poll_small();
        self.poll_money();
        self.poll_figures();
        self.poll_repair();
        let news = ended(&mut self.write);
        if let Some(text) = self.settle(news) {
            self.notices.push(Notice { tone: Tone::Good, text });
        }
        self.poll_saving();
        self.poll_autosave();
    }

    /// The value of a job that ended well; what went wrong is told.
    fn settle<T>(&mut self, news: Option<Option<Result<T, Error>>>) -> Option<T> {
        match news? {
            Some(Ok(value)) => return Some(value),
            Some(Err(error)) => self.fail(error),
            None => self.lost(),
        }
        None
    }

    fn lost(&mut self) {
        self.tell(Tone::Bad, "notice.lost", Vec::new());
    }

    fn take_prepared(&mut self, ready: Ready) {
        self.table = Some(Arc::new(ready.table));
        self.make_key();
        if ready.cleaning.is_some() {
            self.cleaning = ready.cleaning;
            self.suggestions = Arc::new(ready.suggestions);
        }
        match ready.prepared {
            Ok(prepared) => {
                self.prepared = Some(Arc::new(prepared));
                self.prepare_error = None;
                self.prepared_key = ready.rows_key;
                self.segments = None;
                self.segment.iter().for_each(Job::cancel);
                self.segment = None;
                if self.waiting_runs.is_empty() {
                    self.revive(ready.restored);
                } else {
                    self.take_restored(ready.restored);
                }
                self.rank();
            }
            // The old rows stay, and are known for what they are: training prepares anew.
            Err(Error::Cancelled) => {}
            Err(error) => {
                self.prepared = None;
                self.prepare_error = Some(error);
            }
        }
    }
}

/// Empties the slot of a job that has ended: its value, or `None` inside for a worker that died.
pub(in crate::window) fn ended<T: Send + 'static>(slot: &mut Option<Job<T>>) -> Option<Option<T>> {
    let news = match slot.as_mut()?.poll() {
        Poll::Running => return None,
        Poll::Done(value) => Some(value),
        Poll::Lost => None,
    };
    *slot = None;
    Some(news)
}
