//! What a branch sent, number by number: never a row.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::train::federated::{Ground, RoundFigures};

use super::bytes;
use crate::window::parts;
use crate::window::state::Play;
use crate::window::theme::{Palette, S2};
use crate::words::Lang;

pub(super) fn show(
    ui: &mut Ui,
    lang: Lang,
    play: &Play,
    (ground, seen): (&Ground, &[RoundFigures]),
    branch: &mut usize,
) {
    parts::section(ui, lang.t("theatre.sent"));
    ui.horizontal_wrapped(|ui| {
        for at in 0..play.setup.branches {
            let name = lang.with("theatre.branch", &[("number", (at + 1).to_string())]);
            ui.selectable_value(branch, at, name);
        }
    });
    let p = Palette::of(ui);
    let muted = |ui: &mut Ui, text: String| {
        ui.add(egui::Label::new(RichText::new(text).color(p.muted)).wrap());
    };
    let Some((round, one)) = seen.last().and_then(|round| Some((round, round.branches.get(*branch)?))) else {
        // Before the first round there are the statistics.
        let told = ground.told.get(*branch).cloned().unwrap_or_default();
        muted(ui, lang.t("theatre.sent_statistics"));
        ui.add(egui::Label::new(RichText::new(format!("{told} …")).monospace().small()).wrap());
        return;
    };
    let message = &one.message;
    let rows = message.rows.unwrap_or_default();
    let args = [
        ("branch", (*branch + 1).to_string()),
        ("round", round.round.to_string()),
        ("bytes", bytes(lang, one.up)),
        ("rows", lang.count(rows)),
    ];
    let key = if play.setup.privacy.is_some() { "theatre.sent_private" } else { "theatre.sent_says" };
    muted(ui, lang.with(key, &args));
    ui.add_space(S2);
    egui::Grid::new("theatre_sent").num_columns(3).spacing([16.0, 4.0]).striped(true).show(ui, |ui| {
        for key in ["theatre.tensor", "theatre.shape", "theatre.first"] {
            ui.label(RichText::new(lang.t(key)).color(p.muted));
        }
        ui.end_row();
        for (at, (shape, first)) in message.shapes.iter().zip(&message.first).enumerate() {
            let layer = [("number", (at / 2 + 1).to_string())];
            let key = if at % 2 == 0 { "theatre.weights" } else { "theatre.bias" };
            ui.label(lang.with(key, &layer));
            let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
            ui.label(sides.join(" × "));
            let mut numbers: Vec<String> = first.iter().map(|value| format!("{value:.4}")).collect();
            if shape.iter().product::<usize>() > first.len() {
                numbers.push("…".to_owned());
            }
            ui.label(RichText::new(numbers.join("  ")).monospace());
            ui.end_row();
        }
    });
    if let Some(masked) = &message.masked {
        ui.add_space(S2);
        muted(ui, lang.t("theatre.sent_masked"));
        let numbers: Vec<String> = masked.iter().map(u64::to_string).collect();
        let text = RichText::new(format!("{} …", numbers.join("  "))).monospace().small();
        ui.add(egui::Label::new(text).wrap());
    }
    ui.add_space(S2);
    muted(ui, lang.t("theatre.never_row"));
}
