//! Value: what each customer is worth from here on.

mod base;
mod check;
mod contract;
mod customers;
mod inspect;
mod matrix;
mod survival;

use eframe::egui::{RichText, Ui};
use regulars_engine::note::Note;
use regulars_engine::project::Valued;
use regulars_engine::value::{LifetimeModel, NextBest, Shop};

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts;
use crate::window::state::{FoundValue, State};
use crate::window::theme::{self, S2, S3, S5};
use crate::words::{Lang, percent};

/// What the page shows of a shop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Customers,
    Check,
    Base,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 3] = [Tab::Customers, Tab::Check, Tab::Base];

    fn key(self) -> &'static str {
        match self {
            Self::Customers => "value.tab.customers",
            Self::Check => "value.tab.check",
            Self::Base => "value.tab.base",
        }
    }
}

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    pub tab: Tab,
    /// The day that is being typed, up to which is learnt.
    pub day: Option<String>,
    /// Groups whose curve is not drawn.
    pub hidden: std::collections::BTreeSet<String>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "value");
    if scene.state.table.is_none() {
        super::clean::waiting(ui, scene, "value");
        return;
    }
    let found = scene.state.valued().cloned();
    if let Some(error) = scene.state.value_error() {
        parts::problem(ui, lang, error);
        if ui.button(lang.t("common.to_collect")).clicked() {
            scene.send.push(Command::Go(Page::Collect));
        }
    }
    let Some(found) = found else {
        parts::empty_state(ui, lang, "value_ready", None, scene.send);
        ui.vertical_centered(|ui| start(ui, scene, "value.find"));
        return;
    };
    if scene.state.value_is_stale() {
        parts::caution(ui, &lang.t("value.stale"));
        start(ui, scene, "value.again");
        ui.add_space(S2);
    }
    match &found.valued {
        Valued::Shop(shop) => of_shop(ui, scene, &found, shop),
        Valued::Contract(one) => contract::show(ui, scene, &found, one),
        Valued::NextBest(next) => next_best(ui, lang, next),
        Valued::FewContracts(why) => parts::caution(ui, &lang.note(why)),
    }
}

/// The button that works it out, and how far that is.
fn start(ui: &mut Ui, scene: &mut Scene<'_>, key: &str) {
    let lang = scene.lang;
    if parts::primary(ui, lang.t(key), !scene.state.value.working()) {
        scene.state.find_value();
    }
    if let Some((_, share, _)) = scene.state.value.job() {
        parts::muted(ui, lang.with("value.working", &[("share", percent(share))]));
    }
}

/// Money as it is written everywhere.
pub(super) fn amount(lang: Lang, value: f64) -> String {
    crate::words::money::amount(lang, "", value)
}

/// A number of orders or customers that is expected, not counted.
pub(super) fn expected(lang: Lang, value: f64) -> String {
    if value >= 100.0 { lang.count(value.round() as u64) } else { format!("{value:.1}") }
}

/// The name of a model.
pub(super) fn model(lang: Lang, model: LifetimeModel) -> String {
    lang.t(&format!("value.model.{}", model.name()))
}

fn days(lang: Lang, count: u32) -> String {
    lang.count(count.into())
}

fn of_shop(ui: &mut Ui, scene: &mut Scene<'_>, found: &FoundValue, shop: &Shop) {
    let lang = scene.lang;
    let horizon = days(lang, shop.spec.horizon_days);
    let total = shop.total;
    let finding = match total.money {
        Some(money) => lang.with(
            "value.finding",
            &[
                ("days", horizon.clone()),
                ("money", amount(lang, money.value)),
                ("low", amount(lang, money.low)),
                ("high", amount(lang, money.high)),
            ],
        ),
        None => lang.with(
            "value.finding_orders",
            &[
                ("days", horizon.clone()),
                ("orders", expected(lang, total.orders.value)),
                ("low", expected(lang, total.orders.low)),
                ("high", expected(lang, total.orders.high)),
            ],
        ),
    };
    ui.add(eframe::egui::Label::new(RichText::new(finding).font(theme::section_font())).wrap());
    parts::muted(ui, crate::words::value::sure(lang, shop));
    parts::muted(ui, crate::words::value::models(lang, shop));
    notes(ui, lang, &shop.notes);
    ui.add_space(S2);
    let range = |low: f64, high: f64, show: fn(Lang, f64) -> String| {
        lang.with("value.range", &[("low", show(lang, low)), ("high", show(lang, high))])
    };
    let mut told: Vec<Told> = Vec::new();
    if let Some(money) = total.money {
        let name = lang.with("value.money", &[("days", horizon.clone())]);
        told.push((name, amount(lang, money.value), range(money.low, money.high, amount)));
    }
    let orders = total.orders;
    let name = lang.with("value.orders", &[("days", horizon)]);
    told.push((name, expected(lang, orders.value), range(orders.low, orders.high, expected)));
    told.push(match total.alive {
        Some(alive) => {
            let of = lang.with("value.alive.of", &[("count", lang.count(shop.customers.len() as u64))]);
            (lang.t("value.alive"), expected(lang, alive), of)
        }
        None => {
            let p = [("p", format!("{:.2}", shop.leaving.p))];
            (lang.t("value.alive"), "—".to_owned(), lang.with("value.alive.untold", &p))
        }
    });
    if let Some(kept) = found.valued.of_kept_customer() {
        let of = if shop.leaving.told { "value.kept.help" } else { "value.kept.all" };
        told.push((lang.t("value.kept"), amount(lang, kept), lang.t(of)));
    }
    figures(ui, &told);
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.value.tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    match scene.page.value.tab {
        Tab::Customers => customers::show(ui, scene, &found.valued),
        Tab::Check => check::show(ui, scene, found, shop),
        Tab::Base => base::show(ui, scene, found, shop),
    }
}

