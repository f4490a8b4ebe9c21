//! Topics that comments speak of, learnt from the words alone: non-negative matrix factorisation of the
//! TF-IDF rows, `X ≈ W H`, by multiplicative updates for the squared error (Lee and Seung 2001). The
//! number of topics is the most stable one (after Greene, O'Callaghan and Cunningham 2014), coherence is
//! NPMI (Bouma 2009; Lau, Newman and Baldwin 2014). A topic's words stand in the order of how telling they are
//! (the relevance of Sievert and Shirley 2014).

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::features::text::SparseRows;
use crate::job::{Cancelled, Reporter};

/// Numbers of topics that are tried.
pub const TRIED: [usize; 6] = [3, 4, 5, 6, 8, 10];
/// Comments that topics are learnt from at most; all get theirs.
pub const LEARNT_FROM: usize = 8_000;
/// Comments, with words of the vocabulary, without which no topics are learnt.
pub const LEAST: usize = 30;
/// Share of a comment's topics from which it counts to one.
pub const SHARE: f64 = 0.3;
/// Words of a topic that are told and compared.
pub const WORDS: usize = 8;
/// How much a word's share of its topic counts, beside how much more often it stands there than elsewhere: what
/// Sievert and Shirley's readers did best with.
const RELEVANCE: f64 = 0.6;
const ROUNDS: usize = 40;
const TINY: f64 = 1e-12;

/// Learnt topics.
#[derive(Debug, Clone, PartialEq)]
pub struct Topics {
    /// `k × width`: how much each term belongs to each topic.
    terms: Vec<Vec<f64>>,
    /// For each topic the places of its strongest terms, the most telling first.
    pub words: Vec<Vec<usize>>,
    /// NPMI of these words over the comments learnt from, −1 to 1; `None` with fewer than two words.
    pub coherence: Vec<Option<f64>>,
    /// For each number of topics tried: how alike the topics of two halves are, 0 to 1.
    pub stability: Vec<(usize, f64)>,
}

impl Topics {
    /// Learns topics of TF-IDF rows. `wanted` is their number; `None` takes the most stable of [`TRIED`].
    /// Equal seeds give equal topics. `None` where fewer than [`LEAST`] rows have a word.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn fit(
        rows: &SparseRows,
        wanted: Option<usize>,
        seed: u64,
        report: &Reporter,
    ) -> Result<Option<Self>, Cancelled> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut places: Vec<usize> = (0..rows.height()).filter(|&at| !rows.row(at).0.is_empty()).collect();
        if places.len() < LEAST || rows.width() < WORDS {
            return Ok(None);
        }
        places.shuffle(&mut rng);
        places.truncate(LEARNT_FROM);
        let most = (places.len() / 10).max(2).min(rows.width());
        let halves = places.split_at(places.len() / 2);
        let (first, second) = (rows.select(halves.0), rows.select(halves.1));
        let mut stability = Vec::new();
        let tried: Vec<usize> = match wanted {
            Some(k) => vec![k.clamp(2, 30).min(most)],
            None => TRIED.into_iter().filter(|k| *k <= most).collect(),
        };
        for (done, &k) in tried.iter().enumerate() {
            let part = report.part(done as f64 / (tried.len() + 1) as f64, 0.0);
            part.progress(0.0);
            let (a, b) = (factorise(&first, k, &mut rng, report)?, factorise(&second, k, &mut rng, report)?);
            stability.push((k, alike(&top_words(&a), &top_words(&b))));
        }
        // Of two that are equally stable the larger tells more.
        let best = stability.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let k = best.map_or(most.min(2), |(k, _)| k);
        let sample = rows.select(&places);
        let terms = factorise(&sample, k, &mut rng, report)?;
        let words = telling_first(&sample, &terms, top_words(&terms));
        let coherence = npmi(&sample, &words);
        Ok(Some(Self { terms, words, coherence, stability }))
    }

    /// Number of topics.
    pub fn count(&self) -> usize {
        self.terms.len()
    }

    /// The topics of each row, strongest first: those with at least [`SHARE`] of its weight.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn of_rows(&self, rows: &SparseRows, report: &Reporter) -> Result<Vec<Vec<usize>>, Cancelled> {
        let gram = gram(&self.terms);
        let by_term = turned(&self.terms, rows.width());
        let mut out = Vec::with_capacity(rows.height());
        let all: Vec<usize> = (0..rows.height()).collect();
        for piece in all.chunks(8192) {
            report.check()?;
            out.par_extend(piece.par_iter().map(|&at| {
                let mut w = vec![1.0; self.terms.len()];
                let onto = project(rows, at, &by_term, self.terms.len());
                for _ in 0..20 {
                    step(&mut w, &onto, &gram);
                }
                let sum: f64 = w.iter().sum();
                let mut found: Vec<(usize, f64)> =
                    w.into_iter().enumerate().filter(|(_, w)| sum > 1e-6 && *w >= SHARE * sum).collect();
                found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                found.into_iter().map(|(at, _)| at).collect()
            }));
        }
        Ok(out)
    }
}

