//! The time machine: what would have been said of the customers on a day, and what then happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

use super::asked::Opened;
use super::{Collected, Settings, asked, bundle, learn, prepare};
use crate::collect::combine::Plan;
use crate::deploy::{Bundle, Lacking, nameless};
use crate::evaluate::Evaluation;
use crate::features::behaviour::{
    self, BehaviourError, Churn, Columns, FittedBehaviour, Question, Read, next_purchase, to_date, to_day,
};
use crate::job::Reporter;
use crate::metrics::{Estimate, proportion};
use crate::table::Table;
use crate::train::ModelKind;

/// Who scores the customers of that day.
#[derive(Debug, Clone, Copy)]
pub enum Scorer<'a> {
    /// Nobody: features and what happened.
    Nobody,
    /// A model of today. Where it learnt from days after the one looked at, its figures flatter:
    /// [`AsOf::learnt_later`].
    Given(&'a Bundle),
    /// A model learnt anew from what was known on that day and nothing else.
    Then(ModelKind),
}

/// A customer on that day, and after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    pub id: String,
    /// What would have been said.
    pub probability: Option<f64>,
    pub at_risk: Option<bool>,
    /// Whether the customer was lost within the horizon; `None` where the data do not tell yet.
    pub lost: Option<bool>,
    /// The first purchase after that day, as far as the data go.
    pub next_purchase: Option<NaiveDate>,
}

/// A day of the past.
#[derive(Debug, Clone)]
pub struct AsOf {
    pub day: NaiveDate,
    /// The features as they were known at the end of that day, as the model gets them.
    pub table: Table,
    /// Every customer whom the question was about on that day, in the order of the table.
    pub customers: Vec<Seen>,
    /// Said against happened, where both are known.
    pub evaluation: Option<Evaluation>,
    pub threshold: f64,
    /// What was asked: that of the model, where one scored.
    pub question: Question,
    /// The last day of the data.
    pub last: NaiveDate,
    /// The model learnt from what happened after that day.
    pub learnt_later: bool,
}

impl AsOf {
    /// Customers who were said to be at risk and were lost; said to and stayed; not said and lost; not
    /// said and stayed.
    pub fn outcomes(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for seen in &self.customers {
            let slot = match (seen.at_risk, seen.lost) {
                (Some(true), Some(true)) => 0,
                (Some(true), Some(false)) => 1,
                (Some(false), Some(true)) => 2,
                (Some(false), Some(false)) => 3,
                _ => continue,
            };
            if let Some(count) = counts.get_mut(slot) {
                *count += 1;
            }
        }
        counts
    }

    /// Customers of whom the data do not tell yet what happened.
    pub fn unknown(&self) -> usize {
        self.customers.iter().filter(|seen| seen.lost.is_none()).count()
    }

    /// Share of the customers who would have been said to be at risk, with its interval.
    pub fn said(&self) -> Option<Estimate> {
        share(self.customers.iter().map(|seen| seen.at_risk))
    }

    /// Share of those whose fate is known who were lost, with its interval.
    pub fn lost(&self) -> Option<Estimate> {
        share(self.customers.iter().map(|seen| seen.lost))
    }

    /// How well what was said met what happened, at the threshold: every figure with its interval; none
    /// where nobody's fate is known.
    pub fn figures(&self) -> BTreeMap<&'static str, Estimate> {
        self.evaluation.as_ref().map(|found| found.told(self.threshold)).unwrap_or_default()
    }
}

/// Share of what is true among what is known; `None` where nothing is.
fn share(flags: impl Iterator<Item = Option<bool>>) -> Option<Estimate> {
    let (mut yes, mut all) = (0, 0);
    for flag in flags.flatten() {
        yes += u64::from(flag);
        all += 1;
    }
    (all > 0).then(|| proportion(yes, all))
}

/// The books, read once: each day that is looked at takes features and scores only.
#[derive(Debug, Clone)]
pub struct Past {
    plan: Plan,
    read: Arc<Read>,
}

impl Past {
    /// Reads the books of collected tables; `kept` are the columns that a model has learnt from.
    ///
    /// # Errors
    /// No orders, no dates, a column that the model learnt from is gone, the person cancels.
    pub fn read(
        collected: &Collected,
        settings: &Settings,
        kept: Option<&Columns>,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let Opened { plan, read, .. } = Opened::new(collected, settings, kept, report)?;
        Ok(Self { plan, read })
    }

    /// The last day of the data.
    pub fn last(&self) -> NaiveDate {
        to_date(self.read.books.last_day())
    }

    /// [`as_of`] a day, with these books. `collected` are the tables that they were read from.
    ///
    /// # Errors
    /// As [`as_of`].
    pub fn look(
        &self,
        collected: &Collected,
        settings: &Settings,
        day: NaiveDate,
        scorer: Scorer,
        report: &Reporter,
    ) -> crate::Result<AsOf> {
        let (plan, read) = (self.plan.clone(), self.read.clone());
        look(&Opened { data: &collected.dataset, plan, read }, (collected, settings), day, scorer, report)
    }
}

