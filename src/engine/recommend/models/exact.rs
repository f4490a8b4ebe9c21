//! One customer's equation (YᵀY + λI + Σ e y yᵀ) x = b, solved exactly. With H = (YᵀY + λI)⁻¹, the rows z = Hy
//! of all products made once, and the n products of the customer, the identity of Woodbury leaves n unknowns:
//! x = Hb − Zᵀ(E⁻¹ + Y Zᵀ)⁻¹ Y H b. From k products on the k unknowns themselves are fewer.

use std::sync::OnceLock;

use super::als::{Als, Side, add, add_four, dot};

/// What is made of the factors once, when it is asked for first: k × k and one row of k a product.
#[derive(Debug, Clone, Default)]
pub(super) struct Rests(OnceLock<Ready>);

/// Products of a panel: as many sums as fit into the registers at once.
const PANEL: usize = 32;

/// H, H times every product's factors, and the factors in panels.
#[derive(Debug, Clone, Default)]
pub(super) struct Ready {
    inverse: Vec<f32>,
    rows: Vec<f32>,
    /// Panels of [`PANEL`] products: the first factor of each, then the second of each, and so on. The last
    /// one is filled up with products of nothing.
    panels: Vec<f32>,
}

/// It follows from the factors, whether it was made yet or not.
impl PartialEq for Rests {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Rests {
    pub fn of(&self, als: &Als) -> &Ready {
        self.0.get_or_init(|| {
            let side = als.side();
            let k = side.k;
            let mut a: Vec<f64> = side.gram.iter().map(|value| f64::from(*value)).collect();
            a.iter_mut().step_by(k + 1).for_each(|value| *value += f64::from(side.lambda));
            let mut inverse = vec![0.0f32; k * k];
            if factor(&mut a, k) {
                for (at, row) in inverse.chunks_exact_mut(k.max(1)).enumerate() {
                    let mut unit = vec![0.0f64; k];
                    unit.iter_mut().skip(at).take(1).for_each(|value| *value = 1.0);
                    back(&a, k, &mut unit);
                    row.iter_mut().zip(unit).for_each(|(to, value)| *to = value as f32);
                }
            }
            let mut rows = vec![0.0f32; side.others.len()];
            for (row, y) in rows.chunks_exact_mut(k.max(1)).zip(side.others.chunks_exact(k.max(1))) {
                times(&inverse, y, row);
            }
            Ready { inverse, rows, panels: panels(side.others, k) }
        })
    }
}

fn panels(rows: &[f32], k: usize) -> Vec<f32> {
    let mut out = vec![0.0f32; (rows.len() / k.max(1)).next_multiple_of(PANEL) * k];
    let parts = out.chunks_exact_mut((PANEL * k).max(1)).zip(rows.chunks((PANEL * k).max(1)));
    for (panel, rows) in parts {
        for (place, y) in rows.chunks_exact(k.max(1)).enumerate() {
            for (to, value) in panel.iter_mut().skip(place).step_by(PANEL).zip(y) {
                *to = *value;
            }
        }
    }
    out
}

/// The scores of every product, in the widest registers. No sum crosses them: each product has its own, in
/// the order of the factors, so the numbers are the same on every processor.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn score_all(x: &[f32], ready: &Ready, out: &mut [f32]) {
    let panels = ready.panels.chunks_exact((PANEL * x.len()).max(1));
    for (out, panel) in out.chunks_mut(PANEL).zip(panels) {
        let mut sums = [0.0f32; PANEL];
        for (x, values) in x.iter().zip(panel.as_chunks::<PANEL>().0) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += x * value;
            }
        }
        out.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
    }
}

/// out = M v of a symmetric matrix.
#[inline(always)]
fn times(matrix: &[f32], v: &[f32], out: &mut [f32]) {
    for (to, row) in out.iter_mut().zip(matrix.chunks_exact(v.len().max(1))) {
        *to = dot(row, v);
    }
}

