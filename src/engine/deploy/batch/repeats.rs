//! Which rows of a stream repeat an earlier one, in bounded memory: keys go to temporary files by their
//! own value, so that equal ones meet in one that is small enough to be sorted.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use rayon::prelude::*;

/// Files; each is sorted in memory: a 64th of 16 bytes a row.
const PARTS: usize = 64;
/// Files that are sorted side by side: so many are in memory at a time.
const AT_A_TIME: usize = 4;

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
            if let Some(part) = self.parts.get_mut((key >> 58) as usize % PARTS) {
                part.write_all(&(u128::from(place) << 64 | u128::from(key)).to_le_bytes())?;
            }
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// Places, from 0 and ascending, of the rows that repeat an earlier one.
    pub fn find(self) -> std::io::Result<Vec<u64>> {
        let mut out = Vec::new();
        let mut parts = self.parts.into_iter();
        loop {
            let some: Vec<BufWriter<File>> = parts.by_ref().take(AT_A_TIME).collect();
            if some.is_empty() {
                break;
            }
            let found: Vec<Vec<u64>> = some.into_par_iter().map(repeated).collect::<std::io::Result<_>>()?;
            found.into_iter().for_each(|found| out.extend(found));
        }
        out.sort_unstable();
        Ok(out)
    }
}

/// Places in one file of the rows that repeat an earlier one; equal keys are in one file.
fn repeated(part: BufWriter<File>) -> std::io::Result<Vec<u64>> {
    let mut file = part.into_inner().map_err(|error| error.into_error())?;
    let rows = file.stream_position()? / 16;
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut pairs: Vec<(u64, u64)> = Vec::with_capacity(usize::try_from(rows).unwrap_or(0));
    let mut pair = [0; 16];
    for _ in 0..rows {
        reader.read_exact(&mut pair)?;
        let both = u128::from_le_bytes(pair);
        pairs.push((both as u64, (both >> 64) as u64));
    }
    pairs.sort_unstable();
    let twins = pairs.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    Ok(twins.map(|pair| pair[1].1).collect())
}

/// Writes `flag` into the cell `at` of the rows at `places` of a list of scores; without such rows the list
/// stays as it is.
pub(super) fn flag(list: &mut File, places: &[u64], (at, flag): (usize, &str)) -> std::io::Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let mut from = tempfile::tempfile()?;
    list.seek(SeekFrom::Start(0))?;
    std::io::copy(list, &mut from)?;
    from.seek(SeekFrom::Start(0))?;
    list.set_len(0)?;
    list.seek(SeekFrom::Start(0))?;
    let mut head = [0; 3];
    from.read_exact(&mut head)?;
    list.write_all(&head)?;
    let reader = BufReader::with_capacity(1 << 20, from);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(reader);
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 20).from_writer(list);
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
