//! Odd files as owners have them, written byte by byte and read through the public path.

use super::{ReadOptions, open, preview, set_date_order, set_decimal, set_role};
use crate::detect::date::Order;
use crate::detect::number::Decimal;
use crate::job::Reporter;
use crate::table::{Column, Role, Table, ValueType};

fn read(bytes: &[u8], options: &ReadOptions) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.csv");
    std::fs::write(&path, bytes).unwrap();
    let table = open(&path, options, &Reporter::silent()).unwrap();
    let head = preview(&path, options).unwrap();
    assert!(head.raw.equals_missing(&table.raw), "the preview is the same");
    assert_eq!(table.records, table.height() as u64 + table.rejected_count);
    table
}

fn plain(bytes: &[u8]) -> Table {
    read(bytes, &ReadOptions::default())
}

fn names(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

fn has(notes: &[crate::Note], code: &str) -> bool {
    notes.iter().any(|note| note.code == code)
}

fn argument<'a>(notes: &'a [crate::Note], code: &str, name: &str) -> &'a str {
    let note =
        notes.iter().find(|note| note.code == code).unwrap_or_else(|| panic!("no {code} in {notes:?}"));
    note.args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap()
}

/// One column under a name, beside one that keeps the separator a comma.
fn column(name: &str, values: &[&str]) -> Column {
    let mut text = format!("k,{name}\n");
    for (at, value) in values.iter().enumerate() {
        text.push_str(&format!("r{at},\"{value}\"\n"));
    }
    let table = plain(text.as_bytes());
    assert_eq!(table.height(), values.len(), "no row is lost");
    table.columns[1].clone()
}

