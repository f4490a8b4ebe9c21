//! The Telco file: what must be read, and how well the models must do on it.

use regulars_engine::evaluate::Verdict;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::table::{Role, ValueType};
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::support::{adapter, open, prepare, telco};

#[test]
fn columns_are_what_they_are() {
    let Some(path) = telco() else { return };
    let table = open(&path);
    assert_eq!((table.records, table.height(), table.rejected_count), (7043, 7043, 0));
    let column = |name: &str| &table.columns[table.position(name).unwrap()];
    let charges = column("TotalCharges");
    assert_eq!((charges.value_type, charges.missing, charges.bad), (ValueType::Number, 11, 0));
    assert!(charges.role.is_numeric());
    assert_eq!(column("customerID").role, Role::Id);
    assert_eq!(column("Churn").role, Role::Target);
    let prepared = prepare(&table, &Settings::default());
    assert!(prepared.features.names().iter().all(|name| !name.contains("customerID")));
    assert!(prepared.leaks.is_empty(), "{:?}", prepared.leaks);
}

#[test]
fn network_and_logistic_regression_reach_the_reference() {
    let Some(path) = telco() else { return };
    let table = open(&path);
    for kind in [ModelKind::Mlp, ModelKind::Logistic] {
        let areas: Vec<f64> = (1..=5)
            .map(|seed| {
                let settings = Settings { seed, device: DeviceKind::Flex, ..Settings::default() };
                let prepared = prepare(&table, &settings);
                let outcome = project::learn(&settings, &prepared, kind, &Reporter::silent()).unwrap();
                outcome.test.fixed("roc_auc").unwrap().value
            })
            .collect();
        let mean = areas.iter().sum::<f64>() / 5.0;
        println!("{kind:?}: mean {mean:.4}, each {areas:.4?}");
        assert!(mean >= 0.838 && areas.iter().all(|a| *a >= 0.81), "{kind:?}: {areas:?}");
    }
}

#[test]
fn under_the_same_folds_the_kinds_reach_the_reference() {
    let Some(path) = telco() else { return };
    let table = open(&path);
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    // Telco's best epoch comes early.
    settings.mlp.epochs = 20;
    let kinds = [ModelKind::Mlp, ModelKind::Boosted, ModelKind::Logistic, ModelKind::Majority];
    let found = project::compare(&settings, &table, &kinds, 5, &Reporter::silent()).unwrap();
    // REFERENCE.md: scikit-learn's means over five folds.
    let reference = [(ModelKind::Logistic, 0.8453), (ModelKind::Boosted, 0.8469), (ModelKind::Mlp, 0.8430)];
    for (kind, wanted) in reference {
        let model = found.models.iter().find(|m| m.kind == kind).unwrap();
        let area = &model.metrics["roc_auc"];
        println!("{kind:?}: {:.4} [{:.4} {:.4}]", area.mean, area.low, area.high);
        assert!(area.mean >= wanted - 0.005, "{kind:?}: {area:?}");
        assert!(area.low < area.mean && area.mean < area.high && area.folds.len() == 5);
        assert_eq!(model.probabilities.len(), 7043, "every customer is predicted once");
    }
    // The reference figures lie within a fold's spread of each other: a boast would be wrong.
    let verdict = found.network().and_then(|network| network.verdict);
    assert!(verdict.is_some_and(|v| v != Verdict::NetworkWins), "{verdict:?}");
}

#[test]
fn twins_share_a_side() {
    let Some(path) = telco() else { return };
    let table = open(&path);
    let prepared = prepare(&table, &Settings::default());
    let keys = regulars_engine::clean::twin_keys(&prepared.schema, &prepared.cleaning.source);
    let mut side_of = std::collections::HashMap::new();
    let mut twins = 0;
    for (key, side) in keys.iter().zip(&prepared.sides) {
        if let Some(before) = side_of.insert(*key, *side) {
            twins += 1;
            assert_eq!(before, *side);
        }
    }
    // INDEX.md: 22 rows repeat another row in everything but the identifier.
    assert_eq!(twins, 22);
}

#[test]
fn one_seed_is_one_result_and_devices_agree() {
    let Some(path) = telco() else { return };
    let table = open(&path);
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 3;
    let prepared = prepare(&table, &settings);
    let learn = |settings: &Settings| {
        project::learn(settings, &prepared, ModelKind::Mlp, &Reporter::silent()).unwrap()
    };
    let (first, second) = (learn(&settings), learn(&settings));
    assert!(first.probabilities == second.probabilities && first.trained.model == second.trained.model);
    if !adapter() {
        return;
    }
    settings.device = DeviceKind::Wgpu;
    let wgpu = learn(&settings);
    assert_eq!(wgpu.trained.device.ran, DeviceKind::Wgpu);
    let area = |o: &project::Outcome| o.test.fixed("roc_auc").unwrap().value;
    println!("flex {:.4}, wgpu {:.4}", area(&first), area(&wgpu));
    assert!((area(&first) - area(&wgpu)).abs() <= 0.01);
}
