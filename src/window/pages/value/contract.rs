//! Customers under contract: how long they stay, what that depends on, what it brings.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::Valued;
use regulars_engine::value::contract::{Contract, Effect};

use super::{amount, customers, expected, survival};
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
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
    super::notes(ui, lang, &of.notes);
    ui.add_space(S2);
    let mut told = Vec::new();
    if let Some(money) = of.money {
        let each = amount(lang, money.value / of.kept.len().max(1) as f64);
        told.push((lang.t("value.kept"), each, lang.t("value.contract.each")));
    }
    let stays = lang.with("value.contract.stays", &[("months", months)]);
    let whom = lang.with("value.contract.stays.of", &[("count", kept)]);
    told.push((stays, percent(found.curves.stays), whom));
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
    survival::show(ui, scene, of);
    if !of.effects.is_empty() {
        ui.add_space(S3);
        effects(ui, lang, of);
    }
    egui::CollapsingHeader::new(lang.t("value.gloss")).id_salt("value gloss").show(ui, |ui| {
        for key in
            ["value.gloss.curve", "value.gloss.log_rank", "value.gloss.hazard", "value.gloss.concordance"]
        {
            parts::muted(ui, lang.t(key));
        }
    });
    ui.add_space(S3);
    let all: &Valued = &found.valued;
    customers::show(ui, scene, all);
}

/// The effect in words: how many times as often such customers leave.
fn in_words(lang: Lang, effect: &Effect) -> String {
    let ratio = effect.ratio;
    if (ratio.low..=ratio.high).contains(&1.0) {
        return lang.t("value.effect.maybe");
    }
    lang.with("value.effect.times", &[("ratio", format!("{:.2}", ratio.value))])
}

/// Hazard ratios, strongest first.
fn effects(ui: &mut Ui, lang: Lang, of: &Contract) {
    let name = lang.t("value.effects");
    let keys = ["what", "words", "ratio", "range", "p", "proportional"];
    let header: Vec<String> = keys.map(|key| lang.t(&format!("value.effect.{key}"))).to_vec();
    let small = |p: f64| if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") };
    let cell = |row: usize, column: usize| {
        let Some(effect) = of.effects.get(row) else { return String::new() };
        match column {
            0 => match &effect.level {
                Some(level) => format!("{} = {level}", effect.column),
                None => lang.with("value.effect.number", &[("column", effect.column.clone())]),
            },
            1 => in_words(lang, effect),
            2 => format!("{:.2}", effect.ratio.value),
            3 => format!("{:.2} – {:.2}", effect.ratio.low, effect.ratio.high),
            4 => small(effect.p),
            _ => effect.proportional.map_or(String::new(), small),
        }
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&name).font(theme::section_font()));
        take::table_menu(ui, lang, &name, || Grid {
            name: name.clone(),
            header: header.clone(),
            rows: (0..of.effects.len())
                .map(|row| (0..header.len()).map(|column| Cell::from(cell(row, column).as_str())).collect())
                .collect(),
        });
    });
    let widths = [150.0, 186.0, 88.0, 92.0, 58.0, 78.0];
    let heads = table::heads(&header, widths, 2);
    let spec = table::Table::new("effects", &heads, of.effects.len(), 300.0);
    table::show(ui, &spec, |ui, row, column| match cell(row, column) {
        text if text.is_empty() => table::missing(ui),
        text => table::plain(ui, text),
    });
    parts::muted(ui, lang.t("value.effects.help"));
}
