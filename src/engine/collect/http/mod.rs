//! A JSON API on the web → tables: page after page, at a pace that the server likes, with a key
//! that is never saved, shown or sent elsewhere.

mod client;
mod error;
mod page;
mod paging;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use url::Url;

use super::ReadOptions;
use super::database::Secret;
use super::json::{self, Json};
use crate::job::{Event, Reporter};
use crate::note::Note;
use crate::table::{Provenance, Table};

pub use error::HttpError;

use client::{Answer, Client};
use page::Page;
use paging::Pager;

/// How the key is shown to the server. The key itself stands apart and is never saved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    #[default]
    None,
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// A header of this name.
    Header(String),
    /// A parameter of this name in the address.
    Query(String),
}

/// A parameter that says how many records a page has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub param: String,
    pub count: u32,
}

/// How one page leads to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// From the signs of the first answer.
    #[default]
    Auto,
    /// A parameter counts pages.
    Page { param: String, start: u64, size: Option<Size> },
    /// A parameter counts records.
    Offset { param: String, limit: Option<Size> },
    /// The answer holds a mark at `path`, which goes back as a parameter.
    Cursor { param: String, path: String },
    /// The answer holds the next address at `path`.
    NextLink { path: String },
    /// The header `Link` holds the next address under `rel="next"`.
    LinkHeader,
    /// There is one page.
    None,
}

/// What to ask of an API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub url: String,
    /// Where the list of records stands in an answer, keys joined by dots; `None` for the first
    /// list of objects, and an empty text for the answer itself.
    pub records: Option<String>,
    pub auth: Auth,
    pub paging: Paging,
    /// Bytes of all answers together, unpacked.
    pub max_bytes: u64,
    pub max_pages: u32,
    pub max_rows: u64,
    /// Questions a second at most; 0 for as many as there are.
    pub per_second: f64,
    /// Seconds for one answer.
    pub timeout: u64,
    /// Lets the key travel unencrypted to another computer.
    pub allow_plain: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            url: String::new(),
            records: None,
            auth: Auth::None,
            paging: Paging::Auto,
            max_bytes: 256 << 20,
            max_pages: 10_000,
            max_rows: 5_000_000,
            per_second: 5.0,
            timeout: 30,
            allow_plain: false,
        }
    }
}

/// What the first page tells, to be shown before everything is fetched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRun {
    pub status: u16,
    /// Headers that tell of the content, of paging and of limits.
    pub headers: Vec<(String, String)>,
    /// Where the records were found.
    pub path: String,
    /// Records of the first page.
    pub records: u64,
    pub columns: Vec<String>,
    /// Paging as understood.
    pub paging: Paging,
    /// The next page's address, without the key.
    pub next: Option<String>,
}

/// Asks for the first page only.
///
/// # Errors
/// As [`fetch`].
pub fn dry_run(request: &Request, secret: Option<&Secret>, report: &Reporter) -> crate::Result<DryRun> {
    let (mut client, url) = Client::new(request, secret, report)?;
    let mut walk = Walk::new(request, url);
    let (answer, page) = walk.step(&mut client)?;
    let shown = ["content-type", "link", "retry-after", "x-total-count", "content-encoding"];
    let of_interest =
        |name: &str| shown.contains(&name) || name.contains("ratelimit") || name.contains("rate-limit");
    let headers = answer.headers.iter().filter(|(name, _)| of_interest(name));
    let sample = page.records.get(..page.records.len().min(1000)).unwrap_or(&[]);
    let columns = match json::of_records("", &walk.provenance(&client), sample, report) {
        Ok(tables) => tables
            .iter()
            .flat_map(|table| {
                let within = |name: &str| match table.name.as_str() {
                    "" => name.to_owned(),
                    list => format!("{list}: {name}"),
                };
                table.raw.get_column_names().into_iter().map(|n| within(n)).collect::<Vec<_>>()
            })
            .collect(),
        // No records, no columns: that is what there is to tell.
        Err(_) => Vec::new(),
    };
    Ok(DryRun {
        status: answer.status,
        headers: headers.map(|(name, value)| (name.clone(), client.redact(value))).collect(),
        path: page.path,
        records: page.records.len() as u64,
        columns,
        paging: walk.pager.map_or(Paging::None, |pager| pager.paging),
        next: walk.next.map(|url| client.shown(&url)),
    })
}

