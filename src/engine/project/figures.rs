//! The figures of a project's model, and of a bundle on labelled rows.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};

use super::{
    Outcome, Past, Prepared, ProjectError, Scorer, Secrets, Settings, Source, collect_sources, open_for, pick,
};
use crate::deploy::{Bundle, DeployError, Lacking};
use crate::evaluate::{FigureRow, FigureTable, Footing, Pair, Trust, judges_order, pairs};
use crate::job::Reporter;
use crate::metrics::Figure;
use crate::split::Side;
use crate::table::{ColumnSpec, Role, Table};
use crate::train::TrainError;

/// Everything that is told of how good a model is.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub table: FigureTable,
    /// The model beside others on the same rows.
    pub pairs: Vec<Pair>,
    pub trust: Trust,
}

impl Judged {
    /// The figures that so many rows allow to tell: below the floor those that judge the order of the list
    /// are not among them.
    pub fn told(&self) -> impl Iterator<Item = &FigureRow> {
        let declined = self.trust.footing == Footing::TooFew;
        self.table.figures.iter().filter(move |row| !(declined && judges_order(row.measured.figure)))
    }
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
    let pairs = pairs(&own, &others, &labels, threshold, &goes_on);
    report.check()?;
    let (positives, labelled) = customers(prepared);
    report.progress(1.0);
    Ok(table.map(|table| {
        let rare = positives.min(labelled - positives);
        let trust = Trust::new(&labels, table.get(Figure::RocAuc), (labelled, rare));
        let trust = trust.at_rate(per_month(prepared));
        let pairs = if trust.footing == Footing::TooFew { Vec::new() } else { pairs };
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
    /// The day that was gone back to, for a model that answers a question over time.
    pub past: Option<PastDay>,
}

/// A day of the past that a model was measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastDay {
    pub day: NaiveDate,
    /// The model learnt from what happened after that day: its figures flatter.
    pub learnt_later: bool,
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
    let judged = of_known(bundle, known.unzip(), &report.part(0.7, 0.3))?;
    Ok(Measurement {
        rows: scores.rows.len(),
        labelled: judged.table.rows,
        judged,
        seen: bundle.card.as_ref().is_some_and(|card| card.hash == table.source.hash),
        past: None,
    })
}

/// Scores against what happened.
fn of_known(
    bundle: &Bundle,
    (scores, labels): (Vec<f64>, Vec<bool>),
    report: &Reporter,
) -> crate::Result<Judged> {
    if labels.is_empty() {
        return Err(ProjectError::EmptyTarget { column: bundle.target.clone() }.into());
    }
    let positives = labels.iter().filter(|label| **label).count();
    let rate = positives as f64 / labels.len() as f64;
    let goes_on = || report.check().is_ok();
    let table = FigureTable::new(&scores, &labels, (bundle.threshold, Some(rate)), &goes_on);
    report.check()?;
    // A model's probabilities are numbers; a bundle that gives others measures nothing.
    let no_number =
        || TrainError::Fit { model: bundle.model.kind().name(), cause: "its scores are no numbers".into() };
    let table = table.ok_or_else(no_number)?;
    let rare = positives.min(labels.len() - positives);
    let trust = Trust::new(&labels, table.get(Figure::RocAuc), (labels.len(), rare));
    report.progress(1.0);
    Ok(Judged { table, pairs: Vec::new(), trust })
}

/// Reads data and measures a bundle on them: [`measure`] for one that learnt from a target column; one that
/// answers a question over time goes back to `day`, the last one whose answer the data hold where none is
/// given, and is measured on what then happened.
///
/// # Errors
/// As [`super::open_for`], [`measure`] and [`super::as_of`].
pub fn measure_files(
    bundle: &Bundle,
    settings: &Settings,
    (sources, secrets): (&[Source], &Secrets),
    (day, lacking): (Option<NaiveDate>, Lacking),
    report: &Reporter,
) -> crate::Result<Measurement> {
    let Some(fitted) = &bundle.behaviour else {
        let reading = report.part(0.0, 0.4);
        let table = open_for(bundle, settings, (sources, secrets), day, &reading)?;
        return measure(bundle, &table, lacking, &report.part(0.4, 0.6));
    };
    // Roles come from the bundle.
    let (read, question) = (settings.read.without_columns(), Some(fitted.question.clone()));
    let settings = Settings { read, question, sample: None, ..settings.clone() };
    let collected = collect_sources(sources, secrets, &settings, &report.part(0.0, 0.4))?;
    let past = Past::read(&collected, &settings, fitted.columns.as_ref(), &report.part(0.4, 0.2))?;
    let horizon = fitted.question.horizon_days;
    let latest = past.last().checked_sub_days(Days::new(u64::from(horizon)));
    let day = day.or(latest).unwrap_or_else(|| past.last());
    let seen = past.look(&collected, &settings, day, Scorer::Given(bundle), &report.part(0.6, 0.2))?;
    let known = seen.customers.iter().filter_map(|one| Some((one.probability?, one.lost?)));
    let judged = of_known(bundle, known.unzip(), &report.part(0.8, 0.2))?;
    Ok(Measurement {
        rows: seen.customers.len(),
        labelled: judged.table.rows,
        judged,
        seen: false,
        past: Some(PastDay { day, learnt_later: seen.learnt_later }),
    })
}

/// Customers with the positive outcome, and with any: rows, where a question over time made none of them.
fn customers(prepared: &Prepared) -> (usize, usize) {
    if prepared.to_answer.is_none() {
        return prepared.labels.counts();
    }
    let known = prepared.labels.of_row.iter().zip(&prepared.ids).enumerate();
    let (mut positive, mut all) = (HashSet::new(), HashSet::new());
    for (at, (label, id)) in known {
        let Some(label) = label else { continue };
        // A row without a name is a customer of its own.
        let who = id.as_deref().ok_or(at);
        all.insert(who);
        if *label {
            positive.insert(who);
        }
    }
    (positive.len(), all.len())
}

/// New customers in a month: customers over the months between the first and the last of their dates, in the
/// first column of dates that spans at least two months. `None` for rows that are customers on days.
fn per_month(prepared: &Prepared) -> Option<f64> {
    if prepared.to_answer.is_some() {
        return None;
    }
    let frame = prepared.cleaning.before_filling();
    let dates = prepared.schema.iter().filter(|spec| spec.role == Role::Date);
    let rate = |spec: &ColumnSpec| {
        let days: Vec<f64> = frame.numbers(&spec.name)?.into_iter().flatten().collect();
        let (first, last) = days.iter().fold((f64::MAX, f64::MIN), |(a, b), d| (a.min(*d), b.max(*d)));
        let months = (last - first) / 30.44;
        (months >= 2.0 && days.len() * 2 >= frame.height()).then(|| frame.height() as f64 / months)
    };
    dates.filter_map(rate).next()
}
