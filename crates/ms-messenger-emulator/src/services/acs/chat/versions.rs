//! The versions of the API.

pub(crate) const PREVIEW: &str = "2024-03-15-preview";

pub(crate) const NEWEST: &str = "2025-03-15";

pub(crate) const VERSIONS: [&str; 6] = [
    "2021-03-07",
    "2021-09-07",
    "2023-11-07",
    "2024-03-07",
    PREVIEW,
    NEWEST,
];
