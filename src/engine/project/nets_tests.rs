//! Networks that read words and purchases, from files to scores.

use std::path::PathBuf;

use super::*;
use crate::collect::ReadOptions;
use crate::deploy::{Bundle, Lacking};
use crate::features::behaviour::{Churn, HISTORY, Question};
use crate::job::Reporter;
use crate::metrics;
use crate::split::Side;
use crate::table::{Role, Table};
use crate::train::net::FitSpec;
use crate::train::{DeviceKind, ModelKind};

/// What is asked of the shop of [`crate::sample::write_in_order`]: a column says who left.
fn asked(seed: u64) -> Settings {
    let horizon_days = crate::sample::HORIZON as u32;
    let question = Question { horizon_days, churn: Churn::Column, ..Question::default() };
    let mut settings =
        Settings { question: Some(question), seed, device: DeviceKind::Flex, ..Settings::default() };
    settings.net.fit = FitSpec { learning_rate: 0.004, epochs: 60, patience: 12, ..settings.net.fit };
    settings.mlp.epochs = 25;
    settings
}

fn shop(folder: &std::path::Path, customers: usize, seed: u64) -> Vec<PathBuf> {
    crate::sample::write_in_order(folder, customers, seed).unwrap()
}

fn area(prepared: &Prepared, outcome: &Outcome) -> f64 {
    let (places, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
    let p: Vec<f64> = places.iter().map(|&at| outcome.probabilities[at]).collect();
    metrics::roc_auc(&p, &labels).unwrap()
}

#[test]
fn the_hybrid_reads_the_order_that_the_table_does_not_tell() {
    let silent = Reporter::silent();
    for seed in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        let files = shop(folder.path(), 3000, seed);
        let settings = asked(seed);
        let table = collect(&files, &settings, &silent).unwrap().table;
        assert_eq!(table.columns.iter().find(|c| c.name == HISTORY).unwrap().role, Role::Ignore);
        let prepared = prepare(&settings, &table, &silent).unwrap();
        assert_eq!(prepared.matrix.sequences.names().collect::<Vec<_>>(), [HISTORY]);
        let mlp = learn(&settings, &prepared, ModelKind::Mlp, &silent).unwrap();
        let hybrid = learn(&settings, &prepared, ModelKind::Hybrid, &silent).unwrap();
        let (plain, read) = (area(&prepared, &mlp), area(&prepared, &hybrid));
        println!(
            "seed {seed}: {} unseen customers, ROC-AUC MLP {plain:.3}, hybrid {read:.3} ({} epochs, {:.1} s)",
            prepared.count(Side::Test),
            hybrid.trained.epochs_run,
            hybrid.trained.seconds
        );
        // Who knew the rule would reach 0.85.
        assert!(read > plain + 0.1 && read > 0.65, "MLP {plain}, hybrid {read}");
        // The network says what it leans on.
        let at = hybrid.explainer.columns().position(|name| name == HISTORY).unwrap();
        assert!(hybrid.explainer.proven()[at]);
    }
}

#[test]
fn a_bundle_reads_as_it_learnt() {
    let silent = Reporter::silent();
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 400, 9);
    let mut settings = asked(9);
    settings.net.fit.epochs = 4;
    (settings.net.kind, settings.mlp.epochs) = (ModelKind::Rnn, 2);
    let collected = collect(&files, &settings, &silent).unwrap();
    let asked = collected.asked.clone().unwrap();
    let prepared = prepare(&settings, &collected.table, &silent).unwrap();
    let learnt = learn(&settings, &prepared, ModelKind::Rnn, &silent).unwrap();
    let card = card(&settings, &collected.table, &prepared, &learnt, &[&learnt], &silent).unwrap();
    assert!(card.columns.iter().any(|name| name == HISTORY));
    assert!(card.network.is_none() && card.net.as_ref() == Some(&settings.net));
    let made = bundle(&settings, &prepared, &learnt, Some(card)).with_behaviour(Some(asked.fitted.clone()));
    let path = folder.path().join("shop.bundle");
    made.save(&path).unwrap();
    let bundle = Bundle::open(&path).unwrap();
    assert_eq!(bundle, made);
    assert!(bundle.needed().contains(&HISTORY));

    let sources: Vec<Source> = files.iter().cloned().map(Source::File).collect();
    let from = (sources.as_slice(), &Secrets::default());
    let later = open_for(&bundle, &Settings::default(), from, None, &silent).unwrap();
    let scores = bundle.score(&later, Lacking::Refuse, &silent).unwrap();
    let list = rank(&prepared, &learnt, None);
    assert!(!list.is_empty() && scores.rows.len() == list.len());
    for customer in &list {
        let scored = scores.rows.iter().find(|row| row.id == customer.id).unwrap();
        assert!((scored.probability - customer.probability).abs() < 1e-5, "{}", customer.id);
    }
    // Reasons of new customers add up to what was said of them.
    let explainer = bundle.explainer.as_ref().unwrap();
    let told = explainer.explain(&bundle.model, &scores.matrix, &[0, 1], &silent).unwrap();
    for (one, row) in told.iter().zip(&scores.rows) {
        assert!((explainer.base + one.shares.iter().sum::<f64>() - row.probability).abs() < 1e-5);
    }
    // A file without orders cannot be read in order.
    let mut lacking = later.clone();
    lacking.raw = lacking.raw.drop(HISTORY).unwrap();
    lacking.columns.retain(|column| column.name != HISTORY);
    let refused = bundle.score(&lacking, Lacking::Refuse, &silent).map(|_| ()).unwrap_err();
    assert_eq!(refused.place().column.as_deref(), Some(HISTORY));
    assert!(bundle.score(&lacking, Lacking::Fill, &silent).is_ok());

    // The time machine reads as of another day.
    let day = asked.last - chrono::Days::new(u64::from(asked.fitted.question.horizon_days));
    let then = as_of(&collected, &settings, day, Scorer::Given(&bundle), &silent).unwrap();
    assert!(then.customers.iter().all(|seen| seen.probability.is_some()));

    // A project opens with the same network.
    let saved = SavedModel::of(&learnt);
    let text = serde_json::to_string(&saved).unwrap();
    let again: SavedModel = serde_json::from_str(&text).unwrap();
    let restored = again.restore(&prepared).unwrap();
    for (a, b) in restored.probabilities.iter().zip(&learnt.probabilities) {
        assert!((a - b).abs() < 1e-5);
    }
}

