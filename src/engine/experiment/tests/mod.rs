//! Tests of the room: against statsmodels and scikit-uplift, in simulation, and from draw to reading.

mod golden;
mod journey;
mod simulation;
mod uplift;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

pub(super) fn dice(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}
