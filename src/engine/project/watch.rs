//! A folder that is watched: every new export is scored once, whatever stops the program and when.
//!
//! The order of the steps carries the promise. The list is made in a folder of its own and renamed; then
//! the journal says that the content is done; then it goes into the audit trail; then somebody is told.
//! Stopped before the journal, the same list is made again under the same name; stopped after it, what is
//! missing is done at the next start.

mod retrain;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{Gate, Secrets, Settings, Source};
use crate::deploy::audit::{self, What};
use crate::deploy::batch::{self, Ask, Batch};
use crate::deploy::drift::{DriftReport, Rules};
use crate::deploy::watch::{
    Done, DoneResult, Journal, Looked, Notice, Notified, Notify, WatchSpec, hash_of, now, settled, wait,
};
use crate::deploy::{Bundle, DeployError, Lacking, read_json};
use crate::features::behaviour::Date;
use crate::files;
use crate::job::Reporter;

/// Bytes from which a delimited text is scored block by block.
pub const STREAMED_FROM: u64 = 64 << 20;
/// Passes after which a notice is given up.
const NOTICE_PASSES: u32 = 50;
/// Entries of the audit trail that are looked through after a stop.
const LOOKED_BACK: usize = 64;
/// Troubles that may pass: the file is tried again at the next look.
const PASSING: [&str; 8] = [
    "not_found",
    "no_permission",
    "read_failed",
    "too_large",
    "write_failed",
    "file_unsettled",
    "bad_watch_settings",
    "cancelled",
];

/// What happened during a pass, as it happens.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    /// A content was handled.
    Done(Done),
    /// A file waits for the next look: it is still being written, or a trouble may pass.
    Waits { file: String, kind: Option<&'static str> },
    /// A notice did not get through.
    NotTold { file: String, cause: String },
    /// A challenger was trained from so many customers, and judged.
    Retrained { learnt: usize, gate: Gate },
    /// No challenger could be trained or judged; it is tried again when there is another file.
    NotRetrained { kind: &'static str, cause: String },
}

/// What a pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    pub scored: usize,
    pub refused: usize,
    /// Files that wait for the next look.
    pub waiting: usize,
}

/// One program's hold on a watched folder.
pub struct Watcher {
    spec: WatchSpec,
    journal: Journal,
    looked: Looked,
    rules: Rules,
    notify: Option<Notify>,
    bundle: Option<Bundle>,
    /// Contents of files that have not changed since.
    known: HashMap<PathBuf, (u64, SystemTime, String)>,
    /// What was seen of the files with outcomes, and those with which nothing could be done.
    labelled: Looked,
    tried: Vec<String>,
}

/// Scores a file of exports as the command line does: delimited text from 64 MiB on block by block, or
/// wherever `streamed` says so; everything else whole.
///
/// # Errors
/// The file cannot be read or lacks a column; the disk or the folder refuses; the person cancelled.
pub fn score_export(
    ask: Ask<'_>,
    settings: &Settings,
    file: &Path,
    (out, streamed): (&Path, bool),
    report: &Reporter,
) -> crate::Result<Batch> {
    let is_large = std::fs::metadata(file).is_ok_and(|meta| meta.len() >= STREAMED_FROM);
    if (streamed || is_large)
        && let Some(batch) = batch::score(ask, file, out, report)?
    {
        return Ok(batch);
    }
    let sources = [Source::File(file.to_owned())];
    let table = super::open_for(ask.bundle, settings, (&sources, &Secrets::default()), None, report)?;
    batch::score_whole(ask, &table, out, report)
}

/// The drift of data from anywhere, and the scores behind it.
///
/// # Errors
/// As [`super::open_for`]; a needed column is missing.
pub fn drift_of_files(
    bundle: &Bundle,
    settings: &Settings,
    from: (&[Source], &Secrets),
    (day, lacking): (Option<Date>, Lacking),
    (rules, report): (&Rules, &Reporter),
) -> crate::Result<(DriftReport, crate::deploy::Scores)> {
    let table = super::open_for(bundle, settings, from, day, report)?;
    let scores = bundle.score(&table, lacking, report)?;
    Ok((batch::drift_of(bundle, &scores, rules), scores))
}

