//! How well new products find their customers: products that were taken are hidden with all that is known
//! of who took them, and offered as if they were new.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::facts::Facts;
use super::mapping::{BLENDS, Blend, Mapping, Room};
use super::nearest::{nearest, weights};
use crate::job::Reporter;
use crate::metrics::{Estimate, Paired, corrected_t, mean};
use crate::recommend::choose::fit;
use crate::recommend::figures::{self, CaseFigures};
use crate::recommend::rank::middle_rank;
use crate::recommend::{Fitted, Histories, Kind, Matrix, Params, Popularity, Recommender};

/// Products that are hidden: this share of those that anybody took, at least and at most so many.
const SHARE: f64 = 0.2;
const FEWEST: usize = 15;
const MOST: usize = 500;
/// Products that must have been taken for this to be measured.
pub(super) const ENOUGH: usize = 2 * FEWEST;
/// Hidden products from which on a list has ten places; five below. A list of ten among fifteen would be
/// right by chance.
const FOR_TEN: usize = 30;
/// Customers that are asked at most.
const ASKED: usize = 4_000;
/// Customers that took a hidden product, at least, for its campaign to be measured.
const TAKERS: usize = 5;
/// Part of the customers that a campaign would write to.
const TENTH: f64 = 0.1;

/// A figure of the offers beside two that know nothing of the customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Beside {
    pub value: Estimate,
    /// By how the products that it is like sell: the same for every customer.
    pub popular: Estimate,
    /// Expected of lists drawn by chance.
    pub chance: f64,
}

/// What was found on products that were hidden.
#[derive(Debug, Clone, Serialize)]
pub struct NewMeasured {
    /// Products that were taken for new, and customers who took any of them.
    pub products: usize,
    pub customers: usize,
    /// Places of a list.
    pub cut: usize,
    pub hit_rate: Beside,
    pub ndcg: Beside,
    /// NDCG less that of `popular`, customer by customer.
    pub against_popular: Option<Paired>,
    /// Of those who took a hidden product, the share among the tenth of the customers with the highest
    /// score for it, mean over products; `popular`: among the tenth with the most events. `None` where no
    /// product had enough of them.
    pub in_tenth: Option<Beside>,
    /// What was chosen on other hidden products.
    pub blend: Blend,
    /// The facts with their weights.
    pub facts: Vec<(String, f32)>,
}

impl NewMeasured {
    /// True if the offers are better than naming what sells, beyond chance.
    pub fn is_better(&self) -> bool {
        self.against_popular.is_some_and(|one| one.is_real() && one.difference > 0.0)
    }
}

/// One hiding: what is left, and a mapping for what was hidden.
struct Hidden {
    items: Vec<usize>,
    rest: Histories,
    fitted: Fitted,
    mapping: Mapping,
    /// By how the neighbours sell.
    popular: Vec<f32>,
    facts: Vec<(String, f32)>,
}

fn hide(
    histories: &Histories,
    facts: &Facts,
    (items, known): (Vec<usize>, &[usize]),
    (kind, params, seed): (Kind, &Params, u64),
    report: &Reporter,
) -> crate::Result<Hidden> {
    let mut gone = vec![true; histories.n_items];
    for at in known {
        if let Some(gone) = gone.get_mut(*at) {
            *gone = false;
        }
    }
    let rest = histories.without_items(&gone);
    let matrix = Matrix::new(&rest);
    let fitted = fit(kind, params, (&rest, &matrix), seed, &report.part(0.0, 0.7))?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let blocks = facts.blocks(known, report)?;
    let weights = weights(&blocks, &matrix, known, &mut rng, report)?;
    let neighbours = nearest(&blocks, &weights, (&items, known), report)?;
    let blend = Blend { nearest: 20, content: 0.5 };
    let mapping = Mapping::new(neighbours, fitted.model(), &rest, blend, report)?;
    let counts = Popularity::overall(&rest);
    // The same mapping of a model that is the same for all.
    let popular = Mapping { blend: Blend { nearest: 20, content: 0.0 }, ..mapping.clone() };
    let mut room = Room::new(histories.n_items);
    let popular = popular.scores(&counts, &[], &mut room, &[popular.blend]).pop().unwrap_or_default();
    let facts = blocks.iter().map(|block| block.name.clone()).zip(weights).collect();
    Ok(Hidden { items, rest, fitted, mapping, popular, facts })
}

