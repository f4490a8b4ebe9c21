//! The learning-rate finder beside the learning rate.

use eframe::egui::{self, Ui};
use egui_plot::{Corner, PlotPoint};

use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};

pub(in crate::window::pages::train) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::setting(ui, lang, "rate_finder", |ui| {
        if scene.state.board.finding() {
            ui.horizontal(|ui| {
                let (_, share, _) = scene.state.board.job().unwrap_or(("rate", 0.0, 0.0));
                ui.add(egui::ProgressBar::new(share as f32).desired_width(140.0).show_percentage());
                if ui.button(lang.t("command.cancel")).clicked() {
                    scene.send.push(Command::Cancel);
                }
            });
            return;
        }
        let ready = scene.state.can_compare();
        if ui.add_enabled(ready, egui::Button::new(lang.t("rate.find"))).clicked() {
            scene.state.find_rate();
        }
        let Some(curve) = scene.state.board.rates().cloned() else { return };
        let shown = |rate: f64| format!("{rate:.1e}");
        let title = match curve.suggested {
            Some(rate) => lang.with("rate.finding", &[("rate", shown(rate))]),
            None => lang.t("rate.none"),
        };
        let points: Vec<PlotPoint> = curve
            .points
            .iter()
            .map(|(rate, loss)| PlotPoint::new(rate.log10(), loss.max(1e-9).log10()))
            .collect();
        let frame = chart::Frame {
            id: "rates",
            title,
            x: lang.t("rate.x"),
            y: lang.t("rate.y"),
            height: 140.0,
            include: Vec::new(),
            legend: Corner::LeftBottom,
            log_y: true,
            hue: 0,
        };
        let series =
            [chart::Series { name: lang.t("rate.y"), points: &points, dashed: false, markers: false }];
        let mark = curve.suggested.map(|rate| (lang.t("rate.mark"), rate.log10()));
        chart::lines(ui, lang, frame, &series, mark);
        if scene.state.rates_are_stale() {
            parts::muted(ui, lang.t("rate.stale"));
            return;
        }
        // Two digits: more would claim to know it better than it does.
        let rounded = |rate: f64| shown(rate).parse::<f64>().unwrap_or(rate);
        let taken = |rate: f64| (scene.state.settings.mlp.learning_rate - rate).abs() < 1e-12;
        if let Some(rate) = curve.suggested.map(rounded).filter(|rate| !taken(*rate))
            && ui.button(lang.with("rate.use", &[("rate", rate.to_string())])).clicked()
        {
            scene.state.settings.mlp.learning_rate = rate;
        }
    });
}
