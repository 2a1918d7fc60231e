//! Which `api-version` each ACS service takes, and how it refuses the others.

use crate::outside::Outside;
use reqwest::Method;
use serde_json::{Value, json};

const CHAT: [&str; 6] = [
    "2021-03-07",
    "2021-09-07",
    "2023-11-07",
    "2024-03-07",
    "2024-03-15-preview",
    "2025-03-15",
];
const MESSAGES: [&str; 5] = [
    "2024-02-01",
    "2024-08-30",
    "2025-01-15-preview",
    "2025-04-01-preview",
    "2025-09-01-preview",
];

#[tokio::test]
async fn each_service_accepts_its_versions_and_names_them_in_every_response() {
    let out = Outside::start().await;
    let acs = out.emulator.seed().acs.clone();
    let templates = format!(
        "/messages/channels/{}/templates",
        acs.channel_registration_id
    );
    let conversations = "/messages/conversations".to_owned();
    let (user, entra) = (&acs.users[0].token, &acs.entra_token);
    for (path, token, taken) in [
        ("/chat/threads".to_owned(), user, &CHAT[..]),
        (templates, entra, &MESSAGES[..]),
        (conversations, entra, &MESSAGES[3..]),
    ] {
        let all = CHAT
            .iter()
            .chain(&MESSAGES)
            .chain(&["2025-03-01-preview", "2024-11-15"]);
        for version in all {
            let target = format!("{path}?api-version={version}");
            let response = out.read(&target, token).send().await.unwrap();
            let named = response.headers()["api-supported-versions"]
                .to_str()
                .unwrap();
            assert_eq!(named, taken.join(", "), "{target}");
            let is_taken = taken.contains(version);
            assert_eq!(
                response.status(),
                if is_taken { 200 } else { 400 },
                "{target}"
            );
            if !is_taken {
                let error: Value = response.json().await.unwrap();
                let words = error["error"]["message"].as_str().unwrap();
                let expected = format!("does not support the API version '{version}'.");
                assert!(words.ends_with(&expected), "{words}");
                assert!(words.contains(&path), "{words}");
            }
        }
        let (status, error) = out.bear(token, Method::GET, &path, Value::Null).await;
        let code = &error["error"]["code"];
        assert_eq!(
            (status, code),
            (400, &json!("ApiVersionUnspecified")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn identity_accepts_its_versions() {
    let out = Outside::start().await;
    for version in [
        "2021-03-07",
        "2022-06-01",
        "2022-10-01",
        "2023-10-01",
        "2025-06-30",
    ] {
        let target = format!("/identities?api-version={version}");
        assert_eq!(
            out.keyed(Method::POST, &target, Value::Null).await.0,
            201,
            "{version}"
        );
    }
    for (target, status) in [
        ("/identities?api-version=2025-03-15", 400),
        (
            "/access/teamsExtension/tenants/t/assignments/o?api-version=2023-10-01",
            400,
        ),
        ("/identities", 400),
    ] {
        let method = if target.contains("tenants") {
            Method::GET
        } else {
            Method::POST
        };
        assert_eq!(
            out.keyed(method, target, Value::Null).await.0,
            status,
            "{target}"
        );
    }
}
