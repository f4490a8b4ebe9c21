//! A training job as bytes.
//!
//! Format: the 8 bytes `RGLJOB1\n`; the length of the header, 8 bytes, little-endian; the header, JSON; the
//! numbers, little-endian, in the order in which [`Order`] says them; a checkpoint, if the header says so;
//! the BLAKE3 of all bytes before it, 32 bytes. Numbers only: columns have no names here, rows no ids.

use serde::{Deserialize, Serialize};

use super::{ElsewhereError, PROTOCOL};
use crate::features::Matrix;
use crate::train::fit::{FitSpec, NetSamples};
use crate::train::net::{Categories, NetData, NetSpec, Ragged, Target};
use crate::train::share::Share;
use crate::train::{DeviceKind, MlpSpec, Samples};

const MAGIC: &[u8; 8] = b"RGLJOB1\n";

/// What is trained on what.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Work {
    Mlp { spec: MlpSpec, samples: Box<Samples> },
    Net { spec: Box<NetSpec>, fit: FitSpec, samples: Box<NetSamples> },
}

/// A training job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    pub work: Work,
    pub device: DeviceKind,
    pub seed: u64,
    /// Bytes of the checkpoint to go on from.
    pub checkpoint: Option<Vec<u8>>,
    /// Which part of it is the machine's, where several share it.
    pub share: Option<Share>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    protocol: u32,
    device: DeviceKind,
    seed: u64,
    checkpoint: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    share: Option<Share>,
    #[serde(flatten)]
    work: Shapes,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
enum Shapes {
    Mlp { spec: MlpSpec, width: usize, train: usize, valid: usize },
    Net { spec: Box<NetSpec>, fit: FitSpec, train: NetShape, valid: NetShape },
}

/// The shapes of a [`NetData`]; `(width, values)` of what is ragged.
#[derive(Debug, Serialize, Deserialize)]
struct NetShape {
    rows: usize,
    table_width: usize,
    levels: Vec<usize>,
    vocabulary: usize,
    tokens: Option<(usize, usize)>,
    events: Option<(usize, usize)>,
}

fn refused(cause: impl ToString) -> ElsewhereError {
    ElsewhereError::Order { cause: cause.to_string() }
}

fn floats(out: &mut Vec<u8>, values: &[f32]) {
    values.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
}

fn ids(out: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
}

fn places(out: &mut Vec<u8>, values: &[usize]) {
    values.iter().for_each(|x| out.extend_from_slice(&(*x as u64).to_le_bytes()));
}

fn flags(out: &mut Vec<u8>, values: &[bool]) {
    out.extend(values.iter().map(|y| u8::from(*y)));
}

/// The truth of a network that says yes or no; others do not travel.
fn binary(target: &Target) -> Result<&[bool], ElsewhereError> {
    match target {
        Target::Binary(labels) => Ok(labels),
        _ => Err(refused("only yes or no can be learnt on another machine")),
    }
}

impl Order {
    /// The bytes.
    ///
    /// # Errors
    /// A target that is not yes or no.
    pub fn write(&self) -> Result<Vec<u8>, ElsewhereError> {
        let mut numbers = Vec::new();
        let work = match &self.work {
            Work::Mlp { spec, samples } => {
                for (matrix, labels) in
                    [(&samples.train, &samples.train_labels), (&samples.valid, &samples.valid_labels)]
                {
                    floats(&mut numbers, &matrix.data);
                    flags(&mut numbers, labels);
                }
                Shapes::Mlp {
                    spec: spec.clone(),
                    width: samples.train.width(),
                    train: samples.train.height,
                    valid: samples.valid.height,
                }
            }
            Work::Net { spec, fit, samples } => {
                for (data, target) in
                    [(&samples.train, &samples.train_target), (&samples.valid, &samples.valid_target)]
                {
                    write_net(&mut numbers, data);
                    flags(&mut numbers, binary(target)?);
                }
                Shapes::Net {
                    spec: spec.clone(),
                    fit: fit.clone(),
                    train: NetShape::of(&samples.train),
                    valid: NetShape::of(&samples.valid),
                }
            }
        };
        let checkpoint = self.checkpoint.as_ref().map_or(0, Vec::len);
        let (device, seed, share) = (self.device, self.seed, self.share);
        let header = Header { protocol: PROTOCOL, device, seed, checkpoint, share, work };
        let header = serde_json::to_vec(&header).map_err(refused)?;
        let mut out = Vec::with_capacity(header.len() + numbers.len() + checkpoint + 64);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&(header.len() as u64).to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&numbers);
        out.extend_from_slice(self.checkpoint.as_deref().unwrap_or_default());
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        Ok(out)
    }

    /// The job in bytes that came over the wire.
    ///
    /// # Errors
    /// It is damaged, of another version, or its parts do not fit each other.
    pub fn read(bytes: &[u8]) -> Result<Self, ElsewhereError> {
        let body = bytes.len().checked_sub(32).ok_or_else(|| refused("it is too short"))?;
        let (bytes, hash) = bytes.split_at(body);
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| refused("it begins otherwise"))?;
        if blake3::hash(bytes).as_bytes().as_slice() != hash {
            return Err(refused("it was damaged on the way"));
        }
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(|| refused("no header"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(refused)?;
        let (header, rest) = rest.split_at_checked(length).ok_or_else(|| refused("no header"))?;
        let header: Header = serde_json::from_slice(header).map_err(refused)?;
        if header.protocol != PROTOCOL {
            return Err(refused(format!("version {} of it; this is {PROTOCOL}", header.protocol)));
        }
        if header.share.is_some_and(|share| !share.is_sound()) {
            return Err(refused("there is no such part of it"));
        }
        let end = rest.len().checked_sub(header.checkpoint).ok_or_else(|| refused("no checkpoint"))?;
        let (numbers, checkpoint) = rest.split_at(end);
        let mut reader = Reader(numbers);
        let work = match header.work {
            Shapes::Mlp { spec, width, train, valid } => {
                let mut part = |rows: usize| -> Result<(Matrix, Vec<bool>), ElsewhereError> {
                    let count = rows.checked_mul(width).ok_or_else(|| refused("too many numbers"))?;
                    let data = reader.floats(count)?;
                    let names: Vec<String> = (0..width).map(|at| format!("x{at}")).collect();
                    Ok((Matrix::new(names.clone(), names, rows, data), reader.flags(rows)?))
                };
                let ((train, train_labels), (valid, valid_labels)) = (part(train)?, part(valid)?);
                if !train.data.iter().chain(&valid.data).all(|x| x.is_finite()) {
                    return Err(refused("a number is not finite"));
                }
                let samples = Samples { train, train_labels, valid, valid_labels };
                Work::Mlp { spec, samples: Box::new(samples) }
            }
            Shapes::Net { spec, fit, train, valid } => {
                let (train, train_target) = read_net(&mut reader, train)?;
                let (valid, valid_target) = read_net(&mut reader, valid)?;
                let samples = NetSamples { train, train_target, valid, valid_target };
                Work::Net { spec, fit, samples: Box::new(samples) }
            }
        };
        if !reader.0.is_empty() {
            return Err(refused("there are more numbers than it says"));
        }
        let checkpoint = (header.checkpoint > 0).then(|| checkpoint.to_vec());
        Ok(Self { work, device: header.device, seed: header.seed, checkpoint, share: header.share })
    }
}