/// Fetches all pages and makes tables of their records.
///
/// # Errors
/// [`HttpError`], all of them, after passing troubles were waited out; more bytes than allowed.
/// More pages or rows than allowed are left, which a warning tells.
pub fn fetch(
    request: &Request,
    secret: Option<&Secret>,
    options: &ReadOptions,
    report: &Reporter,
) -> crate::Result<Vec<Table>> {
    report.emit(Event::Phase("read"));
    let (mut client, url) = Client::new(request, secret, report)?;
    let mut walk = Walk::new(request, url);
    let mut records: Vec<Json> = Vec::new();
    let mut pages = 0;
    while walk.next.is_some() {
        let (answer, page) = match walk.step(&mut client) {
            // Some servers know no page behind the last.
            Err(e) if walk.counts() && e.kind() == "http_not_found" => break,
            other => other?,
        };
        pages += 1;
        walk.bytes += answer.body.len() as u64;
        let expected = paging::total(&page.body);
        records.extend(page.records);
        if let Some(expected) = expected {
            report.progress(0.7 * (records.len() as f64 / expected.max(1) as f64).min(1.0));
        }
        let rows = records.len() as u64;
        if rows > request.max_rows
            || (walk.next.is_some() && (rows == request.max_rows || pages >= request.max_pages))
        {
            records.truncate(usize::try_from(request.max_rows).unwrap_or(usize::MAX));
            walk.warnings.push(Note::new("http_more").with("rows", records.len()).with("pages", pages));
            break;
        }
    }
    if records.is_empty() {
        return Err(HttpError::NoRows { url: client.shown(&walk.first) }.into());
    }
    let name = walk.first.path_segments().and_then(|parts| parts.rev().find(|part| !part.is_empty()));
    let name = name.or(walk.first.host_str()).unwrap_or("http").to_owned();
    let tables = json::of_records(&name, &walk.provenance(&client), &records, report)?;
    drop(records);
    if tables.is_empty() {
        return Err(HttpError::NoRows { url: client.shown(&walk.first) }.into());
    }
    let mut warnings = walk.warnings;
    tables
        .into_iter()
        .map(|mut table| {
            table.warnings.append(&mut warnings);
            super::finish(table, options, report)
        })
        .collect()
}

/// The way from page to page, and what was seen on it.
struct Walk {
    first: Url,
    /// The address to be asked next.
    next: Option<Url>,
    /// Known from the first answer on.
    pager: Option<Pager>,
    path: Option<String>,
    asked: HashSet<String>,
    contents: HashSet<blake3::Hash>,
    last: Option<blake3::Hash>,
    hasher: blake3::Hasher,
    pages: u32,
    bytes: u64,
    warnings: Vec<Note>,
}

impl Walk {
    fn new(request: &Request, mut url: Url) -> Self {
        // What is paged by itself is known only from the answer.
        let pager = (request.paging != Paging::Auto).then(|| Pager::new(request.paging.clone(), &mut url));
        Self {
            first: url.clone(),
            next: Some(url),
            pager,
            path: request.records.clone(),
            asked: HashSet::new(),
            contents: HashSet::new(),
            last: None,
            hasher: blake3::Hasher::new(),
            pages: 0,
            bytes: 0,
            warnings: Vec::new(),
        }
    }

    /// Reads the next page and finds the one after it.
    fn step(&mut self, client: &mut Client) -> crate::Result<(Answer, Page)> {
        let url = self.next.take().unwrap_or_else(|| self.first.clone());
        self.asked.insert(url.to_string());
        let answer = client.get(&url)?;
        let mut page = page::read(&answer, self.path.as_deref(), client)?;
        self.pages += 1;
        self.path.get_or_insert_with(|| page.path.clone());
        self.hasher.update(&answer.body);
        let looped = |page| HttpError::Loop { url: client.shown(&self.first), page };
        if !page.records.is_empty() {
            let content = blake3::hash(format!("{:?}", page.records).as_bytes());
            if self.last == Some(content) {
                // Some servers answer the last page for ever.
                page.records.clear();
                self.warnings.push(Note::new("http_repeated").with("page", self.pages));
                return Ok((answer, page));
            }
            if !self.contents.insert(content) {
                return Err(looped(self.pages).into());
            }
            self.last = Some(content);
        }
        let pager = self.pager.get_or_insert_with(|| {
            let mut same = url.clone();
            Pager::new(paging::understand(&url, &answer, &page), &mut same)
        });
        let (next, missing) = pager.next(&url, &answer, &page, client)?;
        if let Some(path) = missing.filter(|_| self.pages == 1) {
            self.warnings.push(Note::new("http_no_next").with("path", path));
        }
        if let Some(next) = &next
            && self.asked.contains(next.as_str())
        {
            return Err(looped(self.pages).into());
        }
        self.next = next;
        Ok((answer, page))
    }

    /// True behind the first page where pages or records are counted.
    fn counts(&self) -> bool {
        let counted = |pager: &Pager| matches!(pager.paging, Paging::Page { .. } | Paging::Offset { .. });
        self.pages > 0 && self.pager.as_ref().is_some_and(counted)
    }

    fn provenance(&self, client: &Client) -> Provenance {
        Provenance {
            file: client.shown(&self.first).into(),
            files: Vec::new(),
            format: "http",
            part: self.path.clone().filter(|path| !path.is_empty()),
            encoding: String::new(),
            separator: None,
            header: true,
            bytes: self.bytes,
            hash: self.hasher.finalize().to_hex().to_string(),
            sampled: None,
        }
    }
}

impl From<HttpError> for crate::Error {
    fn from(error: HttpError) -> Self {
        super::CollectError::from(error).into()
    }
}
