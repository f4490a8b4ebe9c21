//! `regulars feedback`: what customers are saying, and what to mend first.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::feedback::{Feedback, FeedbackSpec, Mood, MoodChoice, MoodModel, ThemeKind};
use regulars_engine::job::{Event, Reporter};
use regulars_engine::privacy::cells::Meaning;
use regulars_engine::project;
use regulars_engine::train::ModelKind;
use serde_json::{Value as Json, json};

use super::cells::{JsonCells, List};
use super::{Input, Outcome};
use crate::words::heard;
use crate::words::{Lang, percent};

/// Groups of repeated comments that the answer names.
const NAMED: usize = 20;
/// Letters of a comment in a list.
const LETTERS: usize = 200;

/// What is told of a theme, where small groups are kept out: a comment may speak of several; examples are one
/// customer's words; the figures beside them are of the customers who complained, by outcome and by day.
const TOPIC: [(&str, Meaning); 11] = [
    ("comments", Meaning::Overlap),
    ("kind_comments", Meaning::Part(0)),
    ("unkind_comments", Meaning::Part(0)),
    ("customers", Meaning::Overlap),
    ("sentiment", Meaning::Extreme),
    ("typical", Meaning::Extreme),
    ("trend", Meaning::Extreme),
    ("rise", Meaning::Extreme),
    ("left", Meaning::Extreme),
    ("rating", Meaning::Extreme),
    ("spend", Meaning::Extreme),
];
const COUNTS: [&str; 3] = ["/moods/kind", "/moods/unkind", "/moods/not_sure"];
/// Tables that count the same comments by other groups.
const SILENT: [&str; 6] = ["/mend", "/trend", "/survey", "/by_segment", "/by_period", "/repeats"];

#[derive(Args)]
pub(super) struct Hear {
    #[command(flatten)]
    pub(super) input: Input,
    /// The column of comments (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    text: Option<String>,
    /// The column of ratings, or of kind and unkind, that the app learns from (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    rating: Option<String>,
    /// The column of answers to "would you recommend us", 0 to 10 (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    nps: Option<String>,
    /// The column of groups that survey figures are told by (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    segment: Option<String>,
    /// The column of the day (default: guessed)
    #[arg(long, value_name = "COLUMN")]
    date: Option<String>,
    /// The column that tells who wrote (default: the link to the customers, else the identifier)
    #[arg(long, value_name = "COLUMN")]
    customer: Option<String>,
    /// Number of learnt topics (default: the most stable one)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=30))]
    topics: Option<u8>,
    /// What learns kind and unkind from the rated comments: a linear model (usual), a text CNN, a recurrent network,
    /// or the best of the three on comments that they never saw; networks take minutes
    #[arg(long, value_name = "MODEL", value_parser = ["linear", "cnn", "rnn", "best"])]
    mood: Option<String>,
    /// The value of the target that says who has left
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// Shows mail addresses, telephone and other numbers in comments
    #[arg(long)]
    show_details: bool,
    /// Writes every comment with its mood, aspects and a drafted reply here (CSV or XLSX)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    cells: JsonCells,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Hear {
    pub(super) fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        settings.seed = self.seed;
        settings.positive.clone_from(&self.positive);
        settings.feedback = FeedbackSpec {
            text: self.text.clone(),
            rating: self.rating.clone(),
            nps: self.nps.clone(),
            segment: self.segment.clone(),
            date: self.date.clone(),
            customer: self.customer.clone(),
            topics: self.topics.map(usize::from),
            mood: self.mood(),
            show_details: self.show_details,
            ..FeedbackSpec::default()
        };
        if let Some(out) = &self.out {
            super::refuse_input(out, &self.input.paths())?;
        }
        let collected = self.input.collect(&settings)?;
        super::tell_unused(&collected.table);
        let (events, heard) = std::sync::mpsc::channel();
        let printer = std::thread::spawn(move || heard.into_iter().for_each(|event| tell(&event)));
        let report = Reporter::to(events);
        let found = project::feedback_of(&collected, &settings, &report)?;
        drop(report);
        let _ = printer.join();
        if let Some(out) = &self.out {
            project::feedback_grid(&found, &settings.feedback, None, &Reporter::silent())
                .map_err(regulars_engine::Error::from)?
                .write(out)
                .map_err(|cause| project::ProjectError::Save { file: out.clone(), cause })?;
        }
        if !self.input.json {
            print(Lang::of_environment(), &found);
        }
        let mut object = told(&found);
        self.cells.protect(&mut object, &[List { pointer: "/topics", fields: &TOPIC }], &COUNTS, &SILENT);
        if let (Some(out), Some(object)) = (&self.out, object.as_object_mut()) {
            object.insert("out".into(), out.display().to_string().into());
        }
        Ok(object)
    }
}

impl Hear {
    fn mood(&self) -> MoodChoice {
        let named = |one: &MoodChoice| self.mood.as_deref() == Some(one.name());
        MoodChoice::ALL.into_iter().find(named).unwrap_or_default()
    }
}

