//! Would more customers help? The area under the ROC curve by the number of training rows, and a power law
//! through its distance from 1.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use crate::metrics::Estimate;

/// The model learnt from so many training rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearningPoint {
    /// Share of the training rows, and how many they are.
    pub share: f64,
    pub rows: usize,
    /// Areas on the same held-out rows, one for each draw of training rows.
    pub areas: Vec<f64>,
    /// Their mean. The interval holds what comes of the held-out rows and of the draws.
    pub area: Estimate,
}

impl LearningPoint {
    /// From the areas of the draws with their intervals on the held-out rows.
    pub fn new(share: f64, rows: usize, measured: &[Estimate]) -> Option<Self> {
        let areas: Vec<f64> = measured.iter().map(|e| e.value).collect();
        let (value, spread) = centre(&areas)?;
        let k = areas.len() as f64;
        let drawn = 1.96 * spread / k.sqrt();
        let side = |of: fn(&Estimate) -> f64| measured.iter().map(of).sum::<f64>() / k;
        let low = side(|e| e.value - e.low).hypot(drawn);
        let high = side(|e| e.high - e.value).hypot(drawn);
        let area = Estimate { value, low: (value - low).max(0.0), high: (value + high).min(1.0) };
        Some(Self { share, rows, areas, area })
    }
}

/// Mean and standard deviation.
fn centre(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / n)?;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    Some((mean, (squares / (n - 1.0).max(1.0)).sqrt()))
}

/// 1 − area = `floor` + `scale`·rows^(−`rate`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PowerLaw {
    pub floor: f64,
    pub scale: f64,
    pub rate: f64,
}

impl PowerLaw {
    /// The area that the law gives for so many rows.
    pub fn area(&self, rows: f64) -> f64 {
        1.0 - self.floor - self.scale * rows.max(1.0).powf(-self.rate)
    }
}

/// Whether more customers would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MoreData {
    /// Twice as many would add at least 0.005 to the area.
    Helps,
    /// They might or might not.
    Perhaps,
    /// They would not add as much.
    Enough,
    /// Too few steps to tell.
    Unknown,
}

/// The learning curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearningCurve {
    pub points: Vec<LearningPoint>,
    pub law: Option<PowerLaw>,
    /// The area with twice the training rows, its interval with the error of the law and of the test rows;
    /// and what that adds to the law's present one, where the test rows are the same.
    pub doubled: Option<Estimate>,
    pub gain: Option<Estimate>,
    pub finding: MoreData,
}

/// Steps from which a law is fitted.
const FEWEST: usize = 4;
/// Draws of the points, for the interval of what the law foretells.
const DRAWS: usize = 400;
/// An area's gain that is worth having.
const WORTH: f64 = 0.005;

impl LearningCurve {
    /// Fits and foretells. The points' order is that of their rows.
    pub fn new(points: Vec<LearningPoint>) -> Self {
        let at: Vec<(f64, f64, f64)> =
            points.iter().map(|p| (p.rows as f64, 1.0 - p.area.value, p.areas.len() as f64)).collect();
        let unknown = Self { points, law: None, doubled: None, gain: None, finding: MoreData::Unknown };
        let Some(law) = fit(&at) else { return unknown };
        let now = at.last().map_or(1.0, |(rows, ..)| *rows);
        let noise = unknown.noise(&law);
        let mut rng = ChaCha8Rng::seed_from_u64(0x1EA2);
        let mut told: Vec<(f64, f64)> = (0..DRAWS)
            .filter_map(|_| {
                let drawn = at.iter().zip(&noise).map(|((rows, error, k), noise)| {
                    let z: f64 = StandardNormal.sample(&mut rng);
                    (*rows, (error + z * noise).max(0.0), *k)
                });
                let law = fit(&drawn.collect::<Vec<_>>())?;
                let doubled = law.area(2.0 * now);
                Some((doubled, doubled - law.area(now)))
            })
            .collect();
        let doubled = law.area(2.0 * now);
        let mut range = |value: f64, of: fn(&(f64, f64)) -> f64| {
            told.sort_by(|a, b| of(a).total_cmp(&of(b)));
            let at = |share: f64| told.get((share * (told.len().max(1) - 1) as f64).round() as usize).map(of);
            Estimate { value, low: at(0.025).unwrap_or(value), high: at(0.975).unwrap_or(value) }
        };
        let gain = range(doubled - law.area(now), |one| one.1);
        let doubled = range(doubled, |one| one.0);
        // The law's own error leaves out that of the test rows, which a new measurement has as well.
        let doubled = unknown.points.last().map_or(doubled, |last| {
            let low = (doubled.value - doubled.low).hypot(last.area.value - last.area.low);
            let high = (doubled.high - doubled.value).hypot(last.area.high - last.area.value);
            let value = doubled.value;
            Estimate { value, low: (value - low).max(0.0), high: (value + high).min(1.0) }
        });
        let finding = match gain {
            g if g.value >= WORTH && g.low >= WORTH / 2.0 => MoreData::Helps,
            g if g.high >= WORTH => MoreData::Perhaps,
            _ => MoreData::Enough,
        };
        Self { law: Some(law), doubled: Some(doubled), gain: Some(gain), finding, ..unknown }
    }

