//! `regulars export`: the model to be handed on: as a program of its own, as a workbook with formulas, as
//! ONNX; and rows as it reads them.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::deploy::scorer::{self, ScorerWritten};
use regulars_engine::deploy::{Bundle, Lacking, workbook};
use regulars_engine::job::Reporter;
use regulars_engine::privacy::{LockError, cells};
use regulars_engine::project::{self, ProjectError, Settings};
use serde_json::json;

use super::Outcome;
use super::cells::Cells;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Export {
    /// A bundle or a project
    bundle: PathBuf,
    /// Customers whose cleaned and encoded rows are written (--matrix)
    #[arg(value_name = "FILE", requires = "matrix")]
    files: Vec<PathBuf>,
    /// Where the model is written as ONNX: cleaned and encoded rows in, probability out
    #[arg(long, value_name = "FILE", required_unless_present_any = ["matrix", "scorer", "xlsx"])]
    onnx: Option<PathBuf>,
    /// Where one program with the model inside is written: started, it scores files; a locked bundle
    /// stays locked in it
    #[arg(long, value_name = "FILE")]
    scorer: Option<PathBuf>,
    /// Where a workbook is written that scores typed or pasted rows by formulas: logistic regression and
    /// linear support vector machine
    #[arg(long, value_name = "FILE.xlsx")]
    xlsx: Option<PathBuf>,
    /// Rows that can be scored in the workbook
    #[arg(long, value_name = "N", default_value_t = workbook::ROWS, requires = "xlsx",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(workbook::MOST_ROWS)))]
    rows: u32,
    /// Where the rows are written as the model reads them, with the probability (CSV)
    #[arg(long, value_name = "FILE", requires = "files")]
    matrix: Option<PathBuf>,
    #[command(flatten)]
    cells: Cells,
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
        for out in self.outs() {
            super::refuse_input(out, &read)?;
        }
        let (bundle, saved) = super::locked::model(&self.bundle)?;
        let mut settings = saved.map_or_else(Settings::default, |saved| saved.settings);
        let report = &Reporter::silent();
        let scorer = self.scorer.as_ref().map(|out| self.scorer(&bundle, out, report)).transpose()?;
        let lang = Lang::of_environment();
        let words = |key: &str| lang.t(&format!("sheet.{key}"));
        let xlsx = self.xlsx.as_ref().map(|out| workbook::write(&bundle, &words, self.rows, out, report));
        let xlsx = xlsx.transpose()?;
        let bytes = self.onnx.as_ref().map(|path| bundle.write_onnx(path)).transpose()?;
        let mut rows = None;
        if let Some(path) = &self.matrix {
            self.reading.apply(&mut settings.read);
            let (sources, secrets) = self.reading.sources(&self.files)?;
            let table = project::open_for(&bundle, &settings, (sources.as_slice(), &secrets), None, report)?;
            super::tell_unused(&table);
            let scores = bundle.score(&table, Lacking::Refuse, report)?;
            scores.write_matrix(path)?;
            rows = Some(scores.rows.len());
        }
        if !self.json {
            for out in self.outs() {
                super::out!("{}", lang.with("cli.wrote", &[("file", out.display().to_string())]));
            }
        }
        Ok(json!({
            "onnx": self.onnx, "bytes": bytes, "matrix": self.matrix, "rows": rows,
            "features": bundle.features.names(), "scorer": scorer, "xlsx": xlsx,
        }))
    }

    /// Every file that is written.
    fn outs(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.onnx, &self.matrix, &self.scorer, &self.xlsx].into_iter().flatten()
    }

    /// Writes this program with the bundle behind it, without small groups unless they are asked for.
    fn scorer(
        &self,
        bundle: &Bundle,
        out: &Path,
        report: &Reporter,
    ) -> Result<ScorerWritten, super::Failure> {
        let read = |cause| ProjectError::from(LockError::Read { file: PathBuf::from("regulars"), cause });
        let program = std::env::current_exe().map_err(read)?;
        let passphrase = super::locked::passphrase_of(&self.bundle)?;
        let shared = self.cells.shared().map(|rule| bundle.shared(rule, cells::chance()));
        Ok(scorer::write(shared.as_ref().unwrap_or(bundle), &program, out, passphrase.as_ref(), report)?)
    }
}
