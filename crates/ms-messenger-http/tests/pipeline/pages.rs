//! Lists that are read page by page, and successes that are not what is documented.

use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::StreamExt as _;
use ms_messenger_core::{Delivery, Error, ErrorKind};
use ms_messenger_http::{Call, HeaderValue, Pages, Pipeline, header};

use crate::server::{
    Act, Server,
    client::{pipeline, send},
    status,
};

fn page(items: &str, member: &str, link: &str) -> Act {
    let body = format!(r#"{{"value":{items},"{member}":"{link}"}}"#);
    status(200, &[], &body)
}

fn list(pipeline: &Pipeline) -> Pages<u32> {
    Pages::new(pipeline, Ok(Call::get("list", "/list")))
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
    let mut pages = list(&pipeline);
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
    for (link, kind, is_cut_short) in [
        ("https://contoso.test/list", ErrorKind::Protocol, false),
        ("/list", ErrorKind::Protocol, true),
    ] {
        let server = Server::start([page("[1]", "nextLink", link)]).await;
        let pipeline = pipeline(&server);
        let mut pages = list(&pipeline);
        assert!(!pages.is_cut_short());
        assert_eq!(pages.next_page().await.unwrap(), Some(vec![1]));
        assert_eq!(pages.is_cut_short(), is_cut_short, "{link}");
        let error = pages.next_page().await.unwrap_err();
        let facts = (error.kind(), error.delivery(), error.platform());
        assert_eq!(facts, (kind, Delivery::NotSent, Some("test")), "{link}");
        assert!(pages.next_page().await.unwrap().is_none());
        assert_eq!(server.seen().len(), 1);
    }
}

static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// An item that counts how many of it there are.
struct Counted;

impl<'de> serde::Deserialize<'de> for Counted {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        u32::deserialize(input)?;
        let live = LIVE.fetch_add(1, Ordering::SeqCst) + 1;
        MOST.fetch_max(live, Ordering::SeqCst);
        Ok(Self)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_list_of_10_000_items_holds_one_page_of_50() {
    let items = format!("[{}]", vec!["7"; 50].join(","));
    let lists = 2;
    let pages = (1..=200).map(|n| match n {
        200 => status(200, &[], &format!(r#"{{"value":{items}}}"#)),
        n => page(&items, "nextLink", &format!("/list?page={n}")),
    });
    let pages: Vec<Act> = pages.collect();
    let server = Server::start((0..lists).flat_map(|_| pages.clone())).await;
    let pipeline = pipeline(&server);
    let whole = || Pages::<Counted>::new(&pipeline, Ok(Call::get("list", "/list")));
    let (mut count, mut pages) = (0, whole());
    while let Some(page) = pages.next_page().await.unwrap() {
        count += page.len();
    }
    let mut items = pin!(whole().into_stream());
    while let Some(item) = items.next().await {
        item.unwrap();
        count += 1;
    }
    assert_eq!((count, server.seen().len()), (20_000, 400));
    assert_eq!(MOST.load(Ordering::SeqCst), 50);
}

#[tokio::test]
async fn no_more_pages_are_read_than_allowed() {
    let next = |n: u32| page("[]", "nextLink", &format!("/list?page={n}"));
    let server = Server::start([next(2), next(3), next(4)]).await;
    let pipeline = pipeline(&server);
    let mut pages = list(&pipeline).with_max_pages(2);
    assert!(pages.next_page().await.is_ok() && !pages.is_cut_short());
    assert!(pages.next_page().await.is_ok() && pages.is_cut_short());
    let error = pages.next_page().await.unwrap_err();
    assert_eq!(error.message(), "the list has more than 2 pages");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_stream_reads_a_page_when_the_items_before_it_are_used_up() {
    let server = Server::start([
        page("[1,2]", "nextLink", "/list?page=2"),
        page("[]", "nextLink", "/list?page=3"),
        status(404, &[], ""),
    ])
    .await;
    let pipeline = pipeline(&server);
    let mut items = pin!(list(&pipeline).into_stream());
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    assert_eq!(items.next().await.unwrap().unwrap(), 2);
    assert_eq!(server.seen().len(), 1);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(items.next().await.is_none(), "an error ends the stream");
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn the_last_page_holds_the_link_to_later_changes_and_every_page_the_same_headers() {
    let server = Server::start([
        page("[1]", "@odata.nextLink", "/list?page=2"),
        page(
            "[2]",
            "@odata.deltaLink",
            "http://x.test/list?$deltatoken=7",
        ),
    ])
    .await;
    let first =
        Call::get("list", "/list").with_header(header::RANGE, HeaderValue::from_static("x"));
    let mut pages = Pages::<u32>::new(&pipeline(&server), Ok(first));
    assert!(pages.next_page().await.unwrap().is_some());
    assert_eq!(pages.delta_link(), None);
    assert!(pages.next_page().await.unwrap().is_some());
    assert_eq!(pages.delta_link(), Some("http://x.test/list?$deltatoken=7"));
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.header("range") == Some("x")));
}

#[tokio::test]
async fn what_ends_a_list_before_any_request_is_the_error_of_its_first_page() {
    let server = Server::start([]).await;
    let mistake = Error::invalid("thread", "must not be empty");
    let mut pages = Pages::<u32>::new(&pipeline(&server), Err(mistake));
    let error = pages.next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(server.seen().is_empty());
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
