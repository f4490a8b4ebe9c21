//! A form for settings that are plain data: each field with the control that its kind needs. What
//! a step of the recipe can be told follows from its settings; no step needs a page of its own.

use eframe::egui::{self, DragValue, TextEdit, Ui};
use serde_json::{Map, Value};

use super::muted;
use crate::words::Lang;

/// What the form must know beside the values.
pub struct Form<'a> {
    pub lang: Lang,
    /// Columns that a field may name.
    pub columns: &'a [String],
    /// Fields that name one of a few words, with these words.
    pub choices: &'a [(&'static str, &'a [&'static str])],
    /// Fields that are lists, with what a new entry looks like.
    pub entries: &'a [(&'static str, Value)],
}

/// Where it is kept that a person is typing.
fn typing_id() -> egui::Id {
    egui::Id::unique("typing a setting")
}

/// Tells that the text of a setting is being typed: what depends on it waits until it is left.
pub fn typing(ui: &Ui, edit: &egui::Response) {
    if edit.has_focus() {
        ui.data_mut(|data| data.insert_temp(typing_id(), true));
    }
}

/// True if a setting was being typed in the last frame.
pub fn was_typing(ctx: &egui::Context) -> bool {
    ctx.data_mut(|data| data.remove_temp::<bool>(typing_id())).unwrap_or(false)
}

/// A slider over a share, which reads and is typed as a percentage.
pub fn share(value: &mut f64, range: std::ops::RangeInclusive<f64>) -> egui::Slider<'_> {
    let read = |text: &str| text.trim().trim_end_matches('%').trim_end().parse::<f64>().ok();
    egui::Slider::new(value, range)
        .step_by(0.01)
        .custom_formatter(|share, _| format!("{:.0}%", 100.0 * share))
        .custom_parser(move |text| read(text).map(|percent| percent / 100.0))
}

/// Fields that name a column.
const COLUMN_FIELDS: &[&str] =
    &["column", "columns", "drop", "currency_column", "date_column", "group", "by", "from_column"];

