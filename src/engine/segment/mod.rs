//! Groups of customers that are alike, each told by what sets it apart; the map of all of them.
//! How rows become points and points become groups is in `cluster`.

mod apart;
pub mod classes;
pub mod cluster;
pub mod cohort;
pub mod flows;
pub mod map;
pub mod profile;
pub mod rfm;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use cluster::indices;
use cluster::{Fitted, GroupSpec, Method, Model, Points, Space, Top};

use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame, Role};

/// Customers whose pairwise distances the silhouette looks at.
const SILHOUETTE_ROWS: usize = 1500;
/// Groups that are tried.
const TRIED: std::ops::RangeInclusive<usize> = 2..=8;
/// Starts of a method that depends on where it starts.
const RUNS: usize = 5;

/// Why there are no segments.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    #[error("segments need at least 20 customers and one column of numbers or categories")]
    TooLittle,
    #[error(transparent)]
    Rfm(#[from] rfm::RfmError),
    #[error("{method} failed: {cause}")]
    Fit { method: &'static str, cause: String },
    #[error("no region of at least {smallest} customers is denser than what lies around it")]
    NoDense { smallest: usize },
    #[error("recency, frequency and money need dated orders, and the data have none")]
    NoOrders,
    #[error("there is no trained network whose last hidden layer could be looked at")]
    NoNetwork,
}

impl SegmentError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooLittle => "segments_too_little",
            Self::Fit { .. } => "fit_failed",
            Self::Rfm(e) => e.kind(),
            Self::NoDense { .. } => "segments_no_dense",
            Self::NoOrders => "segments_no_orders",
            Self::NoNetwork => "segments_no_network",
        }
    }
}

/// What sets a group apart in one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trait {
    pub column: String,
    /// A category's value; `None` for a number.
    pub level: Option<String>,
    /// Numbers: the group's mean less the mean of all, in standard deviations of all.
    /// Categories: the group's share less the share of all.
    pub difference: f64,
    /// The group's mean, or share.
    pub here: f64,
    /// The mean, or share, of all.
    pub overall: f64,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    pub size: usize,
    pub share: f64,
    /// Share of positive labels among the labelled customers of the group.
    pub target_rate: Option<f64>,
    /// Most telling first.
    pub traits: Vec<Trait>,
}

/// All groups, largest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segmentation {
    pub method: Method,
    pub k: usize,
    pub silhouette: f64,
    /// Silhouette of every k that was tried, on a sample of this many customers.
    pub tried: Vec<(usize, f64)>,
    pub sampled: usize,
    pub columns: Vec<String>,
    pub segments: Vec<Segment>,
    /// Customers that the method was fitted on, where the others were only assigned.
    pub fitted_on: Option<usize>,
    /// The top of the tree of merges, where the method makes one.
    pub tree: Option<Top>,
    /// The group of each row of the frame; [`usize::MAX`] where it is in none.
    #[serde(skip)]
    pub of_row: Vec<usize>,
    /// Rows that lie farther out than the others of their group, the farthest first.
    #[serde(skip)]
    pub outliers: Vec<usize>,
    /// What assigns further customers.
    #[serde(skip)]
    pub fitted: Fitted,
    /// Some customers as points: what trust looks at.
    #[serde(skip)]
    pub looked_at: Arc<Points>,
}

/// What customers are compared by.
pub enum Ground<'a> {
    /// Their cleaned columns.
    Columns,
    /// Recency in days, frequency and money: columns of these names, a row for each customer.
    Rfm(&'a Frame),
    /// What a network makes of them: a point for each customer.
    Network(&'a Points),
}

/// The customers to be grouped.
pub struct Input<'a> {
    pub schema: &'a [ColumnSpec],
    /// Cleaned and scaled.
    pub scaled: &'a Frame,
    /// The same rows before scaling, for the traits.
    pub readable: &'a Frame,
    pub labels: &'a [Option<bool>],
    pub ground: Ground<'a>,
}

/// Names of the columns of [`Ground::Rfm`].
pub const RFM: [&str; 3] = ["recency_days", "frequency", "money"];

