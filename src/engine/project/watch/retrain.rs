//! Retraining by itself: a challenger learns from the project's files and from later files whose outcome is
//! known, and takes over only where it is better beyond chance on customers that neither model has seen.
//!
//! One customer in three of the later files, by a hash of the identifier, is never learnt from. Those among
//! files that have not judged before judge, once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use polars::prelude::{BooleanChunked, Column, DataFrame, DataType, NewChunkedArray as _};

use super::{WatchEvent, Watcher, model_path};
use crate::clean::CleanError;
use crate::deploy::watch::{RetrainSpec, hash_of, settled};
use crate::deploy::{Bundle, DeployError, Lacking, ids};
use crate::job::Reporter;
use crate::privacy::{Passphrase, is_locked};
use crate::project::{self, Found, Gate, SavedProject, Secrets, Settings, Source, gate};
use crate::table::{ColumnSpec, Role, Table};

/// One customer in so many of the later files judges and is never learnt from.
const JUDGES: u8 = 3;

/// A file with known outcomes, and the hash of its content.
type Month = (PathBuf, String);

impl Watcher {
    /// Trains a challenger and lets it try, where that is asked for and due: there is a file that has not
    /// judged yet, and the days are over or a list since the last decision has an alert.
    pub(super) fn retrain(
        &mut self,
        report: &Reporter,
        tell: &mut dyn FnMut(WatchEvent),
    ) -> crate::Result<()> {
        let Some(spec) = self.spec.retrain.clone() else { return Ok(()) };
        let months = self.months(&spec, report)?;
        let judged = self.journal.retrained().cloned().unwrap_or_default();
        let learnt = self.bundle.as_ref().and_then(|bundle| Some(bundle.card.as_ref()?.hash.clone()));
        let is_fresh = |hash: &String| !judged.judged.contains(hash) && learnt.as_ref() != Some(hash);
        let fresh: Vec<String> =
            months.iter().map(|(_, hash)| hash).filter(|hash| is_fresh(hash)).cloned().collect();
        let is_time = days_since(&judged.when).is_none_or(|days| days >= i64::from(spec.every_days));
        let is_due = is_time || self.journal.alarmed_since(&judged.when);
        if fresh.is_empty() || fresh == self.tried || !is_due {
            return Ok(());
        }
        match self.try_challenger(&spec, &months, &fresh, report) {
            Ok((learnt, gate)) => tell(WatchEvent::Retrained { learnt, gate }),
            Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
            Err(error) => {
                tell(WatchEvent::NotRetrained { kind: error.kind(), cause: error.to_string() });
                self.tried = fresh;
            }
        }
        Ok(())
    }

    /// The files with known outcomes that have come to rest, by name: the newest last.
    fn months(&mut self, spec: &RetrainSpec, report: &Reporter) -> crate::Result<Vec<Month>> {
        let settle = Duration::from_secs(self.spec.settle);
        let found = settled(&spec.labelled, &mut self.labelled, settle)?;
        let mut months: Vec<Month> = Vec::new();
        for (path, _) in found.into_iter().filter(|(_, rests)| *rests) {
            let hash = self.content_of(&path, report)?;
            if !months.iter().any(|(_, known)| *known == hash) {
                months.push((path, hash));
            }
        }
        Ok(months)
    }

