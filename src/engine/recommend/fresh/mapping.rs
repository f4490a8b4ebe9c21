//! A score for products that no model has learnt: from the scores of the products that they are like, and
//! from which of these the customer has.

use rayon::prelude::*;

use super::nearest::{KEPT, Neighbours};
use crate::job::{Cancelled, Reporter};
use crate::recommend::{Histories, Recommender};

/// Customers by whom the two parts are brought to one scale.
const SCALED: usize = 500;

/// How the two parts are put together.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Blend {
    /// Nearest known products whose scores are averaged.
    pub nearest: usize,
    /// 0 for those scores alone, 1 for what the customer has alone.
    pub content: f32,
}

/// All that are tried on the validation products.
pub(super) const BLENDS: [Blend; 15] = {
    let contents = [0.0, 0.25, 0.5, 0.75, 1.0];
    let nearest = [5, 20, 80];
    let mut out = [Blend { nearest: 5, content: 0.0 }; 15];
    let mut at = 0;
    while at < 15 {
        out[at] = Blend { nearest: nearest[at / 5], content: contents[at % 5] };
        at += 1;
    }
    out
};

/// New products by what they are like.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub neighbours: Vec<Neighbours>,
    pub blend: Blend,
    /// One over the standard deviation of each part over customers and products.
    pub scale: [f32; 2],
}

/// Σ w·s / Σ w over the nearest: the k-nearest-neighbour mapping of Gantner et al. 2010 ("Learning
/// attribute-to-feature mappings for cold-start recommendations"). For a model whose score is a product of
/// factors it is the same as averaging the neighbours' factors, as they do; it asks nothing of the model.
fn mapped(neighbours: &[(u32, f32)], scores: &[f32], nearest: usize) -> f32 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (item, weight) in neighbours.iter().take(nearest) {
        sum += weight * scores.get(*item as usize).copied().unwrap_or_default();
        weights += weight;
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}

/// How like the products of a history are, together: the item-to-item cosine on what is told of them.
fn content(neighbours: &[(u32, f32)], has: &[bool]) -> f32 {
    let own = |item: u32| has.get(item as usize) == Some(&true);
    neighbours.iter().filter(|(item, _)| own(*item)).map(|(_, weight)| weight).sum()
}

/// Room for one customer.
pub(super) struct Room {
    scores: Vec<f32>,
    has: Vec<bool>,
}

impl Room {
    pub fn new(items: usize) -> Self {
        Self { scores: vec![0.0; items], has: vec![false; items] }
    }
}

impl Mapping {
    /// Brings the two parts to one scale, by some customers.
    pub fn new(
        neighbours: Vec<Neighbours>,
        model: &dyn Recommender,
        histories: &Histories,
        blend: Blend,
        report: &Reporter,
    ) -> Result<Self, Cancelled> {
        let mut out = Self { neighbours, blend, scale: [1.0, 1.0] };
        let every = histories.customers().div_ceil(SCALED).max(1);
        let customers: Vec<usize> = (0..histories.customers()).step_by(every).collect();
        let parts: Vec<[[f64; 3]; 2]> = customers
            .par_iter()
            .map_init(
                || Room::new(model.items()),
                |room, who| {
                    report.check()?;
                    let mut sums = [[0.0f64; 3]; 2];
                    out.look(model, histories.of(*who), room);
                    for own in &out.neighbours {
                        let values = [mapped(own, &room.scores, KEPT), content(own, &room.has)];
                        for (sums, value) in sums.iter_mut().zip(values.map(f64::from)) {
                            let [count, sum, squares] = sums;
                            (*count, *sum, *squares) = (*count + 1.0, *sum + value, *squares + value * value);
                        }
                    }
                    Ok(sums)
                },
            )
            .collect::<Result<_, Cancelled>>()?;
        for (part, scale) in out.scale.iter_mut().enumerate() {
            let sums = parts.iter().filter_map(|one| one.get(part));
            let add = |[a, b, c]: [f64; 3], [x, y, z]: &[f64; 3]| [a + x, b + y, c + z];
            let [count, sum, squares] = sums.fold([0.0f64; 3], add);
            let variance = squares / count.max(1.0) - (sum / count.max(1.0)).powi(2);
            *scale = if variance > 1e-20 { (1.0 / variance.sqrt()) as f32 } else { 1.0 };
        }
        Ok(out)
    }

    /// The same for one of the new products.
    pub fn only(&self, place: usize) -> Self {
        let neighbours = self.neighbours.get(place).cloned().into_iter().collect();
        Self { neighbours, blend: self.blend, scale: self.scale }
    }

    fn look(&self, model: &dyn Recommender, history: &[u32], room: &mut Room) {
        model.score(history, &mut room.scores);
        room.has.fill(false);
        for item in history {
            if let Some(has) = room.has.get_mut(*item as usize) {
                *has = true;
            }
        }
    }

    /// A customer's score of every new product.
    pub fn scores(
        &self,
        model: &dyn Recommender,
        history: &[u32],
        room: &mut Room,
        blends: &[Blend],
    ) -> Vec<Vec<f32>> {
        self.look(model, history, room);
        let [of_scores, of_content] = self.scale;
        let contents: Vec<f32> =
            self.neighbours.iter().map(|own| of_content * content(own, &room.has)).collect();
        let of = |blend: &Blend| {
            let pairs = self.neighbours.iter().zip(&contents);
            pairs
                .map(|(own, content)| {
                    let mapped = of_scores * mapped(own, &room.scores, blend.nearest);
                    (1.0 - blend.content) * mapped + blend.content * content
                })
                .collect()
        };
        blends.iter().map(of).collect()
    }
}
