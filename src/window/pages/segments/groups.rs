//! Groups: how customers were grouped, and how far that can be trusted.

mod cards;
mod drift;
mod settings;
mod tree;
mod trust;

use eframe::egui::Ui;
use regulars_engine::files::Grid;
use regulars_engine::privacy::cells::Layout;
use regulars_engine::segment::Segmentation;

use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts::{self, take};
use crate::window::theme::{S2, S3};
use crate::words::{self, Lang};

pub(super) use settings::inspector;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {}

/// Outliers that are named; the table that is taken away has them all.
const NAMED: usize = 12;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.segment.is_some() {
        parts::muted(ui, lang.t("status.working"));
        return;
    }
    let Some(found) = scene.state.segments.clone() else {
        if scene.state.cleaning.is_none() {
            crate::window::pages::clean::waiting(ui, scene, "segments");
        } else {
            let button = Some((lang.t("command.segments"), Command::FindSegments));
            parts::empty_state(ui, lang, "segments", button, scene.send);
        }
        return;
    };
    if scene.state.groups_stale() {
        parts::caution(ui, &lang.t("groups.stale"));
        ui.add_space(S2);
    }
    scene.state.follow_trust();
    scene.state.follow_drift();
    trust::verdict(ui, scene, &found);
    let key = if found.silhouette < 0.25 { "segments.finding_weak" } else { "segments.finding" };
    ui.label(
        lang.with(key, &[("k", found.k.to_string()), ("silhouette", format!("{:.3}", found.silhouette))]),
    );
    parts::muted(ui, how(lang, &found));
    let layout = Layout::of(&cards::MEANINGS);
    take::groups_menu(ui, lang, &lang.t("page.segments.name"), &layout, || cards::grid(lang, &found));
    ui.add_space(S2);
    cards::show(ui, scene, &found);
    drift::show(ui, scene, &found);
    outliers(ui, scene, &found);
    trust::table(ui, scene, &found);
    if let Some(top) = &found.tree {
        tree::show(ui, lang, top, found.k);
    }
    ui.add_space(S3);
}

/// By which method, on what, on how many.
fn how(lang: Lang, found: &Segmentation) -> String {
    let columns = match found.columns.is_empty() {
        true => lang.t("groups.units"),
        false => lang.list(&found.columns),
    };
    let method = lang.t(&format!("groups.method.{}", found.method.name()));
    let sampled = lang.count(found.sampled as u64);
    let mut text = lang.with("groups.how", &[("method", method), ("columns", columns), ("sampled", sampled)]);
    if let Some(rows) = found.fitted_on {
        text.push(' ');
        text += &lang.with("groups.fitted_on", &[("count", lang.count(rows as u64))]);
    }
    let outside = found.outside();
    if outside > 0 {
        text.push(' ');
        text += &lang.with("groups.outside", &[("count", lang.count(outside as u64))]);
    }
    text
}

/// Who lies farther out than the others of its group.
fn outliers(ui: &mut Ui, scene: &Scene<'_>, found: &Segmentation) {
    let lang = scene.lang;
    if found.outliers.is_empty() {
        return;
    }
    let masked = scene.prefs.projector;
    let name = |place: usize| {
        let id = scene.state.prepared.as_ref().and_then(|p| p.ids.get(place).cloned().flatten());
        match id {
            Some(id) => words::shown_id(&id, masked),
            None => {
                let rows = scene.state.cleaning.as_ref().map(|c| c.last().rows.clone());
                let row = rows.and_then(|rows| rows.get(place).copied()).unwrap_or_default();
                lang.with("groups.row", &[("row", row.to_string())])
            }
        }
    };
    parts::section(ui, lang.with("groups.outliers", &[("count", lang.count(found.outliers.len() as u64))]));
    let named: Vec<String> = found.outliers.iter().take(NAMED).map(|place| name(*place)).collect();
    let more = if found.outliers.len() > NAMED { " …" } else { "" };
    ui.label(format!("{}{more}", lang.list(&named)));
    parts::muted(ui, lang.t("groups.outliers.help"));
    let title = lang.t("groups.outliers.name");
    take::table_menu(ui, lang, &title, || Grid {
        name: title.clone(),
        header: vec![lang.t("customers.id")],
        rows: found.outliers.iter().map(|place| vec![name(*place).as_str().into()]).collect(),
    });
}