/// `H Hᵀ`.
fn gram(h: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    h.iter().map(|a| h.iter().map(|b| dot(a, b)).collect()).collect()
}

/// `H` with a row a term.
fn turned(h: &[Vec<f64>], width: usize) -> Vec<Vec<f64>> {
    (0..width).map(|term| h.iter().map(|row| row.get(term).copied().unwrap_or_default()).collect()).collect()
}

/// A row of `X Hᵀ`.
fn project(rows: &SparseRows, at: usize, by_term: &[Vec<f64>], k: usize) -> Vec<f64> {
    let mut out = vec![0.0; k];
    for (term, value) in rows.cells(at) {
        for (out, h) in out.iter_mut().zip(by_term.get(term).into_iter().flatten()) {
            *out += f64::from(value) * h;
        }
    }
    out
}

/// One multiplicative step of a row of weights.
fn step(w: &mut [f64], onto: &[f64], gram: &[Vec<f64>]) {
    let below: Vec<f64> =
        gram.iter().map(|row| row.iter().zip(&*w).map(|(g, w)| g * w).sum::<f64>()).collect();
    for ((w, onto), below) in w.iter_mut().zip(onto).zip(below) {
        *w *= onto / (below + TINY);
    }
}

/// `H`, `k × width`.
fn factorise(
    rows: &SparseRows,
    k: usize,
    rng: &mut ChaCha8Rng,
    report: &Reporter,
) -> Result<Vec<Vec<f64>>, Cancelled> {
    let mut w: Vec<Vec<f64>> =
        (0..rows.height()).map(|_| (0..k).map(|_| rng.gen_range(0.01..1.0)).collect()).collect();
    // Topics begin at comments far from each other, which a random start seldom finds.
    let mut h: Vec<Vec<f64>> = starts(rows, k, rng);
    let columns = rows.transposed();
    for _ in 0..ROUNDS {
        report.check()?;
        let (by_term, products) = (turned(&h, rows.width()), gram(&h));
        w.par_iter_mut().enumerate().for_each(|(at, w)| {
            let onto = project(rows, at, &by_term, k);
            step(w, &onto, &products);
        });
        let by_topic: Vec<Vec<f64>> = turned(&w, k);
        let products = gram(&by_topic);
        let mut next = turned(&h, rows.width());
        next.par_iter_mut().enumerate().for_each(|(term, h)| {
            let onto = project(&columns, term, &w, k);
            step(h, &onto, &products);
        });
        h = turned(&next, k);
    }
    Ok(h)
}

/// Rows to begin with, drawn by their distance from those drawn before (k-means++, Arthur and
/// Vassilvitskii 2007), each above zero everywhere, for zero stays zero.
fn starts(rows: &SparseRows, k: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let n = rows.height().max(1);
    let mut far = vec![1.0f64; n];
    let mut out = Vec::with_capacity(k);
    for _ in 0..k {
        let sum: f64 = far.iter().sum();
        let mut left = rng.gen_range(0.0..1.0) * sum;
        let drawn = far.iter().position(|d| {
            left -= d;
            left <= 0.0
        });
        let mut dense = vec![0.0; rows.width()];
        for (term, value) in rows.cells(drawn.unwrap_or(n - 1)) {
            if let Some(cell) = dense.get_mut(term) {
                *cell = f64::from(value);
            }
        }
        for (at, far) in far.iter_mut().enumerate() {
            let dot: f64 = rows
                .cells(at)
                .map(|(term, v)| f64::from(v) * dense.get(term).copied().unwrap_or_default())
                .sum();
            *far = far.min((1.0 - dot).max(0.0));
        }
        out.push(dense.into_iter().map(|cell| cell + 0.01 * rng.gen_range(0.1..1.0)).collect());
    }
    out
}

