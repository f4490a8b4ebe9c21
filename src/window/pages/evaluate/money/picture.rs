//! The curve of expected profit with its band; dragging on it moves the threshold.

use std::sync::Arc;

use eframe::egui::{self, Sense, Ui};
use egui_plot::{Corner, FilledArea, Legend, Line, LineStyle, Plot, PlotPoint, PlotPoints, Points, VLine};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Gains;

use crate::report::svg;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::parts::framed::{self, Framed};
use crate::window::theme::{Palette, SERIES};
use crate::words::Lang;
use crate::words::money::amount;

/// What the tab remembers between frames: the curve, ready to be drawn.
#[derive(Default)]
pub struct View {
    of: Option<Arc<Gains>>,
    line: Vec<PlotPoint>,
    xs: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("points", &self.line.len()).finish_non_exhaustive()
    }
}

impl View {
    fn follow(&mut self, gains: &Arc<Gains>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, gains)) {
            return;
        }
        self.of = Some(gains.clone());
        let points = &gains.curve.points;
        self.line = points.iter().map(|point| PlotPoint::new(point.calls, point.profit)).collect();
        self.xs = points.iter().map(|point| point.calls).collect();
        self.low = points.iter().map(|point| point.low).collect();
        self.high = points.iter().map(|point| point.high).collect();
    }
}

/// What the curve shows, in one sentence.
fn title(lang: Lang, gains: &Gains, currency: &str) -> String {
    let money = |value: f64| amount(lang, currency, value);
    match gains.best.and_then(|best| gains.curve.at(best)) {
        Some(point) => lang.with(
            "money.title",
            &[
                ("calls", lang.count(point.calls.round() as u64)),
                ("customers", lang.count(gains.curve.customers as u64)),
                ("profit", money(point.profit)),
                ("low", money(point.low)),
                ("high", money(point.high)),
            ],
        ),
        None => lang.t("money.title_none"),
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, gains: &Arc<Gains>) {
    let lang = scene.lang;
    scene.page.money.follow(gains);
    let currency = scene.state.settings.money.currency.clone();
    let title = title(lang, gains, &currency);
    let drawing = || drawing(lang, gains, &title);
    let data = || data(lang, gains, &title);
    let framed = Framed { id: "profit", title: &title, drawing: &drawing, data: &data };
    let threshold = scene.state.settings.threshold;
    let now = gains.curve.at(threshold).copied();
    let view = &scene.page.money;
    let asked = framed::show(ui, lang, &framed, |ui| {
        parts::muted(ui, format!("{} · {}", lang.t("money.y"), lang.t("money.x")));
        let p = Palette::of(ui);
        let (unit, ink) = (currency.clone(), p.ink);
        let legend = Legend::default()
            .position(Corner::RightBottom)
            .background_alpha(0.35)
            .follow_insertion_order(true);
        let drawn = Plot::new("profit")
            .height(250.0)
            .show_background(false)
            .allow_scroll(false)
            .allow_zoom(false)
            .allow_drag(false)
            .allow_boxed_zoom(false)
            .sense(Sense::click_and_drag())
            .include_y(0.0)
            .y_axis_formatter(move |mark, _| amount(lang, &unit, mark.value))
            .legend(legend)
            .show(ui, |plot| {
                let area = FilledArea::new(lang.t("money.band"), &view.xs, &view.low, &view.high);
                plot.add(area.fill_color(SERIES[5].gamma_multiply(0.3)).allow_hover(false));
                let points = PlotPoints::Borrowed(&view.line);
                plot.line(Line::new(lang.t("money.curve"), points).color(SERIES[0]).width(2.0));
                let marks =
                    [(gains.best, "money.best", SERIES[2]), (Some(threshold), "evaluate.threshold", ink)];
                for (at, key, color) in marks {
                    let Some(point) = at.and_then(|at| gains.curve.at(at)) else { continue };
                    let mark = Points::new(lang.t(key), vec![[point.calls, point.profit]]);
                    plot.points(mark.color(color).radius(5.0));
                }
                if let Some(point) = &now {
                    let line = VLine::new(lang.t("evaluate.threshold"), point.calls);
                    plot.vline(line.style(LineStyle::dotted_dense()).color(ink));
                }
            });
        let response = drawn.response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
        let name = &title;
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
        let at = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked());
        at.map(|at| drawn.transform.value_from_position(at).x)
    });
    if let Some(point) = asked.and_then(|calls| gains.curve.nearest(calls)) {
        scene.state.settings.threshold = point.threshold.clamp(0.0, 1.0);
    }
    let mut told = lang.with(
        "money.measured",
        &[
            ("rows", lang.count(gains.curve.rows as u64)),
            ("customers", lang.count(gains.curve.customers as u64)),
        ],
    );
    if scene.state.month.is_none() && scene.state.asked().is_none() {
        // A file with the answer in it: those who left are among the measured, not on the list.
        told = format!("{told} {}", lang.t("money.like"));
    }
    if let Some(point) = now {
        let money = |value: f64| amount(lang, &currency, value);
        let args = [
            ("calls", lang.count(point.calls.round() as u64)),
            ("profit", money(point.profit)),
            ("low", money(point.low)),
            ("high", money(point.high)),
        ];
        told = format!("{} {told}", lang.with("money.here", &args));
    }
    let color = Palette::of(ui).muted;
    ui.add(egui::Label::new(egui::RichText::new(told).color(color)).wrap());
}

fn drawing(lang: Lang, gains: &Gains, title: &str) -> svg::Chart {
    let points = &gains.curve.points;
    let line =
        |key: &str, y: fn(&regulars_engine::evaluate::money::ProfitPoint) -> f64, dashed| svg::Series {
            name: lang.t(key),
            points: points.iter().map(|point| (point.calls, y(point))).collect(),
            dashed,
            markers: false,
        };
    svg::Chart {
        title: title.to_owned(),
        x: lang.t("money.x"),
        y: lang.t("money.y"),
        series: vec![
            line("money.curve", |point| point.profit, false),
            line("interval.low", |point| point.low, true),
            line("interval.high", |point| point.high, true),
        ],
        include: vec![[0.0, 0.0]],
    }
}

fn data(lang: Lang, gains: &Gains, title: &str) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let rows = gains.curve.points.iter().map(|point| {
        [point.threshold, point.calls, point.profit, point.low, point.high].map(number).to_vec()
    });
    Grid {
        name: title.to_owned(),
        header: ["evaluate.threshold", "money.x", "money.y", "interval.low", "interval.high"]
            .map(|key| lang.t(key))
            .to_vec(),
        rows: rows.collect(),
    }
}
