//! Several files as they come from a shop: linked, summed up to one row per customer, kept in a
//! project, scored again next month; and recipes that can be trusted.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use regulars_engine::clean::{
    Cleaning, DeriveSpec, Derived, ImputeSpec, NumberFill, OutlierAction, OutlierMethod, OutlierSpec, Recipe,
    Rule, RulesSpec, ScaleMethod, SelectSpec, Step, StepSpec, Then, TidySpec,
};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, RecipeFile, SavedProject, Settings};
use regulars_engine::table::Role;

use crate::product::{ready, save, state, wait};
use crate::support::{json, open, program, public, regulars, sample};

/// The five files of a sample shop.
fn shop(folder: &Path, seed: u64) -> Vec<PathBuf> {
    regulars_engine::sample::write(folder, 300, seed).unwrap()
}

#[test]
fn five_linked_files_become_one_row_per_customer() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 7);
    assert_eq!(files.len(), 5);
    let collected = project::collect(&files, &Settings::default(), &Reporter::silent()).unwrap();
    let plan = collected.plan.as_ref().unwrap();
    assert_eq!(plan.customers.name, "customers");
    assert_eq!(collected.dataset.links.len(), 4, "{:?}", collected.dataset.links);
    let customers = open(&folder.path().join("customers.csv"));
    assert_eq!(collected.table.height(), customers.height(), "customers in = customers out");

    // What is planned equals what a person counts in the file.
    let orders = csv::Reader::from_path(folder.path().join("orders.csv")).unwrap().into_records();
    let mut counts: std::collections::HashMap<String, usize> = Default::default();
    orders.for_each(|row| *counts.entry(row.unwrap()[1].to_owned()).or_default() += 1);
    let (ids, count) =
        (collected.table.text("customer_id").unwrap(), collected.table.text("orders: count").unwrap());
    for (id, count) in ids.iter().zip(count.iter()) {
        let wanted = counts.get(id.unwrap()).copied().unwrap_or(0);
        assert_eq!(count.unwrap().parse::<usize>().unwrap(), wanted, "{id:?}");
    }

    // The command line says the same.
    let all: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let told = json(&[&["inspect"], all.as_slice()].concat());
    assert_eq!(told["tables"].as_array().unwrap().len(), 5);
    assert_eq!(told["links"].as_array().unwrap().len(), 4);
    assert_eq!(told["combined"]["rows"].as_u64().unwrap() as usize, collected.table.height());
    // A folder and a pattern are the same five files.
    let of_folder = json(&["inspect", folder.path().to_str().unwrap()]);
    let pattern = folder.path().join("*.csv");
    let of_pattern = json(&["inspect", pattern.to_str().unwrap()]);
    assert_eq!(of_folder["combined"], of_pattern["combined"]);
    assert_eq!(of_folder["combined"]["columns"], told["combined"]["columns"]);
}

/// A file that is dropped onto the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl eframe::egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn five_files_dropped_at_once_become_one_row_per_customer() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 7);
    let mut harness = crate::pages::window([1280.0, 800.0], regulars::window::Prefs::default());
    for file in files {
        harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(file)));
    }
    crate::pages::until(&mut harness, "reading", |app| app.state.prepared.is_some());
    let state = &harness.state().state;
    assert_eq!(state.collected.as_ref().unwrap().dataset.tables.len(), 5);
    let customers = open(&folder.path().join("customers.csv"));
    assert_eq!(state.table.as_ref().unwrap().height(), customers.height());
    // No question is left open: the owner can train.
    assert!(state.prepare_error.is_none() && state.settings.read.roles.is_empty());
}

