//! Lists of 10,000 messages in pages of 50.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::{Request, body::Incoming, header::HOST};

const PAGES: usize = 200;
const PER_PAGE: usize = 50;

const GRAPH: &str = r##"{"id":"1616990032035","replyToId":null,"etag":"1616990032035","messageType":"message","createdDateTime":"2026-03-29T03:53:52.035Z","lastModifiedDateTime":"2026-03-29T03:53:52.035Z","lastEditedDateTime":null,"deletedDateTime":null,"subject":null,"summary":null,"chatId":"19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2","importance":"normal","locale":"en-us","webUrl":null,"channelIdentity":null,"policyViolation":null,"eventDetail":null,"from":{"application":null,"device":null,"user":{"@odata.type":"#microsoft.graph.teamworkUserIdentity","id":"8ea0e38b-efb3-4757-924a-5f94061cf8c2","displayName":"Lene Hansen","userIdentityType":"aadUser","tenantId":"e61ef81e-8bd8-476a-92e8-4a62f8426fca"}},"body":{"contentType":"html","content":"<p>The build is green again; thanks to the whole team.</p>"},"attachments":[],"mentions":[],"reactions":[],"messageHistory":[]}"##;

const CHAT: &str = r#"{"id":"1593107077690","type":"text","sequenceId":"4711","version":"1593107077690","content":{"message":"The build is green again; thanks to the whole team."},"senderDisplayName":"Lene Hansen","createdOn":"2020-06-25T17:44:37Z","senderCommunicationIdentifier":{"kind":"communicationUser","rawId":"8:acs:8540c0de-899f-5cce-acb5-3ec493af3800_0e59221d-0c1d-46ae-9544-c963ce56c10b","communicationUser":{"id":"8:acs:8540c0de-899f-5cce-acb5-3ec493af3800_0e59221d-0c1d-46ae-9544-c963ce56c10b"}},"metadata":{}}"#;

/// The messages of a page.
fn messages(message: &str) -> String {
    vec![message; PER_PAGE].join(",")
}

/// The page that `request` asks for, with the link to the next one.
pub(crate) fn page(request: &Request<Incoming>) -> Bytes {
    static OF_GRAPH: LazyLock<String> = LazyLock::new(|| messages(GRAPH));
    static OF_CHAT: LazyLock<String> = LazyLock::new(|| messages(CHAT));

    let (uri, headers) = (request.uri(), request.headers());
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = uri
        .authority()
        .map(|it| it.as_str())
        .or(host)
        .unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    let at: usize = query
        .split('&')
        .find_map(|it| it.strip_prefix("skipToken=")?.parse().ok())
        .unwrap_or_default();
    let path = uri.path();
    let (messages, link) = if path.starts_with("/v1.0") {
        (&*OF_GRAPH, "@odata.nextLink")
    } else {
        (&*OF_CHAT, "nextLink")
    };
    let mut page = format!(r#"{{"value":[{messages}]"#);
    if at + 1 < PAGES {
        let next = at + 1;
        page += &format!(r#","{link}":"https://{host}{path}?skipToken={next}""#);
    }
    page += "}";
    page.into()
}