    /// The standard error of each point's area through its draws of training rows. Points with one draw, and
    /// the whole curve, are at least as noisy as the points lie off the law: the noise of the held-out rows is
    /// common to all and moves no difference.
    fn noise(&self, law: &PowerLaw) -> Vec<f64> {
        let spreads: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|p| p.areas.len() > 1)
            .filter_map(|p| Some((centre(&p.areas)?.1, p.areas.len() as f64)))
            .collect();
        let pooled = (spreads.iter().map(|(s, k)| (k - 1.0) * s * s).sum::<f64>()
            / spreads.iter().map(|(_, k)| k - 1.0).sum::<f64>().max(1.0))
        .sqrt();
        let off: f64 = self.points.iter().map(|p| (p.area.value - law.area(p.rows as f64)).powi(2)).sum();
        let free = self.points.len().saturating_sub(3).max(1) as f64;
        let off = (off / free).sqrt();
        self.points.iter().map(|p| (pooled / (p.areas.len() as f64).sqrt()).max(off)).collect()
    }
}

/// The law of `(rows, 1 − area, weight)` by least squares: for each rate of a grid the floor and scale in
/// closed form, neither below 0.
fn fit(points: &[(f64, f64, f64)]) -> Option<PowerLaw> {
    if points.len() < FEWEST || points.iter().any(|(rows, error, _)| *rows < 1.0 || !error.is_finite()) {
        return None;
    }
    let rates = (0..60).map(|at| 0.05 * 40f64.powf(f64::from(at) / 59.0));
    let of_rate = |rate: f64| {
        let x = |rows: f64| rows.powf(-rate);
        let sum =
            |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(n, e, w)| w * of(x(*n), *e)).sum::<f64>();
        let (w, sx, sy) = (sum(&|_, _| 1.0), sum(&|x, _| x), sum(&|_, e| e));
        let (sxx, sxy) = (sum(&|x, _| x * x), sum(&|x, e| x * e));
        let spread = w * sxx - sx * sx;
        let scale = if spread > 0.0 { (w * sxy - sx * sy) / spread } else { 0.0 };
        let floor = (sy - scale * sx) / w;
        let (floor, scale) = match (floor < 0.0, scale < 0.0) {
            (_, true) => (sy / w, 0.0),
            (true, false) => (0.0, sxy / sxx),
            _ => (floor, scale),
        };
        let law = PowerLaw { floor, scale, rate };
        (law, points.iter().map(|(n, e, w)| w * (e - floor - scale * x(*n)).powi(2)).sum::<f64>())
    };
    rates.map(of_rate).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(law, _)| law)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(area: impl Fn(f64) -> f64, noise: f64) -> LearningCurve {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let point = |(share, draws): (f64, usize)| {
            let rows = (4000.0 * share) as usize;
            let one = |_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                let value = area(rows as f64) + noise * z;
                Estimate { value, low: value - 0.02, high: value + 0.02 }
            };
            LearningPoint::new(share, rows, &(0..draws).map(one).collect::<Vec<_>>())
        };
        let steps = [(0.1, 3), (0.2, 3), (0.35, 3), (0.5, 3), (0.7, 3), (1.0, 1)];
        LearningCurve::new(steps.into_iter().filter_map(point).collect())
    }

    #[test]
    fn a_rising_curve_asks_for_more_and_a_flat_one_does_not() {
        let rising = curve(|n| 0.9 - 4.0 * n.powf(-0.5), 0.001);
        assert_eq!(rising.finding, MoreData::Helps, "{rising:?}");
        let (doubled, law) = (rising.doubled.unwrap(), rising.law.unwrap());
        let truth = 0.9 - 4.0 * 8000f64.powf(-0.5);
        assert!((doubled.value - truth).abs() < 0.006 && law.scale > 0.0, "{doubled:?} {truth}");
        assert!(doubled.low <= truth && truth <= doubled.high, "{doubled:?} {truth}");
        // What a test of as many rows would show holds the error of those rows too: 0.02 here.
        assert!(doubled.high - doubled.value >= 0.02 && doubled.value - doubled.low >= 0.02, "{doubled:?}");
        let sure = curve(|n| 0.995 - 0.1 * n.powf(-0.5), 0.0001).doubled.unwrap();
        assert!(sure.high <= 1.0, "{sure:?}");
        let flat = curve(|_| 0.82, 0.0005);
        assert_eq!(flat.finding, MoreData::Enough, "{flat:?}");
        let noisy = curve(|n| 0.83 - 1.0 * n.powf(-0.5), 0.03);
        assert_eq!(noisy.finding, MoreData::Perhaps, "{noisy:?}");
    }

    #[test]
    fn three_steps_tell_nothing() {
        let points = curve(|_| 0.8, 0.01).points;
        let few = LearningCurve::new(points.into_iter().take(3).collect());
        assert_eq!((few.finding, few.law, few.points.len()), (MoreData::Unknown, None, 3));
        assert!(LearningPoint::new(1.0, 9, &[]).is_none());
        assert_eq!(LearningCurve::new(Vec::new()).finding, MoreData::Unknown);
    }
}
