//! Rows for the playground: seeded shapes of two features, and two columns of a person's own file.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::{Glass, GlassData};
use crate::train::{Network, Samples};

/// A shape of two classes in the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A disc within a ring.
    #[default]
    Circle,
    /// Opposite quarters belong together.
    Xor,
    /// Two half moons that reach into each other.
    Moons,
    /// Two arms wound around each other.
    Spiral,
    /// Two clouds.
    Gaussians,
}

impl Shape {
    pub const ALL: [Shape; 5] = [Shape::Circle, Shape::Xor, Shape::Moons, Shape::Spiral, Shape::Gaussians];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Xor => "xor",
            Self::Moons => "moons",
            Self::Spiral => "spiral",
            Self::Gaussians => "gaussians",
        }
    }

    /// A point of a class, without noise, within about ±1 each way.
    fn point(self, left: bool, rng: &mut ChaCha8Rng) -> [f64; 2] {
        use std::f64::consts::{PI, TAU};
        let around = |radius: f64, angle: f64| [radius * angle.cos(), radius * angle.sin()];
        match self {
            Self::Circle => {
                let radius = if left { rng.gen_range(0.0..0.45) } else { rng.gen_range(0.65..1.0) };
                around(radius, rng.gen_range(0.0..TAU))
            }
            Self::Xor => {
                let x: f64 = rng.gen_range(0.08..1.0) * if rng.gen_bool(0.5) { 1.0 } else { -1.0 };
                let y: f64 = rng.gen_range(0.08..1.0);
                [x, if left == (x > 0.0) { y } else { -y }]
            }
            Self::Moons => {
                let angle = rng.gen_range(0.0..PI);
                let [x, y] = around(0.65, angle);
                if left { [x - 0.32, y - 0.2] } else { [0.32 - x, 0.2 - y] }
            }
            Self::Spiral => {
                let way: f64 = rng.gen_range(0.08..1.0);
                let turn = if left { 0.0 } else { PI };
                around(way, 1.75 * way * TAU + turn)
            }
            Self::Gaussians => {
                let mut near = || -> f64 {
                    let z: f64 = StandardNormal.sample(rng);
                    0.16 * z
                };
                let at = if left { 0.42 } else { -0.42 };
                [at + near(), at + near()]
            }
        }
    }
}

/// A shape and how it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToySpec {
    pub shape: Shape,
    /// Rows of both halves together.
    pub rows: usize,
    /// Standard deviation of what is added to each feature, in units of the shape (which reaches
    /// about 1 each way).
    pub noise: f64,
    pub seed: u64,
}

impl Default for ToySpec {
    fn default() -> Self {
        Self { shape: Shape::Circle, rows: 400, noise: 0.05, seed: 42 }
    }
}

/// Rows to learn from and rows to watch with, over two features.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Halves {
    pub train: GlassData,
    pub valid: GlassData,
    /// Low and high of each feature among the rows to learn from, with a margin.
    pub range: [[f32; 2]; 2],
    /// Rows that stand outside the range, of both halves.
    pub outside: usize,
}

/// Most rows of a half that are taken of a person's own file.
pub const MOST_ROWS: usize = 4000;

impl Halves {
    fn new(train: GlassData, valid: GlassData) -> Self {
        let range = [0, 1].map(|axis| range(&train, axis));
        let is_outside =
            |point: &[f32]| point.iter().zip(&range).any(|(v, [low, high])| !(*low..=*high).contains(v));
        let count = |data: &GlassData| data.x.chunks(2).filter(|point| is_outside(point)).count();
        let outside = count(&train) + count(&valid);
        Self { train, valid, range, outside }
    }
}

/// The middle 98 of 100 rows, and a tenth of that more on either side: one odd row must not squeeze all
/// others into a corner.
fn range(data: &GlassData, axis: usize) -> [f32; 2] {
    let mut values: Vec<f32> = data.x.iter().skip(axis).step_by(2).copied().collect();
    values.sort_by(f32::total_cmp);
    let at = |share: f64| {
        let place = (share * values.len().saturating_sub(1) as f64).round() as usize;
        values.get(place).copied().unwrap_or(0.0)
    };
    let (low, high) = (at(0.01), at(0.99));
    let margin = 0.1 * (high - low);
    if margin > 0.0 { [low - margin, high + margin] } else { [low - 1.0, high + 1.0] }
}

/// Rows of a shape, the classes in turn, every second pair of rows to watch with.
pub fn toy(spec: &ToySpec) -> Halves {
    let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
    let mut halves =
        [GlassData { width: 2, ..GlassData::default() }, GlassData { width: 2, ..GlassData::default() }];
    for at in 0..spec.rows.clamp(8, 2 * MOST_ROWS) {
        let left = at % 2 == 1;
        let point = spec.shape.point(left, &mut rng);
        let [train, valid] = &mut halves;
        let half = if (at / 2) % 2 == 0 { train } else { valid };
        for value in point {
            let noise: f64 = StandardNormal.sample(&mut rng);
            half.x.push((value + spec.noise.clamp(0.0, 10.0) * noise) as f32);
        }
        half.y.push(left);
    }
    let [train, valid] = halves;
    Halves::new(train, valid)
}

