//! One student's shop: the customers, the dirt that was put on them, the column that leaks, and the
//! orders of known lifetime parameters. All of it follows from the kit's seed and the student's number.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution as _, Gamma};
use serde::{Deserialize, Serialize};

use super::draw::{MEASURES, Person, Shop, best_auc, normal};

/// The last day of the books, in days since 1970: 30 June 2026.
const TODAY: i64 = 20_634;
/// Customers who are drawn anew to measure a model on, and on whom the best area is known.
const FRESH: usize = 2_000;
/// Strengths of the drivers before they are moved a little, the strongest first.
const STRENGTHS: [f64; 4] = [1.5, 1.05, 0.72, 0.48];
/// Columns that can only be filled once a customer has left.
const LEAKS: [&str; 4] = ["exit_call_minutes", "win_back_mails", "closing_balance", "final_survey"];
const CITIES: [&str; 5] = ["Springfield", "Riverton", "Lakeside", "Hillview", "Newbridge"];
/// The column that says who left.
pub const TARGET: &str = "churned";

/// A kind of dirt; the name of the step of the recipe that takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirtKind {
    /// “N/A” where a number should be.
    MissingMarks,
    /// An amount with a currency sign.
    TypeRepair,
    /// A date by another hand.
    Dates,
    /// An age that nobody has.
    Impossible,
    /// A city in capitals.
    Spelling,
    /// A customer who was saved twice.
    Duplicates,
}

impl DirtKind {
    pub const ALL: [DirtKind; 6] = [
        DirtKind::MissingMarks,
        DirtKind::TypeRepair,
        DirtKind::Dates,
        DirtKind::Impossible,
        DirtKind::Spelling,
        DirtKind::Duplicates,
    ];

    /// The name of the step, and the key of its words under `step.`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingMarks => "missing_marks",
            Self::TypeRepair => "type_repair",
            Self::Dates => "dates",
            Self::Impossible => "impossible",
            Self::Spelling => "spelling",
            Self::Duplicates => "duplicates",
        }
    }
}

/// What a dirty cell should read as once it is clean.
#[derive(Debug, Clone, PartialEq)]
pub enum Clean {
    /// No value: the truth is lost.
    Missing,
    Number(f64),
    /// Days since 1970.
    Day(f64),
    Text(String),
    /// The row should be gone.
    Gone,
}

/// One planted piece of dirt.
#[derive(Debug, Clone, PartialEq)]
pub struct Dirt {
    pub kind: DirtKind,
    /// The record's number in customers.csv; the header is 1.
    pub row: u32,
    /// The column; empty for a whole row.
    pub column: &'static str,
    pub clean: Clean,
}

/// Parameters of the BG/NBD model (Fader, Hardie and Lee 2005) that the orders were drawn from: the rate
/// of orders a week is Gamma(r, rate alpha), the chance to stop after an order is Beta(a, b).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lifetime {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

impl Lifetime {
    /// Orders a week of an average living customer, r/α, and the chance that one stops after an order,
    /// a/(a+b).
    pub fn means(&self) -> (f64, f64) {
        (self.r / self.alpha, self.a / (self.a + self.b))
    }
}

/// A student's shop with its truth.
#[derive(Debug, Clone)]
pub struct StudentShop {
    pub shop: Shop<'static>,
    /// Share of the customers who leave.
    pub share: f64,
    pub leak: &'static str,
    pub lifetime: Lifetime,
    pub dirt: Vec<Dirt>,
    customers: Vec<Vec<String>>,
    orders: Vec<Vec<String>>,
    fresh: Vec<Person>,
}

