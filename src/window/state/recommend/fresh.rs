//! New products: who would want them, and the list to write to.

use std::sync::Arc;

use regulars_engine::deploy::FollowUps;
use regulars_engine::files::Grid;
use regulars_engine::project::{CampaignSpec, Contacts, NewCampaign};
use regulars_engine::recommend::NewProducts;

use super::{Found, grids};
use crate::window::state::State;
use crate::words::Lang;

/// What the list of a new product depends on: the finding, the product, the contacts.
#[derive(Clone)]
pub(super) struct ListOf {
    found: u64,
    place: usize,
    contacts: Contacts,
    with_do_not_contact: bool,
    follow_ups: Arc<FollowUps>,
}

impl PartialEq for ListOf {
    fn eq(&self, other: &Self) -> bool {
        (self.found, self.place, self.contacts, self.with_do_not_contact)
            == (other.found, other.place, other.contacts, other.with_do_not_contact)
            && Arc::ptr_eq(&self.follow_ups, &other.follow_ups)
    }
}

impl State {
    /// Finds the new products, unless that is done, under way or stopped; gives what is there.
    pub fn follow_new_products(&mut self) -> Option<Arc<NewProducts>> {
        let of = self.recommended()?.id();
        if let Some(known) = self.recommend.fresh.get(&of) {
            return Some(known.clone());
        }
        if self.recommend.fresh.needs(&of) {
            let (found, seed) = (self.recommended()?.clone(), self.settings.seed);
            let job = self.start(move |report| found.of.new_products(seed, report));
            self.recommend.fresh.put(of, job);
        }
        None
    }

    /// Makes the list of the new product at a place, unless that is done, under way or stopped.
    pub fn follow_new_campaign(&mut self, place: usize) -> Option<Arc<NewCampaign>> {
        let new = self.follow_new_products()?;
        let list = &self.settings.call_list;
        let of = ListOf {
            found: self.recommended()?.id(),
            place,
            contacts: list.contacts,
            with_do_not_contact: list.with_do_not_contact,
            follow_ups: self.follow_ups.clone(),
        };
        if let Some(known) = self.recommend.fresh_list.get(&of) {
            return Some(known.clone());
        }
        if self.recommend.fresh_list.needs(&of) {
            let (found, table) = (self.recommended()?.clone(), self.table.clone());
            let (follow_ups, contacts) = (of.follow_ups.clone(), of.contacts);
            let with_do_not_contact = of.with_do_not_contact;
            let job = self.start(move |report| {
                let spec = CampaignSpec { item: 0, within: 0, contacts, with_do_not_contact };
                found.of.new_campaign(&new, place, (&spec, table.as_deref(), &follow_ups), report)
            });
            self.recommend.fresh_list.put(of, job);
        }
        None
    }

    /// Takes up what was stopped: the new products, or the list of one.
    pub fn resume_new(&mut self) {
        self.recommend.fresh.resume();
        self.recommend.fresh_list.resume();
    }

    /// The list of a new product as a table to be taken away.
    pub fn write_new_campaign(&mut self, lang: Lang, product: String, campaign: Arc<NewCampaign>) {
        let Some(found) = self.recommended().cloned() else { return };
        let job = self.start(move |_| grid(lang, &found, &product, &campaign));
        self.recommend.writing = Some(job);
    }
}

fn grid(lang: Lang, found: &Found, product: &str, campaign: &NewCampaign) -> Grid {
    let columns = (product, campaign.contact_columns.as_slice());
    grids::of_lines(lang, found, columns, campaign.lines.iter())
}
