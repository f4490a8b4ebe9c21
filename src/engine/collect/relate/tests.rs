use super::testing::{built, public, ravelin, table};
use super::*;
use crate::collect::{ReadOptions, open};

fn found(tables: &[Table]) -> Vec<String> {
    links(tables, &Reporter::silent())
        .unwrap()
        .into_iter()
        .map(|l| {
            let (from, to) = (&tables[l.from].name, &tables[l.to].name);
            format!("{from}.{} -> {to}.{} {:?}", l.from_column, l.to_column, l.cardinality)
        })
        .collect()
}

fn kinds(tables: &[Table]) -> Vec<TableKind> {
    tables.iter().map(|table| kind(table).0).collect()
}

fn numbered(name: &str, columns: &[(&str, &dyn Fn(usize) -> String)], rows: usize) -> Table {
    let header: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rows: Vec<Vec<Option<String>>> =
        (1..=rows).map(|n| columns.iter().map(|(_, of)| Some(of(n))).collect()).collect();
    built(name, &header, &rows)
}

#[test]
fn orphans_blanks_duplicates_and_childless_are_counted() {
    let customers =
        table("customers", "CustomerID,city\n1,A\n2,B\n3,C\n3,C\n4,D\n5,E\n6,F\n7,G\n8,H\n9,I\n,J\n");
    let orders = table("orders", "order_id,customer id\nA1,1\nA2,1.0\nA3, 3 \nA4,99\nA5,\nA6,N/A\nA7,03\n");
    let links = links(&[customers, orders], &Reporter::silent()).unwrap();
    assert_eq!(links.len(), 1);
    let link = &links[0];
    assert_eq!((link.from, link.to, link.cardinality), (1, 0, Cardinality::ManyToOne));
    assert_eq!((link.from_column.as_str(), link.to_column.as_str()), ("customer id", "CustomerID"));
    // Keys of the orders: 1, 3, 99 and 03, which is not 3. Two of four are customers.
    assert_eq!(link.overlap, 0.5);
    assert_eq!((link.orphans, link.blank, link.duplicates), (2, 2, 1));
    // 2, 4 to 9, and the customer without a key.
    assert_eq!(link.childless, 8);
    assert_eq!(link.why.code, "link_named");
    assert!(link.why.args.contains(&("percent", "50".into())), "{:?}", link.why);
}

#[test]
fn names_without_shared_values_and_values_without_names_link_nothing() {
    let customers = numbered("customers", &[("customer_id", &|n| n.to_string())], 40);
    let strangers = numbered("orders", &[("customer_id", &|n| (n + 1000).to_string())], 40);
    assert_eq!(found(&[customers.clone(), strangers]), [""; 0], "no value is shared");
    // Row numbers, ages and ratings have one range and mean different things.
    let events = numbered(
        "events",
        &[
            ("id", &|n| n.to_string()),
            ("rating", &|n| (n % 5 + 1).to_string()),
            ("row no", &|n| n.to_string()),
        ],
        40,
    );
    let products = numbered(
        "products",
        &[
            ("id", &|n| n.to_string()),
            ("rating", &|n| (n % 5 + 1).to_string()),
            ("row no", &|n| n.to_string()),
        ],
        40,
    );
    assert_eq!(found(&[customers.clone(), events, products]), [""; 0]);
    // The number of orders of a customer is no order's number.
    let counted =
        numbered("customers", &[("customer_id", &|n| format!("C{n}")), ("orders", &|n| n.to_string())], 40);
    let orders = numbered("orders", &[("order_id", &|n| n.to_string())], 400);
    assert_eq!(found(&[counted, orders]), [""; 0]);
    // Without a name, values that no counter writes do link.
    let coded = numbered("a", &[("file ref", &|n| format!("K-{n:03}")), ("x", &|n| (n % 3).to_string())], 40);
    let many = numbered("b", &[("belongs to id", &|n| format!("K-{:03}", n % 30 + 1))], 90);
    assert_eq!(found(&[coded, many]), ["b.belongs to id -> a.file ref ManyToOne"]);
}

#[test]
fn tables_of_one_parent_are_linked_by_it_only() {
    let customers = numbered("客户", &[("客户编号", &|n| format!("K{n:03}"))], 30);
    let orders = numbered(
        "订单",
        &[("单号", &|n| format!("D{n}")), ("客户编号", &|n| format!("K{:03}", n % 30 + 1))],
        90,
    );
    let reviews =
        numbered("评价", &[("客户编号", &|n| format!("K{n:03}")), ("评价", &|n| format!("很好 {n}"))], 20);
    let tables = [orders, customers, reviews];
    assert_eq!(
        found(&tables),
        ["订单.客户编号 -> 客户.客户编号 ManyToOne", "评价.客户编号 -> 客户.客户编号 OneToOne"]
    );
    assert_eq!(kinds(&tables), [TableKind::Orders, TableKind::Customers, TableKind::Feedback]);
    // Without the customers, both speak of the same people.
    let [orders, _, reviews] = tables;
    assert_eq!(found(&[orders.clone(), reviews]), ["订单.客户编号 -> 评价.客户编号 ManyToOne"]);
    let visits = numbered("visits", &[("customer_id", &|n| format!("K{:03}", n % 30 + 1))], 60);
    assert_eq!(found(&[visits, orders]), ["订单.客户编号 -> visits.customer_id ManyToMany"]);
}

