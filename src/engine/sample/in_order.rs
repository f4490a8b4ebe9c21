//! A shop in which only the order of what customers did tells who leaves: the counts, sums and dates of
//! everything are drawn without regard to it.

use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{TODAY, row, write_files};
use crate::deploy::DeployError;

/// Days between the last visit that may count and the last day of the books: a question with this horizon
/// sees all visits.
pub const HORIZON: i64 = 60;

/// Share of the customers who leave after a call for help that no offer followed, and of the others.
pub const LEAVE: (f64, f64) = (0.85, 0.15);

const CITIES: [&str; 4] = ["Bern", "Rome", "Oslo", "Wien"];

/// Writes customers (with who left), orders and visits into `folder`, which is made if it is not there.
/// Every customer asked for help and was sent an offer, as often as the other, once or twice, among other pages; those
/// whose last call for help came after their last offer leave with a chance of 85 %, the others of 15 %.
/// Equal seeds give equal bytes.
///
/// # Errors
/// The disk or the folder refuses.
pub fn write_in_order(folder: &Path, customers: usize, seed: u64) -> Result<Vec<PathBuf>, DeployError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let day = |days: i64| {
        let moment = chrono::DateTime::from_timestamp_millis(days * 86_400_000).unwrap_or_default();
        moment.format("%Y-%m-%d").to_string()
    };
    let mut people = vec![row(&["customer_id", "city", "age", "churned"])];
    let mut orders = vec![row(&["order_id", "customer_id", "order_date", "amount"])];
    let mut events = vec![row(&["customer_id", "time", "page"])];
    for id in 1..=customers {
        let key = format!("C{id:05}");
        let mut pages: Vec<&str> = Vec::new();
        // As many of the one as of the other, so that counts tell nothing.
        let each = rng.gen_range(1..=2);
        pages.extend(["help", "offer"].into_iter().flat_map(|page| std::iter::repeat_n(page, each)));
        for _ in 0..rng.gen_range(2..=6) {
            pages.push(["home", "search", "product"].choose(&mut rng).unwrap_or(&"home"));
        }
        pages.shuffle(&mut rng);
        let last = |wanted: &str| pages.iter().rposition(|page| *page == wanted);
        let chance = if last("help") > last("offer") { LEAVE.0 } else { LEAVE.1 };
        let churned = rng.gen_bool(chance);
        let mut days: Vec<i64> = pages.iter().map(|_| TODAY - HORIZON - 1 - rng.gen_range(0..300)).collect();
        days.sort_unstable();
        for (at, (page, day_of)) in pages.iter().zip(days).enumerate() {
            // Two visits on one day keep their order by the hour.
            let time = format!("{} {:02}:{:02}", day(day_of), 8 + at, rng.gen_range(0..60));
            events.push(vec![key.clone(), time, (*page).to_owned()]);
        }
        for _ in 0..rng.gen_range(1..=4) {
            let number = format!("O{:06}", orders.len());
            let when = day(TODAY - HORIZON - 1 - rng.gen_range(0..300));
            orders.push(vec![number, key.clone(), when, format!("{:.2}", rng.gen_range(5.0..90.0))]);
        }
        people.push(vec![
            key,
            CITIES.choose(&mut rng).unwrap_or(&"Bern").to_string(),
            rng.gen_range(18..80).to_string(),
            if churned { "yes" } else { "no" }.to_owned(),
        ]);
    }
    // The books go on to the last day.
    let number = format!("O{:06}", orders.len());
    orders.push(vec![number, "C00001".into(), day(TODAY), "12.00".into()]);
    write_files(folder, [("customers.csv", people), ("orders.csv", orders), ("events.csv", events)])
}
