mod ahead;
mod history;
mod kept;
mod speed;
mod truth;

use proptest::prelude::*;

use super::build::values;
use super::*;
use crate::collect::combine::{Choice, Plan, plan};
use crate::collect::relate::links;
use crate::collect::relate::testing::table;
use crate::job::Reporter;
use crate::split::{Side, SplitSpec};
use crate::table::{Dataset, Table};

fn dataset(tables: Vec<Table>) -> (Dataset, Plan) {
    let links = links(&tables, &Reporter::silent()).unwrap();
    let data = Dataset { tables, links };
    let plan = plan(&data, &Choice::default(), &Reporter::silent()).unwrap();
    (data, plan)
}

fn books(tables: Vec<Table>) -> Read {
    let (data, plan) = dataset(tables);
    super::read(&data, &plan, None, &Reporter::silent()).unwrap()
}

fn day(text: &str) -> Day {
    to_day(text.parse().unwrap())
}

/// Fitted on every customer, everything kept.
fn fitted(read: &Read, question: &Question, until: Day) -> FittedBehaviour {
    let all = vec![true; read.books.customers];
    let mut fitted = FittedBehaviour::fit(question, &read.books, &all, until);
    fitted.kept = fitted.features().into_iter().map(|feature| feature.name).collect();
    fitted
}

fn at(read: &Read, until: Day) -> Behaviour {
    let question = Question { look_back_days: 10_000, ..Question::default() };
    apply(read, &fitted(read, &question, until), until, &Reporter::silent()).unwrap()
}

/// The value of a feature for a customer by its number.
fn value(behaviour: &Behaviour, name: &str, customer: u32) -> f64 {
    let row = behaviour.customer.iter().position(|c| *c == customer).unwrap();
    let known = || behaviour.features.iter().map(|f| f.name.as_str()).collect::<Vec<_>>();
    behaviour.named(name).unwrap_or_else(|| panic!("no {name} in {:?}", known()))[row]
}

/// Two customers with lines, returns, discounts, visits and opinions; a third never bought; the orders of
/// K1 are on 1, 11 and 31 January and 1 April.
fn shop() -> Vec<Table> {
    let mut customers = String::from("customer_id,city\n");
    (1..=9).for_each(|n| customers += &format!("K{n},{}\n", ["Bern", "Rome", "Oslo"][n % 3]));
    vec![
        table("customers", &customers),
        table(
            "orders",
            "order_id,customer_id,order_date,product,category,channel,quantity,amount,discount\n\
             A1,K1,2024-01-01 10:00,tea,drinks,web,2,20.00,0\n\
             A1,K1,2024-01-01 10:00,cup,ware,web,1,10.00,0\n\
             A2,K1,2024-01-11 10:00,tea,drinks,shop,1,10.00,1\n\
             A3,K1,2024-01-31 22:00,pot,ware,web,1,60.00,0\n\
             A3,K1,2024-01-31 22:00,tea,drinks,web,-1,-10.00,0\n\
             A9,K1,2024-04-01 09:00,tea,drinks,web,9,900.00,0\n\
             A4,K2,2024-01-20 12:00,tea,drinks,shop,1,5.50,0\n\
             A5,K2,2024-01-20 18:00,gift,ware,shop,1,0.00,0\n\
             A6,K4,2024-03-30 12:00,tea,drinks,shop,4,44.00,0\n",
        ),
        table(
            "events",
            "customer_id,time,page\n\
             K1,2024-01-30 10:00:00,home\nK1,2024-01-30 10:20:00,cart\nK1,2024-01-30 10:50:01,home\n\
             K1,2024-01-31 09:00:00,home\nK2,2024-01-02 09:00:00,cart\nK1,2024-03-01 09:00:00,cart\n",
        ),
        table(
            "feedback",
            "customer_id,date,rating,comment\nK1,2024-01-05,5,very good tea and fast\n\
             K1,2024-01-25,2,the cup came broken today\nK1,2024-03-05,1,never again will I buy here\n\
             K2,2024-03-05,4,all is well with the order\n",
        ),
    ]
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9 || a.is_nan() && b.is_nan()
}

