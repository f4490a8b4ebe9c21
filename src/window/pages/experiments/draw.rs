//! Step two: chance draws who is left alone, and both lists are written.

use eframe::egui::{self, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Contacts;
use regulars_engine::table::Role;

use super::{Tab, column, percentage};
use crate::report::experiment as told;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts::{self, table, take};
use crate::window::theme::{S2, S3};
use crate::words::Lang;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    if scene.state.list().is_none() && scene.state.audience().is_none() {
        nobody(ui, scene);
    } else {
        pool(ui, scene);
    }
    drawn(ui, scene);
}

/// No list: the way to one.
fn nobody(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let button = match scene.state.prepared.is_some() {
        true => (lang.t("empty.to_train"), Command::Go(Page::Train)),
        false => (lang.t("command.open"), Command::OpenDialog),
    };
    parts::empty_state(ui, lang, "exp_draw", Some(button), scene.send);
}

fn pool(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_plan();
    let room = &scene.state.experiments;
    let (count, withheld, nameless) = match room.pool() {
        Some(Ok(pool)) => (pool.candidates.len() as u64, pool.withheld, pool.nameless),
        Some(Err(error)) => {
            parts::problem(ui, lang, error);
            return;
        }
        None => {
            parts::muted(ui, lang.t("status.working"));
            return;
        }
    };
    let parts_of = room.plan.part(count);
    parts::muted(ui, lang.t("exp.draw.what"));
    ui.add_space(S2);
    parts::figures(ui, |ui| {
        parts::figure(ui, &lang.t("exp.pool"), &lang.count(count), "");
        parts::figure(ui, &lang.t("exp.called"), &lang.count(parts_of.called), "");
        parts::figure(ui, &lang.t("exp.left_alone"), &lang.count(parts_of.left_alone), "");
    });
    if withheld + nameless > 0 {
        let args = [
            ("withheld", lang.count(withheld as u64)),
            ("nameless", lang.count(nameless as u64)),
            ("repeated", lang.count(0)),
        ];
        parts::muted(ui, lang.with("exp.left_out", &args));
    }
    let plan = room.plan.clone().sane();
    let found = room.planned().and_then(Result::ok).cloned();
    let is_free = !room.drawing() && count > 0;
    ui.add_space(S2);
    if parts::steady(ui, "draw", |ui| parts::primary(ui, lang.t("exp.draw"), is_free)) {
        scene.send.push(Command::DrawExperiment);
    }
    if let Some(found) = found
        && let (Some(text), Some(with)) = (told::with(lang, &plan, &found), found.with)
    {
        ui.add_space(S2);
        match with.power < plan.power {
            true => {
                parts::caution(ui, &text);
                super::plan::too_few(ui, scene, &found, with);
            }
            false => parts::muted(ui, text),
        }
    }
    ui.add_space(S3);
}

/// The experiments of the project; the shown one is marked.
fn drawn(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("exp.drawn_so_far"));
    let room = &scene.state.experiments;
    if room.drawn.is_empty() {
        parts::muted(ui, lang.t("exp.none_drawn"));
        if ui.button(lang.t("command.open_experiment")).clicked() {
            scene.send.push(Command::OpenExperiment);
        }
        return;
    }
    let heads = [
        table::Head::text(lang.t("exp.head.name"), 220.0),
        table::Head::text(lang.t("exp.head.day"), 96.0),
        table::Head::number(lang.t("exp.called"), 90.0),
        table::Head::number(lang.t("exp.left_alone"), 90.0),
        table::Head::number(lang.t("exp.head.strata"), 80.0),
        table::Head::text(lang.t("exp.head.file"), 160.0),
    ];
    let cell = |row: usize, at: usize| -> String {
        let Some(of) = room.drawn.get(row) else { return String::new() };
        match at {
            0 => of.name.clone(),
            1 => of.made.clone(),
            2 => lang.count(of.size().called),
            3 => lang.count(of.size().left_alone),
            4 => lang.count(of.strata.len() as u64),
            _ => of.drawing.file.clone(),
        }
    };
    ui.horizontal_wrapped(|ui| {
        if ui.button(lang.t("command.open_experiment")).clicked() {
            scene.send.push(Command::OpenExperiment);
        }
        take::table_menu(ui, lang, &lang.t("exp.drawn_so_far"), || Grid {
            name: lang.t("page.experiments.name"),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: (0..room.drawn.len())
                .map(|row| (0..heads.len()).map(|at| Cell::from(cell(row, at))).collect())
                .collect(),
        });
    });
    let mut spec = table::Table::new("exp drawn", &heads, room.drawn.len(), 220.0);
    spec.chosen = Some(Some(room.chosen));
    let clicked = table::show(ui, &spec, |ui, row, at| table::plain(ui, cell(row, at)));
    strata(ui, lang, scene);
    if let Some(row) = clicked.row {
        scene.state.experiments.chosen = row;
    }
    ui.add_space(S2);
    if ui.button(lang.t("exp.to_read")).clicked() {
        scene.page.experiments.tab = Tab::Read;
    }
}

