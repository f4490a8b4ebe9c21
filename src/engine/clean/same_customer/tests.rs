//! Planted truth: a customer list with known repetitions, and the hard cases one by one.

mod planted;
mod rules;

use polars::prelude::{DataFrame, IntoSeries as _, NewChunkedArray as _, StringChunked};

use super::*;
use crate::table::{Frame, Role, ValueType};

pub(super) fn frame(columns: &[(&str, &[&str])]) -> Frame {
    let height = columns.first().map_or(0, |(_, cells)| cells.len());
    let columns = columns
        .iter()
        .map(|(name, cells)| {
            let cells = cells.iter().map(|cell| (!cell.is_empty()).then_some(*cell));
            StringChunked::from_iter_options((*name).into(), cells).into_series().into()
        })
        .collect();
    let rows = (2..height as u32 + 2).collect();
    Frame { rows: Arc::new(rows), data: DataFrame::new(height, columns).unwrap() }
}

/// One row as name, e-mail, telephone, address, postcode, day of birth.
pub(super) type Person = [String; 6];

const COLUMNS: [(&str, FieldKind); 6] = [
    ("name", FieldKind::Name),
    ("email", FieldKind::Email),
    ("phone", FieldKind::Phone),
    ("address", FieldKind::Address),
    ("postcode", FieldKind::Postcode),
    ("born", FieldKind::Date),
];

pub(super) fn spec() -> SameCustomerSpec {
    let field = |(column, kind): (&str, FieldKind)| Field { column: column.into(), kind, weight: None };
    SameCustomerSpec { fields: COLUMNS.map(field).to_vec(), ..SameCustomerSpec::default() }
}

pub(super) fn people(rows: &[Person]) -> Frame {
    let columns: Vec<Vec<&str>> =
        (0..6).map(|at| rows.iter().map(|row| row[at].as_str()).collect()).collect();
    let named: Vec<(&str, &[&str])> =
        COLUMNS.iter().zip(&columns).map(|((name, _), cells)| (*name, cells.as_slice())).collect();
    frame(&named)
}

pub(super) fn person(cells: [&str; 6]) -> Person {
    cells.map(str::to_owned)
}

pub(super) fn schema() -> Vec<ColumnSpec> {
    COLUMNS
        .iter()
        .map(|(name, _)| ColumnSpec {
            name: (*name).into(),
            role: Role::Text,
            value_type: ValueType::Text,
            decimal: Default::default(),
            date_order: Default::default(),
            keep_na: false,
        })
        .collect()
}

pub(super) fn search(spec: &SameCustomerSpec, frame: &Frame) -> Found {
    find(spec, frame, &Reporter::silent()).unwrap()
}
