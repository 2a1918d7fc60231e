//! Lists over pages, with links that lead on, elsewhere or in circles.

use ms_messenger_core::ErrorKind;
use ms_messenger_testkit::Reply;
use serde_json::{Value, json as value};

use super::recorder::{CHANNEL, Recorder, json};

fn page(names: &[&str], link: Value) -> Reply {
    let item = |name: &&str| {
        value!({"name": name, "language": "en", "status": "approved",
        "kind": "whatsApp", "content": [], "later": 1})
    };
    let items: Vec<Value> = names.iter().map(item).collect();
    json(200, value!({"value": items, "nextLink": link}))
}

/// The names that are read, and the kind of the error that ends the list.
async fn read(recorder: &Recorder) -> (Vec<String>, Option<ErrorKind>) {
    let mut pages = recorder.client().templates(CHANNEL.parse().unwrap());
    let mut names = Vec::new();
    loop {
        match pages.next_page().await {
            Ok(Some(page)) => names.extend(page.into_iter().map(|it| it.name)),
            Ok(None) => return (names, None),
            Err(error) => return (names, Some(error.kind())),
        }
    }
}

/// As recorded: a relative link to a last page that is empty, and `null` or nothing at the end.
#[tokio::test]
async fn relative_links_and_an_empty_last_page_are_read_to_the_end() {
    let path = format!("/messages/channels/{CHANNEL}/templates?api-version=2024-08-30");
    let next = format!("{path}&continuationToken=MjQZD");
    for end in [value!(null), value!("")] {
        let replies = [page(&["a", "b"], next.as_str().into()), page(&[], end)];
        let recorder = Recorder::start(replies).await;
        assert_eq!(
            read(&recorder).await,
            (vec!["a".to_owned(), "b".to_owned()], None)
        );
        assert_eq!(
            recorder.lines(),
            [format!("GET {path}"), format!("GET {next}")]
        );
        // Each page is signed for its own address.
        let signed: Vec<_> = recorder
            .requests()
            .iter()
            .map(|it| it.header("authorization").map(str::to_owned))
            .collect();
        assert_ne!(signed[0], signed[1]);
    }
}

#[tokio::test]
async fn a_link_elsewhere_or_in_a_circle_ends_the_list() {
    let own = format!("/messages/channels/{CHANNEL}/templates?api-version=2024-08-30");
    for link in ["https://contoso.com/x", "//contoso.com/x", own.as_str()] {
        let recorder = Recorder::start([page(&["a"], link.into())]).await;
        let (names, kind) = read(&recorder).await;
        assert_eq!(
            (names.len(), kind),
            (1, Some(ErrorKind::Protocol)),
            "{link}"
        );
        assert_eq!(recorder.requests().len(), 1, "{link}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_as_documented_is_an_error() {
    for body in [
        value!({}),
        value!({"value": 7}),
        value!({"value": [{"name": 7}]}),
    ] {
        let recorder = Recorder::start([json(200, body)]).await;
        assert_eq!(read(&recorder).await.1, Some(ErrorKind::Protocol));
    }
}
