//! Texts of libraries and of the operating system, by which their errors are recognised.

/// Parts of the errors of TLS about an untrusted certificate.
pub(crate) const UNTRUSTED: [&str; 2] = ["invalid peer certificate", "No CA certificates"];

/// The client of Graph, before the permission that is missing.
pub(crate) const NEEDS: &str = " needs ";

/// `clap`, between a value and the range that it must be in.
pub(crate) const NOT_IN_RANGE: &str = " is not in ";

/// Errors of numbers and addresses of the standard library.
pub(crate) const INVALID_DIGIT: &str = "invalid digit found in string";
pub(crate) const NO_DIGITS: &str = "cannot parse integer from empty string";
pub(crate) const TOO_LARGE: &str = "number too large to fit in target type";
pub(crate) const TOO_SMALL: &str = "number too small to fit in target type";
pub(crate) const NO_SOCKET_ADDRESS: &str = "invalid socket address syntax";

/// Texts that are nested too deeply for their parser.
pub(crate) const TOO_DEEP_FOR_JSON: &str = "recursion limit exceeded";
pub(crate) const TOO_DEEP_FOR_TOML: &str = "cannot recurse further; max recursion depth met";

/// Begin of the number of an error of the operating system.
pub(crate) const OS_ERROR: &str = " (os error ";

/// Begin of the name of an error for which the standard library has none.
pub(crate) const UNCATEGORIZED: &str = "uncategorized";

/// Begin of the causes that only name a layer of the HTTP client.
pub(crate) const LAYERS: [&str; 4] = [
    "error sending request",
    "client error",
    "tcp connect error",
    "connection error",
];
