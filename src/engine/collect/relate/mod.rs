//! How tables hang together: which column of one holds the keys of another. A link needs both a
//! reason in the names (or values that are one of a kind) and values that are really shared: equal
//! ranges of small numbers link nothing.

mod keys;
mod kind;
mod names;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::job::Reporter;
use crate::note::Note;
use crate::table::{Cardinality, Column, Link, Role, Table};

pub(crate) use keys::{BLANK, Keys, check, hashes, plain, value};
pub use kind::{TableKind, kind};
pub(crate) use names::{KeyName, Said, is_title, key_name};

use names::TableName;

/// Share of the different keys of the many that the other side must have …
const SHARE_FROM: f64 = 0.3;
/// … or, where the list of things is an excerpt, of the list's keys that the many must name.
const SHARE_TO: f64 = 0.5;
/// The same where the names give a weaker reason.
const SHARE_WEAK: f64 = 0.8;
/// The same where the names give none.
const SHARE_VALUES: f64 = 0.9;
/// Shared keys without which values alone prove nothing.
const SHARED_LEAST: u64 = 10;

/// How strongly two names ask for a link, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    /// Only the values are alike.
    Values,
    /// One name, which is not that of a key; or a way to reach a person.
    SameName,
    /// A thing, and a table that lists such things under some other name.
    Listed,
    /// Both are keys of one thing.
    Key,
    /// A list that was nested in the rows of the other table, with the key of its row.
    Nested,
}

/// A column that may hold keys.
struct Candidate<'a> {
    table: usize,
    at: usize,
    column: &'a Column,
    name: Option<KeyName>,
    /// Nearly every value holds a letter.
    letters: bool,
    /// Nearly every value holds a letter or is long: no count, mark or row number looks so.
    distinctive: bool,
}

impl<'a> Candidate<'a> {
    fn of(table: usize, at: usize, column: &'a Column) -> Option<Self> {
        let name = key_name(&column.name);
        let may = match column.role {
            Role::Id | Role::Contact => true,
            Role::Date | Role::Money => false,
            Role::Number => name.is_some(),
            Role::Category | Role::Text | Role::Ignore | Role::Target => column.distinct > 0,
        };
        if !may || column.distinct == 0 {
            return None;
        }
        let total = column.levels.len();
        let most = |holds: &dyn Fn(&str) -> bool| {
            total > 0
                && column.levels.iter().filter(|(level, _)| holds(level.trim())).count() * 10 >= total * 9
        };
        let lettered = |level: &str| level.chars().any(char::is_alphabetic);
        Some(Self {
            table,
            at,
            column,
            name,
            letters: most(&lettered),
            distinctive: most(&|level| lettered(level) && level.len() > 2 || level.len() >= 6),
        })
    }

    fn thing(&self) -> Option<&str> {
        self.name.as_ref().filter(|name| name.said != Said::Generic).map(|name| name.thing.as_str())
    }

    fn says(&self, said: Said) -> bool {
        self.name.as_ref().is_some_and(|name| name.said == said)
    }

    /// The column is the key under which its own table lists its things.
    fn is_home(&self, table: &TableName) -> bool {
        self.says(Said::Generic) || self.thing().is_some_and(|thing| thing == table.thing)
    }
}

/// What the names of `from` (a column of many) and `to` (a key of the table called `list`) say.
fn ground(from: &Candidate, to: &Candidate, list: &TableName) -> Option<Ground> {
    if let (Some(a), Some(b)) = (from.thing(), to.thing())
        && a == b
    {
        if from.says(Said::Contact) {
            return from.distinctive.then_some(Ground::SameName);
        }
        let plain = from.says(Said::Key) && to.says(Said::Key);
        return if plain { Some(Ground::Key) } else { from.distinctive.then_some(Ground::Listed) };
    }
    if let Some(thing) = from.thing()
        && thing == list.thing
    {
        if to.says(Said::Generic) {
            return match from.says(Said::Key) {
                true => Some(Ground::Key),
                false => from.distinctive.then_some(Ground::Listed),
            };
        }
        // `info_id` of the table `meal_order_info` is the order's number under another name.
        let own = to.says(Said::Key) && to.thing().is_some_and(|thing| list.words.iter().any(|w| w == thing));
        if own && from.says(Said::Key) || names::is_title(&to.column.name) && from.letters && to.letters {
            return Some(Ground::Listed);
        }
    }
    let same = || from.column.name.trim().to_lowercase() == to.column.name.trim().to_lowercase();
    if from.letters && to.letters && from.name.is_none() && same() {
        return Some(Ground::SameName);
    }
    let ids = from.column.role == Role::Id && to.column.role == Role::Id;
    (ids && from.letters && to.letters).then_some(Ground::Values)
}

