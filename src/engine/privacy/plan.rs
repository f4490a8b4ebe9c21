//! What is to be done to each column of a table, and a first proposal.

use super::risk::{is_age_name, is_birth_name, is_quasi_name};
use super::treat::{Generalise, Treatment};
use crate::detect::contact::{self, Found, Kind};
use crate::detect::words;
use crate::note::Note;
use crate::table::{Column, Link, Role, Table};

/// Days to either side by which dates are moved where nobody has said otherwise.
const DAYS: u32 = 30;
/// Years of a band of ages.
const BAND: u32 = 10;
/// Signs of a postal code that stay.
const PREFIX: u32 = 3;

/// What is to be done to a column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnPlan {
    pub name: String,
    /// What its values were found to be.
    pub kind: Option<Kind>,
    pub treatment: Treatment,
    /// Columns of one group, in whatever table, give equal values equal pseudonyms and stand-ins.
    pub group: String,
    /// Why this treatment.
    pub why: Note,
}

/// What is to be done to a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub columns: Vec<ColumnPlan>,
    /// The column that tells whose row it is: all dates of one person move together, in every table
    /// that names the person. Without one, all dates of the table move by the same days.
    pub person: Option<String>,
}

impl Plan {
    /// Gives a column another treatment; false if the plan has no such column.
    pub fn set(&mut self, name: &str, treatment: Treatment) -> bool {
        let Some(column) = self.columns.iter_mut().find(|column| column.name == name) else { return false };
        column.treatment = treatment;
        column.why = Note::new("set_by_you");
        true
    }
}

/// A plan for a table, from what its columns are found to hold.
pub fn suggest(table: &Table) -> Plan {
    let columns: Vec<ColumnPlan> = table
        .columns
        .iter()
        .map(|column| {
            let values = table.text(&column.name).into_iter().flat_map(|text| text.iter().flatten());
            let found = contact::kind_of(&column.name, values);
            let kind = found.as_ref().map(|found| found.kind);
            let (treatment, why) = propose(column, found);
            ColumnPlan { name: column.name.clone(), kind, treatment, group: group(&column.name), why }
        })
        .collect();
    let person = person(table, &columns);
    Plan { columns, person }
}

/// Lets linked columns share a group, whatever they are called. `plans` stand in the order of the
/// tables that the links speak of.
pub fn link(plans: &mut [Plan], links: &[Link]) {
    let mut named = std::collections::BTreeSet::new();
    for link in links {
        let group_of = |plans: &[Plan], table: usize, column: &str| {
            let plan = plans.get(table)?;
            Some(plan.columns.iter().find(|other| other.name == column)?.group.clone())
        };
        let (Some(from), Some(to)) =
            (group_of(plans, link.from, &link.from_column), group_of(plans, link.to, &link.to_column))
        else {
            continue;
        };
        // `customer_id` says more than the `id` that it points to; the second name of one key follows
        // the first.
        let (old, new, table, column) = if named.insert((link.to, link.to_column.clone())) {
            (to, from, link.to, &link.to_column)
        } else {
            (from, to, link.from, &link.from_column)
        };
        if old != new
            && let Some(plan) = plans.get_mut(table)
            && let Some(found) = plan.columns.iter_mut().find(|other| other.name == *column)
        {
            found.group = new;
        }
    }
}

/// Columns of the masked copy that together may point to a person: by name, where they stay in some
/// form.
pub fn quasi_identifiers(plan: &Plan) -> Vec<String> {
    let stays = |column: &&ColumnPlan| {
        matches!(column.treatment, Treatment::Keep | Treatment::Generalise(_) | Treatment::DateShift { .. })
    };
    let is_coarse_place = |column: &ColumnPlan| {
        matches!(column.treatment, Treatment::Generalise(Generalise::City | Generalise::Region))
    };
    plan.columns
        .iter()
        .filter(stays)
        .filter(|column| is_quasi_name(&column.name) || is_coarse_place(column))
        .map(|column| column.name.clone())
        .collect()
}

