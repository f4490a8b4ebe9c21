//! What a list of products tells of each: words of a category, numbers such as the price, texts. Each
//! becomes a sparse row of length 1, so that the product of two rows is their cosine.

use std::collections::HashMap;

use crate::features::text::{FittedText, TextSpec};
use crate::job::{Cancelled, Reporter};

/// Bands of a number, each with a like share of the products.
const BANDS: usize = 5;
/// What a number counts for in the bands beside its own.
const BESIDE: f32 = 0.5;

/// The cells of one column, one entry a product.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Values of a category; a product may have several.
    Words(Vec<Vec<String>>),
    /// A price, a year.
    Numbers(Vec<Option<f64>>),
    /// A name or a description.
    Texts(Vec<String>),
}

/// One column of the list of products.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub name: String,
    pub cells: Cells,
}

/// Products and what is told of them: those of the events in their order, then those that nobody took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub names: Vec<String>,
    pub facts: Vec<Fact>,
}

/// Sparse rows: columns rising, with their values.
type Rows = Vec<Vec<(u32, f32)>>;

/// One fact as sparse rows, columns rising, each of length 1 or empty where nothing is told.
pub(super) struct Block {
    pub name: String,
    pub rows: Rows,
    pub width: usize,
}

impl Facts {
    /// Makes the blocks. Words, bands and vocabulary are learnt from the products at `known` alone.
    pub(super) fn blocks(&self, known: &[usize], report: &Reporter) -> Result<Vec<Block>, Cancelled> {
        let mut out = Vec::with_capacity(self.facts.len());
        for fact in &self.facts {
            report.check()?;
            let (rows, width) = match &fact.cells {
                Cells::Words(cells) => words(cells, known),
                Cells::Numbers(cells) => numbers(cells, known),
                Cells::Texts(cells) => texts(cells, known, report)?,
            };
            // What is told of no known product, or alike of all, brings no two together.
            if width > 0 && known.iter().any(|at| rows.get(*at).is_some_and(|row| !row.is_empty())) {
                out.push(Block { name: fact.name.clone(), rows, width });
            }
        }
        Ok(out)
    }
}

fn to_unit(mut row: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    row.sort_unstable_by_key(|(column, _)| *column);
    let length = row.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    row.iter_mut().for_each(|(_, value)| *value /= length.max(f32::MIN_POSITIVE));
    row
}

/// Words weighted by how few known products have them: ln((1 + n) / (1 + df)) + 1.
fn words(cells: &[Vec<String>], known: &[usize]) -> (Rows, usize) {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in known.iter().filter_map(|at| cells.get(*at)).flatten() {
        *counts.entry(word.as_str()).or_default() += 1;
    }
    let mut all: Vec<(&str, u32)> = counts.into_iter().collect();
    all.sort_unstable();
    let weight = |count: u32| ((1.0 + known.len() as f32) / (1.0 + count as f32)).ln() + 1.0;
    let places: HashMap<&str, (u32, f32)> =
        (0u32..).zip(&all).map(|(at, (word, count))| (*word, (at, weight(*count)))).collect();
    let row = |own: &Vec<String>| {
        let mut row: Vec<(u32, f32)> = own.iter().filter_map(|w| places.get(w.as_str()).copied()).collect();
        row.sort_unstable_by_key(|(column, _)| *column);
        row.dedup_by_key(|(column, _)| *column);
        to_unit(row)
    };
    (cells.iter().map(row).collect(), all.len())
}

/// The band of a number, and less so the bands beside it: 9 and 11 are near, 9 and 90 are not.
fn numbers(cells: &[Option<f64>], known: &[usize]) -> (Rows, usize) {
    let mut sorted: Vec<f64> = known.iter().filter_map(|at| cells.get(*at).copied().flatten()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut edges: Vec<f64> =
        (1..BANDS).filter_map(|n| sorted.get(sorted.len() * n / BANDS).copied()).collect();
    edges.dedup();
    // An edge at the least value parts nothing.
    edges.retain(|edge| sorted.first().is_some_and(|least| edge > least));
    if edges.is_empty() {
        return (vec![Vec::new(); cells.len()], 0);
    }
    let row = |cell: &Option<f64>| {
        let Some(value) = cell else { return Vec::new() };
        let band = edges.partition_point(|edge| edge <= value);
        let near = |at: usize| if at == band { 1.0 } else { BESIDE };
        let bands = band.saturating_sub(1)..=(band + 1).min(edges.len());
        to_unit(bands.map(|at| (at as u32, near(at))).collect())
    };
    (cells.iter().map(row).collect(), edges.len() + 1)
}

fn texts(cells: &[String], known: &[usize], report: &Reporter) -> Result<(Rows, usize), Cancelled> {
    let spec = TextSpec {
        ngrams: (1, 1),
        stem: true,
        stop_words: true,
        max_features: Some(20_000),
        ..TextSpec::default()
    };
    let learnt: Vec<&str> = known.iter().filter_map(|at| cells.get(*at).map(String::as_str)).collect();
    let fitted = FittedText::fit(&spec, &learnt, report)?;
    let sparse = fitted.apply(cells, report)?;
    let row = |at: usize| sparse.cells(at).map(|(column, value)| (column as u32, value)).collect();
    Ok(((0..cells.len()).map(row).collect(), fitted.width()))
}
