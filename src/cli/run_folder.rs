//! A training written as a folder, and run again from one.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::project::{self, Collected, RunFolder, RunRecord, SavedSource, Settings, Source};
use regulars_engine::{files, job::Reporter};
use serde_json::{Value, json};

use super::{Failure, Input, source};
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Folder {
    /// Write everything that is needed to run this training again into a folder of its own: settings, seed,
    /// versions, hashes of the data, curves, figures, the model
    #[arg(long, value_name = "DIR")]
    pub(super) run_folder: Option<PathBuf>,
    /// Run the training of such a folder again and compare every figure; FILE where the data have moved
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "model", "horizon", "target", "positive", "device", "seed", "epochs", "text_terms", "role", "exclude",
        "recipe",
    ])]
    pub(super) from_run: Option<PathBuf>,
}

impl Folder {
    /// The record to run again, if one is asked for; refuses a place that cannot be written to before
    /// anything is trained.
    pub(super) fn open(&self) -> Result<Option<RunRecord>, Failure> {
        if let Some(folder) = &self.run_folder {
            project::check_place(folder)?;
        }
        Ok(self.from_run.as_deref().map(RunRecord::open).transpose()?)
    }

    /// The data of the record: from the files given, else from where they were.
    pub(super) fn collect(
        &self,
        record: &RunRecord,
        input: &Input,
        settings: &Settings,
    ) -> Result<Collected, Failure> {
        let folder = self.from_run.as_deref().unwrap_or(Path::new("."));
        let collected = if input.files.is_empty() {
            let sources: Vec<Source> =
                record.sources.iter().map(|source| source.at(source.file.clone())).collect();
            if sources.is_empty() {
                let cause = Lang::of_environment().t("cli.run_pasted");
                return Err(project::ProjectError::NotARun { file: folder.to_owned(), cause }.into());
            }
            let secrets = source::secrets_of(&sources)?;
            project::collect_sources(&sources, &secrets, settings, &Reporter::silent())?
        } else {
            input.collect(settings)?
        };
        record.check_data(folder, &collected.table)?;
        Ok(collected)
    }

    /// Writes the folder, if one is asked for.
    pub(super) fn write(
        &self,
        lang: Lang,
        settings: &Settings,
        (input, collected): (&Input, &Collected),
        prepared: &project::Prepared,
        learnt: &project::Outcome,
        bundle: &regulars_engine::deploy::Bundle,
    ) -> Result<(), Failure> {
        let Some(folder) = &self.run_folder else { return Ok(()) };
        let sources = match &self.from_run {
            Some(from) if input.files.is_empty() => RunRecord::open(from)?.sources,
            _ => saved(&input.reading.sources(&input.files)?.0, collected),
        };
        let record = RunRecord::of(settings, (&collected.table, sources), prepared, learnt);
        let history = &learnt.trained.history;
        let pictures = crate::report::run::pictures(lang, history);
        RunFolder { record, history, bundle, pictures }.write(folder)?;
        Ok(())
    }
}

/// Where the data are, with their hashes.
fn saved(sources: &[Source], collected: &Collected) -> Vec<SavedSource> {
    let one = |source: &Source| {
        let place = source.place();
        let is_file = matches!(source, Source::File(_));
        let tables = collected.dataset.tables.iter().chain([&collected.table]);
        let table = tables.into_iter().find(|table| {
            is_file && table.source.files.is_empty() && files::is_same(&table.source.file, &place)
        });
        let away = place.to_str().is_some_and(|text| text.contains("://"));
        SavedSource {
            file: if away { place.clone() } else { std::path::absolute(&place).unwrap_or(place) },
            from: (!is_file).then(|| source.clone()),
            hash: table.map_or_else(String::new, |table| table.source.hash.clone()),
            bytes: table.map(|table| table.source.bytes),
        }
    };
    sources.iter().map(one).collect()
}

/// Whether the figures came out as they were, in words.
pub(super) fn told(lang: Lang, differences: &[(String, Value, Value)]) -> String {
    match differences.first() {
        None => lang.t("cli.run_same"),
        Some((place, then, now)) => lang.with(
            "cli.run_differs",
            &[
                ("count", lang.count(differences.len() as u64)),
                ("place", place.clone()),
                ("then", then.to_string()),
                ("now", now.to_string()),
            ],
        ),
    }
}

pub(super) fn to_json(differences: &[(String, Value, Value)]) -> Value {
    let list: Vec<Value> = differences
        .iter()
        .map(|(place, then, now)| json!({ "figure": place, "then": then, "now": now }))
        .collect();
    json!(list)
}
