//! Odd inputs of every format, each with the right values or the right kind of error.

mod columnar;
mod excel;
mod gather;
mod json;
mod owners;

use std::io::Write as _;
use std::path::Path;

use zip::write::SimpleFileOptions;

use super::{ReadOptions, from_text, open, parts, preview};
use crate::job::Reporter;
use crate::note::Note;

/// What must come out: the name of the part, the columns, all cells (rows by `|`, cells by `,`,
/// nothing for missing), or the kind of an error.
enum Fate {
    Table(&'static str, &'static str),
    Refused(&'static str),
}
use Fate::{Refused, Table as Reads};

struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    options: ReadOptions,
    fate: Fate,
}

fn case(name: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>, fate: Fate) -> Case {
    Case { name, file, bytes: bytes.into(), options: ReadOptions::default(), fate }
}

fn with(mut case: Case, change: impl FnOnce(&mut ReadOptions)) -> Case {
    change(&mut case.options);
    case
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn show(table: &crate::table::Table) -> String {
    let names = table.raw.get_column_names().iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let mut lines = vec![names.join(",")];
    for row in 0..table.height() {
        let cells = names.iter().map(|name| table.text(name).unwrap().get(row).unwrap_or(""));
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    lines.join("|")
}

fn cases() -> Vec<Case> {
    let csv = b"id,name\n1,Ann\n2,Bo\n".as_slice();
    let read_csv = || Reads("", "id,name|1,Ann|2,Bo");
    let data: &[&[&str]] = &[&["id", "name", "sum"], &["1", "Ann", "5"], &["2", "Bo", "7.5"]];
    let mut out = vec![
        case("plain csv", "a.csv", csv, read_csv()),
        case("csv called xlsx", "a.xlsx", csv, read_csv()),
        case(
            "workbook called csv",
            "a.csv",
            excel::sheet(data),
            Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5"),
        ),
        case("empty", "a.xlsx", "", Refused("empty_file")),
        case("gzip", "a.csv.gz", gz(csv), read_csv()),
        case(
            "gzip of two members",
            "a.csv.gz",
            [gz(b"id,name\n1,Ann\n"), gz(b"2,Bo\n")].concat(),
            read_csv(),
        ),
        case(
            "gzip cut off",
            "a.csv.gz",
            {
                let noise: String =
                    (0..20_000u32).map(|i| format!("{},{}\n", i, i.wrapping_mul(2_654_435_761))).collect();
                let mut packed = gz(noise.as_bytes());
                packed.truncate(packed.len() / 2);
                packed
            },
            Refused("truncated"),
        ),
        case(
            "gzip damaged",
            "a.csv.gz",
            {
                let mut packed = gz(csv);
                packed[12] ^= 0xFF;
                packed[14] ^= 0xFF;
                packed
            },
            Refused("malformed"),
        ),
        case("Zstandard", "a.csv.zst", zstd::encode_all(csv, 0).unwrap(), read_csv()),
        case(
            "Zstandard cut off",
            "a.csv.zst",
            {
                let packed = zstd::encode_all(csv, 0).unwrap();
                packed[..packed.len() - 4].to_vec()
            },
            Refused("truncated"),
        ),
        case(
            "gzip of GBK",
            "a.csv.gz",
            gz(&encoding_rs::GB18030.encode("客户,城市\n张三,北京\n李四,上海\n").0),
            Reads("", "客户,城市|张三,北京|李四,上海"),
        ),
        case(
            "gzip of a workbook",
            "a.xlsx.gz",
            gz(&excel::sheet(data)),
            Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5"),
        ),
        case("zip of one", "a.zip", zipped(&[("a.csv", csv)]), Reads("a.csv", "id,name|1,Ann|2,Bo")),
        case(
            "zip with a Mac's leavings",
            "a.zip",
            zipped(&[
                ("__MACOSX/x/._a.csv", b"\0\x05\x16\x07 junk junk junk junk junk junk"),
                ("x/.DS_Store", b"\0\0"),
                ("x/a.csv", csv),
            ]),
            Reads("x/a.csv", "id,name|1,Ann|2,Bo"),
        ),
        case(
            "zip: the largest that is a table",
            "a.zip",
            zipped(&[
                ("read.pdf", [b"%PDF-1.7 ".as_slice(), &[b'x'; 4000]].concat().as_slice()),
                ("a.csv", csv),
            ]),
            Reads("a.csv", "id,name|1,Ann|2,Bo"),
        ),
        with(
            case(
                "zip: a member asked for",
                "a.zip",
                zipped(&[("b.csv", b"x,y\n1,2\n2,3\n3,4\n4,5\n5,6\n"), ("A.csv", csv)]),
                Reads("A.csv", "id,name|1,Ann|2,Bo"),
            ),
            |o| o.part = Some("a.CSV".into()),
        ),
        with(
            case(
                "zip: a sheet of a member",
                "a.zip",
                zipped(&[("b.xlsx", &excel::sheet(data))]),
                Reads("b.xlsx/Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5"),
            ),
            |o| o.part = Some("b.xlsx/Sheet1".into()),
        ),
        with(case("zip: no such member", "a.zip", zipped(&[("a.csv", csv)]), Refused("no_part")), |o| {
            o.part = Some("c.csv".into())
        }),
        case(
            "zip of a zip of a zip",
            "a.zip",
            zipped(&[("b.zip", &zipped(&[("c.zip", &zipped(&[("a.csv", csv)]))]))]),
            Reads("b.zip/c.zip/a.csv", "id,name|1,Ann|2,Bo"),
        ),
        case(
            "zip too deep",
            "a.zip",
            zipped(&[("b.zip", &zipped(&[("c.zip", &zipped(&[("d.zip", &zipped(&[("a.csv", csv)]))]))]))]),
            Refused("not_text"),
        ),
        case("zip without files", "a.zip", zipped(&[]), Refused("empty_file")),
        case(
            "zip encrypted",
            "a.zip",
            {
                let mut packed = zipped(&[("a.csv", csv)]);
                // The flag of encryption, in the member's head and in the directory.
                packed[6] |= 1;
                let directory = packed.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
                packed[directory + 8] |= 1;
                packed
            },
            Refused("encrypted"),
        ),
        case("zip cut off", "a.zip", zipped(&[("a.csv", csv)])[..40].to_vec(), Refused("malformed")),
        case(
            "zip with a damaged member",
            "a.zip",
            {
                let mut packed = zipped(&[("a.csv", csv)]);
                let at = 30 + "a.csv".len();
                packed[at] = 0xFF;
                packed
            },
            Refused("malformed"),
        ),
        case("Word document", "a.xlsx", zipped(&[("word/document.xml", b"<a/>")]), Refused("not_text")),
        case(
            "web page called xls",
            "a.xls",
            "<html><table><tr><td>1</td></tr></table></html>",
            Refused("not_text"),
        ),
        case("PDF", "a.csv", "%PDF-1.7 and so on", Refused("not_text")),
        case("text of tabs called xls", "a.xls", "id\tname\n1\tAnn\n2\tBo\n", read_csv()),
    ];
    out.extend(excel::excel_cases());
    out.extend(json::json_cases());
    out.extend(columnar::columnar_cases());
    out
}

fn read(folder: &Path, case: &Case) -> crate::Result<crate::table::Table> {
    let path = folder.join(case.file);
    std::fs::write(&path, &case.bytes).unwrap();
    open(&path, &case.options, &Reporter::silent())
}

#[test]
fn odd_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let cases = cases();
    for case in &cases {
        let found = match read(folder.path(), case) {
            Ok(table) => format!("{} {}", table.source.part.clone().unwrap_or_default(), show(&table)),
            Err(error) => format!("{}: {error}", error.kind()),
        };
        let right = match &case.fate {
            Reads(part, cells) => found == format!("{part} {cells}"),
            Refused(kind) => found.starts_with(&format!("{kind}: ")),
        };
        if !right {
            let wanted = match &case.fate {
                Reads(part, cells) => format!("{part} {cells}"),
                Refused(kind) => (*kind).to_owned(),
            };
            wrong.push(format!("{}\n   found {found}\n  wanted {wanted}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What opens must show the same first rows in the preview, and its parts must be listed.
#[test]
fn previews_and_lists_agree_with_reading() {
    let folder = tempfile::tempdir().unwrap();
    for case in cases() {
        let Ok(table) = read(folder.path(), &case) else { continue };
        let path = folder.path().join(case.file);
        let head = preview(&path, &case.options).unwrap();
        assert_eq!(show(&head), show(&table), "{}", case.name);
        assert_eq!(head.source.part, table.source.part, "{}", case.name);
        assert!(!parts(&path).unwrap().is_empty(), "{}", case.name);
        assert_eq!(table.source.bytes, case.bytes.len() as u64, "{}", case.name);
        assert_eq!(table.source.hash, blake3::hash(&case.bytes).to_hex().to_string(), "{}", case.name);
        assert_eq!(table.records, table.height() as u64 + table.rejected_count, "{}", case.name);
        assert!(table.rows.windows(2).all(|pair| pair[0] < pair[1]), "{}", case.name);
    }
}

fn codes(notes: &[Note]) -> Vec<&'static str> {
    notes.iter().map(|note| note.code).collect()
}

/// Bytes changed, taken out or cut off at random: a table or a typed error, and never a panic.
#[test]
fn damaged_files_never_panic() {
    use rand::{Rng as _, SeedableRng as _};
    let folder = tempfile::tempdir().unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let (mut read_all, mut refused) = (0, 0);
    for mut case in cases() {
        let whole = case.bytes.clone();
        if whole.is_empty() {
            continue;
        }
        for _ in 0..12 {
            case.bytes = whole.clone();
            for _ in 0..rng.gen_range(1..6) {
                let at = rng.gen_range(0..case.bytes.len());
                match rng.gen_range(0..4) {
                    0 if at > 0 => case.bytes.truncate(at),
                    1 if case.bytes.len() > 1 => drop(case.bytes.remove(at)),
                    _ => case.bytes[at] ^= rng.gen_range(1..=255u8),
                }
            }
            match read(folder.path(), &case) {
                Ok(table) => {
                    assert_eq!(table.rows.len(), table.raw.height(), "{}", case.name);
                    read_all += 1;
                }
                Err(error) => {
                    assert!(!error.kind().is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(read_all > 50 && refused > 100, "{read_all} read, {refused} refused");
}

#[test]
fn pasted_text() {
    let options = ReadOptions::default();
    let table = from_text("pasted", "id\tname\r\n1\tAnn\r\n2\tBo", &options).unwrap();
    assert_eq!((show(&table).as_str(), table.source.format), ("id,name|1,Ann|2,Bo", "clipboard"));
    let table = from_text("pasted", "[{\"a\":1.10}]", &options).unwrap();
    assert_eq!((show(&table).as_str(), table.source.format), ("a|1.10", "clipboard"));
    assert_eq!(from_text("pasted", " \n", &options).unwrap_err().kind(), "empty_file");
}

#[test]
fn cancel_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for case in cases() {
        if read(folder.path(), &case).is_ok() {
            let path = folder.path().join(format!("kept {} {}", paths.len(), case.file));
            std::fs::write(&path, &case.bytes).unwrap();
            paths.push((path, case.options));
        }
    }
    assert!(paths.len() > 30);
    for (path, options) in paths {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let job = crate::job::Job::start(|| (), {
            let path = path.clone();
            move |report: &Reporter| {
                wait.recv().ok();
                open(&path, &options, report).map(|_| ())
            }
        });
        job.cancel();
        go.send(()).unwrap();
        let error = job.wait().unwrap().unwrap_err();
        assert_eq!(error.kind(), "cancelled", "{}", path.display());
    }
}