/// A customer who took something hidden.
struct Asked {
    customer: usize,
    /// Places among the hidden products.
    wanted: Vec<u32>,
}

fn asked(histories: &Histories, hidden: &Hidden) -> Vec<Asked> {
    let mut places = vec![None; histories.n_items];
    for (at, item) in hidden.items.iter().enumerate() {
        if let Some(place) = places.get_mut(*item) {
            *place = Some(at as u32);
        }
    }
    let of = |customer: usize| {
        let own = histories.of(customer).iter();
        let mut wanted: Vec<u32> = own.filter_map(|item| *places.get(*item as usize)?).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let is_known = !hidden.rest.of(customer).is_empty();
        (is_known && !wanted.is_empty()).then_some(Asked { customer, wanted })
    };
    let all: Vec<Asked> = (0..histories.customers()).filter_map(of).collect();
    let every = all.len().div_ceil(ASKED).max(1);
    all.into_iter().step_by(every).collect()
}

fn case(one: &Asked, known: usize, scores: &[f32]) -> CaseFigures {
    let ranks: Vec<Option<f64>> = one.wanted.iter().map(|item| middle_rank(scores, &[], *item)).collect();
    CaseFigures::of(one.customer as u32, known, &ranks)
}

/// The blend with the best NDCG on hidden products.
fn best(histories: &Histories, hidden: &Hidden, cut: usize, report: &Reporter) -> crate::Result<Blend> {
    let asked = asked(histories, hidden);
    let sums: Vec<Vec<f64>> = asked
        .par_iter()
        .map_init(
            || Room::new(histories.n_items),
            |room, one| {
                report.check()?;
                let history = hidden.rest.of(one.customer);
                let all = hidden.mapping.scores(hidden.fitted.model(), history, room, &BLENDS);
                Ok(all.iter().map(|scores| case(one, 0, scores).at(cut).1).collect())
            },
        )
        .collect::<crate::Result<_>>()?;
    let total = |at: usize| sums.iter().filter_map(|own: &Vec<f64>| own.get(at)).sum::<f64>();
    let all = BLENDS.iter().enumerate().map(|(at, blend)| (total(at), *blend));
    // The first of the best.
    let found = all.reduce(|a, b| if b.0 > a.0 { b } else { a });
    Ok(found.map_or(hidden.mapping.blend, |(_, blend)| blend))
}

