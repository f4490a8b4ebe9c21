//! Against a server on this computer that misbehaves as servers do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::job::{Job, Poll};

/// A server: every connection is one question, answered by a closure.
struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    done: Arc<AtomicBool>,
}

impl Site {
    fn new(answer: impl Fn(&str, usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, done) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (log, ended) = (asked.clone(), done.clone());
        let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let (log, answer, count) = (log.clone(), answer.clone(), count.clone());
                std::thread::spawn(move || {
                    let mut question = Vec::new();
                    let mut byte = [0];
                    while !question.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                        question.push(byte[0]);
                    }
                    let question = String::from_utf8_lossy(&question).into_owned();
                    log.lock().unwrap().push(question.clone());
                    answer(&question, count.fetch_add(1, Ordering::SeqCst), &mut stream);
                });
            }
        });
        Self { port, asked, done }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Path and query of the questions so far.
    fn paths(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter_map(|question| question.split(' ').nth(1)).map(str::to_owned).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn ok(stream: &mut TcpStream, body: &str) {
    send(stream, "200 OK", "Content-Type: application/json\r\n", body.as_bytes());
}

/// A site that answers everything alike.
fn always(status: &'static str, headers: &'static str, body: &'static [u8]) -> Site {
    Site::new(move |_, _, stream| send(stream, status, headers, body))
}

fn request(site: &Site, path: &str) -> Request {
    Request { url: site.url(path), per_second: 0.0, timeout: 10, ..Request::default() }
}

fn get(request: &Request, secret: Option<&Secret>) -> crate::Result<Vec<Table>> {
    fetch(request, secret, &ReadOptions::default(), &Reporter::silent())
}

fn error(request: &Request, secret: Option<&str>) -> crate::Error {
    get(request, secret.map(Secret::new).as_ref()).unwrap_err()
}

fn column(table: &Table, name: &str) -> Vec<String> {
    let text = table.text(name).unwrap_or_else(|| panic!("{name} in {:?}", table.raw.get_column_names()));
    text.iter().map(|value| value.unwrap_or("NULL").to_owned()).collect()
}

fn notes(table: &Table) -> Vec<&'static str> {
    table.warnings.iter().map(|note| note.code).collect()
}

