//! From statements to rows: what is known first, who is asked about, which levels have a share of their own,
//! and then the features, a day at a time.

use std::collections::HashMap;

use super::shop::Shop;
use super::statement::{Facts, Writer};
use super::{Asking, Dialect, PushError, Pushed, Statement, layout, left, slip};
use crate::collect::database::Session;
use crate::features::behaviour::BehaviourError;
use crate::features::behaviour::build::{Behaviour, between};
use crate::features::behaviour::fitted::{FittedBehaviour, top_of};
use crate::features::behaviour::question::{Churn, Day, to_date};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::split::{self, Side};

type Row = Vec<Option<String>>;

/// A value and its rows.
pub(super) fn counted(row: &Row) -> Option<(String, u64)> {
    match row.as_slice() {
        [Some(value), Some(n)] => Some((value.clone(), n.parse().ok()?)),
        _ => None,
    }
}

fn number<T: std::str::FromStr>(row: Option<&Row>, at: usize) -> Option<T> {
    row?.get(at)?.as_deref()?.parse().ok()
}

/// The rows of a day as they came.
struct Came {
    customer: Vec<u32>,
    cut_off: Vec<Day>,
    label: Vec<Option<bool>>,
    values: Vec<f64>,
}

impl Came {
    fn new() -> Self {
        Self { customer: Vec::new(), cut_off: Vec::new(), label: Vec::new(), values: Vec::new() }
    }

    /// Adds a day's rows in the order of the customers.
    fn add(
        &mut self,
        session: &mut Session,
        sql: &str,
        (day, labelled, width): (Day, bool, usize),
        places: &HashMap<String, u32>,
    ) -> crate::Result<()> {
        let wrong = |what| PushError::Answer { what };
        let frame = session.frame(sql)?;
        let [keys, lost, features @ ..] = frame.columns() else { return Ok(()) };
        if features.len() != width {
            return Err(wrong("another number of features").into());
        }
        let mut order = Vec::with_capacity(frame.height());
        for (row, key) in session.text(keys)?.iter().enumerate() {
            let key = key.ok_or_else(|| wrong("a row without a customer"))?;
            order.push((*places.get(key).ok_or_else(|| wrong("a customer that was not there"))?, row));
        }
        order.sort_unstable();
        let lost = session.text(lost)?.rechunk();
        for (place, row) in &order {
            let lost = match lost.get(*row) {
                Some("1") => Some(true),
                Some("0") => Some(false),
                _ => None,
            };
            if labelled && lost.is_none() {
                return Err(wrong("a row without an answer").into());
            }
            self.customer.push(*place);
            self.cut_off.push(day);
            self.label.push(lost);
        }
        let from = self.values.len();
        self.values.resize(from + order.len() * width, f64::NAN);
        for (at, feature) in features.iter().enumerate() {
            let text = session.text(feature)?.rechunk();
            let rows = self.values.get_mut(from..).unwrap_or_default().chunks_exact_mut(width);
            for (values, (_, row)) in rows.zip(&order) {
                if let (Some(value), Some(cell)) = (values.get_mut(at), text.get(*row)) {
                    *value = cell.parse().map_err(|_| wrong("a feature that is no number"))?;
                }
            }
        }
        Ok(())
    }

    fn sides(&self, asking: &Asking) -> Vec<Side> {
        let groups: Vec<u64> = self.customer.iter().map(|customer| u64::from(*customer)).collect();
        split::assign_customers(&asking.split, &self.label, &groups, &self.cut_off, asking.seed)
    }
}

