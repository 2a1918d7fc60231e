//! Calls made from a table of operations.

use ms_messenger_core::{Delivery, IdempotencyKey};
use ms_messenger_http::{Call, Method, Operation, RetryClass};

use crate::server::{Act, Server, client::pipeline, status};

static CREATE: Operation = Operation::once(
    Method::POST,
    "pager.create",
    "/pagers",
    "a second call creates another pager",
)
.with_doubt("the pager may exist: list the pagers before creating another one");
static RENAME: Operation = Operation::repeatable(
    Method::PATCH,
    "pager.rename",
    "/pagers/{pager}",
    "it sets values",
);

#[tokio::test]
async fn the_error_of_a_lost_response_says_what_may_be_left_behind() {
    let server = Server::start([Act::Close]).await;
    let error = pipeline(&server).call(Call::of(&CREATE, "/pagers")).await;
    let error = error.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.operation(), Some("pager.create"));
    let text = error.to_string();
    assert!(
        text.contains("; the pager may exist: list the pagers"),
        "{text}"
    );
    assert!(
        text.contains("unknown whether pager.create was executed"),
        "{text}"
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_rejection_leaves_nothing_behind() {
    let server = Server::start([status(400, &[], "")]).await;
    let error = pipeline(&server).call(Call::of(&CREATE, "/pagers")).await;
    let error = error.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(!error.to_string().contains("may exist"), "{error}");
}

#[tokio::test]
async fn the_table_decides_about_method_and_retries() {
    let server = Server::start([Act::Close, status(200, &[], "{}")]).await;
    let call = Call::of(&RENAME, "/pagers/7");
    pipeline(&server).call(call).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|seen| seen.line() == "PATCH /pagers/7 HTTP/1.1")
    );

    let server = Server::start([Act::Close, status(200, &[], "{}")]).await;
    let keyed = Call::of(&CREATE, "/pagers").with_idempotency(IdempotencyKey::random());
    assert!(pipeline(&server).call(keyed).await.is_ok());
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_row_of_the_table_says_what_it_is() {
    assert_eq!(CREATE.to_string(), "pager.create: POST /pagers");
    assert_eq!(CREATE.class(), RetryClass::NotRepeatable);
    assert!(!CREATE.is_repeatable() && RENAME.is_repeatable());
    let keyed = Operation::once(Method::POST, "a", "/a", "b").with_key();
    assert!(keyed.is_repeatable() && keyed.is_keyed());
    let read = Operation::read("a", "/a")
        .with_permission("P")
        .with_function("f");
    assert_eq!((read.permission(), read.function()), (Some("P"), "f"));
}
