//! The routes: what is asked, handed to the engine, and answered.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use regulars_engine::deploy::{Lacking, strongest};
use regulars_engine::job::Reporter;
use regulars_engine::project;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Server;
use super::body::{self, Type};
use super::fail::{Fail, Why};
use super::gate::{Place, Rows};
use super::models::{Kind, Loaded, Scorer};
use super::rows::{self, Customers};
use super::{document, many, repeat, work};
use crate::words::{self, Lang};

/// Reasons that are told in words.
const REASONS: usize = 7;

/// One scored customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Scored {
    /// Name of the model.
    model: String,
    /// The column and value that are predicted.
    target: String,
    positive: String,
    /// The identifier, where the row has one.
    id: Option<String>,
    /// Probability of the positive value, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    probability: f64,
    /// The probability reaches the threshold.
    at_risk: bool,
    threshold: f64,
    flags: Vec<document::Flag>,
}

/// The settings in the address: `model` and `fill`.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) model: Option<String>,
    pub(super) lacking: Lacking,
}

pub(super) fn wanted(uri: &Uri) -> Result<Wanted, Fail> {
    let bad = |why: &dyn ToString| Fail::new(Why::BadQuery).saying(why.to_string());
    if uri.query().is_none() {
        return Ok(Wanted { model: None, lacking: Lacking::Refuse });
    }
    let Query(asked) =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| bad(&error.to_string()))?;
    let mut wanted = Wanted { model: None, lacking: Lacking::Refuse };
    for (name, value) in asked {
        match (name.as_str(), value.as_str()) {
            ("model", _) => wanted.model = Some(value),
            ("fill", "true") => wanted.lacking = Lacking::Fill,
            ("fill", "false") => wanted.lacking = Lacking::Refuse,
            ("fill", _) => return Err(bad(&"fill")),
            _ => return Err(bad(&name)),
        }
    }
    Ok(wanted)
}

pub(super) fn scorer(server: &Server, wanted: &Wanted) -> Result<Arc<Scorer>, Fail> {
    server.shelf.scorer(wanted.model.as_deref()).ok_or_else(|| Fail::new(Why::NoModel))
}

/// Probabilities of one customer or of many.
#[utoipa::path(
    post, path = "/v1/score", tag = "models",
    params(
        ("model" = Option<String>, Query, description = "Name of the model (default: the first)"),
        ("fill" = Option<bool>, Query, description = "Read a column that is lacking as its centre"),
    ),
    request_body(content(
        (document::Customers = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "The scores", content(
            (document::Answer = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
        )),
        document::Refusals,
    ),
)]
pub(super) async fn score(server: &Arc<Server>, request: Request, place: Option<Place>) -> Response {
    let answer = score_inner(server, request, place).await;
    answer.unwrap_or_else(|fail| fail.answer(server.lang))
}

async fn score_inner(server: &Arc<Server>, request: Request, place: Option<Place>) -> Result<Response, Fail> {
    let wanted = wanted(request.uri())?;
    let kind = body::type_of(request.headers())?;
    let model = scorer(server, &wanted)?;
    if kind == Type::Lines {
        return Ok(many::lines(server.clone(), model, wanted, request.into_body(), place));
    }
    let (parts, body) = request.into_parts();
    let (bytes, is_repeated) = read(server, &parts, body).await?;
    let mut response = if kind == Type::Csv {
        many::csv(server, model, wanted, bytes, &parts.headers).await?
    } else {
        match rows::read(&bytes)? {
            Customers::One(row) => one(server, &model, row.given()?, &wanted).await?,
            Customers::Many(rows) => many::array(server, model, wanted, rows).await?,
            Customers::None => return Err(Fail::new(Why::NotAnObject)),
        }
    };
    mark(&mut response, is_repeated);
    Ok(response)
}

/// One customer's score.
async fn one(
    server: &Server,
    model: &Arc<Scorer>,
    row: rows::Given1<'_>,
    wanted: &Wanted,
) -> Result<Response, Fail> {
    let row = model.ready.row(row, wanted.lacking)?;
    let scored = if model.took < server.limits.in_no_time {
        work::at_desk(model, row).await?
    } else {
        server.patiently(server.queue.score(model.clone(), row)).await??
    };
    let bundle = model.ready.bundle();
    let answer = Scored {
        model: model.name.clone(),
        target: bundle.target.clone(),
        positive: bundle.positive.clone(),
        id: scored.id,
        probability: scored.probability,
        at_risk: scored.at_risk,
        threshold: bundle.threshold,
        flags: scored.flags.into_iter().map(Into::into).collect(),
    };
    let mut response = Json(answer).into_response();
    response.extensions_mut().insert(Rows(1));
    Ok(response)
}

