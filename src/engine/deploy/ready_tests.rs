use std::path::Path;

use super::*;
use crate::collect::{self, ReadOptions};
use crate::project::Settings;
use crate::project::testing::{learnt, sample};
use crate::train::ModelKind;

fn bundle_of(file: &Path, kind: ModelKind) -> Bundle {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 3;
    learnt(file, &settings, kind)
}

fn rows(ready: &Ready, table: &Table) -> Vec<GivenRow> {
    let target = &ready.bundle().target;
    let names: Vec<&str> =
        table.columns.iter().map(|c| c.name.as_str()).filter(|name| name != target).collect();
    (0..table.height())
        .map(|at| {
            let cell = |name: &&str| {
                let text = table.text(name).and_then(|text| text.get(at));
                let given = text.map_or(Given::Nothing, |text| Given::Text(text.to_owned()));
                ((*name).to_owned(), given)
            };
            ready.row(names.iter().map(cell).collect(), Lacking::Refuse).unwrap()
        })
        .collect()
}

#[test]
fn a_row_alone_scores_as_in_its_file_to_the_last_bit() {
    let telco = std::env::var_os("REGULARS_DATA")
        .map(|folder| Path::new(&folder).join("telco-churn/Telco-Customer-Churn.csv"));
    if telco.is_none() {
        println!("skipped for Telco: REGULARS_DATA is not set");
    }
    for file in [Some(sample()), telco].into_iter().flatten() {
        let table = collect::open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
        for kind in [ModelKind::Logistic, ModelKind::Mlp, ModelKind::Boosted, ModelKind::Forest] {
            let bundle = bundle_of(&file, kind);
            let scores = bundle.score(&table, Lacking::Refuse, &Reporter::silent()).unwrap();
            let ready = Ready::new(Arc::new(bundle));
            let rows = rows(&ready, &table);
            let rows = &rows[..rows.len().min(1_000)];
            let start = std::time::Instant::now();
            let alone: Vec<RowScore> =
                rows.iter().flat_map(|row| ready.each(std::slice::from_ref(row)).unwrap()).collect();
            let one = start.elapsed().as_secs_f64() / rows.len() as f64;
            let start = std::time::Instant::now();
            let some: Vec<RowScore> = rows.chunks(64).flat_map(|rows| ready.each(rows).unwrap()).collect();
            let each = start.elapsed().as_secs_f64() / rows.len() as f64;
            println!(
                "{} {}: {:.0} µs alone, {:.0} µs among 64",
                file.display(),
                kind.name(),
                1e6 * one,
                1e6 * each
            );
            let worst = scores
                .rows
                .iter()
                .zip(&alone)
                .map(|(a, b)| (a.probability - b.probability).abs())
                .fold(0.0f64, f64::max);
            let same = scores.rows.iter().zip(&alone).filter(|(a, b)| a.probability == b.probability).count();
            println!("  equal {same} of {}, largest difference {worst:e}", rows.len());
            for ((all, alone), some) in scores.rows.iter().zip(&alone).zip(&some) {
                assert_eq!(all.probability.to_bits(), alone.probability.to_bits(), "{kind:?} {}", all.id);
                assert_eq!(alone, some);
                assert_eq!(alone.id.as_deref(), all.named.then_some(all.id.as_str()));
            }
        }
    }
}

#[test]
fn what_is_odd_is_flagged() {
    let ready = Ready::new(Arc::new(bundle_of(&sample(), ModelKind::Logistic)));
    let table = collect::open(&sample(), &ReadOptions::default(), &Reporter::silent()).unwrap();
    let usual = rows(&ready, &table).swap_remove(0);
    assert_eq!(ready.each(std::slice::from_ref(&usual)).unwrap()[0].flags, []);
    let (number, low, high) = ready
        .checks
        .iter()
        .find_map(|(column, check)| match check {
            Check::Range(low, high) => Some((column.clone(), *low, *high)),
            _ => None,
        })
        .unwrap();
    let word = ready.checks.iter().find(|(_, check)| matches!(check, Check::Levels(_))).unwrap().0.clone();
    let names: Vec<String> =
        table.columns.iter().map(|c| c.name.clone()).filter(|name| *name != ready.bundle.target).collect();
    let with = |changes: &[(&str, Given)]| {
        let given = names.iter().zip(&usual.cells).map(|(name, cell)| {
            let change = changes.iter().find(|(column, _)| column == name);
            (name.clone(), change.map_or_else(|| cell.clone(), |(_, given)| given.clone()))
        });
        ready.row(given.collect(), Lacking::Refuse).unwrap()
    };
    let answers = ready
        .each(&[
            with(&[(&number, Given::Number(high + 1.0))]),
            with(&[(&word, Given::Text("never seen".into()))]),
            with(&[(&number, Given::Text("many".into()))]),
            with(&[(&number, Given::Number(low))]),
        ])
        .unwrap();
    let kinds: Vec<Vec<FlagKind>> =
        answers.iter().map(|answer| answer.flags.iter().map(|flag| flag.kind).collect()).collect();
    assert_eq!(
        kinds,
        [vec![FlagKind::OutOfRange], vec![FlagKind::UnseenCategory], vec![FlagKind::NotUsed], vec![]]
    );
    assert_eq!(answers[0].flags[0].column.as_deref(), Some(number.as_str()));

    // A column under another writing is found; one that is gone is named.
    let given = |leave: &str| -> Vec<(String, Given)> {
        let cells = names.iter().zip(&usual.cells).filter(|(name, _)| *name != leave);
        cells.map(|(name, cell)| (name.to_uppercase().replace('_', " "), cell.clone())).collect()
    };
    let told = ready.row(given(""), Lacking::Refuse).unwrap();
    assert_eq!(
        ready.each(&[told]).unwrap()[0].probability,
        ready.each(std::slice::from_ref(&usual)).unwrap()[0].probability
    );
    let error = ready.row(given(&number), Lacking::Refuse).unwrap_err();
    assert_eq!(error.place().column.as_deref(), Some(number.as_str()));
    assert!(ready.row(given(&number), Lacking::Fill).is_ok());
    assert!(ready.row(Vec::<(String, Given)>::new(), Lacking::Fill).is_err());
}
