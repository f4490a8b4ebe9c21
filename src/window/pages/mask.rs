//! Masked copy: what is done to each column, examples before and after, and how easily a person
//! still sticks out of the copy.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::risk::{Risk, SMALL};
use regulars_engine::privacy::{self, ColumnPlan, Example, Treatment};
use regulars_engine::table::Table;

use super::Scene;
use crate::window::command::Command;
use crate::window::parts::{self, table, take};
use crate::window::state::{MaskTable, State, Tried};
use crate::window::theme::{S2, section_font, strong};
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "mask");
    if scene.state.table.is_none() {
        super::clean::waiting(ui, scene, "mask");
        return;
    }
    scene.state.find_mask();
    let mask = &mut scene.state.mask;
    let tables = mask.tables.clone();
    if mask.proposing() || tables.is_empty() {
        parts::muted(ui, lang.t("status.working"));
        return;
    }
    ui.add(egui::Label::new(lang.t("mask.intro")).wrap());
    let is_own = mask.key_file.as_ref().is_some_and(|file| file.exists());
    let file = mask.key_file.as_ref().map_or_else(String::new, |file| file.display().to_string());
    let key = if is_own { "mask.key_kept" } else { "mask.key_will_be" };
    parts::muted(ui, lang.with(key, &[("file", file)]));
    ui.add_space(S2);
    ui.horizontal_wrapped(|ui| {
        if parts::primary(ui, lang.t("command.mask"), true) {
            scene.send.push(Command::WriteMasked);
        }
        if ui.add_enabled(mask.changed(), parts::tall(lang.t("mask.reset"))).clicked() {
            mask.reset();
        }
    });
    let at = scene.page.mask_table.min(tables.len().saturating_sub(1));
    if tables.len() > 1 {
        parts::section(ui, lang.t("mask.tables"));
        ui.horizontal_wrapped(|ui| {
            for (place, table) in tables.iter().enumerate() {
                ui.selectable_value(&mut scene.page.mask_table, place, &table.name);
            }
        });
    }
    let (all, is_present) = mask.tried();
    let tried = all.as_ref().and_then(|all| all.get(at));
    let (Some(data), Some(one)) = (tables.get(at), mask.plans.get_mut(at)) else { return };
    columns(ui, lang, data, one, tried, scene.prefs.projector);
    if let Some(person) = &one.plan.person {
        parts::muted(ui, lang.with("mask.person", &[("column", person.clone())]));
    }
    parts::section(ui, lang.t("mask.recognised"));
    if mask.rehearsing() {
        parts::muted(ui, lang.t("mask.counting"));
    } else if mask.stopped() {
        parts::muted(ui, lang.t("mask.stopped"));
        if ui.button(lang.t("mask.again")).clicked() {
            mask.again();
        }
    }
    if let Some(tried) = tried {
        ui.add_enabled_ui(is_present, |ui| risk(ui, lang, data, tried, scene.prefs.projector));
    }
}

/// One live line for the rail.
pub(super) fn status(lang: Lang, state: &State) -> String {
    let least =
        state.mask.tried().0.and_then(|all| {
            all.iter().filter_map(|tried| tried.masked.risk.as_ref().map(|risk| risk.k)).min()
        });
    match least {
        Some(k) => lang.with("status.mask", &[("k", lang.count(k as u64))]),
        None => lang.t("status.mask_none"),
    }
}

