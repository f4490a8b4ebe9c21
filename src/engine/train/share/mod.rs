//! One training shared by several devices, data-parallel and in step: each takes its part of every batch, the
//! gradients are added up in the order of the parts, and all move their weights by the same sum. What is
//! drawn (order, dropout) is drawn for the whole batch everywhere, so that the rows and masks of a step are
//! those of a training that is not shared.

mod meeting;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

pub(super) use meeting::{Frame, Kind, Meeting, Turn, answer, reduce};

use super::TrainError;
use super::elsewhere::ElsewhereError;
use super::network::read;
use crate::job::Reporter;

/// Which part of a training this is, counted from 0, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub part: usize,
    pub parts: usize,
}

impl Share {
    /// True if there is such a part.
    pub fn is_sound(self) -> bool {
        self.part < self.parts
    }

    /// Its places in a batch of `rows`: parts differ by one row at most, the first ones have more.
    pub fn of(self, rows: usize) -> Range<usize> {
        let parts = self.parts.max(1);
        let (each, more) = (rows / parts, rows % parts);
        let from = self.part * each + self.part.min(more);
        from..from + each + usize::from(self.part < more)
    }
}

/// What a step computes of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Places in the batch.
    pub rows: Range<usize>,
    /// False where the part is empty: its row only keeps the network's shape, and weighs nothing.
    pub counts: bool,
}

/// One device's part of a shared training.
pub(super) struct Shard {
    share: Share,
    meeting: Arc<Meeting>,
}

fn astray(cause: &str) -> TrainError {
    ElsewhereError::Failed { cause: cause.to_owned() }.into()
}

impl Shard {
    pub fn new(share: Share, meeting: Arc<Meeting>) -> Self {
        Self { share, meeting }
    }

    /// True for the part that judges, keeps the checkpoint and tells.
    pub fn leads(&self) -> bool {
        self.share.part == 0
    }

    /// Its piece of a batch of `rows`.
    pub fn piece(&self, rows: usize) -> Piece {
        let own = self.share.of(rows);
        if own.is_empty() {
            Piece { rows: 0..rows.min(1), counts: false }
        } else {
            Piece { rows: own, counts: true }
        }
    }

    /// Tells the others `payload`, and hears what came of all of them.
    fn meet(&self, kind: Kind, tag: u64, payload: &[u8], report: &Reporter) -> crate::Result<Vec<u8>> {
        let answer = self.meeting.meet(Frame::write(kind, tag, payload), report)?;
        let (flags, payload) = answer.split_first().ok_or_else(|| astray("an empty answer"))?;
        if flags & answer::END != 0 {
            // All hear of it at the same step: none waits for one that has ended.
            report.end_early();
        }
        Ok(payload.to_vec())
    }

    /// Adds up the gradients of all parts, and their losses; `tag` is the step.
    pub fn sum<M: Module>(
        &self,
        tag: u64,
        model: &M,
        grads: &GradientsParams,
        loss: Tensor<1>,
        report: &Reporter,
    ) -> crate::Result<(GradientsParams, Tensor<1>)> {
        let device = loss.device();
        // One reading for all: on a graphics card each reading waits.
        let mut flat = Flat { grads, parts: vec![loss] };
        model.visit(&mut flat);
        let own = read(Tensor::cat(flat.parts, 0))?;
        let mut bytes = Vec::with_capacity(own.len() * 4);
        own.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
        let bytes = self.meet(Kind::Sum, tag, &bytes, report)?;
        let all = floats(&bytes);
        if all.len() != own.len() {
            return Err(astray("a sum of another length").into());
        }
        let (loss, rest) = all.split_first().ok_or_else(|| astray("an empty sum"))?;
        let mut spread = Spread { grads, values: rest, device: &device, sums: GradientsParams::new() };
        model.visit(&mut spread);
        Ok((spread.sums, Tensor::from_data(TensorData::new(vec![*loss], [1]), &device)))
    }

