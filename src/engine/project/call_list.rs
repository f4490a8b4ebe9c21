//! The call list: whom to call, why, and what was done; contact details only where they are asked
//! for.

use serde::{Deserialize, Serialize};

use super::repair::rescaled;
use super::{Month, Outcome, Prepared};
use crate::deploy::{Customer, FollowUp, FollowUps, Profile, Reason, strongest};
use crate::evaluate::{Explainer, Refit, Repair};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::privacy;
use crate::table::{Frame, Role, Table};
use crate::train::Model;

/// What of a customer's contact details goes into the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contacts {
    #[default]
    Masked,
    Clear,
    LeftOut,
}

impl Contacts {
    pub const ALL: [Contacts; 3] = [Contacts::LeftOut, Contacts::Masked, Contacts::Clear];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Clear => "clear",
            Self::LeftOut => "left_out",
        }
    }
}

/// What the call list holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallListSpec {
    pub contacts: Contacts,
    /// Only customers at or above the threshold.
    pub only_at_risk: bool,
    /// Customers that must not be contacted are in it.
    pub with_do_not_contact: bool,
    /// At most so many customers.
    pub most: Option<usize>,
}

impl Default for CallListSpec {
    fn default() -> Self {
        Self { contacts: Contacts::Masked, only_at_risk: true, with_do_not_contact: false, most: None }
    }
}

impl CallListSpec {
    /// The customers that stand on the list, and how many are left out because they must not be
    /// contacted.
    pub fn choose<'a>(
        &self,
        threshold: f64,
        customers: &[&'a Customer],
        follow_ups: &FollowUps,
    ) -> (Vec<&'a Customer>, usize) {
        let refuses = |c: &Customer| c.named && follow_ups.get(&c.id).is_some_and(|f| f.do_not_contact);
        let wanted = |c: &&Customer| !self.only_at_risk || c.probability >= threshold;
        let most = self.most.unwrap_or(usize::MAX);
        let risky: Vec<&Customer> = customers.iter().copied().filter(wanted).collect();
        if self.with_do_not_contact {
            return (risky.into_iter().take(most).collect(), 0);
        }
        let withheld = risky.iter().filter(|c| refuses(c)).count();
        (risky.into_iter().filter(|c| !refuses(c)).take(most).collect(), withheld)
    }
}

/// Where the customers of a list come from: the rows that a model was trained on, or a month's file.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    Trained { table: &'a Table, prepared: &'a Prepared, outcome: &'a Outcome },
    Month(&'a Month),
}

impl<'a> Origin<'a> {
    /// The file that the customers stand in.
    pub fn table(&self) -> &'a Table {
        match self {
            Self::Trained { table, .. } => table,
            Self::Month(month) => month.table(),
        }
    }

    /// Columns that tell how to reach a customer: by the roles that the person set.
    pub fn contact_columns(&self) -> Vec<String> {
        let contact = |role: Role| role == Role::Contact;
        match self {
            Self::Trained { table, .. } => {
                table.columns.iter().filter(|c| contact(c.role)).map(|c| c.name.clone()).collect()
            }
            Self::Month(month) => {
                let table = month.table();
                let schema = month.bundle.recipe.schema.iter().filter(|spec| contact(spec.role));
                schema.map(|spec| spec.name.clone()).filter(|name| table.text(name).is_some()).collect()
            }
        }
    }

    /// What the model's probabilities go through.
    fn repair(&self) -> Option<&'a Repair> {
        match self {
            Self::Trained { outcome, .. } => outcome.repair.as_ref(),
            Self::Month(month) => month.bundle.repair.as_ref(),
        }
    }

    /// What an experiment said of the model's probabilities, which go through it.
    pub fn refit(&self) -> Option<&'a Refit> {
        self.repair()?.refit()
    }

    /// Everything that an explanation takes; `None` for bundles of the first version.
    fn parts(&self) -> Option<(&'a Explainer, &'a Model, &'a Matrix, &'a [Profile], &'a Frame)> {
        match self {
            Self::Trained { prepared, outcome, .. } => Some((
                &outcome.explainer,
                &outcome.trained.model,
                &prepared.matrix,
                &prepared.profiles,
                prepared.cleaning.before_filling(),
            )),
            Self::Month(month) => Some((
                month.bundle.explainer.as_ref()?,
                &month.bundle.model,
                &month.scores.matrix,
                &month.bundle.profiles,
                month.scores.cleaning.before_filling(),
            )),
        }
    }
}

/// The `most` strongest reasons of each customer, in the order given, and the base that all shares
/// stand on; `None` where the model cannot be explained.
///
/// # Errors
/// The person cancelled.
pub fn why(
    origin: Origin<'_>,
    customers: &[&Customer],
    most: usize,
    report: &Reporter,
) -> crate::Result<Option<(f64, Vec<Vec<Reason>>)>> {
    let Some((explainer, model, matrix, profiles, frame)) = origin.parts() else { return Ok(None) };
    let places: Vec<usize> = customers.iter().map(|c| c.place).collect();
    let mut told = explainer.explain(model, matrix, &places, report)?;
    let mut base = explainer.base;
    if let Some(repair) = origin.repair() {
        told.iter_mut().for_each(|one| *one = rescaled(one, explainer.base, repair));
        base = repair.apply(base);
    }
    let reasons = told
        .iter()
        .zip(&places)
        .map(|(one, &place)| strongest(explainer, one, profiles, frame, place, most))
        .collect();
    Ok(Some((base, reasons)))
}

/// One line of the call list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub customer: Customer,
    pub reasons: Vec<Reason>,
    pub follow_up: FollowUp,
    /// In the order of [`CallList::contact_columns`], masked or clear.
    pub contacts: Vec<String>,
}

/// The call list, ready to be worded and written by a face.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallList {
    pub contact_columns: Vec<String>,
    pub lines: Vec<Line>,
    /// Where the shares start; `None` where there are no reasons.
    pub base: Option<f64>,
    /// Customers that were left out because they must not be contacted.
    pub withheld: usize,
}

impl CallList {
    /// Makes the list of `customers`, which come in the order in which they will stand.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn make(
        spec: &CallListSpec,
        threshold: f64,
        origin: Origin<'_>,
        customers: &[&Customer],
        follow_ups: &FollowUps,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let (kept, withheld) = spec.choose(threshold, customers, follow_ups);
        let told = why(origin, &kept, 3, report)?;
        let (base, reasons) = match told {
            Some((base, reasons)) => (Some(base), reasons),
            None => (None, vec![Vec::new(); kept.len()]),
        };
        let table = origin.table();
        let contact_columns: Vec<String> = match spec.contacts {
            Contacts::LeftOut => Vec::new(),
            _ => origin.contact_columns(),
        };
        let contacts_of = |row: u32| -> Vec<String> {
            let at = table.rows.binary_search(&row).ok();
            contact_columns
                .iter()
                .map(|name| {
                    let text = at.and_then(|at| table.text(name)?.get(at)).unwrap_or_default().trim();
                    if spec.contacts == Contacts::Masked { privacy::mask(text) } else { text.to_owned() }
                })
                .collect()
        };
        let lines = kept.into_iter().zip(reasons).map(|(customer, reasons)| Line {
            contacts: contacts_of(customer.row),
            follow_up: follow_ups.get(&customer.id).filter(|_| customer.named).cloned().unwrap_or_default(),
            customer: customer.clone(),
            reasons,
        });
        let lines = lines.collect();
        Ok(Self { contact_columns, lines, base, withheld })
    }
}
