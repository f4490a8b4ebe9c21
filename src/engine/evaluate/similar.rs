//! Customers that are most like one: Gower's distance (Gower 1971) on the cleaned columns, numbers and
//! words alike. A number counts by its difference over the column's range, a word by being another one;
//! a column in which either customer has a hole does not count.

use polars::prelude::DataType;
use serde::Serialize;

use crate::job::Reporter;
use crate::table::Frame;

/// Rows between two looks at the cancel flag.
const ROWS: usize = 65_536;

/// A row that is like another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Like {
    /// Its place among the rows.
    pub place: usize,
    /// Gower's distance, 0 (equal) to 1.
    pub distance: f64,
}

/// The `most` rows of `among` that are nearest to the row at `place`, the nearest first, equal ones in
/// their own order. Rows that share no filled column with it are left out. `columns` are those
/// that count; columns that the frame lacks are passed over.
///
/// # Errors
/// The person cancelled.
pub fn alike(
    frame: &Frame,
    columns: &[&str],
    place: usize,
    (among, most): (&[usize], usize),
    report: &Reporter,
) -> crate::Result<Vec<Like>> {
    let (mut sums, mut counted) = (vec![0.0f64; among.len()], vec![0u32; among.len()]);
    for (done, name) in columns.iter().enumerate() {
        report.check()?;
        let is_text = frame.data.column(name).is_ok_and(|column| *column.dtype() == DataType::String);
        if is_text {
            let Some(text) = frame.text(name) else { continue };
            let Some(mine) = text.get(place) else { continue };
            for (at, row) in among.iter().enumerate() {
                if at % ROWS == 0 {
                    report.check()?;
                }
                if let Some(other) = text.get(*row) {
                    add(&mut sums, &mut counted, at, f64::from(u8::from(other != mine)));
                }
            }
        } else if let Some(numbers) = frame.numbers(name) {
            let number = |at: usize| numbers.get(at).copied().flatten().filter(|v| v.is_finite());
            let Some(mine) = number(place) else { continue };
            let others = among.iter().filter_map(|&at| number(at));
            let (low, high) = others.fold((mine, mine), |(low, high), v| (low.min(v), high.max(v)));
            for (at, row) in among.iter().enumerate() {
                if at % ROWS == 0 {
                    report.check()?;
                }
                if let Some(other) = number(*row) {
                    let far = if high > low { (other - mine).abs() / (high - low) } else { 0.0 };
                    add(&mut sums, &mut counted, at, far);
                }
            }
        }
        report.progress((done + 1) as f64 / columns.len().max(1) as f64);
    }
    let rows = among.iter().zip(sums.iter().zip(&counted)).filter(|(_, (_, counted))| **counted > 0);
    let mut out: Vec<Like> =
        rows.map(|(&place, (sum, counted))| Like { place, distance: sum / f64::from(*counted) }).collect();
    let nearer = |a: &Like, b: &Like| a.distance.total_cmp(&b.distance).then(a.place.cmp(&b.place));
    // Sorting a million rows for a handful of them would keep a cancel waiting.
    if out.len() > most && most > 0 {
        out.select_nth_unstable_by(most - 1, nearer);
    }
    out.truncate(most);
    out.sort_by(nearer);
    Ok(out)
}

fn add(sums: &mut [f64], counted: &mut [u32], at: usize, far: f64) {
    if let (Some(sum), Some(count)) = (sums.get_mut(at), counted.get_mut(at)) {
        *sum += far;
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, NamedFrom as _, Series};

    use super::*;

    fn frame() -> Frame {
        let data = DataFrame::new(
            4,
            vec![
                Series::new("spend".into(), vec![Some(0.0), Some(10.0), Some(40.0), None]).into(),
                Series::new("plan".into(), vec![Some("a"), Some("a"), Some("b"), Some("b")]).into(),
            ],
        )
        .unwrap();
        Frame { rows: std::sync::Arc::new(vec![2, 3, 4, 5]), data }
    }

    #[test]
    fn distances_are_gowers() {
        let frame = frame();
        let told =
            alike(&frame, &["spend", "plan", "absent"], 0, (&[1, 2, 3], 9), &Reporter::silent()).unwrap();
        // Row 1: 10 of a range of 40, the same word: (0.25 + 0) / 2. Row 2: (1 + 1) / 2. Row 3 has a
        // hole: the word alone counts.
        let expected = [(1, 0.125), (2, 1.0), (3, 1.0)];
        assert_eq!(told.iter().map(|one| (one.place, one.distance)).collect::<Vec<_>>(), expected);
        let first = alike(&frame, &["spend", "plan"], 0, (&[2, 3, 1], 1), &Reporter::silent()).unwrap();
        assert_eq!(first.iter().map(|one| one.place).collect::<Vec<_>>(), [1]);
        // Nothing to compare by: nobody is alike.
        assert!(alike(&frame, &["spend"], 3, (&[0, 1], 9), &Reporter::silent()).unwrap().is_empty());
        assert!(alike(&frame, &[], 0, (&[1], 9), &Reporter::silent()).unwrap().is_empty());
    }
}
