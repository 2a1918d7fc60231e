//! The HTTP double, byte by byte.
#![cfg(feature = "http-double")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::time::Duration;

use ms_messenger_testkit::{HttpDouble, Reply};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn connect(double: &HttpDouble) -> TcpStream {
    let address = double.url().strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Reads until the text ends with `end`.
async fn read_to(connection: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        assert_ne!(connection.read_buf(&mut bytes).await.unwrap(), 0);
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn requests_of_one_connection_are_read_one_by_one() {
    let double = HttpDouble::start(|request| {
        Reply::json(201, &json!({"path": request.target})).with_header("x-id", "7")
    })
    .await
    .unwrap();
    let mut connection = connect(&double).await;
    let both = "POST /a?q=1 HTTP/1.1\r\nAuthorization: Bearer t\r\nContent-Length: 7\r\n\r\n{\"a\":1}\
                GET /b HTTP/1.1\r\n\r\n";
    connection.write_all(both.as_bytes()).await.unwrap();
    let responses = read_to(&mut connection, "{\"path\":\"/b\"}").await;
    let (first, _) = responses.split_once("{\"path\":\"/a?q=1\"}").unwrap();
    assert!(first.starts_with("HTTP/1.1 201 "), "{first}");
    assert!(first.contains("\r\nx-id: 7\r\n"), "{first}");
    assert!(first.contains("\r\ncontent-length: 17\r\n"), "{first}");
    assert_eq!(first.matches("\r\ndate: ").count(), 1, "{first}");

    let requests = double.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].header("AUTHORIZATION"), Some("Bearer t"));
    assert_eq!(requests[0].json(), json!({"a": 1}));
    assert_eq!(
        (requests[1].target.as_str(), requests[1].body.len()),
        ("/b", 0)
    );
    assert!(!format!("{requests:?}").contains("Bearer"));
}

#[tokio::test]
async fn a_reply_can_close_be_silent_or_hide_the_clock() {
    let double = HttpDouble::start(|request| match request.target.as_str() {
        "/close" => Reply::close(),
        "/silence" => Reply::silence(),
        "/date" => Reply::new(200, "").with_header("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        _ => Reply::new(204, "").without_date(),
    })
    .await
    .unwrap();
    let ask = async |path: &str| {
        let mut connection = connect(&double).await;
        let request = format!("GET {path} HTTP/1.1\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    };
    let mut closed = ask("/close").await;
    assert_eq!(closed.read(&mut [0]).await.unwrap(), 0);
    let mut date = ask("/date").await;
    let head = read_to(&mut date, "\r\n\r\n").await;
    assert!(head.contains("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
    assert!(!head.contains("\r\ndate: "), "{head}");
    let mut timeless = ask("/other").await;
    let head = read_to(&mut timeless, "\r\n\r\n").await;
    assert!(!head.to_lowercase().contains("date"), "{head}");
    let mut silent = ask("/silence").await;
    let nothing = tokio::time::timeout(Duration::from_millis(50), silent.read(&mut [0])).await;
    assert!(nothing.is_err());
    assert_eq!(double.requests().len(), 4);
}
