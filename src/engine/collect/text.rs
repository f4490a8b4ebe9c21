//! A file's bytes → UTF-8 text, decoded as a stream. Never lossily in silence: what does not
//! decode is counted and its place told.

use std::io::Read;
use std::path::Path;

use super::CollectError;
use crate::detect::encoding;
use crate::job::Reporter;
use crate::note::Note;

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;
/// Bytes from which the encoding is guessed.
const HEAD: usize = 1 << 18;

/// Decoded text and what was learnt on the way.
pub(super) struct Decoded {
    pub text: String,
    pub encoding: &'static str,
    pub bytes: u64,
    pub hash: String,
    pub warnings: Vec<Note>,
}

/// Where text comes from.
pub(super) struct Source<'a> {
    /// The file on disk, for errors.
    pub path: &'a Path,
    /// Which member of it, for errors.
    pub part: Option<&'a str>,
    /// Its bytes, unpacked.
    pub reader: Box<dyn Read + 'a>,
    /// How many they are, as far as known.
    pub expected: u64,
}

/// Decodes at most `limit` bytes; what is cut is cut after the last whole line. The hash is that
/// of the bytes that were read.
pub(super) fn decode(
    source: Source<'_>,
    name: Option<&str>,
    limit: u64,
    report: &Reporter,
) -> crate::Result<Decoded> {
    let mut decoded = run(source, name, limit, report)?;
    if decoded.bytes >= limit
        && let Some(end) = decoded.text.rfind('\n')
    {
        decoded.text.truncate(end + 1);
    }
    Ok(decoded)
}

fn run(source: Source<'_>, name: Option<&str>, limit: u64, report: &Reporter) -> crate::Result<Decoded> {
    let Source { path, part, reader, expected } = source;
    let io = |cause| CollectError::from_io_within(path, part, cause);
    let mut file = reader.take(limit);
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(io)?;
    if head.is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    if is_binary(&head) {
        return Err(CollectError::NotText { file: path.to_owned(), looks_like: "a binary file" }.into());
    }
    let mut guess = encoding::guess(&head, head.len() < HEAD);
    if let Some(name) = name {
        let Some(encoding) = encoding::by_name(name) else {
            let file = path.to_owned();
            return Err(CollectError::UnknownEncoding { file, name: name.to_owned() }.into());
        };
        guess = encoding::Guess { encoding, mark: if guess.encoding == encoding { guess.mark } else { 0 } };
    }

    let mut hasher = blake3::Hasher::new();
    hasher.update(&head);
    let mut decoder = guess.encoding.new_decoder_without_bom_handling();
    let expected = expected.min(limit);
    let mut out = Decoded {
        text: String::with_capacity((expected + expected / 8) as usize + 16),
        encoding: guess.encoding.name(),
        bytes: head.len() as u64,
        hash: String::new(),
        warnings: Vec::new(),
    };
    let mut first_bad = None;
    feed(&mut decoder, &head[guess.mark..], false, &mut out.text, &mut first_bad);
    let mut chunk = vec![0; CHUNK];
    loop {
        report.check()?;
        let n = file.read(&mut chunk).map_err(io)?;
        if n == 0 {
            break;
        }
        hasher.update(&chunk[..n]);
        out.bytes += n as u64;
        feed(&mut decoder, &chunk[..n], false, &mut out.text, &mut first_bad);
        report.progress(0.3 * out.bytes as f64 / expected.max(1) as f64);
    }
    // A head that was cut for a preview may end inside a character: that is no fault of the file.
    feed(&mut decoder, &[], out.bytes < limit, &mut out.text, &mut first_bad);
    out.hash = hasher.finalize().to_hex().to_string();

    if let Some(at) = first_bad {
        let row = 1 + out.text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count();
        let count = out.text[at..].matches('\u{fffd}').count();
        out.warnings.push(
            Note::new("undecodable").with("count", count).with("row", row).with("encoding", out.encoding),
        );
    }
    if out.text.contains('\0') {
        let count = out.text.bytes().filter(|&b| b == 0).count();
        out.text.retain(|c| c != '\0');
        out.warnings.push(Note::new("nul_bytes").with("count", count));
    }
    if out.text.trim().is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    Ok(out)
}

fn feed(
    decoder: &mut encoding_rs::Decoder,
    bytes: &[u8],
    last: bool,
    text: &mut String,
    first_bad: &mut Option<usize>,
) {
    let before = text.len();
    let need = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
    text.reserve(need);
    let (_, _, bad) = decoder.decode_to_string(bytes, text, last);
    if bad && first_bad.is_none() {
        *first_bad = text[before..].find('\u{fffd}').map(|at| before + at);
    }
}

/// More control characters than text has.
fn is_binary(head: &[u8]) -> bool {
    let guess = encoding::guess(head, false);
    if guess.encoding == encoding_rs::UTF_16LE || guess.encoding == encoding_rs::UTF_16BE {
        return false;
    }
    let control = head.iter().filter(|&&b| b < 32 && !matches!(b, b'\t' | b'\r' | b'\n')).count();
    control * 20 > head.len()
}
