//! The whole journey with every encoding and selection: what is fitted knows training rows only, a
//! question over time keeps a customer's days together, a bundle scores as the project did, and the sheet
//! tells of every feature.

use super::*;
use crate::collect::ReadOptions;
use crate::deploy::{self, Lacking};
use crate::features::{BinEdges, ColumnEncoding, Encoder, Matrix, Selection};
use crate::job::Reporter;
use crate::split::Side;
use crate::table::{Role, Table};
use crate::train::{self, Model, ModelKind};

/// Five hundred customers of some forty streets; the plan and the number of visits sway who leaves. Rows in
/// `changed` are of other streets, plans and visits.
fn table(changed: impl Fn(usize) -> bool) -> Table {
    let mut text = String::from("customer_id,street,plan,visits,spend,churned\n");
    for at in 0..500usize {
        let plan = ["basic", "plus", "pro", "staff"][at * 7 % 4];
        let visits = at * 13 % 29;
        let left = (at * 7 % 4 == 0 || visits > 20) && at % 9 > 0;
        let (street, plan, visits) = match changed(at) {
            true => ("Atlantis".to_owned(), "none such", 4_000 + at),
            false => (format!("street {}", at * at % 83), plan, visits),
        };
        let churned = if left { "yes" } else { "no" };
        text += &format!("C{at:04},{street},{plan},{visits},{}.5,{churned}\n", at * 31 % 97);
    }
    let mut table = crate::collect::from_text("streets.csv", &text, &ReadOptions::default()).unwrap();
    crate::collect::set_role(&mut table, "street", Role::Category).unwrap();
    crate::collect::set_role(&mut table, "plan", Role::Category).unwrap();
    crate::collect::set_role(&mut table, "churned", Role::Target).unwrap();
    table
}

fn settings() -> Settings {
    let mut settings = Settings { positive: Some("yes".into()), ..Settings::default() };
    let order = ["basic", "plus", "pro"].map(str::to_owned).to_vec();
    settings.features.columns = [
        ("street".to_owned(), ColumnEncoding::target()),
        ("plan".to_owned(), ColumnEncoding::Ordinal { order }),
        ("visits".to_owned(), ColumnEncoding::Bins { count: 4, by: BinEdges::Tree }),
    ]
    .into();
    settings
}

#[test]
fn test_rows_change_nothing_that_is_fitted() {
    let (settings, report) = (settings(), Reporter::silent());
    let before = prepare(&settings, &table(|_| false), &report).unwrap();
    let test: Vec<usize> =
        (0..500).filter(|&at| before.sides[at] == Side::Test && before.ids[at].is_some()).collect();
    assert!(test.len() > 80);
    let mut all = vec![settings.clone()];
    let quantile = ColumnEncoding::bins();
    for (street, visits) in [
        (ColumnEncoding::OneHot, quantile.clone()),
        (ColumnEncoding::Frequency, ColumnEncoding::Bins { count: 4, by: BinEdges::Width }),
        (ColumnEncoding::hashed(), quantile),
    ] {
        let mut other = settings.clone();
        other.features.columns = [("street".to_owned(), street), ("visits".to_owned(), visits)].into();
        all.push(other);
    }
    let none = Selection::default;
    for select in [
        Selection { variance: Some(0.05), ..none() },
        Selection { information: Some(0.01), ..none() },
        Selection { most: Some(4), ..none() },
        Selection { correlation: Some(0.9), ..none() },
        Selection { lasso: true, ..none() },
    ] {
        let mut other = settings.clone();
        other.features.select = select;
        all.push(other);
    }
    for settings in all {
        let before = prepare(&settings, &table(|_| false), &report).unwrap();
        let after = prepare(&settings, &table(|at| test.contains(&at)), &report).unwrap();
        assert_eq!(before.sides, after.sides);
        assert_ne!(before.matrix, after.matrix, "the rows did change");
        assert_eq!(before.features, after.features);
        let train = pick(&before.labels.of_row, &before.sides, Side::Train).0;
        assert_eq!(before.matrix.select(&train), after.matrix.select(&train));
    }
}

