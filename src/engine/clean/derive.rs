//! New columns from formulas over those that are there. A formula sees the columns of formulas
//! before it.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::CleanError;
use super::expr::{self, Type, Values};
use super::record::{Finding, Recorder};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, Role, ValueType};

/// A new column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    pub name: String,
    pub formula: String,
}

/// Settings of the step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeriveSpec {
    pub columns: Vec<Derived>,
}

/// The schema with the new columns at its end: numbers and dates by their type, text as a category,
/// true and false as a category of `yes` and `no`.
pub(super) fn schema_after(spec: &DeriveSpec, schema: &[ColumnSpec]) -> Result<Vec<ColumnSpec>, CleanError> {
    let mut out = schema.to_vec();
    for new in &spec.columns {
        let wrong = |cause| CleanError::formula(&new.formula, cause);
        let (_, kind) = expr::compile(&new.formula, &out).map_err(wrong)?;
        let (role, value_type) = match kind {
            Type::Number => (Role::Number, ValueType::Number),
            Type::Text => (Role::Category, ValueType::Text),
            Type::Date => (Role::Date, ValueType::Date),
            Type::Boolean => (Role::Category, ValueType::Boolean),
        };
        super::select::free(&new.name, &out)?;
        out.push(ColumnSpec {
            name: new.name.clone(),
            role,
            value_type,
            decimal: Default::default(),
            date_order: Default::default(),
            keep_na: false,
        });
    }
    Ok(out)
}

pub(super) fn apply(
    spec: &DeriveSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let schema = schema_after(spec, schema)?;
    let mut out = frame.clone();
    for new in &spec.columns {
        let wrong = |cause| CleanError::formula(&new.formula, cause);
        let (expr, kind) = expr::compile(&new.formula, &schema).map_err(wrong)?;
        let name: PlSmallStr = new.name.as_str().into();
        let series = match expr::evaluate(&expr, kind, &schema, &out, report)? {
            Values::Number(list) => Float64Chunked::from_iter_options(name, list.into_iter()).into_series(),
            Values::Date(list) => Int64Chunked::from_iter_options(name, list.into_iter())
                .into_datetime(TimeUnit::Milliseconds, None)
                .into_series(),
            Values::Text(list) => StringChunked::from_iter_options(name, list.into_iter()).into_series(),
            Values::Boolean(list) => {
                let words = list.into_iter().map(|value| value.map(|yes| if yes { "yes" } else { "no" }));
                StringChunked::from_iter_options(name, words).into_series()
            }
        };
        let missing = series.null_count();
        let what = Note::new("derived").with("column", &new.name).with("missing", missing);
        record.found(Finding::about(what));
        out = super::with_column(&out, series.into()).map_err(CleanError::from)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::frames::{column, frame, spec};
    use super::*;

    fn new(name: &str, formula: &str) -> Derived {
        Derived { name: name.into(), formula: formula.into() }
    }

    #[test]
    fn a_column_may_build_on_the_one_before() {
        let schema = [spec("spend", Role::Money), spec("orders", Role::Number)];
        let frame = frame(vec![
            column("spend", &[Some(90.0), Some(10.0), None]),
            column("orders", &[Some(3.0), Some(0.0), Some(1.0)]),
        ]);
        let columns = vec![
            new("each", "spend / orders"),
            new("big", "each > 20"),
            new("on", "2024-01-01 + orders"),
            new("word", "if(orders > 1, 'many', 'few')"),
        ];
        let derive = DeriveSpec { columns };
        let after = schema_after(&derive, &schema).unwrap();
        let roles: Vec<Role> = after.iter().skip(2).map(|spec| spec.role).collect();
        assert_eq!(roles, [Role::Number, Role::Category, Role::Date, Role::Category]);
        let mut record = Recorder::new("derive", &frame);
        let out = apply(&derive, &schema, &frame, &mut record, &Reporter::silent()).unwrap();
        assert_eq!(out.numbers("each").unwrap(), vec![Some(30.0), None, None]);
        let show = |name: &str| (0..3).map(|at| out.show(name, at)).collect::<Vec<_>>();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(show("big"), [some("yes"), None, None]);
        assert_eq!(show("on"), [some("2024-01-04"), some("2024-01-01"), some("2024-01-02")]);
        assert_eq!(show("word"), [some("many"), some("few"), some("few")]);
        let missing = Note::new("derived").with("column", "each").with("missing", 2);
        assert_eq!(record.finish().findings[0].what, missing);
    }

    #[test]
    fn what_cannot_be_derived() {
        let schema = [spec("spend", Role::Money)];
        let kind =
            |new: Derived| schema_after(&DeriveSpec { columns: vec![new] }, &schema).unwrap_err().kind();
        assert_eq!(kind(new("x", "spnd * 2")), "formula_column");
        assert_eq!(kind(new("x", "spend *")), "formula");
        assert_eq!(kind(new("spend", "spend * 2")), "name_taken");
        assert_eq!(kind(new(" ", "spend * 2")), "name_empty");
        // A formula does not see a later one.
        let columns = vec![new("a", "b + 1"), new("b", "spend")];
        assert!(schema_after(&DeriveSpec { columns }, &schema).is_err());
    }
}
