//! A shop of orders with several lines, in which some products are bought together: planted pairs, so that
//! what finds them can be seen to find them.

use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{PRODUCTS, TODAY, products_csv, row, write_files};
use crate::deploy::DeployError;

/// Products of which the second goes into a basket that holds the first with a chance of
/// [`TOGETHER`]; all else is drawn without regard to each other.
pub const PAIRS: [(&str, &str); 3] = [("green tea", "honey"), ("teapot", "cup set"), ("matcha", "scale")];

/// That chance.
pub const TOGETHER: f64 = 0.7;

/// Writes customers (with consent), orders, their lines and products into `folder`, which is made if it is
/// not there. Equal seeds give equal bytes.
///
/// # Errors
/// The disk or the folder refuses.
pub fn write_baskets(folder: &Path, customers: usize, seed: u64) -> Result<Vec<PathBuf>, DeployError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let day = |days: i64| {
        let moment = chrono::DateTime::from_timestamp_millis(days * 86_400_000).unwrap_or_default();
        moment.format("%Y-%m-%d").to_string()
    };
    let mut people = vec![row(&["customer_id", "newsletter"])];
    let mut orders = vec![row(&["order_id", "customer_id", "order_date"])];
    let mut lines = vec![row(&["order_id", "product", "quantity", "amount"])];
    let names: Vec<&str> = PRODUCTS.iter().map(|(name, ..)| *name).collect();
    for id in 1..=customers {
        let key = format!("C{id:05}");
        for _ in 0..rng.gen_range(2..=8) {
            let number = format!("O{:06}", orders.len());
            let count = rng.gen_range(1..=3);
            let mut basket: Vec<&str> = names.choose_multiple(&mut rng, count).copied().collect();
            for (first, second) in PAIRS {
                if basket.contains(&first) && !basket.contains(&second) && rng.gen_bool(TOGETHER) {
                    basket.push(second);
                }
            }
            orders.push(vec![number.clone(), key.clone(), day(TODAY - rng.gen_range(0..700))]);
            for product in basket {
                let pieces = rng.gen_range(1..=3);
                let price = PRODUCTS.iter().find(|(name, ..)| *name == product);
                let price: f64 = price.and_then(|(_, _, price, _)| price.parse().ok()).unwrap_or_default();
                let amount = format!("{:.2}", price * f64::from(pieces));
                lines.push(vec![number.clone(), product.to_owned(), pieces.to_string(), amount]);
            }
        }
        people.push(vec![key, if rng.gen_bool(0.5) { "yes" } else { "no" }.to_owned()]);
    }
    let files = [
        ("customers.csv", people),
        ("orders.csv", orders),
        ("order_lines.csv", lines),
        ("products.csv", products_csv()),
    ];
    write_files(folder, files)
}
