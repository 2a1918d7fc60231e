//! Drives: items by id and by path, folders, simple uploads, downloads.

use crate::outside::{
    Outside,
    files::{bytes, code},
    graph::{ALICE, BOB, FAR},
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

#[tokio::test]
async fn a_file_is_read_back_by_id_and_by_path() {
    let out = Outside::start().await;
    let (status, item) = out.put_file("report.pdf", "hello").await;
    assert_eq!(status, 201, "{item}");
    assert_eq!(
        (&item["name"], &item["size"]),
        (&json!("report.pdf"), &json!(5))
    );
    let file = json!({"mimeType": "application/pdf",
        "hashes": {"quickXorHash": "aCgDG9jwBgAAAAAABQAAAAAAAAA="}});
    assert_eq!(item["file"], file);
    let etag = item["eTag"].as_str().unwrap();
    let guid = etag
        .strip_prefix("\"{")
        .unwrap()
        .strip_suffix("},1\"")
        .unwrap();
    assert!(guid.len() == 36 && guid == guid.to_uppercase(), "{etag}");
    assert_eq!(
        item["webUrl"],
        "https://contoso-my.sharepoint.test/personal/alice_contoso_test/Documents/report.pdf"
    );
    assert_eq!(item["webDavUrl"], Value::Null, "must be selected");
    let drive = item["parentReference"]["driveId"].as_str().unwrap();
    assert_eq!(
        item["parentReference"]["path"],
        format!("/drives/{drive}/root:")
    );
    let id = item["id"].as_str().unwrap();
    for path in [
        "/v1.0/me/drive/root:/report.pdf".to_owned(),
        "/v1.0/me/drive/root:/REPORT.pdf:".to_owned(),
        format!("/v1.0/me/drive/items/{id}"),
        "/v1.0/me/drive/items/root:/report.pdf".to_owned(),
        format!("/v1.0/drives/{drive}/items/{id}"),
    ] {
        let (status, found) = out.as_user(ALICE, "GET", &path, None).await;
        assert_eq!((status, &found["id"]), (200, &item["id"]), "{path}");
        let content = format!("{}:/content", path.trim_end_matches(':'));
        let content = content.replace(&format!("{id}:"), id);
        assert_eq!(
            out.read_file(ALICE, &content).await,
            (200, b"hello".to_vec()),
            "{content}"
        );
    }
    let select = "/v1.0/me/drive/root:/report.pdf?$select=id,eTag,webDavUrl";
    let (_, part) = out.as_user(ALICE, "GET", select, None).await;
    assert_eq!(part.as_object().unwrap().len(), 4, "{part}");
    assert_eq!(part["webDavUrl"], item["webUrl"]);
    let (status, error) = out
        .as_user(ALICE, "GET", "/v1.0/me/drive/root?$select=secret", None)
        .await;
    assert_eq!(status, 400, "{error}");
}

#[tokio::test]
async fn documents_have_an_address_of_the_editor_beside_that_of_the_file() {
    let out = Outside::start().await;
    out.put_file("b%20c.docx", "x").await;
    let (_, item) = out.file("b%20c.docx?$select=webUrl,webDavUrl").await;
    let web = item["webUrl"].as_str().unwrap();
    assert!(web.contains("/_layouts/15/Doc.aspx?sourcedoc=%7B"), "{web}");
    let dav = item["webDavUrl"].as_str().unwrap();
    assert!(dav.ends_with("/Documents/b%20c.docx"), "{dav}");
}

#[tokio::test]
async fn a_taken_name_is_refused_replaced_or_numbered() {
    let out = Outside::start().await;
    let (_, first) = out.put_file("a.txt", "one").await;
    let with =
        |conflict: &str| format!("a.txt:/content?@microsoft.graph.conflictBehavior={conflict}");
    let put = |conflict: &str, text: &'static str| {
        let path = format!("/v1.0/me/drive/root:/{}", with(conflict));
        Outside::ask(out.of_user(ALICE, "PUT", &path).body(text))
    };
    let (status, error) = put("fail", "two").await;
    assert_eq!((status, code(&error)), (409, "nameAlreadyExists"));
    let (status, second) = put("rename", "two").await;
    assert_eq!((status, &second["name"]), (201, &json!("a 1.txt")));
    let (status, third) = out.put_file("a.txt", "three").await;
    assert_eq!(
        (status, &third["id"], &third["size"]),
        (200, &first["id"], &json!(5))
    );
    assert!(third["eTag"].as_str().unwrap().ends_with(",2\""));
    assert_eq!(put("maybe", "x").await.0, 400);
    let content = "/v1.0/me/drive/root:/a.txt:/content";
    assert_eq!(out.read_file(ALICE, content).await.1, b"three");
}

