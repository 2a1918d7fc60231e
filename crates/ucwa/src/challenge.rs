//! `WWW-Authenticate`, as Skype for Business spells it: two header lines or one merged line,
//! values quoted or not, commas inside quotes.

/// What a 401 offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Where web tickets are issued (`MsRtcOAuth href`).
    pub(crate) token_endpoint: Option<String>,
    /// The grants offered there.
    pub(crate) grants: Vec<String>,
    /// Where Entra ID issues tokens (`Bearer authorization_uri`).
    pub(crate) authorization_uri: Option<String>,
}

impl Challenge {
    /// Reads all lines of the header together. What is not understood is skipped.
    pub(crate) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut challenge = Self::default();
        for line in lines {
            for (scheme, name, value) in Parameters::new(line) {
                challenge.take(scheme, name, value);
            }
        }
        challenge
    }

    fn take(&mut self, scheme: &str, name: &str, value: &str) {
        let is = |s: &str, n: &str| scheme.eq_ignore_ascii_case(s) && name.eq_ignore_ascii_case(n);
        if is("MsRtcOAuth", "href") {
            self.token_endpoint = Some(value.to_owned());
        } else if is("MsRtcOAuth", "grant_type") {
            let grants = value.split(',').map(str::trim);
            self.grants = grants
                .filter(|g| !g.is_empty())
                .map(str::to_owned)
                .collect();
        } else if is("Bearer", "authorization_uri") {
            self.authorization_uri = Some(value.to_owned());
        }
    }
}

/// Walks over one line as (scheme, name, value). A scheme is a word that no `=` follows.
struct Parameters<'a> {
    rest: &'a str,
    scheme: &'a str,
}

impl<'a> Parameters<'a> {
    fn new(line: &'a str) -> Self {
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

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, &'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            if self.rest.is_empty() {
                return None;
            }
            let word = self.word();
            let after = self.rest.trim_start();
            match after.strip_prefix('=') {
                Some(value) => {
                    self.rest = value.trim_start();
                    return Some((self.scheme, word, self.value()));
                }
                None => self.scheme = word,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BEARER: &str = r#"Bearer trusted_issuers="00000002-0000-0ff1-ce00-000000000000@contoso.com", client_id="00000004-0000-0ff1-ce00-000000000000""#;
    const TICKET: &str = r#"MsRtcOAuth href="https://lyncweb.contoso.com/WebTicket/oauthtoken",grant_type="urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password""#;

    fn expected() -> Challenge {
        Challenge {
            token_endpoint: Some("https://lyncweb.contoso.com/WebTicket/oauthtoken".into()),
            grants: [
                "urn:microsoft.rtc:windows",
                "urn:microsoft.rtc:anonmeeting",
                "password",
            ]
            .map(String::from)
            .to_vec(),
            authorization_uri: None,
        }
    }

    #[test]
    fn two_lines_and_one_merged_line_say_the_same() {
        assert_eq!(Challenge::read([BEARER, TICKET]), expected());
        assert_eq!(Challenge::read([TICKET, BEARER]), expected());
        assert_eq!(
            Challenge::read([format!("{BEARER}, {TICKET}").as_str()]),
            expected()
        );
        assert_eq!(
            Challenge::read([format!("{TICKET},{BEARER}").as_str()]),
            expected()
        );
    }

    #[test]
    fn an_href_need_not_be_quoted_and_names_have_any_case() {
        let line =
            "msrtcoauth HREF=https://lyncweb.contoso.com/WebTicket/oauthtoken, Grant_Type=password";
        let challenge = Challenge::read([line]);
        assert_eq!(challenge.token_endpoint, expected().token_endpoint);
        assert_eq!(challenge.grants, ["password"]);
    }

    #[test]
    fn the_entra_authorization_uri_is_of_the_bearer_scheme_only() {
        let uri = "https://login.windows.net/common/oauth2/authorize";
        let read =
            |scheme| Challenge::read([format!("{scheme} authorization_uri=\"{uri}\"").as_str()]);
        assert_eq!(read("Bearer").authorization_uri.as_deref(), Some(uri));
        assert_eq!(read("Negotiate").authorization_uri, None);
    }

    proptest! {
        #[test]
        fn hostile_lines_end(lines in prop::collection::vec(".*", 0..4)) {
            let _ = Challenge::read(lines.iter().map(String::as_str));
        }

        #[test]
        fn hostile_shapes_end(line in r#"(MsRtcOAuth|Bearer|href|=|"|,| |grant_type|\t){0,40}"#) {
            let _ = Challenge::read([line.as_str()]);
        }

        #[test]
        fn any_href_without_a_quote_is_kept(href in r#"https://[a-z.]{1,20}/[^"\r\n]{0,30}"#) {
            let line = format!("MsRtcOAuth href=\"{href}\"");
            prop_assert_eq!(Challenge::read([line.as_str()]).token_endpoint, Some(href));
        }
    }
}
