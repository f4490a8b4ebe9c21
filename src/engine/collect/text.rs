//! A file's bytes → UTF-8 text: as it stands where it is UTF-8, else decoded on all cores. Never
//! lossily in silence: what does not decode is counted and its place told.

use std::io::Read;
use std::path::Path;

use encoding_rs::{Decoder, Encoding};
use rayon::prelude::*;

use super::CollectError;
use crate::detect::encoding;
use crate::job::Reporter;
use crate::note::Note;

/// Bytes read, hashed or decoded at a time.
const CHUNK: usize = 4 << 20;
/// Chunks that are decoded before they are put together.
const BATCH: usize = 16;
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
    let guess = encoding_of(path, &head, head.len() < HEAD, name)?;
    let expected = expected.min(limit);
    let mut bytes = head;
    bytes.reserve_exact((expected as usize).saturating_sub(bytes.len()).saturating_add(1));
    loop {
        report.check()?;
        if file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes).map_err(io)? == 0 {
            break;
        }
        report.progress(0.2 * bytes.len() as f64 / expected.max(1) as f64);
    }
    let mut out = Decoded {
        text: String::new(),
        encoding: guess.encoding.name(),
        bytes: bytes.len() as u64,
        hash: String::new(),
        warnings: Vec::new(),
    };
    // A head that was cut for a preview may end inside a character: that is no fault of the file.
    let is_whole = out.bytes < limit;
    let mut first_bad = None;
    // Text that is UTF-8 stays where it is.
    let is_plain = guess.encoding == encoding_rs::UTF_8 && guess.mark == 0;
    let read =
        if is_plain { String::from_utf8(bytes).map_err(|error| error.into_bytes()) } else { Err(bytes) };
    match read {
        Ok(text) => (out.hash, out.text) = (hash(text.as_bytes(), report)?, text),
        Err(bytes) => {
            let body = bytes.get(guess.mark..).unwrap_or_default();
            let (hash, decoded) =
                rayon::join(|| hash(&bytes, report), || decode_all(body, guess.encoding, is_whole, report));
            out.hash = hash?;
            (out.text, first_bad) = decoded?;
        }
    }

    if let Some(at) = first_bad {
        let row = 1 + out.text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count();
        let count = out.text[at..].matches('\u{fffd}').count();
        out.warnings.push(
            Note::new("undecodable").with("count", count).with("row", row).with("encoding", out.encoding),
        );
    }
    if memchr::memchr(0, out.text.as_bytes()).is_some() {
        let count = out.text.bytes().filter(|&b| b == 0).count();
        out.text.retain(|c| c != '\0');
        out.warnings.push(Note::new("nul_bytes").with("count", count));
    }
    if out.text.trim().is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    Ok(out)
}

/// The encoding that the head of a file shows, or the one that the person named.
pub(super) fn encoding_of(
    path: &Path,
    head: &[u8],
    is_whole: bool,
    name: Option<&str>,
) -> crate::Result<encoding::Guess> {
    if head.is_empty() {
        return Err(CollectError::Empty { file: path.to_owned() }.into());
    }
    if is_binary(head) {
        return Err(CollectError::NotText { file: path.to_owned(), looks_like: "a binary file" }.into());
    }
    let guess = encoding::guess(head, is_whole);
    let Some(name) = name else { return Ok(guess) };
    let Some(encoding) = encoding::by_name(name) else {
        let file = path.to_owned();
        return Err(CollectError::UnknownEncoding { file, name: name.to_owned() }.into());
    };
    Ok(encoding::Guess { encoding, mark: if guess.encoding == encoding { guess.mark } else { 0 } })
}

