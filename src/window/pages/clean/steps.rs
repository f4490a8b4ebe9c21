//! What single steps of the recipe can be told, and the steps that can be added.

use eframe::egui::{self, RichText, TextEdit, Ui};
use regulars_engine::clean::{
    ContactSpec, CurrencySpec, DeriveSpec, Derived, MergeSpec, OutlierAction, OutlierMethod, OutlierSpec,
    Rule, RulesSpec, ScaleMethod, SelectSpec, StepSpec, Then, TidySpec, UnitsSpec, ZonesSpec, check_rule,
    expr,
};
use regulars_engine::table::ColumnSpec;
use serde_json::{Value, json};

use crate::window::parts;
use crate::window::parts::form::{Form, typing};
use crate::window::theme::Palette;
use crate::words::Lang;

/// Steps that a person may add, as they begin.
pub(super) fn addable() -> Vec<StepSpec> {
    vec![
        StepSpec::TextTidy(TidySpec::default()),
        StepSpec::Select(SelectSpec::default()),
        StepSpec::Derive(DeriveSpec::default()),
        StepSpec::Rules(RulesSpec::default()),
        StepSpec::ContactForm(ContactSpec::default()),
        StepSpec::Currency(CurrencySpec::default()),
        StepSpec::Units(UnitsSpec::default()),
        StepSpec::Zones(ZonesSpec::default()),
        StepSpec::Outliers(OutlierSpec::default()),
    ]
}

/// Draws what a step can be told. `schema` is what the columns are before the recipe.
pub(super) fn edit(ui: &mut Ui, lang: Lang, spec: &mut StepSpec, schema: &[ColumnSpec]) {
    match spec {
        StepSpec::Rules(spec) => rules(ui, lang, spec, schema),
        StepSpec::Derive(spec) => derive(ui, lang, spec, schema),
        StepSpec::Outliers(spec) => outliers(ui, lang, spec),
        StepSpec::MergeSpellings(spec) => merges(ui, lang, spec),
        StepSpec::TextTidy(_)
        | StepSpec::ContactForm(_)
        | StepSpec::Currency(_)
        | StepSpec::Units(_)
        | StepSpec::Zones(_)
        | StepSpec::Select(_) => plain(ui, lang, spec, schema),
        _ => {}
    }
}

