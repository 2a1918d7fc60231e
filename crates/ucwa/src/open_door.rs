//! Requests for resources that no typed function covers.

use ms_messenger_core::{Error, Result};
use ms_messenger_http::{Method, OpenRequest};

use crate::{error::PLATFORM, session::UcwaSession};

impl UcwaSession {
    /// Returns a request for any resource of the session's own host, with its ticket: for operations
    /// that no typed function covers. `href` is an address of the server as a link has it, absolute
    /// or relative, and may hold a query. It is valid until the session gets another application.
    ///
    /// A GET is retried as a read. Every other method is taken for a call that must not be executed
    /// twice, until [`with_retry_class`](OpenRequest::with_retry_class) states otherwise.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    /// use serde_json::{Value, json};
    /// use ucwa::{AcceptPolicy, Method, RetryClass, UcwaCredential, UcwaSession};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let user = &emulator.seed().ucwa.users[0];
    /// let credential = UcwaCredential::password(&user.username, user.password.as_str());
    /// let session = UcwaSession::builder(&user.sip, credential)
    ///     .with_discovery_url(&emulator.seed().ucwa.discover)
    ///     .sign_in()
    ///     .await?;
    /// let incoming = session.receive(AcceptPolicy::Everyone).await?;
    ///
    /// let application: Value = session.request(Method::GET, session.href())?.json().await?;
    /// let me = &application["_embedded"]["me"]["_links"];
    /// let note = me["note"]["href"].as_str().ok_or("no link")?;
    /// session
    ///     .request(Method::POST, note)?
    ///     .with_json(&json!({ "message": "Back at nine" }))?
    ///     .with_retry_class(RetryClass::Repeatable)
    ///     .send()
    ///     .await?;
    /// let read: Value = session.request(Method::GET, note)?.json().await?;
    /// assert_eq!(read["message"], "Back at nine");
    /// assert!(session.request(Method::GET, "https://contoso.com/").is_err());
    /// # drop(incoming);
    /// # session.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an address of another origin, and for the event channel:
    /// reading it would take the events away from the session. The end of the session.
    pub fn request(&self, method: Method, href: impl AsRef<str>) -> Result<OpenRequest> {
        let inner = self.inner();
        inner.lifecycle.check()?;
        let application = inner.application.get();
        let invalid = |rule| Error::invalid("href", rule).with_platform(PLATFORM);
        let path = application.path(href.as_ref());
        let path = path.map_err(|_| invalid("must be an address of the session's own host"))?;
        if application.is_channel(&path) {
            let rule = "must not be the event channel, which the session reads itself";
            return Err(invalid(rule));
        }
        Ok(application.open_request(method, path))
    }

    /// Returns the address of the session's application, from which links lead to all its resources.
    pub fn href(&self) -> String {
        self.inner().application.get().href().to_owned()
    }
}
