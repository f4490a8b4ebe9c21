//! `regulars report`: the report of a bundle's or a project's model, one HTML file.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::deploy::{Bundle, DeployError};
use regulars_engine::files;
use regulars_engine::project::{ProjectError, SavedProject};
use serde_json::json;

use super::Outcome;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Report {
    /// A project (.regulars) or a bundle
    source: PathBuf,
    /// Where the report is written (HTML, both languages in one file)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Report {
    pub(super) fn run(&self) -> Outcome {
        super::refuse_input(&self.out, &[&self.source])?;
        let lang = Lang::of_environment();
        let no_model = || ProjectError::NoModel { file: self.source.clone() };
        let bundle = match self.source.extension() {
            Some(e) if e == "regulars" => SavedProject::open(&self.source)?.bundle.ok_or_else(no_model)?,
            _ => Bundle::open(&self.source)?,
        };
        let card = bundle.card.as_ref().ok_or_else(no_model)?;
        let html = crate::report::html(lang, card, None);
        files::write_atomically(&self.out, |out| out.write_all(html.as_bytes()))
            .map_err(|cause| DeployError::Write { file: self.out.clone(), cause })?;
        if !self.json {
            super::out!("{}", lang.with("cli.wrote", &[("file", self.out.display().to_string())]));
        }
        Ok(json!({ "source": self.source, "out": self.out, "bytes": html.len() }))
    }
}
