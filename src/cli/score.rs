//! `regulars score`: scores new customers with a saved bundle, or with the model of a project, whose
//! last list then says what changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use regulars_engine::collect::database::{self, Address, ScoreRow, Written};
use regulars_engine::deploy::batch::{self, Ask};
use regulars_engine::deploy::drift::Rules;
use regulars_engine::deploy::{Bundle, Change, Lacking, Scores};
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Month, Settings, Source};
use serde_json::json;

use super::Outcome;
use crate::words::{self, Lang};

#[derive(Args)]
pub(super) struct Score {
    /// A bundle saved by `train --bundle` or from the window, or a project
    bundle: PathBuf,
    /// The new customers' data: files, databases, web addresses
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the scores are written (CSV)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The day to answer for, as 2026-06-30, where the model was trained with --horizon (default: the
    /// last day of the data)
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    as_of: Option<Date>,
    #[command(flatten)]
    reading: super::Reading,
    /// Read a column that the file lacks as its centre, instead of refusing
    #[arg(long)]
    fill: bool,
    /// Score block by block in bounded memory; a delimited text from 64 MiB on always is. The list is the
    /// same, and nothing is compared with earlier lists
    #[arg(long, conflicts_with_all = ["as_of", "write_back"])]
    stream: bool,
    /// Have the features worked out in the PostgreSQL database that is named, for a model that was trained with
    /// --horizon: only the finished rows come here
    #[arg(long, conflicts_with = "stream")]
    push_down: bool,
    /// Write the scores into a database too, by identifier: sqlite:shop.db#scores,
    /// postgresql://user@host/shop#scores, mysql://… (default table: regulars_scores)
    #[arg(long, value_name = "ADDRESS#TABLE")]
    write_back: Option<String>,
    /// Only tell what --write-back would change
    #[arg(long, requires = "write_back")]
    dry_run: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Score {
    pub(super) fn run(&self) -> Outcome {
        let started = std::time::Instant::now();
        let read: Vec<&Path> =
            self.files.iter().chain([&self.bundle]).map(|file| super::source::on_disk(file)).collect();
        super::refuse_input(&self.out, &read)?;
        let report = Reporter::silent();
        let (bundle, saved) = super::locked::model(&self.bundle)?;
        let is_project = saved.is_some();
        let (lists, mut settings) = saved.map(|saved| (saved.lists, saved.settings)).unwrap_or_default();
        let lists: Vec<_> = lists.into_iter().map(Arc::new).collect();
        self.reading.apply(&mut settings.read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        if !is_project
            && self.as_of.is_none()
            && self.write_back.is_none()
            && !self.push_down
            && let [Source::File(file)] = sources.as_slice()
            && (self.stream || std::fs::metadata(file).is_ok_and(|m| m.len() >= project::STREAMED_FROM))
            && let Some(told) = self.streamed(&bundle, &settings, file, &report)?
        {
            return Ok(told);
        }
        let from = (sources.as_slice(), &secrets);
        let (table, worked_out) = match self.push_down {
            true => {
                let (table, worked_out) = project::open_pushed(&bundle, from, self.as_of, &report)?;
                (table, Some(worked_out))
            }
            false => (project::open_for(&bundle, &settings, from, self.as_of, &report)?, None),
        };
        super::tell_unused(&table);
        let lacking = if self.fill { Lacking::Fill } else { Lacking::Refuse };
        let bundle = Arc::new(bundle);
        let month = Month::new(bundle.clone(), bundle.score(&table, lacking, &report)?);
        let scores = &month.scores;
        scores.write(&bundle, &self.out)?;
        let written = self.write_back(scores, bundle.threshold, &report)?;
        let changes = month.since(&lists, bundle.threshold);
        let flagged = scores.rows.iter().filter(|row| row.repeated).count();
        let differences = &scores.differences;
        if !self.json {
            let lang = Lang::of_environment();
            let at_risk = scores.rows.iter().filter(|r| r.probability >= bundle.threshold).count();
            super::out!(
                "{}",
                lang.with(
                    "cli.scored",
                    &[
                        ("rows", lang.count(scores.rows.len() as u64)),
                        ("at_risk", lang.count(at_risk as u64)),
                        ("file", self.out.display().to_string()),
                    ]
                )
            );
            if let Some(worked_out) = &worked_out {
                super::pushing::print(lang, worked_out);
            }
            for line in words::differences(lang, differences, words::Against::Model) {
                super::out!("  ! {line}");
            }
            if let Some((list, changes)) = &changes {
                super::out!(
                    "{}",
                    lang.with("month.since", &[("file", list.file.clone()), ("day", list.made.clone())])
                );
                for change in Change::ALL {
                    let name = lang.t(&format!("change.{}", change.name()));
                    super::out!("  {:>6}  {name}", lang.count(changes.count(change) as u64));
                }
            }
        }
        let changes = changes.map(|(list, changes)| {
            let counts: serde_json::Map<String, serde_json::Value> =
                Change::ALL.iter().map(|c| (c.name().to_owned(), changes.count(*c).into())).collect();
            json!({ "since": list.file, "made": list.made, "counts": counts, "gone": changes.gone })
        });
        let pushed = worked_out.as_ref().map(super::pushing::to_json);
        Ok(json!({
            "pushed_down": pushed,
            "rows": table.height(), "scored": scores.rows.len(), "flagged_rows": flagged,
            "rejected_rows": table.rejected_count, "extra_columns": differences.extra,
            "differences": differences, "changes": changes, "write_back": written,
            "seconds": started.elapsed().as_secs_f64(), "out": self.out,
        }))
    }

    /// Writes the scores into the database that was named, or tells what would change there.
    fn write_back(
        &self,
        scores: &Scores,
        threshold: f64,
        report: &Reporter,
    ) -> Result<Option<Written>, super::Failure> {
        let Some(to) = &self.write_back else { return Ok(None) };
        let (place, table) = to.rsplit_once('#').unwrap_or((to, "regulars_scores"));
        let (address, given) = Address::parse(place)?;
        let secret = match &address {
            Address::Sqlite { .. } => None,
            Address::Server(_) => super::source::password(&address, given)?,
        };
        let named = scores.rows.iter().filter(|row| row.named).map(|row| ScoreRow {
            id: row.id.clone(),
            probability: row.probability,
            at_risk: row.probability >= threshold,
        });
        let rows: Vec<ScoreRow> = named.collect();
        let table = super::source::table_name(table);
        let written =
            database::write_scores(&address, secret.as_ref(), (&table, &rows), self.dry_run, report)?;
        if !self.json {
            let lang = Lang::of_environment();
            let counts =
                [("inserted", written.inserted), ("changed", written.changed), ("same", written.same)];
            let mut args = counts.map(|(name, count)| (name, lang.count(count as u64))).to_vec();
            args.push(("table", table.to_string()));
            let key = if written.dry_run { "watch.cli.would_write" } else { "watch.cli.written" };
            super::out!("{}", lang.with(key, &args));
        }
        Ok(Some(written))
    }

    /// Scores block by block; `None` where that cannot be, and the whole is read.
    fn streamed(
        &self,
        bundle: &Bundle,
        settings: &Settings,
        file: &Path,
        report: &Reporter,
    ) -> Result<Option<serde_json::Value>, super::Failure> {
        let started = std::time::Instant::now();
        let lacking = if self.fill { Lacking::Fill } else { Lacking::Refuse };
        let ask = Ask { bundle, lacking, read: &settings.read, rules: &Rules::default() };
        let Some(batch) = batch::score(ask, file, &self.out, report)? else { return Ok(None) };
        let lang = Lang::of_environment();
        if !self.json {
            let args = [
                ("rows", lang.count(batch.rows)),
                ("at_risk", lang.count(batch.at_risk)),
                ("file", self.out.display().to_string()),
            ];
            super::out!("{}", lang.with("cli.scored", &args));
            for line in words::differences(lang, &batch.differences, words::Against::Model) {
                super::out!("  ! {line}");
            }
            for alert in batch.alerts() {
                super::out!("  ! {}", words::watch::alert(lang, alert));
            }
        }
        Ok(Some(json!({
            "rows": batch.rows, "scored": batch.rows, "flagged_rows": batch.flagged,
            "rejected_rows": batch.rejected, "extra_columns": batch.differences.extra,
            "differences": batch.differences, "changes": null, "drift": batch.drift, "streamed": true,
            "seconds": started.elapsed().as_secs_f64(), "out": self.out,
        })))
    }
}
