//! The pages, in a registry that a test walks.

mod clean;
mod collect;
mod customers;
mod evaluate;
mod features;
mod segments;
mod train;

use eframe::egui::Ui;
use serde::{Deserialize, Serialize};

use super::command::Command;
use super::state::State;
use crate::words::{Lang, percent};

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
}

/// What pages remember between frames that is neither settings nor results.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PageState {
    pub path: String,
    pub step: usize,
    pub column: String,
    pub search: String,
    pub only_segment: Option<usize>,
    /// Those who are known to have left are shown as well.
    pub with_left: bool,
    pub sort: (usize, bool),
    #[serde(skip)]
    pub order: customers::Order,
    #[serde(skip)]
    pub charts: evaluate::Charts,
    /// Distributions before and after the shown step, and what they were made for.
    #[serde(skip)]
    pub spread: Option<clean::Spread>,
}

impl PageState {
    /// Forgets what belongs to the file that was open: another one is coming.
    pub fn forget(&mut self) {
        *self = Self { sort: self.sort, with_left: self.with_left, ..Self::default() };
    }
}

/// What a page draws from and speaks to.
pub struct Scene<'a> {
    pub lang: Lang,
    pub state: &'a mut State,
    pub page: &'a mut PageState,
    pub send: &'a mut Vec<Command>,
}

impl Page {
    pub const ALL: [Page; 7] = [
        Page::Collect,
        Page::Clean,
        Page::Features,
        Page::Train,
        Page::Evaluate,
        Page::Customers,
        Page::Segments,
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
        }
    }

    /// Its name in the rail.
    pub fn title(self, lang: Lang) -> String {
        lang.t(&format!("page.{}.name", self.key()))
    }

    /// True for pages with settings beside the content.
    pub fn has_inspector(self) -> bool {
        !matches!(self, Self::Customers)
    }

    /// The content.
    pub fn show(self, ui: &mut Ui, scene: &mut Scene<'_>) {
        match self {
            Self::Collect => collect::show(ui, scene),
            Self::Clean => clean::show(ui, scene),
            Self::Features => features::show(ui, scene),
            Self::Train => train::show(ui, scene),
            Self::Evaluate => evaluate::show(ui, scene),
            Self::Customers => customers::show(ui, scene),
            Self::Segments => segments::show(ui, scene),
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
            Self::Customers => {}
        }
    }

    /// One live line for the rail.
    pub fn status(self, lang: Lang, state: &State) -> String {
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
            _ if state.preparing() => lang.t("status.working"),
            Self::Clean => match &state.prepared {
                Some(p) => {
                    let cells: u64 = p
                        .cleaning
                        .stages
                        .iter()
                        .filter(|stage| stage.change.name != "scale")
                        .map(|s| s.change.cells_changed)
                        .sum();
                    lang.with("status.cells", &[("count", lang.count(cells))])
                }
                None => lang.t("status.problem"),
            },
            Self::Features => match &state.prepared {
                Some(p) => lang.with("status.features", &[("count", count(p.matrix.width()))]),
                None => lang.t("status.problem"),
            },
            Self::Train if state.train.is_some() => lang.t("status.training"),
            Self::Train if state.stale() => lang.t("status.stale"),
            Self::Train => match state.outcomes.first() {
                Some(o) => lang.with("status.epochs", &[("count", count(o.trained.epochs_run))]),
                None => lang.t("status.not_trained"),
            },
            Self::Evaluate => match state.shown().and_then(|o| o.test.fixed("roc_auc")) {
                Some(e) => lang.with(
                    "status.auc",
                    &[
                        ("value", format!("{:.2}", e.value)),
                        ("half", format!("{:.2}", (e.high - e.low) / 2.0)),
                    ],
                ),
                None => lang.t("status.waits_train"),
            },
            Self::Customers => match (&state.customers, state.shown()) {
                (Some(list), Some(_)) => {
                    let (risky, here) = regulars_engine::deploy::at_risk(list, state.settings.threshold);
                    let share = percent(risky as f64 / here.max(1) as f64);
                    lang.with("status.at_risk", &[("count", count(risky)), ("share", share)])
                }
                _ => lang.t("status.waits_train"),
            },
            Self::Segments => match &state.segments {
                Some(s) => lang.with("status.segments", &[("count", s.k.to_string())]),
                None => lang.t("status.not_found"),
            },
        }
    }
}
