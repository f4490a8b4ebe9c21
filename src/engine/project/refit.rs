//! The loop closed: what an experiment says of a model's probabilities is put into the model.

use std::collections::HashMap;

use super::{Outcome, Prepared};
use crate::deploy::{Bundle, Customer};
use crate::evaluate::{Refit, Repair};
use crate::experiment::{Experiment, ExperimentError, Platt};

/// Scores that are nearer than this are the same.
const NEAR: f64 = 1e-6;
/// Share of the experiment's customers in the list that must have the score of the draw.
const LEAST_SHARE: f64 = 0.9;

/// What `platt` says, ready to be kept with a model.
///
/// # Errors
/// The curve falls: it would turn the order of customers round.
pub fn refit_of(experiment: &Experiment, platt: &Platt) -> Result<Refit, ExperimentError> {
    let refit = Refit {
        slope: platt.slope.value,
        offset: platt.intercept.value,
        customers: platt.customers as u64,
        experiment: experiment.name.clone(),
        drawn: experiment.made.clone(),
        model: String::new(),
    };
    if refit.is_sound() { Ok(refit) } else { Err(ExperimentError::Falls { slope: platt.slope.value }) }
}

/// [`refit_of`] for the model behind `list`, whose probabilities go through `present` by now. The
/// experiment must have been drawn by that model's scores, as they are now or as they were before
/// `present`: the answer replaces `present` in both cases.
///
/// # Errors
/// The curve falls, or the list's scores are not those of the draw.
pub fn refit_for(
    experiment: &Experiment,
    platt: &Platt,
    list: &[Customer],
    present: Option<&Refit>,
) -> Result<Refit, ExperimentError> {
    let refit = refit_of(experiment, platt)?;
    let members: HashMap<&str, f64> =
        experiment.members.iter().filter_map(|one| Some((one.id.as_str(), one.score?))).collect();
    // A customer may have several rows; one of them is enough.
    let mut found: HashMap<&str, [bool; 2]> = HashMap::new();
    for customer in list.iter().filter(|customer| customer.named) {
        let Some((id, score)) = members.get_key_value(customer.id.as_str()) else { continue };
        let near = |said: f64| (said - customer.probability).abs() < NEAR;
        let is = found.entry(id).or_default();
        is[0] |= near(*score);
        is[1] |= present.is_some_and(|present| near(present.apply(*score)));
    }
    let share = |which: usize| {
        let same = found.values().filter(|is| is.get(which).copied().unwrap_or(false)).count();
        same as f64 / found.len().max(1) as f64
    };
    match present {
        _ if found.is_empty() => Err(ExperimentError::OtherModel { share: 0.0 }),
        Some(first) if share(0) >= LEAST_SHARE => Ok(refit.after(first)),
        None if share(0) >= LEAST_SHARE => Ok(refit),
        Some(_) if share(1) >= LEAST_SHARE => Ok(refit),
        _ => Err(ExperimentError::OtherModel { share: share(0).max(share(1)) }),
    }
}

/// The outcome with its probabilities set right by an experiment, on top of the repair that it has.
pub fn refitted(prepared: &Prepared, outcome: &Outcome, refit: &Refit) -> Outcome {
    let probabilities: Vec<f64> = outcome.probabilities.iter().map(|p| refit.apply(*p)).collect();
    outcome.mapped(prepared, probabilities, Repair::refitted(outcome.repair.clone(), refit.clone()))
}

