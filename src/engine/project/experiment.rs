//! Experiments of a project: whom they are drawn from, and the three files of a draw.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{CallListSpec, Contacts, Origin, SavedProject};
use crate::deploy::{Customer, DeployError, FollowUps};
use crate::detect::{missing, number};
use crate::experiment::{self, Arm, Candidate, Experiment, ExperimentError, Files, Plan};
use crate::files::{Cell, Grid};
use crate::privacy;
use crate::table::{Column, Role, Table};

/// Customers in all kept experiments together.
const MEMBERS: usize = 2_000_000;

/// What a project keeps of its experiments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Experiments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The oldest first.
    pub drawn: Vec<Experiment>,
}

impl Experiments {
    /// Nothing to keep: older projects stay what they were.
    pub fn is_empty(&self) -> bool {
        self.plan.is_none() && self.drawn.is_empty()
    }

    /// The same within bounds and whole; nothing in a file is trusted.
    pub(super) fn sane(mut self) -> Self {
        self.plan = self.plan.map(Plan::sane);
        self.drawn.retain(Experiment::is_whole);
        while self.drawn.len() > 1 && self.drawn.iter().map(|of| of.members.len()).sum::<usize>() > MEMBERS {
            self.drawn.remove(0);
        }
        self
    }
}

/// The columns that make bands of value and groups, beside the score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StrataBy {
    pub value: Option<String>,
    pub column: Option<String>,
}

/// Whom an experiment can be drawn from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pool {
    pub candidates: Vec<Candidate>,
    /// The place of each in the list, or among the rows of the file.
    pub places: Vec<usize>,
    /// Left out because they must not be contacted.
    pub withheld: usize,
    /// Left out because they have no identifier: nobody could read them back.
    pub nameless: usize,
}

impl Pool {
    /// The share that would stay without an offer, by the scores; `None` where there are none.
    pub fn expected(&self) -> Option<f64> {
        let scores: Vec<f64> = self.candidates.iter().filter_map(|one| one.score).collect();
        (!scores.is_empty()).then(|| 1.0 - scores.iter().sum::<f64>() / scores.len() as f64)
    }

    /// The spread of the value column, a guide to how much money varies; `None` where there is none.
    pub fn deviation(&self) -> Option<f64> {
        let values: Vec<f64> = self.candidates.iter().filter_map(|one| one.value).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt())
    }
}

pub(super) fn named<'a>(table: &'a Table, name: &str) -> Result<&'a Column, ExperimentError> {
    let no = || ExperimentError::NoColumn { file: table.source.file.clone(), column: name.to_owned() };
    table.position(name).and_then(|at| table.columns.get(at)).ok_or_else(no)
}

/// A cell, unless it is blank or a mark for no value.
pub(super) fn cell<'a>(table: &'a Table, column: &Column, at: usize) -> Option<&'a str> {
    let text = table.text(&column.name)?.get(at)?.trim();
    (!missing::is_missing(text)).then_some(text)
}

/// Fills value and group of a candidate from a row of the file.
struct Known<'a> {
    table: &'a Table,
    value: Option<&'a Column>,
    column: Option<&'a Column>,
}

impl<'a> Known<'a> {
    fn of(table: &'a Table, by: &StrataBy) -> Result<Self, ExperimentError> {
        let find = |name: &Option<String>| name.as_deref().map(|name| named(table, name)).transpose();
        Ok(Self { table, value: find(&by.value)?, column: find(&by.column)? })
    }

    fn candidate(&self, id: &str, score: Option<f64>, at: Option<usize>) -> Candidate {
        let of = |column: Option<&'a Column>| cell(self.table, column?, at?);
        let value = self.value.and_then(|column| number::parse(of(Some(column))?, column.decimal));
        Candidate { id: id.to_owned(), score, value, group: of(self.column).map(str::to_owned) }
    }
}

/// The customers of a list who are still here and whom the call list would hold.
///
/// # Errors
/// A column of the strata is not there.
pub fn experiment_pool(
    list: &[Customer],
    origin: Origin<'_>,
    follow_ups: &FollowUps,
    (spec, threshold): (&CallListSpec, f64),
    by: &StrataBy,
) -> crate::Result<Pool> {
    let table = origin.table();
    let known = Known::of(table, by)?;
    let here: Vec<&Customer> = list.iter().filter(|customer| customer.actual != Some(true)).collect();
    let place: BTreeMap<u32, usize> = list.iter().enumerate().map(|(at, one)| (one.row, at)).collect();
    let (chosen, withheld) = spec.choose(threshold, &here, follow_ups);
    let mut out = Pool { withheld, ..Pool::default() };
    for customer in chosen {
        if !customer.named {
            out.nameless += 1;
            continue;
        }
        let row = table.rows.binary_search(&customer.row).ok();
        out.candidates.push(known.candidate(&customer.id, Some(customer.probability), row));
        out.places.extend(place.get(&customer.row));
    }
    Ok(out)
}