/// A body that is read whole, and whether the request came before.
pub(super) async fn read(server: &Server, parts: &Parts, body: Body) -> Result<(Vec<u8>, bool), Fail> {
    let limits = server.limits;
    let bytes = body::whole(&parts.headers, body, limits.body_bytes, limits.body_time).await?;
    let is_repeated = server.repeats.note(&parts.headers, &parts.uri, &bytes)?;
    Ok((bytes, is_repeated))
}

/// Tells of an answer that its request came before.
pub(super) fn mark(response: &mut Response, is_repeated: bool) {
    if is_repeated {
        response.headers_mut().insert(repeat::REPLAYED, HeaderValue::from_static("true"));
    }
}

/// Why one customer stands where it stands.
#[utoipa::path(
    post, path = "/v1/explain", tag = "models",
    params(
        ("model" = Option<String>, Query, description = "Name of the model (default: the first)"),
        ("fill" = Option<bool>, Query, description = "Read a column that is lacking as its centre"),
    ),
    request_body(content = document::Customer, content_type = "application/json"),
    responses((status = 200, description = "Each column's share", body = document::Explained), document::Refusals),
)]
pub(super) async fn explain(State(server): State<Arc<Server>>, request: Request) -> Response {
    let answer = explain_inner(&server, request).await;
    answer.unwrap_or_else(|fail| fail.answer(server.lang))
}

async fn explain_inner(server: &Arc<Server>, request: Request) -> Result<Response, Fail> {
    let wanted = wanted(request.uri())?;
    if body::type_of(request.headers())? != Type::Json {
        return Err(Fail::new(Why::WrongType));
    }
    let model = scorer(server, &wanted)?;
    let (parts, body) = request.into_parts();
    let (bytes, is_repeated) = read(server, &parts, body).await?;
    let row = rows::one(&bytes)?;
    let row: Vec<_> = row.into_iter().map(|(name, cell)| (name.into_owned(), cell)).collect();
    let lang = server.lang;
    let told = server
        .heavily(move |report| {
            // What is lacking is refused before anything is computed.
            model.ready.row(row.clone(), wanted.lacking)?;
            let table = model.ready.table(vec![row])?;
            let (scores, mut answers) = model.ready.whole(&table, wanted.lacking, report)?;
            let bundle = model.ready.bundle();
            let told = project::explain_scored(bundle, &scores, 0, report)?;
            let (Some(told), Some(explainer), Some(answer)) = (told, &bundle.explainer, answers.pop()) else {
                return Err(Fail::new(Why::NoExplainer));
            };
            let readable = scores.cleaning.before_filling();
            let reasons =
                strongest(explainer, &told.explanation, &bundle.profiles, readable, 0, REASONS);
            let each = explainer.columns().zip(explainer.proven());
            let shares: Vec<Value> = each
                .zip(told.explanation.shares.iter().zip(&told.errors))
                .map(|((column, proven), (share, error))| {
                    let value = readable.show(column, 0);
                    json!({ "column": column, "value": value, "share": share, "error": error, "proven": proven })
                })
                .collect();
            let reasons: Vec<Value> = reasons
                .iter()
                .map(|reason| {
                    json!({
                        "column": reason.column, "value": reason.value, "usual": reason.usual,
                        "share": reason.share, "words": words::reason(lang, reason),
                    })
                })
                .collect();
            let flags: Vec<document::Flag> = answer.flags.into_iter().map(Into::into).collect();
            Ok(json!({
                "model": model.name, "target": bundle.target, "positive": bundle.positive, "id": answer.id,
                "probability": told.explanation.probability,
                "at_risk": told.explanation.probability >= bundle.threshold, "threshold": bundle.threshold,
                "base": told.base, "method": told.method, "gap": told.gap(), "shares": shares,
                "reasons": reasons, "flags": flags,
            }))
        })
        .await?;
    let mut response = Json(told).into_response();
    mark(&mut response, is_repeated);
    response.extensions_mut().insert(Rows(1));
    Ok(response)
}

