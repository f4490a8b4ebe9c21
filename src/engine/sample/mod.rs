//! The sample shop: customers, orders, browsing events and feedback with planted truths and
//! planted dirt. Equal seeds give equal bytes. For showing and teaching; correctness is shown on
//! public data.

mod baskets;
mod chains;
mod complaint;
mod in_order;
mod words;

use std::path::Path;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::deploy::DeployError;
use crate::files::write_atomically;
pub use baskets::{PAIRS, TOGETHER, write_baskets};
pub use chains::{DECIDES, FIRST, LATER, write_chains};
pub use complaint::write_with_complaint;
pub use in_order::{HORIZON, LEAVE, write_in_order};

use words::{CITIES, COMPLAINTS, GIVEN, PRAISE, SURNAMES};

/// The last day of the shop's books, in days since 1970: 30 June 2026.
const TODAY: i64 = 20_634;

/// What the shop sells: name, category, list price in US dollars, pieces in stock.
const PRODUCTS: [(&str, &str, &str, &str); 12] = [
    ("green tea", "tea", "8.50", "240"),
    ("oolong tea", "tea", "11.00", "180"),
    ("teapot", "ware", "39.00", "24"),
    ("cup set", "ware", "28.00", "31"),
    ("honey", "pantry", "7.25", "96"),
    ("ginger biscuits", "pantry", "4.80", "0"),
    ("tea towel", "ware", "9.00", "57"),
    ("travel mug", "ware", "22.50", "43"),
    ("matcha", "tea", "19.90", "66"),
    ("scale", "tools", "31.00", "12"),
    ("kettle", "tools", "64.00", "9"),
    ("gift box", "gifts", "55.00", "38"),
];

/// The four kinds of customers, planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Loyal,
    Bargain,
    BigSpender,
    Newcomer,
}

struct Customer {
    id: usize,
    kind: Kind,
    name: String,
    email: String,
    phone: String,
    city: usize,
    age: i64,
    signup: i64,
    last_order: i64,
    orders: i64,
    spend: f64,
    discount_share: f64,
    visits: i64,
    tickets: i64,
    satisfaction: i64,
    newsletter: bool,
    lucky_number: i64,
    churned: bool,
}

/// Writes the five files of a shop into `folder` (made if it is not there).
///
/// # Errors
/// The disk or the folder refuses.
pub fn write(folder: &Path, customers: usize, seed: u64) -> Result<Vec<std::path::PathBuf>, DeployError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shop: Vec<Customer> = (1..=customers).map(|id| Customer::draw(id, &mut rng)).collect();
    // One table at a time: those of a million customers are large.
    let mut written = write_files(folder, [("customers.csv", customers_csv(&shop, &mut rng))])?;
    written.extend(write_files(folder, [("orders.csv", orders_csv(&shop, &mut rng))])?);
    written.extend(write_files(folder, [("events.csv", events_csv(&shop, &mut rng))])?);
    written.extend(write_files(folder, [("feedback.csv", feedback_csv(&shop, &mut rng))])?);
    written.extend(write_files(folder, [("products.csv", products_csv())])?);
    Ok(written)
}

/// The name and the planted kind of every customer of the shop that [`write`] writes. No file tells it.
pub fn planted(customers: usize, seed: u64) -> Vec<(String, Kind)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |id| {
        let customer = Customer::draw(id, &mut rng);
        (customer.key(), customer.kind)
    };
    (1..=customers).map(draw).collect()
}

/// Writes tables into `folder` (made if it is not there).
fn write_files<const N: usize>(
    folder: &Path,
    files: [(&str, Vec<Vec<String>>); N],
) -> Result<Vec<std::path::PathBuf>, DeployError> {
    std::fs::create_dir_all(folder).map_err(|cause| DeployError::write(folder, cause))?;
    let mut written = Vec::new();
    for (name, rows) in files {
        let path = folder.join(name);
        write_atomically(&path, |out| {
            let mut writer = csv::Writer::from_writer(out);
            for row in &rows {
                writer.write_record(row)?;
            }
            writer.flush()
        })
        .map_err(|cause| DeployError::write(&path, cause))?;
        written.push(path);
    }
    Ok(written)
}

/// A draw from a normal distribution by the sum of twelve uniforms: steady across platforms.
fn normal(rng: &mut ChaCha8Rng, mean: f64, deviation: f64) -> f64 {
    let sum: f64 = (0..12).map(|_| rng.gen_range(0.0..1.0)).sum();
    mean + deviation * (sum - 6.0)
}

