//! The curves of all lanes in one picture: colour, dash and the lane's letter at the end of its line.

use eframe::egui::{self, Align2, RichText, Ui};
use egui_plot::{Line, LineStyle, MarkerShape, Plot, PlotPoint, PlotPoints, PlotUi, Points, Text};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::train::race::{LaneView, Leader, Point, View};

use super::color;
use crate::report::svg;
use crate::window::pages::Scene;
use crate::window::parts::{self, take};
use crate::window::state::race::{Ground, letter};
use crate::window::theme;
use crate::words::Lang;

/// What a curve shows.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Loss,
    Auc,
}

impl Measure {
    fn of(self, point: &Point) -> Option<f64> {
        let value = match self {
            Self::Loss => Some(point.valid_loss),
            Self::Auc => point.valid_auc,
        };
        value.filter(|value| value.is_finite())
    }

    fn name(self, lang: Lang) -> String {
        match self {
            Self::Loss => lang.t("race.valid_loss"),
            Self::Auc => lang.t("metric.roc_auc"),
        }
    }
}

/// The second mark of a lane beside its colour.
fn dash(lane: usize) -> LineStyle {
    match lane {
        0 => LineStyle::Solid,
        1 => LineStyle::Dashed { length: 10.0 },
        2 => LineStyle::Dotted { spacing: 5.0 },
        3 => LineStyle::Dashed { length: 5.0 },
        4 => LineStyle::Dotted { spacing: 9.0 },
        _ => LineStyle::Dashed { length: 16.0 },
    }
}

fn leader(lang: Lang, leader: Option<&Leader>) -> String {
    let Some(leader) = leader else { return lang.t("race.not_yet") };
    let loss = |loss: f64| format!("{loss:.3}");
    let mut args = vec![
        ("lane", letter(leader.lane).to_string()),
        ("loss", loss(leader.loss)),
        ("epoch", leader.epoch.to_string()),
    ];
    match (leader.second, leader.is_clear) {
        (Some((other, other_loss)), Some(false)) => {
            args.push(("other", letter(other).to_string()));
            args.push(("other_loss", loss(other_loss)));
            lang.with("race.leads_level", &args)
        }
        _ => lang.with("race.leads", &args),
    }
}

/// Name of a lane in the legend.
fn legend(lang: Lang, ground: &Ground, lane: usize) -> String {
    let name = ground.setup.lanes.get(lane).map(|of| of.name(lang)).unwrap_or_default();
    format!("{} · {name}", letter(lane))
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, ground: &Ground, view: &View) {
    let lang = scene.lang;
    let race = &mut scene.state.race;
    ui.horizontal(|ui| {
        ui.checkbox(&mut race.is_log, lang.t("train.log"));
        ui.checkbox(&mut race.with_train, lang.t("race.with_train"));
        take::table_menu(ui, lang, &lang.t("race.curves"), || grid(lang, ground, view));
    });
    let is_log = race.is_log;
    let best = view.lanes.iter().enumerate().filter_map(|(at, lane)| {
        let auc = lane.history.last()?.valid_auc?;
        Some((at, auc))
    });
    let best = best.max_by(|a, b| a.1.total_cmp(&b.1));
    let auc_title = match best.filter(|_| view.leader.is_some()) {
        Some((at, auc)) => {
            let args = [("lane", letter(at).to_string()), ("auc", format!("{auc:.3}"))];
            lang.with("race.auc_now", &args)
        }
        None => lang.t("race.not_yet"),
    };
    let with_train = race.with_train;
    names(ui, lang, &mut race.hidden, ground, view);
    let hidden = race.hidden.clone();
    ui.columns(2, |sides| {
        let [left, right] = sides else { return };
        let of = Curves { lang, ground, view, hidden: &hidden, measure: Measure::Loss, is_log, with_train };
        of.show(left, &leader(lang, view.leader.as_ref()));
        let of = Curves { measure: Measure::Auc, is_log: false, with_train: false, ..of };
        of.show(right, &auc_title);
    });
    if view.lanes.iter().any(|lane| !lane.rates.is_empty()) {
        parts::muted(ui, lang.t("race.rate_marks"));
    }
}

