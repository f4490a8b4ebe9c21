//! The lists: customers by risk, why, this month's file, and what was done about whom.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use regulars_engine::deploy::{Customer, FollowUp, Reason, SavedList};
use regulars_engine::job::{Job, Reporter};
use regulars_engine::project::{self, Month, Origin, Outcome, Prepared, Secrets, Source};
use regulars_engine::table::Table;

use super::{State, ended, fresh_id};
use crate::window::notice::Tone;

/// Customers whose reasons are found ahead of being asked for, the most at risk first.
const EXPLAINED: usize = 5_000;

/// Why each customer stands where it stands.
#[derive(Debug, Default)]
pub struct Reasons {
    /// The probability that all shares stand on.
    pub base: f64,
    /// The three strongest, by [`Customer::place`].
    pub of: HashMap<usize, Vec<Reason>>,
}

/// The list in force and where its customers come from, to be handed to a worker.
#[derive(Clone)]
pub(super) enum Standing {
    Month(Arc<Month>),
    Trained(Arc<Vec<Customer>>, Arc<Table>, Arc<Prepared>, Arc<Outcome>),
    Nothing,
}

impl Standing {
    pub(super) fn get(&self) -> Option<(&[Customer], Origin<'_>)> {
        match self {
            Self::Month(month) => Some((&month.list, Origin::Month(month))),
            Self::Trained(list, table, prepared, outcome) => {
                Some((list, Origin::Trained { table, prepared, outcome }))
            }
            Self::Nothing => None,
        }
    }
}

impl State {
    pub(super) fn standing(&self) -> Standing {
        if let Some(month) = &self.month {
            return Standing::Month(month.clone());
        }
        let rows = (self.customers.clone(), self.table.clone(), self.trained_on.clone());
        match (rows, self.shown().cloned()) {
            ((Some(list), Some(table), Some(prepared)), Some(outcome)) => {
                Standing::Trained(list, table, prepared, outcome)
            }
            _ => Standing::Nothing,
        }
    }

    /// The list in force: this month's, or that of the rows that were trained on.
    pub fn list(&self) -> Option<&[Customer]> {
        match &self.month {
            Some(month) => Some(&month.list),
            None => self.customers.as_ref().map(|list| list.as_slice()),
        }
    }

