//! Files → the tables of a sample. The customers' files go by twice, first to draw and then to keep; every
//! other file once. What names customers, and what hangs on that, is told from the heads of the files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::pass::{blocks, keep};
use super::{Base, Chosen, Draw, SampleSpec, Sampled, Who, base};
use crate::collect::combine::Choice;
use crate::collect::gather::is_alike;
use crate::collect::relate::{Keys, Said, key_name, links, value};
use crate::collect::{ReadOptions, finish, preview, profile, set_role, tables};
use crate::job::{Event, Reporter};
use crate::table::{Cardinality, Column, Dataset, Link, Role, Table};

/// Share of the customers at the head of a file that must be known, where the name says that they are such …
const KNOWN: f64 = 0.3;
/// … and where it does not.
const SURELY: f64 = 0.9;
/// Fewer prove nothing then.
const LEAST: usize = 10;

/// Of whom a sample is drawn.
pub(crate) struct Ask<'a> {
    pub spec: SampleSpec,
    pub choice: &'a Choice,
    /// The column of the customer, where the person said it.
    pub hint: Option<&'a str>,
    /// The target gives strata.
    pub stratify: bool,
    pub roles: &'a [(String, Role)],
}

/// Files of the same columns, by their first one's head.
struct Group {
    head: Table,
    files: Vec<usize>,
}

/// Reads files so that only the sample is ever in memory. `None` where one of them cannot go by in blocks,
/// or nothing tells who the customers are: then all is read, and the sample is drawn of that.
///
/// # Errors
/// As [`open`](crate::collect::open).
pub(crate) fn read(
    files: &[(PathBuf, ReadOptions)],
    ask: &Ask<'_>,
    report: &Reporter,
) -> crate::Result<Option<Vec<Table>>> {
    let Some(groups) = groups(files, ask)? else { return Ok(None) };
    let heads: Vec<Table> = groups.iter().map(|group| group.head.clone()).collect();
    let links = links(&heads, report)?;
    let data = Dataset { tables: heads, links };
    let Some(base) = base(&data, ask.choice, ask.hint, report)? else { return Ok(None) };
    let Some(group) = groups.get(base.at) else { return Ok(None) };
    let reader = Reader { files, alone: files.len() == 1 };
    report.emit(Event::Phase("draw"));
    let Some((draw, by)) = reader.draw(group, &base, ask, &report.part(0.0, 0.4))? else { return Ok(None) };
    let (chosen, sampled) = draw.finish(base.key.as_deref(), by.as_deref());

    report.emit(Event::Phase("read"));
    let rest = report.part(0.4, 0.6);
    let mut kept: BTreeMap<usize, Vec<Table>> = BTreeMap::new();
    let column = |group: &Group, name: &str| group.head.columns.iter().find(|c| c.name == name).cloned();
    for (at, group) in groups.iter().enumerate() {
        let named = match at == base.at {
            true => base.key.clone(),
            false => names_customers(&group.head, base.key.as_deref(), &draw, ask.spec.seed),
        };
        if at != base.at && named.is_none() {
            continue;
        }
        let key = named.and_then(|name| column(group, &name));
        let nameless = at == base.at && base.nameless;
        let Some(tables) = reader.keep(group, (&chosen, key.as_ref(), nameless), &sampled, &rest)? else {
            return Ok(None);
        };
        kept.insert(at, tables);
    }
    // What hangs on what was kept: the lines of the orders of those customers.
    while let Some((at, own, to, to_column)) = next(&groups, &kept, &data.links) {
        let Some(group) = groups.get(at) else { break };
        let things = Chosen::things(kept.get(&to).into_iter().flatten(), &to_column, &rest)?;
        let key = column(group, &own);
        let Some(tables) = reader.keep(group, (&things, key.as_ref(), false), &sampled, &rest)? else {
            return Ok(None);
        };
        kept.insert(at, tables);
    }
    // What is looked up, such as products, is read as it stands.
    let mut out: Vec<(usize, Table)> = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        match kept.remove(&at) {
            Some(tables) => out.extend(group.files.iter().copied().zip(tables)),
            None => {
                for file in &group.files {
                    let Some((path, options)) = files.get(*file) else { continue };
                    out.extend(tables(path, options, &rest)?.into_iter().map(|table| (*file, table)));
                }
            }
        }
    }
    out.sort_by_key(|(file, _)| *file);
    report.progress(1.0);
    Ok(Some(out.into_iter().map(|(_, table)| table).collect()))
}

