//! Held-out comments: which fold a comment is in, and every model's answers on folds that it never saw.

use std::collections::{HashMap, HashSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::job::Reporter;

/// Folds that held-out probabilities come from.
pub const FOLDS: usize = 5;
/// Different rated comments, and of each class, without which nothing is trained.
pub const LEAST: (usize, usize) = (60, 15);
/// Comments of each class without which a fold is not told.
const LEAST_OF_CLASS: usize = 5;

/// True where there are enough different rated comments to learn from, each with its label and fold.
pub(super) fn are_enough(texts: &[&str], labels: &[bool], folds: &[usize]) -> bool {
    let different = |kind: bool| -> usize {
        let of = texts.iter().zip(labels).filter(|(_, label)| **label == kind);
        of.map(|(text, _)| text.trim()).collect::<HashSet<&str>>().len()
    };
    let (kind, unkind) = (different(true), different(false));
    kind + unkind >= LEAST.0
        && kind.min(unkind) >= LEAST.1
        && folds.len() == labels.len()
        && texts.len() == labels.len()
}

/// The fold of every comment, 0 to [`FOLDS`] − 1: equal texts share one, and each class is dealt out evenly.
pub fn folds_of(texts: &[&str], labels: &[bool], seed: u64) -> Vec<usize> {
    dealt(texts, labels, FOLDS, seed)
}

/// The heap of every comment, 0 to `heaps` − 1, in the same way.
pub(super) fn dealt(texts: &[&str], labels: &[bool], heaps: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut groups: Vec<(bool, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (row, (text, label)) in texts.iter().zip(labels).enumerate() {
        let at = *places.entry(text.trim()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((*label, vec![row])),
        }
    }
    groups.shuffle(&mut rng);
    groups.sort_by_key(|(label, _)| *label);
    let mut out = vec![0; texts.len()];
    for (at, (_, rows)) in groups.iter().enumerate() {
        for row in rows {
            if let Some(heap) = out.get_mut(*row) {
                *heap = at % heaps.max(1);
            }
        }
    }
    out
}

/// Something that learns from rated comments, told by their places.
pub(super) trait Learner {
    type Model;

    /// A model of these comments. `part` counts the trainings: the folds from 0, then [`FOLDS`] for all comments.
    fn train(&self, rows: &[usize], part: usize, report: &Reporter) -> crate::Result<Self::Model>;

    /// The probability of each of these comments to be kind.
    fn tell(&self, model: &Self::Model, rows: &[usize], report: &Reporter) -> crate::Result<Vec<f64>>;
}

/// Every comment's probability by a model that did not see its fold (a half where a class is almost missing
/// from the others), then a model of all comments.
pub(super) fn cross_fit<L: Learner>(
    learner: &L,
    labels: &[bool],
    folds: &[usize],
    report: &Reporter,
) -> crate::Result<(L::Model, Vec<f64>)> {
    let mut held = vec![0.5; labels.len()];
    let share = 1.0 / (FOLDS + 1) as f64;
    for fold in 0..FOLDS {
        report.check()?;
        let part = report.part(fold as f64 * share, share);
        let rows = |inside: bool| -> Vec<usize> {
            folds.iter().enumerate().filter(|(_, f)| (**f == fold) == inside).map(|(at, _)| at).collect()
        };
        let (learnt, told) = (rows(false), rows(true));
        let kind = learnt.iter().filter(|&&at| labels.get(at) == Some(&true)).count();
        if told.is_empty() || kind.min(learnt.len() - kind) < LEAST_OF_CLASS {
            continue;
        }
        let model = learner.train(&learnt, fold, &part)?;
        for (row, p) in told.iter().zip(learner.tell(&model, &told, &part)?) {
            if let Some(out) = held.get_mut(*row) {
                *out = p;
            }
        }
    }
    let all: Vec<usize> = (0..labels.len()).collect();
    let model = learner.train(&all, FOLDS, &report.part(FOLDS as f64 * share, share))?;
    Ok((model, held))
}
