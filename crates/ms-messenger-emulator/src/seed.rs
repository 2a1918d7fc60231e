//! The seeded world: well-known constants, the same at every start with the same seed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::engine::platform::Platform;
use crate::wire::jwt::TokenKey;

/// 2025-01-01T00:00:00Z: when the seeded tokens were issued and the seeded threads were made.
pub(crate) const EPOCH_SECONDS: u64 = 1_735_689_600;
/// 2100-01-01T00:00:00Z: when the seeded tokens end.
const FAR_FUTURE: u64 = 4_102_444_800;
pub(crate) const GRAPH_AUDIENCE: &str = "https://graph.microsoft.com";
const ACS_AUDIENCE: &str = "https://communication.azure.com";
pub(crate) const DELEGATED_SCOPES: &str = "Channel.Create Channel.Delete.All Channel.ReadBasic.All \
    ChannelMember.ReadWrite.All ChannelMessage.Read.All ChannelMessage.ReadWrite \
    ChannelMessage.Send ChannelSettings.ReadWrite.All Chat.Create Chat.ReadWrite \
    ChatMember.ReadWrite ChatMessage.Send Team.ReadBasic.All TeamMember.ReadWrite.All \
    TeamsActivity.Send TeamworkTag.Read User.Read";
pub(crate) const APP_ROLES: [&str; 5] = [
    "ChannelMessage.Read.All",
    "ChannelMessage.UpdatePolicyViolation.All",
    "Chat.Read.All",
    "Chat.UpdatePolicyViolation.All",
    "Teamwork.Migrate.All",
];
const NAMES: [&str; 3] = ["alice", "bob", "carol"];

/// The seeded constants of one emulator: what a client needs to speak to it.
///
/// None of it is secret: every value follows from the seed (and the address), as with the
/// well-known key of other emulators.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seed {
    /// The seed that everything else follows from.
    pub seed: u64,
    /// Azure Communication Services: one resource, for Messages and Chat.
    pub acs: AcsSeed,
    /// Microsoft Graph: one tenant with a team, a channel and a group chat.
    pub graph: GraphSeed,
    /// Skype for Business: one pool with its users.
    pub ucwa: UcwaSeed,
    /// Entra ID: the token endpoints of the tenant.
    pub entra: EntraSeed,
    key: TokenKey,
    resource: Uuid,
}

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
    /// GUID of the WhatsApp channel that notifications are sent from.
    pub channel_registration_id: String,
    /// Users with chat tokens; all of them take part in the thread and the conversation.
    pub users: Vec<AcsUser>,
    /// Id of the seeded chat thread, `19:…@thread.v2`.
    pub thread_id: String,
    /// Id of the seeded conversation of Advanced Messaging, `19:…@thread.v2`.
    pub conversation_id: String,
    /// Id of the seeded medium, a PNG image, for `GET /messages/streams/{id}`.
    pub media_id: String,
    /// An Entra-shaped token for Advanced Messaging and Identity (audience `https://communication.azure.com`).
    pub entra_token: String,
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

/// The seeded Microsoft 365 tenant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GraphSeed {
    /// Base URL including the version, `http://127.0.0.1:PORT/v1.0`.
    pub base: String,
    /// Delegated token of the first user.
    pub token: String,
    /// App-only token (`roles`, no `scp`): refused by the send operations outside a migration.
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
    /// Delegated token with the scopes that the emulated operations need.
    pub token: String,
}

/// The seeded token endpoints and app registrations of Entra ID.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntraSeed {
    /// Origin of the authority over plain HTTP; the ready line names the HTTPS one where it is there.
    pub authority: String,
    /// GUID of the tenant, that of [`GraphSeed::tenant_id`]; `contoso.test` is the same one.
    pub tenant: String,
    /// GUID of an application that needs no secret; the seeded Graph tokens are of it.
    pub public_client_id: String,
    /// GUID of an application with a secret.
    pub confidential_client_id: String,
    /// The secret of that application.
    pub client_secret: String,
    /// The value of `X-IDENTITY-HEADER` (`IDENTITY_HEADER`) for `/msi/token`.
    pub identity_header: String,
}

