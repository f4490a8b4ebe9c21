//! MurmurHash3 (x86, 32 bits), Austin Appleby's public-domain hash: small, fast, the same on every
//! machine, and what scikit-learn's hashing vectoriser uses.

/// Hash of the bytes with seed 0.
pub(super) fn murmur3(bytes: &[u8]) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let mix = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let mut h = 0u32;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let k = block.iter().rev().fold(0u32, |k, byte| (k << 8) | u32::from(*byte));
        h = (h ^ mix(k)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = blocks.remainder();
    if !tail.is_empty() {
        h ^= mix(tail.iter().rev().fold(0u32, |k, byte| (k << 8) | u32::from(*byte)));
    }
    h ^= bytes.len() as u32;
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// The column of a term among `2^bits`, as scikit-learn's `HashingVectorizer(alternate_sign=False)`:
/// the size of the hash taken as a signed number, modulo the columns.
pub(in crate::features) fn bucket(term: &str, bits: u8) -> u32 {
    let signed = murmur3(term.as_bytes()).cast_signed();
    // Of −2³¹ too, which has no positive twin in 32 bits, the remainder by a power of two is right.
    signed.unsigned_abs() & ((1u32 << bits.min(31)) - 1)
}
