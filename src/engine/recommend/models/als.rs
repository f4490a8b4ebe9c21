//! Implicit-feedback matrix factorisation (Hu, Koren, Volinsky 2008), each customer's equation solved by a
//! few steps of conjugate gradients (Takács, Pilászy, Tikk 2011). Minimises
//! Σ c(u,i)·(p(u,i) − x_u·y_i)² + λ(Σ‖x_u‖² + Σ‖y_i‖²), p = 1 where taken, c = 1 + α·times taken.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::exact::{Rests, score_all, solved};
use super::matrix::Matrix;
use super::{Reason, Recommender, heaviest, recent};
use crate::job::{Cancelled, Reporter};

/// Steps of conjugate gradients in a pass: the factors of the pass before are near the answer.
const STEPS: usize = 3;
/// The share of the first residual's square below which an answer is as good as single precision allows.
const ENOUGH: f32 = 1e-12;
/// Rows between two looks at whether to go on.
const ROWS: usize = 8_192;

/// How it is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlsSpec {
    pub factors: usize,
    pub lambda: f32,
    pub alpha: f32,
    pub iterations: usize,
    /// Different products of a history that count later on; 0 for all.
    pub last: usize,
    pub seed: u64,
}

/// The products' factors, and what is needed to place a new history among them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Als {
    pub last: usize,
    k: usize,
    lambda: f32,
    alpha: f32,
    /// One row of `k` a product.
    items: Vec<f32>,
    /// YᵀY, k × k.
    gram: Vec<f32>,
    #[serde(skip)]
    rests: Rests,
}

/// [`Side::place`] in the widest registers.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn place(side: &Side, x: &mut [f32], (taken, extra): (&[u32], &[f32]), room: &mut Room, steps: usize) {
    side.place(x, taken, extra, room, steps);
}

/// Eight running sums: the sum of products without waiting for each.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0f32; 8];
    for (x, y) in a.zip(b) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    // Halves onto each other: three steps instead of seven that wait for one another.
    let [a, b, c, d, e, f, g, h] = sums;
    (((a + e) + (c + g)) + ((b + f) + (d + h))) + rest
}

#[inline(always)]
pub(super) fn add(to: &mut [f32], factor: f32, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// Four at once: `to` is read and written a quarter as often.
#[inline(always)]
pub(super) fn add_four(to: &mut [f32], [a, b, c, d]: [f32; 4], [p, q, r, s]: [&[f32]; 4]) {
    for ((((to, p), q), r), s) in to.iter_mut().zip(p).zip(q).zip(r).zip(s) {
        *to += (a * p + b * q) + (c * r + d * s);
    }
}

/// YᵀY of rows of `k`.
fn gram(rows: &[f32], k: usize) -> Vec<f32> {
    let parts: Vec<Vec<f32>> = rows
        .par_chunks(k * ROWS)
        .map(|part| {
            let mut sum = vec![0.0f32; k * k];
            if let Ok(view) = ndarray::ArrayView2::from_shape((part.len() / k, k), part) {
                sum = view.t().dot(&view).into_raw_vec_and_offset().0;
            }
            sum
        })
        .collect();
    let mut out = vec![0.0; k * k];
    for part in parts {
        out.iter_mut().zip(&part).for_each(|(to, from)| *to += from);
    }
    out
}

/// What one equation is made of: the factors of the other side, their gram, λ.
pub(super) struct Side<'a> {
    pub others: &'a [f32],
    pub gram: &'a [f32],
    pub k: usize,
    pub lambda: f32,
}

/// Room for the vectors of one equation, and for the extra weights of what was taken.
struct Room([Vec<f32>; 3], Vec<f32>);

impl Room {
    fn new(k: usize) -> Self {
        Self([vec![0.0; k], vec![0.0; k], vec![0.0; k]], Vec::new())
    }
}

