//! Figures beside each other with their intervals: a mark and a bar for each, and a line for the whole.

use eframe::egui::{self, Rect, Sense, Stroke, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Estimate;

use super::framed::{self, Framed};
use super::muted;
use crate::report::svg;
use crate::window::theme::{Palette, SERIES};
use crate::words::Lang;

/// A figure with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub estimate: Estimate,
    /// What is told of it when the pointer is over it.
    pub told: String,
    /// It stands out from the others for more than chance.
    pub marked: bool,
}

/// The chart.
pub struct Intervals<'a> {
    pub id: &'a str,
    pub title: String,
    /// What the horizontal axis measures.
    pub x: String,
    pub rows: &'a [Row],
    /// The figure of all rows, with its name.
    pub whole: Option<(String, f64)>,
    pub show: &'a dyn Fn(f64) -> String,
}

const ROW: f32 = 26.0;

/// Draws it; returns the row that was clicked.
pub fn show(ui: &mut Ui, lang: Lang, of: &Intervals<'_>) -> Option<usize> {
    let drawing = || drawing(of);
    let data = || data(lang, of);
    let framed = Framed { id: of.id, title: &of.title, drawing: &drawing, data: &data };
    framed::show(ui, lang, &framed, |ui| {
        let mut x = of.x.clone();
        if let Some((name, value)) = &of.whole {
            x = format!("{x} · ┊ {name}: {}", (of.show)(*value));
        }
        muted(ui, x);
        rows(ui, of)
    })
}

fn rows(ui: &mut Ui, of: &Intervals<'_>) -> Option<usize> {
    let p = Palette::of(ui);
    let width = ui.available_width();
    let names = (width * 0.34).clamp(90.0, 240.0);
    let values = 60.0;
    let ends = of.rows.iter().flat_map(|row| [row.estimate.low, row.estimate.high]);
    let ends = ends.chain(of.whole.iter().map(|(_, value)| *value)).filter(|value| value.is_finite());
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let span = if high > low { high - low } else { 1.0 };
    let mut clicked = None;
    for (at, row) in of.rows.iter().enumerate() {
        let (rect, response) = ui.allocate_exact_size(egui::vec2(width, ROW), Sense::click());
        let name = format!("{}: {}", row.name, (of.show)(row.estimate.value));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        let is_pointed = response.hovered() || response.has_focus();
        if response.on_hover_text(&row.told).clicked() {
            clicked = Some(at);
        }
        if is_pointed {
            ui.painter().rect_filled(rect, 4, p.accent.gamma_multiply(0.12));
        }
        let band = Rect::from_x_y_ranges(
            rect.left() + names + 8.0..=(rect.right() - values - 8.0).max(rect.left() + names + 20.0),
            rect.y_range(),
        );
        let place = |value: f64| band.left() + ((value.clamp(low, high) - low) / span) as f32 * band.width();
        let font = egui::TextStyle::Body.resolve(ui.style());
        let mut job = egui::text::LayoutJob::simple_singleline(row.name.clone(), font.clone(), p.ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(names);
        let galley = ui.painter().layout_job(job);
        let corner = egui::pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(corner, galley, p.ink);
        let (color, mark) = if row.marked { (p.bad, "● ") } else { (SERIES[0], "") };
        if let Some((_, whole)) = &of.whole {
            let x = place(*whole);
            ui.painter().add(egui::Shape::dashed_line(
                &[egui::pos2(x, rect.top()), egui::pos2(x, rect.bottom())],
                Stroke::new(1.0, p.muted),
                3.0,
                3.0,
            ));
        }
        let (left, right) = (place(row.estimate.low), place(row.estimate.high));
        ui.painter().hline(left..=right, rect.center().y, Stroke::new(3.0, color.gamma_multiply(0.6)));
        for x in [left, right] {
            let ends = rect.center().y - 5.0..=rect.center().y + 5.0;
            ui.painter().vline(x, ends, Stroke::new(1.5, color));
        }
        let middle = egui::pos2(place(row.estimate.value), rect.center().y);
        ui.painter().circle_filled(middle, 4.5, color);
        ui.painter().text(
            egui::pos2(rect.right(), rect.center().y),
            egui::Align2::RIGHT_CENTER,
            format!("{mark}{}", (of.show)(row.estimate.value)),
            font,
            if row.marked { p.bad } else { p.ink },
        );
    }
    clicked
}

/// As a drawing: the figures by their place, with both ends.
fn drawing(of: &Intervals<'_>) -> svg::Chart {
    let line = |name: &str, value: fn(&Estimate) -> f64, dashed| svg::Series {
        name: name.to_owned(),
        points: of.rows.iter().enumerate().map(|(at, row)| (at as f64, value(&row.estimate))).collect(),
        dashed,
        markers: true,
    };
    let names: Vec<String> =
        of.rows.iter().enumerate().map(|(at, row)| format!("{at} = {}", row.name)).collect();
    svg::Chart {
        title: of.title.clone(),
        x: names.join(" · "),
        y: of.x.clone(),
        series: vec![
            line(&of.x, |e| e.value, false),
            line("2.5%", |e| e.low, true),
            line("97.5%", |e| e.high, true),
        ],
        include: Vec::new(),
    }
}

fn data(lang: Lang, of: &Intervals<'_>) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let cells = |row: &Row| {
        let e = row.estimate;
        vec![Cell::from(row.name.as_str()), number(e.value), number(e.low), number(e.high)]
    };
    Grid {
        name: of.title.clone(),
        header: vec![String::new(), of.x.clone(), lang.t("interval.low"), lang.t("interval.high")],
        rows: of.rows.iter().map(cells).collect(),
    }
}
