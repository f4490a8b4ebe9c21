//! What the next play will be.

use eframe::egui::{self, Ui};
use regulars_engine::train::federated::{FederatedSpec, Mischief, Privacy, Rule, Simulation};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::words::Lang;

/// What the last branch may do, with the amounts that a class begins with.
const TRICKS: [Mischief; 5] = [
    Mischief::None,
    Mischief::Flip { share: 0.5 },
    Mischief::Noise { deviation: 1.0 },
    Mischief::Reverse { times: 10.0 },
    Mischief::Inflate { times: 10.0 },
];

/// Its name among the words.
fn key(trick: Mischief) -> &'static str {
    match trick {
        Mischief::None => "theatre.trick.none",
        Mischief::Flip { .. } => "theatre.trick.flip",
        Mischief::Noise { .. } => "theatre.trick.noise",
        Mischief::Reverse { .. } => "theatre.trick.reverse",
        Mischief::Inflate { .. } => "theatre.trick.inflate",
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let columns = scene.state.theatre_columns();
    let setup = &mut scene.state.theatre.setup;
    parts::section(ui, lang.t("theatre.branches"));
    parts::setting(ui, lang, "theatre_branches", |ui| {
        parts::named(ui, lang, "theatre_branches", egui::Slider::new(&mut setup.branches, 2..=5));
    });
    parts::setting(ui, lang, "theatre_skew", |ui| {
        let slider = egui::Slider::new(&mut setup.skew, 0.0..=1.0).fixed_decimals(2);
        parts::named(ui, lang, "theatre_skew", slider);
    });
    if !columns.is_empty() {
        by(ui, lang, setup, &columns);
    }
    parts::section(ui, lang.t("theatre.learning"));
    parts::setting(ui, lang, "theatre_rounds", |ui| {
        parts::named(ui, lang, "theatre_rounds", egui::Slider::new(&mut setup.spec.rounds, 1..=60));
    });
    parts::setting(ui, lang, "theatre_epochs", |ui| {
        parts::named(ui, lang, "theatre_epochs", egui::Slider::new(&mut setup.spec.local_epochs, 1..=20));
    });
    hidden(ui, lang, &mut setup.spec);
    parts::setting(ui, lang, "theatre_rule", |ui| {
        let name = lang.t("setting.theatre_rule");
        let words = |rule: Rule| lang.t(&format!("theatre.rule.{}", rule.name()));
        if parts::choose(ui, &name, &mut setup.spec.rule, &Rule::ALL, words)
            && setup.spec.rule == Rule::Median
        {
            setup.masks = false;
        }
    });
    parts::setting(ui, lang, "theatre_mu", |ui| {
        let slider = egui::Slider::new(&mut setup.spec.proximal, 0.0..=10.0);
        let slider = slider.logarithmic(true).smallest_positive(1e-3);
        parts::named(ui, lang, "theatre_mu", slider);
    });
    parts::section(ui, lang.t("theatre.mischief"));
    mischief(ui, lang, &mut setup.mischief);
    parts::section(ui, lang.t("theatre.privacy"));
    privacy(ui, lang, setup);
}

/// The number by which branches differ.
fn by(ui: &mut Ui, lang: Lang, setup: &mut Simulation, columns: &[String]) {
    parts::setting(ui, lang, "theatre_by", |ui| {
        let all: Vec<usize> = (0..columns.len()).collect();
        let mut at = columns.iter().position(|column| setup.by.as_ref() == Some(column)).unwrap_or(0);
        let words = |at: usize| columns.get(at).cloned().unwrap_or_default();
        if parts::choose(ui, &lang.t("setting.theatre_by"), &mut at, &all, words) {
            setup.by = columns.get(at).cloned();
        }
    });
}

/// Logistic regression, or one hidden layer.
fn hidden(ui: &mut Ui, lang: Lang, spec: &mut FederatedSpec) {
    parts::setting(ui, lang, "theatre_hidden", |ui| {
        let mut units = spec.hidden.first().copied().unwrap_or(0);
        let response = parts::named(ui, lang, "theatre_hidden", egui::Slider::new(&mut units, 0..=32));
        if response.changed() {
            spec.hidden = if units == 0 { Vec::new() } else { vec![units] };
        }
    });
}

/// What the last branch does, and how much of it.
fn mischief(ui: &mut Ui, lang: Lang, mischief: &mut Mischief) {
    parts::setting(ui, lang, "theatre_trick", |ui| {
        let present = *mischief;
        let all = TRICKS.map(|one| if key(one) == key(present) { present } else { one });
        parts::choose(ui, &lang.t("setting.theatre_trick"), mischief, &all, |one| lang.t(key(one)));
    });
    match mischief {
        Mischief::None => {}
        Mischief::Flip { share } => {
            parts::setting(ui, lang, "theatre_flip", |ui| {
                parts::named(ui, lang, "theatre_flip", parts::form::share(share, 0.0..=1.0));
            });
        }
        Mischief::Noise { deviation } => {
            parts::setting(ui, lang, "theatre_noise", |ui| {
                let slider = egui::Slider::new(deviation, 0.01..=100.0).logarithmic(true);
                parts::named(ui, lang, "theatre_noise", slider);
            });
        }
        Mischief::Reverse { times } | Mischief::Inflate { times } => {
            parts::setting(ui, lang, "theatre_times", |ui| {
                let slider = egui::Slider::new(times, 1.0..=100.0).logarithmic(true);
                parts::named(ui, lang, "theatre_times", slider);
            });
        }
    }
}

/// Noise with a stated ε, and masks.
fn privacy(ui: &mut Ui, lang: Lang, setup: &mut Simulation) {
    parts::setting(ui, lang, "theatre_private", |ui| {
        let mut on = setup.privacy.is_some();
        if ui.checkbox(&mut on, lang.t("theatre.private_on")).changed() {
            setup.privacy = on.then(Privacy::default);
        }
    });
    if let Some(privacy) = &mut setup.privacy {
        parts::setting(ui, lang, "theatre_z", |ui| {
            let slider = egui::Slider::new(&mut privacy.noise, 0.0..=20.0);
            let slider = slider.logarithmic(true).smallest_positive(0.01);
            parts::named(ui, lang, "theatre_z", slider);
        });
        parts::setting(ui, lang, "theatre_clip", |ui| {
            let slider = egui::Slider::new(&mut privacy.clip, 0.01..=5.0).logarithmic(true);
            parts::named(ui, lang, "theatre_clip", slider);
        });
    }
    parts::setting(ui, lang, "theatre_masks", |ui| {
        if ui.checkbox(&mut setup.masks, lang.t("theatre.masks_on")).changed() && setup.masks {
            setup.spec.rule = Rule::Mean;
        }
    });
}
