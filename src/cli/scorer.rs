//! A program with a bundle behind it: started, it is a scorer and nothing else.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use regulars_engine::deploy::scorer::{self, Carried, Scorer};
use regulars_engine::deploy::{Lacking, Ready};
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::table::Role;
use serde_json::json;

use super::Outcome;
use crate::words::{self, Lang};

/// Scores customers with the model that this file carries
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Score {
    /// The customers' data: a file, or several where the model reads orders
    #[arg(value_name = "FILE", required_unless_present_any = ["check", "schema"])]
    files: Vec<PathBuf>,
    /// Where the scores are written (default: FILE with “.scored.csv”)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Check that nothing was changed and that the made-up rows inside still get their scores
    #[arg(long, conflicts_with_all = ["files", "schema"])]
    check: bool,
    /// Tell which columns the model reads, and what it gives
    #[arg(long, conflicts_with = "files")]
    schema: bool,
    /// The day to answer for, as 2026-06-30, where the model reads orders
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    as_of: Option<Date>,
    #[command(flatten)]
    reading: super::Reading,
    /// Read a column that the file lacks as its centre, instead of refusing
    #[arg(long)]
    fill: bool,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
    /// The file whose first line is the passphrase, where the model is locked (else
    /// REGULARS_PASSPHRASE, or typed)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Runs the scorer that this program is; `None` where it carries no bundle.
pub(super) fn main() -> Option<ExitCode> {
    let program = std::env::current_exe().ok()?;
    let scorer = match scorer::find(&program) {
        Ok(found) => found?,
        Err(error) => {
            let json = std::env::args_os().skip(1).any(|argument| argument == "--json");
            return Some(super::tell(&error.into(), json));
        }
    };
    let name = std::env::args_os().next().map(PathBuf::from);
    let name = name.and_then(|path| path.file_name().map(|n| n.to_string_lossy().into_owned()));
    let command = Score::command().bin_name(name.unwrap_or_else(|| "scorer".into()));
    let asked = command.try_get_matches().and_then(|matches| Score::from_arg_matches(&matches));
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => return Some(super::refuse_arguments(&error)),
    };
    super::locked::passphrase_in(asked.passphrase_file.clone());
    Some(match asked.run(&scorer) {
        Ok(value) => {
            if asked.json {
                super::say(&value);
            }
            ExitCode::SUCCESS
        }
        Err(failure) => super::tell(&failure, asked.json),
    })
}

impl Score {
    fn run(&self, scorer: &Scorer) -> Outcome {
        let carried = super::locked::carried(scorer)?;
        match (self.check, self.schema) {
            (true, _) => self.check(scorer, &carried),
            (_, true) => Ok(self.schema(carried)),
            _ => self.score(carried),
        }
    }

    fn check(&self, scorer: &Scorer, carried: &Carried) -> Outcome {
        let told = scorer.check(carried, &Reporter::silent())?;
        if !self.json {
            let lang = Lang::of_environment();
            let args = [("rows", lang.count(told.rows as u64)), ("equal", lang.count(told.equal as u64))];
            super::out!("{}", lang.with("scorer.checked", &args));
        }
        Ok(json!({
            "ok": true, "rows": told.rows, "equal": told.equal, "largest_difference": told.most,
        }))
    }

    fn schema(&self, carried: Carried) -> serde_json::Value {
        let bundle = Arc::new(carried.bundle);
        let ready = Ready::new(bundle.clone());
        let columns: Vec<serde_json::Value> = ready
            .columns()
            .iter()
            .filter(|spec| spec.role == Role::Id || ready.needed().contains(&spec.name))
            .map(|spec| {
                let (range, levels) = ready.known(&spec.name);
                json!({
                    "name": spec.name, "role": spec.role.name(), "needed": spec.role != Role::Id,
                    "range": range, "levels": levels,
                })
            })
            .collect();
        let told = json!({
            "target": bundle.target, "positive": bundle.positive, "threshold": bundle.threshold,
            "model": bundle.model.kind().name(), "engine": bundle.engine, "columns": columns,
            "gives": scorer::flagged_header(), "self_test_rows": carried.test.rows.len(),
        });
        if !self.json {
            self.show(&told);
        }
        told
    }

    fn show(&self, told: &serde_json::Value) {
        let lang = Lang::of_environment();
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let model = lang.t(&format!("model.{}", text(&told["model"])));
        let args =
            [("target", text(&told["target"])), ("positive", text(&told["positive"])), ("model", model)];
        super::out!("{}", lang.with("scorer.says", &args));
        super::out!("{}", lang.t("scorer.reads"));
        for column in told["columns"].as_array().into_iter().flatten() {
            let known = match (&column["range"], &column["levels"]) {
                (serde_json::Value::Array(range), _) => {
                    range.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(" – ")
                }
                (_, serde_json::Value::Array(levels)) => {
                    let some: Vec<String> = levels.iter().take(8).map(text).collect();
                    let more = if levels.len() > some.len() { " …" } else { "" };
                    format!("{}{more}", lang.list(&some))
                }
                _ => String::new(),
            };
            let role = lang.t(&format!("role.{}", text(&column["role"])));
            super::out!("  {}  [{role}]  {known}", text(&column["name"]));
        }
        let gives: Vec<String> = told["gives"].as_array().into_iter().flatten().map(text).collect();
        super::out!("{}", lang.with("scorer.gives", &[("columns", lang.list(&gives))]));
    }

    fn score(&self, carried: Carried) -> Outcome {
        let started = std::time::Instant::now();
        let bundle = Arc::new(carried.bundle);
        let out = self.out.clone().unwrap_or_else(|| self.beside());
        let read: Vec<&Path> = self.files.iter().map(|file| super::source::on_disk(file)).collect();
        super::refuse_input(&out, &read)?;
        let mut settings = Settings::default();
        self.reading.apply(&mut settings.read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        let lacking = if self.fill { Lacking::Fill } else { Lacking::Refuse };
        let from = (sources.as_slice(), &secrets);
        let report = Reporter::silent();
        let listed = project::score_to(&bundle, &settings, from, self.as_of, (lacking, &out), &report)?;
        if !self.json {
            let lang = Lang::of_environment();
            let args = [
                ("rows", lang.count(listed.rows)),
                ("at_risk", lang.count(listed.at_risk)),
                ("file", out.display().to_string()),
            ];
            super::out!("{}", lang.with("cli.scored", &args));
            if listed.flagged > 0 {
                let count = [("count", lang.count(listed.flagged))];
                super::out!("  ! {}", lang.with("scorer.flagged", &count));
            }
            for line in words::differences(lang, &listed.differences, words::Against::Model) {
                super::out!("  ! {line}");
            }
        }
        Ok(json!({
            "rows": listed.rows, "scored": listed.rows, "at_risk": listed.at_risk,
            "flagged_rows": listed.repeated, "rows_with_flags": listed.flagged,
            "rejected_rows": listed.rejected, "extra_columns": listed.differences.extra,
            "differences": listed.differences, "seconds": started.elapsed().as_secs_f64(), "out": out,
        }))
    }

    /// Where the list goes unless another place is named.
    fn beside(&self) -> PathBuf {
        let file = self.files.first().map_or(Path::new("scores"), PathBuf::as_path);
        // A database or a web address has no folder: the list appears where the program was started.
        let file = if file.exists() { file } else { Path::new("scores") };
        file.with_extension("scored.csv")
    }
}
