//! Whether a file fits into memory, before it is read: what it will need, against what there is.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::magic::{self, Format};
use super::{CollectError, ReadOptions};

/// Share of the available memory that one file may take.
const SHARE: f64 = 0.7;
/// Bytes at the head of a file from which the rest is told.
const SAMPLE: u64 = 256 * 1024;
/// What one cell of a table takes, wherever its text is.
const CELL: f64 = 16.0;

/// What reading a file needs, and what the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Bytes at the peak of reading.
    pub needed: u64,
    /// Bytes that programs can still get; `None` where the system does not tell.
    pub available: Option<u64>,
}

impl Estimate {
    /// True where the file can be opened and leaves room for work on it.
    pub fn fits(&self) -> bool {
        self.available.is_none_or(|available| self.needed as f64 <= SHARE * available as f64)
    }
}

/// Estimates what [`open`](super::open) needs: the bytes on disk times what its format becomes. Text
/// is judged by its head (how much it was packed, how many cells there are to a byte), other formats
/// by what they usually hold.
///
/// # Errors
/// The file is absent or cannot be read.
pub fn needed(path: &Path, options: &ReadOptions) -> crate::Result<Estimate> {
    let io = |cause| CollectError::from_io(path, cause);
    let bytes = std::fs::metadata(path).map_err(io)?.len() as f64;
    let mut head = Vec::new();
    File::open(path).map_err(io)?.take(SAMPLE).read_to_end(&mut head).map_err(io)?;
    let packed = head.len();
    let factor = match magic::of(&head) {
        Format::Text => of_text(&head, options),
        Format::Gzip => unpacked(flate2::read::MultiGzDecoder::new(&*head), packed, options),
        Format::Zstd => match zstd::stream::read::Decoder::new(&*head) {
            Ok(reader) => unpacked(reader, packed, options),
            Err(_) => 1.0,
        },
        // Cells as text in XML, deflated; then cells of the workbook beside those of the table.
        Format::Zip | Format::Book(_) => 15.0,
        Format::Parquet => 10.0,
        Format::Ipc | Format::IpcStream => 4.0,
        Format::Sqlite | Format::Other(_) => 1.0,
    };
    Ok(Estimate { needed: (bytes * factor) as u64, available: available() })
}

/// Refuses a file that does not fit.
pub(super) fn check(path: &Path, options: &ReadOptions) -> crate::Result<()> {
    refuse(path, needed(path, options)?)
}

fn refuse(path: &Path, estimate: Estimate) -> crate::Result<()> {
    match estimate.available {
        Some(available) if !estimate.fits() => {
            let file = path.to_owned();
            Err(CollectError::TooLarge { file, needed: estimate.needed, available }.into())
        }
        _ => Ok(()),
    }
}

/// Bytes needed for a byte of text: itself, what counting takes, its cells, and long values again
/// beside them.
fn of_text(head: &[u8], options: &ReadOptions) -> f64 {
    let chosen = options.separator.and_then(|sign| u8::try_from(sign).ok());
    let is_end = |byte: u8| match chosen {
        Some(sign) => byte == sign || byte == b'\n',
        None => matches!(byte, b',' | b';' | b'\t' | b'|' | b'\n'),
    };
    let cells = head.iter().filter(|byte| is_end(**byte)).count().max(1);
    let length = head.len().max(1) as f64;
    let long = if length / cells as f64 > 12.0 { 1.0 } else { 0.0 };
    1.5 + long + CELL * cells as f64 / length
}

/// Bytes needed for a packed byte.
fn unpacked(mut reader: impl std::io::Read, packed: usize, options: &ReadOptions) -> f64 {
    let mut text = Vec::new();
    let mut chunk = [0; 1 << 16];
    // The head of a packed file ends too early, which is no fault here.
    while let Ok(n) = reader.read(&mut chunk)
        && let Some(read) = chunk.get(..n).filter(|read| !read.is_empty())
        && text.len() < 64 * SAMPLE as usize
    {
        text.extend_from_slice(read);
    }
    of_text(&text, options) * text.len() as f64 / packed.max(1) as f64
}

/// Bytes that programs can still get without others being put out, where the system tells.
pub(crate) fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..40_000).map(|i| format!("{i},{:.2},red\n", f64::from(i) / 7.0)).collect();
        let plain = folder.path().join("a.csv");
        std::fs::write(&plain, &text).unwrap();
        let all = needed(&plain, &ReadOptions::default()).unwrap();
        let factor = all.needed as f64 / text.len() as f64;
        assert!((2.0..6.0).contains(&factor), "{factor}");
        let packed = folder.path().join("a.csv.zst");
        std::fs::write(&packed, zstd::encode_all(text.as_bytes(), 3).unwrap()).unwrap();
        let same = needed(&packed, &ReadOptions::default()).unwrap();
        assert!((0.5..2.0).contains(&(same.needed as f64 / all.needed as f64)), "{same:?} {all:?}");
        assert!(needed(&folder.path().join("no"), &ReadOptions::default()).is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_figures() {
        let path = Path::new("big.csv");
        assert!(refuse(path, Estimate { needed: 7, available: Some(10) }).is_ok());
        assert!(refuse(path, Estimate { needed: 8, available: None }).is_ok());
        let error = refuse(path, Estimate { needed: 8 << 30, available: Some(10 << 30) }).unwrap_err();
        assert_eq!(error.kind(), "too_large");
        assert_eq!(error.place().file.as_deref(), Some(path));
        assert!(error.to_string().contains("8.0 GiB"), "{error}");
    }
}
