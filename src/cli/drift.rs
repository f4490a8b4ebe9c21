//! `regulars drift`: is what comes in still what the model learnt from, and is the model still good?

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;
use regulars_engine::deploy::drift::{self, DriftReport, Performance, Rules};
use regulars_engine::deploy::{Bundle, DeployError, Lacking, Scored};
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use serde_json::json;

use super::Outcome;
use crate::words::{self, Lang};

#[derive(Args)]
pub(super) struct Drift {
    /// A bundle saved by `train --bundle` or from the window
    bundle: PathBuf,
    /// The customers' data of now: files, databases, web addresses
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What became of these customers by now: a file with the identifier and the target
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Alert rules (JSON)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The day to answer for, as 2026-06-30, where the model was trained with --horizon
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    as_of: Option<Date>,
    #[command(flatten)]
    reading: super::Reading,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Drift {
    pub(super) fn run(&self) -> Outcome {
        let report = Reporter::silent();
        let bundle = super::locked::bundle(&self.bundle)?;
        let rules = self.rules.as_deref().map(Rules::open).transpose()?.unwrap_or_default();
        let mut settings = Settings::default();
        self.reading.apply(&mut settings.read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        let from = (sources.as_slice(), &secrets);
        // A column that is gone is told as an alert, not as a failure.
        let how = (self.as_of, Lacking::Fill);
        let (found, scores) = project::drift_of_files(&bundle, &settings, from, how, (&rules, &report))?;
        let labels = self.labels(&bundle)?;
        let known = |row: &Scored| match &labels {
            Some(labels) => labels.get(&row.id).copied(),
            None => row.actual,
        };
        let (p, y): (Vec<f64>, Vec<bool>) =
            scores.rows.iter().filter_map(|row| Some((row.probability, known(row)?))).unzip();
        let performance = drift::performance(&p, &y, bundle.card.as_ref());
        if !self.json {
            print(Lang::of_environment(), &found, performance.as_ref());
        }
        Ok(json!({ "drift": found, "performance": performance }))
    }

    /// The outcome of every customer by identifier.
    fn labels(&self, bundle: &Bundle) -> Result<Option<HashMap<String, bool>>, super::Failure> {
        let Some(file) = &self.labels else { return Ok(None) };
        let mut read = Settings::default().read;
        self.reading.apply(&mut read);
        let table = regulars_engine::collect::open(file, &read, &Reporter::silent())?;
        let scheme = bundle.recipe.schema.iter().find(|s| s.role == regulars_engine::table::Role::Id);
        let lacks = |column: &str| DeployError::MissingColumn {
            file: file.clone(),
            columns: vec![column.to_owned()],
        };
        let id = scheme.map(|spec| spec.name.clone()).ok_or_else(|| lacks("id"))?;
        let (table, _) = table.aligned(&[&id, &bundle.target]);
        let ids = table.text(&id).ok_or_else(|| lacks(&id))?;
        let outcomes = table.text(&bundle.target).ok_or_else(|| lacks(&bundle.target))?;
        let pairs = ids.iter().zip(outcomes.iter()).filter_map(|(id, outcome)| {
            let outcome = outcome.map(str::trim).filter(|text| !text.is_empty())?;
            Some((id?.trim().to_owned(), outcome.eq_ignore_ascii_case(&bundle.positive)))
        });
        Ok(Some(pairs.collect()))
    }
}

fn print(lang: Lang, found: &DriftReport, performance: Option<&Performance>) {
    super::out!("{}", words::watch::verdict(lang, found));
    for alert in &found.alerts {
        super::out!("  ! {}", words::watch::alert(lang, alert));
    }
    super::out!("\n{}", lang.t("watch.cli.columns"));
    for column in found.score.iter().chain(&found.columns) {
        let name = if column.column.is_empty() { lang.t("watch.score") } else { column.column.clone() };
        let ks = column.ks.map_or_else(|| "      ".to_owned(), |ks| format!("{ks:.4}"));
        super::out!("  {:.4}  {ks}  {:>5.1}%  {name}", column.psi, 100.0 * column.missing.1);
    }
    if let Some(performance) = performance {
        super::out!("\n{}", words::watch::performance(lang, performance));
        for alert in &performance.alerts {
            super::out!("  ! {}", words::watch::alert(lang, alert));
        }
    }
}
