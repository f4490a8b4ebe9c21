use std::sync::Arc;

use polars::prelude::{DataType, NamedFrom, Series, TimeUnit};
use proptest::prelude::*;

use super::*;
use crate::clean::frames::{column, frame as frame_of, spec};
use crate::job::Reporter;
use crate::table::{Frame, Role};

fn schema() -> Vec<ColumnSpec> {
    vec![
        spec("age", Role::Number),
        spec("orders", Role::Number),
        spec("city", Role::Category),
        spec("first order", Role::Date),
        spec("last", Role::Date),
        spec("年龄", Role::Number),
    ]
}

/// Three rows: the last one is missing throughout, the second in places.
fn frame() -> Frame {
    let ms = |day: &str| date::parse(day, Default::default()).unwrap();
    let dates = |name: &str, list: [Option<i64>; 3]| {
        Series::new(name.into(), list).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap().into()
    };
    frame_of(vec![
        column("age", &[Some(40.0), Some(-2.5), None]),
        column("orders", &[Some(8.0), Some(0.0), None]),
        column("city", &[Some("Lakeside"), Some("北京"), None]),
        dates("first order", [Some(ms("2024-02-28")), Some(ms("2024-01-01")), None]),
        dates("last", [Some(ms("2024-03-01")), None, None]),
        column("年龄", &[Some(40.0), Some(17.0), None]),
    ])
}

fn shown(text: &str) -> Vec<String> {
    let schema = schema();
    let (expr, kind) = compile(text, &schema).unwrap_or_else(|error| panic!("{text}: {error}"));
    let values = evaluate(&expr, kind, &schema, &frame(), &Reporter::silent()).unwrap();
    let show = |text: Option<String>| text.unwrap_or_else(|| "?".into());
    match values {
        Values::Number(list) => list.into_iter().map(|v| show(v.map(number))).collect(),
        Values::Text(list) => list.into_iter().map(|v| show(v.map(|v| v.into_owned()))).collect(),
        Values::Date(list) => list.into_iter().map(|v| show(v.map(date::format))).collect(),
        Values::Boolean(list) => list.into_iter().map(|v| show(v.map(|v| v.to_string()))).collect(),
    }
}