/// Hides products once to choose a blend and once, others, to measure it. `None` where too few products
/// were taken, or nothing is told of them.
///
/// # Errors
/// As a model is fitted; the person cancels.
pub(super) fn measure(
    histories: &Histories,
    facts: &Facts,
    (kind, params): (Kind, &Params),
    seed: u64,
    report: &Reporter,
) -> crate::Result<Option<NewMeasured>> {
    let matrix = Matrix::new(histories);
    let mut taken: Vec<usize> =
        (0..histories.n_items).filter(|item| !matrix.column(*item).is_empty()).collect();
    if taken.len() < ENOUGH || facts.facts.is_empty() {
        return Ok(None);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    taken.shuffle(&mut rng);
    let count = ((taken.len() as f64 * SHARE) as usize).clamp(FEWEST, MOST).min(taken.len() / 3);
    let cut = if count >= FOR_TEN { 10 } else { 5 };
    let (test, rest) = taken.split_at(count);
    let (valid, known) = rest.split_at(count);
    let sorted = |items: &[usize]| {
        let mut out = items.to_vec();
        out.sort_unstable();
        out
    };
    let (inner, outer) = (sorted(known), sorted(rest));
    let of = (kind, params, seed);
    let chosen = hide(histories, facts, (sorted(valid), &inner), of, &report.part(0.0, 0.4))?;
    let blend = best(histories, &chosen, cut, &report.part(0.4, 0.1))?;
    let mut hidden = hide(histories, facts, (sorted(test), &outer), of, &report.part(0.5, 0.4))?;
    hidden.mapping.blend = blend;
    let out = figures_of(histories, &hidden, cut, seed, &report.part(0.9, 0.1))?;
    Ok(Some(out))
}

fn figures_of(
    histories: &Histories,
    hidden: &Hidden,
    cut: usize,
    seed: u64,
    report: &Reporter,
) -> crate::Result<NewMeasured> {
    let asked = asked(histories, hidden);
    let n = hidden.items.len();
    let found: Vec<[CaseFigures; 2]> = asked
        .par_iter()
        .map_init(
            || Room::new(histories.n_items),
            |room, one| {
                report.check()?;
                let history = hidden.rest.of(one.customer);
                let blend = [hidden.mapping.blend];
                let scores = hidden.mapping.scores(hidden.fitted.model(), history, room, &blend);
                let own = scores.first().map_or(&[][..], Vec::as_slice);
                Ok([case(one, history.len(), own), case(one, history.len(), &hidden.popular)])
            },
        )
        .collect::<crate::Result<_>>()?;
    let column =
        |at: usize| -> Vec<CaseFigures> { found.iter().filter_map(|one| one.get(at)).copied().collect() };
    let (own, popular) = (column(0), column(1));
    let chances: Vec<[f64; 2]> =
        asked.iter().map(|one| figures::by_chance(n, one.wanted.len(), cut)).collect();
    let chance = |at: usize| {
        let values = chances.iter().filter_map(|one| one.get(at));
        values.sum::<f64>() / chances.len().max(1) as f64
    };
    let (own_means, popular_means) = (figures::means(&own, seed), figures::means(&popular, seed));
    let beside = |name: &str, at: usize| {
        let name = format!("{name}_at_{cut}");
        let of = |means: &[(&'static str, Estimate)]| {
            means.iter().find(|(one, _)| *one == name).map_or_else(|| mean(&[]), |(_, value)| *value)
        };
        Beside { value: of(&own_means), popular: of(&popular_means), chance: chance(at) }
    };
    let differences: Vec<f64> = own.iter().zip(&popular).map(|(a, b)| a.at(cut).1 - b.at(cut).1).collect();
    Ok(NewMeasured {
        products: n,
        customers: asked.len(),
        cut,
        hit_rate: beside("hit_rate", 0),
        ndcg: beside("ndcg", 1),
        against_popular: corrected_t(&differences, 0.0),
        in_tenth: in_tenth(histories, hidden, report)?,
        blend: hidden.mapping.blend,
        facts: hidden.facts.clone(),
    })
}

/// How many of a product's takers a campaign to a tenth of the customers finds.
fn in_tenth(histories: &Histories, hidden: &Hidden, report: &Reporter) -> crate::Result<Option<Beside>> {
    let known: Vec<usize> =
        (0..histories.customers()).filter(|who| !hidden.rest.of(*who).is_empty()).collect();
    let every = known.len().div_ceil(ASKED).max(1);
    let known: Vec<usize> = known.into_iter().step_by(every).collect();
    let tenth = ((known.len() as f64 * TENTH) as usize).max(1);
    let all: Vec<Vec<f32>> = known
        .par_iter()
        .map_init(
            || Room::new(histories.n_items),
            |room, who| {
                report.check()?;
                let model: &dyn Recommender = hidden.fitted.model();
                let scores =
                    hidden.mapping.scores(model, hidden.rest.of(*who), room, &[hidden.mapping.blend]);
                Ok(scores.into_iter().next().unwrap_or_default())
            },
        )
        .collect::<crate::Result<_>>()?;
    let first = |value: &dyn Fn(usize) -> f32| {
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by(|a, b| value(*b).total_cmp(&value(*a)).then(a.cmp(b)));
        order.truncate(tenth);
        order
    };
    let active = first(&|at| known.get(at).map_or(0.0, |who| hidden.rest.of(*who).len() as f32));
    let mut shares: Vec<[f64; 2]> = Vec::new();
    for (place, item) in hidden.items.iter().enumerate() {
        report.check()?;
        let took: Vec<bool> = known.iter().map(|who| histories.of(*who).contains(&(*item as u32))).collect();
        let takers = took.iter().filter(|took| **took).count();
        if takers < TAKERS {
            continue;
        }
        let share = |order: &[usize]| {
            order.iter().filter(|at| took.get(**at) == Some(&true)).count() as f64 / takers as f64
        };
        let score = |at: usize| all.get(at).and_then(|own| own.get(place)).copied().unwrap_or_default();
        shares.push([share(&first(&score)), share(&active)]);
    }
    let of = |at: usize| mean(&shares.iter().filter_map(|one| one.get(at).copied()).collect::<Vec<_>>());
    let beside = || Beside {
        value: of(0).within(0.0, 1.0),
        popular: of(1).within(0.0, 1.0),
        chance: tenth as f64 / known.len().max(1) as f64,
    };
    Ok((shares.len() > 1).then(beside))
}