/// The legend of both charts: colour, dash and name; a click leaves the lane out, or takes it in again.
fn names(ui: &mut Ui, lang: Lang, hidden: &mut Vec<usize>, ground: &Ground, view: &View) {
    ui.horizontal_wrapped(|ui| {
        for at in 0..view.lanes.len() {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(26.0, 28.0), egui::Sense::hover());
            let ends = [rect.left_center(), rect.right_center()];
            let stroke = egui::Stroke::new(2.0, color(at));
            let painter = ui.painter();
            match dash(at) {
                LineStyle::Solid => {
                    painter.line_segment(ends, stroke);
                }
                LineStyle::Dotted { spacing } => {
                    painter.extend(egui::Shape::dotted_line(&ends, color(at), spacing, 1.6));
                }
                LineStyle::Dashed { length } => {
                    painter.extend(egui::Shape::dashed_line(&ends, stroke, length * 0.8, 4.0));
                }
            }
            let mut is_shown = !hidden.contains(&at);
            if ui.toggle_value(&mut is_shown, legend(lang, ground, at)).changed() {
                hidden.retain(|lane| *lane != at);
                if !is_shown {
                    hidden.push(at);
                }
            }
        }
    });
}

#[derive(Clone, Copy)]
struct Curves<'a> {
    lang: Lang,
    ground: &'a Ground,
    view: &'a View,
    /// Lanes that are left out.
    hidden: &'a [usize],
    measure: Measure,
    is_log: bool,
    with_train: bool,
}

