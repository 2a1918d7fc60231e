//! Builders from the environment.

use ms_messenger_core::Result;
use ms_messenger_http::Variables;

use crate::{builder::UcwaBuilder, credential::UcwaCredential, error::PLATFORM};

impl UcwaBuilder {
    /// Reads the settings from the environment variables `UCWA_SIP` and `UCWA_PASSWORD`, and if
    /// they are set, `UCWA_USERNAME`, `UCWA_DISCOVERY_URL`, `UCWA_ENDPOINT_ID` and
    /// `UCWA_TRUSTED_DOMAIN`. The README describes them.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing, and no value.
    ///
    /// ```no_run
    /// use ucwa::UcwaBuilder;
    ///
    /// # async fn run() -> Result<(), ms_messenger_core::Error> {
    /// let session = UcwaBuilder::from_env()?.sign_in().await?;
    /// # session.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_env() -> Result<Self> {
        read(Variables::from_process())
    }

    /// Reads the settings of [`from_env`](Self::from_env) from `variables`. Returns `None` if one
    /// is missing, which `variables` records.
    ///
    /// ```
    /// use ms_messenger_http::Variables;
    /// use ucwa::UcwaBuilder;
    ///
    /// let read = |name: &str| match name {
    ///     "UCWA_SIP" => Some("sip:bot@contoso.com".to_owned()),
    ///     "UCWA_PASSWORD" => Some("hunter2".to_owned()),
    ///     _ => None,
    /// };
    /// let mut variables = Variables::new(&read);
    /// let builder = UcwaBuilder::from_variables(&mut variables);
    /// assert!(builder.is_some() && variables.into_result().is_ok());
    /// ```
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let sip = variables.required("UCWA_SIP", "the SIP address, sip:user@host");
        let password = variables.required("UCWA_PASSWORD", "the password");
        let (sip, password) = sip.zip(password)?;
        let username = variables
            .optional("UCWA_USERNAME")
            .unwrap_or_else(|| sip.strip_prefix("sip:").unwrap_or(&sip).to_owned());
        let mut builder = Self::new(sip, UcwaCredential::password(username, password));
        if let Some(url) = variables.optional("UCWA_DISCOVERY_URL") {
            builder = builder.with_discovery_url(url);
        }
        if let Some(id) = variables.optional("UCWA_ENDPOINT_ID") {
            builder = builder.with_endpoint_id(id);
        }
        if let Some(domain) = variables.optional("UCWA_TRUSTED_DOMAIN") {
            builder = builder.with_trusted_domain(domain);
        }
        Some(builder)
    }
}

fn read(mut variables: Variables<'_>) -> Result<UcwaBuilder> {
    let builder = UcwaBuilder::from_variables(&mut variables);
    let builder = variables.finish(builder);
    builder.map_err(|error| error.with_platform(PLATFORM))
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::credential::Kind;

    fn read_list(variables: &[(&str, &str)]) -> Result<UcwaBuilder> {
        read(Variables::new(&|name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }))
    }

    /// User name and password.
    fn credential(builder: &UcwaBuilder) -> (String, String) {
        match builder.credential().kind() {
            Kind::Password { username, password } => {
                (username.clone(), password.expose_secret().to_owned())
            }
            _ => panic!("{builder:?}"),
        }
    }

    const SIP: (&str, &str) = ("UCWA_SIP", "sip:bot@contoso.com");
    const PASSWORD: (&str, &str) = ("UCWA_PASSWORD", " hunter2\n");

    #[test]
    fn address_and_password_are_enough() {
        let builder = read_list(&[SIP, PASSWORD]).unwrap();
        let expected = ("bot@contoso.com".to_owned(), "hunter2".to_owned());
        assert_eq!(credential(&builder), expected);
        let builder = read_list(&[SIP, PASSWORD, ("UCWA_USERNAME", r"CONTOSO\bot")]).unwrap();
        assert_eq!(credential(&builder).0, r"CONTOSO\bot");
    }

    #[test]
    fn every_optional_variable_is_read() {
        let builder = read_list(&[
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
        let error = read_list(&[("UCWA_USERNAME", "hunter2")]).unwrap_err();
        assert_eq!(
            (error.kind(), error.platform()),
            (ErrorKind::Config, Some(PLATFORM))
        );
        let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["UCWA_SIP", "UCWA_PASSWORD"]);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
