//! The whole of a shop: published figures, known parameters found again, intervals that cover, hostile
//! books.

mod cover;
mod published;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution as _};

use super::history::grouped;
use super::story::{fit, gamma};
use super::*;
use crate::collect::relate::testing::table;
use crate::job::Reporter;
use crate::project::{Collected, Settings, Valued, value_of};
use crate::table::{Dataset, Table};

fn valued(tables: Vec<Table>, spec: ValueSpec) -> crate::Result<Valued> {
    let settings = Settings { value: spec, ..Settings::default() };
    let first = tables[0].clone();
    let links = crate::collect::relate::links(&tables, &Reporter::silent())?;
    let collected = Collected::of(first.clone(), Dataset { tables, links }, None);
    value_of(&collected, &first, &settings, &Reporter::silent())
}

fn shop_of(text: &str, spec: ValueSpec) -> Shop {
    match valued(vec![table("orders", text)], spec).unwrap() {
        Valued::Shop(shop) => *shop,
        other => panic!("{other:?}"),
    }
}

fn near(found: f64, wanted: f64, half: f64) {
    assert!((found - wanted).abs() <= half, "{found} for {wanted} ± {half}");
}

/// The orders of a customer by the story of BG/NBD: days from `begin` to 730.
fn orders(at: [f64; 4], begin: i32, end: i32, rng: &mut ChaCha8Rng) -> Vec<i32> {
    let rate = gamma(at[0], at[1], rng);
    let leaving = Beta::new(at[2], at[3]).unwrap().sample(rng);
    let (mut days, mut now) = (vec![begin], f64::from(begin));
    loop {
        now += -rng.r#gen::<f64>().max(1e-300).ln() / rate * 7.0;
        if now > f64::from(end) {
            return days;
        }
        days.push(now as i32);
        if rng.r#gen::<f64>() < leaving {
            return days;
        }
    }
}

/// A shop of that story with orders around 30, as text; days up to `end` after 1 January 2022.
fn made(customers: usize, at: [f64; 4], end: i32, seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut text = String::from("order_id,customer_id,order_date,amount\n");
    let mut number = 0;
    for customer in 0..customers {
        let begin = rng.gen_range(0..200);
        let own = 10.0 + gamma(2.0, 0.1, &mut rng);
        for day in orders(at, begin, end, &mut rng) {
            let date = crate::features::behaviour::to_date(18_993 + day);
            number += 1;
            text += &format!("O{number},C{customer},{date},{:.2}\n", own * gamma(5.0, 5.0, &mut rng) + 0.01);
        }
    }
    text
}

const TRUTH: [f64; 4] = [0.8, 6.0, 1.2, 4.0];

#[test]
fn known_parameters_are_found_again() {
    let text = made(4_000, TRUTH, 700, 11);
    let shop = shop_of(&text, ValueSpec { model: LifetimeModel::BgNbd, ..ValueSpec::default() });
    let fitted = &shop.fitted[0];
    let errors = fitted.errors.as_ref().unwrap();
    // Days round the time; within four standard errors and a little.
    for ((found, error), wanted) in fitted.parameters.iter().zip(errors).zip(TRUTH) {
        near(*found, wanted, 4.0 * error + 0.03 * wanted);
        assert!(*error < 0.35 * wanted, "{error} of {wanted}");
    }
    let check = shop.check.as_ref().unwrap();
    near(check.predicted / check.actual, 1.0, 0.12);
    assert!(check.rmse < check.rate_rmse);
    assert!(shop.customers.is_sorted_by(|a, b| a.money.unwrap().value >= b.money.unwrap().value));
    let shares = shop.top_shares(10);
    assert!(shares[0] == 0.0 && shares[1] > 0.2 && shares[10] > 0.999 && shares.is_sorted(), "{shares:?}");
    let sum: usize = shop.cohorts.iter().map(|cohort| cohort.customers).sum();
    assert_eq!(sum, 4_000);
}

