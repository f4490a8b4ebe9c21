//! Where one part of a shared training waits for the others: it lays down its frame, who asks takes it away,
//! and comes back with what all frames together came to. Counted, so that a question that is asked again
//! after a lost link does no harm.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::job::Reporter;

/// How the frames of all parts become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::train) enum Kind {
    /// 32-bit floats, added up in the order of the parts.
    Sum = 1,
    /// The first part's bytes for all.
    First = 2,
}

/// What a part tells: its kind (1 byte), where it stands (8 bytes, little-endian), the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::train) struct Frame<'a> {
    pub kind: Kind,
    pub tag: u64,
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    pub fn write(kind: Kind, tag: u64, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 9);
        out.push(kind as u8);
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(payload);
        out
    }

    /// The payload's floats, as bytes.
    fn numbers(&self) -> &'a [[u8; 4]] {
        self.payload.as_chunks::<4>().0
    }

    /// The frame in bytes that came over the wire.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (tag, payload) = rest.split_first_chunk::<8>()?;
        let kind = match kind {
            1 => Kind::Sum,
            2 => Kind::First,
            _ => return None,
        };
        Some(Self { kind, tag: u64::from_le_bytes(*tag), payload })
    }
}

/// The first byte of an answer.
pub(in crate::train) mod answer {
    /// The person wants the training to end with what there is.
    pub(in crate::train) const END: u8 = 1;
}

/// What all frames together come to, behind `flags`; none if they are not of the same kind, step and length.
pub(in crate::train) fn reduce(frames: &[Vec<u8>], flags: u8) -> Option<Vec<u8>> {
    let frames: Vec<Frame<'_>> = frames.iter().map(|bytes| Frame::read(bytes)).collect::<Option<_>>()?;
    let (first, rest) = frames.split_first()?;
    if rest.iter().any(|frame| (frame.kind, frame.tag) != (first.kind, first.tag)) {
        return None;
    }
    let mut out = Vec::with_capacity(first.payload.len() + 1);
    out.push(flags);
    match first.kind {
        Kind::First => out.extend_from_slice(first.payload),
        Kind::Sum => {
            if rest.iter().any(|frame| frame.payload.len() != first.payload.len()) {
                return None;
            }
            let mut sums: Vec<f32> = first.numbers().iter().map(|x| f32::from_le_bytes(*x)).collect();
            for frame in rest {
                // Always in the order of the parts: the same training gives the same bits.
                sums.iter_mut().zip(frame.numbers()).for_each(|(sum, x)| *sum += f32::from_le_bytes(*x));
            }
            sums.iter().for_each(|sum| out.extend_from_slice(&sum.to_le_bytes()));
        }
    }
    Some(out)
}

/// What who asks is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::train) enum Turn {
    Frame(Arc<Vec<u8>>),
    /// It still computes; to be asked again.
    Later,
    /// The training has ended: there is an outcome.
    Ended,
    /// The question is of another step.
    Astray,
}

#[derive(Default)]
struct Standing {
    /// Frames laid down so far.
    laid: u64,
    frame: Option<Arc<Vec<u8>>>,
    answer: Option<Vec<u8>>,
    ended: bool,
}

/// See the module.
#[derive(Default)]
pub(in crate::train) struct Meeting {
    standing: Mutex<Standing>,
    changed: Condvar,
}

impl Meeting {
    /// Lays down a frame and waits for the answer.
    pub fn meet(&self, frame: Vec<u8>, report: &Reporter) -> crate::Result<Vec<u8>> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.laid += 1;
        standing.frame = Some(Arc::new(frame));
        standing.answer = None;
        self.changed.notify_all();
        loop {
            if let Some(answer) = standing.answer.take() {
                return Ok(answer);
            }
            report.check()?;
            let waited = self.changed.wait_timeout(standing, Duration::from_millis(50));
            standing = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Answers frame `at` − 1 with `body`, and waits up to `patience` for frame `at`, counted from 1.
    pub fn turn(&self, at: u64, body: &[u8], patience: Duration) -> Turn {
        let until = Instant::now() + patience;
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if at > 1 && standing.laid == at - 1 && standing.frame.take().is_some() {
            standing.answer = Some(body.to_vec());
            self.changed.notify_all();
        }
        loop {
            match &standing.frame {
                Some(frame) if standing.laid == at => return Turn::Frame(frame.clone()),
                _ if standing.ended => return Turn::Ended,
                _ if standing.laid > at || at > standing.laid + 1 => return Turn::Astray,
                _ => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Turn::Later;
            }
            let waited = self.changed.wait_timeout(standing, left);
            standing = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Tells who waits that nothing more comes.
    pub fn end(&self) {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.changed.notify_all();
    }
}
