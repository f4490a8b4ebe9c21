//! How a table of a database is read: every row, or one row per customer that the database adds up
//! itself, so that only the sums are fetched.

use eframe::egui::{self, Grid, Ui};
use regulars_engine::collect::database::{self, Aggregate, Function, Offer, TableInfo};

use super::parts;
use crate::window::theme::S2;
use crate::words::Lang;

/// A table that a database offers.
pub(super) struct Offered {
    pub info: TableInfo,
    /// With a tick: it is read.
    pub on: bool,
    /// One row per customer, and not every row.
    per_customer: bool,
    /// What can be added up, once it was looked at.
    form: Option<Form>,
}

/// What is added up: ticks beside what the table offers.
struct Form {
    offer: Offer,
    /// Place of the customer's column.
    key: usize,
    rows: bool,
    sums: Vec<bool>,
    dates: Vec<bool>,
}

impl Offered {
    /// A table of which every row is read, if it is ticked.
    pub(super) fn new(info: TableInfo, on: bool) -> Self {
        Self { info, on, per_customer: false, form: None }
    }

    /// The way in which it is read now, in words.
    pub(super) fn way(&self, lang: Lang) -> String {
        lang.t(if self.per_customer { "source.per_customer" } else { "source.every_row" })
    }

    /// What is read of it; `None` while nobody knows yet what could be added up.
    pub(super) fn source(&self) -> Option<database::Source> {
        let table = || self.info.table.clone();
        match (self.per_customer, &self.form) {
            (false, _) => Some(database::Source::Table(table())),
            (true, Some(form)) => Some(database::Source::PerCustomer(form.wanted())),
            (true, None) => None,
        }
    }

    /// Takes in what the table offers, ticked as proposed.
    pub(super) fn take(&mut self, offer: Offer) {
        self.form = Some(Form::new(offer));
    }

    /// Back to every row where nothing came of the look at what can be added up.
    pub(super) fn settle(&mut self) {
        self.per_customer &= self.form.is_some();
    }

    /// The choice, and what is added up.
    pub(super) fn choose(&mut self, ui: &mut Ui, lang: Lang, can_ask: bool) -> Chosen {
        let mut chosen = Chosen::default();
        let before = self.source();
        let way = lang.with("source.way", &[("table", self.info.table.to_string())]);
        ui.horizontal_wrapped(|ui| {
            ui.label(way);
            ui.radio_value(&mut self.per_customer, false, lang.t("source.every_row"));
            let lacks = self.form.is_none();
            let asked = egui::RadioButton::new(self.per_customer, lang.t("source.per_customer"));
            if ui.add_enabled(can_ask || !lacks, asked).clicked() {
                (self.per_customer, self.on) = (true, true);
                chosen.asks = lacks;
            }
        });
        if self.per_customer
            && let Some(form) = &mut self.form
        {
            parts::muted(ui, lang.t("source.per_customer_help"));
            form.show(ui, lang);
            chosen.look = ui.add_enabled(can_ask, look_button(lang)).clicked();
        }
        chosen.changed = before != self.source();
        chosen
    }
}

/// What a person did in [`Offered::choose`].
#[derive(Default)]
pub(super) struct Chosen {
    /// What the table offers is to be asked.
    pub asks: bool,
    /// The first rows are wanted.
    pub look: bool,
    /// Something else is read than before.
    pub changed: bool,
}

fn look_button(lang: Lang) -> egui::Button<'static> {
    egui::Button::new(lang.t("source.look_sums"))
}

impl Form {
    fn new(offer: Offer) -> Self {
        let proposed = &offer.proposed;
        let ticked = |names: &[String]| {
            names.iter().map(|name| proposed.columns.iter().any(|(column, _)| column == name)).collect()
        };
        Self {
            key: offer.columns.iter().position(|name| *name == proposed.key).unwrap_or(0),
            rows: proposed.rows,
            sums: ticked(&offer.numbers),
            dates: ticked(&offer.dates),
            offer,
        }
    }

    /// What is ticked, for the database.
    fn wanted(&self) -> Aggregate {
        let on = |names: &[String], ticks: &[bool]| -> Vec<String> {
            let ticked = names.iter().zip(ticks).filter(|(_, on)| **on);
            ticked.map(|(name, _)| name.clone()).collect()
        };
        let mut columns: Vec<(String, Function)> = Vec::new();
        columns.extend(on(&self.offer.numbers, &self.sums).into_iter().map(|name| (name, Function::Sum)));
        for date in on(&self.offer.dates, &self.dates) {
            columns.push((date.clone(), Function::First));
            columns.push((date, Function::Last));
        }
        let key = self.offer.columns.get(self.key).cloned().unwrap_or_default();
        Aggregate { key, rows: self.rows, columns, order: None, table: self.offer.proposed.table.clone() }
    }

    fn show(&mut self, ui: &mut Ui, lang: Lang) {
        let Self { offer, key, rows, sums, dates } = self;
        Grid::new("per customer").num_columns(2).spacing([12.0, 8.0]).show(ui, |ui| {
            let name = lang.t("source.customer_column");
            ui.label(&name);
            let all: Vec<usize> = (0..offer.columns.len()).collect();
            let column = |at: usize| offer.columns.get(at).cloned().unwrap_or_default();
            parts::choose(ui, &name, key, &all, column);
            ui.end_row();
            ticks(ui, lang, "source.sums", &offer.numbers, sums);
            ticks(ui, lang, "source.ends", &offer.dates, dates);
        });
        ui.checkbox(rows, lang.t("source.count_rows"));
        ui.add_space(S2);
    }
}

/// A line of columns with ticks, each called by the line and its own name for those who do not see it.
fn ticks(ui: &mut Ui, lang: Lang, key: &str, names: &[String], ticked: &mut [bool]) {
    let line = lang.t(key);
    ui.label(&line);
    ui.horizontal_wrapped(|ui| {
        if names.is_empty() {
            parts::muted(ui, lang.t("source.none_there"));
        }
        for (name, on) in names.iter().zip(ticked) {
            ui.checkbox(on, name).accessible_name(format!("{line} {name}"));
        }
    });
    ui.end_row();
}
