//! The pages, in a registry that a test walks.

pub(in crate::window) mod classroom;
mod clean;
mod collect;
pub(in crate::window) mod customers;
pub(in crate::window) mod deploy;
pub(in crate::window) mod evaluate;
pub(in crate::window) mod experiments;
mod features;
pub(in crate::window) mod feedback;
mod mask;
pub(in crate::window) mod recommend;
pub(in crate::window) mod segments;
mod settings;
mod time;
pub(in crate::window) mod train;
pub(in crate::window) mod value;

use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

pub use classroom::Tab as ClassroomTab;
pub use clean::Tab as CleanTab;
pub use deploy::Tab as DeployTab;
pub use evaluate::Tab as EvaluateTab;
pub use experiments::Tab as ExperimentsTab;
pub use features::Tab as FeaturesTab;
pub use feedback::Tab as FeedbackTab;
pub use recommend::Tab as RecommendTab;
pub use segments::Tab as SegmentsTab;
pub use train::Tab as TrainTab;

use super::Prefs;
use super::command::Command;
use super::state::State;
use crate::words::{Column, Lang, percent};
use regulars_engine::deploy::{Change, Reason};
use regulars_engine::evaluate::OperatingPoint;
use regulars_engine::inspect::Measure;
use regulars_engine::project::Recovered;

/// A page: the six stages, then the job that stands beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Page {
    #[default]
    Collect,
    Clean,
    Features,
    Train,
    Evaluate,
    Customers,
    Segments,
    Value,
    Recommend,
    Feedback,
    Experiments,
    Deploy,
    Time,
    Mask,
    Classroom,
    Settings,
}

/// Why a customer stands where it stands: the list and row, the base, every named column's share.
type Whole = ((u64, u32), Option<(f64, Vec<Reason>)>);

/// Customers who were chosen on another page, to be shown in the list: what they are called, and their
/// permanent rows.
#[derive(Debug, Default)]
pub struct Picked {
    pub name: String,
    pub rows: std::collections::HashSet<u32>,
}

/// A customer, and its place in the list in force.
type Standing = ((u64, u32), Option<usize>);

/// What pages remember between frames that is neither settings nor results.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PageState {
    pub path: String,
    pub step: usize,
    pub column: String,
    pub search: String,
    pub only_segment: Option<usize>,
    /// Only customers who were chosen on another page.
    #[serde(skip)]
    pub only_people: Option<std::sync::Arc<Picked>>,
    /// Those who are known to have left are shown as well.
    pub with_left: bool,
    /// The column that sorts, and whether it ascends; by risk where there is none.
    pub sort: Option<(Column, bool)>,
    /// Only customers with this change since the last list.
    #[serde(skip)]
    pub only_change: Option<Change>,
    /// Only customers behind a cell of the confusion matrix: said to leave, did leave.
    #[serde(skip)]
    pub cell: Option<(bool, bool)>,
    /// Only customers of a slice.
    #[serde(skip)]
    pub slice: Option<evaluate::slices::Chosen>,
    /// Whom to call today.
    #[serde(skip)]
    pub today: customers::today::View,
    /// The chosen customer: the file behind the list, and the row in it.
    #[serde(skip)]
    pub customer: Option<(u64, u32)>,
    /// Where the chosen customer stands: the list and the row, and the place that was found.
    #[serde(skip)]
    customer_place: std::cell::Cell<Option<Standing>>,
    /// The chosen customer must come in sight.
    #[serde(skip)]
    pub follow_customer: bool,
    /// Why the chosen customer stands where it stands, and whose that is.
    #[serde(skip)]
    whole: Option<Whole>,
    /// Contact details of the chosen customer are shown; not remembered.
    #[serde(skip)]
    pub contacts_clear: bool,
    /// Curves of the loss on a logarithmic axis, and how much they are smoothed, 0 to 1.
    pub log_loss: bool,
    pub smooth: f64,
    /// The network is drawn.
    pub diagram: bool,
    /// What the head of the file looks like under several encodings.
    #[serde(skip)]
    encodings: Option<collect::Encodings>,
    /// The table that is looked at, of several.
    #[serde(skip)]
    pub table: Option<usize>,
    /// The day that is being typed, up to which rows count.
    #[serde(skip)]
    pub as_of: Option<String>,
    /// What the page of cleaning shows.
    #[serde(skip)]
    pub tab: clean::Tab,
    /// What the page of features shows.
    #[serde(skip)]
    pub features: features::View,
    /// What the pages of training and of the classroom show.
    #[serde(skip)]
    pub train_tab: train::Tab,
    #[serde(skip)]
    pub runs: train::RunsView,
    #[serde(skip)]
    pub class_tab: classroom::Tab,
    /// The column that is looked at, and how numbers are compared.
    #[serde(skip)]
    pub look_column: String,
    #[serde(skip)]
    pub measure: Measure,
    /// The table whose masked copy is planned.
    #[serde(skip)]
    pub mask_table: usize,
    /// What changed cells must hold.
    #[serde(skip)]
    pub find_cell: String,
    /// Where the pointer is on the curves of Evaluate.
    #[serde(skip)]
    pub hover: Option<OperatingPoint>,
    #[serde(skip)]
    pub order: customers::Order,
    #[serde(skip)]
    pub charts: evaluate::Charts,
    #[serde(skip)]
    pub evaluate_tab: evaluate::Tab,
    #[serde(skip)]
    pub figures: evaluate::figures::View,
    #[serde(skip)]
    pub money: evaluate::money::View,
    #[serde(skip)]
    pub slices: evaluate::slices::View,
    #[serde(skip)]
    pub why: evaluate::why::View,
    #[serde(skip)]
    pub card: customers::card::View,
    #[serde(skip)]
    pub segments_tab: segments::Tab,
    #[serde(skip)]
    pub classes: segments::classes::View,
    #[serde(skip)]
    pub groups: segments::groups::View,
    #[serde(skip)]
    pub map: segments::map::View,
    #[serde(skip)]
    pub flows: segments::flows::View,
    #[serde(skip)]
    pub value: value::View,
    #[serde(skip)]
    pub experiments: experiments::View,
    #[serde(skip)]
    pub recommend: recommend::View,
    #[serde(skip)]
    pub feedback: feedback::View,
    #[serde(skip)]
    pub deploy: deploy::View,
    /// Distributions before and after the shown step, and what they were made for.
    #[serde(skip)]
    pub spread: Option<clean::Spread>,
    /// Changed cells that hold the searched text, and what they were made for.
    #[serde(skip)]
    cells: Option<clean::Cells>,
}

