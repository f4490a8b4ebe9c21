//! `regulars watch`: scores every new export of a folder, once; as a service if wanted; and lets a new
//! model try for the old one's place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use regulars_engine::deploy::DeployError;
use regulars_engine::deploy::watch::{self, RetrainSpec, WatchSpec};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Gate, WatchEvent, Watcher};
use serde_json::{Value, json};

use super::{Outcome, locked};
use crate::words::{self, Lang};

/// Longest wait of `--once` for files that are still being written.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(super) struct Watch {
    /// The folder in which exports appear
    folder: PathBuf,
    /// A bundle saved by `train --bundle` or from the window
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// The folder for the scored lists
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Seconds between two looks
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Seconds that a file must have stayed as it is
    #[arg(long, default_value_t = 2, value_name = "SECONDS")]
    settle: u64,
    /// Score what is there, and end
    #[arg(long)]
    once: bool,
    /// Read a column that an export lacks as its centre, instead of refusing the file
    #[arg(long)]
    fill: bool,
    /// Alert rules (JSON)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Webhook and e-mail (JSON); secrets stand in environment variables
    #[arg(long, value_name = "FILE")]
    notify: Option<PathBuf>,
    /// Show the unit of a systemd user service that runs this command
    #[arg(long, conflicts_with_all = ["once", "challenger", "rollback"])]
    print_service: bool,
    /// Write that unit to ~/.config/systemd/user, and say how it is enabled
    #[arg(long, conflicts_with_all = ["once", "print_service", "challenger", "rollback"])]
    install_service: bool,
    /// A new bundle that takes over if it is better beyond chance on the customers of --judge
    #[arg(long, value_name = "FILE", requires = "judge")]
    challenger: Option<PathBuf>,
    /// Customers whose outcome is known and that neither bundle learnt from
    #[arg(long, value_name = "FILE", requires = "challenger")]
    judge: Option<PathBuf>,
    /// Go back to the bundle before the last one that took over
    #[arg(long, conflicts_with_all = ["once", "challenger"])]
    rollback: bool,
    /// Train a challenger by itself, with the settings and files of this project
    #[arg(long, value_name = "PROJECT", requires = "labelled")]
    retrain: Option<PathBuf>,
    /// The folder of later files in which the outcome is known
    #[arg(long, value_name = "DIR", requires = "retrain")]
    labelled: Option<PathBuf>,
    /// Days between two trainings, as 30 or 30d; an alert makes it due at once
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = parse_days, requires = "retrain")]
    retrain_every: u32,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Watch {
    pub(super) fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let spec = self.spec()?;
        if self.print_service || self.install_service {
            return self.service(lang, &spec);
        }
        let silent = Reporter::silent();
        if self.rollback {
            let model = project::roll_back(&spec)?;
            self.say(lang.with("watch.cli.rolled_back", &[("model", model.clone())]));
            return Ok(json!({ "rolled_back_to": model }));
        }
        if let (Some(challenger), Some(judge)) = (&self.challenger, &self.judge) {
            let gate = project::challenge(&spec, challenger, judge, &silent)?;
            self.say(words::watch::gate(lang, &gate));
            return Ok(told(&gate));
        }
        let mut watcher = Watcher::open(spec)?;
        let (mut done, mut retrained) = (Vec::<Value>::new(), Value::Null);
        let mut tell = |event: WatchEvent| {
            eprintln!("{}  {}", watch::now(), words::watch::event(lang, &event));
            match event {
                WatchEvent::Done(one) if self.once => done.push(json!(one)),
                WatchEvent::Retrained { learnt, gate } => {
                    retrained = told(&gate);
                    if let Some(object) = retrained.as_object_mut() {
                        object.insert("learnt".to_owned(), learnt.into());
                    }
                }
                _ => {}
            }
        };
        if !self.once {
            watcher.run(&silent, &mut tell)?;
            return Ok(json!({}));
        }
        let pass = watcher.once(PATIENCE, &silent, &mut tell)?;
        let args = [("scored", pass.scored), ("refused", pass.refused), ("waiting", pass.waiting)];
        let args = args.map(|(name, count)| (name, lang.count(count as u64)));
        self.say(lang.with("watch.cli.pass", &args));
        Ok(json!({
            "scored": pass.scored, "refused": pass.refused, "waiting": pass.waiting, "done": done,
            "retrained": retrained,
        }))
    }

    /// Absolute paths: a service runs elsewhere.
    fn spec(&self) -> Result<WatchSpec, super::Failure> {
        let full = |path: &Path| {
            std::path::absolute(path).map_err(|cause| DeployError::Write { file: path.to_owned(), cause })
        };
        let of = |path: &Option<PathBuf>| path.as_deref().map(full).transpose();
        Ok(WatchSpec {
            every: self.every,
            settle: self.settle,
            fill: self.fill,
            rules: of(&self.rules)?,
            notify: of(&self.notify)?,
            passphrase_file: locked::passphrase_file().map(full).transpose()?,
            passphrase: self.passphrase()?,
            retrain: self.retraining(full)?,
            ..WatchSpec::new(full(&self.folder)?, full(&self.bundle)?, full(&self.out)?)
        })
    }

    /// What opens the locked ones of the bundles; a unit is only written.
    fn passphrase(&self) -> Result<Option<regulars_engine::privacy::Passphrase>, super::Failure> {
        if self.print_service || self.install_service {
            return Ok(None);
        }
        // Those that took over are kept beside the lists.
        let kept = std::fs::read_dir(self.out.join(watch::STATE).join("models")).into_iter().flatten();
        let kept: Vec<PathBuf> = kept.flatten().map(|entry| entry.path()).collect();
        let all = [Some(&self.bundle), self.challenger.as_ref()].into_iter().flatten().chain(&kept);
        Ok(locked::passphrase_of_any(all.map(PathBuf::as_path))?)
    }

    fn retraining(
        &self,
        full: impl Fn(&Path) -> Result<PathBuf, DeployError>,
    ) -> Result<Option<RetrainSpec>, super::Failure> {
        let (Some(project), Some(labelled)) = (&self.retrain, &self.labelled) else { return Ok(None) };
        let (project, labelled) = (full(project)?, full(labelled)?);
        Ok(Some(RetrainSpec { project, labelled, every_days: self.retrain_every }))
    }

    fn say(&self, line: String) {
        if !self.json {
            super::out!("{line}");
        }
    }

    /// Shows the unit, or writes it where systemd looks for it.
    fn service(&self, lang: Lang, spec: &WatchSpec) -> Outcome {
        let unknown = |cause| DeployError::Write { file: PathBuf::from("regulars"), cause };
        let program = std::env::current_exe().map_err(unknown)?;
        let unit = watch::unit(&program, spec);
        if self.print_service {
            self.say(unit.trim_end().to_owned());
            return Ok(json!({ "unit": unit }));
        }
        let config = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
        let folder = config.or_else(home).unwrap_or_default().join("systemd/user");
        let path = folder.join("regulars-watch.service");
        let fail = |cause| DeployError::Write { file: path.clone(), cause };
        std::fs::create_dir_all(&folder).map_err(fail)?;
        regulars_engine::files::write_atomically(&path, |out| out.write_all(unit.as_bytes()))
            .map_err(fail)?;
        let enable = "systemctl --user enable --now regulars-watch.service";
        let args = [("file", path.display().to_string()), ("command", enable.to_owned())];
        self.say(lang.with("watch.cli.installed", &args));
        Ok(json!({ "file": path, "enable": enable }))
    }
}

fn parse_days(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('d').unwrap_or(text);
    number.parse().map_err(|_| "a number of days, as 30 or 30d".to_owned())
}

/// What the gate found.
fn told(gate: &Gate) -> Value {
    json!({
        "took_over": gate.takes_over, "rows": gate.rows, "positives": gate.positives,
        "champion_auc": gate.champion_auc, "challenger_auc": gate.challenger_auc,
        "difference": gate.paired,
    })
}
