//! A model handed on: the list that a program with a bundle behind it writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;

use super::{STREAMED_FROM, Secrets, Settings, Source, open_for};
use crate::deploy::batch::{self, Ask};
use crate::deploy::drift::Rules;
use crate::deploy::{Bundle, Differences, Lacking, Ready, scorer};
use crate::job::Reporter;

/// A list that a scorer wrote.
#[derive(Debug, Clone)]
pub struct Listed {
    pub rows: u64,
    pub at_risk: u64,
    /// Rows that repeat an earlier one.
    pub repeated: u64,
    /// Rows with a flag of [`scorer::FLAGS`].
    pub flagged: u64,
    pub rejected: u64,
    pub differences: Differences,
    pub out: PathBuf,
}

/// Scores what `from` names as `regulars score` does, and writes the list with its flags. Large delimited
/// texts go by in blocks.
///
/// # Errors
/// The data cannot be read; a needed column is missing, unless `lacking` says otherwise; the disk refuses.
pub fn score_to(
    bundle: &Arc<Bundle>,
    settings: &Settings,
    (sources, secrets): (&[Source], &Secrets),
    day: Option<NaiveDate>,
    (lacking, out): (Lacking, &Path),
    report: &Reporter,
) -> crate::Result<Listed> {
    let ready = Ready::new(bundle.clone());
    let is_large = |file: &Path| std::fs::metadata(file).is_ok_and(|m| m.len() >= STREAMED_FROM);
    if let ([Source::File(file)], None) = (sources, day)
        && is_large(file)
    {
        let ask = Ask { bundle, lacking, read: &settings.read, rules: &Rules::default() };
        if let Some((batch, flagged)) = batch::score_flagged(ask, &ready, file, out, report)? {
            return Ok(Listed {
                rows: batch.rows,
                at_risk: batch.at_risk,
                repeated: batch.flagged,
                flagged,
                rejected: batch.rejected,
                differences: batch.differences,
                out: out.to_owned(),
            });
        }
    }
    let table = open_for(bundle, settings, (sources, secrets), day, report)?;
    let (scores, answers) = ready.whole(&table, lacking, report)?;
    scorer::write_flagged(&scores, &answers, bundle, out)?;
    Ok(Listed {
        rows: scores.rows.len() as u64,
        at_risk: answers.iter().filter(|row| row.at_risk).count() as u64,
        repeated: scores.rows.iter().filter(|row| row.repeated).count() as u64,
        flagged: answers.iter().filter(|row| scorer::is_flagged(&row.flags)).count() as u64,
        rejected: table.rejected_count,
        differences: scores.differences,
        out: out.to_owned(),
    })
}
