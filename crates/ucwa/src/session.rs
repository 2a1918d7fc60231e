//! The session: one signed-in user, kept alive in the background.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ms_messenger_core::{
    CancelHandle, ConversationId, Deadline, Delivery, Error, ErrorKind, Result,
};
use ms_messenger_http::Variables;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::{
    application::Application,
    builder::{Config, UcwaBuilder},
    channel::{FAREWELL, is_passing},
    conversation::Conversation,
    credential::Credential,
    discovery,
    error::{PLATFORM, Says as _},
    hosts::Hosts,
    incoming::{AcceptPolicy, Happened, IncomingStream},
    message::InstantMessage,
    operation::gone,
    outcome::Outcome,
    queue::{Inlet, Outlet, queue},
    state::State,
    words,
};

/// A signed-in user of Skype for Business. Clone it to share it: a clone is cheap.
///
/// In the background it holds the one pending GET of the event channel, reports activity once
/// the user was made available, and makes a new application when the server lost the old one.
/// [`sign_out`](Self::sign_out) ends it surely; when the last clone, conversation and stream are
/// dropped, it signs out in the background, as far as the runtime still runs.
#[derive(Clone)]
pub struct UcwaSession(Arc<Handle>);

/// What the last one drops.
struct Handle {
    inner: Arc<Inner>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inner.stop.send_replace(true);
    }
}

/// What the background tasks share with the session.
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) hosts: Hosts,
    /// The address that creates applications, until it proves to be out of date.
    applications: Mutex<Option<String>>,
    application: Mutex<Arc<Application>>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    /// Whether the session shall end.
    pub(crate) stop: watch::Sender<bool>,
    /// Why the session ended.
    ended: watch::Sender<Option<End>>,
    /// The last application that a call found gone, by its id.
    pub(crate) lost: watch::Sender<u64>,
    /// One opening at a time with each peer.
    peers: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    receiving: Mutex<Receiving>,
    /// How many invitations may be answered at once.
    pub(crate) answering: Arc<Semaphore>,
}

/// How many invitations are answered at once at most.
const ANSWERING: usize = 256;
/// As good as for ever.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

#[derive(Default)]
struct Receiving {
    policy: Option<AcceptPolicy>,
    /// Whether the user was made available, and is to be kept so.
    available: bool,
    queues: Vec<Inlet>,
}

/// A stream that is being opened. Where that fails, or is given up, nothing is left of it.
struct Opening<'a> {
    inner: &'a Inner,
    outlet: Option<Outlet>,
    before: Option<AcceptPolicy>,
}

impl<'a> Opening<'a> {
    fn begin(inner: &'a Inner, policy: AcceptPolicy) -> Self {
        let (inlet, outlet) = queue();
        let mut receiving = lock(&inner.receiving);
        receiving.queues.push(inlet);
        let before = receiving.policy.replace(policy);
        Self {
            inner,
            outlet: Some(outlet),
            before,
        }
    }

    fn done(mut self) -> Option<Outlet> {
        lock(&self.inner.receiving).available = true;
        self.outlet.take()
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if let Some(outlet) = &self.outlet {
            let mut receiving = lock(&self.inner.receiving);
            receiving.queues.retain(|inlet| !inlet.leads_to(outlet));
            receiving.policy = self.before.take();
        }
    }
}

/// Why a session ended, to be told many times.
#[derive(Clone, Debug)]
pub(crate) struct End {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
}

impl End {
    pub(crate) fn signed_out() -> Self {
        Self {
            kind: ErrorKind::Config,
            message: "the session is signed out".into(),
            status: None,
            code: None,
        }
    }

