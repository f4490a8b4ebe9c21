//! From the draw to the reading: files written and opened again, results read back.

use std::fmt::Write as _;

use rand::Rng as _;

use super::dice;
use crate::collect::{self, ReadOptions};
use crate::experiment::{
    Arm, Candidate, DrawSpec, Drawing, Experiment, Files, Order, Plan, ResultsSpec, Verdict, draw, read,
};
use crate::job::Reporter;
use crate::table::Table;

fn candidates(count: usize) -> Vec<Candidate> {
    let mut rng = dice(2);
    let city = ["Bonn", "Kiel", "Ulm"];
    (0..count)
        .map(|at| Candidate {
            id: format!("C{at:05}"),
            score: Some(rng.gen_range(0.05..0.95)),
            value: (at % 17 != 0).then(|| rng.gen_range(10.0..900.0)),
            group: Some(city[at % 3].to_owned()),
        })
        .collect()
}

fn experiment(count: usize, left_alone: f64) -> Experiment {
    let spec = DrawSpec { left_alone, ..DrawSpec::default() };
    let drawn = draw(&spec, &candidates(count)).unwrap();
    let drawing = Drawing { spec, score_is_risk: true, ..Drawing::default() };
    Experiment::new("spring", Plan::default(), drawing, drawn)
}

fn table(text: &str) -> Table {
    collect::from_text("results.csv", text, &ReadOptions::default()).unwrap()
}

/// Results in which the offer keeps `effect` more of the customers; the score is bolder than the truth.
fn results(of: &Experiment, effect: f64, seed: u64, keep: impl Fn(usize, Arm) -> bool) -> String {
    let mut rng = dice(seed);
    let mut text = String::from("customer_id,kept,spent,known_on\n");
    for (at, member) in of.members.iter().enumerate() {
        let stays = 0.75 - 0.4 * member.score.unwrap();
        let called = member.arm == Arm::Called;
        let kept = rng.gen_bool(stays + if called { effect } else { 0.0 });
        let spent = if kept { member.value.unwrap_or(100.0) * 0.5 + rng.gen_range(0.0..40.0) } else { 0.0 };
        let day = 1 + at * 28 / of.members.len();
        if keep(at, member.arm) {
            let word = if kept { "yes" } else { "no" };
            writeln!(text, "{},{word},{spent:.2},2026-03-{day:02}", member.id).unwrap();
        }
    }
    text
}

#[test]
fn a_draw_is_even_by_chance_and_the_same_again() {
    let of = experiment(1_000, 0.2);
    assert_eq!(of.count(Arm::LeftAlone), 200);
    assert_eq!(of, experiment(1_000, 0.2));
    let other =
        draw(&DrawSpec { left_alone: 0.2, seed: 2, ..DrawSpec::default() }, &candidates(1_000)).unwrap();
    assert_ne!(other.members, of.members);
    // Three bands of the score, three of the value and one of those without, three cities.
    assert_eq!(of.strata.len(), 36);
    for stratum in &of.strata {
        let all = (stratum.called + stratum.left_alone) as f64;
        assert!((stratum.left_alone as f64 - 0.2 * all).abs() < 1.0, "{stratum:?}");
    }
    // Over many seeds everyone has the same chance.
    let some = candidates(60);
    let mut times = vec![0u32; 60];
    for seed in 0..2_000 {
        let spec = DrawSpec { left_alone: 0.3, seed, ..DrawSpec::default() };
        let drawn = draw(&spec, &some).unwrap();
        drawn.members.iter().zip(&mut times).for_each(|(m, n)| *n += u32::from(m.arm == Arm::LeftAlone));
    }
    let off = 4.5 * (2_000.0 * 0.3 * 0.7f64).sqrt();
    assert!(times.iter().all(|n| (f64::from(*n) - 600.0).abs() < off), "{times:?}");
    // A customer who stands there twice is drawn once; too few are refused.
    let twice = [some.clone(), some.clone()].concat();
    assert_eq!(draw(&DrawSpec::default(), &twice).unwrap().repeated, 60);
    assert_eq!(draw(&DrawSpec::default(), &some[..15]).unwrap_err().kind(), "exp_too_few");
}

