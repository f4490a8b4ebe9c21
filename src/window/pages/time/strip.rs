//! The days that were looked back to, side by side: share said to be at risk, share lost.

use eframe::egui::Ui;
use egui_plot::Corner;
use regulars_engine::features::behaviour::{to_date, to_day};

use crate::window::pages::Scene;
use crate::window::parts::chart;
use crate::words::percent;

/// Days beside the first and the last one that are in sight.
const ROOM: i32 = 5;

/// Draws them, where there is more than one.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let time = &scene.state.time;
    let Some((low, high)) = time.track().lost().filter(|_| time.track().len() > 1) else { return };
    let days: Vec<i32> = time.track().days().map(|(day, _)| day).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return };
    let args =
        [("count", lang.count(time.track().len() as u64)), ("low", percent(low)), ("high", percent(high))];
    let frame = chart::Frame {
        id: "time strip",
        title: lang.with("time.strip", &args),
        x: lang.t("time.strip.day"),
        y: lang.t("time.strip.share"),
        height: 180.0,
        include: vec![[f64::from(first - ROOM), 0.0], [f64::from(last + ROOM), 0.0]],
        legend: Corner::LeftTop,
        log_y: false,
        hue: 0,
    };
    let mut series = vec![chart::Series {
        name: lang.t("time.strip.lost"),
        points: &time.lost,
        dashed: false,
        markers: true,
    }];
    if !time.said.is_empty() {
        series.push(chart::Series {
            name: lang.t("time.strip.said"),
            points: &time.said,
            dashed: true,
            markers: true,
        });
    }
    let here = scene.state.day().map(|day| (lang.t("time.day"), f64::from(to_day(day))));
    // Days that no calendar has are never drawn: the axis ends with the data.
    let words = |x: f64| to_date(x.round() as i32).to_string();
    chart::lines_over(ui, lang, frame, &series, here, &words);
}
