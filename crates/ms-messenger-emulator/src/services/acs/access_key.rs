//! Verification of ACS access-key signatures (HMAC-SHA256 over verb, target, date, host and content hash).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::wire::request::Request;

/// How far `x-ms-date` may be from the emulator's clock. The service's own window is unknown: a guess.
const DATE_WINDOW_MS: u64 = 15 * 60 * 1000;
const SIGNED_HEADERS: &str = "x-ms-date;host;x-ms-content-sha256";

/// Why a signature is refused. Each has its own text in the service's 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureProblem {
    /// `x-ms-content-sha256` is not the hash of the body.
    ContentHash,
    /// The signature is absent, garbled or of another key or request.
    Signature,
    /// `x-ms-date` is too old or too far ahead.
    Date,
}

impl SignatureProblem {
    /// The text of the service's response.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::ContentHash => {
                "Request 'x-ms-content-sha256' differs from generated content hash."
            }
            Self::Signature => "Denied by the resource provider.",
            Self::Date => "IDX23010: Lifetime validation of the signed http request failed.",
        }
    }
}

/// Verifies a whole request, its date against `now` (epoch milliseconds) last.
pub(crate) fn verify(key: &[u8], request: &Request, now: u64) -> Result<(), SignatureProblem> {
    let claimed_hash = request.header("x-ms-content-sha256").unwrap_or_default();
    let date = request.header("x-ms-date").unwrap_or_default();
    let signed = Signed {
        verb: request.method.as_str(),
        target: &request.target,
        date,
        host: request.host(),
        body: &request.body,
    };
    signed.verify_hash(claimed_hash)?;
    let authorization = request.header("authorization").unwrap_or_default();
    signed.verify_signature(key, signature_of(authorization)?)?;
    let at = httpdate::parse_http_date(date).map_err(|_| SignatureProblem::Signature)?;
    let now = crate::wire::clock::at_ms(now);
    let distance = now.duration_since(at).unwrap_or_else(|e| e.duration());
    if distance.as_millis() > u128::from(DATE_WINDOW_MS) {
        return Err(SignatureProblem::Date);
    }
    Ok(())
}

/// Takes the signature out of `HMAC-SHA256 SignedHeaders=…&Signature=…`.
fn signature_of(authorization: &str) -> Result<&str, SignatureProblem> {
    let fields = authorization
        .strip_prefix("HMAC-SHA256 ")
        .and_then(|rest| rest.strip_prefix("SignedHeaders="))
        .and_then(|rest| rest.split_once("&Signature="));
    match fields {
        Some((headers, signature)) if headers.eq_ignore_ascii_case(SIGNED_HEADERS) => Ok(signature),
        _ => Err(SignatureProblem::Signature),
    }
}

/// What a signature covers.
struct Signed<'a> {
    verb: &'a str,
    target: &'a str,
    date: &'a str,
    host: &'a str,
    body: &'a [u8],
}

impl Signed<'_> {
    fn content_hash(&self) -> String {
        STANDARD.encode(Sha256::digest(self.body))
    }

    fn verify_hash(&self, claimed: &str) -> Result<(), SignatureProblem> {
        let same = self.content_hash().as_bytes().ct_eq(claimed.as_bytes());
        if bool::from(same) {
            Ok(())
        } else {
            Err(SignatureProblem::ContentHash)
        }
    }

    fn verify_signature(&self, key: &[u8], signature: &str) -> Result<(), SignatureProblem> {
        let to_sign = format!(
            "{}\n{}\n{};{};{}",
            self.verb,
            self.target,
            self.date,
            self.host,
            self.content_hash()
        );
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| SignatureProblem::Signature)?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key).map_err(|_| SignatureProblem::Signature)?;
        mac.update(to_sign.as_bytes());
        // `verify_slice` compares in constant time.
        mac.verify_slice(&signature)
            .map_err(|_| SignatureProblem::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Tue, 01 Apr 2025 12:34:56 GMT";
    const HOST: &str = "my-resource.communication.azure.com";
    const ENCODED: &str = "19%3A34adfa4f-cedf-4dc0-ba29-b6d1a69ab345%40thread.v2";
    const RAW: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";
    const BODY_A: &str = concat!(
        r#"{"request":{"kind":"text","content":"I need help"},"#,
        r#""outboundDeliveryStrategy":"allParticipants"}"#
    );
    const BODY_C: &str = concat!(
        r#"{"channelRegistrationId":"0f0eb78e-a576-1dfc-b414-0f0756de3338","#,
        r#""to":["14250000000"],"kind":"text","content":"héllo 😀"}"#
    );

    fn check(verb: &str, target: &str, host: &str, body: &str, hash: &str, signature: &str) {
        let key: Vec<u8> = (0..64).collect();
        let signed = Signed {
            verb,
            target,
            date: DATE,
            host,
            body: body.as_bytes(),
        };
        assert_eq!(signed.verify_hash(hash), Ok(()), "{target}");
        assert_eq!(signed.verify_signature(&key, signature), Ok(()), "{target}");
        let elsewhere = Signed {
            host: "elsewhere",
            ..signed
        };
        assert_eq!(
            elsewhere.verify_signature(&key, signature),
            Err(SignatureProblem::Signature)
        );
    }

    #[test]
    fn published_vectors_verify() {
        let hash_a = "YW6m11Q5EhwGq1dUM1aMycSHjfbsBBLocA1pg6Nx0YU=";
        let nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let send = "messages:send?api-version=2025-04-01-preview";
        check(
            "POST",
            &format!("/messages/conversations/{ENCODED}/{send}"),
            HOST,
            BODY_A,
            hash_a,
            "56F0Ee1K4TjEYU0SajNH/LdsxEogJDzXjXmTENeUJVA=",
        );
        check(
            "GET",
            "/messages/channels/0f0eb78e-a576-1dfc-b414-0f0756de3338/templates\
             ?api-version=2024-08-30&maxpagesize=2",
            HOST,
            "",
            nothing,
            "XeREEcHFGP5jONsfpyy4OAMBywU76cITBPd2XB+kjxI=",
        );
        check(
            "POST",
            "/messages/notifications:send?api-version=2024-08-30",
            "127.0.0.1:8443",
            BODY_C,
            "F+eP9AYt5mgo0TTK9XVowrqBTGCtCT+8WWTyvOdvhmU=",
            "h+SuOIRrRSMnaVEY0PVz1B9ujeEnnT9nGCIivAkbRik=",
        );
        check(
            "POST",
            &format!("/messages/conversations/{RAW}/{send}"),
            HOST,
            BODY_A,
            hash_a,
            "lc/VGyz/D5m+RKw6OvchERjncGVuoYpaXZustEHOzI0=",
        );
        check(
            "POST",
            &format!("/messages/conversations/{ENCODED}:terminate?api-version=2025-04-01-preview"),
            HOST,
            "",
            nothing,
            "aWRrpP8bn3ZJvDxseLox30+PzAUk+i5T4EFqyVZVgOI=",
        );
    }

    #[test]
    fn the_header_must_name_the_three_signed_headers() {
        let good = format!("HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}&Signature=abc=");
        assert_eq!(signature_of(&good), Ok("abc="));
        for bad in [
            "",
            "Bearer x",
            "HMAC-SHA256 SignedHeaders=date&Signature=abc=",
        ] {
            assert!(signature_of(bad).is_err(), "{bad}");
        }
    }
}
