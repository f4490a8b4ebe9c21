//! What a command reads: files, databases, web addresses; and the secrets that open them, which come
//! from the environment or the terminal and are never kept.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use regulars_engine::Error;
use regulars_engine::collect::database::{self, Address, Database, DatabaseError, Secret, TableName};
use regulars_engine::collect::{self, http};
use regulars_engine::job::Reporter;
use regulars_engine::project::{Secrets, Source};
use serde_json::{Value, json};

use super::per_customer::{self, PerCustomer};
use super::{Failure, Reading};
use crate::words::Lang;

/// The variable of the environment that may hold a database's password.
const PASSWORD: &str = "REGULARS_PASSWORD";

/// How databases and web addresses are read.
#[derive(Args, Clone)]
pub(super) struct Away {
    /// A SELECT to read instead of a database's table
    #[arg(long, value_name = "SQL")]
    query: Option<String>,
    #[command(flatten)]
    per_customer: PerCustomer,
    /// Where the list of records stands in the answer of a web address, keys joined by dots
    #[arg(long, value_name = "PATH")]
    records: Option<String>,
    /// Variable of the environment that holds the key of a web address, sent as a bearer token
    #[arg(long, value_name = "VARIABLE", conflicts_with = "header_env")]
    bearer_env: Option<String>,
    /// Variable of the environment that holds the key, sent in a header of this name
    #[arg(long, value_name = "NAME=VARIABLE", value_parser = parse_header)]
    header_env: Option<(String, String)>,
    /// Parameter of the web address that counts pages (default: understood from the first answer)
    #[arg(long, value_name = "NAME", conflicts_with = "cursor_param")]
    page_param: Option<String>,
    /// Parameter of the web address that takes the mark of the next page
    #[arg(long, value_name = "NAME", requires = "cursor_path")]
    cursor_param: Option<String>,
    /// Where that mark stands in an answer, keys joined by dots
    #[arg(long, value_name = "PATH", requires = "cursor_param")]
    cursor_path: Option<String>,
    /// Pages that are read at most
    #[arg(long, value_name = "N")]
    max_pages: Option<u32>,
    /// Megabytes of answers that are read at most
    #[arg(long, value_name = "MB")]
    max_mb: Option<u64>,
    /// Questions a second at most (0: as many as there are)
    #[arg(long, value_name = "N", value_parser = parse_rate)]
    per_second: Option<f64>,
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, variable) = text.split_once('=').ok_or("write NAME=VARIABLE")?;
    Ok((name.trim().to_owned(), variable.trim().to_owned()))
}

fn parse_rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| rate.is_finite() && *rate >= 0.0)
        .ok_or("a number, 0 or more".into())
}

/// The file on this computer that an argument names, without `sqlite:` before it.
pub(super) fn on_disk(file: &Path) -> &Path {
    let bare = |text: &'static str| file.to_str().and_then(|whole| whole.strip_prefix(text));
    bare("sqlite://").or_else(|| bare("sqlite:")).map_or(file, Path::new)
}

impl Reading {
    /// What the arguments name, and what opens it.
    pub(super) fn sources(&self, files: &[PathBuf]) -> Result<(Vec<Source>, Secrets), Failure> {
        let mut secrets = Secrets::default();
        let mut sources = Vec::with_capacity(files.len());
        for file in files {
            let (source, secret) = self.source(file, files.len())?;
            let place = source.place();
            if source.is_away() && !secrets.knows(&place) {
                let secret = match &source {
                    Source::Database { address, .. } => password(address, secret)?,
                    _ => secret,
                };
                secrets.set(place, secret);
            }
            sources.push(source);
        }
        if self.away.per_customer.is_wanted() && !sources.iter().any(per_customer::is_one) {
            // What was asked for is done, or told why not: never passed over.
            let file = files.first().map(|file| on_disk(file).to_owned()).unwrap_or_default();
            return Err(DatabaseError::NotADatabase { file }.into());
        }
        Ok((sources, secrets))
    }

