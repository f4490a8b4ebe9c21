//! PostgreSQL and MariaDB on real servers.

use ::mysql::prelude::Queryable;

use super::servers::{self, Running};
use super::tests::{ORDERS, behaves, kind, orders, query, read, silent, stops, texts, whole};
use super::*;

/// Waits until a server has ended what we gave up: it would go on for 100 seconds by itself.
fn comes_to_rest(mut is_idle: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_idle() {
        assert!(began.elapsed() < Duration::from_secs(60), "the server still works on our query");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a server sees our session encrypted.
fn encrypted(database: &Database) -> String {
    let sql = match database.dialect() {
        Dialect::Postgresql => {
            "SELECT CASE WHEN ssl THEN 'on' ELSE 'off' END AS x FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        }
        _ => {
            "SELECT CASE WHEN variable_value = '' THEN 'off' ELSE 'on' END AS x \
             FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"
        }
    };
    texts(&query(database, sql).unwrap(), "x").concat()
}

/// What servers do alike: wrong logins, wrong addresses, encryption.
fn refuses(running: &Running) {
    let connect = |change: &dyn Fn(&mut Server), secret: &str| {
        let mut server = running.server.clone();
        change(&mut server);
        Database::connect(&Address::Server(server), Some(&Secret::new(secret)), &silent())
    };
    let error = connect(&|_| (), "wrong").unwrap_err();
    assert_eq!(error.kind(), "database_login");
    assert!(!format!("{error} {error:?}").contains("wrong"), "{error:?}");
    assert_eq!(kind(Database::connect(&running.address(), None, &silent())), "database_login");
    let right = servers::PASSWORD;
    assert_eq!(kind(connect(&|server| server.database = "nowhere".into(), right)), "database_absent");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(kind(connect(&|server| server.port = free, right)), "database_refused");
    assert_eq!(kind(connect(&|server| server.host = "no-such-host.invalid".into(), right)), "database_host");
    assert_eq!(kind(connect(&|server| server.host = "/no/such/socket".into(), right)), "database_refused");
    // Nobody vouches for its certificate, if it has one at all.
    assert_eq!(kind(connect(&|server| server.tls = Tls::Require, right)), "database_tls");
    let plain = connect(&|server| server.tls = Tls::Off, right).unwrap();
    assert_eq!(encrypted(&plain), "off");
    // Without openssl the servers have no certificate.
    if running.folder.path().join("cert.pem").exists() {
        assert_eq!(encrypted(&running.database()), "on");
    }
}

#[test]
fn postgresql_on_a_real_server() {
    let Some(running) = servers::postgresql() else { return };
    let mut config = ::postgres::Config::new();
    config.host("127.0.0.1").port(running.server.port).user("owner").password(servers::PASSWORD);
    let mut client = config.dbname("postgres").connect(::postgres::NoTls).unwrap();
    let script = format!("{ORDERS}; INSERT INTO orders VALUES {}", orders().join(","));
    client.batch_execute(&script).unwrap();
    client
        .batch_execute(
            r#"CREATE SCHEMA "我 的"; CREATE DOMAIN flag AS boolean; CREATE TYPE mood AS ENUM ('gut', 'schlecht');
               CREATE TABLE "我 的"."Odd ""t""" (k bigint PRIMARY KEY, d numeric, f double precision, b flag,
                 day date, at timestamptz, bytes bytea, j jsonb, a int[], m mood, t text, u uuid);
               INSERT INTO "我 的"."Odd ""t""" VALUES
                 (9007199254740993, 12345678901234567890.123400, 0.1, true, '2024-02-29',
                  '2024-01-01 01:30:00+02', '\x00ff', '{"a": 1}', '{1,2}', 'gut', E'tab\there\nback\\slash',
                  '00000000-0000-0000-0000-000000000001'),
                 (1, NULL, 1e300, false, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL),
                 (2, -0.50, 'NaN', NULL, 'infinity', NULL, '', '[]', '{}', 'schlecht', '\N', NULL);
               CREATE VIEW "我 的".v AS SELECT k FROM "我 的"."Odd ""t""";"#,
        )
        .unwrap();
    let database = running.database();
    behaves(&database);
    let names: Vec<_> =
        database.tables(&silent()).unwrap().into_iter().map(|t| (t.table.to_string(), t.is_view)).collect();
    assert_eq!(
        names,
        [("public.orders".into(), false), ("我 的.Odd \"t\"".into(), false), ("我 的.v".into(), true)]
    );
    let odd = TableName { schema: Some("我 的".into()), name: "Odd \"t\"".into() };
    let table = read(&database, Source::Table(odd.clone())).unwrap();
    assert_eq!(texts(&table, "k"), ["1", "2", "9007199254740993"]);
    assert_eq!(texts(&table, "d"), ["NULL", "-0.50", "12345678901234567890.123400"]);
    assert_eq!(texts(&table, "f"), ["1e+300", "NaN", "0.1"]);
    assert_eq!(texts(&table, "b"), ["false", "NULL", "true"]);
    assert_eq!(texts(&table, "day"), ["NULL", "infinity", "2024-02-29"]);
    assert_eq!(texts(&table, "at"), ["NULL", "NULL", "2023-12-31 23:30:00+00"]);
    assert_eq!(texts(&table, "bytes"), ["NULL", "(binary)", "(binary)"]);
    assert_eq!(texts(&table, "j"), ["NULL", "[]", "{\"a\": 1}"]);
    assert_eq!(texts(&table, "a"), ["NULL", "{}", "{1,2}"]);
    assert_eq!(texts(&table, "m"), ["NULL", "schlecht", "gut"]);
    assert_eq!(texts(&table, "t"), ["", "\\N", "tab\there\nback\\slash"]);
    let aggregate = Aggregate {
        table: odd,
        key: "b".into(),
        rows: false,
        columns: ["b", "j", "u", "m"].map(|name| (name.to_owned(), Function::Max)).into(),
        order: None,
    };
    let table = read(&database, Source::PerCustomer(aggregate)).unwrap();
    assert_eq!(
        (texts(&table, "b"), texts(&table, "m_max")[2].as_str()),
        (vec!["false".to_owned(), "true".into(), "NULL".into()], "schlecht")
    );

    let error = query(&database, "SELECT 1,\n nonsense(2)").unwrap_err();
    let crate::Error::Collect(crate::collect::CollectError::Database(DatabaseError::Sql {
        position, ..
    })) = &error
    else {
        panic!("{error}")
    };
    assert_eq!(*position, Some(12));
    // What passes the check of words is stopped by the session.
    assert_eq!(
        kind(query(&database, "SELECT nextval('s') FROM (SELECT setval('s', 1)) x")),
        "database_no_table"
    );
    client.batch_execute("CREATE SEQUENCE s").unwrap();
    let error = query(&database, "SELECT setval('s', 9)").unwrap_err();
    assert!(error.to_string().contains("read-only"), "{error}");
    refuses(&running);
    stops(&database, "SELECT pg_sleep(100)");
    // Nothing goes on at the server once we have gone.
    let active = "SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(100)%' \
                  AND pid <> pg_backend_pid()";
    comes_to_rest(|| client.query_one(active, &[]).unwrap().get::<_, i64>(0) == 0);
    stops(&database, "SELECT i FROM generate_series(1, 1000000000000) AS g(i)");

    let mut server = running.server.clone();
    server.host = running.folder.path().display().to_string();
    let database = Database::connect(&Address::Server(server), Some(&Running::secret()), &silent()).unwrap();
    assert_eq!(whole(&database, "orders").height(), 200);
}

#[test]
fn mariadb_on_a_real_server() {
    let Some(running) = servers::mariadb() else { return };
    let opts = ::mysql::OptsBuilder::new()
        .ip_or_hostname(Some("127.0.0.1"))
        .tcp_port(running.server.port)
        .user(Some("owner"))
        .pass(Some(servers::PASSWORD))
        .db_name(Some("shop"))
        .prefer_socket(false);
    let mut conn = ::mysql::Conn::new(opts).unwrap();
    conn.query_drop(ORDERS).unwrap();
    conn.query_drop(format!("INSERT INTO orders VALUES {}", orders().join(","))).unwrap();
    conn.query_drop("SET sql_mode = '', time_zone = '+02:00'").unwrap();
    conn.query_drop(
        "CREATE TABLE `我的 ``t``` (k BIGINT UNSIGNED PRIMARY KEY, d DECIMAL(30,4), f DOUBLE, b BOOLEAN, \
         bits BIT(9), day DATE, at TIMESTAMP NULL, bytes BLOB, j JSON, e ENUM('gut','schlecht'), t TEXT, \
         latin VARCHAR(9) CHARACTER SET latin1)",
    )
    .unwrap();
    conn.query_drop(
        "INSERT INTO `我的 ``t``` VALUES \
         (18446744073709551615, 12345678901234567890.1234, 0.1, TRUE, 257, '2024-02-29', '2024-01-01 01:30:00', \
          x'00ff', '{\"a\": 1}', 'gut', 'tab\\there', 'é'), \
         (1, NULL, 1e300, FALSE, NULL, '0000-00-00', NULL, NULL, NULL, NULL, '', NULL)",
    )
    .unwrap();
    conn.query_drop("CREATE VIEW v AS SELECT id FROM orders").unwrap();
    let database = running.database();
    behaves(&database);
    let names: Vec<_> =
        database.tables(&silent()).unwrap().into_iter().map(|t| (t.table.to_string(), t.is_view)).collect();
    assert_eq!(
        names,
        [("shop.orders".into(), false), ("shop.v".into(), true), ("shop.我的 `t`".into(), false)]
    );
    let table = whole(&database, "我的 `t`");
    assert_eq!(texts(&table, "k"), ["1", "18446744073709551615"]);
    assert_eq!(texts(&table, "d"), ["NULL", "12345678901234567890.1234"]);
    assert_eq!(texts(&table, "f"), ["1e300", "0.1"]);
    assert_eq!(texts(&table, "b"), ["0", "1"]);
    assert_eq!(texts(&table, "bits"), ["NULL", "257"]);
    assert_eq!(texts(&table, "day"), ["NULL", "2024-02-29"]);
    assert_eq!(texts(&table, "at"), ["NULL", "2023-12-31 23:30:00"]);
    assert_eq!(texts(&table, "bytes"), ["NULL", "(binary)"]);
    assert_eq!(texts(&table, "j"), ["NULL", "{\"a\": 1}"]);
    assert_eq!(texts(&table, "e"), ["NULL", "gut"]);
    assert_eq!(texts(&table, "t"), ["", "tab\there"]);
    assert_eq!(texts(&table, "latin"), ["NULL", "é"]);
    let notes: Vec<_> = table.warnings.iter().map(|note| note.code).collect();
    assert_eq!(notes, ["database_binary", "database_zero_dates"]);
    assert_eq!(kind(query(&database, "SELECT 1 /*! INTO OUTFILE '/tmp/x' */")), "database_not_reading");
    refuses(&running);
    stops(&database, "SELECT SLEEP(100)");
    let active = "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(100)'";
    comes_to_rest(|| conn.query_first::<u64, _>(active).unwrap() == Some(0));
    stops(&database, "SELECT a.id FROM orders a, orders b, orders c, orders d, orders e, orders f");

    let mut server = running.server.clone();
    server.host = running.folder.path().join("my.sock").display().to_string();
    let database = Database::connect(&Address::Server(server), Some(&Running::secret()), &silent()).unwrap();
    assert_eq!(whole(&database, "orders").height(), 200);
}
