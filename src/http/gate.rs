//! What every request passes: the key, its scope and rate, how many are answered at once; and what is
//! counted and logged of it: never a cell, an identifier or an address.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::OwnedSemaphorePermit;

use super::Server;
use super::fail::{Fail, Why};
use super::figures;
use super::keys::{Refused, Scope};

/// A place among the requests that are answered at once; held for as long as the answer is written.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Rows that an answer holds, for the log.
#[derive(Clone, Copy)]
pub(super) struct Rows(pub(super) u64);

/// What a route asks of a key: nothing, any key, or a scope.
enum Needs {
    Nothing,
    Key,
    Scope(Scope),
}

fn needs(route: &str) -> Needs {
    match route {
        "/v1/score" | "/v1/score/history" => Needs::Scope(Scope::Score),
        "/v1/explain" => Needs::Scope(Scope::Explain),
        "/v1/recommend" => Needs::Scope(Scope::Recommend),
        "/metrics" => Needs::Scope(Scope::Metrics),
        "/v1/models" => Needs::Key,
        _ => Needs::Nothing,
    }
}

/// The key of a request.
fn key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer.or_else(|| text("x-api-key"))
}

/// True if the request was meant for this machine. Without keys a page of the web could otherwise be sent
/// here under its own name (DNS rebinding).
fn is_for_us(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).or_else(|| uri.host());
    let Some(host) = host else { return true };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

/// The middleware around the router.
pub(super) async fn pass(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let route = figures::route(route);
    around(&server, route, request, |request, place| async move {
        let answer = next.run(request).await;
        drop(place);
        answer
    })
    .await
}

/// What every request passes, whoever answers it. The place is held by the answerer.
pub(super) async fn around<F: Future<Output = Response>>(
    server: &Server,
    route: &'static str,
    request: Request,
    answer: impl FnOnce(Request, Option<Place>) -> F,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let running = Running::new(server);
    let mut name = String::new();
    let mut response = match enter(server, route, &request, &mut name) {
        Ok(place) => answer(request, place).await,
        Err(fail) => fail.answer(server.lang),
    };
    drop(running);
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let (took, status) = (started.elapsed(), response.status().as_u16());
    server.figures.answered(route, status, took);
    let rows = response.extensions().get::<Rows>().map(|rows| rows.0);
    if let Some(rows) = rows {
        server.figures.scored(rows);
    }
    if tracing::enabled!(target: "regulars::serve", tracing::Level::INFO) {
        let ms = (took.as_secs_f64() * 1e5).round() / 1e2;
        tracing::info!(
            target: "regulars::serve", %method, route, status, ms, rows,
            key = (!name.is_empty()).then_some(name.as_str()), "request"
        );
    }
    server.wake();
    response
}

/// A request that is being answered, also where its caller goes away.
struct Running<'a>(&'a Server);

impl<'a> Running<'a> {
    fn new(server: &'a Server) -> Self {
        server.figures.running.inc();
        Self(server)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.figures.running.dec();
    }
}

fn enter(server: &Server, route: &str, request: &Request, name: &mut String) -> Result<Option<Place>, Fail> {
    match &server.keys {
        Some(ring) => {
            let scope = match needs(route) {
                Needs::Nothing => None,
                Needs::Key => Some(None),
                Needs::Scope(scope) => Some(Some(scope)),
            };
            if let Some(scope) = scope {
                *name = ring.admit(key(request.headers()), scope).map_err(|refused| match refused {
                    Refused::Unknown => Fail::new(Why::NoKey),
                    Refused::Scope => Fail::new(Why::WrongScope),
                    Refused::Rate(seconds) => Fail::new(Why::TooMany).after(seconds),
                })?;
            }
        }
        None if !is_for_us(request.headers(), request.uri()) => return Err(Fail::new(Why::WrongHost)),
        None => {}
    }
    // Health is told however much there is to do.
    if matches!(needs(route), Needs::Nothing) {
        return Ok(None);
    }
    let permit = server.places.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Fail::new(Why::Busy).after(1))?;
    Ok(Some(Place { _permit: permit }))
}
