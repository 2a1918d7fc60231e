//! Absolute links through a recorder.

use std::fs;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Uri},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use ms_messenger_emulator::{Emulator, Recorder};
use serde_json::{Value, json};

use crate::{
    outside::{Outside, client},
    record::{Folder, assert_nobody_is_in, in_front},
    record_services::service,
    skype::Endpoint,
};

/// A service in front of which a recorder is started.
async fn recorded(folder: &Folder) -> (Outside, Recorder) {
    let service = Emulator::start().await.unwrap();
    let builder = Recorder::builder(service.http_url(), folder.file());
    in_front(builder, service).await
}

/// Follows the links of a list, and returns the texts in it.
async fn follow(out: &Outside, first: &str, token: &str, link: &str) -> (usize, Vec<String>) {
    let mut next = format!("{}{first}", out.base);
    let (mut pages, mut texts) = (0, Vec::new());
    loop {
        assert!(next.starts_with(&format!("{}/", out.base)), "{next}");
        let (status, page) = Outside::ask(out.client.get(&next).bearer_auth(token)).await;
        assert_eq!(status, 200, "{page}");
        pages += 1;
        for item in page["value"].as_array().unwrap() {
            let text = item["body"]["content"].as_str();
            let text = text.or_else(|| item["content"]["message"].as_str());
            texts.extend(text.map(str::to_owned));
        }
        match page[link].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => return (pages, texts),
        }
    }
}

#[tokio::test]
async fn the_pages_of_graph_and_acs_are_all_recorded() {
    let folder = Folder::new();
    let (mut out, recorder) = recorded(&folder).await;
    for n in 0..5 {
        let body = json!({"body": {"content": format!("harbour {n}")}});
        assert_eq!(out.graph(&out.graph_chat(), &body).await.0, 201);
        assert_eq!(out.chat(&format!("harbour {n}")).await.status(), 201);
    }
    let token = out.emulator.seed().graph.token.clone();
    let list = format!("{}?$top=2", out.graph_chat());
    let (pages, texts) = follow(&out, &list, &token, "@odata.nextLink").await;
    assert!(pages >= 3, "{pages}");
    let expected = [
        "harbour 4",
        "harbour 3",
        "harbour 2",
        "harbour 1",
        "harbour 0",
    ];
    assert_eq!(texts, expected);
    let list = format!("{}&maxPageSize=2", out.thread_path());
    let token = out.chat_token().to_owned();
    let (of_acs, texts) = follow(&out, &list, &token, "nextLink").await;
    assert!(of_acs >= 3, "{of_acs}");
    assert_eq!(texts, expected);
    let lines = folder.lines();
    assert_eq!(lines.len(), 1 + 10 + pages + of_acs);
    let link = lines[11]["response"]["body"]["json"]["@odata.nextLink"].clone();
    assert!(
        link.as_str().unwrap().starts_with("{origin}/v1.0/chats/"),
        "{link}"
    );
    let text = fs::read_to_string(folder.file()).unwrap();
    assert_nobody_is_in(&text, &out, &["harbour"]);

    // By another name of the same machine the links have that one.
    out.base = recorder.http_url().replace("127.0.0.1", "localhost");
    let token = out.emulator.seed().graph.token.clone();
    let list = format!("{}?$top=2", out.graph_chat());
    assert_eq!(
        follow(&out, &list, &token, "@odata.nextLink").await.1.len(),
        5
    );
}

#[tokio::test]
async fn a_delta_link_is_followed_through_the_recorder() {
    let folder = Folder::new();
    let (out, recorder) = recorded(&folder).await;
    let list = format!("{}/delta", out.graph_channel());
    let mut page = out.graph_get(&list).await;
    while let Some(next) = page["@odata.nextLink"].as_str() {
        page = out.graph_get(next.strip_prefix(&out.base).unwrap()).await;
    }
    let link = page["@odata.deltaLink"].as_str().unwrap().to_owned();
    let body = json!({"body": {"content": "later"}});
    assert_eq!(out.graph(&out.graph_channel(), &body).await.0, 201);
    let later = out.graph_get(link.strip_prefix(&out.base).unwrap()).await;
    assert_eq!(later["value"].as_array().unwrap().len(), 1, "{later}");
    assert_eq!(recorder.counts().failed, 0);
}

