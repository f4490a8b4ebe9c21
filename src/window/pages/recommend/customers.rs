//! One customer: what to offer, why, and when; and the same for any basket.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Offered;

use super::{because, customer, rhythm};
use crate::window::pages::Scene;
use crate::window::parts::{self, form, table, take};
use crate::window::state::{Names, Offers};
use crate::window::theme::{self, S1, S2, S3};
use crate::words::Lang;

/// From this width on the list stands beside the customer.
const WIDE: f32 = 640.0;
/// Products of a basket that the search offers.
const OFFERED: usize = 8;
/// Products that a customer had, as told.
const HAD: usize = 12;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Offers>) {
    let lang = scene.lang;
    if scene.page.recommend.who.is_none_or(|who| !found.customers.contains(&who)) {
        scene.page.recommend.who = found.customers.first().copied();
    }
    ui.horizontal_wrapped(|ui| {
        let view = &mut scene.page.recommend;
        let label = ui.label(lang.t("recpage.search"));
        let edit = egui::TextEdit::singleline(&mut view.search).desired_width(160.0);
        let response = ui.add(edit).labelled_by(label.id);
        form::typing(ui, &response);
        let export = ui.button(lang.t("recpage.lists.export")).on_hover_text(lang.t("recpage.lists.help"));
        if export.clicked() {
            scene.state.write_offers(lang);
        }
    });
    let view = &mut scene.page.recommend;
    let text = view.search.clone();
    let places = view.found_customers.find(scene.state, found, Names::Customers, &text);
    if view.found_customers.works() {
        parts::muted(ui, lang.t("sides.searching"));
    }
    if ui.available_width() >= WIDE {
        let list = 330.0;
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(list);
                customers(ui, scene, found, &places, 420.0);
            });
            ui.add_space(S3);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                one(ui, scene, found);
            });
        });
    } else {
        customers(ui, scene, found, &places, 180.0);
        one(ui, scene, found);
    }
    parts::steady(ui, "basket", |ui| basket(ui, scene, found));
}

fn customers(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers, places: &[u32], height: f32) {
    let lang = scene.lang;
    let masked = scene.prefs.projector;
    let heads = [
        table::Head::text(lang.t("recpage.head.customer"), 96.0),
        table::Head::number(lang.t("recpage.head.taken"), 64.0),
        table::Head::text(lang.t("recpage.head.due"), 130.0),
    ];
    let view = &mut scene.page.recommend;
    let mut spec = table::Table::new("recommend customers", &heads, places.len(), height);
    spec.chosen = Some(view.who.and_then(|who| places.iter().position(|place| *place == who)));
    let clicked = table::show(ui, &spec, |ui, row, at| {
        let Some(who) = places.get(row).copied() else { return };
        match at {
            0 => table::plain(ui, customer(found, who, masked)),
            1 => table::plain(ui, lang.count(found.of.all.of(who as usize).len() as u64)),
            _ => match rhythm::due(lang, found, who) {
                Some(day) => table::plain(ui, day),
                None => table::missing(ui),
            },
        }
    });
    if let Some(who) = clicked.row.and_then(|row| places.get(row)) {
        view.who = Some(*who);
    }
}

/// The chosen customer.
fn one(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    let Some(who) = scene.page.recommend.who else {
        parts::muted(ui, lang.t("recpage.nobody"));
        return;
    };
    let name = customer(found, who, scene.prefs.projector);
    let spec = &scene.state.settings.recommend;
    let of = (found.id(), spec.house, found.length(spec), who);
    let view = &mut scene.page.recommend;
    if view.offers.as_ref().is_none_or(|(known, _)| *known != of) {
        view.offers = Some((of, found.of.offers_by(&of.1, who as usize, of.2)));
    }
    let title = lang.with("recpage.offers.title", &[("customer", name)]);
    let Some((_, offers)) = &view.offers else { return };
    list(ui, lang, found, ("offers", &title), offers);
    let all = found.of.sides.consent.get(who as usize).copied().flatten();
    if offers.is_empty() {
        let key = if of.1.consent && all != Some(true) { "recpage.no_consent" } else { "recpage.nothing" };
        parts::muted(ui, lang.t(key));
    }
    parts::section(ui, lang.t("recpage.when"));
    for line in rhythm::told(lang, found, who) {
        ui.add(egui::Label::new(line).wrap());
    }
    let history = found.of.all.of(who as usize);
    let mut seen = std::collections::HashSet::new();
    let had: Vec<&str> = history
        .iter()
        .rev()
        .filter(|event| seen.insert(event.item))
        .take(HAD)
        .map(|event| found.product(event.item))
        .collect();
    parts::section(ui, lang.t("recpage.had"));
    ui.add(egui::Label::new(lang.list(&had)).wrap());
    if ui.button(lang.t("recpage.take_basket")).on_hover_text(lang.t("recpage.take_basket.help")).clicked() {
        let mut seen = std::collections::HashSet::new();
        let items = history.iter().map(|event| event.item);
        scene.page.recommend.basket = items.filter(|item| seen.insert(*item)).take(HAD).collect();
    }
}

