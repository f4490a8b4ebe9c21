//! Where a database is, without the secret that opens it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::DatabaseError;

/// A password or key: never shown, never saved, overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_bytes())
    }

    /// The secret itself, for those who send it.
    pub(crate) fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from leaving out a write that nobody reads.
        std::hint::black_box(&self.0);
    }
}

/// Whether the connection to a server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Encrypted where the server can; its certificate is not checked.
    #[default]
    Prefer,
    /// Encrypted, to a server whose certificate a public authority vouches for; otherwise refused.
    Require,
    /// Never encrypted.
    Off,
}

/// The kind of a database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
}

impl Engine {
    fn scheme(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Postgresql => 5432,
            Self::Mysql => 3306,
        }
    }
}

/// A database server and one of its databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    pub engine: Engine,
    /// A name, an IPv4 or IPv6 address, or, with `/` before it, a Unix socket (PostgreSQL: its
    /// folder; MySQL: its file).
    pub host: String,
    pub port: u16,
    pub user: String,
    /// Empty for the server's own choice.
    pub database: String,
    #[serde(default)]
    pub tls: Tls,
}

impl Server {
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

/// Where a database is. Holds no secret, so it may be saved and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    Sqlite { path: PathBuf },
    Server(Server),
}

impl Address {
    /// Reads an address and, apart from it, the password that it may hold: a path or
    /// `sqlite:PATH`; `postgresql://user:password@host:5432/database?sslmode=require`; `mysql://…`,
    /// `mariadb://…`. Parts may be percent-encoded; IPv6 stands in brackets; a socket is
    /// `%2Fvar%2Frun` or `?host=/var/run` or `?socket=/run/mysqld.sock`.
    ///
    /// # Errors
    /// [`DatabaseError::BadAddress`], which never repeats the text: it may hold a password.
    pub fn parse(text: &str) -> Result<(Self, Option<Secret>), DatabaseError> {
        let text = text.trim();
        let bad = |part: &'static str| DatabaseError::BadAddress { part };
        let Some((scheme, rest)) = text.split_once("://") else {
            let path = text.strip_prefix("sqlite:").unwrap_or(text);
            return if path.is_empty() { Err(bad("path")) } else { Ok((Self::sqlite(path), None)) };
        };
        let engine = match scheme.to_ascii_lowercase().as_str() {
            "sqlite" if rest.is_empty() => return Err(bad("path")),
            "sqlite" => return Ok((Self::sqlite(rest), None)),
            "postgresql" | "postgres" => Engine::Postgresql,
            "mysql" | "mariadb" => Engine::Mysql,
            _ => return Err(bad("scheme")),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold an @ or a / that nobody encoded: the last @ ends it.
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let (host_port, database) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = match host_port.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(|| bad("host"))?;
                (host, after.strip_prefix(':').unwrap_or(after))
            }
            None => host_port.split_once(':').unwrap_or((host_port, "")),
        };
        let mut server = Server {
            engine,
            host: decode(host).ok_or_else(|| bad("host"))?,
            port: engine.port(),
            user: decode(user).ok_or_else(|| bad("user"))?,
            database: decode(database).ok_or_else(|| bad("database"))?,
            tls: Tls::Prefer,
        };
        let mut secret = match password {
            Some(text) => Some(Secret::new(decode(text).ok_or_else(|| bad("password"))?)),
            None => None,
        };
        if !port.is_empty() {
            server.port = port.parse().map_err(|_| bad("port"))?;
        }
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decode(value).ok_or_else(|| bad("option"))?;
            match key.to_ascii_lowercase().as_str() {
                "host" | "socket" => server.host = value,
                "port" => server.port = value.parse().map_err(|_| bad("port"))?,
                "user" => server.user = value,
                "password" => secret = Some(Secret::new(value)),
                "dbname" => server.database = value,
                "sslmode" | "ssl-mode" | "ssl_mode" => server.tls = tls(&value).ok_or_else(|| bad("tls"))?,
                // Others tune drivers that are not ours, and change no data.
                _ => {}
            }
        }
        if server.host.is_empty() {
            server.host = "localhost".into();
        }
        Ok((Self::Server(server), secret))
    }

    fn sqlite(path: &str) -> Self {
        Self::Sqlite { path: PathBuf::from(path) }
    }

    /// The name of the kind of database, as in [`crate::table::Provenance::format`].
    pub fn format(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Server(server) => server.engine.scheme(),
        }
    }

    /// The address as a place of origin.
    pub(super) fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite { path } => path.clone(),
            Self::Server(_) => PathBuf::from(self.to_string()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = match self {
            Self::Sqlite { path } => return write!(f, "{}", path.display()),
            Self::Server(server) => server,
        };
        write!(f, "{}://", server.engine.scheme())?;
        if !server.user.is_empty() {
            write!(f, "{}@", encode(&server.user))?;
        }
        match server.host.contains(':') && !server.is_socket() {
            true => write!(f, "[{}]", server.host)?,
            false => f.write_str(&encode(&server.host))?,
        }
        write!(f, ":{}/{}", server.port, encode(&server.database))
    }
}