fn around(rng: &mut ChaCha8Rng, mean: f64, deviation: f64, low: i64, high: i64) -> i64 {
    (normal(rng, mean, deviation).round() as i64).clamp(low, high)
}

impl Customer {
    fn draw(id: usize, rng: &mut ChaCha8Rng) -> Self {
        let kind = match rng.gen_range(0..100) {
            0..35 => Kind::Loyal,
            35..65 => Kind::Bargain,
            65..80 => Kind::BigSpender,
            _ => Kind::Newcomer,
        };
        let given = GIVEN[rng.gen_range(0..GIVEN.len())];
        let surname = SURNAMES[rng.gen_range(0..SURNAMES.len())];
        let (orders, basket, discount, tenure) = match kind {
            Kind::Loyal => (around(rng, 14.0, 4.0, 3, 40), 32.0, 0.10, around(rng, 1100.0, 300.0, 200, 2000)),
            Kind::Bargain => (around(rng, 8.0, 3.0, 1, 30), 18.0, 0.62, around(rng, 700.0, 250.0, 100, 1600)),
            Kind::BigSpender => {
                (around(rng, 6.0, 2.0, 1, 20), 190.0, 0.05, around(rng, 800.0, 300.0, 120, 1800))
            }
            Kind::Newcomer => (around(rng, 2.0, 1.0, 1, 6), 40.0, 0.25, around(rng, 110.0, 50.0, 10, 240)),
        };
        let basket = normal(rng, basket, basket * 0.2).max(3.0);
        let discount_share = normal(rng, discount, 0.08).clamp(0.0, 1.0);
        let tickets = around(rng, 0.9, 1.1, 0, 9);
        let satisfaction = around(rng, 3.9 - 0.45 * tickets as f64, 0.8, 1, 5);
        let silent = around(rng, 55.0, 45.0, 0, tenure - 1);
        let visits = around(rng, 9.0 - silent as f64 / 14.0, 3.0, 0, 40);
        // The planted truth: silence, unanswered tickets and bargain hunting drive customers away;
        // satisfaction keeps them. City, age, newsletter and the lucky number mean nothing.
        let drive = -2.9
            + 0.022 * silent as f64
            + 0.75 * tickets as f64
            + 1.6 * f64::from(u8::from(kind == Kind::Bargain))
            - 0.45 * (satisfaction as f64 - 3.0)
            - 0.8 * f64::from(u8::from(kind == Kind::Loyal));
        let churned = rng.gen_bool(1.0 / (1.0 + (-drive).exp()));
        Self {
            id,
            kind,
            name: format!("{given} {surname}"),
            email: format!("{}.{}{id}@example.com", given.to_lowercase(), surname.to_lowercase()),
            phone: format!("+00 {:03} {:04}", rng.gen_range(100..999), rng.gen_range(0..9999)),
            city: rng.gen_range(0..CITIES.len()),
            age: around(rng, 41.0, 13.0, 18, 88),
            signup: TODAY - tenure,
            last_order: TODAY - silent,
            orders,
            spend: basket * orders as f64,
            discount_share,
            visits,
            tickets,
            satisfaction,
            newsletter: rng.gen_bool(0.5),
            lucky_number: rng.gen_range(1..100),
            churned,
        }
    }

    fn key(&self) -> String {
        format!("C{:05}", self.id)
    }
}

