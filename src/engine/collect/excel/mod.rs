//! Workbooks: .xlsx, .xlsb, .xls, .ods. Which sheet, which cells of it, and their text.

mod region;
mod sheet;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calamine::{OdsError, Reader, SheetType, SheetVisible, Sheets, XlsError, XlsbError, XlsxError};
use polars::prelude::*;

use super::format::{Found, PREVIEW_ROWS, Task, Want, names};
use super::{CollectError, Part};
use crate::note::Note;
use crate::table::{Provenance, Table};
use region::{Block, Region, cell_name, crop, locate};
use sheet::{Sheet, Value, Watched, watched};

/// What a workbook is read from.
type Input<'a> = BufReader<Watched<'a, File>>;

/// Which program's workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Xls,
    Xlsx,
    Xlsb,
    Ods,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Xls, Self::Xlsx, Self::Xlsb, Self::Ods];

    fn name(self) -> &'static str {
        match self {
            Self::Xls => "xls",
            Self::Xlsx => "xlsx",
            Self::Xlsb => "xlsb",
            Self::Ods => "ods",
        }
    }
}

/// True for the [`format`](Provenance::format) of a table that stood in a workbook.
pub(super) fn is_book(format: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.name() == format)
}

/// Reads the wanted sheets. The best is the visible one with most cells in its table.
pub(super) fn read(file: File, kind: Kind, task: &Task<'_>) -> crate::Result<Found> {
    let mut book = open(file, kind, task)?;
    let sheets = sheets(&book);
    let full: Vec<String> = sheets.iter().map(|(name, _)| task.part(name)).collect();
    let wanted = match task.want {
        Want::Part(_) => task.want.among(&full).ok_or_else(|| task.no_part(&full))?,
        _ => (0..sheets.len()).filter(|&at| sheets.get(at).is_some_and(|(_, hidden)| !hidden)).collect(),
    };
    let several = wanted.len() > 1;
    let keep = task.head.map(|rows| rows.saturating_add(PREVIEW_ROWS / 10));
    let mut found = Found::default();
    let mut failed = None;
    // Cells and place of the best sheet so far.
    let mut best: Option<(u64, usize)> = None;
    for at in wanted {
        let Some((name, _)) = sheets.get(at) else { continue };
        let part = task.part(name);
        task.report.check()?;
        let read = guarded(&part, task, || sheet::read(&mut book, name, keep, several, task));
        task.report.check()?;
        let made = read.and_then(|sheet| {
            let uncounted = sheet.uncounted;
            to_table(sheet, kind, &part, task).map(|table| (uncounted, table))
        });
        match (made, task.want) {
            (Ok((_, table)), Want::All | Want::Part(_)) => found.tables.push(table),
            (Ok((uncounted, table)), Want::Best) => {
                let cells = (table.height() * table.raw.width()) as u64 + uncounted;
                // One column is a list of remarks sooner than a table.
                let cells = if table.raw.width() > 1 { cells } else { 0 };
                if best.is_none_or(|(most, _)| cells > most) {
                    best = Some((cells, at));
                    found.tables = vec![table];
                }
            }
            (Err(error), Want::Part(_)) => return Err(error),
            (Err(error), _) => match error.kind() {
                "no_rows" | "empty_file" => failed = failed.or(Some(error)),
                _ => return Err(error),
            },
        }
    }
    if found.tables.is_empty() {
        return Err(failed.unwrap_or_else(|| CollectError::Empty { file: task.path.to_owned() }.into()));
    }
    if let Some((_, best)) = best {
        found.others =
            full.into_iter().enumerate().filter(|(at, _)| *at != best).map(|(_, name)| name).collect();
    }
    Ok(found)
}

