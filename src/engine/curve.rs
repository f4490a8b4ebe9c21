//! Curves of figures over time: kept small while they grow, thinned for a picture without losing an
//! extreme, put together to a band, smoothed. All points are `[x, y]`, x ascending.

/// A curve that grows and stays small: when it is full, the lowest and the highest of every four
/// points stay. So every extreme is kept, and the past is coarser than the present.
#[derive(Debug, Clone, PartialEq)]
pub struct Growing {
    points: Vec<[f64; 2]>,
    most: usize,
}

impl Default for Growing {
    /// Of at most 8,192 points.
    fn default() -> Self {
        Self::new(8192)
    }
}

impl Growing {
    /// Of at most `most` points (at least 8).
    pub fn new(most: usize) -> Self {
        Self { points: Vec::new(), most: most.max(8) }
    }

    /// Adds a point; one that is not finite is left out.
    pub fn push(&mut self, x: f64, y: f64) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        if self.points.len() >= self.most {
            self.points = halved(&self.points);
        }
        self.points.push([x, y]);
    }

    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }
}

/// The lowest and the highest of every four points, in their order.
fn halved(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut out = Vec::with_capacity(points.len() / 2 + 2);
    for four in points.chunks(4) {
        extremes(four, &mut out);
    }
    out
}

/// Adds the lowest and the highest of `points`, in their order; one point where they are the same.
fn extremes(points: &[[f64; 2]], out: &mut Vec<[f64; 2]>) {
    let Some(first) = points.first() else { return };
    let (mut low, mut high) = ((0, *first), (0, *first));
    for (at, point) in points.iter().enumerate() {
        if point[1] < low.1[1] {
            low = (at, *point);
        }
        if point[1] > high.1[1] {
            high = (at, *point);
        }
    }
    match low.0.cmp(&high.0) {
        std::cmp::Ordering::Less => out.extend([low.1, high.1]),
        std::cmp::Ordering::Greater => out.extend([high.1, low.1]),
        std::cmp::Ordering::Equal => out.push(low.1),
    }
}

/// A curve at every coarseness, so that any part of it is drawn in the time that its pixels need.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pyramid {
    /// The points themselves, then half as many (see [`Growing`]), and so on.
    levels: Vec<Vec<[f64; 2]>>,
}

/// Points for each pixel column from which a coarser level is looked at instead.
const PER_COLUMN: usize = 8;

impl Pyramid {
    /// Of points whose x ascends; those that are not finite are left out.
    pub fn new(points: impl Iterator<Item = [f64; 2]>) -> Self {
        let mut levels: Vec<Vec<[f64; 2]>> =
            vec![points.filter(|[x, y]| x.is_finite() && y.is_finite()).collect()];
        while let Some(last) = levels.last().filter(|last| last.len() > 64) {
            let next = halved(last);
            levels.push(next);
        }
        Self { levels }
    }

    /// All points.
    pub fn points(&self) -> &[[f64; 2]] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// The points to draw of the part from `low` to `high` on so many pixel columns: at most two of
    /// each column, its lowest and its highest, and the point before and after the part. Every extreme
    /// of the part is among them; that of a single column may stand in the one beside it.
    pub fn thin(&self, low: f64, high: f64, columns: usize) -> Vec<[f64; 2]> {
        let all = self.points();
        let columns = columns.max(1);
        let within = |points: &[[f64; 2]]| {
            let from = points.partition_point(|point| point[0] < low);
            let to = points.partition_point(|point| point[0] <= high);
            (from, to.max(from))
        };
        let (from, to) = within(all);
        let mut out = Vec::with_capacity(columns * 2 + 4);
        if let Some(before) = from.checked_sub(1).and_then(|at| all.get(at)) {
            out.push(*before);
        }
        let is_coarse = |(_, level): &(usize, &Vec<[f64; 2]>)| {
            let (from, to) = within(level);
            to - from <= columns * PER_COLUMN
        };
        let level =
            self.levels.iter().enumerate().find(is_coarse).or(self.levels.iter().enumerate().next_back());
        let Some((depth, level)) = level else { return out };
        // Two points of a level stand for so many of the curve: those at the ends may lie outside, and
        // are asked one by one.
        let group = 2usize << depth;
        let mut part: Vec<[f64; 2]> = Vec::new();
        if depth == 0 || to - from <= 2 * group {
            part.extend(all.get(from..to).unwrap_or_default());
        } else {
            let (head, tail) = (from + group, to - group);
            let edge = |at: usize| all.get(at).map_or(high, |point| point[0]);
            part.extend(all.get(from..head).unwrap_or_default());
            let middle = level.partition_point(|point| point[0] < edge(head))
                ..level.partition_point(|point| point[0] < edge(tail));
            part.extend(level.get(middle).unwrap_or_default());
            part.extend(all.get(tail..to).unwrap_or_default());
        }
        let width = (high - low) / columns as f64;
        let column = |x: f64| if width > 0.0 { (((x - low) / width) as usize).min(columns - 1) } else { 0 };
        for group in part.chunk_by(|a, b| column(a[0]) == column(b[0])) {
            extremes(group, &mut out);
        }
        out.extend(all.get(to));
        out
    }
}

