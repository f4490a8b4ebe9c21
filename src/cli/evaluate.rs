//! `regulars evaluate`: a saved model, measured on customers whose outcome is known.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::deploy::{Bundle, Lacking};
use regulars_engine::evaluate::{FigureRow, GuessKind};
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Measurement, Settings};
use regulars_engine::train::DeviceKind;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::compare::{pad, width};
use crate::report::found::model;
use crate::report::judged;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Evaluate {
    /// A bundle saved by `train --bundle` or from the window; with --actual the first file
    bundle: PathBuf,
    /// Customers whose outcome is known: files, databases, web addresses
    #[arg(required_unless_present = "actual", value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    columns: super::two_columns::Columns,
    /// The day to go back to, as 2026-06-30, where the model was trained with --horizon (default: the last
    /// day after which the whole horizon lies within the data)
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    as_of: Option<Date>,
    #[command(flatten)]
    reading: super::Reading,
    /// Read a column that the file lacks as its centre, instead of refusing
    #[arg(long)]
    fill: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Evaluate {
    pub(super) fn run(&self) -> Outcome {
        if let Some(named) = self.columns.named() {
            let files: Vec<PathBuf> = std::iter::once(&self.bundle).chain(&self.files).cloned().collect();
            let (sources, secrets) = self.reading.sources(&files)?;
            let mut settings = Settings::default();
            self.reading.apply(&mut settings.read);
            let read = project::collect_sources(&sources, &secrets, &settings, &Reporter::silent())?;
            return named.run(&read.table, self.json);
        }
        let bundle = super::locked::bundle(&self.bundle)?;
        let mut settings = Settings::default();
        self.reading.apply(&mut settings.read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        let from = (sources.as_slice(), &secrets);
        let lacking = if self.fill { Lacking::Fill } else { Lacking::Refuse };
        let report = Reporter::silent();
        let found = project::measure_files(&bundle, &settings, from, (self.as_of, lacking), &report)?;
        if !self.json {
            print(Lang::of_environment(), &bundle, &found);
        }
        Ok(to_json(&bundle, &found))
    }
}

fn to_json(bundle: &Bundle, found: &Measurement) -> Value {
    let (table, card) = (&found.judged.table, bundle.card.as_ref());
    let figure = |row: &FigureRow| {
        let e = row.measured.estimate;
        let value = json!({
            "value": e.value, "low": e.low, "high": e.high,
            "interval": row.measured.method,
            "majority": row.guess.filter(|guess| guess.kind == GuessKind::Majority).map(|guess| guess.value),
            "guess": row.guess, "beats_guess": row.beats_guess(),
        });
        (row.measured.figure.name().to_owned(), value)
    };
    let metrics: Map<String, Value> = table.figures.iter().map(figure).collect();
    json!({
        "model": bundle.model.kind(), "device": DeviceKind::Flex, "seed": card.map(|card| card.seed),
        "target": bundle.target, "positive": bundle.positive, "threshold": table.threshold,
        "features": bundle.features.names(),
        "rows": found.rows, "labelled_rows": found.labelled, "positive_rows": table.positives,
        "train_rows": card.map(|card| card.train_rows), "valid_rows": card.map(|card| card.valid_rows),
        "test_rows": table.rows,
        "epochs_run": card.map(|card| card.epochs_run), "seconds": card.map(|card| card.seconds),
        "seen": found.seen, "day": found.past.map(|past| past.day),
        "learnt_later": found.past.map(|past| past.learnt_later),
        "metrics": { "test": metrics }, "at_training": card.map(|card| &card.metrics),
        "bootstrap_draws": table.replicates, "trust": found.judged.trust,
        "history": card.map(|card| &card.history),
    })
}

/// The findings in words.
fn print(lang: Lang, bundle: &Bundle, found: &Measurement) {
    let table = &found.judged.table;
    let count = |n: usize| lang.count(n as u64);
    let args = [
        ("model", model(lang, bundle.model.kind())),
        ("rows", count(found.rows)),
        ("labelled", count(found.labelled)),
        ("column", bundle.target.clone()),
        ("value", bundle.positive.clone()),
        ("positives", lang.count(table.positives)),
    ];
    super::out!("{}", lang.with("figures.cli.head", &args));
    if let Some(past) = found.past {
        super::out!("{}", lang.with("figures.cli.as_of", &[("day", past.day.to_string())]));
        if past.learnt_later {
            super::out!("  ! {}", lang.t("figures.cli.learnt_later"));
        }
    }
    if found.seen {
        super::out!("  ! {}", lang.t("figures.cli.seen"));
    }
    let rows: Vec<&FigureRow> = found.judged.told().collect();
    let names: Vec<String> =
        rows.iter().map(|row| lang.t(&format!("metric.{}", row.measured.figure.name()))).collect();
    let to = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for (row, name) in rows.iter().zip(&names) {
        let (figure, e) = (row.measured.figure, row.measured.estimate);
        let show = |value| judged::shown(figure, value);
        let guess = row.guess.map(|guess| lang.with("figures.cli.guess", &[("value", show(guess.value))]));
        super::out!(
            "  {}  {:>8}   [{} – {}]   {}",
            pad(name, to, false),
            show(e.value),
            show(e.low),
            show(e.high),
            guess.unwrap_or_default()
        );
    }
    super::out!("\n{}", judged::lead(lang, &found.judged.trust));
    for line in judged::trust(lang, &found.judged.trust) {
        super::out!("{line}");
    }
}
