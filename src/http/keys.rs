//! Keys of the service. A key is 256 random bits and is shown once; only its SHA-256 is kept, which for a
//! random key needs no salt and no slow hash. Two keys of one name may be valid at once, so that a key can
//! be changed without a moment in which none works.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use regulars_engine::deploy::{DeployError, ServeError};
use regulars_engine::files;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Version of the file.
const VERSION: u32 = 1;
/// What every key begins with, so that one that was left somewhere is recognised.
const PREFIX: &str = "rgl_";
/// Requests a minute that a key may make unless said otherwise.
pub const PER_MINUTE: u32 = 60_000;

/// What a key may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Score,
    Explain,
    Recommend,
    Metrics,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Score, Scope::Explain, Scope::Recommend, Scope::Metrics];

    /// The name in the file and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Explain => "explain",
            Self::Recommend => "recommend",
            Self::Metrics => "metrics",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name.trim())
    }
}

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Twelve characters at the key's beginning that tell keys apart.
    pub id: String,
    pub name: String,
    /// SHA-256 of the whole key, in hexadecimal.
    hash: String,
    pub scopes: Vec<Scope>,
    /// Seconds since 1970.
    pub created: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Requests a minute.
    pub per_minute: u32,
}

impl Entry {
    /// True while the key works.
    pub fn is_valid(&self) -> bool {
        self.expires.is_none_or(|at| at > now())
    }
}

/// The file of keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Store {
    version: u32,
    pub keys: Vec<Entry>,
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn unusable(file: &Path, cause: impl ToString) -> DeployError {
    ServeError::KeyStore { file: file.to_owned(), cause: cause.to_string() }.into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

impl Store {
    /// Reads a file; one that is not there holds no keys.
    ///
    /// # Errors
    /// It holds something else.
    pub fn open(file: &Path) -> Result<Self, DeployError> {
        let text = match std::fs::read(file) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { version: VERSION, keys: Vec::new() });
            }
            Err(cause) => return Err(unusable(file, cause)),
        };
        let store: Self = serde_json::from_slice(&text).map_err(|cause| unusable(file, cause))?;
        match store.version {
            VERSION => Ok(store),
            version => Err(unusable(file, format!("version {version}"))),
        }
    }

    /// Writes the file, for its owner's eyes only.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, file: &Path) -> Result<(), DeployError> {
        let text = serde_json::to_vec_pretty(self).map_err(|cause| unusable(file, cause))?;
        files::write_atomically(file, |out| out.write_all(&text)).map_err(|cause| unusable(file, cause))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
                .map_err(|cause| unusable(file, cause))?;
        }
        Ok(())
    }

    /// Makes a key; gives it in full, for the only time.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn add(
        &mut self,
        name: &str,
        scopes: &[Scope],
        lasts: Option<Duration>,
        per_minute: u32,
    ) -> Result<String, DeployError> {
        let mut bytes = [0u8; 38];
        let random = rustls::crypto::ring::default_provider().secure_random;
        random.fill(&mut bytes).map_err(|_| unusable(Path::new(""), "no random numbers"))?;
        let (id, secret) = bytes.split_at(6);
        let id = hex(id);
        let key = format!("{PREFIX}{id}_{}", hex(secret));
        self.keys.push(Entry {
            id,
            name: name.to_owned(),
            hash: hex(&Sha256::digest(&key)),
            scopes: scopes.to_vec(),
            created: now(),
            expires: lasts.map(|lasts| now().saturating_add(lasts.as_secs())),
            per_minute: per_minute.max(1),
        });
        Ok(key)
    }

    /// Makes another key for the newest of a name; those before it end after `grace`. `None` where there is
    /// no valid key of that name.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn rotate(&mut self, name: &str, grace: Duration) -> Result<Option<String>, DeployError> {
        let Some(newest) = self.keys.iter().rfind(|key| key.name == name && key.is_valid()).cloned() else {
            return Ok(None);
        };
        let ends = now().saturating_add(grace.as_secs());
        for key in self.keys.iter_mut().filter(|key| key.name == name) {
            key.expires = Some(key.expires.map_or(ends, |at| at.min(ends)));
        }
        self.add(name, &newest.scopes, None, newest.per_minute).map(Some)
    }

    /// Takes away the keys of this id or name; how many there were.
    pub fn revoke(&mut self, which: &str) -> usize {
        let before = self.keys.len();
        self.keys.retain(|key| key.id != which && key.name != which);
        before - self.keys.len()
    }

    /// The valid entry of a key. Every hash is compared whole, whatever its first difference.
    fn find(&self, key: &str) -> Option<&Entry> {
        let hash = hex(&Sha256::digest(key));
        let is_it = |entry: &&Entry| bool::from(entry.hash.as_bytes().ct_eq(hash.as_bytes()));
        let mut found = None;
        for entry in &self.keys {
            if is_it(&entry) {
                found = Some(entry);
            }
        }
        found.filter(|entry| entry.is_valid())
    }
}

