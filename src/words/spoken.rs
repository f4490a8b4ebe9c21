//! A surrogate tree read aloud: one sentence a leaf.

use regulars_engine::evaluate::explain::{Ask, Dependence, Surrogate};

use super::{Lang, percent};

/// What is asked of a customer, as a clause that says yes or no.
pub fn clause(lang: Lang, ask: &Ask, answer: bool) -> String {
    let column = ("column", ask.column().to_owned());
    let (key, other) = match ask {
        Ask::Less { bound, .. } | Ask::Feature { bound, .. } => {
            (if answer { "surrogate.less" } else { "surrogate.not_less" }, ("value", bound.clone()))
        }
        Ask::Since { day, .. } => {
            (if answer { "surrogate.since" } else { "surrogate.before" }, ("value", day.clone()))
        }
        Ask::Is { level, .. } => {
            (if answer { "surrogate.is" } else { "surrogate.is_not" }, ("value", level.clone()))
        }
        Ask::Rare { .. } => {
            (if answer { "surrogate.rare" } else { "surrogate.not_rare" }, ("value", String::new()))
        }
        Ask::Missing { .. } => {
            (if answer { "surrogate.missing" } else { "surrogate.known" }, ("value", String::new()))
        }
    };
    lang.with(key, &[column, other])
}

/// True where the later of two answers says all that the earlier one did.
fn holds(later: (&Ask, bool), earlier: (&Ask, bool)) -> bool {
    let same_column = later.0.column() == earlier.0.column();
    let narrows = |ask: &Ask| matches!(ask, Ask::Less { .. } | Ask::Feature { .. } | Ask::Since { .. });
    let same_way = later.1 == earlier.1 && narrows(later.0) && narrows(earlier.0);
    let is_level = matches!(later, (Ask::Is { .. }, true)) && matches!(earlier, (Ask::Is { .. }, false));
    same_column && (same_way || is_level)
}

/// One sentence a leaf, the greatest probability first.
pub fn sentences(lang: Lang, tree: &Surrogate) -> Vec<String> {
    let sentence = |(at, way): (usize, Vec<(&Ask, bool)>)| {
        let node = tree.nodes.get(at)?;
        let args = |clauses: String| {
            [("clauses", clauses), ("probability", percent(node.probability)), ("share", percent(node.share))]
        };
        let said = way
            .iter()
            .enumerate()
            .filter(|(at, earlier)| !way.iter().skip(at + 1).any(|later| holds(*later, **earlier)));
        let clauses: Vec<String> = said.map(|(_, (ask, answer))| clause(lang, ask, *answer)).collect();
        Some(match clauses.is_empty() {
            true => lang.with("surrogate.everyone", &args(String::new())),
            false => lang.with("surrogate.sentence", &args(clauses.join(&lang.t("surrogate.and")))),
        })
    };
    tree.leaves().into_iter().filter_map(sentence).collect()
}

/// How well the tree speaks for the model.
pub fn fidelity(lang: Lang, tree: &Surrogate, threshold: f64) -> String {
    let of = &tree.fidelity;
    let args = [
        ("r2", of.r2.map_or_else(|| "–".to_owned(), |r2| percent(r2.max(0.0)))),
        ("agreement", percent(of.agreement.value)),
        ("low", percent(of.agreement.low)),
        ("high", percent(of.agreement.high)),
        ("rows", lang.count(of.rows as u64)),
        ("threshold", percent(threshold)),
    ];
    lang.with("surrogate.fidelity", &args)
}

