//! What of a map is in sight: points gathered into squares of a few pixels, so that a picture of any
//! number of customers costs no more than its pixels; who lies near the pointer, and who within a shape.

/// Colours that a square counts apart.
pub const COLOURS: usize = 8;

/// A square with somebody in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The middle, in pixels from the corner of the picture.
    pub x: f32,
    pub y: f32,
    /// The colour of most of them.
    pub colour: u8,
    pub count: u32,
}

/// The part of the plane that a picture shows; y grows upwards in the plane and downwards in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sight {
    /// The plane's point in the middle of the picture.
    pub middle: [f32; 2],
    /// Pixels of one unit of the plane.
    pub scale: f32,
    /// Width and height of the picture in pixels.
    pub size: [f32; 2],
}

impl Sight {
    /// All of a map, with a margin.
    pub fn whole(xy: &[[f32; 2]], size: [f32; 2]) -> Self {
        let ends = |axis: usize| {
            let values = xy.iter().map(|p| p[axis]).filter(|x| x.is_finite());
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let (x, y) = (ends(0), ends(1));
        let wide = |(low, high): (f32, f32)| if high > low { high - low } else { 1.0 };
        let scale = (size[0] / wide(x)).min(size[1] / wide(y)) * 0.94;
        let middle = |(low, high): (f32, f32)| if low <= high { (low + high) / 2.0 } else { 0.0 };
        Self { middle: [middle(x), middle(y)], scale: scale.max(1e-12), size }
    }

    /// Where a point of the plane lies in the picture.
    pub fn pixel(&self, point: [f32; 2]) -> [f32; 2] {
        [
            self.size[0] / 2.0 + (point[0] - self.middle[0]) * self.scale,
            self.size[1] / 2.0 - (point[1] - self.middle[1]) * self.scale,
        ]
    }

    /// The point of the plane behind a pixel.
    pub fn point(&self, pixel: [f32; 2]) -> [f32; 2] {
        [
            self.middle[0] + (pixel[0] - self.size[0] / 2.0) / self.scale,
            self.middle[1] - (pixel[1] - self.size[1] / 2.0) / self.scale,
        ]
    }

    /// The same with the picture moved by so many pixels.
    pub fn moved(self, by: [f32; 2]) -> Self {
        let middle = [self.middle[0] - by[0] / self.scale, self.middle[1] + by[1] / self.scale];
        Self { middle, ..self }
    }

    /// The same, enlarged so many times around a pixel.
    pub fn zoomed(self, factor: f32, around: [f32; 2]) -> Self {
        let held = self.point(around);
        let larger = Self { scale: (self.scale * factor).clamp(1e-9, 1e9), ..self };
        let now = larger.point(around);
        let middle = [larger.middle[0] + held[0] - now[0], larger.middle[1] + held[1] - now[1]];
        Self { middle, ..larger }
    }

    /// The squares of `side` pixels that somebody is in, and how many customers are in sight. `colours` has
    /// one below [`COLOURS`] for each point; points of a colour that is not `shown` are left out, and of very
    /// many only every so-manieth ([`thinned`]) is looked at.
    pub fn cells(
        &self,
        xy: &[[f32; 2]],
        colours: &[u8],
        shown: &[bool; COLOURS],
        side: f32,
    ) -> (Vec<Cell>, usize) {
        let every = thinned(xy.len());
        let columns = (self.size[0] / side).ceil().max(1.0) as usize;
        let rows = (self.size[1] / side).ceil().max(1.0) as usize;
        let mut counts = vec![[0u16; COLOURS]; columns * rows];
        let mut seen = 0;
        // A picture's own axes, once for all points.
        let (scale, per) = (self.scale / side, 1.0 / side);
        let left = self.size[0] * 0.5 * per - self.middle[0] * scale;
        let top = self.size[1] * 0.5 * per + self.middle[1] * scale;
        for (point, colour) in xy.iter().zip(colours).step_by(every) {
            let colour = (*colour as usize) % COLOURS;
            let (x, y) = (left + point[0] * scale, top - point[1] * scale);
            if !(shown[colour] && x >= 0.0 && y >= 0.0) {
                continue;
            }
            let (column, row) = (x as usize, y as usize);
            if column < columns && row < rows {
                let count = &mut counts[row * columns + column][colour];
                *count = count.saturating_add(1);
                seen += 1;
            }
        }
        let mut cells = Vec::new();
        for (at, counts) in counts.iter().enumerate() {
            let count: u32 = counts.iter().map(|c| u32::from(*c)).sum();
            if count == 0 {
                continue;
            }
            let most = counts.iter().enumerate().max_by_key(|(at, c)| (**c, std::cmp::Reverse(*at)));
            cells.push(Cell {
                x: (at % columns) as f32 * side + side / 2.0,
                y: (at / columns) as f32 * side + side / 2.0,
                colour: most.map_or(0, |(at, _)| at as u8),
                count,
            });
        }
        (cells, seen)
    }
}

/// Points that a picture is made of at most.
const PICTURED: usize = 200_000;

/// Of so many points every so-manieth is drawn.
pub fn thinned(points: usize) -> usize {
    points.div_ceil(PICTURED).max(1)
}

/// The drawn point nearest to `to`, where one is within `reach` of the plane's units.
pub fn nearest_to(xy: &[[f32; 2]], to: [f32; 2], reach: f32) -> Option<usize> {
    let mut best = (reach * reach, None);
    for (at, point) in xy.iter().enumerate().step_by(thinned(xy.len())) {
        let (x, y) = (point[0] - to[0], point[1] - to[1]);
        let squared = x * x + y * y;
        if squared <= best.0 {
            best = (squared, Some(at));
        }
    }
    best.1
}

/// The points within a shape, by the even-odd rule.
pub fn inside(xy: &[[f32; 2]], shape: &[[f32; 2]]) -> Vec<usize> {
    let holds = |point: &[f32; 2]| {
        let mut is_in = false;
        let mut before = match shape.last() {
            Some(last) => *last,
            None => return false,
        };
        for corner in shape {
            let crosses = (corner[1] > point[1]) != (before[1] > point[1]);
            if crosses {
                let at =
                    (before[0] - corner[0]) * (point[1] - corner[1]) / (before[1] - corner[1]) + corner[0];
                if point[0] < at {
                    is_in = !is_in;
                }
            }
            before = *corner;
        }
        is_in
    };
    xy.iter().enumerate().filter(|(_, point)| holds(point)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_holds_what_lies_in_it_hollows_left_out() {
        let square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]];
        let points = [[1.0, 1.0], [2.0, 3.0], [3.5, 2.0], [5.0, 1.0], [-1.0, 1.0]];
        assert_eq!(inside(&points, &square), vec![0, 2]);
        assert!(inside(&points, &[]).is_empty());
    }

