//! The valid files that others are made from, and the rows that opened models are used on.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::deploy::{ListEntry, SavedList};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, SavedModel, SavedProject, SavedRun, Settings};
use regulars_engine::table::Table;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::support::sample;

/// Rows of the sample that are enough to learn something.
const FEW: usize = 160;

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(path).unwrap()
}

/// The first lines of the sample.
fn text(lines: usize) -> String {
    let text = std::fs::read_to_string(sample()).unwrap();
    text.lines().take(lines + 1).map(|line| format!("{line}\n")).collect()
}

fn table(lines: usize) -> (tempfile::TempDir, PathBuf, Table) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("few.csv");
    std::fs::write(&path, text(lines)).unwrap();
    let table = collect::open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
    (folder, path, table)
}

/// What opened models are used on.
pub fn rows() -> Table {
    table(FEW).2
}

/// The name of the file that a target opens.
pub fn name(target: &str) -> &'static str {
    match target {
        "bundle" => "f.bundle",
        "project" => "f.regulars",
        "excel" => "f.xlsx",
        "json" => "f.json",
        "parquet" => "f.parquet",
        "arrow" => "f.arrow",
        // No ending that says which: it is told by what it begins with.
        "packed" => "f.csv",
        _ => "f.csv",
    }
}

/// The valid files of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "bundle" => bundles(),
        "project" => projects(),
        "excel" => vec![excel()],
        "json" => jsons(),
        "parquet" => vec![parquet()],
        "arrow" => vec![arrow()],
        "packed" => packed(),
        _ => csvs(),
    }
}

fn settings() -> Settings {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 2;
    settings.mlp.hidden = vec![4];
    settings
}

fn bundles() -> Vec<Vec<u8>> {
    let (folder, _, table) = table(FEW);
    let quiet = Reporter::silent();
    let prepared = project::prepare(&settings(), &table, &quiet).unwrap();
    let mut out = vec![golden("v1.bundle")];
    for kind in [ModelKind::Tree, ModelKind::Logistic, ModelKind::Mlp] {
        let outcome = project::learn(&settings(), &prepared, kind, &quiet).unwrap();
        let card = project::card(&settings(), &table, &prepared, &outcome, &[&outcome], &quiet).unwrap();
        let path = folder.path().join("m.bundle");
        project::bundle(&settings(), &prepared, &outcome, Some(card)).save(&path).unwrap();
        out.push(std::fs::read(path).unwrap());
    }
    out
}

fn projects() -> Vec<Vec<u8>> {
    let (folder, file, table) = table(FEW);
    let quiet = Reporter::silent();
    let prepared = project::prepare(&settings(), &table, &quiet).unwrap();
    let outcome = project::learn(&settings(), &prepared, ModelKind::Tree, &quiet).unwrap();
    let mut saved = SavedProject::new(settings(), file, table.source.hash.clone());
    saved.bundle = Some(project::bundle(&settings(), &prepared, &outcome, None));
    saved.runs = vec![SavedRun {
        name: String::new(),
        settings: settings(),
        key: settings().key(&table),
        rows_key: settings().rows_key(&table),
        models: vec![SavedModel::of(&outcome)],
    }];
    let entry = |at: usize| ListEntry { id: format!("C{at}"), probability: 0.5, left: false };
    saved.lists = vec![SavedList {
        file: "few.csv".into(),
        hash: "abc".into(),
        made: "2026-11-25".into(),
        threshold: 0.5,
        entries: (0..20).map(entry).collect(),
    }];
    let path = folder.path().join("p.regulars");
    saved.save(&path).unwrap();
    vec![golden("v1.regulars"), golden("v2.regulars"), std::fs::read(path).unwrap()]
}

fn csvs() -> Vec<Vec<u8>> {
    let plain = text(40);
    let gbk = encoding_rs::GB18030.encode("编号,城市,金额,备注\n1,上海,￥12.5,好\n2,北京,30,\"很,好\"\n").0;
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(
            "id;when;sum\n1;5.3.2024;1.234,50\n2;6.3.2024;7,25\n".encode_utf16().flat_map(u16::to_le_bytes),
        )
        .collect();
    let quoted = "id,note\n1,\"a \"\"b\"\", c\nd\"\n2,\"\"\nTotal,\nExported by the shop\n".to_owned();
    let events = "when\tcustomer\tsum\n2024-01-05 10:00\tA\t5\n2024-02-05 11:00\tB\t\n".to_owned();
    vec![plain.into_bytes(), gbk.into_owned(), utf16, quoted.into_bytes(), events.into_bytes()]
}

fn jsons() -> Vec<Vec<u8>> {
    let nested = r#"{"data":{"customers":[{"id":"1","name":"A","orders":[{"sum":5.5},{"sum":7}],"x":null},
        {"id":"2","name":"B","orders":[],"x":{"y":[1,2,{"z":true}]}}]},"next":"…"}"#;
    let lines = "{\"id\":1,\"when\":\"2024-01-05\"}\n{\"id\":2,\"when\":null}\n";
    vec![nested.as_bytes().to_vec(), lines.as_bytes().to_vec(), b"[[1,\"a\"],[2,\"b\"]]".to_vec()]
}

fn excel() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.xlsx");
    let row =
        |at: u64| vec![Cell::from(format!("C{at:03}")), Cell::whole(at), Cell::percent(at as f64 / 40.0)];
    let grid = Grid {
        name: "customers".into(),
        header: ["id", "orders", "share"].map(str::to_owned).to_vec(),
        rows: (0..40).map(row).collect(),
    };
    grid.write(&path).unwrap();
    std::fs::read(path).unwrap()
}

fn frame() -> polars::prelude::DataFrame {
    use polars::prelude::*;
    df!(
        "id" => (0..50).map(|at| format!("C{at:03}")).collect::<Vec<_>>(),
        "orders" => (0..50i64).collect::<Vec<_>>(),
        "sum" => (0..50).map(|at| (at % 7 != 0).then_some(f64::from(at) * 1.5)).collect::<Vec<_>>()
    )
    .unwrap()
}

fn parquet() -> Vec<u8> {
    use polars::prelude::*;
    let mut out = Cursor::new(Vec::new());
    ParquetWriter::new(&mut out).finish(&mut frame()).unwrap();
    out.into_inner()
}

fn arrow() -> Vec<u8> {
    use polars::prelude::*;
    let mut out = Cursor::new(Vec::new());
    IpcWriter::new(&mut out).finish(&mut frame()).unwrap();
    out.into_inner()
}

/// A text in gzip, in Zstandard, and in a zip with a neighbour.
fn packed() -> Vec<Vec<u8>> {
    use std::io::Write as _;
    let text = text(40);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("readme.txt", "nothing"), ("五月/customers.csv", text.as_str())] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    vec![
        gzip.finish().unwrap(),
        zstd::encode_all(text.as_bytes(), 1).unwrap(),
        zip.finish().unwrap().into_inner(),
    ]
}
