//! The table of figures: value, interval in numbers and drawn, the majority guess beside it.

use std::sync::Arc;

use eframe::egui::{self, RichText, Sense, Stroke, Ui, Vec2, pos2};
use regulars_engine::evaluate::FigureRow;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Figure;
use regulars_engine::project::Judged;

use crate::report::judged;
use crate::window::pages::Scene;
use crate::window::parts::table::Head;
use crate::window::parts::{self, table, take};
use crate::window::theme::{self, Palette, S2, S3};
use crate::words::Lang;

const NAME: usize = 0;
const VALUE: usize = 1;
const INTERVAL: usize = 2;
const DRAWN: usize = 3;
const GUESS: usize = 4;

fn heads(lang: Lang) -> [Head; 6] {
    [
        Head::text(lang.t("figures.head.figure"), 172.0),
        Head::number(lang.t("figures.head.value"), 62.0),
        Head::number(lang.t("figures.head.interval"), 112.0),
        Head::text(lang.t("figures.head.range"), 132.0),
        Head::number(lang.t("figures.head.majority"), 62.0),
        Head::text(lang.t("figures.head.beats"), 120.0),
    ]
}

fn figure_name(lang: Lang, row: &FigureRow) -> String {
    lang.t(&format!("metric.{}", row.measured.figure.name()))
}

/// What stands in a cell; nothing where the range is drawn.
fn text(lang: Lang, row: &FigureRow, column: usize) -> Option<String> {
    let (figure, e) = (row.measured.figure, row.measured.estimate);
    let show = |value| judged::shown(figure, value);
    match column {
        NAME => Some(figure_name(lang, row)),
        VALUE => Some(show(e.value)),
        INTERVAL => Some(format!("{}–{}", show(e.low), show(e.high))),
        DRAWN => None,
        GUESS => row.guess.map(|guess| show(guess.value)),
        _ => row.beats_guess().map(|yes| lang.t(if yes { "figures.beats.yes" } else { "figures.beats.no" })),
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Judged>) {
    let lang = scene.lang;
    let rows: Vec<&FigureRow> = found.told().collect();
    let rows = rows.as_slice();
    ui.add_space(S3);
    ui.horizontal(|ui| {
        ui.label(RichText::new(lang.t("figures.all")).font(theme::section_font()));
        take::table_menu(ui, lang, &lang.t("figures.all"), || grid(lang, rows));
    });
    let heads = heads(lang);
    let mut spec = table::Table::new("figures", &heads, rows.len(), f32::INFINITY);
    let chosen = scene.page.figures.chosen.unwrap_or(Figure::RocAuc);
    spec.chosen = Some(rows.iter().position(|row| row.measured.figure == chosen));
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some(row) = rows.get(row) else { return };
        match text(lang, row, column) {
            Some(text) => table::plain(ui, text),
            None if column == DRAWN => range(ui, lang, row),
            None => table::missing(ui),
        }
    });
    if let Some(row) = clicked.row.and_then(|row| rows.get(row)) {
        scene.page.figures.chosen = Some(row.measured.figure);
    }
    ui.add_space(S2);
    if let Some(row) = rows.iter().find(|row| row.measured.figure == chosen) {
        let (figure, e) = (row.measured.figure, row.measured.estimate);
        ui.add(egui::Label::new(judged::says(lang, figure, e.value)).wrap());
        let how = judged::method(lang, row.measured.method, found.table.replicates);
        let gap = if lang == Lang::Zh { "" } else { " " };
        let help = lang.t(&format!("metric.{}.help", figure.name()));
        parts::muted(ui, format!("{help}{gap}{how}"));
    }
    // Why a cell is empty is said where one is.
    let is_judged = rows.iter().all(|row| row.judged);
    let mut help = vec![lang.t("figures.guess_help")];
    if !is_judged {
        help.push(lang.t("figures.beats.few"));
    } else if rows.iter().any(|row| row.guess.is_none()) {
        help.push(lang.t("figures.beats.none"));
    }
    let gap = if lang == Lang::Zh { "" } else { " " };
    ui.add(egui::Label::new(RichText::new(help.join(gap)).small()).wrap());
}

/// The least and the most that is drawn: what the figure can be, or what these values need.
fn ends(row: &FigureRow) -> (f64, f64) {
    let (least, most) = row.measured.figure.range();
    match row.measured.figure.is_loss() {
        true => {
            (0.0, 1.1 * row.measured.estimate.high.max(row.guess.map_or(0.0, |guess| guess.value)).max(1e-6))
        }
        false => (least, most),
    }
}

/// The interval as a line, the value as a dot, the guess as an upright stroke.
fn range(ui: &mut Ui, lang: Lang, row: &FigureRow) {
    let p = Palette::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width().max(40.0), 18.0), Sense::hover());
    let e = row.measured.estimate;
    let show = |value| judged::shown(row.measured.figure, value);
    let args = [
        ("figure", figure_name(lang, row)),
        ("value", show(e.value)),
        ("low", show(e.low)),
        ("high", show(e.high)),
    ];
    let said = lang.with("figures.drawn", &args);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &said));
    let response = response.on_hover_text(said);
    let inner = response.rect.shrink2(Vec2::new(6.0, 0.0));
    let (least, most) = ends(row);
    let x = |value: f64| {
        let share = ((value - least) / (most - least)).clamp(0.0, 1.0);
        inner.left() + share as f32 * inner.width()
    };
    let (painter, y) = (ui.painter(), rect.center().y);
    painter.line_segment([pos2(inner.left(), y), pos2(inner.right(), y)], Stroke::new(1.0, p.line));
    if let Some(guess) = row.guess {
        let at = x(guess.value);
        painter.line_segment([pos2(at, y - 8.0), pos2(at, y + 8.0)], Stroke::new(1.5, p.muted));
    }
    let (low, high) = (x(e.low), x(e.high));
    let stroke = Stroke::new(2.0, p.accent);
    painter.line_segment([pos2(low, y), pos2(high, y)], stroke);
    for end in [low, high] {
        painter.line_segment([pos2(end, y - 4.0), pos2(end, y + 4.0)], stroke);
    }
    painter.circle_filled(pos2(x(e.value), y), 4.0, p.accent);
}

fn grid(lang: Lang, rows: &[&FigureRow]) -> Grid {
    let number = |value: f64| Cell::Number { value, text: value.to_string(), format: "General" };
    let row = |row: &FigureRow| {
        let e = row.measured.estimate;
        let mut cells = vec![Cell::from(figure_name(lang, row).as_str())];
        cells.extend([e.value, e.low, e.high].map(number));
        cells.push(row.guess.map_or_else(|| Cell::from(""), |guess| number(guess.value)));
        cells
    };
    Grid {
        name: lang.t("figures.all"),
        header: vec![
            lang.t("figures.head.figure"),
            lang.t("figures.head.value"),
            lang.t("figures.curve.low"),
            lang.t("figures.curve.high"),
            lang.t("figures.head.majority"),
        ],
        rows: rows.iter().copied().map(row).collect(),
    }
}
