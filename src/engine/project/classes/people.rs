//! The customers of a project, from its orders and from its table of customers, and what is known of each.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::{DataFrame, IdxCa, IntoColumn as _, NamedFrom as _, NewChunkedArray as _, Series};

use super::{Classified, Known, Shop};
use crate::clean::CleanError;
use crate::deploy;
use crate::detect::date;
use crate::detect::number::Decimal;
use crate::segment::classes::Fact;
use crate::segment::rfm::{self, RfmColumns, RfmError, RfmValues};
use crate::table::{ColumnSpec, Frame, Role, ValueType};

/// A customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub id: String,
    /// Permanent row in the table of customers, where it is in it.
    pub row: Option<u32>,
    /// Place among the known rows.
    pub place: Option<usize>,
    /// Number in the books, where it is in them.
    pub customer: Option<u32>,
}

/// The table of customers, one row each, as it is known before holes are filled; where a question was
/// asked over time, the rows of the latest day.
pub(super) struct Rows {
    pub schema: Vec<ColumnSpec>,
    pub frame: Frame,
    pub ids: Vec<Option<String>>,
}

impl Rows {
    pub fn of(known: &Known) -> Option<Self> {
        let (table, cleaning) = (known.table?, known.cleaning?);
        let schema = match known.prepared {
            Some(prepared) => prepared.schema.clone(),
            None => table.columns.iter().map(ColumnSpec::from).collect(),
        };
        let all = cleaning.before_filling();
        // A fitted step may have dropped rows; those that are left come in their order.
        let left = cleaning.last().rows.as_slice();
        let asked = known.prepared.and_then(|prepared| prepared.to_answer.as_ref());
        let counts = |row: &u32| {
            let at = left.binary_search(row).ok();
            at.is_some_and(|at| asked.is_none_or(|asked| asked.get(at) == Some(&true)))
        };
        let keep: Vec<bool> = all.rows.iter().map(counts).collect();
        let frame = match keep.iter().all(|keep| *keep) {
            true => all.clone(),
            false => all.filter(&keep).ok()?,
        };
        let specs: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
        let name = deploy::ids(table, &specs);
        let ids = frame.rows.iter().map(|row| name(table.rows.binary_search(row).ok()?)).collect();
        Some(Self { schema, frame, ids })
    }

    /// True where columns tell recency and frequency.
    pub fn has_rfm(&self, columns: &RfmColumns) -> bool {
        let used = columns.or_guess(&self.schema);
        let is_there = |name: &Option<String>| name.as_ref().is_some_and(|n| self.frame.numbers(n).is_some());
        is_there(&used.recency) && is_there(&used.frequency)
    }

    pub fn rfm(&self, columns: &RfmColumns) -> Result<(RfmValues, RfmColumns), RfmError> {
        rfm::of_columns(columns, &self.schema, &self.frame)
    }
}

/// Everyone: the rows of the table first, then customers of the orders who are not among them and have
/// bought.
pub(super) fn gather(shop: Option<&Shop>, rows: Option<&Rows>) -> Vec<Person> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    for (number, id) in (0u32..).zip(shop.iter().flat_map(|shop| &shop.ids)) {
        if !id.is_empty() {
            numbers.entry(id).or_insert(number);
        }
    }
    let mut people = Vec::new();
    let mut is_in = vec![false; shop.map_or(0, |shop| shop.ids.len())];
    for (place, id) in rows.iter().flat_map(|rows| rows.ids.iter().enumerate()) {
        let row = rows.and_then(|rows| rows.frame.rows.get(place)).copied();
        let customer = id.as_deref().and_then(|id| numbers.get(id)).copied();
        // Orders that stand as they are: the rows of one customer are one person.
        if let Some(seen) = customer.and_then(|at| is_in.get_mut(at as usize))
            && std::mem::replace(seen, true)
        {
            continue;
        }
        let name = id.clone().unwrap_or_else(|| deploy::nameless(row.unwrap_or_default()));
        people.push(Person { id: name, row, place: Some(place), customer });
    }
    if let Some(shop) = shop {
        let books = &shop.read.books;
        for (number, id) in (0u32..).zip(&shop.ids) {
            let at = number as usize;
            if is_in.get(at) == Some(&false) && !books.purchase_days(at).is_empty() {
                people.push(Person { id: id.clone(), row: None, place: None, customer: Some(number) });
            }
        }
    }
    people
}

/// Values in the order of the people; `at` says where a person's stand.
pub(super) fn spread(
    values: &RfmValues,
    people: &[Person],
    at: impl Fn(&Person) -> Option<usize>,
) -> RfmValues {
    let take = |list: &Vec<f64>| -> Vec<f64> {
        let one = |person: &Person| at(person).and_then(|at| list.get(at)).copied().unwrap_or(f64::NAN);
        people.iter().map(one).collect()
    };
    RfmValues {
        recency: take(&values.recency),
        frequency: take(&values.frequency),
        money: values.money.as_ref().map(take),
    }
}

