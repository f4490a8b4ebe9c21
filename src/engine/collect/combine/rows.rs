//! Which row belongs to which customer: keys resolved to row numbers, along every hop of the plan.

use std::collections::BTreeMap;

use polars::prelude::PlHashMap;

use super::CombineError;
use super::plan::{self, Hop, Plan};
use crate::collect::relate::{BLANK, check, hashes, value};
use crate::detect::date;
use crate::job::Reporter;
use crate::table::{Dataset, Table};

/// Rows and customers are counted in 32 bits; the numbers above this one say why a row has none.
pub(super) const LAST: u32 = u32::MAX - 8;
/// The row's key is not among those it should be of.
pub(super) const ORPHAN: u32 = u32::MAX;
/// The row has no key.
pub(super) const KEYLESS: u32 = u32::MAX - 1;
/// The row is dated after the last day that counts.
pub(super) const LATER: u32 = u32::MAX - 2;
/// The row has no readable date, so it cannot be shown to lie before that day.
pub(super) const UNDATED: u32 = u32::MAX - 3;
/// A row that counts, before its customer is known.
const COUNTS: u32 = 0;

/// The dataset as one plan sees it.
pub(super) struct Rows<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    report: &'a Reporter,
    /// Place of the table of customers.
    pub base: usize,
    /// Milliseconds since 1970 at which the first day begins that does not count.
    cutoff: Option<i64>,
    /// For dated tables, where there is a last day: what each row is.
    states: BTreeMap<usize, Vec<u32>>,
    customer_of_key: PlHashMap<u64, u32>,
    /// For each row of the customers' table: its customer, or why it has none.
    pub customer_of_row: Vec<u32>,
    /// For each customer, in the order of their first rows: that row.
    pub first_row: Vec<u32>,
}

impl<'a> Rows<'a> {
    pub fn new(data: &'a Dataset, plan: &'a Plan, report: &'a Reporter) -> crate::Result<Self> {
        if let Some(table) = data.tables.iter().find(|table| table.height() >= LAST as usize) {
            return Err(CombineError::TooLong { table: table.name.clone() }.into());
        }
        let cutoff = plan
            .as_of
            .and_then(|day| day.succ_opt()?.and_hms_opt(0, 0, 0))
            .map(|midnight| midnight.and_utc().timestamp_millis());
        let base = plan.customers.find(data)?;
        let mut rows = Self {
            data,
            plan,
            report,
            base,
            cutoff,
            states: BTreeMap::new(),
            customer_of_key: PlHashMap::default(),
            customer_of_row: Vec::new(),
            first_row: Vec::new(),
        };
        rows.date_rows()?;
        rows.name_customers()?;
        Ok(rows)
    }

