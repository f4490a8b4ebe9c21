//! The jobs and results of one part of the window: privacy that can be shown.

use super::State;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Guard {}

impl Guard {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {}

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        None
    }
}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_guard(&mut self) {}
}
