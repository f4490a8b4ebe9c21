//! One address → one answer: the key goes to its own host only, troubles that pass are waited
//! out, bodies are bounded.

use std::io::Read;
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ureq::Agent;
use url::Url;

use super::{Auth, HttpError, Request};
use crate::collect::away::{self, Away, Stop};
use crate::collect::database::Secret;
use crate::job::Reporter;

/// Times that a question is asked before its trouble is told.
const TRIES: u32 = 5;
/// The first pause after a trouble; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that a server may ask for before we give up instead.
const PATIENCE: u64 = 300;
/// Addresses that one question may be sent on to.
const REDIRECTS: u32 = 5;
/// Characters of a wrong answer that are shown.
const EXCERPT: usize = 80;

/// A good answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Where it came from in the end, without the key.
    pub url: Url,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// What went wrong underway, before anything is known of the answer.
enum Trouble {
    Passing(HttpError),
    Lasting(HttpError),
}

/// Asks one API.
pub(super) struct Client<'a> {
    request: &'a Request,
    secret: Option<Secret>,
    report: &'a Reporter,
    agent: Agent,
    jitter: ChaCha8Rng,
    asked: Option<Instant>,
    /// Bytes that may still come.
    left: u64,
}

impl<'a> Client<'a> {
    /// Checks the address and the key before anything is sent; returns the first address too.
    pub(super) fn new(
        request: &'a Request,
        secret: Option<&Secret>,
        report: &'a Reporter,
    ) -> Result<(Self, Url), HttpError> {
        let mut url = Url::parse(request.url.trim()).map_err(|_| HttpError::BadUrl { part: "form" })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(HttpError::BadUrl { part: "scheme" });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpError::BadUrl { part: "password" });
        }
        url.set_fragment(None);
        let shown = url.to_string();
        let secret = match request.auth {
            Auth::None => None,
            // What is copied from a page often brings a line's end along.
            _ => secret.map(|secret| secret.reveal().trim()).filter(|text| !text.is_empty()),
        };
        match (&request.auth, secret) {
            (Auth::None, _) => {}
            (_, None) => return Err(HttpError::NoSecret { url: shown }),
            (Auth::Bearer | Auth::Header(_), Some(text))
                if !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') =>
            {
                return Err(HttpError::BadSecret { url: shown });
            }
            (Auth::Header(name), _)
                if name.is_empty()
                    || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) =>
            {
                return Err(HttpError::BadUrl { part: "header" });
            }
            (_, Some(_)) if url.scheme() == "http" && !is_loopback(&url) && !request.allow_plain => {
                return Err(HttpError::Unsafe { url: shown });
            }
            _ => {}
        }
        let seconds = Duration::from_secs(request.timeout.max(1));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(seconds))
            .timeout_connect(Some(seconds.min(Duration::from_secs(15))))
            .user_agent(concat!("regulars/", env!("CARGO_PKG_VERSION")))
            .accept("application/json");
        if is_loopback(&url) {
            config = config.proxy(None);
        }
        let client = Self {
            request,
            secret: secret.map(Secret::new),
            report,
            agent: config.build().new_agent(),
            jitter: ChaCha8Rng::seed_from_u64(0),
            asked: None,
            left: request.max_bytes,
        };
        let url = client.bare(url);
        Ok((client, url))
    }

    /// An address without the key, to be shown and compared.
    pub(super) fn bare(&self, mut url: Url) -> Url {
        if let Auth::Query(name) = &self.request.auth
            && url.query_pairs().any(|(key, _)| key == name.as_str())
        {
            let kept: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(key, _)| key != name.as_str())
                .map(|(k, v)| (k.into(), v.into()))
                .collect();
            url.set_query(None);
            if !kept.is_empty() {
                url.query_pairs_mut().extend_pairs(kept);
            }
        }
        url.set_fragment(None);
        url
    }

    /// A text of the other side without the key.
    pub(super) fn redact(&self, text: &str) -> String {
        match self.secret.as_ref().map(Secret::reveal) {
            Some(secret) => {
                let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
                text.replace(secret, "***").replace(&encoded, "***")
            }
            None => text.to_owned(),
        }
    }

    /// An address to be shown.
    pub(super) fn shown(&self, url: &Url) -> String {
        self.redact(self.bare(url.clone()).as_str())
    }

    /// The first characters of a body.
    pub(super) fn excerpt(&self, body: &[u8]) -> String {
        let head = body.get(..body.len().min(4096)).unwrap_or(body);
        let text = self.redact(&String::from_utf8_lossy(head));
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .take(EXCERPT)
            .collect()
    }

    /// The address that an answer names, if the key may go there. An answer that came encrypted
    /// and names its own host without encryption (a server behind a proxy) means itself.
    pub(super) fn follow(&self, from: &Url, target: &str) -> Result<Url, HttpError> {
        let mut to = from.join(target).map_err(|_| HttpError::BadUrl { part: "next address" })?;
        let same_host = from.host() == to.host() && from.port().is_none() && to.port().is_none();
        if same_host && from.scheme() == "https" && to.scheme() == "http" {
            let _ = to.set_scheme("https");
        }
        let upgraded = same_host && to.scheme() == "https";
        let other = !upgraded && from.origin() != to.origin();
        if !matches!(to.scheme(), "http" | "https") || (other && self.secret.is_some()) {
            return Err(HttpError::OtherHost { url: self.shown(from), to: self.shown(&to) });
        }
        Ok(self.bare(to))
    }

    /// Asks, waits and asks again, follows.
    pub(super) fn get(&mut self, url: &Url) -> crate::Result<Answer> {
        let mut url = url.clone();
        let (mut tries, mut redirects) = (0, 0);
        loop {
            self.pace()?;
            tries += 1;
            let (error, wait) = match self.once(&url)? {
                Ok(answer) => {
                    let shown = self.shown(&url);
                    match answer.status {
                        200..=299 => {
                            self.left = self.left.saturating_sub(answer.body.len() as u64);
                            return Ok(answer);
                        }
                        301 | 302 | 303 | 307 | 308 => {
                            redirects += 1;
                            let Some(target) = answer.header("location").filter(|_| redirects <= REDIRECTS)
                            else {
                                return Err(HttpError::Redirects { url: shown }.into());
                            };
                            url = self.follow(&url, target)?;
                            tries = 0;
                            continue;
                        }
                        status => (self.refused(shown, status, &answer.body)?, retry_after(&answer)),
                    }
                }
                Err(Trouble::Passing(error)) => (error, None),
                Err(Trouble::Lasting(error)) => return Err(error.into()),
            };
            match wait {
                Some(seconds) if seconds > PATIENCE => {
                    return Err(HttpError::RateLimited { url: self.shown(&url), seconds }.into());
                }
                _ if tries >= TRIES => return Err(error.into()),
                Some(seconds) => away::sleep(Duration::from_secs(seconds), self.report)?,
                None => {
                    let pause = PAUSE * 2u32.pow(tries - 1);
                    away::sleep(pause.mul_f64(self.jitter.gen_range(0.5..1.0)), self.report)?;
                }
            }
        }
    }

    /// The error of a bad status, or `Err` where asking again is of no use.
    fn refused(&self, url: String, status: u16, body: &[u8]) -> Result<HttpError, HttpError> {
        let excerpt = self.excerpt(body);
        match status {
            401 | 403 => Err(HttpError::Unauthorized { url, status, excerpt }),
            404 | 410 => Err(HttpError::NotFound { url, status }),
            429 => Ok(HttpError::RateLimited { url, seconds: 0 }),
            408 | 425 | 500..=599 => Ok(HttpError::Status { url, status, excerpt }),
            _ => Err(HttpError::Status { url, status, excerpt }),
        }
    }

    /// Keeps to the number of questions a second.
    fn pace(&mut self) -> crate::Result<()> {
        if let Some(asked) = self.asked
            && self.request.per_second > 0.0
        {
            let gap = Duration::try_from_secs_f64(1.0 / self.request.per_second).unwrap_or(Duration::MAX);
            away::sleep(gap.saturating_sub(asked.elapsed()), self.report)?;
        }
        self.asked = Some(Instant::now());
        Ok(())
    }

    /// Asks once, away from this thread.
    fn once(&self, url: &Url) -> crate::Result<Result<Answer, Trouble>> {
        let mut target = self.bare(url.clone());
        let mut header = None;
        if let Some(secret) = &self.secret {
            match &self.request.auth {
                Auth::None => {}
                Auth::Bearer => {
                    header = Some(("Authorization".to_owned(), format!("Bearer {}", secret.reveal())))
                }
                Auth::Header(name) => header = Some((name.clone(), secret.reveal().to_owned())),
                Auth::Query(name) => {
                    target.query_pairs_mut().append_pair(name, secret.reveal());
                }
            }
        }
        let (agent, report, left) = (self.agent.clone(), self.report.clone(), self.left);
        let seconds = self.request.timeout.max(1);
        // The driver keeps the same limit; ours holds where it waits on something else.
        let limit = Duration::from_secs(seconds.saturating_add(2));
        let got = away::run(self.report, limit, &Stop::default(), move || {
            exchange(&agent, target.as_str(), header, left, &report)
        });
        let shown = self.shown(url);
        let error = match got {
            Ok(Ok((status, headers, body))) => {
                return Ok(Ok(Answer { url: url.clone(), status, headers, body }));
            }
            Ok(Err(Failure::TooLarge)) => {
                let limit = self.request.max_bytes;
                return Ok(Err(Trouble::Lasting(HttpError::TooLarge { url: shown, limit })));
            }
            Ok(Err(Failure::Cut(cause))) => HttpError::Cut { url: shown, cause: self.redact(&cause) },
            Ok(Err(Failure::Before(error))) => return Ok(Err(self.sort(shown, seconds, error))),
            Err(Away::Cancelled) => return Err(crate::Error::Cancelled),
            Ok(Err(Failure::TimedOut)) | Err(Away::TimedOut) => HttpError::Timeout { url: shown, seconds },
            Err(Away::Lost) => HttpError::Unreachable { url: shown, cause: "the reader ended".into() },
        };
        Ok(Err(Trouble::Passing(error)))
    }

    /// Sorts a driver's error by what a person can do about it.
    fn sort(&self, url: String, seconds: u64, error: ureq::Error) -> Trouble {
        let cause = self.redact(&error.to_string());
        match error {
            ureq::Error::HostNotFound => Trouble::Lasting(HttpError::HostUnknown { url }),
            ureq::Error::Timeout(_) => Trouble::Passing(HttpError::Timeout { url, seconds }),
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => {
                Trouble::Lasting(HttpError::Tls { url, cause })
            }
            // A bad certificate comes wrapped into an error of reading.
            ureq::Error::Io(e) if e.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Trouble::Lasting(HttpError::Tls { url, cause })
            }
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Trouble::Lasting(HttpError::BadUrl { part: "form" })
            }
            _ => Trouble::Passing(HttpError::Unreachable { url, cause }),
        }
    }
}

