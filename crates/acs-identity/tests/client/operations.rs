//! Every operation with a lost response; exchanges of Entra tokens and assignments of Teams Phone.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use acs_identity::{
    AcsIdentityBuilder, AcsIdentityClient, Credential, EntraUser, IdentityApiVersion, Method,
    OPERATIONS, PrincipalType, TeamsPhoneAssignment, TeamsUserToken, TokenOptions,
};
use ms_messenger_core::{
    AccessToken, Delivery, ErrorKind, Result, RetryPolicy, StaticToken, TokenProvider as _,
    TokenRequest, auth::TokenFn,
};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use serde_json::{Value, json};

const ENTRA: &str = "POST /access/entra/:exchangeAccessToken?api-version=2025-03-02-preview";
const PHONE: &str = "POST /access/teamsExtension/:exchangeAccessToken?api-version=2025-06-30";
const ASSIGNMENT: &str =
    "/access/teamsExtension/tenants/t%2F1/assignments/o?api-version=2025-06-30";

/// Responds to the first request with the first of `replies`, and so on.
async fn service(replies: impl IntoIterator<Item = Reply>) -> HttpDouble {
    let replies = Mutex::new(replies.into_iter().collect::<VecDeque<Reply>>());
    let next = move |_: &ReceivedRequest| {
        let reply = replies.lock().unwrap().pop_front();
        reply.expect("no more request is expected")
    };
    HttpDouble::start(next).await.unwrap()
}

fn builder(double: &HttpDouble) -> AcsIdentityBuilder {
    let retry = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let credential = Credential::access_key("c2VjcmV0LWtleQ==").unwrap();
    AcsIdentityClient::builder(double.url(), credential).with_retry_policy(retry)
}

fn client(double: &HttpDouble) -> AcsIdentityClient {
    builder(double).build().unwrap()
}

fn lines(double: &HttpDouble) -> Vec<String> {
    let line = |it: &ReceivedRequest| format!("{} {}", it.method, it.target);
    double.requests().iter().map(line).collect()
}

fn exchanged() -> Reply {
    let token = json!({"token": "acs", "expiresOn": "2035-07-10T21:39:39.3244584+00:00"});
    Reply::json(
        200,
        &json!({"identity": {"id": "8:acs:r_t_u"}, "accessToken": token}),
    )
}

/// Provides a token that names the scope that it was asked for.
fn entra_user(client: &AcsIdentityClient) -> EntraUser {
    client.entra_user(TokenFn::new(async |request| {
        Ok(AccessToken::new(format!("for-{}", request.scopes[0])))
    }))
}

#[tokio::test]
async fn an_exchange_carries_the_token_of_the_user_with_its_own_scope() {
    let double = service([exchanged(), exchanged()]).await;
    let user = entra_user(&client(&double));
    let one = user.exchange_token().await.unwrap();
    assert_eq!(
        (one.id.as_str(), one.token.token.secret()),
        ("8:acs:r_t_u", "acs")
    );
    assert!(one.token.expires_at().is_some());
    user.exchange_teams_phone_token().await.unwrap();
    assert_eq!(lines(&double), [ENTRA, PHONE]);
    let requests = double.requests();
    let scopes = [
        "https://communication.azure.com/clients/.default",
        "https://auth.msft.communication.azure.com/.default",
    ];
    for (request, scope) in requests.iter().zip(scopes) {
        let bearer = format!("Bearer for-{scope}");
        assert_eq!(request.header("authorization"), Some(bearer.as_str()));
        assert_eq!(request.body, b"{}");
    }
    assert!(!format!("{one:?}").contains("\"acs\""));
}

#[tokio::test]
async fn an_exchange_without_user_or_token_is_executed_and_useless() {
    for body in [
        json!({"identity": {"id": ""}, "accessToken": {"token": "acs"}}),
        json!({"identity": {"id": "8:acs:r_u"}, "accessToken": {"token": ""}}),
        json!({"identity": {"id": "8:acs:r_u"}}),
    ] {
        let double = service([Reply::json(200, &body)]).await;
        let error = entra_user(&client(&double))
            .exchange_token()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Protocol, Delivery::Sent)
        );
        assert_eq!(error.operation(), Some("token.exchange_entra"));
    }
}

#[tokio::test]
async fn as_a_source_of_tokens_an_exchange_in_doubt_is_made_again() {
    let double = service([Reply::close(), exchanged()]).await;
    let user = entra_user(&client(&double));
    let token = user.token(&TokenRequest::new(&[])).await.unwrap();
    assert_eq!((token.secret(), lines(&double).len()), ("acs", 2));
}

