//! Charts in one frame: the title states the finding, axes carry their unit, every series has a
//! second mark beside its colour.

use eframe::egui::{Rangef, RichText, Ui};
use egui_plot::{
    AxisHints, Bar, BarChart, Corner, Legend, Line, LineStyle, Plot, PlotPoint, PlotPoints, Points,
};

use super::muted;
use crate::window::theme::{self, SERIES};

/// A line of a chart; `dashed` is its second mark.
pub struct Series<'a> {
    pub name: String,
    pub points: &'a [PlotPoint],
    pub dashed: bool,
    pub markers: bool,
}

/// How a chart is framed.
pub struct Frame<'a> {
    pub id: &'a str,
    pub title: String,
    pub x: String,
    pub y: String,
    pub height: f32,
    /// Values that must be in sight.
    pub include: Vec<[f64; 2]>,
    /// Where the legend hides least.
    pub legend: Corner,
}

/// A chart of lines.
pub fn lines(ui: &mut Ui, frame: Frame<'_>, series: &[Series<'_>], vertical: Option<(String, f64)>) {
    ui.label(RichText::new(&frame.title).family(theme::strong()));
    muted(ui, format!("{} · {}", frame.y, frame.x));
    let mut plot = Plot::new(frame.id)
        .height(frame.height)
        .custom_x_axes(vec![AxisHints::new_x().label_spacing(Rangef::new(26.0, 40.0))])
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .legend(Legend::default().position(frame.legend));
    for [x, y] in &frame.include {
        plot = plot.include_x(*x).include_y(*y);
    }
    plot.show(ui, |plot| {
        for (at, one) in series.iter().enumerate() {
            let color = SERIES[at % SERIES.len()];
            let style = if one.dashed { LineStyle::dashed_loose() } else { LineStyle::Solid };
            plot.line(
                Line::new(one.name.clone(), PlotPoints::Borrowed(one.points))
                    .color(color)
                    .width(2.0)
                    .style(style),
            );
            if one.markers {
                plot.points(
                    Points::new(one.name.clone(), PlotPoints::Borrowed(one.points)).color(color).radius(3.5),
                );
            }
        }
        if let Some((name, x)) = vertical {
            plot.vline(egui_plot::VLine::new(name, x).style(LineStyle::dotted_dense()).color(SERIES[2]));
        }
    });
}

/// Bars of two distributions side by side; `labels` name the bins.
pub fn bars(
    ui: &mut Ui,
    id: &str,
    title: &str,
    labels: &[String],
    counts: &[f64],
    series: usize,
    height: f32,
) {
    ui.label(RichText::new(title).family(theme::strong()));
    let labels = labels.to_vec();
    let bars = counts.iter().enumerate().map(|(at, count)| Bar::new(at as f64, *count).width(0.85)).collect();
    Plot::new(id)
        .height(height)
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .include_y(0.0)
        .x_axis_formatter(move |mark, _| {
            let at = mark.value.round();
            if (mark.value - at).abs() > 0.01 || at < 0.0 {
                return String::new();
            }
            labels.get(at as usize).cloned().unwrap_or_default()
        })
        .show(ui, |plot| {
            plot.bar_chart(BarChart::new(title, bars).color(SERIES[series % SERIES.len()]));
        });
}
