//! The evidence of two rows for being one customer: Fellegi and Sunter, "A Theory for Record
//! Linkage" (JASA 64, 1969). Each field that agrees at level l adds log₂(m_l / u_l) bits, where m_l
//! is the chance of that level among pairs of one customer and u_l among pairs of any two. u comes
//! from random pairs; m from expectation maximisation over candidate pairs (Winkler, "Using the EM
//! Algorithm for Weight Computation in the Fellegi-Sunter Model of Record Linkage", 1988), held near
//! sensible values where a file has few pairs. Agreement on a frequent value counts less and on a
//! rare one more (Winkler, "Frequency-Based Matching in Fellegi-Sunter Model of Record Linkage", 2000).

use std::collections::BTreeMap;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::FieldKind;
use super::compare::{Agreement, LEVELS};
use super::values::{Comparison, Prepared};
use crate::job::{Cancelled, Reporter};

/// Random pairs from which chance agreement is learnt.
const RANDOM_PAIRS: usize = 200_000;
const SEED: u64 = 0x5a3e;
/// Pairs' worth of belief in the usual chances of agreement.
const PRIOR_RANDOM: f64 = 200.0;
const PRIOR_MATCHES: f64 = 100.0;
const ROUNDS: usize = 30;
/// Rows of a customer file that repeat another customer, before anything is known.
const USUAL_SHARE: f64 = 0.05;
/// Pairs compared between two looks at the cancel flag.
const CHUNK: usize = 4_096;

/// Usual chances of each level (differs, alike, close, same) among pairs of one customer, and among
/// any two.
fn usual(kind: FieldKind) -> ([f64; LEVELS], [f64; LEVELS]) {
    match kind {
        FieldKind::Name => ([0.01, 0.06, 0.18, 0.75], [0.985, 0.01, 0.003, 0.002]),
        FieldKind::Company => ([0.05, 0.1, 0.2, 0.65], [0.985, 0.01, 0.003, 0.002]),
        FieldKind::Email => ([0.15, 0.04, 0.08, 0.73], [0.9985, 0.0005, 0.0005, 0.0005]),
        FieldKind::Phone => ([0.2, 0.02, 0.08, 0.7], [0.9985, 0.0005, 0.0005, 0.0005]),
        FieldKind::Address => ([0.25, 0.1, 0.2, 0.45], [0.985, 0.01, 0.003, 0.002]),
        FieldKind::Postcode => ([0.2, 0.05, 0.05, 0.7], [0.9, 0.06, 0.02, 0.02]),
        FieldKind::Date => ([0.05, 0.03, 0.07, 0.85], [0.985, 0.008, 0.005, 0.002]),
        FieldKind::Text => ([0.15, 0.1, 0.15, 0.6], [0.85, 0.1, 0.03, 0.02]),
        FieldKind::Number => ([0.2, 0.1, 0.1, 0.6], [0.8, 0.12, 0.06, 0.02]),
        FieldKind::Exact => ([0.1, 0.001, 0.001, 0.898], [0.9, 0.001, 0.001, 0.098]),
    }
}

/// Place in the order of comparing: what is quickly told first.
fn cost(kind: FieldKind) -> u8 {
    match kind {
        FieldKind::Exact | FieldKind::Number | FieldKind::Postcode => 0,
        FieldKind::Date | FieldKind::Phone | FieldKind::Email => 1,
        FieldKind::Address => 2,
        FieldKind::Name | FieldKind::Company | FieldKind::Text => 3,
    }
}

/// What agreement in each field is worth in this file.
pub(super) struct Model {
    /// Bits of each level, by comparison.
    bits: Vec<[f64; LEVELS]>,
    /// Chance agreement, by comparison.
    chance: Vec<[f64; LEVELS]>,
    /// Bits before anything is compared.
    prior: f64,
    /// Comparisons, the cheapest first.
    order: Vec<usize>,
    /// Bits that the comparisons from this one of `order` on can add at most.
    rest: Vec<f64>,
    threshold_maybe: f64,
}

