//! What a session, its handles and its background tasks share.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{CancelHandle, Deadline, Error, Result};
use ms_messenger_http::Operation;
use tokio::sync::Semaphore;

use crate::{
    application::Application,
    config::Config,
    conversations::Conversations,
    current_application::CurrentApplication,
    error::UcwaErrorExt as _,
    hosts::Hosts,
    lifecycle::{End, Lifecycle},
    receivers::Receivers,
    resource::Resource,
    state::State,
    turns::Turns,
};

/// The most invitations that get a response at once.
const MAX_RESPONSES: usize = 256;
/// As good as no deadline.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The parts of a session, each with its own lock.
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) application: CurrentApplication,
    pub(crate) conversations: Conversations,
    pub(crate) turns: Turns,
    pub(crate) receivers: Receivers,
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// Limits how many invitations get a response at once.
    pub(crate) responses: Arc<Semaphore>,
}

impl Inner {
    /// Discovers the server and signs in.
    pub(crate) async fn sign_in(config: Config, hosts: Hosts) -> Result<Self> {
        let application = CurrentApplication::create(hosts, &config).await?;
        let state = State {
            application: application.get().id,
            own: config.sip.clone(),
            ..State::default()
        };
        let lifecycle = Arc::<Lifecycle>::default();
        Ok(Self {
            config,
            application,
            conversations: Conversations::new(state, Arc::clone(&lifecycle)),
            turns: Turns::default(),
            receivers: Receivers::default(),
            lifecycle,
            responses: Arc::new(Semaphore::new(MAX_RESPONSES)),
        })
    }

    /// Creates a new application in place of the one that was lost, and makes the user available
    /// again if it was available before. Conversations are lost.
    pub(crate) async fn renew(&self) -> Result<Arc<Application>> {
        let fresh = self.application.create_next(&self.config).await?;
        if self.receivers.is_available()
            && let Some(application) = fresh.application()
            && let Err(error) = application.make_available(&self.config.formats).await
        {
            // The next attempt finds it again.
            if error.is_passing() {
                let _ = fresh.keep();
            }
            return Err(error);
        }
        let application = fresh.keep()?;
        let mut state = self.conversations.state();
        state.application = application.id;
        self.application.replace(Arc::clone(&application));
        drop(state);
        Ok(application)
    }

    /// Reads a resource for a caller.
    pub(crate) async fn read(
        &self,
        application: &Arc<Application>,
        operation: &'static Operation,
        href: &str,
    ) -> Result<Resource> {
        self.lifecycle.check()?;
        let found = application.get(operation, href).await;
        found.inspect_err(|error| self.observe(application, error))
    }

    /// Records what a failed call proves about the application.
    pub(crate) fn observe(&self, application: &Application, error: &Error) {
        self.application.observe_error(application, error);
    }

    /// Ends the session; `left` is why its application could not be deleted.
    pub(crate) fn finish(&self, end: End, left: Option<End>) {
        self.lifecycle.finish(end, left);
        let why = "the session ended before the verdict came";
        self.conversations.forget(why);
        self.receivers.close();
    }

    /// The deadline of a call that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline_of(None, None)
    }

    /// The same, with the time-out and the cancel handle of the caller.
    pub(crate) fn deadline_of(
        &self,
        timeout: Option<Duration>,
        cancel: Option<CancelHandle>,
    ) -> Deadline {
        let own = self.config.send_timeout.min(FAR);
        let timeout = timeout.map_or(own, |timeout| timeout.min(own));
        Deadline::new(Some(timeout), cancel)
    }
}
