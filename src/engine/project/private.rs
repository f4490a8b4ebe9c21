//! Training with differential privacy, and its price beside the same training without.

use std::collections::HashMap;
use std::path::Path;

use super::{Outcome, Prepared, Settings, pick};
use crate::job::Reporter;
use crate::metrics::{Estimate, paired_auc};
use crate::split::Side;
use crate::train::{self, ModelKind, Price, PrivateSpec, Specs};

/// Share of the work that is the training with the promise; the rest is the one without, for the price.
const PRIVATE: f64 = 0.7;

/// A key of settings with the promise in it; keys without one stay what they were.
pub(super) fn keyed(key: String, private: Option<&PrivateSpec>) -> String {
    let Some(private) = private else { return key };
    let written = serde_json::to_vec(&(&key, "private", private)).unwrap_or_default();
    blake3::hash(&written).to_hex().to_string()
}

/// [`super::learn_kept`] with differential privacy: the outcome's promise says what it costs.
pub(super) fn learn(
    settings: &Settings,
    prepared: &Prepared,
    (kind, spec): (ModelKind, &PrivateSpec),
    checkpoint: Option<&Path>,
    report: &Reporter,
) -> crate::Result<Outcome> {
    let samples = prepared.samples();
    let specs =
        Specs { checkpoint: checkpoint.map(Path::to_owned), private: Some(spec.clone()), ..settings.specs() };
    let own = report.part(0.0, PRIVATE);
    let mut trained = train::train_with(kind, &specs, &samples, settings.device, settings.seed, &own)?;
    if let Some(promise) = &mut trained.promise {
        promise.rows_of_one = rows_of_one(prepared);
    }
    let mut outcome = prepared.outcome_reporting(trained, report)?;
    // A training that was ended early is compared with nothing.
    if report.wants_finish() {
        return Ok(outcome);
    }
    let quiet = report.part(PRIVATE, 1.0 - PRIVATE).quiet();
    let plain = Specs { private: None, checkpoint: None, ..specs };
    let plain = train::train_with(kind, &plain, &samples, settings.device, settings.seed, &quiet)?;
    let plain = plain.model.predict_reporting(&prepared.matrix, plain.device.ran, &quiet)?;
    if report.wants_finish() {
        return Ok(outcome);
    }
    let price = price(prepared, &outcome, &plain);
    if let Some(promise) = &mut outcome.trained.promise {
        promise.price = price;
    }
    Ok(outcome)
}

/// The most training rows that bear one identifier.
fn rows_of_one(prepared: &Prepared) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (id, side) in prepared.ids.iter().zip(&prepared.sides) {
        if let (Some(id), Side::Train) = (id, side) {
            *counts.entry(id).or_default() += 1;
        }
    }
    counts.into_values().max().unwrap_or(1)
}

/// Areas on the test rows; `None` where these are too few to judge.
fn price(prepared: &Prepared, private: &Outcome, plain: &[f64]) -> Option<Price> {
    let own = private.test.area()?;
    let (places, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
    let on_test = |told: &[f64]| places.iter().filter_map(|at| told.get(*at)).copied().collect::<Vec<f64>>();
    let (with, without) = (on_test(&private.probabilities), on_test(plain));
    let plain = crate::evaluate::Evaluation::new(&without, &labels).area()?;
    let paired = paired_auc(&with, &without, &labels)?;
    let difference = Estimate { value: paired.difference, low: paired.low, high: paired.high };
    Some(Price { plain, private: own, difference })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{self, SavedModel};
    use crate::sample;
    use crate::table::Table;
    use crate::train::DeviceKind;

    fn shop() -> (tempfile::TempDir, Settings, Table, Prepared) {
        let folder = tempfile::tempdir().unwrap();
        let silent = Reporter::silent();
        sample::write(folder.path(), 1_200, 3).unwrap();
        let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
        settings.mlp.epochs = 10;
        settings.private = Some(PrivateSpec::default());
        let files = [folder.path().join("customers.csv")];
        let table = project::collect(&files, &settings, &silent).unwrap().table;
        let prepared = project::prepare(&settings, &table, &silent).unwrap();
        (folder, settings, table, prepared)
    }

    #[test]
    fn the_promise_and_its_price_go_with_the_model_and_no_row_goes_with_the_bundle() {
        let (folder, settings, table, prepared) = shop();
        let silent = Reporter::silent();
        let learnt = project::learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
        let promise = learnt.trained.promise.clone().unwrap();
        assert!(promise.epsilon <= 3.0 && promise.rows == prepared.count(Side::Train), "{promise:?}");
        assert_eq!(promise.rows_of_one, 1);
        let price = promise.price.unwrap();
        assert_eq!(price.private, learnt.test.area().unwrap());
        assert!((price.private.value - price.plain.value - price.difference.value).abs() < 1e-9, "{price:?}");
        assert!(price.difference.low < price.difference.high);
        // The plain one is what the same settings give without the promise.
        let without = Settings { private: None, ..settings.clone() };
        let plain = project::learn(&without, &prepared, ModelKind::Logistic, &silent).unwrap();
        assert_eq!(price.plain, plain.test.area().unwrap());
        assert!(plain.trained.promise.is_none());
        assert_ne!(settings.key(&table), without.key(&table));
        assert_eq!(settings.rows_key(&table), without.rows_key(&table));

        let saved = SavedModel::of(&learnt);
        assert_eq!(saved.restore(&prepared).unwrap().trained.promise, learnt.trained.promise);
        let card = project::card(&settings, &table, &prepared, &learnt, &[&learnt], &silent).unwrap();
        assert_eq!(card.promise.as_deref(), Some(&*promise));
        let file = folder.path().join("a.bundle");
        project::bundle(&settings, &prepared, &learnt, Some(card)).save(&file).unwrap();
        let bundle = crate::deploy::Bundle::open(&file).unwrap();
        assert!(bundle.explainer.is_none());
        assert_eq!(bundle.card.unwrap().promise.as_deref(), Some(&*promise));
        let open = project::bundle(&without, &prepared, &plain, None);
        assert!(open.explainer.is_some());
    }

    #[test]
    fn other_kinds_and_checkpoints_are_refused() {
        let (folder, settings, _, prepared) = shop();
        let silent = Reporter::silent();
        for kind in [ModelKind::Boosted, ModelKind::Majority, ModelKind::Svm] {
            let refused = project::learn(&settings, &prepared, kind, &silent).map(|_| ()).unwrap_err();
            assert_eq!(refused.kind(), "private_kind");
        }
        let at = folder.path().join("standing");
        let refused = project::learn_kept(&settings, &prepared, ModelKind::Mlp, Some(&at), &silent);
        assert_eq!(refused.map(|_| ()).unwrap_err().kind(), "private_checkpoint");
        assert!(!at.exists());
    }

    #[test]
    fn settings_without_a_promise_are_written_as_before() {
        let written = serde_json::to_string(&Settings::default()).unwrap();
        assert!(!written.contains("private"), "{written}");
        assert_eq!(keyed("k".to_owned(), None), "k");
        let with = Settings {
            private: Some(PrivateSpec { epsilon: 1.5, ..PrivateSpec::default() }),
            ..Settings::default()
        };
        let back: Settings = serde_json::from_str(&serde_json::to_string(&with).unwrap()).unwrap();
        assert_eq!(back, with);
    }
}
