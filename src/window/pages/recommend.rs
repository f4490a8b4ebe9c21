//! Recommend: what to offer each customer next, and why.

mod customers;
mod fresh;
mod house;
mod inspect;
mod models;
mod network;
mod products;
mod rhythm;
mod together;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::note::Note;
use regulars_engine::project::Offered;
use regulars_engine::recommend::{HouseRules, Kind, Reason};

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, take};
use crate::window::state::{Offers, Search, State};
use crate::window::theme::{self, S2};
use crate::words::{self, Lang, percent};

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// Which model is best, and whether the best-sellers would do.
    #[default]
    Models,
    Customers,
    Products,
    /// Products that none or few bought yet.
    New,
    /// What is bought together.
    Together,
    House,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 6] =
        [Tab::Models, Tab::Customers, Tab::Products, Tab::New, Tab::Together, Tab::House];

    fn key(self) -> &'static str {
        match self {
            Self::Models => "recpage.tab.models",
            Self::Customers => "recpage.tab.customers",
            Self::Products => "recpage.tab.products",
            Self::New => "sides.tab.new",
            Self::Together => "recpage.tab.together",
            Self::House => "recpage.tab.house",
        }
    }
}

/// What offers were made of: the finding, the rules, the length.
type OffersOf<K> = (u64, HouseRules, usize, K);
/// Offers that are kept as long as nothing changes.
type Kept<K> = Option<(OffersOf<K>, Vec<Offered>)>;

/// What the page remembers between frames.
#[derive(Debug)]
pub struct View {
    pub tab: Tab,
    /// The figure that the leaderboard shows, and the length of the list that it is of.
    metric: models::Metric,
    /// `None` for what suits the number of products.
    cut: Option<usize>,
    search: String,
    found_customers: Search,
    pub who: Option<u32>,
    offers: Kept<u32>,
    /// A basket that somebody puts together.
    pub basket: Vec<u32>,
    basket_search: String,
    found_basket: Search,
    answer: Kept<Vec<u32>>,
    product_search: String,
    found_products: Search,
    pub product: Option<u32>,
    /// The new product that is looked at, by its place.
    pub new: usize,
    /// How far the picture was dragged, how large it is drawn, and the product that is brought out.
    pan: egui::Vec2,
    pub zoom: f32,
    node: Option<usize>,
    rule_search: String,
    rules: together::Rows,
    /// The day that is being typed, up to which is learnt.
    day: Option<String>,
    /// What rules that are off would ask for.
    margin: f64,
    per_category: usize,
}