#[test]
fn a_bundle_scores_new_rows_as_the_project_did() {
    let (mut settings, table, report) = (settings(), table(|_| false), Reporter::silent());
    settings.features.select = Selection { correlation: Some(0.95), ..Selection::default() };
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&text).unwrap().sane(), settings);
    let prepared = prepare(&settings, &table, &report).unwrap();
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &report).unwrap();
    assert!(outcome.test.fixed("roc_auc").is_some_and(|auc| auc.value > 0.8), "{:?}", outcome.test);
    let bundle = bundle(&settings, &prepared, &outcome, None);
    let bundle: deploy::Bundle = serde_json::from_str(&serde_json::to_string(&bundle).unwrap()).unwrap();
    assert!(bundle.is_sound() && bundle.needed().contains(&"street"));
    let scores = bundle.score(&table, Lacking::Refuse, &report).unwrap();
    let mut differ = 0;
    for (at, row) in prepared.cleaning.last().rows.iter().enumerate() {
        let scored = scores.rows.iter().find(|scored| scored.row == *row).unwrap();
        let apart = (scored.probability - outcome.probabilities[at]).abs();
        // A training row meets its own label when it is scored anew, but not while it is learnt from.
        match prepared.sides[at] {
            Side::Train => differ += usize::from(apart > 1e-9),
            _ => assert!(apart < 1e-9, "row {row}: {apart}"),
        }
    }
    assert!(differ > 100, "{differ}");
    assert!(scores.differences.new_levels.is_empty(), "{:?}", scores.differences.new_levels);
}

#[test]
fn copies_of_a_row_do_not_meet_each_others_labels() {
    // Three hundred pairs, equal but for the identifier; each pair has a street of its own.
    let mut text = String::from("customer_id,street,spend,churned\n");
    for at in 0..600usize {
        let pair = at / 2;
        let churned = if pair * 7 % 10 < 4 { "yes" } else { "no" };
        text += &format!("C{at:04},street {pair},{}.25,{churned}\n", pair * 31 % 997);
    }
    let mut table = crate::collect::from_text("pairs.csv", &text, &ReadOptions::default()).unwrap();
    crate::collect::set_role(&mut table, "street", Role::Category).unwrap();
    crate::collect::set_role(&mut table, "churned", Role::Target).unwrap();
    let mut settings = Settings { positive: Some("yes".into()), ..Settings::default() };
    settings.features.columns = [("street".to_owned(), ColumnEncoding::target())].into();
    let prepared = prepare(&settings, &table, &Reporter::silent()).unwrap();
    let street = prepared.matrix.names.iter().position(|name| name.starts_with("street")).unwrap();
    let of = |side| pick(&prepared.labels.of_row, &prepared.sides, side).0;
    let values = |places: &[usize], matrix: &Matrix| matrix.select(places).column(street);
    let train = of(Side::Train);
    assert!(train.len() > 300, "both of a pair are there");
    assert!(values(&train, &prepared.matrix).iter().all(|v| v.abs() < 1e-6));
    // What new rows of these streets get is not nothing.
    let given = prepared.features.apply(prepared.cleaning.last());
    assert!(values(&train, &given).iter().all(|v| v.abs() > 0.01));
}