/// The seeded Skype for Business pool.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UcwaSeed {
    /// Where discovery begins, `http://127.0.0.1:PORT/`.
    pub discover: String,
    /// Users of the domain `contoso.test`.
    pub users: Vec<UcwaUser>,
}

/// A seeded Skype for Business user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UcwaUser {
    /// `sip:alice@contoso.test`.
    pub sip: String,
    /// Display name, `Alice`.
    pub name: String,
    /// User principal name, `alice@contoso.test`; `CONTOSO\\alice` is the same user.
    pub username: String,
    /// The password; it follows from the seed.
    pub password: String,
}

impl Seed {
    /// The world of `seed`, reached at `origin` (`http://127.0.0.1:PORT`).
    pub(crate) fn new(seed: u64, origin: &str) -> Self {
        let key = TokenKey::new(digest(seed, "token-key"));
        let resource = guid(seed, "acs-resource");
        let access_key = STANDARD.encode(access_key(seed));
        let mut seed = Self {
            seed,
            acs: AcsSeed {
                connection_string: format!("endpoint={origin}/;accesskey={access_key}"),
                endpoint: origin.to_owned(),
                access_key,
                channel_registration_id: guid(seed, "channel-registration").to_string(),
                users: Vec::new(),
                thread_id: thread_id(&digest(seed, "thread")),
                conversation_id: format!("19:{}@thread.v2", guid(seed, "conversation")),
                media_id: guid(seed, "medium").to_string(),
                entra_token: String::new(),
            },
            graph: GraphSeed {
                base: format!("{origin}/v1.0"),
                token: String::new(),
                app_token: String::new(),
                tenant_id: guid(seed, "tenant").to_string(),
                users: Vec::new(),
                team_id: guid(seed, "team").to_string(),
                channel_id: format!("19:{}@thread.tacv2", guid(seed, "channel").simple()),
                chat_id: format!("19:{}@thread.v2", guid(seed, "chat").simple()),
            },
            ucwa: UcwaSeed {
                discover: format!("{origin}/"),
                users: Vec::new(),
            },
            entra: EntraSeed {
                authority: origin.to_owned(),
                tenant: guid(seed, "tenant").to_string(),
                public_client_id: guid(seed, "app").to_string(),
                confidential_client_id: guid(seed, "entra-app").to_string(),
                client_secret: format!("emu~{}", guid(seed, "entra-secret").simple()),
                identity_header: guid(seed, "entra-identity-header").to_string(),
            },
            key,
            resource,
        };
        seed.fill_users();
        seed
    }

    fn fill_users(&mut self) {
        for name in NAMES {
            let acs = guid(self.seed, &format!("acs-user-{name}"));
            let id = format!("8:acs:{}_{acs}", self.resource);
            let token = self.acs_token(&id, &["chat", "voip"], FAR_FUTURE);
            let name_owned = name.to_owned();
            self.acs.users.push(AcsUser {
                id,
                name: name_owned,
                token,
            });
            let mut user = GraphUser {
                id: guid(self.seed, &format!("graph-user-{name}")).to_string(),
                display_name: format!("{}{}", name[..1].to_uppercase(), &name[1..]),
                upn: format!("{name}@contoso.test"),
                token: String::new(),
            };
            let scopes: Vec<&str> = DELEGATED_SCOPES.split(' ').collect();
            user.token = self.graph_token(&user, &scopes, FAR_FUTURE);
            self.ucwa.users.push(UcwaUser {
                sip: format!("sip:{}", user.upn),
                name: user.display_name.clone(),
                username: user.upn.clone(),
                password: guid(self.seed, &format!("ucwa-password-{name}"))
                    .simple()
                    .to_string(),
            });
            self.graph.users.push(user);
        }
        self.graph.token = self.graph.users[0].token.clone();
        let graph = self.app_claims(Platform::MsgraphChat, &json!(APP_ROLES));
        self.graph.app_token = self.key.sign(&graph);
        let acs = self.app_claims(Platform::AcsMessages, &json!([]));
        self.acs.entra_token = self.key.sign(&acs);
    }

