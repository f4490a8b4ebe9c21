//! The columns, and what becomes of each.

use std::collections::HashMap;

use eframe::egui::Ui;
use regulars_engine::clean::indicator_name;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Prepared;
use regulars_engine::table::Role;

use super::Scene;
use crate::window::parts::{self, table, take};

/// Features of a column that its row names at most.
const NAMED: usize = 40;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, prepared: &Prepared) {
    let lang = scene.lang;
    let heads = [
        table::Head::text(lang.t("collect.column"), 170.0),
        table::Head::text(lang.t("collect.role"), 110.0),
        table::Head::number(lang.t("features.becomes"), 90.0),
        table::Head::text(lang.t("features.names"), 260.0),
    ];
    let mut by_source: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, source) in prepared.matrix.names.iter().zip(&prepared.matrix.sources) {
        by_source.entry(source).or_default().push(name);
    }
    let of = |column: &str| -> Vec<&str> {
        let own = by_source.get(column).into_iter().flatten();
        own.chain(by_source.get(indicator_name(column).as_str()).into_iter().flatten()).copied().collect()
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
    let selected: Vec<&str> = prepared.features.left_out.iter().map(|out| out.source.as_str()).collect();
    let mut view = table::Table::new("features", &heads, prepared.schema.len(), 520.0);
    let chosen = &mut scene.page.features.column;
    view.chosen = Some(prepared.schema.iter().position(|spec| spec.name == *chosen));
    let clicked = table::show(ui, &view, |ui, row, column| {
        let Some(spec) = prepared.schema.get(row) else { return };
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
                    _ if selected.contains(&spec.name.as_str()) => "features.out_selected",
                    _ => "features.out_chosen",
                };
                parts::muted(ui, lang.t(why));
            }
            _ => {
                let rest = if names.len() > NAMED { " · …" } else { "" };
                let some: Vec<&str> = names.into_iter().take(NAMED).collect();
                table::plain(ui, some.join(" · ") + rest);
            }
        }
    });
    // The inspector shows how the clicked column is encoded.
    if let Some(spec) = clicked.row.and_then(|row| prepared.schema.get(row)) {
        chosen.clone_from(&spec.name);
    }
}