/// The lowest and the highest of many curves at each pixel column from `low` to `high`: `[x, lowest,
/// highest]`, columns without a curve left out. Between points a curve is a straight line.
pub fn band<'a>(
    curves: impl Iterator<Item = &'a Pyramid>,
    low: f64,
    high: f64,
    columns: usize,
) -> Vec<[f64; 3]> {
    let columns = columns.max(1);
    let width = (high - low) / columns as f64;
    if width.is_nan() || width <= 0.0 {
        return Vec::new();
    }
    let mut ends = vec![[f64::INFINITY, f64::NEG_INFINITY]; columns];
    for curve in curves {
        let points = curve.thin(low, high, columns);
        let mut see = |column: usize, y: f64| {
            if let Some([least, most]) = ends.get_mut(column) {
                (*least, *most) = (least.min(y), most.max(y));
            }
        };
        for [x, y] in &points {
            if (low..=high).contains(x) {
                see((((x - low) / width) as usize).min(columns - 1), *y);
            }
        }
        for pair in points.windows(2) {
            let [[x0, y0], [x1, y1]] = pair else { continue };
            // The middles of the columns between two points.
            let first = (((x0 - low) / width - 0.5).ceil().max(0.0)) as usize;
            let middle = |column: usize| low + (column as f64 + 0.5) * width;
            let mut at = first;
            while at < columns && middle(at) < *x1 {
                see(at, y0 + (y1 - y0) * (middle(at) - x0) / (x1 - x0));
                at += 1;
            }
        }
    }
    let seen = ends.into_iter().enumerate().filter(|(_, [least, most])| least <= most);
    seen.map(|(at, [least, most])| [low + (at as f64 + 0.5) * width, least, most]).collect()
}

/// The exponential mean `m ← f·m + (1 − f)·y`, from the first value on; `factor` 0 leaves all as it
/// is.
pub fn smoothed(values: impl Iterator<Item = f64>, factor: f64) -> impl Iterator<Item = f64> {
    let mut mean: Option<f64> = None;
    values.map(move |now| {
        let next = mean.map_or(now, |before| factor * before + (1.0 - factor) * now);
        mean = Some(next);
        next
    })
}

