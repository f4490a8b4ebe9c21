//! How a comparison stands while its folds pass.

use super::{Comparison, Measured};
use crate::job::Event;
use crate::train::ModelKind;

/// The folds that are done, gathered from the events of a running comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    folds: usize,
    kinds: Vec<ModelKind>,
    measured: Vec<Measured>,
    /// The fold that is worked on, counted from 1, and the kind.
    pub at: Option<(usize, ModelKind)>,
}

impl Standing {
    /// Nothing done yet.
    pub fn new(kinds: &[ModelKind], folds: usize) -> Self {
        Self { folds, kinds: kinds.to_vec(), measured: Vec::new(), at: None }
    }

    /// Takes in what the comparison tells.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Fold { fold, kind, .. } => self.at = Some((*fold, *kind)),
            Event::FoldDone { kind, seconds, scores, .. } => {
                let place = self.measured.iter().position(|one| one.kind == *kind);
                let place = place.unwrap_or_else(|| {
                    self.measured.push(Measured {
                        kind: *kind,
                        seconds: 0.0,
                        folds: Vec::new(),
                        probabilities: Vec::new(),
                        notes: Vec::new(),
                    });
                    self.measured.len() - 1
                });
                if let Some(one) = self.measured.get_mut(place) {
                    one.seconds += seconds;
                    one.folds.push(scores.clone());
                }
            }
            _ => {}
        }
    }

    /// The kinds with the folds that they have, the best first: what the whole comparison will give once
    /// all are there, but for rows, notes and failures. A verdict before that is none.
    pub fn so_far(&self) -> Comparison {
        let rows = (Vec::new(), Vec::new());
        let mut so_far = Comparison::new(self.folds, rows, String::new(), self.measured.clone(), Vec::new());
        so_far.models.iter_mut().for_each(|model| model.verdict = None);
        so_far
    }

    /// Kinds that have no fold yet.
    pub fn waiting(&self) -> Vec<ModelKind> {
        let waits = |kind: &&ModelKind| self.measured.iter().all(|one| one.kind != **kind);
        self.kinds.iter().filter(waits).copied().collect()
    }

    /// Folds of all kinds that are done, and that there will be.
    pub fn done(&self) -> (usize, usize) {
        let done = self.measured.iter().map(|one| one.folds.len()).sum();
        (done, self.folds * self.kinds.len())
    }
}
