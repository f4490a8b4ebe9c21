//! Sudden rises: a stretch of weeks or months in which something was said more often than before and
//! after, for as many comments. Kulldorff's scan over time (2001) with all comments as the exposure:
//! the stretch of the greatest Poisson likelihood ratio, judged against draws in which nothing changes.

use chrono::{Datelike, Days, NaiveDate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::job::{Cancelled, Reporter};

/// Share of unchanging subjects, all of a run together, of which a rise is told.
pub const FALSE_ALARMS: f64 = 0.05;
/// Draws that a rise is judged by at least; twice as many as the chance of a false alarm asks for.
const DRAWS: usize = 499;
/// Periods at most; longer times are told by month, and of those the last.
const PERIODS: usize = 60;
/// Mentions without which nothing is told.
const LEAST: u32 = 8;

/// Weeks or months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Week,
    Month,
}

/// Periods of equal kind without a gap.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calendar {
    pub step: Step,
    /// The first day of each period.
    pub starts: Vec<NaiveDate>,
}

impl Calendar {
    /// Months, or weeks where there are fewer than 26. `None` without two periods.
    pub fn of(days: impl Iterator<Item = NaiveDate> + Clone) -> Option<Self> {
        let (first, last) = (days.clone().min()?, days.max()?);
        let step = if (last - first).num_days() < 26 * 7 { Step::Week } else { Step::Month };
        let mut starts = vec![start(step, first)];
        while let Some(next) = starts.last().and_then(|day| after(step, *day)).filter(|next| *next <= last) {
            starts.push(next);
            if starts.len() > PERIODS {
                starts.remove(0);
            }
        }
        (starts.len() > 1).then_some(Self { step, starts })
    }

    /// The period of a day; `None` for one before the first.
    pub fn at(&self, day: NaiveDate) -> Option<usize> {
        self.starts.partition_point(|start| *start <= day).checked_sub(1)
    }
}

fn start(step: Step, day: NaiveDate) -> NaiveDate {
    match step {
        Step::Week => {
            let since = u64::from(day.weekday().num_days_from_monday());
            day.checked_sub_days(Days::new(since)).unwrap_or(day)
        }
        Step::Month => day.with_day(1).unwrap_or(day),
    }
}

fn after(step: Step, day: NaiveDate) -> Option<NaiveDate> {
    match step {
        Step::Week => day.checked_add_days(Days::new(7)),
        Step::Month => day.checked_add_months(chrono::Months::new(1)),
    }
}

/// A stretch in which something was said more often.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rise {
    /// First day of the first period, and of the last.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// True where it lasts to the end of the data.
    pub goes_on: bool,
    pub step: Step,
    /// Mentions for a comment within and outside the stretch.
    pub rate: f64,
    pub before: f64,
    /// Share of the draws without a change that show as much.
    pub p: f64,
}

/// Looks for a rise of `mentions` among `comments`, both per period of `calendar`. It is told where `p` is at
/// most `alpha`, which is then the chance of a false alarm.
///
/// # Errors
/// The person cancelled.
pub fn rise(
    calendar: &Calendar,
    mentions: &[u32],
    comments: &[u32],
    alpha: f64,
    seed: u64,
    report: &Reporter,
) -> Result<Option<Rise>, Cancelled> {
    let n = calendar.starts.len();
    let total: u32 = mentions.iter().sum();
    let all: u32 = comments.iter().sum();
    if total < LEAST || mentions.len() != n || comments.len() != n || n < 4 {
        return Ok(None);
    }
    let exposure: Vec<f64> = sums(comments.iter().map(|c| f64::from(*c)));
    let Some((found, from, to)) = scan(mentions, &exposure) else { return Ok(None) };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut as_much, mut drawn) = (0usize, vec![0u32; n]);
    // Once so many draws show as much, no rise is told whatever the others say.
    let draws = DRAWS.max((2.0 / alpha.max(1e-5)) as usize);
    let enough = (alpha * (draws + 1) as f64) as usize;
    for _ in 0..draws {
        report.check()?;
        drawn.iter_mut().for_each(|count| *count = 0);
        for _ in 0..total {
            let at = rng.gen_range(0.0..f64::from(all));
            let period = exposure.partition_point(|sum| *sum <= at).saturating_sub(1);
            if let Some(count) = drawn.get_mut(period) {
                *count += 1;
            }
        }
        if scan(&drawn, &exposure).is_some_and(|(by_chance, ..)| by_chance >= found) {
            as_much += 1;
            if as_much >= enough {
                return Ok(None);
            }
        }
    }
    let p = (as_much + 1) as f64 / (draws + 1) as f64;
    let inside: u32 = mentions.get(from..=to).into_iter().flatten().sum();
    let heard: u32 = comments.get(from..=to).into_iter().flatten().sum();
    let (Some(first), Some(last)) = (calendar.starts.get(from), calendar.starts.get(to)) else {
        return Ok(None);
    };
    Ok((p <= alpha).then(|| Rise {
        from: *first,
        to: *last,
        goes_on: to + 1 == n,
        step: calendar.step,
        rate: f64::from(inside) / f64::from(heard.max(1)),
        before: f64::from(total - inside) / f64::from((all - heard).max(1)),
        p,
    }))
}

