//! A session of Skype for Business that signs in when it is first needed.

use std::{fmt, time::Duration};

use ms_messenger::{
    Capabilities, Delivery, Error, ErrorKind, Evidence, Messenger, Receipt, Result, SendRequest,
    Settled, async_trait,
    ucwa::{self, UcwaBuilder, UcwaSession},
};
use tokio::sync::Mutex;

use crate::{connect::sign_out, text};

/// Returns what signs in.
type Builder = Box<dyn Fn() -> Result<UcwaBuilder> + Send + Sync>;

/// A session that signs in when a message is first sent or settled.
pub(crate) struct LazySession {
    builder: Builder,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    SignedOut,
    SignedIn(UcwaSession),
    Ended,
}

impl fmt::Debug for LazySession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazySession")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl LazySession {
    /// Creates a session; nothing is sent.
    pub(crate) fn new(builder: impl Fn() -> Result<UcwaBuilder> + Send + Sync + 'static) -> Self {
        Self {
            builder: Box::new(builder),
            state: Mutex::new(State::SignedOut),
        }
    }

    async fn session(&self) -> Result<UcwaSession> {
        let mut state = self.state.lock().await;
        match &*state {
            State::SignedIn(session) => Ok(session.clone()),
            State::SignedOut => {
                let session = (self.builder)()?.sign_in().await?;
                *state = State::SignedIn(session.clone());
                Ok(session)
            }
            State::Ended => Err(ended()),
        }
    }

    /// Signs out, if it has signed in.
    pub(crate) async fn end(&self) {
        let state = std::mem::replace(&mut *self.state.lock().await, State::Ended);
        if let State::SignedIn(session) = state {
            sign_out(&session).await;
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Cancelled, text::process::SESSION_ENDED)
        .with_delivery(Delivery::NotSent)
        .with_platform(ucwa::PLATFORM)
}

#[async_trait]
impl Messenger for LazySession {
    fn platform(&self) -> &str {
        ucwa::PLATFORM
    }

    fn capabilities(&self) -> Capabilities {
        ucwa::CAPABILITIES
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        // Checked first: a message that is refused needs no sign-in.
        ucwa::check(request)?;
        let deadline = request.deadline();
        let session = match deadline.limit(self.session()).await {
            Ok(session) => session?,
            Err(reached) => {
                let error = reached.into_error().with_delivery(Delivery::NotSent);
                return Err(error.with_platform(ucwa::PLATFORM));
            }
        };
        // Signing in took a part of the time. A time-out of zero would be refused.
        let left = deadline.remaining();
        let mut request = request.clone();
        request.timeout = left.map(|left| left.max(Duration::from_millis(1)));
        Messenger::send(&session, &request).await
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        match self.session().await {
            Ok(session) => Messenger::settle(&session, request, evidence).await,
            Err(error) => Settled::CannotTell(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use ms_messenger::{
        Target,
        ucwa::{UcwaCredential, UcwaSession},
    };

    use super::*;

    #[tokio::test]
    async fn a_sign_in_ends_at_the_deadline_of_the_message_and_nothing_was_sent() {
        // Connections are taken, and nothing is answered.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let session = LazySession::new(move || {
            let credential = UcwaCredential::password("alice", "x");
            let builder = UcwaSession::builder("sip:alice@contoso.test", credential);
            Ok(builder.with_discovery_url(&*address))
        });
        let to: Target = "sip:bob@contoso.test".parse().unwrap();
        let mut request = SendRequest::new(to, "hello");
        request.timeout = Some(Duration::from_millis(100));
        let error = session.send(&request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Timeout, Delivery::NotSent),
            "{error}"
        );
    }
}
