//! `WWW-Authenticate`: what a rejection asks for. Source: RFC 9110 section 11; Graph, "Claims
//! challenges".

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// More than any challenge has.
const LONGEST: usize = 32 * 1024;

/// The claims challenge of a 401, as JSON text: that of a `Bearer` challenge with
/// `error="insufficient_claims"`, whose `claims` are an object in Base64 or Base64url. `None`
/// without one; a line or challenge that cannot be read hides no other. Pass it on as
/// [`TokenRequest::claims`](ms_messenger_core::TokenRequest::claims).
#[must_use]
pub fn claims_challenge(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(WWW_AUTHENTICATE).into_iter();
    let mut lines = lines.filter(|line| line.len() <= LONGEST);
    // Lossy: a name in another alphabet, say, stands beside the claims, not in them.
    lines.find_map(|line| claims(&String::from_utf8_lossy(line.as_bytes())))
}

/// The claims of the first challenge in `line` that asks for them.
fn claims(line: &str) -> Option<String> {
    let mut scheme = "";
    let (mut is_insufficient, mut claims) = (false, None);
    for parameter in ChallengeParameters::new(line) {
        // Two challenges of one scheme differ by where they stand.
        if !std::ptr::eq(scheme, parameter.scheme) {
            scheme = parameter.scheme;
            (is_insufficient, claims) = (false, None);
        }
        if !scheme.eq_ignore_ascii_case("Bearer") {
            continue;
        }
        if parameter.name.eq_ignore_ascii_case("error") {
            is_insufficient = parameter.value == "insufficient_claims";
        } else if parameter.name.eq_ignore_ascii_case("claims") {
            claims = Some(parameter.value);
        }
        if let Some(json) = claims.filter(|_| is_insufficient).and_then(decode) {
            return Some(json);
        }
    }
    None
}

/// Either alphabet, with padding or without; only an object of JSON is one.
fn decode(text: &str) -> Option<String> {
    let text = text
        .trim_end_matches('=')
        .replace('-', "+")
        .replace('_', "/");
    let json = STANDARD_NO_PAD.decode(text).ok()?;
    let json = String::from_utf8(json).ok()?;
    let object: Result<serde_json::Map<_, _>, _> = serde_json::from_str(&json);
    object.is_ok().then_some(json)
}

/// One parameter of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChallengeParameter<'a> {
    /// The scheme that it belongs to, as it is written; empty without one.
    pub scheme: &'a str,
    /// Its name, as it is written.
    pub name: &'a str,
    /// Its value, without quotation marks.
    pub value: &'a str,
}

/// The parameters of one line of `WWW-Authenticate`, over all challenges in it. Values are quoted
/// or not; commas may stand inside quotes. A scheme is a word that no `=` follows. What is not
/// understood is skipped; backslashes are left as they are.
///
/// ```
/// use ms_messenger_http::ChallengeParameters;
///
/// let line = r#"Negotiate, Bearer realm="a, b", error=invalid_token"#;
/// let found: Vec<_> = ChallengeParameters::new(line)
///     .map(|it| (it.scheme, it.name, it.value))
///     .collect();
/// assert_eq!(found, [("Bearer", "realm", "a, b"), ("Bearer", "error", "invalid_token")]);
/// ```
#[derive(Clone, Debug)]
pub struct ChallengeParameters<'a> {
    rest: &'a str,
    scheme: &'a str,
}

impl<'a> ChallengeParameters<'a> {
    /// Reads the parameters of `line`.
    #[must_use]
    pub const fn new(line: &'a str) -> Self {
        Self {
            rest: line,
            scheme: "",
        }
    }

    fn word(&mut self) -> &'a str {
        let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | '=');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        self.split(end)
    }

    fn value(&mut self) -> &'a str {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            self.rest = quoted.get(end + 1..).unwrap_or("");
            return &quoted[..end];
        }
        let is_end = |c: char| c.is_ascii_whitespace() || c == ',';
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        self.split(end)
    }

    fn split(&mut self, end: usize) -> &'a str {
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }
}

