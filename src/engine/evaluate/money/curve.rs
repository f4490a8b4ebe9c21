//! What calling the list in force gains, call by call, with a band from test rows.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::calibration::{Seen, log_odds};
use super::{Book, MoneySpec};
use crate::curve::places;
use crate::evaluate::Evaluation;
use crate::job::Reporter;

/// Points of the curve.
const POINTS: usize = 400;
/// Customers of the list are taken together in about as many groups for the band.
const GROUPS: usize = 1000;
/// Bootstrap replicates, and how many are made between two looks at whether to go on.
const REPLICATES: usize = 1000;
const AT_ONCE: usize = 100;

/// What calling everyone down to a threshold gains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfitPoint {
    /// The probability of the last who is called; above 1 where nobody is.
    pub threshold: f64,
    /// Customers called of the list in force.
    pub calls: usize,
    /// What [`Book::of`] says of as many calls.
    pub profit: f64,
    /// 95% of the redraws of test rows lie between; `None` where there are too few of them.
    pub band: Option<(f64, f64)>,
}

impl ProfitPoint {
    /// True where test rows say something else than the probabilities do.
    pub fn is_off(&self) -> bool {
        self.band.is_some_and(|(low, high)| self.profit < low || self.profit > high)
    }
}

/// The curve, from nobody called to as many as the limit allows.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfitCurve {
    /// Test rows that the band comes from, which the model never saw.
    pub rows: usize,
    /// Customers of the list in force who can be called.
    pub customers: usize,
    pub points: Vec<ProfitPoint>,
}

impl ProfitCurve {
    /// Profit of every number of calls that a threshold can ask for, within the limit, by the
    /// probabilities of the list; the points are thinned for a picture without losing an extreme. The band is a
    /// percentile bootstrap (Efron 1979): test rows are drawn anew, Platt's curve of how their
    /// probabilities came true is fitted to each draw, and the probabilities of the list go through it.
    /// It is a band of what is to be expected: that chance decides who of them leaves comes on top.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn new(
        test: &Evaluation,
        spec: &MoneySpec,
        book: &Book,
        seed: u64,
        report: &Reporter,
    ) -> crate::Result<Self> {
        Self::of(test, spec, book, (seed, REPLICATES), report)
    }

    fn of(
        test: &Evaluation,
        spec: &MoneySpec,
        book: &Book,
        draws: (u64, usize),
        report: &Reporter,
    ) -> crate::Result<Self> {
        let mut ends = book.ends(spec.most_calls().unwrap_or(usize::MAX));
        ends.insert(0, 0);
        let exact: Vec<f64> = ends.iter().map(|&end| book.of(spec, end).profit).collect();
        let ends: Vec<usize> =
            places(&exact, POINTS).into_iter().filter_map(|at| ends.get(at).copied()).collect();
        report.check()?;
        let leavers = redrawn(test, book, &ends, draws, report)?;
        let band = |at: usize, calls: usize| {
            let mut values: Vec<f64> = leavers.iter().filter_map(|one| one.get(at).copied()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let of = |share: f64| {
                let at = (share * (values.len() as f64 - 1.0)).round().max(0.0) as usize;
                values.get(at).map(|leavers| spec.profit(*leavers, calls as f64))
            };
            of(0.025).zip(of(0.975))
        };
        let points = ends
            .par_iter()
            .enumerate()
            .map(|(at, &calls)| ProfitPoint {
                threshold: match calls.checked_sub(1) {
                    Some(last) => book.probability(last).unwrap_or(0.0),
                    None => 1.0 + f64::EPSILON,
                },
                calls,
                profit: book.of(spec, calls).profit,
                band: band(at, calls),
            })
            .collect();
        Ok(Self { rows: test.rows(), customers: book.len(), points })
    }

    /// The point whose threshold is nearest, from above where there are two.
    pub fn at(&self, threshold: f64) -> Option<&ProfitPoint> {
        // Thresholds descend.
        let after = self.points.partition_point(|point| point.threshold >= threshold);
        self.points.get(after.saturating_sub(1))
    }

    /// The point whose number of calls is nearest.
    pub fn nearest(&self, calls: f64) -> Option<&ProfitPoint> {
        let far = |point: &&ProfitPoint| (point.calls as f64 - calls).abs();
        self.points.iter().min_by(|a, b| far(a).total_cmp(&far(b)))
    }
}