/// Why a key is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Unknown,
    Scope,
    /// For so many seconds.
    Rate(u64),
}

type Limiter = (u32, Arc<DefaultDirectRateLimiter>);

/// The keys of a running service.
pub(super) struct Ring {
    file: PathBuf,
    store: RwLock<(Option<SystemTime>, Arc<Store>)>,
    limiters: Mutex<HashMap<String, Limiter>>,
}

impl Ring {
    pub(super) fn open(file: &Path) -> Result<Self, DeployError> {
        let stamp = std::fs::metadata(file).and_then(|meta| meta.modified()).ok();
        let store = RwLock::new((stamp, Arc::new(Store::open(file)?)));
        Ok(Self { file: file.to_owned(), store, limiters: Mutex::default() })
    }

    fn store(&self) -> Arc<Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// True if a key is valid now.
    pub(super) fn guards(&self) -> bool {
        self.store().keys.iter().any(Entry::is_valid)
    }

    /// Reads the file again where it was changed. One that cannot be read changes nothing, and is told.
    pub(super) fn look(&self) -> Option<Result<(), DeployError>> {
        let stamp = std::fs::metadata(&self.file).and_then(|meta| meta.modified()).ok();
        if self.store.read().unwrap_or_else(PoisonError::into_inner).0 == stamp {
            return None;
        }
        // Without its file no key is known: the file may have been taken away to lock everybody out.
        let news = Store::open(&self.file);
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.0 = stamp;
        Some(news.map(|news| store.1 = Arc::new(news)))
    }

    /// Lets a key in; gives its name.
    pub(super) fn admit(&self, key: Option<&str>, scope: Option<Scope>) -> Result<String, Refused> {
        let store = self.store();
        let entry = key.and_then(|key| store.find(key)).ok_or(Refused::Unknown)?;
        if scope.is_some_and(|scope| !entry.scopes.contains(&scope)) {
            return Err(Refused::Scope);
        }
        let limiter = {
            let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
            let known = limiters.get(&entry.id).filter(|(rate, _)| *rate == entry.per_minute);
            match known {
                Some((_, limiter)) => limiter.clone(),
                None => {
                    let rate = NonZeroU32::new(entry.per_minute).unwrap_or(NonZeroU32::MIN);
                    let limiter = Arc::new(RateLimiter::direct(Quota::per_minute(rate)));
                    limiters.insert(entry.id.clone(), (entry.per_minute, limiter.clone()));
                    limiter
                }
            }
        };
        match limiter.check() {
            Ok(()) => Ok(entry.name.clone()),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err(Refused::Rate(wait.as_secs().saturating_add(1)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_as_a_hash_and_can_be_changed_without_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        let mut store = Store::open(&file).unwrap();
        let key = store.add("shop", &[Scope::Score], None, 5).unwrap();
        let other = store.add("till", &[Scope::Score, Scope::Explain], None, 5).unwrap();
        store.save(&file).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(&key) && !text.contains(key.rsplit('_').next().unwrap()), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let ring = Ring::open(&file).unwrap();
        assert!(ring.guards());
        assert_eq!(ring.admit(Some(&key), Some(Scope::Score)), Ok("shop".into()));
        assert_eq!(ring.admit(Some(&key), Some(Scope::Explain)), Err(Refused::Scope));
        assert_eq!(ring.admit(Some(&other), Some(Scope::Explain)), Ok("till".into()));
        assert_eq!(ring.admit(None, None), Err(Refused::Unknown));
        let mut wrong = key.clone();
        wrong.replace_range(key.len() - 1.., if key.ends_with('0') { "1" } else { "0" });
        assert_eq!(ring.admit(Some(&wrong), None), Err(Refused::Unknown));

        let next = store.rotate("shop", Duration::from_secs(3600)).unwrap().unwrap();
        assert!(store.find(&key).is_some() && store.find(&next).is_some());
        assert!(store.rotate("nobody", Duration::ZERO).unwrap().is_none());
        let last = store.rotate("shop", Duration::ZERO).unwrap().unwrap();
        assert!(store.find(&key).is_none() && store.find(&next).is_none() && store.find(&last).is_some());
        assert_eq!(store.revoke("shop"), 3);
        assert!(store.find(&last).is_none());

        for _ in 0..4 {
            assert!(ring.admit(Some(&key), None).is_ok());
        }
        assert!(matches!(ring.admit(Some(&key), None), Err(Refused::Rate(1..=60))));
        assert!(ring.admit(Some(&other), None).is_ok(), "each key has its own");
        std::fs::write(&file, "{").unwrap();
        assert!(Ring::open(&file).is_err());
    }
}
