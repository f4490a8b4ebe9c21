//! Workbooks.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use super::{Case, Reads, Refused, case, codes, with, zipped};
use crate::collect::*;

fn book(fill: impl FnOnce(&mut Workbook) -> Result<(), XlsxError>) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book).unwrap();
    book.save_to_buffer().unwrap()
}

/// A sheet of cells written as text or, where they read so, as numbers.
pub(super) fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    book(|book| fill(book.add_worksheet(), rows))
}

fn fill(sheet: &mut rust_xlsxwriter::Worksheet, rows: &[&[&str]]) -> Result<(), XlsxError> {
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            match cell.parse::<f64>() {
                _ if cell.is_empty() => continue,
                Ok(number) => sheet.write_number(row as u32, column as u16, number)?,
                Err(_) => sheet.write_string(row as u32, column as u16, *cell)?,
            };
        }
    }
    Ok(())
}

fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0"?><office:document-content><office:body><office:spreadsheet><table:table table:name="Tab">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    zipped(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<manifest:manifest></manifest:manifest>"),
        ("content.xml", content.as_bytes()),
    ])
}

pub(super) fn excel_cases() -> Vec<Case> {
    let data: &[&[&str]] = &[&["id", "name", "sum"], &["1", "Ann", "5"], &["2", "Bo", "7.5"]];
    let plain = "id,name,sum|1,Ann,5|2,Bo,7.5";
    vec![
        case(
            "titles and an empty row above",
            "a.xlsx",
            sheet(&[
                &["Report of March"],
                &[],
                &["id", "name", "sum"],
                &["1", "Ann", "5"],
                &["2", "Bo", "7.5"],
            ]),
            Reads("Sheet1", plain),
        ),
        case(
            "empty columns before",
            "a.xlsx",
            sheet(&[
                &[],
                &["", "", "id", "name", "sum"],
                &["", "", "1", "Ann", "5"],
                &["", "", "2", "Bo", "7.5"],
            ]),
            Reads("Sheet1", plain),
        ),
        case(
            "totals below",
            "a.xlsx",
            sheet(&[data[0], data[1], data[2], &["合计：", "", "12.5"]]),
            Reads("Sheet1", plain),
        ),
        case(
            "totals without a word",
            "a.xlsx",
            sheet(&[data[0], data[1], data[2], &["3", "Cy", "1"], &["", "", "13.5"]]),
            Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5|3,Cy,1"),
        ),
        case(
            "a last row without id is no total",
            "a.xlsx",
            sheet(&[data[0], data[1], data[2], &["3", "Cy", "1"], &["", "", "13"]]),
            Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5|3,Cy,1|,,13"),
        ),
        case(
            "a customer called Total",
            "a.xlsx",
            sheet(&[&["name", "city", "sum"], &["Ann", "Bern", "5"], &["Total", "Paris", "7"]]),
            Reads("Sheet1", "name,city,sum|Ann,Bern,5|Total,Paris,7"),
        ),
        case(
            "a remark below",
            "a.xlsx",
            sheet(&[data[0], data[1], data[2], &[], &["Source: till"]]),
            Reads("Sheet1", plain),
        ),
        case(
            "a last row with one cell stays",
            "a.xlsx",
            sheet(&[data[0], data[1], data[2], &["", "Cy"]]),
            Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5|,Cy,"),
        ),
        case(
            "no header",
            "a.xlsx",
            sheet(&[&["1", "Ann", "5"], &["2", "Bo", "7.5"]]),
            Reads("Sheet1", "column 1,column 2,column 3|1,Ann,5|2,Bo,7.5"),
        ),
        with(
            case(
                "header denied",
                "a.xlsx",
                sheet(&[&["a", "b"], &["c", "d"]]),
                Reads("Sheet1", "column 1,column 2|a,b|c,d"),
            ),
            |o| o.header = Some(false),
        ),
        case(
            "years as names",
            "a.xlsx",
            sheet(&[&["shop", "2022", "2023"], &["Ann", "5", "6.5"], &["Bo", "7", "8"]]),
            Reads("Sheet1", "shop,2022,2023|Ann,5,6.5|Bo,7,8"),
        ),
        with(
            case(
                "header row told",
                "a.xlsx",
                sheet(&[&["a", "b"], &["x", "y"], &["1", "2"]]),
                Reads("Sheet1", "x,y|1,2"),
            ),
            |o| o.header_row = Some(2),
        ),
        with(
            case(
                "range told",
                "a.xlsx",
                sheet(&[&["a", "b", "c"], &["q", "id", "n"], &["r", "1", "2"], &["s", "3", "4"]]),
                Reads("Sheet1", "id,n|1,2"),
            ),
            |o| o.range = Some("B2:C3".into()),
        ),
        with(case("range that is none", "a.xlsx", sheet(data), Refused("bad_range")), |o| {
            o.range = Some("B2-C3".into())
        }),
        case("a header alone", "a.xlsx", sheet(&[&["id", "name"]]), Refused("no_rows")),
        case("no cells", "a.xlsx", sheet(&[]), Refused("empty_file")),
        case(
            "the sheet with most cells",
            "a.xlsx",
            book(|book| {
                fill(book.add_worksheet().set_name("Words")?, &[&["term", "meaning"], &["id", "number"]])?;
                fill(book.add_worksheet().set_name("Data")?, data)?;
                fill(
                    book.add_worksheet().set_name("Old")?.set_hidden(true),
                    &[&["a", "b"], &["1", "2"], &["1", "2"], &["1", "2"], &["1", "2"]],
                )
            }),
            Reads("Data", plain),
        ),
        with(
            case(
                "a hidden sheet asked for",
                "a.xlsx",
                book(|book| {
                    fill(book.add_worksheet().set_name("Data")?, data)?;
                    fill(book.add_worksheet().set_name("Old")?.set_hidden(true), &[&["a", "b"], &["1", "2"]])
                }),
                Reads("Old", "a,b|1,2"),
            ),
            |o| o.part = Some("old".into()),
        ),
        with(case("no such sheet", "a.xlsx", sheet(data), Refused("no_part")), |o| {
            o.part = Some("Data".into())
        }),
        case(
            "two rows of names",
            "a.xlsx",
            book(|book| {
                let sheet = book.add_worksheet();
                fill(
                    sheet,
                    &[
                        &["", "", "", "", ""],
                        &["id", "qty", "price", "qty", "price"],
                        &["1", "2", "3", "4", "5"],
                        &["2", "3", "4", "5", "6"],
                    ],
                )?;
                let format = Format::new();
                sheet.merge_range(0, 1, 0, 2, "Shop", &format)?;
                sheet.merge_range(0, 3, 0, 4, "Web", &format)?;
                Ok(())
            }),
            Reads("Sheet1", "id,Shop qty,Shop price,Web qty,Web price|1,2,3,4,5|2,3,4,5,6"),
        ),
        case(
            "names merged downward",
            "a.xlsx",
            book(|book| {
                let sheet = book.add_worksheet();
                fill(
                    sheet,
                    &[
                        &[],
                        &["", "", "first", "last"],
                        &["1", "Bern", "Ann", "Ode"],
                        &["2", "Paris", "Bo", "Poe"],
                    ],
                )?;
                let format = Format::new();
                sheet.merge_range(0, 0, 1, 0, "id", &format)?;
                sheet.merge_range(0, 1, 1, 1, "city", &format)?;
                sheet.merge_range(0, 2, 0, 3, "Name", &format)?;
                Ok(())
            }),
            Reads("Sheet1", "id,city,first,last|1,Bern,Ann,Ode|2,Paris,Bo,Poe"),
        ),
        case(
            "values of many kinds",
            "a.xlsx",
            book(|book| {
                let sheet = book.add_worksheet();
                fill(sheet, &[&["zip", "day", "at", "long", "ok", "padded", "note"]])?;
                sheet.write_string(1, 0, "00123")?;
                let day = Format::new().set_num_format("yyyy-mm-dd");
                sheet.write_datetime_with_format(1, 1, ExcelDateTime::from_ymd(2024, 3, 5)?, &day)?;
                sheet.write_number_with_format(
                    1,
                    2,
                    1.10416666666667,
                    &Format::new().set_num_format("[h]:mm:ss"),
                )?;
                sheet.write_number(1, 3, 1234567890123456.0)?;
                sheet.write_boolean(1, 4, true)?;
                sheet.write_number_with_format(1, 5, 42.0, &Format::new().set_num_format("00000"))?;
                sheet.write_string(1, 6, "  two\nlines ")?;
                sheet.write_number_with_format(2, 1, 45356.604166666664, &day)?;
                sheet.write_formula(2, 0, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!"))?;
                Ok(())
            }),
            Reads(
                "Sheet1",
                "zip,day,at,long,ok,padded,note|00123,2024-03-05,26:30:00,1234567890123456,TRUE,00042,  two\nlines |,2024-03-05 14:30:00,,,,,",
            ),
        ),
        case(
            "OpenDocument",
            "a.ods",
            ods(
                r#"<table:table-row><table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>long</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2024-03-05"><text:p>x</text:p></table:table-cell><table:table-cell office:value-type="time" office:time-value="PT26H30M05S"><text:p>x</text:p></table:table-cell></table:table-row>"#,
            ),
            Reads("Tab", "id,day,long|7,2024-03-05,26:30:05"),
        ),
        case(
            "no workbook in the container",
            "a.xls",
            [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 2000]].concat(),
            Refused("malformed"),
        ),
        case(
            "workbook cut off",
            "a.xlsx",
            {
                let all = sheet(data);
                all[..all.len() / 2].to_vec()
            },
            Refused("malformed"),
        ),
        case(
            "workbook of nonsense",
            "a.xlsx",
            zipped(&[("xl/workbook.xml", b"<workbook><sheets>")]),
            Refused("malformed"),
        ),
    ]
}

