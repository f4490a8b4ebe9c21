//! The leaderboard, the search for better settings and the learning-rate finder: what is asked, what was
//! found, and their jobs.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::evaluate::{Comparison, Standing};
use regulars_engine::job::{Event, Job};
use regulars_engine::project::{self, Searched, Settings};
use regulars_engine::train::fit::RateCurve;
use regulars_engine::train::search::{SearchKind, SearchSpec, Trial};
use regulars_engine::train::{BoostedSpec, MlpSpec, ModelKind};

use super::{State, ended};

/// A result, and what it belongs to.
pub struct Of<T> {
    pub found: Arc<T>,
    /// Keys of the settings under which it holds.
    keys: Vec<String>,
}

/// A job, and the keys of what it will find.
struct Asked<T> {
    job: Job<Result<T, Error>>,
    key: String,
}

/// The leaderboard and the search for better settings, and their jobs.
pub struct Board {
    pub folds: usize,
    /// Networks join the comparison.
    pub networks: bool,
    /// Kinds that are left out.
    pub without: Vec<ModelKind>,
    /// How the running comparison stands.
    pub standing: Option<Standing>,
    comparing: Option<Asked<Comparison>>,
    compared: Option<Of<Comparison>>,
    /// The next search.
    pub spec: SearchSpec,
    /// The search that runs, or that ended last.
    pub asked: SearchSpec,
    pub trials: Vec<Trial>,
    searching: Option<Asked<Searched>>,
    searched: Option<Of<Searched>>,
    finding: Option<Asked<RateCurve>>,
    rates: Option<Of<RateCurve>>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            folds: 5,
            networks: true,
            without: Vec::new(),
            standing: None,
            comparing: None,
            compared: None,
            spec: SearchSpec { seconds: 120.0, ..SearchSpec::default() },
            asked: SearchSpec::default(),
            trials: Vec::new(),
            searching: None,
            searched: None,
            finding: None,
            rates: None,
        }
    }
}

impl Board {
    /// Kinds that the next comparison has.
    pub fn kinds(&self) -> Vec<ModelKind> {
        let joins = |kind: &ModelKind| !self.without.contains(kind) && (self.networks || !kind.is_network());
        ModelKind::ALL.into_iter().filter(joins).collect()
    }

    /// Searches another kind of model next.
    pub fn search_kind(&mut self, kind: SearchKind) {
        if kind != self.spec.kind {
            self.spec = SearchSpec { dimensions: SearchSpec::of(kind).dimensions, kind, ..self.spec.clone() };
        }
    }

    /// Stops its jobs and forgets their results.
    pub(super) fn cancel(&self) {
        self.comparing.iter().for_each(|asked| asked.job.cancel());
        self.searching.iter().for_each(|asked| asked.job.cancel());
        self.finding.iter().for_each(|asked| asked.job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        fn of<T: Send + 'static>(
            name: &'static str,
            asked: &Option<Asked<T>>,
        ) -> Option<(&'static str, f64, f64)> {
            asked.as_ref().map(|asked| (name, asked.job.progress(), asked.job.seconds()))
        }
        of("compare", &self.comparing)
            .or_else(|| of("search", &self.searching))
            .or_else(|| of("rate", &self.finding))
    }

    /// True while kinds are compared.
    pub fn comparing(&self) -> bool {
        self.comparing.is_some()
    }

    /// True while settings are searched.
    pub fn searching(&self) -> bool {
        self.searching.is_some()
    }

    /// True while rates are tried.
    pub fn finding(&self) -> bool {
        self.finding.is_some()
    }

    /// True while the search rests.
    pub fn paused(&self) -> bool {
        self.searching.as_ref().is_some_and(|asked| asked.job.is_paused())
    }

    /// Lets the search rest, or go on.
    pub fn pause(&self) {
        self.searching.iter().for_each(|asked| asked.job.pause(!asked.job.is_paused()));
    }

    /// Ends the search with what was found.
    pub fn finish(&self) {
        self.searching.iter().for_each(|asked| asked.job.finish_early());
    }

    /// The last comparison.
    pub fn compared(&self) -> Option<&Arc<Comparison>> {
        self.compared.as_ref().map(|of| &of.found)
    }

    /// The last search.
    pub fn searched(&self) -> Option<&Arc<Searched>> {
        self.searched.as_ref().map(|of| &of.found)
    }

    /// The last curve of rates.
    pub fn rates(&self) -> Option<&Arc<RateCurve>> {
        self.rates.as_ref().map(|of| &of.found)
    }
}

/// What the loss under a rate depends on, beside the rate and when training ends.
fn rate_key(settings: &Settings, rows: &str) -> String {
    let mlp = MlpSpec { learning_rate: 0.0, epochs: 1, patience: 0, ..settings.mlp.clone() };
    format!("{rows} {mlp:?} {} {:?}", settings.seed, settings.device)
}

impl State {
    /// True while nothing else learns and the rows are there.
    pub fn can_compare(&self) -> bool {
        let idle = self.board.job().is_none() && self.train.is_none() && self.load.is_none();
        idle && self.prepared.is_some() && self.table.is_some() && !self.preparing()
    }