#[tokio::test]
async fn a_session_of_skype_is_recorded_whole() {
    let folder = Folder::new();
    let (out, recorder) = recorded(&folder).await;
    let discover = out.emulator.seed().ucwa.discover.clone();
    let discover = discover.replace(out.emulator.http_url(), &out.base);
    let (status, found) = Outside::ask(out.client.get(&discover)).await;
    assert_eq!(status, 200, "{found}");
    let user = found["_links"]["user"]["href"].as_str().unwrap();
    assert!(user.starts_with(&out.base), "{user}");
    let asked = out.client.get(user).send().await.unwrap();
    assert_eq!(asked.status(), 401);
    let challenge = asked.headers().get_all("www-authenticate").iter();
    let challenge: Vec<&str> = challenge.map(|it| it.to_str().unwrap()).collect();
    let ticket = format!("href=\"{}/WebTicket/", out.base);
    assert!(challenge.join(",").contains(&ticket), "{challenge:?}");

    let mut alice = Endpoint::online(&out, "alice").await;
    let conversation = alice.talk_to("sip:bob@contoso.test").await;
    alice.send(&conversation, "the harbour at nine").await;
    let counts = recorder.shutdown().await;
    assert_eq!(
        (counts.failed, counts.recorded + 1),
        (0, folder.lines().len() as u64)
    );
    assert!(counts.recorded > 8, "{counts:?}");
    let text = fs::read_to_string(folder.file()).unwrap();
    assert_nobody_is_in(&text, &out, &["harbour", "bob@contoso"]);
}

/// Shows what it got: path, `Referer` and body.
async fn show(uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let referer = headers.get("referer").map(|it| it.to_str().unwrap());
    let host = headers["host"].to_str().unwrap();
    let json = json!({
        "length": headers["content-length"].to_str().unwrap(),
        "path": uri.path(),
        "referer": referer.map(|it| it.replace(host, "SERVICE")),
        "got": String::from_utf8_lossy(&body).replace(host, "SERVICE"),
    });
    axum::Json(json).into_response()
}

#[tokio::test]
async fn what_a_client_sends_names_the_service_again() {
    let folder = Folder::new();
    let url = service(Router::new().route("/v1.0/chats", post(show))).await;
    let recorder = Recorder::builder(&url, folder.file())
        .start()
        .await
        .unwrap();
    let own = recorder.http_url();
    let body = format!(
        r#"{{"user@odata.bind": "{own}/v1.0/users('1')", "topic": "{own}/x", "other": "{own}0/x"}}"#
    );
    let send = || {
        let request = client().post(format!("{own}/v1.0/chats"));
        let request = request.header("content-type", "application/json");
        request
            .header("referer", format!("{own}/page"))
            .body(body.clone())
    };
    let (_, shown) = Outside::ask(send()).await;
    let expected = body.replacen(own.trim_start_matches("http://"), "SERVICE", 1);
    assert_eq!(shown["got"], expected);
    assert_eq!(shown["referer"], "http://SERVICE/page");
    assert_eq!(shown["path"], "/v1.0/chats");
    // A signature covers the body.
    let signed = send().header("authorization", "HMAC-SHA256 SignedHeaders=x&Signature=y");
    let (_, shown) = Outside::ask(signed).await;
    assert_eq!(shown["got"], body);
    let line = &folder.lines()[1]["request"]["body"]["json"];
    assert!(
        line["user@odata.bind"]
            .as_str()
            .unwrap()
            .starts_with("{origin}/v1.0/users"),
        "{line}"
    );
}