#[test]
fn what_is_told_of_a_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    std::fs::write(
        &path,
        book(|book| {
            fill(book.add_worksheet().set_name("Empty")?, &[])?;
            let sheet = book.add_worksheet().set_name("Data")?;
            fill(
                sheet,
                &[
                    &["March"],
                    &["id", "sum"],
                    &["1234567890123456", "5"],
                    &["2", "7"],
                    &["", "8"],
                    &["Total", "20"],
                ],
            )?;
            sheet.merge_range(3, 0, 4, 0, "2", &Format::new())?;
            Ok(())
        }),
    )
    .unwrap();
    let table = open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
    assert_eq!(codes(&table.warnings), ["long_numbers", "merged_cells", "other_parts"]);
    assert_eq!(table.warnings[0].args, [("count", "1".to_owned()), ("cell", "A3".to_owned())]);
    assert_eq!(table.warnings[1].args, [("count", "1".to_owned()), ("cell", "A4".to_owned())]);
    assert_eq!(table.rows.as_slice(), [3, 4, 5], "the sheet's own row numbers");
    assert_eq!((table.records, table.rejected_count), (4, 1));
    assert_eq!((table.rejected[0].row, table.rejected[0].why.code), (6, "totals_row"));
    let listed = parts(&path).unwrap();
    assert_eq!(listed.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), ["Empty", "Data"]);
}
