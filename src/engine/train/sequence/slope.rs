//! What the dense layers of a network read behind the table's features: a vector for the words, and one for
//! the history.

use super::SequenceNet;
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::net::graph::Graph;
use crate::train::{DeviceKind, TrainError, device, net};

impl SequenceNet {
    /// True if no two columns of text are read as one.
    pub(in crate::train) fn one_column_each(&self) -> bool {
        self.reading.words.as_ref().is_none_or(|words| words.columns.len() == 1)
    }

    /// The columns that are read, with the width of the vector that the body makes of each.
    pub(in crate::train) fn blocks(&self) -> Vec<(&str, usize)> {
        let columns: Vec<&str> = self.reading.columns().collect();
        // Both bodies are of one kind and size.
        let first = self.net.weights.iter().find(|w| w.name == "dense0.weight" || w.name == "out.weight");
        let all = first.and_then(|weight| weight.shape.first()).copied().unwrap_or(0);
        let each = all.saturating_sub(self.net.inputs.table) / columns.len().max(1);
        columns.into_iter().map(|column| (column, each)).collect()
    }

    /// The vectors of every row, joined: their width, and `height × width` numbers.
    ///
    /// # Errors
    /// The device fails, or the person cancelled.
    pub(in crate::train) fn vectors(
        &self,
        matrix: &Matrix,
        report: &Reporter,
    ) -> crate::Result<(usize, Vec<f32>)> {
        let device = device::open(DeviceKind::Flex)?;
        let graph = Graph::new(&self.net, &device).map_err(TrainError::from)?;
        let rows: Vec<usize> = (0..matrix.height).collect();
        let data = self.reading.sequences(&matrix.sequences, &rows, report)?.0;
        net::predict_vectors(&graph, &self.net, &data, &device, report)
    }
}