#[test]
fn features_by_hand() {
    let read = books(shop());
    let b = at(&read, day("2024-02-01"));
    // K3 never bought, K4 only later: neither is there.
    assert_eq!(b.customer, [0, 1]);
    for (name, one, two) in [
        // The cut-off day itself is the first day of silence: 31 January is 2 days, 1 January 32 days back.
        ("orders: days since last", 2.0, 13.0),
        // What was free is no purchase.
        ("orders: count", 3.0, 1.0),
        ("orders: purchase days", 3.0, 1.0),
        ("orders: days since first", 32.0, 13.0),
        ("orders: mean gap", 15.0, f64::NAN),
        ("orders: median gap", 15.0, f64::NAN),
        // √(((10 − 15)² + (20 − 15)²) / 1)
        ("orders: gap spread", 50f64.sqrt(), f64::NAN),
        ("orders: last gap to mean", 20.0 / 15.0, f64::NAN),
        ("orders: gap trend", 10.0, f64::NAN),
        ("orders: silence to mean gap", 2.0 / 15.0, f64::NAN),
        ("orders: last 7 days", 1.0, 0.0),
        ("orders: last 30 days", 2.0, 1.0),
        ("orders: last 90 days", 3.0, 1.0),
        ("orders: trend 7 days", 1.0, -1.0),
        // One order before the last thirty days, two within: (2 − 1) / 3.
        ("orders: trend 30 days", 1.0 / 3.0, 1.0),
        ("orders: weekend share", 0.0, 1.0),
        ("spent: sum", 100.0, 5.5),
        ("spent: mean order", 100.0 / 3.0, 5.5),
        ("spent: last order", 60.0, 5.5),
        ("spent: last 7 days", 60.0, 0.0),
        ("spent: last 30 days", 70.0, 5.5),
        ("spent: trend 30 days", 40.0 / 100.0, 1.0),
        ("returns: count", 1.0, 0.0),
        ("returns: share of rows", 0.2, 0.0),
        ("returns: value", 10.0, 0.0),
        ("discounts: share of rows", 0.25, 0.0),
        ("basket: rows per order", 4.0 / 3.0, 1.0),
        ("basket: pieces per order", 5.0 / 3.0, 1.0),
        ("products: distinct", 3.0, 1.0),
        // tea, tea, cup, pot.
        ("products: diversity", 1.5 * 2f64.ln(), 0.0),
        ("products: share of repeats", 0.25, 0.0),
        ("category: diversity", 2f64.ln(), 0.0),
        ("category: share of drinks", 0.5, 1.0),
        ("category: share of ware", 0.5, 0.0),
        ("channel: share of web", 0.75, 0.0),
        ("channel: share of shop", 0.25, 1.0),
        ("events: count", 4.0, 1.0),
        ("events: days since last", 2.0, 31.0),
        // 10:20 to 10:50:01 is one second over the half hour.
        ("events: sessions", 3.0, 1.0),
        ("events: events per session", 4.0 / 3.0, 1.0),
        ("events: last 7 days", 4.0, 0.0),
        ("events: trend 30 days", 1.0, -1.0),
        ("events: share of home", 0.75, 0.0),
        ("events: share of cart", 0.25, 1.0),
        ("feedback: count", 2.0, 0.0),
        ("feedback: days since last", 8.0, f64::NAN),
        ("feedback: mean rating", 3.5, f64::NAN),
        ("feedback: last rating", 2.0, f64::NAN),
    ] {
        let found = (value(&b, name, 0), value(&b, name, 1));
        assert!(close(found.0, one) && close(found.1, two), "{name}: {found:?} for {:?}", (one, two));
    }
    // 10:00, 10:00, 10:00 and 22:00 lie on one line through the clock's middle: 150° and 330°.
    let (sin, cos) = (value(&b, "orders: hour sin", 0), value(&b, "orders: hour cos", 0));
    assert!(close(sin, 0.25) && close(cos, -(0.75f64.sqrt()) / 2.0), "{sin} {cos}");
}

#[test]
fn what_has_not_begun_is_not_known() {
    let read = books(shop());
    let b = at(&read, day("2024-01-01"));
    assert!(value(&b, "events: count", 0).is_nan() && value(&b, "events: sessions", 0).is_nan());
    assert!(value(&b, "feedback: count", 0).is_nan());
    let b = at(&read, day("2024-01-03"));
    assert_eq!(value(&b, "events: count", 0), 0.0);
}

