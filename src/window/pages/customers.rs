//! Customers: everyone, the most likely to leave first, and why; what changed since the last list;
//! searched, filtered, followed up, taken away.

pub(in crate::window) mod card;
pub(in crate::window) mod today;

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::{Answer, Change, Changes, Customer, FollowUp, Reason, today};
use regulars_engine::project::{Month, Outcome};
use regulars_engine::split::Side;

use super::{PageState, Picked, Scene, evaluate};
use crate::window::command::Command;
use crate::window::parts::{self, table, take};
use crate::window::state::State;
use crate::window::theme::{self, Palette, S1, S2, S3};
use crate::window::tour;
use crate::words::{self, Beside, ClassesOf, Column, Lang, percent, segment_name};

/// What the list is narrowed to, and its order.
#[derive(Debug, Clone)]
struct Filter {
    search: String,
    segment: Option<usize>,
    people: Option<Arc<Picked>>,
    with_left: bool,
    change: Option<Change>,
    cell: Option<(bool, bool)>,
    slice: Option<evaluate::slices::Chosen>,
    threshold: f64,
    sort: Option<(Column, bool)>,
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        let of = |filter: &Self| filter.people.as_ref().map(Arc::as_ptr);
        let rest =
            |f: &Self| (f.search.clone(), f.segment, f.with_left, f.change, f.cell, f.threshold, f.sort);
        of(self) == of(other) && rest(self) == rest(other)
    }
}

/// Which customers are shown, in which order; made again when list, search or sorting change.
#[derive(Debug, Default)]
pub struct Order {
    key: Option<Filter>,
    /// [`State::list_id`] of the list.
    made_for: u64,
    classes: ClassesOf,
    places: Vec<usize>,
    /// A place that was looked for, and where it stands among those shown: looked for once.
    row: Option<(usize, Option<usize>)>,
}

impl Order {
    fn follow(
        &mut self,
        (list, id): (&[Customer], u64),
        changes: Option<&Changes>,
        classes: &ClassesOf,
        filter: Filter,
    ) {
        if self.made_for == id && self.key.as_ref() == Some(&filter) && self.classes == *classes {
            return;
        }
        self.classes = classes.clone();
        let wanted = filter.search.trim().to_lowercase();
        let change = |at: usize| changes.and_then(|changes| changes.of.get(at)).copied();
        let behind = |c: &Customer, (said, was): (bool, bool)| {
            let test = c.side == Some(Side::Test);
            test && (c.probability >= filter.threshold) == said && c.actual == Some(was)
        };
        self.places = (0..list.len())
            .filter(|&at| filter.segment.is_none() || list[at].segment == filter.segment)
            .filter(|&at| filter.people.as_ref().is_none_or(|people| people.rows.contains(&list[at].row)))
            .filter(|&at| {
                filter.with_left
                    || filter.cell.is_some()
                    || filter.people.is_some()
                    || filter.slice.is_some()
                    || list[at].actual != Some(true)
                    || filter.change == Some(Change::Left)
            })
            .filter(|&at| filter.change.is_none_or(|one| change(at).is_some_and(|(c, _)| c == one)))
            .filter(|&at| filter.cell.is_none_or(|cell| behind(&list[at], cell)))
            .filter(|&at| filter.slice.as_ref().is_none_or(|slice| slice.holds(list[at].place)))
            .filter(|&at| wanted.is_empty() || list[at].id.to_lowercase().contains(&wanted))
            .collect();
        // The list itself is in the order of risk.
        if let Some((column, ascending)) = filter.sort {
            let before = |at: usize| change(at).and_then(|(_, before)| before).unwrap_or(-1.0);
            match column {
                Column::Id => self.places.sort_by(|&a, &b| list[a].id.cmp(&list[b].id)),
                Column::Before => self.places.sort_by(|&a, &b| before(a).total_cmp(&before(b))),
                Column::Change => self.places.sort_by_key(|&at| change(at).map(|(change, _)| change)),
                Column::Actual => self.places.sort_by_key(|&at| list[at].actual.map_or(2, |a| u8::from(!a))),
                Column::Segment => self.places.sort_by_key(|&at| list[at].segment),
                Column::Class => self.places.sort_by_cached_key(|&at| classes.names(list[at].row).to_vec()),
                Column::Side => self.places.sort_by_key(|&at| list[at].side.map(|side| side as u8)),
                Column::Risk | Column::Rank | Column::Why | Column::FollowUp => {}
            }
            let by_risk = matches!(column, Column::Risk);
            if ascending == by_risk {
                self.places.reverse();
            }
        }
        self.made_for = id;
        self.key = Some(filter);
        self.row = None;
    }

