//! Which features there are: what the books tell of, and the levels whose shares are features, found
//! on training customers. Saved with the bundle.

use serde::{Deserialize, Serialize};

use super::BehaviourError;
use super::books::{Books, Levels, NO_LEVEL, Stream};
use super::columns::Columns;
use super::orders::{Out, ratio};
use super::question::{Day, Question};
use crate::table::Role;

/// Days of the windows that end on the cut-off day.
pub(super) const WINDOWS: [Day; 4] = [7, 30, 90, 365];
/// Levels of a category, a channel or a kind of event that have a share of their own.
const TOP: usize = 8;

/// What the books tell of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    pub amount: bool,
    pub quantity: bool,
    pub product: bool,
    pub category: bool,
    pub channel: bool,
    pub discount: bool,
    pub returns: bool,
    /// Orders have a time of day.
    pub hours: bool,
    pub events: bool,
    pub event_kind: bool,
    pub feedback: bool,
    pub rating: bool,
}

impl Layout {
    /// What these books tell of.
    pub fn of(books: &Books) -> Self {
        let (sales, basket) = (&books.sales, books.basket());
        let events = books.events.as_ref();
        let feedback = books.feedback.as_ref();
        Self {
            amount: sales.amount.is_some(),
            quantity: basket.quantity.is_some(),
            product: basket.product.is_some(),
            category: basket.category.is_some(),
            channel: sales.channel.is_some(),
            discount: sales.discounted.is_some(),
            returns: sales.is_return.contains(&true),
            hours: sales.has_hours,
            events: events.is_some(),
            event_kind: events.is_some_and(|stream| stream.kind.is_some()),
            feedback: feedback.is_some(),
            rating: feedback.is_some_and(|stream| stream.rating.is_some()),
        }
    }

    /// What `books` lack of this. Returns and times of day may be absent from a short file.
    pub(super) fn lacking(&self, books: &Self) -> Option<&'static str> {
        let parts = [
            ("amount", self.amount, books.amount),
            ("quantity", self.quantity, books.quantity),
            ("product", self.product, books.product),
            ("category", self.category, books.category),
            ("channel", self.channel, books.channel),
            ("discount", self.discount, books.discount),
            ("events", self.events, books.events),
            ("kind of event", self.event_kind, books.event_kind),
            ("feedback", self.feedback, books.feedback),
            ("rating", self.rating, books.rating),
        ];
        parts.into_iter().find(|(_, wanted, there)| *wanted && !there).map(|(name, ..)| name)
    }
}

/// A feature of a customer's behaviour.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its column.
    pub name: String,
    pub role: Role,
}

/// Everything that was fitted: new books give the same columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedBehaviour {
    pub question: Question,
    pub layout: Layout,
    /// Levels with a share of their own, most frequent first.
    pub categories: Vec<String>,
    pub channels: Vec<String>,
    pub event_kinds: Vec<String>,
    /// Features that vary among the training rows; the others are left out, for a model would meet
    /// them for the first time while scoring.
    pub kept: Vec<String>,
    /// The last day of what was learnt from, labels included, in days since 1970.
    pub learnt_until: Day,
    /// The first day on which the question was asked.
    pub first_asked: Day,
    /// Which column told what, and how it was read: a later file is read by the same names. `None` for
    /// what was fitted before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
}

impl FittedBehaviour {
    /// Finds the levels on the rows of `is_train` customers up to `day`.
    pub(super) fn fit(question: &Question, books: &Books, is_train: &[bool], day: Day) -> Self {
        let layout = Layout::of(books);
        let basket = books.basket();
        let top = |stream: Option<&Stream>, levels: Option<&Levels>| match (stream, levels) {
            (Some(stream), Some(levels)) => top(stream, levels, is_train, day),
            _ => Vec::new(),
        };
        let events = books.events.as_ref();
        Self {
            question: question.clone(),
            categories: top(Some(basket), basket.category.as_ref()),
            channels: top(Some(&books.sales), books.sales.channel.as_ref()),
            event_kinds: top(events, events.and_then(|stream| stream.kind.as_ref())),
            layout,
            kept: Vec::new(),
            learnt_until: day,
            first_asked: day,
            columns: None,
        }
    }