/// A compared pair.
pub(super) struct Scored {
    /// Probability that both rows are one customer.
    pub(super) score: f32,
    /// Too little, or something against it, to be sure whatever the score.
    pub(super) held_back: bool,
    /// Agreement and bits of each comparison.
    pub(super) fields: Vec<(Agreement, f32)>,
}

/// Bits that a rare value may add.
const RARE: f64 = 2.0;
/// Rows' worth of belief that a value is as frequent as values are on average.
const PRIOR_VALUE: f64 = 20.0;

impl Model {
    /// Learns the evidence from random pairs and from candidate pairs, which are a share `share` of
    /// all candidates.
    pub(super) fn fit(
        data: &Prepared,
        candidates: &[(u32, u32)],
        share: f64,
        threshold_maybe: f64,
        report: &Reporter,
    ) -> Result<Self, Cancelled> {
        let chance: Vec<[f64; LEVELS]> = {
            let patterns = patterns(data, &random_pairs(data.height()), report)?;
            let count = |at: usize| move |key: &Pattern| key.get(at).copied().and_then(Agreement::level);
            data.comparisons
                .iter()
                .enumerate()
                .map(|(at, comparison)| {
                    let (_, usual) = usual(comparison.kind);
                    blend(patterns.iter().map(|(key, n)| (count(at)(key), *n as f64)), &usual, PRIOR_RANDOM)
                })
                .collect()
        };
        let patterns = patterns(data, candidates, report)?;
        let (matching, expected) = maximise(data, &patterns, &chance);
        let bits: Vec<[f64; LEVELS]> = matching
            .iter()
            .zip(&chance)
            .map(|(m, u)| {
                let mut bits = [0.0; LEVELS];
                let mut least = f64::NEG_INFINITY;
                for ((slot, m), u) in bits.iter_mut().zip(m).zip(u) {
                    // More agreement is never less evidence.
                    least = (m / u).log2().max(least);
                    *slot = least;
                }
                bits[0] = bits[0].min(0.0);
                bits
            })
            .collect();
        let n = f64::from(data.height());
        let pairs = (n * (n - 1.0) / 2.0).max(1.0);
        let expected = (expected / share + USUAL_SHARE * n / 2.0) / 2.0;
        let odds = (expected.min(n / 4.0) / pairs).clamp(1e-12, 0.5);
        let mut order: Vec<usize> = (0..bits.len()).collect();
        order.sort_by_key(|at| data.comparisons.get(*at).map(|comparison| cost(comparison.kind)));
        let most = |at: &usize| {
            let bits = bits.get(*at).map_or(0.0, |bits| bits[LEVELS - 1] + RARE);
            bits.max(0.0) * data.comparisons.get(*at).map_or(0.0, |comparison| comparison.weight)
        };
        let rest = (0..order.len()).map(|from| order.iter().skip(from).map(most).sum()).collect();
        Ok(Self { bits, chance, prior: (odds / (1.0 - odds)).log2(), order, rest, threshold_maybe })
    }

    /// Compares two rows; `None` as soon as they cannot reach the lower threshold.
    pub(super) fn candidate(&self, data: &Prepared, a: u32, b: u32) -> Option<Scored> {
        let least = log_odds(self.threshold_maybe) - self.prior;
        let mut sum = 0.0;
        let mut fields = vec![(Agreement::Missing, 0.0); data.comparisons.len()];
        for (at, rest) in self.order.iter().zip(&self.rest) {
            if sum + rest < least {
                return None;
            }
            let comparison = data.comparisons.get(*at)?;
            let agreement = comparison.compare(a, b);
            let bits = self.worth(*at, comparison, agreement, a, b);
            sum += bits;
            *fields.get_mut(*at)? = (agreement, bits as f32);
        }
        let scored = self.sum_up(data, fields);
        (f64::from(scored.score) >= self.threshold_maybe).then_some(scored)
    }

