//! The whole journey with a recipe that adds, drops and renames columns and drops rows: every row
//! keeps its name, label and score, and a new file need not know of the recipe.

use super::*;
use crate::clean::{
    DeriveSpec, Derived, OutlierAction, OutlierSpec, Rule, RulesSpec, SelectSpec, Step, StepSpec, Then,
};
use crate::collect::ReadOptions;
use crate::deploy::{Bundle, Lacking};
use crate::job::Reporter;
use crate::table::Table;
use crate::train::ModelKind;

fn table(folder: &std::path::Path) -> Table {
    let files = crate::sample::write(folder, 400, 3).unwrap();
    let file = files.iter().find(|file| file.ends_with("customers.csv")).unwrap();
    crate::collect::open(file, &ReadOptions::default(), &Reporter::silent()).unwrap()
}

fn settings() -> Settings {
    let new = |name: &str, formula: &str| Derived { name: name.into(), formula: formula.into() };
    let columns = vec![
        new("spend per order", "total_spend / orders"),
        new("days known", "days_between(signup_date, last_order_date)"),
        new("from afar", "city in ('Riverton', 'Lakeside')"),
    ];
    let rule = Rule { text: "age between 18 and 110".into(), then: Then::Missing("age".into()), on: true };
    let select = SelectSpec {
        drop: vec!["lucky_number".into(), "total_spend".into()],
        rename: vec![("customer_id".into(), "id".into()), ("orders".into(), "purchases".into())],
    };
    let outliers = OutlierSpec { action: OutlierAction::DropRow, ..OutlierSpec::default() };
    let mut settings = Settings::default();
    let local = [
        StepSpec::Rules(RulesSpec { rules: vec![rule] }),
        StepSpec::Derive(DeriveSpec { columns }),
        StepSpec::Select(select),
    ];
    let steps = &mut settings.recipe.steps;
    let at = steps.iter().position(|step| step.spec == StepSpec::Spelling).unwrap();
    steps.splice(at..at, local.map(|spec| Step { spec, on: true }));
    steps.push(Step { spec: StepSpec::Outliers(outliers), on: true });
    settings
}

#[test]
fn a_recipe_that_reshapes_the_table_goes_all_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let (table, settings, report) = (table(folder.path()), settings(), Reporter::silent());
    let prepared = prepare(&settings, &table, &report).unwrap();

    // Outliers were dropped, and everything that goes by rows went with them.
    let rows = prepared.cleaning.last().rows.clone();
    let stage = |name: &str| prepared.cleaning.stages.iter().find(|stage| stage.change.name == name).unwrap();
    assert!(stage("outliers").change.rows_dropped > 0);
    for length in [prepared.sides.len(), prepared.ids.len(), prepared.labels.of_row.len()] {
        assert_eq!(length, rows.len());
    }
    let id = table.text("customer_id").unwrap();
    let churned = table.text("churned").unwrap();
    for (at, row) in rows.iter().enumerate() {
        let place = table.rows.iter().position(|one| one == row).unwrap();
        assert_eq!(prepared.ids[at].as_deref(), id.get(place));
        let is_positive = churned.get(place).map(|value| value == prepared.labels.positive);
        assert_eq!(prepared.labels.of_row[at], is_positive);
    }

    // Features come from the columns after the recipe.
    let learnt: Vec<&str> = prepared.features.encoders.iter().map(|encoder| encoder.column()).collect();
    assert!(
        ["spend per order", "days known", "from afar", "purchases"].iter().all(|name| learnt.contains(name))
    );
    assert!(!["lucky_number", "total_spend", "orders"].iter().any(|name| learnt.contains(name)));

    // The bundle scores the file that it was learnt from as the model did, dropped rows too.
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &report).unwrap();
    let bundle = bundle(&settings, &prepared, &outcome, None);
    let text = serde_json::to_string(&bundle).unwrap();
    let bundle: Bundle = serde_json::from_str(&text).unwrap();
    let needed = bundle.needed();
    assert!(
        needed.contains(&"total_spend") && needed.contains(&"orders") && !needed.contains(&"lucky_number")
    );
    let scores = bundle.score(&table, Lacking::Refuse, &report).unwrap();
    assert_eq!(scores.rows.len(), table.height());
    for (at, row) in rows.iter().enumerate() {
        let scored = scores.rows.iter().find(|scored| scored.row == *row).unwrap();
        assert!((scored.probability - outcome.probabilities[at]).abs() < 1e-9);
    }
    assert!(scores.differences.drift.is_empty() && scores.differences.missing.is_empty());

    // A column that a formula needs is needed; one that the recipe leaves out is not.
    let without = |name: &str| {
        let mut other = table.clone();
        other.raw = other.raw.drop(name).unwrap();
        other.columns.retain(|column| column.name != name);
        other
    };
    assert!(bundle.score(&without("lucky_number"), Lacking::Refuse, &report).is_ok());
    let refused = bundle.score(&without("total_spend"), Lacking::Refuse, &report).map(|_| ()).unwrap_err();
    assert_eq!(refused.place().column.as_deref(), Some("total_spend"));

    // All that is needed and not there is named at once.
    let mut other = without("total_spend");
    other.raw = other.raw.drop("orders").unwrap();
    other.columns.retain(|column| column.name != "orders");
    let refused = bundle.score(&other, Lacking::Refuse, &report).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), "missing_column");
    assert_eq!(refused.place().column.as_deref(), refused.columns().first().map(String::as_str));
    assert_eq!(refused.columns().len(), 2);
    assert!(["“orders”", "“total_spend”"].iter().all(|name| refused.to_string().contains(name)));
}

#[test]
fn a_recipe_that_does_not_suit_the_table_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (mut table, settings) = (table(folder.path()), settings());
    table.raw = table.raw.drop("orders").unwrap();
    table.columns.retain(|column| column.name != "orders");
    let error = prepare(&settings, &table, &Reporter::silent()).map(|_| ()).unwrap_err();
    assert_eq!((error.kind(), error.place().column.as_deref()), ("formula_column", Some("orders")));
}