/// The value of a parameter in a question.
fn param(question: &str, name: &str) -> Option<String> {
    let path = question.split(' ').nth(1)?;
    let url = Url::parse("http://x").unwrap().join(path).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Records `from..to` as JSON.
fn records(from: u64, to: u64) -> String {
    let list: Vec<String> =
        (from..to).map(|id| format!("{{\"id\":{id},\"who\":{{\"name\":\"n{id}\"}}}}")).collect();
    format!("[{}]", list.join(","))
}

fn ids(to: u64) -> Vec<String> {
    (0..to).map(|id| id.to_string()).collect()
}

#[test]
fn records_become_a_table_of_text() {
    let body = "\u{feff}{\"data\": [{\"id\": 9007199254740993, \"a\": {\"b\": null, \"c\": [1, 2]}, \"ok\": true},\
                {\"id\": 2, \"late\": \"\", \"a\": {}}], \"n\": 2}";
    let site = Site::new(move |_, _, stream| ok(stream, body));
    let tables = get(&request(&site, "/v1/customers?x=1"), None).unwrap();
    assert_eq!(tables.len(), 1);
    let table = &tables[0];
    assert_eq!(
        (table.name.as_str(), table.source.format, table.source.part.as_deref()),
        ("customers", "http", Some("data"))
    );
    assert_eq!(column(table, "id"), ["9007199254740993", "2"]);
    assert_eq!(column(table, "a.b"), ["NULL", "NULL"]);
    assert_eq!(column(table, "a.c"), ["1; 2", "NULL"]);
    assert_eq!(column(table, "ok"), ["true", "NULL"]);
    assert_eq!(column(table, "late"), ["NULL", ""]);
    assert_eq!(table.columns.len(), table.raw.width());
    assert_eq!(table.rows.as_slice(), [1, 2]);
}

#[test]
fn counted_pages_and_offsets() {
    // Three pages of two, one and none.
    let site = Site::new(|question, _, stream| {
        let page: u64 = param(question, "page").unwrap().parse().unwrap();
        ok(stream, &records((page - 1) * 2, (page * 2).min(3).max((page - 1) * 2)));
    });
    let paging = Paging::Page { param: "page".into(), start: 1, size: None };
    let asking = Request { paging, ..request(&site, "/c?sort=id") };
    assert_eq!(column(&get(&asking, None).unwrap()[0], "id"), ids(3));
    assert_eq!(site.paths(), ["/c?sort=id&page=1", "/c?sort=id&page=2", "/c?sort=id&page=3"]);
    // The address itself says that pages are counted.
    assert_eq!(column(&get(&request(&site, "/c?page=1"), None).unwrap()[0], "who.name"), ["n0", "n1", "n2"]);

    // Behind the last page there is nothing, not even an empty one.
    let site = Site::new(|question, _, stream| match param(question, "page").unwrap().as_str() {
        "1" => ok(stream, &records(0, 2)),
        _ => send(stream, "404 Not Found", "", b""),
    });
    assert_eq!(column(&get(&request(&site, "/c?page=1"), None).unwrap()[0], "id"), ids(2));

    let site = Site::new(|question, _, stream| {
        let offset: u64 = param(question, "offset").unwrap().parse().unwrap();
        let limit: u64 = param(question, "limit").unwrap().parse().unwrap();
        ok(stream, &records(offset, (offset + limit).min(5)));
    });
    let paging =
        Paging::Offset { param: "offset".into(), limit: Some(Size { param: "limit".into(), count: 2 }) };
    assert_eq!(column(&get(&Request { paging, ..request(&site, "/c") }, None).unwrap()[0], "id"), ids(5));
    // The last page is short: nobody asks for another.
    assert_eq!(site.paths().len(), 3);
}

#[test]
fn cursors_links_and_addresses_in_the_answer() {
    let answer = |question: &str, _: usize, stream: &mut TcpStream| {
        let at: u64 =
            param(question, "cursor").map_or(0, |mark| mark.trim_start_matches("m+").parse().unwrap());
        let next = if at < 2 { format!("\"m+{}\"", at + 1) } else { "null".into() };
        ok(stream, &format!("{{\"items\": {}, \"next_cursor\": {next}}}", records(at * 2, at * 2 + 2)));
    };
    let site = Site::new(answer);
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(6));
    assert_eq!(site.paths(), ["/c", "/c?cursor=m%2B1", "/c?cursor=m%2B2"]);

    let site = Site::new(|question, _, stream| {
        let at: u64 = param(question, "p").map_or(0, |page| page.parse().unwrap());
        let link = if at < 2 { format!("Link: </c?p={}>; rel=\"next\"\r\n", at + 1) } else { String::new() };
        send(stream, "200 OK", &link, records(at, at + 1).as_bytes());
    });
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(3));

    let site = Site::new(|question, _, stream| {
        let at: u64 = param(question, "p").map_or(0, |page| page.parse().unwrap());
        let next = if at < 2 { format!("\"/c?p={}\"", at + 1) } else { "null".into() };
        ok(
            stream,
            &format!("{{\"total\": 3, \"links\": {{\"next\": {next}}}, \"rows\": {}}}", records(at, at + 1)),
        );
    });
    let told = dry_run(&request(&site, "/c"), None, &Reporter::silent()).unwrap();
    assert_eq!(told.paging, Paging::NextLink { path: "links.next".into() });
    assert_eq!((told.status, told.records, told.path.as_str()), (200, 1, "rows"));
    assert_eq!(
        (told.columns, told.next),
        (vec!["id".to_owned(), "who.name".into()], Some(site.url("/c?p=1")))
    );
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(3));
}

