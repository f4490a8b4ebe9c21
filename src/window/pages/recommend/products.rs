//! One product: who would want it, as a list to write to, and a test of whether the offer works.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::project::{Campaign, Contacts};

use super::{because, customer};
use crate::window::command::Command;
use crate::window::pages::{ExperimentsTab, Page, Scene};
use crate::window::parts::{self, form, table};
use crate::window::state::{Names, Offers};
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, percent};

/// From this width on the products stand beside the list.
const WIDE: f32 = 640.0;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Offers>) {
    let lang = scene.lang;
    let everyone = scene.state.follow_everyone();
    if scene.page.recommend.product.is_none_or(|item| found.products.len() <= item as usize) {
        scene.page.recommend.product = found.products.first().copied();
    }
    let view = &mut scene.page.recommend;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("recpage.search_product"));
        let edit = egui::TextEdit::singleline(&mut view.product_search).desired_width(160.0);
        let response = ui.add(edit).labelled_by(label.id);
        form::typing(ui, &response);
    });
    let text = view.product_search.clone();
    let places = view.found_products.find(scene.state, found, Names::Products, &text);
    if view.found_products.works() {
        parts::muted(ui, lang.t("sides.searching"));
    }
    let wanted = everyone.as_ref().map(|of| of.wanted_by.as_slice()).unwrap_or_default();
    if ui.available_width() >= WIDE {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(300.0);
                products(ui, scene, found, (&places, wanted), 440.0);
            });
            ui.add_space(S3);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                parts::steady(ui, "one", |ui| one(ui, scene, found));
            });
        });
    } else {
        products(ui, scene, found, (&places, wanted), 180.0);
        parts::steady(ui, "one", |ui| one(ui, scene, found));
    }
}

fn products(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    found: &Offers,
    (places, wanted): (&[u32], &[usize]),
    height: f32,
) {
    let lang = scene.lang;
    let heads = [
        table::Head::text(lang.t("recpage.head.product"), 130.0),
        table::Head::number(lang.t("recpage.head.sold"), 64.0),
        table::Head::number(lang.t("recpage.head.wanted"), 72.0),
    ];
    let view = &mut scene.page.recommend;
    let mut spec = table::Table::new("recommend products", &heads, places.len(), height);
    spec.chosen = Some(view.product.and_then(|item| places.iter().position(|place| *place == item)));
    let clicked = table::show(ui, &spec, |ui, row, at| {
        let Some(item) = places.get(row).copied() else { return };
        let count = |count: Option<u64>, ui: &mut Ui| match count {
            Some(count) => table::plain(ui, lang.count(count)),
            None => table::missing(ui),
        };
        match at {
            0 => table::plain(ui, found.product(item)),
            1 => count(found.of.model.popularity.get(item as usize).map(|taken| *taken as u64), ui),
            _ => count(wanted.get(item as usize).map(|count| *count as u64), ui),
        }
    });
    if let Some(item) = clicked.row.and_then(|row| places.get(row)) {
        view.product = Some(*item);
    }
}

/// Who would want the chosen product.
fn one(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    let Some(item) = scene.page.recommend.product else { return };
    let product = found.product(item).to_owned();
    let Some(campaign) = scene.state.follow_campaign(item) else {
        let job = scene.state.recommend.job();
        parts::muted(ui, lang.t(if job.is_some() { "recpage.listing" } else { "recpage.stopped" }));
        return;
    };
    let args = [
        ("product", product),
        ("count", lang.count(campaign.lines.len() as u64)),
        ("top", campaign.within.to_string()),
    ];
    let title = RichText::new(lang.with("recpage.wanting.title", &args)).font(theme::section_font());
    ui.add(egui::Label::new(title).wrap());
    told(ui, lang, &campaign);
    ui.add_space(S2);
    if campaign.lines.is_empty() {
        parts::muted(ui, lang.t("recpage.wanting.nobody"));
        return;
    }
    ui.horizontal_wrapped(|ui| {
        if ui.button(lang.t("recpage.wanting.export")).clicked() {
            scene.state.write_campaign(lang, campaign.clone());
        }
        let test = ui.button(lang.t("recpage.wanting.test"));
        if test.on_hover_text(lang.t("recpage.wanting.test.help")).clicked() {
            scene.state.wish_experiment(item);
            scene.page.experiments.tab = ExperimentsTab::Plan;
            scene.send.push(Command::Go(Page::Experiments));
        }
    });
    contacts(ui, scene);
    lines(ui, scene, found, &campaign);
}

