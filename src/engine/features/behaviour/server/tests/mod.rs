//! What PostgreSQL works out is what the engine works out in memory: every row, label and feature.

use postgres::Client;

use super::*;
use crate::collect::combine::{Choice, plan};
use crate::collect::database::servers as started;
use crate::collect::database::{Address, Database};
use crate::collect::relate::links;
use crate::collect::relate::testing::public;
use crate::collect::{ReadOptions, open};
use crate::features::behaviour::question::{Churn, CutOffs, to_day};
use crate::features::behaviour::{self, Read};
use crate::job::{Job, Poll};
use crate::table::Dataset;

pub(crate) mod made;

use made::{Chance, ORDERS, STREAMS, client, insert, orders, streams};
use started::Running;

fn asking(question: &Question) -> Asking {
    Asking {
        tables: Vec::new(),
        question: question.clone(),
        split: SplitSpec::default(),
        seed: 7,
        until: None,
        only_sql: false,
    }
}

/// Books of the server's tables, read whole.
fn books(database: &Database) -> (Dataset, String, Read) {
    let silent = Reporter::silent();
    let mut tables = Vec::new();
    for info in database.main_tables(&silent).unwrap() {
        tables.push(database.read(&Source::Table(info.table), &ReadOptions::default(), &silent).unwrap());
    }
    books_of(tables)
}

fn books_of(tables: Vec<Table>) -> (Dataset, String, Read) {
    let silent = Reporter::silent();
    let links = links(&tables, &silent).unwrap();
    let data = Dataset { tables, links };
    let plan = plan(&data, &Choice::default(), &silent).unwrap();
    let read = behaviour::read(&data, &plan, None, &silent).unwrap();
    (data, plan.key, read)
}

