//! A later file is read by the columns that were learnt from, whatever else it holds.

use super::*;
use crate::features::behaviour::Columns;
use crate::job::Job;

/// Forty customers' orders under a header; `cells` gives what stands after number, customer and day.
fn orders(header: &str, cells: impl Fn(usize) -> String) -> Table {
    let mut rows = format!("order_id,customer_id,order_date,{header}\n");
    for n in 0..200 {
        let (month, day) = (1 + n % 6, 1 + n % 27);
        rows += &format!("A{n},K{},2024-0{month}-{day:02},{}\n", n % 40, cells(n));
    }
    table("orders", &rows)
}

fn read_by(tables: Vec<Table>, kept: Option<&Columns>) -> crate::Result<Read> {
    let (data, plan) = dataset(tables);
    super::super::read(&data, &plan, kept, &Reporter::silent())
}

fn money(read: &Read) -> f64 {
    read.books.sales.amount.as_ref().unwrap().iter().filter(|amount| !amount.is_nan()).sum()
}

#[test]
fn a_column_that_looks_more_like_an_amount_changes_nothing() {
    let before = read_by(vec![orders("amount", |n| format!("{}.50", n % 37 + 1))], None).unwrap();
    assert_eq!(before.columns["sales.amount"], "amount");
    let later = || vec![orders("sales_amount,amount", |n| format!("{}.25,{}.50", 9000 + n % 41, n % 37 + 1))];
    // What a guess takes it for, so that the test can fail.
    let guessed = read_by(later(), None).unwrap();
    assert_eq!(guessed.columns["sales.amount"], "sales_amount");
    let kept = read_by(later(), Some(&before.columns)).unwrap();
    assert_eq!(money(&kept), money(&before));
    assert_eq!(kept.columns, before.columns);
}

#[test]
fn a_kept_column_that_is_gone_is_named_and_one_written_otherwise_is_found() {
    let before = read_by(vec![orders("paid_amount", |n| format!("{}.50", n % 37 + 1))], None).unwrap();
    assert_eq!(before.columns["sales.amount"], "paid_amount");
    let renamed =
        read_by(vec![orders("Paid Amount", |n| format!("{}.50", n % 37 + 1))], Some(&before.columns));
    assert_eq!(money(&renamed.unwrap()), money(&before));
    let gone = read_by(vec![orders("amount", |n| format!("{}.50", n % 37 + 1))], Some(&before.columns));
    let error = gone.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), "behaviour_kept_column");
    assert_eq!(error.place().column.as_deref(), Some("paid_amount"));
}

#[test]
fn the_currency_that_counts_is_that_of_learning() {
    let of = |most: &'static str, other: &'static str| {
        vec![orders("amount,currency", move |n| {
            format!("{}.50,{}", 10 + n % 3, if n % 4 == 0 { other } else { most })
        })]
    };
    let before = read_by(of("EUR", "USD"), None).unwrap();
    let all = |places: &dyn Fn(usize) -> bool| {
        (0..200).filter(|n| places(*n)).map(|n| 10.5 + (n % 3) as f64).sum::<f64>()
    };
    let (few, most) = (all(&|n| n % 4 == 0), all(&|n| n % 4 != 0));
    assert_eq!(money(&before), most);
    // Most of the later file is in the other currency.
    let later = read_by(of("USD", "EUR"), Some(&before.columns)).unwrap();
    assert_eq!(money(&later), few);
    // Learnt from one currency alone: another one later is no money of that kind.
    let one = read_by(vec![orders("amount,currency", |n| format!("{}.50,EUR", 10 + n % 3))], None).unwrap();
    let later = read_by(of("USD", "EUR"), Some(&one.columns)).unwrap();
    assert_eq!(money(&later), few);
}

#[test]
fn returns_are_told_as_they_were_while_learning() {
    let returns = |read: &Read| read.books.sales.is_return.iter().filter(|back| **back).count();
    let yes = |n: usize| if n.is_multiple_of(5) { "yes" } else { "no" };
    let before = read_by(vec![orders("amount,returned", |n| format!("10.50,{}", yes(n)))], None).unwrap();
    assert_eq!(returns(&before), 40);
    // A third word in the column, and `yes` would no longer be one of two.
    let word = move |n: usize| if n == 7 { "cancelled" } else { yes(n) };
    let later = || vec![orders("amount,returned", move |n| format!("10.50,{}", word(n)))];
    assert_ne!(returns(&read_by(later(), None).unwrap()), 40);
    assert_eq!(returns(&read_by(later(), Some(&before.columns)).unwrap()), 40);
}

#[test]
fn a_kind_of_event_is_known_in_a_file_that_has_one_alone() {
    let events = |pages: &'static [&'static str]| {
        let mut rows = String::from("customer_id,time,page\n");
        for n in 0..60 {
            rows += &format!(
                "K{},2024-05-{:02} 09:{:02}:00,{}\n",
                n % 40,
                1 + n % 27,
                n % 60,
                pages[n % pages.len()]
            );
        }
        table("events", &rows)
    };
    let sales = || orders("amount", |_| "10.50".into());
    let before = read_by(vec![sales(), events(&["home", "cart"])], None).unwrap();
    assert_eq!(before.columns["events.kind"], "page");
    let kind = |read: &Read| read.books.events.as_ref().unwrap().kind.is_some();
    assert!(!kind(&read_by(vec![sales(), events(&["home"])], None).unwrap()));
    assert!(kind(&read_by(vec![sales(), events(&["home"])], Some(&before.columns)).unwrap()));
}

#[test]
fn a_sample_of_the_books_copies_only_its_rows() {
    let read = books(shop());
    let books = &read.books;
    let sample = books.sample(5);
    // Nine customers, every second one.
    for customer in 0..books.customers {
        let (all, some) = (books.sales.of(customer), sample.sales.of(customer));
        assert_eq!(some.len(), if customer % 2 == 0 { all.len() } else { 0 });
        assert_eq!(books.sales.day[all.clone()][..some.len()], sample.sales.day[some.clone()]);
        let (from, to) = (books.sales.amount.as_ref().unwrap(), sample.sales.amount.as_ref().unwrap());
        assert_eq!(from[all][..some.len()], to[some]);
    }
    assert_eq!(sample.sales.len(), (0..9).step_by(2).map(|who| books.sales.of(who).len()).sum::<usize>());
    let texts = |books: &Books| books.sales.product.as_ref().unwrap().texts.clone();
    assert!(std::sync::Arc::ptr_eq(&texts(books), &texts(&sample)));
}

#[test]
fn the_search_for_columns_that_look_ahead_can_be_stopped() {
    let mut customers = String::from("customer_id,city,points\n");
    (0..40).for_each(|n| customers += &format!("K{n},{},{n}\n", ["Bern", "Rome"][n % 2]));
    let read = read_by(vec![table("customers", &customers), orders("amount", |_| "10.50".into())], None);
    let read = read.unwrap();
    let behaviour = at(&read, day("2024-04-01"));
    let table = table("customers", &customers);
    let job = Job::start(
        || (),
        move |report| {
            while report.check().is_ok() {
                std::thread::yield_now();
            }
            find_look_ahead(&table, "customer_id", &read, &behaviour, report)
        },
    );
    job.cancel();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
}