    #[test]
    fn every_customer_in_sight_is_in_a_square_of_the_colour_of_most() {
        let xy: Vec<[f32; 2]> = (0..1000).map(|at| [(at % 40) as f32, (at / 40) as f32]).collect();
        let colours: Vec<u8> = (0..1000).map(|at| u8::from(at % 3 == 0)).collect();
        let sight = Sight::whole(&xy, [400.0, 300.0]);
        let (cells, seen) = sight.cells(&xy, &colours, &[true; COLOURS], 100.0);
        assert_eq!(seen, 1000);
        assert_eq!(cells.iter().map(|cell| cell.count).sum::<u32>(), 1000);
        assert!(cells.iter().all(|cell| cell.colour == 0));
        let mut shown = [true; COLOURS];
        shown[0] = false;
        assert_eq!(sight.cells(&xy, &colours, &shown, 100.0).1, 334);
        // There and back, and the pixel under the pointer stays where it is.
        let point = sight.point(sight.pixel([3.0, 7.0]));
        assert!((point[0] - 3.0).abs() < 1e-4 && (point[1] - 7.0).abs() < 1e-4);
        let near = sight.zoomed(8.0, [30.0, 40.0]);
        let (a, b) = (near.point([30.0, 40.0]), sight.point([30.0, 40.0]));
        assert!((a[0] - b[0]).abs() < 1e-3 && (a[1] - b[1]).abs() < 1e-3);
        assert!(near.cells(&xy, &colours, &[true; COLOURS], 3.0).1 < 100);
        assert_eq!(nearest_to(&xy, [3.2, 7.1], 0.5), Some(7 * 40 + 3));
        assert_eq!(nearest_to(&xy, [3.2, 7.1], 0.1), None);
    }
}