    /// An ACS user access token of the emulated resource, for `user` (`8:acs:…`), with `scopes`
    /// (`chat`, `chat.join`, `voip` …), ending at `expires` (Unix seconds).
    #[must_use]
    pub fn acs_token(&self, user: &str, scopes: &[&str], expires: u64) -> String {
        let mut claims = self.acs_claims(user, scopes);
        claims["exp"] = json!(expires);
        self.key.sign(&claims)
    }

    /// The claims of an ACS user token, which ends in the far future.
    pub(crate) fn acs_claims(&self, user: &str, scopes: &[&str]) -> Value {
        json!({
            "skypeid": user.strip_prefix("8:").unwrap_or(user),
            "scp": 1792,
            "csi": EPOCH_SECONDS.to_string(),
            "iat": EPOCH_SECONDS,
            "exp": FAR_FUTURE,
            "acsScope": scopes.join(","),
            "resourceId": self.resource.to_string(),
        })
    }

    /// A delegated Graph token of `user` with `scopes` (`ChatMessage.Send` …), ending at `expires`
    /// (Unix seconds).
    #[must_use]
    pub fn graph_token(&self, user: &GraphUser, scopes: &[&str], expires: u64) -> String {
        let mut claims = self.graph_claims(user, scopes);
        claims["exp"] = json!(expires);
        self.key.sign(&claims)
    }

    /// The claims of a delegated Graph token, which ends in the far future.
    pub(crate) fn graph_claims(&self, user: &GraphUser, scopes: &[&str]) -> Value {
        json!({
            "aud": GRAPH_AUDIENCE,
            "iss": format!("https://sts.windows.net/{}/", self.graph.tenant_id),
            "tid": self.graph.tenant_id,
            "oid": user.id,
            "name": user.display_name,
            "upn": user.upn,
            "appid": guid(self.seed, "app").to_string(),
            "scp": scopes.join(" "),
            "iat": EPOCH_SECONDS,
            "exp": FAR_FUTURE,
            "ver": "1.0",
        })
    }

    /// An app-only Graph token with `roles` (`ChannelMessage.Read.All` …), ending at `expires` (Unix
    /// seconds).
    #[must_use]
    pub fn graph_app_token(&self, roles: &[&str], expires: u64) -> String {
        let mut claims = self.app_claims(Platform::MsgraphChat, &json!(roles));
        claims["exp"] = json!(expires);
        self.key.sign(&claims)
    }

