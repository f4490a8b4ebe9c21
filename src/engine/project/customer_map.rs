//! The map of a project's customers: where each lies, what it is coloured by, and what sets a part of
//! it apart.

use std::path::Path;

use super::groups::{GroupBeside, GroupRows};
use super::{Outcome, Prepared, Settings};
use crate::job::Reporter;
use crate::segment::map::{self, Drawn, Projection};
use crate::segment::{Segment, Segmentation, describe};

/// Levels that have a colour of their own; what is left shares the next, and blanks the one after.
pub const COLOURED: usize = 6;
/// Parts of a number's range, each with as many customers.
const RANGES: usize = 5;

/// A map and its customers.
pub struct CustomerMap {
    pub drawn: Drawn,
    rows: GroupRows,
}

impl CustomerMap {
    /// The permanent id of the row behind a point.
    pub fn row(&self, point: usize) -> Option<u32> {
        self.rows.scaled.rows.get(point).copied()
    }

    /// The name of the customer behind a point; `None` where it has none.
    pub fn id(&self, point: usize) -> Option<&str> {
        self.rows.ids.get(point).and_then(|id| id.as_deref())
    }

    /// The place of a point among the cleaned rows.
    pub fn place(&self, point: usize) -> Option<usize> {
        self.rows.places.get(point).copied()
    }

    /// A readable cell of the customer behind a point.
    pub fn cell(&self, point: usize, column: &str) -> Option<String> {
        self.rows.readable.show(column, point)
    }

    /// The columns that points can be coloured by.
    pub fn columns(&self) -> Vec<String> {
        let used = |role: crate::table::Role| role.is_numeric() || role == crate::table::Role::Category;
        self.rows.schema.iter().filter(|spec| used(spec.role)).map(|spec| spec.name.clone()).collect()
    }
}

/// Draws the map of the customers by what the settings compare them by.
///
/// # Errors
/// As [`group`](super::group).
pub fn customer_map(
    settings: &Settings,
    rows: GroupRows,
    projection: Projection,
    prepared: Option<&Prepared>,
    beside: GroupBeside<'_>,
    report: &Reporter,
) -> crate::Result<CustomerMap> {
    let points = rows.points(settings, prepared, beside, report)?;
    if points.is_empty() {
        return Err(crate::segment::SegmentError::TooLittle.into());
    }
    let drawn = map::draw(&points, projection, settings.seed, report)?;
    Ok(CustomerMap { drawn, rows })
}

/// Writes where every customer lies, and its group: CSV as [`write_csv`](crate::files::write_csv) writes it.
///
/// # Errors
/// The disk or the folder refuses.
pub fn write_map(map: &CustomerMap, found: &Segmentation, path: &Path) -> crate::Result<()> {
    let header = ["customer", "row", "x", "y", "group"].map(str::to_owned);
    let rows = (0..map.drawn.xy.len()).map(|point| {
        let [x, y] = map.drawn.xy.get(point).copied().unwrap_or_default();
        let group = map.place(point).and_then(|place| found.of_row.get(place)).copied();
        let group = group.filter(|group| *group != usize::MAX).map(|group| (group + 1).to_string());
        vec![
            map.id(point).unwrap_or_default().to_owned(),
            map.row(point).unwrap_or_default().to_string(),
            x.to_string(),
            y.to_string(),
            group.unwrap_or_default(),
        ]
    });
    crate::files::write_csv(path, &header, rows)
        .map_err(|cause| crate::deploy::DeployError::write(path, cause).into())
}

/// What points are coloured by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ColourBy {
    #[default]
    Segment,
    /// The predicted probability.
    Probability,
    /// What is known of the target.
    Target,
    Column(String),
}

/// What a colour stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Level {
    /// The number of a segment, from 0.
    Segment(usize),
    Yes,
    No,
    Text(String),
    /// From, to: as many customers as in the other ranges.
    Range(f64, f64),
    /// The same for probabilities.
    Share(f64, f64),
    /// All levels that have no colour of their own.
    Rest,
    /// Nothing is known, or no segment.
    Blank,
}

/// The colours of a map's points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Colours {
    /// For each point the place of its level.
    pub of: Vec<u8>,
    /// Colours that somebody has: their place, what they stand for, how many have them.
    pub levels: Vec<(u8, Level, usize)>,
    /// The levels are ranges of one number, in their order.
    pub is_ramp: bool,
}

