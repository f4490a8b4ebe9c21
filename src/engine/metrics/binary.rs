//! Figures of a model that tells two classes apart. Rows are sorted once; every figure then comes from one
//! pass over that order, whatever the rows count: weights, or how often a bootstrap drew them.

use super::estimates::Bin;
use super::{Confusion, Figure, Values};

/// Bins of the calibration error.
pub const BINS: usize = 10;

/// A row in the order of falling scores.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    positive: f64,
    /// Log loss and squared error of its probability.
    loss: f64,
    square: f64,
    /// Probability less label.
    gap: f64,
    /// The last of the rows with this score, and the last of this bin of equal width.
    ends_ties: bool,
    ends_bin: bool,
}

/// Scores and labels, sorted once.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted {
    scores: Vec<f64>,
    rows: Vec<Row>,
    /// In the order of `rows`; `None` where every row counts once.
    weights: Option<Vec<f64>>,
    /// Scores are probabilities.
    probable: bool,
}

/// The bin of equal width: as scikit-learn's `calibration_curve`, a value on an edge belongs below it.
fn bin_of(score: f64) -> usize {
    (1..BINS).take_while(|edge| *edge as f64 * (1.0 / BINS as f64) < score).count()
}

impl Sorted {
    /// Sorts; the slices belong to the same rows. `None` where their lengths differ, a score is no finite
    /// number, or a weight is negative or no finite number.
    pub fn new(scores: &[f64], labels: &[bool], weights: Option<&[f64]>) -> Option<Self> {
        let is_good = scores.len() == labels.len()
            && scores.iter().all(|score| score.is_finite())
            && weights
                .is_none_or(|w| w.len() == scores.len() && w.iter().all(|w| w.is_finite() && *w >= 0.0));
        if !is_good {
            return None;
        }
        let mut all: Vec<(f64, bool, f64)> = scores
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(at, (score, label))| {
                (*score, *label, weights.and_then(|w| w.get(at).copied()).unwrap_or(1.0))
            })
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let probable = all.iter().all(|(score, ..)| (0.0..=1.0).contains(score));
        let mut rows: Vec<Row> = all.iter().map(|(score, label, _)| row(*score, *label)).collect();
        for (row, pair) in rows.iter_mut().zip(all.windows(2)) {
            let [(now, ..), (next, ..)] = pair else { continue };
            row.ends_ties = now != next;
            row.ends_bin = bin_of(*now) != bin_of(*next);
        }
        if let Some(last) = rows.last_mut() {
            (last.ends_ties, last.ends_bin) = (true, true);
        }
        let weights = weights.map(|_| all.iter().map(|(.., weight)| *weight).collect());
        Some(Self { scores: all.iter().map(|(score, ..)| *score).collect(), rows, weights, probable })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True where there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Rows with a score of at least `threshold`.
    pub fn flagged(&self, threshold: f64) -> usize {
        self.scores.partition_point(|score| *score >= threshold)
    }

    /// Places of the positive and of the other rows in the sorted order: the strata of a bootstrap.
    pub fn strata(&self) -> [Vec<u32>; 2] {
        let of = |positive: bool| {
            let all = self.rows.iter().enumerate().filter(move |(_, row)| (row.positive > 0.5) == positive);
            all.map(|(at, _)| at as u32).collect()
        };
        [of(true), of(false)]
    }

    /// Rows of each kind at the threshold; weights are not asked.
    pub fn confusion(&self, threshold: f64) -> Confusion {
        let flagged = self.flagged(threshold);
        let positives = |rows: &[Row]| rows.iter().filter(|row| row.positive > 0.5).count() as u64;
        let (above, below) = self.rows.split_at(flagged);
        let (hits, missed) = (positives(above), positives(below));
        Confusion {
            true_positive: hits,
            false_positive: above.len() as u64 - hits,
            false_negative: missed,
            true_negative: below.len() as u64 - missed,
        }
    }

    /// Squared errors of the rows, and their log losses.
    pub(super) fn terms(&self) -> (Vec<f64>, Vec<f64>) {
        self.rows.iter().map(|row| (row.square, row.loss)).unzip()
    }

    /// Scores and labels in the sorted order.
    pub(super) fn columns(&self) -> (&[f64], Vec<bool>) {
        (&self.scores, self.rows.iter().map(|row| row.positive > 0.5).collect())
    }