/// The treatment of every column.
fn columns(
    ui: &mut Ui,
    lang: Lang,
    data: &Table,
    one: &mut MaskTable,
    tried: Option<&Tried>,
    is_projected: bool,
) {
    let title = lang.t("mask.columns");
    ui.horizontal(|ui| {
        ui.label(RichText::new(&title).font(section_font()));
        take::table_menu(ui, lang, &title, || grid(lang, one, tried, is_projected));
    });
    let heads = [
        table::Head::text(lang.t("collect.column"), 120.0),
        table::Head::text(lang.t("mask.kind"), 120.0),
        table::Head::text(lang.t("mask.treatment"), 236.0),
        table::Head::number(lang.t("mask.cells"), 60.0),
        table::Head::text(lang.t("mask.quasi"), 76.0),
        table::Head::text(lang.t("mask.sensitive"), 70.0),
        table::Head::text(lang.t("mask.example"), 240.0),
    ];
    let spec = table::Table::new("mask columns", &heads, one.plan.columns.len(), 360.0);
    let mut change: Option<(String, Treatment)> = None;
    let (plan, quasi, sensitive) = (&one.plan, &mut one.quasi, &mut one.sensitive);
    table::show(ui, &spec, |ui, row, at| {
        let Some(column) = plan.columns.get(row) else { return };
        let is_left_out = column.treatment == Treatment::Drop;
        match at {
            0 => {
                let name = RichText::new(&column.name).family(strong());
                ui.add(egui::Label::new(name).truncate());
            }
            1 => {
                let kind = egui::Label::new(kind_words(lang, column)).truncate();
                ui.add(kind).on_hover_text(lang.note(&column.why));
            }
            2 => {
                let wish = treatment(ui, lang, data, column);
                change = change.take().or(wish.map(|wish| (column.name.clone(), wish)));
            }
            3 => match tried.and_then(|tried| tried.masked.columns.get(row)) {
                Some(treated) => table::plain(ui, lang.count(treated.cells_changed)),
                None => table::missing(ui),
            },
            4 => {
                let mut on = quasi.contains(&column.name);
                let name = format!("{} {}", lang.t("mask.quasi"), column.name);
                let check = egui::Checkbox::without_text(&mut on);
                let response = ui.add_enabled(!is_left_out, check).accessible_name(&name);
                if response.on_hover_text(lang.t("mask.quasi.help")).changed() {
                    match on {
                        true => quasi.push(column.name.clone()),
                        false => quasi.retain(|other| *other != column.name),
                    }
                }
            }
            5 => {
                let on = sensitive.as_ref() == Some(&column.name);
                let name = format!("{} {}", lang.t("mask.sensitive"), column.name);
                let radio = egui::RadioButton::new(on, "");
                let response = ui.add_enabled(!is_left_out, radio).accessible_name(&name);
                if response.on_hover_text(lang.t("mask.sensitive.help")).clicked() {
                    // A second click takes the choice back.
                    *sensitive = (!on).then(|| column.name.clone());
                }
            }
            _ => match tried.and_then(|tried| tried.examples.get(row)).filter(|all| !all.is_empty()) {
                Some(all) => {
                    let lines: Vec<String> = all
                        .iter()
                        .map(|example| example_words(lang, column, example, is_projected))
                        .collect();
                    let label = egui::Label::new(lines.join("  ·  ")).truncate().selectable(false);
                    ui.add(label).on_hover_text(lines.join("\n"));
                }
                None => table::missing(ui),
            },
        }
    });
    if let Some((name, treatment)) = change {
        one.plan.set(&name, treatment);
    }
}

/// The choice of what is done to a column, and by how much; the new one where it was changed.
fn treatment(ui: &mut Ui, lang: Lang, data: &Table, column: &ColumnPlan) -> Option<Treatment> {
    let mut value = column.treatment.clone();
    let word = value.word();
    let name = format!("{} {}", lang.t("mask.treatment"), column.name);
    ui.spacing_mut().button_padding.y = 1.0;
    ui.spacing_mut().interact_size.y = 22.0;
    let combo = egui::ComboBox::from_id_salt(("treatment", &column.name))
        .width(160.0)
        .selected_text(lang.t(&format!("treatment.{word}")))
        .show_ui(ui, |ui| {
            let known = data.columns.iter().find(|other| other.name == column.name);
            let choices = known.map(|known| privacy::choices(known, column.kind)).unwrap_or_default();
            for choice in choices {
                let other = choice.word();
                let text = lang.t(&format!("treatment.{other}"));
                if ui.selectable_label(other == word, text).clicked() && other != word {
                    value = choice;
                }
            }
        });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
    if let Some(amount) = value.amount() {
        let name = format!("{} {}", lang.t("mask.amount"), column.name);
        let drag = egui::DragValue::new(amount).range(1..=1_000_000);
        ui.add(drag).accessible_name(name).on_hover_text(lang.t(&format!("treatment.{word}.amount")));
    }
    (value != column.treatment).then_some(value)
}

fn kind_words(lang: Lang, column: &ColumnPlan) -> String {
    match column.kind {
        Some(kind) => lang.t(&format!("kind.{}", kind.name())),
        None => "—".into(),
    }
}

/// `before → after`; before an audience the value itself stays hidden.
fn example_words(lang: Lang, column: &ColumnPlan, example: &Example, is_projected: bool) -> String {
    let (before, after) = example;
    let hides = is_projected && column.treatment != Treatment::Keep;
    let before = if hides { privacy::mask(before) } else { before.clone() };
    match after {
        Some(after) => format!("{before} → {after}"),
        None => format!("{before} → {}", lang.t("mask.left_out")),
    }
}