/// True for this computer itself: what is sent there travels nowhere.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Seconds to wait, as the server asks: a number or a date (RFC 9110, 10.2.3).
fn retry_after(answer: &Answer) -> Option<u64> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let until = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let milliseconds = (until.to_utc() - chrono::Utc::now()).num_milliseconds();
    Some(u64::try_from(milliseconds).unwrap_or(0).div_ceil(1000))
}

enum Failure {
    Before(ureq::Error),
    Cut(String),
    TimedOut,
    TooLarge,
}

type Exchange = (u16, Vec<(String, String)>, Vec<u8>);

/// Asks and reads the body to its end or to `limit` bytes.
fn exchange(
    agent: &Agent,
    url: &str,
    header: Option<(String, String)>,
    limit: u64,
    report: &Reporter,
) -> Result<Exchange, Failure> {
    let mut asking = agent.get(url);
    if let Some((name, value)) = header {
        asking = asking.header(name, value);
    }
    let answer = asking.call().map_err(Failure::Before)?;
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let mut reader = answer.into_body().into_reader();
    let (mut body, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        // Whoever asked has gone: nobody wants the rest.
        if report.check().is_err() {
            return Err(Failure::TimedOut);
        }
        let read = match reader.read(&mut chunk) {
            Ok(0) => return Ok((status, headers, body)),
            Ok(read) => read,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => {
                let timed_out = e.kind() == std::io::ErrorKind::TimedOut
                    || e.get_ref()
                        .and_then(|inner| inner.downcast_ref::<ureq::Error>())
                        .is_some_and(|inner| matches!(inner, ureq::Error::Timeout(_)));
                return Err(if timed_out { Failure::TimedOut } else { Failure::Cut(e.to_string()) });
            }
        };
        if (body.len() + read) as u64 > limit {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(chunk.get(..read).unwrap_or(&[]));
    }
}
