//! The command line against PostgreSQL and MariaDB, on the servers that the engine's tests start.

use mysql::prelude::Queryable as _;
use regulars_engine::collect::database::{Address, Database, Engine, Secret, Server, Tls};
use regulars_engine::job::Reporter;
use serde_json::Value;

use crate::support::program;

// The engine's tests use more of it.
#[allow(dead_code)]
#[path = "../../src/engine/collect/database/servers.rs"]
mod started;

use started::{PASSWORD, Running};

const ORDERS: &str = "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id VARCHAR(20), \
                      amount NUMERIC(10,2), placed DATE, remark VARCHAR(20))";

/// Three orders of each of forty customers.
fn rows() -> String {
    let row = |n: usize| {
        let (customer, day) = (n % 40, 10 + n / 40);
        format!("({n}, 'C{customer:02}', {customer}.25, '2026-01-{day}', 'r{n}')")
    };
    let rows: Vec<String> = (0..120).map(row).collect();
    format!("INSERT INTO orders VALUES {}", rows.join(", "))
}

/// What the program says of the server's orders, with the arguments behind it.
fn inspect(running: &Running, more: &[&str]) -> (Option<i32>, Value) {
    let address = running.address().to_string();
    let arguments = ["inspect", address.as_str(), "--json", "--sheet", "orders", "--per-customer"];
    let output = program().args(arguments).args(more).env("REGULARS_PASSWORD", PASSWORD).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn adds_up(running: &Running) {
    let sums = ["customer_id", "--count", "--sum", "amount", "--first", "placed", "--last", "placed"];
    let (code, told) = inspect(running, &sums);
    let table = &told["tables"][0];
    assert_eq!((code, table["rows"].as_u64(), table["name"].as_str()), (Some(0), Some(40), Some("orders")));
    let columns: Vec<&str> =
        table["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(columns, ["customer_id", "orders_count", "amount_sum", "placed_first", "placed_last"]);
    for (arguments, kind, column) in [
        (["customer_id", "--sum", "remark"], "database_not_numeric", "remark"),
        (["customer_id", "--sum", "total"], "database_no_column", "total"),
        (["client", "--sum", "amount"], "database_no_column", "client"),
    ] {
        let (code, told) = inspect(running, &arguments);
        assert_eq!((code, told["error"]["kind"].as_str()), (Some(1), Some(kind)), "{told}");
        assert_eq!(told["error"]["column"], column);
        assert!(told["error"]["message"].as_str().unwrap().contains("orders"), "{told}");
        assert!(!told.to_string().contains("geheim"));
    }
}

#[test]
fn postgresql_adds_up_per_customer() {
    let Some(running) = started::postgresql() else { return };
    let server = &running.server;
    let mut client = postgres::Config::new()
        .host(&server.host)
        .port(server.port)
        .user(&server.user)
        .password(PASSWORD)
        .dbname(&server.database)
        .connect(postgres::NoTls)
        .unwrap();
    client.batch_execute(&format!("{ORDERS}; {}", rows())).unwrap();
    adds_up(&running);
}

#[test]
fn mariadb_adds_up_per_customer() {
    let Some(running) = started::mariadb() else { return };
    let server = &running.server;
    let options = mysql::OptsBuilder::new()
        .ip_or_hostname(Some(&server.host))
        .tcp_port(server.port)
        .user(Some(&server.user))
        .pass(Some(PASSWORD))
        .db_name(Some(&server.database));
    let mut conn = mysql::Conn::new(options).unwrap();
    conn.query_drop(ORDERS).unwrap();
    conn.query_drop(rows()).unwrap();
    adds_up(&running);
}
