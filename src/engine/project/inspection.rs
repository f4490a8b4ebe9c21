//! Everything that is known of a table before anything is learnt from it.

use super::{Prepared, Settings, pick};
use crate::clean::{CleanError, Cleaning};
use crate::inspect::{
    Association, Holes, Measure, Quality, Summary, Target, associations, holes, quality, summarize,
    with_target,
};
use crate::job::Reporter;
use crate::split::Side;
use crate::table::{ColumnSpec, Role, Table};

/// Bands of rows in the map of what is missing.
const BANDS: usize = 60;

/// What was found by looking.
#[derive(Debug, Clone)]
pub struct Inspection {
    pub quality: Quality,
    pub summaries: Vec<Summary>,
    /// Numbers by Pearson's r, and by Spearman's.
    pub linear: Association,
    pub ranked: Association,
    pub holes: Holes,
    /// Columns beside the target, on training rows; empty where there is no target.
    pub target: Vec<Target>,
}

/// Looks at the rows as they are known before holes are filled and numbers scaled.
///
/// # Errors
/// The person cancelled.
pub fn inspect(
    settings: &Settings,
    table: &Table,
    prepared: Option<&Prepared>,
    cleaning: &Cleaning,
    report: &Reporter,
) -> crate::Result<Inspection> {
    let schema: Vec<ColumnSpec> = match prepared {
        Some(prepared) => prepared.schema.clone(),
        None => {
            let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
            settings.recipe.schema_after(&schema)?
        }
    };
    let used: Vec<ColumnSpec> = schema.into_iter().filter(|spec| spec.role != Role::Ignore).collect();
    let frame = cleaning.before_filling();
    let mut summaries = Vec::with_capacity(used.len());
    for (at, spec) in used.iter().enumerate() {
        report.check()?;
        report.progress(0.5 * at as f64 / used.len() as f64);
        summaries.push(summarize(frame, spec));
    }
    let linear = associations(frame, &used, Measure::Pearson, report)?;
    report.progress(0.7);
    let ranked = associations(frame, &used, Measure::Spearman, report)?;
    report.progress(0.9);
    let target = match prepared {
        Some(prepared) => {
            let keep: Vec<bool> = prepared.sides.iter().map(|side| *side == Side::Train).collect();
            let train = frame.filter(&keep).map_err(CleanError::from)?;
            with_target(&train, &used, &pick(&prepared.labels.of_row, &prepared.sides, Side::Train).1)
        }
        None => Vec::new(),
    };
    let quality = quality(table, cleaning);
    report.progress(1.0);
    Ok(Inspection { quality, summaries, linear, ranked, holes: holes(frame, &used, BANDS), target })
}

/// True if the rows look like orders or events rather than customers: an identifier that comes back.
pub fn looks_like_events(table: &Table) -> bool {
    let rows = table.height() as u64;
    let has_date = table.columns.iter().any(|c| c.role == Role::Date);
    let named = |name: &str| {
        let name = name.to_lowercase();
        name.contains("customer") || name.contains("client") || name.contains("user") || name.contains("客户")
    };
    has_date && table.columns.iter().any(|c| named(&c.name) && c.distinct > 0 && c.distinct * 2 <= rows)
}
