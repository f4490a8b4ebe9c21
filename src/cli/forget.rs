//! `regulars forget`: a customer out of what a project keeps.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::files;
use regulars_engine::project::{self, AlsoForgotten, Forgotten, ProjectError, Recovery};
use serde_json::json;

use super::{Outcome, locked};
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Forget {
    /// A project, which no window has open
    project: PathBuf,
    /// The customer's identifier, as the data have it
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Other files to take the customer out of: scored lists and other delimited texts, other projects; of bundles
    /// it is told whether they name the customer
    #[arg(long, value_name = "FILE", num_args = 1..)]
    also: Vec<PathBuf>,
    /// Also a customer whom the project does not name: they are left out of data that are read from now on
    #[arg(long)]
    anyway: bool,
    /// Only tell what would be taken out
    #[arg(long)]
    dry_run: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Forget {
    pub(super) fn run(&self) -> Outcome {
        let (mut saved, passphrase) = locked::project_to_save(&self.project)?;
        let done = project::forget(&mut saved, &self.customer);
        let autosaves = self.autosaves();
        // Tried before anything is written: a file that cannot be is told first.
        let mut also = self.in_files(true)?;
        if !done.knew() && autosaves.is_empty() && also.is_empty() && !self.anyway {
            let (file, id) = (self.project.clone(), self.customer.clone());
            return Err(ProjectError::NoCustomer { file, id }.into());
        }
        if !self.dry_run {
            saved.save_with(&self.project, passphrase.as_ref())?;
            for (file, mut left) in autosaves.iter().cloned() {
                project::forget(&mut left, &self.customer);
                left.save(&file)?;
            }
        }
        if !self.dry_run {
            also = self.in_files(false)?;
        }
        if !self.json {
            self.tell(&done, autosaves.len());
            also.iter().for_each(tell_also);
        }
        Ok(json!({
            "customer": self.customer, "dry_run": self.dry_run, "taken_out": done,
            "left_out": saved.settings.left_out.len(), "also": also,
            "autosaves": autosaves.len(), "data": saved.wanted().iter().map(|of| &of.file).collect::<Vec<_>>(),
        }))
    }

    /// The files of `--also`.
    fn in_files(&self, dry_run: bool) -> Result<Vec<AlsoForgotten>, super::Failure> {
        let each = self.also.iter().map(|file| {
            let passphrase = locked::passphrase_of_any([file.as_path()])?;
            Ok(project::forget_in_file(file, &self.customer, passphrase.as_ref(), dry_run)?)
        });
        each.collect()
    }

    /// Unsaved work of this project that a crash left and that names the customer. What is locked cannot be
    /// looked into here.
    fn autosaves(&self) -> Vec<(PathBuf, project::SavedProject)> {
        let folder = eframe::storage_dir("regulars").map(|folder| folder.join("recovery"));
        let left = folder.as_deref().map(Recovery::left_behind).unwrap_or_default();
        let of_this = |file: Option<&Path>| file.is_some_and(|file| files::is_same(file, &self.project));
        let of_this = left.into_iter().filter(|left| of_this(left.origin.as_deref()));
        let opened = of_this.filter_map(|left| Some((left.file.clone(), left.open().ok()?)));
        opened.filter(|(_, saved)| project::forget(&mut saved.clone(), &self.customer).knew()).collect()
    }

    fn tell(&self, done: &Forgotten, autosaves: usize) {
        let lang = Lang::of_environment();
        let key = if self.dry_run { "forget.would" } else { "forget.done" };
        let count = |n: usize| lang.count(n as u64);
        let args = [
            ("customer", self.customer.clone()),
            ("lists", count(done.lists)),
            ("follow_ups", count(done.follow_ups)),
            ("experiments", count(done.experiments)),
            ("autosaves", count(autosaves)),
        ];
        super::out!("{}", lang.with(key, &args));
        if !done.mentioned.is_empty() {
            super::out!("{}", lang.with("forget.mentioned", &[("places", lang.list(&done.mentioned))]));
        }
        super::out!("{}", lang.t("forget.data"));
        if done.models > 0 {
            super::out!("{}", lang.with("forget.models", &[("count", count(done.models))]));
        }
    }
}

/// What was found in a file beside the project.
fn tell_also(found: &AlsoForgotten) {
    let lang = Lang::of_environment();
    let (key, file, count) = match found {
        AlsoForgotten::Project { file, taken_out } => {
            ("forget.also.project", file, taken_out.lists + taken_out.follow_ups + taken_out.experiments)
        }
        AlsoForgotten::Rows { file, rows } => ("forget.also.rows", file, *rows),
        AlsoForgotten::Bundle { file, mentioned } => ("forget.also.bundle", file, mentioned.len()),
    };
    let args = [("file", file.display().to_string()), ("count", lang.count(count as u64))];
    super::out!("{}", lang.with(key, &args));
}