/// Who was left out, and how many take it by themselves.
fn told(ui: &mut Ui, lang: Lang, campaign: &Campaign) {
    if let Some((share, asked)) = campaign.uptake {
        let args = [
            ("share", percent(share.value)),
            ("low", percent(share.low)),
            ("high", percent(share.high)),
            ("count", lang.count(asked as u64)),
        ];
        ui.add(egui::Label::new(lang.with("recpage.uptake", &args)).wrap());
    }
    left_out(ui, lang, (campaign.without_consent, campaign.withheld), campaign.consent_unknown);
}

/// Who was left out for want of consent, or because they must not be contacted.
pub(super) fn left_out(
    ui: &mut Ui,
    lang: Lang,
    (without_consent, withheld): (usize, usize),
    is_unknown: bool,
) {
    if without_consent + withheld > 0 {
        let args =
            [("consent", lang.count(without_consent as u64)), ("withheld", lang.count(withheld as u64))];
        parts::muted(ui, lang.with("recpage.left_out", &args));
    }
    if is_unknown {
        parts::caution(ui, &lang.t("recpage.consent_unknown"));
    }
}

/// What of the contact details goes into the list: the same choice as the call list's.
pub(super) fn contacts(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let spec = &mut scene.state.settings.call_list;
    ui.horizontal_wrapped(|ui| {
        ui.label(lang.t("list.contacts"));
        for kind in Contacts::ALL {
            ui.radio_value(&mut spec.contacts, kind, lang.t(&format!("contacts.{}", kind.name())));
        }
    });
    if spec.contacts == Contacts::Clear {
        parts::caution(ui, &lang.t("list.clear_warning"));
    }
}

fn lines(ui: &mut Ui, scene: &Scene<'_>, found: &Offers, campaign: &Arc<Campaign>) {
    let lang = scene.lang;
    let list = ToWrite {
        id: "wanting",
        height: 320.0,
        why: lang.t("recpage.head.because"),
        contacts: &campaign.contact_columns,
        rows: campaign.lines.len(),
    };
    let line = |row: usize| {
        let line = campaign.lines.get(row)?;
        Some((line.customer, line.place, line.contacts.as_slice()))
    };
    let why = |row: usize| Some(because(lang, found, &campaign.lines.get(row)?.reasons));
    list.show(ui, scene, found, line, why);
}

/// A list of people to write to.
pub(super) struct ToWrite<'a> {
    pub(super) id: &'static str,
    pub(super) height: f32,
    /// What the column is called that says why.
    pub(super) why: String,
    pub(super) contacts: &'a [String],
    pub(super) rows: usize,
}

/// One of them: the customer, the product's place among their own, and how to reach them.
type LineToWrite<'a> = (usize, usize, &'a [String]);

impl ToWrite<'_> {
    /// Draws it; `line` and `why` are asked for the rows in sight.
    pub(super) fn show<'l>(
        &self,
        ui: &mut Ui,
        scene: &Scene<'_>,
        found: &Offers,
        line: impl Fn(usize) -> Option<LineToWrite<'l>>,
        why: impl Fn(usize) -> Option<String>,
    ) {
        let (lang, masked) = (scene.lang, scene.prefs.projector);
        let mut heads = vec![
            table::Head::text(lang.t("recpage.head.customer"), 96.0),
            table::Head::number(lang.t("recpage.head.place"), 48.0),
            table::Head::text(&self.why, 180.0),
        ];
        heads.extend(self.contacts.iter().map(|name| table::Head::text(name, 120.0)));
        let spec = table::Table::new(self.id, &heads, self.rows, self.height);
        table::show(ui, &spec, |ui, row, at| {
            let Some((who, place, contacts)) = line(row) else { return };
            match at {
                0 => table::plain(ui, customer(found, who as u32, masked)),
                1 => table::plain(ui, place.to_string()),
                2 => match why(row) {
                    Some(why) => table::plain(ui, why),
                    None => table::missing(ui),
                },
                at => match contacts.get(at - 3) {
                    // A picture on a wall shows nobody's number.
                    Some(text) if masked => table::plain(ui, regulars_engine::privacy::mask(text)),
                    Some(text) => table::plain(ui, text.as_str()),
                    None => table::missing(ui),
                },
            }
        });
    }
}
