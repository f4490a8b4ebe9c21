//! `regulars mask`: copies that others may see. The same customer has the same pseudonym in every
//! copy, now and whenever the same key is used.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::collect::{self, CollectError, ReadOptions};
use regulars_engine::job::Reporter;
use regulars_engine::privacy::{self, Destination, Masked, Plan, PrivacyError, Treatment, Wanted, Written};

use regulars_engine::project::{self, Settings, Source};
use regulars_engine::table::Table;
use serde_json::json;

use super::{Failure, Outcome, Reading};
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Mask {
    /// The files, databases or web addresses to copy; tables of one business share their pseudonyms
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Where the copy is written (CSV); a folder for several files
    #[arg(long, value_name = "FILE|FOLDER")]
    out: PathBuf,
    /// The file of the key, made if it is not there (default: one in the program's own folder)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// What to do with a column: keep, drop, pseudonym, fake, mask, text, shift:30, band:10, age:10,
    /// round:100, year, month, city, region, prefix:3, letter; may be repeated
    #[arg(long, value_name = "COLUMN=TREATMENT", value_parser = parse_treatment)]
    treat: Vec<(String, Treatment)>,
    /// Column that together with others may point to a person; may be repeated (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    quasi: Vec<String>,
    /// Column that nobody should learn of a person
    #[arg(long, value_name = "COLUMN")]
    sensitive: Option<String>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

fn parse_treatment(text: &str) -> Result<(String, Treatment), String> {
    let (column, word) = text.rsplit_once('=').ok_or("write COLUMN=TREATMENT")?;
    let treatment = Treatment::parse(word).ok_or(
        "a treatment is one of keep, drop, pseudonym, fake, mask, text, shift:30, band:10, age:10, round:100, \
         year, month, city, region, prefix:3, letter",
    )?;
    Ok((column.to_owned(), treatment))
}

impl Mask {
    pub(super) fn run(&self) -> Outcome {
        let silent = Reporter::silent();
        let mut read = ReadOptions::default();
        self.reading.apply(&mut read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        let settings = Settings { read, ..Settings::default() };
        let open = |source: &Source| match source {
            Source::File(file) => collect::open(file, &settings.read, &silent),
            other => {
                let one = std::slice::from_ref(other);
                Ok(project::collect_sources(one, &secrets, &settings, &silent)?.table)
            }
        };
        let tables: Vec<Table> = sources.iter().map(open).collect::<Result<_, _>>()?;
        let mut plans: Vec<Plan> = tables.iter().map(privacy::suggest).collect();
        for (name, treatment) in &self.treat {
            for (table, column) in places(&tables, name)? {
                plans[table].set(&column, treatment.clone());
            }
        }
        let mut quasi: Vec<Vec<String>> = match self.quasi.is_empty() {
            true => plans.iter().map(privacy::quasi_identifiers).collect(),
            false => vec![Vec::new(); tables.len()],
        };
        for name in &self.quasi {
            for (table, column) in places(&tables, name)? {
                quasi[table].push(column);
            }
        }
        let mut sensitive: Vec<Option<String>> = vec![None; tables.len()];
        if let Some(name) = &self.sensitive {
            for (table, column) in places(&tables, name)? {
                sensitive[table] = Some(column);
            }
        }

        let wanted: Vec<Wanted<'_>> = tables
            .iter()
            .enumerate()
            .map(|(at, table)| Wanted {
                table,
                plan: &plans[at],
                quasi: &quasi[at],
                sensitive: sensitive[at].as_deref(),
            })
            .collect();
        let names: Vec<String> = self.files.iter().map(|file| stem(file)).collect();
        let key_file = self.key_file()?;
        let Written { files: outs, masked: done, key_made: is_new } =
            privacy::write_copies(&wanted, &names, &self.destination(), &key_file, &silent)?;
        if !self.json {
            self.tell(&outs, &done, is_new.then_some(key_file.as_path()));
        }
        let files: Vec<_> = sources
            .iter()
            .zip(&outs)
            .zip(&done)
            .map(|((source, out), masked)| {
                let columns: Vec<_> = masked
                    .columns
                    .iter()
                    .map(|column| {
                        json!({
                            "name": column.name, "kind": column.kind.map(|kind| kind.name()),
                            "treatment": column.treatment.to_string(),
                            "cells_changed": column.cells_changed, "collisions": column.collisions,
                        })
                    })
                    .collect();
                json!({
                    "file": source.place(), "out": out, "rows": masked.rows, "columns": columns, "risk": risk(masked),
                })
            })
            .collect();
        // The whole is as safe as its least safe table.
        let worst =
            done.iter().filter(|masked| masked.risk.is_some()).min_by_key(|m| m.risk.as_ref().map(|r| r.k));
        Ok(json!({
            "files": files, "key": key_file, "key_made": is_new, "risk": worst.map(risk),
        }))
    }

    /// A file for one copy, a folder for several.
    fn destination(&self) -> Destination {
        let is_folder = self.files.len() > 1
            || self.out.is_dir()
            || self.out.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
        match is_folder {
            true => Destination::Folder(self.out.clone()),
            false => Destination::File(self.out.clone()),
        }
    }

    /// The key's file: the one that was named, else the program's own.
    fn key_file(&self) -> Result<PathBuf, Failure> {
        self.key.clone().or_else(crate::key_file).ok_or_else(|| {
            let cause = std::io::Error::other("there is no home folder to keep it in");
            PrivacyError::Key { file: "pseudonyms.key".into(), cause }.into()
        })
    }

    fn tell(&self, outs: &[PathBuf], done: &[Masked], new_key: Option<&Path>) {
        let lang = Lang::of_environment();
        let shown = |path: &Path| path.display().to_string();
        for (out, masked) in outs.iter().zip(done) {
            let args = [("file", shown(out)), ("rows", lang.count(masked.rows as u64))];
            super::out!("{}", lang.with("mask.wrote", &args));
            for column in masked.columns.iter().filter(|column| column.treatment != Treatment::Keep) {
                let args = [
                    ("name", column.name.clone()),
                    ("treatment", column.treatment.to_string()),
                    ("cells", lang.count(column.cells_changed)),
                ];
                super::out!("  {}", lang.with("mask.column", &args));
            }
            for column in masked.columns.iter().filter(|column| column.collisions > 0) {
                let args = [("name", column.name.clone()), ("count", lang.count(column.collisions))];
                super::out!("  {}", lang.with("mask.collisions", &args));
            }
            let Some(risk) = &masked.risk else { continue };
            let args = [
                ("columns", lang.list(&risk.quasi_identifiers)),
                ("others", lang.count(risk.k.saturating_sub(1) as u64)),
                ("below", lang.count(risk.rows_below as u64)),
            ];
            super::out!("  {}", lang.with("mask.risk", &args));
            if let (Some(l), Some(column)) = (risk.l, &risk.sensitive) {
                let args = [("l", lang.count(l as u64)), ("column", column.clone())];
                super::out!("  {}", lang.with("mask.diversity", &args));
            }
        }
        let has_stand_ins = |masked: &Masked| masked.columns.iter().any(|c| c.treatment == Treatment::Fake);
        if done.iter().any(has_stand_ins) {
            super::out!("{}", lang.t("mask.invented"));
        }
        if let Some(file) = new_key {
            super::out!("{}", lang.with("mask.key_made", &[("file", shown(file))]));
        }
    }
}

/// A file's name without its ending.
fn stem(file: &Path) -> String {
    file.file_stem().map_or_else(|| "table".into(), |stem| stem.to_string_lossy().into_owned())
}

/// Tables that have the column, each with its own writing of the name.
fn places(tables: &[Table], name: &str) -> Result<Vec<(usize, String)>, Failure> {
    let found: Vec<(usize, String)> = tables
        .iter()
        .enumerate()
        .filter_map(|(at, table)| {
            let column = table.columns.get(table.position(name)?)?;
            Some((at, column.name.clone()))
        })
        .collect();
    match tables.first() {
        Some(table) if found.is_empty() => {
            let present: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).take(30).collect();
            Err(CollectError::NoColumn {
                file: table.source.file.clone(),
                column: name.to_owned(),
                present: present.join(", "),
            }
            .into())
        }
        _ => Ok(found),
    }
}

fn risk(masked: &Masked) -> serde_json::Value {
    let Some(risk) = &masked.risk else { return serde_json::Value::Null };
    let rows: Vec<_> = risk
        .smallest
        .iter()
        .map(|outlier| json!({ "row": outlier.row, "alike": outlier.alike, "values": outlier.values }))
        .collect();
    json!({
        "k": risk.k, "rows_below_5": risk.rows_below, "l": risk.l, "rows": risk.rows, "classes": risk.classes,
        "quasi": risk.quasi_identifiers, "sensitive": risk.sensitive, "smallest": rows,
    })
}
