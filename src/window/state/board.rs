//! The leaderboard and the search for better settings, and their jobs.

use super::State;

/// The leaderboard and the search for better settings, and their jobs.
#[derive(Default)]
pub struct Board {}

impl State {
    /// Takes in what its jobs have done.
    pub(super) fn poll_board(&mut self) {}
}
