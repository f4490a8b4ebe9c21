//! What was seen inside the network that learns.

use super::State;

/// What was seen inside the network that learns.
#[derive(Default)]
pub struct Inside {}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_inside(&mut self) {}
}
