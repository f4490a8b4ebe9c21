//! How customers are scored, and the table of classes: the settings beside the grid.

use eframe::egui::{self, ComboBox, DragValue, RichText, Ui};
use regulars_engine::deploy::today;
use regulars_engine::project::{Classified, RfmSource};
use regulars_engine::segment::rfm::{Axis, CutSpec, Cuts, FittedRfm, RfmClass, usual_classes};
use regulars_engine::table::Role;

use crate::window::pages::Scene;
use crate::window::parts::{self, form};
use crate::window::theme::{S1, S2};
use crate::words::{Lang, class_name};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("classes.scores"));
    let found = scene.state.classes.found().cloned();
    let Some(found) = found else { return };
    source(ui, scene, &found);
    parts::setting(ui, lang, "rfm_axis", |ui| {
        let name = lang.t("setting.rfm_axis");
        let axis = &mut scene.state.settings.classes.rfm.axis;
        parts::choose(ui, &name, axis, &Axis::ALL, |axis| lang.t(&format!("rfm.axis.{}", axis.name())));
    });
    cuts(ui, scene, &found);
    table(ui, scene);
}

/// Orders or columns, and which columns.
fn source(ui: &mut Ui, scene: &mut Scene<'_>, found: &Classified) {
    let lang = scene.lang;
    let has_orders = scene.state.classes.shop().is_some();
    let spec = &mut scene.state.settings.classes.rfm;
    if has_orders {
        ui.checkbox(&mut spec.prefer_columns, lang.t("rfm.prefer_columns"));
    }
    let from_orders = matches!(found.source, Some(RfmSource::Orders { .. }));
    if from_orders {
        return;
    }
    let used = match &found.source {
        Some(RfmSource::Columns(used)) => used.clone(),
        _ => spec.columns.clone(),
    };
    let Some(table) = scene.state.table.clone() else { return };
    let columns: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.role.is_numeric() || column.role == Role::Date)
        .map(|column| column.name.as_str())
        .collect();
    let fields = [
        ("rfm_recency", &mut spec.columns.recency, used.recency),
        ("rfm_frequency", &mut spec.columns.frequency, used.frequency),
        ("rfm_money", &mut spec.columns.money, used.money),
    ];
    for (key, said, used) in fields {
        parts::setting(ui, lang, key, |ui| {
            let name = lang.t(&format!("setting.{key}"));
            let shown = said.clone().or(used).unwrap_or_else(|| "—".to_owned());
            let response = ComboBox::from_id_salt(key)
                .selected_text(shown.as_str())
                .show_ui(ui, |ui| {
                    for column in &columns {
                        if ui.selectable_label(shown == *column, *column).clicked() {
                            *said = Some((*column).to_owned());
                        }
                    }
                })
                .response;
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        });
    }
}

/// Which of the ways cuts are made.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Quintiles,
    Own,
    Kept,
}

fn cuts(ui: &mut Ui, scene: &mut Scene<'_>, found: &Classified) {
    let lang = scene.lang;
    let Some(fitted) = &found.fitted else { return };
    let spec = &mut scene.state.settings.classes.rfm;
    let before = match &spec.cuts {
        CutSpec::Quintiles => Way::Quintiles,
        CutSpec::Own { .. } => Way::Own,
        CutSpec::Kept(_) => Way::Kept,
    };
    let mut way = before;
    parts::setting(ui, lang, "rfm_cuts", |ui| {
        let name = lang.t("setting.rfm_cuts");
        parts::choose(ui, &name, &mut way, &[Way::Quintiles, Way::Own, Way::Kept], |way| {
            lang.t(match way {
                Way::Quintiles => "rfm.cuts.quintiles",
                Way::Own => "rfm.cuts.own",
                Way::Kept => "rfm.cuts.kept",
            })
        });
    });
    if way != before {
        let day = match &found.source {
            Some(RfmSource::Orders { day }) => day.to_string(),
            _ => today(),
        };
        spec.cuts = match way {
            Way::Quintiles => CutSpec::Quintiles,
            Way::Own => own(fitted),
            Way::Kept => CutSpec::Kept(Box::new(fitted.keep(&found.scores, day))),
        };
    }
    match &mut spec.cuts {
        CutSpec::Own { recency, frequency, money } => {
            let lists = [("rfm.r", recency), ("rfm.f", frequency), ("rfm.m", money)];
            for (key, list) in lists {
                let name = lang.t(key);
                parts::muted(ui, &name);
                ui.horizontal_wrapped(|ui| {
                    for at in 0..list.len() {
                        one_cut(ui, lang, &name, list, at);
                    }
                });
            }
        }
        CutSpec::Kept(kept) => {
            let args = [("day", kept.day.clone()), ("count", lang.count(kept.customers as u64))];
            parts::muted(ui, lang.with("rfm.kept", &args));
            told(ui, lang, fitted);
        }
        CutSpec::Quintiles => told(ui, lang, fitted),
    }
}

