//! `regulars export`: the model for other programs, as ONNX, and rows as it reads them.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::deploy::Lacking;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, ProjectError, Settings};
use serde_json::json;

use super::Outcome;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Export {
    /// A bundle or a project
    bundle: PathBuf,
    /// Customers whose cleaned and encoded rows are written (--matrix)
    #[arg(value_name = "FILE", requires = "matrix")]
    files: Vec<PathBuf>,
    /// Where the model is written as ONNX: cleaned and encoded rows in, probability out
    #[arg(long, value_name = "FILE", required_unless_present = "matrix")]
    onnx: Option<PathBuf>,
    /// Where the rows are written as the model reads them, with the probability (CSV)
    #[arg(long, value_name = "FILE", requires = "files")]
    matrix: Option<PathBuf>,
    #[command(flatten)]
    reading: super::Reading,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Export {
    pub(super) fn run(&self) -> Outcome {
        let read: Vec<&Path> =
            self.files.iter().chain([&self.bundle]).map(|file| super::source::on_disk(file)).collect();
        for out in self.onnx.iter().chain(&self.matrix) {
            super::refuse_input(out, &read)?;
        }
        let mut settings = Settings::default();
        let bundle = if self.bundle.extension().is_some_and(|e| e == "regulars") {
            let no_model = || ProjectError::NoModel { file: self.bundle.clone() };
            let project = super::locked::project(&self.bundle)?;
            settings = project.settings;
            project.bundle.ok_or_else(no_model)?
        } else {
            super::locked::bundle(&self.bundle)?
        };
        let bytes = self.onnx.as_ref().map(|path| bundle.write_onnx(path)).transpose()?;
        let mut rows = None;
        if let Some(path) = &self.matrix {
            let report = Reporter::silent();
            self.reading.apply(&mut settings.read);
            let (sources, secrets) = self.reading.sources(&self.files)?;
            let table = project::open_for(&bundle, &settings, (sources.as_slice(), &secrets), None, &report)?;
            super::tell_unused(&table);
            let scores = bundle.score(&table, Lacking::Refuse, &report)?;
            scores.write_matrix(path)?;
            rows = Some(scores.rows.len());
        }
        if !self.json {
            let lang = Lang::of_environment();
            for out in self.onnx.iter().chain(&self.matrix) {
                super::out!("{}", lang.with("cli.wrote", &[("file", out.display().to_string())]));
            }
        }
        Ok(json!({
            "onnx": self.onnx, "bytes": bytes, "matrix": self.matrix, "rows": rows,
            "features": bundle.features.names(),
        }))
    }
}
