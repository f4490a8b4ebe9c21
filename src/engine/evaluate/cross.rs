//! Kinds of model under the same folds: figures with their intervals, and who really wins.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::{self, Confusion, Estimate};
use crate::note::Note;
use crate::train::ModelKind;

/// The figure by which models are ordered and verdicts are given.
const DECIDES: &str = "roc_auc";

/// A model's figures on the rows of one fold, under their stable names.
pub type FoldScores = BTreeMap<&'static str, f64>;

/// Measures the probabilities of a fold's rows; a figure that needs both classes is left out where
/// there is one.
pub fn fold_scores(probabilities: &[f64], labels: &[bool], threshold: f64) -> FoldScores {
    let mut out = FoldScores::new();
    if labels.is_empty() || probabilities.len() != labels.len() {
        return out;
    }
    let (p, y) = (probabilities, labels);
    let mut counts = Confusion::default();
    for (p, label) in p.iter().zip(y) {
        let count = match (*p >= threshold, label) {
            (true, true) => &mut counts.true_positive,
            (true, false) => &mut counts.false_positive,
            (false, true) => &mut counts.false_negative,
            (false, false) => &mut counts.true_negative,
        };
        *count += 1;
    }
    let mean = |terms: Vec<f64>| terms.iter().sum::<f64>() / terms.len() as f64;
    out.insert("accuracy", counts.accuracy().value);
    out.insert("f1", counts.f1().value);
    out.insert("log_loss", mean(metrics::log_loss_terms(p, y)));
    out.insert("brier", mean(metrics::brier_terms(p, y)));
    if let Some(area) = metrics::roc_auc(p, y) {
        out.insert("roc_auc", area);
        out.insert("balanced_accuracy", counts.balanced_accuracy().value);
        out.extend(metrics::average_precision(p, y).map(|area| ("pr_auc", area)));
    }
    out
}

/// One figure over the folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Folded {
    pub mean: f64,
    /// The 95% interval of the mean: see [`metrics::fold_mean`].
    pub low: f64,
    pub high: f64,
    /// Each fold's value.
    pub folds: Vec<f64>,
}

impl Folded {
    fn of(folds: Vec<f64>, ratio: f64) -> Option<Self> {
        let Estimate { value, low, high } = metrics::fold_mean(&folds, ratio)?;
        Some(Self { mean: value, low, high, folds })
    }

    /// Within what the figure can be.
    fn of_metric(name: &str, folds: Vec<f64>, ratio: f64) -> Option<Self> {
        let most = if name == "log_loss" { f64::INFINITY } else { 1.0 };
        let found = Self::of(folds, ratio)?;
        Some(Self { low: found.low.clamp(0.0, most), high: found.high.clamp(0.0, most), ..found })
    }
}

/// Whether a network is worth its trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better than the best baseline beyond chance.
    NetworkWins,
    /// No difference beyond chance: the simple one wins, for it is simple.
    Even,
    /// The best baseline is better beyond chance.
    SimpleWins,
}

/// What cross-validation gave for one kind, before it is set beside the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub kind: ModelKind,
    /// Seconds of training, all folds together.
    pub seconds: f64,
    /// In the order of the folds.
    pub folds: Vec<FoldScores>,
    /// Of each labelled row the probability that the model gave which had not learnt from it; in the
    /// order of [`Comparison::rows`].
    pub probabilities: Vec<f64>,
    /// What a person should know of how its models came to be.
    pub notes: Vec<Note>,
}

/// One kind beside the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    pub kind: ModelKind,
    pub seconds: f64,
    pub metrics: BTreeMap<&'static str, Folded>,
    /// This model less the best baseline, fold by fold; absent for the best baseline itself.
    pub against: Option<BTreeMap<&'static str, Folded>>,
    /// For networks, where there is a baseline.
    pub verdict: Option<Verdict>,
    pub probabilities: Vec<f64>,
    pub notes: Vec<Note>,
}

