//! The question: on which days it is asked, how far it looks ahead, and what counts as lost.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};

use super::BehaviourError;

/// When a customer counts as lost after a cut-off day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Churn {
    /// A column of the customers' table says so. It tells the state at the data's end, so the question
    /// is asked on one day only: the horizon before that end.
    Column,
    /// No purchase within the horizon after the cut-off day.
    Silence,
    /// No purchase within `factor` times the customer's own median gap between purchase days after the
    /// cut-off day, at least [`SHORTEST_RHYTHM`] days and at most the horizon. Customers with fewer than
    /// two gaps have no rhythm yet; for them the horizon counts.
    OwnRhythm { factor: f64 },
}

/// Days that a customer with a quick rhythm is given at least.
pub const SHORTEST_RHYTHM: i32 = 7;

impl Churn {
    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::Silence => "silence",
            Self::OwnRhythm { .. } => "rhythm",
        }
    }
}

/// On how many days the question is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CutOffs {
    /// At most this many; those before the shop has any history fall away.
    pub count: usize,
    /// Days from one to the next.
    pub every_days: u32,
}

impl Default for CutOffs {
    fn default() -> Self {
        Self { count: 4, every_days: 30 }
    }
}

/// "Who will not buy in the next 60 days?", as settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    pub cut_offs: CutOffs,
    /// Days after the cut-off day that the answer speaks of.
    pub horizon_days: u32,
    pub churn: Churn,
    /// Days since the first purchase that a customer must have on the cut-off day.
    pub min_history_days: u32,
    /// A customer is asked about only where a purchase lies in so many days up to the cut-off day,
    /// that day included: who has been silent for longer is lost already.
    pub look_back_days: u32,
    /// Whether the columns of the customers' table that do not look ahead are learnt from too.
    pub own_columns: bool,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            cut_offs: CutOffs::default(),
            horizon_days: 60,
            churn: Churn::Silence,
            min_history_days: 0,
            look_back_days: 365,
            own_columns: true,
        }
    }
}

/// A calendar day, counted from 1 January 1970.
pub type Day = i32;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// The calendar day of a moment.
pub(crate) fn day_of(ms: i64) -> Day {
    i32::try_from(ms.div_euclid(DAY_MS)).unwrap_or(if ms < 0 { i32::MIN / 2 } else { i32::MAX / 2 })
}

/// A calendar date, as faces name it.
pub type Date = NaiveDate;

/// Days since 1970 of a date.
pub fn to_day(date: NaiveDate) -> Day {
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).unwrap_or(i32::MAX / 2)
}

/// The date of a day; the last that a calendar has where it has none.
pub fn to_date(day: Day) -> NaiveDate {
    NaiveDate::default().checked_add_signed(Duration::days(i64::from(day))).unwrap_or(NaiveDate::MAX)
}

impl Question {
    /// The same question within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        self.cut_offs.count = self.cut_offs.count.clamp(1, 100);
        self.cut_offs.every_days = self.cut_offs.every_days.clamp(1, 3650);
        self.horizon_days = self.horizon_days.clamp(1, 3650);
        self.min_history_days = self.min_history_days.min(36_500);
        self.look_back_days = self.look_back_days.clamp(1, 36_500);
        if let Churn::OwnRhythm { factor } = &mut self.churn {
            *factor = if factor.is_finite() { factor.clamp(0.1, 100.0) } else { 3.0 };
        }
        self
    }

    pub(crate) fn horizon(&self) -> Day {
        days(self.horizon_days)
    }

    pub(crate) fn look_back(&self) -> Day {
        days(self.look_back_days)
    }

    pub(crate) fn min_history(&self) -> Day {
        days(self.min_history_days)
    }

    /// The days on which the question is asked of data from `first` to `last`, oldest first. The last
    /// of them is `last` − horizon, so that what happened is known of each; none lies before `first` +
    /// `min_history_days`.
    ///
    /// # Errors
    /// The data are shorter than history and horizon together.
    pub fn days(&self, first: Day, last: Day) -> Result<Vec<Day>, BehaviourError> {
        let newest = last.saturating_sub(self.horizon());
        let oldest = first.saturating_add(self.min_history());
        let count = if self.churn == Churn::Column { 1 } else { self.cut_offs.count };
        let mut list: Vec<Day> = (0..count)
            .map_while(|n| {
                let back = i64::try_from(n).ok()?.checked_mul(i64::from(self.cut_offs.every_days))?;
                newest.checked_sub(i32::try_from(back).ok()?).filter(|day| *day >= oldest)
            })
            .collect();
        list.reverse();
        if list.is_empty() {
            return Err(BehaviourError::TooShort {
                first: to_date(first),
                last: to_date(last),
                horizon: self.horizon_days,
            });
        }
        Ok(list)
    }
}

fn days(count: u32) -> Day {
    i32::try_from(count).unwrap_or(i32::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_leaves_the_horizon_and_the_first_the_history() {
        let question = Question { min_history_days: 20, ..Question::default() };
        assert_eq!(question.days(100, 300).unwrap(), [150, 180, 210, 240]);
        // Two of the four lie before any history.
        assert_eq!(question.days(170, 300).unwrap(), [210, 240]);
        assert_eq!(question.days(221, 300).unwrap_err().kind(), "behaviour_too_short");
        let by_column = Question { churn: Churn::Column, ..question };
        assert_eq!(by_column.days(100, 300).unwrap(), [240]);
    }

    #[test]
    fn days_before_1970_are_days_too() {
        assert_eq!((day_of(-1), day_of(0), day_of(DAY_MS)), (-1, 0, 1));
        let date = NaiveDate::from_ymd_opt(1969, 12, 31).unwrap();
        assert_eq!((to_day(date), to_date(-1)), (-1, date));
    }

    #[test]
    fn settings_are_read_as_they_were_written() {
        let question = Question { churn: Churn::OwnRhythm { factor: 2.5 }, ..Question::default() };
        let text = serde_json::to_string(&question).unwrap();
        assert!(text.contains(r#""churn":{"by":"own_rhythm","factor":2.5}"#), "{text}");
        assert_eq!(serde_json::from_str::<Question>(&text).unwrap(), question);
        assert_eq!(serde_json::from_str::<Question>("{}").unwrap(), Question::default());
        let wild: Question =
            serde_json::from_str(r#"{"horizon_days":0,"look_back_days":4294967295,"cut_offs":{"count":0}}"#)
                .unwrap();
        let sane = wild.sane();
        assert_eq!((sane.horizon_days, sane.cut_offs.count), (1, 1));
        assert!(sane.days(i32::MIN / 2, i32::MAX / 2).is_ok());
    }
}