/// Places of about `most` values that tell their story: the first, the last, and the lowest and highest
/// of each of as many stretches as fit. All of them where there are no more.
pub fn places(values: &[f64], most: usize) -> Vec<usize> {
    let count = values.len();
    if count <= most.max(4) {
        return (0..count).collect();
    }
    let stretches = (most.max(4) - 2) / 2;
    let mut out = vec![0];
    for at in 0..stretches {
        let (from, to) = (at * count / stretches, (at + 1) * count / stretches);
        let of = |at: &usize| values.get(*at).copied().unwrap_or(f64::NAN);
        let low = (from..to).min_by(|a, b| of(a).total_cmp(&of(b)));
        let high = (from..to).max_by(|a, b| of(a).total_cmp(&of(b)));
        out.extend(low.into_iter().chain(high));
    }
    out.push(count - 1);
    out.sort_unstable();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A falling curve with noise and, at 7,777, a spike of one point.
    fn spiky(n: usize) -> Vec<[f64; 2]> {
        let mut state = 1u64;
        (0..n)
            .map(|at| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (state >> 33) as f64 / (1u64 << 31) as f64;
                let spike = if at == 7_777 { 40.0 } else { 0.0 };
                [at as f64, 1.0 / (1.0 + at as f64 / 500.0) + 0.1 * noise + spike]
            })
            .collect()
    }

    fn range(points: &[[f64; 2]]) -> (f64, f64) {
        points.iter().fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p[1]), high.max(p[1])))
    }

    #[test]
    fn a_growing_curve_stays_small_and_keeps_its_extremes() {
        let points = spiky(100_000);
        let mut curve = Growing::new(1000);
        for (at, [x, y]) in points.iter().enumerate() {
            curve.push(*x, *y);
            assert!(curve.points().len() <= 1000);
            if at % 9973 == 0 {
                assert_eq!(range(curve.points()), range(&points[..=at]), "after {at}");
            }
        }
        curve.push(f64::NAN, 1.0);
        curve.push(1e6, f64::INFINITY);
        assert_eq!(curve.points().last(), points.last());
        assert!(curve.points().is_sorted_by(|a, b| a[0] < b[0]));
    }

    #[test]
    fn a_thinned_curve_has_the_extremes_of_every_column() {
        let points = spiky(10_000);
        let pyramid = Pyramid::new(points.iter().copied());
        for (low, high) in [(0.0, 9_999.0), (100.5, 9_000.5), (7_000.0, 8_000.0), (7_770.0, 7_780.0)] {
            let thin = pyramid.thin(low, high, 300);
            assert!(thin.len() <= 602, "{}", thin.len());
            assert!(thin.is_sorted_by(|a, b| a[0] < b[0]));
            assert!(thin.iter().all(|point| points.contains(point)), "points of the curve, no others");
            let inside = |p: &&[f64; 2]| (low..=high).contains(&p[0]);
            let seen: Vec<[f64; 2]> = thin.iter().filter(inside).copied().collect();
            let all: Vec<[f64; 2]> = points.iter().filter(inside).copied().collect();
            assert_eq!(range(&seen), range(&all), "{low} to {high}");
            // The line goes on beyond both ends of what is in sight.
            assert_eq!(thin[0][0] < low, points[0][0] < low);
            assert_eq!(thin[thin.len() - 1][0] > high, high < 9_999.0);
        }
        assert!(Pyramid::new(std::iter::empty()).thin(0.0, 1.0, 9).is_empty());
        let nan = Pyramid::new([[0.0, f64::NAN], [1.0, 2.0]].into_iter());
        assert_eq!(nan.thin(0.0, 5.0, 9), [[1.0, 2.0]]);
    }

    #[test]
    fn a_band_holds_every_curve() {
        let curves: Vec<Pyramid> = (0..20)
            .map(|at| {
                let points = spiky(8_000).into_iter();
                Pyramid::new(points.step_by(1 + at).map(move |[x, y]| [x, y + at as f64 / 10.0]))
            })
            .collect();
        let band = band(curves.iter(), 1000.0, 7_900.0, 200);
        assert_eq!(band.len(), 200);
        for curve in &curves {
            for [x, y] in curve.points().iter().filter(|p| (1000.0..7_900.0).contains(&p[0])) {
                let at = (((x - 1000.0) / 34.5) as usize).min(199);
                let near = band[at.saturating_sub(1)..(at + 2).min(200)].iter();
                let (low, high) = near.fold((f64::MAX, f64::MIN), |(a, b), c| (a.min(c[1]), b.max(c[2])));
                assert!(low <= *y && *y <= high, "{y} at {x} is outside {low} to {high}");
            }
        }
        // Two points far apart: a line is between them.
        let line = Pyramid::new([[0.0, 0.0], [10.0, 10.0]].into_iter());
        let band = super::band([line].iter(), 2.0, 4.0, 2);
        assert_eq!(band.len(), 2);
        assert!((band[0][1] - 2.5).abs() < 1e-9 && (band[1][2] - 3.5).abs() < 1e-9, "{band:?}");
    }

    #[test]
    fn few_places_tell_the_story_of_many() {
        let values: Vec<f64> = spiky(10_000).iter().map(|p| p[1]).collect();
        let kept = places(&values, 500);
        assert!(kept.len() <= 500 && kept.len() > 400, "{}", kept.len());
        assert_eq!((kept[0], kept[kept.len() - 1]), (0, 9_999));
        let least = (0..values.len()).min_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap();
        assert!(kept.contains(&7_777) && kept.contains(&least));
        assert_eq!(places(&values[..100], 500).len(), 100);
        let smooth: Vec<f64> = smoothed([1.0, 3.0, 3.0].into_iter(), 0.5).collect();
        assert_eq!(smooth, [1.0, 2.0, 2.5]);
    }
}