    /// The claims of the application's token for Graph, or for ACS, which ends in the far future.
    pub(crate) fn app_claims(&self, platform: Platform, roles: &Value) -> Value {
        let audience = match platform {
            Platform::MsgraphChat => GRAPH_AUDIENCE,
            _ => ACS_AUDIENCE,
        };
        json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", self.graph.tenant_id),
            "tid": self.graph.tenant_id,
            "oid": guid(self.seed, "service-principal").to_string(),
            "appid": guid(self.seed, "app").to_string(),
            "idtyp": "app",
            "roles": roles,
            "iat": EPOCH_SECONDS,
            "exp": FAR_FUTURE,
            "ver": "1.0",
        })
    }

    pub(crate) fn access_key_bytes(&self) -> Vec<u8> {
        access_key(self.seed)
    }

    pub(crate) fn tokens(&self) -> &TokenKey {
        &self.key
    }

    /// GUID of the ACS resource, the first half of its users' ids.
    pub(crate) fn resource_id(&self) -> String {
        self.resource.to_string()
    }

    /// Whether `audience` is one under which Graph accepts tokens.
    pub(crate) fn is_graph_audience(audience: &str) -> bool {
        let audience = audience.trim_end_matches('/');
        audience == GRAPH_AUDIENCE || audience == "00000003-0000-0000-c000-000000000000"
    }

    /// Whether `audience` is one under which ACS accepts Entra tokens.
    pub(crate) fn is_acs_audience(audience: &str) -> bool {
        audience.trim_end_matches('/') == ACS_AUDIENCE
    }

    /// The identity under which the access key and Entra callers send into conversations (a guess:
    /// the service documents none).
    pub(crate) fn service_identity(&self) -> String {
        format!("8:acs:{}_{}", self.resource, guid(self.seed, "acs-service"))
    }

    /// The Graph user of that object id.
    pub(crate) fn graph_user(&self, id: &str) -> Option<&GraphUser> {
        self.graph
            .users
            .iter()
            .find(|user| user.id.eq_ignore_ascii_case(id))
    }

    /// The Graph user of that object id or user principal name.
    pub(crate) fn graph_user_like(&self, hint: &str) -> Option<&GraphUser> {
        let mut users = self.graph.users.iter();
        users.find(|u| u.upn.eq_ignore_ascii_case(hint) || u.id.eq_ignore_ascii_case(hint))
    }

    /// Object id of the service principal of applications.
    pub(crate) fn service_principal(&self) -> String {
        guid(self.seed, "service-principal").to_string()
    }

    /// The short name of an ACS user, or nothing for a foreign one.
    pub(crate) fn acs_name(&self, id: &str) -> &str {
        let user = self.acs.users.iter().find(|user| user.id == id);
        user.map_or("", |user| &user.name)
    }

    /// The members `acs`, `graph`, `ucwa` and `entra` of the ready line.
    pub(crate) fn to_json(&self) -> Value {
        let acs = &self.acs;
        let users = acs.users.iter();
        let acs_users: Vec<Value> = users
            .map(|u| json!({"id": u.id, "name": u.name, "token": u.token}))
            .collect();
        let graph = &self.graph;
        let user = |u: &GraphUser| json!({"id": u.id, "display_name": u.display_name, "upn": u.upn, "token": u.token});
        let graph_users: Vec<Value> = graph.users.iter().map(user).collect();
        json!({
            "acs": {
                "connection_string": acs.connection_string,
                "endpoint": acs.endpoint,
                "channel_registration_id": acs.channel_registration_id,
                "users": acs_users,
                "thread_id": acs.thread_id,
                "conversation_id": acs.conversation_id,
                "media_id": acs.media_id,
                "entra_token": acs.entra_token,
            },
            "graph": {
                "base": graph.base,
                "token": graph.token,
                "app_token": graph.app_token,
                "tenant_id": graph.tenant_id,
                "users": graph_users,
                "team_id": graph.team_id,
                "channel_id": graph.channel_id,
                "chat_id": graph.chat_id,
            },
            "ucwa": {
                "discover": self.ucwa.discover,
                "users": self.ucwa.users.iter().map(UcwaUser::to_json).collect::<Vec<_>>(),
            },
            "entra": self.entra.to_json(),
        })
    }
}

impl EntraSeed {
    fn to_json(&self) -> Value {
        json!({
            "authority": self.authority,
            "tenant": self.tenant,
            "public_client_id": self.public_client_id,
            "confidential_client_id": self.confidential_client_id,
            "client_secret": self.client_secret,
            "identity_header": self.identity_header,
        })
    }
}

impl UcwaUser {
    fn to_json(&self) -> Value {
        json!({
            "sip": self.sip,
            "name": self.name,
            "username": self.username,
            "password": self.password,
        })
    }
}

fn digest(seed: u64, label: &str) -> [u8; 32] {
    Sha256::digest(format!("ms-messenger-emulator/{seed}/{label}")).into()
}

fn access_key(seed: u64) -> Vec<u8> {
    [digest(seed, "access-key-1"), digest(seed, "access-key-2")].concat()
}

fn guid(seed: u64, label: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(seed, label)[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// `19:<44 url-safe characters>@thread.v2`, as the service makes chat threads.
fn thread_id(digest: &[u8; 32]) -> String {
    let mut bytes = digest.to_vec();
    bytes.push(digest[0]);
    format!("19:{}@thread.v2", URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world_and_another_seed_another() {
        let seed = Seed::new(3, "http://127.0.0.1:1");
        assert_eq!(seed.to_json(), Seed::new(3, "http://127.0.0.1:1").to_json());
        let other = Seed::new(4, "http://127.0.0.1:1");
        assert_ne!(seed.acs.access_key, other.acs.access_key);
        assert_ne!(seed.graph.token, other.graph.token);
    }

    #[test]
    fn the_chat_thread_id_has_the_form_of_the_service() {
        let id = Seed::new(0, "http://127.0.0.1:1").acs.thread_id;
        assert_eq!(id.len(), "19:".len() + 44 + "@thread.v2".len());
    }
}
