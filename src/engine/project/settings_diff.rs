//! What two settings have otherwise, field by field, from their serialized form: whatever is a setting
//! is compared, also what is added later.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Settings;
use crate::privacy::LeftOut;

/// A field that two settings have otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingDiff {
    /// Its place, names joined by dots: `mlp.learning_rate`, `recipe.steps.3.on`.
    pub path: String,
    /// Its value in the one; `None` where it is not there (it has its default).
    pub a: Option<Value>,
    pub b: Option<Value>,
}

/// The fields that differ, those of the network first.
pub fn settings_diff(a: &Settings, b: &Settings) -> Vec<SettingDiff> {
    let (a, b) = (fields(a), fields(b));
    let mut paths: Vec<&String> = a.keys().chain(b.keys().filter(|path| !a.contains_key(*path))).collect();
    paths.sort_by_key(|path| (!path.starts_with("mlp."), path.as_str()));
    paths
        .into_iter()
        .map(|path| SettingDiff { path: path.clone(), a: a.get(path).cloned(), b: b.get(path).cloned() })
        .filter(|diff| diff.a != diff.b)
        .collect()
}

fn fields(settings: &Settings) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    // Who was forgotten is shown nowhere.
    let settings = &Settings { left_out: LeftOut::default(), ..settings.clone() };
    // What cannot be written cannot be compared; settings always can.
    if let Ok(value) = serde_json::to_value(settings) {
        flatten(String::new(), value, &mut out);
    }
    out
}

/// Lists of plain values stay whole: the layers of a network are one thing.
fn flatten(path: String, value: Value, out: &mut BTreeMap<String, Value>) {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.into_iter().for_each(|(name, value)| flatten(at(&name), value, out));
        }
        Value::Array(list) if list.iter().any(|value| value.is_object() || value.is_array()) => {
            let numbered = list.into_iter().enumerate();
            numbered.for_each(|(number, value)| flatten(at(&(number + 1).to_string()), value, out));
        }
        value => {
            out.insert(path, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Optimizer;

    #[test]
    fn only_what_differs_is_told_and_the_network_first() {
        let a = Settings::default();
        assert!(settings_diff(&a, &a).is_empty());
        let mut b = a.clone();
        b.seed = 7;
        b.mlp.hidden = vec![8];
        b.mlp.optimizer = Optimizer::Sgd { momentum: 0.5 };
        if let Some(step) = b.recipe.steps.first_mut() {
            step.on = !step.on;
        }
        let diff = settings_diff(&a, &b);
        let paths: Vec<&str> = diff.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(paths[..2], ["mlp.hidden", "mlp.optimizer.sgd.momentum"], "{paths:?}");
        assert!(paths.contains(&"seed") && paths.contains(&"recipe.steps.1.on"), "{paths:?}");
        assert_eq!(paths.len(), 4, "{paths:?}");
        assert_eq!(diff[0].a, Some(serde_json::json!([64, 32])));
        // The default is not written: it is not there.
        assert_eq!(diff[1].a, None);
    }
}
