//! Secrets in the keyring of the operating system.

#[cfg(not(feature = "keyring"))]
pub(crate) const NOT_BUILT_IN: &str =
    "this msm is built without the feature keyring: use env:NAME or file:PATH";
#[cfg(feature = "keyring")]
pub(crate) const ABSENT: &str =
    "this machine has no keyring, or it is not running: use env:NAME or file:PATH";
#[cfg(feature = "keyring")]
pub(crate) const LOCKED: &str = "the keyring is locked or not running";
#[cfg(feature = "keyring")]
pub(crate) const UNUSABLE: &str = "the keyring cannot be used";

#[cfg(feature = "keyring")]
pub(crate) fn no_secret(name: &str) -> String {
    format!("the keyring has no secret of the service msm and {name}")
}

#[cfg(feature = "keyring")]
pub(crate) fn several_secrets(name: &str) -> String {
    format!("the keyring has several secrets of the service msm and {name}")
}

#[cfg(feature = "keyring")]
pub(crate) fn not_utf8(name: &str) -> String {
    format!("the secret of the service msm and {name} is not text in UTF-8")
}
