//! The scoring service: switched on and off, its address, its keys, a line to try it with.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::detect::date;

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::Reach;
use crate::window::theme::{self, S1, S2, S3};

/// Requests from which on the slowest in a hundred is told.
const HUNDRED: u64 = 100;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    /// The text that was copied last.
    copied: Option<String>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.service.read_keys();
    let Some(bundle) = scene.state.bundle.clone() else {
        let can_train = scene.state.prepared.is_some();
        parts::waits_for_model(ui, lang, "service", can_train, scene.send);
        return;
    };
    parts::muted(ui, lang.t("service.what"));
    ui.add_space(S2);
    parts::steady(ui, "service_switch", |ui| switch(ui, scene));
    let model = lang.t(&format!("model.{}", bundle.model.kind().name()));
    parts::muted(ui, lang.with("service.model_of", &[("model", model)]));
    if let Some(error) = &scene.state.service.failed {
        parts::problem(ui, lang, error);
    }
    parts::steady(ui, "service_settings", |ui| settings(ui, scene));
    parts::steady(ui, "service_try", |ui| attempt(ui, scene));
    parts::steady(ui, "service_counts", |ui| counts(ui, scene));
    parts::steady(ui, "service_keys", |ui| keys(ui, scene));
}

/// The switch, and what it says.
fn switch(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let service = &scene.state.service;
    let (mut on, free) = (service.is_on(), !service.is_changing() && !scene.prefs.locked);
    let told = match (service.url(), on) {
        (Some(url), _) => lang.with("service.at", &[("url", url)]),
        (None, true) => lang.t("service.starting"),
        (None, false) => lang.t("service.off"),
    };
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(lang.t("service.switch")).family(theme::strong());
        let check = ui.add_enabled(free, egui::Checkbox::new(&mut on, text));
        if check.on_hover_text(lang.t("service.switch.help")).changed() {
            match on {
                true => scene.state.start_service(lang),
                false => scene.state.stop_service(),
            }
        }
        ui.add_space(S3);
        ui.label(told);
    });
}

/// Who can ask, and at which port.
fn settings(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let service = &mut scene.state.service;
    ui.add_space(S2);
    ui.horizontal_top(|ui| {
        parts::setting(ui, lang, "service_reach", |ui| {
            let name = lang.t("setting.service_reach");
            parts::choose(ui, &name, &mut service.reach, &Reach::ALL, |reach| match reach {
                Reach::Here => lang.t("service.reach.here"),
                Reach::Network => lang.t("service.reach.network"),
            });
        });
        ui.add_space(S3);
        parts::setting(ui, lang, "service_port", |ui| {
            // A free one was asked for: which it is, is known when it answers.
            let free =
                service.listens_at().map_or_else(|| lang.t("service.any_port"), |port| port.to_string());
            let drag = egui::DragValue::new(&mut service.port)
                .range(1024..=65_535)
                .clamp_existing_to_range(false)
                .custom_formatter(
                    move |port, _| if port < 1.0 { free.clone() } else { format!("{port:.0}") },
                );
            parts::named(ui, lang, "service_port", drag);
        });
    });
    let has_key = service.keys().iter().any(crate::http::keys::Entry::is_valid);
    if service.reach == Reach::Network {
        match has_key {
            false => parts::caution(ui, &lang.t("service.network_needs_key")),
            true => parts::caution(ui, &lang.t("service.plain")),
        }
    }
    if service.wants_restart() {
        parts::muted(ui, lang.t("service.restart"));
    }
}

/// A text in a box, and the button that copies it.
fn copyable(ui: &mut Ui, scene: &mut Scene<'_>, text: &str) {
    let lang = scene.lang;
    parts::card(ui, 8, |ui| {
        ui.add(egui::Label::new(RichText::new(text).monospace()).wrap());
    });
    ui.horizontal(|ui| {
        if ui.button(lang.t("service.copy")).clicked() {
            ui.ctx().copy_text(text.to_owned());
            scene.page.deploy.service.copied = Some(text.to_owned());
        }
        if scene.page.deploy.service.copied.as_deref() == Some(text) {
            parts::muted(ui, lang.t("service.copied"));
        }
    });
}

/// The line to try it with.
fn attempt(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(curl) = scene.state.service.curl() else { return };
    parts::section(ui, lang.t("service.try"));
    if scene.state.service.is_guarded() {
        parts::muted(ui, lang.t("service.try_with_key"));
    }
    copyable(ui, scene, &curl);
}

/// What it has done.
fn counts(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(done) = scene.state.service.snapshot() else { return };
    let time = |ms: f64| if ms < 100.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") };
    ui.add_space(S3);
    parts::figures(ui, |ui| {
        let rows = lang.with("service.requests.meaning", &[("rows", lang.count(done.rows))]);
        parts::figure(ui, &lang.t("service.requests"), &lang.count(done.requests), &rows);
        let refused = lang.with("service.errors.meaning", &[("refused", lang.count(done.refused))]);
        parts::figure(ui, &lang.t("service.errors"), &lang.count(done.failed), &refused);
        let half = |median: f64| lang.with("service.p99.meaning", &[("median", time(median))]);
        let (name, told, median) = match (done.p99_ms, done.slowest_ms, done.median_ms) {
            (Some(p99), _, Some(median)) if done.requests >= HUNDRED => {
                ("service.p99", time(p99), half(median))
            }
            // One of a hundred says nothing of fewer than a hundred.
            (_, Some(slowest), Some(median)) => ("service.slowest", time(slowest), half(median)),
            _ => ("service.slowest", "—".to_owned(), lang.t("service.p99.none")),
        };
        parts::figure(ui, &lang.t(name), &told, &median);
    });
}

/// The keys: made, shown once, taken away.
fn keys(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("service.keys"));
    let all: Vec<(String, String, u64)> = {
        let valid = scene.state.service.keys().iter().filter(|key| key.is_valid());
        valid.map(|key| (key.id.clone(), key.name.clone(), key.created)).collect()
    };
    parts::muted(ui, lang.t(if all.is_empty() { "service.keys.none" } else { "service.keys.some" }));
    ui.add_space(S1);
    for (id, name, created) in all {
        ui.push_id(&id, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&name).family(theme::strong()));
                let day = date::format(i64::try_from(created).unwrap_or(0).saturating_mul(1_000));
                let day = day.split(' ').next().unwrap_or_default().to_owned();
                parts::muted(ui, lang.with("service.key_since", &[("id", id.clone()), ("day", day)]));
                let named = lang.with("service.key_revoke_of", &[("name", name.clone())]);
                let button = egui::Button::new(lang.t("service.key_revoke"));
                if ui.add_enabled(!scene.prefs.locked, button).accessible_name(named).clicked() {
                    scene.state.service.revoke(&id);
                }
            });
        });
    }
    if let Some((name, key)) = scene.state.service.fresh().cloned() {
        parts::caution(ui, &lang.with("service.key_once", &[("name", name)]));
        copyable(ui, scene, &key);
        if ui.button(lang.t("service.key_seen")).clicked() {
            scene.state.service.forget_fresh();
        }
        ui.add_space(S2);
    }
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("service.key_name"));
        let edit = egui::TextEdit::singleline(&mut scene.state.service.name).desired_width(180.0);
        ui.add(edit).labelled_by(label.id);
        let named = !scene.state.service.name.trim().is_empty();
        let button = egui::Button::new(lang.t("service.key_make"));
        if ui.add_enabled(named && !scene.prefs.locked, button).clicked() {
            scene.state.service.make_key();
        }
    });
}
