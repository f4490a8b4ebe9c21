//! A hand-in: one file with the settings, the model, the answers, and the hashes of the data that they
//! belong to.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answers::{Answers, table_of, work};
use super::key::Manifest;
use super::student::Lifetime;
use super::{Hashed, KitError, VERSION, hash_of, read_json, write_json};
use crate::files;
use crate::job::Reporter;
use crate::project::{Found, ProjectError, SavedModel, SavedProject, Settings, Source};
use crate::train::ModelKind;

/// What a hand-in calls itself.
const HAND_IN: &str = "regulars class hand-in";
/// Stands for the student's whole folder among the sources.
pub(super) const FOLDER: &str = ".";

/// What a student hands in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandIn {
    format: String,
    version: u32,
    pub kit: String,
    pub student: u32,
    /// The files as they were given out, and the tag that only the trainer can make of them.
    pub files: Vec<Hashed>,
    pub tag: String,
    /// The same files as they were when this was made.
    pub data: Vec<Hashed>,
    /// Names of the files that the project reads; `.` for the whole folder.
    pub sources: Vec<String>,
    pub settings: Settings,
    pub model: SavedModel,
    pub answers: Answers,
    /// The student's estimate of the lifetime parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
    /// blake3 over all the rest.
    pub hash: String,
}

impl HandIn {
    /// Opens a hand-in. Whether it was changed is for the grade to tell.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, KitError> {
        let mut found: Self = read_json(path, HAND_IN)?;
        // Nothing in a file is trusted.
        found.settings = found.settings.sane();
        Ok(found)
    }

    /// Saves it.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn save(&self, path: &Path) -> Result<(), KitError> {
        write_json(path, self)
    }

    /// The hash that an unchanged hand-in has.
    pub fn made_hash(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        blake3::hash(&serde_json::to_vec(&bare).unwrap_or_default()).to_hex().to_string()
    }
}

/// The files that a project reads, where they are now.
fn paths(project: &Path, saved: &SavedProject, report: &Reporter) -> crate::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for source in saved.wanted() {
        let missing = || KitError::File {
            file: source.file.clone(),
            cause: std::io::Error::from(std::io::ErrorKind::NotFound),
        };
        match source.find(Some(project), report)? {
            _ if source.is_away() => return Err(missing().into()),
            Found::InPlace(path) | Found::Moved(path) | Found::Namesake(path) => out.push(path),
            Found::Nowhere => return Err(missing().into()),
        }
    }
    Ok(out)
}

/// Makes the hand-in of a saved project: of the run that it shows, else of its latest.
///
/// # Errors
/// The project cannot be opened or holds no model; its data are not there or lie in no student's folder;
/// the model was trained with other data or settings; the person cancels.
pub fn hand_in(project: &Path, lifetime: Option<Lifetime>, report: &Reporter) -> crate::Result<HandIn> {
    let saved = SavedProject::open(project)?;
    let no_model = || ProjectError::NoModel { file: project.to_owned() };
    let (at, kind) = saved.shown.unwrap_or((saved.runs.len().saturating_sub(1), ModelKind::Mlp));
    let run = saved.runs.get(at).or(saved.runs.last()).ok_or_else(no_model)?;
    let model = run.models.iter().find(|model| model.model.kind() == kind).or(run.models.first());
    let model = model.ok_or_else(no_model)?;
    let paths = paths(project, &saved, report)?;
    let first = paths.first().ok_or_else(no_model)?;
    let folder = match first.is_dir() {
        true => first.clone(),
        false => first.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let manifest = Manifest::open(&folder)?;
    let data = manifest.files.iter().map(|file| hash_of(&folder.join(&file.name)));
    let data = data.collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<Source> = paths.iter().cloned().map(Source::File).collect();
    let table = table_of(&sources, &run.settings, &report.part(0.0, 0.2))?;
    if run.settings.key(&table) != run.key {
        return Err(KitError::Stale { file: project.to_owned() }.into());
    }
    let worked = work(&run.settings, &table, model, &report.part(0.2, 0.8))?;
    let name = |path: &PathBuf| if path.is_dir() { FOLDER.to_owned() } else { files::name_of(path) };
    let mut made = HandIn {
        format: HAND_IN.to_owned(),
        version: VERSION,
        kit: manifest.kit,
        student: manifest.student,
        files: manifest.files,
        tag: manifest.tag,
        data,
        sources: paths.iter().map(name).collect(),
        settings: run.settings.clone(),
        model: model.clone(),
        answers: worked.answers,
        lifetime,
        hash: String::new(),
    };
    made.hash = made.made_hash();
    Ok(made)
}
