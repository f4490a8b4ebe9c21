//! How many customers an experiment needs: size, power, smallest effect and length follow from each
//! other.

use serde::{Deserialize, Serialize};

use super::ExperimentError;
use super::tails::{noncentral_t, normal_above, normal_quantile, t_quantile};

/// Customers above which nothing is planned: no shop has them.
const MOST: f64 = 1e10;
/// Points of a power curve.
const POINTS: usize = 61;

/// What of a customer is compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Measured {
    /// A yes or no. `base` is the share of yes without the offer, 0 to 1.
    Share { base: f64 },
    /// Money per customer; `deviation` is its standard deviation, in the same currency.
    Money { deviation: f64 },
}

/// What an experiment is to find, and how surely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    pub measured: Measured,
    /// The smallest difference worth finding: called less left alone, a share or money per customer.
    pub effect: f64,
    /// How often the test may cry wolf where there is nothing.
    pub alpha: f64,
    /// How often it is to find the effect where it is there.
    pub power: f64,
    /// It is also to find the opposite of the effect.
    pub two_sided: bool,
    /// Share of the customers that is left alone.
    pub left_alone: f64,
    /// Customers that can be taken in per week; `None` where all are there on the first day.
    pub per_week: Option<f64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            measured: Measured::Share { base: 0.6 },
            effect: 0.08,
            alpha: 0.05,
            power: 0.8,
            two_sided: true,
            left_alone: 0.5,
            per_week: None,
        }
    }
}

/// Customers of the two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    pub called: u64,
    pub left_alone: u64,
}

impl Size {
    /// Both together.
    pub fn total(self) -> u64 {
        self.called + self.left_alone
    }
}

/// A plan that was worked out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Planned {
    pub size: Size,
    /// Weeks until so many customers are taken in.
    pub weeks: Option<f64>,
    /// Customers that there are, what they would find with the wanted power, and how surely they would
    /// find the planned effect; `None` where nobody said how many there are.
    pub with: Option<With>,
    /// Customers in all, and the power with which they find the effect.
    pub curve: Vec<(f64, f64)>,
}

/// What a given number of customers can do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct With {
    pub customers: u64,
    pub power: f64,
    /// The smallest effect found with the wanted power; `None` where not even the largest is.
    pub effect: Option<f64>,
}

