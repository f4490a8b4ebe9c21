//! Features: what the model will see of each customer, what is left out and why, and who is used
//! for what.

use eframe::egui::{self, Ui};
use regulars_engine::features::{DateMonth, TermColumns, TextUse};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::split::Side;
use regulars_engine::table::Role;

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, table, take};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "features");
    let Some(prepared) = scene.state.prepared.clone() else {
        super::clean::waiting(ui, scene, "features");
        return;
    };
    parts::figures(ui, |ui| {
        parts::figure(ui, &lang.t("features.count"), &lang.count(prepared.matrix.width() as u64), "");
        for (side, key) in [(Side::Train, "train"), (Side::Valid, "valid"), (Side::Test, "test")] {
            let name = lang.t(&format!("side.{key}"));
            let sentence = lang.t(&format!("side.{key}.says"));
            parts::figure(ui, &name, &lang.count(prepared.count(side) as u64), &sentence);
        }
    });
    for leak in &prepared.leaks {
        let args = [("column", leak.column.clone()), ("auc", format!("{:.3}", leak.roc_auc))];
        parts::caution(ui, &lang.with("features.leak", &args));
    }
    super::classroom::leak_trap::show(ui, scene, false);
    let heads = [
        table::Head::text(lang.t("collect.column"), 170.0),
        table::Head::text(lang.t("collect.role"), 110.0),
        table::Head::number(lang.t("features.becomes"), 90.0),
        table::Head::text(lang.t("features.names"), 260.0),
    ];
    let of = |column: &str| -> Vec<&str> {
        let indicator = regulars_engine::clean::indicator_name(column);
        let matrix = &prepared.matrix;
        matrix
            .names
            .iter()
            .zip(&matrix.sources)
            .filter(|(_, source)| *source == column || **source == indicator)
            .map(|(name, _)| name.as_str())
            .collect()
    };
    take::table_menu(ui, lang, &lang.t("page.features.name"), || Grid {
        name: lang.t("page.features.name"),
        header: heads.iter().map(|head| head.name.clone()).collect(),
        rows: prepared
            .schema
            .iter()
            .map(|spec| {
                let names = of(&spec.name);
                let role = lang.t(&format!("role.{}", spec.role.name()));
                let count = Cell::whole(names.len() as u64);
                vec![spec.name.as_str().into(), role.into(), count, names.join(" · ").into()]
            })
            .collect(),
    });
    let table = table::Table::new("features", &heads, prepared.schema.len(), 520.0);
    table::show(ui, &table, |ui, row, column| {
        let spec = &prepared.schema[row];
        let names = of(&spec.name);
        match column {
            0 => table::plain(ui, &spec.name),
            1 => table::plain(ui, lang.t(&format!("role.{}", spec.role.name()))),
            2 => table::plain(ui, names.len().to_string()),
            _ if names.is_empty() => {
                let why = match spec.role {
                    Role::Id | Role::Contact => "features.out_private",
                    Role::Target => "features.out_target",
                    Role::Text => "features.out_text",
                    Role::Ignore => "features.out_ignored",
                    _ => "features.out_chosen",
                };
                parts::muted(ui, lang.t(why));
            }
            _ => table::plain(ui, names.join(" · ")),
        }
    });
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("features.settings"));
    let settings = &mut scene.state.settings;
    parts::setting(ui, lang, "rare", |ui| {
        let mut percent = settings.features.rare_share * 100.0;
        if parts::named(ui, lang, "rare", egui::Slider::new(&mut percent, 0.0..=10.0).suffix("%")).changed() {
            settings.features.rare_share = percent / 100.0;
        }
    });
    parts::setting(ui, lang, "levels", |ui| {
        parts::named(
            ui,
            lang,
            "levels",
            egui::Slider::new(&mut settings.features.max_levels, 2..=200).logarithmic(true),
        );
    });
    parts::setting(ui, lang, "date_month", |ui| {
        let name = lang.t("setting.date_month");
        parts::choose(ui, &name, &mut settings.features.month, &DateMonth::ALL, |when| {
            lang.t(&format!("date_month.{}", when.name()))
        });
    });
    let has_text =
        scene.state.table.as_ref().is_some_and(|table| table.columns.iter().any(|c| c.role == Role::Text));
    if has_text {
        parts::setting(ui, lang, "text_terms", |ui| {
            let before = settings.features.text.limit();
            let mut limit = before;
            parts::named(ui, lang, "text_terms", egui::Slider::new(&mut limit, 0..=500));
            if limit != before {
                settings.features.text = match settings.features.text.clone() {
                    // What else was set of the terms stays.
                    TextUse::Terms(terms) if limit > 0 => TextUse::Terms(TermColumns { limit, ..terms }),
                    _ => TextUse::terms(limit),
                };
            }
        });
    }
    parts::setting(ui, lang, "test_share", |ui| {
        let mut percent = settings.split.test * 100.0;
        if parts::named(
            ui,
            lang,
            "test_share",
            egui::Slider::new(&mut percent, 5.0..=50.0).fixed_decimals(0).suffix("%"),
        )
        .changed()
        {
            settings.split.test = percent / 100.0;
        }
    });
    if let Some(prepared) = scene.state.prepared.clone() {
        parts::section(ui, lang.t("features.use"));
        egui::ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
            for spec in prepared.schema.iter().filter(|s| s.role.is_feature()) {
                let exclude = &mut scene.state.settings.features.exclude;
                let mut on = !exclude.contains(&spec.name);
                if ui.checkbox(&mut on, &spec.name).changed() {
                    exclude.retain(|name| *name != spec.name);
                    if !on {
                        exclude.push(spec.name.clone());
                    }
                }
            }
        });
        if parts::primary(ui, lang.t("features.next"), true) {
            scene.send.push(Command::Go(Page::Train));
        }
    }
}