#[test]
fn passing_troubles_are_waited_out() {
    let site = Site::new(|_, n, stream| match n {
        0 => send(stream, "429 Too Many Requests", "Retry-After: 1\r\n", b"slow down"),
        _ => ok(stream, &records(0, 1)),
    });
    let began = Instant::now();
    get(&request(&site, "/c"), None).unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "it did not wait");

    let site = Site::new(|_, n, stream| match n {
        0 => {
            let until =
                (chrono::Utc::now() + chrono::Duration::seconds(2)).format("%a, %d %b %Y %H:%M:%S GMT");
            send(stream, "503 Service Unavailable", &format!("Retry-After: {until}\r\n"), b"");
        }
        _ => ok(stream, &records(0, 1)),
    });
    let began = Instant::now();
    get(&request(&site, "/c"), None).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(900), "it did not wait");

    let site = Site::new(|_, n, stream| match n {
        0 | 1 => send(stream, "500 Internal Server Error", "", b"oops"),
        // The connection ends without an answer.
        2 => {}
        _ => ok(stream, &records(0, 2)),
    });
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(2));
    assert_eq!(site.paths().len(), 4);

    let site = always("502 Bad Gateway", "", b"<html>bad gateway</html>");
    let told = error(&request(&site, "/c"), None);
    assert_eq!((told.kind(), site.paths().len()), ("http_status", 5));
    let site = always("429 Too Many Requests", "Retry-After: 3600\r\n", b"");
    let told = error(&request(&site, "/c"), None);
    assert!(told.kind() == "http_rate_limited" && told.to_string().contains("3600"), "{told}");
}

#[test]
fn a_body_that_is_cut() {
    let cut = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{\"id\": 0}, {\"id\":");
    };
    let site = Site::new(move |_, n, stream| if n == 0 { cut(stream) } else { ok(stream, &records(0, 2)) });
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(2));
    let site = Site::new(move |_, _, stream| cut(stream));
    assert_eq!((error(&request(&site, "/c"), None).kind(), site.paths().len()), ("http_cut", 5));
    // In pieces, and never ended.
    let site = Site::new(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"id\r\n");
    });
    assert_eq!(error(&request(&site, "/c"), None).kind(), "http_cut");
}

#[test]
fn loops_end() {
    let site = Site::new(|_, n, stream| {
        let n = n as u64;
        ok(stream, &format!("{{\"items\": {}, \"next_cursor\": \"same\"}}", records(n, n + 1)));
    });
    assert_eq!((error(&request(&site, "/c"), None).kind(), site.paths().len()), ("http_loop", 2));
    // Pages a, b, a: the marks differ, the records come back.
    let site = Site::new(|_, n, stream| {
        let at = n as u64 % 2;
        ok(stream, &format!("{{\"items\": {}, \"next_cursor\": \"m{n}\"}}", records(at, at + 1)));
    });
    assert_eq!((error(&request(&site, "/c"), None).kind(), site.paths().len()), ("http_loop", 3));
    // The last page for ever.
    let site = Site::new(|question, _, stream| {
        let page: u64 = param(question, "page").unwrap().parse().unwrap();
        ok(stream, &records(page.min(2), page.min(2) + 1));
    });
    let table = &get(&request(&site, "/c?page=0"), None).unwrap()[0];
    assert_eq!((column(table, "id"), notes(table)), (ids(3), vec!["http_repeated"]));
    let site = Site::new(|_, n, stream| {
        send(stream, "302 Found", &format!("Location: /{n}\r\n"), b"");
    });
    assert_eq!(error(&request(&site, "/c"), None).kind(), "http_redirects");
}

#[test]
fn limits_hold() {
    let site = Site::new(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        // A body without end.
        while stream.write_all(b"4\r\n[[[[\r\n").is_ok() {}
    });
    let asking = Request { max_bytes: 100_000, ..request(&site, "/c") };
    assert_eq!((error(&asking, None).kind(), site.paths().len()), ("http_too_large", 1));

    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 2_000_000]).unwrap();
    packed.write_all(records(0, 2).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let site = Site::new(move |_, _, stream| send(stream, "200 OK", "Content-Encoding: gzip\r\n", &packed));
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(2));
    let asking = Request { max_bytes: 1_000_000, ..request(&site, "/c") };
    assert_eq!(error(&asking, None).kind(), "http_too_large");

    let endless = Site::new(|question, _, stream| {
        let page: u64 = param(question, "page").unwrap().parse().unwrap();
        ok(stream, &records(page * 2, page * 2 + 2));
    });
    let asking = Request { max_pages: 3, ..request(&endless, "/c?page=0") };
    let table = &get(&asking, None).unwrap()[0];
    assert_eq!((column(table, "id"), notes(table)), (ids(6), vec!["http_more"]));
    let asking = Request { max_rows: 5, ..request(&endless, "/c?page=0") };
    let table = &get(&asking, None).unwrap()[0];
    assert_eq!((column(table, "id"), notes(table)), (ids(5), vec!["http_more"]));
}

