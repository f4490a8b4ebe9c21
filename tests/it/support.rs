//! What the tests share: the public data, the command line, small files.

use std::path::{Path, PathBuf};
use std::process::Command;

use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Prepared, Settings};
use regulars_engine::table::Table;

/// A file of the public data, or `None` with a printed reason.
pub fn public(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("REGULARS_DATA").filter(|v| !v.is_empty()) else {
        println!("skipped: REGULARS_DATA is not set, so {file} is not there");
        return None;
    };
    let path = Path::new(&folder).join(file);
    assert!(path.exists(), "REGULARS_DATA is set, and {} is not there", path.display());
    Some(path)
}

pub fn telco() -> Option<PathBuf> {
    public("telco-churn/Telco-Customer-Churn.csv")
}

/// True where a graphics adapter is; prints why not. Fails where one is promised.
pub fn adapter() -> bool {
    match regulars_engine::train::device::adapter() {
        Ok(_) => true,
        Err(cause) => {
            assert!(std::env::var_os("REGULARS_NEED_ADAPTER").is_none(), "no graphics adapter: {cause}");
            println!("skipped: no graphics adapter ({cause})");
            false
        }
    }
}

/// The sample shop's customers as bundled.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/customers.csv")
}

pub fn open(path: &Path) -> Table {
    collect::open(path, &ReadOptions::default(), &Reporter::silent()).unwrap()
}

pub fn prepare(table: &Table, settings: &Settings) -> Prepared {
    project::prepare(settings, table, &Reporter::silent()).unwrap()
}

/// The program in English, without a display.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_regulars"));
    program.env("LANG", "C");
    ["LC_ALL", "DISPLAY", "WAYLAND_DISPLAY"].iter().for_each(|name| {
        program.env_remove(name);
    });
    program
}

/// Runs the program; gives exit code, standard output and standard error.
pub fn regulars(args: &[&str]) -> (i32, String, String) {
    let out = program().args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

/// Runs the program with `--json` and reads its one object.
pub fn json(args: &[&str]) -> serde_json::Value {
    let (code, out, err) = regulars(&[args, &["--json"]].concat());
    assert_eq!(code, 0, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}
