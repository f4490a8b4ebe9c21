//! The worker behind a race: takes orders, runs, and tells what there is to see. It sleeps while the
//! race rests.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::{Race, View};
use crate::job::{Cancelled, Reporter};

/// What a person asks of a running race.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    Run,
    Pause,
    StepBatch,
    StepEpoch,
    /// One lane, or all, to the end of an epoch.
    Rewind {
        lane: Option<usize>,
        epoch: usize,
    },
    Rate {
        lane: usize,
        rate: f64,
    },
    /// The features of the surfaces.
    Axes(usize, usize),
    /// The epoch that it runs to by itself.
    Epochs(usize),
}

/// Work between two looks at the orders.
const BLOCK: Duration = Duration::from_millis(20);

/// Between two views of a race that runs.
const PERIOD: Duration = Duration::from_millis(80);

/// Runs a race until the sender of the orders is gone. Starts at rest; runs to epoch `planned`.
///
/// # Errors
/// The person cancelled.
pub fn drive(
    mut race: Race,
    planned: usize,
    orders: &Receiver<Order>,
    publish: impl Fn(View),
    report: &Reporter,
) -> Result<Race, Cancelled> {
    let (mut is_running, mut planned, mut count) = (false, planned, 1usize);
    let mut shown = Instant::now();
    publish(race.view(false, planned));
    loop {
        report.check()?;
        let order = match is_running {
            true => match orders.try_recv() {
                Ok(order) => Some(order),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return Ok(race),
            },
            false => match orders.recv() {
                Ok(order) => Some(order),
                Err(_) => return Ok(race),
            },
        };
        if let Some(order) = order {
            match order {
                Order::Run => is_running = true,
                Order::Pause => is_running = false,
                Order::StepBatch => {
                    is_running = false;
                    race.step_batches(1, report)?;
                }
                Order::StepEpoch => {
                    is_running = false;
                    race.step_epoch(report)?;
                }
                Order::Rewind { lane, epoch } => race.rewind(lane, epoch, report)?,
                Order::Rate { lane, rate } => race.set_rate(lane, rate),
                Order::Axes(x, y) => race.set_axes((x, y)),
                Order::Epochs(epochs) => planned = epochs,
            }
            is_running &= race.clock().is_some_and(|clock| clock < planned);
            publish(race.view(is_running, planned));
            shown = Instant::now();
            continue;
        }
        let began = Instant::now();
        race.step_batches(count, report)?;
        // As many batches as fit between two looks.
        count = if began.elapsed() < BLOCK { (count * 2).min(4096) } else { (count / 2).max(1) };
        is_running = race.clock().is_some_and(|clock| clock < planned);
        if !is_running || shown.elapsed() >= PERIOD {
            publish(race.view(is_running, planned));
            shown = Instant::now();
        }
    }
}