impl NetShape {
    fn of(data: &NetData) -> Self {
        Self {
            rows: data.rows,
            table_width: data.table_width,
            levels: data.categories.levels.clone(),
            vocabulary: data.vocabulary,
            tokens: data.tokens.as_ref().map(|t| (t.width, t.values.len())),
            events: data.events.as_ref().map(|e| (e.width, e.values.len())),
        }
    }
}

fn write_net(out: &mut Vec<u8>, data: &NetData) {
    floats(out, &data.table);
    ids(out, &data.categories.ids);
    if let Some(tokens) = &data.tokens {
        places(out, &tokens.starts);
        ids(out, &tokens.values);
    }
    if let Some(events) = &data.events {
        places(out, &events.starts);
        floats(out, &events.values);
    }
}

/// Parts that do not fit each other are found by the training's own checks.
fn read_net(reader: &mut Reader<'_>, shape: NetShape) -> Result<(NetData, Target), ElsewhereError> {
    let rows = shape.rows;
    let starts = rows.checked_add(1).ok_or_else(|| refused("too many rows"))?;
    let times = |n: usize| rows.checked_mul(n).ok_or_else(|| refused("too many numbers"));
    let table = reader.floats(times(shape.table_width)?)?;
    let ids = reader.ids(times(shape.levels.len())?)?;
    let tokens = match shape.tokens {
        Some((width, n)) => Some(Ragged { width, starts: reader.places(starts)?, values: reader.ids(n)? }),
        None => None,
    };
    let events = match shape.events {
        Some((width, n)) => Some(Ragged { width, starts: reader.places(starts)?, values: reader.floats(n)? }),
        None => None,
    };
    let data = NetData {
        rows,
        table,
        table_width: shape.table_width,
        categories: Categories { levels: shape.levels, ids },
        tokens,
        vocabulary: shape.vocabulary,
        events,
    };
    Ok((data, Target::Binary(reader.flags(rows)?)))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize, T>(
        &mut self,
        count: usize,
        of: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ElsewhereError> {
        let short = || refused("numbers are missing");
        let bytes = count.checked_mul(N).ok_or_else(short)?;
        let (now, rest) = self.0.split_at_checked(bytes).ok_or_else(short)?;
        self.0 = rest;
        Ok(now.as_chunks::<N>().0.iter().map(|chunk| of(*chunk)).collect())
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, ElsewhereError> {
        self.take(count, f32::from_le_bytes)
    }

    fn ids(&mut self, count: usize) -> Result<Vec<u32>, ElsewhereError> {
        self.take(count, u32::from_le_bytes)
    }

    fn places(&mut self, count: usize) -> Result<Vec<usize>, ElsewhereError> {
        let all = self.take(count, u64::from_le_bytes)?;
        all.into_iter().map(|at| usize::try_from(at).map_err(refused)).collect()
    }

    fn flags(&mut self, count: usize) -> Result<Vec<bool>, ElsewhereError> {
        self.take(count, |[byte]: [u8; 1]| byte == 1)
    }
}
