//! The table of figures: each with its interval, beside what the majority guess gets; whether other models
//! really differ; and how far so few customers can be trusted.

use serde::Serialize;

use crate::metrics::{
    self, Estimate, Figure, LEVEL, Measured, Paired, Placements, Sorted, holm, paired_accuracy,
};
use crate::train::{LEAST_PER_CLASS, ModelKind};

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FigureRow {
    pub measured: Measured,
    /// What the majority guess gets: everybody the share of positive rows that is known from training.
    pub majority: Option<f64>,
}

impl FigureRow {
    /// True if the whole interval is better than the majority guess; `None` without one.
    pub fn beats_majority(&self) -> Option<bool> {
        let (e, majority) = (self.measured.estimate, self.majority?);
        Some(if self.measured.figure.is_loss() { e.high < majority } else { e.low > majority })
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
        let guess = rate.and_then(|rate| {
            let constant = vec![rate.clamp(0.0, 1.0); labels.len()];
            // The majority guess flags everybody or nobody: half is its threshold.
            Some(Sorted::new(&constant, labels, None)?.measure(0.5))
        });
        let measured = metrics::estimates(&sorted, threshold, metrics::SEED, goes_on);
        let row = |measured: Measured| {
            // Who flags nobody has no precision.
            let flags = rate.is_some_and(|rate| rate >= 0.5) || measured.figure != Figure::Precision;
            let majority = guess.as_ref().and_then(|values| measured.figure.of(values)).filter(|_| flags);
            FigureRow { measured, majority }
        };
        Some(Self {
            rows: sorted.len(),
            positives: labels.iter().filter(|label| **label).count() as u64,
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

/// The model looked at, less another one, on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub model: ModelKind,
    /// Difference in the area under the ROC curve: paired DeLong.
    pub roc_auc: Paired,
    /// p of the areas, corrected for asking of several models (Holm).
    pub p_corrected: f64,
    /// Difference in accuracy at the threshold: McNemar.
    pub accuracy: Paired,
    pub finding: Finding,
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
    let mut all: Vec<Pair> = others
        .iter()
        .filter_map(|(model, scores)| {
            let other = goes_on().then(|| Placements::new(scores, labels))??;
            let roc_auc = placed.against(&other, labels)?;
            let accuracy = paired_accuracy(&flagged, &said(scores), labels)?;
            Some(Pair { model: *model, roc_auc, p_corrected: 1.0, accuracy, finding: Finding::Chance })
        })
        .collect();
    let corrected = holm(&all.iter().map(|pair| pair.roc_auc.p).collect::<Vec<_>>());
    for (pair, p) in all.iter_mut().zip(corrected) {
        pair.p_corrected = p;
        pair.finding = match (p < LEVEL, pair.roc_auc.difference > 0.0) {
            (false, _) => Finding::Chance,
            (true, true) => Finding::Better,
            (true, false) => Finding::Worse,
        };
    }
    all
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
        let is_enough = smaller_class >= LEAST_PER_CLASS;
        let roc_auc = roc_auc.filter(|_| is_enough);
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
    fn a_model_stands_beside_the_majority_guess() {
        let (scores, labels) = rows(400);
        let rate = labels.iter().filter(|label| **label).count() as f64 / 400.0;
        let table = FigureTable::new(&scores, &labels, (0.5, Some(rate)), &|| true).unwrap();
        assert_eq!(table.figures.len(), Figure::COUNT);
        let of = |figure| table.figures.iter().find(|row| row.measured.figure == figure).unwrap();
        assert_eq!(of(Figure::RocAuc).majority, Some(0.5));
        assert_eq!(of(Figure::RocAuc).beats_majority(), Some(true));
        assert!((of(Figure::Accuracy).majority.unwrap() - (1.0 - rate).max(rate)).abs() < 1e-12);
        assert_eq!(of(Figure::Precision).majority, None);
        // The guess knows the share: it is calibrated and nothing else.
        assert!(of(Figure::Ece).majority.unwrap() < 1e-9 && of(Figure::Ece).beats_majority() == Some(false));
        assert!(FigureTable::new(&[f64::NAN], &[true], (0.5, None), &|| true).is_none());
    }

    #[test]
    fn only_real_differences_are_called_real() {
        let (scores, labels) = rows(400);
        let chance: Vec<f64> = (0..400).map(|i| ((i * 53) % 97) as f64).collect();
        let near: Vec<f64> = scores.iter().enumerate().map(|(i, s)| s + (i % 5) as f64 * 0.002).collect();
        let others = [(ModelKind::Tree, chance.clone()), (ModelKind::Logistic, near)];
        let found = pairs(&scores, &others, &labels, 0.5, &|| true);
        assert_eq!(found[0].finding, Finding::Better);
        assert_eq!(found[1].finding, Finding::Chance, "{:?}", found[1]);
        assert!(found.iter().all(|pair| pair.p_corrected >= pair.roc_auc.p));
        let back = pairs(&chance, &[(ModelKind::Mlp, scores)], &labels, 0.5, &|| true);
        assert_eq!(back[0].finding, Finding::Worse);
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