impl Default for View {
    fn default() -> Self {
        Self {
            tab: Tab::Models,
            metric: models::Metric::Ndcg,
            cut: None,
            search: String::new(),
            found_customers: Search::default(),
            who: None,
            offers: None,
            basket: Vec::new(),
            basket_search: String::new(),
            found_basket: Search::default(),
            answer: None,
            product_search: String::new(),
            found_products: Search::default(),
            product: None,
            new: 0,
            pan: egui::Vec2::ZERO,
            zoom: 1.0,
            node: None,
            rule_search: String::new(),
            rules: together::Rows::default(),
            day: None,
            margin: 0.1,
            per_category: 2,
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "recommend");
    if let Some(grid) = scene.state.recommend.take_ready() {
        take::save(ui, grid);
    }
    if scene.state.table.is_none() {
        super::clean::waiting(ui, scene, "recommend");
        return;
    }
    if let Some(error) = scene.state.recommend_error() {
        parts::problem(ui, lang, error);
        if ui.button(lang.t("common.to_collect")).clicked() {
            scene.send.push(Command::Go(Page::Collect));
        }
    }
    let Some(found) = scene.state.recommended().cloned() else {
        parts::empty_state(ui, lang, "recommend_ready", None, scene.send);
        parts::steady(ui, "find", |ui| {
            ui.vertical_centered(|ui| start(ui, scene, "recpage.find"));
        });
        return;
    };
    if scene.state.recommend_is_stale() {
        parts::caution(ui, &lang.t("recpage.stale"));
        parts::steady(ui, "again", |ui| start(ui, scene, "recpage.again"));
        ui.add_space(S2);
    }
    parts::steady(ui, "found", |ui| {
        headline(ui, lang, &found);
        ui.horizontal_wrapped(|ui| {
            for tab in Tab::ALL {
                ui.selectable_value(&mut scene.page.recommend.tab, tab, lang.t(tab.key()));
            }
        });
        ui.separator();
        match scene.page.recommend.tab {
            Tab::Models => models::show(ui, scene, &found),
            Tab::Customers => customers::show(ui, scene, &found),
            Tab::Products => products::show(ui, scene, &found),
            Tab::New => fresh::show(ui, scene, &found),
            Tab::Together => together::show(ui, scene, &found),
            Tab::House => house::show(ui, scene, &found),
        }
    });
}

/// The button that works it out, and how far that is.
fn start(ui: &mut Ui, scene: &mut Scene<'_>, key: &str) {
    let lang = scene.lang;
    if parts::primary(ui, lang.t(key), !scene.state.recommend.working()) {
        scene.state.find_offers();
    }
    if let Some((_, share, _)) = scene.state.recommend.job().filter(|_| scene.state.recommend.working()) {
        parts::muted(ui, lang.with("recpage.working", &[("share", percent(share))]));
    }
}

/// The name of a model; one that this page does not know yet goes by its short name.
fn model(lang: Lang, kind: Kind) -> String {
    let key = format!("recpage.model.{}", kind.name());
    let name = lang.t(&key);
    if name == key { kind.name().to_owned() } else { name }
}

/// The verdict in one sentence, and what was asked.
fn headline(ui: &mut Ui, lang: Lang, found: &Offers) {
    let verdict = ["recommend_better", "recommend_even", "recommend_popularity_wins"];
    let is_verdict = |note: &&Note| verdict.contains(&note.code);
    if let Some(note) = found.of.notes.iter().find(is_verdict) {
        // The engine names the model by its short name.
        let best = found.of.choice.best();
        let mut told = note.clone();
        for (name, value) in &mut told.args {
            if let (true, Some(best)) = (*name == "model", best) {
                *value = model(lang, best.kind);
            }
        }
        let text = RichText::new(lang.note(&told)).font(theme::section_font());
        ui.add(egui::Label::new(text).wrap());
    }
    let of = &found.of;
    let mut args = vec![
        ("model", model(lang, of.model.kind)),
        ("customers", lang.count(of.task.cases.len() as u64)),
        ("products", lang.count(of.all.items.len() as u64)),
    ];
    let key = match of.task.cut_off {
        Some(day) => {
            args.push(("day", day.to_string()));
            "recpage.asked.time"
        }
        None => "recpage.asked.last",
    };
    parts::muted(ui, lang.with(key, &args));
    let others: Vec<&Note> = of.notes.iter().filter(|note| !is_verdict(note)).collect();
    if !others.is_empty() {
        let title = lang.with("recpage.notes", &[("count", others.len().to_string())]);
        egui::CollapsingHeader::new(title).id_salt("recommend notes").show(ui, |ui| {
            for note in others {
                ui.add(egui::Label::new(lang.note(note)).wrap());
            }
        });
    }
    ui.add_space(S2);
}

/// A customer's name, masked where others look on.
fn customer(found: &Offers, who: u32, masked: bool) -> String {
    words::shown_id(found.customer(who), masked)
}

/// Why a product is offered, in a few words.
fn because(lang: Lang, found: &Offers, reasons: &[Reason]) -> String {
    let names: Vec<&str> = reasons.iter().take(2).map(|reason| found.product(reason.item)).collect();
    match names.is_empty() {
        true => lang.t("recpage.because.popular"),
        false => lang.with("recpage.because", &[("products", lang.list(&names))]),
    }
}

/// What to offer next to the customer of a card, in one line; to one who is known to have left, what could
/// win them back.
pub(super) fn next_for(lang: Lang, state: &State, id: &str, has_left: bool) -> Option<String> {
    let (found, offers) = state.offers_to(id, 1)?;
    let first = offers.first()?;
    let args = [
        ("product", found.product(first.item).to_owned()),
        ("because", because(lang, found, &first.reasons)),
    ];
    Some(lang.with(if has_left { "sides.card.left" } else { "recpage.card" }, &args))
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    inspect::show(ui, scene);
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    let hits = state.recommended().and_then(|found| {
        let cut = found.of.choice.cut;
        let hits = found.of.taken()?.measured.figures.get(&format!("hit_rate_at_{cut}"))?;
        Some((hits, cut))
    });
    match hits {
        Some((hits, cut)) => {
            lang.with("sides.status", &[("share", percent(hits.value)), ("cut", cut.to_string())])
        }
        None => lang.t("recpage.status.none"),
    }
}
