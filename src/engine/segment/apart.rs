//! Library calls that cannot be asked to stop: each runs on a thread of its own, which is left to end by
//! itself when the person cancels.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::job::{Cancelled, Reporter};

/// Runs `work` to its end; `None` if it died.
///
/// # Errors
/// The person cancelled; what `work` would have given is dropped.
pub(super) fn apart<T: Send + 'static>(
    report: &Reporter,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Cancelled> {
    report.check()?;
    let (sender, answer) = channel();
    let work = move || {
        // A library that panics costs its own result only.
        let _ = sender.send(catch_unwind(AssertUnwindSafe(work)).ok());
    };
    if std::thread::Builder::new().name("regulars-apart".into()).spawn(work).is_err() {
        return Ok(None);
    }
    loop {
        match answer.recv_timeout(Duration::from_millis(20)) {
            Ok(value) => return Ok(value),
            Err(RecvTimeoutError::Timeout) => report.check()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}