/// Offers with their reasons.
fn list(ui: &mut Ui, lang: Lang, found: &Offers, (id, title): (&str, &str), offers: &[Offered]) {
    let heads = [
        table::Head::number(lang.t("recpage.head.place"), 40.0),
        table::Head::text(lang.t("recpage.head.product"), 140.0),
        table::Head::text(lang.t("recpage.head.because"), 180.0),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(title).font(theme::section_font()));
        take::table_menu(ui, lang, title, || Grid {
            name: title.to_owned(),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: offers
                .iter()
                .enumerate()
                .map(|(at, one)| {
                    let because = because(lang, found, &one.reasons);
                    vec![Cell::whole(at as u64 + 1), found.product(one.item).into(), because.into()]
                })
                .collect(),
        });
    });
    let spec = table::Table::new(id, &heads, offers.len(), 316.0);
    table::show(ui, &spec, |ui, row, at| {
        let Some(one) = offers.get(row) else { return };
        match at {
            0 => table::plain(ui, (row + 1).to_string()),
            1 => table::plain(ui, found.product(one.item)),
            _ => table::plain(ui, because(lang, found, &one.reasons)),
        }
    });
}

/// What would be offered beside any products: it answers in the frame in which they change.
fn basket(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Offers>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("recpage.basket"));
    parts::muted(ui, lang.t("recpage.basket.help"));
    let spec = &scene.state.settings.recommend;
    let (house, length) = (spec.house, found.length(spec));
    let view = &mut scene.page.recommend;
    view.basket.retain(|item| (*item as usize) < found.of.all.items.len());
    ui.horizontal_wrapped(|ui| {
        let mut gone = None;
        for (at, item) in view.basket.iter().enumerate() {
            let name = format!("{} ×", found.product(*item));
            let label = lang.with("recpage.basket.remove", &[("product", found.product(*item).to_owned())]);
            if ui.button(name).accessible_name(&label).on_hover_text(&label).clicked() {
                gone = Some(at);
            }
        }
        if let Some(at) = gone {
            view.basket.remove(at);
        }
    });
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("recpage.basket.add"));
        let edit = egui::TextEdit::singleline(&mut view.basket_search).desired_width(140.0);
        let response = ui.add(edit).labelled_by(label.id);
        form::typing(ui, &response);
        let text = view.basket_search.clone();
        let all = view.found_basket.find(scene.state, found, Names::Products, &text);
        // The best-sellers where nothing is typed.
        let is_offered = |item: &u32| !view.basket.contains(item);
        let offered: Vec<u32> = all.iter().copied().filter(is_offered).take(OFFERED).collect();
        for item in offered {
            let name = lang.with("recpage.basket.put", &[("product", found.product(item).to_owned())]);
            let button = ui.small_button(format!("+ {}", found.product(item))).accessible_name(&name);
            if button.clicked() {
                view.basket.push(item);
                view.basket_search.clear();
            }
        }
    });
    ui.add_space(S1);
    if view.basket.is_empty() {
        parts::muted(ui, lang.t("recpage.basket.empty"));
        return;
    }
    let of = (found.id(), house, length, view.basket.clone());
    if view.answer.as_ref().is_none_or(|(known, _)| *known != of) {
        let offers = found.of.what_if_by(&house, &of.3, length);
        view.answer = Some((of, offers));
    }
    if let Some((_, offers)) = &view.answer {
        let title = lang.t("recpage.basket.answer");
        list(ui, lang, found, ("basket offers", &title), offers);
    }
    ui.add_space(S2);
}
