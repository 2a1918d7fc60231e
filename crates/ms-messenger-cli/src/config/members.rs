//! What a profile of the configuration file can set.

/// A member of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The variable that it replaces; the name of the member is the same in lower case.
    pub(crate) variable: &'static str,
    /// Whether its value must be a reference.
    pub(crate) is_secret: bool,
}

const fn text(variable: &'static str) -> Member {
    Member {
        variable,
        is_secret: false,
    }
}

const fn secret(variable: &'static str) -> Member {
    Member {
        variable,
        is_secret: true,
    }
}

/// All members.
pub(crate) const MEMBERS: [Member; 22] = [
    secret("ACS_CONNECTION_STRING"),
    text("ACS_ENDPOINT"),
    secret("ACS_ACCESS_KEY"),
    secret("ACS_ACCESS_TOKEN"),
    text("ACS_CHANNEL_REGISTRATION_ID"),
    text("ACS_CHAT_ENDPOINT"),
    secret("ACS_CHAT_TOKEN"),
    secret("MSGRAPH_TOKEN"),
    text("MSGRAPH_CLOUD"),
    text("MSGRAPH_BASE_URL"),
    text("MSGRAPH_USER"),
    text("UCWA_SIP"),
    text("UCWA_USERNAME"),
    secret("UCWA_PASSWORD"),
    text("UCWA_DISCOVERY_URL"),
    text("UCWA_ENDPOINT_ID"),
    text("UCWA_TRUSTED_DOMAIN"),
    text("AZURE_TENANT_ID"),
    text("AZURE_CLIENT_ID"),
    secret("AZURE_CLIENT_SECRET"),
    text("AZURE_FEDERATED_TOKEN_FILE"),
    text("AZURE_AUTHORITY_HOST"),
];

impl Member {
    /// Returns the member of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        MEMBERS.into_iter().find(|member| member.name() == name)
    }

    /// Returns the name: `acs_endpoint` for `ACS_ENDPOINT`.
    pub(crate) fn name(self) -> String {
        self.variable.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::ConnectionArgs, config::APPLICATION};

    #[test]
    fn every_option_and_variable_has_a_member() {
        let args = ConnectionArgs::default();
        let given = args.settings();
        let options = given.iter().map(|it| (it.variable, it.is_secret));
        let members = MEMBERS.iter().map(|it| (it.variable, it.is_secret));
        assert!(options.eq(members.take(given.len())));
        let variables = MEMBERS[given.len()..].iter().map(|it| it.variable);
        assert!(variables.eq(APPLICATION));
    }
}
