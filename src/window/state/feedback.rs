//! The jobs and results of one part of the window: what customers are saying.

use std::collections::BTreeSet;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::feedback::{
    Aspect, By, Feedback as Found, FeedbackSpec, Filter, Index, Mood, count_aspects,
};
use regulars_engine::files::Grid;
use regulars_engine::job::{Cancelled, Event, Job};
use regulars_engine::project::{self, Choices, Collected};
use regulars_engine::table::Role;
use regulars_engine::train::{Epoch, ModelKind};

use super::{State, ended, ended_of};
use crate::window::parts::take::{self, Take};

/// What an answer was made of.
#[derive(Clone)]
struct Of {
    collected: Arc<Collected>,
    /// Without what only the page shows: details, templates of replies.
    spec: FeedbackSpec,
    positive: Option<String>,
    /// A person's roles say what a column is.
    roles: Vec<(String, Role)>,
    seed: u64,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.collected, &other.collected)
            && (&self.spec, &self.positive, &self.roles, self.seed)
                == (&other.spec, &other.positive, &other.roles, other.seed)
    }
}

/// What was found, and the groups that comments are of.
pub struct Heard {
    pub feedback: Found,
    pub segments: Vec<String>,
    /// Comments of each mood, as [`Mood::ALL`] has them.
    pub moods: [usize; 3],
}

type Searching = Job<Result<(Arc<Index>, Vec<u32>), Cancelled>>;

/// Columns to choose from: of which data, by which chosen columns and roles.
type Chosen = (Arc<Collected>, FeedbackSpec, Vec<(String, Role)>);

/// A training of a network while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub kind: ModelKind,
    /// Counted from 1, and how many there are.
    pub fold: usize,
    pub folds: usize,
    pub epochs: Vec<Epoch>,
}

/// The aspects whose comments are counted, and the job that counts them.
type Counting = (Vec<Aspect>, Job<Result<Vec<usize>, Cancelled>>);

/// What was found, and its jobs.
#[derive(Default)]
pub struct Feedback {
    found: Option<(Of, Arc<Heard>)>,
    running: Option<(Of, Job<Result<Heard, Error>>)>,
    /// The network that is being trained.
    course: Option<Course>,
    /// Why nothing was found in what is there.
    failed: Option<(Of, Error)>,
    /// Which comments are wanted.
    pub filter: Filter,
    /// What the shown places were found by, and whether personal details could be searched for.
    searched: Option<(Filter, bool)>,
    searching: Option<(Filter, bool, Searching)>,
    index: Option<Arc<Index>>,
    places: Arc<Vec<u32>>,
    counted: Option<(Vec<Aspect>, Vec<usize>)>,
    counting: Option<Counting>,
    choices: Option<(Chosen, Choices)>,
    choosing: Option<(Chosen, Job<Choices>)>,
    exporting: Option<Job<Result<Grid, Cancelled>>>,
}

impl Feedback {
    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        self.running.iter().for_each(|(_, job)| job.cancel());
        self.exporting.iter().for_each(Job::cancel);
        self.searching.iter().for_each(|(.., job)| job.cancel());
        self.counting.iter().for_each(|(_, job)| job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let running = self.running.as_ref().map(|(_, job)| ("feedback", job.progress(), job.seconds()));
        running.or_else(|| self.exporting.as_ref().map(|job| ("write", job.progress(), job.seconds())))
    }

    /// True while comments are being read.
    pub fn working(&self) -> bool {
        self.running.is_some()
    }

    /// The training of a network that runs.
    pub fn course(&self) -> Option<&Course> {
        self.course.as_ref().filter(|_| self.working())
    }

    /// True while a table of comments is being made.
    pub fn exporting(&self) -> bool {
        self.exporting.is_some()
    }

    /// Places of the wanted comments; those of the last filter while the present one is looked for.
    pub fn places(&self) -> &Arc<Vec<u32>> {
        &self.places
    }

    /// True where the places are those of the present filter.
    pub fn is_searched(&self) -> bool {
        self.searched.as_ref().is_some_and(|(filter, _)| *filter == self.filter)
    }

    /// How many comments speak of each of these aspects, where that is known.
    pub fn count_of(&self, aspects: &[Aspect]) -> Option<&[usize]> {
        self.counted.as_ref().filter(|(of, _)| of == aspects).map(|(_, counts)| counts.as_slice())
    }

