//! The statements. Each begins with the rows of the sales as typed columns (`sales`); what is known on a day is
//! cut from them once (`known`), and nothing that computes a feature reads anything else.

use super::dialect::{Dialect, Field};
use super::features;
use super::shop::{Dated, Flag, Shop};
use crate::collect::database::{Form, TableName};
use crate::features::behaviour::fitted::FittedBehaviour;
use crate::features::behaviour::question::{Churn, Day, Question, SHORTEST_RHYTHM};

/// The place of a row in a table that has no order.
const NO_PLACE: &str = "CAST(NULL AS BIGINT)";

/// What is known of the books before the first feature is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The day of the first purchase.
    pub first: Day,
    /// The last day of the books.
    pub last: Day,
    pub returns: bool,
    pub hours: bool,
    pub events_from: Option<Day>,
    pub feedback_from: Option<Day>,
}

/// The different values of a column of few, most frequent first.
pub(super) fn levels(dialect: Dialect, table: &TableName, field: &Field, most: usize) -> String {
    let (text, table) = (dialect.text(field), dialect.table(table));
    format!(
        "SELECT v, n FROM (SELECT v, COUNT(*) AS n FROM (SELECT {text} AS v FROM {table}) AS x \
         WHERE v IS NOT NULL GROUP BY v) AS y ORDER BY n DESC, v LIMIT {most}"
    )
}

