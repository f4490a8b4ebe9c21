//! Collect: what is in the file, what each column is, and why; any of it changed with one click.

mod picture;
mod question;
mod reading;
mod sample;
mod tables;

use std::path::PathBuf;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::collect::ReadOptions;
use regulars_engine::detect::date::Order;
use regulars_engine::detect::number::Decimal;
use regulars_engine::files::{Cell, Grid, name_of};
use regulars_engine::table::{Column, Role, Table, ValueType};

use super::Scene;
use crate::window::command::Command;
use crate::window::parts::{self, table, take};
use crate::window::state::Lacks;
use crate::window::theme::{Palette, S2, S3};
use crate::window::tour;
use crate::words::Lang;
pub(in crate::window::pages) use question::aloud;
pub(in crate::window::pages) use reading::{Encodings, inspector};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "collect");
    let Some(data) = scene.state.table.clone() else {
        let busy = scene.state.load.is_some() || scene.state.finding_data();
        if let Some(lacks) = scene.state.lacks.clone().filter(|_| !busy) {
            lacking(ui, scene, &lacks);
            return;
        }
        match scene.state.preview.clone() {
            Some(head) if scene.state.load.is_some() => {
                parts::muted(ui, lang.t("collect.preview"));
                first_rows(ui, scene, &head);
            }
            _ if scene.state.load.is_some() => parts::muted(ui, lang.t("status.working")),
            _ => open_first(ui, scene),
        }
        return;
    };
    parts::figures(ui, |ui| {
        parts::figure(ui, &lang.t("collect.records"), &lang.count(data.records), "");
        parts::figure(ui, &lang.t("collect.kept"), &lang.count(data.height() as u64), "");
        parts::figure(ui, &lang.t("collect.rejected"), &lang.count(data.rejected_count), "");
        parts::figure(ui, &lang.t("collect.columns"), &lang.count(data.columns.len() as u64), "");
    });
    sample::show(ui, scene, &data);
    no_target(ui, scene, &data);
    let collected = scene.state.collected.clone();
    question::show(ui, scene);
    if let Some(collected) = &collected {
        tables::show(ui, scene, collected);
    }
    for note in data.warnings.iter().filter(|note| !question::tells(note)) {
        parts::caution(ui, &lang.note(note));
    }
    for (column, note) in data.columns.iter().flat_map(|c| c.warnings.iter().map(move |n| (c, n))).take(4) {
        parts::caution(ui, &format!("{}: {}", column.name, lang.note(note)));
    }
    if data.rejected_count > 0 {
        egui::CollapsingHeader::new(
            lang.with("collect.rejected_rows", &[("count", lang.count(data.rejected_count))]),
        )
        .show(ui, |ui| {
            for r in data.rejected.iter().take(20) {
                parts::muted(ui, format!("{} · {} · {}", r.row, lang.note(&r.why), r.excerpt));
            }
        });
    }
    ui.horizontal(|ui| {
        ui.label(RichText::new(lang.t("collect.columns_head")).font(crate::window::theme::section_font()));
        take::table_menu(ui, lang, &lang.t("collect.columns_head"), || columns_grid(lang, &data));
    });
    let top = ui.cursor().min;
    let heads = [
        table::Head::text(lang.t("collect.column"), 140.0),
        table::Head::text(lang.t("collect.role"), 120.0),
        table::Head::text(lang.t("collect.type"), 64.0),
        table::Head::number(lang.t("collect.missing"), 64.0),
        table::Head::number(lang.t("collect.distinct"), 64.0),
        table::Head::text(lang.t("collect.why"), 170.0),
    ];
    let height = (ui.available_height() * 0.6).max(330.0);
    let mut change: Option<(String, Role)> = None;
    let p = Palette::of(ui);
    let spec = table::Table::new("columns", &heads, data.columns.len(), height);
    table::show(ui, &spec, |ui, row, column| {
        let c = &data.columns[row];
        match column {
            0 => {
                ui.add(
                    egui::Label::new(RichText::new(&c.name).family(crate::window::theme::strong()))
                        .truncate(),
                );
            }
            1 => {
                let mut role = c.role;
                let name = format!("{} {}", lang.t("collect.role"), c.name);
                ui.spacing_mut().button_padding.y = 1.0;
                ui.spacing_mut().interact_size.y = 22.0;
                ui.add_enabled_ui(!scene.prefs.locked, |ui| {
                    let words = |r: Role| lang.t(&format!("role.{}", r.name()));
                    if parts::choose(ui, &name, &mut role, question::roles(scene.state), words) {
                        change = Some((c.name.clone(), role));
                    }
                });
            }
            2 if matches!(c.value_type, ValueType::Number | ValueType::Date) => {
                let shown = lang.t(&format!("type.{}", c.value_type.name()));
                ui.spacing_mut().button_padding.y = 1.0;
                ui.spacing_mut().interact_size.y = 22.0;
                let name = format!("{} {}", lang.t("collect.written"), c.name);
                let menu = ui.add_enabled_ui(!scene.prefs.locked, |ui| {
                    ui.menu_button(shown, |ui| written(ui, lang, c, &mut scene.state.settings.read))
                });
                menu.inner
                    .response
                    .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            }
            2 => table::plain(ui, lang.t(&format!("type.{}", c.value_type.name()))),
            3 => {
                let color = if c.missing + c.bad > 0 { p.caution } else { p.ink };
                let text = RichText::new(lang.count(c.missing + c.bad)).color(color);
                let response = ui.label(text);
                if c.bad > 0 {
                    let list: Vec<String> =
                        c.bad_examples.iter().take(8).map(|b| format!("{}: “{}”", b.row, b.value)).collect();
                    response.on_hover_text(format!("{}\n{}", lang.t("collect.unreadable"), list.join("\n")));
                }
            }
            4 => table::plain(ui, lang.count(c.distinct)),
            _ => table::plain(ui, lang.note(&c.why)),
        }
    });
    tour::anchor(ui, "columns", egui::Rect::from_min_size(top, egui::vec2(420.0, height)));
    if let Some((name, role)) = change {
        let roles = &mut scene.state.settings.read.roles;
        roles.retain(|(column, old)| *column != name && !(role == Role::Target && *old == Role::Target));
        roles.push((name, role));
    }

    first_rows(ui, scene, &data);
}

