//! Customers: everyone, the most likely to leave first; searched, filtered, taken away.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::Customer;

use super::{PageState, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, table};
use crate::window::theme::Palette;
use crate::words::{percent, ranked_header, ranked_row, segment_name};

/// What the list is narrowed to, and its order.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
    search: String,
    segment: Option<usize>,
    with_left: bool,
    sort: (usize, bool),
}

/// Which customers are shown, in which order; made again when list, search or sorting change.
#[derive(Debug, Default)]
pub struct Order {
    key: Option<Filter>,
    made_for: Option<Arc<Vec<Customer>>>,
    pub(in crate::window) places: Vec<usize>,
}

impl Order {
    fn follow(&mut self, list: &Arc<Vec<Customer>>, filter: Filter) {
        let same = self.made_for.as_ref().is_some_and(|of| Arc::ptr_eq(of, list));
        if same && self.key.as_ref() == Some(&filter) {
            return;
        }
        let wanted = filter.search.trim().to_lowercase();
        self.places = (0..list.len())
            .filter(|&at| filter.segment.is_none() || list[at].segment == filter.segment)
            .filter(|&at| filter.with_left || list[at].actual != Some(true))
            .filter(|&at| wanted.is_empty() || list[at].id.to_lowercase().contains(&wanted))
            .collect();
        let sort = filter.sort;
        self.made_for = Some(list.clone());
        self.key = Some(filter);
        let (column, ascending) = sort;
        // The list itself is in the order of risk.
        match column {
            1 => self.places.sort_by(|&a, &b| list[a].id.cmp(&list[b].id)),
            2 => self.places.sort_by_key(|&at| list[at].row),
            4 => self.places.sort_by_key(|&at| list[at].actual.map_or(2, |a| u8::from(!a))),
            5 => self.places.sort_by_key(|&at| list[at].segment),
            6 => self.places.sort_by_key(|&at| list[at].side as u8),
            _ => {}
        }
        if !ascending && column != 0 && column != 3 || ascending && column == 3 {
            self.places.reverse();
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "customers");
    let (Some(list), Some(outcome)) = (scene.state.customers.clone(), scene.state.shown().cloned()) else {
        let can_train = scene.state.prepared.is_some();
        parts::waits_for_model(ui, lang, "customers", can_train, scene.send);
        return;
    };
    if scene.state.stale() {
        parts::caution(ui, &lang.t("train.stale"));
    }
    let threshold = scene.state.settings.threshold;
    let (risky, here) = regulars_engine::deploy::at_risk(&list, threshold);
    ui.label(lang.with(
        "customers.finding",
        &[
            ("count", lang.count(risky as u64)),
            ("all", lang.count(here as u64)),
            ("threshold", percent(threshold)),
            ("model", lang.t(&format!("model.{}", outcome.kind.name()))),
        ],
    ));
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("customers.search"));
        let edit = egui::TextEdit::singleline(&mut scene.page.search).desired_width(180.0);
        ui.add(edit).labelled_by(label.id);
        if let Some(found) = scene.state.segments.clone() {
            let all: Vec<Option<usize>> = std::iter::once(None).chain((0..found.k).map(Some)).collect();
            let name = lang.t("customers.segment");
            parts::choose(ui, &name, &mut scene.page.only_segment, &all, |only| match only {
                None => lang.t("customers.all_segments"),
                Some(at) => format!(
                    "{} · {}",
                    at + 1,
                    found.segments.get(at).map_or(String::new(), |s| segment_name(lang, s))
                ),
            });
        }
        ui.checkbox(&mut scene.page.with_left, lang.t("customers.with_left"));
        if parts::primary(ui, lang.t("command.export"), true) {
            scene.send.push(Command::ExportCustomers);
        }
        if ui
            .add(egui::Button::new(lang.t("command.bundle")).min_size(egui::vec2(0.0, 34.0)))
            .on_hover_text(lang.t("customers.bundle.help"))
            .clicked()
        {
            scene.send.push(Command::SaveBundle);
        }
    });
    let PageState { search, only_segment, with_left, sort, order, .. } = &mut *scene.page;
    let filter =
        Filter { search: search.clone(), segment: *only_segment, with_left: *with_left, sort: *sort };
    order.follow(&list, filter);
    let segments = scene.state.segments.clone();
    let widths = [64.0, 170.0, 70.0, 110.0, 90.0, 300.0, 110.0];
    let heads: Vec<table::Head> = ranked_header(lang)
        .into_iter()
        .zip(widths)
        .enumerate()
        .map(|(at, (name, width))| {
            if matches!(at, 0 | 2 | 3) {
                table::Head::number(name, width)
            } else {
                table::Head::text(name, width)
            }
        })
        .collect();
    let p = Palette::of(ui);
    let height = (ui.available_height() - 70.0).max(240.0);
    let clicked =
        table::show(ui, "customers", &heads, Some(*sort), order.places.len(), height, |ui, row, column| {
            let at = order.places[row];
            let customer = &list[at];
            let text = ranked_row(lang, at + 1, customer, segments.as_deref()).swap_remove(column);
            if column == 3 {
                let risky = customer.probability >= threshold;
                let mark = if risky { "● " } else { "" };
                let color = if risky { p.bad } else { p.ink };
                ui.label(RichText::new(format!("{mark}{text}")).color(color));
            } else {
                table::plain(ui, text);
            }
        });
    if let Some(column) = clicked {
        *sort = (column, if sort.0 == column { !sort.1 } else { true });
    }
    parts::muted(
        ui,
        lang.with(
            "common.shown_of",
            &[("shown", lang.count(order.places.len() as u64)), ("all", lang.count(list.len() as u64))],
        ),
    );
    if order.places.is_empty() {
        parts::muted(ui, lang.t("customers.none"));
    }
    parts::muted(ui, lang.t("customers.side.note"));
}
