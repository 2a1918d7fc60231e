//! The authorities of the national clouds. A token of one cloud is invalid in another.

/// The global cloud, GCC included.
pub const GLOBAL: &str = "https://login.microsoftonline.com";
/// US Government L4 (GCC High) and L5 (DoD), which share one.
pub const US_GOVERNMENT: &str = "https://login.microsoftonline.us";
/// China, operated by 21Vianet.
pub const CHINA: &str = "https://login.partner.microsoftonline.cn";
