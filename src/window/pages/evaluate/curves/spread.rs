//! How the probabilities of those who left and of those who stayed are spread.

use eframe::egui::Ui;
use egui_plot::{Bar, BarChart, LineStyle, Plot, VLine};
use regulars_engine::evaluate::{Evaluation, OperatingPoint};
use regulars_engine::files::{Cell, Grid};

use crate::report::svg;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::parts::framed::{self, Framed};
use crate::window::parts::legend::{Entry, Legend, Mark};
use crate::window::theme::{Palette, SERIES};
use crate::words::{Lang, percent};

/// Bars of each class.
pub(super) const BINS: usize = 20;

/// Draws both spreads; returns the threshold under the pointer.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    test: &Evaluation,
    threshold: f64,
) -> Option<OperatingPoint> {
    let lang = scene.lang;
    let spread = &scene.page.charts.spread;
    let title = title(lang, spread, threshold);
    let drawing = || drawing(lang, spread, &title);
    let data = || data(lang, spread, &title);
    let framed = Framed { id: "spread", title: &title, drawing: &drawing, data: &data };
    let pointed = scene.page.hover.map(|point| point.threshold);
    let at = framed::show(ui, lang, &framed, |ui| {
        parts::muted(ui, format!("{} · {}", lang.t("spread.y"), lang.t("evaluate.predicted")));
        let ink = Palette::of(ui).ink;
        let shares = [share(spread, 0), share(spread, 1)];
        let names = ["evaluate.was_yes", "evaluate.was_no", "evaluate.threshold"].map(|key| lang.t(key));
        let legend = Legend::of(ui, "spread");
        let colors = [SERIES[1], SERIES[0], SERIES[2]];
        let entries: Vec<Entry> = names
            .iter()
            .zip(colors)
            .zip([Mark::Bar, Mark::Bar, Mark::Dashed])
            .map(|((name, color), mark)| Entry { name: name.clone(), color, mark })
            .collect();
        legend.row(ui, &entries);
        let drawn = Plot::new("spread")
            .height(230.0)
            .show_background(false)
            .allow_scroll(false)
            .allow_zoom(false)
            .allow_drag(false)
            .include_x(0.0)
            .include_x(1.0)
            .include_y(0.0)
            .y_axis_formatter(|mark, _| percent(mark.value))
            .show(ui, |plot| {
                for (class, ((name, color), shares)) in names.iter().zip(colors).zip(shares).enumerate() {
                    if !legend.shows(name) {
                        continue;
                    }
                    // Beside each other within a bin: neither hides the other.
                    let width = 1.0 / BINS as f64;
                    let place = (0.27 + 0.46 * class as f64) * width;
                    let bar = |(at, share): (usize, f64)| {
                        Bar::new(at as f64 * width + place, share).width(0.44 * width)
                    };
                    let bars = shares.into_iter().enumerate().map(bar).collect();
                    plot.bar_chart(BarChart::new(name.clone(), bars).color(color));
                }
                let [.., name] = &names;
                if legend.shows(name) {
                    let line = VLine::new(name.clone(), threshold);
                    plot.vline(line.style(LineStyle::dotted_dense()).color(SERIES[2]));
                }
                if let Some(at) = pointed {
                    plot.vline(VLine::new(lang.t("evaluate.pointer"), at.min(1.0)).color(ink));
                }
            });
        let at = drawn.response.hover_pos()?;
        Some(drawn.transform.value_from_position(at).x)
    });
    at.map(|at| test.operating_point(at.clamp(0.0, 1.0)))
}

/// Share of a class in each bin.
fn share(spread: &[[u64; 2]], class: usize) -> Vec<f64> {
    let of = |bin: &[u64; 2]| bin.get(class).copied().unwrap_or(0) as f64;
    let all: f64 = spread.iter().map(of).sum();
    spread.iter().map(|bin| of(bin) / all.max(1.0)).collect()
}

fn title(lang: Lang, spread: &[[u64; 2]], threshold: f64) -> String {
    let middle = |class: usize| {
        let shares = share(spread, class);
        let mut sum = 0.0;
        let at = shares.iter().position(|share| {
            sum += share;
            sum >= 0.5
        });
        percent((at.unwrap_or(0) as f64 + 0.5) / BINS as f64)
    };
    let args = [("left", middle(0)), ("stayed", middle(1)), ("threshold", percent(threshold))];
    lang.with("spread.title", &args)
}

fn drawing(lang: Lang, spread: &[[u64; 2]], title: &str) -> svg::Chart {
    let line = |key: &str, class: usize| {
        let middle = |at: usize| (at as f64 + 0.5) / BINS as f64;
        svg::Series {
            name: lang.t(key),
            points: share(spread, class).into_iter().enumerate().map(|(at, y)| (middle(at), y)).collect(),
            dashed: class == 1,
            markers: true,
        }
    };
    svg::Chart {
        title: title.to_owned(),
        x: lang.t("evaluate.predicted"),
        y: lang.t("spread.y"),
        series: vec![line("evaluate.was_yes", 0), line("evaluate.was_no", 1)],
        include: vec![[0.0, 0.0], [1.0, 0.0]],
    }
}

fn data(lang: Lang, spread: &[[u64; 2]], title: &str) -> Grid {
    let edge = |at: usize| percent(at as f64 / BINS as f64);
    let row = |(at, bin): (usize, &[u64; 2])| {
        let [left, stayed] = *bin;
        vec![format!("{}–{}", edge(at), edge(at + 1)).into(), Cell::whole(left), Cell::whole(stayed)]
    };
    Grid {
        name: title.to_owned(),
        header: ["evaluate.predicted", "evaluate.was_yes", "evaluate.was_no"].map(|key| lang.t(key)).to_vec(),
        rows: spread.iter().enumerate().map(row).collect(),
    }
}
