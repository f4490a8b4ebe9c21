use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use calamine::{Data, Reader as _};

use super::shape::{Levels, Mend};
use super::*;
use crate::clean::fold;
use crate::collect::{self, ReadOptions};
use crate::deploy::workbook::shape::{Part, PartKind};
use crate::deploy::{Given, Lacking, Ready};
use crate::detect::{date, missing, number};
use crate::evaluate::RepairKind;
use crate::project::Settings;
use crate::project::testing::{learnt, sample};
use crate::train::{DeviceKind, ModelKind};

fn bundle_of(file: &Path, kind: ModelKind, change: impl Fn(&mut Settings)) -> Bundle {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    change(&mut settings);
    learnt(file, &settings, kind)
}

/// What the plan says of a row of texts.
fn probability(plan: &Plan, cell: impl Fn(&str) -> Option<String>) -> f64 {
    let weight = |part: &Part| {
        let text = cell(&part.spec.name).filter(|text| !missing::is_missing(text));
        match &part.kind {
            PartKind::Number(one) => {
                let value = text.and_then(|text| number::parse(&text, part.spec.decimal));
                card::log_odds(one, value)
            }
            PartKind::Levels(levels) => of_level(levels, text),
            PartKind::Date(one) => {
                let day = text.and_then(|text| date::parse(&text, part.spec.date_order));
                let Some(day) = day.map(|ms| ms as f64 / 86_400_000.0) else { return one.missing };
                let single = |x: f64| f64::from(x as f32);
                let turn = std::f64::consts::TAU;
                let weekday = (day.floor() + 3.0).rem_euclid(7.0) * turn / 7.0;
                let mut sum = one.years * single((one.newest - day) / 365.25);
                sum += one.weekday.0 * single(weekday.sin()) + one.weekday.1 * single(weekday.cos());
                if let Some((sin, cos)) = one.month {
                    let text = date::format((day * 86_400_000.0) as i64);
                    let month = (text[5..7].parse::<f64>().unwrap() - 1.0) * turn / 12.0;
                    sum += sin * single(month.sin()) + cos * single(month.cos());
                }
                sum
            }
        }
    };
    let sum = plan.intercept + plan.parts.iter().map(weight).sum::<f64>();
    plan.repairs.iter().fold(1.0 / (1.0 + (-sum).exp()), |p, mend| match mend {
        Mend::Sigmoid { slope, offset, edge } => {
            let p = p.clamp(*edge, 1.0 - edge);
            1.0 / (1.0 + (-(slope * (p / (1.0 - p)).ln() + offset)).exp())
        }
        Mend::Knots { x, y } => {
            let below = x.iter().filter(|knot| **knot < p).count();
            match below {
                0 => y[0],
                n if n == x.len() => y[n - 1],
                n => y[n - 1] + (y[n] - y[n - 1]) * (p - x[n - 1]) / (x[n] - x[n - 1]),
            }
        }
    })
}

fn of_level(levels: &Levels, text: Option<String>) -> f64 {
    let key = |text: &str| if levels.folded { fold(text) } else { text.trim().to_owned() };
    let text = text.map(|text| key(&text)).or_else(|| levels.fill.as_deref().map(key));
    let found = text.and_then(|text| levels.levels.iter().find(|(key, _, _)| *key == text));
    found.map_or(levels.other, |(_, _, value)| *value)
}

#[test]
fn the_plan_says_what_the_bundle_says() {
    for repair in [RepairKind::None, RepairKind::Platt, RepairKind::Isotonic] {
        let mut bundle = bundle_of(&sample(), ModelKind::Logistic, |settings| settings.repair = repair);
        if repair == RepairKind::Platt {
            let refit = serde_json::from_value(serde_json::json!({
                "slope": 0.8, "offset": 0.3, "customers": 100, "experiment": "x", "drawn": "2026-01-01",
            }));
            bundle.repair = Some(crate::evaluate::Repair::refitted(bundle.repair, refit.unwrap()));
        }
        assert_eq!(bundle.repair.is_some(), repair != RepairKind::None);
        let plan = Plan::of(&bundle).unwrap();
        let table = collect::open(&sample(), &ReadOptions::default(), &Reporter::silent()).unwrap();
        let ready = Ready::new(Arc::new(bundle));
        let needed = ready.needed().to_vec();
        let text = |name: &str, at: usize| table.text(name).and_then(|t| t.get(at)).map(str::to_owned);
        let mut most = 0.0f64;
        for at in 0..300 {
            // Every third row has a hole, every fifth something new.
            let cell = |name: &str| match needed.iter().position(|one| one == name) {
                Some(place) if at % 3 == 0 && place == at % needed.len() => None,
                Some(place) if at % 5 == 0 && place == (at + 1) % needed.len() => Some("no such".to_owned()),
                _ => text(name, at),
            };
            let given =
                needed.iter().map(|name| (name.clone(), cell(name).map_or(Given::Nothing, Given::Text)));
            let row = ready.row(given.collect(), Lacking::Refuse).unwrap();
            let wanted = ready.each(&[row]).unwrap()[0].probability;
            most = most.max((probability(&plan, cell) - wanted).abs());
        }
        assert!(most < 1e-12, "{repair:?}: {most}");
    }
}