/// The drift report of a content that a watch has scored, by its hash.
///
/// # Errors
/// There is none, or it is damaged.
pub fn watch_drift(spec: &WatchSpec, hash: &str) -> crate::Result<DriftReport> {
    Ok(read_json(&drift_path(spec, hash))?)
}

fn drift_path(spec: &WatchSpec, hash: &str) -> PathBuf {
    let short: String = hash.chars().take(16).collect();
    spec.state().join("drift").join(format!("{short}.json"))
}

impl Watcher {
    /// Takes hold of the folder of lists.
    ///
    /// # Errors
    /// Another program has it; settings cannot be used; lists would land among the exports.
    pub fn open(spec: WatchSpec) -> crate::Result<Self> {
        if !spec.folder.is_dir() {
            return Err(DeployError::NotFound { file: spec.folder }.into());
        }
        std::fs::create_dir_all(&spec.out).map_err(|cause| DeployError::write(&spec.out, cause))?;
        if files::is_same(&spec.folder, &spec.out) {
            return Err(DeployError::IsInput { file: spec.out }.into());
        }
        let rules = spec.rules.as_deref().map(Rules::open).transpose()?.unwrap_or_default();
        let notify = spec.notify.as_deref().map(Notify::open).transpose()?;
        let journal = Journal::open(&spec.state())?;
        let (looked, labelled, known) = (Looked::default(), Looked::default(), HashMap::new());
        let tried = Vec::new();
        Ok(Self { spec, journal, looked, rules, notify, bundle: None, known, labelled, tried })
    }

    /// What it was asked for.
    pub fn spec(&self) -> &WatchSpec {
        &self.spec
    }

    /// One look: what was left open is finished, then every new content that has come to rest is scored,
    /// then, where it is time, a challenger is trained and judged.
    ///
    /// # Errors
    /// The bundle cannot be opened; the folder cannot be read; journal or trail cannot be written; the
    /// person cancelled. What is wrong with a single file is an event.
    pub fn pass(&mut self, report: &Reporter, tell: &mut dyn FnMut(WatchEvent)) -> crate::Result<Pass> {
        self.journal.settle(&trail(&self.spec))?;
        self.open_model()?;
        for hash in self.journal.open_ends() {
            self.settle_up(&hash, report, tell)?;
        }
        let settle = Duration::from_secs(self.spec.settle);
        let mut pass = Pass::default();
        let found = settled(&self.spec.folder, &mut self.looked, settle)?;
        for (at, (path, rests)) in found.iter().enumerate() {
            report.check()?;
            report.progress(at as f64 / found.len() as f64);
            let file = files::name_of(path);
            if !rests {
                pass.waiting += 1;
                tell(WatchEvent::Waits { file, kind: None });
                continue;
            }
            let outcome = self.content_of(path, report).and_then(|hash| match self.journal.done(&hash) {
                Some(_) => Ok(None),
                None => self.handle(path, &hash, report).map(|done| Some((hash, done))),
            });
            match outcome {
                Ok(None) => {}
                Ok(Some((hash, done))) => {
                    match done.result {
                        DoneResult::Scored { .. } => pass.scored += 1,
                        DoneResult::Refused { .. } => pass.refused += 1,
                    }
                    self.journal.set(&hash, done.clone())?;
                    self.write_problems()?;
                    tell(WatchEvent::Done(done));
                    self.settle_up(&hash, report, tell)?;
                }
                Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
                Err(error) => {
                    pass.waiting += 1;
                    tell(WatchEvent::Waits { file, kind: Some(error.kind()) });
                }
            }
        }
        self.retrain(report, tell)?;
        report.progress(1.0);
        Ok(pass)
    }

    /// Looks once, and again for files that are still being written, at most `patience` long.
    ///
    /// # Errors
    /// As [`pass`](Self::pass).
    pub fn once(
        &mut self,
        patience: Duration,
        report: &Reporter,
        tell: &mut dyn FnMut(WatchEvent),
    ) -> crate::Result<Pass> {
        let until = std::time::Instant::now() + patience;
        let mut sum = Pass::default();
        loop {
            let pass = self.pass(report, tell)?;
            sum = Pass {
                scored: sum.scored + pass.scored,
                refused: sum.refused + pass.refused,
                waiting: pass.waiting,
            };
            if pass.waiting == 0 || std::time::Instant::now() >= until {
                return Ok(sum);
            }
            wait(Duration::from_millis(500), report)?;
        }
    }

