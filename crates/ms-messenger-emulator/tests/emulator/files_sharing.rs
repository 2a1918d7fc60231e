//! Who can read a file: channels, invitations, links, and the messages that refer to files.

use crate::outside::{
    Outside,
    files::{code, shared},
    graph::{ALICE, BOB, CAROL, FAR, member},
};
use ms_messenger_emulator::{Emulator, FaultAction, Platform};
use serde_json::{Value, json};

/// A file of alice's and the address that attachments have.
async fn uploaded(out: &Outside, name: &str) -> (Value, String) {
    let (status, item) = out.put_file(name, "hello").await;
    assert_eq!(status, 201, "{item}");
    let (_, selected) = out.file(&format!("{name}?$select=webDavUrl")).await;
    let url = selected["webDavUrl"].as_str().unwrap().to_owned();
    (item, url)
}

async fn invited(out: &Outside, item: &Value, recipients: Value) -> (u16, Value) {
    let path = format!(
        "/v1.0/me/drive/items/{}/invite",
        item["id"].as_str().unwrap()
    );
    let body = json!({"recipients": recipients, "requireSignIn": true, "sendInvitation": false,
        "roles": ["read"]});
    out.as_user(ALICE, "POST", &path, Some(body)).await
}

fn drive_path(item: &Value) -> String {
    let drive = item["parentReference"]["driveId"].as_str().unwrap();
    format!(
        "/v1.0/drives/{drive}/items/{}",
        item["id"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_file_is_its_owners_until_another_user_is_invited() {
    let out = Outside::start().await;
    let users = out.emulator.seed().graph.users.clone();
    let (item, url) = uploaded(&out, "a.pdf").await;
    let (by_url, by_id) = (
        format!("{}/content", shared(&url)),
        format!("{}/content", drive_path(&item)),
    );
    assert_eq!(
        out.read_file(ALICE, &by_url).await,
        (200, b"hello".to_vec())
    );
    for path in [&by_url, &by_id, &drive_path(&item)] {
        let (status, error) = out.as_user(BOB, "GET", path, None).await;
        assert_eq!((status, code(&error)), (403, "accessDenied"), "{path}");
    }
    let recipients = json!([{"objectId": users[BOB].id}, {"email": "Guest@example.org"}]);
    let (status, granted) = invited(&out, &item, recipients).await;
    assert_eq!(status, 200, "{granted}");
    let entry = &granted["value"][0];
    assert_eq!(
        (&entry["roles"], &entry["grantedToV2"]["user"]["id"]),
        (&json!(["read"]), &json!(users[BOB].id))
    );
    assert_eq!(
        granted["value"][1]["grantedToV2"]["user"]["email"],
        "guest@example.org"
    );
    assert_eq!(out.read_file(BOB, &by_url).await, (200, b"hello".to_vec()));
    assert_eq!(out.read_file(BOB, &by_id).await, (200, b"hello".to_vec()));
    assert_eq!(out.as_user(CAROL, "GET", &by_url, None).await.0, 403);
    // Reading is all that was granted.
    assert_eq!(
        out.as_user(BOB, "DELETE", &drive_path(&item), None).await.0,
        403
    );
    let (_, again) = invited(&out, &item, json!([{"email": users[BOB].upn}])).await;
    assert_eq!(again["value"][0]["id"], entry["id"], "the same permission");
    let rows = out.emulator.files();
    assert_eq!(rows[0].web_dav_url, url);
    let mut readers = vec![users[ALICE].id.clone(), users[BOB].id.clone()];
    readers.sort();
    readers.push("guest@example.org".to_owned());
    assert_eq!(rows[0].readers, readers);
}

#[tokio::test]
async fn a_recipient_that_is_not_known_has_an_error_of_its_own() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let users = out.emulator.seed().graph.users.clone();
    let (item, _) = uploaded(&out, "a.pdf").await;
    let recipients = json!([{"objectId": users[BOB].id}, {"email": "nobody@example.org"},
        {"objectId": "no-guid"}, {}]);
    let (status, granted) = invited(&out, &item, recipients).await;
    assert_eq!(status, 200);
    let entries = granted["value"].as_array().unwrap();
    assert!(entries[0]["id"].is_string() && entries[0]["error"].is_null());
    for entry in &entries[1..] {
        assert_eq!(
            (&entry["error"]["code"], &entry["id"]),
            (&json!("notFound"), &Value::Null)
        );
    }
    assert_eq!(
        entries[1]["grantedToV2"]["user"]["email"],
        "nobody@example.org"
    );
    let path = format!("{}/invite", drive_path(&item));
    for body in [
        json!({}),
        json!({"recipients": [], "roles": ["read"]}),
        json!({"recipients": [{"email": "a@b.c"}]}),
        json!({"recipients": [{"email": "a@b.c"}], "roles": ["owner"]}),
        json!({"recipients": [{"email": "a@b.c"}], "roles": ["read"], "requireSignIn": 1}),
    ] {
        assert_eq!(
            out.as_user(ALICE, "POST", &path, Some(body.clone()))
                .await
                .0,
            400,
            "{body}"
        );
    }
    let bobs = json!({"recipients": [{"objectId": users[CAROL].id}], "roles": ["read"]});
    assert_eq!(
        out.as_user(BOB, "POST", &path, Some(bobs)).await.0,
        403,
        "bob only reads"
    );
}

#[tokio::test]
async fn a_permission_of_a_folder_is_one_of_its_files() {
    let out = Outside::start().await;
    let folder = json!({"name": "f", "folder": {}});
    let (_, folder) = out
        .as_user(ALICE, "POST", "/v1.0/me/drive/root/children", Some(folder))
        .await;
    let (item, _) = uploaded(&out, "f/a.txt").await;
    assert_eq!(
        out.as_user(BOB, "GET", &drive_path(&item), None).await.0,
        403
    );
    let bob = out.emulator.seed().graph.users[BOB].id.clone();
    invited(&out, &folder, json!([{"objectId": bob}])).await;
    assert_eq!(
        out.as_user(BOB, "GET", &drive_path(&item), None).await.0,
        200
    );
}

#[tokio::test]
async fn a_link_is_made_once_and_lets_in_the_users_of_its_scope() {
    let out = Outside::start().await;
    let (item, url) = uploaded(&out, "a.pdf").await;
    let path = format!("{}/createLink", drive_path(&item));
    let make = |body: Value| out.as_user(ALICE, "POST", &path, Some(body));
    let wanted = json!({"type": "view", "scope": "organization"});
    let (status, made) = make(wanted.clone()).await;
    assert_eq!(
        (status, &made["link"]["scope"]),
        (201, &json!("organization")),
        "{made}"
    );
    let (status, again) = make(wanted).await;
    assert_eq!((status, &again["link"]), (200, &made["link"]));
    let link = made["link"]["webUrl"].as_str().unwrap();
    assert!(
        link.starts_with("https://contoso-my.sharepoint.test/:b:/g/personal/"),
        "{link}"
    );
    let content = format!("{}/content", shared(link));
    assert_eq!(out.read_file(BOB, &content).await, (200, b"hello".to_vec()));
    assert_eq!(
        out.as_user(BOB, "GET", &shared(&url), None).await.0,
        403,
        "not by the plain address"
    );
    let (_, users) = make(json!({"type": "view", "scope": "users"})).await;
    let only = shared(users["link"]["webUrl"].as_str().unwrap());
    assert_eq!(out.as_user(BOB, "GET", &only, None).await.0, 403);
    assert_eq!(out.as_user(ALICE, "GET", &only, None).await.0, 200);
    assert_eq!(
        make(json!({"type": "edit", "scope": "anonymous"})).await.0,
        201
    );
    for body in [
        json!({}),
        json!({"type": "embed"}),
        json!({"type": "view", "scope": "world"}),
    ] {
        assert_eq!(make(body.clone()).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn an_address_is_found_in_its_own_encoding_only() {
    let out = Outside::start().await;
    let (_, url) = uploaded(&out, "%233%20b.pdf").await;
    assert!(url.ends_with("/%233%20b.pdf"), "{url}");
    assert_eq!(out.as_user(ALICE, "GET", &shared(&url), None).await.0, 200);
    let twice = url.replace('%', "%25");
    let (status, error) = out.as_user(ALICE, "GET", &shared(&twice), None).await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
    for token in ["x", "u!%25", "u!eA", "s!abc"] {
        let path = format!("/v1.0/shares/{token}/driveItem");
        assert_eq!(
            out.as_user(ALICE, "GET", &path, None).await.0,
            400,
            "{token}"
        );
    }
    let seed = out.emulator.seed();
    let token = seed.graph_token(&seed.graph.users[ALICE], &["Files.ReadWrite"], FAR);
    let (status, error) = Outside::ask(out.with_token(&token, "GET", &shared(&url))).await;
    assert_eq!(
        (status, code(&error)),
        (403, "accessDenied"),
        "needs Files.Read.All"
    );
}

#[tokio::test]
async fn files_of_a_channel_are_read_and_written_by_the_members_of_the_team() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let path = format!(
        "/v1.0/teams/{}/channels/{}/filesFolder",
        graph.team_id, graph.channel_id
    );
    let (status, folder) = out.as_user(ALICE, "GET", &path, None).await;
    assert_eq!(
        (status, &folder["name"]),
        (200, &json!("General")),
        "{folder}"
    );
    assert_eq!(
        out.as_user(BOB, "GET", &path, None).await.1["id"],
        folder["id"]
    );
    assert_eq!(
        out.as_user(ALICE, "GET", &format!("{path}?$select=id"), None)
            .await
            .0,
        400
    );
    let file = format!("{}:/a.txt:/content", drive_path(&folder));
    let (status, item) = Outside::ask(out.of_user(ALICE, "PUT", &file).body("hello")).await;
    assert_eq!(status, 201, "{item}");
    assert_eq!(
        item["webUrl"],
        "https://contoso.sharepoint.test/sites/Contoso/Shared%20Documents/General/a.txt"
    );
    let content = format!("{}/content", drive_path(&item));
    assert_eq!(
        out.read_file(CAROL, &content).await,
        (200, b"hello".to_vec())
    );
    let team = graph.users.iter().map(|user| user.id.clone());
    let mut team: Vec<String> = team.collect();
    team.sort();
    assert_eq!(out.emulator.files()[0].readers, team);
}

#[tokio::test]
async fn a_private_channel_has_a_site_of_its_own() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let channels = format!("/v1.0/teams/{}/channels", graph.team_id);
    let owner = member(&out, &graph.users[ALICE].id);
    let channel = json!({"displayName": "Board", "membershipType": "private", "members": [owner]});
    let (status, channel) = out.as_user(ALICE, "POST", &channels, Some(channel)).await;
    assert_eq!(status, 201, "{channel}");
    let path = format!("{channels}/{}/filesFolder", channel["id"].as_str().unwrap());
    let (_, folder) = out.as_user(ALICE, "GET", &path, None).await;
    let standard = format!("{channels}/{}/filesFolder", graph.channel_id);
    let (_, general) = out.as_user(ALICE, "GET", &standard, None).await;
    assert_ne!(
        folder["parentReference"]["driveId"],
        general["parentReference"]["driveId"]
    );
    assert_eq!(out.as_user(BOB, "GET", &path, None).await.0, 403);
    assert_eq!(
        out.as_user(BOB, "GET", &drive_path(&folder), None).await.0,
        403
    );
}

fn message(item: &Value, url: &str) -> Value {
    let guid = item["eTag"].as_str().unwrap();
    let guid = &guid[2..38];
    json!({
        "body": {"contentType": "html", "content": format!("See <attachment id=\"{guid}\"></attachment>")},
        "attachments": [{"id": guid, "contentType": "reference", "contentUrl": url, "name": "a.pdf"}],
    })
}

#[tokio::test]
async fn the_members_that_cannot_open_what_they_were_sent_are_named() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let graph = out.emulator.seed().graph.clone();
    let (item, url) = uploaded(&out, "a.pdf").await;
    let (status, sent) = out.graph(&out.graph_chat(), &message(&item, &url)).await;
    assert_eq!(status, 201, "{sent}");
    assert_eq!(sent["attachments"][0]["contentUrl"], url);
    let rows: Vec<Value> = out.get("/_emulator/files").await.json().await.unwrap();
    let mut denied = vec![graph.users[BOB].id.clone(), graph.users[CAROL].id.clone()];
    denied.sort();
    let expected = json!([{"conversation": graph.chat_id, "message_id": sent["id"],
        "content_url": url, "denied": denied}]);
    assert_eq!(rows[0]["messages"], expected);
    assert_eq!(rows[0]["attachment_id"], sent["attachments"][0]["id"]);
    let recipients =
        json!([{"objectId": graph.users[BOB].id}, {"objectId": graph.users[CAROL].id}]);
    invited(&out, &item, recipients).await;
    assert_eq!(
        out.emulator.files()[0].messages[0].denied,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_share_link_in_a_message_becomes_the_address_of_its_file() {
    let out = Outside::start().await;
    let (item, url) = uploaded(&out, "a.pdf").await;
    let path = format!("{}/createLink", drive_path(&item));
    let (_, made) = out
        .as_user(ALICE, "POST", &path, Some(json!({"type": "view"})))
        .await;
    let link = made["link"]["webUrl"].as_str().unwrap();
    let mut body = message(&item, link);
    body["attachments"][0]
        .as_object_mut()
        .unwrap()
        .remove("name");
    let (status, sent) = out.graph(&out.graph_chat(), &body).await;
    assert_eq!(status, 201, "{sent}");
    assert_eq!(sent["attachments"][0]["contentUrl"], url);
    assert_eq!(sent["attachments"][0]["name"], "a.pdf");
    let sent = &out.emulator.files()[0].messages[0];
    assert_eq!((sent.content_url.as_str(), sent.denied.len()), (link, 0));
}

#[tokio::test]
async fn a_reference_to_no_file_of_the_sites_is_refused_when_strict() {
    let strict = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let lenient = Outside::start().await;
    let (item, url) = uploaded(&strict, "a.pdf").await;
    let gone = url.replace("a.pdf", "b.pdf");
    let mut other = message(&item, &url);
    let text = other.to_string().replace(
        &item["eTag"].as_str().unwrap()[2..38],
        "5FF69C5F-1111-2222-3333-444455556666",
    );
    other = serde_json::from_str(&text).unwrap();
    for body in [message(&item, &gone), other] {
        let (status, error) = strict.graph(&strict.graph_chat(), &body).await;
        assert_eq!((status, code(&error)), (400, "BadRequest"), "{error}");
        assert_eq!(lenient.graph(&lenient.graph_chat(), &body).await.0, 201);
    }
    let foreign = message(&item, "https://a.test/sites/x/y.pdf");
    assert_eq!(strict.graph(&strict.graph_chat(), &foreign).await.0, 201);
}

#[tokio::test]
async fn an_edited_message_no_longer_refers_to_its_file() {
    let out = Outside::start().await;
    let (item, url) = uploaded(&out, "a.pdf").await;
    let (_, sent) = out.graph(&out.graph_chat(), &message(&item, &url)).await;
    assert_eq!(out.emulator.files()[0].messages.len(), 1);
    let path = format!("{}/{}", out.graph_chat(), sent["id"].as_str().unwrap());
    let edit = json!({"body": {"content": "nothing"}});
    assert_eq!(out.as_user(ALICE, "PATCH", &path, Some(edit)).await.0, 204);
    assert_eq!(out.emulator.files()[0].messages, []);
}

#[tokio::test]
async fn every_operation_on_drives_takes_faults() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let (item, url) = uploaded(&out, "a.pdf").await;
    let at = drive_path(&item);
    let folder = format!(
        "/v1.0/teams/{}/channels/{}/filesFolder",
        graph.team_id, graph.channel_id
    );
    let session = out.session("s", json!({})).await;
    let download = item["@microsoft.graph.downloadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let root = "/v1.0/me/drive/root".to_owned();
    for (operation, method, path) in [
        ("drive.get", "GET", "/v1.0/me/drive".to_owned()),
        ("drive.folder", "GET", folder),
        ("drive.item", "GET", at.clone()),
        ("drive.list", "GET", format!("{root}/children")),
        ("drive.create", "POST", format!("{root}/children")),
        ("drive.content", "GET", format!("{at}/content")),
        ("drive.download", "GET", download),
        ("drive.upload", "PUT", format!("{root}:/b:/content")),
        (
            "drive.session.create",
            "POST",
            format!("{root}:/b:/createUploadSession"),
        ),
        ("drive.session.piece", "PUT", session.clone()),
        ("drive.session.get", "GET", session.clone()),
        ("drive.session.commit", "POST", session.clone()),
        ("drive.session.cancel", "DELETE", session),
        ("drive.invite", "POST", format!("{at}/invite")),
        ("drive.link", "POST", format!("{at}/createLink")),
        ("drive.share", "GET", shared(&url)),
        (
            "drive.share.content",
            "GET",
            format!("{}/content", shared(&url)),
        ),
        ("drive.delete", "DELETE", at),
    ] {
        let fault = FaultAction::status(503).with_header("Retry-After", "7");
        out.emulator
            .fail_next(Platform::MSGRAPH_CHAT, operation, fault)
            .unwrap();
        let response = out.of_user(ALICE, method, &path).send().await.unwrap();
        assert_eq!(response.status(), 503, "{operation}");
        assert_eq!(response.headers()["retry-after"], "7", "{operation}");
    }
    assert_eq!(out.emulator.files().len(), 1, "nothing was carried out");
}
