//! The seeded Microsoft 365 tenant.

use serde_json::{Value, json};

use crate::{
    seed::derive::{EPOCH_SECONDS, FAR_FUTURE, NAMES, display_name, guid, upn},
    wire::jwt::TokenKey,
};

pub(crate) const GRAPH_AUDIENCE: &str = "https://graph.microsoft.com";
pub(crate) const DELEGATED_SCOPES: &str = "Channel.Create Channel.Delete.All Channel.ReadBasic.All \
    ChannelMember.ReadWrite.All ChannelMessage.Read.All ChannelMessage.ReadWrite \
    ChannelMessage.Send ChannelSettings.ReadWrite.All Chat.Create Chat.ReadWrite \
    ChatMember.ReadWrite ChatMessage.Send Files.ReadWrite.All Team.ReadBasic.All TeamMember.ReadWrite.All \
    TeamsActivity.Send TeamworkTag.Read User.Read User.ReadBasic.All";
pub(crate) const APP_ROLES: [&str; 6] = [
    "ChannelMessage.Read.All",
    "ChannelMessage.UpdatePolicyViolation.All",
    "Chat.Read.All",
    "Chat.UpdatePolicyViolation.All",
    "Files.ReadWrite.All",
    "Teamwork.Migrate.All",
];

/// The seeded Microsoft 365 tenant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GraphSeed {
    /// Base URL including the version, `http://127.0.0.1:PORT/v1.0`.
    pub base: String,
    /// Delegated token of the first user.
    pub token: String,
    /// App-only token (`roles`, no `scp`): rejected by the send operations outside a migration.
    pub app_token: String,
    /// GUID of the tenant.
    pub tenant_id: String,
    /// Users; all of them are members of the team and the chat.
    pub users: Vec<GraphUser>,
    /// GUID of the team.
    pub team_id: String,
    /// Id of the channel, `19:…@thread.tacv2`.
    pub channel_id: String,
    /// Id of the group chat, `19:…@thread.v2`.
    pub chat_id: String,
}

/// A seeded user of the tenant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GraphUser {
    /// Object id, a GUID.
    pub id: String,
    /// Display name, `Alice`.
    pub display_name: String,
    /// User principal name, `alice@contoso.test`.
    pub upn: String,
    /// Delegated token with the scopes that the emulator's operations need.
    pub token: String,
}

impl GraphSeed {
    /// The tenant of that seed at `origin`.
    pub(super) fn new(seed: u64, origin: &str, key: &TokenKey) -> Self {
        let scopes: Vec<&str> = DELEGATED_SCOPES.split(' ').collect();
        let user = |name: &str| {
            let mut user = GraphUser {
                id: guid(seed, &format!("graph-user-{name}")).to_string(),
                display_name: display_name(name),
                upn: upn(name),
                token: String::new(),
            };
            user.token = key.sign(&claims(seed, &user, &scopes));
            user
        };
        let users: Vec<GraphUser> = NAMES.map(user).into();
        let app = app_claims(seed, GRAPH_AUDIENCE, &json!(APP_ROLES));
        Self {
            base: format!("{origin}/v1.0"),
            token: users[0].token.clone(),
            app_token: key.sign(&app),
            tenant_id: tenant(seed),
            users,
            team_id: guid(seed, "team").to_string(),
            channel_id: format!("19:{}@thread.tacv2", guid(seed, "channel").simple()),
            chat_id: format!("19:{}@thread.v2", guid(seed, "chat").simple()),
        }
    }

    /// The member `graph` of the ready line.
    pub(crate) fn to_json(&self) -> Value {
        let user = |u: &GraphUser| json!({"id": u.id, "display_name": u.display_name, "upn": u.upn, "token": u.token});
        json!({
            "base": self.base,
            "token": self.token,
            "app_token": self.app_token,
            "tenant_id": self.tenant_id,
            "users": self.users.iter().map(user).collect::<Vec<Value>>(),
            "team_id": self.team_id,
            "channel_id": self.channel_id,
            "chat_id": self.chat_id,
        })
    }
}

/// GUID of the tenant.
pub(super) fn tenant(seed: u64) -> String {
    guid(seed, "tenant").to_string()
}

/// Object id of the service principal of applications.
pub(super) fn service_principal(seed: u64) -> String {
    guid(seed, "service-principal").to_string()
}

/// The claims of a delegated token, which expires in the far future.
pub(super) fn claims(seed: u64, user: &GraphUser, scopes: &[&str]) -> Value {
    let tenant = tenant(seed);
    json!({
        "aud": GRAPH_AUDIENCE,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "tid": tenant,
        "oid": user.id,
        "name": user.display_name,
        "upn": user.upn,
        "appid": guid(seed, "app").to_string(),
        "scp": scopes.join(" "),
        "iat": EPOCH_SECONDS,
        "exp": FAR_FUTURE,
        "ver": "1.0",
    })
}

/// The claims of the application's token, which expires in the far future.
pub(super) fn app_claims(seed: u64, audience: &str, roles: &Value) -> Value {
    let tenant = tenant(seed);
    json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "tid": tenant,
        "oid": service_principal(seed),
        "appid": guid(seed, "app").to_string(),
        "idtyp": "app",
        "roles": roles,
        "iat": EPOCH_SECONDS,
        "exp": FAR_FUTURE,
        "ver": "1.0",
    })
}
