//! The recipe beside the page: its steps in their order, and their settings.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::clean::{CategoryFill, NumberFill, Recipe, ScaleMethod, StepSpec};
use regulars_engine::table::ColumnSpec;

use super::steps;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts;
use crate::window::theme;
use crate::words::Lang;

/// A step in the recipe: moved by its handle, or with the arrows; within its kind only.
fn step_row(
    ui: &mut Ui,
    lang: Lang,
    at: usize,
    count: usize,
    name: &str,
    fitted: &[bool],
) -> Option<(usize, usize)> {
    let mut wish = None;
    let may = |to: usize| to < count && fitted[to] == fitted[at];
    let handle = ui.add(egui::Label::new("≡").selectable(false).sense(egui::Sense::drag()));
    handle.dnd_set_drag_payload(at);
    let handle = handle.on_hover_cursor(egui::CursorIcon::Grab).on_hover_text(lang.t("clean.drag"));
    handle.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{} {name}", lang.t("clean.drag")))
    });
    for (mark, to, key) in [("▲", at.wrapping_sub(1), "clean.up"), ("▼", at + 1, "clean.down")] {
        let button = egui::Button::new(RichText::new(mark).small()).small();
        let response = ui.add_enabled(may(to), button);
        let text = lang.with(key, &[("step", name.to_owned())]);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, may(to), &text));
        if response.on_hover_text(&text).clicked() {
            wish = Some((at, to));
        }
    }
    wish
}

pub(in crate::window::pages) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.prepared.is_some() && parts::primary(ui, lang.t("clean.next"), true) {
        scene.send.push(Command::Go(Page::Features));
    }
    parts::section(ui, lang.t("clean.recipe"));
    parts::muted(ui, lang.t("clean.recipe.help"));
    ui.horizontal_wrapped(|ui| {
        for command in [Command::SaveRecipe, Command::OpenRecipe] {
            if ui.button(command.text(lang)).clicked() {
                scene.send.push(command);
            }
        }
    });
    let schema: Vec<ColumnSpec> =
        scene.state.table.iter().flat_map(|table| table.columns.iter().map(ColumnSpec::from)).collect();
    let steps = &mut scene.state.settings.recipe.steps;
    let fitted: Vec<bool> = steps.iter().map(|step| step.spec.is_fitted()).collect();
    let (mut wish, mut gone) = (None, None);
    for (at, step) in steps.iter_mut().enumerate() {
        let name = lang.t(&format!("step.{}", step.spec.name()));
        let row = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            wish = wish.or(step_row(ui, lang, at, fitted.len(), &name, &fitted));
            ui.checkbox(&mut step.on, &name);
            // Steps that every recipe has are switched off; those that were added can go.
            if !Recipe::default().steps.iter().any(|usual| usual.spec.name() == step.spec.name()) {
                let text = format!("{} {name}", lang.t("form.remove"));
                if ui.small_button("×").accessible_name(&text).on_hover_text(&text).clicked() {
                    gone = Some(at);
                }
            }
        });
        let drop = row.response;
        if let Some(from) = drop.dnd_hover_payload::<usize>()
            && fitted[*from] == fitted[at]
        {
            let color = theme::Palette::of(ui).accent;
            ui.painter().hline(drop.rect.x_range(), drop.rect.top() - 3.0, egui::Stroke::new(2.0, color));
        }
        if let Some(from) = drop.dnd_release_payload::<usize>()
            && fitted[*from] == fitted[at]
        {
            wish = Some((*from, at));
        }
        if !step.on {
            continue;
        }
        ui.indent(step.spec.name(), |ui| match &mut step.spec {
            StepSpec::Impute(spec) => {
                parts::setting(ui, lang, "impute_numbers", |ui| {
                    let all = [
                        NumberFill::Median,
                        NumberFill::Mean,
                        NumberFill::Nearest,
                        NumberFill::Constant(0.0),
                    ];
                    parts::choose(
                        ui,
                        &lang.t("setting.impute_numbers"),
                        &mut spec.numbers,
                        &all,
                        |f| match f {
                            NumberFill::Median => lang.t("fill.median"),
                            NumberFill::Mean => lang.t("fill.mean"),
                            NumberFill::Nearest => lang.t("fill.nearest"),
                            NumberFill::Constant(value) => {
                                lang.with("fill.constant", &[("value", value.to_string())])
                            }
                        },
                    );
                    if let NumberFill::Constant(value) = &mut spec.numbers {
                        let label = ui.label(lang.t("fill.value"));
                        ui.add(egui::DragValue::new(value)).labelled_by(label.id);
                    }
                });
                parts::setting(ui, lang, "impute_categories", |ui| {
                    let all = [CategoryFill::OwnLevel, CategoryFill::Mode];
                    parts::choose(
                        ui,
                        &lang.t("setting.impute_categories"),
                        &mut spec.categories,
                        &all,
                        |f| match f {
                            CategoryFill::OwnLevel => lang.t("fill.own_level"),
                            CategoryFill::Mode => lang.t("fill.mode"),
                        },
                    );
                });
                ui.checkbox(&mut spec.indicator, lang.t("fill.indicator"));
            }
            StepSpec::Scale { method, columns } => {
                parts::setting(ui, lang, "scale", |ui| {
                    parts::choose(ui, &lang.t("setting.scale"), method, &ScaleMethod::ALL, |m| {
                        lang.t(&format!("scale.{}", m.name()))
                    });
                    steps::scaled_apart(ui, lang, columns, &schema);
                });
            }
            other => steps::edit(ui, lang, other, &schema),
        });
    }
    let mut added = None;
    ui.menu_button(lang.t("clean.add_step"), |ui| {
        for spec in steps::addable() {
            let name = spec.name();
            let says = lang.t(&format!("step.{name}.says"));
            if ui.button(lang.t(&format!("step.{name}"))).on_hover_text(says).clicked() {
                added = Some(spec);
            }
        }
    });
    if let Some((from, to)) = wish {
        let step = steps.remove(from);
        steps.insert(to.min(steps.len()), step);
        // The stage that was looked at stays in sight.
        scene.page.step = 0;
    }
    if let Some(at) = gone {
        steps.remove(at);
        scene.page.step = 0;
    }
    if let Some(spec) = added {
        scene.state.settings.recipe.add(spec);
    }
}
