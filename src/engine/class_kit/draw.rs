//! Customers drawn from a known truth: independent measures, of which a few drive who leaves, with
//! known strengths. Whoever holds the truth knows every customer's chance, and so the best area under
//! the ROC curve that any model can reach.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::metrics::roc_auc;

/// A measure of a customer, drawn from a normal distribution and cut at its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The name of its column.
    pub name: &'static str,
    pub mean: f64,
    /// Standard deviation before cutting.
    pub spread: f64,
    pub low: f64,
    pub high: f64,
    /// Digits after the point.
    pub decimals: usize,
}

/// Measures that a shop may know.
pub const MEASURES: [Measure; 10] = [
    Measure { name: "age", mean: 44.0, spread: 13.0, low: 18.0, high: 90.0, decimals: 0 },
    Measure { name: "tenure_months", mean: 32.0, spread: 12.0, low: 1.0, high: 72.0, decimals: 0 },
    Measure { name: "app_opens_30d", mean: 14.0, spread: 5.0, low: 0.0, high: 40.0, decimals: 0 },
    Measure { name: "avg_basket", mean: 46.0, spread: 12.0, low: 4.0, high: 120.0, decimals: 2 },
    Measure { name: "discount_share", mean: 0.35, spread: 0.12, low: 0.0, high: 1.0, decimals: 2 },
    Measure { name: "visits_30d", mean: 11.0, spread: 4.0, low: 0.0, high: 30.0, decimals: 0 },
    Measure { name: "tickets", mean: 5.0, spread: 1.8, low: 0.0, high: 14.0, decimals: 0 },
    Measure { name: "satisfaction", mean: 62.0, spread: 14.0, low: 1.0, high: 100.0, decimals: 0 },
    Measure { name: "delivery_days", mean: 4.6, spread: 1.3, low: 0.5, high: 12.0, decimals: 1 },
    Measure { name: "returns_12m", mean: 6.0, spread: 2.1, low: 0.0, high: 16.0, decimals: 0 },
];

/// What drives customers away.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Names of measures with their strength: the log-odds of leaving that one standard deviation adds.
    pub drivers: Vec<(&'static str, f64)>,
    /// Log-odds of leaving of a customer who is average in everything.
    pub base: f64,
}

/// One customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// One for each of the measures, rounded to its digits.
    pub values: Vec<f64>,
    /// The chance to leave.
    pub chance: f64,
    pub left: bool,
}

/// A draw from the standard normal distribution by the sum of twelve uniforms: steady across platforms.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.gen_range(0.0..1.0)).sum::<f64>() - 6.0
}

/// σ(z) = 1 / (1 + e^(−z)).
pub(crate) fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl Measure {
    /// The measure of one customer.
    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        let scale = 10f64.powi(i32::try_from(self.decimals).unwrap_or(0));
        let value = (self.mean + self.spread * normal(rng)).clamp(self.low, self.high);
        (value * scale).round() / scale
    }

    /// A value as it is written.
    pub fn show(&self, value: f64) -> String {
        format!("{value:.*}", self.decimals)
    }
}

/// Customers of these measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop<'a> {
    pub measures: &'a [Measure],
    pub truth: Truth,
}

/// Customers from whom the base is found.
const SOUNDED: usize = 4_000;

impl<'a> Shop<'a> {
    /// A shop whose drivers have these strengths, of whose customers `share` leave.
    pub fn new(
        measures: &'a [Measure],
        drivers: Vec<(&'static str, f64)>,
        share: f64,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut shop = Self { measures, truth: Truth { drivers, base: 0.0 } };
        let pulls: Vec<f64> = (0..SOUNDED).map(|_| shop.pull(&shop.measure(rng))).collect();
        let (mut low, mut high) = (-30.0, 30.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            let mean = pulls.iter().map(|pull| logistic(middle + pull)).sum::<f64>() / SOUNDED as f64;
            if mean < share { low = middle } else { high = middle }
        }
        shop.truth.base = (low + high) / 2.0;
        shop
    }

    fn measure(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        self.measures.iter().map(|measure| measure.draw(rng)).collect()
    }

    /// What the drivers add to the log-odds of leaving.
    fn pull(&self, values: &[f64]) -> f64 {
        let of = |(name, strength): &(&str, f64)| {
            let found = self.measures.iter().zip(values).find(|(measure, _)| measure.name == *name);
            found.map_or(0.0, |(measure, value)| strength * (value - measure.mean) / measure.spread)
        };
        self.truth.drivers.iter().map(of).sum()
    }

    /// One customer.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Person {
        let values = self.measure(rng);
        let chance = logistic(self.truth.base + self.pull(&values));
        let left = rng.gen_range(0.0..1.0) < chance;
        Person { values, chance, left }
    }

    /// `count` customers.
    pub fn customers(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Person> {
        (0..count).map(|_| self.draw(rng)).collect()
    }
}

/// The best area under the ROC curve that a model can reach on these customers: that of their true
/// chances. `None` unless some left and some stayed.
pub fn best_auc(people: &[Person]) -> Option<f64> {
    let chances: Vec<f64> = people.iter().map(|person| person.chance).collect();
    let left: Vec<bool> = people.iter().map(|person| person.left).collect();
    roc_auc(&chances, &left)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_truth_is_in_the_customers() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let drivers = vec![("tickets", 1.4), ("satisfaction", -0.9)];
        let shop = Shop::new(&MEASURES, drivers, 0.3, &mut rng);
        let people = shop.customers(6_000, &mut rng);
        let share = people.iter().filter(|person| person.left).count() as f64 / 6_000.0;
        assert!((share - 0.3).abs() < 0.02, "{share}");
        let left: Vec<bool> = people.iter().map(|person| person.left).collect();
        let alone = |name: &str| {
            let at = MEASURES.iter().position(|measure| measure.name == name).unwrap();
            roc_auc(&people.iter().map(|person| person.values[at]).collect::<Vec<_>>(), &left).unwrap()
        };
        let best = best_auc(&people).unwrap();
        println!("best {best:.3}, tickets alone {:.3}", alone("tickets"));
        assert!(alone("tickets") > 0.7 && alone("satisfaction") < 0.4 && best > alone("tickets"));
        assert!((alone("age") - 0.5).abs() < 0.03, "what drives nothing tells nothing");
        let again = Shop::new(&MEASURES, shop.truth.drivers.clone(), 0.3, &mut ChaCha8Rng::seed_from_u64(5));
        assert_eq!(again.truth, shop.truth);
    }
}
