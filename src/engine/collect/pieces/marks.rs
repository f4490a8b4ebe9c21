//! Where a piece has its separators and line ends.

/// Finds separators and line feeds, eight bytes at a time.
pub(super) struct Marks<'a> {
    bytes: &'a [u8],
    separator: u64,
    /// Bytes from which on was not looked yet.
    next: usize,
    /// Where the word stands that is looked at, and a bit for each mark in it.
    word: usize,
    found: u64,
    /// Which of them are separators.
    separators: u64,
}

impl<'a> Marks<'a> {
    pub(super) fn new(bytes: &'a [u8], separator: u8) -> Self {
        Self { bytes, separator: ONES * u64::from(separator), next: 0, word: 0, found: 0, separators: 0 }
    }

    /// The next mark, `true` for a separator.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(usize, bool)> {
        while self.found == 0 {
            let rest = self.bytes.get(self.next..).filter(|rest| !rest.is_empty())?;
            let word = match rest.first_chunk::<8>() {
                Some(word) => u64::from_le_bytes(*word),
                None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            };
            self.separators = zeros(word ^ self.separator);
            self.found = self.separators | zeros(word ^ (ONES * u64::from(b'\n')));
            self.word = self.next;
            self.next += 8;
        }
        let lowest = self.found & self.found.wrapping_neg();
        self.found ^= lowest;
        Some((self.word + lowest.trailing_zeros() as usize / 8, self.separators & lowest != 0))
    }
}

/// A byte of one each.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The highest bit of every byte that is zero.
#[inline]
fn zeros(word: u64) -> u64 {
    const LOW: u64 = 0x7f * ONES;
    !(((word & LOW) + LOW) | word | LOW)
}