/// Names of the columns, rows, and the file's first warnings or "".
#[test]
fn layouts() {
    type Case = (&'static str, &'static str, &'static [&'static str], usize, &'static str);
    let cases: [Case; 32] = [
        ("plain", "id,a\n1,2\n3,4\n", &["id", "a"], 2, ""),
        ("sep line", "sep=;\r\na;b\r\n1,5;2\r\n", &["a", "b"], 1, ""),
        ("sep line with quotes", "\"sep=|\"\na|b\n1|2\n", &["a", "b"], 1, ""),
        ("tilde", "a~b\n1~x\n2~y\n", &["a", "b"], 2, ""),
        ("caret", "a^b\n1^x\n2^y\n", &["a", "b"], 2, ""),
        ("colon", "user:city\nann:Rome\nbob:Oslo\n", &["user", "city"], 2, ""),
        ("blanks", "id  day   sum\n1   20240101  5.5\n2   20240102  6\n", &["id", "day", "sum"], 2, ""),
        (
            "wide blanks",
            "city       sum\nNew York   12\nRome       3\nSan Jose   4\n",
            &["city", "sum"],
            3,
            "",
        ),
        ("titles", "Sales report\nMarch 2024\n\nid,sum\n1,2\n3,4\n", &["id", "sum"], 2, "titles_above"),
        (
            "padded titles",
            "Sales report,,\n,,\nid,sum,city\n1,2,Rome\n3,4,Oslo\n",
            &["id", "sum", "city"],
            2,
            "titles_above",
        ),
        ("comments", "# made by shop 3\n// on Monday\nid,sum\n1,2\n", &["id", "sum"], 1, "comment_lines"),
        ("names in a comment", "# id,sum\n1,2\n3,4\n", &["id", "sum"], 2, ""),
        ("a number sign as a name", "#,sum\n1,2\n2,4\n", &["#", "sum"], 2, ""),
        ("comment later is data", "id,sum\n1,2\n#3,4\n", &["id", "sum"], 2, ""),
        ("blank lines", "id,sum\n\n1,2\n\n\n3,4\n\n", &["id", "sum"], 2, ""),
        ("blank records", "id,sum\n1,2\n,\n3,4\n , \n", &["id", "sum"], 2, "blank_rows"),
        ("no names", "1,2,x\n3,4,y\n", &["column 1", "column 2", "column 3"], 2, ""),
        (
            "two lines of names",
            "who,,what,\nid,since,count,sum\n1,2024-01-01,5,6.5\n2,2024-01-02,7,8.5\n",
            &["id", "since", "count", "sum"],
            2,
            "header_lines",
        ),
        ("units", "weight,price\nkg,EUR\n1,2\n3,4\n", &["weight kg", "price EUR"], 2, "header_lines"),
        ("years as names", "city,2023,2024\nRome,5,6\nOslo,7,8\n", &["city", "2023", "2024"], 2, ""),
        ("empty name", ",sum\n5,2\n7,4\n", &["column 1", "sum"], 2, "unnamed_columns"),
        ("twin names", "a,a\n1,2\n", &["a", "a (2)"], 1, "twin_names"),
        ("separator at each end", "a,b,\n1,2,\n3,4,\n", &["a", "b"], 2, "empty_columns"),
        ("separator at the end of rows only", "a,b\n1,2,\n3,4,\n", &["a", "b"], 2, ""),
        ("row names of R", "sum,count\nr1,5,6\nr2,7,8\n", &["column 1", "sum", "count"], 2, "header_shifted"),
        ("total", "item,sum\nA,5\nB,7\nTotal,12\n", &["item", "sum"], 2, "totals_left_out"),
        (
            "total with gaps",
            "id,item,sum\n1,A,5\n2,B,7\n合计,,13\n",
            &["id", "item", "sum"],
            2,
            "totals_left_out",
        ),
        ("a customer named Total", "item,sum\nA,5\nB,7\nTotal,90\n", &["item", "sum"], 3, ""),
        (
            "prose",
            "comment\nIt came, late.\nGood, cheap, nice.\nNo.\nWell, very well.\n",
            &["comment"],
            4,
            "header_assumed",
        ),
        (
            "quotes as data",
            "\" I love it.\t1\n\"You'll love it!\t1\n\" But \"Storm\" is bad\t0\n",
            &["column 1", "column 2"],
            3,
            "quotes_are_data",
        ),
        ("backslash", "id,note\n1,\"x \\\"y\\\", z\"\n2,\"w\"\n", &["id", "note"], 2, "backslash_quotes"),
        ("only returns", "id,sum\r1,2\r\r3,4\r", &["id", "sum"], 2, ""),
    ];
    for (case, text, wanted, rows, code) in cases {
        let table = plain(text.as_bytes());
        assert_eq!(names(&table), wanted, "{case}");
        assert_eq!(table.height(), rows, "{case}");
        match code {
            "" => assert!(table.warnings.is_empty(), "{case}: {:?}", table.warnings),
            code => assert!(has(&table.warnings, code), "{case}: {:?}", table.warnings),
        }
    }
}

#[test]
fn cells_keep_their_text_and_rows_their_place() {
    let data = plain(b"\" I love it.\t1\n\"You'll love it!\t1\n\" But \"Storm\" is bad\t0\n");
    assert_eq!(data.text("column 1").unwrap().get(1), Some("\"You'll love it!"));
    let slashed = plain(b"id,note\n1,\"x \\\"y\\\", z\"\n2,\"w\"\n");
    assert_eq!(slashed.text("note").unwrap().get(0), Some("x \"y\", z"));
    let low = plain(b"Sales report\n\nid,sum\n1,2\n\n3,4\n");
    assert_eq!(low.rows.as_slice(), [4, 6], "as a spreadsheet numbers them");
    let sum = plain("item,sum\nA,5\nB,7\nSumme:,12\n".as_bytes());
    assert_eq!((sum.rejected[0].row, sum.rejected[0].why.code), (4, "totals_row"));
    let fixed = plain(b" 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n");
    assert_eq!(
        (fixed.source.format, fixed.source.separator, fixed.source.header),
        ("fixed_width", Some(' '), false)
    );
    assert_eq!(fixed.text("column 1").unwrap().get(1), Some("00002"));
    let glued = plain(b"name,sum\nann,1\nbob,2\nname,sum\ncid,3\n");
    assert_eq!((glued.height(), glued.rejected[0].row, glued.rejected[0].why.code), (3, 4, "names_again"));
    assert_eq!(glued.columns[1].role, Role::Number);
    let noted = {
        let mut text = String::from("a,b,,\n");
        (0..60).for_each(|at| {
            text.push_str(&format!("{at},{},,{}\n", at % 7, if at == 9 { "see page 2" } else { "" }))
        });
        plain(text.as_bytes())
    };
    assert_eq!(names(&noted), ["a", "b"]);
    assert_eq!(argument(&noted.warnings, "notes_beside", "text"), "see page 2");
}

