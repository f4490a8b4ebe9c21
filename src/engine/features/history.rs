//! Histories → steps of numbers for networks, scaled on training rows. The numbers of a step:
//!
//! | channel | number |
//! | --- | --- |
//! | gap | ln(1 + days since the step before), 0 for the first |
//! | age | ln(1 + days before the cut-off day's end) |
//! | amount | sign × ln(1 + \|money\|), 0 where not known |
//! | known | 1 where the money is known |
//! | return | 1 for what was taken back |
//! | discount | 1 where it was sold at a discount |
//! | one for each frequent kind | 1 for a step of that kind |
//!
//! The first three are centred on their mean over the training steps and divided by their deviation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::behaviour::{HistoryStep, read_history};

/// Kinds with a channel of their own, the most frequent.
const KINDS: usize = 8;
/// Channels before those of the kinds, and how many of them are scaled.
const FIXED: usize = 6;
const SCALED: usize = 3;

/// How histories become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedHistory {
    pub column: String,
    /// Kinds with a channel of their own, most frequent first, equal ones by the alphabet.
    pub kinds: Vec<String>,
    /// Newest steps that are read.
    pub max_len: usize,
    centre: [f32; SCALED],
    scale: [f32; SCALED],
}

impl FittedHistory {
    /// Learns kinds and scales from the histories of training rows; `None` where no row has a step.
    pub fn fit<'a>(
        column: &str,
        histories: impl Iterator<Item = &'a str> + Clone,
        max_len: usize,
    ) -> Option<Self> {
        let max_len = max_len.max(1);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for step in histories.clone().flat_map(read_history) {
            *counts.entry(step.kind).or_default() += 1;
        }
        if counts.is_empty() {
            return None;
        }
        let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
        by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let kinds = by_count.into_iter().take(KINDS).map(|(kind, _)| kind.to_owned()).collect();
        let mut plain =
            Self { column: column.to_owned(), kinds, max_len, centre: [0.0; SCALED], scale: [1.0; SCALED] };
        let (mut n, mut sums, mut squares) = (0.0f64, [0.0f64; SCALED], [0.0f64; SCALED]);
        let mut steps = Vec::new();
        for history in histories {
            steps.clear();
            plain.write(history, &mut steps);
            for step in steps.chunks_exact(plain.channels()) {
                n += 1.0;
                for ((sum, square), x) in sums.iter_mut().zip(&mut squares).zip(step) {
                    *sum += f64::from(*x);
                    *square += f64::from(*x).powi(2);
                }
            }
        }
        let scales = plain.centre.iter_mut().zip(&mut plain.scale).zip(sums.iter().zip(&squares));
        for ((centre, scale), (sum, square)) in scales {
            let mean = sum / n.max(1.0);
            let deviation = (square / n.max(1.0) - mean * mean).max(0.0).sqrt();
            *centre = mean as f32;
            *scale = if deviation > 1e-6 { deviation as f32 } else { 1.0 };
        }
        Some(plain)
    }

    /// Numbers of a step.
    pub fn channels(&self) -> usize {
        FIXED + self.kinds.len()
    }

    /// True if the parts fit each other; asked of every opened file.
    pub fn is_sound(&self) -> bool {
        self.kinds.len() <= KINDS
            && (1..=1 << 16).contains(&self.max_len)
            && self.centre.iter().all(|x| x.is_finite())
            && self.scale.iter().all(|x| x.is_finite() && *x > 0.0)
    }

    /// Adds the numbers of the newest steps of a history to `out`, the oldest of them first.
    pub fn write(&self, history: &str, out: &mut Vec<f32>) {
        let mut steps: Vec<HistoryStep> = read_history(history).rev().take(self.max_len).collect();
        steps.reverse();
        let mut before: Option<f64> = None;
        for step in steps {
            let gap = before.map_or(0.0, |before| (before - step.days_before).max(0.0));
            before = Some(step.days_before);
            let amount = step.amount.map_or(0.0, |x| x.signum() * x.abs().ln_1p());
            let scaled = [gap.ln_1p(), step.days_before.ln_1p(), amount];
            for ((x, centre), scale) in scaled.into_iter().zip(self.centre).zip(self.scale) {
                out.push((x as f32 - centre) / scale);
            }
            let flag = |on: bool| f32::from(u8::from(on));
            out.extend([step.amount.is_some(), step.is_return(), step.discounted].map(flag));
            out.extend(self.kinds.iter().map(|kind| flag(kind == step.kind)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_scaled_on_training_rows_and_the_newest_are_read() {
        let train = ["9 order 10; 4 order 10; 1 view", "20 order 10 d", ""];
        let fitted = FittedHistory::fit("h", train.iter().copied(), 2).unwrap();
        assert_eq!(fitted.kinds, ["order", "view"]);
        assert_eq!(fitted.channels(), 8);
        assert!(fitted.is_sound());
        let mut all = Vec::new();
        train.iter().for_each(|history| fitted.write(history, &mut all));
        // Two of three steps, then one, then none.
        assert_eq!(all.len(), 3 * 8);
        for at in 0..SCALED {
            let mean: f32 = all.chunks(8).map(|step| step[at]).sum::<f32>() / 3.0;
            assert!(mean.abs() < 1e-5, "{at}: {mean}");
        }
        // Known, return, discount, order, view of the three steps.
        let flags: Vec<&[f32]> = all.chunks(8).map(|step| &step[SCALED..]).collect();
        assert_eq!(flags, [[1., 0., 0., 1., 0.], [0., 0., 0., 0., 1.], [1., 0., 1., 1., 0.]]);

        let mut other = Vec::new();
        fitted.write("5 never_seen 1e300; 2 return -3", &mut other);
        assert!(other.iter().all(|x| x.is_finite()), "{other:?}");
        assert_eq!(other[SCALED + 3..8], [0.0, 0.0], "an unknown kind has no channel");
        assert_eq!(other[8 + SCALED + 1], 1.0);
        let long = "3 order 1; ".repeat(10_000);
        other.clear();
        fitted.write(&long, &mut other);
        assert_eq!(other.len(), 2 * 8);
        assert!(FittedHistory::fit("h", ["", "no history here", "?"].into_iter(), 5).is_none());
    }
}