impl Compared {
    fn area(&self) -> Option<f64> {
        self.metrics.get(DECIDES).map(|area| area.mean)
    }
}

/// Kinds of model measured under the same folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub folds: usize,
    /// Permanent ids of the labelled rows, and their labels.
    pub rows: Vec<u32>,
    pub labels: Vec<bool>,
    /// The value of the target that is predicted.
    pub positive: String,
    /// The best first.
    pub models: Vec<Compared>,
    /// The baseline with the largest area under the ROC curve.
    pub best_simple: Option<ModelKind>,
    /// Kinds that could not be fitted, and why.
    pub failed: Vec<(ModelKind, String)>,
    /// Measured rows over learnt ones, in the mean of the folds.
    pub test_to_train: f64,
}

impl Comparison {
    /// Sets the kinds beside each other. `labels` belongs to `rows`.
    pub fn new(
        folds: usize,
        (rows, labels): (Vec<u32>, Vec<bool>),
        positive: String,
        measured: Vec<Measured>,
        failed: Vec<(ModelKind, String)>,
    ) -> Self {
        let ratio = 1.0 / (folds as f64 - 1.0).max(1.0);
        Self::with_ratio((folds, ratio), (rows, labels), positive, measured, failed)
    }

    /// [`new`](Self::new) for folds that are not each measured on an equal share: `ratio` is the mean of
    /// measured rows over learnt ones.
    pub fn with_ratio(
        (folds, ratio): (usize, f64),
        (rows, labels): (Vec<u32>, Vec<bool>),
        positive: String,
        measured: Vec<Measured>,
        failed: Vec<(ModelKind, String)>,
    ) -> Self {
        let mut models: Vec<Compared> = Vec::with_capacity(measured.len());
        for model in &measured {
            let over = |name: &'static str| {
                let values = model.folds.iter().filter_map(|scores| scores.get(name).copied()).collect();
                Some((name, Folded::of_metric(name, values, ratio)?))
            };
            let names = model.folds.iter().flat_map(|scores| scores.keys().copied());
            models.push(Compared {
                kind: model.kind,
                seconds: model.seconds,
                metrics: names.filter_map(over).collect(),
                against: None,
                verdict: None,
                probabilities: model.probabilities.clone(),
                notes: model.notes.clone(),
            });
        }
        let simple = models.iter().filter(|m| !m.kind.is_network()).filter_map(|m| Some((m.kind, m.area()?)));
        // Of equals the first, which the person named first.
        let best = simple.fold(None::<(ModelKind, f64)>, |best, one| match best {
            Some(best) if best.1 >= one.1 => Some(best),
            _ => Some(one),
        });
        let best_simple = best.map(|(kind, _)| kind);
        let yardstick = measured.iter().find(|m| Some(m.kind) == best_simple);
        if let Some(yardstick) = yardstick {
            for (model, own) in models.iter_mut().zip(&measured).filter(|(m, _)| Some(m.kind) != best_simple)
            {
                let against = differences(own, yardstick, ratio);
                model.verdict = own.kind.is_network().then(|| verdict(against.get(DECIDES)));
                model.against = Some(against);
            }
        }
        models.sort_by(|a, b| b.area().unwrap_or(0.0).total_cmp(&a.area().unwrap_or(0.0)));
        Self { folds, rows, labels, positive, models, best_simple, failed, test_to_train: ratio }
    }

    /// The corrected resampled t-test of a model's area against that of the best baseline.
    pub fn paired(&self, model: &Compared) -> Option<metrics::Paired> {
        let differences = model.against.as_ref()?.get(DECIDES)?;
        metrics::corrected_t(&differences.folds, self.test_to_train)
    }

    /// The best network, where there is one and a baseline to beat.
    pub fn network(&self) -> Option<&Compared> {
        self.models.iter().find(|model| model.verdict.is_some())
    }
}