    /// Every feature, in the order in which they are computed; [`kept`](Self::kept) says which are used.
    pub fn features(&self) -> Vec<Feature> {
        let layout = &self.layout;
        let mut list = List(Vec::new());
        list.numbers(
            "orders",
            &[
                "days since last",
                "count",
                "purchase days",
                "days since first",
                "mean gap",
                "median gap",
                "gap spread",
                "last gap to mean",
                "gap trend",
                "silence to mean gap",
            ],
        );
        list.windows("orders", Role::Number);
        list.numbers("orders", &["weekend share", "weekday sin", "weekday cos"]);
        if layout.hours {
            list.numbers("orders", &["hour sin", "hour cos"]);
        }
        if layout.amount {
            for name in ["sum", "mean order", "last order"] {
                list.push(format!("spent: {name}"), Role::Money);
            }
            list.windows("spent", Role::Money);
        }
        if layout.returns {
            list.numbers("returns", &["count", "share of rows"]);
            if layout.amount {
                list.push("returns: value".into(), Role::Money);
            }
        }
        if layout.discount {
            list.numbers("discounts", &["share of rows"]);
        }
        list.numbers("basket", &["rows per order"]);
        if layout.quantity {
            list.numbers("basket", &["pieces per order"]);
        }
        if layout.product {
            list.numbers("products", &["distinct", "diversity", "share of repeats"]);
        }
        if layout.category {
            list.numbers("category", &["diversity"]);
            list.shares("category", &self.categories);
        }
        if layout.channel {
            list.shares("channel", &self.channels);
        }
        if layout.events {
            list.numbers("events", &["count", "days since last", "sessions", "events per session"]);
            list.windows("events", Role::Number);
            if layout.event_kind {
                list.shares("events", &self.event_kinds);
            }
        }
        if layout.feedback {
            list.numbers("feedback", &["count", "days since last", "last 90 days"]);
            if layout.rating {
                list.numbers("feedback", &["mean rating", "last rating"]);
            }
        }
        list.0
    }

    /// The shares of category, channel and kind of event, as the levels of these books.
    pub(super) fn shares(&self, books: &Books) -> [Shares; 3] {
        let events = books.events.as_ref().and_then(|stream| stream.kind.as_ref());
        [
            Shares::new(&self.categories, books.basket().category.as_ref()),
            Shares::new(&self.channels, books.sales.channel.as_ref()),
            Shares::new(&self.event_kinds, events),
        ]
    }

    /// Refuses books that do not tell what was learnt from.
    ///
    /// # Errors
    /// The first thing that is not there.
    pub(super) fn check(&self, books: &Books) -> Result<(), BehaviourError> {
        match self.layout.lacking(&Layout::of(books)) {
            Some(what) => Err(BehaviourError::Lacking { what }),
            None => Ok(()),
        }
    }
}

struct List(Vec<Feature>);

impl List {
    fn push(&mut self, name: String, role: Role) {
        self.0.push(Feature { name, role });
    }

    fn numbers(&mut self, group: &str, names: &[&str]) {
        names.iter().for_each(|name| self.push(format!("{group}: {name}"), Role::Number));
    }

    fn windows(&mut self, group: &str, role: Role) {
        WINDOWS.iter().for_each(|days| self.push(format!("{group}: last {days} days"), role));
        WINDOWS.iter().for_each(|days| self.push(format!("{group}: trend {days} days"), Role::Number));
    }

    fn shares(&mut self, group: &str, levels: &[String]) {
        let levels = levels.iter().map(String::as_str).chain(["(other)"]);
        levels.for_each(|level| self.push(format!("{group}: share of {level}"), Role::Number));
    }
}

/// The most frequent levels of the training customers' rows up to a day; equal ones by the alphabet.
fn top(stream: &Stream, levels: &Levels, is_train: &[bool], day: Day) -> Vec<String> {
    let mut counts = vec![0u64; levels.texts.len()];
    for (customer, _) in is_train.iter().enumerate().filter(|(_, train)| **train) {
        for level in levels.of.get(stream.until(customer, day)).unwrap_or_default() {
            if let Some(n) = counts.get_mut(*level as usize) {
                *n += 1;
            }
        }
    }
    top_of(counts.into_iter().zip(levels.texts.iter().cloned()).collect())
}

/// The most frequent of levels and their rows.
pub(super) fn top_of(mut levels: Vec<(u64, String)>) -> Vec<String> {
    levels.retain(|(n, _)| *n > 0);
    levels.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    // A level called as the rest is would have the rest's column.
    levels.into_iter().map(|(_, text)| text).filter(|text| text != "(other)").take(TOP).collect()
}

/// For each level of some books, the feature that counts it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    slot: Vec<u32>,
    /// Features, that of all other levels last.
    width: usize,
}

impl Shares {
    fn new(wanted: &[String], levels: Option<&Levels>) -> Self {
        let rest = wanted.len();
        let slot = |text: &String| wanted.iter().position(|level| level == text).unwrap_or(rest);
        let slot = levels.map_or_else(Vec::new, |levels| levels.texts.iter().map(slot).collect::<Vec<_>>());
        Self { slot: slot.into_iter().filter_map(|at| u32::try_from(at).ok()).collect(), width: rest + 1 }
    }

    /// Writes each level's share of the filled rows.
    pub fn write<'a>(&self, levels: impl Iterator<Item = &'a u32>, counts: &mut Vec<f64>, out: &mut Out) {
        counts.clear();
        counts.resize(self.width, 0.0);
        let mut n = 0.0;
        for level in levels.filter(|level| **level != NO_LEVEL) {
            let slot = self.slot.get(*level as usize).map_or(self.width - 1, |slot| *slot as usize);
            if let Some(count) = counts.get_mut(slot) {
                *count += 1.0;
                n += 1.0;
            }
        }
        out.all(counts.iter().map(|count| ratio(*count, n)));
    }
}
