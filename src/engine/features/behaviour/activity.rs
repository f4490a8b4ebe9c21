//! Features of what a customer did without buying, and of what it said.

use super::books::Stream;
use super::fitted::{Layout, Shares};
use super::orders::{Out, Scratch, ratio, trend, windows};
use super::question::Day;

/// Milliseconds of rest after which a new session begins.
const SESSION_MS: i64 = 30 * 60 * 1000;

/// Values of an event stream that has not begun on `day` are not known, rather than 0.
fn has_begun(first: Option<Day>, day: Day) -> bool {
    first.is_some_and(|first| first <= day)
}

/// Features of visits, clicks and calls. `first` is the stream's first day.
pub(super) fn events(
    stream: &Stream,
    (layout, kinds): (&Layout, &Shares),
    first: Option<Day>,
    (customer, day): (usize, Day),
    scratch: &mut Scratch,
    out: &mut Out,
) {
    if !layout.events {
        return;
    }
    let begun = has_begun(first, day);
    let rows = stream.until(customer, day);
    let known = |value: f64| if begun { value } else { f64::NAN };
    let days = || stream.day.get(rows.clone()).unwrap_or_default().iter().copied();
    let n = rows.len() as f64;
    out.put(known(n));
    out.put(days().next_back().map_or(f64::NAN, |last| f64::from(day.saturating_sub(last)) + 1.0));
    let times = stream.time.get(rows.clone()).unwrap_or_default();
    // Without a time of day a day is a session: rows of one day are 0 apart.
    let rests = times.windows(2).filter(|pair| matches!(pair, [a, b] if b - a > SESSION_MS)).count();
    let sessions = if times.is_empty() { 0.0 } else { rests as f64 + 1.0 };
    out.put(known(sessions));
    out.put(known(ratio(n, sessions)));
    let counted = windows(days().map(|day| (day, 1.0)), day);
    out.all(counted.iter().map(|(now, _)| known(*now)));
    out.all(counted.iter().map(|(now, before)| known(trend(*now, *before))));
    if layout.event_kind {
        let levels = stream.kind.as_ref().map_or(&[][..], |levels| &levels.of);
        kinds.write(rows.filter_map(|row| levels.get(row)), &mut scratch.counts, out);
    }
}

/// Features of opinions.
pub(super) fn feedback(
    stream: &Stream,
    layout: &Layout,
    first: Option<Day>,
    (customer, day): (usize, Day),
    out: &mut Out,
) {
    if !layout.feedback {
        return;
    }
    let begun = has_begun(first, day);
    let rows = stream.until(customer, day);
    let days = stream.day.get(rows.clone()).unwrap_or_default();
    let since = |last: &Day| f64::from(day.saturating_sub(*last)) + 1.0;
    let recent = days.iter().filter(|d| day.saturating_sub(**d) < 90).count() as f64;
    out.put(if begun { rows.len() as f64 } else { f64::NAN });
    out.put(days.last().map_or(f64::NAN, since));
    out.put(if begun { recent } else { f64::NAN });
    if layout.rating {
        let marks = stream.rating.as_ref().and_then(|list| list.get(rows)).unwrap_or_default();
        let given = || marks.iter().copied().filter(|mark| !mark.is_nan());
        out.put(ratio(given().sum(), given().count() as f64));
        out.put(given().next_back().unwrap_or(f64::NAN));
    }
}
