//! Same customer?: pairs of rows that may be one customer, side by side, decided on one by one; how
//! they are merged, and the step that does it.

mod merging;

use eframe::egui::{self, Key, RichText, Slider, Ui};
use regulars_engine::clean::same_customer::{Found, Pair, Side, Verdict, review};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy;
use regulars_engine::table::Frame;

use super::Scene;
use crate::window::parts::{self, table, take};
use crate::window::theme::{Palette, S2, S3, section_font, strong};
use crate::words::{Lang, percent};

/// Compared columns by which a row is called in the list.
const CALLED_BY: usize = 2;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_twins();
    ui.add(egui::Label::new(lang.t("twins.intro")).wrap());
    ui.add_space(S2);
    search(ui, scene);
    let Some((found, frame)) = scene.state.twins.found() else {
        merging::compared(ui, scene);
        return;
    };
    let (found, frame) = (found.clone(), frame.clone());
    counts(ui, scene, &found);
    for note in &found.notes {
        parts::caution(ui, &lang.note(note));
    }
    merging::step(ui, scene, &found);
    if found.pairs.is_empty() {
        ui.label(lang.t("twins.none"));
    } else {
        keys(ui, scene);
        pairs(ui, scene, &found, &frame);
        chosen(ui, scene, &found, &frame);
    }
    merging::rules(ui, scene, &frame);
    merging::compared(ui, scene);
}

/// The button that looks, and from which score on a pair is sure, or shown.
fn search(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let busy = scene.state.twins.searching() || scene.state.preparing();
    let stale = scene.state.twins.stale();
    let is_done = scene.state.twins.found().is_some();
    let verb = lang.t(if is_done { "twins.look_again" } else { "twins.look" });
    let mut wish = false;
    ui.horizontal_wrapped(|ui| {
        // Once pairs are there, merging is what the page is for.
        wish = match is_done && !stale {
            true => ui.add_enabled(!busy, parts::tall(verb)).clicked(),
            false => parts::primary(ui, verb, !busy),
        };
        if scene.state.twins.searching() {
            parts::muted(ui, lang.t("twins.searching"));
        } else if stale {
            parts::muted(ui, lang.t("twins.stale"));
        }
    });
    ui.horizontal_wrapped(|ui| {
        let spec = &mut scene.state.twins.spec;
        for (key, value) in
            [("twins.sure_from", &mut spec.threshold_sure), ("twins.maybe_from", &mut spec.threshold_maybe)]
        {
            let label = ui.label(lang.t(key));
            let mut share = 100.0 * *value;
            let slider = Slider::new(&mut share, 5.0..=99.9).fixed_decimals(1).suffix("%");
            if ui.add_enabled(!busy, slider).labelled_by(label.id).changed() {
                *value = share / 100.0;
            }
        }
        // What is sure is shown as well.
        spec.threshold_maybe = spec.threshold_maybe.min(spec.threshold_sure);
    });
    if wish {
        scene.state.find_twins();
    }
}

fn counts(ui: &mut Ui, scene: &Scene<'_>, found: &Found) {
    let lang = scene.lang;
    let [sure, maybe, confirmed, rejected] = scene.state.twins.counts();
    let gone: usize = found.clusters.iter().map(|rows| rows.len().saturating_sub(1)).sum();
    parts::figures(ui, |ui| {
        let figures = [("sure", sure), ("maybe", maybe), ("confirmed", confirmed), ("rejected", rejected)];
        for (key, count) in figures {
            parts::figure(ui, &lang.t(&format!("verdict.{key}")), &lang.count(count as u64), "");
        }
        parts::figure(ui, &lang.t("twins.gone"), &lang.count(gone as u64), "");
    });
    let customers = lang.count(found.clusters.len() as u64);
    let args = [("pairs", lang.count(found.candidates)), ("customers", customers)];
    parts::muted(ui, lang.with("twins.compared", &args));
}

