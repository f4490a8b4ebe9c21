//! Out of the window: file dialogs on their own thread, exported lists, bundles, reports.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use regulars_engine::deploy::{Change, Customer, DeployError};
use regulars_engine::evaluate::{Repair, RepairKind};
use regulars_engine::files::Grid;
use regulars_engine::privacy::cells::{self, Rule};
use regulars_engine::project::{self, CallList, RecipeFile, RunFolder, RunRecord};
use regulars_engine::{Error, files};

use super::{State, ended};
use crate::report;
use crate::window::notice::{Told, Tone};
use crate::words::{self, Lang};

/// What a path is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Open,
    Add,
    Month,
    SaveProject,
    CallList,
    SaveBundle,
    /// The model as a program of its own.
    Scorer,
    /// The model as a workbook with formulas.
    Workbook,
    Onnx,
    Report,
    /// One customer's card.
    Card,
    SaveRecipe,
    OpenRecipe,
    Grid,
    Png,
    Svg,
    /// A masked copy of one table.
    Mask,
    /// A folder for masked copies of several tables.
    MaskFolder,
    /// A folder for all that is needed to run a training again.
    RunFolder,
    /// An experiment and its two lists.
    Experiment,
    OpenExperiment,
    /// What became of the customers of an experiment.
    Results,
}

impl Ask {
    /// Ending of the file that is made; empty where one is opened, and for a folder.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Open
            | Self::Add
            | Self::Month
            | Self::OpenRecipe
            | Self::OpenExperiment
            | Self::Results
            | Self::MaskFolder
            | Self::RunFolder => "",
            Self::Experiment => "experiment.json",
            Self::Mask => "csv",
            Self::SaveProject => "regulars",
            Self::CallList | Self::Grid => "xlsx",
            Self::SaveBundle => "bundle",
            // Programs end in nothing but on Windows.
            Self::Scorer => std::env::consts::EXE_EXTENSION,
            Self::Workbook => "xlsx",
            Self::Onnx => "onnx",
            Self::Report | Self::Card => "html",
            Self::SaveRecipe => "json",
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    /// True where a file or folder is made.
    pub fn saves(self) -> bool {
        !self.ending().is_empty() || self.is_folder() || self == Self::Scorer
    }

    /// True where a folder is filled.
    pub fn is_folder(self) -> bool {
        matches!(self, Self::MaskFolder | Self::RunFolder)
    }
}

impl State {
    /// Opens a file dialog on a thread of its own: a portal that hangs must not hang the window.
    pub fn ask(&mut self, ask: Ask, suggested: &str) {
        let (sender, receiver) = channel();
        let ctx = self.ctx.clone();
        let name = files::name_of(Path::new(suggested));
        let spawned = std::thread::Builder::new().name("regulars-dialog".into()).spawn(move || {
            let dialog = rfd::FileDialog::new();
            let paths = if ask.is_folder() {
                dialog.pick_folder().map(|path| vec![path])
            } else if ask.saves() {
                dialog.set_file_name(name).save_file().map(|path| vec![path])
            } else {
                dialog.pick_files()
            };
            let _ = sender.send((ask, paths));
            ctx.request_repaint();
        });
        if spawned.is_ok() {
            self.dialog = Some(receiver);
        }
    }

