//! What a model is looked at on: rows with their cells as people read them, some to draw values from, some
//! that the model did not learn from.

use polars::prelude::DataType;

use super::Explainer;
use crate::features::{FittedFeatures, Matrix};
use crate::job::Reporter;
use crate::table::Frame;
use crate::train::{DeviceKind, Model};

/// Cells of the design matrix that are predicted at a time.
const CELLS: usize = 4 << 20;

/// A model and the rows that it is looked at on.
pub struct Ground<'a> {
    pub model: &'a Model,
    pub explainer: &'a Explainer,
    pub features: &'a FittedFeatures,
    pub matrix: &'a Matrix,
    /// The probability of every row of the matrix.
    pub probabilities: &'a [f64],
    /// From which a customer counts as at risk.
    pub threshold: f64,
    /// The cells as people read them.
    pub readable: &'a Frame,
    /// Where each row of the matrix stands in `readable`.
    pub home: Vec<usize>,
    /// Rows that values are drawn from and trees are grown on.
    pub known: Vec<usize>,
    /// Rows that the model did not learn from, and the surrogate tree neither.
    pub fresh: Vec<usize>,
    /// The rows of `fresh` whose class is known, with it.
    pub labelled: (Vec<usize>, Vec<bool>),
}

/// At most `most` of `places`, evenly spread.
pub(super) fn thinned(places: &[usize], most: usize) -> Vec<usize> {
    let every = places.len().div_ceil(most.max(1)).max(1);
    places.iter().copied().step_by(every).collect()
}

impl Ground<'_> {
    /// The name of each column, in the order of the explainer.
    pub fn columns(&self) -> Vec<&str> {
        self.explainer.columns().collect()
    }

    /// The place of a column in the explainer.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.explainer.columns().position(|name| name == column)
    }

    /// A row's cell as people read it.
    pub(super) fn cell(&self, column: &str, row: usize) -> Option<String> {
        self.readable.show(column, *self.home.get(row)?)
    }

    /// The number in a column of each of `rows`; days since 1970 for a date. `None` where it holds no
    /// numbers.
    pub(super) fn numbers(&self, column: &str, rows: &[usize]) -> Option<Vec<Option<f64>>> {
        let all = self.readable.numbers(column)?;
        let number = |row: &usize| self.home.get(*row).and_then(|at| all.get(*at)).copied().flatten();
        Some(rows.iter().map(number).collect())
    }

    /// True if a column holds days.
    pub(super) fn is_date(&self, column: &str) -> bool {
        let column = self.readable.data.column(column);
        column.is_ok_and(|column| matches!(column.dtype(), DataType::Date | DataType::Datetime(..)))
    }

    /// The rows at `rows`, once for each of `donors`: there the columns at `columns` have the donor's
    /// features and words. Donor by donor.
    pub(super) fn crossed(&self, rows: &[usize], donors: &[usize], columns: &[usize]) -> Matrix {
        let own: Vec<&(String, Vec<usize>)> =
            columns.iter().filter_map(|at| self.explainer.columns.get(*at)).collect();
        let mut data = Vec::with_capacity(rows.len() * donors.len() * self.matrix.width());
        for &donor in donors {
            let from = self.matrix.row(donor);
            for &row in rows {
                let start = data.len();
                data.extend_from_slice(self.matrix.row(row));
                let made = data.get_mut(start..).unwrap_or_default();
                for &place in own.iter().flat_map(|(_, places)| places) {
                    if let (Some(to), Some(value)) = (made.get_mut(place), from.get(place)) {
                        *to = *value;
                    }
                }
            }
        }
        let sequences = &self.matrix.sequences;
        let cells: Vec<Vec<u32>> = sequences
            .names()
            .enumerate()
            .map(|(at, name)| {
                let given = own.iter().any(|(column, _)| column == name);
                let cell = |donor: usize, row: usize| sequences.place(at, if given { donor } else { row });
                donors.iter().flat_map(|&donor| rows.iter().map(move |&row| cell(donor, row))).collect()
            })
            .collect();
        let matrix = self.matrix.like(data);
        let sequences = matrix.sequences.with_places(&cells);
        matrix.with_sequences(sequences)
    }

    /// The model's probability of the rows at `rows` with the columns at `columns` as the donors have them:
    /// `donors × rows`, donor by donor.
    ///
    /// # Errors
    /// The device cannot be used, or the person cancelled.
    pub(super) fn predict_crossed(
        &self,
        rows: &[usize],
        donors: &[usize],
        columns: &[usize],
        report: &Reporter,
    ) -> crate::Result<Vec<f64>> {
        let at_once = (CELLS / (rows.len() * self.matrix.width()).max(1)).max(1);
        let mut out = Vec::with_capacity(rows.len() * donors.len());
        for donors in donors.chunks(at_once) {
            report.check()?;
            let matrix = self.crossed(rows, donors, columns);
            out.extend(self.model.predict_reporting(&matrix, DeviceKind::Flex, report)?);
        }
        Ok(out)
    }
}
