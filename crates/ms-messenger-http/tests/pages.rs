//! Lists that are read page by page, and successes that are not what is documented.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod server;

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_http::Pages;
use server::{
    Act, Server,
    client::{pipeline, send},
    status,
};

fn page(items: &str, member: &str, link: &str) -> Act {
    let body = format!(r#"{{"value":{items},"{member}":"{link}"}}"#);
    status(200, &[], &body)
}

fn paths(server: &Server) -> Vec<String> {
    let target = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    server
        .seen()
        .iter()
        .map(|seen| target(seen.line()))
        .collect()
}

#[tokio::test]
async fn links_of_both_spellings_are_followed_to_the_last_page() {
    let server = Server::start([
        page("[1,2]", "nextLink", "/list?page=2"),
        page("[]", "@odata.nextLink", "/list?page=3"),
        status(200, &[], r#"{"value":[3]}"#),
    ])
    .await;
    let pipeline = pipeline(&server);
    let mut pages = Pages::<u32>::new(&pipeline, "list", "/list");
    let mut items = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        items.extend(page);
    }
    assert_eq!((items, pages.pages_read()), (vec![1, 2, 3], 3));
    assert!(pages.next_page().await.unwrap().is_none());
    assert_eq!(paths(&server), ["/list", "/list?page=2", "/list?page=3"]);
}

#[tokio::test]
async fn a_page_is_returned_before_its_link_is_refused() {
    for (link, kind) in [
        ("https://contoso.test/list", ErrorKind::Protocol),
        ("/list", ErrorKind::Protocol),
    ] {
        let server = Server::start([page("[1]", "nextLink", link)]).await;
        let pipeline = pipeline(&server);
        let mut pages = Pages::<u32>::new(&pipeline, "list", "/list");
        assert_eq!(pages.next_page().await.unwrap(), Some(vec![1]));
        assert_eq!(pages.next_page().await.unwrap_err().kind(), kind, "{link}");
        assert!(pages.next_page().await.unwrap().is_none());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn no_more_pages_are_read_than_allowed() {
    let next = |n: u32| page("[]", "nextLink", &format!("/list?page={n}"));
    let server = Server::start([next(2), next(3), next(4)]).await;
    let pipeline = pipeline(&server);
    let mut pages = Pages::<u32>::new(&pipeline, "list", "/list").with_max_pages(2);
    assert!(pages.next_page().await.is_ok() && pages.next_page().await.is_ok());
    let error = pages.next_page().await.unwrap_err();
    assert_eq!(error.message(), "the list has more than 2 pages");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_success_that_is_not_as_documented_was_sent() {
    let server = Server::start([status(202, &[], r#"{"id":""}"#)]).await;
    let response = pipeline(&server).call(send()).await.unwrap();
    assert!(response.expect_status(202).is_ok());
    assert_eq!(response.expect_message_id("7".into()).unwrap(), "7");
    for error in [
        response.expect_status(201).unwrap_err(),
        response.expect_message_id(String::new()).unwrap_err(),
    ] {
        let seen = (error.kind(), error.delivery(), error.status());
        assert_eq!(seen, (ErrorKind::Protocol, Delivery::Sent, Some(202)));
    }
}
