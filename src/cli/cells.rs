//! `--least-cell` and `--cell-method`: tables of counts without small groups.

use clap::Args;
use regulars_engine::privacy::cells::{self, Meaning, Method, Rule, Sheet};
use serde_json::{Value, json};

/// How small groups are kept out of what is shared.
#[derive(Args, Clone)]
pub(super) struct Cells {
    /// Groups of fewer people are not told (3 to 50, or off)
    #[arg(long, value_name = "N", value_parser = least)]
    least_cell: Option<Least>,
    /// How: suppress leaves small counts out, and others that would give them away; round rounds all
    /// counts at random
    #[arg(long, value_name = "HOW", value_parser = method, default_value = "suppress")]
    cell_method: Method,
}

/// What `--least-cell` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Least {
    Off,
    Of(u32),
}

fn least(text: &str) -> Result<Least, String> {
    match text.parse::<u32>() {
        _ if text == "off" => Ok(Least::Off),
        Ok(least) if Rule::RANGE.contains(&least) => Ok(Least::Of(least)),
        _ => Err(format!("a number from {} to {}, or off", Rule::RANGE.start(), Rule::RANGE.end())),
    }
}

fn method(text: &str) -> Result<Method, String> {
    let names = || Method::ALL.map(Method::name).join(", ");
    Method::ALL.into_iter().find(|method| method.name() == text).ok_or_else(|| format!("one of {}", names()))
}

impl Cells {
    /// The rule for what is handed on: on unless it was turned off.
    pub(super) fn shared(&self) -> Option<Rule> {
        rule(self.least_cell.unwrap_or(Least::Of(Rule::USUAL)), self.cell_method)
    }
}

fn rule(least: Least, method: Method) -> Option<Rule> {
    match least {
        Least::Off => None,
        Least::Of(least) => Some(Rule { method, least }),
    }
}

/// The same for the JSON of a command, which is exact unless asked otherwise.
#[derive(Args, Clone)]
pub(super) struct JsonCells {
    /// Tells no groups of fewer people in the JSON (3 to 50)
    #[arg(long, value_name = "N", value_parser = least, requires = "json")]
    least_cell: Option<Least>,
    /// How: suppress leaves small counts out, and others that would give them away; round rounds all
    /// counts at random
    #[arg(long, value_name = "HOW", value_parser = method, default_value = "suppress")]
    cell_method: Method,
}

impl JsonCells {
    /// Hides small groups among the objects of `lists`, small ones among the single `counts`, and all of
    /// `silent`, and says so in `told`; as it was where nothing was asked for.
    pub(super) fn protect(&self, told: &mut Value, lists: &[List<'_>], counts: &[&str], silent: &[&str]) {
        let Some(rule) = self.least_cell.and_then(|least| rule(least, self.cell_method)) else { return };
        let (seed, mut hidden) = (cells::chance(), 0);
        for pointer in counts {
            let Some(cell) = told.pointer_mut(pointer) else { continue };
            let Some(count) = cell.as_u64() else { continue };
            // Of no table: what is small goes, and nothing else follows from it.
            if rule.is_small(count) {
                *cell = Value::Null;
                hidden += 1;
            } else if rule.method == Method::Round {
                let least = u64::from(rule.least);
                *cell = Value::from((count + least / 2) / least * least);
            }
        }
        for pointer in silent {
            if let Some(cell) = told.pointer_mut(pointer).filter(|cell| !cell.is_null()) {
                *cell = Value::Null;
                hidden += 1;
            }
        }
        for (at, list) in lists.iter().enumerate() {
            let rows = told.pointer_mut(list.pointer).and_then(Value::as_array_mut);
            let seed = seed.wrapping_add(at as u64);
            hidden += rows.map_or(0, |rows| Sheet::protect_json(rows, list.fields, (rule, seed)));
        }
        told["cells"] = json!({ "method": rule.method, "least": rule.least, "hidden": hidden });
    }
}

/// A list of groups in the JSON of a command, and what its fields mean.
pub(super) struct List<'a> {
    pub(super) pointer: &'a str,
    pub(super) fields: &'a [(&'a str, Meaning)],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_sizes_are_checked() {
        assert_eq!((least("off"), least("5")), (Ok(Least::Off), Ok(Least::Of(5))));
        for bad in ["", "2", "51", "-5", "five", "5.5", "99999999999"] {
            assert!(least(bad).is_err_and(|why| why.contains("3 to 50")), "{bad}");
        }
        assert!(method("round").is_ok() && method("Round").is_err());
    }

    #[test]
    fn nothing_is_hidden_unless_asked_for() {
        let told = || json!({ "segments": [{ "size": 2 }, { "size": 30 }, { "size": 40 }], "outliers": 3, "grid": [[2]] });
        let fields = [("size", Meaning::Count)];
        let list = [List { pointer: "/segments", fields: &fields }];
        let with = |least_cell| JsonCells { least_cell, cell_method: Method::Suppress };
        let mut plain = told();
        with(None).protect(&mut plain, &list, &["/outliers"], &["/grid"]);
        assert_eq!(plain, told());
        let mut hidden = told();
        with(Some(Least::Of(5))).protect(&mut hidden, &list, &["/outliers"], &["/grid"]);
        assert_eq!(hidden["cells"], json!({ "method": "suppress", "least": 5, "hidden": 4 }));
        assert!(hidden["outliers"].is_null() && hidden["grid"].is_null());
        assert!(hidden["segments"][0]["size"].is_null() && hidden["segments"][2]["size"] == 40);
        // A list that is not there is no error.
        let none = [List { pointer: "/none", fields: &fields }];
        with(Some(Least::Of(5))).protect(&mut hidden, &none, &["/none"], &["/none"]);
        let shared = |least_cell| Cells { least_cell, cell_method: Method::Suppress }.shared();
        assert_eq!((shared(None), shared(Some(Least::Off))), (Some(Rule::default()), None));
    }
}
