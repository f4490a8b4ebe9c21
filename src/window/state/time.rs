//! The question over time, and the day that is looked back to.

use std::sync::Arc;

use egui_plot::PlotPoint;
use regulars_engine::Error;
use regulars_engine::deploy::Bundle;
use regulars_engine::features::behaviour::{Columns, Date, Question};
use regulars_engine::job::Job;
use regulars_engine::project::{self, AsOf, Asked, Collected, Past, Scorer, Settings, Track};
use regulars_engine::train::ModelKind;

use super::reading::assemble_again;
use super::{State, ended, ended_of};
use crate::window::notice::Tone;

/// Who scores the customers of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Who {
    /// The model in use.
    #[default]
    Present,
    /// A model learnt from what was known then.
    Then(ModelKind),
    Nobody,
}

/// What a look belongs to: the data, who scored, the model in use.
#[derive(Clone)]
struct Made {
    source: u64,
    who: Who,
    bundle: Option<Arc<Bundle>>,
    /// What a model that is learnt on the way depends on.
    learns: Option<(String, f64)>,
    /// The columns that the books are read by.
    columns: Option<Columns>,
}

impl PartialEq for Made {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.bundle, &other.bundle) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        same && (self.source, self.who, &self.learns) == (other.source, other.who, &other.learns)
    }
}

/// What a finished look gives: the books, for the next one, and the day.
type Look = Result<(Arc<Past>, AsOf), Error>;

/// A column of the table of customers that were looked back at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeenColumn {
    Id,
    #[default]
    Risk,
    Said,
    Happened,
    Next,
}

/// A question, the data that it is asked of, and the asking.
type Asking = (Question, u64, Job<Result<Collected, Error>>);

/// The day that is looked back to, and its job; and the question as it is being put.
#[derive(Default)]
pub struct TimeMachine {
    /// Counts the data that have come in; what was computed belongs to one of them.
    data: u64,
    could_ask: bool,
    /// The question as it is being put; asked when the person says so.
    pub draft: Question,
    asking: Option<Asking>,
    /// Why it could not be asked.
    pub refused: Option<Error>,
    /// The day; the latest whose outcome is known where the person has chosen none.
    day: Option<Date>,
    pub who: Who,
    looking: Option<(Made, Job<Look>)>,
    /// The books, and the data and columns that they were read by.
    past: Option<(u64, Option<Columns>, Arc<Past>)>,
    made: Option<Made>,
    seen: Option<Arc<AsOf>>,
    /// Why the day could not be looked at.
    pub failed: Option<Error>,
    /// The days that were looked at with the same model.
    track: Track,
    /// The shares of the track, in percent, for the chart.
    pub said: Vec<PlotPoint>,
    pub lost: Vec<PlotPoint>,
    /// The column that sorts the customers, and whether it ascends.
    pub sort: (SeenColumn, bool),
    order: Vec<usize>,
}

impl TimeMachine {
    /// Other data have come in, or an answer to another question.
    pub(super) fn begin(&mut self, collected: &Collected) {
        self.data += 1;
        self.could_ask = project::could_ask(collected);
        (self.past, self.seen, self.made, self.failed, self.refused) = Default::default();
        (self.track, self.said, self.lost, self.order) = Default::default();
        if let Some(asked) = &collected.asked {
            self.draft = asked.fitted.question.clone();
        }
    }

    /// Places of the customers, in the order in which they are shown.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The days that were looked at.
    pub fn track(&self) -> &Track {
        &self.track
    }

    /// True while the question is being asked.
    pub fn asking(&self) -> bool {
        self.asking.is_some()
    }

    /// True while a day is being looked at.
    pub fn looking(&self) -> bool {
        self.looking.is_some()
    }

    /// Sorts by a column; once more the other way round.
    pub fn sort_by(&mut self, column: SeenColumn) {
        let ascends = if self.sort.0 == column { !self.sort.1 } else { column == SeenColumn::Id };
        self.sort = (column, ascends);
        self.reorder();
    }

