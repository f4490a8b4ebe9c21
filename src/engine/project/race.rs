//! The prepared rows as a race track.

use super::{Prepared, pick};
use crate::split::Side;
use crate::train::race::{RaceError, Track};

/// The rows of a race, and the name of each followed customer where the file has one. Training rows
/// are learnt from, validation rows are watched; test rows are left alone.
///
/// # Errors
/// Too few training rows of a class; no validation row.
pub fn race_track(prepared: &Prepared, seed: u64) -> Result<(Track, Vec<Option<String>>), RaceError> {
    let track = Track::new(&prepared.samples(), seed)?;
    let (places, _) = pick(&prepared.labels.of_row, &prepared.sides, Side::Valid);
    let name = |place: usize| places.get(place).and_then(|&row| prepared.ids.get(row)).cloned().flatten();
    let names = track.followed.iter().map(|one| name(one.place)).collect();
    Ok((track, names))
}
