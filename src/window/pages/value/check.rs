//! The test on days that were not learnt from.

use eframe::egui::Ui;
use egui_plot::Corner;
use regulars_engine::features::behaviour::{to_date, to_day};
use regulars_engine::value::Shop;

use super::{amount, expected};
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::state::FoundValue;
use crate::window::theme::S3;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &FoundValue, shop: &Shop) {
    let lang = scene.lang;
    let Some(check) = &shop.check else {
        parts::muted(ui, lang.t("value.check.none"));
        return;
    };
    let end = to_date(check.calibration_end);
    let args = [("day", end.to_string()), ("until", to_date(check.until).to_string())];
    let key = if shop.spec.calibration_end.is_some() { "value.check.set" } else { "value.check.by_itself" };
    parts::muted(ui, lang.with(key, &args));
    ui.add_space(S3);
    let happened = |actual: String, (low, high): (String, String)| {
        lang.with("value.check.actual", &[("actual", actual), ("low", low), ("high", high)])
    };
    let rate = |value: f64| ("rate", format!("{value:.3}"));
    let beside = [rate(check.rate_mae), ("zero", format!("{:.3}", check.zero_mae))];
    let mut told = vec![
        (
            lang.t("value.check.predicted"),
            expected(lang, check.predicted),
            happened(
                expected(lang, check.actual),
                (expected(lang, check.range.0), expected(lang, check.range.1)),
            ),
        ),
        (lang.t("value.check.mae"), format!("{:.3}", check.mae), lang.with("value.check.beside", &beside)),
        (
            lang.t("value.check.rmse"),
            format!("{:.3}", check.rmse),
            lang.with("value.check.beside_rmse", &[rate(check.rate_rmse)]),
        ),
    ];
    if let Some(((actual, predicted), (low, high))) = check.money.zip(check.money_range) {
        let range = (amount(lang, low), amount(lang, high));
        let name = lang.t("value.check.money");
        told.push((name, amount(lang, predicted), happened(amount(lang, actual), range)));
    }
    super::figures(ui, &told);
    let curves = &found.curves;
    let off = if check.actual > 0.0 { 100.0 * (check.predicted / check.actual - 1.0) } else { 0.0 };
    let far = [("share", format!("{:.0}%", off.abs()))];
    let title = match (check.actual > 0.0, off < 0.0) {
        (false, _) => lang.t("value.check.nothing"),
        (true, true) => lang.with("value.check.below", &far),
        (true, false) => lang.with("value.check.above", &far),
    };
    let first = check.weekly.first().map_or(0, |week| week.day);
    let frame = chart::Frame {
        id: "value tracking",
        title,
        x: lang.t("value.check.week"),
        y: lang.t("value.check.cumulative"),
        height: 240.0,
        include: vec![[f64::from(first), 0.0], [f64::from(check.until), 0.0]],
        legend: Corner::LeftTop,
        log_y: false,
        hue: 0,
    };
    let series = [
        chart::Series {
            name: lang.t("value.check.happened"),
            points: &curves.actual,
            dashed: false,
            markers: false,
        },
        chart::Series {
            name: lang.t("value.check.foretold"),
            points: &curves.predicted,
            dashed: true,
            markers: false,
        },
    ];
    let line = Some((lang.t("value.check.end"), f64::from(to_day(end))));
    chart::lines_over(ui, lang, frame, &series, line, &|x| to_date(x.round() as i32).to_string());
    ui.add_space(S3);
    let frame = chart::Frame {
        id: "value frequency",
        title: lang.t("value.check.by_frequency"),
        x: lang.t("value.check.frequency"),
        y: lang.t("value.check.mean_orders"),
        height: 220.0,
        include: vec![[0.0, 0.0], [7.0, 0.0]],
        legend: Corner::LeftTop,
        log_y: false,
        hue: 0,
    };
    let series = [
        chart::Series {
            name: lang.t("value.check.happened"),
            points: &curves.actual_by,
            dashed: false,
            markers: true,
        },
        chart::Series {
            name: lang.t("value.check.foretold"),
            points: &curves.predicted_by,
            dashed: true,
            markers: true,
        },
    ];
    chart::lines(ui, lang, frame, &series, None);
    parts::muted(ui, lang.t("value.check.last"));
}
