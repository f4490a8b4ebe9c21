//! Dates moved by a number of days that each person has for themselves: intervals within a person
//! stay, the calendar does not.

use super::pseudonym::{Key, plain};
use crate::detect::date;

const DAY: i64 = 86_400_000;

/// The days by which a person's dates move: 1 to `max_days` back or forth, never none; the same for
/// the same person, key and bound in every table.
pub(super) fn days(key: &Key, person: &str, max_days: u32) -> i64 {
    let bytes = key.derive("shift", "", 0, plain(person));
    let drawn = bytes.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let most = u64::from(max_days.max(1));
    // Below 2³³, so that it fits.
    let place = i64::try_from(drawn % (2 * most)).unwrap_or(0);
    let most = i64::from(max_days.max(1));
    if place < most { place + 1 } else { most - place - 1 }
}

/// A date so many days later, as `2024-03-05` or with its time of day; `None` for what is no date.
pub(super) fn shift(value: &str, order: date::Order, days: i64) -> Option<String> {
    let ms = date::parse(value, order)?.checked_add(days.checked_mul(DAY)?)?;
    Some(date::format(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use date::Order::{DayFirst, MonthFirst};

    #[test]
    fn dates_move_with_their_time_of_day() {
        assert_eq!(shift("2024-02-28", DayFirst, 2).as_deref(), Some("2024-03-01"));
        assert_eq!(shift("12/1/2010 8:26", MonthFirst, -1).as_deref(), Some("2010-11-30 08:26:00"));
        assert_eq!(shift("soon", DayFirst, 1), None);
        assert_eq!(shift("2024-02-28", DayFirst, i64::MAX), None);
    }

    #[test]
    fn every_shift_up_to_the_bound_occurs_and_none_is_nought() {
        let key = Key::new(&[3; 32]);
        let all: std::collections::BTreeSet<i64> =
            (0..500).map(|person| days(&key, &person.to_string(), 3)).collect();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [-3, -2, -1, 1, 2, 3]);
        assert_eq!(days(&key, "17", 30), days(&key, " 17.0", 30));
        assert!(days(&key, "17", 0).abs() == 1 && days(&key, "17", u32::MAX) != 0);
    }
}
