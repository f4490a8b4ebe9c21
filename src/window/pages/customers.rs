//! Customers: everyone, the most likely to leave first, and why; what changed since the last list;
//! searched, filtered, followed up, taken away.

pub(in crate::window) mod card;
mod inspector;
mod order;
pub(in crate::window) mod today;

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::{Change, Customer};
use regulars_engine::project::{Month, Outcome};

use order::follow_list;

use super::Scene;
use crate::window::command::Command;
use crate::window::parts::{self, table, take};
use crate::window::theme::{self, Palette, S2};
use crate::window::tour;
use crate::words::{self, Beside, Column, percent, segment_name};

pub(super) use inspector::inspector;
pub use order::Order;
pub(in crate::window) use order::shown_places;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "customers");
    let month = scene.state.month.clone();
    let kept = scene.state.customers.clone();
    let list: &[Customer] = match (&month, &kept) {
        (Some(month), _) => &month.list,
        (None, Some(list)) => list,
        (None, None) => {
            waits(ui, scene);
            return;
        }
    };
    if scene.state.stale() && month.is_none() {
        parts::caution(ui, &lang.t("train.stale"));
    }
    ui.horizontal(|ui| {
        ui.selectable_value(&mut scene.page.today.on, false, lang.t("today.everyone"));
        ui.selectable_value(&mut scene.page.today.on, true, lang.t("today.list"));
    });
    ui.separator();
    if scene.page.today.on {
        return today::show(ui, scene, list);
    }
    finding(ui, scene, list);
    today::model_used(ui, scene);
    if let Some(month) = &month {
        banner(ui, scene, month);
    }
    toolbar(ui, scene, month.as_deref());

    follow_list(scene.page, scene.state);
    grid(ui, scene, list, month.as_deref());
}

/// No list yet: what to do next.
fn waits(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.month_job.is_some() {
        parts::muted(ui, lang.t("status.working"));
    } else if scene.state.bundle.is_some() && scene.state.prepared.is_none() {
        // A project whose data are not here: its model still scores.
        let button = Some((lang.t("command.next_month"), Command::NextMonth));
        parts::empty_state(ui, lang, "month", button, scene.send);
    } else {
        let can_train = scene.state.prepared.is_some();
        parts::waits_for_model(ui, lang, "customers", can_train, scene.send);
    }
}

fn finding(ui: &mut Ui, scene: &Scene<'_>, list: &[Customer]) {
    let lang = scene.lang;
    let threshold = scene.state.settings.threshold;
    let (risky, here) = regulars_engine::deploy::at_risk(list, threshold);
    let kind = match &scene.state.month {
        Some(month) => month.bundle.model.kind(),
        None => scene.state.shown().map(|o: &Arc<Outcome>| o.kind).unwrap_or_default(),
    };
    ui.label(lang.with(
        "customers.finding",
        &[
            ("count", lang.count(risky as u64)),
            ("all", lang.count(here as u64)),
            ("threshold", percent(threshold)),
            ("model", lang.t(&format!("model.{}", kind.name()))),
        ],
    ));
}

/// This month's file: what is different in it, and what changed since the last list.
fn banner(ui: &mut Ui, scene: &mut Scene<'_>, month: &Month) {
    let lang = scene.lang;
    parts::card(ui, 12, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            let name = [("file", month.table().name.clone())];
            ui.label(RichText::new(lang.with("month.title", &name)).font(theme::section_font()));
            if ui.button(Command::CloseMonth.text(lang)).clicked() {
                scene.send.push(Command::CloseMonth);
            }
        });
        match scene.state.since.clone().as_deref() {
            None => parts::muted(ui, lang.t("month.first")),
            Some((before, changes)) => {
                let args = [("file", before.file.clone()), ("day", before.made.clone())];
                parts::muted(ui, lang.with("month.since", &args));
                ui.horizontal_wrapped(|ui| {
                    let all = [Change::NewlyAtRisk, Change::StillAtRisk, Change::NoLongerAtRisk];
                    for change in all.into_iter().chain([Change::NewCustomer, Change::Left]) {
                        let count = changes.count(change);
                        let name = lang.t(&format!("change.{}", change.name()));
                        let on = scene.page.only_change == Some(change);
                        if ui.selectable_label(on, format!("{name}  {}", lang.count(count as u64))).clicked()
                        {
                            scene.page.only_change = (!on).then_some(change);
                        }
                    }
                    if !changes.gone.is_empty() {
                        let masked = scene.prefs.projector;
                        let gone = changes.gone.iter().take(30);
                        let shown: Vec<String> = gone.map(|id| words::shown_id(id, masked)).collect();
                        let text =
                            lang.with("month.gone", &[("count", lang.count(changes.gone.len() as u64))]);
                        ui.label(text).on_hover_text(shown.join(", "));
                    }
                });
            }
        }
        let told = words::differences(lang, month.differences(), words::Against::Model);
        if told.is_empty() {
            parts::muted(ui, lang.t("month.no_differences"));
        } else {
            let head = lang.with("month.differences", &[("count", month.differences().count().to_string())]);
            egui::CollapsingHeader::new(head).default_open(told.len() <= 4).show(ui, |ui| {
                for line in told {
                    ui.add(egui::Label::new(format!("△ {line}")).wrap());
                }
            });
        }
    });
    ui.add_space(S2);
}

