//! `regulars class`: a shop with a planted truth for each student, hand-ins, grades, and the leak trap.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use regulars_engine::class_kit::{self, Grade, HandIn, Key, Lifetime};
use regulars_engine::files;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Bait};
use regulars_engine::table::Role;
use serde_json::{Value, json};

use super::{Input, Outcome};
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct Class {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Writes one shop for each student, and the key for the trainer
    Make(Make),
    /// Makes the one file that a student hands in of a saved project
    HandIn(HandInFile),
    /// Grades hand-ins against the key
    Grade(GradeFiles),
    /// Shows on a copy of the data what a leaking column does to the score, and who it was
    Trap(Box<Trap>),
}

#[derive(Args)]
struct Make {
    /// The folder that students get; below it one folder each
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Where the key goes, outside that folder (default: beside it, with “.key” behind its name)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "N")]
    students: u32,
    /// Customers of each shop, at least 200
    #[arg(long, value_name = "N", default_value_t = 1200)]
    customers: usize,
    /// Makes the same kit again; keep it secret (default: drawn)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct HandInFile {
    /// The saved project, with its model
    project: PathBuf,
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// An estimate of the lifetime parameters of orders.csv (BG/NBD)
    #[arg(long, value_name = "R,ALPHA,A,B", value_parser = parse_lifetime)]
    lifetime: Option<Lifetime>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct GradeFiles {
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[arg(required = true, value_name = "HAND-IN")]
    files: Vec<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Trap {
    #[command(flatten)]
    input: Input,
    /// The column that says who left
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// answer: a column made from the answer; total: a total over all orders, later ones too
    #[arg(long, value_name = "KIND", default_value = "answer", value_parser = parse_bait)]
    bait: Bait,
}

fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    match numbers.as_deref() {
        Ok([r, alpha, a, b]) if [r, alpha, a, b].iter().all(|n| n.is_finite() && **n > 0.0) => {
            Ok(Lifetime { r: *r, alpha: *alpha, a: *a, b: *b })
        }
        _ => Err("four numbers above 0, e.g. 0.8,6.5,0.7,2.9".into()),
    }
}

fn parse_bait(text: &str) -> Result<Bait, String> {
    Bait::ALL.into_iter().find(|bait| bait.name() == text).ok_or_else(|| "answer or total".into())
}

impl Class {
    /// One JSON object is wanted.
    pub(super) fn json(&self) -> bool {
        match &self.what {
            What::Make(c) => c.json,
            What::HandIn(c) => c.json,
            What::Grade(c) => c.json,
            What::Trap(c) => c.input.json,
        }
    }

    pub(super) fn run(&self) -> Outcome {
        match &self.what {
            What::Make(c) => c.run(),
            What::HandIn(c) => c.run(),
            What::Grade(c) => c.run(),
            What::Trap(c) => c.run(),
        }
    }
}

impl Make {
    fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let out = std::path::absolute(&self.out).unwrap_or_else(|_| self.out.clone());
        let beside = || PathBuf::from(format!("{}.key", out.display()));
        let key_file = self.key.clone().unwrap_or_else(beside);
        let guide = Lang::ALL.map(|lang| lang.t("class.guide")).join("\n\n");
        let (key, written) = class_kit::make(
            (&out, &key_file),
            self.students,
            self.customers,
            self.seed,
            &guide,
            &Reporter::silent(),
        )?;
        if !self.json {
            let args = [
                ("students", key.students.len().to_string()),
                ("out", out.display().to_string()),
                ("key", key_file.display().to_string()),
                ("seed", key.seed.to_string()),
            ];
            super::out!("{}", lang.with("class.made", &args));
        }
        // The seed is told as text: not every reader of JSON keeps 64 bits of a number.
        Ok(json!({
            "out": out, "key": key_file, "kit": key.kit, "seed": key.seed.to_string(),
            "customers": key.customers, "students": key.students.len(), "files": written,
        }))
    }
}

impl HandInFile {
    fn run(&self) -> Outcome {
        super::refuse_input(&self.out, &[&self.project])?;
        let lang = Lang::of_environment();
        let made = class_kit::hand_in(&self.project, self.lifetime, &Reporter::silent())?;
        made.save(&self.out)?;
        if !self.json {
            let auc = made.answers.test_auc.map_or_else(|| "–".to_owned(), three);
            let args = [
                ("out", self.out.display().to_string()),
                ("student", made.student.to_string()),
                ("auc", auc),
            ];
            super::out!("{}", lang.with("class.handed", &args));
        }
        Ok(json!({
            "out": self.out, "kit": made.kit, "student": made.student, "data": made.data,
            "answers": made.answers, "hash": made.hash,
        }))
    }
}

