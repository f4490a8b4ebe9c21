//! Why a web address gave nothing.

use std::path::PathBuf;

use crate::error::Place;

/// Why an API could not be read. Addresses in it never hold the key.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("the web address is not understood: its {part} is wrong")]
    BadUrl { part: &'static str },
    #[error("{url} wants a key, and there is none")]
    NoSecret { url: String },
    #[error("the key holds signs that cannot be sent; it may have been copied with something else")]
    BadSecret { url: String },
    #[error("the key would travel to {url} unencrypted")]
    Unsafe { url: String },
    #[error("no computer is known under the name in {url}")]
    HostUnknown { url: String },
    #[error("no connection to {url}: {cause}")]
    Unreachable { url: String, cause: String },
    #[error("{url} offers no safe connection: {cause}")]
    Tls { url: String, cause: String },
    #[error("{url} took longer than {seconds} seconds")]
    Timeout { url: String, seconds: u64 },
    #[error("the answer of {url} ended too early: {cause}")]
    Cut { url: String, cause: String },
    #[error("the answers of {url} are larger than {} MB", limit.div_ceil(1_000_000))]
    TooLarge { url: String, limit: u64 },
    #[error("{url} refused the key (status {status}): {excerpt}")]
    Unauthorized { url: String, status: u16, excerpt: String },
    #[error("{url} does not exist there (status {status})")]
    NotFound { url: String, status: u16 },
    #[error("{url} wants fewer questions: it asks to wait {seconds} seconds")]
    RateLimited { url: String, seconds: u64 },
    #[error("{url} answered with status {status}: {excerpt}")]
    Status { url: String, status: u16, excerpt: String },
    #[error("{url} leads to another place, {to}, which must not get the key")]
    OtherHost { url: String, to: String },
    #[error("{url} leads from one address to the next without end")]
    Redirects { url: String },
    #[error("page {page} of {url} leads back to one that was read already")]
    Loop { url: String, page: u32 },
    #[error("{url} answered with something else than JSON: {excerpt}")]
    NotJson { url: String, excerpt: String },
    #[error("the JSON of {url} is broken in line {line}: {cause}")]
    BadJson { url: String, line: u64, cause: String },
    #[error("the answer of {url} is no UTF-8 from byte {at} on")]
    NotText { url: String, at: usize },
    #[error("{url} holds no list of records{}; it has: {present}", under(path))]
    NoRecords { url: String, path: String, present: String },
    #[error("{url} gave no records")]
    NoRows { url: String },
}

fn under(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" under “{path}”") }
}

impl HttpError {
    /// A stable name of the cause.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "http_address",
            Self::NoSecret { .. } => "http_no_key",
            Self::BadSecret { .. } => "http_bad_key",
            Self::Unsafe { .. } => "http_unsafe",
            Self::HostUnknown { .. } => "http_host",
            Self::Unreachable { .. } => "http_unreachable",
            Self::Tls { .. } => "http_tls",
            Self::Timeout { .. } => "http_timeout",
            Self::Cut { .. } => "http_cut",
            Self::TooLarge { .. } => "http_too_large",
            Self::Unauthorized { .. } => "http_unauthorized",
            Self::NotFound { .. } => "http_not_found",
            Self::RateLimited { .. } => "http_rate_limited",
            Self::Status { .. } => "http_status",
            Self::OtherHost { .. } => "http_other_host",
            Self::Redirects { .. } => "http_redirects",
            Self::Loop { .. } => "http_loop",
            Self::NotJson { .. } => "http_not_json",
            Self::BadJson { .. } => "http_bad_json",
            Self::NotText { .. } => "http_not_text",
            Self::NoRecords { .. } => "http_no_records",
            Self::NoRows { .. } => "http_no_rows",
        }
    }

    pub(crate) fn place(&self) -> Place {
        let (url, row) = match self {
            Self::BadUrl { .. } => return Place::default(),
            Self::BadJson { url, line, .. } => (url, Some(*line)),
            Self::NoSecret { url }
            | Self::BadSecret { url }
            | Self::Unsafe { url }
            | Self::HostUnknown { url }
            | Self::Unreachable { url, .. }
            | Self::Tls { url, .. }
            | Self::Timeout { url, .. }
            | Self::Cut { url, .. }
            | Self::TooLarge { url, .. }
            | Self::Unauthorized { url, .. }
            | Self::NotFound { url, .. }
            | Self::RateLimited { url, .. }
            | Self::Status { url, .. }
            | Self::OtherHost { url, .. }
            | Self::Redirects { url }
            | Self::Loop { url, .. }
            | Self::NotJson { url, .. }
            | Self::NotText { url, .. }
            | Self::NoRecords { url, .. }
            | Self::NoRows { url } => (url, None),
        };
        Place { file: Some(PathBuf::from(url)), row, column: None }
    }
}
