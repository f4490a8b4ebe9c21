//! A trained model → the same with repaired probabilities.

use super::{Outcome, Prepared, pick};
use crate::evaluate::{Explanation, Repair, RepairKind};
use crate::split::Side;

/// The outcome with its probabilities repaired: the map is fitted on the validation rows, and every
/// probability goes through it. `None` where nothing is to be repaired or it cannot be: see
/// [`Repair::fit`]. `outcome` is one that was not repaired.
pub fn repaired(prepared: &Prepared, outcome: &Outcome, kind: RepairKind) -> Option<Outcome> {
    let (valid, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Valid);
    let said: Vec<f64> = valid.iter().filter_map(|&at| outcome.probabilities.get(at)).copied().collect();
    let repair = Repair::fit(kind, &said, &labels)?;
    let probabilities = repair.apply_all(&outcome.probabilities);
    Some(outcome.mapped(prepared, probabilities, repair))
}

/// The shares of an explanation, so that with the repaired base they add up to the repaired probability:
/// each keeps its part of the whole way.
pub(super) fn rescaled(explanation: &Explanation, base: f64, repair: &Repair) -> Explanation {
    let way: f64 = explanation.shares.iter().sum();
    let repaired = repair.apply(base + way) - repair.apply(base);
    let scale = if way.abs() > 1e-12 { repaired / way } else { 1.0 };
    let probability = repair.apply(explanation.probability);
    Explanation { probability, shares: explanation.shares.iter().map(|share| share * scale).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{self, ReadOptions};
    use crate::deploy::Lacking;
    use crate::job::Reporter;
    use crate::project::{self, Origin, Settings, testing};
    use crate::train::ModelKind;

    #[test]
    fn the_list_the_bundle_and_the_reasons_give_the_repaired_probability() {
        let quiet = Reporter::silent();
        let table = collect::open(&testing::sample(), &ReadOptions::default(), &quiet).unwrap();
        let settings = Settings::default();
        let prepared = project::prepare(&settings, &table, &quiet).unwrap();
        let raw = project::learn(&settings, &prepared, ModelKind::Tree, &quiet).unwrap();
        assert_eq!(repaired(&prepared, &raw, RepairKind::None), None);
        let plain = project::bundle(&settings, &prepared, &raw, None);
        assert!(
            !serde_json::to_string(&plain).unwrap().contains("\"repair\":"),
            "bundles without stay as they were"
        );
        for kind in [RepairKind::Platt, RepairKind::Isotonic] {
            let outcome = repaired(&prepared, &raw, kind).unwrap();
            assert_ne!(outcome.probabilities, raw.probabilities);
            // Fitted on validation rows: what happened to test rows changes nothing.
            let mut other = prepared.clone();
            for (label, side) in other.labels.of_row.iter_mut().zip(&prepared.sides) {
                if *side != Side::Valid {
                    *label = label.map(|label| !label);
                }
            }
            assert_eq!(repaired(&other, &raw, kind).unwrap().repair, outcome.repair);

            let bundle = project::bundle(&settings, &prepared, &outcome, None);
            assert!(bundle.is_sound());
            let text = serde_json::to_string(&bundle).unwrap();
            let bundle: crate::deploy::Bundle = serde_json::from_str(&text).unwrap();
            let scores = bundle.score(&table, Lacking::Refuse, &quiet).unwrap();
            let list = project::rank(&prepared, &outcome, None);
            for customer in &list {
                let scored = scores.rows.iter().find(|scored| scored.row == customer.row).unwrap();
                assert!((scored.probability - customer.probability).abs() < 1e-9);
            }
            let chosen: Vec<&crate::deploy::Customer> = list.iter().take(40).collect();
            let origin = Origin::Trained { table: &table, prepared: &prepared, outcome: &outcome };
            let (base, _) = project::why(origin, &chosen, 3, &quiet).unwrap().unwrap();
            assert!((base - outcome.repair.as_ref().unwrap().apply(raw.explainer.base)).abs() < 1e-12);
            let told = raw
                .explainer
                .explain(&raw.trained.model, &prepared.matrix, &[chosen[0].place], &quiet)
                .unwrap();
            let scaled = rescaled(&told[0], raw.explainer.base, outcome.repair.as_ref().unwrap());
            let sum = base + scaled.shares.iter().sum::<f64>();
            assert!((sum - chosen[0].probability).abs() < 1e-6, "{sum} {}", chosen[0].probability);
        }
    }
}
