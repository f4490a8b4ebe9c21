//! What every kind of database must do, on SQLite files; the servers' tests call it too.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::job::{Job, Poll};

pub(super) fn silent() -> Reporter {
    Reporter::silent()
}

pub(super) fn read(database: &Database, source: Source) -> crate::Result<Table> {
    database.read(&source, &ReadOptions::default(), &silent())
}

pub(super) fn query(database: &Database, sql: &str) -> crate::Result<Table> {
    read(database, Source::Query(sql.into()))
}

pub(super) fn whole(database: &Database, name: &str) -> Table {
    read(database, Source::Table(TableName { schema: None, name: name.into() })).unwrap()
}

fn column(table: &Table, name: &str) -> Vec<Option<String>> {
    let text = table.text(name).unwrap_or_else(|| panic!("{name} in {:?}", table.raw.get_column_names()));
    text.iter().map(|value| value.map(str::to_owned)).collect()
}

pub(super) fn texts(table: &Table, name: &str) -> Vec<String> {
    column(table, name).into_iter().map(|value| value.unwrap_or_else(|| "NULL".into())).collect()
}

pub(super) fn kind<T: std::fmt::Debug>(result: crate::Result<T>) -> &'static str {
    result.unwrap_err().kind()
}

/// Orders of few customers: keys that differ in case and accents only, a blank key, missing
/// values, days that several orders share.
pub(super) fn orders() -> Vec<String> {
    let customers = ["'a1'", "'A1'", "'b'", "'é'", "'e'", "NULL", "'客'"];
    let mut state = 7u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % n
    };
    (1..=200)
        .map(|id| {
            let customer = customers[next(7) as usize];
            let amount = match next(8) {
                0 => "NULL".into(),
                _ => format!("{}.{:02}", next(500), next(100)),
            };
            let placed = match next(10) {
                0 => "NULL".into(),
                _ => format!("'2024-0{}-1{}'", 1 + next(3), next(4)),
            };
            let remark = ["'x'", "'X'", "''", "NULL", "'ü'"][next(5) as usize];
            format!("({id}, {customer}, {amount}, {}, {placed}, {remark})", next(9))
        })
        .collect()
}

pub(super) const ORDERS: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer VARCHAR(20), amount NUMERIC(10,2), \
                      qty INTEGER, placed DATE, remark VARCHAR(20))";

/// The database's own adding up equals ours on its rows.
fn aggregates_agree(database: &Database) {
    use Function::*;
    let mut columns = Vec::new();
    for function in [Count, Sum, Mean, Min, Max, First, Last, Distinct] {
        for name in ["amount", "qty", "placed", "remark"] {
            if matches!(name, "amount" | "qty") || !matches!(function, Sum | Mean) {
                columns.push((name.to_owned(), function));
            }
        }
    }
    let aggregate = Aggregate {
        table: TableName { schema: None, name: "orders".into() },
        key: "customer".into(),
        rows: true,
        columns: columns.clone(),
        order: Some("placed".into()),
    };
    let got = read(database, Source::PerCustomer(aggregate.clone())).unwrap();
    assert!(got.warnings.iter().any(|note| note.code == "database_no_key"), "rows without a customer");
    let raw = whole(database, "orders");
    let mut groups: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for (at, key) in column(&raw, "customer").into_iter().enumerate() {
        groups.entry(key).or_default().push(at);
    }
    let keys = column(&got, "customer");
    assert_eq!(keys.len(), 7);
    assert_eq!(
        keys.iter().cloned().collect::<std::collections::BTreeSet<_>>(),
        groups.keys().cloned().collect()
    );
    let counts = groups.values().map(|rows| Some(rows.len().to_string()));
    let of_key: BTreeMap<_, _> = keys.iter().cloned().zip(column(&got, "orders_count")).collect();
    assert_eq!(of_key, groups.keys().cloned().zip(counts).collect());
    // A first look asks for as many customers as it shows.
    let head = database.preview(&Source::PerCustomer(aggregate.clone()), 3, &silent()).unwrap();
    assert_eq!((column(&head, "customer"), head.height()), (keys[..3].to_vec(), 3));
    let placed = column(&raw, "placed");
    for (name, function) in columns {
        let values = column(&raw, &name);
        let numeric = matches!(name.as_str(), "amount" | "qty");
        let given = column(&got, &format!("{name}_{}", function.name()));
        for (key, given) in keys.iter().zip(given) {
            let mut present: Vec<(Option<&String>, &String)> = groups[key]
                .iter()
                .filter_map(|&at| Some((placed[at].as_ref(), values[at].as_ref()?)))
                .collect();
            if matches!(function, First | Last) {
                present.retain(|(placed, _)| placed.is_some());
            }
            let number = |text: &str| text.parse::<f64>().unwrap();
            let order = |a: &str, b: &str| match numeric {
                true => number(a).total_cmp(&number(b)),
                false => a.cmp(b),
            };
            present.sort_by(|a, b| {
                let by_place = if matches!(function, First | Last) { a.0.cmp(&b.0) } else { a.0.cmp(&a.0) };
                by_place.then_with(|| order(a.1, b.1))
            });
            let sum = || present.iter().map(|(_, value)| number(value)).sum::<f64>();
            let expected = match function {
                Count => Some(present.len().to_string()),
                Distinct => {
                    let mut all: Vec<_> = present.iter().map(|(_, value)| *value).collect();
                    all.dedup();
                    Some(all.len().to_string())
                }
                _ if present.is_empty() => None,
                Sum => Some(sum().to_string()),
                Mean => Some((sum() / present.len() as f64).to_string()),
                Min | First => present.first().map(|(_, value)| (*value).clone()),
                Max | Last => present.last().map(|(_, value)| (*value).clone()),
            };
            let place = format!("{name} {function:?} of {key:?}");
            match (&given, &expected) {
                (Some(given), Some(expected)) if numeric => {
                    let (a, b) = (number(given), number(expected));
                    assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{place}: {a} is not {b}");
                }
                _ => assert_eq!(given, expected, "{place}"),
            }
        }
    }

    let with = |key: &str, column: &str, function| Aggregate {
        key: key.into(),
        columns: vec![(column.into(), function)],
        ..aggregate.clone()
    };
    let fail = |aggregate: Aggregate| read(database, Source::PerCustomer(aggregate)).unwrap_err();
    assert_eq!(fail(with("customer", "remark", Sum)).kind(), "database_not_numeric");
    let error = fail(with("client", "amount", Sum));
    assert_eq!((error.kind(), error.place().column.as_deref()), ("database_no_column", Some("client")));
    assert!(error.to_string().contains("customer, amount"), "{error}");
    let nowhere = TableName { schema: None, name: "absent_table".into() };
    let error = fail(Aggregate { table: nowhere, ..aggregate.clone() });
    assert_eq!(error.kind(), "database_no_table");

    let offer = database.offer(&aggregate.table, &silent()).unwrap();
    assert_eq!((offer.columns.len(), offer.numbers.len()), (6, 2), "{offer:?}");
    assert_eq!(offer.dates, ["placed"]);
    let proposed = [("amount", Sum), ("placed", First), ("placed", Last)];
    assert_eq!(offer.proposed.columns, proposed.map(|(name, function)| (name.to_owned(), function)));
    assert_eq!((offer.proposed.key.as_str(), offer.proposed.rows), ("customer", true));
}