    /// Trains and judges; the number of customers that were learnt from, and what the gate said.
    fn try_challenger(
        &mut self,
        spec: &RetrainSpec,
        months: &[Month],
        fresh: &[String],
        report: &Reporter,
    ) -> crate::Result<(usize, Gate)> {
        let Some(champion) = &self.bundle else { return Err(missing(&self.spec.bundle).into()) };
        let passphrase = self.spec.passphrase.as_ref();
        let (settings, base) = project_of((spec, passphrase), champion, report)?;
        let (learn, judge) = split(spec, &settings, base, (months, fresh), report)?;
        let challenger = learnt(settings, &learn, champion, &report.part(0.0, 0.9))?;
        let score = |bundle: &Bundle| bundle.score(&judge, Lacking::Fill, report);
        let gate = gate::compare_scores((&score(champion)?, &score(&challenger)?), &spec.labelled)?;
        // What came of it can be looked at, whoever won.
        let made = self.spec.state().join("models").join("challenger.bundle");
        std::fs::create_dir_all(self.spec.state().join("models"))
            .map_err(|cause| DeployError::write(&made, cause))?;
        let present = model_path(&self.spec, self.journal.models());
        // What is locked is followed by what is locked.
        let passphrase = self.spec.passphrase.as_ref().filter(|_| is_locked(&present));
        challenger.save_with(&made, passphrase)?;
        let (champion_hash, challenger_hash) = (hash_of(&present, report)?, hash_of(&made, report)?);
        let more = BTreeMap::from([
            ("learnt".to_owned(), learn.height().into()),
            ("judged".to_owned(), fresh.to_vec().into()),
        ]);
        let models = ((present.as_path(), champion_hash), (made.as_path(), challenger_hash));
        gate::decide(&self.spec, &mut self.journal, models, &gate, (fresh, more))?;
        if gate.takes_over {
            // The next pass opens the new one.
            self.bundle = None;
        }
        Ok((learn.height(), gate))
    }
}

fn missing(file: &Path) -> DeployError {
    DeployError::NotFound { file: file.to_owned() }
}

/// Whole days since a moment, UTC; `None` where there was none.
fn days_since(when: &str) -> Option<i64> {
    let then = chrono::DateTime::parse_from_rfc3339(when).ok()?;
    Some(chrono::Utc::now().signed_duration_since(then).num_days())
}

/// The project's settings, for the champion's question, and its rows.
fn project_of(
    (spec, passphrase): (&RetrainSpec, Option<&Passphrase>),
    champion: &Bundle,
    report: &Reporter,
) -> crate::Result<(Settings, Table)> {
    let cannot =
        |cause: &str| DeployError::BadSettings { file: spec.project.clone(), cause: cause.to_owned() };
    let saved = SavedProject::open_with(&spec.project, passphrase)?;
    if champion.behaviour.is_some() || saved.settings.question.is_some() {
        return Err(cannot("a model of a question over time is retrained by hand").into());
    }
    let mut sources = Vec::new();
    for wanted in saved.wanted() {
        if wanted.is_away() {
            return Err(cannot("its data are not on this computer").into());
        }
        match wanted.find(Some(&spec.project), report)? {
            Found::InPlace(file) | Found::Moved(file) => sources.push(wanted.at(file)),
            Found::Namesake(_) | Found::Nowhere => return Err(missing(&wanted.file).into()),
        }
    }
    let kind = champion.model.kind();
    let mut settings = Settings {
        threshold: champion.threshold,
        positive: Some(champion.positive.clone()),
        ..saved.settings
    };
    if kind.is_network() {
        settings.net.kind = kind;
    }
    let table = project::collect_sources(&sources, &Secrets::default(), &settings, report)?.table;
    match table.with_role(Role::Target).is_some_and(|column| column.name == champion.target) {
        true => Ok((settings, table)),
        false => Err(cannot("it has another target than the model").into()),
    }
}