/// Treatments that make sense for a column: those that fit every column, then those that fit what it
/// holds.
pub fn choices(column: &Column, kind: Option<Kind>) -> Vec<Treatment> {
    let mut all = vec![
        Treatment::Keep,
        Treatment::Drop,
        Treatment::Pseudonym { prefix: String::new() },
        Treatment::Fake,
        Treatment::Mask,
    ];
    let coarser: &[Generalise] = match (kind, column.role) {
        (Some(Kind::Address), _) => &[Generalise::City, Generalise::Region],
        (Some(Kind::Postcode), _) => &[Generalise::PostcodePrefix(PREFIX)],
        (Some(_), _) => &[],
        (None, _) if is_birth_name(&column.name) => &[Generalise::YearOnly, Generalise::Month],
        (None, _) if is_age_name(&column.name) => &[Generalise::AgeBand(BAND)],
        (None, Role::Date) => &[Generalise::YearOnly, Generalise::Month],
        (None, role) if role.is_numeric() => &[Generalise::NumberBand(BAND), Generalise::Round(BAND)],
        (None, Role::Category) => &[Generalise::FirstLetter],
        (None, _) => &[],
    };
    all.extend(coarser.iter().map(|how| Treatment::Generalise(*how)));
    match column.role {
        Role::Date => all.push(Treatment::DateShift { max_days: DAYS }),
        Role::Text | Role::Contact => all.push(Treatment::MaskText),
        _ => {}
    }
    all
}

/// A column's name in small letters without blanks and punctuation.
fn group(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn propose(column: &Column, found: Option<Found>) -> (Treatment, Note) {
    let coarser = |how| Treatment::Generalise(how);
    if column.role == Role::Target {
        return (Treatment::Keep, Note::new("mask_target"));
    }
    if let Some(found) = found {
        let treatment = match found.kind {
            Kind::PersonName | Kind::Email | Kind::Phone => Treatment::Fake,
            Kind::Address => coarser(Generalise::City),
            Kind::Postcode => coarser(Generalise::PostcodePrefix(PREFIX)),
            // They often are the key that joins tables.
            Kind::NationalId(_) | Kind::Ip => Treatment::Pseudonym { prefix: String::new() },
            Kind::Card | Kind::Iban => Treatment::Drop,
        };
        return (treatment, found.why);
    }
    if is_birth_name(&column.name) {
        return (coarser(Generalise::YearOnly), Note::new("mask_birth"));
    }
    if is_age_name(&column.name) && column.role.is_numeric() {
        return (coarser(Generalise::AgeBand(BAND)), Note::new("mask_age"));
    }
    match column.role {
        Role::Id => (Treatment::Pseudonym { prefix: String::new() }, Note::new("mask_id")),
        Role::Date => (Treatment::DateShift { max_days: DAYS }, Note::new("mask_date")),
        Role::Contact => (Treatment::Mask, Note::new("mask_contact")),
        Role::Text => (Treatment::MaskText, Note::new("mask_text")),
        _ => (Treatment::Keep, Note::new("mask_keep")),
    }
}

/// The column that says whose row it is: a customer's number by name; else, where rows are events,
/// a way to reach the person that comes back in them; else the table's identifier; else any such way.
fn person(table: &Table, plans: &[ColumnPlan]) -> Option<String> {
    const WHOSE: &[&str] =
        &["customer", "customers", "cust", "client", "member", "user", "buyer", "subscriber"];
    const JOINED: &[&str] =
        &["customerid", "userid", "clientid", "memberid", "客户", "会员", "用户", "顾客", "买家"];
    let is_whose = |column: &&Column| {
        words::named(&column.name, WHOSE, JOINED)
            && (words::is_id_name(&column.name) || column.role == Role::Id)
    };
    let comes_back = |column: &Column| {
        let present = (table.height() as u64).saturating_sub(column.missing);
        column.distinct.saturating_mul(10) < present.saturating_mul(9)
    };
    let reached: Vec<&Column> = table
        .columns
        .iter()
        .zip(plans)
        .filter(|(_, plan)| matches!(plan.kind, Some(Kind::Email | Kind::Phone | Kind::NationalId(_))))
        .map(|(column, _)| column)
        .collect();
    table
        .columns
        .iter()
        .find(is_whose)
        .or_else(|| reached.iter().copied().find(|column| comes_back(column)))
        .or_else(|| table.with_role(Role::Id))
        .or_else(|| reached.first().copied())
        .map(|column| column.name.clone())
}