#[test]
fn labels_by_silence_and_by_the_own_rhythm() {
    let read = books(shop());
    let books = &read.books;
    assert_eq!(to_date(books.last_day()).to_string(), "2024-04-01");
    let silence = |days| Question { horizon_days: days, ..Question::default() };
    let asked = day("2024-02-01");
    // The 60th day after 1 February is 1 April, on which K1 buys.
    assert_eq!(label(books, &silence(60), 0, asked), Some(false));
    assert_eq!(label(books, &silence(59), 0, asked), Some(true));
    assert_eq!(label(books, &silence(59), 1, asked), Some(true));
    assert_eq!(label(books, &silence(61), 0, asked), None, "the data end before");
    // A purchase on the cut-off day is history.
    assert_eq!(label(books, &silence(10), 0, day("2024-01-11")), Some(true));
    assert_eq!(next_purchase(books, 0, day("2024-01-11")), Some(day("2024-01-31")));
    // K1's gaps are 10 and 20 days: the median is 15.
    let rhythm = |factor, days| Question { churn: Churn::OwnRhythm { factor }, ..silence(days) };
    assert_eq!(window(books, &rhythm(2.0, 60), 0, asked), 30);
    assert_eq!(window(books, &rhythm(9.0, 60), 0, asked), 60);
    assert_eq!(window(books, &rhythm(0.1, 60), 0, asked), SHORTEST_RHYTHM);
    assert_eq!(window(books, &rhythm(0.1, 3), 0, asked), 3);
    assert_eq!(window(books, &rhythm(2.0, 60), 1, asked), 60, "one purchase is no rhythm");
    assert_eq!(label(books, &rhythm(2.0, 60), 0, asked), Some(true));
    // Alive: bought within the look-back window, of which the cut-off day is the last.
    let asked_of = |look_back_days, min_history_days, day| {
        let question = Question { look_back_days, min_history_days, ..Question::default() };
        is_asked(books, &question, 0, day)
    };
    assert!(asked_of(2, 31, asked) && !asked_of(1, 0, asked) && !asked_of(2, 32, asked));
    assert!(!asked_of(365, 0, day("2023-12-31")));
}

#[test]
fn lines_of_orders_in_a_table_of_their_own() {
    let read = books(vec![
        table("customers", "customer_id\nK1\nK2\nK3\n"),
        table(
            "orders",
            "order_id,customer_id,order_date,total_amount\nA1,K1,2024-01-01,30.25\nA2,K1,2024-02-01,11.75\nA3,K2,2024-02-02,9.50\n",
        ),
        table(
            "order_lines",
            "order_id,product_id,quantity\nA1,P1,2\nA1,P2,1\nA2,P1,1\nA2,P3,2\nA3,P2,1\nA3,P2,1\n",
        ),
        table("products", "product_id,category\nP1,tea\nP2,cups\nP3,tea\nP4,gifts\n"),
    ]);
    let b = at(&read, day("2024-02-02"));
    for (name, one, two) in [
        ("orders: count", 2.0, 1.0),
        ("spent: sum", 42.0, 9.5),
        ("basket: rows per order", 2.0, 2.0),
        ("basket: pieces per order", 3.0, 2.0),
        ("products: distinct", 3.0, 1.0),
        ("category: share of tea", 0.75, 0.0),
        ("category: share of cups", 0.25, 1.0),
    ] {
        let found = (value(&b, name, 0), value(&b, name, 1));
        assert!(close(found.0, one) && close(found.1, two), "{name}: {found:?}");
    }
    // On 1 January the lines of February's orders are not known.
    assert_eq!(value(&at(&read, day("2024-01-01")), "products: distinct", 0), 2.0);
}

#[test]
fn a_slip_in_a_date_does_not_end_the_books() {
    let mut rows = String::from("order_id,customer_id,order_date,amount\n");
    (0..200).for_each(|n| rows += &format!("A{n},K{},2024-0{}-1{},5.5\n", n % 20, 1 + n % 6, n % 9));
    rows += "A998,K3,2062-01-01,7.5\n";
    let read = books(vec![table("orders", &rows)]);
    assert_eq!(to_date(read.books.last_day()).to_string(), "2024-06-18");
    assert!(read.notes.iter().any(|note| note.code == "behaviour_slips"), "{:?}", read.notes);
    assert_eq!(read.books.rows(), 200);
}

