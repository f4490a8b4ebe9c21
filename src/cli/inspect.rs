//! `regulars inspect`: what was sniffed, with warnings.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::collect::{self, CollectError};
use regulars_engine::job::Reporter;
use regulars_engine::project::{Collected, Settings};
use regulars_engine::table::{Dataset, Link, Role, Table};
use serde_json::{Value, json};

use super::{Failure, Input, Outcome};
use crate::words::Lang;

/// Rejected records that are told in the terminal; all of them are counted.
const REJECTED_TOLD: usize = 5;

#[derive(Args)]
pub(super) struct Inspect {
    #[command(flatten)]
    pub(super) input: Input,
    /// Only the list of tables, or the first page of a web address; nothing else is read
    #[arg(long)]
    dry_run: bool,
    /// Passes over files of any size in bounded memory; done by itself where a file is too large
    #[arg(long, conflicts_with = "per_customer")]
    summary: bool,
}

impl Inspect {
    pub(super) fn run(&self) -> Outcome {
        if self.dry_run {
            let (sources, secrets) = self.input.reading.sources(&self.input.files)?;
            return super::source::first_look(&sources, &secrets, !self.input.json);
        }
        let settings = self.input.settings()?;
        let collected = if self.summary {
            self.summarize(&settings)?
        } else {
            match self.input.collect(&settings) {
                Err(failure) if failure.0.kind() == "too_large" => self.summarize(&settings)?,
                // Nobody can be told apart: the tables as they are, unless sums of them were asked for.
                Err(failure)
                    if failure.0.kind() == "combine_no_customers"
                        && !self.input.reading.away.takes_table() =>
                {
                    self.apart(&settings).map_err(|_| failure)?
                }
                other => other?,
            }
        };
        if !self.input.json {
            tell(&collected);
        }
        let dataset = &collected.dataset;
        let mut object = json!({
            "tables": dataset.tables.iter().map(table_json).collect::<Vec<_>>(),
            "links": links_json(dataset),
        });
        if let (Some(plan), Some(map)) = (&collected.plan, object.as_object_mut()) {
            map.insert("combined".into(), table_json(&collected.table));
            map.insert("plan".into(), json!(plan));
        }
        Ok(object)
    }
}

impl Inspect {
    /// The tables of files that name no customers, with what links them.
    fn apart(&self, settings: &Settings) -> Result<Collected, Failure> {
        let silent = Reporter::silent();
        let mut tables = Vec::new();
        for file in collect::gather(&self.input.files)? {
            tables.extend(collect::tables(&file, &settings.read, &silent)?);
        }
        let table = tables.first().cloned().ok_or(CollectError::NoFiles { file: PathBuf::new() })?;
        let links = collect::relate::links(&tables, &silent)?;
        Ok(Collected::of(table, Dataset { tables, links }, None))
    }

    /// Every file passed over by itself; nothing is put together.
    fn summarize(&self, settings: &Settings) -> Result<Collected, Failure> {
        let silent = Reporter::silent();
        let files = collect::gather(&self.input.files)?;
        let summary = |file: &PathBuf| collect::summary(file, &settings.read, &silent);
        let tables: Vec<Table> = files.iter().map(summary).collect::<Result<_, _>>()?;
        let table = tables.first().cloned().ok_or(CollectError::NoFiles { file: PathBuf::new() })?;
        Ok(Collected::of(table, Dataset { tables, links: Vec::new() }, None))
    }
}

fn links_json(dataset: &Dataset) -> Vec<Value> {
    let name = |at: usize| dataset.tables.get(at).map(|table| table.name.as_str());
    let link = |link: &Link| {
        json!({
            "from": name(link.from), "from_column": link.from_column,
            "to": name(link.to), "to_column": link.to_column,
            "cardinality": link.cardinality, "overlap": link.overlap, "orphans": link.orphans,
            "blank": link.blank, "duplicates": link.duplicates, "childless": link.childless,
            "why": Lang::En.note(&link.why),
        })
    };
    dataset.links.iter().map(link).collect()
}

