//! Keeps a subscription alive, and reads what was not notified.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep_until};

use super::{
    calls::{is_same_resource, life_left},
    new::NewSubscription,
    notices::LifecycleNotices,
};
use crate::{
    client::GraphChatClient,
    messages::Changes,
    models::{ChatMessage, Subscription},
    times::before,
};

/// The wait after the first failure; doubled after each later one.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// What a [`SubscriptionKeeper`] did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kept {
    /// It created the subscription.
    Created(Subscription),
    /// It renewed the subscription, which also reauthorizes it.
    Renewed(Subscription),
    /// It created the subscription again after that had ended. What was not notified meanwhile
    /// follows as [`Missed`](Self::Missed).
    Recreated(Subscription),
    /// Messages that changed while notifications may have been lost, read by delta. Some may have been
    /// notified too.
    Missed(Vec<ChatMessage>),
    /// It failed, and is retried after the wait.
    #[non_exhaustive]
    Failed {
        /// Why.
        error: Error,
        /// How long the next [`SubscriptionKeeper::next`] waits.
        retry_in: Duration,
    },
}

/// Keeps a subscription alive: creates it, renews it when half of its life is over, creates it again
/// when it was removed, and then reads by delta what may not have been notified.
///
/// ```no_run
/// use ms_messenger_core::SecretString;
/// use msgraph_chat::{GraphChatClient, Kept, SubscriptionKeeper};
///
/// # async fn run(client: GraphChatClient) -> Result<(), Box<dyn std::error::Error>> {
/// let chat = client.chat("19:2da4c29f6d7041eca70b638b43d45437@thread.v2");
/// let wanted = chat
///     .subscription("https://contoso.com/graph".parse()?, SecretString::from("5b1f0a5e3f5b4a43"))
///     .with_lifecycle_url("https://contoso.com/graph/lifecycle".parse()?);
/// let mut keeper = SubscriptionKeeper::new(client, wanted);
/// let notices = keeper.notices(); // for the receiver of lifecycle notifications
/// loop {
///     match keeper.next().await {
///         Kept::Missed(messages) => println!("{} messages to look at", messages.len()),
///         Kept::Failed { error, .. } => eprintln!("{error}"),
///         done => println!("{done:?}"),
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct SubscriptionKeeper {
    client: GraphChatClient,
    wanted: NewSubscription,
    notices: LifecycleNotices,
    current: Option<Current>,
    /// Whether a creation may have been executed that has no response.
    is_in_doubt: bool,
    /// Until when everything was notified, once there was a subscription.
    covered: Option<SystemTime>,
    /// What is read of a gap, and when that reading began.
    gap: Option<(Changes, SystemTime)>,
    is_gap: bool,
    failures: u32,
    not_before: Option<Instant>,
}

#[derive(Debug)]
struct Current {
    subscription: Subscription,
    renew_at: Instant,
    ends_at: Instant,
}

impl SubscriptionKeeper {
    /// Creates a keeper of the subscription `wanted`. Nothing happens before the first
    /// [`next`](Self::next).
    #[must_use]
    pub fn new(client: GraphChatClient, wanted: NewSubscription) -> Self {
        Self {
            client,
            wanted,
            notices: LifecycleNotices::default(),
            current: None,
            is_in_doubt: false,
            covered: None,
            gap: None,
            is_gap: false,
            failures: 0,
            not_before: None,
        }
    }

    /// Says that another process kept the subscription until `covered`: one to the same resource and
    /// address is replaced, and what changed since is read.
    #[must_use]
    pub fn with_covered_until(mut self, covered: SystemTime) -> Self {
        self.is_in_doubt = true;
        self.covered = Some(covered);
        self
    }

    /// Returns the handle to which lifecycle notifications are passed.
    #[must_use]
    pub fn notices(&self) -> LifecycleNotices {
        self.notices.clone()
    }

    /// Returns the subscription, if there is one.
    #[must_use]
    pub fn subscription(&self) -> Option<&Subscription> {
        self.current.as_ref().map(|current| &current.subscription)
    }

    /// Returns until when every change was notified or read, to start another keeper with.
    #[must_use]
    pub fn covered_until(&self) -> Option<SystemTime> {
        self.covered
    }

