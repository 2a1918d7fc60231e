//! A client of the token endpoints.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ms_messenger_emulator::EmulatorBuilder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::outside::Outside;

pub(crate) const SEND: &str = "ChatMessage.Send offline_access";
const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters";

pub(crate) fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// Forms, which the client is built without.
pub(crate) trait WithForm {
    fn with_form(self, members: &[(&str, &str)]) -> Self;
}

impl WithForm for RequestBuilder {
    fn with_form(self, members: &[(&str, &str)]) -> Self {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pair = |(name, value): &(&str, &str)| format!("{}={}", encoded(name), encoded(value));
        let body = members.iter().map(pair).collect::<Vec<_>>().join("&");
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }
}

pub(crate) struct SignIn {
    pub(crate) out: Outside,
}

impl SignIn {
    pub(crate) async fn start(builder: EmulatorBuilder) -> Self {
        let out = Outside::of(builder.start().await.unwrap());
        Self { out }
    }

    /// A client that does not follow redirects.
    pub(crate) fn plain(&self) -> Client {
        let policy = reqwest::redirect::Policy::none();
        Client::builder()
            .no_proxy()
            .redirect(policy)
            .build()
            .unwrap()
    }

    /// A form POST below the seeded tenant; later members replace earlier ones.
    pub(crate) async fn form(&self, end: &str, members: &[&[(&str, &str)]]) -> (u16, Value) {
        let tenant = &self.out.emulator.seed().entra.tenant;
        let path = format!("/{tenant}/oauth2/v2.0/{end}");
        let pairs = members.iter().flat_map(|part| part.iter());
        let form: BTreeMap<&str, &str> = pairs.copied().collect();
        let form: Vec<(&str, &str)> = form.into_iter().collect();
        Outside::ask(self.out.post(&path).with_form(&form)).await
    }

    fn public(&self) -> String {
        self.out.emulator.seed().entra.public_client_id.clone()
    }

    pub(crate) async fn admin(&self, verb: &str, body: Value) -> (u16, Value) {
        let request = self.out.post(&format!("/_emulator/entra/{verb}"));
        Outside::ask(request.json(&body)).await
    }

    pub(crate) async fn device(&self, scope: &str) -> (u16, Value) {
        let members = [("client_id", &*self.public()), ("scope", scope)];
        self.form("devicecode", &[&members]).await
    }

    pub(crate) async fn poll(&self, begun: &Value) -> (u16, Value) {
        let members = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", &self.public()),
            ("device_code", begun["device_code"].as_str().unwrap()),
        ];
        self.form("token", &[&members]).await
    }

    pub(crate) fn authorize_url(&self, more: &[(&str, &str)]) -> String {
        let entra = &self.out.emulator.seed().entra;
        let url = format!("{}/{}/oauth2/v2.0/authorize", self.out.base, entra.tenant);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let usual = [
            ("client_id", &*entra.public_client_id),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:8400/back"),
            ("scope", "openid ChatMessage.Send offline_access"),
            ("state", "s&1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let is_replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
        let usual = usual.iter().filter(|(name, _)| !is_replaced(name));
        Url::parse_with_params(&url, usual.chain(more))
            .unwrap()
            .into()
    }

    /// What the redirect carries.
    pub(crate) async fn authorize(&self, more: &[(&str, &str)]) -> Value {
        let response = self
            .plain()
            .get(self.authorize_url(more))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 302);
        let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        assert_eq!(back.host_str(), Some("localhost"));
        back.query_pairs()
            .map(|(k, v)| (k.into_owned(), json!(v)))
            .collect()
    }

    pub(crate) async fn redeem(&self, code: &Value, more: &[(&str, &str)]) -> (u16, Value) {
        let members = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.public()),
            ("code", code.as_str().unwrap()),
            ("redirect_uri", "http://localhost:8400/back"),
            ("code_verifier", VERIFIER),
        ];
        self.form("token", &[&members, more]).await
    }

    pub(crate) async fn refresh(&self, token: &Value, more: &[(&str, &str)]) -> (u16, Value) {
        let members = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.public()),
            ("refresh_token", token.as_str().unwrap()),
        ];
        self.form("token", &[&members, more]).await
    }

    /// The tokens of the first user, by a code.
    pub(crate) async fn signed_in(&self) -> Value {
        let code = self.authorize(&[]).await["code"].clone();
        self.redeem(&code, &[]).await.1
    }

    pub(crate) async fn application(&self, scope: &str, more: &[(&str, &str)]) -> (u16, Value) {
        let entra = &self.out.emulator.seed().entra;
        let members = [
            ("grant_type", "client_credentials"),
            ("client_id", &*entra.confidential_client_id),
            ("client_secret", &entra.client_secret),
            ("scope", scope),
        ];
        self.form("token", &[&members, more]).await
    }

    pub(crate) async fn on_behalf_of(&self, assertion: &Value) -> (u16, Value) {
        let more = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", assertion.as_str().unwrap()),
        ];
        self.application("https://graph.microsoft.com/ChatMessage.Send", &more)
            .await
    }

    pub(crate) async fn graph_send(&self, token: &str) -> u16 {
        let body = json!({"body": {"content": "hello"}});
        let request = self.out.post(&self.out.graph_chat()).bearer_auth(token);
        Outside::ask(request.json(&body)).await.0
    }

    pub(crate) async fn graph_list(&self, token: &str) -> u16 {
        Outside::ask(self.out.read(&self.out.graph_chat(), token))
            .await
            .0
    }
}
