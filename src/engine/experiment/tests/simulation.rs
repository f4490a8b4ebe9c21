//! Experiments made by chance, many of them: how often the tests cry wolf, how often intervals hold the
//! truth. Seeds are fixed, so each figure is the same in every run; bounds leave the noise of so many
//! experiments. The long ones are run with `--ignored`.

use rand::Rng as _;
use rand_distr::{Distribution as _, LogNormal};

use super::dice;
use crate::experiment::{
    Count, Difference, Sequence, Unit, adjusted, against_drawn, against_share, means, shares, stratified,
};

/// A share within `sigmas` binomial standard deviations of `wanted`.
fn within(share: f64, wanted: f64, runs: u32, sigmas: f64) -> bool {
    (share - wanted).abs() <= sigmas * (wanted * (1.0 - wanted) / f64::from(runs)).sqrt()
}

/// How an experiment without an effect ended, for a person who looks after every batch.
struct Peeked {
    /// The plain test at the end.
    fixed: bool,
    /// The plain test at any look.
    naive: bool,
    /// The interval for many looks at any look.
    always: bool,
    /// The p for many looks is below 5% at the end.
    p: bool,
}

fn without_effect(seed: u64, customers: u32, batch: u32, left_alone: f64) -> Peeked {
    let mut rng = dice(seed);
    let (mut called, mut left) = (Count::default(), Count::default());
    let mut sequence = Sequence::new(0.05, f64::from(customers));
    let mut out = Peeked { fixed: false, naive: false, always: false, p: false };
    for at in 1..=customers {
        let (is_called, yes) = (!rng.gen_bool(left_alone), rng.gen_bool(0.6));
        let group = if is_called { &mut called } else { &mut left };
        group.all += 1;
        group.yes += u64::from(yes);
        sequence.push(is_called, f64::from(u8::from(yes)));
        if at % batch == 0 {
            let plain = shares(called, left, 0.05).is_some_and(|of| of.p < 0.05);
            out.naive |= plain;
            out.fixed = plain;
            if let Some(look) = sequence.look() {
                out.always |= look.is_sure();
                out.p = look.p < 0.05;
            }
        }
    }
    out
}

fn false_alarms(runs: u32, customers: u32, batch: u32, left_alone: f64) -> [f64; 4] {
    let mut counts = [0u32; 4];
    for run in 0..runs {
        let ended = without_effect(u64::from(run), customers, batch, left_alone);
        for (count, alarm) in counts.iter_mut().zip([ended.fixed, ended.naive, ended.always, ended.p]) {
            *count += u32::from(alarm);
        }
    }
    let shares = counts.map(|count| f64::from(count) / f64::from(runs));
    println!("{runs} runs of {customers} in batches of {batch}, {left_alone} left alone: {shares:?}");
    shares
}

fn holds_its_rate(runs: u32, customers: u32, batch: u32, left_alone: f64) {
    let [fixed, naive, always, p] = false_alarms(runs, customers, batch, left_alone);
    assert!(within(fixed, 0.05, runs, 3.5), "one look: {fixed}");
    assert!(naive > 0.12, "peeking without care cries wolf: {naive}");
    assert!(always <= 0.05, "the interval for many looks: {always}");
    assert!((always - p).abs() < 1e-12, "its p says the same: {always} and {p}");
}

#[test]
fn peeking_does_not_fool_the_interval_for_many_looks() {
    holds_its_rate(2_000, 1_000, 25, 0.5);
    holds_its_rate(1_000, 1_000, 25, 0.2);
}

#[test]
#[ignore = "long"]
fn peeking_does_not_fool_it_in_many_and_long_experiments() {
    holds_its_rate(20_000, 2_000, 10, 0.5);
    holds_its_rate(10_000, 10_000, 50, 0.3);
    holds_its_rate(20_000, 400, 5, 0.2);
}

