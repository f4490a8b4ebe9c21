//! Figures of papers, on the data that they used.

use super::*;
use crate::collect::ReadOptions;
use crate::collect::relate::testing::public;

fn calibrated(model: LifetimeModel) -> ValueSpec {
    ValueSpec { calibration_end: "1997-09-30".parse().ok(), model, ..ValueSpec::default() }
}

/// Parameters and log-likelihood of Fader, Hardie and Lee (2005); holdout errors of `REFERENCE.md`.
#[test]
fn cdnow_is_as_published() {
    let Some(file) = public("cdnow/CDNOW_sample.txt") else { return };
    let table = crate::collect::open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let Valued::Shop(shop) = valued(vec![table], calibrated(LifetimeModel::Auto)).unwrap() else { panic!() };
    println!("{:#?}\n{:?}\n{:?}\n{:?}", shop.fitted, shop.money, shop.total, shop.ahead);
    assert_eq!((shop.counted.customers, shop.story.model), (2357, LifetimeModel::BgNbd));
    for (found, wanted) in shop.story.parameters.iter().zip([0.243, 4.414, 0.793, 2.426]) {
        near(*found, wanted, 0.0005);
    }
    let bg = &shop.fitted[0];
    near(bg.log_likelihood, -9582.43, 0.006);
    assert!(bg.errors.as_ref().unwrap().iter().all(|error| error.is_finite() && *error > 0.0));
    let check = shop.check.as_ref().unwrap();
    println!("{:?}", Check { weekly: Vec::new(), ..check.clone() });
    assert!(check.mae < 0.78555 && check.rmse < 1.6085, "{} {}", check.mae, check.rmse);
    near(check.actual, 1882.0, 0.0);
    near(check.predicted, 1653.4, 0.1);
    near(check.rate_mae, 1.0237, 0.0001);
    near(check.zero_mae, 0.7985, 0.0001);
    assert_eq!(check.weekly.len(), 78);
    assert_eq!(check.weekly.last().unwrap().actual, 2457.0 + 1882.0);
    assert_eq!(check.by_frequency.len(), 8);
    // Gamma-Gamma on the same customers: 946 of them came back and paid.
    let money = shop.money.as_ref().unwrap();
    assert!(money.correlation.unwrap().abs() < 0.3);
    near(money.mean, 35.3, 1.5);
}

/// Pareto/NBD on CDNOW: r 0.553, α 10.578, s 0.606, β 11.669, log-likelihood −9595.0 (Fader, Hardie and Lee
/// 2005, table 2).
#[test]
fn pareto_on_cdnow_is_as_published() {
    let Some(file) = public("cdnow/CDNOW_sample.txt") else { return };
    let table = crate::collect::open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
    let Valued::Shop(shop) = valued(vec![table], calibrated(LifetimeModel::ParetoNbd)).unwrap() else {
        panic!()
    };
    for (found, wanted) in shop.story.parameters.iter().zip([0.553, 10.578, 0.606, 11.669]) {
        near(*found, wanted, 0.003 * wanted);
    }
    near(shop.fitted[0].log_likelihood, -9595.0, 0.06);
}

/// p 6.25, q 3.74, γ 15.44 of 946 customers (Fader and Hardie's note of 2013).
#[test]
fn gamma_gamma_on_cdnow_is_as_published() {
    let Some(file) = public("cdnow/cdnow_customers_summary_with_transactions.csv") else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let rows =
        text.lines().skip(1).map(|line| line.split(',').map(|v| v.parse().unwrap()).collect::<Vec<f64>>());
    let paid: Vec<gamma_gamma::Paid> = rows
        .filter(|row| row[1] > 0.0 && row[4] > 0.0)
        .map(|row| gamma_gamma::Paid { x: row[1], mean: row[4] / 30.0 })
        .collect();
    assert_eq!(paid.len(), 946);
    let starts = [vec![3.0, 3.0, 0.7], vec![1.0, 1.5, 0.8]];
    let of = gamma_gamma::GammaGamma { paid: &paid };
    let found = super::fit::maximise(&of, &starts, &Reporter::silent()).unwrap().unwrap();
    for (found, wanted) in found.parameters.iter().zip([6.25, 3.74, 15.44 / 30.0]) {
        near(*found, wanted, 0.002 * wanted);
    }
}