impl PageState {
    /// Forgets what belongs to the file that was open: another one is coming.
    pub fn forget(&mut self) {
        let keep = (self.sort, self.with_left, self.log_loss, self.smooth, self.diagram);
        *self = Self::default();
        (self.sort, self.with_left, self.log_loss, self.smooth, self.diagram) = keep;
    }

    /// Chooses the customer at a place of the list in force.
    pub fn choose(&mut self, state: &State, place: usize) {
        self.customer = state.list().and_then(|list| list.get(place)).map(|c| (state.list_source, c.row));
    }

    /// The chosen customer's place in the list in force, if it is in it.
    pub fn chosen(&self, state: &State) -> Option<usize> {
        let (source, row) = self.customer?;
        let list = state.list().filter(|_| source == state.list_source)?;
        // Looked for once: a list may be of a million.
        if let Some((_, place)) = self.customer_place.get().filter(|(of, _)| *of == (state.list_id, row)) {
            return place;
        }
        let place = list.iter().position(|customer| customer.row == row);
        self.customer_place.set(Some(((state.list_id, row), place)));
        place
    }

    /// Chooses the next customer of those shown, or the one before.
    pub fn step_customer(&mut self, state: &State, forwards: bool) {
        let places = customers::shown_places(self, state);
        let here = self.chosen(state).and_then(|chosen| places.iter().position(|at| *at == chosen));
        let next = match (here, forwards) {
            (None, _) => 0,
            (Some(at), true) => (at + 1).min(places.len().saturating_sub(1)),
            (Some(at), false) => at.saturating_sub(1),
        };
        if let Some(place) = places.get(next) {
            self.choose(state, *place);
        }
        self.follow_customer = true;
    }
}

/// What a page draws from and speaks to.
pub struct Scene<'a> {
    pub lang: Lang,
    pub state: &'a mut State,
    pub page: &'a mut PageState,
    pub send: &'a mut Vec<Command>,
    pub prefs: &'a mut Prefs,
    pub left_behind: &'a [Recovered],
}

