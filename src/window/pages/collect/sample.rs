//! A sample of the customers: proposed where there are many rows, told where there is one, and taken back.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::collect::SampleSpec;
use regulars_engine::project;
use regulars_engine::table::Table;

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{self, S2};
use crate::words;

/// What can be chosen beside the page.
const OFFERED: [u64; 6] = [10_000, 20_000, 50_000, 100_000, 200_000, 500_000];

/// On the page: what was drawn of what; or that a sample would do, and why.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, data: &Table) {
    let lang = scene.lang;
    if let Some(sampled) = project::drawn(data) {
        parts::card(ui, 12, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(words::drawn::told(lang, sampled)).wrap());
            let all = egui::Button::new(lang.t("draw.all"));
            if ui.add_enabled(!scene.prefs.locked, all).clicked() {
                scene.state.settings.sample = None;
            }
        });
        ui.add_space(S2);
        return;
    }
    let tables = scene.state.collected.as_ref().map(|collected| collected.dataset.clone());
    let longest = tables.iter().flat_map(|data| &data.tables).map(|table| table.records).max();
    let rows = longest.unwrap_or(data.records).max(data.records);
    let Some(spec) = project::could_sample(rows).filter(|_| scene.state.settings.sample.is_none()) else {
        return;
    };
    let customers = lang.count(spec.customers);
    parts::card(ui, 12, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(lang.t("draw.offer")).font(theme::section_font()));
        let args = [("rows", lang.count(rows)), ("customers", customers.clone())];
        ui.add(egui::Label::new(lang.with("draw.offer.text", &args)).wrap());
        let take = egui::Button::new(lang.with("draw.take", &[("customers", customers)]));
        if ui.add_enabled(!scene.prefs.locked, take).clicked() {
            scene.state.settings.sample = Some(spec);
        }
    });
    ui.add_space(S2);
}

/// Where nothing is open because it does not fit: a sample of it does.
pub(super) fn instead(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(spec) = scene.state.could_read_sample() else { return };
    let customers = lang.count(spec.customers);
    parts::card(ui, 12, |ui| {
        ui.set_width(ui.available_width().min(720.0));
        let args = [("customers", customers.clone())];
        ui.add(egui::Label::new(lang.with("draw.offer.large", &args)).wrap());
        let take = egui::Button::new(lang.with("draw.take", &[("customers", customers)]));
        if ui.add_enabled(!scene.prefs.locked, take).clicked() {
            scene.state.read_sample(spec);
        }
    });
    ui.add_space(S2);
}

/// Beside the page: how many customers are learnt from.
pub(super) fn settings(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let present = scene.state.settings.sample;
    parts::setting(ui, lang, "sample", |ui| {
        let mut customers = present.map(|spec| spec.customers);
        let mut all: Vec<Option<u64>> = std::iter::once(None).chain(OFFERED.map(Some)).collect();
        if !all.contains(&customers) {
            all.push(customers);
        }
        let words = |customers: Option<u64>| match customers {
            None => lang.t("setting.sample.all"),
            Some(n) => lang.with("setting.sample.some", &[("customers", lang.count(n))]),
        };
        if parts::choose(ui, &lang.t("setting.sample"), &mut customers, &all, words) {
            let seed = present.map_or(1, |spec| spec.seed);
            scene.state.settings.sample = customers.map(|customers| SampleSpec { customers, seed });
        }
    });
}
