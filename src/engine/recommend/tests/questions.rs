use super::{events, histories};
use crate::job::Reporter;
use crate::recommend::figures::{CaseFigures, by_chance, gini};
use crate::recommend::{Case, Kind, Popularity, Protocol, Task, choose, evaluate};

#[test]
fn the_last_event_is_held_out_and_ties_keep_the_order_of_the_rows() {
    // Customer 0 took products 2 and 1 on the same day, in this order.
    let all = events(&[(0, 0, 1), (0, 2, 5), (1, 1, 3), (0, 1, 5), (2, 0, 1), (2, 1, 0)]);
    let task = Task::new(&all, Protocol::LeaveLastOut, None).unwrap();
    let case = |customer, item| Case { customer, wanted: vec![item] };
    assert_eq!(task.cases, [case(0, 1), case(2, 0)], "one event alone is learnt from");
    assert_eq!((task.train.of(0), task.train.of(1), task.train.of(2)), (&[0, 2][..], &[1][..], &[1][..]));
}

#[test]
fn nothing_after_the_cut_off_day_is_learnt_from() {
    let rows = [(0, 0, 1), (0, 1, 10), (0, 2, 11), (0, 2, 12), (1, 1, 2), (1, 0, 10), (2, 1, 11)];
    let day = Some(crate::features::behaviour::to_date(10));
    let task = Task::new(&events(&rows), Protocol::TimeSplit, day).unwrap();
    assert_eq!(task.cases, [Case { customer: 0, wanted: vec![2] }]);
    assert_eq!((task.train.len(), task.unknown), (4, 1));
    // What comes later may be anything: the training part stays what it is.
    let other = [(0, 0, 1), (0, 1, 10), (0, 0, 13), (0, 1, 19), (1, 1, 2), (1, 0, 10), (2, 2, 15)];
    assert_eq!(Task::new(&events(&other), Protocol::TimeSplit, day).unwrap().train, task.train);
    for outside in [0, 12, 90] {
        let day = Some(crate::features::behaviour::to_date(outside));
        let refused = Task::new(&events(&rows), Protocol::TimeSplit, day).unwrap_err();
        assert_eq!(refused.kind(), "recommend_cut_off");
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    let kind = |rows: &[(u32, u32, i64)], protocol| {
        Task::new(&events(rows), protocol, None).map(|_| ()).unwrap_err().kind()
    };
    let leave = Protocol::LeaveLastOut;
    assert_eq!(kind(&[], leave), "recommend_one_product");
    assert_eq!(kind(&[(0, 0, 1), (1, 0, 2)], leave), "recommend_one_product");
    assert_eq!(kind(&[(0, 0, 1), (0, 1, 2)], leave), "recommend_one_customer");
    assert_eq!(kind(&[(0, 0, 1), (1, 1, 2)], leave), "recommend_no_second");
    assert_eq!(kind(&[(0, 0, 1), (1, 1, 1), (0, 1, 1)], Protocol::TimeSplit), "recommend_cut_off");
}

#[test]
fn figures_are_those_worked_by_hand() {
    // Two wanted products at ranks 2 and 12, a third that could not be offered.
    let case = CaseFigures::of(0, 3, &[Some(2.0), Some(12.0), None]);
    let gain = |rank: f64| 1.0 / (1.0 + rank).log2();
    let best = gain(1.0) + gain(2.0) + gain(3.0);
    let expected = [
        [1.0, gain(2.0) / best, 0.5, 1.0 / 3.0],
        [1.0, gain(2.0) / best, 0.5, 1.0 / 3.0],
        [1.0, (gain(2.0) + gain(12.0)) / best, 0.5, 2.0 / 3.0],
    ];
    for (found, wanted) in case.values.iter().zip(expected.iter().flatten()) {
        assert!((found - wanted).abs() < 1e-12, "{:?}", case.values);
    }
    assert_eq!((case.hit_at_10(), case.ndcg_at_10()), (1.0, gain(2.0) / best));
    assert_eq!(gini(&[1, 1, 1, 1]), 0.0);
    assert_eq!(gini(&[0, 0, 0, 8]), 0.75);
    assert_eq!(gini(&[0, 0]), 0.0);
    assert_eq!((case.at(5), case.at(20).0, case.at(7)), ((1.0, case.values[1]), 1.0, (0.0, 0.0)));
    // Two of five drawn, two of them wanted: missed with 3/5 · 2/4.
    let [hits, ndcg] = by_chance(5, 2, 2);
    assert!((hits - 0.7).abs() < 1e-12 && (ndcg - 0.4).abs() < 1e-12, "{hits} {ndcg}");
    assert_eq!(by_chance(3, 1, 10), [1.0, (gain(1.0) + gain(2.0) + gain(3.0)) / 3.0]);
}

#[test]
fn coverage_novelty_and_seen_are_counted() {
    // Popularity 0 > 1 > 2 > 3 of four customers; everything fits into a list of ten.
    let train = histories(4, &[&[0, 1, 2], &[0, 1, 0], &[0], &[3]]);
    let model = Popularity::overall(&train);
    let cases = [Case { customer: 2, wanted: vec![1] }, Case { customer: 1, wanted: vec![0] }];
    let silent = Reporter::silent();
    let out = evaluate(&model, (&train, &cases), false, &[], &silent).unwrap();
    assert_eq!((out.figures.customers, out.nothing_new), (1, 1), "0 was taken before");
    assert_eq!(out.figures.get("mrr_at_5").unwrap().value, 1.0);
    assert_eq!(out.figures.coverage, 0.75);
    // Shares of customers 1 2/4, 2 1/4, 3 1/4: −log₂ is 1, 2, 2.
    assert!((out.figures.novelty - 5.0 / 3.0).abs() < 1e-12);
    assert!((out.figures.average_popularity - 1.0 / 3.0).abs() < 1e-12);
    let out = evaluate(&model, (&train, &cases), true, &[], &silent).unwrap();
    assert_eq!((out.figures.customers, out.nothing_new, out.figures.coverage), (2, 0, 1.0));
    assert_eq!(out.figures.get("mrr_at_5").unwrap().value, 0.75);
    assert_eq!(out.figures.groups.iter().map(|group| group.customers).sum::<usize>(), 2);
}

#[test]
fn settings_are_chosen_without_the_test_and_popularity_is_always_beside() {
    let rows: Vec<(u32, u32, i64)> =
        (0..60).flat_map(|who| (0..6).map(move |at| (who, (who * 7 + at * 2) % 9, i64::from(at)))).collect();
    let task = Task::new(&events(&rows), Protocol::LeaveLastOut, None).unwrap();
    let silent = Reporter::silent();
    let first = choose(&task, &[Kind::Markov, Kind::Cooccurrence], false, 1, &silent).unwrap();
    assert!(first.candidates.iter().any(|one| one.kind == Kind::Popularity));
    // Each product is followed by the one two further on: the chain knows the next one.
    assert_eq!(first.best().unwrap().kind, Kind::Markov);
    assert_eq!(first.notes[0].code, "recommend_better");
    // Ten of nine products are no test: what is said is said of the first five, in figures of the first five.
    let told = |name: &str| first.notes[0].args.iter().find(|(one, _)| *one == name).unwrap().1.clone();
    let at_five = first.best().unwrap().measured.figures.get("ndcg_at_5").unwrap().value;
    assert_eq!((first.cut, told("cut"), told("value")), (5, "5".to_owned(), format!("{at_five:.4}")));
    let popular = first.candidates.iter().find(|one| one.kind == Kind::Popularity).unwrap();
    let less = at_five - popular.measured.figures.get("ndcg_at_5").unwrap().value;
    assert!((first.best().unwrap().against_popularity.unwrap().difference - less).abs() < 1e-12);
    let mut other = task.clone();
    for case in &mut other.cases {
        case.wanted = vec![(case.wanted[0] + 1) % 9];
    }
    let second = choose(&other, &[Kind::Markov, Kind::Cooccurrence], false, 1, &silent).unwrap();
    let settings = |choice: &crate::recommend::Choice| {
        choice.candidates.iter().map(|one| (one.kind, one.params, one.valid_ndcg)).collect::<Vec<_>>()
    };
    assert_eq!(settings(&first), settings(&second), "another answer changes no choice");
}

#[test]
fn where_popularity_is_as_good_it_is_said() {
    use rand::{Rng, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    // Everyone draws from the same list: nothing personal is there to be found.
    let rows: Vec<(u32, u32, i64)> = (0..200)
        .flat_map(|who| (0..6).map(move |at| (who, at)))
        .map(|(who, at)| {
            let draw: f64 = rng.r#gen();
            (who, (draw * draw * 30.0) as u32, at)
        })
        .collect();
    let task = Task::new(&events(&rows), Protocol::LeaveLastOut, None).unwrap();
    let choice = choose(&task, &[], true, 1, &Reporter::silent()).unwrap();
    let told = choice.notes.last().unwrap().code;
    assert!(["recommend_even", "recommend_popularity_wins"].contains(&told), "{told}");
    assert_eq!(choice.candidates.len(), Kind::ALL.len());
}
