//! Raw saved data of older formats → the present one, one numbered step after the other.

use serde_json::{Value, json};

/// Version of the format; a newer one needs a step here and an old file in tests.
pub(super) const VERSION: u64 = 3;

/// Brings raw saved data to the current format.
pub(super) fn migrate(mut value: Value, version: u64) -> Value {
    if version < 1 {
        zero_to_one(&mut value);
    }
    if version < 2 {
        one_to_two(&mut value);
    }
    if version < 3 {
        two_to_three(&mut value);
    }
    value
}

/// 2 knew one data file only. 3 may name several: a program of 2 would read the first and call it
/// the whole.
fn two_to_three(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        map.insert("version".into(), 3.into());
        map.entry("sources").or_insert_with(|| json!([]));
    }
}

/// Before 1 there was no version field.
fn zero_to_one(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        map.insert("version".into(), 1.into());
    }
}

/// 1 kept the models of the last training as a list of runs, with epochs as tuples. 2 keeps
/// several runs, each with its settings and its models.
fn one_to_two(value: &mut Value) {
    let Some(map) = value.as_object_mut() else { return };
    map.insert("version".into(), 2.into());
    let mut models = match map.remove("runs") {
        Some(Value::Array(models)) => models,
        _ => Vec::new(),
    };
    let key = models.first().and_then(|m| m.get("key")).cloned().unwrap_or_else(|| json!(""));
    for model in &mut models {
        let Some(model) = model.as_object_mut() else { continue };
        model.remove("key");
        let planned = model.get("epochs_run").cloned().unwrap_or_else(|| json!(0));
        let seconds = model.get("seconds").and_then(Value::as_f64).unwrap_or(0.0);
        let Some(Value::Array(history)) = model.get_mut("history") else { continue };
        let count = history.len().max(1) as f64;
        for (at, epoch) in history.iter_mut().enumerate() {
            let part = |n: usize| epoch.get(n).cloned().unwrap_or(Value::Null);
            *epoch = json!({
                "epoch": part(0), "train_loss": part(1), "valid_loss": part(2), "valid_auc": part(3),
                "seconds": seconds * (at + 1) as f64 / count, "planned": planned,
                // Was not kept.
                "learning_rate": 0.0,
            });
        }
    }
    if !models.is_empty() {
        let settings = map.get("settings").cloned().unwrap_or_else(|| json!({}));
        let run = json!({ "name": "", "settings": settings, "key": key, "rows_key": "", "models": models });
        map.insert("runs".into(), json!([run]));
    }
}
