//! Lists over pages, with links that lead on, elsewhere, in circles or without end.

use acs_chat::{ChatMessage, ChatParticipant, Pages};
use ms_messenger_core::{Error, ErrorKind};
use ms_messenger_testkit::Reply;
use serde_json::{Value, json as value};

use super::recorder::{PATH, Recorder, VERSION, json};

fn page(ids: &[&str], link: Option<&str>) -> Reply {
    let items = ids.iter();
    let items: Vec<Value> = items
        .map(|id| value!({"id": id, "type": "text", "content": {"message": "x"}}))
        .collect();
    let mut body = value!({ "value": items });
    if let Some(link) = link {
        body["nextLink"] = link.into();
    }
    json(200, body)
}

async fn read(mut pages: Pages<ChatMessage>) -> (Vec<String>, Option<Error>) {
    let mut ids = Vec::new();
    loop {
        match pages.next_page().await {
            Ok(Some(page)) => ids.extend(page.into_iter().map(|it| it.id.into_string())),
            Ok(None) => return (ids, None),
            Err(error) => return (ids, Some(error)),
        }
    }
}

#[tokio::test]
async fn links_are_followed_as_they_are_to_the_last_page() {
    // The service writes the id of the thread as it is.
    let next =
        "/chat/threads/19:a@thread.v2/messages?syncState=3e&startTime=1%2F1%2F1970&maxPageSize=2";
    let recorder = Recorder::start([
        page(&["3", "2"], Some(next)),
        page(
            &[],
            Some("/chat/threads/19:a@thread.v2/messages?syncState=3f"),
        ),
        page(&["1"], None),
    ])
    .await;
    let (ids, error) = read(recorder.thread().messages()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids, ["3", "2", "1"]);
    let first = format!("GET {PATH}/messages?maxPageSize=200&{VERSION}");
    let rest = "GET /chat/threads/19:a@thread.v2/messages?syncState=3f";
    assert_eq!(
        recorder.lines(),
        [first, format!("GET {next}"), rest.to_owned()]
    );
}

#[tokio::test]
async fn a_link_elsewhere_or_in_a_circle_ends_the_list_and_keeps_what_was_read() {
    let first = format!("{PATH}/messages?maxPageSize=200&{VERSION}");
    for link in [
        "https://contoso.com/chat/threads",
        "//contoso.com/x",
        &first,
    ] {
        let recorder = Recorder::start([page(&["1"], Some(link))]).await;
        let (ids, error) = read(recorder.thread().messages()).await;
        let error = error.unwrap();
        assert_eq!(
            (ids.len(), error.kind()),
            (1, ErrorKind::Protocol),
            "{link}"
        );
        assert_eq!(recorder.requests().len(), 1, "{link}");
        assert!(!error.to_string().contains("contoso"), "{error}");
    }
}

#[tokio::test]
async fn the_number_of_pages_is_bounded() {
    let replies = (0..5).map(|n| page(&["1"], Some(&format!("/chat/threads/t/messages?n={n}"))));
    let recorder = Recorder::start(replies).await;
    let pages = recorder.thread().messages().with_max_pages(3);
    let (ids, error) = read(pages).await;
    assert_eq!((ids.len(), error.unwrap().kind()), (3, ErrorKind::Other));
    assert_eq!(recorder.requests().len(), 3);
}

#[tokio::test]
async fn a_page_that_is_not_as_documented_is_an_error_without_its_words() {
    for body in [
        value!({"value": [{"id": "secret"}]}),
        value!({"value": {"secret": 1}}),
        value!("secret"),
        value!({}),
    ] {
        let recorder = Recorder::start([json(200, body)]).await;
        let (_, error) = read(recorder.thread().messages()).await;
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_list_is_a_stream_as_well() {
    use futures_util::TryStreamExt as _;

    let body = value!({"value": [{"communicationIdentifier": {"rawId": "8:acs:r_u"}}]});
    let recorder = Recorder::start([json(200, body)]).await;
    let all = recorder.thread().participants().into_stream();
    let all: Vec<ChatParticipant> = all.try_collect().await.unwrap();
    assert_eq!(all[0].identifier.raw_id, "8:acs:r_u");
}
