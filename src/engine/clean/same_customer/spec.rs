//! The settings of the step: what is compared, from when on two rows are one customer, what a person
//! has decided, and how rows are merged.

use serde::{Deserialize, Serialize};

use super::values::Prepared;
use super::{contents, guess_fields, pair_key, resolve};
use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame};

/// What the values of a compared column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Name,
    Company,
    Email,
    Phone,
    Address,
    Postcode,
    Date,
    Text,
    Number,
    Exact,
}

/// A column that two rows are compared by. All columns of kind `Name` are read as one name, and all
/// of kind `Address` as one address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub column: String,
    pub kind: FieldKind,
    /// Factor of the field's evidence; `None` is 1, and 0 shows the field without counting it.
    #[serde(default)]
    pub weight: Option<f64>,
}

/// Which row's value a merged cell takes; missing values are never chosen while there is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Of the row with the most filled cells.
    MostComplete,
    /// Of the first row in the file.
    First,
    Last,
    Longest,
    MostFrequent,
    /// Of numbers; other columns as `MostComplete`.
    Sum,
    Min,
    Max,
    /// Of the row with the latest date in `by`.
    Newest {
        by: String,
    },
}

/// How one column is merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeRule {
    pub column: String,
    pub keep: Keep,
}

/// Which row of a cluster stays, with its permanent id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Master {
    #[default]
    MostComplete,
    First,
    Last,
    Newest {
        by: String,
    },
}

/// A row that a decision speaks of: its number, and what it said, because next month another
/// customer may stand in that row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowKey {
    /// Permanent row id.
    pub row: u32,
    /// Hash of the compared fields, 16 hexadecimal digits.
    pub content: String,
}

/// A pair that a person has decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairKey {
    pub a: RowKey,
    pub b: RowKey,
}

/// Settings of the step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SameCustomerSpec {
    pub version: u32,
    /// None: guessed from the columns each time.
    pub fields: Vec<Field>,
    /// Pairs of at least this probability are merged.
    pub threshold_sure: f64,
    /// Pairs of at least this probability are shown for review.
    pub threshold_maybe: f64,
    pub confirmed: Vec<PairKey>,
    pub rejected: Vec<PairKey>,
    /// Columns without a rule take the fullest row's value; identifiers and the target the master's.
    pub rules: Vec<MergeRule>,
    pub master: Master,
}

impl Default for SameCustomerSpec {
    fn default() -> Self {
        Self {
            version: 1,
            fields: Vec::new(),
            threshold_sure: 0.95,
            threshold_maybe: 0.2,
            confirmed: Vec::new(),
            rejected: Vec::new(),
            rules: Vec::new(),
            master: Master::default(),
        }
    }
}

impl SameCustomerSpec {
    /// The same settings with the fields guessed where none are set.
    pub fn with_fields(&self, schema: &[ColumnSpec], frame: &Frame) -> Self {
        let mut out = self.clone();
        if out.fields.is_empty() {
            out.fields = guess_fields(schema, frame);
        }
        out
    }

    /// The same settings with other fields than those set: decisions that hold for `frame` are kept, with the keys
    /// that the new fields give their rows.
    ///
    /// # Errors
    /// A column of either list that `frame` lacks; cancelled.
    pub fn with_other_fields(
        &self,
        fields: Vec<Field>,
        frame: &Frame,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let old = Prepared::new(&self.fields, frame, report)?;
        let new = Prepared::new(&fields, frame, report)?;
        let mut out = Self { fields, ..self.clone() };
        let now: Vec<u64> = contents(&new);
        for list in [&mut out.confirmed, &mut out.rejected] {
            let places = resolve(&old, frame, list).0;
            *list = places
                .into_iter()
                .map(|(a, b)| pair_key(&frame.rows, &now, old.position(a) as usize, old.position(b) as usize))
                .collect();
        }
        Ok(out)
    }
}
