//! The jobs and results of one part of the window: customer classes.

use std::collections::HashMap;
use std::sync::Arc;

use regulars_engine::clean::Cleaning;
use regulars_engine::deploy::Customer;
use regulars_engine::project::{self, ClassProfile, Classified, Collected, Known, Prepared, Shop};
use regulars_engine::segment::Segmentation;
use regulars_engine::segment::classes::ClassSpec;
use regulars_engine::table::Table;

use super::State;
use super::keyed::{Keyed, Same};
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

/// The data, rows and settings that a finding belongs to.
type Key = (Option<Same<Shop>>, Inputs, ClassSpec);

/// What was found, and its jobs.
#[derive(Default)]
pub struct Classes {
    /// The data that all of it is of.
    data: Option<Same<Collected>>,
    /// The orders of the data; `None` inside where there are none.
    orders: Keyed<Same<Collected>, Option<Arc<Shop>>>,
    /// Everyone's classes, and those of each row of the table of customers.
    sorting: Keyed<Key, (Arc<Classified>, ClassesOf)>,
    profile: Keyed<Chosen, ClassProfile>,
}

impl Classes {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.orders.cancel();
        self.sorting.cancel();
        self.profile.cancel();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let sorting = || self.sorting.job("classes");
        self.orders.job("orders").or_else(sorting).or_else(|| self.profile.job("classes"))
    }

    /// Everyone's classes, as they were found last.
    pub fn found(&self) -> Option<&Arc<Classified>> {
        self.sorting.last().map(|found| &found.0)
    }

    /// The orders of the data, once they are read.
    pub fn shop(&self) -> Option<&Arc<Shop>> {
        self.orders.last().and_then(|shop| shop.as_ref().as_ref())
    }

    /// True while orders are read or customers are put in classes.
    pub fn is_working(&self) -> bool {
        self.orders.is_working() || self.sorting.is_working()
    }

    /// True if the work was stopped, or failed.
    pub fn is_stopped(&self) -> bool {
        (self.orders.is_stopped() || self.sorting.is_resting()) && !self.is_working()
    }

    /// Takes up what was stopped.
    pub fn resume(&mut self) {
        self.orders.resume();
        self.sorting.resume();
    }

    /// The profile of the people at `places`, if it is made.
    pub fn profile(&self, places: &Arc<Vec<usize>>) -> Option<&Arc<ClassProfile>> {
        self.profile.of(&Chosen { of: self.found()?.clone(), places: places.clone() })
    }
}

impl State {
    /// The classes of the rows of the list; empty before they are found.
    pub fn classes_of(&self) -> ClassesOf {
        self.classes.sorting.last().map(|found| found.1.clone()).unwrap_or_default()
    }

    /// The columns of the list in force.
    pub fn list_columns(&self, has_changes: bool) -> &'static [Column] {
        match self.month.is_none() && self.classes.sorting.last().is_some_and(|found| !found.1.is_empty()) {
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
        if self.preparing() || self.load.is_some() {
            return;
        }
        let ctx = self.ctx.clone();
        let data = Same(collected.clone());
        self.classes.data = Some(data.clone());
        // Orders that cannot be read are told once; the columns may still tell classes.
        if self.classes.orders.of(&data).is_none() && !self.classes.orders.failed(&data) {
            let settings = self.settings.clone();
            self.classes.orders.follow(data, &ctx, move |report| {
                Ok(Shop::read(&collected, &settings, report)?.map(Arc::new))
            });
            return;
        }
        let shop = self.classes.shop().cloned();
        let mut spec = self.settings.classes.clone();
        // What to do with a class changes nobody's class.
        spec.actions.clear();
        let key = (shop.map(Same), self.class_inputs(), spec);
        if !self.classes.sorting.wants(&key) {
            return;
        }
        let (of, settings) = (key.clone(), self.settings.clone());
        self.classes.sorting.begin(key, &ctx, move |report| {
            let worth = of.1.worth_by_row();
            let shop = of.0.as_ref().map(|shop| shop.0.as_ref());
            let found = project::classify(shop, of.1.known(worth.as_ref()), &settings, report)?;
            let names = |at: usize| -> Vec<String> {
                found.names(at, &of.2).into_iter().map(str::to_owned).collect()
            };
            let rows = found.people.iter().enumerate();
            let of_rows = rows.filter_map(|(at, person)| Some((person.row?, names(at))));
            let of_rows = ClassesOf::new(of_rows.filter(|(_, names)| !names.is_empty()).collect());
            Ok((Arc::new(found), of_rows))
        });
    }

    /// Makes the profile of some people, who were chosen by the `defining` columns, unless that is done or
    /// under way.
    pub fn follow_class_profile(&mut self, places: &Arc<Vec<usize>>, defining: Vec<String>) {
        let Some(((shop, inputs, _), found)) = self.classes.sorting.found().cloned() else { return };
        let of = found.0.clone();
        let chosen = Chosen { of: of.clone(), places: places.clone() };
        let (places, ctx) = (places.clone(), self.ctx.clone());
        self.classes.profile.follow(chosen, &ctx, move |report| {
            let worth = inputs.worth_by_row();
            let known = inputs.known(worth.as_ref());
            let shop = shop.as_ref().map(|shop| shop.0.as_ref());
            project::profile_of(shop, known, &of, (places.as_slice(), defining.as_slice()), report)
        });
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_classes(&mut self) {
        // Other data have come: nothing that was stopped is wanted any more.
        let now = self.collected.clone().map(Same);
        if self.classes.data.is_some() && self.classes.data != now {
            self.classes.cancel();
            self.classes = Classes::default();
        }
        // Rules that a project has are in force whether anyone looks at them or not.
        if !self.settings.classes.rules.is_empty() {
            self.follow_classes();
        }
        let ends = [self.classes.orders.poll(), self.classes.sorting.poll(), self.classes.profile.poll()];
        for end in ends {
            self.ended_with(end);
        }
    }
}
