//! Images in ACS Chat: the preview version has them, the others do not.

use crate::outside::Outside;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const PREVIEW: &str = "api-version=2024-03-15-preview";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A request of the seeded user `n` below the seeded thread, in the preview version.
fn request(out: &Outside, n: usize, method: Method, path: &str) -> RequestBuilder {
    let acs = &out.emulator.seed().acs;
    let thread = acs.thread_id.replace(':', "%3A");
    let address = format!("{}/chat/threads/{thread}{path}?{PREVIEW}", out.base);
    let request = out.client.request(method, address);
    request.bearer_auth(&acs.users[n].token)
}

fn upload(out: &Outside, bytes: &'static [u8]) -> RequestBuilder {
    let request = request(out, 0, Method::POST, "/images").body(bytes);
    request.header("content-type", "application/octet-stream")
}

#[tokio::test]
async fn an_image_is_stored_shown_by_messages_and_deleted_by_its_sender() {
    let out = Outside::start().await;
    let thread = out.emulator.seed().acs.thread_id.clone();
    let upload = upload(&out, PNG).header("image-filename", "a.png");
    let response = upload.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let image: Value = response.json().await.unwrap();
    let id = image["id"].as_str().unwrap();
    assert_eq!(
        image,
        json!({"id": id, "attachmentType": "inlineImage", "name": "a.png"})
    );
    assert_eq!(location, format!("/chat/threads/{thread}/images/{id}"));

    for path in ["view/original", "views/small"] {
        let path = format!("/images/{id}/{path}");
        let response = request(&out, 1, Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.bytes().await.unwrap(), PNG);
    }

    let own = json!({"id": "mine", "attachmentType": "file", "url": "https://contoso.com/a"});
    let shown = json!({"id": id, "attachmentType": "image"});
    let body = json!({"content": "x", "attachments": [shown, own]});
    let send = request(&out, 0, Method::POST, "/messages").json(&body);
    let (_, sent) = Outside::ask(send).await;
    let path = format!("/messages/{}", sent["id"].as_str().unwrap());
    let (_, message) = Outside::ask(request(&out, 1, Method::GET, &path)).await;
    let attachments = &message["content"]["attachments"];
    let address = |view: &str| {
        json!(format!(
            "{}/chat/threads/{thread}/images/{id}/views/{view}?{PREVIEW}",
            out.base
        ))
    };
    assert_eq!(attachments[0]["url"], address("original"));
    assert_eq!(attachments[0]["previewUrl"], address("small"));
    assert_eq!(attachments[1], own);

    let path = format!("/images/{id}");
    for (user, status) in [(1, 403), (0, 204), (0, 404)] {
        let delete = request(&out, user, Method::DELETE, &path);
        assert_eq!(Outside::ask(delete).await.0, status);
    }
    let get = request(&out, 0, Method::GET, &format!("/images/{id}/views/small"));
    assert_eq!(Outside::ask(get).await.0, 404);
}

#[tokio::test]
async fn what_is_no_image_and_other_versions_are_refused() {
    let out = Outside::start().await;
    for bytes in [&b"<svg>"[..], b"\x89PN", b""] {
        assert_eq!(Outside::ask(upload(&out, bytes)).await.0, 400, "{bytes:?}");
    }
    let typed = request(&out, 0, Method::POST, "/images").body(PNG);
    let typed = typed.header("content-type", "image/png");
    assert_eq!(Outside::ask(typed).await.0, 415);
    let view = request(&out, 0, Method::GET, "/images/x/views/huge");
    assert_eq!(Outside::ask(view).await.0, 400);
    let path = format!("/{}/images", out.emulator.seed().acs.thread_id);
    let (status, error) = out.chat_as(0, Method::POST, &path, json!({})).await;
    assert_eq!((status, &error["error"]["code"]), (404, &json!("NotFound")));
}

#[tokio::test]
async fn the_statistics_count_the_images() {
    let out = Outside::start().await;
    let count = async || {
        let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
        stats["platforms"]["acs-chat"]["images"].clone()
    };
    let (_, image) = Outside::ask(upload(&out, PNG)).await;
    assert_eq!(count().await, 1);
    upload(&out, PNG).send().await.unwrap();
    upload(&out, b"no image").send().await.unwrap();
    assert_eq!(count().await, 2);
    let path = format!("/images/{}", image["id"].as_str().unwrap());
    request(&out, 0, Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(count().await, 1);
}
