//! Tables of counts that may be published: no count of fewer people than a least size stands in them,
//! and none can be worked out from what does.
//!
//! Two methods, after Willenborg and de Waal, *Elements of Statistical Disclosure Control* (2001), and
//! Hundepool and others, *Statistical Disclosure Control* (2012). [`suppress`] leaves small cells out
//! (primary suppression) and as many others as it takes that no hidden one follows from the totals
//! (secondary suppression), checked by the interval that an attacker can work out for each. [`round`]
//! rounds every count to a neighbouring multiple of a base, at random and without bias, so that the
//! rounded table still adds up (controlled random rounding, Cox 1987).

mod bearing;
mod flow;
mod grid;
mod rounding;
mod sheet;
mod suppression;

use serde::{Deserialize, Serialize};

pub use bearing::{Step, bins, steps};
pub use flow::Web;
pub use grid::{Layout, Marks, protect_moves};
pub use rounding::round;
pub use sheet::{Meaning, Sheet, Shown, number};
pub use suppression::{Mark, Suppressed, suppress};

/// How small cells are kept out of what is shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// They are left out, and others with them.
    #[default]
    Suppress,
    /// Every count is rounded to a multiple of the least size.
    Round,
}

impl Method {
    /// All, in their order.
    pub const ALL: [Self; 2] = [Self::Suppress, Self::Round];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::Round => "round",
        }
    }
}

/// What is published of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    pub method: Method,
    /// Groups of fewer people are hidden; the base where counts are rounded.
    pub least: u32,
}

impl Default for Rule {
    fn default() -> Self {
        Self { method: Method::default(), least: Self::USUAL }
    }
}

impl Rule {
    /// The least size that is usual.
    pub const USUAL: u32 = 5;
    /// The smallest and the largest that can be set.
    pub const RANGE: std::ops::RangeInclusive<u32> = 3..=50;

    /// The same with a least size that is allowed; nothing in an opened file is trusted.
    pub fn sound(self) -> Self {
        Self { least: self.least.clamp(*Self::RANGE.start(), *Self::RANGE.end()), ..self }
    }

    /// The least size as a count.
    pub(crate) fn k(self) -> u64 {
        u64::from(self.sound().least)
    }

    /// True for a count of too few people. Nobody at all is no group.
    pub fn is_small(self, count: u64) -> bool {
        count > 0 && count < self.k()
    }
}

/// A number that nobody can guess, for the choice of what is rounded up. It is drawn anew each time: a
/// number made of the counts would let whoever guesses them test the guess.
pub fn chance() -> u64 {
    rand::random()
}

#[cfg(test)]
mod tests;
