//! Today's list: whom to call, why, what to say, what it costs and what it should bring.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::{self, RichText, TextEdit, Ui};
use regulars_engine::deploy::{Customer, Reason};
use regulars_engine::evaluate::money::{Book, Called, REST_DAYS};

use crate::window::command::Command;
use crate::window::pages::{EvaluateTab, Page, Scene};
use crate::window::parts::{self, form, table};
use crate::window::state::Reasons;
use crate::window::theme::{self, S2, S3};
use crate::words::money::{amount, say, strongest, usual_line};
use crate::words::{self, percent};

/// What the list was looked through for: itself, its length, the reasons.
type Key = (u64, usize, usize);

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    /// Today's list is shown instead of everyone.
    pub on: bool,
    key: Option<Key>,
    /// The strongest reasons of the list: one of the customers that have it, and how many do.
    openings: Vec<(Option<Reason>, usize)>,
}

impl View {
    fn follow(&mut self, key: Key, list: &[Customer], places: &[usize], reasons: Option<&Reasons>) {
        if self.key == Some(key) {
            return;
        }
        self.key = Some(key);
        let mut found: HashMap<&str, (Option<&Reason>, usize)> = HashMap::new();
        if let Some(reasons) = reasons {
            let known = places.iter().filter_map(|&at| reasons.of.get(&list.get(at)?.place));
            for strongest in known.map(|reasons| strongest(reasons)) {
                let column = strongest.map_or("", |reason| reason.column.as_str());
                found.entry(column).or_insert((strongest, 0)).1 += 1;
            }
        }
        self.openings = found.into_values().map(|(reason, count)| (reason.cloned(), count)).collect();
        let column = |reason: &Option<Reason>| reason.as_ref().map(|reason| reason.column.clone());
        self.openings.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| column(&a.0).cmp(&column(&b.0))));
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, list: &[Customer]) {
    let lang = scene.lang;
    scene.state.follow_book();
    let Some((book, called)) = scene.state.today() else {
        parts::muted(ui, lang.t("today.counting"));
        return;
    };
    lead(ui, scene, &book, &called);
    ui.horizontal_wrapped(|ui| {
        if parts::primary(ui, lang.t("today.export"), called.calls > 0) {
            scene.send.push(Command::ExportCallList);
        }
        if ui.add(parts::tall(lang.t("today.to_money"))).clicked() {
            scene.page.evaluate_tab = EvaluateTab::Money;
            scene.send.push(Command::Go(Page::Evaluate));
        }
        if scene.state.finding_reasons() {
            parts::muted(ui, lang.t("customers.finding_reasons"));
        }
    });
    ui.add_space(S2);
    if called.calls == 0 {
        parts::muted(ui, lang.t("today.nobody"));
        return;
    }
    let reasons = scene.state.reasons.clone();
    let height = (ui.available_height() - 120.0).max(220.0);
    calls(ui, scene, list, (&book, &called), height);
    ui.add_space(S3);
    let reasons_id = reasons.as_ref().map_or(0, |reasons| Arc::as_ptr(reasons) as usize);
    let key = (scene.state.list_id, called.calls, reasons_id);
    scene.page.today.follow(key, list, book.first(called.calls), reasons.as_deref());
    let head = lang.t("today.lines");
    egui::CollapsingHeader::new(head).id_salt("what to say").show(ui, |ui| lines(ui, scene));
}

/// The answer in two sentences, and who is left out.
pub(in crate::window) fn lead(ui: &mut Ui, scene: &Scene<'_>, book: &Book, called: &Called) {
    let lang = scene.lang;
    let spec = &scene.state.settings.money;
    let money = |value: f64| amount(lang, &spec.currency, value);
    let args = [
        ("calls", lang.count(called.calls as u64)),
        ("cost", money(called.cost)),
        ("worth", money(called.worth)),
        ("profit", money(called.profit)),
        ("kept", format!("{:.1}", called.kept)),
        ("threshold", percent(scene.state.settings.threshold)),
    ];
    let key = if called.calls == 0 { "today.lead_none" } else { "today.lead" };
    let text = RichText::new(lang.with(key, &args)).font(theme::section_font());
    ui.add(egui::Label::new(text).wrap());
    let mut more = vec![lang.with("today.how", &args)];
    if called.wanted > called.calls {
        let args = [("wanted", lang.count(called.wanted as u64)), ("calls", lang.count(called.calls as u64))];
        more.push(lang.with("today.cut", &args));
    }
    if book.refuse > 0 {
        more.push(lang.with("today.refuse", &[("count", lang.count(book.refuse as u64))]));
    }
    if book.resting > 0 {
        let args = [("count", lang.count(book.resting as u64)), ("days", REST_DAYS.to_string())];
        more.push(lang.with("today.resting", &args));
    }
    let color = theme::Palette::of(ui).muted;
    ui.add(egui::Label::new(RichText::new(more.join(" ")).color(color)).wrap());
    if spec.is_example() {
        parts::caution(ui, &lang.t("today.example"));
    }
    ui.add_space(S2);
}

