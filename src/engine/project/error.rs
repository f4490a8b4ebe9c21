//! Why a project cannot go on.

use std::path::PathBuf;

use crate::error::{Place, quoted};

/// Why a project cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("no column is marked as the target; mark the one that says who left")]
    NoTarget,
    #[error("the target “{column}” is empty in every row")]
    EmptyTarget { column: String },
    #[error("“{column}” has {count} classes; {most} at most can be measured")]
    TooManyClasses { column: String, count: usize, most: usize },
    #[error("the target “{column}” has only one value, “{value}”: there is nothing to tell apart")]
    OneClass { column: String, value: String },
    #[error("the target “{column}” has {count} values; name the one to predict: {values}")]
    ManyClasses { column: String, count: usize, values: String },
    #[error("the target “{column}” never has the value “{value}”; it has: {values}")]
    NoSuchValue { column: String, value: String, values: String },
    #[error("{} is not a project of Regulars: {cause}", file.display())]
    NotAProject { file: PathBuf, cause: String },
    #[error("{} was made by a newer version of Regulars (format {version})", file.display())]
    Newer { file: PathBuf, version: u64 },
    #[error("{} holds no trained model; train one in the window and save again", file.display())]
    NoModel { file: PathBuf },
    #[error("{} does not exist", file.display())]
    NotFound { file: PathBuf },
    #[error("{} is not a recipe: {cause}", file.display())]
    BadRecipe { file: PathBuf, cause: String },
    #[error(
        "{} has only {} of the {of} columns that the recipe was made for; it lacks {}",
        file.display(), of.saturating_sub(columns.len()), quoted(columns)
    )]
    RecipeMisfit { file: PathBuf, columns: Vec<String>, of: usize },
    #[error("{} is no run folder: {cause}", file.display())]
    NotARun { file: PathBuf, cause: String },
    #[error("{} holds other things; a run folder needs a place of its own", file.display())]
    NotEmpty { file: PathBuf },
    #[error("these are not the data of the run in {}, which had {rows} rows", file.display())]
    RunOtherData { file: PathBuf, rows: usize },
    #[error("{} has no customer “{id}”", file.display())]
    NoCustomer { file: PathBuf, id: String },
    #[error("{} was saved before models kept what their reasons are found with", file.display())]
    NoExplainer { file: PathBuf },
    #[error("{} is no project, no bundle, and no list in UTF-8 with a column that names customers", file.display())]
    CannotForget { file: PathBuf },
    #[error(transparent)]
    Lock(#[from] crate::privacy::LockError),
    #[error("saving {} failed: {cause}", file.display())]
    Save { file: PathBuf, cause: std::io::Error },
}

impl ProjectError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoTarget => "no_target",
            Self::EmptyTarget { .. } => "empty_target",
            Self::OneClass { .. } => "one_class",
            Self::ManyClasses { .. } => "many_classes",
            Self::TooManyClasses { .. } => "too_many_classes",
            Self::NoSuchValue { .. } => "no_such_value",
            Self::NotAProject { .. } => "not_a_project",
            Self::Newer { .. } => "newer_format",
            Self::NoModel { .. } => "no_model",
            Self::NotFound { .. } => "not_found",
            Self::BadRecipe { .. } => "bad_recipe",
            Self::RecipeMisfit { .. } => "recipe_misfit",
            Self::NotARun { .. } => "not_a_run",
            Self::NotEmpty { .. } => "not_empty",
            Self::RunOtherData { .. } => "run_other_data",
            Self::NoCustomer { .. } => "no_customer",
            Self::NoExplainer { .. } => "no_explainer",
            Self::CannotForget { .. } => "cannot_forget",
            Self::Lock(e) => e.kind(),
            Self::Save { .. } => "write_failed",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoTarget => Place::default(),
            Self::Lock(e) => e.place(),
            Self::EmptyTarget { column }
            | Self::OneClass { column, .. }
            | Self::ManyClasses { column, .. }
            | Self::TooManyClasses { column, .. }
            | Self::NoSuchValue { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
            Self::RecipeMisfit { file, columns, .. } => {
                Place { file: Some(file.clone()), column: columns.first().cloned(), row: None }
            }
            Self::NotAProject { file, .. }
            | Self::NotFound { file }
            | Self::BadRecipe { file, .. }
            | Self::Newer { file, .. }
            | Self::NoModel { file }
            | Self::NotARun { file, .. }
            | Self::NotEmpty { file }
            | Self::RunOtherData { file, .. }
            | Self::NoCustomer { file, .. }
            | Self::NoExplainer { file }
            | Self::CannotForget { file }
            | Self::Save { file, .. } => Place { file: Some(file.clone()), ..Place::default() },
        }
    }

    pub(crate) fn columns(&self) -> &[String] {
        match self {
            Self::RecipeMisfit { columns, .. } => columns,
            _ => &[],
        }
    }
}
