//! GUIDs that follow from a number.

use uuid::Uuid;

/// Returns the n-th GUID of a seed.
pub(crate) fn nth(seed: u64, n: u64) -> Uuid {
    let high = scramble(seed ^ scramble(n));
    let low = scramble(high ^ n);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Returns a seed that no other start has.
pub(crate) fn random_seed() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    high ^ low
}

/// One step of SplitMix64.
const fn scramble(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
