//! Value: what each customer is worth from here on.

mod base;
mod check;
mod contract;
mod customers;
mod inspect;
mod matrix;

use eframe::egui::{RichText, Ui};
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

/// Money as people write it: whole from a thousand on.
pub(super) fn amount(lang: Lang, value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    let text = if size >= 1000.0 { lang.count(size.round() as u64) } else { format!("{size:.2}") };
    format!("{sign}{text}")
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
    parts::muted(ui, told_of_model(lang, shop));
    for note in &shop.notes {
        parts::caution(ui, &lang.note(note));
    }
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
    let of = lang.with("value.alive.of", &[("count", lang.count(shop.customers.len() as u64))]);
    told.push((lang.t("value.alive"), expected(lang, total.alive), of));
    if let Some(money) = total.money.filter(|_| total.alive > 0.0) {
        let kept = amount(lang, money.value / total.alive);
        told.push((lang.t("value.kept"), kept, lang.t("value.kept.help")));
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

/// Which model tells the orders, and why that one.
fn told_of_model(lang: Lang, shop: &Shop) -> String {
    let Some(first) = shop.fitted.first() else { return String::new() };
    let names = first.model.parameters();
    let parameters: Vec<String> =
        names.iter().zip(&first.parameters).map(|(name, value)| format!("{name} {value:.3}")).collect();
    let args = [
        ("model", model(lang, first.model)),
        ("parameters", lang.list(&parameters)),
        ("likelihood", format!("{:.1}", first.log_likelihood)),
        ("count", shop.fitted.len().to_string()),
        ("day", regulars_engine::features::behaviour::to_date(shop.learnt_until).to_string()),
    ];
    lang.with(if shop.fitted.len() > 1 { "value.told.best" } else { "value.told.one" }, &args)
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
            None => lang.with("value.status.alive", &[("count", expected(lang, shop.total.alive))]),
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
