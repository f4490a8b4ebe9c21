//! What the service says of itself: the OpenAPI document, and a page to read in a browser. Both come from
//! the program alone; nothing is loaded from elsewhere.

use maud::{DOCTYPE, html};
use regulars_engine::deploy::{self, FlagKind};
use regulars_engine::table::Role;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::models::{Kind, Scorer, Shelf};
use super::{recommend, routes, told};
use crate::words::Lang;

/// The columns of one customer; `null` is missing.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "the document is made of it")]
pub(super) struct Customer(Value);

/// A cell: text as the file has it, a number, or true and false.
#[derive(ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "the document is made of it")]
pub(super) struct Cell(Value);

/// One customer or a list of them.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "the document is made of it")]
pub(super) struct Customers(Value);

/// What some customers did, as of a day: only for a model of a question over time. A table of which nothing is
/// told tells that nothing happened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document is made of it")]
pub(super) struct History {
    /// The day of which the question is asked, as 2026-06-30; what is later falls away.
    as_of: String,
    /// The customers, with the columns of their own that the model learnt from.
    #[schema(value_type = Option<Vec<Object>>)]
    customers: Option<Value>,
    #[schema(value_type = Vec<Object>)]
    orders: Value,
    #[schema(value_type = Option<Vec<Object>>)]
    order_lines: Option<Value>,
    #[schema(value_type = Option<Vec<Object>>)]
    events: Option<Value>,
    #[schema(value_type = Option<Vec<Object>>)]
    feedback: Option<Value>,
    #[schema(value_type = Option<Vec<Object>>)]
    products: Option<Value>,
}

/// Something odd about a row; its score stands all the same.
#[derive(Serialize, ToSchema)]
pub(super) struct Flag {
    /// `unseen_category`, `out_of_range`, `not_used`, `repeated`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl From<deploy::Flag> for Flag {
    fn from(flag: deploy::Flag) -> Self {
        let kind = match flag.kind {
            FlagKind::UnseenCategory => "unseen_category",
            FlagKind::OutOfRange => "out_of_range",
            FlagKind::NotUsed => "not_used",
            FlagKind::Repeated => "repeated",
        };
        Self { kind, column: flag.column, value: flag.value }
    }
}

/// One customer's score, or an object with `scores` for a list.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "the document is made of it")]
pub(super) struct Answer(Value);

/// Each column's share in a probability; the shares, the base and the gap add up to it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written as JSON by hand; the document is made of its shape")]
pub(super) struct Explained {
    model: String,
    target: String,
    positive: String,
    id: Option<String>,
    probability: f64,
    at_risk: bool,
    threshold: f64,
    /// Mean probability of the background.
    base: f64,
    method: String,
    gap: f64,
    #[schema(value_type = Vec<Object>)]
    shares: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    reasons: Vec<Value>,
    flags: Vec<Flag>,
}

/// Offers, the best first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written as JSON by hand; the document is made of its shape")]
pub(super) struct Offers {
    model: String,
    #[schema(value_type = Vec<Object>)]
    offers: Vec<Value>,
}

/// How the service is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written as JSON by hand; the document is made of its shape")]
pub(super) struct Health {
    /// `ok`, or `degraded` where a changed file was refused and the old model goes on.
    status: String,
    version: String,
    uptime_seconds: u64,
    #[schema(value_type = Vec<Object>)]
    models: Vec<Value>,
}

/// The served models.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written as JSON by hand; the document is made of its shape")]
pub(super) struct Models {
    #[schema(value_type = Vec<Object>)]
    models: Vec<Value>,
}

/// Why a request was refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written as JSON by hand; the document is made of its shape")]
pub(super) struct Refusal {
    error: Told,
}

/// What, where, and how to mend it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written as JSON by hand; the document is made of its shape")]
pub(super) struct Told {
    kind: String,
    message: String,
    hint: String,
    row: Option<u64>,
    column: Option<String>,
    columns: Option<Vec<String>>,
}