    /// Compares two rows, however little they agree.
    pub(super) fn score(&self, data: &Prepared, a: u32, b: u32) -> Scored {
        let fields = data.comparisons.iter().enumerate().map(|(at, comparison)| {
            let agreement = comparison.compare(a, b);
            (agreement, self.worth(at, comparison, agreement, a, b) as f32)
        });
        self.sum_up(data, fields.collect())
    }

    fn worth(&self, at: usize, comparison: &Comparison, agreement: Agreement, a: u32, b: u32) -> f64 {
        let Some((level, bits)) =
            agreement.level().and_then(|level| Some((level, self.bits.get(at)?.get(level)?)))
        else {
            return 0.0;
        };
        let values = &comparison.values;
        let ids = [a, b].map(|row| values.of(row));
        let count = ids.iter().flatten().map(|id| values.count(*id)).max().unwrap_or(0);
        let u = self.chance.get(at).and_then(|chance| chance.get(level)).copied().unwrap_or(1.0);
        // How often another row has this value by chance: the two at hand do not count.
        let others = f64::from(count.saturating_sub(if ids[0] == ids[1] { 2 } else { 1 }));
        let frequency = (others + PRIOR_VALUE * u) / (f64::from(values.present()) + PRIOR_VALUE);
        let frequent = match agreement {
            Agreement::Same => (u / frequency).log2().clamp(-bits.max(0.0), RARE),
            // A frequent name with a slip in it is as frequent as the name.
            Agreement::Close | Agreement::Alike => (u / frequency).log2().clamp(-bits.max(0.0), 0.0),
            _ => 0.0,
        };
        (bits + frequent) * comparison.weight
    }

    fn sum_up(&self, data: &Prepared, mut fields: Vec<(Agreement, f32)>) -> Scored {
        let kind = |at: usize| data.comparisons.get(at).map(|comparison| comparison.kind);
        let named = data.comparisons.iter().any(|comparison| comparison.kind == FieldKind::Name);
        let stranger = (0..fields.len()).any(|at| {
            kind(at) == Some(FieldKind::Name) && fields.get(at).is_some_and(|f| f.0 == Agreement::Differs)
        });
        // Who shares a house shares its postcode, and often its telephone: one fact, told once.
        let shared = |at: usize| match kind(at) {
            Some(FieldKind::Address | FieldKind::Postcode) => true,
            Some(FieldKind::Phone) => stranger,
            Some(FieldKind::Company) => stranger && named,
            _ => false,
        };
        let best = (0..fields.len())
            .filter(|at| shared(*at))
            .max_by(|a, b| value(&fields, *a).total_cmp(&value(&fields, *b)).then(b.cmp(a)));
        for at in (0..fields.len()).filter(|at| shared(*at) && Some(*at) != best) {
            if let Some((_, bits)) = fields.get_mut(at) {
                *bits = bits.min(0.0);
            }
        }
        let sum: f64 = fields.iter().map(|(_, bits)| f64::from(*bits)).sum::<f64>() + self.prior;
        let kinds: Vec<FieldKind> = data.comparisons.iter().map(|comparison| comparison.kind).collect();
        let levels: Pattern = fields.iter().map(|(agreement, _)| *agreement).collect();
        Scored { score: (1.0 / (1.0 + (-sum).exp2())) as f32, held_back: held_back(&kinds, &levels), fields }
    }
}

fn value(fields: &[(Agreement, f32)], at: usize) -> f32 {
    fields.get(at).map_or(0.0, |(_, bits)| *bits)
}

fn log_odds(probability: f64) -> f64 {
    let probability = probability.clamp(1e-9, 1.0 - 1e-9);
    (probability / (1.0 - probability)).log2()
}

