//! Books and days → one row of features per customer and day.

use rayon::prelude::*;

use super::books::{Books, Stream};
use super::fitted::{Feature, FittedBehaviour};
use super::label::{is_asked, label};
use super::orders::{Out, Scratch};
use super::question::{Churn, Day, Question};
use super::{BehaviourError, activity, look_ahead, orders, read::Read};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::split::{self, Side, SplitSpec};

/// Rows that one task computes between two looks at whether the person has cancelled.
const ROWS: usize = 1024;

/// Features of customers on days, typed: one row per customer and cut-off day, in the order of days,
/// then customers.
#[derive(Debug, Clone)]
pub struct Behaviour {
    pub fitted: FittedBehaviour,
    /// The columns: the features that are kept.
    pub features: Vec<Feature>,
    /// The customer of each row, by its number in the books.
    pub customer: Vec<u32>,
    /// The day of each row, in days since 1970: everything up to its end is known.
    pub cut_off: Vec<Day>,
    /// Whether the customer was lost after it; `None` where nobody can tell yet.
    pub label: Vec<Option<bool>>,
    /// The side of each row, as `split::assign_customers` gives it.
    pub side: Vec<Side>,
    /// Row after row, one value per feature; not a number where there is none.
    pub(super) values: Vec<f64>,
}

impl Behaviour {
    /// Rows.
    pub fn height(&self) -> usize {
        self.customer.len()
    }

    /// A feature's values, one a row; not a number where there is none.
    pub fn column(&self, at: usize) -> impl Iterator<Item = f64> + '_ {
        let width = self.features.len().max(1);
        self.values.chunks_exact(width).map(move |row| row.get(at).copied().unwrap_or(f64::NAN))
    }

    /// A feature's values by its name.
    pub fn named(&self, name: &str) -> Option<Vec<f64>> {
        let at = self.features.iter().position(|feature| feature.name == name)?;
        Some(self.column(at).collect())
    }

    /// Leaves out features that do not vary among the training rows, and tells of them and of `silent`
    /// customers.
    pub(super) fn settle(&mut self, silent: usize) -> Vec<Note> {
        let varying: Vec<usize> = (0..self.features.len())
            .filter(|at| {
                let train = self.column(*at).zip(&self.side).filter(|(_, s)| **s == Side::Train);
                let mut values = train.map(|(value, _)| value).filter(|value| !value.is_nan());
                values.next().is_some_and(|first| values.any(|value| value != first))
            })
            .collect();
        let left_out = self.features.len() - varying.len();
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push(Note::new("behaviour_constant").with("count", left_out));
        }
        if silent > 0 {
            let days = self.fitted.question.look_back_days;
            notes.push(Note::new("behaviour_silent").with("count", silent).with("days", days));
        }
        self.keep(&varying);
        self.fitted.kept = self.features.iter().map(|feature| feature.name.clone()).collect();
        notes
    }

    /// Leaves out features that the model does not know, and puts the others in its order.
    pub(super) fn keep_fitted(&mut self) {
        let place = |name: &String| self.features.iter().position(|feature| feature.name == *name);
        let places: Vec<usize> = self.fitted.kept.iter().filter_map(place).collect();
        self.keep(&places);
    }

    /// Leaves out all features but those at `places`.
    fn keep(&mut self, places: &[usize]) {
        let width = self.features.len().max(1);
        let rows = self.values.chunks_exact(width);
        self.values = rows.flat_map(|row| places.iter().filter_map(|at| row.get(*at).copied())).collect();
        self.features = places.iter().filter_map(|at| self.features.get(*at).cloned()).collect();
    }
}

/// Labels that a column of the customers' table gives, by customer.
pub type ColumnLabels<'a> = Option<&'a [Option<bool>]>;

/// Builds the rows that a model learns from and those of the books' last day, which it is to answer.
///
/// The days are [`Question::days`]; labels come from what happened after each, or from `column` where
/// the question says so. What is fitted (levels, which features vary) is fitted on the rows of
/// training customers, as `split` and `seed` give them. Every feature is checked for looking ahead.
///
/// # Errors
/// Books that are too short; a feature that looks ahead; nobody to ask about; the person cancels.
pub fn learn(
    read: &Read,
    question: &Question,
    column: ColumnLabels,
    (split, seed): (&SplitSpec, u64),
    report: &Reporter,
) -> crate::Result<(Behaviour, Vec<Note>)> {
    report.emit(Event::Phase("features"));
    let question = question.clone().sane();
    let books = &read.books;
    let first = books.first_day().ok_or(BehaviourError::NoPurchases)?;
    let days = question.days(first, books.last_day())?;
    let newest = days.last().copied().unwrap_or(first);
    let mut asked = who(books, &question, &days);
    let labels: Vec<Option<bool>> = asked
        .iter()
        .map(|(customer, day)| match (&question.churn, column) {
            (Churn::Column, Some(column)) => column.get(*customer as usize).copied().flatten(),
            _ => label(books, &question, *customer as usize, *day),
        })
        .collect();
    if labels.iter().flatten().count() == 0 {
        return Err(BehaviourError::Nobody { days: question.look_back_days }.into());
    }
    let silent = silent(books, &question, books.last_day());
    asked.extend(who(books, &question, &[books.last_day()]));
    let label: Vec<Option<bool>> =
        labels.into_iter().chain(std::iter::repeat(None)).take(asked.len()).collect();
    let (customer, cut_off): (Vec<u32>, Vec<Day>) = asked.into_iter().unzip();
    let groups: Vec<u64> = customer.iter().map(|customer| u64::from(*customer)).collect();
    let side = split::assign_customers(split, &label, &groups, &cut_off, seed);
    let mut is_train = vec![false; books.customers];
    for (customer, _) in customer.iter().zip(&side).filter(|(_, side)| **side == Side::Train) {
        if let Some(train) = is_train.get_mut(*customer as usize) {
            *train = true;
        }
    }
    report.progress(0.1);

    let mut fitted = FittedBehaviour::fit(&question, books, &is_train, newest);
    fitted.first_asked = days.first().copied().unwrap_or(newest);
    fitted.columns = Some(read.columns.clone());
    fitted.learnt_until = newest.saturating_add(question.horizon());
    look_ahead::check(books, &fitted, &days, report)?;
    report.progress(0.3);
    let features = fitted.features();
    let values = values(books, &fitted, &customer, &cut_off, report)?;
    let mut behaviour = Behaviour { fitted, features, customer, cut_off, label, side, values };
    let mut notes = read.notes.clone();
    notes.extend(behaviour.settle(silent));
    report.progress(1.0);
    Ok((behaviour, notes))
}