#[tokio::test]
async fn other_links_and_every_other_byte_of_a_response_stay() {
    const BODY: &str = r#"{ "value" : [ ], "n":1.500, "nextLink" : "ORIGIN/v1.0/x?$skip=2",
        "webUrl":"https://contoso.example/x", "content" : "ORIGIN/x", "é":"\u00e9" }"#;
    let folder = Folder::new();
    let page = |headers: HeaderMap| async move {
        let origin = format!("http://{}", headers["host"].to_str().unwrap());
        let body = BODY.replace("ORIGIN", &origin);
        (
            [
                ("content-type", "application/json; odata=minimal"),
                ("link", "<http://a.example/>"),
            ],
            body,
        )
    };
    let url = service(Router::new().route("/v1.0/x", get(page))).await;
    let recorder = Recorder::builder(&url, folder.file())
        .start()
        .await
        .unwrap();
    let response = client()
        .get(format!("{}/v1.0/x", recorder.http_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["link"], "<http://a.example/>");
    let length: usize = response.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let text = response.text().await.unwrap();
    let expected = BODY
        .replacen("ORIGIN", recorder.http_url(), 1)
        .replace("ORIGIN", &url);
    assert_eq!((text.len(), text), (length, expected));
    let kept: Value = folder.lines()[1]["response"]["body"]["json"].clone();
    assert!(
        kept["nextLink"].as_str().unwrap().starts_with("{origin}/"),
        "{kept}"
    );
}

#[tokio::test]
async fn links_in_xml_lead_through_the_recorder() {
    let folder = Folder::new();
    let (out, recorder) = recorded(&folder).await;
    let discover = out.emulator.seed().ucwa.discover.clone();
    let discover = discover.replace(out.emulator.http_url(), &out.base);
    let xml = |url: String| {
        let request = out.client.get(url);
        let request = request.header("accept", "application/vnd.microsoft.com.ucwa+xml");
        async { request.send().await.unwrap() }
    };
    let found = xml(discover).await;
    let kind = found.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/xml"), "{kind}");
    let length = found.content_length();
    let text = found.text().await.unwrap();
    assert_eq!(length, Some(text.len() as u64));
    let user = text.split("rel=\"user\" href=\"").nth(1).unwrap();
    let user = user.split('"').next().unwrap();
    assert!(user.starts_with(&out.base), "{text}");
    assert!(!text.contains(out.emulator.http_url()), "{text}");
    assert_eq!(xml(user.to_owned()).await.status(), 401);
    let counts = recorder.counts();
    assert_eq!((counts.recorded, counts.unlinked), (2, 0));
}

/// A service whose link is in a body of that length and coding.
async fn long(length: usize, coding: Option<&'static str>, kind: &'static str) -> String {
    let page = move |headers: HeaderMap| async move {
        let host = headers["host"].to_str().unwrap();
        let link = format!("http://{host}/v1.0/next");
        let filling = "x".repeat(length);
        let body = json!({"@odata.nextLink": link, "value": [filling]});
        let response = ([("content-type", kind)], body.to_string());
        let mut response = response.into_response();
        if let Some(coding) = coding {
            let value = coding.parse().unwrap();
            response.headers_mut().insert("content-encoding", value);
        }
        response
    };
    service(Router::new().route("/v1.0/me/messages", get(page))).await
}

#[tokio::test]
async fn a_response_whose_links_lead_past_the_recorder_is_counted_and_told() {
    const JSON: &str = "application/json";
    let cases = [
        (9 << 20, None, JSON, Some("it is larger than 8 MiB")),
        (10, Some("zstd"), JSON, Some("it is compressed")),
        (10, Some("identity"), JSON, None),
        (10, None, JSON, None),
        (9 << 20, None, "application/octet-stream", None),
    ];
    for (length, coding, kind, reason) in cases {
        let folder = Folder::new();
        let url = long(length, coding, kind).await;
        let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = std::sync::Arc::clone(&heard);
        let builder = Recorder::builder(&url, folder.file());
        let builder = builder.with_listener(move |line| told.lock().unwrap().push(line.to_owned()));
        let recorder = builder.start().await.unwrap();
        let own = recorder.http_url();
        let request = client().get(format!("{own}/v1.0/me/messages?$search=hunter2"));
        let bytes = request.send().await.unwrap().bytes().await.unwrap();
        let is_changed = bytes.windows(own.len()).any(|it| it == own.as_bytes());
        assert_eq!(is_changed, reason.is_none() && kind == JSON);
        let expected = reason.map(|reason| {
            let begin = "GET /v1.0/me/messages: links in the response lead past the recorder";
            format!("{begin}: {reason}")
        });
        assert_eq!(*heard.lock().unwrap(), Vec::from_iter(expected));
        let counts = recorder.shutdown().await;
        assert_eq!(counts.unlinked, u64::from(reason.is_some()), "{counts:?}");
    }
}
