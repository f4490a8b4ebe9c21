//! Several tables: what each is, how they hang together, and what each customer gets of them.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::Note;
use regulars_engine::collect::combine::Dropped;
use regulars_engine::project::Collected;
use regulars_engine::table::{Cardinality, Table};

use super::picture;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::{self, S2};
use crate::words::Lang;

/// Draws the tables above the customers' one.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, collected: &Collected) {
    let lang = scene.lang;
    let Some(plan) = &collected.plan else { return };
    let dataset = &collected.dataset;
    let root = dataset.tables.iter().position(|table| table.name == plan.customers.name);
    parts::section(ui, lang.with("tables.head", &[("count", dataset.tables.len().to_string())]));
    let says = if collected.asked.is_some() { "question.tables" } else { "tables.says" };
    parts::muted(ui, lang.t(says));
    ui.add_space(S2);
    let words = |at: usize| match (dataset.tables.get(at), collected.kinds.get(at)) {
        (Some(table), Some((kind, _))) => {
            let rows = lang.with("status.rows", &[("count", lang.count(table.height() as u64))]);
            format!("{} · {rows}", lang.t(&format!("kind.{}", kind.name())))
        }
        _ => String::new(),
    };
    if let Some(at) = picture::show(ui, dataset, root, scene.page.table, words) {
        scene.page.table = if scene.page.table == Some(at) { None } else { Some(at) };
    }
    let chosen = scene.page.table.and_then(|at| dataset.tables.get(at).zip(collected.kinds.get(at)));
    if let Some((table, (_, why))) = chosen {
        one(ui, lang, table, why);
    }
    for (at, link) in dataset.links.iter().enumerate() {
        let name = |at: usize| dataset.tables.get(at).map_or("", |table| table.name.as_str());
        let dropped = Dropped::of(dataset, link);
        let mut on = !scene.state.settings.combine.dropped.iter().any(|one| Some(one) == dropped.as_ref());
        let head = format!("{}.{} → {}.{}", name(link.from), link.from_column, name(link.to), link.to_column);
        ui.horizontal_wrapped(|ui| {
            ui.push_id(("link", at), |ui| {
                let free = !scene.prefs.locked && link.cardinality != Cardinality::ManyToMany;
                let before = on;
                ui.add_enabled(free, egui::Checkbox::new(&mut on, head));
                if on != before
                    && let Some(dropped) = dropped
                {
                    let list = &mut scene.state.settings.combine.dropped;
                    list.retain(|one| *one != dropped);
                    if !on {
                        list.push(dropped);
                    }
                }
            });
            let counts = [
                ("orphans", link.orphans),
                ("blank", link.blank),
                ("duplicates", link.duplicates),
                ("childless", link.childless),
            ];
            let told: Vec<String> = counts
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(key, count)| lang.with(&format!("tables.{key}"), &[("count", lang.count(*count))]))
                .collect();
            let told = if told.is_empty() { lang.t("tables.fits") } else { told.join(" · ") };
            let told = RichText::new(told).small().color(theme::Palette::of(ui).muted);
            ui.label(told).on_hover_text(lang.note(&link.why));
        });
    }
    for apart in &plan.apart {
        parts::caution(ui, &lang.note(&apart.why()));
    }
    // A question over time makes columns of its own.
    if collected.asked.is_none() {
        planned(ui, scene, collected);
    }
}

/// A table by itself: where it is from, what was told while it was read, its columns.
fn one(ui: &mut Ui, lang: Lang, table: &Table, why: &Note) {
    parts::card(ui, 10, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(&table.name).family(theme::strong()));
        let part = table.source.part.as_ref().map(|part| format!(" · {part}")).unwrap_or_default();
        parts::muted(ui, format!("{}{part} · {}", table.source.file.display(), table.source.format));
        parts::muted(ui, lang.note(why));
        for note in &table.warnings {
            parts::caution(ui, &lang.note(note));
        }
        egui::Grid::new("columns of a table").num_columns(2).spacing([16.0, 4.0]).show(ui, |ui| {
            for column in table.columns.iter().take(40) {
                ui.label(&column.name);
                let role = lang.t(&format!("role.{}", column.role.name()));
                parts::muted(ui, format!("{role} · {}", lang.note(&column.why)));
                ui.end_row();
            }
        });
    });
    ui.add_space(S2);
}

/// The columns that are made per customer, each on or off.
fn planned(ui: &mut Ui, scene: &mut Scene<'_>, collected: &Collected) {
    let lang = scene.lang;
    let Some(plan) = &collected.plan else { return };
    let on = plan.columns.iter().filter(|column| column.on).count();
    let args = [("on", on.to_string()), ("all", plan.columns.len().to_string())];
    let head = egui::CollapsingHeader::new(lang.with("tables.planned", &args)).id_salt("planned");
    head.show(ui, |ui| {
        for column in &plan.columns {
            let mut wanted = column.on;
            ui.horizontal(|ui| {
                let box_ = egui::Checkbox::new(&mut wanted, &column.name);
                if ui.add_enabled(!scene.prefs.locked, box_).changed() {
                    let choice = &mut scene.state.settings.combine;
                    choice.on.retain(|name| *name != column.name);
                    choice.off.retain(|name| *name != column.name);
                    let list = if wanted { &mut choice.on } else { &mut choice.off };
                    list.push(column.name.clone());
                }
                parts::muted(ui, lang.note(&column.what()));
            });
        }
    });
    ui.add_space(S2);
}

/// Beside the page: which table lists the customers, and up to which day.
pub(super) fn settings(ui: &mut Ui, scene: &mut Scene<'_>, collected: &Collected) {
    let lang = scene.lang;
    let Some(plan) = &collected.plan else { return };
    parts::section(ui, lang.t("tables.together"));
    parts::setting(ui, lang, "customers_table", |ui| {
        let mut name = plan.customers.name.clone();
        let before = name.clone();
        let combo = egui::ComboBox::from_id_salt("customers table").selected_text(&name).show_ui(ui, |ui| {
            for table in &collected.dataset.tables {
                ui.selectable_value(&mut name, table.name.clone(), &table.name);
            }
        });
        let label = lang.t("setting.customers_table");
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
        if name != before {
            scene.state.settings.combine.customers = Some(name);
            scene.state.settings.combine.key = None;
        }
        parts::muted(ui, lang.with("tables.key", &[("column", plan.key.clone())]));
    });
    parts::setting(ui, lang, "as_of", |ui| {
        let shown = scene.state.settings.combine.as_of.map(|day| day.to_string()).unwrap_or_default();
        let text = scene.page.as_of.get_or_insert(shown);
        let edit = parts::named(ui, lang, "as_of", egui::TextEdit::singleline(text).hint_text("2026-06-30"));
        if edit.lost_focus() {
            let text = text.trim();
            match text.parse() {
                Ok(day) => scene.state.settings.combine.as_of = Some(day),
                Err(_) if text.is_empty() => scene.state.settings.combine.as_of = None,
                Err(_) => scene.page.as_of = None,
            }
        }
    });
}
