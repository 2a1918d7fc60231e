//! What ACS Messages has beside conversations: templates, media, read receipts.

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn templates_come_in_pages_that_end_with_an_empty_one() {
    let out = Outside::start().await;
    let channel = out.emulator.seed().acs.channel_registration_id.clone();
    for (version, name) in [
        ("2024-08-30", "maxpagesize"),
        ("2025-09-01-preview", "maxPageSize"),
    ] {
        let mut link =
            format!("/messages/channels/{channel}/templates?api-version={version}&{name}=2");
        let (mut templates, mut sizes) = (Vec::new(), Vec::new());
        loop {
            let (status, page) = out.keyed(Method::GET, &link, Value::Null).await;
            assert_eq!(status, 200, "{page}");
            let items = page["value"].as_array().unwrap();
            sizes.push(items.len());
            templates.extend(items.clone());
            let Some(next) = page.get("nextLink") else {
                break;
            };
            link = next.as_str().unwrap().to_owned();
            assert!(link.starts_with("/messages/channels/"), "{link}");
        }
        assert_eq!(sizes, [2, 2, 2, 2, 2, 1, 0]);
        for template in &templates {
            assert_eq!(template["kind"], "whatsApp");
            assert!(template["language"].is_string());
            let content = template["content"].as_array().unwrap();
            assert!(content.iter().any(|it| it["type"] == "BODY"), "{template}");
        }
        let kinds = |all: &Value| -> Vec<String> {
            let kinds = all.as_array().unwrap().iter();
            kinds
                .map(|it| it["type"].as_str().unwrap().to_owned())
                .collect()
        };
        let content = &templates
            .iter()
            .find(|it| it["name"] == "order_shipped")
            .unwrap()["content"];
        assert_eq!(kinds(content), ["HEADER", "BODY", "FOOTER", "BUTTONS"]);
        assert_eq!(kinds(&content[3]["buttons"]), ["QUICK_REPLY", "URL"]);
        let names: Vec<&Value> = templates.iter().map(|t| &t["name"]).collect();
        assert_eq!(names[0], names[1], "one item per name and language");
    }
    let bad = "/messages/channels/x/templates?api-version=2024-08-30";
    assert_eq!(out.keyed(Method::GET, bad, Value::Null).await.0, 400);
}

#[tokio::test]
async fn templates_must_be_approved_ones_strict_or_not() {
    for is_strict in [false, true] {
        let builder = Emulator::builder().with_strict(is_strict);
        only_approved_templates(&Outside::of(builder.start().await.unwrap())).await;
    }
}

async fn only_approved_templates(out: &Outside) {
    let send = "/messages/notifications:send?api-version=2024-08-30";
    for (name, language, status) in [
        ("hello_world", "en_US", 202),
        ("hello_world", "fr", 404),
        ("hello_world", "en_us", 404),
        ("seasonal_offer", "en_US", 404),
        ("nonexistent", "en_US", 404),
        ("appointment_reminder", "de", 202),
        // Those of the samples of Microsoft's packages.
        ("gathering_invitation", "ca", 202),
        ("sample_issue_resolution", "en_US", 202),
        ("sample_shipping_confirmation", "en_US", 202),
    ] {
        let template = json!({"name": name, "language": language});
        let body = out.notification(&json!({"kind": "template", "template": template}));
        let (responded, response) = out.keyed(Method::POST, send, body).await;
        assert_eq!(responded, status, "{response}");
        if status == 404 {
            assert_eq!(response["error"]["code"], "TemplateNotFound");
            let inner = &response["error"]["innererror"];
            assert_eq!(inner["code"], "WaErrorCode.TemplateNotFound");
            assert!(inner["message"].as_str().unwrap().contains("(#132001)"));
        }
    }
    assert_eq!(out.rows("").await.len(), 5);
    let conversation = format!(
        "/messages/conversations/{}/messages:send?api-version=2025-04-01-preview",
        out.emulator.seed().acs.conversation_id
    );
    let template = json!({"name": "nonexistent", "language": "en_US"});
    let body = json!({"request": {"kind": "template", "template": template}});
    let (status, error) = out.keyed(Method::POST, &conversation, body).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (404, &json!("TemplateNotFound"))
    );
}