/// Steps whose settings are plain data.
fn plain(ui: &mut Ui, lang: Lang, spec: &mut StepSpec, schema: &[ColumnSpec]) {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(&*spec) else { return };
    let columns: Vec<String> = schema.iter().map(|column| column.name.clone()).collect();
    let entries: &[(&'static str, Value)] = &match spec {
        StepSpec::ContactForm(_) => {
            vec![("columns", json!({"column": "", "kind": "phone", "country": null, "domains": {}}))]
        }
        StepSpec::Units(_) => vec![("columns", json!({"column": "", "to": "kg", "assume": null}))],
        StepSpec::Zones(_) => {
            vec![("columns", json!({"column": "", "to": "UTC", "from": null, "pivot": 68}))]
        }
        StepSpec::Currency(_) => {
            vec![("rates", json!({"day": "2026-01-01", "currency": "USD", "rate": 1.0}))]
        }
        StepSpec::Select(_) => vec![("rename", json!(["", ""]))],
        _ => Vec::new(),
    };
    let form = Form {
        lang,
        columns: &columns,
        choices: &[("form", &["keep", "nfc", "nfkc"]), ("kind", &["phone", "email", "postcode"])],
        entries,
    };
    if form.fields(ui, &mut fields)
        && let Ok(changed) = serde_json::from_value(Value::Object(fields))
    {
        *spec = changed;
    }
}

/// A line of text; what is wrong with it stands below.
fn line(ui: &mut Ui, text: &mut String, name: &str, hint: &str) {
    let edit = ui.add(TextEdit::singleline(text).desired_width(228.0).hint_text(hint));
    typing(ui, &edit);
    edit.accessible_name(name);
}

fn wrong(ui: &mut Ui, lang: Lang, error: &expr::FormulaError) {
    let color = Palette::of(ui).bad;
    ui.add(egui::Label::new(RichText::new(lang.note(&error.note())).small().color(color)).wrap());
}

fn remove(ui: &mut Ui, lang: Lang, what: &str, at: usize, wish: &mut Option<usize>) {
    let name = format!("{} {what} {}", lang.t("form.remove"), at + 1);
    if ui.small_button("×").accessible_name(&name).on_hover_text(&name).clicked() {
        *wish = Some(at);
    }
}

fn rules(ui: &mut Ui, lang: Lang, spec: &mut RulesSpec, schema: &[ColumnSpec]) {
    parts::muted(ui, lang.t("rules.says"));
    let mut gone = None;
    for (at, rule) in spec.rules.iter_mut().enumerate() {
        ui.push_id(at, |ui| {
            ui.horizontal(|ui| {
                ui.checkbox(&mut rule.on, lang.with("rules.one", &[("number", (at + 1).to_string())]));
                remove(ui, lang, &lang.t("rules.name"), at, &mut gone);
            });
            line(ui, &mut rule.text, &lang.t("rules.name"), "age between 16 and 110");
            if let Err(error) = check_rule(rule, schema)
                && !rule.text.trim().is_empty()
            {
                wrong(ui, lang, &error);
            }
            let words = |then: &Then| match then {
                Then::FlagRow => lang.t("rules.flag"),
                Then::DropRow => lang.t("rules.drop"),
                Then::Missing(column) => lang.with("rules.missing", &[("column", column.clone())]),
            };
            let combo =
                egui::ComboBox::from_id_salt("then").selected_text(words(&rule.then)).show_ui(ui, |ui| {
                    let columns = schema.iter().map(|column| Then::Missing(column.name.clone()));
                    for then in [Then::FlagRow, Then::DropRow].into_iter().chain(columns) {
                        let text = words(&then);
                        ui.selectable_value(&mut rule.then, then, text);
                    }
                });
            let name = lang.t("rules.then");
            combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        });
    }
    if let Some(at) = gone {
        spec.rules.remove(at);
    }
    if ui.button(lang.t("rules.add")).clicked() {
        spec.rules.push(Rule { text: String::new(), then: Then::FlagRow, on: true });
    }
}

fn derive(ui: &mut Ui, lang: Lang, spec: &mut DeriveSpec, schema: &[ColumnSpec]) {
    parts::muted(ui, lang.t("derive.says"));
    let mut gone = None;
    for (at, derived) in spec.columns.iter_mut().enumerate() {
        ui.push_id(at, |ui| {
            ui.horizontal(|ui| {
                let label = lang.t("derive.name");
                let edit = ui.add(TextEdit::singleline(&mut derived.name).desired_width(170.0));
                typing(ui, &edit);
                edit.accessible_name(&label);
                remove(ui, lang, &label, at, &mut gone);
            });
            line(ui, &mut derived.formula, &lang.t("derive.formula"), "total_spend / orders");
            if let Err(error) = expr::compile(&derived.formula, schema)
                && !derived.formula.trim().is_empty()
            {
                wrong(ui, lang, &error);
            }
        });
    }
    if let Some(at) = gone {
        spec.columns.remove(at);
    }
    if ui.button(lang.t("derive.add")).clicked() {
        let name = lang.with("derive.new", &[("number", (spec.columns.len() + 1).to_string())]);
        spec.columns.push(Derived { name, formula: String::new() });
    }
}

fn outliers(ui: &mut Ui, lang: Lang, spec: &mut OutlierSpec) {
    let all = [
        OutlierMethod::Iqr { k: 3.0 },
        OutlierMethod::Mad { k: 3.5 },
        OutlierMethod::IsolationForest { threshold: 0.6 },
    ];
    let key = |method: OutlierMethod| match method {
        OutlierMethod::Iqr { .. } => "outliers.iqr",
        OutlierMethod::Mad { .. } => "outliers.mad",
        OutlierMethod::IsolationForest { .. } => "outliers.forest",
    };
    parts::setting(ui, lang, "outlier_method", |ui| {
        let name = lang.t("setting.outlier_method");
        let mut kind = key(spec.method);
        if parts::choose(ui, &name, &mut kind, &all.map(key), |kind| lang.t(kind))
            && let Some(method) = all.into_iter().find(|method| key(*method) == kind)
        {
            spec.method = method;
        }
        let label = ui.label(lang.t("outliers.limit"));
        let limit = match &mut spec.method {
            OutlierMethod::Iqr { k } | OutlierMethod::Mad { k } => {
                egui::DragValue::new(k).range(0.5..=20.0).speed(0.1)
            }
            OutlierMethod::IsolationForest { threshold } => {
                egui::DragValue::new(threshold).range(0.4..=0.95).speed(0.01)
            }
        };
        ui.add(limit).labelled_by(label.id);
    });
    parts::setting(ui, lang, "outlier_action", |ui| {
        let all = [OutlierAction::Cap, OutlierAction::Missing, OutlierAction::Flag, OutlierAction::DropRow];
        let words = |action: OutlierAction| {
            lang.t(match action {
                OutlierAction::Cap => "outliers.cap",
                OutlierAction::Missing => "outliers.missing",
                OutlierAction::Flag => "outliers.flag",
                OutlierAction::DropRow => "outliers.drop",
            })
        };
        parts::choose(ui, &lang.t("setting.outlier_action"), &mut spec.action, &all, words);
    });
}

fn merges(ui: &mut Ui, lang: Lang, spec: &mut MergeSpec) {
    parts::muted(ui, lang.t("merges.says"));
    let mut gone: Option<(String, String)> = None;
    for (column, map) in &spec.columns {
        for (from, to) in map {
            ui.horizontal_wrapped(|ui| {
                let name = format!("{} {from} → {to}", lang.t("form.remove"));
                if ui.small_button("×").accessible_name(&name).on_hover_text(&name).clicked() {
                    gone = Some((column.clone(), from.clone()));
                }
                ui.label(format!("{column}: {from} → {to}"));
            });
        }
    }
    if let Some((column, from)) = gone
        && let Some(map) = spec.columns.get_mut(&column)
    {
        map.remove(&from);
        if map.is_empty() {
            spec.columns.remove(&column);
        }
    }
}

/// Columns that are scaled in their own way.
pub(super) fn scaled_apart(
    ui: &mut Ui,
    lang: Lang,
    columns: &mut Vec<(String, ScaleMethod)>,
    schema: &[ColumnSpec],
) {
    let mut gone = None;
    for (at, (column, method)) in columns.iter_mut().enumerate() {
        ui.horizontal_wrapped(|ui| {
            remove(ui, lang, column, at, &mut gone);
            ui.label(column.as_str());
            let words = |m: ScaleMethod| lang.t(&format!("scale.{}", m.name()));
            parts::choose(
                ui,
                &format!("{column} {}", lang.t("setting.scale")),
                method,
                &ScaleMethod::ALL,
                words,
            );
        });
    }
    if let Some(at) = gone {
        columns.remove(at);
    }
    ui.menu_button(lang.t("scale.apart"), |ui| {
        for column in schema.iter().filter(|column| column.role.is_numeric()) {
            let known = columns.iter().any(|(name, _)| *name == column.name);
            if !known && ui.button(&column.name).clicked() {
                columns.push((column.name.clone(), ScaleMethod::Robust));
            }
        }
    });
}
