//! UCWA: tickets, and applications with their resources.

use crate::outside::Outside;
use crate::skype::{Endpoint, link, text, ticket, user};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn the_order_of_the_first_member_and_the_text_of_the_guid_are_kept() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let response = alice.request(Method::GET, &alice.path("/communication"));
    let response = response.send().await.unwrap();
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let body = response.text().await.unwrap();
    let first = body.split('"').nth(1).unwrap();
    assert!(uuid_like(first), "{body}");
    let etag: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(tag, format!("\"{}\"", text(&etag["etag"])));
}

#[tokio::test]
async fn communication_is_put_with_its_guid_and_a_quoted_tag() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let href = alice.path("/communication");
    let (_, mut resource) = alice.get(&href).await;
    let tag = text(&resource["etag"]);
    resource["supportedMessageFormats"] = json!(["Plain", "Html"]);
    let put = |tag: Option<String>, body: Value| {
        let mut request = alice.request(Method::PUT, &href).json(&body);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        Outside::ask(request)
    };
    let bare = json!({"supportedMessageFormats": ["Plain"]});
    assert_eq!(put(None, resource.clone()).await.0, 428);
    assert_eq!(put(Some(tag.clone()), resource.clone()).await.0, 428);
    assert_eq!(put(Some("\"0\"".into()), resource.clone()).await.0, 412);
    assert_eq!(put(Some(format!("\"{tag}\"")), bare).await.0, 400);
    let (status, updated) = put(Some(format!("\"{tag}\"")), resource.clone()).await;
    assert_eq!(
        (status, &updated["supportedMessageFormats"][1]),
        (200, &json!("Html"))
    );
    assert_eq!(
        put(Some(format!("\"{tag}\"")), resource.clone()).await.0,
        412
    );
    let event = alice.until("communication", "updated").await;
    assert_eq!(event["_embedded"]["communication"]["etag"], updated["etag"]);
}

#[tokio::test]
async fn tickets_are_issued_for_the_right_password() {
    let out = Outside::start().await;
    let alice = user(&out, "alice");
    let password = alice.password.as_str();
    for name in ["alice@contoso.test", "CONTOSO\\alice", "Alice@Contoso.Test"] {
        let form = [
            ("grant_type", "password"),
            ("username", name),
            ("password", password),
        ];
        assert_eq!(ticket(&out, &form).await.status(), 200, "{name}");
    }
    let wrong = [
        ("grant_type", "password"),
        ("username", "alice@contoso.test"),
        ("password", "x"),
    ];
    let passive = [("grant_type", "urn:microsoft.rtc:passive")];
    let unknown = [("grant_type", "saml")];
    for (form, error, diagnostics) in [
        (&wrong[..], "invalid_grant", "28020"),
        (&passive[..], "invalid_grant", "28020"),
        (&unknown[..], "unsupported_grant_type", "28029"),
    ] {
        let response = ticket(&out, form).await;
        assert_eq!(response.status(), 400);
        let line = response.headers()["x-ms-diagnostics"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(line.starts_with(diagnostics), "{line}");
        assert_eq!(response.json::<Value>().await.unwrap()["error"], error);
    }
    let windows = ticket(&out, &[("grant_type", "urn:microsoft.rtc:windows")]).await;
    assert_eq!(windows.headers()["www-authenticate"], "Negotiate");

    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n\
         --x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nalice@contoso.test\r\n\
         --x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{password}\r\n--x--\r\n"
    );
    let request = out
        .post("/webticket//OAUTHTOKEN")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(form);
    let (status, response) = Outside::ask(request).await;
    assert_eq!((status, &response["token_type"]), (200, &json!("Bearer")));
    assert!(text(&response["access_token"]).starts_with("cwt="));
}

#[tokio::test]
async fn a_guest_may_only_join_the_meeting() {
    let out = Outside::start().await;
    let uri = "sip:alice@contoso.test;gruu;opaque=app:conf:focus:id:5lb7mrbc";
    let grant = "urn:microsoft.rtc:anonmeeting";
    let form = [
        ("grant_type", grant),
        ("password", "5LB7MRBC"),
        ("ms_rtc_conferenceuri", uri),
    ];
    let response: Value = ticket(&out, &form).await.json().await.unwrap();
    let token = text(&response["access_token"]);
    let wrong = [
        ("grant_type", grant),
        ("password", "x"),
        ("ms_rtc_conferenceuri", uri),
    ];
    assert_eq!(ticket(&out, &wrong).await.status(), 400);
    let renewal = [form[0], form[1], form[2], ("ms_rtc_renew", token.as_str())];
    assert_eq!(ticket(&out, &renewal).await.status(), 200);

    let mut guest = Endpoint::with_token(&out, token, "guest").await;
    let communication = &guest.application["_embedded"]["communication"];
    assert!(communication["_links"].get("startMessaging").is_none());
    let join = link(communication, "joinOnlineMeeting");
    let available = guest.path("/me/makeMeAvailable");
    let (status, error) = guest.post(&available, &json!({})).await;
    assert_eq!(
        (status, &error["subcode"]),
        (403, &json!("AnonymousNotAllowed"))
    );
    let start = guest.path("/communication/messagingInvitations");
    let call = json!({"to": "sip:bob@contoso.test"});
    assert_eq!(guest.post(&start, &call).await.0, 403);
    guest.create(&join, &json!({"onlineMeetingUri": uri})).await;
    let done = guest.until("onlineMeetingInvitation", "completed").await;
    assert_eq!(done["status"], "Success");
}

#[tokio::test]
async fn the_same_identity_gets_the_same_application() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let create = |body: Value| {
        alice
            .request(Method::POST, "/ucwa/oauth/v1/applications")
            .json(&body)
    };
    let same = json!({"userAgent": "test", "endpointID": "alice", "culture": "en-US"});
    let (status, again) = Outside::ask(create(same)).await;
    assert_eq!((status, link(&again, "self")), (200, alice.path("")));
    for body in [
        json!({"userAgent": "x"}),
        json!({"userAgent": "x".repeat(101)}),
    ] {
        assert_eq!(Outside::ask(create(body)).await.0, 400);
    }
    let bob = Endpoint::lurk(&out, "bob").await;
    assert_eq!(bob.get(&alice.path("")).await.0, 403);
    let stats = crate::skype::until_stats(&out, |s| s["applications_alive"] == 2).await;
    assert_eq!(stats["applications"][0]["available"], false);
}

fn uuid_like(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}
