//! Repair of probabilities: a rising map from what a model says to what happened, fitted on validation
//! rows only. Ranks stay as they are (isotonic repair may tie them); what 30% means does not.

use serde::{Deserialize, Serialize};

use super::Refit;

/// How probabilities are repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairKind {
    /// They stay what the model says.
    #[default]
    None,
    /// A sigmoid over their log-odds.
    Platt,
    /// Steps that only rise.
    Isotonic,
}

impl RepairKind {
    pub const ALL: [RepairKind; 3] = [RepairKind::None, RepairKind::Platt, RepairKind::Isotonic];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }

    /// True for probabilities that stay: not written into files.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A fitted repair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Repair {
    /// p ↦ σ(slope · ln(p / (1 − p)) + offset), slope > 0.
    Platt { slope: f64, offset: f64 },
    /// Straight lines between the knots, level beyond them; both lists ascend.
    Isotonic { x: Vec<f64>, y: Vec<f64> },
    /// Another repair, or none, and then what an experiment said.
    Refitted { first: Option<Box<Repair>>, refit: Refit },
}

/// Validation rows of each class without which nothing is fitted.
pub const LEAST_PER_CLASS: usize = 5;
/// Knots of an opened file.
const MOST_KNOTS: usize = 4_000_000;

fn log_odds(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl Repair {
    /// Fits on validation rows, of which both slices tell. `None` where none is wanted, where a class
    /// has fewer than [`LEAST_PER_CLASS`] rows, and where the probabilities do not rise with the truth.
    pub fn fit(kind: RepairKind, probabilities: &[f64], labels: &[bool]) -> Option<Self> {
        let n = probabilities.len().min(labels.len());
        let (p, y) = (probabilities.get(..n)?, labels.get(..n)?);
        let positive = y.iter().filter(|label| **label).count();
        if positive.min(n - positive) < LEAST_PER_CLASS || p.iter().any(|p| !p.is_finite()) {
            return None;
        }
        match kind {
            RepairKind::None => None,
            RepairKind::Platt => platt(p, y),
            RepairKind::Isotonic => Some(isotonic(p, y)),
        }
    }

    /// The repaired probability.
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Self::Platt { slope, offset } => sigmoid(slope * log_odds(p) + offset),
            Self::Isotonic { x, y } => {
                let after = x.partition_point(|knot| *knot < p);
                let at = |at: usize| x.get(at).copied().zip(y.get(at).copied());
                match (after.checked_sub(1).and_then(at), at(after)) {
                    (Some((x0, y0)), Some((x1, y1))) if x1 > x0 => y0 + (y1 - y0) * (p - x0) / (x1 - x0),
                    (_, Some((_, y))) | (Some((_, y)), None) => y,
                    (None, None) => p,
                }
            }
            Self::Refitted { first, refit } => refit.apply(first.as_ref().map_or(p, |first| first.apply(p))),
        }
    }

    /// Every probability repaired.
    pub fn apply_all(&self, probabilities: &[f64]) -> Vec<f64> {
        probabilities.iter().map(|p| self.apply(*p)).collect()
    }

    /// How it came to be.
    pub fn kind(&self) -> RepairKind {
        match self {
            Self::Platt { .. } => RepairKind::Platt,
            Self::Isotonic { .. } => RepairKind::Isotonic,
            Self::Refitted { first, .. } => first.as_ref().map_or(RepairKind::None, |first| first.kind()),
        }
    }

    /// `first` and then what an experiment said of probabilities that had gone through it.
    pub fn refitted(first: Option<Self>, refit: Refit) -> Self {
        match first {
            Some(Self::Refitted { first, refit: before }) => {
                Self::Refitted { first, refit: refit.after(&before) }
            }
            first => Self::Refitted { first: first.map(Box::new), refit },
        }
    }

    /// What an experiment said, where one did.
    pub fn refit(&self) -> Option<&Refit> {
        match self {
            Self::Refitted { refit, .. } => Some(refit),
            Self::Platt { .. } | Self::Isotonic { .. } => None,
        }
    }

    /// True if it can be applied; asked of every opened file.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Platt { slope, offset } => slope.is_finite() && *slope > 0.0 && offset.is_finite(),
            Self::Isotonic { x, y } => {
                let rises = |values: &[f64]| values.is_sorted() && values.iter().all(|v| v.is_finite());
                let within = y.iter().all(|y| (0.0..=1.0).contains(y));
                !x.is_empty() && x.len() == y.len() && x.len() <= MOST_KNOTS && rises(x) && rises(y) && within
            }
            Self::Refitted { first, refit } => {
                refit.is_sound()
                    && first.as_ref().is_none_or(|first| first.refit().is_none() && first.is_sound())
            }
        }
    }
}