impl Side<'_> {
    #[inline(always)]
    pub fn of(&self, item: u32) -> &[f32] {
        let from = item as usize * self.k;
        self.others.get(from..from + self.k).unwrap_or_default()
    }

    /// out = (YᵀY + λ + Σ (c−1) y yᵀ) v
    #[inline(always)]
    fn apply(&self, v: &[f32], taken: &[u32], extra: &[f32], out: &mut [f32]) {
        for (to, value) in out.iter_mut().zip(v) {
            *to = self.lambda * value;
        }
        let four = self.gram.chunks_exact(4 * self.k);
        let rest = four.remainder().chunks_exact(self.k);
        let values = v.chunks_exact(4);
        for (value, row) in values.remainder().iter().zip(rest) {
            add(out, *value, row);
        }
        for (values, rows) in values.zip(four) {
            let (&[a, b, c, d], (first, second)) = (values, rows.split_at(2 * self.k)) else { continue };
            let ((p, q), (r, s)) = (first.split_at(self.k), second.split_at(self.k));
            add_four(out, [a, b, c, d], [p, q, r, s]);
        }
        let (taken, extra) = (taken.chunks_exact(4), extra.chunks_exact(4));
        for (item, extra) in taken.remainder().iter().zip(extra.remainder()) {
            let y = self.of(*item);
            add(out, extra * dot(y, v), y);
        }
        for (items, extra) in taken.zip(extra) {
            let ([a, b, c, d], [e, f, g, h]) = (items, extra) else { continue };
            let rows = [a, b, c, d].map(|item| self.of(*item));
            let [p, q, r, s] = rows.map(|y| dot(y, v));
            add_four(out, [e * p, f * q, g * r, h * s], rows);
        }
    }

    /// Improves `x` by conjugate gradients on A x = b; `b` is in the residual's place.
    #[inline(always)]
    fn solve(&self, x: &mut [f32], taken: &[u32], extra: &[f32], room: &mut Room, steps: usize) {
        let [residual, direction, product] = &mut room.0;
        self.apply(x, taken, extra, product);
        residual.iter_mut().zip(product.iter()).for_each(|(r, p)| *r -= p);
        direction.copy_from_slice(residual);
        let mut old = dot(residual, residual);
        let enough = old * ENOUGH;
        for _ in 0..steps {
            if old <= enough || old < 1e-20 {
                break;
            }
            self.apply(direction, taken, extra, product);
            let step = old / dot(direction, product);
            add(x, step, direction);
            add(residual, -step, product);
            let new = dot(residual, residual);
            let turn = new / old;
            for (d, r) in direction.iter_mut().zip(residual.iter()) {
                *d = r + turn * *d;
            }
            old = new;
        }
    }

    /// The factors of one who took `taken`, begun from `x`; `extra` is c − 1 of each.
    #[inline(always)]
    fn place(&self, x: &mut [f32], taken: &[u32], extra: &[f32], room: &mut Room, steps: usize) {
        let [residual, ..] = &mut room.0;
        residual.fill(0.0);
        for (item, extra) in taken.iter().zip(extra) {
            add(residual, 1.0 + extra, self.of(*item));
        }
        self.solve(x, taken, extra, room, steps);
    }
}

/// One pass over one side.
fn pass<'m>(
    x: &mut [f32],
    side: &Side,
    alpha: f32,
    taken: impl Fn(usize) -> (&'m [u32], &'m [f32]) + Sync,
    report: &Reporter,
) -> Result<(), Cancelled> {
    for (part, rows) in x.chunks_mut(ROWS * side.k).enumerate() {
        report.check()?;
        rows.par_chunks_mut(side.k).enumerate().with_min_len(32).for_each_init(
            || Room::new(side.k),
            |room, (at, x)| {
                let (items, counts) = taken(part * ROWS + at);
                match items.is_empty() {
                    true => x.fill(0.0),
                    false => {
                        let mut extra = std::mem::take(&mut room.1);
                        extra.clear();
                        extra.extend(counts.iter().map(|count| alpha * count));
                        place(side, x, (items, &extra), room, STEPS);
                        room.1 = extra;
                    }
                }
            },
        );
    }
    Ok(())
}

