//! What the model makes of one column: the mean and single customers, few rows in grey.

use eframe::egui::{self, Label, Rect, RichText, Ui, pos2};
use egui_plot::{AxisHints, Bar, BarChart, FilledArea, Line, Plot, PlotPoint, PlotPoints};
use regulars_engine::evaluate::explain::{Axis, Dependence};
use regulars_engine::files::{Cell, Grid};

use super::rows::{self, Look, Row};
use crate::report::svg;
use crate::window::parts::legend::{Entry, Legend, Mark};
use crate::window::parts::{self, chart, take};
use crate::window::theme::{Palette, S2, SERIES};
use crate::words::{Lang, percent, spoken};

/// Draws the chart of a column.
pub(super) fn show(ui: &mut Ui, lang: Lang, of: &Dependence, proven: Option<bool>, centred: &mut bool) {
    let changes = *centred && of.axis != Axis::Level;
    let title = spoken::dependence(lang, of, proven, changes);
    let id = ui.scope_id().with("dependence");
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let (top, right) = (ui.cursor().min, ui.max_rect().right());
    chart::head(ui, &title, |ui| {
        let drawing = || drawing(lang, &title, of);
        take::chart_menu(ui, lang, before, drawing, || grid(lang, &title, of), &title);
    });
    match of.axis {
        Axis::Level => levels(ui, lang, of),
        Axis::Number | Axis::Date => {
            ui.checkbox(centred, lang.t("why.centred")).on_hover_text(lang.t("why.centred.help"));
            let y = lang.t(if *centred { "why.change" } else { "why.probability" });
            parts::muted(ui, format!("{y} · {}", of.column));
            curve(ui, lang, of, *centred);
        }
    }
    let rect = Rect::from_min_max(top, pos2(right, ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, rect));
    ui.add_space(S2);
    let args = [("rows", lang.count(of.rows as u64)), ("against", percent(of.against))];
    let says = format!("{} {}", lang.with("why.answers", &args), lang.t("why.not_causes"));
    ui.add(Label::new(RichText::new(says).small()).wrap());
}

/// Levels have no order: a row each.
fn levels(ui: &mut Ui, lang: Lang, of: &Dependence) {
    parts::muted(ui, format!("{} · {}", lang.t("why.mean"), lang.t("why.inner")));
    let row = |point: &regulars_engine::evaluate::explain::DependencePoint| {
        let few = if point.thin { format!(" · {}", lang.t("why.few_rows")) } else { String::new() };
        let mean = percent(point.mean.value);
        Row {
            name: point.label.clone(),
            value: point.mean.value,
            range: point.inner,
            dots: None,
            faint: point.thin,
            words: format!("{}: {mean} ({} {}){few}", point.label, lang.t("why.share"), percent(point.share)),
            text: mean,
        }
    };
    let rows: Vec<Row> = of.points.iter().map(row).collect();
    rows::show(ui, &Look { id: "levels", from_zero: false, chosen: None }, &rows);
}