    /// The threshold moves figures of the leaderboard and no model.
    fn compare_key(&self) -> String {
        format!("{} {}", self.present_key, self.settings.threshold)
    }

    /// Measures kinds of model under the same folds.
    pub fn compare_kinds(&mut self) {
        let Some(table) = self.table.clone().filter(|_| self.can_compare()) else { return };
        let (settings, kinds, folds) = (self.settings.clone(), self.board.kinds(), self.board.folds);
        self.board.standing = Some(Standing::new(&kinds, folds));
        let job = self.start(move |report| project::compare(&settings, &table, &kinds, folds, report));
        self.board.comparing = Some(Asked { job, key: self.compare_key() });
    }

    /// True if the last comparison belongs to other settings than the present ones.
    pub fn comparison_is_stale(&self) -> bool {
        self.board.compared.as_ref().is_some_and(|of| !of.keys.contains(&self.compare_key()))
    }

    /// Searches better settings.
    pub fn search_settings(&mut self) {
        let Some(table) = self.table.clone().filter(|_| self.can_compare()) else { return };
        let (settings, spec) = (self.settings.clone(), self.board.spec.clone());
        self.board.asked = spec.clone();
        self.board.trials.clear();
        self.board.searched = None;
        let job = self.start(move |report| project::search(&settings, &table, &spec, report));
        self.board.searching = Some(Asked { job, key: self.present_key.clone() });
    }

    /// True if the last search belongs to other settings than the present ones or those that it found.
    pub fn search_is_stale(&self) -> bool {
        self.board.searched.as_ref().is_some_and(|of| !of.keys.contains(&self.present_key))
    }

    /// Takes the settings that the search found, as one step of undo.
    pub fn use_searched(&mut self) {
        let Some(found) = self.board.searched().cloned() else { return };
        match found.kind {
            SearchKind::Mlp => self.settings.mlp = found.settings.mlp.clone(),
            SearchKind::Boosted => self.settings.boosted = found.settings.boosted.clone(),
        }
    }

    /// True where they are those of the last search already.
    pub fn uses_searched(&self) -> bool {
        let Some(found) = self.board.searched() else { return false };
        match found.kind {
            SearchKind::Mlp => self.settings.mlp == found.settings.mlp,
            SearchKind::Boosted => self.settings.boosted == found.settings.boosted,
        }
    }

    /// The boosted trees have settings that a search found.
    pub fn boosted_is_changed(&self) -> bool {
        self.settings.boosted != BoostedSpec::default()
    }

    /// Tries rising learning rates on the network.
    pub fn find_rate(&mut self) {
        let Some(prepared) = self.prepared.clone().filter(|_| self.can_compare()) else { return };
        let settings = self.settings.clone();
        let key = rate_key(&settings, &self.prepared_key);
        let job = self.start(move |report| project::find_rate(&settings, &prepared, report));
        self.board.finding = Some(Asked { job, key });
    }

    /// True if the curve of rates belongs to another network or other rows.
    pub fn rates_are_stale(&self) -> bool {
        let key = rate_key(&self.settings, &self.prepared_key);
        self.board.rates.as_ref().is_some_and(|of| !of.keys.contains(&key))
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_board(&mut self) {
        if let (Some(asked), Some(standing)) = (&self.board.comparing, &mut self.board.standing) {
            asked.job.events().iter().for_each(|event| standing.take(event));
        }
        for event in self.board.searching.iter().flat_map(|asked| asked.job.events()) {
            if let Event::Trial(trial) = event {
                self.board.trials.push(*trial);
            }
        }
        let (news, key) = over(&mut self.board.comparing);
        let is_over = news.is_some();
        if let Some(found) = self.settle(news) {
            self.board.compared = Some(Of { found: Arc::new(found), keys: vec![key] });
        }
        if is_over {
            self.board.standing = None;
        }
        let (news, key) = over(&mut self.board.searching);
        let is_over = news.is_some();
        match self.settle(news) {
            Some(found) => {
                let own = self.table.as_ref().map(|table| found.settings.key(table));
                self.board.trials.clone_from(&found.trials);
                let keys = std::iter::once(key).chain(own).collect();
                self.board.searched = Some(Of { found: Arc::new(found), keys });
            }
            None if is_over => self.board.trials.clear(),
            None => {}
        }
        let (news, key) = over(&mut self.board.finding);
        if let Some(found) = self.settle(news) {
            self.board.rates = Some(Of { found: Arc::new(found), keys: vec![key] });
        }
    }
}

/// What a job has found, if it has ended, and its key.
fn over<T: Send + 'static>(slot: &mut Option<Asked<T>>) -> (Option<Option<Result<T, Error>>>, String) {
    let Some(Asked { job, key }) = slot.take() else { return (None, String::new()) };
    let mut job = Some(job);
    let news = ended(&mut job);
    if let Some(job) = job {
        *slot = Some(Asked { job, key });
        return (None, String::new());
    }
    (news, key)
}