/// That the service is there, and whether a changed file was refused.
#[utoipa::path(
    get, path = "/health", tag = "service",
    responses((status = 200, description = "It answers", body = document::Health)),
)]
pub(super) async fn health(State(server): State<Arc<Server>>) -> Response {
    let all = server.shelf.all();
    let status = if all.iter().any(|(_, refused)| refused.is_some()) { "degraded" } else { "ok" };
    // Whoever has no key learns no more than that: a reason may name files.
    let open = server.keys.is_none();
    let models: Vec<Value> = all
        .iter()
        .map(|(loaded, refused)| {
            let refused = refused.as_ref().map(|why| if open { why.as_str() } else { "refused" });
            json!({ "name": loaded.name, "refused_file": refused })
        })
        .collect();
    let uptime = server.started.elapsed().as_secs();
    let version = env!("CARGO_PKG_VERSION");
    Json(json!({ "status": status, "version": version, "uptime_seconds": uptime, "models": models }))
        .into_response()
}

/// The models and the columns that they need.
#[utoipa::path(
    get, path = "/v1/models", tag = "models",
    responses((status = 200, description = "The models", body = document::Models), document::Refusals),
)]
pub(super) async fn models(State(server): State<Arc<Server>>) -> Response {
    let models: Vec<Value> =
        server.shelf.all().iter().map(|(loaded, refused)| model(loaded, refused)).collect();
    Json(json!({ "models": models })).into_response()
}

fn model(loaded: &Loaded, refused: &Option<String>) -> Value {
    let since = loaded.since.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut object = match &loaded.kind {
        Kind::Score(scorer) => {
            let (bundle, needed) = (scorer.ready.bundle(), scorer.ready.needed());
            let columns: Vec<Value> = scorer
                .ready
                .columns()
                .iter()
                .map(|spec| {
                    json!({ "name": spec.name, "role": spec.role.name(), "needed": needed.contains(&spec.name) })
                })
                .collect();
            json!({
                "kind": "score", "model": bundle.model.kind().name(), "target": bundle.target,
                "positive": bundle.positive, "threshold": bundle.threshold,
                "explains": bundle.explainer.is_some(), "columns": columns,
                "horizon_days": bundle.behaviour.as_ref().map(|known| known.question.horizon_days),
            })
        }
        Kind::Recommend(model) => {
            json!({ "kind": "recommend", "model": model.kind.name(), "products": model.items.len() })
        }
    };
    if let Some(object) = object.as_object_mut() {
        object.insert("name".into(), loaded.name.as_str().into());
        object.insert("sha256".into(), loaded.hash.clone().into());
        object.insert("since".into(), since.into());
        object.insert("refused_file".into(), refused.clone().into());
    }
    object
}

/// Counts and times, as Prometheus reads them.
#[utoipa::path(
    get, path = "/metrics", tag = "service",
    responses(
        (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
        document::Refusals,
    ),
)]
pub(super) async fn metrics(State(server): State<Arc<Server>>) -> Response {
    match server.figures.text() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => Fail::new(Why::Broken).answer(server.lang),
    }
}

pub(super) async fn openapi(State(server): State<Arc<Server>>) -> Response {
    Json(document::openapi(&server.shelf)).into_response()
}

pub(super) async fn page(State(server): State<Arc<Server>>) -> Response {
    let page = document::page(server.lang, &server.shelf, server.keys.is_some());
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

pub(super) async fn nowhere(State(server): State<Arc<Server>>) -> Response {
    Fail::new(Why::NotFound).answer(server.lang)
}

pub(super) async fn wrong_method(State(server): State<Arc<Server>>) -> Response {
    Fail::new(Why::WrongMethod).answer(server.lang)
}

impl Server {
    /// Waits for no longer than a request may take.
    pub(super) async fn patiently<T>(&self, work: impl Future<Output = T>) -> Result<T, Fail> {
        tokio::time::timeout(self.limits.request_time, work)
            .await
            .map_err(|_| Fail::new(Why::TookTooLong).after(5))
    }

    /// Work that takes a core for a while, on a thread of its own, and no longer than a request may
    /// take. Only so many at once; the others wait.
    pub(super) async fn heavily<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reporter) -> Result<T, Fail> + Send + 'static,
    ) -> Result<T, Fail> {
        let slots = self.heavy.clone();
        let run = async move {
            let slot = slots.acquire_owned().await.map_err(|_| Fail::new(Why::Busy).after(1))?;
            let done = tokio::task::spawn_blocking(move || {
                let _slot = slot;
                work(&Reporter::silent())
            });
            done.await.map_err(|_| Fail::new(Why::Broken))?
        };
        self.patiently(run).await?
    }
}

/// A panic of a handler, as an answer.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!(target: "regulars::serve", "a request ended in a panic");
    Fail::new(Why::Broken).answer(Lang::En)
}
