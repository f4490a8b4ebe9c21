//! Which rows of a stream repeat an earlier one, in bounded memory: keys go to temporary files by their
//! own value, so that equal ones meet in one that is small enough to be sorted.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Files; each is sorted in memory: a sixteenth of 16 bytes a row.
const PARTS: usize = 16;

/// Keys of the rows so far. The files have no name and are gone with the program; a key is a hash.
pub(super) struct Repeats {
    parts: Vec<BufWriter<File>>,
    rows: u64,
}

impl Repeats {
    pub fn new() -> std::io::Result<Self> {
        let part = |_| Ok(BufWriter::new(tempfile::tempfile()?));
        Ok(Self { parts: (0..PARTS).map(part).collect::<std::io::Result<_>>()?, rows: 0 })
    }

    /// The keys of the next rows; `None` where the recipe does not look for repeated ones.
    pub fn add(&mut self, keys: Option<Vec<u64>>, rows: usize) -> std::io::Result<()> {
        for (place, key) in (self.rows..).zip(keys.unwrap_or_default()) {
            if let Some(part) = self.parts.get_mut((key >> 60) as usize % PARTS) {
                part.write_all(&key.to_le_bytes())?;
                part.write_all(&place.to_le_bytes())?;
            }
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// Places, from 0 and ascending, of the rows that repeat an earlier one.
    pub fn find(self) -> std::io::Result<Vec<u64>> {
        let mut out = Vec::new();
        for part in self.parts {
            let mut file = part.into_inner().map_err(|error| error.into_error())?;
            file.seek(SeekFrom::Start(0))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let word = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
            let mut pairs: Vec<(u64, u64)> =
                bytes.chunks_exact(16).map(|pair| (word(&pair[..8]), word(&pair[8..]))).collect();
            drop(bytes);
            pairs.sort_unstable();
            out.extend(pairs.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1));
        }
        out.sort_unstable();
        Ok(out)
    }
}

/// Copies a list of scores, with `flag` in the cell `at` of the rows at `places`.
pub(super) fn copy(
    from: &mut File,
    to: &mut dyn Write,
    places: &[u64],
    (at, flag): (usize, &str),
) -> std::io::Result<()> {
    from.seek(SeekFrom::Start(0))?;
    if places.is_empty() {
        std::io::copy(&mut BufReader::with_capacity(1 << 20, from), to)?;
        return Ok(());
    }
    let mut head = [0; 3];
    from.read_exact(&mut head)?;
    to.write_all(&head)?;
    let reader = BufReader::with_capacity(1 << 20, from);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(reader);
    let mut writer = csv::Writer::from_writer(to);
    let (mut record, mut wanted) = (csv::ByteRecord::new(), places.iter().peekable());
    let mut place = None;
    while reader.read_byte_record(&mut record)? {
        let is_flagged = place.is_some_and(|row| wanted.next_if_eq(&&row).is_some());
        if is_flagged {
            let cells = record.iter().enumerate();
            writer.write_record(cells.map(|(i, cell)| if i == at { flag.as_bytes() } else { cell }))?;
        } else {
            writer.write_byte_record(&record)?;
        }
        place = Some(place.map_or(0, |row| row + 1));
    }
    writer.flush()
}