    /// Looks every so often, until cancelled.
    ///
    /// # Errors
    /// As [`pass`](Self::pass).
    pub fn run(&mut self, report: &Reporter, tell: &mut dyn FnMut(WatchEvent)) -> crate::Result<()> {
        loop {
            self.pass(report, tell)?;
            wait(Duration::from_secs(self.spec.every.max(1)), report)?;
        }
    }

    /// The bundle in use: the challenger that took over last, else the one given. A changed one is opened
    /// again.
    fn open_model(&mut self) -> crate::Result<()> {
        let path = model_path(&self.spec, self.journal.models());
        if !path.exists() {
            return Err(DeployError::NotFound { file: path }.into());
        }
        let hash = hash_of(&path, &Reporter::silent())?;
        if self.bundle.is_some() && self.journal.model() == hash {
            return Ok(());
        }
        self.bundle = Some(Bundle::open_with(&path, self.spec.passphrase.as_ref())?);
        if self.journal.model() != hash {
            let detail = BTreeMap::from([
                ("bundle".to_owned(), files::name_of(&path).into()),
                ("model".to_owned(), hash.clone().into()),
            ]);
            let (_, head) = audit::append(&trail(&self.spec), What::Opened, detail)?;
            self.journal.set_model(hash, self.journal.models().to_vec())?;
            self.journal.set_head(head)?;
        }
        Ok(())
    }

    /// The content's hash; that of an unchanged file is remembered.
    fn content_of(&mut self, path: &Path, report: &Reporter) -> crate::Result<String> {
        let meta = std::fs::metadata(path).ok();
        let state = meta.and_then(|meta| Some((meta.len(), meta.modified().ok()?)));
        if let (Some(state), Some((length, modified, hash))) = (state, self.known.get(path))
            && state == (*length, *modified)
        {
            return Ok(hash.clone());
        }
        let hash = hash_of(path, report)?;
        if let Some((length, modified)) = state {
            self.known.insert(path.to_owned(), (length, modified, hash.clone()));
        }
        Ok(hash)
    }

    /// Scores one content. What is wrong with the file itself is a result; what may pass is an error.
    fn handle(&self, path: &Path, hash: &str, report: &Reporter) -> crate::Result<Done> {
        let Some(bundle) = &self.bundle else {
            return Err(DeployError::NotFound { file: self.spec.bundle.clone() }.into());
        };
        let state = self.spec.state();
        let short: String = hash.chars().take(16).collect();
        let part = state.join("parts").join(format!("{short}.csv"));
        let settings = Settings::default();
        let lacking = if self.spec.fill { Lacking::Fill } else { Lacking::Refuse };
        let ask = Ask { bundle, lacking, read: &settings.read, rules: &self.rules };
        let file = files::name_of(path);
        let done = |result| Done {
            file: file.clone(),
            when: now(),
            model: self.journal.model().to_owned(),
            notice: match &self.notify {
                Some(notify) if notify.wants(&result) => Notified::Pending { failed: 0 },
                _ => Notified::Nobody,
            },
            result,
            audited: false,
        };
        let scored = score_export(ask, &settings, path, (&part, false), &report.part(0.0, 0.0));
        // What was scored must be what was hashed: a file that grew meanwhile is another content.
        if hash_of(path, report)? != hash {
            return Err(DeployError::Unsettled { file: path.to_owned() }.into());
        }
        let batch = match scored {
            Ok(batch) => batch,
            Err(error) if PASSING.contains(&error.kind()) => return Err(error),
            Err(error) => {
                let place = error.place();
                let kind = error.kind().to_owned();
                return Ok(done(DoneResult::Refused { kind, row: place.row, column: place.column }));
            }
        };
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let name = format!("{stem}.{}.csv", hash.get(..8).unwrap_or(hash));
        let report_at = drift_path(&self.spec, hash);
        let json = serde_json::to_vec(&batch.drift).map_err(std::io::Error::other);
        json.and_then(|json| files::write_atomically(&report_at, |out| out.write_all(&json)))
            .map_err(|cause| DeployError::write(&report_at, cause))?;
        let out = self.spec.out.join(&name);
        std::fs::rename(&part, &out).map_err(|cause| DeployError::write(&out, cause))?;
        let largest = batch.drift.columns.iter().map(|column| column.psi).fold(0.0, f64::max);
        Ok(done(DoneResult::Scored {
            out: name,
            rows: batch.rows,
            at_risk: batch.at_risk,
            flagged: batch.flagged,
            rejected: batch.rejected,
            psi: largest,
            score_psi: batch.drift.score.as_ref().map(|score| score.psi),
            alerts: batch.drift.alerts,
        }))
    }