#[test]
fn a_project_of_five_files_trains_is_kept_and_meets_the_next_month() {
    let folder = tempfile::tempdir().unwrap();
    let june = folder.path().join("june");
    let files = shop(&june, 7);
    let mut s = state();
    s.open_data(files.clone());
    wait(&mut s, "reading", |s| s.prepared.is_some() && !s.preparing());
    s.settings.device = regulars_engine::train::DeviceKind::Flex;
    s.settings.mlp.epochs = 3;
    wait(&mut s, "settling", |s| s.prepared.is_some() && !s.preparing());
    s.train();
    wait(&mut s, "training", |s| !s.outcomes.is_empty());
    ready(&mut s);
    let project = folder.path().join("shop.regulars");
    save(&mut s, &project);
    let saved = SavedProject::open(&project).unwrap();
    assert_eq!(saved.sources.len(), 5);

    // A planned column is switched off, and back by undo: the very same rows.
    let before = s.table.clone().unwrap();
    s.settings.combine.off.push("orders: count".into());
    wait(&mut s, "without", |s| {
        s.table.as_ref().is_some_and(|t| t.position("orders: count").is_none()) && !s.preparing()
    });
    s.undo();
    wait(&mut s, "undo", |s| {
        s.table.as_ref().is_some_and(|t| t.position("orders: count").is_some()) && !s.preparing()
    });
    let after = s.table.clone().unwrap();
    assert!(before.raw.equals_missing(&after.raw), "undo gives the same bytes");
    assert_eq!(before.source.hash, after.source.hash);

    // Opened again: nothing is lost, nothing is stale.
    let mut again = state();
    again.open(&project);
    wait(&mut again, "opening", |s| !s.outcomes.is_empty());
    assert!(!again.stale());
    ready(&mut again);
    let july = shop(&folder.path().join("july"), 8);
    again.open_month(july);
    wait(&mut again, "the month", |s| s.month.is_some());
    assert!(again.month.as_ref().unwrap().differences().missing.is_empty());

    // Moved: the files are found beside the project, or asked for one by one.
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir_all(&elsewhere).unwrap();
    for file in &files {
        std::fs::rename(file, elsewhere.join(file.file_name().unwrap())).unwrap();
    }
    let moved = elsewhere.join("shop.regulars");
    std::fs::copy(&project, &moved).unwrap();
    let mut s = state();
    s.open(&moved);
    wait(&mut s, "finding", |s| !s.outcomes.is_empty());
    std::fs::remove_file(elsewhere.join("events.csv")).unwrap();
    let mut s = state();
    s.open(&moved);
    wait(&mut s, "missing one", |s| !s.finding_data());
    assert!(s.lacks.as_ref().is_some_and(|lacks| lacks.file.ends_with("events.csv")), "{:?}", s.lacks);
}

#[test]
fn nested_and_chinese_exports_come_together() {
    if let Some(file) = public("json-nested/ravelin_customers.jsonl") {
        let told = json(&["inspect", file.to_str().unwrap()]);
        let rows = |name: &str| {
            let tables = told["tables"].as_array().unwrap();
            tables.iter().find(|t| t["name"].as_str().unwrap().ends_with(name)).unwrap()["rows"].as_u64()
        };
        assert_eq!((rows("orders"), rows("transactions")), (Some(478), Some(623)));
        assert_eq!(told["combined"]["rows"], 168);
    }
    if let (Some(orders), Some(lines)) = (
        public("chinese-restaurant-orders/meal_order_info.csv"),
        public("chinese-restaurant-orders/meal_order_detail.csv"),
    ) {
        let told = json(&["inspect", orders.to_str().unwrap(), lines.to_str().unwrap()]);
        let link = &told["links"][0];
        assert_eq!(
            (link["from_column"].as_str(), link["to_column"].as_str()),
            (Some("order_id"), Some("info_id"))
        );
    }
}

/// A recipe drawn at random from steps that change rows in many ways.
fn recipes() -> impl Strategy<Value = Recipe> {
    let scales = prop::sample::select(ScaleMethod::ALL.to_vec());
    let fills = prop::sample::select(vec![
        NumberFill::Median,
        NumberFill::Mean,
        NumberFill::Constant(7.5),
        NumberFill::Nearest,
    ]);
    let outlier = prop::sample::select(vec![
        OutlierMethod::Iqr { k: 1.5 },
        OutlierMethod::Mad { k: 3.5 },
        OutlierMethod::IsolationForest { threshold: 0.6 },
    ]);
    (scales, fills, outlier, prop::collection::vec(any::<bool>(), 12)).prop_map(
        |(method, numbers, outlier, on)| {
            let mut recipe = Recipe::default();
            for step in &mut recipe.steps {
                match &mut step.spec {
                    StepSpec::Scale { method: of, .. } => *of = method,
                    StepSpec::Impute(spec) => *spec = ImputeSpec { numbers, ..ImputeSpec::default() },
                    _ => {}
                }
            }
            let rule = |text: &str, then: Then| Rule { text: text.into(), then, on: true };
            let derived = |name: &str, formula: &str| Derived { name: name.into(), formula: formula.into() };
            for spec in [
                StepSpec::TextTidy(TidySpec::default()),
                StepSpec::Rules(RulesSpec {
                    rules: vec![
                        rule("age between 16 and 110", Then::Missing("age".into())),
                        rule("last_order_date >= signup_date", Then::FlagRow),
                    ],
                }),
                StepSpec::Derive(DeriveSpec { columns: vec![derived("per order", "total_spend / orders")] }),
                StepSpec::Select(SelectSpec {
                    drop: vec!["lucky_number".into()],
                    rename: vec![("city".into(), "town".into())],
                }),
                StepSpec::Outliers(OutlierSpec {
                    method: outlier,
                    action: OutlierAction::Cap,
                    columns: Vec::new(),
                }),
            ] {
                recipe.add(spec);
            }
            for (step, on) in recipe.steps.iter_mut().zip(on.into_iter().chain(std::iter::repeat(true))) {
                // What reads the columns must run, whatever else is switched off.
                let needed = ["missing_marks", "type_repair", "dates"].contains(&step.spec.name());
                *step = Step { spec: step.spec.clone(), on: on || needed };
            }
            recipe
        },
    )
}

