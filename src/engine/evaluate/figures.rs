//! The table of figures: each with its interval, beside what the majority guess gets; whether other models
//! really differ; and how far so few customers can be trusted.

use serde::Serialize;

use super::is_judged;
use crate::metrics::{self, Estimate, Figure, Measured, Paired, Placements, Sorted, paired_accuracy};
use crate::train::{LEAST_PER_CLASS, ModelKind};

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GuessKind {
    /// Everybody gets the share of positive rows that is known from training.
    Majority,
    /// As many rows as the model flags, drawn by chance: for precision, recall and F1, of which a guess that
    /// flags nobody, or everybody, says nothing.
    SameShare,
}

/// What a guess gets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Guess {
    pub value: f64,
    pub kind: GuessKind,
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FigureRow {
    pub measured: Measured,
    /// Absent where a guess has no such figure: none where the model flags nobody.
    pub guess: Option<Guess>,
    /// False below the floor, see [`is_judged`].
    pub judged: bool,
}

impl FigureRow {
    /// True if the whole interval is better than the guess; `None` without one, and below the floor.
    pub fn beats_guess(&self) -> Option<bool> {
        let (e, guess) = (self.measured.estimate, self.guess.filter(|_| self.judged)?.value);
        Some(if self.measured.figure.is_loss() { e.high < guess } else { e.low > guess })
    }
}

/// Every figure of a model on rows that it never saw.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureTable {
    pub rows: usize,
    pub positives: u64,
    pub threshold: f64,
    /// Draws of the bootstrap.
    pub replicates: usize,
    pub figures: Vec<FigureRow>,
}

impl FigureTable {
    /// Measures. `scores` are probabilities, `labels` belong to the same rows, `rate` is the share of
    /// positive rows that the majority guess knows. `None` where a score is no finite number. Once `goes_on`
    /// says no, the draws end.
    pub fn new(
        scores: &[f64],
        labels: &[bool],
        (threshold, rate): (f64, Option<f64>),
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Option<Self> {
        let sorted = Sorted::new(scores, labels, None)?;
        let positives = labels.iter().filter(|label| **label).count();
        let judged = is_judged(positives.min(labels.len() - positives));
        let majority = rate.and_then(|rate| {
            let constant = vec![rate.clamp(0.0, 1.0); labels.len()];
            // The majority guess flags everybody or nobody: half is its threshold.
            Some(Sorted::new(&constant, labels, None)?.measure(0.5))
        });
        let n = labels.len().max(1) as f64;
        let flagged = scores.iter().filter(|score| **score >= threshold).count() as f64 / n;
        let drawn = drawn(flagged, positives as f64 / n);
        let measured = metrics::estimates(&sorted, threshold, metrics::SEED, goes_on);
        let row = |measured: Measured| {
            let guess = match measured.figure {
                figure @ (Figure::Precision | Figure::Recall | Figure::F1) => {
                    drawn(figure).map(|value| Guess { value, kind: GuessKind::SameShare })
                }
                figure => {
                    let value = majority.as_ref().and_then(|values| figure.of(values));
                    value.map(|value| Guess { value, kind: GuessKind::Majority })
                }
            };
            FigureRow { measured, guess, judged }
        };
        Some(Self {
            rows: sorted.len(),
            positives: positives as u64,
            threshold,
            replicates: metrics::replicates(sorted.len()),
            figures: measured.into_iter().map(row).collect(),
        })
    }

    /// A figure's estimate.
    pub fn get(&self, figure: Figure) -> Option<Estimate> {
        self.figures.iter().find(|row| row.measured.figure == figure).map(|row| row.measured.estimate)
    }
}

/// What flagging a share `flagged` of the rows by chance is expected to get where a share `positive` is
/// positive: precision π, recall q, and F1 = 2πq / (π + q) of the two. Nothing where nobody is flagged, or
/// nobody positive.
fn drawn(flagged: f64, positive: f64) -> impl Fn(Figure) -> Option<f64> {
    move |figure| {
        let value = match figure {
            Figure::Precision => positive,
            Figure::Recall => flagged,
            Figure::F1 => 2.0 * positive * flagged / (positive + flagged),
            _ => return None,
        };
        (flagged > 0.0 && positive > 0.0).then_some(value)
    }
}

/// Whether another model differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The model looked at is better, beyond chance.
    Better,
    Worse,
    /// The difference could be chance.
    Chance,
}