/// Customers who would leave among the first of the list, up to each of `ends`, by each redraw of the
/// test rows; none where there are too few of those.
fn redrawn(
    test: &Evaluation,
    book: &Book,
    ends: &[usize],
    (seed, replicates): (u64, usize),
    report: &Reporter,
) -> crate::Result<Vec<Vec<f64>>> {
    let Some(seen) = Seen::of(test) else { return Ok(Vec::new()) };
    let last = ends.last().copied().unwrap_or(0);
    // Groups end where points do, and at even steps between.
    let mut cuts: Vec<usize> = (0..=last).step_by(last.div_ceil(GROUPS).max(1)).collect();
    cuts.extend_from_slice(ends);
    cuts.sort_unstable();
    cuts.dedup();
    // Customers of a group, and their mean log-odds.
    let groups: Vec<(f64, f64)> = cuts
        .windows(2)
        .filter_map(|pair| {
            let (from, to) = (*pair.first()?, *pair.last()?);
            let odds = (from..to).filter_map(|at| book.probability(at)).map(log_odds).sum::<f64>();
            let count = (to - from) as f64;
            Some((count, odds / count))
        })
        .collect();
    let places: Vec<usize> = ends.iter().filter_map(|end| cuts.binary_search(end).ok()).collect();
    let replicate = |stream: usize| -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        let worth = seen.redraw(&mut rng);
        let mut sums = Vec::with_capacity(groups.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for (count, odds) in &groups {
            sum += count * worth.at(*odds);
            sums.push(sum);
        }
        places.iter().filter_map(|at| sums.get(*at).copied()).collect()
    };
    let mut out: Vec<Vec<f64>> = Vec::with_capacity(replicates);
    for from in (0..replicates).step_by(AT_ONCE) {
        report.check()?;
        out.par_extend((from..(from + AT_ONCE).min(replicates)).into_par_iter().map(replicate));
        report.progress((from + AT_ONCE).min(replicates) as f64 / replicates as f64);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::book::tests::customers;
    use super::super::{Limit, calibration::Worth};
    use super::*;
    use crate::deploy::FollowUps;
    use rand::Rng;

    /// Probabilities p, and labels that are true as often as `truth` says.
    fn scored(n: usize, truth: impl Fn(f64) -> f64, rng: &mut ChaCha8Rng) -> (Vec<f64>, Vec<bool>) {
        (0..n)
            .map(|_| {
                let p: f64 = rng.gen_range(0.02..0.9);
                // Steps, so that there are ties.
                let p = (p * 200.0).round() / 200.0;
                (p, rng.gen_bool(truth(p)))
            })
            .unzip()
    }

    fn spec() -> MoneySpec {
        MoneySpec { value: 120.0, cost: 10.0, accept: 0.3, ..MoneySpec::default() }
    }

    fn book(mut p: Vec<f64>) -> Book {
        p.sort_by(|a, b| b.total_cmp(a));
        Book::new(&customers(&p), &FollowUps::new(), "2026-11-28")
    }

    #[test]
    fn the_curve_is_that_of_the_list_and_its_top_is_the_recommended_plan() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (p, y) = scored(3000, |p| p, &mut rng);
        let test = Evaluation::new(&p, &y);
        let book = book(scored(2500, |p| p, &mut rng).0);
        let quiet = Reporter::silent();
        let curve = ProfitCurve::new(&test, &spec(), &book, 1, &quiet).unwrap();
        assert_eq!((curve.rows, curve.customers), (3000, 2500));
        for point in &curve.points {
            let called = book.called(&spec(), point.threshold);
            assert_eq!((called.calls, called.profit), (point.calls, point.profit));
            let (low, high) = point.band.unwrap();
            assert!(low <= high && (point.calls > 0 || (low, high) == (0.0, 0.0)), "{point:?}");
        }
        assert_eq!((curve.points[0].calls, curve.points[0].profit), (0, 0.0));
        assert_eq!(curve.points.last().unwrap().calls, 2500);
        let top = curve.points.iter().max_by(|a, b| a.profit.total_cmp(&b.profit)).unwrap();
        let best = book.best(&spec()).unwrap();
        assert_eq!(book.called(&spec(), best).profit, top.profit);
        assert!(top.threshold > spec().pays_from() && !top.is_off());
        assert_eq!(ProfitCurve::new(&test, &spec(), &book, 1, &quiet).unwrap(), curve, "same seed");
        assert_ne!(ProfitCurve::new(&test, &spec(), &book, 2, &quiet).unwrap(), curve);
        // A limit ends the curve, and the recommended plan with it.
        let limited = MoneySpec { limit: Limit::Calls(40), ..spec() };
        let curve = ProfitCurve::new(&test, &limited, &book, 1, &quiet).unwrap();
        assert!(curve.points.iter().all(|point| point.calls <= 40));
        let called = book.called(&limited, book.best(&limited).unwrap());
        assert!(called.calls > 0 && called.calls == called.wanted && called.calls <= 40, "{called:?}");
    }

    #[test]
    fn probabilities_that_do_not_come_true_are_off_the_band() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (p, y) = scored(3000, |p| p / 2.0, &mut rng);
        let book = book(scored(500, |p| p, &mut rng).0);
        let curve =
            ProfitCurve::new(&Evaluation::new(&p, &y), &spec(), &book, 1, &Reporter::silent()).unwrap();
        let last = curve.points.last().unwrap();
        assert!(last.is_off() && last.profit > last.band.unwrap().1, "{last:?}");
        // Too few test rows: a curve without a band.
        let few = Evaluation::new(&p[..12], &y[..12]);
        let curve = ProfitCurve::new(&few, &spec(), &book, 1, &Reporter::silent()).unwrap();
        assert!(curve.points.len() > 2 && curve.points.iter().all(|p| p.band.is_none() && !p.is_off()));
        let nobody = ProfitCurve::new(&few, &spec(), &Book::default(), 1, &Reporter::silent()).unwrap();
        assert_eq!(nobody.points.len(), 1);
    }

    /// 300 shops, each with 400 test rows and a list of 300: the band holds what calling the list is
    /// worth by the true probabilities.
    #[test]
    fn the_band_covers_what_the_list_is_worth() {
        let truth = Worth { slope: 0.8, offset: -0.3 };
        let true_p = |p: f64| truth.at(log_odds(p));
        let (mut held, mut all) = (0, 0);
        for shop in 0..300 {
            let mut rng = ChaCha8Rng::seed_from_u64(1000 + shop);
            let (p, y) = scored(400, true_p, &mut rng);
            let book = book(scored(300, |p| p, &mut rng).0);
            let curve =
                ProfitCurve::of(&Evaluation::new(&p, &y), &spec(), &book, (shop, 200), &Reporter::silent())
                    .unwrap();
            let point = curve.nearest(100.0).unwrap();
            let leavers: f64 = (0..point.calls).filter_map(|at| book.probability(at)).map(true_p).sum();
            let worth = spec().profit(leavers, point.calls as f64);
            let (low, high) = point.band.unwrap();
            held += u32::from(low <= worth && worth <= high);
            all += 1;
        }
        let share = f64::from(held) / f64::from(all);
        assert!((0.925..=0.975).contains(&share), "{held} of {all}");
    }

    /// `cargo test --release -p regulars-engine money_timing -- --ignored --nocapture`.
    #[test]
    #[ignore = "a timing, run by hand"]
    fn money_timing() {
        for rows in [2_000, 20_000, 200_000] {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let (p, y) = scored(rows, |p| p, &mut rng);
            let p: Vec<f64> = p.iter().enumerate().map(|(at, p)| p + 1e-9 * at as f64).collect();
            let test = Evaluation::new(&p, &y);
            let book = book((0..1_000_000).map(|at| (at as f64 + 0.5) / 1e6).collect());
            let clock = std::time::Instant::now();
            let curve = ProfitCurve::new(&test, &spec(), &book, 1, &Reporter::silent()).unwrap();
            let took = 1e3 * clock.elapsed().as_secs_f64();
            println!("{rows} test rows: curve and band of {} points in {took:.0} ms", curve.points.len());
        }
    }
}
