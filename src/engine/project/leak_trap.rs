//! The leak trap: a column that gives the answer away is put beside a copy of the person's data, the same
//! model is trained without and with it on the same split, and the detectors are asked who it was.

use std::sync::Arc;

use chrono::NaiveDate;

use super::asked::{self, Opened};
use super::{Collected, Prepared, Settings, labels, learn, prepare};
use crate::clean;
use crate::features::behaviour::{Churn, LooksAhead, Why};
use crate::features::leak_trap::{ANSWER, TOTAL, from_answer, plant, total_of_all};
use crate::job::Reporter;
use crate::metrics::Estimate;
use crate::note::Note;
use crate::split::Side;
use crate::table::{ColumnSpec, Role, Table};
use crate::train::{ModelKind, TrainError};

/// What the trap is baited with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bait {
    /// A column made from the answer, with noise.
    #[default]
    Answer,
    /// A total over all orders, those after the cut-off day too. It is there where the data hold orders.
    Total,
}

/// What a detector says of the column.
#[derive(Debug, Clone, PartialEq)]
pub enum Culprit {
    /// It tells the target of the training rows almost alone; it could be known only with the answer.
    Alone { roc_auc: f64 },
    /// It counts what came after the days on which the question was asked: it could be known only at the
    /// data's end.
    Ahead { found: LooksAhead, asked: (NaiveDate, NaiveDate), known: NaiveDate },
}

/// What the trap showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Sprung {
    pub bait: Bait,
    pub column: &'static str,
    /// The kind of model that was trained both times.
    pub model: ModelKind,
    /// Area under the ROC curve on the test rows without and with the column.
    pub before: Estimate,
    pub after: Estimate,
    pub test_rows: usize,
    /// What the detectors caught the column for; `None` where it went through.
    pub caught: Option<Culprit>,
}

impl Bait {
    pub const ALL: [Bait; 2] = [Bait::Answer, Bait::Total];

    /// The name used on the command line and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Total => "total",
        }
    }
}

impl Culprit {
    /// Why the column is suspect, for a face to word.
    pub fn note(&self) -> Note {
        match self {
            Self::Alone { roc_auc } => Note::new("trap_alone").with("auc", format!("{roc_auc:.3}")),
            Self::Ahead { found, .. } => match &found.why {
                Why::Total { of, share } => {
                    Note::new("trap_total").with("of", of).with("percent", format!("{:.0}", 100.0 * share))
                }
                _ => found.note(),
            },
        }
    }

    /// When the column could have been known.
    pub fn known(&self) -> Note {
        match self {
            Self::Alone { .. } => Note::new("trap_known_after"),
            Self::Ahead { asked: (first, last), known, .. } => {
                Note::new("trap_known_day").with("first", first).with("last", last).with("known", known)
            }
        }
    }
}

/// Sets the trap and springs it. `table` is the person's, with the roles as set; `collected` what it was
/// made from, needed for [`Bait::Total`] only. Neither is changed.
///
/// The model is logistic regression: it takes a moment, and the same column springs any other.
///
/// # Errors
/// As [`prepare`] and [`learn`]; no orders for [`Bait::Total`]; the person cancels.
pub fn leak_trap(
    bait: Bait,
    settings: &Settings,
    table: &Table,
    collected: &Collected,
    report: &Reporter,
) -> crate::Result<Sprung> {
    match bait {
        Bait::Answer => answer(settings, table, report),
        Bait::Total => total(settings, collected, report),
    }
}

