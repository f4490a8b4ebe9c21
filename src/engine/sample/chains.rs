//! A shop in which the order of two purchases decides a later one. Which products a customer has tells
//! nothing, nor does the last one: only who reads the order can know.

use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{PRODUCTS, TODAY, row, write_files};
use crate::deploy::DeployError;

/// Every round of a customer buys these two, either first as often as the other.
pub const FIRST: (&str, &str) = ("green tea", "teapot");

/// What comes of it after something else: the first where [`FIRST`] was bought in its order, the second where
/// it was turned round.
pub const LATER: (&str, &str) = ("cup set", "honey");

/// How often the order decides; else it is the other one.
pub const DECIDES: f64 = 0.9;

/// Writes orders of one product each into `folder`, which is made if it is not there: three to five rounds a
/// customer of the two of [`FIRST`], any one of the other products, and one of [`LATER`], a week or so apart.
/// Equal seeds give equal bytes.
///
/// # Errors
/// The disk or the folder refuses.
pub fn write_chains(folder: &Path, customers: usize, seed: u64) -> Result<Vec<PathBuf>, DeployError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let day = |days: i64| {
        let moment = chrono::DateTime::from_timestamp_millis(days * 86_400_000).unwrap_or_default();
        moment.format("%Y-%m-%d").to_string()
    };
    let planted = [FIRST.0, FIRST.1, LATER.0, LATER.1];
    let others: Vec<(&str, &str)> = PRODUCTS.iter().map(|(name, _, price, _)| (*name, *price)).collect();
    let price =
        |product: &str| others.iter().find(|(name, _)| *name == product).map_or("", |(_, price)| price);
    let fillers: Vec<&str> =
        others.iter().map(|(name, _)| *name).filter(|name| !planted.contains(name)).collect();
    let mut orders = vec![row(&["order_id", "customer_id", "order_date", "product", "amount"])];
    for id in 1..=customers {
        let mut bought: Vec<&str> = Vec::new();
        for _ in 0..rng.gen_range(3..=5) {
            let in_order = rng.gen_bool(0.5);
            let (first, second) = if in_order { FIRST } else { (FIRST.1, FIRST.0) };
            let filler = fillers.choose(&mut rng).copied().unwrap_or(first);
            let later = if in_order == rng.gen_bool(DECIDES) { LATER.0 } else { LATER.1 };
            bought.extend([first, second, filler, later]);
        }
        // Backwards from a day of the last month, so that every purchase has a day of its own.
        let mut when = TODAY - rng.gen_range(0..30);
        let mut own: Vec<Vec<String>> = Vec::new();
        for product in bought.iter().rev() {
            let cells = [&format!("C{id:05}"), &day(when), *product, price(product)];
            own.push(row(&cells));
            when -= rng.gen_range(3..=10);
        }
        for cells in own.into_iter().rev() {
            let number = format!("O{:06}", orders.len());
            orders.push(std::iter::once(number).chain(cells).collect());
        }
    }
    write_files(folder, [("orders.csv", orders)])
}
