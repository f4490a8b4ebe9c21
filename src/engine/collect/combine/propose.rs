//! The proposal: who the customers are, how every other table reaches them, and which columns that
//! gives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::plan::{self, Apart, Choice, Dated, Dropped, Hop, Plan, Source, TableRef};
use super::{CombineError, columns};
use crate::collect::relate::{BLANK, Keys, Said, TableKind, check, hashes, key_name, kind, value};
use crate::job::Reporter;
use crate::table::{Cardinality, Column, Dataset, Link, Role, Table};

/// Proposes how the tables of `data` become one row per customer, along `data.links`.
///
/// The customers are the table that lists them; where none does, the different keys of the table
/// that names them again and again. Tables whose rows lead to one customer each (directly, or over
/// others: lines → orders → customers) are gathered; tables of which each row names one row
/// (products, regions) are looked up. What would multiply rows stays apart and is told.
///
/// # Errors
/// No tables, no table that names customers, a table or column chosen that is not there.
pub fn plan(data: &Dataset, choice: &Choice, report: &Reporter) -> crate::Result<Plan> {
    if data.tables.is_empty() {
        return Err(CombineError::NoTables.into());
    }
    let kinds: Vec<TableKind> = data.tables.iter().map(|table| kind(table).0).collect();
    let links: Vec<&Link> = data
        .links
        .iter()
        .filter(|link| Dropped::of(data, link).is_some_and(|ends| !choice.dropped.contains(&ends)))
        .collect();
    let (base, key) = customers(data, &kinds, &links, choice)?;
    let table = data.tables.get(base).ok_or(CombineError::NoTables)?;
    let keys = Keys::of(table, plan::column(table, &key)?, report)?;
    if keys.present() == 0 {
        return Err(CombineError::NoKey { table: table.name.clone() }.into());
    }
    let lists = matches!(kinds.get(base), Some(TableKind::Customers | TableKind::Other));
    let per_key = !lists || !keys.is_key();

    let map = Map { data, kinds: &kinds, links: &links, base, key: &key, per_key };
    let up = map.up();
    let sources: Vec<Source> = up
        .iter()
        .filter(|(at, _)| per_key || **at != base)
        .map(|(at, up)| Source { table: TableRef::of(data, *at), up: up.clone() })
        .collect();
    let lookups: Vec<(usize, Vec<Lookup>)> = up.keys().map(|root| (*root, map.lookups(*root, &up))).collect();
    let looked: BTreeSet<usize> = lookups.iter().flat_map(|(_, list)| list.iter().map(|l| l.at)).collect();
    let apart = map.apart(&up, &looked, report)?;
    let dates = (0..data.tables.len())
        .filter(|at| (up.contains_key(at) && (per_key || *at != base)) || looked.contains(at))
        .filter_map(|at| {
            let date = event_date(data.tables.get(at)?)?;
            Some(Dated { table: TableRef::of(data, at), column: date.name.clone() })
        })
        .collect();
    let mut plan = Plan {
        customers: TableRef::of(data, base),
        key,
        per_key,
        sources,
        dates,
        columns: Vec::new(),
        apart,
        as_of: choice.as_of,
    };
    plan.columns = columns::propose(data, &plan, &kinds, &lookups);
    for column in &mut plan.columns {
        column.on = (column.on || choice.on.contains(&column.name)) && !choice.off.contains(&column.name);
    }
    Ok(plan)
}

/// A table whose rows are found by a key, and the way there.
pub(super) struct Lookup {
    pub at: usize,
    pub via: Vec<Hop>,
}

/// The table of customers and its key.
fn customers(
    data: &Dataset,
    kinds: &[TableKind],
    links: &[&Link],
    choice: &Choice,
) -> Result<(usize, String), CombineError> {
    let chosen = |at: usize| -> Result<(usize, String), CombineError> {
        let table = data.tables.get(at).ok_or(CombineError::NoTables)?;
        let key = match &choice.key {
            Some(key) => Some(plan::column(table, key)?.name.clone()),
            None => find_key(table, at, kinds.get(at).copied(), links),
        };
        key.map(|key| (at, key)).ok_or_else(|| CombineError::NoKey { table: table.name.clone() })
    };
    if let Some(name) = &choice.customers {
        let at = data.tables.iter().position(|table| table.name == *name);
        return chosen(at.ok_or_else(|| CombineError::NoTable { table: name.clone() })?);
    }
    let named = |at: usize| links.iter().filter(|link| link.to == at).count();
    let mut order: Vec<(usize, TableKind)> = kinds.iter().copied().enumerate().collect();
    let rank = |kind: TableKind| match kind {
        TableKind::Customers => 0,
        TableKind::Orders => 1,
        TableKind::OrderLines => 2,
        TableKind::Events => 3,
        TableKind::Feedback => 4,
        TableKind::Other => 5,
        TableKind::Products => 6,
    };
    order.sort_by_key(|(at, kind)| (rank(*kind), std::cmp::Reverse(named(*at)), *at));
    let usable = order.iter().find(|(at, kind)| {
        *kind != TableKind::Products
            && data.tables.get(*at).is_some_and(|table| match &choice.key {
                Some(key) => plan::column(table, key).is_ok(),
                None => find_key(table, *at, Some(*kind), links).is_some(),
            })
    });
    match usable {
        Some((at, _)) => chosen(*at),
        None => {
            let names: Vec<&str> = data.tables.iter().map(|table| table.name.as_str()).take(10).collect();
            Err(CombineError::NoCustomers { tables: names.join(", ") })
        }
    }
}

