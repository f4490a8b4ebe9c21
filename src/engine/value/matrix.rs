//! Who is still there, by how often they ordered and how long they have been silent.

use serde::Serialize;

use super::history::History;
use super::story::Story;

/// Chance of being still there, by repeat orders and weeks since the last one, of customers who have been
/// known for `t` weeks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matrix {
    pub t: f64,
    /// Repeat orders of each row.
    pub orders: Vec<u32>,
    /// Weeks of silence of each column.
    pub silent: Vec<f64>,
    /// Row by row.
    pub alive: Vec<Vec<f64>>,
    /// Customers in each cell: by their own orders and silence.
    pub customers: Vec<Vec<usize>>,
}

/// Rows of the matrix beyond the one without repeat orders.
const ROWS: u32 = 12;
const COLUMNS: usize = 20;

/// The matrix of a story, from the orders and the longest time of these customers.
pub(super) fn matrix(story: &Story, list: &[History]) -> Matrix {
    let t = list.iter().map(|h| h.t).fold(0.0, f64::max);
    let mut orders: Vec<u32> = list.iter().map(|h| h.x).collect();
    orders.sort_unstable();
    let most = orders.get(orders.len() * 99 / 100).copied().unwrap_or(1).clamp(3, 400);
    let step = most.div_ceil(ROWS).max(1);
    let orders: Vec<u32> = (0..=most.div_ceil(step)).map(|row| row * step).collect();
    let width = t / COLUMNS as f64;
    let silent: Vec<f64> = (0..COLUMNS).map(|column| (column as f64 + 0.5) * width).collect();
    // Without a repeat order the last one is the first: silent for all the time.
    let of = |x: u32, silent: f64| {
        let t_x = if x == 0 { 0.0 } else { (t - silent).max(0.0) };
        story.alive(f64::from(x), t_x, if x == 0 { silent } else { t })
    };
    let alive = orders.iter().map(|x| silent.iter().map(|silent| of(*x, *silent)).collect()).collect();
    let mut customers = vec![vec![0; COLUMNS]; orders.len()];
    for history in list {
        let row = history.x.div_ceil(step) as usize;
        let column = if width > 0.0 { ((history.t - history.t_x) / width) as usize } else { 0 };
        let row = row.min(orders.len().saturating_sub(1));
        if let Some(cell) = customers.get_mut(row).and_then(|row| row.get_mut(column.min(COLUMNS - 1))) {
            *cell += 1;
        }
    }
    Matrix { t, orders, silent, alive, customers }
}