/// `from` is the key that the reader of nested lists put before the rows of a list: it is called after
/// the outer table and its column.
fn is_nested(tables: &[Table], from: &Candidate, to: &Candidate) -> bool {
    let (Some(list), Some(outer)) = (tables.get(from.table), tables.get(to.table)) else { return false };
    from.at == 0
        && list.source.file == outer.source.file
        && list.source.hash == outer.source.hash
        && from.column.name.strip_prefix(&outer.name).and_then(|rest| rest.strip_prefix(' '))
            == Some(&to.column.name)
}

/// Finds which columns of which tables hold the keys of which others: the best pair of columns for
/// each pair of tables, in the order of the tables. Keys are compared without surrounding blanks,
/// `12.0` as `12`; zeros in front count. Two tables that both name a third are not linked to each
/// other.
///
/// # Errors
/// The person cancels.
pub fn links(tables: &[Table], report: &Reporter) -> crate::Result<Vec<Link>> {
    let names: Vec<TableName> = tables.iter().map(TableName::of).collect();
    let candidates: Vec<Candidate> = tables
        .iter()
        .enumerate()
        .flat_map(|(table, t)| {
            t.columns.iter().enumerate().filter_map(move |(at, column)| Candidate::of(table, at, column))
        })
        .collect();
    let mut pairs: Vec<(&Candidate, &Candidate, Ground)> = Vec::new();
    for from in &candidates {
        report.check()?;
        for to in candidates.iter().filter(|to| to.table != from.table) {
            let nested = || is_nested(tables, from, to).then_some(Ground::Nested);
            if let Some(list) = names.get(to.table)
                && let Some(ground) = nested().or_else(|| ground(from, to, list))
            {
                pairs.push((from, to, ground));
            }
        }
    }
    let mut wanted: Vec<&Candidate> = pairs.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    wanted.sort_by_key(|candidate| (candidate.table, candidate.at));
    wanted.dedup_by_key(|candidate| (candidate.table, candidate.at));
    let keys: BTreeMap<(usize, usize), Keys> = wanted
        .into_par_iter()
        .filter_map(|candidate| tables.get(candidate.table).map(|table| (candidate, table)))
        .map(|(candidate, table)| {
            Ok(((candidate.table, candidate.at), Keys::of(table, candidate.column, report)?))
        })
        .collect::<crate::Result<_>>()?;

    let mut best: BTreeMap<(usize, usize), (Rank, Link)> = BTreeMap::new();
    for (from, to, ground) in pairs {
        report.check()?;
        let (Some(a), Some(b), Some(list)) =
            (keys.get(&(from.table, from.at)), keys.get(&(to.table, to.at)), names.get(to.table))
        else {
            continue;
        };
        let Some((rank, link)) = weigh(tables, (from, a), (to, b), ground, to.is_home(list)) else {
            continue;
        };
        let pair = (from.table.min(to.table), from.table.max(to.table));
        if best.get(&pair).is_none_or(|(other, _)| rank > *other) {
            best.insert(pair, (rank, link));
        }
    }
    let mut links: Vec<Link> = best.into_values().map(|(_, link)| link).collect();
    links.sort_by_key(|link| (link.from, link.to));
    Ok(without_siblings(links))
}

/// What makes one link between two tables better than another: not many-to-many, ground of the
/// names, the key stands in the table of its things, uniqueness, overlap, then the order of columns.
type Rank = (bool, Ground, bool, bool, u64, Reverse<(usize, usize)>, Reverse<(usize, usize)>);

