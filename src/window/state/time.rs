//! The day that is looked back to, and its job.

use super::State;

/// The day that is looked back to, and its job.
#[derive(Default)]
pub struct TimeMachine {}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_time(&mut self) {}
}
