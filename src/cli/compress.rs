//! `regulars compress`: a saved network made smaller, every way with its price; and the one that is taken.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::deploy::Bundle;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Found, ProjectError, Secrets, Settings, Source};
use regulars_engine::train::small::{SmallError, SmallSpec, Way};
use serde_json::json;

use super::compare::{pad, width};
use super::{Failure, Outcome};
use crate::report::small;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Compress {
    /// A bundle saved by `train --bundle` or from the window, or a project
    bundle: PathBuf,
    /// The data that the model was trained with; a project knows its own
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Share of the weights that pruning makes zero
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    sparsity: f64,
    /// Share of each hidden layer's neurons that is removed
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share)]
    neurons: f64,
    /// Units of the small network that learns from the full one
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=512))]
    student: u16,
    /// How soft the full network's answers are made for it
    #[arg(long, value_name = "T", default_value_t = 2.0, value_parser = temperature)]
    temperature: f64,
    /// Weight of these answers; the rest is for what happened
    #[arg(long, value_name = "SHARE", default_value_t = 0.7, value_parser = share)]
    alpha: f64,
    /// Epochs of training on
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(2..=1000))]
    epochs: u16,
    /// Take this one at its price: eight_bit, pruned, neurons, distilled, distilled_eight_bit or labels_only
    #[arg(long = "use", value_name = "WAY", value_parser = parse_way, requires = "out")]
    take: Option<Way>,
    /// Where the bundle with the smaller model is written
    #[arg(long, value_name = "FILE", requires = "take")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: super::Reading,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "a number between 0 and 1".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("a number between 0 and 1".to_owned()) }
}

fn temperature(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "a number from 1 to 20".to_owned())?;
    if (1.0..=20.0).contains(&value) { Ok(value) } else { Err("a number from 1 to 20".to_owned()) }
}

fn parse_way(text: &str) -> Result<Way, String> {
    Way::ALL.into_iter().find(|way| way.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Way::ALL.into_iter().map(Way::name).collect();
        format!("one of {}", names.join(", "))
    })
}

impl Compress {
    pub(super) fn run(&self) -> Outcome {
        if let Some(out) = &self.out {
            let read: Vec<&Path> =
                self.files.iter().chain([&self.bundle]).map(|file| super::source::on_disk(file)).collect();
            super::refuse_input(out, &read)?;
        }
        let report = Reporter::silent();
        let lang = Lang::of_environment();
        let (bundle, mut settings, sources, secrets) = self.opened()?;
        // Told before anything is read: a tree has nothing to shrink, whatever the data.
        regulars_engine::train::small::check(&bundle.model)?;
        self.reading.apply(&mut settings.read);
        let table = project::table_of(&settings, (&sources, &secrets), &report)?;
        let (prepared, full) = project::full_of_bundle(&bundle, &settings, &table, &report)?;
        let spec = SmallSpec {
            sparsity: self.sparsity,
            neurons: self.neurons,
            student: usize::from(self.student),
            temperature: self.temperature,
            alpha: self.alpha,
            epochs: usize::from(self.epochs),
        };
        let found = project::find_smaller(&settings, &prepared, &full, &spec, &report)?;
        let mut taken = None;
        if let Some((way, out)) = self.take.zip(self.out.as_deref()) {
            let of = (&found, way);
            let (raw, repaired) = project::take_smaller(&settings, &prepared, &full.trained, of, &report)?;
            let outcome = repaired.unwrap_or(raw);
            let card = project::card(&settings, &table, &prepared, &outcome, &[&outcome], &report)?;
            let smaller = project::bundle(&settings, &prepared, &outcome, Some(card))
                .with_behaviour(bundle.behaviour.clone());
            smaller.save(out)?;
            taken = Some((way, out));
        }
        if !self.json {
            print(lang, &found);
            if let Some((way, out)) = taken {
                let price = found.of(way).and_then(|row| found.price(row));
                if let Some(price) = price {
                    let args =
                        [("way", small::way(lang, Some(way))), ("price", small::price(lang, way, &price))];
                    super::out!("\n{}", lang.with("small.cli.taken", &args));
                }
                super::out!("{}", lang.with("cli.wrote", &[("file", out.display().to_string())]));
            }
        }
        let prices: Vec<_> = found
            .rows
            .iter()
            .filter_map(|row| row.way.zip(found.price(row)))
            .map(|(way, price)| json!({ "way": way, "price": price }))
            .collect();
        Ok(json!({
            "model": bundle.model.kind(), "seed": settings.seed, "test_rows": found.test_rows,
            "threshold": found.threshold, "spec": found.spec, "rows": found.rows, "prices": prices,
            "failed": found.failed, "taken": taken.map(|(way, _)| way), "out": self.out,
        }))
    }

    /// The model, the settings that it was trained with, and where its data are.
    fn opened(&self) -> Result<(Bundle, Settings, Vec<Source>, Secrets), Failure> {
        if self.bundle.extension().is_some_and(|e| e == "regulars") {
            let project = super::locked::project(&self.bundle)?;
            let bundle = project.bundle.clone().ok_or(SmallError::NoModel)?;
            let run = project.shown.and_then(|(at, _)| project.runs.get(at));
            let mut settings = run.map_or(&project.settings, |run| &run.settings).clone();
            settings.threshold = bundle.threshold;
            settings.repair = project::settings_of(&bundle).repair;
            if !self.files.is_empty() {
                let (sources, secrets) = self.reading.sources(&self.files)?;
                return Ok((bundle, settings, sources, secrets));
            }
            let mut sources = Vec::new();
            for wanted in project.wanted() {
                let found = wanted
                    .find(Some(&self.bundle), &Reporter::silent())
                    .map_err(regulars_engine::Error::from)?;
                match found {
                    Found::InPlace(file) | Found::Moved(file) | Found::Namesake(file) => {
                        sources.push(wanted.at(file));
                    }
                    Found::Nowhere => return Err(ProjectError::NotFound { file: wanted.file.clone() }.into()),
                }
            }
            return Ok((bundle, settings, sources, Secrets::default()));
        }
        let bundle = super::locked::bundle(&self.bundle)?;
        let settings = project::settings_of(&bundle);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        Ok((bundle, settings, sources, secrets))
    }
}

/// The table in words.
fn print(lang: Lang, found: &project::SmallTable) {
    let heads = small::heads(lang);
    let rows: Vec<[String; 8]> = found.rows.iter().map(|row| small::cells(lang, row)).collect();
    let wide = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(heads.get(at));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    for row in std::iter::once(&heads).chain(&rows) {
        let cells: Vec<String> =
            row.iter().enumerate().map(|(at, cell)| pad(cell, wide(at), at > 0)).collect();
        super::out!("{}", cells.join("  ").trim_end());
    }
    super::out!("\n{}", lang.with("small.measured", &[("rows", lang.count(found.test_rows as u64))]));
    super::out!("{}", lang.t("small.honest"));
    for (way, why) in &found.failed {
        super::out!("  ! {}: {why}", small::way(lang, Some(*way)));
    }
}
