//! What to offer a customer next.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Server;
use super::body::{self, Type};
use super::document;
use super::fail::{Fail, Why};
use super::models::Kind;
use super::routes::{mark, read, wanted};

/// Offers that are made at most.
const OFFERS: usize = 100;

/// What a person is offered.
#[derive(Deserialize, ToSchema)]
pub(super) struct Ask {
    /// Products that the customer had, oldest first.
    history: Vec<String>,
    /// Offers wanted (default 5, at most 100).
    #[schema(minimum = 1, maximum = 100)]
    n: Option<usize>,
}

/// What to offer a customer next.
#[utoipa::path(
    post, path = "/v1/recommend", tag = "models",
    params(("model" = Option<String>, Query, description = "Name of the recommender (default: the first)")),
    request_body(content = Ask, content_type = "application/json"),
    responses((status = 200, description = "The offers, the best first", body = document::Offers), document::Refusals),
)]
pub(super) async fn recommend(State(server): State<Arc<Server>>, request: Request) -> Response {
    let answer = recommend_inner(&server, request).await;
    answer.unwrap_or_else(|fail| fail.answer(server.lang))
}

async fn recommend_inner(server: &Arc<Server>, request: Request) -> Result<Response, Fail> {
    let wanted = wanted(request.uri())?;
    if body::type_of(request.headers())? != Type::Json {
        return Err(Fail::new(Why::WrongType));
    }
    let loaded = server.shelf.recommender(wanted.model.as_deref());
    let loaded = loaded.ok_or_else(|| Fail::new(Why::NoRecommender))?;
    let Kind::Recommend(model) = loaded.kind.clone() else { return Err(Fail::new(Why::NoRecommender)) };
    let (parts, body) = request.into_parts();
    let (bytes, is_repeated) = read(server, &parts, body).await?;
    let ask = body::json(&bytes)?;
    let ask: Ask = serde_json::from_value(ask).map_err(|error| Fail::new(Why::NotAnObject).saying(error))?;
    let wanted = ask.n.unwrap_or(5);
    if !(1..=OFFERS).contains(&wanted) {
        return Err(Fail::new(Why::BadCell).of_column("n"));
    }
    let offers = server
        .heavily(move |_| {
            let names: Vec<&str> = ask.history.iter().map(String::as_str).collect();
            let history = model.basket(&names).map_err(regulars_engine::Error::from)?;
            let product = |item: u32| model.items.get(item as usize).map(String::as_str);
            let offers = model.offers(&history, wanted);
            let offers = offers.iter().map(|offer| {
                let because = model.because(&history, offer.item);
                let because: Vec<_> = because.iter().take(3).filter_map(|why| product(why.item)).collect();
                json!({ "product": product(offer.item), "score": offer.score, "because": because })
            });
            Ok(Value::from_iter(offers))
        })
        .await?;
    let mut response = Json(json!({ "model": loaded.name, "offers": offers })).into_response();
    mark(&mut response, is_repeated);
    Ok(response)
}