impl Plan {
    /// The same plan within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        let within = |value: f64, low: f64, high: f64, or: f64| {
            if value.is_finite() { value.clamp(low, high) } else { or }
        };
        let usual = Self::default();
        self.measured = match self.measured {
            Measured::Share { base } => Measured::Share { base: within(base, 0.0, 1.0, 0.6) },
            Measured::Money { deviation } => Measured::Money { deviation: within(deviation, 0.0, 1e12, 1.0) },
        };
        self.effect = within(self.effect, -1e12, 1e12, usual.effect);
        self.alpha = within(self.alpha, 0.001, 0.3, usual.alpha);
        self.power = within(self.power, 0.5, 0.999, usual.power);
        self.left_alone = within(self.left_alone, 0.05, 0.95, usual.left_alone);
        self.per_week = self.per_week.filter(|weekly| weekly.is_finite() && *weekly > 0.0);
        self
    }

    /// Whether such an experiment can be.
    ///
    /// # Errors
    /// There is no effect to find, it leads out of 0 to 100%, or money does not vary.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let bad = |column: &'static str| Err(ExperimentError::BadPlan { what: column });
        let is_open = |share: f64| share > 0.0 && share < 1.0;
        if !(self.effect.is_finite() && self.effect != 0.0) {
            return bad("effect");
        }
        if !(is_open(self.alpha) && is_open(self.power) && self.power > self.alpha) {
            return bad("power");
        }
        if !is_open(self.left_alone) {
            return bad("left_alone");
        }
        match self.measured {
            Measured::Share { base } if !is_open(base) => bad("base"),
            Measured::Share { base } if !is_open(base + self.effect) => bad("effect"),
            Measured::Money { deviation } if !(deviation.is_finite() && deviation > 0.0) => bad("deviation"),
            _ => Ok(()),
        }
    }

    /// The chance that `total` customers show the effect, 0 to 1; not a number for a plan that cannot be.
    ///
    /// Shares: the pooled z test, its spread under the effect apart from that under none (Fleiss et al.
    /// 2003, ch. 4). Money: Student's t with equal spread, by the noncentral t.
    pub fn power_of(&self, total: f64) -> f64 {
        let (called, left) = (total * (1.0 - self.left_alone), total * self.left_alone);
        let tail = if self.two_sided { self.alpha / 2.0 } else { self.alpha };
        match self.measured {
            Measured::Share { base } => {
                let (p1, p0, ratio) = (base + self.effect, base, left / called);
                let spread = |a: f64, b: f64| (a * (1.0 - a) + b * (1.0 - b) / ratio).sqrt();
                let pooled = (p1 + p0 * ratio) / (1.0 + ratio);
                let (none, some) = (spread(pooled, pooled), spread(p1, p0));
                let reach = -normal_quantile(tail) * none / some;
                let shift = self.effect.abs() * called.sqrt() / some;
                let right = normal_above(reach - shift);
                if self.two_sided { right + normal_above(reach + shift) } else { right }
            }
            Measured::Money { deviation } => {
                let freedom = called + left - 2.0;
                if freedom <= 0.0 {
                    return 0.0;
                }
                let shift = self.effect.abs() / deviation / (1.0 / called + 1.0 / left).sqrt();
                let reach = t_quantile(1.0 - tail, freedom);
                let right = 1.0 - noncentral_t(reach, freedom, shift);
                if self.two_sided { right + noncentral_t(-reach, freedom, shift) } else { right }
            }
        }
    }

    /// Customers in all, as a real number, that find the effect with the wanted power.
    ///
    /// # Errors
    /// As [`check`](Self::check), or more customers than there can be.
    pub fn total(&self) -> Result<f64, ExperimentError> {
        self.check()?;
        let fewest = match self.measured {
            Measured::Share { .. } => 1.0,
            // Two of each group: below that nothing is known of the spread.
            Measured::Money { .. } => 2.0 / self.left_alone.min(1.0 - self.left_alone),
        };
        if self.power_of(fewest) >= self.power {
            return Ok(fewest);
        }
        let (mut low, mut high) = (fewest, 2.0 * fewest);
        while self.power_of(high) < self.power {
            (low, high) = (high, 2.0 * high);
            if high > MOST {
                return Err(ExperimentError::BadPlan { what: "effect" });
            }
        }
        while high - low > 1e-10 * high {
            let middle = (low + high) / 2.0;
            match self.power_of(middle) < self.power {
                true => low = middle,
                false => high = middle,
            }
        }
        Ok(high)
    }

    /// Whole customers of each group.
    ///
    /// # Errors
    /// As [`total`](Self::total).
    pub fn size(&self) -> Result<Size, ExperimentError> {
        let total = self.total()?;
        // What rounding of the search leaves is no customer.
        let whole = |part: f64| ((part - 1e-6).ceil() as u64).max(2);
        Ok(Size {
            called: whole(total * (1.0 - self.left_alone)),
            left_alone: whole(total * self.left_alone),
        })
    }

    /// The smallest effect, of the planned sign, that `total` customers find with the wanted power;
    /// `None` where not even the largest one is found.
    pub fn effect_of(&self, total: f64) -> Option<f64> {
        let sign = if self.effect < 0.0 { -1.0 } else { 1.0 };
        let largest = match self.measured {
            Measured::Share { base } if sign > 0.0 => 1.0 - base,
            Measured::Share { base } => base,
            Measured::Money { deviation } => 100.0 * deviation,
        };
        let power = |size: f64| Self { effect: sign * size, ..self.clone() }.power_of(total);
        let (mut low, mut high) = (0.0, largest * (1.0 - 1e-9));
        if power(high) < self.power {
            return None;
        }
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            match power(middle) < self.power {
                true => low = middle,
                false => high = middle,
            }
        }
        Some(sign * high)
    }

    /// How `customers` part into the two groups.
    pub fn part(&self, customers: u64) -> Size {
        let left_alone = (customers as f64 * self.left_alone.clamp(0.0, 1.0)).round() as u64;
        Size { called: customers.saturating_sub(left_alone), left_alone: left_alone.min(customers) }
    }

    /// Weeks until `total` customers are taken in; `None` where all are there at once.
    pub fn weeks_of(&self, total: f64) -> Option<f64> {
        self.per_week.filter(|weekly| *weekly > 0.0).map(|weekly| total / weekly)
    }

    /// The plan worked out; `customers` are those that there are.
    ///
    /// # Errors
    /// As [`total`](Self::total).
    pub fn work_out(&self, customers: Option<u64>) -> Result<Planned, ExperimentError> {
        let size = self.size()?;
        let total = size.total() as f64;
        let with = customers.filter(|count| *count >= 4).map(|customers| With {
            customers,
            power: self.power_of(customers as f64),
            effect: self.effect_of(customers as f64),
        });
        // Twice the size shows where more would be wasted; what there is stays in sight where it is near.
        let here = customers.map_or(0.0, |count| count as f64);
        let last = if here <= 4.0 * total { (2.0 * total).max(1.1 * here) } else { 2.0 * total };
        let first = 4.0 / self.left_alone.min(1.0 - self.left_alone);
        let step = (last - first).max(1.0) / (POINTS - 1) as f64;
        let at = |point: usize| first + step * point as f64;
        let curve = (0..POINTS).map(|point| (at(point), self.power_of(at(point)))).collect();
        Ok(Planned { size, weeks: self.weeks_of(total), with, curve })
    }
}
