//! The forward and backward pass of one customer, with its numbers.

mod backward;
mod forward;

use std::sync::Arc;

use eframe::egui::{self, RichText, Sense, Ui, vec2};
use regulars_engine::train::glass::{Pass, Terms};

use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts::{self, table};
use crate::window::state::{Shown, Whose};
use crate::window::theme::{self, Palette, S1, S2};
use crate::words::{self, Lang};

use super::playground::SIDES;

/// Products of a sum that are listed.
const MOST: usize = 6;

/// A number of the pass.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = if text == "-0.0000" { "0.0000".to_owned() } else { text };
    text.replace('-', "−")
}

/// A number that follows a sign of operation.
fn within(value: f64) -> String {
    if value < 0.0 { format!("({})", number(value)) } else { number(value) }
}

/// What is looked at: a unit of a layer.
#[derive(Clone, Copy)]
struct At {
    layer: usize,
    unit: usize,
    /// It is the last layer, whose one unit answers.
    is_last: bool,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.whose() == Whose::Playground {
        scene.state.tend_lab();
    }
    whose(ui, scene);
    let Some(shown) = scene.state.shown_pass() else {
        parts::muted(ui, lang.t("status.working"));
        return;
    };
    who(ui, scene, &shown);
    let at = choose_unit(ui, scene, &shown);
    forward::show(ui, scene, &shown, at);
    backward::show(ui, scene, &shown, at);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("pass.read"));
    for key in ["pass.read.forward", "pass.read.backward", "pass.read.step"] {
        ui.add(egui::Label::new(lang.t(key)).wrap());
        ui.add_space(S2);
    }
    let own = scene.state.whose() == Whose::Trained;
    let text = lang.t(if own { "pass.read.trained" } else { "pass.read.playground" });
    ui.add(egui::Label::new(RichText::new(text).color(Palette::of(ui).muted)).wrap());
}

/// Whose numbers, and which row.
fn whose(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        let name = lang.t("pass.whose");
        ui.label(&name);
        let (mut whose, before) = (scene.state.whose(), scene.state.whose());
        let words = |whose: Whose| match whose {
            Whose::Trained => lang.t("pass.whose.trained"),
            Whose::Playground => lang.t("pass.whose.playground"),
        };
        let all: &[Whose] =
            if scene.state.has_trained_network() { &Whose::ALL } else { &[Whose::Playground] };
        parts::choose(ui, &name, &mut whose, all, words);
        if whose != before {
            let rate = scene.state.lab.look.rate;
            scene.state.lab.look = Default::default();
            (scene.state.lab.look.whose, scene.state.lab.look.rate) = (Some(whose), rate);
        }
        if all.len() == 1 {
            parts::muted(ui, lang.t("pass.no_trained"));
            if scene.state.prepared.is_some() && ui.button(lang.t("empty.to_train")).clicked() {
                scene.send.push(Command::Go(Page::Train));
            }
        }
    });
}

fn who(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Shown) {
    let lang = scene.lang;
    let masked = scene.prefs.projector;
    let rows = scene.state.look_rows();
    let is_point = shown.id.is_none();
    ui.horizontal_wrapped(|ui| {
        let look = &mut scene.state.lab.look;
        let row = look.row;
        if ui.add_enabled(row > 0, parts::tall(lang.t("pass.previous"))).clicked() {
            (look.row, look.wish) = (row - 1, None);
        }
        if ui.add_enabled(row + 1 < rows, parts::tall(lang.t("pass.next"))).clicked() {
            (look.row, look.wish) = (row + 1, None);
        }
        let label = ui.label(lang.t(if is_point { "pass.number" } else { "pass.id" }));
        let edit = egui::TextEdit::singleline(&mut look.search).desired_width(120.0).password(masked);
        let edit = ui.add(edit).labelled_by(label.id);
        if edit.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
            let wanted = look.search.clone();
            scene.state.lab.look.nobody = !scene.state.look_for(&wanted);
        } else if edit.changed() {
            look.nobody = false;
        }
        if scene.state.lab.look.nobody {
            let color = Palette::of(ui).caution;
            ui.label(RichText::new(lang.t("pass.nobody")).color(color));
        }
    });
    ui.horizontal_wrapped(|ui| {
        let look = &mut scene.state.lab.look;
        let place = lang.count(look.row as u64 + 1);
        let name = match &shown.id {
            Some(id) => lang.with("pass.customer", &[("id", words::shown_id(id, masked))]),
            None => lang.with("pass.row", &[("number", place)]),
        };
        ui.label(RichText::new(name).font(theme::section_font()));
        let class = |left: bool| lang.t(if left { "lab.side.high" } else { "lab.side.low" });
        let known = match shown.known {
            Some(left) => lang.with("pass.known", &[("class", class(left))]),
            None => lang.t("pass.unknown"),
        };
        parts::muted(ui, known);
        ui.label(lang.t("pass.as_if"));
        for left in [false, true] {
            if ui.selectable_label(shown.pass.y == left, class(left)).clicked() {
                look.wish = (shown.known != Some(left)).then_some(left);
            }
        }
    });
}

