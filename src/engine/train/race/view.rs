//! What a face draws of a race: numbers ready to be shown, apart from the race itself.

use std::sync::Arc;

use super::super::Layer;
use super::super::glass::GlassSpec;
use super::{Lane, Leader, Point, Race, RateChange, Stop};

/// Points of a surface along each side.
pub const SIDE: usize = 25;

/// Cells of a picture of weights along and across at most.
const ACROSS: usize = 40;
const DOWN: usize = 12;

/// The weights of a layer in few cells: inputs across, units down.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightPicture {
    pub inputs: usize,
    pub outputs: usize,
    pub columns: usize,
    pub rows: usize,
    /// Row by row; each the weight with the largest size of those that the cell stands for.
    pub cells: Vec<f32>,
    /// The largest size of a weight of the layer.
    pub largest: f32,
}

impl WeightPicture {
    /// The picture of a layer.
    pub fn of(layer: &Layer) -> Self {
        let (columns, rows) = (layer.inputs.min(ACROSS), layer.outputs.min(DOWN));
        let mut cells = vec![0.0f32; columns * rows];
        let mut largest = 0.0f32;
        for (input, weights) in layer.weights.chunks(layer.outputs.max(1)).enumerate() {
            let column = input * columns / layer.inputs.max(1);
            for (unit, weight) in weights.iter().enumerate() {
                let row = unit * rows / layer.outputs.max(1);
                if let Some(cell) = cells.get_mut(row * columns + column)
                    && weight.abs() > cell.abs()
                {
                    *cell = *weight;
                }
                largest = largest.max(weight.abs());
            }
        }
        Self { inputs: layer.inputs, outputs: layer.outputs, columns, rows, cells, largest }
    }
}

/// A lane as it is now.
#[derive(Debug, Clone)]
pub struct LaneView {
    pub spec: GlassSpec,
    pub seed: u64,
    /// The learning rate in force.
    pub rate: f64,
    pub rates: Vec<RateChange>,
    /// Epochs done, batches done of the present one, batches of an epoch.
    pub epoch: usize,
    pub batch: usize,
    pub batches: usize,
    pub history: Arc<Vec<Point>>,
    pub ghost: Arc<Vec<Point>>,
    /// The point within an epoch that is under way, where the race rests.
    pub now: Option<Point>,
    /// Mean loss of the last batch before its step, classes weighed and dropout on.
    pub batch_loss: Option<f64>,
    pub gradient_norms: Vec<f64>,
    pub stop: Option<Stop>,
    pub pictures: Vec<WeightPicture>,
    /// [`SIDE`] × [`SIDE`] probabilities over the two axes, row by row from the low end, the first axis
    /// across.
    pub surface: Vec<f32>,
    /// Probability of each followed customer.
    pub scores: Vec<f64>,
}

/// A race as it is now.
#[derive(Debug, Clone)]
pub struct View {
    pub lanes: Vec<LaneView>,
    pub leader: Option<Leader>,
    /// Features across and up, and the ranges that the surfaces cover.
    pub axes: (usize, usize),
    pub ranges: [[f32; 2]; 2],
    /// Where each followed customer stands on the two axes.
    pub followed_at: Vec<[f32; 2]>,
    /// It runs by itself.
    pub is_running: bool,
    /// It runs by itself no further than this epoch.
    pub planned: usize,
}

impl View {
    /// Epochs that the lane that came furthest has behind it.
    pub fn furthest(&self) -> usize {
        self.lanes.iter().map(|lane| lane.epoch).max().unwrap_or(0)
    }

    /// True when every lane that can run has come to the planned epoch, or none can run.
    pub fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| lane.stop.is_some() || lane.epoch >= self.planned)
    }

    /// The followed customer whom the lanes judge most differently: the place among them, the lowest and
    /// the highest probability.
    pub fn widest(&self) -> Option<(usize, f64, f64)> {
        let spread = |at: usize| {
            let scores = || self.lanes.iter().filter_map(|lane| lane.scores.get(at)).copied();
            (at, scores().fold(f64::INFINITY, f64::min), scores().fold(f64::NEG_INFINITY, f64::max))
        };
        let all = (0..self.followed_at.len()).map(spread).filter(|(_, low, high)| low <= high);
        all.max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1)))
    }
}

impl Race {
    /// What there is to see; `is_running` leaves out what is only shown of a race at rest.
    pub fn view(&self, is_running: bool, planned: usize) -> View {
        let (x, y) = self.axes;
        let range = |at: usize| self.track.ranges.get(at).copied().unwrap_or([-1.0, 1.0]);
        let ranges = [range(x), range(y)];
        let lane = |lane: &Lane| LaneView {
            spec: lane.glass().spec().clone(),
            seed: lane.seed(),
            rate: lane.rate(),
            rates: lane.rates().to_vec(),
            epoch: lane.epoch(),
            batch: lane.batch(),
            batches: lane.batches(),
            history: lane.history().clone(),
            ghost: lane.ghost().clone(),
            now: (!is_running && lane.batch() > 0).then(|| lane.measure(&self.track).0),
            batch_loss: lane.batch_loss(),
            gradient_norms: lane.gradient_norms().to_vec(),
            stop: lane.stop().cloned(),
            pictures: lane.glass().layers().iter().map(WeightPicture::of).collect(),
            surface: lane.glass().surface(&self.track.centre, self.axes, ranges, SIDE),
            scores: self.track.followed.iter().map(|one| lane.glass().predict(&one.x)).collect(),
        };
        View {
            lanes: self.lanes.iter().map(lane).collect(),
            leader: self.leader(),
            axes: self.axes,
            ranges,
            followed_at: self
                .track
                .followed
                .iter()
                .map(|one| [x, y].map(|axis| one.x.get(axis).copied().unwrap_or(0.0)))
                .collect(),
            is_running,
            planned,
        }
    }
}
