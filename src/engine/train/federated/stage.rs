//! A simulation round by round: the branches, the server, and beside them what the pooled rows and each
//! branch alone come to with as many passes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::noise::length;
use super::passing::{pass, read, texts, weights_in, weights_of};
use super::simulate::{BranchRound, Mischief, Part, RoundFigures, Sent, Simulation, cut};
use super::{
    Agreement, Branch, FederatedError, FederatedSpec, Learner, Rule, Statistics, Values, join, mask,
};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::metrics;

/// Numbers of each tensor that are shown of a message.
const SHOWN: usize = 6;

/// A simulation under way.
pub struct Stage {
    settings: Simulation,
    seed: u64,
    branches: Vec<Branch>,
    rows: Vec<Matrix>,
    test: (Matrix, Vec<bool>),
    server: Learner,
    learners: Vec<Learner>,
    beside: Option<Beside>,
    mischief: ChaCha8Rng,
    noise: ChaCha8Rng,
    round: usize,
    /// The same branches under the other rule, where one of them does mischief.
    other: Option<Box<Stage>>,
    ground: Ground,
}

/// What is measured beside the simulation.
struct Beside {
    alone: Vec<Learner>,
    pooled: Learner,
    all: (Matrix, Vec<bool>),
}

/// What stands before the first round.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// Without the areas of the branches alone.
    pub parts: Vec<Part>,
    /// The column by which branches differ, if the rows have a number.
    pub by: Option<String>,
    /// Features that the branches agreed on.
    pub features: usize,
    /// Bytes of the statistics of all branches, and of the agreement to all.
    pub agreement_up: u64,
    pub agreement_down: u64,
    /// The first characters of what each branch told of its columns.
    pub told: Vec<String>,
}

impl Stage {
    /// Cuts `train` into branches, which agree on their features; `test` is measured on. `wire` reads all that
    /// passes between the branches and the server.
    ///
    /// # Errors
    /// A branch with too few rows, branches that do not agree, a median of masked weights, a device that fails.
    pub fn new(
        settings: &Simulation,
        (train, test): (&Branch, &Branch),
        seed: u64,
        wire: &mut dyn FnMut(&[u8]),
    ) -> crate::Result<Self> {
        let mut stage = Self::set(settings, (train, test), seed, wire)?;
        if settings.mischief != Mischief::None && !settings.masks {
            let mut other = settings.clone();
            other.spec.rule = match settings.spec.rule {
                Rule::Mean => Rule::Median,
                Rule::Median => Rule::Mean,
            };
            let mut other = Self::set(&other, (train, test), seed, &mut |_| {})?;
            other.beside = None;
            stage.other = Some(Box::new(other));
        }
        Ok(stage)
    }