/// Exports of payment services: titles, a ruled line, padded names, remarks and counts below.
#[test]
fn exports_of_payment_services() {
    let mut alipay = String::from(
        "支付宝交易记录明细查询\r\n账号:[a@b.cn]\r\n起始日期:[2024-03-01 00:00:00]    终止日期:[2024-04-01 00:00:00]\r\n",
    );
    alipay.push_str("------------交易记录明细列表------------\r\n交易号          ,付款时间            ,金额（元）,收/支     ,\r\n");
    for at in 0..4 {
        alipay.push_str(&format!(
            "202403012200100000000{at}\t,2024-03-0{} 10:00:00 ,{at}.50  ,{}  ,\r\n",
            at + 1,
            ["收入", "支出"][at % 2]
        ));
    }
    alipay.push_str("----------------------------------------\r\n共4笔记录\r\n已收入:2笔,2.50元\r\n导出时间:[2024-04-02 09:00:00]    用户:张三\r\n");
    let (bytes, _, _) = encoding_rs::GB18030.encode(&alipay);
    let table = plain(&bytes);
    assert_eq!(names(&table), ["交易号", "付款时间", "金额（元）", "收/支"], "{:?}", table.warnings);
    assert_eq!((table.height(), table.rejected_count), (4, 4));
    assert!(has(&table.warnings, "titles_above") && has(&table.warnings, "remarks_below"));
    let role = |at: usize| table.columns[at].role;
    assert_eq!((role(0), role(1)), (Role::Id, Role::Date), "{:?}", table.columns[0].why);

    let mut wechat = String::from(
        "微信支付账单明细,,,\n微信昵称：[张三],,,\n起始时间：[2024-03-01 00:00:00] 终止时间：[2024-04-01 00:00:00],,,\n,,,\n----微信支付账单明细列表----,,,\n交易时间,交易对方,金额(元),当前状态\n",
    );
    for at in 0..3 {
        wechat.push_str(&format!("2024-03-0{} 10:00:00,店{at},¥{at}.50,支付成功\n", at + 1));
    }
    let table = plain(wechat.as_bytes());
    assert_eq!(names(&table), ["交易时间", "交易对方", "金额(元)", "当前状态"]);
    assert_eq!((table.height(), table.rows[0]), (3, 7));
    assert_eq!((table.columns[0].role, table.columns[2].role), (Role::Date, Role::Money));

    let below = plain(b"id,a,b\n1,2,3\n4,5,6\nprinted on Monday\nby Ann\n");
    assert_eq!((below.height(), below.rejected_count, below.rejected[0].row), (2, 2, 4));
    assert_eq!(argument(&below.warnings, "remarks_below", "text"), "printed on Monday");
    assert!(!has(&below.warnings, "short_records"));
    let cut = plain(b"id,a,b\n1\n4,5,6\n7,8,9\n10\n");
    assert_eq!((cut.height(), cut.rejected_count), (4, 0), "fields at the end were left unwritten");
}

