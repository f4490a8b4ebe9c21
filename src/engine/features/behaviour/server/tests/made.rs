//! A shop that is made up, with everything that the tables of one may hold.

use postgres::Client;

use super::started::{self, Running};

/// A login that may write.
pub(super) fn client(running: &Running) -> Client {
    let mut config = postgres::Config::new();
    config.host("127.0.0.1").port(running.server.port).user("owner").password(started::PASSWORD);
    config.dbname("postgres").connect(postgres::NoTls).unwrap()
}

/// Numbers that look as if by chance.
pub(crate) struct Chance(pub u64);

impl Chance {
    pub(crate) fn of(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.of(list.len() as u64) as usize]
    }
}

/// Orders with everything that a table of a shop may hold: ties, returns, several orders of a day and several
/// rows of an order, customers with one order, blanks and marks for "no value", other currencies, days that
/// are none and days that are slips.
pub(crate) const ORDERS: &str = "CREATE DOMAIN money_of AS numeric(12,2); \
    CREATE TABLE orders (id bigint PRIMARY KEY, order_no text, customer_id text, ordered_at timestamp, \
    amount money_of, quantity int, product text, category text, channel text, discount boolean, status text, \
    currency text, weight real)";

pub(crate) fn orders(customers: u64, chance: &mut Chance) -> Vec<String> {
    let mut rows = Vec::new();
    let mut id = 0;
    for customer in 0..customers {
        let many = if customer % 9 == 0 { 1 } else { 1 + chance.of(14) };
        let mut day = chance.of(300);
        for _ in 0..many {
            day += chance.of(45);
            let hour = chance.of(24);
            for _ in 0..1 + chance.of(3) {
                id += 1;
                let number = match chance.of(20) {
                    0 => "NULL".into(),
                    _ => format!("'A{}'", 100_000 - id / 2),
                };
                let who = match chance.of(40) {
                    0 => "NULL".into(),
                    1 => "' '".into(),
                    2 => "'n/a'".into(),
                    3 => format!("' K{customer} '"),
                    _ => format!("'K{customer}'"),
                };
                let amount = match chance.of(15) {
                    0 => "NULL".into(),
                    1 => "0".into(),
                    2 => format!("-{}.5", chance.of(40)),
                    _ => format!("{}.{:02}", chance.of(400), chance.of(100)),
                };
                let at = match chance.of(90) {
                    0 => "NULL".into(),
                    1 => "'infinity'".into(),
                    _ => format!(
                        "timestamp '2022-06-01' + interval '{day} days {hour} hours {} ms'",
                        chance.of(3_600_000)
                    ),
                };
                rows.push(format!(
                    "({id}, {number}, {who}, {at}, {amount}, {}, {}, {}, {}, {}, {}, {}, {})",
                    chance.pick(&["1", "2", "5", "NULL", "-1"]),
                    chance.pick(&["'tea'", "' tea '", "'cup'", "'pot'", "'N/A'", "NULL", "'it''s'"]),
                    chance.pick(&[
                        "'drinks'", "'ware'", "'a'", "'b'", "'c'", "'d'", "'e'", "'f'", "'g'", "'h'", "NULL",
                        "''"
                    ]),
                    chance.pick(&["'web'", "'web'", "'shop'", "'(other)'", "NULL"]),
                    chance.pick(&["true", "false", "NULL"]),
                    chance.pick(&["'paid'", "'paid'", "'paid'", "'paid'", "'Refunded'", "NULL"]),
                    chance.pick(&["'EUR'", "'EUR'", "'EUR'", "'EUR'", "'USD'", "NULL"]),
                    chance.pick(&["0.1", "2.7", "NULL"]),
                ));
            }
        }
    }
    // Two slips far behind all others, the second of a customer of its own.
    rows.push(format!(
        "({}, 'S1', 'K1', '2031-01-01', 5, 1, 'tea', 'ware', 'web', false, 'paid', 'EUR', 1)",
        id + 1
    ));
    rows.push(format!(
        "({}, 'S2', 'KX', '2031-02-01', 5, 1, 'tea', 'ware', 'web', false, 'paid', 'EUR', 1)",
        id + 2
    ));
    rows
}

/// Visits with a zone, in sessions; and opinions, some of one moment.
pub(crate) const STREAMS: &str = "CREATE TABLE events (event_id bigint PRIMARY KEY, customer_id text, happened timestamptz, \
    event_type text); \
    CREATE TABLE feedback (feedback_id bigint PRIMARY KEY, customer_id text, written date, rating smallint, \
    comment text)";

pub(crate) fn streams(customers: u64, chance: &mut Chance) -> (Vec<String>, Vec<String>) {
    let visits = (0..4000).map(|id| {
        let at = format!(
            "timestamptz '2022-09-01 00:00:00+02' + interval '{} minutes'",
            chance.of(700 * 1440) / 17 * 17
        );
        let kind = chance.pick(&["'view'", "'view'", "'cart'", "'search'", "NULL", "' view'"]);
        format!("({id}, 'K{}', {at}, {kind})", chance.of(customers + 5))
    });
    let visits = visits.collect();
    let opinions = (0..500).map(|id| {
        let day = format!("date '2022-08-01' + {}", chance.of(60) * 11);
        let rating = chance.pick(&["1", "3", "4", "5", "5", "NULL"]);
        let text =
            chance.pick(&["'it came late and the box was open'", "'very good tea, thank you'", "NULL"]);
        format!("({id}, 'K{}', {day}, {rating}, {text})", chance.of(customers))
    });
    (visits, opinions.collect())
}

/// Fills a table.
pub(crate) fn insert(client: &mut Client, table: &str, rows: &[String]) {
    for part in rows.chunks(1000) {
        client.batch_execute(&format!("INSERT INTO {table} VALUES {}", part.join(","))).unwrap();
    }
    client.batch_execute(&format!("ANALYZE {table}")).unwrap();
}
