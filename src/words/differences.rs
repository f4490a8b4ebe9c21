//! How a new file differs from an earlier one.

use regulars_engine::deploy::Differences;

use super::{Lang, percent};

/// What a new file is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The file that a model learnt from.
    Model,
    /// The file that a recipe was made on.
    Recipe,
}

/// How a new file differs from the earlier one, one sentence each.
pub fn differences(lang: Lang, found: &Differences, against: Against) -> Vec<String> {
    let of = |model: &'static str, recipe: &'static str| match against {
        Against::Model => model,
        Against::Recipe => recipe,
    };
    let mut out = Vec::new();
    if !found.missing.is_empty() {
        let key = of("month.missing", "recipe.missing");
        out.push(lang.with(key, &[("columns", lang.list(&found.missing))]));
    }
    for (then, now) in &found.renamed {
        out.push(lang.with("month.renamed", &[("then", then.clone()), ("now", now.clone())]));
    }
    if !found.extra.is_empty() {
        let key = of("month.extra", "recipe.extra");
        out.push(lang.with(key, &[("columns", lang.list(&found.extra))]));
    }
    for (column, levels) in &found.new_levels {
        let shown: Vec<String> = levels
            .iter()
            .take(5)
            .map(|(level, rows)| format!("{level} ({})", lang.count(*rows as u64)))
            .collect();
        let more = if levels.len() > 5 { " …" } else { "" };
        let args = [("column", column.clone()), ("levels", format!("{}{more}", lang.list(&shown)))];
        out.push(lang.with(of("month.new_levels", "recipe.new_levels"), &args));
    }
    if found.no_identifier {
        out.push(lang.t(of("month.no_identifier", "recipe.no_identifier")));
    }
    for (column, then, now) in &found.later {
        let day = |days: &f64| regulars_engine::detect::date::format((days * 86_400_000.0) as i64);
        let args = [("column", column.clone()), ("then", day(then)), ("now", day(now))];
        out.push(lang.with(of("month.later", "recipe.later"), &args));
    }
    for (column, then, now) in &found.more_missing {
        let args = [("column", column.clone()), ("then", percent(*then)), ("now", percent(*now))];
        out.push(lang.with("month.more_missing", &args));
    }
    if found.repeated > 0 {
        out.push(lang.with("month.repeated", &[("count", lang.count(found.repeated as u64))]));
    }
    for drift in &found.drift {
        let large = drift.psi >= 0.25;
        let key = if large { of("month.drift_large", "recipe.drift_large") } else { "month.drift" };
        let args = [
            ("column", drift.column.clone()),
            ("then", drift.then.clone()),
            ("now", drift.now.clone()),
            ("psi", format!("{:.2}", drift.psi)),
        ];
        out.push(lang.with(key, &args));
    }
    out
}