#[test]
fn the_pace_is_kept() {
    let site = Site::new(|question, _, stream| {
        let page: u64 = param(question, "page").unwrap().parse().unwrap();
        ok(stream, &records(page.min(3), (page + 1).min(3)));
    });
    let began = Instant::now();
    get(&Request { per_second: 10.0, ..request(&site, "/c?page=0") }, None).unwrap();
    // Four questions, three pauses.
    assert!(site.paths().len() == 4 && began.elapsed() >= Duration::from_millis(300), "too fast");
}

#[test]
fn a_slow_answer_is_given_up() {
    let drip = || {
        Site::new(|_, _, stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[");
            while stream.write_all(b" ").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    let silent = || Site::new(|_, _, _| std::thread::sleep(Duration::from_secs(30)));
    for site in [drip(), silent()] {
        let asking = Request { timeout: 60, ..request(&site, "/c") };
        let mut job = Job::start(
            || (),
            move |report| fetch(&asking, None, &ReadOptions::default(), report).map(|_| ()),
        );
        while site.paths().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(100));
        assert!(matches!(job.poll(), Poll::Running));
        let began = Instant::now();
        job.cancel();
        assert_eq!(job.wait().unwrap().unwrap_err().kind(), "cancelled");
        println!("cancel took {:?}", began.elapsed());
    }
    let site = drip();
    assert_eq!(error(&Request { timeout: 1, ..request(&site, "/c") }, None).kind(), "http_timeout");
}

#[test]
fn the_key_goes_to_its_own_host_only() {
    let secret = "top/secret key";
    let thief = Site::new(|_, _, stream| ok(stream, &records(0, 1)));
    let away = thief.url("/steal");
    let redirect = {
        let away = away.clone();
        move |_: &str, _: usize, stream: &mut TcpStream| {
            send(stream, "302 Found", &format!("Location: {away}\r\n"), b"");
        }
    };
    let next = {
        let away = away.clone();
        move |_: &str, _: usize, stream: &mut TcpStream| {
            ok(stream, &format!("{{\"items\": {}, \"next\": \"{away}\"}}", records(0, 1)));
        }
    };
    let link = {
        let away = away.clone();
        move |_: &str, _: usize, stream: &mut TcpStream| {
            send(stream, "200 OK", &format!("Link: <{away}>; rel=next\r\n"), records(0, 1).as_bytes());
        }
    };
    for auth in [Auth::Bearer, Auth::Header("X-Key".into()), Auth::Query("key".into())] {
        for site in [Site::new(redirect.clone()), Site::new(next.clone()), Site::new(link.clone())] {
            let told = error(&Request { auth: auth.clone(), ..request(&site, "/c") }, Some(secret));
            assert_eq!(told.kind(), "http_other_host", "{auth:?}");
            assert!(!told.to_string().contains("secret"), "{told}");
            let question = site.asked.lock().unwrap()[0].to_ascii_lowercase();
            assert!(
                question.contains("top/secret key") || question.contains("key=top%2fsecret+key"),
                "{question}"
            );
        }
    }
    assert_eq!(thief.paths().len(), 0);
    // Without a key there is nothing to steal.
    let site = Site::new(redirect);
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "id"), ids(1));
    // On the same host the key goes along.
    let site = Site::new(|question, n, stream| match n {
        0 => send(stream, "307 Temporary Redirect", "Location: /other\r\n", b""),
        _ if question.contains("Bearer top/secret key") => ok(stream, &records(0, 1)),
        _ => send(stream, "401 Unauthorized", "", b""),
    });
    let asking = Request { auth: Auth::Bearer, ..request(&site, "/c") };
    get(&asking, Some(&Secret::new(format!(" {secret}\n")))).unwrap();
}

