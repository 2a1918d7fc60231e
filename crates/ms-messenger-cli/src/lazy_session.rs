//! A session of Skype for Business that signs in when it is first needed.

use std::fmt;

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
        Messenger::send(&self.session().await?, request).await
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        match self.session().await {
            Ok(session) => Messenger::settle(&session, request, evidence).await,
            Err(error) => Settled::CannotTell(error),
        }
    }
}
