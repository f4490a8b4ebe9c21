//! How the service is set up, and what a request may cost.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regulars_engine::privacy::Passphrase;

use crate::words::Lang;

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a body that is read whole.
    pub body_bytes: usize,
    /// Bytes of one line of a stream.
    pub line_bytes: usize,
    /// Time within which a head must be there.
    pub head_time: Duration,
    /// Time within which a body must be there; of a stream the longest silence.
    pub body_time: Duration,
    /// Time within which a request must be answered.
    pub request_time: Duration,
    /// Requests that are answered at once.
    pub at_once: usize,
    /// Rows of one list or table.
    pub rows: usize,
    /// A model that scores some rows in less time does so where the requests are read.
    pub in_no_time: Duration,
    /// Time that running requests get when the service stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 32 << 20,
            line_bytes: 1 << 20,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            request_time: Duration::from_secs(60),
            at_once: 256,
            rows: 1_000_000,
            in_no_time: Duration::from_millis(2),
            grace: Duration::from_secs(20),
        }
    }
}

/// How the service is set up.
#[derive(Clone)]
pub struct Options {
    pub address: SocketAddr,
    /// The file of keys; without one whoever reaches the address may ask.
    pub keys: Option<PathBuf>,
    /// Certificate chain and private key (PEM).
    pub tls: Option<(PathBuf, PathBuf)>,
    pub limits: Limits,
    pub lang: Lang,
    /// Called, not too often, when counts have changed.
    pub wake: Option<Arc<dyn Fn() + Send + Sync>>,
    /// The process ends the service by SIGTERM, SIGINT or Ctrl-C.
    pub signals: bool,
    /// What opens locked bundles and projects, now and when they are changed.
    pub passphrase: Option<Passphrase>,
}

impl Options {
    /// The usual settings at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            keys: None,
            tls: None,
            limits: Limits::default(),
            lang: Lang::En,
            wake: None,
            signals: false,
            passphrase: None,
        }
    }
}