/// The features of all who are asked about on `day`, as `fitted` says. Labels are given where the books
/// go on for long enough and the question is answered by purchases.
///
/// # Errors
/// Books that lack what was learnt from, a day outside them, nobody to ask about, the person cancels.
pub fn apply(read: &Read, fitted: &FittedBehaviour, day: Day, report: &Reporter) -> crate::Result<Behaviour> {
    let books = &read.books;
    fitted.check(books)?;
    within(books, day)?;
    let question = &fitted.question;
    let (customer, cut_off): (Vec<u32>, Vec<Day>) = who(books, question, &[day]).into_iter().unzip();
    if customer.is_empty() {
        return Err(BehaviourError::Nobody { days: question.look_back_days }.into());
    }
    let values = values(books, fitted, &customer, &cut_off, report)?;
    let label = match question.churn {
        Churn::Column => vec![None; customer.len()],
        _ => customer.iter().map(|customer| label(books, question, *customer as usize, day)).collect(),
    };
    let side = vec![Side::Unlabelled; customer.len()];
    let (fitted, features) = (fitted.clone(), fitted.features());
    let mut behaviour = Behaviour { fitted, features, customer, cut_off, label, side, values };
    behaviour.keep_fitted();
    Ok(behaviour)
}

/// Refuses a day before the first purchase or after the last day of the books.
///
/// # Errors
/// Such a day.
pub fn within(books: &Books, day: Day) -> Result<(), BehaviourError> {
    let first = books.first_day().ok_or(BehaviourError::NoPurchases)?;
    between(day, first, books.last_day())
}

/// Refuses a day before `first` or after `last`.
///
/// # Errors
/// Such a day.
pub(super) fn between(day: Day, first: Day, last: Day) -> Result<(), BehaviourError> {
    use super::question::to_date;
    if day < first {
        return Err(BehaviourError::BeforeBegin { day: to_date(day), first: to_date(first) });
    }
    if day > last {
        return Err(BehaviourError::AfterEnd { day: to_date(day), last: to_date(last) });
    }
    Ok(())
}

/// The customers that are asked about on each day.
fn who(books: &Books, question: &Question, days: &[Day]) -> Vec<(u32, Day)> {
    let mut out = Vec::new();
    for day in days {
        let asked = (0..books.customers).filter(|customer| is_asked(books, question, *customer, *day));
        out.extend(asked.filter_map(|customer| Some((u32::try_from(customer).ok()?, *day))));
    }
    out
}

/// Customers who bought at some time, but not within the look-back window before `day`.
fn silent(books: &Books, question: &Question, day: Day) -> usize {
    let far = |last: &Day| day.saturating_sub(*last) >= question.look_back();
    (0..books.customers).filter(|customer| books.purchase_days(*customer).last().is_some_and(far)).count()
}

/// Computes every feature of every row.
pub(super) fn values(
    books: &Books,
    fitted: &FittedBehaviour,
    customer: &[u32],
    cut_off: &[Day],
    report: &Reporter,
) -> crate::Result<Vec<f64>> {
    let width = fitted.features().len().max(1);
    let [categories, channels, kinds] = fitted.shares(books);
    let layout = &fitted.layout;
    let first = |stream: &Option<Stream>| match books.have_begun {
        true => Some(Day::MIN),
        false => stream.as_ref().and_then(Stream::first_day),
    };
    let (events_from, feedback_from) = (first(&books.events), first(&books.feedback));
    let mut values = vec![f64::NAN; width * customer.len()];
    values.par_chunks_mut(width * ROWS).enumerate().try_for_each_init(
        Scratch::default,
        |scratch, (part, block)| {
            report.check()?;
            for (n, row) in block.chunks_exact_mut(width).enumerate() {
                let at = part * ROWS + n;
                let (Some(customer), Some(day)) = (customer.get(at), cut_off.get(at)) else { continue };
                let (customer, day) = (*customer as usize, *day);
                let mut out = Out { values: row, at: 0 };
                orders::sales(books, layout, customer, day, scratch, &mut out);
                let shares = [&categories, &channels];
                orders::baskets(books, layout, shares, customer, day, scratch, &mut out);
                if let Some(stream) = &books.events {
                    let who = (customer, day);
                    activity::events(stream, (layout, &kinds), events_from, who, scratch, &mut out);
                }
                if let Some(stream) = &books.feedback {
                    activity::feedback(stream, layout, feedback_from, (customer, day), &mut out);
                }
            }
            Ok::<(), crate::job::Cancelled>(())
        },
    )?;
    Ok(values)
}