impl Form<'_> {
    /// Draws every field of an object; true when one was changed.
    pub fn fields(&self, ui: &mut Ui, object: &mut Map<String, Value>) -> bool {
        let mut changed = false;
        for (field, value) in object.iter_mut().filter(|(field, _)| *field != "step") {
            changed |= ui.push_id(field, |ui| self.field(ui, field, value)).inner;
        }
        changed
    }

    fn label(&self, field: &str) -> String {
        self.lang.t(&format!("field.{field}"))
    }

    fn field(&self, ui: &mut Ui, field: &str, value: &mut Value) -> bool {
        match value {
            Value::Bool(on) => ui.checkbox(on, self.label(field)).changed(),
            Value::Array(list) => self.list(ui, field, list),
            Value::Object(object) => {
                ui.label(self.label(field));
                ui.indent(field, |ui| self.fields(ui, object)).inner
            }
            _ => {
                ui.horizontal_wrapped(|ui| {
                    let label = ui.label(self.label(field));
                    self.single(ui, field, value, label.id)
                })
                .inner
            }
        }
    }

    /// A field of one value.
    fn single(&self, ui: &mut Ui, field: &str, value: &mut Value, label: egui::Id) -> bool {
        if let Some((_, words)) = self.choices.iter().find(|(name, _)| *name == field) {
            let mut word = value.as_str().unwrap_or_default().to_owned();
            let before = word.clone();
            let text = |word: &str| match word {
                "" => "—".to_owned(),
                word => self.lang.t(&format!("choice.{word}")),
            };
            let combo = egui::ComboBox::from_id_salt(field).selected_text(text(&word)).show_ui(ui, |ui| {
                for one in *words {
                    ui.selectable_value(&mut word, (*one).to_owned(), text(one));
                }
            });
            combo.response.labelled_by(label);
            let changed = word != before;
            if changed {
                *value = Value::String(word);
            }
            return changed;
        }
        if COLUMN_FIELDS.contains(&field) {
            return self.column(ui, field, value, label);
        }
        match value {
            Value::Number(number) => {
                let whole = number.is_u64() || number.is_i64();
                let mut figure = number.as_f64().unwrap_or_default();
                let drag = DragValue::new(&mut figure).speed(if whole { 1.0 } else { 0.05 });
                let drag = if whole { drag.fixed_decimals(0) } else { drag };
                let changed = ui.add(drag).labelled_by(label).changed();
                if changed {
                    *value = match whole {
                        true => Value::from(figure.round().max(0.0) as u64),
                        false => serde_json::Number::from_f64(figure).map_or(Value::Null, Value::Number),
                    };
                }
                changed
            }
            Value::String(text) => {
                let edit = ui.add(TextEdit::singleline(text).desired_width(150.0)).labelled_by(label);
                typing(ui, &edit);
                edit.changed()
            }
            _ => {
                // Nothing is said yet: what is typed is text, a number where it reads as one.
                let mut text = String::new();
                let edit = ui.add(TextEdit::singleline(&mut text).desired_width(110.0)).labelled_by(label);
                typing(ui, &edit);
                let changed = edit.changed() && !text.is_empty();
                if changed {
                    *value = text
                        .parse::<f64>()
                        .ok()
                        .and_then(serde_json::Number::from_f64)
                        .map_or_else(|| Value::String(text.clone()), Value::Number);
                }
                changed
            }
        }
    }

    /// A field that names a column, or none.
    fn column(&self, ui: &mut Ui, field: &str, value: &mut Value, label: egui::Id) -> bool {
        let mut name = value.as_str().unwrap_or_default().to_owned();
        let before = name.clone();
        let shown = if name.is_empty() { "—" } else { &name }.to_owned();
        let combo = egui::ComboBox::from_id_salt(field).selected_text(shown).show_ui(ui, |ui| {
            ui.selectable_value(&mut name, String::new(), "—");
            for column in self.columns {
                ui.selectable_value(&mut name, column.clone(), column);
            }
        });
        combo.response.labelled_by(label);
        if name == before {
            return false;
        }
        *value = if name.is_empty() && value.is_null() { Value::Null } else { Value::String(name) };
        true
    }

    fn list(&self, ui: &mut Ui, field: &str, list: &mut Vec<Value>) -> bool {
        let mut changed = false;
        ui.horizontal(|ui| {
            ui.label(self.label(field));
            let name = format!("{} {}", self.lang.t("form.add"), self.label(field));
            let add = ui.small_button("+").accessible_name(&name);
            if add.on_hover_text(&name).clicked() {
                let entry = self.entries.iter().find(|(name, _)| *name == field);
                list.push(entry.map_or_else(|| Value::String(String::new()), |(_, value)| value.clone()));
                changed = true;
            }
        });
        let mut remove = None;
        for (at, item) in list.iter_mut().enumerate() {
            ui.push_id(at, |ui| {
                ui.horizontal_wrapped(|ui| {
                    let name = format!("{} {} {}", self.lang.t("form.remove"), self.label(field), at + 1);
                    let button = ui.small_button("×").accessible_name(&name);
                    if button.on_hover_text(&name).clicked() {
                        remove = Some(at);
                    }
                    changed |= match item {
                        Value::Object(object) => self.fields(ui, object),
                        Value::Array(pair) => {
                            let mut any = false;
                            for (place, part) in pair.iter_mut().enumerate() {
                                let key = format!("{field}_{place}");
                                let label = ui.label(self.label(&key));
                                let of = if place == 0 && field == "rename" { "column" } else { &key };
                                any |= ui.push_id(place, |ui| self.single(ui, of, part, label.id)).inner;
                            }
                            any
                        }
                        single => {
                            let label = ui.label(format!("{}", at + 1));
                            self.single(ui, field, single, label.id)
                        }
                    };
                });
            });
        }
        if let Some(at) = remove {
            list.remove(at);
            changed = true;
        }
        if list.is_empty() {
            muted(ui, self.lang.t("form.none"));
        }
        changed
    }
}