/// How the numbers or dates of a column are written: as they are read now, or otherwise.
fn written(ui: &mut Ui, lang: Lang, column: &Column, read: &mut ReadOptions) {
    let name = &column.name;
    if column.value_type == ValueType::Date {
        for order in
            [Order::DayFirst, Order::MonthFirst, Order::UnixSeconds, Order::UnixMillis, Order::ExcelSerial]
        {
            let key = match order {
                Order::DayFirst => "written.day_first",
                Order::MonthFirst => "written.month_first",
                Order::UnixSeconds => "written.unix_seconds",
                Order::UnixMillis => "written.unix_millis",
                Order::ExcelSerial => "written.excel",
            };
            if ui.radio(column.date_order == order, lang.t(key)).clicked() {
                read.date_orders.retain(|(known, _)| known != name);
                read.date_orders.push((name.clone(), order));
            }
        }
        return;
    }
    for decimal in [Decimal::Point, Decimal::Comma] {
        let key = if decimal.is_comma() { "written.comma" } else { "written.point" };
        if ui.radio(column.decimal.is_comma() == decimal.is_comma(), lang.t(key)).clicked() {
            read.decimals.retain(|(known, _)| known != name);
            read.decimals.push((name.clone(), decimal));
        }
    }
}

/// The table of columns, to be taken away.
fn columns_grid(lang: Lang, data: &Table) -> Grid {
    let heads = ["column", "role", "type", "missing", "distinct", "why"];
    let rows = data.columns.iter().map(|c| {
        vec![
            Cell::from(c.name.as_str()),
            lang.t(&format!("role.{}", c.role.name())).into(),
            lang.t(&format!("type.{}", c.value_type.name())).into(),
            Cell::whole(c.missing + c.bad),
            Cell::whole(c.distinct),
            lang.note(&c.why).into(),
        ]
    });
    let header = heads.map(|key| lang.t(&format!("collect.{key}"))).to_vec();
    Grid { name: data.name.clone(), header, rows: rows.collect() }
}

