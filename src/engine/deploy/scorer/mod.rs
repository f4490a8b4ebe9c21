//! One file to hand on: a program with a bundle behind it. Started, it finds the bundle at its own end and
//! is a scorer.
//!
//! ```text
//! program | payload | footer
//! ```
//!
//! The footer is 88 bytes: the length of the program and of the payload (64 bits each, little endian), the
//! blake3 hash of each, and `REGSCOR1`. The payload is a zip of one JSON entry, or that locked with a
//! passphrase. As with the [seal](super::check_seal) of a card, the hashes show a slip or a careless hand:
//! whoever changes the file on purpose can make new ones.

mod list;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Bundle, DeployError, ExportError, SelfChecked, SelfTest, unzip, write_zip};
use crate::files;
use crate::job::Reporter;
use crate::privacy::{LockError, Passphrase, lock};

pub(in crate::deploy) use list::told;
pub use list::{FLAGS, flagged_header};
pub(crate) use list::{is_flagged, write_flagged};

/// Version of the form; the last byte of the footer.
const VERSION: u8 = b'1';
const MAGIC: &[u8; 7] = b"REGSCOR";
const FOOTER: u64 = 88;
/// Bytes of a payload that are read.
const LARGEST: u64 = 512 << 20;
const ENTRY: &str = "scorer.json";
/// Bytes that are copied before the person is asked whether to go on.
const BLOCK: usize = 4 << 20;

/// What stands behind the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Footer {
    program: u64,
    payload: u64,
    program_hash: [u8; 32],
    payload_hash: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Payload {
    bundle: Bundle,
    test: SelfTest,
}

/// A program that carries a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    file: PathBuf,
    footer: Footer,
}

/// What a scorer carries.
#[derive(Debug, Clone)]
pub struct Carried {
    pub bundle: Bundle,
    pub test: SelfTest,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScorerWritten {
    pub out: PathBuf,
    pub bytes: u64,
    /// Made-up rows that it carries.
    pub self_test_rows: usize,
    pub locked: bool,
}

impl Footer {
    fn bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOTER as usize);
        out.extend(self.program.to_le_bytes());
        out.extend(self.payload.to_le_bytes());
        out.extend(self.program_hash);
        out.extend(self.payload_hash);
        out.extend(MAGIC);
        out.push(VERSION);
        out
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(16)?;
        let (program, payload) = head.split_at_checked(8)?;
        let (program_hash, rest) = rest.split_at_checked(32)?;
        let payload_hash = rest.get(..32)?;
        Some(Self {
            program: u64::from_le_bytes(program.try_into().ok()?),
            payload: u64::from_le_bytes(payload.try_into().ok()?),
            program_hash: program_hash.try_into().ok()?,
            payload_hash: payload_hash.try_into().ok()?,
        })
    }
}

/// Looks for a bundle behind a program; `None` for a plain program, and for a file that cannot be read.
///
/// # Errors
/// The footer is of a newer version, or does not fit the file.
pub fn find(program: &Path) -> Result<Option<Scorer>, DeployError> {
    let read = || -> std::io::Result<Option<(Vec<u8>, u64)>> {
        let mut file = File::open(program)?;
        let length = file.metadata()?.len();
        let Some(at) = length.checked_sub(FOOTER) else { return Ok(None) };
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.take(FOOTER).read_to_end(&mut bytes)?;
        Ok(Some((bytes, length)))
    };
    let Ok(Some((bytes, length))) = read() else { return Ok(None) };
    let Some((sign, rest)) = bytes.split_last_chunk::<8>().map(|(rest, sign)| (sign, rest)) else {
        return Ok(None);
    };
    let [magic @ .., version] = sign;
    if magic != MAGIC {
        return Ok(None);
    }
    let file = program.to_owned();
    if *version != VERSION {
        let version = u64::from(version.saturating_sub(b'0'));
        return Err(ExportError::ScorerNewer { file, version }.into());
    }
    let fits = |footer: &Footer| {
        let sum = footer.program.checked_add(footer.payload).and_then(|sum| sum.checked_add(FOOTER));
        sum == Some(length) && footer.payload <= LARGEST
    };
    match Footer::read(rest).filter(fits) {
        Some(footer) => Ok(Some(Scorer { file, footer })),
        None => Err(ExportError::ScorerChanged { file, part: "footer" }.into()),
    }
}

