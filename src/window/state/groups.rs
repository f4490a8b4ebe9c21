//! The groups of customers: found on a thread of their own, kept in the project, and looked at closely
//! when their page is shown.

use std::sync::Arc;

use regulars_engine::clean::Cleaning;
use regulars_engine::job::Job;
use regulars_engine::project::{self, GroupBeside, GroupRows, Month, Settings};
use regulars_engine::segment::cluster::{Basis, Drift, GroupSpec, Trust};
use regulars_engine::segment::{SavedGroups, Segmentation};

use super::State;
use super::keyed::{Keyed, Same};

/// How groups were asked for.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    spec: GroupSpec,
    k: Option<usize>,
    seed: u64,
}

impl Asked {
    fn of(settings: &Settings) -> Self {
        Self { spec: settings.groups.clone(), k: settings.segments, seed: settings.seed }
    }
}

/// How groups were asked for, and how far they can be trusted.
#[derive(Default)]
pub struct Groups {
    /// How the groups that are shown were asked for, and how those are that are being found.
    asked: Option<Asked>,
    asking: Option<Asked>,
    trust: Keyed<Same<Segmentation>, Trust>,
    /// Groups of an opened project, until its rows are there.
    pub(super) saved: Option<SavedGroups>,
    /// How the customers of a later file are spread over them.
    drift: Keyed<(Same<Month>, Same<Segmentation>), Option<Drift>>,
    /// Columns that groups can be made of.
    columns: Option<(Arc<Cleaning>, Arc<Vec<String>>)>,
}

impl Groups {
    /// How far these groups can be trusted; `None` until it was looked at.
    pub fn trust(&self, of: &Arc<Segmentation>) -> Option<&Arc<Trust>> {
        self.trust.of(&Same(of.clone()))
    }

    /// How the customers of a later file are spread over these groups.
    pub fn drift(&self, month: &Arc<Month>, of: &Arc<Segmentation>) -> Option<&Drift> {
        self.drift.of(&(Same(month.clone()), Same(of.clone()))).and_then(|drift| drift.as_ref().as_ref())
    }

    /// The done share of looking at them, where that is under way.
    pub fn looking(&self) -> Option<f64> {
        self.trust.progress()
    }

    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.drift.cancel();
        self.trust.cancel();
    }

    /// Looks again at what was stopped.
    pub fn resume(&mut self) {
        self.trust.resume();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.trust.job("trust")
    }
}

impl State {
    /// Groups the customers; as an opened project had them, where they were asked for in the same way.
    pub fn find_segments(&mut self) {
        let (Some(table), prepared, cleaning) =
            (self.table.clone(), self.prepared.clone(), self.cleaning.clone())
        else {
            return;
        };
        let settings = self.settings.clone();
        let saved = self.groups.saved.take().filter(|saved| saved.key == settings.groups_key(&table));
        let (collected, outcome) = (self.collected.clone(), self.shown().cloned());
        // What a network learnt of other rows says nothing about these.
        let outcome = outcome.filter(|_| self.shows_present_rows());
        self.segment.iter().for_each(Job::cancel);
        self.groups.asking = Some(Asked::of(&settings));
        self.segment = Some(self.start(move |report| {
            let beside = GroupBeside { collected: collected.as_deref(), outcome: outcome.as_deref() };
            let rows = match (&prepared, &cleaning) {
                (Some(prepared), _) => GroupRows::of_prepared(prepared)?,
                (None, Some(cleaning)) => GroupRows::of_cleaning(&settings, &table, cleaning)?,
                (None, None) => return project::segment_without_target(&settings, &table, report),
            };
            project::group(&settings, &rows, prepared.as_deref(), beside, saved.as_ref(), report)
        }));
    }

    /// Groups were found.
    pub(super) fn take_segments(&mut self, found: Segmentation) {
        self.segments = Some(Arc::new(found));
        self.groups.asked = self.groups.asking.take();
        self.unkept = true;
    }

    /// True where the shown groups were asked for otherwise than the settings now say.
    pub fn groups_stale(&self) -> bool {
        self.segments.is_some()
            && self.groups.asked.as_ref().is_some_and(|asked| *asked != Asked::of(&self.settings))
    }

    /// The groups as the project keeps them; those of an opened one as long as its rows are not there.
    pub(super) fn saved_groups(&self) -> Option<SavedGroups> {
        let (Some(found), Some(table)) = (&self.segments, &self.table) else {
            return self.groups.saved.clone();
        };
        if self.groups_stale() {
            return None;
        }
        Some(SavedGroups { key: self.settings.groups_key(table), ..found.saved() })
    }

    /// Looks at the groups closely, unless that is done, under way or stopped.
    pub fn follow_trust(&mut self) {
        let Some(found) = self.segments.clone() else { return };
        if self.segment.is_some() || !self.groups.trust.wants(&Same(found.clone())) {
            return;
        }
        let mut settings = self.settings.clone();
        if let Some(asked) = &self.groups.asked {
            settings.groups = asked.spec.clone();
            settings.seed = asked.seed;
        }
        let ctx = self.ctx.clone();
        let key = Same(found.clone());
        self.groups.trust.begin(key, &ctx, move |report| project::group_trust(&settings, &found, report));
    }

    /// Assigns the customers of a later file, where there is one.
    pub fn follow_drift(&mut self) {
        let (Some(month), Some(found)) = (self.month.clone(), self.segments.clone()) else { return };
        let (key, ctx) = ((Same(month.clone()), Same(found.clone())), self.ctx.clone());
        self.groups.drift.follow(key, &ctx, move |report| project::month_drift(&found, &month, report));
    }

    /// The columns that groups can be made of.
    pub fn group_columns(&mut self) -> Arc<Vec<String>> {
        let Some(cleaning) = self.cleaning.clone() else { return Arc::default() };
        if let Some((_, columns)) = self.groups.columns.as_ref().filter(|(of, _)| Arc::ptr_eq(of, &cleaning))
        {
            return columns.clone();
        }
        let Some(table) = &self.table else { return Arc::default() };
        let columns = Arc::new(project::group_columns(&self.settings, table, &cleaning));
        self.groups.columns = Some((cleaning, columns.clone()));
        columns
    }

    /// What customers can be compared by, as things stand.
    pub fn can_group_by(&self, basis: Basis) -> bool {
        match basis {
            Basis::Columns => true,
            Basis::Rfm => self.could_ask() || self.asked().is_some(),
            Basis::Network => {
                self.shows_present_rows()
                    && self.shown().is_some_and(|o| o.kind == regulars_engine::train::ModelKind::Mlp)
            }
        }
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_groups(&mut self) {
        self.bring_back_groups();
        let ends = [self.groups.drift.poll(), self.groups.trust.poll()];
        for end in ends {
            self.ended_with(end);
        }
    }

    /// Groups of an opened project, once its rows are there and are what they were.
    fn bring_back_groups(&mut self) {
        let waits = self.prepare.is_some() || self.segment.is_some() || self.segments.is_some();
        if waits || self.groups.saved.is_none() || self.cleaning.is_none() {
            return;
        }
        self.find_segments();
    }
}
