//! Each feature as an expression, by its name. What has no expression here is not worked out in a server,
//! and a test fails on it.

use std::collections::BTreeMap;

use super::statement::{Facts, Parts, Writer};
use crate::features::behaviour::fitted::{FittedBehaviour, WINDOWS};
use crate::features::behaviour::question::Day;

/// Columns of a day's statement, and how their parts are joined to the customers `r`.
pub(super) struct Made {
    pub joins: Vec<String>,
    /// Name and expression, in the order of [`FittedBehaviour::features`].
    pub columns: Vec<(String, String)>,
}

/// Radians of a day of the week.
const DAY_TURN: f64 = std::f64::consts::TAU / 7.0;
/// Radians of a second of the day.
const SECOND_TURN: f64 = std::f64::consts::TAU / 86_400.0;
/// Monday is 0; 1 January 1970 was a Thursday. Days before it have negative numbers.
const WEEKDAY: &str = "MOD(MOD(d + 3, 7) + 7, 7)";
/// Seconds of rest after which a new session begins.
const SESSION: &str = "1800";

/// Writes the parts and expressions of all features of `fitted`.
pub(super) fn write(
    writer: &Writer,
    parts: &mut Parts,
    fitted: &FittedBehaviour,
    facts: &Facts,
    day: Day,
) -> Made {
    let mut list = List { writer, day, by_name: BTreeMap::new(), joins: Vec::new() };
    list.orders(parts, fitted);
    list.rows(parts, fitted);
    if fitted.layout.product {
        list.diversity(parts, "product", "products");
        list.put("products: distinct", "COALESCE(products.kinds, 0)".into());
        list.put("products: diversity", "products.diversity".into());
        let distinct = list.ratio("products.kinds", "products.filled");
        list.put("products: share of repeats", format!("1 - {distinct}"));
    }
    if fitted.layout.category {
        list.diversity(parts, "category", "categories");
        list.put("category: diversity", "categories.diversity".into());
    }
    if fitted.layout.events {
        list.events(parts, fitted, facts);
    }
    if fitted.layout.feedback {
        list.feedback(parts, fitted, facts);
    }
    let columns = fitted.features().into_iter().map(|feature| {
        let sql = list.by_name.get(&feature.name).cloned().unwrap_or_else(|| "NULL".into());
        (feature.name, sql)
    });
    Made { columns: columns.collect(), joins: list.joins }
}

struct List<'a> {
    writer: &'a Writer<'a>,
    day: Day,
    by_name: BTreeMap<String, String>,
    joins: Vec<String>,
}

