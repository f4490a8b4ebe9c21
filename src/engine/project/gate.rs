//! Champion and challenger: a new model takes over only where it is better beyond chance, on rows that
//! neither has learnt from. Both are kept, so that there is a way back.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::watch::{model_path, trail};
use super::{Secrets, Settings, Source};
use crate::deploy::audit::What;
use crate::deploy::watch::{Journal, Owed, WatchSpec, hash_of, now};
use crate::deploy::{Bundle, DeployError, Lacking, Scores};
use crate::files;
use crate::job::Reporter;
use crate::metrics::{Paired, paired_auc};

/// Customers of either outcome that a judgement wants, at least.
const LEAST: usize = 10;

/// How the two compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// Customers whose outcome is known, and those that it happened to.
    pub rows: usize,
    pub positives: usize,
    pub champion_auc: f64,
    pub challenger_auc: f64,
    /// ROC AUC of the challenger less that of the champion, with its 95% interval (DeLong et al. 1988).
    pub paired: Paired,
    /// The whole interval lies above zero.
    pub takes_over: bool,
}

/// Compares two models on customers whose outcome is known by now.
///
/// # Errors
/// The file is what one of them learnt from; it has too few customers of either outcome; it cannot be
/// read or lacks a column.
pub fn judge_challenger(
    (champion, challenger): (&Bundle, &Bundle),
    judge: &Path,
    report: &Reporter,
) -> crate::Result<Gate> {
    let hash = hash_of(judge, report)?;
    let learnt_from = |bundle: &Bundle| bundle.card.as_ref().is_some_and(|card| card.hash == hash);
    if learnt_from(champion) || learnt_from(challenger) {
        return Err(DeployError::SeenRows { file: judge.to_owned() }.into());
    }
    let sources = [Source::File(judge.to_owned())];
    let scores = |bundle: &Bundle| {
        let from = (sources.as_slice(), &Secrets::default());
        let table = super::open_for(bundle, &Settings::default(), from, None, report)?;
        bundle.score(&table, Lacking::Refuse, report)
    };
    compare_scores((&scores(champion)?, &scores(challenger)?), judge)
}