/// No column says who left: what can be done with such a file all the same.
fn no_target(ui: &mut Ui, scene: &mut Scene<'_>, data: &Table) {
    let lang = scene.lang;
    if data.with_role(Role::Target).is_some() || scene.state.preparing() {
        return;
    }
    parts::card(ui, 12, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(lang.t("no_target.title")).font(crate::window::theme::section_font()));
        let orders = regulars_engine::project::looks_like_events(data);
        ui.add(egui::Label::new(lang.t(if orders { "no_target.orders" } else { "no_target.text" })).wrap());
        ui.horizontal_wrapped(|ui| {
            if orders && parts::primary(ui, lang.t("no_target.combine"), !scene.prefs.locked) {
                scene.state.settings.combine.customers = Some(data.name.clone());
            }
            // Rows of orders are no customers: groups of them would say nothing.
            if !orders && ui.button(lang.t("command.segments")).clicked() {
                scene.send.push(Command::FindSegments);
            }
            if ui.button(lang.t("no_target.clean")).clicked() {
                scene.send.push(Command::Go(super::Page::Clean));
            }
            if scene.state.bundle.is_some() && ui.button(Command::NextMonth.text(lang)).clicked() {
                scene.send.push(Command::NextMonth);
            }
        });
    });
    ui.add_space(S2);
}

/// A project whose data are not here: what it is, and how to give them.
fn lacking(ui: &mut Ui, scene: &mut Scene<'_>, lacks: &Lacks) {
    let lang = scene.lang;
    parts::card(ui, 24, |ui| {
        ui.set_width(ui.available_width().min(720.0));
        ui.label(RichText::new(lang.t("lacks.title")).font(crate::window::theme::section_font()));
        let name = name_of(&lacks.file);
        let size = lacks.bytes.map_or_else(String::new, |b| format!("{} KB", lang.count(b.div_ceil(1024))));
        let args = [("file", name), ("size", size), ("path", lacks.file.display().to_string())];
        ui.add(egui::Label::new(lang.with("lacks.text", &args)).wrap());
        parts::muted(ui, lang.with("lacks.hash", &[("hash", lacks.hash.chars().take(16).collect())]));
        ui.add_space(S3);
        ui.horizontal(|ui| {
            if parts::primary(ui, lang.t("lacks.choose"), true) {
                scene.send.push(Command::OpenDialog);
            }
            if scene.state.bundle.is_some() && ui.button(Command::NextMonth.text(lang)).clicked() {
                scene.send.push(Command::NextMonth);
            }
        });
        ui.add_space(S3);
        path_box(ui, scene);
    });
}

/// The first rows, as they stand in the file.
fn first_rows(ui: &mut Ui, scene: &Scene<'_>, data: &Table) {
    let lang = scene.lang;
    let (shown, masked) = (data.height().min(500), scene.prefs.projector);
    ui.horizontal(|ui| {
        ui.label(RichText::new(lang.t("collect.first_rows")).font(crate::window::theme::section_font()));
        take::table_menu(ui, lang, &lang.t("collect.first_rows"), || Grid {
            name: data.name.clone(),
            header: std::iter::once("#".to_owned())
                .chain(data.columns.iter().map(|c| c.name.clone()))
                .collect(),
            rows: (0..shown)
                .map(|row| {
                    let number = Cell::whole(data.rows[row].into());
                    let cell =
                        |at| Cell::from(shown_cell(data, row, at, masked).unwrap_or_default().as_str());
                    std::iter::once(number).chain((0..data.columns.len()).map(cell)).collect()
                })
                .collect(),
        });
    });
    let heads: Vec<table::Head> = std::iter::once(table::Head::number("#", 48.0))
        .chain(data.columns.iter().take(60).map(|c| table::Head::text(&c.name, 110.0)))
        .collect();
    let spec = table::Table::new("rows", &heads, shown, 260.0);
    table::show(ui, &spec, |ui, row, column| match column {
        0 => parts::muted(ui, data.rows[row].to_string()),
        n => match shown_cell(data, row, n - 1, masked) {
            Some(text) => table::plain(ui, text.chars().take(120).collect::<String>()),
            None => table::missing(ui),
        },
    });
    if data.height() > shown {
        parts::muted(
            ui,
            lang.with(
                "common.shown_of",
                &[("shown", lang.count(shown as u64)), ("all", lang.count(data.height() as u64))],
            ),
        );
    }
}