    /// What the first part makes of it; the others do not compute it.
    pub fn first(
        &self,
        tag: u64,
        make: impl FnOnce() -> crate::Result<Vec<u8>>,
        report: &Reporter,
    ) -> crate::Result<Vec<u8>> {
        let own = if self.leads() { make()? } else { Vec::new() };
        self.meet(Kind::First, tag, &own, report)
    }

    /// The figures of the validation rows, as the first part finds them.
    pub fn looked(
        &self,
        tag: u64,
        look: impl FnOnce() -> crate::Result<(f64, Option<f64>)>,
        report: &Reporter,
    ) -> crate::Result<(f64, Option<f64>)> {
        let write = |(loss, metric): (f64, Option<f64>)| {
            // NaN stands for what is not there: no metric is one.
            [loss, metric.unwrap_or(f64::NAN)].iter().flat_map(|x| x.to_le_bytes()).collect()
        };
        let bytes = self.first(tag, || look().map(write), report)?;
        match *bytes.as_chunks::<8>().0 {
            [loss, metric] => {
                let metric = f64::from_le_bytes(metric);
                Ok((f64::from_le_bytes(loss), (!metric.is_nan()).then_some(metric)))
            }
            _ => Err(astray("figures of another length").into()),
        }
    }

    /// The model with the weights of the first part: devices of different kinds round differently, and would
    /// drift apart.
    pub fn same<M: Module>(
        &self,
        tag: u64,
        model: M,
        device: &Device,
        report: &Reporter,
    ) -> crate::Result<M> {
        let own = || {
            let mut weights = Weights(Vec::new());
            model.visit(&mut weights);
            let values = read(Tensor::cat(weights.0, 0))?;
            Ok(values.iter().flat_map(|x| x.to_le_bytes()).collect())
        };
        let bytes = self.first(tag, own, report)?;
        if self.leads() {
            return Ok(model);
        }
        let values = floats(&bytes);
        let mut take = Take { values: &values, device, fits: true };
        let model = model.map(&mut take);
        if take.fits && take.values.is_empty() {
            Ok(model)
        } else {
            Err(astray("weights of other shapes").into())
        }
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}

/// Gathers the gradients in the order of the parameters.
struct Flat<'a> {
    grads: &'a GradientsParams,
    parts: Vec<Tensor<1>>,
}

impl ModuleVisitor for Flat<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            let count = grad.dims().iter().product::<usize>();
            self.parts.push(grad.reshape([count]));
        }
    }
}

/// Gives each parameter that has a gradient its part of the sum.
struct Spread<'a> {
    grads: &'a GradientsParams,
    values: &'a [f32],
    device: &'a Device,
    sums: GradientsParams,
}

impl ModuleVisitor for Spread<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(grad) = self.grads.get::<D>(param.id) else { return };
        let shape = grad.dims();
        // As many as were told; what is missing was refused before.
        let (own, rest) = self.values.split_at(shape.iter().product::<usize>().min(self.values.len()));
        self.values = rest;
        let data = TensorData::new(own.to_vec(), shape);
        self.sums.register::<D>(param.id, Tensor::from_data(data, self.device));
    }
}

struct Weights(Vec<Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().without_autodiff();
        let count = values.dims().iter().product::<usize>();
        self.0.push(values.reshape([count]));
    }
}

struct Take<'a> {
    values: &'a [f32],
    device: &'a Device,
    fits: bool,
}

impl ModuleMapper for Take<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        match self.values.split_at_checked(shape.iter().product::<usize>()) {
            Some((own, rest)) => {
                self.values = rest;
                let tensor = Tensor::from_data(TensorData::new(own.to_vec(), shape), self.device);
                Param::from_mapped_value(id, Tensor::from_inner(tensor).require_grad(), mapper)
            }
            None => {
                self.fits = false;
                Param::from_mapped_value(id, tensor, mapper)
            }
        }
    }
}
