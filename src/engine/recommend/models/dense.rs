//! The inverse of a large symmetric positive definite matrix, in place, by blocks: the sweep operator
//! (Goodnight 1979) on blocks of columns. n³ multiplications, all in matrix products.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::job::{Cancelled, Reporter};

/// Columns that are swept at once.
const BLOCK: usize = 128;

/// Replaces the matrix by its inverse. Only the lower triangle is read; the whole inverse is written.
/// `Ok(false)` where a pivot is not positive: then the matrix is not positive definite, and what is
/// left in it means nothing.
///
/// # Errors
/// The person cancels.
pub fn invert(a: &mut Array2<f32>, report: &Reporter) -> Result<bool, Cancelled> {
    let n = a.nrows();
    for from in (0..n).step_by(BLOCK) {
        report.check()?;
        let to = n.min(from + BLOCK);
        let Some(inverse) = inverse_of_block(a.slice(s![from..to, from..to])) else { return Ok(false) };
        // The whole column of blocks; what lies above the diagonal is its mirror.
        let mut column = Array2::<f32>::zeros((n, to - from));
        column.slice_mut(s![..from, ..]).assign(&a.slice(s![from..to, ..from]).t());
        column.slice_mut(s![to.., ..]).assign(&a.slice(s![to.., from..to]));
        let swept = column.dot(&inverse);
        let rows: Vec<_> = a.axis_chunks_iter_mut(Axis(0), BLOCK).enumerate().collect();
        rows.into_par_iter().for_each(|(at, mut rows)| {
            let (top, end) = (at * BLOCK, n.min((at + 1) * BLOCK));
            if top == from {
                rows.slice_mut(s![.., ..from]).assign(&swept.slice(s![..from, ..]).t());
                rows.slice_mut(s![.., from..to]).assign(&inverse.mapv(|value| -value));
                return;
            }
            let left = column.slice(s![top..end, ..]);
            let right = swept.slice(s![..end, ..]);
            general_mat_mul(-1.0, &left, &right.t(), 1.0, &mut rows.slice_mut(s![.., ..end]));
            if top > from {
                rows.slice_mut(s![.., from..to]).assign(&swept.slice(s![top..end, ..]));
            }
        });
        report.progress(to as f64 / n.max(1) as f64);
    }
    // What was swept is the negative inverse; the upper triangle mirrors the lower.
    for row in 0..n {
        for column in 0..=row {
            let value = a.get((row, column)).map_or(0.0, |value| -value);
            for place in [(row, column), (column, row)] {
                if let Some(cell) = a.get_mut(place) {
                    *cell = value;
                }
            }
        }
    }
    Ok(true)
}

/// Gauss-Jordan in double precision; `None` where a pivot is not positive.
fn inverse_of_block(block: ArrayView2<f32>) -> Option<Array2<f32>> {
    let n = block.nrows();
    let mut a = Array2::<f64>::from_shape_fn((n, n), |(row, column)| {
        let place = (row.max(column), row.min(column));
        block.get(place).copied().map_or(0.0, f64::from)
    });
    for pivot in 0..n {
        let d = *a.get((pivot, pivot))?;
        if !(d > 0.0 && d.is_finite()) {
            return None;
        }
        let top: Vec<f64> = a.row(pivot).iter().map(|value| value / d).collect();
        for row in (0..n).filter(|row| *row != pivot) {
            let factor = *a.get((row, pivot))?;
            for (cell, above) in a.row_mut(row).iter_mut().zip(&top) {
                *cell -= factor * above;
            }
            *a.get_mut((row, pivot))? = -factor / d;
        }
        for (cell, value) in a.row_mut(pivot).iter_mut().zip(&top) {
            *cell = *value;
        }
        *a.get_mut((pivot, pivot))? = 1.0 / d;
    }
    Some(a.mapv(|value| value as f32))
}
