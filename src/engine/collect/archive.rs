//! Packed files: gzip, Zstandard, zip. Text streams through; nothing is unpacked to a place that
//! an archive names.

use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::format::{Found, Task, Want, read_unpacked};
use super::magic::Format;
use super::{CollectError, Part, excel};
use crate::note::Note;

/// Unpacked bytes for one packed byte beyond which a file is a bomb …
const RATIO: u64 = 64;
/// … unless it is small: 2 GiB. Tables that repeat themselves pack 20 to 50 times smaller; deflate
/// reaches 1,032 times and Zstandard far more, which no table does.
const SMALL: u64 = 2 << 30;

/// What goes wrong while bytes are unpacked; travels inside [`std::io::Error`].
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    #[error("cut off after {at} bytes")]
    Truncated { at: u64 },
    #[error("more than {limit} bytes")]
    TooBig { limit: u64 },
    #[error("damaged after {at} bytes: {cause}")]
    Damaged { at: u64, cause: std::io::Error },
}

/// A reader of unpacked bytes that counts them, stops a bomb and says how far a broken stream was
/// readable.
pub(super) struct Unpacking<R> {
    inner: R,
    at: u64,
    limit: u64,
}

impl<R> Unpacking<R> {
    /// `packed` is the size of the packed file in bytes.
    pub(super) fn new(inner: R, packed: u64) -> Self {
        Self::with_limit(inner, packed.saturating_mul(RATIO).max(SMALL))
    }

    fn with_limit(inner: R, limit: u64) -> Self {
        Self { inner, at: 0, limit }
    }
}

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        use std::io::{Error, ErrorKind};
        let at = self.at;
        let n = self.inner.read(out).map_err(|cause| match cause.kind() {
            ErrorKind::Interrupted => cause,
            ErrorKind::UnexpectedEof => Error::new(ErrorKind::UnexpectedEof, UnpackError::Truncated { at }),
            kind => Error::new(kind, UnpackError::Damaged { at, cause }),
        })?;
        self.at = at.saturating_add(n as u64);
        if self.at > self.limit {
            return Err(Error::other(UnpackError::TooBig { limit: self.limit }));
        }
        Ok(n)
    }
}

/// A file within an archive.
struct Member {
    at: usize,
    name: String,
    size: u64,
    encrypted: bool,
}

/// What a zip archive is: a workbook, a document of another program, or an archive of files.
pub(super) fn inside_zip(file: &mut File, task: &Task<'_>) -> crate::Result<Format> {
    let zip = ZipArchive::new(BufReader::new(file)).map_err(|cause| zip_error(task, None, cause))?;
    let names: Vec<String> =
        zip.file_names_raw().map(|name| member_name(name, None).to_lowercase()).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    Ok(match () {
        () if has("xl/workbook.bin") => Format::Book(excel::Kind::Xlsb),
        () if has("xl/workbook.xml")
            || (has("[content_types].xml") && has("_rels/.rels") && has("xl/styles.xml")) =>
        {
            Format::Book(excel::Kind::Xlsx)
        }
        () if has("mimetype") && has("content.xml") => Format::Book(excel::Kind::Ods),
        () if has("word/document.xml") => Format::Other("a Word document"),
        () if has("ppt/presentation.xml") => Format::Other("a presentation"),
        () if has("index/document.iwa") => Format::Other("an Apple Numbers document"),
        () => Format::Zip,
    })
}

/// Reads the tables of the files within: of one that is a workbook or holds several lists, all of
/// them. The best is the first readable one, the largest first.
pub(super) fn read_zip(file: File, task: &Task<'_>) -> crate::Result<Found> {
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|cause| zip_error(task, None, cause))?;
    let members = members(&mut zip, task)?;
    let full: Vec<String> = members.iter().map(|member| task.part(&member.name)).collect();
    if members.is_empty() {
        return Err(CollectError::Empty { file: task.path.to_owned() }.into());
    }
    match task.want {
        Want::Part(part) => {
            if let Some(at) = task.want.among(&full) {
                let chosen = at.first().and_then(|&at| members.get(at));
                let whole = Task { want: Want::Best, ..task.clone() };
                return chosen
                    .map_or_else(|| Err(task.no_part(&full)), |member| read(&mut zip, member, &whole));
            }
            // A sheet or list of a member: `book.xlsx/Sheet1`.
            let lower = part.to_lowercase();
            let within = |name: &String| lower.starts_with(&format!("{}/", name.to_lowercase()));
            match full.iter().position(within).and_then(|at| members.get(at)) {
                Some(member) => read(&mut zip, member, task),
                None => Err(task.no_part(&full)),
            }
        }
        Want::All => {
            let (mut found, mut left) = (Found::default(), Vec::new());
            let mut failed = None;
            for (member, name) in members.iter().zip(&full) {
                match read(&mut zip, member, task) {
                    Ok(more) => found.tables.extend(more.tables),
                    Err(error) if passes_over(&error) => {
                        left.push(name.clone());
                        failed = failed.or(Some(error));
                    }
                    Err(error) => return Err(error),
                }
            }
            if let (Some(first), false) = (found.tables.first_mut(), left.is_empty()) {
                first
                    .warnings
                    .push(Note::new("members_left").with("count", left.len()).with("names", left.join(", ")));
            }
            found.others = left;
            match failed {
                Some(error) if found.tables.is_empty() => Err(error),
                _ => Ok(found),
            }
        }
        Want::Best => {
            let mut order: Vec<usize> = (0..members.len()).collect();
            order.sort_by_key(|&at| std::cmp::Reverse(members.get(at).map_or(0, |member| member.size)));
            let mut failed = None;
            for at in order {
                let Some(member) = members.get(at) else { continue };
                match read(&mut zip, member, task) {
                    Ok(mut found) => {
                        let others = full.iter().enumerate().filter(|(other, _)| *other != at);
                        found.others.extend(others.map(|(_, name)| name.clone()));
                        return Ok(found);
                    }
                    Err(error) if passes_over(&error) => failed = failed.or(Some(error)),
                    Err(error) => return Err(error),
                }
            }
            Err(failed.unwrap_or_else(|| task.no_part(&full)))
        }
    }
}

