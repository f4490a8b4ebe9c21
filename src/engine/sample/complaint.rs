//! A shop with a planted complaint: since March parcels come late for some customers, who say so and leave.

use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::words::{COMPLAINTS, PRAISE};
use super::{Customer, TODAY, customers_csv, events_csv, orders_csv, products_csv, row, write_files};
use crate::deploy::DeployError;

/// The day from which parcels come late, in days since 1970: 1 March 2026.
const SINCE: i64 = 20_513;
/// The first day of the comments: 1 January 2025.
const FIRST: i64 = 20_089;
/// Share of those who comment after that day whose parcel came late.
const LATE: f64 = 0.35;
/// Share of these customers that leave, and of the others who comment.
pub const LEAVE: (f64, f64) = (0.75, 0.25);

const TOLD: &[(&str, &str)] = &[
    ("Delivery late again, it has been like this since March.", "配送又迟到了，三月以来一直这样。"),
    ("My parcel arrived ten days late.", "快递晚到了十天。"),
    ("Late delivery, I had to wait two weeks for the courier.", "配送太慢了，等快递等了两个星期。"),
    ("The delivery is late every single time now.", "现在每次送货都迟到。"),
    ("Waited forever, the delivery came much too late.", "等了好久，配送实在太慢。"),
];

/// Writes a shop as [`write`](super::write) does, but with comments over eighteen months, each with a rating
/// of 1 to 5, and the planted complaint. Who left is drawn by it. Equal seeds give equal bytes.
///
/// # Errors
/// The disk or the folder refuses.
pub fn write_with_complaint(folder: &Path, customers: usize, seed: u64) -> Result<Vec<PathBuf>, DeployError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut shop: Vec<Customer> = (1..=customers).map(|id| Customer::draw(id, &mut rng)).collect();
    let mut feedback = vec![row(&["customer_id", "date", "language", "rating", "comment"])];
    let others: Vec<_> = COMPLAINTS.iter().filter(|(english, _)| !speaks_of_delivery(english)).collect();
    for customer in &mut shop {
        if rng.gen_bool(0.3) {
            continue;
        }
        let day = FIRST + rng.gen_range(0..=TODAY - FIRST);
        let late = day >= SINCE && rng.gen_bool(LATE);
        customer.churned = rng.gen_bool(if late { LEAVE.0 } else { LEAVE.1 });
        let content = rng.gen_bool(0.55);
        let chosen = match (late, content) {
            (true, _) => TOLD.choose(&mut rng),
            // A few parcels were late before, too.
            (false, false) if rng.gen_bool(0.1) => TOLD.get(1),
            (false, false) => others.choose(&mut rng).copied(),
            (false, true) => PRAISE.choose(&mut rng),
        };
        let (english, chinese) = chosen.copied().unwrap_or_default();
        let kind = content && !late;
        let rating = if kind { rng.gen_range(4..=5) } else { rng.gen_range(1..=2) };
        let (language, comment) = if rng.gen_bool(0.4) { ("zh", chinese) } else { ("en", english) };
        let when = chrono::DateTime::from_timestamp_millis(day * 86_400_000).unwrap_or_default();
        feedback.push(vec![
            customer.key(),
            when.format("%Y-%m-%d").to_string(),
            language.to_owned(),
            rating.to_string(),
            comment.to_owned(),
        ]);
    }
    let files = [
        ("customers.csv", customers_csv(&shop, &mut rng)),
        ("orders.csv", orders_csv(&shop, &mut rng)),
        ("events.csv", events_csv(&shop, &mut rng)),
        ("feedback.csv", feedback),
        ("products.csv", products_csv()),
    ];
    write_files(folder, files)
}

fn speaks_of_delivery(english: &str) -> bool {
    ["parcel", "Delivery"].iter().any(|word| english.contains(word))
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_are_what_they_are_called() {
        let day = |days: i64| chrono::DateTime::from_timestamp_millis(days * 86_400_000).unwrap();
        assert_eq!(day(super::SINCE).format("%F").to_string(), "2026-03-01");
        assert_eq!(day(super::FIRST).format("%F").to_string(), "2025-01-01");
    }
}