/// Asks the statements one after the other.
pub(super) fn gather(
    session: &mut Session,
    shop: &Shop,
    asking: &Asking,
    report: &Reporter,
) -> crate::Result<Pushed> {
    report.emit(Event::Phase("books"));
    let question = asking.question.clone().sane();
    if question.churn == Churn::Column {
        return Err(PushError::ByColumn.into());
    }
    let writer = Writer { dialect: Dialect::Postgresql, shop };
    let mut notes = Vec::new();
    let facts = facts(session, &writer, asking.until, &mut notes)?;
    report.progress(0.2);
    let days = question.days(facts.first, facts.last)?;
    let newest = days.last().copied().unwrap_or(facts.first);
    let silent = session.read(&writer.silent(facts.last, &question))?;
    let silent: usize = number(silent.rows.first(), 0).unwrap_or_default();
    let (keys, places) = customers(session, &writer)?;
    report.progress(0.3);

    report.emit(Event::Phase("features"));
    let all: Vec<(Day, bool)> = days.iter().map(|day| (*day, true)).chain([(facts.last, false)]).collect();
    let mut fitted = FittedBehaviour {
        question: question.clone(),
        layout: layout(shop, &facts),
        categories: Vec::new(),
        channels: Vec::new(),
        event_kinds: Vec::new(),
        kept: Vec::new(),
        learnt_until: newest.saturating_add(question.horizon()),
        first_asked: days.first().copied().unwrap_or(newest),
        columns: Some(shop.columns.clone()),
    };
    let layout = &fitted.layout;
    if layout.category || layout.channel || layout.event_kind {
        // Levels are those of training customers, so who they are must be known first.
        let mut came = Came::new();
        for (day, labelled) in &all {
            let sql = writer.rows_of_day(&question, None, (*day, facts.last, *labelled));
            came.add(session, &sql, (*day, *labelled, 0), &places)?;
        }
        let learners = learners(&came, asking, &keys);
        let mut top = |column: &str, events: bool| -> crate::Result<Vec<String>> {
            let answer = session.read(&writer.top(column, events, &learners, newest))?;
            Ok(top_of(answer.rows.iter().filter_map(counted).map(|(text, n)| (n, text)).collect()))
        };
        let categories = if layout.category { top("category", false)? } else { Vec::new() };
        let channels = if layout.channel { top("channel", false)? } else { Vec::new() };
        let event_kinds = if layout.event_kind { top("kind", true)? } else { Vec::new() };
        (fitted.categories, fitted.channels, fitted.event_kinds) = (categories, channels, event_kinds);
    }
    report.progress(0.5);

    let features = fitted.features();
    let mut statements = Vec::with_capacity(all.len());
    let mut came = Came::new();
    for (at, (day, labelled)) in all.iter().enumerate() {
        let sql = writer.rows_of_day(&question, Some((&fitted, &facts)), (*day, facts.last, *labelled));
        if !asking.only_sql {
            came.add(session, &sql, (*day, *labelled, features.len()), &places)?;
        }
        statements.push(Statement { day: *day, sql });
        report.progress(0.5 + 0.5 * (at + 1) as f64 / all.len() as f64);
    }
    if came.label.iter().flatten().count() == 0 && !asking.only_sql {
        return Err(BehaviourError::Nobody { days: question.look_back_days }.into());
    }
    let side = came.sides(asking);
    let Came { customer, cut_off, label, values } = came;
    let mut behaviour = Behaviour { fitted, features, customer, cut_off, label, side, values };
    if !asking.only_sql {
        notes.extend(behaviour.settle(silent));
    }
    Ok(Pushed {
        behaviour,
        keys,
        key: shop.key.clone(),
        name: shop.sales.rows.table.name.clone(),
        facts,
        notes,
        left: left(shop),
        statements,
        rows: session.rows,
        bytes: session.bytes,
    })
}

/// Has the features of all who are asked about on a day worked out, as `fitted` says; on the last day where none
/// is given.
pub(super) fn apply(
    session: &mut Session,
    shop: &Shop,
    (fitted, day): (&FittedBehaviour, Option<Day>),
    report: &Reporter,
) -> crate::Result<Pushed> {
    report.emit(Event::Phase("books"));
    let shop = &shop.kept(fitted)?;
    let question = &fitted.question;
    let writer = Writer { dialect: Dialect::Postgresql, shop };
    let mut notes = Vec::new();
    let facts = facts(session, &writer, None, &mut notes)?;
    if let Some(what) = fitted.layout.lacking(&layout(shop, &facts)) {
        return Err(BehaviourError::Lacking { what }.into());
    }
    let day = day.unwrap_or(facts.last);
    between(day, facts.first, facts.last)?;
    let (keys, places) = customers(session, &writer)?;
    report.progress(0.4);
    report.emit(Event::Phase("features"));
    let until = day.saturating_add(question.horizon());
    let labelled = question.churn != Churn::Column && until <= facts.last;
    let sql = writer.rows_of_day(question, Some((fitted, &facts)), (day, facts.last, labelled));
    let features = fitted.features();
    let mut came = Came::new();
    came.add(session, &sql, (day, labelled, features.len()), &places)?;
    if came.customer.is_empty() {
        return Err(BehaviourError::Nobody { days: question.look_back_days }.into());
    }
    let Came { customer, cut_off, label, values } = came;
    let side = vec![Side::Unlabelled; customer.len()];
    let mut behaviour =
        Behaviour { fitted: fitted.clone(), features, customer, cut_off, label, side, values };
    behaviour.keep_fitted();
    report.progress(1.0);
    Ok(Pushed {
        behaviour,
        keys,
        key: shop.key.clone(),
        name: shop.sales.rows.table.name.clone(),
        facts,
        notes,
        left: left(shop),
        statements: vec![Statement { day, sql }],
        rows: session.rows,
        bytes: session.bytes,
    })
}

