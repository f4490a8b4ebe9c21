//! A batch on the device: rows gathered on the host and padded to the longest sequence among them.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{NetData, NetSpec};

/// Lengths of a batch's sequences.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    /// Steps of the longest row, at least 1.
    pub longest: usize,
    pub lengths: Vec<usize>,
    /// `[rows, longest]`: 1 for a real step, 0 for padding.
    pub mask: Tensor<2>,
}

impl Steps {
    fn new(lengths: Vec<usize>, least: usize, device: &Device) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0).max(least).max(1);
        let mut mask = Vec::with_capacity(lengths.len() * longest);
        for length in &lengths {
            mask.extend((0..longest).map(|at| f32::from(u8::from(at < *length))));
        }
        let mask = Tensor::from_data(TensorData::new(mask, [lengths.len(), longest]), device);
        Self { longest, lengths, mask }
    }

    /// `[rows, 1]`: 1 where a row still has a step `at`; none where all have.
    pub fn live(&self, at: usize, device: &Device) -> Option<Tensor<2>> {
        if self.lengths.iter().all(|length| at < *length) {
            return None;
        }
        let live: Vec<f32> = self.lengths.iter().map(|length| f32::from(u8::from(at < *length))).collect();
        let rows = live.len();
        Some(Tensor::from_data(TensorData::new(live, [rows, 1]), device))
    }

    /// `[rows, 1]`: one over the length, and 0 where there are no steps: the weight of a mean.
    pub fn shares(&self, device: &Device) -> Tensor<2> {
        let share = |n: &usize| if *n == 0 { 0.0 } else { 1.0 / *n as f32 };
        let shares: Vec<f32> = self.lengths.iter().map(share).collect();
        let rows = shares.len();
        Tensor::from_data(TensorData::new(shares, [rows, 1]), device)
    }
}

/// What the network reads at once.
#[derive(Debug)]
pub(crate) struct Batch {
    pub rows: usize,
    pub table: Option<Tensor<2>>,
    /// One id a row for each categorical input.
    pub categories: Vec<Tensor<1, Int>>,
    /// `rows × longest` ids, row by row.
    pub tokens: Option<(Tensor<1, Int>, Steps)>,
    /// The place of each token's pair with the next one, where pairs are known.
    pub pairs: Option<Tensor<1, Int>>,
    /// `[rows, longest, channels]`.
    pub events: Option<(Tensor<3>, Steps)>,
}

impl Batch {
    /// Gathers `rows` of `data`; sequences are cut to `max_len` steps.
    pub fn new(data: &NetData, rows: &[usize], spec: &NetSpec, device: &Device) -> Self {
        Self::padded(data, rows, [0; 2], spec, device)
    }

    /// Steps of the longest of `rows`: of the tokens, and of the events.
    pub fn longest(data: &NetData, rows: &[usize], spec: &NetSpec) -> [usize; 2] {
        let tokens = |row: &usize| data.tokens.as_ref().map_or(0, |tokens| tokens.len(*row));
        let events = |row: &usize| data.events.as_ref().map_or(0, |events| events.len(*row));
        let most = |lengths: Option<usize>| lengths.unwrap_or(0).min(spec.max_len);
        [most(rows.iter().map(tokens).max()), most(rows.iter().map(events).max())]
    }

    /// [`new`](Self::new), padded to `least` steps at least: of the tokens, and of the events.
    pub fn padded(
        data: &NetData,
        rows: &[usize],
        least: [usize; 2],
        spec: &NetSpec,
        device: &Device,
    ) -> Self {
        let (n, max_len) = (rows.len(), spec.max_len);
        let mut pairs = None;
        let table = (data.table_width > 0).then(|| {
            let d = data.table_width;
            let mut x = Vec::with_capacity(n * d);
            for row in rows {
                x.extend_from_slice(data.table.get(row * d..(row + 1) * d).unwrap_or(&[]));
            }
            x.resize(n * d, 0.0);
            Tensor::from_data(TensorData::new(x, [n, d]), device)
        });
        let columns = data.categories.levels.len();
        let categories = data.categories.levels.iter().enumerate().map(|(column, levels)| {
            let id = |row: &usize| {
                let id = data.categories.ids.get(row * columns + column).copied().unwrap_or(0);
                if (id as usize) < *levels { id as i32 } else { 0 }
            };
            Tensor::from_data(TensorData::new(rows.iter().map(id).collect::<Vec<_>>(), [n]), device)
        });
        let tokens = data.tokens.as_ref().map(|tokens| {
            let steps =
                Steps::new(rows.iter().map(|r| tokens.len(*r).min(max_len)).collect(), least[0], device);
            let mut ids = Vec::with_capacity(n * steps.longest);
            for (at, row) in rows.iter().enumerate() {
                let known = |id: &u32| if (*id as usize) < data.vocabulary { *id as i32 } else { 0 };
                ids.extend(tokens.row(*row, max_len).iter().map(known));
                ids.resize((at + 1) * steps.longest, 0);
            }
            let len = ids.len();
            if spec.pairs > 0 {
                let of_row = |row: &[i32]| -> Vec<i32> {
                    let next = row.iter().skip(1).chain(&[0]);
                    row.iter().zip(next).map(|(a, b)| pair(*a, *b, spec.pairs)).collect()
                };
                let all: Vec<i32> = ids.chunks(steps.longest).flat_map(of_row).collect();
                pairs = Some(Tensor::from_data(TensorData::new(all, [len]), device));
            }
            (Tensor::from_data(TensorData::new(ids, [len]), device), steps)
        });
        let events = data.events.as_ref().map(|events| {
            let steps =
                Steps::new(rows.iter().map(|r| events.len(*r).min(max_len)).collect(), least[1], device);
            let width = events.width;
            let mut x = Vec::with_capacity(n * steps.longest * width);
            for (at, row) in rows.iter().enumerate() {
                x.extend_from_slice(events.row(*row, max_len));
                x.resize((at + 1) * steps.longest * width, 0.0);
            }
            (Tensor::from_data(TensorData::new(x, [n, steps.longest, width]), device), steps)
        });
        Self { rows: n, table, categories: categories.collect(), tokens, pairs, events }
    }
}

/// The place of two neighbouring tokens: their ids mixed as SplitMix64 mixes (Steele et al. 2014).
fn pair(a: i32, b: i32, places: usize) -> i32 {
    let mut x =
        (u64::from(a.unsigned_abs()) << 32 | u64::from(b.unsigned_abs())).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) % places.max(1) as u64) as i32
}