/// Two features of a person's own file: training rows to learn from, validation rows to watch with, never
/// those of the test. `None` where there is no such feature or no row. Of more than [`MOST_ROWS`] rows,
/// every n-th.
pub fn columns(samples: &Samples, axes: (usize, usize)) -> Option<Halves> {
    let width = samples.train.width();
    if axes.0 >= width || axes.1 >= width || samples.train_labels.is_empty() {
        return None;
    }
    let pick = |matrix: &crate::features::Matrix, labels: &[bool]| {
        let each = labels.len().div_ceil(MOST_ROWS).max(1);
        let mut data = GlassData { width: 2, ..GlassData::default() };
        for (row, y) in matrix.data.chunks_exact(width).zip(labels).step_by(each) {
            data.x.extend([axes.0, axes.1].iter().filter_map(|axis| row.get(*axis)));
            data.y.push(*y);
        }
        data
    };
    Some(Halves::new(
        pick(&samples.train, &samples.train_labels),
        pick(&samples.valid, &samples.valid_labels),
    ))
}

/// What a network of the playground looks like from outside: everything that a page draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// [`SIDE`] × [`SIDE`] probabilities, row by row from the low end of the second feature.
    pub surface: Vec<f32>,
    /// [`UNIT_SIDE`] × [`UNIT_SIDE`] of every unit, by layer; the last is the answer.
    pub units: Vec<Vec<Vec<f32>>>,
    pub network: Network,
    pub epoch: usize,
    pub steps: u64,
    pub batch: usize,
    pub rate: f64,
    /// Mean loss of all rows to learn from and to watch with, dropout off.
    pub train_loss: f64,
    pub valid_loss: f64,
    /// Share of rows on the right side of one half.
    pub train_right: f64,
    pub valid_right: f64,
}

/// Points of the surface along each side, and of a unit's.
pub const SIDE: usize = 60;
pub const UNIT_SIDE: usize = 24;

impl Picture {
    /// Looks at a network and its rows.
    pub fn of(glass: &Glass, halves: &Halves) -> Self {
        let right = |data: &GlassData| {
            let p = glass.predict_all(data);
            let right = p.iter().zip(&data.y).filter(|(p, y)| (**p >= 0.5) == **y).count();
            right as f64 / data.rows() as f64
        };
        Self {
            surface: glass.surface(&[0.0, 0.0], (0, 1), halves.range, SIDE),
            units: glass.responses(&[0.0, 0.0], (0, 1), halves.range, UNIT_SIDE),
            network: glass.network(),
            epoch: glass.epoch(),
            steps: glass.steps(),
            batch: glass.batch_in_epoch(),
            rate: glass.rate(),
            train_loss: glass.loss(&halves.train),
            valid_loss: glass.loss(&halves.valid),
            train_right: right(&halves.train),
            valid_right: right(&halves.valid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::GlassSpec;
    use super::super::tests::samples;
    use super::*;

    #[test]
    fn shapes_are_seeded_even_and_can_be_learnt() {
        for shape in Shape::ALL {
            let spec = ToySpec { shape, ..ToySpec::default() };
            let halves = toy(&spec);
            assert_eq!(halves, toy(&spec));
            assert_ne!(halves, toy(&ToySpec { seed: 1, ..spec }));
            for half in [&halves.train, &halves.valid] {
                assert_eq!(half.rows(), 200);
                assert_eq!(half.x.len(), 400);
                assert_eq!(half.y.iter().filter(|y| **y).count(), 100);
            }
            let noisy = toy(&ToySpec { noise: 0.5, ..spec });
            let wide = |h: &Halves| h.range[0][1] - h.range[0][0];
            assert!(wide(&noisy) > wide(&halves) + 0.3, "{shape:?}");
            let network = GlassSpec { hidden: vec![8, 8], batch_size: 10, ..GlassSpec::default() };
            let mut glass = Glass::new(network, 2, 3).unwrap();
            let start = Picture::of(&glass, &halves);
            (0..150).for_each(|_| assert!(glass.run_epoch(&halves.train).is_ok()));
            let end = Picture::of(&glass, &halves);
            assert!(end.train_loss < start.train_loss / 3.0, "{shape:?} {}", end.train_loss);
            let least = if shape == Shape::Spiral { 0.8 } else { 0.9 };
            assert!(end.valid_right > least, "{shape:?} {}", end.valid_right);
        }
    }

    #[test]
    fn columns_never_hold_rows_of_the_test() {
        let halves = toy(&ToySpec::default());
        let samples = samples(&halves);
        let swapped = columns(&samples, (1, 0)).unwrap();
        assert_eq!((swapped.train.rows(), swapped.valid.rows()), (200, 200));
        assert_eq!(swapped.train.row(5), [halves.train.row(5)[1], halves.train.row(5)[0]]);
        assert_eq!(swapped.range, [halves.range[1], halves.range[0]]);
        assert_eq!(columns(&samples, (0, 2)), None);
    }
}
