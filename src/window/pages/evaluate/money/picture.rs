//! The curve of expected profit with its band; dragging on it moves the threshold.

use std::sync::Arc;

use eframe::egui::{self, Sense, Ui};
use egui_plot::{
    AxisHints, Corner, FilledArea, Legend, Line, LineStyle, Plot, PlotPoint, PlotPoints, Points, VLine,
};
use regulars_engine::evaluate::RepairKind;
use regulars_engine::evaluate::money::ProfitPoint;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Gains;

use crate::report::svg;
use crate::window::pages::Scene;
use crate::window::parts::framed::{self, Framed};
use crate::window::parts::{self, chart};
use crate::window::theme::{Palette, SERIES};
use crate::words::Lang;
use crate::words::money::{at_mark, recommended};

/// What the tab remembers between frames: the curve, ready to be drawn.
#[derive(Default)]
pub struct View {
    of: Option<Arc<Gains>>,
    line: Vec<PlotPoint>,
    /// The band: empty where there are too few test rows.
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
        let x = |point: &ProfitPoint| point.calls as f64;
        self.line = points.iter().map(|point| PlotPoint::new(x(point), point.profit)).collect();
        let band: Vec<(f64, (f64, f64))> =
            points.iter().filter_map(|point| Some((x(point), point.band?))).collect();
        self.xs = band.iter().map(|(x, _)| *x).collect();
        self.low = band.iter().map(|(_, (low, _))| *low).collect();
        self.high = band.iter().map(|(_, (_, high))| *high).collect();
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, gains: &Arc<Gains>) {
    let lang = scene.lang;
    scene.page.money.follow(gains);
    let spec = scene.state.settings.money.clone();
    let currency = spec.currency.clone();
    let title = recommended(lang, gains, &spec);
    let drawing = || drawing(lang, gains, &title);
    let data = || data(lang, gains, &title);
    let framed = Framed { id: "profit", title: &title, drawing: &drawing, data: &data };
    // Of the list itself, in the same frame: the curve may still be that of older figures.
    let now = scene.state.today().map(|(_, called)| called);
    let best = gains.best.and_then(|best| gains.curve.at(best)).copied();
    let view = &scene.page.money;
    let asked = framed::show(ui, lang, &framed, |ui| {
        parts::muted(ui, format!("{} · {}", lang.t("money.y"), lang.t("money.x")));
        let p = Palette::of(ui);
        let (unit, ink) = (currency.clone(), p.ink);
        let spacing = chart::spacing(view.line.last().map(|point| point.x).into_iter());
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
            .custom_x_axes(vec![AxisHints::new_x().label_spacing(spacing)])
            .y_axis_formatter(move |mark, _| at_mark(lang, &unit, mark.value, mark.step_size))
            .legend(legend)
            .show(ui, |plot| {
                if !view.xs.is_empty() {
                    let area = FilledArea::new(lang.t("money.band"), &view.xs, &view.low, &view.high);
                    plot.add(area.fill_color(SERIES[5].gamma_multiply(0.3)).allow_hover(false));
                }
                let points = PlotPoints::Borrowed(&view.line);
                plot.line(Line::new(lang.t("money.curve"), points).color(SERIES[0]).width(2.0));
                if let Some(point) = &best {
                    let mark = Points::new(lang.t("money.best"), vec![[point.calls as f64, point.profit]]);
                    plot.points(mark.color(SERIES[2]).radius(6.0));
                }
                if let Some(called) = &now {
                    let x = called.calls as f64;
                    let mark = Points::new(lang.t("plan.now"), vec![[x, called.profit]]);
                    plot.points(mark.color(ink).radius(4.0));
                    let line = VLine::new(lang.t("plan.now"), x);
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
    let has_band = gains.curve.points.iter().any(|point| point.band.is_some());
    let args = [
        ("rows", lang.count(gains.curve.rows as u64)),
        ("customers", lang.count(gains.curve.customers as u64)),
    ];
    let told = lang.with(if has_band { "plan.measured" } else { "plan.no_band" }, &args);
    let color = Palette::of(ui).muted;
    ui.add(egui::Label::new(egui::RichText::new(told).color(color)).wrap());
    if best.is_some_and(|point| point.is_off()) {
        off(ui, scene);
    }
}

/// The test customers say something else than the probabilities: the way to mend that.
fn off(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if !scene.state.settings.repair.is_none() {
        parts::caution(ui, &lang.t("plan.off_repaired"));
    } else if parts::suggestion(ui, &lang.t("plan.off"), &lang.t("plan.repair"), true) {
        scene.state.settings.repair = RepairKind::Platt;
    }
}

fn drawing(lang: Lang, gains: &Gains, title: &str) -> svg::Chart {
    let points = &gains.curve.points;
    let line = |key: &str, y: fn(&ProfitPoint) -> Option<f64>, dashed| svg::Series {
        name: lang.t(key),
        points: points.iter().filter_map(|point| Some((point.calls as f64, y(point)?))).collect(),
        dashed,
        markers: false,
    };
    let mut series = vec![line("money.curve", |point| Some(point.profit), false)];
    if points.iter().any(|point| point.band.is_some()) {
        series.push(line("interval.low", |point| point.band.map(|(low, _)| low), true));
        series.push(line("interval.high", |point| point.band.map(|(_, high)| high), true));
    }
    svg::Chart {
        title: title.to_owned(),
        x: lang.t("money.x"),
        y: lang.t("money.y"),
        series,
        include: vec![[0.0, 0.0]],
    }
}

fn data(lang: Lang, gains: &Gains, title: &str) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let rows = gains.curve.points.iter().map(|point| {
        let [low, high] = match point.band {
            Some((low, high)) => [number(low), number(high)],
            None => [Cell::from(""), Cell::from("")],
        };
        vec![number(point.threshold), number(point.calls as f64), number(point.profit), low, high]
    });
    Grid {
        name: title.to_owned(),
        header: ["evaluate.threshold", "money.x", "money.y", "interval.low", "interval.high"]
            .map(|key| lang.t(key))
            .to_vec(),
        rows: rows.collect(),
    }
}