/// The sheets of a workbook.
pub(super) fn list(file: File, kind: Kind, task: &Task<'_>) -> crate::Result<Vec<Part>> {
    let mut book = open(file, kind, task)?;
    let mut out = Vec::new();
    for (name, hidden) in sheets(&book) {
        let rows = guarded(&name, task, || {
            Ok(match &mut book {
                Sheets::Xlsx(book) => {
                    let size = book.worksheet_cells_reader(&name)?.dimensions();
                    Some(u64::from(size.end.0.saturating_sub(size.start.0)) + 1)
                }
                Sheets::Xlsb(book) => {
                    let size = book.worksheet_cells_reader(&name)?.dimensions();
                    Some(u64::from(size.end.0.saturating_sub(size.start.0)) + 1)
                }
                other => Some(other.worksheet_range(&name)?.height() as u64),
            })
        });
        let why = match (&rows, hidden) {
            (Err(_), _) => Some(Note::new("part_damaged")),
            (_, true) => Some(Note::new("sheet_hidden")),
            (Ok(Some(0)), _) => Some(Note::new("sheet_empty")),
            _ => None,
        };
        out.push(Part { name, rows: rows.ok().flatten(), hidden, why });
    }
    Ok(out)
}

/// Names of the sheets that have cells, and whether each is hidden.
fn sheets(book: &Sheets<Input<'_>>) -> Vec<(String, bool)> {
    book.sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect()
}

fn open<'a>(mut file: File, kind: Kind, task: &Task<'a>) -> crate::Result<Sheets<Input<'a>>> {
    let copy = file.try_clone().map_err(|cause| task.io(cause))?;
    let part = task.member.clone().unwrap_or_default();
    let opened = guarded(&part, task, || {
        let input = watched(copy, task);
        Ok(match kind {
            Kind::Xls => Sheets::Xls(calamine::Xls::new(input)?),
            Kind::Xlsx => Sheets::Xlsx(calamine::Xlsx::new(input)?),
            Kind::Xlsb => Sheets::Xlsb(calamine::Xlsb::new(input)?),
            Kind::Ods => Sheets::Ods(calamine::Ods::new(input)?),
        })
    });
    match opened {
        Err(error) if kind == Kind::Xls && error.kind() == "malformed" => {
            Err(within_container(&mut file, task)?.unwrap_or(error))
        }
        opened => opened,
    }
}

/// What else than a workbook an OLE container is: an encrypted workbook, a document.
fn within_container(file: &mut File, task: &Task<'_>) -> crate::Result<Option<crate::Error>> {
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let marks = [wide("EncryptedPackage"), wide("WordDocument"), wide("PowerPoint Document")];
    file.seek(SeekFrom::Start(0)).map_err(|cause| task.io(cause))?;
    let (mut window, mut chunk): (Vec<u8>, _) = (Vec::new(), vec![0; 1 << 20]);
    loop {
        task.report.check()?;
        let n = file.read(&mut chunk).map_err(|cause| task.io(cause))?;
        let Some(read) = chunk.get(..n).filter(|read| !read.is_empty()) else { return Ok(None) };
        // What was read before may end within a name.
        window.drain(..window.len().saturating_sub(64));
        window.extend(read);
        let found =
            marks.iter().position(|mark| window.windows(mark.len()).any(|bytes| bytes == mark.as_slice()));
        let path = task.path.to_owned();
        match found {
            Some(0) => {
                return Ok(Some(CollectError::Encrypted { file: path, part: task.member.clone() }.into()));
            }
            Some(1) => {
                return Ok(Some(CollectError::NotText { file: path, looks_like: "a Word document" }.into()));
            }
            Some(_) => {
                return Ok(Some(CollectError::NotText { file: path, looks_like: "a presentation" }.into()));
            }
            None => {}
        }
    }
}

/// Runs code of the format's library; its panic over a damaged file is an error like its others.
fn guarded<T>(
    part: &str,
    task: &Task<'_>,
    work: impl FnOnce() -> Result<T, calamine::Error>,
) -> crate::Result<T> {
    let cause = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(cause)) => cause,
        Err(_) => calamine::Error::Msg("its parts contradict each other"),
    };
    task.report.check()?;
    let (file, part) = (task.path.to_owned(), Some(part.to_owned()).filter(|part| !part.is_empty()));
    Err(match cause {
        calamine::Error::Xls(XlsError::Password)
        | calamine::Error::Xlsx(XlsxError::Password)
        | calamine::Error::Xlsb(XlsbError::Password)
        | calamine::Error::Ods(OdsError::Password) => CollectError::Encrypted { file, part },
        cause => CollectError::Malformed { file, part, cause: cause.to_string() },
    }
    .into())
}

