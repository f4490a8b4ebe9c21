//! The floor below which nothing is judged: one rule, which every face asks.

use std::collections::BTreeMap;

use super::Evaluation;
use crate::metrics::{Estimate, Figure};
use crate::train::LEAST_PER_CLASS;

/// True if so many measured rows of the smaller class allow a verdict: five.
pub fn is_judged(smaller_class: usize) -> bool {
    smaller_class >= LEAST_PER_CLASS
}

/// True for the figures that judge the order of the list; below the floor they are not told.
pub fn judges_order(figure: Figure) -> bool {
    matches!(figure, Figure::RocAuc | Figure::PrAuc)
}

impl Evaluation {
    /// True if there are measured rows enough for a verdict, see [`is_judged`].
    pub fn is_judged(&self) -> bool {
        let positives = self.positives() as usize;
        is_judged(positives.min(self.rows().saturating_sub(positives)))
    }

    /// The area under the ROC curve with its interval; `None` below the floor.
    pub fn area(&self) -> Option<Estimate> {
        self.told_fixed(Figure::RocAuc)
    }

    /// A figure that does not depend on the threshold, as far as so many rows allow to tell it.
    pub fn told_fixed(&self, figure: Figure) -> Option<Estimate> {
        let is_told = !judges_order(figure) || self.is_judged();
        self.fixed(figure.name()).filter(|_| is_told)
    }

    /// The figures at a threshold that so many rows allow to tell: [`Evaluation::metrics`], below the floor
    /// without those that judge the order of the list.
    pub fn told(&self, threshold: f64) -> BTreeMap<&'static str, Estimate> {
        let mut all = self.metrics(threshold);
        if !self.is_judged() {
            let order: Vec<&str> =
                Figure::ALL.into_iter().filter(|figure| judges_order(*figure)).map(Figure::name).collect();
            all.retain(|name, _| !order.contains(name));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_floor_the_order_is_not_told() {
        let scores: Vec<f64> = (0..12).map(|at| f64::from(at) / 12.0).collect();
        let labels = |positives: usize| (0..12).map(|at| at >= 12 - positives).collect::<Vec<_>>();
        let few = Evaluation::new(&scores, &labels(4));
        assert!(!few.is_judged() && few.area().is_none() && few.fixed("roc_auc").is_some());
        let told = few.told(0.5);
        assert!(!told.contains_key("roc_auc") && !told.contains_key("pr_auc") && told.contains_key("brier"));
        let enough = Evaluation::new(&scores, &labels(5));
        assert_eq!(enough.told(0.5), enough.metrics(0.5));
        let area = enough.area().unwrap();
        assert!(area.low < area.value && area.high <= 1.0, "{area:?}");
        // The negative rows may be the few ones.
        assert!(!Evaluation::new(&scores, &labels(9)).is_judged());
    }
}