/// The rows to learn from, each customer once, as the newest file has them; and the rows that judge.
fn split(
    spec: &RetrainSpec,
    settings: &Settings,
    base: Table,
    (months, fresh): (&[Month], &[String]),
    report: &Reporter,
) -> crate::Result<(Table, Table)> {
    let schema: Vec<ColumnSpec> = base.columns.iter().map(ColumnSpec::from).collect();
    let read = settings.read.without_columns();
    let plain = Settings { read, files: Vec::new(), sample: None, ..settings.clone() };
    let mut parts = vec![(base.clone(), false)];
    let mut hashes = base.source.hash.clone();
    for (path, hash) in months {
        let source = [Source::File(path.clone())];
        let month = project::collect_sources(&source, &Secrets::default(), &plain, report)?.table;
        parts.push((like(&base, &month)?, fresh.contains(hash)));
        hashes.push_str(hash);
    }
    let keys: Vec<Vec<String>> = parts.iter().map(|(part, _)| keys_of(part, &schema)).collect();
    let mut newest: HashMap<&str, (usize, usize)> = HashMap::new();
    for (part, keys) in keys.iter().enumerate() {
        newest.extend(keys.iter().enumerate().map(|(row, key)| (key.as_str(), (part, row))));
    }
    // Whoever is in a later file and judges is learnt from in none.
    let later = keys.iter().skip(1).flatten().map(String::as_str).filter(|key| judges(key));
    let apart: HashSet<&str> = later.collect();
    let of = |wanted: &dyn Fn(usize, usize, &str) -> bool| {
        let masks: Vec<Vec<bool>> = keys
            .iter()
            .enumerate()
            .map(|(part, keys)| keys.iter().enumerate().map(|(row, key)| wanted(part, row, key)).collect())
            .collect();
        taken(&base, &parts, &masks)
    };
    let is_newest = |part, row, key: &str| newest.get(key) == Some(&(part, row));
    let mut learn = of(&|part, row, key| is_newest(part, row, key) && !apart.contains(key))?;
    learn.source.hash = blake3::hash(hashes.as_bytes()).to_hex().to_string();
    let is_judge = |part: usize, row: usize, key: &str| {
        parts.get(part).is_some_and(|(_, is_fresh)| *is_fresh)
            && apart.contains(key)
            && is_newest(part, row, key)
    };
    let mut judge = of(&is_judge)?;
    judge.source.file.clone_from(&spec.labelled);
    Ok((learn, judge))
}

/// True for a customer who judges.
fn judges(key: &str) -> bool {
    blake3::hash(key.as_bytes()).as_bytes().first().is_some_and(|byte| byte % JUDGES == 0)
}

/// What each row's customer is known by: the identifier, or all of the row where there is none.
fn keys_of(table: &Table, schema: &[ColumnSpec]) -> Vec<String> {
    let id = ids(table, schema);
    let cells: Vec<_> = table.columns.iter().filter_map(|column| table.text(&column.name)).collect();
    let whole = |at: usize| {
        let cells = cells.iter().map(|column| column.get(at).unwrap_or_default());
        blake3::hash(cells.collect::<Vec<_>>().join("\u{1f}").as_bytes()).to_hex().to_string()
    };
    (0..table.height()).map(|at| id(at).unwrap_or_else(|| whole(at))).collect()
}

/// The rows of `month` under the columns of `base`; what it lacks is missing.
fn like(base: &Table, month: &Table) -> crate::Result<Table> {
    let names: Vec<&str> = base.columns.iter().map(|column| column.name.as_str()).collect();
    let (month, _) = month.aligned(&names);
    let column = |name: &&str| match month.raw.column(name) {
        Ok(column) => column.clone(),
        Err(_) => Column::full_null((*name).into(), month.height(), &DataType::String),
    };
    let raw = DataFrame::new(month.height(), names.iter().map(column).collect()).map_err(CleanError::from)?;
    Ok(Table { raw, columns: base.columns.clone(), ..month })
}

/// The marked rows of the parts under each other, numbered anew.
fn taken(base: &Table, parts: &[(Table, bool)], masks: &[Vec<bool>]) -> crate::Result<Table> {
    let mut raw = base.raw.clear();
    for ((part, _), mask) in parts.iter().zip(masks) {
        let mask = BooleanChunked::from_slice("taken".into(), mask);
        let rows = part.raw.filter(&mask).map_err(CleanError::from)?;
        raw.vstack_mut(&rows).map_err(CleanError::from)?;
    }
    let rows = u32::try_from(raw.height()).unwrap_or(u32::MAX);
    Ok(Table { raw, rows: Arc::new((1..=rows).collect()), records: rows.into(), ..base.clone() })
}

/// A challenger of the champion's kind.
fn learnt(settings: Settings, table: &Table, champion: &Bundle, report: &Reporter) -> crate::Result<Bundle> {
    let journey = project::run(&settings, table, champion.model.kind(), (None, None), report)?;
    journey.bundle(&settings, table, report)
}

#[cfg(test)]
mod tests;
