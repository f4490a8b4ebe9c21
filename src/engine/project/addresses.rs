//! A project and this computer's settings → every address that the program would ever talk to.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Source;
use crate::deploy::watch::Notify;

/// Why an address is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TalksFor {
    /// The project reads its rows there.
    Database,
    Web,
    /// The watched folder tells of a new list.
    Webhook,
    Mail,
    /// A network is trained there.
    Machine,
}

impl TalksFor {
    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Web => "web",
            Self::Webhook => "webhook",
            Self::Mail => "mail",
            Self::Machine => "machine",
        }
    }
}

/// An address, without any secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TalksTo {
    pub address: String,
    pub why: TalksFor,
}

/// The addresses of sources and notices; files of this computer are none.
pub fn addresses(sources: &[Source], notices: &[Notify]) -> Vec<TalksTo> {
    let mut out = Vec::new();
    let mut add = |address: String, why| {
        let one = TalksTo { address, why };
        if !out.contains(&one) {
            out.push(one);
        }
    };
    for source in sources.iter().filter(|source| source.is_away()) {
        let why = if matches!(source, Source::Web(_)) { TalksFor::Web } else { TalksFor::Database };
        add(without_query(&source.place().display().to_string()), why);
    }
    for notify in notices {
        if let Some(webhook) = &notify.webhook {
            add(without_query(&webhook.url), TalksFor::Webhook);
        }
        if let Some(mail) = &notify.email {
            let port = mail.port.map_or_else(String::new, |port| format!(":{port}"));
            add(format!("{}{port}", mail.host), TalksFor::Mail);
        }
    }
    out
}

/// What stands after a question mark may be a key.
fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((address, _)) => format!("{address}?…"),
        None => url.to_owned(),
    }
}

/// The notices of the watch that is installed as a service of this person's session; `config` is the folder
/// of the person's settings. Nothing where there is none, or where it tells nobody.
pub fn installed_notices(config: &Path) -> Option<Notify> {
    let unit = std::fs::read_to_string(config.join("systemd/user/regulars-watch.service")).ok()?;
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart="))?;
    let (_, rest) = command.split_once("--notify \"")?;
    Notify::read(&unquoted(rest)).ok()
}

/// The path up to the closing quote, as [`crate::deploy::watch::unit`] writes it.
fn unquoted(text: &str) -> PathBuf {
    let mut out = String::new();
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => match signs.next() {
                Some('n') => out.push('\n'),
                Some(sign) => out.push(sign),
                None => break,
            },
            '%' | '$' => {
                // Written twice.
                signs.next();
                out.push(sign);
            }
            sign => out.push(sign),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::database::Address;
    use crate::collect::http::Request;
    use crate::deploy::watch::{WatchSpec, unit};

    #[test]
    fn files_are_no_addresses_and_secrets_are_not_shown() {
        let database = |text: &str| Source::Database { address: Address::parse(text).unwrap().0, pick: None };
        let web =
            Request { url: "https://api.example/v1/orders?key=geheim".to_owned(), ..Request::default() };
        let sources = [
            Source::File("customers.csv".into()),
            database("sqlite:shop.db"),
            database("postgresql://anna:secret@db.example:5432/shop"),
            Source::Web(web),
        ];
        let found = addresses(&sources, &[]);
        let told: Vec<(&str, &str)> =
            found.iter().map(|one| (one.address.as_str(), one.why.name())).collect();
        let expected = [
            ("postgresql://anna@db.example:5432/shop", "database"),
            ("https://api.example/v1/orders?…", "web"),
        ];
        assert_eq!(told, expected);
        assert!(addresses(&sources[..2], &[]).is_empty());
    }

    #[test]
    fn the_notices_of_an_installed_watch_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let notify = folder.path().join("100% \"mine\".json");
        let text = r#"{"webhook":{"url":"https://hooks.example/x?token=1"},
            "email":{"host":"mail.example","port":587,"from":"a@b.example","to":["c@d.example"]}}"#;
        std::fs::write(&notify, text).unwrap();
        assert!(installed_notices(folder.path()).is_none());
        let mut spec = WatchSpec::new("in".into(), "m.bundle".into(), "out".into());
        let write = |spec: &WatchSpec| {
            let units = folder.path().join("systemd/user");
            std::fs::create_dir_all(&units).unwrap();
            std::fs::write(units.join("regulars-watch.service"), unit(Path::new("regulars"), spec)).unwrap();
        };
        write(&spec);
        assert!(installed_notices(folder.path()).is_none());
        spec.notify = Some(notify);
        write(&spec);
        let found = addresses(&[], &[installed_notices(folder.path()).unwrap()]);
        let told: Vec<(&str, TalksFor)> = found.iter().map(|one| (one.address.as_str(), one.why)).collect();
        let expected =
            [("https://hooks.example/x?…", TalksFor::Webhook), ("mail.example:587", TalksFor::Mail)];
        assert_eq!(told, expected);
    }
}
