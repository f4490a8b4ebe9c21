//! Effect sizes as scipy has them, that their intervals cover, and that chance is held back.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::testing::{books, golden, list};
use super::*;
use crate::collect::relate::testing::table;
use crate::table::{Table, ValueType};

fn near(found: f64, wanted: &serde_json::Value) {
    let wanted = wanted.as_f64().unwrap();
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{found} for {wanted}");
}

fn counts(value: &serde_json::Value) -> [(u64, u64); 2] {
    let of: Vec<u64> = value["counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    [(of[0], of[1]), (of[2], of[3])]
}

#[test]
fn effects_are_those_of_scipy() {
    let golden = golden();
    let effects = &golden["effects"];
    for one in effects["d"].as_array().unwrap() {
        let of = |key: &str| moments(list(&one[key]).into_iter());
        let (d, p) = cohens_d(of("a"), of("b")).unwrap();
        near(d.value, &one["d"]);
        near(d.low, &one["low"]);
        near(d.high, &one["high"]);
        near(p, &one["p"]);
    }
    for one in effects["share"].as_array().unwrap() {
        let [a, b] = counts(one);
        let (share, p) = share_difference(a, b);
        near(share.low, &one["low"]);
        near(share.high, &one["high"]);
        near(p, &one["p"]);
    }
    for one in effects["lift"].as_array().unwrap() {
        let [a, b] = counts(one);
        let found = lift(a, b);
        near(found.value, &one["value"]);
        near(found.low, &one["low"]);
        near(found.high, &one["high"]);
    }
    let rows: Vec<[u64; 2]> = serde_json::from_value(effects["cramers_v"]["table"].clone()).unwrap();
    let all = rows.iter().fold([0, 0], |sum, row| [sum[0] + row[0], sum[1] + row[1]]);
    near(cramers_v(rows.into_iter(), all), &effects["cramers_v"]["v"]);
    for one in effects["bh"].as_array().unwrap() {
        let told: Vec<bool> = serde_json::from_value(one["told"].clone()).unwrap();
        assert_eq!(stands_out(&list(&one["p"])), told);
    }
    assert!(stands_out(&[]).is_empty());
}

/// A draw from a normal distribution.
fn normal(rng: &mut ChaCha8Rng, mean: f64) -> f64 {
    mean + (0..12).map(|_| rng.gen_range(0.0..1.0)).sum::<f64>() - 6.0
}

#[test]
fn intervals_cover() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut d_covers, mut share_covers, mut lift_covers) = (0, 0, 0);
    let runs = 2000;
    for _ in 0..runs {
        let of = |rng: &mut ChaCha8Rng, n: usize, mean: f64| {
            let list: Vec<f64> = (0..n).map(|_| normal(rng, mean)).collect();
            moments(list.into_iter())
        };
        let (d, _) = cohens_d(of(&mut rng, 60, 0.5), of(&mut rng, 200, 0.0)).unwrap();
        d_covers += u32::from((d.low..=d.high).contains(&0.5));
        let hits =
            |rng: &mut ChaCha8Rng, n: u64, share: f64| (0..n).filter(|_| rng.gen_bool(share)).count() as u64;
        let (a, b) = ((hits(&mut rng, 120, 0.30), 120), (hits(&mut rng, 400, 0.20), 400));
        let (share, _) = share_difference(a, b);
        share_covers += u32::from((share.low..=share.high).contains(&0.10));
        let times = lift(a, b);
        lift_covers += u32::from((times.low..=times.high).contains(&1.5));
    }
    for covers in [d_covers, share_covers, lift_covers] {
        let share = f64::from(covers) / f64::from(runs);
        assert!((0.93..=0.97).contains(&share), "{d_covers} {share_covers} {lift_covers} of {runs}");
    }
}

