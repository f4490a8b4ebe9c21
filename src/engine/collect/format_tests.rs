//! Odd inputs of every format, each with the right values or the right kind of error.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ::zip::write::SimpleFileOptions;
use polars::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use super::*;

/// What must come out: the name of the part, the columns, all cells (rows by `|`, cells by `,`,
/// nothing for missing), or the kind of an error.
enum Fate {
    Table(&'static str, &'static str),
    Refused(&'static str),
}
use Fate::{Refused, Table as Reads};

struct Case {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    options: ReadOptions,
    fate: Fate,
}

fn case(name: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>, fate: Fate) -> Case {
    Case { name, file, bytes: bytes.into(), options: ReadOptions::default(), fate }
}

fn with(mut case: Case, change: impl FnOnce(&mut ReadOptions)) -> Case {
    change(&mut case.options);
    case
}

fn book(fill: impl FnOnce(&mut Workbook) -> Result<(), XlsxError>) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book).unwrap();
    book.save_to_buffer().unwrap()
}

/// A sheet of cells written as text or, where they read so, as numbers.
fn sheet(rows: &[&[&str]]) -> Vec<u8> {
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

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
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

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn frame() -> DataFrame {
    df!(
        "id" => [9007199254740993i64, 2, 3],
        "customer" => [Some(13085.0), None, Some(7.0)],
        "price" => [1.1, 2.5, 0.1],
        "vip" => [Some(true), None, Some(false)],
        "city" => ["北京", "Genève", ""],
    )
    .unwrap()
}

const FRAME: &str =
    "id,customer,price,vip,city|9007199254740993,13085,1.1,true,北京|2,,2.5,,Genève|3,7,0.1,false,";

fn parquet(mut frame: DataFrame) -> Vec<u8> {
    let mut out = Vec::new();
    ParquetWriter::new(&mut out).with_row_group_size(Some(2)).finish(&mut frame).unwrap();
    out
}

fn ipc(mut frame: DataFrame) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    IpcWriter::new(&mut out).finish(&mut frame).unwrap();
    out.into_inner()
}

/// The stream within an IPC file: its messages without mark and footer.
fn ipc_stream(frame: DataFrame) -> Vec<u8> {
    let file = ipc(frame);
    let tail = file.len() - 10;
    let footer = u32::from_le_bytes(file[tail..tail + 4].try_into().unwrap()) as usize;
    file[8..tail - footer].to_vec()
}

