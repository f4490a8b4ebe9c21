//! Why this customer: each column's share in a customer's probability, by Shapley values.
//!
//! A probability is taken apart against a handful of made-up ordinary customers (each column drawn
//! by itself from the training rows, so that no real person is kept). Columns are changed one by
//! one, in a random order, from the ordinary customer's value to this customer's; what the
//! probability moves by is that column's share. Shares are averaged over the ordinary customers and
//! over orders taken forwards and backwards (Castro, Gómez and Tejada 2009; Mitchell et al. 2022),
//! and add up to the probability exactly, for every kind of model. Of linear and tree models they are not
//! averaged over drawn orders but worked out over all of them (`explain/exact.rs`), against the same ordinary
//! customers.
//!
//! What a network reads in order, words and purchases, is a column among the others. No ordinary customer has
//! any (a real text would be a real person's), so its share is that of having said and done what this
//! customer did, against nothing.
//!
//! A network leans a little on every column, on pure chance as well. A column is named as a reason
//! only where it has proved itself: shuffling it among the validation rows must make the model worse
//! beyond chance (permutation importance, Breiman 2001, with a paired one-sided test at 1%, since there
//! are many columns).

mod closely;
mod dependence;
mod exact;
mod gradients;
mod ground;
mod interactions;
mod overall;
mod permutation;
mod surrogate;
#[cfg(test)]
mod tests;
mod tree_shap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::importance::Watched;
use crate::features::{Matrix, NOTHING};
use crate::job::Reporter;
use crate::train::{DeviceKind, Model};

use exact::Exact;

pub use closely::{Closely, LogOdds, Method};
pub use dependence::{Axis, Dependence, DependencePoint, day, dependence};
pub use gradients::Gradients;
pub use ground::Ground;
pub use interactions::{Interactions, Pair};
pub use overall::{Overall, overall};
pub use permutation::Importance;
pub use surrogate::{Ask, Fidelity, Surrogate, SurrogateNode};

/// Made-up ordinary customers; each is paired with one order of the columns, taken both ways.
const ORDINARY: usize = 16;
/// Sets of ordinary customers of which the one nearest to the mean is kept.
const SETS: usize = 24;
/// Rows that go through the model at a time, and their cells.
const ROWS: usize = 32_768;
const CELLS: usize = 8 << 20;
/// The 99% point of the normal distribution.
const BEYOND_CHANCE: f64 = 2.326;

/// What explaining needs: kept in a bundle, so that new customers are explained in the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explainer {
    /// Source columns, each with its places in the design matrix; none for one that is only read in order.
    columns: Vec<(String, Vec<usize>)>,
    /// `ORDINARY` rows of the design matrix, one after the other.
    ordinary: Vec<f32>,
    /// One order of the columns for each ordinary customer.
    orders: Vec<Vec<usize>>,
    /// Columns that have proved themselves on the validation rows.
    proven: Vec<bool>,
    /// The ordinary customers' mean probability: where every explanation starts.
    pub base: f64,
}

/// One customer's probability, taken apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    pub probability: f64,
    /// Share of each column of [`Explainer::columns`], in probability; with the base they add up
    /// to `probability`.
    pub shares: Vec<f64>,
}