/// Asks both, and compares all that they say.
fn agrees(database: &Database, (data, key, read): &(Dataset, String, Read), question: &Question) -> Pushed {
    let asking = asking(question);
    let split = (&asking.split, asking.seed);
    let (memory, notes) = behaviour::learn(read, question, None, split, &Reporter::silent()).unwrap();
    let pushed = learn(database, &asking, &Reporter::silent()).unwrap();
    let server = &pushed.behaviour;
    let texts = data.tables[read.base].text(key).unwrap();
    let ids = |customer: &u32| {
        let text = texts.get(read.first_rows[*customer as usize] as usize).unwrap();
        text.trim().strip_suffix(".0").unwrap_or(text.trim()).to_owned()
    };
    let memory_ids: Vec<String> = memory.customer.iter().map(ids).collect();
    let server_ids: Vec<String> =
        server.customer.iter().map(|customer| pushed.keys[*customer as usize].clone()).collect();
    assert_eq!(memory_ids.len(), server_ids.len());
    assert_eq!(memory_ids, server_ids);
    assert_eq!(memory.cut_off, server.cut_off);
    assert_eq!(memory.label, server.label);
    assert_eq!(memory.side, server.side);
    let names = |of: &Behaviour| of.features.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&memory), names(server));
    let mut wrong = Vec::new();
    for (at, feature) in memory.features.iter().enumerate() {
        let whole = ["count", "days", "distinct", "sessions"].iter().any(|word| feature.name.ends_with(word));
        let near = |a: f64, b: f64| match whole
            && !feature.name.contains("trend")
            && !feature.name.contains("spent")
        {
            true => a == b,
            false => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        };
        let pairs = memory.column(at).zip(server.column(at)).enumerate();
        let differ: Vec<_> =
            pairs.filter(|(_, (a, b))| !(near(*a, *b) || a.is_nan() && b.is_nan())).collect();
        if let Some((row, (a, b))) = differ.first() {
            wrong.push(format!(
                "{}: {} rows, first {} on {}: {a} in memory, {b} in the server",
                feature.name,
                differ.len(),
                memory_ids[*row],
                memory.cut_off[*row]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(memory.fitted, server.fitted);
    let told = |notes: &[Note]| {
        let mut told: Vec<String> = notes.iter().map(|note| note.code.to_owned()).collect();
        told.sort_unstable();
        told
    };
    let of_sales = |notes: &[Note]| {
        let sales = |note: &&Note| note.args.iter().all(|(n, v)| *n != "table" || v.contains("order"));
        told(&notes.iter().filter(sales).cloned().collect::<Vec<_>>())
    };
    assert_eq!(of_sales(&notes), of_sales(&pushed.notes));
    println!(
        "{} rows, {} features alike; {} rows and {} bytes travelled",
        memory.height(),
        memory.features.len(),
        pushed.rows,
        pushed.bytes
    );
    pushed
}

fn questions() -> [Question; 3] {
    let cut_offs = CutOffs { count: 3, every_days: 41 };
    let churn = Churn::OwnRhythm { factor: 2.5 };
    [
        Question::default(),
        Question {
            cut_offs,
            horizon_days: 45,
            churn,
            min_history_days: 20,
            look_back_days: 150,
            own_columns: true,
        },
        Question { horizon_days: 3, churn: Churn::OwnRhythm { factor: 0.4 }, ..Question::default() },
    ]
}

#[test]
fn postgresql_works_out_what_memory_does() {
    let Some(running) = started::postgresql() else { return };
    let mut client = client(&running);
    let mut chance = Chance(11);
    client.batch_execute(ORDERS).unwrap();
    insert(&mut client, "orders", &orders(400, &mut chance));
    let database = running.database();
    let alone = books(&database);
    for question in questions() {
        agrees(&database, &alone, &question);
    }
    // The last day that counts, given by a person: the whole table is as of it.
    let until = to_day("2023-05-20".parse().unwrap());
    let early = Asking { until: Some(until), ..asking(&Question::default()) };
    let early = learn(&database, &early, &Reporter::silent()).unwrap();
    let cut = alone.2.until(until).unwrap();
    let split = (&SplitSpec::default(), 7);
    let (memory, _) = behaviour::learn(&cut, &Question::default(), None, split, &Reporter::silent()).unwrap();
    assert_eq!(early.behaviour.label, memory.label);
    assert_eq!(early.behaviour.cut_off, memory.cut_off);
    assert_eq!(early.facts, Facts::of(&cut.books).unwrap());

    // Nothing looks ahead: without any row after the first cut-off day its features are what they were.
    let question = Question::default();
    let whole = learn(&database, &asking(&question), &Reporter::silent()).unwrap();
    let first = whole.behaviour.fitted.first_asked;
    let date = crate::features::behaviour::to_date(first);
    client
        .batch_execute(&format!(
            "CREATE TABLE kept AS SELECT * FROM orders; DELETE FROM orders WHERE ordered_at::date > '{date}'"
        ))
        .unwrap();
    let sql = &whole.statements[0].sql;
    let of_day = |sql: &str| -> Vec<serde_json::Value> {
        let sql = format!("SELECT ROW_TO_JSON(x)::text FROM ({sql}) AS x ORDER BY k");
        let rows = started_rows(&running, &sql);
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    };
    // Only the answer is of later days.
    let sql = sql.replace("END AS lost", "END * 0 AS lost");
    let without = of_day(&sql);
    client.batch_execute("INSERT INTO orders SELECT * FROM kept ON CONFLICT DO NOTHING").unwrap();
    let with = of_day(&sql);
    assert!(with.len() == without.len() && with.len() > 50, "{}", with.len());
    for (a, b) in with.iter().zip(&without) {
        for (name, a) in a.as_object().unwrap() {
            let alike = match (a.as_f64(), b[name].as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                _ => *a == b[name],
            };
            assert!(alike, "{name}: {a} and {}", b[name]);
        }
    }
    client.batch_execute("DROP TABLE kept; ANALYZE orders").unwrap();

    client.batch_execute(STREAMS).unwrap();
    let (visits, opinions) = streams(400, &mut chance);
    insert(&mut client, "events", &visits);
    insert(&mut client, "feedback", &opinions);
    let all = books(&database);
    for question in questions() {
        agrees(&database, &all, &question);
    }
    // A list of the customers, which not all are on: the others are nobody.
    client
        .batch_execute(
            "CREATE TABLE customers (number int PRIMARY KEY, customer_id text, city text); \
             INSERT INTO customers SELECT 1000 - n, 'K' || n, CASE WHEN n % 3 = 0 THEN 'Bern' ELSE 'Oslo' END \
             FROM generate_series(0, 350) AS g(n); ANALYZE customers",
        )
        .unwrap();
    let listed = books(&database);
    let pushed = agrees(&database, &listed, &Question::default());
    let left: Vec<&str> = pushed.left.iter().map(|note| note.code).collect();
    assert_eq!(left, ["push_left_own", "push_left_history"]);
    // What was learnt is asked of the last day alone, and of a day of the past.
    let fitted = &pushed.behaviour.fitted;
    for day in [None, Some(fitted.first_asked)] {
        let silent = Reporter::silent();
        let server = apply(&database, &[], (fitted, day), &silent).unwrap();
        let memory = behaviour::apply(&listed.2, fitted, day.unwrap_or(pushed.facts.last), &silent).unwrap();
        let names = |of: &Behaviour| of.features.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&server.behaviour), names(&memory));
        assert_eq!(server.behaviour.label, memory.label);
        let both = server.behaviour.values.iter().zip(&memory.values);
        assert!(server.behaviour.values.len() == memory.values.len() && !memory.values.is_empty());
        both.for_each(|(a, b)| assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0) || a.is_nan() && b.is_nan()));
    }
    let early = Some(pushed.facts.first - 1);
    let error = apply(&database, &[], (fitted, early), &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "behaviour_before_begin");
    let table = pushed.table(&database, &Reporter::silent()).unwrap();
    assert_eq!(table.height(), pushed.behaviour.height());
    assert!(table.warnings.iter().any(|note| note.code == "behaviour_slips"));
    stops(&running, &mut client);
    refuses(&running, &mut client);
}