/// Which training of a network begins, and its epochs.
fn tell(event: &Event) {
    let lang = Lang::of_environment();
    match event {
        Event::Fold { fold, folds, kind } => {
            let model = if *kind == ModelKind::Rnn { MoodModel::Rnn } else { MoodModel::Cnn };
            let args = [
                ("model", heard::model(lang, model)),
                ("fold", fold.to_string()),
                ("folds", folds.to_string()),
            ];
            eprintln!("{}", lang.with("mood.training", &args));
        }
        Event::Epoch(epoch) => eprintln!("  {}", super::train::epoch_line(lang, epoch)),
        _ => {}
    }
}

fn told(found: &Feedback) -> Json {
    let topics: Vec<Json> = found
        .themes
        .iter()
        .map(|theme| {
            let mut object = json!(theme);
            if let Some(object) = object.as_object_mut() {
                object.insert("name".into(), theme.en.clone().into());
            }
            object
        })
        .collect();
    let mut object = json!({
        "language": found.language.name(), "comments": found.moods.len(),
        "reader": found.reader.name(), "thresholds": found.reader.thresholds(),
        "moods": {
            "kind": found.count(Mood::Kind), "unkind": found.count(Mood::Unkind),
            "not_sure": found.count(Mood::NotSure),
        },
        "topics": topics, "stability": found.stability, "mend": found.mend, "trend": found.trend,
        "survey": found.survey, "by_segment": found.by_segment, "by_period": found.by_period,
        "repeats": {
            "groups": found.repeats.groups.len(), "repeated": found.repeats.repeated,
            "largest": found.repeats.groups.iter().take(NAMED).map(Vec::len).collect::<Vec<_>>(),
            "spam": found.repeats.spam.len(),
        },
        "notes": found.notes,
    });
    if let (Some(figures), Some(object)) = (&found.figures, object.as_object_mut()) {
        object.insert("metrics".into(), json!({ "held_out": figures }));
        object.insert("mood".into(), json!(found.reader.model()));
        object.insert("tried".into(), json!(found.tried));
    }
    object
}

fn print(lang: Lang, found: &Feedback) {
    let count = |value: usize| lang.count(value as u64);
    let args = [
        ("count", count(found.moods.len())),
        ("kind", count(found.count(Mood::Kind))),
        ("unkind", count(found.count(Mood::Unkind))),
        ("unsure", count(found.count(Mood::NotSure))),
    ];
    super::out!("{}", lang.with("feedback.finding", &args));
    match &found.figures {
        Some(figures) => {
            let args = [
                ("rated", count(figures.rated)),
                ("accuracy", percent(figures.accuracy.value)),
                ("low", percent(figures.accuracy.low)),
                ("high", percent(figures.accuracy.high)),
                ("guess", percent(figures.larger_class)),
                ("error", format!("{:.3}", figures.calibration_error)),
            ];
            super::out!("{}", lang.with("feedback.own", &args));
        }
        None => super::out!("{}", lang.t("feedback.shipped")),
    }
    if let Some(taken) = heard::taken(lang, &found.tried, found.reader.model()) {
        found.tried.iter().for_each(|one| super::out!("  {}", heard::tried(lang, one)));
        super::out!("{taken}");
    }
    found.notes.iter().for_each(|note| super::out!("  ! {}", lang.note(note)));
    if !found.mend.is_empty() {
        super::out!("{}", lang.t("feedback.mend_first"));
    }
    for (at, mend) in found.mend.iter().take(10).enumerate() {
        let Some(theme) = found.themes.get(mend.theme) else { continue };
        super::out!("  {}. {}", at + 1, heard::mend(lang, theme, mend));
        if let Some(line) = heard::rise(lang, theme) {
            super::out!("     {line}");
        }
        if let Some((_, text)) = theme.typical.first() {
            super::out!("     “{}”", short(text));
        }
    }
    if !found.mend.is_empty() {
        super::out!("{}", lang.t("feedback.no_proof"));
    }
    super::out!("{}", lang.t("feedback.themes"));
    for theme in &found.themes {
        let kind = match theme.kind {
            ThemeKind::Aspect => lang.t("feedback.aspect"),
            ThemeKind::Topic => lang.t("feedback.topic"),
        };
        let kindly = theme.sentiment.map_or_else(|| "—".to_owned(), |share| percent(share.value));
        super::out!("  {:>8}  {kindly:>6}  {kind}  {}", count(theme.comments), heard::theme(lang, theme));
    }
    if let Some(survey) = &found.survey {
        if let Some(nps) = survey.nps {
            let [value, low, high] = [nps.value, nps.low, nps.high].map(|value| format!("{value:.0}"));
            super::out!("{}", lang.with("feedback.nps", &[("value", value), ("low", low), ("high", high)]));
        }
        if let Some(csat) = survey.csat {
            let [value, low, high] = [csat.value, csat.low, csat.high].map(percent);
            super::out!("{}", lang.with("feedback.csat", &[("value", value), ("low", low), ("high", high)]));
        }
    }
    if found.repeats.repeated + found.repeats.spam.len() > 0 {
        let args = [("repeated", count(found.repeats.repeated)), ("spam", count(found.repeats.spam.len()))];
        super::out!("{}", lang.with("feedback.repeats", &args));
    }
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let head: String = line.chars().take(LETTERS).collect();
    let is_cut = head.len() < text.trim_end().len() && !head.ends_with('…');
    if is_cut { format!("{head}…") } else { head }
}