    fn set(
        settings: &Simulation,
        (train, test): (&Branch, &Branch),
        seed: u64,
        wire: &mut dyn FnMut(&[u8]),
    ) -> crate::Result<Self> {
        let spec = &settings.spec;
        if settings.masks && spec.rule == Rule::Median {
            let cause = "masked weights have a sum and no median".to_owned();
            return Err(FederatedError::Weights { cause }.into());
        }
        let mut branches = cut(settings, train, seed);
        let mut mischief = ChaCha8Rng::seed_from_u64(seed);
        mischief.set_stream(u64::MAX);
        if let (Mischief::Flip { share }, Some(last)) = (settings.mischief, branches.last_mut()) {
            let share = share.clamp(0.0, 1.0);
            last.labels.iter_mut().for_each(|label| *label ^= mischief.gen_bool(share));
        }
        let (mut agreement_up, mut agreement_down) = (0, 0);
        let (mut statistics, mut told) = (Vec::new(), Vec::new());
        for branch in &branches {
            let own = branch.statistics()?;
            told.push(serde_json::to_string(&own).unwrap_or_default().chars().take(400).collect());
            let content = pass(&texts("answer", &[("statistics", &own)]), &mut agreement_up, wire)?;
            statistics.push(read::<Statistics>(&content)?);
        }
        let content = texts("config", &[("agreement", &Agreement::of(&statistics)?)]);
        let mut agreement = None;
        for _ in &branches {
            agreement = Some(read::<Agreement>(&pass(&content, &mut agreement_down, wire)?)?);
        }
        let agreement = agreement.ok_or(FederatedError::NoColumn)?;
        let rows =
            branches.iter().map(|branch| agreement.encode(branch)).collect::<Result<Vec<Matrix>, _>>()?;
        let width = agreement.width();
        let learner = |spec: &FederatedSpec, stream: u64| -> crate::Result<Learner> {
            Ok(Learner::new(spec, width, seed)?.with_stream(stream))
        };
        let streams = 1..=branches.len() as u64;
        let plain = FederatedSpec { proximal: 0.0, ..spec.clone() };
        let beside = Beside {
            alone: streams.clone().map(|stream| learner(&plain, stream)).collect::<crate::Result<_>>()?,
            pooled: learner(&plain, 1)?,
            all: stacked(&rows, &branches),
        };
        let by = by_name(settings, train);
        let parts = branches.iter().map(|branch| Part {
            rows: branch.labels.len(),
            positive: branch.labels.iter().filter(|label| **label).count(),
            middle: by.as_ref().and_then(|by| mean_of(branch, by)),
            alone: None,
        });
        let ground =
            Ground { parts: parts.collect(), by, features: width, agreement_up, agreement_down, told };
        let mut noise = ChaCha8Rng::seed_from_u64(seed);
        noise.set_stream(u64::MAX - 1);
        Ok(Self {
            settings: settings.clone(),
            seed,
            test: (agreement.encode(test)?, test.labels.clone()),
            server: learner(spec, 0)?,
            learners: streams.map(|stream| learner(spec, stream)).collect::<crate::Result<_>>()?,
            branches,
            rows,
            beside: Some(beside),
            mischief,
            noise,
            round: 0,
            other: None,
            ground,
        })
    }

    /// What stands before the first round.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Areas on the test rows before the first round: of the first weights.
    ///
    /// # Errors
    /// The device failed.
    pub fn start(&self) -> crate::Result<Option<f64>> {
        self.area(&self.server)
    }

    fn area(&self, learner: &Learner) -> crate::Result<Option<f64>> {
        Ok(metrics::roc_auc(&learner.predict(&self.test.0)?, &self.test.1))
    }