/// blake3, in steps between which a cancel is heard.
fn hash(bytes: &[u8], report: &Reporter) -> crate::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for chunk in bytes.chunks(CHUNK) {
        report.check()?;
        hasher.update(chunk);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The text, and the place of the first character that does not decode.
fn decode_all(
    bytes: &[u8],
    encoding: &'static Encoding,
    is_whole: bool,
    report: &Reporter,
) -> crate::Result<(String, Option<usize>)> {
    let cuts = cuts(bytes, encoding);
    let last = cuts.len().saturating_sub(2);
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
    let mut first_bad = None;
    for batch in (0..=last).step_by(BATCH) {
        let part = |at: usize| {
            report.check()?;
            let from = cuts.get(at).copied().unwrap_or_default();
            let to = cuts.get(at + 1).copied().unwrap_or(bytes.len());
            let chunk = bytes.get(from..to).unwrap_or_default();
            Ok(decode_chunk(chunk, encoding, is_whole || at < last))
        };
        let parts: Vec<(String, bool)> =
            (batch..(batch + BATCH).min(last + 1)).into_par_iter().map(part).collect::<crate::Result<_>>()?;
        for (part, is_bad) in parts {
            if is_bad && first_bad.is_none() {
                first_bad = part.find('\u{fffd}').map(|at| text.len() + at);
            }
            text.push_str(&part);
        }
        let done = cuts.get(batch + BATCH).copied().unwrap_or(bytes.len());
        report.progress(0.2 + 0.1 * done as f64 / bytes.len().max(1) as f64);
    }
    Ok((text, first_bad))
}

/// Where chunks end: behind line feeds, about [`CHUNK`] apart. A line feed is no half of a character
/// and ends a broken one, so that every chunk decodes by itself; but UTF-16 has it within characters,
/// and ISO-2022-JP writes on in the alphabet that it was in.
fn cuts(bytes: &[u8], encoding: &'static Encoding) -> Vec<usize> {
    let mut cuts = vec![0];
    let is_one = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE, encoding_rs::ISO_2022_JP].contains(&encoding);
    let mut wish = CHUNK;
    while !is_one && let Some(end) = bytes.get(wish..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        cuts.push(wish + end + 1);
        wish += end + 1 + CHUNK;
    }
    if cuts.last() != Some(&bytes.len()) {
        cuts.push(bytes.len());
    }
    cuts
}

fn decode_chunk(bytes: &[u8], encoding: &'static Encoding, is_last: bool) -> (String, bool) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4 + 16);
    let is_bad = feed(&mut decoder, bytes, is_last, &mut text);
    (text, is_bad)
}

/// Decodes more bytes to the end of the text; `true` where some do not decode.
pub(super) fn feed(decoder: &mut Decoder, bytes: &[u8], is_last: bool, text: &mut String) -> bool {
    let (mut rest, mut is_bad) = (bytes, false);
    loop {
        let (result, read, bad) = decoder.decode_to_string(rest, text, is_last);
        is_bad |= bad;
        rest = rest.get(read..).unwrap_or_default();
        if result == encoding_rs::CoderResult::InputEmpty {
            return is_bad;
        }
        text.reserve(decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len() * 3 + 16));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], name: Option<&str>, limit: u64) -> Decoded {
        let source = Source {
            path: Path::new("t.csv"),
            part: None,
            reader: Box::new(bytes),
            expected: bytes.len() as u64,
        };
        decode(source, name, limit, &Reporter::silent()).unwrap()
    }

    #[test]
    fn chunks_decode_as_the_whole_does() {
        let mut text = String::new();
        for i in 0..700_000 {
            text.push_str(&format!("{i},客户，北京,₂é\n"));
        }
        let (gbk, _, _) = encoding_rs::GB18030.encode(&text);
        assert!(cuts(&gbk, encoding_rs::GB18030).len() > 3);
        let out = decoded(&gbk, None, u64::MAX);
        assert!(out.text == text && out.warnings.is_empty());
        assert_eq!(out.hash, blake3::hash(&gbk).to_hex().to_string());
        let utf8 = decoded(text.as_bytes(), None, u64::MAX);
        assert!(utf8.text == text && utf8.encoding == "UTF-8");
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert!(decoded(&utf16, None, u64::MAX).text == text);
        // A head that ends inside a character, and one that is broken in its last chunk.
        let head = decoded(text.as_bytes(), None, 300_001);
        assert!(text.starts_with(&head.text) && head.warnings.is_empty());
        let mut broken = text.into_bytes();
        broken.extend_from_slice(b"\xff,\xfe\n");
        let out = decoded(&broken, None, u64::MAX);
        let args: Vec<_> = out.warnings.iter().map(|note| (note.code, format!("{note:?}"))).collect();
        assert!(args[0].0 == "undecodable" && args[0].1.contains("700001"), "{args:?}");
    }
}
