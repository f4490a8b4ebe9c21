//! Products that none or few bought yet: what they are like, who would want them, and how good that is.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::NewCampaign;
use regulars_engine::recommend::fresh::{Beside, FEW};
use regulars_engine::recommend::{NewMeasured, NewProducts};

use super::products;
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::window::state::Offers;
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, percent};

/// From this width on the products stand beside the list.
const WIDE: f32 = 640.0;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    if found.of.sides.facts.names.is_empty() {
        parts::muted(ui, help(lang));
        ui.add_space(S2);
        parts::muted(ui, lang.t("sides.new.lacks"));
        return;
    }
    let Some(new) = scene.state.follow_new_products() else {
        waits(ui, scene, "sides.new.working");
        return;
    };
    measured(ui, lang, &new);
    ui.add_space(S3);
    if new.products.is_empty() {
        parts::muted(ui, lang.with("sides.new.none", &[("few", FEW.to_string())]));
        return;
    }
    let view = &mut scene.page.recommend;
    view.new = view.new.min(new.products.len() - 1);
    if ui.available_width() >= WIDE {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(340.0);
                list(ui, scene, found, &new, 360.0);
            });
            ui.add_space(S3);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                parts::steady(ui, "new one", |ui| one(ui, scene, found, &new));
            });
        });
    } else {
        list(ui, scene, found, &new, 180.0);
        parts::steady(ui, "new one", |ui| one(ui, scene, found, &new));
    }
}

/// What a new product is, and how it is dealt with.
fn help(lang: Lang) -> String {
    lang.with("sides.new.help", &[("few", FEW.to_string())])
}

/// What is under way; or that it was stopped, and the button that takes it up again.
fn waits(ui: &mut Ui, scene: &mut Scene<'_>, working: &str) {
    let lang = scene.lang;
    if scene.state.recommend.job().is_some() {
        parts::muted(ui, lang.t(working));
        return;
    }
    parts::muted(ui, lang.t("sides.new.stopped"));
    if ui.button(lang.t("sides.new.go_on")).clicked() {
        scene.state.resume_new();
    }
}

