//! `regulars clean`: the cleaned table and what every step changed.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::deploy::DeployError;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, RecipeFile};
use serde_json::json;

use super::{Input, Outcome};
use crate::words::{self, Lang};

#[derive(Args)]
pub(super) struct Clean {
    #[command(flatten)]
    pub(super) input: Input,
    /// Where the cleaned table is written (CSV), before scaling
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the recipe is written, with all that it learnt: `--recipe` cleans next month's file in
    /// the same way and tells what is different in it
    #[arg(long, value_name = "FILE")]
    save_recipe: Option<PathBuf>,
}

impl Clean {
    pub(super) fn run(&self) -> Outcome {
        super::refuse_input(&self.out, &self.input.paths())?;
        if let Some(file) = &self.save_recipe {
            let mut taken = self.input.paths();
            taken.push(&self.out);
            super::refuse_input(file, &taken)?;
            if *file == self.out {
                return Err(DeployError::IsInput { file: file.clone() }.into());
            }
        }
        let settings = self.input.settings()?;
        let table = self.input.open(&settings)?;
        let report = Reporter::silent();
        let (recipe, cleaning, differences) = match self.input.recipe()? {
            Some(recipe) if recipe.is_fitted() => {
                let (cleaning, differences) = recipe.apply(&table, &report)?;
                (Some(recipe), cleaning, Some(differences))
            }
            // What a recipe keeps of the columns' spread is worked out only for one that is kept.
            _ if self.save_recipe.is_none() => (None, project::clean_only(&settings, &table, &report)?, None),
            _ => {
                let (recipe, cleaning) = RecipeFile::without_target(&settings, &table, &report)?;
                (Some(recipe), cleaning, None)
            }
        };
        if let (Some(file), Some(recipe)) = (&self.save_recipe, &recipe) {
            recipe.save(file)?;
        }
        let frame = cleaning.readable();
        let kept = |name: &str| !self.input.exclude.iter().any(|excluded| excluded == name);
        frame
            .write_csv(&self.out, kept)
            .map_err(|cause| DeployError::Write { file: self.out.clone(), cause })?;
        let steps: Vec<_> = cleaning
            .stages
            .iter()
            .map(|stage| {
                let change = &stage.change;
                json!({
                    "name": change.name, "rows_changed": change.rows_changed,
                    "cells_changed": change.cells_changed, "rows_dropped": change.rows_dropped,
                    "rows_merged": change.rows_merged, "rows_flagged": change.flagged.len(),
                    "flagged": change.flagged.iter().take(100).collect::<Vec<_>>(),
                    "columns": change.columns.iter().map(|(name, cells)| json!({"name": name, "cells_changed": cells})).collect::<Vec<_>>(),
                    "examples": change.examples.iter().take(10).collect::<Vec<_>>(),
                })
            })
            .collect();
        let merged: u64 = cleaning.stages.iter().map(|stage| stage.change.rows_merged).sum();
        let dropped: u64 = cleaning.stages.iter().map(|stage| stage.change.rows_dropped).sum();
        if !self.input.json {
            let lang = Lang::of_environment();
            for stage in &cleaning.stages {
                let change = &stage.change;
                super::out!(
                    "  {:<24} {}",
                    lang.t(&format!("step.{}", change.name)),
                    lang.with(
                        "clean.changed",
                        &[
                            ("cells", lang.count(change.cells_changed)),
                            ("rows", lang.count(change.rows_changed)),
                            ("dropped", lang.count(change.rows_dropped)),
                        ]
                    )
                );
                let kept = change.rows_kept();
                if kept > 0 {
                    let key = if change.name == "duplicates" { "clean.repeated" } else { "clean.flagged" };
                    super::out!("  {:<24} {}", "", lang.with(key, &[("rows", lang.count(kept))]));
                }
            }
            if let Some(differences) = &differences {
                for line in words::differences(lang, differences, words::Against::Recipe) {
                    super::out!("  ! {line}");
                }
            }
            for file in std::iter::once(&self.out).chain(&self.save_recipe) {
                super::out!("{}", lang.with("cli.wrote", &[("file", file.display().to_string())]));
            }
        }
        Ok(json!({
            "rows_in": table.height(), "rows_out": frame.height(), "rows_dropped": dropped,
            "rows_merged": merged, "steps": steps, "out": self.out, "differences": differences,
            "recipe": self.save_recipe,
        }))
    }
}
