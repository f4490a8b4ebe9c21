//! The chosen customer: why, how to reach them, and what was done.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::deploy::{Answer, Customer, FollowUp, Reason, today};

use super::card;
use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{self, Palette, S1, S3};
use crate::words::{self, Lang, percent};

/// The chosen customer: why, and what was done.
pub(in crate::window::pages) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
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
