//! What each column weighs: a bar, its interval, and the spread over repeats.

use eframe::egui::{Rect, Ui, pos2};
use regulars_engine::evaluate::explain::{Importance, Overall};
use regulars_engine::files::{Cell, Grid};

use super::rows::{self, Look, Row};
use crate::report::svg;
use crate::window::parts::{self, chart, take};
use crate::words::Lang;

/// Columns that have a row of their own.
const SHOWN: usize = 15;

/// Draws the bars; returns the column that was clicked. `columns` are all the model learns from, for where
/// there is no importance.
pub(super) fn show(
    ui: &mut Ui,
    lang: Lang,
    found: &Overall,
    columns: &[String],
    chosen: Option<&str>,
) -> Option<String> {
    let title = finding(lang, found);
    let id = ui.scope_id().with("importance");
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let (top, right) = (ui.cursor().min, ui.max_rect().right());
    chart::head(ui, &title, |ui| {
        take::chart_menu(ui, lang, before, || drawing(lang, &title, found), || grid(lang, found), &title);
    });
    let (names, rows): (Vec<String>, Vec<Row>) = match found.importance.is_empty() {
        true => columns.iter().take(SHOWN).map(|name| (name.clone(), plain(name))).unzip(),
        false => {
            parts::muted(ui, lang.t("why.axis"));
            let shown = found.importance.iter().take(SHOWN);
            shown.map(|one| (one.column.clone(), row(lang, one))).unzip()
        }
    };
    let mut rows = rows;
    rows.extend(rest(lang, &found.importance));
    let at = names.iter().position(|name| Some(name.as_str()) == chosen);
    let look = Look { id: "importance", from_zero: true, chosen: Some(at) };
    let clicked = rows::show(ui, &look, &rows);
    let rect = Rect::from_min_max(top, pos2(right, ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, rect));
    clicked.and_then(|at| names.get(at).cloned())
}

/// What the bars show.
fn finding(lang: Lang, found: &Overall) -> String {
    let count = |n: usize| lang.count(n as u64);
    let proven: Vec<&Importance> = found.importance.iter().filter(|one| one.proven).collect();
    let name = |at: usize| proven.get(at).map_or_else(String::new, |one| one.column.clone());
    let args = [
        ("first", name(0)),
        ("second", name(1)),
        ("proven", count(proven.len())),
        ("all", count(found.importance.len())),
    ];
    match proven.len() {
        _ if found.importance.is_empty() => lang.t("why.finding_unknown"),
        0 => lang.t("why.finding_none"),
        1 => lang.with("why.finding_one", &args),
        _ => lang.with("why.finding", &args),
    }
}

fn number(value: f64) -> String {
    format!("{value:+.4}")
}

fn row(lang: Lang, one: &Importance) -> Row {
    let proven = lang.t(if one.proven { "why.is_proven" } else { "why.not_proven" });
    let args = [
        ("column", one.column.clone()),
        ("value", number(one.loss.value)),
        ("low", number(one.loss.low)),
        ("high", number(one.loss.high)),
        ("auc", one.auc_fall.map_or_else(|| "–".to_owned(), |fall| format!("{:+.3}", -fall))),
        ("proven", proven),
    ];
    Row {
        name: one.column.clone(),
        value: one.loss.value,
        range: [one.loss.low, one.loss.high],
        dots: Some(one.spread),
        faint: !one.proven,
        text: number(one.loss.value),
        words: lang.with("why.row", &args),
    }
}

/// A column of which nothing was measured.
fn plain(name: &str) -> Row {
    let (name, words) = (name.to_owned(), name.to_owned());
    Row { name, value: 0.0, range: [0.0, 0.0], dots: None, faint: true, text: String::new(), words }
}

/// The columns beyond the first ones, together.
fn rest(lang: Lang, all: &[Importance]) -> Option<Row> {
    let rest = all.get(SHOWN..).filter(|rest| !rest.is_empty())?;
    let name = lang.with("why.rest", &[("count", lang.count(rest.len() as u64))]);
    let value: f64 = rest.iter().map(|one| one.loss.value).sum();
    let words = format!("{name}: {}", number(value));
    let text = number(value);
    Some(Row { name, value, range: [value, value], dots: None, faint: true, text, words })
}

fn drawing(lang: Lang, title: &str, found: &Overall) -> svg::Chart {
    let points = |of: fn(&Importance) -> f64| -> Vec<(f64, f64)> {
        found.importance.iter().take(SHOWN).enumerate().map(|(at, one)| (at as f64, of(one))).collect()
    };
    let series = |key: &str, points, dashed| svg::Series { name: lang.t(key), points, dashed, markers: true };
    svg::Chart {
        title: title.to_owned(),
        x: lang.t("why.column"),
        y: lang.t("why.loss"),
        series: vec![
            series("why.loss", points(|one| one.loss.value), false),
            series("why.low", points(|one| one.loss.low), true),
            series("why.high", points(|one| one.loss.high), true),
        ],
        include: vec![[0.0, 0.0]],
    }
}

fn grid(lang: Lang, found: &Overall) -> Grid {
    let header =
        ["column", "loss", "low", "high", "least", "most", "auc_fall", "proven"].map(|key| match key {
            "column" => lang.t("why.column"),
            "loss" => lang.t("why.loss"),
            "low" => lang.t("why.low"),
            "high" => lang.t("why.high"),
            "least" => lang.t("why.least"),
            "most" => lang.t("why.most"),
            "auc_fall" => lang.t("why.auc_fall"),
            _ => lang.t("why.proven"),
        });
    let number = |value: f64| Cell::Number { value, text: format!("{value:.6}"), format: "0.0000" };
    let row = |one: &Importance| {
        vec![
            one.column.as_str().into(),
            number(one.loss.value),
            number(one.loss.low),
            number(one.loss.high),
            number(one.spread[0]),
            number(one.spread[1]),
            one.auc_fall.map_or_else(|| Cell::from(""), number),
            lang.t(if one.proven { "why.yes" } else { "why.no" }).into(),
        ]
    };
    let rows = found.importance.iter().map(row).collect();
    Grid { name: lang.t("why.loss"), header: header.to_vec(), rows }
}