/// The heads of the files, alike ones together; `None` where one is no table that goes by in blocks.
fn groups(files: &[(PathBuf, ReadOptions)], ask: &Ask<'_>) -> crate::Result<Option<Vec<Group>>> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, (path, options)) in files.iter().enumerate() {
        if options.part.is_some() || options.range.is_some() {
            return Ok(None);
        }
        // Whatever is wrong with a file is told by those who read it.
        let Ok(mut head) = preview(path, &options.without_columns()) else { return Ok(None) };
        if !matches!(head.source.format, "csv" | "fixed_width" | "parquet") || head.source.part.is_some() {
            return Ok(None);
        }
        for (name, role) in options.roles.iter().chain(ask.roles) {
            if head.position(name).is_some() {
                set_role(&mut head, name, *role)?;
            }
        }
        match groups.iter_mut().find(|group| is_alike(&group.head, &head)) {
            Some(group) => group.files.push(at),
            None => groups.push(Group { head, files: vec![at] }),
        }
    }
    Ok(Some(groups))
}

/// The column of a table that names the customers that were drawn from: by its name, or because nearly all
/// that it names are known customers.
fn names_customers(head: &Table, key: Option<&str>, draw: &Draw, seed: u64) -> Option<String> {
    let wanted = key?.trim().to_lowercase();
    let thing = key.and_then(key_name).map(|name| name.thing);
    let mut best: Option<(u8, f64, &str)> = None;
    for column in &head.columns {
        let name = key_name(&column.name);
        let rank = match &name {
            _ if column.name.trim().to_lowercase() == wanted => 3,
            Some(name)
                if name.said == Said::Key
                    && (name.thing == "customer" || Some(&name.thing) == thing.as_ref()) =>
            {
                2
            }
            Some(name) if !matches!(name.said, Said::Generic) && name.thing != "customer" => continue,
            _ if column.role == Role::Id => 1,
            _ => continue,
        };
        let (known, told, letters) = shared(head, column, draw, seed);
        let share = known as f64 / told.max(1) as f64;
        let enough = match rank {
            1 => letters && share >= SURELY && known >= LEAST,
            _ => share >= KNOWN,
        };
        if enough && best.is_none_or(|(other, most, _)| (rank, share) > (other, most)) {
            best = Some((rank, share, &column.name));
        }
    }
    best.map(|(_, _, name)| name.to_owned())
}

/// Of the values at the head of a column: those that are customers, those of which that can be told, and
/// whether they are written with letters.
fn shared(head: &Table, column: &Column, draw: &Draw, seed: u64) -> (usize, usize, bool) {
    let Some(text) = head.text(&column.name) else { return (0, 0, false) };
    let (mut known, mut told, mut letters) = (0, 0, 0);
    for id in text.iter().filter_map(|cell| value(column, cell)) {
        if let Some(is_known) = draw.knows(super::mark(seed, id)) {
            told += 1;
            known += usize::from(is_known);
            letters += usize::from(id.chars().any(char::is_alphabetic));
        }
    }
    (known, told, letters * 10 >= told * 9)
}

/// The next table that hangs on one that was kept: its place and column, and those that it names.
fn next(
    groups: &[Group],
    kept: &BTreeMap<usize, Vec<Table>>,
    links: &[Link],
) -> Option<(usize, String, usize, String)> {
    let waiting = |at: usize| !kept.contains_key(&at);
    let linked = links.iter().find(|link| {
        waiting(link.from) && kept.contains_key(&link.to) && link.cardinality != Cardinality::ManyToMany
    });
    if let Some(link) = linked {
        return Some((link.from, link.from_column.clone(), link.to, link.to_column.clone()));
    }
    // The heads of long files may share no key at all: names say what belongs together.
    let all = groups.iter().enumerate();
    all.filter(|(at, _)| waiting(*at)).find_map(|(at, group)| {
        kept.keys().find_map(|to| {
            let parent = groups.get(*to)?;
            let (own, other) = same_thing(&group.head, &parent.head)?;
            Some((at, own, *to, other))
        })
    })
}