/// Refusals of every route.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the document is made of them")]
pub(super) enum Refusals {
    #[response(status = 400, description = "The body or the address cannot be read")]
    Malformed(Refusal),
    #[response(status = 401, description = "No key, or one that is not valid")]
    NoKey(Refusal),
    #[response(status = 403, description = "The key may not ask for this")]
    Forbidden(Refusal),
    #[response(status = 404, description = "No such model")]
    NotFound(Refusal),
    #[response(status = 408, description = "The body came too slowly")]
    TooSlow(Refusal),
    #[response(status = 409, description = "The Idempotency-Key was used for another request")]
    Reused(Refusal),
    #[response(status = 413, description = "The body is too large")]
    TooLarge(Refusal),
    #[response(status = 415, description = "Another type of body")]
    WrongType(Refusal),
    #[response(status = 422, description = "The rows cannot be scored")]
    Unusable(Refusal),
    #[response(status = 429, description = "Too many requests of this key")]
    TooMany(Refusal),
    #[response(status = 503, description = "Too much to do just now")]
    Busy(Refusal),
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Regulars", description = "Scores of customers, the reasons, and offers"),
    paths(
        routes::score,
        told::history,
        routes::explain,
        recommend::recommend,
        routes::models,
        routes::health,
        routes::metrics,
    ),
    components(schemas(History, Customer, Cell, Customers, Flag, Answer, Refusal, Told, routes::Scored))
)]
struct Document;

/// The document, with the columns of the first model.
pub(super) fn openapi(shelf: &Shelf) -> Value {
    let mut all = serde_json::to_value(Document::openapi()).unwrap_or_default();
    // Readers know 3.1; nothing in the document is newer.
    put(&mut all, "/openapi", json!("3.1.0"));
    put(&mut all, "/info/version", json!(env!("CARGO_PKG_VERSION")));
    let cell = json!({
        "description": "Text as the file has it, a number, true or false; null is missing",
        "type": ["string", "number", "boolean", "null"],
    });
    let mut customer = json!({
        "type": "object", "description": "The columns of one customer",
        "additionalProperties": { "$ref": "#/components/schemas/Cell" },
    });
    if let Some(scorer) = shelf.scorer(None) {
        let columns = asked(&scorer);
        let properties: serde_json::Map<String, Value> = columns
            .iter()
            .map(|(name, _)| (name.clone(), json!({ "$ref": "#/components/schemas/Cell" })))
            .collect();
        put(&mut customer, "/properties", properties.into());
        put(&mut customer, "/required", scorer.ready.needed().into());
        put(&mut customer, "/example", example(&scorer));
    }
    let scored = json!({ "$ref": "#/components/schemas/Scored" });
    let many = json!({
        "type": "object", "required": ["scores", "rows"],
        "properties": {
            "rows": { "type": "integer" },
            "scores": { "type": "array", "items": { "type": "object", "required": ["row", "probability"] } },
        },
    });
    let one = json!({ "$ref": "#/components/schemas/Customer" });
    put(&mut all, "/components/schemas/Cell", cell);
    put(&mut all, "/components/schemas/Customer", customer);
    put(
        &mut all,
        "/components/schemas/Customers",
        json!({ "anyOf": [one, { "type": "array", "items": one }] }),
    );
    put(&mut all, "/components/schemas/Answer", json!({ "anyOf": [scored, many] }));
    for (at, is_score) in
        [("/v1/score", true), ("/v1/score/history", true), ("/v1/explain", true), ("/v1/recommend", false)]
    {
        name_models(&mut all, at, &names(shelf, is_score));
    }
    let bearer = json!({ "key": { "type": "http", "scheme": "bearer" } });
    put(&mut all, "/components/securitySchemes", bearer);
    put(&mut all, "/security", json!([{}, { "key": [] }]));
    all
}

/// The names of the models that score, or of those that recommend.
fn names(shelf: &Shelf, is_score: bool) -> Vec<String> {
    let all = shelf.all();
    let fits = all.iter().filter(|(loaded, _)| matches!(loaded.kind, Kind::Score(_)) == is_score);
    fits.map(|(loaded, _)| loaded.name.clone()).collect()
}

