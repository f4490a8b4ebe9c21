//! Reading real and edge-case files.

use std::path::Path;

use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::detect::{date, number};
use regulars_engine::job::Reporter;
use regulars_engine::table::{Role, Table, ValueType};

use crate::support::{open, public};

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Table {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    open(&path)
}

fn role(table: &Table, name: &str) -> Role {
    table.columns[table.position(name).unwrap()].role
}

#[test]
fn the_header_is_the_same_in_every_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let text = "客户编号,姓名,金额\nA1,张三,12.5\nA2,李四,8\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gb = encoding_rs::GB18030.encode(text).0.into_owned();
    let cases: [(&str, Vec<u8>); 4] = [
        ("plain.csv", text.into()),
        ("mark.csv", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("utf16.csv", [b"\xFF\xFE", utf16.as_slice()].concat()),
        ("gb.csv", gb),
    ];
    for (name, bytes) in cases {
        let table = write(folder.path(), name, &bytes);
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["客户编号", "姓名", "金额"], "{name}: {}", table.source.encoding);
        assert_eq!(table.text("姓名").unwrap().get(0), Some("张三"), "{name}");
    }
}

#[test]
fn quotes_line_ends_and_ragged_rows() {
    let folder = tempfile::tempdir().unwrap();
    let table = write(
        folder.path(),
        "q.csv",
        b"id,note,x\r\n1,\"a, \"\"b\"\"\r\nc\",5\r\n2,short\r\n3,long,1,2,3\r\n4,last,7",
    );
    assert_eq!((table.records, table.height(), table.rejected_count), (4, 3, 1));
    assert_eq!(table.text("note").unwrap().get(0), Some("a, \"b\"\r\nc"));
    assert_eq!(table.rows.as_slice(), [2, 3, 5]);
    assert_eq!(table.rejected[0].row, 4);
}

#[test]
fn an_unclosed_quote_does_not_swallow_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let table = write(folder.path(), "u.csv", b"id,note\n1,fine\n2,\"open\n3,more\n4,end\n");
    assert_eq!(table.height(), 4);
    assert!(table.warnings.iter().any(|n| n.code == "unclosed_quote"));
}

#[test]
fn guesses_never_lose_rows_or_digits() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("zip,country,card,code\n");
    for i in 0..200 {
        let country = ["IN", "NA", "DE", "US"][i % 4];
        text.push_str(&format!("{:05},{country},41111111111111{i:05},1-{}\n", i * 37, i % 9));
    }
    let table = write(folder.path(), "g.csv", text.as_bytes());
    assert_eq!(table.height(), 200);
    assert!(!role(&table, "zip").is_numeric() && !role(&table, "card").is_numeric());
    assert_eq!(table.columns[table.position("country").unwrap()].missing, 0, "NA is Namibia here");
    assert_eq!(role(&table, "country"), Role::Category);
    assert_ne!(role(&table, "code"), Role::Date);
    assert_eq!(table.text("zip").unwrap().get(1), Some("00037"));
}

#[test]
fn public_files_are_read_as_they_are() {
    type Case = (&'static str, u64, &'static [(&'static str, Role)]);
    let cases: [Case; 6] = [
        ("bank-marketing/bank-additional.csv", 4119, &[("y", Role::Target), ("age", Role::Number)]),
        ("derived-encodings/tmall_first_5000_gbk.csv", 5000, &[("订单创建时间", Role::Date)]),
        ("derived-encodings/tmall_first_2000_utf16le.txt", 2000, &[("总金额", Role::Money)]),
        ("online-shoppers/online_shoppers_intention.csv", 12330, &[("Revenue", Role::Target)]),
        ("mall-customers/Mall_Customers.csv", 200, &[]),
        (
            "customer-personality/marketing_campaign.csv",
            2240,
            &[("ID", Role::Id), ("Dt_Customer", Role::Date)],
        ),
    ];
    for (file, records, roles) in cases {
        let Some(path) = public(file) else { return };
        let table = open(&path);
        assert_eq!(table.records, records, "{file}");
        assert_eq!(table.height() as u64 + table.rejected_count, records, "{file}");
        for (name, wanted) in roles {
            assert_eq!(role(&table, name), *wanted, "{file}: {name}");
        }
    }
}

#[test]
fn decimal_commas_are_found_by_evidence() {
    let Some(path) = public("derived-encodings/bank_churn_2000_semicolon_decimal_comma_cp1252.csv") else {
        return;
    };
    let table = open(&path);
    assert_eq!((table.height(), table.source.separator), (2000, Some(';')));
    let commas: Vec<_> = table.columns.iter().filter(|c| c.decimal == number::Decimal::Comma).collect();
    assert!(!commas.is_empty() && commas.iter().all(|c| c.bad == 0));
    assert!(table.columns.iter().any(|c| c.name.contains('€')), "{}", table.source.encoding);
}

#[test]
fn any_column_can_be_read_as_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = write(folder.path(), "r.csv", b"id,when,x\n1,3/4/2024,5\n2,13/4/2024,6\n3,never,7\n");
    collect::set_role(&mut table, "when", Role::Date).unwrap();
    let when = &table.columns[1];
    assert_eq!((when.value_type, when.bad, when.date_order), (ValueType::Date, 1, date::Order::DayFirst));
    assert_eq!((when.bad_examples[0].row, when.bad_examples[0].value.as_str()), (4, "never"));
    assert!(collect::set_role(&mut table, "nowhere", Role::Date).is_err());
    let options = ReadOptions { roles: vec![("x".into(), Role::Id)], ..ReadOptions::default() };
    let again = collect::open(&folder.path().join("r.csv"), &options, &Reporter::silent()).unwrap();
    assert_eq!(role(&again, "x"), Role::Id);
}

#[test]
fn the_preview_agrees_with_the_whole() {
    let Some(path) = public("online-shoppers/online_shoppers_intention.csv") else { return };
    let (head, whole) = (collect::preview(&path, &ReadOptions::default()).unwrap(), open(&path));
    assert!(head.height() > 100 && head.height() < whole.height());
    assert!(head.raw.equals_missing(&whole.raw.head(Some(head.height()))));
}
