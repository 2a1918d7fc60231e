//! Configuration from environment variables.

use std::sync::Arc;

use ms_messenger_core::{Error, ErrorKind, Problems, Result, TokenProvider};
use ms_messenger_http::{Variables, check_id};

use crate::{
    builder::GraphChatBuilder,
    cloud::Cloud,
    env_token::{EnvToken, TOKEN},
    error::PLATFORM,
};

/// The variable with the own user.
const USER: &str = "MSGRAPH_USER";

#[cfg(feature = "entra-token-store")]
const MISSING: &str = "a delegated token for Microsoft Graph; a sign-in of `msm login` would do, \
    by MSM_STATE_DIR and MSM_STORE_KEY_FILE";
#[cfg(not(feature = "entra-token-store"))]
const MISSING: &str = "a delegated token for Microsoft Graph";

impl GraphChatBuilder {
    /// Returns a builder configured by the variables of this process. The credential is the first
    /// of these that is set:
    ///
    /// * `MSGRAPH_TOKEN`: a delegated token. It is not renewed; one that is a JWT is checked for
    ///   its expiry.
    /// * `MSM_STATE_DIR` with `MSM_STORE_KEY` or `MSM_STORE_KEY_FILE` (feature `entra-token-store`): the
    ///   sign-in that `msm login` stored, which is renewed.
    /// * `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET` or
    ///   `AZURE_FEDERATED_TOKEN_FILE` (feature `entra`): an application without a user. Graph
    ///   sends messages for users only, so its tokens are rejected unless
    ///   [`with_app_only`](Self::with_app_only) is set.
    ///
    /// Optional are `MSGRAPH_CLOUD` (`global`, `us-gov-l4`, `us-gov-l5` or `china`),
    /// `MSGRAPH_BASE_URL`, and `MSGRAPH_USER`, the own id for
    /// [one-on-one chats](Self::with_one_on_one_chats) where it is not to be that of the token.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing or unusable, and no value.
    pub fn from_env() -> Result<Self> {
        read(Variables::from_process())
    }

    /// As [`from_env`](Self::from_env), from `variables`; problems are added to them.
    ///
    /// ```
    /// use ms_messenger_http::Variables;
    /// use msgraph_chat::GraphChatBuilder;
    ///
    /// let read = |name: &str| match name {
    ///     "MSGRAPH_TOKEN" => Some("eyJ0eXAi".to_owned()),
    ///     "MSGRAPH_CLOUD" => Some("us-gov-l4".to_owned()),
    ///     _ => None,
    /// };
    /// let mut variables = Variables::new(&read);
    /// let builder = GraphChatBuilder::from_variables(&mut variables);
    /// variables.into_result()?;
    /// let client = builder.expect("nothing is missing").build()?;
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let credential = credential(variables);
        let cloud = match variables.optional("MSGRAPH_CLOUD").map(|it| it.parse()) {
            None => Some(Cloud::GLOBAL),
            Some(Ok(cloud)) => Some(cloud),
            Some(Err(error)) => {
                let error: Error = error;
                variables.refuse("MSGRAPH_CLOUD", error.message());
                None
            }
        };
        let mut builder = Self::new(credential?).with_cloud(cloud?);
        if let Some(url) = variables.address("MSGRAPH_BASE_URL") {
            builder = builder.with_base_url(url);
        }
        if let Some(own) = variables.optional(USER) {
            let mut problems = Problems::new();
            check_id(&own, USER, &mut problems);
            let refused = problems.into_error(ErrorKind::Config);
            for problem in refused.iter().flat_map(Error::problems) {
                variables.refuse(USER, &problem.rule);
            }
            builder = builder.with_one_on_one_chats(own);
        }
        Some(builder)
    }
}

fn read(mut variables: Variables<'_>) -> Result<GraphChatBuilder> {
    let builder = GraphChatBuilder::from_variables(&mut variables);
    let result = variables.into_result();
    result.map_err(|error| error.with_platform(PLATFORM))?;
    builder.ok_or_else(|| Error::new(ErrorKind::Config, "the environment is unusable"))
}