/// A cell as it is shown: names and contacts masked before an audience; `None` for a blank.
fn shown_cell(data: &Table, row: usize, column: usize, masked: bool) -> Option<String> {
    let column = data.columns.get(column)?;
    let text = data.text(&column.name)?.get(row).filter(|text| !text.trim().is_empty())?;
    let hides = masked && matches!(column.role, Role::Id | Role::Contact);
    Some(if hides { regulars_engine::privacy::mask(text) } else { text.to_owned() })
}

/// The opening page: drop, choose, type a path, or take the sample.
fn open_first(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::card(ui, 32, |ui| {
        ui.set_width(ui.available_width().min(720.0));
        ui.label(RichText::new(lang.t("empty.collect.title")).font(crate::window::theme::section_font()));
        parts::muted(ui, lang.t("empty.collect.text"));
        ui.add_space(S3);
        ui.horizontal(|ui| {
            if parts::primary(ui, lang.t("command.open"), true) {
                scene.send.push(Command::OpenDialog);
            }
            if ui
                .add(egui::Button::new(lang.t("command.open_sample")).min_size(egui::vec2(0.0, 34.0)))
                .clicked()
            {
                scene.send.push(Command::OpenSample);
            }
        });
        crate::window::sources::buttons(ui, scene);
        ui.add_space(S3);
        path_box(ui, scene);
        if ui.button(Command::Tour.text(lang)).clicked() {
            scene.send.extend([Command::OpenSample, Command::Tour]);
        }
    });
    sample::instead(ui, scene);
    left_behind(ui, scene);
    recent(ui, scene);
    ui.add_space(S2);
    parts::muted(ui, lang.t("collect.local_only"));
}

/// What crashes left behind.
fn left_behind(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    for (at, left) in scene.left_behind.iter().enumerate() {
        let name = match left.locked {
            true => lang.t("lock.left_name"),
            false => name_of(left.origin.as_ref().unwrap_or(&left.data)),
        };
        let minutes = left.saved.elapsed().map_or(0, |past| past.as_secs() / 60);
        ui.add_space(S2);
        ui.horizontal_wrapped(|ui| {
            let text = lang.with("recover.text", &[("file", name), ("minutes", lang.count(minutes))]);
            ui.label(RichText::new(text).color(Palette::of(ui).caution));
            for command in [Command::Recover(at), Command::Discard(at)] {
                if ui.button(command.text(lang)).clicked() {
                    scene.send.push(command);
                }
            }
        });
    }
}

/// Files and projects that were open before.
fn recent(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.prefs.recent.is_empty() {
        return;
    }
    parts::section(ui, lang.t("collect.recent"));
    for path in &scene.prefs.recent {
        let name = name_of(path);
        let here = path.exists();
        ui.horizontal(|ui| {
            if ui.add_enabled(here, egui::Button::new(&name)).clicked() {
                scene.send.push(Command::OpenPath(path.clone()));
            }
            let folder = path.parent().map_or_else(String::new, |p| p.display().to_string());
            parts::muted(ui, if here { folder } else { lang.t("collect.recent_gone") });
        });
    }
}

fn path_box(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.horizontal(|ui| {
        let label = ui.label(lang.t("collect.path"));
        let edit = egui::TextEdit::singleline(&mut scene.page.path).desired_width(360.0);
        let response = ui.add(edit).labelled_by(label.id);
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let ready = !scene.page.path.trim().is_empty();
        if (ui.add_enabled(ready, egui::Button::new(lang.t("collect.open_path"))).clicked() || entered)
            && ready
        {
            scene.send.push(Command::OpenPath(PathBuf::from(scene.page.path.trim())));
        }
    });
}