/// Prepares a table, trains, and measures on its test rows.
fn measure(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<(Prepared, Estimate)> {
    let prepared = prepare(settings, table, &report.part(0.0, 0.6))?;
    // What is looked for is a leak, not a promise.
    let settings = &Settings { private: None, ..settings.clone() };
    let outcome = learn(settings, &prepared, ModelKind::Logistic, &report.part(0.6, 0.4))?;
    let none = || TrainError::TooFew { found: 0, needed: 1 };
    let auc = outcome.test.fixed("roc_auc").ok_or_else(none)?;
    Ok((prepared, auc))
}

fn answer(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Sprung> {
    let (prepared, before) = measure(settings, table, &report.part(0.0, 0.45))?;
    let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let source = clean::source(table, &schema).map_err(crate::Error::from)?;
    let keys = clean::twin_keys(&schema, &source);
    let labels = labels::read(table, settings.positive.as_deref())?;
    let cells = from_answer(&labels.of_row, &keys, settings.seed);
    let planted = plant(table, ANSWER, &cells, report)?;
    let (with, after) = measure(settings, &planted, &report.part(0.5, 0.5))?;
    let leak = with.leaks.iter().find(|leak| leak.column == ANSWER);
    Ok(Sprung {
        bait: Bait::Answer,
        column: ANSWER,
        model: ModelKind::Logistic,
        before,
        after,
        test_rows: prepared.count(Side::Test),
        caught: leak.map(|leak| Culprit::Alone { roc_auc: leak.roc_auc }),
    })
}

fn total(settings: &Settings, collected: &Collected, report: &Reporter) -> crate::Result<Sprung> {
    let mut settings = settings.clone();
    let mut question = settings.question.take().unwrap_or_default();
    // A column answers for one day only; a total that looks ahead needs a question over time.
    question.churn = match question.churn {
        Churn::Column => Churn::Silence,
        churn => churn,
    };
    question.own_columns = true;
    settings.question = Some(question);
    // Roles were set on the columns of the customers' table as it stands; here it is another.
    settings.read.roles.clear();
    settings.positive = None;
    let asked = |settings: &Settings, from: &Collected, report: &Reporter| {
        asked::ask(Collected { asked: None, ..from.clone() }, settings, report)
    };
    let honest = asked(&settings, collected, &report.part(0.0, 0.15))?;
    let (prepared, before) = measure(&settings, &honest.table, &report.part(0.15, 0.15))?;

    let opened = Opened::new(collected, &settings, None, &report.part(0.3, 0.1))?;
    let place = opened.read.base;
    let (base, _) = opened.base()?;
    let cells = total_of_all(&opened.read, base.height());
    let mut data = (*collected.dataset).clone();
    if let Some(table) = data.tables.get_mut(place) {
        *table = plant(base, TOTAL, &cells, report)?;
    }
    let planted = Collected { dataset: Arc::new(data), ..collected.clone() };
    // Left to itself, the program catches the column and leaves it out.
    let caught = asked(&settings, &planted, &report.part(0.4, 0.2))?;
    let answer = caught.asked.as_deref();
    let found = answer.and_then(|a| Some((a, a.ahead.iter().find(|found| found.column == TOTAL)?)));
    let culprit = found.and_then(|(answer, found)| {
        let days = (*answer.days.first()?, *answer.days.last()?);
        Some(Culprit::Ahead { found: found.clone(), asked: days, known: answer.last })
    });
    // Whoever insists on learning from it sees the score jump.
    settings.read.roles.push((TOTAL.to_owned(), Role::Number));
    let insisted = asked(&settings, &planted, &report.part(0.6, 0.2))?;
    let (_, after) = measure(&settings, &insisted.table, &report.part(0.8, 0.2))?;
    Ok(Sprung {
        bait: Bait::Total,
        column: TOTAL,
        model: ModelKind::Logistic,
        before,
        after,
        test_rows: prepared.count(Side::Test),
        caught: culprit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Source, collect};

    fn shop(names: &[&str]) -> Collected {
        let folder = tempfile::tempdir().unwrap();
        crate::sample::write(folder.path(), 700, 7).unwrap();
        let files: Vec<_> = names.iter().map(|name| folder.path().join(format!("{name}.csv"))).collect();
        assert!(files.iter().cloned().map(Source::File).count() > 0);
        collect(&files, &Settings::default(), &Reporter::silent()).unwrap()
    }

    #[test]
    fn a_column_made_from_the_answer_is_caught() {
        let collected = shop(&["customers"]);
        let before = collected.table.clone();
        let settings = Settings::default();
        let sprung =
            leak_trap(Bait::Answer, &settings, &collected.table, &collected, &Reporter::silent()).unwrap();
        println!("{sprung:#?}");
        assert!(sprung.after.value > 0.99 && sprung.after.value > sprung.before.value + 0.05);
        assert!(matches!(sprung.caught, Some(Culprit::Alone { roc_auc }) if roc_auc > 0.97));
        // Nothing of the person's has changed.
        assert_eq!(collected.table.columns, before.columns);
        assert_eq!(collected.table.source.hash, before.source.hash);
        // The figures without it are those of the file itself.
        let (_, auc) = measure(&settings, &before, &Reporter::silent()).unwrap();
        assert_eq!(auc, sprung.before);
    }

    #[test]
    fn a_total_that_looks_ahead_is_caught() {
        let collected = shop(&["customers", "orders"]);
        let settings = Settings::default();
        let sprung =
            leak_trap(Bait::Total, &settings, &collected.table, &collected, &Reporter::silent()).unwrap();
        println!("{sprung:#?}");
        assert!(sprung.after.value > sprung.before.value + 0.05);
        match sprung.caught {
            Some(Culprit::Ahead { found, asked: (first, last), known }) => {
                assert!(matches!(found.why, Why::Total { of: "orders", share } if share > 0.9));
                assert!(first <= last && last < known);
            }
            other => panic!("{other:?}"),
        }
        assert!(collected.dataset.tables.iter().all(|table| table.position(TOTAL).is_none()));
        // Without orders there is no such trap.
        let alone = shop(&["customers"]);
        assert!(leak_trap(Bait::Total, &settings, &alone.table, &alone, &Reporter::silent()).is_err());
    }
}