impl Curves<'_> {
    fn y(&self, value: f64) -> f64 {
        if self.is_log { value.max(1e-9).log10() } else { value }
    }

    fn line(&self, points: &[Point], value: impl Fn(&Point) -> Option<f64>) -> Vec<PlotPoint> {
        points.iter().filter_map(|p| Some(PlotPoint::new(p.epoch, self.y(value(p)?)))).collect()
    }

    fn whole(&self, lane: &LaneView) -> Vec<Point> {
        lane.history.iter().chain(lane.now.as_ref()).copied().collect()
    }

    fn show(&self, ui: &mut Ui, title: &str) {
        let lang = self.lang;
        let id = ui.scope_id().with(("race", self.measure.name(lang)));
        let before: Option<egui::Rect> = ui.data(|data| data.get_temp(id));
        let top = ui.cursor().min;
        ui.horizontal(|ui| {
            let room = ui.available_width() - 96.0;
            ui.scope(|ui| {
                ui.set_max_width(room.max(60.0));
                ui.add(egui::Label::new(RichText::new(title).family(theme::strong())).wrap());
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                let name = format!("{title} ({})", self.measure.name(lang));
                take::chart_menu(
                    ui,
                    lang,
                    before,
                    || self.drawing(title),
                    || grid(lang, self.ground, self.view),
                    &name,
                );
            });
        });
        parts::muted(ui, format!("{} · {}", self.measure.name(lang), lang.t("train.epoch")));
        let name = if self.measure == Measure::Loss { "race_loss" } else { "race_auc" };
        let mut plot = Plot::new(name)
            .height(220.0)
            .show_background(false)
            .allow_scroll(false)
            .allow_zoom(false)
            .allow_drag(false)
            .include_x(0.0)
            // Room for the letters at the ends.
            .include_x(self.view.furthest().max(1) as f64 * 1.12);
        if self.is_log {
            plot = plot.y_axis_formatter(|mark, _| format!("{:.3}", 10f64.powf(mark.value)));
        }
        let drawn = plot.show(ui, |plot| {
            let shown = self.view.lanes.iter().enumerate().filter(|(at, _)| !self.hidden.contains(at));
            for (at, lane) in shown {
                self.lane(plot, at, lane);
            }
        });
        let rect = egui::Rect::from_min_max(top, egui::pos2(drawn.response.rect.right(), ui.cursor().top()));
        ui.data_mut(|data| data.insert_temp(id, rect));
    }

    fn lane(&self, plot: &mut PlotUi<'_>, at: usize, lane: &LaneView) {
        let (name, color) = (legend(self.lang, self.ground, at), color(at));
        let points = self.whole(lane);
        let value = |point: &Point| self.measure.of(point);
        // Names of helpers are those of the lane, so that the legend hides them with it.
        if lane.ghost.len() > 1 {
            let ghost = PlotPoints::Owned(self.line(&lane.ghost, value));
            let faint = color.gamma_multiply(0.35);
            plot.line(Line::new(name.clone(), ghost).color(faint).width(1.0).allow_hover(false));
        }
        if self.with_train {
            let train = |p: &Point| Some(p.train_loss).filter(|loss| loss.is_finite());
            let train = PlotPoints::Owned(self.line(&points, train));
            plot.line(Line::new(name.clone(), train).color(color.gamma_multiply(0.7)).width(1.0));
        }
        let line = self.line(&points, value);
        let end = line.last().copied();
        let rates: Vec<PlotPoint> = lane
            .rates
            .iter()
            .filter_map(|change| {
                let before = points.iter().rev().find(|p| p.epoch <= change.epoch)?;
                Some(PlotPoint::new(change.epoch, self.y(value(before)?)))
            })
            .collect();
        if line.len() == 1 {
            plot.points(Points::new(name.clone(), PlotPoints::Owned(line)).color(color).radius(3.5));
        } else {
            plot.line(
                Line::new(name.clone(), PlotPoints::Owned(line)).color(color).width(2.0).style(dash(at)),
            );
        }
        if !rates.is_empty() {
            let marks = Points::new(name.clone(), PlotPoints::Owned(rates));
            plot.points(marks.color(color).radius(5.0).shape(MarkerShape::Diamond));
        }
        if let Some(end) = end {
            let text = RichText::new(format!(" {}", letter(at))).family(theme::strong()).size(13.0);
            plot.text(Text::new(name, end, text).color(color).anchor(Align2::LEFT_CENTER));
        }
    }

    fn drawing(&self, title: &str) -> svg::Chart {
        let series = self.view.lanes.iter().enumerate().map(|(at, lane)| svg::Series {
            name: legend(self.lang, self.ground, at),
            points: self
                .whole(lane)
                .iter()
                .filter_map(|point| Some((point.epoch, self.measure.of(point)?)))
                .collect(),
            dashed: at % 2 == 1,
            markers: at >= 2,
        });
        svg::Chart {
            title: title.to_owned(),
            x: self.lang.t("train.epoch"),
            y: self.measure.name(self.lang),
            series: series.collect(),
            include: Vec::new(),
        }
    }
}

/// The curves of all lanes, a line for each lane and epoch.
fn grid(lang: Lang, ground: &Ground, view: &View) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let row = |at: usize, point: &Point| {
        vec![
            Cell::from(legend(lang, ground, at)),
            number(point.epoch),
            Cell::whole(point.step),
            number(point.rate),
            number(point.train_loss),
            number(point.valid_loss),
            point.valid_auc.map_or_else(|| Cell::from(""), number),
        ]
    };
    let rows =
        view.lanes.iter().enumerate().flat_map(|(at, lane)| {
            lane.history.iter().chain(lane.now.as_ref()).map(move |point| row(at, point))
        });
    Grid {
        name: lang.t("race.curves"),
        header: vec![
            lang.t("race.lane"),
            lang.t("train.epoch"),
            lang.t("race.batches"),
            lang.t("setting.learning_rate"),
            lang.t("race.train_loss"),
            lang.t("race.valid_loss"),
            lang.t("metric.roc_auc"),
        ],
        rows: rows.collect(),
    }
}