fn weigh(
    tables: &[Table],
    (from, a): (&Candidate, &Keys),
    (to, b): (&Candidate, &Keys),
    ground: Ground,
    home: bool,
) -> Option<(Rank, Link)> {
    let shared = a.shared(b);
    let of = |keys: &Keys| shared as f64 / keys.counts.len().max(1) as f64;
    let (overlap, back) = (of(a), of(b));
    let one = b.is_key();
    let enough = match ground {
        Ground::Key | Ground::Nested => overlap >= SHARE_FROM || back >= SHARE_TO,
        Ground::Listed => b.is_unique() && overlap >= SHARE_WEAK,
        Ground::SameName if from.says(Said::Contact) => one && (overlap >= SHARE_FROM || back >= SHARE_TO),
        Ground::SameName => b.is_unique() && overlap >= SHARE_VALUES,
        Ground::Values => b.is_unique() && overlap >= SHARE_VALUES && shared >= SHARED_LEAST,
    };
    if shared == 0 || !enough {
        return None;
    }
    // Neither side is a list of such things: worth telling only of the things that shops count.
    let many = !one && !a.is_key();
    if many && (ground != Ground::Key || !from.thing().is_some_and(names::is_known)) {
        return None;
    }
    if !one && !many {
        // The other direction is the link.
        return None;
    }
    let cardinality = match (many, a.is_unique() && b.is_unique()) {
        (true, _) => Cardinality::ManyToMany,
        (false, true) => Cardinality::OneToOne,
        (false, false) => Cardinality::ManyToOne,
    };
    // A link of many with many has no direction: the longer table is the one with many rows.
    if many && (a.rows, Reverse(from.table)) < (b.rows, Reverse(to.table)) {
        return None;
    }
    let code = match ground {
        Ground::Key | Ground::Listed | Ground::Nested => "link_named",
        Ground::SameName => "link_same_name",
        Ground::Values => "link_values",
    };
    let side = match (a.is_unique(), b.is_unique()) {
        (true, true) => "@note.link_unique_both",
        (false, true) => "@note.link_unique_to",
        _ if many => "@note.link_unique_none",
        _ => "@note.link_nearly_unique",
    };
    let why = Note::new(code)
        .with("from", &tables.get(from.table)?.name)
        .with("from_column", &from.column.name)
        .with("to", &tables.get(to.table)?.name)
        .with("to_column", &to.column.name)
        .with("percent", percent(overlap))
        .with("unique", side);
    let link = Link {
        from: from.table,
        from_column: from.column.name.clone(),
        to: to.table,
        to_column: to.column.name.clone(),
        cardinality,
        overlap,
        orphans: a.rows_not_in(b),
        blank: a.blank,
        duplicates: b.repeated(),
        childless: b.rows_not_in(a) + b.blank,
        why,
    };
    let rank = (
        !many,
        ground,
        home,
        b.is_unique(),
        (overlap * 1e6) as u64,
        Reverse((from.table, from.at)),
        Reverse((to.table, to.at)),
    );
    Some((rank, link))
}

/// A share as whole percent; only all is 100, only none is 0.
fn percent(share: f64) -> String {
    match share {
        share if share >= 1.0 => "100".to_owned(),
        share if share > 0.0 => format!("{:.0}", (100.0 * share).clamp(1.0, 99.0)),
        _ => "0".to_owned(),
    }
}

/// Orders and visits that name the same customers are linked by the customers, not to each other.
fn without_siblings(links: Vec<Link>) -> Vec<Link> {
    let parents = |table: usize, column: &str| -> Vec<(usize, &str)> {
        links
            .iter()
            .filter(|l| {
                l.from == table && l.from_column == column && l.cardinality != Cardinality::ManyToMany
            })
            .map(|l| (l.to, l.to_column.as_str()))
            .collect()
    };
    let keep: Vec<bool> = links
        .iter()
        .map(|link| {
            let above = parents(link.to, &link.to_column);
            !parents(link.from, &link.from_column).iter().any(|parent| above.contains(parent))
        })
        .collect();
    links.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(link, _)| link).collect()
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
