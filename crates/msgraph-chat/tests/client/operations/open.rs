//! Requests for paths that have no method.

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_testkit::Reply;
use msgraph_chat::{Method, RetryClass};
use serde_json::{Value, json};

use crate::operations::double::{assert_invalid, list, losing_the_first, replying, seen};

#[tokio::test]
async fn any_path_goes_through_the_same_pipeline() {
    let (double, client) = replying(list(json!([{"id": "1"}]))).await;
    let body: Value = client
        .request(Method::PATCH, "/me/presence")
        .with_json(&json!({"a": 1}))
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["value"][0]["id"], "1");
    let mut pages = client
        .request(Method::GET, "/users")
        .with_query("$filter", "mail eq 'a'")
        .pages::<Value>();
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
    let filter = "%24filter=mail%20eq%20%27a%27";
    assert_eq!(
        seen(&double),
        [
            "PATCH /me/presence".to_owned(),
            format!("GET /users?{filter}")
        ]
    );
    let request = &double.requests()[0];
    assert_eq!(request.body, br#"{"a":1}"#);
    assert_eq!(request.header("authorization"), Some("Bearer delegated"));
}

#[tokio::test]
async fn a_change_is_repeated_only_when_the_caller_says_so() {
    let (double, client) = losing_the_first(Reply::new(204, "")).await;
    let error = client.request(Method::POST, "/x").send().await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(double.requests().len(), 1);

    let (double, client) = losing_the_first(Reply::new(204, "")).await;
    let request = client.request(Method::POST, "/x");
    let request = request.with_retry_class(RetryClass::Repeatable);
    request.send().await.unwrap();
    assert_eq!(double.requests().len(), 2);
}

#[tokio::test]
async fn a_path_elsewhere_is_refused() {
    let (double, client) = replying(Reply::new(204, "")).await;
    for path in ["", "me", "//contoso.test/x", "/a b", "/a#b"] {
        let error = client.request(Method::GET, path).send().await.unwrap_err();
        assert_invalid(&double, &error, "path");
    }
    let error = client.request(Method::GET, "/../beta").send().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(double.requests().is_empty());
}
