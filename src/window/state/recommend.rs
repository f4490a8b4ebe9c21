//! The jobs and results of one part of the window: which product next.

mod fresh;
mod grids;
mod search;
mod slot;

use std::collections::HashMap;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::deploy::FollowUps;
use regulars_engine::features::behaviour::{Date, Day};
use regulars_engine::files::Grid;
use regulars_engine::job::{Job, Reporter};
use regulars_engine::project::{
    self, Campaign, CampaignSpec, Collected, Lists, NewCampaign, Offered, Recommended,
};
use regulars_engine::recommend::{
    Affinities, CUTS, Hours, HouseRules, NewProducts, RecommendSpec, RuleCost, Rules, affinities,
};
use regulars_engine::table::Role;

use self::slot::Slot;
use super::experiments::Audience;
use super::{State, ended, ended_of, fresh_id};
use crate::words::Lang;

pub use grids::campaign_grid;
pub use search::{Names, Search};

/// Pairs that the picture of baskets holds.
const PAIRS: usize = 60;

/// What was asked of which data.
#[derive(Clone)]
struct Of {
    collected: Arc<Collected>,
    /// A person's roles say what a column is.
    roles: Vec<(String, Role)>,
    spec: RecommendSpec,
    seed: u64,
    as_of: Option<Date>,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.collected, &other.collected)
            && (&self.roles, &self.spec, self.seed, self.as_of)
                == (&other.roles, &other.spec, other.seed, other.as_of)
    }
}

/// What was found, with what pages look up in it.
pub struct Found {
    pub of: Recommended,
    /// Rules of the baskets, whichever model answers; and their pairs as a network.
    pub rules: Rules,
    pub network: Affinities,
    /// When customers order; `None` without dates.
    pub hours: Option<Hours>,
    /// The last day of the data: it stands for today.
    pub today: Option<Day>,
    /// Customers of whom anything is known, in the order of the data.
    pub customers: Vec<u32>,
    /// Products, those that were taken most often first.
    pub products: Vec<u32>,
    /// The share of the test's customers that a list drawn by chance hits, at each of [`CUTS`].
    pub by_chance: [f64; CUTS.len()],
    places: HashMap<String, u32>,
    id: u64,
}

impl Found {
    fn new(of: Recommended, report: &Reporter) -> Result<Self, Error> {
        let rules = of.associations(report)?;
        let network = affinities(&of.all, &rules, PAIRS);
        let hours = Hours::of_all(&of.all);
        let all = u32::try_from(of.all.customers.len()).unwrap_or(u32::MAX);
        let customers = (0..all).filter(|who| !of.all.of(*who as usize).is_empty()).collect();
        let mut products: Vec<u32> = (0..u32::try_from(of.all.items.len()).unwrap_or(u32::MAX)).collect();
        let taken = |item: &u32| of.model.popularity.get(*item as usize).copied().unwrap_or_default();
        products.sort_by(|a, b| taken(b).total_cmp(&taken(a)).then(a.cmp(b)));
        let places = of.all.customers.iter().cloned().zip(0u32..).collect();
        let today = Hours::today(&of.all).filter(|_| of.all.dated);
        let by_chance = CUTS.map(|cut| of.hit_by_chance(cut));
        Ok(Self { of, rules, network, hours, today, customers, products, by_chance, places, id: fresh_id() })
    }

    /// The name of a product.
    pub fn product(&self, item: u32) -> &str {
        self.of.all.items.get(item as usize).map_or("", String::as_str)
    }

    /// The name of a customer.
    pub fn customer(&self, who: u32) -> &str {
        self.of.all.customers.get(who as usize).map_or("", String::as_str)
    }