/// 60 columns of noise and one of each kind that tells the first 80 of 400 rows apart.
fn planted(seed: u64, with: bool) -> (Vec<ColumnSpec>, Frame, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let chosen: Vec<bool> = (0..400).map(|at| at < 80).collect();
    let mut columns: Vec<polars::prelude::Column> = Vec::new();
    let mut schema = Vec::new();
    let spec = |name: &str, role: Role, value_type| ColumnSpec {
        name: name.to_owned(),
        role,
        value_type,
        decimal: Default::default(),
        date_order: Default::default(),
        keep_na: false,
    };
    use polars::prelude::{NamedFrom as _, Series};
    for at in 0..60 {
        let name = format!("noise {at}");
        let list: Vec<f64> = (0..400).map(|_| normal(&mut rng, 0.0)).collect();
        columns.push(Series::new(name.as_str().into(), list).into());
        schema.push(spec(&name, Role::Number, ValueType::Number));
    }
    if with {
        let list: Vec<f64> = chosen.iter().map(|is| normal(&mut rng, if *is { 1.5 } else { 0.0 })).collect();
        columns.push(Series::new("told".into(), list).into());
        schema.push(spec("told", Role::Number, ValueType::Number));
        let list: Vec<&str> = chosen
            .iter()
            .map(|is| if rng.gen_bool(if *is { 0.7 } else { 0.2 }) { "Rome" } else { "Bern" })
            .collect();
        columns.push(Series::new("city".into(), list).into());
        schema.push(spec("city", Role::Category, ValueType::Text));
    }
    let data = polars::prelude::DataFrame::new(400, columns).unwrap();
    (schema, Frame { rows: std::sync::Arc::new((0..400).collect()), data }, chosen)
}

#[test]
fn what_was_planted_is_found_and_noise_is_not() {
    let report = Reporter::silent();
    let (schema, frame, chosen) = planted(3, true);
    let found = differences(&schema, &frame, &chosen, 10, &report).unwrap();
    assert_eq!(found.looked_at, 62 + 1);
    let names: Vec<&str> = found.told.iter().map(|one| one.column.as_str()).collect();
    assert_eq!(&names[..2], ["told", "city"], "{names:?}");
    let d = &found.told[0];
    assert!(d.effect.low > 1.0 && d.effect.high < 2.0 && d.cramers_v.is_none(), "{d:?}");
    let city = found.told.iter().find(|one| one.level.as_deref() == Some("Rome")).unwrap();
    assert!(city.effect.low > 0.3 && city.here > 0.55 && city.rest < 0.3 && city.cramers_v.unwrap() > 0.3);
    // Without anything planted, hardly any of 40 tables of 60 columns tells anything.
    let falsely = (100..140)
        .filter(|seed| {
            let (schema, frame, chosen) = planted(*seed, false);
            !differences(&schema, &frame, &chosen, 10, &report).unwrap().told.is_empty()
        })
        .count();
    assert!(falsely <= 6, "{falsely} of 40");
}

#[test]
fn nobody_and_everybody_differ_in_nothing() {
    let (schema, frame, _) = planted(3, true);
    for all in [false, true] {
        let found = differences(&schema, &frame, &[all; 400], 10, &Reporter::silent()).unwrap();
        assert_eq!((found.looked_at, found.told.len()), (0, 0));
    }
}

/// Of 40 customers the first ten buy tea, and everyone buys bread.
fn orders() -> Table {
    let mut text = String::from("order_id,customer_id,order_date,product,amount\n");
    for at in 0..40 {
        text += &format!("B{at},K{at:02},2024-01-{:02},bread,2.00\n", 1 + at % 28);
        if at < 9 || at == 30 {
            // Twice the same counts once.
            text += &format!(
                "T{at},K{at:02},2024-02-{:02},tea,5.00\nU{at},K{at:02},2024-02-20,tea,5.00\n",
                1 + at % 9
            );
        }
    }
    table("orders", &text)
}

#[test]
fn favourites_are_what_the_others_do_not_buy() {
    let shop = books(vec![orders()]);
    let mut chosen: Vec<Option<bool>> = (0..40).map(|at| Some(at < 10)).collect();
    let found = favourites(&shop, &chosen, 5, &Reporter::silent()).unwrap();
    assert_eq!(found.told.len(), 1, "{found:?}");
    let tea = &found.told[0];
    assert_eq!((tea.product.as_str(), tea.buyers, tea.here), ("tea", 9, 0.9));
    assert!((tea.lift.value - 27.0).abs() < 1e-9 && tea.lift.low > 1.0, "{tea:?}");
    chosen.fill(None);
    assert_eq!(favourites(&shop, &chosen, 5, &Reporter::silent()).unwrap().looked_at, 0);
}