#[test]
fn the_persons_word_wins() {
    let with = |options: ReadOptions, text: &str| read(text.as_bytes(), &options);
    let off = ReadOptions { quoting: Some(false), ..ReadOptions::default() };
    assert_eq!(with(off, "a,b\n\"x\",1\n").text("a").unwrap().get(0), Some("\"x\""));
    let comment = ReadOptions { comment: Some('%'), ..ReadOptions::default() };
    let table = with(comment, "% head\na,b\n1,2\n% foot\n3,4\n");
    assert_eq!((names(&table), table.rows.as_slice()), (vec!["a", "b"], [3, 5].as_slice()));
    let row = ReadOptions { header_row: Some(4), ..ReadOptions::default() };
    let table = with(row, "x,y\n1,2\n\na,b\n5,6\n");
    assert_eq!((names(&table), table.rows.as_slice()), (vec!["a", "b"], [5].as_slice()));
    let far = ReadOptions { header_row: Some(301), ..ReadOptions::default() };
    let table = with(far, &format!("{}a,b\n5,6\n", "x,y\n".repeat(300)));
    assert_eq!((names(&table), table.rows.as_slice()), (vec!["a", "b"], [302].as_slice()));
    let range = ReadOptions { range: Some("B2:C4".into()), ..ReadOptions::default() };
    let table = with(range, "t,,,\n,a,b,x\n,1,2,x\n,3,4,x\nend,,,\n");
    assert_eq!((names(&table), table.height()), (vec!["a", "b"], 2));
    let none = ReadOptions { header: Some(false), ..ReadOptions::default() };
    assert_eq!(with(none, "a,b\n1,2\n").height(), 2);
    let bad = ReadOptions { range: Some("here".into()), ..ReadOptions::default() };
    assert!(has(&with(bad, "a,b\n1,2\n").warnings, "bad_range"));
    let blank = ReadOptions { separator: Some(' '), ..ReadOptions::default() };
    assert_eq!(names(&with(blank, "a b\nx y\nz w\n")), ["a", "b"]);

    let dates = "id,when\n1,3/4/2025\n2,5/6/2025\n";
    let order =
        ReadOptions { date_orders: vec![("when".into(), Order::MonthFirst)], ..ReadOptions::default() };
    let mut table = with(order, dates);
    let when = &table.columns[1];
    assert_eq!((when.date_order, when.role, when.why.code), (Order::MonthFirst, Role::Date, "dates_as_said"));
    assert!(!has(&when.warnings, "ambiguous_date"));
    set_role(&mut table, "when", Role::Category).unwrap();
    set_role(&mut table, "when", Role::Date).unwrap();
    assert_eq!(table.columns[1].date_order, Order::MonthFirst, "another role does not forget it");
    set_date_order(&mut table, "when", Order::DayFirst).unwrap();
    assert_eq!((table.columns[1].date_order, table.columns[1].role), (Order::DayFirst, Role::Date));

    let sums = "id;sum\n1;1.850\n2;2.340\n";
    let comma = ReadOptions { decimals: vec![("sum".into(), Decimal::Point)], ..ReadOptions::default() };
    let mut table = with(comma, sums);
    assert_eq!(table.columns[1].decimal, Decimal::Point);
    assert!(!has(&table.columns[1].warnings, "ambiguous_decimal"));
    set_decimal(&mut table, "sum", Decimal::Comma).unwrap();
    assert_eq!(table.columns[1].decimal, Decimal::Comma);
    assert!(set_decimal(&mut table, "nowhere", Decimal::Comma).is_err());
    let absent = ReadOptions { decimals: vec![("nowhere".into(), Decimal::Comma)], ..ReadOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, sums).unwrap();
    assert_eq!(open(&path, &absent, &Reporter::silent()).unwrap_err().kind(), "no_column");
}

