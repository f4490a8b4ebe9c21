//! A trained model → what it gives away of whom it learnt from.

use super::{Outcome, Prepared, pick};
use crate::privacy::{Membership, attack};
use crate::split::Side;

/// The attack on a model: training rows against test rows. Probabilities are those that the model gives
/// out, repair included. `None` with too few rows on a side.
pub fn membership(prepared: &Prepared, outcome: &Outcome, seed: u64) -> Option<Membership> {
    let of = |side: Side| {
        let (places, labels) = pick(&prepared.labels.of_row, &prepared.sides, side);
        let told: Vec<f64> = places.iter().filter_map(|at| outcome.probabilities.get(*at)).copied().collect();
        (told, labels)
    };
    let (members, strangers) = (of(Side::Train), of(Side::Test));
    attack((&members.0, &members.1), (&strangers.0, &strangers.1), seed)
}