fn top_words(h: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let top = |row: &Vec<f64>| {
        let mut cells: Vec<(usize, f64)> =
            row.iter().copied().enumerate().filter(|(_, v)| *v > 1e-9).collect();
        cells.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        cells.truncate(WORDS);
        cells.into_iter().map(|(at, _)| at).collect()
    };
    h.iter().map(top).collect()
}

/// The words of each topic by λ ln p(w | t) + (1 − λ) ln (p(w | t) / p(w)), `p(w)` the word's share of the weight of
/// all comments: a word that stands everywhere tells little of a topic.
fn telling_first(rows: &SparseRows, h: &[Vec<f64>], words: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let mut all = vec![0.0f64; rows.width()];
    for at in 0..rows.height() {
        for (term, value) in rows.cells(at) {
            if let Some(sum) = all.get_mut(term) {
                *sum += f64::from(value);
            }
        }
    }
    let whole = all.iter().sum::<f64>().max(TINY);
    let order = |(mut words, row): (Vec<usize>, &Vec<f64>)| {
        let of_topic = row.iter().sum::<f64>().max(TINY);
        let relevance = |at: usize| {
            let of = |values: &[f64], whole: f64| (values.get(at).copied().unwrap_or(0.0) / whole).max(TINY);
            let (here, anywhere) = (of(row, of_topic), of(&all, whole));
            RELEVANCE * here.ln() + (1.0 - RELEVANCE) * (here / anywhere).ln()
        };
        words.sort_by(|a, b| relevance(*b).total_cmp(&relevance(*a)).then(a.cmp(b)));
        words
    };
    words.into_iter().zip(h).map(order).collect()
}

/// The rows without the terms that `keep` leaves out, each as long as before.
pub(super) fn without(rows: &SparseRows, keep: &[bool]) -> Option<SparseRows> {
    let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for at in 0..rows.height() {
        let cells: Vec<(usize, f32)> =
            rows.cells(at).filter(|(term, _)| keep.get(*term) == Some(&true)).collect();
        let length = cells.iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
        for (term, value) in cells {
            indices.push(u32::try_from(term).ok()?);
            values.push(if length > 0.0 { value / length } else { value });
        }
        starts.push(values.len());
    }
    SparseRows::new(rows.width(), starts, indices, values)
}

/// How alike two sets of topics are: shared words over all (Jaccard), each topic with its best free one.
fn alike(a: &[Vec<usize>], b: &[Vec<usize>]) -> f64 {
    let shared = |a: &[usize], b: &[usize]| {
        let both = a.iter().filter(|word| b.contains(word)).count();
        both as f64 / (a.len() + b.len() - both).max(1) as f64
    };
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, x) in a.iter().enumerate() {
        pairs.extend(b.iter().enumerate().map(|(j, y)| (shared(x, y), i, j)));
    }
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let (mut left, mut right, mut sum) = (vec![false; a.len()], vec![false; b.len()], 0.0);
    for (value, i, j) in pairs {
        if let (Some(l), Some(r)) = (left.get_mut(i), right.get_mut(j))
            && !*l
            && !*r
        {
            (*l, *r) = (true, true);
            sum += value;
        }
    }
    sum / a.len().max(1) as f64
}

/// Mean over pairs of words of `ln(p(a, b) / (p(a) p(b))) / −ln p(a, b)`, `p` the share of comments; −1 for
/// words that never meet.
fn npmi(rows: &SparseRows, words: &[Vec<usize>]) -> Vec<Option<f64>> {
    let columns = rows.transposed();
    let n = rows.height().max(1) as f64;
    let of = |words: &Vec<usize>| {
        let (mut sum, mut pairs) = (0.0, 0usize);
        for (at, a) in words.iter().enumerate() {
            for b in words.iter().skip(at + 1) {
                let (a, b) = (columns.row(*a).0, columns.row(*b).0);
                let both = a.iter().filter(|row| b.binary_search(row).is_ok()).count() as f64 / n;
                let apart = (a.len() as f64 / n) * (b.len() as f64 / n);
                sum += match both {
                    0.0 => -1.0,
                    both if both >= 1.0 => 1.0,
                    both => (both / apart).ln() / -both.ln(),
                };
                pairs += 1;
            }
        }
        (pairs > 0).then(|| sum / pairs as f64)
    };
    words.iter().map(of).collect()
}
