//! What is compared, how the rows of one customer become one, and the step of the recipe.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::clean::same_customer::{Agreement, FieldKind, Found, Keep, Master, MergeRule};
use regulars_engine::table::{Frame, Role};

use super::super::Scene;
use crate::window::parts::{self, table};
use crate::window::theme::{S2, strong};
use crate::words::Lang;

/// Kinds of field, in the order of the menu.
const KINDS: [FieldKind; 10] = [
    FieldKind::Name,
    FieldKind::Company,
    FieldKind::Email,
    FieldKind::Phone,
    FieldKind::Address,
    FieldKind::Postcode,
    FieldKind::Date,
    FieldKind::Text,
    FieldKind::Number,
    FieldKind::Exact,
];

/// How far two values agree, in words.
pub(super) fn agreement(lang: Lang, agreement: Agreement) -> String {
    lang.t(match agreement {
        Agreement::Missing => "agreement.missing",
        Agreement::Differs => "agreement.differs",
        Agreement::Alike => "agreement.alike",
        Agreement::Close => "agreement.close",
        Agreement::Same => "agreement.same",
    })
}

fn kind(lang: Lang, kind: Option<FieldKind>) -> String {
    let key = match kind {
        None => return lang.t("twins.not_compared"),
        Some(FieldKind::Name) => "field_kind.name",
        Some(FieldKind::Company) => "field_kind.company",
        Some(FieldKind::Email) => "field_kind.email",
        Some(FieldKind::Phone) => "field_kind.phone",
        Some(FieldKind::Address) => "field_kind.address",
        Some(FieldKind::Postcode) => "field_kind.postcode",
        Some(FieldKind::Date) => "field_kind.date",
        Some(FieldKind::Text) => "field_kind.text",
        Some(FieldKind::Number) => "field_kind.number",
        Some(FieldKind::Exact) => "field_kind.exact",
    };
    lang.t(key)
}

fn keep(lang: Lang, keep: Option<&Keep>) -> String {
    let key = match keep {
        None => "keep.own",
        Some(Keep::MostComplete) => "keep.most_complete",
        Some(Keep::First) => "keep.first",
        Some(Keep::Last) => "keep.last",
        Some(Keep::Longest) => "keep.longest",
        Some(Keep::MostFrequent) => "keep.most_frequent",
        Some(Keep::Sum) => "keep.sum",
        Some(Keep::Min) => "keep.min",
        Some(Keep::Max) => "keep.max",
        Some(Keep::Newest { by }) => return lang.with("keep.newest", &[("column", by.clone())]),
    };
    lang.t(key)
}

fn master(lang: Lang, master: &Master) -> String {
    match master {
        Master::MostComplete => lang.t("keep.most_complete"),
        Master::First => lang.t("keep.first"),
        Master::Last => lang.t("keep.last"),
        Master::Newest { by } => lang.with("keep.newest", &[("column", by.clone())]),
    }
}

/// The step of the recipe: added, brought up to date, taken out.
pub(super) fn step(ui: &mut Ui, scene: &mut Scene<'_>, found: &Found) {
    let lang = scene.lang;
    let merged = scene.state.twin_step().map(|(spec, is_on)| (is_on, *spec == scene.state.twins.spec));
    let (key, says, can) = match merged {
        None => ("twins.merge", "twins.merge.says", !found.clusters.is_empty() || found_decisions(scene)),
        Some((true, true)) => ("twins.merge_update", "twins.merged", false),
        Some(_) => ("twins.merge_update", "twins.merged_other", true),
    };
    let free = !scene.prefs.locked && !scene.state.twins.searching();
    let stale = scene.state.twins.stale();
    ui.horizontal_wrapped(|ui| {
        // One primary button at a time: as long as another search would find something else, that.
        let wish = match stale {
            true => ui.add_enabled(free && can, parts::tall(lang.t(key))).clicked(),
            false => parts::primary(ui, lang.t(key), free && can),
        };
        if wish {
            scene.state.merge_twins();
        }
        if merged.is_some() && ui.add_enabled(free, parts::tall(lang.t("twins.unmerge"))).clicked() {
            scene.state.unmerge_twins();
        }
    });
    parts::muted(ui, lang.t(if scene.prefs.locked { "lock.on" } else { says }));
    ui.add_space(S2);
}

fn found_decisions(scene: &Scene<'_>) -> bool {
    let spec = &scene.state.twins.spec;
    !spec.confirmed.is_empty() || !spec.rejected.is_empty()
}

fn names(frame: &Frame) -> Vec<String> {
    frame.data.columns().iter().map(|column| column.name().to_string()).collect()
}

