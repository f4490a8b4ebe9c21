//! Files that owners really have, under `REGULARS_DATA`.

use std::path::{Path, PathBuf};

use super::{codes, show};
use crate::collect::*;

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
        ("malformed_format.xls", "2014", "Festività calendario|Ferie richieste|Permesso richiesto|Malattia"),
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