/// The layers and the units of the chosen one.
fn choose_unit(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Shown) -> At {
    let lang = scene.lang;
    let look = &mut scene.state.lab.look;
    let layers = shown.pass.layers.len();
    let last = layers.saturating_sub(1);
    let layer = look.layer.unwrap_or(last).min(last);
    let before = (layer, look.unit);
    ui.add_space(S1);
    ui.horizontal_wrapped(|ui| {
        ui.label(lang.t("pass.look_at"));
        for (at, numbers) in shown.pass.layers.iter().enumerate() {
            let text = layer_name(lang, at, layers, numbers.z.len());
            if ui.selectable_label(at == layer, text).clicked() {
                look.layer = Some(at);
            }
        }
        let units = shown.pass.layers.get(layer).map_or(1, |numbers| numbers.z.len()).max(1);
        if units > 1 {
            let label = ui.label(lang.t("pass.unit"));
            let mut number = look.unit.min(units - 1) + 1;
            let drag = egui::DragValue::new(&mut number).range(1..=units);
            if ui.add(drag).labelled_by(label.id).changed() {
                look.unit = number - 1;
            }
        }
    });
    let layer = look.layer.unwrap_or(last).min(last);
    let values = shown.pass.layers.get(layer).map_or(&[] as &[f64], |numbers| &numbers.activation);
    look.unit = look.unit.min(values.len().saturating_sub(1));
    if values.len() > 1
        && let Some(unit) = strip(ui, lang, values, look.unit)
    {
        look.unit = unit;
    }
    if (layer, look.unit) != before {
        look.input = None;
    }
    At { layer, unit: look.unit, is_last: layer == last }
}

/// A layer in words: its place and how many units it has.
fn layer_name(lang: Lang, at: usize, layers: usize, units: usize) -> String {
    match at + 1 == layers {
        true => lang.t("lab.output"),
        false => {
            lang.with("pass.layer", &[("number", (at + 1).to_string()), ("units", lang.count(units as u64))])
        }
    }
}

