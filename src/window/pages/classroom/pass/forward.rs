//! Forward: the sum of a unit, its activation; at the end the probability and the loss.

use std::sync::Arc;

use eframe::egui::{RichText, Ui};
use regulars_engine::train::Activation;

use super::{At, MOST, chosen_input, input_name, number, terms, within};
use crate::window::pages::Scene;
use crate::window::parts::{self, math::formula};
use crate::window::state::Shown;
use crate::window::theme::{Palette, S2};

/// The activation as a formula of the sum called `z`.
fn activation(kind: Activation, z: &str) -> String {
    match kind {
        Activation::Relu => format!("\"max\"(0, {z})"),
        Activation::Gelu => format!("{z} Φ({z})"),
        Activation::Tanh => format!("\"tanh\"({z})"),
        Activation::Sigmoid => format!("σ({z})"),
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, shown: &Arc<Shown>, at: At) {
    let lang = scene.lang;
    let pass = &shown.pass;
    let Some(numbers) = pass.layers.get(at.layer) else { return };
    let Some(sum) = pass.terms(&shown.network, at.layer, at.unit, MOST) else { return };
    let of = |values: &[f64]| values.get(at.unit).copied().unwrap_or(0.0);
    let (z, a) = (of(&numbers.z), of(&numbers.activation));
    let bias = shown.network.layers.get(at.layer).and_then(|layer| layer.bias.get(at.unit));
    let bias = f64::from(bias.copied().unwrap_or(0.0));
    // Values between layers are called a, features x; the last layer has one unit, which needs no index.
    let x = if at.layer == 0 { "x" } else { "a" };
    let (zj, wij, bj) = if at.is_last { ("z", "w_{i}", "b") } else { ("z_{j}", "w_{ij}", "b_{j}") };
    parts::section(ui, lang.t("pass.forward"));
    formula(
        ui,
        &format!(
            "{zj} = Σ_{{i}} {wij} {x}_{{i}} + {bj} = {} + {} = {}",
            number(sum.sum),
            within(bias),
            number(z)
        ),
    );
    let name = |input: usize| input_name(lang, shown, at.layer, input);
    let heads = [
        lang.t(if at.layer == 0 { "pass.feature" } else { "pass.from" }),
        lang.t("pass.weight"),
        lang.t("pass.value"),
        lang.t("pass.product"),
    ];
    let more = [(lang.t("pass.bias"), bias), (lang.t("pass.sum"), z)];
    let chosen = chosen_input(pass, shown, at, scene.state.lab.look.input);
    if let Some(input) = terms(ui, lang, "pass terms", heads, &sum, (&name, &more, Some(Some(chosen)))) {
        scene.state.lab.look.input = Some(input);
    }
    ui.add_space(S2);
    let normed = numbers.normed.as_ref().map(|normed| of(normed));
    if let Some(normed) = normed {
        formula(
            ui,
            &format!("n_{{j}} = γ_{{j}} (z_{{j}} − μ_{{j}}) / √(v_{{j}} + ε) + β_{{j}} = {}", number(normed)),
        );
    }
    if !at.is_last {
        let inner = if normed.is_some() { "n_{j}" } else { "z_{j}" };
        let kind = shown.network.activation;
        formula(ui, &format!("a_{{j}} = {} = {}", activation(kind, inner), number(a)));
    }
    parts::section(ui, lang.t("pass.answer"));
    formula(
        ui,
        &format!("p = σ(z) = 1 / (1 + e^{{−z}}) = σ({}) = {}", number(pass.logit), number(pass.probability)),
    );
    let (inner, y) = if pass.y { ("\"ln\" p", 1) } else { ("\"ln\"(1 − p)", 0) };
    formula(ui, &format!("L = −{inner} = {}   (y = {y})", number(pass.loss)));
    let p = Palette::of(ui);
    let told = [("answer", number(shown.answer)), ("sum", number(pass.probability))];
    let (key, color) =
        if pass.agrees(shown.answer) { ("pass.check", p.good) } else { ("pass.differs", p.caution) };
    ui.label(RichText::new(lang.with(key, &told)).color(color));
}
