//! The lesson that is being taken, and what was done so far.

use super::State;

/// The lesson that is being taken, and what was done so far.
#[derive(Default)]
pub struct Lessons {}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_lessons(&mut self) {}
}