    /// Writes a done content into the audit trail and tells of it, where that is still open.
    fn settle_up(
        &mut self,
        hash: &str,
        report: &Reporter,
        tell: &mut dyn FnMut(WatchEvent),
    ) -> crate::Result<()> {
        let Some(mut done) = self.journal.done(hash).cloned() else { return Ok(()) };
        if !done.audited {
            let head = self.audit(hash, &done)?;
            done.audited = true;
            self.journal.set(hash, done.clone())?;
            self.journal.set_head(head)?;
        }
        let (Notified::Pending { failed }, Some(notify)) = (done.notice, &self.notify) else { return Ok(()) };
        done.notice = match notify.send(&Notice::of(hash, &done), report) {
            Ok(()) => Notified::Sent,
            Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
            Err(error) => {
                tell(WatchEvent::NotTold { file: done.file.clone(), cause: error.to_string() });
                match failed + 1 {
                    failed if failed >= NOTICE_PASSES => Notified::GivenUp,
                    failed => Notified::Pending { failed },
                }
            }
        };
        self.journal.set(hash, done)?;
        Ok(())
    }

    /// The entry of a content, unless a stopped program has written it already.
    fn audit(&self, hash: &str, done: &Done) -> crate::Result<audit::Head> {
        let path = trail(&self.spec);
        let last = if path.exists() { audit::entries(&path, LOOKED_BACK)? } else { Vec::new() };
        let is_ours =
            |entry: &&audit::Entry| entry.detail.get("content").and_then(Value::as_str) == Some(hash);
        if last.iter().any(|entry| is_ours(&entry))
            && let Some(end) = last.last()
        {
            return Ok(audit::Head { count: end.seq, hash: end.hash.clone() });
        }
        let mut detail = BTreeMap::from([
            ("content".to_owned(), Value::from(hash)),
            ("model".to_owned(), done.model.clone().into()),
        ]);
        let what = match &done.result {
            DoneResult::Scored { rows, at_risk, rejected, alerts, .. } => {
                let counts = [("rows", *rows), ("at_risk", *at_risk), ("rejected", *rejected)];
                detail.extend(counts.map(|(name, count)| (name.to_owned(), count.into())));
                detail.insert("alerts".to_owned(), alerts.len().into());
                What::Scored
            }
            DoneResult::Refused { kind, .. } => {
                detail.insert("kind".to_owned(), kind.clone().into());
                What::Refused
            }
        };
        Ok(audit::append(&path, what, detail)?.1)
    }

    /// `problems.jsonl` beside the lists: the files that could not be scored, from the journal.
    fn write_problems(&self) -> crate::Result<()> {
        let (done, _) = Journal::look(&self.spec.state())?;
        let lines: Vec<Value> = done.iter().filter_map(|(hash, done)| problem(hash, done)).collect();
        let path = self.spec.out.join("problems.jsonl");
        if lines.is_empty() && !path.exists() {
            return Ok(());
        }
        files::write_atomically(&path, |out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
            .map_err(|cause| DeployError::write(&path, cause).into())
    }
}

fn problem(hash: &str, done: &Done) -> Option<Value> {
    let DoneResult::Refused { kind, row, column } = &done.result else { return None };
    Some(serde_json::json!({
        "when": done.when, "file": done.file, "content": hash, "kind": kind, "row": row, "column": column,
    }))
}

/// The audit trail of a watch.
pub(super) fn trail(spec: &WatchSpec) -> PathBuf {
    spec.state().join("audit.jsonl")
}

/// The bundle in use: the last of the models kept, else the one given.
pub(super) fn model_path(spec: &WatchSpec, models: &[String]) -> PathBuf {
    models.last().map_or_else(|| spec.bundle.clone(), |name| spec.state().join("models").join(name))
}