/// A member without a table is passed over where others may have one; what is damaged is told.
fn passes_over(error: &crate::Error) -> bool {
    matches!(error.kind(), "not_text" | "empty_file" | "no_rows")
}

/// What a zip archive holds.
pub(super) fn list_zip(file: File, task: &Task<'_>) -> crate::Result<Vec<Part>> {
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|cause| zip_error(task, None, cause))?;
    let members = members(&mut zip, task)?;
    Ok(members
        .into_iter()
        .map(|member| Part {
            name: member.name,
            rows: None,
            hidden: false,
            why: member.encrypted.then(|| Note::new("part_encrypted")),
        })
        .collect())
}

fn read<R: Read + std::io::Seek>(
    zip: &mut ZipArchive<R>,
    member: &Member,
    task: &Task<'_>,
) -> crate::Result<Found> {
    let part = task.part(&member.name);
    if member.encrypted {
        return Err(CollectError::Encrypted { file: task.path.to_owned(), part: Some(part) }.into());
    }
    let name = member.name.rsplit('/').next().unwrap_or(&member.name).to_owned();
    let bytes = zip.by_index(member.at).map_err(|cause| zip_error(task, Some(&part), cause))?;
    let packed = bytes.compressed_size();
    let inner = Task { member: Some(part), name, ..task.clone() };
    read_unpacked(Box::new(Unpacking::new(bytes, packed)), member.size, &inner)
}

/// The files within, without folders and what systems leave behind, in natural order.
fn members<R: Read + std::io::Seek>(zip: &mut ZipArchive<R>, task: &Task<'_>) -> crate::Result<Vec<Member>> {
    let mut out = Vec::new();
    for at in 0..zip.len() {
        let file = zip.by_index_raw(at).map_err(|cause| zip_error(task, None, cause))?;
        let name = member_name(file.name_raw(), file.name().ok().as_deref());
        if !file.is_dir() && !name.ends_with('/') && !is_left_behind(&name) {
            out.push(Member { at, size: file.size(), encrypted: file.encrypted(), name });
        }
    }
    out.sort_by(|a, b| super::gather::natural(&a.name, &b.name));
    Ok(out)
}

/// Resource forks, folder views and thumbnails of an operating system; hidden files.
fn is_left_behind(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.split('/').any(|folder| folder == "__MACOSX")
        || last.starts_with('.')
        || last.starts_with("~$")
        || ["thumbs.db", "desktop.ini"].contains(&last.to_lowercase().as_str())
}

/// A member's name. Zip programs in China write GBK without saying so: two bytes of the GB 2312
/// range for each character. `usual` is the name by the rules (UTF-8, else code page 437).
fn member_name(raw: &[u8], usual: Option<&str>) -> String {
    let mut high = raw.iter().filter(|b| !b.is_ascii());
    let chinese = std::str::from_utf8(raw).is_err()
        && raw.chunk_by(|a, b| a.is_ascii() == b.is_ascii()).all(|run| run.len() % 2 == 0 || run.is_ascii())
        && high.all(|b| *b >= 0xA1);
    let name = match usual {
        Some(name) if !chinese => name.to_owned(),
        _ => encoding_rs::GB18030.decode_without_bom_handling(raw).0.into_owned(),
    };
    name.replace('\\', "/")
}

fn zip_error(task: &Task<'_>, part: Option<&str>, cause: ZipError) -> crate::Error {
    let (file, part) = (task.path.to_owned(), part.map(str::to_owned).or_else(|| task.member.clone()));
    match cause {
        ZipError::Io(cause) if cause.kind() != std::io::ErrorKind::UnexpectedEof => task.io(cause),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            CollectError::Encrypted { file, part }.into()
        }
        cause => CollectError::Malformed { file, part, cause: cause.to_string() }.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_stopped_at_its_limit() {
        let mut reader = Unpacking::with_limit(std::io::repeat(b'a'), 10_000);
        let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
        let inner = error.get_ref().unwrap().downcast_ref::<UnpackError>().unwrap();
        assert!(matches!(inner, UnpackError::TooBig { limit: 10_000 }), "{inner}");
        let file = std::path::Path::new("a.gz");
        assert_eq!(CollectError::from_io(file, error).kind(), "unpacks_too_big");
    }

    #[test]
    fn the_limit_grows_with_the_file() {
        assert_eq!(Unpacking::new((), 1).limit, 2_147_483_648);
        assert_eq!(Unpacking::new((), 1 << 30).limit, 64 << 30);
        assert_eq!(Unpacking::new((), u64::MAX).limit, u64::MAX);
    }

    #[test]
    fn names_of_members() {
        assert_eq!(member_name(b"2024/\xBF\xCD\xBB\xA7\xB1\xED.csv", Some("junk")), "2024/客户表.csv");
        assert_eq!(member_name("客户.csv".as_bytes(), Some("客户.csv")), "客户.csv");
        assert_eq!(member_name(b"Gen\x8Ave.csv", Some("Genève.csv")), "Genève.csv");
        assert_eq!(member_name(b"a\\b.csv", Some("a\\b.csv")), "a/b.csv");
        assert!(is_left_behind("__MACOSX/a/._b.csv") && is_left_behind("x/.DS_Store"));
        assert!(!is_left_behind("2024/a.csv"));
    }
}
