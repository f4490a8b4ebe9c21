use super::*;
use crate::collect::relate::links;
use crate::collect::relate::testing::{public, ravelin, table};
use crate::collect::{ReadOptions, open};
use crate::job::Reporter;
use crate::table::{Dataset, Role, Table};
use proptest::prelude::*;

fn dataset(tables: Vec<Table>) -> Dataset {
    let links = links(&tables, &Reporter::silent()).unwrap();
    Dataset { tables, links }
}

fn proposed(data: &Dataset, choice: &Choice) -> Plan {
    plan(data, choice, &Reporter::silent()).unwrap()
}

fn combined(data: &Dataset, choice: &Choice) -> Table {
    run(data, &proposed(data, choice), &Reporter::silent()).unwrap()
}

/// A column's cells, `-` for missing.
fn cells(table: &Table, name: &str) -> Vec<String> {
    let text = table.text(name).unwrap_or_else(|| panic!("no {name} in {:?}", table.raw.get_column_names()));
    text.iter().map(|cell| cell.unwrap_or("-").to_owned()).collect()
}

fn total(table: &Table, name: &str) -> f64 {
    table.text(name).unwrap().iter().flatten().map(|cell| cell.parse::<f64>().unwrap()).sum()
}

/// The argument `count` of the warning `code` about `table`.
fn told(combined: &Table, code: &str, about: &str) -> Option<String> {
    let arg = |note: &crate::Note, name: &str| {
        note.args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    let note = combined
        .warnings
        .iter()
        .find(|note| note.code == code && arg(note, "table").as_deref() == Some(about))?;
    arg(note, "count").or(Some(String::new()))
}

/// Four customers and one saved twice, one without a number; orders with an orphan, a blank, and
/// money and dates as people write them.
fn shop() -> Dataset {
    dataset(vec![
        table(
            "customers",
            "customer_id,name,region\nK1,王芳,North\nK2,Bob,South\nK3,李雷,North\nK4,Dan,\nK5,Eve,West\nK6,Fay,West\n\
             K7,Gus,West\nK8,Hal,West\nK9,Ida,West\nK10,Jim,West\nK3,李雷,South\n,Nobody,North\n",
        ),
        table(
            "orders",
            "order_id,customer_id,order_date,amount,status\n\
             A1,K1,2024-03-05,\"1.200,50 €\",paid\n\
             A2, K1 ,5.4.2024,\"10,25\",paid\n\
             A3,K2,2024年2月1日,\"-3,50\",returned\n\
             A4,K3,13/02/2024,\"7\",paid\n\
             A5,K3,2024-02-14,\"7,1\",returned\n\
             A6,K99,2024-01-01,\"100,00\",paid\n\
             A7,,2024-01-01,\"50,00\",paid\n\
             A8,K1,2023-12-31,\"0,5\",open\n\
             A9,K2,2024-02-02,oops,paid\n\
             A10,K5,2024-02-02,\"2,5\",paid\n",
        ),
        table(
            "order_lines",
            "order_id,product_id,quantity\nA1,P1,2\nA1,P2,1\nA2,P1,5\nA3,P2,-1\nA8,P3,1\nA6,P1,9\nA77,P1,4\nA5,P3,2\nA5,P3,1\n",
        ),
        table("products", "product_id,category\nP1,tea\nP2,cups\nP3,tea\nP4,gifts\nP5,gifts\n"),
        table("regions", "region,manager\nNorth,Ann\nSouth,Ben\nWest,Cem\n"),
        table("weather", "day,rain\n2024-01-01,3\n2024-01-02,0\n"),
    ])
}

#[test]
fn one_row_per_customer_by_hand() {
    let data = shop();
    let out = combined(&data, &Choice::default());
    assert_eq!((out.height(), out.source.format, out.name.as_str()), (12, "combined", "customers"));
    assert_eq!(out.rows, data.tables[0].rows);
    assert_eq!(out.columns.len(), out.raw.width());
    assert_eq!(cells(&out, "customer_id"), cells(&data.tables[0], "customer_id"));
    // K1, K2, K3, K4 without orders … K3 again, and the customer without a number.
    let pick = |name: &str| {
        let all = cells(&out, name);
        [0, 1, 2, 3, 10, 11].map(|at: usize| all[at].clone())
    };
    assert_eq!(pick("orders: count"), ["3", "2", "2", "0", "2", "-"]);
    assert_eq!(pick("orders: sum of amount"), ["1211.25", "-3.5", "14.1", "0", "14.1", "-"]);
    assert_eq!(pick("orders: mean of amount"), ["403.75", "-3.5", "7.05", "-", "7.05", "-"]);
    assert_eq!(pick("orders: first date")[..4], ["2023-12-31", "2024-02-01", "2024-02-13", "-"]);
    assert_eq!(pick("orders: last date")[..4], ["2024-04-05", "2024-02-02", "2024-02-14", "-"]);
    // Of equals the first in the alphabet.
    assert_eq!(pick("orders: most frequent status"), ["paid", "paid", "paid", "-", "paid", "-"]);
    assert_eq!(pick("orders: share of most frequent status")[..3], ["0.666666666666667", "0.5", "0.5"]);
    // Lines reach the customer over the orders; products are looked up from the lines.
    assert_eq!(pick("order_lines: count"), ["4", "1", "2", "0", "2", "-"]);
    assert_eq!(pick("order_lines: sum of quantity"), ["9", "-1", "3", "0", "3", "-"]);
    assert_eq!(pick("order_lines: most frequent products.category")[..4], ["tea", "cups", "tea", "-"]);
    assert_eq!(pick("order_lines: different product_id"), ["3", "1", "1", "0", "1", "-"]);
    // A region belongs to a row, so a customer saved with two has both managers.
    assert_eq!(pick("regions: manager"), ["Ann", "Ben", "Ann", "-", "Ben", "Ann"]);

    assert_eq!(told(&out, "combined_orphans", "orders").as_deref(), Some("1"));
    assert_eq!(told(&out, "combined_without_key", "orders").as_deref(), Some("1"));
    // Of the lines, one names no order and one the order of nobody.
    assert_eq!(told(&out, "combined_orphans", "order_lines").as_deref(), Some("2"));
    assert_eq!(told(&out, "combined_unread", "orders").as_deref(), Some("1"));
    assert_eq!(told(&out, "combined_repeats", "customers").as_deref(), Some("1"));
    assert_eq!(told(&out, "combined_keyless", "customers").as_deref(), Some("1"));
    assert_eq!(told(&out, "apart_unlinked", "weather").as_deref(), Some(""));
    let sum = out.columns.iter().find(|column| column.name == "orders: sum of amount").unwrap();
    assert!(sum.role.is_numeric() && sum.missing == 1 && sum.bad == 0, "{sum:?}");
}

#[test]
fn a_person_may_switch_off_drop_and_choose() {
    let data = shop();
    let plan = proposed(&data, &Choice::default());
    let off = Choice {
        off: vec!["orders: count".into()],
        on: vec!["orders: largest amount".into()],
        ..Choice::default()
    };
    let out = combined(&data, &off);
    assert!(out.text("orders: count").is_none());
    assert_eq!(cells(&out, "orders: largest amount")[..2], ["1200.5", "-3.5"]);
    let link = data.links.iter().find(|link| link.from_column == "region").unwrap();
    let dropped = Choice { dropped: vec![Dropped::of(&data, link).unwrap()], ..Choice::default() };
    let without = proposed(&data, &dropped);
    assert!(!without.columns.iter().any(|column| column.name.starts_with("regions")));
    assert!(without.apart.contains(&Apart::Unlinked { table: "regions".into() }));
    // The plan goes into a project and comes back the same, and the same plan gives the same table.
    let day = chrono::NaiveDate::from_ymd_opt(2024, 3, 5);
    let dated = proposed(&data, &Choice { as_of: day, ..Choice::default() });
    let saved = serde_json::to_string(&dated).unwrap();
    assert!(saved.contains("\"2024-03-05\""));
    assert_eq!(serde_json::from_str::<Plan>(&saved).unwrap(), dated);
    let hash = |plan: &Plan| run(&data, plan, &Reporter::silent()).unwrap().source.hash;
    assert_eq!(hash(&plan), hash(&plan));
    assert_ne!(hash(&plan), hash(&dated));

    let by_product =
        Choice { customers: Some("orders".into()), key: Some("status".into()), ..Choice::default() };
    let out = combined(&data, &by_product);
    assert_eq!(cells(&out, "status"), ["paid", "returned", "open"]);
    assert_eq!(cells(&out, "orders: count"), ["7", "2", "1"]);

    let refused = |choice: Choice| super::plan(&data, &choice, &Reporter::silent()).unwrap_err().kind();
    let table = |name: &str| Choice { customers: Some(name.into()), ..Choice::default() };
    assert_eq!(refused(table("clients")), "combine_no_table");
    assert_eq!(refused(table("weather")), "combine_no_key");
    assert_eq!(refused(Choice { key: Some("x".into()), ..table("orders") }), "combine_no_column");
    let none = Dataset::default();
    let error = super::plan(&none, &Choice::default(), &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "combine_no_tables");
    let weather = dataset(vec![data.tables[5].clone()]);
    let error = super::plan(&weather, &Choice::default(), &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "combine_no_customers");
    // A plan meets data that no longer has its tables or columns.
    assert_eq!(run(&weather, &plan, &Reporter::silent()).unwrap_err().kind(), "combine_no_table");
    let mut poorer = data.clone();
    poorer.tables[1] = table_without(&data.tables[1], "amount");
    let error = run(&poorer, &plan, &Reporter::silent()).unwrap_err();
    assert_eq!((error.kind(), error.place().column.as_deref()), ("combine_no_column", Some("amount")));
}

fn table_without(table: &Table, column: &str) -> Table {
    let mut out = table.clone();
    out.raw = out.raw.drop(column).unwrap();
    out.columns.retain(|known| known.name != column);
    out
}

/// The rows of a table that `keep` wants, with the columns as they were read before.
fn kept(table: &Table, keep: impl Fn(usize) -> bool) -> Table {
    let mask: Vec<bool> = (0..table.height()).map(keep).collect();
    let mut out = table.clone();
    out.raw = out.raw.filter(&polars::prelude::BooleanChunked::from_iter(mask.iter().copied())).unwrap();
    let rows = table.rows.iter().zip(&mask).filter(|(_, keep)| **keep).map(|(row, _)| *row).collect();
    out.rows = std::sync::Arc::new(rows);
    out
}

#[test]
fn rows_after_the_last_day_change_nothing() {
    let data = dataset(vec![
        table("customers", "customer_id\nK1\nK2\nK3\n"),
        table(
            "orders",
            "order_id,customer_id,order_date,delivered,amount\nA1,K1,2024-01-05,2024-01-09,1.5\n\
             A2,K1,2024-02-01,2024-02-03,2.5\nA3,K2,2024-01-31,2024-02-05,4.5\nA4,K3,2024-03-01,2024-03-02,8.5\n\
             A5,K2,,2024-01-02,16.5\n",
        ),
        table("order_lines", "order_id,quantity\nA1,1\nA2,2\nA2,3\nA3,4\nA4,5\nA1,6\n"),
        table(
            "feedback",
            "customer_id,date,comment\nK1,2024-01-20,good tea\nK1,2024-02-20,bad tea\nK2,2024-01-02,fine\n",
        ),
    ]);
    let choice = Choice {
        as_of: chrono::NaiveDate::from_ymd_opt(2024, 1, 31),
        on: vec!["orders: last delivered".into()],
        ..Choice::default()
    };
    let plan = proposed(&data, &choice);
    let before = run(&data, &plan, &Reporter::silent()).unwrap();
    assert_eq!(cells(&before, "orders: count"), ["1", "1", "0"]);
    assert_eq!(cells(&before, "orders: sum of amount"), ["1.5", "4.5", "0"]);
    // Lines have no date of their own: their orders date them.
    assert_eq!(cells(&before, "order_lines: sum of quantity"), ["7", "4", "0"]);
    assert_eq!(cells(&before, "feedback: latest comment"), ["good tea", "fine", "-"]);
    assert_eq!(cells(&before, "orders: last delivered"), ["2024-01-09", "-", "-"]);
    assert_eq!(told(&before, "combined_later", "orders").as_deref(), Some("2"));
    assert_eq!(told(&before, "combined_undated", "orders").as_deref(), Some("1"));
    let mut cut = data.clone();
    cut.tables[1] = kept(&data.tables[1], |row| ![1, 3].contains(&row));
    cut.tables[2] = kept(&data.tables[2], |row| ![1, 2, 4].contains(&row));
    cut.tables[3] = kept(&data.tables[3], |row| row != 1);
    let after = run(&cut, &plan, &Reporter::silent()).unwrap();
    assert!(before.raw.equals_missing(&after.raw), "{}\n{}", before.raw, after.raw);
    // Without the last day, everything counts.
    let all = combined(&data, &Choice::default());
    assert_eq!(cells(&all, "orders: sum of amount"), ["4", "21", "8.5"]);
}

#[test]
fn orders_alone_name_the_customers() {
    let data = dataset(vec![
        table(
            "订单",
            "单号,客户编号,日期,金额,备注\nD1,甲,2024-01-02,10,好\nD2,乙,2024-01-03,20,快\nD3,甲,2024-01-05,5,慢\nD4,,2024-01-06,7,无\n",
        ),
        table("visits", "客户编号,page\n甲,home\n丙,home\n甲,cart\n丙,cart\n甲,cart\n乙,cart\n乙,home\n"),
    ]);
    let out = combined(&data, &Choice::default());
    assert_eq!(cells(&out, "客户编号"), ["甲", "乙"]);
    assert_eq!(*out.rows, [2, 3], "the first row of each");
    assert_eq!(cells(&out, "订单: count"), ["2", "1"]);
    assert_eq!(cells(&out, "订单: sum of 金额"), ["15", "20"]);
    assert_eq!(cells(&out, "visits: count"), ["3", "2"]);
    assert_eq!(cells(&out, "visits: most frequent page"), ["cart", "cart"]);
    assert_eq!(told(&out, "combined_orphans", "visits").as_deref(), Some("2"));
    assert_eq!(told(&out, "combined_without_key", "订单").as_deref(), Some("1"));
    // Known only later: with a last day, a customer without earlier orders is not there yet.
    let choice = Choice { as_of: chrono::NaiveDate::from_ymd_opt(2024, 1, 2), ..Choice::default() };
    assert_eq!(cells(&combined(&data, &choice), "客户编号"), ["甲"]);
}

#[test]
fn many_to_many_is_refused_with_its_numbers() {
    let data = dataset(vec![
        table("customers", "customer_id,city\nC1,A\nC2,B\nC3,C\n"),
        table("orders", "customer_id,product_id,amount\nC1,P1,1\nC1,P2,2\nC2,P1,3\nC3,P1,4\nC9,P2,5\n"),
        table("suppliers", "product_id,supplier\nP1,x\nP1,y\nP2,x\nP2,y\n"),
        table("shops", "city,rent\nZ,5\n"),
    ]);
    let plan = proposed(&data, &Choice::default());
    let refused = Apart::ManyToMany {
        table: "suppliers".into(),
        other: "orders".into(),
        rows: 4,
        other_rows: 5,
        joined: 10,
        example: "P1".into(),
    };
    assert_eq!(plan.apart, [refused, Apart::Unlinked { table: "shops".into() }]);
    // Reviews of a product are no customer's.
    let data = dataset(vec![
        table("customers", "customer_id\nC1\nC2\nC3\n"),
        table("orders", "customer_id,product_id\nC1,P1\nC1,P2\nC2,P1\n"),
        table("products", "product_id,price\nP1,1\nP2,2\n"),
        table("stock counts", "product_id,found\nP1,3\nP1,2\nP2,9\n"),
    ]);
    let plan = proposed(&data, &Choice::default());
    assert_eq!(plan.apart, [Apart::Shared { table: "stock counts".into(), of: "products".into() }]);
}

#[test]
fn a_table_with_one_row_per_customer_is_joined_as_it_stands() {
    // One customer is saved twice: that makes no list of the loyalty cards.
    let data = dataset(vec![
        table("customers", "id,orders: count\nK1,x\nK2,y\nK3,z\nK4,x\nK5,x\nK6,x\nK7,y\nK9,y\nK10,y\nK3,x\n"),
        table(
            "loyalty",
            "customer_id,points,since,churned\nK3,\"1,5\",5.1.2024,no\nK1,\"2,25\",2024-01-06,yes\n\
             K8,\"4,5\",2024-01-06,no\nK4,\"1,25\",?,no\n",
        ),
        table("orders", "customer_id,rating,churned\nK1,4,no\nK1,5,no\nK2,2,yes\n"),
    ]);
    let out = combined(&data, &Choice::default());
    assert_eq!(cells(&out, "loyalty: points")[..4], ["2.25", "-", "1.5", "1.25"]);
    assert_eq!(cells(&out, "loyalty: since")[..4], ["2024-01-06", "-", "2024-01-05", "-"]);
    assert_eq!(cells(&out, "orders: count")[..3], ["x", "y", "z"], "the customers' own column stays");
    assert_eq!(cells(&out, "orders: count (2)")[..3], ["2", "1", "0"]);
    assert_eq!(cells(&out, "orders: mean of rating")[..3], ["4.5", "2", "-"]);
    assert!(out.text("orders: sum of rating").is_none());
    // What was joined keeps what it is; what was counted is a number, whatever its name.
    let role = |name: &str| out.columns.iter().find(|column| column.name == name).unwrap().role;
    assert_eq!(role("loyalty: churned"), Role::Target);
    assert_eq!(role("orders: most frequent churned"), Role::Category);
    assert_eq!(role("orders: count (2)"), Role::Number);
}

#[test]
fn numbers_that_are_names_are_not_added_up() {
    let data = dataset(vec![
        table("customers", "customer_id\nK1\nK2\nK3\n"),
        table(
            "orders",
            "order_id,customer_id,shop_id,order_status,table_name,pieces,unit price,timestamp\n\
             A1,K1,7,0,11,1,2.5,881250949\nA2,K1,7,1,12,2,3.5,881250950\nA3,K2,8,1,12,3,4.5,881250999\n",
        ),
    ]);
    let plan = proposed(&data, &Choice::default());
    let summed: Vec<&str> = plan
        .columns
        .iter()
        .filter(|planned| planned.function == Function::Sum)
        .filter_map(|planned| planned.column.as_deref())
        .collect();
    assert_eq!(summed, ["pieces"]);
    let out = run(&data, &plan, &Reporter::silent()).unwrap();
    assert_eq!(cells(&out, "orders: most frequent order_status"), ["0", "1", "-"]);
    assert_eq!(cells(&out, "orders: mean of unit price"), ["3", "4.5", "-"]);
}

#[test]
fn cancel_stops() {
    let mut job = crate::job::Job::start(
        || (),
        |report| {
            let data = shop();
            let plan = proposed(&data, &Choice::default());
            while report.check().is_ok() {
                std::thread::yield_now();
            }
            run(&data, &plan, report)
        },
    );
    job.cancel();
    let result = loop {
        match job.poll() {
            crate::job::Poll::Done(result) => break result,
            crate::job::Poll::Lost => panic!("the worker died"),
            crate::job::Poll::Running => std::thread::yield_now(),
        }
    };
    assert!(matches!(result, Err(crate::Error::Cancelled)));
}

#[test]
fn numbers_are_shown_plainly() {
    for (value, text) in
        [(0.1 + 0.2, "0.3"), (-0.0, "0"), (1e15 + 1.0, "1000000000000001"), (1.0 / 3.0, "0.333333333333333")]
    {
        assert_eq!(super::aggregate::show(value).as_deref(), Some(text));
    }
    assert_eq!(super::aggregate::show(f64::INFINITY), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// What the customers have and what found no customer add up to the source.
    #[test]
    fn sums_and_counts_reconcile(
        orders in proptest::collection::vec((0u32..14, -5000i64..5000), 1..120),
        customers in 3u32..10,
    ) {
        let list: String = (0..customers).map(|n| format!("K{n}\n")).collect();
        let rows: String = orders
            .iter()
            .map(|(who, cents)| match who {
                13 => format!(",{}\n", *cents as f64 / 100.0),
                who => format!("K{who},{}\n", *cents as f64 / 100.0),
            })
            .collect();
        let tables =
            vec![table("customers", &format!("customer_id\n{list}")), table("orders", &format!("customer_id,amount\n{rows}"))];
        let link = crate::table::Link {
            from: 1,
            from_column: "customer_id".into(),
            to: 0,
            to_column: "customer_id".into(),
            cardinality: crate::table::Cardinality::ManyToOne,
            overlap: 1.0,
            orphans: 0,
            blank: 0,
            duplicates: 0,
            childless: 0,
            why: crate::Note::new("link_named"),
        };
        let mut data = Dataset { tables, links: vec![link] };
        // A column of equal amounts is taken for a constant otherwise.
        crate::collect::set_role(&mut data.tables[1], "amount", Role::Money).unwrap();
        let out = combined(&data, &Choice::default());
        let lost: Vec<i64> = orders.iter().filter(|(who, _)| *who >= customers).map(|(_, cents)| *cents).collect();
        let all: i64 = orders.iter().map(|(_, cents)| cents).sum();
        let lost_sum = lost.iter().sum::<i64>() as f64 / 100.0;
        prop_assert_eq!(out.height(), customers as usize);
        prop_assert!((total(&out, "orders: sum of amount") + lost_sum - all as f64 / 100.0).abs() < 1e-6);
        prop_assert_eq!(total(&out, "orders: count") as usize + lost.len(), orders.len());
        let of = |code| told(&out, code, "orders").map_or(0, |n| n.parse::<usize>().unwrap());
        prop_assert_eq!(of("combined_orphans") + of("combined_without_key"), lost.len());
    }
}

#[test]
fn public_tables_become_one_row_per_customer() {
    let Some(info) = public("chinese-restaurant-orders/meal_order_info.csv") else { return };
    let read = |path: &std::path::Path| open(path, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let detail = public("chinese-restaurant-orders/meal_order_detail.csv").unwrap();
    let data = dataset(vec![read(&info), read(&detail)]);
    assert_eq!((data.tables[0].height(), data.tables[1].height()), (945, 10_037));
    // 551 different telephones; every order and every dish belongs to one.
    let out = combined(&data, &Choice::default());
    assert_eq!(out.height(), 551);
    assert_eq!(out.columns[0].name, "phone");
    assert_eq!(total(&out, "meal_order_info: count"), 945.0);
    assert_eq!(total(&out, "meal_order_detail: count"), 10_037.0);

    let data = dataset(ravelin().unwrap());
    let out = combined(&data, &Choice::default());
    assert_eq!(out.height(), 168);
    assert_eq!(total(&out, "orders: count"), 478.0);
    assert_eq!(total(&out, "paymentMethods: count"), 342.0);
    assert_eq!(total(&out, "transactions: count"), 623.0);
    assert_eq!(cells(&out, "orders: count").iter().filter(|n| *n == "0").count(), 27);
    assert_eq!(cells(&out, "orders: sum of orderAmount")[0], "44");

    let text = std::fs::read_to_string(public("cdnow/CDNOW_master.txt").unwrap()).unwrap();
    let lines: Vec<String> =
        text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(",")).collect();
    let data = dataset(vec![table("CDNOW_master", &lines.join("\n"))]);
    let out = combined(&data, &Choice::default());
    assert_eq!(out.height(), 23_570);
    assert_eq!(total(&out, "CDNOW_master: count"), 69_659.0);
    assert_eq!(cells(&out, "CDNOW_master: first date")[0], "1997-01-01");
}

#[test]
fn nested_lists_are_counted_per_customer() {
    let Some(path) = public("json-nested/ravelin_customers.jsonl") else { return };
    let tables = crate::collect::tables(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let data = dataset(tables);
    let to_customers = |list: &str| {
        data.links.iter().any(|link| {
            data.tables[link.from].name == list
                && link.to == 0
                && link.to_column == "row"
                && link.orphans == 0
        })
    };
    assert!(["orders", "paymentMethods", "transactions"].into_iter().all(to_customers), "{:?}", data.links);
    let plan = proposed(&data, &Choice::default());
    assert_eq!((plan.customers.name.as_str(), plan.key.as_str()), ("ravelin_customers", "row"));
    let out = run(&data, &plan, &Reporter::silent()).unwrap();
    assert_eq!(out.height(), 168);
    for (name, sum) in [("orders", 478.0), ("paymentMethods", 342.0), ("transactions", 623.0)] {
        assert_eq!(total(&out, &format!("{name}: count")), sum);
    }
    assert_eq!(cells(&out, "orders: count").iter().filter(|count| *count == "0").count(), 27);
    assert_eq!(cells(&out, "paymentMethods: count").iter().filter(|count| *count == "0").count(), 12);
}

#[test]
fn money_of_several_currencies_is_not_added_up() {
    let data = dataset(vec![
        table("customers", "customer_id,region\nK1,North\nK2,South\nK3,West\n"),
        table(
            "orders_2026-07",
            "order_id,customer_id,amount,currency,pieces\nA1,K1,10.50,EUR,1\nA2,K1,20.25,USD,2\nA3,K2,5.75,EUR,3\nA4,K3,6.25,EUR,4\n",
        ),
    ]);
    let out = combined(&data, &Choice::default());
    assert!(out.text("orders: sum of amount").is_none() && out.text("orders: mean of amount").is_none());
    assert!(out.text("orders: sum of pieces").is_some());
    assert_eq!(told(&out, "combined_currencies_left", "orders_2026-07").as_deref(), Some("2"));
    let wanted = Choice { on: vec!["orders: sum of amount".into()], ..Choice::default() };
    let out = combined(&data, &wanted);
    assert_eq!(cells(&out, "orders: sum of amount")[0], "30.75");
    assert_eq!(told(&out, "combined_currencies", "orders_2026-07").as_deref(), Some("2"));
}
