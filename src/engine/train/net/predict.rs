//! Answers of a fitted network.

use burn::tensor::{Device, Tensor, TensorData};

use super::batch::Batch;
use super::graph::Graph;
use super::{Head, Net, NetData, NetError};
use crate::job::Reporter;
use crate::train::network::read;
use crate::train::{DeviceKind, TrainError, device};

/// Numbers of a batch while predicting, so that one long row does not take all memory.
const AT_ONCE: usize = 1 << 14;

/// What a network answers for each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Numbers a row: 1, or the classes or labels.
    pub outputs: usize,
    /// `rows × outputs`: probabilities, or the predicted number in the target's own unit.
    pub values: Vec<f64>,
}

impl Prediction {
    /// The numbers of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks(self.outputs.max(1))
    }
}

impl Net {
    /// Probabilities (or numbers) for each row.
    ///
    /// # Errors
    /// The data has other inputs than the network; the device cannot be used; cancelled.
    pub fn predict(
        &self,
        data: &NetData,
        device: DeviceKind,
        report: &Reporter,
    ) -> crate::Result<Prediction> {
        data.check().map_err(TrainError::from)?;
        if data.inputs() != self.inputs {
            return Err(TrainError::from(NetError::Shape { what: "inputs" }).into());
        }
        let device = device::open(device)?;
        let graph = Graph::new(self, &device).map_err(TrainError::from)?;
        let logits = logits(&graph, self, data, &device, report)?;
        let outputs = self.spec.head.outputs();
        Ok(Prediction { outputs, values: answers(self, &logits) })
    }
}

/// Logits of every row, in the rows' order.
pub(crate) fn logits(
    graph: &Graph,
    net: &Net,
    data: &NetData,
    device: &Device,
    report: &Reporter,
) -> crate::Result<Vec<f32>> {
    let outputs = net.spec.head.outputs();
    let run = |batch: &Batch| graph.forward(&net.spec, batch, None, &mut None);
    Ok(by_length(net, data, device, report, run)?.unwrap_or((outputs, Vec::new())).1)
}

/// The bodies' vectors of every row's sequences, joined: their width, and `rows × width` numbers.
pub(crate) fn vectors(
    graph: &Graph,
    net: &Net,
    data: &NetData,
    device: &Device,
    report: &Reporter,
) -> crate::Result<(usize, Vec<f32>)> {
    let run = |batch: &Batch| Tensor::cat(graph.vectors(&net.spec, batch, &mut None, &mut None), 1);
    Ok(by_length(net, data, device, report, run)?.unwrap_or_default())
}

/// Logits of `rows` rows whose bodies' vectors are known; `table` and `vectors` row by row.
pub(crate) fn joined(
    graph: &Graph,
    net: &Net,
    (rows, table, vectors): (usize, &[f32], &[f32]),
    device: &Device,
) -> Result<Vec<f32>, TrainError> {
    let part = |values: &[f32]| {
        let width = values.len() / rows.max(1);
        let data = TensorData::new(values.get(..rows * width).unwrap_or_default().to_vec(), [rows, width]);
        (width > 0).then(|| Tensor::from_data(data, device))
    };
    let parts: Vec<Tensor<2>> = [part(table), part(vectors)].into_iter().flatten().collect();
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    read(graph.head(&net.spec, parts, None, &mut None))
}

/// Runs all rows through `run`, in batches of like length, so that little is padding: the width of its
/// answers, and `rows × width` numbers in the rows' order. `None` without rows.
fn by_length(
    net: &Net,
    data: &NetData,
    device: &Device,
    report: &Reporter,
    run: impl Fn(&Batch) -> Tensor<2>,
) -> crate::Result<Option<(usize, Vec<f32>)>> {
    let limit = net.spec.max_len;
    let mut order: Vec<usize> = (0..data.rows).collect();
    order.sort_by_key(|row| data.steps(*row, limit));
    let mut out: Option<(usize, Vec<f32>)> = None;
    let mut from = 0;
    while from < order.len() {
        report.check()?;
        // The last of a batch is its longest.
        let mut to = from + 1;
        while to < order.len() && to - from < 1024 {
            let longest = order.get(to).map_or(1, |row| data.steps(*row, limit)).max(1);
            if (to + 1 - from) * longest > AT_ONCE {
                break;
            }
            to += 1;
        }
        let rows = order.get(from..to).unwrap_or(&[]);
        let answers = run(&Batch::new(data, rows, &net.spec, device));
        let [_, width] = answers.dims();
        let (_, all) = out.get_or_insert_with(|| (width, vec![0.0; data.rows * width]));
        for (row, answer) in rows.iter().zip(read(answers)?.chunks(width.max(1))) {
            if let Some(place) = all.get_mut(row * width..(row + 1) * width) {
                place.copy_from_slice(answer);
            }
        }
        from = to;
    }
    Ok(out)
}

/// The last step on the host in 64 bits: probabilities near 1 stay apart.
pub(crate) fn answers(net: &Net, logits: &[f32]) -> Vec<f64> {
    let sigmoid = |z: &f32| 1.0 / (1.0 + (-f64::from(*z)).exp());
    match net.spec.head {
        Head::Binary | Head::MultiLabel { .. } => logits.iter().map(sigmoid).collect(),
        Head::Regression => {
            let (mean, deviation) = net.target_scale;
            logits.iter().map(|z| f64::from(*z) * f64::from(deviation) + f64::from(mean)).collect()
        }
        Head::MultiClass { classes } => logits
            .chunks(classes.max(1))
            .flat_map(|z| {
                let top = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let e: Vec<f64> = z.iter().map(|z| f64::from(z - top).exp()).collect();
                let sum: f64 = e.iter().sum();
                e.into_iter().map(move |e| e / sum)
            })
            .collect(),
    }
}