#[test]
fn a_reading_finds_the_effect_and_says_how_sure_it_is() {
    let of = experiment(4_000, 0.5);
    let text = results(&of, 0.1, 4, |_, _| true);
    let spec = ResultsSpec { over: true, worth: 50.0, cost: 2.0, ..ResultsSpec::default() };
    let found = read(&of, &table(&text), &spec, &Reporter::silent()).unwrap();
    assert_eq!(found.spec.id.as_deref(), Some("customer_id"));
    assert_eq!(found.spec.outcome.as_deref(), Some("kept"));
    assert_eq!(found.spec.money.as_deref(), Some("spent"));
    assert!(!found.spec.unwanted && !found.ratio.stops);
    let share = found.share.as_ref().unwrap();
    assert!(share.difference.low > 0.05 && share.difference.high < 0.15, "{share:?}");
    assert_eq!((share.verdict, share.order), (Verdict::Works, Order::Day));
    // Looks at the end of each day; the last stands at the difference, and is wider.
    assert!(share.looks.len() > 20, "{}", share.looks.len());
    let (last, once) = (share.always.unwrap(), share.difference);
    assert!((last.value - once.value).abs() < 1e-12);
    assert!(last.low < once.low && last.high > once.high);
    // The past explains part of the money: the interval shrinks, its middle does not run away.
    let money = found.money.as_ref().unwrap();
    let cuped = money.cuped.as_ref().unwrap();
    let width = |of: crate::experiment::Difference| of.high - of.low;
    assert!(cuped.reduction > 0.2, "{}", cuped.reduction);
    assert!(width(cuped.difference) < 0.95 * width(money.difference));
    assert!(width(money.stratified.unwrap()) < width(money.difference));
    // Money counts where it is known, whatever an answer is worth.
    let gained = found.gained.unwrap();
    assert!((gained.value - 2_000.0 * (money.difference.value - 2.0)).abs() < 1e-6, "{gained:?}");
    // The scores said leaving up to 95%; those left alone left by 25% to 63%.
    let fit = found.recalibration.unwrap();
    assert!(fit.slope.high < 1.0 && !fit.is_fine(), "{fit:?}");
    assert!((fit.apply(0.9) - 0.61).abs() < 0.1, "{}", fit.apply(0.9));
    // Not over: the interval for many looks counts.
    let spec = ResultsSpec { over: false, ..spec };
    let open = read(&of, &table(&text), &spec, &Reporter::silent()).unwrap();
    assert_eq!(open.share.unwrap().counts(), Some(last));
}

#[test]
fn lost_customers_stop_the_reading() {
    let of = experiment(2_000, 0.5);
    // Called customers who are lost for some reason: the first of them.
    let text = results(&of, 0.0, 5, |at, arm| arm == Arm::LeftAlone || at % 8 != 0);
    let found = read(&of, &table(&text), &ResultsSpec::default(), &Reporter::silent()).unwrap();
    assert!(found.ratio.stops && found.ratio.p < 0.001, "{:?}", found.ratio);
    assert!(found.share.is_none() && found.money.is_none() && found.gained.is_none());
    assert!(found.called.lost() > 100 && found.left_alone.lost() == 0);
    // As many of both: they are told, and the reading goes on.
    let text = results(&of, 0.0, 5, |at, _| at % 8 != 0);
    let found = read(&of, &table(&text), &ResultsSpec::default(), &Reporter::silent()).unwrap();
    assert!(!found.ratio.stops && found.share.is_some());
    assert_eq!(found.called.lost() + found.left_alone.lost(), 250);
}

#[test]
fn files_of_buyers_only_and_of_leavers_are_understood() {
    let of = experiment(600, 0.5);
    // Orders: some customers twice, strangers among them, no word for who did not buy.
    let mut text = String::from("order,client,amount\n");
    for (at, member) in of.members.iter().enumerate() {
        let times = match member.arm {
            Arm::Called => at % 3,
            Arm::LeftAlone => at % 2,
        };
        (0..times).for_each(|n| writeln!(text, "{at}-{n},{},20.00", member.id).unwrap());
    }
    text += "x,STRANGER,5.00\n";
    let spec = ResultsSpec { absent_is_no: true, over: true, ..ResultsSpec::default() };
    let found = read(&of, &table(&text), &spec, &Reporter::silent()).unwrap();
    assert_eq!(found.spec.id.as_deref(), Some("client"));
    assert_eq!((found.strangers, found.called.lost(), found.left_alone.lost()), (1, 0, 0));
    assert!(found.repeated > 50);
    let money = found.money.unwrap();
    assert!((money.called - 20.0).abs() < 2.0 && (money.left_alone - 10.0).abs() < 2.0, "{money:?}");
    // Who left is what nobody wants: the difference is of those who stayed.
    let mut text = String::from("id,churned\n");
    for (at, member) in of.members.iter().enumerate() {
        let left = if member.arm == Arm::Called { at % 4 == 0 } else { at % 2 == 0 };
        writeln!(text, "{},{}", member.id, if left { "yes" } else { "no" }).unwrap();
    }
    let found = read(&of, &table(&text), &ResultsSpec::default(), &Reporter::silent()).unwrap();
    assert!(found.spec.unwanted);
    let share = found.share.unwrap();
    assert!((share.called - 0.75).abs() < 0.05 && share.difference.value > 0.15, "{share:?}");
    assert_eq!(share.order, Order::Chance);
}

