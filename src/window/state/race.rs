//! The models that learn side by side.

use super::State;

/// The models that learn side by side.
#[derive(Default)]
pub struct Race {}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_race(&mut self) {}
}