impl<'a> Iterator for ChallengeParameters<'a> {
    type Item = ChallengeParameter<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let is_blank = |c: char| c.is_ascii_whitespace() || c == ',';
            self.rest = self.rest.trim_start_matches(is_blank);
            if self.rest.is_empty() {
                return None;
            }
            let word = self.word();
            let after = self.rest.trim_start();
            match after.strip_prefix('=') {
                Some(value) => {
                    self.rest = value.trim_start();
                    return Some(ChallengeParameter {
                        scheme: self.scheme,
                        name: word,
                        value: self.value(),
                    });
                }
                None => self.scheme = word,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                WWW_AUTHENTICATE,
                HeaderValue::from_bytes(line.as_bytes()).ok()?,
            );
        }
        claims_challenge(&headers)
    }

    const JSON: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    const BASE64: &str =
        "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA0MTA2NjUxIn19fQ==";

    #[test]
    fn the_documented_forms_are_read() {
        let whole = format!(
            r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{BASE64}""#
        );
        let bare = format!(
            "bearer Error=insufficient_claims,CLAIMS={}",
            BASE64.trim_end_matches('=')
        );
        for lines in [
            &[whole.as_str()][..],
            &["Negotiate", &whole],
            &[&format!("Basic realm=\"x, Bearer\", {whole}")],
            &[&bare],
        ] {
            assert_eq!(read(lines).as_deref(), Some(JSON), "{lines:?}");
        }
        // The two letters by which Base64url differs.
        let url = r#"Bearer error="insufficient_claims", claims="eyJhIjoiPz8_fn5-In0""#;
        assert_eq!(read(&[url]).as_deref(), Some(r#"{"a":"???~~~"}"#));
    }

    #[test]
    fn what_cannot_be_read_hides_no_other_challenge() {
        let good = format!(r#"Bearer error="insufficient_claims", claims="{BASE64}""#);
        let beyond = format!("Basic realm=\"{}\"", "x".repeat(LONGEST));
        let undecodable = r#"Bearer error="insufficient_claims", claims="?""#;
        let other = r#"Bearer error="invalid_token""#;
        let latin = "Basic realm=\"Z\u{fc}rich\"";
        for bad in [&beyond, undecodable, other, latin, "Bearer", ""] {
            let together = format!("{bad}, {good}");
            let after = format!("{good}, {bad}");
            for lines in [[bad, &good], [&good, bad], [&together, ""], [&after, ""]] {
                let is_too_long = lines
                    .iter()
                    .any(|it| it.len() > LONGEST && it.contains(&good));
                let expected = (!is_too_long).then_some(JSON);
                assert_eq!(read(&lines).as_deref(), expected, "{lines:?}");
            }
        }
        let mut line = good.clone().into_bytes();
        line.splice(7..7, *b"realm=\"Z\xfcrich\", ");
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(&line).unwrap());
        assert_eq!(claims_challenge(&headers).as_deref(), Some(JSON));
    }

    #[test]
    fn what_is_no_challenge_is_none() {
        let other = format!(r#"Bearer error="invalid_token", claims="{BASE64}""#);
        let scheme = format!(r#"Basic error="insufficient_claims", claims="{BASE64}""#);
        let long = format!(
            r#"Bearer error="insufficient_claims", claims="{}""#,
            "A".repeat(LONGEST)
        );
        for line in [
            "",
            "Bearer",
            &other,
            &scheme,
            &long,
            r#"Bearer error="insufficient_claims""#,
            r#"Bearer error="insufficient_claims", claims="""#,
            r#"Bearer error="insufficient_claims", claims="W10""#,
            r#"Bearer error="insufficient_claims", claims="bnVsbA""#,
            r#"Bearer error="insufficient_claims", claims="gICA""#,
            r#"Bearer error="insufficient_claims", claims="{}""#,
        ] {
            assert_eq!(read(&[line]), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn hostile_lines_do_no_harm(line in ".*", claims in "[ -~]*") {
            let _ = ChallengeParameters::new(&line).count();
            let line = format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\"");
            if let Some(claims) = read(&[&line]) {
                let is_object = claims.trim_start().starts_with('{');
                prop_assert!(is_object);
            }
        }
    }
}