fn started_rows(running: &Running, sql: &str) -> Vec<String> {
    client(running).query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// A person who gives up is answered at once, and the server stops.
fn stops(running: &Running, client: &mut Client) {
    // Quick where the first rows are looked at, so that it is the work itself that is stopped.
    client
        .batch_execute(
            "CREATE SCHEMA slow; CREATE VIEW slow.late_orders AS SELECT id, order_no, customer_id, ordered_at, amount, \
             product FROM orders WHERE CASE WHEN current_query() LIKE '%LIMIT%' THEN true \
             ELSE pg_sleep(0.05)::text = '' END",
        )
        .unwrap();
    let table = TableName { schema: Some("slow".into()), name: "late_orders".into() };
    let asking = Asking { tables: vec![table], ..asking(&Question::default()) };
    let database = running.database();
    let mut job = Job::start(|| (), move |report| learn(&database, &asking, report).map(|_| ()));
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(matches!(job.poll(), Poll::Running), "the statement ended");
    let began = std::time::Instant::now();
    job.cancel();
    assert_eq!(job.wait().unwrap().unwrap_err().kind(), "cancelled");
    println!("cancel took {:?}", began.elapsed());
    let active = "SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() \
                  AND application_name = 'regulars'";
    while client.query_one(active, &[]).unwrap().get::<_, i64>(0) > 0 {
        assert!(began.elapsed().as_secs() < 60, "the server goes on");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    client.batch_execute("DROP SCHEMA slow CASCADE").unwrap();
}

/// What would have to be guessed is refused, with the column.
fn refuses(running: &Running, client: &mut Client) {
    client
        .batch_execute(
            "CREATE SCHEMA odd; \
             CREATE VIEW odd.text_day_orders AS SELECT id, order_no, customer_id, to_char(ordered_at, 'DD.MM.YYYY') AS ordered_at, \
             amount FROM orders WHERE ordered_at < '2100-01-01'; \
             CREATE VIEW odd.text_money_orders AS SELECT id, order_no, customer_id, ordered_at, replace(amount::text, '.', ',') AS amount \
             FROM orders; \
             CREATE TABLE odd.things (id int PRIMARY KEY, name text); INSERT INTO odd.things VALUES (1, 'x')",
        )
        .unwrap();
    let database = running.database();
    let ask = |name: &str, question: Question| {
        let table = TableName { schema: Some("odd".into()), name: name.into() };
        let asking = Asking { tables: vec![table], ..asking(&question) };
        learn(&database, &asking, &Reporter::silent()).unwrap_err()
    };
    let error = ask("text_day_orders", Question::default());
    assert_eq!((error.kind(), error.place().column.as_deref()), ("push_text_date", Some("ordered_at")));
    let error = ask("text_money_orders", Question::default());
    assert_eq!((error.kind(), error.place().column.as_deref()), ("push_text_number", Some("amount")));
    assert_eq!(ask("things", Question::default()).kind(), "behaviour_no_orders");
    assert_eq!(ask("nothing_there", Question::default()).kind(), "database_no_table");
    let tables = vec![TableName { schema: None, name: "orders".into() }];
    let by_column = Question { churn: Churn::Column, ..Question::default() };
    let by_column = Asking { tables: tables.clone(), ..asking(&by_column) };
    let kind = |asking: &Asking| learn(&database, asking, &Reporter::silent()).unwrap_err().kind();
    assert_eq!(kind(&by_column), "push_by_column");
    let far = Question { horizon_days: 3000, ..Question::default() };
    assert_eq!(kind(&Asking { tables, ..asking(&far) }), "behaviour_too_short");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE orders (id INTEGER)").unwrap();
    let sqlite = Database::connect(&Address::Sqlite { path }, None, &Reporter::silent()).unwrap();
    let error = learn(&sqlite, &asking(&Question::default()), &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "push_engine");
}

/// A year of a real shop: 541,909 rows, price times quantity, returns as negative pieces.
#[test]
fn postgresql_works_online_retail_out() {
    use std::io::Write as _;
    let Some(file) = public("online-retail/online_retail_rebuilt.csv.gz") else { return };
    let Some(running) = started::postgresql() else { return };
    let table = open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let mut client = client(&running);
    client
        .batch_execute(
            "SET datestyle = 'ISO, MDY'; CREATE TABLE online_retail (row_no bigserial PRIMARY KEY, \"InvoiceNo\" text, \"StockCode\" text, \
             \"Description\" text, \"Quantity\" int, \"InvoiceDate\" timestamp, \"UnitPrice\" numeric, \
             \"CustomerID\" text, \"Country\" text)",
        )
        .unwrap();
    let names = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ];
    let columns: Vec<_> = names.iter().map(|name| table.text(name).unwrap()).collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let mut into = client
        .copy_in(&format!("COPY online_retail ({}) FROM STDIN (FORMAT csv)", quoted.join(", ")))
        .unwrap();
    for row in 0..table.height() {
        let cells: Vec<String> = columns
            .iter()
            .map(|text| {
                text.get(row).map_or_else(String::new, |cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            })
            .collect();
        writeln!(into, "{}", cells.join(",")).unwrap();
    }
    assert_eq!(into.finish().unwrap(), 541_909);
    client.batch_execute("ANALYZE online_retail").unwrap();
    let memory = books_of(vec![table]);
    let began = std::time::Instant::now();
    let pushed = agrees(&running.database(), &memory, &Question::default());
    println!("both took {:?}", began.elapsed());
    assert!(pushed.bytes < 20_000_000, "{}", pushed.bytes);
}

/// Every feature that there may be has an expression, in both dialects.
#[test]
fn no_feature_is_forgotten() {
    let shop = crate::collect::relate::testing::table(
        "orders",
        "order_id,customer_id,order_date,product,category,channel,quantity,amount,discount,status\n\
         A1,K1,2024-01-01 10:00,tea,drinks,web,2,20.00,0,paid\n\
         A1,K1,2024-01-01 10:00,cup,ware,web,1,10.00,1,returned\n\
         A2,K2,2024-03-11 10:00,tea,drinks,shop,1,10.00,1,paid\n",
    );
    let events = crate::collect::relate::testing::table(
        "events",
        "event_id,customer_id,day,event_type\n1,K1,2024-01-01,view\n2,K1,2024-01-02,cart\n3,K2,2024-01-02,view\n",
    );
    let feedback = crate::collect::relate::testing::table(
        "feedback",
        "feedback_id,customer_id,day,rating,comment\n1,K1,2024-01-01,4,good and quick\n2,K2,2024-01-09,1,late and bad\n",
    );
    let fitted = FittedBehaviour {
        question: Question::default(),
        layout: Layout {
            amount: true,
            quantity: true,
            product: true,
            category: true,
            channel: true,
            discount: true,
            returns: true,
            hours: true,
            events: true,
            event_kind: true,
            feedback: true,
            rating: true,
        },
        categories: vec!["it's".into()],
        channels: vec!["w\\eb".into()],
        event_kinds: vec!["view".into()],
        kept: Vec::new(),
        learnt_until: 0,
        first_asked: 0,
        columns: None,
    };
    let facts = Facts { last: 20_000, events_from: Some(0), feedback_from: Some(0), ..Facts::default() };
    for dialect in [Dialect::Postgresql, Dialect::Spark] {
        let tables = [shop.clone(), events.clone(), feedback.clone()];
        let (all, _) = statements(dialect, &tables, (&fitted, &facts), &[19_900]).unwrap();
        let (last, sql) = (all.last().unwrap(), &all[0].sql);
        assert_eq!((all.len(), last.day), (2, 20_000));
        assert!(last.sql.contains("NULL AS lost") && !sql.contains("NULL AS lost"));
        for feature in fitted.features() {
            let name = dialect.quote(&feature.name);
            assert!(sql.contains(&format!("AS {name}")), "{name}");
        }
        let absent = [dialect.double("NULL") + " AS "];
        assert!(
            absent
                .iter()
                .all(|text| !sql.contains(&format!("{text}\"")) && !sql.contains(&format!("{text}`"))),
            "{sql}"
        );
        assert!(sql.contains("it''s") || sql.contains("it\\'s"));
        assert!(sql.contains("\\eb'"));
    }
}
