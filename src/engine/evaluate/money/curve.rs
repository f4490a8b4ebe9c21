//! The curve of expected profit over every threshold, with a bootstrap band.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use super::MoneySpec;
use crate::curve::places;
use crate::evaluate::Evaluation;
use crate::job::Reporter;

/// Points of the curve.
const POINTS: usize = 400;
/// Bootstrap replicates, and how many are made between two looks at whether to go on.
const REPLICATES: usize = 1000;
const AT_ONCE: usize = 100;

/// What calling everyone down to a threshold gains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfitPoint {
    pub threshold: f64,
    /// Customers called of the list in force, if it is like the measured rows.
    pub calls: f64,
    pub profit: f64,
    /// 95% of the bootstrap's replicates lie between.
    pub low: f64,
    pub high: f64,
}

/// The curve, from nobody called to everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfitCurve {
    /// Rows that it was measured on, which the model never saw.
    pub rows: usize,
    /// Customers of the list in force that it is scaled to.
    pub customers: usize,
    pub points: Vec<ProfitPoint>,
}

impl ProfitCurve {
    /// Measures profit at every threshold on the rows of `test`, exactly, and scales it to `customers`;
    /// the points are thinned for a picture without losing an extreme. The band is a percentile
    /// bootstrap (Efron 1979) stratified by class: the rows of each class are drawn anew. All that a
    /// point needs of a draw is how many rows of each class fall between two points, which is
    /// multinomial; so it is drawn as such, by conditional binomials, and a million rows take no longer
    /// than a thousand.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn new(
        test: &Evaluation,
        spec: &MoneySpec,
        customers: usize,
        seed: u64,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let rows = test.rows();
        let scale = customers as f64 / rows.max(1) as f64;
        let mut ends = test.ends();
        ends.insert(0, 0);
        let exact: Vec<f64> =
            ends.iter().map(|&end| spec.profit(test.hits_of(end) as f64, end as f64)).collect();
        let ends: Vec<usize> =
            places(&exact, POINTS).into_iter().filter_map(|at| ends.get(at).copied()).collect();
        // Rows of each class between one point and the one before.
        let steps: Vec<[u64; 2]> = ends
            .windows(2)
            .filter_map(|pair| {
                let (from, to) = (*pair.first()?, *pair.last()?);
                let hits = test.hits_of(to) - test.hits_of(from);
                Some([hits, (to - from) as u64 - hits])
            })
            .collect();
        let positives = test.positives();
        let totals = [positives, rows as u64 - positives];
        let mut drawn: Vec<Vec<f64>> = Vec::with_capacity(REPLICATES);
        for from in (0..REPLICATES).step_by(AT_ONCE) {
            report.check()?;
            let draw = |at: usize| replicate(&steps, totals, spec, seed, at as u64);
            drawn.par_extend((from..(from + AT_ONCE).min(REPLICATES)).into_par_iter().map(draw));
            report.progress((from + AT_ONCE) as f64 / REPLICATES as f64);
        }
        let band = |at: usize, exact: f64| {
            let mut values: Vec<f64> = drawn.iter().filter_map(|one| one.get(at).copied()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let of = |share: f64| {
                let at = (share * (values.len() as f64 - 1.0)).round().max(0.0) as usize;
                values.get(at).copied().unwrap_or(exact)
            };
            (of(0.025), of(0.975))
        };
        let points: Vec<ProfitPoint> = ends
            .par_iter()
            .enumerate()
            .map(|(at, &end)| {
                let profit = spec.profit(test.hits_of(end) as f64, end as f64);
                let (low, high) = match at.checked_sub(1) {
                    Some(step) => band(step, profit),
                    None => (0.0, 0.0),
                };
                ProfitPoint {
                    threshold: test.threshold_of(end),
                    calls: scale * end as f64,
                    profit: scale * profit,
                    low: scale * low,
                    high: scale * high,
                }
            })
            .collect();
        Ok(Self { rows, customers, points })
    }

