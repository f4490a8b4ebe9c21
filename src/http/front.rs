//! The service of a connection. Scores are what is asked for most: they go straight to their handler, and
//! everything else through the router, whose layers cost more than a row.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use axum::{BoxError, Router};
use tower::Service;

use super::fail::{Fail, Why};
use super::{Server, gate, routes};

/// The address of scores.
const SCORE: &str = "/v1/score";

/// One for each connection.
#[derive(Clone)]
pub(super) struct Front {
    pub(super) server: Arc<Server>,
    pub(super) rest: Router,
}

impl<B> Service<axum::http::Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<B>) -> Self::Future {
        if request.uri().path() != SCORE {
            return Box::pin(self.rest.call(request));
        }
        let server = self.server.clone();
        Box::pin(async move {
            let answer = |request: Request, place| caught(routes::score(&server, request, place));
            let request = request.map(Body::new);
            if request.method() == Method::POST {
                return Ok(gate::around(&server, SCORE, request, answer).await);
            }
            let refused = |_, _| async { wrong_method(&server) };
            Ok(gate::around(&server, SCORE, request, refused).await)
        })
    }
}

fn wrong_method(server: &Server) -> Response {
    let mut answer = Fail::new(Why::WrongMethod).answer(server.lang);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    answer
}

/// The answer, also where making it panics.
async fn caught(answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    let panicked = |cause: Box<dyn Any + Send>| Poll::Ready(routes::panicked(cause));
    poll_fn(|cx| catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))).unwrap_or_else(panicked)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursed() -> Response {
        panic!("as if a row were cursed")
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let told = caught(async { cursed() }).await;
        assert_eq!(told.status(), 500);
        assert_eq!(caught(async { Response::new(Body::empty()) }).await.status(), 200);
    }
}