    /// Where a place of the list stands among those shown.
    fn row_of(&mut self, place: usize) -> Option<usize> {
        if let Some((_, row)) = self.row.filter(|(of, _)| *of == place) {
            return row;
        }
        let row = self.places.iter().position(|at| *at == place);
        self.row = Some((place, row));
        row
    }
}

/// Brings the order up to the list in force and to what it is narrowed to; done before anything is
/// taken from it, whether the page is shown or not.
fn follow_list(page: &mut PageState, state: &State) {
    let Some(list) = state.list() else { return };
    let is_month = state.month.is_some();
    let changes = state.since.as_ref().map(|since| &since.1);
    let columns = state.list_columns(changes.is_some());
    let filter = Filter {
        search: page.search.clone(),
        segment: page.only_segment.filter(|_| !is_month),
        people: page.only_people.clone().filter(|_| !is_month),
        with_left: page.with_left,
        change: page.only_change.filter(|_| changes.is_some()),
        cell: page.cell.filter(|_| !is_month),
        slice: page.slice.clone().filter(|slice| !is_month && slice.is_of(state)),
        threshold: state.settings.threshold,
        sort: page.sort.filter(|(column, _)| column.sorts() && columns.contains(column)),
    };
    page.order.follow((list, state.list_id), changes, &state.classes_of(), filter);
}

/// Places of the customers shown, in their order.
pub(in crate::window) fn shown_places(page: &mut PageState, state: &State) -> Vec<usize> {
    if page.today.on
        && let Some((book, called)) = state.today()
    {
        return book.first(called.calls).to_vec();
    }
    follow_list(page, state);
    if state.list().is_some() { page.order.places.clone() } else { Vec::new() }
}

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

/// The chosen customer: why, and what was done.
pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let chosen = scene.page.chosen(scene.state).and_then(|at| scene.state.list()?.get(at).cloned());
    let Some(customer) = chosen else {
        parts::section(ui, lang.t("customers.nobody"));
        parts::muted(ui, lang.t("customers.nobody.text"));
        return;
    };
    parts::section(ui, words::shown_id(&customer.id, scene.prefs.projector));
    if customer.actual == Some(true) {
        let text = RichText::new(format!("● {}", lang.t("badge.left")));
        let text = text.color(Palette::of(ui).bad).family(theme::strong());
        ui.label(text).on_hover_text(lang.t("badge.left.help"));
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(percent(customer.probability)).font(theme::figure_font()));
        parts::muted(ui, lang.t("badge.model_says"));
    });
    card::such(ui, scene, &customer);
    card::tabs(ui, scene);
    if scene.page.card.tab != card::Tab::Why {
        card::show(ui, scene, &customer);
        card::print(ui, scene);
        return;
    }
    // Found once for each customer and list.
    let key = (scene.state.list_id, customer.row);
    let kept = scene.page.whole.take().filter(|(of, _)| *of == key);
    let (_, whole) = kept.unwrap_or_else(|| (key, scene.state.whole_reason(&customer)));
    match &whole {
        Some((base, reasons)) => why(ui, lang, (&customer, *base, reasons), &mut scene.page.card.all_reasons),
        None => parts::muted(ui, lang.t("customers.no_reasons")),
    }
    scene.page.whole = Some((key, whole));
    contacts(ui, scene, &customer);
    follow_up(ui, scene, &customer);
    card::print(ui, scene);
    card::forget(ui, scene, &customer);
}

/// How to reach the customer: masked until it is asked for, always masked on a projector.
fn contacts(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    let clear = scene.page.contacts_clear && !scene.prefs.projector;
    let list = scene.state.contacts(customer, clear);
    if list.is_empty() {
        return;
    }
    parts::section(ui, lang.t("customers.contacts"));
    for (name, value) in list {
        ui.horizontal_wrapped(|ui| {
            parts::muted(ui, name);
            ui.label(value);
        });
    }
    if !scene.prefs.projector {
        ui.checkbox(&mut scene.page.contacts_clear, lang.t("customers.show_contacts"));
    }
}