    /// The point whose threshold is nearest, from above where there are two.
    pub fn at(&self, threshold: f64) -> Option<&ProfitPoint> {
        // Thresholds descend.
        let after = self.points.partition_point(|point| point.threshold >= threshold);
        self.points.get(after.saturating_sub(1))
    }

    /// The point whose number of calls is nearest.
    pub fn nearest(&self, calls: f64) -> Option<&ProfitPoint> {
        let far = |point: &&ProfitPoint| (point.calls - calls).abs();
        self.points.iter().min_by(|a, b| far(a).total_cmp(&far(b)))
    }
}

/// Profit at every point after the first, in one draw.
fn replicate(steps: &[[u64; 2]], totals: [u64; 2], spec: &MoneySpec, seed: u64, stream: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    // Rows of each class that are still to be drawn, and those that they are drawn from.
    let (mut left, mut from) = (totals, totals);
    let (mut hits, mut calls) = (0u64, 0u64);
    let mut out = Vec::with_capacity(steps.len());
    for step in steps {
        for class in [0, 1] {
            let (count, of) = (step[class], from[class]);
            let got = match (count, left[class]) {
                (0, _) | (_, 0) => 0,
                (count, left) if count >= of => left,
                (count, left) => Binomial::new(left, count as f64 / of as f64)
                    .map_or(0, |draw| draw.sample(&mut rng).min(left)),
            };
            left[class] -= got;
            from[class] -= count;
            calls += got;
            if class == 0 {
                hits += got;
            }
        }
        out.push(spec.profit(hits as f64, calls as f64));
    }
    out
}

