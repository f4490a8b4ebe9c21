//! `regulars serve`: models over HTTP, and the keys of who may ask.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use regulars_engine::deploy::{DeployError, ServeError};
use serde_json::json;

use super::{Outcome, locked};
use crate::http::keys::{self, Entry, Scope, Store};
use crate::http::{self, Limits, Options, Source};
use crate::words::Lang;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Serve {
    /// Bundles, projects with a model, or recommenders saved by `recommend --save`; the first of a kind
    /// answers where a request names none
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Where to listen; other machines can be let in only with keys
    #[arg(long, value_name = "ADDRESS", default_value = http::ADDRESS)]
    bind: SocketAddr,
    /// The file of keys, made by `serve keys add`
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The certificate chain (PEM), for HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Largest body in megabytes; streams of lines may be longer
    #[arg(long, value_name = "MB", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    body_limit: u32,
    /// Seconds within which a request must be answered
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    timeout: u32,
    /// Seconds within which a body must be there
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    body_timeout: u32,
    /// Requests that are answered at once; more are told to come again
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65536))]
    at_once: u32,
    /// Nothing is logged but warnings
    #[arg(long)]
    quiet: bool,
    /// One JSON object on standard output, at the end
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Makes, lists, changes and takes away keys
    Keys {
        #[command(subcommand)]
        what: Keys,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Makes a key and shows it, for the only time
    Add {
        /// Whose key it is; it stands in the log
        name: String,
        #[arg(long, value_name = "FILE")]
        store: PathBuf,
        /// What it may ask for: score, explain, recommend, metrics
        #[arg(long, value_name = "SCOPE,…", value_delimiter = ',', value_parser = scope, default_value = "score")]
        scope: Vec<Scope>,
        /// How long it is valid: 30d, 12h (default: until it is taken away)
        #[arg(long, value_name = "TIME", value_parser = lasting)]
        expires: Option<Duration>,
        /// Requests a minute
        #[arg(long, value_name = "N", default_value_t = keys::PER_MINUTE)]
        per_minute: u32,
    },
    /// Lists the keys; none is shown
    List {
        #[arg(long, value_name = "FILE")]
        store: PathBuf,
    },
    /// Makes another key of a name; the old one goes on for a while
    Rotate {
        name: String,
        #[arg(long, value_name = "FILE")]
        store: PathBuf,
        /// How long the old key goes on
        #[arg(long, value_name = "TIME", value_parser = lasting, default_value = "7d")]
        grace: Duration,
    },
    /// Takes away a key by its id, or all keys of a name; a running service follows within a second
    Revoke {
        which: String,
        #[arg(long, value_name = "FILE")]
        store: PathBuf,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    let names = || Scope::ALL.map(Scope::name).join(", ");
    Scope::parse(text).ok_or_else(|| format!("one of {}", names()))
}

fn lasting(text: &str) -> Result<Duration, String> {
    let told = || "a time as 30d, 12h, 45m".to_owned();
    let at = text.find(|sign: char| !sign.is_ascii_digit()).ok_or_else(told)?;
    let (count, unit) = text.split_at(at);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(told()),
    };
    let count: u64 = count.parse().map_err(|_| told())?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(told)
}

impl Serve {
    pub(super) fn run(&self) -> Outcome {
        match &self.action {
            Some(Action::Keys { what }) => what.run(self.json),
            None => self.serve(),
        }
    }

    fn serve(&self) -> Outcome {
        let level = if self.quiet { tracing::Level::WARN } else { tracing::Level::INFO };
        let log = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(level)
            .with_writer(std::io::stderr)
            .finish();
        // Set once: a second command in one process cannot be.
        let _ = tracing::subscriber::set_global_default(log);
        let started = std::time::Instant::now();
        let limits = Limits {
            body_bytes: self.body_limit as usize * 1_000_000,
            request_time: Duration::from_secs(self.timeout.into()),
            body_time: Duration::from_secs(self.body_timeout.into()),
            at_once: self.at_once as usize,
            ..Limits::default()
        };
        let options = Options {
            keys: self.keys.clone(),
            tls: self.tls_cert.clone().zip(self.tls_key.clone()),
            limits,
            lang: Lang::of_environment(),
            signals: true,
            passphrase: locked::passphrase_of_any(self.bundles.iter().map(PathBuf::as_path))?,
            ..Options::at(self.bind)
        };
        let sources: Vec<Source> = self.bundles.iter().cloned().map(Source::File).collect();
        let service = http::start(&sources, options)?;
        let (url, models) = (service.url(), service.models());
        tracing::info!(target: "regulars::serve", url, models = models.join(", "), "listening");
        if !self.bind.ip().is_loopback() && self.tls_cert.is_none() {
            tracing::warn!(target: "regulars::serve", "keys and customers travel unencrypted without --tls-cert");
        }
        if !self.json {
            let lang = Lang::of_environment();
            super::out!("{}", lang.with("cli.serve.listening", &[("url", url.clone())]));
        }
        let done = service.wait()?;
        Ok(json!({
            "url": url, "models": models, "requests": done.requests, "refused": done.refused,
            "failed": done.failed, "rows": done.rows, "median_ms": done.median_ms, "p99_ms": done.p99_ms,
            "seconds": started.elapsed().as_secs_f64(),
        }))
    }
}

impl Keys {
    fn run(&self, json: bool) -> Outcome {
        let lang = Lang::of_environment();
        let no_key = |store: &PathBuf, name: &String| {
            DeployError::from(ServeError::NoKey { file: store.clone(), name: name.clone() })
        };
        let told = |key: &str, name: &str| {
            if !json {
                super::out!("{key}");
                eprintln!("{}", lang.with("cli.serve.once", &[("name", name.to_owned())]));
            }
        };
        match self {
            Self::Add { name, store: file, scope, expires, per_minute } => {
                let mut store = Store::open(file)?;
                let key = store.add(name, scope, *expires, *per_minute)?;
                store.save(file)?;
                told(&key, name);
                Ok(json!({ "key": key, "entry": store.keys.last().map(entry) }))
            }
            Self::Rotate { name, store: file, grace } => {
                let mut store = Store::open(file)?;
                let key = store.rotate(name, *grace)?.ok_or_else(|| no_key(file, name))?;
                store.save(file)?;
                told(&key, name);
                Ok(json!({ "key": key, "entry": store.keys.last().map(entry) }))
            }
            Self::Revoke { which, store: file } => {
                let mut store = Store::open(file)?;
                let revoked = store.revoke(which);
                if revoked == 0 {
                    return Err(no_key(file, which).into());
                }
                store.save(file)?;
                if !json {
                    let args = [("count", lang.count(revoked as u64))];
                    super::out!("{}", lang.with("cli.serve.revoked", &args));
                }
                Ok(json!({ "revoked": revoked }))
            }
            Self::List { store: file } => {
                let store = Store::open(file)?;
                if !json {
                    for key in &store.keys {
                        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
                        let valid = if key.is_valid() { "" } else { " ×" };
                        super::out!("{}  {}  {}{valid}", key.id, key.name, scopes.join(","));
                    }
                }
                Ok(json!({ "keys": store.keys.iter().map(entry).collect::<Vec<_>>() }))
            }
        }
    }
}

/// What may be told of a key.
fn entry(key: &Entry) -> serde_json::Value {
    json!({
        "id": key.id, "name": key.name, "scopes": key.scopes, "created": key.created,
        "expires": key.expires, "valid": key.is_valid(), "per_minute": key.per_minute,
    })
}
