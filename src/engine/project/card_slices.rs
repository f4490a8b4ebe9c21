//! Parts of the test rows for the model card: where the model is weakest, and the groups whose leavers are
//! found most and least. Few, so that a card stays short; only groups of 30 rows or more.

use super::slices::groupings;
use super::{Outcome, Prepared, pick};
use crate::deploy::CardSlice;
use crate::evaluate::slices::{Grouping, Level, Measure, Rows, Search, Share, Slice, fairness, search};
use crate::job::Reporter;
use crate::metrics::Figure;
use crate::split::Side;

/// Levels that are told as the weakest.
const WEAKEST: usize = 6;

/// The parts, or nothing where there are too few test rows to judge. Figures are those of the pages: areas
/// under the ROC curve of the levels where it is least likely to be as low by chance, and the recall of the
/// two groups with the widest gap that is more than chance.
///
/// # Errors
/// The person cancelled.
pub(super) fn card_slices(
    prepared: &Prepared,
    outcome: &Outcome,
    threshold: f64,
    report: &Reporter,
) -> crate::Result<Option<Vec<CardSlice>>> {
    if !outcome.test.is_judged() {
        return Ok(None);
    }
    let (test, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
    let said: Vec<f64> = test.iter().filter_map(|&at| outcome.probabilities.get(at)).copied().collect();
    let (rows, order) = Rows::sorted(&said, &labels);
    let places: Vec<usize> = order.iter().filter_map(|&at| test.get(at)).copied().collect();
    let columns: Vec<Grouping> =
        groupings(prepared, None).iter().map(|grouping| grouping.select(&places)).collect();
    // Levels of one column alone: pairs of levels are many, and few customers each.
    let wanted = Search { measure: Measure::Auc, threshold, beam: 0, ..Search::default() };
    let mut weakest = search(&rows, &columns, &wanted, report)?.singles;
    weakest.sort_by(|a, b| a.p.total_cmp(&b.p));
    let mut out: Vec<CardSlice> =
        weakest.iter().take(WEAKEST).filter_map(|one| of_slice(&columns, one)).collect();
    let fair: Vec<_> = columns.iter().map(|column| (column, fairness(&rows, column, threshold))).collect();
    let gaps = fair.iter().filter_map(|(column, fair)| {
        let gap = fair.gap(Share::Found).filter(|gap| gap.is_sure())?;
        Some((*column, fair, gap))
    });
    if let Some((column, fair, gap)) = gaps.max_by(|a, b| a.2.value.value.total_cmp(&b.2.value.value)) {
        for level in [gap.high, gap.low] {
            let group = fair.groups.iter().find(|group| group.level == level);
            let Some((group, estimate)) = group.and_then(|group| Some((group, group.found?))) else {
                continue;
            };
            let part = in_words(column, level);
            out.push(CardSlice {
                part,
                rows: group.rows,
                metric: Figure::Recall.name().to_owned(),
                estimate,
            });
        }
    }
    Ok((!out.is_empty()).then_some(out))
}

fn of_slice(columns: &[Grouping], one: &Slice) -> Option<CardSlice> {
    let condition = one.conditions.first()?;
    let part = in_words(columns.get(condition.grouping)?, condition.level);
    let metric = Figure::RocAuc.name().to_owned();
    Some(CardSlice { part, rows: one.rows as u64, metric, estimate: one.estimate })
}

/// A group in words of the data, which need no translation: `city = Hillview`, `20 ≤ age < 30`.
fn in_words(column: &Grouping, level: usize) -> String {
    let name = &column.column;
    match column.levels.get(level) {
        Some(Level::Is(text)) => format!("{name} = {text}"),
        Some(Level::Between { low: Some(low), high: Some(high) }) => format!("{low} ≤ {name} < {high}"),
        Some(Level::Between { low: Some(low), high: None }) => format!("{name} ≥ {low}"),
        Some(Level::Between { low: None, high: Some(high) }) => format!("{name} < {high}"),
        Some(Level::Other) => format!("{name} = …"),
        Some(Level::Missing) => format!("{name} = ?"),
        Some(Level::Segment(at)) => format!("{name} = {}", at + 1),
        Some(Level::Between { low: None, high: None }) | None => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Settings, card, figures_tests::shop, learn, prepare};
    use crate::train::{DeviceKind, ModelKind};

    #[test]
    fn a_card_tells_of_parts_that_are_large_enough_and_stays_sealed() {
        let silent = Reporter::silent();
        let table = shop(800, |_| true);
        let settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
        let prepared = prepare(&settings, &table, &silent).unwrap();
        let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
        let made = card(&settings, &table, &prepared, &learnt, &[&learnt], &silent).unwrap();
        let parts = made.slices.clone().expect("800 customers have parts");
        assert!((1..=WEAKEST + 2).contains(&parts.len()), "{parts:?}");
        for part in &parts {
            let e = part.estimate;
            assert!(part.rows >= 30 && part.rows < made.test_rows as u64, "{part:?}");
            assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0, "{part:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card.json");
        std::fs::write(&path, made.to_json()).unwrap();
        assert_eq!(crate::deploy::check_seal(&path).unwrap().card, made.signature);
        // A card from before there were parts bears the seal that it had.
        let before = crate::deploy::Card { slices: None, ..made.clone() }.sealed();
        assert!(before.signature != made.signature && !before.to_json().contains("slices"));
        std::fs::write(&path, before.to_json()).unwrap();
        assert_eq!(crate::deploy::check_seal(&path).unwrap().card, before.signature);
        // What was changed afterwards is known.
        let text = made.to_json().replace(&parts[0].part, "city = Elsewhere");
        std::fs::write(&path, text).unwrap();
        assert!(crate::deploy::check_seal(&path).is_err());
    }

    #[test]
    fn too_few_test_rows_have_no_parts_and_no_area_on_the_card() {
        let silent = Reporter::silent();
        let table = shop(40, |_| true);
        let settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
        let prepared = prepare(&settings, &table, &silent).unwrap();
        let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
        assert!(!learnt.test.is_judged(), "{}", learnt.test.positives());
        let made = card(&settings, &table, &prepared, &learnt, &[&learnt], &silent).unwrap();
        assert_eq!((made.slices, made.beside.len()), (None, 0));
        assert!(!made.metrics.contains_key("roc_auc") && made.metrics.contains_key("accuracy"));
    }
}
