//! The calls that create, read, renew and end subscriptions.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{Result, SecretString, Url};
use ms_messenger_http::{Call, Pages};
use serde_json::json;

use super::new::{NewSubscription, Place};
use crate::{
    channel::Channel,
    chat::Chat,
    client::GraphChatClient,
    models::Subscription,
    operations::{
        SUBSCRIPTION_CREATE, SUBSCRIPTION_DELETE, SUBSCRIPTION_GET, SUBSCRIPTION_LIST,
        SUBSCRIPTION_REAUTHORIZE, SUBSCRIPTION_UPDATE,
    },
    paths::CheckedPath,
    times::rfc3339,
};

impl GraphChatClient {
    /// Creates a subscription: `POST /subscriptions`. Source: "Create subscription". The service
    /// calls the addresses before it responds, so the receiver must be running.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; else the error of the service. It is not
    /// repeated where it is unknown whether it was executed: [`subscriptions`](Self::subscriptions)
    /// lists what there is. A [`SubscriptionKeeper`](crate::SubscriptionKeeper) does so itself.
    pub async fn subscribe(&self, wanted: &NewSubscription) -> Result<Subscription> {
        wanted.check(
            self.pipeline()
                .endpoint()
                .to_string()
                .starts_with("http://"),
        )?;
        let call = Call::of(&SUBSCRIPTION_CREATE, "/subscriptions");
        self.fetch(call.with_json(&wanted.body())).await
    }

    /// Returns the subscriptions of the application: `GET /subscriptions`. Source: "List
    /// subscriptions".
    pub fn subscriptions(&self) -> Pages<Subscription> {
        self.paged(CheckedPath::new("/subscriptions").call(&SUBSCRIPTION_LIST))
    }

    /// Reads a subscription: `GET /subscriptions/{id}`. Source: "Get subscription".
    ///
    /// # Errors
    ///
    /// `NotFound` for one that has ended; else the error of the service.
    pub async fn subscription(&self, id: &str) -> Result<Subscription> {
        self.fetch(of(id).call(&SUBSCRIPTION_GET)).await
    }

    /// Lets a subscription end at `end`, at most 3 days from now: `PATCH /subscriptions/{id}`. This
    /// also reauthorizes it. Source: "Update subscription".
    ///
    /// # Errors
    ///
    /// `NotFound` for one that has ended; else the error of the service.
    pub async fn renew_subscription(&self, id: &str, end: SystemTime) -> Result<Subscription> {
        self.renew(id, &rfc3339(end)).await
    }

    pub(super) async fn renew(&self, id: &str, end: &str) -> Result<Subscription> {
        let call = of(id).call(&SUBSCRIPTION_UPDATE)?;
        let call = call.with_json(&json!({ "expirationDateTime": end }));
        self.fetch(call).await
    }

    /// Reauthorizes a subscription whose lifecycle notification asks for it:
    /// `POST /subscriptions/{id}/reauthorize`.
    ///
    /// # Errors
    ///
    /// `NotFound` for one that has ended; else the error of the service.
    pub async fn reauthorize_subscription(&self, id: &str) -> Result<()> {
        let call = of(id)
            .then("/reauthorize")
            .call(&SUBSCRIPTION_REAUTHORIZE)?;
        self.pipeline().call(call).await.map(drop)
    }

    /// Ends a subscription: `DELETE /subscriptions/{id}`. Source: "Delete subscription". One that has
    /// ended already counts as success.
    ///
    /// # Errors
    ///
    /// That of the service.
    pub async fn unsubscribe(&self, id: &str) -> Result<()> {
        let call = of(id).call(&SUBSCRIPTION_DELETE)?.with_expected(&[404]);
        self.pipeline().call(call).await.map(drop)
    }
}

fn of(id: &str) -> CheckedPath {
    CheckedPath::new("/subscriptions").id("subscription", id)
}

impl Channel {
    /// Describes a subscription of `notification_url` to this channel, as
    /// [`NewSubscription::to_channel`].
    pub fn subscription(
        &self,
        notification_url: Url,
        client_state: SecretString,
    ) -> NewSubscription {
        let (team, channel) = (self.team().clone(), self.id().clone());
        NewSubscription::to_channel(team, channel, notification_url, client_state)
    }
}

impl Chat {
    /// Describes a subscription of `notification_url` to this chat, as
    /// [`NewSubscription::to_chat`].
    pub fn subscription(
        &self,
        notification_url: Url,
        client_state: SecretString,
    ) -> NewSubscription {
        NewSubscription::to_chat(self.id().clone(), notification_url, client_state)
    }
}

/// The life that a subscription has left, by the local clock.
pub(super) fn life_left(subscription: &Subscription, otherwise: Duration) -> Duration {
    let end = subscription.expires_at();
    let left = end.map(|end| end.duration_since(SystemTime::now()).unwrap_or_default());
    left.unwrap_or(otherwise).min(otherwise)
}

/// Whether two resources are the same: the service adds and drops the slash at the start.
pub(super) fn is_same_resource(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_matches('/'), other.trim_matches('/'));
    one.eq_ignore_ascii_case(other)
}

impl Place {
    /// The changes of the messages since `time`, where there is a list of them.
    pub(super) fn changes(
        &self,
        client: &GraphChatClient,
        time: SystemTime,
    ) -> Option<crate::Changes> {
        let query = crate::MessageQuery::new().with_changed_after(time);
        match self {
            Self::Channel(team, channel) => {
                let channel = client.channel(team.clone(), channel.clone());
                Some(channel.changes_with(&query))
            }
            Self::Chat(chat) => Some(client.chat(chat.clone()).changes_with(&query)),
            Self::Other(_) => None,
        }
    }
}
