//! The sheet: every feature with its source, what it tells alone and what it weighs; one of them closely.

use std::sync::Arc;

use eframe::egui::{self, Label, RichText, Ui};
use regulars_engine::features::{Detail, Sheet, SheetRow};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Estimate;

use super::{Scene, picture};
use crate::window::parts::{self, table, take};
use crate::window::theme::{S2, S3};
use crate::words::Lang;

/// The sheet, what is searched, and the column that sorts with its direction.
type Of = (Arc<Sheet>, String, Option<(usize, bool)>);

/// Which features are shown, in which order; made again when sheet, search or sorting change.
#[derive(Debug, Default)]
pub struct Order {
    of: Option<Of>,
    places: Vec<usize>,
}

/// Columns of the sheet.
const NAME: usize = 0;
const SOURCE: usize = 1;
const ALONE: usize = 2;
const BITS: usize = 3;
const WEIGHT: usize = 4;

/// How far the area of a feature alone lies from chance.
fn strength(row: &SheetRow) -> f64 {
    row.roc_auc.map_or(-1.0, |auc| (auc - 0.5).abs())
}

fn weight(row: &SheetRow) -> f64 {
    row.importance.map_or(f64::MIN, |importance| importance.value)
}

impl Order {
    fn follow(&mut self, sheet: &Arc<Sheet>, search: &str, sort: Option<(usize, bool)>) {
        let is_same = self
            .of
            .as_ref()
            .is_some_and(|(of, text, by)| Arc::ptr_eq(of, sheet) && text == search && *by == sort);
        if is_same {
            return;
        }
        let wanted = search.trim().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&wanted);
        let all = sheet.features.iter().enumerate();
        let shown = all.filter(|(_, row)| wanted.is_empty() || holds(&row.name) || holds(&row.source));
        let mut rows: Vec<(usize, &SheetRow)> = shown.collect();
        let bits = |row: &SheetRow| row.bits.unwrap_or(-1.0);
        // Numbers begin with the greatest, names with the first.
        match sort.map_or(WEIGHT, |(column, _)| column) {
            NAME => rows.sort_by(|a, b| a.1.name.cmp(&b.1.name)),
            SOURCE => rows.sort_by(|a, b| a.1.source.cmp(&b.1.source)),
            ALONE => rows.sort_by(|a, b| strength(b.1).total_cmp(&strength(a.1))),
            BITS => rows.sort_by(|a, b| bits(b.1).total_cmp(&bits(a.1))),
            WEIGHT => {
                rows.sort_by(|a, b| weight(b.1).total_cmp(&weight(a.1)).then(bits(b.1).total_cmp(&bits(a.1))))
            }
            _ => rows.sort_by_key(|(_, row)| row.left_out.is_none()),
        }
        if let Some((column, ascending)) = sort
            && ascending != matches!(column, NAME | SOURCE)
        {
            rows.reverse();
        }
        self.places = rows.into_iter().map(|(at, _)| at).collect();
        self.of = Some((sheet.clone(), search.to_owned(), sort));
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_sheet();
    working(ui, scene);
    let Some(sheet) = scene.state.sheet.sheet().cloned() else { return };
    let view = &mut scene.page.features;
    ui.horizontal(|ui| {
        let label = ui.label(lang.t("sheet.search"));
        let edit = egui::TextEdit::singleline(&mut view.search).desired_width(180.0);
        ui.add(edit).labelled_by(label.id);
        take::table_menu(ui, lang, &lang.t("features.tab.sheet"), || grid(lang, &sheet));
    });
    view.order.follow(&sheet, &view.search, view.sort);
    let heads = heads(lang);
    let places = &view.order.places;
    let row_at = |row: usize| sheet.features.get(*places.get(row)?);
    let mut spec = table::Table::new("sheet", &heads, places.len(), 190.0);
    spec.sorted = Some(view.sort.unwrap_or((WEIGHT, false)));
    let chosen = (0..places.len()).find(|&row| row_at(row).is_some_and(|row| row.name == view.feature));
    spec.chosen = Some(chosen);
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some(row) = row_at(row) else { return };
        match cell(lang, row, column) {
            Some(text) => table::plain(ui, text),
            None => table::missing(ui),
        }
    });
    if let Some(row) = clicked.row.and_then(row_at) {
        view.feature.clone_from(&row.name);
    }
    // The first of the list, until one is chosen.
    let shown = sheet.features.iter().find(|row| row.name == view.feature).or(row_at(0)).cloned();
    if let Some(column) = clicked.head {
        let ascending = match view.sort {
            Some((before, ascending)) if before == column => !ascending,
            _ => matches!(column, NAME | SOURCE),
        };
        view.sort = Some((column, ascending));
    }
    if let Some(row) = shown {
        closely(ui, scene, &row);
    }
    ui.add_space(S3);
    ui.add(Label::new(RichText::new(says(scene, &sheet)).small()).wrap());
}