    fn source(&self, file: &Path, files: usize) -> Result<(Source, Option<Secret>), Failure> {
        let text = file.to_string_lossy();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if matches!(scheme.as_deref(), Some("http" | "https")) {
            let (request, secret) = self.away.request(&text);
            return Ok((Source::Web(request), secret));
        }
        let is_address = scheme.is_some() || text.starts_with("sqlite:");
        let table = self.sheet.as_deref().filter(|_| files > 1 || scheme.is_some());
        let is_database = is_address || files == 1 || per_customer::is_sqlite(file);
        let summed = self.sheet.as_deref().filter(|_| is_database);
        let summed = summed.and_then(|name| self.away.per_customer.of(table_name(name)));
        let pick = match (&self.away.query, summed, table) {
            (Some(sql), ..) => Some(database::Source::Query(sql.clone())),
            (None, Some(summed), _) => Some(database::Source::PerCustomer(summed)),
            (None, None, Some(name)) if is_address => Some(database::Source::Table(table_name(name))),
            _ => None,
        };
        let (address, secret) = match (is_address, &pick) {
            (true, _) => Address::parse(&text)?,
            (false, None) => return Ok((Source::File(file.to_owned()), None)),
            (false, Some(_)) => (Address::Sqlite { path: file.to_owned() }, None),
        };
        Ok(match (address, pick) {
            // A database file is a data file like others.
            (Address::Sqlite { path }, None) => (Source::File(path), None),
            (address, pick) => (Source::Database { address, pick }, secret),
        })
    }
}

/// A table's name, with its schema before a dot.
pub(super) fn table_name(text: &str) -> TableName {
    match text.split_once('.') {
        Some((schema, name)) => TableName { schema: Some(schema.to_owned()), name: name.to_owned() },
        None => TableName { schema: None, name: text.to_owned() },
    }
}

impl Away {
    /// True where a table is named for the database, and not as a part of a file.
    pub(super) fn takes_table(&self) -> bool {
        self.per_customer.is_wanted()
    }

    fn request(&self, url: &str) -> (http::Request, Option<Secret>) {
        let mut request =
            http::Request { url: url.to_owned(), records: self.records.clone(), ..http::Request::default() };
        let variable = match (&self.bearer_env, &self.header_env) {
            (Some(variable), _) => {
                request.auth = http::Auth::Bearer;
                Some(variable)
            }
            (None, Some((name, variable))) => {
                request.auth = http::Auth::Header(name.clone());
                Some(variable)
            }
            (None, None) => None,
        };
        if let Some(param) = &self.page_param {
            request.paging = http::Paging::Page { param: param.clone(), start: 1, size: None };
        } else if let (Some(param), Some(path)) = (&self.cursor_param, &self.cursor_path) {
            request.paging = http::Paging::Cursor { param: param.clone(), path: path.clone() };
        }
        request.max_pages = self.max_pages.unwrap_or(request.max_pages);
        request.max_bytes = self.max_mb.map_or(request.max_bytes, |mb| mb.saturating_mul(1 << 20));
        request.per_second = self.per_second.unwrap_or(request.per_second);
        // A variable that is not set is told by the request: it wants a key, and there is none.
        (request, variable.and_then(|name| std::env::var(name).ok()).map(Secret::new))
    }
}

/// The secrets of a saved project's sources: what the environment has, or a person types.
pub(super) fn secrets_of(sources: &[Source]) -> Result<Secrets, Error> {
    let mut secrets = Secrets::default();
    for source in sources {
        let secret = match source {
            Source::Database { address, .. } if source.is_away() && !secrets.knows(&source.place()) => {
                password(address, None)?
            }
            Source::Web(request) if request.auth != http::Auth::None => {
                of_environment().or_else(|| ask(&request.url))
            }
            _ => continue,
        };
        secrets.set(source.place(), secret);
    }
    Ok(secrets)
}

