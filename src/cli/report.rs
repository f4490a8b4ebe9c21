//! `regulars report`: the report of a bundle's or a project's model, one HTML file, or its card as JSON;
//! and whether one is still what was written.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::deploy::{Bundle, Card, Checked, DeployError, check_bundle, check_seal};
use regulars_engine::files;
use regulars_engine::privacy::cells;
use regulars_engine::project::ProjectError;
use serde_json::json;

use super::cells::Cells;
use super::{Failure, Outcome};
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Report {
    /// A project (.regulars) or a bundle; with --verify a report or a card (.json) as well
    source: PathBuf,
    /// Where the report is written (HTML, both languages in one file); a path that ends in .json gets the
    /// model card alone, one that ends in .bundle the model to hand on
    #[arg(long, value_name = "FILE", required_unless_present = "verify", conflicts_with = "verify")]
    out: Option<PathBuf>,
    #[command(flatten)]
    cells: Cells,
    /// Checks the hashes: is this still what was written?
    #[arg(long)]
    verify: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// True for a path with this ending.
fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}

impl Report {
    pub(super) fn run(&self) -> Outcome {
        match &self.out {
            Some(out) => self.write(out),
            None => self.check(),
        }
    }

    fn write(&self, out: &Path) -> Outcome {
        super::refuse_input(out, &[&self.source])?;
        let lang = Lang::of_environment();
        let mut bundle = self.bundle()?;
        let rule = self.cells.shared();
        if let Some(rule) = rule {
            bundle = bundle.shared(rule, cells::chance());
        }
        let card = bundle.card.as_ref().ok_or_else(|| ProjectError::NoModel { file: self.source.clone() })?;
        if ends(out, "bundle") {
            let passphrase = super::locked::passphrase_of(&self.source)?;
            bundle.save_with(out, passphrase.as_ref())?;
            return Ok(self.wrote(lang, out, card, std::fs::metadata(out).map_or(0, |file| file.len())));
        }
        let text = if ends(out, "json") { card.to_json() } else { crate::report::html(lang, card, None) };
        files::write_atomically(out, |file| file.write_all(text.as_bytes()))
            .map_err(|cause| DeployError::Write { file: out.to_owned(), cause })?;
        Ok(self.wrote(lang, out, card, text.len() as u64))
    }

    /// Tells what was written, and what was left out of it.
    fn wrote(&self, lang: Lang, out: &Path, card: &Card, bytes: u64) -> serde_json::Value {
        if !self.json {
            super::out!("{}", lang.with("cli.wrote", &[("file", out.display().to_string())]));
            if let Some(note) = crate::report::cells::note(lang, card, 0) {
                super::out!("{note}");
            }
        }
        let mut told =
            json!({ "source": self.source, "out": out, "bytes": bytes, "card_hash": card.signature });
        if let Some(cells) = &card.cells {
            told["cells"] = json!({
                "method": cells.rule.method, "least": cells.rule.least, "hidden": cells.hidden.len(),
                "holds": cells.holds,
            });
        }
        told
    }

    fn bundle(&self) -> Result<Bundle, Failure> {
        if !ends(&self.source, "regulars") {
            return Ok(super::locked::bundle(&self.source)?);
        }
        let no_model = || ProjectError::NoModel { file: self.source.clone() };
        Ok(super::locked::project(&self.source)?.bundle.ok_or_else(no_model)?)
    }

    fn check(&self) -> Outcome {
        let found: Checked = match ends(&self.source, "regulars") {
            true => check_bundle(&self.source, &self.bundle()?)?,
            false => check_seal(&self.source)?,
        };
        if !self.json {
            let lang = Lang::of_environment();
            let args =
                [("file", found.file.clone()), ("day", found.made.clone()), ("hash", found.card.clone())];
            super::out!("{}", lang.with("cli.verified", &args));
            super::out!("{}", lang.t("cli.verified.help"));
        }
        Ok(json!({
            "source": self.source, "verified": true, "card_hash": found.card, "page_hash": found.page,
            "data": found.file, "made": found.made,
        }))
    }
}
