//! Bodies: read within limits of size and time, told apart by type, and streams written as they come.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body::Frame;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::fail::{Fail, Why};

/// What a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Json,
    Csv,
    Lines,
}

/// Types of lines of JSON.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// The type that the headers tell.
pub(super) fn type_of(headers: &HeaderMap) -> Result<Type, Fail> {
    let told = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(Type::Json),
        "text/csv" => Ok(Type::Csv),
        NDJSON | "application/ndjson" | "application/jsonl" => Ok(Type::Lines),
        _ => Err(Fail::new(Why::WrongType)),
    }
}

/// The next piece of a body; `None` at its end.
async fn piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => return Some(Ok(data)),
            // Trailers say nothing that is asked.
            Ok(Err(_)) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

/// A whole body of at most `most` bytes, that is there after `within`.
pub(super) async fn whole(
    headers: &HeaderMap,
    mut body: Body,
    most: usize,
    within: Duration,
) -> Result<Vec<u8>, Fail> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|bytes| bytes > most as u64) {
        return Err(Fail::new(Why::TooLarge));
    }
    let end = Instant::now() + within;
    let mut bytes = Vec::with_capacity(told.unwrap_or(0).min(1 << 16) as usize);
    loop {
        match timeout_at(end, piece(&mut body)).await {
            Err(_) => return Err(Fail::new(Why::TooSlow)),
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(error))) => return Err(Fail::new(Why::BadJson).saying(error)),
            Ok(Some(Ok(data))) if bytes.len() + data.len() > most => return Err(Fail::new(Why::TooLarge)),
            Ok(Some(Ok(data))) => bytes.extend_from_slice(&data),
        }
    }
}

/// Lines of a body as they come.
pub(super) struct Lines {
    body: Body,
    rest: Vec<u8>,
    ended: bool,
    longest: usize,
    patience: Duration,
}

impl Lines {
    /// Lines of at most `longest` bytes; the sender may be silent for at most `patience`.
    pub(super) fn new(body: Body, longest: usize, patience: Duration) -> Self {
        Self { body, rest: Vec::new(), ended: false, longest, patience }
    }

    /// The lines that are there, at least one; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<Vec<u8>>, Fail>> {
        loop {
            if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let after = self.rest.split_off(end + 1);
                let whole = std::mem::replace(&mut self.rest, after);
                let lines: Vec<Vec<u8>> = whole
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.trim_ascii().is_empty())
                    .map(<[u8]>::to_vec)
                    .collect();
                if !lines.is_empty() {
                    return Some(Ok(lines));
                }
            }
            if self.rest.len() > self.longest {
                self.ended = true;
                self.rest.clear();
                return Some(Err(Fail::new(Why::TooLarge)));
            }
            if self.ended {
                let last = std::mem::take(&mut self.rest);
                return (!last.trim_ascii().is_empty()).then(|| Ok(vec![last]));
            }
            match timeout(self.patience, piece(&mut self.body)).await {
                Ok(Some(Ok(data))) => self.rest.extend_from_slice(&data),
                Ok(None) => self.ended = true,
                Ok(Some(Err(_))) => {
                    // The sender is gone, and so is whatever it had not ended.
                    (self.ended, self.rest) = (true, Vec::new());
                }
                Err(_) => {
                    (self.ended, self.rest) = (true, Vec::new());
                    return Some(Err(Fail::new(Why::TooSlow)));
                }
            }
        }
    }
}

/// An answer that is written while it is made.
pub(super) struct Pieces(pub(super) mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}

/// Reads JSON.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Fail> {
    serde_json::from_slice(bytes).map_err(|error| Fail::new(Why::BadJson).saying(error))
}
