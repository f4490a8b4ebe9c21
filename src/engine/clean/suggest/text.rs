//! Suggestions about text: characters that nobody meant, and spellings that may be one.

use std::collections::{BTreeMap, HashMap};

use super::{Look, Mend, Suggestion, evidence};
use crate::clean::spelling::fold;
use crate::clean::text_tidy::{NormalForm, TidySpec};
use crate::clean::{MergeSpec, StepSpec, clusters};
use crate::detect::missing;
use crate::note::Note;
use crate::table::Role;

/// Sureness from which a person is asked.
const SURE: f64 = 0.5;
/// Different values beyond which a column is no category.
const LEVELS: usize = 20_000;
/// Clusters of one column that are suggested.
const CLUSTERS: usize = 12;

/// Tidy text, where characters occur that nobody meant. Blanks alone are no reason.
pub(super) fn tidy(look: &Look<'_>) -> crate::Result<Option<Suggestion>> {
    if look.recipe.steps.iter().any(|step| matches!(step.spec, StepSpec::TextTidy(_))) {
        return Ok(None);
    }
    let odd = TidySpec { blanks: false, form: NormalForm::Keep, ..TidySpec::default() };
    let found = look.tried(&StepSpec::TextTidy(odd))?;
    if found.cells_changed == 0 {
        return Ok(None);
    }
    let mend = StepSpec::TextTidy(TidySpec::default());
    let all = look.tried(&mend)?;
    let columns: Vec<&str> = found.columns.iter().map(|(name, _)| name.as_str()).take(5).collect();
    Ok(Some(Suggestion {
        why: Note::new("suggest_tidy").with("count", found.cells_changed).with("columns", columns.join(", ")),
        effect: Note::new("suggest_tidy_effect")
            .with("cells", all.cells_changed)
            .with("rows", all.rows_changed),
        mend: Mend::AddStep(mend),
        evidence: evidence(found),
    }))
}

/// Merge spellings of categories, one suggestion a cluster, the surest first.
pub(super) fn spellings(look: &Look<'_>) -> crate::Result<Vec<Suggestion>> {
    let mut out = Vec::new();
    // Case and blanks are that step's business.
    let folds = look.recipe.steps.iter().any(|step| step.on && step.spec == StepSpec::Spelling);
    let rows = look.rows_for(&StepSpec::MergeSpellings(MergeSpec::default()));
    for column in look.schema.iter().filter(|column| column.role == Role::Category) {
        look.report.check()?;
        let Some(text) = rows.text(&column.name) else { continue };
        let mut counts: HashMap<&str, u64> = HashMap::new();
        text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
        if counts.len() > LEVELS {
            continue;
        }
        let mut levels: Vec<(String, u64)> = counts
            .into_iter()
            .filter(|(value, _)| !missing::is_missing(value))
            .map(|(value, count)| (value.to_owned(), count))
            .collect();
        levels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if folds {
            let mut kept: Vec<(String, u64)> = Vec::new();
            let mut places: BTreeMap<String, usize> = BTreeMap::new();
            for (value, count) in levels {
                let place = *places.entry(fold(&value)).or_insert(kept.len());
                match kept.get_mut(place) {
                    Some((_, sum)) => *sum += count,
                    None => kept.push((value, count)),
                }
            }
            levels = kept;
        }
        let found = clusters(&levels, look.report)?;
        for cluster in found.into_iter().filter(|cluster| cluster.confidence >= SURE).take(CLUSTERS) {
            let map: BTreeMap<String, String> = cluster
                .members
                .iter()
                .filter(|(member, _)| *member != cluster.proposed)
                .map(|(member, _)| (member.clone(), cluster.proposed.clone()))
                .collect();
            let mend = Mend::MergeSpellings { column: column.name.clone(), map };
            let Some(change) = mend.step().map(|step| look.tried(&step)).transpose()? else { continue };
            let from: Vec<&str> = cluster
                .members
                .iter()
                .map(|(member, _)| member.as_str())
                .filter(|member| *member != cluster.proposed)
                .collect();
            out.push(Suggestion {
                why: cluster.why,
                effect: Note::new("suggest_merge_effect")
                    .with("column", &column.name)
                    .with("count", change.cells_changed)
                    .with("from", from.join(", "))
                    .with("to", &cluster.proposed),
                mend,
                evidence: evidence(change),
            });
        }
    }
    Ok(out)
}
