//! What branches learnt together → a bundle, the same in every branch but for its card's figures. No row of
//! the branch is in it: no explainer, no spread of its columns.

use super::federated::own;
use super::prepare::clean_local;
use super::{Labels, Settings, Versions};
use crate::clean::{FittedImpute, FittedRecipe, FittedScale, FittedStep, ImputeSpec};
use crate::clean::{NumberFill, Recipe, ScaleMethod, Scaler, Step, StepSpec};
use crate::deploy::{BUNDLE_VERSION, Bundle, Card, FederatedCard, today};
use crate::evaluate::Evaluation;
use crate::features::{Encoder, FittedFeatures};
use crate::job::Reporter;
use crate::table::{ColumnSpec, Role, Table};
use crate::train::federated::agree::{Agreed, Agreement};
use crate::train::federated::flower::Model as JoinedModel;
use crate::train::{DeviceKind, Layer, Model, ModelKind, Network};

/// The third level that a pair of levels gets, which no weight follows: the encoder would otherwise write a
/// pair as one feature, in which an unknown level reads as the first.
const NEITHER: &str = "(neither)";

/// The bundle of a model that branches learnt together, for `table`, the branch's own file. Its card's
/// figures are of the branch's own test rows.
///
/// # Errors
/// As [`branch`](super::branch); the weights do not fit the columns that were agreed on.
pub fn joined_bundle(
    settings: &Settings,
    table: &Table,
    joined: &JoinedModel,
    report: &Reporter,
) -> crate::Result<Bundle> {
    let local = clean_local(settings, table, &report.part(0.0, 0.5))?;
    let parts = own(settings, &local)?;
    let model = Model::Mlp(widened(&joined.agreement, &joined.network));
    let matrix = joined.agreement.encode(&parts.test)?;
    let probabilities =
        Model::Mlp(joined.network.clone()).predict_reporting(&matrix, DeviceKind::Flex, report)?;
    let test = Evaluation::new(&probabilities, &parts.test.labels);
    let columns: Vec<String> =
        joined.agreement.columns.iter().map(|column| column.name().to_owned()).collect();
    let rows = (table.height(), parts.train.labels.len());
    let card = card(settings, table, (&local.labels, &local.schema), joined, (columns, rows, &test));
    Ok(Bundle {
        version: BUNDLE_VERSION,
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        target: local.labels.column.clone(),
        positive: local.labels.positive.clone(),
        threshold: settings.threshold,
        recipe: recipe(&settings.recipe, local.schema, &joined.agreement),
        features: features(&joined.agreement),
        model,
        explainer: None,
        profiles: Vec::new(),
        card: Some(card),
        behaviour: None,
        repair: None,
        choices: Vec::new(),
        scores: None,
    })
}

/// The recipe's steps that look at one row alone, then the agreed means and deviations.
fn recipe(before: &Recipe, schema: Vec<ColumnSpec>, agreement: &Agreement) -> FittedRecipe {
    let mut steps: Vec<Step> = before.steps.iter().filter(|step| !step.spec.is_fitted()).cloned().collect();
    let impute = ImputeSpec { numbers: NumberFill::Mean, indicator: false, ..ImputeSpec::default() };
    let scale = StepSpec::Scale { method: ScaleMethod::Standard, columns: Vec::new() };
    steps.extend([StepSpec::Impute(impute), scale].map(|spec| Step { spec, on: true }));
    let numbers = || {
        agreement.columns.iter().filter_map(|column| match column {
            Agreed::Number { name, mean, deviation } => Some((name.clone(), *mean, *deviation)),
            Agreed::Levels { .. } => None,
        })
    };
    let fill = FittedImpute {
        numbers: numbers().map(|(name, mean, _)| (name, mean)).collect(),
        ..FittedImpute::default()
    };
    let linear = |(name, centre, width)| (name, Scaler::Linear { centre, width });
    let scale = FittedScale { columns: numbers().map(linear).collect() };
    let fitted = vec![FittedStep::Impute(fill), FittedStep::Scale(scale)];
    FittedRecipe { recipe: Recipe { steps }, schema, fitted }
}

