//! Notices by e-mail.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport as _};
use serde::{Deserialize, Serialize};

use super::notice::key_of;
use super::{DoneResult, Notice};
use crate::deploy::DeployError;

/// Longest wait for the server.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the way to the server is kept from listeners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// From the first byte (port 465).
    #[default]
    Tls,
    /// After a greeting, and never without (port 587).
    Starttls,
    /// Not at all: only to this computer.
    None,
}

/// A mail server and whom to write to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: MailTls,
    /// Name at the server; `None` for one that asks for none.
    #[serde(default)]
    pub user: Option<String>,
    /// Name of the environment variable with the password.
    #[serde(default = "password_env")]
    pub password_env: String,
    pub from: String,
    pub to: Vec<String>,
}

fn password_env() -> String {
    "REGULARS_SMTP_PASSWORD".to_owned()
}

impl Mail {
    /// What cannot be used of the settings.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_here = ["localhost", "127.0.0.1", "::1"].contains(&self.host.as_str());
        if self.tls == MailTls::None && !is_here {
            return Err("without TLS only a mail server on this computer is written to".to_owned());
        }
        if self.to.is_empty() {
            return Err("nobody to write to".to_owned());
        }
        for address in self.to.iter().chain([&self.from]) {
            address.parse::<Mailbox>().map_err(|_| format!("“{address}” is no e-mail address"))?;
        }
        if self.user.is_some() {
            key_of(&self.password_env)?;
        }
        Ok(())
    }

    pub(super) fn send(&self, notice: &Notice<'_>) -> Result<(), DeployError> {
        let fail = |cause: String| DeployError::Notice { to: self.host.clone(), cause };
        self.check().map_err(&fail)?;
        let mailbox = |address: &String| address.parse::<Mailbox>().map_err(|e| fail(e.to_string()));
        let (subject, text) = letter(notice);
        let mut message = Message::builder()
            .from(mailbox(&self.from)?)
            .subject(subject)
            .message_id(Some(format!("<{}@regulars>", notice.id)));
        for address in &self.to {
            message = message.to(mailbox(address)?);
        }
        let message = message.body(text).map_err(|e| fail(e.to_string()))?;
        let mut server = match self.tls {
            MailTls::Tls => SmtpTransport::relay(&self.host).map_err(|e| fail(e.to_string()))?,
            MailTls::Starttls => {
                SmtpTransport::starttls_relay(&self.host).map_err(|e| fail(e.to_string()))?
            }
            MailTls::None => SmtpTransport::builder_dangerous(&self.host),
        };
        if let Some(port) = self.port {
            server = server.port(port);
        }
        if let Some(user) = &self.user {
            let password = key_of(&self.password_env).map_err(&fail)?;
            server = server.credentials(Credentials::new(user.clone(), password));
        }
        server.timeout(Some(PATIENCE)).build().send(&message).map_err(|e| fail(e.to_string()))?;
        Ok(())
    }
}

/// Subject and text, in both languages: who reads it is not known here.
fn letter(notice: &Notice<'_>) -> (String, String) {
    let file = notice.file;
    match notice.result {
        DoneResult::Scored { out, rows, at_risk, rejected, alerts, .. } => {
            let mut text = format!(
                "{file}\n{out}\n\nRows scored / 评分行数: {rows}\nAt risk / 有风险: {at_risk}\n\
                 Rejected / 未读入: {rejected}\n"
            );
            for alert in alerts {
                let name = alert.kind.name();
                text.push_str(&format!(
                    "! {name} {}: {:.3} > {:.3}\n",
                    alert.column, alert.value, alert.limit
                ));
            }
            (format!("Regulars: {file} – {at_risk} / {rows}"), text)
        }
        DoneResult::Refused { kind, row, column } => {
            let row = row.map(|row| format!(", row {row}")).unwrap_or_default();
            let column = column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default();
            let text = format!("{file}\nNot scored / 未能评分: {kind}{row}{column}\n");
            (format!("Regulars: {file} – !"), text)
        }
    }
}