/// The fitted cuts as a person's own, to be changed.
fn own(fitted: &FittedRfm) -> CutSpec {
    let money = fitted.money.unwrap_or([0.0; 4]);
    CutSpec::Own { recency: fitted.recency, frequency: fitted.frequency, money }
}

/// One cut; it stays between its neighbours.
fn one_cut(ui: &mut Ui, lang: Lang, name: &str, list: &mut Cuts, at: usize) {
    let low = at.checked_sub(1).and_then(|before| list.get(before)).copied().unwrap_or(0.0);
    let high = list.get(at + 1).copied().unwrap_or(1e12);
    if let Some(cut) = list.get_mut(at) {
        let speed = (high.min(low + 1000.0) - low).max(1.0) / 100.0;
        let drag = DragValue::new(cut).range(low..=high).speed(speed).max_decimals(2);
        let told = lang.with("rfm.cut", &[("name", name.to_owned()), ("number", (at + 1).to_string())]);
        ui.add(drag).accessible_name(told);
    }
}

/// The cuts in force, in words.
fn told(ui: &mut Ui, lang: Lang, fitted: &FittedRfm) {
    let list = |cuts: &Cuts| cuts.map(|cut| format!("{}", (cut * 100.0).round() / 100.0)).join(" · ");
    let mut lines = vec![("rfm.r", list(&fitted.recency)), ("rfm.f", list(&fitted.frequency))];
    lines.extend(fitted.money.as_ref().map(|cuts| ("rfm.m", list(cuts))));
    for (key, cuts) in lines {
        ui.label(RichText::new(format!("{}: {cuts}", lang.t(key))).small());
    }
}

/// The table of classes.
fn table(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    ui.add_space(S2);
    let title = lang.t("rfm.table");
    egui::CollapsingHeader::new(title).id_salt("rfm table").show(ui, |ui| {
        parts::muted(ui, lang.t("rfm.table.help"));
        let spec = &mut scene.state.settings.classes.rfm;
        let (mut remove, mut up) = (None, None);
        for (at, class) in spec.classes.iter_mut().enumerate() {
            ui.push_id(at, |ui| {
                one_class(ui, lang, at, class, &mut remove, &mut up);
            });
            ui.add_space(S1);
        }
        if let Some(at) = remove {
            spec.classes.remove(at);
        }
        if let Some(at) = up {
            spec.classes.swap(at, at - 1);
        }
        ui.horizontal_wrapped(|ui| {
            if ui.button(lang.t("rfm.table.add")).clicked() {
                let name = lang.t("rfm.table.new");
                spec.classes.insert(0, RfmClass { name, recency: [5, 5], worth: [5, 5] });
            }
            let usual = spec.classes == usual_classes();
            if ui.add_enabled(!usual, egui::Button::new(lang.t("rfm.table.usual"))).clicked() {
                spec.classes = usual_classes();
            }
        });
    });
}

fn one_class(
    ui: &mut Ui,
    lang: Lang,
    at: usize,
    class: &mut RfmClass,
    remove: &mut Option<usize>,
    up: &mut Option<usize>,
) {
    let shown = class_name(lang, &class.name);
    ui.horizontal(|ui| {
        let mut text = shown.clone();
        let edit = ui.add(egui::TextEdit::singleline(&mut text).desired_width(150.0));
        let edit = edit.accessible_name(lang.with("rfm.table.name", &[("class", shown.clone())]));
        form::typing(ui, &edit);
        if edit.changed() {
            class.name = text;
        }
        let name = lang.with("rfm.table.up", &[("class", shown.clone())]);
        let button = egui::Button::new("▲").small();
        if ui.add_enabled(at > 0, button).accessible_name(&name).on_hover_text(&name).clicked() {
            *up = Some(at);
        }
        let name = lang.with("rfm.table.remove", &[("class", shown.clone())]);
        if ui.small_button("×").accessible_name(&name).on_hover_text(&name).clicked() {
            *remove = Some(at);
        }
    });
    ui.horizontal(|ui| {
        for (axis, bounds) in [("R", &mut class.recency), ("FM", &mut class.worth)] {
            ui.label(axis);
            let [low, high] = bounds;
            for (bound, range, key) in
                [(&mut *low, 1..=*high, "rfm.table.from"), (&mut *high, 1..=5, "rfm.table.to")]
            {
                let name = lang.with(key, &[("axis", axis.to_owned()), ("class", shown.clone())]);
                ui.add(DragValue::new(bound).range(range).speed(0.05)).accessible_name(name);
            }
            bounds.sort_unstable();
        }
    });
}
