//! Customers by what they did: their orders, events and opinions, for a model of a question over time.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use regulars_engine::features::behaviour::Date;
use regulars_engine::project::{self, ToldRows};
use serde::Deserialize;

use super::Server;
use super::body::{self, Type};
use super::fail::{Fail, Why};
use super::gate::Rows;
use super::rows::Held;
use super::{document, many, routes};

/// What a caller tells.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    as_of: String,
    #[serde(default)]
    customers: Vec<Held>,
    #[serde(default)]
    orders: Vec<Held>,
    #[serde(default)]
    order_lines: Vec<Held>,
    #[serde(default)]
    events: Vec<Held>,
    #[serde(default)]
    feedback: Vec<Held>,
    #[serde(default)]
    products: Vec<Held>,
}

/// Tables by their names.
type Tables = Vec<(&'static str, ToldRows)>;

/// The day of which the question is asked, and the tables.
fn read(bytes: &[u8]) -> Result<(Date, Tables), Fail> {
    let told: Told = serde_json::from_slice(bytes).map_err(|error| {
        let why = if error.is_data() { Why::NotAnObject } else { Why::BadJson };
        Fail::new(why).saying(error)
    })?;
    let day = told.as_of.parse().map_err(|_| Fail::new(Why::BadCell).of_column("as_of"))?;
    let lists = [told.customers, told.orders, told.order_lines, told.events, told.feedback, told.products];
    let owned = |(Held(row), at): (Held, u64)| row.map_err(|fail| fail.at_row(at));
    let tables = project::TOLD.into_iter().zip(lists).map(|(name, list)| {
        let rows: Result<ToldRows, Fail> = list.into_iter().zip(1..).map(owned).collect();
        Ok((name, rows?))
    });
    Ok((day, tables.collect::<Result<_, Fail>>()?))
}

/// Probabilities of customers by their orders, events and opinions, as of a day.
#[utoipa::path(
    post, path = "/v1/score/history", tag = "models",
    params(
        ("model" = Option<String>, Query, description = "Name of the model (default: the first)"),
        ("fill" = Option<bool>, Query, description = "Read a column that is lacking as its centre"),
    ),
    request_body(content = document::History, content_type = "application/json"),
    responses((status = 200, description = "The scores", body = document::Answer), document::Refusals),
)]
pub(super) async fn history(State(server): State<Arc<Server>>, request: Request) -> Response {
    let answer = inner(&server, request).await;
    answer.unwrap_or_else(|fail| fail.answer(server.lang))
}

async fn inner(server: &Arc<Server>, request: Request) -> Result<Response, Fail> {
    let wanted = routes::wanted(request.uri())?;
    if body::type_of(request.headers())? != Type::Json {
        return Err(Fail::new(Why::WrongType));
    }
    let model = routes::scorer(server, &wanted)?;
    let (parts, body) = request.into_parts();
    let (bytes, is_repeated) = routes::read(server, &parts, body).await?;
    let (day, tables) = read(&bytes)?;
    if tables.iter().map(|(_, rows)| rows.len()).sum::<usize>() > server.limits.rows {
        return Err(Fail::new(Why::TooManyRows));
    }
    let (count, answer) = server
        .heavily(move |report| {
            let bundle = model.ready.bundle();
            let table = project::open_told(bundle, tables, day, report)?;
            let (scores, answers) = model.ready.whole(&table, wanted.lacking, report)?;
            Ok((answers.len() as u64, many::told(&model, Some(&scores), &answers)))
        })
        .await?;
    let mut response = Json(answer).into_response();
    routes::mark(&mut response, is_repeated);
    response.extensions_mut().insert(Rows(count));
    Ok(response)
}
