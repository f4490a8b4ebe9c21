//! The scorecard: what each level and some values of each number bring, in points.

use rust_xlsxwriter::{Worksheet, XlsxError, row_col_to_cell};

use super::model::{ModelSheet, PartCells};
use super::shape::{Number, NumberStep, Part, PartKind, Plan, Weight};
use super::{Styles, Words};

/// A line of the card: what it is called, and its log-odds as a number or as the cell of one.
enum Line {
    Of(String, f64),
    Cell(String, String),
}

/// Writes the sheet.
pub(super) fn write(
    sheet: &mut Worksheet,
    plan: &Plan,
    laid: &ModelSheet,
    words: Words<'_>,
    styles: &Styles,
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, words("card_title"), &styles.title)?;
    sheet.write_string_with_format(1, 0, words("card_how"), &styles.muted)?;
    sheet.write_string_with_format(2, 0, words("card_scale"), &styles.muted)?;
    for (col, (key, width)) in
        (0u16..).zip([("characteristic", 28.0), ("value", 32.0), ("log_odds", 14.0), ("points", 12.0)])
    {
        sheet.write_string_with_format(4, col, words(key), &styles.head)?;
        sheet.set_column_width(col, width)?;
    }
    sheet.write_string(5, 0, words("base_points"))?;
    sheet.write_formula(5, 2, format!("={}", laid.intercept).as_str())?;
    let base = format!("={}-{}*{}", laid.offset, laid.factor, row_col_to_cell(5, 2));
    sheet.write_formula_with_format(5, 3, base.as_str(), &styles.whole)?;
    let mut row = 6;
    for (part, cells) in plan.parts.iter().zip(&laid.parts) {
        for line in lines(part, cells, words) {
            sheet.write_string(row, 0, &part.spec.name)?;
            match line {
                Line::Of(shown, value) => {
                    sheet.write_string(row, 1, shown)?;
                    sheet.write_number(row, 2, value)?;
                }
                Line::Cell(shown, value) => {
                    sheet.write_formula(row, 1, format!("={shown}").as_str())?;
                    sheet.write_formula(row, 2, format!("={value}").as_str())?;
                }
            }
            let points = format!("=-{}*{}", laid.factor, row_col_to_cell(row, 2));
            sheet.write_formula_with_format(row, 3, points.as_str(), &styles.whole)?;
            row += 1;
        }
    }
    sheet.set_freeze_panes(5, 0)?;
    Ok(())
}

fn lines(part: &Part, cells: &PartCells, words: Words<'_>) -> Vec<Line> {
    match &part.kind {
        PartKind::Levels(levels) => {
            let known = cells.levels.iter().map(|(shown, value)| Line::Cell(shown.clone(), value.clone()));
            known.chain([Line::Of(words("other"), levels.other)]).collect()
        }
        PartKind::Number(number) => {
            let shown = number.shown.iter();
            let mut out: Vec<Line> = shown
                .map(|value| Line::Of(crate::table::show_number(*value), log_odds(number, Some(*value))))
                .collect();
            out.push(Line::Of(words("missing"), log_odds(number, None)));
            out
        }
        PartKind::Date(date) => vec![Line::Of(words("missing"), date.missing)],
    }
}

/// The log-odds of a number, or of a hole.
pub(super) fn log_odds(number: &Number, value: Option<f64>) -> f64 {
    let mut x = value.filter(|value| (number.low..=number.high).contains(value));
    let mut missing = 0.0;
    for step in &number.steps {
        x = match step {
            NumberStep::Cap(low, high) => x.map(|x| x.max(*low).min(*high)),
            NumberStep::Empty(low, high) => x.filter(|x| x >= low && x <= high),
            NumberStep::Fill(fill) => {
                missing = if x.is_none() { number.missing } else { 0.0 };
                Some(x.unwrap_or(*fill))
            }
            NumberStep::Scale(scaler) => x.map(|x| scaler.apply(x)),
        };
    }
    let weight = match (&number.weight, x) {
        (Weight::Slope(slope), Some(x)) => slope * f64::from(x as f32),
        (Weight::Bins { edges, weights }, Some(x)) => {
            weights.get(edges.partition_point(|edge| *edge <= x)).copied().unwrap_or(0.0)
        }
        _ => 0.0,
    };
    missing + weight
}
