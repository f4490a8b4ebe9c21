//! Eight guided lessons: each a small shop of made-up customers with a planted truth, the settings to
//! begin with, and three steps whose checks look at what was really done and measured.

mod data;
mod judge;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clean::StepSpec;
use crate::deploy::DeployError;
use crate::files::write_atomically;
use crate::project::Settings;
use crate::table::Role;
use crate::train::DeviceKind;

pub use judge::{Check, Facts, Money, RunFacts, best_money, judge, money};

/// A lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lesson {
    /// What data is: the target and the identifier.
    Data,
    /// Cleaning pays.
    Cleaning,
    /// Scaling matters.
    Scaling,
    Overfitting,
    LearningRate,
    /// Class imbalance.
    Imbalance,
    Leakage,
    /// Threshold and money.
    Threshold,
}

/// A lesson's data in a folder of its own, which goes when this is dropped.
#[derive(Debug)]
pub struct Room {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Room {
    /// Writes the data of a lesson.
    ///
    /// # Errors
    /// The folder for temporary files refuses.
    pub fn new(lesson: Lesson) -> Result<Self, DeployError> {
        let fail = |cause| DeployError::write(&std::env::temp_dir(), cause);
        let folder = tempfile::Builder::new().prefix("regulars-lesson-").tempdir().map_err(fail)?;
        Ok(Self { file: lesson.write(folder.path())?, _folder: folder })
    }

    /// The data.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// Steps of every lesson.
pub const STEPS: usize = 3;

impl Lesson {
    /// Every lesson, in its order.
    pub const ALL: [Lesson; 8] = [
        Lesson::Data,
        Lesson::Cleaning,
        Lesson::Scaling,
        Lesson::Overfitting,
        Lesson::LearningRate,
        Lesson::Imbalance,
        Lesson::Leakage,
        Lesson::Threshold,
    ];

    /// The name used in files and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Cleaning => "cleaning",
            Self::Scaling => "scaling",
            Self::Overfitting => "overfitting",
            Self::LearningRate => "learning_rate",
            Self::Imbalance => "imbalance",
            Self::Leakage => "leakage",
            Self::Threshold => "threshold",
        }
    }

    /// Its place among the lessons, from 0.
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|lesson| *lesson == self).unwrap_or(0)
    }

    /// The lesson after it.
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self.place() + 1).copied()
    }

    /// The lesson before it.
    pub fn previous(self) -> Option<Self> {
        self.place().checked_sub(1).and_then(|at| Self::ALL.get(at)).copied()
    }

    /// Writes its data into `folder` (made if it is not there): equal bytes every time.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn write(self, folder: &Path) -> Result<PathBuf, DeployError> {
        std::fs::create_dir_all(folder).map_err(|cause| DeployError::write(folder, cause))?;
        let path = folder.join(format!("{}.csv", self.name()));
        let mut writer = csv::Writer::from_writer(Vec::new());
        let fail = |cause| DeployError::write(&path, cause);
        for row in data::rows(self) {
            writer.write_record(row).map_err(|cause| fail(cause.into()))?;
        }
        let bytes = writer.into_inner().map_err(|cause| fail(cause.into_error()))?;
        write_atomically(&path, |out| out.write_all(&bytes)).map_err(fail)?;
        Ok(path)
    }

    /// The settings that it begins with.
    pub fn settings(self) -> Settings {
        // One device for a whole class: equal seeds give equal numbers.
        let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
        let switch_off = |settings: &mut Settings, name: &str| {
            settings
                .recipe
                .steps
                .iter_mut()
                .filter(|step| step.spec.name() == name)
                .for_each(|s| s.on = false);
        };
        let mlp = &mut settings.mlp;
        (mlp.hidden, mlp.dropout, mlp.epochs, mlp.patience) = (vec![16], 0.0, 30, 0);
        match self {
            Self::Data => {
                let roles = &mut settings.read.roles;
                roles.push((data::LEFT.to_owned(), Role::Category));
                roles.push((data::NUMBER.to_owned(), Role::Number));
            }
            Self::Cleaning => {
                switch_off(&mut settings, "impossible");
                settings.mlp.epochs = 25;
            }
            Self::Scaling => switch_off(&mut settings, "scale"),
            Self::Overfitting => {
                let mlp = &mut settings.mlp;
                (mlp.hidden, mlp.epochs, mlp.learning_rate) = (vec![64, 64], 60, 0.003);
            }
            Self::LearningRate => {
                let mlp = &mut settings.mlp;
                (mlp.learning_rate, mlp.epochs) = (0.000_01, 15);
            }
            Self::Imbalance | Self::Leakage | Self::Threshold => {}
        }
        settings
    }
}

/// True for settings whose recipe has a step of this name that is on.
fn has_step(settings: &Settings, name: &str) -> bool {
    let works = |spec: &StepSpec| !matches!(spec, StepSpec::Scale { method: crate::clean::ScaleMethod::None, columns } if columns.is_empty());
    settings.recipe.steps.iter().any(|step| step.on && step.spec.name() == name && works(&step.spec))
}

/// True for settings that keep a column from the model.
fn leaves_out(settings: &Settings, column: &str) -> bool {
    let last = settings.read.roles.iter().rev().find(|(name, _)| name == column);
    settings.features.exclude.iter().any(|name| name == column)
        || last.is_some_and(|(_, role)| !role.is_feature())
}
