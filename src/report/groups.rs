//! Groups of customers in words that the window and the terminal share: what a group is called, and the gap
//! between two of them.

use regulars_engine::evaluate::slices::{Fairness, Gap, Level, Share};
use regulars_engine::segment::Segmentation;

use crate::words::{Lang, percent, segment_name};

/// What a group is called.
pub fn level(lang: Lang, level: Option<&Level>, segments: Option<&Segmentation>) -> String {
    match level {
        Some(Level::Is(text)) => text.clone(),
        Some(Level::Between { low: Some(low), high: Some(high) }) => {
            lang.with("groups.between", &[("low", low.clone()), ("high", high.clone())])
        }
        Some(Level::Between { low: None, high: Some(high) }) => format!("<{high}"),
        Some(Level::Between { low: Some(low), high: None }) => format!("≥{low}"),
        Some(Level::Between { low: None, high: None }) | None => lang.t("slices.all"),
        Some(Level::Other) => lang.t("slices.other"),
        Some(Level::Missing) => lang.t("slices.missing"),
        Some(Level::Segment(at)) => {
            let name = segments.and_then(|found| found.segments.get(*at));
            let name = name.map_or_else(|| lang.t("customers.segment"), |one| segment_name(lang, one));
            lang.with("groups.segment", &[("name", name), ("number", (at + 1).to_string())])
        }
    }
}

/// The gaps of a column in words, the widest first; what is chance is said to be.
pub fn gaps(lang: Lang, found: &Fairness, name: &dyn Fn(usize) -> String) -> Vec<String> {
    if found.asked == 0 {
        return vec![lang.t("fair.none")];
    }
    if found.gaps.is_empty() {
        return vec![lang.t("fair.alike")];
    }
    found.gaps.iter().map(|gap| sentence(lang, gap, found.asked, name)).collect()
}

/// One gap: both shares, the difference, and whether it is more than chance.
fn sentence(lang: Lang, gap: &Gap, asked: usize, name: &dyn Fn(usize) -> String) -> String {
    let points = |value: f64| format!("{:.1}", 100.0 * value).replace('-', "−");
    let key = match gap.share {
        Share::Selection => "fair.gap.selection",
        Share::Found => "fair.gap.found",
        Share::Wrongly => "fair.gap.wrongly",
    };
    let [high, low] = gap.shares;
    let args = [
        ("high", name(gap.high)),
        ("low", name(gap.low)),
        ("more", percent(high)),
        ("less", percent(low)),
        ("gap", points(gap.value.value)),
        ("from", points(gap.value.low)),
        ("to", points(gap.value.high)),
        ("asked", lang.count(asked as u64)),
    ];
    let sure = if gap.is_sure() { "fair.sure" } else { "fair.unsure" };
    let space = if lang == Lang::Zh { "" } else { " " };
    format!("{}{space}{}", lang.with(key, &args), lang.with(sure, &args))
}

#[cfg(test)]
mod tests {
    use regulars_engine::metrics::Estimate;

    use super::*;

    #[test]
    fn a_gap_is_said_with_both_shares_in_both_languages() {
        let value = Estimate { value: 0.489, low: 0.05, high: 0.7 };
        let gap = Gap { share: Share::Found, high: 0, low: 1, shares: [0.556, 0.067], value };
        let found = Fairness { groups: Vec::new(), gaps: vec![gap], asked: 9 };
        let name = |at: usize| ["Hillview", "Seaside"].get(at).copied().unwrap_or_default().to_owned();
        let said = gaps(Lang::En, &found, &name);
        assert!(said[0].contains("Hillview") && said[0].contains("55.6%") && said[0].contains("6.7%"));
        assert!(said[0].contains("48.9") && said[0].contains("more than chance"), "{said:?}");
        let unsure = Gap { value: Estimate { low: -0.01, ..value }, ..gap };
        let said = gaps(Lang::Zh, &Fairness { gaps: vec![unsure], ..found }, &name);
        assert!(said[0].contains("6.7%") && said[0].contains("偶然") && !said[0].contains("。 "), "{said:?}");
        let nobody = Fairness { groups: Vec::new(), gaps: Vec::new(), asked: 0 };
        assert_eq!(gaps(Lang::En, &nobody, &name), [Lang::En.t("fair.none")]);
    }
}
