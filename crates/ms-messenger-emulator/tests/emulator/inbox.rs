//! The web inbox from outside: its files, its conversations, and what each query accepts.

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

/// GETs JSON below `/_emulator/`.
pub(crate) async fn read(out: &Outside, path: &str) -> Value {
    let response = out.get(&format!("/_emulator/{path}")).await;
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

/// The messages of a query.
pub(crate) async fn messages(out: &Outside, query: &str) -> Vec<Value> {
    let page = read(out, &format!("inbox/messages{query}")).await;
    page["messages"].as_array().unwrap().clone()
}

/// The numbers of these messages.
pub(crate) fn numbers(messages: &[Value]) -> Vec<u64> {
    messages
        .iter()
        .map(|one| one["seq"].as_u64().unwrap())
        .collect()
}

pub(crate) fn inject(out: &Outside, message: &Value) -> Value {
    out.emulator.inject(message).unwrap()
}

/// A message of bob in the seeded thread.
pub(crate) fn of_bob(out: &Outside, text: &str) -> Value {
    let acs = &out.emulator.seed().acs;
    json!({"platform": "acs-chat", "conversation": acs.thread_id, "sender": acs.users[1].id, "text": text})
}

#[tokio::test]
async fn the_page_and_its_files_allow_no_foreign_script() {
    let out = Outside::start().await;
    let page = out.get("/_emulator/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    let directives: Vec<&str> = policy.split("; ").collect();
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types inbox-html",
    ] {
        assert!(directives.contains(&directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = page.text().await.unwrap();
    let mut waiting: Vec<String> = html
        .split('"')
        .filter(|text| text.starts_with("/_emulator/app"))
        .map(str::to_owned)
        .collect();
    assert!(html.matches("<script").count() == 1 && html.contains("src=\"/_emulator/app.js\""));
    assert!(!html.contains("style=") && !html.contains("onclick"));
    let mut seen = Vec::new();
    while let Some(path) = waiting.pop() {
        if seen.contains(&path) {
            continue;
        }
        let file = out.get(&path).await;
        assert_eq!(file.status(), 200, "{path}");
        assert_eq!(file.headers()["x-content-type-options"], "nosniff");
        assert!(file.headers().contains_key("content-security-policy"));
        let is_script = path.ends_with(".js");
        let kind = file.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(is_script, kind.starts_with("text/javascript"), "{path}");
        let text = file.text().await.unwrap();
        assert!(
            !text.contains("https://") || path.ends_with(".svg"),
            "{path} names another host"
        );
        for import in text.split("from '").skip(1).filter(|_| is_script) {
            let name = import
                .split('\'')
                .next()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap();
            waiting.push(format!("/_emulator/app/{name}"));
        }
        seen.push(path);
    }
    assert!(seen.len() > 12, "{seen:?}");
    let wrong = out.post("/_emulator/app.js").send().await.unwrap();
    assert_eq!(wrong.status(), 405);
    assert_eq!(out.get("/_emulator/app/none.js").await.status(), 404);
}

#[tokio::test]
async fn pages_of_other_sites_read_nothing_of_the_inbox() {
    let out = Outside::start().await;
    for path in [
        "",
        "app.js",
        "conversations",
        "events",
        "inbox/messages",
        "inbox/world",
        "entra/sign-ins",
    ] {
        for (name, value) in [("origin", "http://evil.example"), ("host", "evil.example")] {
            let request = out.client.get(format!("{}/_emulator/{path}", out.base));
            let response = request.header(name, value).send().await.unwrap();
            assert_eq!(response.status(), 403, "{path} {name}");
        }
    }
    for path in ["ucwa/clock", "faults", "inject", "reset", "entra/approve"] {
        let request = out
            .post(&format!("/_emulator/{path}"))
            .json(&json!({"advance_s": 1}));
        let response = request
            .header("origin", "http://evil.example")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn conversations_are_listed_by_their_newest_message() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let first = read(&out, "conversations").await;
    assert_eq!(
        (first["total"].clone(), first["messages"].clone()),
        (json!(0), json!(0))
    );
    out.chat("one").await;
    out.graph(
        &out.graph_channel(),
        &json!({"body": {"contentType": "html", "content": "<p>tw&amp;o</p>"}}),
    )
    .await;
    inject(
        &out,
        &json!({"platform": "acs-messages", "from": "+14255550199", "text": "three"}),
    );
    inject(&out, &of_bob(&out, "four"));
    let page = read(&out, "conversations").await;
    let all = page["conversations"].as_array().unwrap();
    let ids: Vec<&str> = all.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            &*world.acs.thread_id,
            "+14255550199",
            &*world.graph.channel_id
        ]
    );
    assert_eq!(
        (
            page["total"].clone(),
            page["messages"].clone(),
            page["next"].clone()
        ),
        (json!(3), json!(4), json!(null))
    );
    let thread = &all[0];
    assert_eq!(
        (thread["title"].clone(), thread["messages"].clone()),
        (json!("Emulated thread"), json!(2))
    );
    assert_eq!(
        thread["people"][1],
        json!({"id": world.acs.users[1].id, "name": "bob"})
    );
    assert_eq!(
        (
            thread["last"]["text"].clone(),
            thread["last"]["sender"].clone()
        ),
        (json!("four"), json!("bob"))
    );
    assert_eq!(all[2]["title"], "Contoso / General");
    assert_eq!(all[2]["last"]["text"], "tw&o");
    for (query, found) in [
        ("?platform=acs-messages", vec!["+14255550199"]),
        ("?search=GENERAL", vec![&*world.graph.channel_id]),
        ("?search=5550199", vec!["+14255550199"]),
        (
            "?search=carol&platform=acs-chat",
            vec![&*world.acs.thread_id],
        ),
        ("?search=nothing", vec![]),
    ] {
        let page = read(&out, &format!("conversations{query}")).await;
        let ids: Vec<Value> = page["conversations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].clone())
            .collect();
        assert_eq!(ids, found, "{query}");
    }
}

#[tokio::test]
async fn the_other_side_can_answer_with_what_the_list_offers() {
    let out = Outside::start().await;
    out.chat("hello").await;
    out.graph(&out.graph_chat(), &json!({"body": {"content": "hello"}}))
        .await;
    let conversation = out.emulator.seed().acs.conversation_id.clone();
    inject(
        &out,
        &json!({"platform": "acs-messages", "from": "+14255550199", "conversation": conversation, "text": "hello"}),
    );
    let page = read(&out, "conversations").await;
    for one in page["conversations"].as_array().unwrap() {
        let mut message = one["inject"].clone();
        let member = one["sender_member"].as_str().unwrap();
        message[member] = one["people"][1]["id"].clone();
        message["text"] = json!("an answer");
        let (status, made) = Outside::ask(out.post("/_emulator/inject").json(&message)).await;
        assert_eq!(status, 200, "{message} {made}");
        assert_eq!(made["conversation"], one["id"]);
    }
    assert_eq!(messages(&out, "?state=injected").await.len(), 4);
}

#[tokio::test]
async fn pages_of_conversations_follow_each_other() {
    let out = Outside::start().await;
    for n in 0..7 {
        inject(
            &out,
            &json!({"platform": "acs-messages", "from": format!("+1425555010{n}"), "text": "x"}),
        );
    }
    let mut seen = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let page = read(&out, &format!("conversations{query}")).await;
        let ids = page["conversations"].as_array().unwrap().iter();
        seen.extend(ids.map(|one| one["id"].as_str().unwrap().to_owned()));
        match page["next"].as_u64() {
            Some(next) => query = format!("?limit=3&before={next}"),
            None => break,
        }
    }
    let expected: Vec<String> = (0..7).rev().map(|n| format!("+1425555010{n}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn bad_queries_are_refused_by_name() {
    let out = Outside::start().await;
    let long = "x".repeat(1001);
    for (path, named) in [
        ("conversations?planet=1".to_owned(), "planet"),
        ("conversations?limit=0".to_owned(), "limit"),
        (
            "conversations?limit=99999999999999999999".to_owned(),
            "limit",
        ),
        ("conversations?platform=fax".to_owned(), "platform"),
        ("inbox/messages?before=-1".to_owned(), "before"),
        ("inbox/messages?before=1&after=1".to_owned(), "after"),
        ("inbox/messages?conversation=x".to_owned(), "platform"),
        ("inbox/messages?state=lost".to_owned(), "state"),
        (format!("inbox/messages?search={long}"), "search"),
        ("inbox/message".to_owned(), "seq"),
        ("inbox/message?seq=x".to_owned(), "seq"),
        ("inbox/exchange?number=".to_owned(), "number"),
        ("inbox/exchanges?state=x".to_owned(), "state"),
        ("inbox/media?platform=acs-chat".to_owned(), "conversation"),
        ("events?after=1-2".to_owned(), "after"),
        ("events?planet=1".to_owned(), "planet"),
    ] {
        let response = out.get(&format!("/_emulator/{path}")).await;
        assert_eq!(response.status(), 400, "{path}");
        let text = response.text().await.unwrap();
        assert!(
            text.contains(&format!("{named}: ")) && text.len() < 2000,
            "{path} {text}"
        );
    }
    for path in [
        "inbox/message?seq=1",
        "inbox/exchange?number=1",
        "inbox/media?platform=acs-chat&conversation=c&message=1&id=1",
    ] {
        assert_eq!(
            out.get(&format!("/_emulator/{path}")).await.status(),
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_reset_and_dropped_messages_leave_the_inbox() {
    let emulator = Emulator::builder().with_keep(2).start().await.unwrap();
    let out = Outside::of(emulator);
    for n in 1..=5 {
        inject(&out, &of_bob(&out, &n.to_string()));
    }
    inject(
        &out,
        &json!({"platform": "acs-messages", "from": "+14255550199", "text": "6"}),
    );
    assert_eq!(numbers(&messages(&out, "").await), [5, 6]);
    let thread = out.emulator.seed().acs.thread_id.replace(':', "%3A");
    let query = format!("?platform=acs-chat&conversation={thread}");
    assert_eq!(numbers(&messages(&out, &query).await), [5]);
    out.emulator.reset();
    assert_eq!(messages(&out, "").await, [] as [Value; 0]);
    assert_eq!(read(&out, "conversations").await["total"], 0);
    inject(&out, &of_bob(&out, "again"));
    assert_eq!(numbers(&messages(&out, &query).await), [1]);
}
