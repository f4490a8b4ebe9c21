//! Beside the steps: where an offer was made before, whom did it turn?

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::experiment::uplift::{KINDS, Method};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::UpliftFound;
use regulars_engine::table::Role;

use super::money;
use crate::report::experiment as told;
use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts::{self, chart, table, take};
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, percent, shown_id};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let is_ready = scene.state.table.as_ref().is_some_and(|table| table.with_role(Role::Target).is_some());
    if !is_ready {
        let button = match scene.state.table.is_some() {
            true => (lang.t("common.to_collect"), Command::Go(Page::Collect)),
            false => (lang.t("command.open"), Command::OpenDialog),
        };
        parts::empty_state(ui, lang, "exp_uplift", Some(button), scene.send);
        return;
    }
    parts::muted(ui, lang.t("exp.uplift.what"));
    ui.add_space(S2);
    ui.horizontal_wrapped(|ui| {
        let room = &scene.state.experiments;
        if let Some((_, share, _)) = room.job().filter(|_| room.is_uplifting()) {
            if ui.add(parts::tall(lang.t("command.cancel"))).clicked() {
                scene.send.push(Command::Cancel);
            }
            ui.add(egui::ProgressBar::new(share as f32).desired_width(180.0).show_percentage());
            return;
        }
        let is_named = !room.ask.treatment.is_empty();
        if parts::primary(ui, lang.t("exp.uplift.find"), is_named) {
            scene.state.find_uplift();
        }
        if !is_named {
            parts::muted(ui, lang.t("exp.uplift.name_it"));
        }
    });
    let room = &scene.state.experiments;
    if let Some(error) = &room.uplift_failed {
        parts::problem(ui, lang, error);
    }
    if let Some((found, is_present)) = room.uplift() {
        if !is_present {
            parts::caution(ui, &lang.t("exp.uplift.stale"));
        }
        let found = found.clone();
        result(ui, lang, &found, scene.prefs.projector);
    }
}

fn result(ui: &mut Ui, lang: Lang, of: &UpliftFound, masked: bool) {
    ui.add_space(S3);
    let text = told::uplift(lang, of);
    ui.add(egui::Label::new(RichText::new(text).font(theme::section_font())).wrap());
    let args = [
        ("got", lang.count(of.measured.0 as u64)),
        ("not", lang.count(of.measured.1 as u64)),
        ("treatment", format!("{} = {}", of.ask.treatment, of.got)),
        ("wanted", format!("{} = {}", of.target, of.wanted)),
    ];
    parts::muted(ui, lang.with("exp.uplift.measured", &args));
    ui.add_space(S2);
    let curve: Vec<PlotPoint> =
        of.qini.curve.iter().map(|(x, y)| PlotPoint::new(100.0 * x, 100.0 * y)).collect();
    let straight = [PlotPoint::new(0.0, 0.0), PlotPoint::new(100.0, 100.0 * of.qini.all)];
    let key = if of.qini.coefficient.low > 0.0 { "exp.qini.above" } else { "exp.qini.straight" };
    let frame = chart::Frame {
        id: "exp qini",
        title: lang.t(key),
        x: lang.t("exp.qini.x"),
        y: lang.t("exp.qini.y"),
        height: 260.0,
        include: vec![[0.0, 0.0], [100.0, 0.0]],
        legend: Corner::RightBottom,
        log_y: false,
        hue: 0,
    };
    let series = [
        chart::Series { name: lang.t("exp.qini.curve"), points: &curve, dashed: false, markers: false },
        chart::Series { name: lang.t("exp.qini.random"), points: &straight, dashed: true, markers: false },
    ];
    chart::lines(ui, lang, frame, &series, None);
    parts::section(ui, lang.t("exp.uplift.list"));
    let heads = [
        table::Head::text(lang.t("customers.id"), 220.0),
        table::Head::number(lang.t("exp.uplift.column"), 140.0),
        table::Head::text(lang.t("exp.uplift.offer"), 120.0),
    ];
    let offer = |yes: bool| if yes { lang.t("common.yes") } else { String::new() };
    ui.horizontal_wrapped(|ui| {
        // Where the order is no better than chance nobody is marked, and a bound would be advice all the same.
        if of.qini.coefficient.low > 0.0 {
            let from = percent(of.pays_from);
            parts::muted(ui, lang.with("exp.uplift.pays", &[("from", from)]));
        }
        take::table_menu(ui, lang, &lang.t("exp.uplift.list"), || Grid {
            name: lang.t("exp.uplift.list"),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: of
                .list
                .iter()
                .map(|one| {
                    vec![shown_id(&one.id, masked).into(), Cell::percent(one.uplift), offer(one.offer).into()]
                })
                .collect(),
        });
    });
    let spec = table::Table::new("exp uplift", &heads, of.list.len(), 320.0);
    table::show(ui, &spec, |ui, row, at| {
        let Some(one) = of.list.get(row) else { return };
        table::plain(
            ui,
            match at {
                0 => shown_id(&one.id, masked),
                1 => percent(one.uplift),
                _ => offer(one.offer),
            },
        );
    });
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(table) = scene.state.table.clone() else {
        parts::muted(ui, lang.t("exp.uplift.table_first"));
        return;
    };
    let may_be = |role: Role| !matches!(role, Role::Target | Role::Id | Role::Contact);
    let pairs: Vec<String> = table
        .columns
        .iter()
        .filter(|column| column.distinct == 2 && may_be(column.role))
        .map(|column| column.name.clone())
        .collect();
    let ask = &mut scene.state.experiments.ask;
    let mut treatment = Some(ask.treatment.clone()).filter(|name| !name.is_empty());
    if super::column(ui, lang, "exp_treatment", (&mut treatment, &lang.t("exp.no_column")), &pairs) {
        ask.treatment = treatment.unwrap_or_default();
        ask.got = None;
    }
    let values: Vec<String> = table
        .columns
        .iter()
        .find(|column| column.name == ask.treatment)
        .map(|column| column.levels.iter().map(|(value, _)| value.clone()).collect())
        .unwrap_or_default();
    if !values.is_empty() {
        super::column(ui, lang, "exp_got", (&mut ask.got, &lang.t("common.guessed")), &values);
    }
    ui.checkbox(&mut ask.unwanted, lang.t("exp.uplift.unwanted"))
        .on_hover_text(lang.t("exp.uplift.unwanted.help"));
    parts::setting(ui, lang, "exp_method", |ui| {
        let words = |method: Method| lang.t(&format!("exp.method.{}", method.name()));
        parts::choose(ui, &lang.t("setting.exp_method"), &mut ask.model.method, &Method::ALL, words);
    });
    parts::setting(ui, lang, "exp_model", |ui| {
        let words = |kind: regulars_engine::train::ModelKind| lang.t(&format!("model.{}", kind.name()));
        parts::choose(ui, &lang.t("setting.exp_model"), &mut ask.model.kind, &KINDS, words);
    });
    money(ui, lang, "exp_worth", &mut ask.worth, 0.0);
    money(ui, lang, "exp_cost", &mut ask.cost, 0.0);
}