    /// The place of a customer by name.
    pub fn place(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// Products in a list.
    pub fn length(&self, spec: &RecommendSpec) -> usize {
        spec.length(self.of.all.items.len())
    }

    /// A number that no other finding has.
    pub fn id(&self) -> u64 {
        self.id
    }
}

/// What everybody's lists depend on: the finding, the rules of the house, the length.
type ListsOf = (u64, HouseRules, usize);
/// Lists, and in how many each product is.
pub struct Everyone {
    pub lists: Lists,
    pub wanted_by: Vec<usize>,
}

/// What a campaign list depends on.
#[derive(Clone)]
struct CampaignOf {
    lists: ListsOf,
    spec: CampaignSpec,
    follow_ups: Arc<FollowUps>,
}

impl PartialEq for CampaignOf {
    fn eq(&self, other: &Self) -> bool {
        (self.lists, self.spec) == (other.lists, other.spec)
            && Arc::ptr_eq(&self.follow_ups, &other.follow_ups)
    }
}

/// What was found, and its jobs.
#[derive(Default)]
pub struct Recommend {
    found: Option<(Of, Arc<Found>)>,
    running: Option<(Of, Job<Result<Found, Error>>)>,
    /// Why there is nothing to offer.
    failed: Option<(Of, Error)>,
    costs: Slot<(u64, HouseRules, HouseRules), Vec<RuleCost>>,
    everyone: Slot<ListsOf, Everyone>,
    campaign: Slot<CampaignOf, Campaign>,
    fresh: Slot<u64, NewProducts>,
    fresh_list: Slot<fresh::ListOf, NewCampaign>,
    /// A table that is being made to be taken away, and one that is ready.
    writing: Option<Job<Grid>>,
    ready: Option<Grid>,
    /// Everybody's list was asked for, in this language, before it was made.
    lists_wish: Option<Lang>,
    /// The product of an experiment that waits for its customers.
    wish: Option<u32>,
}

impl Recommend {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.running.iter().for_each(|(_, job)| job.cancel());
        self.writing.iter().for_each(Job::cancel);
        self.costs.cancel();
        self.everyone.cancel();
        self.campaign.cancel();
        self.fresh.cancel();
        self.fresh_list.cancel();
        (self.wish, self.lists_wish) = (None, None);
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        if let Some((_, job)) = &self.running {
            return Some(("recommend", job.progress(), job.seconds()));
        }
        let lists = self.everyone.job().or(self.campaign.job());
        if let Some((progress, seconds)) = lists {
            return Some(("rec_lists", progress, seconds));
        }
        if let Some((progress, seconds)) = self.fresh.job().or(self.fresh_list.job()) {
            return Some(("rec_new", progress, seconds));
        }
        self.costs.job().map(|(progress, seconds)| ("rec_costs", progress, seconds))
    }

    /// True while it is being worked out.
    pub fn working(&self) -> bool {
        self.running.is_some()
    }

    /// True while an experiment waits for its customers.
    pub fn waits(&self) -> bool {
        self.wish.is_some()
    }

    /// A table that was asked for and is made.
    pub fn take_ready(&mut self) -> Option<Grid> {
        self.ready.take()
    }

    /// What each rule costs; of the rules before while the present ones are priced.
    pub fn costs(&self) -> Option<&Arc<Vec<RuleCost>>> {
        self.costs.last()
    }
}

impl State {
    fn recommend_asks(&self) -> Option<Of> {
        let settings = &self.settings;
        Some(Of {
            collected: self.collected.clone()?,
            roles: settings.read.roles.clone(),
            spec: settings.recommend.question(),
            seed: settings.seed,
            as_of: settings.combine.as_of,
        })
    }

    /// What was found last, of the present data.
    pub fn recommended(&self) -> Option<&Arc<Found>> {
        let collected = self.collected.as_ref()?;
        let found = self.recommend.found.as_ref();
        found.filter(|(of, _)| Arc::ptr_eq(&of.collected, collected)).map(|(_, found)| found)
    }

    /// Settings have changed since it was found.
    pub fn recommend_is_stale(&self) -> bool {
        let present = self.recommend_asks();
        self.recommend.found.as_ref().is_some_and(|(of, _)| present.as_ref() != Some(of))
    }

    /// Why nothing could be found with the present settings.
    pub fn recommend_error(&self) -> Option<&Error> {
        let (of, error) = self.recommend.failed.as_ref()?;
        self.recommend_asks().filter(|present| present == of).map(|_| error)
    }

    /// Works out what to offer.
    pub fn find_offers(&mut self) {
        let Some(of) = self.recommend_asks() else { return };
        self.recommend.running.iter().for_each(|(_, job)| job.cancel());
        self.recommend.failed = None;
        let (collected, settings, spec) = (of.collected.clone(), self.settings.clone(), of.spec.clone());
        let job = self.start(move |report| {
            let found = project::recommend_of(&collected, &settings, &spec, &report.part(0.0, 0.95))?;
            Found::new(found, &report.part(0.95, 0.05))
        });
        self.recommend.running = Some((of, job));
    }

    /// What is offered next to a customer of the present data: products with their reasons.
    pub fn offers_to(&self, id: &str, n: usize) -> Option<(&Arc<Found>, Vec<Offered>)> {
        let found = self.recommended()?;
        let who = found.place(id)?;
        Some((found, found.of.offers_by(&self.settings.recommend.house, who as usize, n)))
    }

    /// Prices the rules: each of `tried` alone, and those in force together.
    pub fn follow_costs(&mut self, tried: HouseRules) {
        let Some(found) = self.recommended().cloned() else { return };
        let of = (found.id, tried, self.settings.recommend.house);
        if !self.recommend.costs.needs(&of) {
            return;
        }
        let (_, tried, on) = of;
        let job = self.start(move |report| found.of.rule_costs(&tried, &on, report));
        self.recommend.costs.put(of, job);
    }

