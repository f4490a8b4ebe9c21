//! What is asked, as settings.

use serde::{Deserialize, Serialize};

use super::house::HouseRules;
use super::sequence::{Body, NetworkSettings};
use crate::features::behaviour::Date;

/// How what a customer takes next is held out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// What is taken after a cut-off day; nothing later is learnt from.
    #[default]
    TimeSplit,
    /// The last event of every customer, as many papers have it. Others' later events are learnt from, so
    /// figures are kinder than life.
    LeaveLastOut,
}

impl Protocol {
    /// The name used on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::TimeSplit => "time-split",
            Self::LeaveLastOut => "leave-last-out",
        }
    }
}

/// Whether what a customer took before may be offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// By the share of repeated purchases in the training part.
    #[default]
    Auto,
    In,
    Out,
}

/// The models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Popularity,
    RecentPopularity,
    GroupPopularity,
    Cooccurrence,
    Markov,
    Rules,
    Als,
    Ease,
    Gru,
    SequenceCnn,
    Hybrid,
    Attention,
}

impl Kind {
    /// Those that are tried where nobody chooses, the simple ones first.
    pub const ALL: [Self; 8] = [
        Self::Popularity,
        Self::RecentPopularity,
        Self::GroupPopularity,
        Self::Cooccurrence,
        Self::Markov,
        Self::Rules,
        Self::Als,
        Self::Ease,
    ];

    /// The sequence networks: they take minutes, and are tried where they are asked for.
    pub const NETWORKS: [Self; 4] = [Self::Gru, Self::SequenceCnn, Self::Hybrid, Self::Attention];

    /// All there are.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Self::NETWORKS)
    }

    /// The body of a sequence network.
    pub fn body(self) -> Option<Body> {
        match self {
            Self::Gru => Some(Body::Gru),
            Self::SequenceCnn => Some(Body::Cnn),
            Self::Hybrid => Some(Body::Hybrid),
            Self::Attention => Some(Body::Attention),
            _ => None,
        }
    }

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Popularity => "popularity",
            Self::RecentPopularity => "recent_popularity",
            Self::GroupPopularity => "group_popularity",
            Self::Cooccurrence => "cooccurrence",
            Self::Markov => "markov",
            Self::Rules => "rules",
            Self::Als => "als",
            Self::Ease => "ease",
            Self::Gru => "gru",
            Self::SequenceCnn => "sequence_cnn",
            Self::Hybrid => "hybrid",
            Self::Attention => "attention",
        }
    }

    /// True for models that offer everyone of a group the same.
    pub fn is_popularity(self) -> bool {
        matches!(self, Self::Popularity | Self::RecentPopularity | Self::GroupPopularity)
    }
}

/// Hyper-parameters of any model; each uses its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Days in which an event loses half its weight (recent popularity).
    pub half_life: f64,
    /// Added to the denominator of the cosine (co-occurrence).
    pub shrinkage: f32,
    /// How many of the last different products are looked at; 0 for all (co-occurrence, rules, ALS, EASE).
    pub last: usize,
    /// Ridge (EASE), or weight of the penalty (ALS).
    pub lambda: f32,
    /// Numbers per customer and product (ALS).
    pub factors: usize,
    /// Weight of a taken product over one not taken: confidence = 1 + α (ALS).
    pub alpha: f32,
    /// Passes over customers and products (ALS).
    pub iterations: usize,
    /// Share of the baskets that a set must be in (rules).
    pub min_support: f64,
    /// Least confidence (rules).
    pub min_confidence: f64,
    /// Of a sequence network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSettings>,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            half_life: 30.0,
            shrinkage: 0.0,
            last: 0,
            lambda: 100.0,
            factors: 64,
            alpha: 1.0,
            iterations: 15,
            min_support: 0.001,
            min_confidence: 0.05,
            network: None,
        }
    }
}

/// What is asked of the recommendations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecommendSpec {
    pub protocol: Protocol,
    pub seen: Seen,
    /// The last day that is learnt from; `None` for the day up to which 80% of the events lie.
    pub cut_off: Option<Date>,
    /// The models; none for all that apply.
    pub kinds: Vec<Kind>,
    pub house: HouseRules,
    /// How sequence networks are built and trained.
    #[serde(skip_serializing_if = "NetworkSettings::is_default")]
    pub network: NetworkSettings,
    /// Products in a list; `None` for ten, in a small shop for fewer.
    pub top: Option<usize>,
    /// The column of the customer, where its name does not tell.
    pub customer: Option<String>,
    /// The column of the product.
    pub product: Option<String>,
    /// The column of the time.
    pub time: Option<String>,
}

/// The longest list that leaves something to choose: a third of the products.
pub fn most(products: usize) -> usize {
    (products / 3).max(1)
}

/// The length of list that is judged, one of [`CUTS`](super::figures::CUTS): ten, or five where ten would hold more
/// than [`most`] and any order of the products would do well.
pub fn usual_cut(products: usize) -> usize {
    if most(products) >= 10 { 10 } else { 5 }
}

impl RecommendSpec {
    /// True for what projects had before there were these settings.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Products in a list, where so many are for sale: what was chosen, else ten, but at most a third of the
    /// products. A list of ten of twelve products is right by chance.
    pub fn length(&self, products: usize) -> usize {
        self.top.unwrap_or_else(|| most(products).min(10))
    }

    /// The same within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        self.top = self.top.map(|top| top.clamp(1, 100));
        self.house.min_margin = self.house.min_margin.filter(|share| share.is_finite());
        self.house.per_category = self.house.per_category.map(|most| most.max(1));
        self
    }

    /// The same question whatever the house allows and however long a list is: what is learnt and measured
    /// does not depend on them.
    pub fn question(&self) -> Self {
        Self { house: HouseRules::default(), top: None, ..self.clone() }
    }
}