#[tokio::test]
async fn assignments_are_put_read_and_deleted() {
    let body = json!({"principalType": "user", "clientIds": ["c"], "later": 1});
    let double = service([
        Reply::json(201, &json!({})),
        Reply::json(200, &json!({})),
        Reply::json(200, &body),
        Reply::new(204, ""),
        Reply::json(202, &json!({})),
    ])
    .await;
    let client = client(&double);
    let assignment = TeamsPhoneAssignment::new("t/1", "o", PrincipalType::User).with_client_id("c");
    client
        .put_teams_phone_assignment(&assignment)
        .await
        .unwrap();
    client
        .put_teams_phone_assignment(&assignment)
        .await
        .unwrap();
    let read = client.teams_phone_assignment("t/1", "o").await.unwrap();
    assert_eq!(read, assignment);
    client
        .delete_teams_phone_assignment("t/1", "o")
        .await
        .unwrap();
    let error = client
        .put_teams_phone_assignment(&assignment)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let expected = ["PUT", "PUT", "GET", "DELETE", "PUT"];
    assert_eq!(
        lines(&double),
        expected.map(|method| format!("{method} {ASSIGNMENT}"))
    );
    let body = json!({"principalType": "user", "clientIds": ["c"]});
    assert_eq!(double.requests()[0].json(), body);
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_any_io() {
    let double = service([]).await;
    let client = client(&double);
    let error = client.teams_phone_assignment("", " o").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::InvalidRequest, 0)
    );
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["tenant_id", "object_id"]);
    let old = builder(&double).with_api_version(IdentityApiVersion::V2023_10_01);
    let old = old.build().unwrap();
    for error in [
        old.delete_teams_phone_assignment("t", "o")
            .await
            .unwrap_err(),
        entra_user(&old)
            .exchange_teams_phone_token()
            .await
            .unwrap_err(),
    ] {
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Unsupported, 0)
        );
        assert_eq!(error.platform(), Some("acs-identity"));
        assert_eq!(error.problems()[0].field, "api_version");
    }
    assert_eq!(lines(&double).len(), 0);
}

#[tokio::test]
async fn any_path_is_requested_with_the_version_of_the_client() {
    let double = service([Reply::json(200, &json!({"a": 1}))]).await;
    let request = client(&double).request(Method::GET, "/new");
    assert_eq!(request.json::<Value>().await.unwrap()["a"], 1);
    assert_eq!(lines(&double), ["GET /new?api-version=2025-06-30"]);
}

/// Performs the operation `name`.
async fn perform(client: &AcsIdentityClient, name: &str) -> Result<()> {
    let options = TokenOptions::chat();
    match name {
        "identity.create" => client.create_user().await.map(drop),
        "identity.delete" => client.delete_user("8:acs:r_u").await,
        "token.issue" => client.issue_token("8:acs:r_u", &options).await.map(drop),
        "token.revoke" => client.revoke_tokens("8:acs:r_u").await,
        "token.exchange" => {
            let user = TeamsUserToken::new("t", "app", "user");
            client.exchange_teams_user_token(&user).await.map(drop)
        }
        "token.exchange_entra" => entra_user(client).exchange_token().await.map(drop),
        "token.exchange_teams_phone" => entra_user(client)
            .exchange_teams_phone_token()
            .await
            .map(drop),
        "assignment.get" => client.teams_phone_assignment("t", "o").await.map(drop),
        "assignment.put" => {
            let assignment = TeamsPhoneAssignment::new("t", "o", PrincipalType::ResourceAccount);
            client.put_teams_phone_assignment(&assignment).await
        }
        "assignment.delete" => client.delete_teams_phone_assignment("t", "o").await,
        other => panic!("{other} is not struck"),
    }
}

/// The success of a repeatable operation.
fn success(name: &str) -> Reply {
    match name {
        "assignment.get" | "assignment.put" => Reply::json(200, &json!({"principalType": "user"})),
        _ => Reply::new(204, ""),
    }
}

#[tokio::test]
async fn every_operation_with_a_lost_response_is_repeated_or_in_doubt_as_its_table_says() {
    for operation in OPERATIONS {
        let name = operation.name();
        let double = service([Reply::close(), success(name)]).await;
        let outcome = perform(&client(&double), name).await;
        let requests = double.requests();
        for request in &requests {
            assert_eq!(request.method, operation.method().as_str(), "{name}");
        }
        if operation.is_repeatable() {
            outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(requests.len(), 2, "{name}");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!((requests.len(), error.attempts()), (1, 1), "{name}");
            assert_eq!(error.delivery(), Delivery::Unknown, "{name}");
            assert_eq!(error.operation(), Some(name));
            assert!(
                error.message().contains(operation.doubt().unwrap()),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn the_emulator_exchanges_and_assigns_and_loses_responses() {
    let emulator = Emulator::builder().with_strict(true).start().await.unwrap();
    let string = &emulator.seed().acs.connection_string;
    let retry = RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO);
    let builder = AcsIdentityBuilder::from_connection_string(string).unwrap();
    let identity = builder.with_retry_policy(retry).build().unwrap();
    let graph = &emulator.seed().graph;
    let user = identity.entra_user(StaticToken::new(graph.users[0].token.as_str()));
    let one = user.exchange_token().await.unwrap();
    assert_eq!(user.exchange_token().await.unwrap().id, one.id);

    let error = user.exchange_teams_phone_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let tenant = graph.tenant_id.as_str();
    let lose = |operation: &str| {
        let when = When::AfterStore;
        let lost = FaultAction::Close { when };
        emulator
            .fail_next(Platform::ACS_CHAT, operation, lost)
            .unwrap();
    };
    let object = graph.users[0].id.as_str();
    let assignment = TeamsPhoneAssignment::new(tenant, object, PrincipalType::User);
    lose("assignment.put");
    identity
        .put_teams_phone_assignment(&assignment)
        .await
        .unwrap();
    let read = identity
        .teams_phone_assignment(tenant, object)
        .await
        .unwrap();
    assert_eq!(read, assignment);
    let phone = user.exchange_teams_phone_token().await.unwrap();
    assert!(phone.id.as_str().ends_with(object), "{:?}", phone.id);
    lose("assignment.delete");
    identity
        .delete_teams_phone_assignment(tenant, object)
        .await
        .unwrap();
    let error = identity
        .teams_phone_assignment(tenant, object)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let stranger = identity.entra_user(StaticToken::new("e30.e30.e30"));
    let error = stranger.exchange_token().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Unauthenticated, Delivery::NotSent)
    );
}