    /// Where the list's customers come from.
    pub fn origin(&self) -> Option<Origin<'_>> {
        if let Some(month) = &self.month {
            return Some(Origin::Month(month));
        }
        let (table, prepared) = (self.table.as_ref()?, self.trained_on.as_ref()?);
        Some(Origin::Trained { table, prepared, outcome: self.shown()? })
    }

    /// Makes the ranked list, the bundle of the model and the reasons again.
    pub(super) fn rank(&mut self) {
        self.relist();
        self.rebundle();
        if self.month.is_none() {
            self.find_reasons();
        }
    }

    /// Makes the ranked list again, with the segments that there are.
    pub(super) fn relist(&mut self) {
        let (Some(rows), Some(outcome)) = (self.trained_on.clone(), self.shown().cloned()) else { return };
        // Segments of other rows than the model's say nothing about its list.
        let segments = self.segments.as_deref().filter(|_| self.shows_present_rows());
        self.customers = Some(Arc::new(project::rank(&rows, &outcome, segments)));
        if self.month.is_none() {
            self.list_id = fresh_id();
        }
    }

    fn rebundle(&mut self) {
        let (Some(table), Some(rows), Some(shown)) =
            (self.table.clone(), self.trained_on.clone(), self.shown().cloned())
        else {
            return;
        };
        self.bundling.iter().for_each(Job::cancel);
        // The run's own settings: the present ones may have moved on.
        let mut settings = self.runs.get(self.shown_run).map_or(&self.settings, |run| &run.settings).clone();
        settings.threshold = self.settings.threshold;
        let asked = self.runs.get(self.shown_run).and_then(|run| run.asked.clone());
        let outcomes = self.outcomes.clone();
        self.bundling = Some(self.start(move |report| {
            let all: Vec<&project::Outcome> = outcomes.iter().map(Arc::as_ref).collect();
            let card = project::card(&settings, &table, &rows, &shown, &all, report)?;
            let behaviour = asked.map(|asked| asked.fitted.clone());
            Ok(project::bundle(&settings, &rows, &shown, Some(card)).with_behaviour(behaviour))
        }));
    }

    /// Contact columns of a customer of the list in force, masked unless `clear`.
    pub fn contacts(&self, customer: &Customer, clear: bool) -> Vec<(String, String)> {
        let Some(origin) = self.origin() else { return Vec::new() };
        let table = origin.table();
        let Ok(at) = table.rows.binary_search(&customer.row) else { return Vec::new() };
        origin
            .contact_columns()
            .into_iter()
            .filter_map(|c| {
                let text = table.text(&c)?.get(at)?.trim();
                let text = if clear { text.to_owned() } else { regulars_engine::privacy::mask(text) };
                (!text.is_empty()).then_some((c, text))
            })
            .collect()
    }

    /// True until the bundle is that of the shown model.
    pub fn bundling(&self) -> bool {
        self.bundling.is_some() || self.repairing.is_running()
    }

    /// After another threshold: what changed is counted again.
    pub(super) fn recount(&mut self) {
        self.compare();
        let threshold = self.settings.threshold;
        if let Some(bundle) = &mut self.bundle {
            Arc::make_mut(bundle).threshold = threshold;
        }
        if self.bundling.is_some() || self.bundle.as_ref().is_some_and(|b| b.card.is_some()) {
            self.rebundle();
        }
    }

    /// Sets the month's list beside the last one.
    fn compare(&mut self) {
        let since = self.month.as_ref().and_then(|m| m.since(&self.lists, self.settings.threshold));
        self.since = since.map(Arc::new);
    }

    /// Finds the reasons of the riskiest customers of the list in force.
    fn find_reasons(&mut self) {
        self.reasons_job.iter().for_each(Job::cancel);
        self.reasons = None;
        let standing = self.standing();
        let job = self.start(move |report| {
            let Some((list, origin)) = standing.get() else { return Ok(None) };
            // Those who are still here come first: they are whom one calls.
            let here = list.iter().filter(|c| c.actual != Some(true));
            let gone = list.iter().filter(|c| c.actual == Some(true));
            let chosen: Vec<&Customer> = here.chain(gone).take(EXPLAINED).collect();
            let Some((base, reasons)) = project::why(origin, &chosen, 3, report)? else { return Ok(None) };
            let of = chosen.iter().map(|c| c.place).zip(reasons).collect();
            Ok(Some(Reasons { base, of }))
        });
        self.reasons_job = Some(job);
    }

    /// True while reasons are being found.
    pub fn finding_reasons(&self) -> bool {
        self.reasons_job.is_some()
    }

    /// Every column's share in one customer's probability, the largest first, with their base.
    /// One customer takes a few milliseconds.
    pub fn whole_reason(&self, customer: &Customer) -> Option<(f64, Vec<Reason>)> {
        let told = project::why(self.origin()?, &[customer], usize::MAX, &Reporter::silent());
        let (base, mut all) = told.ok()??;
        Some((base, all.pop()?))
    }

    /// Scores another file with the model in use.
    pub fn open_month(&mut self, paths: Vec<PathBuf>) {
        let Some(bundle) = self.bundle.clone().filter(|_| !self.bundling()) else {
            self.tell(Tone::Caution, "notice.bundling", Vec::new());
            return;
        };
        let settings = self.settings.clone();
        self.month_job = Some(self.start(move |report| {
            let sources: Vec<Source> = paths.into_iter().map(Source::File).collect();
            let from = (sources.as_slice(), &Secrets::default());
            let table = project::open_for(&bundle, &settings, from, None, &report.part(0.0, 0.7))?;
            project::next_month(bundle, &table, &report.part(0.7, 0.3))
        }));
    }

    /// Back to the list of the rows that were trained on.
    pub fn close_month(&mut self) {
        self.month = None;
        self.since = None;
        (self.list_id, self.list_source) = (fresh_id(), fresh_id());
        self.find_reasons();
    }

    /// The list in force, as it is kept for the next month.
    pub(super) fn present_list(&self) -> Option<SavedList> {
        let table = match &self.month {
            Some(month) => month.table(),
            None => self.table.as_deref()?,
        };
        Some(SavedList::of(self.list()?, &table.source, self.settings.threshold))
    }

    /// Keeps what was done about a customer.
    pub fn follow_up(&mut self, id: &str, record: FollowUp) {
        if self.follow_ups.get(id).cloned().unwrap_or_default() == record {
            return;
        }
        let all = Arc::make_mut(&mut self.follow_ups);
        if record.is_empty() {
            all.remove(id);
        } else {
            all.insert(id.to_owned(), record);
        }
        self.touch();
    }

    pub(super) fn poll_lists(&mut self) {
        let news = ended(&mut self.bundling);
        if let Some(bundle) = self.settle(news) {
            self.bundle = Some(Arc::new(bundle));
            self.unkept |= !self.saved;
        }
        let news = ended(&mut self.reasons_job);
        if let Some(reasons) = self.settle(news) {
            self.reasons = reasons.map(Arc::new);
        }
        let news = ended(&mut self.month_job);
        if let Some(month) = self.settle(news) {
            // What was the list until now is kept: the next file is compared with it.
            self.keep_present_list();
            self.month = Some(Arc::new(month));
            self.keep_present_list();
            (self.list_id, self.list_source) = (fresh_id(), fresh_id());
            self.compare();
            self.touch();
            self.find_reasons();
        }
    }

    fn keep_present_list(&mut self) {
        if let Some(list) = self.present_list() {
            project::SavedProject::keep_list(&mut self.lists, list);
        }
    }
}
