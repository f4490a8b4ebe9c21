//! Grading: the student's shop is made again from the key, the settings are run on it, and every figure
//! is measured anew. Nothing is taken from the hand-in's claims but to be compared.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use super::answers::{Answers, Worked, table_of, work};
use super::hand_in::{FOLDER, HandIn};
use super::key::Key;
use super::student::{Clean, Dirt, DirtKind, Lifetime, StudentShop};
use super::{KitError, hash_of, write_rows};
use crate::collect::{self, ReadOptions};
use crate::deploy::Lacking;
use crate::job::Reporter;
use crate::metrics::{Estimate, roc_auc_estimate};
use crate::note::Note;
use crate::project::{self, Source};
use crate::table::Frame;

/// By how much a claimed figure may differ from the one measured: processors round differently.
const SLACK: f64 = 1e-3;

/// Drivers that were found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drivers {
    /// The planted ones, strongest first.
    pub planted: Vec<String>,
    /// The columns that the model leans on most, as many as were planted.
    pub named: Vec<String>,
    /// How many of `named` were planted, and their share.
    pub hits: usize,
    pub precision: f64,
    /// Pairs of planted drivers that the model puts in the right order, and all such pairs.
    pub ordered: (usize, usize),
}

/// The column that leaks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeakGrade {
    pub planted: String,
    pub found: bool,
    /// What the student left out.
    pub left_out: Vec<String>,
}

/// Dirt of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DirtGrade {
    pub kind: DirtKind,
    pub planted: usize,
    /// Planted pieces that read as the truth (or as missing, where it is lost) after cleaning.
    pub repaired: usize,
}

/// Estimates of the lifetime parameters: how far the two means lie from the planted ones, as a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LifetimeGrade {
    pub planted: Lifetime,
    pub estimated: Lifetime,
    pub rate_error: f64,
    pub stop_error: f64,
}

/// One graded hand-in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Grade {
    pub student: u32,
    /// Nothing speaks against the hand-in.
    pub trusted: bool,
    /// What speaks against it.
    pub findings: Vec<Note>,
    pub drivers: Drivers,
    pub leak: LeakGrade,
    pub dirt: Vec<DirtGrade>,
    /// Area under the ROC curve on customers whom the student never saw, for whom the column that leaks
    /// is not filled yet.
    pub fresh_auc: Option<Estimate>,
    /// The best that can be reached on them.
    pub best_auc: f64,
    /// What the student's own test rows say.
    pub own_auc: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<LifetimeGrade>,
    /// Of 100: drivers 30, leak 20, dirt 25, area under the curve 25.
    pub points: f64,
}

