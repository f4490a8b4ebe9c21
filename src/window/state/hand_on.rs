//! The model handed on: as a program of its own, as a workbook, as ONNX.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::deploy::{Bundle, scorer, workbook};
use regulars_engine::job::Reporter;
use regulars_engine::privacy::LockError;
use regulars_engine::privacy::cells::{self, Rule};
use regulars_engine::project::ProjectError;

use super::{Ask, State};
use crate::window::notice::Told;
use crate::words::Lang;

impl State {
    /// True while something is written out.
    pub fn writing(&self) -> bool {
        self.write.is_some()
    }

    /// Writes the model in the form that was asked for, on a thread of its own; what a scorer carries is without
    /// small groups where there is a rule.
    pub fn hand_on(&mut self, lang: Lang, ask: Ask, path: PathBuf, rule: Option<Rule>) {
        let Some(mut bundle) = self.bundle.clone() else { return };
        self.write = Some(self.start(move |report| {
            if let Some(rule) = rule.filter(|_| ask == Ask::Scorer) {
                bundle = Arc::new(bundle.shared(rule, cells::chance()));
            }
            let bytes = write(&bundle, lang, ask, &path, report)?;
            let size = match bytes {
                ..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
                _ => format!("{:.1} MB", bytes as f64 / 1e6),
            };
            Ok(Told::Key("hand_on.wrote", vec![("file", path.display().to_string()), ("size", size)]))
        }));
    }
}

/// Writes one form; gives its bytes.
fn write(bundle: &Bundle, lang: Lang, ask: Ask, path: &Path, report: &Reporter) -> Result<u64, Error> {
    match ask {
        Ask::Scorer => {
            let file = || PathBuf::from("regulars");
            let read = |cause| ProjectError::from(LockError::Read { file: file(), cause });
            let program = std::env::current_exe().map_err(read)?;
            Ok(scorer::write(bundle, &program, path, None, report)?.bytes)
        }
        Ask::Workbook => {
            let words = |key: &str| lang.t(&format!("sheet.{key}"));
            Ok(workbook::write(bundle, &words, workbook::ROWS, path, report)?.bytes)
        }
        _ => Ok(bundle.write_onnx(path)? as u64),
    }
}