/// Compares what two models say of the same rows; `of` is named where they are too few.
///
/// # Errors
/// Too few customers of either outcome.
pub(super) fn compare_scores((first, second): (&Scores, &Scores), of: &Path) -> crate::Result<Gate> {
    // Both must speak of the same outcome: rows are paired by their place in the file.
    let mut of_second: BTreeMap<u32, (f64, Option<bool>)> =
        second.rows.iter().map(|row| (row.row, (row.probability, row.actual))).collect();
    let (mut a, mut b, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for row in &first.rows {
        if let (Some(actual), Some((probability, Some(other)))) = (row.actual, of_second.remove(&row.row))
            && actual == other
        {
            a.push(row.probability);
            b.push(probability);
            labels.push(actual);
        }
    }
    let positives = labels.iter().filter(|label| **label).count();
    let small = || DeployError::NoJudge { file: of.to_owned() };
    if positives < LEAST || labels.len() - positives < LEAST {
        return Err(small().into());
    }
    let paired = paired_auc(&b, &a, &labels).ok_or_else(small)?;
    let auc = |scores: &[f64]| crate::metrics::roc_auc(scores, &labels).ok_or_else(small);
    Ok(Gate {
        rows: labels.len(),
        positives,
        champion_auc: auc(&a)?,
        challenger_auc: auc(&b)?,
        takes_over: paired.low > 0.0 && paired.is_real(),
        paired,
    })
}

/// Lets a challenger try for a watched folder's place. Where it wins, it is kept beside the champion and
/// used from the next pass on; either way the audit trail says so.
///
/// # Errors
/// As [`judge_challenger`]; another program watches; the folder refuses.
pub fn challenge(
    spec: &WatchSpec,
    challenger: &Path,
    judge: &Path,
    report: &Reporter,
) -> crate::Result<Gate> {
    let mut journal = Journal::open(&spec.state())?;
    journal.settle(&trail(spec))?;
    let present = model_path(spec, journal.models());
    let open = |file: &Path| Bundle::open_with(file, spec.passphrase.as_ref());
    let gate = judge_challenger((&open(&present)?, &open(challenger)?), judge, report)?;
    let (champion_hash, challenger_hash) = (hash_of(&present, report)?, hash_of(challenger, report)?);
    let models = ((present.as_path(), champion_hash), (challenger, challenger_hash));
    decide(spec, &mut journal, models, &gate, (&[], BTreeMap::new()))?;
    Ok(gate)
}

/// Does what the gate says: where the challenger wins, it is kept beside the champion and used from the next
/// pass on. Either way the audit trail says so, whenever the program is stopped. `judged` are the files
/// whose rows judge no more, `more` what else the trail is told.
///
/// # Errors
/// The folder refuses.
pub(super) fn decide(
    spec: &WatchSpec,
    journal: &mut Journal,
    ((champion, champion_hash), (challenger, challenger_hash)): ((&Path, String), (&Path, String)),
    gate: &Gate,
    (judged, more): (&[String], BTreeMap<String, Value>),
) -> crate::Result<()> {
    let mut detail = BTreeMap::from([
        ("champion".to_owned(), champion_hash.clone().into()),
        ("challenger".to_owned(), challenger_hash.clone().into()),
        ("rows".to_owned(), gate.rows.into()),
        ("difference".to_owned(), gate.paired.difference.into()),
        ("low".to_owned(), gate.paired.low.into()),
    ]);
    detail.extend(more);
    if !gate.takes_over {
        journal.decide(None, judged, owed(What::Stayed, detail))?;
        return Ok(journal.settle(&trail(spec))?);
    }
    let mut models = journal.models().to_vec();
    if models.is_empty() {
        models.push(keep(spec, champion, &champion_hash)?);
    }
    models.push(keep(spec, challenger, &challenger_hash)?);
    journal.decide(Some((challenger_hash, models)), judged, owed(What::TookOver, detail))?;
    Ok(journal.settle(&trail(spec))?)
}

/// An entry for the trail that is like no other.
fn owed(what: What, mut detail: BTreeMap<String, Value>) -> Owed {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let text = format!("{} {} {}", now(), since.as_nanos(), std::process::id());
    let decision: String = blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect();
    detail.insert("decision".to_owned(), decision.into());
    Owed { what, detail }
}

/// Copies a bundle to those that are kept; its name there.
fn keep(spec: &WatchSpec, bundle: &Path, hash: &str) -> crate::Result<String> {
    let folder = spec.state().join("models");
    let name = format!("{}.bundle", hash.get(..16).unwrap_or(hash));
    let to = folder.join(&name);
    let copied = std::fs::create_dir_all(&folder).and_then(|()| {
        let bytes = std::fs::read(bundle)?;
        files::write_atomically(&to, |out| out.write_all(&bytes))
    });
    copied.map_err(|cause| DeployError::write(&to, cause))?;
    Ok(name)
}

/// Goes back to the model before; the one that is left stays in its folder. Returns the name of the model
/// that is used now.
///
/// # Errors
/// There is none; another program watches; the folder refuses.
pub fn roll_back(spec: &WatchSpec) -> crate::Result<String> {
    let mut journal = Journal::open(&spec.state())?;
    journal.settle(&trail(spec))?;
    let mut models = journal.models().to_vec();
    let left = models.pop().filter(|_| !models.is_empty());
    let (Some(left), Some(back)) = (left, models.last().cloned()) else {
        return Err(DeployError::NoEarlier { file: spec.out.clone() }.into());
    };
    let path = model_path(spec, &models);
    Bundle::open_with(&path, spec.passphrase.as_ref())?;
    let hash = hash_of(&path, &Reporter::silent())?;
    let detail = BTreeMap::from([("from".to_owned(), left.into()), ("to".to_owned(), back.clone().into())]);
    journal.decide(Some((hash, models)), &[], owed(What::RolledBack, detail))?;
    journal.settle(&trail(spec))?;
    Ok(back)
}