/// Says in a route's description which models can be asked. Without any, the name stays free: every answer is
/// that there is no such model.
fn name_models(document: &mut Value, route: &str, names: &[String]) {
    // A route has slashes, which a pointer writes as ~1.
    let place = format!("/paths/{}/post/parameters", route.replace('/', "~1"));
    let parameters = document.pointer_mut(&place).and_then(Value::as_array_mut);
    let model = parameters.into_iter().flatten().find(|one| one["name"] == "model");
    if let (Some(schema), false) = (model.and_then(|one| one["schema"].as_object_mut()), names.is_empty()) {
        schema.insert("type".into(), "string".into());
        schema.insert("enum".into(), names.into());
    }
}

/// Puts a value at a place of a document whose parent is there.
fn put(document: &mut Value, place: &str, value: Value) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    if let Some(object) = document.pointer_mut(parent).and_then(Value::as_object_mut) {
        object.insert(name.to_owned(), value);
    }
}

/// The columns that a caller may send: those that are read, with whether they must be there.
fn asked(scorer: &Scorer) -> Vec<(String, bool)> {
    let needed = scorer.ready.needed();
    let columns = scorer.ready.columns().iter();
    columns
        .map(|spec| (spec, needed.contains(&spec.name)))
        .filter(|(spec, needed)| *needed || spec.role == Role::Id)
        .map(|(spec, needed)| (spec.name.clone(), needed))
        .collect()
}

/// A customer like most: the usual value of every column that is needed.
pub(super) fn example(scorer: &Scorer) -> Value {
    let profiles = &scorer.ready.bundle().profiles;
    let usual = |name: &String| {
        let profile = profiles.iter().find(|profile| profile.column == *name);
        (name.clone(), profile.map_or(Value::Null, |profile| profile.usual.as_str().into()))
    };
    let needed = scorer.ready.needed().iter().map(usual);
    Value::Object(needed.collect())
}

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { padding: 12px; border: 1px solid #8884; border-radius: 6px; white-space: pre-wrap; word-break: break-word; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid #8884; vertical-align: top; }
";

/// The page at the service's address.
pub(super) fn page(lang: Lang, shelf: &Shelf, has_keys: bool) -> String {
    let t = |key: &str| lang.t(key);
    let routes = [
        ("POST", "/v1/score", "api.page.score"),
        ("POST", "/v1/score/history", "api.page.history"),
        ("POST", "/v1/explain", "api.page.explain"),
        ("POST", "/v1/recommend", "api.page.recommend"),
        ("GET", "/v1/models", "api.page.models"),
        ("GET", "/health", "api.page.health"),
        ("GET", "/metrics", "api.page.metrics"),
        ("GET", "/openapi.json", "api.page.openapi"),
    ];
    let guard = if has_keys { "  -H 'Authorization: Bearer KEY' \\\n" } else { "" };
    let curl = |scorer: &Scorer| {
        let body = example(scorer).to_string().replace('\'', "'\\''");
        format!(
            "curl -X POST 'http://127.0.0.1:PORT/v1/score?model={}' \\\n{guard}  -H 'Content-Type: application/json' \\\n  -d '{body}'",
            scorer.name
        )
    };
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head { meta charset="utf-8"; title { (t("api.page.title")) } style { (maud::PreEscaped(STYLE)) } }
            body {
                h1 { (t("api.page.title")) }
                p { (t("api.page.what")) }
                table {
                    @for (method, path, key) in routes {
                        tr { td { code { (method) " " (path) } } td { (t(key)) } }
                    }
                }
                p { (t("api.page.bodies")) }
                @for (loaded, _) in shelf.all() {
                    h2 { (loaded.name) }
                    @if let Kind::Score(scorer) = &loaded.kind {
                        // Columns are told only where whoever reads this may ask the model, too.
                        @if !has_keys {
                            pre { (curl(scorer)) }
                            table {
                                @for (column, needed) in asked(scorer) {
                                    tr {
                                        td { (column) }
                                        td { @if needed { (t("api.page.needed")) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}
