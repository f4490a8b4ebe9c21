//! Projects that last: saved, saved by themselves, found again after a crash or a move.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use regulars_engine::collect::database::Secret;
use regulars_engine::deploy::{Bundle, Customer, FollowUps, SavedList};
use regulars_engine::experiment::{Experiment, Plan};
use regulars_engine::files;
use regulars_engine::job::Reporter;
use regulars_engine::project::{
    self, Collected, Found, Recovered, Recovery, SavedProject, SavedRun, SavedSource, Source,
};
use regulars_engine::table::Table;

use super::{Behind, Run, State, ended, ended_of};
use crate::window::notice::Tone;

/// Data that an opened project asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Lacks {
    pub file: PathBuf,
    pub hash: String,
    pub bytes: Option<u64>,
    /// Every file of the project; one, or several that its table is made from.
    pub wanted: Vec<SavedSource>,
}

impl Lacks {
    /// A file that is not there.
    fn missing(&self) -> Option<&SavedSource> {
        self.wanted.iter().find(|source| !is_there(source))
    }
}

/// True for files that are where they should be, and for what is no file of this computer.
fn is_there(source: &SavedSource) -> bool {
    source.is_away() || regulars_engine::collect::gather(std::slice::from_ref(&source.file)).is_ok()
}

/// A path from the root on; an address stays what it is.
fn whole(file: &Path) -> PathBuf {
    match file.to_str().is_some_and(|text| text.contains("://")) {
        true => file.to_owned(),
        false => std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
    }
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

    /// True if there is more than a file that was looked at.
    fn is_worth_keeping(&self) -> bool {
        !self.runs.is_empty()
            || !self.waiting_runs.is_empty()
            || !self.undo.is_empty()
            || !self.follow_ups.is_empty()
            || !self.experiments.drawn.is_empty()
            || self.project_file.is_some()
    }

    /// The parts of the project as it stands; cheap, so that a worker can put them together.
    fn parts(&self) -> Option<Parts> {
        let (file, hash, bytes) = match (&self.table, &self.lacks) {
            (Some(table), _) => {
                let file = &table.source.file;
                (whole(file), table.source.hash.clone(), Some(table.source.bytes))
            }
            (None, Some(lacks)) => (lacks.file.clone(), lacks.hash.clone(), lacks.bytes),
            (None, None) => return None,
        };
        let mut project = SavedProject::new(self.settings.clone(), file, hash);
        project.bytes = bytes;
        project.sources = self.saved_sources();
        project.shown = match self.runs.is_empty() {
            true => self.waiting_shown,
            false => Some((self.shown_run, self.shown_model)),
        };
        project.groups = self.saved_groups();
        project.was_training = self.train.is_some() || self.cut_off;
        project.origin = self.project_file.clone();
        let list = match &self.month {
            Some(_) => None,
            None => self.customers.clone().zip(self.table.clone()),
        };
        Some(Parts {
            project,
            runs: self.runs.clone(),
            waiting: if self.runs.is_empty() { self.waiting_runs.clone() } else { Vec::new() },
            bundle: self.bundle.clone(),
            lists: self.lists.clone(),
            list,
            follow_ups: self.follow_ups.clone(),
            experiments: self.experiments.to_saved(),
        })
    }

    /// Everything that the project reads, with its hashes; nothing for a table that was pasted.
    pub(super) fn wanted(&self) -> Vec<SavedSource> {
        match (self.sources.is_empty(), self.parts()) {
            (false, Some(parts)) => parts.project.wanted(),
            _ => Vec::new(),
        }
    }

    /// What the project reads, where that is more than the file of its table.
    fn saved_sources(&self) -> Vec<SavedSource> {
        let is_file = |source: &Source| matches!(source, Source::File(_));
        // A folder or a pattern is more than the file of the table, even where it holds one.
        let is_plain = |collected: &Collected| match self.sources.as_slice() {
            [] => true,
            [Source::File(path)] => files::is_same(path, &collected.table.source.file),
            _ => false,
        };
        let is_more = |collected: &&Arc<Collected>| collected.plan.is_some() || !is_plain(collected);
        let Some(collected) = self.collected.as_ref().filter(is_more) else {
            let lacking = self.lacks.as_ref().map(|lacks| lacks.wanted.clone()).unwrap_or_default();
            let is_more = lacking.len() > 1 || lacking.iter().any(|source| source.from.is_some());
            return if is_more { lacking } else { Vec::new() };
        };
        let source = |source: &Source| {
            let path = source.place();
            // Files that were set under each other have one hash together, and none of their own.
            let of = |table: &&Table| {
                is_file(source) && table.source.files.is_empty() && files::is_same(&table.source.file, &path)
            };
            let table = collected.dataset.tables.iter().find(of);
            SavedSource {
                file: whole(&path),
                from: (!is_file(source)).then(|| source.clone()),
                hash: table.map_or_else(String::new, |table| table.source.hash.clone()),
                bytes: table.map(|table| table.source.bytes),
            }
        };
        self.sources.iter().map(source).collect()
    }

    /// Saves the project, on a thread of its own: one save after the other, and with the model of the
    /// list that is shown.
    pub fn save(&mut self, path: PathBuf) {
        self.save_wish = Some(path);
        self.poll_saving();
    }

    /// True while the project is being saved, or waits for it.
    pub fn saving(&self) -> bool {
        self.saving.is_some() || self.save_wish.is_some()
    }

    pub(super) fn poll_saving(&mut self) {
        if let Some((path, news)) = ended_of(&mut self.saving) {
            let done = self.settle(Some(news)).is_some();
            self.was_saved(path, done);
        } else if self.saving.is_some() {
            return;
        }
        if self.bundling.is_some() {
            return;
        }
        let Some(path) = self.save_wish.take() else { return };
        let Some(parts) = self.parts() else { return };
        let file = path.clone();
        // What is edited from here on is not in it.
        self.saved = true;
        let passphrase = self.guard.passphrase();
        let job = self.start(move |_| Ok(parts.build().save_with(&file, passphrase.as_ref())?));
        self.saving = Some((path, job));
    }

    fn was_saved(&mut self, path: PathBuf, done: bool) {
        if !done {
            self.touch();
            return;
        }
        self.tell(Tone::Good, "notice.saved", vec![("file", path.display().to_string())]);
        self.project_file = Some(path);
        self.clear_autosave();
    }

    /// Everything is in the person's file: no autosave is needed.
    fn clear_autosave(&mut self) {
        if self.saved && self.train.is_none() && self.autosave.is_none() {
            self.unkept = false;
            self.recovery.iter().for_each(Recovery::clear);
        }
    }

    /// Before another project takes its place: what was asked to be saved is waited for, and work
    /// that is not saved stays in the folder of autosaves. True if there was some.
    pub(super) fn leave_unsaved(&mut self) -> bool {
        if let Some(job) = self.autosave.take() {
            // A late one would come back after it was cleared.
            job.wait();
        }
        if let Some((path, job)) = self.saving.take() {
            let done = matches!(job.wait(), Some(Ok(())));
            self.was_saved(path, done);
        }
        if let Some(path) = self.save_wish.take() {
            if let Some(Ok(bundle)) = self.bundling.take().and_then(|job| job.wait()) {
                self.bundle = Some(Arc::new(bundle));
            }
            let passphrase = self.guard.passphrase();
            let save = |parts: Parts| parts.build().save_with(&path, passphrase.as_ref()).is_ok();
            self.saved = self.parts().is_some_and(save);
        }
        let Some(recovery) = &self.recovery else { return false };
        if self.saved || !self.is_worth_keeping() {
            recovery.clear();
            return false;
        }
        let passphrase = self.guard.passphrase();
        let save = |parts: Parts| parts.build().save_with(recovery.file(), passphrase.as_ref()).is_ok();
        let left = self.parts().is_some_and(save);
        recovery.leave();
        left
    }

    /// The folder of autosaves, where there is one.
    pub fn recovery_folder(&self) -> Option<PathBuf> {
        self.recovery.as_ref().map(|recovery| recovery.folder().to_owned())
    }

    /// Opens a project that was read from a file; `None` for one that was never saved.
    pub(super) fn open_saved(&mut self, saved: SavedProject, path: Option<PathBuf>) {
        let wanted = saved.wanted();
        self.reset(saved.settings);
        self.waiting_runs = saved.runs;
        self.waiting_shown = saved.shown;
        self.bundle = saved.bundle.map(Arc::new);
        self.lists = saved.lists.into_iter().map(Arc::new).collect();
        self.follow_ups = Arc::new(saved.follow_ups);
        self.experiments.restore(saved.experiments);
        self.cut_off = saved.was_training;
        self.groups.saved = saved.groups;
        self.project_file.clone_from(&path);
        let lacks = Lacks { file: saved.file, hash: saved.hash, bytes: saved.bytes, wanted: wanted.clone() };
        self.lacks = Some(lacks);
        self.finding =
            Some(self.start(move |report| {
                wanted.iter().map(|source| source.find(path.as_deref(), report)).collect()
            }));
    }

    /// Files for a project that lacks some: each takes the place of its namesake, the others of what
    /// is lacking, in order.
    pub(super) fn give_lacking(&mut self, paths: Vec<PathBuf>) {
        let Some(lacks) = &mut self.lacks else { return };
        if lacks.wanted.iter().all(SavedSource::is_away) {
            // A file of what the database held, say: it stands in its place.
            return self.read(paths.into_iter().map(Source::File).collect());
        }
        let mut given = paths;
        for source in lacks.wanted.iter_mut().filter(|source| !source.is_away()) {
            let name = source.file.file_name().map(std::ffi::OsStr::to_owned);
            if let Some(at) = given.iter().position(|path| path.file_name() == name.as_deref()) {
                source.file = given.remove(at);
            }
        }
        for source in lacks.wanted.iter_mut().filter(|source| !is_there(source)) {
            if !given.is_empty() {
                source.file = given.remove(0);
            }
        }
        let several = lacks.wanted.len() > 1;
        let missing = lacks.missing().filter(|_| several).map(|source| source.file.display().to_string());
        match missing {
            Some(file) => self.tell(Tone::Caution, "notice.still_lacks", vec![("file", file)]),
            None if several => {}
            // A single file is opened whatever it is: what is wrong with it is told.
            None => return self.read_wanted(),
        }
        self.read_if_whole();
    }

    /// How to open a place that an opened project waits for, at the address that the person gave.
    pub(in crate::window) fn give_away(&mut self, old: &Path, new: &Source, secret: Option<Secret>) {
        let Some(lacks) = &mut self.lacks else { return };
        for source in &mut lacks.wanted {
            if source.from.as_ref().is_none_or(|from| from.place() != old) {
                continue;
            }
            source.file = new.place();
            source.from = match (source.from.take(), new) {
                (Some(Source::Database { pick, .. }), Source::Database { address, .. }) => {
                    Some(Source::Database { address: address.clone(), pick })
                }
                _ => Some(new.clone()),
            };
        }
        self.secrets.set(new.place(), secret);
        self.read_if_whole();
    }

    /// The first place of an opened project that is asked only when the person says so.
    pub fn waits_for(&self) -> Option<Source> {
        let busy = self.table.is_some() || self.load.is_some() || self.finding.is_some();
        let lacks = self.lacks.as_ref().filter(|_| !busy)?;
        let away = lacks.wanted.iter().filter(|source| source.is_away()).filter_map(|s| s.from.clone());
        away.into_iter().find(|source| !self.secrets.knows(&source.place()))
    }

    /// Reads what an opened project wants, once nothing is missing and the person has said how to
    /// open what is away.
    fn read_if_whole(&mut self) {
        let Some(lacks) = &mut self.lacks else { return };
        if let Some(missing) = lacks.missing() {
            lacks.file = missing.file.clone();
        } else if self.waits_for().is_none() {
            self.read_wanted();
        }
    }

    fn read_wanted(&mut self) {
        let Some(lacks) = &self.lacks else { return };
        let sources = lacks.wanted.iter().map(|source| source.at(source.file.clone())).collect();
        self.read(sources);
    }

    /// True while a project's data are looked for.
    pub fn finding_data(&self) -> bool {
        self.finding.is_some()
    }

    pub(super) fn poll_finding(&mut self) {
        let Some(Some(Ok(found))) = ended(&mut self.finding) else { return };
        let Some(mut lacks) = self.lacks.take() else { return };
        for (source, found) in lacks.wanted.iter_mut().zip(found) {
            let (tone, key, file) = match found {
                Found::InPlace(_) | Found::Nowhere => continue,
                Found::Moved(file) => (Tone::Good, "notice.found_again", file),
                Found::Namesake(file) => (Tone::Caution, "notice.namesake", file),
            };
            let args = vec![("old", source.file.display().to_string()), ("new", file.display().to_string())];
            self.tell(tone, key, args);
            source.file = file;
        }
        self.lacks = Some(lacks);
        self.read_if_whole();
    }

    /// Opens what a crash left behind. Until it is saved, it is unsaved.
    pub fn recover(&mut self, left: &Recovered) {
        if self.asks_passphrase(Behind::Left(left.clone())) {
            return;
        }
        match left.open() {
            Ok(saved) => self.open_left(saved, left.clone()),
            Err(error) => self.fail(error.into()),
        }
    }

    /// Opens what was read of an autosave.
    pub(super) fn open_left(&mut self, saved: SavedProject, left: Recovered) {
        let origin = saved.origin.clone();
        self.open_saved(saved, origin);
        self.touch();
        self.recovering = Some(left);
    }

    /// True while an autosave is being written, or waits for one.
    pub fn keeping(&self) -> bool {
        self.autosave.is_some() || self.unkept && self.wants_autosave()
    }

    /// What is saved needs no autosave, unless a training must be remembered.
    fn wants_autosave(&self) -> bool {
        self.recovery.is_some() && self.is_worth_keeping() && (!self.saved || self.train.is_some())
    }

    fn try_again(&mut self) {
        const PAUSE: Duration = Duration::from_secs(1);
        self.unkept = true;
        self.retry_at = Some(Instant::now() + PAUSE);
        self.ctx.request_repaint_after(PAUSE);
    }

    pub(super) fn poll_autosave(&mut self) {
        let news = ended(&mut self.autosave);
        match news {
            // What could not be written is still to be kept: tried again a moment later.
            Some(Some(Err(error))) => {
                if self.retry_at.is_none() {
                    self.fail(error);
                }
                self.try_again();
            }
            // The worker could not be started, or died.
            Some(None) => self.try_again(),
            // What was recovered stands in the new autosave.
            Some(Some(Ok(()))) => {
                self.retry_at = None;
                self.clear_autosave();
                self.recovering.take().iter().for_each(Recovered::discard);
            }
            None => {}
        }
        let waits = self.retry_at.is_some_and(|at| at > Instant::now());
        if !self.unkept || self.autosave.is_some() || waits {
            return;
        }
        if !self.wants_autosave() {
            return;
        }
        let Some(path) = self.recovery.as_ref().map(|r| r.file().to_owned()) else { return };
        let Some(parts) = self.parts() else { return };
        self.unkept = false;
        let passphrase = self.guard.passphrase();
        let save = move |_: &Reporter| Ok(parts.build().save_with(&path, passphrase.as_ref())?);
        self.autosave = Some(self.start(save));
    }

    /// The program is closed in peace: what is saved needs no recovery. What is not stays, and is
    /// offered at the next start.
    pub fn close(&mut self) {
        self.end_lesson();
        self.saved &= self.train.is_none();
        self.leave_unsaved();
    }
}

