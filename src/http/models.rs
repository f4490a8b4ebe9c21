//! The models that are served. Each is kept ready; when its file changes, the new one is opened, tried and
//! put in place of the old one at once; a file that cannot be used changes nothing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use regulars_engine::Result;
use regulars_engine::deploy::{Bundle, DeployError, Given, Lacking, Ready, ServeError};
use regulars_engine::privacy::Passphrase;
use regulars_engine::project::{ProjectError, SavedProject};
use regulars_engine::recommend;
use sha2::{Digest as _, Sha256};

use super::work::Desk;

/// First bytes of a saved recommender (zstd).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Rows that a model is tried on, and how often.
const TRIED: (usize, usize) = (16, 3);

/// Where a model comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A bundle, a project with a model, or a saved recommender; looked at again every second.
    File(PathBuf),
    /// A bundle that is in memory.
    Memory(String, Arc<Bundle>),
}

/// A model that gives probabilities.
#[derive(Debug)]
pub(super) struct Scorer {
    pub(super) name: String,
    pub(super) ready: Ready,
    /// What the rows of [`TRIED`] took when it was opened.
    pub(super) took: Duration,
    pub(super) desk: Desk,
}

/// What a served file holds.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Score(Arc<Scorer>),
    Recommend(Arc<recommend::Model>),
}

/// A model as it was opened.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// SHA-256 of the file; `None` for a model in memory.
    pub(super) hash: Option<String>,
    pub(super) since: SystemTime,
}

/// What tells that a file was changed.
#[derive(Debug, Clone, PartialEq)]
struct Stamp(SystemTime, u64, u64);

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let meta = std::fs::metadata(file).ok()?;
        #[cfg(unix)]
        let place = std::os::unix::fs::MetadataExt::ino(&meta);
        #[cfg(not(unix))]
        let place = 0;
        Some(Self(meta.modified().ok()?, meta.len(), place))
    }
}

struct Slot {
    file: Option<PathBuf>,
    loaded: RwLock<Arc<Loaded>>,
    /// Why the file as it is now is not served.
    refused: Mutex<Option<String>>,
    stamp: Mutex<Option<Stamp>>,
}

/// The models, in the order in which they were given; the first of a kind answers where none is named.
pub(super) struct Shelf {
    slots: Vec<Slot>,
    passphrase: Option<Passphrase>,
}

impl Shelf {
    /// Opens and tries the models.
    ///
    /// # Errors
    /// One that cannot be used; two of one name.
    pub(super) fn open(sources: &[Source], passphrase: Option<Passphrase>) -> Result<Self> {
        let mut slots: Vec<Slot> = Vec::new();
        for source in sources {
            let (file, stamp, loaded) = match source {
                Source::File(file) => (Some(file.clone()), Stamp::of(file), open(file, passphrase.as_ref())?),
                Source::Memory(name, bundle) => (None, None, of_bundle(name, bundle.clone(), None)?),
            };
            if slots.iter().any(|slot| slot.current().name == loaded.name) {
                return Err(DeployError::from(ServeError::TwoOfAName { name: loaded.name }).into());
            }
            slots.push(Slot {
                file,
                loaded: RwLock::new(Arc::new(loaded)),
                refused: Mutex::default(),
                stamp: Mutex::new(stamp),
            });
        }
        Ok(Self { slots, passphrase })
    }

    /// Every model, with what is wrong with its file.
    pub(super) fn all(&self) -> Vec<(Arc<Loaded>, Option<String>)> {
        let refused = |slot: &Slot| slot.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.slots.iter().map(|slot| (slot.current(), refused(slot))).collect()
    }

    /// The scorer of this name, or the first.
    pub(super) fn scorer(&self, name: Option<&str>) -> Option<Arc<Scorer>> {
        self.slots.iter().find_map(|slot| match &slot.current().kind {
            Kind::Score(scorer) if name.is_none_or(|name| name == scorer.name) => Some(scorer.clone()),
            _ => None,
        })
    }

    /// The recommender of this name, or the first.
    pub(super) fn recommender(&self, name: Option<&str>) -> Option<Arc<Loaded>> {
        self.slots.iter().map(Slot::current).find(|loaded| {
            matches!(loaded.kind, Kind::Recommend(_)) && name.is_none_or(|name| name == loaded.name)
        })
    }

    /// Puts another bundle in the place of the first model in memory.
    ///
    /// # Errors
    /// It cannot be used.
    pub(super) fn replace(&self, name: &str, bundle: Arc<Bundle>) -> Result<()> {
        let loaded = Arc::new(of_bundle(name, bundle, None)?);
        if let Some(slot) = self.slots.iter().find(|slot| slot.file.is_none()) {
            slot.put(loaded);
        }
        Ok(())
    }

    /// Opens what was changed; tells each name, with the reason where it was refused.
    pub(super) fn look(&self) -> Vec<(String, Option<String>)> {
        let mut news = Vec::new();
        for slot in &self.slots {
            let Some(file) = &slot.file else { continue };
            let stamp = Stamp::of(file);
            {
                let mut known = slot.stamp.lock().unwrap_or_else(PoisonError::into_inner);
                // A file that is gone for a moment is being replaced.
                if stamp.is_none() || *known == stamp {
                    continue;
                }
                known.clone_from(&stamp);
            }
            let refused = match open(file, self.passphrase.as_ref()) {
                Ok(loaded) => {
                    slot.put(Arc::new(loaded));
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            news.push((slot.current().name.clone(), refused.clone()));
            *slot.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        }
        news
    }
}

impl Slot {
    fn current(&self) -> Arc<Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, loaded: Arc<Loaded>) {
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
    }
}

fn open(file: &Path, passphrase: Option<&Passphrase>) -> Result<Loaded> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = std::fs::read(file).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => DeployError::NotFound { file: file.to_owned() },
        _ => DeployError::NotABundle { file: file.to_owned(), cause: cause.to_string() },
    })?;
    let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if bytes.starts_with(&ZSTD) {
        let model = recommend::Model::from_bytes(&bytes)?;
        let kind = Kind::Recommend(Arc::new(model));
        return Ok(Loaded { name, kind, hash: Some(hash), since: SystemTime::now() });
    }
    let is_project = file.extension().is_some_and(|end| end == "regulars");
    let bundle = if is_project {
        let no_model = || ProjectError::NoModel { file: file.to_owned() };
        SavedProject::open_with(file, passphrase)?.bundle.ok_or_else(no_model)?
    } else {
        Bundle::open_with(file, passphrase)?
    };
    of_bundle(&name, Arc::new(bundle), Some(hash))
}

/// A bundle that has answered once.
fn of_bundle(name: &str, bundle: Arc<Bundle>, hash: Option<String>) -> Result<Loaded> {
    let ready = Ready::new(bundle);
    let blank = ready.columns().iter().map(|spec| (spec.name.as_str(), Given::Nothing)).collect();
    let row = ready.row(blank, Lacking::Fill)?;
    let rows = vec![row; TRIED.0];
    let mut took = Duration::MAX;
    for _ in 0..TRIED.1 {
        let started = Instant::now();
        ready.each(&rows)?;
        took = took.min(started.elapsed());
    }
    let (name_of, desk) = (name.to_owned(), Desk::default());
    let kind = Kind::Score(Arc::new(Scorer { name: name_of, ready, took, desk }));
    Ok(Loaded { name: name.to_owned(), kind, hash, since: SystemTime::now() })
}
