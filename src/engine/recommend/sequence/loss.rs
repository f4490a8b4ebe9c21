//! Cross-entropy of the next product over all products, or over drawn ones where there are many. Its slope
//! is known in closed form (softmax less the truth), so the scores never enter the tape: they are worked out
//! for some steps at a time, and only the slopes of the vectors and of the embeddings are kept.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

use super::graph::Graph;
use crate::job::{Cancelled, Reporter};

/// Scores that are worked out at once.
const AT_ONCE: usize = 1 << 21;

/// Products drawn by how often they are taken, each once, with the logarithm of the chance of each product
/// to be among them. A drawn score less it stands for all that were not drawn, so that the sum under the
/// softmax is that of all products on average (Bengio and Senécal 2008; Jean et al. 2015); the target is
/// always there, and stays as it is.
pub(super) struct Drawn {
    /// Rising.
    pub items: Vec<i32>,
    /// One a product of all.
    pub log_chance: Vec<f32>,
}

/// What a step makes small: a tensor whose slope is that of the mean loss, and the sum of the losses.
pub(super) struct Loss {
    pub slope: Tensor<1>,
    pub sum: Tensor<1>,
}

fn ids(values: &[i32], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// Loss of `vectors`, `[steps, size]`, each against its target.
///
/// # Errors
/// The person cancels.
pub(super) fn next(
    model: &Graph,
    vectors: Tensor<2>,
    targets: &[i32],
    drawn: Option<&Drawn>,
    report: &Reporter,
) -> Result<Loss, Cancelled> {
    match drawn {
        None => whole(model, vectors, targets, report),
        Some(drawn) => sampled(model, vectors, targets, drawn, report),
    }
}

/// Steps of a chunk where each has so many scores.
fn chunk(scores: usize) -> usize {
    (AT_ONCE / scores.max(1)).clamp(32, 4_096)
}

fn whole(model: &Graph, vectors: Tensor<2>, targets: &[i32], report: &Reporter) -> Result<Loss, Cancelled> {
    let (items, bias) = (model.items.val(), model.bias.val());
    let (h, e, b) = (vectors.clone().inner(), items.clone().inner(), bias.clone().inner());
    let device = h.device();
    let n = targets.len();
    let mut slopes = Vec::new();
    let mut of_items = e.zeros_like();
    let mut of_bias = b.zeros_like();
    let mut sum = Tensor::<1>::zeros([1], &device);
    let mut from = 0;
    for some in targets.chunks(chunk(e.dims()[0])) {
        report.check()?;
        let rows = some.len();
        let h = h.clone().narrow(0, from, rows);
        from += rows;
        let truth = ids(some, &device).reshape([rows, 1]);
        let p = softmax(h.clone().matmul(e.clone().transpose()) + b.clone().unsqueeze::<2>(), 1);
        sum = sum - p.clone().gather(1, truth.clone()).clamp_min(1e-30).log().sum();
        let less = Tensor::<2>::full([rows, 1], -1.0, &device);
        let g = p.scatter(1, truth, less, IndexingUpdateOp::Add);
        slopes.push(g.clone().matmul(e.clone()));
        of_items = of_items + g.clone().transpose().matmul(h);
        of_bias = of_bias + g.sum_dim(0).flatten::<1>(0, 1);
    }
    let of_vectors = Tensor::cat(slopes, 0);
    let slope = (vectors * Tensor::from_inner(of_vectors)).sum()
        + (items * Tensor::from_inner(of_items)).sum()
        + (bias * Tensor::from_inner(of_bias)).sum();
    Ok(Loss { slope: slope / n.max(1) as f64, sum })
}

fn sampled(
    model: &Graph,
    vectors: Tensor<2>,
    targets: &[i32],
    drawn: &Drawn,
    report: &Reporter,
) -> Result<Loss, Cancelled> {
    let device = vectors.device().inner();
    let chance = |item: i32| drawn.log_chance.get(item as usize).copied().unwrap_or_default();
    let column = |values: Vec<f32>| {
        let rows = values.len();
        Tensor::<2>::from_data(TensorData::new(values, [rows, 1]), &device)
    };
    let (items, bias) = (model.items.val(), model.bias.val());
    let grad_device = items.device();
    let (drawn_ids, true_ids) = (ids(&drawn.items, &grad_device), ids(targets, &grad_device));
    let drawn_e = items.clone().select(0, drawn_ids.clone());
    let drawn_b = bias.clone().select(0, drawn_ids);
    let true_e = items.select(0, true_ids.clone());
    let true_b = bias.select(0, true_ids);
    let k = drawn.items.len();
    let (h, e, t) = (vectors.clone().inner(), drawn_e.clone().inner(), true_e.clone().inner());
    let lift = column(drawn.items.iter().map(|item| chance(*item)).collect()).reshape([1, k]);
    let others = drawn_b.clone().inner().unsqueeze::<2>() - lift;
    let own = true_b.clone().inner().reshape([targets.len(), 1]);
    let (mut of_h, mut of_t, mut of_own) = (Vec::new(), Vec::new(), Vec::new());
    let mut of_e = e.zeros_like();
    let mut of_b = Tensor::<2>::zeros([1, k], &device);
    let mut sum = Tensor::<1>::zeros([1], &device);
    let mut from = 0;
    for some in targets.chunks(chunk(k)) {
        report.check()?;
        let rows = some.len();
        let (h, t) = (h.clone().narrow(0, from, rows), t.clone().narrow(0, from, rows));
        let own = own.clone().narrow(0, from, rows);
        from += rows;
        let scores = h.clone().matmul(e.clone().transpose()) + others.clone();
        // A drawn product that is the target itself is shut out: it is there already.
        let hit: Vec<Option<usize>> = some.iter().map(|item| drawn.items.binary_search(item).ok()).collect();
        let place: Vec<i32> = hit.iter().map(|at| at.map_or(0, |at| at as i32)).collect();
        let shut = hit.iter().map(|at| if at.is_some() { -1e9 } else { 0.0 }).collect();
        let place = ids(&place, &device).reshape([rows, 1]);
        let scores = scores.scatter(1, place, column(shut), IndexingUpdateOp::Add);
        let first = (h.clone() * t.clone()).sum_dim(1) + own;
        let p = softmax(Tensor::cat(vec![first, scores], 1), 1);
        let true_p = p.clone().narrow(1, 0, 1);
        sum = sum - true_p.clone().clamp_min(1e-30).log().sum();
        let (g_true, g) = (true_p - 1.0, p.narrow(1, 1, k));
        of_h.push(g.clone().matmul(e.clone()) + g_true.clone() * t);
        of_t.push(g_true.clone() * h.clone());
        of_own.push(g_true);
        of_e = of_e + g.clone().transpose().matmul(h);
        of_b = of_b + g.sum_dim(0);
    }
    let n = targets.len();
    let of_own = Tensor::cat(of_own, 0).reshape([n]);
    let slope = (vectors * Tensor::from_inner(Tensor::cat(of_h, 0))).sum()
        + (true_e * Tensor::from_inner(Tensor::cat(of_t, 0))).sum()
        + (drawn_e * Tensor::from_inner(of_e)).sum()
        + (true_b * Tensor::from_inner(of_own)).sum()
        + (drawn_b * Tensor::from_inner(of_b.reshape([k]))).sum();
    Ok(Loss { slope: slope / n.max(1) as f64, sum })
}