/// Named parts of one statement, each of which may read those before it.
#[derive(Default)]
pub(super) struct Parts(Vec<(&'static str, String)>);

impl Parts {
    pub fn push(&mut self, name: &'static str, sql: String) {
        self.0.push((name, sql));
    }

    /// A part that reads a table of the server: before all others, for one of them may be called as the table is.
    pub fn first(&mut self, name: &'static str, sql: String) {
        self.0.insert(0, (name, sql));
    }

    /// The statement that ends with `select`.
    pub fn end(&self, select: &str) -> String {
        let parts: Vec<String> =
            self.0.iter().map(|(name, sql)| format!("{name} AS (\n  {sql}\n)")).collect();
        format!("WITH {}\n{select}", parts.join(",\n"))
    }
}

/// Writes the statements of a shop in a dialect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub dialect: Dialect,
    pub shop: &'a Shop,
}

/// A column of text, where there is one, and the name that the statement gives it.
type Text<'a> = (Option<&'a Field>, &'a str);

impl Writer<'_> {
    fn number(&self, field: Option<&Field>) -> String {
        field.map_or_else(|| "NULL".into(), |field| self.dialect.number(field))
    }

    fn flag(&self, flag: Option<&Flag>) -> String {
        let test = match flag {
            None => return "0".into(),
            Some(Flag::Set(field)) if field.form == Form::Truth => self.dialect.quote(&field.name),
            Some(Flag::Set(field)) => format!("{} <> 0", self.dialect.quote(&field.name)),
            Some(Flag::Among(_, values)) if values.is_empty() => return "0".into(),
            Some(Flag::Among(field, values)) => {
                let values: Vec<String> = values.iter().map(|value| self.dialect.literal(value)).collect();
                format!("{} IN ({})", self.dialect.bare(field), values.join(", "))
            }
        };
        format!("CASE WHEN {test} THEN 1 ELSE 0 END")
    }

    /// Key, day, second of the day and place of the rows of a table, then `texts` and `more`.
    fn rows(&self, rows: &Dated, texts: &[Text<'_>], more: &[(String, &str)]) -> String {
        let place = rows.row.as_ref().map_or(NO_PLACE.into(), |row| self.dialect.quote(&row.name));
        let mut inner = vec![
            (self.dialect.key(&rows.key), "k"),
            (self.dialect.day(&rows.day), "d"),
            (self.dialect.clock(&rows.day), "clock"),
            (place, "place"),
        ];
        let mut outer = vec![(self.dialect.marked("k", &rows.key), "k")];
        outer.extend(["d", "clock", "place"].map(|name| (name.to_owned(), name)));
        for (field, name) in texts {
            let (bare, marked) = match field {
                Some(field) => (self.dialect.bare(field), self.dialect.marked(name, field)),
                None => (self.nothing_text(), (*name).to_owned()),
            };
            inner.push((bare, name));
            outer.push((marked, name));
        }
        for (sql, name) in more {
            inner.push((sql.clone(), name));
            outer.push(((*name).to_owned(), name));
        }
        let named = |(sql, name): &(String, &str)| match sql == name {
            true => sql.clone(),
            false => format!("{sql} AS {name}"),
        };
        let list = |columns: &[(String, &str)]| columns.iter().map(named).collect::<Vec<_>>().join(",\n    ");
        format!(
            "SELECT {}\n  FROM (\n  SELECT {}\n  FROM {}\n  ) AS x",
            list(&outer),
            list(&inner),
            self.dialect.table(&rows.table)
        )
    }

    /// Rows whose customer is known, and dated up to a day, where one is given.
    fn counted(&self, until: Option<Day>) -> String {
        let day = until.map_or_else(String::new, |day| format!(" AND d <= {day}"));
        let listed = match &self.shop.customers {
            Some(_) => " AND k IN (SELECT k FROM listed)",
            None => "",
        };
        format!("k IS NOT NULL AND d IS NOT NULL{day}{listed}")
    }

    /// The parts that give `sales`: the rows of known customers up to a day, where one is given.
    pub fn sales(&self, until: Option<Day>) -> Parts {
        let mut parts = self.raw();
        parts.push(
            "typed",
            format!(
                "SELECT k, d, clock, place, o, a, q, discounted, product, category, channel,\n    \
                 CASE WHEN flag = 1 OR q < 0 OR a < 0 THEN 1 ELSE 0 END AS back\n  FROM raw WHERE {}",
                self.counted(until)
            ),
        );
        parts.push(
            "sales",
            "SELECT k, d, clock, place, o, a, q, discounted, product, category, channel, back,\n    \
             CASE WHEN back = 0 AND (a IS NULL OR a > 0) THEN 1 ELSE 0 END AS bought\n  FROM typed"
                .into(),
        );
        parts
    }

    /// The parts that give `raw`, every row of the sales, and `listed`, the customers that a table lists.
    pub fn raw(&self) -> Parts {
        let sales = &self.shop.sales;
        let quantity = self.number(sales.quantity.as_ref());
        let amount = match (&sales.amount, &sales.price, &sales.quantity) {
            (Some(amount), ..) => self.dialect.number(amount),
            (None, Some(price), Some(_)) => format!("({}) * ({quantity})", self.dialect.number(price)),
            (None, price, _) => self.number(price.as_ref()),
        };
        // What is in another currency than most is not known.
        let amount = match &sales.currency {
            Some((field, most)) => {
                let currency = self.dialect.text(field);
                let most = self.dialect.literal(most);
                format!("CASE WHEN ({currency}) IS NULL OR ({currency}) = {most} THEN {amount} END")
            }
            None => amount,
        };
        let double = |sql: String| if sql == "NULL" { self.dialect.double("NULL") } else { sql };
        let texts = [
            (sales.order.as_ref(), "o"),
            (sales.product.as_ref(), "product"),
            (sales.category.as_ref(), "category"),
            (sales.channel.as_ref(), "channel"),
        ];
        let more = [
            (double(amount), "a"),
            (double(quantity), "q"),
            (self.flag(sales.returned.as_ref()), "flag"),
            (self.flag(sales.discount.as_ref()), "discounted"),
        ];
        let mut parts = Parts::default();
        if let Some(listed) = self.listed() {
            parts.push("listed", listed);
        }
        parts.push("raw", self.rows(&sales.rows, &texts, &more));
        parts
    }

    fn nothing_text(&self) -> String {
        match self.dialect {
            Dialect::Postgresql => "CAST(NULL AS text)".into(),
            Dialect::Spark => "CAST(NULL AS STRING)".into(),
        }
    }

    fn listed(&self) -> Option<String> {
        let (table, key, row) = self.shop.customers.as_ref()?;
        let place = row.as_ref().map_or(NO_PLACE.into(), |row| self.dialect.quote(&row.name));
        let (plain, table) = (self.dialect.key(key), self.dialect.table(table));
        let marked = self.dialect.marked("k", key);
        Some(format!(
            "SELECT {marked} AS k, place FROM (SELECT {plain} AS k, {place} AS place FROM {table}) AS x"
        ))
    }

    /// How many rows of the sales lie on each day.
    pub fn days(&self) -> String {
        self.sales(None).end("SELECT d, COUNT(*) AS n FROM sales GROUP BY d ORDER BY d")
    }

    /// Rows without a known customer, without a date, in another currency; the first purchase; whether there
    /// are returns and times of day.
    pub fn facts(&self, last: Day) -> String {
        let known = match &self.shop.customers {
            Some(_) => "k IS NOT NULL AND k IN (SELECT k FROM listed)",
            None => "k IS NOT NULL",
        };
        let nobody = format!("(SELECT COUNT(*) FROM raw WHERE NOT ({known}))");
        let undated = format!("(SELECT COUNT(*) FROM raw WHERE {known} AND d IS NULL)");
        self.sales(None).end(&format!(
            "SELECT {nobody} AS nobody, {undated} AS undated,\n  \
             MIN(CASE WHEN bought = 1 AND d <= {last} THEN d END) AS first_day,\n  \
             MAX(CASE WHEN d <= {last} THEN back END) AS any_back,\n  \
             MAX(CASE WHEN clock > 0 THEN 1 ELSE 0 END) AS hours\nFROM sales"
        ))
    }

    /// Customers who bought, but not within the look-back window before `last`.
    pub fn silent(&self, last: Day, question: &Question) -> String {
        let look_back = question.look_back();
        self.sales(Some(last)).end(&format!(
            "SELECT COUNT(*) AS n FROM (SELECT k FROM sales WHERE bought = 1 GROUP BY k \
             HAVING {last} - MAX(d) >= {look_back}) AS x"
        ))
    }

    /// The customers in the order in which their table names them.
    pub fn customers(&self) -> String {
        let from = if self.shop.customers.is_some() { "listed" } else { "raw" };
        self.raw().end(&format!(
            "SELECT k FROM (SELECT k, MIN(place) AS place FROM {from} WHERE k IS NOT NULL GROUP BY k) AS x \
             ORDER BY place, k"
        ))
    }

    /// Rows of the sales in another currency than the one that counts; `None` without such a column.
    pub fn other_currencies(&self) -> Option<String> {
        let sales = &self.shop.sales;
        let (field, most) = sales.currency.as_ref()?;
        let (text, most) = (self.dialect.text(field), self.dialect.literal(most));
        let table = self.dialect.table(&sales.rows.table);
        Some(format!("SELECT COUNT(*) AS n FROM {table} WHERE ({text}) <> {most}"))
    }

    /// Where each order number first stands in the table; `None` where nothing orders its rows.
    pub fn order_places(&self) -> Option<String> {
        let sales = &self.shop.sales;
        let (order, row) = (sales.order.as_ref()?, sales.rows.row.as_ref()?);
        let (text, place) = (self.dialect.text(order), self.dialect.quote(&row.name));
        let table = self.dialect.table(&sales.rows.table);
        Some(format!(
            "SELECT o, MIN(place) AS place FROM (SELECT {text} AS o, {place} AS place FROM {table}) AS x \
             WHERE o IS NOT NULL GROUP BY o"
        ))
    }

    /// The first day of a stream of events or opinions, of customers who are known.
    pub fn first_day(&self, rows: &Dated) -> String {
        let mut parts = self.raw();
        parts.first("stream", self.rows(rows, &[], &[]));
        let known = match self.shop.customers {
            Some(_) => "",
            // Where nobody lists the customers, those are known who have a row of the sales.
            None => " AND k IN (SELECT k FROM raw WHERE k IS NOT NULL)",
        };
        parts.end(&format!("SELECT MIN(d) AS first_day FROM stream WHERE {}{known}", self.counted(None)))
    }

    /// The rows of events or opinions of known customers up to a day, as `name`.
    pub fn stream(
        &self,
        parts: &mut Parts,
        (rows, name): (&Dated, [&'static str; 2]),
        (texts, more): (&[Text<'_>], &[(String, &str)]),
        day: Day,
    ) {
        let [all, known] = name;
        parts.first(all, self.rows(rows, texts, more));
        parts.push(known, format!("SELECT * FROM {all} WHERE {}", self.counted(Some(day))));
    }

    /// How often each level of `column` comes among the rows of these customers up to a day; of the events
    /// where `events` says so.
    pub fn top(&self, column: &str, events: bool, customers: &[&str], day: Day) -> String {
        let (mut parts, from) = match (&self.shop.events, events) {
            (Some((rows, kind)), true) => {
                let mut parts = Parts::default();
                if let Some(listed) = self.listed() {
                    parts.push("listed", listed);
                }
                let kind = [(kind.as_ref(), "kind")];
                self.stream(&mut parts, (rows, ["all_events", "visits"]), (&kind, &[]), day);
                (parts, "visits")
            }
            _ => (self.sales(Some(day)), "sales"),
        };
        parts.push("learners", self.dialect.list(customers));
        parts.end(&format!(
            "SELECT {column} AS v, COUNT(*) AS n FROM {from} JOIN learners ON learners.k = {from}.k \
             WHERE {column} IS NOT NULL GROUP BY {column}"
        ))
    }

    /// One row per customer that is asked about on `day`: the key, whether it was lost (NULL where `labelled`
    /// is false) and the features that `fitted` has, in their order. Without `fitted` no features.
    pub fn rows_of_day(
        &self,
        question: &Question,
        fitted: Option<(&FittedBehaviour, &Facts)>,
        (day, last, labelled): (Day, Day, bool),
    ) -> String {
        let until = if labelled { day.saturating_add(question.horizon()).min(last) } else { day };
        let mut parts = self.sales(Some(until));
        parts.push("known", format!("SELECT * FROM sales WHERE d <= {day}"));
        self.rhythm(&mut parts, question, day);
        let (mut columns, mut joins) = (vec!["r.k AS k".to_owned()], vec!["FROM rhythm AS r".to_owned()]);
        match labelled {
            true => {
                let later = format!(
                    "SELECT k, MIN(d) AS next_day FROM sales WHERE bought = 1 AND d > {day} GROUP BY k"
                );
                parts.push("later", later);
                joins.push("LEFT JOIN later AS l ON l.k = r.k".into());
                let window = self.window(question);
                columns.push(format!(
                    "CASE WHEN l.next_day IS NULL OR l.next_day > {day} + {window} THEN 1 ELSE 0 END AS lost"
                ));
            }
            false => columns.push("NULL AS lost".into()),
        }
        if let Some((fitted, facts)) = fitted {
            let made = features::write(self, &mut parts, fitted, facts, day);
            joins.extend(made.joins);
            for (name, sql) in made.columns {
                columns.push(format!("{} AS {}", self.dialect.double(&sql), self.dialect.quote(&name)));
            }
        }
        parts.end(&format!("SELECT {}\n{}", columns.join(",\n  "), joins.join("\n")))
    }

    /// Days after the cut-off day in which the customer is given to buy.
    fn window(&self, question: &Question) -> String {
        let horizon = question.horizon();
        let Churn::OwnRhythm { factor } = question.churn else { return horizon.to_string() };
        let factor = self.dialect.double(&format!("'{factor}'"));
        format!(
            "CASE WHEN r.gap_count < 2 THEN {horizon} ELSE \
             LEAST({horizon}, GREATEST({SHORTEST_RHYTHM}, LEAST({horizon}, CEIL({factor} * r.median_gap)))) END"
        )
    }

    /// The purchase days of each customer, and who is asked about on `day`.
    fn rhythm(&self, parts: &mut Parts, question: &Question, day: Day) {
        let double = |sql: &str| self.dialect.double(sql);
        parts.push("bought_days", "SELECT k, d FROM known WHERE bought = 1 GROUP BY k, d".into());
        parts.push(
            "steps",
            format!(
                "SELECT k, d, {} AS gap,\n    {} AS n,\n    LEAD(d) OVER (PARTITION BY k ORDER BY d) AS next_day\n  \
                 FROM bought_days",
                double("d - LAG(d) OVER (PARTITION BY k ORDER BY d)"),
                double("ROW_NUMBER() OVER (PARTITION BY k ORDER BY d)"),
            ),
        );
        parts.push(
            "rhythm",
            format!(
                "SELECT k, MIN(d) AS first_day, MAX(d) AS last_day, COUNT(*) AS day_count,\n    \
                 COUNT(gap) AS gap_count, AVG(gap) AS mean_gap, {} AS median_gap,\n    \
                 STDDEV_SAMP(gap) AS gap_spread, REGR_SLOPE(gap, n) AS gap_trend,\n    \
                 MAX(CASE WHEN next_day IS NULL THEN gap END) AS last_gap\n  \
                 FROM steps GROUP BY k\n  HAVING {day} - MIN(d) >= {} AND {day} - MAX(d) < {}",
                self.dialect.median("gap"),
                question.min_history(),
                question.look_back(),
            ),
        );
    }
}