/// Σ of the first `n` products, four running sums.
#[inline(always)]
fn dot_wide(a: &[f64], b: &[f64], n: usize) -> f64 {
    let (a, b) = (a.get(..n).unwrap_or_default(), b.get(..n).unwrap_or_default());
    let (a, b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0f64; 4];
    for (x, y) in a.zip(b) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The lower triangle L of A = LLᵀ in the place of A (Cholesky); false where A is not positive definite.
#[inline(always)]
fn factor(a: &mut [f64], n: usize) -> bool {
    for at in 0..n {
        let (above, rest) = a.split_at_mut(at * n);
        let Some(row) = rest.get_mut(..n) else { return false };
        for (column, other) in above.chunks_exact(n).enumerate() {
            let own = dot_wide(row, other, column);
            let (Some(cell), Some(pivot)) = (row.get_mut(column), other.get(column)) else { return false };
            *cell = (*cell - own) / pivot;
        }
        let squares = dot_wide(row, row, at);
        let Some(cell) = row.get_mut(at) else { return false };
        let left = *cell - squares;
        if !(left > 0.0 && left.is_finite()) {
            return false;
        }
        *cell = left.sqrt();
    }
    true
}

/// x of LLᵀx = b in the place of b.
#[inline(always)]
fn back(l: &[f64], n: usize, b: &mut [f64]) {
    for (at, row) in l.chunks_exact(n.max(1)).enumerate() {
        let own = dot_wide(row, b, at);
        if let (Some(cell), Some(pivot)) = (b.get_mut(at), row.get(at)) {
            *cell = (*cell - own) / pivot;
        }
    }
    for (at, row) in l.chunks_exact(n.max(1)).enumerate().rev() {
        let Some(pivot) = row.get(at) else { continue };
        let (before, rest) = b.split_at_mut(at);
        let Some(cell) = rest.first_mut() else { continue };
        *cell /= pivot;
        for (to, x) in before.iter_mut().zip(row) {
            *to -= *cell * x;
        }
    }
}

/// The solution in the widest registers that the processor has; each lane has its own sum, so the numbers are
/// the same on every processor.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn solved(side: &Side, ready: &Ready, (own, extra): (&[u32], &[f32]), b: &[f32]) -> Vec<f32> {
    // An extra weight of nothing, or less, has no inverse and changes nothing.
    let kept = || own.iter().zip(extra).filter(|(_, extra)| **extra > 0.0);
    let n = kept().count();
    if n > side.k { whole(side, kept(), b) } else { few(side, ready, kept(), n, b) }
}

#[inline(always)]
fn few<'a>(
    side: &Side<'_>,
    ready: &Ready,
    own: impl Iterator<Item = (&'a u32, &'a f32)> + Clone,
    n: usize,
    b: &[f32],
) -> Vec<f32> {
    let k = side.k;
    let mut x = vec![0.0; k];
    times(&ready.inverse, b, &mut x);
    let z =
        |item: u32| ready.rows.get(item as usize * k..).and_then(|rows| rows.get(..k)).unwrap_or_default();
    let mut a = vec![0.0f64; n * n];
    let mut right = vec![0.0f64; n];
    for ((row, right), (item, extra)) in a.chunks_exact_mut(n.max(1)).zip(&mut right).zip(own.clone()) {
        let at = side.of(*item);
        *right = f64::from(dot(at, &x));
        // The lower triangle is all that is read.
        for (cell, (other, _)) in row.iter_mut().zip(own.clone()) {
            *cell = f64::from(dot(at, z(*other)));
            if other == item {
                *cell += 1.0 / f64::from(*extra);
                break;
            }
        }
    }
    if factor(&mut a, n) {
        back(&a, n, &mut right);
        for ((item, _), weight) in own.zip(&right) {
            add(&mut x, -(*weight as f32), z(*item));
        }
    }
    x
}

#[inline(always)]
fn whole<'a>(side: &'a Side<'_>, own: impl Iterator<Item = (&'a u32, &'a f32)>, b: &[f32]) -> Vec<f32> {
    let k = side.k;
    let mut a = side.gram.to_vec();
    a.iter_mut().step_by(k + 1).for_each(|value| *value += side.lambda);
    let all: Vec<(&[f32], f32)> = own.map(|(item, extra)| (side.of(*item), *extra)).collect();
    let four = all.chunks_exact(4);
    for (y, extra) in four.remainder() {
        for (at, (row, value)) in a.chunks_exact_mut(k.max(1)).zip(*y).enumerate() {
            // The lower triangle is all that is read.
            let (Some(row), Some(y)) = (row.get_mut(..=at), y.get(..=at)) else { continue };
            add(row, extra * value, y);
        }
    }
    for some in four {
        let [(p, e), (q, f), (r, g), (s, h)] = some else { continue };
        for (at, row) in a.chunks_exact_mut(k.max(1)).enumerate() {
            let part = |y: &'a [f32]| y.get(..=at).unwrap_or_default();
            let value = |y: &[f32], extra: &f32| extra * y.get(at).copied().unwrap_or_default();
            let values = [value(p, e), value(q, f), value(r, g), value(s, h)];
            add_four(row.get_mut(..=at).unwrap_or_default(), values, [part(p), part(q), part(r), part(s)]);
        }
    }
    let mut a: Vec<f64> = a.into_iter().map(f64::from).collect();
    let mut x: Vec<f64> = b.iter().map(|value| f64::from(*value)).collect();
    if factor(&mut a, k) {
        back(&a, k, &mut x);
    }
    x.into_iter().map(|value| value as f32).collect()
}
