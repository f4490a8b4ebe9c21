//! The settings: what is held out, whether what was had is offered, which models, how many, which columns.

use eframe::egui::{self, Ui};
use regulars_engine::features::behaviour::Date;
use regulars_engine::recommend::{Kind, Protocol, RecommendSpec, Seen, most};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::S3;
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.table.is_none() {
        parts::muted(ui, lang.t("recpage.waits"));
        return;
    }
    parts::section(ui, lang.t("recpage.settings"));
    let products = scene.state.recommended().map(|found| found.of.all.items.len());
    parts::setting(ui, lang, "rec_top", |ui| {
        let spec = &mut scene.state.settings.recommend;
        let usual = RecommendSpec::default().length(products.unwrap_or(usize::MAX));
        let mut top = spec.top.unwrap_or(usual);
        let drag = egui::DragValue::new(&mut top).range(1..=100);
        if parts::named(ui, lang, "rec_top", drag).changed() {
            // What is usual need not be said: older projects stay what they were.
            spec.top = (top != usual).then_some(top);
        }
        if let Some(products) = products.filter(|products| top > most(*products) || usual < 10) {
            let args = [("products", lang.count(products as u64)), ("most", most(products).to_string())];
            parts::muted(ui, lang.with("sides.small_shop", &args));
        }
    });
    parts::setting(ui, lang, "rec_seen", |ui| {
        let spec = &mut scene.state.settings.recommend;
        for (seen, key) in [
            (Seen::Auto, "recpage.seen.auto"),
            (Seen::In, "recpage.seen.in"),
            (Seen::Out, "recpage.seen.out"),
        ] {
            ui.radio_value(&mut spec.seen, seen, lang.t(key));
        }
    });
    parts::setting(ui, lang, "rec_protocol", |ui| {
        let spec = &mut scene.state.settings.recommend;
        for (protocol, key) in [
            (Protocol::TimeSplit, "recpage.protocol.time"),
            (Protocol::LeaveLastOut, "recpage.protocol.last"),
        ] {
            ui.radio_value(&mut spec.protocol, protocol, lang.t(key));
        }
    });
    if scene.state.settings.recommend.protocol == Protocol::TimeSplit {
        cut_off(ui, scene);
    }
    models(ui, scene);
    columns(ui, scene);
}

/// The last day that is learnt from: typed, and taken when it is a day.
fn cut_off(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let spec = &mut scene.state.settings.recommend;
    let typed = &mut scene.page.recommend.day;
    parts::setting(ui, lang, "rec_cut_off", |ui| {
        let mut text =
            typed.clone().unwrap_or_else(|| spec.cut_off.map_or(String::new(), |day| day.to_string()));
        let edit =
            egui::TextEdit::singleline(&mut text).hint_text(lang.t("recpage.auto_day")).desired_width(120.0);
        let response = parts::named(ui, lang, "rec_cut_off", edit);
        parts::form::typing(ui, &response);
        if response.changed() {
            *typed = Some(text.clone());
        }
        let day = text.trim().parse::<Date>();
        if response.lost_focus() {
            if text.trim().is_empty() {
                (spec.cut_off, *typed) = (None, None);
            } else if let Ok(day) = day {
                (spec.cut_off, *typed) = (Some(day), None);
            }
        }
        if typed.as_ref().is_some_and(|text| !text.trim().is_empty()) && day.is_err() {
            parts::muted(ui, lang.t("value.not_a_day"));
        }
    });
}

/// The models that are tried: all where none is left out.
fn models(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let spec = &mut scene.state.settings.recommend;
    parts::setting(ui, lang, "rec_models", |ui| {
        for kind in Kind::ALL {
            let mut on = spec.kinds.is_empty() || spec.kinds.contains(&kind);
            if !ui.checkbox(&mut on, super::model(lang, kind)).changed() {
                continue;
            }
            let was = |one: &Kind| spec.kinds.is_empty() || spec.kinds.contains(one);
            let keeps = |one: &Kind| if *one == kind { on } else { was(one) };
            let chosen: Vec<Kind> = Kind::ALL.into_iter().filter(keeps).collect();
            // All of them is the usual thing; none of them would be all again.
            if chosen.len() == Kind::ALL.len() {
                spec.kinds.clear();
            } else if !chosen.is_empty() {
                spec.kinds = chosen;
            }
        }
        parts::muted(ui, lang.t("recpage.models.help"));
    });
}

/// Which column says what, where the names do not tell.
fn columns(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(collected) = scene.state.collected.clone() else { return };
    let mut names: Vec<&str> = Vec::new();
    for column in collected.dataset.tables.iter().flat_map(|table| &table.columns) {
        if !names.contains(&column.name.as_str()) {
            names.push(&column.name);
        }
    }
    ui.add_space(S3);
    let spec = &mut scene.state.settings.recommend;
    let title = lang.t("recpage.columns");
    egui::CollapsingHeader::new(title).id_salt("recommend columns").show(ui, |ui| {
        parts::muted(ui, lang.t("recpage.columns.help"));
        column(ui, lang, "rec_customer", &mut spec.customer, &names);
        column(ui, lang, "rec_product", &mut spec.product, &names);
        column(ui, lang, "rec_time", &mut spec.time, &names);
    });
}

fn column(ui: &mut Ui, lang: Lang, key: &str, value: &mut Option<String>, all: &[&str]) {
    let by_name = lang.t("recpage.columns.by_name");
    parts::setting(ui, lang, key, |ui| {
        let shown = value.clone().unwrap_or_else(|| by_name.clone());
        let combo = egui::ComboBox::from_id_salt(key).selected_text(shown).truncate();
        let response = combo
            .width(ui.available_width().min(240.0))
            .show_ui(ui, |ui| {
                ui.selectable_value(value, None, &by_name);
                for name in all {
                    ui.selectable_value(value, Some((*name).to_owned()), *name);
                }
            })
            .response;
        let name = lang.t(&format!("setting.{key}"));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
    });
}