/// The parts of a project, shared with the window until a worker puts them together.
struct Parts {
    project: SavedProject,
    runs: Vec<Run>,
    waiting: Vec<SavedRun>,
    bundle: Option<Arc<Bundle>>,
    lists: Vec<Arc<SavedList>>,
    /// The list of the rows that were trained on, where that is in force.
    list: Option<(Arc<Vec<Customer>>, Arc<Table>)>,
    follow_ups: Arc<FollowUps>,
    experiments: (Option<Plan>, Vec<Arc<Experiment>>),
}

impl Parts {
    fn build(mut self) -> SavedProject {
        if let Some((list, table)) = &self.list {
            let list = SavedList::of(list, &table.source, self.project.settings.threshold);
            SavedProject::keep_list(&mut self.lists, list);
        }
        let mut project = self.project;
        project.runs =
            if self.runs.is_empty() { self.waiting } else { self.runs.iter().map(Run::to_saved).collect() };
        project::thin_histories(&mut project.runs);
        project.bundle = self.bundle.map(Arc::unwrap_or_clone);
        project.lists = self.lists.into_iter().map(Arc::unwrap_or_clone).collect();
        project.follow_ups = Arc::unwrap_or_clone(self.follow_ups);
        let (plan, drawn) = self.experiments;
        let drawn = drawn.into_iter().map(Arc::unwrap_or_clone).collect();
        project.experiments = project::Experiments { plan, drawn };
        project
    }
}