impl Explainer {
    /// Draws the ordinary customers from the training rows of `matrix`, and finds the columns that
    /// prove themselves on the validation rows; `valid` and `labels` belong together.
    ///
    /// # Errors
    /// The model's device cannot be used.
    pub fn new(
        matrix: &Matrix,
        train: &[usize],
        valid: &[usize],
        labels: &[bool],
        model: &Model,
    ) -> crate::Result<Self> {
        let mut columns: Vec<(String, Vec<usize>)> = Vec::new();
        for (at, source) in matrix.sources.iter().enumerate() {
            // The "missing" column of a column belongs to it.
            let owner = columns
                .iter_mut()
                .find(|(name, _)| name == source || crate::clean::indicator_name(name) == *source);
            match owner {
                Some((_, places)) => places.push(at),
                None => columns.push((source.clone(), vec![at])),
            }
        }
        for name in matrix.sequences.names().filter(|name| model.reads(name)) {
            if columns.iter().all(|(known, _)| known != name) {
                columns.push((name.to_owned(), Vec::new()));
            }
        }
        let width = matrix.width();
        let mut rng = ChaCha8Rng::seed_from_u64(0xE8);
        let draw = |rng: &mut ChaCha8Rng| {
            let mut rows = vec![0.0f32; ORDINARY * width];
            for row in rows.chunks_exact_mut(width.max(1)) {
                for (_, places) in &columns {
                    let from = train.choose(rng).map(|&at| matrix.row(at));
                    for &place in places {
                        row[place] = from.map_or(0.0, |from| from[place]);
                    }
                }
            }
            rows
        };
        let rows_of = |data: Vec<f32>| matrix.like(data);
        let wanted = mean(&model.predict(&matrix.select(train), DeviceKind::Flex)?);
        let sets: Vec<Vec<f32>> = (0..SETS).map(|_| draw(&mut rng)).collect();
        let all = model.predict(&rows_of(sets.concat()), DeviceKind::Flex)?;
        let (mut best, mut base) = (0, f64::INFINITY);
        for (at, p) in all.chunks_exact(ORDINARY).enumerate() {
            if (mean(p) - wanted).abs() < (base - wanted).abs() {
                (best, base) = (at, mean(p));
            }
        }
        let ordinary = sets.into_iter().nth(best).unwrap_or_default();
        let orders = (0..ORDINARY)
            .map(|_| {
                let mut order: Vec<usize> = (0..columns.len()).collect();
                order.shuffle(&mut rng);
                order
            })
            .collect();
        let proven = prove(&columns, matrix, valid, labels, model, &mut rng)?;
        Ok(Self { columns, ordinary, orders, proven, base })
    }

    /// Columns that may be named as reasons, in the order of the shares.
    pub fn proven(&self) -> &[bool] {
        &self.proven
    }

    /// Source columns, in the order of the shares.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// True if this belongs to `width` features; asked of every opened file.
    pub fn fits(&self, width: usize) -> bool {
        self.ordinary.len() == ORDINARY * width
            && self.orders.len() == ORDINARY
            && self.proven.len() == self.columns.len()
            && self.columns.iter().all(|(_, places)| places.iter().all(|&p| p < width))
            && self.orders.iter().all(|o| {
                let mut sorted = o.clone();
                sorted.sort_unstable();
                sorted.iter().copied().eq(0..self.columns.len())
            })
    }

    /// Explains the rows at `places` of `matrix`, in that order: exactly where the model is linear or made of
    /// trees, by sampled orders else.
    ///
    /// # Errors
    /// The device cannot be used, or the person cancelled.
    pub fn explain(
        &self,
        model: &Model,
        matrix: &Matrix,
        places: &[usize],
        report: &Reporter,
    ) -> crate::Result<Vec<Explanation>> {
        if let Some(exact) = Exact::of(self, model, matrix.width()) {
            let p = model.predict(&matrix.select(places), DeviceKind::Flex)?;
            let shares = exact.shares(matrix, places, report)?;
            let one = |(shares, probability): (exact::Shares, f64)| Explanation {
                probability,
                shares: shares.points,
            };
            return Ok(shares.into_iter().zip(p).map(one).collect());
        }
        Ok(self.sampled(model, matrix, places, report)?.into_iter().map(|(one, _)| one).collect())
    }

