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
        let mut reach = Reach::new(found, spec, table, follow_ups);
        let mut wanting: Vec<(usize, usize)> = Vec::new();
        for (who, list) in lists {
            let place = list.iter().take(spec.within).position(|offer| offer.item == spec.item);
            if let Some(place) = place
                && reach.may(*who)
            {
                wanting.push((place + 1, *who));
            }
        }
        wanting.sort_unstable();
        report.check()?;
        let mut lines = Vec::with_capacity(wanting.len());
        for (at, (place, who)) in wanting.iter().enumerate() {
            if at % 1024 == 0 {
                report.check()?;
                report.progress(0.7 * at as f64 / wanting.len() as f64);
            }
            let reasons = found.model.because(&found.history(*who), spec.item);
            lines.push(reach.line(*who, *place, reasons));
        }
        let uptake = found.uptake(spec.item, spec.within, &report.part(0.7, 0.3))?;
        Ok(Self {
            item: spec.item,
            within: spec.within,
            contact_columns: reach.columns(),
            lines,
            without_consent: reach.without_consent,
            consent_unknown: !reach.is_told,
            withheld: reach.withheld,
            uptake,
        })
    }
}

/// Who may be written to, and how they are reached.
pub(super) struct Reach<'a> {
    found: &'a Recommended,
    follow_ups: &'a FollowUps,
    spec: CampaignSpec,
    table: Option<&'a Table>,
    columns: Vec<&'a str>,
    rows: HashMap<&'a str, usize>,
    /// Something tells who agreed.
    pub is_told: bool,
    /// Those whom [`Self::may`] refused, by why.
    pub without_consent: usize,
    pub withheld: usize,
}

impl<'a> Reach<'a> {
    pub fn new(
        found: &'a Recommended,
        spec: &CampaignSpec,
        table: Option<&'a Table>,
        follow_ups: &'a FollowUps,
    ) -> Self {
        let is_told = found.sides.consent.iter().any(Option::is_some);
        let table = table.filter(|_| spec.contacts != Contacts::LeftOut);
        let columns: Vec<&str> = table.map_or_else(Vec::new, |table| {
            let contacts = table.columns.iter().filter(|column| column.role == Role::Contact);
            contacts.map(|column| column.name.as_str()).collect()
        });
        let rows = rows_of(table);
        Self {
            found,
            follow_ups,
            spec: *spec,
            table,
            columns,
            rows,
            is_told,
            without_consent: 0,
            withheld: 0,
        }
    }

    fn id(&self, who: usize) -> &'a str {
        self.found.all.customers.get(who).map_or("", String::as_str)
    }

    /// True if the customer may be written to; counts those who may not.
    pub fn may(&mut self, who: usize) -> bool {
        let agreed = !self.is_told || self.found.sides.consent.get(who).copied().flatten() == Some(true);
        let refused = self.follow_ups.get(self.id(who)).is_some_and(|f| f.do_not_contact);
        let is_withheld = agreed && refused && !self.spec.with_do_not_contact;
        self.without_consent += usize::from(!agreed);
        self.withheld += usize::from(is_withheld);
        agreed && !is_withheld
    }

    pub fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|name| (*name).to_owned()).collect()
    }

    pub fn line(&self, who: usize, place: usize, reasons: Vec<Reason>) -> CampaignLine {
        let id = self.id(who);
        let at = self.rows.get(id).copied();
        let cell = |name: &&str| {
            let text = at.and_then(|at| self.table?.text(name)?.get(at)).unwrap_or_default().trim();
            match self.spec.contacts {
                Contacts::Masked => privacy::mask(text),
                _ => text.to_owned(),
            }
        };
        let contacts = self.columns.iter().map(cell).collect();
        CampaignLine { customer: who, id: id.to_owned(), place, reasons, contacts }
    }
}

/// Rows of the customers by their identifiers.
fn rows_of(table: Option<&Table>) -> HashMap<&str, usize> {
    let text = table.and_then(|table| table.text(&table.with_role(Role::Id)?.name));
    let cells = text.iter().flat_map(|text| text.iter().enumerate());
    cells.filter_map(|(row, cell)| Some((cell?.trim(), row))).collect()
}