    pub fn table(&self, at: usize) -> Result<&'a Table, CombineError> {
        self.data.tables.get(at).ok_or(CombineError::NoTables)
    }

    pub fn find(&self, table: &plan::TableRef) -> Result<usize, CombineError> {
        table.find(self.data)
    }

    /// True for a date that the person wants to be ignored.
    pub fn is_later(&self, ms: i64) -> bool {
        self.cutoff.is_some_and(|cutoff| ms >= cutoff)
    }

    fn date_rows(&mut self) -> crate::Result<()> {
        if self.cutoff.is_none() {
            return Ok(());
        }
        for dated in &self.plan.dates {
            let at = dated.table.find(self.data)?;
            let table = self.table(at)?;
            let column = plan::column(table, &dated.column)?;
            // A product without a date is no less a product; an order without one may be later.
            let gathered = self.plan.sources.iter().any(|source| source.table == dated.table);
            let undated = if gathered { UNDATED } else { COUNTS };
            let mut states = Vec::with_capacity(table.height());
            if let Some(text) = table.text(&column.name) {
                for (row, cell) in text.iter().enumerate() {
                    check(row, self.report)?;
                    let ms = value(column, cell).and_then(|text| date::parse(text, column.date_order));
                    states.push(match ms {
                        Some(ms) if self.is_later(ms) => LATER,
                        Some(_) => COUNTS,
                        None => undated,
                    });
                }
            }
            self.states.insert(at, states);
        }
        Ok(())
    }

    /// Why a row does not count, if it does not.
    fn state(&self, at: usize, row: usize) -> Option<u32> {
        let state = *self.states.get(&at)?.get(row)?;
        (state != COUNTS).then_some(state)
    }

    fn hashes(&self, at: usize, column: &str) -> crate::Result<Vec<u64>> {
        let table = self.table(at)?;
        hashes(table, plan::column(table, column)?, self.report)
    }

    fn name_customers(&mut self) -> crate::Result<()> {
        let hashes = self.hashes(self.base, &self.plan.key)?;
        self.customer_of_row = Vec::with_capacity(hashes.len());
        for (row, hash) in hashes.into_iter().enumerate() {
            check(row, self.report)?;
            let counts = if self.plan.per_key { self.state(self.base, row) } else { None };
            let customer = match counts {
                Some(state) => state,
                None if hash == BLANK => KEYLESS,
                None => {
                    let next = u32::try_from(self.first_row.len()).unwrap_or(LAST);
                    let customer = *self.customer_of_key.entry(hash).or_insert(next);
                    if customer == next {
                        self.first_row.push(u32::try_from(row).unwrap_or(LAST));
                    }
                    customer
                }
            };
            self.customer_of_row.push(customer);
        }
        Ok(())
    }

    /// For each row of `at`: the number of its customer, or why it has none. A row whose parent does
    /// not count does not count either.
    pub fn customers(&self, at: usize, up: &[Hop]) -> crate::Result<Vec<u32>> {
        let Some((hop, rest)) = up.split_first() else { return Ok(self.customer_of_row.clone()) };
        let parent = hop.to.find(self.data)?;
        let mut out = if rest.is_empty() && parent == self.base && hop.to_column == self.plan.key {
            let mut out = Vec::with_capacity(self.table(at)?.height());
            for (row, hash) in self.hashes(at, &hop.from_column)?.into_iter().enumerate() {
                check(row, self.report)?;
                out.push(match hash {
                    BLANK => KEYLESS,
                    hash => self.customer_of_key.get(&hash).copied().unwrap_or(ORPHAN),
                });
            }
            out
        } else {
            let above = self.customers(parent, rest)?;
            let mut rows = self.follow(at, hop)?;
            for row in rows.iter_mut().filter(|row| **row < LAST) {
                *row = above.get(*row as usize).copied().unwrap_or(ORPHAN);
            }
            rows
        };
        for (row, customer) in out.iter_mut().enumerate() {
            check(row, self.report)?;
            if let Some(state) = self.state(at, row) {
                *customer = state;
            }
        }
        Ok(out)
    }

    /// For each row of `at`: the first row that counts of the hop's table with its key, or why there
    /// is none.
    fn follow(&self, at: usize, hop: &Hop) -> crate::Result<Vec<u32>> {
        let to = hop.to.find(self.data)?;
        let mut index: PlHashMap<u64, u32> = PlHashMap::default();
        for (row, hash) in self.hashes(to, &hop.to_column)?.into_iter().enumerate() {
            check(row, self.report)?;
            if hash != BLANK {
                let row = self.state(to, row).unwrap_or_else(|| u32::try_from(row).unwrap_or(LAST));
                let known = index.entry(hash).or_insert(row);
                if *known >= LAST {
                    *known = row;
                }
            }
        }
        let mut out = Vec::with_capacity(self.table(at)?.height());
        for (row, hash) in self.hashes(at, &hop.from_column)?.into_iter().enumerate() {
            check(row, self.report)?;
            out.push(match hash {
                BLANK => KEYLESS,
                hash => index.get(&hash).copied().unwrap_or(ORPHAN),
            });
        }
        Ok(out)
    }

    /// For each row of `at`: the row at the end of the way `via`; `None` where the way is empty.
    pub fn look_up(&self, at: usize, via: &[Hop]) -> crate::Result<Option<Vec<u32>>> {
        let mut found: Option<Vec<u32>> = None;
        let mut here = at;
        for hop in via {
            let next = self.follow(here, hop)?;
            found = Some(match found {
                None => next,
                Some(mut rows) => {
                    for row in rows.iter_mut().filter(|row| **row < LAST) {
                        *row = next.get(*row as usize).copied().unwrap_or(ORPHAN);
                    }
                    rows
                }
            });
            here = hop.to.find(self.data)?;
        }
        Ok(found)
    }
}

/// The rows of each customer, in the order of the file.
pub(super) struct Gathered {
    rows: Vec<u32>,
    /// Where each customer's rows begin; one more than there are customers.
    starts: Vec<usize>,
}

impl Gathered {
    /// Sorts rows by their customer, by counting.
    pub fn new(customers: &[u32], count: usize, report: &Reporter) -> crate::Result<Self> {
        let mut starts = vec![0usize; count + 1];
        for (row, customer) in customers.iter().enumerate() {
            check(row, report)?;
            if let Some(n) = starts.get_mut((*customer as usize).saturating_add(1)) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut rows = vec![0u32; sum];
        for (row, customer) in customers.iter().enumerate() {
            check(row, report)?;
            if (*customer as usize) < count
                && let Some(place) = next.get_mut(*customer as usize)
            {
                if let Some(slot) = rows.get_mut(*place) {
                    *slot = u32::try_from(row).unwrap_or(LAST);
                }
                *place += 1;
            }
        }
        Ok(Self { rows, starts })
    }

    /// The rows of every customer, in the order of the customers.
    pub fn each(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| match ends {
            [from, to] => self.rows.get(*from..*to).unwrap_or_default(),
            _ => &[],
        })
    }
}