impl Finding {
    /// From a difference whose interval and p were corrected alike.
    fn of(pair: &Paired) -> Self {
        match (pair.is_real(), pair.difference > 0.0) {
            (false, _) => Self::Chance,
            (true, true) => Self::Better,
            (true, false) => Self::Worse,
        }
    }
}

/// The model looked at, less another one, on the same rows. Intervals and p are corrected for the number of
/// models that were compared (Bonferroni), so that all of a figure's hold together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub model: ModelKind,
    /// Difference in the area under the ROC curve: paired DeLong.
    pub roc_auc: Paired,
    pub by_area: Finding,
    /// Difference in accuracy at the threshold: McNemar's p, Wald's interval.
    pub accuracy: Paired,
    pub by_accuracy: Finding,
}

/// Sets the model's scores beside those of others on the same rows; others that cannot be compared are left
/// out, and all once `goes_on` says no.
pub fn pairs(
    own: &[f64],
    others: &[(ModelKind, Vec<f64>)],
    labels: &[bool],
    threshold: f64,
    goes_on: &dyn Fn() -> bool,
) -> Vec<Pair> {
    let said = |scores: &[f64]| scores.iter().map(|score| *score >= threshold).collect::<Vec<_>>();
    let flagged = said(own);
    let Some(placed) = Placements::new(own, labels) else { return Vec::new() };
    let found: Vec<(ModelKind, Paired, Paired)> = others
        .iter()
        .filter_map(|(model, scores)| {
            let other = goes_on().then(|| Placements::new(scores, labels))??;
            let roc_auc = placed.against(&other, labels)?;
            Some((*model, roc_auc, paired_accuracy(&flagged, &said(scores), labels)?))
        })
        .collect();
    let asked = found.len();
    let pair = |(model, roc_auc, accuracy): (ModelKind, Paired, Paired)| {
        let (roc_auc, accuracy) = (roc_auc.among(asked), accuracy.among(asked));
        let (by_area, by_accuracy) = (Finding::of(&roc_auc), Finding::of(&accuracy));
        Pair { model, roc_auc, by_area, accuracy, by_accuracy }
    };
    found.into_iter().map(pair).collect()
}

/// How far figures can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Footing {
    /// Fewer than five measured rows of a class: ranking is not judged.
    TooFew,
    /// Judged, and the band is wide.
    Wide,
    /// The band is narrow enough to compare models by.
    Firm,
}

/// The verdict on so many customers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trust {
    pub footing: Footing,
    /// Measured rows, and those of the smaller class.
    pub rows: usize,
    pub smaller_class: usize,
    /// The area as measured; absent below the floor.
    pub roc_auc: Option<Estimate>,
    /// The same, drawn towards no skill as far as so few rows ask for: see [`careful`].
    pub careful: Option<Estimate>,
    /// Customers with a known outcome that, added to those there are, would halve the band; below the floor
    /// those that would reach it.
    pub more: usize,
    /// Cross-validation measures every customer once: possible, and how wide its band would be.
    /// No number where only the former is known.
    pub crossed: Option<f64>,
    /// New customers in a month, where the data tell.
    pub per_month: Option<f64>,
}

/// Spread of the areas that are expected before anything was measured, around 0.5: two thirds within 0.3 and
/// 0.7.
const PRIOR: f64 = 0.2;
/// Width of the area's band from which the footing is wide.
const WIDE: f64 = 0.1;

