//! Out of the window: file dialogs on their own thread, saved projects, exported lists, bundles.

use std::path::PathBuf;
use std::sync::mpsc::channel;

use regulars_engine::deploy::DeployError;
use regulars_engine::project::{self, SavedProject, SavedRun};
use regulars_engine::{Error, files};

use super::State;
use crate::window::notice::{Told, Tone};
use crate::words::{self, Lang};

/// What a file dialog was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Open,
    SaveProject,
    ExportCustomers,
    SaveBundle,
}

impl State {
    /// Opens a file dialog on a thread of its own: a portal that hangs must not hang the window.
    pub fn ask(&mut self, ask: Ask) {
        let (sender, receiver) = channel();
        let ctx = self.ctx.clone();
        let name = self.table.as_ref().map_or_else(|| "customers".into(), |t| t.name.clone());
        let spawned = std::thread::Builder::new().name("regulars-dialog".into()).spawn(move || {
            let dialog = rfd::FileDialog::new();
            let path = match ask {
                Ask::Open => dialog
                    .add_filter("CSV, TXT, Regulars", &["csv", "tsv", "txt", "regulars"])
                    .add_filter("*", &["*"])
                    .pick_file(),
                Ask::SaveProject => dialog.set_file_name(format!("{name}.regulars")).save_file(),
                Ask::ExportCustomers => dialog.set_file_name(format!("{name} by risk.csv")).save_file(),
                Ask::SaveBundle => dialog.set_file_name(format!("{name}.bundle")).save_file(),
            };
            let _ = sender.send((ask, path));
            ctx.request_repaint();
        });
        if spawned.is_ok() {
            self.dialog = Some(receiver);
        }
    }

    /// The answer of a file dialog, if it has come.
    pub fn answer(&mut self) -> Option<(Ask, PathBuf)> {
        let receiver = self.dialog.as_ref()?;
        match receiver.try_recv() {
            Ok((ask, path)) => {
                self.dialog = None;
                path.map(|path| (ask, path))
            }
            Err(std::sync::mpsc::TryRecvError::Empty) => None,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                self.dialog = None;
                self.tell(Tone::Caution, "notice.no_dialog", Vec::new());
                None
            }
        }
    }

    /// Saves the project.
    pub fn save(&mut self, path: PathBuf) {
        let Some(table) = &self.table else { return };
        // Runs of an opened project that still wait for their data are not lost by saving.
        let runs = match self.outcomes.is_empty() {
            true => self.waiting_runs.clone(),
            false => self.outcomes.iter().map(|o| SavedRun::of(o, &self.outcomes_key)).collect(),
        };
        let project = SavedProject::new(
            self.settings.clone(),
            std::path::absolute(&table.source.file).unwrap_or_else(|_| table.source.file.clone()),
            table.source.hash.clone(),
            runs,
        );
        match project.save(&path) {
            Ok(()) => {
                self.saved = true;
                self.tell(Tone::Good, "notice.saved", vec![("file", path.display().to_string())]);
                self.project_file = Some(path);
            }
            Err(error) => self.fail(error.into()),
        }
    }

    /// Writes the ranked list, as it is shown.
    /// `places` are positions in the ranked list, in the order shown.
    pub fn export_customers(&mut self, lang: Lang, places: Vec<usize>, path: PathBuf) {
        let (Some(list), segments) = (self.customers.clone(), self.segments.clone()) else { return };
        self.write = Some(self.start(move |_| {
            let header: Vec<String> = words::ranked_header(lang);
            let rows = places.iter().filter_map(|&at| {
                list.get(at).map(|c| words::ranked_row(lang, at + 1, c, segments.as_deref()))
            });
            files::write_csv(&path, &header, rows)
                .map_err(|cause| Error::from(DeployError::Write { file: path.clone(), cause }))?;
            let args = vec![("count", places.len().to_string()), ("file", path.display().to_string())];
            Ok(Told::Key("notice.exported", args))
        }));
    }

    /// Writes the bundle of the shown model.
    pub fn save_bundle(&mut self, path: PathBuf) {
        let (Some(prepared), Some(outcome)) = (self.trained_on.clone(), self.shown().cloned()) else {
            return;
        };
        let settings = self.settings.clone();
        self.write = Some(self.start(move |_| {
            project::bundle(&settings, &prepared, &outcome).save(&path)?;
            Ok(Told::Key("notice.bundle", vec![("file", path.display().to_string())]))
        }));
    }
}