#[test]
fn target_encoding_of_noise_does_not_fool_a_model() {
    // The label is a coin; a street is one of four hundred.
    let mut text = String::from("customer_id,street,spend,churned\n");
    let mut state = 9u64;
    for at in 0..1500usize {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let churned = if state >> 61 < 3 { "yes" } else { "no" };
        text += &format!("C{at:04},street {},{},{churned}\n", (state >> 33) % 400, (state >> 20) % 97);
    }
    let mut table = crate::collect::from_text("coin.csv", &text, &ReadOptions::default()).unwrap();
    crate::collect::set_role(&mut table, "street", Role::Category).unwrap();
    crate::collect::set_role(&mut table, "churned", Role::Target).unwrap();
    let mut settings = Settings { positive: Some("yes".into()), ..Settings::default() };
    settings.split.test = 0.4;
    settings.features.columns = [("street".to_owned(), ColumnEncoding::Target { smoothing: 1.0 })].into();
    let report = Reporter::silent();
    let prepared = prepare(&settings, &table, &report).unwrap();
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &report).unwrap();
    let auc = outcome.test.fixed("roc_auc").unwrap().value;
    assert!((auc - 0.5).abs() < 0.08, "{auc}");
    // The model does not lean on it: a model fitted in sample would weigh it most.
    let Model::Logistic(honest) = &outcome.trained.model else { panic!("logistic") };
    let street = prepared.matrix.names.iter().position(|name| name.starts_with("street")).unwrap();
    let mut samples = prepared.samples();
    let given = prepared.features.apply(prepared.cleaning.last());
    let train = pick(&prepared.labels.of_row, &prepared.sides, Side::Train).0;
    samples.train = given.select(&train);
    let device = settings.device;
    let leaky =
        train::train(ModelKind::Logistic, &settings.mlp, &samples, device, settings.seed, &report).unwrap();
    let Model::Logistic(leaky) = leaky.model else { panic!("logistic") };
    let (own, fooled) = (honest.coefficients[street].abs(), leaky.coefficients[street].abs());
    assert!(fooled > 4.0 * own && fooled > 0.5, "out of fold {own}, in sample {fooled}");
}

#[test]
fn the_sheet_tells_of_every_feature() {
    let (mut settings, table, report) = (settings(), table(|_| false), Reporter::silent());
    settings.features.select = Selection { most: Some(5), ..Selection::default() };
    let prepared = prepare(&settings, &table, &report).unwrap();
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &report).unwrap();
    let plain = feature_sheet(&prepared, None, &report).unwrap();
    let sheet = feature_sheet(&prepared, Some(&outcome), &report).unwrap();
    assert_eq!((plain.weighed, sheet.weighed), (0, 5));
    let made: usize = prepared.features.encoders.iter().map(Encoder::width).sum();
    assert_eq!(sheet.features.len(), made);
    assert!(made > 5);
    let kept: Vec<&str> =
        sheet.features.iter().filter(|row| row.place.is_some()).map(|row| row.name.as_str()).collect();
    assert_eq!(kept, prepared.matrix.names.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &sheet.features {
        assert!(!row.formula.is_empty(), "{}", row.name);
        assert_eq!(row.place.is_none(), row.left_out.is_some(), "{}", row.name);
        assert_eq!(row.roc_auc.is_some(), row.place.is_some(), "{}", row.name);
        assert_eq!(row.importance.is_some(), row.place.is_some(), "{}", row.name);
    }
    let codes: std::collections::BTreeSet<&str> =
        sheet.features.iter().flat_map(|row| &row.formula).map(|note| note.code).collect();
    for code in ["formula_target", "formula_ordinal", "formula_bin_first", "formula_standard"] {
        assert!(codes.contains(code), "{code}: {codes:?}");
    }
    // Edges are told as people read the column: whole visits, not standard deviations.
    let first = sheet.features.iter().flat_map(|row| &row.formula).find(|n| n.code == "formula_bin_first");
    let high: f64 = first.unwrap().args.iter().find(|(name, _)| *name == "high").unwrap().1.parse().unwrap();
    assert!(high > 1.0 && high < 29.0, "{high}");
    // The most important feature of the model is one of what sways.
    let best = sheet.features.iter().filter_map(|row| Some((row, row.importance?.value)));
    let best = best.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
    assert!(["plan", "visits"].contains(&best.source.as_str()), "{}", best.name);

    // Closely: as people read it where it is a scaled column, else as the model does.
    let spend = Settings { positive: Some("yes".into()), ..Settings::default() };
    let prepared = prepare(&spend, &table, &report).unwrap();
    let place = prepared.matrix.names.iter().position(|name| name == "spend").unwrap();
    let detail = feature_detail(&prepared, place, &report).unwrap().unwrap();
    assert!(detail.readable && detail.quantiles[0].is_some_and(|q| q[4] > 50.0), "{detail:?}");
    assert_eq!(detail.rows.iter().sum::<usize>(), prepared.count(Side::Train));
    assert_eq!(feature_detail(&prepared, 10_000, &report).unwrap(), None);
}