    /// The answer of a file dialog, if it has come.
    pub fn answer(&mut self) -> Option<(Ask, Vec<PathBuf>)> {
        let receiver = self.dialog.as_ref()?;
        match receiver.try_recv() {
            Ok((ask, paths)) => {
                self.dialog = None;
                paths.map(|paths| (ask, paths))
            }
            Err(std::sync::mpsc::TryRecvError::Empty) => None,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                self.dialog = None;
                self.tell(Tone::Caution, "notice.no_dialog", Vec::new());
                None
            }
        }
    }

    /// Writes the call list of the customers at `places` of the list in force, in that order: as
    /// CSV, XLSX, or, where the path ends so, a page to print.
    pub fn export_call_list(&mut self, lang: Lang, places: Vec<usize>, path: PathBuf) {
        let standing = self.standing();
        let since = self.since.clone();
        let (settings, follow_ups) = (self.settings.clone(), self.follow_ups.clone());
        // A month's customers belong to no segment: the column would be blank.
        let segments = self.segments.clone().filter(|_| self.month.is_none());
        let classes = Some(self.classes_of()).filter(|of| self.month.is_none() && !of.is_empty());
        self.write = Some(self.start(move |report| {
            let Some((list, origin)) = standing.get() else {
                return Ok(Told::Key("notice.nothing", Vec::new()));
            };
            let chosen: Vec<&Customer> = places.iter().filter_map(|&at| list.get(at)).collect();
            let made = CallList::make(
                &settings.call_list,
                settings.threshold,
                origin,
                &chosen,
                &follow_ups,
                report,
            )?;
            let changes: HashMap<u32, Change> = since
                .iter()
                .flat_map(|since| list.iter().zip(&since.1.of))
                .map(|(customer, (change, _))| (customer.row, *change))
                .collect();
            let actions = &settings.classes.actions;
            let classes = classes.as_ref().map(|of| (of, actions));
            let mut grid = words::call_list(lang, &made, (segments.as_deref(), classes), &changes);
            words::money::add_lines(lang, &mut grid, &made, &settings.money);
            write(&path, |path| {
                if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("html")) {
                    let html = report::printable(lang, &grid, &made);
                    files::write_atomically(path, |out| out.write_all(html.as_bytes()))
                } else {
                    grid.write(path)
                }
            })?;
            let count = made.lines.len().to_string();
            Ok(Told::Key("notice.exported", vec![("count", count), ("file", path.display().to_string())]))
        }));
    }

    /// How many of the customers at `places` the call list would hold.
    pub fn count_call_list(&self, places: &[usize]) -> usize {
        let Some(list) = self.list() else { return 0 };
        let chosen: Vec<&Customer> = places.iter().filter_map(|&at| list.get(at)).collect();
        let spec = &self.settings.call_list;
        spec.choose(self.settings.threshold, &chosen, &self.follow_ups).0.len()
    }

    /// Writes any table, as it is shown.
    pub fn export_grid(&mut self, grid: Grid, path: PathBuf) {
        self.write = Some(self.start(move |_| {
            write(&path, |path| grid.write(path))?;
            let count = grid.rows.len().to_string();
            Ok(Told::Key(
                "notice.exported_rows",
                vec![("count", count), ("file", path.display().to_string())],
            ))
        }));
    }

    /// Writes bytes that are made already.
    pub fn export_bytes(&mut self, bytes: Vec<u8>, path: PathBuf) {
        self.write = Some(self.start(move |_| {
            write(&path, |path| files::write_atomically(path, |out| out.write_all(&bytes)))?;
            Ok(Told::Key("notice.wrote", vec![("file", path.display().to_string())]))
        }));
    }

    /// Writes the bundle of the shown model.
    pub fn save_bundle(&mut self, path: PathBuf) {
        self.share_bundle(path, None);
    }

    /// [`save_bundle`](Self::save_bundle), without small groups where there is a rule.
    pub fn share_bundle(&mut self, path: PathBuf, rule: Option<Rule>) {
        let Some(bundle) = self.bundle.clone() else { return };
        self.write = Some(self.start(move |_| {
            match rule {
                Some(rule) => bundle.shared(rule, cells::chance()).save(&path)?,
                None => bundle.save(&path)?,
            }
            Ok(Told::Key("notice.bundle", vec![("file", path.display().to_string())]))
        }));
    }

    /// Writes the shown model's training as a folder from which it can be run again.
    pub fn write_run_folder(&mut self, lang: Lang, path: PathBuf) {
        let (Some(outcome), Some(rows), Some(table)) =
            (self.shown().cloned(), self.trained_on.clone(), self.table.clone())
        else {
            return;
        };
        let present = self.shows_present_rows();
        let Some(run) = self.runs.get(self.shown_run).filter(|_| present) else {
            // The data may have been read or cleaned otherwise since: their hashes would be wrong.
            self.tell(Tone::Caution, "notice.run_other_rows", Vec::new());
            return;
        };
        let mut settings = run.settings.clone();
        settings.repair = outcome.repair.as_ref().map_or(RepairKind::None, Repair::kind);
        settings.refit = outcome.repair.as_ref().and_then(Repair::refit).cloned();
        let (sources, all) = (self.wanted(), self.outcomes.clone());
        let behaviour = self.collected.as_ref().and_then(|collected| collected.asked.clone());
        self.write = Some(self.start(move |working| {
            project::check_place(&path)?;
            let all: Vec<&project::Outcome> = all.iter().map(Arc::as_ref).collect();
            let card = project::card(&settings, &table, &rows, &outcome, &all, working)?;
            let bundle = project::bundle(&settings, &rows, &outcome, Some(card))
                .with_behaviour(behaviour.map(|asked| asked.fitted.clone()));
            let record = RunRecord::of(&settings, (&table, sources), &rows, &outcome);
            let history = &outcome.trained.history;
            let pictures = report::run::pictures(lang, history);
            RunFolder { record, history, bundle: &bundle, pictures }.write(&path)?;
            Ok(Told::Key("notice.wrote", vec![("file", path.display().to_string())]))
        }));
    }

    /// Writes the recipe with what it learnt.
    pub fn save_recipe(&mut self, path: PathBuf) {
        let (Some(table), prepared) = (self.table.clone(), self.prepared.clone()) else { return };
        let settings = self.settings.clone();
        self.write = Some(self.start(move |report| {
            let recipe = match prepared {
                Some(prepared) => RecipeFile::of(&prepared, &table),
                None => RecipeFile::without_target(&settings, &table, report)?.0,
            };
            recipe.save(&path)?;
            Ok(Told::Key("notice.wrote", vec![("file", path.display().to_string())]))
        }));
    }

    /// Takes the steps of a recipe, and sees how the present table differs from the one that it was
    /// made on.
    pub fn open_recipe(&mut self, path: &Path) {
        let recipe = match RecipeFile::open(path) {
            Ok(recipe) => recipe,
            Err(error) => return self.fail(error.into()),
        };
        if self.locked {
            self.tell(Tone::Caution, "lock.on", Vec::new());
            return;
        }
        self.settings.recipe = recipe.recipe();
        if let Some(table) = self.table.clone().filter(|_| recipe.is_fitted()) {
            self.checking = Some(self.start(move |report| {
                let (_, differences) = recipe.apply(&table, report)?;
                Ok((recipe.made_on, differences))
            }));
        }
    }

    pub(super) fn poll_checking(&mut self) {
        let news = ended(&mut self.checking);
        if let Some((made_on, found)) = self.settle(news) {
            self.checked = Some(Arc::new((made_on, found)));
        }
    }

    /// Writes the report of the shown model, in both languages.
    pub fn export_report(&mut self, lang: Lang, path: PathBuf) {
        self.share_report(lang, path, None);
    }

    /// [`export_report`](Self::export_report), without small groups where there is a rule.
    pub fn share_report(&mut self, lang: Lang, path: PathBuf, rule: Option<Rule>) {
        let Some(bundle) = self.bundle.clone() else { return };
        let segments = self.segments.clone();
        self.write = Some(self.start(move |_| {
            let Some(card) = &bundle.card else { return Ok(Told::Key("notice.nothing", Vec::new())) };
            let shared = rule.map(|rule| card.shared(rule, cells::chance()));
            let html = report::html(lang, shared.as_ref().unwrap_or(card), segments.as_deref());
            write(&path, |path| files::write_atomically(path, |out| out.write_all(html.as_bytes())))?;
            Ok(Told::Key("notice.wrote", vec![("file", path.display().to_string())]))
        }));
    }
}

fn write(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), Error> {
    write(path).map_err(|cause| Error::from(DeployError::Write { file: path.to_owned(), cause }))
}
