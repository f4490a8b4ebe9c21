//! What the person says of money.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::deploy::Reason;
use crate::features::behaviour::HISTORY;

/// What bounds a day's calls.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    #[default]
    None,
    /// Money that may be spent.
    Budget(f64),
    /// Customers that can be called.
    Calls(usize),
}

/// What keeping a customer is worth and what trying costs, in the shop's currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MoneySpec {
    /// What a customer who stays is worth, over the time that the owner has in mind.
    pub value: f64,
    /// What calling one customer costs: time, postage, the discount.
    pub cost: f64,
    /// Share of those who would leave that stays because of the call, 0 to 1.
    pub accept: f64,
    pub limit: Limit,
    /// Sign or code of the currency, as it is shown.
    pub currency: String,
    /// What to say, by language and by the column of the strongest reason; the catalogue's words where
    /// there is nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub say: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for MoneySpec {
    fn default() -> Self {
        Self {
            value: 100.0,
            cost: 5.0,
            accept: 0.25,
            limit: Limit::None,
            currency: String::new(),
            say: BTreeMap::new(),
        }
    }
}

/// Longest line that is kept of what to say, and most of them.
const LONGEST: usize = 2000;
const LINES: usize = 500;

impl MoneySpec {
    /// True where the person has said nothing: not written into projects.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// True where the three figures are those of the example: they are nobody's.
    pub fn is_example(&self) -> bool {
        let usual = Self::default();
        (self.value, self.cost, self.accept) == (usual.value, usual.cost, usual.accept)
    }

    /// The same within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        let usual = Self::default();
        let within = |value: f64, low: f64, high: f64, or: f64| {
            if value.is_finite() { value.clamp(low, high) } else { or }
        };
        self.value = within(self.value, 0.0, 1e12, usual.value);
        self.cost = within(self.cost, 0.0, 1e12, usual.cost);
        self.accept = within(self.accept, 0.0, 1.0, usual.accept);
        self.limit = match self.limit {
            Limit::Budget(budget) => Limit::Budget(within(budget, 0.0, 1e15, 0.0)),
            other => other,
        };
        self.currency = self.currency.chars().take(8).collect();
        self.say.values_mut().for_each(|lines| {
            while lines.len() > LINES {
                lines.pop_last();
            }
            lines.values_mut().for_each(|line| *line = line.chars().take(LONGEST).collect());
        });
        self
    }

    /// Customers that can be called at most; `None` without a bound.
    pub fn most_calls(&self) -> Option<usize> {
        match self.limit {
            Limit::None => None,
            Limit::Calls(calls) => Some(calls),
            // What costs nothing is never too dear.
            Limit::Budget(_) if self.cost <= 0.0 => None,
            // Ten calls at 0.1 cost 1, whatever the floating point says.
            Limit::Budget(budget) => Some((budget / self.cost * (1.0 + 1e-12)).floor() as usize),
        }
    }

    /// Money that is left of calling `calls` customers of whom `leavers` would leave:
    /// accept · value · leavers − cost · calls.
    pub fn profit(&self, leavers: f64, calls: f64) -> f64 {
        self.accept * self.value * leavers - self.cost * calls
    }

    /// The probability from which a call pays, cost / (accept · value), where probabilities are true;
    /// infinite where no call does.
    pub fn pays_from(&self) -> f64 {
        self.cost / (self.accept * self.value)
    }

    /// The person's own line for a column in a language.
    pub fn line(&self, language: &str, column: &str) -> Option<&str> {
        self.say.get(language)?.get(column).map(String::as_str)
    }

    /// Keeps a line, or forgets it where it is `None`.
    pub fn set_line(&mut self, language: &str, column: &str, line: Option<String>) {
        match line {
            Some(line) => {
                self.say.entry(language.to_owned()).or_default().insert(column.to_owned(), line);
            }
            None => {
                if let Some(lines) = self.say.get_mut(language) {
                    lines.remove(column);
                }
                self.say.retain(|_, lines| !lines.is_empty());
            }
        }
    }
}

/// A line with `{column}`, `{value}`, `{usual}` and `{id}` filled in for a customer. Values are put in
/// as they are: what looks like a mark inside a value stays.
pub fn fill(line: &str, id: &str, reason: Option<&Reason>) -> String {
    let value = |name: &str| -> Option<String> {
        match (name, reason) {
            ("id", _) => Some(id.to_owned()),
            ("column", Some(reason)) => Some(match reason.column.as_str() {
                // The history has no name that a customer would know.
                HISTORY => String::new(),
                column => column.replace('_', " "),
            }),
            ("value", Some(reason)) => Some(reason.value.clone().unwrap_or_else(|| "—".to_owned())),
            ("usual", Some(reason)) => Some(reason.usual.clone()),
            _ => None,
        }
    };
    let (mut out, mut rest) = (String::new(), line);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').and_then(|(name, after)| Some((value(name)?, after))) {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_costs_and_from_where_it_pays() {
        let mut spec = MoneySpec { value: 200.0, cost: 10.0, accept: 0.25, ..MoneySpec::default() };
        // 8 calls, 3 of whom would leave: 3 · 0.25 · 200 − 80.
        assert_eq!(spec.profit(3.0, 8.0), 70.0);
        assert_eq!(spec.pays_from(), 0.2);
        assert_eq!(spec.most_calls(), None);
        spec.limit = Limit::Budget(95.0);
        assert_eq!(spec.most_calls(), Some(9));
        (spec.cost, spec.limit) = (0.1, Limit::Budget(1.0));
        assert_eq!(spec.most_calls(), Some(10));
        spec.cost = 0.0;
        assert_eq!(spec.most_calls(), None);
        spec.limit = Limit::Calls(4);
        assert_eq!(spec.most_calls(), Some(4));
        let wild = MoneySpec { value: f64::NAN, cost: -3.0, accept: 7.0, ..MoneySpec::default() }.sane();
        assert_eq!((wild.value, wild.cost, wild.accept), (100.0, 0.0, 1.0));
    }

    #[test]
    fn lines_are_filled_by_what_they_name_and_kept_by_language() {
        let reason = Reason {
            column: "days_since_visit".into(),
            value: Some("{id} 90".into()),
            usual: "12".into(),
            share: 0.2,
        };
        let told = fill("{id}: {column} {value}, usually {usual}; {other} {", "C7", Some(&reason));
        assert_eq!(told, "C7: days since visit {id} 90, usually 12; {other} {");
        assert_eq!(fill("{id} {value}", "C7", None), "C7 {value}");
        let mut spec = MoneySpec::default();
        spec.set_line("en", "age", Some("hello".into()));
        assert_eq!((spec.line("en", "age"), spec.line("zh-CN", "age")), (Some("hello"), None));
        assert!(!spec.is_default() && spec.is_example());
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<MoneySpec>(&json).unwrap(), spec);
        spec.set_line("en", "age", None);
        assert!(spec.is_default());
    }
}
