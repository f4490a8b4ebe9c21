//! Hostile input, table-driven: each a typed error or a right read, and never a panic.

use std::path::{Path, PathBuf};

use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::train::{DeviceKind, ModelKind};
use regulars_engine::{Error, files};

/// How far a file must get: the kind of its error, or rows read and the kind of error (none:
/// trained) of training on it.
enum Fate {
    Refused(&'static str),
    Read(usize, Option<&'static str>),
}

/// 120 customers; `tweak` may change any row.
fn customers(tweak: impl Fn(usize, &mut Vec<String>)) -> Vec<u8> {
    let mut out = String::from("id,age,plan,spend,churned\n");
    for i in 0..120usize {
        let left = (i * 7) % 10 < 3;
        let mut row = vec![
            format!("C{i}"),
            (20 + (i * 13) % 50).to_string(),
            ["basic", "plus", "pro"][i % 3].to_owned(),
            format!("{}.5", 10 + (i * 31) % 90),
            (if left { "yes" } else { "no" }).to_owned(),
        ];
        tweak(i, &mut row);
        out.push_str(&row.join(","));
        out.push('\n');
    }
    out.into_bytes()
}

fn cases() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let plain = || customers(|_, _| ());
    let wide = {
        let names: Vec<String> = (0..10_000).map(|i| format!("c{i}")).collect();
        let row: Vec<String> = (0..10_000).map(|i| (i % 7).to_string()).collect();
        format!("{}\n{}\n{}\n", names.join(","), row.join(","), row.join(",")).into_bytes()
    };
    let gbk =
        encoding_rs::GB18030.encode("编号,城市,备注\n1,上海,好\n2,北京,好\n3,广州,很好很好").0.into_owned();
    vec![
        ("empty", Vec::new(), Fate::Refused("empty_file")),
        ("only blanks", b"\n\n  \n".to_vec(), Fate::Refused("empty_file")),
        ("only a mark", b"\xEF\xBB\xBF".to_vec(), Fate::Refused("empty_file")),
        ("header only", b"id,age,churned\n".to_vec(), Fate::Refused("no_rows")),
        ("one column", b"churned\nyes\nno\nyes\nno\n".to_vec(), Fate::Read(4, Some("no_features"))),
        ("10,000 columns", wide, Fate::Read(2, Some("no_target"))),
        (
            "ragged",
            customers(|i, row| {
                if i == 5 {
                    row.push("more".into())
                } else if i == 6 {
                    row.truncate(3)
                }
            }),
            Fate::Read(119, None),
        ),
        (
            "unclosed quote",
            [plain(), b"C900,\"33,plus,4.5,yes\nC901,34,plus,4.5,no\n".to_vec()].concat(),
            Fate::Read(122, None),
        ),
        (
            "NUL bytes",
            customers(|i, row| {
                if i == 3 {
                    row[2] = "ba\0sic".into()
                }
            }),
            Fate::Read(120, None),
        ),
        (
            "binary",
            (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            Fate::Refused("not_text"),
        ),
        ("a zip", b"PK\x03\x04 and so on".to_vec(), Fate::Refused("malformed")),
        ("all-missing target", customers(|_, row| row[4] = "NA".into()), Fate::Read(120, Some("no_target"))),
        ("one class", customers(|_, row| row[4] = "no".into()), Fate::Read(120, Some("no_target"))),
        (
            "40 classes",
            customers(|i, row| row[4] = format!("k{}", i % 40)),
            Fate::Read(120, Some("no_target")),
        ),
        (
            "constant columns",
            customers(|_, row| {
                row[2] = "same".into();
                row[3] = "1".into();
            }),
            Fate::Read(120, None),
        ),
        (
            "nothing but constants",
            customers(|_, row| {
                row[1] = "4".into();
                row[2] = "same".into();
                row[3] = "1".into();
            }),
            Fate::Read(120, Some("no_features")),
        ),
        (
            "3 rows",
            b"id,age,churned\n1,20,yes\n2,30,no\n3,40,no\n".to_vec(),
            Fate::Read(3, Some("too_few_rows")),
        ),
        (
            "twin headers",
            String::from_utf8(plain()).unwrap().replacen("age", "spend", 1).into_bytes(),
            Fate::Read(120, None),
        ),
        ("truncated GBK", gbk[..gbk.len() - 1].to_vec(), Fate::Read(3, Some("no_target"))),
        (
            "a 200 KB cell",
            customers(|i, row| {
                if i == 9 {
                    row[2] = "x".repeat(200_000)
                }
            }),
            Fate::Read(120, None),
        ),
        (
            "infinities",
            customers(|i, row| {
                if i % 9 == 0 {
                    row[3] = ["inf", "-inf", "1e999"][i % 3].into()
                }
            }),
            Fate::Read(120, None),
        ),
        (
            "very large numbers",
            customers(|i, row| {
                if i % 9 == 0 {
                    row[3] = "1e308".into()
                }
            }),
            Fate::Read(120, None),
        ),
        ("no last line end", plain()[..plain().len() - 1].to_vec(), Fate::Read(120, None)),
        (
            "carriage returns only",
            String::from_utf8(plain()).unwrap().replace('\n', "\r").into_bytes(),
            Fate::Read(120, None),
        ),
    ]
}

fn train(path: &Path) -> Result<(), Error> {
    let silent = Reporter::silent();
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 2;
    let table = collect::open(path, &settings.read, &silent)?;
    let prepared = project::prepare(&settings, &table, &silent)?;
    for kind in ModelKind::ALL {
        let outcome = project::learn(&settings, &prepared, kind, &silent)?;
        assert!(outcome.probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{kind:?}");
    }
    project::segment(&settings, &prepared, &silent)?;
    Ok(())
}

#[test]
fn every_hostile_file_has_its_fate() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, fate) in cases() {
        let path = folder.path().join(format!("{name}.csv"));
        std::fs::write(&path, bytes).unwrap();
        println!("{name}");
        let read = collect::open(&path, &ReadOptions::default(), &Reporter::silent());
        match (read, fate) {
            (Err(error), Fate::Refused(kind)) => {
                assert_eq!(error.kind(), kind, "{name}: {error}");
                assert_eq!(error.place().file.as_deref(), Some(path.as_path()), "{name} names its file");
            }
            (Ok(table), Fate::Read(rows, wanted)) => {
                assert_eq!(table.height(), rows, "{name}");
                assert_eq!(table.records, rows as u64 + table.rejected_count, "{name}");
                let kind = train(&path).err().map(|error| error.kind());
                assert_eq!(kind, wanted, "{name}");
            }
            (Ok(table), Fate::Refused(kind)) => panic!("{name}: read {} rows, not {kind}", table.height()),
            (Err(error), Fate::Read(..)) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn a_target_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("NA", None, "empty_target"),
        ("no", None, "one_class"),
        ("many", None, "many_classes"),
        ("many", Some("k99"), "no_such_value"),
    ];
    for (value, positive, kind) in cases {
        let path = folder.path().join("t.csv");
        let bytes =
            customers(|i, row| row[4] = if value == "many" { format!("k{}", i % 40) } else { value.into() });
        std::fs::write(&path, bytes).unwrap();
        let mut settings = Settings { positive: positive.map(str::to_owned), ..Settings::default() };
        settings.read.roles.push(("churned".into(), regulars_engine::table::Role::Target));
        let table = collect::open(&path, &settings.read, &Reporter::silent()).unwrap();
        let error = project::prepare(&settings, &table, &Reporter::silent()).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.place().column.as_deref(), Some("churned"));
    }
}

fn kind_of(path: &Path) -> &'static str {
    collect::open(path, &ReadOptions::default(), &Reporter::silent()).unwrap_err().kind()
}

