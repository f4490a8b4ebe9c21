//! The base as a whole: other horizons, how value is shared out, who is still there, and cohorts.

use eframe::egui::{RichText, Ui};
use egui_plot::Corner;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::value::{Cohort, Shop};

use super::{amount, expected, matrix};
use crate::window::pages::Scene;
use crate::window::parts::{self, chart, table, take};
use crate::window::state::FoundValue;
use crate::window::theme::{self, S3};
use crate::words::{Lang, percent};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &FoundValue, shop: &Shop) {
    let lang = scene.lang;
    ahead(ui, lang, shop);
    ui.add_space(S3);
    let args = [("share", percent(found.curves.tenth))];
    let key = if shop.total.money.is_some() { "value.top.money" } else { "value.top.orders" };
    let frame = chart::Frame {
        id: "value shares",
        title: lang.with(key, &args),
        x: lang.t("value.top.customers"),
        y: lang.t("value.top.value"),
        height: 220.0,
        include: vec![[0.0, 0.0], [100.0, 100.0]],
        legend: Corner::RightBottom,
        log_y: false,
        hue: 0,
    };
    let series = [chart::Series {
        name: lang.t("value.top.value"),
        points: &found.curves.top,
        dashed: false,
        markers: false,
    }];
    chart::lines(ui, lang, frame, &series, None);
    ui.add_space(S3);
    if shop.leaving.told {
        matrix::show(ui, lang, &shop.matrix);
    } else {
        parts::muted(ui, lang.t("value.matrix.untold"));
    }
    ui.add_space(S3);
    cohorts(ui, lang, shop);
}

/// What is expected within a month, a quarter and a year.
fn ahead(ui: &mut Ui, lang: Lang, shop: &Shop) {
    let name = lang.t("value.ahead");
    let header = ["value.ahead.days", "value.ahead.orders", "value.ahead.money"].map(|key| lang.t(key));
    let cells = |at: usize| {
        let one = shop.ahead.get(at);
        let money = one.and_then(|one| one.money).map_or(String::new(), |money| amount(lang, money));
        let orders = one.map_or(String::new(), |one| expected(lang, one.orders));
        [one.map_or(String::new(), |one| one.days.to_string()), orders, money]
    };
    show_table(ui, lang, (&name, "ahead"), &header, shop.ahead.len(), &|row, column| {
        cells(row).get(column).cloned().unwrap_or_default()
    });
}

/// What the columns of the cohorts count.
const COHORTS: [Meaning; 8] = [
    Meaning::Plain,
    Meaning::Count,
    Meaning::Rate(1),
    Meaning::Figure(1),
    Meaning::Figure(1),
    Meaning::Figure(1),
    Meaning::Figure(1),
    Meaning::Figure(1),
];

/// Customers by the month of their first order.
fn cohorts(ui: &mut Ui, lang: Lang, shop: &Shop) {
    let name = lang.t("value.cohorts");
    let keys = ["month", "customers", "returning", "alive", "orders", "spent", "expected", "each"];
    let header = keys.map(|key| lang.t(&format!("value.cohort.{key}")));
    let has_money = shop.total.money.is_some();
    let cells = |cohort: &Cohort| {
        let each = (cohort.spent + cohort.expected) / cohort.customers.max(1) as f64;
        let money = |value: f64| if has_money { amount(lang, value) } else { String::new() };
        [
            cohort.month.format("%Y-%m").to_string(),
            lang.count(cohort.customers as u64),
            percent(cohort.repeating as f64 / cohort.customers.max(1) as f64),
            cohort.alive.map_or(String::new(), |alive| expected(lang, alive)),
            lang.count(cohort.orders),
            money(cohort.spent),
            if has_money { money(cohort.expected) } else { expected(lang, cohort.expected_orders) },
            money(each),
        ]
    };
    show_table(ui, lang, (&name, "cohorts"), &header, shop.cohorts.len(), &|row, column| {
        let cohort = shop.cohorts.get(row);
        cohort.and_then(|cohort| cells(cohort).get(column).cloned()).unwrap_or_default()
    });
}

/// A table of texts, the first column on the left and the others as numbers.
fn show_table(
    ui: &mut Ui,
    lang: Lang,
    (name, id): (&str, &str),
    header: &[String],
    rows: usize,
    cell: &dyn Fn(usize, usize) -> String,
) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(name).font(theme::section_font()));
        let layout = Layout::of(if id == "cohorts" { &COHORTS } else { &[] });
        take::groups_menu(ui, lang, name, &layout, || Grid {
            name: name.to_owned(),
            header: header.to_vec(),
            rows: (0..rows)
                .map(|row| (0..header.len()).map(|column| Cell::from(cell(row, column).as_str())).collect())
                .collect(),
        });
    });
    let heads: Vec<table::Head> = header
        .iter()
        .enumerate()
        .map(|(at, name)| match at {
            0 => table::Head::text(name, 84.0),
            _ => table::Head::number(name, 92.0),
        })
        .collect();
    table::show(ui, &table::Table::new(id, &heads, rows, 300.0), |ui, row, column| match cell(row, column) {
        text if text.is_empty() => table::missing(ui),
        text => table::plain(ui, text),
    });
}