fn credential(variables: &mut Variables<'_>) -> Option<Arc<dyn TokenProvider>> {
    if let Some(token) = variables.optional(TOKEN) {
        let token = EnvToken::new(token);
        if let Some(rule) = token.expired() {
            variables.refuse(TOKEN, &rule);
            return None;
        }
        return Some(Arc::new(token));
    }
    #[cfg(feature = "entra-token-store")]
    if ms_messenger_entra::StoredSignIn::is_in(variables) {
        let sign_in = ms_messenger_entra::StoredSignIn::from_variables(variables);
        return sign_in.map(|it| Arc::new(it) as Arc<dyn TokenProvider>);
    }
    #[cfg(feature = "entra")]
    if ms_messenger_entra::ClientCredentials::are_in(variables) {
        let application = ms_messenger_entra::ClientCredentials::from_variables(variables);
        return application.map(|it| Arc::new(it) as Arc<dyn TokenProvider>);
    }
    variables.missing(TOKEN, MISSING);
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ms_messenger_core::TokenRequest;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<GraphChatBuilder> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        super::read(Variables::new(&read))
    }

    fn fields(error: &Error) -> Vec<&str> {
        let problems = error.problems().iter();
        problems.map(|problem| problem.field.as_str()).collect()
    }

    fn expiring(at: SystemTime) -> String {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let claims = format!(r#"{{"scp":"ChatMessage.Send","exp":{}}}"#, since.as_secs());
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[tokio::test]
    async fn a_token_alone_is_enough_for_the_global_cloud() {
        let client = read(&[("MSGRAPH_TOKEN", " opaque\n")]).unwrap().build();
        let client = client.unwrap();
        let token = client.token().0.token(&TokenRequest::default()).await;
        assert_eq!(token.unwrap().secret(), "opaque");
        let endpoint = client.pipeline().endpoint().to_string();
        assert_eq!(endpoint, "https://graph.microsoft.com/v1.0");
        assert!(client.one_on_one().is_none());
    }

    #[tokio::test]
    async fn a_token_that_expired_is_refused_by_its_name_at_once_and_later() {
        let now = SystemTime::now();
        let old = expiring(now - Duration::from_secs(3600));
        let error = read(&[("MSGRAPH_TOKEN", &old)]).unwrap_err();
        assert_eq!(fields(&error), ["MSGRAPH_TOKEN"]);
        assert!(error.message().contains("expired at 20"), "{error}");
        assert!(!format!("{error:?}").contains(&old));

        let fresh = expiring(now + Duration::from_secs(3600));
        let client = read(&[("MSGRAPH_TOKEN", &fresh)]).unwrap().build();
        let client = client.unwrap();
        let request = TokenRequest::default();
        let token = client.token().0.token(&request).await.unwrap();
        assert!(token.expires_at().is_some());
        let rejected = TokenRequest::default().with_rejected(&token);
        let error = client.token().0.token(&rejected).await.unwrap_err();
        assert!(
            error.message().starts_with("MSGRAPH_TOKEN: was rejected"),
            "{error}"
        );

        let ended = EnvToken::new(old);
        for error in [
            ended.token(&request).await.unwrap_err(),
            ended.cached_token(&request).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            assert!(
                error.message().starts_with("MSGRAPH_TOKEN: expired at 20"),
                "{error}"
            );
        }
    }

    #[test]
    fn cloud_address_and_user_are_taken() {
        let token = ("MSGRAPH_TOKEN", "opaque");
        for (more, expected) in [
            (
                ("MSGRAPH_CLOUD", "china"),
                "https://microsoftgraph.chinacloudapi.cn/v1.0",
            ),
            (
                ("MSGRAPH_BASE_URL", "http://127.0.0.1:1/v1.0"),
                "http://127.0.0.1:1/v1.0",
            ),
        ] {
            let client = read(&[token, more, ("MSGRAPH_USER", "lene@contoso.com")]);
            let client = client.unwrap().build().unwrap();
            assert_eq!(client.pipeline().endpoint().to_string(), expected);
            assert_eq!(client.one_on_one().unwrap().as_str(), "lene@contoso.com");
        }
    }

    #[test]
    fn a_user_that_is_percent_encoded_is_named_by_its_variable() {
        let error = read(&[
            ("MSGRAPH_TOKEN", "t"),
            ("MSGRAPH_USER", "lene%40contoso.com"),
        ]);
        assert_eq!(fields(&error.unwrap_err()), ["MSGRAPH_USER"]);
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_named_without_a_value() {
        let wrong = ("MSGRAPH_BASE_URL", "hunter2");
        let error = read(&[("MSGRAPH_TOKEN", "t"), wrong]).unwrap_err();
        assert_eq!(
            error.message(),
            "MSGRAPH_BASE_URL: must be an absolute address, https://…"
        );
        let error = read(&[("MSGRAPH_TOKEN", " "), ("MSGRAPH_CLOUD", "hunter2")]).unwrap_err();
        assert_eq!(
            (error.kind(), error.platform()),
            (ErrorKind::Config, Some(PLATFORM))
        );
        assert_eq!(fields(&error), ["MSGRAPH_TOKEN", "MSGRAPH_CLOUD"]);
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[cfg(feature = "entra")]
    #[test]
    fn an_application_is_the_last_resort_and_must_be_whole() {
        let secret = ("AZURE_CLIENT_SECRET", "hunter2");
        let whole = [
            ("AZURE_TENANT_ID", "contoso.com"),
            ("AZURE_CLIENT_ID", "the-client"),
            secret,
        ];
        let printed = format!("{:?}", read(&whole).unwrap());
        assert!(printed.contains("the-client") && !printed.contains("hunter2"));
        let error = read(&[secret]).unwrap_err();
        assert_eq!(fields(&error), ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"]);
        let token = [&whole[..], &[("MSGRAPH_TOKEN", "opaque")]].concat();
        assert!(!format!("{:?}", read(&token).unwrap()).contains("the-client"));
    }

    #[cfg(feature = "entra-token-store")]
    #[test]
    fn a_stored_sign_in_comes_before_an_application_and_after_a_token() {
        let stored = [
            ("MSM_STATE_DIR", "/no/such/folder"),
            ("MSM_STORE_KEY_FILE", "/no/such/file"),
            ("AZURE_CLIENT_SECRET", "hunter2"),
        ];
        let printed = format!("{:?}", read(&stored).unwrap());
        assert!(printed.contains("/no/such/folder"), "{printed}");
        let token = [&stored[..], &[("MSGRAPH_TOKEN", "opaque")]].concat();
        assert!(!format!("{:?}", read(&token).unwrap()).contains("/no/such/folder"));
        let error = read(&[("MSM_STATE_DIR", "/x"), ("MSM_STORE_KEY", "hunter2")]).unwrap_err();
        assert_eq!(fields(&error), ["MSM_STORE_KEY"]);
    }
}