impl Input<'_> {
    /// The customers as points, and the rule that made them.
    pub(crate) fn points(&self, spec: &GroupSpec) -> (Space, Points) {
        let mixed = spec.method == Method::Mixed;
        let (space, frame) = match self.ground {
            Ground::Columns if mixed => {
                (Space::of_mixed(self.schema, self.scaled, &spec.columns), self.scaled)
            }
            Ground::Columns => (Space::of_columns(self.schema, self.scaled, &spec.columns), self.scaled),
            Ground::Rfm(frame) => (Space::of_logarithms(frame, &RFM), frame),
            Ground::Network(points) => return (Space::of_units(points.width()), points.clone()),
        };
        let points = space.points(frame);
        (space, points)
    }
}

/// Groups customers. `k` of `None` chooses the silhouette's best among three to eight: two groups nearly
/// always win and are of little use.
///
/// # Errors
/// Too few customers or columns, no dense region, a method that cannot be fitted, the person cancelled.
pub fn segment(
    input: &Input<'_>,
    spec: &GroupSpec,
    k: Option<usize>,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Segmentation> {
    let (space, points) = input.points(spec);
    let n = input.scaled.height();
    if n < 20 || points.len() != n {
        return Err(SegmentError::TooLittle.into());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5E6);
    let mut sample: Vec<usize> = (0..n).collect();
    sample.shuffle(&mut rng);
    sample.truncate(SILHOUETTE_ROWS);
    let sampled = points.select(&sample);
    let learnt = cluster::sample(n, spec.method.most_rows(), &mut rng);
    let fitted_on = (learnt.len() < n).then_some(learnt.len());
    let picked = fitted_on.map(|_| points.select(&learnt));
    let base = picked.as_ref().unwrap_or(&points);

    let ks: Vec<usize> = match k {
        Some(k) => vec![k.clamp(2, (n / 2).min(20))],
        None => (*TRIED.start()..=*TRIED.end().min(&(n / 5).max(2))).collect(),
    };
    let fits = cluster::fit(base, (spec, space.metric), &ks, RUNS, seed, &report.part(0.0, 0.8))?;
    if fits.models.is_empty() {
        return Err(SegmentError::NoDense { smallest: spec.smallest_of(base.len()) }.into());
    }
    let mut tried = Vec::new();
    for model in &fits.models {
        report.check()?;
        let found = model.locate(&sampled, false, report)?;
        let groups: Vec<u32> = found.into_iter().map(|(group, _)| group).collect();
        let score = indices::silhouette(&sampled, &groups, space.metric, report)?;
        tried.push((model.k(), score.filter(|score| score.is_finite()).unwrap_or(0.0)));
    }
    let best = (0..tried.len())
        .filter(|&at| tried.len() == 1 || tried[at].0 > 2)
        .max_by(|&a, &b| tried[a].1.total_cmp(&tried[b].1))
        .unwrap_or(0);
    let (_, silhouette) = tried[best];
    let Some(model) = fits.models.into_iter().nth(best) else {
        return Err(SegmentError::TooLittle.into());
    };
    report.progress(0.85);

    let (model, names) = by_size(model, &points, report)?;
    let tree = fits.tree.map(|tree| tree.top(tried[best].0, &names));
    let found = places(space, model, spec.method, &points, base, report)?;
    report.progress(0.95);
    let k = found.fitted.model.k();
    let segments =
        (0..k).map(|s| describe(s, input.schema, input.readable, input.labels, &found.of_row)).collect();
    let looked_at = points.select(&cluster::sample(n, 2000, &mut rng));
    Ok(Segmentation {
        method: spec.method,
        k,
        silhouette,
        tried,
        sampled: sample.len(),
        columns: match input.ground {
            Ground::Network(_) => Vec::new(),
            _ => found.fitted.space.columns(),
        },
        segments,
        fitted_on,
        tree,
        of_row: found.of_row,
        outliers: found.outliers,
        fitted: found.fitted,
        looked_at: Arc::new(looked_at),
    })
}

/// Groups customers again by what was fitted before.
///
/// # Errors
/// Too few customers, or they have other columns; the person cancelled.
pub fn again(input: &Input<'_>, saved: &SavedGroups, report: &Reporter) -> crate::Result<Segmentation> {
    let fitted = saved.fitted.clone();
    let points = match input.ground {
        Ground::Columns => fitted.space.points(input.scaled),
        Ground::Rfm(frame) => fitted.space.points(frame),
        Ground::Network(points) => points.clone(),
    };
    if points.is_empty() || points.width() != fitted.space.axes.len() {
        return Err(SegmentError::TooLittle.into());
    }
    let (of_row, outliers) = rows_of(&fitted, &points, report)?;
    let k = fitted.model.k();
    let segments = (0..k).map(|s| describe(s, input.schema, input.readable, input.labels, &of_row)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(0x5E6);
    let looked_at = points.select(&cluster::sample(points.len(), 2000, &mut rng));
    Ok(Segmentation {
        method: saved.method,
        k,
        silhouette: saved.silhouette,
        tried: saved.tried.clone(),
        sampled: saved.sampled,
        columns: match input.ground {
            Ground::Network(_) => Vec::new(),
            _ => fitted.space.columns(),
        },
        segments,
        fitted_on: saved.fitted_on,
        tree: saved.tree.clone(),
        of_row,
        outliers,
        fitted,
        looked_at: Arc::new(looked_at),
    })
}

/// Groups as a project keeps them: what assigns customers, and what was told of how it was found.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub struct SavedGroups {
    /// What they were found in, and how it was asked: [`Settings::groups_key`](crate::project::Settings::groups_key).
    #[serde(default)]
    pub key: String,
    pub method: Method,
    pub silhouette: f64,
    pub tried: Vec<(usize, f64)>,
    pub sampled: usize,
    #[serde(default)]
    pub fitted_on: Option<usize>,
    #[serde(default)]
    pub tree: Option<Top>,
    pub fitted: Fitted,
}

impl Segmentation {
    /// What a project keeps of it.
    pub fn saved(&self) -> SavedGroups {
        SavedGroups {
            key: String::new(),
            method: self.method,
            silhouette: self.silhouette,
            tried: self.tried.clone(),
            sampled: self.sampled,
            fitted_on: self.fitted_on,
            tree: self.tree.clone(),
            fitted: self.fitted.clone(),
        }
    }

    /// Rows that lie beyond every dense region; rows of other days than the latest are none.
    pub fn outside(&self) -> usize {
        if self.fitted.strict { self.outliers.len() } else { 0 }
    }
}

/// Numbers the groups by their size, the largest first, and drops those that nobody is in; also the new
/// number of each old one.
fn by_size(model: Model, points: &Points, report: &Reporter) -> crate::Result<(Model, Vec<u32>)> {
    let mut sizes = vec![0usize; model.k()];
    for (group, _) in model.locate(points, false, report)? {
        if let Some(size) = sizes.get_mut(group as usize) {
            *size += 1;
        }
    }
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
    let mut names = vec![0u32; sizes.len()];
    order.iter().enumerate().for_each(|(new, old)| names[*old] = new as u32);
    let there = sizes.iter().filter(|size| **size > 0).count();
    Ok((model.renamed(&names).first(there), names))
}

/// Where every row belongs.
struct Placed {
    fitted: Fitted,
    of_row: Vec<usize>,
    outliers: Vec<usize>,
}

/// Finds each group's reach, then each row's place by it, as for any customer that comes later.
fn places(
    space: Space,
    model: Model,
    method: Method,
    points: &Points,
    base: &Points,
    report: &Reporter,
) -> crate::Result<Placed> {
    let k = model.k();
    let mut far: Vec<Vec<f64>> = vec![Vec::new(); k];
    // Of dense regions and trees the distance from one grouped customer to the next counts.
    let own = match &model {
        Model::Nearest { points: known, .. } => model.locate(known, true, report)?,
        _ => model.locate(base, true, report)?,
    };
    for (group, apart) in &own {
        if let Some(list) = far.get_mut(*group as usize) {
            list.push(*apart);
        }
    }
    let strict = method == Method::Density;
    let by_gaps = matches!(model, Model::Nearest { .. });
    let reach: Vec<f64> = far.into_iter().map(|list| reach(list, by_gaps)).collect();
    // Who lies outside draws nobody else there.
    let model = model.without(|at| {
        own.get(at).is_some_and(|(group, apart)| reach.get(*group as usize).is_some_and(|r| apart > r))
    });
    let mut fitted = Fitted { space, model, reach, shares: vec![0.0; k], outside: 0.0, strict };
    let (of_row, outliers) = rows_of(&fitted, points, report)?;
    let n = of_row.len().max(1) as f64;
    for (group, share) in fitted.shares.iter_mut().enumerate() {
        *share = of_row.iter().filter(|of| **of == group).count() as f64 / n;
    }
    fitted.outside = outliers.len() as f64 / n;
    Ok(Placed { fitted, of_row, outliers })
}

/// How far a group reaches: three times the middle half's width above it (Tukey's outer fence, 1977); of
/// gaps between neighbours, which may all be equal, no less than twice the usual one.
fn reach(mut apart: Vec<f64>, are_gaps: bool) -> f64 {
    apart.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (apart.len().saturating_sub(1)) as f64;
        apart.get(place.round() as usize).copied().unwrap_or(0.0)
    };
    let fence = at(0.75) + 3.0 * (at(0.75) - at(0.25));
    match are_gaps {
        true if fence > 0.0 => fence.max(2.0 * at(0.75)),
        // Most have a twin: only the widest gap tells anything.
        true => at(1.0),
        false => fence,
    }
}

