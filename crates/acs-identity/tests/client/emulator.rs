//! Against the emulator, which reads the contract on its own: users, their tokens, and messages
//! of Chat that are sent with them.

use acs_chat::{AcsChatClient, SendChatMessageRequest};
use acs_identity::{
    AcsIdentityBuilder, AcsIdentityClient, CommunicationUserId, Credential, IdentityApiVersion,
    TeamsUserToken, TokenOptions, TokenScope, UserTokenProvider, UserTokenProviderBuilder,
};
use ms_messenger_core::{Delivery, Error, ErrorKind, RetryPolicy, StaticToken};
use ms_messenger_emulator::{Emulator, FaultAction, Platform};

fn identity(emulator: &Emulator) -> AcsIdentityClient {
    let string = &emulator.seed().acs.connection_string;
    let builder = AcsIdentityBuilder::from_connection_string(string).unwrap();
    builder.build().unwrap()
}

/// A chat client whose tokens come from `tokens`.
fn chat(emulator: &Emulator, tokens: UserTokenProviderBuilder) -> AcsChatClient {
    let endpoint = &emulator.seed().acs.endpoint;
    let builder = AcsChatClient::builder(endpoint, tokens.build().unwrap());
    builder.build().unwrap()
}

async fn say(chat: &AcsChatClient, emulator: &Emulator, text: &str) -> Result<(), Error> {
    let thread = chat.thread(emulator.seed().acs.thread_id.as_str());
    let sent = thread.send(&SendChatMessageRequest::text(text)).await;
    sent.map(drop)
}

/// How many requests the emulator has seen.
fn requests(emulator: &Emulator) -> u64 {
    emulator.stats()["requests"].as_u64().unwrap()
}

async fn new_user(identity: &AcsIdentityClient) -> CommunicationUserId {
    identity.create_user().await.unwrap().id
}

#[tokio::test]
async fn a_message_is_sent_with_a_token_of_the_provider_which_is_used_again() {
    let emulator = Emulator::start().await.unwrap();
    let identity = identity(&emulator);
    let user = new_user(&identity).await;
    let chat = chat(
        &emulator,
        UserTokenProvider::builder(identity, user.clone()),
    );
    let before = requests(&emulator);
    say(&chat, &emulator, "one").await.unwrap();
    say(&chat, &emulator, "two").await.unwrap();
    // One token, two messages.
    assert_eq!(requests(&emulator) - before, 3);
    let rows = emulator.messages();
    let said: Vec<_> = rows.iter().map(|row| row.sender.as_str()).collect();
    assert_eq!(said, [user.as_str(), user.as_str()]);
}

#[tokio::test]
async fn an_ended_token_is_replaced_before_it_goes_anywhere() {
    let emulator = Emulator::start().await.unwrap();
    let identity = identity(&emulator);
    let user = new_user(&identity).await;
    let ended = emulator
        .seed()
        .acs_token(user.as_str(), &["chat"], 1_700_000_000);
    let tokens = UserTokenProvider::builder(identity, user).with_initial_token(ended);
    let chat = chat(&emulator, tokens);
    let before = requests(&emulator);
    say(&chat, &emulator, "hello").await.unwrap();
    // The end is read from the token: issue and send, no refused send.
    assert_eq!(requests(&emulator) - before, 2);
}

#[tokio::test]
async fn a_revoked_token_costs_one_renewal() {
    let emulator = Emulator::start().await.unwrap();
    let identity = identity(&emulator);
    let user = new_user(&identity).await;
    let chat = chat(
        &emulator,
        UserTokenProvider::builder(identity.clone(), user.clone()),
    );
    say(&chat, &emulator, "one").await.unwrap();
    identity.revoke_tokens(&user).await.unwrap();
    let before = requests(&emulator);
    say(&chat, &emulator, "two").await.unwrap();
    // Refused, issued, sent.
    assert_eq!(requests(&emulator) - before, 3);
    assert_eq!(emulator.messages().len(), 2);
}

#[tokio::test]
async fn a_deleted_user_costs_one_renewal_and_then_says_so() {
    let emulator = Emulator::start().await.unwrap();
    let identity = identity(&emulator);
    let user = new_user(&identity).await;
    let chat = chat(
        &emulator,
        UserTokenProvider::builder(identity.clone(), user.clone()),
    );
    say(&chat, &emulator, "one").await.unwrap();
    identity.delete_user(&user).await.unwrap();
    let before = requests(&emulator);
    let error = say(&chat, &emulator, "two").await.unwrap_err();
    // Refused, not issued: nothing is sent again.
    assert_eq!(requests(&emulator) - before, 2);
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.delivery(), Delivery::NotSent);
    let revoked = "The user access token was revoked";
    assert!(error.message().starts_with(revoked), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("ACS Identity issued no token: "), "{cause}");
    assert!(cause.contains("status 404"), "{cause}");
    assert_eq!(emulator.messages().len(), 1);
    let error = identity.issue_token(&user, &TokenOptions::chat()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_token_that_stays_refused_ends_the_call_after_one_renewal() {
    let emulator = Emulator::start().await.unwrap();
    let identity = identity(&emulator);
    let user = new_user(&identity).await;
    let chat = chat(&emulator, UserTokenProvider::builder(identity, user));
    for _ in 0..2 {
        let refused = FaultAction::status(401);
        emulator
            .fail_next(Platform::ACS_CHAT, "send", refused)
            .unwrap();
    }
    let before = requests(&emulator);
    let error = say(&chat, &emulator, "hello").await.unwrap_err();
    // Issue, refused, issue, refused.
    assert_eq!(requests(&emulator) - before, 4);
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unauthenticated, 2)
    );
}

