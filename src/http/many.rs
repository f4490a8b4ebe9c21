//! Many rows at once: a list or a table is scored whole, as a file is; lines are answered as they come,
//! each as if it came alone, in constant memory.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::deploy::{RowScore, Scores};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Server;
use super::body::{Lines, NDJSON, Pieces};
use super::document::Flag;
use super::fail::{Fail, Why};
use super::gate::{Place, Rows};
use super::models::Scorer;
use super::routes::Wanted;
use super::rows::{self, Element};
use crate::words::Lang;

/// Lines that are scored together at most.
const LINES: usize = 512;

/// A list of customers.
pub(super) async fn array(
    server: &Arc<Server>,
    model: Arc<Scorer>,
    wanted: Wanted,
    rows: Vec<Element<'_>>,
) -> Result<Response, Fail> {
    if rows.len() > server.limits.rows {
        return Err(Fail::new(Why::TooManyRows));
    }
    let rows = rows.into_iter().zip(1..).map(|(row, at)| {
        let row = row.given().map_err(|fail| fail.at_row(at))?;
        Ok(row.into_iter().map(|(name, cell)| (name.into_owned(), cell)).collect())
    });
    let rows: Vec<Vec<_>> = rows.collect::<Result<_, Fail>>()?;
    let count = rows.len() as u64;
    let answer = server
        .heavily(move |report| {
            if rows.is_empty() {
                return Ok(told(&model, None, &[]));
            }
            let table = model.ready.table(rows)?;
            let (scores, answers) = model.ready.whole(&table, wanted.lacking, report)?;
            Ok(told(&model, Some(&scores), &answers))
        })
        .await?;
    let mut response = Json(answer).into_response();
    response.extensions_mut().insert(Rows(count));
    Ok(response)
}

/// The object of many scores.
pub(super) fn told(model: &Scorer, scores: Option<&Scores>, answers: &[RowScore]) -> Value {
    let bundle = model.ready.bundle();
    let rows = scores.map(|scores| scores.table.rows.clone()).unwrap_or_default();
    let list: Vec<Value> = answers
        .iter()
        .zip(rows.iter())
        .map(|(answer, row)| {
            json!({
                "row": row, "id": answer.id, "probability": answer.probability,
                "at_risk": answer.at_risk, "flags": flags(answer),
            })
        })
        .collect();
    let flagged = answers.iter().filter(|answer| !answer.flags.is_empty()).count();
    let differences = scores.map(|scores| &scores.differences);
    json!({
        "model": model.name, "target": bundle.target, "positive": bundle.positive,
        "threshold": bundle.threshold, "rows": answers.len(), "scored": answers.len(),
        "flagged_rows": flagged, "extra_columns": differences.map(|found| &found.extra),
        "filled_columns": differences.map(|found| &found.missing), "scores": list,
    })
}

fn flags(answer: &RowScore) -> Vec<Flag> {
    answer.flags.iter().cloned().map(Into::into).collect()
}

/// A table as text; the answer is the file that `regulars score` writes, unless JSON is asked for.
pub(super) async fn csv(
    server: &Arc<Server>,
    model: Arc<Scorer>,
    wanted: Wanted,
    bytes: Vec<u8>,
    headers: &HeaderMap,
) -> Result<Response, Fail> {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let as_json = accepts.contains("application/json");
    let text = String::from_utf8(bytes).map_err(|_| Fail::new(Why::BadText))?;
    if text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return Err(Fail::new(Why::WrongType));
    }
    let most = server.limits.rows;
    let (count, answer) = server
        .heavily(move |report| {
            let options = ReadOptions { header: Some(true), ..ReadOptions::default() };
            let table = collect::from_text("request", &text, &options).map_err(|error| match error {
                regulars_engine::Error::Collect(error) => Fail::new(Why::BadCsv).saying(error),
                error => error.into(),
            })?;
            if table.height() > most {
                return Err(Fail::new(Why::TooManyRows));
            }
            let (scores, answers) = model.ready.whole(&table, wanted.lacking, report)?;
            let answer = if as_json {
                Json(told(&model, Some(&scores), &answers)).into_response()
            } else {
                let mut out = Vec::new();
                scores.write_to(model.ready.bundle(), &mut out).map_err(|_| Fail::new(Why::Broken))?;
                ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], out).into_response()
            };
            Ok((answers.len() as u64, answer))
        })
        .await?;
    let mut answer = answer;
    answer.extensions_mut().insert(Rows(count));
    Ok(answer)
}

/// Lines of JSON, answered line by line while they come.
pub(super) fn lines(
    server: Arc<Server>,
    model: Arc<Scorer>,
    wanted: Wanted,
    body: Body,
    place: Option<Place>,
) -> Response {
    // Few pieces may wait: whoever reads slowly is sent slowly, and memory stays as it is.
    let (send, pieces) = mpsc::channel(4);
    tokio::spawn(async move {
        let _place = place;
        let wanted = Arc::new(wanted);
        let mut lines = Lines::new(body, server.limits.line_bytes, server.limits.body_time);
        let (mut row, mut refused) = (0u64, 0u64);
        while let Some(next) = lines.next().await {
            let some = match next {
                Ok(some) => some,
                Err(fail) => {
                    let last = line(&fail.at_row(row + 1).object(server.lang));
                    // Nobody may be there to read it.
                    let _ = send.send(last.into()).await;
                    break;
                }
            };
            for some in some.chunks(LINES) {
                let (model, wanted, lang) = (model.clone(), wanted.clone(), server.lang);
                let (some, first) = (some.to_vec(), row + 1);
                row += some.len() as u64;
                let work = server.heavily(move |_| Ok(answer(&model, &wanted, &some, first, lang)));
                let (bytes, wrong) = match work.await {
                    Ok(done) => done,
                    Err(fail) => (line(&fail.at_row(first).object(server.lang)).into(), 1),
                };
                refused += wrong;
                if send.send(bytes).await.is_err() {
                    return;
                }
            }
        }
        server.figures.scored(row - refused.min(row));
        tracing::info!(target: "regulars::serve", route = "/v1/score", rows = row, refused, "stream ended");
        server.wake();
    });
    ([(header::CONTENT_TYPE, NDJSON)], Body::new(Pieces(pieces))).into_response()
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// Scores lines; the answer's lines and how many of them are refusals.
fn answer(model: &Scorer, wanted: &Wanted, lines: &[Vec<u8>], first: u64, lang: Lang) -> (Bytes, u64) {
    let laid: Vec<_> =
        lines.iter().map(|text| Ok::<_, Fail>(model.ready.row(rows::one(text)?, wanted.lacking)?)).collect();
    let good: Vec<_> = laid.iter().filter_map(|row| row.as_ref().ok()).cloned().collect();
    let mut scored = match model.ready.each(&good) {
        Ok(scored) => scored.into_iter(),
        Err(error) => {
            let fail = Fail::from(error).at_row(first);
            return (line(&fail.object(lang)).into(), lines.len() as u64);
        }
    };
    let mut out = String::new();
    let mut refused = 0;
    for (laid, row) in laid.into_iter().zip(first..) {
        let object = match laid {
            Ok(_) => match scored.next() {
                Some(answer) => json!({
                    "row": row, "id": answer.id, "probability": answer.probability,
                    "at_risk": answer.at_risk, "flags": flags(&answer),
                }),
                None => Fail::new(Why::Broken).at_row(row).object(lang),
            },
            Err(fail) => {
                refused += 1;
                fail.at_row(row).object(lang)
            }
        };
        out.push_str(&line(&object));
    }
    (out.into(), refused)
}
