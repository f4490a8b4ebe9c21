//! Every lesson by hand: what the task says turns its checks green, and nothing else does.

use super::*;
use crate::collect;
use crate::job::Reporter;
use crate::project::{Outcome, learn, prepare};
use crate::table::Table;
use crate::train::ModelKind;

/// A pupil at work.
struct Desk {
    lesson: Lesson,
    file: PathBuf,
    settings: Settings,
    runs: Vec<(Settings, Outcome)>,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new(lesson: Lesson) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = lesson.write(folder.path()).unwrap();
        Self { lesson, file, settings: lesson.settings(), runs: Vec::new(), _folder: folder }
    }

    fn table(&self) -> Table {
        let mut table = collect::open(&self.file, &Default::default(), &Reporter::silent()).unwrap();
        for (name, role) in &self.settings.read.roles {
            collect::set_role(&mut table, name, *role).unwrap();
        }
        table
    }

    fn train(&mut self) {
        let silent = Reporter::silent();
        let prepared = prepare(&self.settings, &self.table(), &silent).unwrap();
        let outcome = learn(&self.settings, &prepared, ModelKind::Mlp, &silent).unwrap();
        self.runs.push((self.settings.clone(), outcome));
    }

    fn checks(&self) -> [bool; STEPS] {
        let table = self.table();
        let runs = self.runs.iter().map(|(settings, network)| RunFacts { settings, network }).collect();
        let checks = judge(self.lesson, &Facts { settings: &self.settings, table: Some(&table), runs });
        println!("{:?}", self.lesson);
        checks.iter().for_each(|check| println!("  {check:?}"));
        checks.map(|check| check.done)
    }

    fn switch_on(&mut self, name: &str) {
        self.settings.recipe.steps.iter_mut().filter(|s| s.spec.name() == name).for_each(|s| s.on = true);
    }
}

#[test]
fn data() {
    let mut desk = Desk::new(Lesson::Data);
    assert_eq!(desk.checks(), [false; 3]);
    desk.settings.read.roles.push(("city".into(), Role::Target));
    assert_eq!(desk.checks(), [false; 3], "the wrong column");
    desk.settings.read.roles.pop();
    desk.settings.read.roles.push((data::LEFT.into(), Role::Target));
    assert_eq!(desk.checks(), [true, false, false]);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false], "trained with the number as a figure");
    desk.settings.read.roles.push((data::NUMBER.into(), Role::Id));
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn cleaning() {
    let mut desk = Desk::new(Lesson::Cleaning);
    assert_eq!(desk.checks(), [false; 3]);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false]);
    desk.settings.mlp.epochs += 1;
    desk.train();
    assert_eq!(desk.checks(), [true, false, false], "one epoch more is no cleaning");
    desk.settings.mlp.epochs -= 1;
    desk.switch_on("impossible");
    assert_eq!(desk.checks(), [true, true, false]);
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn scaling() {
    let mut desk = Desk::new(Lesson::Scaling);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false]);
    desk.switch_on("scale");
    assert_eq!(desk.checks(), [true, true, false]);
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn overfitting() {
    let mut desk = Desk::new(Lesson::Overfitting);
    assert_eq!(desk.checks(), [false; 3]);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false]);
    desk.settings.mlp.epochs = 90;
    desk.train();
    assert_eq!(desk.checks(), [true, false, false], "longer is not tamer");
    desk.settings.mlp.epochs = 60;
    desk.settings.mlp.patience = 3;
    assert_eq!(desk.checks(), [true, true, false]);
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn learning_rate() {
    let mut desk = Desk::new(Lesson::LearningRate);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false]);
    desk.settings.mlp.learning_rate = 1.0;
    desk.train();
    assert_eq!(desk.checks(), [true, true, false]);
    desk.settings.mlp.learning_rate = 0.01;
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn imbalance() {
    let mut desk = Desk::new(Lesson::Imbalance);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false]);
    desk.settings.mlp.class_weight = true;
    assert_eq!(desk.checks(), [true, true, false]);
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn leakage() {
    let mut desk = Desk::new(Lesson::Leakage);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false]);
    desk.settings.features.exclude.push("satisfaction".into());
    desk.train();
    assert_eq!(desk.checks(), [true, false, false], "the wrong column");
    desk.settings.features.exclude = vec![data::LEAK.into()];
    assert_eq!(desk.checks(), [true, true, false]);
    desk.train();
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn threshold() {
    let mut desk = Desk::new(Lesson::Threshold);
    assert_eq!(desk.checks(), [false; 3]);
    desk.train();
    assert_eq!(desk.checks(), [true, false, false], "at 0.5 money is left lying");
    desk.settings.threshold = 0.9;
    assert_eq!(desk.checks(), [true, false, false]);
    desk.settings.threshold = best_money(&desk.runs[0].1.valid, Money::LESSON).0;
    assert_eq!(desk.checks(), [true; 3]);
}

#[test]
fn a_lesson_is_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    for lesson in Lesson::ALL {
        let bytes = std::fs::read(lesson.write(folder.path()).unwrap()).unwrap();
        assert!(bytes == std::fs::read(lesson.write(folder.path()).unwrap()).unwrap() && bytes.len() > 5_000);
        assert_eq!(lesson.next().and_then(Lesson::previous).unwrap_or(lesson), lesson);
    }
}
