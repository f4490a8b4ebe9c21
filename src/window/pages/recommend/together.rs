//! What is bought together: the network of products, and the rules behind it.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::recommend::Rule;

use super::network;
use crate::window::pages::Scene;
use crate::window::parts::{self, form, table, take};
use crate::window::state::Offers;
use crate::window::theme::{self, S3};
use crate::words::{Lang, percent};

/// What sorts the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum By {
    From,
    To,
    Count,
    Support,
    Confidence,
    #[default]
    Lift,
}

impl By {
    const ALL: [Self; 6] = [Self::From, Self::To, Self::Count, Self::Support, Self::Confidence, Self::Lift];
}

/// Rules in the order in which they are shown, and what they were put in order for.
#[derive(Debug, Default)]
pub(super) struct Rows {
    of: Option<(u64, String, (By, bool))>,
    sort: (By, bool),
    places: Arc<Vec<u32>>,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    if found.rules.of_customers {
        parts::caution(ui, &lang.t("recpage.of_customers"));
    }
    match found.network.edges.is_empty() {
        true => parts::muted(ui, lang.t("recpage.together.none")),
        false => network::show(ui, scene, found),
    }
    ui.add_space(S3);
    rules(ui, scene, found);
}

fn names(found: &Offers, rule: &Rule) -> String {
    let names: Vec<&str> = rule.from.iter().map(|item| found.product(*item)).collect();
    names.join(" + ")
}

impl Rows {
    fn follow(&mut self, found: &Offers, text: &str) -> Arc<Vec<u32>> {
        let of = (found.id(), text.trim().to_lowercase(), self.sort);
        if self.of.as_ref() == Some(&of) {
            return self.places.clone();
        }
        let all = &found.rules.rules;
        let holds = |at: &u32| {
            let Some(rule) = all.get(*at as usize) else { return false };
            let mut items = rule.from.iter().chain([&rule.to]);
            of.1.is_empty() || items.any(|item| found.product(*item).to_lowercase().contains(&of.1))
        };
        let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let mut places: Vec<u32> = (0..count).filter(holds).collect();
        let (by, ascends) = self.sort;
        let order = |a: &Rule, b: &Rule| match by {
            By::From => names(found, a).cmp(&names(found, b)),
            By::To => found.product(a.to).cmp(found.product(b.to)),
            By::Count => a.count.cmp(&b.count),
            By::Support => a.support.total_cmp(&b.support),
            By::Confidence => a.confidence.total_cmp(&b.confidence),
            By::Lift => a.lift.total_cmp(&b.lift),
        };
        places.sort_by(|a, b| match (all.get(*a as usize), all.get(*b as usize)) {
            (Some(a), Some(b)) if ascends => order(a, b),
            (Some(a), Some(b)) => order(b, a),
            _ => std::cmp::Ordering::Equal,
        });
        (self.places, self.of) = (Arc::new(places), Some(of));
        self.places.clone()
    }
}

fn cell(lang: Lang, found: &Offers, rule: &Rule, by: By) -> Cell {
    let number = |value: f64, text: String, format| Cell::Number { value, text, format };
    match by {
        By::From => names(found, rule).into(),
        By::To => found.product(rule.to).into(),
        By::Count => number(f64::from(rule.count), lang.count(rule.count.into()), "0"),
        By::Support => number(rule.support, percent(rule.support), "0.0%"),
        By::Confidence => number(rule.confidence, percent(rule.confidence), "0.0%"),
        By::Lift => number(rule.lift, format!("{:.2}", rule.lift), "0.00"),
    }
}

fn rules(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    let view = &mut scene.page.recommend;
    let heads = [
        table::Head::text(lang.t("recpage.head.from"), 190.0),
        table::Head::text(lang.t("recpage.head.to"), 130.0),
        table::Head::number(lang.t("recpage.head.baskets"), 76.0),
        table::Head::number(lang.t("recpage.head.support"), 80.0),
        table::Head::number(lang.t("recpage.head.confidence"), 92.0),
        table::Head::number(lang.t("recpage.head.lift"), 64.0),
    ];
    let text = view.rule_search.clone();
    let places = view.rules.follow(found, &text);
    let args = [
        ("count", lang.count(found.rules.rules.len() as u64)),
        ("baskets", lang.count(found.rules.baskets as u64)),
        ("least", found.rules.least.to_string()),
    ];
    let name = lang.t("recpage.rules");
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&name).font(theme::section_font()));
        take::table_menu(ui, lang, &name, || Grid {
            name: name.clone(),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: places
                .iter()
                .filter_map(|at| found.rules.rules.get(*at as usize))
                .map(|rule| By::ALL.map(|by| cell(lang, found, rule, by)).to_vec())
                .collect(),
        });
    });
    parts::muted(ui, lang.with("recpage.rules.help", &args));
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("recpage.search_product"));
        let edit = egui::TextEdit::singleline(&mut view.rule_search).desired_width(160.0);
        let response = ui.add(edit).labelled_by(label.id);
        form::typing(ui, &response);
    });
    let (by, ascends) = view.rules.sort;
    let sorted = By::ALL.iter().position(|one| *one == by).map(|at| (at, ascends));
    let spec = table::Table { sorted, ..table::Table::new("rules", &heads, places.len(), 320.0) };
    let clicked = table::show(ui, &spec, |ui, row, at| {
        let rule = places.get(row).and_then(|at| found.rules.rules.get(*at as usize));
        if let (Some(rule), Some(by)) = (rule, By::ALL.get(at)) {
            table::plain(ui, cell(lang, found, rule, *by).text());
        }
    });
    if let Some(by) = clicked.head.and_then(|at| By::ALL.get(at)) {
        let (now, ascends) = view.rules.sort;
        let is_text = matches!(by, By::From | By::To);
        view.rules.sort = (*by, if now == *by { !ascends } else { is_text });
    }
}
