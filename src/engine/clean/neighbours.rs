//! Holes filled by the nearest training rows: the mean of their values. Near is measured over all
//! other numeric columns, each standardised; a value missing there counts as the column's mean.

use linfa_nn::distance::L2Dist;
use linfa_nn::{CommonNearestNeighbour, NearestNeighbour};
use ndarray::{Array2, ArrayView1};
use rand::SeedableRng;
use rand::seq::index;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::job::{Cancelled, Reporter};
use crate::table::{ColumnSpec, Frame};

/// Most training rows that are kept.
const KEPT: usize = 5_000;
/// Rows that are looked up between two questions whether to stop.
const BLOCK: usize = 512;
/// Standard deviations beyond which a row is no farther off.
const FARTHEST: f64 = 1e3;

/// The training rows that neighbours are sought among.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedNeighbours {
    /// How many neighbours count.
    k: usize,
    /// Columns that are filled so.
    fills: Vec<String>,
    /// Numeric columns, with the mean and the width that standardise them.
    columns: Vec<(String, f64, f64)>,
    /// Values of the kept rows, in the order of `columns`.
    rows: Vec<Vec<Option<f64>>>,
}

impl FittedNeighbours {
    /// Keeps the training rows, or 5,000 of them; `None` if there is nothing to measure by.
    pub(super) fn fit(
        fills: Vec<String>,
        k: usize,
        schema: &[ColumnSpec],
        train: &Frame,
        seed: u64,
    ) -> Option<Self> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed ^ 0x4E16_4B02);
        let mut kept = index::sample(&mut rng, train.height(), KEPT.min(train.height())).into_vec();
        kept.sort_unstable();
        let mut rows = vec![Vec::new(); kept.len()];
        let mut columns = Vec::new();
        for spec in schema.iter().filter(|spec| spec.role.is_numeric()) {
            let Some(values) = train.numbers(&spec.name) else { continue };
            let present = values.iter().copied().flatten().filter(|value| value.is_finite());
            let (mean, width) = super::scale::mean_deviation(present);
            columns.push((spec.name.clone(), mean, width));
            for (row, &at) in rows.iter_mut().zip(&kept) {
                row.push(values.get(at).copied().flatten().filter(|value| value.is_finite()));
            }
        }
        (columns.len() > 1 && !rows.is_empty()).then_some(Self { k: k.clamp(1, 100), fills, columns, rows })
    }

    /// True for a column that is filled so.
    pub(crate) fn fills(&self, column: &str) -> bool {
        self.fills.iter().any(|name| name == column)
    }

    /// What the neighbours of each row say of a column, where it is missing in `frame`; `None` where
    /// nothing is to be filled or no training row has a value.
    pub(super) fn values(
        &self,
        column: &str,
        frame: &Frame,
        report: &Reporter,
    ) -> Result<Vec<Option<f64>>, Cancelled> {
        let mut out = vec![None; frame.height()];
        let Some(target) = self.columns.iter().position(|(name, _, _)| name == column) else {
            return Ok(out);
        };
        let Some(holes) = frame.numbers(column) else { return Ok(out) };
        let others: Vec<usize> = (0..self.columns.len()).filter(|&at| at != target).collect();
        let (known, values): (Vec<&Vec<Option<f64>>>, Vec<f64>) =
            self.rows.iter().filter_map(|row| Some((row, row.get(target).copied()??))).unzip();
        let points = Array2::from_shape_fn((known.len(), others.len()), |(row, at)| {
            let value = known.get(row).zip(others.get(at)).and_then(|(row, &at)| row.get(at).copied()?);
            others.get(at).map_or(0.0, |&at| self.standard(at, value))
        });
        let found = CommonNearestNeighbour::KdTree.from_batch(&points, L2Dist);
        let (Ok(index), false) = (found, known.is_empty()) else { return Ok(out) };

        let around: Vec<Option<Vec<Option<f64>>>> =
            others.iter().map(|&at| frame.numbers(self.columns.get(at)?.0.as_str())).collect();
        let places: Vec<usize> =
            (0..holes.len()).filter(|&at| holes.get(at).is_some_and(Option::is_none)).collect();
        for block in places.chunks(BLOCK) {
            report.check()?;
            let filled: Vec<(usize, Option<f64>)> = block
                .par_iter()
                .map(|&row| {
                    let point: Vec<f64> = others
                        .iter()
                        .zip(&around)
                        .map(|(&at, column)| {
                            self.standard(at, column.as_ref().and_then(|column| column.get(row).copied()?))
                        })
                        .collect();
                    let near = index.k_nearest(ArrayView1::from(&point), self.k).unwrap_or_default();
                    let near: Vec<f64> = near.iter().filter_map(|(_, at)| values.get(*at).copied()).collect();
                    let mean = near.iter().sum::<f64>() / near.len() as f64;
                    (row, Some(mean).filter(|mean| mean.is_finite()))
                })
                .collect();
            for (row, value) in filled {
                if let Some(slot) = out.get_mut(row) {
                    *slot = value;
                }
            }
        }
        Ok(out)
    }

    /// A value in standard deviations from the mean, 0 where it is missing.
    fn standard(&self, column: usize, value: Option<f64>) -> f64 {
        let Some((_, mean, width)) = self.columns.get(column) else { return 0.0 };
        let value = value.map_or(0.0, |value| (value - mean) / width);
        let value = if value.is_finite() { value.clamp(-FARTHEST, FARTHEST) } else { 0.0 };
        // On a grid: the tree halves ranges without end between neighbouring floats.
        (value * 1e6).round() / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::{column, frame, spec};
    use super::*;
    use crate::table::Role;

    fn schema() -> [ColumnSpec; 3] {
        [spec("x", Role::Number), spec("y", Role::Number), spec("z", Role::Money)]
    }

    #[test]
    fn the_mean_of_the_nearest_by_hand() {
        let x = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0].map(Some);
        let z = [Some(1.0), Some(2.0), Some(3.0), Some(100.0), None, Some(300.0)];
        let train = frame(vec![column("x", &x), column("y", &[Some(5.0); 6]), column("z", &z)]);
        let learnt = FittedNeighbours::fit(vec!["z".into()], 2, &schema(), &train, 1).unwrap();
        assert!(learnt.fills("z") && !learnt.fills("x"));
        let rows = frame(vec![
            column("x", &[Some(0.4), Some(11.0), Some(11.0), Some(f64::INFINITY)]),
            column("y", &[Some(5.0), None, Some(5.0), Some(5.0)]),
            column("z", &[None, None, Some(7.0), None]),
        ]);
        let found = learnt.values("z", &rows, &Reporter::silent()).unwrap();
        // 0 and 1 are near 0.4; of 10, 11 and 12 the middle one has no value; infinity counts as
        // the mean of x, 6, between 2 and 10.
        assert_eq!(found, [Some(1.5), Some(200.0), None, Some(51.5)]);
        assert_eq!(learnt.values("x", &rows, &Reporter::silent()).unwrap(), [None; 4]);
        let bare = frame(vec![column::<f64>("z", &[None])]);
        assert!(learnt.values("z", &bare, &Reporter::silent()).unwrap()[0].is_some());
    }

    #[test]
    fn rows_that_are_nearly_one_do_not_hang_the_tree() {
        let x: Vec<Option<f64>> =
            (0..200).map(|at| Some(if at % 2 == 0 { 0.1 + 0.2 } else { 0.3 })).collect();
        let z: Vec<Option<f64>> = (0..200).map(|at| (at > 50).then_some(2.0)).collect();
        let train = frame(vec![column("x", &x), column("z", &z)]);
        let learnt = FittedNeighbours::fit(vec!["z".into()], 5, &schema(), &train, 1).unwrap();
        let found = learnt.values("z", &train, &Reporter::silent()).unwrap();
        assert_eq!(found.iter().flatten().count(), 51);
        assert!(found.iter().flatten().all(|value| *value == 2.0));
    }

    #[test]
    fn nothing_to_measure_by() {
        let train = frame(vec![column("z", &[Some(1.0), None])]);
        assert_eq!(FittedNeighbours::fit(vec!["z".into()], 5, &schema(), &train, 1), None);
        let empty = frame(vec![column::<f64>("x", &[None; 3]), column::<f64>("z", &[None; 3])]);
        let learnt = FittedNeighbours::fit(vec!["z".into()], 5, &schema(), &empty, 1).unwrap();
        assert_eq!(learnt.values("z", &empty, &Reporter::silent()).unwrap(), [None; 3]);
    }

    #[test]
    fn a_sample_of_many_rows_is_the_same_for_the_same_seed() {
        let n = KEPT + 100;
        let x: Vec<Option<f64>> = (0..n).map(|at| Some(at as f64)).collect();
        let train = frame(vec![column("x", &x), column("z", &x)]);
        let fit = |seed| FittedNeighbours::fit(vec!["z".into()], 5, &schema(), &train, seed).unwrap();
        assert_eq!(fit(1).rows.len(), KEPT);
        assert_eq!(fit(1), fit(1));
        assert_ne!(fit(1), fit(2));
    }
}
