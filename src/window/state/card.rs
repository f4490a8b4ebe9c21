//! The jobs and results of one part of the window: one customer looked at closely. What can be asked
//! about is made once for a list; who was alike and the nearest change are found for each customer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::deploy::{Customer, DeployError};
use regulars_engine::evaluate::{Asked, Ground, Nearest};
use regulars_engine::files;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Alike, CardSpec};

use super::{State, ended_of};
use crate::report::customer;
use crate::window::notice::Told;
use crate::words::{Lang, segment_name};

/// Seconds from which a job is told of: a customer takes less.
const WORTH_A_WORD: f64 = 0.5;

/// A customer of a list: the list's number, the row.
type Who = (u64, u32);

/// What the nearest change depends on.
#[derive(Debug, Clone, PartialEq)]
struct Turning {
    who: Who,
    threshold: f64,
    said: BTreeMap<String, bool>,
}

/// A customer looked at closely.
#[derive(Default)]
struct Look {
    /// `None` where the model knows no values to ask about.
    ground: Option<Arc<Ground>>,
    asked: Option<Arc<Asked>>,
    alike: Vec<Alike>,
}

type Looking = Job<Result<Look, Error>>;
type Searching = Job<Result<Nearest, Error>>;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Card {
    ground: Option<(u64, Arc<Ground>)>,
    look: Option<(Who, Look)>,
    looking: Option<(Who, Looking)>,
    nearest: Option<(Turning, Option<Nearest>)>,
    searching: Option<(Turning, Searching)>,
    /// The person stopped it: it starts again with another customer.
    stopped: Option<Who>,
}

impl Card {
    /// What can be asked about the customer of the present look.
    pub fn ground(&self) -> Option<&Arc<Ground>> {
        self.look.as_ref().and_then(|(_, look)| look.ground.as_ref())
    }

    /// The row that is asked about.
    pub fn asked(&self) -> Option<&Arc<Asked>> {
        self.look.as_ref().and_then(|(_, look)| look.asked.as_ref())
    }

    /// The customers that are most like the present one.
    pub fn alike(&self) -> &[Alike] {
        self.look.as_ref().map_or(&[], |(_, look)| &look.alike)
    }

    /// The nearest change; `None` until it is found.
    pub fn nearest(&self) -> Option<&Nearest> {
        self.nearest.as_ref().and_then(|(_, found)| found.as_ref())
    }

    /// True once the present customer has been looked at; the nearest change may still be searched.
    pub fn is_of(&self, list: u64, row: u32) -> bool {
        self.look.as_ref().is_some_and(|(who, _)| *who == (list, row))
    }

    /// The done share of the search for the nearest change.
    pub fn searching(&self) -> Option<f64> {
        self.searching.as_ref().map(|(_, job)| job.progress())
    }

    /// True while nothing runs.
    pub fn rests(&self) -> bool {
        self.looking.is_none() && self.searching.is_none()
    }

    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        let who = self.looking.as_ref().map(|(who, _)| *who);
        self.stopped = who.or(self.searching.as_ref().map(|(of, _)| of.who)).or(self.stopped);
        self.looking.iter().for_each(|(_, job)| job.cancel());
        self.searching.iter().for_each(|(_, job)| job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let of =
            |progress: f64, seconds: f64| (seconds > WORTH_A_WORD).then_some(("card", progress, seconds));
        match (&self.looking, &self.searching) {
            (Some((_, job)), _) => of(job.progress(), job.seconds()),
            (_, Some((_, job))) => of(job.progress(), job.seconds()),
            _ => None,
        }
    }
}

impl State {
    /// Looks closely at a customer of the list in force, unless that is done, under way or stopped.
    pub fn follow_card(&mut self, customer: &Customer) {
        let who = (self.list_id, customer.row);
        if self.card.stopped.is_some_and(|stopped| stopped != who) {
            self.card.stopped = None;
        }
        if self.card.stopped == Some(who) {
            return;
        }
        if self.card.is_of(who.0, who.1) {
            self.follow_nearest(who);
            return;
        }
        if self.card.looking.as_ref().is_some_and(|(of, _)| *of == who) {
            return;
        }
        self.card.looking.iter().for_each(|(_, job)| job.cancel());
        let known =
            self.card.ground.as_ref().filter(|(list, _)| *list == who.0).map(|(_, ground)| ground.clone());
        let (standing, customer) = (self.standing(), customer.clone());
        let job = self.start(move |report| {
            let Some((_, origin)) = standing.get() else { return Ok(Look::default()) };
            let ground = known.or_else(|| project::what_if_ground(origin).map(Arc::new));
            report.check()?;
            let asked = match &ground {
                Some(ground) => project::what_if_asked(origin, ground, &customer)?.map(Arc::new),
                None => None,
            };
            let alike = project::alike_customers(origin, &customer, report)?;
            Ok(Look { ground, asked, alike })
        });
        self.card.looking = Some((who, job));
    }

