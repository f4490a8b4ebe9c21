//! A recipe as a file that people can read: the steps, what they learnt, the columns that they were
//! made for, and how those were spread, so that next month's export is cleaned in the same way and
//! what is different in it is told. Described in docs/recipes.md.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Prepared, ProjectError, Settings, clean_and_fit};
use crate::clean::{self, Cleaning, FittedRecipe, FittedStep, Recipe, Step};
use crate::deploy::{self, Differences, Known, Profile};
use crate::files;
use crate::job::Reporter;
use crate::table::{ColumnSpec, Table};

/// Version of the format; 0 is a bare list of steps.
const VERSION: u64 = 1;

/// What a recipe file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecipeFile {
    #[serde(default)]
    pub version: u64,
    /// The program's version that wrote it.
    #[serde(default)]
    pub engine: String,
    /// The file that the steps were made on, and the day.
    #[serde(default)]
    pub made_on: String,
    #[serde(default)]
    pub made: String,
    pub steps: Vec<Step>,
    /// The columns as they are read.
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// What the fitted steps learnt, in the order of the steps that are on.
    #[serde(default)]
    pub learnt: Vec<FittedStep>,
    /// How the columns were spread.
    #[serde(default)]
    pub profiles: Vec<Profile>,
}

impl RecipeFile {
    /// The recipe of prepared rows: what it learnt comes from training rows only.
    pub fn of(prepared: &Prepared, table: &Table) -> Self {
        Self::new(&prepared.recipe, prepared.profiles.clone(), table)
    }

    /// The recipe of a table that nothing is learnt from: its figures come from all rows.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn without_target(
        settings: &Settings,
        table: &Table,
        report: &Reporter,
    ) -> crate::Result<(Self, Cleaning)> {
        let (cleaning, fitted, after) = clean_and_fit(settings, table, report)?;
        let profiles = deploy::profile(&after, cleaning.before_filling());
        Ok((Self::new(&fitted, profiles, table), cleaning))
    }

    fn new(fitted: &FittedRecipe, profiles: Vec<Profile>, table: &Table) -> Self {
        Self {
            version: VERSION,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            made_on: files::name_of(&table.source.file),
            made: deploy::today(),
            steps: fitted.recipe.steps.clone(),
            columns: fitted.schema.clone(),
            learnt: fitted.fitted.clone(),
            profiles,
        }
    }

    /// The steps alone.
    pub fn recipe(&self) -> Recipe {
        Recipe { steps: self.steps.clone() }
    }

    /// Saves atomically, as JSON with one line a value.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, path: &Path) -> Result<(), ProjectError> {
        let save = |cause| ProjectError::Save { file: path.to_owned(), cause };
        let text = serde_json::to_string_pretty(self).map_err(|e| save(std::io::Error::other(e)))?;
        files::write_atomically(path, |out| out.write_all(text.as_bytes())).map_err(save)
    }

    /// Opens a recipe. Nothing in it is trusted.
    ///
    /// # Errors
    /// The file is absent, no recipe, or of a newer format.
    pub fn open(path: &Path) -> Result<Self, ProjectError> {
        let not = |cause: String| ProjectError::BadRecipe { file: path.to_owned(), cause };
        if !path.exists() {
            return Err(ProjectError::NotFound { file: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(|e| not(e.to_string()))?;
        let text = text.trim_start_matches('\u{feff}');
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| not(e.to_string()))?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > VERSION {
            return Err(ProjectError::Newer { file: PathBuf::from(path), version });
        }
        let recipe: Self = serde_json::from_str(text).map_err(|e| not(e.to_string()))?;
        if recipe.profiles.iter().all(Profile::is_sound) {
            Ok(recipe)
        } else {
            Err(not("the profiles do not fit their columns".to_owned()))
        }
    }

    /// True if it holds what was learnt: then it is applied as it stands, else the steps learn anew.
    pub fn is_fitted(&self) -> bool {
        let wanted = self.steps.iter().filter(|step| step.on && step.spec.is_fitted()).count();
        !self.columns.is_empty() && wanted == self.learnt.len()
    }

    /// Cleans a table with what was learnt, and tells how it differs from the one that the recipe was
    /// made on. No row is dropped.
    ///
    /// # Errors
    /// Fewer than half of the recipe's columns are there; the person cancelled.
    pub fn apply(&self, table: &Table, report: &Reporter) -> crate::Result<(Cleaning, Differences)> {
        let names: Vec<&str> = self.columns.iter().map(|spec| spec.name.as_str()).collect();
        let (table, renamed) = table.aligned(&names);
        let has = |name: &str| table.columns.iter().any(|column| column.name == name);
        let schema: Vec<ColumnSpec> = self.columns.iter().filter(|s| has(&s.name)).cloned().collect();
        // What was learnt says little of a file that is mostly another one.
        if schema.is_empty() || 2 * schema.len() < names.len() {
            let lacks = names.iter().filter(|name| !has(name)).map(|name| (*name).to_owned());
            let (file, columns) = (table.source.file.clone(), lacks.collect());
            return Err(ProjectError::RecipeMisfit { file, columns, of: names.len() }.into());
        }
        let fitted =
            FittedRecipe { recipe: self.recipe(), schema: self.columns.clone(), fitted: self.learnt.clone() };
        let cleaning = clean::apply(&fitted, &table, &schema, report)?;
        let known = Known {
            schema: &self.columns,
            needed: names,
            target: None,
            levels: deploy::whole_levels(&self.profiles),
            after: self.recipe().schema_after(&self.columns)?,
            profiles: self.profiles.iter().collect(),
        };
        let mut differences = deploy::find_differences(&known, &table, &cleaning);
        differences.renamed = renamed;
        Ok((cleaning, differences))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{self, ReadOptions};

    fn table(text: &str) -> Table {
        collect::from_text("months", text, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn a_recipe_is_not_applied_to_a_file_that_has_few_of_its_columns() {
        let silent = Reporter::silent();
        let june =
            table("name_a,age,city,spend,visits\nk1,30,Bonn,5.5,2\nk2,41,Kiel,7.25,3\nk3,52,Bonn,9,4\n");
        let (recipe, _) = RecipeFile::without_target(&Settings::default(), &june, &silent).unwrap();

        let two_of_five = table("age,city,colour,size\n30,Bonn,red,1\n41,Kiel,blue,2\n");
        let error = recipe.apply(&two_of_five, &silent).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), "recipe_misfit");
        assert_eq!(error.columns(), ["name_a", "spend", "visits"]);
        assert_eq!(error.place().column.as_deref(), Some("name_a"));
        let told = error.to_string();
        assert!(told.contains("only 2 of the 5 columns") && told.contains("“spend”, “visits”"), "{told}");

        // No row is dropped: one that repeats another is flagged.
        let text = "name_a,age,city,spend,visits\nk1,30,Bonn,5.5,2\nk2,41,Kiel,7.25,3\n";
        let (cleaning, _) = recipe.apply(&table(&format!("{text}k1,30,Bonn,5.5,2\n")), &silent).unwrap();
        let duplicates = cleaning.stages.iter().find(|stage| stage.change.name == "duplicates").unwrap();
        assert_eq!((duplicates.change.rows_kept(), duplicates.change.rows_dropped), (1, 0));

        // From half on the rest is told among the differences.
        let three_of_five = table("age,city,spend\n30,Bonn,5.5\n41,Kiel,7.25\n");
        let (_, differences) = recipe.apply(&three_of_five, &silent).unwrap();
        assert_eq!(differences.missing, ["name_a", "visits"]);
    }
}