/// The group of each row, and the rows outside their group's reach, the farthest first.
fn rows_of(fitted: &Fitted, points: &Points, report: &Reporter) -> crate::Result<(Vec<usize>, Vec<usize>)> {
    let found = fitted.model.locate(points, false, report)?;
    let mut outliers: Vec<(f64, usize)> = Vec::new();
    let mut of_row = Vec::with_capacity(found.len());
    for (row, (group, apart)) in found.into_iter().enumerate() {
        let reach = fitted.reach.get(group as usize).copied().unwrap_or(f64::INFINITY);
        let is_out = apart > reach;
        if is_out {
            outliers.push((apart / reach.max(1e-12), row));
        }
        of_row.push(if is_out && fitted.strict { usize::MAX } else { group as usize });
    }
    outliers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    Ok((of_row, outliers.into_iter().map(|(_, row)| row).collect()))
}

/// What sets the rows of one group apart, its size and its rate of positive labels.
pub fn describe(
    segment: usize,
    schema: &[ColumnSpec],
    frame: &Frame,
    labels: &[Option<bool>],
    of_row: &[usize],
) -> Segment {
    let inside = |row: usize| of_row[row] == segment;
    let size = of_row.iter().filter(|s| **s == segment).count();
    let mut traits = Vec::new();
    for spec in schema {
        if let (true, Some(values)) = (spec.role.is_numeric(), frame.numbers(&spec.name)) {
            let (mut sum, mut squares, mut here, mut n, mut m) = (0.0, 0.0, 0.0, 0.0f64, 0.0f64);
            for (row, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                sum += value;
                squares += value * value;
                n += 1.0;
                if inside(row) {
                    here += value;
                    m += 1.0;
                }
            }
            let (overall, here) = (sum / n.max(1.0), here / m.max(1.0));
            let deviation = (squares / n.max(1.0) - overall * overall).max(0.0).sqrt();
            if deviation > 1e-12 {
                let difference = (here - overall) / deviation;
                traits.push(Trait { column: spec.name.clone(), level: None, difference, here, overall });
            }
        } else if let (Role::Category, Some(text)) = (spec.role, frame.text(&spec.name)) {
            let mut counts: std::collections::BTreeMap<&str, (f64, f64)> = Default::default();
            for (row, value) in text.iter().enumerate() {
                let Some(value) = value else { continue };
                let entry = counts.entry(value).or_default();
                entry.0 += 1.0;
                entry.1 += f64::from(u8::from(inside(row)));
            }
            for (level, (all, own)) in counts {
                let (overall, here) = (all / of_row.len() as f64, own / size.max(1) as f64);
                traits.push(Trait {
                    column: spec.name.clone(),
                    level: Some(level.to_owned()),
                    difference: here - overall,
                    here,
                    overall,
                });
            }
        }
    }
    // A share of one half more is as telling as a whole deviation more.
    let weight = |t: &Trait| if t.level.is_some() { 2.0 * t.difference } else { t.difference };
    traits.retain(|t| if t.level.is_some() { t.difference > 0.15 } else { t.difference.abs() > 0.3 });
    traits.sort_by(|a, b| weight(b).abs().total_cmp(&weight(a).abs()));
    traits.truncate(6);
    let labelled: Vec<bool> =
        labels.iter().enumerate().filter(|(row, _)| inside(*row)).filter_map(|(_, l)| *l).collect();
    let target_rate = (!labelled.is_empty())
        .then(|| labelled.iter().filter(|l| **l).count() as f64 / labelled.len() as f64);
    Segment { size, share: size as f64 / of_row.len().max(1) as f64, target_rate, traits }
}