    /// The bins of the calibration error: of equal width, or of equal weight where `mass`.
    pub(super) fn bins(&self, mass: bool) -> [Bin; BINS] {
        let mut bins = [Bin::default(); BINS];
        let n = self.rows.len().max(1) as f64;
        let (mut from, mut place) = (0, 0);
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| row.ends_ties) {
            let tied = self.rows.get(from..=at).unwrap_or_default();
            let bin = match mass {
                true => ((BINS as f64 * (from as f64 + tied.len() as f64 / 2.0) / n) as usize).min(BINS - 1),
                false => place,
            };
            if let Some(bin) = bins.get_mut(bin) {
                bin.gap += tied.iter().map(|row| row.gap).sum::<f64>() / n;
                bin.variance += tied.iter().map(|row| row.square).sum::<f64>() / (n * n);
            }
            place += usize::from(row.ends_bin);
            from = at + 1;
        }
        bins
    }

    /// True where scores are probabilities.
    pub fn is_probable(&self) -> bool {
        self.probable
    }

    /// Every figure at the threshold, rows counting their weights.
    pub fn measure(&self, threshold: f64) -> Values {
        let flagged = self.flagged(threshold);
        match &self.weights {
            Some(weights) => self.pass(flagged, |at| weights.get(at).copied().unwrap_or(0.0)),
            None => self.pass(flagged, |_| 1.0),
        }
    }

    /// [`measure`](Self::measure) of a draw: each row counts as often as it was drawn, times its weight.
    /// `flagged` is [`flagged`](Self::flagged) of the threshold, asked once.
    pub fn measure_drawn(&self, flagged: usize, drawn: &[u32]) -> Values {
        let times = |at: usize| f64::from(drawn.get(at).copied().unwrap_or(0));
        match &self.weights {
            Some(weights) => self.pass(flagged, |at| times(at) * weights.get(at).copied().unwrap_or(0.0)),
            None => self.pass(flagged, times),
        }
    }

    fn pass(&self, flagged: usize, weight: impl Fn(usize) -> f64) -> Values {
        let all: f64 = (0..self.rows.len()).map(&weight).sum();
        if all <= 0.0 {
            return [f64::NAN; Figure::COUNT];
        }
        let (mut tp, mut fp) = (0.0, 0.0);
        let (mut tied_p, mut tied_n, mut tied_gap) = (0.0, 0.0, 0.0);
        let (mut area, mut precisions, mut loss, mut square) = (0.0, 0.0, 0.0, 0.0);
        let (mut gap, mut ece, mut mass_gap, mut ece_mass, mut mass_bin) = (0.0f64, 0.0, 0.0f64, 0.0, 0usize);
        let (mut hit, mut wrong) = (0.0, 0.0);
        for (at, row) in self.rows.iter().enumerate() {
            if at == flagged {
                (hit, wrong) = (tp, fp);
            }
            let w = weight(at);
            let positive = w * row.positive;
            tied_p += positive;
            tied_n += w - positive;
            loss += w * row.loss;
            square += w * row.square;
            let missed = w * row.gap;
            gap += missed;
            tied_gap += missed;
            if row.ends_bin {
                ece += gap.abs();
                gap = 0.0;
            }
            if row.ends_ties {
                let bin = ((BINS as f64 * (tp + fp + (tied_p + tied_n) / 2.0) / all) as usize).min(BINS - 1);
                if bin != mass_bin {
                    ece_mass += mass_gap.abs();
                    (mass_gap, mass_bin) = (0.0, bin);
                }
                mass_gap += tied_gap;
                area += tied_n * (tp + tied_p / 2.0);
                tp += tied_p;
                fp += tied_n;
                if tied_p > 0.0 {
                    precisions += tied_p * tp / (tp + fp);
                }
                (tied_p, tied_n, tied_gap) = (0.0, 0.0, 0.0);
            }
        }
        ece_mass += mass_gap.abs();
        if flagged >= self.rows.len() {
            (hit, wrong) = (tp, fp);
        }
        let counts = Counts { hit, wrong, positive: tp, negative: fp };
        let probable = |value: f64| if self.probable { value / all } else { f64::NAN };
        let over = |value: f64, by: f64| if by > 0.0 { value / by } else { f64::NAN };
        [
            counts.accuracy(),
            counts.balanced_accuracy(),
            or_zero(hit, hit + wrong),
            or_zero(hit, tp),
            or_zero(2.0 * hit, hit + wrong + tp),
            counts.matthews(),
            over(area, tp * fp),
            over(precisions, tp),
            probable(loss),
            probable(square),
            probable(ece),
            probable(ece_mass),
        ]
    }
}

