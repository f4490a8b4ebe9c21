//! How customers are grouped: the method, what they are compared by, and how many groups.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::segment::cluster::{Basis, Method};

use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{self, Palette, S3};

pub(in crate::window::pages::segments) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("segments.settings"));
    compared_by(ui, scene);
    parts::setting(ui, lang, "groups_method", |ui| {
        let name = lang.t("setting.groups_method");
        let words = |method: Method| lang.t(&format!("groups.method.{}", method.name()));
        parts::choose(ui, &name, &mut scene.state.settings.groups.method, &Method::ALL, words);
    });
    if scene.state.settings.groups.method.takes_k() {
        parts::setting(ui, lang, "segments", |ui| {
            let mut auto = scene.state.settings.segments.is_none();
            if ui.checkbox(&mut auto, lang.t("segments.auto")).changed() {
                let k = scene.state.segments.as_ref().map_or(4, |s| s.k.clamp(2, 12));
                scene.state.settings.segments = (!auto).then_some(k);
            }
            if let Some(k) = &mut scene.state.settings.segments {
                parts::named(ui, lang, "segments", egui::Slider::new(k, 2..=12));
            }
        });
    } else {
        parts::setting(ui, lang, "groups_smallest", |ui| {
            let smallest = &mut scene.state.settings.groups.smallest;
            let mut auto = *smallest == 0;
            if ui.checkbox(&mut auto, lang.t("groups.smallest.auto")).changed() {
                *smallest = if auto { 0 } else { 20 };
            }
            if *smallest > 0 {
                let drag = egui::DragValue::new(smallest).range(2..=100_000);
                parts::named(ui, lang, "groups_smallest", drag);
            }
        });
    }
    if scene.state.cleaning.is_some()
        && parts::primary(ui, lang.t("command.segments"), scene.state.segment.is_none())
    {
        scene.send.push(Command::FindSegments);
    }
    tried(ui, scene);
}

/// What counts: columns, purchases, or what the network makes of them.
fn compared_by(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let basis = scene.state.settings.groups.basis;
    parts::setting(ui, lang, "groups_basis", |ui| {
        let can: Vec<Basis> =
            Basis::ALL.into_iter().filter(|one| *one == basis || scene.state.can_group_by(*one)).collect();
        let name = lang.t("setting.groups_basis");
        let words = |basis: Basis| lang.t(&format!("groups.basis.{}", basis.name()));
        parts::choose(ui, &name, &mut scene.state.settings.groups.basis, &can, words);
    });
    if scene.state.settings.groups.basis != Basis::Columns {
        return;
    }
    let columns = scene.state.group_columns();
    let chosen = &mut scene.state.settings.groups.columns;
    let shown = match chosen.len() {
        0 => lang.t("groups.columns.all"),
        n => lang.with("groups.columns.some", &[("count", n.to_string())]),
    };
    parts::setting(ui, lang, "groups_columns", |ui| {
        let head = egui::CollapsingHeader::new(shown).id_salt("columns of groups");
        head.show(ui, |ui| {
            for column in columns.iter() {
                let mut on = chosen.contains(column);
                if ui.checkbox(&mut on, column).changed() {
                    chosen.retain(|name| name != column);
                    if on {
                        chosen.push(column.clone());
                    }
                }
            }
            if ui.add_enabled(!chosen.is_empty(), egui::Button::new(lang.t("groups.columns.reset"))).clicked()
            {
                chosen.clear();
            }
        });
    });
}

/// The silhouette of every number of groups that was tried.
fn tried(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    let Some(found) = scene.state.segments.clone() else { return };
    if !found.method.takes_k() {
        return;
    }
    // Two groups nearly always win and help nobody: they are not in the running.
    let chosen_by_score = scene.state.settings.segments.is_none();
    let tried: Vec<&(usize, f64)> = found.tried.iter().filter(|(k, _)| *k > 2 || !chosen_by_score).collect();
    // One bar compares nothing; its figure stands above the groups.
    if tried.len() < 2 {
        return;
    }
    ui.add_space(S3);
    let label = ui.label(RichText::new(lang.t("segments.silhouette")).family(theme::strong()));
    label.on_hover_text(lang.t("segments.silhouette.help"));
    for (k, score) in tried {
        ui.horizontal(|ui| {
            ui.label(format!("{k}"));
            let width = 150.0 * score.max(0.0) as f32;
            let (rect, _) = ui.allocate_exact_size(egui::vec2(width.max(2.0), 12.0), egui::Sense::hover());
            let color = if *k == found.k { Palette::of(ui).accent } else { Palette::of(ui).line };
            ui.painter().rect_filled(rect, 2, color);
            parts::muted(ui, format!("{score:.3}"));
        });
    }
}