#[tokio::test]
async fn an_empty_file_is_a_file_and_one_above_250_mb_is_none() {
    let out = Outside::start().await;
    let (status, item) = out.put_file("empty", "").await;
    assert_eq!((status, &item["size"]), (201, &json!(0)));
    assert_eq!(
        item["file"]["hashes"]["quickXorHash"],
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    );
    let content = "/v1.0/me/drive/root:/empty:/content";
    assert_eq!(out.read_file(ALICE, content).await, (200, Vec::new()));
    // The length alone is enough: no byte of the body is sent.
    let head = format!(
        "PUT {content} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-length: 262144001\r\n\r\n",
        out.emulator.seed().graph.token
    );
    let (answer, _) = out.exchange(&head);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn names_are_refused_as_sharepoint_refuses_them() {
    let out = Outside::start().await;
    for name in [
        "a%3Fb", "a%2Ab", "a%3Cb", "a%22b", "a%7Cb", "a%5Cb", "a%2Fb", "%20a", "a%20", "a%0Ab",
        "CON", ".lock", "~$a.docx", "_vti_x",
    ] {
        let (status, error) = out.put_file(name, "x").await;
        assert_eq!((status, code(&error)), (400, "invalidRequest"), "{name}");
    }
    let long = "x".repeat(256);
    assert_eq!(out.put_file(&long, "x").await.0, 400);
    for (name, shown) in [
        ("%233%25.pdf", "#3%.pdf"),
        ("Gr%C3%BC%C3%9Fe", "Grüße"),
        ("a+b", "a+b"),
    ] {
        let (status, item) = out.put_file(name, "x").await;
        assert_eq!((status, &item["name"]), (201, &json!(shown)));
        assert_eq!(out.file(name).await.1["id"], item["id"]);
    }
    assert_eq!(out.put_file("%FF", "x").await.0, 404);
}

#[tokio::test]
async fn a_missing_folder_is_404_until_it_is_made() {
    let out = Outside::start().await;
    let path = "Microsoft%20Teams%20Chat%20Files/a.txt";
    let (status, error) = out.put_file(path, "x").await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
    let folder = json!({"name": "Microsoft Teams Chat Files", "folder": {},
        "@microsoft.graph.conflictBehavior": "fail"});
    let children = "/v1.0/me/drive/root/children";
    let made = out
        .as_user(ALICE, "POST", children, Some(folder.clone()))
        .await;
    assert_eq!(
        (made.0, &made.1["folder"]),
        (201, &json!({"childCount": 0}))
    );
    let (status, error) = out.as_user(ALICE, "POST", children, Some(folder)).await;
    assert_eq!((status, code(&error)), (409, "nameAlreadyExists"));
    let (status, item) = out.put_file(path, "x").await;
    assert_eq!(status, 201);
    let drive = item["parentReference"]["driveId"].as_str().unwrap();
    let parent = format!("/drives/{drive}/root:/Microsoft Teams Chat Files");
    assert_eq!(item["parentReference"]["path"], parent);
    let by_id = format!(
        "/v1.0/drives/{drive}/items/{}:/b.txt:/content",
        made.1["id"].as_str().unwrap()
    );
    assert_eq!(
        Outside::ask(out.of_user(ALICE, "PUT", &by_id).body("y"))
            .await
            .0,
        201
    );
    for (body, status) in [
        (json!({"folder": {}}), 400),
        (json!({"name": "x"}), 400),
        (json!({"name": "a/b", "folder": {}}), 400),
    ] {
        assert_eq!(
            out.as_user(ALICE, "POST", children, Some(body)).await.0,
            status
        );
    }
}

#[tokio::test]
async fn children_come_in_pages_by_name() {
    let out = Outside::start().await;
    for name in ["c", "a", "b"] {
        out.put_file(name, name).await;
    }
    let names = |page: &Value| -> Vec<String> {
        let items = page["value"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let path = "/v1.0/me/drive/root/children?$top=2&$select=name";
    let (_, page) = out.as_user(ALICE, "GET", path, None).await;
    assert_eq!(names(&page), ["a", "b"]);
    let next = page["@odata.nextLink"].as_str().unwrap();
    let (_, page) = Outside::ask(out.of_user(ALICE, "GET", next)).await;
    assert_eq!(
        (names(&page), &page["@odata.nextLink"]),
        (vec!["c".to_owned()], &Value::Null)
    );
    for bad in ["$top=0", "$top=x", "$skiptoken=-1", "$filter=x"] {
        let path = format!("/v1.0/me/drive/root/children?{bad}");
        assert_eq!(out.as_user(ALICE, "GET", &path, None).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_deleted_item_is_gone_with_everything_in_it() {
    let out = Outside::start().await;
    let folder = json!({"name": "f", "folder": {}});
    let children = "/v1.0/me/drive/root/children";
    let (_, folder) = out.as_user(ALICE, "POST", children, Some(folder)).await;
    out.put_file("f/a.txt", "12345").await;
    let drive = |out: &Outside| {
        let path = "/v1.0/me/drive";
        Outside::ask(out.of_user(ALICE, "GET", path))
    };
    assert_eq!(drive(&out).await.1["quota"]["used"], 5);
    let item = format!("/v1.0/me/drive/items/{}", folder["id"].as_str().unwrap());
    let stale = out
        .of_user(ALICE, "DELETE", &item)
        .header("if-match", "\"other\"");
    assert_eq!(Outside::ask(stale).await.0, 412);
    assert_eq!(
        out.as_user(ALICE, "DELETE", &item, None).await,
        (204, Value::Null)
    );
    assert_eq!(out.file("f/a.txt").await.0, 404);
    assert_eq!(drive(&out).await.1["quota"]["used"], 0);
    let (status, error) = out.as_user(ALICE, "DELETE", &item, None).await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
    assert_eq!(
        out.as_user(ALICE, "DELETE", "/v1.0/me/drive/root", None)
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn an_upload_above_the_quota_is_507() {
    let builder = Emulator::builder().with_drive_quota(10);
    let out = Outside::of(builder.start().await.unwrap());
    assert_eq!(out.put_file("a", "123456").await.0, 201);
    let (status, error) = out.put_file("b", "12345").await;
    assert_eq!((status, code(&error)), (507, "quotaLimitReached"));
    // What is replaced makes room for what replaces it.
    assert_eq!(out.put_file("a", "1234567890").await.0, 200);
    let (_, drive) = out.as_user(ALICE, "GET", "/v1.0/me/drive", None).await;
    assert_eq!(
        (&drive["quota"]["remaining"], &drive["quota"]["state"]),
        (&json!(0), &json!("exceeded"))
    );
    // Another user's drive has its own, which the admin API changes.
    let bobs = "/v1.0/me/drive/root:/b:/content";
    assert_eq!(
        Outside::ask(out.of_user(BOB, "PUT", bobs).body("12345"))
            .await
            .0,
        201
    );
    let url = format!("{}/_emulator/drives", out.base);
    let bigger = json!({"drive": drive["id"], "quota": 20});
    assert_eq!(
        Outside::ask(out.client.put(&url).json(&bigger)).await.0,
        200
    );
    assert_eq!(out.put_file("b", "12345").await.0, 201);
    let wrong = json!({"quota": -1, "drive": "b!none", "size": 1, "keep_contents": 1});
    let (status, error) = Outside::ask(out.client.put(&url).json(&wrong)).await;
    assert_eq!(
        (status, error["error"]["details"].as_array().unwrap().len()),
        (400, 4),
        "{error}"
    );
}

#[tokio::test]
async fn downloads_take_ranges_and_an_address_that_expires() {
    let out = Outside::start().await;
    let whole = bytes(1000);
    let (_, item) = out.put_file("a.bin", whole.clone()).await;
    let link = item["@microsoft.graph.downloadUrl"].as_str().unwrap();
    let get = |range: &str| out.client.get(link).header("range", range).send();
    let part = get("bytes=990-").await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 990-999/1000");
    assert_eq!(part.bytes().await.unwrap(), whole[990..]);
    assert_eq!(get("bytes=1000-").await.unwrap().status(), 416);
    let bearer = out
        .client
        .get(link)
        .bearer_auth(&out.emulator.seed().graph.token);
    assert_eq!(Outside::ask(bearer).await.0, 401);
    let garbled = link.replace("tempauth=v1.", "tempauth=v1.x");
    assert_eq!(Outside::ask(out.client.get(garbled)).await.0, 401);
    out.emulator.set_clock_offset(3601).unwrap();
    assert_eq!(Outside::ask(out.client.get(link)).await.0, 401);
}

#[tokio::test]
async fn contents_that_are_not_kept_have_size_and_hash() {
    let builder = Emulator::builder().with_file_contents(false);
    let out = Outside::of(builder.start().await.unwrap());
    let (_, item) = out.put_file("report.pdf", "hello").await;
    assert_eq!(item["size"], 5);
    assert_eq!(
        item["file"]["hashes"]["quickXorHash"],
        "aCgDG9jwBgAAAAAABQAAAAAAAAA="
    );
    let content = "/v1.0/me/drive/root:/report.pdf:/content";
    assert_eq!(out.read_file(ALICE, content).await.0, 501);
}

#[tokio::test]
async fn a_token_without_files_sees_no_drive_and_one_that_reads_writes_nothing() {
    let out = Outside::start().await;
    out.put_file("a", "x").await;
    let seed = out.emulator.seed();
    let token = |scopes: &[&str]| seed.graph_token(&seed.graph.users[ALICE], scopes, FAR);
    let ask = |scopes: &[&str], method: &'static str, path: &str| {
        Outside::ask(out.with_token(&token(scopes), method, path))
    };
    let (status, error) = ask(&["Chat.ReadWrite"], "GET", "/v1.0/me/drive").await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
    let upload = "/v1.0/me/drive/root:/b:/content";
    assert_eq!(ask(&["Chat.ReadWrite"], "PUT", upload).await.0, 404);
    assert_eq!(
        ask(&["Files.Read"], "GET", "/v1.0/me/drive/root:/a")
            .await
            .0,
        200
    );
    let (status, error) = ask(&["Files.Read"], "PUT", upload).await;
    assert_eq!((status, code(&error)), (403, "accessDenied"));
    assert_eq!(ask(&["Files.ReadWrite"], "PUT", upload).await.0, 201);
    let folder = format!(
        "/v1.0/teams/{}/channels/{}/filesFolder",
        seed.graph.team_id, seed.graph.channel_id
    );
    assert_eq!(ask(&["Files.ReadWrite"], "GET", &folder).await.0, 403);
    assert_eq!(ask(&["Sites.Read.All"], "GET", &folder).await.0, 200);
    let app = seed.graph_app_token(&["Files.ReadWrite.All"], FAR);
    let drive = format!(
        "/v1.0/users/{}/drive/root:/c:/content",
        seed.graph.users[BOB].upn
    );
    assert_eq!(
        Outside::ask(out.with_token(&app, "PUT", &drive).body("x"))
            .await
            .0,
        201
    );
    assert_eq!(
        Outside::ask(out.with_token(&app, "GET", "/v1.0/me/drive"))
            .await
            .0,
        400
    );
    let nothing = out.client.get(format!("{}/v1.0/me/drive", out.base));
    assert_eq!(Outside::ask(nothing).await.0, 401);
}

#[tokio::test]
async fn an_unknown_user_has_no_drive_when_strict() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let path = "/v1.0/users/12345678-0000-4000-8000-000000000009/drive";
    let app = out
        .emulator
        .seed()
        .graph_app_token(&["Files.Read.All"], FAR);
    let (status, error) = Outside::ask(out.with_token(&app, "GET", path)).await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
    let lenient = Outside::start().await;
    assert_eq!(
        Outside::ask(lenient.with_token(&app, "GET", path)).await.0,
        200
    );
}

#[tokio::test]
async fn a_reset_empties_the_drives() {
    let out = Outside::start().await;
    out.put_file("a", "x").await;
    assert_eq!(out.emulator.files().len(), 1);
    out.emulator.reset();
    assert_eq!(out.emulator.files(), []);
    assert_eq!(out.file("a").await.0, 404);
    assert_eq!(out.put_file("a", "x").await.0, 201);
}
