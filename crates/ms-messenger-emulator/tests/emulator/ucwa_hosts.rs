//! Discovery over several hosts, the form of its responses, and what a browser sees at `/`.

use crate::outside::Outside;
use crate::skype::{text, token_of};
use ms_messenger_emulator::{Emulator, UcwaTopology};
use serde_json::{Value, json};

const SERVICE: &str = "/Autodiscover/AutodiscoverService.svc/root";

async fn with(topology: UcwaTopology) -> Outside {
    let builder = Emulator::builder().with_ucwa_topology(topology);
    Outside::of(builder.start().await.unwrap())
}

async fn read(out: &Outside, url: &str) -> Value {
    let request = out.client.get(url).header("accept", "application/json");
    let (status, body) = Outside::ask(request).await;
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn discovery_can_redirect_to_the_other_host() {
    let out = with(UcwaTopology::Redirect).await;
    let elsewhere = out.base.replace("127.0.0.1", "localhost");
    for path in ["/", SERVICE] {
        let first = read(&out, &format!("{}{path}", out.base)).await;
        assert!(first["_links"].get("user").is_none(), "{first}");
        let href = text(&first["_links"]["redirect"]["href"]);
        assert!(href.starts_with(&elsewhere), "{href}");
        let second = read(&out, &href).await;
        assert!(
            text(&second["_links"]["user"]["href"]).starts_with(&elsewhere),
            "{second}"
        );
        assert!(second["_links"].get("redirect").is_none());
    }
}

#[tokio::test]
async fn the_applications_can_be_in_a_second_pool() {
    let out = with(UcwaTopology::TwoPools).await;
    let elsewhere = out.base.replace("127.0.0.1", "localhost");
    let ticket = token_of(&out, "alice").await;
    let user = format!("{}{SERVICE}/oauth/user", out.base);
    let (status, user) = Outside::ask(
        out.client
            .get(user)
            .bearer_auth(&ticket)
            .header("accept", "application/json"),
    )
    .await;
    assert_eq!(status, 200);
    let applications = text(&user["_links"]["applications"]["href"]);
    assert!(applications.starts_with(&elsewhere), "{applications}");
    let identity = json!({"UserAgent": "test", "EndpointId": "x", "Culture": "en-US"});
    let make = |ticket: &str| {
        out.client
            .post(&applications)
            .bearer_auth(ticket)
            .json(&identity)
            .send()
    };
    let refused = make(&ticket).await.unwrap();
    assert_eq!(refused.status(), 500);
    let diagnostics = refused.headers()["x-ms-diagnostics"].to_str().unwrap();
    assert!(diagnostics.starts_with("28032;"), "{diagnostics}");
    // A ticket of the pool itself is good.
    let alice = crate::skype::user(&out, "alice");
    let form = format!(
        "grant_type=password&username={}&password={}",
        alice.username, alice.password
    );
    let own = out
        .client
        .post(format!("{elsewhere}/WebTicket/oauthtoken"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let (status, own) = Outside::ask(own).await;
    assert_eq!(status, 200, "{own}");
    assert_eq!(
        make(&text(&own["access_token"])).await.unwrap().status(),
        201
    );
}

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn the_root_is_json_except_for_browsers_xml_and_silence() {
    let out = Outside::start().await;
    for (accept, kind) in [
        (None, "application/xml"),
        (Some("application/xml"), "application/xml"),
        (Some(BROWSER), "application/xml"),
        (Some("*/*"), "application/json"),
        (Some("application/json"), "application/json"),
        (
            Some("application/json, application/xml"),
            "application/json",
        ),
        (Some("text/plain, */*"), "application/json"),
    ] {
        for path in ["/", SERVICE] {
            if path == "/" && accept == Some(BROWSER) {
                continue;
            }
            // A socket of our own: other clients add an Accept.
            let accept = accept
                .map(|accept| format!("accept: {accept}\r\n"))
                .unwrap_or_default();
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{accept}connection: close\r\n\r\n"
            );
            let (response, _) = out.exchange(&request);
            assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
            assert!(
                response.contains(&format!("content-type: {kind}")),
                "{path} {accept}: {response}"
            );
        }
    }
}

#[tokio::test]
async fn a_browser_sees_a_page_at_the_root() {
    let out = Outside::start().await;
    let page = out
        .client
        .get(&out.base)
        .header("accept", BROWSER)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(page.text().await.unwrap().contains("/_emulator/messages"));
    assert_eq!(out.emulator.stats()["platforms"]["ucwa"]["requests"], 0);
}

#[tokio::test]
async fn rows_have_subject_and_importance() {
    let out = crate::skype::fast(100.0).await;
    let mut alice = crate::skype::Endpoint::lurk(&out, "alice").await;
    alice.start_with(json!({"to": "sip:bob@contoso.test", "operationId": "op", "subject": "Lunch", "importance": "Urgent",
        "_links": {"message": {"href": "data:text/plain;charset=utf-8,first"}}})).await;
    let conversation = alice.connected().await;
    alice.send(&conversation, "second").await;
    let rows = out.rows("?platform=ucwa").await;
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(
            (&row["subject"], &row["importance"]),
            (&json!("Lunch"), &json!("Urgent")),
            "{row}"
        );
    }
    let body = json!({"subject": "Title", "importance": "high", "body": {"content": "x"}});
    out.graph(&out.graph_channel(), &body).await;
    let row = out.rows("?platform=msgraph-chat").await.pop().unwrap();
    assert_eq!(
        (&row["subject"], &row["importance"]),
        (&json!("Title"), &json!("high"))
    );
    out.chat("x").await;
    let row = out.rows("?platform=acs-chat").await.pop().unwrap();
    assert_eq!(
        (&row["subject"], &row["importance"]),
        (&Value::Null, &Value::Null)
    );
}
