//! One theme: its words, how it went over time, what goes with it, and some comments.

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::feedback::{Effect, Feedback, Theme};

use super::Tab;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::theme::{self, S2, S3};
use crate::words::heard;
use crate::words::{Lang, percent};

/// Words of a theme that are named.
const WORDS: usize = 12;
/// Letters of a quoted comment.
const LETTERS: usize = 240;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Feedback, (at, theme): (usize, &Theme)) {
    let lang = scene.lang;
    let title = ui.label(RichText::new(heard::theme(lang, theme)).font(theme::section_font()));
    if std::mem::take(&mut scene.page.feedback.comes) {
        title.scroll_to_me(Some(egui::Align::Min));
    }
    let words: Vec<&str> = theme.words.iter().take(WORDS).map(String::as_str).collect();
    ui.add(egui::Label::new(lang.with("fb.detail.words", &[("words", lang.list(&words))])).wrap());
    if let Some(share) = theme.sentiment {
        let [value, low, high] = [share.value, share.low, share.high].map(percent);
        let args = [("value", value), ("low", low), ("high", high)];
        ui.label(lang.with("fb.detail.share", &args));
    }
    if let Some(rise) = heard::rise(lang, theme) {
        let text = lang.with("fb.sentence", &[("text", rise)]);
        ui.add(egui::Label::new(RichText::new(text).family(theme::strong())).wrap());
    }
    effects(ui, lang, theme);
    ui.add_space(S2);
    trend(ui, lang, found, theme);
    quotes(ui, scene, found, theme);
    ui.add_space(S2);
    let args = [("count", lang.count(theme.comments as u64))];
    if ui.button(lang.with("fb.detail.show", &args)).clicked() {
        let filter = &mut scene.state.feedback.filter;
        *filter = regulars_engine::feedback::Filter {
            theme: Some(at),
            by: filter.by,
            descends: filter.descends,
            ..Default::default()
        };
        (scene.page.feedback.from, scene.page.feedback.to) = Default::default();
        scene.page.feedback.tab = Tab::Comments;
    }
}

/// What goes with the complaint.
fn effects(ui: &mut Ui, lang: Lang, theme: &Theme) {
    type Show = fn(f64) -> String;
    let points: Show = |value| format!("{:+.1}", 100.0 * value);
    let (plain, signed): (Show, Show) = (|value| format!("{value:.2}"), |value| format!("{value:+.2}"));
    let all: [(&str, &Option<Effect>, Show, Show); 3] = [
        ("fb.effect.left", &theme.left, percent, points),
        ("fb.effect.rating", &theme.rating, plain, signed),
        ("fb.effect.spend", &theme.spend, plain, signed),
    ];
    let mut is_any = false;
    for (key, effect, level, change) in all {
        let Some(effect) = effect else { continue };
        is_any = true;
        let e = effect.difference;
        let args = [
            ("with", level(effect.with)),
            ("without", level(effect.without)),
            ("value", change(e.value)),
            ("low", change(e.low)),
            ("high", change(e.high)),
        ];
        let gap = if lang == Lang::Zh { "" } else { " " };
        let chance = if effect.is_clear() { String::new() } else { format!("{gap}{}", lang.t("fb.unclear")) };
        ui.add(egui::Label::new(format!("{}{chance}", lang.with(key, &args))).wrap());
    }
    parts::muted(ui, lang.t(if is_any { "feedback.no_proof" } else { "fb.effect.none" }));
}

/// Comments and complaints over time, with the rise marked.
fn trend(ui: &mut Ui, lang: Lang, found: &Feedback, theme: &Theme) {
    let Some(of) = found.trend.as_ref().filter(|of| of.starts.len() == theme.trend.len()) else {
        parts::muted(ui, lang.t("fb.detail.no_days"));
        return;
    };
    let line = |value: fn(&(u32, u32)) -> u32| -> Vec<PlotPoint> {
        let points = theme.trend.iter().enumerate();
        points.map(|(at, both)| PlotPoint::new(at as f64, f64::from(value(both)))).collect()
    };
    let (all, unkind) = (line(|both| both.0), line(|both| both.1));
    let title = match &theme.rise {
        Some(rise) => {
            let args = [
                ("name", heard::theme(lang, theme).to_owned()),
                ("from", rise.from.to_string()),
                ("to", rise.to.to_string()),
            ];
            lang.with(if rise.goes_on { "fb.trend.rise" } else { "fb.trend.rise_over" }, &args)
        }
        None => lang.with("fb.trend.none", &[("name", heard::theme(lang, theme).to_owned())]),
    };
    let place = |day| of.starts.iter().position(|start| *start == day);
    let mark = theme.rise.as_ref().and_then(|rise| Some((lang.t("fb.trend.mark"), place(rise.from)? as f64)));
    let frame = chart::Frame {
        id: "feedback trend",
        title,
        x: lang.t("fb.trend.x"),
        y: lang.t("fb.comments"),
        height: 190.0,
        include: vec![[0.0, 0.0]],
        legend: Corner::LeftTop,
        log_y: false,
        hue: 0,
    };
    let series = [
        chart::Series { name: lang.t("fb.trend.all"), points: &all, dashed: true, markers: false },
        chart::Series { name: lang.t("fb.mood.unkind"), points: &unkind, dashed: false, markers: true },
    ];
    chart::lines_over(ui, lang, frame, &series, mark, &|x| period(of, x));
    ui.add_space(S3);
}

/// The first day of a period by its place.
pub(super) fn period(of: &regulars_engine::feedback::Trend, x: f64) -> String {
    if x < 0.0 {
        return String::new();
    }
    of.starts.get(x.round() as usize).map_or(String::new(), |day| day.to_string())
}

fn quotes(ui: &mut Ui, scene: &Scene<'_>, found: &Feedback, theme: &Theme) {
    if theme.typical.is_empty() {
        return;
    }
    let lang = scene.lang;
    let mut spec = scene.state.settings.feedback.clone();
    spec.show_details = super::shows_details(scene);
    parts::muted(ui, lang.t("fb.detail.typical"));
    for (at, _) in &theme.typical {
        let text = found.shown(*at, LETTERS, &spec);
        let day = found.said.comments.get(*at).and_then(|comment| comment.day);
        parts::card(ui, 8, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(text).wrap());
            if let Some(day) = day {
                parts::muted(ui, day.to_string());
            }
        });
    }
}
