//! Permanent promises about numbers: nothing is learnt from rows that are only for measuring, and
//! where there is nothing to learn, nothing is claimed.

use std::fmt::Write as _;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::split::Side;
use regulars_engine::train::{DeviceKind, ModelKind};

use crate::support::{open, prepare, sample};

fn rows(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

#[test]
fn shuffled_labels_teach_nothing() {
    let text = std::fs::read_to_string(sample()).unwrap();
    let header = text.lines().next().unwrap();
    let mut records = rows(&text);
    let mut labels: Vec<String> = records.iter().map(|r| r[r.len() - 1].to_owned()).collect();
    // Twice the rows: the noise of the area is smaller.
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    records.extend(records.clone());
    labels.extend(labels.clone());
    labels.shuffle(&mut rng);
    let mut out = format!("{header}\n");
    for (at, (record, label)) in records.iter().zip(&labels).enumerate() {
        let mut fields: Vec<String> = record.iter().map(str::to_owned).collect();
        fields[0] = format!("S{at:05}");
        // Rows differ, so that copies do not tie two labels to one customer.
        fields[8] = rng.gen_range(1..40).to_string();
        let last = fields.len() - 1;
        fields[last].clone_from(label);
        let quoted: Vec<String> = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
        writeln!(out, "{}", quoted.join(",")).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shuffled.csv");
    std::fs::write(&path, out).unwrap();
    let table = open(&path);
    for kind in ModelKind::ALL {
        let areas: Vec<f64> = (1..=3)
            .map(|seed| {
                let mut settings = Settings { seed, device: DeviceKind::Flex, ..Settings::default() };
                settings.split.test = 0.4;
                let prepared = prepare(&table, &settings);
                let outcome = project::learn(&settings, &prepared, kind, &Reporter::silent()).unwrap();
                outcome.test.fixed("roc_auc").unwrap().value
            })
            .collect();
        let mean = areas.iter().sum::<f64>() / areas.len() as f64;
        println!("{kind:?}: {areas:.3?}");
        assert!((mean - 0.5).abs() <= 0.06, "{kind:?} claims to have learnt: {areas:?}");
    }
}

#[test]
fn test_rows_change_nothing_that_is_fitted() {
    let text = std::fs::read_to_string(sample()).unwrap();
    let table = open(&sample());
    let settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    let before = prepare(&table, &settings);
    // Every test row gets other numbers and an unseen category; id and label stay.
    // By customer: a row that repeats a test row must go on repeating it.
    let test: std::collections::HashSet<&str> = before
        .ids
        .iter()
        .zip(&before.sides)
        .filter(|(_, side)| **side == Side::Test)
        .map(|(id, _)| id.as_deref().unwrap_or_default())
        .collect();
    assert!(test.len() > 100);
    let header = text.lines().next().unwrap();
    let mut out = format!("{header}\n");
    for record in rows(&text) {
        let mut fields: Vec<String> = record.iter().map(str::to_owned).collect();
        if test.contains(fields[0].as_str()) {
            fields[4] = "Atlantis".into();
            fields[5] = "99".into();
            fields[8] = "4000".into();
            fields[9] = format!("9{}.5", &fields[0][1..]);
        }
        let quoted: Vec<String> = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
        writeln!(out, "{}", quoted.join(",")).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.csv");
    std::fs::write(&path, out).unwrap();
    let changed = open(&path);
    let after = prepare(&changed, &settings);
    assert!(before.sides == after.sides, "the split does not look at values of single rows");
    assert!(before.matrix != after.matrix, "the rows did change");
    assert_eq!(before.recipe.fitted, after.recipe.fitted);
    assert_eq!(before.features, after.features);
    let learn = |p: &project::Prepared, kind| {
        project::learn(&settings, p, kind, &Reporter::silent()).unwrap().trained.model
    };
    for kind in ModelKind::ALL {
        assert_eq!(learn(&before, kind), learn(&after, kind), "{kind:?}");
    }
}

#[test]
fn a_column_that_gives_the_target_away_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leak.csv");
    let mut out = String::from("id,age,cancel_fee,churned\n");
    for i in 0..300 {
        let left = i % 3 == 0;
        let fee = if left { 20 + i % 7 } else { 0 };
        writeln!(out, "C{i},{},{fee},{}", 20 + (i * 7) % 50, if left { "yes" } else { "no" }).unwrap();
    }
    std::fs::write(&path, out).unwrap();
    let prepared = prepare(&open(&path), &Settings::default());
    let leaks: Vec<&str> = prepared.leaks.iter().map(|l| l.column.as_str()).collect();
    assert_eq!(leaks, ["cancel_fee"]);
}

#[test]
fn saved_and_opened_is_the_same() {
    use regulars_engine::deploy::{Bundle, Lacking};
    use regulars_engine::project::{SavedModel, SavedProject, SavedRun};
    let table = open(&sample());
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 5;
    let prepared = prepare(&table, &settings);
    let folder = tempfile::tempdir().unwrap();
    for kind in ModelKind::ALL {
        let outcome = project::learn(&settings, &prepared, kind, &Reporter::silent()).unwrap();
        let path = folder.path().join("model.bundle");
        let silent = Reporter::silent();
        let card = project::card(&settings, &table, &prepared, &outcome, &[&outcome], &silent).unwrap();
        let made = project::bundle(&settings, &prepared, &outcome, Some(card));
        made.save(&path).unwrap();
        let bundle = Bundle::open(&path).unwrap();
        assert_eq!(bundle, made, "to the last digit");
        let scores = bundle.score(&table, Lacking::Refuse, &silent).unwrap();
        assert_eq!(scores.differences.count(), 0, "its own file is no other file");
        assert_eq!(scores.rows.len(), table.height(), "no customer vanishes from a score file");
        let by_row: std::collections::HashMap<u32, f64> =
            scores.rows.iter().map(|s| (s.row, s.probability)).collect();
        for (row, p) in prepared.cleaning.last().rows.iter().zip(&outcome.probabilities) {
            assert_eq!(by_row[row], *p, "{kind:?}, row {row}");
        }
        let key = settings.key(&table);
        let run = SavedRun {
            name: "夏天".into(),
            settings: settings.clone(),
            key,
            rows_key: settings.rows_key(&table),
            models: vec![SavedModel::of(&outcome)],
        };
        let project_path = folder.path().join("p.regulars");
        let mut project = SavedProject::new(settings.clone(), sample(), table.source.hash.clone());
        project.runs = vec![run];
        project.bundle = Some(made);
        project.save(&project_path).unwrap();
        let again = SavedProject::open(&project_path).unwrap();
        assert_eq!(again.settings, settings);
        assert_eq!(again, project);
        let restored = again.runs[0].models[0].restore(&prepared).unwrap();
        assert!(restored.probabilities == outcome.probabilities, "{kind:?}");
    }
    std::fs::write(folder.path().join("no.bundle"), b"not a zip").unwrap();
    assert!(Bundle::open(&folder.path().join("no.bundle")).is_err());
}
