//! The seeded world: well-known constants, the same at every start with the same seed.

pub(crate) mod acs;
pub(crate) mod derive;
pub(crate) mod drives;
pub(crate) mod entra;
pub(crate) mod graph;
pub(crate) mod ucwa;

use serde_json::{Value, json};

use crate::{
    seed::{
        acs::AcsSeed,
        derive::{digest, guid},
        entra::EntraSeed,
        graph::{GraphSeed, GraphUser},
        ucwa::UcwaSeed,
    },
    wire::jwt::TokenKey,
};

/// The seeded constants of one emulator: what a client needs to connect to it.
///
/// None of it is secret: every value follows from the seed and the address, like the well-known
/// keys of other emulators.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seed {
    /// The seed from which everything else is derived.
    pub seed: u64,
    /// Azure Communication Services: one resource for Messages and Chat.
    pub acs: AcsSeed,
    /// Microsoft Graph: one tenant with a team, a channel and a group chat.
    pub graph: GraphSeed,
    /// Skype for Business: one pool with its users.
    pub ucwa: UcwaSeed,
    /// Entra ID: the token endpoints of the tenant.
    pub entra: EntraSeed,
    key: TokenKey,
}

impl Seed {
    /// The constants of `seed`, reached at `origin` (`http://127.0.0.1:PORT`).
    pub(crate) fn new(seed: u64, origin: &str) -> Self {
        let key = TokenKey::new(digest(seed, "token-key"));
        let entra = graph::app_claims(seed, acs::AUDIENCE, &json!([]));
        Self {
            seed,
            acs: AcsSeed::new(seed, origin, &key, &entra),
            graph: GraphSeed::new(seed, origin, &key),
            ucwa: UcwaSeed::new(seed, origin),
            entra: EntraSeed::new(seed, origin),
            key,
        }
    }

    /// Returns an ACS user access token of the emulated resource for `user` (`8:acs:…`) with
    /// `scopes` (`chat`, `chat.join`, `voip` …) that expires at `expires` (Unix seconds).
    pub fn acs_token(&self, user: &str, scopes: &[&str], expires: u64) -> String {
        let mut claims = self.acs_claims(user, scopes);
        claims["exp"] = json!(expires);
        self.key.sign(&claims)
    }

    /// The claims of an ACS user token, which ends in the far future.
    pub(crate) fn acs_claims(&self, user: &str, scopes: &[&str]) -> Value {
        acs::claims(self.seed, user, scopes)
    }

    /// Returns a delegated Graph token of `user` with `scopes` (`ChatMessage.Send` …) that expires
    /// at `expires` (Unix seconds).
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let seed = emulator.seed();
    /// let expired = seed.graph_token(&seed.graph.users[0], &["ChatMessage.Send"], 1_735_689_601);
    /// assert_eq!(expired.split('.').count(), 3);
    /// # Ok(()) }
    /// ```
    pub fn graph_token(&self, user: &GraphUser, scopes: &[&str], expires: u64) -> String {
        let mut claims = self.graph_claims(user, scopes);
        claims["exp"] = json!(expires);
        self.key.sign(&claims)
    }

    /// The claims of a delegated Graph token, which ends in the far future.
    pub(crate) fn graph_claims(&self, user: &GraphUser, scopes: &[&str]) -> Value {
        graph::claims(self.seed, user, scopes)
    }

    /// Returns an app-only Graph token with `roles` (`ChannelMessage.Read.All` …) that expires at
    /// `expires` (Unix seconds).
    pub fn graph_app_token(&self, roles: &[&str], expires: u64) -> String {
        let mut claims = self.graph_app_claims(&json!(roles));
        claims["exp"] = json!(expires);
        self.key.sign(&claims)
    }

    /// The claims of the application's token for Graph, which ends in the far future.
    pub(crate) fn graph_app_claims(&self, roles: &Value) -> Value {
        graph::app_claims(self.seed, graph::GRAPH_AUDIENCE, roles)
    }

    /// The claims of the application's token for ACS, which ends in the far future.
    pub(crate) fn acs_app_claims(&self, roles: &Value) -> Value {
        graph::app_claims(self.seed, acs::AUDIENCE, roles)
    }

    pub(crate) fn access_key_bytes(&self) -> Vec<u8> {
        acs::access_key(self.seed)
    }

    pub(crate) fn tokens(&self) -> &TokenKey {
        &self.key
    }

    /// GUID of the ACS resource, the first half of its users' ids.
    pub(crate) fn resource_id(&self) -> &str {
        &self.acs.resource
    }

    /// Whether `audience` is one under which Graph accepts tokens.
    pub(crate) fn is_graph_audience(audience: &str) -> bool {
        let audience = audience.trim_end_matches('/');
        audience == graph::GRAPH_AUDIENCE || audience == "00000003-0000-0000-c000-000000000000"
    }

    /// Whether `audience` is one under which ACS accepts Entra tokens.
    pub(crate) fn is_acs_audience(audience: &str) -> bool {
        audience.trim_end_matches('/') == acs::AUDIENCE
    }

    /// The identity under which the access key and Entra callers send into conversations (a guess:
    /// the service documents none).
    pub(crate) fn service_identity(&self) -> String {
        let service = guid(self.seed, "acs-service");
        format!("8:acs:{}_{service}", self.resource_id())
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
        graph::service_principal(self.seed)
    }

    /// The short name of an ACS user, or nothing for a foreign one.
    pub(crate) fn acs_name(&self, id: &str) -> &str {
        let user = self.acs.users.iter().find(|user| user.id == id);
        user.map_or("", |user| &user.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world_and_another_seed_another() {
        let seed = Seed::new(3, "http://127.0.0.1:1");
        let again = Seed::new(3, "http://127.0.0.1:1");
        assert_eq!(format!("{seed:?}"), format!("{again:?}"));
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
