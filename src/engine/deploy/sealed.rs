//! A bundle's file: a zip with the bundle as JSON, and the blake3 hash of that JSON beside it. Files that
//! were written before there was a hash have none, and open all the same.

use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;

use super::{Bundle, DeployError, LARGEST};

const ENTRY: &str = "bundle.json";
const HASH: &str = "bundle.blake3";

/// Writes the file's bytes.
///
/// # Errors
/// `out` refuses; the bundle is too large to be opened again.
pub(super) fn write(out: &mut dyn Write, bundle: &Bundle) -> std::io::Result<()> {
    let json = serde_json::to_vec(bundle).map_err(std::io::Error::other)?;
    if json.len() as u64 > LARGEST {
        return Err(std::io::Error::other("it would be too large to be opened again"));
    }
    let mut bytes = Cursor::new(Vec::new());
    let mut zip = zip::ZipWriter::new(&mut bytes);
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let hash = blake3::hash(&json).to_hex();
    for (name, content) in [(ENTRY, json.as_slice()), (HASH, hash.as_bytes())] {
        zip.start_file(name, options).map_err(std::io::Error::other)?;
        zip.write_all(content)?;
    }
    zip.finish().map_err(std::io::Error::other)?;
    out.write_all(bytes.get_ref())
}

/// Reads the bundle's JSON and checks its hash, where there is one.
///
/// # Errors
/// It is no such zip; the JSON is not what was sealed.
pub(super) fn read(from: impl Read + Seek, path: &Path) -> Result<serde_json::Value, DeployError> {
    let not = |cause: String| DeployError::NotABundle { file: path.to_owned(), cause };
    let mut zip = zip::ZipArchive::new(from).map_err(|e| not(e.to_string()))?;
    let mut json = Vec::new();
    let entry = zip.by_name(ENTRY).map_err(|e| not(e.to_string()))?;
    entry.take(LARGEST).read_to_end(&mut json).map_err(|e| not(e.to_string()))?;
    let mut said = String::new();
    if let Ok(entry) = zip.by_name(HASH) {
        entry.take(256).read_to_string(&mut said).map_err(|e| not(e.to_string()))?;
        if blake3::hash(&json).to_hex().as_str() != said.trim() {
            return Err(DeployError::Altered { file: path.to_owned(), part: "bundle" });
        }
    }
    serde_json::from_slice(&json).map_err(|e| not(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file with other content in one entry, or without it.
    fn with(file: &[u8], name: &str, content: Option<&[u8]>) -> Vec<u8> {
        let mut from = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let mut bytes = Cursor::new(Vec::new());
        let mut to = zip::ZipWriter::new(&mut bytes);
        for at in 0..from.len() {
            let mut entry = from.by_index(at).unwrap();
            let mut old = Vec::new();
            entry.read_to_end(&mut old).unwrap();
            let called = entry.name().unwrap().into_owned();
            let new = if called == name { content } else { Some(old.as_slice()) };
            let Some(new) = new else { continue };
            to.start_file(called, zip::write::SimpleFileOptions::default()).unwrap();
            to.write_all(new).unwrap();
        }
        to.finish().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_bundle_that_was_changed_or_is_newer_is_refused_and_an_old_one_opens() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/v1.bundle");
        let bundle = Bundle::open(&golden).unwrap();
        assert_eq!(bundle.version, 1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.bundle");
        bundle.save(&path).unwrap();
        let file = std::fs::read(&path).unwrap();
        assert_eq!(Bundle::open(&path).unwrap(), bundle);
        let kind = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Bundle::open(&path).map(|_| "opens").unwrap_or_else(|error| error.kind())
        };
        let json = String::from_utf8(serde_json::to_vec(&bundle).unwrap()).unwrap();
        let threshold = json.replacen("\"threshold\":", "\"threshold\":1", 1);
        assert_ne!(threshold, json);
        assert_eq!(kind(&with(&file, ENTRY, Some(threshold.as_bytes()))), "altered");
        assert_eq!(kind(&with(&file, HASH, Some(b"0000"))), "altered");
        // Files from before there was a hash.
        assert_eq!(kind(&with(&file, HASH, None)), "opens");
        // A newer format says so, whatever else it holds.
        let newer = with(&file, HASH, None);
        assert_eq!(kind(&with(&newer, ENTRY, Some(br#"{"version":4,"soul":1}"#))), "newer_format");
        assert_eq!(kind(&with(&newer, ENTRY, Some(br#"{"version":2}"#))), "not_a_bundle");
        // A slip on the disk, anywhere in what is packed, behind the name of the entry.
        for at in (60..file.len() - 400).step_by(97) {
            let mut slip = file.clone();
            slip[at] ^= 4;
            assert_ne!(kind(&slip), "opens", "byte {at}");
        }
        assert_eq!(kind(&file[..file.len() / 2]), "not_a_bundle");
        assert_eq!(kind(b""), "not_a_bundle");
    }
}
