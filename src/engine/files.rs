//! Writing files: beside the target, flushed to disk, then renamed over it, so that a full disk
//! or a crash never leaves half a file; and the one way in which tables are exported.

use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a file atomically; `write` may fail at any byte and the old file stays as it was.
///
/// # Errors
/// Whatever the folder, the disk or `write` reports.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "this is a folder"));
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    {
        let mut buffer = BufWriter::new(file.as_file_mut());
        write(&mut buffer)?;
        buffer.flush()?;
    }
    file.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a table as CSV in UTF-8 with the mark that Excel needs to show Chinese. Cells that a
/// spreadsheet would run as a formula are written with a leading apostrophe.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_csv(
    path: &Path,
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
) -> std::io::Result<()> {
    write_atomically(path, |out| {
        out.write_all(b"\xEF\xBB\xBF")?;
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(header)?;
        for row in rows {
            writer.write_record(row.iter().map(|cell| harmless(cell).into_owned()))?;
        }
        writer.flush()
    })
}

fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    let formula = cell.starts_with(['=', '@', '\t'])
        || (cell.starts_with(['+', '-'])
            && cell[1..].contains(|c: char| !c.is_ascii_digit() && !".eE+-, ()".contains(c)));
    if formula { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "old").unwrap();
        let failed = write_atomically(&path, |out| {
            out.write_all(b"half")?;
            Err(std::io::Error::new(std::io::ErrorKind::StorageFull, "no space"))
        });
        assert_eq!(failed.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("-cmd|x"), "'-cmd|x");
        assert_eq!(harmless("-12.5"), "-12.5");
        assert_eq!(harmless("+86 10 1234"), "+86 10 1234");
    }
}