    fn follow_nearest(&mut self, who: Who) {
        let (Some(ground), Some(asked)) = (self.card.ground().cloned(), self.card.asked().cloned()) else {
            return;
        };
        let (threshold, said) = (self.settings.threshold, self.settings.changeable.clone());
        let of = Turning { who, threshold, said };
        let is_known = self.card.nearest.as_ref().is_some_and(|(known, _)| *known == of)
            || self.card.searching.as_ref().is_some_and(|(known, _)| *known == of);
        if is_known {
            return;
        }
        self.card.searching.iter().for_each(|(_, job)| job.cancel());
        let (standing, by) = (self.standing(), of.clone());
        let job = self.start(move |report| {
            // Whoever searches has a customer, so there is a list.
            let Some((_, origin)) = standing.get() else { return Err(Error::Cancelled) };
            project::nearest_change(origin, &ground, &asked, (&by.said, by.threshold), report)
        });
        self.card.searching = Some((of, job));
    }

    /// The probability of the customer that is looked at with some cells changed: column, text. One row
    /// takes a few milliseconds.
    pub fn what_if(&self, changes: &[(&str, &str)]) -> Option<f64> {
        let (ground, asked) = (self.card.ground()?, self.card.asked()?);
        project::what_if(self.origin()?, ground, asked, changes).ok().filter(|p| p.is_finite())
    }

    /// Writes the card of the customer at a place of the list in force, as a page to print.
    pub fn export_card(&mut self, lang: Lang, place: usize, masked: bool, path: PathBuf) {
        let Some(customer) = self.list().and_then(|list| list.get(place)).cloned() else { return };
        let known = self.card.ground.as_ref().filter(|(list, _)| *list == self.list_id);
        let (standing, known) = (self.standing(), known.map(|(_, ground)| ground.clone()));
        let (threshold, said) = (self.settings.threshold, self.settings.changeable.clone());
        let follow_up = self.follow_ups.get(&customer.id).filter(|_| customer.named).cloned();
        let segments = self.segments.clone().filter(|_| self.month.is_none());
        let worth = self.worth_of(&customer.id).filter(|_| customer.named);
        let (currency, days) = (self.settings.money.currency.clone(), self.settings.value.horizon_days);
        self.write = Some(self.start(move |report| {
            let Some((_, origin)) = standing.get() else {
                return Ok(Told::Key("notice.nothing", Vec::new()));
            };
            let ground = known.or_else(|| project::what_if_ground(origin).map(Arc::new));
            let follow_up = follow_up.unwrap_or_default();
            let spec = CardSpec { masked, threshold, changeable: &said, follow_up };
            let card = project::customer_card(origin, ground.as_deref(), &customer, spec, report)?;
            let segment = customer.segment.and_then(|at| segments.as_ref()?.segments.get(at).cloned());
            let also = |lang: Lang| {
                let name = segment.as_ref().map(|segment| segment_name(lang, segment));
                let segment = name.map(|name| (lang.t("customers.segment"), name));
                let days = [("days", days.to_string())];
                let worth = worth.map(|money| {
                    (lang.with("joined.worth_in", &days), crate::words::money::amount(lang, &currency, money))
                });
                segment.into_iter().chain(worth).collect()
            };
            let html = customer::html(lang, &card, &also);
            files::write_atomically(&path, |out| out.write_all(html.as_bytes()))
                .map_err(|cause| DeployError::Write { file: path.clone(), cause })?;
            Ok(Told::Key("notice.wrote", vec![("file", path.display().to_string())]))
        }));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_card(&mut self) {
        if let Some((who, news)) = ended_of(&mut self.card.looking) {
            if let Some(look) = self.settle(Some(news)) {
                self.card.ground = look.ground.clone().map(|ground| (who.0, ground));
                self.card.look = Some((who, look));
                self.card.nearest = None;
            } else {
                // What failed or was stopped would do so again.
                self.card.stopped = Some(who);
            }
        }
        if let Some((of, news)) = ended_of(&mut self.card.searching) {
            let found = self.settle(Some(news));
            self.card.nearest = Some((of, found));
        }
    }
}