    /// Puts the comments in an order; once more the other way round.
    pub fn sort_by(&mut self, by: By) {
        self.filter.descends = if self.filter.by == by { !self.filter.descends } else { by == By::Day };
        self.filter.by = by;
    }

    fn take(&mut self, of: Of, heard: Heard) {
        self.found = Some((of, Arc::new(heard)));
        // Themes and comments have other places now.
        self.filter = Filter { by: By::Day, descends: true, ..Filter::default() };
        self.searching.iter().for_each(|(.., job)| job.cancel());
        self.counting.iter().for_each(|(_, job)| job.cancel());
        (self.searched, self.searching, self.index, self.counted, self.counting) = Default::default();
        self.places = Arc::default();
    }
}

impl State {
    fn heard_of(&self) -> Option<Of> {
        let settings = &self.settings;
        let spec = FeedbackSpec { show_details: false, templates: Vec::new(), ..settings.feedback.clone() };
        Some(Of {
            collected: self.collected.clone()?,
            spec,
            positive: settings.positive.clone(),
            roles: settings.read.roles.clone(),
            seed: settings.seed,
        })
    }

    /// What was heard last, of the present data.
    pub fn heard(&self) -> Option<&Arc<Heard>> {
        let collected = self.collected.as_ref()?;
        let (of, heard) = self.feedback.found.as_ref()?;
        Arc::ptr_eq(&of.collected, collected).then_some(heard)
    }

    /// Settings have changed since it was heard.
    pub fn heard_is_stale(&self) -> bool {
        let present = self.heard_of();
        self.feedback.found.as_ref().is_some_and(|(of, _)| present.as_ref() != Some(of))
    }

    /// Why nothing could be heard with the present settings.
    pub fn heard_error(&self) -> Option<&Error> {
        let (of, error) = self.feedback.failed.as_ref()?;
        self.heard_of().filter(|present| present == of).map(|_| error)
    }

    /// Reads the comments.
    pub fn hear(&mut self) {
        let Some(of) = self.heard_of() else { return };
        self.feedback.running.iter().for_each(|(_, job)| job.cancel());
        (self.feedback.failed, self.feedback.course) = (None, None);
        let collected = of.collected.clone();
        let mut settings = self.settings.clone();
        settings.feedback.show_details = false;
        let job = self.start(move |report| {
            let feedback = project::feedback_of(&collected, &settings, report)?;
            let segments = feedback.said.comments.iter().filter_map(|comment| comment.segment.clone());
            let segments: BTreeSet<String> = segments.collect();
            let moods = Mood::ALL.map(|mood| feedback.count(mood));
            Ok(Heard { segments: segments.into_iter().collect(), moods, feedback })
        });
        self.feedback.running = Some((of, job));
    }

    /// Looks for the wanted comments, unless that is done or under way.
    pub fn follow_search(&mut self, shows_details: bool) {
        let Some(heard) = self.heard().cloned() else { return };
        let filter = self.feedback.filter.clone();
        let wanted = (filter.clone(), shows_details);
        let is_done = self.feedback.searched.as_ref() == Some(&wanted) && self.feedback.searching.is_none();
        let is_sought =
            self.feedback.searching.as_ref().is_some_and(|(f, d, _)| (f, *d) == (&wanted.0, wanted.1));
        if is_done || is_sought {
            return;
        }
        self.feedback.searching.iter().for_each(|(.., job)| job.cancel());
        let index = self.feedback.index.clone().filter(|index| index.shows_details() == shows_details);
        let job = self.start(move |report| {
            let index = match index {
                Some(index) => index,
                None => Arc::new(Index::new(&heard.feedback, shows_details, report)?),
            };
            let places = index.find(&heard.feedback, &filter, report)?;
            Ok((index, places))
        });
        self.feedback.searching = Some((wanted.0, wanted.1, job));
    }

    /// Counts the comments that speak of these aspects, unless that is done or under way.
    pub fn follow_count(&mut self, aspects: &[Aspect]) {
        let Some(heard) = self.heard().cloned() else { return };
        let room = &self.feedback;
        let is_known = room.counted.as_ref().is_some_and(|(of, _)| of == aspects) && room.counting.is_none();
        if is_known || room.counting.as_ref().is_some_and(|(of, _)| of == aspects) {
            return;
        }
        room.counting.iter().for_each(|(_, job)| job.cancel());
        let of = aspects.to_vec();
        let job = self.start({
            let of = of.clone();
            move |report| count_aspects(&heard.feedback, &of, report)
        });
        self.feedback.counting = Some((of, job));
    }