/// An area drawn towards 0.5, no skill, by a normal prior of spread 0.2: the fewer rows, the wider the
/// measured interval and the further it is drawn.
pub fn careful(measured: Estimate) -> Estimate {
    let error = (measured.high - measured.low) / (2.0 * 1.96);
    let weight = PRIOR * PRIOR / (PRIOR * PRIOR + error * error);
    let value = 0.5 + weight * (measured.value - 0.5);
    let half = 1.96 * error * weight.sqrt();
    Estimate { value, low: (value - half).max(0.0), high: (value + half).min(1.0) }
}

impl Trust {
    /// Judges figures measured on `labels`, a part of `labelled` customers whose outcome is known,
    /// `rare` of them in the smaller class.
    pub fn new(labels: &[bool], roc_auc: Option<Estimate>, (labelled, rare): (usize, usize)) -> Self {
        let positives = labels.iter().filter(|label| **label).count();
        let smaller_class = positives.min(labels.len() - positives);
        let roc_auc = roc_auc.filter(|_| is_judged(smaller_class));
        let footing = match roc_auc {
            None => Footing::TooFew,
            Some(e) if e.high - e.low > WIDE => Footing::Wide,
            Some(_) => Footing::Firm,
        };
        let more = match roc_auc {
            // Widths go with 1 / √n: half the width asks for four times the rows.
            Some(_) => labelled.saturating_mul(3),
            // The smaller class grows with the rest.
            None => {
                (labelled * LEAST_PER_CLASS).div_ceil(smaller_class.max(1)).saturating_sub(labelled).max(1)
            }
        };
        // Five folds need five customers of each class.
        let share = labels.len() as f64 / labelled.max(1) as f64;
        let width = roc_auc.map(|e| (e.high - e.low) * share.sqrt());
        let crossed = (rare >= LEAST_PER_CLASS).then_some(width.unwrap_or(f64::NAN));
        Self {
            footing,
            rows: labels.len(),
            smaller_class,
            roc_auc,
            careful: roc_auc.map(careful),
            more,
            crossed,
            per_month: None,
        }
    }

    /// The same, with how many new customers come in a month.
    pub fn at_rate(self, per_month: Option<f64>) -> Self {
        Self { per_month: per_month.filter(|rate| *rate > 0.0), ..self }
    }

