//! `regulars inspect`: what was sniffed, with warnings.

use clap::Args;
use regulars_engine::table::{Role, Table};
use serde_json::{Value, json};

use super::{Input, Outcome};
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Inspect {
    #[command(flatten)]
    pub(super) input: Input,
}

impl Inspect {
    pub(super) fn run(&self) -> Outcome {
        let settings = self.input.settings()?;
        let table = self.input.open(&settings)?;
        if !self.input.json {
            print(&table);
        }
        Ok(json!({ "tables": [table_json(&table)], "links": [] }))
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
        "encoding": table.source.encoding, "separator": table.source.separator.map(String::from),
        "records": table.records, "rows": table.height(), "rejected_rows": table.rejected_count,
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
    let key = if orders { "no_target.orders" } else { "no_target.text" };
    Some(format!("{}. {}", lang.t("no_target.title"), lang.t(key)))
}

pub(super) fn print(table: &Table) {
    let lang = Lang::of_environment();
    println!(
        "{}",
        lang.with(
            "cli.read",
            &[
                ("file", table.source.file.display().to_string()),
                ("records", lang.count(table.records)),
                ("kept", lang.count(table.height() as u64)),
                ("rejected", lang.count(table.rejected_count)),
                ("encoding", table.source.encoding.clone()),
            ]
        )
    );
    for note in &table.warnings {
        println!("  ! {}", lang.note(note));
    }
    if let Some(text) = no_target(lang, table) {
        println!("  ! {text}");
    }
    for c in &table.columns {
        println!(
            "  {:<24} {:<8} {:<9} {}",
            c.name,
            lang.t(&format!("type.{}", c.value_type.name())),
            lang.t(&format!("role.{}", c.role.name())),
            lang.note(&c.why)
        );
        for note in &c.warnings {
            println!("  {:<24} ! {}", "", lang.note(note));
        }
    }
}
