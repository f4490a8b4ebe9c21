//! A refused request: its status, and the object that says what, where and how to mend it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use regulars_engine::Error;
use serde_json::{Map, Value};

use crate::words::Lang;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    BadJson,
    NotAnObject,
    BadCell,
    BadCsv,
    BadQuery,
    BadText,
    NoKey,
    WrongScope,
    WrongHost,
    NotFound,
    NoModel,
    NoRecommender,
    WrongMethod,
    TooSlow,
    TooLarge,
    TooWide,
    TooManyRows,
    Reused,
    BadKey,
    WrongType,
    Unusable,
    NoExplainer,
    TooMany,
    Busy,
    TookTooLong,
    Broken,
}

impl Why {
    fn status(self) -> StatusCode {
        match self {
            Self::BadJson | Self::BadCsv | Self::BadQuery | Self::BadText | Self::BadKey => {
                StatusCode::BAD_REQUEST
            }
            Self::NoKey => StatusCode::UNAUTHORIZED,
            Self::WrongScope | Self::WrongHost => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoModel | Self::NoRecommender => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge | Self::TooWide | Self::TooManyRows => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Reused => StatusCode::CONFLICT,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAnObject | Self::BadCell | Self::Unusable | Self::NoExplainer => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::TookTooLong => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The kind, the key of its words and that of its mend.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::BadJson => ("bad_json", "api.bad_json", "api.bad_json.hint"),
            Self::NotAnObject => ("not_an_object", "api.not_an_object", "api.not_an_object.hint"),
            Self::BadCell => ("bad_cell", "api.bad_cell", "api.bad_cell.hint"),
            Self::BadCsv => ("bad_csv", "api.bad_csv", "api.bad_csv.hint"),
            Self::BadQuery => ("bad_query", "api.bad_query", "api.bad_query.hint"),
            Self::BadText => ("not_utf8", "api.not_utf8", "api.not_utf8.hint"),
            Self::NoKey => ("unauthorized", "api.unauthorized", "api.unauthorized.hint"),
            Self::WrongScope => ("forbidden", "api.forbidden", "api.forbidden.hint"),
            Self::WrongHost => ("wrong_host", "api.wrong_host", "api.wrong_host.hint"),
            Self::NotFound => ("not_found", "api.not_found", "api.not_found.hint"),
            Self::NoModel => ("no_model", "api.no_model", "api.no_model.hint"),
            Self::NoRecommender => ("no_recommender", "api.no_recommender", "api.no_recommender.hint"),
            Self::WrongMethod => ("wrong_method", "api.wrong_method", "api.wrong_method.hint"),
            Self::TooSlow => ("too_slow", "api.too_slow", "api.too_slow.hint"),
            Self::TooLarge => ("too_large", "api.too_large", "api.too_large.hint"),
            Self::TooWide => ("too_wide", "api.too_wide", "api.too_wide.hint"),
            Self::TooManyRows => ("too_many_rows", "api.too_many_rows", "api.too_many_rows.hint"),
            Self::BadKey => ("bad_key", "api.bad_key", "api.bad_key.hint"),
            Self::Reused => ("key_reused", "api.key_reused", "api.key_reused.hint"),
            Self::WrongType => ("wrong_type", "api.wrong_type", "api.wrong_type.hint"),
            Self::Unusable => ("unusable", "api.unusable", "api.unusable.hint"),
            Self::NoExplainer => ("no_explainer", "api.no_explainer", "api.no_explainer.hint"),
            Self::TooMany => ("rate_limited", "api.rate_limited", "api.rate_limited.hint"),
            Self::Busy => ("busy", "api.busy", "api.busy.hint"),
            Self::TookTooLong => ("took_too_long", "api.took_too_long", "api.took_too_long.hint"),
            Self::Broken => ("broken", "api.broken", "api.broken.hint"),
        }
    }
}

/// A refused request.
#[derive(Debug)]
pub(super) struct Fail {
    why: Why,
    /// What the engine says, in place of the words of `why`.
    engine: Option<Box<Error>>,
    detail: Option<String>,
    pub(super) row: Option<u64>,
    column: Option<String>,
    /// Seconds after which it may be tried again.
    after: Option<u64>,
}

impl Fail {
    pub(super) fn new(why: Why) -> Self {
        Self { why, engine: None, detail: None, row: None, column: None, after: None }
    }

    pub(super) fn saying(self, detail: impl ToString) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }

    pub(super) fn at_row(self, row: u64) -> Self {
        Self { row: Some(row), ..self }
    }

    pub(super) fn of_column(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }

    pub(super) fn after(self, seconds: u64) -> Self {
        Self { after: Some(seconds), ..self }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.why.status()
    }

    /// The object of the error, as `--json` has it.
    pub(super) fn object(&self, lang: Lang) -> Value {
        let (mut kind, message, hint) = self.why.words();
        let (mut message, mut hint) = (lang.t(message), lang.t(hint));
        let mut object = Map::new();
        let mut column = self.column.clone();
        let mut row = self.row;
        if let Some(error) = &self.engine {
            (kind, message, hint) = (error.kind(), lang.error(error), lang.hint_in_terminal(error));
            let place = error.place();
            column = column.or(place.column);
            row = row.or(place.row);
            if error.columns().len() > 1 {
                object.insert("columns".into(), error.columns().into());
            }
        }
        if let Some(detail) = &self.detail {
            message = format!("{message} ({detail})");
        }
        object.insert("kind".into(), kind.into());
        object.insert("message".into(), message.into());
        object.insert("hint".into(), hint.into());
        if let Some(row) = row {
            object.insert("row".into(), row.into());
        }
        if let Some(column) = column {
            object.insert("column".into(), column.into());
        }
        Value::from(Map::from_iter([("error".to_owned(), object.into())]))
    }

    pub(super) fn answer(&self, lang: Lang) -> Response {
        let mut response = (self.status(), Json(self.object(lang))).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.why == Why::NoKey {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self.why, Why::TooSlow | Why::TooLarge) {
            // What is left of the body is not read.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self { engine: Some(Box::new(error)), ..Self::new(Why::Unusable) }
    }
}
