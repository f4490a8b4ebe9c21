//! `regulars experiment uplift`: whom an offer turns.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::deploy::DeployError;
use regulars_engine::experiment::uplift::{KINDS, Method, UpliftSpec};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, UpliftAsk};
use regulars_engine::table::Role;
use regulars_engine::train::ModelKind;
use serde_json::json;

use super::super::{Input, Outcome, refuse_input};
use crate::report::experiment as told;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Find {
    #[command(flatten)]
    pub(super) input: Input,
    /// The column that says what became of the customers (default: guessed from its name)
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The value of the target that counts (default: yes, true, 1, or the rarer one)
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// The target's value is what is wanted (“bought”), not what the offer was to prevent (“left”)
    #[arg(long)]
    wanted: bool,
    /// The column that says who got the offer
    #[arg(long, value_name = "COLUMN")]
    treatment: String,
    /// The value of it that means yes (default: guessed)
    #[arg(long, value_name = "VALUE")]
    got: Option<String>,
    /// two_models or class_transformed
    #[arg(long, value_name = "METHOD", default_value = "two_models", value_parser = parse_method)]
    method: Method,
    /// logistic, boosted, forest, tree or svm
    #[arg(long, value_name = "KIND", default_value = "logistic", value_parser = parse_kind)]
    model: ModelKind,
    /// Money that one more wanted answer is worth
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    worth: f64,
    /// Money that one offer costs
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    cost: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where every customer's uplift is written (CSV or XLSX)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn parse_method(text: &str) -> Result<Method, String> {
    Method::ALL.into_iter().find(|m| m.name() == text).ok_or_else(|| "two_models or class_transformed".into())
}

fn parse_kind(text: &str) -> Result<ModelKind, String> {
    KINDS.into_iter().find(|k| k.name() == text).ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

impl Find {
    pub(super) fn run(&self) -> Outcome {
        if let Some(out) = &self.out {
            refuse_input(out, &self.input.paths())?;
        }
        let lang = Lang::of_environment();
        let mut settings = self.input.settings()?;
        settings.read.roles.extend(self.target.iter().map(|name| (name.clone(), Role::Target)));
        settings.positive.clone_from(&self.positive);
        settings.seed = self.seed;
        let table = self.input.open(&settings)?;
        let ask = UpliftAsk {
            treatment: self.treatment.clone(),
            got: self.got.clone(),
            unwanted: !self.wanted,
            model: UpliftSpec { method: self.method, kind: self.model, seed: self.seed },
            worth: self.worth,
            cost: self.cost,
        };
        let found = project::uplift(&settings, &table, &ask, &Reporter::silent())?;
        let offers = found.list.iter().filter(|one| one.offer).count();
        if let Some(path) = &self.out {
            let row = |one: &project::Turned| {
                let offer = if one.offer { lang.t("common.yes") } else { String::new() };
                vec![Cell::from(one.id.as_str()), Cell::percent(one.uplift), offer.into()]
            };
            let grid = Grid {
                name: lang.t("exp.uplift.list"),
                header: ["customers.id", "exp.uplift.column", "exp.uplift.offer"]
                    .map(|key| lang.t(key))
                    .into(),
                rows: found.list.iter().map(row).collect(),
            };
            grid.write(path).map_err(|cause| DeployError::Write { file: path.clone(), cause })?;
        }
        if !self.input.json {
            out!("{}", told::uplift(lang, &found));
            if let Some(path) = &self.out {
                out!("{}", lang.with("cli.wrote", &[("file", path.display().to_string())]));
            }
        }
        Ok(json!({
            "target": found.target, "wanted": found.wanted, "treatment": self.treatment, "got": found.got,
            "method": self.method.name(), "model": self.model.name(), "qini": found.qini,
            "measured": found.measured, "learnt": found.learnt, "pays_from": found.pays_from,
            "customers": found.list.len(), "offers": offers, "out": self.out,
        }))
    }
}
