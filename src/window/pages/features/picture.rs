//! How a feature is spread among either class: bars side by side, the title says what they show.

use eframe::egui::{Color32, Label, Rect, RichText, Stroke, Ui, pos2};
use egui_plot::{Bar, BarChart, Corner, Legend, Plot};
use regulars_engine::features::{Detail, SheetRow};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Labels;
use regulars_engine::table::show_number;

use crate::report::svg;
use crate::window::parts::{self, chart, take};
use crate::window::theme::{self, SERIES};
use crate::words::Lang;

/// Draws the picture of a feature.
pub(super) fn show(ui: &mut Ui, lang: Lang, row: &SheetRow, detail: &Detail, labels: &Labels) {
    let names = [
        lang.with("sheet.others", &[("target", labels.column.clone())]),
        lang.with("sheet.positive", &[("target", labels.column.clone()), ("value", labels.positive.clone())]),
    ];
    let title = finding(lang, row, detail, &names[1]);
    let unit = lang.t(if detail.readable { "sheet.unit_own" } else { "sheet.unit_model" });
    let id = ui.scope_id().with("feature by class");
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let top = ui.cursor().min;
    ui.horizontal(|ui| {
        let room = ui.available_width() - 96.0;
        ui.scope(|ui| {
            ui.set_max_width(room.max(60.0));
            ui.add(Label::new(RichText::new(&title).family(theme::strong())).wrap());
        });
        let chart = || drawing(lang, &title, &unit, detail, &names);
        let grid = || data(&title, &unit, detail, &names);
        take::chart_menu(ui, lang, before, chart, grid, &title);
    });
    parts::muted(ui, format!("{} · {unit}", lang.t("sheet.share")));
    let drawn = bars(ui, detail, &names);
    let rect = Rect::from_min_max(top, pos2(drawn.right(), ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, rect));
    for ((points, name), rows) in detail.quantiles.iter().zip(&names).zip(detail.rows) {
        if let Some([_, low, middle, high, _]) = points {
            let args = [
                ("class", name.clone()),
                ("rows", lang.count(rows as u64)),
                ("median", few(*middle)),
                ("low", few(*low)),
                ("high", few(*high)),
            ];
            ui.add(Label::new(lang.with("sheet.median", &args)).wrap());
        }
    }
}

fn few(value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 1.0 } else { 1e3 };
    show_number((value * digits).round() / digits)
}

/// What the picture shows: which class has more of it, or that neither has.
fn finding(lang: Lang, row: &SheetRow, detail: &Detail, positive: &str) -> String {
    let Some(auc) = detail.roc_auc else { return row.name.clone() };
    let key = match auc {
        auc if auc.low > 0.5 => "sheet.higher",
        auc if auc.high < 0.5 => "sheet.lower",
        _ => "sheet.even",
    };
    let args = [
        ("feature", row.name.clone()),
        ("class", positive.to_owned()),
        ("auc", format!("{:.3}", auc.value)),
        ("low", format!("{:.3}", auc.low)),
        ("high", format!("{:.3}", auc.high)),
    ];
    lang.with(key, &args)
}

/// The bars: others filled, the positive class as an outline over a lighter fill, so that they differ without
/// colour as well.
fn bars(ui: &mut Ui, detail: &Detail, names: &[String; 2]) -> Rect {
    let labels = detail.histogram.labels.clone();
    let of = |class: usize, shift: f64, fill: Color32, stroke: Stroke| -> Vec<Bar> {
        let shares = detail.histogram.shares.get(class).into_iter().flatten().enumerate();
        let bar = |(at, share): (usize, &f64)| {
            Bar::new(at as f64 + shift, 100.0 * share).width(0.4).fill(fill).stroke(stroke)
        };
        shares.map(bar).collect()
    };
    let (own, other) = (SERIES[1], SERIES[0]);
    let filled = of(0, -0.2, other, Stroke::NONE);
    let outlined = of(1, 0.2, own.gamma_multiply(0.25), Stroke::new(2.0, own));
    let [others, positive] = names.clone();
    let drawn = Plot::new("feature by class")
        .height(170.0)
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .include_y(0.0)
        .legend(Legend::default().position(Corner::RightTop).follow_insertion_order(true))
        .y_axis_formatter(|mark, _| format!("{:.0}%", mark.value))
        .x_axis_formatter(move |mark, _| chart::name_at(&labels, mark.value))
        .show(ui, |plot| {
            plot.bar_chart(BarChart::new(others, filled).color(other));
            plot.bar_chart(BarChart::new(positive, outlined).color(own));
        });
    drawn.response.rect
}

fn drawing(lang: Lang, title: &str, unit: &str, detail: &Detail, names: &[String; 2]) -> svg::Chart {
    let series =
        detail.histogram.shares.iter().zip(names).enumerate().map(|(class, (shares, name))| svg::Series {
            name: name.clone(),
            points: shares.iter().enumerate().map(|(at, share)| (at as f64, *share)).collect(),
            dashed: class == 1,
            markers: true,
        });
    svg::Chart {
        title: title.to_owned(),
        x: unit.to_owned(),
        y: lang.t("sheet.share"),
        series: series.collect(),
        include: vec![[0.0, 0.0]],
    }
}

fn data(title: &str, unit: &str, detail: &Detail, names: &[String; 2]) -> Grid {
    let [others, positive] = &detail.histogram.shares;
    let rows = detail.histogram.labels.iter().zip(others.iter().zip(positive));
    let share = |value: &f64| Cell::percent(*value);
    Grid {
        name: title.to_owned(),
        header: vec![unit.to_owned(), names[0].clone(), names[1].clone()],
        rows: rows.map(|(label, (a, b))| vec![Cell::from(label.as_str()), share(a), share(b)]).collect(),
    }
}