/// The column that identifies the customers of a table: the one that other tables name, else by its
/// name, else a way to reach them.
fn find_key(table: &Table, at: usize, kind: Option<TableKind>, links: &[&Link]) -> Option<String> {
    let lists = kind == Some(TableKind::Customers);
    if lists {
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for link in links.iter().filter(|l| l.to == at && l.cardinality != Cardinality::ManyToMany) {
            *named.entry(&link.to_column).or_default() += 1;
        }
        if let Some((column, _)) = named.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse(**name))) {
            return Some((*column).to_owned());
        }
    }
    let filled = || table.columns.iter().filter(|column| column.distinct > 0);
    let said = |said: Said, thing: &str| {
        filled()
            .find(|c| key_name(&c.name).is_some_and(|key| key.said == said && key.thing == thing))
            .map(|c| c.name.clone())
    };
    let contact = |thing| {
        said(Said::Contact, thing)
            .filter(|name| filled().any(|c| c.name == *name && matches!(c.role, Role::Contact | Role::Id)))
    };
    said(Said::Key, "customer")
        .or_else(|| lists.then(|| said(Said::Generic, "")).flatten())
        .or_else(|| said(Said::Bare, "customer"))
        .or_else(|| contact("email"))
        .or_else(|| contact("phone"))
        .or_else(|| {
            let id = |c: &&Column| lists && c.role == Role::Id;
            filled().find(id).map(|c| c.name.clone())
        })
}

/// The column that says when a row happened: the first date that is nearly full, for files put what
/// happened first before what followed (ordered, paid, delivered); else the fullest. Never a birthday.
pub(crate) fn event_date(table: &Table) -> Option<&Column> {
    let birth = |column: &Column| {
        let name = column.name.to_lowercase();
        ["birth", "生日", "出生"].iter().any(|part| name.contains(part))
    };
    let dates = || table.columns.iter().filter(|column| column.role == Role::Date && !birth(column));
    let holes = |column: &Column| column.missing.saturating_add(column.bad);
    let full = dates().find(|column| holes(column) * 5 <= table.height() as u64);
    full.or_else(|| dates().min_by_key(|column| holes(column)))
}

/// The tables and links, seen from the customers.
struct Map<'a> {
    data: &'a Dataset,
    kinds: &'a [TableKind],
    links: &'a [&'a Link],
    base: usize,
    key: &'a str,
    per_key: bool,
}

