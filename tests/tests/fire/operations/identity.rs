//! The operations of ACS Identity. Its users are not listed: what became of one is seen by a token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger::{
    Result, StaticToken,
    acs_identity::{
        AcsIdentityBuilder, AcsIdentityClient, OPERATIONS, PrincipalType, TeamsPhoneAssignment,
        TeamsUserToken, TokenOptions,
    },
    http::HttpOptions,
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

use super::{
    driver::{Caller, Driver, Later, Service},
    fact::done,
    scene::Scene,
};
use crate::platform::retry;

type Identity = Scene<AcsIdentityClient>;

pub(crate) fn service() -> Service<AcsIdentityClient> {
    let mut drivers = users();
    drivers.extend(exchanges());
    drivers.extend(assignments());
    Service {
        name: "acs-identity",
        platform: "acs-chat",
        operations: OPERATIONS,
        is_session: false,
        drivers,
        connect,
        begin,
        see: assignment,
        end: None,
    }
}

fn connect(emulator: &Emulator, options: HttpOptions, _: Caller) -> AcsIdentityClient {
    let string = &emulator.seed().acs.connection_string;
    let builder = AcsIdentityBuilder::from_connection_string(string).unwrap();
    let builder = builder.with_retry_policy(retry());
    builder.with_http_options(options).build().unwrap()
}

fn begin(client: AcsIdentityClient, emulator: &Emulator) -> Later<Identity> {
    let graph = emulator.seed().graph.clone();
    Box::pin(async move {
        let user = client.create_user().await.unwrap().id;
        let teams = &graph.users[0];
        Scene::new(client, [("tenant", graph.tenant_id.as_str())])
            .with("user", user.as_str())
            .with("teams-user", teams.id.as_str())
            .with("teams-token", teams.token.as_str())
    })
}

/// Allows the user of Teams to have a token of Teams Phone.
fn assigned(scene: Identity) -> Later<Identity> {
    Box::pin(async move {
        let wanted = wanted(&scene);
        let put = scene.client.put_teams_phone_assignment(&wanted).await;
        put.unwrap();
        scene
    })
}

fn wanted(scene: &Identity) -> TeamsPhoneAssignment {
    TeamsPhoneAssignment::new(
        scene.id("tenant"),
        scene.id("teams-user"),
        PrincipalType::User,
    )
}

fn assignment(scene: Identity) -> Later<Value> {
    Box::pin(async move {
        let (tenant, user) = (scene.id("tenant"), scene.id("teams-user"));
        let read = scene.client.teams_phone_assignment(&tenant, &user).await;
        found(read)
    })
}

fn found<T>(read: Result<T>) -> Value {
    let kind = read
        .map(drop)
        .map_err(|error| format!("{:?}", error.kind()));
    json!(kind.err())
}

/// The application that the token of the Teams user was issued to.
fn application(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["appid"].as_str().unwrap().to_owned()
}

fn users() -> Vec<Driver<AcsIdentityClient>> {
    vec![
        Driver::unseen("identity.create", |it: Identity| {
            Box::pin(async move { it.client.create_user().await.map(done) })
        }),
        Driver::change("identity.delete", |it: Identity| {
            Box::pin(async move {
                it.client
                    .delete_user(it.id("user").as_str())
                    .await
                    .map(done)
            })
        })
        .seen_by(|it: Identity| {
            Box::pin(async move {
                let options = TokenOptions::chat();
                found(
                    it.client
                        .issue_token(it.id("user").as_str(), &options)
                        .await,
                )
            })
        }),
        Driver::unseen("token.issue", |it: Identity| {
            Box::pin(async move {
                let options = TokenOptions::chat();
                let issued = it
                    .client
                    .issue_token(it.id("user").as_str(), &options)
                    .await;
                issued.map(done)
            })
        }),
        Driver::unseen("token.revoke", |it: Identity| {
            Box::pin(async move {
                it.client
                    .revoke_tokens(it.id("user").as_str())
                    .await
                    .map(done)
            })
        }),
    ]
}

fn exchanges() -> Vec<Driver<AcsIdentityClient>> {
    vec![
        Driver::unseen("token.exchange", |it: Identity| {
            Box::pin(async move {
                let token = it.id("teams-token");
                let application = application(&token);
                let user = TeamsUserToken::new(token, application, it.id("teams-user"));
                it.client.exchange_teams_user_token(&user).await.map(done)
            })
        }),
        Driver::unseen("token.exchange_entra", |it: Identity| {
            Box::pin(async move {
                let user = it.client.entra_user(StaticToken::new(it.id("teams-token")));
                user.exchange_token().await.map(done)
            })
        }),
        Driver::unseen("token.exchange_teams_phone", |it: Identity| {
            Box::pin(async move {
                let user = it.client.entra_user(StaticToken::new(it.id("teams-token")));
                user.exchange_teams_phone_token().await.map(done)
            })
        })
        .after(assigned),
    ]
}

fn assignments() -> Vec<Driver<AcsIdentityClient>> {
    vec![
        Driver::read("assignment.get", |it: Identity| {
            Box::pin(async move {
                let (tenant, user) = (it.id("tenant"), it.id("teams-user"));
                let read = it.client.teams_phone_assignment(&tenant, &user).await;
                read.map(|it| it.object_id.clone())
            })
        })
        .after(assigned),
        Driver::change("assignment.put", |it: Identity| {
            Box::pin(async move {
                let wanted = wanted(&it);
                it.client
                    .put_teams_phone_assignment(&wanted)
                    .await
                    .map(done)
            })
        }),
        Driver::change("assignment.delete", |it: Identity| {
            Box::pin(async move {
                let (tenant, user) = (it.id("tenant"), it.id("teams-user"));
                let deleted = it
                    .client
                    .delete_teams_phone_assignment(&tenant, &user)
                    .await;
                deleted.map(done)
            })
        })
        .after(assigned),
    ]
}