fn features(agreement: &Agreement) -> FittedFeatures {
    let encoder = |column: &Agreed| match column {
        Agreed::Number { name, .. } => Encoder::Number { column: name.clone() },
        Agreed::Levels { name, levels } => {
            let rare = if levels.len() == 2 { vec![NEITHER.to_owned()] } else { Vec::new() };
            Encoder::OneHot { column: name.clone(), levels: levels.clone(), rare }
        }
    };
    FittedFeatures { encoders: agreement.columns.iter().map(encoder).collect(), left_out: Vec::new() }
}

/// The network with a weight of 0 for each feature that [`NEITHER`] adds.
fn widened(agreement: &Agreement, network: &Network) -> Network {
    let mut network = network.clone();
    let Some(Layer { inputs, outputs, weights, .. }) = network.layers.first_mut() else { return network };
    let mut rows = weights.chunks_exact((*outputs).max(1));
    let mut wide: Vec<f32> = Vec::new();
    for column in &agreement.columns {
        let (own, more) = match column {
            Agreed::Number { .. } => (1, false),
            Agreed::Levels { levels, .. } => (levels.len(), levels.len() == 2),
        };
        rows.by_ref().take(own).for_each(|row| wide.extend_from_slice(row));
        wide.extend(std::iter::repeat_n(0.0, if more { *outputs } else { 0 }));
    }
    *inputs = wide.len() / (*outputs).max(1);
    *weights = wide;
    network
}

type Measured<'a> = (Vec<String>, (usize, usize), &'a Evaluation);

