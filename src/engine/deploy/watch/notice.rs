//! Telling somebody that a list is there: a webhook whose body is signed, or an e-mail; both with retries.
//!
//! A notice has an id that is the content's: whoever gets it twice, after a stop between sending and
//! writing down, knows it. It holds counts and names of files and columns, and no customer.

use std::path::Path;
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Done, DoneResult, Mail};
use crate::deploy::{DeployError, read_json};
use crate::job::Reporter;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is told, from a small JSON file. Passwords and keys stand in environment variables, never here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    pub webhook: Option<Webhook>,
    pub email: Option<Mail>,
    /// Only lists with alerts, and files that could not be scored.
    pub only_alerts: bool,
    /// Times that a notice is tried in one pass.
    pub tries: u32,
    /// Seconds before the second try; each further pause is twice as long.
    pub pause: f64,
}

/// An address that takes a POST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub url: String,
    /// Name of the environment variable with the key of the signature.
    #[serde(default = "secret_env")]
    pub secret_env: String,
}

fn secret_env() -> String {
    "REGULARS_WEBHOOK_SECRET".to_owned()
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notice<'a> {
    /// The same for the same content.
    pub id: &'a str,
    pub when: &'a str,
    pub file: &'a str,
    pub result: &'a DoneResult,
}

impl<'a> Notice<'a> {
    /// The notice of a file that was handled; `hash` is its content's.
    pub fn of(hash: &'a str, done: &'a Done) -> Self {
        Self { id: hash, when: &done.when, file: &done.file, result: &done.result }
    }
}

/// The signature of a body: HMAC-SHA256 (RFC 2104) of the seconds since 1970, a point, and the body, in
/// hexadecimal. The receiver computes it again, compares in constant time, and refuses old moments.
pub fn signature(key: &[u8], seconds: i64, body: &[u8]) -> String {
    use std::fmt::Write as _;
    // Any length is a key.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::Mac>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().iter().fold(String::new(), |mut out, byte| {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl Notify {
    /// Reads the file alone, to tell whom it names; the keys may be those of another session.
    ///
    /// # Errors
    /// The file is absent or no such JSON.
    pub fn read(path: &Path) -> Result<Self, DeployError> {
        read_json(path)
    }

    /// Reads the file and checks that the keys are there.
    ///
    /// # Errors
    /// The file is absent or no such JSON; a variable is not set; an address cannot be used.
    pub fn open(path: &Path) -> Result<Self, DeployError> {
        let mut notify = Self::read(path)?;
        if notify.tries == 0 {
            notify.tries = 4;
        }
        if !(notify.pause.is_finite() && notify.pause > 0.0) {
            notify.pause = 1.0;
        }
        let bad = |cause: String| DeployError::BadSettings { file: path.to_owned(), cause };
        if let Some(hook) = &notify.webhook {
            let url = url::Url::parse(&hook.url).map_err(|e| bad(format!("“{}”: {e}", hook.url)))?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err(bad(format!("“{}” is no web address", hook.url)));
            }
            key_of(&hook.secret_env).map_err(&bad)?;
        }
        if let Some(mail) = &notify.email {
            mail.check().map_err(bad)?;
        }
        Ok(notify)
    }

    /// True if this result is to be told.
    pub fn wants(&self, result: &DoneResult) -> bool {
        let is_worth_it = match result {
            DoneResult::Scored { alerts, .. } => !self.only_alerts || !alerts.is_empty(),
            DoneResult::Refused { .. } => true,
        };
        is_worth_it && (self.webhook.is_some() || self.email.is_some())
    }

    /// Tells everybody; a way that fails is tried again, after pauses that double.
    ///
    /// # Errors
    /// The last failure; the person cancelled.
    pub fn send(&self, notice: &Notice<'_>, report: &Reporter) -> crate::Result<()> {
        if let Some(hook) = &self.webhook {
            self.patiently(report, || post(hook, notice))?;
        }
        if let Some(mail) = &self.email {
            self.patiently(report, || mail.send(notice))?;
        }
        Ok(())
    }

    fn patiently(
        &self,
        report: &Reporter,
        mut attempt: impl FnMut() -> Result<(), DeployError>,
    ) -> crate::Result<()> {
        let mut pause = self.pause;
        for tries in 1.. {
            report.check()?;
            match attempt() {
                Ok(()) => break,
                Err(error) if tries >= self.tries => return Err(error.into()),
                Err(_) => wait(Duration::from_secs_f64(pause), report)?,
            }
            pause = (pause * 2.0).min(60.0);
        }
        Ok(())
    }
}

/// Waits, and hears a cancel.
pub(crate) fn wait(time: Duration, report: &Reporter) -> crate::Result<()> {
    let until = std::time::Instant::now() + time;
    loop {
        report.check()?;
        let left = until.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

pub(super) fn key_of(variable: &str) -> Result<String, String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("the environment variable {variable} is not set"))
}

fn post(hook: &Webhook, notice: &Notice<'_>) -> Result<(), DeployError> {
    // The address may hold a key: only its host is told.
    let host = url::Url::parse(&hook.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let fail = |cause: String| DeployError::Notice { to: host.clone().unwrap_or_default(), cause };
    let body = serde_json::to_vec(notice).map_err(|e| fail(e.to_string()))?;
    let seconds = chrono::Utc::now().timestamp();
    let key = key_of(&hook.secret_env).map_err(&fail)?;
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let answer = agent
        .post(&hook.url)
        .header("content-type", "application/json")
        .header("regulars-id", notice.id)
        .header("regulars-timestamp", seconds.to_string())
        .header("regulars-signature", format!("sha256={}", signature(key.as_bytes(), seconds, &body)))
        .send(body.as_slice())
        // What the library says may hold the address.
        .map_err(|_| fail("no answer".to_owned()))?;
    match answer.status().as_u16() {
        200..=299 => Ok(()),
        status => Err(fail(format!("status {status}"))),
    }
}
