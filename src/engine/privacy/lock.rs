//! Files that a passphrase locks: the age format (<https://age-encryption.org/v1>) with a scrypt recipient.
//! The file is read and written whole in memory; nothing that is plain touches the disk on the way.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret as _, SecretString};
use age::{DecryptError, Decryptor, scrypt};
use zeroize::Zeroizing;

use crate::error::Place;

/// The first line of every age file.
const HEAD: &[u8] = b"age-encryption.org/v1\n";
/// Characters that a passphrase has at least.
pub const SHORTEST: usize = 8;
/// log₂ of scrypt's N for files that are locked: 256 MiB of memory for each try.
const WORK: u8 = 18;
/// log₂ of the N that is accepted of a file: 1 GiB. A made-up file must not take all memory.
const MOST_WORK: u8 = 20;
/// Bytes of a locked file that are read.
const LARGEST: u64 = 512 << 20;

/// Why a locked file could not be opened, or a file not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{} is locked with a passphrase", file.display())]
    Locked { file: PathBuf },
    #[error("this passphrase does not open {}", file.display())]
    Wrong { file: PathBuf },
    #[error("{} was damaged or changed after it was locked", file.display())]
    Changed { file: PathBuf },
    #[error("{} asks for more work (2^{asked}) than is done for a file (2^{MOST_WORK})", file.display())]
    Work { file: PathBuf, asked: u8 },
    #[error("a passphrase has at least {SHORTEST} characters")]
    Short,
    #[error("the two passphrases are not the same")]
    Differ,
    #[error("{} is not locked", file.display())]
    Open { file: PathBuf },
    #[error("{} is neither a project nor a bundle", file.display())]
    Neither { file: PathBuf },
    #[error("{} does not exist", file.display())]
    NotFound { file: PathBuf },
    #[error("reading {} failed: {cause}", file.display())]
    Read { file: PathBuf, cause: std::io::Error },
    #[error("writing {} failed: {cause}", file.display())]
    Write { file: PathBuf, cause: std::io::Error },
}

impl LockError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "locked_file",
            Self::Wrong { .. } => "wrong_passphrase",
            Self::Changed { .. } => "locked_changed",
            Self::Work { .. } => "locked_work",
            Self::Short => "short_passphrase",
            Self::Differ => "passphrases_differ",
            Self::Open { .. } => "not_locked",
            Self::Neither { .. } => "not_lockable",
            Self::NotFound { .. } => "not_found",
            Self::Read { .. } => "read_failed",
            Self::Write { .. } => "write_failed",
        }
    }

    pub(crate) fn place(&self) -> Place {
        let file = match self {
            Self::Short | Self::Differ => None,
            Self::Locked { file }
            | Self::Wrong { file }
            | Self::Changed { file }
            | Self::Work { file, .. }
            | Self::Open { file }
            | Self::Neither { file }
            | Self::NotFound { file }
            | Self::Read { file, .. }
            | Self::Write { file, .. } => Some(file.clone()),
        };
        Place { file, ..Place::default() }
    }

    fn read(file: &Path, cause: std::io::Error) -> Self {
        match cause.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { file: file.to_owned() },
            _ => Self::Read { file: file.to_owned(), cause },
        }
    }
}

/// A passphrase in memory: never shown, and overwritten when it is dropped.
#[derive(Debug, Clone)]
pub struct Passphrase {
    text: SecretString,
    work: u8,
}

impl PartialEq for Passphrase {
    /// By their hashes, which are compared in constant time.
    fn eq(&self, other: &Self) -> bool {
        let hash = |one: &Self| blake3::hash(one.text.expose_secret().as_bytes());
        hash(self) == hash(other)
    }
}

impl Passphrase {
    /// Takes what a person typed to open something; it is not judged.
    pub fn new(text: String) -> Self {
        Self { text: text.into(), work: WORK }
    }

    /// A passphrase to lock with.
    ///
    /// # Errors
    /// It has fewer than [`SHORTEST`] characters.
    pub fn to_lock(text: String) -> Result<Self, LockError> {
        let text = Zeroizing::new(text);
        match text.chars().count() >= SHORTEST {
            true => Ok(Self::new(text.as_str().to_owned())),
            false => Err(LockError::Short),
        }
    }

    /// The same with another log₂ of scrypt's N, between 1 and what is accepted of a file. For tests: each
    /// step less halves what a try costs an attacker.
    pub fn with_work(self, log_n: u8) -> Self {
        Self { work: log_n.clamp(1, MOST_WORK), ..self }
    }
}

/// True for bytes that begin as a locked file does.
pub(crate) fn is_age(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD)
}

/// True for a file that is locked; false for one that cannot be read.
pub fn is_locked(file: &Path) -> bool {
    let mut head = [0; HEAD.len()];
    std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut head)).is_ok() && is_age(&head)
}

/// Locks bytes.
///
/// # Errors
/// The operating system gives no random bytes.
pub(crate) fn seal(plain: &[u8], passphrase: &Passphrase) -> std::io::Result<Vec<u8>> {
    let mut recipient = scrypt::Recipient::new(passphrase.text.clone());
    recipient.set_work_factor(passphrase.work);
    age::encrypt(&recipient, plain).map_err(std::io::Error::other)
}

