//! What would only say again how customers were chosen, or what another difference says already.

use super::{Classified, RfmSource};
use crate::job::Reporter;
use crate::segment::classes::{ClassRule, Fact};
use crate::segment::profile::Difference;
use crate::table::Frame;

/// Columns whose correlation is at least this say the same.
const SAME: f64 = 0.95;
/// Rows that a correlation is taken of: an even part of more.
const ROWS: usize = 20_000;

impl Classified {
    /// The columns that the classes of the table are made of: recency, orders and money, and where they
    /// came from columns of the data those.
    pub fn table_columns(&self) -> Vec<String> {
        let facts = [Fact::Recency, Fact::Orders, Fact::Money];
        let mut out: Vec<String> = facts.iter().map(|fact| fact.column().to_owned()).collect();
        if let Some(RfmSource::Columns(of)) = &self.source {
            out.extend([&of.recency, &of.frequency, &of.money].into_iter().flatten().cloned());
        }
        out
    }

    /// The columns that a rule looks at; where it looks at scores or the class of the table, those that these
    /// are made of.
    pub fn rule_columns(&self, rule: &ClassRule) -> Vec<String> {
        let of_formula = |name: &str| !rule.formula.is_empty() && rule.formula.contains(name);
        let looks = |name: &str| match rule.formula.is_empty() {
            true => rule.conditions.iter().any(|condition| condition.fact.column() == name),
            false => of_formula(name),
        };
        let mut out: Vec<String> =
            self.schema.iter().map(|spec| spec.name.clone()).filter(|name| looks(name)).collect();
        let whole =
            [Fact::RecencyScore, Fact::FrequencyScore, Fact::MoneyScore, Fact::WorthScore, Fact::RfmClass];
        if whole.iter().any(|fact| looks(fact.column())) {
            out.extend(self.table_columns());
        }
        out
    }
}

/// Leaves at most `most` of `told`, the most telling first: none of the `defining` columns, and none that goes
/// with one of them or with one that is told already. Of a fact and a column that say the same the fact stays.
pub(super) fn leave_once(
    told: &mut Vec<Difference>,
    frame: &Frame,
    defining: &[String],
    most: usize,
    report: &Reporter,
) -> crate::Result<()> {
    let numbers = |name: &str| -> Option<Vec<Option<f64>>> {
        let all = frame.numbers(name)?;
        let every = all.len().div_ceil(ROWS).max(1);
        Some(all.into_iter().step_by(every).collect())
    };
    let is_same = |values: &[Option<f64>], other: &Vec<Option<f64>>| {
        correlation(values, other).is_some_and(|r| r.abs() >= SAME)
    };
    let is_fact = |name: &str| Fact::ALL.iter().any(|fact| fact.column() == name);
    let mut said: Vec<Vec<Option<f64>>> = defining.iter().filter_map(|name| numbers(name)).collect();
    told.retain(|one| !defining.contains(&one.column));
    let mut facts: Vec<String> = Vec::new();
    for one in told.iter().filter(|one| is_fact(&one.column)) {
        report.check()?;
        let Some(values) = numbers(&one.column) else { continue };
        if !said.iter().any(|other| is_same(&values, other)) {
            said.push(values);
            facts.push(one.column.clone());
        }
    }
    let mut kept: Vec<Difference> = Vec::new();
    for one in told.drain(..) {
        report.check()?;
        if kept.len() >= most {
            break;
        }
        match numbers(&one.column).filter(|_| one.level.is_none()) {
            Some(_) if is_fact(&one.column) && !facts.contains(&one.column) => continue,
            Some(_) if is_fact(&one.column) => {}
            Some(values) => {
                if said.iter().any(|other| is_same(&values, other)) {
                    continue;
                }
                said.push(values);
            }
            None => {}
        }
        kept.push(one);
    }
    *told = kept;
    Ok(())
}

/// Pearson's correlation of the rows that have both; `None` where one does not vary.
fn correlation(a: &[Option<f64>], b: &[Option<f64>]) -> Option<f64> {
    let both = || {
        let finite = |v: &Option<f64>| v.filter(|v| v.is_finite());
        a.iter().zip(b).filter_map(move |(a, b)| Some((finite(a)?, finite(b)?)))
    };
    let n = both().count() as f64;
    if n < 3.0 {
        return None;
    }
    let (sum_a, sum_b) = both().fold((0.0, 0.0), |(x, y), (a, b)| (x + a, y + b));
    let (mean_a, mean_b) = (sum_a / n, sum_b / n);
    let (ab, aa, bb) = both().fold((0.0, 0.0, 0.0), |(ab, aa, bb), (a, b)| {
        let (a, b) = (a - mean_a, b - mean_b);
        (ab + a * b, aa + a * a, bb + b * b)
    });
    let r = ab / (aa * bb).sqrt();
    r.is_finite().then_some(r)
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, DataFrame};

    use super::*;
    use crate::metrics::Estimate;

    #[test]
    fn what_defines_and_what_says_the_same_is_told_once() {
        let fact = Fact::Orders.column();
        let rows = |of: &dyn Fn(f64) -> f64| (0..60).map(|at| of(f64::from(at))).collect::<Vec<f64>>();
        let columns = vec![
            Column::new("Orders".into(), rows(&|v| v + 0.1 * (v % 2.0))),
            Column::new(fact.into(), rows(&|v| v)),
            Column::new("age".into(), rows(&|v| (v * 7.0) % 13.0)),
            Column::new("age in days".into(), rows(&|v| 365.0 * ((v * 7.0) % 13.0))),
            Column::new("visits".into(), rows(&|v| (v * 5.0) % 11.0)),
        ];
        let frame = Frame { rows: Default::default(), data: DataFrame::new(60, columns).unwrap() };
        let one = |column: &str| Difference {
            column: column.to_owned(),
            level: None,
            effect: Estimate { value: 1.0, low: 0.5, high: 1.5 },
            here: 1.0,
            rest: 0.0,
            cramers_v: None,
            p: 0.001,
        };
        let left = |defining: &[String], most: usize| {
            let names = ["Orders", "age", "age in days", fact, "visits"];
            let mut told: Vec<Difference> = names.iter().map(|name| one(name)).collect();
            leave_once(&mut told, &frame, defining, most, &Reporter::silent()).unwrap();
            told.into_iter().map(|one| one.column).collect::<Vec<_>>()
        };
        assert_eq!(left(&[], 8), ["age", fact, "visits"]);
        assert_eq!(left(&[], 2), ["age", fact]);
        assert_eq!(left(&[fact.to_owned()], 8), ["age", "visits"]);
        assert_eq!(left(&["age in days".to_owned(), fact.to_owned()], 8), ["visits"]);
    }

    #[test]
    fn correlations_are_those_of_the_formula() {
        let some = |list: &[f64]| list.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        let (a, b) = (some(&[1.0, 2.0, 3.0, 4.0]), some(&[2.0, 4.0, 6.0, 8.5]));
        // By hand: 10.75 / √(5 · 23.1875).
        assert!((correlation(&a, &b).unwrap() - 10.75 / (5.0f64 * 23.1875).sqrt()).abs() < 1e-12);
        assert_eq!(correlation(&a, &some(&[7.0; 4])), None);
        let gaps = vec![Some(1.0), None, Some(3.0), Some(f64::NAN)];
        assert_eq!(correlation(&a, &gaps), None);
    }
}