    /// Explains by orders of the columns that were drawn, each walked both ways; with the standard error of
    /// each share over the ordinary customers and their orders.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    pub fn sampled(
        &self,
        model: &Model,
        matrix: &Matrix,
        places: &[usize],
        report: &Reporter,
    ) -> crate::Result<Vec<(Explanation, Vec<f64>)>> {
        let count = self.columns.len();
        // Steps between an ordinary customer and this one, both ends included.
        let path = count + 1;
        let per_customer = 2 * ORDINARY * path;
        let mut walk = Walk::new(&self.columns, matrix);
        let mut out = Vec::with_capacity(places.len());
        for chunk in places.chunks((ROWS / per_customer).max(1)) {
            report.check()?;
            let mut p = Vec::with_capacity(chunk.len() * per_customer);
            for &at in chunk {
                for (ordinary, order) in self.ordinary.chunks_exact(matrix.width().max(1)).zip(&self.orders) {
                    walk.go(ordinary, at, order.iter());
                    walk.go(ordinary, at, order.iter().rev());
                    if walk.data.len() > CELLS {
                        report.check()?;
                        p.extend(model.predict_reporting(&walk.take(), DeviceKind::Flex, report)?);
                    }
                }
            }
            p.extend(model.predict_reporting(&walk.take(), DeviceKind::Flex, report)?);
            for customer in p.chunks_exact(per_customer) {
                let (mut shares, mut squares) = (vec![0.0; count], vec![0.0; count]);
                for (pair, order) in customer.chunks_exact(2 * path).zip(&self.orders) {
                    let (forwards, backwards) = pair.split_at(path);
                    for (step, &column) in order.iter().enumerate() {
                        let back = count - 1 - step;
                        let ahead = forwards[step + 1] - forwards[step];
                        let share = (ahead + backwards[back + 1] - backwards[back]) / 2.0;
                        shares[column] += share;
                        squares[column] += share * share;
                    }
                }
                let n = ORDINARY as f64;
                shares.iter_mut().for_each(|share| *share /= n);
                let error =
                    |(square, mean): (&f64, &f64)| ((square / n - mean * mean).max(0.0) / (n - 1.0)).sqrt();
                let errors = squares.iter().zip(&shares).map(error).collect();
                let probability = customer.last().copied().unwrap_or(0.0);
                out.push((Explanation { probability, shares }, errors));
            }
            report.progress(out.len() as f64 / places.len().max(1) as f64);
        }
        Ok(out)
    }
}

/// Rows on the way from ordinary customers to real ones, one column changed at a time.
struct Walk<'a> {
    columns: &'a [(String, Vec<usize>)],
    matrix: &'a Matrix,
    /// For each column, where it is read in order.
    read: Vec<Option<usize>>,
    data: Vec<f32>,
    /// The cell of each row in each column that is read in order.
    cells: Vec<Vec<u32>>,
}

impl<'a> Walk<'a> {
    fn new(columns: &'a [(String, Vec<usize>)], matrix: &'a Matrix) -> Self {
        let read = columns.iter().map(|(name, _)| matrix.sequences.position(name)).collect();
        let cells = matrix.sequences.names().map(|_| Vec::new()).collect();
        Self { columns, matrix, read, data: Vec::new(), cells }
    }

    /// Writes the rows from `from`, who said nothing, to the row at `to`.
    fn go<'o>(&mut self, from: &[f32], to: usize, order: impl Iterator<Item = &'o usize>) {
        let mut here = from.to_vec();
        let mut said = vec![NOTHING; self.cells.len()];
        self.write(&here, &said);
        let goal = self.matrix.row(to);
        for &column in order {
            for &place in &self.columns[column].1 {
                here[place] = goal[place];
            }
            if let Some(at) = self.read[column] {
                said[at] = self.matrix.sequences.place(at, to);
            }
            self.write(&here, &said);
        }
    }

    fn write(&mut self, here: &[f32], said: &[u32]) {
        self.data.extend_from_slice(here);
        self.cells.iter_mut().zip(said).for_each(|(cells, cell)| cells.push(*cell));
    }

    /// The rows so far, as a matrix.
    fn take(&mut self) -> Matrix {
        let cells: Vec<Vec<u32>> = self.cells.iter_mut().map(std::mem::take).collect();
        let rows = self.matrix.like(std::mem::take(&mut self.data));
        let sequences = rows.sequences.with_places(&cells);
        rows.with_sequences(sequences)
    }
}

/// For each column: does shuffling it make the model worse beyond chance? All pass where there are
/// too few rows to tell.
fn prove(
    columns: &[(String, Vec<usize>)],
    matrix: &Matrix,
    valid: &[usize],
    labels: &[bool],
    model: &Model,
    rng: &mut ChaCha8Rng,
) -> crate::Result<Vec<bool>> {
    let Some(mut watched) = Watched::new(matrix, valid, labels, model)? else {
        return Ok(vec![true; columns.len()]);
    };
    let mut proven = Vec::with_capacity(columns.len());
    for (name, features) in columns {
        let (worse, error) = watched.shuffle(Some(name), features, model, rng)?;
        proven.push(worse > 0.0 && worse > BEYOND_CHANCE * error);
    }
    Ok(proven)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