/// The truth is drawn on from the last day; the interval of the base must hold it 95 times in 100.
#[test]
fn intervals_cover_what_then_happens() {
    const TIMES: u64 = 120;
    let (mut held, mut own, mut all) = (0, 0, 0);
    for seed in 0..TIMES {
        let mut rng = ChaCha8Rng::seed_from_u64(1000 + seed);
        let (mut list, mut later) = (Vec::new(), Vec::new());
        for customer in 0..400u32 {
            let begin = rng.gen_range(0..150);
            let days = orders(TRUTH, begin, 365 + 182, &mut rng);
            let known: Vec<i32> = days.iter().copied().filter(|day| *day <= 365).collect();
            later.push((days.len() - known.len()) as f64);
            let weeks = |from: i32, to: i32| f64::from(to - from) / 7.0;
            list.push(History {
                customer,
                first: begin,
                x: known.len() as u32 - 1,
                t_x: weeks(begin, *known.last().unwrap()),
                t: weeks(begin, 365),
                paid: 0,
                mean: 0.0,
                spent: 0.0,
            });
        }
        let (rows, of) = grouped(&list);
        let fit = fit(LifetimeModel::BgNbd, &rows, &Reporter::silent()).unwrap().unwrap();
        let story = Story { model: LifetimeModel::BgNbd, parameters: fit.parameters.clone() };
        let spec = ValueSpec { horizon_days: 182, ..ValueSpec::default() };
        let base = forecast::Base {
            spec: &spec,
            story: &story,
            fit: &fit,
            money: None,
            list: &list,
            rows: &rows,
            of: &of,
            last: 365,
            lasting: Lasting::default(),
            seed,
        };
        let (customers, total) = base.forecast(&Reporter::silent()).unwrap();
        let truth: f64 = later.iter().sum();
        held += usize::from((total.orders.low..=total.orders.high).contains(&truth));
        for one in &customers {
            let (low, high) = one.orders.interval.unwrap();
            own += usize::from((low..=high).contains(&later[one.history.customer as usize]));
            all += 1;
        }
    }
    let (held, own) = (held as f64 / TIMES as f64, own as f64 / all as f64);
    println!("intervals of the base cover {held}, of customers {own}");
    assert!((0.91..=0.99).contains(&held), "{held}");
    // Counts are whole, so a customer's interval holds at least so much.
    assert!((0.94..=1.0).contains(&own), "{own}");
}

#[test]
fn equal_seeds_give_equal_intervals_and_cancel_stops() {
    let text = made(200, TRUTH, 500, 3);
    let spec = || ValueSpec { model: LifetimeModel::MbgNbd, ..ValueSpec::default() };
    let (a, b) = (shop_of(&text, spec()), shop_of(&text, spec()));
    assert_eq!((a.total, &a.customers, &a.check), (b.total, &b.customers, &b.check));
    let money = a.total.money.unwrap();
    assert!(money.low < money.value && money.value < money.high);
    let discounted = shop_of(&text, ValueSpec { discount: 0.5, ..spec() }).total.money.unwrap();
    assert!(discounted.value < money.value);
}

/// Calibration changes nothing that is learnt when later rows change: they only test.
#[test]
fn what_comes_after_the_calibration_teaches_nothing() {
    let text = made(300, TRUTH, 600, 8);
    let day = "2022-12-31";
    let spec = || ValueSpec {
        calibration_end: day.parse().ok(),
        model: LifetimeModel::BgNbd,
        ..ValueSpec::default()
    };
    let changed: String = text
        .lines()
        .enumerate()
        .filter(|(at, line)| at % 3 != 0 || !line.contains(",2023-"))
        .map(|(_, line)| if line.contains(",2023-") { line.replace(",2023-0", ",2023-1").replace("-13-", "-12-") } else { line.to_owned() } + "\n")
        .collect();
    let (a, b) = (shop_of(&text, spec()), shop_of(&changed, spec()));
    assert_eq!(a.fitted, b.fitted);
    assert_eq!(a.money, b.money);
    assert_ne!(a.check.as_ref().unwrap().actual, b.check.as_ref().unwrap().actual);
}

fn all_finite(shop: &Shop) {
    let worth = shop.customers.iter().flat_map(|one| {
        let money = one.money.map_or([0.0; 3], |m| [m.value, m.interval.unwrap().0, m.interval.unwrap().1]);
        let orders = one.orders.interval.unwrap();
        [one.alive.unwrap_or(1.0), one.orders.value, orders.0, orders.1].into_iter().chain(money)
    });
    assert!(worth.into_iter().all(|v| v.is_finite() && v >= 0.0));
    assert!(shop.customers.iter().all(|one| one.alive.is_none_or(|alive| alive <= 1.0)));
    assert!(shop.matrix.alive.iter().flatten().all(|v| (0.0..=1.0).contains(v)), "{:?}", shop.matrix);
    let total = [shop.total.orders.value, shop.total.orders.low, shop.total.orders.high];
    assert!(total.iter().all(|v| v.is_finite() && *v >= 0.0));
}