/// What is being measured, and the button that stops it.
fn working(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.preparing() {
        parts::muted(ui, lang.t("status.working"));
    } else if let Some(done) = scene.state.sheet.progress() {
        ui.horizontal(|ui| {
            let percent = format!("{:.0}", 100.0 * done);
            parts::muted(ui, lang.with("sheet.measuring", &[("percent", percent)]));
            if ui.button(lang.t("sheet.stop")).clicked() {
                scene.state.sheet.cancel();
            }
        });
    } else if scene.state.sheet.is_stopped() {
        ui.horizontal(|ui| {
            parts::muted(ui, lang.t("sheet.stopped"));
            if ui.button(lang.t("sheet.measure")).clicked() {
                scene.state.sheet.resume();
            }
        });
    }
}

/// What the figures were measured on.
fn says(scene: &Scene<'_>, sheet: &Sheet) -> String {
    let lang = scene.lang;
    let kept = sheet.features.iter().filter(|row| row.place.is_some()).count();
    let count = |n: usize| lang.count(n as u64);
    let args = [
        ("kept", count(kept)),
        ("out", count(sheet.features.len() - kept)),
        ("rows", count(sheet.rows.0)),
        ("all", count(sheet.rows.1)),
    ];
    let mut text = lang.with("sheet.says", &args);
    match scene.state.sheet.model() {
        Some(outcome) if sheet.weighed > 0 => {
            let model = lang.t(&format!("model.{}", outcome.kind.name()));
            let args = [("model", model), ("count", count(sheet.weighed))];
            text.push(' ');
            text.push_str(&lang.with("sheet.weighed", &args));
        }
        _ => {
            text.push(' ');
            text.push_str(&lang.t("sheet.not_weighed"));
        }
    }
    text
}

fn heads(lang: Lang) -> [table::Head; 6] {
    [
        table::Head::text(lang.t("sheet.feature"), 170.0),
        table::Head::text(lang.t("sheet.source"), 100.0),
        table::Head::number(lang.t("sheet.alone"), 84.0),
        table::Head::number(lang.t("sheet.bits"), 70.0),
        table::Head::number(lang.t("sheet.weight"), 78.0),
        table::Head::text(lang.t("sheet.kept"), 80.0),
    ]
}

fn cell(lang: Lang, row: &SheetRow, column: usize) -> Option<String> {
    Some(match column {
        NAME => row.name.clone(),
        SOURCE => row.source.clone(),
        ALONE => format!("{:.3}", row.roc_auc?),
        BITS => format!("{:.4}", row.bits?),
        WEIGHT => format!("{:+.4}", row.importance?.value),
        _ => match &row.left_out {
            Some(why) => lang.note(why),
            None => lang.t("sheet.is_kept"),
        },
    })
}

fn grid(lang: Lang, sheet: &Sheet) -> Grid {
    let mut header: Vec<String> = heads(lang).map(|head| head.name).to_vec();
    header.push(lang.t("sheet.formula"));
    let number = |value: Option<f64>| match value {
        Some(value) => Cell::Number { value, text: format!("{value:.6}"), format: "0.0000" },
        None => Cell::from(""),
    };
    let rows = sheet.features.iter().map(|row| {
        vec![
            row.name.as_str().into(),
            row.source.as_str().into(),
            number(row.roc_auc),
            number(row.bits),
            number(row.importance.map(|importance| importance.value)),
            cell(lang, row, 5).unwrap_or_default().into(),
            formula(lang, row).into(),
        ]
    });
    Grid { name: lang.t("features.tab.sheet"), header, rows: rows.collect() }
}

fn formula(lang: Lang, row: &SheetRow) -> String {
    row.formula.iter().map(|note| lang.note(note)).collect::<Vec<_>>().join(" ")
}

/// One feature: how it is made, what it weighs, how the classes differ in it.
fn closely(ui: &mut Ui, scene: &mut Scene<'_>, row: &SheetRow) {
    let lang = scene.lang;
    parts::section(ui, &row.name);
    ui.add(Label::new(formula(lang, row)).wrap());
    if let Some(why) = &row.left_out {
        parts::caution(ui, &lang.note(why));
    }
    let Some(place) = row.place else { return };
    scene.state.follow_detail(place);
    let Some(detail) = scene.state.sheet.detail(place).cloned() else {
        parts::muted(ui, lang.t("status.working"));
        return;
    };
    let Some(rows) = scene.state.sheet.rows().cloned() else { return };
    ui.add_space(S2);
    picture::show(ui, lang, row, &detail, &rows.labels);
    if let Some(importance) = row.importance {
        ui.add(Label::new(weighs(lang, importance)).wrap());
    }
    goes_with(ui, lang, &detail);
}

fn weighs(lang: Lang, importance: Estimate) -> String {
    let show = |value: f64| format!("{value:+.4}");
    let args =
        [("value", show(importance.value)), ("low", show(importance.low)), ("high", show(importance.high))];
    lang.with(if importance.low > 0.0 { "sheet.weighs" } else { "sheet.weighs_nothing" }, &args)
}

/// The features that this one goes with most.
fn goes_with(ui: &mut Ui, lang: Lang, detail: &Detail) {
    if detail.correlates.is_empty() {
        return;
    }
    let list: Vec<String> = detail.correlates.iter().map(|(name, r)| format!("{name} ({r:+.2})")).collect();
    let args = [("list", lang.list(&list))];
    ui.add(Label::new(lang.with("sheet.goes_with", &args)).wrap());
}
