//! Who is worth most: every customer with what is expected and how sure that is.

use eframe::egui::{RichText, Ui};
use regulars_engine::features::behaviour::to_date;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Valued;
use regulars_engine::value::Worth;
use regulars_engine::value::contract::Kept;

use super::{amount, expected};
use crate::window::pages::Scene;
use crate::window::parts::{table, take};
use crate::window::state::WorthColumn;
use crate::window::theme;
use crate::words::Lang;

/// The columns of customers who order, each with the key of its words.
const SHOP: [(WorthColumn, &str); 6] = [
    (WorthColumn::Id, "value.head.id"),
    (WorthColumn::Money, "value.head.money"),
    (WorthColumn::Alive, "value.head.alive"),
    (WorthColumn::Orders, "value.head.orders"),
    (WorthColumn::Spent, "value.head.spent"),
    (WorthColumn::Next, "value.head.next"),
];

/// The same of customers under contract.
const CONTRACT: [(WorthColumn, &str); 6] = [
    (WorthColumn::Id, "value.head.id"),
    (WorthColumn::Money, "value.head.money"),
    (WorthColumn::Alive, "value.head.stays"),
    (WorthColumn::Orders, "value.head.units"),
    (WorthColumn::Spent, "value.head.time"),
    (WorthColumn::Next, "value.head.half"),
];

/// Draws the list.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, valued: &Valued) {
    let lang = scene.lang;
    let masked = scene.prefs.projector;
    let columns = if matches!(valued, Valued::Shop(_)) { SHOP } else { CONTRACT };
    let name = lang.t("value.customers");
    let order = scene.state.value.order();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&name).font(theme::section_font()));
        take::table_menu(ui, lang, &name, || Grid {
            name: name.clone(),
            header: columns.map(|(_, key)| lang.t(key)).to_vec(),
            rows: order
                .iter()
                .map(|at| columns.map(|(c, _)| cell(lang, valued, *at, c, masked)).to_vec())
                .collect(),
        });
    });
    let heads: Vec<table::Head> = columns
        .iter()
        .map(|(column, key)| match column {
            WorthColumn::Id => table::Head::text(lang.t(key), 80.0),
            WorthColumn::Money => table::Head::number(lang.t(key), 172.0),
            WorthColumn::Orders => table::Head::number(lang.t(key), 104.0),
            // A date stands here whole, at 1280 points of width too.
            WorthColumn::Next => table::Head::number(lang.t(key), 100.0),
            _ => table::Head::number(lang.t(key), 86.0),
        })
        .collect();
    let (sort, ascends) = scene.state.value.sort;
    let sorted = columns.iter().position(|(column, _)| *column == sort).map(|at| (at, ascends));
    let spec = table::Table { sorted, ..table::Table::new("worth", &heads, order.len(), 440.0) };
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let (Some(at), Some((column, _))) = (order.get(row), columns.get(column)) else { return };
        match cell(lang, valued, *at, *column, masked).text() {
            "" => table::missing(ui),
            text => table::plain(ui, text),
        }
    });
    if let Some((column, _)) = clicked.head.and_then(|at| columns.get(at)) {
        scene.state.sort_value(*column);
    }
}

fn cell(lang: Lang, valued: &Valued, at: u32, column: WorthColumn, masked: bool) -> Cell {
    let at = at as usize;
    let found = match valued {
        Valued::Shop(shop) => shop.customers.get(at).map(|one| of_shop(lang, one, column, masked)),
        Valued::Contract(found) => found.kept.get(at).map(|one| of_contract(lang, one, column, masked)),
        Valued::NextBest(_) | Valued::FewContracts(_) => None,
    };
    found.unwrap_or_else(|| Cell::from(""))
}

fn number(value: f64, text: String, format: &'static str) -> Cell {
    Cell::Number { value, text, format }
}

fn named(id: &str, masked: bool) -> Cell {
    match masked {
        true => Cell::from(regulars_engine::privacy::mask(id)),
        false => Cell::from(id),
    }
}

/// A value with its interval, where there is one.
fn ranged(value: String, interval: Option<(String, String)>) -> String {
    interval.map_or(value.clone(), |(low, high)| format!("{value} ({low} – {high})"))
}

fn of_shop(lang: Lang, one: &Worth, column: WorthColumn, masked: bool) -> Cell {
    match column {
        WorthColumn::Id => named(&one.id, masked),
        WorthColumn::Money => match one.money {
            Some(money) => {
                let interval = money.interval.map(|(low, high)| (amount(lang, low), amount(lang, high)));
                number(money.value, ranged(amount(lang, money.value), interval), "0.00")
            }
            None => Cell::from(""),
        },
        WorthColumn::Alive => one.alive.map_or_else(|| Cell::from(""), Cell::percent),
        WorthColumn::Orders => {
            let orders = one.orders;
            let interval = orders.interval.map(|(low, high)| (format!("{low:.0}"), format!("{high:.0}")));
            number(orders.value, ranged(format!("{:.2}", orders.value), interval), "0.00")
        }
        WorthColumn::Spent => number(one.history.spent, amount(lang, one.history.spent), "0.00"),
        WorthColumn::Next => Cell::from(one.next.map_or(String::new(), |day| to_date(day).to_string())),
    }
}

fn of_contract(lang: Lang, one: &Kept, column: WorthColumn, masked: bool) -> Cell {
    match column {
        WorthColumn::Id => named(&one.id, masked),
        WorthColumn::Money => match one.money {
            Some(money) => {
                let interval = one.interval.map(|(low, high)| (amount(lang, low), amount(lang, high)));
                number(money, ranged(amount(lang, money), interval), "0.00")
            }
            None => Cell::from(""),
        },
        WorthColumn::Alive => Cell::percent(one.stays),
        WorthColumn::Orders => {
            let interval = one.interval.filter(|_| one.money.is_none());
            let interval = interval.map(|(low, high)| (format!("{low:.0}"), format!("{high:.0}")));
            number(one.units, ranged(format!("{:.1}", one.units), interval), "0.0")
        }
        WorthColumn::Spent => number(one.time, format!("{:.0}", one.time), "0"),
        // Beyond twenty years a number says nothing.
        WorthColumn::Next if one.half > 240.0 => Cell::from(lang.t("value.very_long")),
        WorthColumn::Next => number(one.half, expected(lang, one.half), "0"),
    }
}