/// True where something speaks against one customer that no sum of evidence should hide: another
/// name or day of birth, an initial without anything personal beside it, or one field only.
pub(super) fn held_back(kinds: &[FieldKind], levels: &[Agreement]) -> bool {
    let has = |wanted: &[FieldKind], least: Agreement| {
        kinds.iter().zip(levels).any(|(kind, level)| wanted.contains(kind) && *level >= least)
    };
    let differs = |wanted: FieldKind| {
        kinds.iter().zip(levels).any(|(kind, level)| *kind == wanted && *level == Agreement::Differs)
    };
    let personal = [FieldKind::Email, FieldKind::Date, FieldKind::Exact];
    let named = kinds.contains(&FieldKind::Name);
    let faint = [FieldKind::Name, FieldKind::Company];
    let only_alike = faint.into_iter().any(|kind| {
        (kind == FieldKind::Name || !named)
            && kinds.iter().zip(levels).any(|(k, level)| *k == kind && *level == Agreement::Alike)
    });
    let agreeing = levels.iter().filter(|level| **level >= Agreement::Close).count();
    let alone =
        agreeing < 2 && !(kinds.len() == 1 && has(&[FieldKind::Email, FieldKind::Exact], Agreement::Same));
    contradicts(kinds, levels)
        || !named && differs(FieldKind::Company)
        || only_alike && !has(&personal, Agreement::Close)
        || alone && !(only_alike && has(&personal, Agreement::Same))
}

/// True where names or days of birth differ: such rows never stand in one cluster by themselves.
pub(super) fn contradicts(kinds: &[FieldKind], levels: &[Agreement]) -> bool {
    kinds.iter().zip(levels).any(|(kind, level)| {
        matches!(kind, FieldKind::Name | FieldKind::Date) && *level == Agreement::Differs
    })
}

/// Agreement in each comparison.
type Pattern = Vec<Agreement>;

