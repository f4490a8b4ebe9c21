//! A table → what a branch keeps to itself, and learns from with other branches. Only cleaning that looks
//! at one row alone runs here: everything that is fitted is agreed on with the others.

use serde::Serialize;

use super::prepare::{Local, clean_local};
use super::{Settings, pick};
use crate::job::Reporter;
use crate::split::{self, Side};
use crate::table::{Role, Table};
use crate::train::federated::flower::{self, BranchKey, Client, Joined, Turn};
use crate::train::federated::simulate::simulate;
use crate::train::federated::{Branch, Simulated, Simulation, Values};

/// A branch's customers: those it learns from, and those it only measures on.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    pub train: Branch,
    pub test: Branch,
}

/// The customers of a table whose outcome is known. Training and validation rows are learnt from: nothing
/// is chosen by validation here.
///
/// # Errors
/// No usable target, a recipe that does not suit the table, or the person cancelled.
pub fn branch(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Own> {
    own(settings, &clean_local(settings, table, report)?)
}

/// [`branch`], once the rows are cleaned.
pub(super) fn own(settings: &Settings, local: &Local) -> crate::Result<Own> {
    let by_chance = || split::assign(&settings.split, &local.labels.of_row, &local.twins, settings.seed);
    let sides = local.asked.clone().unwrap_or_else(by_chance);
    let schema = settings.recipe.schema_after(&local.schema)?;
    let frame = local.cleaning.last();
    let mut columns = Vec::new();
    for column in &schema {
        let values = match column.role {
            Role::Number | Role::Money => frame.numbers(&column.name).map(Values::Numbers),
            Role::Category => {
                let text = frame.text(&column.name);
                text.map(|text| Values::Levels(text.iter().map(|v| v.map(str::to_owned)).collect()))
            }
            _ => None,
        };
        columns.extend(values.map(|values| (column.name.clone(), values)));
    }
    let all = Branch { columns, labels: local.labels.of_row.iter().map(|y| *y == Some(true)).collect() };
    let of = |side: Side| pick(&local.labels.of_row, &sides, side).0;
    let learnt: Vec<usize> = of(Side::Train).into_iter().chain(of(Side::Valid)).collect();
    Ok(Own { train: all.select(&learnt), test: all.select(&of(Side::Test)) })
}

/// Several branches in one process, from one table: see [`simulate`]. `wire` reads all that passes.
///
/// # Errors
/// As [`branch`] and [`simulate`].
pub fn simulate_branches(
    settings: &Settings,
    simulation: &Simulation,
    table: &Table,
    wire: &mut dyn FnMut(&[u8]),
    report: &Reporter,
) -> crate::Result<Simulated> {
    let own = branch(settings, table, &report.part(0.0, 0.1))?;
    simulate(simulation, (&own.train, &own.test), settings.seed, wire, &report.part(0.1, 0.9))
}

/// Where a Flower server is, and how long it may say nothing before the branch leaves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Server {
    /// With its scheme: `http://127.0.0.1:8000`.
    pub address: String,
    pub quiet: std::time::Duration,
}

/// Joins a Flower server with this table as one branch: see [`flower::serve`].
///
/// # Errors
/// As [`branch`] and [`flower::serve`].
pub fn join_server(
    settings: &Settings,
    server: &Server,
    table: &Table,
    told: &mut dyn FnMut(&Turn),
    report: &Reporter,
) -> crate::Result<Joined> {
    let own = branch(settings, table, report)?;
    // Told before anything is sent: a branch that is too small does not even register.
    own.train.statistics()?;
    let client = Client::connect(&server.address, BranchKey::new()?, false)?;
    flower::serve(client, (&own.train, &own.test), (settings.seed, server.quiet), told, report)
}
