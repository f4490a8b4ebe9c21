//! The jobs and results of one part of the window: customer classes.

use std::collections::HashMap;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::clean::Cleaning;
use regulars_engine::deploy::Customer;
use regulars_engine::job::Job;
use regulars_engine::project::{self, ClassProfile, Classified, Collected, Known, Prepared, Shop};
use regulars_engine::segment::Segmentation;
use regulars_engine::segment::classes::ClassSpec;
use regulars_engine::table::Table;

use super::{State, ended};
use crate::words::{ClassesOf, Column};

/// What classes are told from.
#[derive(Clone, Default)]
struct Inputs {
    table: Option<Arc<Table>>,
    cleaning: Option<Arc<Cleaning>>,
    prepared: Option<Arc<Prepared>>,
    customers: Option<Arc<Vec<Customer>>>,
    segments: Option<Arc<Segmentation>>,
    /// What customers are expected to bring, by name.
    worth: Option<Arc<HashMap<String, f64>>>,
}

impl Inputs {
    /// What customers of the list are expected to bring, by their row.
    fn worth_by_row(&self) -> Option<HashMap<u32, f64>> {
        let (worth, customers) = (self.worth.as_ref()?, self.customers.as_ref()?);
        let of = |one: &Customer| Some((one.row, *worth.get(&one.id).filter(|_| one.named)?));
        Some(customers.iter().filter_map(of).collect())
    }

    fn known<'a>(&'a self, value: Option<&'a HashMap<u32, f64>>) -> Known<'a> {
        Known {
            table: self.table.as_deref(),
            cleaning: self.cleaning.as_deref(),
            prepared: self.prepared.as_deref(),
            customers: self.customers.as_ref().map(|list| list.as_slice()),
            segments: self.segments.as_deref(),
            value,
        }
    }
}

fn same<T>(a: &Option<Arc<T>>, b: &Option<Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

impl PartialEq for Inputs {
    fn eq(&self, other: &Self) -> bool {
        same(&self.table, &other.table)
            && same(&self.cleaning, &other.cleaning)
            && same(&self.prepared, &other.prepared)
            && same(&self.customers, &other.customers)
            && same(&self.segments, &other.segments)
            && same(&self.worth, &other.worth)
    }
}

/// Who is profiled: a finding and the places of its people.
#[derive(Clone)]
pub struct Chosen {
    of: Arc<Classified>,
    pub places: Arc<Vec<usize>>,
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.of, &other.of) && Arc::ptr_eq(&self.places, &other.places)
    }
}

type Reading = Job<Result<Option<Shop>, Error>>;
type Sorting = Job<Result<(Classified, ClassesOf), Error>>;
type Profiling = Job<Result<ClassProfile, Error>>;
/// The data, rows and settings that a finding belongs to.
type Key = (Option<Arc<Shop>>, Inputs, ClassSpec);

/// What was found, and its jobs.
#[derive(Default)]
pub struct Classes {
    /// The orders of the data; `None` inside where there are none.
    shop: Option<(Arc<Collected>, Option<Arc<Shop>>)>,
    reading: Option<(Arc<Collected>, Reading)>,
    found: Option<(Key, Arc<Classified>)>,
    /// The classes of each row of the table of customers.
    of_rows: ClassesOf,
    sorting: Option<(Key, Sorting)>,
    /// The person stopped it: it starts again when asked for.
    stopped: bool,
    profile: Option<(Chosen, Option<Arc<ClassProfile>>)>,
    profiling: Option<(Chosen, Profiling)>,
}

impl Classes {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        let runs = self.reading.is_some() || self.sorting.is_some();
        self.reading.iter().for_each(|(_, job)| job.cancel());
        self.sorting.iter().for_each(|(_, job)| job.cancel());
        self.profiling.iter().for_each(|(_, job)| job.cancel());
        self.stopped |= runs;
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let reading = self.reading.as_ref().map(|(_, job)| ("orders", job.progress(), job.seconds()));
        let sorting = || self.sorting.as_ref().map(|(_, job)| ("classes", job.progress(), job.seconds()));
        let profiling = || self.profiling.as_ref().map(|(_, job)| ("classes", job.progress(), job.seconds()));
        reading.or_else(sorting).or_else(profiling)
    }

    /// Everyone's classes, as they were found last.
    pub fn found(&self) -> Option<&Arc<Classified>> {
        self.found.as_ref().map(|(_, found)| found)
    }

    /// The orders of the data, once they are read.
    pub fn shop(&self) -> Option<&Arc<Shop>> {
        self.shop.as_ref().and_then(|(_, shop)| shop.as_ref())
    }

    /// True while orders are read or customers are put in classes.
    pub fn is_working(&self) -> bool {
        self.reading.is_some() || self.sorting.is_some()
    }

    /// True if the work was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped && !self.is_working()
    }

    /// Takes up what was stopped.
    pub fn resume(&mut self) {
        self.stopped = false;
    }

    /// The profile of the people at `places`, if it is made.
    pub fn profile(&self, places: &Arc<Vec<usize>>) -> Option<&Arc<ClassProfile>> {
        let (chosen, profile) = self.profile.as_ref()?;
        let is_it = Arc::ptr_eq(&chosen.of, self.found()?) && Arc::ptr_eq(&chosen.places, places);
        profile.as_ref().filter(|_| is_it)
    }
}

