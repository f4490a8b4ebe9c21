//! `regulars search`: better settings for a model, chosen on validation rows, measured once on test rows.

use clap::Args;
use regulars_engine::job::{Event, Reporter};
use regulars_engine::project::{self, Searched, Settings};
use regulars_engine::table::Role;
use regulars_engine::train::search::{Sampler, SearchKind, SearchSpec, Setting, Trial, best_so_far, ranked};
use serde_json::{Value, json};

use super::compare::{pad, width};
use super::learning::Learning;
use super::{Input, Outcome};
use crate::report::found;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Search {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    learning: Learning,
    /// Whose settings are searched: mlp or boosted
    #[arg(long, value_name = "KIND", default_value = "mlp", value_parser = parse_kind)]
    model: SearchKind,
    /// How the next trial is drawn: tpe (where good trials are dense) or random
    #[arg(long, value_name = "HOW", default_value = "tpe", value_parser = parse_sampler)]
    sampler: Sampler,
    /// Trials at most; the first has the usual settings
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    trials: u32,
    /// Seconds of training after which no trial begins (0: no limit)
    #[arg(long, value_name = "S", default_value_t = 0)]
    seconds: u32,
    /// Choose by so many folds of all rows that are no test rows, instead of the validation rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=10))]
    valid_folds: Option<u16>,
    /// Settings that are not searched, with commas between
    #[arg(long, value_name = "SETTINGS", value_delimiter = ',')]
    pin: Vec<String>,
    /// Train every trial to its end
    #[arg(long)]
    no_halving: bool,
}

fn parse_kind(text: &str) -> Result<SearchKind, String> {
    let found = SearchKind::ALL.into_iter().find(|kind| kind.model().name() == text);
    found.ok_or_else(|| "mlp or boosted".into())
}

fn parse_sampler(text: &str) -> Result<Sampler, String> {
    Sampler::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| "tpe or random".into())
}

impl Search {
    fn spec(&self) -> Result<SearchSpec, clap::Error> {
        let mut spec = SearchSpec {
            sampler: self.sampler,
            trials: self.trials as usize,
            seconds: f64::from(self.seconds),
            halving: !self.no_halving,
            folds: usize::from(self.valid_folds.unwrap_or(0)),
            ..SearchSpec::of(self.model)
        };
        for name in &self.pin {
            if !spec.pin(name) {
                let names: Vec<&str> = Setting::of(self.model).iter().map(|one| one.name()).collect();
                let text = format!("--pin {name}: a setting is one of {}\n", names.join(", "));
                return Err(clap::Error::raw(clap::error::ErrorKind::InvalidValue, text));
            }
        }
        Ok(spec)
    }

    /// Refuses a name that no setting has, before anything is read.
    pub(super) fn check(&self) -> Result<(), clap::Error> {
        self.spec().map(|_| ())
    }

    pub(super) fn run(&self) -> Outcome {
        let spec = self.spec().unwrap_or_else(|_| SearchSpec::of(self.model));
        let mut settings = self.input.settings()?;
        self.learning.apply(&mut settings);
        let table = self.input.open(&settings)?;
        let lang = Lang::of_environment();
        let (events, heard) = std::sync::mpsc::channel();
        let (kind, by_folds) = (self.model, spec.folds > 1);
        let printer = std::thread::spawn(move || {
            for event in heard {
                if let Event::Trial(trial) = event {
                    eprintln!("{}", line(lang, kind, by_folds, &trial));
                }
            }
        });
        let report = Reporter::to(events);
        let found = project::search(&settings, &table, &spec, &report);
        drop(report);
        let _ = printer.join();
        let found = found?;
        if !self.input.json {
            print(lang, &spec, &found);
        }
        let mut value = to_json(&spec, &settings, &found);
        if let Some(object) = value.as_object_mut() {
            let target = table.with_role(Role::Target).map(|column| column.name.clone());
            object.insert("target".into(), json!(target));
        }
        Ok(value)
    }
}

/// A trial in one line.
fn line(lang: Lang, kind: SearchKind, by_folds: bool, trial: &Trial) -> String {
    let auc = trial.valid_auc.map_or("–".to_owned(), |auc| format!("{auc:.4}"));
    let args = [
        ("trial", trial.number.to_string()),
        ("auc", auc),
        ("ended", found::ended(lang, kind, by_folds, trial)),
        ("what", found::changes(lang, trial)),
    ];
    lang.with("search.line", &args)
}

fn to_json(spec: &SearchSpec, settings: &Settings, found: &Searched) -> Value {
    let trials: Vec<Value> = found.trials.iter().map(|trial| trial_json(spec.kind, trial)).collect();
    let winner = found.winner();
    json!({
        "model": spec.kind.model(), "sampler": spec.sampler, "seed": settings.seed,
        "device": found.device.ran.name(), "halving": spec.halving,
        "chosen_by": if spec.folds > 1 { json!({ "folds": spec.folds }) } else { json!({ "rows": found.valid_rows }) },
        "trials": trials, "best": winner.map(|trial| trial.number),
        "best_so_far": best_so_far(&found.trials),
        "valid_auc": winner.and_then(|trial| trial.valid_auc),
        "test": { "rows": found.test.rows(), "metrics": found.test.metrics(settings.threshold) },
        "threshold": settings.threshold, "positive": found.positive,
        "settings": match spec.kind {
            SearchKind::Mlp => json!(found.settings.mlp),
            SearchKind::Boosted => json!(found.settings.boosted),
        },
        "seconds": found.trials.iter().map(|trial| trial.seconds).sum::<f64>(),
    })
}

fn trial_json(kind: SearchKind, trial: &Trial) -> Value {
    let changes: serde_json::Map<String, Value> =
        trial.changes.iter().map(|(setting, value)| (setting.name().to_owned(), value.clone())).collect();
    json!({
        "trial": trial.number, "changes": changes, "valid_auc": trial.valid_auc, "folds": trial.folds,
        "epochs": trial.epochs, "seconds": trial.seconds, "ended": trial.ended,
        "settings": match kind {
            SearchKind::Mlp => json!(trial.specs.mlp),
            SearchKind::Boosted => json!(trial.specs.boosted),
        },
    })
}

/// The trials, the best first, and the winner in words.
fn print(lang: Lang, spec: &SearchSpec, found: &Searched) {
    let order = ranked(&found.trials);
    let mut table: Vec<[String; 6]> = vec![
        ["search.trial", "search.auc", "search.steps", "train.seconds", "search.ended", "search.what"]
            .map(|key| lang.t(key)),
    ];
    table.extend(order.iter().map(|trial| {
        [
            trial.number.to_string(),
            trial.valid_auc.map_or("–".into(), |auc| format!("{auc:.4}")),
            trial.epochs.to_string(),
            format!("{:.1}", trial.seconds),
            found::ended(lang, spec.kind, spec.folds > 1, trial),
            found::changes(lang, trial),
        ]
    }));
    let widths: Vec<usize> = (0..6)
        .map(|at| table.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    for row in &table {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(at, (cell, to))| if at == 5 { cell.clone() } else { pad(cell, *to, at < 4) })
            .collect();
        super::out!("  {}", cells.join("  "));
    }
    super::out!("\n{}\n{}", found::winner(lang, found), lang.t("search.flatters"));
}
