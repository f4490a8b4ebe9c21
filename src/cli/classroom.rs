//! `regulars classroom`: a folder with all that the laptops of a class need, offline, with checksums.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::deploy::DeployError;
use regulars_engine::files;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Outcome;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Classroom {
    /// The folder to write into
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Customers of the sample shop
    #[arg(long, default_value_t = 1200)]
    customers: usize,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Classroom {
    pub(super) fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let fail = |file: &Path, cause| DeployError::Write { file: file.to_owned(), cause };
        let data = self.out.join("sample_data");
        let mut written = regulars_engine::sample::write(&data, self.customers, 7)?;

        let here = std::env::current_exe().map_err(|cause| fail(&self.out, cause))?;
        let name = here.file_name().map_or_else(|| "regulars".into(), ToOwned::to_owned);
        let program = self.out.join(name);
        std::fs::copy(&here, &program).map_err(|cause| fail(&program, cause))?;
        written.push(program);

        let guide = self.out.join("README.txt");
        let both = Lang::ALL.map(|lang| lang.t("classroom.guide")).join("\n\n");
        files::write_atomically(&guide, |out| out.write_all(both.as_bytes())).map_err(|c| fail(&guide, c))?;
        written.push(guide);

        // The form that `sha256sum --check` and `shasum -a 256 -c` read.
        let mut list = String::new();
        let mut sums = Vec::new();
        for path in &written {
            let mut hasher = Sha256::new();
            let mut file = std::fs::File::open(path).map_err(|cause| fail(path, cause))?;
            std::io::copy(&mut file, &mut hasher).map_err(|cause| fail(path, cause))?;
            let sum: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            let inside =
                path.strip_prefix(&self.out).unwrap_or(path).display().to_string().replace('\\', "/");
            list.push_str(&format!("{sum}  {inside}\n"));
            sums.push(json!({ "file": inside, "sha256": sum }));
        }
        let sums_file = self.out.join("SHA256SUMS");
        files::write_atomically(&sums_file, |out| out.write_all(list.as_bytes()))
            .map_err(|cause| fail(&sums_file, cause))?;
        if !self.json {
            super::out!("{}", lang.with("cli.wrote", &[("file", self.out.display().to_string())]));
            let _ = write!(std::io::stdout(), "{list}");
        }
        Ok(json!({ "out": self.out, "files": sums }))
    }
}