/// The threshold with the highest profit on these rows, to be asked of validation rows only, so that the
/// test rows can tell what it is worth; of equal ones the one with the fewest calls. `None` where no
/// call pays.
pub fn best_threshold(valid: &Evaluation, spec: &MoneySpec) -> Option<f64> {
    let mut best: Option<(f64, usize)> = None;
    for end in valid.ends() {
        let profit = spec.profit(valid.hits_of(end) as f64, end as f64);
        if profit > best.map_or(0.0, |(most, _)| most) {
            best = Some((profit, end));
        }
    }
    best.map(|(_, end)| valid.threshold_of(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    fn scored(n: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n)
            .map(|_| {
                let p: f64 = rng.gen_range(0.0..1.0);
                // Steps, so that there are ties.
                ((p * 200.0).round() / 200.0, rng.gen_bool(p * p))
            })
            .unzip()
    }

    fn spec() -> MoneySpec {
        MoneySpec { value: 120.0, cost: 10.0, accept: 0.3, ..MoneySpec::default() }
    }

    #[test]
    fn the_curve_is_exact_at_every_threshold() {
        let (p, y) = scored(3000, 1);
        let test = Evaluation::new(&p, &y);
        let curve = ProfitCurve::new(&test, &spec(), 6000, 1, &Reporter::silent()).unwrap();
        assert_eq!((curve.rows, curve.customers), (3000, 6000));
        for point in &curve.points {
            let called: Vec<bool> =
                p.iter().zip(&y).filter(|(p, _)| **p >= point.threshold).map(|(_, y)| *y).collect();
            let hits = called.iter().filter(|y| **y).count() as f64;
            let profit = 2.0 * (0.3 * 120.0 * hits - 10.0 * called.len() as f64);
            assert!((point.profit - profit).abs() < 1e-6, "{point:?} {profit}");
            assert_eq!(point.calls, 2.0 * called.len() as f64);
            assert!(point.low <= point.profit + 1e-6 && point.profit <= point.high + 1e-6, "{point:?}");
        }
        assert_eq!((curve.points[0].calls, curve.points[0].profit), (0.0, 0.0));
        assert_eq!(curve.points.last().unwrap().calls, 6000.0);
        // The highest profit of all thresholds is on the thinned curve.
        let most = (0..=200)
            .map(|step| {
                let c = test.confusion(f64::from(step) / 200.0);
                2.0 * spec().profit(c.true_positive as f64, (c.true_positive + c.false_positive) as f64)
            })
            .fold(f64::MIN, f64::max);
        let drawn = curve.points.iter().map(|point| point.profit).fold(f64::MIN, f64::max);
        assert!((most - drawn).abs() < 1e-6, "{most} {drawn}");
        let again = ProfitCurve::new(&test, &spec(), 6000, 1, &Reporter::silent()).unwrap();
        assert_eq!(again, curve, "same seed, same band");
        assert_ne!(ProfitCurve::new(&test, &spec(), 6000, 2, &Reporter::silent()).unwrap(), curve);
    }

    /// The band is that of drawing rows one by one, class by class.
    #[test]
    fn the_band_is_that_of_a_plain_bootstrap() {
        let (p, y) = scored(800, 4);
        let test = Evaluation::new(&p, &y);
        let curve = ProfitCurve::new(&test, &spec(), 800, 7, &Reporter::silent()).unwrap();
        let rows: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
        let (lost, kept): (Vec<(f64, bool)>, Vec<_>) = rows.iter().copied().partition(|(_, y)| *y);
        let mut rng = ChaCha8Rng::seed_from_u64(99);
        for threshold in [0.8, 0.6, 0.4] {
            let mut profits: Vec<f64> = (0..2000)
                .map(|_| {
                    let mut draw = |of: &[(f64, bool)]| {
                        (0..of.len()).filter(|_| of[rng.gen_range(0..of.len())].0 >= threshold).count() as f64
                    };
                    let (hits, others) = (draw(&lost), draw(&kept));
                    spec().profit(hits, hits + others)
                })
                .collect();
            profits.sort_by(f64::total_cmp);
            let point = curve.at(threshold).unwrap();
            let width = profits[1949] - profits[50];
            assert!((point.low - profits[50]).abs() < 0.15 * width, "{point:?} {}", profits[50]);
            assert!((point.high - profits[1949]).abs() < 0.15 * width, "{point:?} {}", profits[1949]);
        }
    }

    /// `cargo test --release -p regulars-engine money_timing -- --ignored --nocapture`.
    #[test]
    #[ignore = "a timing, run by hand"]
    fn money_timing() {
        for rows in [2_000, 20_000, 200_000] {
            let (p, y) = scored(rows, 1);
            let p: Vec<f64> = p.iter().enumerate().map(|(at, p)| p + 1e-9 * at as f64).collect();
            let test = Evaluation::new(&p, &y);
            let clock = std::time::Instant::now();
            let curve = ProfitCurve::new(&test, &spec(), 1_000_000, 1, &Reporter::silent()).unwrap();
            let took = 1e3 * clock.elapsed().as_secs_f64();
            println!("{rows} test rows: curve and band of {} points in {took:.0} ms", curve.points.len());
        }
    }

    #[test]
    fn the_best_threshold_is_found_and_nobody_is_called_where_no_call_pays() {
        let (p, y) = scored(5000, 3);
        let valid = Evaluation::new(&p, &y);
        let best = best_threshold(&valid, &spec()).unwrap();
        let profit = |t: f64| {
            let c = valid.confusion(t);
            spec().profit(c.true_positive as f64, (c.true_positive + c.false_positive) as f64)
        };
        assert!((0..=200).all(|step| profit(f64::from(step) / 200.0) <= profit(best)));
        // Calls pay from p² = 10 / 36.
        assert!((best - (10.0f64 / 36.0).sqrt()).abs() < 0.06, "{best}");
        assert_eq!(best_threshold(&valid, &MoneySpec { value: 1.0, ..spec() }), None);
        assert_eq!(best_threshold(&Evaluation::new(&[], &[]), &spec()), None);
        let none = ProfitCurve::new(&Evaluation::new(&[], &[]), &spec(), 9, 1, &Reporter::silent()).unwrap();
        assert_eq!(none.points.len(), 1);
    }
}
