//! The whole journey with a column of free text: reviews are learnt from, and a bundle scores them
//! in the same way.

use super::*;
use crate::collect::ReadOptions;
use crate::deploy::{self, Lacking};
use crate::features::text::{TermColumns, TextUse};
use crate::job::Reporter;
use crate::table::{Role, Table};
use crate::train::ModelKind;

/// Three hundred customers whose review alone tells who leaves; every tenth wrote nothing.
fn table() -> Table {
    let mut text = String::from("customer_id,age,review,churned\n");
    for at in 0..300 {
        let leaves = at % 3 == 0;
        let review = match (at % 10, leaves) {
            (9, _) => String::new(),
            (_, true) => format!("配送太慢 and cold food, visit {at}"),
            (_, false) => format!("味道好吃 and friendly people, visit {at}"),
        };
        let churned = if leaves { "yes" } else { "no" };
        text += &format!("C{at:04},{},\"{review}\",{churned}\n", 20 + at * 7 % 50);
    }
    let mut table = crate::collect::from_text("reviews.csv", &text, &ReadOptions::default()).unwrap();
    crate::collect::set_role(&mut table, "review", Role::Text).unwrap();
    crate::collect::set_role(&mut table, "churned", Role::Target).unwrap();
    table
}

#[test]
fn reviews_are_learnt_from_and_scored() {
    let (table, report) = (table(), Reporter::silent());
    let mut settings = Settings { positive: Some("yes".into()), ..Settings::default() };
    let before = prepare(&settings, &table, &report).unwrap();
    assert_eq!(before.matrix.names, ["age"], "text is off by default");
    settings.features.text = TextUse::Terms(TermColumns { limit: 20, ..TermColumns::default() });
    let prepared = prepare(&settings, &table, &report).unwrap();
    let names = &prepared.matrix.names;
    for name in ["review: 好吃", "review: cold food", "review: (blank)"] {
        assert!(names.iter().any(|one| one == name), "{name}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("visit 1")), "too rare: {names:?}");
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &report).unwrap();
    assert!(outcome.test.fixed("roc_auc").is_some_and(|auc| auc.value > 0.85), "{:?}", outcome.test);

    let bundle = bundle(&settings, &prepared, &outcome, None);
    let bundle: deploy::Bundle = serde_json::from_str(&serde_json::to_string(&bundle).unwrap()).unwrap();
    assert!(bundle.is_sound() && bundle.needed().contains(&"review"));
    let scores = bundle.score(&table, Lacking::Refuse, &report).unwrap();
    for (at, row) in prepared.cleaning.last().rows.iter().enumerate() {
        let scored = scores.rows.iter().find(|scored| scored.row == *row).unwrap();
        assert!((scored.probability - outcome.probabilities[at]).abs() < 1e-9);
    }
    let mut lacking = table.clone();
    lacking.raw = lacking.raw.drop("review").unwrap();
    lacking.columns.retain(|column| column.name != "review");
    let refused = bundle.score(&lacking, Lacking::Refuse, &report).map(|_| ()).unwrap_err();
    assert_eq!(refused.place().column.as_deref(), Some("review"));
}
