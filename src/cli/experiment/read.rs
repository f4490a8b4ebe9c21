//! `regulars experiment read`: what became of the customers of an experiment.

use std::path::{Path, PathBuf};

use clap::Args;
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::deploy::Bundle;
use regulars_engine::evaluate::Refit;
use regulars_engine::experiment::{Experiment, Finding, Reading, ResultsSpec, read};
use regulars_engine::job::Reporter;
use regulars_engine::project;
use serde_json::json;

use super::super::{Outcome, Reading as Reads};
use crate::report::experiment as told;
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct Read {
    /// The experiment, as `draw` wrote it
    experiment: PathBuf,
    /// What became of the customers
    results: PathBuf,
    #[command(flatten)]
    reading: Reads,
    /// Column of identifiers (default: the one that the experiment knows)
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Column of yes or no (default: the first that has two such words)
    #[arg(long, value_name = "COLUMN")]
    outcome: Option<String>,
    /// The value of it that means yes
    #[arg(long, value_name = "VALUE")]
    yes: Option<String>,
    /// A yes is what the offer was to prevent
    #[arg(long)]
    unwanted: bool,
    /// Column of money per customer (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    money: Option<String>,
    /// Column of the day on which the result became known (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    day: Option<String>,
    /// Customers who are not in the file did not do it and brought nothing
    #[arg(long)]
    absent_is_no: bool,
    /// The experiment is over and is read once: the narrower interval of a single look counts
    #[arg(long)]
    over: bool,
    /// Money that one more wanted answer is worth
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    worth: f64,
    /// Money that calling one customer costs
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    cost: f64,
    /// Sets the model of this bundle right by those who were left alone; the experiment must have been
    /// drawn by its scores
    #[arg(long, value_name = "BUNDLE", requires = "out")]
    recalibrate: Option<PathBuf>,
    /// Where the bundle that is set right is written
    #[arg(long, value_name = "BUNDLE", requires = "recalibrate")]
    out: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Read {
    pub(super) fn run(&self) -> Outcome {
        let of = Experiment::open(&self.experiment)?;
        let bundle = self.recalibrate.as_deref().map(super::super::locked::bundle).transpose()?;
        let mut options = ReadOptions::default();
        self.reading.apply(&mut options);
        let table = collect::open(&self.results, &options, &Reporter::silent())?;
        let spec = ResultsSpec {
            id: self.id.clone(),
            outcome: self.outcome.clone(),
            yes: self.yes.clone(),
            unwanted: self.unwanted,
            money: self.money.clone(),
            day: self.day.clone(),
            absent_is_no: self.absent_is_no,
            over: self.over,
            worth: self.worth,
            cost: self.cost,
        };
        let found = read(&of, &table, &spec, &Reporter::silent())?;
        if !self.json {
            print(&found);
        }
        let refit = match (&bundle, &self.out) {
            (Some(bundle), Some(out)) => self.refit(&of, &found, bundle, out)?,
            _ => None,
        };
        Ok(
            json!({ "experiment": of.name, "made": of.made, "reading": found, "refit": refit, "out": self.out.as_ref().filter(|_| refit.is_some()) }),
        )
    }

    /// Writes the bundle that the experiment sets right; `None` where it says nothing of the scores.
    fn refit(
        &self,
        of: &Experiment,
        found: &Reading,
        bundle: &Bundle,
        out: &Path,
    ) -> Result<Option<Refit>, super::super::Failure> {
        let lang = Lang::of_environment();
        let Some(platt) = &found.recalibration else {
            eprintln!("! {}", lang.t("refit.none"));
            return Ok(None);
        };
        let bundle_file = self.recalibrate.as_deref().unwrap_or(&self.experiment);
        super::super::refuse_input(out, &[&self.experiment, &self.results, bundle_file])?;
        let refit = project::refit_of(of, platt)?;
        project::refit_bundle(bundle, &refit).save(out)?;
        if !self.json {
            out!("{}", lang.with("refit.written", &[("file", out.display().to_string())]));
        }
        Ok(Some(refit))
    }
}

fn print(found: &Reading) {
    let lang = Lang::of_environment();
    out!("{}", told::accounts(lang, found));
    if let Some(text) = told::stopped(lang, found) {
        out!("! {text}");
        return;
    }
    let unwanted = found.spec.unwanted;
    for (finding, is_share) in [(&found.share, true), (&found.money, false)] {
        if let Some(finding) = finding {
            measure(lang, finding, is_share, unwanted);
        }
    }
    if let Some(gained) = found.gained {
        out!("{}", told::gained(lang, gained));
    }
    if let Some(platt) = &found.recalibration {
        out!("{}", told::recalibration(lang, platt));
    }
}

fn measure(lang: Lang, of: &Finding, is_share: bool, unwanted: bool) {
    out!("{}", told::finding(lang, of, is_share, unwanted));
    let group = |value: f64| if is_share { percent(value) } else { format!("{value:.2}") };
    let args = [("called", group(of.called)), ("left", group(of.left_alone))];
    out!("  {}", lang.with("exp.groups", &args));
    let all = [
        ("exp.way.once", Some(of.difference)),
        ("exp.way.strata", of.stratified),
        ("exp.way.cuped", of.cuped.as_ref().map(|cuped| cuped.difference)),
        ("exp.way.always", of.always),
    ];
    for (key, difference) in all {
        let Some(d) = difference else { continue };
        let [value, low, high] = [d.value, d.low, d.high].map(|value| told::amount(is_share, value));
        out!("  {:>8} ({low} … {high})  p {:.4}  {}", value, d.p, lang.t(key));
    }
    if let Some(cuped) = &of.cuped {
        out!("  {}", lang.with("exp.cuped", &[("share", percent(cuped.reduction))]));
    }
    out!("  {}", told::rule(lang, of));
}
