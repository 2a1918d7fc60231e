//! Configuration by the environment variables that the Azure libraries of other languages read.

use ms_messenger_core::Result;
use ms_messenger_http::Variables;

use crate::{Application, ClientCredentials};

const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";

impl Application {
    /// Reads `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and, if it is set, `AZURE_AUTHORITY_HOST`.
    ///
    /// ```no_run
    /// use ms_messenger_entra::Application;
    ///
    /// let user = Application::from_env()?.device_code(|prompt| println!("{}", prompt.message))?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Config` that names every missing or invalid variable, and no value.
    pub fn from_env() -> Result<Self> {
        let mut variables = Variables::from_process();
        let application = Self::from_variables(&mut variables);
        variables.finish(application)
    }

    /// As [`Self::from_env`], with any source of variables; missing and invalid ones are recorded
    /// in `variables`, and the result is `None`.
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let tenant = variables.required("AZURE_TENANT_ID", "the tenant, a GUID or a domain");
        let client_id = variables.required("AZURE_CLIENT_ID", "the id of the application");
        let application = Self::new(tenant?, client_id?);
        let Some(authority) = variables.optional(AUTHORITY) else {
            return Some(application);
        };
        let application = application.with_authority(authority);
        let is_address = variables.check_address(AUTHORITY, application.authority());
        is_address.then_some(application)
    }
}

impl ClientCredentials {
    /// Reads what [`Application::from_env`] reads, and the credential: `AZURE_CLIENT_SECRET`, else
    /// the assertion in the file that `AZURE_FEDERATED_TOKEN_FILE` names (workload identity).
    ///
    /// ```no_run
    /// use ms_messenger_core::CachedTokenProvider;
    /// use ms_messenger_entra::ClientCredentials;
    ///
    /// let tokens = CachedTokenProvider::new(ClientCredentials::from_env()?);
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Config` that names every missing or invalid variable, and no value.
    pub fn from_env() -> Result<Self> {
        let mut variables = Variables::from_process();
        let credentials = Self::from_variables(&mut variables);
        variables.finish(credentials)
    }

    /// Returns whether `variables` contain the credential of an application, even if the other
    /// variables are missing.
    #[must_use]
    pub fn are_in(variables: &Variables<'_>) -> bool {
        let proofs = ["AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"];
        variables.first(&proofs).is_some()
    }

    /// As [`Self::from_env`], with any source of variables; missing and invalid ones are recorded
    /// in `variables`, and the result is `None`.
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let application = Application::from_variables(variables);
        let made = if let Some(secret) = variables.optional("AZURE_CLIENT_SECRET") {
            application.map(|it| it.client_secret(secret))
        } else if let Some(file) = variables.optional("AZURE_FEDERATED_TOKEN_FILE") {
            application.map(|it| it.federated_token_file(file))
        } else {
            let what = "the secret of the application, or set AZURE_FEDERATED_TOKEN_FILE";
            variables.missing("AZURE_CLIENT_SECRET", what);
            None
        };
        match made? {
            Ok(credentials) => Some(credentials),
            Err(error) => {
                let rule = format!("the application cannot sign in: {}", error.message());
                variables.refuse("AZURE_CLIENT_ID", &rule);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;

    use super::*;

    const TENANT: (&str, &str) = ("AZURE_TENANT_ID", "contoso.com");
    const ID: (&str, &str) = ("AZURE_CLIENT_ID", "the-client");
    const SECRET: (&str, &str) = ("AZURE_CLIENT_SECRET", "hunter2");
    const FILE: (&str, &str) = ("AZURE_FEDERATED_TOKEN_FILE", "/no/such/file");
    const HOST: (&str, &str) = (AUTHORITY, "login.microsoftonline.us/");

    fn read(set: &[(&str, &str)]) -> Result<Option<ClientCredentials>> {
        let read = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut variables = Variables::new(&read);
        let credentials = ClientCredentials::from_variables(&mut variables);
        variables.into_result()?;
        Ok(credentials)
    }

    #[test]
    fn a_secret_or_a_file_is_enough_and_the_authority_is_taken() {
        for proof in [SECRET, FILE] {
            let credentials = read(&[TENANT, ID, proof, HOST]).unwrap().unwrap();
            let shown = format!("{credentials:?}");
            let token = "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token";
            assert!(shown.contains(token), "{shown}");
            assert!(!shown.contains("hunter2"));
        }
    }

    #[test]
    fn everything_that_is_missing_or_unusable_is_named_without_a_value() {
        let http = (AUTHORITY, "http://hunter2.com");
        let blank = (AUTHORITY, "hunter2 and more");
        for (set, named) in [
            (
                &[][..],
                &["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"][..],
            ),
            (&[SECRET], &["AZURE_TENANT_ID", "AZURE_CLIENT_ID"]),
            (&[TENANT, SECRET], &["AZURE_CLIENT_ID"]),
            (&[TENANT, ID], &["AZURE_CLIENT_SECRET"]),
            (&[TENANT, ID, SECRET, http], &["AZURE_AUTHORITY_HOST"]),
            (&[TENANT, ID, SECRET, blank], &["AZURE_AUTHORITY_HOST"]),
        ] {
            let error = read(set).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
            assert_eq!(fields, named);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