#[test]
fn tables_without_orders_and_short_books_are_refused() {
    let (data, plan) = dataset(vec![table("customers", "customer_id,city\nK1,a\nK2,b\nK3,a\n")]);
    let kind = |data: &Dataset, plan: &Plan| {
        super::read(data, plan, None, &Reporter::silent()).map(|_| ()).unwrap_err().kind()
    };
    assert_eq!(kind(&data, &plan), "behaviour_no_orders");
    let read = books(shop());
    let far = Question { horizon_days: 400, ..Question::default() };
    let learnt = learn(&read, &far, None, (&SplitSpec::default(), 1), &Reporter::silent());
    assert_eq!(learnt.unwrap_err().kind(), "behaviour_too_short");
    let all = fitted(&read, &Question::default(), read.books.last_day());
    let apply = |day, fitted: &FittedBehaviour, read: &Read| {
        super::apply(read, fitted, day, &Reporter::silent()).map(|_| ()).unwrap_err().kind()
    };
    assert_eq!(apply(day("2023-12-31"), &all, &read), "behaviour_before_begin");
    assert_eq!(apply(day("2024-04-02"), &all, &read), "behaviour_after_end");
    let without: Vec<Table> = shop().into_iter().filter(|table| table.name != "events").collect();
    assert_eq!(apply(day("2024-02-01"), &all, &books(without)), "behaviour_lacking");
}

#[test]
fn a_feature_that_peeks_is_refused_by_name() {
    let read = books(shop());
    let fitted = fitted(&read, &Question::default(), day("2024-02-01"));
    let days = [day("2024-01-21"), day("2024-02-01")];
    check_look_ahead(&read.books, &fitted, &days, &Reporter::silent()).unwrap();
    let mut features = fitted.features();
    features.push(Feature { name: "all orders".into(), role: crate::table::Role::Number });
    features.push(Feature { name: "orders so far".into(), role: crate::table::Role::Number });
    let peeking = |books: &Books, customers: &[u32], day: Day| {
        let honest = values(books, &fitted, customers, &vec![day; customers.len()], &Reporter::silent())?;
        let rows = customers.iter().zip(honest.chunks_exact(features.len() - 2));
        Ok(rows
            .flat_map(|(customer, row)| {
                let days = books.purchase_days(*customer as usize);
                let so_far = days.iter().filter(|d| **d <= day).count();
                row.iter().copied().chain([days.len() as f64, so_far as f64]).collect::<Vec<_>>()
            })
            .collect())
    };
    let refused =
        super::look_ahead::compare(&read.books, &days, &features, |_| vec![0], peeking).unwrap_err();
    assert_eq!(refused.kind(), "behaviour_looks_ahead");
    assert!(refused.to_string().ends_with(": all orders"), "{refused}");
    // A feature that reads what later rows say, not how many they are, is found by making them up.
    let last_amount = |books: &Books, customers: &[u32], _: Day| {
        let last = |c: &u32| books.sales.amount.as_ref().unwrap()[books.sales.of(*c as usize).end - 1];
        Ok(customers.iter().map(last).collect())
    };
    let one = [Feature { name: "last amount".into(), role: crate::table::Role::Money }];
    assert!(super::look_ahead::compare(&read.books, &days, &one, |_| vec![0], last_amount).is_err());
}