/// Keys that go through the pairs, as long as nothing is being typed.
fn keys(ui: &Ui, scene: &mut Scene<'_>) {
    if ui.ctx().egui_wants_keyboard_input() {
        return;
    }
    let pressed = |key: Key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
    let twins = &mut scene.state.twins;
    if pressed(Key::J) {
        twins.step(true);
    } else if pressed(Key::K) {
        twins.step(false);
    } else if pressed(Key::S) {
        twins.decide(true);
    } else if pressed(Key::D) {
        twins.decide(false);
    }
}

/// What a row is called: its values in the first compared columns.
fn called(found: &Found, frame: &Frame, at: u32, is_projected: bool) -> String {
    let values: Vec<String> = found
        .comparisons
        .iter()
        .filter_map(|columns| {
            let parts: Vec<String> =
                columns.iter().filter_map(|column| frame.show(column, at as usize)).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
        .take(CALLED_BY)
        .collect();
    let text = values.join(" · ");
    if is_projected { privacy::mask(&text) } else { text }
}

/// The score as a share; never certainty.
fn likelihood(pair: &Pair) -> String {
    match f64::from(pair.score) {
        score if score > 0.9995 => ">99.9%".into(),
        score => percent(score),
    }
}

fn row_number(frame: &Frame, at: u32) -> u64 {
    frame.rows.get(at as usize).map_or(0, |row| u64::from(*row))
}

fn verdict_words(lang: Lang, verdict: Verdict) -> String {
    lang.t(match verdict {
        Verdict::Sure => "verdict.sure",
        Verdict::Maybe => "verdict.maybe",
        Verdict::Confirmed => "verdict.confirmed",
        Verdict::Rejected => "verdict.rejected",
    })
}

/// The pairs, the surest first.
fn pairs(ui: &mut Ui, scene: &mut Scene<'_>, found: &Found, frame: &Frame) {
    let lang = scene.lang;
    let is_projected = scene.prefs.projector;
    let listed = scene.state.twins.listed();
    let title = lang.t("twins.pairs");
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&title).font(section_font()));
        ui.checkbox(&mut scene.state.twins.only_open, lang.t("twins.only_open"));
        let args =
            [("shown", lang.count(listed.len() as u64)), ("all", lang.count(found.pairs.len() as u64))];
        parts::muted(ui, lang.with("common.shown_of", &args));
        let twins = &scene.state.twins;
        take::table_menu(ui, lang, &title, || Grid {
            name: title.clone(),
            header: [
                "twins.score",
                "twins.left",
                "customers.row",
                "twins.right",
                "customers.row",
                "twins.verdict",
            ]
            .map(|key| lang.t(key))
            .to_vec(),
            rows: listed
                .iter()
                .filter_map(|at| {
                    let pair = found.pairs.get(*at)?;
                    Some(vec![
                        Cell::percent(f64::from(pair.score)),
                        called(found, frame, pair.a, is_projected).into(),
                        Cell::whole(row_number(frame, pair.a)),
                        called(found, frame, pair.b, is_projected).into(),
                        Cell::whole(row_number(frame, pair.b)),
                        verdict_words(lang, twins.verdict(*at).unwrap_or(pair.verdict)).into(),
                    ])
                })
                .collect(),
        });
    });
    let heads = [
        table::Head::number(lang.t("twins.score"), 70.0),
        table::Head::text(lang.t("twins.left"), 210.0),
        table::Head::text(lang.t("twins.right"), 210.0),
        table::Head::text(lang.t("twins.verdict"), 110.0),
    ];
    let twins = &scene.state.twins;
    let chosen = listed.iter().position(|at| *at == twins.chosen);
    let mut spec = table::Table::new("twins", &heads, listed.len(), 260.0);
    spec.chosen = Some(chosen);
    let id = ui.scope_id().with("twins in sight");
    // The list follows the choice, and is free otherwise.
    let before = ui.data(|data| data.get_temp::<usize>(id));
    if before != Some(twins.chosen) {
        spec.scroll_to = chosen;
        let now = twins.chosen;
        ui.data_mut(|data| data.insert_temp(id, now));
    }
    let clicked = table::show(ui, &spec, |ui, row, at| {
        let Some((place, pair)) = listed.get(row).and_then(|at| Some((*at, found.pairs.get(*at)?))) else {
            return;
        };
        match at {
            0 => table::plain(ui, likelihood(pair)),
            1 => table::plain(ui, called(found, frame, pair.a, is_projected)),
            2 => table::plain(ui, called(found, frame, pair.b, is_projected)),
            _ => table::plain(ui, verdict_words(lang, twins.verdict(place).unwrap_or(pair.verdict))),
        }
    });
    if let Some(at) = clicked.row.and_then(|row| listed.get(row)) {
        scene.state.twins.chosen = *at;
    }
}

