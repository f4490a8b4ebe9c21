//! Slices in words.

use regulars_engine::evaluate::slices::{Condition, Level, Measure};
use regulars_engine::project::Slices;
use regulars_engine::segment::Segmentation;

use crate::words::{Lang, segment_name};

/// A column; segments have no name of their own.
pub(super) fn column(lang: Lang, slices: &Slices, at: usize) -> String {
    let name = slices.groupings.get(at).map_or("", |grouping| grouping.column.as_str());
    if name.is_empty() { lang.t("customers.segment") } else { name.to_owned() }
}

/// The level of a condition.
pub(super) fn level(lang: Lang, slices: &Slices, one: Condition, segments: Option<&Segmentation>) -> String {
    match slices.named(one).map(|(_, level)| level) {
        Some(Level::Is(text)) => text.clone(),
        Some(Level::Between { low: Some(low), high: Some(high) }) => format!("{low} … <{high}"),
        Some(Level::Between { low: None, high: Some(high) }) => format!("<{high}"),
        Some(Level::Between { low: Some(low), high: None }) => format!("≥{low}"),
        Some(Level::Between { low: None, high: None }) | None => lang.t("slices.all"),
        Some(Level::Other) => lang.t("slices.other"),
        Some(Level::Missing) => lang.t("slices.missing"),
        Some(Level::Segment(at)) => {
            let name = segments.and_then(|found| found.segments.get(*at));
            let name = name.map_or_else(String::new, |segment| segment_name(lang, segment));
            format!("{} · {name}", at + 1)
        }
    }
}

/// All conditions of a slice.
pub(super) fn slice(
    lang: Lang,
    slices: &Slices,
    conditions: &[Condition],
    segments: Option<&Segmentation>,
) -> String {
    let part = |one: &Condition| {
        format!("{}: {}", column(lang, slices, one.grouping), level(lang, slices, *one, segments))
    };
    let parts: Vec<String> = conditions.iter().map(part).collect();
    parts.join(" + ")
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