#[test]
fn values_by_hand() {
    for (text, wanted) in [
        ("age + orders * 2", ["56", "-2.5", "?"]),
        ("(age + orders) * 2", ["96", "-5", "?"]),
        ("10 - 4 - 3 + 0 * age", ["3", "3", "?"]),
        ("age / orders", ["5", "?", "?"]),
        ("age % 7", ["5", "-2.5", "?"]),
        ("-age * 2", ["-80", "5", "?"]),
        ("sqrt(age - 4)", ["6", "?", "?"]),
        ("abs(age)", ["40", "2.5", "?"]),
        ("round(age / 3)", ["13", "-1", "?"]),
        ("round(age / 3, 2)", ["13.33", "-0.83", "?"]),
        ("round(orders * 1234, -3)", ["10000", "0", "?"]),
        ("floor(age / 3)", ["13", "-1", "?"]),
        ("ceil(age / 3)", ["14", "-0", "?"]),
        ("exp(orders - orders)", ["1", "1", "?"]),
        ("log1p(orders) = ln(orders + 1)", ["true", "true", "?"]),
        ("min(age, orders, 5)", ["5", "-2.5", "?"]),
        ("max(age, orders)", ["40", "0", "?"]),
        ("coalesce(age, 0)", ["40", "-2.5", "0"]),
        ("if(age > 18, 'old', 'young')", ["old", "young", "?"]),
        ("lower(city)", ["lakeside", "北京", "?"]),
        ("upper(left(city, 2))", ["LA", "北京", "?"]),
        ("right(city, 4)", ["side", "北京", "?"]),
        ("left(city, -1)", ["", "", "?"]),
        ("substr(city, 2, 3)", ["ake", "京", "?"]),
        ("substr(city, 5)", ["side", "", "?"]),
        ("length(city)", ["8", "2", "?"]),
        ("trim(concat('  ', city, ' '))", ["Lakeside", "北京", "?"]),
        ("concat(city, '-', age, ' ', last)", ["Lakeside-40 2024-03-01", "?", "?"]),
        ("replace(city, 'a', 'AA')", ["LAAkeside", "北京", "?"]),
        ("replace(city, '', 'x')", ["Lakeside", "北京", "?"]),
        ("contains(city, 'side')", ["true", "false", "?"]),
        ("city starts_with 'La' or city not ends_with '京'", ["true", "false", "?"]),
        ("city in ('北京', 'Lakeside')", ["true", "true", "?"]),
        ("age in (1, orders, 40)", ["true", "false", "?"]),
        ("age not in (1, 2)", ["true", "true", "?"]),
        ("age between 0 and 120", ["true", "false", "?"]),
        ("age not between 0 and 120", ["false", "true", "?"]),
        ("last is missing", ["false", "true", "true"]),
        ("last is not missing", ["true", "false", "false"]),
        ("last >= [first order]", ["true", "?", "?"]),
        ("last - `first order`", ["2", "?", "?"]),
        ("days_between([first order], last)", ["2", "?", "?"]),
        ("[first order] + 1.5", ["2024-02-29 12:00:00", "2024-01-02 12:00:00", "?"]),
        ("[first order] - 1", ["2024-02-27", "2023-12-31", "?"]),
        ("[first order] + 1e300", ["?", "?", "?"]),
        ("[first order] < 2024-02-28", ["false", "true", "?"]),
        ("year(last) * 100 + month(last)", ["202403", "?", "?"]),
        // 28 February 2024 was a Wednesday, 1 January 2024 a Monday.
        ("weekday([first order]) * 100 + day([first order])", ["328", "101", "?"]),
        ("1e308 * 10 + 0 * age", ["?", "?", "?"]),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

/// The truth table of SQL: row three is missing.
#[test]
fn missing_is_neither_true_nor_false() {
    for (text, wanted) in [
        ("age > 0 and true", "?"),
        ("age > 0 and false", "false"),
        ("age > 0 or true", "true"),
        ("age > 0 or false", "?"),
        ("not age > 0", "?"),
        ("age = age", "?"),
        ("1 in (age, 1)", "true"),
        ("1 in (age, 2)", "?"),
        ("5 between age and 3", "false"),
        ("2 between age and 3", "?"),
    ] {
        assert_eq!(shown(text)[2], wanted, "{text}");
    }
}

#[test]
fn what_a_chinese_keyboard_writes() {
    for (text, wanted) in [
        ("年龄 ＞ 18 且 city ＝ “Lakeside”", ["true", "false", "?"]),
        ("年龄>18且city 不为空", ["true", "false", "false"]),
        ("年龄 介于18和60", ["true", "false", "?"]),
        ("年龄＞18或city 包含‘北’", ["true", "true", "?"]),
        ("非（年龄 ≥ 18）", ["false", "true", "?"]),
        ("city 不包含 '北'", ["true", "false", "?"]),
        ("【年龄】 不为空", ["true", "true", "false"]),
        ("max（年龄，20）", ["40", "20", "?"]),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let fail = |text: &str| compile(text, &schema()).expect_err(text);
    let column = |at, name: &str, nearest: Option<&str>| FormulaError::UnknownColumn {
        at,
        name: name.into(),
        nearest: nearest.map(str::to_owned),
    };
    assert_eq!(fail("age + ordres"), column(7, "ordres", Some("orders")));
    assert_eq!(fail("Age"), column(1, "Age", Some("age")));
    assert_eq!(fail("年龄 + [first ordre]"), column(6, "first ordre", Some("first order")));
    assert_eq!(fail("zzz"), column(1, "zzz", None));
    let unexpected =
        |at, found: &str, expected| FormulaError::Unexpected { at, found: found.into(), expected };
    assert_eq!(fail("age +"), unexpected(6, "", Wanted::Operand));
    assert_eq!(fail("age 5"), unexpected(5, "5", Wanted::Operator));
    assert_eq!(fail("(age"), unexpected(5, "", Wanted::Close));
    assert_eq!(fail("age between 1, 2"), unexpected(14, ",", Wanted::And));
    assert_eq!(fail("age is 5"), unexpected(8, "5", Wanted::Missing));
    assert_eq!(fail("age in 5"), unexpected(8, "5", Wanted::Open));
    assert_eq!(fail("年龄 § 5"), unexpected(4, "§", Wanted::Operator));
    assert_eq!(fail("and"), unexpected(1, "and", Wanted::Operand));
    assert_eq!(fail("age not = 5"), unexpected(9, "=", Wanted::Operator));
    assert_eq!(fail("  "), FormulaError::Empty);
    assert_eq!(fail("city = 'x"), FormulaError::Unclosed { at: 8, mark: '\'' });
    assert_eq!(fail("last > 2024-02-30"), FormulaError::BadValue { at: 8, text: "2024-02-30".into() });
    assert_eq!(fail("1e999"), FormulaError::BadValue { at: 1, text: "1e999".into() });
    assert_eq!(fail(&"1".repeat(2_001)), FormulaError::TooLong { limit: 2_000 });
    assert!(
        matches!(fail("rond(age)"), FormulaError::UnknownFunction { at: 1, nearest: Some(n), .. } if n == "round")
    );
    assert!(matches!(fail("if(true, 1)"), FormulaError::Arguments { at: 1, function: "if", .. }));
    let (number, text) = (Type::Number, Type::Text);
    assert_eq!(fail("age = 'x'"), FormulaError::Mismatch { at: 5, left: number, right: text });
    assert_eq!(fail("age < 1 < 2"), FormulaError::Mismatch { at: 9, left: Type::Boolean, right: number });
    assert_eq!(fail("abs(city)"), FormulaError::WrongType { at: 5, expected: number, found: text });
    assert_eq!(
        fail("if(age > 1, 1, 'x')"),
        FormulaError::WrongType { at: 16, expected: number, found: text }
    );
    assert_eq!(fail("not age"), FormulaError::WrongType { at: 5, expected: Type::Boolean, found: number });
    assert_eq!(fail("year(2024)"), FormulaError::WrongType { at: 6, expected: Type::Date, found: number });
}

#[test]
fn depth_is_bounded_on_every_way_down() {
    let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    assert!(parse(&deep("(", ")", 60)).is_ok());
    for (open, close) in [("(", ")"), ("-", ""), ("abs(", ")"), ("1 in (", ")")] {
        let text = deep(open, close, 70);
        assert!(matches!(parse(&text), Err(FormulaError::TooDeep { .. })), "{text}");
    }
    assert!(matches!(parse(&deep("not ", "", 70)), Err(FormulaError::TooDeep { .. })));
    assert!(parse(&["age"; 200].join(" + ")).is_ok());
    assert!(matches!(parse(&vec!["1"; 900].join("+")), Err(FormulaError::TooDeep { .. })));
}

#[test]
fn text_cannot_grow_without_end() {
    let grown = (0..10).fold("city".to_owned(), |inner, _| format!("replace({inner}, 'a', 'aaaaaaaaaa')"));
    assert_eq!(shown(&grown), ["?", "北京", "?"]);
}

#[test]
fn columns_are_read_from_text_where_no_step_has_done_so() {
    let raw = frame_of(vec![column("age", &[Some("1,200.5"), Some("x")])]);
    let (expr, kind) = compile("age * 2", &schema()).unwrap();
    let values = evaluate(&expr, kind, &schema(), &raw, &Reporter::silent()).unwrap();
    assert_eq!(values, Values::Number(vec![Some(2401.0), None]));
    let (expr, kind) = compile("orders is missing", &schema()).unwrap();
    let values = evaluate(&expr, kind, &schema(), &raw, &Reporter::silent()).unwrap();
    assert_eq!(values, Values::Boolean(vec![Some(true); 2]));
}

#[test]
fn one_row_alone_is_as_among_all() {
    let schema = schema();
    let (expr, kind) =
        compile("if(age between 0 and 120, concat(city, year(last)), upper(city))", &schema).unwrap();
    let long = frame().data.clone();
    let long = (0..12).fold(long, |all, _| all.vstack(&all).unwrap());
    let rows: Vec<u32> = (0..long.height() as u32).collect();
    let long = Frame { rows: Arc::new(rows), data: long };
    let Values::Text(all) = evaluate(&expr, kind, &schema, &long, &Reporter::silent()).unwrap() else {
        panic!()
    };
    assert_eq!(all.len(), 3 * 4096);
    for at in [0, 1, 2, 2047, 2048, 2049, 12_287] {
        let one = Frame { rows: Arc::new(vec![1]), data: long.data.slice(at as i64, 1) };
        let alone = evaluate(&expr, kind, &schema, &one, &Reporter::silent()).unwrap();
        assert_eq!(alone, Values::Text(vec![all[at].clone()]));
    }
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let of = |kind| Expr { kind, at: 0 };
    let leaf = prop_oneof![
        prop_oneof![(0.0..1e9f64).boxed(), (0u32..100).prop_map(f64::from).boxed(), Just(1e300).boxed()]
            .prop_map(Kind::Number),
        ".{0,8}".prop_map(Kind::Text),
        (-40_000i64..80_000).prop_map(|days| Kind::Date(days * 86_400_000)),
        any::<bool>().prop_map(Kind::Boolean),
        prop_oneof![
            ".{1,8}",
            "[a-z_]{1,6}",
            Just("不 in".to_owned()),
            Just("IN".to_owned()),
            "[且和非年]{1,3}"
        ]
        .prop_map(Kind::Column),
    ]
    .prop_map(of);
    leaf.prop_recursive(5, 40, 3, move |inner| {
        let ops = [
            Op::Or,
            Op::And,
            Op::Eq,
            Op::Ne,
            Op::Lt,
            Op::Le,
            Op::Gt,
            Op::Ge,
            Op::Add,
            Op::Sub,
            Op::Mul,
            Op::Div,
            Op::Rem,
        ];
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Kind::Negative),
            boxed().prop_map(Kind::Not),
            boxed().prop_map(Kind::IsMissing),
            (prop::sample::select(ops.to_vec()), boxed(), boxed())
                .prop_map(|(op, a, b)| Kind::Binary(op, a, b)),
            [inner.clone(), inner.clone(), inner.clone()].prop_map(|parts| Kind::Between(Box::new(parts))),
            (boxed(), prop::collection::vec(inner.clone(), 1..3)).prop_map(|(a, list)| Kind::In(a, list)),
            (prop::sample::select(Function::ALL.to_vec()), prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(function, parts)| Kind::Call(function, parts)),
        ]
        .prop_map(of)
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(expr in any_expr()) {
        let text = expr.to_string();
        if text.chars().count() <= 2_000 {
            prop_assert_eq!(parse(&text).map_err(|e| format!("{text}: {e}")), Ok(expr));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,40}") {
        let _ = compile(&text, &schema());
    }

    #[test]
    fn no_heap_of_its_own_words_makes_it_panic(words in prop::collection::vec(prop::sample::select(vec![
        "age", "city", "last", "[first order]", "年龄", "(", ")", ",", "+", "-", "%", "/", "=", "<", "not", "and", "且",
        "in", "is", "missing", "between", "介于", "不包含", "1", "2024-03-05", "2024-3", ".5", "1e", "'x'", "if(", "min(",
        "substr(", "replace(", "left(", "round(", "'", "[",
    ]), 0..14)) {
        for text in [words.join(" "), words.concat()] {
            if let Ok((expr, kind)) = compile(&text, &schema()) {
                let values = evaluate(&expr, kind, &schema(), &frame(), &Reporter::silent()).unwrap();
                prop_assert_eq!(values.missing().len(), 3);
            }
        }
    }
}
