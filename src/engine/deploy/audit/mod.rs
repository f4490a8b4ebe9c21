//! The audit trail: JSON lines that are only ever added to, each bearing the hash of the one before.
//!
//! What was changed, taken out or moved breaks the chain from there on. A tail that is cut off leaves a
//! whole chain: whoever must notice that keeps the [`Head`] elsewhere and gives it to [`verify`].

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DeployError;

/// The hash that the first entry follows.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// A longer line is no entry of ours.
const LONGEST: u64 = 1 << 20;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A bundle was opened, or the watch began.
    Opened,
    /// A file was scored: counts only.
    Scored,
    /// A file could not be scored: the kind of the error only.
    Refused,
    /// A challenger took a champion's place.
    TookOver,
    /// A challenger did not.
    Stayed,
    /// An earlier model came back.
    RolledBack,
    KeyMade,
    KeyRevoked,
    /// A customer was forgotten.
    Forgotten,
}

impl What {
    /// The name in JSON, and of its words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Scored => "scored",
            Self::Refused => "refused",
            Self::TookOver => "took_over",
            Self::Stayed => "stayed",
            Self::RolledBack => "rolled_back",
            Self::KeyMade => "key_made",
            Self::KeyRevoked => "key_revoked",
            Self::Forgotten => "forgotten",
        }
    }
}

/// One line of the trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Counted from 1.
    pub seq: u64,
    /// UTC, as `2026-11-28T23:40:00Z`.
    pub when: String,
    pub what: What,
    /// Counts, hashes and names of files; never a customer's details.
    pub detail: BTreeMap<String, Value>,
    /// The hash of the entry before.
    pub prev: String,
    /// blake3 of `prev`, a line feed, and this entry as JSON without `hash`.
    pub hash: String,
}

impl Entry {
    fn sealed(seq: u64, what: What, detail: BTreeMap<String, Value>, prev: String) -> Self {
        let when = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut entry = Self { seq, when, what, detail, prev, hash: String::new() };
        entry.hash = entry.digest();
        entry
    }

    fn digest(&self) -> String {
        let body = serde_json::json!([self.seq, self.when, self.what, self.detail]);
        blake3::hash(format!("{}\n{body}", self.prev).as_bytes()).to_hex().to_string()
    }
}

/// How many entries there are, and the hash of the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub count: u64,
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { count: 0, hash: START.to_owned() }
    }
}

/// Adds an entry and waits until the disk has it; several programs may do so at once. Half a line at the
/// end, of a program that was stopped while it wrote, is taken away first.
///
/// # Errors
/// The file cannot be read or written, or its last line is no entry.
pub fn append(
    path: &Path,
    what: What,
    detail: BTreeMap<String, Value>,
) -> Result<(Entry, Head), DeployError> {
    let fail = |cause| DeployError::write(path, cause);
    let mut file = File::options().read(true).append(true).create(true).open(path).map_err(fail)?;
    file.lock().map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
    let from = length.saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from)).map_err(fail)?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).map_err(fail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < tail.len() {
        file.set_len(from + whole as u64).map_err(fail)?;
        tail.truncate(whole);
    }
    let last = tail.strip_suffix(b"\n").unwrap_or(&tail);
    let last = last.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let head = if last.is_empty() {
        Head::default()
    } else {
        let entry: Entry = serde_json::from_slice(last).map_err(|e| DeployError::BrokenTrail {
            file: path.to_owned(),
            line: 0,
            cause: e.to_string(),
        })?;
        Head { count: entry.seq, hash: entry.hash }
    };
    let entry = Entry::sealed(head.count + 1, what, detail, head.hash);
    let mut line = serde_json::to_vec(&entry).map_err(|e| fail(std::io::Error::other(e)))?;
    line.push(b'\n');
    // One call: another program's line never falls between.
    file.write_all(&line).map_err(fail)?;
    file.sync_data().map_err(fail)?;
    let head = Head { count: entry.seq, hash: entry.hash.clone() };
    Ok((entry, head))
}

/// Every entry, oldest first, without a check of the chain; `most` from the end.
///
/// # Errors
/// The file cannot be read.
pub fn entries(path: &Path, most: usize) -> Result<Vec<Entry>, DeployError> {
    let text = read(path)?;
    let mut out: Vec<Entry> =
        text.lines().rev().take(most).filter_map(|line| serde_json::from_str(line).ok()).collect();
    out.reverse();
    Ok(out)
}

/// Checks every line: its own hash, that it follows the line before, and that nothing is between. `kept`
/// is a head that was kept elsewhere: a trail that ends before it, or has another entry there, was cut.
///
/// # Errors
/// The first line that does not stand where and as it was written; the file cannot be read.
pub fn verify(path: &Path, kept: Option<&Head>) -> Result<Head, DeployError> {
    let text = read(path)?;
    let broken = |line: u64, cause: &str| DeployError::BrokenTrail {
        file: path.to_owned(),
        line,
        cause: cause.to_owned(),
    };
    let mut head = Head::default();
    let mut met = kept.is_none_or(|kept| *kept == head);
    for (at, line) in (1u64..).zip(text.split_inclusive('\n')) {
        let Some(line) = line.strip_suffix('\n') else { return Err(broken(at, "the line has no end")) };
        let entry: Entry = serde_json::from_str(line).map_err(|_| broken(at, "it is no entry"))?;
        if serde_json::to_string(&entry).ok().as_deref() != Some(line) {
            return Err(broken(at, "it is written otherwise than it was"));
        }
        if entry.prev != head.hash || entry.seq != head.count + 1 {
            return Err(broken(at, "it does not follow the line before"));
        }
        if entry.digest() != entry.hash {
            return Err(broken(at, "its hash is not that of its text"));
        }
        head = Head { count: entry.seq, hash: entry.hash };
        met |= kept.is_some_and(|kept| *kept == head);
    }
    match met {
        true => Ok(head),
        false => Err(broken(head.count + 1, "entries that there were are gone")),
    }
}

fn read(path: &Path) -> Result<String, DeployError> {
    std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => DeployError::NotFound { file: path.to_owned() },
        std::io::ErrorKind::InvalidData => {
            DeployError::BrokenTrail { file: path.to_owned(), line: 0, cause: "it is no text".to_owned() }
        }
        _ => DeployError::BadSettings { file: path.to_owned(), cause: cause.to_string() },
    })
}
