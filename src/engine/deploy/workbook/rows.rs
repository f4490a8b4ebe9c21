//! The formulas of a row: from the typed cells to the probability, column by column.

use rust_xlsxwriter::{
    ConditionalFormatCell, ConditionalFormatCellRule, DataValidation, DataValidationErrorStyle,
    DataValidationRule, Formula, IgnoreError, Worksheet, XlsxError, cell_range, column_number_to_name,
    row_col_to_cell_absolute,
};

use super::model::{MendCells, ModelSheet, PartCells};
use super::shape::{NumberStep, Part, PartKind, Plan, Weight};
use super::{Styles, Words};
use crate::clean::Scaler;
use crate::table::show_number;

/// The length that Excel allows a message beside a cell, and its title.
const MESSAGE: usize = 250;
const TITLE: usize = 30;

/// A column before the typed ones.
pub(super) struct Head {
    key: &'static str,
    width: f64,
}

impl Head {
    pub fn new(key: &'static str, width: f64) -> Self {
        Self { key, width }
    }
}

/// Rows of a sheet: some columns that lead, the typed ones, and behind a gap the ones that work.
pub(super) struct Block<'a> {
    pub plan: &'a Plan,
    pub laid: &'a ModelSheet,
    pub words: Words<'a>,
    pub styles: &'a Styles,
    pub first_row: u32,
    pub rows: u32,
    /// Columns before the typed ones.
    pub leads: u16,
}

/// Cells of a row that is worked out, to be named by the columns that lead.
pub(super) struct Done {
    pub probability: String,
    pub log_odds: String,
    /// An expression: what should be known of the row.
    pub told: String,
}

/// When something is told, as an expression, and the key of what.
type Flag = (String, &'static str);

/// The working columns of a row as they are written.
struct Work<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    next: u16,
}

impl Work<'_> {
    fn put(&mut self, formula: &str) -> Result<String, XlsxError> {
        self.sheet.write_formula(self.row, self.next, format!("={formula}").as_str())?;
        self.next += 1;
        Ok(named(self.row, self.next - 1))
    }
}

/// A cell of the same sheet.
fn named(row: u32, col: u16) -> String {
    format!("{}{}", column_number_to_name(col), row + 1)
}

/// Words within the quotes of a formula.
pub(super) fn quoted(text: &str) -> String {
    text.replace('"', "\"\"")
}

/// A number to single precision (Veltkamp's splitting with 2²⁹ + 1).
fn single(x: &str) -> String {
    format!("({x}*536870913-({x}*536870913-{x}))")
}

