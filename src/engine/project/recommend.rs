//! What to offer next: events of what was collected, the leaderboard, and a model that is ready to answer.

mod campaign;
mod facts;
mod flat;
mod fresh;
mod offers;
#[cfg(test)]
mod page_tests;
mod sides;
#[cfg(test)]
mod tests;

use super::asked::{self, Opened};
use super::{Collected, Settings};
use crate::job::Reporter;
use crate::note::Note;
use crate::recommend::{
    self, Choice, Histories, HouseRules, Interactions, Matrix, Model, Offer, Protocol, Reason,
    RecommendError, RecommendSpec, Row, RuleCost, Seen, Sides, Task, Wanted,
};

pub use campaign::{Campaign, CampaignLine, CampaignSpec};
pub use fresh::NewCampaign;

/// Customers, each with what is offered to it.
pub type Lists = Vec<(usize, Vec<Offer>)>;
/// A customer, where it is one, and the products that it has.
type Whose<'a> = (Option<usize>, &'a [u32]);

/// From this share of repeated purchases on, what was taken before is proposed again.
pub const REPEATS: f64 = 0.2;

/// What was found.
#[derive(Debug, Clone)]
pub struct Recommended {
    pub spec: RecommendSpec,
    /// How it was asked: without dates it is [`Protocol::LeaveLastOut`].
    pub protocol: Protocol,
    pub all: Interactions,
    pub sides: Sides,
    /// Cases and training part of the test.
    pub task: Task,
    /// What was taken before may be offered.
    pub seen_in: bool,
    /// Share of the events of the training part in which a customer took a product again.
    pub repeat_rate: f64,
    pub choice: Choice,
    /// The chosen model, fitted on all events: this one answers.
    pub model: Model,
    pub costs: Vec<RuleCost>,
    pub notes: Vec<Note>,
}

/// One offer to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    pub item: u32,
    pub score: f32,
    /// What speaks for it, the heaviest first.
    pub reasons: Vec<Reason>,
}

/// The events of what was collected.
///
/// # Errors
/// No table names customers and products; a column that is not there; as the books are read.
pub fn interactions(
    collected: &Collected,
    settings: &Settings,
    spec: &RecommendSpec,
    report: &Reporter,
) -> crate::Result<(Interactions, Sides)> {
    let data = &*collected.dataset;
    let is_named = spec.customer.is_some() || spec.product.is_some() || spec.time.is_some();
    if !is_named && data.tables.len() > 1 && asked::could_ask(collected) {
        let opened = Opened::new(collected, settings, None, report)?;
        if let Some(mut all) = of_books(&opened)? {
            all.notes.extend(opened.read.notes.iter().cloned());
            let all = sides::titled(data, all);
            let sides = sides::of(data, &all);
            return Ok((all, sides));
        }
    }
    let all = sides::titled(data, flat::read(data, spec, report)?);
    let sides = sides::of(data, &all);
    Ok((all, sides))
}

/// The events of books; `None` where they name no products.
fn of_books(opened: &Opened) -> crate::Result<Option<Interactions>> {
    let books = &opened.read.books;
    let stream = books.basket();
    let Some(product) = &stream.product else { return Ok(None) };
    let (base, key) = opened.base()?;
    let names = base.text(&key.name);
    let name = |customer: usize| {
        let row = opened.read.first_rows.get(customer).map(|row| *row as usize);
        let name = row.and_then(|row| names?.get(row)).map(str::trim);
        name.map_or_else(|| (customer + 1).to_string(), str::to_owned)
    };
    let has_orders = stream.order.iter().any(|order| *order != 0);
    let number = |list: &Option<Vec<f64>>, row: usize| list.as_ref().and_then(|list| list.get(row)).copied();
    let mut rows = Vec::with_capacity(stream.len());
    for customer in 0..books.customers {
        for row in stream.of(customer).filter(|row| stream.is_purchase(*row)) {
            let (Some(item), Some(time), Some(day)) =
                (product.of.get(row), stream.time.get(row), stream.day.get(row))
            else {
                continue;
            };
            // Without order numbers what is bought on one day is one basket.
            let basket = match has_orders {
                true => stream.order.get(row).copied().unwrap_or_default(),
                false => day.cast_unsigned(),
            };
            rows.push(Row {
                customer: customer as u32,
                item: *item,
                time: *time,
                basket,
                quantity: number(&stream.quantity, row).map_or(1.0, |pieces| pieces as f32),
                money: number(&stream.amount, row).map_or(f32::NAN, |money| money as f32),
            });
        }
    }
    let customers = (0..books.customers).map(name).collect();
    Ok(Some(Interactions::new(customers, product.texts.to_vec(), &rows, true)))
}

