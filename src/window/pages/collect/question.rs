//! The question over time: offered where orders have dates, put beside the page, read aloud on it.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::Note;
use regulars_engine::features::behaviour::{Churn, LooksAhead};
use regulars_engine::project::Asked;
use regulars_engine::table::Role;

use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts;
use crate::window::state::State;
use crate::window::theme::{self, S2};
use crate::words::{Lang, percent};

/// True for a note that the card of the question tells.
pub(super) fn tells(note: &Note) -> bool {
    note.code.starts_with("ahead_")
}

/// Roles that a column can be given: where a question is asked, no column is the target.
pub(super) fn roles(state: &State) -> &'static [Role] {
    const WITHOUT_TARGET: [Role; 8] = [
        Role::Id,
        Role::Number,
        Role::Money,
        Role::Category,
        Role::Date,
        Role::Text,
        Role::Contact,
        Role::Ignore,
    ];
    if state.asked().is_some() { &WITHOUT_TARGET } else { &Role::ALL }
}

/// The card on the page: what is asked, or that something could be.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let asked = scene.state.asked().cloned();
    if asked.is_none() && !scene.state.could_ask() {
        return;
    }
    parts::card(ui, 12, |ui| {
        ui.set_width(ui.available_width());
        match &asked {
            Some(asked) => {
                ui.label(RichText::new(lang.t("question.title")).font(theme::section_font()));
                aloud(ui, lang, asked);
                left_out(ui, lang, &asked.ahead);
                ui.horizontal_wrapped(|ui| {
                    if ui.button(lang.t("question.look_back")).clicked() {
                        scene.send.push(Command::Go(Page::Time));
                    }
                    let remove = egui::Button::new(lang.t("question.remove"));
                    if ui.add_enabled(!scene.prefs.locked, remove).clicked() {
                        scene.state.drop_question();
                    }
                });
            }
            None => {
                ui.label(RichText::new(lang.t("question.offer")).font(theme::section_font()));
                let days = lang.count(scene.state.time.draft.horizon_days.into());
                ui.add(egui::Label::new(lang.with("question.offer.text", &[("days", days)])).wrap());
                ask(ui, scene, "question.ask");
            }
        }
    });
    ui.add_space(S2);
}

/// What is asked, in sentences with the real days and figures.
pub(in crate::window::pages) fn aloud(ui: &mut Ui, lang: Lang, asked: &Asked) {
    for sentence in sentences(lang, asked) {
        ui.add(egui::Label::new(sentence).wrap());
    }
}

fn sentences(lang: Lang, asked: &Asked) -> [String; 2] {
    let question = &asked.fitted.question;
    let days: Vec<String> = asked.days.iter().map(ToString::to_string).collect();
    let factor = match question.churn {
        Churn::OwnRhythm { factor } => format!("{factor:.1}"),
        _ => String::new(),
    };
    let key = match question.churn {
        Churn::Silence => "question.says.silence",
        Churn::OwnRhythm { .. } => "question.says.rhythm",
        Churn::Column => "question.says.column",
    };
    let known = lang.with(
        key,
        &[
            ("cut_offs", lang.list(&days)),
            ("days", lang.count(question.horizon_days.into())),
            ("look_back", lang.count(question.look_back_days.into())),
            ("factor", factor),
            ("rows", lang.count(asked.labelled as u64)),
            ("share", percent(asked.lost_share())),
        ],
    );
    let answer = lang.with(
        "question.answers",
        &[
            ("count", lang.count(asked.to_answer as u64)),
            ("last", asked.last.to_string()),
            ("until", asked.until().to_string()),
        ],
    );
    [known, answer]
}

