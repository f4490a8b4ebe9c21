//! Feedback: what customers are saying, and what to mend first.

mod bars;
mod comments;
mod detail;
mod inspect;
mod moods;
mod repeats;
mod survey;
mod wording;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::feedback::{Mood, Outcome, ThemeKind};

use super::{Page, Scene, value};
use crate::window::command::Command;
use crate::window::parts::{self, intervals};
use crate::window::state::{Heard, State};
use crate::window::theme::{self, S2, S3, S5};
use crate::words::heard;
use crate::words::{Lang, percent};

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Themes,
    Comments,
    Survey,
    Repeats,
    Words,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 5] = [Tab::Themes, Tab::Comments, Tab::Survey, Tab::Repeats, Tab::Words];

    fn key(self) -> &'static str {
        match self {
            Self::Themes => "fb.tab.themes",
            Self::Comments => "fb.tab.comments",
            Self::Survey => "fb.tab.survey",
            Self::Repeats => "fb.tab.repeats",
            Self::Words => "fb.tab.words",
        }
    }
}

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    pub tab: Tab,
    /// The theme that is looked at, by its key.
    pub theme: Option<String>,
    /// It was just chosen and must come in sight.
    comes: bool,
    /// The comment that is looked at, and the reply to it as the person edits it.
    pub comment: Option<u32>,
    reply: Option<(u32, String)>,
    /// First and last day as they are being typed.
    from: String,
    to: String,
    /// The aspects as they are being edited.
    lexicon: Option<Vec<wording::Draft>>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "feedback");
    if scene.state.table.is_none() {
        super::clean::waiting(ui, scene, "feedback");
        return;
    }
    let has_text = scene.state.feedback_choices().map(|choices| !choices.beside.is_empty());
    if let Some(error) = scene.state.heard_error() {
        parts::problem(ui, lang, error);
    }
    let Some(heard) = scene.state.heard().cloned() else {
        if has_text == Some(false) {
            let button = Some((lang.t("common.to_collect"), Command::Go(Page::Collect)));
            parts::empty_state(ui, lang, "feedback_none", button, scene.send);
            return;
        }
        parts::empty_state(ui, lang, "feedback_ready", None, scene.send);
        ui.vertical_centered(|ui| start(ui, scene, "fb.find"));
        course(ui, scene);
        return;
    };
    parts::steady(ui, "stale", |ui| {
        if scene.state.heard_is_stale() || scene.state.feedback.working() {
            parts::caution(ui, &lang.t("fb.stale"));
            start(ui, scene, "fb.again");
            course(ui, scene);
            ui.add_space(S2);
        }
    });
    parts::steady(ui, "finding", |ui| finding(ui, lang, &heard));
    parts::steady(ui, "tried", |ui| moods::tried(ui, scene, &heard));
    parts::steady(ui, "tabs", |ui| {
        ui.horizontal_wrapped(|ui| {
            for tab in Tab::ALL {
                ui.selectable_value(&mut scene.page.feedback.tab, tab, lang.t(tab.key()));
            }
        });
        ui.separator();
    });
    match scene.page.feedback.tab {
        Tab::Themes => themes(ui, scene, &heard),
        Tab::Comments => comments::show(ui, scene, &heard),
        Tab::Survey => survey::show(ui, lang, &heard.feedback),
        Tab::Repeats => repeats::show(ui, scene, &heard),
        Tab::Words => wording::show(ui, scene),
    }
}

/// The button that reads the comments, and how far that is.
fn start(ui: &mut Ui, scene: &mut Scene<'_>, key: &str) {
    let lang = scene.lang;
    if parts::primary(ui, lang.t(key), !scene.state.feedback.working()) {
        scene.state.hear();
    }
    if let Some((_, share, _)) = scene.state.feedback.job().filter(|_| scene.state.feedback.working()) {
        parts::muted(ui, lang.with("fb.working", &[("share", percent(share))]));
    }
}

/// The network that is being trained, if any.
fn course(ui: &mut Ui, scene: &Scene<'_>) {
    if let Some(course) = scene.state.feedback.course() {
        moods::course(ui, scene.lang, course);
    }
}

/// Personal details are shown: the person wants them, and nobody looks at a projector.
fn shows_details(scene: &Scene<'_>) -> bool {
    scene.state.settings.feedback.show_details && !scene.prefs.projector
}

