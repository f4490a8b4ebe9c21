//! Why the scoring service cannot start, or a key cannot be used.

use std::path::PathBuf;

/// What keeps the service from starting.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("nothing can listen at {address}: {cause}")]
    CannotListen { address: String, cause: std::io::Error },
    #[error("{address} can be reached from other machines, and no key guards it")]
    KeysNeeded { address: String },
    #[error("the keys in {} cannot be used: {cause}", file.display())]
    KeyStore { file: PathBuf, cause: String },
    #[error("no key “{name}” in {}", file.display())]
    NoKey { file: PathBuf, name: String },
    #[error("the certificate or its key cannot be used ({}): {cause}", file.display())]
    Certificate { file: PathBuf, cause: String },
    #[error("two models are called “{name}”")]
    TwoOfAName { name: String },
}

impl ServeError {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::CannotListen { .. } => "cannot_listen",
            Self::KeysNeeded { .. } => "keys_needed",
            Self::KeyStore { .. } => "key_store",
            Self::NoKey { .. } => "no_key",
            Self::Certificate { .. } => "certificate",
            Self::TwoOfAName { .. } => "two_of_a_name",
        }
    }

    pub(super) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::KeyStore { file, .. } | Self::NoKey { file, .. } | Self::Certificate { file, .. } => {
                Some(file.clone())
            }
            Self::CannotListen { .. } | Self::KeysNeeded { .. } | Self::TwoOfAName { .. } => None,
        }
    }
}
