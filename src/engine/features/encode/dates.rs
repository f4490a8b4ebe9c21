//! Dates: how long ago, and where in the year and the week on a circle.

use super::Encoder;
use crate::features::spec::DateMonth;
use crate::table::Frame;

/// Days that dates must cover for their month to mean a season.
const SEASONS: f64 = 730.0;

/// `None` where no training row has a date.
pub(super) fn fit(month: DateMonth, column: String, train: &Frame) -> Option<Encoder> {
    let days: Vec<f64> = train.numbers(&column)?.into_iter().flatten().collect();
    let newest = days.iter().copied().fold(f64::MIN, f64::max);
    if newest == f64::MIN {
        return None;
    }
    let oldest = days.into_iter().fold(f64::MAX, f64::min);
    let month = match month {
        DateMonth::WhenLong => newest - oldest >= SEASONS,
        DateMonth::Always => true,
        DateMonth::Never => false,
    };
    Some(Encoder::Date { column, newest, month })
}

/// The features of a date.
pub(super) fn parts(month: bool) -> impl Iterator<Item = &'static str> {
    ["years ago", "month sin", "month cos", "weekday sin", "weekday cos", "missing"]
        .into_iter()
        .filter(move |part| month || !part.starts_with("month"))
}

pub(super) fn write(
    (column, newest, has_month): (&str, f64, bool),
    frame: &Frame,
    offset: usize,
    width: usize,
    data: &mut [f32],
) {
    let Some(values) = frame.numbers(column) else { return };
    for (row, value) in data.chunks_exact_mut(width.max(1)).zip(values) {
        let mut features = row.iter_mut().skip(offset);
        let mut next = |value: f64| {
            if let Some(place) = features.next() {
                *place = value as f32;
            }
        };
        let Some(day) = value else {
            // All but the last are 0.
            (1..parts(has_month).count()).for_each(|_| next(0.0));
            next(1.0);
            continue;
        };
        next((newest - day) / 365.25);
        let (month, weekday) = circle_parts(day);
        if has_month {
            next(month.sin());
            next(month.cos());
        }
        next(weekday.sin());
        next(weekday.cos());
    }
}

/// Angles of the month in the year and the day in the week, for days since 1970.
fn circle_parts(days: f64) -> (f64, f64) {
    use chrono::Datelike;
    let date = chrono::DateTime::from_timestamp_millis((days * 86_400_000.0) as i64)
        .unwrap_or_default()
        .date_naive();
    let turn = std::f64::consts::TAU;
    (turn * f64::from(date.month0()) / 12.0, turn * f64::from(date.weekday().num_days_from_monday()) / 7.0)
}
