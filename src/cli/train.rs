//! `regulars train`: trains one kind of model and measures it on rows it never saw.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::evaluate::{Evaluation, RepairKind};
use regulars_engine::job::{Event, Reporter};
use regulars_engine::project::{self, Asked, Collected, Journey, Outcome as Learnt, Prepared, Settings};
use regulars_engine::split::Side;
use regulars_engine::train::ModelKind;
use serde_json::{Value, json};

use super::asking::Asking;
use super::learning::Learning;
use super::promise::{self, Private};
use super::pushing::{self, Pushing};
use super::run_folder::{self, Folder};
use super::sampling::{self, Sampling};
use super::{Input, Outcome};
use crate::words::{Lang, percent};

#[derive(Args)]
#[command(mut_arg("files", |files| files.required(false).required_unless_present("from_run")))]
pub(super) struct Train {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    learning: Learning,
    #[command(flatten)]
    sampling: Sampling,
    /// mlp, boosted, forest, svm, logistic, tree, one_rule or majority; cnn, rnn, hybrid or transformer read free
    /// text and, with --horizon, purchases and events in their order
    #[arg(long, value_name = "KIND", default_value = "mlp", value_parser = parse_kind)]
    model: ModelKind,
    #[command(flatten)]
    private: Private,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    pushing: Pushing,
    /// Repair probabilities on the validation rows: none, platt or isotonic
    #[arg(long, value_name = "KIND", default_value = "none", value_parser = parse_repair)]
    repair: RepairKind,
    /// Where to save the trained model with its preparation
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Where a network's training keeps its standing; what is there is gone on with, and equals never having
    /// stopped
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    at: super::muscle::At,
    #[command(flatten)]
    folder: Folder,
}

pub(super) fn parse_kind(text: &str) -> Result<ModelKind, String> {
    ModelKind::every().find(|k| k.name() == text).ok_or_else(|| {
        let names: Vec<&str> = ModelKind::every().map(ModelKind::name).collect();
        format!("one of {}", names.join(", "))
    })
}

pub(super) fn parse_repair(text: &str) -> Result<RepairKind, String> {
    RepairKind::ALL
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or_else(|| "none, platt or isotonic".into())
}

/// The rows and the model of a journey; a word where the repair that is wanted cannot be.
pub(super) fn told(lang: Lang, journey: Journey) -> (Prepared, Learnt) {
    if journey.unrepaired {
        eprintln!("! {}", lang.t("repair.failed"));
    }
    (journey.prepared, journey.outcome)
}

