//! Rows that may be one customer: looked for on the cleaned rows, decided on pair by pair, merged by
//! a step of the recipe.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::clean::StepSpec;
use regulars_engine::clean::same_customer::{self, Field, FieldKind, Found, Pair, SameCustomerSpec, Verdict};
use regulars_engine::job::Job;
use regulars_engine::project::Collected;
use regulars_engine::table::{ColumnSpec, Frame, Role};

use super::{State, ended};

/// What the rows that were searched follow from: with another origin they are other rows.
#[derive(Clone, PartialEq)]
struct Origin {
    roles: Vec<(String, Role)>,
    /// The steps before this one that learn nothing.
    steps: Vec<StepSpec>,
}

/// The review of repeated customers.
#[derive(Default)]
pub struct Twins {
    origin: Option<(Arc<Collected>, Origin)>,
    /// Thresholds, decisions and rules; the recipe has them once they are merged.
    pub spec: SameCustomerSpec,
    /// What is to be compared; the decisions in `spec` hold for its own fields until the next search.
    pub fields: Vec<Field>,
    found: Option<(Arc<Found>, Frame)>,
    /// How each pair of `found` stands after the decisions.
    verdicts: Vec<Verdict>,
    /// The thresholds and decisions that `found` was made with.
    asked: SameCustomerSpec,
    job: Option<Job<Result<Search, Error>>>,
    /// The chosen pair among [`Found::pairs`].
    pub chosen: usize,
    /// Only pairs that wait for a decision are listed.
    pub only_open: bool,
}

/// What a search brings.
struct Search {
    spec: SameCustomerSpec,
    found: Found,
    frame: Frame,
}

impl Twins {
    /// What was found, and the rows that it speaks of.
    pub fn found(&self) -> Option<(&Arc<Found>, &Frame)> {
        self.found.as_ref().map(|(found, frame)| (found, frame))
    }

    /// True while the rows are searched.
    pub fn searching(&self) -> bool {
        self.job.is_some()
    }

    /// True where another search would find something else.
    pub fn stale(&self) -> bool {
        let rules = |spec: &SameCustomerSpec| SameCustomerSpec {
            rules: Vec::new(),
            master: Default::default(),
            ..spec.clone()
        };
        self.found.is_some() && (rules(&self.spec) != rules(&self.asked) || self.fields != self.spec.fields)
    }

    /// How a pair stands.
    pub fn verdict(&self, at: usize) -> Option<Verdict> {
        self.verdicts.get(at).copied()
    }

    /// Pairs of each verdict: sure, to be decided, confirmed, rejected.
    pub fn counts(&self) -> [usize; 4] {
        let all = [Verdict::Sure, Verdict::Maybe, Verdict::Confirmed, Verdict::Rejected];
        all.map(|wanted| self.verdicts.iter().filter(|verdict| **verdict == wanted).count())
    }

    /// Places of the pairs that are listed.
    pub fn listed(&self) -> Vec<usize> {
        let is_listed = |verdict: Verdict| !self.only_open || verdict == Verdict::Maybe;
        let places = self.verdicts.iter().enumerate().filter(|(_, verdict)| is_listed(**verdict));
        places.map(|(at, _)| at).collect()
    }

    /// Chooses the next listed pair, or the one before.
    pub fn step(&mut self, forwards: bool) {
        let listed = self.listed();
        let next = match forwards {
            true => listed.iter().find(|at| **at > self.chosen),
            false => listed.iter().rev().find(|at| **at < self.chosen),
        };
        if let Some(at) = next {
            self.chosen = *at;
        }
    }

    /// Takes down whether the chosen pair is one customer, and goes to the next that waits.
    pub fn decide(&mut self, is_same: bool) {
        let Some((found, _)) = &self.found else { return };
        let Some(pair) = found.pairs.get(self.chosen).filter(|_| self.job.is_none()) else { return };
        let key = found.key(pair);
        self.spec.confirmed.retain(|known| *known != key);
        self.spec.rejected.retain(|known| *known != key);
        let (list, verdict) = match is_same {
            true => (&mut self.spec.confirmed, Verdict::Confirmed),
            false => (&mut self.spec.rejected, Verdict::Rejected),
        };
        list.push(key);
        if let Some(slot) = self.verdicts.get_mut(self.chosen) {
            *slot = verdict;
        }
        let waits = |at: &usize| self.verdicts.get(*at) == Some(&Verdict::Maybe);
        let all = 0..self.verdicts.len();
        let next = all.clone().skip(self.chosen + 1).find(waits).or_else(|| all.clone().find(waits));
        self.chosen = next.unwrap_or(self.chosen);
    }

    /// Forgets what was decided about the chosen pair; it stands again as it was found, or waits.
    pub fn undecide(&mut self) {
        let Some((found, _)) = &self.found else { return };
        let Some(pair) = found.pairs.get(self.chosen).filter(|_| self.job.is_none()) else { return };
        let key = found.key(pair);
        self.spec.confirmed.retain(|known| *known != key);
        self.spec.rejected.retain(|known| *known != key);
        let own = match pair.verdict {
            Verdict::Confirmed | Verdict::Rejected => Verdict::Maybe,
            own => own,
        };
        if let Some(slot) = self.verdicts.get_mut(self.chosen) {
            *slot = own;
        }
    }

    /// The chosen pair.
    pub fn pair(&self) -> Option<&Pair> {
        self.found.as_ref()?.0.pairs.get(self.chosen)
    }

