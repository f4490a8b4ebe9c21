//! The jobs and results of one part of the window: movements between classes and cohorts.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::project::{Classified, RfmSource, Shop};
use regulars_engine::segment::cohort::Cohorts;
use regulars_engine::segment::flows::Flows as Moves;
use regulars_engine::segment::rfm::FittedRfm;

use super::{State, ended};

/// What was found: the orders, the cuts, moves between months, cohorts.
#[derive(Debug)]
pub struct Moved {
    pub shop: Arc<Shop>,
    pub fitted: FittedRfm,
    pub moves: Moves,
    pub cohorts: Cohorts,
}

type Following = Job<Result<Moved, Error>>;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Flows {
    found: Option<Arc<Moved>>,
    following: Option<((Arc<Shop>, FittedRfm), Following)>,
    stopped: bool,
}

impl Flows {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.following.iter().for_each(|(_, job)| job.cancel());
        self.stopped |= self.following.is_some();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.following.as_ref().map(|(_, job)| ("flows", job.progress(), job.seconds()))
    }

    /// What was found last.
    pub fn found(&self) -> Option<&Arc<Moved>> {
        self.found.as_ref()
    }

    /// True while it is being found.
    pub fn is_working(&self) -> bool {
        self.following.is_some()
    }

    /// True if the work was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped && self.following.is_none()
    }

    /// Takes up what was stopped.
    pub fn resume(&mut self) {
        self.stopped = false;
    }
}

impl State {
    /// Follows customers from month to month by the cuts in force, unless that is done, under way or
    /// stopped.
    pub fn follow_flows(&mut self) {
        self.follow_classes();
        let Some(shop) = self.classes.shop().cloned() else { return };
        // Cuts of columns are not cuts of orders.
        let from_orders = |found: &&Arc<Classified>| matches!(found.source, Some(RfmSource::Orders { .. }));
        let found = self.classes.found().filter(from_orders);
        let Some(fitted) = found.and_then(|found| found.fitted.clone()) else { return };
        let is_it = |of: &Arc<Shop>, by: &FittedRfm| Arc::ptr_eq(of, &shop) && *by == fitted;
        let is_known = self.flows.found.as_ref().is_some_and(|found| is_it(&found.shop, &found.fitted))
            || self.flows.following.as_ref().is_some_and(|((of, by), _)| is_it(of, by));
        if is_known || self.flows.stopped || self.classes.is_working() {
            return;
        }
        self.flows.following.iter().for_each(|(_, job)| job.cancel());
        let (of, by) = (shop.clone(), fitted.clone());
        let job = self.start(move |report| {
            let moves = of.flows(&by, &report.part(0.0, 0.7))?;
            let cohorts = of.cohorts(&report.part(0.7, 0.3))?;
            Ok(Moved { shop: of, fitted: by, moves, cohorts })
        });
        self.flows.following = Some(((shop, fitted), job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_flows(&mut self) {
        // Other data have come: what was found or stopped belongs to the ones before.
        if self.classes.shop().is_none() && (self.flows.found.is_some() || self.flows.stopped) {
            self.flows = Flows::default();
        }
        if let Some((of, job)) = self.flows.following.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.flows.following = Some((of, job));
            } else if let Some(found) = self.settle(news) {
                self.flows.found = Some(Arc::new(found));
            } else {
                self.flows.stopped = true;
            }
        }
    }
}