impl Map<'_> {
    fn hop(&self, from_column: &str, to: usize, to_column: &str) -> Hop {
        let to = TableRef::of(self.data, to);
        Hop { from_column: from_column.to_owned(), to, to_column: to_column.to_owned() }
    }

    /// Tables that hold things and what is known of them, rather than what happened.
    fn describes(&self, at: usize) -> bool {
        matches!(self.kinds.get(at), Some(TableKind::Customers | TableKind::Products | TableKind::Other))
    }

    /// Each row of `link.to` has at most one row of `link.from`, which says more about the same thing.
    fn says_more(&self, link: &Link) -> bool {
        let unique = || {
            let table = self.data.tables.get(link.from)?;
            let column = table.columns.iter().find(|column| column.name == link.from_column)?;
            Some(columns::is_unique(table, column))
        };
        self.describes(link.from)
            && match link.cardinality {
                Cardinality::OneToOne => true,
                // A customer saved twice makes no list of the others.
                Cardinality::ManyToOne => unique() == Some(true),
                Cardinality::ManyToMany => false,
            }
    }

    /// The tables whose rows lead to one customer each, with the way up; the customers' own table is
    /// among them with no way to go.
    fn up(&self) -> BTreeMap<usize, Vec<Hop>> {
        let mut up = BTreeMap::from([(self.base, Vec::new())]);
        let mut queue = VecDeque::from([self.base]);
        while let Some(parent) = queue.pop_front() {
            let way = up.get(&parent).cloned().unwrap_or_default();
            for link in self.links {
                let many = link.cardinality == Cardinality::ManyToMany;
                let on_key = |at: usize, column: &str| at == self.base && column == self.key;
                let (child, hop) = if link.to == parent
                    && (!many || on_key(parent, &link.to_column))
                    && !self.says_more(link)
                {
                    (link.from, self.hop(&link.from_column, parent, &link.to_column))
                } else if link.from == parent
                    && on_key(parent, &link.from_column)
                    && (many || self.per_key)
                    && (many || !self.describes(link.to))
                {
                    // Both name the customers' key, so its different values gather the rows of both.
                    (link.to, self.hop(&link.to_column, parent, &link.from_column))
                } else {
                    continue;
                };
                if let std::collections::btree_map::Entry::Vacant(slot) = up.entry(child) {
                    slot.insert(std::iter::once(hop).chain(way.iter().cloned()).collect());
                    queue.push_back(child);
                }
            }
        }
        up
    }

    /// The tables of which a row of `root` names one row, directly or over others.
    fn lookups(&self, root: usize, up: &BTreeMap<usize, Vec<Hop>>) -> Vec<Lookup> {
        let mut found: Vec<Lookup> = Vec::new();
        let mut queue = VecDeque::from([(root, Vec::new())]);
        while let Some((at, via)) = queue.pop_front() {
            for link in self.links {
                let (other, hop) = if link.from == at && link.cardinality != Cardinality::ManyToMany {
                    (link.to, self.hop(&link.from_column, link.to, &link.to_column))
                } else if link.to == at && self.says_more(link) {
                    (link.from, self.hop(&link.to_column, link.from, &link.from_column))
                } else {
                    continue;
                };
                if up.contains_key(&other) || found.iter().any(|known| known.at == other) {
                    continue;
                }
                let via: Vec<Hop> = via.iter().cloned().chain([hop]).collect();
                found.push(Lookup { at: other, via: via.clone() });
                queue.push_back((other, via));
            }
        }
        found
    }

    fn apart(
        &self,
        up: &BTreeMap<usize, Vec<Hop>>,
        looked: &BTreeSet<usize>,
        report: &Reporter,
    ) -> crate::Result<Vec<Apart>> {
        let mut apart = Vec::new();
        for (at, table) in self.data.tables.iter().enumerate() {
            if up.contains_key(&at) || looked.contains(&at) {
                continue;
            }
            let ends = |link: &&&Link| match (link.from == at, link.to == at) {
                (true, _) => Some(link.to),
                (_, true) => Some(link.from),
                _ => None,
            };
            let many = self.links.iter().find(|link| {
                link.cardinality == Cardinality::ManyToMany
                    && ends(link).is_some_and(|other| up.contains_key(&other))
            });
            let shared =
                self.links.iter().filter_map(|link| ends(&link)).find(|other| looked.contains(other));
            let table = table.name.clone();
            apart.push(match (many, shared.and_then(|other| self.data.tables.get(other))) {
                (Some(link), _) => many_to_many(self.data, link, at, report)?,
                (None, Some(other)) => Apart::Shared { table, of: other.name.clone() },
                (None, None) => Apart::Unlinked { table },
            });
        }
        Ok(apart)
    }
}

/// What joining along a link of many with many would do, with the key that would do most.
fn many_to_many(data: &Dataset, link: &Link, at: usize, report: &Reporter) -> crate::Result<Apart> {
    let end = |table: usize, column: &str| -> crate::Result<(&Table, &Column, Vec<u64>)> {
        let table = data.tables.get(table).ok_or(CombineError::NoTables)?;
        let column = plan::column(table, column)?;
        Ok((table, column, hashes(table, column, report)?))
    };
    let mut ends = [end(link.from, &link.from_column)?, end(link.to, &link.to_column)?];
    if link.from != at {
        ends.reverse();
    }
    let [(table, column, mine), (other, other_column, _)] = ends;
    let (a, b) = (Keys::of(table, column, report)?, Keys::of(other, other_column, report)?);
    let pairs = |key: &u64| {
        let n = |keys: &Keys| u64::from(keys.counts.get(key).copied().unwrap_or(0));
        n(&a).saturating_mul(n(&b))
    };
    let (mut joined, mut worst) = (0u64, 0u64);
    for key in a.counts.keys() {
        joined = joined.saturating_add(pairs(key));
        worst = worst.max(pairs(key));
    }
    let mut example = String::new();
    for (row, key) in mine.iter().enumerate() {
        check(row, report)?;
        if *key != BLANK && pairs(key) == worst {
            let text = table.text(&column.name).and_then(|text| text.get(row));
            example = value(column, text).unwrap_or_default().chars().take(80).collect();
            break;
        }
    }
    Ok(Apart::ManyToMany {
        table: table.name.clone(),
        other: other.name.clone(),
        rows: table.height() as u64,
        other_rows: other.height() as u64,
        joined,
        example,
    })
}
