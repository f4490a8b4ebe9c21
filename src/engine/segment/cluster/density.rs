//! Groups as dense regions, found by HDBSCAN (Campello, Moulavi and Sander 2013): their number follows
//! from the data, and who lies in none of them is named an outlier.

use hdbscan::{Hdbscan, HdbscanHyperParams};

use super::points::Points;
use crate::job::Reporter;
use crate::segment::{SegmentError, apart::apart};

/// The dense region of each point, from 0; `None` for those in none. A region has at least `smallest`
/// points.
///
/// # Errors
/// The library refuses the data; the person cancelled.
pub fn fit(points: &Points, smallest: usize, report: &Reporter) -> crate::Result<Vec<Option<u32>>> {
    let rows: Vec<Vec<f64>> = points.rows().map(<[f64]>::to_vec).collect();
    let n = rows.len();
    let smallest = smallest.clamp(2, n.max(2));
    // Neighbours that make a point dense: few, or sparse but real regions are lost in a crowd.
    let around = smallest.min(10).min(n.saturating_sub(1)).max(1);
    let work = move || {
        let how = HdbscanHyperParams::builder().min_cluster_size(smallest).min_samples(around).build();
        Hdbscan::new(&rows, how).cluster().map_err(|e| e.to_string())
    };
    let fail = |cause: String| SegmentError::Fit { method: "hdbscan", cause };
    match apart(report, work)? {
        Some(Ok(labels)) => Ok(labels.into_iter().map(|label| u32::try_from(label).ok()).collect()),
        Some(Err(cause)) => Err(fail(cause).into()),
        None => Err(fail("the library stopped".to_owned()).into()),
    }
}
