//! The way from an answer to the next page.

use serde_json::Value;
use url::Url;

use super::client::{Answer, Client};
use super::page::{Page, at};
use super::{HttpError, Paging, Size};

/// Rows that the answer says there are in all.
pub(super) fn total(body: &Value) -> Option<u64> {
    ["total", "total_count", "totalCount", "count"].iter().find_map(|key| in_envelope(body, key)?.as_u64())
}

/// A value beside the records, or in one of the usual places for what concerns paging, with the
/// path to it.
fn named<'a>(body: &'a Value, key: &str) -> Option<(String, &'a Value)> {
    let inner = ["meta", "pagination", "paging", "page_info", "pageInfo", "response_metadata", "_meta"];
    let outer = body.get(key).map(|value| (key.to_owned(), value));
    outer.or_else(|| {
        inner.iter().find_map(|place| Some((format!("{place}.{key}"), body.get(place)?.get(key)?)))
    })
}

fn in_envelope<'a>(body: &'a Value, key: &str) -> Option<&'a Value> {
    named(body, key).map(|(_, value)| value)
}

/// What names the next page's address in the bodies of many APIs.
const NEXT_ADDRESS: [&str; 11] = [
    "next",
    "next_url",
    "nextUrl",
    "next_page_url",
    "nextLink",
    "@odata.nextLink",
    "links.next",
    "_links.next",
    "_links.next.href",
    "links.next.href",
    "paging.next",
];
/// What holds a mark for the next page, and the parameter that takes it back.
const CURSORS: [(&str, &str); 7] = [
    ("next_cursor", "cursor"),
    ("nextCursor", "cursor"),
    ("end_cursor", "after"),
    ("endCursor", "after"),
    ("next_page_token", "page_token"),
    ("nextPageToken", "pageToken"),
    ("continuation_token", "continuation_token"),
];

/// How the answer to `url` is paged, from its own signs.
pub(super) fn understand(url: &Url, answer: &Answer, page: &Page) -> Paging {
    let body = &page.body;
    if link_next(answer).is_some() {
        return Paging::LinkHeader;
    }
    let is_address = |text: &str| {
        text.starts_with("http://") || text.starts_with("https://") || text.starts_with(['/', '?'])
    };
    for path in NEXT_ADDRESS {
        if at(body, path).and_then(Value::as_str).is_some_and(is_address) {
            return Paging::NextLink { path: path.to_owned() };
        }
    }
    for (key, param) in CURSORS {
        if let Some((path, value)) = named(body, key)
            && mark(value).is_some()
        {
            return Paging::Cursor { param: param.to_owned(), path };
        }
    }
    let asked = |names: &[&str]| {
        url.query_pairs()
            .find(|(key, _)| names.contains(&key.as_ref()))
            .map(|(key, value)| (key.into_owned(), value.parse().ok()))
    };
    if let Some((param, Some(start))) = asked(&["page", "page_number", "pageNumber", "p"]) {
        return Paging::Page { param, start, size: None };
    }
    let number = |keys: &[&str]| keys.iter().find_map(|key| in_envelope(body, key)?.as_u64());
    let current = number(&["page", "current_page", "currentPage"]);
    if let (Some(start), Some(last)) = (current, pages(body))
        && start < last
    {
        return Paging::Page { param: "page".into(), start, size: None };
    }
    if let Some((param, _)) = asked(&["offset", "skip", "$skip"]) {
        let limit = asked(&["limit", "$top", "top", "count"])
            .and_then(|(param, count)| Some((param, u32::try_from(count?).ok()?)));
        let limit = limit.map(|(param, count)| Size { param, count });
        return Paging::Offset { param, limit };
    }
    Paging::None
}

fn pages(body: &Value) -> Option<u64> {
    let keys = ["total_pages", "totalPages", "last_page", "lastPage", "page_count", "pageCount", "pages"];
    keys.iter().find_map(|key| in_envelope(body, key)?.as_u64())
}

/// True where the answer says that it is the last one.
fn says_last(body: &Value) -> bool {
    let more = ["has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage"];
    more.iter().any(|key| in_envelope(body, key).and_then(Value::as_bool) == Some(false))
}

/// A mark of the next page; none for null, an empty text and false.
fn mark(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The target of `rel="next"` in a Link header (RFC 8288).
fn link_next(answer: &Answer) -> Option<String> {
    let links = answer.headers.iter().filter(|(name, _)| name == "link").map(|(_, value)| value.as_str());
    for mut rest in links {
        while let Some((_, behind)) = rest.split_once('<') {
            let (target, behind) = behind.split_once('>')?;
            let end = behind.find(",").map_or(behind.len(), |at| {
                // A comma may stand within quotes; the next link begins behind `,` and `<`.
                behind.find('<').map_or(behind.len(), |next| next.max(at))
            });
            let parameters = behind.get(..end).unwrap_or(behind).to_ascii_lowercase();
            let is_next = parameters.split(';').any(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                name.trim() == "rel"
                    && value
                        .trim()
                        .trim_end_matches(',')
                        .trim()
                        .trim_matches('"')
                        .split_whitespace()
                        .any(|rel| rel == "next")
            });
            if is_next {
                return Some(target.to_owned());
            }
            rest = behind.get(end..).unwrap_or("");
        }
    }
    None
}

/// Goes from page to page.
pub(super) struct Pager {
    pub paging: Paging,
    page: u64,
    offset: u64,
}

