use super::tests::shop;
use super::*;
use crate::job::Reporter;

fn run(settings: &Simulation) -> (Vec<RoundFigures>, Vec<u8>) {
    let (train, test) = (shop(1_500, 8), shop(1_500, 9));
    let mut traffic = Vec::new();
    let mut wire = |bytes: &[u8]| traffic.extend_from_slice(bytes);
    let mut stage = Stage::new(settings, (&train, &test), 1, &mut wire).unwrap();
    let rounds = (0..settings.spec.rounds).map(|_| stage.round(&mut wire, &Reporter::silent()).unwrap());
    (rounds.collect(), traffic)
}

fn of(rounds: usize) -> Simulation {
    let spec = FederatedSpec { rounds, ..FederatedSpec::default() };
    Simulation { skew: 0.0, spec, ..Simulation::default() }
}

#[test]
fn a_round_has_the_figures_of_each_branch() {
    let (rounds, traffic) = run(&of(3));
    assert_eq!(rounds.iter().map(|round| round.round).collect::<Vec<_>>(), [1, 2, 3]);
    for round in &rounds {
        assert_eq!((round.losses.len(), round.branches.len()), (5, 5));
        assert_eq!(round.up, round.branches.iter().map(|branch| branch.up).sum::<u64>());
        assert_eq!(round.down, round.branches.iter().map(|branch| branch.down).sum::<u64>());
        assert!(round.pooled.is_some() && round.other.is_none() && round.epsilon.is_none());
        for branch in &round.branches {
            assert!(branch.alone.is_some() && branch.moved > 0.0 && !branch.cut_off);
            let message = &branch.message;
            assert_eq!(message.shapes, [vec![5, 1], vec![1]]);
            // What is shown as sent was sent, number by number.
            let sent: Vec<u8> = message.first[0].iter().flat_map(|w| w.to_le_bytes()).collect();
            assert_eq!(sent.len(), 20);
            assert!(traffic.windows(sent.len()).any(|bytes| bytes == sent));
        }
    }
    // The largest branch goes furthest, for it takes the most steps.
    assert!(rounds[0].branches[0].moved > rounds[0].branches[4].moved);
}

#[test]
fn both_rules_are_run_where_a_branch_lies() {
    let lying = Simulation { mischief: Mischief::Reverse { times: 30.0 }, ..of(20) };
    let (mean, _) = run(&lying);
    let median = FederatedSpec { rule: Rule::Median, ..lying.spec.clone() };
    let (median, _) = run(&Simulation { spec: median, ..lying });
    let (mean, median) = (mean.last().unwrap(), median.last().unwrap());
    assert_eq!((mean.other, median.other), (median.auc, mean.auc));
    assert!(mean.auc.unwrap() < median.auc.unwrap() - 0.05, "{mean:?}");
}

#[test]
fn turned_outcomes_are_those_of_the_last_branch_alone() {
    let (train, test) = (shop(1_000, 8), shop(500, 9));
    let stage =
        |mischief| Stage::new(&Simulation { mischief, ..of(1) }, (&train, &test), 1, &mut |_| {}).unwrap();
    let (honest, flipped) = (stage(Mischief::None), stage(Mischief::Flip { share: 1.0 }));
    let (honest, flipped) = (&honest.ground().parts, &flipped.ground().parts);
    assert_eq!(honest[..4], flipped[..4]);
    assert_eq!(honest[4].rows - honest[4].positive, flipped[4].positive);
}

#[test]
fn masked_weights_come_to_the_same_model_and_stay_unseen() {
    let (plain, open) = run(&of(4));
    let (masked, traffic) = run(&Simulation { masks: true, ..of(4) });
    let (a, b) = (plain.last().unwrap(), masked.last().unwrap());
    assert!((a.auc.unwrap() - b.auc.unwrap()).abs() < 1e-4, "{:?} {:?}", a.auc, b.auc);
    // The first weights that branch 2 sends in the first round: in the open traffic, not in the masked.
    let sent: Vec<u8> = plain[0].branches[1].message.first[0].iter().flat_map(|w| w.to_le_bytes()).collect();
    assert_eq!(plain[0].branches[1].message.first, masked[0].branches[1].message.first);
    let holds = |traffic: &[u8]| traffic.windows(sent.len()).any(|bytes| bytes == sent);
    assert!(holds(&open) && !holds(&traffic));
    let seen = masked[0].branches[1].message.masked.clone().unwrap();
    let seen: Vec<u8> = seen.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert!(traffic.windows(seen.len()).any(|bytes| bytes == seen));
    let (train, test) = (shop(300, 8), shop(300, 9));
    let median =
        Simulation { masks: true, spec: FederatedSpec { rule: Rule::Median, ..of(1).spec }, ..of(1) };
    assert!(Stage::new(&median, (&train, &test), 1, &mut |_| {}).is_err());
}

#[test]
fn noise_costs_area_and_says_what_it_hides() {
    let private = |noise| Simulation { privacy: Some(Privacy { noise, ..Privacy::default() }), ..of(20) };
    let area = |found: &[RoundFigures]| found.last().unwrap().auc.unwrap();
    let ((quiet, _), (loud, _)) = (run(&private(0.0)), run(&private(8.0)));
    assert!(area(&loud) < area(&quiet) - 0.02, "{} {}", area(&loud), area(&quiet));
    assert!(quiet[0].epsilon.unwrap().model.is_infinite());
    let spent: Vec<f64> = loud.iter().map(|round| round.epsilon.unwrap().model).collect();
    assert!(spent.windows(2).all(|pair| pair[1] > pair[0]));
    assert!((spent[19] - epsilon(8.0, 20, 1e-5)).abs() < 1e-9);
    // An update that is cut is told, and no branch says how many rows it has.
    let tight = Privacy { clip: 0.01, noise: 0.0, delta: 1e-5 };
    let (tight, _) = run(&Simulation { privacy: Some(tight), ..of(2) });
    assert!(tight[0].branches.iter().all(|branch| branch.cut_off && branch.message.rows == Some(1)));
    // A liar adds no noise: four of five parts hide less.
    let mischief = Mischief::Inflate { times: 2.0 };
    let (lying, _) = run(&Simulation { mischief, ..private(8.0) });
    assert!(lying[1].epsilon.unwrap().model > loud[1].epsilon.unwrap().model);
}
