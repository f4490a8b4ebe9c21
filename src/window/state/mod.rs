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
mod jobs;
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
mod poll;
mod privacy;
pub(in crate::window) mod race;
mod reading;
mod recommend;
mod repair;
mod rows;
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
use regulars_engine::deploy::{Bundle, Changes, Customer, Differences, FollowUps, SavedList};
use regulars_engine::job::{Cancelled, Job};
use regulars_engine::project::{
    Collected, Found, Inspection, Month, Outcome, Prepared, Recovered, Recovery, SavedRun, Secrets, Settings,
    Source,
};
use regulars_engine::segment::Segmentation;
use regulars_engine::table::Table;
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
pub(in crate::window) use poll::ended;
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

use poll::ended_of;
use rows::Ready;

use super::notice::{Notice, Told, Tone};

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

    fn fail(&mut self, error: Error) {
        if !matches!(error, Error::Cancelled) {
            self.notices.push(Notice { tone: Tone::Bad, text: Told::Error(error) });
        }
    }

    /// Tells something.
    pub fn tell(&mut self, tone: Tone, key: &'static str, args: Vec<(&'static str, String)>) {
        self.notices.push(Notice { tone, text: Told::Key(key, args) });
    }
}