impl Als {
    /// Fits it.
    ///
    /// # Errors
    /// The person cancels.
    pub fn fit(matrix: &Matrix, spec: &AlsSpec, report: &Reporter) -> Result<Self, Cancelled> {
        let k = spec.factors.clamp(1, 512);
        let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
        let mut draw = |rows: usize| (0..rows * k).map(|_| rng.r#gen::<f32>() * 0.01).collect::<Vec<f32>>();
        let (mut customers, mut items) = (draw(matrix.rows()), draw(matrix.columns()));
        let lambda = spec.lambda.max(1e-6);
        for iteration in 0..spec.iterations.max(1) {
            let yty = gram(&items, k);
            let side = Side { others: &items, gram: &yty, k, lambda };
            pass(&mut customers, &side, spec.alpha, |at| (matrix.row(at), matrix.row_counts(at)), report)?;
            let xtx = gram(&customers, k);
            let side = Side { others: &customers, gram: &xtx, k, lambda };
            pass(&mut items, &side, spec.alpha, |at| (matrix.column(at), matrix.column_counts(at)), report)?;
            report.progress((iteration + 1) as f64 / spec.iterations.max(1) as f64);
        }
        let gram = gram(&items, k);
        Ok(Self { last: spec.last, k, lambda, alpha: spec.alpha, items, gram, rests: Rests::default() })
    }

    pub(super) fn side(&self) -> Side<'_> {
        Side { others: &self.items, gram: &self.gram, k: self.k, lambda: self.lambda }
    }

    /// Different products of a history, oldest first, and how often each was taken.
    fn taken(&self, history: &[u32]) -> (Vec<u32>, Vec<f32>) {
        let own = recent(history, self.last, self.items());
        let mut times = std::collections::HashMap::new();
        for item in history {
            *times.entry(*item).or_insert(0.0f32) += 1.0;
        }
        let counts = own.iter().map(|item| times.get(item).copied().unwrap_or(1.0)).collect();
        (own, counts)
    }

    /// The factors of one with such a history: the exact solution of the equation that the fit goes towards.
    pub fn place(&self, history: &[u32]) -> Vec<f32> {
        let (own, counts) = self.taken(history);
        if own.is_empty() {
            return vec![0.0; self.k];
        }
        let extra: Vec<f32> = counts.iter().map(|count| self.alpha * count).collect();
        let mut b = vec![0.0; self.k];
        for (item, extra) in own.iter().zip(&extra) {
            add(&mut b, 1.0 + extra, self.side().of(*item));
        }
        solved(&self.side(), self.rests.of(self), (&own, &extra), &b)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.k > 0
            && self.gram.len() == self.k * self.k
            && self.items.len().is_multiple_of(self.k)
            && self.items.iter().chain(&self.gram).all(|value| value.is_finite())
            && self.lambda > 0.0
            && self.alpha.is_finite()
    }
}

impl Recommender for Als {
    fn score(&self, history: &[u32], out: &mut [f32]) {
        let x = self.place(history);
        score_all(&x, self.rests.of(self), out);
    }

    /// The score is Σ c·yᵢᵀA⁻¹yⱼ over what was taken (Hu, Koren, Volinsky 2008, section 5).
    fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        let side = self.side();
        let (own, counts) = self.taken(history);
        let extra: Vec<f32> = counts.iter().map(|count| self.alpha * count).collect();
        let wanted = side.of(item);
        if wanted.len() != self.k {
            return Vec::new();
        }
        let z = solved(&self.side(), self.rests.of(self), (&own, &extra), wanted);
        heaviest(own.iter().enumerate().map(|(at, one)| Reason {
            item: *one,
            weight: (1.0 + extra.get(at).unwrap_or(&0.0)) * dot(&z, side.of(*one)),
        }))
    }

    fn items(&self) -> usize {
        self.items.len() / self.k.max(1)
    }
}