/// Running sums, one more than there are values.
fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut out = vec![0.0];
    for value in values {
        out.push(out.last().copied().unwrap_or_default() + value);
    }
    out
}

/// The stretch that stands out most and its likelihood ratio (logarithm); at most half of all comments and
/// at least one period remain outside.
fn scan(mentions: &[u32], exposure: &[f64]) -> Option<(f64, usize, usize)> {
    let counts = sums(mentions.iter().map(|c| f64::from(*c)));
    let (total, all) = (counts.last().copied()?, exposure.last().copied()?);
    let mut best: Option<(f64, usize, usize)> = None;
    for from in 0..mentions.len() {
        for to in from..mentions.len() {
            let between = |sums: &[f64]| Some(sums.get(to + 1)? - sums.get(from)?);
            let (Some(inside), Some(heard)) = (between(&counts), between(exposure)) else { continue };
            let expected = total * heard / all;
            if heard > all / 2.0 || heard <= 0.0 || inside <= expected {
                continue;
            }
            let outside = total - inside;
            let rest = if outside > 0.0 { outside * (outside / (total - expected)).ln() } else { 0.0 };
            let ratio = inside * (inside / expected).ln() + rest;
            if best.is_none_or(|(most, ..)| ratio > most) {
                best = Some((ratio, from, to));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(n: u32) -> Calendar {
        let day = |m: u32| NaiveDate::from_ymd_opt(2025 + (m / 12) as i32, m % 12 + 1, 15).unwrap();
        Calendar::of((0..n).map(day)).unwrap()
    }

    /// Of subjects that never change a rise is told as seldom as stated.
    #[test]
    fn false_alarms_are_as_rare_as_stated() {
        let (calendar, mut rng) = (months(18), ChaCha8Rng::seed_from_u64(3));
        let comments: Vec<u32> = (0..18).map(|at| 40 + at * 5).collect();
        let mut alarms = 0;
        for run in 0..300u64 {
            let mentions: Vec<u32> =
                comments.iter().map(|n| (0..*n).filter(|_| rng.gen_bool(0.1)).count() as u32).collect();
            let found =
                rise(&calendar, &mentions, &comments, FALSE_ALARMS, run, &Reporter::silent()).unwrap();
            alarms += u32::from(found.is_some());
        }
        // 15 of 300 are expected; 28 or more come once in a thousand times.
        assert!((4..28).contains(&alarms), "{alarms} of 300");
    }

    #[test]
    fn a_rise_is_told_with_its_month() {
        let calendar = months(18);
        let comments = [50u32; 18];
        let mut mentions = [3u32; 18];
        mentions[14..].iter_mut().for_each(|count| *count = 14);
        let told =
            rise(&calendar, &mentions, &comments, 0.01, 1, &Reporter::silent()).unwrap().expect("a rise");
        assert_eq!((told.from.to_string().as_str(), told.goes_on), ("2026-03-01", true));
        assert!((told.rate - 0.28).abs() < 1e-9 && (told.before - 0.06).abs() < 1e-9, "{told:?}");
        assert!(rise(&calendar, &[0; 18], &comments, 0.01, 1, &Reporter::silent()).unwrap().is_none());
    }

    #[test]
    fn periods_have_no_gap() {
        assert_eq!(months(18).starts.len(), 18);
        let day = |d| NaiveDate::from_ymd_opt(2026, 1, d).unwrap();
        let weeks = Calendar::of([day(1), day(20)].into_iter()).unwrap();
        assert_eq!((weeks.step, weeks.starts.len()), (Step::Week, 4));
        assert_eq!((weeks.at(day(1)), weeks.at(day(20))), (Some(0), Some(3)));
        assert_eq!(Calendar::of([day(1)].into_iter()), None);
    }
}
