//! The rules of the house, each with what it costs in hits before it is taken.

use eframe::egui::{self, Ui};
use regulars_engine::recommend::{HouseRules, RuleCost};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::state::Offers;
use crate::window::theme::{S2, S3};
use crate::words::{Lang, percent};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    let possible = found.of.possible_rules();
    let view = &mut scene.page.recommend;
    let on = scene.state.settings.recommend.house;
    view.margin = on.min_margin.unwrap_or(view.margin);
    view.per_category = on.per_category.unwrap_or(view.per_category);
    let tried = HouseRules {
        min_margin: possible.min_margin.map(|_| view.margin),
        per_category: possible.per_category.map(|_| view.per_category),
        ..possible
    };
    scene.state.follow_costs(tried);
    let costs = scene.state.recommend.costs().cloned();
    let waits = match scene.state.recommend.job() {
        Some(_) => "recpage.house.pricing",
        None => "recpage.stopped",
    };
    let cost = |rule: &str| costs.iter().flat_map(|all| all.iter()).find(|cost| cost.rule == rule).copied();
    parts::muted(ui, lang.t("recpage.house.help"));
    ui.add_space(S2);
    let mut house = on;
    let told = |ui: &mut Ui, rule: &str, is_possible: bool| match is_possible {
        true => price(ui, lang, cost(rule), waits),
        false => parts::muted(ui, lang.t(&format!("recpage.house.lacks.{rule}"))),
    };
    rule(ui, |ui| {
        ui.add_enabled_ui(possible.in_stock, |ui| {
            ui.checkbox(&mut house.in_stock, lang.t("recommend.house.in_stock"));
        });
        told(ui, "in_stock", possible.in_stock);
    });
    rule(ui, |ui| {
        let mut is_on = house.min_margin.is_some();
        ui.add_enabled_ui(possible.min_margin.is_some(), |ui| {
            ui.horizontal_wrapped(|ui| {
                let check = ui.checkbox(&mut is_on, lang.t("recommend.house.min_margin"));
                let mut share = 100.0 * view.margin;
                let drag = egui::DragValue::new(&mut share).range(-100.0..=100.0).max_decimals(0).suffix("%");
                if ui.add(drag).labelled_by(check.id).changed() {
                    view.margin = share / 100.0;
                }
            });
        });
        house.min_margin = is_on.then_some(view.margin);
        told(ui, "min_margin", possible.min_margin.is_some());
    });
    rule(ui, |ui| {
        ui.add_enabled_ui(possible.not_owned, |ui| {
            ui.checkbox(&mut house.not_owned, lang.t("recommend.house.not_owned"));
        });
        told(ui, "not_owned", possible.not_owned);
    });
    rule(ui, |ui| {
        ui.add_enabled_ui(possible.consent, |ui| {
            ui.checkbox(&mut house.consent, lang.t("recommend.house.consent"));
        });
        told(ui, "consent", possible.consent);
    });
    rule(ui, |ui| {
        let mut is_on = house.per_category.is_some();
        ui.add_enabled_ui(possible.per_category.is_some(), |ui| {
            ui.horizontal_wrapped(|ui| {
                let check = ui.checkbox(&mut is_on, lang.t("recommend.house.per_category"));
                let drag = egui::DragValue::new(&mut view.per_category).range(1..=50);
                ui.add(drag).labelled_by(check.id);
            });
        });
        house.per_category = is_on.then_some(view.per_category);
        told(ui, "per_category", possible.per_category.is_some());
    });
    if on.single().len() > 1 {
        ui.add_space(S2);
        parts::section(ui, lang.t("recommend.house.all"));
        price(ui, lang, cost("all"), waits);
    }
    if house != on {
        scene.state.settings.recommend.house = house;
    }
}

fn rule(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    add(ui);
    ui.add_space(S3);
}

/// What a rule costs, in hits.
fn price(ui: &mut Ui, lang: Lang, cost: Option<RuleCost>, waits: &str) {
    let Some(cost) = cost else {
        parts::muted(ui, lang.t(waits));
        return;
    };
    let lost = cost.hits_before as i64 - cost.hits_after as i64;
    let share = |hits: usize| percent(hits as f64 / cost.customers.max(1) as f64);
    let args = [
        ("lost", lost.unsigned_abs().to_string()),
        ("before", lang.count(cost.hits_before as u64)),
        ("after", lang.count(cost.hits_after as u64)),
        ("customers", lang.count(cost.customers as u64)),
        ("from", share(cost.hits_before)),
        ("to", share(cost.hits_after)),
    ];
    let key = match lost {
        0 => "recpage.house.free",
        1.. => "recpage.house.costs",
        _ => "recpage.house.gains",
    };
    ui.add(egui::Label::new(lang.with(key, &args)).wrap());
}
