//! The last day of the books, from how many rows lie on each day.

use crate::features::behaviour::cells::{SLIP_GAP, most_slips};
use crate::features::behaviour::question::Day;

/// The last day without slips; their number and latest day. The same rule as that of the books in memory:
/// a handful of rows that lie far behind all others are slips.
pub(super) fn last_day(days: &[(Day, u64)]) -> Option<(Day, Option<(u64, Day)>)> {
    let total: u64 = days.iter().map(|(_, n)| n).sum();
    let (last, _) = days.last()?;
    let least = total.saturating_sub(most_slips(total)).max(total.div_ceil(2));
    let mut before = 0u64;
    for pair in days.windows(2) {
        let [(day, n), (next, _)] = pair else { continue };
        before += n;
        if before >= least && next.saturating_sub(*day) > SLIP_GAP {
            return Some((*day, Some((total - before, *last))));
        }
    }
    Some((*last, None))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::features::behaviour::cells;

    proptest! {
        #[test]
        fn it_is_the_rule_of_the_books(mut days in prop::collection::vec(prop_oneof![0i32..300, 0i32..300, 0i32..300, 300i32..900], 1..60)) {
            days.sort_unstable();
            let who = vec![0u32; days.len()];
            let counts: Vec<(Day, u64)> =
                days.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
            let (last, slips) = cells::last_day(&days, &who);
            let slips = slips.map(|(n, day)| (n as u64, day));
            prop_assert_eq!(last_day(&counts), Some((last, slips)));
        }
    }
}