/// A stream of chance of its own for one purpose of one student.
fn stream(seed: u64, student: u32, purpose: &str) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new_derive_key("regulars class kit 2026-11 random streams");
    hasher.update(&seed.to_le_bytes()).update(&student.to_le_bytes()).update(purpose.as_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

impl StudentShop {
    /// Draws the shop of a student, counted from 1.
    pub fn new(seed: u64, student: u32, customers: usize) -> Self {
        let mut rng = stream(seed, student, "truth");
        let mut names: Vec<&'static str> = MEASURES.iter().map(|measure| measure.name).collect();
        names.shuffle(&mut rng);
        let drivers = names.into_iter().zip(STRENGTHS).map(|(name, strength)| {
            let sign = if rng.gen_bool(0.5) { 1.0 } else { -1.0 };
            // Moved by at most a tenth: the order of the drivers stays.
            (name, sign * strength * rng.gen_range(0.9..1.1))
        });
        let drivers: Vec<(&'static str, f64)> = drivers.collect();
        let share = rng.gen_range(0.24..0.38);
        let leak = LEAKS.choose(&mut rng).copied().unwrap_or(LEAKS[0]);
        let lifetime = Lifetime {
            r: rng.gen_range(0.7..1.3),
            alpha: rng.gen_range(4.0..9.0),
            a: rng.gen_range(0.6..1.0),
            b: rng.gen_range(2.0..3.5),
        };
        let shop = Shop::new(&MEASURES, drivers, share, &mut rng);
        let people = shop.customers(customers, &mut stream(seed, student, "customers"));
        let fresh = shop.customers(FRESH, &mut stream(seed, student, "fresh customers"));
        let mut dirty = Dirty::new(&people, leak, &mut stream(seed, student, "cells"));
        dirty.soil(&mut stream(seed, student, "dirt"));
        let orders = orders(&dirty.signups, lifetime, &mut stream(seed, student, "orders"));
        Self { shop, share, leak, lifetime, dirt: dirty.dirt, customers: dirty.rows, orders, fresh }
    }

    /// The files, without folder, with their rows; the first row names the columns.
    pub fn files(&self) -> [(&'static str, &[Vec<String>]); 2] {
        [("customers.csv", &self.customers), ("orders.csv", &self.orders)]
    }

    /// Pieces of dirt of a kind.
    pub fn count(&self, kind: DirtKind) -> usize {
        self.dirt.iter().filter(|dirt| dirt.kind == kind).count()
    }

    /// Customers whom the student never saw, as rows under the head of customers.csv, clean, and as one
    /// would have them on the day of scoring: the column that leaks is not filled yet.
    pub fn fresh_rows(&self) -> (Vec<Vec<String>>, Vec<bool>) {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let clean = Dirty::new(&self.fresh, self.leak, &mut rng);
        let at = clean.rows.first().and_then(|head| head.iter().position(|name| name == self.leak));
        let mut rows = clean.rows;
        for row in rows.iter_mut().skip(1) {
            if let Some(cell) = at.and_then(|at| row.get_mut(at)) {
                cell.clear();
            }
        }
        (rows, self.fresh.iter().map(|person| person.left).collect())
    }

    /// The best area under the ROC curve that can be reached on [`fresh_rows`](Self::fresh_rows).
    pub fn best_auc(&self) -> f64 {
        best_auc(&self.fresh).unwrap_or(0.5)
    }
}

/// Rows of customers.csv on their way to being dirty.
struct Dirty {
    rows: Vec<Vec<String>>,
    /// Days since 1970 of each customer's signing up.
    signups: Vec<i64>,
    dirt: Vec<Dirt>,
    /// City of each customer.
    cities: Vec<&'static str>,
    values: Vec<Vec<f64>>,
}

fn day(days: i64, format: &str) -> String {
    let day = chrono::DateTime::from_timestamp_millis(days * 86_400_000).unwrap_or_default();
    day.format(format).to_string()
}

impl Dirty {
    /// Clean rows of these people.
    fn new(people: &[Person], leak: &str, rng: &mut ChaCha8Rng) -> Self {
        let mut head = vec!["customer_id".to_owned(), "city".to_owned(), "signup_date".to_owned()];
        head.extend(MEASURES.iter().map(|measure| measure.name.to_owned()));
        head.extend([leak.to_owned(), TARGET.to_owned()]);
        let mut out = Self {
            rows: vec![head],
            signups: Vec::new(),
            dirt: Vec::new(),
            cities: Vec::new(),
            values: people.iter().map(|person| person.values.clone()).collect(),
        };
        for (at, person) in people.iter().enumerate() {
            let city = CITIES.choose(rng).copied().unwrap_or(CITIES[0]);
            let signup = TODAY - rng.gen_range(30..1400);
            let mut row = vec![format!("C{:05}", at + 1), city.to_owned(), day(signup, "%Y-%m-%d")];
            row.extend(MEASURES.iter().zip(&person.values).map(|(measure, value)| measure.show(*value)));
            // Nearly all who left, and hardly anyone else: alone it tells the answer.
            let leaked = normal(rng) + if person.left { 9.0 } else { 4.5 };
            row.push(format!("{:.1}", leaked.max(0.0)));
            row.push((if person.left { "yes" } else { "no" }).to_owned());
            out.rows.push(row);
            out.cities.push(city);
            out.signups.push(signup);
        }
        out
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.rows.first()?.iter().position(|column| column == name)
    }

    /// Puts dirt on the rows: each row bears at most one piece, so that every piece can be counted.
    fn soil(&mut self, rng: &mut ChaCha8Rng) {
        let n = self.cities.len();
        let mut places: Vec<usize> = (0..n).collect();
        places.shuffle(rng);
        let mut places = places.into_iter();
        let mut some = |low: f64, high: f64, rng: &mut ChaCha8Rng| -> Vec<usize> {
            let count = (n as f64 * rng.gen_range(low..high)).round() as usize;
            places.by_ref().take(count).collect()
        };
        for at in some(0.03, 0.06, rng) {
            let column = if rng.gen_bool(0.5) { "satisfaction" } else { "visits_30d" };
            let mark = if rng.gen_bool(0.5) { "N/A" } else { "?" };
            self.put(DirtKind::MissingMarks, at, column, mark.to_owned(), Clean::Missing);
        }
        for at in some(0.03, 0.06, rng) {
            let value = self.value(at, "avg_basket");
            let text = if rng.gen_bool(0.5) { format!("${value:.2}") } else { format!("USD {value:.2}") };
            self.put(DirtKind::TypeRepair, at, "avg_basket", text, Clean::Number(value));
        }
        for at in some(0.03, 0.06, rng) {
            let days = self.signups.get(at).copied().unwrap_or(TODAY);
            let text =
                if rng.gen_bool(0.5) { day(days, "%Y年%-m月%-d日") } else { day(days, "%-d %b %Y") };
            self.put(DirtKind::Dates, at, "signup_date", text, Clean::Day(days as f64));
        }
        for at in some(0.02, 0.04, rng) {
            let text = if rng.gen_bool(0.5) { "999" } else { "-1" };
            self.put(DirtKind::Impossible, at, "age", text.to_owned(), Clean::Missing);
        }
        for at in some(0.03, 0.06, rng) {
            let city = self.cities.get(at).copied().unwrap_or_default();
            self.put(DirtKind::Spelling, at, "city", city.to_uppercase(), Clean::Text(city.to_owned()));
        }
        // Behind all others: their records keep their numbers.
        for at in some(0.01, 0.03, rng) {
            if let Some(row) = self.rows.get(at + 1).cloned() {
                self.rows.push(row);
                let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
                self.dirt.push(Dirt { kind: DirtKind::Duplicates, row, column: "", clean: Clean::Gone });
            }
        }
    }

    fn value(&self, at: usize, name: &str) -> f64 {
        let measure = MEASURES.iter().position(|measure| measure.name == name);
        let values = self.values.get(at);
        measure.zip(values).and_then(|(measure, values)| values.get(measure)).copied().unwrap_or(0.0)
    }

    fn put(&mut self, kind: DirtKind, at: usize, column: &'static str, text: String, clean: Clean) {
        let place = self.column(column);
        if let Some(cell) = place.and_then(|place| self.rows.get_mut(at + 1)?.get_mut(place)) {
            *cell = text;
            let row = u32::try_from(at + 2).unwrap_or(u32::MAX);
            self.dirt.push(Dirt { kind, row, column, clean });
        }
    }
}

/// Orders by the BG/NBD process: between two orders the time is exponential with the customer's own
/// rate; after each order the customer stops with the customer's own chance.
fn orders(signups: &[i64], of: Lifetime, rng: &mut ChaCha8Rng) -> Vec<Vec<String>> {
    let head = ["order_id", "customer_id", "order_date", "amount"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (Ok(rates), Ok(stops)) = (Gamma::new(of.r, 1.0 / of.alpha), Beta::new(of.a, of.b)) else {
        return rows;
    };
    for (at, signup) in signups.iter().enumerate() {
        let (rate, stop): (f64, f64) = (rates.sample(rng), stops.sample(rng));
        let mut week = 0.0;
        loop {
            let date = signup + (week * 7.0) as i64;
            if date > TODAY {
                break;
            }
            let amount = (46.0 + 14.0 * normal(rng)).max(3.0);
            rows.push(vec![
                format!("O{:06}", rows.len()),
                format!("C{:05}", at + 1),
                day(date, "%Y-%m-%d"),
                format!("{amount:.2}"),
            ]);
            // The first purchase opens the account; from then on each may be the last.
            if week > 0.0 && rng.gen_range(0.0..1.0) < stop {
                break;
            }
            let uniform: f64 = rng.gen_range(f64::EPSILON..1.0);
            week += -uniform.ln() / rate.max(1e-6);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_of_dirt_is_where_it_is_said_to_be() {
        let shop = StudentShop::new(9, 2, 800);
        let [(_, customers), (_, orders)] = shop.files();
        assert!(orders.len() > 800 && customers.len() == 801 + shop.count(DirtKind::Duplicates));
        let clean = Dirty::new(
            &shop.shop.customers(800, &mut stream(9, 2, "customers")),
            shop.leak,
            &mut stream(9, 2, "cells"),
        );
        for dirt in &shop.dirt {
            let row = &customers[dirt.row as usize - 1];
            match dirt.kind {
                DirtKind::Duplicates => {
                    assert_eq!(customers.iter().filter(|other| *other == row).count(), 2);
                }
                _ => {
                    let at = clean.column(dirt.column).unwrap();
                    assert_ne!(row[at], clean.rows[dirt.row as usize - 1][at]);
                }
            }
        }
        // Cells that bear no dirt are as they were.
        let touched: Vec<u32> = shop.dirt.iter().map(|dirt| dirt.row).collect();
        for (at, row) in clean.rows.iter().enumerate().skip(1) {
            let number = u32::try_from(at + 1).unwrap();
            assert!(touched.contains(&number) || *row == customers[at]);
        }
        for kind in DirtKind::ALL {
            assert!(shop.count(kind) >= 8, "{kind:?}: {}", shop.count(kind));
        }
        assert!((0.75..0.95).contains(&shop.best_auc()), "{}", shop.best_auc());
        assert_eq!(StudentShop::new(9, 2, 800).customers, shop.customers);
        assert_ne!(StudentShop::new(9, 3, 800).customers, shop.customers);
        assert_ne!(StudentShop::new(10, 2, 800).customers, shop.customers);
    }
}
