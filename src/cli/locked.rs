//! Projects and bundles that a passphrase locks: how every command opens them, `regulars lock` and
//! `regulars unlock`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;
use regulars_engine::Error;
use regulars_engine::deploy::Bundle;
use regulars_engine::deploy::scorer::{Carried, Scorer};
use regulars_engine::privacy::{LockError, Passphrase, is_locked};
use regulars_engine::project::{self, Lockable, ProjectError, SavedProject};
use serde_json::json;

use super::{Outcome, source};
use crate::words::Lang;

/// The variable of the environment that may hold the passphrase.
const PASSPHRASE: &str = "REGULARS_PASSPHRASE";
/// The one that may hold the passphrase that takes its place.
const NEW: &str = "REGULARS_NEW_PASSPHRASE";

/// The file of `--passphrase-file`; its content is read when it is needed and not kept.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Notes where the passphrase is.
pub(super) fn passphrase_in(file: Option<PathBuf>) {
    file.into_iter().for_each(|file| {
        // Arguments are read once.
        let _ = FILE.set(file);
    });
}

/// A project, locked or not.
pub(super) fn project(path: &Path) -> Result<SavedProject, Error> {
    Ok(SavedProject::open_with(path, passphrase_of(path)?.as_ref())?)
}

/// A project, locked or not, and what it is to be saved with so that it stays as it is.
pub(super) fn project_to_save(path: &Path) -> Result<(SavedProject, Option<Passphrase>), Error> {
    let passphrase = passphrase_of(path)?;
    Ok((SavedProject::open_with(path, passphrase.as_ref())?, passphrase))
}

/// A bundle, locked or not.
pub(super) fn bundle(path: &Path) -> Result<Bundle, Error> {
    Ok(Bundle::open_with(path, passphrase_of(path)?.as_ref())?)
}

/// The model of a bundle or of a project, locked or not, with the project around it.
pub(super) fn model(path: &Path) -> Result<(Bundle, Option<SavedProject>), Error> {
    if path.extension().is_none_or(|ending| ending != "regulars") {
        return Ok((bundle(path)?, None));
    }
    let mut saved = project(path)?;
    let model = saved.bundle.take().ok_or_else(|| ProjectError::NoModel { file: path.to_owned() })?;
    Ok((model, Some(saved)))
}

/// What opens the locked ones of several files, which share a passphrase; nothing where none is locked.
pub(super) fn passphrase_of_any<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
) -> Result<Option<Passphrase>, Error> {
    paths.into_iter().find(|path| is_locked(path)).map_or(Ok(None), passphrase_of)
}

/// The file of `--passphrase-file`.
pub(super) fn passphrase_file() -> Option<&'static Path> {
    FILE.get().map(PathBuf::as_path)
}

/// What a scorer carries, locked or not.
pub(super) fn carried(scorer: &Scorer) -> Result<Carried, Error> {
    let passphrase = if scorer.is_locked()? { ask(scorer.file())? } else { None };
    Ok(scorer.open(passphrase.as_ref())?)
}

/// What opens a file: nothing for one that is not locked.
pub(super) fn passphrase_of(path: &Path) -> Result<Option<Passphrase>, Error> {
    if is_locked(path) { ask(path) } else { Ok(None) }
}

fn ask(path: &Path) -> Result<Option<Passphrase>, Error> {
    if let Some(text) = given(FILE.get().map(PathBuf::as_path), PASSPHRASE)? {
        return Ok(Some(Passphrase::new(text)));
    }
    let prompt = Lang::of_environment().with("lock.cli.ask", &[("file", path.display().to_string())]);
    Ok(source::ask_hidden(&prompt).map(Passphrase::new))
}

/// The passphrase of a file's first line, else of a variable.
fn given(file: Option<&Path>, variable: &str) -> Result<Option<String>, Error> {
    match file {
        Some(file) => {
            let read = |cause| LockError::Read { file: file.to_owned(), cause };
            let text = std::fs::read_to_string(file).map_err(read).map_err(ProjectError::from)?;
            Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
        }
        None => Ok(std::env::var(variable).ok().filter(|text| !text.is_empty())),
    }
}

/// A passphrase to lock with: given, or typed twice.
fn to_lock(file: Option<&Path>, variable: &str) -> Result<Passphrase, Error> {
    let lang = Lang::of_environment();
    let text = match given(file, variable)? {
        Some(text) => text,
        None => {
            let typed = source::ask_hidden(&lang.t("lock.cli.new")).unwrap_or_default();
            if !typed.is_empty() && source::ask_hidden(&lang.t("lock.cli.again")).as_ref() != Some(&typed) {
                return Err(ProjectError::from(LockError::Differ).into());
            }
            typed
        }
    };
    Ok(Passphrase::to_lock(text).map_err(ProjectError::from)?)
}

#[derive(Args)]
pub(super) struct Lock {
    /// A project or a bundle; one that is locked gets another passphrase
    file: PathBuf,
    /// Where the locked file is written (default: in the place of the file)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The file whose first line is the new passphrase of a locked file (else REGULARS_NEW_PASSPHRASE, or
    /// typed)
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct Unlock {
    /// A locked project or bundle
    file: PathBuf,
    /// Where the open file is written (default: in the place of the file)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Lock {
    pub(super) fn run(&self) -> Outcome {
        let was_locked = is_locked(&self.file);
        let old = passphrase_of(&self.file)?;
        let new = match was_locked {
            true => to_lock(self.new_passphrase_file.as_deref(), NEW)?,
            false => to_lock(FILE.get().map(PathBuf::as_path), PASSPHRASE)?,
        };
        let out = self.out.as_deref().unwrap_or(&self.file);
        let kind = project::relock(&self.file, out, old.as_ref(), Some(&new)).map_err(ProjectError::from)?;
        let key = if was_locked { "lock.cli.changed" } else { "lock.cli.locked" };
        Ok(told(key, kind, out, true, self.json))
    }
}

impl Unlock {
    pub(super) fn run(&self) -> Outcome {
        let old = passphrase_of(&self.file)?;
        let out = self.out.as_deref().unwrap_or(&self.file);
        let kind = project::relock(&self.file, out, old.as_ref(), None).map_err(ProjectError::from)?;
        Ok(told("lock.cli.unlocked", kind, out, false, self.json))
    }
}

fn told(key: &str, kind: Lockable, out: &Path, locked: bool, json: bool) -> serde_json::Value {
    let file = out.display().to_string();
    if !json {
        super::out!("{}", Lang::of_environment().with(key, &[("file", file.clone())]));
    }
    let kind = match kind {
        Lockable::Project => "project",
        Lockable::Bundle => "bundle",
    };
    json!({ "file": file, "holds": kind, "locked": locked })
}
