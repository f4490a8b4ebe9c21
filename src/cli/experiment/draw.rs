//! `regulars experiment draw`: from the last list of a project, or from any file of customers.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::experiment::{Arm, DrawSpec, Drawing, Experiment, Files, draw};
use regulars_engine::project::{self, Contacts, StrataBy};
use serde_json::json;

use super::super::{Input, Outcome, refuse_input};
use super::Planning;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Draw {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    planning: Planning,
    /// Name and place of the files: NAME.call.csv, NAME.leave-alone.csv, NAME.experiment.json
    #[arg(long, value_name = "NAME")]
    out: PathBuf,
    /// Column of chances, 0 to 1: customers of like chance are parted evenly
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The score is a chance to leave: the reading tells whether it was right
    #[arg(long, requires = "score")]
    score_is_risk: bool,
    /// Column of money or another number known before: customers of like value are parted evenly
    #[arg(long, value_name = "COLUMN")]
    value: Option<String>,
    /// Column whose values are parted evenly
    #[arg(long, value_name = "COLUMN")]
    strata: Option<String>,
    /// Contact details in the list to call: masked, clear or left_out
    #[arg(long, value_name = "HOW", default_value = "masked", value_parser = parse_contacts)]
    contacts: Contacts,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn parse_contacts(text: &str) -> Result<Contacts, String> {
    Contacts::ALL.into_iter().find(|c| c.name() == text).ok_or_else(|| "masked, clear or left_out".into())
}

/// The one project among the files.
fn project(files: &[PathBuf]) -> Option<&Path> {
    match files {
        [one] if one.extension().is_some_and(|ending| ending == "regulars") => Some(one),
        _ => None,
    }
}

impl Draw {
    pub(super) fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let files = Files::beside(&self.out);
        for file in files.all() {
            refuse_input(file, &self.input.paths())?;
        }
        files.check()?;
        let by = StrataBy { value: self.value.clone(), column: self.strata.clone() };
        let plan = self.planning.plan();
        let spec = DrawSpec { left_alone: plan.left_alone, seed: self.seed, ..DrawSpec::default() };
        let name = files.experiment.file_name().map(|name| name.to_string_lossy().into_owned());
        let name =
            name.and_then(|name| Some(name.strip_suffix(".experiment.json")?.to_owned())).unwrap_or_default();
        let header = || [lang.t("customers.id"), lang.t("customers.risk")];
        let (of, pool, repeated, called, left_alone) = if let Some(path) = project(&self.input.files) {
            let saved = super::super::locked::project(path)?;
            let pool = project::experiment_pool_of_project(&saved);
            let drawn = draw(&spec, &pool.candidates)?;
            let (file, hash) =
                saved.lists.last().map(|l| (l.file.clone(), l.hash.clone())).unwrap_or_default();
            let drawing = Drawing { spec, file, hash, score_is_risk: true, ..Drawing::default() };
            let repeated = drawn.repeated;
            let of = Experiment::new(&name, plan, drawing, drawn);
            let lists = [Arm::Called, Arm::LeftAlone].map(|arm| project::experiment_ids(&of, arm, header()));
            let [called, left_alone] = lists;
            (of, pool, repeated, called, left_alone)
        } else {
            let table = self.input.open(&self.input.settings()?)?;
            let pool = project::experiment_pool_of_table(&table, self.score.as_deref(), &by)?;
            let drawn = draw(&spec, &pool.candidates)?;
            let drawing = Drawing {
                spec,
                file: regulars_engine::files::name_of(&table.source.file),
                hash: table.source.hash.clone(),
                score_is_risk: self.score_is_risk,
                value: by.value,
                column: by.column,
            };
            let repeated = drawn.repeated;
            let of = Experiment::new(&name, plan, drawing, drawn);
            let rows = |arm| project::experiment_rows(&table, &of, arm, self.contacts);
            let (called, left_alone) = (rows(Arm::Called), rows(Arm::LeftAlone));
            (of, pool, repeated, called, left_alone)
        };
        project::write_experiment(&files, &of, &called, &left_alone)?;
        let (to_call, alone) = (of.count(Arm::Called), of.count(Arm::LeftAlone));
        if !self.input.json {
            let args = [
                ("called", lang.count(to_call)),
                ("left", lang.count(alone)),
                ("strata", lang.count(of.strata.len() as u64)),
            ];
            out!("{}", lang.with("exp.drawn", &args));
            files.all().iter().for_each(|file| {
                out!("  {}", lang.with("cli.wrote", &[("file", file.display().to_string())]));
            });
            if pool.withheld + pool.nameless + repeated > 0 {
                let args = [
                    ("withheld", lang.count(pool.withheld as u64)),
                    ("nameless", lang.count(pool.nameless as u64)),
                    ("repeated", lang.count(repeated as u64)),
                ];
                out!("  {}", lang.with("exp.left_out", &args));
            }
        }
        Ok(json!({
            "called": to_call, "left_alone": alone, "strata": of.strata, "withheld": pool.withheld,
            "nameless": pool.nameless, "repeated": repeated, "seed": self.seed,
            "called_hash": of.called_hash, "left_alone_hash": of.left_alone_hash,
            "files": { "experiment": files.experiment, "called": files.called, "left_alone": files.left_alone },
        }))
    }
}