fn shown(cleaning: &Cleaning) -> Vec<Vec<Option<String>>> {
    let frame = cleaning.last();
    let names: Vec<String> = frame.data.get_column_names().iter().map(|name| name.to_string()).collect();
    (0..frame.height()).map(|at| names.iter().map(|name| frame.show(name, at)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_recipe_saved_and_opened_cleans_as_it_did(recipe in recipes(), seed in 0u64..5) {
        let table = open(&sample());
        let settings = Settings { recipe, seed, ..Settings::default() };
        let prepared = project::prepare(&settings, &table, &Reporter::silent()).unwrap();
        let made = RecipeFile::of(&prepared, &table);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recipe.json");
        made.save(&path).unwrap();
        let opened = RecipeFile::open(&path).unwrap();
        prop_assert_eq!(&opened, &made);
        let (cleaned, told) = opened.apply(&table, &Reporter::silent()).unwrap();
        let (again, _) = made.apply(&table, &Reporter::silent()).unwrap();
        prop_assert_eq!(shown(&cleaned), shown(&again));
        // The very table it was made on differs in nothing.
        prop_assert!(told.missing.is_empty() && told.extra.is_empty() && told.renamed.is_empty());
    }
}

#[test]
fn a_recipe_tells_what_is_different_next_month() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(sample()).unwrap();
    let changed: String = text
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            match at {
                0 => cells[4] = "town",
                _ => cells[14] = "maybe",
            }
            cells.join(",") + "\n"
        })
        .collect();
    let july = folder.path().join("july.csv");
    std::fs::write(&july, changed).unwrap();
    let recipe = folder.path().join("recipe.json");
    let (recipe, july) = (recipe.to_str().unwrap(), july.to_str().unwrap());
    let out = folder.path().join("clean.csv");
    let made =
        json(&["clean", sample().to_str().unwrap(), "--out", out.to_str().unwrap(), "--save-recipe", recipe]);
    assert_eq!(
        made["rows_in"].as_u64(),
        Some(
            ["rows_out", "rows_dropped", "rows_merged"].iter().map(|key| made[*key].as_u64().unwrap()).sum()
        )
    );
    let told = json(&["clean", july, "--out", out.to_str().unwrap(), "--recipe", recipe]);
    let differences = &told["differences"];
    assert_eq!(differences["missing"][0], "city");
    assert_eq!(differences["extra"][0], "town");
    assert!(differences["new_levels"].to_string().contains("maybe"), "{differences}");
    assert!(differences["drift"].to_string().contains("newsletter"), "{differences}");
    let (code, _, err) = regulars(&["clean", july, "--out", "/tmp/x.csv", "--recipe", july]);
    assert!(code == 1 && err.contains("july.csv"), "{err}");

    // In words: of the recipe, not of a model; rows that repeat others are flagged, and that is told.
    let out = out.to_str().unwrap();
    let words = |lang: &str, file: &str| {
        let mut program = program();
        program.env("LANG", lang).args(["clean", file, "--out", out, "--recipe", recipe]);
        let ran = program.output().unwrap();
        (ran.status.code(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
    };
    let steps = told["steps"].as_array().unwrap();
    let repeated =
        steps.iter().find(|step| step["name"] == "duplicates").unwrap()["rows_flagged"].as_u64().unwrap();
    assert!(repeated > 0, "the sample shop has rows that repeat others");
    let (code, told) = words("C", july);
    assert!(code == Some(0) && told.contains("the recipe does not know: town"), "{told}");
    assert!(!told.contains("model"), "{told}");
    assert!(told.contains(&format!("{repeated} repeated rows flagged and kept")), "{told}");
    let (_, told) = words("zh_CN.UTF-8", july);
    assert!(!told.contains("模型") && told.contains(&format!("{repeated} 行重复，已标记并保留")), "{told}");

    // A file that is mostly another one is refused, with what it lacks.
    let other = folder.path().join("other.csv");
    std::fs::write(&other, "city,colour\nRiverton,red\nLakeside,blue\n").unwrap();
    let other = other.to_str().unwrap();
    let (code, told) = words("C", other);
    assert!(code == Some(1) && told.contains("only 1 of the") && told.contains("“customer_id”"), "{told}");
    let (code, told) = words("zh_CN.UTF-8", other);
    assert!(code == Some(1) && told.contains("“customer_id”、") && told.contains("另有"), "{told}");
}

#[test]
fn roles_of_any_of_the_files_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path(), 3);
    let mut settings = Settings::default();
    settings.read.roles.push(("comment".into(), Role::Ignore));
    let collected = project::collect(&files, &settings, &Reporter::silent()).unwrap();
    assert!(collected.table.position("feedback: latest comment").is_none());
    settings.read.roles.push(("nowhere".into(), Role::Ignore));
    let error = project::collect(&files, &settings, &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "no_column");
}
