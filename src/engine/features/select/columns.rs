//! Features column by column, of an even part of the rows where there are many.

use crate::features::Matrix;

/// Features of some rows, each feature's values together.
pub(in crate::features) struct Columns {
    /// Every so many rows one is taken.
    step: usize,
    rows: usize,
    count: usize,
    data: Vec<f32>,
}

impl Columns {
    /// At most `cells` cells of a matrix, but at least `fewest` rows where it has them.
    pub fn of(matrix: &Matrix, cells: usize, fewest: usize) -> Self {
        let wanted = (cells / matrix.width().max(1)).max(fewest).max(1);
        let step = matrix.height.div_ceil(wanted).max(1);
        let rows = matrix.height.div_ceil(step);
        let count = matrix.width();
        let mut data = vec![0.0; rows * count];
        // Some rows at a time, so that both sides stay near in memory.
        for block in (0..rows).step_by(64) {
            for feature in 0..count {
                for row in block..(block + 64).min(rows) {
                    data[feature * rows + row] = matrix.data[row * step * count + feature];
                }
            }
        }
        Self { step, rows, count, data }
    }

    /// Features.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Rows that were taken.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The values of a feature.
    pub fn column(&self, feature: usize) -> &[f32] {
        self.data.get(feature * self.rows..(feature + 1) * self.rows).unwrap_or_default()
    }

    /// What belongs to the rows that were taken.
    pub fn pick<T: Copy>(&self, all: &[T]) -> Vec<T> {
        all.iter().step_by(self.step).copied().collect()
    }

    /// Mean of the squared distances from the mean.
    pub fn variance(&self, feature: usize) -> f64 {
        let values = self.column(feature);
        let n = values.len().max(1) as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n
    }
}