impl Pager {
    /// Begins with `url`, whose paging parameters are set.
    pub(super) fn new(paging: Paging, url: &mut Url) -> Self {
        let mut pager = Self { paging, page: 0, offset: 0 };
        match pager.paging.clone() {
            Paging::Page { param, start, size } => {
                pager.page = start;
                set(url, &param, &start.to_string());
                if let Some(size) = size {
                    set(url, &size.param, &size.count.to_string());
                }
            }
            Paging::Offset { param, limit } => {
                let given = url
                    .query_pairs()
                    .find(|(key, _)| *key == param)
                    .and_then(|(_, value)| value.parse().ok());
                pager.offset = given.unwrap_or(0);
                set(url, &param, &pager.offset.to_string());
                if let Some(limit) = limit {
                    set(url, &limit.param, &limit.count.to_string());
                }
            }
            _ => {}
        }
        pager
    }

    /// The next page's address, `None` at the end; the second value is the path that should have
    /// led on and is not there at all.
    pub(super) fn next(
        &mut self,
        url: &Url,
        answer: &Answer,
        page: &Page,
        client: &Client,
    ) -> Result<(Option<Url>, Option<String>), HttpError> {
        let count = page.records.len();
        let short = |size: &Option<Size>| {
            count == 0
                || size.as_ref().is_some_and(|size| count < usize::try_from(size.count).unwrap_or(usize::MAX))
        };
        if says_last(&page.body) {
            return Ok((None, None));
        }
        let mut next = url.clone();
        match &self.paging {
            Paging::Auto | Paging::None => return Ok((None, None)),
            Paging::Page { param, size, .. } => {
                if short(size) || pages(&page.body).is_some_and(|last| self.page >= last) {
                    return Ok((None, None));
                }
                self.page = self.page.saturating_add(1);
                set(&mut next, param, &self.page.to_string());
            }
            Paging::Offset { param, limit } => {
                if short(limit) {
                    return Ok((None, None));
                }
                self.offset = self.offset.saturating_add(count as u64);
                set(&mut next, param, &self.offset.to_string());
            }
            Paging::Cursor { param, path } => match at(&page.body, path) {
                None => return Ok((None, Some(path.clone()))),
                Some(value) => match mark(value) {
                    None => return Ok((None, None)),
                    Some(mark) => set(&mut next, param, &mark),
                },
            },
            Paging::NextLink { path } => match at(&page.body, path) {
                None => return Ok((None, Some(path.clone()))),
                Some(value) => match value.as_str().filter(|target| !target.is_empty()) {
                    None => return Ok((None, None)),
                    Some(target) => next = client.follow(&answer.url, target)?,
                },
            },
            Paging::LinkHeader => match link_next(answer) {
                None => return Ok((None, None)),
                Some(target) => next = client.follow(&answer.url, &target)?,
            },
        }
        Ok((Some(next), None))
    }
}

/// Sets a parameter of an address.
fn set(url: &mut Url, name: &str, value: &str) {
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != name)
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    pairs.push((name.to_owned(), value.to_owned()));
    url.query_pairs_mut().clear().extend_pairs(pairs);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collect::json::Json;

    fn answer(headers: &[(&str, &str)]) -> Answer {
        Answer {
            url: Url::parse("https://shop.example/api").unwrap(),
            status: 200,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn link_headers_of_many_hands() {
        let next = |text: &str| link_next(&answer(&[("link", text)]));
        assert_eq!(
            next("<https://a/?page=2>; rel=\"next\", <https://a/?page=9>; rel=\"last\"").as_deref(),
            Some("https://a/?page=2")
        );
        assert_eq!(
            next("<https://a/1,2>; rel=prev; title=\"x, y\", </b?p=3>; title=\"n\"; rel=\"foo next\"")
                .as_deref(),
            Some("/b?p=3")
        );
        assert_eq!(next("<https://a>; rel=\"last\""), None);
        assert_eq!(next("<https://a; rel=next"), None);
        assert_eq!(next(""), None);
    }

    #[test]
    fn paging_is_understood_from_its_signs() {
        let paging = |url: &str, headers: &[(&str, &str)], body: Value| {
            let page = Page { body, path: String::new(), records: vec![Json::Object(Vec::new())] };
            understand(&Url::parse(url).unwrap(), &answer(headers), &page)
        };
        let plain = "https://shop.example/api";
        let cursor = |param: &str, path: &str| Paging::Cursor { param: param.into(), path: path.into() };
        assert_eq!(paging(plain, &[("link", "</x>; rel=next")], json!({})), Paging::LinkHeader);
        assert_eq!(
            paging(plain, &[], json!({"next": "https://shop.example/2"})),
            Paging::NextLink { path: "next".into() }
        );
        assert_eq!(
            paging(plain, &[], json!({"_links": {"next": {"href": "/2"}}})),
            Paging::NextLink { path: "_links.next.href".into() }
        );
        assert_eq!(
            paging(plain, &[], json!({"meta": {"next_cursor": "abc"}})),
            cursor("cursor", "meta.next_cursor")
        );
        assert_eq!(paging(plain, &[], json!({"nextPageToken": "t"})), cursor("pageToken", "nextPageToken"));
        assert_eq!(
            paging("https://shop.example/api?page=3", &[], json!([])),
            Paging::Page { param: "page".into(), start: 3, size: None }
        );
        assert_eq!(
            paging(plain, &[], json!({"current_page": 1, "last_page": 4})),
            Paging::Page { param: "page".into(), start: 1, size: None }
        );
        assert_eq!(
            paging("https://shop.example/api?offset=0&limit=50", &[], json!([])),
            Paging::Offset { param: "offset".into(), limit: Some(Size { param: "limit".into(), count: 50 }) }
        );
        assert_eq!(paging(plain, &[], json!({"next": null, "page": 4, "total_pages": 4})), Paging::None);
    }
}
