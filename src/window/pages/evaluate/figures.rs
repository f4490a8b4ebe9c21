//! Figures: every metric with its interval, the model beside the others, and whether more data would help.

mod curve;
mod others;
mod rows;

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::evaluate::Footing;
use regulars_engine::metrics::Figure;
use regulars_engine::project::{Judged, Outcome};

use crate::report::judged;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene, TrainTab};
use crate::window::parts;
use crate::window::theme::{self, S2, S3};

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    /// The figure that is explained; the area under the ROC curve until one is chosen.
    chosen: Option<Figure>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    scene.state.follow_figures();
    working(ui, scene);
    let Some(outcome) = scene.state.shown().cloned() else { return };
    let lang = scene.lang;
    match scene.state.figures.judged(&outcome).map(|found| found.cloned()) {
        Some(Some(found)) => {
            finding(ui, scene, &found);
            rows::show(ui, scene, &found);
            others::show(ui, scene, &outcome, &found);
        }
        Some(None) => parts::caution(ui, &lang.t("figures.none")),
        None => {}
    }
    curve::show(ui, scene, &outcome);
    ui.add_space(S3);
}

/// What is being measured, and the button that stops it.
fn working(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if let Some(done) = scene.state.figures.progress() {
        ui.horizontal(|ui| {
            let percent = format!("{:.0}", 100.0 * done);
            parts::muted(ui, lang.with("figures.measuring", &[("percent", percent)]));
            if ui.button(lang.t("figures.stop")).clicked() {
                scene.state.figures.stop();
            }
        });
    } else if scene.state.figures.is_stopped() {
        ui.horizontal(|ui| {
            parts::muted(ui, lang.t("figures.stopped"));
            if ui.button(lang.t("figures.again")).clicked() {
                scene.state.figures.resume();
            }
        });
    }
}

/// The figure that counts, and how far it can be trusted.
fn finding(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Judged>) {
    let lang = scene.lang;
    let (table, trust) = (&found.table, &found.trust);
    let lead = RichText::new(judged::lead(lang, trust)).font(theme::section_font());
    ui.add(egui::Label::new(lead).wrap());
    let args = [
        ("rows", lang.count(table.rows as u64)),
        ("positives", lang.count(table.positives)),
        ("threshold", format!("{:.3}", table.threshold)),
    ];
    parts::muted(ui, lang.with("figures.measured", &args));
    ui.add_space(S2);
    let gap = if lang == crate::words::Lang::Zh { "" } else { " " };
    let told = judged::trust(lang, trust).join(gap);
    if trust.footing == Footing::Firm {
        ui.add(egui::Label::new(told).wrap());
        return;
    }
    parts::caution(ui, &told);
    let (key, page) = match trust.crossed {
        Some(_) => ("figures.to_board", Page::Train),
        None => ("figures.to_segments", Page::Segments),
    };
    if ui.button(lang.t(key)).clicked() {
        if page == Page::Train {
            scene.page.train_tab = TrainTab::Board;
        }
        scene.send.push(Command::Go(page));
    }
}

/// The name of the shown model.
fn name(scene: &Scene<'_>, outcome: &Arc<Outcome>) -> String {
    crate::report::found::model(scene.lang, outcome.kind)
}