fn show(table: &crate::table::Table) -> String {
    let names = table.raw.get_column_names().iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let mut lines = vec![names.join(",")];
    for row in 0..table.height() {
        let cells = names.iter().map(|name| table.text(name).unwrap().get(row).unwrap_or(""));
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    lines.join("|")
}

fn cases() -> Vec<Case> {
    let csv = b"id,name\n1,Ann\n2,Bo\n".as_slice();
    let read_csv = || Reads("", "id,name|1,Ann|2,Bo");
    let data: &[&[&str]] = &[&["id", "name", "sum"], &["1", "Ann", "5"], &["2", "Bo", "7.5"]];
    let mut out = vec![
        case("plain csv", "a.csv", csv, read_csv()),
        case("csv called xlsx", "a.xlsx", csv, read_csv()),
        case("workbook called csv", "a.csv", sheet(data), Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5")),
        case("empty", "a.xlsx", "", Refused("empty_file")),
        case("gzip", "a.csv.gz", gz(csv), read_csv()),
        case(
            "gzip of two members",
            "a.csv.gz",
            [gz(b"id,name\n1,Ann\n"), gz(b"2,Bo\n")].concat(),
            read_csv(),
        ),
        case(
            "gzip cut off",
            "a.csv.gz",
            {
                let noise: String =
                    (0..20_000u32).map(|i| format!("{},{}\n", i, i.wrapping_mul(2_654_435_761))).collect();
                let mut packed = gz(noise.as_bytes());
                packed.truncate(packed.len() / 2);
                packed
            },
            Refused("truncated"),
        ),
        case(
            "gzip damaged",
            "a.csv.gz",
            {
                let mut packed = gz(csv);
                packed[12] ^= 0xFF;
                packed[14] ^= 0xFF;
                packed
            },
            Refused("malformed"),
        ),
        case("Zstandard", "a.csv.zst", zstd::encode_all(csv, 0).unwrap(), read_csv()),
        case(
            "Zstandard cut off",
            "a.csv.zst",
            {
                let packed = zstd::encode_all(csv, 0).unwrap();
                packed[..packed.len() - 4].to_vec()
            },
            Refused("truncated"),
        ),
        case(
            "gzip of GBK",
            "a.csv.gz",
            gz(&encoding_rs::GB18030.encode("客户,城市\n张三,北京\n李四,上海\n").0),
            Reads("", "客户,城市|张三,北京|李四,上海"),
        ),
        case(
            "gzip of a workbook",
            "a.xlsx.gz",
            gz(&sheet(data)),
            Reads("Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5"),
        ),
        case("zip of one", "a.zip", zipped(&[("a.csv", csv)]), Reads("a.csv", "id,name|1,Ann|2,Bo")),
        case(
            "zip with a Mac's leavings",
            "a.zip",
            zipped(&[
                ("__MACOSX/x/._a.csv", b"\0\x05\x16\x07 junk junk junk junk junk junk"),
                ("x/.DS_Store", b"\0\0"),
                ("x/a.csv", csv),
            ]),
            Reads("x/a.csv", "id,name|1,Ann|2,Bo"),
        ),
        case(
            "zip: the largest that is a table",
            "a.zip",
            zipped(&[
                ("read.pdf", [b"%PDF-1.7 ".as_slice(), &[b'x'; 4000]].concat().as_slice()),
                ("a.csv", csv),
            ]),
            Reads("a.csv", "id,name|1,Ann|2,Bo"),
        ),
        with(
            case(
                "zip: a member asked for",
                "a.zip",
                zipped(&[("b.csv", b"x,y\n1,2\n2,3\n3,4\n4,5\n5,6\n"), ("A.csv", csv)]),
                Reads("A.csv", "id,name|1,Ann|2,Bo"),
            ),
            |o| o.part = Some("a.CSV".into()),
        ),
        with(
            case(
                "zip: a sheet of a member",
                "a.zip",
                zipped(&[("b.xlsx", &sheet(data))]),
                Reads("b.xlsx/Sheet1", "id,name,sum|1,Ann,5|2,Bo,7.5"),
            ),
            |o| o.part = Some("b.xlsx/Sheet1".into()),
        ),
        with(case("zip: no such member", "a.zip", zipped(&[("a.csv", csv)]), Refused("no_part")), |o| {
            o.part = Some("c.csv".into())
        }),
        case(
            "zip of a zip of a zip",
            "a.zip",
            zipped(&[("b.zip", &zipped(&[("c.zip", &zipped(&[("a.csv", csv)]))]))]),
            Reads("b.zip/c.zip/a.csv", "id,name|1,Ann|2,Bo"),
        ),
        case(
            "zip too deep",
            "a.zip",
            zipped(&[("b.zip", &zipped(&[("c.zip", &zipped(&[("d.zip", &zipped(&[("a.csv", csv)]))]))]))]),
            Refused("not_text"),
        ),
        case("zip without files", "a.zip", zipped(&[]), Refused("empty_file")),
        case(
            "zip encrypted",
            "a.zip",
            {
                let mut packed = zipped(&[("a.csv", csv)]);
                // The flag of encryption, in the member's head and in the directory.
                packed[6] |= 1;
                let directory = packed.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
                packed[directory + 8] |= 1;
                packed
            },
            Refused("encrypted"),
        ),
        case("zip cut off", "a.zip", zipped(&[("a.csv", csv)])[..40].to_vec(), Refused("malformed")),
        case(
            "zip with a damaged member",
            "a.zip",
            {
                let mut packed = zipped(&[("a.csv", csv)]);
                let at = 30 + "a.csv".len();
                packed[at] = 0xFF;
                packed
            },
            Refused("malformed"),
        ),
        case("Word document", "a.xlsx", zipped(&[("word/document.xml", b"<a/>")]), Refused("not_text")),
        case(
            "web page called xls",
            "a.xls",
            "<html><table><tr><td>1</td></tr></table></html>",
            Refused("not_text"),
        ),
        case("PDF", "a.csv", "%PDF-1.7 and so on", Refused("not_text")),
        case("text of tabs called xls", "a.xls", "id\tname\n1\tAnn\n2\tBo\n", read_csv()),
    ];
    out.extend(excel_cases());
    out.extend(json_cases());
    out.extend(columnar_cases());
    out
}

fn excel_cases() -> Vec<Case> {
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

fn json_cases() -> Vec<Case> {
    vec![
        case(
            "list of objects",
            "a.json",
            r#"[{"id": 123456789012345678901, "p": 1.10, "ok": true}, {"id": 2, "city": null}]"#,
            Reads("", "id,p,ok,city|123456789012345678901,1.10,true,|2,,,"),
        ),
        case(
            "nested objects and plain lists",
            "a.json",
            r#"[{"id":"a","address":{"city":"Bern","geo":{"lat":46.9480}},"tags":["x",null,"y"]},{"id":"b","tags":[]}]"#,
            Reads("", "id,address.city,address.geo.lat,tags|a,Bern,46.9480,x; y|b,,,"),
        ),
        case(
            "the outer of nested lists",
            "c.json",
            r#"[{"id":7,"orders":[{"n":1},{"n":2},{"n":3}]},{"id":8}]"#,
            Reads("c", "id|7|8"),
        ),
        with(
            case(
                "the inner, by name, with the key",
                "c.json",
                r#"[{"id":7,"orders":[{"n":1,"items":[{"sku":"x"}]},{"n":2}]},{"id":8,"orders":[{"n":3}]}]"#,
                Reads("orders", "row,c id,n|1,7,1|2,7,2|3,8,3"),
            ),
            |o| o.part = Some("orders".into()),
        ),
        with(
            case(
                "without a key, by row",
                "c.json",
                r#"[{"a":1,"orders":[{"n":1,"items":[{"sku":"x"},{"sku":"y"}]},{"n":2,"items":[{"sku":"z"}]}]}]"#,
                Reads("orders.items", "orders row,sku|1,x|1,y|2,z"),
            ),
            |o| o.part = Some("orders.items".into()),
        ),
        case(
            "lists under keys",
            "a.json",
            r#"{"count": 2, "customers": [{"id":1,"n":"A"},{"id":2,"n":"B"}], "next": null}"#,
            Reads("", "id,n|1,A|2,B"),
        ),
        case("wrapped twice", "a.json", r#"{"data":{"customers":[{"id":1},{"id":2}]}}"#, Reads("", "id|1|2")),
        case(
            "records under their keys",
            "a.json",
            r#"{"c1":{"n":"A","x":1},"c2":{"n":"B"}}"#,
            Reads("", "key,n,x|c1,A,1|c2,B,"),
        ),
        case(
            "one record with a list is that list",
            "a.json",
            r#"{"name":"shop","rows":[{"n":1},{"n":2}]}"#,
            Reads("rows", "a row,n|1,1|1,2"),
        ),
        case(
            "columns as pandas writes them",
            "a.json",
            r#"{"n":{"0":"A","1":"B"},"x":{"0":1,"1":null}}"#,
            Reads("", "n,x|A,1|B,"),
        ),
        case("columns as lists", "a.json", r#"{"n":["A","B"],"x":[1,2.50]}"#, Reads("", "n,x|A,1|B,2.50")),
        case(
            "columns beside data",
            "a.json",
            r#"{"columns":["n","x"],"index":[0,1],"data":[["A",1],["B",2]]}"#,
            Reads("", "n,x|A,1|B,2"),
        ),
        case("one record", "a.json", r#"{"id":1,"name":"Ann"}"#, Reads("", "id,name|1,Ann")),
        case("lists of lists", "a.json", "[[1,\"x\"],[2,\"y\"]]", Reads("", "column 1,column 2|1,x|2,y")),
        case(
            "one object a line, one broken",
            "a.jsonl",
            "{\"a\":1}\n{\"a\":\n\n{\"a\":3,\"b\":\"x\\u5ba2\"}\n",
            Reads("", "a,b|1,|3,x客"),
        ),
        case(
            "objects one after the other",
            "a.json",
            "{\"a\":1}\n{\n \"a\":2}{\"a\":3}",
            Reads("", "a|1|2|3"),
        ),
        case("gzip of lines", "a.jsonl.gz", gz(b"{\"a\":1}\n{\"a\":2}\n"), Reads("", "a|1|2")),
        case(
            "UTF-16 with a mark",
            "a.json",
            "\u{feff}[{\"a\":\"客\"}]".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            Reads("", "a|客"),
        ),
        case("list cut off", "a.json", "[{\"a\":1},\n{\"a\":2", Refused("bad_json")),
        case("words after the end", "a.json", "[{\"a\":1}] and more", Refused("bad_json")),
        case("too deep", "a.json", "[".repeat(5000), Refused("bad_json")),
        case("an empty list", "a.json", "[]", Refused("no_rows")),
        case("an empty object", "a.json", "{}", Refused("no_rows")),
        case(
            "SQL Server's header is no JSON",
            "a.csv",
            "[id],[name]\n1,Ann\n2,Bo\n",
            Reads("", "[id],[name]|1,Ann|2,Bo"),
        ),
    ]
}

fn columnar_cases() -> Vec<Case> {
    let moments = df!("at" => [1_709_649_000_000i64, 0]).unwrap().lazy();
    let zoned =
        DataType::Datetime(TimeUnit::Milliseconds, TimeZone::opt_try_new(Some("Asia/Shanghai")).unwrap());
    let typed = moments
        .with_columns([
            col("at").cast(DataType::Date).alias("none"),
            col("at").cast(DataType::Datetime(TimeUnit::Milliseconds, None)).alias("plain"),
            col("at").cast(zoned).alias("zoned"),
            lit("x").cast(DataType::from_categories(Categories::global())).alias("kind"),
        ])
        .select([col("plain"), col("zoned"), col("kind")])
        .collect()
        .unwrap();
    vec![
        case("Parquet", "a.parquet", parquet(frame()), Reads("", FRAME)),
        case("Parquet called csv", "a.csv", parquet(frame()), Reads("", FRAME)),
        case("Parquet in gzip", "a.parquet.gz", gz(&parquet(frame())), Reads("", FRAME)),
        case("Parquet without rows", "a.parquet", parquet(frame().head(Some(0))), Refused("no_rows")),
        case(
            "Parquet cut off",
            "a.parquet",
            {
                let all = parquet(frame());
                all[..all.len() - 40].to_vec()
            },
            Refused("malformed"),
        ),
        case(
            "Parquet of nonsense",
            "a.parquet",
            [b"PAR1".as_slice(), &[7; 300], b"PAR1"].concat(),
            Refused("malformed"),
        ),
        case(
            "Parquet with times and categories",
            "a.parquet",
            parquet(typed),
            Reads("", "plain,zoned,kind|2024-03-05 14:30:00,2024-03-05 14:30:00,x|1970-01-01,1970-01-01,x"),
        ),
        case("Arrow file", "a.arrow", ipc(frame()), Reads("", FRAME)),
        case(
            "Arrow file cut off",
            "a.feather",
            {
                let all = ipc(frame());
                all[..all.len() / 2].to_vec()
            },
            Refused("malformed"),
        ),
        case("Arrow stream", "a.arrows", ipc_stream(frame()), Reads("", FRAME)),
        case(
            "Arrow stream cut off",
            "a.arrows",
            {
                let all = ipc_stream(frame());
                all[..all.len() - 100].to_vec()
            },
            Refused("malformed"),
        ),
        case(
            "Feather of version 1",
            "a.feather",
            b"FEA1\0\0\0\0\x10\0\0\0FEA1".as_slice(),
            Refused("not_text"),
        ),
    ]
}

fn read(folder: &Path, case: &Case) -> crate::Result<crate::table::Table> {
    let path = folder.join(case.file);
    std::fs::write(&path, &case.bytes).unwrap();
    open(&path, &case.options, &Reporter::silent())
}

#[test]
fn odd_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let cases = cases();
    for case in &cases {
        let found = match read(folder.path(), case) {
            Ok(table) => format!("{} {}", table.source.part.clone().unwrap_or_default(), show(&table)),
            Err(error) => format!("{}: {error}", error.kind()),
        };
        let right = match &case.fate {
            Reads(part, cells) => found == format!("{part} {cells}"),
            Refused(kind) => found.starts_with(&format!("{kind}: ")),
        };
        if !right {
            let wanted = match &case.fate {
                Reads(part, cells) => format!("{part} {cells}"),
                Refused(kind) => (*kind).to_owned(),
            };
            wrong.push(format!("{}\n   found {found}\n  wanted {wanted}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What opens must show the same first rows in the preview, and its parts must be listed.
#[test]
fn previews_and_lists_agree_with_reading() {
    let folder = tempfile::tempdir().unwrap();
    for case in cases() {
        let Ok(table) = read(folder.path(), &case) else { continue };
        let path = folder.path().join(case.file);
        let head = preview(&path, &case.options).unwrap();
        assert_eq!(show(&head), show(&table), "{}", case.name);
        assert_eq!(head.source.part, table.source.part, "{}", case.name);
        assert!(!parts(&path).unwrap().is_empty(), "{}", case.name);
        assert_eq!(table.source.bytes, case.bytes.len() as u64, "{}", case.name);
        assert_eq!(table.source.hash, blake3::hash(&case.bytes).to_hex().to_string(), "{}", case.name);
        assert_eq!(table.records, table.height() as u64 + table.rejected_count, "{}", case.name);
        assert!(table.rows.windows(2).all(|pair| pair[0] < pair[1]), "{}", case.name);
    }
}

fn codes(notes: &[Note]) -> Vec<&'static str> {
    notes.iter().map(|note| note.code).collect()
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

#[test]
fn a_broken_line_is_rejected_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, "{\"a\":1}\n{\"a\":}\n\n{\"a\":3}\n").unwrap();
    let table = open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
    assert_eq!(table.rows.as_slice(), [1, 4]);
    assert_eq!((table.records, table.rejected_count, table.rejected[0].row), (3, 1, 2));
    assert_eq!(table.rejected[0].why, Note::new("json_broken_line").with("column", 6));
    std::fs::write(&path, "[{\"a\":1},\n {\"a\":x}]").unwrap();
    let error = open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap_err();
    assert_eq!((error.kind(), error.place().row), ("bad_json", Some(2)));
    assert!(error.to_string().contains("line 2, character 7"), "{error}");
}

/// Bytes changed, taken out or cut off at random: a table or a typed error, and never a panic.
#[test]
fn damaged_files_never_panic() {
    use rand::{Rng as _, SeedableRng as _};
    let folder = tempfile::tempdir().unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let (mut read_all, mut refused) = (0, 0);
    for mut case in cases() {
        let whole = case.bytes.clone();
        if whole.is_empty() {
            continue;
        }
        for _ in 0..12 {
            case.bytes = whole.clone();
            for _ in 0..rng.gen_range(1..6) {
                let at = rng.gen_range(0..case.bytes.len());
                match rng.gen_range(0..4) {
                    0 if at > 0 => case.bytes.truncate(at),
                    1 if case.bytes.len() > 1 => drop(case.bytes.remove(at)),
                    _ => case.bytes[at] ^= rng.gen_range(1..=255u8),
                }
            }
            match read(folder.path(), &case) {
                Ok(table) => {
                    assert_eq!(table.rows.len(), table.raw.height(), "{}", case.name);
                    read_all += 1;
                }
                Err(error) => {
                    assert!(!error.kind().is_empty());
                    refused += 1;
                }
            }
        }
    }
    // Packed files are whole or refused; text is mostly read.
    assert!(read_all > 30 && refused > 100, "{read_all} read, {refused} refused");
}

#[test]
fn pasted_text() {
    let options = ReadOptions::default();
    let table = from_text("pasted", "id\tname\r\n1\tAnn\r\n2\tBo", &options).unwrap();
    assert_eq!((show(&table).as_str(), table.source.format), ("id,name|1,Ann|2,Bo", "clipboard"));
    let table = from_text("pasted", "[{\"a\":1.10}]", &options).unwrap();
    assert_eq!((show(&table).as_str(), table.source.format), ("a|1.10", "clipboard"));
    assert_eq!(from_text("pasted", " \n", &options).unwrap_err().kind(), "empty_file");
}

#[test]
fn folders_patterns_and_stacks() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("m10.csv", "id,sum\n5,50\n");
    write("m2.csv", "sum,id\n20,2\n30,3\n");
    write("other.csv", "a,b,c\n1,2,3\n4,5,6\n");
    write("~$m2.csv", "x,y\n1,2\n");
    write(".hidden.csv", "x,y\n1,2\n");
    write("picture.csv", "\u{89}");
    std::fs::write(folder.path().join("photo.dat"), b"\x89PNG\r\n").unwrap();
    write("notes.md", "# notes");
    std::fs::remove_file(folder.path().join("picture.csv")).unwrap();
    let names = |files: &[PathBuf]| -> Vec<String> {
        files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let all = gather(&[folder.path().to_owned(), folder.path().join("m2.csv")]).unwrap();
    assert_eq!(names(&all), ["m2.csv", "m10.csv", "other.csv"]);
    assert_eq!(names(&gather(&[folder.path().join("m*.csv")]).unwrap()), ["m2.csv", "m10.csv"]);
    assert_eq!(gather(&[folder.path().join("z*.csv")]).unwrap_err().kind(), "no_files");
    assert_eq!(gather(&[folder.path().join("z.csv")]).unwrap_err().kind(), "not_found");

    let silent = Reporter::silent();
    let read = |file: &PathBuf| open(file, &ReadOptions::default(), &silent).unwrap();
    let stacked = stack(all.iter().map(read).collect(), &silent).unwrap();
    assert_eq!(stacked.len(), 2);
    assert_eq!(show(&stacked[0]), "sum,id,source_file|20,2,m2.csv|30,3,m2.csv|50,5,m10.csv");
    assert_eq!((stacked[0].rows.as_slice(), stacked[0].source.format), ([1, 2, 3].as_slice(), "combined"));
    assert_eq!(codes(&stacked[0].warnings), ["stacked_file", "stacked_file"]);
    assert_eq!(stacked[1].name, "other");
}

#[test]
fn a_column_that_one_file_lacks_is_told() {
    let options = ReadOptions::default();
    let a = from_text("a", "id,x,y,z,w\n1,1,1,1,1\n2,2,2,2,2\n", &options).unwrap();
    let b = from_text("b", "id,x,y,z\n3,3,3,3\n4,4,4,4\n", &options).unwrap();
    let stacked = stack(vec![a, b], &Reporter::silent()).unwrap();
    assert_eq!(show(&stacked[0]), "id,x,y,z,w,source_file|1,1,1,1,1,a|2,2,2,2,2,a|3,3,3,3,,b|4,4,4,4,,b");
    let lacks = stacked[0].warnings.iter().find(|note| note.code == "stacked_lacks").unwrap();
    assert_eq!(lacks.args, [("file", "b".to_owned()), ("columns", "w".to_owned())]);
}

#[test]
fn cancel_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for case in cases() {
        if read(folder.path(), &case).is_ok() {
            let path = folder.path().join(format!("kept {} {}", paths.len(), case.file));
            std::fs::write(&path, &case.bytes).unwrap();
            paths.push((path, case.options));
        }
    }
    assert!(paths.len() > 30);
    for (path, options) in paths {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let job = crate::job::Job::start(|| (), {
            let path = path.clone();
            move |report: &Reporter| {
                wait.recv().ok();
                open(&path, &options, report).map(|_| ())
            }
        });
        job.cancel();
        go.send(()).unwrap();
        let error = job.wait().unwrap().unwrap_err();
        assert_eq!(error.kind(), "cancelled", "{}", path.display());
    }
}

fn data(file: &str) -> Option<PathBuf> {
    match std::env::var_os("REGULARS_DATA") {
        Some(root) => Some(Path::new(&root).join(file)),
        None => {
            eprintln!("skipped: REGULARS_DATA is not set");
            None
        }
    }
}

fn open_data(file: &str, options: &ReadOptions) -> crate::Result<crate::table::Table> {
    open(&data(file).unwrap(), options, &Reporter::silent())
}

#[test]
fn edge_cases_of_calamine() {
    if data("").is_none() {
        return;
    }
    for (file, part, cells) in [
        ("any_sheets.xlsx", "Visible", "column 1,column 2|1,2|3,4|5,6"),
        (
            "column_row_ranges.xlsx",
            "Column ranges",
            "column 1,column 2,column 3|0,0,0|0,0,0|0,0,0|0,0,0|0,0,0",
        ),
        ("date.xls", "Sheet1", "column 1,column 2|2021-01-01,15|2021-01-02,16|255:10:10,17"),
        ("date.xlsx", "Sheet1", "column 1,column 2|2021-01-01,15|2021-01-02,16|255:10:10,17"),
        ("date_1904.xlsx", "Sheet1", "column 1,column 2|2021-01-01,15|2021-01-02,16|255:10:10,17"),
        ("errors.xlsx", "Feuil1", "column 1|||||||"),
        ("has_x000D_.xlsx", "Sheet1", "column 1|ABC\r\nDEF"),
        ("header-row.xlsx", "Sheet1", "Columns,Column A,Column B,Column C|put data here,1,2,3"),
        (
            "inventory-table.xlsx",
            "Sheet1",
            "Item,Type,Quantity|1,Apple,50|2,Banana,200|3,Orange,60|4,Pear,100",
        ),
        (
            "merge_cells.xlsx",
            "Sheet1",
            "column 1,column 2,column 3|Row Merge,,Not Merged|Column Merge,Chunk Merged,",
        ),
        ("merged_range.xlsx", "Sheet1", "A1,B1,C1,E1,F1,G1,H1|A3,B3,C3,E3,F3,G3,H3|A4,B4,C4,E4,F4,G4,H4"),
        ("no-header.xlsx", "Feuille 1", "column 1,column 2|a,0|b,1"),
    ] {
        let table = open_data(&format!("excel-edge-cases/{file}"), &ReadOptions::default());
        let table = table.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!((table.source.part.as_deref(), show(&table).as_str()), (Some(part), cells), "{file}");
    }
    for (file, kind) in [("empty_sheet.xlsx", "empty_file"), ("pass_protected.xlsx", "encrypted")] {
        let error = open_data(&format!("excel-edge-cases/{file}"), &ReadOptions::default()).unwrap_err();
        assert_eq!(error.kind(), kind, "{file}: {error}");
    }
    let table = open_data("excel-edge-cases/malformed_format.xls", &ReadOptions::default()).unwrap();
    println!("{} {:?}", show(&table), table.source);
    let listed = parts(&data("excel-edge-cases/any_sheets.xlsx").unwrap()).unwrap();
    let listed: Vec<_> = listed.iter().map(|part| (part.name.as_str(), part.rows, part.hidden)).collect();
    assert_eq!(
        listed,
        [("Visible", Some(5), false), ("Hidden", Some(1), true), ("VeryHidden", Some(1), true)]
    );
    let errors = open_data("excel-edge-cases/errors.xlsx", &ReadOptions::default()).unwrap();
    let note = errors.warnings.iter().find(|note| note.code == "error_cells").unwrap();
    let arg = |name| note.args.iter().find(|(key, _)| *key == name).unwrap().1.as_str();
    assert_eq!((arg("count"), arg("error"), arg("cell")), ("7", "#DIV/0!", "A1"));
}

#[test]
fn workbooks_of_owners() {
    if data("").is_none() {
        return;
    }
    let options = ReadOptions::default();
    let table = open_data("ecommerce-churn-xlsx/E Commerce Dataset.xlsx", &options).unwrap();
    assert_eq!((table.source.part.as_deref(), table.height(), table.raw.width()), (Some("E Comm"), 5630, 20));
    let missing = |name: &str| table.columns.iter().find(|column| column.name == name).unwrap().missing;
    assert_eq!((missing("Tenure"), missing("DaySinceLastOrder")), (264, 307));
    assert!(codes(&table.warnings).contains(&"other_parts"));
    let words = ReadOptions { part: Some("Data Dict".into()), ..ReadOptions::default() };
    let table = open_data("ecommerce-churn-xlsx/E Commerce Dataset.xlsx", &words).unwrap();
    assert!(table.raw.get_column_names().iter().any(|name| *name == "Discerption"));

    let table = open_data("superstore-xls/superstore_sales_data.xls", &options).unwrap();
    assert_eq!(
        (table.source.part.as_deref(), table.height(), table.raw.width()),
        (Some("superstore_sales_data"), 8399, 21)
    );
    let column = table.columns.iter().find(|column| column.name == "productBaseMargin").unwrap();
    assert_eq!(column.missing, 63);

    let table = open_data("derived-encodings/ecommerce_500_merged_two_row_header.xlsx", &options).unwrap();
    assert_eq!((table.height(), table.raw.width(), table.rejected_count), (500, 20, 1));
    let names = table.raw.get_column_names();
    assert_eq!((names[0].as_str(), names[19].as_str()), ("CustomerID", "Complain"));
    assert_eq!((table.rejected[0].row, table.rejected[0].why.code), (505, "totals_row"));
    assert_eq!((table.rows[0], table.rows[499]), (5, 504));
    assert_eq!(table.text("CashbackAmount").unwrap().get(0), Some("159.93"));
}

#[test]
fn json_of_owners() {
    if data("").is_none() {
        return;
    }
    let read =
        |file: &str| tables(&data(file).unwrap(), &ReadOptions::default(), &Reporter::silent()).unwrap();
    let shape = |tables: &[crate::table::Table]| -> Vec<(String, usize)> {
        tables.iter().map(|table| (table.name.clone(), table.height())).collect()
    };
    let found = read("json-nested/ravelin_customers.jsonl");
    let wanted =
        [("ravelin_customers", 168), ("orders", 478), ("paymentMethods", 342), ("transactions", 623)];
    assert_eq!(shape(&found), wanted.map(|(name, rows)| (name.to_owned(), rows)));
    let fraud = found[0].text("fraudulent").unwrap();
    assert_eq!(fraud.iter().filter(|value| *value == Some("true")).count(), 61);
    // Each order leads to its customer by the row's number.
    assert_eq!(found[1].text("ravelin_customers row").unwrap().get(477), Some("168"));

    let found = read("json-nested/shopify_customers.json");
    assert_eq!(shape(&found), [("customers".to_owned(), 2), ("customers.addresses".to_owned(), 2)]);
    assert_eq!(found[0].text("total_spent").unwrap().get(0), Some("41.94"));
    assert_eq!(found[1].text("customers id").unwrap().get(0), Some("207119551"));
    let found = read("json-nested/shopify_customer_orders.json");
    assert_eq!((found[0].name.as_str(), found[0].height()), ("orders", 1));
    assert!(found.iter().any(|table| table.name == "orders.line_items" && table.text("orders id").is_some()));
    let found = read("json-nested/shopify_checkouts.json");
    assert_eq!((found[0].name.as_str(), found[0].height()), ("checkouts", 1));
}

#[test]
fn large_files_of_owners() {
    if data("").is_none() {
        return;
    }
    let options = ReadOptions::default();
    let table = open_data("online-retail/online_retail_rebuilt.csv.gz", &options).unwrap();
    assert_eq!(
        (table.height(), table.raw.width(), table.name.as_str()),
        (541_909, 8, "online_retail_rebuilt")
    );
    assert_eq!(table.source.bytes, 7_475_892);
    let table = open_data("online-retail-ii/online_retail_2009_2010.parquet", &options).unwrap();
    assert_eq!((table.height(), table.raw.width()), (525_461, 8));
    let customers = table.text("Customer ID").unwrap();
    assert_eq!((customers.null_count(), customers.get(0)), (107_927, Some("13085")));
    let head = preview(&data("online-retail-ii/online_retail_2009_2010.parquet").unwrap(), &options).unwrap();
    assert_eq!(head.height(), 2000);
}
