//! Several branches in one process, beside what the pooled rows and each branch alone would give. What
//! passes between a branch and the server passes as bytes, the same objects that Flower carries.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::stage::{Ground, Stage};
use super::{Branch, Epsilon, FederatedSpec, Privacy, Values};
use crate::job::Reporter;

/// Shares of the rows by branch, largest first, repeated where there are more branches.
const SIZES: [f64; 5] = [8.0, 5.0, 3.0, 2.0, 2.0];

/// What the last branch does that the others do not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mischief {
    #[default]
    None,
    /// Adds normal noise of this deviation to its weights.
    Noise { deviation: f64 },
    /// Sends the opposite of what it learnt, this many times as far.
    Reverse { times: f64 },
    /// Sends what it learnt, this many times as far.
    Inflate { times: f64 },
    /// Learns honestly from outcomes of which this share is turned round.
    Flip { share: f64 },
}

impl Mischief {
    /// True where what is sent is not what was learnt.
    pub(super) fn lies(self) -> bool {
        !matches!(self, Self::None | Self::Flip { .. })
    }
}

/// Settings of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Simulation {
    pub branches: usize,
    /// 0: each branch draws its customers by chance. 1: they are handed out in the order of `by`.
    pub skew: f64,
    /// The number by which branches differ; the first number of the rows if none is named.
    pub by: Option<String>,
    pub mischief: Mischief,
    pub spec: FederatedSpec,
    /// Noise with a stated ε.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Privacy>,
    /// The server sees the sum of the weights alone. Not with [`Rule::Median`](super::Rule::Median).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub masks: bool,
}

impl Default for Simulation {
    fn default() -> Self {
        let (mischief, spec) = (Mischief::None, FederatedSpec::default());
        Self { branches: 5, skew: 0.5, by: None, mischief, spec, privacy: None, masks: false }
    }
}

/// One branch of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    pub rows: usize,
    pub positive: usize,
    /// Mean of the column by which the branches are cut.
    pub middle: Option<f64>,
    /// Area under the ROC curve on the common test rows of what the branch learns without the others.
    pub alone: Option<f64>,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundFigures {
    /// Counted from 1.
    pub round: usize,
    /// Area on the test rows after the round.
    pub auc: Option<f64>,
    /// Mean loss of each branch on its own rows while it learnt.
    pub losses: Vec<f64>,
    /// Bytes from all branches to the server, and back, in this round.
    pub up: u64,
    pub down: u64,
    /// Area of the same network on the pooled rows, after as many passes.
    pub pooled: Option<f64>,
    /// Area under the other rule, where a branch does mischief.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<f64>,
    /// What the rounds so far tell of a branch, where there is noise. Infinite is null in JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<Epsilon>,
    pub branches: Vec<BranchRound>,
}

/// A branch in one round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BranchRound {
    /// Bytes to the server, and from it.
    pub up: u64,
    pub down: u64,
    /// Length (Euclidean) of its update, before it was cut.
    pub moved: f64,
    /// The update was longer than allowed.
    pub cut_off: bool,
    /// Area on the test rows of what the branch alone has learnt after as many passes.
    pub alone: Option<f64>,
    #[serde(skip)]
    pub message: Sent,
}

/// What a branch sent, as far as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// Of each tensor.
    pub shapes: Vec<Vec<usize>>,
    /// The first numbers of each tensor, before masks.
    pub first: Vec<Vec<f32>>,
    /// The rows that it says it stands for.
    pub rows: Option<u64>,
    /// The first numbers that the server sees, where they are masked.
    pub masked: Option<Vec<u64>>,
}

/// What came of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulated {
    pub parts: Vec<Part>,
    /// Features that the branches agreed on.
    pub features: usize,
    /// Bytes of the statistics of all branches, and of the agreement to all.
    pub agreement_up: u64,
    pub agreement_down: u64,
    pub rounds: Vec<RoundFigures>,
    /// Area on the test rows of what the branches learnt together.
    pub auc: Option<f64>,
    /// The same network on the pooled rows, as many times through them, without FedProx's term.
    pub pooled: Option<f64>,
}

/// Runs the simulation: `train` is cut into branches, `test` is measured on. `wire` reads all that passes
/// between the branches and the server.
///
/// # Errors
/// A branch with too few rows, branches that do not agree, a device that fails, or a cancel.
pub fn simulate(
    settings: &Simulation,
    data: (&Branch, &Branch),
    seed: u64,
    wire: &mut dyn FnMut(&[u8]),
    report: &Reporter,
) -> crate::Result<Simulated> {
    let mut stage = Stage::new(settings, data, seed, wire)?;
    let planned = settings.spec.rounds.max(1);
    let mut rounds = Vec::new();
    for round in 1..=planned {
        rounds.push(stage.round(wire, report)?);
        report.progress(round as f64 / planned as f64);
    }
    let Ground { parts, features, agreement_up, agreement_down, .. } = stage.ground().clone();
    let last = rounds.last();
    let alone = |at: usize| last.and_then(|round| round.branches.get(at)?.alone);
    let parts = parts.into_iter().enumerate().map(|(at, part)| Part { alone: alone(at), ..part }).collect();
    let (auc, pooled) = (last.and_then(|round| round.auc), last.and_then(|round| round.pooled));
    Ok(Simulated { parts, features, agreement_up, agreement_down, rounds, auc, pooled })
}

/// The branches' customers: unequal in number and, with skew, in kind. Nobody is in two branches.
pub(super) fn cut(settings: &Simulation, train: &Branch, seed: u64) -> Vec<Branch> {
    let n = train.labels.len();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let by = train.columns.iter().find_map(|(name, values)| match values {
        Values::Numbers(all) if settings.by.as_ref().is_none_or(|by| by == name) => Some(all),
        _ => None,
    });
    let value = |at: usize| by.and_then(|all| all.get(at).copied().flatten()).unwrap_or(f64::NEG_INFINITY);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
    let skew = settings.skew.clamp(0.0, 1.0);
    let mut keyed: Vec<(f64, usize)> = order
        .into_iter()
        .enumerate()
        .map(|(rank, at)| (skew * rank as f64 / n.max(1) as f64 + (1.0 - skew) * rng.gen_range(0.0..1.0), at))
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sizes: Vec<f64> = SIZES.iter().copied().cycle().take(settings.branches.max(1)).collect();
    let total: f64 = sizes.iter().sum();
    let (mut from, mut share) = (0, 0.0);
    let mut branches = Vec::new();
    for (at, size) in sizes.iter().enumerate() {
        share += size / total;
        let to = if at + 1 == sizes.len() { n } else { ((share * n as f64) as usize).min(n) };
        let places: Vec<usize> = keyed.iter().skip(from).take(to - from).map(|(_, place)| *place).collect();
        branches.push(train.select(&places));
        from = to;
    }
    branches
}
