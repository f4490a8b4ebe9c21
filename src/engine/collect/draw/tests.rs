use super::*;

fn drawn(ids: impl Iterator<Item = u32>, customers: u64, seed: u64) -> Chosen {
    let mut draw = Draw::new(SampleSpec { customers, seed }, false);
    ids.for_each(|id| draw.add(mark(seed, &format!("C{id}")), None));
    draw.finish(Some("id"), None).0
}

#[test]
fn quotas_are_in_proportion_and_add_up() {
    assert_eq!(shares(&[900, 100], 100), [90, 10]);
    assert_eq!(shares(&[1, 1, 1], 2), [1, 1, 0]);
    assert_eq!(shares(&[5, 3], 100), [5, 3]);
    assert_eq!(shares(&[], 10), Vec::<usize>::new());
    for wanted in 0..60 {
        let quotas = shares(&[7, 13, 29, 3], wanted);
        assert_eq!(quotas.iter().sum::<usize>(), wanted.min(52));
        assert!(quotas.iter().zip([7, 13, 29, 3]).all(|(quota, of)| *quota <= of));
    }
}

#[test]
fn the_order_of_the_file_changes_nothing_and_next_month_draws_the_same() {
    let first = drawn(0..5_000, 500, 1);
    assert_eq!(first.marks.len(), 500);
    let backwards = drawn((0..5_000).rev().chain(0..5_000), 500, 1);
    assert!(first.marks == backwards.marks);
    // 250 newcomers: who was drawn stays, but for those whose place a newcomer takes.
    let later = drawn(0..5_250, 500, 1);
    let stayed = first.marks.iter().filter(|mark| later.marks.contains(*mark)).count();
    assert!((440..500).contains(&stayed), "{stayed}");
    let other = drawn(0..5_000, 500, 2);
    let ids = |chosen: &Chosen, seed| {
        (0..5_000).filter(|id| chosen.marks.contains(&mark(seed, &format!("C{id}")))).collect::<Vec<u32>>()
    };
    assert_ne!(ids(&first, 1), ids(&other, 2));
}

#[test]
fn keys_are_compared_as_links_compare_them() {
    assert_eq!(mark(1, "12.0"), mark(1, "12"));
    assert_ne!(mark(1, "012"), mark(1, "12"));
    assert_ne!(mark(1, "12"), mark(2, "12"));
    // Projects hang on it: the same on every machine and in every version.
    assert_eq!(mark(1, "C-0007"), 16_996_895_314_329_187_642);
}

#[test]
fn the_shares_of_the_target_are_those_of_the_whole() {
    let mut draw = Draw::new(SampleSpec::of(1_000), true);
    for id in 0..10_000 {
        let value = if id % 100 < 7 { "Yes" } else { "No" };
        draw.add(mark(1, &format!("C{id}")), Some(value));
    }
    let (chosen, sampled) = draw.finish(Some("id"), Some("churn"));
    assert_eq!((chosen.marks.len(), sampled.of, sampled.rows), (1_000, 10_000, 1_000));
    assert_eq!(sampled.by.as_deref(), Some("churn"));
    let of = |value: &str| sampled.strata.iter().find(|one| one.value == value).map(|one| (one.of, one.rows));
    assert_eq!((of("Yes"), of("No")), (Some((700, 70)), Some((9_300, 930))));
}

#[test]
fn too_many_values_make_no_strata() {
    let mut draw = Draw::new(SampleSpec::of(100), true);
    (0..5_000).for_each(|id| draw.add(mark(1, &id.to_string()), Some(&format!("{}", id % 40))));
    let (chosen, sampled) = draw.finish(Some("id"), Some("spend"));
    assert_eq!((chosen.marks.len(), sampled.by, sampled.strata.len()), (100, None, 0));
}

#[test]
fn beyond_the_limit_nothing_grows_and_the_number_is_an_estimate() {
    let mut draw = Draw::within(SampleSpec::of(200), true, 2_000);
    let mut most = 0;
    for id in 0..100_000 {
        draw.add(mark(1, &format!("C{id}")), Some(if id % 10 == 0 { "1" } else { "0" }));
        most = most.max(draw.seen.len());
    }
    assert!(most <= 2_000, "{most}");
    let (chosen, sampled) = draw.finish(Some("id"), Some("left"));
    assert!(sampled.about && chosen.marks.len() == 200);
    assert!((90_000..110_000).contains(&sampled.of), "{}", sampled.of);
    let rows: u64 = sampled.strata.iter().map(|one| one.rows).sum();
    assert_eq!(rows, 200);
    // Without a limit the same marks are drawn where there are no strata.
    let (mut small, mut large) =
        (Draw::within(SampleSpec::of(200), false, 2_000), Draw::new(SampleSpec::of(200), false));
    for id in 0..50_000 {
        small.add(mark(1, &id.to_string()), None);
        large.add(mark(1, &id.to_string()), None);
    }
    assert!(small.finish(None, None).0.marks == large.finish(None, None).0.marks);
}

#[test]
fn fewer_than_asked_for_are_all_there() {
    let mut draw = Draw::new(SampleSpec::of(1_000), true);
    (0..50).for_each(|id| draw.add(mark(1, &id.to_string()), None));
    let (chosen, sampled) = draw.finish(Some("id"), Some("left"));
    assert_eq!((chosen.marks.len(), sampled.of, sampled.rows, sampled.about), (50, 50, 50, false));
    let (none, sampled) = Draw::new(SampleSpec::of(10), true).finish(None, None);
    assert_eq!((none.marks.len(), sampled.of, sampled.unit), (0, 0, Unit::Rows));
}
