//! The words that tell what a comment speaks of, and the templates of replies, as a person edits them.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::feedback::{Aspect, Language, Mood, Template, shipped_aspects, shipped_templates};

use crate::window::pages::Scene;
use crate::window::parts::{self, form};
use crate::window::theme::{self, S2, S3, S5};
use crate::words::Lang;

/// An aspect as it is being edited.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    key: String,
    en: String,
    zh: String,
    words: String,
}

impl Draft {
    fn of(aspect: Aspect) -> Self {
        Self { key: aspect.key, en: aspect.en, zh: aspect.zh, words: aspect.words.join(", ") }
    }

    fn aspect(&self) -> Aspect {
        let split = self.words.split([',', '，', '、', '\n']).map(str::trim);
        let words = split.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let or = |name: &str, other: &str| {
            if name.trim().is_empty() { other.trim().to_owned() } else { name.trim().to_owned() }
        };
        Aspect { key: self.key.clone(), en: or(&self.en, &self.zh), zh: or(&self.zh, &self.en), words }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    parts::steady(ui, "lexicon", |ui| lexicon(ui, scene));
    ui.add_space(S5);
    parts::steady(ui, "templates", |ui| templates(ui, scene));
    ui.add_space(S5);
}

fn lexicon(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("fb.lexicon.title"));
    parts::muted(ui, lang.t("fb.lexicon.help"));
    ui.add_space(S2);
    let present = scene.state.settings.feedback.aspects();
    let mut drafts = match scene.page.feedback.lexicon.take() {
        Some(drafts) => drafts,
        None => present.iter().cloned().map(Draft::of).collect(),
    };
    let aspects: Vec<Aspect> = drafts.iter().map(Draft::aspect).collect();
    scene.state.follow_count(&aspects);
    let counts = scene.state.feedback.count_of(&aspects).map(<[usize]>::to_vec);
    let mut removed = None;
    for (at, draft) in drafts.iter_mut().enumerate() {
        let count = counts.as_ref().and_then(|counts| counts.get(at).copied());
        ui.push_id(at, |ui| {
            if row(ui, lang, draft, count) {
                removed = Some(at);
            }
        });
        ui.add_space(S2);
    }
    if let Some(at) = removed {
        drafts.remove(at);
    }
    let aspects: Vec<Aspect> = drafts.iter().map(Draft::aspect).collect();
    let is_whole = aspects.iter().all(|one| !one.en.is_empty() && !one.words.is_empty());
    ui.horizontal_wrapped(|ui| {
        if ui.add(parts::tall(lang.t("fb.lexicon.add"))).clicked() {
            let key = (1..).map(|n| format!("own_{n}")).find(|key| drafts.iter().all(|one| one.key != *key));
            let key = key.unwrap_or_default();
            drafts.push(Draft { key, en: String::new(), zh: String::new(), words: String::new() });
        }
        let could_take = aspects != present && is_whole && !aspects.is_empty();
        if ui.add_enabled(could_take, parts::tall(lang.t("fb.lexicon.take"))).clicked() {
            let is_shipped = aspects == shipped_aspects();
            scene.state.settings.feedback.aspects = if is_shipped { Vec::new() } else { aspects.clone() };
        }
        let is_shipped = aspects == shipped_aspects();
        if ui.add_enabled(!is_shipped, parts::tall(lang.t("fb.lexicon.shipped"))).clicked() {
            drafts = shipped_aspects().into_iter().map(Draft::of).collect();
        }
    });
    let note = match () {
        () if !is_whole => "fb.lexicon.lacks",
        () if aspects != present => "fb.lexicon.not_taken",
        () => "fb.lexicon.in_use",
    };
    parts::muted(ui, lang.t(note));
    scene.page.feedback.lexicon = Some(drafts);
}

/// One aspect; true when it is to be removed.
fn row(ui: &mut Ui, lang: Lang, draft: &mut Draft, count: Option<usize>) -> bool {
    let shown = match (lang, draft.zh.is_empty(), draft.en.is_empty()) {
        (Lang::Zh, false, _) | (_, false, true) => draft.zh.clone(),
        _ => draft.en.clone(),
    };
    let called = |key: &str| lang.with(key, &[("name", shown.clone())]);
    let mut remove = false;
    ui.horizontal_wrapped(|ui| {
        let en = egui::TextEdit::singleline(&mut draft.en).hint_text(lang.t("fb.lexicon.en"));
        ui.add(en.desired_width(150.0)).accessible_name(called("fb.lexicon.en_of"));
        let zh = egui::TextEdit::singleline(&mut draft.zh).hint_text(lang.t("fb.lexicon.zh"));
        ui.add(zh.desired_width(110.0)).accessible_name(called("fb.lexicon.zh_of"));
        let told = match count {
            Some(count) => lang.with("fb.lexicon.count", &[("count", lang.count(count as u64))]),
            None => "…".to_owned(),
        };
        ui.label(RichText::new(told).family(theme::strong()));
        remove = ui
            .button("×")
            .on_hover_text(lang.t("fb.lexicon.remove"))
            .accessible_name(called("fb.lexicon.remove_of"))
            .clicked();
    });
    let words = egui::TextEdit::multiline(&mut draft.words).hint_text(lang.t("fb.lexicon.words"));
    ui.add(words.desired_rows(2).desired_width(f32::INFINITY)).accessible_name(called("fb.lexicon.words_of"));
    remove
}

fn templates(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("fb.templates.title"));
    parts::muted(ui, lang.t("fb.templates.help"));
    ui.add_space(S2);
    let spec = &mut scene.state.settings.feedback;
    let before = spec.templates();
    let mut all: Vec<Template> = before.clone();
    for (at, template) in all.iter_mut().enumerate() {
        let language = if template.language == Language::Chinese { Lang::Zh } else { Lang::En };
        let mood = match template.mood {
            Mood::Kind => "fb.templates.kind",
            Mood::Unkind => "fb.templates.unkind",
            Mood::NotSure => "fb.templates.not_sure",
        };
        let label = ui.label(format!("{} · {}", language.label(), lang.t(mood)));
        let edit = egui::TextEdit::multiline(&mut template.text)
            .id_salt(("template", at))
            .desired_rows(2)
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).labelled_by(label.id);
        form::typing(ui, &response);
        ui.add_space(S3);
    }
    if all != before {
        spec.templates = if all == shipped_templates() { Vec::new() } else { all };
        scene.page.feedback.reply = None;
    }
    let own = !scene.state.settings.feedback.templates.is_empty();
    if ui.add_enabled(own, egui::Button::new(lang.t("fb.templates.shipped"))).clicked() {
        scene.state.settings.feedback.templates.clear();
        scene.page.feedback.reply = None;
    }
}
