//! A chart of many long curves: any part of it is drawn from as many points as there are pixels, with
//! every extreme; the first seven are lines, the others together a grey band. Drag to move, Ctrl and
//! wheel or pinch to zoom, double click for the whole; the same by buttons.

use std::sync::Arc;

use eframe::egui::{self, Color32, Rect, Sense, Ui};
use egui_plot::{AxisHints, Corner, FilledArea, Legend, Line, LineStyle, Plot, PlotPoint, PlotPoints};
use regulars_engine::curve::{Pyramid, band};

use super::{chart, muted, take};
use crate::window::theme::{Palette, SERIES};
use crate::words::Lang;

/// Curves that are drawn as lines of their own.
pub const LINES: usize = 7;

/// The chart.
pub struct Many<'a> {
    pub id: &'a str,
    pub title: String,
    pub x: String,
    pub y: String,
    pub height: f32,
    /// The y axis is logarithmic.
    pub log_y: bool,
    /// Curves by number, the first drawn on top.
    pub curves: &'a Arc<Vec<(usize, Pyramid)>>,
    /// What a curve is called.
    pub name: &'a dyn Fn(usize) -> String,
}

/// The part that is in sight; `None` is the whole.
type Sight = Option<(f64, f64)>;

/// What is drawn of a part, made once for it.
struct View {
    lines: Vec<Vec<PlotPoint>>,
    band: [Vec<f64>; 3],
    y: (f64, f64),
}

/// What a view was made for: the curves, the part, its columns, the axis.
type Key = (usize, usize, u64, u64, usize, bool);

fn make(many: &Many<'_>, (low, high): (f64, f64), columns: usize) -> View {
    let y = |y: f64| if many.log_y { y.max(1e-9).log10() } else { y };
    let lines: Vec<Vec<PlotPoint>> = many
        .curves
        .iter()
        .take(LINES)
        .map(|(_, curve)| {
            curve.thin(low, high, columns).iter().map(|p| PlotPoint::new(p[0], y(p[1]))).collect()
        })
        .collect();
    let rest = many.curves.iter().skip(LINES).map(|(_, curve)| curve);
    // Two pixels a column are enough for a band.
    let parts = band(rest, low, high, (columns / 2).max(1));
    let of = |at: usize| parts.iter().filter_map(move |part| part.get(at).copied());
    let band = [of(0).collect(), of(1).map(y).collect(), of(2).map(y).collect()];
    let inside = lines.iter().flatten().filter(|p| (low..=high).contains(&p.x)).map(|p| p.y);
    let all = inside.chain(band.iter().skip(1).flatten().copied());
    let (least, most) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(y), b.max(y)));
    let room = if most > least { 0.04 * (most - least) } else { 0.5 };
    let y = if least <= most { (least - room, most + room) } else { (0.0, 1.0) };
    View { lines, band, y }
}

