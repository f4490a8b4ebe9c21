//! What the window shows and does for privacy: the membership test, the addresses, a customer who is to be
//! forgotten.

use std::path::PathBuf;
use std::sync::Arc;

use regulars_engine::deploy::watch::Notify;
use regulars_engine::job::Job;
use regulars_engine::privacy::Membership;
use regulars_engine::project::{self, Forgotten, Outcome, TalksFor, TalksTo};

use super::State;
use super::keyed::{Keyed, Same};
use crate::window::notice::Tone;

/// A customer who is to be forgotten, once the person says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaving {
    pub id: String,
    /// What goes.
    pub what: Forgotten,
    /// The data name the customer.
    pub in_data: bool,
}

/// What was found, and what is being asked.
#[derive(Default)]
pub struct Privacy {
    attack: Keyed<Same<Outcome>, Option<Membership>>,
    /// The identifier in the field.
    pub id: String,
    pub leaving: Option<Leaving>,
    /// Notices of the watch that is installed on this computer; looked for once.
    notices: Option<Vec<Notify>>,
}

impl Privacy {
    /// Stops its job.
    pub(super) fn cancel(&mut self) {
        self.attack.cancel();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.attack.job("attack")
    }

    /// What the attack on this outcome found; the inner `None` where there are too few rows.
    pub fn attacked(&self, outcome: &Arc<Outcome>) -> Option<Option<Membership>> {
        self.attack.of(&Same(outcome.clone())).map(|found| **found)
    }
}

/// The folder of the person's settings, where systemd looks for units.
fn config() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".config")))
}

impl State {
    /// Tries to find out who was among the training rows of the shown model.
    pub fn attack(&mut self) {
        let (Some(outcome), Some(rows)) = (self.shown().cloned(), self.trained_on.clone()) else { return };
        let (seed, ctx) = (self.settings.seed, self.ctx.clone());
        let key = Same(outcome.clone());
        self.privacy.attack.begin(key, &ctx, move |_| Ok(project::membership(&rows, &outcome, seed)));
    }

    pub(super) fn poll_privacy(&mut self) {
        let end = self.privacy.attack.poll();
        self.ended_with(end);
    }

    /// Every address that the program would ever talk to for this project on this computer.
    pub fn addresses(&mut self) -> Vec<TalksTo> {
        let look = || config().and_then(|folder| project::installed_notices(&folder)).into_iter().collect();
        let notices = self.privacy.notices.get_or_insert_with(look);
        let wanted = self.lacks.iter().flat_map(|lacks| &lacks.wanted).map(|of| of.at(of.file.clone()));
        let sources: Vec<project::Source> = self.sources.iter().cloned().chain(wanted).collect();
        let mut all = project::addresses(&sources, notices);
        if let Some(address) = self.muscle.address_in_use() {
            let places = address.split([',', ';', '，', '；', '、']).map(str::trim);
            let places = places.filter(|place| !place.is_empty());
            all.extend(places.map(|at| TalksTo { address: at.to_owned(), why: TalksFor::Machine }));
        }
        all
    }

    /// Asks whether a customer is really to be forgotten; says so where nobody has that identifier.
    pub fn ask_forget(&mut self, id: &str) {
        let id = id.trim();
        if id.is_empty() {
            return;
        }
        let lists = self.lists.iter().map(|list| &**list);
        let drawn = self.experiments.drawn.iter().map(|of| &**of);
        let what = project::holds(lists, &self.follow_ups, drawn, id);
        let ids = self.prepared.as_ref().map(|prepared| prepared.ids.as_slice()).unwrap_or_default();
        let listed = self.list().is_some_and(|list| list.iter().any(|of| of.named && of.id == id));
        let in_data = listed || ids.iter().flatten().any(|known| known == id);
        if !what.knew() && !in_data {
            self.tell(Tone::Caution, "forget.nobody", vec![("customer", id.to_owned())]);
            return;
        }
        self.privacy.leaving = Some(Leaving { id: id.to_owned(), what, in_data });
    }

    /// Forgets the customer that was asked about. There is no way back: earlier steps of undo leave the
    /// customer out as well.
    pub fn forget(&mut self) {
        let Some(Leaving { id, .. }) = self.privacy.leaving.take() else { return };
        let lists = self.lists.iter_mut().map(Arc::make_mut);
        let drawn = self.experiments.drawn.iter_mut().map(Arc::make_mut);
        project::take_out(lists, Arc::make_mut(&mut self.follow_ups), drawn, &id);
        self.settings.left_out.add(&id);
        let left_out = self.settings.left_out.clone();
        let earlier = self.undo.iter_mut().chain(&mut self.redo).map(|(settings, _)| settings);
        let runs = self.runs.iter_mut().map(|run| &mut run.settings);
        let waiting = self.waiting_runs.iter_mut().map(|run| &mut run.settings);
        for settings in earlier.chain(runs).chain(waiting).chain([&mut self.committed]) {
            settings.left_out = left_out.clone();
        }
        self.privacy.id.clear();
        // A later file's list names the customer too; it is scored again when it is opened again.
        self.month_job.iter().for_each(Job::cancel);
        self.month_job = None;
        if self.month.is_some() {
            self.close_month();
        }
        // What was made of the rows with the customer goes; the models stay, and the one in use scores on.
        self.runs.iter_mut().for_each(super::Run::let_go);
        self.outcomes.clear();
        (self.trained_on, self.customers, self.segments) = (None, None, None);
        (self.since, self.reasons) = (None, None);
        self.make_key();
        self.recombine();
        self.touch();
        if let Some(path) = self.project_file.clone() {
            self.save(path);
        }
        self.tell(Tone::Good, "forget.window.done", vec![("customer", id)]);
    }
}
