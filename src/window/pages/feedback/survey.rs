//! Survey figures: net promoter score and satisfaction, with intervals, over time and by group.

use eframe::egui::Ui;
use egui_plot::{Corner, PlotPoint};
use regulars_engine::feedback::{Answers, Feedback};
use regulars_engine::metrics::Estimate;

use crate::window::pages::value;
use crate::window::parts::{self, chart, intervals};
use crate::window::theme::S3;
use crate::words::{Lang, percent};

/// A figure of the survey: its key, how it is taken and shown, and the factor of its chart.
struct Figure {
    key: &'static str,
    of: fn(&Answers) -> Option<Estimate>,
    show: fn(f64) -> String,
    scale: f64,
    /// What must be in sight.
    ends: [f64; 2],
}

const FIGURES: [Figure; 2] = [
    Figure {
        key: "nps",
        of: |one| one.nps,
        show: |value| format!("{value:.0}"),
        scale: 1.0,
        ends: [0.0, 0.0],
    },
    Figure { key: "csat", of: |one| one.csat, show: percent, scale: 100.0, ends: [0.0, 100.0] },
];

pub(super) fn show(ui: &mut Ui, lang: Lang, found: &Feedback) {
    let Some(all) = &found.survey else {
        parts::muted(ui, lang.t("fb.survey.none"));
        return;
    };
    let name = |figure: &Figure| lang.t(if figure.key == "nps" { "fb.survey.nps" } else { "fb.survey.csat" });
    let help = |figure: &Figure| {
        lang.t(if figure.key == "nps" { "fb.survey.nps.help" } else { "fb.survey.csat.help" })
    };
    let mut told = vec![(lang.t("fb.survey.answers"), lang.count(all.answers as u64), String::new())];
    told.extend(FIGURES.iter().filter_map(|figure| {
        let e = (figure.of)(all)?;
        let args = [("low", (figure.show)(e.low)), ("high", (figure.show)(e.high))];
        Some((name(figure), (figure.show)(e.value), lang.with("fb.survey.range", &args)))
    }));
    value::figures(ui, &told);
    for figure in &FIGURES {
        let Some(whole) = (figure.of)(all) else { continue };
        parts::muted(ui, help(figure));
        over_time(ui, lang, found, figure, &name(figure));
        by_group(ui, lang, found, (figure, whole), &name(figure));
        ui.add_space(S3);
    }
}

fn over_time(ui: &mut Ui, lang: Lang, found: &Feedback, figure: &Figure, name: &str) {
    let told: Vec<(&Answers, Estimate)> =
        found.by_period.iter().filter_map(|one| Some((one, (figure.of)(one)?))).collect();
    let (Some((first, from)), Some((last, to))) = (told.first(), told.last()) else { return };
    if told.len() < 2 {
        return;
    }
    let line = |value: fn(&Estimate) -> f64| -> Vec<PlotPoint> {
        let points = told.iter().enumerate();
        points.map(|(at, (_, e))| PlotPoint::new(at as f64, figure.scale * value(e))).collect()
    };
    let (middle, low, high) = (line(|e| e.value), line(|e| e.low), line(|e| e.high));
    let args = [
        ("name", name.to_owned()),
        ("from", (figure.show)(from.value)),
        ("to", (figure.show)(to.value)),
        ("first", first.name.clone()),
        ("last", last.name.clone()),
    ];
    let frame = chart::Frame {
        id: figure.key,
        title: lang.with("fb.survey.over_time", &args),
        x: lang.t("fb.trend.x"),
        y: name.to_owned(),
        height: 190.0,
        include: figure.ends.map(|y| [0.0, y]).to_vec(),
        legend: Corner::LeftBottom,
        log_y: false,
        hue: 0,
    };
    let of = |name: String, points, dashed| chart::Series { name, points, dashed, markers: !dashed };
    let series = [
        of(name.to_owned(), &middle, false),
        of(lang.t("interval.low"), &low, true),
        of(lang.t("interval.high"), &high, true),
    ];
    chart::lines_over(ui, lang, frame, &series, None, &|x| {
        if x < 0.0 {
            return String::new();
        }
        told.get(x.round() as usize).map_or(String::new(), |(one, _)| one.name.clone())
    });
    ui.add_space(S3);
}

fn by_group(ui: &mut Ui, lang: Lang, found: &Feedback, (figure, whole): (&Figure, Estimate), name: &str) {
    let mut rows: Vec<intervals::Row> = found
        .by_segment
        .iter()
        .filter_map(|one| {
            let estimate = (figure.of)(one)?;
            let args = [
                ("low", (figure.show)(estimate.low)),
                ("high", (figure.show)(estimate.high)),
                ("count", lang.count(one.answers as u64)),
            ];
            let told = lang.with("fb.survey.group", &args);
            // The whole lies outside the group's interval.
            let marked = whole.value < estimate.low || whole.value > estimate.high;
            Some(intervals::Row { name: one.name.clone(), estimate, told, marked })
        })
        .collect();
    rows.sort_by(|a, b| a.estimate.value.total_cmp(&b.estimate.value));
    let Some(lowest) = rows.first().filter(|_| rows.len() > 1) else { return };
    let args = [
        ("name", name.to_owned()),
        ("group", lowest.name.clone()),
        ("value", (figure.show)(lowest.estimate.value)),
    ];
    let id = if figure.key == "nps" { "feedback nps groups" } else { "feedback csat groups" };
    let of = intervals::Intervals {
        id,
        title: lang.with("fb.survey.by_group", &args),
        x: name.to_owned(),
        rows: &rows,
        whole: Some((lang.t("fb.survey.all"), whole.value)),
        show: &figure.show,
    };
    intervals::show(ui, lang, &of);
}