impl State {
    /// The classes of the rows of the list; empty before they are found.
    pub fn classes_of(&self) -> ClassesOf {
        self.classes.of_rows.clone()
    }

    /// The columns of the list in force.
    pub fn list_columns(&self, has_changes: bool) -> &'static [Column] {
        match self.month.is_none() && !self.classes.of_rows.is_empty() {
            true => Column::with_classes(),
            false => Column::of(self.month.is_some(), has_changes),
        }
    }

    fn class_inputs(&self) -> Inputs {
        // A list in training is of other rows than those at hand.
        let customers = self.customers.clone().filter(|_| self.shows_present_rows());
        Inputs {
            table: self.table.clone(),
            cleaning: self.cleaning.clone(),
            prepared: self.prepared.clone(),
            customers,
            segments: self.segments.clone(),
            worth: self.valued().map(|found| found.worth.clone()).filter(|worth| !worth.is_empty()),
        }
    }

    /// Reads the orders and puts everyone in classes, unless that is done, under way or stopped.
    pub fn follow_classes(&mut self) {
        let Some(collected) = self.collected.clone() else { return };
        if self.preparing() || self.load.is_some() || self.classes.stopped {
            return;
        }
        let is_read = self.classes.shop.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, &collected));
        if !is_read {
            let reads = self.classes.reading.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, &collected));
            if !reads {
                self.classes.reading.iter().for_each(|(_, job)| job.cancel());
                let (of, settings) = (collected.clone(), self.settings.clone());
                let job = self.start(move |report| Shop::read(&of, &settings, report));
                self.classes.reading = Some((collected, job));
            }
            return;
        }
        let shop = self.classes.shop().cloned();
        let mut spec = self.settings.classes.clone();
        // What to do with a class changes nobody's class.
        spec.actions.clear();
        let key = (shop, self.class_inputs(), spec);
        let is_key = |other: &Key| same(&key.0, &other.0) && key.1 == other.1 && key.2 == other.2;
        let is_known = self.classes.found.as_ref().is_some_and(|(known, _)| is_key(known));
        let is_under_way = self.classes.sorting.as_ref().is_some_and(|(known, _)| is_key(known));
        if is_known || is_under_way {
            return;
        }
        self.classes.sorting.iter().for_each(|(_, job)| job.cancel());
        let (of, settings) = (key.clone(), self.settings.clone());
        let job = self.start(move |report| {
            let worth = of.1.worth_by_row();
            let found = project::classify(of.0.as_deref(), of.1.known(worth.as_ref()), &settings, report)?;
            let names = |at: usize| -> Vec<String> {
                found.names(at, &of.2).into_iter().map(str::to_owned).collect()
            };
            let rows = found.people.iter().enumerate();
            let of_rows = rows.filter_map(|(at, person)| Some((person.row?, names(at))));
            let of_rows = ClassesOf::new(of_rows.filter(|(_, names)| !names.is_empty()).collect());
            Ok((found, of_rows))
        });
        self.classes.sorting = Some((key, job));
    }

    /// Makes the profile of some people, who were chosen by the `defining` columns, unless that is done or
    /// under way.
    pub fn follow_class_profile(&mut self, places: &Arc<Vec<usize>>, defining: Vec<String>) {
        let Some(((shop, inputs, _), of)) = self.classes.found.clone() else { return };
        let chosen = Chosen { of: of.clone(), places: places.clone() };
        let is_known = self.classes.profile.as_ref().is_some_and(|(known, _)| *known == chosen)
            || self.classes.profiling.as_ref().is_some_and(|(known, _)| *known == chosen);
        if is_known {
            return;
        }
        self.classes.profiling.iter().for_each(|(_, job)| job.cancel());
        let places = places.clone();
        let job = self.start(move |report| {
            let worth = inputs.worth_by_row();
            let known = inputs.known(worth.as_ref());
            project::profile_of(shop.as_deref(), known, &of, (places.as_slice(), defining.as_slice()), report)
        });
        self.classes.profiling = Some((chosen, job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_classes(&mut self) {
        // Other data have come: nothing that was stopped is wanted any more.
        if let Some((of, _)) = &self.classes.shop
            && self.collected.as_ref().is_none_or(|now| !Arc::ptr_eq(of, now))
        {
            self.classes.cancel();
            self.classes = Classes::default();
        }
        // Rules that a project has are in force whether anyone looks at them or not.
        if !self.settings.classes.rules.is_empty() {
            self.follow_classes();
        }
        if let Some((of, job)) = self.classes.reading.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.classes.reading = Some((of, job));
            } else {
                // Orders that cannot be read are told once; the columns may still tell classes.
                let shop = self.settle(news).flatten().map(Arc::new);
                if !self.classes.stopped {
                    self.classes.shop = Some((of, shop));
                }
            }
        }
        if let Some((key, job)) = self.classes.sorting.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.classes.sorting = Some((key, job));
            } else if let Some((found, of_rows)) = self.settle(news) {
                self.classes.of_rows = of_rows;
                self.classes.found = Some((key, Arc::new(found)));
            } else {
                // What failed or was stopped would do so again.
                self.classes.stopped = true;
            }
        }
        if let Some((chosen, job)) = self.classes.profiling.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.classes.profiling = Some((chosen, job));
            } else {
                let profile = self.settle(news).map(Arc::new);
                self.classes.profile = Some((chosen, profile));
            }
        }
    }
}
