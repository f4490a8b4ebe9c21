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

/// By how much the mean log loss of the rows at `places` rises when each of `features` is shuffled, mean of
/// five times, with its 95% interval over rows; `labels` belongs to the rows, of which up to 2,000, evenly
/// spread, are looked at. Empty where there are fewer than 30.
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
    let every = places.len().div_ceil(WATCHED).max(1);
    let places: Vec<usize> = places.iter().copied().step_by(every).collect();
    let labels: Vec<bool> = labels.iter().copied().step_by(every).collect();
    let rows = matrix.select(&places);
    let (n, width) = (rows.height, rows.width());
    if n < FEWEST {
        return Ok(Vec::new());
    }
    let loss = |rows: &Matrix| -> crate::Result<Vec<f64>> {
        Ok(metrics::log_loss_terms(&model.predict(rows, DeviceKind::Flex)?, &labels))
    };
    let before = loss(&rows)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0x1290);
    let mut order: Vec<usize> = (0..n).collect();
    // One feature is changed at a time, and put back.
    let mut changed = rows.clone();
    let mut out = Vec::with_capacity(features.len());
    for &feature in features.iter().filter(|feature| **feature < width) {
        let own = rows.column(feature);
        let mut worse = vec![0.0; n];
        for _ in 0..SHUFFLES {
            report.check()?;
            order.shuffle(&mut rng);
            let shuffled = order.iter().filter_map(|&from| own.get(from)).copied();
            put(&mut changed, feature, shuffled);
            for (sum, (after, before)) in worse.iter_mut().zip(loss(&changed)?.iter().zip(&before)) {
                *sum += (after - before) / SHUFFLES as f64;
            }
        }
        put(&mut changed, feature, own.iter().copied());
        let value = worse.iter().sum::<f64>() / n as f64;
        let variance = worse.iter().map(|w| (w - value).powi(2)).sum::<f64>() / (n - 1) as f64;
        let error = (variance / n as f64).sqrt();
        out.push(Estimate { value, low: value - WIDTH * error, high: value + WIDTH * error });
        report.progress(out.len() as f64 / features.len() as f64);
    }
    Ok(out)
}

fn put(matrix: &mut Matrix, feature: usize, values: impl Iterator<Item = f32>) {
    let width = matrix.width().max(1);
    matrix.data.iter_mut().skip(feature).step_by(width).zip(values).for_each(|(to, value)| *to = value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::LinearModel;

    #[test]
    fn what_the_model_leans_on_weighs_and_the_rest_does_not() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let data: Vec<f32> = (0..600).map(|i| ((i * 37) % 11) as f32 / 5.0 - 1.0).collect();
        let matrix = Matrix::new(names.clone(), names, 200, data);
        let model = Model::Logistic(LinearModel { coefficients: vec![4.0, 0.0, -1.0], intercept: 0.1 });
        let places: Vec<usize> = (0..200).collect();
        let z = |at: usize| 4.0 * matrix.row(at)[0] - matrix.row(at)[2];
        let labels: Vec<bool> = places.iter().map(|&at| z(at) > 0.0).collect();
        let report = Reporter::silent();
        let weigh =
            |features: &[usize]| importance(&model, &matrix, (&places, &labels), features, &report).unwrap();
        let found = weigh(&[0, 1, 2]);
        assert!(found[0].low > 0.1 && found[0].value > found[2].value, "{found:?}");
        assert_eq!((found[1].value, found[1].low, found[1].high), (0.0, 0.0, 0.0), "no weight, no loss");
        assert_eq!(weigh(&[7]), [], "there is no such feature");
        let few = importance(&model, &matrix, (&places[..20], &labels[..20]), &[0], &report).unwrap();
        assert_eq!(few, []);
    }
}