/// What each database does alike, once it holds `orders`.
pub(super) fn behaves(database: &Database) {
    aggregates_agree(database);
    let table = whole(database, "orders");
    assert_eq!((table.height(), table.records, table.rows[0]), (200, 200, 2));
    let ids: Vec<String> = (1..=200).map(|id| id.to_string()).collect();
    assert_eq!(texts(&table, "id"), ids);
    // NULL and empty text stay apart.
    let remarks = column(&table, "remark");
    assert!(remarks.contains(&None) && remarks.contains(&Some(String::new())));
    let again = whole(database, "orders");
    assert_eq!((again.source.hash, table.source.format), (table.source.hash, database.address().format()));

    let source = Source::Table(TableName { schema: None, name: "orders".into() });
    let head = database.preview(&source, 5, &silent()).unwrap();
    assert_eq!(texts(&head, "id"), ids[..5]);
    let head = database
        .preview(&Source::Query("SELECT id, id FROM orders ORDER BY id;".into()), 5, &silent())
        .unwrap();
    assert_eq!(texts(&head, "id (2)"), ids[..5]);

    let error = query(database, "SELECT * FROM absent_table").unwrap_err();
    assert_eq!(error.kind(), "database_no_table");
    assert!(error.to_string().contains("orders"), "{error}");
    let missing = Source::Table(TableName { schema: None, name: "absent_table".into() });
    assert_eq!(kind(read(database, missing)), "database_no_table");
    assert_eq!(kind(query(database, "SELECT absent_column FROM orders")), "database_sql");
    assert_eq!(kind(query(database, "SELECT id FROM orders WHERE id < 0")), "database_no_rows");
    assert_eq!(kind(query(database, "SELECT 1; DELETE FROM orders")), "database_not_reading");
    assert_eq!(kind(query(database, "DELETE FROM orders")), "database_not_reading");
    assert_eq!(whole(database, "orders").height(), 200);

    let mut small = database.clone();
    small.limits.bytes = 2000;
    let error = query(&small, "SELECT * FROM orders").unwrap_err();
    assert_eq!(error.kind(), "database_too_large");

    let options =
        ReadOptions { roles: vec![("id".into(), crate::table::Role::Id)], ..ReadOptions::default() };
    let table = database.read(&source, &options, &silent()).unwrap();
    assert_eq!(table.columns[0].role, crate::table::Role::Id);
}

