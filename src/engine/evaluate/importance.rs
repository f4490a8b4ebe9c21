//! Permutation importance (Breiman 2001): how much worse a model gets on rows that it did not learn from
//! when some of their features are shuffled among them.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::features::Matrix;
use crate::job::Reporter;
use crate::metrics::{self, Estimate};
use crate::train::{DeviceKind, Model};

/// Rows that features are shuffled among, and times that they are.
const WATCHED: usize = 2_000;
const SHUFFLES: usize = 5;
/// Rows below which nothing is said.
const FEWEST: usize = 30;
/// The two-sided 95% point of the normal distribution.
const WIDTH: f64 = 1.96;

/// Rows that features are shuffled among.
pub(super) struct Watched {
    rows: Matrix,
    labels: Vec<bool>,
    /// Each row's loss as it is.
    before: Vec<f64>,
    /// The area under the ROC curve as it is.
    auc: Option<f64>,
    order: Vec<usize>,
}

impl Watched {
    /// Up to 2,000 of the rows at `places`, evenly spread; `labels` belongs to them. `None` where there are
    /// too few to tell anything.
    pub fn new(
        matrix: &Matrix,
        places: &[usize],
        labels: &[bool],
        model: &Model,
    ) -> crate::Result<Option<Self>> {
        let every = places.len().div_ceil(WATCHED).max(1);
        let places: Vec<usize> = places.iter().copied().step_by(every).collect();
        let labels: Vec<bool> = labels.iter().copied().step_by(every).collect();
        let rows = matrix.select(&places);
        if rows.height < FEWEST {
            return Ok(None);
        }
        let p = model.predict(&rows, DeviceKind::Flex)?;
        let before = metrics::log_loss_terms(&p, &labels);
        let auc = metrics::roc_auc(&p, &labels);
        let order = (0..rows.height).collect();
        Ok(Some(Self { rows, labels, before, auc, order }))
    }

    /// Rows that features are shuffled among.
    pub fn rows(&self) -> usize {
        self.rows.height
    }

    /// By how much the mean log loss rises when `features`, and what is read in order of the column
    /// `read`, are shuffled together, and its standard error over rows.
    pub fn shuffle(
        &mut self,
        read: Option<&str>,
        features: &[usize],
        model: &Model,
        rng: &mut ChaCha8Rng,
    ) -> crate::Result<(f64, f64)> {
        Ok(self.repeat(read, features, model, (SHUFFLES, rng), &Reporter::silent())?.rise)
    }

    /// [`shuffle`](Self::shuffle), so many times, with what each of them did.
    pub fn repeat(
        &mut self,
        read: Option<&str>,
        features: &[usize],
        model: &Model,
        (times, rng): (usize, &mut ChaCha8Rng),
        report: &Reporter,
    ) -> crate::Result<Shuffled> {
        let n = self.rows.height;
        let sequences = &self.rows.sequences;
        let read = read.and_then(|name| sequences.position(name));
        let mut worse = vec![0.0; n];
        let (mut repeats, mut falls) = (Vec::with_capacity(times), 0.0);
        let mut has_auc = self.auc.is_some();
        for _ in 0..times {
            report.check()?;
            self.order.shuffle(rng);
            let mut data = self.rows.data.clone();
            for (row, &from) in data.chunks_exact_mut(self.rows.width()).zip(&self.order) {
                for &place in features {
                    row[place] = self.rows.row(from)[place];
                }
            }
            let cell = |at: usize, row: usize| match read == Some(at) {
                true => sequences.place(at, self.order.get(row).copied().unwrap_or(row)),
                false => sequences.place(at, row),
            };
            let columns = 0..sequences.names().count();
            let cells: Vec<Vec<u32>> = columns.map(|at| (0..n).map(|row| cell(at, row)).collect()).collect();
            let rows = self.rows.like(data).with_sequences(sequences.with_places(&cells));
            let p = model.predict_reporting(&rows, DeviceKind::Flex, report)?;
            match (self.auc, metrics::roc_auc(&p, &self.labels)) {
                (Some(before), Some(after)) => falls += (before - after) / times as f64,
                _ => has_auc = false,
            }
            let after = metrics::log_loss_terms(&p, &self.labels);
            let mut rise = 0.0;
            for (sum, (after, before)) in worse.iter_mut().zip(after.iter().zip(&self.before)) {
                *sum += (after - before) / times as f64;
                rise += (after - before) / n as f64;
            }
            repeats.push(rise);
        }
        let centre = worse.iter().sum::<f64>() / n as f64;
        let variance = worse.iter().map(|w| (w - centre).powi(2)).sum::<f64>() / (n - 1) as f64;
        let rise = (centre, (variance / n as f64).sqrt());
        Ok(Shuffled { rise, repeats, auc_fall: has_auc.then_some(falls) })
    }
}

/// What shuffling did.
pub(super) struct Shuffled {
    /// The mean rise of the log loss, and its standard error over rows.
    pub rise: (f64, f64),
    /// The rise of each repeat.
    pub repeats: Vec<f64>,
    /// The mean fall of the area under the ROC curve.
    pub auc_fall: Option<f64>,
}

/// By how much the mean log loss of the rows at `places` rises when each of `features` is shuffled, with its
/// 95% interval over rows; `labels` belongs to the rows. Empty where there are fewer than 30 rows.
///
/// # Errors
/// The model's device cannot be used, or the person cancelled.
pub fn importance(
    model: &Model,
    matrix: &Matrix,
    (places, labels): (&[usize], &[bool]),
    features: &[usize],
    report: &Reporter,
) -> crate::Result<Vec<Estimate>> {
    let Some(mut watched) = Watched::new(matrix, places, labels, model)? else { return Ok(Vec::new()) };
    let mut rng = ChaCha8Rng::seed_from_u64(0x1290);
    let mut out = Vec::with_capacity(features.len());
    for feature in features.iter().filter(|feature| **feature < matrix.width()) {
        report.check()?;
        let (value, error) = watched.shuffle(None, &[*feature], model, &mut rng)?;
        out.push(Estimate { value, low: value - WIDTH * error, high: value + WIDTH * error });
        report.progress(out.len() as f64 / features.len() as f64);
    }
    Ok(out)
}
