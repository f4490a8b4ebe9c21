//! New products of what was found: who would want them, and a list to write to.

use serde::Serialize;

use super::campaign::{CampaignLine, CampaignSpec, Reach};
use super::{Recommended, everything};
use crate::deploy::FollowUps;
use crate::job::Reporter;
use crate::recommend::{Kind, NewProducts, Params, Reason};
use crate::table::Table;

/// One in so many customers is written to: the part for which it is measured how many takers it finds.
const ONE_IN: usize = 10;

/// Customers who would want a new product, the likeliest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewCampaign {
    /// The product's place among [`NewProducts::products`].
    pub place: usize,
    /// Customers of whom something is known and who do not have it; the list is of the first tenth of them,
    /// less those who may not be written to.
    pub customers: usize,
    pub contact_columns: Vec<String>,
    pub lines: Vec<CampaignLine>,
    pub without_consent: usize,
    pub consent_unknown: bool,
    pub withheld: usize,
}

impl Recommended {
    /// The products that none or few took, and what tells who would want them; measured on products that
    /// are hidden. The scores carried over are those of the best of co-occurrence, ALS and EASE.
    ///
    /// # Errors
    /// As a model is fitted; the person cancels.
    pub fn new_products(&self, seed: u64, report: &Reporter) -> crate::Result<NewProducts> {
        let scored = [Kind::Cooccurrence, Kind::Als, Kind::Ease];
        let best = self.choice.candidates.iter().find(|one| scored.contains(&one.kind));
        let (kind, params) =
            best.map_or_else(|| (Kind::Als, Params::default()), |one| (one.kind, one.params));
        NewProducts::find(&everything(&self.all), &self.sides.facts, (kind, &params), seed, report)
    }

    /// The tenth of the customers who would want a new product most, those who may be written to.
    /// `spec.item` and `spec.within` are not looked at.
    ///
    /// # Errors
    /// The person cancels.
    pub fn new_campaign(
        &self,
        new: &NewProducts,
        place: usize,
        (spec, table, follow_ups): (&CampaignSpec, Option<&Table>, &FollowUps),
        report: &Reporter,
    ) -> crate::Result<NewCampaign> {
        let wanting = new.wanting(&everything(&self.all), place, report)?;
        let mut reach = Reach::new(self, spec, table, follow_ups);
        let mut lines = Vec::new();
        for (at, (who, _)) in wanting.iter().take(wanting.len().div_ceil(ONE_IN)).enumerate() {
            if at % 1024 == 0 {
                report.check()?;
            }
            if reach.may(*who) {
                let like = new.because(&self.history(*who), place);
                let reasons = like.into_iter().map(|item| Reason { item, weight: 1.0 }).collect();
                lines.push(reach.line(*who, at + 1, reasons));
            }
        }
        Ok(NewCampaign {
            place,
            customers: wanting.len(),
            contact_columns: reach.columns(),
            lines,
            without_consent: reach.without_consent,
            consent_unknown: !reach.is_told,
            withheld: reach.withheld,
        })
    }
}
