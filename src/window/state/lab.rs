//! The network of the playground, and the pass of one customer.

use super::State;

/// The network of the playground, and the pass of one customer.
#[derive(Default)]
pub struct Lab {}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_lab(&mut self) {}
}
