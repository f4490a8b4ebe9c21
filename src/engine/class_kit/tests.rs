//! A class of two from the kit to the grades.

use std::path::{Path, PathBuf};

use super::*;
use crate::job::Reporter;
use crate::project::{SavedModel, SavedProject, SavedRun, Settings, Source, learn, prepare};
use crate::train::{DeviceKind, ModelKind};

fn kit(folder: &Path) -> (Key, PathBuf, PathBuf) {
    let (out, key) = (folder.join("class"), folder.join("trainer").join("class.key"));
    let (made, files) =
        make((&out, &key), 2, 900, Some(9_041_000_777_001), "read me", &Reporter::silent()).unwrap();
    assert_eq!(files.len(), 8);
    (made, out, key)
}

/// What a student does: settings, a trained model, a saved project.
fn project_of(folder: &Path, settings: Settings) -> PathBuf {
    let silent = Reporter::silent();
    let file = folder.join("customers.csv");
    let table = answers::table_of(&[Source::File(file.clone())], &settings, &silent).unwrap();
    let prepared = prepare(&settings, &table, &silent).unwrap();
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
    let mut project = SavedProject::new(settings.clone(), file, table.source.hash.clone());
    project.runs.push(SavedRun {
        name: String::new(),
        key: settings.key(&table),
        rows_key: settings.rows_key(&table),
        settings,
        models: vec![SavedModel::of(&outcome)],
    });
    let path = folder.join("mine.regulars");
    project.save(&path).unwrap();
    path
}

fn careful(leak: &str) -> Settings {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.features.exclude.push(leak.to_owned());
    settings
}

#[test]
fn a_careful_student_is_graded_well_and_a_careless_one_is_told_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let (key, out, key_file) = kit(folder.path());
    let silent = Reporter::silent();
    assert_eq!(Key::open(&key_file).unwrap(), key);

    let leak = key.students[0].leak.clone();
    let project = project_of(&out.join("student-01"), careful(&leak));
    let lifetime = Some(key.students[0].lifetime);
    let handed = hand_in(&project, lifetime, &silent).unwrap();
    let path = folder.path().join("1.json");
    handed.save(&path).unwrap();
    let good = grade(&key, &path, &HandIn::open(&path).unwrap(), &silent).unwrap();
    println!("{good:#?}");
    assert!(good.trusted, "{:?}", good.findings);
    assert_eq!(good.drivers.precision, 1.0);
    assert!(good.leak.found && good.drivers.ordered.0 >= 5);
    for dirt in &good.dirt {
        assert!(dirt.planted > 5 && dirt.repaired == dirt.planted, "{dirt:?}");
    }
    let fresh = good.fresh_auc.unwrap();
    assert!(fresh.value > good.best_auc - 0.03 && fresh.value <= good.best_auc + 0.005, "{fresh:?}");
    let life = good.lifetime.as_ref().unwrap();
    assert!(life.rate_error < 1e-9 && life.stop_error < 1e-9);

    // The other learns from the leak and cleans nothing.
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    for step in &mut settings.recipe.steps {
        let needed = matches!(step.spec.name(), "type_repair" | "impute" | "scale");
        step.on = needed;
    }
    let project = project_of(&out.join("student-02"), settings);
    let handed = hand_in(&project, None, &silent).unwrap();
    let careless = grade(&key, &path, &handed, &silent).unwrap();
    println!("{careless:#?}");
    assert!(careless.trusted && !careless.leak.found);
    // Its own test rows leak as well; what they promise does not come true.
    let (own, fresh) = (careless.own_auc.unwrap(), careless.fresh_auc.unwrap().value);
    assert!(own > 0.97 && own - fresh > 0.08 && fresh < careless.best_auc, "{own} {fresh}");
    let gone = careless.dirt.iter().find(|dirt| dirt.kind == DirtKind::Duplicates).unwrap();
    assert_eq!(gone.repaired, 0);
    assert!(careless.points + 25.0 < good.points, "{} {}", careless.points, good.points);
}