fn write_book(bundle: &Bundle, rows: u32) -> (tempfile::TempDir, PathBuf, BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.xlsx");
    let asked = RefCell::new(BTreeSet::new());
    let words = |key: &str| {
        asked.borrow_mut().insert(key.to_owned());
        format!("word {}", key.replace('_', " "))
    };
    let written = write(bundle, &words, rows, &path, &Reporter::silent()).unwrap();
    assert_eq!((written.rows, written.self_test_rows), (rows, 24));
    (folder, path, asked.into_inner())
}

#[test]
fn a_workbook_has_its_sheets_and_asks_only_for_known_words() {
    let bundle = bundle_of(&sample(), ModelKind::Logistic, |_| ());
    let (_folder, path, asked) = write_book(&bundle, 7);
    let known: BTreeSet<String> = WORDS.map(str::to_owned).into();
    assert_eq!(asked, known);
    let mut book = calamine::open_workbook_auto(&path).unwrap();
    assert_eq!(book.sheet_names(), ["word score", "word card", "word test", "word model"]);
    let formulas = book.worksheet_formula("word score").unwrap();
    let rows: BTreeSet<usize> = formulas.used_cells().map(|(row, _, _)| row).collect();
    assert_eq!(rows.len(), 7);
    // The longest formula stays below what Excel takes.
    assert!(formulas.used_cells().all(|(_, _, formula)| formula.len() < 8_000));
    // Self-test: expected numbers are those of the engine, digit for digit.
    let test = SelfTest::of(&bundle).unwrap();
    let sheet = book.worksheet_range("word test").unwrap();
    for (at, expected) in test.expected.iter().enumerate() {
        assert_eq!(sheet.get((at + 5, 0)), Some(&Data::Float(*expected)));
    }
}

#[test]
fn texts_of_the_data_are_never_formulas() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evil.csv");
    let mut text = String::from("id,=cmd()|x,city,spend,churned\n");
    for at in 0..200 {
        let level = ["=HYPERLINK(\"\"http://x\"\")", "+1+1", "@SUM(A1)", "plain"][at % 4];
        let churned = if at % 4 == 0 || at % 7 == 0 { "yes" } else { "no" };
        text.push_str(&format!("C{at},\"{level}\",town{},{},{churned}\n", at % 3, at % 11));
    }
    std::fs::write(&file, text).unwrap();
    let bundle = bundle_of(&file, ModelKind::Logistic, |_| ());
    assert!(bundle.needed().contains(&"=cmd()|x"));
    let (_folder, path, _) = write_book(&bundle, 3);
    let mut book = calamine::open_workbook_auto(&path).unwrap();
    let mut texts = 0;
    for name in book.sheet_names() {
        for (_, _, formula) in book.worksheet_formula(&name).unwrap().used_cells() {
            for evil in ["HYPERLINK", "cmd()", "1+1", "@SUM", "town"] {
                assert!(!formula.contains(evil), "{formula}");
            }
        }
        let sheet = book.worksheet_range(&name).unwrap();
        let is_evil = |cell: &&Data| matches!(cell, Data::String(text) if text.starts_with(['=', '+', '@']));
        texts += sheet.used_cells().map(|(_, _, cell)| cell).filter(is_evil).count();
    }
    assert!(texts > 6, "the texts stand there as texts: {texts}");
}

#[test]
fn what_formulas_cannot_say_is_refused_by_name() {
    let kind = |bundle: &Bundle| Plan::of(bundle).unwrap_err();
    for model in [ModelKind::Tree, ModelKind::Boosted, ModelKind::OneRule] {
        let bundle = bundle_of(&sample(), model, |_| ());
        assert!(!bundle.is_linear());
        assert!(kind(&bundle).to_string().contains(model.name()), "{model:?}");
    }
    let bundle = bundle_of(&sample(), ModelKind::Logistic, |_| ());
    assert!(bundle.is_linear());
    let mut tidy = bundle.clone();
    tidy.recipe.recipe.add(crate::clean::StepSpec::TextTidy(crate::clean::TidySpec::default()));
    assert!(kind(&tidy).to_string().contains("text_tidy"));
    let mut bare = bundle.clone();
    bare.recipe.recipe.steps.iter_mut().for_each(|step| step.on = false);
    assert!(kind(&bare).to_string().contains("missing_marks"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.xlsx");
    let error = write(&tidy, &|key: &str| key.to_owned(), 5, &out, &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "workbook_step");
    assert!(!out.exists());
}