/// Asks and answers: which model, how good, what the rules cost; and a model of all events.
///
/// # Errors
/// As [`interactions`]; nothing to choose from, nobody to ask about; the person cancels.
pub fn recommend_of(
    collected: &Collected,
    settings: &Settings,
    spec: &RecommendSpec,
    report: &Reporter,
) -> crate::Result<Recommended> {
    let (all, sides) = interactions(collected, settings, spec, &report.part(0.0, 0.1))?;
    recommend(all, sides, spec, settings.seed, &report.part(0.1, 0.9))
}

/// [`recommend_of`] for events that were read already.
///
/// # Errors
/// As [`recommend_of`].
pub fn recommend(
    all: Interactions,
    sides: Sides,
    spec: &RecommendSpec,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Recommended> {
    let mut notes = all.notes.clone();
    let protocol = match (spec.protocol, all.dated) {
        (Protocol::TimeSplit, false) => {
            notes.push(Note::new("recommend_undated"));
            Protocol::LeaveLastOut
        }
        (protocol, _) => protocol,
    };
    let task = Task::new(&all, protocol, spec.cut_off)?;
    if task.unknown > 0 {
        notes.push(Note::new("recommend_unknown").with("count", task.unknown));
    }
    let repeat_rate = all.repeat_rate(task.until());
    let seen_in = match spec.seen {
        Seen::In => true,
        Seen::Out => false,
        Seen::Auto => repeat_rate >= REPEATS,
    };
    if spec.seen == Seen::Auto {
        let code = if seen_in { "recommend_seen_in" } else { "recommend_seen_out" };
        let share = format!("{:.0}%", repeat_rate * 100.0);
        notes.push(match code {
            "recommend_seen_in" => Note::new("recommend_seen_in").with("share", share),
            _ => Note::new("recommend_seen_out").with("share", share),
        });
    }
    let choice = {
        let wanted = Wanted { kinds: &spec.kinds, seen_in, network: spec.network };
        recommend::choose_with(&task, &wanted, seed, &report.part(0.0, 0.85))?
    };
    let wanted = choice.candidates.iter().find(|one| match spec.kinds.as_slice() {
        [only] => one.kind == *only,
        _ => true,
    });
    let best = wanted.or(choice.best()).ok_or(RecommendError::OneCustomer)?;
    notes.extend(choice.notes.iter().cloned());
    let popular = popularity(&task.train);
    let ask = (seen_in, popular.as_slice(), &sides);
    let costs = spec.house.costs(best.fitted.model(), (&task.train, &task.cases), ask, report)?;
    let full = everything(&all);
    let fitted =
        recommend::fit(best.kind, &best.params, (&full, &Matrix::new(&full)), seed, &report.part(0.9, 0.1))?;
    let lists = (all.items.clone(), popularity(&full));
    let model = Model::new((best.kind, best.params), lists, seen_in, fitted)?;
    let mut found = Recommended {
        spec: spec.clone(),
        protocol,
        all,
        sides,
        task,
        seen_in,
        repeat_rate,
        choice,
        model,
        costs,
        notes,
    };
    found.tell_small();
    report.progress(1.0);
    Ok(found)
}

fn popularity(histories: &Histories) -> Vec<f32> {
    recommend::Popularity::overall(histories).scores().to_vec()
}

fn everything(all: &Interactions) -> Histories {
    let mut out = Histories::over(all.items.len());
    for customer in 0..all.customers.len() {
        out.push(all.of(customer).iter().map(|event| (event.item, event.time, event.basket)));
    }
    out
}

impl Recommended {
    /// The candidate of the leaderboard that answers.
    pub fn taken(&self) -> Option<&recommend::Candidate> {
        self.choice.candidates.iter().find(|one| one.kind == self.model.kind)
    }

    /// A customer's products, oldest first.
    pub fn history(&self, customer: usize) -> Vec<u32> {
        self.all.of(customer).iter().map(|event| event.item).collect()
    }

    fn list(&self, house: &HouseRules, (customer, history): Whose<'_>, n: usize) -> Vec<Offer> {
        let mut scores = self.model.scores(history);
        let second = self.model.popularity.as_slice();
        house.list(&self.sides, (customer, history), (&mut scores, second), n)
    }

    /// What to offer a customer, by the rules of the house, with reasons.
    pub fn offers(&self, customer: usize, n: usize) -> Vec<Offered> {
        self.explained(&self.spec.house, (Some(customer), &self.history(customer)), n)
    }

    /// The same for a basket that somebody puts together.
    pub fn what_if(&self, basket: &[u32], n: usize) -> Vec<Offered> {
        self.explained(&self.spec.house, (None, basket), n)
    }

    fn explained(&self, house: &HouseRules, (customer, history): Whose<'_>, n: usize) -> Vec<Offered> {
        let list = self.list(house, (customer, history), n);
        let wanted: Vec<u32> = list.iter().map(|offer| offer.item).collect();
        let reasons = self.model.because_each(history, &wanted);
        let with = |(offer, reasons): (Offer, _)| Offered { item: offer.item, score: offer.score, reasons };
        list.into_iter().zip(reasons).map(with).collect()
    }

    /// What to offer every customer of whom something is known: customer and the first `n`.
    ///
    /// # Errors
    /// The person cancels.
    pub fn lists(&self, n: usize, report: &Reporter) -> crate::Result<Lists> {
        self.lists_by(&self.spec.house, n, report)
    }

    /// [`Self::lists`] by other rules of the house than those that were asked with.
    ///
    /// # Errors
    /// The person cancels.
    pub fn lists_by(&self, house: &HouseRules, n: usize, report: &Reporter) -> crate::Result<Lists> {
        use rayon::prelude::*;
        let customers: Vec<usize> =
            (0..self.all.customers.len()).filter(|who| !self.all.of(*who).is_empty()).collect();
        let mut out = Vec::with_capacity(customers.len());
        for (part, some) in customers.chunks(1024).enumerate() {
            report.check()?;
            let of = |who: &usize| (*who, self.list(house, (Some(*who), &self.history(*who)), n));
            out.extend(some.par_iter().map(of).collect::<Vec<_>>());
            report.progress(((part + 1) * 1024) as f64 / customers.len() as f64);
        }
        Ok(out)
    }

    /// Who would want a product: the customers in whose first `within` it is, by its place there.
    ///
    /// # Errors
    /// The person cancels.
    pub fn who_would_want(
        &self,
        item: u32,
        within: usize,
        report: &Reporter,
    ) -> crate::Result<Vec<(usize, usize)>> {
        let place = |(who, list): (usize, Vec<Offer>)| {
            Some((who, list.iter().position(|offer| offer.item == item)? + 1))
        };
        let mut out: Vec<_> = self.lists(within, report)?.into_iter().filter_map(place).collect();
        out.sort_by_key(|(who, place)| (*place, *who));
        Ok(out)
    }
}
