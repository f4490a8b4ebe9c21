//! The lists: customers by risk, why, this month's file, and what was done about whom.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use regulars_engine::deploy::{Customer, FollowUp, Reason, SavedList, compare};
use regulars_engine::job::{Job, Reporter};
use regulars_engine::project::{self, Origin};
use regulars_engine::table::Role;

use super::{State, ended};

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

impl State {
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
            return Some(Origin::Month { month, bundle: self.bundle.as_ref()? });
        }
        let (table, prepared) = (self.table.as_ref()?, self.trained_on.as_ref()?);
        Some(Origin::Trained { table, prepared, outcome: self.shown()? })
    }

    /// Makes the ranked list, the bundle of the model and the reasons again.
    pub(super) fn rank(&mut self) {
        let (Some(rows), Some(outcome)) = (self.trained_on.clone(), self.shown().cloned()) else { return };
        // Segments of other rows than the model's say nothing about its list.
        let same = self.prepared.as_ref().is_some_and(|p| Arc::ptr_eq(p, &rows));
        let segments = self.segments.as_deref().filter(|_| same);
        self.customers = Some(Arc::new(project::rank(&rows, &outcome, segments)));
        self.rebundle();
        if self.month.is_none() {
            self.find_reasons();
        }
    }

    fn rebundle(&mut self) {
        let (Some(table), Some(rows), Some(shown)) =
            (self.table.clone(), self.trained_on.clone(), self.shown().cloned())
        else {
            return;
        };
        self.bundling.iter().for_each(Job::cancel);
        let (settings, outcomes) = (self.settings.clone(), self.outcomes.clone());
        self.bundling = Some(self.start(move |report| {
            let all: Vec<&project::Outcome> = outcomes.iter().map(Arc::as_ref).collect();
            let card = project::card(&settings, &table, &rows, &shown, &all, report)?;
            Ok(project::bundle(&settings, &rows, &shown, Some(card)))
        }));
    }

    /// Contact columns of a customer of the list in force, masked unless `clear`.
    pub fn contacts(&self, customer: &Customer, clear: bool) -> Vec<(String, String)> {
        let Some(table) = self.origin().map(|origin| origin.table()) else { return Vec::new() };
        let Ok(at) = table.rows.binary_search(&customer.row) else { return Vec::new() };
        let columns = table.columns.iter().filter(|c| c.role == Role::Contact);
        columns
            .filter_map(|c| {
                let text = table.text(&c.name)?.get(at)?.trim();
                let text = if clear { text.to_owned() } else { regulars_engine::privacy::mask(text) };
                (!text.is_empty()).then(|| (c.name.clone(), text))
            })
            .collect()
    }

    /// True until the bundle is that of the shown model.
    pub fn bundling(&self) -> bool {
        self.bundling.is_some()
    }

    /// After another threshold: what changed is counted again.
    pub(super) fn recount(&mut self) {
        let threshold = self.settings.threshold;
        if let Some(month) = &self.month
            && let Some((before, _)) = &month.since
        {
            let mut again = (**month).clone();
            let changes = compare(before, &again.list, threshold);
            again.since = Some((before.clone(), changes));
            self.month = Some(Arc::new(again));
        }
        if let Some(bundle) = &mut self.bundle {
            Arc::make_mut(bundle).threshold = threshold;
        }
        if self.bundling.is_some() || self.bundle.as_ref().is_some_and(|b| b.card.is_some()) {
            self.rebundle();
        }
    }

    /// Finds the reasons of the riskiest customers of the list in force.
    fn find_reasons(&mut self) {
        self.reasons_job.iter().for_each(Job::cancel);
        self.reasons = None;
        let month = self.month.clone().zip(self.bundle.clone());
        let trained =
            (self.customers.clone(), self.table.clone(), self.trained_on.clone(), self.shown().cloned());
        let job = self.start(move |report| {
            let (list, origin): (&[Customer], Origin<'_>) = match (&month, &trained) {
                (Some((month, bundle)), _) => (&month.list, Origin::Month { month, bundle }),
                (None, (Some(list), Some(table), Some(prepared), Some(outcome))) => {
                    (list.as_slice(), Origin::Trained { table, prepared, outcome })
                }
                _ => return Ok(None),
            };
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
    pub fn open_month(&mut self, path: PathBuf) {
        let Some(bundle) = self.bundle.clone() else { return };
        let (settings, table) = (self.settings.clone(), self.table.clone());
        // The latest list that is not of this very file; it is read first, so that its hash is known.
        let mut lists = self.lists.clone();
        lists.extend(self.present_list());
        drop(table);
        self.month_job = Some(self.start(move |report| {
            let table = project::open_month(&settings, &path, report)?;
            let before = lists.iter().rev().find(|list| list.hash != table.source.hash);
            project::next_month(&bundle, settings.threshold, before, table, report)
        }));
    }

    /// Back to the list of the rows that were trained on.
    pub fn close_month(&mut self) {
        self.month = None;
        self.find_reasons();
    }

    /// The list in force, as it is kept for the next month.
    pub(super) fn present_list(&self) -> Option<SavedList> {
        let table = match &self.month {
            Some(month) => &month.table,
            None => self.table.as_deref()?,
        };
        let name =
            table.source.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        Some(SavedList::of(self.list()?, name, table.source.hash.clone(), self.settings.threshold))
    }

    /// Keeps what was done about a customer.
    pub fn follow_up(&mut self, id: &str, record: FollowUp) {
        if self.follow_ups.get(id).cloned().unwrap_or_default() == record {
            return;
        }
        if record.is_empty() {
            self.follow_ups.remove(id);
        } else {
            self.follow_ups.insert(id.to_owned(), record);
        }
        self.touch();
    }

    pub(super) fn poll_lists(&mut self) {
        let news = ended(&mut self.bundling);
        if let Some(bundle) = self.settle(news) {
            self.bundle = Some(Arc::new(bundle));
            self.unkept = true;
        }
        let news = ended(&mut self.reasons_job);
        if let Some(reasons) = self.settle(news) {
            self.reasons = reasons.map(Arc::new);
        }
        let news = ended(&mut self.month_job);
        if let Some(month) = self.settle(news) {
            // What was the list until now is kept: the next file is compared with this one.
            if let Some(list) = self.present_list() {
                project::SavedProject::keep_list(&mut self.lists, list);
            }
            self.month = Some(Arc::new(month));
            if let Some(list) = self.present_list() {
                project::SavedProject::keep_list(&mut self.lists, list);
            }
            self.touch();
            self.find_reasons();
        }
    }
}
