//! The list of users, and what needs `ConsistencyLevel`.

use crate::outside::Outside;
use crate::outside::graph::{ALICE, ids};
use serde_json::{Value, json};

/// Lists users with that query, and the header if `level` is one.
async fn list(out: &Outside, query: &str, level: Option<&str>) -> (u16, Value) {
    let mut request = out.of_user(ALICE, "GET", &format!("/v1.0/users?{query}"));
    if let Some(level) = level {
        request = request.header("consistencylevel", level);
    }
    Outside::ask(request).await
}

#[tokio::test]
async fn users_are_found_by_mail_address_without_case() {
    let out = Outside::start().await;
    let users = out.emulator.seed().graph.users.clone();
    for (filter, found) in [
        ("mail eq 'bob@contoso.test'", vec![1]),
        ("mail eq 'BOB@contoso.test'", vec![1]),
        (
            "startswith(displayName,'a') or userPrincipalName eq 'carol@contoso.test'",
            vec![0, 2],
        ),
        ("mail eq 'o''neil@contoso.test'", vec![]),
        ("mail eq 'bob'", vec![]),
    ] {
        let (status, page) = list(&out, &format!("$filter={filter}"), None).await;
        let expected: Vec<String> = found.iter().map(|n| users[*n].id.clone()).collect();
        assert_eq!((status, ids(&page)), (200, expected), "{filter}");
        assert_eq!(page["@odata.count"], Value::Null);
    }
    let (_, page) = list(&out, "$select=mail&$top=2", None).await;
    assert_eq!(page["value"][1], json!({"mail": "bob@contoso.test"}));
    let link = page["@odata.nextLink"].as_str().unwrap();
    let next = link.strip_prefix(&out.base).unwrap();
    let (_, rest) = Outside::ask(out.of_user(ALICE, "GET", next)).await;
    assert_eq!(rest["value"], json!([{"mail": "carol@contoso.test"}]));
    assert_eq!(rest["@odata.nextLink"], Value::Null);
}

#[tokio::test]
async fn advanced_queries_need_the_consistency_level_and_the_count() {
    let out = Outside::start().await;
    for (filter, found) in [
        ("mail ne 'bob@contoso.test'", 2),
        ("not(startswith(mail,'bob'))", 2),
        ("endswith(mail,'@contoso.test')", 3),
    ] {
        let query = format!("$filter={filter}");
        let counted = format!("{query}&$count=true");
        for (query, level) in [
            (&query, None),
            (&query, Some("eventual")),
            (&counted, None),
            (&counted, Some("session")),
        ] {
            let (status, error) = list(&out, query, level).await;
            let code = &error["error"]["code"];
            assert_eq!((status, code), (400, &json!("Request_UnsupportedQuery")));
        }
        let (status, page) = list(&out, &counted, Some("eventual")).await;
        assert_eq!((status, ids(&page).len()), (200, found), "{filter}");
        assert_eq!(page["@odata.count"], found);
    }
    for query in [
        "$filter=contains(mail,'b')",
        "$top=1000",
        "$top=x",
        "$search=\"mail:b\"",
    ] {
        assert_eq!(list(&out, query, Some("eventual")).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn a_token_that_reads_its_own_user_lists_none() {
    let out = Outside::start().await;
    let request =
        json!({"platform": "msgraph-chat", "user": "alice@contoso.test", "scopes": ["User.Read"]});
    let token = out.emulator.issue_token(&request).unwrap();
    let token = token["token"].as_str().unwrap();
    let list = out.with_token(token, "GET", "/v1.0/users");
    assert_eq!(Outside::ask(list).await.0, 403);
    let app = &out.emulator.seed().graph.app_token;
    let list = out.with_token(app, "GET", "/v1.0/users");
    assert_eq!(Outside::ask(list).await.0, 403);
}