/// Dates by several hands: mostly ISO, some with slashes, some Chinese.
fn date(days: i64, rng: &mut ChaCha8Rng) -> String {
    let day = chrono::DateTime::from_timestamp_millis(days * 86_400_000).unwrap_or_default();
    let format = match rng.gen_range(0..20) {
        0 => "%Y/%-m/%-d",
        1 => "%Y年%-m月%-d日",
        2 => "%-d %b %Y",
        _ => "%Y-%m-%d",
    };
    day.format(format).to_string()
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn customers_csv(shop: &[Customer], rng: &mut ChaCha8Rng) -> Vec<Vec<String>> {
    let mut rows = vec![row(&[
        "customer_id",
        "name",
        "email",
        "phone",
        "city",
        "age",
        "signup_date",
        "last_order_date",
        "orders",
        "total_spend",
        "discount_share",
        "visits_30d",
        "tickets",
        "satisfaction",
        "newsletter",
        "lucky_number",
        "churned",
    ])];
    for c in shop {
        let mut city = CITIES[c.city].to_owned();
        match rng.gen_range(0..25) {
            0 => city = city.to_uppercase(),
            1 => city = format!(" {} ", city.to_lowercase()),
            _ => {}
        }
        let age = match rng.gen_range(0..120) {
            0 => "999".to_owned(),
            1 => "-1".to_owned(),
            2..5 => String::new(),
            _ => c.age.to_string(),
        };
        let spend = match rng.gen_range(0..30) {
            0 => format!("${:.2}", c.spend),
            1 if c.spend >= 1000.0 => {
                let whole = c.spend.trunc() as i64;
                format!("{},{:03}.{:02}", whole / 1000, whole % 1000, (c.spend.fract() * 100.0) as i64)
            }
            2 => format!("USD {:.2}", c.spend),
            _ => format!("{:.2}", c.spend),
        };
        let satisfaction = match rng.gen_range(0..14) {
            0 => "N/A".to_owned(),
            1 => String::new(),
            _ => c.satisfaction.to_string(),
        };
        rows.push(vec![
            c.key(),
            c.name.clone(),
            c.email.clone(),
            c.phone.clone(),
            city,
            age,
            date(c.signup, rng),
            date(c.last_order, rng),
            c.orders.to_string(),
            spend,
            format!("{:.2}", c.discount_share),
            c.visits.to_string(),
            c.tickets.to_string(),
            satisfaction,
            (if c.newsletter { "yes" } else { "no" }).to_owned(),
            c.lucky_number.to_string(),
            (if c.churned { "yes" } else { "no" }).to_owned(),
        ]);
        // The till sometimes saved a customer twice.
        if rng.gen_range(0..80) == 0
            && let Some(last) = rows.last().cloned()
        {
            rows.push(last);
        }
    }
    rows
}

fn products_csv() -> Vec<Vec<String>> {
    let mut rows = vec![row(&["product", "category", "price", "in_stock"])];
    for (name, category, price, stock) in PRODUCTS {
        rows.push(row(&[name, category, price, stock]));
    }
    rows
}

fn orders_csv(shop: &[Customer], rng: &mut ChaCha8Rng) -> Vec<Vec<String>> {
    let mut rows =
        vec![row(&["order_id", "customer_id", "order_date", "product", "quantity", "amount", "currency"])];
    let mut number = 1;
    for c in shop {
        for nth in 0..c.orders {
            let span = (c.last_order - c.signup).max(0);
            let day = if nth == 0 { c.last_order } else { c.signup + rng.gen_range(0..=span) };
            let each = c.spend / c.orders as f64;
            let yuan = rng.gen_range(0..10) == 0;
            let amount = if yuan { each * 7.0 } else { each };
            rows.push(vec![
                format!("O{number:06}"),
                c.key(),
                date(day, rng),
                PRODUCTS[rng.gen_range(0..PRODUCTS.len())].0.to_owned(),
                rng.gen_range(1..4).to_string(),
                format!("{amount:.2}"),
                (if yuan { "CNY" } else { "USD" }).to_owned(),
            ]);
            number += 1;
        }
    }
    rows
}

fn events_csv(shop: &[Customer], rng: &mut ChaCha8Rng) -> Vec<Vec<String>> {
    const PAGES: [&str; 5] = ["home", "search", "product", "cart", "checkout"];
    let mut rows = vec![row(&["customer_id", "time", "page", "seconds"])];
    for c in shop {
        for _ in 0..c.visits {
            let day = TODAY - rng.gen_range(0..30);
            let day = chrono::DateTime::from_timestamp_millis(day * 86_400_000).unwrap_or_default();
            let page = *PAGES.choose(rng).unwrap_or(&PAGES[0]);
            let time =
                format!("{} {:02}:{:02}", day.format("%Y-%m-%d"), rng.gen_range(7..23), rng.gen_range(0..60));
            rows.push(vec![c.key(), time, page.to_owned(), rng.gen_range(2..240).to_string()]);
        }
    }
    rows
}

fn feedback_csv(shop: &[Customer], rng: &mut ChaCha8Rng) -> Vec<Vec<String>> {
    let mut rows = vec![row(&["customer_id", "date", "language", "comment"])];
    for c in shop {
        if c.tickets == 0 && rng.gen_range(0..3) > 0 {
            continue;
        }
        let list = if c.satisfaction <= 3 { COMPLAINTS } else { PRAISE };
        let (english, chinese) = list[rng.gen_range(0..list.len())];
        let speaks_chinese = rng.gen_range(0..5) < 2;
        let (language, comment) = if speaks_chinese { ("zh", chinese) } else { ("en", english) };
        rows.push(vec![c.key(), date(c.last_order, rng), language.to_owned(), comment.to_owned()]);
    }
    rows
}