impl Page {
    pub const ALL: [Page; 16] = [
        Page::Collect,
        Page::Clean,
        Page::Features,
        Page::Train,
        Page::Evaluate,
        Page::Customers,
        Page::Segments,
        Page::Value,
        Page::Recommend,
        Page::Feedback,
        Page::Experiments,
        Page::Deploy,
        Page::Time,
        Page::Mask,
        Page::Classroom,
        Page::Settings,
    ];

    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Clean => "clean",
            Self::Features => "features",
            Self::Train => "train",
            Self::Evaluate => "evaluate",
            Self::Customers => "customers",
            Self::Segments => "segments",
            Self::Value => "value",
            Self::Recommend => "recommend",
            Self::Feedback => "feedback",
            Self::Deploy => "deploy",
            Self::Experiments => "experiments",
            Self::Time => "time",
            Self::Mask => "mask",
            Self::Classroom => "classroom",
            Self::Settings => "settings",
        }
    }

    /// Its name in the rail.
    pub fn title(self, lang: Lang) -> String {
        lang.t(&format!("page.{}.name", self.key()))
    }

    /// True for pages with settings beside the content.
    pub fn has_inspector(self) -> bool {
        !matches!(self, Self::Settings | Self::Mask | Self::Deploy)
    }

    /// True for pages whose settings a trainer's lock holds.
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Collect | Self::Clean | Self::Features | Self::Train)
    }

    /// The content.
    pub fn show(self, ui: &mut Ui, scene: &mut Scene<'_>) {
        match self {
            // A project whose data are away waits for the person to say so.
            Self::Collect if super::sources::waiting(ui, scene) => {}
            Self::Collect => collect::show(ui, scene),
            Self::Clean => clean::show(ui, scene),
            Self::Features => features::show(ui, scene),
            Self::Train => train::show(ui, scene),
            Self::Evaluate => evaluate::show(ui, scene),
            Self::Customers => customers::show(ui, scene),
            Self::Segments => segments::show(ui, scene),
            Self::Value => value::show(ui, scene),
            Self::Recommend => recommend::show(ui, scene),
            Self::Feedback => feedback::show(ui, scene),
            Self::Deploy => deploy::show(ui, scene),
            Self::Experiments => experiments::show(ui, scene),
            Self::Time => time::show(ui, scene),
            Self::Mask => mask::show(ui, scene),
            Self::Classroom => classroom::show(ui, scene),
            Self::Settings => settings::show(ui, scene),
        }
    }

    /// The settings beside it.
    pub fn inspector(self, ui: &mut Ui, scene: &mut Scene<'_>) {
        match self {
            Self::Collect => collect::inspector(ui, scene),
            Self::Clean => clean::inspector(ui, scene),
            Self::Features => features::inspector(ui, scene),
            Self::Train => train::inspector(ui, scene),
            Self::Evaluate => evaluate::inspector(ui, scene),
            Self::Segments => segments::inspector(ui, scene),
            Self::Value => value::inspector(ui, scene),
            Self::Recommend => recommend::inspector(ui, scene),
            Self::Feedback => feedback::inspector(ui, scene),
            Self::Experiments => experiments::inspector(ui, scene),
            Self::Customers => customers::inspector(ui, scene),
            Self::Time => time::inspector(ui, scene),
            Self::Classroom => classroom::inspector(ui, scene),
            Self::Mask | Self::Deploy | Self::Settings => {}
        }
    }

    /// One live line for the rail.
    pub fn status(self, lang: Lang, state: &State) -> String {
        match self {
            Self::Settings => return lang.t("status.settings"),
            Self::Classroom => return classroom::status(lang, state),
            _ => {}
        }
        let Some(table) = &state.table else {
            return if self == Self::Collect {
                lang.t("status.no_file")
            } else {
                lang.t("status.waits_file")
            };
        };
        let count = |n: usize| lang.count(n as u64);
        match self {
            Self::Collect => lang.with("status.rows", &[("count", count(table.height()))]),
            Self::Mask => mask::status(lang, state),
            Self::Time => time::status(lang, state),
            Self::Value => value::status(lang, state),
            Self::Recommend => recommend::status(lang, state),
            Self::Feedback => feedback::status(lang, state),
            Self::Deploy => deploy::status(lang, state),
            Self::Experiments => experiments::status(lang, state),
            _ if state.preparing() => lang.t("status.working"),
            Self::Clean => match &state.cleaning {
                Some(cleaning) => {
                    let cells: u64 = cleaning
                        .stages
                        .iter()
                        .filter(|stage| !["scale", "impute"].contains(&stage.change.name))
                        .map(|s| s.change.cells_changed)
                        .sum();
                    lang.with("status.cells", &[("count", lang.count(cells))])
                }
                None => lang.t("status.problem"),
            },
            Self::Features => match &state.prepared {
                Some(p) => lang.with("status.features", &[("count", count(p.matrix.width()))]),
                None => blocked(lang, state),
            },
            Self::Train if state.train.is_none() && state.prepared.is_none() => blocked(lang, state),
            Self::Train if state.train.is_some() => lang.t("status.training"),
            Self::Train if state.stale() => lang.t("status.stale"),
            Self::Train => match state.outcomes.first() {
                Some(o) => lang.with("status.epochs", &[("count", count(o.trained.epochs_run))]),
                None => lang.t("status.not_trained"),
            },
            Self::Evaluate => match state.shown() {
                Some(o) => crate::report::judged::area(lang, &o.test),
                None => lang.t("status.waits_train"),
            },
            Self::Customers => match state.list() {
                Some(list) => {
                    let (risky, here) = regulars_engine::deploy::at_risk(list, state.settings.threshold);
                    let share = percent(risky as f64 / here.max(1) as f64);
                    lang.with("status.at_risk", &[("count", count(risky)), ("share", share)])
                }
                None => lang.t("status.waits_train"),
            },
            Self::Segments => match &state.segments {
                Some(s) => lang.with("status.segments", &[("count", s.k.to_string())]),
                None => lang.t("status.not_found"),
            },
            Self::Classroom | Self::Settings => String::new(),
        }
    }
}

/// Why a stage has nothing to work on.
fn blocked(lang: Lang, state: &State) -> String {
    let no_target = state.prepare_error.as_ref().is_some_and(|error| error.kind() == "no_target");
    lang.t(if no_target { "status.no_target" } else { "status.problem" })
}
