//! Who is left alone, by chance: within strata, so that both groups are alike in what is known.

use std::collections::{BTreeMap, HashSet};

use rand::seq::SliceRandom;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::ExperimentError;

/// Customers of each group that a draw needs.
const LEAST: usize = 10;
/// Bands that a number can be parted into.
const BANDS: usize = 10;

/// A customer who may be drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidate {
    pub id: String,
    /// What the model says, 0 to 1.
    pub score: Option<f64>,
    /// Money or any other number known before the experiment.
    pub value: Option<f64>,
    /// The value of the chosen column.
    pub group: Option<String>,
}

/// How it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawSpec {
    /// Share of the customers that is left alone.
    pub left_alone: f64,
    /// Bands of the score, and of the value, each with about as many customers; 1 for none.
    pub score_bands: usize,
    pub value_bands: usize,
    pub seed: u64,
}

impl Default for DrawSpec {
    fn default() -> Self {
        Self { left_alone: 0.5, score_bands: 3, value_bands: 3, seed: 1 }
    }
}

/// Which group a customer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    Called,
    LeftAlone,
}

/// A drawn customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub id: String,
    pub arm: Arm,
    /// Place among the strata.
    pub stratum: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// Customers who are alike in what is known of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// Bands counted from 0, the lowest first; `None` for customers without a number.
    pub score_band: Option<u32>,
    pub value_band: Option<u32>,
    pub group: Option<String>,
    pub called: u64,
    pub left_alone: u64,
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// In the order of the candidates.
    pub members: Vec<Member>,
    pub strata: Vec<Stratum>,
    /// Candidates whose identifier had come before; each is drawn once.
    pub repeated: usize,
}

/// The bounds of bands that hold about as many customers each; a value that equals a bound is above it.
fn bounds(values: impl Iterator<Item = f64>, bands: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let bands = bands.clamp(1, BANDS);
    let mut out: Vec<f64> =
        (1..bands).filter_map(|at| sorted.get(at * sorted.len() / bands).copied()).collect();
    out.dedup();
    // Nobody would be below the lowest.
    out.retain(|bound| sorted.first().is_some_and(|first| bound > first));
    out
}

fn band(bounds: &[f64], value: Option<f64>) -> Option<u32> {
    let value = value.filter(|value| value.is_finite())?;
    Some(bounds.iter().filter(|bound| value >= **bound).count() as u32)
}

type Key = (Option<u32>, Option<u32>, Option<String>);

/// Draws who is left alone. Within each stratum the customers are shuffled; then, stratum after stratum,
/// every one has the same chance, and no stratum is off its share by a whole customer (systematic
/// sampling with a random start). Equal candidates and seeds give equal draws.
///
/// # Errors
/// Fewer than ten customers in a group.
pub fn draw(spec: &DrawSpec, candidates: &[Candidate]) -> Result<Drawn, ExperimentError> {
    let mut seen = HashSet::with_capacity(candidates.len());
    let once: Vec<&Candidate> = candidates.iter().filter(|one| seen.insert(one.id.as_str())).collect();
    let scores = bounds(once.iter().filter_map(|one| one.score), spec.score_bands);
    let values = bounds(once.iter().filter_map(|one| one.value), spec.value_bands);
    let mut strata: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, one) in once.iter().enumerate() {
        let key = (band(&scores, one.score), band(&values, one.value), one.group.clone());
        strata.entry(key).or_default().push(at);
    }
    let share = if spec.left_alone.is_finite() { spec.left_alone.clamp(0.0, 1.0) } else { 0.5 };
    let mut rng = ChaCha8Rng::seed_from_u64(spec.seed ^ 0xD8A0_0FF0);
    let start: f64 = rng.r#gen();
    let mut of_customer = vec![(Arm::Called, 0u32); once.len()];
    let mut told = Vec::with_capacity(strata.len());
    let mut passed = 0u64;
    for (place, ((score_band, value_band, group), mut places)) in (0u32..).zip(strata) {
        places.shuffle(&mut rng);
        let (mut called, mut left_alone) = (0, 0);
        for at in places {
            let until = |count: u64| (count as f64 * share + start).floor();
            let arm = if until(passed + 1) > until(passed) { Arm::LeftAlone } else { Arm::Called };
            passed += 1;
            match arm {
                Arm::Called => called += 1,
                Arm::LeftAlone => left_alone += 1,
            }
            if let Some(slot) = of_customer.get_mut(at) {
                *slot = (arm, place);
            }
        }
        told.push(Stratum { score_band, value_band, group, called, left_alone });
    }
    let left = of_customer.iter().filter(|(arm, _)| *arm == Arm::LeftAlone).count();
    if left.min(once.len() - left) < LEAST {
        return Err(ExperimentError::TooFew { found: once.len(), needed: LEAST });
    }
    let members = once.iter().zip(of_customer).map(|(one, (arm, stratum))| Member {
        id: one.id.clone(),
        arm,
        stratum,
        score: one.score.filter(|score| score.is_finite()),
        value: one.value.filter(|value| value.is_finite()),
    });
    Ok(Drawn { members: members.collect(), strata: told, repeated: candidates.len() - once.len() })
}
