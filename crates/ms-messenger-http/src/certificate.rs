//! A certificate that is not trusted: why, and what to do about it.

use std::error::Error as StdError;

use ms_messenger_core::{Error, ErrorKind};

/// The [`Error::code`] of a call whose server presented a certificate that is not trusted. It
/// is `Config`, so that it counts as permanent, and nothing was sent.
pub const UNTRUSTED_CERTIFICATE: &str = "untrusted_certificate";

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
    let message = format!(
        "the certificate of {place} is not trusted: {reason}; trust is given by the system's \
         store, by the file that SSL_CERT_FILE names, or by HttpOptions::with_extra_roots"
    );
    Error::new(ErrorKind::Config, message).with_code(UNTRUSTED_CERTIFICATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_platforms_library_are_understood() {
        let openssl = "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate \
             verify failed:../ssl/statem/statem_clnt.c:1889: (self-signed certificate)";
        assert!(reason_in_words(openssl).is_some());
        assert!(reason_in_words("wrong version number").is_none());
    }
}
