//! The experiment as a file: plan, seed, strata and who was drawn into which group, so that what became
//! of them can be read back by anyone who has it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Arm, DrawSpec, Drawn, ExperimentError, Member, Plan, Size, Stratum};

/// The present form of the file.
const VERSION: u32 = 1;
/// Bytes that an opened experiment may have.
const LARGEST: u64 = 512 << 20;

/// What a draw was made from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drawing {
    pub spec: DrawSpec,
    /// Name of the data file, and blake3 of its bytes.
    pub file: String,
    pub hash: String,
    /// The score is a chance to leave, of the model in use.
    pub score_is_risk: bool,
    /// The columns that made the value bands and the groups.
    pub value: Option<String>,
    pub column: Option<String>,
}

/// An experiment that was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub version: u32,
    pub name: String,
    /// The day of the draw, as `2026-11-28`.
    pub made: String,
    pub plan: Plan,
    pub drawing: Drawing,
    pub strata: Vec<Stratum>,
    /// blake3 over the identifiers of each list, one a line, in their order.
    pub called_hash: String,
    pub left_alone_hash: String,
    pub members: Vec<Member>,
}

/// Where the three files of a draw stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub experiment: PathBuf,
    pub called: PathBuf,
    pub left_alone: PathBuf,
}

impl Files {
    /// The files beside each other: `NAME.experiment.json`, `NAME.call.csv`, `NAME.leave-alone.csv`.
    pub fn beside(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let endings = [".experiment.json", ".call.csv", ".leave-alone.csv", ".json", ".csv"];
        let stem = endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
        let at = |ending: &str| path.with_file_name(format!("{stem}{ending}"));
        Self { experiment: at(endings[0]), called: at(endings[1]), left_alone: at(endings[2]) }
    }

    /// All three.
    pub fn all(&self) -> [&Path; 3] {
        [&self.experiment, &self.called, &self.left_alone]
    }

    /// Refuses to write over an experiment.
    ///
    /// # Errors
    /// One of the files is there.
    pub fn check(&self) -> Result<(), ExperimentError> {
        match self.all().into_iter().find(|file| file.exists()) {
            Some(file) => Err(ExperimentError::Exists { file: file.to_owned() }),
            None => Ok(()),
        }
    }
}

fn hash(members: &[Member], arm: Arm) -> String {
    let mut hasher = blake3::Hasher::new();
    for member in members.iter().filter(|member| member.arm == arm) {
        hasher.update(member.id.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

impl Experiment {
    /// The experiment of a draw that was made today.
    pub fn new(name: &str, plan: Plan, drawing: Drawing, drawn: Drawn) -> Self {
        Self {
            version: VERSION,
            name: name.to_owned(),
            made: crate::deploy::today(),
            plan,
            drawing,
            called_hash: hash(&drawn.members, Arm::Called),
            left_alone_hash: hash(&drawn.members, Arm::LeftAlone),
            strata: drawn.strata,
            members: drawn.members,
        }
    }

    /// Takes a customer out, as if never drawn; true if there was one. The hashes are of the lists that
    /// are left, so they no longer fit lists that were exported before.
    pub fn forget(&mut self, id: &str) -> bool {
        let before = self.members.len();
        let strata = &mut self.strata;
        self.members.retain(|member| {
            if member.id != id {
                return true;
            }
            let stratum = usize::try_from(member.stratum).ok().and_then(|at| strata.get_mut(at));
            if let Some(stratum) = stratum {
                let count = match member.arm {
                    Arm::Called => &mut stratum.called,
                    Arm::LeftAlone => &mut stratum.left_alone,
                };
                *count = count.saturating_sub(1);
            }
            false
        });
        self.called_hash = hash(&self.members, Arm::Called);
        self.left_alone_hash = hash(&self.members, Arm::LeftAlone);
        self.members.len() < before
    }

    /// Customers of a group.
    pub fn count(&self, arm: Arm) -> u64 {
        self.members.iter().filter(|member| member.arm == arm).count() as u64
    }

    /// Customers of both groups, as the strata count them.
    pub fn size(&self) -> Size {
        let sum = |of: fn(&Stratum) -> u64| self.strata.iter().map(of).sum();
        Size { called: sum(|stratum| stratum.called), left_alone: sum(|stratum| stratum.left_alone) }
    }

    /// Customers of a group, in the order of the list.
    pub fn of(&self, arm: Arm) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.arm == arm)
    }

    /// True where the lists are those that were drawn.
    pub fn is_whole(&self) -> bool {
        self.called_hash == hash(&self.members, Arm::Called)
            && self.left_alone_hash == hash(&self.members, Arm::LeftAlone)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Memory is short.
    pub fn to_json(&self) -> std::io::Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(std::io::Error::other)
    }

    /// Opens an experiment. Nothing in it is trusted.
    ///
    /// # Errors
    /// The file is absent, no experiment, of a newer version, or its lists were changed.
    pub fn open(path: &Path) -> Result<Self, ExperimentError> {
        let not = |cause: String| ExperimentError::NotOne { file: path.to_owned(), cause };
        let bytes = std::fs::metadata(path).map_err(|e| not(e.to_string()))?.len();
        if bytes > LARGEST {
            return Err(not("it is too large".to_owned()));
        }
        let text = std::fs::read(path).map_err(|e| not(e.to_string()))?;
        let mut out: Self = serde_json::from_slice(&text).map_err(|e| not(e.to_string()))?;
        if out.version > VERSION {
            return Err(not(format!("it was made by a newer version (format {})", out.version)));
        }
        if !out.is_whole() {
            return Err(ExperimentError::Changed { file: path.to_owned() });
        }
        out.plan = out.plan.sane();
        Ok(out)
    }
}
