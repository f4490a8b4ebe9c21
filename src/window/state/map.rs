//! The map of the customers, its colours, and the part of it that was chosen, each made on a thread of
//! its own.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::clean::Cleaning;
use regulars_engine::job::Job;
use regulars_engine::project::{self, ColourBy, Colours, CustomerMap, GroupBeside, GroupRows, Outcome};
use regulars_engine::segment::cluster::GroupSpec;
use regulars_engine::segment::map::{self, Projection};
use regulars_engine::segment::{Segment, Segmentation};

use super::{State, ended};

/// What a map was made of.
#[derive(Clone)]
struct Of {
    rows: Arc<Cleaning>,
    spec: GroupSpec,
    seed: u64,
    projection: Projection,
}

impl Of {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
            && (&self.spec, self.seed, self.projection) == (&other.spec, other.seed, other.projection)
    }
}

/// What colours were made of.
#[derive(Clone)]
struct Painted {
    map: Arc<CustomerMap>,
    by: ColourBy,
    found: Option<Arc<Segmentation>>,
    outcome: Option<Arc<Outcome>>,
}

impl Painted {
    fn is(&self, other: &Self) -> bool {
        fn same<T>(a: &Option<Arc<T>>, b: &Option<Arc<T>>) -> bool {
            a.as_ref().map(Arc::as_ptr) == b.as_ref().map(Arc::as_ptr)
        }
        Arc::ptr_eq(&self.map, &other.map)
            && self.by == other.by
            && same(&self.found, &other.found)
            && same(&self.outcome, &other.outcome)
    }
}

/// Customers that were chosen on a map, and what sets them apart.
pub struct Part {
    pub points: Vec<usize>,
    pub profile: Segment,
}

type Drawing = Job<Result<CustomerMap, Error>>;

/// The map.
#[derive(Default)]
pub struct Map {
    /// How customers become points of the plane.
    pub projection: Projection,
    found: Option<(Of, Arc<CustomerMap>)>,
    drawing: Option<(Of, Drawing)>,
    /// It was stopped, or could not be drawn.
    stopped: Option<Of>,
    colours: Option<(Painted, Arc<Colours>)>,
    colouring: Option<(Painted, Job<Colours>)>,
    part: Option<(Arc<CustomerMap>, Arc<Part>)>,
    choosing: Option<(Arc<CustomerMap>, Job<Part>)>,
}

impl Map {
    /// The map that was drawn last; of older rows while the present ones are drawn.
    pub fn map(&self) -> Option<&Arc<CustomerMap>> {
        self.found.as_ref().map(|(_, map)| map)
    }

    /// The colours of that map, as long as no others are made.
    pub fn colours(&self) -> Option<&Arc<Colours>> {
        let map = self.map()?;
        self.colours.as_ref().filter(|(of, _)| Arc::ptr_eq(&of.map, map)).map(|(_, colours)| colours)
    }

    /// The customers that are chosen on it.
    pub fn part(&self) -> Option<&Arc<Part>> {
        let map = self.map()?;
        self.part.as_ref().filter(|(of, _)| Arc::ptr_eq(of, map)).map(|(_, part)| part)
    }

    /// True while the chosen customers are looked at.
    pub fn choosing(&self) -> bool {
        self.choosing.is_some()
    }

    /// Nobody is chosen any more.
    pub fn choose_nobody(&mut self) {
        self.choosing.iter().for_each(|(_, job)| job.cancel());
        self.choosing = None;
        self.part = None;
    }

    /// The done share of the drawing.
    pub fn progress(&self) -> Option<f64> {
        self.drawing.as_ref().map(|(_, job)| job.progress())
    }

    /// Stops its jobs.
    pub(super) fn cancel(&mut self) {
        if let Some((of, job)) = self.drawing.take() {
            job.cancel();
            self.stopped = Some(of);
        }
        self.colouring.iter().for_each(|(_, job)| job.cancel());
        self.choosing.iter().for_each(|(_, job)| job.cancel());
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.drawing.as_ref().map(|(_, job)| ("map", job.progress(), job.seconds()))
    }
}

impl State {
    fn map_of(&self) -> Option<Of> {
        let rows = self.cleaning.clone()?;
        let (spec, seed) = (self.settings.groups.clone(), self.settings.seed);
        Some(Of { rows, spec, seed, projection: self.map.projection })
    }