/// Draws it.
pub fn show(ui: &mut Ui, lang: Lang, many: &Many<'_>) {
    let id = ui.scope_id().with(("many", many.id));
    let top = ui.cursor().min;
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let points = || many.curves.iter().map(|(_, curve)| curve.points());
    let first = points().filter_map(|points| points.first()).fold(f64::INFINITY, |low, p| low.min(p[0]));
    let last = points().filter_map(|points| points.last()).fold(f64::NEG_INFINITY, |high, p| high.max(p[0]));
    let whole = match first <= last {
        true => (first - 0.01 * (last - first) - 0.01, last + 0.01 * (last - first) + 0.01),
        false => (0.0, 1.0),
    };
    let sight_id = id.with("sight");
    let sight: Sight = ui.data(|data| data.get_temp(sight_id)).flatten();
    let (low, high) = sight.unwrap_or(whole);
    let columns = ui.available_width().max(50.0) as usize;
    let key: Key = {
        let curves = Arc::as_ptr(many.curves) as usize;
        (curves, many.curves.len(), low.to_bits(), high.to_bits(), columns, many.log_y)
    };
    let kept: Option<(Key, Arc<View>)> = ui.data(|data| data.get_temp(id.with("view")));
    let view = match kept.filter(|(of, _)| *of == key) {
        Some((_, view)) => view,
        None => {
            let view = Arc::new(make(many, (low, high), columns));
            ui.data_mut(|data| data.insert_temp(id.with("view"), (key, view.clone())));
            view
        }
    };
    let rest = many.curves.len().saturating_sub(LINES);
    let rest_name = lang.with("runs.rest", &[("count", lang.count(rest as u64))]);
    let names: Vec<String> = many.curves.iter().take(LINES).map(|(number, _)| (many.name)(*number)).collect();
    let frame = chart::Frame {
        id: many.id,
        title: many.title.clone(),
        x: many.x.clone(),
        y: many.y.clone(),
        height: many.height,
        include: Vec::new(),
        legend: Corner::RightTop,
        log_y: many.log_y,
        hue: 0,
    };
    chart::head(ui, &frame.title, |ui| {
        let edges = [band_edge(&view.band, 1), band_edge(&view.band, 2)];
        let lines = names.iter().zip(&view.lines).enumerate().map(|(at, (name, points))| chart::Series {
            name: name.clone(),
            points,
            dashed: at % 2 == 1,
            markers: false,
        });
        let edges = edges.iter().filter(|edge| !edge.is_empty()).map(|edge| chart::Series {
            name: rest_name.clone(),
            points: edge,
            dashed: true,
            markers: false,
        });
        let series: Vec<chart::Series<'_>> = lines.chain(edges).collect();
        take::chart_menu(
            ui,
            lang,
            before,
            || chart::drawing(&frame, &series),
            || chart::data(&frame, &series),
            &frame.title,
        );
    });
    ui.horizontal(|ui| {
        muted(ui, format!("{} · {}", frame.y, frame.x));
        let mut next = sight;
        let span = high - low;
        for (sign, key, low, high) in [
            ("<", "zoom.left", low - 0.25 * span, high - 0.25 * span),
            (">", "zoom.right", low + 0.25 * span, high + 0.25 * span),
            ("+", "zoom.in", low + 0.25 * span, high - 0.25 * span),
            ("–", "zoom.out", low - 0.5 * span, high + 0.5 * span),
        ] {
            let name = lang.t(key);
            let button = ui.button(sign).on_hover_text(&name);
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if button.clicked() {
                next = within((low, high), whole);
            }
        }
        if ui.add_enabled(sight.is_some(), egui::Button::new(lang.t("zoom.whole"))).clicked() {
            next = None;
        }
        if next != sight {
            ui.data_mut(|data| data.insert_temp(sight_id, next));
            ui.ctx().request_repaint();
        }
    });
    let grey = Palette::of(ui).muted;
    let mut plot = Plot::new(many.id)
        .height(many.height)
        .custom_x_axes(vec![AxisHints::new_x().label_spacing(egui::Rangef::new(26.0, 40.0))])
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .sense(Sense::click_and_drag())
        .legend(
            Legend::default()
                .position(Corner::RightTop)
                .background_alpha(chart::SEEN_THROUGH)
                .follow_insertion_order(true),
        );
    if many.log_y {
        plot = plot.y_axis_formatter(|mark, _| format!("{:.3}", 10f64.powf(mark.value)));
    }
    let drawn = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(low..=high);
        plot.set_plot_bounds_y(view.y.0..=view.y.1);
        let [xs, least, most] = &view.band;
        if rest > 0 && !xs.is_empty() {
            let area = FilledArea::new(rest_name.clone(), xs, least, most);
            plot.add(area.fill_color(grey.gamma_multiply(0.35)).allow_hover(false));
        }
        for (at, (name, points)) in names.iter().zip(&view.lines).enumerate().rev() {
            plot.line(
                Line::new(name.clone(), PlotPoints::Borrowed(points))
                    .color(color(at, grey))
                    .width(if at == 0 { 2.5 } else { 1.5 })
                    .style(style(at)),
            );
        }
    });
    let response = &drawn.response;
    let mut moved: Option<(f64, f64)> = None;
    let drag = response.drag_delta().x;
    let width = f64::from(response.rect.width().max(1.0));
    if response.dragged() && drag != 0.0 {
        let way = f64::from(drag) / width * (high - low);
        moved = Some((low - way, high - way));
    }
    if let Some(at) = response.hover_pos() {
        let zoom = f64::from(ui.input(|input| input.zoom_delta()));
        if zoom > 0.0 && zoom != 1.0 {
            let x = drawn.transform.value_from_position(at).x;
            moved = Some((x - (x - low) / zoom, x + (high - x) / zoom));
        }
    }
    let next = match (response.double_clicked(), moved) {
        (true, _) => None,
        (false, Some(part)) => within(part, whole),
        (false, None) => sight,
    };
    if next != sight {
        ui.data_mut(|data| data.insert_temp(sight_id, next));
        ui.ctx().request_repaint();
    }
    let title = &frame.title;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, title));
    let end = egui::pos2(response.rect.right(), ui.cursor().top());
    ui.data_mut(|data| data.insert_temp(id, Rect::from_min_max(top, end)));
}