/// What became of people, and what the model says.
pub(super) struct Outcomes(Vec<(Option<f64>, Option<bool>)>);

impl Outcomes {
    pub fn of(people: &[Person], known: &Known) -> Self {
        let mut by_row: HashMap<u32, (Option<f64>, Option<bool>)> = HashMap::new();
        if let Some(prepared) = known.prepared.filter(|prepared| prepared.to_answer.is_none()) {
            for (row, label) in prepared.cleaning.last().rows.iter().zip(&prepared.labels.of_row) {
                by_row.entry(*row).or_default().1 = *label;
            }
        }
        for customer in known.customers.into_iter().flatten() {
            by_row.entry(customer.row).or_default().0 = Some(customer.probability);
        }
        let one = |person: &Person| person.row.and_then(|row| by_row.get(&row)).copied().unwrap_or_default();
        Self(people.iter().map(one).collect())
    }

    /// Probability and label of the person at a place.
    pub fn at(&self, at: usize) -> (Option<f64>, Option<bool>) {
        self.0.get(at).copied().unwrap_or_default()
    }
}

fn fact(fact: &Fact, role: Role) -> ColumnSpec {
    ColumnSpec {
        name: fact.column().to_owned(),
        role,
        value_type: if role == Role::Number { ValueType::Number } else { ValueType::Text },
        decimal: Decimal::default(),
        date_order: date::Order::default(),
        keep_na: true,
    }
}

/// The table that rules are evaluated on: the columns of the data, one row a person, and every fact that is
/// known of anyone.
pub(super) fn facts(
    out: &Classified,
    rows: Option<&Rows>,
    known: &Known,
) -> crate::Result<(Vec<ColumnSpec>, Frame)> {
    let (mut schema, mut columns) = (Vec::new(), Vec::new());
    if let Some(rows) = rows {
        let places = out.people.iter().map(|person| person.place.and_then(|at| u32::try_from(at).ok()));
        let places = IdxCa::from_iter_options("".into(), places);
        for spec in &rows.schema {
            let Ok(column) = rows.frame.data.column(&spec.name) else { continue };
            columns.push(column.take(&places).map_err(CleanError::from)?);
            schema.push(spec.clone());
        }
    }
    let outcomes = Outcomes::of(&out.people, known);
    let finite = |list: &[f64]| -> Vec<Option<f64>> {
        list.iter().map(|value| value.is_finite().then_some(*value)).collect()
    };
    let score = |of: &dyn Fn(&rfm::Scores) -> Option<u8>| -> Vec<Option<f64>> {
        out.scores.iter().map(|scores| scores.as_ref().and_then(of).map(f64::from)).collect()
    };
    let by_row = |of: &dyn Fn(u32) -> Option<f64>| -> Vec<Option<f64>> {
        out.people.iter().map(|person| person.row.and_then(of)).collect()
    };
    let groups: HashMap<u32, f64> = match (known.segments, known.cleaning) {
        (Some(found), Some(cleaning)) => {
            let rows = cleaning.last().rows.iter().copied().zip(&found.of_row);
            rows.filter(|(_, at)| **at < found.k).map(|(row, at)| (row, *at as f64 + 1.0)).collect()
        }
        _ => HashMap::new(),
    };
    let numbers = [
        (Fact::Risk, outcomes.0.iter().map(|(risk, _)| *risk).collect()),
        (Fact::Value, by_row(&|row| known.value.and_then(|of| of.get(&row)).copied())),
        (Fact::Recency, finite(&out.values.recency)),
        (Fact::Orders, finite(&out.values.frequency)),
        (Fact::Money, out.values.money.as_deref().map(finite).unwrap_or_default()),
        (Fact::RecencyScore, score(&|scores| Some(scores.recency))),
        (Fact::FrequencyScore, score(&|scores| Some(scores.frequency))),
        (Fact::MoneyScore, score(&|scores| scores.money)),
        (Fact::WorthScore, score(&|scores| Some(scores.worth))),
        (Fact::Segment, by_row(&|row| groups.get(&row).copied())),
    ];
    for (which, values) in numbers {
        if values.iter().any(Option::is_some) {
            columns.push(Series::new(which.column().into(), values).into_column());
            schema.push(fact(&which, Role::Number));
        }
    }
    if out.fitted.is_some() {
        let names: Vec<Option<&str>> = (0..out.people.len()).map(|at| out.table_class(at)).collect();
        columns.push(Series::new(Fact::RfmClass.column().into(), names).into_column());
        schema.push(fact(&Fact::RfmClass, Role::Category));
    }
    let height = out.people.len();
    let data = DataFrame::new(height, columns).map_err(CleanError::from)?;
    let rows = (0..u32::try_from(height).unwrap_or(u32::MAX)).collect();
    Ok((schema, Frame { rows: Arc::new(rows), data }))
}
