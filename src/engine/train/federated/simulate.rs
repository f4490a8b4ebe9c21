//! Several branches in one process, beside what the pooled rows and each branch alone would give. What
//! passes between a branch and the server passes as bytes, the same objects that Flower carries.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::flower::arrays;
use super::flower::objects::{Content, Field, Objects, Record, inflate};
use super::{Agreement, Branch, FederatedError, FederatedSpec, Learner, Statistics, Values, join};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::metrics;

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
}

impl Default for Simulation {
    fn default() -> Self {
        let (mischief, spec) = (Mischief::None, FederatedSpec::default());
        Self { branches: 5, skew: 0.5, by: None, mischief, spec }
    }
}

/// One branch of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    pub rows: usize,
    pub positive: usize,
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
    (train, test): (&Branch, &Branch),
    seed: u64,
    wire: &mut dyn FnMut(&[u8]),
    report: &Reporter,
) -> crate::Result<Simulated> {
    let spec = &settings.spec;
    let branches = cut(settings, train, seed);
    let (mut agreement_up, mut agreement_down) = (0, 0);
    let mut told: Vec<Statistics> = Vec::new();
    for branch in &branches {
        let content = texts("answer", &[("statistics", &branch.statistics()?)]);
        let content = pass(&content, &mut agreement_up, wire)?;
        told.push(read(&content)?);
    }
    let content = texts("config", &[("agreement", &Agreement::of(&told)?)]);
    let mut agreement = None;
    for _ in &branches {
        agreement = Some(read::<Agreement>(&pass(&content, &mut agreement_down, wire)?)?);
    }
    let agreement = agreement.ok_or(FederatedError::NoColumn)?;
    let test_x = agreement.encode(test)?;
    let xs = branches.iter().map(|branch| agreement.encode(branch)).collect::<Result<Vec<Matrix>, _>>()?;
    let width = agreement.width();
    let area = |learner: &Learner| -> crate::Result<Option<f64>> {
        Ok(metrics::roc_auc(&learner.predict(&test_x)?, &test.labels))
    };

    let mut server = Learner::new(spec, width, seed)?;
    let mut learners = (1..=branches.len() as u64)
        .map(|stream| Ok(Learner::new(spec, width, seed)?.with_stream(stream)))
        .collect::<crate::Result<Vec<Learner>>>()?;
    let mut mischief = ChaCha8Rng::seed_from_u64(seed);
    mischief.set_stream(u64::MAX);
    let planned = spec.rounds.max(1);
    let mut rounds = Vec::new();
    for round in 1..=planned {
        let (mut up, mut down, mut losses, mut answers) = (0, 0, Vec::new(), Vec::new());
        for (at, ((learner, x), branch)) in learners.iter_mut().zip(&xs).zip(&branches).enumerate() {
            let content = pass(&weights_of(&server, None), &mut down, wire)?;
            let (weights, _) = weights_in(&content)?;
            learner.set_weights(&weights)?;
            losses.push(learner.learn(x, &branch.labels, report)?);
            let is_last = at + 1 == branches.len();
            if is_last {
                let sent = disturbed(settings.mischief, &weights, learner.weights(), &mut mischief);
                learner.set_weights(&sent)?;
            }
            let content = pass(&weights_of(learner, Some(branch.labels.len())), &mut up, wire)?;
            answers.push(weights_in(&content)?);
        }
        server.set_weights(&join(spec.rule, &answers)?)?;
        rounds.push(RoundFigures { round, auc: area(&server)?, losses, up, down });
        report.progress(0.5 * round as f64 / planned as f64);
    }
    let auc = rounds.last().and_then(|round| round.auc);

    // The two figures beside it: the same network, rate and passes.
    let plain =
        FederatedSpec { proximal: 0.0, local_epochs: spec.local_epochs.max(1) * planned, ..spec.clone() };
    let learnt = |x: &Matrix, y: &[bool], report: &Reporter| -> crate::Result<Option<f64>> {
        let mut learner = Learner::new(&plain, width, seed)?.with_stream(1);
        learner.learn(x, y, report)?;
        area(&learner)
    };
    let pooled = learnt(&agreement.encode(train)?, &train.labels, report)?;
    report.progress(0.75);
    let mut parts = Vec::new();
    for (branch, x) in branches.iter().zip(&xs) {
        let positive = branch.labels.iter().filter(|label| **label).count();
        parts.push(Part { rows: branch.labels.len(), positive, alone: learnt(x, &branch.labels, report)? });
    }
    report.progress(1.0);
    Ok(Simulated { parts, features: width, agreement_up, agreement_down, rounds, auc, pooled })
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

/// What a branch sends in place of what it learnt.
fn disturbed(
    mischief: Mischief,
    before: &[Vec<f32>],
    mut learnt: Vec<Vec<f32>>,
    rng: &mut ChaCha8Rng,
) -> Vec<Vec<f32>> {
    for (tensor, old) in learnt.iter_mut().zip(before) {
        for (w, old) in tensor.iter_mut().zip(old) {
            match mischief {
                Mischief::None => {}
                Mischief::Noise { deviation } => {
                    *w += (rng.sample::<f64, _>(StandardNormal) * deviation) as f32;
                }
                Mischief::Reverse { times } => *w = *old - (*w - *old) * times as f32,
            }
        }
    }
    learnt
}

/// Sends content as objects: the other side reads it from the bytes alone.
fn pass(content: &Content, count: &mut u64, wire: &mut dyn FnMut(&[u8])) -> Result<Content, FederatedError> {
    let objects = Objects::of(content);
    *count += objects.bytes();
    objects.0.iter().for_each(|object| wire(&object.content));
    let root = objects.0.last().map(|object| object.id.clone()).unwrap_or_default();
    inflate(&root, &objects.by_id())
}

fn texts<T: Serialize>(name: &str, fields: &[(&str, &T)]) -> Content {
    let told = |value: &T| serde_json::to_string(value).unwrap_or_default();
    let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), Field::Text(told(value))));
    vec![(name.to_owned(), Record::Config(fields.collect()))]
}

fn read<T: serde::de::DeserializeOwned>(content: &Content) -> Result<T, FederatedError> {
    let text = content.iter().find_map(|(_, record)| match record {
        Record::Config(fields) => fields.iter().find_map(|(_, field)| match field {
            Field::Text(text) => Some(text),
            _ => None,
        }),
        _ => None,
    });
    text.and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| FederatedError::Protocol { cause: "a text that cannot be read".to_owned() })
}

fn weights_of(learner: &Learner, rows: Option<usize>) -> Content {
    let mut content = vec![("arrays".to_owned(), arrays(learner))];
    if let Some(rows) = rows {
        let rows = Field::Count(i64::try_from(rows).unwrap_or(i64::MAX));
        content.push(("metrics".to_owned(), Record::Metrics(vec![("num-examples".to_owned(), rows)])));
    }
    content
}

/// Weights, and the rows that they stand for.
fn weights_in(content: &Content) -> Result<(Vec<Vec<f32>>, u64), FederatedError> {
    let (mut weights, mut rows) = (None, 0);
    for (_, record) in content {
        match record {
            Record::Arrays(arrays) => weights = Some(arrays.iter().map(|(_, a)| a.data.clone()).collect()),
            Record::Metrics(fields) => {
                if let Some((_, Field::Count(count))) = fields.first() {
                    rows = u64::try_from(*count).unwrap_or(0);
                }
            }
            Record::Config(_) => {}
        }
    }
    let weights = weights.ok_or_else(|| FederatedError::Protocol { cause: "no weights came".to_owned() })?;
    Ok((weights, rows))
}