/// The value over `by`, 0 where that is 0: scikit-learn's `zero_division`.
fn or_zero(value: f64, by: f64) -> f64 {
    if by > 0.0 { value / by } else { 0.0 }
}

fn row(score: f64, label: bool) -> Row {
    let positive = f64::from(u8::from(label));
    let kept = score.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    Row {
        positive,
        loss: if label { -kept.ln() } else { -(1.0 - kept).ln() },
        square: (score - positive).powi(2),
        gap: score - positive,
        ends_ties: false,
        ends_bin: false,
    }
}

/// Weights behind the figures of a threshold.
struct Counts {
    /// Flagged and positive; flagged and not.
    hit: f64,
    wrong: f64,
    positive: f64,
    negative: f64,
}

impl Counts {
    fn accuracy(&self) -> f64 {
        (self.hit + self.negative - self.wrong) / (self.positive + self.negative)
    }

    /// The mean over the classes that are there.
    fn balanced_accuracy(&self) -> f64 {
        let (recall, specificity) = (self.hit / self.positive, 1.0 - self.wrong / self.negative);
        match (self.positive > 0.0, self.negative > 0.0) {
            (true, true) => (recall + specificity) / 2.0,
            (true, false) => recall,
            _ => specificity,
        }
    }

    /// Matthews's correlation (1975); 0 where a row or a column of the table is empty.
    fn matthews(&self) -> f64 {
        let (missed, left) = (self.positive - self.hit, self.negative - self.wrong);
        let flagged = self.hit + self.wrong;
        let product = flagged * (missed + left) * self.positive * self.negative;
        if product > 0.0 { (self.hit * left - self.wrong * missed) / product.sqrt() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_counts_twice_is_a_row_that_is_there_twice() {
        let scores = [0.9, 0.2, 0.6, 0.4, 0.6, 0.6];
        let labels = [true, false, true, true, false, false];
        let sorted = Sorted::new(&scores, &labels, None).unwrap();
        // In the sorted order: 0.9, then the three of 0.6, then 0.4 and 0.2.
        let drawn = [2, 0, 1, 3, 0, 1];
        let mut many = (Vec::new(), Vec::new());
        for (at, times) in drawn.iter().enumerate() {
            let row = &sorted.rows[at];
            many.0.extend(std::iter::repeat_n(sorted.scores[at], *times as usize));
            many.1.extend(std::iter::repeat_n(row.positive > 0.5, *times as usize));
        }
        let apart = Sorted::new(&many.0, &many.1, None).unwrap().measure(0.5);
        let weights: Vec<f64> = drawn.iter().map(|times| f64::from(*times)).collect();
        let labels: Vec<bool> = sorted.rows.iter().map(|row| row.positive > 0.5).collect();
        let weighted = Sorted::new(&sorted.scores, &labels, Some(&weights)).unwrap().measure(0.5);
        let drawn = sorted.measure_drawn(sorted.flagged(0.5), &drawn);
        for figure in Figure::ALL {
            let of = |values: &Values| figure.of(values).unwrap();
            assert!((of(&drawn) - of(&apart)).abs() < 1e-12, "{figure:?}");
            assert!((of(&weighted) - of(&apart)).abs() < 1e-12, "{figure:?}");
        }
    }

    #[test]
    fn what_cannot_be_measured_is_not() {
        assert!(Sorted::new(&[f64::NAN], &[true], None).is_none());
        assert!(Sorted::new(&[0.5], &[true, false], None).is_none());
        assert!(Sorted::new(&[0.5], &[true], Some(&[-1.0])).is_none());
        let none = Sorted::new(&[], &[], None).unwrap().measure(0.5);
        assert!(Figure::ALL.iter().all(|figure| figure.of(&none).is_none()));
        let one = Sorted::new(&[0.7, 0.2], &[true, true], None).unwrap().measure(0.5);
        assert!(Figure::RocAuc.of(&one).is_none() && Figure::Accuracy.of(&one) == Some(0.5));
        let beyond = Sorted::new(&[1.7, 0.2], &[true, false], None).unwrap().measure(0.5);
        assert!(Figure::Brier.of(&beyond).is_none() && Figure::RocAuc.of(&beyond) == Some(1.0));
    }
}
