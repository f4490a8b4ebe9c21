//! Step one: how many customers are needed, and what those that there are can show.

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::experiment::{Measured, Planned, With};

use super::{Tab, money, percentage};
use crate::report::experiment as told;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::theme::{self, S1, S2};
use crate::words::percent;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_plan();
    let plan = scene.state.experiments.plan.clone().sane();
    let found: Option<Planned> = match scene.state.experiments.planned() {
        Some(Ok(found)) => Some(found.clone()),
        Some(Err(error)) => {
            parts::problem(ui, lang, error);
            None
        }
        None => {
            parts::muted(ui, lang.t("status.working"));
            None
        }
    };
    let Some(found) = found else { return };
    ui.add_space(S2);
    let text = RichText::new(told::planned(lang, &plan, &found)).font(theme::section_font());
    ui.add(egui::Label::new(text).wrap());
    ui.add_space(S2);
    if parts::steady(ui, "on", |ui| parts::primary(ui, lang.t("exp.to_draw"), true)) {
        scene.page.experiments.tab = Tab::Draw;
    }
    ui.add_space(S2);
    parts::figures(ui, |ui| {
        let count = |n: u64| lang.count(n);
        parts::figure(ui, &lang.t("exp.called"), &count(found.size.called), "");
        parts::figure(ui, &lang.t("exp.left_alone"), &count(found.size.left_alone), "");
        if let Some(weeks) = found.weeks {
            parts::figure(ui, &lang.t("exp.weeks"), &format!("{weeks:.1}"), "");
        }
    });
    if let (Some(text), Some(with)) = (told::with(lang, &plan, &found), found.with) {
        match with.power < plan.power {
            true => {
                parts::caution(ui, &text);
                too_few(ui, scene, &found, with);
            }
            false => parts::muted(ui, text),
        }
        ui.add_space(S2);
    }
    let points: Vec<PlotPoint> = found.curve.iter().map(|(x, y)| PlotPoint::new(*x, 100.0 * y)).collect();
    let args = [("total", lang.count(found.size.total())), ("power", percent(plan.power))];
    let frame = chart::Frame {
        id: "exp power",
        title: lang.with("exp.power.title", &args),
        x: lang.t("exp.power.x"),
        y: lang.t("exp.power.y"),
        height: 260.0,
        include: vec![[0.0, 0.0], [0.0, 100.0]],
        legend: Corner::RightBottom,
        log_y: false,
        hue: 0,
    };
    let series =
        [chart::Series { name: lang.t("exp.power.y"), points: &points, dashed: false, markers: false }];
    // What there is stands in the chart where it is near.
    let last = found.curve.last().map_or(0.0, |(x, _)| *x);
    let here = found.with.map(|with| with.customers as f64).filter(|count| *count <= last);
    let mark = match here {
        Some(count) => (lang.t("exp.power.here"), count),
        None => (lang.t("exp.power.needed"), found.size.total() as f64),
    };
    chart::lines(ui, lang, frame, &series, Some(mark));
}

/// Longest time that is proposed, in months.
const MONTHS: u64 = 36;
/// Weeks of a month.
const WEEKS: f64 = 365.25 / 12.0 / 7.0;

/// The list is too small for the plan: buttons that do what would help.
pub(super) fn too_few(ui: &mut Ui, scene: &mut Scene<'_>, found: &Planned, with: With) {
    let lang = scene.lang;
    let is_share = matches!(scene.state.experiments.plan.measured, Measured::Share { .. });
    let mut plan = scene.state.experiments.plan.clone();
    ui.add_space(S1);
    parts::muted(ui, lang.t("few.title"));
    ui.horizontal_wrapped(|ui| {
        if scene.state.settings.call_list.only_at_risk && ui.button(lang.t("few.all")).clicked() {
            scene.state.settings.call_list.only_at_risk = false;
        }
        if let Some(effect) = with.effect {
            // Up to a whole step, so that the plan is surely fulfilled.
            let step = if is_share { 0.01 } else { 1.0 };
            let effect = (effect.abs() / step - 1e-9).ceil() * step * plan.effect.signum();
            let text = lang.with("few.offer", &[("effect", told::difference(lang, is_share, effect))]);
            if ui.button(text).clicked() {
                plan.effect = effect;
            }
        }
        let months = found.size.total().div_ceil(with.customers.max(1));
        if plan.per_week.is_none() && with.customers > 0 && months <= MONTHS {
            let text = lang.with("few.months", &[("months", lang.count(months))]);
            if ui.button(text).on_hover_text(lang.t("few.months.help")).clicked() {
                plan.per_week = Some((with.customers as f64 / WEEKS).max(1.0));
            }
        }
    });
    if plan != scene.state.experiments.plan {
        scene.state.experiments.plan = plan;
        scene.state.changed();
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let can_take = matches!(scene.state.experiments.pool(), Some(Ok(pool)) if !pool.candidates.is_empty());
    let mut plan = scene.state.experiments.plan.clone();
    parts::setting(ui, lang, "exp_measured", |ui| {
        let is_share = matches!(plan.measured, Measured::Share { .. });
        if ui.radio(is_share, lang.t("exp.measured.share")).clicked() && !is_share {
            plan.measured = Measured::Share { base: 0.6 };
            plan.effect = 0.08;
        }
        if ui.radio(!is_share, lang.t("exp.measured.money")).clicked() && is_share {
            plan.measured = Measured::Money { deviation: 100.0 };
            plan.effect = 10.0;
        }
    });
    match &mut plan.measured {
        Measured::Share { base } => {
            percentage(ui, lang, "exp_base", base, (0.0, 1.0));
        }
        Measured::Money { deviation } => {
            money(ui, lang, "exp_deviation", deviation, 0.0);
        }
    }
    let mut take = false;
    if can_take {
        take = ui.button(lang.t("exp.take")).on_hover_text(lang.t("exp.take.help")).clicked();
    }
    match plan.measured {
        Measured::Share { .. } => {
            percentage(ui, lang, "exp_effect", &mut plan.effect, (-1.0, 1.0));
        }
        Measured::Money { .. } => {
            money(ui, lang, "exp_effect_money", &mut plan.effect, -1e9);
        }
    }
    percentage(ui, lang, "exp_left_alone", &mut plan.left_alone, (0.05, 0.95));
    percentage(ui, lang, "exp_power", &mut plan.power, (0.5, 0.999));
    percentage(ui, lang, "exp_alpha", &mut plan.alpha, (0.001, 0.3));
    ui.checkbox(&mut plan.two_sided, lang.t("exp.two_sided")).on_hover_text(lang.t("exp.two_sided.help"));
    let mut weekly = plan.per_week.is_some();
    if ui.checkbox(&mut weekly, lang.t("exp.weekly")).on_hover_text(lang.t("exp.weekly.help")).changed() {
        plan.per_week = weekly.then_some(100.0);
    }
    if let Some(per_week) = &mut plan.per_week {
        money(ui, lang, "exp_per_week", per_week, 1.0);
    }
    if plan != scene.state.experiments.plan {
        scene.state.experiments.plan = plan;
        scene.state.changed();
    }
    if take {
        scene.state.plan_from_pool();
    }
}
