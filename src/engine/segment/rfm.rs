//! Recency, frequency and money: five scores each, and the classes that owners know. The cuts are
//! fitted values: they score customers who come later.
//!
//! A customer's score is a function of its value alone, so equal values always share a score; where many
//! are equal, a score may stay empty. Quintile cuts are the 20, 40, 60 and 80% quantiles of the values
//! (the smallest value that at least so many customers reach: the inverse of the distribution function).
//! Frequency and money: 1 plus the number of cuts below the value. Recency: 5 less that number.

mod kept;
mod names;
mod values;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::metrics::{psi, psi_by_chance};

pub use names::{KNOWN, guess};
pub(crate) use values::purchases;
pub use values::{RfmColumns, RfmValues, of_books, of_columns};

/// Scores that a value can have.
pub const SCORES: u8 = 5;
/// Cuts between them.
pub type Cuts = [f64; SCORES as usize - 1];
/// Customers without whom quintiles say nothing.
const FEWEST: usize = 10;

/// Why customers have no scores.
#[derive(Debug, thiserror::Error)]
pub enum RfmError {
    #[error("quintiles need at least 10 customers who have bought, and there are {customers}")]
    TooFew { customers: usize },
    #[error("no column tells when customers last bought and how often")]
    NoColumns,
    #[error("{} holds no cuts of recency, frequency and money: {cause}", file.display())]
    NotCuts { file: PathBuf, cause: String },
    #[error("saving {} failed: {cause}", file.display())]
    Save { file: PathBuf, cause: std::io::Error },
}

impl RfmError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => "rfm_too_few",
            Self::NoColumns => "rfm_no_columns",
            Self::NotCuts { .. } => "rfm_not_cuts",
            Self::Save { .. } => "write_failed",
        }
    }
}

/// What stands beside recency in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The mean of both scores, halves rounded up; that of frequency where no money is known.
    #[default]
    FrequencyAndMoney,
    Frequency,
    Money,
}

impl Axis {
    pub const ALL: [Axis; 3] = [Axis::FrequencyAndMoney, Axis::Frequency, Axis::Money];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::FrequencyAndMoney => "frequency_and_money",
            Self::Frequency => "frequency",
            Self::Money => "money",
        }
    }
}

/// A named part of the grid; both bounds belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RfmClass {
    pub name: String,
    pub recency: [u8; 2],
    /// Scores of the other axis.
    pub worth: [u8; 2],
}

impl RfmClass {
    fn new(name: &str, recency: [u8; 2], worth: [u8; 2]) -> Self {
        Self { name: name.to_owned(), recency, worth }
    }

    /// True where the scores lie in it.
    pub fn holds(&self, recency: u8, worth: u8) -> bool {
        let within = |score: u8, [low, high]: [u8; 2]| (low..=high).contains(&score);
        within(recency, self.recency) && within(worth, self.worth)
    }
}

/// The eleven classes of the trade; together they cover the grid, and the first that holds counts.
pub fn usual_classes() -> Vec<RfmClass> {
    vec![
        RfmClass::new("champions", [5, 5], [4, 5]),
        RfmClass::new("loyal", [3, 4], [4, 5]),
        RfmClass::new("potential_loyalists", [4, 5], [2, 3]),
        RfmClass::new("new_customers", [5, 5], [1, 1]),
        RfmClass::new("promising", [4, 4], [1, 1]),
        RfmClass::new("need_attention", [3, 3], [3, 3]),
        RfmClass::new("about_to_sleep", [3, 3], [1, 2]),
        RfmClass::new("cannot_lose", [1, 2], [5, 5]),
        RfmClass::new("at_risk", [1, 2], [3, 4]),
        RfmClass::new("lost", [1, 1], [1, 1]),
        RfmClass::new("hibernating", [1, 2], [1, 2]),
    ]
}

/// Where the cuts come from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum CutSpec {
    /// Fitted to the customers at hand.
    #[default]
    Quintiles,
    /// Said by a person; each list ascends.
    Own { recency: Cuts, frequency: Cuts, money: Cuts },
    /// Fitted to earlier customers: whoever comes later is scored alike, and drift is told.
    Kept(Box<Kept>),
}

/// Cuts that were kept, with what they found then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub recency: Cuts,
    pub frequency: Cuts,
    pub money: Option<Cuts>,
    /// The day as of which they were fitted, as `2026-06-01`; empty where there was none.
    pub day: String,
    pub customers: usize,
    /// Share of each class of the table then, in the table's order; the last for those in no class.
    pub shares: Vec<f64>,
}

/// How customers are scored, as settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RfmSpec {
    pub cuts: CutSpec,
    pub axis: Axis,
    /// Columns of a table of customers, where no orders are read.
    pub columns: RfmColumns,
    /// Columns are read although there are orders.
    pub prefer_columns: bool,
    /// The first that holds counts.
    pub classes: Vec<RfmClass>,
}

impl Default for RfmSpec {
    fn default() -> Self {
        Self {
            cuts: CutSpec::default(),
            axis: Axis::default(),
            columns: RfmColumns::default(),
            prefer_columns: false,
            classes: usual_classes(),
        }
    }
}

impl RfmSpec {
    /// The same within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        self.classes.truncate(60);
        for class in &mut self.classes {
            for bounds in [&mut class.recency, &mut class.worth] {
                *bounds = bounds.map(|score| score.clamp(1, SCORES));
                bounds.sort_unstable();
            }
        }
        if let CutSpec::Own { recency, frequency, money } = &mut self.cuts {
            for cuts in [recency, frequency, money] {
                cuts.iter_mut().filter(|cut| !cut.is_finite()).for_each(|cut| *cut = 0.0);
                cuts.sort_unstable_by(f64::total_cmp);
            }
        }
        self
    }
}