    /// One round: weights to each branch, its steps, what it sends back, the joined weights.
    ///
    /// # Errors
    /// A device that fails, weights that are not finite, or a cancel.
    pub fn round(&mut self, wire: &mut dyn FnMut(&[u8]), report: &Reporter) -> crate::Result<RoundFigures> {
        self.round += 1;
        let all = self.branches.len();
        let (mut up, mut down, mut losses) = (0, 0, Vec::new());
        let (mut answers, mut hidden, mut branches) = (Vec::new(), Vec::new(), Vec::new());
        let mut honest = 0;
        for at in 0..all {
            let (Some(learner), Some(rows), Some(branch)) =
                (self.learners.get_mut(at), self.rows.get(at), self.branches.get(at))
            else {
                continue;
            };
            let (mut own_up, mut own_down) = (0, 0);
            let content = pass(&weights_of(&self.server, None), &mut own_down, wire)?;
            let (before, _) = weights_in(&content)?;
            learner.set_weights(&before)?;
            losses.push(learner.learn(rows, &branch.labels, report)?);
            let mut count = branch.labels.len() as u64;
            let is_liar = at + 1 == all && self.settings.mischief.lies();
            let mut sent = learner.weights();
            let mut moved = length(&difference(&sent, &before));
            if is_liar {
                sent = disturbed(self.settings.mischief, &before, sent, &mut self.mischief);
                moved = length(&difference(&sent, &before));
            }
            let mut cut_off = false;
            if let Some(privacy) = &self.settings.privacy {
                // All count alike: otherwise how far one branch moves the sum would depend on its rows.
                count = 1;
                if !is_liar {
                    honest += 1;
                    let mut update = difference(&sent, &before);
                    moved = privacy.protect(&mut update, all, &mut self.noise);
                    cut_off = moved > privacy.clip;
                    sent = sum(&before, &update);
                }
            }
            learner.set_weights(&sent)?;
            let first = |values: &Vec<f32>| values.iter().copied().take(SHOWN).collect::<Vec<f32>>();
            let mut message = Sent {
                shapes: learner.shapes(),
                first: sent.iter().map(first).collect(),
                rows: Some(count),
                masked: None,
            };
            if self.settings.masks {
                let numbers = mask::masked(&sent, count, (at, all), (self.seed, self.round));
                let bytes: Vec<u8> = numbers.iter().flat_map(|value| value.to_le_bytes()).collect();
                own_up += bytes.len() as u64;
                wire(&bytes);
                message.masked = Some(numbers.iter().copied().take(SHOWN).collect());
                hidden.push(numbers);
            } else {
                let content = pass(&weights_of(learner, Some(count)), &mut own_up, wire)?;
                answers.push(weights_in(&content)?);
            }
            up += own_up;
            down += own_down;
            branches.push(BranchRound { up: own_up, down: own_down, moved, cut_off, alone: None, message });
        }
        let joined = match self.settings.masks {
            true => mask::unmask(&hidden, &self.server.weights()).ok_or_else(|| FederatedError::Weights {
                cause: "the masked numbers do not fit".to_owned(),
            })?,
            false => join(self.settings.spec.rule, &answers)?,
        };
        self.server.set_weights(&joined)?;
        let mut pooled = None;
        if let Some(mut beside) = self.beside.take() {
            for (at, learner) in beside.alone.iter_mut().enumerate() {
                let (Some(rows), Some(branch)) = (self.rows.get(at), self.branches.get(at)) else { continue };
                learner.learn(rows, &branch.labels, report)?;
                let area = self.area(learner)?;
                branches.iter_mut().skip(at).take(1).for_each(|one| one.alone = area);
            }
            beside.pooled.learn(&beside.all.0, &beside.all.1, report)?;
            pooled = self.area(&beside.pooled)?;
            self.beside = Some(beside);
        }
        let other = match &mut self.other {
            Some(other) => other.round(&mut |_| {}, report)?.auc,
            None => None,
        };
        let is_sum = self.settings.spec.rule == Rule::Mean;
        let spent = |of: &super::Privacy| of.spent(self.round, (honest, all), self.settings.masks, is_sum);
        Ok(RoundFigures {
            round: self.round,
            auc: self.area(&self.server)?,
            losses,
            up,
            down,
            pooled,
            other,
            epsilon: self.settings.privacy.as_ref().map(spent),
            branches,
        })
    }
}

/// The rows of all branches, one after the other.
fn stacked(rows: &[Matrix], branches: &[Branch]) -> (Matrix, Vec<bool>) {
    let labels: Vec<bool> = branches.iter().flat_map(|branch| branch.labels.iter().copied()).collect();
    let data: Vec<f32> = rows.iter().flat_map(|x| x.data.iter().copied()).collect();
    let (names, sources) = rows.first().map(|x| (x.names.clone(), x.sources.clone())).unwrap_or_default();
    (Matrix::new(names, sources, labels.len(), data), labels)
}

/// The column by which the branches are cut.
fn by_name(settings: &Simulation, train: &Branch) -> Option<String> {
    train.columns.iter().find_map(|(name, values)| match values {
        Values::Numbers(_) if settings.by.as_ref().is_none_or(|by| by == name) => Some(name.clone()),
        _ => None,
    })
}

/// Mean of the known values of a number.
fn mean_of(branch: &Branch, column: &str) -> Option<f64> {
    let (_, values) = branch.columns.iter().find(|(name, _)| name == column)?;
    let Values::Numbers(all) = values else { return None };
    let known: Vec<f64> = all.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

fn each(a: &[Vec<f32>], b: &[Vec<f32>], of: impl Fn(f32, f32) -> f32) -> Vec<Vec<f32>> {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| of(*a, *b)).collect()).collect()
}

fn difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> Vec<Vec<f32>> {
    each(a, b, |a, b| a - b)
}

fn sum(a: &[Vec<f32>], b: &[Vec<f32>]) -> Vec<Vec<f32>> {
    each(a, b, |a, b| a + b)
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
                Mischief::None | Mischief::Flip { .. } => {}
                Mischief::Noise { deviation } => {
                    *w += (rng.sample::<f64, _>(StandardNormal) * deviation) as f32;
                }
                Mischief::Reverse { times } => *w = *old - (*w - *old) * times as f32,
                Mischief::Inflate { times } => *w = *old + (*w - *old) * times as f32,
            }
        }
    }
    learnt
}
