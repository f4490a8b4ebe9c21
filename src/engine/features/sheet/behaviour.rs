//! Formulas of features of behaviour, by the names that `features::behaviour` gives them; see
//! `docs/behaviour.md`.

use crate::note::Note;

/// How a column of behaviour is computed; `None` for any other column.
pub(super) fn formula(column: &str) -> Option<Note> {
    if let Some(date) = column.strip_suffix(": days before") {
        return Some(Note::new("behaviour_days_before").with("column", date));
    }
    let (group, name) = column.split_once(": ")?;
    let days = |prefix: &str| name.strip_prefix(prefix)?.strip_suffix(" days");
    if let Some(days) = days("last ") {
        let note = match group {
            "orders" => Note::new("made_orders_window"),
            "spent" => Note::new("made_spent_window"),
            "events" => Note::new("made_events_window"),
            "feedback" => Note::new("made_feedback_window"),
            _ => return None,
        };
        return Some(note.with("days", days));
    }
    if let Some(days) = days("trend ") {
        let note = match group {
            "orders" => Note::new("made_orders_trend"),
            "spent" => Note::new("made_spent_trend"),
            "events" => Note::new("made_events_trend"),
            _ => return None,
        };
        return Some(note.with("days", days));
    }
    if let Some(level) = name.strip_prefix("share of ") {
        let note = match (group, level) {
            ("returns", "rows") => return Some(Note::new("made_returns_share")),
            ("discounts", "rows") => return Some(Note::new("made_discounts_share")),
            ("products", "repeats") => return Some(Note::new("made_products_repeats")),
            ("category", _) => Note::new("made_category_share"),
            ("channel", _) => Note::new("made_channel_share"),
            ("events", _) => Note::new("made_events_share"),
            _ => return None,
        };
        return Some(note.with("level", level));
    }
    Some(match (group, name) {
        ("orders", "days since last") => Note::new("made_orders_recency"),
        ("orders", "count") => Note::new("made_orders_count"),
        ("orders", "purchase days") => Note::new("made_orders_days"),
        ("orders", "days since first") => Note::new("made_orders_tenure"),
        ("orders", "mean gap") => Note::new("made_gap_mean"),
        ("orders", "median gap") => Note::new("made_gap_median"),
        ("orders", "gap spread") => Note::new("made_gap_spread"),
        ("orders", "last gap to mean") => Note::new("made_gap_last"),
        ("orders", "gap trend") => Note::new("made_gap_trend"),
        ("orders", "silence to mean gap") => Note::new("made_gap_silence"),
        ("orders", "weekend share") => Note::new("made_weekend"),
        ("orders", "weekday sin" | "weekday cos") => Note::new("made_weekday"),
        ("orders", "hour sin" | "hour cos") => Note::new("made_hour"),
        ("spent", "sum") => Note::new("made_spent_sum"),
        ("spent", "mean order") => Note::new("made_spent_mean"),
        ("spent", "last order") => Note::new("made_spent_last"),
        ("returns", "count") => Note::new("made_returns_count"),
        ("returns", "value") => Note::new("made_returns_value"),
        ("basket", "rows per order") => Note::new("made_basket_rows"),
        ("basket", "pieces per order") => Note::new("made_basket_pieces"),
        ("products", "distinct") => Note::new("made_products_distinct"),
        ("products", "diversity") => Note::new("made_products_diversity"),
        ("category", "diversity") => Note::new("made_category_diversity"),
        ("events", "count") => Note::new("made_events_count"),
        ("events", "days since last") => Note::new("made_events_recency"),
        ("events", "sessions") => Note::new("made_events_sessions"),
        ("events", "events per session") => Note::new("made_events_per_session"),
        ("feedback", "count") => Note::new("made_feedback_count"),
        ("feedback", "days since last") => Note::new("made_feedback_recency"),
        ("feedback", "mean rating") => Note::new("made_feedback_mean"),
        ("feedback", "last rating") => Note::new("made_feedback_last"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::behaviour::{FittedBehaviour, Layout, Question};

    #[test]
    fn every_feature_of_behaviour_has_a_formula() {
        let layout = Layout {
            amount: true,
            quantity: true,
            product: true,
            category: true,
            channel: true,
            discount: true,
            returns: true,
            hours: true,
            events: true,
            event_kind: true,
            feedback: true,
            rating: true,
        };
        let level = || vec!["tea".to_owned()];
        let fitted = FittedBehaviour {
            question: Question::default(),
            layout,
            categories: level(),
            channels: level(),
            event_kinds: level(),
            kept: Vec::new(),
            columns: None,
            learnt_until: 0,
            first_asked: 0,
        };
        let features = fitted.features();
        assert!(features.len() > 50, "{}", features.len());
        for feature in features {
            assert!(formula(&feature.name).is_some(), "{}", feature.name);
        }
        assert!(formula("signup: days before").is_some());
        assert_eq!(formula("age"), None);
        assert_eq!(formula("orders: something new"), None);
    }
}