    pub(crate) fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: words::line(
                &format!("the session has ended: {}", error.message()),
                2 * words::WORDS,
            ),
            status: error.status(),
            code: error.code().map(str::to_owned),
        }
    }

    /// The error for who asks something of the session: nothing was sent.
    pub(crate) fn error(&self) -> Error {
        let mut error = Error::new(self.kind, self.message.clone())
            .with_platform(PLATFORM)
            .with_delivery(Delivery::NotSent);
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        match &self.code {
            Some(code) => error.with_code(code.clone()),
            None => error,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl UcwaSession {
    /// Sets up a session for the user with the SIP address `sip`, e.g. `sip:bot@contoso.com`.
    pub fn builder(sip: impl Into<String>, credential: Credential) -> UcwaBuilder {
        UcwaBuilder::new(sip.into(), credential)
    }

    /// Sets up a session by the environment: `UCWA_SIP` and `UCWA_PASSWORD`; and, if they are
    /// set, `UCWA_USERNAME`, `UCWA_DISCOVERY_URL`, `UCWA_ENDPOINT_ID` and `UCWA_TRUSTED_DOMAIN`.
    /// The README says more of them.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing, and no value.
    pub fn from_env() -> Result<UcwaBuilder> {
        UcwaBuilder::from_vars(Variables::from_process())
    }

    /// Discovers, signs in and starts the background tasks.
    pub(crate) async fn start(config: Config, hosts: Hosts) -> Result<Self> {
        let applications = discover(&hosts, &config).await?;
        let created = create(hosts.clone(), applications.clone(), &config, config.made_up);
        let application = created.await?;
        let state = State {
            application: application.id,
            own: config.sip.clone(),
            ..State::default()
        };
        let inner = Arc::new(Inner {
            config,
            hosts,
            applications: Mutex::new(Some(applications)),
            application: Mutex::new(Arc::clone(&application)),
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            ended: watch::Sender::new(None),
            lost: watch::Sender::new(0),
            peers: Mutex::default(),
            receiving: Mutex::default(),
            answering: Arc::new(Semaphore::new(ANSWERING)),
        });
        tokio::spawn(crate::channel::supervise(Arc::clone(&inner), application));
        Ok(Self(Arc::new(Handle { inner })))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0.inner
    }

    /// The id of this installation, as it was given or made up. Keep it: a new one at every
    /// start leaves applications behind until the server refuses more.
    #[must_use]
    pub fn endpoint_id(&self) -> &str {
        &self.inner().config.identity.endpoint_id
    }

    /// Sends a message to a person: in the conversation that is open with them, else in a new
    /// one, whose acceptance is waited for. The message itself is posted once, and the verdict
    /// is the server's event, not its response.
    ///
    /// Several sends to one person share one conversation.
    ///
    /// # Cancel safety
    ///
    /// Not cancel-safe: a message that was posted when the future is dropped goes out, and
    /// nobody is told of it. The session stays usable.
    pub async fn send(&self, to: &str, message: impl Into<InstantMessage>) -> Outcome {
        let message = message.into();
        let deadline = self.inner().deadline();
        self.inner().send_to_person(to, &message, &deadline).await
    }

    /// A conversation that is open in this session, by its id.
    pub fn conversation(&self, id: &ConversationId) -> Conversation {
        Conversation::new(self.clone(), id.as_str().to_owned())
    }

    /// Makes the user reachable, accepts invitations by `policy`, and answers what comes from
    /// others from now on. Several streams get the same; the last policy counts.
    ///
    /// # Errors
    ///
    /// As the server says; the session's end.
    pub async fn receive(&self, policy: AcceptPolicy) -> Result<IncomingStream> {
        let inner = self.inner();
        inner.alive()?;
        let opening = Opening::begin(inner, policy);
        let application = inner.application();
        application.make_available(&inner.config.formats).await?;
        let queue = opening.done().ok_or_else(gone)?;
        Ok(IncomingStream {
            session: self.clone(),
            queue,
        })
    }

    /// Begins a meeting: a conversation of several, to which
    /// [`add_participant`](Conversation::add_participant) invites.
    ///
    /// # Errors
    ///
    /// `Unsupported` when the policy of the user has no meetings; as the server says.
    pub async fn start_meeting(&self, subject: Option<&str>) -> Result<Conversation> {
        let key = self.inner().start_meeting(subject).await?;
        Ok(Conversation::new(self.clone(), key))
    }

    /// Whether the session still lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner().alive().is_ok()
    }

    /// Waits until the session has ended, and answers why: an error whose kind says whether
    /// signing in again can help.
    pub async fn ended(&self) -> Error {
        let mut ended = self.inner().ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(end) => end
                .as_ref()
                .map_or_else(|| End::signed_out().error(), End::error),
            Err(_) => End::signed_out().error(),
        }
    }

    /// Signs out: the application is deleted at the server and the background tasks have ended
    /// when this returns. Messages whose verdict is still to come are `Unknown`.
    pub async fn sign_out(&self) {
        self.inner().stop.send_replace(true);
        let _ = self.ended().await;
    }
}

impl fmt::Debug for UcwaSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UcwaSession")
            .field("sip", &words::sip(&self.inner().config.sip))
            .field("is_alive", &self.is_alive())
            .finish_non_exhaustive()
    }
}

/// An application that was just made. Unless it is kept, it is deleted: its maker was given up.
struct Fresh {
    application: Option<Arc<Application>>,
    is_own: bool,
}

impl Fresh {
    fn keep(mut self) -> Option<Arc<Application>> {
        self.application.take()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let Some(application) = self.application.take().filter(|_| self.is_own) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(FAREWELL, application.end()).await;
            });
        }
    }
}

/// Makes the application. Once asked for, it is made: where nobody waits for it any more, it is
/// deleted, if it can be nobody else's. With an endpoint id that was given, the next sign-in
/// finds it again, and may have found it already.
async fn create(
    hosts: Hosts,
    applications: String,
    config: &Config,
    is_own: bool,
) -> Result<Arc<Application>> {
    let (identity, retry) = (config.identity.clone(), config.retry.clone());
    let (give, take) = oneshot::channel();
    tokio::spawn(async move {
        let created = Application::create(&hosts, &applications, &identity, &retry).await;
        let fresh = created.map(|application| Fresh {
            application: Some(Arc::new(application)),
            is_own,
        });
        drop(give.send(fresh));
    });
    let created = take.await.map_err(|_| gone())?;
    created?.keep().ok_or_else(gone)
}

