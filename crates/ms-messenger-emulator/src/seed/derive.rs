//! Everything that follows from the number of a seed.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// 2025-01-01T00:00:00Z: when the seeded tokens were issued and the seeded threads were made.
pub(crate) const EPOCH_SECONDS: u64 = 1_735_689_600;
/// 2100-01-01T00:00:00Z: when the seeded tokens expire.
pub(super) const FAR_FUTURE: u64 = 4_102_444_800;
/// The users of all services.
pub(super) const NAMES: [&str; 3] = ["alice", "bob", "carol"];

pub(super) fn digest(seed: u64, label: &str) -> [u8; 32] {
    Sha256::digest(format!("ms-messenger-emulator/{seed}/{label}")).into()
}

pub(super) fn guid(seed: u64, label: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(seed, label)[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// `Alice`.
pub(super) fn display_name(name: &str) -> String {
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

/// `alice@contoso.test`.
pub(super) fn upn(name: &str) -> String {
    format!("{name}@contoso.test")
}