#[tokio::test]
async fn an_issue_with_a_lost_response_is_retried_by_the_provider_alone() {
    let emulator = Emulator::start().await.unwrap();
    let builder =
        AcsIdentityBuilder::from_connection_string(&emulator.seed().acs.connection_string);
    let quick =
        RetryPolicy::default().with_backoff(std::time::Duration::ZERO, std::time::Duration::ZERO);
    let identity = builder.unwrap().with_retry_policy(quick).build().unwrap();
    let user = new_user(&identity).await;
    let lost = || FaultAction::status_after_store(504);

    emulator
        .fail_next(Platform::ACS_CHAT, "identity.issue", lost())
        .unwrap();
    let chat = chat(
        &emulator,
        UserTokenProvider::builder(identity.clone(), user.clone()),
    );
    say(&chat, &emulator, "hello").await.unwrap();

    emulator
        .fail_next(Platform::ACS_CHAT, "identity.issue", lost())
        .unwrap();
    let error = identity
        .issue_token(&user, &TokenOptions::chat())
        .await
        .unwrap_err();
    assert_eq!((error.delivery(), error.attempts()), (Delivery::Unknown, 1));
    emulator
        .fail_next(Platform::ACS_CHAT, "identity.create", lost())
        .unwrap();
    let error = identity.create_user().await.unwrap_err();
    assert_eq!((error.delivery(), error.attempts()), (Delivery::Unknown, 1));
}

#[tokio::test]
async fn every_operation_is_understood_in_both_versions_and_with_both_credentials() {
    let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
    let world = emulator.seed().clone();
    let entra = Credential::entra(StaticToken::new(world.acs.entra_token.as_str()));
    let by_token = AcsIdentityClient::builder(&world.acs.endpoint, entra);
    let by_key = AcsIdentityBuilder::from_connection_string(&world.acs.connection_string).unwrap();
    for client in [
        by_token
            .with_api_version(IdentityApiVersion::V2023_10_01)
            .build()
            .unwrap(),
        by_key.build().unwrap(),
    ] {
        let scopes = [
            TokenScope::Chat,
            TokenScope::ChatJoin,
            TokenScope::ChatJoinLimited,
            TokenScope::Voip,
            TokenScope::VoipJoin,
        ];
        let options = TokenOptions::new(scopes).with_expires_in_minutes(60);
        let made = client.create_user_with_token(&options).await.unwrap();
        let first = made.token.unwrap();
        let left = first.time_left().unwrap().as_secs();
        assert!((3590..=3600).contains(&left), "{left}");
        let second = client
            .issue_token(&made.id, &TokenOptions::chat())
            .await
            .unwrap();
        assert_ne!(first.token, second.token);
        let left = second.time_left().unwrap().as_secs();
        assert!((86_390..=86_400).contains(&left), "{left}");
        client.revoke_tokens(&made.id).await.unwrap();
        client.delete_user(&made.id).await.unwrap();
        let error = client.delete_user(&made.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let unknown = TokenOptions::new(["telepathy".into()]);
        let error = client.create_user_with_token(&unknown).await.unwrap_err();
        assert_eq!(error.code(), Some("ValidationError"), "{error}");
    }
}

#[tokio::test]
async fn the_token_of_a_teams_user_is_exchanged_or_refused() {
    let emulator = Emulator::start().await.unwrap();
    let user = &emulator.seed().graph.users[0];
    let claims = user.token.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
    let claims: serde_json::Value = serde_json::from_slice(&claims.unwrap()).unwrap();
    let app = claims["appid"].as_str().unwrap();
    let identity = identity(&emulator);
    let teams = TeamsUserToken::new(user.token.as_str(), app, &user.id);
    let token = identity.exchange_teams_user_token(&teams).await.unwrap();
    assert!(token.expires_at().is_some());
    let stranger = TeamsUserToken::new(user.token.as_str(), app, "somebody-else");
    let error = identity
        .exchange_teams_user_token(&stranger)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("InvalidAccessToken"));
}