#[test]
fn numbers_of_a_column() {
    type Case = (&'static str, &'static [&'static str], Role, ValueType, Decimal, &'static str);
    use ValueType::{Integer, Number, Text};
    let cases: [Case; 17] = [
        ("sum", &["18500.00", "1,250.50", "7"], Role::Number, Number, Decimal::Point, ""),
        ("sum", &["1.850,00", "12,5", "1.000"], Role::Number, Number, Decimal::Comma, ""),
        ("sum", &["1.850", "2.340"], Role::Number, Number, Decimal::Point, "ambiguous_decimal"),
        ("sum", &["1'850.00", "2’340.10"], Role::Number, Number, Decimal::Point, ""),
        ("sum", &["12,34,567", "1,23,456"], Role::Number, Number, Decimal::Point, ""),
        ("sum", &["12.50-", "(5.00)", "7.25"], Role::Number, Number, Decimal::Point, ""),
        ("share", &["12%", "３％", "5‰"], Role::Number, Number, Decimal::Point, ""),
        ("x", &["€ 5", "7 EUR", "8,20 €"], Role::Money, Number, Decimal::Comma, ""),
        ("x", &["5 €", "$7", "9 €"], Role::Money, Number, Decimal::Point, "mixed_currencies"),
        ("营业额", &["1.2万", "3亿", "5000"], Role::Number, Number, Decimal::Point, ""),
        ("views", &["12k", "3.5M", "800k"], Role::Number, Number, Decimal::PointSuffixed, ""),
        ("size", &["12k", "34", "56", "78", "9"], Role::Category, Text, Decimal::Point, ""),
        ("n", &["１２３", "４５６"], Role::Number, Number, Decimal::Point, ""),
        ("sum", &["12,5", "13,5", "14.75"], Role::Text, Text, Decimal::Comma, ""),
        ("amount", &["5", "7", "12"], Role::Money, Integer, Decimal::Point, ""),
        ("plain", &["5", "7", "-12", "0"], Role::Number, Integer, Decimal::Point, ""),
        ("Betrag (EUR)", &["5,20", "7,10"], Role::Money, Number, Decimal::Comma, ""),
    ];
    for (name, values, role, kind, decimal, code) in cases {
        let found = column(name, values);
        if found.role == Role::Text || role == Role::Category {
            assert!(!found.role.is_numeric(), "{values:?}: {:?}", found.role);
        } else {
            assert_eq!((found.role, found.value_type), (role, kind), "{values:?} {:?}", found.why);
        }
        assert_eq!(found.decimal, decimal, "{values:?}");
        match code {
            "" => assert!(found.warnings.is_empty(), "{values:?}: {:?}", found.warnings),
            code => assert!(has(&found.warnings, code), "{values:?}: {:?}", found.warnings),
        }
    }
    let open = column("sum", &["1.850", "2.340"]);
    assert_eq!(argument(&open.warnings, "ambiguous_decimal", "point"), "4.19");
    assert_eq!(argument(&open.warnings, "ambiguous_decimal", "comma"), "4190");
    let mixed = column("x", &["5 €", "$7", "9 €"]);
    assert_eq!(argument(&mixed.warnings, "mixed_currencies", "list"), "EUR 2, $ 1");
    let told = column("sum", &["1.850", "2.340", "12.5"]);
    assert_eq!(told.why.code, "number_by_evidence");
    let many: Vec<String> = (0..30).map(|at| format!("{at}.5")).chain(["7,25".to_owned()]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let odd = column("sum", &many);
    assert_eq!((odd.bad, odd.bad_examples[0].row), (1, 32), "listed by row");
    assert!(has(&odd.warnings, "mixed_decimal"));
}

#[test]
fn dates_of_a_column() {
    type Case = (&'static str, &'static [&'static str], Order, &'static str, &'static str);
    use Order::{DayFirst, MonthFirst, UnixMillis, UnixSeconds};
    let cases: [Case; 19] = [
        ("d", &["03/04/2025", "13/04/2025"], DayFirst, "dates_day_first", ""),
        ("d", &["03/04/2025", "04/13/2025"], MonthFirst, "dates_month_first", ""),
        ("d", &["03/04/2025", "05/06/2025"], DayFirst, "dates_assumed", "ambiguous_date"),
        ("d", &["Tue 03/04/2025", "Fri 04/04/2025"], MonthFirst, "dates_weekday_month", ""),
        ("d", &["Thu 03/04/2025", "Fri 04/04/2025"], DayFirst, "dates_weekday_day", ""),
        (
            "d",
            &[
                "1/1/2025", "1/5/2025", "2/3/2025", "3/1/2025", "4/9/2025", "5/2/2025", "6/7/2025",
                "7/1/2025", "8/2/2025", "9/1/2025",
            ],
            MonthFirst,
            "dates_steady_month",
            "",
        ),
        ("d", &["5/3/24", "25/12/23"], DayFirst, "dates_day_first", "two_digit_years"),
        ("d", &["4-Sep-12", "21-Aug-13"], DayFirst, "reads_date", "two_digit_years"),
        ("d", &["5. März 2024", "12. Oktober 2024"], DayFirst, "reads_date", ""),
        ("d", &["5 août 2024", "1er mars 2024"], DayFirst, "reads_date", ""),
        ("d", &["5 de enero de 2024", "7 de agosto de 2024"], DayFirst, "reads_date", ""),
        ("d", &["2024年3月5日 下午3点", "2024年12月5日 上午9点"], DayFirst, "reads_date", ""),
        ("d", &["2024-03-05T08:00:00+08:00", "2024-03-06T00:00:00Z"], DayFirst, "reads_date", "dates_zoned"),
        ("d", &["1/2/2025 8:26 PM", "1/31/2025 9:00 AM"], MonthFirst, "dates_month_first", ""),
        ("created_at", &["1709596800", "1709683200"], UnixSeconds, "reads_unix_seconds", ""),
        ("时间", &["1709596800000", "1709683200000"], UnixMillis, "reads_unix_millis", ""),
        (
            "d",
            &["20240305", "20240306", "20240307", "20240308", "20240309", "20240310"],
            DayFirst,
            "reads_date",
            "",
        ),
        (
            "d",
            &[
                "20240305143000",
                "20240306080000",
                "20240307080000",
                "20240308080000",
                "20240309080000",
                "20240310080000",
            ],
            DayFirst,
            "reads_date",
            "",
        ),
        ("d", &["05.03.2024", "17.03.2024"], DayFirst, "reads_date", ""),
    ];
    for (name, values, order, why, code) in cases {
        let found = column(name, values);
        assert_eq!(
            (found.role, found.value_type),
            (Role::Date, ValueType::Date),
            "{values:?} {:?}",
            found.why
        );
        assert_eq!((found.date_order, found.why.code, found.bad), (order, why, 0), "{values:?}");
        match code {
            "" => assert!(found.warnings.is_empty(), "{values:?}: {:?}", found.warnings),
            code => assert!(has(&found.warnings, code), "{values:?}: {:?}", found.warnings),
        }
    }
    let open = column("d", &["03/04/2025", "05/06/2025"]);
    assert_eq!(argument(&open.warnings, "ambiguous_date", "day_first"), "2025-04-03");
    assert_eq!(argument(&open.warnings, "ambiguous_date", "month_first"), "2025-03-04");
    let told = column("d", &["03/04/2025", "13/04/2025"]);
    assert_eq!(argument(std::slice::from_ref(&told.why), "dates_day_first", "count"), "1");
    assert_ne!(
        column("amount", &["1709596800", "1709683200"]).role,
        Role::Date,
        "the name says nothing of time"
    );
    // A spreadsheet's counts of days are offered, and taken when a person says so.
    let mut table = plain(b"k,order date\na,45356\nb,45357\n");
    assert_eq!(argument(&table.columns[1].warnings, "excel_serial", "date"), "2024-03-05");
    assert!(table.columns[1].role.is_numeric());
    set_role(&mut table, "order date", Role::Date).unwrap();
    assert_eq!((table.columns[1].date_order, table.columns[1].bad), (Order::ExcelSerial, 0));
    let mut slip: Vec<String> = (1..=30).map(|at| format!("{at}/01/2025")).collect();
    slip.push("01/30/2025".into());
    let slip: Vec<&str> = slip.iter().map(String::as_str).collect();
    let slip = column("d", &slip);
    assert_eq!((slip.bad, slip.bad_examples[0].value.as_str()), (1, "01/30/2025"));
    assert!(has(&slip.warnings, "mixed_date_order"));
}

#[test]
fn identifiers_and_truths() {
    let unique: Vec<String> = (0..40).map(|at| (15_600_000 + at * 7).to_string()).collect();
    let unique: Vec<&str> = unique.iter().map(String::as_str).collect();
    for name in ["Kundennummer", "Kunden-Nr", "numéro client", "cliente", "会员号", "顾客ID", "お客様番号"]
    {
        assert_eq!(column(name, &unique).role, Role::Id, "{name}");
    }
    assert_eq!(column("visits", &unique).role, Role::Number, "unique numbers are numbers");
    let counted: Vec<String> = (1..=40).rev().map(|at| at.to_string()).collect();
    let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
    assert_eq!((column("x", &counted).role, column("x", &counted).why.code), (Role::Id, "row_number"));
    let phones = ["13800138000", "13900139001", "13700137002"];
    assert_eq!(
        (column("x", &phones).role, column("x", &phones).why.code),
        (Role::Contact, "detail_by_value")
    );
    assert_eq!(column("手机", &phones).role, Role::Contact);
    assert_eq!(column("x", &["+49301234567", "+8613800138000", "+33 1 23 45 67 89"]).role, Role::Contact);
    assert_eq!(column("x", &["00017", "00023", "00031"]).value_type, ValueType::Text);

    let padded: Vec<String> = (0..120).map(|at| format!("{:08}", 1000 + at % 60)).collect();
    let padded: Vec<&str> = padded.iter().map(String::as_str).collect();
    assert_eq!(column("x", &padded).role, Role::Id, "all begin with a zero");

    let hurt = column("card", &["411111111111", "411111111112", "411111111113", "4.11111E+11"]);
    assert_eq!(hurt.role, Role::Id);
    assert_eq!(argument(&hurt.warnings, "spreadsheet_numbers", "row"), "5");
    let sizes = column("size", &["3-4", "5-6", "7-8", "3-4", "2-Jan", "9-10"]);
    assert_eq!(argument(&sizes.warnings, "spreadsheet_dates", "count"), "1");
    assert!(!has(&column("day", &["2-Jan", "3-Jan", "4-Jan"]).warnings, "spreadsheet_dates"));

    for (yes, no) in
        [("ja", "nein"), ("oui", "non"), ("sí", "no"), ("да", "нет"), ("有", "无"), ("✓", "✗"), ("on", "off")]
    {
        let found = column("flag", &[no, yes, yes, no, yes]);
        assert_eq!(
            (found.value_type, found.role, found.missing),
            (ValueType::Boolean, Role::Category, 0),
            "{yes}"
        );
        assert_eq!(argument(std::slice::from_ref(&found.why), "yes_no", "yes"), yes);
    }
    assert_eq!(column("c", &["无", "上海", "北京"]).missing, 1, "beside other words it is a hole");
}

#[test]
fn encodings_reach_the_table() {
    let text = "姓名,电话,城市\n张三,138,上海\n李四,139,北京\n";
    let (gbk, _, _) = encoding_rs::GB18030.encode(text);
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), "UTF-8"),
        (gbk.into_owned(), "gb18030"),
        ([b"\xFE\xFF", big.as_slice()].concat(), "UTF-16BE"),
    ] {
        let table = plain(&bytes);
        assert_eq!((table.source.encoding.as_str(), names(&table)), (encoding, vec!["姓名", "电话", "城市"]));
    }
    let (japanese, _, _) = encoding_rs::SHIFT_JIS.encode("氏名,住所\n佐藤花子,東京都\n鈴木一郎,大阪府\n");
    assert_eq!(plain(&japanese).text("氏名").unwrap().get(1), Some("鈴木一郎"));
}

/// A fuzzed file of one line held 16,000 such names, and each was counted up from 2.
#[test]
fn thousands_of_equal_names_are_numbered_in_turn() {
    let given = vec!["sum".to_owned(); 50_000];
    let found = super::format::names(&given, &mut Vec::new());
    assert_eq!((found[0].as_str(), found[1].as_str()), ("sum", "sum (2)"));
    assert_eq!(found[49_999], "sum (50000)");
    let mixed = ["a (2)", "a", "a", "a", "a (2)"].map(str::to_owned);
    let found = super::format::names(&mixed, &mut Vec::new());
    assert_eq!(found, ["a (2)", "a", "a (3)", "a (4)", "a (2) (2)"]);
}
