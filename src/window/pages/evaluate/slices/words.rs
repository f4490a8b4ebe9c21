//! Slices in words.

use regulars_engine::evaluate::slices::{Condition, Measure};
use regulars_engine::project::Slices;
use regulars_engine::segment::Segmentation;

use crate::report::groups;
use crate::words::Lang;

/// A column; segments have no name of their own.
pub(super) fn column(lang: Lang, slices: &Slices, at: usize) -> String {
    let name = slices.groupings.get(at).map_or("", |grouping| grouping.column.as_str());
    if name.is_empty() { lang.t("customers.segment") } else { name.to_owned() }
}

/// The level of a condition.
pub(super) fn level(lang: Lang, slices: &Slices, one: Condition, segments: Option<&Segmentation>) -> String {
    groups::level(lang, slices.named(one).map(|(_, level)| level), segments)
}

/// All conditions of a slice.
pub(super) fn slice(
    lang: Lang,
    slices: &Slices,
    conditions: &[Condition],
    segments: Option<&Segmentation>,
) -> String {
    let part = |one: &Condition| {
        let args =
            [("column", column(lang, slices, one.grouping)), ("level", level(lang, slices, *one, segments))];
        lang.with("slices.condition", &args)
    };
    let parts: Vec<String> = conditions.iter().map(part).collect();
    parts.join(&lang.t("slices.and"))
}

/// A figure of the measure.
pub(super) fn value(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Auc => format!("{value:.3}"),
        Measure::Recall | Measure::Precision => format!("{:.1}%", 100.0 * value),
        Measure::CalibrationGap => format!("{:+.1}", 100.0 * value).replace('-', "−"),
    }
}

/// A chance.
pub(super) fn chance(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}