#[test]
fn products_and_regions_are_looked_up_by_name() {
    let lines = table(
        "order_lines",
        "order_id,product,quantity\n1,green tea,1\n1,oolong tea,2\n2,green tea,1\n2,honey,1\n3,honey,4\n",
    );
    let products =
        table("products", "name,category\ngreen tea,tea\noolong tea,tea\nhoney,food\nteapot,things\n");
    assert_eq!(found(&[lines.clone(), products]), ["order_lines.product -> products.name ManyToOne"]);
    let customers = table("customers", "id,region\nA7,North\nA8,South\nA9,North\nB1,West\n");
    let regions = table("regions", "region,manager\nNorth,Ann\nSouth,Bob\nWest,Cem\n");
    assert_eq!(found(&[customers, regions, lines]), ["customers.region -> regions.region ManyToOne"]);
}

#[test]
fn cancel_stops_and_empty_input_is_empty() {
    assert!(found(&[]).is_empty());
    assert!(found(&[table("customers", "customer_id,x\n")]).is_empty());
    let mut job = crate::job::Job::start(
        || (),
        |report| {
            while report.check().is_ok() {
                std::thread::yield_now();
            }
            links(
                &[table("customers", "customer_id\na\nb\n"), table("orders", "customer_id\na\na\n")],
                report,
            )
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
fn the_sample_shop_hangs_together() {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::sample::write(folder.path(), 200, 7).unwrap();
    let tables: Vec<Table> =
        files.iter().map(|file| open(file, &ReadOptions::default(), &Reporter::silent()).unwrap()).collect();
    let mut links = found(&tables);
    links.retain(|link| !link.contains("products"));
    let expected = |name: &str| format!("{name}.customer_id -> customers.customer_id ManyToOne");
    assert_eq!(links, [expected("orders"), expected("events"), expected("feedback")]);
    use TableKind::{Customers, Events, Feedback, Orders};
    assert_eq!(kinds(&tables)[..4], [Customers, Orders, Events, Feedback]);
}

#[test]
fn public_tables_hang_together() {
    let opened = |files: &[&str]| -> Option<Vec<Table>> {
        let read =
            |path: std::path::PathBuf| open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
        files.iter().map(|file| public(file).map(read)).collect()
    };
    let Some(restaurant) = opened(&[
        "chinese-restaurant-orders/meal_order_info.csv",
        "chinese-restaurant-orders/meal_order_detail.csv",
    ]) else {
        return;
    };
    assert_eq!(found(&restaurant), ["meal_order_detail.order_id -> meal_order_info.info_id ManyToOne"]);
    assert_eq!(kinds(&restaurant), [TableKind::Orders, TableKind::OrderLines]);
    let link = &links(&restaurant, &Reporter::silent()).unwrap()[0];
    // Three of the 945 orders have no dishes.
    assert_eq!((link.childless, link.duplicates, link.blank), (3, 0, 0));

    let movies = opened(&[
        "movielens-100k-recbole/ml-100k.inter",
        "movielens-100k-recbole/ml-100k.item",
        "movielens-100k-recbole/ml-100k.user",
    ])
    .unwrap();
    assert_eq!(
        found(&movies),
        [
            "ml-100k.item_id:token -> ml-100k.item_id:token ManyToOne",
            "ml-100k.user_id:token -> ml-100k.user_id:token ManyToOne"
        ]
    );
    let links = links(&movies, &Reporter::silent()).unwrap();
    assert_eq!(links.iter().map(|l| (l.from, l.to, l.orphans)).collect::<Vec<_>>(), [(0, 1, 0), (0, 2, 0)]);
    assert_eq!(kinds(&movies), [TableKind::Events, TableKind::Products, TableKind::Customers]);

    // The sample writes 0001 and the summary 1: zeros in front count, so those rows stay orphans.
    let mut cdnow = opened(&["cdnow/cdnow_customers_summary.csv"]).unwrap();
    let text = std::fs::read_to_string(public("cdnow/CDNOW_sample.txt").unwrap()).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let padded = lines.iter().filter(|fields| fields[1].starts_with('0')).count() as u64;
    let rows: Vec<String> = lines.iter().map(|fields| fields.join(",")).collect();
    cdnow.push(table("orders", &format!("master id,customer id,date,cds,value\n{}", rows.join("\n"))));
    assert_eq!(found(&cdnow), ["orders.customer id -> cdnow_customers_summary.ID ManyToOne"]);
    let link = &super::links(&cdnow, &Reporter::silent()).unwrap()[0];
    assert!(padded > 2000 && link.orphans == padded, "{padded} {link:?}");

    let ravelin = ravelin().unwrap();
    assert_eq!(
        found(&ravelin),
        [
            "orders.customers id -> customers.customers id ManyToOne",
            "paymentMethods.customers id -> customers.customers id ManyToOne",
            "transactions.customers id -> customers.customers id ManyToOne",
            "transactions.orderId -> orders.orderId ManyToOne",
            "transactions.paymentMethodId -> paymentMethods.paymentMethodId ManyToOne",
        ]
    );
}