    /// True where the map of the present rows and settings is neither there nor under way.
    pub fn map_stale(&self) -> bool {
        let Some(of) = self.map_of() else { return false };
        let is = |known: &Option<&Of>| known.is_some_and(|known| known.is(&of));
        !is(&self.map.found.as_ref().map(|(of, _)| of)) && !is(&self.map.drawing.as_ref().map(|(of, _)| of))
    }

    /// Draws the first map by itself, for it takes a moment; any other waits for the person.
    pub fn follow_map(&mut self) {
        let is_first = self.map.found.is_none() && self.map.drawing.is_none();
        let was_stopped = self.map.stopped.as_ref().zip(self.map_of()).is_some_and(|(a, b)| a.is(&b));
        if is_first && !was_stopped && !self.preparing() && self.map.projection == Projection::Pca {
            self.draw_map();
        }
    }

    /// Draws the map of the present rows.
    pub fn draw_map(&mut self) {
        let (Some(of), Some(table)) = (self.map_of(), self.table.clone()) else { return };
        self.map.drawing.iter().for_each(|(_, job)| job.cancel());
        self.map.stopped = None;
        let (settings, prepared, cleaning) = (self.settings.clone(), self.prepared.clone(), of.rows.clone());
        let (collected, outcome) = (self.collected.clone(), self.shown().cloned());
        let outcome = outcome.filter(|_| self.shows_present_rows());
        let projection = of.projection;
        let job = self.start(move |report| {
            let beside = GroupBeside { collected: collected.as_deref(), outcome: outcome.as_deref() };
            let rows = match &prepared {
                Some(prepared) => GroupRows::of_prepared(prepared)?,
                None => GroupRows::of_cleaning(&settings, &table, &cleaning)?,
            };
            project::customer_map(&settings, rows, projection, prepared.as_deref(), beside, report)
        });
        self.map.drawing = Some((of, job));
    }

    /// Colours the map, unless that is done or under way.
    pub fn follow_colours(&mut self, by: &ColourBy) {
        let Some(map) = self.map.map().cloned() else { return };
        let outcome = self.shown().filter(|_| self.shows_present_rows()).cloned();
        let of = Painted { map, by: by.clone(), found: self.segments.clone(), outcome };
        let is_known = self.map.colours.as_ref().is_some_and(|(known, _)| known.is(&of))
            || self.map.colouring.as_ref().is_some_and(|(known, _)| known.is(&of));
        if is_known {
            return;
        }
        let Painted { map, by, found, outcome } = of.clone();
        let job = self.start(move |_| project::colours(&map, &by, found.as_deref(), outcome.as_deref()));
        self.map.colouring = Some((of, job));
    }

    /// Chooses the customers within a shape of the map's plane, of those whose colour is shown.
    pub fn choose_part(&mut self, shape: Vec<[f32; 2]>, shown: [bool; 8]) {
        let (Some(map), Some(colours)) = (self.map.map().cloned(), self.map.colours().cloned()) else {
            return;
        };
        let of = map.clone();
        let job = self.start(move |_| {
            let mut points = map::inside(&of.drawn.xy, &shape);
            let is_shown = |point: &usize| {
                let colour = colours.of.get(*point).copied().unwrap_or(0);
                shown.get(colour as usize).copied().unwrap_or(true)
            };
            points.retain(is_shown);
            let profile = project::profile(&of, &points);
            Part { points, profile }
        });
        self.map.choosing = Some((map, job));
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_map(&mut self) {
        if let Some((of, job)) = self.map.drawing.take() {
            let mut slot = Some(job);
            let news = ended(&mut slot);
            if let Some(job) = slot {
                self.map.drawing = Some((of, job));
            } else if let Some(map) = self.settle(news) {
                self.map.found = Some((of, Arc::new(map)));
                self.map.choose_nobody();
            } else {
                self.map.stopped = Some(of);
            }
        }
        if let Some((of, job)) = self.map.colouring.take() {
            let mut slot = Some(job);
            match ended(&mut slot) {
                Some(Some(colours)) => self.map.colours = Some((of, Arc::new(colours))),
                Some(None) => self.lost(),
                None => self.map.colouring = slot.map(|job| (of, job)),
            }
        }
        if let Some((of, job)) = self.map.choosing.take() {
            let mut slot = Some(job);
            match ended(&mut slot) {
                Some(Some(part)) => self.map.part = Some((of, Arc::new(part))),
                Some(None) => self.lost(),
                None => self.map.choosing = slot.map(|job| (of, job)),
            }
        }
    }
}