#[test]
fn what_was_changed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (key, out, key_file) = kit(folder.path());
    let silent = Reporter::silent();
    let leak = key.students[0].leak.clone();
    let one = out.join("student-01");
    let project = project_of(&one, careful(&leak));
    let honest = hand_in(&project, None, &silent).unwrap();
    let path = folder.path().join("1.json");
    let codes = |handed: &HandIn| -> Vec<&'static str> {
        grade(&key, &path, handed, &silent).unwrap().findings.iter().map(|note| note.code).collect()
    };
    assert!(codes(&honest).is_empty());
    // A better figure written in.
    let mut edited = honest.clone();
    edited.answers.test_auc = Some(0.99);
    assert_eq!(codes(&edited), ["class_edited", "class_claims"]);
    // … and the hash made anew: the claim still is not what the model gives.
    edited.hash = edited.made_hash();
    assert_eq!(codes(&edited), ["class_claims"]);
    // Another student's number.
    let mut other = honest.clone();
    other.student = 2;
    other.hash = other.made_hash();
    let told = grade(&key, &path, &other, &silent).unwrap();
    assert!(told.findings.iter().any(|note| note.code == "class_tag") && !told.trusted);
    // A model that does not fit the shop at all earns nothing.
    other.settings.features.exclude.push("age".into());
    let told = grade(&key, &path, &other, &silent).unwrap();
    assert!(told.findings.iter().any(|note| note.code == "class_does_not_run"));
    assert_eq!((told.points, told.fresh_auc), (0.0, None));
    // Data that were changed before training.
    let file = one.join("customers.csv");
    let text = std::fs::read_to_string(&file).unwrap().replacen(",yes\n", ",no\n", 40);
    std::fs::write(&file, text).unwrap();
    let stale = hand_in(&project, None, &silent).unwrap_err();
    assert_eq!(stale.kind(), "class_stale");
    let handed = hand_in(&project_of(&one, careful(&leak)), None, &silent).unwrap();
    assert!(codes(&handed).contains(&"class_data"));
    // A key that was changed, a file that is none, a folder that is none.
    let text = std::fs::read_to_string(&key_file).unwrap();
    std::fs::write(&key_file, text.replacen(&leak, "age", 1)).unwrap();
    assert_eq!(crate::Error::from(Key::open(&key_file).unwrap_err()).kind(), "class_broken_seal");
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(crate::Error::from(HandIn::open(&path).unwrap_err()).kind(), "class_bad_file");
    std::fs::remove_file(one.join(MANIFEST)).unwrap();
    assert_eq!(hand_in(&project, None, &silent).unwrap_err().kind(), "class_no_manifest");
}

#[test]
fn no_truth_lies_among_what_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let (key, out, _) = kit(folder.path());
    for student in &key.students {
        let folder = out.join(&student.folder);
        let names: Vec<String> =
            std::fs::read_dir(&folder).unwrap().map(|e| files::name_of(&e.unwrap().path())).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        let manifest = std::fs::read_to_string(folder.join(MANIFEST)).unwrap();
        for word in [&student.leak, &key.seed.to_string(), &student.drivers[0].0, &"seed".to_owned()] {
            assert!(!manifest.contains(word.as_str()), "{word}");
        }
    }
    let silent = Reporter::silent();
    let inside = make((&out, &out.join("class.key")), 1, 300, Some(1), "", &silent).unwrap_err();
    assert_eq!(inside.kind(), "class_file");
    let none = make((&out, &folder.path().join("k")), 0, 300, Some(1), "", &silent).unwrap_err();
    assert_eq!(none.kind(), "class_students");
    // Without a seed each kit is another.
    let draw = |name: &str| {
        make(
            (&folder.path().join(name), &folder.path().join(format!("{name}.key"))),
            1,
            300,
            None,
            "",
            &silent,
        )
        .unwrap()
        .0
        .seed
    };
    assert_ne!(draw("a"), draw("b"));
}