fn beside(lang: Lang, key: &str, of: &Beside, more: &[(&'static str, String)]) -> String {
    let mut args = vec![
        ("share", percent(of.value.value)),
        ("low", percent(of.value.low)),
        ("high", percent(of.value.high)),
        ("popular", percent(of.popular.value)),
        ("chance", percent(of.chance)),
    ];
    args.extend(more.iter().cloned());
    lang.with(key, &args)
}

/// How good it is, on products that were hidden.
fn measured(ui: &mut Ui, lang: Lang, new: &NewProducts) {
    let Some(found) = &new.measured else {
        parts::caution(ui, &lang.t("sides.new.unmeasured"));
        return;
    };
    let verdict = lang.t(if found.is_better() { "sides.new.better" } else { "sides.new.even" });
    let verdict = egui::Label::new(RichText::new(verdict).font(theme::section_font())).wrap();
    ui.add(verdict).on_hover_text(help(lang));
    let more = [
        ("cut", found.cut.to_string()),
        ("products", lang.count(found.products as u64)),
        ("customers", lang.count(found.customers as u64)),
    ];
    ui.add(egui::Label::new(beside(lang, "sides.new.hits", &found.hit_rate, &more)).wrap());
    match &found.in_tenth {
        Some(tenth) if tenth.value.low > tenth.chance => {
            ui.add(egui::Label::new(beside(lang, "sides.new.tenth", tenth, &[])).wrap());
        }
        // The lists below are of that tenth.
        Some(tenth) => parts::caution(ui, &beside(lang, "sides.new.tenth.chance", tenth, &[])),
        None => {}
    }
    parts::muted(ui, facts(lang, found));
}

/// Which columns tell who takes a product.
fn facts(lang: Lang, found: &NewMeasured) -> String {
    let mut all: Vec<&(String, f32)> = found.facts.iter().filter(|(_, weight)| *weight >= 0.005).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let told: Vec<String> = all
        .iter()
        .take(4)
        .map(|(name, weight)| {
            let args = [("name", name.clone()), ("share", percent(f64::from(*weight)))];
            lang.with("sides.new.fact", &args)
        })
        .collect();
    lang.with("sides.new.facts", &[("facts", lang.list(&told))])
}

fn list(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers, new: &NewProducts, height: f32) {
    let lang = scene.lang;
    let heads = [
        table::Head::text(lang.t("sides.new.head.product"), 128.0),
        table::Head::number(lang.t("recpage.head.taken"), 56.0),
        table::Head::text(lang.t("sides.new.head.like"), 140.0),
    ];
    let view = &mut scene.page.recommend;
    let mut spec = table::Table::new("new products", &heads, new.products.len(), height);
    spec.chosen = Some(Some(view.new));
    let clicked = table::show(ui, &spec, |ui, row, at| {
        let Some(product) = new.products.get(row) else { return };
        match at {
            0 => table::plain(ui, product.name.as_str()),
            1 => table::plain(ui, lang.count(product.customers as u64)),
            _ if product.like.is_empty() => table::missing(ui),
            _ => table::plain(ui, like(lang, found, &product.like)),
        }
    });
    if let Some(row) = clicked.row {
        view.new = row;
    }
    if new.left_out > 0 {
        let args = [("count", lang.count(new.left_out as u64))];
        parts::muted(ui, lang.with("sides.new.left_out", &args));
    }
}

fn like(lang: Lang, found: &Offers, items: &[u32]) -> String {
    let names: Vec<&str> = items.iter().map(|item| found.product(*item)).collect();
    lang.list(&names)
}

/// Who would want the chosen product.
fn one(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers, new: &NewProducts) {
    let lang = scene.lang;
    let place = scene.page.recommend.new;
    let Some(product) = new.products.get(place) else { return };
    if product.like.is_empty() {
        parts::muted(ui, lang.with("sides.new.riddle", &[("product", product.name.clone())]));
        return;
    }
    let Some(campaign) = scene.state.follow_new_campaign(place) else {
        waits(ui, scene, "recpage.listing");
        return;
    };
    let args = [
        ("product", product.name.clone()),
        ("count", lang.count(campaign.lines.len() as u64)),
        ("customers", lang.count(campaign.customers as u64)),
    ];
    let title = lang.with("sides.new.title", &args);
    ui.add(egui::Label::new(RichText::new(&title).font(theme::section_font())).wrap());
    products::left_out(ui, lang, (campaign.without_consent, campaign.withheld), campaign.consent_unknown);
    ui.add_space(S2);
    if campaign.lines.is_empty() {
        parts::muted(ui, lang.t("recpage.wanting.nobody"));
        return;
    }
    ui.horizontal_wrapped(|ui| {
        if ui.button(lang.t("recpage.wanting.export")).clicked() {
            scene.state.write_new_campaign(lang, product.name.clone(), campaign.clone());
        }
        take::table_menu(ui, lang, &title, || lines_grid(lang, found, &title, &campaign));
    });
    products::contacts(ui, scene);
    lines(ui, scene, found, &campaign);
}

/// The list as it is shown, without contact details.
fn lines_grid(lang: Lang, found: &Offers, title: &str, campaign: &NewCampaign) -> Grid {
    let heads = ["recpage.head.customer", "recpage.head.place", "recpage.head.because"];
    let rows = campaign.lines.iter().map(|line| {
        let why: Vec<u32> = line.reasons.iter().map(|reason| reason.item).collect();
        vec![
            Cell::from(line.id.as_str()),
            Cell::whole(line.place as u64),
            Cell::from(like(lang, found, &why)),
        ]
    });
    Grid { name: title.to_owned(), header: heads.map(|key| lang.t(key)).to_vec(), rows: rows.collect() }
}

fn lines(ui: &mut Ui, scene: &Scene<'_>, found: &Offers, campaign: &NewCampaign) {
    let lang = scene.lang;
    let list = products::ToWrite {
        id: "new wanting",
        height: 280.0,
        why: lang.t("sides.new.head.has"),
        contacts: &campaign.contact_columns,
        rows: campaign.lines.len(),
    };
    let line = |row: usize| {
        let line = campaign.lines.get(row)?;
        Some((line.customer, line.place, line.contacts.as_slice()))
    };
    let why = |row: usize| {
        let has: Vec<u32> = campaign.lines.get(row)?.reasons.iter().map(|reason| reason.item).collect();
        (!has.is_empty()).then(|| like(lang, found, &has))
    };
    list.show(ui, scene, found, line, why);
}
