//! Setting up by the environment.

use ms_messenger_core::Result;
use ms_messenger_http::Variables;

use crate::{Credential, UcwaBuilder, error::PLATFORM};

impl UcwaBuilder {
    pub(crate) fn from_vars(mut variables: Variables<'_>) -> Result<Self> {
        let sip = variables.required("UCWA_SIP", "the own SIP address, sip:user@host");
        let password = variables.required("UCWA_PASSWORD", "the password");
        let username = variables.optional("UCWA_USERNAME");
        let discovery_url = variables.optional("UCWA_DISCOVERY_URL");
        let endpoint_id = variables.optional("UCWA_ENDPOINT_ID");
        let trusted_domain = variables.optional("UCWA_TRUSTED_DOMAIN");
        let (sip, password) = variables
            .finish(sip.zip(password))
            .map_err(|error| error.with_platform(PLATFORM))?;
        let username =
            username.unwrap_or_else(|| sip.strip_prefix("sip:").unwrap_or(&sip).to_owned());
        let mut builder = Self::new(sip, Credential::password(username, password));
        if let Some(url) = discovery_url {
            builder = builder.with_discovery_url(url);
        }
        if let Some(id) = endpoint_id {
            builder = builder.with_endpoint_id(id);
        }
        if let Some(domain) = trusted_domain {
            builder = builder.with_trusted_domain(domain);
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<UcwaBuilder> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        UcwaBuilder::from_vars(Variables::new(&read))
    }

    /// User name and password.
    fn credential(builder: &UcwaBuilder) -> (String, String) {
        match builder.credential() {
            Credential::Password { username, password } => {
                (username.clone(), password.expose_secret().to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    const SIP: (&str, &str) = ("UCWA_SIP", "sip:bot@contoso.com");
    const PASSWORD: (&str, &str) = ("UCWA_PASSWORD", " hunter2\n");

    #[test]
    fn address_and_password_are_enough() {
        let builder = read(&[SIP, PASSWORD]).unwrap();
        let expected = ("bot@contoso.com".to_owned(), "hunter2".to_owned());
        assert_eq!(credential(&builder), expected);
        let builder = read(&[SIP, PASSWORD, ("UCWA_USERNAME", r"CONTOSO\bot")]).unwrap();
        assert_eq!(credential(&builder).0, r"CONTOSO\bot");
    }

    #[test]
    fn everything_else_is_taken() {
        let builder = read(&[
            SIP,
            PASSWORD,
            ("UCWA_DISCOVERY_URL", "https://lync.contoso.com/"),
            ("UCWA_ENDPOINT_ID", "id-of-this-host"),
            ("UCWA_TRUSTED_DOMAIN", "fabrikam.com"),
        ]);
        let printed = format!("{:?}", builder.unwrap());
        for value in [
            "https://lync.contoso.com/",
            "id-of-this-host",
            "fabrikam.com",
        ] {
            assert!(printed.contains(value), "{printed}");
        }
        assert!(!printed.contains("hunter2"), "{printed}");
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let error = read(&[("UCWA_USERNAME", "hunter2")]).unwrap_err();
        assert_eq!(
            (error.kind(), error.platform()),
            (ErrorKind::Config, Some(PLATFORM))
        );
        let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["UCWA_SIP", "UCWA_PASSWORD"]);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