impl GradeFiles {
    fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let key = Key::open(&self.key)?;
        let mut grades = Vec::new();
        for file in &self.files {
            let grade = class_kit::grade(&key, file, &HandIn::open(file)?, &Reporter::silent())?;
            if !self.json {
                print(lang, &grade);
            }
            grades.push(told(file, &grade));
        }
        Ok(json!({ "kit": key.kit, "grades": grades }))
    }
}

impl Trap {
    fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let mut settings = self.input.settings()?;
        settings.read.roles.extend(self.target.iter().map(|name| (name.clone(), Role::Target)));
        let collected = self.input.collect(&settings)?;
        let silent = Reporter::silent();
        let sprung = project::leak_trap(self.bait, &settings, &collected.table, &collected, &silent)?;
        let why = sprung.caught.as_ref().map(|culprit| (culprit.note(), culprit.known()));
        if !self.input.json {
            let args = [
                ("column", sprung.column.to_owned()),
                ("rows", lang.count(sprung.test_rows as u64)),
                ("before", three(sprung.before.value)),
                ("after", three(sprung.after.value)),
            ];
            super::out!("{}", lang.with("class.trap", &args));
            let column = ("column", sprung.column.to_owned());
            let line = match &why {
                Some((why, known)) => {
                    let args = [column, ("why", lang.note(why)), ("known", lang.note(known))];
                    lang.with("trap.caught", &args)
                }
                None => lang.with("trap.went_through", &[column]),
            };
            super::out!("{line}");
        }
        Ok(json!({
            "bait": sprung.bait.name(), "column": sprung.column, "model": sprung.model,
            "test_rows": sprung.test_rows, "before": sprung.before, "after": sprung.after,
            "caught": why.as_ref().map(|(why, known)| json!({ "why": why, "known": known })),
        }))
    }
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

/// A grade as JSON, with the words of what speaks against it.
fn told(file: &std::path::Path, grade: &Grade) -> Value {
    let mut value = json!(grade);
    let words: Vec<String> = grade.findings.iter().map(|note| Lang::En.note(note)).collect();
    if let Some(object) = value.as_object_mut() {
        object.insert("file".into(), files::name_of(file).into());
        object.insert("told".into(), words.into());
    }
    value
}

fn print(lang: Lang, grade: &Grade) {
    let args = [("student", grade.student.to_string()), ("points", format!("{:.1}", grade.points))];
    super::out!("{}", lang.with("class.grade", &args));
    for finding in &grade.findings {
        super::out!("  ! {}", lang.note(finding));
    }
    let drivers = &grade.drivers;
    let args = [
        ("hits", drivers.hits.to_string()),
        ("all", drivers.planted.len().to_string()),
        ("right", drivers.ordered.0.to_string()),
        ("pairs", drivers.ordered.1.to_string()),
        ("planted", lang.list(&drivers.planted)),
        ("named", lang.list(&drivers.named)),
    ];
    super::out!("  {}", lang.with("class.grade.drivers", &args));
    let leak = match grade.leak.found {
        true => "class.grade.leak_found",
        false => "class.grade.leak_missed",
    };
    super::out!("  {}", lang.with(leak, &[("column", grade.leak.planted.clone())]));
    let dirt: Vec<String> = grade
        .dirt
        .iter()
        .map(|one| {
            format!("{} {}/{}", lang.t(&format!("step.{}", one.kind.name())), one.repaired, one.planted)
        })
        .collect();
    super::out!("  {}", lang.with("class.grade.dirt", &[("list", lang.list(&dirt))]));
    if let Some(auc) = grade.fresh_auc {
        let args = [
            ("auc", three(auc.value)),
            ("low", three(auc.low)),
            ("high", three(auc.high)),
            ("best", three(grade.best_auc)),
            ("own", grade.own_auc.map_or_else(|| "–".to_owned(), three)),
        ];
        super::out!("  {}", lang.with("class.grade.auc", &args));
    }
    if let Some(life) = &grade.lifetime {
        let args = [("rate", percent(life.rate_error)), ("stop", percent(life.stop_error))];
        super::out!("  {}", lang.with("class.grade.lifetime", &args));
    }
}
