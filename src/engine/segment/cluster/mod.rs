//! Customers → groups: points, the methods that group them, how good a grouping is, how far it can be
//! trusted, and the fitted value that assigns customers who come later.

mod density;
pub mod indices;
pub mod kmeans;
mod medoids;
pub mod mixture;
mod model;
pub mod neighbours;
mod noise;
mod points;
mod space;
#[cfg(test)]
mod tests;
pub mod tree;
mod trust;

use serde::{Deserialize, Serialize};

use crate::job::Reporter;

pub use indices::adjusted_rand;
pub use model::{Drift, Fitted, Model, Place};
pub use points::{Metric, Points, sample, squared};
pub use space::{Axis, Space, usable};
pub use tree::{Merge, Top};
pub use trust::{Chosen, Figures, Trust, Verdict, trust};

/// How customers are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    #[default]
    KMeans,
    GaussianMixture,
    /// Dense regions: HDBSCAN.
    Density,
    /// A tree of merges by Ward's criterion.
    Hierarchical,
    /// Around typical customers, categories as well: k-medoids on Gower's distance.
    Mixed,
}

impl Method {
    /// Every method, in the order of menus.
    pub const ALL: [Method; 5] =
        [Self::KMeans, Self::GaussianMixture, Self::Hierarchical, Self::Density, Self::Mixed];

    /// The name on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::KMeans => "k_means",
            Self::GaussianMixture => "gaussian_mixture",
            Self::Density => "density",
            Self::Hierarchical => "hierarchical",
            Self::Mixed => "mixed",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// True where the number of groups is said or tried; dense regions have their own number.
    pub fn takes_k(self) -> bool {
        self != Self::Density
    }

    /// Rows that it is fitted on at most; the others are assigned.
    pub fn most_rows(self) -> usize {
        match self {
            Self::KMeans | Self::Mixed => usize::MAX,
            Self::GaussianMixture => 20_000,
            Self::Density | Self::Hierarchical => 5_000,
        }
    }
}

/// What customers are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Their columns, as cleaned and scaled.
    #[default]
    Columns,
    /// How lately, how often and for how much they bought.
    Rfm,
    /// What the last hidden layer of the trained network makes of them.
    Network,
}

impl Basis {
    /// Every basis, in the order of menus.
    pub const ALL: [Basis; 3] = [Self::Columns, Self::Rfm, Self::Network];

    /// The name on the command line and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Rfm => "rfm",
            Self::Network => "network",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == name)
    }
}

/// What a person says of groups beside their number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupSpec {
    pub method: Method,
    pub basis: Basis,
    /// The columns that count; all numbers where it is empty.
    pub columns: Vec<String>,
    /// Customers of the smallest dense region; 0 is a fiftieth of all, at least 5.
    pub smallest: usize,
}

impl GroupSpec {
    /// True for settings that are not written: projects from before stay what they were.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Points of the smallest dense region among `n`.
    pub fn smallest_of(&self, n: usize) -> usize {
        if self.smallest == 0 { (n / 50).max(5) } else { self.smallest.max(2) }
    }
}

/// Models of several numbers of groups.
pub struct Fits {
    pub models: Vec<Model>,
    /// The tree that they were cut from.
    pub tree: Option<tree::Tree>,
}

/// Fits one model for each of `ks` (dense regions: one model, whatever they say; none where there is no
/// dense region) on points in a space of `metric`.
///
/// # Errors
/// A method that cannot be fitted; the person cancelled.
pub fn fit(
    points: &Points,
    (spec, metric): (&GroupSpec, Metric),
    ks: &[usize],
    runs: usize,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Fits> {
    let mut fits = Fits { models: Vec::new(), tree: None };
    if spec.method == Method::Density {
        let found = density::fit(points, spec.smallest_of(points.len()), report)?;
        let (places, groups): (Vec<usize>, Vec<u32>) =
            found.iter().enumerate().filter_map(|(at, group)| group.map(|group| (at, group))).unzip();
        // Numbered without gaps.
        let mut known: Vec<u32> = groups.clone();
        known.sort_unstable();
        known.dedup();
        let groups: Vec<u32> =
            groups.iter().filter_map(|g| known.binary_search(g).ok().map(|g| g as u32)).collect();
        if !groups.is_empty() {
            fits.models.push(Model::Nearest { points: points.select(&places), groups });
        }
        return Ok(fits);
    }
    for (at, &k) in ks.iter().enumerate() {
        let part = report.part(at as f64 / ks.len() as f64, 1.0 / ks.len() as f64);
        let model = match spec.method {
            Method::KMeans | Method::Density => {
                let found = kmeans::fit(points, &kmeans::KMeansSpec::new(k, runs, seed), &part)?;
                Model::Centres { centres: found.centres, metric: Metric::Euclidean }
            }
            Method::GaussianMixture => Model::Mixture(mixture::Mixture::fit(points, k, seed, &part)?),
            Method::Mixed => {
                let medoids = medoids::fit(points, k, metric, seed, &part)?;
                Model::Centres { centres: points.select(&medoids), metric }
            }
            Method::Hierarchical => {
                let tree = match fits.tree.take() {
                    Some(tree) => tree,
                    None => tree::fit(points, &part)?,
                };
                let groups = tree.cut(k);
                fits.tree = Some(tree);
                Model::Nearest { points: points.clone(), groups }
            }
        };
        fits.models.push(model);
        report.progress((at + 1) as f64 / ks.len() as f64);
    }
    Ok(fits)
}