#[test]
fn the_key_is_nowhere_to_be_read() {
    // A server that repeats the key in its error, its next address and its headers.
    let site = always("403 Forbidden", "", b"your key s3cr3t&x (s3cr3t%26x) is not allowed");
    let asking = Request { auth: Auth::Query("key".into()), ..request(&site, "/c?key=old&a=1") };
    let told = error(&asking, Some("s3cr3t&x"));
    assert_eq!(told.kind(), "http_unauthorized");
    assert!(!format!("{told} {told:?}").contains("s3cr3t"), "{told:?}");
    assert_eq!(site.paths(), ["/c?a=1&key=s3cr3t%26x"]);
    let site = Site::new(|_, _, stream| {
        ok(stream, "{\"items\": [{\"id\": 0}], \"next\": \"/c?key=s3cr3t%26x&p=2\"}");
    });
    let asking = Request { auth: Auth::Query("key".into()), ..request(&site, "/c") };
    let told = dry_run(&asking, Some(&Secret::new("s3cr3t&x")), &Reporter::silent()).unwrap();
    assert_eq!(told.next, Some(site.url("/c?p=2")));
    assert!(!serde_json::to_string(&asking).unwrap().contains("s3cr3t"));
}

#[test]
fn addresses_and_keys_are_checked_before_anything_is_sent() {
    let told = |url: &str, auth: Auth, secret: Option<&str>| {
        error(&Request { url: url.into(), auth, ..Request::default() }, secret).kind()
    };
    assert_eq!(told("not an address", Auth::None, None), "http_address");
    assert_eq!(told("ftp://h/x", Auth::None, None), "http_address");
    assert_eq!(told("https://u:pw@h/x", Auth::None, None), "http_address");
    assert_eq!(told("http://api.example.com/", Auth::Bearer, Some("k")), "http_unsafe");
    assert_eq!(told("https://api.example.com/", Auth::Bearer, None), "http_no_key");
    assert_eq!(told("https://api.example.com/", Auth::Bearer, Some("  \n")), "http_no_key");
    assert_eq!(told("https://api.example.com/", Auth::Bearer, Some("a\r\nX: b")), "http_bad_key");
    assert_eq!(told("https://api.example.com/", Auth::Header("a b".into()), Some("k")), "http_address");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(told(&format!("http://127.0.0.1:{closed}/"), Auth::None, None), "http_unreachable");
}

#[test]
fn answers_that_are_no_records() {
    let kind = |headers: &'static str, body: &'static [u8]| {
        error(&request(&always("200 OK", headers, body), "/c"), None)
    };
    let told = kind("Content-Type: text/html\r\n", b"<!doctype html>\n<title>Log   in</title>");
    assert_eq!(told.kind(), "http_not_json");
    assert!(told.to_string().ends_with("<!doctype html> <title>Log in</title>"), "{told}");
    assert_eq!(kind("", b"id,name\n1,a\n").kind(), "http_not_json");
    assert_eq!(kind("", b"").kind(), "http_not_json");
    let told = kind("", b"{\"items\": [\n{\"id\": 1},\n{\"id\" 2}]}");
    assert_eq!((told.kind(), told.place().row), ("http_bad_json", Some(3)));
    let told = kind("", b"[{\"name\": \"\xc4\xe3\xba\xc3\"}]");
    assert!(told.kind() == "http_not_text" && told.to_string().contains("byte 11 "), "{told}");
    assert_eq!(kind("", b"[]").kind(), "http_no_rows");
    assert_eq!(kind("", b"{\"items\": []}").kind(), "http_no_rows");
    let told = kind("", b"{\"message\": \"hello\", \"ok\": true}");
    assert!(told.kind() == "http_no_records" && told.to_string().contains("message, ok"), "{told}");
    let site = always("404 Not Found", "", b"{}");
    assert_eq!((error(&request(&site, "/c"), None).kind(), site.paths().len()), ("http_not_found", 1));
    let site = always("200 OK", "", b"{\"a\": [{\"x\": 1}], \"b\": 2}");
    let asking = Request { records: Some("b".into()), ..request(&site, "/c") };
    assert_eq!(error(&asking, None).kind(), "http_no_records");

    // Another encoding, where the server says so.
    let site = always(
        "200 OK",
        "Content-Type: application/json; charset=GBK\r\n",
        b"[{\"name\": \"\xc4\xe3\xba\xc3\"}]",
    );
    assert_eq!(column(&get(&request(&site, "/c"), None).unwrap()[0], "name"), ["你好"]);
    // A way on that is not there is told.
    let paging = Paging::Cursor { param: "after".into(), path: "meta.after".into() };
    let table = &get(&Request { paging, ..request(&site, "/c") }, None).unwrap()[0];
    assert_eq!(notes(table), ["http_no_next"]);
}