/// Colours of the series, then the ink's secondary one.
fn color(at: usize, grey: Color32) -> Color32 {
    SERIES.get(at).copied().unwrap_or(grey)
}

/// A second mark beside the colour.
fn style(at: usize) -> LineStyle {
    match at % 4 {
        0 => LineStyle::Solid,
        1 => LineStyle::dashed_loose(),
        2 => LineStyle::dashed_dense(),
        _ => LineStyle::dotted_loose(),
    }
}

fn band_edge(band: &[Vec<f64>; 3], which: usize) -> Vec<PlotPoint> {
    let [xs, ..] = band;
    let ys = band.get(which).map_or(&[][..], Vec::as_slice);
    xs.iter().zip(ys).map(|(x, y)| PlotPoint::new(*x, *y)).collect()
}

/// A part that lies within the whole; `None` where it is the whole, or more.
fn within((low, high): (f64, f64), whole: (f64, f64)) -> Sight {
    let span = (high - low).max(2.0);
    if !span.is_finite() || span >= whole.1 - whole.0 {
        return None;
    }
    let middle = (low + high) / 2.0;
    let low = (middle - span / 2.0).clamp(whole.0, whole.1 - span);
    Some((low, low + span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_within_the_whole() {
        let whole = (0.0, 100.0);
        assert_eq!(within((-10.0, 200.0), whole), None);
        assert_eq!(within((-10.0, 20.0), whole), Some((0.0, 30.0)));
        assert_eq!(within((90.0, 120.0), whole), Some((70.0, 100.0)));
        assert_eq!(within((50.0, 50.1), whole), Some((49.05, 51.05)), "never less than two epochs");
        assert_eq!(within((f64::NAN, 1.0), (0.0, 1.0)), None);
    }

    #[test]
    fn the_eighth_curve_and_those_after_it_are_a_band() {
        let curve = |at: usize| {
            let points = (0..500).map(move |x| [f64::from(x), 1.0 + at as f64 + 0.1 * f64::from(x % 5)]);
            (at, Pyramid::new(points))
        };
        let curves = Arc::new((0..20).map(curve).collect::<Vec<_>>());
        let name = |at: usize| at.to_string();
        let many = Many {
            id: "x",
            title: String::new(),
            x: String::new(),
            y: String::new(),
            height: 100.0,
            log_y: false,
            curves: &curves,
            name: &name,
        };
        let view = make(&many, (0.0, 499.0), 300);
        assert_eq!(view.lines.len(), LINES);
        let [xs, low, high] = &view.band;
        assert_eq!((xs.len(), low.len(), high.len()), (150, 150, 150));
        // The lowest of the band is curve 7, the highest curve 19; a stretch holds three or four points.
        assert!(low.iter().all(|y| (8.0..8.5).contains(y)) && low.contains(&8.0), "{low:?}");
        assert!(high.iter().all(|y| (20.0..20.5).contains(y)) && high.iter().any(|y| *y > 20.39), "{high:?}");
        assert!(view.y.0 < 1.0 && view.y.1 > 20.4);
        let view = make(&Many { log_y: true, ..many }, (0.0, 499.0), 300);
        assert!((view.band[1][0] - 8f64.log10()).abs() < 1e-12);
    }
}
