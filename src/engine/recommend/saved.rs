//! A fitted recommender with all that it needs to be asked again, and to be saved.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::evaluate::mask;
use super::models::Fitted;
use super::rank::{Offer, top};
use super::{Histories, Kind, Params, Reason, RecommendError};

/// Version of what is saved.
const VERSION: u32 = 1;
/// Bytes that a saved model may unpack to.
const MOST_BYTES: u64 = 16 << 30;

/// A model that is ready to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    version: u32,
    pub kind: Kind,
    pub params: Params,
    /// Names of the products, in the order of their numbers.
    pub items: Vec<String>,
    /// How often each was taken: settles equal scores, and is the answer where nothing is known.
    pub popularity: Vec<f32>,
    /// What was taken before may be offered.
    pub seen_in: bool,
    pub fitted: Fitted,
}

impl Model {
    /// Puts a model together.
    ///
    /// # Errors
    /// Lists that do not fit together.
    pub fn new(
        (kind, params): (Kind, Params),
        (items, popularity): (Vec<String>, Vec<f32>),
        seen_in: bool,
        fitted: Fitted,
    ) -> Result<Self, RecommendError> {
        Self { version: VERSION, kind, params, items, popularity, seen_in, fitted }.checked()
    }

    fn checked(self) -> Result<Self, RecommendError> {
        let refuse = |cause| Err(RecommendError::Saved { cause });
        if self.version != VERSION {
            return refuse("they are of another version");
        }
        if self.popularity.len() != self.items.len() || !self.fitted.is_sound(self.items.len()) {
            return refuse("the lists do not fit together");
        }
        if !self.popularity.iter().all(|count| count.is_finite()) {
            return refuse("a number is missing");
        }
        Ok(self)
    }

    /// Scores of all products for a history, oldest first; what may not be offered is `NEG_INFINITY`.
    pub fn scores(&self, history: &[u32]) -> Vec<f32> {
        let mut scores = vec![0.0; self.items.len()];
        self.fitted.model().score(history, &mut scores);
        if !self.seen_in {
            mask(history, &mut scores);
        }
        scores
    }

    /// The first `n` offers for a history or for any basket.
    pub fn offers(&self, history: &[u32], n: usize) -> Vec<Offer> {
        top(&self.scores(history), &self.popularity, n)
    }

    /// The first `n` offers of every customer, in their order, on all cores.
    pub fn everyone(&self, histories: &Histories, n: usize) -> Vec<Vec<Offer>> {
        (0..histories.customers()).into_par_iter().map(|who| self.offers(histories.of(who), n)).collect()
    }

    /// Why a product is offered: the heaviest products of the history first.
    pub fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        self.fitted.model().because(history, item)
    }

    /// [`Self::because`] for each of `wanted`.
    pub fn because_each(&self, history: &[u32], wanted: &[u32]) -> Vec<Vec<Reason>> {
        self.fitted.model().because_each(history, wanted)
    }

    /// Numbers of products by their names.
    ///
    /// # Errors
    /// A name that no product has.
    pub fn basket(&self, names: &[&str]) -> Result<Vec<u32>, RecommendError> {
        let numbers: HashMap<&str, u32> = self.items.iter().map(String::as_str).zip(0u32..).collect();
        let number = |name: &&str| {
            let found = numbers.get(name.trim()).copied();
            found.ok_or_else(|| RecommendError::NoProduct { name: (*name).to_owned() })
        };
        names.iter().map(number).collect()
    }

    /// The model as bytes (compressed JSON).
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RecommendError> {
        let refuse = RecommendError::Saved { cause: "they cannot be written" };
        let json = serde_json::to_vec(self).map_err(|_| refuse)?;
        zstd::bulk::compress(&json, 3).map_err(|_| RecommendError::Saved { cause: "they cannot be packed" })
    }

    /// Reads what [`Self::to_bytes`] wrote. Nothing in it is trusted.
    ///
    /// # Errors
    /// Bytes that are no such model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecommendError> {
        use std::io::Read as _;
        let refuse = |_| RecommendError::Saved { cause: "the file is damaged or holds something else" };
        let mut json = Vec::new();
        let unpacked = zstd::stream::read::Decoder::new(bytes).map_err(refuse)?;
        unpacked.take(MOST_BYTES).read_to_end(&mut json).map_err(refuse)?;
        let damaged = |_| RecommendError::Saved { cause: "the file is damaged or holds something else" };
        serde_json::from_slice::<Self>(&json).map_err(damaged)?.checked()
    }
}
