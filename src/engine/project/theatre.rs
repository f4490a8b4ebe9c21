//! Branches that train together, round by round, for a class to watch.

use super::Settings;
use super::federated::branch;
use crate::job::Reporter;
use crate::table::Table;
use crate::train::federated::{Ground, RoundFigures, Simulation, Stage};

/// What the theatre tells while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The branches stand: what they are, and the area of the first weights on the test rows.
    Opened(Ground, Option<f64>),
    /// One round more.
    Round(Box<RoundFigures>),
}

/// Runs a simulation on the rows of a table, and tells of each round as it ends.
///
/// # Errors
/// As [`branch`] and [`Stage`].
pub fn theatre(
    settings: &Settings,
    simulation: &Simulation,
    table: &Table,
    told: &mut dyn FnMut(Told),
    report: &Reporter,
) -> crate::Result<()> {
    let own = branch(settings, table, &report.part(0.0, 0.1))?;
    let mut stage = Stage::new(simulation, (&own.train, &own.test), settings.seed, &mut |_| {})?;
    told(Told::Opened(stage.ground().clone(), stage.start()?));
    let planned = simulation.spec.rounds.max(1);
    for round in 1..=planned {
        told(Told::Round(Box::new(stage.round(&mut |_| {}, report)?)));
        report.progress(0.1 + 0.9 * round as f64 / planned as f64);
    }
    Ok(())
}
