//! Rows that are mostly zero, in compressed form (CSR): for each row, the columns that are not zero,
//! ascending, and their values.

use serde::{Deserialize, Serialize};

/// A sparse matrix, one row a text, one column a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct SparseRows {
    width: usize,
    /// Where each row begins in `indices` and `values`, and the end: `height + 1` numbers.
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Parts {
    width: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl From<SparseRows> for Parts {
    fn from(SparseRows { width, indptr, indices, values }: SparseRows) -> Self {
        Self { width, indptr, indices, values }
    }
}

impl TryFrom<Parts> for SparseRows {
    type Error = &'static str;

    fn try_from(parts: Parts) -> Result<Self, Self::Error> {
        Self::new(parts.width, parts.indptr, parts.indices, parts.values)
            .ok_or("these are no rows of a sparse matrix")
    }
}

impl SparseRows {
    /// Rows from their parts; `None` where these do not fit each other: `indptr` begins with 0, never
    /// falls and ends with the count of values; the columns of a row ascend and are below `width`.
    pub fn new(width: usize, indptr: Vec<usize>, indices: Vec<u32>, values: Vec<f32>) -> Option<Self> {
        let ends = indptr.first() == Some(&0)
            && indptr.last() == Some(&values.len())
            && indices.len() == values.len()
            && indptr.is_sorted();
        let ascending = |row: &[u32]| row.is_sorted_by(|a, b| a < b);
        let sound =
            ends && indptr.windows(2).all(|ends| match ends {
                [from, to] => indices.get(*from..*to).is_some_and(ascending),
                _ => false,
            }) && indices.iter().all(|at| (*at as usize) < width);
        sound.then_some(Self { width, indptr, indices, values })
    }

    /// No rows yet.
    pub(super) fn empty(width: usize) -> Self {
        Self { width, indptr: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// Adds a row; its columns ascend and are below the width.
    pub(super) fn push(&mut self, row: impl Iterator<Item = (u32, f32)>) {
        for (column, value) in row {
            self.indices.push(column);
            self.values.push(value);
        }
        self.indptr.push(self.values.len());
    }

    /// Adds the rows of another matrix of the same width below these.
    pub(super) fn append(&mut self, mut other: Self) {
        let before = self.values.len();
        self.indptr.extend(other.indptr.iter().skip(1).map(|end| before + end));
        self.indices.append(&mut other.indices);
        self.values.append(&mut other.values);
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.indptr.len().saturating_sub(1)
    }

    /// Columns, most of which are zero in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Values that are not zero.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Columns and values of a row; none for a row that is not there.
    pub fn row(&self, at: usize) -> (&[u32], &[f32]) {
        let ends = self.indptr.get(at).zip(self.indptr.get(at + 1));
        let row = ends.and_then(|(from, to)| self.indices.get(*from..*to).zip(self.values.get(*from..*to)));
        row.unwrap_or_default()
    }

    /// Cells of a row: column and value.
    pub fn cells(&self, at: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let (indices, values) = self.row(at);
        indices.iter().zip(values).map(|(column, value)| (*column as usize, *value))
    }

    /// True if every value is a number.
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }

    /// The rows at `places`, in that order; a place that is not there becomes an empty row.
    pub fn select(&self, places: &[usize]) -> Self {
        let mut out = Self::empty(self.width);
        for &at in places {
            let (indices, values) = self.row(at);
            out.push(indices.iter().copied().zip(values.iter().copied()));
        }
        out
    }

    /// The sum of each column.
    pub fn column_sums(&self) -> Vec<f64> {
        let mut out = vec![0.0; self.width];
        for (column, value) in self.indices.iter().zip(&self.values) {
            if let Some(sum) = out.get_mut(*column as usize) {
                *sum += f64::from(*value);
            }
        }
        out
    }

    /// The `count` columns of the greatest sums, greatest first, ties in the order of the columns.
    pub fn top(&self, count: usize) -> Vec<(usize, f64)> {
        let mut sums: Vec<(usize, f64)> = self.column_sums().into_iter().enumerate().collect();
        sums.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sums.truncate(count);
        sums
    }

    /// Columns as rows and rows as columns, for work that goes column by column.
    pub fn transposed(&self) -> Self {
        let mut indptr = vec![0usize; self.width + 1];
        for column in &self.indices {
            if let Some(count) = indptr.get_mut(*column as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for end in &mut indptr {
            sum += *end;
            *end = sum;
        }
        let mut next = indptr.clone();
        let (mut indices, mut values) = (vec![0u32; self.count()], vec![0f32; self.count()]);
        for row in 0..self.height() {
            for (column, value) in self.cells(row) {
                let Some(place) = next.get_mut(column) else { continue };
                if let (Some(index), Some(cell)) = (indices.get_mut(*place), values.get_mut(*place)) {
                    (*index, *cell) = (row as u32, value);
                }
                *place += 1;
            }
        }
        Self { width: self.height(), indptr, indices, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> SparseRows {
        SparseRows::new(3, vec![0, 2, 2, 3], vec![0, 2, 2], vec![1.0, 2.0, 5.0]).unwrap()
    }

    #[test]
    fn rows_sums_and_choice() {
        let rows = rows();
        assert_eq!((rows.height(), rows.width(), rows.count()), (3, 3, 3));
        assert_eq!(rows.row(0), (&[0u32, 2][..], &[1.0f32, 2.0][..]));
        assert!(rows.row(1).0.is_empty() && rows.row(9).0.is_empty());
        assert_eq!(rows.column_sums(), [1.0, 0.0, 7.0]);
        assert_eq!(rows.top(2), [(2, 7.0), (0, 1.0)]);
        let chosen = rows.select(&[2, 0]);
        assert_eq!(chosen, SparseRows::new(3, vec![0, 1, 3], vec![2, 0, 2], vec![5.0, 1.0, 2.0]).unwrap());
        let turned = SparseRows::new(3, vec![0, 1, 1, 3], vec![0, 0, 2], vec![1.0, 2.0, 5.0]).unwrap();
        assert_eq!(rows.transposed(), turned);
        assert_eq!(turned.transposed(), rows);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let ends = [vec![], vec![0, 4], vec![1, 3], vec![0, 3, 2, 3]];
        for indptr in ends {
            assert!(SparseRows::new(3, indptr, vec![0, 1, 2], vec![1.0; 3]).is_none());
        }
        assert!(SparseRows::new(3, vec![0, 2], vec![1, 1], vec![1.0; 2]).is_none(), "a column twice");
        assert!(SparseRows::new(3, vec![0, 1], vec![3], vec![1.0]).is_none(), "a column too far");
        let text = serde_json::to_string(&rows()).unwrap();
        assert_eq!(serde_json::from_str::<SparseRows>(&text).unwrap(), rows());
        assert!(serde_json::from_str::<SparseRows>(&text.replace("\"width\":3", "\"width\":2")).is_err());
    }
}