#[test]
fn the_sides_of_customers_and_what_is_fitted_on_them() {
    let mut rows = String::from("order_id,customer_id,order_date,amount,channel\n");
    let mut number = 0;
    for customer in 0..120 {
        for month in 1..=9 {
            if (customer + month) % 4 > 0 || month < 3 {
                number += 1;
                let channel = if customer == 7 { "fax" } else { "web" };
                let amount = 5 + customer;
                rows += &format!(
                    "A{number},K{customer:03},2024-0{month}-{:02},{amount}.5,{channel}\n",
                    1 + customer % 27
                );
            }
        }
    }
    let read = books(vec![table("orders", &rows)]);
    let question = Question { horizon_days: 30, ..Question::default() };
    let split = SplitSpec::default();
    let levels = |seed| {
        let (b, _) = learn(&read, &question, None, (&split, seed), &Reporter::silent()).unwrap();
        let of_seven = b.customer.iter().zip(&b.side).find(|(c, _)| **c == 7).map(|(_, side)| *side).unwrap();
        (of_seven == Side::Train, b.fitted.channels.contains(&"fax".to_owned()), b)
    };
    let mut seen = [false; 2];
    for seed in 0..12 {
        let (is_train, knows, b) = levels(seed);
        assert_eq!(is_train, knows, "a level of a customer who is not in training");
        seen[usize::from(is_train)] = true;
        assert_eq!(b.cut_off.iter().filter(|day| **day == read.books.last_day()).count(), 120);
        assert_eq!(b.label.iter().filter(|label| label.is_none()).count(), 120);
    }
    assert_eq!(seen, [true; 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Features at a day from all rows are those from the rows up to the day, and labels come from the
    /// rows after it.
    #[test]
    fn features_do_not_look_ahead(
        orders in proptest::collection::vec((0u32..12, 0i64..400, -300i64..3000, 0u32..5, 0u32..3), 30..160),
        events in proptest::collection::vec((0u32..12, 0i64..400, 0i64..1440, 0u32..4), 1..120),
        cut in 30i64..380,
    ) {
        let date = |day: i64| to_date(day as Day + 19_000).to_string();
        let written = |upto: i64| {
            let mut o = String::from("order_id,customer_id,order_date,product,channel,quantity,amount\n");
            for (n, (who, day, cents, product, channel)) in orders.iter().enumerate() {
                if *day <= upto {
                    o += &format!("A{},K{who:02},{},p{product},c{channel},1,{}\n", n / 2, date(*day), *cents as f64 / 100.0);
                }
            }
            let mut e = String::from("customer_id,time,page\n");
            for (who, day, minute, page) in events.iter().filter(|(_, day, ..)| *day <= upto) {
                e += &format!("K{who:02},{} {:02}:{:02}:00,g{page}\n", date(*day), minute / 60, minute % 60);
            }
            let customers: String = (0..14).map(|n| format!("K{n:02}\n")).collect();
            let mut tables = vec![table("customers", &format!("customer_id\n{customers}")), table("orders", &o), table("events", &e)];
            // Few rows may look like something else: this is no test of guesses.
            use crate::table::Role;
            for (at, name, role) in [
                (1, "amount", Role::Money),
                (1, "product", Role::Category),
                (1, "channel", Role::Category),
                (2, "page", Role::Category),
            ] {
                crate::collect::set_role(&mut tables[at], name, role).unwrap();
            }
            tables
        };
        let (data, plan) = dataset(written(1000));
        let read = |data: &Dataset, plan: &Plan| super::read(data, plan, None, &Reporter::silent());
        // What no plan or books can be made of is no case.
        let Ok(all) = read(&data, &plan) else { return Ok(()) };
        let today = cut as Day + 19_000;
        if super::within(&all.books, today).is_err() || plan.sources.len() < 2 {
            return Ok(());
        }
        let question = Question { look_back_days: 10_000, horizon_days: 20, ..Question::default() };
        let fitted = fitted(&all, &question, today);
        let full = super::apply(&all, &fitted, today, &Reporter::silent()).unwrap();
        // The same plan on the files as they were on that day.
        let cut = Dataset { tables: written(cut), links: data.links.clone() };
        let then = super::read(&cut, &plan, Some(&all.columns), &Reporter::silent());
        let Ok(then) = then else { return Ok(()) };
        let columns = fitted.features().len();
        let again = values(&then.books, &fitted, &full.customer, &full.cut_off, &Reporter::silent()).unwrap();
        for (row, customer) in full.customer.iter().enumerate() {
            for at in 0..columns {
                let (a, b) = (full.column(at).nth(row).unwrap(), again[row * columns + at]);
                prop_assert!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
                    "{}: {a} with all rows, {b} with those of the day", full.features[at].name);
            }
            // Purchases in the twenty days after, counted in the rows themselves.
            let bought = orders.iter().any(|(who, day, cents, ..)| {
                who == customer && *cents > 0 && (1..=20).contains(&(*day as Day + 19_000 - today))
            });
            if let Some(lost) = full.label[row] {
                prop_assert_eq!(lost, !bought);
            }
        }
    }
}
