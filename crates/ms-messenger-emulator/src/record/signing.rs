//! Access-key signatures of Azure Communication Services. They cover the host, so that one for the
//! recorder is none for the service.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, HOST},
};
use sha2::Sha256;

const SCHEME: &str = "HMAC-SHA256 SignedHeaders=";
const SIGNATURE: &str = "&Signature=";

/// An access key.
#[derive(Clone)]
pub(crate) struct AccessKey(Vec<u8>);

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey")
    }
}

/// The endpoint and the key of a connection string, `endpoint=…;accesskey=…`.
pub(crate) fn parse(connection_string: &str) -> Option<(String, AccessKey)> {
    let value = |wanted: &str| {
        let mut parts = connection_string.split(';');
        parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| value.trim())
        })
    };
    let key = STANDARD.decode(value("accesskey")?).ok()?;
    let endpoint = value("endpoint")?.trim_end_matches('/').to_owned();
    (!key.is_empty()).then_some((endpoint, AccessKey(key)))
}

impl AccessKey {
    /// Signs a request again for `host`, if its signature is one of this key for the host that the client
    /// called: a caller without the key cannot have it used.
    pub(crate) fn sign_again(
        &self,
        method: &str,
        target: &str,
        headers: &mut HeaderMap,
        host: &str,
    ) {
        let Some(signed) = self.signed_for(method, target, headers, host) else {
            return;
        };
        if let Ok(value) = HeaderValue::from_str(&signed) {
            headers.insert(AUTHORIZATION, value);
        }
    }

    fn signed_for(
        &self,
        method: &str,
        target: &str,
        headers: &HeaderMap,
        host: &str,
    ) -> Option<String> {
        let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (names, signature) = authorization.strip_prefix(SCHEME)?.split_once(SIGNATURE)?;
        let given = STANDARD.decode(signature).ok()?;
        let called = headers.get(HOST)?.to_str().ok()?;
        let own = self.signature(method, target, headers, names, called)?;
        own.verify_slice(&given).ok()?;
        let made = self.signature(method, target, headers, names, host)?;
        let made = STANDARD.encode(made.finalize().into_bytes());
        Some(format!("{SCHEME}{names}{SIGNATURE}{made}"))
    }

    fn signature(
        &self,
        method: &str,
        target: &str,
        headers: &HeaderMap,
        names: &str,
        host: &str,
    ) -> Option<Hmac<Sha256>> {
        let values = names.split(';').map(|name| match name {
            "host" => Some(host),
            _ => headers.get(name)?.to_str().ok(),
        });
        let values = values.collect::<Option<Vec<_>>>()?.join(";");
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{method}\n{target}\n{values}").as_bytes());
        Some(mac)
    }
}