/// How many pairs show each pattern of agreement.
fn patterns(
    data: &Prepared,
    pairs: &[(u32, u32)],
    report: &Reporter,
) -> Result<BTreeMap<Pattern, u64>, Cancelled> {
    let counted: Vec<BTreeMap<Pattern, u64>> = pairs
        .par_chunks(CHUNK)
        .map(|chunk| {
            report.check()?;
            let mut counts = BTreeMap::new();
            for (a, b) in chunk {
                let key: Pattern =
                    data.comparisons.iter().map(|comparison| comparison.compare(*a, *b)).collect();
                *counts.entry(key).or_insert(0) += 1;
            }
            Ok(counts)
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut out = BTreeMap::new();
    for (key, n) in counted.into_iter().flatten() {
        *out.entry(key).or_insert(0) += n;
    }
    Ok(out)
}

/// All pairs of a small file, else random ones.
fn random_pairs(rows: u32) -> Vec<(u32, u32)> {
    let all = u64::from(rows) * u64::from(rows.saturating_sub(1)) / 2;
    if all <= RANDOM_PAIRS as u64 {
        return (0..rows).flat_map(|a| (a + 1..rows).map(move |b| (a, b))).collect();
    }
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let draw = |_| {
        let a = random.gen_range(0..rows);
        let b = random.gen_range(0..rows - 1);
        (a, if b >= a { b + 1 } else { b })
    };
    (0..RANDOM_PAIRS).map(draw).collect()
}

/// Shares of the levels among weighted pairs, with `strength` pairs of belief in `usual`.
fn blend(
    pairs: impl Iterator<Item = (Option<usize>, f64)>,
    usual: &[f64; LEVELS],
    strength: f64,
) -> [f64; LEVELS] {
    let mut shares = usual.map(|share| share * strength);
    for (level, n) in pairs {
        if let Some(slot) = level.and_then(|level| shares.get_mut(level)) {
            *slot += n;
        }
    }
    let total: f64 = shares.iter().sum();
    shares.map(|share| share / total)
}

/// Expectation maximisation with two classes of candidate pairs. Returns the chances of each level
/// among pairs of one customer, and how many such pairs are expected.
fn maximise(
    data: &Prepared,
    patterns: &BTreeMap<Pattern, u64>,
    chance: &[[f64; LEVELS]],
) -> (Vec<[f64; LEVELS]>, f64) {
    let kinds: Vec<FieldKind> = data.comparisons.iter().map(|comparison| comparison.kind).collect();
    let mut matching: Vec<[f64; LEVELS]> = kinds.iter().map(|kind| usual(*kind).0).collect();
    let mut other = chance.to_vec();
    let total = patterns.values().sum::<u64>() as f64;
    let (mut share, mut expected) = (0.1_f64, 0.0);
    if total == 0.0 {
        return (matching, 0.0);
    }
    for _ in 0..ROUNDS {
        let posterior: Vec<f64> = patterns
            .keys()
            .map(|key| {
                if held_back(&kinds, key) {
                    return 0.0;
                }
                let likelihood = |chances: &[[f64; LEVELS]]| -> f64 {
                    key.iter()
                        .zip(chances)
                        .filter_map(|(level, chances)| chances.get(level.level()?))
                        .map(|chance| chance.ln())
                        .sum()
                };
                let odds = likelihood(&matching) - likelihood(&other) + (share / (1.0 - share)).ln();
                1.0 / (1.0 + (-odds).exp())
            })
            .collect();
        let pairs = || patterns.iter().zip(&posterior);
        expected = pairs().map(|((_, n), p)| *n as f64 * p).sum();
        let before = share;
        share = (expected / total).clamp(1e-6, 0.9);
        for (at, kind) in kinds.iter().enumerate() {
            let level = |key: &Pattern| key.get(at).copied().and_then(Agreement::level);
            let ours =
                blend(pairs().map(|((k, n), p)| (level(k), *n as f64 * p)), &usual(*kind).0, PRIOR_MATCHES);
            let theirs = blend(
                pairs().map(|((k, n), p)| (level(k), *n as f64 * (1.0 - p))),
                chance.get(at).unwrap_or(&usual(*kind).1),
                PRIOR_MATCHES,
            );
            if let (Some(m), Some(u)) = (matching.get_mut(at), other.get_mut(at)) {
                (*m, *u) = (ours, theirs);
            }
        }
        if (share - before).abs() < 1e-7 {
            break;
        }
    }
    (matching, expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Agreement::*;

    #[test]
    fn what_can_never_be_sure() {
        use FieldKind::*;
        let kinds = [Name, Email, Phone];
        assert!(!held_back(&kinds, &[Same, Same, Missing]));
        assert!(!held_back(&kinds, &[Missing, Same, Same]));
        assert!(!held_back(&kinds, &[Alike, Same, Missing]), "an initial and the e-mail address");
        assert!(held_back(&kinds, &[Alike, Missing, Same]), "an initial and the family's telephone");
        assert!(held_back(&kinds, &[Same, Missing, Missing]), "a name alone");
        assert!(held_back(&kinds, &[Differs, Same, Same]), "husband and wife");
        assert!(held_back(&[Name, Date, Address], &[Same, Differs, Same]), "father and son");
        assert!(!held_back(&[Email], &[Same]));
        assert!(held_back(&[Name], &[Same]));
    }

    #[test]
    fn shares_lean_on_what_is_usual() {
        // 10 pairs of belief in (.4, .3, .2, .1) and 10 seen at the last level.
        let shares = blend([(Some(3), 10.0), (None, 5.0)].into_iter(), &[0.4, 0.3, 0.2, 0.1], 10.0);
        let wanted = [0.2, 0.15, 0.1, 0.55];
        assert!(
            shares.iter().zip(wanted).all(|(share, wanted)| (share - wanted).abs() < 1e-12),
            "{shares:?}"
        );
    }

    #[test]
    fn random_pairs_are_pairs() {
        assert_eq!(random_pairs(0), []);
        assert_eq!(random_pairs(3), [(0, 1), (0, 2), (1, 2)]);
        let many = random_pairs(10_000);
        assert_eq!(many.len(), RANDOM_PAIRS);
        assert!(many.iter().all(|(a, b)| a != b && *a < 10_000 && *b < 10_000));
    }
}
