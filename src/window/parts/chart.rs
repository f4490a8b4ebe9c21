//! Charts in one frame: the title states the finding, axes carry their unit, every series has a
//! second mark beside its colour, and a menu takes the chart away.

use eframe::egui::{Align, Color32, Layout, Rangef, Rect, RichText, Ui};
use egui_plot::{AxisHints, Bar, BarChart, Corner, Line, LineStyle, Plot, PlotPoint, PlotPoints, Points};
use regulars_engine::files::{Cell, Grid};

use super::legend::{self, Entry, Legend, Mark};
use super::{muted, take};
use crate::report::svg;
use crate::window::theme::{self, SERIES};
use crate::words::Lang;

/// How much a legend hides of the curves behind it.
pub(super) const SEEN_THROUGH: f32 = 0.35;

/// A line of a chart; `dashed` is its second mark. One without a name is a passing mark, the pointer's say: it
/// is drawn, and is neither in the legend nor in what is taken away.
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
    /// The legend stands above the plot (top corners) or beneath it: it covers nothing.
    pub legend: Corner,
    /// The points' y are decimal logarithms; the axis shows what they stand for.
    pub log_y: bool,
    /// Place of the first series among the colours: one thing keeps one colour from chart to chart.
    pub hue: usize,
}

impl Frame<'_> {
    fn y_of(&self, y: f64) -> f64 {
        if self.log_y { 10f64.powf(y) } else { y }
    }
}

pub(super) fn drawing(frame: &Frame<'_>, series: &[Series<'_>]) -> svg::Chart {
    let lines = series.iter().filter(|one| !one.name.is_empty()).map(|one| svg::Series {
        name: one.name.clone(),
        points: one.points.iter().map(|p| (p.x, frame.y_of(p.y))).collect(),
        dashed: one.dashed,
        markers: one.markers,
    });
    svg::Chart {
        title: frame.title.clone(),
        x: frame.x.clone(),
        y: frame.y.clone(),
        series: lines.collect(),
        include: frame.include.clone(),
    }
}

pub(super) fn data(frame: &Frame<'_>, series: &[Series<'_>]) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let rows = series.iter().filter(|one| !one.name.is_empty()).flat_map(|one| {
        let name = &one.name;
        one.points.iter().map(move |p| vec![Cell::from(name.as_str()), number(p.x), number(frame.y_of(p.y))])
    });
    Grid {
        name: frame.title.clone(),
        header: vec![String::new(), frame.x.clone(), frame.y.clone()],
        rows: rows.collect(),
    }
}

/// The head of a chart: its title and its menu.
pub fn head(ui: &mut Ui, title: &str, menu: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let room = ui.available_width() - 96.0;
        ui.scope(|ui| {
            ui.set_max_width(room.max(60.0));
            let text = RichText::new(title).family(theme::strong());
            ui.add(eframe::egui::Label::new(text).wrap());
        });
        ui.with_layout(Layout::right_to_left(Align::Min), menu);
    });
}

/// How far apart the labels of a horizontal axis of numbers stand, so that none touches the next: `ends`
/// are numbers as far out as the axis goes.
pub fn spacing(ends: impl Iterator<Item = f64>) -> Rangef {
    /// Widths of a digit of the axis, and of the gap between two labels.
    const DIGIT: f32 = 8.0;
    const GAP: f32 = 12.0;
    let most = ends.filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    // Below ten there may be decimals: "-0.25".
    let digits = if most < 10.0 { 5.0 } else { most.log10().floor() as f32 + 2.0 };
    let least = DIGIT * digits + GAP;
    Rangef::new(least, least + 14.0)
}

/// Words for the whole numbers of a horizontal axis.
type Words<'a> = Option<&'a dyn Fn(f64) -> String>;

/// [`drawing`]; a drawing has numbers on its axes, and counts from the last one that has words.
fn drawing_over(frame: &Frame<'_>, series: &[Series<'_>], words: Words<'_>) -> svg::Chart {
    let mut chart = drawing(frame, series);
    let last = frame.include.iter().map(|[x, _]| *x).fold(f64::MIN, f64::max);
    let Some(words) = words.filter(|_| last > f64::MIN) else { return chart };
    chart.x = format!("{} (0 = {})", frame.x, words(last));
    chart.series.iter_mut().flat_map(|one| &mut one.points).for_each(|(x, _)| *x -= last);
    chart.include.iter_mut().for_each(|[x, _]| *x -= last);
    chart
}