/// Which row stays, and whose value each column takes.
pub(super) fn rules(ui: &mut Ui, scene: &mut Scene<'_>, frame: &Frame) {
    let lang = scene.lang;
    let Some(data) = scene.state.table.clone() else { return };
    let dates: Vec<String> = data
        .columns
        .iter()
        .filter(|column| column.role == Role::Date)
        .map(|column| column.name.clone())
        .collect();
    let names = names(frame);
    let spec = &mut scene.state.twins.spec;
    egui::CollapsingHeader::new(lang.t("twins.rules")).id_salt("twin rules").show(ui, |ui| {
        parts::muted(ui, lang.t("twins.rules.says"));
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(lang.t("twins.master"));
            let mut all = vec![Master::MostComplete, Master::First, Master::Last];
            all.extend(dates.iter().map(|by| Master::Newest { by: by.clone() }));
            let shown = master(lang, &spec.master);
            let combo = egui::ComboBox::from_id_salt("twin master").selected_text(shown).width(240.0);
            let combo = combo.show_ui(ui, |ui| {
                for one in all {
                    let text = master(lang, &one);
                    ui.selectable_value(&mut spec.master, one, text);
                }
            });
            combo.response.labelled_by(label.id);
        });
        let heads = [
            table::Head::text(lang.t("collect.column"), 200.0),
            table::Head::text(lang.t("twins.keep"), 300.0),
        ];
        let shown = table::Table::new("twin rules", &heads, names.len(), 320.0);
        let mut wish: Option<(String, Option<Keep>)> = None;
        table::show(ui, &shown, |ui, row, at| {
            let Some(name) = names.get(row) else { return };
            if at == 0 {
                ui.add(egui::Label::new(RichText::new(name).family(strong())).truncate());
                return;
            }
            let now = spec.rules.iter().find(|rule| rule.column == *name).map(|rule| rule.keep.clone());
            let mut value = now.clone();
            let called = format!("{} {name}", lang.t("twins.keep"));
            ui.spacing_mut().button_padding.y = 1.0;
            ui.spacing_mut().interact_size.y = 22.0;
            let combo = egui::ComboBox::from_id_salt(("keep", name)).width(270.0);
            let combo = combo.selected_text(keep(lang, value.as_ref())).show_ui(ui, |ui| {
                for one in choices(frame, name, &dates) {
                    let text = keep(lang, one.as_ref());
                    ui.selectable_value(&mut value, one, text);
                }
            });
            combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &called));
            if value != now {
                wish = Some((name.clone(), value));
            }
        });
        if let Some((column, keep)) = wish {
            spec.rules.retain(|rule| rule.column != column);
            spec.rules.extend(keep.map(|keep| MergeRule { column, keep }));
        }
    });
}

/// Rules that make sense for a column.
fn choices(frame: &Frame, column: &str, dates: &[String]) -> Vec<Option<Keep>> {
    let mut all =
        vec![None, Some(Keep::MostComplete), Some(Keep::First), Some(Keep::Last), Some(Keep::MostFrequent)];
    // Cheap to ask of a text column, which is what most are.
    match frame.text(column).is_some() {
        true => all.push(Some(Keep::Longest)),
        false => {
            // Days are not summed.
            if !dates.iter().any(|date| date == column) {
                all.push(Some(Keep::Sum));
            }
            all.extend([Some(Keep::Min), Some(Keep::Max)]);
        }
    }
    all.extend(dates.iter().map(|by| Some(Keep::Newest { by: by.clone() })));
    all
}

/// What each column is compared as.
pub(super) fn compared(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(cleaning) = scene.state.cleaning.clone() else { return };
    let names = names(cleaning.rows_for("same_customer"));
    egui::CollapsingHeader::new(lang.t("twins.fields")).id_salt("twin fields").show(ui, |ui| {
        let twins = &mut scene.state.twins;
        parts::muted(
            ui,
            lang.t(if twins.fields.is_empty() { "twins.fields.guessed" } else { "twins.fields.says" }),
        );
        let heads = [
            table::Head::text(lang.t("collect.column"), 200.0),
            table::Head::text(lang.t("twins.compared_as"), 300.0),
        ];
        let free = !twins.searching();
        let shown = table::Table::new("twin fields", &heads, names.len(), 320.0);
        let mut wish: Option<(String, Option<FieldKind>)> = None;
        table::show(ui, &shown, |ui, row, at| {
            let Some(column) = names.get(row) else { return };
            if at == 0 {
                ui.add(egui::Label::new(RichText::new(column).family(strong())).truncate());
                return;
            }
            let now = twins.kind_of(column);
            let mut value = now;
            let called = format!("{} {}", lang.t("twins.compared_as"), column);
            let all: Vec<Option<FieldKind>> =
                std::iter::once(None).chain(KINDS.into_iter().map(Some)).collect();
            ui.spacing_mut().button_padding.y = 1.0;
            ui.spacing_mut().interact_size.y = 22.0;
            ui.add_enabled_ui(free, |ui| {
                parts::choose(ui, &called, &mut value, &all, |one| kind(lang, one));
            });
            if value != now {
                wish = Some((column.clone(), value));
            }
        });
        if let Some((column, kind)) = wish {
            twins.compare(&column, kind);
        }
    });
}