    /// Months until there are [`more`](Self::more) customers.
    pub fn months(&self) -> Option<usize> {
        self.per_month.map(|rate| (self.more as f64 / rate).ceil() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> (Vec<f64>, Vec<bool>) {
        let score = |i: usize| ((i * 37) % 101) as f64 / 101.0;
        let label = |i: usize| (i * 37) % 101 + (i % 7) * 9 > 80;
        ((0..n).map(score).collect(), (0..n).map(label).collect())
    }

    #[test]
    fn a_model_stands_beside_a_guess() {
        let (scores, labels) = rows(400);
        let rate = labels.iter().filter(|label| **label).count() as f64 / 400.0;
        let table = FigureTable::new(&scores, &labels, (0.5, Some(rate)), &|| true).unwrap();
        assert_eq!(table.figures.len(), Figure::COUNT);
        let of = |figure| table.figures.iter().find(|row| row.measured.figure == figure).unwrap();
        let guess = |figure| of(figure).guess.unwrap();
        assert_eq!((guess(Figure::RocAuc).value, guess(Figure::RocAuc).kind), (0.5, GuessKind::Majority));
        assert_eq!(of(Figure::RocAuc).beats_guess(), Some(true));
        assert!((guess(Figure::Accuracy).value - (1.0 - rate).max(rate)).abs() < 1e-12);
        // The guess knows the share: it is calibrated and nothing else.
        assert!(guess(Figure::Ece).value < 1e-9 && of(Figure::Ece).beats_guess() == Some(false));
        // A guess that flags nobody has no recall worth beating: as many are flagged by chance.
        let flagged = scores.iter().filter(|score| **score >= 0.5).count() as f64 / 400.0;
        assert_eq!(guess(Figure::Precision).kind, GuessKind::SameShare);
        assert!((guess(Figure::Precision).value - rate).abs() < 1e-12);
        assert!((guess(Figure::Recall).value - flagged).abs() < 1e-12);
        let f1 = 2.0 * rate * flagged / (rate + flagged);
        assert!((guess(Figure::F1).value - f1).abs() < 1e-12 && guess(Figure::F1).value > 0.2);
        let nobody = FigureTable::new(&scores, &labels, (2.0, Some(rate)), &|| true).unwrap();
        let recall = nobody.figures.iter().find(|row| row.measured.figure == Figure::Recall).unwrap();
        assert_eq!((recall.guess, recall.beats_guess()), (None, None));
        // Below the floor nothing beats anything, however good it looks.
        let (few, was) =
            ((0..12).map(f64::from).collect::<Vec<_>>(), [[false; 8].as_slice(), &[true; 4]].concat());
        let few = FigureTable::new(&few, &was, (7.5, Some(0.3)), &|| true).unwrap();
        assert!(few.get(Figure::RocAuc).unwrap().value == 1.0);
        assert!(few.figures.iter().all(|row| row.beats_guess().is_none()));
        assert!(FigureTable::new(&[f64::NAN], &[true], (0.5, None), &|| true).is_none());
    }

    #[test]
    fn only_real_differences_are_called_real() {
        let (scores, labels) = rows(400);
        let chance: Vec<f64> = (0..400).map(|i| ((i * 53) % 97) as f64).collect();
        let near: Vec<f64> = scores.iter().enumerate().map(|(i, s)| s + (i % 5) as f64 * 0.002).collect();
        let others = [(ModelKind::Tree, chance.clone()), (ModelKind::Logistic, near)];
        let found = pairs(&scores, &others, &labels, 0.5, &|| true);
        assert_eq!(found[0].by_area, Finding::Better);
        assert_eq!(found[1].by_area, Finding::Chance, "{:?}", found[1]);
        for pair in &found {
            let excludes = pair.roc_auc.low > 0.0 || pair.roc_auc.high < 0.0;
            assert_eq!(excludes, pair.by_area != Finding::Chance, "{pair:?}");
        }
        // Alone the same difference has the narrower interval.
        let alone = pairs(&scores, &others[..1], &labels, 0.5, &|| true);
        assert!(alone[0].roc_auc.low > found[0].roc_auc.low && alone[0].roc_auc.p <= found[0].roc_auc.p);
        let back = pairs(&chance, &[(ModelKind::Mlp, scores)], &labels, 0.5, &|| true);
        assert_eq!(back[0].by_area, Finding::Worse);
    }

    #[test]
    fn few_customers_are_judged_with_care_and_fewer_not_at_all() {
        let e = Estimate { value: 0.84, low: 0.55, high: 0.96 };
        let few = [vec![true; 5], vec![false; 7]].concat();
        let trust = Trust::new(&few, Some(e), (60, 16));
        assert_eq!((trust.footing, trust.more), (Footing::Wide, 180));
        assert_eq!((trust.months(), trust.at_rate(Some(25.0)).months()), (None, Some(8)));
        let drawn = trust.careful.unwrap();
        assert!(0.7 < drawn.value && drawn.value < 0.84 && drawn.low < drawn.value, "{drawn:?}");
        assert!(trust.crossed.unwrap() < 0.2);
        let fewer = Trust::new(&few[3..], Some(e), (45, 10));
        assert_eq!((fewer.footing, fewer.roc_auc, fewer.careful), (Footing::TooFew, None, None));
        // Two of the rare class now, five needed: two and a half times as many, so 68 more.
        assert_eq!(fewer.more, 68);
        assert!(fewer.crossed.is_some() && Trust::new(&few[3..], None, (9, 2)).crossed.is_none());
        let many = Estimate { value: 0.84, low: 0.82, high: 0.86 };
        let firm = Trust::new(
            &vec![true; 700].into_iter().chain(vec![false; 900]).collect::<Vec<_>>(),
            Some(many),
            (8000, 3500),
        );
        assert_eq!(firm.footing, Footing::Firm);
        assert!((firm.careful.unwrap().value - 0.84).abs() < 0.002);
    }
}