fn toolbar(ui: &mut Ui, scene: &mut Scene<'_>, month: Option<&Month>) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("customers.search"));
        let edit = egui::TextEdit::singleline(&mut scene.page.search).desired_width(150.0);
        ui.add(edit).labelled_by(label.id);
        if month.is_none()
            && let Some(found) = scene.state.segments.clone()
        {
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
        if let Some(people) = scene.page.only_people.clone().filter(|_| month.is_none()) {
            let text = format!("{}  ×", people.name);
            if ui.selectable_label(true, text).on_hover_text(lang.t("classes.all_again")).clicked() {
                scene.page.only_people = None;
            }
        }
        if let Some((said, was)) = scene.page.cell.filter(|_| month.is_none()) {
            let part =
                |yes: bool, key: &str| lang.t(&format!("evaluate.{key}_{}", if yes { "yes" } else { "no" }));
            let text = format!("{} · {}  ×", part(was, "was"), part(said, "said"));
            if ui.selectable_label(true, text).on_hover_text(lang.t("customers.cell.help")).clicked() {
                scene.page.cell = None;
            }
        }
        if let Some(slice) =
            scene.page.slice.clone().filter(|slice| month.is_none() && slice.is_of(scene.state))
        {
            let text = format!("{}  ×", slice.name(lang));
            if ui.selectable_label(true, text).on_hover_text(lang.t("slices.chosen.help")).clicked() {
                scene.page.slice = None;
            }
        }
        let top = ui.cursor().min;
        let export = parts::primary(ui, lang.t("command.export"), true);
        tour::anchor(ui, "export", egui::Rect::from_min_size(top, egui::vec2(150.0, 34.0)));
        if export {
            scene.send.push(Command::ExportCallList);
        }
        let more = [
            (Command::NextMonth, "customers.month.help"),
            (Command::SaveReport, "customers.report.help"),
            (Command::SaveBundle, "customers.bundle.help"),
        ];
        for (command, help) in more {
            let ready = scene.state.bundle.is_some() && !scene.state.bundling();
            let button = egui::Button::new(command.text(lang)).min_size(egui::vec2(0.0, 34.0));
            if ui.add_enabled(ready, button).on_hover_text(lang.t(help)).clicked() {
                scene.send.push(command);
            }
        }
    });
}

fn grid(ui: &mut Ui, scene: &mut Scene<'_>, list: &[Customer], month: Option<&Month>) {
    let lang = scene.lang;
    let p = Palette::of(ui);
    let since = scene.state.since.clone();
    let changes = since.as_ref().map(|since| &since.1);
    let columns = scene.state.list_columns(changes.is_some());
    let chosen = scene.page.chosen(scene.state);
    let heads: Vec<table::Head> = columns
        .iter()
        .map(|column| {
            let name = column.name(lang);
            match column {
                Column::Rank => table::Head::number(name, 52.0),
                Column::Risk | Column::Before => table::Head::number(name, 76.0),
                Column::Id => table::Head::text(name, 104.0),
                Column::Why => table::Head::text(name, 330.0),
                Column::Segment => table::Head::text(name, 190.0),
                Column::Class => table::Head::text(name, 150.0),
                Column::FollowUp => table::Head::text(name, 96.0),
                Column::Change => table::Head::text(name, 130.0),
                Column::Actual | Column::Side => table::Head::text(name, 84.0),
            }
        })
        .collect();
    let page = &mut *scene.page;
    let segments = scene.state.segments.clone();
    let reasons = scene.state.reasons.clone();
    let classes = Some(scene.state.classes_of());
    let beside = Beside {
        segments: segments.as_deref().filter(|_| month.is_none()),
        reasons: reasons.as_ref().map(|reasons| &reasons.of),
        changes,
        follow_ups: Some(&scene.state.follow_ups),
        classes: classes.as_ref().filter(|_| month.is_none()),
        masked: scene.prefs.projector,
    };
    ui.horizontal(|ui| {
        let args =
            [("shown", lang.count(page.order.places.len() as u64)), ("all", lang.count(list.len() as u64))];
        parts::muted(ui, lang.with("common.shown_of", &args));
        if scene.state.finding_reasons() {
            parts::muted(ui, lang.t("customers.finding_reasons"));
        }
        let places = &page.order.places;
        take::table_menu(ui, lang, &lang.t("page.customers.name"), || {
            words::ranked(lang, columns, list, places.iter().copied(), &beside)
        });
    });
    if page.order.places.is_empty() {
        parts::muted(ui, lang.t("customers.none"));
        return;
    }
    let chosen = chosen.and_then(|one| page.order.row_of(one));
    let threshold = scene.state.settings.threshold;
    let sorted = page.sort.and_then(|(column, up)| Some((columns.iter().position(|c| *c == column)?, up)));
    let spec = table::Table {
        // Each list remembers the widths of its own columns.
        id: if month.is_some() { "month's customers" } else { "customers" },
        heads: &heads,
        sorted: Some(sorted.unwrap_or((2, false))),
        rows: page.order.places.len(),
        height: (ui.available_height() - 40.0).max(240.0),
        chosen: Some(chosen),
        scroll_to: chosen.filter(|_| std::mem::take(&mut page.follow_customer)),
    };
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let at = page.order.places[row];
        let cell = columns[column].cell(lang, at, &list[at], &beside);
        if columns[column] == Column::Risk {
            let risky = list[at].probability >= threshold;
            let mark = if risky { "● " } else { "" };
            let color = if risky { p.bad } else { p.ink };
            let text = RichText::new(format!("{mark}{}", cell.text())).color(color);
            ui.add(egui::Label::new(text).selectable(false));
        } else {
            table::plain(ui, cell.text());
        }
    });
    if let Some(column) = clicked.head.and_then(|at| columns.get(at)).filter(|column| column.sorts()) {
        let up = page.sort.is_none_or(|(old, up)| old != *column || !up);
        page.sort = Some((*column, up));
    }
    if let Some(at) = clicked.row.and_then(|row| page.order.places.get(row)).copied() {
        page.choose(scene.state, at);
    }
    if month.is_none() {
        parts::muted(ui, lang.t("customers.side.note"));
    }
}
