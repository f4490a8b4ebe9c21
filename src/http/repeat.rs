//! Requests that bear an `Idempotency-Key`: sent again unchanged they are answered again and told to be a
//! repetition; the same key for anything else is refused. Kept are hashes alone, of no more than so many.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Uri, header};
use sha2::{Digest as _, Sha256};

use super::fail::{Fail, Why};

/// The head that names a request.
pub(super) const HEAD: &str = "idempotency-key";
/// The head of an answer to a request that came before.
pub(super) const REPLAYED: &str = "idempotency-replayed";
/// How long a request is remembered.
const LASTS: Duration = Duration::from_secs(24 * 3_600);
/// Requests that are remembered.
const MOST: usize = 100_000;
/// Bytes that a key may have.
const LONGEST: usize = 255;

type Hash = [u8; 32];

#[derive(Default)]
struct Seen {
    requests: HashMap<Hash, Hash>,
    order: VecDeque<(Instant, Hash)>,
}

/// The requests that came.
#[derive(Default)]
pub(super) struct Repeats(Mutex<Seen>);

fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl Repeats {
    /// True if this request came before; false as well where it bears no key.
    ///
    /// # Errors
    /// Its key was used for another request of the same caller, or cannot be a key.
    pub(super) fn note(&self, headers: &HeaderMap, uri: &Uri, body: &[u8]) -> Result<bool, Fail> {
        let Some(key) = headers.get(HEAD) else { return Ok(false) };
        let is_key = |key: &&str| (1..=LONGEST).contains(&key.len());
        let Some(key) = key.to_str().ok().filter(is_key) else {
            return Err(Fail::new(Why::BadKey));
        };
        let head = |name: &str| headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
        let whose = hash([head(header::AUTHORIZATION.as_str()), head("x-api-key"), key.as_bytes()]);
        let what = hash([uri.to_string().as_bytes(), head(header::CONTENT_TYPE.as_str()), body]);
        self.seen(whose, what, Instant::now())
    }

    fn seen(&self, whose: Hash, what: Hash, now: Instant) -> Result<bool, Fail> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, oldest)) = seen.order.front().copied() {
            if seen.order.len() < MOST && now.duration_since(at) < LASTS {
                break;
            }
            seen.order.pop_front();
            seen.requests.remove(&oldest);
        }
        match seen.requests.get(&whose) {
            Some(before) if *before == what => Ok(true),
            Some(_) => Err(Fail::new(Why::Reused)),
            None => {
                seen.requests.insert(whose, what);
                seen.order.push_back((now, whose));
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_later_or_behind_many_others_a_key_is_new() {
        let repeats = Repeats::default();
        let (key, one, other) = (hash([&b"k"[..]]), hash([&b"1"[..]]), hash([&b"2"[..]]));
        let now = Instant::now();
        assert!(!repeats.seen(key, one, now).unwrap());
        assert!(repeats.seen(key, one, now).unwrap());
        assert_eq!(repeats.seen(key, other, now).unwrap_err().status(), 409);
        assert!(!repeats.seen(key, other, now + LASTS).unwrap());
        for at in 0..MOST as u64 {
            assert!(!repeats.seen(hash([&at.to_le_bytes()[..]]), one, now + LASTS).unwrap());
        }
        let seen = repeats.0.lock().unwrap();
        assert!(seen.requests.len() <= MOST && seen.order.len() == seen.requests.len());
        assert!(!seen.requests.contains_key(&key));
    }
}