/// What a model makes of a column, in one sentence: the title of its chart. `proven` tells whether the column
/// counts beyond chance, where that was measured; with `changes` the chart shows how far the probability moves,
/// not where it lies.
pub fn dependence(lang: Lang, of: &Dependence, proven: Option<bool>, changes: bool) -> String {
    /// Less than a point is nothing.
    const LEAST: f64 = 0.01;
    let column = ("column", of.column.clone());
    let [low, high] = of.ends.map(|at| of.points.get(at));
    if proven == Some(false) {
        return lang.with("explain.dependence_chance", &[column]);
    }
    match (low, high) {
        (Some(low), Some(high)) if of.swing >= LEAST => {
            let args = [
                column,
                ("low", low.label.clone()),
                ("lowest", percent(low.mean.value)),
                ("high", high.label.clone()),
                ("highest", percent(high.mean.value)),
                ("swing", format!("{:.1}", 100.0 * of.swing)),
            ];
            lang.with(if changes { "explain.dependence_change" } else { "explain.dependence" }, &args)
        }
        _ => lang.with("explain.dependence_flat", &[column]),
    }
}

#[cfg(test)]
mod tests {
    use regulars_engine::evaluate::explain::{Axis, DependencePoint, Fidelity, SurrogateNode};
    use regulars_engine::metrics::Estimate;

    use super::*;

    #[test]
    fn a_title_says_what_its_axis_shows_and_nothing_of_what_is_chance() {
        let point = |label: &str, at: f64, value: f64| DependencePoint {
            label: label.into(),
            at,
            mean: Estimate { value, low: value, high: value },
            inner: [value, value],
            share: 0.5,
            thin: false,
        };
        let of = Dependence {
            column: "visits".into(),
            axis: Axis::Number,
            points: vec![point("1", 1.0, 0.6), point("9", 9.0, 0.2)],
            lines: Vec::new(),
            centred: Vec::new(),
            rows: 100,
            ends: [1, 0],
            swing: 0.4,
            against: 0.0,
        };
        let levels = dependence(Lang::En, &of, Some(true), false);
        assert!(levels.contains("20.0%") && levels.contains("60.0%"), "{levels}");
        let changes = dependence(Lang::En, &of, Some(true), true);
        assert!(changes.contains("40.0 points") && !changes.contains('%'), "{changes}");
        for lang in Lang::ALL {
            let chance = dependence(lang, &of, Some(false), false);
            assert!(!chance.contains("20.0") && !chance.contains("60.0"), "{chance}");
        }
        assert_eq!(dependence(Lang::En, &of, None, false), levels);
    }

    fn less(column: &str, bound: &str) -> Option<Ask> {
        Some(Ask::Less { column: column.into(), bound: bound.into() })
    }

    #[test]
    fn a_tree_is_read_aloud_in_both_languages_without_repeating_itself() {
        let node = |ask, yes, no, probability| SurrogateNode { ask, yes, no, probability, share: 0.25 };
        let city = Some(Ask::Is { column: "city".into(), level: "Bonn".into() });
        let nodes = vec![
            node(less("tickets", "4"), 1, 6, 0.3),
            node(less("tickets", "2"), 2, 3, 0.2),
            node(None, 0, 0, 0.1),
            node(city, 4, 5, 0.4),
            node(None, 0, 0, 0.6),
            node(None, 0, 0, 0.3),
            node(None, 0, 0, 0.9),
        ];
        let agreement = Estimate { value: 0.9, low: 0.8, high: 0.95 };
        let fidelity = Fidelity { r2: Some(0.8), agreement, rows: 100 };
        let tree = Surrogate { nodes, fidelity, depth: 3, rows: 100 };
        assert_eq!(
            sentences(Lang::En, &tree),
            [
                "If tickets is 4 or more: 90.0% (25.0% of the customers).",
                "If tickets is below 4 and tickets is 2 or more and city is Bonn: 60.0% (25.0% of the customers).",
                "If tickets is below 4 and tickets is 2 or more and city is not Bonn: 30.0% (25.0% of the customers).",
                "If tickets is below 2: 10.0% (25.0% of the customers).",
            ]
        );
        assert_eq!(sentences(Lang::Zh, &tree)[3], "如果 tickets 低于 2：10.0%（占客户的 25.0%）。");
    }
}
