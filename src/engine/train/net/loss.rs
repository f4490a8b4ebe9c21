//! What training makes small, as tensors: one number a row, then their weighted mean.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, log_softmax, sigmoid};

use super::{Head, Loss};

/// The loss of each row, `[rows, 1]`, of `logits`, `[rows, outputs]`, against `truth` of the same shape
/// (0 or 1, one-hot, or the number).
pub(crate) fn rows(loss: Loss, head: Head, logits: Tensor<2>, truth: Tensor<2>) -> Tensor<2> {
    let [_, outputs] = logits.dims();
    match (loss, head) {
        (Loss::CrossEntropy { smoothing }, Head::MultiClass { .. }) => {
            let spread = truth * (1.0 - smoothing) + smoothing / outputs as f64;
            (log_softmax(logits, 1) * spread).sum_dim(1).neg()
        }
        (Loss::Focal { gamma }, Head::MultiClass { .. }) => {
            let log_p = (log_softmax(logits, 1) * truth).sum_dim(1);
            let miss = log_p.clone().exp().neg() + 1.0;
            power(miss, gamma) * log_p.neg()
        }
        // p of the truth is p where it is 1 and 1 − p where it is 0; missed is what is left to 1.
        (Loss::Focal { gamma }, _) => {
            let p = sigmoid(logits.clone());
            let miss = truth.clone() + p.clone() - p * truth.clone() * 2.0;
            (entropy(logits, truth) * power(miss, gamma)).mean_dim(1)
        }
        // ½ e² up to δ, then δ (|e| − ½ δ); with q = min(|e|, δ) this is q (|e| − ½ q).
        (Loss::Huber { delta }, _) => {
            let error = (logits - truth).abs();
            let quadratic = error.clone().clamp_max(delta);
            quadratic.clone() * (error - quadratic * 0.5)
        }
        (Loss::Auto | Loss::Bce | Loss::CrossEntropy { .. }, _) => entropy(logits, truth).mean_dim(1),
    }
}

/// Binary cross-entropy of log-odds `z` and truth `y`, 0 or 1: −ln σ(±z). Written with maximum and absolute
/// value instead it has a wrong slope where z is exactly 0.
pub(crate) fn entropy(z: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    log_sigmoid(z * (y * 2.0 - 1.0)).neg()
}

/// xᵞ; the floor keeps the slope of a power below 1 finite.
fn power(x: Tensor<2>, gamma: f64) -> Tensor<2> {
    if gamma == 0.0 { x.ones_like() } else { x.clamp_min(1e-6).powf_scalar(gamma) }
}
