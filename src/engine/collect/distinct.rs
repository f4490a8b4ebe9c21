//! How many different values a column has: exact from hashes of 64 bits, in bounded memory by a
//! sketch beyond a million of them.

/// Registers of the sketch, as a power of two: a standard error of 0.8%.
const SKETCH_BITS: u32 = 14;
/// Hashes that are told apart at once, so that their table stays in the cache.
const BUCKET: usize = 4096;
/// Different values up to which bounded counting is exact.
pub(super) const EXACT: usize = 1_000_000;

/// Counts different hashes.
#[derive(Default)]
pub(super) struct Distinct {
    hashes: Vec<u64>,
    is_bounded: bool,
    sketch: Option<Vec<u8>>,
}

impl Distinct {
    /// Counting in bounded memory: exact up to [`EXACT`], an estimate beyond.
    pub fn bounded() -> Self {
        Self { is_bounded: true, ..Self::default() }
    }

    #[inline]
    pub fn push(&mut self, hash: u64) {
        self.hashes.push(hash);
        if self.is_bounded && self.hashes.len() >= 2 * EXACT {
            self.compact();
        }
    }

    /// Forgets twins; what is still too much goes into the sketch.
    fn compact(&mut self) {
        if self.sketch.is_none() {
            self.hashes.sort_unstable();
            self.hashes.dedup();
        }
        if self.sketch.is_some() || self.hashes.len() > EXACT {
            let registers = self.sketch.get_or_insert_with(|| vec![0; 1 << SKETCH_BITS]);
            for hash in self.hashes.drain(..) {
                note(registers, hash);
            }
        }
    }

    /// How many were different; `true` for an estimate.
    pub fn count(mut self) -> (u64, bool) {
        if self.sketch.is_some() {
            self.compact();
        }
        match &self.sketch {
            Some(registers) => (estimate(registers), true),
            None => (count(&self.hashes), false),
        }
    }
}

/// The first bits choose a register, which keeps the longest run of zeros that follows.
fn note(registers: &mut [u8], hash: u64) {
    let at = (hash >> (64 - SKETCH_BITS)) as usize;
    let zeros = ((hash << SKETCH_BITS) | (1 << (SKETCH_BITS - 1))).leading_zeros() as u8 + 1;
    if let Some(register) = registers.get_mut(at) {
        *register = zeros.max(*register);
    }
}

/// HyperLogLog: far beyond the small numbers for which it needs a correction.
fn estimate(registers: &[u8]) -> u64 {
    let count = registers.len() as f64;
    let sum: f64 = registers.iter().map(|&zeros| (-f64::from(zeros)).exp2()).sum();
    (0.7213 / (1.0 + 1.079 / count) * count * count / sum).round() as u64
}

/// Different hashes: sorted into buckets by their first bits, each told apart in a small table.
fn count(hashes: &[u64]) -> u64 {
    let buckets = (hashes.len() / BUCKET).next_power_of_two().min(1 << 16);
    let shift = 64 - buckets.trailing_zeros();
    let bucket = |hash: u64| if buckets == 1 { 0 } else { (hash >> shift) as usize };
    let mut ends = vec![0usize; buckets + 1];
    for &hash in hashes {
        if let Some(end) = ends.get_mut(bucket(hash) + 1) {
            *end += 1;
        }
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += *end;
        *end = sum;
    }
    let mut next = ends.clone();
    let mut sorted = vec![0u64; hashes.len()];
    for &hash in hashes {
        if let Some(at) = next.get_mut(bucket(hash)) {
            if let Some(place) = sorted.get_mut(*at) {
                *place = hash;
            }
            *at += 1;
        }
    }
    let mut table: Vec<u64> = Vec::new();
    ends.windows(2).map(|ends| told_apart(sorted.get(ends[0]..ends[1]).unwrap_or_default(), &mut table)).sum()
}

/// Different hashes of one bucket. The table's empty places hold 0, which is counted apart.
fn told_apart(hashes: &[u64], table: &mut Vec<u64>) -> u64 {
    let size = (2 * hashes.len()).next_power_of_two().max(16);
    table.clear();
    table.resize(size, 0);
    let (mut found, mut zero) = (0, false);
    for &hash in hashes {
        if hash == 0 {
            zero = true;
            continue;
        }
        // The first bits are those of the bucket: the last ones tell more.
        let mut at = hash as usize & (size - 1);
        while let Some(place) = table.get_mut(at) {
            if *place == 0 {
                *place = hash;
                found += 1;
                break;
            }
            if *place == hash {
                break;
            }
            at = (at + 1) & (size - 1);
        }
    }
    found + u64::from(zero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::tally::hash_of;

    #[test]
    fn exact_where_it_is_not_bounded() {
        for (n, repeats) in [(0u64, 1u64), (1, 3), (5_000, 2), (300_000, 3)] {
            let mut distinct = Distinct::default();
            for i in 0..n * repeats {
                distinct.push(hash_of(u128::from(i % n)));
            }
            assert_eq!(distinct.count(), (n, false));
        }
        let mut zeros = Distinct::default();
        [0, 0, 1, 1, 0].into_iter().for_each(|hash| zeros.push(hash));
        assert_eq!(zeros.count(), (2, false));
    }

    #[test]
    fn bounded_counting_is_exact_up_to_a_million_and_near_beyond() {
        for (n, is_estimate) in [(900_000u64, false), (3_000_000, true)] {
            let mut distinct = Distinct::bounded();
            for i in 0..n * 3 {
                distinct.push(hash_of(u128::from(i % n)));
            }
            let (count, estimated) = distinct.count();
            assert_eq!(estimated, is_estimate);
            assert!(count.abs_diff(n) as f64 <= 0.03 * n as f64, "{count} of {n}");
            assert!(estimated || count == n);
        }
    }
}