/// A column that names things which the other table lists one by one.
fn same_thing(head: &Table, list: &Table) -> Option<(String, String)> {
    let keys = |table: &Table| -> Vec<(Column, String)> {
        let named = table.columns.iter().filter_map(|column| {
            let name = key_name(&column.name).filter(|name| name.said == Said::Key)?;
            Some((column.clone(), name.thing))
        });
        named.collect()
    };
    let unique =
        |column: &Column| Keys::of(list, column, &Reporter::silent()).is_ok_and(|keys| keys.is_key());
    let listed: Vec<(Column, String)> = keys(list).into_iter().filter(|(column, _)| unique(column)).collect();
    keys(head).into_iter().find_map(|(own, thing)| {
        let other = listed.iter().find(|(_, other)| *other == thing)?;
        Some((own.name, other.0.name.clone()))
    })
}

/// Reads files of a group.
struct Reader<'a> {
    files: &'a [(PathBuf, ReadOptions)],
    alone: bool,
}

impl Reader<'_> {
    /// All customers of the files, and the target that gave strata. `None` for files of another kind.
    fn draw(
        &self,
        group: &Group,
        base: &Base,
        ask: &Ask<'_>,
        report: &Reporter,
    ) -> crate::Result<Option<(Draw, Option<String>)>> {
        let by = group.head.with_role(Role::Target).filter(|_| ask.stratify).map(|c| c.name.clone());
        let key = group.head.columns.iter().find(|column| Some(&column.name) == base.key.as_ref());
        let columns: Vec<&str> = key.map(|key| key.name.as_str()).into_iter().chain(by.as_deref()).collect();
        let mut draw = Draw::new(ask.spec, by.is_some());
        for (place, file) in group.files.iter().enumerate() {
            let Some((path, options)) = self.files.get(*file) else { continue };
            let part = report.part(place as f64 / group.files.len() as f64, 1.0 / group.files.len() as f64);
            let told = blocks((path.as_path(), options), Some(columns.as_slice()), &part, |block| {
                let who = Who { key, nameless: base.nameless, file: place };
                let marks = who.marks(&block, ask.spec.seed, &part)?;
                let target = by.as_ref().and_then(|name| block.text(name));
                let mut values = target.map(|text| text.iter());
                for mark in marks {
                    let stratum = values.as_mut().and_then(Iterator::next).flatten();
                    if let Some(mark) = mark {
                        draw.add(mark, stratum.map(str::trim));
                    }
                }
                Ok(())
            })?;
            if told.is_none() {
                return Ok(None);
            }
        }
        Ok(Some((draw, by)))
    }

    /// The rows of a group that belong to what was chosen, each file a table.
    fn keep(
        &self,
        group: &Group,
        (chosen, key, nameless): (&Chosen, Option<&Column>, bool),
        sampled: &Sampled,
        report: &Reporter,
    ) -> crate::Result<Option<Vec<Table>>> {
        let mut out = Vec::with_capacity(group.files.len());
        for (place, file) in group.files.iter().enumerate() {
            let Some((path, options)) = self.files.get(*file) else { continue };
            let silent = report.part(0.0, 0.0);
            let who = Who { key, nameless, file: place };
            let table = keep((path.as_path(), options), &silent, |block| chosen.rows(block, &who, report))?;
            let Some(mut table) = table else { return Ok(None) };
            table.source.sampled = Some(Box::new(sampled.clone()));
            out.push(self.profiled(table, options, report)?);
        }
        Ok(Some(out))
    }

    /// A table with its columns described as a file that is read whole has them.
    fn profiled(&self, mut table: Table, options: &ReadOptions, report: &Reporter) -> crate::Result<Table> {
        if self.alone {
            return finish(table, options, report);
        }
        table.columns = profile::profile(&table, report)?;
        for (name, role) in &options.roles {
            if table.position(name).is_some() {
                set_role(&mut table, name, *role)?;
            }
        }
        Ok(table)
    }
}
