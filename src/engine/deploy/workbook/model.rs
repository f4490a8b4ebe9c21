//! The sheet of numbers: each stands in a cell, and formulas name the cell.

use rust_xlsxwriter::{Worksheet, XlsxError, row_col_to_cell_absolute};

use super::shape::{Mend, NumberStep, Part, PartKind, Plan, Weight};
use super::{BASE, DOUBLES, ODDS, Styles, Words};
use crate::clean::Scaler;
use crate::detect::missing;

/// Where everything stands, as formulas name it.
pub(super) struct ModelSheet {
    pub intercept: String,
    pub threshold: String,
    pub factor: String,
    pub offset: String,
    /// Marks for "no value", in lower case.
    pub marks: String,
    pub parts: Vec<PartCells>,
    pub repairs: Vec<MendCells>,
}

/// The cells of one column.
#[derive(Default)]
pub(super) struct PartCells {
    /// The numbers of the column in the order in which [`ModelSheet::write`] puts them.
    pub numbers: Vec<String>,
    /// The smallest and the largest of the training rows.
    pub seen: Option<(String, String)>,
    /// Ranges: what is compared, what is shown, log-odds. Empty where a column has no list.
    pub keys: String,
    pub shown: String,
    pub values: String,
    /// Cells of what is shown and of the log-odds, one by one.
    pub levels: Vec<(String, String)>,
    /// The text that stands in for a hole.
    pub fill: Option<String>,
}

pub(super) enum MendCells {
    Sigmoid { slope: String, offset: String, edge: String },
    Knots { x: String, y: String, count: usize },
}

/// Writes cell after cell; knows how other sheets name them.
struct Pen<'a> {
    sheet: &'a mut Worksheet,
    name: &'a str,
    row: u32,
}

const COLUMN: u16 = 0;
const WHAT: u16 = 1;
const KEY: u16 = 2;
const VALUE: u16 = 3;

impl Pen<'_> {
    fn cell(&self, row: u32, col: u16) -> String {
        format!("{}!{}", self.name, row_col_to_cell_absolute(row, col))
    }

    fn range(&self, from: u32, col: u16) -> String {
        let last = row_col_to_cell_absolute(self.row.saturating_sub(1), col);
        format!("{}!{}:{last}", self.name, row_col_to_cell_absolute(from, col))
    }

    fn number(&mut self, column: &str, what: &str, value: f64) -> Result<String, XlsxError> {
        self.sheet.write_string(self.row, COLUMN, column)?;
        self.sheet.write_string(self.row, WHAT, what)?;
        self.sheet.write_number(self.row, VALUE, value)?;
        self.row += 1;
        Ok(self.cell(self.row - 1, VALUE))
    }

    fn text(&mut self, column: &str, what: &str, key: &str) -> Result<String, XlsxError> {
        self.sheet.write_string(self.row, COLUMN, column)?;
        self.sheet.write_string(self.row, WHAT, what)?;
        self.sheet.write_string(self.row, KEY, key)?;
        self.row += 1;
        Ok(self.cell(self.row - 1, KEY))
    }

    fn formula(&mut self, what: &str, formula: &str) -> Result<String, XlsxError> {
        self.sheet.write_string(self.row, WHAT, what)?;
        self.sheet.write_formula(self.row, VALUE, formula)?;
        self.row += 1;
        Ok(self.cell(self.row - 1, VALUE))
    }
}

impl ModelSheet {
    /// Writes the sheet; `name` is how other sheets name it.
    pub fn write(
        sheet: &mut Worksheet,
        name: &str,
        plan: &Plan,
        words: Words<'_>,
        styles: &Styles,
    ) -> Result<Self, XlsxError> {
        sheet.write_string_with_format(0, 0, words("model_title"), &styles.title)?;
        sheet.write_string_with_format(1, 0, words("model_how"), &styles.muted)?;
        for (col, key) in [(COLUMN, "column"), (WHAT, "what"), (KEY, "key"), (VALUE, "value")] {
            sheet.write_string_with_format(2, col, words(key), &styles.head)?;
            sheet.set_column_width(col, if col == VALUE { 22.0 } else { 28.0 })?;
        }
        let mut pen = Pen { sheet, name, row: 3 };
        let intercept = pen.number("", &words("intercept"), plan.intercept)?;
        let threshold = pen.number("", &words("threshold"), plan.threshold)?;
        let base = pen.number("", &words("base"), BASE)?;
        let odds = pen.number("", &words("odds"), ODDS)?;
        let doubles = pen.number("", &words("doubles"), DOUBLES)?;
        let factor = pen.formula(&words("factor"), &format!("={doubles}/LN(2)"))?;
        let offset = pen.formula(&words("offset"), &format!("={base}-{factor}*LN({odds})"))?;
        let mut repairs = Vec::new();
        for mend in &plan.repairs {
            repairs.push(match mend {
                Mend::Sigmoid { slope, offset, edge } => MendCells::Sigmoid {
                    slope: pen.number("", "slope", *slope)?,
                    offset: pen.number("", "offset", *offset)?,
                    edge: pen.number("", "edge", *edge)?,
                },
                Mend::Knots { x, y } => {
                    let from = pen.row;
                    for (x, y) in x.iter().zip(y) {
                        pen.sheet.write_number(pen.row, KEY, *x)?;
                        pen.number("", "isotonic", *y)?;
                    }
                    MendCells::Knots { x: pen.range(from, KEY), y: pen.range(from, VALUE), count: x.len() }
                }
            });
        }
        let from = pen.row;
        for mark in missing::MARKS.iter().filter(|mark| !mark.is_empty()) {
            pen.text("", &words("missing"), &mark.to_lowercase())?;
        }
        let marks = pen.range(from, KEY);
        let parts = plan.parts.iter().map(|part| part_cells(&mut pen, part, words));
        let parts = parts.collect::<Result<_, XlsxError>>()?;
        sheet.set_freeze_panes(3, 0)?;
        Ok(Self { intercept, threshold, factor, offset, marks, parts, repairs })
    }
}

