//! The scoring service, asked over the wire as a stranger's program would.

mod equal;
mod life;
mod soak;
mod statuses;
mod told;
mod window;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use regulars::http::{self, Options, Service, Source};
use regulars_engine::deploy::Bundle;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::train::{DeviceKind, ModelKind};
use serde_json::Value;

use crate::support::{open, prepare, sample};

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn kind(&self) -> String {
        self.json()["error"]["kind"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Reads one answer.
pub fn answer(from: &mut impl Read) -> Answer {
    let mut reader = BufReader::new(from);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let told = Answer { status, head, body: Vec::new() };
    let mut body = Vec::new();
    if told.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).unwrap();
            if size == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    } else if let Some(length) = told.header("content-length") {
        body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
    }
    Answer { body, ..told }
}

/// Asks once, on a connection of its own.
pub fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = connect(to);
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| *name == "Content-Length" || *name == "Transfer-Encoding") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    // A service that refuses by the head alone may not read on.
    let _ = stream.write_all(body);
    answer(&mut stream)
}

pub const JSON: (&str, &str) = ("Content-Type", "application/json");

pub fn post(to: SocketAddr, path: &str, body: &Value) -> Answer {
    ask(to, "POST", path, &[JSON], body.to_string().as_bytes())
}

pub fn learn(file: &Path, kind: ModelKind) -> Bundle {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 3;
    let prepared = prepare(&open(file), &settings);
    let outcome = project::learn(&settings, &prepared, kind, &Reporter::silent()).unwrap();
    project::bundle(&settings, &prepared, &outcome, None)
}

/// A bundle of the sample shop, learnt once.
pub fn shop() -> &'static Bundle {
    static SHOP: OnceLock<Bundle> = OnceLock::new();
    SHOP.get_or_init(|| learn(&sample(), ModelKind::Logistic))
}

/// The customers of a file, as JSON; cells are text, as in the file.
pub fn customers(file: &Path, target: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let cells = header.iter().zip(record.iter()).filter(|(name, _)| *name != target);
            Value::Object(cells.map(|(name, cell)| (name.to_owned(), cell.into())).collect())
        })
        .collect()
}

pub fn anywhere() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

pub fn saved(folder: &Path, name: &str) -> PathBuf {
    let file = folder.join(name);
    shop().save(&file).unwrap();
    file
}

pub fn serve(folder: &Path, change: impl FnOnce(&mut Options)) -> Service {
    let mut options = Options::at(anywhere());
    change(&mut options);
    http::start(&[Source::File(saved(folder, "shop.bundle"))], options).unwrap()
}
