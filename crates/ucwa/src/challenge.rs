//! `WWW-Authenticate` as Skype for Business writes it: two header lines or one merged line, values
//! quoted or not, commas inside quotes.
//!
//! ```text
//! WWW-Authenticate: Bearer trusted_issuers="00000002-…@contoso.com", client_id="00000004-…"
//! WWW-Authenticate: MsRtcOAuth href="https://lyncweb.contoso.com/WebTicket/oauthtoken",
//!                   grant_type="urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password"
//! ```

use ms_messenger_http::{ChallengeParameter, ChallengeParameters};

/// The content of a 401.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The address that issues web tickets (`MsRtcOAuth href`).
    pub(crate) token_endpoint: Option<String>,
    /// The grants offered there.
    pub(crate) grants: Vec<String>,
    /// The address at which Entra ID issues tokens (`Bearer authorization_uri`).
    pub(crate) authorization_uri: Option<String>,
}

impl Challenge {
    /// Reads all lines of the header together. Unknown parameters are skipped.
    pub(crate) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut challenge = Self::default();
        for line in lines {
            for parameter in ChallengeParameters::new(line) {
                challenge.take(&parameter);
            }
        }
        challenge
    }

    fn take(&mut self, parameter: &ChallengeParameter<'_>) {
        let is = |scheme: &str, name: &str| {
            parameter.scheme.eq_ignore_ascii_case(scheme)
                && parameter.name.eq_ignore_ascii_case(name)
        };
        let value = parameter.value;
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
    fn two_lines_and_one_merged_line_mean_the_same() {
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