/// Platt's sigmoid (Platt 1999) with his softened targets (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2), by
/// Newton's method with halved steps (Lin, Lin and Weng 2007).
fn platt(p: &[f64], y: &[bool]) -> Option<Repair> {
    let positive = y.iter().filter(|label| **label).count() as f64;
    let negative = y.len() as f64 - positive;
    let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
    let rows: Vec<(f64, f64)> =
        p.iter().zip(y).map(|(p, label)| (log_odds(*p), if *label { high } else { low })).collect();
    let loss = |slope: f64, offset: f64| -> f64 {
        let of = |(f, t): &(f64, f64)| {
            let z = slope * f + offset;
            // ln(1 + eᶻ) − t z, without overflow.
            z.max(0.0) + (-z.abs()).exp().ln_1p() - t * z
        };
        rows.iter().map(of).sum()
    };
    let (mut slope, mut offset) = (0.0, ((positive + 1.0) / (negative + 1.0)).ln());
    let mut now = loss(slope, offset);
    for _ in 0..100 {
        let (mut h11, mut h22, mut h21, mut g1, mut g2) = (1e-12, 1e-12, 0.0, 0.0, 0.0);
        for (f, t) in &rows {
            let q = sigmoid(slope * f + offset);
            let (d1, d2) = (q - t, q * (1.0 - q));
            h11 += f * f * d2;
            h22 += d2;
            h21 += f * d2;
            g1 += f * d1;
            g2 += d1;
        }
        let scale = y.len() as f64;
        if g1.abs() < 1e-10 * scale && g2.abs() < 1e-10 * scale {
            break;
        }
        let det = h11 * h22 - h21 * h21;
        if det.abs() < 1e-300 {
            break;
        }
        let (d1, d2) = (-(h22 * g1 - h21 * g2) / det, -(h11 * g2 - h21 * g1) / det);
        let descent = g1 * d1 + g2 * d2;
        let mut step = 1.0;
        let mut moved = false;
        while step >= 1e-10 {
            let next = loss(slope + step * d1, offset + step * d2);
            if next < now + 1e-4 * step * descent {
                (slope, offset, now, moved) = (slope + step * d1, offset + step * d2, next, true);
                break;
            }
            step /= 2.0;
        }
        if !moved {
            break;
        }
    }
    let repair = Repair::Platt { slope, offset };
    repair.is_sound().then_some(repair)
}