impl Train {
    pub(super) fn run(&self) -> Outcome {
        if let Some(bundle) = &self.bundle {
            super::refuse_input(bundle, &self.input.paths())?;
        }
        if let Some(checkpoint) = &self.checkpoint {
            super::refuse_input(checkpoint, &self.input.paths())?;
        }
        // The processes live for as long as the training.
        let (elsewhere, _workers) = self.at.open()?;
        let again = self.folder.open()?;
        let mut worked_out = None;
        let (settings, collected, kind) = match &again {
            Some(record) => {
                let settings = record.again();
                let collected = self.folder.collect(record, &self.input, &settings)?;
                (settings, collected, record.model)
            }
            None => {
                let mut settings = self.input.settings()?;
                self.learning.apply(&mut settings);
                self.private.apply(&mut settings);
                self.sampling.apply(&mut settings);
                settings.repair = self.repair;
                settings.question = self.asking.question(self.learning.target.is_some());
                if self.model.is_network() {
                    settings.net.kind = self.model;
                }
                if let Some(printed) = self.pushing.printed(&self.input, &settings) {
                    return printed;
                }
                let (collected, pushed) = self.pushing.collect(&self.input, &settings)?;
                worked_out = pushed;
                (settings, collected, self.model)
            }
        };
        let Collected { table, asked, .. } = &collected;
        let (events, heard) = std::sync::mpsc::channel();
        let report = Reporter::to(events);
        let lang = Lang::of_environment();
        let printer = std::thread::spawn(move || {
            let mut crew = Vec::new();
            for event in heard {
                match event {
                    Event::Crew(now) => {
                        for lost in super::muscle::lost(&crew, &now) {
                            eprintln!("! {}", lang.with("crew.lost", &[("place", lost)]));
                        }
                        crew = now;
                    }
                    Event::Epoch(e) => eprintln!("{}", epoch_line(lang, &e)),
                    Event::Phase(name) if name.starts_with("elsewhere") => {
                        eprintln!("{}", lang.t(&format!("phase.{name}")));
                    }
                    _ => {}
                }
            }
        });
        let place = (self.checkpoint.as_deref(), elsewhere.as_ref());
        let (prepared, learnt) = told(lang, project::run(&settings, table, kind, place, &report)?);
        // A run that is made again had been set right by an experiment.
        let learnt = match &settings.refit {
            Some(refit) => project::refitted(&prepared, &learnt, refit),
            None => learnt,
        };
        drop(report);
        let _ = printer.join();
        if self.bundle.is_some() || self.folder.run_folder.is_some() {
            let card = project::card(&settings, table, &prepared, &learnt, &[&learnt], &Reporter::silent())?;
            let behaviour = asked.as_ref().map(|asked| asked.fitted.clone());
            let bundle = project::bundle(&settings, &prepared, &learnt, Some(card)).with_behaviour(behaviour);
            if let Some(path) = &self.bundle {
                bundle.save(path)?;
            }
            self.folder.write(lang, &settings, (&self.input, &collected), &prepared, &learnt, &bundle)?;
        }
        let now = project::metrics_of(&settings, &learnt);
        let differences = again.as_ref().map(|record| record.differences(&round_trip(now)));
        if !self.input.json {
            if let Some(asked) = asked {
                print_question(lang, asked);
            }
            if let Some(worked_out) = &worked_out {
                pushing::print(lang, worked_out);
            }
            print(lang, &settings, &prepared, &learnt);
            promise::print(lang, learnt.trained.promise.as_deref());
            for path in self.bundle.iter().chain(&self.folder.run_folder) {
                super::out!("{}", lang.with("cli.wrote", &[("file", path.display().to_string())]));
            }
            if let Some(differences) = &differences {
                super::out!("{}", run_folder::told(lang, differences));
            }
        }
        let mut answer = to_json(&settings, &prepared, &learnt);
        sampling::tell(lang, table, self.input.json, &mut answer);
        if let (Some(asked), Some(object)) = (asked, answer.as_object_mut()) {
            object.insert("question".into(), question_json(asked));
        }
        if let (Some(worked_out), Some(object)) = (&worked_out, answer.as_object_mut()) {
            object.insert("pushed_down".into(), pushing::to_json(worked_out));
        }
        if let (Some(differences), Some(object)) = (&differences, answer.as_object_mut()) {
            object.insert("reproduced".into(), differences.is_empty().into());
            object.insert("differences".into(), run_folder::to_json(differences));
        }
        Ok(answer)
    }
}

/// The value as it is once it was written and read: what a record holds has gone that way.
fn round_trip(value: Value) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or(value)
}

/// What was asked over time, in words.
fn print_question(lang: Lang, asked: &Asked) {
    let days: Vec<String> = asked.days.iter().map(ToString::to_string).collect();
    super::out!(
        "{}",
        lang.with(
            "cli.question",
            &[
                ("days", asked.fitted.question.horizon_days.to_string()),
                ("cut_offs", days.join(", ")),
                ("rows", lang.count(asked.labelled as u64)),
                ("lost", lang.count(asked.lost as u64)),
                ("last", asked.last.to_string()),
                ("to_answer", lang.count(asked.to_answer as u64)),
            ]
        )
    );
    for found in &asked.ahead {
        super::out!("  ! {}", lang.note(&found.note()));
    }
}