/// What to mend first, since when, and how many comments there are.
fn finding(ui: &mut Ui, lang: Lang, heard: &Heard) {
    let found = &heard.feedback;
    let first = found.mend.first().and_then(|mend| Some((mend, found.themes.get(mend.theme)?)));
    let title = match first {
        Some((_, theme)) => lang.with("fb.mend_first", &[("name", heard::theme(lang, theme).to_owned())]),
        None => lang.t("fb.no_complaint"),
    };
    let title = RichText::new(title).font(theme::section_font());
    ui.add(egui::Label::new(title).wrap());
    if let Some((mend, theme)) = first {
        let gap = if lang == Lang::Zh { "" } else { " " };
        let mut text = lang.with("fb.sentence", &[("text", heard::mend(lang, theme, mend))]);
        if let Some(rise) = heard::rise(lang, theme) {
            text = format!("{text}{gap}{}", lang.with("fb.sentence", &[("text", rise)]));
        }
        if !mend.is_clear && mend.outcome != Outcome::Complaints {
            text = format!("{text}{gap}{}", lang.t("fb.unclear"));
        }
        ui.add(egui::Label::new(text).wrap());
        parts::muted(ui, lang.t("feedback.no_proof"));
    }
    ui.add_space(S2);
    let all = found.moods.len();
    let share = |count: usize| percent(count as f64 / all.max(1) as f64);
    let mut told = vec![(lang.t("fb.comments"), lang.count(all as u64), String::new())];
    told.extend(
        Mood::ALL
            .iter()
            .zip(heard.moods)
            .map(|(mood, count)| (mood_name(lang, *mood), lang.count(count as u64), share(count))),
    );
    value::figures(ui, &told);
    let how = match &found.figures {
        Some(figures) => lang.with(
            "feedback.own",
            &[
                ("rated", lang.count(figures.rated as u64)),
                ("accuracy", percent(figures.accuracy.value)),
                ("low", percent(figures.accuracy.low)),
                ("high", percent(figures.accuracy.high)),
                ("guess", percent(figures.larger_class)),
                ("error", format!("{:.3}", figures.calibration_error)),
            ],
        ),
        None => lang.t("feedback.shipped"),
    };
    parts::muted(ui, how);
    for note in &found.notes {
        parts::muted(ui, lang.note(note));
    }
    ui.add_space(S2);
}

/// The name of a mood.
fn mood_name(lang: Lang, mood: Mood) -> String {
    lang.t(match mood {
        Mood::Kind => "fb.mood.kind",
        Mood::Unkind => "fb.mood.unkind",
        Mood::NotSure => "fb.mood.not_sure",
    })
}

/// The list of what to mend, aspects and topics, and the one that is looked at.
fn themes(ui: &mut Ui, scene: &mut Scene<'_>, heard: &Heard) {
    let lang = scene.lang;
    let found = &heard.feedback;
    let mut chosen: Option<usize> = None;
    let listed: Vec<_> = found.mend.iter().take(8).collect();
    let rows: Vec<intervals::Row> = listed
        .iter()
        .filter_map(|mend| {
            let theme = found.themes.get(mend.theme)?;
            let told = match heard::rise(lang, theme) {
                Some(rise) => format!("{}\n{rise}", heard::mend(lang, theme, mend)),
                None => heard::mend(lang, theme, mend),
            };
            let name = heard::theme(lang, theme).to_owned();
            Some(intervals::Row { name, estimate: mend.weight, told, marked: mend.is_clear })
        })
        .collect();
    if let Some(first) = listed.first() {
        let (title, x) = match first.outcome {
            Outcome::Left => ("fb.mend.title.left", "fb.mend.x.left"),
            Outcome::Rating => ("fb.mend.title.rating", "fb.mend.x.rating"),
            Outcome::Complaints => ("fb.mend.title.complaints", "fb.mend.x.complaints"),
        };
        let title =
            lang.with(title, &[("name", rows.first().map(|row| row.name.clone()).unwrap_or_default())]);
        let of = intervals::Intervals {
            id: "feedback mend",
            title,
            x: lang.t(x),
            rows: &rows,
            // Left or right of no difference is the first thing to be seen.
            whole: (first.outcome != Outcome::Complaints).then(|| (lang.t("mood.zero"), 0.0)),
            show: &|value| format!("{value:.1}"),
        };
        if let Some(row) = intervals::show(ui, lang, &of) {
            chosen = listed.get(row).map(|mend| mend.theme);
        }
        ui.add_space(S3);
    }
    for kind in [ThemeKind::Aspect, ThemeKind::Topic] {
        let looked_at = scene.page.feedback.theme.as_deref();
        if let Some(theme) = bars::show(ui, lang, found, kind, looked_at) {
            chosen = Some(theme);
        }
    }
    if found.themes.is_empty() {
        parts::muted(ui, lang.t("fb.no_themes"));
    }
    if let Some(theme) = chosen.and_then(|at| found.themes.get(at)) {
        scene.page.feedback.theme = Some(theme.key.clone());
        scene.page.feedback.comes = true;
    }
    let view = &scene.page.feedback;
    // At first the one to mend first.
    let at = match &view.theme {
        Some(key) => found.themes.iter().position(|theme| theme.key == *key),
        None => found.mend.first().map(|mend| mend.theme),
    };
    if let Some((at, theme)) = at.and_then(|at| Some((at, found.themes.get(at)?))) {
        detail::show(ui, scene, found, (at, theme));
    }
    ui.add_space(S5);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    inspect::show(ui, scene);
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    let Some(heard) = state.heard() else { return lang.t("fb.status.none") };
    let found = &heard.feedback;
    match found.mend.first().and_then(|mend| found.themes.get(mend.theme)) {
        Some(theme) => lang.with("fb.mend_first", &[("name", heard::theme(lang, theme).to_owned())]),
        None => lang.with("fb.status.count", &[("count", lang.count(found.moods.len() as u64))]),
    }
}
