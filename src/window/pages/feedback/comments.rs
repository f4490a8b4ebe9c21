//! The comments: looked for as one types, and the one that is answered.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::feedback::{By, Feedback, FeedbackSpec, Filter, Mood, Which};

use crate::window::pages::Scene;
use crate::window::parts::{self, table};
use crate::window::state::Heard;
use crate::window::theme::{self, Palette, S2, S3};
use crate::words::Lang;
use crate::words::heard;

/// Letters of a comment in a row, and of the one that is looked at.
const LETTERS: usize = 160;
const WHOLE: usize = 4_000;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, heard: &Heard) {
    let details = super::shows_details(scene);
    parts::steady(ui, "filters", |ui| filters(ui, scene, heard));
    scene.state.follow_search(details);
    parts::steady(ui, "count", |ui| count(ui, scene, heard, details));
    parts::steady(ui, "rows", |ui| rows(ui, scene, &heard.feedback, details));
    parts::steady(ui, "answer", |ui| answer(ui, scene, &heard.feedback, details));
}

fn filters(ui: &mut Ui, scene: &mut Scene<'_>, heard: &Heard) {
    let lang = scene.lang;
    let found = &heard.feedback;
    let view = &mut scene.page.feedback;
    let filter = &mut scene.state.feedback.filter;
    let edit = egui::TextEdit::singleline(&mut filter.text)
        .hint_text(lang.t("fb.search.hint"))
        .desired_width(ui.available_width().min(520.0));
    ui.add(edit).accessible_name(lang.t("fb.search"));
    ui.add_space(S2);
    ui.horizontal_wrapped(|ui| {
        let moods = [None, Some(Mood::Kind), Some(Mood::NotSure), Some(Mood::Unkind)];
        parts::choose(ui, &lang.t("fb.filter.mood"), &mut filter.mood, &moods, |mood| match mood {
            Some(mood) => super::mood_name(lang, mood),
            None => lang.t("fb.filter.any_mood"),
        });
        let themes: Vec<Option<usize>> =
            std::iter::once(None).chain((0..found.themes.len()).map(Some)).collect();
        parts::choose(ui, &lang.t("fb.filter.theme"), &mut filter.theme, &themes, |at| {
            let theme = at.and_then(|at| found.themes.get(at));
            theme.map_or_else(|| lang.t("fb.filter.any_theme"), |theme| heard::theme(lang, theme).to_owned())
        });
        if !heard.segments.is_empty() {
            let groups: Vec<Option<usize>> =
                std::iter::once(None).chain((0..heard.segments.len()).map(Some)).collect();
            let mut at = heard.segments.iter().position(|one| Some(one) == filter.segment.as_ref());
            let words = |at: Option<usize>| {
                let group = at.and_then(|at| heard.segments.get(at));
                group.cloned().unwrap_or_else(|| lang.t("fb.filter.any_group"))
            };
            if parts::choose(ui, &lang.t("fb.filter.group"), &mut at, &groups, words) {
                filter.segment = at.and_then(|at| heard.segments.get(at)).cloned();
            }
        }
        let which = [Which::All, Which::Repeats, Which::Spam];
        parts::choose(ui, &lang.t("fb.filter.which"), &mut filter.which, &which, |which| {
            lang.t(match which {
                Which::All => "fb.which.all",
                Which::Repeats => "fb.which.repeats",
                Which::Spam => "fb.which.spam",
            })
        });
    });
    ui.add_space(S2);
    ui.horizontal_wrapped(|ui| {
        if found.trend.is_some() {
            let ends = [
                ("fb.filter.from", &mut view.from, &mut filter.from),
                ("fb.filter.to", &mut view.to, &mut filter.to),
            ];
            for (key, typed, day) in ends {
                let label = ui.label(lang.t(key));
                let edit = egui::TextEdit::singleline(typed)
                    .hint_text(lang.t("fb.filter.any_day"))
                    .desired_width(96.0);
                if ui.add(edit).labelled_by(label.id).changed() {
                    *day = typed.trim().parse().ok();
                }
                if day.is_none() && !typed.trim().is_empty() {
                    ui.label(RichText::new("?").color(Palette::of(ui).bad))
                        .on_hover_text(lang.t("fb.filter.no_day"));
                }
            }
        }
        if ui.add_enabled(!filter.is_open(), egui::Button::new(lang.t("fb.filter.clear"))).clicked() {
            *filter = Filter { by: filter.by, descends: filter.descends, ..Filter::default() };
            (view.from, view.to) = Default::default();
        }
    });
    ui.add_space(S2);
}

/// How many there are, and the button that takes them away.
fn count(ui: &mut Ui, scene: &mut Scene<'_>, heard: &Heard, details: bool) {
    let lang = scene.lang;
    let shown = scene.state.feedback.places().len();
    let all = heard.feedback.moods.len();
    ui.horizontal_wrapped(|ui| {
        let args = [("count", lang.count(shown as u64)), ("all", lang.count(all as u64))];
        ui.label(RichText::new(lang.with("fb.count", &args)).family(theme::strong()));
        let is_free = shown > 0 && !scene.state.feedback.exporting() && scene.state.feedback.is_searched();
        let button = ui.add_enabled(is_free, egui::Button::new(lang.t("fb.export")));
        let help = if details { "fb.export.clear" } else { "fb.export.masked" };
        if button.on_hover_text(lang.t(help)).clicked() {
            scene.state.export_comments(details);
        }
    });
}