fn question_json(asked: &Asked) -> Value {
    let question = &asked.fitted.question;
    let ahead: Vec<Value> =
        asked.ahead.iter().map(|found| json!({ "column": found.column, "why": found.note() })).collect();
    json!({
        "horizon_days": question.horizon_days, "churn": question.churn.name(),
        "look_back_days": question.look_back_days, "min_history_days": question.min_history_days,
        "cut_offs": asked.days, "labelled_rows": asked.labelled, "lost": asked.lost,
        "answered_on": asked.last, "to_answer": asked.to_answer,
        "look_ahead_columns": ahead, "behaviour_features": asked.fitted.kept,
    })
}

pub(super) fn epoch_line(lang: Lang, e: &regulars_engine::train::Epoch) -> String {
    lang.with(
        "cli.epoch",
        &[
            ("epoch", e.epoch.to_string()),
            ("planned", e.planned.to_string()),
            ("train", format!("{:.4}", e.train_loss)),
            ("valid", format!("{:.4}", e.valid_loss)),
            ("auc", e.valid_auc.map_or("–".into(), |auc| format!("{auc:.4}"))),
        ],
    )
}

/// The findings in words.
pub(super) fn print(lang: Lang, settings: &Settings, prepared: &Prepared, learnt: &Learnt) {
    super::out!(
        "{}",
        lang.with(
            "cli.model",
            &[
                ("model", lang.t(&format!("model.{}", learnt.kind.name()))),
                ("device", learnt.trained.device.ran.name().into()),
                ("train", lang.count(prepared.count(Side::Train) as u64)),
                ("test", lang.count(prepared.count(Side::Test) as u64)),
            ]
        )
    );
    if let Some(note) = learnt.trained.model.note() {
        super::out!("  {}", lang.note(&note));
    }
    for leak in &prepared.leaks {
        super::out!(
            "  ! {}",
            lang.with(
                "features.leak",
                &[("column", leak.column.clone()), ("auc", format!("{:.3}", leak.roc_auc))]
            )
        );
    }
    if !learnt.test.is_judged() {
        super::out!("  ! {}", lang.t("figures.lead_none"));
    }
    for (name, e) in learnt.test.told(settings.threshold) {
        let show = |v: f64| {
            if matches!(name, "roc_auc" | "pr_auc" | "brier" | "log_loss") {
                format!("{v:.3}")
            } else {
                percent(v)
            }
        };
        super::out!(
            "  {:<20} {:>8}   [{} – {}]",
            lang.t(&format!("metric.{name}")),
            show(e.value),
            show(e.low),
            show(e.high)
        );
    }
}

fn metrics(evaluation: &Evaluation, threshold: f64) -> Value {
    json!(evaluation.metrics(threshold))
}

pub(super) fn to_json(settings: &Settings, prepared: &Prepared, learnt: &Learnt) -> Value {
    let trained = &learnt.trained;
    json!({
        "model": learnt.kind, "device": trained.device.ran, "device_why": trained.device.why,
        "adapter": trained.device.adapter, "seed": settings.seed,
        "target": prepared.labels.column, "positive": prepared.labels.positive,
        "features": prepared.features.names(),
        "leaks": prepared.leaks,
        "rows": prepared.sides.len(), "train_rows": prepared.count(Side::Train),
        "valid_rows": prepared.count(Side::Valid), "test_rows": prepared.count(Side::Test),
        "epochs_run": trained.epochs_run, "best_epoch": trained.best_epoch, "seconds": trained.seconds,
        "threshold": settings.threshold, "judged": learnt.test.is_judged(),
        "note": trained.model.note().map(|note| Lang::En.note(&note)),
        "metrics": {
            "valid": metrics(&learnt.valid, settings.threshold),
            "test": metrics(&learnt.test, settings.threshold),
        },
        "history": trained.history,
        "differential_privacy": trained.promise,
    })
}