impl Scorer {
    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn payload(&self) -> Result<Vec<u8>, DeployError> {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&self.file)?;
            file.seek(SeekFrom::Start(self.footer.program))?;
            let mut bytes = Vec::new();
            file.take(self.footer.payload).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let changed = || ExportError::ScorerChanged { file: self.file.clone(), part: "model" };
        let bytes = read().map_err(|cause| LockError::Read { file: self.file.clone(), cause })?;
        match blake3::hash(&bytes).as_bytes() == &self.footer.payload_hash {
            true => Ok(bytes),
            false => Err(changed().into()),
        }
    }

    /// True where a passphrase locks the bundle.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn is_locked(&self) -> Result<bool, DeployError> {
        Ok(lock::is_age(&self.payload()?))
    }

    /// The bundle and its self-test.
    ///
    /// # Errors
    /// The payload was changed, is of a newer version, or is locked with another passphrase.
    pub fn open(&self, passphrase: Option<&Passphrase>) -> Result<Carried, DeployError> {
        let bytes = self.payload()?;
        let not = |cause: String| DeployError::NotABundle { file: self.file.clone(), cause };
        let value = if lock::is_age(&bytes) {
            let passphrase = passphrase.ok_or_else(|| LockError::Locked { file: self.file.clone() })?;
            let plain = lock::unseal(&bytes, passphrase, &self.file)?;
            unzip(std::io::Cursor::new(plain.as_slice()), ENTRY)
        } else {
            unzip(std::io::Cursor::new(bytes), ENTRY)
        };
        let mut value = value.map_err(not)?;
        let mut part = |name: &str| value.get_mut(name).map(serde_json::Value::take).unwrap_or_default();
        let bundle = Bundle::of_value(part("bundle"), &self.file)?;
        let test = serde_json::from_value(part("test")).map_err(|e| not(e.to_string()))?;
        Ok(Carried { bundle, test })
    }

    /// Checks the program, the payload and the scores of the made-up rows.
    ///
    /// # Errors
    /// The program or the payload was changed; a row gets another score than on the day it was made.
    pub fn check(&self, carried: &Carried, report: &Reporter) -> crate::Result<SelfChecked> {
        let cause = |cause| DeployError::from(LockError::Read { file: self.file.clone(), cause });
        let mut program = File::open(&self.file).map_err(cause)?.take(self.footer.program);
        let mut hasher = blake3::Hasher::new();
        copy(&mut program, &mut std::io::sink(), &mut hasher, self.footer.program, report)?.map_err(cause)?;
        if hasher.finalize().as_bytes() != &self.footer.program_hash {
            let file = self.file.clone();
            return Err(DeployError::from(ExportError::ScorerChanged { file, part: "program" }).into());
        }
        let told = carried.test.check(&carried.bundle)?;
        if told.wrong > 0 {
            let file = self.file.clone();
            let wrong = ExportError::SelfTest { file, rows: told.wrong, most: told.most };
            return Err(DeployError::from(wrong).into());
        }
        Ok(told)
    }
}

/// Copies what `from` holds, and hashes it.
fn copy(
    from: &mut dyn std::io::Read,
    to: &mut dyn Write,
    hasher: &mut blake3::Hasher,
    length: u64,
    report: &Reporter,
) -> crate::Result<std::io::Result<u64>> {
    let (mut block, mut done) = (vec![0; BLOCK], 0u64);
    loop {
        report.check()?;
        let n = match from.read(&mut block) {
            Ok(0) => return Ok(Ok(done)),
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Err(error)),
        };
        let bytes = block.get(..n).unwrap_or_default();
        hasher.update(bytes);
        if let Err(error) = to.write_all(bytes) {
            return Ok(Err(error));
        }
        done += n as u64;
        report.progress(done as f64 / length.max(1) as f64);
    }
}

/// Writes the program at `program` with the bundle behind it, atomically, so that it can be started. Of a
/// program that is a scorer already only the program is taken. With a passphrase what it carries is locked.
///
/// # Errors
/// The program cannot be read; the bundle cannot score made-up rows; the disk or the folder refuses; the
/// person cancelled.
pub fn write(
    bundle: &Bundle,
    program: &Path,
    out: &Path,
    passphrase: Option<&Passphrase>,
    report: &Reporter,
) -> crate::Result<ScorerWritten> {
    let test = SelfTest::of(bundle)?;
    let rows = test.rows.len();
    let cause = |cause| DeployError::from(LockError::Read { file: program.to_owned(), cause });
    let length = match find(program)? {
        Some(scorer) => scorer.footer.program,
        None => std::fs::metadata(program).map_err(cause)?.len(),
    };
    let mut payload = Vec::new();
    let fail = |cause| DeployError::write(out, cause);
    write_zip(&mut payload, ENTRY, &Payload { bundle: bundle.clone(), test }).map_err(fail)?;
    if let Some(passphrase) = passphrase {
        payload = lock::seal(&payload, passphrase).map_err(fail)?;
    }
    let mut source = File::open(program).map_err(cause)?.take(length);
    let mut stopped = None;
    let written = files::write_atomically(out, |to| {
        let mut hasher = blake3::Hasher::new();
        match copy(&mut source, to, &mut hasher, length, report) {
            Ok(copied) => {
                let program = copied?;
                to.write_all(&payload)?;
                let footer = Footer {
                    program,
                    payload: payload.len() as u64,
                    program_hash: *hasher.finalize().as_bytes(),
                    payload_hash: *blake3::hash(&payload).as_bytes(),
                };
                to.write_all(&footer.bytes())
            }
            Err(error) => {
                stopped = Some(error);
                Err(std::io::Error::other("stopped"))
            }
        }
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    written.and_then(|()| executable(out)).map_err(fail)?;
    let bytes = std::fs::metadata(out).map_err(fail)?.len();
    Ok(ScorerWritten { out: out.to_owned(), bytes, self_test_rows: rows, locked: passphrase.is_some() })
}

/// Lets everybody start what its owner may write.
fn executable(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
