//! Where the data come from: files, databases, web addresses; read, added to, put together again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::collect::{self, SampleSpec};
use regulars_engine::job::{Job, Reporter};
use regulars_engine::project::{self, Collected, SavedProject, Secrets, Settings, Source};

use super::{Behind, State, fresh_id};
use crate::window::notice::{Notice, Told, Tone};

/// Puts tables together again; what the one file holds beside them stays known.
pub(super) fn assemble_again(
    collected: &Collected,
    settings: &Settings,
    report: &Reporter,
) -> Result<Collected, Error> {
    let again = project::assemble(collected.dataset.tables.clone(), settings, report)?;
    Ok(Collected { parts: collected.parts.clone(), ..again })
}

impl State {
    /// Opens a data file or a project. A data file that is opened while a project asks for its data
    /// is taken for that.
    pub fn open(&mut self, path: &Path) {
        if path.extension().is_some_and(|e| e == "regulars") {
            if self.asks_passphrase(Behind::File(path.to_owned())) {
                return;
            }
            match SavedProject::open(path) {
                Ok(saved) => self.open_saved(saved, Some(path.to_owned())),
                Err(error) => self.fail(error.into()),
            }
        } else {
            self.open_data(vec![path.to_owned()]);
        }
    }

    /// Opens data files: for the project that asks for them, else as a new one.
    pub fn open_data(&mut self, paths: Vec<PathBuf>) {
        if self.lacks.is_some() && self.table.is_none() {
            self.give_lacking(paths);
        } else {
            self.open_fresh(paths);
        }
    }

    /// Opens data files as a new project.
    pub fn open_fresh(&mut self, paths: Vec<PathBuf>) {
        self.reset(Settings::default());
        self.read(paths.into_iter().map(Source::File).collect());
    }

    /// Reads further files beside those that the project has.
    pub fn add_data(&mut self, paths: Vec<PathBuf>) {
        if self.lacks.is_some() && self.table.is_none() {
            return self.give_lacking(paths);
        }
        if self.table.is_some() && self.present_sources().is_empty() {
            // What was pasted cannot be read again beside others.
            return self.tell(Tone::Caution, "notice.pasted", Vec::new());
        }
        let all = self.with_sources(paths.into_iter().map(Source::File).collect());
        self.read(all);
    }

    /// The sources of the project, and further ones.
    pub(in crate::window) fn with_sources(&self, more: Vec<Source>) -> Vec<Source> {
        let mut all = self.present_sources();
        more.into_iter().for_each(|source| {
            if !all.contains(&source) {
                all.push(source);
            }
        });
        all
    }

    /// Everything as it was when the data were opened.
    pub fn open_again(&mut self) {
        let (sources, secrets, collected) =
            (self.sources.clone(), self.secrets.clone(), self.collected.clone());
        self.reset(Settings::default());
        self.secrets = secrets;
        match collected {
            // What was pasted cannot be read again.
            Some(collected) if sources.is_empty() => self.take_collected(Arc::unwrap_or_clone(collected)),
            _ => self.read(sources),
        }
    }

    /// Takes in what was read elsewhere: beside what the project has (then it is all of it, read
    /// anew), or as a new project.
    pub(in crate::window) fn take_read(
        &mut self,
        sources: Vec<Source>,
        secrets: Secrets,
        collected: Collected,
        beside: bool,
    ) {
        if !beside {
            self.reset(Settings::default());
        }
        (self.sources, self.secrets) = (sources, secrets);
        self.take_collected(collected);
    }

    /// The sample to read of what does not fit into memory; `None` where that is not what went wrong.
    pub fn could_read_sample(&self) -> Option<SampleSpec> {
        let large = |error: &Error| error.kind() == "too_large";
        let told = |notice: &Notice| matches!(&notice.text, Told::Error(error) if large(error));
        let wanted = self.table.is_none() && self.load.is_none() && !self.reading.is_empty();
        let rows = project::SAMPLE_FROM;
        project::could_sample(rows).filter(|_| wanted && self.notices.iter().any(told))
    }

    /// Reads a sample of what does not fit into memory.
    pub fn read_sample(&mut self, spec: SampleSpec) {
        (self.settings.sample, self.committed.sample) = (Some(spec), Some(spec));
        let sources = self.reading.clone();
        self.read(sources);
    }

    /// What is being read, else what was.
    pub(super) fn present_sources(&self) -> Vec<Source> {
        if self.load.is_some() { self.reading.clone() } else { self.sources.clone() }
    }

    pub(super) fn read(&mut self, sources: Vec<Source>) {
        self.load.iter().for_each(Job::cancel);
        // The person's roles are set when the rows are prepared: changing one reads nothing again.
        let read = self.settings.read.without_columns();
        let settings = Settings { read, ..self.settings.clone() };
        self.preview = None;
        if let [Source::File(head)] = sources.as_slice() {
            let (head, options) = (head.clone(), settings.read.clone());
            self.preview_job = Some(self.start(move |_| collect::preview(&head, &options)));
        }
        // They become the project's when they were read.
        self.reading.clone_from(&sources);
        let secrets = self.secrets.clone();
        self.load =
            Some(self.start(move |report| project::collect_sources(&sources, &secrets, &settings, report)));
    }

    /// Puts the tables that were read together again.
    pub(super) fn recombine(&mut self) {
        let Some(collected) = self.collected.clone() else { return };
        let read = self.settings.read.without_columns();
        let settings = Settings { read, ..self.settings.clone() };
        self.reading.clone_from(&self.sources);
        self.load = Some(self.start(move |report| assemble_again(&collected, &settings, report)));
    }

    pub(super) fn take_collected(&mut self, collected: Collected) {
        if let Some(lacks) = self.lacks.take()
            && lacks.hash != collected.table.source.hash
            // A database is another every day.
            && !self.sources.iter().any(Source::is_away)
        {
            self.tell(Tone::Caution, "notice.other_content", Vec::new());
        }
        self.list_source = fresh_id();
        self.time.begin(&collected);
        self.table = Some(Arc::new(collected.table.clone()));
        self.collected = Some(Arc::new(collected));
        self.saved &= self.project_file.is_some();
        self.prepare();
    }
}