#[tokio::test]
async fn templates_are_created_by_the_admin_api_and_removed_by_a_reset() {
    let out = Outside::start().await;
    let send = "/messages/notifications:send?api-version=2024-08-30";
    let template = json!({"name": "mine", "language": "fr"});
    let body = out.notification(&json!({"kind": "template", "template": template}));
    let sent = async || out.keyed(Method::POST, send, body.clone()).await.0;
    let make = async |document: Value| {
        Outside::ask(out.post("/_emulator/templates").json(&document)).await
    };
    assert_eq!(sent().await, 404);
    let (status, all) = make(json!({"name": "mine", "language": "fr", "status": "pending"})).await;
    assert_eq!((status, all.as_array().map(Vec::len)), (200, Some(12)));
    assert_eq!(sent().await, 404);
    let (_, all) = make(template.clone()).await;
    assert_eq!(
        all.as_array().unwrap().last().unwrap()["status"],
        "approved"
    );
    assert_eq!(sent().await, 202);
    let header = json!([{"type": "HEADER", "format": "TEXT", "text": "Hi"}]);
    let (_, all) = make(json!({"name": "mine", "language": "nl", "content": header})).await;
    assert_eq!(all.as_array().unwrap().last().unwrap()["content"], header);
    for bad in [
        json!({}),
        json!({"name": "x"}),
        json!({"name": "x", "language": "fr", "status": "nice"}),
        json!({"name": "x", "language": "fr", "content": []}),
        json!({"name": "x", "language": "fr", "content": [{"text": "Hi"}]}),
        json!({"name": "x", "language": "fr", "content": "Hi"}),
        json!({"name": "x", "language": "fr", "content": header, "text": "Hi"}),
        json!({"name": "x", "language": "fr", "x": 1}),
        json!(1),
    ] {
        assert_eq!(make(bad.clone()).await.0, 400, "{bad}");
    }
    out.emulator.reset();
    assert_eq!(sent().await, 404);
    let listed = out
        .get("/_emulator/templates")
        .await
        .json::<Value>()
        .await
        .unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 11);
}

#[tokio::test]
async fn media_are_downloaded_under_their_own_type() {
    let out = Outside::start().await;
    let token = out.emulator.seed().acs.entra_token.clone();
    let download = async |id: &str| {
        let target = format!("/messages/streams/{id}?api-version=2024-08-30");
        out.read(&target, &token).send().await.unwrap()
    };
    let seeded = download(&out.emulator.seed().acs.media_id).await;
    assert_eq!(seeded.status(), 200);
    assert_eq!(seeded.headers()["content-type"], "image/png");
    assert!(seeded.bytes().await.unwrap().starts_with(b"\x89PNG\r\n"));
    let injected = out
        .emulator
        .inject(
            &json!({"platform": "acs-messages", "from": "+14255550123", "text": "my order",
                        "media_type": "application/pdf", "media": "JVBERi0="}),
        )
        .unwrap();
    let response = download(injected["media_id"].as_str().unwrap()).await;
    assert_eq!(response.headers()["content-type"], "application/pdf");
    assert_eq!(response.bytes().await.unwrap().as_ref(), b"%PDF-");
    assert_eq!(out.rows("").await[0]["kind"], "document");
    let half = json!({"platform": "acs-messages", "from": "+1", "text": "x", "media": "JVBERi0="});
    assert!(out.emulator.inject(&half).is_err());

    let error: Value = download("d19e68ec-bdd6-4a50-8dfb-cbb1642df6ab")
        .await
        .json()
        .await
        .unwrap();
    let expected = json!({"code": "MediaNotFound", "message": "Given media object does not exist",
        "innererror": {"code": "ErrorCode.IdentifierNotFound", "message": "IdentifierNotFound"}});
    assert_eq!(error["error"], expected);
    let blank = download("%20%20").await;
    assert_eq!(blank.status(), 400);
    let expected = json!({"code": "ModelValidationError", "message": "id",
                          "target": "id: The id field is required."});
    assert_eq!(blank.json::<Value>().await.unwrap()["error"], expected);
}

#[tokio::test]
async fn a_receipt_is_accepted_by_the_version_that_has_it() {
    let out = Outside::start().await;
    let channel = &out.emulator.seed().acs.channel_registration_id;
    let body = json!({"channelRegistrationId": channel, "messageId": "m", "typingIndicator": true});
    let target = "/messages/readreceipts:send?api-version=2025-09-01-preview";
    assert_eq!(
        out.keyed(Method::POST, target, body.clone()).await,
        (202, Value::Null)
    );
    let older = target.replace("09-01", "04-01");
    assert_eq!(out.keyed(Method::POST, &older, body).await.0, 400);
    assert_eq!(
        out.keyed(Method::POST, target, json!({"messageId": "m"}))
            .await
            .0,
        400
    );
    assert!(out.rows("").await.is_empty());
}
