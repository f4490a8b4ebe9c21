//! Customers under contract: how long they stay, what that depends on, what it brings.

use eframe::egui::{self, RichText, Ui};
use egui_plot::Corner;
use regulars_engine::project::Valued;
use regulars_engine::value::contract::Contract;

use super::{amount, customers, expected};
use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::state::FoundValue;
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, percent};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &FoundValue, of: &Contract) {
    let lang = scene.lang;
    let months = of.units.to_string();
    let kept = lang.count(of.kept.len() as u64);
    let finding = match of.money {
        Some(money) => lang.with(
            "value.contract.finding",
            &[
                ("count", kept.clone()),
                ("months", months.clone()),
                ("money", amount(lang, money.value)),
                ("low", amount(lang, money.low)),
                ("high", amount(lang, money.high)),
            ],
        ),
        None => lang.with(
            "value.contract.finding_time",
            &[
                ("count", kept.clone()),
                ("months", months.clone()),
                ("time", expected(lang, of.expected.value)),
            ],
        ),
    };
    ui.add(egui::Label::new(RichText::new(finding).font(theme::section_font())).wrap());
    let columns =
        [("tenure", of.tenure.clone()), ("charge", of.charge.clone().unwrap_or_else(|| "—".into()))];
    parts::muted(ui, lang.with("value.contract.columns", &columns));
    for note in &of.notes {
        parts::caution(ui, &lang.note(note));
    }
    ui.add_space(S2);
    let mut told = Vec::new();
    if let Some(money) = of.money {
        let each = amount(lang, money.value / of.kept.len().max(1) as f64);
        told.push((lang.t("value.kept"), each, lang.t("value.contract.each")));
    }
    let stays = lang.with("value.contract.stays", &[("months", months)]);
    told.push((stays, percent(found.curves.stays), String::new()));
    let left = [("left", lang.count(of.left as u64)), ("all", lang.count(of.customers as u64))];
    let half = match of.all.median {
        Some(median) => lang.with("value.contract.months", &[("months", format!("{median:.0}"))]),
        None => lang.t("value.contract.no_half"),
    };
    told.push((lang.t("value.contract.half"), half, lang.with("value.contract.left", &left)));
    if let Some(model) = &of.model {
        let value = format!("{:.3}", model.concordance);
        told.push((lang.t("value.contract.concordance"), value, lang.t("value.contract.pairs")));
    }
    super::figures(ui, &told);
    curves(ui, lang, found, of);
    if !of.effects.is_empty() {
        ui.add_space(S3);
        effects(ui, lang, of);
    }
    ui.add_space(S3);
    let all: &Valued = &found.valued;
    customers::show(ui, scene, all);
}

fn curves(ui: &mut Ui, lang: Lang, found: &FoundValue, of: &Contract) {
    let title = match &of.by {
        Some((column, _, test)) => {
            let p = if test.p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {:.3}", test.p) };
            let args = [("column", column.clone()), ("p", p)];
            lang.with(if test.p < 0.05 { "value.contract.by" } else { "value.contract.alike" }, &args)
        }
        None => lang.t("value.contract.all"),
    };
    let end = of.all.curve.last().map_or(1.0, |step| step.time);
    let frame = chart::Frame {
        id: "value survival",
        title,
        x: lang.with("value.contract.time", &[("tenure", of.tenure.clone())]),
        y: lang.t("value.contract.share"),
        height: 240.0,
        include: vec![[0.0, 0.0], [end, 100.0]],
        legend: Corner::LeftBottom,
        log_y: false,
        hue: 0,
    };
    let whole = lang.t("value.contract.everybody");
    let series: Vec<chart::Series<'_>> = found
        .curves
        .groups
        .iter()
        .enumerate()
        .map(|(at, (name, points))| chart::Series {
            name: if name.is_empty() { whole.clone() } else { name.clone() },
            points,
            dashed: at % 2 == 1,
            markers: false,
        })
        .collect();
    chart::lines(ui, lang, frame, &series, None);
}

/// Hazard ratios, strongest first.
fn effects(ui: &mut Ui, lang: Lang, of: &Contract) {
    let name = lang.t("value.effects");
    let keys = ["what", "ratio", "range", "p", "proportional"];
    let header = keys.map(|key| lang.t(&format!("value.effect.{key}")));
    let small = |p: f64| if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") };
    super::base::show_table(ui, lang, (&name, "effects"), &header, of.effects.len(), &|row, column| {
        let Some(effect) = of.effects.get(row) else { return String::new() };
        match column {
            0 => match &effect.level {
                Some(level) => format!("{} = {level}", effect.column),
                None => lang.with("value.effect.number", &[("column", effect.column.clone())]),
            },
            1 => format!("{:.2}", effect.ratio.value),
            2 => format!("{:.2} – {:.2}", effect.ratio.low, effect.ratio.high),
            3 => small(effect.p),
            _ => effect.proportional.map_or(String::new(), small),
        }
    });
    parts::muted(ui, lang.t("value.effects.help"));
}