fn card(
    settings: &Settings,
    table: &Table,
    (labels, schema): (&Labels, &[ColumnSpec]),
    joined: &JoinedModel,
    (columns, (rows, train_rows), test): Measured<'_>,
) -> Card {
    let left_out: Vec<(String, Role)> = schema
        .iter()
        .filter(|spec| !columns.contains(&spec.name) && spec.role != Role::Target)
        .map(|spec| (spec.name.clone(), spec.role))
        .collect();
    let card = Card {
        made: today(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        file: crate::files::name_of(&table.source.file),
        hash: table.source.hash.clone(),
        target: labels.column.clone(),
        positive: labels.positive.clone(),
        model: ModelKind::Mlp,
        device: DeviceKind::Flex,
        seed: settings.seed,
        threshold: settings.threshold,
        rows,
        train_rows,
        valid_rows: 0,
        test_rows: test.rows(),
        test_positives: test.positives(),
        columns,
        left_out,
        steps: Vec::new(),
        network: None,
        net: None,
        promise: None,
        small: None,
        epochs_run: 0,
        best_epoch: 0,
        seconds: 0.0,
        history: Vec::new(),
        metrics: test
            .told(settings.threshold)
            .into_iter()
            .map(|(name, estimate)| (name.to_owned(), estimate))
            .collect(),
        confusion: test.confusion(settings.threshold),
        curve: test.operating_points(crate::deploy::POINTS),
        calibration: test.calibration(10),
        importance: Vec::new(),
        unproven: Vec::new(),
        beside: Vec::new(),
        leaks: Vec::new(),
        source_kind: table.source.format.to_owned(),
        sampled: table.source.sampled.as_deref().cloned(),
        periods: Vec::new(),
        horizon_days: settings.question.as_ref().map(|question| question.horizon_days),
        slices: None,
        refit: None,
        measured_before_refit: false,
        federated: Some(FederatedCard {
            branches: joined.branches,
            rounds: joined.rounds,
            strategy: joined.strategy.clone(),
        }),
        cells: None,
        versions: Versions::here().crates,
        signature: String::new(),
    };
    card.sealed()
}

#[cfg(test)]
mod tests {
    use super::super::{branch, collect};
    use super::*;
    use crate::deploy::Lacking;
    use crate::train::federated::{FederatedSpec, Learner};

    /// Pairs, missing cells, a rare level, a date and an identifier.
    fn shop(folder: &std::path::Path, name: &str, from: usize) -> Table {
        let mut text = "id,months,spent,plan,paperless,since,churn\n".to_owned();
        for at in from..from + 400 {
            let months = if at % 17 == 0 { String::new() } else { (at * 7 % 72).to_string() };
            let plan = ["month", "year", "two years", ""][at * 5 % 4];
            let paperless = ["yes", "no"][at * 3 % 7 % 2];
            let left = at * 7 % 72 < 30 && at % 3 != 0;
            let spent = 18.0 + (at * 7919 % 1021) as f64 / 10.0 + 0.001 * at as f64;
            let day = 1 + at % 27;
            text += &format!(
                "Z{at:05}-q,{months},{spent:.3},{plan},{paperless},2024-03-{day:02},{}\n",
                if left { "yes" } else { "no" }
            );
        }
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        collect(&[path], &Settings::default(), &Reporter::silent()).unwrap().table
    }

    #[test]
    fn the_bundle_scores_as_the_branches_did_and_holds_no_row() {
        let folder = tempfile::tempdir().unwrap();
        let tables = [shop(folder.path(), "north.csv", 0), shop(folder.path(), "south.csv", 1_000)];
        let settings = Settings::default();
        let report = Reporter::silent();
        let own: Vec<_> = tables.iter().map(|table| branch(&settings, table, &report).unwrap()).collect();
        let told: Vec<_> = own.iter().map(|own| own.train.statistics().unwrap()).collect();
        let agreement = Agreement::of(&told).unwrap();
        let pairs = agreement
            .columns
            .iter()
            .filter(|c| matches!(c, Agreed::Levels { levels, .. } if levels.len() == 2));
        assert_eq!(pairs.count(), 1, "{agreement:?}");
        for hidden in [Vec::new(), vec![4]] {
            let spec = FederatedSpec { hidden, local_epochs: 8, ..FederatedSpec::default() };
            let mut learner = Learner::new(&spec, agreement.width(), 1).unwrap();
            let x = agreement.encode(&own[0].train).unwrap();
            learner.learn(&x, &own[0].train.labels, &report).unwrap();
            let joined = JoinedModel {
                agreement: agreement.clone(),
                network: learner.network().clone(),
                rounds: Some(8),
                branches: Some(2),
                strategy: Some("FedAvg".to_owned()),
            };
            let bundles: Vec<Bundle> = tables
                .iter()
                .map(|table| joined_bundle(&settings, table, &joined, &report).unwrap())
                .collect();
            for (own, table) in own.iter().zip(&tables) {
                let scores: Vec<Vec<f64>> = bundles
                    .iter()
                    .map(|bundle| {
                        let found = bundle.score(table, Lacking::Refuse, &report).unwrap();
                        found.rows.iter().map(|row| row.probability).collect()
                    })
                    .collect();
                assert_eq!(scores[0], scores[1], "each branch's bundle scores alike");
                // Every test row of the branch gets what the learner says of it.
                let known = learner.predict(&agreement.encode(&own.test).unwrap()).unwrap();
                let most = known.iter().copied().fold(0.0, f64::max);
                let least = known.iter().copied().fold(1.0, f64::min);
                assert!(known.len() > 50 && most - least > 0.1, "{least} {most}");
                for p in known {
                    let nearest = scores[0].iter().map(|q| (p - q).abs()).fold(1.0, f64::min);
                    assert!(nearest < 1e-6, "{p}: {nearest}");
                }
            }
            let path = folder.path().join("joined.bundle");
            bundles[1].save(&path).unwrap();
            let scored = |bundle: &Bundle| bundle.score(&tables[0], Lacking::Refuse, &report).unwrap().rows;
            for (a, b) in scored(&Bundle::open(&path).unwrap()).iter().zip(scored(&bundles[0])) {
                assert!(a.id == b.id && (a.probability - b.probability).abs() < 1e-6);
            }
            let federated = bundles[1].card.as_ref().unwrap().federated.clone().unwrap();
            assert_eq!((federated.branches, federated.rounds), (Some(2), Some(8)));
            let text = serde_json::to_string(&bundles[1]).unwrap();
            assert!(text.contains("two years") && !text.contains("-q"), "an identifier is in the bundle");
        }
    }
}