/// The list itself, in the order of risk.
pub(in crate::window) fn calls(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    list: &[Customer],
    (book, called): (&Book, &Called),
    height: f32,
) {
    let lang = scene.lang;
    let reasons = scene.state.reasons.clone();
    let has_contacts = scene.state.origin().is_some_and(|origin| !origin.contact_columns().is_empty());
    let text = |key: &str, width| table::Head::text(lang.t(key), width);
    let mut heads = vec![
        table::Head::number(lang.t("customers.rank"), 44.0),
        text("customers.id", 92.0),
        table::Head::number(lang.t("customers.risk"), 66.0),
        table::Head::number(lang.t("today.brings"), 92.0),
        text("customers.why", 200.0),
        text("today.say", 190.0),
    ];
    if has_contacts {
        heads.push(text("customers.contacts", 120.0));
    }
    let places = book.first(called.calls);
    let chosen = scene.page.chosen(scene.state).and_then(|one| places.iter().position(|at| *at == one));
    let spec = table::Table {
        id: "today",
        heads: &heads,
        sorted: None,
        rows: places.len(),
        height,
        chosen: Some(chosen),
        scroll_to: chosen.filter(|_| std::mem::take(&mut scene.page.follow_customer)),
    };
    let (state, masked) = (&*scene.state, scene.prefs.projector);
    let money = &state.settings.money;
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some(customer) = places.get(row).and_then(|&at| list.get(at)) else { return };
        let why = reasons.as_ref().and_then(|reasons| reasons.of.get(&customer.place));
        let known: &[Reason] = why.map_or(&[], Vec::as_slice);
        match column {
            0 => table::plain(ui, lang.count(row as u64 + 1)),
            1 => table::plain(ui, words::shown_id(&customer.id, masked)),
            2 => table::plain(ui, percent(customer.probability)),
            3 => table::plain(ui, amount(lang, &money.currency, money.profit(customer.probability, 1.0))),
            4 => {
                let told: Vec<String> = known.iter().map(|one| words::reason(lang, one)).collect();
                table::plain(ui, told.join(" · "));
            }
            5 => {
                let id = words::shown_id(&customer.id, masked);
                table::plain(ui, if why.is_some() { say(lang, money, &id, known) } else { String::new() });
            }
            _ => {
                let told = state.contacts(customer, false).into_iter().next();
                table::plain(ui, told.map_or_else(String::new, |(_, value)| value));
            }
        }
    });
    if let Some(at) = clicked.row.and_then(|row| places.get(row)).copied() {
        scene.page.choose(scene.state, at);
    }
}

/// A line for each strongest reason, to be written anew.
fn lines(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::muted(ui, lang.t("today.lines.help"));
    if scene.page.today.openings.is_empty() {
        parts::muted(ui, lang.t("customers.no_reasons"));
    }
    let money = &mut scene.state.settings.money;
    for (reason, count) in &scene.page.today.openings {
        let column = reason.as_ref().map_or("", |reason| reason.column.as_str());
        ui.push_id(column, |ui| {
            let args = [("column", column.to_owned()), ("count", lang.count(*count as u64))];
            let key = if reason.is_some() { "today.line" } else { "today.line_none" };
            let label = ui.label(lang.with(key, &args));
            let own = money.line(lang.code(), column).map(str::to_owned);
            let mut text = own.clone().unwrap_or_else(|| usual_line(lang, reason.as_ref()));
            let edit = TextEdit::multiline(&mut text).desired_rows(1).desired_width(f32::INFINITY);
            let response = ui.add(edit).labelled_by(label.id);
            form::typing(ui, &response);
            if response.changed() {
                money.set_line(lang.code(), column, Some(text));
            }
            if own.is_some() && ui.button(lang.t("today.line_usual")).clicked() {
                money.set_line(lang.code(), column, None);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_counted_by_the_strongest_reason_that_drives_away() {
        let customer = |place: usize| Customer {
            row: place as u32,
            id: format!("C{place}"),
            named: true,
            probability: 0.5,
            side: None,
            actual: None,
            segment: None,
            place,
            rank: place + 1,
        };
        let list: Vec<Customer> = (0..4).map(customer).collect();
        let reason = |column: &str, share: f64| Reason {
            column: column.into(),
            value: Some("1".into()),
            usual: "2".into(),
            share,
        };
        let of = [
            (0, vec![reason("age", -0.3), reason("visits", 0.2)]),
            (1, vec![reason("visits", 0.2)]),
            (2, vec![reason("age", -0.3)]),
        ];
        let reasons = Reasons { base: 0.3, of: of.into_iter().collect() };
        let mut view = View::default();
        view.follow((1, 4, 1), &list, &[0, 1, 2, 3], Some(&reasons));
        let told: Vec<(Option<&str>, usize)> = view
            .openings
            .iter()
            .map(|(reason, count)| (reason.as_ref().map(|reason| reason.column.as_str()), *count))
            .collect();
        assert_eq!(told, [(Some("visits"), 2), (None, 1)]);
        view.follow((1, 1, 1), &list, &[0], Some(&reasons));
        assert_eq!(view.openings.len(), 1);
    }
}
