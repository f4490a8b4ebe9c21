//! The figures of a project's model, and of a bundle on labelled rows.

use super::{Outcome, Prepared, ProjectError, pick};
use crate::Error;
use crate::deploy::{Bundle, DeployError, Lacking};
use crate::evaluate::{FigureTable, Pair, Trust, pairs};
use crate::job::{Cancelled, Reporter};
use crate::metrics::Figure;
use crate::split::Side;
use crate::table::Table;

/// Everything that is told of how good a model is.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub table: FigureTable,
    /// The model beside others on the same rows.
    pub pairs: Vec<Pair>,
    pub trust: Trust,
}

/// The figures of `outcome` on the test rows of `prepared`, at the threshold, beside `others` that were
/// measured on the same rows.
///
/// # Errors
/// The person cancelled.
pub fn judge(
    prepared: &Prepared,
    outcome: &Outcome,
    others: &[&Outcome],
    threshold: f64,
    report: &Reporter,
) -> crate::Result<Option<Judged>> {
    let (places, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
    let at = |outcome: &Outcome| -> Vec<f64> {
        places.iter().map(|at| outcome.probabilities.get(*at).copied().unwrap_or(f64::NAN)).collect()
    };
    let (_, known) = pick(&prepared.labels.of_row, &prepared.sides, Side::Train);
    let rate = known.iter().filter(|label| **label).count() as f64 / known.len().max(1) as f64;
    let own = at(outcome);
    let goes_on = || report.check().is_ok();
    let table = FigureTable::new(&own, &labels, (threshold, Some(rate)), &goes_on);
    report.check()?;
    let others: Vec<_> = others.iter().map(|other| (other.kind, at(other))).collect();
    let pairs = pairs(&own, &others, &labels, threshold);
    let (positives, labelled) = prepared.labels.counts();
    report.progress(1.0);
    Ok(table.map(|table| {
        let rare = positives.min(labelled - positives);
        let trust = Trust::new(&labels, table.get(Figure::RocAuc), (labelled, rare));
        Judged { table, pairs, trust }
    }))
}

/// A bundle measured on rows whose outcome is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    pub judged: Judged,
    /// Rows of the file, and those of them with an outcome.
    pub rows: usize,
    pub labelled: usize,
    /// The file is the one that the model learnt from: its figures flatter.
    pub seen: bool,
}

/// Scores a table with a bundle and measures on the rows whose outcome the target column tells. The majority
/// guess knows the share of these very rows, which flatters it.
///
/// # Errors
/// As [`Bundle::score`]; the table lacks the target, or it is empty.
pub fn measure(
    bundle: &Bundle,
    table: &Table,
    lacking: Lacking,
    report: &Reporter,
) -> crate::Result<Measurement> {
    let scores = bundle.score(table, lacking, &report.part(0.0, 0.7))?;
    if scores.table.text(&bundle.target).is_none() {
        let (file, columns) = (table.source.file.clone(), vec![bundle.target.clone()]);
        return Err(DeployError::MissingColumn { file, columns }.into());
    }
    let known = scores.rows.iter().filter_map(|row| Some((row.probability, row.actual?)));
    let (own, labels): (Vec<f64>, Vec<bool>) = known.unzip();
    if labels.is_empty() {
        return Err(ProjectError::EmptyTarget { column: bundle.target.clone() }.into());
    }
    let positives = labels.iter().filter(|label| **label).count();
    let rate = positives as f64 / labels.len() as f64;
    let goes_on = || report.check().is_ok();
    let figures = FigureTable::new(&own, &labels, (bundle.threshold, Some(rate)), &goes_on);
    let figures = figures.ok_or(Error::from(Cancelled));
    report.check()?;
    let figures = figures?;
    let rare = positives.min(labels.len() - positives);
    let trust = Trust::new(&labels, figures.get(Figure::RocAuc), (labels.len(), rare));
    report.progress(1.0);
    Ok(Measurement {
        judged: Judged { table: figures, pairs: Vec::new(), trust },
        rows: scores.rows.len(),
        labelled: labels.len(),
        seen: bundle.card.as_ref().is_some_and(|card| card.hash == table.source.hash),
    })
}
