//! Simulated shops: whether leaving is told when it is there and only then, and whether the base's interval
//! holds what then happens, also of customers who are not as the model takes them.

use super::*;

/// Days that are known, and days that follow.
const KNOWN: i32 = 540;
const AHEAD: i32 = 270;

/// The days of a customer's orders: rate λ ~ Gamma(2, 10) a week, changed by `by` a year (on the log scale),
/// who leaves after each repeat order with a chance that is Beta(10 · `leaving`, 10 · (1 − `leaving`)).
fn days(begin: i32, (leaving, by): (f64, f64), rng: &mut ChaCha8Rng) -> Vec<i32> {
    let rate = gamma(2.0, 10.0, rng);
    let chance = match leaving > 0.0 {
        true => Beta::new(10.0 * leaving, 10.0 * (1.0 - leaving)).unwrap().sample(rng),
        false => 0.0,
    };
    let (mut days, mut now, mut stays) = (vec![begin], f64::from(begin), true);
    while stays {
        // By thinning: no rate is above twice the first.
        now += -rng.r#gen::<f64>().max(1e-300).ln() / (2.0 * rate) * 7.0;
        if now > f64::from(KNOWN + AHEAD) {
            break;
        }
        if 2.0 * rng.r#gen::<f64>() < (by * now / 365.0).exp().min(2.0) {
            days.push(now as i32);
            stays = rng.r#gen::<f64>() >= chance;
        }
    }
    // A day with two orders is one occasion.
    days.dedup();
    days
}

/// A shop's value, and the orders that then happen.
fn shop_and_truth(customers: usize, (leaving, by): (f64, f64), seed: u64) -> (Shop, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut text, mut later) = (String::from("order_id,customer_id,order_date,amount\n"), Vec::new());
    let mut number = 0;
    for customer in 0..customers {
        let begin = rng.gen_range(0..200);
        for day in days(begin, (leaving, by), &mut rng) {
            if day > KNOWN {
                later.push(day);
                continue;
            }
            number += 1;
            let date = crate::features::behaviour::to_date(18_993 + day);
            text += &format!("O{number},C{customer},{date},20.00\n");
        }
    }
    let spec = ValueSpec { model: LifetimeModel::BgNbd, horizon_days: AHEAD as u32, ..ValueSpec::default() };
    let shop = shop_of(&text, spec);
    // The books end with the last order; nobody's first order lies after it.
    let end = shop.counted.last - 18_993;
    assert!((KNOWN - 60..=KNOWN).contains(&end), "{end}");
    let truth = later.iter().filter(|day| **day <= end + AHEAD).count();
    (shop, truth as f64)
}

#[test]
fn leaving_is_told_where_it_is_and_not_where_it_is_not() {
    const TIMES: u64 = 60;
    let told = |leaving: f64| {
        let of = |seed: u64| shop_and_truth(150, (leaving, 0.0), 400 + seed).0;
        (0..TIMES).filter(|seed| of(*seed).leaving.told).count()
    };
    let (without, with) = (told(0.0), told(0.2));
    println!("leaving told in {without} of {TIMES} shops where nobody leaves, in {with} where 20% leave");
    // 5% of 60 are 3; with 4 or more in fewer than 3.5 of 100 runs at the very level.
    assert!(without <= 3, "{without}");
    assert!(with >= TIMES as usize - 1, "{with}");
}

#[test]
fn where_leaving_is_not_told_nobody_has_a_chance() {
    let (shop, _) = shop_and_truth(150, (0.0, 0.0), 401);
    assert!(!shop.leaving.told && shop.leaving.p > 0.05, "{:?}", shop.leaving);
    assert!(shop.customers.iter().all(|one| one.alive.is_none()) && shop.total.alive.is_none());
    assert!(shop.cohorts.iter().all(|cohort| cohort.alive.is_none()));
    assert!(shop.notes.iter().any(|note| note.code == "value_leaving"));
    let (shop, _) = shop_and_truth(150, (0.2, 0.0), 401);
    assert!(shop.leaving.told && shop.customers.iter().all(|one| one.alive.is_some()));
    assert!(shop.notes.iter().all(|note| note.code != "value_leaving"));
    let alive: f64 = shop.cohorts.iter().filter_map(|cohort| cohort.alive).sum();
    near(alive, shop.total.alive.unwrap(), 1e-6);
}

