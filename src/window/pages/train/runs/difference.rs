//! What the settings of two runs have otherwise.

use eframe::egui::Ui;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{SettingDiff, settings_diff};
use serde_json::Value;

use super::name;
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::words::Lang;

/// Places of settings and the key of their words; others are told by their place.
const WORDS: [(&str, &str); 21] = [
    ("mlp.hidden", "setting.layers"),
    ("mlp.activation", "setting.activation"),
    ("mlp.dropout", "setting.dropout"),
    ("mlp.learning_rate", "setting.learning_rate"),
    ("mlp.batch_size", "setting.batch"),
    ("mlp.epochs", "setting.epochs"),
    ("mlp.patience", "setting.patience"),
    ("mlp.class_weight", "setting.class_weight"),
    ("mlp.batch_norm", "setting.batch_norm"),
    ("mlp.optimizer", "setting.optimizer"),
    ("mlp.schedule", "setting.schedule"),
    ("device", "setting.device"),
    ("seed", "setting.seed"),
    ("private", "setting.private"),
    ("positive", "runs.setting.positive"),
    ("threshold", "runs.setting.threshold"),
    ("split", "runs.setting.split"),
    ("recipe", "page.clean.name"),
    ("features", "page.features.name"),
    ("read", "page.collect.name"),
    ("question", "page.time.name"),
];

/// A place in words, the rest of it as it is.
fn place(lang: Lang, path: &str) -> String {
    let found = WORDS.iter().find_map(|(start, key)| {
        let rest = path.strip_prefix(start)?;
        (rest.is_empty() || rest.starts_with('.')).then_some((key, rest))
    });
    match found {
        Some((key, rest)) => format!("{}{}", lang.t(key), rest.replace('.', " · ")),
        None => path.replace('.', " · "),
    }
}

fn value(lang: Lang, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => lang.t("runs.default"),
        Some(Value::Bool(yes)) => lang.t(if *yes { "common.yes" } else { "common.no" }),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            let parts: Vec<String> = list.iter().map(|one| self::value(lang, Some(one))).collect();
            lang.list(&parts)
        }
        Some(other) => other.to_string(),
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let runs = &scene.state.runs;
    if runs.len() < 2 {
        return;
    }
    parts::section(ui, lang.t("runs.compare"));
    let numbers: Vec<usize> = runs.iter().map(|run| run.number).collect();
    let is_there = |number: &usize| numbers.contains(number);
    let last_two = || match numbers.as_slice() {
        [.., a, b] => (*a, *b),
        _ => (0, 0),
    };
    let (mut a, mut b) =
        scene.page.runs.compared.filter(|(a, b)| is_there(a) && is_there(b)).unwrap_or_else(last_two);
    let called = |number: usize| {
        runs.iter().find(|run| run.number == number).map_or_else(String::new, |run| name(lang, run))
    };
    ui.horizontal(|ui| {
        parts::choose(ui, &lang.t("runs.first"), &mut a, &numbers, called);
        parts::muted(ui, lang.t("runs.against"));
        parts::choose(ui, &lang.t("runs.second"), &mut b, &numbers, called);
    });
    scene.page.runs.compared = Some((a, b));
    let settings = |number: usize| runs.iter().find(|run| run.number == number).map(|run| &run.settings);
    let (Some(of_a), Some(of_b)) = (settings(a), settings(b)) else { return };
    let diff: Vec<SettingDiff> = settings_diff(of_a, of_b);
    if diff.is_empty() {
        parts::muted(ui, lang.t("runs.equal"));
        return;
    }
    let heads = [
        table::Head::text(lang.t("runs.setting"), 260.0),
        table::Head::text(called(a), 220.0),
        table::Head::text(called(b), 220.0),
    ];
    let cell = |row: usize, column: usize| -> String {
        diff.get(row).map_or_else(String::new, |one| match column {
            0 => place(lang, &one.path),
            1 => value(lang, one.a.as_ref()),
            _ => value(lang, one.b.as_ref()),
        })
    };
    take::table_menu(ui, lang, &lang.t("runs.compare"), || Grid {
        name: lang.t("runs.compare"),
        header: heads.iter().map(|head| head.name.clone()).collect(),
        rows: (0..diff.len())
            .map(|row| (0..heads.len()).map(|column| Cell::from(cell(row, column))).collect())
            .collect(),
    });
    let spec = table::Table::new("diff", &heads, diff.len(), 220.0);
    table::show(ui, &spec, |ui, row, column| table::plain(ui, cell(row, column)));
}