    /// Waits until something is to be done, does it, and returns what it did. It can be dropped at any
    /// time and called again: a creation without a response is looked up first.
    pub async fn next(&mut self) -> Kept {
        if let Some(at) = self.not_before.take() {
            sleep_until(at).await;
        }
        match self.step().await {
            Ok(kept) => {
                self.failures = 0;
                kept
            }
            Err(error) => {
                let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.min(10));
                let wait = error.retry_after().unwrap_or(doubled).min(LONGEST_WAIT);
                self.failures += 1;
                self.not_before = Some(Instant::now() + wait);
                Kept::Failed {
                    error,
                    retry_in: wait,
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Kept> {
        loop {
            self.heed();
            let Some(current) = &self.current else {
                return self.create().await;
            };
            if Instant::now() >= current.renew_at {
                match self.renew().await? {
                    Some(renewed) => return Ok(renewed),
                    None => continue,
                }
            }
            if self.is_gap {
                match self.read_gap().await? {
                    Some(messages) => return Ok(Kept::Missed(messages)),
                    None => continue,
                }
            }
            tokio::select! {
                () = sleep_until(current.renew_at) => {}
                () = self.notices.changed() => {}
            }
        }
    }

    /// Notes what lifecycle notifications said since.
    fn heed(&mut self) {
        let pending = self.notices.take();
        if pending.missed && self.covered.is_some() {
            self.note_gap();
        }
        let Some(current) = &mut self.current else {
            return;
        };
        let is_own = |id: &Option<String>| id.as_deref() == Some(&*current.subscription.id);
        if is_own(&pending.reauthorize) {
            // Until then notifications are lost.
            current.renew_at = Instant::now();
            self.is_gap = true;
            self.gap = None;
        }
        if is_own(&pending.removed) || Instant::now() >= current.ends_at {
            self.current = None;
        }
    }

    /// Lets what may not have been notified be read, from where everything is known: a list that is
    /// open began before.
    fn note_gap(&mut self) {
        self.is_gap = true;
        self.gap = None;
    }

    async fn create(&mut self) -> Result<Kept> {
        let was_covered = self.covered.is_some();
        let began = SystemTime::now();
        // What is there already may have another secret, which the service does not tell.
        if self.is_in_doubt
            && let Some(other) = self.look().await?
        {
            self.client.unsubscribe(&other.id).await?;
            self.note_gap();
        }
        let subscription = self.subscribe().await?;
        self.is_in_doubt = false;
        self.hold(subscription.clone());
        if was_covered {
            self.note_gap();
            return Ok(Kept::Recreated(subscription));
        }
        self.covered = Some(began);
        Ok(Kept::Created(subscription))
    }

    async fn subscribe(&mut self) -> Result<Subscription> {
        self.is_in_doubt = true;
        let created = self.client.subscribe(&self.wanted).await;
        if let Err(error) = &created {
            // 409 says that there is one already.
            self.is_in_doubt = error.delivery() != Delivery::NotSent;
        }
        created
    }

    /// Looks for the subscription among those that there are.
    async fn look(&self) -> Result<Option<Subscription>> {
        let resource = self.wanted.resource();
        let mut pages = self.client.subscriptions();
        while let Some(page) = pages.next_page().await? {
            let found = page.into_iter().find(|it| {
                let url = it.notification_url.as_deref().unwrap_or_default();
                is_same_resource(&it.resource, &resource) && self.wanted.notifies(url)
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Renews the subscription; `None` if it has ended.
    async fn renew(&mut self) -> Result<Option<Kept>> {
        let Some(current) = &self.current else {
            return Ok(None);
        };
        let end = self.wanted.end();
        match self.client.renew(&current.subscription.id, &end).await {
            Ok(subscription) => {
                if !self.is_gap {
                    self.covered = Some(SystemTime::now());
                }
                self.hold(subscription.clone());
                Ok(Some(Kept::Renewed(subscription)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.current = None;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn hold(&mut self, subscription: Subscription) {
        let left = life_left(&subscription, self.wanted.lifetime);
        let now = Instant::now();
        self.current = Some(Current {
            subscription,
            renew_at: now + left / 2,
            ends_at: now + left,
        });
    }

    /// Reads the next page of a gap; `None` for an empty one and at the end.
    async fn read_gap(&mut self) -> Result<Option<Vec<ChatMessage>>> {
        // Taken while it is read, so that one that is dropped meanwhile is read again.
        let gap = self.gap.take().or_else(|| self.open_gap());
        let Some((mut changes, began)) = gap else {
            // The resource has no list of changes.
            self.is_gap = false;
            return Ok(None);
        };
        let Some(messages) = changes.next_page().await? else {
            self.covered = Some(began);
            self.is_gap = false;
            return Ok(None);
        };
        self.gap = Some((changes, began));
        Ok((!messages.is_empty()).then_some(messages))
    }

    /// A list of what changed since the time until which everything is known.
    fn open_gap(&self) -> Option<(Changes, SystemTime)> {
        let now = SystemTime::now();
        let since = self.covered.unwrap_or(now);
        let since = before(since, self.client.pipeline().service_clock());
        let changes = self.wanted.place.changes(&self.client, since)?;
        Some((changes, now))
    }
}
