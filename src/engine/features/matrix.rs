//! The design matrix: what a model sees.

use super::Sequences;

/// A design matrix, one row a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub names: Vec<String>,
    /// The source column of each feature.
    pub sources: Vec<String>,
    pub height: usize,
    /// Row by row, `height × names.len()`.
    pub data: Vec<f32>,
    /// What networks read in order beside the features.
    pub sequences: Sequences,
}

impl Matrix {
    /// A matrix of `height` rows, `data` row by row.
    pub fn new(names: Vec<String>, sources: Vec<String>, height: usize, data: Vec<f32>) -> Self {
        Self { names, sources, height, data, sequences: Sequences::default() }
    }

    /// Features.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// One customer's features.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.data[at * self.width()..(at + 1) * self.width()]
    }

    /// A matrix of the same features with other rows, `data` row by row; their sequences are empty.
    pub fn like(&self, data: Vec<f32>) -> Matrix {
        let height = data.len() / self.width().max(1);
        let sequences = self.sequences.silent(height);
        Matrix { names: self.names.clone(), sources: self.sources.clone(), height, data, sequences }
    }

    /// The same rows with these sequences.
    pub fn with_sequences(self, sequences: Sequences) -> Matrix {
        Matrix { sequences, ..self }
    }

    /// The rows at `places`, in that order.
    pub fn select(&self, places: &[usize]) -> Matrix {
        let mut data = Vec::with_capacity(places.len() * self.width());
        places.iter().for_each(|&at| data.extend_from_slice(self.row(at)));
        self.like(data).with_sequences(self.sequences.select(places))
    }

    /// One feature of every row; empty where there is no such feature.
    pub fn column(&self, feature: usize) -> Vec<f32> {
        if feature >= self.width() {
            return Vec::new();
        }
        self.data.iter().skip(feature).step_by(self.width()).copied().collect()
    }

    /// The same rows with the features that `keep` marks.
    pub(super) fn narrowed(self, keep: &[bool]) -> Matrix {
        if keep.iter().all(|kept| *kept) {
            return self;
        }
        let kept = |at: usize| keep.get(at).copied().unwrap_or(true);
        let places: Vec<usize> = (0..self.width()).filter(|at| kept(*at)).collect();
        let mut data = Vec::with_capacity(self.height * places.len());
        for row in self.data.chunks_exact(self.width().max(1)) {
            data.extend(places.iter().map(|&at| row[at]));
        }
        let some = |list: Vec<String>| {
            list.into_iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, name)| name).collect()
        };
        Matrix { names: some(self.names), sources: some(self.sources), data, ..self }
    }
}
