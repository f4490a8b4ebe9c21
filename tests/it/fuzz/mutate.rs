//! Valid files → files that are nearly valid: by bytes, and by what they are made of.

use std::io::{Cursor, Read as _, Write as _};

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Signs that files of tables trip over.
const SIGNS: [&str; 18] = [
    ",", ";", "\t", "\"", "\"\"", "'", "\n", "\r", "\r\n", "\0", "\u{feff}", "|", "=1+1", "1e308", "-0",
    "NA", "，", "💥",
];

fn at(chance: &mut ChaCha8Rng, below: usize) -> usize {
    chance.gen_range(0..below.max(1))
}

/// Changes a few bytes: flips, cuts, doubles, puts in.
pub fn bytes(chance: &mut ChaCha8Rng, data: &mut Vec<u8>) {
    for _ in 0..=at(chance, 6) {
        let (from, length) = (at(chance, data.len()), 1 + at(chance, 64));
        let to = (from + length).min(data.len());
        match at(chance, 7) {
            0 if !data.is_empty() => data[from] ^= 1 << at(chance, 8),
            1 if !data.is_empty() => data[from] = [0, 1, 0x7f, 0x80, 0xff, b'"'][at(chance, 6)],
            2 => drop(data.drain(from..to)),
            3 => {
                let part = data[from..to].to_vec();
                let place = at(chance, data.len());
                data.splice(place..place, part);
            }
            4 => {
                let sign = SIGNS[at(chance, SIGNS.len())].as_bytes().to_vec();
                data.splice(from..from, sign.repeat(1 + at(chance, 3)));
            }
            5 if at(chance, 8) == 0 => data.truncate(from),
            _ => {
                // A number of four bytes, as lengths and places are written.
                let number = [0u32, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 20][at(chance, 5)].to_le_bytes();
                data.iter_mut().skip(from).zip(number).for_each(|(byte, new)| *byte = new);
            }
        }
    }
}

/// Changes lines and cells of a text.
pub fn lines(chance: &mut ChaCha8Rng, data: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=at(chance, 4) {
        let line = at(chance, lines.len());
        match at(chance, 7) {
            0 => drop(lines.remove(line)),
            1 => {
                let copy = lines[line].clone();
                lines.insert(at(chance, lines.len()), copy);
            }
            2 => {
                let sign = SIGNS[at(chance, SIGNS.len())].as_bytes();
                let place = at(chance, lines[line].len());
                lines[line].splice(place..place, sign.iter().copied());
            }
            3 => lines[line] = lines[line].repeat(1 + at(chance, 40)),
            4 => {
                let other = [b',', b';', b'\t', b'|', b' '][at(chance, 5)];
                lines.iter_mut().flatten().filter(|byte| **byte == b',').for_each(|byte| *byte = other);
            }
            5 => lines[line].push(b'\r'),
            _ => bytes(chance, &mut lines[line]),
        }
        if lines.is_empty() {
            lines.push(Vec::new());
        }
    }
    *data = lines.join(&b'\n');
}

/// A value that something may not be ready for.
fn odd(chance: &mut ChaCha8Rng) -> Value {
    match at(chance, 12) {
        0 => Value::Null,
        1 => Value::Bool(chance.gen_bool(0.5)),
        2 => (-1).into(),
        3 => 0.into(),
        4 => u64::MAX.into(),
        5 => i64::MIN.into(),
        6 => 1e308.into(),
        7 => (-1e-308).into(),
        8 => "".into(),
        9 => "x".repeat(at(chance, 5_000)).into(),
        10 => Value::Array(Vec::new()),
        _ => Value::Object(serde_json::Map::new()),
    }
}

/// Changes one value somewhere in the tree.
pub fn tree(chance: &mut ChaCha8Rng, value: &mut Value) {
    let goes_on = at(chance, 6) > 0;
    match value {
        Value::Array(items) if goes_on && !items.is_empty() => {
            let place = at(chance, items.len());
            match at(chance, 12) {
                0 => drop(items.remove(place)),
                1 => {
                    let copy = items[place].clone();
                    items.insert(place, copy);
                }
                2 => items.truncate(place),
                3 => items.reverse(),
                _ => tree(chance, &mut items[place]),
            }
        }
        Value::Object(fields) if goes_on && !fields.is_empty() => {
            let name = fields.keys().nth(at(chance, fields.len())).cloned().unwrap_or_default();
            match at(chance, 16) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(name, odd(chance))),
                _ => fields.get_mut(&name).into_iter().for_each(|field| tree(chance, field)),
            }
        }
        Value::Number(number) if goes_on => {
            let was = number.as_f64().unwrap_or(0.0);
            *value = match at(chance, 6) {
                0 => (was as i64).wrapping_add(1).into(),
                1 => (was as i64).wrapping_sub(1).into(),
                2 => (-was).into(),
                3 => (was * 1e9).into(),
                4 => 1_000_000.into(),
                _ => odd(chance),
            };
        }
        Value::String(text) if goes_on => match at(chance, 3) {
            0 => text.push_str(SIGNS[at(chance, SIGNS.len())]),
            1 => drop(text.pop()),
            _ => *text = SIGNS[at(chance, SIGNS.len())].to_owned(),
        },
        _ => *value = odd(chance),
    }
}

/// Changes JSON, by its values or by its bytes.
pub fn json(chance: &mut ChaCha8Rng, data: &mut Vec<u8>) {
    match serde_json::from_slice::<Value>(data) {
        Ok(mut value) if at(chance, 8) > 0 => {
            (0..=at(chance, 3)).for_each(|_| tree(chance, &mut value));
            *data = serde_json::to_vec(&value).unwrap();
        }
        _ => bytes(chance, data),
    }
}

/// Changes one entry of an archive by `change`, or the archive itself.
pub fn archive(chance: &mut ChaCha8Rng, data: &mut Vec<u8>, change: impl Fn(&mut ChaCha8Rng, &mut Vec<u8>)) {
    let entries = (|| {
        let mut zip = zip::ZipArchive::new(Cursor::new(data.as_slice())).ok()?;
        let mut entries = Vec::new();
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).ok()?;
            let mut text = Vec::new();
            entry.read_to_end(&mut text).ok()?;
            let name = entry.name().ok()?.into_owned();
            entries.push((name, text));
        }
        Some(entries)
    })();
    let Some(mut entries) = entries.filter(|_| at(chance, 10) > 0) else { return bytes(chance, data) };
    let chosen = at(chance, entries.len());
    if let Some((_, text)) = entries.get_mut(chosen) {
        change(chance, text);
    }
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in entries {
        zip.start_file(name, options).unwrap();
        zip.write_all(&text).unwrap();
    }
    *data = zip.finish().unwrap().into_inner();
}