#[test]
fn what_cannot_be_read_is_told() {
    let of = experiment(100, 0.5);
    let kind = |text: &str, spec: ResultsSpec| {
        read(&of, &table(text), &spec, &Reporter::silent()).unwrap_err().kind()
    };
    assert_eq!(kind("id,kept\nX1,yes\nX2,no\n", ResultsSpec::default()), "exp_no_id");
    let ids = "id,note\nC00001,a b c\nC00002,d e f\nC00003,g h i\n";
    assert_eq!(kind(ids, ResultsSpec::default()), "exp_no_outcome");
    let named = |name: &str| ResultsSpec { outcome: Some(name.into()), ..ResultsSpec::default() };
    assert_eq!(kind(ids, named("bought")), "exp_no_column");
    let nobody = ResultsSpec { id: Some("note".into()), absent_is_no: true, ..ResultsSpec::default() };
    assert_eq!(kind(ids, nobody), "exp_nobody");
}

#[test]
fn an_experiment_is_opened_as_it_was_drawn_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::beside(&folder.path().join("spring.experiment.json"));
    assert!(files.called.ends_with("spring.call.csv") && files.check().is_ok());
    let of = experiment(200, 0.25);
    std::fs::write(&files.experiment, of.to_json().unwrap()).unwrap();
    assert_eq!(Experiment::open(&files.experiment).unwrap(), of);
    assert_eq!(files.check().unwrap_err().kind(), "exp_exists");
    // One customer is moved to the other list by hand.
    let text = std::fs::read_to_string(&files.experiment).unwrap();
    std::fs::write(&files.experiment, text.replacen("left_alone\",\n", "called\",\n", 1)).unwrap();
    assert_eq!(Experiment::open(&files.experiment).unwrap_err().kind(), "exp_changed");
    std::fs::write(&files.experiment, "{}").unwrap();
    assert_eq!(Experiment::open(&files.experiment).unwrap_err().kind(), "exp_not_one");
}

#[test]
fn plans_that_cannot_be_are_refused() {
    use crate::experiment::Measured;
    let refused = |plan: Plan| plan.size().unwrap_err().to_string();
    let share =
        |base: f64, effect: f64| Plan { measured: Measured::Share { base }, effect, ..Plan::default() };
    assert!(refused(share(0.95, 0.08)).contains("effect"));
    assert!(refused(share(0.5, 0.0)).contains("effect"));
    assert!(refused(share(1.0, -0.1)).contains("base"));
    assert!(
        refused(Plan { measured: Measured::Money { deviation: 0.0 }, ..Plan::default() })
            .contains("deviation")
    );
    let planned = Plan { per_week: Some(40.0), ..Plan::default() }.work_out(Some(300)).unwrap();
    assert!(planned.weeks.unwrap() > 10.0 && planned.curve.len() == 61);
    let with = planned.with.unwrap();
    assert!(with.power < 0.8 && with.effect.unwrap() > 0.08, "{with:?}");
    assert!(planned.curve.windows(2).all(|w| w[0].1 <= w[1].1 + 1e-12), "more customers, more power");
}

#[test]
fn strata_of_one_group_are_put_together() {
    use crate::experiment::{Unit, stratified};
    let unit = |called: bool, outcome: f64, stratum: u32| Unit { called, outcome, stratum };
    // Two whole strata whose differences are 1 and 3, by hand; a third of two called customers alone.
    let mut units = Vec::new();
    for at in 0..10 {
        let off = f64::from(at % 2);
        units.extend([unit(true, 6.0 + off, 0), unit(false, 5.0 + off, 0)]);
        units.extend([unit(true, 13.0 + off, 1), unit(false, 10.0 + off, 1)]);
    }
    let found = stratified(&units, 0.05).unwrap();
    assert!((found.value - 2.0).abs() < 1e-12 && found.low < 2.0 && found.high > 2.0, "{found:?}");
    // Both groups of stratum 1 get one more at their mean: now it is the larger, and the lonely ones,
    // called with 8 each, join it: 11 of mean 13.5 and two of 8 against 10.5.
    units.extend([unit(true, 13.5, 1), unit(false, 10.5, 1)]);
    units.extend([unit(true, 8.0, 7), unit(true, 8.0, 7)]);
    let second = (11.0 * 13.5 + 16.0) / 13.0 - 10.5;
    let by_hand = (20.0 * 1.0 + 24.0 * second) / 44.0;
    let joined = stratified(&units, 0.05).unwrap().value;
    assert!((joined - by_hand).abs() < 1e-12, "{joined} and not {by_hand}");
    let equal = [unit(true, 5.0, 0), unit(true, 5.0, 0), unit(false, 4.0, 0), unit(false, 4.0, 0)];
    assert!(stratified(&equal, 0.05).is_none(), "nobody differs: nothing is known of chance");
    // One group only: nothing can be compared.
    assert!(stratified(&units[..1], 0.05).is_none());
}