fn curve(ui: &mut Ui, lang: Lang, of: &Dependence, centred: bool) {
    let p = Palette::of(ui);
    let first = of.points.first().map_or(0.0, |point| point.mean.value);
    let zero = if centred { first } else { 0.0 };
    let mean: Vec<PlotPoint> =
        of.points.iter().map(|point| PlotPoint::new(point.at, 100.0 * (point.mean.value - zero))).collect();
    let lines = if centred { &of.centred } else { &of.lines };
    let single: Vec<Vec<PlotPoint>> = lines
        .iter()
        .map(|line| {
            of.points.iter().zip(line).map(|(point, p)| PlotPoint::new(point.at, 100.0 * p)).collect()
        })
        .collect();
    let ys = || single.iter().flatten().chain(&mean).map(|point| point.y);
    let (low, high) = (ys().fold(f64::INFINITY, f64::min), ys().fold(f64::NEG_INFINITY, f64::max));
    let tall = (high - low).max(1.0);
    let floor = low - 0.12 * tall;
    let most = of.points.iter().map(|point| point.share).fold(f64::MIN_POSITIVE, f64::max);
    let narrowest = of.points.windows(2).map(|two| two[1].at - two[0].at).fold(f64::INFINITY, f64::min);
    let rug: Vec<Bar> = of
        .points
        .iter()
        .map(|point| {
            let bar = Bar::new(point.at, 0.1 * tall * point.share / most).base_offset(floor);
            bar.width(0.6 * if narrowest.is_finite() { narrowest } else { 1.0 })
        })
        .collect();
    let days = of.axis == Axis::Date;
    let thin = thin(of);
    let entry = |key: &str, color, mark| Entry { name: lang.t(key), color, mark };
    let mut entries = vec![
        entry("why.mean", SERIES[0], Mark::Line),
        entry("why.single", p.muted.gamma_multiply(0.45), Mark::Line),
        entry("why.share", SERIES[4], Mark::Bar),
    ];
    if !thin.is_empty() {
        entries.push(entry("why.few_rows", p.muted.gamma_multiply(0.18), Mark::Bar));
    }
    let legend = Legend::of(ui, "dependence");
    legend.row(ui, &entries);
    let shows = |key: &str| legend.shows(&lang.t(key));
    let drawn = Plot::new("dependence")
        .height(300.0)
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .custom_x_axes(vec![AxisHints::new_x().label_spacing(egui::Rangef::new(60.0, 90.0))])
        .y_axis_formatter(move |mark, _| match mark.value < low - 1e-9 {
            // The bars below have an axis of their own.
            true => String::new(),
            false => format!("{:.0}%", mark.value),
        })
        .x_axis_formatter(move |mark, _| match days {
            true => regulars_engine::evaluate::explain::day(mark.value),
            false => regulars_engine::table::show_number((mark.value * 1e6).round() / 1e6),
        })
        .show(ui, |plot| {
            for (from, to) in thin.into_iter().filter(|_| shows("why.few_rows")) {
                let area = FilledArea::new(lang.t("why.few_rows"), &[from, to], &[floor; 2], &[high; 2]);
                plot.add(area.fill_color(p.muted.gamma_multiply(0.18)).allow_hover(false));
            }
            for line in single.iter().filter(|_| shows("why.single")) {
                plot.line(
                    Line::new(lang.t("why.single"), PlotPoints::Borrowed(line))
                        .color(p.muted.gamma_multiply(0.45))
                        .width(1.0)
                        .allow_hover(false),
                );
            }
            if shows("why.share") {
                plot.bar_chart(BarChart::new(lang.t("why.share"), rug).color(SERIES[4]).allow_hover(false));
            }
            if shows("why.mean") {
                let mean = Line::new(lang.t("why.mean"), PlotPoints::Borrowed(&mean));
                plot.line(mean.color(SERIES[0]).width(3.0));
            }
        });
    if let Some(at) = drawn.response.hover_pos() {
        let x = drawn.transform.value_from_position(at).x;
        let near = of.points.iter().min_by(|a, b| (a.at - x).abs().total_cmp(&(b.at - x).abs()));
        if let Some(point) = near {
            let few = if point.thin { format!("\n{}", lang.t("why.few_rows")) } else { String::new() };
            let (mean, share) = (percent(point.mean.value), percent(point.share));
            let words = format!("{}: {mean}\n{} {share}{few}", point.label, lang.t("why.share"));
            drawn.response.on_hover_text_at_pointer(words);
        }
    }
}

/// The stretches about values that few rows have.
fn thin(of: &Dependence) -> Vec<(f64, f64)> {
    let at = |place: usize| of.points.get(place).map(|point| point.at);
    let half = |a: f64, b: Option<f64>| b.map_or(a, |b| (a + b) / 2.0);
    let stretch = |place: usize, x: f64| {
        let before = place.checked_sub(1).and_then(at);
        (half(x, before), half(x, at(place + 1)))
    };
    let marked = of.points.iter().enumerate().filter(|(_, point)| point.thin);
    marked.map(|(place, point)| stretch(place, point.at)).collect()
}

fn drawing(lang: Lang, title: &str, of: &Dependence) -> svg::Chart {
    let all = |value: &dyn Fn(&regulars_engine::evaluate::explain::DependencePoint) -> f64| {
        of.points.iter().map(|point| (point.at, 100.0 * value(point))).collect::<Vec<_>>()
    };
    let series = |name: String, points, dashed| svg::Series { name, points, dashed, markers: !dashed };
    svg::Chart {
        title: title.to_owned(),
        x: of.column.clone(),
        y: format!("{} (%)", lang.t("why.probability")),
        series: vec![
            series(lang.t("why.mean"), all(&|point| point.mean.value), false),
            series(lang.t("why.low"), all(&|point| point.inner[0]), true),
            series(lang.t("why.high"), all(&|point| point.inner[1]), true),
        ],
        include: Vec::new(),
    }
}

fn grid(lang: Lang, title: &str, of: &Dependence) -> Grid {
    let header = vec![
        of.column.clone(),
        lang.t("why.mean"),
        lang.t("why.low"),
        lang.t("why.high"),
        lang.t("why.share"),
        lang.t("why.few_rows"),
    ];
    let rows = of.points.iter().map(|point| {
        vec![
            point.label.as_str().into(),
            Cell::percent(point.mean.value),
            Cell::percent(point.inner[0]),
            Cell::percent(point.inner[1]),
            Cell::percent(point.share),
            lang.t(if point.thin { "why.yes" } else { "why.no" }).into(),
        ]
    });
    Grid { name: title.to_owned(), header, rows: rows.collect() }
}