/// [`data`] with the words of the horizontal axis.
fn data_over(frame: &Frame<'_>, series: &[Series<'_>], words: Words<'_>) -> Grid {
    let mut grid = data(frame, series);
    let Some(words) = words else { return grid };
    let points = series.iter().filter(|one| !one.name.is_empty()).flat_map(|one| one.points);
    for (row, point) in grid.rows.iter_mut().zip(points) {
        if let Some(cell) = row.get_mut(1) {
            *cell = Cell::from(words(point.x).as_str());
        }
    }
    grid
}

/// A chart of lines; returns where in it the pointer is.
pub fn lines(
    ui: &mut Ui,
    lang: Lang,
    frame: Frame<'_>,
    series: &[Series<'_>],
    vertical: Option<(String, f64)>,
) -> Option<PlotPoint> {
    lines_with(ui, lang, frame, series, vertical, None)
}

/// [`lines`] whose horizontal axis has words for its whole numbers: days, say.
pub fn lines_over(
    ui: &mut Ui,
    lang: Lang,
    frame: Frame<'_>,
    series: &[Series<'_>],
    vertical: Option<(String, f64)>,
    words: &dyn Fn(f64) -> String,
) -> Option<PlotPoint> {
    lines_with(ui, lang, frame, series, vertical, Some(words))
}

fn lines_with(
    ui: &mut Ui,
    lang: Lang,
    frame: Frame<'_>,
    series: &[Series<'_>],
    vertical: Option<(String, f64)>,
    words: Words<'_>,
) -> Option<PlotPoint> {
    let id = ui.scope_id().with(("chart", frame.id));
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let top = ui.cursor().min;
    head(ui, &frame.title, |ui| {
        take::chart_menu(
            ui,
            lang,
            before,
            || drawing_over(&frame, series, words),
            || data_over(&frame, series, words),
            &frame.title,
        );
    });
    muted(ui, format!("{} · {}", frame.y, frame.x));
    let legend = Legend::of(ui, frame.id);
    // A seventh line is of the ink: with the first colour again it would pass for the first line.
    let ink = theme::Palette::of(ui).ink;
    let color = |at: usize| SERIES.get((at + frame.hue) % (SERIES.len() + 1)).copied().unwrap_or(ink);
    let mut entries = entries(series, color);
    if let Some((name, _)) = &vertical {
        entries.push(Entry { name: name.clone(), color: SERIES[2], mark: Mark::Dashed });
    }
    let is_above = legend::is_above(frame.legend);
    if is_above {
        legend.row(ui, &entries);
    }
    // A day is wider than a number.
    let spacing = match words {
        Some(_) => Rangef::new(80.0, 100.0),
        None => {
            let ends = series.iter().flat_map(|one| [one.points.first(), one.points.last()]).flatten();
            spacing(ends.map(|point| point.x).chain(frame.include.iter().map(|[x, _]| *x)))
        }
    };
    let mut plot = Plot::new(frame.id)
        .height(frame.height)
        .custom_x_axes(vec![AxisHints::new_x().label_spacing(spacing)])
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false);
    if frame.log_y {
        plot = plot.y_axis_formatter(|mark, _| format!("{:.3}", 10f64.powf(mark.value)));
    }
    if let Some(words) = words {
        // Ticks between two whole numbers have no words.
        plot = plot.x_axis_formatter(move |mark, _| match (mark.value - mark.value.round()).abs() < 1e-6 {
            true => words(mark.value),
            false => String::new(),
        });
    }
    for [x, y] in &frame.include {
        plot = plot.include_x(*x).include_y(*y);
    }
    let drawn = plot.show(ui, |plot| {
        for (at, one) in series.iter().enumerate().filter(|(_, one)| legend.shows(&one.name)) {
            let color = color(at);
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
        if let Some((name, x)) = vertical.filter(|(name, _)| legend.shows(name)) {
            plot.vline(egui_plot::VLine::new(name, x).style(LineStyle::dotted_dense()).color(SERIES[2]));
        }
    });
    if !is_above {
        legend.row(ui, &entries);
    }
    // With the axis below the plot itself.
    let rect = Rect::from_min_max(top, eframe::egui::pos2(drawn.response.rect.right(), ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, rect));
    drawn.response.hover_pos().map(|at| drawn.transform.value_from_position(at))
}

/// One entry for each name: series of one name are one thing.
fn entries(series: &[Series<'_>], color: impl Fn(usize) -> Color32) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for (at, one) in series.iter().enumerate() {
        if one.name.is_empty() || out.iter().any(|entry| entry.name == one.name) {
            continue;
        }
        let mark = match (one.dashed, one.markers) {
            (true, _) => Mark::Dashed,
            (false, true) => Mark::Points,
            (false, false) => Mark::Line,
        };
        out.push(Entry { name: one.name.clone(), color: color(at), mark });
    }
    out
}

/// Bars of a distribution; `overlay` is a part of each bar that is brought out. Returns the bin
/// that the pointer is over.
pub struct Bars<'a> {
    pub id: &'a str,
    pub title: String,
    pub labels: &'a [String],
    pub counts: &'a [f64],
    pub overlay: Option<&'a [f64]>,
    pub series: usize,
    pub height: f32,
}

/// Draws [`Bars`].
pub fn bars(ui: &mut Ui, lang: Lang, of: Bars<'_>) -> Option<usize> {
    let id = ui.scope_id().with(("bars", of.id));
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let top = ui.cursor().min;
    let grid = || Grid {
        name: of.title.clone(),
        header: vec![String::new(), lang.t("common.rows")],
        rows: of
            .labels
            .iter()
            .zip(of.counts)
            .map(|(label, count)| vec![Cell::from(label.as_str()), Cell::whole(*count as u64)])
            .collect(),
    };
    let chart = || svg::Chart {
        title: of.title.clone(),
        x: String::new(),
        y: lang.t("common.rows"),
        series: vec![svg::Series {
            name: of.title.clone(),
            points: of.counts.iter().enumerate().map(|(at, count)| (at as f64, *count)).collect(),
            dashed: false,
            markers: true,
        }],
        include: vec![[0.0, 0.0]],
    };
    head(ui, &of.title, |ui| take::chart_menu(ui, lang, before, chart, grid, &of.title));
    let labels = of.labels.to_vec();
    let bar = |(at, count): (usize, &f64)| Bar::new(at as f64, *count).width(0.85);
    let whole: Vec<Bar> = of.counts.iter().enumerate().map(bar).collect();
    let part: Option<Vec<Bar>> = of.overlay.map(|counts| counts.iter().enumerate().map(bar).collect());
    let mut plot = Plot::new(of.id);
    if of.overlay.is_some() {
        plot = plot
            .legend(egui_plot::Legend::default().background_alpha(SEEN_THROUGH).follow_insertion_order(true));
    }
    let drawn = plot
        .height(of.height)
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .include_y(0.0)
        .x_axis_formatter(move |mark, _| name_at(&labels, mark.value))
        .show(ui, |plot| {
            let color = SERIES[of.series % SERIES.len()];
            let color = if part.is_some() { color.gamma_multiply(0.35) } else { color };
            plot.bar_chart(BarChart::new(of.title.clone(), whole).color(color));
            if let Some(part) = part {
                plot.bar_chart(BarChart::new(lang.t("clean.linked"), part).color(SERIES[4]));
            }
        });
    // With the axis below the plot itself.
    let rect = Rect::from_min_max(top, eframe::egui::pos2(drawn.response.rect.right(), ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, rect));
    let at = drawn.transform.value_from_position(drawn.response.hover_pos()?).x.round();
    (at >= 0.0 && (at as usize) < of.counts.len()).then_some(at as usize)
}

/// The name under the bar at this place of an axis; nothing between bars.
pub fn name_at(names: &[String], place: f64) -> String {
    let at = place.round();
    if (place - at).abs() > 0.01 || at < 0.0 {
        return String::new();
    }
    names.get(at as usize).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_room_of_the_longest() {
        let least = |ends: &[f64]| spacing(ends.iter().copied()).min;
        assert!(least(&[0.0, 1.0]) >= 40.0 && least(&[0.0, 900.0]) >= 36.0);
        assert!(least(&[0.0, 10_000.0]) > least(&[0.0, 1000.0]));
        assert!(least(&[-1000.0, 3.0]) == least(&[1000.0]));
        assert!(least(&[f64::NAN]).is_finite() && least(&[]).is_finite());
    }
}