    /// The columns that can be chosen, once they are known.
    pub fn feedback_choices(&mut self) -> Option<&Choices> {
        let collected = self.collected.clone()?;
        let chosen = &self.settings.feedback;
        // What only says how comments are read chooses no column.
        let spec = FeedbackSpec {
            text: chosen.text.clone(),
            rating: chosen.rating.clone(),
            nps: chosen.nps.clone(),
            segment: chosen.segment.clone(),
            date: chosen.date.clone(),
            customer: chosen.customer.clone(),
            ..FeedbackSpec::default()
        };
        let wanted = (collected, spec, self.settings.read.roles.clone());
        let same = |(of, spec, roles): &Chosen| {
            Arc::ptr_eq(of, &wanted.0) && (spec, roles) == (&wanted.1, &wanted.2)
        };
        let is_known = self.feedback.choices.as_ref().is_some_and(|(of, _)| same(of));
        let is_under_way = self.feedback.choosing.as_ref().is_some_and(|(of, _)| same(of));
        if !is_known && !is_under_way {
            let (collected, settings) = (wanted.0.clone(), self.settings.clone());
            let job = self.start(move |_| project::feedback_choices(&collected, &settings));
            self.feedback.choosing = Some((wanted, job));
        }
        // Those before stay until the new ones are known: the boxes do not flicker.
        let of = self.collected.as_ref()?;
        self.feedback.choices.as_ref().filter(|((data, ..), _)| Arc::ptr_eq(data, of)).map(|(_, all)| all)
    }

    /// Makes a table of the wanted comments, and asks where it shall be saved.
    pub fn export_comments(&mut self, shows_details: bool) {
        let Some(heard) = self.heard().cloned() else { return };
        let places = self.feedback.places.clone();
        let spec = FeedbackSpec { show_details: shows_details, ..self.settings.feedback.clone() };
        let job =
            self.start(move |report| project::feedback_grid(&heard.feedback, &spec, Some(&places), report));
        self.feedback.exporting = Some(job);
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_feedback(&mut self) {
        if let Some(Some(Ok(grid))) = ended(&mut self.feedback.exporting) {
            take::wish(&self.ctx, Take::Save(grid));
        }
        self.poll_search();
        let Some((_, job)) = &self.feedback.running else { return };
        for event in job.events() {
            match event {
                Event::Fold { fold, folds, kind } => {
                    self.feedback.course = Some(Course { kind, fold, folds, epochs: Vec::new() });
                }
                Event::Epoch(epoch) => {
                    if let Some(course) = &mut self.feedback.course {
                        course.epochs.push(epoch);
                    }
                }
                _ => {}
            }
        }
        let Some((of, news)) = ended_of(&mut self.feedback.running) else { return };
        match news {
            Some(Ok(heard)) => self.feedback.take(of, heard),
            Some(Err(Error::Cancelled)) => {}
            Some(Err(error)) => self.feedback.failed = Some((of, error)),
            None => self.lost(),
        }
    }

    fn poll_search(&mut self) {
        let room = &mut self.feedback;
        if let Some((filter, details, job)) = room.searching.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            match (news, slot) {
                (None, Some(job)) => room.searching = Some((filter, details, job)),
                (Some(Some(Ok((index, places)))), _) => {
                    room.index = Some(index);
                    room.places = Arc::new(places);
                    room.searched = Some((filter, details));
                }
                // A worker that died would do so again.
                (Some(None), _) => {
                    room.places = Arc::default();
                    room.searched = Some((filter, details));
                }
                // Stopped: it starts again while the page is shown.
                _ => {}
            }
        }
        match ended_of(&mut room.counting) {
            Some((of, Some(Ok(counts)))) => room.counted = Some((of, counts)),
            Some((of, None)) => room.counted = Some((of, Vec::new())),
            _ => {}
        }
        if let Some((of, choices)) = ended_of(&mut room.choosing) {
            room.choices = Some((of, choices.unwrap_or_default()));
        }
    }
}