/// Opens locked bytes of a file. They are checked as a whole before any is given out.
///
/// # Errors
/// The passphrase is another, or the bytes are not what was locked.
pub(crate) fn unseal(
    sealed: &[u8],
    passphrase: &Passphrase,
    file: &Path,
) -> Result<Zeroizing<Vec<u8>>, LockError> {
    let told = |error: DecryptError| match error {
        DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => {
            LockError::Wrong { file: file.to_owned() }
        }
        DecryptError::ExcessiveWork { required, .. } => {
            LockError::Work { file: file.to_owned(), asked: required }
        }
        _ => LockError::Changed { file: file.to_owned() },
    };
    let mut identity = scrypt::Identity::new(passphrase.text.clone());
    identity.set_max_work_factor(MOST_WORK);
    let opened = Decryptor::new_buffered(sealed).map_err(told)?;
    let identity: &dyn age::Identity = &identity;
    let mut reader = opened.decrypt(std::iter::once(identity)).map_err(told)?;
    // With room for all, no copy is left behind by growing.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|_| LockError::Changed { file: file.to_owned() })?;
    Ok(plain)
}

/// The plain bytes of a locked file; `None` for a file that is not locked.
///
/// # Errors
/// It is locked and no passphrase was given, or as [`unseal`].
pub(crate) fn unlocked(
    file: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<Option<Zeroizing<Vec<u8>>>, LockError> {
    if !is_locked(file) {
        return Ok(None);
    }
    let passphrase = passphrase.ok_or_else(|| LockError::Locked { file: file.to_owned() })?;
    let mut sealed = Vec::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(LARGEST).read_to_end(&mut sealed))
        .map_err(|cause| LockError::read(file, cause))?;
    unseal(&sealed, passphrase, file).map(Some)
}

/// The plain bytes of a file, locked or not.
///
/// # Errors
/// The file cannot be read, or as [`unlocked`].
pub(crate) fn plain_bytes(
    file: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, LockError> {
    match unlocked(file, passphrase)? {
        Some(plain) => Ok(plain),
        None => std::fs::read(file).map(Zeroizing::new).map_err(|cause| LockError::read(file, cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned()).with_work(4)
    }

    #[test]
    fn what_is_locked_opens_with_its_passphrase_alone() {
        let plain = b"Anna Berg, anna@example.com".repeat(9_000);
        let sealed = seal(&plain, &pass("correct horse")).unwrap();
        assert!(is_age(&sealed));
        assert!(!sealed.windows(9).any(|part| part == b"Anna Berg"));
        let file = Path::new("shop.regulars");
        assert_eq!(*unseal(&sealed, &pass("correct horse"), file).unwrap(), plain);
        assert_eq!(unseal(&sealed, &pass("correct house"), file).unwrap_err().kind(), "wrong_passphrase");
        // The same twice: another salt, another key.
        assert_ne!(seal(&plain, &pass("correct horse")).unwrap(), sealed);
    }

    #[test]
    fn a_changed_byte_and_a_cut_end_are_noticed() {
        let sealed = seal(&b"0123456789".repeat(20_000), &pass("correct horse")).unwrap();
        let file = Path::new("shop.regulars");
        let kind = |bytes: &[u8]| unseal(bytes, &pass("correct horse"), file).map(|_| ()).unwrap_err().kind();
        // Of the payload, whose last chunks begin 64 KiB in.
        for at in [sealed.len() - 1, sealed.len() / 2, 70_000] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(kind(&changed), "locked_changed", "byte {at}");
        }
        assert_eq!(kind(&sealed[..sealed.len() - 20_000]), "locked_changed");
        // Every byte of the head.
        for at in HEAD.len()..120 {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(unseal(&changed, &pass("correct horse"), file).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        let sealed = seal(b"x", &pass("correct horse")).unwrap();
        let text = String::from_utf8_lossy(&sealed[..120]).into_owned();
        let line = text.lines().find(|line| line.starts_with("-> scrypt")).unwrap().to_owned();
        let heavy = line.replace(" 4", " 30");
        assert_ne!(line, heavy);
        let at = text.find(&line).unwrap();
        let made = [&sealed[..at], heavy.as_bytes(), &sealed[at + line.len()..]].concat();
        let error = unseal(&made, &pass("correct horse"), Path::new("a.regulars")).unwrap_err();
        assert_eq!(error.kind(), "locked_work");
    }

    #[test]
    fn a_passphrase_is_not_shown_and_has_some_length() {
        assert!(!format!("{:?}", pass("correct horse")).contains("horse"));
        assert_eq!(Passphrase::to_lock("1234567".to_owned()).unwrap_err().kind(), "short_passphrase");
        assert!(Passphrase::to_lock("客户资料密码短语".to_owned()).is_ok(), "characters, not bytes");
        assert!(Passphrase::to_lock("密码短语".to_owned()).is_err());
    }
}