    fn lists_of(&self) -> Option<ListsOf> {
        let spec = &self.settings.recommend;
        let found = self.recommended()?;
        Some((found.id, spec.house, found.length(spec)))
    }

    /// Makes everybody's list, unless that is done, under way or stopped; gives what is there.
    pub fn follow_everyone(&mut self) -> Option<Arc<Everyone>> {
        let of = self.lists_of()?;
        if let Some(known) = self.recommend.everyone.get(&of) {
            return Some(known.clone());
        }
        if self.recommend.everyone.needs(&of) {
            let found = self.recommended()?.clone();
            let job = self.start(move |report| {
                let lists = found.of.lists_by(&of.1, of.2, report)?;
                Ok(Everyone { wanted_by: found.of.wanted_by(&lists), lists })
            });
            self.recommend.everyone.put(of, job);
        }
        None
    }

    /// Makes the campaign list of a product, unless that is done, under way or stopped.
    pub fn follow_campaign(&mut self, item: u32) -> Option<Arc<Campaign>> {
        let everyone = self.follow_everyone()?;
        let list = &self.settings.call_list;
        let spec = CampaignSpec {
            item,
            within: self.lists_of()?.2,
            contacts: list.contacts,
            with_do_not_contact: list.with_do_not_contact,
        };
        let of = CampaignOf { lists: self.lists_of()?, spec, follow_ups: self.follow_ups.clone() };
        if let Some(known) = self.recommend.campaign.get(&of) {
            return Some(known.clone());
        }
        if self.recommend.campaign.needs(&of) {
            let (found, table) = (self.recommended()?.clone(), self.table.clone());
            let follow_ups = self.follow_ups.clone();
            let job = self.start(move |report| {
                let lists = &everyone.lists;
                Campaign::make(&found.of, lists, &spec, table.as_deref(), &follow_ups, report)
            });
            self.recommend.campaign.put(of, job);
        }
        None
    }

    /// Everybody's list as a table to be taken away; it is ready a little later.
    pub fn write_offers(&mut self, lang: Lang) {
        let Some(found) = self.recommended().cloned() else { return };
        let Some(everyone) = self.follow_everyone() else {
            self.recommend.lists_wish = Some(lang);
            return;
        };
        let job = self.start(move |_| grids::lists_grid(lang, &found, &everyone.lists));
        self.recommend.writing = Some(job);
    }

    /// The campaign list as a table to be taken away.
    pub fn write_campaign(&mut self, lang: Lang, campaign: Arc<Campaign>) {
        let Some(found) = self.recommended().cloned() else { return };
        let job = self.start(move |_| campaign_grid(lang, &found, &campaign, &|_| true));
        self.recommend.writing = Some(job);
    }

    /// An experiment is to be made with those who would want a product.
    pub fn wish_experiment(&mut self, item: u32) {
        self.recommend.wish = Some(item);
        self.grant_wish();
    }

    fn grant_wish(&mut self) {
        let Some(item) = self.recommend.wish else { return };
        if self.recommended().is_none() {
            self.recommend.wish = None;
        }
        let (Some(campaign), Some(found)) = (self.follow_campaign(item), self.recommended().cloned()) else {
            return;
        };
        self.recommend.wish = None;
        let product = found.product(item).to_owned();
        self.set_audience(Some(Audience { product, campaign, found }));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_recommend(&mut self) {
        let room = &mut self.recommend;
        let new = [room.fresh.poll(), room.fresh_list.poll()];
        let errors = [room.costs.poll(), room.everyone.poll(), room.campaign.poll()];
        new.into_iter().flatten().for_each(|error| self.fail(error));
        for error in errors.into_iter().flatten() {
            // What failed or was stopped is waited for in vain.
            (self.recommend.wish, self.recommend.lists_wish) = (None, None);
            self.fail(error);
        }
        match ended(&mut self.recommend.writing) {
            Some(Some(grid)) => self.recommend.ready = Some(grid),
            Some(None) => self.lost(),
            None => {}
        }
        self.grant_wish();
        if let Some(lang) = self.recommend.lists_wish.take() {
            self.write_offers(lang);
        }
        let Some((of, news)) = ended_of(&mut self.recommend.running) else { return };
        match news {
            Some(Ok(found)) => self.recommend.found = Some((of, Arc::new(found))),
            Some(Err(Error::Cancelled)) => {}
            Some(Err(error)) => self.recommend.failed = Some((of, error)),
            None => self.lost(),
        }
    }
}
