//! Who would want a product, ready to be worded and written: the ones who may be written to.

use std::collections::HashMap;

use serde::Serialize;

use super::{Lists, Recommended};
use crate::deploy::FollowUps;
use crate::job::Reporter;
use crate::metrics::Estimate;
use crate::privacy;
use crate::project::Contacts;
use crate::recommend::Reason;
use crate::table::{Role, Table};

/// What a campaign list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CampaignSpec {
    pub item: u32,
    /// In a customer's first so many.
    pub within: usize,
    pub contacts: Contacts,
    /// Customers who are marked as not to be contacted are in it.
    pub with_do_not_contact: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignLine {
    /// The customer's place among those of the events.
    pub customer: usize,
    pub id: String,
    /// The product's place in the customer's list, 1 for the first.
    pub place: usize,
    /// What of the customer's products speaks for it, the heaviest first.
    pub reasons: Vec<Reason>,
    /// In the order of [`Campaign::contact_columns`], masked or clear.
    pub contacts: Vec<String>,
}

/// The list, those with the product in the first place first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Campaign {
    pub item: u32,
    pub within: usize,
    pub contact_columns: Vec<String>,
    pub lines: Vec<CampaignLine>,
    /// Left out: where consent is told, those who did not give it or of whom nothing is known.
    pub without_consent: usize,
    /// Nothing tells who agreed.
    pub consent_unknown: bool,
    /// Left out because they are marked as not to be contacted.
    pub withheld: usize,
    /// Of the test's customers with the product in their list, the share that took it by themselves; and
    /// how many they are.
    pub uptake: Option<(Estimate, usize)>,
}

impl Campaign {
    /// Makes the list from everybody's lists; `table` holds the customers with their contact details.
    ///
    /// # Errors
    /// The person cancels.
    pub fn make(
        found: &Recommended,
        lists: &Lists,
        spec: &CampaignSpec,
        table: Option<&Table>,
        follow_ups: &FollowUps,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let consent = &found.sides.consent;
        let is_told = consent.iter().any(Option::is_some);
        let agreed = |who: usize| !is_told || consent.get(who).copied().flatten() == Some(true);
        let mut wanting: Vec<(usize, usize)> = Vec::new();
        let (mut without_consent, mut withheld) = (0, 0);
        for (who, list) in lists {
            let Some(place) = list.iter().take(spec.within).position(|offer| offer.item == spec.item) else {
                continue;
            };
            let id = found.all.customers.get(*who).map_or("", String::as_str);
            if !agreed(*who) {
                without_consent += 1;
            } else if !spec.with_do_not_contact && follow_ups.get(id).is_some_and(|f| f.do_not_contact) {
                withheld += 1;
            } else {
                wanting.push((place + 1, *who));
            }
        }
        wanting.sort_unstable();
        report.check()?;
        let table = table.filter(|_| spec.contacts != Contacts::LeftOut);
        let columns: Vec<&str> = table.map_or_else(Vec::new, |table| {
            let contacts = table.columns.iter().filter(|column| column.role == Role::Contact);
            contacts.map(|column| column.name.as_str()).collect()
        });
        let rows = rows_of(table);
        let contacts = |id: &str| -> Vec<String> {
            let at = rows.get(id).copied();
            let cell = |name: &&str| {
                let text = at.and_then(|at| table?.text(name)?.get(at)).unwrap_or_default().trim();
                match spec.contacts {
                    Contacts::Masked => privacy::mask(text),
                    _ => text.to_owned(),
                }
            };
            columns.iter().map(cell).collect()
        };
        let mut lines = Vec::with_capacity(wanting.len());
        for (at, (place, who)) in wanting.iter().enumerate() {
            if at % 1024 == 0 {
                report.check()?;
                report.progress(0.7 * at as f64 / wanting.len() as f64);
            }
            let id = found.all.customers.get(*who).cloned().unwrap_or_default();
            let reasons = found.model.because(&found.history(*who), spec.item);
            lines.push(CampaignLine { customer: *who, place: *place, reasons, contacts: contacts(&id), id });
        }
        let uptake = found.uptake(spec.item, spec.within, &report.part(0.7, 0.3))?;
        Ok(Self {
            item: spec.item,
            within: spec.within,
            contact_columns: columns.into_iter().map(str::to_owned).collect(),
            lines,
            without_consent,
            consent_unknown: !is_told,
            withheld,
            uptake,
        })
    }
}

/// Rows of the customers by their identifiers.
fn rows_of(table: Option<&Table>) -> HashMap<&str, usize> {
    let text = table.and_then(|table| table.text(&table.with_role(Role::Id)?.name));
    let cells = text.iter().flat_map(|text| text.iter().enumerate());
    cells.filter_map(|(row, cell)| Some((cell?.trim(), row))).collect()
}