/// The columns that tell what came later, with the reason of each.
fn left_out(ui: &mut Ui, lang: Lang, ahead: &[LooksAhead]) {
    if ahead.is_empty() {
        return;
    }
    let names: Vec<&str> = ahead.iter().map(|found| found.column.as_str()).collect();
    let args = [("count", lang.count(ahead.len() as u64)), ("columns", lang.list(&names))];
    ui.add(egui::Label::new(lang.with("question.ahead", &args)).wrap());
    egui::CollapsingHeader::new(lang.t("question.ahead.why")).id_salt("looks ahead").show(ui, |ui| {
        for found in ahead {
            let text = RichText::new(lang.note(&found.note())).color(theme::Palette::of(ui).muted);
            ui.add(egui::Label::new(text).wrap());
        }
    });
}

/// The button that asks, how far that is, and why it could not be.
fn ask(ui: &mut Ui, scene: &mut Scene<'_>, verb: &str) {
    let lang = scene.lang;
    let is_free = !scene.prefs.locked && !scene.state.time.asking() && scene.state.load.is_none();
    if ui.add_enabled(is_free, parts::tall(lang.t(verb))).clicked() {
        scene.state.ask_question();
    }
    if scene.state.time.asking() {
        parts::muted(ui, lang.t("status.working"));
    }
    if let Some(error) = &scene.state.time.refused {
        parts::problem(ui, lang, error);
    }
}

/// The question as it is being put, beside the page.
pub(super) fn settings(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let asked = scene.state.asked().cloned();
    if asked.is_none() && !scene.state.could_ask() {
        return;
    }
    let head = egui::CollapsingHeader::new(lang.t("question.settings"));
    head.id_salt("question").default_open(asked.is_some()).show(ui, |ui| {
        ui.add_enabled_ui(!scene.prefs.locked, |ui| fields(ui, scene));
        match &asked {
            Some(asked) if asked.fitted.question == scene.state.time.draft.clone().sane() => {
                parts::muted(ui, lang.t("question.is_asked"));
            }
            Some(_) => ask(ui, scene, "question.ask_again"),
            None => ask(ui, scene, "question.ask"),
        }
    });
}

fn fields(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let draft = &mut scene.state.time.draft;
    let days = lang.t("question.days");
    let drag = |value| egui::DragValue::new(value).suffix(format!(" {days}"));
    parts::setting(ui, lang, "question_horizon", |ui| {
        parts::named(ui, lang, "question_horizon", drag(&mut draft.horizon_days).range(1..=3650));
    });
    parts::setting(ui, lang, "question_churn", |ui| {
        let factor = match draft.churn {
            Churn::OwnRhythm { factor } => factor,
            _ => 3.0,
        };
        let all = [Churn::Silence, Churn::OwnRhythm { factor }, Churn::Column];
        let mut at = all.iter().position(|churn| *churn == draft.churn).unwrap_or(0);
        let words = |at: usize| {
            lang.t(match at {
                0 => "question.churn.silence",
                1 => "question.churn.rhythm",
                _ => "question.churn.column",
            })
        };
        if parts::choose(ui, &lang.t("setting.question_churn"), &mut at, &[0, 1, 2], words)
            && let Some(churn) = all.get(at)
        {
            draft.churn = churn.clone();
        }
    });
    if let Churn::OwnRhythm { factor } = &mut draft.churn {
        parts::setting(ui, lang, "question_factor", |ui| {
            let drag = egui::DragValue::new(factor).speed(0.1).range(0.1..=100.0).fixed_decimals(1);
            parts::named(ui, lang, "question_factor", drag);
        });
    }
    if draft.churn != Churn::Column {
        parts::setting(ui, lang, "question_cut_offs", |ui| {
            let drag = egui::DragValue::new(&mut draft.cut_offs.count).range(1..=100);
            parts::named(ui, lang, "question_cut_offs", drag);
        });
        parts::setting(ui, lang, "question_every", |ui| {
            parts::named(ui, lang, "question_every", drag(&mut draft.cut_offs.every_days).range(1..=3650));
        });
    }
    parts::setting(ui, lang, "question_look_back", |ui| {
        parts::named(ui, lang, "question_look_back", drag(&mut draft.look_back_days).range(1..=36_500));
    });
    parts::setting(ui, lang, "question_own", |ui| {
        ui.checkbox(&mut draft.own_columns, lang.t("question.own"));
    });
}
