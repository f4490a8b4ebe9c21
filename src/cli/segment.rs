//! `regulars segment`: groups of customers that are alike.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::job::Reporter;
use regulars_engine::privacy::cells::Meaning;
use regulars_engine::project::{self, GroupBeside};
use regulars_engine::segment::cluster::{Basis, Method};
use regulars_engine::segment::map::Projection;
use serde_json::json;

use super::cells::{JsonCells, List};
use super::sampling::{self, Sampling};
use super::segment_rfm::Cuts;
use super::{Input, Outcome};
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct Segment {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    sampling: Sampling,
    /// Number of groups (default: by silhouette)
    #[arg(long, value_name = "N")]
    k: Option<usize>,
    /// The value of the target whose rate is told
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// How groups are found: k_means, gaussian_mixture, hierarchical, density, mixed; or rfm, which scores recency,
    /// frequency and money
    #[arg(long, value_name = "METHOD", value_parser = method)]
    method: Option<How>,
    /// What customers are compared by: columns, rfm (recency, frequency, money of their orders)
    #[arg(long, value_name = "WHAT", value_parser = basis_of)]
    basis: Option<Basis>,
    /// A column that counts; several times for several (default: all numbers)
    #[arg(long, value_name = "COL")]
    column: Vec<String>,
    /// Customers of the smallest dense region
    #[arg(long, value_name = "N")]
    smallest: Option<usize>,
    /// Also tells how far the groups can be trusted, and the indices of every number of groups
    #[arg(long)]
    trust: bool,
    /// Writes where every customer lies on the map, with its group, as CSV
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// How the map is laid out: pca, umap, t_sne
    #[arg(long, value_name = "KIND", value_parser = projection, default_value = "pca")]
    layout: Projection,
    #[command(flatten)]
    cells: JsonCells,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Score by cuts that were kept before (with --method rfm); drift is told
    #[arg(long, value_name = "FILE")]
    cuts: Option<PathBuf>,
    /// Keep the cuts, to score later customers alike (with --method rfm)
    #[arg(long, value_name = "FILE")]
    keep_cuts: Option<PathBuf>,
}

fn one_of<T>(
    text: &str,
    all: &[T],
    parse: fn(&str) -> Option<T>,
    name: fn(&T) -> &'static str,
) -> Result<T, String> {
    parse(text).ok_or_else(|| format!("one of {}", all.iter().map(name).collect::<Vec<_>>().join(", ")))
}

/// Groups by a method, or classes by recency, frequency and money.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Groups(Method),
    Rfm,
}

fn method(text: &str) -> Result<How, String> {
    match text {
        "rfm" => Ok(How::Rfm),
        _ => one_of(text, &Method::ALL, Method::parse, |one| one.name())
            .map(How::Groups)
            .map_err(|names| format!("{names}, rfm")),
    }
}

fn basis_of(text: &str) -> Result<Basis, String> {
    // A network is trained in the window.
    one_of(
        text,
        &[Basis::Columns, Basis::Rfm],
        |text| Basis::parse(text).filter(|b| *b != Basis::Network),
        |one| one.name(),
    )
}

fn projection(text: &str) -> Result<Projection, String> {
    one_of(text, &Projection::ALL, Projection::parse, |one| one.name())
}

impl Segment {
    pub(super) fn run(&self) -> Outcome {
        if let Some(map) = &self.map {
            super::refuse_input(map, &self.input.paths())?;
        }
        let mut settings = self.input.settings()?;
        self.sampling.apply(&mut settings);
        settings.segments = self.k;
        settings.seed = self.seed;
        settings.positive.clone_from(&self.positive);
        settings.groups.method = match self.method {
            Some(How::Rfm) => {
                let cuts = Cuts { from: self.cuts.as_deref(), to: self.keep_cuts.as_deref() };
                let mut told = super::segment_rfm::run(&self.input, settings, &cuts)?;
                super::segment_rfm::protect(&self.cells, &mut told);
                return Ok(told);
            }
            Some(How::Groups(method)) => method,
            None => Method::default(),
        };
        settings.groups.basis = self.basis.unwrap_or_default();
        settings.groups.columns.clone_from(&self.column);
        settings.groups.smallest = self.smallest.unwrap_or(0);
        let report = Reporter::silent();
        let collected = self.input.collect(&settings)?;
        let table = &collected.table;
        super::tell_unused(table);
        let customers = project::Grouped::open(&settings, table, &report)?;
        let beside = GroupBeside { collected: Some(&collected), outcome: None };
        let found = customers.group(&settings, beside, &report)?;
        let trust = if self.trust { Some(project::group_trust(&settings, &found, &report)?) } else { None };
        let map = match &self.map {
            Some(_) => Some(customers.map(&settings, self.layout, beside, &report)?),
            None => None,
        };
        if let (Some(path), Some(map)) = (&self.map, &map) {
            project::write_map(map, &found, path)?;
        }
        let lang = Lang::of_environment();
        let segments: Vec<_> = found
            .segments
            .iter()
            .map(|s| {
                json!({
                    "name": crate::words::segment_name(Lang::En, s), "size": s.size, "share": s.share,
                    "target_rate": s.target_rate, "traits": s.traits,
                })
            })
            .collect();
        if !self.input.json {
            super::out!(
                "{}",
                lang.with(
                    "segments.finding",
                    &[("k", found.k.to_string()), ("silhouette", format!("{:.2}", found.silhouette))]
                )
            );
            for s in &found.segments {
                super::out!(
                    "  {:>6} {:>6}  {}",
                    lang.count(s.size as u64),
                    percent(s.share),
                    crate::words::segment_name(lang, s)
                );
            }
            if let Some(trust) = &trust {
                let args = [
                    ("verdict", lang.t(&format!("groups.verdict.{}", trust.verdict.name()))),
                    ("stability", format!("{:.2}", trust.stability.value)),
                    ("own", format!("{:.2}", trust.silhouette)),
                    ("noise", format!("{:.2}", trust.noise)),
                ];
                super::out!("{}", lang.with("cli.groups.verdict", &args));
            }
        }
        let mut told = json!({
            "method": found.method, "k": found.k, "silhouette": found.silhouette,
            "silhouette_rows": found.sampled, "tried": found.tried, "columns": found.columns,
            "segments": segments, "outliers": found.outliers.len(), "fitted_on": found.fitted_on,
        });
        sampling::tell(lang, table, self.input.json, &mut told);
        if let Some(trust) = trust {
            told["trust"] = json!(trust);
        }
        if let (Some(path), Some(map)) = (&self.map, &map) {
            let drawn = &map.drawn;
            told["map"] = json!({
                "layout": drawn.projection, "out": path, "customers": drawn.xy.len(),
                "laid_out": drawn.laid_out, "explained": drawn.explained,
                "trustworthiness": drawn.trustworthiness,
            });
        }
        let lists = [List { pointer: "/segments", fields: &FIELDS }];
        self.cells.protect(&mut told, &lists, &["/outliers"], &[]);
        Ok(told)
    }
}

/// What is told of a group; its name and its traits are made of its means.
const FIELDS: [(&str, Meaning); 5] = [
    ("size", Meaning::Count),
    ("share", Meaning::Share(0)),
    ("target_rate", Meaning::Rate(0)),
    ("traits", Meaning::Figure(0)),
    ("name", Meaning::Figure(0)),
];
