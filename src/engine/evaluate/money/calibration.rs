//! How the probabilities of test rows came true, drawn anew many times: what the probabilities of a list
//! may be worth.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};

use crate::evaluate::Evaluation;

/// Rows of each class below which there is nothing to draw from.
const LEAST_PER_CLASS: u64 = 10;
/// Groups of rows with about the same probability.
const GROUPS: usize = 100;
/// Weight by which the curve is drawn to that of true probabilities: it only counts where all
/// probabilities are equal.
const RIDGE: f64 = 1e-6;

/// ln(p / (1 − p)), with p kept 1e-9 from 0 and 1.
pub(super) fn log_odds(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Rows with about the same probability.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// Their mean log-odds.
    x: f64,
    /// Rows that left, and those that did not.
    rows: [u64; 2],
}

/// Test rows in at most [`GROUPS`] groups, each of neighbours in probability.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    groups: Vec<Group>,
    total: u64,
}

/// σ(`slope` · log-odds + `offset`): what a probability is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Worth {
    pub slope: f64,
    pub offset: f64,
}

impl Worth {
    /// The probability, from the log-odds of the one that the model says.
    pub fn at(self, x: f64) -> f64 {
        sigmoid(self.slope * x + self.offset)
    }
}

impl Seen {
    /// `None` where a class has fewer than [`LEAST_PER_CLASS`] rows.
    pub fn of(test: &Evaluation) -> Option<Self> {
        let (rows, positives) = (test.rows() as u64, test.positives());
        if positives.min(rows - positives) < LEAST_PER_CLASS {
            return None;
        }
        let least = rows.div_ceil(GROUPS as u64);
        let (mut groups, mut open) = (Vec::new(), Group::default());
        let mut before = 0;
        for end in test.ends() {
            let hits = test.hits_of(end) - test.hits_of(before);
            let count = (end - before) as u64;
            open.x += count as f64 * log_odds(test.threshold_of(end));
            open.rows = [open.rows[0] + hits, open.rows[1] + count - hits];
            before = end;
            if open.rows[0] + open.rows[1] >= least {
                groups.push(std::mem::take(&mut open));
            }
        }
        if open.rows != [0, 0] {
            groups.push(open);
        }
        groups.iter_mut().for_each(|group| group.x /= (group.rows[0] + group.rows[1]) as f64);
        Some(Self { groups, total: rows })
    }

    /// Platt's curve of these rows.
    #[cfg(test)]
    pub fn fit(&self) -> Worth {
        fit(&self.groups)
    }

    /// Platt's curve of as many rows, drawn from these with replacement: each class of each group gets
    /// its share of a multinomial draw, by conditional binomials, so a million rows take no longer than
    /// a thousand.
    pub fn redraw(&self, rng: &mut ChaCha8Rng) -> Worth {
        let (mut left, mut from) = (self.total, self.total);
        let mut drawn = self.groups.clone();
        for group in &mut drawn {
            for count in &mut group.rows {
                let of = *count;
                let got = match (of, left) {
                    (0, _) | (_, 0) => 0,
                    (of, left) if of >= from => left,
                    (of, left) => Binomial::new(left, of as f64 / from as f64)
                        .map_or(0, |draw| draw.sample(rng).min(left)),
                };
                left -= got;
                from -= of;
                *count = got;
            }
        }
        fit(&drawn)
    }
}