/// The table of a sheet, as text.
fn to_table(mut sheet: Sheet, kind: Kind, part: &str, task: &Task<'_>) -> crate::Result<Table> {
    let file = task.path.to_owned();
    if sheet.rows.is_empty() {
        return Err(CollectError::Empty { file }.into());
    }
    if let Some(range) = &task.options.range {
        let block = Block::parse(range)
            .ok_or_else(|| CollectError::BadRange { file: file.clone(), range: range.clone() })?;
        crop(&mut sheet, block);
    }
    let Some(region) = locate(&sheet, task.options) else {
        return Err(CollectError::NoRows { file }.into());
    };
    let mut warnings = Vec::new();
    let given: Vec<String> = region.columns.iter().map(|(_, name)| name.clone()).collect();
    let names = names(&given, &mut warnings);
    let rows = sheet.rows.get(region.data.clone()).unwrap_or_default();
    let rows = rows.get(..rows.len().min(task.head.unwrap_or(usize::MAX))).unwrap_or_default();
    tell(&sheet, &region, rows, &mut warnings);
    let mut columns: Vec<Column> = Vec::with_capacity(names.len());
    for ((column, _), name) in region.columns.iter().zip(&names) {
        let mut text = StringChunkedBuilder::new(name.as_str().into(), rows.len());
        for (at, row) in rows.iter().enumerate() {
            if at.is_multiple_of(16_384) {
                task.report.check()?;
            }
            match row.get(*column) {
                Some(Value::Text(value) | Value::Time(value)) => text.append_value(value),
                Some(value) => text.append_option(value.text()),
                None => text.append_null(),
            }
        }
        columns.push(text.finish().into_series().into());
    }
    let ids: Vec<u32> = rows.iter().map(|row| row.number).collect();
    let Region { header, rejected, .. } = region;
    let rejected_count = rejected.len() as u64;
    Ok(Table {
        name: sheet.name,
        source: Provenance {
            file,
            files: Vec::new(),
            format: kind.name(),
            part: Some(part.to_owned()),
            encoding: String::new(),
            separator: None,
            header,
            bytes: task.bytes,
            hash: task.hash.clone(),
            sampled: None,
        },
        raw: DataFrame::new(ids.len(), columns).map_err(|cause| task.malformed(cause))?,
        columns: Vec::new(),
        records: ids.len() as u64 + rejected_count,
        rows: Arc::new(ids),
        rejected,
        rejected_count,
        warnings,
    })
}

/// What a person should know of the cells: errors, numbers too long, merged ranges.
fn tell(sheet: &Sheet, region: &Region, rows: &[sheet::Row], warnings: &mut Vec<Note>) {
    let (mut errors, mut long) = ((0u64, String::new(), String::new()), (0u64, String::new()));
    for row in rows {
        for (column, value) in &row.cells {
            if let Value::Error(error) = value {
                errors.0 += 1;
                if errors.0 == 1 {
                    (errors.1, errors.2) = (error.to_string(), cell_name(row.number, *column));
                }
            }
            if value.is_long() {
                long.0 += 1;
                if long.0 == 1 {
                    long.1 = cell_name(row.number, *column);
                }
            }
        }
    }
    if errors.0 > 0 {
        let note = Note::new("error_cells").with("count", errors.0);
        warnings.push(note.with("error", errors.1).with("cell", errors.2));
    }
    if long.0 > 0 {
        warnings.push(Note::new("long_numbers").with("count", long.0).with("cell", long.1));
    }
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    let mut merged: Vec<_> = sheet
        .merges
        .iter()
        .filter(|merge| merge.end.0 + 1 >= first.number && merge.start.0 < last.number)
        .filter(|merge| merge.start != merge.end && merge.start.0 + 1 >= first.number)
        .filter(|merge| {
            region.columns.iter().any(|(column, _)| (merge.start.1..=merge.end.1).contains(column))
        })
        .collect();
    merged.sort_by_key(|merge| merge.start);
    if let Some(merge) = merged.first() {
        let cell = cell_name(merge.start.0 + 1, merge.start.1);
        warnings.push(Note::new("merged_cells").with("count", merged.len()).with("cell", cell));
    }
}