/// The hostile table: each shop is told kindly, and no figure is without meaning.
#[test]
fn hostile_books_are_told_kindly() {
    let head = "order_id,customer_id,order_date,amount\n";
    let why = |text: &str| match valued(vec![table("orders", text)], ValueSpec::default()).unwrap() {
        Valued::NextBest(next) => {
            assert!(next.orders.is_finite() && next.returning.value.is_finite());
            next.why.code
        }
        other => panic!("{other:?}"),
    };
    // Two customers.
    let two: String = (1..=9).map(|n| format!("O{n},C{},2024-01-0{n},5.00\n", n % 2)).collect();
    assert_eq!(why(&format!("{head}{two}")), "value_few_customers");
    // One customer, and everybody on the same day: a column with one value names nobody, or no day.
    let one: String = (1..=9).map(|n| format!("O{n},C1,2024-01-0{n},5.00\n")).collect();
    assert_eq!(why(&format!("{head}{one}")), "value_few_customers");
    let same: String = (0..90).map(|n| format!("O{n},C{},2024-01-11,5.00\n", n % 30)).collect();
    let text = format!("{head}{same}");
    match valued(vec![table("orders", &text)], ValueSpec::default()) {
        Ok(Valued::NextBest(next)) => assert_eq!(next.why.code, "value_few_repeating"),
        Ok(other) => panic!("{other:?}"),
        Err(refused) => {
            assert!(["value_nothing", "behaviour_no_dates"].contains(&refused.kind()), "{refused}")
        }
    }
    // Everybody came once.
    let once: String = (0..60).map(|n| format!("O{n},C{n},2024-0{}-11,5.00\n", 1 + n % 6)).collect();
    assert_eq!(why(&format!("{head}{once}")), "value_few_repeating");
    let usual = made(80, TRUTH, 500, 21);
    // Returns and gifts: no occasion, and an occasion without money.
    let taken_back = format!("{usual}R1,C1,2022-09-01,-900000.00\nR2,C2,2022-09-02,0.00\n");
    let shop = shop_of(&taken_back, ValueSpec::default());
    assert_eq!((shop.counted.returns, shop.counted.without_money), (1, 1));
    assert!(shop.notes.iter().any(|note| note.code == "value_returns"));
    all_finite(&shop);
    // Billions, and one customer with 10,000 orders.
    let mut rich = String::from(head);
    for (n, line) in usual.lines().skip(1).enumerate() {
        let (rest, amount) = line.rsplit_once(',').unwrap();
        let amount: f64 = amount.parse().unwrap();
        rich += &format!("{},{:.2}\n", rest.replacen('O', &format!("P{n}O"), 1), amount * 1e9);
    }
    all_finite(&shop_of(&rich, ValueSpec::default()));
    let mut busy = usual.clone();
    let from: chrono::NaiveDate = "1995-01-01".parse().unwrap();
    for n in 0..10_000i64 {
        busy += &format!("B{n},BUSY,{},3.00\n", from + chrono::Duration::days(n));
    }
    for model in [LifetimeModel::BgNbd, LifetimeModel::ParetoNbd] {
        let shop = shop_of(&busy, ValueSpec { model, ..ValueSpec::default() });
        all_finite(&shop);
        let one = shop.customers.iter().find(|one| one.id == "BUSY").unwrap();
        assert_eq!(one.history.x, 9_999);
    }
    // A day far in the future is a slip, not the end of the books.
    let future = format!("{usual}F1,C3,2099-01-01,5.00\n");
    let shop = shop_of(&future, ValueSpec::default());
    assert!(crate::features::behaviour::to_date(shop.counted.last).to_string().as_str() < "2024");
    assert!(shop.notes.iter().any(|note| note.code == "behaviour_slips"));
    // Two currencies: the rarer one counts as ordered, not as money.
    let mut mixed = String::from("order_id,customer_id,order_date,amount,currency\n");
    for (n, line) in usual.lines().skip(1).enumerate() {
        mixed += &format!("{line},{}\n", if n % 10 == 0 { "JPY" } else { "EUR" });
    }
    let shop = shop_of(&mixed, ValueSpec::default());
    assert!(shop.notes.iter().any(|note| note.code == "behaviour_currencies"));
    assert!(shop.counted.without_money > 0);
    all_finite(&shop);
    // A calibration outside the books.
    let spec = ValueSpec { calibration_end: "2031-01-01".parse().ok(), ..ValueSpec::default() };
    assert_eq!(valued(vec![table("orders", &usual)], spec).unwrap_err().kind(), "value_calibration");
    // Orders without money: orders are foretold.
    let bare: String = usual.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n").collect();
    let shop = shop_of(&bare, ValueSpec::default());
    assert!(shop.total.money.is_none() && shop.total.orders.value > 0.0);
    assert_eq!(
        valued(vec![table("towns", "town,people\nA,3\n")], ValueSpec::default()).unwrap_err().kind(),
        "value_nothing"
    );
}

