//! What calling gains, and who can be called: each made on a thread of its own.

use std::sync::Arc;

use regulars_engine::deploy::FollowUps;
use regulars_engine::evaluate::money::{Book, Called, MoneySpec};
use regulars_engine::job::Job;
use regulars_engine::project::{self, Gains, Outcome, Prepared};

use super::keyed::Keyed;
use super::{State, ended_of};

/// What gains were measured for.
#[derive(Clone)]
struct Of {
    outcome: Arc<Outcome>,
    spec: MoneySpec,
    book: Arc<Book>,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        let figures = |of: &Self| (of.spec.value, of.spec.cost, of.spec.accept, of.spec.limit);
        Arc::ptr_eq(&self.outcome, &other.outcome)
            && Arc::ptr_eq(&self.book, &other.book)
            && figures(self) == figures(other)
    }
}

/// What a book was made of: the list, and what was done about whom.
type OfBook = (u64, Arc<FollowUps>);
/// Columns of money and their means.
type Worths = Vec<(String, f64)>;

/// What was found, and its jobs.
#[derive(Default)]
pub struct Money {
    /// What was stopped starts again with other figures.
    gains: Keyed<Of, Gains>,
    book: Option<(OfBook, Arc<Book>)>,
    booking: Option<(OfBook, Job<Book>)>,
    worths: Option<(Arc<Prepared>, Arc<Worths>)>,
    weighing: Option<(Arc<Prepared>, Job<Worths>)>,
}

impl Money {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.gains.cancel();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.gains.job("money")
    }

    /// True if the person stopped it or it failed, and nothing runs.
    pub fn is_stopped(&self) -> bool {
        self.gains.is_resting()
    }

    /// Measures again what was stopped.
    pub fn resume(&mut self) {
        self.gains.resume();
    }

    /// What calling gains; of older figures while the present ones are measured.
    pub fn gains(&self) -> Option<&Arc<Gains>> {
        self.gains.last()
    }

    /// Who can be called, of the list in force.
    pub fn book(&self, list: u64) -> Option<&Arc<Book>> {
        self.book.as_ref().filter(|((of, _), _)| *of == list).map(|(_, book)| book)
    }

    /// Columns of money with the mean of their training rows.
    pub fn worths(&self) -> &[(String, f64)] {
        self.worths.as_ref().map_or(&[], |(_, worths)| worths)
    }
}

impl State {
    /// Measures what calling gains, unless that is done, under way or stopped.
    pub fn follow_money(&mut self) {
        self.follow_book();
        let book = self.money.book(self.list_id).cloned();
        let (Some(outcome), Some(book)) = (self.shown().cloned(), book) else { return };
        if let Some(rows) = self.trained_on.clone() {
            let is_of = |of: &Arc<Prepared>| Arc::ptr_eq(of, &rows);
            let known = self.money.worths.as_ref().is_some_and(|(of, _)| is_of(of))
                || self.money.weighing.as_ref().is_some_and(|(of, _)| is_of(of));
            if !known {
                let work = rows.clone();
                self.money.weighing = Some((rows, self.start(move |_| project::worths(&work))));
            }
        }
        let spec = MoneySpec { say: Default::default(), ..self.settings.money.clone() };
        let of = Of { outcome, spec, book };
        let (work, seed) = (of.clone(), self.settings.seed);
        self.money.gains.follow(of, &self.ctx, move |report| {
            project::gains(&work.spec, &work.outcome, &work.book, seed, report)
        });
    }

    /// Makes the book of the list in force, unless it is there or under way.
    pub fn follow_book(&mut self) {
        if self.list().is_none() {
            return;
        }
        let is_present = |of: &OfBook| of.0 == self.list_id && Arc::ptr_eq(&of.1, &self.follow_ups);
        let known = self.money.book.as_ref().is_some_and(|(of, _)| is_present(of))
            || self.money.booking.as_ref().is_some_and(|(of, _)| is_present(of));
        if known {
            return;
        }
        let (standing, follow_ups) = (self.standing(), self.follow_ups.clone());
        let of = (self.list_id, follow_ups.clone());
        let job = self.start(move |_| match standing.get() {
            Some((list, _)) => project::call_book(list, &follow_ups),
            None => Book::default(),
        });
        self.money.booking = Some((of, job));
    }

    /// Whom the present threshold and limit say to call, with what that comes to.
    pub fn today(&self) -> Option<(Arc<Book>, Called)> {
        let book = self.money.book(self.list_id)?.clone();
        let called = book.called(&self.settings.money, self.settings.threshold);
        Some((book, called))
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_money(&mut self) {
        let end = self.money.gains.poll();
        self.ended_with(end);
        if let Some((of, Some(book))) = ended_of(&mut self.money.booking) {
            self.money.book = Some((of, Arc::new(book)));
        }
        if let Some((of, Some(worths))) = ended_of(&mut self.money.weighing) {
            self.money.worths = Some((of, Arc::new(worths)));
        }
    }
}
