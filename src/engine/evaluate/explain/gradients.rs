//! Integrated gradients of networks (Sundararajan, Taly and Yan 2017): the gradient of the probability,
//! summed along the straight way from an ordinary customer to this one, times the way. The mean is taken over
//! the ordinary customers (expected gradients, Erion et al. 2021).
//!
//! In theory the shares add up to the probability. How far the sum misses tells whether the way was cut into
//! enough steps: they are doubled until the miss is below 1%, and the miss is told.
//!
//! A network that reads words or purchases is asked along the way between the vectors that its bodies make
//! of them, for there is no half a word.

use serde::Serialize;

use super::Explainer;
use super::exact::players;
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::{Model, Slope};

/// Steps of a way at first, and at most.
const STEPS: usize = 16;
const MOST_STEPS: usize = 1024;
/// The miss that is allowed, as a share of what the probability moves by in all.
const ALLOWED: f64 = 0.01;
/// Ways that move the probability by less are held to this one's miss: a hundredth of a point.
const SHORT: f64 = 0.01;
/// Rows that go through the network at a time.
const ROWS: usize = 4096;

/// Shares by integrated gradients.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gradients {
    /// In the order of [`Explainer::columns`], in probability, as they were found: not made to fit.
    pub shares: Vec<f64>,
    /// Steps that each way was cut into.
    pub steps: usize,
    /// By how much base and shares miss the probability.
    pub gap: f64,
    /// `gap` as a share of what the probability moves by from the base, or of one point where that is less.
    pub gap_share: f64,
    /// The miss is at most 1%.
    pub complete: bool,
}

/// `None` for models that are no networks, and for networks that read several columns of text as one.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub(super) fn gradients(
    explainer: &Explainer,
    model: &Model,
    matrix: &Matrix,
    place: usize,
    report: &Reporter,
) -> crate::Result<Option<Gradients>> {
    let Some(mut owner) = players(&explainer.columns, matrix.width()) else { return Ok(None) };
    let Some(slope) = Slope::of(model)? else { return Ok(None) };
    for (column, width) in slope.blocks() {
        let Some(at) = explainer.columns().position(|name| name == column) else { return Ok(None) };
        owner.extend(std::iter::repeat_n(at, width));
    }
    // The customer last, behind the ordinary ones, who say nothing.
    let mut rows = matrix.like([&explainer.ordinary, matrix.row(place)].concat());
    let columns = matrix.sequences.names().count();
    let silent = rows.height.saturating_sub(1);
    let said = |at: usize| {
        let mut cells = vec![crate::features::NOTHING; silent];
        cells.push(matrix.sequences.place(at, place));
        cells
    };
    let cells: Vec<Vec<u32>> = (0..columns).map(said).collect();
    let sequences = rows.sequences.with_places(&cells);
    rows = rows.with_sequences(sequences);
    let inputs = slope.inputs(&rows, report)?;
    let width = owner.len();
    if width == 0 || inputs.len() != rows.height * width {
        return Ok(None);
    }
    let (ordinary, own) = inputs.split_at(silent * width);
    let ends = slope.at(&inputs, rows.height)?.0;
    let value = ends.last().copied().unwrap_or(0.0);
    let base = ends.iter().take(silent).sum::<f64>() / silent.max(1) as f64;
    let mut steps = STEPS;
    loop {
        let mut shares = vec![0.0; explainer.columns.len()];
        for (at, from) in ordinary.chunks_exact(width).enumerate() {
            report.check()?;
            let sums = along(&slope, from, own, steps)?;
            for ((sum, player), (a, b)) in sums.iter().zip(&owner).zip(from.iter().zip(own)) {
                if let Some(share) = shares.get_mut(*player) {
                    *share += sum * (f64::from(*b) - f64::from(*a)) / (steps * silent.max(1)) as f64;
                }
            }
            report.progress(at as f64 / silent.max(1) as f64);
        }
        let gap = (base + shares.iter().sum::<f64>() - value).abs();
        let gap_share = gap / (value - base).abs().max(SHORT);
        let complete = gap_share <= ALLOWED;
        if complete || steps >= MOST_STEPS {
            return Ok(Some(Gradients { shares, steps, gap, gap_share, complete }));
        }
        steps *= 2;
    }
}

/// The gradients at the middles of the steps between two points, added up.
fn along(slope: &Slope<'_>, from: &[f32], to: &[f32], steps: usize) -> crate::Result<Vec<f64>> {
    let mut sums = vec![0.0; from.len()];
    let all: Vec<usize> = (0..steps).collect();
    for part in all.chunks(ROWS) {
        let point = |step: &usize| {
            let share = (*step as f32 + 0.5) / steps as f32;
            from.iter().zip(to).map(move |(a, b)| a + share * (b - a))
        };
        let points: Vec<f32> = part.iter().flat_map(point).collect();
        let (_, gradients) = slope.at(&points, part.len())?;
        for row in gradients.chunks_exact(from.len().max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, g)| *sum += f64::from(*g));
        }
    }
    Ok(sums)
}