impl List<'_> {
    fn put(&mut self, name: &str, sql: String) {
        self.by_name.insert(name.to_owned(), sql);
    }

    fn join(&mut self, part: &str) {
        self.joins.push(format!("LEFT JOIN {part} ON {part}.k = r.k"));
    }

    /// A share, NULL where there is no whole.
    fn ratio(&self, part: &str, whole: &str) -> String {
        format!("{} / NULLIF({}, 0)", self.writer.dialect.double(part), self.writer.dialect.double(whole))
    }

    /// Sums of `weight` over each window and the one before it, as columns `<stem><days>` and `<stem>b<days>`.
    fn windows(&self, stem: &str, weight: &str) -> String {
        let ago = format!("{} - d", self.day);
        let sum = |from: Day, to: Day, name: String| {
            format!("SUM(CASE WHEN {ago} >= {from} AND {ago} < {to} THEN {weight} ELSE 0 END) AS {name}")
        };
        let both = WINDOWS.iter().flat_map(|days| {
            [sum(0, *days, format!("{stem}{days}")), sum(*days, 2 * days, format!("{stem}b{days}"))]
        });
        both.collect::<Vec<_>>().join(",\n    ")
    }

    /// The features of such sums: each window, and how it stands against the one before it.
    fn put_windows(&mut self, group: &str, (part, stem): (&str, &str), known: bool) {
        for days in WINDOWS {
            let now = self.writer.dialect.double(&format!("COALESCE({part}.{stem}{days}, 0)"));
            let before = self.writer.dialect.double(&format!("COALESCE({part}.{stem}b{days}, 0)"));
            let trend = format!(
                "CASE WHEN {now} + {before} = 0 THEN 0 \
                 ELSE GREATEST(-1, LEAST(1, ({now} - {before}) / ({now} + {before}))) END"
            );
            let either = |sql: String| if known { sql } else { "NULL".into() };
            self.put(&format!("{group}: last {days} days"), either(now.clone()));
            self.put(&format!("{group}: trend {days} days"), either(trend));
        }
    }

    /// Rhythm, counts and money of orders.
    fn orders(&mut self, parts: &mut Parts, fitted: &FittedBehaviour) {
        let day = self.day;
        let since = format!("{day} - r.last_day + 1");
        self.put("orders: days since last", since.clone());
        self.put("orders: count", "orders.n".into());
        self.put("orders: purchase days", "r.day_count".into());
        self.put("orders: days since first", format!("{day} - r.first_day + 1"));
        self.put("orders: mean gap", "r.mean_gap".into());
        self.put("orders: median gap", "r.median_gap".into());
        self.put("orders: gap spread", "r.gap_spread".into());
        self.put("orders: last gap to mean", "r.last_gap / r.mean_gap".into());
        self.put("orders: gap trend", "r.gap_trend".into());
        self.put("orders: silence to mean gap", format!("({since}) / r.mean_gap"));
        parts.push(
            "each_order",
            "SELECT k, d, o, SUM(a) AS a FROM known WHERE bought = 1 GROUP BY k, d, o".into(),
        );
        parts.push(
            "orders",
            format!(
                "SELECT k, COUNT(*) AS n, SUM(a) AS spent, COUNT(a) AS priced,\n    {},\n    {}\n  \
                 FROM each_order GROUP BY k",
                self.windows("n", "1"),
                self.windows("s", "COALESCE(a, 0)"),
            ),
        );
        self.join("orders");
        self.put_windows("orders", ("orders", "n"), true);
        if fitted.layout.amount {
            // Of two orders of a day the later is the one whose number came up later in the table.
            let (join, by) = match self.writer.order_places() {
                Some(places) => {
                    parts.first("seen", places);
                    (" LEFT JOIN seen AS s ON s.o = e.o", "s.place DESC, ")
                }
                None => ("", ""),
            };
            parts.push(
                "last_order",
                format!(
                    "SELECT k, a FROM (SELECT e.k, e.a, ROW_NUMBER() OVER (PARTITION BY e.k ORDER BY e.d DESC,\n    \
                     CASE WHEN e.o IS NULL THEN 0 ELSE 1 END, {by}e.o DESC) AS n\n  \
                     FROM each_order AS e{join}) AS x WHERE n = 1"
                ),
            );
            self.join("last_order");
            self.put("spent: sum", "orders.spent".into());
            self.put("spent: mean order", self.ratio("orders.spent", "orders.priced"));
            self.put("spent: last order", "last_order.a".into());
            self.put_windows("spent", ("orders", "s"), true);
        }
    }

    /// What is counted row by row: habits, returns, discounts, baskets, and shares of levels.
    fn rows(&mut self, parts: &mut Parts, fitted: &FittedBehaviour) {
        let layout = &fitted.layout;
        let bought = |sql: &str| format!("SUM(CASE WHEN bought = 1 THEN {sql} ELSE 0 END)");
        let turn = |name: &str, of: &str, step: f64| bought(&format!("{name}({of} * {step:?})"));
        let mut columns = vec![
            "COUNT(*) AS all_rows".to_owned(),
            "SUM(bought) AS bought".into(),
            "SUM(back) AS back".into(),
            "SUM(CASE WHEN back = 1 THEN ABS(a) END) AS back_value".into(),
            "SUM(CASE WHEN bought = 1 THEN discounted ELSE 0 END) AS discounted".into(),
            "SUM(CASE WHEN bought = 1 THEN q END) AS pieces".into(),
            format!("{} AS weekend", bought(&format!("CASE WHEN {WEEKDAY} >= 5 THEN 1 ELSE 0 END"))),
            format!("{} AS week_sin", turn("SIN", WEEKDAY, DAY_TURN)),
            format!("{} AS week_cos", turn("COS", WEEKDAY, DAY_TURN)),
            format!("{} AS hour_sin", turn("SIN", "clock", SECOND_TURN)),
            format!("{} AS hour_cos", turn("COS", "clock", SECOND_TURN)),
        ];
        if layout.category {
            columns.extend(self.shares("category", "bought = 1", &fitted.categories));
        }
        if layout.channel {
            columns.extend(self.shares("channel", "bought = 1", &fitted.channels));
        }
        let sums = format!("SELECT k, {}\n  FROM known GROUP BY k", columns.join(",\n    "));
        parts.push("row_sums", sums);
        self.join("row_sums");
        for (name, column) in [
            ("orders: weekend share", "weekend"),
            ("orders: weekday sin", "week_sin"),
            ("orders: weekday cos", "week_cos"),
            ("orders: hour sin", "hour_sin"),
            ("orders: hour cos", "hour_cos"),
            ("discounts: share of rows", "discounted"),
        ] {
            let share = self.ratio(&format!("row_sums.{column}"), "row_sums.bought");
            self.put(name, share);
        }
        self.put("returns: count", "row_sums.back".into());
        self.put("returns: share of rows", self.ratio("row_sums.back", "row_sums.all_rows"));
        self.put("returns: value", "COALESCE(row_sums.back_value, 0)".into());
        if !self.writer.shop.lines_apart {
            self.put("basket: rows per order", self.ratio("row_sums.bought", "orders.n"));
        }
        self.put("basket: pieces per order", self.ratio("COALESCE(row_sums.pieces, 0)", "orders.n"));
        if layout.category {
            self.put_shares("category", ("row_sums", "category"), &fitted.categories);
        }
        if layout.channel {
            self.put_shares("channel", ("row_sums", "channel"), &fitted.channels);
        }
    }

    /// Counts of the levels that have a share of their own, and of all filled rows.
    fn shares(&self, column: &str, test: &str, levels: &[String]) -> Vec<String> {
        let count = |test: String, name: String| format!("SUM(CASE WHEN {test} THEN 1 ELSE 0 END) AS {name}");
        let mut out = vec![count(format!("{test} AND {column} IS NOT NULL"), format!("{column}_filled"))];
        for (at, level) in levels.iter().enumerate() {
            let level = self.writer.dialect.literal(level);
            out.push(count(format!("{test} AND {column} = {level}"), format!("{column}_{at}")));
        }
        out
    }

    fn put_shares(&mut self, group: &str, (part, column): (&str, &str), levels: &[String]) {
        let filled = format!("{part}.{column}_filled");
        let mut rest = filled.clone();
        for (at, level) in levels.iter().enumerate() {
            let count = format!("{part}.{column}_{at}");
            rest.push_str(&format!(" - {count}"));
            let share = self.ratio(&count, &filled);
            self.put(&format!("{group}: share of {level}"), share);
        }
        let share = self.ratio(&format!("({rest})"), &filled);
        self.put(&format!("{group}: share of (other)"), share);
    }

    /// Different values of a column among a customer's purchases, filled rows, and Shannon's entropy.
    fn diversity(&mut self, parts: &mut Parts, column: &str, part: &'static str) {
        let share = self.ratio("n", "filled");
        let (each, of_all) = match part {
            "products" => ("each_product", "product_shares"),
            _ => ("each_category", "category_shares"),
        };
        parts.push(
            each,
            format!(
                "SELECT k, {column}, COUNT(*) AS n FROM known WHERE bought = 1 AND {column} IS NOT NULL \
                 GROUP BY k, {column}"
            ),
        );
        parts.push(of_all, format!("SELECT k, n, SUM(n) OVER (PARTITION BY k) AS filled FROM {each}"));
        parts.push(
            part,
            format!(
                "SELECT k, COUNT(*) AS kinds, SUM(n) AS filled, 0 - SUM({share} * LN({share})) AS diversity\n  \
                 FROM {of_all} GROUP BY k"
            ),
        );
        self.join(part);
    }

    /// Visits: how many, how lately, in how many sessions, of which kinds.
    fn events(&mut self, parts: &mut Parts, fitted: &FittedBehaviour, facts: &Facts) {
        let Some((rows, kind)) = &self.writer.shop.events else { return };
        // Before a stream begins nothing is known of it, rather than that there is nothing.
        let begun = facts.events_from.is_some_and(|first| first <= self.day);
        let (names, kind) = (["all_events", "visits"], [(kind.as_ref(), "kind")]);
        self.writer.stream(parts, (rows, names), (&kind, &[]), self.day);
        let at = self.writer.dialect.double("d");
        parts.push(
            "rests",
            format!(
                "SELECT k, d, kind, CASE WHEN at_second - LAG(at_second) OVER (PARTITION BY k ORDER BY at_second) \
                 > {SESSION} THEN 1 ELSE 0 END AS rest\n  \
                 FROM (SELECT k, d, kind, {at} * 86400 + clock AS at_second FROM visits) AS x"
            ),
        );
        let mut columns = vec![
            "COUNT(*) AS n".to_owned(),
            "MAX(d) AS last_day".into(),
            "SUM(rest) + 1 AS sessions".into(),
            self.windows("n", "1"),
        ];
        if fitted.layout.event_kind {
            columns.extend(self.shares("kind", "1 = 1", &fitted.event_kinds));
        }
        let sums = format!("SELECT k, {}\n  FROM rests GROUP BY k", columns.join(",\n    "));
        parts.push("events", sums);
        self.join("events");
        let either = |sql: String| if begun { sql } else { "NULL".into() };
        self.put("events: count", either("COALESCE(events.n, 0)".into()));
        self.put("events: days since last", format!("{} - events.last_day + 1", self.day));
        self.put("events: sessions", either("COALESCE(events.sessions, 0)".into()));
        let each = self.ratio("events.n", "events.sessions");
        self.put("events: events per session", either(each));
        self.put_windows("events", ("events", "n"), begun);
        if fitted.layout.event_kind {
            self.put_shares("events", ("events", "kind"), &fitted.event_kinds);
        }
    }

    /// Opinions and their marks.
    fn feedback(&mut self, parts: &mut Parts, fitted: &FittedBehaviour, facts: &Facts) {
        let Some((rows, rating)) = &self.writer.shop.feedback else { return };
        let begun = facts.feedback_from.is_some_and(|first| first <= self.day);
        let nothing = || self.writer.dialect.double("NULL");
        let rating = rating.as_ref().map_or_else(nothing, |rating| self.writer.dialect.number(rating));
        let names = ["all_feedback", "opinions"];
        self.writer.stream(parts, (rows, names), (&[], &[(rating, "rating")]), self.day);
        parts.push(
            "feedback",
            format!(
                "SELECT k, COUNT(*) AS n, MAX(d) AS last_day, AVG(rating) AS mean_rating,\n    \
                 SUM(CASE WHEN {} - d < 90 THEN 1 ELSE 0 END) AS lately\n  FROM opinions GROUP BY k",
                self.day
            ),
        );
        self.join("feedback");
        let either = |sql: &str| if begun { format!("COALESCE({sql}, 0)") } else { "NULL".into() };
        self.put("feedback: count", either("feedback.n"));
        self.put("feedback: days since last", format!("{} - feedback.last_day + 1", self.day));
        self.put("feedback: last 90 days", either("feedback.lately"));
        if fitted.layout.rating {
            parts.push(
                "last_rating",
                "SELECT k, rating FROM (SELECT k, rating, ROW_NUMBER() OVER (PARTITION BY k \
                 ORDER BY d DESC, clock DESC, place DESC) AS n\n  FROM opinions WHERE rating IS NOT NULL) AS x \
                 WHERE n = 1"
                    .into(),
            );
            self.join("last_rating");
            self.put("feedback: mean rating", "feedback.mean_rating".into());
            self.put("feedback: last rating", "last_rating.rating".into());
        }
    }
}