#[test]
fn places_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(kind_of(folder.path()), "is_folder");
    assert_eq!(kind_of(&folder.path().join("nowhere.csv")), "not_found");
}

/// CI runs as root, whom no permission stops: the program is started as nobody.
#[test]
#[cfg(target_os = "linux")]
fn no_permission_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.csv");
    std::fs::write(&path, customers(|_, _| ())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_err() {
        assert_eq!(kind_of(&path), "no_permission");
        return;
    }
    // The program and the folder must be in nobody's reach.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("regulars");
    std::fs::copy(env!("CARGO_BIN_EXE_regulars"), &program).unwrap();
    let run = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(&program)
        .args(["inspect", "--json"])
        .arg(&path)
        .output();
    let Ok(run) = run else {
        println!("skipped: setpriv is not here to drop root's rights");
        return;
    };
    let told: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(
        (run.status.code(), told["error"]["kind"].as_str()),
        (Some(1), Some("no_permission")),
        "{told}"
    );
}

/// A file that goes away or shrinks while it is read ends in an error or a shorter read.
#[test]
fn gone_while_read() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("gone.csv");
    let bytes = customers(|_, _| ()).repeat(20_000);
    std::fs::write(&path, &bytes).unwrap();
    let reader = {
        let path = path.clone();
        std::thread::spawn(move || collect::open(&path, &ReadOptions::default(), &Reporter::silent()))
    };
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1000).unwrap();
    std::fs::remove_file(&path).unwrap();
    match reader.join().expect("no panic") {
        Ok(table) => assert_eq!(table.records, table.height() as u64 + table.rejected_count),
        Err(error) => assert!(["not_found", "read_failed", "empty_file"].contains(&error.kind()), "{error}"),
    }
}

#[test]
fn a_disk_that_is_full_is_told_and_harms_nothing() {
    let full = std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left on device");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    files::write_csv(&path, &["a".into()], std::iter::once(vec!["1".into()])).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = files::write_atomically(&path, |_| Err(full)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // Linux has a device that is always full; it is no place to rename to, and must not be harmed.
    let cause =
        files::write_csv(Path::new("/dev/full/x.csv"), &["a".into()], std::iter::empty()).unwrap_err();
    assert!(!cause.to_string().is_empty());
}
