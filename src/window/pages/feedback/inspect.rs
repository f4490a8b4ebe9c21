//! The settings: which columns are read, how many topics, when a mood is sure, what is covered.

use eframe::egui::{self, Ui};
use regulars_engine::feedback::SHIPPED_THRESHOLDS;

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::S4;
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.table.is_none() {
        parts::muted(ui, lang.t("fb.waits"));
        return;
    }
    parts::section(ui, lang.t("fb.columns"));
    let choices = scene.state.feedback_choices().cloned().unwrap_or_default();
    let thresholds = scene.state.heard().map(|heard| heard.feedback.reader.thresholds());
    parts::muted(ui, lang.t("mood.guessed.help"));
    let read = choices.read.clone().unwrap_or_default();
    let spec = &mut scene.state.settings.feedback;
    let text = Some(read.text).filter(|name| !name.is_empty());
    let columns = [
        ("fb_text", &mut spec.text, &choices.text, text),
        ("fb_rating", &mut spec.rating, &choices.beside, read.rating),
        ("fb_nps", &mut spec.nps, &choices.beside, read.nps),
        ("fb_date", &mut spec.date, &choices.beside, read.date),
        ("fb_customer", &mut spec.customer, &choices.beside, read.customer),
        ("fb_segment", &mut spec.segment, &choices.beside, read.segment),
    ];
    for (key, value, all, guess) in columns {
        column(ui, lang, key, (value, guess.as_deref()), all);
    }
    ui.add_space(S4);
    parts::section(ui, lang.t("fb.reading"));
    super::moods::choose(ui, lang, spec);
    parts::setting(ui, lang, "fb_topics", |ui| {
        let mut is_chosen = spec.topics.is_some();
        if ui.checkbox(&mut is_chosen, lang.t("fb.topics.choose")).changed() {
            spec.topics = is_chosen.then_some(6);
        }
        if let Some(topics) = &mut spec.topics {
            parts::named(ui, lang, "fb_topics", egui::DragValue::new(topics).range(2..=30));
        }
    });
    parts::setting(ui, lang, "fb_thresholds", |ui| {
        let learnt = thresholds.unwrap_or(SHIPPED_THRESHOLDS);
        let mut is_chosen = spec.thresholds.is_some();
        if ui.checkbox(&mut is_chosen, lang.t("fb.thresholds.choose")).changed() {
            spec.thresholds = is_chosen.then_some(learnt);
        }
        match &mut spec.thresholds {
            Some((low, high)) => {
                let ends = [("fb.thresholds.low", low, 0.0..=0.5), ("fb.thresholds.high", high, 0.5..=1.0)];
                for (key, value, range) in ends {
                    let label = ui.label(lang.t(key));
                    let slider = egui::Slider::new(value, range).fixed_decimals(2);
                    ui.add(slider).labelled_by(label.id);
                }
            }
            None => {
                let args = [("low", format!("{:.2}", learnt.0)), ("high", format!("{:.2}", learnt.1))];
                parts::muted(ui, lang.with("fb.thresholds.learnt", &args));
            }
        }
    });
    ui.checkbox(&mut spec.show_details, lang.t("fb.details")).on_hover_text(lang.t("fb.details.help"));
    if scene.prefs.projector {
        parts::muted(ui, lang.t("fb.details.projector"));
    }
}

/// A column, or the one that the app takes by itself, which is named.
fn column(
    ui: &mut Ui,
    lang: Lang,
    key: &str,
    (value, guess): (&mut Option<String>, Option<&str>),
    all: &[String],
) {
    parts::setting(ui, lang, key, |ui| {
        let guessed = match (guess, value.is_some()) {
            // What the app would take instead of a chosen column is not known.
            (_, true) => lang.t("fb.guessed"),
            (Some(name), _) => lang.with("mood.guessed", &[("name", name.to_owned())]),
            (None, _) => lang.t("mood.none_found"),
        };
        let name = lang.t(&format!("setting.{key}"));
        let shown = value.clone().unwrap_or_else(|| guessed.clone());
        let response = egui::ComboBox::from_id_salt(key)
            .width(ui.available_width() - 8.0)
            .truncate()
            .selected_text(shown)
            .show_ui(ui, |ui| {
                ui.selectable_value(value, None, &guessed);
                for one in all {
                    ui.selectable_value(value, Some(one.clone()), one);
                }
            })
            .response;
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
    });
}