/// The shares as bars from the base to the customer's probability.
fn why(ui: &mut Ui, lang: Lang, (customer, base, reasons): (&Customer, f64, &[Reason]), all: &mut bool) {
    const STRONGEST: usize = 3;
    const MOST: usize = 7;
    let most_shown = if *all { MOST } else { STRONGEST };
    let p = Palette::of(ui);
    parts::muted(ui, lang.with("reason.base", &[("base", percent(base))]));
    // Of what is shown: the rest takes what rounding leaves, so that the sum is right to the eye.
    let shown: f64 = reasons.iter().take(most_shown).map(|r| words::tenths(r.share)).sum();
    let whole = words::tenths(customer.probability) - words::tenths(base);
    let rest = (whole - shown) / 100.0;
    let most = reasons.iter().map(|r| r.share.abs()).fold(rest.abs().max(0.01), f64::max);
    let bar = |ui: &mut Ui, text: &str, column: &str, share: f64| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let told = ui.add(egui::Label::new(text).wrap());
        if !column.is_empty() {
            told.on_hover_text(column);
        }
        let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 8.0), egui::Sense::hover());
        let middle = rect.center().x;
        let long = (share.abs() / most) as f32 * rect.width() / 2.0;
        let (from, to, color) =
            if share >= 0.0 { (middle, middle + long, p.bad) } else { (middle - long, middle, p.good) };
        let mark = egui::Rect::from_x_y_ranges(from..=to.max(from + 1.0), rect.y_range());
        ui.painter().rect_filled(mark, 2, color);
        ui.painter().vline(middle, rect.y_range(), egui::Stroke::new(1.0, p.line));
        ui.add_space(S1);
    };
    for one in reasons.iter().take(most_shown) {
        bar(ui, &words::reason(lang, one), &one.column, one.share);
    }
    bar(ui, &lang.with("reason.rest", &[("points", words::points(rest))]), "", rest);
    if reasons.len() > STRONGEST {
        ui.checkbox(all, lang.t("card.all_reasons"));
    }
    let total = [
        ("base", percent(base)),
        ("points", words::points(whole / 100.0)),
        ("risk", percent(customer.probability)),
    ];
    ui.label(lang.with("reason.sum", &total)).on_hover_text(lang.t("reason.method"));
    parts::muted(ui, lang.t("reason.no_cause"));
}

fn follow_up(ui: &mut Ui, scene: &mut Scene<'_>, customer: &Customer) {
    let lang = scene.lang;
    parts::section(ui, lang.t("customers.follow_up"));
    if !customer.named {
        parts::muted(ui, lang.t("follow.no_id"));
        return;
    }
    let mut record: FollowUp = scene.state.follow_ups.get(&customer.id).cloned().unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        if ui.button(lang.t("follow.contacted_today")).clicked() {
            record.contacted = Some(today());
        }
        if let Some(day) = record.contacted.clone() {
            ui.label(lang.with("follow.contacted_on", &[("day", day)]));
            if ui.button(lang.t("follow.not_contacted")).clicked() {
                record.contacted = None;
            }
        }
    });
    parts::setting(ui, lang, "answer", |ui| {
        let name = lang.t("follow.answer");
        let words = |answer: Answer| lang.t(&format!("answer.{}", answer.name()));
        parts::choose(ui, &name, &mut record.answer, &Answer::ALL, words);
    });
    let label = ui.label(lang.t("follow.note"));
    let edit = egui::TextEdit::multiline(&mut record.note).desired_rows(2).desired_width(f32::INFINITY);
    ui.add(edit).labelled_by(label.id);
    ui.checkbox(&mut record.do_not_contact, lang.t("follow.do_not_contact"));
    scene.state.follow_up(&customer.id, record);
    ui.add_space(S3);
    ui.horizontal(|ui| {
        for command in [Command::PreviousCustomer, Command::NextCustomer] {
            if ui.button(command.text(lang)).clicked() {
                scene.send.push(command);
            }
        }
    });
}