/// The differences of two models on the same rows, fold by fold.
fn differences(own: &Measured, other: &Measured, ratio: f64) -> BTreeMap<&'static str, Folded> {
    let names = own.folds.iter().flat_map(|scores| scores.keys().copied());
    names
        .filter_map(|name| {
            let pairs = own.folds.iter().zip(&other.folds);
            let values = pairs.filter_map(|(a, b)| Some(a.get(name)? - b.get(name)?)).collect();
            Some((name, Folded::of(values, ratio)?))
        })
        .collect()
}

fn verdict(difference: Option<&Folded>) -> Verdict {
    match difference {
        Some(d) if d.low > 0.0 => Verdict::NetworkWins,
        Some(d) if d.high < 0.0 => Verdict::SimpleWins,
        _ => Verdict::Even,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(kind: ModelKind, areas: [f64; 5]) -> Measured {
        let folds = areas.map(|area| FoldScores::from([("roc_auc", area), ("brier", 0.2)])).to_vec();
        Measured { kind, seconds: 1.0, folds, probabilities: Vec::new(), notes: Vec::new() }
    }

    fn compare(network: [f64; 5], others: &[(ModelKind, [f64; 5])]) -> Comparison {
        let mut all = vec![measured(ModelKind::Mlp, network)];
        all.extend(others.iter().map(|(kind, areas)| measured(*kind, *areas)));
        Comparison::new(5, (Vec::new(), Vec::new()), "yes".into(), all, Vec::new())
    }

    #[test]
    fn the_simple_one_wins_unless_the_network_is_better_beyond_chance() {
        let base = [0.80, 0.82, 0.81, 0.83, 0.79];
        let plus = |by: [f64; 5]| std::array::from_fn(|at| base[at] + by[at]);
        let others = [(ModelKind::Tree, plus([-0.05; 5])), (ModelKind::Logistic, base)];
        let said = |by| {
            let c = compare(plus(by), &others);
            assert_eq!(c.best_simple, Some(ModelKind::Logistic));
            c.network().and_then(|m| m.verdict)
        };
        assert_eq!(said([0.03, 0.031, 0.029, 0.03, 0.032]), Some(Verdict::NetworkWins));
        assert_eq!(said([-0.03, -0.031, -0.029, -0.03, -0.032]), Some(Verdict::SimpleWins));
        assert_eq!(said([0.02, -0.01, 0.03, -0.02, 0.01]), Some(Verdict::Even));
        assert_eq!(said([0.0; 5]), Some(Verdict::Even));
        // 0.004 better in the mean and in four folds of five; the corrected interval is not so sure.
        assert_eq!(said([0.006, 0.005, 0.007, 0.006, -0.004]), Some(Verdict::Even));
        assert!(compare(base, &[]).network().is_none(), "nothing to beat, nothing to boast");
    }

    #[test]
    fn differences_are_paired() {
        let c = compare([0.9, 0.8, 0.7, 0.6, 0.5], &[(ModelKind::Logistic, [0.89, 0.79, 0.69, 0.59, 0.49])]);
        assert_eq!(
            c.models.iter().map(|m| m.kind).collect::<Vec<_>>(),
            [ModelKind::Mlp, ModelKind::Logistic]
        );
        let d = &c.models[0].against.as_ref().unwrap()["roc_auc"];
        // The folds differ much, the models in each fold by the same.
        assert!((d.mean - 0.01).abs() < 1e-12 && d.high - d.low < 1e-9, "{d:?}");
        assert!(c.models[0].metrics["roc_auc"].high <= 1.0);
        assert!(c.models[1].against.is_none() && c.models[1].verdict.is_none());
    }

    #[test]
    fn a_fold_by_hand() {
        let s = fold_scores(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true], 0.5);
        assert_eq!((s["roc_auc"], s["accuracy"], s["balanced_accuracy"]), (0.75, 0.75, 0.75));
        assert!((s["f1"] - 2.0 / 3.0).abs() < 1e-12);
        assert!((s["brier"] - (0.01 + 0.16 + 0.4225 + 0.04) / 4.0).abs() < 1e-12);
        assert!(!fold_scores(&[0.5], &[true], 0.5).contains_key("roc_auc"));
    }
}
