//! The seeded ACS resource.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    seed::derive::{EPOCH_SECONDS, FAR_FUTURE, NAMES, digest, guid},
    wire::jwt::TokenKey,
};

pub(super) const AUDIENCE: &str = "https://communication.azure.com";

/// The seeded ACS resource.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AcsSeed {
    /// `endpoint=http://127.0.0.1:PORT/;accesskey=BASE64`.
    pub connection_string: String,
    /// Origin of the resource, without a trailing slash.
    pub endpoint: String,
    /// The access key, Base64 (64 bytes).
    pub access_key: String,
    /// GUID of the WhatsApp channel that sends notifications.
    pub channel_registration_id: String,
    /// Users with chat tokens; all of them take part in the thread and the conversation.
    pub users: Vec<AcsUser>,
    /// Id of the seeded chat thread, `19:…@thread.v2`.
    pub thread_id: String,
    /// Id of the seeded conversation of Advanced Messaging, `19:…@thread.v2`.
    pub conversation_id: String,
    /// Id of the seeded media file, a PNG image, for `GET /messages/streams/{id}`.
    pub media_id: String,
    /// A token as Entra ID issues it, for Advanced Messaging and Identity (audience
    /// `https://communication.azure.com`).
    pub entra_token: String,
    /// GUID of the resource, the first half of its users' ids.
    pub(crate) resource: String,
}

/// A seeded ACS user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AcsUser {
    /// Raw id, `8:acs:<resource>_<user>`.
    pub id: String,
    /// Short name, `alice`.
    pub name: String,
    /// User access token with the scopes `chat,voip`.
    pub token: String,
}

impl AcsSeed {
    /// The resource of that seed at `origin`; `entra_claims` are those of the application's token.
    pub(super) fn new(seed: u64, origin: &str, key: &TokenKey, entra_claims: &Value) -> Self {
        let access_key = STANDARD.encode(access_key(seed));
        let user = |name: &str| {
            let id = format!(
                "8:acs:{}_{}",
                resource(seed),
                guid(seed, &format!("acs-user-{name}"))
            );
            let claims = claims(seed, &id, &["chat", "voip"]);
            AcsUser {
                id,
                name: name.to_owned(),
                token: key.sign(&claims),
            }
        };
        Self {
            connection_string: format!("endpoint={origin}/;accesskey={access_key}"),
            endpoint: origin.to_owned(),
            access_key,
            channel_registration_id: guid(seed, "channel-registration").to_string(),
            users: NAMES.map(user).into(),
            thread_id: thread_id(&digest(seed, "thread")),
            conversation_id: format!("19:{}@thread.v2", guid(seed, "conversation")),
            media_id: guid(seed, "medium").to_string(),
            entra_token: key.sign(entra_claims),
            resource: resource(seed).to_string(),
        }
    }

    /// The member `acs` of the ready line.
    pub(crate) fn to_json(&self) -> Value {
        let user = |u: &AcsUser| json!({"id": u.id, "name": u.name, "token": u.token});
        json!({
            "connection_string": self.connection_string,
            "endpoint": self.endpoint,
            "channel_registration_id": self.channel_registration_id,
            "users": self.users.iter().map(user).collect::<Vec<Value>>(),
            "thread_id": self.thread_id,
            "conversation_id": self.conversation_id,
            "media_id": self.media_id,
            "entra_token": self.entra_token,
        })
    }
}

/// GUID of the resource, the first half of its users' ids.
fn resource(seed: u64) -> Uuid {
    guid(seed, "acs-resource")
}

pub(super) fn access_key(seed: u64) -> Vec<u8> {
    [digest(seed, "access-key-1"), digest(seed, "access-key-2")].concat()
}

/// The claims of a user token, which expires in the far future.
pub(super) fn claims(seed: u64, user: &str, scopes: &[&str]) -> Value {
    json!({
        "skypeid": user.strip_prefix("8:").unwrap_or(user),
        "scp": 1792,
        "csi": EPOCH_SECONDS.to_string(),
        "iat": EPOCH_SECONDS,
        "exp": FAR_FUTURE,
        "acsScope": scopes.join(","),
        "resourceId": resource(seed).to_string(),
    })
}

/// `19:<44 url-safe characters>@thread.v2`, as the service makes chat threads.
fn thread_id(digest: &[u8; 32]) -> String {
    let mut bytes = digest.to_vec();
    bytes.push(digest[0]);
    format!("19:{}@thread.v2", URL_SAFE_NO_PAD.encode(bytes))
}
