//! The contract of `Messenger`, checked by the suite for all backends.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use acs_chat::AcsChatClient;
use ms_messenger_core::{Message, RetryPolicy, SendRequest, SharedMessenger, StaticToken, Target};
use ms_messenger_testkit::{Failure, Subject, assert_conformance, async_trait};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

/// A server that stores what it is sent and fails the next request as it is told.
#[derive(Default)]
struct Service {
    stored: Mutex<Vec<Value>>,
    failure: Mutex<Option<Failure>>,
}

impl Service {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Arc::clone(&self).response(stream));
        }
    }

    /// One request per connection.
    async fn response(self: Arc<Self>, mut stream: TcpStream) -> Option<()> {
        let (method, body) = read_request(&mut stream).await?;
        if method != "POST" {
            let list = self.list().await;
            return write(&mut stream, "200 OK", &list).await;
        }
        let failure = self.failure.lock().await.take();
        let mut stored = self.stored.lock().await;
        if failure.is_none_or(Failure::is_stored) {
            let sent: Value = serde_json::from_str(&body).unwrap();
            let id = stored.len() + 1;
            stored.push(listed(id, &sent));
        }
        let id = stored.len();
        drop(stored);
        let (status, body) = match failure {
            None => ("201 Created", format!(r#"{{"id":"{id}"}}"#)),
            Some(Failure::GarbledResponse) => ("201 Created", r#"{"id":"#.to_owned()),
            Some(Failure::Rejected) => (
                "400 Bad Request",
                r#"{"error":{"code":"BadRequest","message":"No."}}"#.to_owned(),
            ),
            Some(Failure::RateLimited) => ("429 Too Many Requests", String::new()),
            Some(_) => return None,
        };
        write(&mut stream, status, &body).await
    }

    /// Everything that was stored, in one page.
    async fn list(&self) -> String {
        json!({"value": *self.stored.lock().await}).to_string()
    }
}

/// A message as the service lists it.
fn listed(id: usize, sent: &Value) -> Value {
    let now = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    json!({
        "id": id.to_string(),
        "type": "text",
        "createdOn": now,
        "content": {"message": sent["content"]},
        "metadata": sent["metadata"],
    })
}

async fn write(stream: &mut TcpStream, status: &str, body: &str) -> Option<()> {
    let date = httpdate::fmt_http_date(SystemTime::now());
    let response = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ndate: {date}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(response.as_bytes()).await.ok()
}

/// One request: its method, and its body.
async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await.ok().filter(|n| *n > 0)?;
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let method = head.split(' ').next()?.to_owned();
            return Some((method, body.to_owned()));
        }
    }
}

struct Chat {
    service: Arc<Service>,
    messenger: SharedMessenger,
}

#[async_trait]
impl Subject for Chat {
    fn messenger(&self) -> SharedMessenger {
        Arc::clone(&self.messenger)
    }

    fn request(&self) -> SendRequest {
        SendRequest::new(
            Target::conversation("19:a@thread.v2"),
            Message::text("a message of the suite"),
        )
    }

    async fn stored(&self) -> usize {
        self.service.stored.lock().await.len()
    }

    async fn fail_next(&self, failure: Failure) -> bool {
        if failure == Failure::Refused {
            return false;
        }
        *self.service.failure.lock().await = Some(failure);
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec!["very-secret-user-token".to_owned()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_keeps_the_contract() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = Arc::new(Service::default());
    tokio::spawn(Arc::clone(&service).serve(listener));
    let client = AcsChatClient::builder(endpoint, StaticToken::new("very-secret-user-token"))
        .with_retry_policy(RetryPolicy::never())
        .with_settling_margin(Duration::ZERO)
        .with_client_message_ids(true)
        .build()
        .unwrap();
    let messenger: SharedMessenger = Arc::new(client);
    assert_conformance(&Chat { service, messenger }).await;
}