/// What is said of every column, to take away.
fn grid(lang: Lang, one: &MaskTable, tried: Option<&Tried>, is_projected: bool) -> Grid {
    let heads = ["collect.column", "mask.kind", "mask.treatment", "mask.cells", "mask.quasi", "mask.example"];
    let rows = one.plan.columns.iter().enumerate().map(|(at, column)| {
        let treated = tried.and_then(|tried| tried.masked.columns.get(at));
        let example = tried.and_then(|tried| tried.examples.get(at)?.first());
        let yes = if one.quasi.contains(&column.name) { "common.yes" } else { "common.no" };
        vec![
            Cell::from(column.name.as_str()),
            kind_words(lang, column).into(),
            lang.t(&format!("treatment.{}", column.treatment.word())).into(),
            treated.map_or_else(|| Cell::from(""), |treated| Cell::whole(treated.cells_changed)),
            lang.t(yes).into(),
            example.map_or_else(String::new, |e| example_words(lang, column, e, is_projected)).into(),
        ]
    });
    Grid { name: lang.t("mask.columns"), header: heads.map(|key| lang.t(key)).to_vec(), rows: rows.collect() }
}

/// How easily a person is recognised in the copy.
fn risk(ui: &mut Ui, lang: Lang, data: &Table, tried: &Tried, is_projected: bool) {
    let masked = &tried.masked;
    let Some(risk) = &masked.risk else {
        ui.add(egui::Label::new(lang.t("mask.no_quasi")).wrap());
        return;
    };
    parts::figures(ui, |ui| {
        parts::figure(ui, &lang.t("mask.k"), &lang.count(risk.k as u64), "");
        let below = lang.with("mask.below", &[("size", SMALL.to_string())]);
        parts::figure(ui, &below, &lang.count(risk.rows_below as u64), "");
        if let Some(l) = risk.l {
            parts::figure(ui, &lang.t("mask.l"), &lang.count(l as u64), "");
        }
    });
    let columns = lang.list(&risk.quasi_identifiers);
    let args = [("columns", columns), ("k", lang.count(risk.k as u64)), ("size", SMALL.to_string())];
    let key = match risk.k {
        1 => "mask.one_alone",
        k if k < SMALL => "mask.few_alike",
        _ => "mask.many_alike",
    };
    ui.add(egui::Label::new(lang.with(key, &args)).wrap());
    if let (Some(l), Some(column)) = (risk.l, &risk.sensitive) {
        let args = [("l", lang.count(l as u64)), ("column", column.clone())];
        let key = if l < 2 { "mask.l_one" } else { "mask.l_more" };
        ui.add(egui::Label::new(lang.with(key, &args)).wrap());
    }
    let shared: Vec<_> = masked.columns.iter().filter(|column| column.collisions > 0).collect();
    for column in shared {
        let args = [("name", column.name.clone()), ("count", lang.count(column.collisions))];
        parts::muted(ui, lang.with("mask.collisions", &args));
    }
    if !risk.smallest.is_empty() {
        parts::muted(ui, lang.t("mask.what_helps"));
        outliers(ui, lang, data, risk, is_projected);
    }
}

/// The rows that stick out most.
fn outliers(ui: &mut Ui, lang: Lang, data: &Table, risk: &Risk, is_projected: bool) {
    let title = lang.t("mask.stick_out");
    let mut names = vec![lang.t("customers.row"), lang.t("mask.alike")];
    names.extend(risk.quasi_identifiers.iter().cloned());
    ui.horizontal(|ui| {
        ui.label(RichText::new(&title).family(strong()));
        take::table_menu(ui, lang, &title, || Grid {
            name: format!("{} {title}", data.name),
            header: names.clone(),
            rows: risk
                .smallest
                .iter()
                .map(|row| {
                    let numbers = [row.row, row.alike].map(|n| Cell::whole(n as u64));
                    numbers.into_iter().chain(row.values.iter().map(|v| Cell::from(v.as_str()))).collect()
                })
                .collect(),
        });
    });
    let heads: Vec<table::Head> = names
        .iter()
        .enumerate()
        .map(|(at, name)| match at {
            0 | 1 => table::Head::number(name, 70.0),
            _ => table::Head::text(name, 120.0),
        })
        .collect();
    let spec = table::Table::new("stick out", &heads, risk.smallest.len(), 240.0);
    table::show(ui, &spec, |ui, row, at| {
        let Some(outlier) = risk.smallest.get(row) else { return };
        match at {
            0 => parts::muted(ui, outlier.row.to_string()),
            1 => table::plain(ui, outlier.alike.to_string()),
            n => match outlier.values.get(n - 2).filter(|value| !value.is_empty()) {
                Some(value) if is_projected => table::plain(ui, privacy::mask(value)),
                Some(value) => table::plain(ui, value.as_str()),
                None => table::missing(ui),
            },
        }
    });
}