/// Platt's sigmoid (Platt 1999) with his softened targets (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) over
/// groups, by Newton's method with halved steps (Lin, Lin and Weng 2007), from true probabilities on.
fn fit(groups: &[Group]) -> Worth {
    let sum = |class: usize| groups.iter().map(|group| group.rows[class] as f64).sum::<f64>();
    let (positive, negative) = (sum(0), sum(1));
    let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
    // Log-odds, weight, wanted sum.
    let all: Vec<(f64, f64, f64)> = groups
        .iter()
        .map(|group| (group.x, group.rows.map(|rows| rows as f64)))
        .map(|(x, [yes, no])| (x, yes + no, yes * high + no * low))
        .collect();
    let ridge = RIDGE * (positive + negative);
    let loss = |of: Worth| -> f64 {
        let of_group = |(x, weight, wanted): &(f64, f64, f64)| {
            let z = of.slope * x + of.offset;
            weight * (z.max(0.0) + (-z.abs()).exp().ln_1p()) - wanted * z
        };
        all.iter().map(of_group).sum::<f64>() + ridge / 2.0 * ((of.slope - 1.0).powi(2) + of.offset.powi(2))
    };
    let mut now = Worth { slope: 1.0, offset: 0.0 };
    let mut least = loss(now);
    for _ in 0..50 {
        let (mut h11, mut h22, mut h21) = (ridge, ridge, 0.0);
        let (mut g1, mut g2) = (ridge * (now.slope - 1.0), ridge * now.offset);
        for (x, weight, wanted) in &all {
            let q = now.at(*x);
            let (d1, d2) = (weight * q - wanted, weight * q * (1.0 - q));
            h11 += x * x * d2;
            h22 += d2;
            h21 += x * d2;
            g1 += x * d1;
            g2 += d1;
        }
        let det = h11 * h22 - h21 * h21;
        if det.is_nan() || det <= 0.0 {
            break;
        }
        let (d1, d2) = (-(h22 * g1 - h21 * g2) / det, -(h11 * g2 - h21 * g1) / det);
        let descent = g1 * d1 + g2 * d2;
        let mut step = 1.0;
        let mut moved = false;
        while step >= 1e-6 {
            let next = Worth { slope: now.slope + step * d1, offset: now.offset + step * d2 };
            let of_next = loss(next);
            if of_next < least + 1e-4 * step * descent {
                (now, least, moved) = (next, of_next, true);
                break;
            }
            step /= 2.0;
        }
        if !moved || step * d1.abs().max(d2.abs()) < 1e-9 {
            break;
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Repair, RepairKind};
    use rand::{Rng, SeedableRng};

    #[test]
    fn groups_give_the_curve_of_their_rows() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for n in [60, 95, 4000] {
            let (p, y): (Vec<f64>, Vec<bool>) = (0..n)
                .map(|_| {
                    let z: f64 = rng.gen_range(-2.5..2.0);
                    (sigmoid(1.7 * z + 0.3), rng.gen_bool(sigmoid(z)))
                })
                .unzip();
            let worth = Seen::of(&Evaluation::new(&p, &y)).unwrap().fit();
            let Some(Repair::Platt { slope, offset }) = Repair::fit(RepairKind::Platt, &p, &y) else {
                panic!()
            };
            // One row a group: the same but for the ridge; 20 rows: their log-odds differ a little.
            let near = if n <= GROUPS { 1e-3 } else { 0.01 };
            assert!((worth.slope - slope).abs() < near, "{n}: {worth:?} for {slope}");
            assert!((worth.offset - offset).abs() < near, "{n}: {worth:?} for {offset}");
        }
    }

    #[test]
    fn equal_probabilities_and_a_class_of_few_do_no_harm() {
        let y: Vec<bool> = (0..100).map(|at| at % 5 == 0).collect();
        let worth = Seen::of(&Evaluation::new(&[0.5; 100], &y)).unwrap().fit();
        assert!((worth.at(0.0) - 0.2).abs() < 0.02, "{worth:?}");
        let few: Vec<bool> = (0..100).map(|at| at < 9).collect();
        assert!(Seen::of(&Evaluation::new(&[0.5; 100], &few)).is_none());
        // Parted without a miss: softened targets keep it finite.
        let p: Vec<f64> = (0..100).map(|at| if at < 50 { 0.9 } else { 0.1 }).collect();
        let y: Vec<bool> = (0..100).map(|at| at < 50).collect();
        let worth = Seen::of(&Evaluation::new(&p, &y)).unwrap().fit();
        assert!(worth.slope.is_finite() && worth.slope < 10.0, "{worth:?}");
    }
}
