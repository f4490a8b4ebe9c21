//! The dialects in which features are worked out, and how each says what the reader of cells does: keys in
//! their plain form, marks for "no value", numbers that are finite, days and seconds of a day.

use crate::collect::database::{Form, TableName};
use crate::detect::missing::MARKS;

/// A dialect of SQL that can hold the whole computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgresql,
    /// Spark SQL 3.4 and later.
    Spark,
}

/// A column where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub form: Form,
    /// `NA` is a value of it.
    pub keep_na: bool,
}

impl Dialect {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Spark => "spark",
        }
    }

    /// A name as an identifier.
    pub(super) fn quote(self, name: &str) -> String {
        match self {
            Self::Postgresql => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::Spark => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// A text as a literal.
    pub(super) fn literal(self, text: &str) -> String {
        match self {
            Self::Postgresql => format!("'{}'", text.replace('\'', "''")),
            Self::Spark => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        }
    }

    pub(super) fn table(self, table: &TableName) -> String {
        let name = self.quote(&table.name);
        match &table.schema {
            Some(schema) => format!("{}.{name}", self.quote(schema)),
            None => name,
        }
    }

    pub(super) fn double(self, expression: &str) -> String {
        match self {
            Self::Postgresql => format!("CAST({expression} AS DOUBLE PRECISION)"),
            Self::Spark => format!("CAST({expression} AS DOUBLE)"),
        }
    }

    /// The middle value of a group.
    pub(super) fn median(self, expression: &str) -> String {
        match self {
            Self::Postgresql => format!("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY {expression})"),
            Self::Spark => format!("PERCENTILE({expression}, 0.5)"),
        }
    }

    /// A value as its text without blanks around it.
    pub(super) fn bare(self, field: &Field) -> String {
        let name = self.quote(&field.name);
        match (self, field.form) {
            (Self::Postgresql, Form::Text) => {
                format!("BTRIM({name}::text, E' \\t\\n\\r\\u000b\\u000c\\u00a0\\u3000')")
            }
            (Self::Postgresql, _) => format!("{name}::text"),
            (Self::Spark, Form::Text) => {
                format!("TRIM(BOTH ' \\t\\n\\r\\u000b\\u000c\\u00a0\\u3000' FROM CAST({name} AS STRING))")
            }
            (Self::Spark, _) => format!("CAST({name} AS STRING)"),
        }
    }

    /// `text`, that of the field, NULL where it stands for "no value".
    pub(super) fn marked(self, text: &str, field: &Field) -> String {
        if field.form != Form::Text {
            return text.to_owned();
        }
        let marks: Vec<String> = MARKS.iter().map(|mark| self.literal(mark)).collect();
        let kept = if field.keep_na { format!("WHEN {text} = 'NA' THEN 'NA' ") } else { String::new() };
        format!("CASE {kept}WHEN LOWER({text}) IN ({}) THEN NULL ELSE {text} END", marks.join(", "))
    }

    /// A value as its text, NULL where it stands for "no value".
    pub(super) fn text(self, field: &Field) -> String {
        self.marked(&self.bare(field), field)
    }

    /// A key's bare text in its plain form: `12.0` is `12`, mail addresses know no case.
    pub(super) fn key(self, field: &Field) -> String {
        let text = self.bare(field);
        let whole = match (self, field.form) {
            (Self::Postgresql, Form::Whole) => return text,
            (Self::Postgresql, _) => "\\1",
            (Self::Spark, _) => "$1",
        };
        format!(
            "CASE WHEN {text} LIKE '%@%' THEN LOWER({text}) \
             ELSE REGEXP_REPLACE({text}, '^([0-9]+)[.]0*$', '{whole}') END"
        )
    }

    /// A number, NULL where it is not finite.
    pub(super) fn number(self, field: &Field) -> String {
        let name = self.quote(&field.name);
        let double = match (self, field.form) {
            // 0.1 in single precision is meant as 0.1.
            (Self::Postgresql, Form::Single) => self.double(&format!("{name}::text")),
            _ => self.double(&name),
        };
        match (self, field.form) {
            (_, Form::Whole) => double,
            (Self::Postgresql, _) => {
                format!("NULLIF(NULLIF(NULLIF({double}, 'NaN'), 'Infinity'), '-Infinity')")
            }
            (Self::Spark, _) => {
                format!("CASE WHEN ABS({double}) < CAST('Infinity' AS DOUBLE) THEN {double} END")
            }
        }
    }

    /// The calendar day as days since 1970, NULL outside 1850 to 2199.
    pub(super) fn day(self, field: &Field) -> String {
        let name = self.quote(&field.name);
        match (self, field.form) {
            (Self::Postgresql, Form::Day) => format!(
                "CASE WHEN {name} >= DATE '1850-01-01' AND {name} < DATE '2200-01-01' \
                 THEN {name} - DATE '1970-01-01' END"
            ),
            (Self::Postgresql, _) => format!(
                "CASE WHEN {name} >= TIMESTAMP '1850-01-01' AND {name} < TIMESTAMP '2200-01-01' \
                 THEN {name}::date - DATE '1970-01-01' END"
            ),
            (Self::Spark, _) => format!(
                "CASE WHEN YEAR({name}) BETWEEN 1850 AND 2199 \
                 THEN DATEDIFF(CAST({name} AS DATE), DATE'1970-01-01') END"
            ),
        }
    }

    /// Seconds since the day began, to thousandths; 0 where there is no time of day.
    pub(super) fn clock(self, field: &Field) -> String {
        let name = self.quote(&field.name);
        match (self, field.form) {
            (_, Form::Day) => self.double("0"),
            (Self::Postgresql, _) => {
                self.double(&format!("FLOOR(EXTRACT(EPOCH FROM {name}::time) * 1000) / 1000"))
            }
            (Self::Spark, _) => self.double(&format!(
                "FLOOR((HOUR({name}) * 3600 + MINUTE({name}) * 60 + EXTRACT(SECOND FROM {name})) * 1000) / 1000"
            )),
        }
    }

    /// Rows of one column `k` with these texts.
    pub(super) fn list(self, texts: &[&str]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| self.literal(text)).collect();
        match self {
            Self::Postgresql => format!("SELECT UNNEST(ARRAY[{}]::text[]) AS k", texts.join(", ")),
            Self::Spark => format!("SELECT EXPLODE(ARRAY({})) AS k", texts.join(", ")),
        }
    }
}
