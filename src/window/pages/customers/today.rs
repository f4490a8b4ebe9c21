//! Today's list: whom to call, why, what to say, what it costs and what it should bring.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::{self, RichText, TextEdit, Ui};
use regulars_engine::deploy::{Customer, Reason};
use regulars_engine::evaluate::money::{Book, Called, REST_DAYS};

use crate::window::command::Command;
use crate::window::pages::{EvaluateTab, Page, Scene};
use crate::window::parts::{self, form, table};
use crate::window::state::{Reasons, State};
use crate::window::theme::{self, S1, S2, S3};
use crate::words::money::{amount, say, strongest, usual_line};
use crate::words::{self, Lang, percent};

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
            // Reasons are found from the top of the list: beyond as many places nobody has any.
            let top = places.iter().take(reasons.of.len());
            let known = top.filter_map(|&at| reasons.of.get(&list.get(at)?.place));
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

/// The model behind the list, and which of several that is.
pub(in crate::window) fn model_used(ui: &mut Ui, scene: &Scene<'_>) {
    let lang = scene.lang;
    let state = &*scene.state;
    let (kind, file) = match (&state.month, state.shown()) {
        (Some(month), _) => (month.bundle.model.kind(), month.table().name.clone()),
        (None, Some(outcome)) => {
            (outcome.kind, state.table.as_ref().map_or_else(String::new, |table| table.name.clone()))
        }
        (None, None) => return,
    };
    let models = state.outcomes.len();
    let args = [
        ("model", lang.t(&format!("model.{}", kind.name()))),
        ("file", file),
        ("count", lang.count(models as u64)),
    ];
    parts::muted(ui, lang.with(if models > 1 { "plan.model_of" } else { "plan.model" }, &args));
}

/// The answer in two sentences, and who is left out.
pub(in crate::window) fn lead(ui: &mut Ui, scene: &mut Scene<'_>, book: &Book, called: &Called) {
    let lang = scene.lang;
    let spec = &scene.state.settings.money;
    let (said, args) = words::money::lead(lang, spec, called, scene.state.settings.threshold);
    let text = RichText::new(said).font(theme::section_font());
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
        example(ui, scene);
    }
    model_used(ui, scene);
    ui.add_space(S2);
}

/// Height of a row: who and how to reach them, why and what to say, in lines above each other.
const ROW: f32 = 92.0;
/// Contact columns that stand under a customer's name.
const CONTACTS: usize = 2;

/// The prices are nobody's: one line, and the way to where they are set.
fn example(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.prefs.page == Page::Evaluate {
        parts::caution(ui, &lang.t("plan.example_here"));
        return;
    }
    if parts::suggestion(ui, &lang.t("plan.example"), &lang.t("plan.set_prices"), true) {
        scene.page.evaluate_tab = EvaluateTab::Money;
        scene.send.push(Command::Go(Page::Evaluate));
    }
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
    if has_contacts && !scene.prefs.projector {
        ui.checkbox(&mut scene.page.contacts_clear, lang.t("badge.show_contacts"));
    }
    let why = format!("{} · {}", lang.t("customers.why"), lang.t("today.say"));
    let heads = [
        table::Head::number(lang.t("customers.rank"), 44.0),
        table::Head::text(lang.t("customers.id"), if has_contacts { 150.0 } else { 100.0 }),
        table::Head::number(lang.t("customers.risk"), 66.0),
        table::Head::number(lang.t("today.brings"), 92.0),
        table::Head::text(why, 300.0),
    ];
    let places = book.first(called.calls);
    let chosen = scene.page.chosen(scene.state).and_then(|one| places.binary_search(&one).ok());
    let spec = table::Table {
        // Columns of another width than those of the first such table.
        id: "today's calls",
        heads: &heads,
        sorted: None,
        rows: places.len(),
        height,
        chosen: Some(chosen),
        scroll_to: chosen.filter(|_| std::mem::take(&mut scene.page.follow_customer)),
    };
    let clear = scene.page.contacts_clear && !scene.prefs.projector;
    let (state, masked) = (&*scene.state, scene.prefs.projector);
    let money = &state.settings.money;
    let clicked = table::show_tall(ui, &spec, ROW, |ui, row, column| {
        let Some(customer) = places.get(row).and_then(|&at| list.get(at)) else { return };
        match column {
            0 => table::plain(ui, lang.count(row as u64 + 1)),
            1 => who(ui, state, customer, (masked, clear)),
            2 => table::plain(ui, percent(customer.probability)),
            3 => table::plain(ui, amount(lang, &money.currency, money.profit(customer.probability, 1.0))),
            _ => {
                let known = reasons.as_ref().and_then(|reasons| reasons.of.get(&customer.place));
                if let Some(known) = known {
                    let id = words::shown_id(&customer.id, masked);
                    why_and_say(ui, lang, known, &say(lang, money, &id, known));
                }
            }
        }
    });
    if let Some(at) = clicked.row.and_then(|row| places.get(row)).copied() {
        scene.page.choose(scene.state, at);
    }
}

/// A customer with how to reach them: masked unless asked for, always masked on a projector.
fn who(ui: &mut Ui, state: &State, customer: &Customer, (masked, clear): (bool, bool)) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add_space(S1);
        table::plain(ui, words::shown_id(&customer.id, masked));
        for (column, text) in state.contacts(customer, clear).into_iter().take(CONTACTS) {
            let text = RichText::new(text).small().color(theme::Palette::of(ui).muted);
            table::lines(ui, text, 1, &column);
        }
    });
}

/// The strongest reason that drives away, else the strongest; and what to say. All reasons, with the
/// columns' own names, are on hover.
fn why_and_say(ui: &mut Ui, lang: Lang, known: &[Reason], say: &str) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add_space(S1);
        if let Some(first) = strongest(known).or(known.first()) {
            let all: Vec<String> = known.iter().map(|one| words::reason_with_column(lang, one)).collect();
            let muted = theme::Palette::of(ui).muted;
            let text = RichText::new(words::reason(lang, first)).small().color(muted);
            table::lines(ui, text, 2, &all.join("\n"));
        }
        table::lines(ui, RichText::new(say), 2, "");
    });
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
            let args = [("column", words::column_name(lang, column)), ("count", lang.count(*count as u64))];
            let key = if reason.is_some() { "today.line" } else { "today.line_none" };
            let label = ui.label(lang.with(key, &args)).on_hover_text(column);
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
