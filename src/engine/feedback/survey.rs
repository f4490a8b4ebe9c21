//! Figures of answers on a scale: net promoter score and satisfaction, with intervals.

use serde::Serialize;

use crate::metrics::{self, Estimate};

/// Answers of a group or a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answers {
    /// Of whom or when; empty for all.
    pub name: String,
    pub answers: usize,
    /// Net promoter score, −100 to 100, where the question was 0 to 10.
    pub nps: Option<Estimate>,
    /// Share of satisfied answers.
    pub csat: Option<Estimate>,
}

/// What a scale's answers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Unkind or kind.
    Two,
    /// 1 to 5.
    Five,
    /// 0 or 1 to 10.
    Ten,
}

impl Scale {
    /// Told by the different values of a column. `None` for what is no such scale: numbers with a fraction
    /// other than a half, below 0, above 10.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        let (least, most) = (*all.first()?, *all.last()?);
        let on_it = |value: &f64| (value * 2.0).fract() == 0.0;
        match () {
            () if !all.iter().all(on_it) || least < 0.0 || most > 10.0 => None,
            () if all.len() <= 2 && most <= 1.0 => Some(Self::Two),
            () if most <= 5.0 => Some(Self::Five),
            () => Some(Self::Ten),
        }
    }

    /// Whether an answer is kind; `None` for what lies between and teaches nothing.
    pub fn is_kind(self, value: f64) -> Option<bool> {
        let (low, high) = match self {
            Self::Two => (0.5, 0.5),
            Self::Five => (2.5, 3.75),
            Self::Ten => (4.5, 6.75),
        };
        match value {
            value if value > high => Some(true),
            value if value < low => Some(false),
            _ => None,
        }
    }

    /// Whether an answer counts as satisfied: 4 and 5 of five, 8 to 10 of ten.
    pub fn is_satisfied(self, value: f64) -> bool {
        value
            >= match self {
                Self::Two => 0.75,
                Self::Five => 4.0,
                Self::Ten => 8.0,
            }
    }
}

/// Net promoter score (Reichheld 2003): 100 times the share of 9 and 10 less that of 0 to 6. The interval is
/// normal for a difference of shares, `p + d − (p − d)²` over the answers, after three answers are added: a
/// quarter promoters, a quarter detractors, the rest neither, so that answers all alike keep a width.
pub fn nps(answers: &[f64]) -> Option<Estimate> {
    let n = answers.len() as f64;
    if answers.is_empty() {
        return None;
    }
    let promoters = answers.iter().filter(|a| **a >= 9.0).count() as f64;
    let detractors = answers.iter().filter(|a| **a <= 6.0).count() as f64;
    let (p, d) = ((promoters + 0.75) / (n + 3.0), (detractors + 0.75) / (n + 3.0));
    let half = 1.959_963_984_540_054 * ((p + d - (p - d).powi(2)) / (n + 3.0)).sqrt();
    let value = (promoters - detractors) / n;
    let (low, high) = ((p - d - half).clamp(-1.0, value), (p - d + half).clamp(value, 1.0));
    Some(Estimate { value: 100.0 * value, low: 100.0 * low, high: 100.0 * high })
}

/// Figures of answers. `nps_answers` are those of a question 0 to 10.
pub fn answers(name: &str, rated: &[f64], scale: Option<Scale>, nps_answers: &[f64]) -> Answers {
    let satisfied = |scale: Scale| rated.iter().filter(|value| scale.is_satisfied(**value)).count() as u64;
    Answers {
        name: name.to_owned(),
        answers: rated.len().max(nps_answers.len()),
        nps: nps(nps_answers),
        csat: scale
            .filter(|_| !rated.is_empty())
            .map(|scale| metrics::proportion(satisfied(scale), rated.len() as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promoters_less_detractors() {
        let told = nps(&[10.0, 9.0, 9.0, 8.0, 7.0, 6.0, 0.0, 10.0, 9.0, 3.0]).unwrap();
        assert!((told.value - 20.0).abs() < 1e-9, "five of ten less three of ten");
        // p = 5.75/13, d = 3.75/13: 0.1538 ± 1.96 · √((0.7308 − 0.0237) / 13).
        assert!((told.low - -30.3).abs() < 0.1 && (told.high - 61.1).abs() < 0.1, "{told:?}");
        let alike = nps(&[10.0; 20]).unwrap();
        assert!(alike.value == 100.0 && alike.low < 95.0 && alike.high == 100.0, "{alike:?}");
        assert_eq!(nps(&[]), None);
    }

    #[test]
    fn scales_are_told_by_their_answers() {
        let of = |values: &[f64]| Scale::of(values.iter().copied());
        assert_eq!(of(&[0.0, 1.0, 1.0]), Some(Scale::Two));
        assert_eq!(of(&[1.0, 3.0, 5.0]), Some(Scale::Five));
        assert_eq!(of(&[0.0, 7.0, 10.0]), Some(Scale::Ten));
        assert_eq!((of(&[1.0, 99.0]), of(&[0.13, 0.7]), of(&[])), (None, None, None));
        assert_eq!(Scale::Five.is_kind(3.0), None);
        assert_eq!((Scale::Five.is_kind(4.0), Scale::Five.is_kind(2.0)), (Some(true), Some(false)));
        let all = answers("", &[5.0, 4.0, 3.0, 1.0], Some(Scale::Five), &[]);
        assert!((all.csat.unwrap().value - 0.5).abs() < 1e-12 && all.nps.is_none());
    }
}