/// A query that never ends is given up, by cancel and by its time limit, and the database answers
/// again afterwards.
pub(super) fn stops(database: &Database, endless: &'static str) {
    let given = database.clone();
    let mut job = Job::start(
        || (),
        move |report| given.read(&Source::Query(endless.into()), &ReadOptions::default(), report).map(|_| ()),
    );
    std::thread::sleep(Duration::from_millis(300));
    assert!(matches!(job.poll(), Poll::Running), "the query ended");
    let began = std::time::Instant::now();
    job.cancel();
    assert_eq!(kind(job.wait().unwrap()), "cancelled");
    println!("{}: cancel took {:?}", database.address().format(), began.elapsed());
    let mut hasty = database.clone();
    hasty.limits.seconds = 1;
    assert_eq!(kind(query(&hasty, endless)), "database_timeout");
    assert_eq!(texts(&query(database, "SELECT 1 AS one").unwrap(), "one"), ["1"]);
}

fn sqlite_file(folder: &Path, script: &str) -> Database {
    let path = folder.join("shop '?%.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(script).unwrap();
    let address = Address::Sqlite { path };
    Database::connect(&address, None, &silent()).unwrap()
}

#[test]
fn sqlite_behaves_as_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{ORDERS}; INSERT INTO orders VALUES {}", orders().join(","));
    let database = sqlite_file(folder.path(), &script);
    behaves(&database);
    stops(
        &database,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
    );
}

#[test]
fn odd_names_and_values_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = sqlite_file(
        folder.path(),
        r#"CREATE TABLE "客户 ""vip"" list" ("客户 号" INTEGER, "a""b" REAL, 'it''s' TEXT, photo BLOB);
           INSERT INTO "客户 ""vip"" list" VALUES
             (9007199254740993, 0.1, '', x'00ff'), (-9223372036854775808, 1e300, NULL, NULL),
             (9223372036854775807, 5.0, CAST(x'61ff62' AS TEXT), x''), (7, -0.5, 'ok', 'text');
           CREATE TABLE pairs (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
           INSERT INTO pairs VALUES ('b', 2), ('a', 'x');
           CREATE TABLE gone (x); CREATE VIEW good AS SELECT k FROM pairs; CREATE VIEW broken AS SELECT x FROM gone;
           DROP TABLE gone;"#,
    );
    let list = database.tables(&silent()).unwrap();
    let names: Vec<_> = list.iter().map(|t| (t.table.name.as_str(), t.rows_estimate, t.is_view)).collect();
    let expected = [
        ("broken", None, true),
        ("good", None, true),
        ("pairs", Some(2), false),
        ("客户 \"vip\" list", Some(4), false),
    ];
    assert_eq!(names, expected);
    let table = whole(&database, "客户 \"vip\" list");
    assert_eq!(
        texts(&table, "客户 号"),
        ["9007199254740993", "-9223372036854775808", "9223372036854775807", "7"]
    );
    assert_eq!(texts(&table, "a\"b"), ["0.1", "1e300", "5.0", "-0.5"]);
    assert_eq!(texts(&table, "it's"), ["", "NULL", "a\u{fffd}b", "ok"]);
    assert_eq!(texts(&table, "photo"), ["(binary)", "NULL", "(binary)", "text"]);
    let notes: Vec<_> = table.warnings.iter().map(|note| (note.code, note.args[0].1.as_str())).collect();
    assert_eq!(notes, [("database_undecodable", "1"), ("database_binary", "2")]);
    assert_eq!(texts(&whole(&database, "pairs"), "k"), ["a", "b"]);
    assert_eq!(texts(&whole(&database, "good"), "k"), ["a", "b"]);
    let broken = Source::Table(TableName { schema: None, name: "broken".into() });
    assert_eq!(kind(read(&database, broken)), "database_no_table");
    // A slip in a name is no text.
    assert_eq!(kind(query(&database, "SELECT \"kk\" FROM pairs")), "database_sql");
}

#[test]
fn files_that_are_no_sqlite_database() {
    let folder = tempfile::tempdir().unwrap();
    let connect =
        |name: &str| Database::connect(&Address::Sqlite { path: folder.path().join(name) }, None, &silent());
    assert_eq!(kind(connect("absent.db")), "database_no_file");
    assert!(!folder.path().join("absent.db").exists());
    for (name, bytes) in [("empty.db", &b""[..]), ("table.db", b"id,name\n1,a and many more\n")] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        assert_eq!(kind(connect(name)), "database_not_sqlite", "{name}");
    }
    // The right first bytes and nothing else.
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(4096, 7);
    std::fs::write(folder.path().join("fake.db"), bytes).unwrap();
    assert!(["database_not_sqlite", "database_cannot_open"].contains(&kind(connect("fake.db"))));
    assert_eq!(kind(connect(".")), "database_cannot_open");
}

#[test]
fn a_locked_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let database = sqlite_file(folder.path(), "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    let Address::Sqlite { path } = database.address() else { panic!("a file") };
    let writer = rusqlite::Connection::open(path).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(kind(database.tables(&silent())), "database_locked");
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(database.tables(&silent()).unwrap().len(), 1);
    // A writer with a journal of its own locks nobody out, and what it has not committed is not seen.
    writer.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    writer.execute_batch("INSERT INTO t VALUES (2); BEGIN IMMEDIATE; INSERT INTO t VALUES (3)").unwrap();
    assert_eq!(texts(&whole(&database, "t"), "x"), ["1", "2"]);
}
