//! The whole state of a training in one file, written atomically, so that going on equals never having
//! stopped.
//!
//! Format: the 8 bytes `RGLNET1\n`; the length of the header, 8 bytes, little-endian; the header, JSON;
//! 32-bit floats, little-endian: the weights in the order of the network's layout, the best weights if
//! the header names a best epoch, then each first and second moment that the header says is there; and
//! the BLAKE3 of all bytes before it, 32 bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::spec::FitSpec;
use super::watch::EpochFigures;
use crate::train::TrainError;
use crate::train::net::{Net, NetError, NetSpec};

const MAGIC: &[u8; 8] = b"RGLNET1\n";

/// What the reducing of the rate on a plateau remembers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Plateau {
    pub best: Option<f64>,
    pub waited: usize,
    pub factor: f64,
}

/// Where a training stands, apart from its floats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    pub fit: FitSpec,
    pub seed: u64,
    /// Fingerprint of the rows and their truth.
    pub data: String,
    /// The epoch under way, counted from 1.
    pub epoch: usize,
    /// Batches of it that are done: the position in the shuffled order.
    pub done: usize,
    /// Words of the ChaCha stream used before the epoch's order was drawn: from here it is drawn again.
    pub order_at: u64,
    /// Words used by now.
    pub stream_at: u64,
    /// Optimiser steps done.
    pub steps: u64,
    /// Bits of the epoch's sum of losses, as it stood on the device.
    pub loss_sum: Option<u32>,
    pub rows_seen: usize,
    pub history: Vec<EpochFigures>,
    /// Loss and epoch of the best so far.
    pub best: Option<(f64, usize)>,
    pub plateau: Plateau,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// The network without its weights.
    net: Net,
    place: Place,
    /// Lengths of the weights, for the reader.
    lengths: Vec<usize>,
    first: Vec<bool>,
    second: Vec<bool>,
}

/// Everything in a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checkpoint {
    pub net: Net,
    pub place: Place,
    /// Weights of the best epoch, tensor by tensor.
    pub best: Option<Vec<Vec<f32>>>,
    /// First and second moments of each weight, where there are any.
    pub first: Vec<Option<Vec<f32>>>,
    pub second: Vec<Option<Vec<f32>>>,
}

fn broken(cause: impl ToString) -> TrainError {
    NetError::Checkpoint { cause: cause.to_string() }.into()
}

impl Checkpoint {
    /// Writes the file atomically: a crash leaves the one before.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        let header = Header {
            net: Net { weights: Vec::new(), ..self.net.clone() },
            place: self.place.clone(),
            lengths: self.net.weights.iter().map(|w| w.values.len()).collect(),
            first: self.first.iter().map(Option::is_some).collect(),
            second: self.second.iter().map(Option::is_some).collect(),
        };
        let header = serde_json::to_vec(&header).map_err(broken)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        let weights = self.net.weights.iter().map(|weight| &weight.values);
        let moments = self.first.iter().chain(&self.second).flatten();
        for values in weights.chain(self.best.iter().flatten()).chain(moments) {
            values.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        }
        let hash = blake3::hash(&bytes);
        crate::files::write_atomically(path, |out| {
            out.write_all(&bytes)?;
            out.write_all(hash.as_bytes())
        })
        .map_err(broken)
    }

    /// Reads a file back.
    ///
    /// # Errors
    /// It is not there, not a checkpoint, damaged, or of a network that does not hold together.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(broken)?;
        let body = bytes.len().checked_sub(32).ok_or_else(|| broken("the file is too short"))?;
        let (bytes, hash) = bytes.split_at(body);
        if blake3::hash(bytes).as_bytes().as_slice() != hash {
            return Err(broken("the file is damaged"));
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| broken("this is not a checkpoint"))?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(|| broken("no header"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(broken)?;
        let (header, floats) = rest.split_at_checked(length).ok_or_else(|| broken("no header"))?;
        let header: Header = serde_json::from_slice(header).map_err(broken)?;
        let most = floats.len() / 4;
        let mut floats = floats.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let mut take = |n: usize| -> Result<Vec<f32>, TrainError> {
            let values: Vec<f32> = floats.by_ref().take(n).collect();
            if values.len() == n { Ok(values) } else { Err(broken("numbers are missing")) }
        };
        let mut net = header.net;
        net.weights = net.blank_weights(most).map_err(broken)?;
        let lengths: Vec<usize> = net.weights.iter().map(|w| w.values.len()).collect();
        if lengths != header.lengths || lengths.len() != header.first.len().max(header.second.len()) {
            return Err(broken("the weights have other shapes"));
        }
        for (weight, n) in net.weights.iter_mut().zip(&lengths) {
            weight.values = take(*n)?;
        }
        let best = match header.place.best {
            Some(_) => Some(lengths.iter().map(|n| take(*n)).collect::<Result<_, _>>()?),
            None => None,
        };
        let mut moments = |there: &[bool]| -> Result<Vec<Option<Vec<f32>>>, TrainError> {
            lengths.iter().zip(there).map(|(n, there)| there.then(|| take(*n)).transpose()).collect()
        };
        let (first, second) = (moments(&header.first)?, moments(&header.second)?);
        Ok(Self { net, place: header.place, best, first, second })
    }
}

/// The settings a checkpoint was written with must be those it is gone on with; only the number of
/// epochs may grow.
pub(super) fn is_same(a: (&NetSpec, &FitSpec, u64, &str), b: &Checkpoint) -> bool {
    let (spec, fit, seed, data) = a;
    let theirs = FitSpec { epochs: fit.epochs, ..b.place.fit.clone() };
    *spec == b.net.spec && *fit == theirs && seed == b.place.seed && data == b.place.data
}
