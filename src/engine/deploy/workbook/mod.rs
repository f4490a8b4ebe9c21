//! A linear model as a workbook: typed or pasted rows are scored by formulas, without Regulars.
//!
//! Four sheets. "Score" takes rows and holds the formulas; "Scorecard" says the points of each level
//! (Siddiqi's scaling, *Credit Risk Scorecards*, 2006: a base score at given odds, and the points that
//! double the odds); "Self-test" scores made-up rows and compares them with what Regulars said; "Model"
//! holds every number, so that no formula loses digits of one. No text of a customer or of the data stands
//! in a formula: formulas name the cells in which it stands as text.
//!
//! Regulars' features are single-precision numbers. A formula rounds to single precision by Veltkamp's
//! splitting (Dekker 1971): with c = x · (2²⁹ + 1), c − (c − x) is x to 24 bits.

mod card;
mod model;
mod plan;
mod rows;
mod shape;
#[cfg(test)]
mod tests;

use std::path::Path;

use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError, quote_sheet_name};

use self::model::ModelSheet;
use self::rows::{Block, Head};
use self::shape::Plan;
use super::{Bundle, DeployError, SelfTest};
use crate::files;
use crate::job::Reporter;
use crate::train::Model;

/// Rows of the sheet "Score" unless another number is asked for.
pub const ROWS: u32 = 500;
/// The most that can be asked for: each row is some hundred formulas.
pub const MOST_ROWS: u32 = 20_000;
/// Points at the odds [`ODDS`] : 1 of staying.
pub const BASE: f64 = 600.0;
pub const ODDS: f64 = 50.0;
/// Points that double the odds.
pub const DOUBLES: f64 = 20.0;
/// By how much a score of the sheet "Self-test" may differ.
const TOLERANCE: f64 = 1e-9;

/// Words by their key, in the language of the person: every text of the workbook that is not the data's.
pub type Words<'a> = &'a dyn Fn(&str) -> String;

/// Every key that is asked for.
pub const WORDS: [&str; 50] = [
    "score",
    "card",
    "test",
    "model",
    "score_title",
    "score_how",
    "score_how_2",
    "libre",
    "probability",
    "at_risk",
    "points",
    "told",
    "customer",
    "out_of_range",
    "unseen",
    "not_read",
    "range_title",
    "range",
    "levels_title",
    "levels",
    "card_title",
    "card_how",
    "card_scale",
    "characteristic",
    "value",
    "log_odds",
    "base_points",
    "missing",
    "other",
    "test_title",
    "test_how",
    "all_equal",
    "not_equal",
    "expected",
    "computed",
    "difference",
    "equal",
    "model_title",
    "model_how",
    "column",
    "what",
    "key",
    "intercept",
    "threshold",
    "base",
    "odds",
    "doubles",
    "factor",
    "offset",
    "limits",
];

/// What was written.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct WorkbookWritten {
    pub out: std::path::PathBuf,
    pub bytes: u64,
    /// Rows of the sheet "Score".
    pub rows: u32,
    pub self_test_rows: usize,
}

/// Formats that are used everywhere.
struct Styles {
    title: Format,
    head: Format,
    muted: Format,
    input: Format,
    text: Format,
    percent: Format,
    whole: Format,
    good: Format,
    bad: Format,
    day: Format,
}

impl Styles {
    fn new() -> Self {
        let grey = Color::RGB(0x0066_7085);
        let input = Format::new().set_background_color(Color::RGB(0x00F1_F7F6));
        Self {
            title: Format::new().set_bold().set_font_size(14),
            head: Format::new().set_bold().set_text_wrap().set_background_color(Color::RGB(0x00E7_EEED)),
            muted: Format::new().set_font_color(grey),
            text: input.clone().set_num_format("@"),
            day: input.clone().set_num_format("yyyy-mm-dd"),
            input,
            percent: Format::new().set_num_format("0.0%"),
            whole: Format::new().set_num_format("0"),
            good: Format::new().set_bold().set_font_color(Color::RGB(0x0015_803D)),
            bad: Format::new().set_bold().set_font_color(Color::RGB(0x00B9_1C1C)),
        }
    }
}

