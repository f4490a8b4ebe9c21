//! What the service has done: counts and times, for the window and for Prometheus. Nothing of a request's
//! content is kept.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Bounds of a histogram's buckets in seconds.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Buckets by time, eight to a doubling from 16 µs on: a percentile is told with an error of at most 9%.
const BUCKETS: usize = 8 * 24;
const FIRST: f64 = 16e-6;

/// The routes that are told apart, and what every other address counts as.
const ROUTES: [&str; 10] = [
    "/v1/score",
    "/v1/score/history",
    "/v1/explain",
    "/v1/recommend",
    "/v1/models",
    "/health",
    "/metrics",
    "/openapi.json",
    "/",
    OTHER,
];
const OTHER: &str = "other";
/// Statuses that are answered.
const STATUSES: [u16; 14] = [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503];

/// The name under which a route is counted.
pub(super) fn route(path: &str) -> &'static str {
    ROUTES.into_iter().find(|route| *route == path).unwrap_or(OTHER)
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u32,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRoute {
    route: &'static str,
}

/// The counters of one route, found once: a look into the families takes longer than the count.
#[derive(Default)]
struct Kept {
    answered: [OnceLock<Counter>; STATUSES.len()],
    seconds: OnceLock<Histogram>,
}

/// Counts of one service.
pub(super) struct Figures {
    registry: Registry,
    answered: Family<Answered, Counter>,
    seconds: Family<OfRoute, Histogram, fn() -> Histogram>,
    kept: [Kept; ROUTES.len()],
    rows: Counter,
    reloads: Counter,
    pub(super) running: Gauge,
    requests: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    scored: AtomicU64,
    /// Nanoseconds of the slowest answer.
    slowest: AtomicU64,
    times: [AtomicU64; BUCKETS],
}

/// What the window shows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Snapshot {
    pub requests: u64,
    /// Answered with 4xx.
    pub refused: u64,
    /// Answered with 5xx.
    pub failed: u64,
    /// Rows scored.
    pub rows: u64,
    /// Milliseconds within which half, and 99 of 100 requests were answered, each at most 9% too high;
    /// `None` before the first.
    pub median_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// Milliseconds of the slowest answer.
    pub slowest_ms: Option<f64>,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Figures {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("regulars");
        let answered = Family::<Answered, Counter>::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let (rows, reloads, running) = (Counter::default(), Counter::default(), Gauge::default());
        registry.register("requests", "Requests answered, by route and status", answered.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the request's head to the answer's head",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("rows_scored", "Rows scored", rows.clone());
        registry.register("model_reloads", "Models taken over from a changed file", reloads.clone());
        registry.register("requests_running", "Requests that are being answered", running.clone());
        let (requests, refused, failed, scored, slowest) = Default::default();
        let times = std::array::from_fn(|_| AtomicU64::new(0));
        let kept = std::array::from_fn(|_| Kept::default());
        Self {
            registry,
            answered,
            seconds,
            kept,
            rows,
            reloads,
            running,
            requests,
            refused,
            failed,
            scored,
            slowest,
            times,
        }
    }

    /// A request was answered.
    pub(super) fn answered(&self, route: &'static str, status: u16, took: Duration) {
        let labels = Answered { route, status: status.into() };
        let kept = ROUTES.iter().position(|one| *one == route).and_then(|at| self.kept.get(at));
        let counter = STATUSES.iter().position(|one| *one == status);
        match kept.zip(counter).and_then(|(kept, at)| kept.answered.get(at)) {
            Some(counter) => counter.get_or_init(|| self.answered.get_or_create(&labels).clone()).inc(),
            None => self.answered.get_or_create(&labels).inc(),
        };
        let seconds = || self.seconds.get_or_create(&OfRoute { route }).clone();
        if let Some(kept) = kept {
            kept.seconds.get_or_init(seconds).observe(took.as_secs_f64());
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        match status {
            400..=499 => self.refused.fetch_add(1, Ordering::Relaxed),
            500.. => self.failed.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        self.slowest.fetch_max(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let at = (8.0 * (took.as_secs_f64() / FIRST).log2()).ceil().clamp(0.0, (BUCKETS - 1) as f64);
        if let Some(bucket) = self.times.get(at as usize) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn scored(&self, rows: u64) {
        self.rows.inc_by(rows);
        self.scored.fetch_add(rows, Ordering::Relaxed);
    }

    pub(super) fn reloaded(&self) {
        self.reloads.inc();
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let times: Vec<u64> = self.times.iter().map(read).collect();
        Snapshot {
            requests: read(&self.requests),
            refused: read(&self.refused),
            failed: read(&self.failed),
            rows: read(&self.scored),
            median_ms: within(&times, 0.5),
            p99_ms: within(&times, 0.99),
            slowest_ms: (read(&self.requests) > 0).then(|| read(&self.slowest) as f64 / 1e6),
        }
    }

    /// The Prometheus text.
    pub(super) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The upper end, in milliseconds, of the bucket that holds the share's last request.
fn within(times: &[u64], share: f64) -> Option<f64> {
    let all: u64 = times.iter().sum();
    let wanted = (all as f64 * share).ceil() as u64;
    let mut seen = 0;
    let at = times.iter().position(|count| {
        seen += count;
        seen >= wanted && all > 0
    })?;
    Some(1e3 * FIRST * 2f64.powf(at as f64 / 8.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_at_most_nine_percent_too_high() {
        let figures = Figures::new();
        assert_eq!(figures.snapshot().p99_ms, None);
        for n in 1..=1000u64 {
            figures.answered("/v1/score", 200, Duration::from_micros(100 * n));
        }
        let told = figures.snapshot();
        let (median, p99) = (told.median_ms.unwrap(), told.p99_ms.unwrap());
        assert!((50.0..=50.0 * 1.0906).contains(&median), "{median}");
        assert!((99.0..=99.0 * 1.0906).contains(&p99), "{p99}");
        assert_eq!((told.requests, told.refused, told.failed), (1000, 0, 0));
        assert_eq!(
            (figures.snapshot().slowest_ms, Figures::new().snapshot().slowest_ms),
            (Some(100.0), None)
        );
        figures.answered("/v1/score", 422, Duration::ZERO);
        figures.answered("/v1/score", 503, Duration::from_secs(1 << 40));
        let told = figures.snapshot();
        assert_eq!((told.requests, told.refused, told.failed), (1002, 1, 1));
        let text = figures.text().unwrap();
        assert!(text.contains("regulars_requests_total{route=\"/v1/score\",status=\"200\"} 1000"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