/// The chosen pair side by side, and the buttons that decide.
fn chosen(ui: &mut Ui, scene: &mut Scene<'_>, found: &Found, frame: &Frame) {
    let lang = scene.lang;
    let Some(pair) = scene.state.twins.pair().cloned() else { return };
    ui.add_space(S3);
    ui.horizontal_wrapped(|ui| {
        let twins = &mut scene.state.twins;
        let free = !twins.searching();
        let shown = |key: &str, letter: &str| format!("{}  ({letter})", lang.t(key));
        if ui.add_enabled(free, parts::tall(shown("twins.same", "S"))).clicked() {
            twins.decide(true);
        }
        if ui.add_enabled(free, parts::tall(shown("twins.different", "D"))).clicked() {
            twins.decide(false);
        }
        if ui.add(parts::tall(shown("twins.previous", "K"))).clicked() {
            twins.step(false);
        }
        if ui.add(parts::tall(shown("twins.next", "J"))).clicked() {
            twins.step(true);
        }
        let is_decided = matches!(twins.verdict(twins.chosen), Some(Verdict::Confirmed | Verdict::Rejected));
        if is_decided && ui.add_enabled(free, parts::tall(lang.t("twins.undecide"))).clicked() {
            twins.undecide();
        }
    });
    let score = likelihood(&pair);
    ui.label(lang.with("twins.score_says", &[("score", score)]));
    sides(ui, scene, frame, &pair, &review(frame, found, &pair));
}

fn sides(ui: &mut Ui, scene: &Scene<'_>, frame: &Frame, pair: &Pair, sides: &[Side]) {
    let lang = scene.lang;
    let p = Palette::of(ui);
    let row = |at: u32| lang.with("twins.row", &[("row", row_number(frame, at).to_string())]);
    let heads = [
        table::Head::text(lang.t("collect.column"), 110.0),
        table::Head::text(row(pair.a), 165.0),
        table::Head::text(row(pair.b), 165.0),
        table::Head::text(lang.t("twins.agreement"), 110.0),
        table::Head::number(lang.t("twins.bits"), 70.0),
    ];
    let spec = table::Table::new("twin sides", &heads, sides.len(), 360.0);
    table::show(ui, &spec, |ui, row, at| {
        let Some(side) = sides.get(row) else { return };
        let value = |ui: &mut Ui, text: &Option<String>| match text {
            Some(text) if scene.prefs.projector => table::plain(ui, privacy::mask(text)),
            Some(text) => table::plain(ui, text),
            None => table::missing(ui),
        };
        match at {
            0 => {
                ui.add(egui::Label::new(RichText::new(&side.column).family(strong())).truncate());
            }
            1 => value(ui, &side.a),
            2 => value(ui, &side.b),
            3 => match side.agreement {
                Some(agreement) => table::plain(ui, merging::agreement(lang, agreement)),
                None => parts::muted(ui, lang.t("twins.not_compared")),
            },
            _ => {
                if let Some(bits) = side.bits {
                    let color = if bits < 0.0 { p.bad } else { p.good };
                    let sign = if bits < 0.0 { "−" } else { "+" };
                    let text = format!("{sign}{:.1}", bits.abs());
                    ui.label(RichText::new(text).color(color)).on_hover_text(lang.t("twins.bits.help"));
                }
            }
        }
    });
}