fn part_cells(pen: &mut Pen<'_>, part: &Part, words: Words<'_>) -> Result<PartCells, XlsxError> {
    let name = &part.spec.name;
    let mut out = PartCells::default();
    if let Some((low, high)) = part.seen {
        let range = words("range_title");
        out.seen = Some((pen.number(name, &range, low)?, pen.number(name, &range, high)?));
    }
    let mut numbers = Vec::new();
    let mut put = |pen: &mut Pen<'_>, what: &str, value: f64| -> Result<(), XlsxError> {
        numbers.push(pen.number(name, what, value)?);
        Ok(())
    };
    match &part.kind {
        PartKind::Number(number) => {
            put(pen, &words("limits"), number.low)?;
            put(pen, &words("limits"), number.high)?;
            for step in &number.steps {
                match step {
                    NumberStep::Cap(low, high) | NumberStep::Empty(low, high) => {
                        put(pen, "outliers", *low)?;
                        put(pen, "outliers", *high)?;
                    }
                    NumberStep::Fill(fill) => put(pen, &words("missing"), *fill)?,
                    NumberStep::Scale(scaler) => match scaler {
                        Scaler::Linear { centre, width } | Scaler::Log1p { centre, width } => {
                            put(pen, "centre", *centre)?;
                            put(pen, "width", *width)?;
                        }
                        Scaler::YeoJohnson { lambda, centre, width } => {
                            put(pen, "centre", *centre)?;
                            put(pen, "width", *width)?;
                            put(pen, "lambda", *lambda)?;
                        }
                        Scaler::Quantile { .. } => {}
                    },
                }
            }
            put(pen, &format!("{} ({})", words("log_odds"), words("missing")), number.missing)?;
            match &number.weight {
                Weight::Slope(slope) => put(pen, &words("log_odds"), *slope)?,
                Weight::Bins { edges, weights } => {
                    let from = pen.row;
                    // The first stretch has no edge below it.
                    let low = edges.iter().map(Some);
                    for (edge, weight) in std::iter::once(None).chain(low).zip(weights) {
                        if let Some(edge) = edge {
                            pen.sheet.write_number(pen.row, KEY, *edge)?;
                        }
                        pen.number(name, &words("log_odds"), *weight)?;
                    }
                    out.values = pen.range(from, VALUE);
                    out.keys = pen.range(from + 1, KEY);
                }
                Weight::None => {}
            }
        }
        PartKind::Levels(levels) => {
            put(pen, &words("other"), levels.other)?;
            out.fill = match &levels.fill {
                Some(fill) => {
                    let key = if levels.folded { crate::clean::fold(fill) } else { fill.clone() };
                    Some(pen.text(name, &words("missing"), &key)?)
                }
                None => None,
            };
            let from = pen.row;
            for (key, shown, value) in &levels.levels {
                pen.text(name, shown, key)?;
                pen.sheet.write_number(pen.row - 1, VALUE, *value)?;
                out.levels.push((pen.cell(pen.row - 1, WHAT), pen.cell(pen.row - 1, VALUE)));
            }
            if !levels.levels.is_empty() {
                out.keys = pen.range(from, KEY);
                out.shown = pen.range(from, WHAT);
                out.values = pen.range(from, VALUE);
            }
        }
        PartKind::Date(date) => {
            put(pen, "newest", date.newest)?;
            put(pen, &format!("{} ({})", words("log_odds"), words("missing")), date.missing)?;
            put(pen, "years", date.years)?;
            put(pen, "weekday sin", date.weekday.0)?;
            put(pen, "weekday cos", date.weekday.1)?;
            if let Some((sin, cos)) = date.month {
                put(pen, "month sin", sin)?;
                put(pen, "month cos", cos)?;
            }
        }
    }
    out.numbers = numbers;
    Ok(out)
}