fn tls(mode: &str) -> Option<Tls> {
    match mode.to_ascii_lowercase().replace('-', "_").as_str() {
        "disable" | "disabled" | "off" => Some(Tls::Off),
        "allow" | "prefer" | "preferred" => Some(Tls::Prefer),
        "require" | "required" | "verify_ca" | "verify_full" | "verify_identity" => Some(Tls::Require),
        _ => None,
    }
}

/// Takes percent-encoding away; `None` for a broken escape or bytes that are no UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// Percent-encodes what would end a part of an address.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || c.is_whitespace() || "%/?#[]@:".contains(c) {
            let mut buffer = [0; 4];
            out.extend(c.encode_utf8(&mut buffer).bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> (Server, Option<String>) {
        let (address, secret) = Address::parse(text).unwrap();
        let Address::Server(server) = address else { panic!("{text} is a server") };
        (server, secret.map(|secret| secret.reveal().to_owned()))
    }

    #[test]
    fn the_password_comes_apart() {
        let (found, secret) = server("postgresql://an%40a:p%20w@db.example.com:5433/shop?sslmode=require");
        let expected = Server {
            engine: Engine::Postgresql,
            host: "db.example.com".into(),
            port: 5433,
            user: "an@a".into(),
            database: "shop".into(),
            tls: Tls::Require,
        };
        assert_eq!((found.clone(), secret.as_deref()), (expected, Some("p w")));
        let shown = Address::Server(found).to_string();
        assert_eq!(shown, "postgresql://an%40a@db.example.com:5433/shop");
        // Signs that people forget to encode.
        let (found, secret) = server("mysql://root:a@b/c:d@localhost/店");
        assert_eq!((found.host.as_str(), found.database.as_str(), found.port), ("localhost", "店", 3306));
        assert_eq!(secret.as_deref(), Some("a@b/c:d"));
    }

    #[test]
    fn ipv6_sockets_and_defaults() {
        let (found, secret) = server("postgres://u@[::1]:6000/d");
        assert_eq!((found.host.as_str(), found.port, secret), ("::1", 6000, None));
        assert_eq!(Address::Server(found).to_string(), "postgresql://u@[::1]:6000/d");
        for text in ["postgresql://u@%2Fvar%2Frun/d", "postgresql://u@/d?host=/var/run"] {
            let (found, _) = server(text);
            assert_eq!((found.host.as_str(), found.is_socket()), ("/var/run", true), "{text}");
            let again = server(&Address::Server(found.clone()).to_string()).0;
            assert_eq!(again, found);
        }
        assert_eq!(server("mariadb:///shop").0.host, "localhost");
        let (address, _) = Address::parse("sqlite:/data/my shop.db").unwrap();
        assert_eq!(address, Address::Sqlite { path: "/data/my shop.db".into() });
    }

    #[test]
    fn bad_addresses_are_refused_without_repeating_them() {
        for text in
            ["", "oracle://u:secret@h/d", "mysql://u:secret@h:99999/d", "mysql://u:%zz@h/d", "sqlite://"]
        {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.kind(), "database_address", "{text}");
            assert!(!error.to_string().contains("secret"));
        }
        assert!(Address::parse("postgresql://u@[::1/d").is_err());
    }

    #[test]
    fn a_secret_is_neither_shown_nor_saved() {
        let (address, secret) = Address::parse("mysql://u:hunter2@h/d").unwrap();
        let saved = serde_json::to_string(&address).unwrap();
        let shown = format!("{address:?} {address} {secret:?} {saved}");
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
        assert_eq!(serde_json::from_str::<Address>(&saved).unwrap(), address);
    }
}