/// How the shown experiment was parted, in one sentence.
fn strata(ui: &mut Ui, lang: Lang, scene: &Scene<'_>) {
    let Some(of) = scene.state.experiments.shown() else { return };
    let has_scores = of.members.iter().any(|member| member.score.is_some());
    let mut by: Vec<String> = has_scores.then(|| lang.t("exp.by.score")).into_iter().collect();
    by.extend(of.drawing.value.iter().cloned());
    by.extend(of.drawing.column.iter().cloned());
    let args = [
        ("by", lang.list(&by)),
        ("called", lang.count(of.size().called)),
        ("left", lang.count(of.size().left_alone)),
        ("seed", of.drawing.spec.seed.to_string()),
    ];
    let key = if by.is_empty() { "recpage.exp.how" } else { "exp.how" };
    parts::muted(ui, lang.with(key, &args));
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let of_role = |wanted: &dyn Fn(Role) -> bool| -> Vec<String> {
        let table = scene.state.origin().map(|origin| origin.table());
        let columns = table.iter().flat_map(|table| &table.columns);
        columns.filter(|column| wanted(column.role)).map(|column| column.name.clone()).collect()
    };
    let numbers = of_role(&|role| role.is_numeric());
    let groups = of_role(&|role| role == Role::Category);
    let room = &mut scene.state.experiments;
    let mut left_alone = room.plan.left_alone;
    if percentage(ui, lang, "exp_left_alone", &mut left_alone, (0.05, 0.95)) {
        room.plan.left_alone = left_alone;
        scene.state.changed();
    }
    // Of those who would want a product nothing is known by which they could be parted.
    let is_list = scene.state.audience().is_none();
    let room = &mut scene.state.experiments;
    if is_list {
        parts::section(ui, lang.t("exp.evenly"));
        parts::muted(ui, lang.t("exp.evenly.text"));
        let none = lang.t("exp.no_column");
        column(ui, lang, "exp_value", (&mut room.by.value, &none), &numbers);
        column(ui, lang, "exp_strata", (&mut room.by.column, &none), &groups);
        parts::setting(ui, lang, "exp_bands", |ui| {
            let drag = egui::DragValue::new(&mut room.draw.score_bands).range(1..=10);
            parts::named(ui, lang, "exp_bands", drag);
        });
        room.draw.value_bands = room.draw.score_bands;
    }
    parts::setting(ui, lang, "exp_seed", |ui| {
        let drag = egui::DragValue::new(&mut room.draw.seed).range(0..=999_999);
        parts::named(ui, lang, "exp_seed", drag);
    });
    parts::section(ui, lang.t("exp.list"));
    let spec = &mut scene.state.settings.call_list;
    ui.checkbox(&mut spec.only_at_risk, lang.t("list.only_at_risk"));
    ui.checkbox(&mut spec.with_do_not_contact, lang.t("list.with_do_not_contact"));
    ui.label(lang.t("list.contacts"));
    for kind in Contacts::ALL {
        ui.radio_value(&mut spec.contacts, kind, lang.t(&format!("contacts.{}", kind.name())));
    }
    if spec.contacts == Contacts::Clear {
        parts::caution(ui, &lang.t("list.clear_warning"));
    }
}