/// An experiment with an effect: how often each interval holds it.
fn coverage(runs: u32, per_group: usize) -> [f64; 5] {
    let spending = LogNormal::new(3.0, 0.6).unwrap();
    let (effect, mut held) = (4.0, [0u32; 5]);
    let holds = |of: Option<Difference>, truth: f64| of.is_some_and(|of| of.low <= truth && truth <= of.high);
    for run in 0..runs {
        let mut rng = dice(u64::from(run) ^ 0xC0FE);
        let all = 2 * per_group;
        let called: Vec<bool> = (0..all).map(|at| at % 2 == 0).collect();
        let mut outcome = Vec::with_capacity(all);
        let mut before = Vec::with_capacity(all);
        let (mut yes1, mut yes0) = (Count::default(), Count::default());
        for is_called in &called {
            let past: f64 = spending.sample(&mut rng);
            before.push(past);
            let own = spending.sample(&mut rng);
            outcome.push(0.7 * past + 0.5 * own + if *is_called { effect } else { 0.0 });
            let count = if *is_called { &mut yes1 } else { &mut yes0 };
            count.all += 1;
            count.yes += u64::from(rng.gen_bool(if *is_called { 0.7 } else { 0.62 }));
        }
        let group = |wanted: bool| -> Vec<f64> {
            outcome.iter().zip(&called).filter(|(_, is)| **is == wanted).map(|(y, _)| *y).collect()
        };
        let units: Vec<Unit> = outcome
            .iter()
            .zip(&called)
            .zip(&before)
            .map(|((y, is), past)| Unit { called: *is, outcome: *y, stratum: u32::from(*past > 20.0) })
            .collect();
        let mut sequence = Sequence::new(0.05, all as f64);
        called.iter().zip(&outcome).for_each(|(is, y)| sequence.push(*is, *y));
        let found = [
            holds(shares(yes1, yes0, 0.05), 0.08),
            holds(means(&group(true), &group(false), 0.05), effect),
            holds(stratified(&units, 0.05), effect),
            holds(adjusted(&outcome, &called, &[&before], 0.05).map(|of| of.difference), effect),
            holds(sequence.look(), effect),
        ];
        held.iter_mut().zip(found).for_each(|(count, held)| *count += u32::from(held));
    }
    let shares = held.map(|count| f64::from(count) / f64::from(runs));
    println!("{runs} runs of 2 × {per_group}: {shares:?}");
    shares
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let [share, money, strata, cuped, always] = coverage(3_000, 150);
    for (name, held) in [("Newcombe", share), ("Welch", money), ("strata", strata), ("CUPED", cuped)] {
        assert!((0.93..=0.97).contains(&held), "{name}: {held}");
    }
    assert!(always >= 0.95, "{always}");
}

#[test]
#[ignore = "long"]
fn intervals_hold_the_truth_in_small_and_large_experiments() {
    for size in [40, 400, 2_000] {
        let [share, money, strata, cuped, always] = coverage(10_000, size);
        for (name, held) in [("Newcombe", share), ("Welch", money), ("strata", strata), ("CUPED", cuped)] {
            assert!((0.93..=0.97).contains(&held), "{name} of {size}: {held}");
        }
        assert!(always >= 0.95, "{always} of {size}");
    }
}

/// How often the checks stop a sound experiment, and one that loses called customers.
fn stops(runs: u32) -> [f64; 3] {
    let mut counts = [0u32; 3];
    for run in 0..runs {
        let mut rng = dice(u64::from(run) ^ 0x57A9);
        let mut found = |all: u64, chance: f64| (0..all).filter(|_| rng.gen_bool(chance)).count() as u64;
        let by_chance = found(2_000, 0.8);
        let sound = against_drawn((found(1_600, 0.9), 1_600), (found(400, 0.9), 400));
        let broken = against_drawn((found(1_600, 0.8), 1_600), (found(400, 0.9), 400));
        let stopped = [against_share(by_chance, 2_000 - by_chance, 0.8).stops, sound.stops, broken.stops];
        counts.iter_mut().zip(stopped).for_each(|(count, stopped)| *count += u32::from(stopped));
    }
    let shares = counts.map(|count| f64::from(count) / f64::from(runs));
    println!("{runs} runs: {shares:?}");
    shares
}

#[test]
fn the_ratio_check_lets_sound_experiments_pass() {
    let runs = 2_000;
    let [share, drawn, broken] = stops(runs);
    let most = 0.001 + 3.5 * (0.001 * 0.999 / f64::from(runs)).sqrt();
    assert!(share <= most && drawn <= most, "{share} {drawn}");
    assert!(broken > 0.8, "one lost in ten is seen: {broken}");
}

#[test]
#[ignore = "long"]
fn the_ratio_check_stops_one_sound_experiment_in_a_thousand() {
    let runs = 100_000;
    let [share, drawn, _] = stops(runs);
    assert!(within(share, 0.001, runs, 3.5) && within(drawn, 0.001, runs, 3.5), "{share} {drawn}");
}
