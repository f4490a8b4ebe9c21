//! Work that may hang on a network or a lock, on a thread of its own: the caller hears of cancel
//! and of the time limit at once, whatever the other side does.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::job::Reporter;

/// How often the caller looks for a cancel.
const LOOK: Duration = Duration::from_millis(20);

type Action = Box<dyn FnOnce() + Send>;

/// What ends the work on the other side (a query on a server), set by the worker once it can be.
#[derive(Clone, Default)]
pub(super) struct Stop(Arc<Mutex<Option<Action>>>);

impl Stop {
    /// Sets what stops the work.
    pub(super) fn set(&self, action: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(action));
    }

    /// Stops the work; it may take as long as the network does.
    pub(super) fn now(&self) {
        let action = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(action) = action {
            action();
        }
    }
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Away {
    Cancelled,
    TimedOut,
    /// The worker died: a defect of a driver.
    Lost,
}

/// Does `work` on another thread and waits for it, at most for `limit`. When the caller goes, the
/// work is stopped and left behind.
pub(super) fn run<T: Send + 'static>(
    report: &Reporter,
    limit: Duration,
    stop: &Stop,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Away> {
    let (sender, result) = channel();
    let began = Instant::now();
    let spawned = std::thread::Builder::new().name("regulars-away".into()).spawn(move || {
        let _ = sender.send(work());
    });
    if spawned.is_err() {
        return Err(Away::Lost);
    }
    let why = loop {
        match result.recv_timeout(LOOK) {
            Ok(value) => return Ok(value),
            Err(RecvTimeoutError::Disconnected) => return Err(Away::Lost),
            Err(RecvTimeoutError::Timeout) if report.check().is_err() => break Away::Cancelled,
            Err(RecvTimeoutError::Timeout) if began.elapsed() > limit => break Away::TimedOut,
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    let stop = stop.clone();
    let _ = std::thread::Builder::new().name("regulars-stop".into()).spawn(move || stop.now());
    Err(why)
}

/// Waits, unless the person cancels.
pub(super) fn sleep(time: Duration, report: &Reporter) -> crate::Result<()> {
    let began = Instant::now();
    loop {
        report.check()?;
        let left = time.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK));
    }
}
