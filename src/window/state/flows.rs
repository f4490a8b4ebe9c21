//! The jobs and results of one part of the window: movements between classes and cohorts.

use std::sync::Arc;

use regulars_engine::project::{Classified, RfmSource, Shop};
use regulars_engine::segment::cohort::Cohorts;
use regulars_engine::segment::flows::Flows as Moves;
use regulars_engine::segment::rfm::FittedRfm;

use super::State;
use super::keyed::{Keyed, Same};

/// What was found: the orders, the cuts, moves between months, cohorts.
#[derive(Debug)]
pub struct Moved {
    pub shop: Arc<Shop>,
    pub fitted: FittedRfm,
    pub moves: Moves,
    pub cohorts: Cohorts,
}

/// What was found, and the job that finds it.
#[derive(Default)]
pub struct Flows {
    work: Keyed<(Same<Shop>, FittedRfm), Moved>,
}

impl Flows {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.work.cancel();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.work.job("flows")
    }

    /// What was found last.
    pub fn found(&self) -> Option<&Arc<Moved>> {
        self.work.last()
    }

    /// True while it is being found.
    pub fn is_working(&self) -> bool {
        self.work.is_working()
    }

    /// True if the work was stopped, or failed.
    pub fn is_stopped(&self) -> bool {
        self.work.is_resting()
    }

    /// Takes up what was stopped.
    pub fn resume(&mut self) {
        self.work.resume();
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
        if self.classes.is_working() {
            return;
        }
        let ctx = self.ctx.clone();
        self.flows.work.follow((Same(shop.clone()), fitted.clone()), &ctx, move |report| {
            let moves = shop.flows(&fitted, &report.part(0.0, 0.7))?;
            let cohorts = shop.cohorts(&report.part(0.7, 0.3))?;
            Ok(Moved { shop, fitted, moves, cohorts })
        });
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_flows(&mut self) {
        // Other data have come: what was found or stopped belongs to the ones before.
        if self.classes.shop().is_none() && (self.flows.found().is_some() || self.flows.is_stopped()) {
            self.flows.work.clear();
        }
        let end = self.flows.work.poll();
        self.ended_with(end);
    }
}