fn of_environment() -> Option<Secret> {
    std::env::var(PASSWORD).ok().filter(|text| !text.is_empty()).map(Secret::new)
}

/// The password of a database: given, of the environment, or typed where the server wants one.
pub(super) fn password(address: &Address, given: Option<Secret>) -> Result<Option<Secret>, Error> {
    if let Some(secret) = given.or_else(of_environment) {
        return Ok(Some(secret));
    }
    match Database::connect(address, None, &Reporter::silent()) {
        Ok(_) => Ok(None),
        Err(error) if error.kind() == "database_login" => match ask(&address.to_string()) {
            Some(secret) => Ok(Some(secret)),
            None => {
                let lang = Lang::of_environment();
                eprintln!("{}", lang.with("cli.password_hint", &[("variable", PASSWORD.to_owned())]));
                Err(error)
            }
        },
        Err(error) => Err(error),
    }
}

/// Shows what is typed again, whatever happens.
struct Hidden;

impl Drop for Hidden {
    fn drop(&mut self) {
        stty("echo");
        eprintln!();
    }
}

fn stty(argument: &str) -> bool {
    let status = Command::new("stty").arg(argument).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Asks for a secret on the terminal; `None` without one, or where it cannot be hidden.
fn ask(place: &str) -> Option<Secret> {
    let prompt = Lang::of_environment().with("cli.password", &[("place", place.to_owned())]);
    ask_hidden(&prompt).map(Secret::new)
}

/// What a person types on the terminal, without showing it; `None` for nothing, without a terminal, or
/// where it cannot be hidden.
pub(super) fn ask_hidden(prompt: &str) -> Option<String> {
    let input = std::io::stdin();
    if !input.is_terminal() || !stty("-echo") {
        return None;
    }
    let hidden = Hidden;
    eprint!("{prompt} ");
    let _ = std::io::stderr().flush();
    let mut text = String::new();
    let read = input.lock().read_line(&mut text);
    drop(hidden);
    let typed = text.trim_end_matches(['\r', '\n']).to_owned();
    read.ok().filter(|_| !typed.is_empty()).map(|_| typed)
}

/// What sources offer, without reading them: tables, or the first page of a web address.
pub(super) fn first_look(sources: &[Source], secrets: &Secrets, told: bool) -> Result<Value, Failure> {
    let (lang, silent) = (Lang::of_environment(), Reporter::silent());
    let mut all = Vec::new();
    for source in sources {
        let place = source.place();
        let secret = secrets.get(&place);
        if told {
            super::out!("{}", place.display());
        }
        let parts: Vec<(String, Option<u64>)> = match source {
            Source::Web(request) => {
                let page = http::dry_run(request, secret, &silent)?;
                if told {
                    super::out!("  {}", crate::words::first_page(lang, &page));
                    super::out!("  {}", lang.list(&page.columns));
                }
                all.push(json!({ "source": place, "first_page": page }));
                continue;
            }
            Source::Database { address, .. } => {
                let tables = Database::connect(address, secret, &silent)?.tables(&silent)?;
                tables.into_iter().map(|info| (info.table.to_string(), info.rows_estimate)).collect()
            }
            Source::File(path) => {
                let mut parts = Vec::new();
                for file in collect::gather(std::slice::from_ref(path))? {
                    parts.extend(collect::parts(&file)?.into_iter().map(|part| (part.name, part.rows)));
                }
                parts
            }
        };
        if told {
            for (name, rows) in &parts {
                let rows = rows.map_or_else(String::new, |rows| lang.count(rows));
                super::out!("  {name:<40} {rows:>12}");
            }
        }
        let tables: Vec<Value> =
            parts.iter().map(|(name, rows)| json!({ "name": name, "rows": rows })).collect();
        all.push(json!({ "source": place, "tables": tables }));
    }
    Ok(json!({ "sources": all }))
}
