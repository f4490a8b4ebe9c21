//! Small frames for tests.

use std::sync::Arc;

use polars::prelude::*;

use crate::table::{ColumnSpec, Frame, Role, ValueType};

/// A column of a schema, written with a decimal point.
pub(super) fn spec(name: &str, role: Role) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        role,
        value_type: ValueType::Text,
        decimal: Default::default(),
        date_order: Default::default(),
        keep_na: false,
    }
}

/// A column of numbers or texts.
pub(super) fn column<T>(name: &str, values: &[Option<T>]) -> polars::prelude::Column
where
    T: Clone,
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    Series::new(name.into(), values.to_vec()).into()
}

/// A frame whose rows are numbered from 2, as in a file.
pub(super) fn frame(columns: Vec<polars::prelude::Column>) -> Frame {
    let height = columns.first().map_or(0, |column| column.len());
    let rows = (2..height as u32 + 2).collect();
    Frame { rows: Arc::new(rows), data: DataFrame::new(height, columns).unwrap() }
}
