//! One step of the optimiser. burn's `ModuleOptimizer` has the same rules, but puts a loaded record on
//! burn's default device, which is wgpu wherever it is compiled in, adapter or none; and it clips
//! each tensor by itself. The moments lie here, where a checkpoint finds them.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::spec::{FitSpec, Rule};
use crate::train::net::graph::Graph;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const ALPHA: f64 = 0.99;
const EPSILON: f64 = 1e-8;

/// The optimiser's memory.
pub(crate) struct Updater {
    rule: Rule,
    weight_decay: f64,
    clip_norm: f64,
    /// Momentum, or running means of the gradients, by parameter.
    pub first: GradientsParams,
    /// Running means of the squared gradients, by parameter.
    pub second: GradientsParams,
    /// Steps done.
    pub steps: u64,
}

impl Updater {
    pub fn new(fit: &FitSpec) -> Self {
        Self::of(fit.rule, fit.weight_decay, fit.clip_norm)
    }

    /// The gradient is shortened to `clip_norm`, unless that is 0.
    pub fn of(rule: Rule, weight_decay: f64, clip_norm: f64) -> Self {
        Self {
            rule,
            weight_decay,
            clip_norm,
            first: GradientsParams::new(),
            second: GradientsParams::new(),
            steps: 0,
        }
    }

    /// Moves the weights by their gradients, `rate` far.
    pub fn step<M: Module>(&mut self, rate: f64, model: M, grads: GradientsParams) -> M {
        self.steps += 1;
        let scale = (self.clip_norm > 0.0).then(|| {
            // min(1, limit / norm), worked out on the device: nothing is read back.
            let norm = norm_square(&model, &grads).map(Tensor::sqrt);
            norm.map(|norm| (norm + 1e-12).recip().mul_scalar(self.clip_norm).clamp_max(1.0))
        });
        model.map(&mut Mapper { updater: self, grads, rate, scale: scale.flatten() })
    }
}

/// The squared length of all gradients together.
pub(crate) fn norm_square<M: Module>(model: &M, grads: &GradientsParams) -> Option<Tensor<1>> {
    struct Sum<'a>(&'a GradientsParams, Option<Tensor<1>>);
    impl ModuleVisitor for Sum<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.0.get::<D>(param.id) {
                let sum = grad.square().sum();
                self.1 = Some(match self.1.take() {
                    Some(before) => before + sum,
                    None => sum,
                });
            }
        }
    }
    let mut sum = Sum(grads, None);
    model.visit(&mut sum);
    sum.1
}

/// The length of each tensor's gradient, in the order of the weights' ids.
pub(crate) fn norms(model: &Graph, grads: &GradientsParams) -> Vec<(u64, Tensor<1>)> {
    struct Each<'a>(&'a GradientsParams, Vec<(u64, Tensor<1>)>);
    impl ModuleVisitor for Each<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.0.get::<D>(param.id) {
                self.1.push((param.id.val(), grad.square().sum().sqrt()));
            }
        }
    }
    let mut each = Each(grads, Vec::new());
    model.visit(&mut each);
    each.1.sort_by_key(|(id, _)| *id);
    each.1
}

struct Mapper<'a> {
    updater: &'a mut Updater,
    grads: GradientsParams,
    rate: f64,
    scale: Option<Tensor<1>>,
}

impl ModuleMapper for Mapper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let Some(mut g) = self.grads.remove::<D>(id) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        if let Some(scale) = &self.scale {
            g = g * scale.clone().reshape([1; D]);
        }
        let mut w = tensor.inner();
        let (rate, decay, t) = (self.rate, self.updater.weight_decay, self.updater.steps);
        if decay > 0.0 {
            match self.updater.rule {
                Rule::AdamW => w = w.mul_scalar(1.0 - rate * decay),
                _ => g = g + w.clone().mul_scalar(decay),
            }
        }
        // a ← keep · a + add · x, starting from zeros.
        let blend = |store: &mut GradientsParams, keep: f64, x: Tensor<D>, add: f64| {
            let x = if add == 1.0 { x } else { x.mul_scalar(add) };
            let new = match store.remove::<D>(id) {
                Some(old) => old.mul_scalar(keep) + x,
                None => x,
            };
            store.register(id, new.clone());
            new
        };
        let change = match self.updater.rule {
            Rule::Sgd { momentum: 0.0 } => g,
            Rule::Sgd { momentum } => blend(&mut self.updater.first, momentum, g, 1.0),
            Rule::Adam | Rule::AdamW => {
                let m = blend(&mut self.updater.first, BETA_1, g.clone(), 1.0 - BETA_1);
                let v = blend(&mut self.updater.second, BETA_2, g.square(), 1.0 - BETA_2);
                // Both means start at zero; what is missing of them is divided out.
                let power = i32::try_from(t).unwrap_or(i32::MAX);
                let (c1, c2) = (1.0 - BETA_1.powi(power), (1.0 - BETA_2.powi(power)).sqrt());
                m.mul_scalar(c2 / c1) / (v.sqrt() + EPSILON * c2)
            }
            Rule::RmsProp => {
                let v = blend(&mut self.updater.second, ALPHA, g.clone().square(), 1.0 - ALPHA);
                g / (v.sqrt() + EPSILON)
            }
        };
        let w = w - change.mul_scalar(rate);
        Param::from_mapped_value(id, Tensor::from_inner(w).require_grad(), mapper)
    }
}