    /// What a column is compared as.
    pub fn kind_of(&self, column: &str) -> Option<FieldKind> {
        self.fields.iter().find(|field| field.column == column).map(|field| field.kind)
    }

    /// Lets a column be compared, or not.
    pub fn compare(&mut self, column: &str, kind: Option<FieldKind>) {
        match (self.fields.iter().position(|field| field.column == column), kind) {
            (Some(at), None) => {
                self.fields.remove(at);
            }
            (Some(at), Some(kind)) => {
                if let Some(field) = self.fields.get_mut(at) {
                    field.kind = kind;
                }
            }
            (None, Some(kind)) => self.fields.push(Field { column: column.to_owned(), kind, weight: None }),
            (None, None) => {}
        }
    }

    /// The job that the top bar shows.
    pub(super) fn job(&self) -> Option<(f64, f64)> {
        self.job.as_ref().map(|job| (job.progress(), job.seconds()))
    }

    /// Stops what runs.
    pub(super) fn cancel(&self) {
        self.job.iter().for_each(Job::cancel);
    }
}

impl State {
    /// The step of the recipe that merges, and whether it is on.
    pub fn twin_step(&self) -> Option<(&SameCustomerSpec, bool)> {
        self.settings.recipe.steps.iter().find_map(|step| match &step.spec {
            StepSpec::SameCustomer(spec) => Some((spec, step.on)),
            _ => None,
        })
    }

    fn twin_origin(&self) -> Option<(Arc<Collected>, Origin)> {
        let steps = self.settings.recipe.steps.iter();
        let steps = steps.take_while(|step| !matches!(step.spec, StepSpec::SameCustomer(_)));
        let steps = steps.filter(|step| step.on && !step.spec.is_fitted()).map(|step| step.spec.clone());
        let origin = Origin { roles: self.settings.read.roles.clone(), steps: steps.collect() };
        Some((self.collected.clone()?, origin))
    }

    /// Forgets what belongs to other rows, and takes up what the recipe says of these.
    pub fn follow_twins(&mut self) {
        if self.preparing() {
            return;
        }
        let Some((collected, origin)) = self.twin_origin() else { return };
        let is_same_data =
            self.twins.origin.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, &collected));
        if is_same_data && self.twins.origin.as_ref().is_some_and(|(_, known)| *known == origin) {
            return;
        }
        self.twins.cancel();
        let old = std::mem::take(&mut self.twins);
        // Decisions know their rows by content: those that still fit hold for other steps as well.
        let spec = match (is_same_data, self.twin_step()) {
            (true, _) => old.spec,
            (false, Some((spec, _))) => spec.clone(),
            (false, None) => SameCustomerSpec::default(),
        };
        self.twins = Twins {
            origin: Some((collected, origin)),
            fields: spec.fields.clone(),
            spec,
            only_open: old.only_open,
            ..Twins::default()
        };
    }

    /// Looks for rows that may be one customer, among the rows that the step gets.
    pub fn find_twins(&mut self) {
        let (Some(table), Some(cleaning)) = (self.table.clone(), self.cleaning.clone()) else { return };
        if self.twins.job.is_some() || self.preparing() {
            return;
        }
        let (spec, fields) = (self.twins.spec.clone(), self.twins.fields.clone());
        self.twins.job = Some(self.start(move |report| {
            let frame = cleaning.rows_for("same_customer").clone();
            let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
            let is_there = |field: &Field| frame.data.column(&field.column).is_ok();
            let fields: Vec<Field> = fields.into_iter().filter(is_there).collect();
            // Decisions keep their rows when other columns are compared; those that spoke of a column
            // that is gone are told as lost.
            let may_move = spec.fields != fields && !spec.fields.is_empty();
            let spec = match may_move && spec.fields.iter().all(is_there) {
                true => spec.with_other_fields(fields, &frame, &report.part(0.0, 0.1))?,
                false => SameCustomerSpec { fields, ..spec },
            };
            let spec = spec.with_fields(&schema, &frame);
            let found = same_customer::find(&spec, &frame, &report.part(0.1, 0.9))?;
            Ok(Search { spec, found, frame })
        }));
    }

    pub(super) fn poll_twins(&mut self) {
        let news = ended(&mut self.twins.job);
        let Some(Search { spec, found, frame }) = self.settle(news) else { return };
        let twins = &mut self.twins;
        // Rules may have been chosen meanwhile; nothing else can.
        let (rules, master) = (std::mem::take(&mut twins.spec.rules), twins.spec.master.clone());
        twins.asked.clone_from(&spec);
        twins.fields.clone_from(&spec.fields);
        twins.spec = SameCustomerSpec { rules, master, ..spec };
        twins.verdicts = found.pairs.iter().map(|pair| pair.verdict).collect();
        let first = twins.verdicts.iter().position(|verdict| *verdict == Verdict::Maybe);
        twins.chosen = first.unwrap_or(0);
        twins.found = Some((Arc::new(found), frame));
    }

    /// Puts the review into the recipe: its step is added, or brought up to date.
    pub fn merge_twins(&mut self) {
        let spec = StepSpec::SameCustomer(self.twins.spec.clone());
        for step in &mut self.settings.recipe.steps {
            step.on |= matches!(step.spec, StepSpec::SameCustomer(_));
        }
        self.settings.recipe.add(spec);
    }

    /// Takes the step out of the recipe; the decisions stay in the review.
    pub fn unmerge_twins(&mut self) {
        self.settings.recipe.steps.retain(|step| !matches!(step.spec, StepSpec::SameCustomer(_)));
    }
}