/// The keys of the customers in the order in which their table names them, and the number of each.
fn customers(session: &mut Session, writer: &Writer) -> crate::Result<(Vec<String>, HashMap<String, u32>)> {
    let frame = session.frame(&writer.customers())?;
    let keys: Vec<String> = match frame.columns().first() {
        Some(column) => session.text(column)?.iter().flatten().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let number_of = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let places = keys.iter().enumerate().map(|(at, key)| (key.clone(), number_of(at))).collect();
    Ok((keys, places))
}

/// The keys of the customers who are learnt from.
fn learners<'a>(came: &Came, asking: &Asking, keys: &'a [String]) -> Vec<&'a str> {
    let mut learns = vec![false; keys.len()];
    for (customer, _) in came.customer.iter().zip(came.sides(asking)).filter(|(_, s)| *s == Side::Train) {
        if let Some(flag) = learns.get_mut(*customer as usize) {
            *flag = true;
        }
    }
    keys.iter().zip(learns).filter(|(_, learns)| *learns).map(|(key, _)| key.as_str()).collect()
}

/// What is known of the books before the first feature is computed.
fn facts(
    session: &mut Session,
    writer: &Writer,
    until: Option<Day>,
    notes: &mut Vec<Note>,
) -> crate::Result<Facts> {
    let shop = writer.shop;
    let table = shop.sales.rows.table.to_string();
    let days = session.read(&writer.days())?;
    let days: Vec<(Day, u64)> =
        days.rows.iter().filter_map(|row| Some((number(Some(row), 0)?, number(Some(row), 1)?))).collect();
    let (last, slips) = slip::last_day(&days).ok_or(BehaviourError::NoPurchases)?;
    if let Some((count, latest)) = slips {
        let note = Note::new("behaviour_slips").with("table", &table).with("count", count);
        notes.push(note.with("day", to_date(last)).with("latest", to_date(latest)));
    }
    let last = until.map_or(last, |until| until.min(last));
    let told = session.read(&writer.facts(last))?;
    let row = told.rows.first();
    for (at, code) in ["behaviour_nobody", "behaviour_undated"].into_iter().enumerate() {
        let count: u64 = number(row, at).unwrap_or_default();
        if count > 0 {
            notes.push(Note::new(code).with("table", &table).with("count", count));
        }
    }
    if let (Some(sql), Some((_, most))) = (writer.other_currencies(), &shop.sales.currency) {
        let count: u64 = number(session.read(&sql)?.rows.first(), 0).unwrap_or_default();
        if count > 0 {
            let note = Note::new("behaviour_currencies").with("table", &table).with("currency", most);
            notes.push(note.with("count", count));
        }
    }
    let mut first_day = |rows: Option<&super::shop::Dated>| -> crate::Result<Option<Day>> {
        let Some(rows) = rows else { return Ok(None) };
        Ok(number(session.read(&writer.first_day(rows))?.rows.first(), 0))
    };
    Ok(Facts {
        first: number(row, 2).ok_or(BehaviourError::NoPurchases)?,
        last,
        returns: number::<i64>(row, 3) == Some(1),
        hours: number::<i64>(row, 4) == Some(1),
        events_from: first_day(shop.events.as_ref().map(|(rows, _)| rows))?,
        feedback_from: first_day(shop.feedback.as_ref().map(|(rows, _)| rows))?,
    })
}