/// Shops as the model takes them, and shops whose customers order less from year to year, which no parameter
/// can tell: the interval of the base must hold what then happens. Without the test's miss in it, it
/// holds the second kind seldom; with it two times in three.
#[test]
fn the_interval_of_the_base_covers_a_model_that_is_off() {
    const TIMES: u64 = 60;
    let cover = |customers: usize, truth: (f64, f64)| {
        let (mut held, mut narrow) = (0, 0);
        for seed in 0..TIMES {
            let (shop, later) = shop_and_truth(customers, truth, 7000 + seed);
            let total = shop.total.orders;
            held += u64::from((total.low..=total.high).contains(&later));
            // What it would be without the model's own error.
            let own = shop.lasting.unwrap().orders;
            let half = |side: f64| {
                let all = (side / total.value).ln();
                (all * all - (1.96 * own).powi(2)).max(0.0).sqrt()
            };
            let (low, high) = (total.value * (-half(total.low)).exp(), total.value * half(total.high).exp());
            narrow += u64::from((low..=high).contains(&later));
        }
        (held as f64 / TIMES as f64, narrow as f64 / TIMES as f64)
    };
    let (right, right_narrow) = cover(200, (0.1, 0.0));
    let (off, off_narrow) = cover(600, (0.1, -0.5));
    let (small, small_narrow) = cover(200, (0.1, -0.5));
    println!("model right: {right} (narrow {right_narrow}); orders falling: {off} (narrow {off_narrow})");
    println!("the same of 200 customers: {small} (narrow {small_narrow})");
    assert!((0.91..=1.0).contains(&right), "{right}");
    // One noisy miss cannot tell a growing error in full: far better than without, and not 95%.
    assert!(off >= 0.6 && off_narrow < 0.2, "{off} {off_narrow}");
    assert!(small > small_narrow, "{small} {small_narrow}");
}

/// Orders without money are on neither side of the test of money.
#[test]
fn the_test_of_money_counts_the_same_orders_on_both_sides() {
    let usual = made(600, TRUTH, 700, 31);
    // Every second order is a gift.
    let gifts: String = usual
        .lines()
        .enumerate()
        .map(|(at, line)| match line.rsplit_once(',') {
            Some((rest, _)) if at > 0 && at % 2 == 0 => format!("{rest},0.00\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let spec = || ValueSpec { model: LifetimeModel::BgNbd, ..ValueSpec::default() };
    let off = |text: &str| {
        let check = shop_of(text, spec()).check.unwrap();
        let (actual, predicted) = check.money.unwrap();
        let (low, high) = check.money_range.unwrap();
        assert!(low < predicted && predicted < high);
        (predicted / actual) / (check.predicted / check.actual)
    };
    // As far off as the orders are, not twice as much.
    near(off(&usual), 1.0, 0.15);
    near(off(&gifts), 1.0, 0.15);
    let (all, half) = (shop_of(&usual, spec()), shop_of(&gifts, spec()));
    let share = half.total.money.unwrap().value / all.total.money.unwrap().value;
    near(share, 0.5, 0.06);
}

/// The sample shop: its orders do not tell who has left, and the page must say so instead of "all are there".
#[test]
fn the_sample_shop_does_not_tell_who_is_there() {
    let folder = tempfile::tempdir().unwrap();
    crate::sample::write(folder.path(), 1200, 7).unwrap();
    let orders = folder.path().join("orders.csv");
    let table = crate::collect::open(&orders, &crate::collect::ReadOptions::default(), &Reporter::silent());
    let Valued::Shop(shop) = valued(vec![table.unwrap()], ValueSpec::default()).unwrap() else { panic!() };
    let check = shop.check.as_ref().unwrap();
    println!("{:?}\n{:?} {:?}", shop.fitted, shop.leaving, shop.lasting);
    println!("{:?}", shop.total);
    println!(
        "{} of {} {:?}; {:?} {:?}",
        check.predicted, check.actual, check.range, check.money, check.money_range
    );
    assert!(!shop.leaving.told && shop.total.alive.is_none());
    assert_eq!(shop.story.model, LifetimeModel::BgNbd);
    assert!(shop.alike().iter().any(|one| one.model == LifetimeModel::ParetoNbd), "{:?}", shop.fitted);
    // What the test missed beyond chance is in the interval: it is wider than the miss.
    let (off, total) = ((check.predicted / check.actual).ln().abs(), shop.total.orders);
    let beyond = !(check.range.0..=check.range.1).contains(&check.actual);
    assert!(!beyond || (total.value / total.low).ln() > off, "{total:?} {off}");
}