/// Grades a hand-in.
///
/// # Errors
/// It is of another kit; its settings do not run; the disk refuses; the person cancels.
pub fn grade(key: &Key, file: &Path, handed: &HandIn, report: &Reporter) -> crate::Result<Grade> {
    let other = || KitError::OtherKit { file: file.to_owned() };
    let (truth, shop) = key.student(handed.student).filter(|_| handed.kit == key.kit).ok_or_else(other)?;
    let mut findings = Vec::new();
    if handed.hash != handed.made_hash() {
        findings.push(Note::new("class_edited"));
    }
    if handed.files != truth.files || handed.tag != key.tag(handed.student, &handed.files) {
        findings.push(Note::new("class_tag"));
    }
    let changed: Vec<&str> = truth
        .files
        .iter()
        .filter(|file| !handed.data.contains(file))
        .map(|file| file.name.as_str())
        .collect();
    if !changed.is_empty() {
        findings.push(Note::new("class_data").with("files", changed.join(", ")));
    }

    let folder = tempfile::tempdir().map_err(|cause| KitError::File { file: std::env::temp_dir(), cause })?;
    for ((name, rows), known) in shop.files().into_iter().zip(&truth.files) {
        let path = folder.path().join(name);
        write_rows(&path, rows)?;
        if hash_of(&path)? != *known {
            findings.push(Note::new("class_engine").with("file", name));
        }
    }
    let place = |name: &String| match name.as_str() {
        FOLDER => Ok(folder.path().to_owned()),
        name if truth.files.iter().any(|file| file.name == name) => Ok(folder.path().join(name)),
        // A file of the student's own is nothing that a grade could make again.
        _ => Err(other()),
    };
    let sources = handed.sources.iter().map(|name| place(name).map(Source::File));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    let run = || {
        let table = table_of(&sources, &handed.settings, &report.part(0.0, 0.2))?;
        work(&handed.settings, &table, &handed.model, &report.part(0.2, 0.6))
    };
    let worked = match run() {
        Ok(worked) => Some(worked),
        Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
        // Another shop's model, settings written by hand: nothing can be measured, and that is told.
        Err(error) => {
            findings.push(Note::new("class_does_not_run").with("cause", error));
            None
        }
    };
    let answers = worked.as_ref().map(|worked| &worked.answers);
    let differing = answers.map(|found| differing(&handed.answers, found)).unwrap_or_default();
    if !differing.is_empty() {
        findings.push(Note::new("class_claims").with("what", differing.join(", ")));
    }

    let planted: Vec<String> = truth.drivers.iter().map(|(name, _)| name.clone()).collect();
    let drivers = judge_drivers(planted, answers.map_or(&[], |found| &found.drivers));
    let left_out = answers.map(|found| found.left_out.clone()).unwrap_or_default();
    let leak = LeakGrade { planted: truth.leak.clone(), found: left_out.contains(&truth.leak), left_out };
    let dirt = judge_dirt(&shop, worked.as_ref().map(|worked| worked.prepared.cleaning.before_filling()));
    let measured = worked.as_ref().map(|worked| fresh(&shop, handed, worked, &report.part(0.8, 0.2)));
    let fresh_auc = match measured.transpose() {
        Ok(auc) => auc.flatten(),
        Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
        Err(error) => {
            findings.push(Note::new("class_not_measured").with("cause", error));
            None
        }
    };
    let own_auc = answers.and_then(|found| found.test_auc);
    let lifetime = handed.lifetime.map(|estimated| {
        let ((rate, stop), (own_rate, own_stop)) = (truth.lifetime.means(), estimated.means());
        let error = |own: f64, is: f64| if own.is_finite() { (own / is - 1.0).abs() } else { f64::MAX };
        LifetimeGrade {
            planted: truth.lifetime,
            estimated,
            rate_error: error(own_rate, rate),
            stop_error: error(own_stop, stop),
        }
    });
    let points = points(&drivers, &leak, &dirt, fresh_auc, truth.best_auc);
    Ok(Grade {
        student: handed.student,
        trusted: findings.is_empty(),
        findings,
        drivers,
        leak,
        dirt,
        fresh_auc,
        best_auc: truth.best_auc,
        own_auc,
        lifetime,
        points,
    })
}

/// Names of the answers that are not what the settings and the model give.
fn differing(claimed: &Answers, found: &Answers) -> Vec<&'static str> {
    let near = |a: f64, b: f64| (a - b).abs() <= SLACK;
    let mut out = Vec::new();
    let shares: HashMap<&str, f64> =
        found.drivers.iter().map(|(name, share)| (name.as_str(), *share)).collect();
    let same = |(name, share): &(String, f64)| shares.get(name.as_str()).is_some_and(|is| near(*is, *share));
    let sorted = claimed.drivers.is_sorted_by(|a, b| a.1 >= b.1);
    if claimed.drivers.len() != found.drivers.len() || !claimed.drivers.iter().all(same) || !sorted {
        out.push("drivers");
    }
    if claimed.left_out != found.left_out {
        out.push("left_out");
    }
    if claimed.repaired != found.repaired {
        out.push("repaired");
    }
    let auc = match (claimed.test_auc, found.test_auc) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a == b,
    };
    if !auc {
        out.push("test_auc");
    }
    if claimed.model != found.model {
        out.push("model");
    }
    out
}