/// The columns: what they are sorted by, their head, their width.
const COLUMNS: [(Option<By>, &str, f32); 6] = [
    (Some(By::Day), "fb.head.day", 92.0),
    (Some(By::Mood), "fb.head.mood", 84.0),
    (Some(By::Rating), "fb.head.rating", 60.0),
    (Some(By::Customer), "fb.head.customer", 84.0),
    (None, "fb.head.about", 120.0),
    (None, "fb.head.comment", 260.0),
];

fn rows(ui: &mut Ui, scene: &mut Scene<'_>, found: &Feedback, details: bool) {
    let lang = scene.lang;
    let places = scene.state.feedback.places().clone();
    let spec = FeedbackSpec { show_details: details, ..FeedbackSpec::default() };
    let heads: Vec<table::Head> = COLUMNS
        .iter()
        .map(|(by, key, width)| match by {
            Some(By::Rating) => table::Head::number(lang.t(key), *width),
            _ => table::Head::text(lang.t(key), *width),
        })
        .collect();
    let filter = &scene.state.feedback.filter;
    let sorted = COLUMNS.iter().position(|(by, ..)| *by == Some(filter.by));
    let comment = scene.page.feedback.comment;
    let chosen = comment.and_then(|comment| places.iter().position(|at| *at == comment));
    let of = table::Table {
        // No column sorts yet, but each could.
        sorted: Some((sorted.unwrap_or(usize::MAX), !filter.descends)),
        chosen: Some(chosen),
        ..table::Table::new("comments", &heads, places.len(), 380.0)
    };
    let masked = scene.prefs.projector;
    let clicked = table::show(ui, &of, |ui, row, column| {
        let Some(at) = places.get(row).map(|at| *at as usize) else { return };
        let Some(text) = cell(lang, (found, &spec), at, column, masked) else { return table::missing(ui) };
        match found.moods.get(at).filter(|_| column == 1) {
            Some((_, mood)) => {
                let p = Palette::of(ui);
                let color = match mood {
                    Mood::Kind => p.good,
                    Mood::Unkind => p.bad,
                    Mood::NotSure => p.muted,
                };
                ui.add(egui::Label::new(RichText::new(text).color(color)).truncate().selectable(false));
            }
            None => table::plain(ui, text),
        }
    });
    if let Some(by) = clicked.head.and_then(|at| COLUMNS.get(at)).and_then(|(by, ..)| *by) {
        scene.state.feedback.sort_by(by);
    }
    if let Some(row) = clicked.row {
        scene.page.feedback.comment = places.get(row).copied();
    }
}

/// The words of a cell; `None` for what is not known.
fn cell(
    lang: Lang,
    (found, spec): (&Feedback, &FeedbackSpec),
    at: usize,
    column: usize,
    masked: bool,
) -> Option<String> {
    let comment = found.said.comments.get(at)?;
    match column {
        0 => comment.day.map(|day| day.to_string()),
        1 => {
            let (p, mood) = found.moods.get(at)?;
            let name = super::mood_name(lang, *mood);
            // A rating tells the mood by itself, whatever the words would have said.
            Some(match p.filter(|_| comment.rating.is_none()) {
                Some(p) => format!("{name} {p:.2}"),
                None => name,
            })
        }
        2 => comment.rating.map(|rating| rating.to_string()),
        3 => {
            let id = &found.said.customers.get(comment.customer?)?.id;
            Some(if masked { regulars_engine::privacy::mask(id) } else { id.clone() })
        }
        4 => {
            let aspects = found.aspects_of.get(at)?.iter().filter_map(|at| found.aspects.get(*at));
            let names: Vec<&str> = aspects
                .map(|aspect| if lang == Lang::Zh { aspect.zh.as_str() } else { aspect.en.as_str() })
                .collect();
            (!names.is_empty()).then(|| lang.list(&names))
        }
        _ => {
            let text = found.shown(at, LETTERS, spec);
            // One line a row.
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
    }
}

/// The comment that is looked at, and a reply to it.
fn answer(ui: &mut Ui, scene: &mut Scene<'_>, found: &Feedback, details: bool) {
    let lang = scene.lang;
    let Some(comment) = scene.page.feedback.comment else {
        ui.add_space(S2);
        parts::muted(ui, lang.t("fb.reply.choose"));
        return;
    };
    let at = comment as usize;
    if at >= found.said.comments.len() {
        return;
    }
    let spec = FeedbackSpec { show_details: details, ..scene.state.settings.feedback.clone() };
    parts::section(ui, lang.t("fb.reply.comment"));
    parts::card(ui, 12, |ui| {
        ui.set_width(ui.available_width());
        ui.add(egui::Label::new(found.shown(at, WHOLE, &spec)).wrap());
    });
    ui.add_space(S2);
    let view = &mut scene.page.feedback;
    if view.reply.as_ref().is_none_or(|(of, _)| *of != comment) {
        view.reply = Some((comment, found.reply(at, &spec).unwrap_or_default()));
    }
    let Some((_, text)) = &mut view.reply else { return };
    let label = ui.label(RichText::new(lang.t("fb.reply.title")).family(theme::strong()));
    let edit = egui::TextEdit::multiline(text).desired_rows(3).desired_width(f32::INFINITY);
    ui.add(edit).labelled_by(label.id);
    ui.horizontal_wrapped(|ui| {
        if ui.button(lang.t("fb.reply.copy")).clicked() {
            ui.ctx().copy_text(text.clone());
        }
        if ui.button(lang.t("fb.reply.again")).clicked() {
            *text = found.reply(at, &spec).unwrap_or_default();
        }
    });
    parts::muted(ui, lang.t("fb.reply.help"));
    ui.add_space(S3);
}