/// The scores of one customer, 1 (worst) to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scores {
    pub recency: u8,
    pub frequency: u8,
    pub money: Option<u8>,
    /// The score of the grid's other axis.
    pub worth: u8,
}

/// Fitted cuts and the table of classes: all that is needed to score a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedRfm {
    pub recency: Cuts,
    pub frequency: Cuts,
    pub money: Option<Cuts>,
    pub axis: Axis,
    pub classes: Vec<RfmClass>,
}

impl FittedRfm {
    /// Fits cuts to `values` as `spec` says.
    ///
    /// # Errors
    /// Fewer than ten customers with a purchase, where cuts must be fitted.
    pub fn fit(spec: &RfmSpec, values: &RfmValues) -> Result<Self, RfmError> {
        let (recency, frequency, money) = match &spec.cuts {
            CutSpec::Own { recency, frequency, money } => (*recency, *frequency, Some(*money)),
            CutSpec::Kept(kept) => (kept.recency, kept.frequency, kept.money),
            CutSpec::Quintiles => {
                let known = |list: &[f64]| list.iter().filter(|v| v.is_finite()).count();
                if known(&values.recency).min(known(&values.frequency)) < FEWEST {
                    return Err(RfmError::TooFew { customers: known(&values.recency) });
                }
                let money = values.money.as_deref().filter(|list| known(list) >= FEWEST).map(quintiles);
                (quintiles(&values.recency), quintiles(&values.frequency), money)
            }
        };
        let money = money.filter(|_| values.money.is_some());
        Ok(Self { recency, frequency, money, axis: spec.axis, classes: spec.classes.clone() })
    }

    /// The scores of a customer: days since the last purchase, purchases, money; `None` where recency or
    /// frequency is not a number.
    pub fn score(&self, recency: f64, frequency: f64, money: f64) -> Option<Scores> {
        if !recency.is_finite() || !frequency.is_finite() {
            return None;
        }
        let of_recency = SCORES - below(&self.recency, recency);
        let of_frequency = 1 + below(&self.frequency, frequency);
        let of_money = self.money.filter(|_| money.is_finite()).map(|cuts| 1 + below(&cuts, money));
        let worth = match (self.axis, of_money) {
            (Axis::Frequency, _) | (_, None) => of_frequency,
            (Axis::Money, Some(money)) => money,
            (Axis::FrequencyAndMoney, Some(money)) => (of_frequency + money).div_ceil(2),
        };
        Some(Scores { recency: of_recency, frequency: of_frequency, money: of_money, worth })
    }

    /// The place of the first class that holds the scores.
    pub fn class(&self, scores: Scores) -> Option<usize> {
        self.classes.iter().position(|class| class.holds(scores.recency, scores.worth))
    }

    /// Share of each class among those who have scores, in the order of the table; the last for those in
    /// no class.
    pub fn shares(&self, of: &[Option<Scores>]) -> Vec<f64> {
        let mut counts = vec![0usize; self.classes.len() + 1];
        let scored = of.iter().flatten();
        for scores in scored.clone() {
            let at = self.class(*scores).unwrap_or(self.classes.len());
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
        let all = scored.count().max(1) as f64;
        counts.into_iter().map(|count| count as f64 / all).collect()
    }

    /// These cuts to be kept, with what they find now.
    pub fn keep(&self, of: &[Option<Scores>], day: String) -> Kept {
        Kept {
            recency: self.recency,
            frequency: self.frequency,
            money: self.money,
            day,
            customers: of.iter().flatten().count(),
            shares: self.shares(of),
        }
    }

    /// True for a class whose customers were worth something and have not bought for long: recency in the lower
    /// half, the other score in the middle or above. It is they whom an owner can lose now.
    pub fn needs_action(&self, class: usize) -> bool {
        let twice = |[low, high]: [u8; 2]| low + high;
        self.classes.get(class).is_some_and(|c| twice(c.recency) <= 5 && twice(c.worth) >= 6)
    }

    /// How good a class of the table is for the shop: the middle of its scores, 1 to 5.
    pub fn standing(&self, class: usize) -> f64 {
        let middle = |[low, high]: [u8; 2]| (f64::from(low) + f64::from(high)) / 2.0;
        self.classes.get(class).map_or(0.0, |c| (middle(c.recency) + middle(c.worth)) / 2.0)
    }
}

/// How far the shares of classes have moved since cuts were kept: the population stability index, and
/// what chance alone brings at most, 99 times in 100. `None` where the table of classes is another one.
pub fn drift(kept: &Kept, fitted: &FittedRfm, of: &[Option<Scores>]) -> Option<(f64, f64)> {
    let now = fitted.shares(of);
    let rows = (kept.customers, of.iter().flatten().count());
    let same_table = kept.shares.len() == now.len();
    same_table.then(|| (psi(&kept.shares, &now, rows), psi_by_chance(now.len(), rows)))
}

/// Cuts below a value.
fn below(cuts: &Cuts, value: f64) -> u8 {
    cuts.iter().map(|cut| u8::from(*cut < value)).sum()
}

/// The 20, 40, 60 and 80% quantiles of the finite values: the smallest that at least so large a share of
/// them does not exceed (Hyndman and Fan 1996, type 1). Zeros where there is none.
pub fn quintiles(values: &[f64]) -> Cuts {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    [1usize, 2, 3, 4].map(|fifth| {
        let at = (fifth * n).div_ceil(5).max(1) - 1;
        sorted.get(at).copied().unwrap_or(0.0)
    })
}

#[cfg(test)]
mod tests;