#[test]
fn a_small_shop_is_answered_with_a_wide_interval() {
    let (small, large) = (made(60, TRUTH, 500, 2), made(2_000, TRUTH, 500, 2));
    let width = |text: &str| {
        let total =
            shop_of(text, ValueSpec { model: LifetimeModel::BgNbd, ..ValueSpec::default() }).total.orders;
        (total.high - total.low) / total.value
    };
    let (few, many) = (width(&small), width(&large));
    assert!(few > 2.0 * many && few < 3.0, "{few} {many}");
}

#[test]
fn grouping_is_exact() {
    let one = |customer: u32, x: u32, t_x: f64, t: f64| History {
        customer,
        first: 0,
        x,
        t_x,
        t,
        paid: 0,
        mean: 0.0,
        spent: 0.0,
    };
    let list = [one(0, 2, 3.0, 9.0), one(1, 0, 0.0, 9.0), one(2, 2, 3.0, 9.0), one(3, 2, 4.0, 9.0)];
    let (rows, of) = grouped(&list);
    assert_eq!((rows.len(), rows.iter().map(|row| row.n).sum::<f64>()), (3, 4.0));
    assert_eq!(of[0], of[2]);
    for (history, at) in list.iter().zip(of) {
        let row = rows[at as usize];
        assert_eq!((row.x, row.t_x, row.t), (f64::from(history.x), history.t_x, history.t));
    }
}

/// Neither ages nor towns are taken for customers; a repeated identifier beside a day is enough.
#[test]
fn columns_are_taken_for_orders_only_where_they_can_be() {
    let mut list = String::from("customer_id,age,town,last_order_date,total_spend\n");
    (0..300)
        .for_each(|n| list += &format!("C{n},{},T{},2024-0{}-11,{n}.50\n", 20 + n % 60, n % 40, 1 + n % 9));
    let refused = valued(vec![table("customers", &list)], ValueSpec::default()).unwrap_err();
    assert_eq!(refused.kind(), "value_nothing");
    let orders = made(120, TRUTH, 400, 4);
    let bare: String = orders
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{}\n", cells[2], cells[1].replace("customer_id", "id"))
        })
        .collect();
    let shop =
        match valued(vec![table("transactions", &bare.replace("order_date", "date"))], ValueSpec::default())
            .unwrap()
        {
            Valued::Shop(shop) => shop,
            other => panic!("{other:?}"),
        };
    assert_eq!(shop.counted.customers, 120);
    let chosen = ValueSpec { customer: Some("who".into()), ..ValueSpec::default() };
    let odd = bare.replacen("order_date,id", "at,who", 1);
    let Valued::Shop(shop) = valued(vec![table("x", &odd)], chosen).unwrap() else { panic!() };
    assert_eq!(shop.counted.customers, 120);
}

#[test]
fn newton_ends_where_the_search_does() {
    let mut rng = ChaCha8Rng::seed_from_u64(77);
    let list: Vec<History> = (0..1500u32)
        .map(|customer| {
            let days = orders(TRUTH, 0, 400, &mut rng);
            let t_x = f64::from(*days.last().unwrap()) / 7.0;
            let x = days.len() as u32 - 1;
            History { customer, first: 0, x, t_x, t: 400.0 / 7.0, paid: 0, mean: 0.0, spent: 0.0 }
        })
        .collect();
    let (rows, _) = grouped(&list);
    let silent = Reporter::silent();
    let whole = fit(LifetimeModel::BgNbd, &rows, &silent).unwrap().unwrap();
    let near: Vec<f64> =
        whole.parameters.iter().zip([1.04, 0.97, 1.05, 0.96]).map(|(v, by)| v * by).collect();
    let of = beta_geometric::BetaGeometric { rows: &rows, modified: false, count: 1500.0 };
    let found = super::fit::polish(&of, &near, &silent).unwrap().unwrap();
    for (found, wanted) in found.parameters.iter().zip(&whole.parameters) {
        near_by(*found, *wanted);
    }
    // From nowhere near it does not pretend.
    assert!(super::fit::polish(&of, &[1e-8, 1e8, 1e-8, 1e8], &silent).unwrap().is_none());
}

fn near_by(found: f64, wanted: f64) {
    near(found / wanted, 1.0, 1e-5);
}