/// Everything that was found, in words.
pub(super) fn tell(collected: &Collected) {
    let lang = Lang::of_environment();
    let dataset = &collected.dataset;
    let combined = collected.plan.is_some();
    dataset.tables.iter().for_each(|table| print(table, !combined));
    for link in &dataset.links {
        let name = |at: usize| dataset.tables.get(at).map_or("", |table| table.name.as_str());
        super::out!(
            "  {}.{} → {}.{}  {}",
            name(link.from),
            link.from_column,
            name(link.to),
            link.to_column,
            lang.note(&link.why)
        );
    }
    if collected.plan.is_some() {
        super::out!("{}", lang.t("cli.combined"));
        print(&collected.table, true);
    }
}

fn table_json(table: &Table) -> Value {
    let words = Lang::En;
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|c| {
            json!({
                "name": c.name, "type": c.value_type, "role": c.role, "missing": c.missing,
                "distinct": c.distinct, "why": words.note(&c.why), "unreadable": c.bad,
                "unreadable_examples": c.bad_examples.iter().take(10).collect::<Vec<_>>(),
                "warnings": c.warnings.iter().map(|n| words.note(n)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "name": table.name, "file": table.source.file, "format": table.source.format,
        "sheet": table.source.part,
        "encoding": table.source.encoding, "separator": table.source.separator.map(String::from),
        "records": table.records, "rows": table.records.saturating_sub(table.rejected_count), "rejected_rows": table.rejected_count,
        "rejected": table.rejected.iter().take(20).map(|r| json!({"row": r.row, "why": words.note(&r.why), "excerpt": r.excerpt})).collect::<Vec<_>>(),
        "columns": columns,
        "warnings": table.warnings.iter().map(|n| words.note(n)).chain(no_target(words, table)).collect::<Vec<_>>(),
    })
}

/// What can be done with a file that says of nobody whether they left.
pub(super) fn no_target(lang: Lang, table: &Table) -> Option<String> {
    if table.with_role(Role::Target).is_some() {
        return None;
    }
    let orders = regulars_engine::project::looks_like_events(table);
    let key = if orders { "no_target.orders" } else { "cli.no_target.text" };
    Some(lang.with("cli.no_target", &[("title", lang.t("no_target.title")), ("text", lang.t(key))]))
}

/// The file of a table, and which of its tables it is.
fn heading(table: &Table) -> String {
    let file = table.source.file.display();
    match &table.source.part {
        Some(part) => format!("{file} / {part}"),
        None => file.to_string(),
    }
}

fn print(table: &Table, hints: bool) {
    let lang = Lang::of_environment();
    let source = &table.source;
    let encoding = if source.encoding.is_empty() { source.format } else { &source.encoding };
    super::out!(
        "{}",
        lang.with(
            "cli.read",
            &[
                ("file", heading(table)),
                ("records", lang.count(table.records)),
                ("kept", lang.count(table.height() as u64)),
                ("rejected", lang.count(table.rejected_count)),
                ("encoding", encoding.to_owned()),
            ]
        )
    );
    for note in &table.warnings {
        super::out!("  ! {}", lang.note(note));
    }
    if hints && let Some(text) = no_target(lang, table) {
        super::out!("  ! {text}");
    }
    for rejected in table.rejected.iter().take(REJECTED_TOLD) {
        super::out!("  × {} · {} · {}", rejected.row, lang.note(&rejected.why), rejected.excerpt);
    }
    for c in &table.columns {
        super::out!(
            "  {:<24} {:<8} {:<9} {}",
            c.name,
            lang.t(&format!("type.{}", c.value_type.name())),
            lang.t(&format!("role.{}", c.role.name())),
            lang.note(&c.why)
        );
        if c.bad > 0 {
            let list: Vec<String> =
                c.bad_examples.iter().take(3).map(|bad| format!("{}: “{}”", bad.row, bad.value)).collect();
            super::out!("  {:<24} ! {} {}", "", lang.t("collect.unreadable"), list.join(" · "));
        }
        for note in &c.warnings {
            super::out!("  {:<24} ! {}", "", lang.note(note));
        }
    }
}
