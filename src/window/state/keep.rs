//! Projects that last: saved, saved by themselves, found again after a crash or a move.

use std::path::{Path, PathBuf};

use regulars_engine::project::{Found, Recovered, Recovery, SavedProject, find_source};

use super::{State, ended};
use crate::window::notice::Tone;

/// Data that an opened project asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Lacks {
    pub file: PathBuf,
    pub hash: String,
    pub bytes: Option<u64>,
}

impl State {
    /// Autosaves go to `folder` from now on.
    pub fn keep_in(&mut self, folder: &Path) {
        match Recovery::new(folder) {
            Ok(recovery) => self.recovery = Some(recovery),
            Err(cause) => {
                let args = vec![("file", folder.display().to_string()), ("cause", cause.to_string())];
                self.tell(Tone::Caution, "notice.no_autosave", args);
            }
        }
    }

    /// Something changed that is worth keeping.
    pub(super) fn touch(&mut self) {
        self.saved = false;
        self.unkept = true;
    }

    /// Notes a change that was made in place.
    pub fn changed(&mut self) {
        self.touch();
    }

    /// The project as it stands.
    fn project(&self) -> Option<SavedProject> {
        let (file, hash, bytes) = match (&self.table, &self.lacks) {
            (Some(table), _) => {
                let file = &table.source.file;
                let whole = std::path::absolute(file).unwrap_or_else(|_| file.clone());
                (whole, table.source.hash.clone(), Some(table.source.bytes))
            }
            (None, Some(lacks)) => (lacks.file.clone(), lacks.hash.clone(), lacks.bytes),
            (None, None) => return None,
        };
        let mut project = SavedProject::new(self.settings.clone(), file, hash);
        project.bytes = bytes;
        project.runs = self.saved_runs();
        project.shown = match self.runs.is_empty() {
            true => self.waiting_shown,
            false => Some((self.shown_run, self.shown_model)),
        };
        project.bundle = self.bundle.as_deref().cloned();
        project.lists = self.lists.clone();
        if let Some(list) = self.present_list() {
            SavedProject::keep_list(&mut project.lists, list);
        }
        project.follow_ups = self.follow_ups.clone();
        project.was_training = self.train.is_some() || self.cut_off;
        Some(project)
    }

    /// Saves the project.
    pub fn save(&mut self, path: PathBuf) {
        let Some(project) = self.project() else { return };
        match project.save(&path) {
            Ok(()) => {
                self.saved = true;
                self.unkept = false;
                self.tell(Tone::Good, "notice.saved", vec![("file", path.display().to_string())]);
                self.project_file = Some(path);
                if self.autosave.is_none() {
                    self.recovery.iter().for_each(Recovery::clear);
                }
            }
            Err(error) => self.fail(error.into()),
        }
    }

    /// Opens a project that was read from a file; `None` for one that was never saved.
    pub(super) fn open_saved(&mut self, saved: SavedProject, path: Option<PathBuf>) {
        self.reset(saved.settings);
        self.waiting_runs = saved.runs;
        self.waiting_shown = saved.shown;
        self.bundle = saved.bundle.map(std::sync::Arc::new);
        self.lists = saved.lists;
        self.follow_ups = saved.follow_ups;
        self.cut_off = saved.was_training;
        let beside = path.clone().unwrap_or_default();
        self.project_file = path;
        match find_source(&beside, &saved.file, &saved.hash, saved.bytes) {
            Found::InPlace(file) => self.read(file),
            Found::Moved(file) => {
                let args =
                    vec![("old", saved.file.display().to_string()), ("new", file.display().to_string())];
                self.tell(Tone::Good, "notice.found_again", args);
                self.read(file);
            }
            Found::Nowhere => {
                self.lacks = Some(Lacks { file: saved.file, hash: saved.hash, bytes: saved.bytes });
            }
        }
    }

    /// Opens what a crash left behind. Until it is saved, it is unsaved.
    pub fn recover(&mut self, left: &Recovered) {
        match left.open() {
            Ok(saved) => {
                self.open_saved(saved, left.origin.clone());
                self.touch();
                self.recovering = Some(left.clone());
            }
            Err(error) => self.fail(error.into()),
        }
    }

    /// True while an autosave is being written, or waits for one.
    pub fn keeping(&self) -> bool {
        self.autosave.is_some() || self.unkept && self.recovery.is_some()
    }

    pub(super) fn poll_autosave(&mut self) {
        let news = ended(&mut self.autosave);
        match news {
            // Told once; the next edit tries again.
            Some(Some(Err(error))) => self.fail(error),
            // What was recovered stands in the new autosave.
            Some(Some(Ok(()))) => self.recovering.take().iter().for_each(Recovered::discard),
            _ => {}
        }
        if !self.unkept || self.autosave.is_some() {
            return;
        }
        let Some(path) = self.recovery.as_ref().map(|r| r.file().to_owned()) else {
            self.unkept = false;
            return;
        };
        let Some(mut project) = self.project() else { return };
        project.origin = self.project_file.clone();
        self.unkept = false;
        self.autosave = Some(self.start(move |_| Ok(project.save(&path)?)));
    }

    /// The program is closed in peace: what is saved needs no recovery. What is not stays, and is
    /// offered at the next start.
    pub fn close(&mut self) {
        let left = !self.saved || self.train.is_some();
        if left && let (Some(recovery), Some(mut project)) = (&self.recovery, self.project()) {
            project.origin = self.project_file.clone();
            // The last word: there is no window left to tell a failure.
            let _ = project.save(recovery.file());
            // Keeps the file: dropping it would take it away.
            std::mem::forget(self.recovery.take());
        }
    }
}
