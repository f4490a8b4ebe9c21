//! t-SNE (van der Maaten and Hinton 2008; by trees, van der Maaten 2014) by the crate bhtsne, from the
//! principal components.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use bhtsne::{Neighbor, tSNE};

use crate::job::{Cancelled, Reporter};
use crate::segment::apart::apart;
use crate::segment::cluster::neighbours::Near;
use crate::segment::{SegmentError, map::Placing};

/// Rounds of movement.
const ROUNDS: usize = 750;
/// How exactly far points are told apart; the original's value.
const THETA: f32 = 0.5;
/// Neighbours that count, more or less.
pub const PERPLEXITY: f64 = 30.0;

/// Neighbours that are needed of `n` points, and the perplexity they stand for.
pub fn neighbours(n: usize) -> (usize, f64) {
    let perplexity = PERPLEXITY.min((n.saturating_sub(1)) as f64 / 3.0 - 1.0).max(1.0);
    ((3.0 * perplexity) as usize, perplexity)
}

/// Lays points out in a plane.
///
/// # Errors
/// The library fails; the person cancelled.
pub fn layout(
    near: &[Vec<Near>],
    start: Vec<[f64; 2]>,
    perplexity: f64,
    report: &Reporter,
) -> crate::Result<Placing> {
    let most = start.iter().flatten().map(|x| x.abs()).fold(1e-12, f64::max);
    let first: Vec<f32> = start.iter().flatten().map(|x| (1e-4 * x / most) as f32).collect();
    let table: Vec<Vec<Neighbor<f32>>> = near
        .iter()
        .map(|list| {
            let one = |n: &Near| Neighbor { index: n.place as usize, distance: n.distance as f32 };
            list.iter().map(one).collect()
        })
        .collect();
    let n = start.len();
    let teller = report.clone();
    let work = move || -> Result<Vec<f32>, Cancelled> {
        let nothing: Vec<u8> = vec![0; n];
        let run = || {
            let mut map: tSNE<'_, f32, u8> = tSNE::new(&nothing);
            map.perplexity(perplexity as f32)
                .epochs(ROUNDS)
                .initial_embedding(first)
                .epoch_callback(|round, _| {
                    teller.progress((round + 1) as f64 / ROUNDS as f64);
                    if teller.check().is_err() {
                        // The library has no other way out; this one tells nobody of a panic.
                        resume_unwind(Box::new(Cancelled));
                    }
                })
                .barnes_hut_with_neighbors(THETA, &table);
            map.embedding()
        };
        catch_unwind(AssertUnwindSafe(run)).map_err(|cause| match cause.downcast::<Cancelled>() {
            Ok(cancelled) => *cancelled,
            Err(other) => resume_unwind(other),
        })
    };
    match apart(report, work)? {
        Some(Ok(found)) => {
            Ok(found.chunks_exact(2).map(|pair| [f64::from(pair[0]), f64::from(pair[1])]).collect())
        }
        Some(Err(cancelled)) => Err(cancelled.into()),
        None => Err(SegmentError::Fit { method: "t_sne", cause: "the library stopped".to_owned() }.into()),
    }
}