/// Writes the workbook of a linear model, atomically; `rows` rows can be scored in it.
///
/// # Errors
/// What cannot be said in formulas ([`super::ExportError`]); made-up rows that cannot be scored; the disk
/// or the folder refuses; the person cancelled.
pub fn write(
    bundle: &Bundle,
    words: Words<'_>,
    rows: u32,
    out: &Path,
    report: &Reporter,
) -> crate::Result<WorkbookWritten> {
    let plan = Plan::of(bundle).map_err(DeployError::from)?;
    let test = SelfTest::of(bundle)?;
    let rows = rows.clamp(1, MOST_ROWS);
    report.progress(0.1);
    let fail = |cause| DeployError::write(out, cause);
    let book = book(bundle, &plan, &test, words, rows, report)?;
    let bytes = book.map_err(|error| fail(std::io::Error::other(error)))?;
    report.check()?;
    files::write_atomically(out, |to| to.write_all(&bytes)).map_err(fail)?;
    Ok(WorkbookWritten {
        out: out.to_owned(),
        bytes: bytes.len() as u64,
        rows,
        self_test_rows: test.rows.len(),
    })
}

impl Bundle {
    /// True for kinds of model whose log-odds are a sum over features: only those are written as a workbook.
    pub fn is_linear(&self) -> bool {
        matches!(self.model, Model::Logistic(_) | Model::Svm(_))
    }
}

/// The bytes of the workbook.
fn book(
    bundle: &Bundle,
    plan: &Plan,
    test: &SelfTest,
    words: Words<'_>,
    rows: u32,
    report: &Reporter,
) -> crate::Result<Result<Vec<u8>, XlsxError>> {
    let styles = Styles::new();
    let mut model = Worksheet::new();
    let name = quote_sheet_name(&words("model"));
    let laid = match ModelSheet::write(&mut model, &name, plan, words, &styles) {
        Ok(laid) => laid,
        Err(error) => return Ok(Err(error)),
    };
    let mut score = Worksheet::new();
    let scored = score_sheet(&mut score, (bundle, plan), &laid, words, rows, &styles, report)?;
    report.progress(0.8);
    let mut card = Worksheet::new();
    let mut tested = Worksheet::new();
    let rest = || -> Result<Vec<u8>, XlsxError> {
        scored?;
        card::write(&mut card, plan, &laid, words, &styles)?;
        test_sheet(&mut tested, plan, &laid, test, words, &styles)?;
        for (sheet, key) in
            [(&mut score, "score"), (&mut card, "card"), (&mut tested, "test"), (&mut model, "model")]
        {
            sheet.set_name(words(key))?;
        }
        let mut book = Workbook::new();
        for sheet in [score, card, tested, model] {
            book.push_worksheet(sheet);
        }
        book.save_to_buffer()
    };
    Ok(rest())
}

