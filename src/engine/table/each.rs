//! What is said of each cell of a column, thought out once for cells that repeat.
//!
//! A category has few values and many cells. A text of at most twelve bytes is held in its column as one
//! number of 16 bytes, so that a look at the last cell of the same number tells all; of a longer text the
//! bytes are compared once.

use polars::prelude::StringChunked;

/// Values that are remembered, by a hash of theirs; a new one takes the place of what was there.
const SLOTS: usize = 1 << BITS;
const BITS: u32 = 6;
/// A column of fewer cells is not worth the memory.
const FEW: usize = 64;
/// Cells that were not remembered, after which it is asked whether remembering pays.
const TRIED: usize = 256;

/// A value with what was said of it.
#[derive(Clone, Copy)]
struct Slot<'a, T> {
    /// The number that holds a short text; length and first bytes of a longer one.
    key: u128,
    text: &'a str,
    said: T,
}

/// Hands what `of` says of each cell to `take`, in their order; `None` for missing. `of` must say the same of
/// equal texts; it is not asked of every cell.
pub(crate) fn each<'a, T: Copy>(
    text: &'a StringChunked,
    mut of: impl FnMut(&'a str) -> T,
    mut take: impl FnMut(Option<T>),
) {
    if text.len() < FEW {
        return text.iter().for_each(|value| take(value.map(&mut of)));
    }
    let has_holes = text.null_count() > 0;
    let mut slots: Vec<Option<Slot<'a, T>>> = vec![None; SLOTS];
    let (mut passed, mut missed, mut pays) = (0usize, 0usize, true);
    for array in text.downcast_iter() {
        if !pays {
            array.iter().for_each(|value| take(value.map(&mut of)));
            continue;
        }
        for (at, view) in array.views().iter().enumerate() {
            if has_holes && array.get(at).is_none() {
                take(None);
                continue;
            }
            if !pays {
                take(Some(of(array.value(at))));
                continue;
            }
            let (key, long) = if view.is_inline() {
                (view.as_u128(), None)
            } else {
                (u128::from(view.length) | u128::from(view.prefix) << 32, Some(array.value(at)))
            };
            let Some(slot) = slots.get_mut(place(key, long)) else { continue };
            if let Some(known) = slot
                && known.key == key
                && long.is_none_or(|long| long == known.text)
            {
                take(Some(known.said));
                continue;
            }
            let text = array.value(at);
            let said = of(text);
            *slot = Some(Slot { key, text, said });
            take(Some(said));
            missed += 1;
            pays = missed < TRIED || 2 * missed < passed + at;
        }
        passed += array.len();
    }
}

/// Where a value is looked for.
#[inline]
fn place(key: u128, long: Option<&str>) -> usize {
    // Longer texts often begin alike: their ends count too.
    let end = long.and_then(|text| text.as_bytes().last_chunk()).map_or(0, |end| u64::from_le_bytes(*end));
    let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(32) ^ end.rotate_left(16);
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use polars::prelude::{ChunkFullNull as _, NewChunkedArray as _};
    use proptest::prelude::*;

    use super::*;

    type Said<'a> = Vec<Option<(&'a str, usize)>>;

    /// What is said of each cell with and without remembering, and how often it was asked.
    fn both(text: &StringChunked) -> (Said<'_>, Said<'_>, usize) {
        let (mut told, mut asked) = (Vec::new(), 0);
        let of = |value: &str| value.chars().count();
        let counted = |value| {
            asked += 1;
            (value, of(value))
        };
        each(text, counted, |said| told.push(said));
        (told, text.iter().map(|value| value.map(|value| (value, of(value)))).collect(), asked)
    }

    fn column(cells: &[Option<String>], parts: usize) -> StringChunked {
        let mut parts = cells
            .chunks(cells.len().div_ceil(parts).max(1))
            .map(|part| StringChunked::from_iter_options("c".into(), part.iter().map(Option::as_deref)));
        let mut whole = parts.next().unwrap_or_else(|| StringChunked::full_null("c".into(), 0));
        parts.for_each(|part| drop(whole.append(&part)));
        whole
    }

    #[test]
    fn values_that_repeat_are_asked_once() {
        // Long ones that begin and end alike, short ones, none.
        let known =
            ["Yes", "No", "", "No internet service", "No internet parvice", "一个很长的客户名称", "Yes "];
        let cells: Vec<Option<String>> =
            (0..5000).map(|at| known.get(at * at % 11).map(|value| (*value).to_owned())).collect();
        for parts in [1, 3, 7] {
            let column = column(&cells, parts);
            let (told, wanted, asked) = both(&column);
            assert_eq!(told, wanted);
            assert!(asked <= 2 * known.len() || asked < 600, "{asked}");
        }
    }

    #[test]
    fn values_that_never_repeat_are_no_burden() {
        let cells: Vec<Option<String>> =
            (0..5000).map(|at| (at % 50 != 3).then(|| format!("{at} customer {at}"))).collect();
        let column = column(&cells, 4);
        let (told, wanted, asked) = both(&column);
        assert_eq!(told, wanted);
        assert_eq!(asked, 4900);
    }

    proptest! {
        #[test]
        fn every_cell_is_told_of_as_it_is(
            cells in proptest::collection::vec(proptest::option::of("[ab\u{0}é客]{0,14}"), 0..900),
            parts in 1usize..5,
        ) {
            let column = column(&cells, parts);
            let (told, wanted, _) = both(&column);
            prop_assert_eq!(told, wanted);
        }
    }
}
