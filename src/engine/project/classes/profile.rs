//! What sets some of the customers apart from the others.

use std::collections::HashMap;

use serde::Serialize;

use super::{Classified, Gathered, Group, Known, Shop, again, people};
use crate::job::Reporter;
use crate::segment::classes::Fact;
use crate::segment::profile::{self, Difference, Favourite, Found};
use crate::table::{ColumnSpec, Role};

/// Differences that are told.
const TOLD: usize = 8;
/// Differences that are told of one kind of column.
const OF_A_KIND: usize = 2;
/// Products that are told.
const PRODUCTS: usize = 5;

/// What sets some customers apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassProfile {
    pub group: Group,
    pub differences: Found<Difference>,
    pub favourites: Found<Favourite>,
}

/// Of columns that tell of one thing (`orders: …`, `spent: …`) leaves two: the other windows and trends say
/// the same again.
fn few_of_a_kind(told: &mut Vec<Difference>) {
    let mut kinds: HashMap<String, usize> = HashMap::new();
    told.retain(|one| {
        let kind = one.column.split_once(": ").map_or(one.column.as_str(), |(kind, _)| kind);
        let seen = kinds.entry(kind.to_owned()).or_default();
        *seen += 1;
        *seen <= OF_A_KIND
    });
}

/// The profile of the people at `places`, against all others. `defining` are the columns that they were chosen
/// by ([`Classified::table_columns`], [`Classified::rule_columns`]): that they differ in those is no finding.
///
/// # Errors
/// The person cancelled, the table engine.
pub fn profile_of(
    shop: Option<&Shop>,
    known: Known,
    of: &Classified,
    (places, defining): (&[usize], &[String]),
    report: &Reporter,
) -> crate::Result<ClassProfile> {
    let mut chosen = vec![false; of.people.len()];
    for at in places {
        if let Some(flag) = chosen.get_mut(*at) {
            *flag = true;
        }
    }
    let rows = people::Rows::of(&known);
    let (schema, frame) = people::facts(of, rows.as_ref(), &known)?;
    // Scores and classes say again what recency, orders and money say.
    let told = [Fact::Risk, Fact::Value, Fact::Recency, Fact::Orders, Fact::Money];
    let is_fact = |spec: &ColumnSpec| Fact::ALL.iter().any(|fact| fact.column() == spec.name);
    let counts = |spec: &ColumnSpec| !is_fact(spec) || told.iter().any(|fact| fact.column() == spec.name);
    let is_open = |spec: &ColumnSpec| spec.role != Role::Target && !defining.contains(&spec.name);
    let looked: Vec<ColumnSpec> = schema.into_iter().filter(counts).filter(is_open).collect();
    let part = report.part(0.0, 0.5);
    let mut differences = profile::differences(&looked, &frame, &chosen, usize::MAX, &part)?;
    few_of_a_kind(&mut differences.told);
    again::leave_once(&mut differences.told, &frame, defining, TOLD, report)?;
    let favourites = match shop {
        Some(shop) => {
            let mut of_customer = vec![None; shop.customers()];
            for (person, is) in of.people.iter().zip(&chosen) {
                if let Some(slot) = person.customer.and_then(|at| of_customer.get_mut(at as usize)) {
                    *slot = Some(*is);
                }
            }
            profile::favourites(&shop.read.books, &of_customer, PRODUCTS, &report.part(0.5, 0.5))?
        }
        None => Found { looked_at: 0, told: Vec::new() },
    };
    let outcomes = people::Outcomes::of(&of.people, &known);
    let mut group = Gathered::default();
    for (at, _) in chosen.iter().enumerate().filter(|(_, is)| **is) {
        group.add(of.values.of(at), outcomes.at(at));
    }
    Ok(ClassProfile { group: group.group(of.people.len()), differences, favourites })
}