/// What every unit of a layer gives, as colours; the one that was clicked.
fn strip(ui: &mut Ui, lang: Lang, values: &[f64], chosen: usize) -> Option<usize> {
    let p = Palette::of(ui);
    let cell = (ui.available_width() / values.len() as f32).min(22.0);
    let size = vec2(cell * values.len() as f32, 20.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = lang.t("pass.strip");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    let most = values.iter().fold(1e-9f64, |most, value| most.max(value.abs()));
    let place = |unit: usize| {
        let left = rect.left() + cell * unit as f32;
        egui::Rect::from_min_size(egui::pos2(left, rect.top()), vec2(cell, rect.height()))
    };
    for (unit, value) in values.iter().enumerate() {
        let share = (value.abs() / most) as f32;
        let color = p.surface.lerp_to_gamma(SIDES[usize::from(*value > 0.0)], 0.85 * share);
        ui.painter().rect_filled(place(unit).shrink2(vec2(0.5, 0.0)), 1.0, color);
    }
    let stroke = egui::Stroke::new(2.0, p.ink);
    ui.painter().rect_stroke(place(chosen), 2.0, stroke, egui::StrokeKind::Inside);
    let at = |pos: egui::Pos2| (((pos.x - rect.left()) / cell) as usize).min(values.len() - 1);
    let clicked = response.clicked().then(|| response.interact_pointer_pos().map(at)).flatten();
    if let Some(unit) = response.hover_pos().map(at) {
        let value = number(values.get(unit).copied().unwrap_or(0.0));
        response.on_hover_text(
            lang.with("pass.strip.unit", &[("unit", (unit + 1).to_string()), ("value", value)]),
        );
    }
    clicked
}

/// What stands at the input of a weight.
fn input_name(lang: Lang, shown: &Shown, layer: usize, input: usize) -> String {
    if layer == 0 {
        return shown.features.get(input).cloned().unwrap_or_default();
    }
    lang.with("pass.from_unit", &[("unit", (input + 1).to_string()), ("layer", layer.to_string())])
}

/// Names of the sum's parts, lines below it, and what is chosen.
type Beside<'a> = (&'a dyn Fn(usize) -> String, &'a [(String, f64)], Option<Option<usize>>);

/// A sum of products as a table, with further lines below; the product that was clicked.
fn terms(
    ui: &mut Ui,
    lang: Lang,
    id: &str,
    heads: [String; 4],
    terms: &Terms,
    (name, more, chosen): Beside<'_>,
) -> Option<usize> {
    let [first, weight, value, product] = heads;
    // All four columns in sight in a narrow window too.
    let name_width = (ui.available_width() - 2.0 * 84.0 - 104.0 - 60.0).clamp(110.0, 230.0);
    let heads = [
        table::Head::text(first, name_width),
        table::Head::number(weight, 84.0),
        table::Head::number(value, 84.0),
        table::Head::number(product, 104.0),
    ];
    let mut below: Vec<(String, f64)> = Vec::new();
    if terms.others > 0 {
        let count = lang.count(terms.others as u64);
        below.push((lang.with("pass.others", &[("count", count)]), terms.rest));
    }
    below.extend_from_slice(more);
    let rows = terms.shown.len() + below.len();
    let chosen_row = chosen.map(|at| at.and_then(|at| terms.shown.iter().position(|term| term.at == at)));
    // All rows in sight: a sum that must be scrolled for is no sum.
    let height = 40.0 * (rows as f32 + 1.0);
    let table = table::Table { chosen: chosen_row, ..table::Table::new(id, &heads, rows, height) };
    let clicked = table::show(ui, &table, |ui, row, column| {
        match (terms.shown.get(row), row.checked_sub(terms.shown.len()).and_then(|at| below.get(at))) {
            (Some(term), _) => match column {
                0 => table::plain(ui, name(term.at)),
                1 => table::plain(ui, number(term.weight)),
                2 => table::plain(ui, number(term.value)),
                _ => table::plain(ui, number(term.product)),
            },
            (None, Some((text, _))) if column == 0 => {
                ui.add(
                    egui::Label::new(RichText::new(text).family(theme::strong()))
                        .truncate()
                        .selectable(false),
                );
            }
            (None, Some((_, sum))) if column == 3 => {
                ui.label(RichText::new(number(*sum)).family(theme::strong()));
            }
            _ => {}
        }
    });
    clicked.row.and_then(|row| terms.shown.get(row)).map(|term| term.at)
}

/// The input whose weight is looked at.
fn chosen_input(pass: &Pass, shown: &Arc<Shown>, at: At, wish: Option<usize>) -> usize {
    let inputs = pass.inputs(at.layer).len();
    let largest = || {
        let terms = pass.terms(&shown.network, at.layer, at.unit, 1);
        terms.and_then(|terms| terms.shown.first().map(|term| term.at))
    };
    wish.filter(|input| *input < inputs).or_else(largest).unwrap_or(0)
}
