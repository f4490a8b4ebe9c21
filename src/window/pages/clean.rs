//! Clean: the recipe step by step, the changed cells before and after, the distribution before
//! and after.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::clean::{CategoryFill, Distribution, NumberFill, ScaleMethod, StepSpec, distribution};
use regulars_engine::project::Prepared;

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, chart, table};
use crate::window::theme;

/// Distributions before and after the shown step, made once for it.
#[derive(Debug)]
pub struct Spread {
    of: Arc<Prepared>,
    stage: usize,
    column: String,
    pair: [Distribution; 2],
}

/// Drawn in place of a page that waits for a file, for cleaning, or for a mend.
pub(super) fn waiting(ui: &mut Ui, scene: &mut Scene<'_>, key: &str) {
    let lang = scene.lang;
    if scene.state.table.is_none() {
        let button = Some((lang.t("command.open"), Command::OpenDialog));
        parts::empty_state(ui, lang, key, button, scene.send);
    } else if let Some(error) = &scene.state.prepare_error {
        parts::problem(ui, lang, error);
        if ui.button(lang.t("common.to_collect")).clicked() {
            scene.send.push(Command::Go(Page::Collect));
        }
    } else {
        parts::muted(ui, lang.t("status.working"));
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "clean");
    let Some(prepared) = scene.state.prepared.clone() else {
        waiting(ui, scene, "clean");
        return;
    };
    let stages = &prepared.cleaning.stages;
    ui.horizontal_wrapped(|ui| {
        for (at, stage) in stages.iter().enumerate() {
            let text = format!(
                "{}  {}",
                lang.t(&format!("step.{}", stage.change.name)),
                lang.count(stage.change.cells_changed.max(stage.change.rows_dropped))
            );
            if ui.selectable_label(scene.page.step == at, text).clicked() {
                scene.page.step = at;
                scene.page.column.clear();
            }
        }
    });
    let at = scene.page.step.min(stages.len().saturating_sub(1));
    let Some(stage) = stages.get(at) else {
        parts::muted(ui, lang.t("clean.all_off"));
        return;
    };
    let change = &stage.change;
    parts::section(ui, lang.t(&format!("step.{}", change.name)));
    parts::muted(ui, lang.t(&format!("step.{}.says", change.name)));
    ui.label(lang.with(
        "clean.changed",
        &[
            ("cells", lang.count(change.cells_changed)),
            ("rows", lang.count(change.rows_changed)),
            ("dropped", lang.count(change.rows_dropped)),
        ],
    ));
    if !change.columns.is_empty() {
        if !change.columns.iter().any(|(name, _)| *name == scene.page.column) {
            scene.page.column.clone_from(&change.columns[0].0);
        }
        ui.horizontal_wrapped(|ui| {
            for (name, count) in &change.columns {
                let text = format!("{name}  {}", lang.count(*count));
                if ui.selectable_label(scene.page.column == *name, text).clicked() {
                    scene.page.column.clone_from(name);
                }
            }
        });
    }
    let column = scene.page.column.clone();
    let cells: Vec<_> = change.examples.iter().filter(|cell| cell.column == column).collect();
    ui.columns(2, |sides| {
        let ui = &mut sides[0];
        if cells.is_empty() {
            parts::muted(ui, lang.t("clean.nothing"));
        } else {
            ui.label(RichText::new(lang.t("clean.cells")).family(theme::strong()));
            let heads = [
                table::Head::number(lang.t("customers.row"), 60.0),
                table::Head::text(lang.t("clean.before"), 140.0),
                table::Head::text(lang.t("clean.after"), 140.0),
            ];
            table::show(ui, "cells", &heads, None, cells.len(), 420.0, |ui, row, at| {
                let show = |ui: &mut Ui, value: &Option<String>| match value {
                    Some(text) if !text.trim().is_empty() => table::plain(ui, text),
                    Some(_) => parts::muted(ui, lang.t("clean.blank")),
                    None => table::missing(ui),
                };
                match at {
                    0 => parts::muted(ui, cells[row].row.to_string()),
                    1 => show(ui, &cells[row].before),
                    _ => show(ui, &cells[row].after),
                }
            });
        }
        let ui = &mut sides[1];
        if !column.is_empty() {
            let old = scene.page.spread.take().filter(|spread| {
                Arc::ptr_eq(&spread.of, &prepared) && spread.stage == at && spread.column == column
            });
            let spread = old.unwrap_or_else(|| Spread {
                of: prepared.clone(),
                stage: at,
                column: column.clone(),
                pair: [prepared.cleaning.before(at), &stage.after].map(|f| distribution(f, &column, 18)),
            });
            let spreads = spread.pair.iter();
            for (series, (d, key)) in spreads.zip(["clean.before", "clean.after"]).enumerate() {
                let missing = lang.with("clean.missing", &[("count", lang.count(d.missing))]);
                let title = format!("{column} · {} · {missing}", lang.t(key));
                chart::bars(ui, &format!("dist{series}"), &title, &d.labels, &d.counts, series, 180.0);
            }
            scene.page.spread = Some(spread);
        }
    });
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("clean.recipe"));
    for step in &mut scene.state.settings.recipe.steps {
        let name = lang.t(&format!("step.{}", step.spec.name()));
        ui.checkbox(&mut step.on, name);
        if !step.on {
            continue;
        }
        ui.indent(step.spec.name(), |ui| match &mut step.spec {
            StepSpec::Impute(spec) => {
                parts::setting(ui, lang, "impute_numbers", |ui| {
                    let all = [NumberFill::Median, NumberFill::Mean, NumberFill::Constant(0.0)];
                    parts::choose(
                        ui,
                        &lang.t("setting.impute_numbers"),
                        &mut spec.numbers,
                        &all,
                        |f| match f {
                            NumberFill::Median => lang.t("fill.median"),
                            NumberFill::Mean => lang.t("fill.mean"),
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
            StepSpec::Scale { method } => {
                parts::setting(ui, lang, "scale", |ui| {
                    parts::choose(ui, &lang.t("setting.scale"), method, &ScaleMethod::ALL, |m| {
                        lang.t(&format!("scale.{}", m.name()))
                    });
                });
            }
            _ => {}
        });
    }
    if scene.state.prepared.is_some() && parts::primary(ui, lang.t("clean.next"), true) {
        scene.send.push(Command::Go(Page::Features));
    }
}
