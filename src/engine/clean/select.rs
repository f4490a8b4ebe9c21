//! Columns left out and columns renamed.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::CleanError;
use super::record::{Finding, Recorder};
use crate::note::Note;
use crate::table::{ColumnSpec, Frame};

/// Settings of the step. Columns are dropped first; then they are renamed, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SelectSpec {
    pub drop: Vec<String>,
    /// Old name, new name.
    pub rename: Vec<(String, String)>,
}

/// Refuses a new name that is blank or belongs to another column.
pub(super) fn free(name: &str, schema: &[ColumnSpec]) -> Result<(), CleanError> {
    if name.trim().is_empty() {
        return Err(CleanError::NameEmpty);
    }
    match schema.iter().any(|spec| spec.name == name) {
        true => Err(CleanError::NameTaken { column: name.to_owned() }),
        false => Ok(()),
    }
}

/// The schema without the dropped columns and with the new names. A column to drop that is not
/// there is no error; one to rename is.
pub(super) fn schema_after(spec: &SelectSpec, schema: &[ColumnSpec]) -> Result<Vec<ColumnSpec>, CleanError> {
    let mut out: Vec<ColumnSpec> =
        schema.iter().filter(|column| !spec.drop.contains(&column.name)).cloned().collect();
    for (old, new) in spec.rename.iter().filter(|(old, new)| old != new) {
        free(new, &out)?;
        match out.iter_mut().find(|column| column.name == *old) {
            Some(column) => column.name.clone_from(new),
            None => return Err(CleanError::NoColumn { column: old.clone() }),
        }
    }
    Ok(out)
}

pub(super) fn apply(
    spec: &SelectSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
) -> Result<Frame, CleanError> {
    schema_after(spec, schema)?;
    let mut data = frame.data.clone();
    let is_there = |data: &DataFrame, name: &str| data.column(name).is_ok();
    for name in spec.drop.iter().filter(|name| is_there(&frame.data, name)) {
        data = data.drop(name)?;
        record.found(Finding::about(Note::new("column_dropped").with("column", name)));
    }
    for (old, new) in spec.rename.iter().filter(|(old, new)| old != new) {
        // A new file may lack what its schema has.
        if !is_there(&data, old) {
            continue;
        }
        data.rename(old, new.as_str().into())?;
        record.found(Finding::about(Note::new("column_renamed").with("column", old).with("name", new)));
    }
    Ok(Frame { rows: frame.rows.clone(), data })
}

#[cfg(test)]
mod tests {
    use super::super::frames::{column, frame, spec};
    use super::*;
    use crate::table::Role;

    #[test]
    fn drop_then_rename() {
        let schema = [spec("a", Role::Number), spec("b", Role::Number), spec("c", Role::Id)];
        let frame =
            frame(vec![column("a", &[Some(1.0)]), column("b", &[Some(2.0)]), column("c", &[Some(3.0)])]);
        let rename = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        // A name that a dropped column had is free.
        let select =
            SelectSpec { drop: vec!["a".into(), "zz".into()], rename: rename(&[("b", "a"), ("c", "b")]) };
        let after = schema_after(&select, &schema).unwrap();
        assert_eq!(after.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(after[1].role, Role::Id);
        let mut record = Recorder::new("select", &frame);
        let out = apply(&select, &schema, &frame, &mut record).unwrap();
        assert_eq!((out.numbers("a"), out.numbers("b")), (Some(vec![Some(2.0)]), Some(vec![Some(3.0)])));
        assert_eq!(out.data.width(), 2);
        assert_eq!(record.finish().findings.len(), 3);

        let kind = |pairs: &[(&str, &str)]| {
            let select = SelectSpec { drop: vec![], rename: rename(pairs) };
            schema_after(&select, &schema).unwrap_err().kind()
        };
        assert_eq!(kind(&[("a", "b")]), "name_taken");
        assert_eq!(kind(&[("zz", "y")]), "no_column");
        assert_eq!(kind(&[("a", "")]), "name_empty");
    }
}
