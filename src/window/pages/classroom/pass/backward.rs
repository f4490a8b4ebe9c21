//! Backward: the error of a unit, the gradient of a weight, and what a step would change.

use std::sync::Arc;

use eframe::egui::{self, Ui};

use super::{At, MOST, chosen_input, input_name, number, terms, within};
use crate::window::pages::Scene;
use crate::window::parts::{self, math::formula};
use crate::window::state::Shown;
use crate::window::theme::S2;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Arc<Shown>, at: At) {
    error(ui, scene, shown, at);
    step(ui, scene, shown, at);
}

/// δ of the unit.
fn error(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Arc<Shown>, at: At) {
    let lang = scene.lang;
    let pass = &shown.pass;
    let Some(numbers) = pass.layers.get(at.layer) else { return };
    let of = |values: &[f64]| values.get(at.unit).copied().unwrap_or(0.0);
    let delta = number(of(&numbers.delta));
    parts::section(ui, lang.t("pass.backward"));
    let Some(back) = pass.back_terms(&shown.network, at.layer, at.unit, MOST) else {
        let y = u8::from(pass.y);
        formula(ui, &format!("δ = ∂L/∂z = p − y = {} − {y} = {delta}", number(pass.probability)));
        return;
    };
    let slope = of(&numbers.slope);
    formula(
        ui,
        &format!(
            "δ_{{j}} = ∂L/∂z_{{j}} = f′(z_{{j}}) Σ_{{k}} w_{{jk}} δ_{{k}} = {} · {} = {delta}",
            number(slope),
            within(back.sum)
        ),
    );
    let next = at.layer + 1;
    let is_answer = next + 1 == pass.layers.len();
    let name = |unit: usize| match is_answer {
        true => lang.t("lab.output"),
        false => lang
            .with("pass.from_unit", &[("unit", (unit + 1).to_string()), ("layer", (next + 1).to_string())]),
    };
    let heads = [lang.t("pass.to"), lang.t("pass.weight"), lang.t("pass.delta"), lang.t("pass.product")];
    let more = [(lang.t("pass.back_sum"), back.sum)];
    terms(ui, lang, "pass back terms", heads, &back, (&name, &more, None));
}

/// The gradient of the chosen weight, and a step down it.
fn step(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Arc<Shown>, at: At) {
    let lang = scene.lang;
    let pass = &shown.pass;
    let input = chosen_input(pass, shown, at, scene.state.lab.look.input);
    let mut rate = scene.state.look_rate();
    ui.add_space(S2);
    let Some(one) = pass.weight_step(&shown.network, (at.layer, input, at.unit), rate) else { return };
    let value = pass.inputs(at.layer).get(input).copied().unwrap_or(0.0);
    let delta = pass.layers.get(at.layer).and_then(|numbers| numbers.delta.get(at.unit)).copied();
    let name = input_name(lang, shown, at.layer, input);
    parts::section(ui, lang.with("pass.of_weight", &[("input", name)]));
    let x = if at.layer == 0 { "x" } else { "a" };
    let (w, d) = if at.is_last { ("w_{i}", "δ") } else { ("w_{ij}", "δ_{j}") };
    formula(
        ui,
        &format!(
            "∂L/∂{w} = {x}_{{i}} {d} = {} · {} = {}",
            number(value),
            within(delta.unwrap_or(0.0)),
            number(one.gradient)
        ),
    );
    formula(
        ui,
        &format!(
            "{w} ← {w} − η ∂L/∂{w} = {} − {rate} · {} = {}",
            number(one.weight),
            within(one.gradient),
            number(one.after)
        ),
    );
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("pass.rate"));
        let slider = egui::Slider::new(&mut rate, 0.0001..=10.0)
            .logarithmic(true)
            .clamping(egui::SliderClamping::Edits);
        if ui.add(slider).labelled_by(label.id).changed() {
            scene.state.lab.look.rate = Some(rate);
        }
    });
    let (probability, after) = scene.state.stepped(shown, rate);
    let told = [
        ("p", number(pass.probability)),
        ("p_after", number(probability)),
        ("loss", number(pass.loss)),
        ("loss_after", number(after)),
    ];
    let text = lang.with(if after <= pass.loss { "pass.stepped" } else { "pass.stepped_too_far" }, &told);
    ui.add(egui::Label::new(text).wrap());
    parts::muted(ui, lang.t("pass.stepped.help"));
}