/// Colours every point of a map.
pub fn colours(
    map: &CustomerMap,
    by: &ColourBy,
    found: Option<&Segmentation>,
    outcome: Option<&Outcome>,
) -> Colours {
    let points = map.drawn.xy.len();
    let place = |point: usize| map.place(point).unwrap_or(usize::MAX);
    match by {
        ColourBy::Segment => {
            let of = |point: usize| {
                let group = found.and_then(|found| found.of_row.get(place(point)));
                group.filter(|group| **group != usize::MAX).map(|group| Level::Segment(*group))
            };
            let known: Vec<Option<Level>> = (0..points).map(of).collect();
            let all = found.map_or(0, |found| found.k);
            levels(&known, (0..all).map(Level::Segment).collect())
        }
        ColourBy::Probability => {
            let p = |point: usize| outcome.and_then(|o| o.probabilities.get(place(point))).copied();
            let mut colours = ranges(&(0..points).map(p).collect::<Vec<_>>());
            for (_, level, _) in &mut colours.levels {
                if let Level::Range(from, to) = *level {
                    *level = Level::Share(from, to);
                }
            }
            colours
        }
        ColourBy::Target => {
            let of = |point: usize| {
                let label = map.rows.labels.get(point).copied().flatten();
                label.map(|yes| if yes { Level::Yes } else { Level::No })
            };
            levels(&(0..points).map(of).collect::<Vec<_>>(), vec![Level::Yes, Level::No])
        }
        ColourBy::Column(name) => {
            if let Some(numbers) = map.rows.readable.numbers(name) {
                let mut few: Vec<f64> = numbers.iter().flatten().copied().collect();
                few.sort_by(f64::total_cmp);
                few.dedup();
                if few.len() > COLOURED {
                    return ranges(&numbers);
                }
                let text = |value: &Option<f64>| value.map(|v| Level::Text(crate::table::show_number(v)));
                let order = few.iter().map(|v| Level::Text(crate::table::show_number(*v))).collect();
                return levels(&numbers.iter().map(text).collect::<Vec<_>>(), order);
            }
            let text = map.rows.readable.text(name);
            let of = |point: usize| text.and_then(|text| text.get(point)).map(|t| Level::Text(t.to_owned()));
            let known: Vec<Option<Level>> = (0..points).map(of).collect();
            let mut counts: std::collections::BTreeMap<&str, usize> = Default::default();
            for text in text.iter().flat_map(|text| text.iter().flatten()) {
                *counts.entry(text).or_default() += 1;
            }
            let mut order: Vec<(&str, usize)> = counts.into_iter().collect();
            order.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            levels(&known, order.into_iter().map(|(text, _)| Level::Text(text.to_owned())).collect())
        }
    }
}

/// Colours for levels in their order: the first ones their own, then the rest, then blanks.
fn levels(known: &[Option<Level>], order: Vec<Level>) -> Colours {
    let (rest, blank) = (COLOURED as u8, COLOURED as u8 + 1);
    let colour = |level: &Option<Level>| match level {
        None => blank,
        Some(Level::Segment(group)) => (*group).min(COLOURED) as u8,
        Some(level) => {
            order.iter().take(COLOURED).position(|known| known == level).map_or(rest, |at| at as u8)
        }
    };
    let of: Vec<u8> = known.iter().map(colour).collect();
    let count = |colour: u8| of.iter().filter(|of| **of == colour).count();
    let shown = order.into_iter().take(COLOURED).enumerate().map(|(at, level)| (at as u8, level));
    let all = shown.chain([(rest, Level::Rest), (blank, Level::Blank)]);
    let levels = all.map(|(at, level)| (at, level, count(at))).filter(|(.., count)| *count > 0).collect();
    Colours { of, levels, is_ramp: false }
}

/// Colours for a number: ranges of it with as many customers each.
fn ranges(values: &[Option<f64>]) -> Colours {
    let blank = COLOURED as u8 + 1;
    let mut sorted: Vec<f64> = values.iter().flatten().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let mut cuts: Vec<f64> = (1..RANGES).filter_map(|at| sorted.get(at * n / RANGES).copied()).collect();
    cuts.dedup();
    let colour = |value: &Option<f64>| match value.filter(|v| v.is_finite()) {
        Some(value) => cuts.partition_point(|cut| *cut <= value) as u8,
        None => blank,
    };
    let of: Vec<u8> = values.iter().map(colour).collect();
    let count = |colour: u8| of.iter().filter(|of| **of == colour).count();
    let ends = |at: usize| {
        let inside = sorted.iter().copied().filter(|v| cuts.partition_point(|cut| cut <= v) == at);
        inside.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let range = |at: usize| (at as u8, Level::Range(ends(at).0, ends(at).1));
    let all = (0..=cuts.len()).map(range).chain([(blank, Level::Blank)]);
    let levels = all.map(|(at, level)| (at, level, count(at))).filter(|(.., count)| *count > 0).collect();
    Colours { of, levels, is_ramp: true }
}

/// What sets some of a map's customers apart from the others.
pub fn profile(map: &CustomerMap, points: &[usize]) -> Segment {
    let mut of_row = vec![1; map.drawn.xy.len()];
    for point in points {
        if let Some(of) = of_row.get_mut(*point) {
            *of = 0;
        }
    }
    describe(0, &map.rows.schema, &map.rows.readable, &map.rows.labels, &of_row)
}