/// What a person should know: the one thing that changes how figures are read in sight, the others in one line
/// that opens.
fn notes(ui: &mut Ui, lang: Lang, all: &[Note]) {
    let is_first = |note: &&Note| note.code == "value_leaving" || all.len() == 1;
    all.iter().filter(is_first).for_each(|note| parts::caution(ui, &lang.note(note)));
    let others: Vec<&Note> = all.iter().filter(|note| !is_first(note)).collect();
    if others.is_empty() {
        return;
    }
    let title = lang.with("value.notes", &[("count", lang.count(others.len() as u64))]);
    eframe::egui::CollapsingHeader::new(title).id_salt("value notes").show(ui, |ui| {
        others.iter().for_each(|note| parts::caution(ui, &lang.note(note)));
    });
}

/// A figure's name, its value and the sentence below.
pub(super) type Told = (String, String, String);

/// Width of a figure.
const FIGURE: f32 = 158.0;

/// Figures beside each other, as many as there is room for, the others below.
pub(super) fn figures(ui: &mut Ui, all: &[Told]) {
    let room = ((ui.available_width() + S5) / (FIGURE + S5)).floor().max(1.0);
    for row in all.chunks(room as usize) {
        parts::figures(ui, |ui| {
            for (name, value, sentence) in row {
                ui.vertical(|ui| {
                    ui.set_width(FIGURE);
                    parts::figure(ui, name, value, sentence);
                });
            }
        });
    }
}

/// Too little for a model: why, and what can be said.
fn next_best(ui: &mut Ui, lang: Lang, next: &NextBest) {
    parts::caution(ui, &lang.note(&next.why));
    ui.add_space(S3);
    parts::section(ui, lang.t("value.next_best"));
    let count = lang.count(next.counted.customers as u64);
    let mut told: Vec<Told> = vec![(lang.t("value.next.customers"), count, String::new())];
    if let Some(spent) = next.spent {
        let orders = lang.with("value.next.orders", &[("orders", format!("{:.1}", next.orders))]);
        told.push((lang.t("value.next.spent"), amount(lang, spent), orders));
    }
    let back = next.returning;
    let range = lang.with("value.range", &[("low", percent(back.low)), ("high", percent(back.high))]);
    told.push((lang.t("value.next.returning"), percent(back.value), range));
    figures(ui, &told);
    ui.add_space(S5);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    inspect::show(ui, scene);
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    match state.valued().map(|found| &found.valued) {
        Some(Valued::Shop(shop)) => match shop.total.money {
            Some(money) => lang.with(
                "value.status",
                &[("money", amount(lang, money.value)), ("days", days(lang, shop.spec.horizon_days))],
            ),
            None => match shop.total.alive {
                Some(alive) => lang.with("value.status.alive", &[("count", expected(lang, alive))]),
                None => {
                    let orders = ("orders", expected(lang, shop.total.orders.value));
                    lang.with("value.status.orders", &[orders, ("days", days(lang, shop.spec.horizon_days))])
                }
            },
        },
        Some(Valued::Contract(found)) => match found.money {
            Some(money) => lang.with(
                "value.status",
                &[("money", amount(lang, money.value)), ("days", days(lang, found.spec.horizon_days))],
            ),
            None => lang.with("value.status.kept", &[("count", lang.count(found.kept.len() as u64))]),
        },
        Some(_) => lang.t("value.status.little"),
        None => lang.t("value.status.none"),
    }
}