impl Block<'_> {
    fn input(&self, at: usize) -> u16 {
        self.leads + at as u16
    }

    fn work(&self) -> u16 {
        self.input(self.plan.parts.len()) + 1
    }

    /// The typed cells of a row.
    pub fn inputs(&self, row: u32) -> String {
        let last = self.input(self.plan.parts.len().saturating_sub(1));
        cell_range(row, self.leads, row, last.max(self.leads))
    }

    /// The head of the rows.
    pub fn head(&self, sheet: &mut Worksheet, heads: &[Head]) -> Result<(), XlsxError> {
        let row = self.first_row - 1;
        for (col, head) in (0u16..).zip(heads) {
            sheet.write_string_with_format(row, col, (self.words)(head.key), &self.styles.head)?;
            sheet.set_column_width(col, head.width)?;
        }
        for (at, part) in self.plan.parts.iter().enumerate() {
            sheet.write_string_with_format(row, self.input(at), &part.spec.name, &self.styles.head)?;
            sheet.set_column_width(self.input(at), 15.0)?;
        }
        sheet.set_freeze_panes(self.first_row, self.leads)?;
        Ok(())
    }

    /// Lists, ranges and colours of the typed cells.
    pub fn help(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let (first, last) = (self.first_row, self.first_row + self.rows - 1);
        let short = |text: String, most: usize| text.chars().take(most).collect::<String>();
        for (at, (part, cells)) in self.plan.parts.iter().zip(&self.laid.parts).enumerate() {
            let col = self.input(at);
            let base =
                DataValidation::new().set_error_style(DataValidationErrorStyle::Warning).ignore_blank(true);
            let valid = match (&part.kind, part.seen) {
                (PartKind::Levels(_), _) if !cells.shown.is_empty() => Some(
                    base.allow_list_formula(Formula::new(format!("={}", cells.shown)))
                        .set_input_title(short((self.words)("levels_title"), TITLE))?
                        .set_input_message(short((self.words)("levels"), MESSAGE))?
                        .set_error_message(short((self.words)("levels"), MESSAGE))?,
                ),
                (PartKind::Number(_), Some((low, high))) => {
                    let range =
                        format!("{} {} – {}", (self.words)("range"), show_number(low), show_number(high));
                    Some(
                        base.allow_decimal_number(DataValidationRule::Between(low, high))
                            .set_input_title(short((self.words)("range_title"), TITLE))?
                            .set_input_message(short(range.clone(), MESSAGE))?
                            .set_error_message(short(range, MESSAGE))?,
                    )
                }
                _ => None,
            };
            if let Some(valid) = valid {
                sheet.add_data_validation(first, col, last, col, &valid)?;
            }
            if matches!(part.kind, PartKind::Levels(_)) {
                sheet.ignore_error_range(first, col, last, col, IgnoreError::NumberStoredAsText)?;
            }
        }
        let risk = ConditionalFormatCell::new()
            .set_rule(ConditionalFormatCellRule::EqualTo(1))
            .set_format(&self.styles.bad);
        sheet.add_conditional_format(first, 1, last, 1, &risk)?;
        Ok(())
    }

    /// The typed cells of a row that is to be filled in.
    pub fn blank(&self, sheet: &mut Worksheet, row: u32) -> Result<(), XlsxError> {
        for (at, part) in self.plan.parts.iter().enumerate() {
            let format = match part.kind {
                PartKind::Number(_) => &self.styles.input,
                PartKind::Levels(_) => &self.styles.text,
                PartKind::Date(_) => &self.styles.day,
            };
            sheet.write_blank(row, self.input(at), format)?;
        }
        Ok(())
    }

    /// The typed cells of a row that is given: numbers as numbers, all else as text.
    pub fn given(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        columns: &[String],
        cells: &[Option<String>],
    ) -> Result<(), XlsxError> {
        for (at, part) in self.plan.parts.iter().enumerate() {
            let place = columns.iter().position(|name| *name == part.spec.name);
            let Some(Some(text)) = place.and_then(|place| cells.get(place)) else { continue };
            let number = crate::detect::number::parse(text, part.spec.decimal);
            match (&part.kind, number) {
                (PartKind::Number(_), Some(number)) => {
                    sheet.write_number(row, self.input(at), number)?;
                }
                _ => {
                    sheet.write_string_with_format(row, self.input(at), text, &self.styles.text)?;
                }
            }
        }
        Ok(())
    }

    /// Writes the working columns of a row.
    pub fn formulas(&self, sheet: &mut Worksheet, row: u32) -> Result<Done, XlsxError> {
        let mut work = Work { sheet, row, next: self.work() };
        let (mut weighed, mut told) = (Vec::new(), Vec::new());
        for (at, (part, cells)) in self.plan.parts.iter().zip(&self.laid.parts).enumerate() {
            let raw = named(row, self.input(at));
            let head = row_col_to_cell_absolute(self.first_row - 1, self.input(at));
            let (weight, flag) = self.part(&mut work, part, cells, &raw)?;
            weighed.push(weight);
            told.extend(flag.into_iter().map(|(when, key)| {
                let words = quoted(&(self.words)(key));
                format!("IF({when},{head}&\": {words}; \",\"\")")
            }));
        }
        // Side by side, so that they are added as a range.
        let from = work.next;
        for weight in &weighed {
            work.put(weight)?;
        }
        let last = work.next.saturating_sub(1).max(from);
        let sum = match weighed.is_empty() {
            true => self.laid.intercept.clone(),
            false => format!("{}+SUM({})", self.laid.intercept, cell_range(row, from, row, last)),
        };
        let log_odds = work.put(&sum)?;
        let mut p = work.put(&format!("1/(1+EXP(-MAX(-700,MIN(700,{log_odds}))))"))?;
        for mend in &self.laid.repairs {
            p = self.mend(&mut work, mend, &p)?;
        }
        let flags: Vec<String> = told.iter().map(|one| work.put(one)).collect::<Result<_, _>>()?;
        let told = if flags.is_empty() { "\"\"".to_owned() } else { flags.join("&") };
        Ok(Done { probability: p, log_odds, told })
    }

    fn mend(&self, work: &mut Work<'_>, mend: &MendCells, p: &str) -> Result<String, XlsxError> {
        match mend {
            MendCells::Sigmoid { slope, offset, edge } => {
                let held = work.put(&format!("MAX({edge},MIN(1-{edge},{p}))"))?;
                let odds = work.put(&format!("{slope}*LN({held}/(1-{held}))+{offset}"))?;
                work.put(&format!("1/(1+EXP(-MAX(-700,MIN(700,{odds}))))"))
            }
            MendCells::Knots { x, y, count } => {
                let below = work.put(&format!("SUMPRODUCT(--({x}<{p}))"))?;
                let (x0, x1) = (format!("INDEX({x},{below})"), format!("INDEX({x},{below}+1)"));
                let (y0, y1) = (format!("INDEX({y},{below})"), format!("INDEX({y},{below}+1)"));
                work.put(&format!(
                    "IF({below}=0,INDEX({y},1),IF({below}={count},INDEX({y},{count}),\
                     {y0}+({y1}-{y0})*({p}-{x0})/({x1}-{x0})))"
                ))
            }
        }
    }

    /// The working columns of one typed cell: the expression of its log-odds, and when something is told.
    fn part(
        &self,
        work: &mut Work<'_>,
        part: &Part,
        cells: &PartCells,
        raw: &str,
    ) -> Result<(String, Vec<Flag>), XlsxError> {
        let n = |at: usize| cells.numbers.get(at).cloned().unwrap_or_default();
        match &part.kind {
            PartKind::Number(number) => {
                let signs = if part.spec.decimal.is_comma() { "\",\",\".\"" } else { "\".\",\",\"" };
                let text = format!("_xlfn.NUMBERVALUE(TRIM({raw}),{signs})");
                let within = |x: &str| format!("IF(AND({x}>={},{x}<={}),{x},\"\")", n(0), n(1));
                let mut x = work.put(&format!(
                    "IF(ISNUMBER({raw}),{},IF(ISTEXT({raw}),IF(TRIM({raw})=\"\",\"\",IFERROR({},\"\")),\"\"))",
                    within(raw),
                    within(&text)
                ))?;
                let read = x.clone();
                let (mut at, mut hole) = (2, None);
                for step in &number.steps {
                    let formula = match step {
                        NumberStep::Cap(..) => {
                            format!("IF({x}=\"\",\"\",MIN(MAX({x},{}),{}))", n(at), n(at + 1))
                        }
                        NumberStep::Empty(..) => {
                            format!("IF({x}=\"\",\"\",IF(OR({x}<{},{x}>{}),\"\",{x}))", n(at), n(at + 1))
                        }
                        NumberStep::Fill(_) => {
                            hole = Some(x.clone());
                            format!("IF({x}=\"\",{},{x})", n(at))
                        }
                        NumberStep::Scale(scaler) => {
                            let bent = bent(scaler, &x, &n(at + 2));
                            format!("IF({x}=\"\",\"\",({bent}-{})/{})", n(at), n(at + 1))
                        }
                    };
                    x = work.put(&formula)?;
                    at += width(step);
                }
                let missing = match &hole {
                    Some(hole) => format!("IF({hole}=\"\",{},0)", n(at)),
                    None => "0".to_owned(),
                };
                let weight = match &number.weight {
                    Weight::Slope(_) => format!("IF({x}=\"\",0,{}*{})", n(at + 1), single(&x)),
                    Weight::Bins { .. } => {
                        let below = format!("SUMPRODUCT(--({}<={x}))", cells.keys);
                        format!("IF({x}=\"\",0,INDEX({},{below}+1))", cells.values)
                    }
                    Weight::None => "0".to_owned(),
                };
                let mut told = Vec::new();
                if let Some((low, high)) = &cells.seen {
                    let beyond = format!("IF({read}=\"\",FALSE,OR({read}<{low},{read}>{high}))");
                    told.push((beyond, "out_of_range"));
                }
                let unread = format!("AND({read}=\"\",IF(ISERROR({raw}),TRUE,TRIM({raw})<>\"\"))");
                told.push((self.is_no_mark(raw, &unread), "not_read"));
                Ok((format!("{missing}+{weight}"), told))
            }
            PartKind::Levels(levels) => {
                let trimmed = format!("TRIM({raw})");
                let kept = match levels.folded {
                    true => format!("LOWER({trimmed})"),
                    // Blanks within are kept, so that only what is equal is equal.
                    false => format!("IF(ISNUMBER(FIND({trimmed},{raw})),{trimmed},{raw}&\"\")"),
                };
                let mark = format!("SUMPRODUCT(--({}=LOWER({trimmed})))>0", self.laid.marks);
                let mark = match levels.keep_na {
                    true => format!("AND({mark},NOT(EXACT({trimmed},\"NA\")),NOT(EXACT({trimmed},\"无\")))"),
                    false => mark,
                };
                let text = work.put(&format!(
                    "IF(ISERROR({raw}),\"\",IF({trimmed}=\"\",\"\",IF({mark},\"\",{kept})))"
                ))?;
                let key = match &cells.fill {
                    Some(fill) => work.put(&format!("IF({text}=\"\",{fill},{text})"))?,
                    None => text.clone(),
                };
                if cells.keys.is_empty() {
                    return Ok((n(0), Vec::new()));
                }
                let known = work.put(&format!("SUMPRODUCT(--EXACT({key},{}))", cells.keys))?;
                let weight = format!(
                    "IF({known}>0,SUMPRODUCT(--EXACT({key},{}),{}),{})",
                    cells.keys,
                    cells.values,
                    n(0)
                );
                Ok((weight, vec![(format!("AND({text}<>\"\",{known}=0)"), "unseen")]))
            }
            PartKind::Date(date) => {
                let t = format!("TRIM({raw})");
                let day = format!("DATE(VALUE(MID({t},1,4)),VALUE(MID({t},6,2)),VALUE(MID({t},9,2)))");
                let is_iso = format!(
                    "AND(MID({t},5,1)=\"-\",MID({t},8,1)=\"-\",DAY({day})=VALUE(MID({t},9,2)),\
                     MONTH({day})=VALUE(MID({t},6,2)))"
                );
                let time = format!("IF(LEN({t})>10,TIMEVALUE(MID({t},12,8)),0)");
                let read = work.put(&format!(
                    "IF(ISNUMBER({raw}),{raw},IF(ISTEXT({raw}),IFERROR(IF({is_iso},{day}+{time},\"\"),\"\"),\"\"))"
                ))?;
                let mut terms = Vec::new();
                let mut add = |work: &mut Work<'_>, weight: String, value: String| -> Result<(), XlsxError> {
                    let x = work.put(&format!("IF({read}=\"\",0,{value})"))?;
                    terms.push(format!("{weight}*{}", single(&x)));
                    Ok(())
                };
                add(work, n(2), format!("({}-({read}-25569))/365.25", n(0)))?;
                let week = format!("2*PI()*(WEEKDAY({read},2)-1)/7");
                add(work, n(3), format!("SIN({week})"))?;
                add(work, n(4), format!("COS({week})"))?;
                if date.month.is_some() {
                    let month = format!("2*PI()*(MONTH({read})-1)/12");
                    add(work, n(5), format!("SIN({month})"))?;
                    add(work, n(6), format!("COS({month})"))?;
                }
                let weight = format!("IF({read}=\"\",{},{})", n(1), terms.join("+"));
                let unread = format!("AND({read}=\"\",IF(ISERROR({raw}),TRUE,{t}<>\"\"))");
                Ok((weight, vec![(self.is_no_mark(raw, &unread), "not_read")]))
            }
        }
    }

    /// True where `when` is and the cell holds no mark for "no value".
    fn is_no_mark(&self, raw: &str, when: &str) -> String {
        format!("IF({when},IFERROR(SUMPRODUCT(--({}=LOWER(TRIM({raw}))))=0,TRUE),FALSE)", self.laid.marks)
    }
}

/// Numbers that a step has in the sheet "Model".
fn width(step: &NumberStep) -> usize {
    match step {
        NumberStep::Fill(_) => 1,
        NumberStep::Scale(Scaler::YeoJohnson { .. }) => 3,
        NumberStep::Cap(..) | NumberStep::Empty(..) | NumberStep::Scale(_) => 2,
    }
}

/// The number before it is centred.
fn bent(scaler: &Scaler, x: &str, lambda: &str) -> String {
    match scaler {
        Scaler::Linear { .. } | Scaler::Quantile { .. } => x.to_owned(),
        Scaler::Log1p { .. } => format!("SIGN({x})*LN(1+ABS({x}))"),
        Scaler::YeoJohnson { lambda: power, .. } => {
            let of = |log: String, power: f64, named: String| match power.abs() < 1e-12 {
                true => log,
                false => format!("(EXP({named}*{log})-1)/{named}"),
            };
            let above = of(format!("LN(1+MAX(0,{x}))"), *power, lambda.to_owned());
            let below = of(format!("LN(1-MIN(0,{x}))"), 2.0 - power, format!("(2-{lambda})"));
            format!("IF({x}>=0,{above},-({below}))")
        }
    }
}