/// Goes back to `day`: features from what was known at its end, scores, and what then happened.
///
/// # Errors
/// The settings have no question and the tables were not asked one; a day before the first purchase or
/// after the last; a day too early to learn from, with [`Scorer::Then`]; the model was not learnt from
/// a question, or the data lack its columns; the person cancels.
pub fn as_of(
    collected: &Collected,
    settings: &Settings,
    day: NaiveDate,
    scorer: Scorer,
    report: &Reporter,
) -> crate::Result<AsOf> {
    let fitted = match scorer {
        Scorer::Given(bundle) => bundle.behaviour.as_ref(),
        _ => collected.asked.as_ref().map(|asked| &asked.fitted),
    };
    let kept = fitted.and_then(|fitted| fitted.columns.as_ref());
    let past = Past::read(collected, settings, kept, &report.part(0.0, 0.3))?;
    past.look(collected, settings, day, scorer, &report.part(0.3, 0.7))
}

fn look(
    opened: &Opened,
    (collected, settings): (&Collected, &Settings),
    day: NaiveDate,
    scorer: Scorer,
    report: &Reporter,
) -> crate::Result<AsOf> {
    let at = to_day(day);
    behaviour::within(&opened.read.books, at)?;
    let learnt;
    let model: Option<&Bundle> = match scorer {
        Scorer::Nobody => None,
        Scorer::Given(bundle) => Some(bundle),
        Scorer::Then(kind) => {
            learnt = learn_then(opened, (collected, settings), day, kind, &report.part(0.0, 0.7))?;
            Some(&learnt)
        }
    };
    let known: Option<&FittedBehaviour> = match model {
        Some(bundle) => bundle.behaviour.as_ref(),
        None => collected.asked.as_ref().map(|asked| &asked.fitted),
    };
    let fitted = known.ok_or(BehaviourError::NoQuestion)?;
    let rows = behaviour::apply(&opened.read, fitted, at, report)?;
    let table = opened.table(&rows, &[], report)?;
    let scores = match model {
        Some(bundle) => Some(bundle.score(&table, Lacking::Refuse, &report.part(0.7, 0.3))?),
        None => None,
    };
    let threshold = model.map_or(settings.threshold, |bundle| bundle.threshold);
    let probabilities: Option<Vec<f64>> =
        scores.map(|scores| scores.rows.iter().map(|scored| scored.probability).collect());
    let key = opened.base()?.1.name.clone();
    let names = table.text(&key);
    let customers: Vec<Seen> = (0..rows.height())
        .map(|row| {
            let probability = probabilities.as_ref().and_then(|list| list.get(row)).copied();
            let customer = rows.customer.get(row).map_or(usize::MAX, |customer| *customer as usize);
            let id = names.and_then(|names| names.get(row)).map(|id| id.trim().to_owned());
            Seen {
                id: id.unwrap_or_else(|| nameless(table.rows.get(row).copied().unwrap_or_default())),
                probability,
                at_risk: probability.map(|p| p >= threshold),
                lost: rows.label.get(row).copied().flatten(),
                next_purchase: next_purchase(&opened.read.books, customer, at).map(to_date),
            }
        })
        .collect();
    let (said, happened): (Vec<f64>, Vec<bool>) =
        customers.iter().filter_map(|seen| Some((seen.probability?, seen.lost?))).unzip();
    Ok(AsOf {
        day,
        table,
        customers,
        evaluation: (!said.is_empty()).then(|| Evaluation::new(&said, &happened)),
        threshold,
        question: fitted.question.clone(),
        last: to_date(opened.read.books.last_day()),
        learnt_later: model.is_some() && fitted.learnt_until > at,
    })
}

/// A model that knows nothing after `day`.
fn learn_then(
    opened: &Opened,
    (collected, settings): (&Collected, &Settings),
    day: NaiveDate,
    kind: ModelKind,
    report: &Reporter,
) -> crate::Result<Bundle> {
    let mut settings = settings.clone();
    if settings.question.is_none() {
        settings.question = collected.asked.as_ref().map(|asked| asked.fitted.question.clone());
    }
    match &settings.question {
        None => return Err(BehaviourError::NoQuestion.into()),
        Some(question) if question.churn == Churn::Column => {
            return Err(BehaviourError::ColumnOfToday { day }.into());
        }
        Some(_) => {}
    }
    settings.combine.as_of = Some(day);
    let (table, _, asked) = asked::ask_of(collected, &settings, opened, &report.part(0.0, 0.4))?;
    let prepared = prepare(&settings, &table, &report.part(0.4, 0.2))?;
    let outcome = learn(&settings, &prepared, kind, &report.part(0.6, 0.4))?;
    Ok(bundle(&settings, &prepared, &outcome, None).with_behaviour(Some(asked.fitted)))
}
