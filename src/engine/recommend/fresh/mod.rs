//! Products that few or none took yet: no model has learnt anything of them. What is told of them (category,
//! price, name, description) says which known products they are like, and these say who would want them.
//! Known products that are hidden and offered as new show how good that is.

mod facts;
mod mapping;
mod measure;
mod nearest;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::Serialize;

pub use facts::{Cells, Fact, Facts};
pub use mapping::Blend;
pub use measure::{Beside, NewMeasured};

use self::mapping::{Mapping, Room};
use super::choose::fit;
use super::{Fitted, Histories, Kind, Matrix, Params};
use crate::job::Reporter;

/// Customers below whom a product is new.
pub const FEW: usize = 5;
/// Products that are taken for new at most: those that fewest took.
const MOST: usize = 2_000;
/// Known products that new ones are compared with: those that most took.
const COMPARED: usize = 20_000;
/// Known products that are named as alike.
const NAMED: usize = 3;

/// A new product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewProduct {
    /// Its place among the facts' products.
    pub at: usize,
    pub name: String,
    /// Customers who took it.
    pub customers: usize,
    /// The known products that it is most like, nearest first; none where nothing is told of it.
    pub like: Vec<u32>,
}

/// New products, who would want them, and how good that is.
#[derive(Debug, Clone)]
pub struct NewProducts {
    /// Those that are like any known product first, then by name.
    pub products: Vec<NewProduct>,
    /// More than could be looked at.
    pub left_out: usize,
    /// `None` where too few products were ever taken to hide some, or nothing is told of products.
    pub measured: Option<NewMeasured>,
    /// The model whose scores are carried over.
    pub kind: Kind,
    fitted: Fitted,
    mapping: Mapping,
}

impl NewProducts {
    /// Finds the new products of `facts` and fits what tells who would want them.
    ///
    /// # Errors
    /// As the model is fitted; the person cancels.
    pub fn find(
        histories: &Histories,
        facts: &Facts,
        (kind, params): (Kind, &Params),
        seed: u64,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let measured = measure::measure(histories, facts, (kind, params), seed, &report.part(0.0, 0.7))?;
        let matrix = Matrix::new(histories);
        let taken = |at: usize| if at < histories.n_items { matrix.column(at).len() } else { 0 };
        let mut few: Vec<usize> = (0..facts.names.len()).filter(|at| taken(*at) < FEW).collect();
        few.sort_by_key(|at| taken(*at));
        let left_out = few.len().saturating_sub(MOST);
        few.truncate(MOST);
        let mut known: Vec<usize> = (0..histories.n_items).filter(|at| taken(*at) >= FEW).collect();
        known.sort_by_key(|at| std::cmp::Reverse(taken(*at)));
        known.truncate(COMPARED);
        known.sort_unstable();
        let mut rng = rand::SeedableRng::seed_from_u64(seed);
        let blocks = facts.blocks(&known, report)?;
        let weights = nearest::weights(&blocks, &matrix, &known, &mut rng, report)?;
        let neighbours = nearest::nearest(&blocks, &weights, (&few, &known), &report.part(0.7, 0.05))?;
        let fitted = fit(kind, params, (histories, &matrix), seed, &report.part(0.75, 0.2))?;
        let mut order: Vec<usize> = (0..few.len()).collect();
        let name = |place: usize| few.get(place).and_then(|at| facts.names.get(*at));
        let is_alone = |place: usize| neighbours.get(place).is_none_or(Vec::is_empty);
        order.sort_by(|a, b| is_alone(*a).cmp(&is_alone(*b)).then_with(|| name(*a).cmp(&name(*b))));
        let product = |place: &usize| {
            let at = *few.get(*place)?;
            let like = neighbours.get(*place)?.iter().take(NAMED).map(|(item, _)| *item).collect();
            Some(NewProduct { at, name: facts.names.get(at)?.clone(), customers: taken(at), like })
        };
        let products = order.iter().filter_map(product).collect();
        let neighbours = order.iter().filter_map(|place| neighbours.get(*place).cloned()).collect();
        // Unmeasured, what is usual: half of each.
        let usual = Blend { nearest: 20, content: 0.5 };
        let blend = measured.as_ref().map_or(usual, |one| one.blend);
        let mapping = Mapping::new(neighbours, fitted.model(), histories, blend, &report.part(0.95, 0.05))?;
        report.progress(1.0);
        Ok(Self { products, left_out, measured, kind, fitted, mapping })
    }

    /// Who would want the new product at a place of [`Self::products`]: customers of whom something is
    /// known and who do not have it, the highest score first; nobody where nothing is told of it.
    ///
    /// # Errors
    /// The person cancels.
    pub fn wanting(
        &self,
        histories: &Histories,
        place: usize,
        report: &Reporter,
    ) -> crate::Result<Vec<(usize, f32)>> {
        let Some(product) = self.products.get(place).filter(|one| !one.like.is_empty()) else {
            return Ok(Vec::new());
        };
        let own = self.mapping.only(place);
        let model = self.fitted.model();
        let of = |room: &mut Room, who: usize| {
            report.check()?;
            let history = histories.of(who);
            if history.is_empty() || history.contains(&(product.at as u32)) {
                return Ok(None);
            }
            let scores = own.scores(model, history, room, &[own.blend]);
            Ok(scores.first().and_then(|scores| scores.first()).map(|score| (who, *score)))
        };
        let customers = 0..histories.customers();
        let found: Vec<Option<(usize, f32)>> = customers
            .into_par_iter()
            .map_init(|| Room::new(histories.n_items), of)
            .collect::<crate::Result<_>>()?;
        let mut out: Vec<(usize, f32)> = found.into_iter().flatten().collect();
        out.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(out)
    }

    /// The products of a history that the new product is like, the nearest first.
    pub fn because(&self, history: &[u32], place: usize) -> Vec<u32> {
        let own = self.mapping.neighbours.get(place).map_or(&[][..], Vec::as_slice);
        own.iter().map(|(item, _)| *item).filter(|item| history.contains(item)).take(NAMED).collect()
    }
}