fn judge_drivers(planted: Vec<String>, found: &[(String, f64)]) -> Drivers {
    let named: Vec<String> = found.iter().take(planted.len()).map(|(name, _)| name.clone()).collect();
    let hits = named.iter().filter(|name| planted.contains(name)).count();
    let share =
        |name: &String| found.iter().find(|(column, _)| column == name).map_or(0.0, |(_, share)| *share);
    let (mut right, mut pairs) = (0, 0);
    for (at, strong) in planted.iter().enumerate() {
        for weak in planted.iter().skip(at + 1) {
            pairs += 1;
            right += usize::from(share(strong) > share(weak));
        }
    }
    let precision = hits as f64 / planted.len().max(1) as f64;
    Drivers { planted, named, hits, precision, ordered: (right, pairs) }
}

/// Planted pieces of dirt that are gone from the cleaned rows; none where there are no such rows.
fn judge_dirt(shop: &StudentShop, rows: Option<&Frame>) -> Vec<DirtGrade> {
    let grade = |is_clean: &dyn Fn(&&Dirt) -> bool| {
        let of = |kind| DirtGrade {
            kind,
            planted: shop.count(kind),
            repaired: shop.dirt.iter().filter(|dirt| dirt.kind == kind).filter(|dirt| is_clean(dirt)).count(),
        };
        DirtKind::ALL.into_iter().map(of).collect()
    };
    let Some(rows) = rows else { return grade(&|_| false) };
    let places: HashMap<u32, usize> = rows.rows.iter().enumerate().map(|(at, row)| (*row, at)).collect();
    let mut columns: HashMap<&str, Option<Vec<Option<f64>>>> = HashMap::new();
    for dirt in &shop.dirt {
        columns.entry(dirt.column).or_insert_with(|| rows.numbers(dirt.column));
    }
    let is_clean = |dirt: &&Dirt| {
        let Some(&at) = places.get(&dirt.row) else { return dirt.clean == Clean::Gone };
        let number = columns.get(dirt.column).and_then(|values| values.as_ref()?.get(at).copied());
        let text = || rows.text(dirt.column).and_then(|text| text.get(at));
        let equals = |wanted: f64| matches!(number, Some(Some(value)) if (value - wanted).abs() < 1e-6);
        match &dirt.clean {
            Clean::Gone => false,
            Clean::Missing => match number {
                Some(value) => value.is_none(),
                None => rows.text(dirt.column).is_some() && text().is_none(),
            },
            Clean::Number(wanted) | Clean::Day(wanted) => equals(*wanted),
            Clean::Text(wanted) => text() == Some(wanted.as_str()),
        }
    };
    grade(&is_clean)
}

/// The model on customers whom the student never saw.
fn fresh(
    shop: &StudentShop,
    handed: &HandIn,
    worked: &Worked,
    report: &Reporter,
) -> crate::Result<Option<Estimate>> {
    let (rows, left) = shop.fresh_rows();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row);
    }
    let text = String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
    let table = collect::from_text("fresh customers", &text, &ReadOptions::default())?;
    let bundle = project::bundle(&handed.settings, &worked.prepared, &worked.outcome, None);
    let scores = bundle.score(&table, Lacking::Fill, report)?;
    let (p, y): (Vec<f64>, Vec<bool>) = scores
        .rows
        .iter()
        .filter_map(|row| Some((row.probability, *left.get((row.row as usize).checked_sub(2)?)?)))
        .unzip();
    Ok(roc_auc_estimate(&p, &y))
}

/// Of 100: drivers 30 (20 for finding them, 10 for their order), leak 20, dirt 25 (each kind alike), area
/// under the curve 25 (what it is above chance, over the best that can be reached).
fn points(
    drivers: &Drivers,
    leak: &LeakGrade,
    dirt: &[DirtGrade],
    fresh: Option<Estimate>,
    best: f64,
) -> f64 {
    let order = drivers.ordered.0 as f64 / drivers.ordered.1.max(1) as f64;
    let kinds = dirt.iter().map(|one| one.repaired as f64 / one.planted.max(1) as f64);
    let clean = kinds.sum::<f64>() / dirt.len().max(1) as f64;
    let auc = fresh.map_or(0.0, |auc| ((auc.value - 0.5) / (best - 0.5)).clamp(0.0, 1.0));
    20.0 * drivers.precision + 10.0 * order + if leak.found { 20.0 } else { 0.0 } + 25.0 * clean + 25.0 * auc
}
