//! Collected tables → the same without the customers that the project has forgotten.

use polars::prelude::{BooleanChunked, NewChunkedArray};

use super::Settings;
use crate::collect::CollectError;
use crate::collect::combine::Plan;
use crate::job::Reporter;
use crate::note::Note;
use crate::privacy::Marker;
use crate::table::{Dataset, Role, Table};

/// Rows between two looks for a cancel.
const AT_ONCE: usize = 4_096;

/// One table that names its customers by its identifier.
///
/// # Errors
/// The person cancelled.
pub(super) fn from_one(mut table: Table, settings: &Settings, report: &Reporter) -> crate::Result<Table> {
    let name = table.with_role(Role::Id).map(|column| column.name.clone());
    if let (Some(marker), Some(name)) = (settings.left_out.marker(), name) {
        drop_rows(&mut table, &name, &marker, report)?;
    }
    Ok(table)
}

/// Linked tables: the customers' rows, and those of every table that names customers. Rows further away, such
/// as the lines of an order, name nobody.
///
/// # Errors
/// The person cancelled.
pub(super) fn from_linked(
    data: &mut Dataset,
    plan: &Plan,
    settings: &Settings,
    report: &Reporter,
) -> crate::Result<()> {
    let Some(marker) = settings.left_out.marker() else { return Ok(()) };
    let Dataset { tables, links } = data;
    let (base, key) = (plan.customers.at, &plan.key);
    for (at, table) in tables.iter_mut().enumerate() {
        if at == base {
            drop_rows(table, key, &marker, report)?;
        }
        let named = links.iter().filter_map(|link| {
            let to =
                (link.to == base && link.to_column == *key && link.from == at).then_some(&link.from_column);
            to.or((link.from == base && link.from_column == *key && link.to == at).then_some(&link.to_column))
        });
        for column in named {
            drop_rows(table, column, &marker, report)?;
        }
    }
    Ok(())
}

/// Drops the rows whose cell in `column` names a forgotten customer, and tells how many.
fn drop_rows(table: &mut Table, column: &str, marker: &Marker<'_>, report: &Reporter) -> crate::Result<()> {
    let Some(text) = table.text(column) else { return Ok(()) };
    let mut keep = Vec::with_capacity(table.height());
    for (at, cell) in text.iter().enumerate() {
        if at % AT_ONCE == 0 {
            report.check()?;
        }
        keep.push(!cell.is_some_and(|id| marker.knows(id)));
    }
    let dropped = keep.iter().filter(|keep| !**keep).count();
    if dropped == 0 {
        return Ok(());
    }
    let mask = BooleanChunked::from_slice("keep".into(), &keep);
    let raw = table.raw.filter(&mask).map_err(|cause| CollectError::Read {
        file: table.source.file.clone(),
        cause: std::io::Error::other(cause),
    })?;
    let kept = table.rows.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(row, _)| *row);
    table.rows = std::sync::Arc::new(kept.collect());
    table.raw = raw;
    crate::collect::recount(table, report)?;
    table.warnings.push(Note::new("forgotten_left_out").with("count", dropped).with("table", &table.name));
    Ok(())
}
