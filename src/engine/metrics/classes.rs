//! Figures of a model that tells many classes apart. `scikit-learn` names in brackets; classes are counted
//! from 0 to `k` − 1, and all of them are averaged over, also one that no row has.

use super::Estimate;
use super::bootstrap::{interval, resample};

/// Figures with many classes; no number where one is not defined.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassFigures {
    pub accuracy: f64,
    /// Mean recall of the classes that are there.
    pub balanced_accuracy: f64,
    pub micro: Averages,
    /// Every class counts alike.
    pub macro_: Averages,
    /// Every class counts its rows.
    pub weighted: Averages,
    /// Mean of each class's area against the rest; needs every class.
    pub roc_auc: f64,
    pub log_loss: f64,
    /// Weight of the rows by true class, then by predicted class.
    pub confusion: Vec<Vec<f64>>,
}

/// Every figure but the table, by its stable name.
type Listed = [(&'static str, f64); 13];

impl ClassFigures {
    /// The figures by their stable names.
    pub fn named(&self) -> Listed {
        let (micro, macro_, weighted) = (self.micro, self.macro_, self.weighted);
        [
            ("accuracy", self.accuracy),
            ("balanced_accuracy", self.balanced_accuracy),
            ("roc_auc", self.roc_auc),
            ("log_loss", self.log_loss),
            ("micro_precision", micro.precision),
            ("micro_recall", micro.recall),
            ("micro_f1", micro.f1),
            ("macro_precision", macro_.precision),
            ("macro_recall", macro_.recall),
            ("macro_f1", macro_.f1),
            ("weighted_precision", weighted.precision),
            ("weighted_recall", weighted.recall),
            ("weighted_f1", weighted.f1),
        ]
    }
}

/// An average over classes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Averages {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

/// Labels and probabilities of many classes, the order of each class's probabilities known.
#[derive(Debug, Clone)]
pub struct Classes {
    k: usize,
    labels: Vec<usize>,
    said: Vec<usize>,
    /// Log loss of each row.
    losses: Vec<f64>,
    /// For each class the rows by falling probability, with the last of equal ones marked.
    orders: Vec<Vec<(u32, bool)>>,
}

impl Classes {
    /// Sorts; `probabilities` row by row, `labels.len() × k`. Of equal probabilities the first class is
    /// said. `None` where the sizes do not fit, a label is no class or a probability none from 0 to 1.
    pub fn new(probabilities: &[f64], labels: &[usize], k: usize) -> Option<Self> {
        let is_good = k > 1
            && probabilities.len() == labels.len().checked_mul(k)?
            && labels.iter().all(|label| *label < k)
            && probabilities.iter().all(|p| (0.0..=1.0).contains(p));
        if !is_good {
            return None;
        }
        let rows = || probabilities.chunks_exact(k);
        let first_of_most =
            |row: &[f64]| {
                row.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (class, p)| {
                    if *p > best.1 { (class, *p) } else { best }
                })
            };
        let said = rows().map(|row| first_of_most(row).0).collect();
        let kept = |p: f64| p.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        let of_label = |(row, label): (&[f64], &usize)| -kept(row.get(*label).copied().unwrap_or(0.0)).ln();
        let losses = rows().zip(labels).map(of_label).collect();
        let orders =
            (0..k).map(|class| order(rows().map(|row| row.get(class).copied().unwrap_or(0.0)))).collect();
        Some(Self { k, labels: labels.to_vec(), said, losses, orders })
    }

    /// Classes that were said, without probabilities: there is neither a log loss nor an area. `None` where the
    /// sizes do not fit, or something is no class.
    pub fn said(said: &[usize], labels: &[usize], k: usize) -> Option<Self> {
        let is_good = k > 1 && said.len() == labels.len() && said.iter().chain(labels).all(|one| *one < k);
        let losses = vec![f64::NAN; labels.len()];
        let (said, labels) = (said.to_vec(), labels.to_vec());
        is_good.then_some(Self { k, labels, said, losses, orders: Vec::new() })
    }

    /// Every figure, each row counting `weight` of its place; `None` where nothing counts.
    pub fn measure(&self, weight: impl Fn(usize) -> f64) -> Option<ClassFigures> {
        let mut confusion = vec![vec![0.0; self.k]; self.k];
        let (mut all, mut loss) = (0.0, 0.0);
        for (at, ((label, said), one)) in self.labels.iter().zip(&self.said).zip(&self.losses).enumerate() {
            let w = weight(at);
            all += w;
            loss += w * one;
            if let Some(cell) = confusion.get_mut(*label).and_then(|row| row.get_mut(*said)) {
                *cell += w;
            }
        }
        if all <= 0.0 {
            return None;
        }
        let class = |class: usize| -> [f64; 3] {
            let row = confusion.get(class);
            let hit = row.and_then(|row| row.get(class)).copied().unwrap_or(0.0);
            let actual = row.map_or(0.0, |row| row.iter().sum());
            let said = confusion.iter().filter_map(|row| row.get(class)).sum();
            [hit, actual, said]
        };
        let classes: Vec<[f64; 3]> = (0..self.k).map(class).collect();
        let hits: f64 = classes.iter().map(|[hit, ..]| hit).sum();
        let present: Vec<f64> = classes
            .iter()
            .filter(|[_, actual, _]| *actual > 0.0)
            .map(|[hit, actual, _]| hit / actual)
            .collect();
        let share = |value: f64, by: f64| if by > 0.0 { value / by } else { 0.0 };
        let each = |[hit, actual, said]: &[f64; 3]| Averages {
            precision: share(*hit, *said),
            recall: share(*hit, *actual),
            f1: share(2.0 * hit, actual + said),
        };
        let over = |weight: &dyn Fn(&[f64; 3]) -> f64| {
            let whole: f64 = classes.iter().map(weight).sum();
            let sum = |of: fn(&Averages) -> f64| {
                classes.iter().map(|class| weight(class) * of(&each(class))).sum::<f64>() / whole
            };
            Averages { precision: sum(|a| a.precision), recall: sum(|a| a.recall), f1: sum(|a| a.f1) }
        };
        let accuracy = hits / all;
        Some(ClassFigures {
            accuracy,
            balanced_accuracy: present.iter().sum::<f64>() / present.len() as f64,
            // Every row has one class and is said one: all three are the accuracy.
            micro: Averages { precision: accuracy, recall: accuracy, f1: accuracy },
            macro_: over(&|_| 1.0),
            weighted: over(&|[_, actual, _]| *actual),
            roc_auc: self.areas(&weight),
            log_loss: loss / all,
            confusion,
        })
    }

    /// Every figure that is defined with its bootstrap interval, under its stable name, each row counting
    /// `weight` of its place as often as it is drawn.
    pub fn estimates(
        &self,
        weight: impl Fn(usize) -> f64 + Sync,
        replicates: usize,
        seed: u64,
    ) -> Vec<(&'static str, Estimate)> {
        let Some(found) = self.measure(&weight) else { return Vec::new() };
        let rows = self.labels.len();
        let all: Vec<u32> = (0..rows as u32).collect();
        let drawn = resample(&[all], rows, (replicates, seed), &|| true, |drawn| {
            let times = |at: usize| weight(at) * f64::from(drawn.get(at).copied().unwrap_or(0));
            self.measure(times).map_or([f64::NAN; 13], |found| found.named().map(|(_, value)| value))
        });
        let of = |(at, (name, value)): (usize, (&'static str, f64))| {
            let replicates = drawn.iter().filter_map(|one| one.get(at).copied());
            let most = if name == "log_loss" { f64::INFINITY } else { 1.0 };
            (!value.is_nan()).then(|| (name, interval(value, replicates).within(0.0, most)))
        };
        found.named().into_iter().enumerate().filter_map(of).collect()
    }

    /// The mean area of each class against the rest.
    fn areas(&self, weight: &impl Fn(usize) -> f64) -> f64 {
        if self.orders.is_empty() {
            return f64::NAN;
        }
        let area = |(class, order): (usize, &Vec<(u32, bool)>)| {
            let (mut own, mut other, mut area) = (0.0, 0.0, 0.0);
            let (mut tied_own, mut tied_other) = (0.0, 0.0);
            for (at, ends) in order {
                let w = weight(*at as usize);
                match self.labels.get(*at as usize) == Some(&class) {
                    true => tied_own += w,
                    false => tied_other += w,
                }
                if *ends {
                    area += tied_other * (own + tied_own / 2.0);
                    own += tied_own;
                    other += tied_other;
                    (tied_own, tied_other) = (0.0, 0.0);
                }
            }
            // 0 over 0 where a class is absent: no number.
            area / (own * other)
        };
        self.orders.iter().enumerate().map(area).sum::<f64>() / self.k as f64
    }
}

fn order(scores: impl Iterator<Item = f64>) -> Vec<(u32, bool)> {
    let mut all: Vec<(f64, u32)> = scores.enumerate().map(|(at, score)| (score, at as u32)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let ends = all.iter().map(|one| one.0).skip(1).map(Some).chain([None]);
    all.iter().zip(ends).map(|((score, at), next)| (*at, next != Some(*score))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_classes_are_refused_or_told() {
        assert!(Classes::new(&[0.5, 0.5], &[2], 2).is_none() && Classes::new(&[0.5], &[0], 2).is_none());
        assert!(Classes::new(&[f64::NAN, 0.5], &[0], 2).is_none());
        let absent = Classes::new(&[0.7, 0.2, 0.1, 0.1, 0.8, 0.1], &[0, 1], 3).unwrap();
        let found = absent.measure(|_| 1.0).unwrap();
        assert_eq!((found.accuracy, found.balanced_accuracy), (1.0, 1.0));
        assert!(found.roc_auc.is_nan() && (found.macro_.f1 - 2.0 / 3.0).abs() < 1e-12);
        assert!(absent.measure(|_| 0.0).is_none());
    }

    #[test]
    fn every_figure_has_an_interval_that_holds_it() {
        let noise = |at: usize| ((at * 7919) % 101) as f64 / 101.0;
        let row = |at: usize| {
            let own = 0.2 + 0.6 * noise(at);
            let mut row = [(1.0 - own) / 2.0; 3];
            row[(at + usize::from(at.is_multiple_of(4))) % 3] = own;
            row
        };
        let probabilities: Vec<f64> = (0..120).flat_map(row).collect();
        let labels: Vec<usize> = (0..120).map(|at| at % 3).collect();
        let all = Classes::new(&probabilities, &labels, 3).unwrap().estimates(|_| 1.0, 400, 1);
        assert_eq!(all.len(), 13);
        for (name, e) in all {
            assert!(e.low <= e.value && e.value <= e.high && e.high - e.low > 0.01, "{name} {e:?}");
        }
    }
}