/// The sheet on which rows are typed or pasted.
fn score_sheet(
    sheet: &mut Worksheet,
    (bundle, plan): (&Bundle, &Plan),
    laid: &ModelSheet,
    words: Words<'_>,
    rows: u32,
    styles: &Styles,
    report: &Reporter,
) -> crate::Result<Result<(), XlsxError>> {
    let heads = [
        Head::new("probability", 12.0),
        Head::new("at_risk", 9.0),
        Head::new("points", 9.0),
        Head::new("told", 24.0),
        Head::new("customer", 16.0),
    ];
    let block = Block { plan, laid, words, styles, first_row: 5, rows, leads: heads.len() as u16 };
    let title = || -> Result<(), XlsxError> {
        let target = format!("{} = {}", bundle.target, bundle.positive);
        sheet.write_string_with_format(0, 0, words("score_title"), &styles.title)?;
        sheet.write_string_with_format(0, 4, target, &styles.title)?;
        for (row, key) in [(1, "score_how"), (2, "score_how_2"), (3, "libre")] {
            sheet.write_string_with_format(row, 0, words(key), &styles.muted)?;
        }
        Ok(())
    };
    let mut begin = title;
    if let Err(error) = begin() {
        return Ok(Err(error));
    }
    let written = block.head(sheet, &heads).and_then(|()| block.help(sheet));
    if let Err(error) = written {
        return Ok(Err(error));
    }
    for at in 0..rows {
        if at % 50 == 0 {
            report.check()?;
            report.progress(0.1 + 0.7 * f64::from(at) / f64::from(rows));
        }
        let row = block.first_row + at;
        let write = || -> Result<(), XlsxError> {
            block.blank(sheet, row)?;
            let done = block.formulas(sheet, row)?;
            let is_blank = format!("COUNTA({})=0", block.inputs(row));
            let shown = |what: &str| format!("=IF({is_blank},\"\",{what})");
            let put = |sheet: &mut Worksheet, col: u16, what: String, format: &Format| {
                let formula = rust_xlsxwriter::Formula::new(what).set_result("");
                sheet.write_formula_with_format(row, col, formula, format).map(|_| ())
            };
            put(sheet, 0, shown(&done.probability), &styles.percent)?;
            let risk = format!("IF({}>={},1,0)", done.probability, laid.threshold);
            put(sheet, 1, shown(&risk), &styles.whole)?;
            let points = format!("{}-{}*{}", laid.offset, laid.factor, done.log_odds);
            put(sheet, 2, shown(&points), &styles.whole)?;
            put(sheet, 3, shown(&done.told), &styles.muted)?;
            sheet.write_blank(row, 4, &styles.text)?;
            Ok(())
        };
        let mut write = write;
        if let Err(error) = write() {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// The sheet that scores made-up rows and says whether they get what Regulars said.
fn test_sheet(
    sheet: &mut Worksheet,
    plan: &Plan,
    laid: &ModelSheet,
    test: &SelfTest,
    words: Words<'_>,
    styles: &Styles,
) -> Result<(), XlsxError> {
    let heads = [
        Head::new("expected", 14.0),
        Head::new("computed", 14.0),
        Head::new("difference", 14.0),
        Head::new("equal", 9.0),
    ];
    let rows = test.rows.len() as u32;
    let block = Block { plan, laid, words, styles, first_row: 5, rows, leads: heads.len() as u16 };
    sheet.write_string_with_format(0, 0, words("test_title"), &styles.title)?;
    sheet.write_string_with_format(1, 0, words("test_how"), &styles.muted)?;
    sheet.write_string_with_format(3, 0, words("libre"), &styles.muted)?;
    block.head(sheet, &heads)?;
    let (first, last) = (block.first_row + 1, block.first_row + rows);
    let verdict = format!(
        "=IF(SUM(D{first}:D{last})={rows},\"{}\",\"{}\")",
        rows::quoted(&words("all_equal")),
        rows::quoted(&words("not_equal"))
    );
    let verdict = rust_xlsxwriter::Formula::new(verdict).set_result("");
    sheet.write_formula_with_format(2, 0, verdict, &styles.good)?;
    let differs = rust_xlsxwriter::ConditionalFormatFormula::new()
        .set_rule(format!("=SUM($D${first}:$D${last})<{rows}").as_str())
        .set_format(&styles.bad);
    sheet.add_conditional_format(2, 0, 2, 0, &differs)?;
    for ((at, cells), expected) in (0u32..).zip(&test.rows).zip(&test.expected) {
        let row = block.first_row + at;
        block.given(sheet, row, &test.columns, cells)?;
        let done = block.formulas(sheet, row)?;
        sheet.write_number(row, 0, *expected)?;
        sheet.write_formula(row, 1, format!("={}", done.probability).as_str())?;
        let n = row + 1;
        sheet.write_formula(row, 2, format!("=ABS(A{n}-B{n})").as_str())?;
        let equal = format!("=IF(ISNUMBER(C{n}),IF(C{n}<={TOLERANCE:e},1,0),0)");
        sheet.write_formula(row, 3, equal.to_uppercase().as_str())?;
    }
    Ok(())
}