/// The bundle with its probabilities set right by an experiment that was drawn by its scores. The card's
/// thresholds and mean probabilities go through the curve with it; figures that depend on more than the
/// order of customers stand as they were measured before, and the card says so.
pub fn refit_bundle(bundle: &Bundle, refit: &Refit) -> Bundle {
    let mut out = bundle.clone();
    out.repair = Some(Repair::refitted(bundle.repair.clone(), refit.clone()));
    out.card = out.card.map(|mut card| {
        for point in card.curve.iter_mut().filter(|point| point.threshold <= 1.0) {
            point.threshold = refit.apply(point.threshold);
        }
        card.calibration.iter_mut().for_each(|bin| bin.predicted = refit.apply(bin.predicted));
        card.refit = out.repair.as_ref().and_then(Repair::refit).cloned();
        card.measured_before_refit = true;
        card.sealed()
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{self, ReadOptions};
    use crate::deploy::Lacking;
    use crate::evaluate::RepairKind;
    use crate::experiment::{self, Arm, DrawSpec, Drawing, Plan, draw};
    use crate::job::Reporter;
    use crate::project::{self, Settings, testing};
    use crate::train::ModelKind;

    #[test]
    fn an_experiment_sets_a_model_right_and_is_refused_by_another() {
        let quiet = Reporter::silent();
        let table = collect::open(&testing::sample(), &ReadOptions::default(), &quiet).unwrap();
        let settings = Settings::default();
        let prepared = project::prepare(&settings, &table, &quiet).unwrap();
        let raw = project::learn(&settings, &prepared, ModelKind::Logistic, &quiet).unwrap();
        let list = project::rank(&prepared, &raw, None);
        let pool = project::experiment_pool(
            &list,
            project::Origin::Trained { table: &table, prepared: &prepared, outcome: &raw },
            &Default::default(),
            (&project::CallListSpec { only_at_risk: false, ..Default::default() }, 0.5),
            &Default::default(),
        )
        .unwrap();
        let spec = DrawSpec { left_alone: 0.5, ..DrawSpec::default() };
        let drawn = draw(&spec, &pool.candidates).unwrap();
        let drawing = Drawing {
            spec,
            file: "customers.csv".into(),
            hash: String::new(),
            score_is_risk: true,
            value: None,
            column: None,
        };
        let of = Experiment::new("tea", Plan::default(), drawing, drawn);
        // Those left alone leave at the lower odds σ(0.5 x − 0.7).
        let alone: Vec<f64> = of.of(Arm::LeftAlone).filter_map(|member| member.score).collect();
        let curve = |slope, offset| Refit {
            slope,
            offset,
            customers: 0,
            experiment: String::new(),
            drawn: String::new(),
            model: String::new(),
        };
        let truth = curve(0.5, -0.7);
        let left: Vec<bool> = (0..alone.len())
            .map(|at| truth.apply(alone[at]) > (at as f64 * 0.618_033_988_75).fract())
            .collect();
        let platt = experiment::refit(&alone, &left, 0.05).unwrap();
        let refit = refit_for(&of, &platt, &list, None).unwrap();
        assert!((refit.apply(0.8) - platt.apply(0.8)).abs() < 1e-12);
        assert_eq!((refit.experiment.as_str(), refit.customers), ("tea", alone.len() as u64));

        let better = refitted(&prepared, &raw, &refit);
        let mean = |p: &[f64]| p.iter().sum::<f64>() / p.len() as f64;
        let share = left.iter().filter(|left| **left).count() as f64 / left.len() as f64;
        let set: Vec<f64> = alone.iter().map(|p| refit.apply(*p)).collect();
        assert!((mean(&set) - share).abs() < 1e-6, "the curve gives the share that left");
        let auc = |of: &Outcome| of.test.fixed("roc_auc").unwrap().value;
        assert_eq!(auc(&better), auc(&raw), "the order stays");
        assert_eq!(better.repair.as_ref().unwrap().kind(), RepairKind::None);

        // The bundle of the outcome scores as the list does; so does the bundle that is set right later.
        let card = project::card(&settings, &table, &prepared, &raw, &[&raw], &quiet).unwrap();
        let later = refit_bundle(&project::bundle(&settings, &prepared, &raw, Some(card)), &refit);
        let kept = later.card.as_ref().unwrap();
        assert!(
            kept.clone().sealed() == *kept
                && kept.measured_before_refit
                && kept.refit.as_ref() == Some(&refit)
        );
        let card = project::card(&settings, &table, &prepared, &better, &[&better], &quiet).unwrap();
        assert!(card.refit.as_ref() == Some(&refit) && !card.measured_before_refit);
        for bundle in [later, project::bundle(&settings, &prepared, &better, Some(card))] {
            assert!(bundle.is_sound());
            let text = serde_json::to_string(&bundle).unwrap();
            let bundle: Bundle = serde_json::from_str(&text).unwrap();
            let scores = bundle.score(&table, Lacking::Refuse, &quiet).unwrap();
            for customer in project::rank(&prepared, &better, None) {
                let scored = scores.rows.iter().find(|scored| scored.row == customer.row).unwrap();
                assert!((scored.probability - customer.probability).abs() < 1e-9);
            }
        }

        // Drawn by the scores before: replaced. Drawn by the scores that are set right: both in one.
        let now = project::rank(&prepared, &better, None);
        assert_eq!(refit_for(&of, &platt, &now, Some(&refit)).unwrap(), refit);
        let mut again = of.clone();
        for member in &mut again.members {
            member.score = member.score.map(|score| refit.apply(score));
        }
        let both = refit_for(&again, &platt, &now, Some(&refit)).unwrap();
        for p in [0.05, 0.4, 0.9] {
            assert!((both.apply(p) - refit.apply(refit.apply(p))).abs() < 1e-9);
        }
        // Another model, and nobody of the experiment.
        let tree = project::learn(&settings, &prepared, ModelKind::Tree, &quiet).unwrap();
        let other = project::rank(&prepared, &tree, None);
        assert_eq!(refit_for(&of, &platt, &other, None).unwrap_err().kind(), "exp_other_model");
        assert_eq!(refit_for(&of, &platt, &[], None).unwrap_err().kind(), "exp_other_model");
        let mut falls = platt;
        falls.slope.value = -0.2;
        assert_eq!(refit_for(&of, &falls, &list, None).unwrap_err().kind(), "exp_falls");
    }
}
