//! Setting up by the environment.

use std::sync::Arc;

use ms_messenger_core::{Result, StaticToken};
use ms_messenger_http::Variables;

use crate::{Cloud, GraphChatBuilder, error::PLATFORM};

impl GraphChatBuilder {
    pub(crate) fn from_vars(mut variables: Variables<'_>) -> Result<Self> {
        let what = "a delegated token for Microsoft Graph";
        let token = variables.required("MSGRAPH_TOKEN", what);
        let cloud = variables.optional("MSGRAPH_CLOUD").and_then(|name| {
            let cloud = cloud(&name);
            if cloud.is_none() {
                let rule = "must be global, us-gov-l4, us-gov-l5 or china";
                variables.refuse("MSGRAPH_CLOUD", rule);
            }
            cloud
        });
        let base_url = variables.optional("MSGRAPH_BASE_URL");
        let user = variables.optional("MSGRAPH_USER");
        let token = variables
            .finish(token)
            .map_err(|error| error.with_platform(PLATFORM))?;
        let mut builder = Self::new(Arc::new(StaticToken::new(token)));
        if let Some(cloud) = cloud {
            builder = builder.with_cloud(cloud);
        }
        if let Some(url) = base_url {
            builder = builder.with_base_url(url);
        }
        if let Some(own) = user {
            builder = builder.with_one_on_one_chats(own);
        }
        Ok(builder)
    }
}

fn cloud(name: &str) -> Option<Cloud> {
    match name {
        "global" => Some(Cloud::GLOBAL),
        "us-gov-l4" => Some(Cloud::US_GOV_L4),
        "us-gov-l5" => Some(Cloud::US_GOV_L5),
        "china" => Some(Cloud::CHINA),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::{Capability, ErrorKind, Messenger as _, TokenRequest};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<GraphChatBuilder> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        GraphChatBuilder::from_vars(Variables::new(&read))
    }

    #[tokio::test]
    async fn a_token_alone_is_enough_for_the_global_cloud() {
        let client = read(&[("MSGRAPH_TOKEN", " opaque\n")]).unwrap().build();
        let client = client.unwrap();
        let token = client.token().0.token(&TokenRequest::default()).await;
        assert_eq!(token.unwrap().secret(), "opaque");
        let endpoint = client.pipeline().endpoint().to_string();
        assert_eq!(endpoint, "https://graph.microsoft.com/v1.0");
        assert!(!client.capabilities().supports(Capability::ToUser));
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
            assert!(client.capabilities().supports(Capability::ToUser));
        }
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_named_without_a_value() {
        let error = read(&[("MSGRAPH_TOKEN", " "), ("MSGRAPH_CLOUD", "hunter2")]).unwrap_err();
        assert_eq!(
            (error.kind(), error.platform()),
            (ErrorKind::Config, Some(PLATFORM))
        );
        let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["MSGRAPH_TOKEN", "MSGRAPH_CLOUD"]);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
