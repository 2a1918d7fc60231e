//! A certificate that is not trusted: why, and what to do about it.

use std::{
    error::Error as StdError,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use ms_messenger_core::{Error, ErrorKind};

/// The [`Error::code`] of a call whose server presented a certificate that is not trusted. It
/// is `Config`, so that it counts as permanent, and nothing was sent.
pub const UNTRUSTED_CERTIFICATE: &str = "untrusted_certificate";

/// How much of a file of certificates is searched for one.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Why the server's certificate is not trusted, if that is the `cause`.
pub(crate) fn reason(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    {
        use rustls::CertificateError as Why;

        let Some(rustls::Error::InvalidCertificate(why)) = cause.downcast_ref() else {
            return None;
        };
        Some(match why {
            Why::UnknownIssuer => "its issuer is unknown",
            Why::Expired | Why::ExpiredContext { .. } => {
                "it has expired (or the clock of this machine is wrong)"
            }
            Why::NotValidYet | Why::NotValidYetContext { .. } => {
                "it is not valid yet (or the clock of this machine is wrong)"
            }
            Why::NotValidForName | Why::NotValidForNameContext { .. } => {
                "it is that of another host"
            }
            Why::Revoked => "it has been revoked",
            Why::InvalidPurpose | Why::InvalidPurposeContext { .. } => {
                "it is not meant for a server"
            }
            _ => "it cannot be verified",
        })
    }
    #[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
    reason_in_words(&cause.to_string())
}

/// The texts of the platforms' TLS libraries, which have no common error type.
#[cfg_attr(
    any(feature = "rustls", feature = "rustls-ring"),
    allow(dead_code, reason = "for the platform's own library")
)]
fn reason_in_words(said: &str) -> Option<&'static str> {
    const SIGNS: [&str; 4] = [
        // OpenSSL
        "certificate verify failed",
        // Secure Transport
        "The certificate was not trusted",
        "The trust policy was not trusted",
        // SChannel
        "not trusted by the trust provider",
    ];
    let is_untrusted = SIGNS.iter().any(|sign| said.contains(sign));
    is_untrusted.then_some("it cannot be verified")
}

pub(crate) fn untrusted(place: &str, reason: &str) -> Error {
    let file = std::env::var_os("SSL_CERT_FILE").filter(|it| !it.is_empty());
    let hint = match file.as_deref().map(Path::new).and_then(unusable) {
        Some(rule) => format!("; SSL_CERT_FILE names a file that {rule}"),
        None => {
            "; trust is given by the system's store, by the file that SSL_CERT_FILE names, or by \
                 HttpOptions::with_extra_roots"
                .to_owned()
        }
    };
    let message = format!("the certificate of {place} is not trusted: {reason}{hint}");
    Error::new(ErrorKind::Config, message).with_code(UNTRUSTED_CERTIFICATE)
}

/// What is wrong with a file of certificates, which those who read the system's store pass over in
/// silence.
fn unusable(path: &Path) -> Option<&'static str> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Some("does not exist"),
        Err(_) => return Some("cannot be read"),
        Ok(about) if !about.is_file() => return Some("is no file"),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        return Some("cannot be read");
    }
    let mark = b"CERTIFICATE-----";
    let has_one = bytes.windows(mark.len()).any(|it| it == mark);
    (!has_one).then_some("holds no certificate in PEM")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named_as_such() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let rule = |name: &str| unusable(&manifest.join(name));
        assert_eq!(rule("nothing"), Some("does not exist"));
        assert_eq!(rule("src"), Some("is no file"));
        assert_eq!(rule("Cargo.toml"), Some("holds no certificate in PEM"));
    }

    #[test]
    fn the_words_of_the_platforms_library_are_understood() {
        let openssl = "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate \
             verify failed:../ssl/statem/statem_clnt.c:1889: (self-signed certificate)";
        assert!(reason_in_words(openssl).is_some());
        assert!(reason_in_words("wrong version number").is_none());
    }
}
