//! The jobs and results of one part of the window: the watched folder and what watches over the model.

use super::State;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Watch {}

impl Watch {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {}

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        None
    }
}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_watch(&mut self) {}
}
