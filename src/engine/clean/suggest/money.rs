//! The suggestion to bring amounts of several currencies to one.

use std::collections::BTreeMap;

use super::{Look, Mend, Suggestion, evidence};
use crate::clean::money::{self, Stated};
use crate::clean::{CurrencySpec, StepSpec};
use crate::detect::missing;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, Role};

/// Share of a column's values that must be amounts, or codes of currencies.
const SHARE: f64 = 0.6;

pub(super) fn suggest(look: &Look<'_>) -> crate::Result<Option<Suggestion>> {
    if look.recipe.steps.iter().any(|step| matches!(step.spec, StepSpec::Currency(_))) {
        return Ok(None);
    }
    let rows = look.rows_for(&StepSpec::Currency(CurrencySpec::default()));
    let spec = CurrencySpec::default();
    let mut columns = Vec::new();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for column in look
        .schema
        .iter()
        .filter(|c| matches!(c.role, Role::Money | Role::Number | Role::Text | Role::Category))
    {
        let of_column = stated(look, rows, column, &spec)?;
        if of_column.len() >= 2 {
            columns.push(column.name.clone());
            of_column.into_iter().for_each(|(code, count)| *counts.entry(code).or_default() += count);
        }
    }
    let mut currency_column = None;
    if columns.is_empty() {
        // Amounts in one column, their currency in another; but the most frequent currency of a
        // customer's orders (`orders: most frequent currency`) is not that of the amounts beside it.
        let may = |c: &&ColumnSpec| matches!(c.role, Role::Category | Role::Text) && !c.name.contains(": ");
        let found = look.schema.iter().filter(may).find_map(|column| {
            let codes = named(rows, column, &spec)?;
            (codes.len() >= 2).then(|| (column.name.clone(), codes))
        });
        let Some((name, codes)) = found else { return Ok(None) };
        columns.extend(look.schema.iter().filter(|c| c.role == Role::Money).map(|c| c.name.clone()));
        (currency_column, counts) = (Some(name), codes);
    }
    let most = counts.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
    let (Some((to, _)), false) = (most, columns.is_empty()) else { return Ok(None) };
    let why = Note::new("suggest_currency")
        .with("columns", columns.join(", "))
        .with("currencies", counts.keys().cloned().collect::<Vec<_>>().join(", "));
    let mend = StepSpec::Currency(CurrencySpec { columns, to: to.clone(), currency_column, ..spec });
    let change = look.tried(&mend)?;
    let lacking: u64 = change
        .notes
        .iter()
        .filter(|note| note.code == "currency_no_rate")
        .flat_map(|note| &note.args)
        .filter(|(name, _)| *name == "count")
        .filter_map(|(_, count)| count.parse::<u64>().ok())
        .sum();
    Ok(Some(Suggestion {
        why,
        effect: Note::new("suggest_currency_effect").with("to", to).with("count", lacking),
        mend: Mend::AddStep(mend),
        evidence: evidence(change),
    }))
}

/// The currencies that a column's cells state, with their counts; empty if it does not hold
/// amounts.
fn stated(
    look: &Look<'_>,
    rows: &Frame,
    column: &ColumnSpec,
    spec: &CurrencySpec,
) -> crate::Result<BTreeMap<String, u64>> {
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let (mut present, mut amounts) = (0u64, 0u64);
    let Some(text) = rows.text(&column.name) else { return Ok(codes) };
    for (at, value) in text.iter().enumerate() {
        if at % 512 == 0 {
            look.report.check()?;
            // The first values tell text from amounts.
            if at > 0 && amounts * 10 < present {
                return Ok(BTreeMap::new());
            }
        }
        let Some(value) = value.filter(|value| !missing::is_missing(value)) else { continue };
        present += 1;
        let Some((_, stated)) = money::read(value, column.decimal) else { continue };
        amounts += 1;
        let code = match stated {
            Some(Stated::Code(code)) => code,
            Some(Stated::Dollar) => spec.dollar.clone(),
            Some(Stated::Yen) => spec.yen.clone(),
            None => continue,
        };
        *codes.entry(code).or_default() += 1;
    }
    let is_amounts = amounts as f64 > SHARE * present as f64;
    Ok(if is_amounts { codes } else { BTreeMap::new() })
}

/// The currencies that a column names; `None` if it names something else.
fn named(rows: &Frame, column: &ColumnSpec, spec: &CurrencySpec) -> Option<BTreeMap<String, u64>> {
    let mut levels: BTreeMap<&str, u64> = BTreeMap::new();
    for value in rows.text(&column.name)?.iter().flatten().filter(|value| !missing::is_missing(value)) {
        *levels.entry(value).or_default() += 1;
        // There are not so many currencies.
        if levels.len() > 200 {
            return None;
        }
    }
    let present: u64 = levels.values().sum();
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for (value, count) in levels {
        if let Some(code) = money::code_of(value, spec) {
            *codes.entry(code).or_default() += count;
        }
    }
    (codes.values().sum::<u64>() as f64 > 0.9 * present as f64).then_some(codes)
}
