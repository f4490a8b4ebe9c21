//! Flags of a question that a database works out where its data lie.

use clap::Args;
use regulars_engine::features::behaviour::server::{Dialect, Statement};
use regulars_engine::features::behaviour::to_date;
use regulars_engine::job::Reporter;
use regulars_engine::note::Note;
use regulars_engine::project::{self, Collected, Settings, WorkedOut};
use serde_json::{Value, json};

use super::{Failure, Input, Outcome};
use crate::words::Lang;

#[derive(Args, Clone, Default)]
pub(super) struct Pushing {
    /// Have the features of the question worked out in the PostgreSQL database that is named: only the
    /// finished rows come here
    #[arg(long, requires = "horizon", conflicts_with_all = ["run_folder", "from_run"])]
    push_down: bool,
    /// Only show the statements that work them out
    #[arg(long, requires = "horizon")]
    print_sql: bool,
    /// Whose SQL is shown: postgresql, of the database that is named; or spark, for views that are called as the
    /// tables of the files
    #[arg(long, value_name = "DIALECT", requires = "print_sql", value_parser = parse_dialect)]
    dialect: Option<Dialect>,
}

fn parse_dialect(text: &str) -> Result<Dialect, String> {
    let all = [Dialect::Postgresql, Dialect::Spark];
    all.into_iter().find(|dialect| dialect.name() == text).ok_or_else(|| "postgresql or spark".into())
}

impl Pushing {
    /// The statements, where only they are wanted.
    pub(super) fn printed(&self, input: &Input, settings: &Settings) -> Option<Outcome> {
        self.print_sql.then(|| self.print(input, settings))
    }

    fn print(&self, input: &Input, settings: &Settings) -> Outcome {
        let (sources, secrets) = input.reading.sources(&input.files)?;
        let dialect = self.dialect.unwrap_or(Dialect::Postgresql);
        let (statements, left) =
            project::pushed_sql(&sources, &secrets, settings, dialect, &Reporter::silent())?;
        if !input.json {
            for statement in &statements {
                super::out!("-- {}\n{};\n", to_date(statement.day), statement.sql);
            }
        }
        tell_left(&left);
        Ok(json!({ "dialect": dialect.name(), "statements": listed(&statements), "left": told(&left) }))
    }

    /// What is read: worked out in the database where that is wanted.
    pub(super) fn collect(
        &self,
        input: &Input,
        settings: &Settings,
    ) -> Result<(Collected, Option<WorkedOut>), Failure> {
        if !self.push_down {
            return Ok((input.collect(settings)?, None));
        }
        let (sources, secrets) = input.reading.sources(&input.files)?;
        let (collected, worked_out) =
            project::collect_pushed(&sources, &secrets, settings, &Reporter::silent())?;
        tell_left(&worked_out.left);
        Ok((collected, Some(worked_out)))
    }
}

/// What tables hold and is not worked out, on standard error: it is no part of an answer.
fn tell_left(left: &[Note]) {
    let lang = Lang::of_environment();
    left.iter().for_each(|note| eprintln!("! {}", lang.note(note)));
}

fn told(notes: &[Note]) -> Vec<String> {
    notes.iter().map(|note| Lang::En.note(note)).collect()
}

fn listed(statements: &[Statement]) -> Vec<Value> {
    statements.iter().map(|one| json!({ "day": to_date(one.day), "sql": one.sql })).collect()
}

/// What came over the connection, in words.
pub(super) fn print(lang: Lang, worked_out: &WorkedOut) {
    let words = [
        ("rows", lang.count(worked_out.rows)),
        ("bytes", lang.count(worked_out.bytes)),
        ("statements", lang.count(worked_out.statements.len() as u64)),
    ];
    super::out!("{}", lang.with("cli.pushed", &words));
}

pub(super) fn to_json(worked_out: &WorkedOut) -> Value {
    json!({
        "rows": worked_out.rows, "bytes": worked_out.bytes,
        "statements": worked_out.statements.len(), "left": told(&worked_out.left),
    })
}