async fn discover(hosts: &Hosts, config: &Config) -> Result<String> {
    let user = discovery::user_address(hosts.web(), &config.start).await?;
    discovery::applications_address(hosts, &user).await
}

impl Inner {
    pub(crate) fn application(&self) -> Arc<Application> {
        Arc::clone(&lock(&self.application))
    }

    /// The state, for a moment.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Tells those who wait that the state has changed.
    pub(crate) fn announce(&self) {
        self.changed.send_modify(|generation| *generation += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until `look` finds something in the state. `None` at the deadline and at the end
    /// of the session.
    pub(crate) async fn wait_for<T>(
        &self,
        deadline: &Deadline,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes();
        loop {
            if let Some(found) = look(&mut self.state()) {
                return Some(found);
            }
            if self.alive().is_err() {
                return None;
            }
            let changed = deadline.limit(changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return None;
            }
        }
    }

    pub(crate) fn alive(&self) -> Result<()> {
        match &*self.ended.borrow() {
            Some(end) => Err(end.error()),
            None if *self.stop.borrow() => Err(End::signed_out().error()),
            None => Ok(()),
        }
    }

    /// The lock of one peer. Those that nobody holds are thrown away.
    pub(crate) fn peer(&self, peer: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut peers = lock(&self.peers);
        peers.retain(|name, gate| name == peer || Arc::strong_count(gate) > 1);
        Arc::clone(peers.entry(peer.to_owned()).or_default())
    }

    /// Notes what a failed call says of the application.
    pub(crate) fn heed(&self, application: &Arc<Application>, error: &Error) {
        if error.is_application_gone() {
            self.lost.send_replace(application.id);
        }
        if matches!(error.status(), Some(403 | 502)) {
            self.rediscover();
        }
    }

    /// Throws the discovered address away.
    pub(crate) fn rediscover(&self) {
        *lock(&self.applications) = None;
    }

    /// Makes a new application in place of the one that was lost, and whatever it needs to be
    /// what the old one was. Conversations are lost.
    pub(crate) async fn renew(&self) -> Result<Arc<Application>> {
        let known = lock(&self.applications).clone();
        let applications = match known {
            Some(applications) => applications,
            None => {
                let found = discover(&self.hosts, &self.config).await?;
                *lock(&self.applications) = Some(found.clone());
                found
            }
        };
        let created = create(self.hosts.clone(), applications, &self.config, true).await;
        let application = created.inspect_err(|error| {
            if matches!(error.status(), Some(403 | 502)) {
                self.rediscover();
            }
        })?;
        // From here on it is given up with the session alone.
        let fresh = Fresh {
            application: Some(application),
            is_own: true,
        };
        if self.is_receiving()
            && let Some(application) = &fresh.application
            && let Err(error) = application.make_available(&self.config.formats).await
        {
            // The next attempt finds it again.
            if is_passing(&error) {
                let _ = fresh.keep();
            }
            return Err(error);
        }
        let application = fresh.keep().ok_or_else(gone)?;
        let mut state = self.state();
        state.application = application.id;
        *lock(&self.application) = Arc::clone(&application);
        drop(state);
        Ok(application)
    }

    /// Whether the user was made available, and is kept so.
    pub(crate) fn is_receiving(&self) -> bool {
        lock(&self.receiving).available
    }

    pub(crate) fn policy(&self) -> Option<AcceptPolicy> {
        lock(&self.receiving).policy.clone()
    }

    /// Hands on what came from others. Never waits.
    pub(crate) fn tell(&self, happened: &Happened) {
        let mut receiving = lock(&self.receiving);
        receiving
            .queues
            .retain(|queue| queue.send(happened.clone()));
    }

    /// Nothing of the application is left, and nothing that it said before counts any more.
    pub(crate) fn forget(&self, why: &'static str) {
        let mut state = self.state();
        state.application = 0;
        state.forget(why);
        drop(state);
        self.announce();
    }

    /// Nothing of what this application said before is left.
    pub(crate) fn reset(&self, application: &Application, why: &'static str) {
        let mut state = self.state();
        if state.application == application.id {
            state.forget(why);
        }
    }

    /// The session is over.
    pub(crate) fn finish(&self, end: End) {
        self.ended.send_replace(Some(end));
        self.forget("the session ended before the verdict came");
        lock(&self.receiving).queues.clear();
    }

    /// When what begins now ends.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline_of(None, None)
    }

    /// The same, with what the caller asks for besides.
    pub(crate) fn deadline_of(
        &self,
        timeout: Option<Duration>,
        cancel: Option<CancelHandle>,
    ) -> Deadline {
        let own = self.config.send_timeout.min(FAR);
        let timeout = timeout.map_or(own, |timeout| timeout.min(own));
        Deadline::new(Some(timeout), cancel)
    }

    pub(crate) fn poll_timeout(&self) -> Duration {
        // The server holds the GET; what comes on top is for the way.
        self.config.event_timeout + Duration::from_secs(30)
    }
}