/// Three hundred comments whose words are the same in both classes, and their order is not.
fn comments() -> Table {
    let mut text = String::from("customer_id,age,comment,churned\n");
    for at in 0..300 {
        let leaves = at % 3 == 0;
        let said = match leaves {
            true => "the tea was good but then 送货 bad",
            false => "送货 bad but then the tea was good",
        };
        let churned = if leaves { "yes" } else { "no" };
        text += &format!("C{at:04},{},\"{said}, order {at}\",{churned}\n", 20 + at * 7 % 50);
    }
    let mut table = crate::collect::from_text("comments.csv", &text, &ReadOptions::default()).unwrap();
    crate::collect::set_role(&mut table, "comment", Role::Text).unwrap();
    crate::collect::set_role(&mut table, "churned", Role::Target).unwrap();
    table
}

#[test]
fn a_text_network_reads_comments_and_is_compared() {
    let (table, silent) = (comments(), Reporter::silent());
    let mut settings =
        Settings { positive: Some("yes".into()), device: DeviceKind::Flex, ..Settings::default() };
    settings.net.fit = FitSpec { learning_rate: 0.01, epochs: 12, ..settings.net.fit };
    let prepared = prepare(&settings, &table, &silent).unwrap();
    assert_eq!(prepared.matrix.names, ["age"], "the table tells nothing of the comment");
    let cnn = learn(&settings, &prepared, ModelKind::Cnn, &silent).unwrap();
    assert!(area(&prepared, &cnn) > 0.95, "{}", area(&prepared, &cnn));

    let kinds = [ModelKind::Cnn, ModelKind::Logistic];
    let found = compare(&settings, &table, &kinds, 2, &silent).unwrap();
    assert_eq!(found.models[0].kind, ModelKind::Cnn, "{:?}", found.failed);
    assert!(found.network().is_some_and(|model| model.kind == ModelKind::Cnn));

    // What the person leaves out is not read.
    settings.features.exclude.push("comment".into());
    let without = prepare(&settings, &table, &silent).unwrap();
    let error = learn(&settings, &without, ModelKind::Cnn, &silent).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), "net_no_sequence");
    let found = compare(&settings, &table, &kinds, 2, &silent).unwrap();
    assert_eq!(found.failed.len(), 1, "a kind that does not apply costs no other");
    assert_eq!(found.failed[0].0, ModelKind::Cnn);
}

#[test]
fn old_settings_keep_their_keys() {
    let table = comments();
    let plain = Settings::default();
    assert!(!serde_json::to_string(&plain).unwrap().contains("\"net\""));
    let mut other = plain.clone();
    other.net.hidden = vec![7];
    // The MLP does not depend on what the others are set to.
    assert_eq!(plain.key(&table), other.key(&table));
    other.net.kind = ModelKind::Cnn;
    let cnn = other.key(&table);
    assert_ne!(plain.key(&table), cnn);
    other.mlp.hidden = vec![9];
    assert_eq!(other.key(&table), cnn, "and the others not on the MLP's");
    other.net.hidden = vec![8];
    assert_ne!(other.key(&table), cnn);
    assert_eq!(plain.rows_key(&table), other.rows_key(&table), "the rows are the same");
}
