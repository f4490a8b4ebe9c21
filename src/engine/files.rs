//! Writing files: beside the target, flushed to disk, then renamed over it, so that a full disk
//! or a crash never leaves half a file; and the one way in which tables are exported.

pub(crate) mod scratch;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// A cell of a table to be taken away.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    /// A number with its text on the screen and its format in a spreadsheet (`0.0%`).
    Number {
        value: f64,
        text: String,
        format: &'static str,
    },
}

impl Cell {
    /// What the screen and a CSV file show.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number { text, .. } => text,
        }
    }

    /// A share as a percentage with one decimal.
    pub fn percent(share: f64) -> Self {
        Self::Number { value: share, text: format!("{:.1}%", 100.0 * share), format: "0.0%" }
    }

    /// A whole number.
    pub fn whole(value: u64) -> Self {
        Self::Number { value: value as f64, text: value.to_string(), format: "0" }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// A table to be taken away: what the screen shows, cell for cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid {
    /// Name of the sheet.
    pub name: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// Writes XLSX for a path that ends so, CSV for every other.
    ///
    /// # Errors
    /// As [`write_atomically`]; more rows or columns than a sheet holds.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx")) {
            self.write_xlsx(path)
        } else {
            let rows = self.rows.iter().map(|row| row.iter().map(|cell| cell.text().to_owned()).collect());
            write_csv(path, &self.header, rows)
        }
    }

    /// Text with a tab between cells, as spreadsheets take it from the clipboard.
    pub fn to_tabs(&self) -> String {
        let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        let mut lines = vec![self.header.iter().map(|h| plain(h)).collect::<Vec<_>>().join("\t")];
        lines.extend(
            self.rows.iter().map(|row| row.iter().map(|c| plain(c.text())).collect::<Vec<_>>().join("\t")),
        );
        lines.join("\n")
    }

    fn write_xlsx(&self, path: &Path) -> std::io::Result<()> {
        let bytes = self.xlsx().map_err(std::io::Error::other)?;
        write_atomically(path, |out| out.write_all(&bytes))
    }

    /// One sheet: a bold head that stays, a filter, numbers as numbers. Text is never a formula.
    fn xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let allowed = |c: &char| !"[]:*?/\\'".contains(*c);
        let name: String = self.name.chars().filter(allowed).take(31).collect();
        if !name.trim().is_empty() {
            sheet.set_name(name)?;
        }
        let bold = Format::new().set_bold();
        for (column, text) in (0u16..).zip(&self.header) {
            sheet.write_string_with_format(0, column, text, &bold)?;
        }
        for (row, cells) in (1u32..).zip(&self.rows) {
            for (column, cell) in (0u16..).zip(cells) {
                match cell {
                    Cell::Text(text) => {
                        // A cell of a sheet holds no more.
                        let short: String = text.chars().take(32_767).collect();
                        sheet.write_string(row, column, short)?;
                    }
                    Cell::Number { value, format, .. } => {
                        let format = Format::new().set_num_format(*format);
                        sheet.write_number_with_format(row, column, *value, &format)?;
                    }
                }
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        if let (Some(rows), Some(columns)) =
            (u32::try_from(self.rows.len()).ok().filter(|n| *n > 0), self.header.len().checked_sub(1))
        {
            sheet.autofilter(0, 0, rows, u16::try_from(columns).unwrap_or(u16::MAX))?;
        }
        sheet.autofit();
        book.save_to_buffer()
    }
}

/// A path's last part, for telling; empty where there is none.
pub fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// True if both paths lead to one file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Writes a file atomically; `write` may fail at any byte and the old file stays as it was.
///
/// # Errors
/// Whatever the folder, the disk or `write` reports.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    write_file_atomically(path, |file| {
        let mut buffer = BufWriter::new(file);
        write(&mut buffer)?;
        buffer.flush()
    })
}

/// [`write_atomically`] for who must go back in what was written.
///
/// # Errors
/// As [`write_atomically`].
pub(crate) fn write_file_atomically(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "this is a folder"));
    }
    let mut file = scratch::begin(folder)?;
    write(file.as_file_mut())?;
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
    try_write_csv(path, header, rows.map(Ok))
}

/// [`write_csv`] for rows that may fail on the way; then the old file stays as it was.
///
/// # Errors
/// As [`write_atomically`], and the first failure among the rows.
pub fn try_write_csv(
    path: &Path,
    header: &[String],
    rows: impl Iterator<Item = std::io::Result<Vec<String>>>,
) -> std::io::Result<()> {
    write_atomically(path, |out| csv_to(out, header, rows))
}

/// What [`try_write_csv`] writes, to anything that takes bytes.
///
/// # Errors
/// It refuses, and the first failure among the rows.
pub fn csv_to(
    out: &mut dyn std::io::Write,
    header: &[String],
    rows: impl Iterator<Item = std::io::Result<Vec<String>>>,
) -> std::io::Result<()> {
    out.write_all(b"\xEF\xBB\xBF")?;
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(header.iter().map(|name| harmless(name).into_owned()))?;
    for row in rows {
        writer.write_record(row?.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    writer.flush()
}

/// Rows that are written in one go.
const BLOCK: usize = 1 << 13;

/// One line of a file on its way to [`write_csv_blocks`].
pub struct Line<'a> {
    writer: &'a mut csv::Writer<Vec<u8>>,
    text: &'a mut String,
}

impl Line<'_> {
    /// A cell of text; one that a spreadsheet would run as a formula gets its apostrophe.
    ///
    /// # Errors
    /// Memory is short.
    pub fn text(&mut self, cell: &str) -> std::io::Result<()> {
        Ok(self.writer.write_field(harmless(cell).as_ref())?)
    }

    /// A cell that `write` writes and that is no text: a number, a date.
    ///
    /// # Errors
    /// Memory is short.
    pub fn plain(&mut self, write: impl FnOnce(&mut String)) -> std::io::Result<()> {
        self.text.clear();
        write(self.text);
        Ok(self.writer.write_field(self.text.as_str())?)
    }
}

/// [`write_csv`] for many rows: `cells` writes the cells of a row, and blocks of rows are made side by
/// side. The file does not depend on how many cores there are.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_csv_blocks(
    path: &Path,
    header: &[String],
    rows: usize,
    cells: impl Fn(usize, &mut Line) -> std::io::Result<()> + Sync,
) -> std::io::Result<()> {
    let block = |from: usize| -> std::io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut text = String::new();
        for at in from..(from + BLOCK).min(rows) {
            cells(at, &mut Line { writer: &mut writer, text: &mut text })?;
            writer.write_record(None::<&[u8]>)?;
        }
        writer.into_inner().map_err(|error| error.into_error())
    };
    write_atomically(path, |out| {
        out.write_all(b"\xEF\xBB\xBF")?;
        let mut writer = csv::Writer::from_writer(&mut *out);
        writer.write_record(header.iter().map(|name| harmless(name).into_owned()))?;
        writer.flush()?;
        drop(writer);
        // So many blocks at once that no core waits long for the disk.
        let batch = BLOCK * rayon::current_num_threads().max(1) * 2;
        for from in (0..rows).step_by(batch) {
            let starts: Vec<usize> = (from..(from + batch).min(rows)).step_by(BLOCK).collect();
            let blocks: Vec<Vec<u8>> = starts.into_par_iter().map(block).collect::<std::io::Result<_>>()?;
            blocks.iter().try_for_each(|block| out.write_all(block))?;
        }
        Ok(())
    })
}

pub(crate) fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
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