/// The customers of a file; `score` is a column of chances, 0 to 1.
///
/// # Errors
/// The file has no identifier, or a named column is not there.
pub fn experiment_pool_of_table(table: &Table, score: Option<&str>, by: &StrataBy) -> crate::Result<Pool> {
    let no_id = || ExperimentError::NoId { file: table.source.file.clone() };
    let id = table.with_role(Role::Id).ok_or_else(no_id)?;
    let known = Known::of(table, by)?;
    let score = score.map(|name| named(table, name)).transpose()?;
    let mut out = Pool::default();
    for at in 0..table.height() {
        let Some(name) = cell(table, id, at) else {
            out.nameless += 1;
            continue;
        };
        let score = score.and_then(|column| number::parse(cell(table, column, at)?, column.decimal));
        out.candidates.push(known.candidate(name, score, Some(at)));
        out.places.push(at);
    }
    Ok(out)
}

/// The customers of the last list that a project keeps, at risk and not told to have left; their data
/// are not needed.
pub fn experiment_pool_of_project(project: &SavedProject) -> Pool {
    let Some(list) = project.lists.last() else { return Pool::default() };
    let spec = &project.settings.call_list;
    let mut out = Pool::default();
    for (at, entry) in list.entries.iter().enumerate() {
        let is_wanted = !spec.only_at_risk || entry.probability >= list.threshold;
        if entry.left || !is_wanted {
            continue;
        }
        if !spec.with_do_not_contact && project.follow_ups.get(&entry.id).is_some_and(|f| f.do_not_contact) {
            out.withheld += 1;
            continue;
        }
        if spec.most.is_some_and(|most| out.candidates.len() >= most) {
            break;
        }
        let score = Some(entry.probability);
        out.candidates.push(Candidate { id: entry.id.clone(), score, ..Candidate::default() });
        out.places.push(at);
    }
    out
}

/// The rows of a file that stand in one list of an experiment: all columns for those who are called,
/// contact details as asked for; identifiers alone for those who are left alone, so that nobody calls
/// them by mistake.
pub fn experiment_rows(table: &Table, of: &Experiment, arm: Arm, contacts: Contacts) -> Grid {
    let id = table.with_role(Role::Id);
    let columns: Vec<&Column> = match arm {
        Arm::LeftAlone => id.into_iter().collect(),
        Arm::Called => {
            let is_kept = |column: &&Column| column.role != Role::Contact || contacts != Contacts::LeftOut;
            table.columns.iter().filter(is_kept).collect()
        }
    };
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    if let Some(id) = id {
        for at in 0..table.height() {
            if let Some(name) = cell(table, id, at) {
                place.entry(name).or_insert(at);
            }
        }
    }
    let text = |column: &Column, at: usize| {
        let text = table.text(&column.name).and_then(|text| text.get(at)).unwrap_or_default().trim();
        match column.role == Role::Contact && contacts == Contacts::Masked {
            true => privacy::mask(text),
            false => text.to_owned(),
        }
    };
    let row =
        |at: &usize| -> Vec<Cell> { columns.iter().map(|column| Cell::Text(text(column, *at))).collect() };
    Grid {
        name: of.name.clone(),
        header: columns.iter().map(|column| column.name.clone()).collect(),
        rows: of.of(arm).filter_map(|member| place.get(member.id.as_str())).map(row).collect(),
    }
}

/// One list of an experiment by identifier and score alone.
pub fn experiment_ids(of: &Experiment, arm: Arm, header: [String; 2]) -> Grid {
    let row = |member: &experiment::Member| {
        let score = member.score.map_or_else(|| Cell::from(""), Cell::percent);
        vec![Cell::from(member.id.as_str()), score]
    };
    Grid { name: of.name.clone(), header: header.into(), rows: of.of(arm).map(row).collect() }
}

/// Writes the three files of a draw, all or none; what is there is never written over.
///
/// # Errors
/// One of the files is there, or the disk or the folder refuses.
pub fn write_experiment(
    files: &Files,
    of: &Experiment,
    called: &Grid,
    left_alone: &Grid,
) -> crate::Result<()> {
    files.check()?;
    let bytes = of.to_json().map_err(|cause| DeployError::write(&files.experiment, cause))?;
    let mut done: Vec<&Path> = Vec::new();
    let write = |path: &'_ Path, write: &dyn Fn(&Path) -> std::io::Result<()>| {
        write(path).map_err(|cause| DeployError::write(path, cause))
    };
    for path in files.all() {
        let made = if path == files.called {
            write(path, &|path| called.write(path))
        } else if path == files.left_alone {
            write(path, &|path| left_alone.write(path))
        } else {
            write(path, &|path| crate::files::write_atomically(path, |out| out.write_all(&bytes)))
        };
        if let Err(error) = made {
            // Half a draw would be taken for a whole one.
            for path in done {
                let _ = std::fs::remove_file(path);
            }
            return Err(error.into());
        }
        done.push(path);
    }
    Ok(())
}
