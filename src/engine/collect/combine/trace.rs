//! For who asks of rows in time rather than of sums: which customer each row of a table belongs to,
//! when it happened, and which row of another table it names.

use super::plan::{self, Hop, Plan};
use super::rows::{LAST, Rows};
use super::{CombineError, aggregate};
use crate::job::Reporter;
use crate::table::{Dataset, Table};

/// The rows of a dataset, followed along a plan. The plan's last day is not heeded.
pub(crate) struct Trace<'a> {
    rows: Rows<'a>,
    plan: &'a Plan,
    report: &'a Reporter,
}

/// A row that names no customer, or no row of the other table.
pub(crate) const NOBODY: u32 = u32::MAX;

impl<'a> Trace<'a> {
    /// Resolves the customers of `plan`.
    ///
    /// # Errors
    /// A table or column of the plan that is no longer there; the person cancels.
    pub(crate) fn new(data: &'a Dataset, plan: &'a Plan, report: &'a Reporter) -> crate::Result<Self> {
        Ok(Self { rows: Rows::new(data, plan, report)?, plan, report })
    }

    /// Place of the table that names the customers.
    pub(crate) fn base(&self) -> usize {
        self.rows.base
    }

    /// For each customer, the first row of the base table that names it.
    pub(crate) fn first_rows(&self) -> &[u32] {
        &self.rows.first_row
    }

    /// For each row of `table`: the customer's number, or [`NOBODY`].
    pub(crate) fn customers(&self, table: usize, up: &[Hop]) -> crate::Result<Vec<u32>> {
        Ok(marked(self.rows.customers(table, up)?))
    }

    /// For each row of `table`: the row at the end of the way, or [`NOBODY`]; `None` where the way is
    /// empty.
    pub(crate) fn look_up(&self, table: usize, via: &[Hop]) -> crate::Result<Option<Vec<u32>>> {
        Ok(self.rows.look_up(table, via)?.map(marked))
    }

    /// For each row of `table`: milliseconds since 1970 of its own date column, else of the nearest
    /// table on the way up that has one; `None` where there is none at all.
    pub(crate) fn times(&self, table: usize, up: &[Hop]) -> crate::Result<Option<Vec<Option<i64>>>> {
        if let Some(times) = self.own_times(table)? {
            return Ok(Some(times));
        }
        for (n, hop) in up.iter().enumerate() {
            let holder = self.rows.find(&hop.to)?;
            let Some(times) = self.own_times(holder)? else { continue };
            let way = up.get(..=n).unwrap_or_default();
            let Some(rows) = self.look_up(table, way)? else { return Ok(None) };
            let of = |row: &u32| times.get(*row as usize).copied().flatten();
            return Ok(Some(rows.iter().map(of).collect()));
        }
        Ok(None)
    }

    fn own_times(&self, table: usize) -> crate::Result<Option<Vec<Option<i64>>>> {
        for dated in &self.plan.dates {
            if self.rows.find(&dated.table)? == table {
                let table: &Table = self.rows.table(table)?;
                let column = plan::column(table, &dated.column)?;
                return Ok(Some(aggregate::when(table, column, self.report)?));
            }
        }
        Ok(None)
    }

    /// Where a table of the plan is now.
    pub(crate) fn find(&self, table: &plan::TableRef) -> Result<usize, CombineError> {
        self.rows.find(table)
    }
}

/// Reasons why a row has no customer, as one mark.
fn marked(mut rows: Vec<u32>) -> Vec<u32> {
    rows.iter_mut().filter(|row| **row >= LAST).for_each(|row| *row = NOBODY);
    rows
}
