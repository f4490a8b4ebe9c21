//! Who took what, however often: rows of different products, and the same the other way round.

use crate::recommend::Histories;

/// A sparse matrix of ones: for each customer the different products in rising order, and for each
/// product its customers in rising order.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    row_starts: Vec<usize>,
    items: Vec<u32>,
    /// How often, beside `items`.
    counts: Vec<f32>,
    column_starts: Vec<usize>,
    customers: Vec<u32>,
    /// How often, beside `customers`.
    column_counts: Vec<f32>,
}

fn slice<'a, T>(starts: &[usize], list: &'a [T], at: usize) -> &'a [T] {
    match (starts.get(at), starts.get(at + 1)) {
        (Some(from), Some(to)) => list.get(*from..*to).unwrap_or_default(),
        _ => &[],
    }
}

impl Matrix {
    /// The matrix of histories.
    pub fn new(histories: &Histories) -> Self {
        let n = histories.n_items;
        let mut out = Self { row_starts: vec![0], column_starts: vec![0; n + 1], ..Self::default() };
        for customer in 0..histories.customers() {
            let mut row: Vec<u32> =
                histories.of(customer).iter().copied().filter(|item| (*item as usize) < n).collect();
            row.sort_unstable();
            for same in row.chunk_by(|a, b| a == b) {
                if let Some(item) = same.first() {
                    out.items.push(*item);
                    out.counts.push(same.len() as f32);
                    if let Some(count) = out.column_starts.get_mut(*item as usize + 1) {
                        *count += 1;
                    }
                }
            }
            out.row_starts.push(out.items.len());
        }
        let mut sum = 0;
        for start in &mut out.column_starts {
            sum += *start;
            *start = sum;
        }
        out.customers = vec![0; out.items.len()];
        out.column_counts = vec![0.0; out.items.len()];
        let mut next = out.column_starts.clone();
        for customer in 0..histories.customers() {
            let (items, counts) =
                (slice(&out.row_starts, &out.items, customer), slice(&out.row_starts, &out.counts, customer));
            for (item, count) in items.iter().zip(counts) {
                let Some(place) = next.get_mut(*item as usize) else { continue };
                if let (Some(who), Some(often)) =
                    (out.customers.get_mut(*place), out.column_counts.get_mut(*place))
                {
                    (*who, *often) = (customer as u32, *count);
                }
                *place += 1;
            }
        }
        out
    }

    /// Customers.
    pub fn rows(&self) -> usize {
        self.row_starts.len().saturating_sub(1)
    }

    /// Products.
    pub fn columns(&self) -> usize {
        self.column_starts.len().saturating_sub(1)
    }

    /// The different products of a customer.
    pub fn row(&self, customer: usize) -> &[u32] {
        slice(&self.row_starts, &self.items, customer)
    }

    /// How often the customer took each of them.
    pub fn row_counts(&self, customer: usize) -> &[f32] {
        slice(&self.row_starts, &self.counts, customer)
    }

    /// The customers of a product.
    pub fn column(&self, item: usize) -> &[u32] {
        slice(&self.column_starts, &self.customers, item)
    }

    /// How often each of them took it.
    pub fn column_counts(&self, item: usize) -> &[f32] {
        slice(&self.column_starts, &self.column_counts, item)
    }

    /// Different pairs of customer and product.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True without pairs.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