/// Isotonic regression by pooling adjacent violators (Ayer et al. 1955); rows of one probability count
/// as one of their mean.
fn isotonic(p: &[f64], y: &[bool]) -> Repair {
    let mut order: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    // First and last probability, sum and number of each block.
    let mut blocks: Vec<(f64, f64, f64, f64)> = Vec::new();
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        let Some((x, _)) = ties.first() else { continue };
        let hits = ties.iter().filter(|(_, label)| *label).count() as f64;
        blocks.push((*x, *x, hits, ties.len() as f64));
        while let [.., before, last] = blocks.as_mut_slice() {
            if before.2 / before.3 < last.2 / last.3 {
                break;
            }
            (before.1, before.2, before.3) = (last.1, before.2 + last.2, before.3 + last.3);
            blocks.pop();
        }
    }
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    for (first, last, hits, rows) in blocks {
        xs.push(first);
        ys.push(hits / rows);
        if last > first {
            xs.push(last);
            ys.push(hits / rows);
        }
    }
    Repair::Isotonic { x: xs, y: ys }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Evaluation;
    use rand::{Rng, SeedableRng};

    /// Probabilities whose log-odds are three times what they should be, and the truth.
    fn boastful(n: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        (0..n)
            .map(|_| {
                let z = rng.gen_range(-2.0..1.5);
                (sigmoid(3.0 * z), rng.gen_bool(sigmoid(z)))
            })
            .unzip()
    }

    #[test]
    fn a_boastful_model_is_brought_down_by_both() {
        let (p, y) = boastful(6000, 1);
        let (test_p, test_y) = boastful(6000, 2);
        let brier = |p: &[f64]| Evaluation::new(p, &test_y).fixed("brier").unwrap().value;
        let before = brier(&test_p);
        for kind in [RepairKind::Platt, RepairKind::Isotonic] {
            let repair = Repair::fit(kind, &p, &y).unwrap();
            assert!(repair.is_sound() && repair.kind() == kind);
            let after = brier(&repair.apply_all(&test_p));
            assert!(after < before - 0.02, "{kind:?}: {before} to {after}");
            let mut sorted = test_p.clone();
            sorted.sort_by(f64::total_cmp);
            assert!(repair.apply_all(&sorted).is_sorted(), "ranks stay");
            let json = serde_json::to_string(&repair).unwrap();
            assert_eq!(serde_json::from_str::<Repair>(&json).unwrap(), repair);
        }
        let Some(Repair::Platt { slope, offset }) = Repair::fit(RepairKind::Platt, &p, &y) else { panic!() };
        assert!((slope - 1.0 / 3.0).abs() < 0.03 && offset.abs() < 0.1, "{slope} {offset}");
    }

    /// Probabilities and what isotonic repair makes of them.
    const SKLEARN_ISOTONIC: [(f64, f64); 12] = [
        (0.0, 0.0),
        (0.1, 0.0),
        (0.17, 0.1),
        (0.2, 0.25),
        (0.35, 0.25),
        (0.5, 0.5),
        (0.58, 0.6),
        (0.6, 0.666_666_666_666_666_6),
        (0.65, 0.666_666_666_666_666_6),
        (0.75, 0.833_333_333_333_333_3),
        (0.9, 1.0),
        (1.0, 1.0),
    ];
    /// a and b of 1 / (1 + exp(a f + b)).
    const SKLEARN_PLATT: (f64, f64) = (-0.753_790_130_684_459_4, 0.024_308_409_167_683_082);

    /// Figures of scikit-learn 1.9.1: see benches/peers/repair.py.
    #[test]
    fn both_equal_scikit_learn() {
        let p = [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.7, 0.8, 0.9, 0.95, 0.15];
        let y = [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0].map(|label| label == 1);
        let Some(Repair::Isotonic { x, y: knots }) = Repair::fit(RepairKind::Isotonic, &p, &y) else {
            panic!()
        };
        let repair = Repair::Isotonic { x, y: knots };
        for (at, wanted) in SKLEARN_ISOTONIC {
            assert!((repair.apply(at) - wanted).abs() < 1e-9, "{at}: {} for {wanted}", repair.apply(at));
        }
        let Some(Repair::Platt { slope, offset }) = Repair::fit(RepairKind::Platt, &p, &y) else { panic!() };
        let (a, b) = SKLEARN_PLATT;
        assert!((slope + a).abs() < 1e-4 && (offset + b).abs() < 1e-4, "{slope} {offset}");
    }

    #[test]
    fn what_cannot_be_repaired_stays() {
        let (p, y) = boastful(400, 3);
        assert_eq!(Repair::fit(RepairKind::None, &p, &y), None);
        assert_eq!(Repair::fit(RepairKind::Platt, &p[..4], &y[..4]), None);
        assert_eq!(Repair::fit(RepairKind::Isotonic, &p, &vec![true; 400]), None);
        let turned: Vec<bool> = y.iter().map(|label| !label).collect();
        assert_eq!(Repair::fit(RepairKind::Platt, &p, &turned), None, "a model that is upside down");
        for bad in [
            Repair::Platt { slope: -1.0, offset: 0.0 },
            Repair::Isotonic { x: vec![], y: vec![] },
            Repair::Isotonic { x: vec![0.1, 0.2], y: vec![0.3, 0.1] },
            Repair::Isotonic { x: vec![0.1], y: vec![1.5] },
        ] {
            assert!(!bad.is_sound(), "{bad:?}");
        }
    }
}
