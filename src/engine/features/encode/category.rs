//! Categories: one feature a level, one number by frequency or by a given order, or a hash.

use std::collections::BTreeMap;

use polars::prelude::StringChunked;

use super::target;
use super::{Encoder, Fit, MOST_BITS, TrainRows, is_pair, put};
use crate::features::spec::{ColumnEncoding, FeatureSpec};
use crate::features::text::bucket;
use crate::table::{Frame, Places, each};

/// Rows below which a level is found by looking through the list: building a map costs more.
const FEW_ROWS: usize = 64;

/// The training levels of a column, most frequent first, ties alphabetical.
fn by_count(text: &StringChunked) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
    let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    by_count
}

/// As the person wishes; without a wish one feature a level, unless the column has more levels than the
/// general setting allows and that names another way. `None` for a category of one level, which tells
/// nothing.
pub(super) fn fit(
    spec: &FeatureSpec,
    wish: Option<&ColumnEncoding>,
    column: &str,
    rows: &TrainRows<'_>,
) -> Option<Fit> {
    let text = rows.frame.text(column)?;
    let levels = by_count(text);
    if levels.len() < 2 {
        return None;
    }
    let fits = |how: &&ColumnEncoding| !matches!(how, ColumnEncoding::Bins { .. });
    let wide = spec.wide.as_ref().filter(|_| levels.len() > spec.max_levels);
    let fitted = match wish.filter(fits).or(wide.filter(fits)) {
        Some(ColumnEncoding::Frequency) => Some(frequency(column, &levels).into()),
        Some(ColumnEncoding::Ordinal { order }) => ordinal(column, order, &levels).map(Fit::from),
        // Without classes there are no rates.
        Some(ColumnEncoding::Target { smoothing }) => {
            target::fit(*smoothing, column, rows).or_else(|| Some(frequency(column, &levels).into()))
        }
        Some(ColumnEncoding::Hashed { bits }) => {
            Some(Encoder::Hashed { column: column.to_owned(), bits: *bits }.into())
        }
        Some(ColumnEncoding::OneHot | ColumnEncoding::Bins { .. }) | None => None,
    };
    fitted.or_else(|| Some(one_hot(spec, column, levels, rows.frame.height()).into()))
}

fn one_hot(spec: &FeatureSpec, column: &str, by_count: Vec<(&str, usize)>, height: usize) -> Encoder {
    let least = (spec.rare_share * height as f64).max(1.0);
    let (mut levels, mut rare) = (Vec::new(), Vec::new());
    for (value, count) in by_count {
        let kept = count as f64 >= least && levels.len() < spec.max_levels;
        if kept { levels.push(value.to_owned()) } else { rare.push(value.to_owned()) }
    }
    // Alphabetical, so that the features stand in an order a person can scan.
    levels.sort();
    Encoder::OneHot { column: column.to_owned(), levels, rare }
}

fn frequency(column: &str, by_count: &[(&str, usize)]) -> Encoder {
    let mut counts: Vec<usize> = by_count.iter().map(|(_, count)| *count).collect();
    counts.dedup();
    // Descending: the place of a count among the different ones, the greatest 1 and the least 0.
    let steps = (counts.len() - 1).max(1) as f32;
    let place = |count: usize| {
        let at = counts.iter().position(|one| *one == count).unwrap_or(0);
        if counts.len() == 1 { 1.0 } else { 1.0 - at as f32 / steps }
    };
    let mut places: Vec<(String, f32)> =
        by_count.iter().map(|(level, count)| ((*level).to_owned(), place(*count))).collect();
    places.sort_by(|a, b| a.0.cmp(&b.0));
    Encoder::Frequency { column: column.to_owned(), places }
}

/// `None` where the training rows have fewer than two levels of the order.
fn ordinal(column: &str, order: &[String], by_count: &[(&str, usize)]) -> Option<Encoder> {
    let last = order.len().checked_sub(1).filter(|last| *last > 0)? as f64;
    let (mut sum, mut n, mut found) = (0.0, 0.0, 0);
    for (level, count) in by_count {
        if let Some(at) = order.iter().position(|one| one == level) {
            sum += at as f64 / last * *count as f64;
            n += *count as f64;
            found += 1;
        }
    }
    (found > 1).then(|| Encoder::Ordinal {
        column: column.to_owned(),
        order: order.to_vec(),
        other: (sum / n) as f32,
        indicator: found < by_count.len(),
    })
}

/// Writes the features of an encoder of this file.
pub(super) fn write(encoder: &Encoder, frame: &Frame, offset: usize, width: usize, data: &mut [f32]) {
    let Some(text) = frame.text(encoder.column()) else { return };
    match encoder {
        Encoder::OneHot { levels, rare, .. } => {
            let skip = usize::from(is_pair(levels, rare));
            let kept = levels.iter().enumerate().skip(skip).map(|(at, level)| (level, at - skip));
            let all = kept.chain(rare.iter().map(|level| (level, levels.len() - skip)));
            if text.len() < FEW_ROWS {
                mark(data, offset, width, text, |value| {
                    all.clone().find(|(level, _)| *level == value).map(|(_, at)| at)
                });
            } else {
                let places = Places::of(all.map(|(level, at)| (level.as_str(), at)));
                mark(data, offset, width, text, |value| places.get(value));
            }
        }
        Encoder::Frequency { places, .. } => {
            let of = |level: &str| {
                let at = places.binary_search_by(|(name, _)| name.as_str().cmp(level)).ok();
                at.and_then(|at| places.get(at)).map_or(0.0, |(_, place)| *place)
            };
            put(data, offset, width, text.iter().map(|level| level.map_or(0.0, of)));
        }
        Encoder::Ordinal { order, other, indicator, .. } => {
            let last = order.len().saturating_sub(1).max(1) as f32;
            let place =
                |level: Option<&str>| level.and_then(|level| order.iter().position(|one| one == level));
            put(
                data,
                offset,
                width,
                text.iter().map(|level| place(level).map_or(*other, |at| at as f32 / last)),
            );
            if *indicator {
                // A missing level is not in the order either.
                let missing = |level: Option<&str>| if place(level).is_none() { 1.0 } else { 0.0 };
                put(data, offset + 1, width, text.iter().map(missing));
            }
        }
        Encoder::Hashed { bits, .. } => {
            let bits = *bits.min(&MOST_BITS);
            mark(data, offset, width, text, |value| Some(bucket(value, bits) as usize));
        }
        _ => {}
    }
}

/// Writes 1 into the feature of each row's level.
fn mark(
    data: &mut [f32],
    offset: usize,
    width: usize,
    text: &StringChunked,
    place: impl Fn(&str) -> Option<usize>,
) {
    let mut rows = data.chunks_exact_mut(width.max(1));
    each(text, place, |at| {
        let row = rows.next();
        if let Some(place) = row.zip(at.flatten()).and_then(|(row, at)| row.get_mut(offset + at)) {
            *place = 1.0;
        }
    });
}
