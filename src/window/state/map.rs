//! The map of the customers, its colours, and the part of it that was chosen, each made on a thread of
//! its own.

use std::sync::Arc;

use regulars_engine::clean::Cleaning;
use regulars_engine::project::{self, ColourBy, Colours, CustomerMap, GroupBeside, GroupRows, Outcome};
use regulars_engine::segment::cluster::GroupSpec;
use regulars_engine::segment::map::{self, Projection};
use regulars_engine::segment::{Segment, Segmentation};

use super::State;
use super::keyed::{Keyed, Same};

/// What a map was made of.
#[derive(Clone)]
struct Of {
    rows: Arc<Cleaning>,
    spec: GroupSpec,
    seed: u64,
    projection: Projection,
}

impl PartialEq for Of {
    fn eq(&self, other: &Self) -> bool {
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

impl PartialEq for Painted {
    fn eq(&self, other: &Self) -> bool {
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

/// The map.
#[derive(Default)]
pub struct Map {
    /// How customers become points of the plane.
    pub projection: Projection,
    drawing: Keyed<Of, CustomerMap>,
    colours: Keyed<Painted, Colours>,
    part: Keyed<Same<CustomerMap>, Part>,
}

impl Map {
    /// The map that was drawn last; of older rows while the present ones are drawn.
    pub fn map(&self) -> Option<&Arc<CustomerMap>> {
        self.drawing.last()
    }

    /// The colours of that map, as long as no others are made.
    pub fn colours(&self) -> Option<&Arc<Colours>> {
        let map = self.map()?;
        self.colours.found().filter(|(of, _)| Arc::ptr_eq(&of.map, map)).map(|(_, colours)| colours)
    }

    /// The customers that are chosen on it.
    pub fn part(&self) -> Option<&Arc<Part>> {
        self.part.of(&Same(self.map()?.clone()))
    }

    /// True while the chosen customers are looked at.
    pub fn choosing(&self) -> bool {
        self.part.is_working()
    }

    /// Nobody is chosen any more.
    pub fn choose_nobody(&mut self) {
        self.part.clear();
    }

    /// The done share of the drawing.
    pub fn progress(&self) -> Option<f64> {
        self.drawing.progress()
    }

    /// Stops the drawing. Colours and the chosen part take a moment, and the map is nothing without them.
    pub(super) fn cancel(&mut self) {
        self.drawing.cancel();
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        self.drawing.job("map")
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
        self.map_of().is_some_and(|of| !self.map.drawing.has(&of))
    }

    /// Draws the first map by itself, for it takes a moment; any other waits for the person.
    pub fn follow_map(&mut self) {
        let is_first = self.map.map().is_none() && !self.map.drawing.is_working();
        let was_stopped = self.map_of().is_some_and(|of| self.map.drawing.rests(&of));
        if is_first && !was_stopped && !self.preparing() && self.map.projection == Projection::Pca {
            self.draw_map();
        }
    }

    /// Draws the map of the present rows.
    pub fn draw_map(&mut self) {
        let (Some(of), Some(table)) = (self.map_of(), self.table.clone()) else { return };
        let (settings, prepared, cleaning) = (self.settings.clone(), self.prepared.clone(), of.rows.clone());
        let (collected, outcome) = (self.collected.clone(), self.shown().cloned());
        let outcome = outcome.filter(|_| self.shows_present_rows());
        let (projection, ctx) = (of.projection, self.ctx.clone());
        self.map.drawing.begin(of, &ctx, move |report| {
            let beside = GroupBeside { collected: collected.as_deref(), outcome: outcome.as_deref() };
            let rows = match &prepared {
                Some(prepared) => GroupRows::of_prepared(prepared)?,
                None => GroupRows::of_cleaning(&settings, &table, &cleaning)?,
            };
            project::customer_map(&settings, rows, projection, prepared.as_deref(), beside, report)
        });
    }

    /// Colours the map, unless that is done or under way.
    pub fn follow_colours(&mut self, by: &ColourBy) {
        let Some(map) = self.map.map().cloned() else { return };
        let outcome = self.shown().filter(|_| self.shows_present_rows()).cloned();
        let of = Painted { map, by: by.clone(), found: self.segments.clone(), outcome };
        let ctx = self.ctx.clone();
        self.map.colours.follow(of.clone(), &ctx, move |_| {
            Ok(project::colours(&of.map, &of.by, of.found.as_deref(), of.outcome.as_deref()))
        });
    }

    /// Chooses the customers within a shape of the map's plane, of those whose colour is shown.
    pub fn choose_part(&mut self, shape: Vec<[f32; 2]>, shown: [bool; 8]) {
        let (Some(map), Some(colours)) = (self.map.map().cloned(), self.map.colours().cloned()) else {
            return;
        };
        let (of, ctx) = (map.clone(), self.ctx.clone());
        self.map.part.begin(Same(map), &ctx, move |_| {
            let mut points = map::inside(&of.drawn.xy, &shape);
            let is_shown = |point: &usize| {
                let colour = colours.of.get(*point).copied().unwrap_or(0);
                shown.get(colour as usize).copied().unwrap_or(true)
            };
            points.retain(is_shown);
            let profile = project::profile(&of, &points);
            Ok(Part { points, profile })
        });
    }

    /// Takes in what its jobs have done.
    pub(super) fn poll_map(&mut self) {
        let end = self.map.drawing.poll();
        if self.ended_with(end) {
            self.map.choose_nobody();
        }
        let ends = [self.map.colours.poll(), self.map.part.poll()];
        for end in ends {
            self.ended_with(end);
        }
    }
}