    fn reorder(&mut self) {
        let Some(seen) = &self.seen else { return self.order.clear() };
        let list = &seen.customers;
        let mut order: Vec<usize> = (0..list.len()).collect();
        let of = |at: &usize| list.get(*at);
        match self.sort.0 {
            SeenColumn::Id => order.sort_by(|a, b| of(a).map(|c| &c.id).cmp(&of(b).map(|c| &c.id))),
            SeenColumn::Risk => {
                let risk = |at: &usize| of(at).and_then(|c| c.probability).unwrap_or(-1.0);
                order.sort_by(|a, b| risk(a).total_cmp(&risk(b)));
            }
            SeenColumn::Said => order.sort_by_key(|at| of(at).and_then(|c| c.at_risk)),
            SeenColumn::Happened => order.sort_by_key(|at| of(at).and_then(|c| c.lost)),
            // Whoever has not come back comes after all others.
            SeenColumn::Next => order.sort_by_key(|at| {
                let next = of(at).and_then(|c| c.next_purchase);
                (next.is_none(), next)
            }),
        }
        if !self.sort.1 {
            order.reverse();
        }
        self.order = order;
    }

    pub(super) fn cancel(&self) {
        self.asking.iter().for_each(|(.., job)| job.cancel());
        self.looking.iter().for_each(|(_, job)| job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub(super) fn job(&self) -> Option<(&'static str, f64, f64)> {
        let asking = self.asking.as_ref().map(|(.., job)| ("ask", job.progress(), job.seconds()));
        asking.or_else(|| self.looking.as_ref().map(|(_, job)| ("look_back", job.progress(), job.seconds())))
    }
}

impl State {
    /// What was asked over time of the data, if anything.
    pub fn asked(&self) -> Option<&Arc<Asked>> {
        self.collected.as_ref()?.asked.as_ref()
    }

    /// True where the present rows answer this question, or none where there is none.
    pub(super) fn has_asked(&self, question: Option<&Question>) -> bool {
        let asked = self.asked().map(|asked| asked.fitted.question.clone());
        asked == question.cloned().map(Question::sane)
    }

    /// True where orders with dates are there, so that a question can be asked.
    pub fn could_ask(&self) -> bool {
        self.time.could_ask
    }

    /// Asks the question as it is being put. Settings change only when it could be asked.
    pub fn ask_question(&mut self) {
        let Some(collected) = self.collected.clone() else { return };
        if self.locked || self.load.is_some() {
            return;
        }
        self.time.asking.iter().for_each(|(.., job)| job.cancel());
        self.time.refused = None;
        let question = self.time.draft.clone().sane();
        let read = self.settings.read.without_columns();
        let settings = Settings { read, question: Some(question.clone()), ..self.settings.clone() };
        let job = self.start(move |report| assemble_again(&collected, &settings, report));
        self.time.asking = Some((question, self.time.data, job));
    }

    /// Back to the column that is the target, as one step of undo.
    pub fn drop_question(&mut self) {
        self.settings.question = None;
    }

    /// A question that cannot be asked of what was read is dropped, and told; the data are read without it.
    pub(super) fn without_question(
        &mut self,
        news: Option<Option<Result<Collected, Error>>>,
    ) -> Option<Option<Result<Collected, Error>>> {
        let refused = |error: &Error| error.kind().starts_with("behaviour_");
        let (Some(Some(Err(error))), Some(question)) = (&news, &self.settings.question) else { return news };
        if !refused(error) {
            return news;
        }
        self.time.draft = question.clone();
        if let Some(Some(Err(error))) = news {
            self.fail(error);
        }
        self.tell(Tone::Caution, "notice.question_dropped", Vec::new());
        (self.settings.question, self.committed.question) = (None, None);
        match std::mem::take(&mut self.reading) {
            sources if sources.is_empty() => self.recombine(),
            sources => self.read(sources),
        }
        None
    }

    /// The model in use, where it has learnt from a question over time.
    pub fn time_model(&self) -> Option<&Arc<Bundle>> {
        self.bundle.as_ref().filter(|bundle| bundle.behaviour.is_some() && self.bundling.is_none())
    }

    /// The day that is looked back to.
    pub fn day(&self) -> Option<Date> {
        let asked = self.asked()?;
        let latest = asked.days.last().copied().unwrap_or(asked.last);
        Some(self.time.day.unwrap_or(latest).clamp(asked.first, asked.last))
    }

    /// Chooses a day.
    pub fn set_day(&mut self, day: Date) {
        self.time.day = Some(day);
    }

    fn made(&self) -> Made {
        let bundle = match self.time.who {
            Who::Present => self.time_model().cloned(),
            _ => None,
        };
        let learns = match self.time.who {
            Who::Then(_) => Some((self.present_key.clone(), self.settings.threshold)),
            _ => None,
        };
        let fitted = match &bundle {
            Some(bundle) => bundle.behaviour.as_ref(),
            None => self.asked().map(|asked| &asked.fitted),
        };
        let columns = fitted.and_then(|fitted| fitted.columns.clone());
        Made { source: self.time.data, who: self.time.who, bundle, learns, columns }
    }

    /// What was seen, where it belongs to the present data and model.
    pub fn seen(&self) -> Option<&Arc<AsOf>> {
        self.time.seen.as_ref().filter(|_| self.time.made.as_ref() == Some(&self.made()))
    }

    /// True where a day can be looked at: there is a question, and a model where one is asked for.
    pub fn can_look_back(&self) -> bool {
        let scored = self.time.who != Who::Present || self.time_model().is_some();
        self.asked().is_some() && scored && self.load.is_none() && !self.time.asking()
    }

    /// Looks back to the day.
    pub fn look_back(&mut self) {
        let (Some(collected), Some(day)) = (self.collected.clone(), self.day()) else { return };
        if !self.can_look_back() {
            return;
        }
        self.time.looking.iter().for_each(|(_, job)| job.cancel());
        self.time.failed = None;
        let made = self.made();
        let (who, bundle, settings) = (made.who, made.bundle.clone(), self.settings.clone());
        let kept = made.columns.clone();
        let known = self.time.past.as_ref();
        let known = known.filter(|(source, kept, _)| *source == made.source && *kept == made.columns);
        let past = known.map(|(.., past)| past.clone());
        let job = self.start(move |report| {
            let past = match past {
                Some(past) => past,
                None => Arc::new(Past::read(&collected, &settings, kept.as_ref(), &report.part(0.0, 0.4))?),
            };
            let scorer = match (who, &bundle) {
                (Who::Present, Some(bundle)) => Scorer::Given(bundle),
                (Who::Then(kind), _) => Scorer::Then(kind),
                _ => Scorer::Nobody,
            };
            let seen = past.look(&collected, &settings, day, scorer, &report.part(0.4, 0.6))?;
            Ok((past, seen))
        });
        self.time.looking = Some((made, job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_time(&mut self) {
        self.poll_asking();
        // Epochs of a model that is learnt on the way are shown nowhere.
        self.time.looking.iter().for_each(|(_, job)| drop(job.events()));
        let Some((made, news)) = ended_of(&mut self.time.looking) else { return };
        match news {
            Some(Ok((past, seen))) => self.take_seen(made, past, seen),
            Some(Err(Error::Cancelled)) => {}
            Some(Err(error)) => self.time.failed = Some(error),
            None => self.lost(),
        }
    }

    fn take_seen(&mut self, made: Made, past: Arc<Past>, seen: AsOf) {
        let time = &mut self.time;
        if time.made.as_ref() != Some(&made) {
            time.track = Track::default();
        }
        time.track.add(&seen);
        let percent = |of: fn(&project::Looked) -> Option<f64>| -> Vec<PlotPoint> {
            let points = time.track.days().filter_map(|(day, looked)| Some((day, of(looked)?)));
            points.map(|(day, share)| PlotPoint::new(f64::from(day), 100.0 * share)).collect()
        };
        time.said = percent(|looked| looked.said.map(|share| share.value));
        time.lost = percent(|looked| looked.lost.map(|share| share.value));
        time.past = Some((made.source, made.columns.clone(), past));
        time.seen = Some(Arc::new(seen));
        time.made = Some(made);
        time.reorder();
    }

    fn poll_asking(&mut self) {
        let Some((question, source, job)) = self.time.asking.take() else { return };
        let mut slot = Some(job);
        let news = ended(&mut slot);
        match (news, slot) {
            (None, Some(job)) => self.time.asking = Some((question, source, job)),
            // Other data have come in since.
            (Some(_), _) if source != self.time.data || self.load.is_some() || self.locked => {}
            (Some(Some(Ok(collected))), _) => {
                self.settings.question = Some(question);
                self.take_collected(collected);
            }
            (Some(Some(Err(Error::Cancelled))), _) => {}
            (Some(Some(Err(error))), _) => self.time.refused = Some(error),
            _ => self.lost(),
        }
    }
}
