//! Columns that give the answer away, made on purpose: for showing what a leak does to a score, and that
//! it is caught. They go into copies of the tables, never into the person's data.

use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, Series};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::FeatureError;
use super::behaviour::Read;
use crate::collect::profile::{Known, as_known};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Role, Table};

/// What the column made from the answer is called.
pub const ANSWER: &str = "goodbye_call_minutes";
/// What the total that looks ahead is called.
pub const TOTAL: &str = "orders_in_all";

/// A column made from the answer with noise: minutes of a goodbye call, 3 ± 1 for those who stay and
/// 8 ± 1 for those who leave, so that it alone has an area under the ROC curve of about Φ(5/√2) ≈ 0.9998;
/// blank where the answer is not known. Rows of one key get one noise: twins stay twins.
pub fn from_answer(labels: &[Option<bool>], keys: &[u64], seed: u64) -> Vec<Option<String>> {
    let cell = |(label, key): (&Option<bool>, &u64)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ *key);
        let noise = (0..12).map(|_| rng.gen_range(0.0..1.0)).sum::<f64>() - 6.0;
        label.map(|left| format!("{:.2}", (if left { 8.0 } else { 3.0 }) + noise))
    };
    labels.iter().zip(keys).map(cell).collect()
}

/// The number of each customer's orders in all the books, before and after any day, for the table of
/// `rows` rows that names the customers.
pub fn total_of_all(read: &Read, rows: usize) -> Vec<Option<String>> {
    let mut out = vec![None; rows];
    let sales = &read.books.sales;
    for (customer, row) in read.first_rows.iter().enumerate() {
        let bought = sales.of(customer).filter(|row| sales.is_purchase(*row));
        let mut orders: Vec<_> =
            bought.filter_map(|row| Some((*sales.day.get(row)?, *sales.order.get(row)?))).collect();
        orders.dedup();
        if let Some(cell) = out.get_mut(*row as usize) {
            *cell = Some(orders.len().to_string());
        }
    }
    out
}

/// A copy of the table with one more column of numbers; its content hash is another one, so that nothing
/// takes it for the person's file.
///
/// # Errors
/// The table has a column of this name, or not as many rows; the person cancels.
pub fn plant(table: &Table, name: &str, cells: &[Option<String>], report: &Reporter) -> crate::Result<Table> {
    let taken = || FeatureError::Trap { column: name.to_owned() };
    if table.position(name).is_some() || cells.len() != table.height() {
        return Err(taken().into());
    }
    let column = || Series::new(name.into(), cells).into_column();
    let mut alone = table.clone();
    alone.raw = DataFrame::new(table.height(), vec![column()]).map_err(|_| taken())?;
    alone.columns.clear();
    let known = Known { role: Role::Number, why: Note::new("leak_trap"), of: None };
    let profile = as_known(&alone, &[known], report)?;
    let mut out = table.clone();
    out.raw.with_column(column()).map_err(|_| taken())?;
    out.columns.extend(profile);
    let mut hasher = blake3::Hasher::new();
    hasher.update(table.source.hash.as_bytes()).update(name.as_bytes());
    cells.iter().flatten().for_each(|cell| {
        hasher.update(cell.as_bytes());
    });
    out.source.hash = hasher.finalize().to_hex().to_string();
    Ok(out)
}
