//! A TLS server that accepts every message at once and serves lists; HTTP/1.1 and HTTP/2.

use std::{
    convert::Infallible,
    io::Read as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header::HeaderValue, service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

use crate::{Failure, lists};

const GRAPH: &str = r##"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#chats('19%3Ab%40thread.v2')/messages/$entity","id":"1616990032035","replyToId":null,"etag":"1616990032035","messageType":"message","createdDateTime":"2026-03-29T03:53:52.035Z","lastModifiedDateTime":"2026-03-29T03:53:52.035Z","lastEditedDateTime":null,"deletedDateTime":null,"subject":null,"summary":null,"chatId":"19:b@thread.v2","importance":"normal","locale":"en-us","webUrl":null,"channelIdentity":null,"policyViolation":null,"eventDetail":null,"from":{"application":null,"device":null,"user":{"@odata.type":"#microsoft.graph.teamworkUserIdentity","id":"8ea0e38b-efb3-4757-924a-5f94061cf8c2","displayName":"Lene","userIdentityType":"aadUser","tenantId":"e61ef81e-8bd8-476a-92e8-4a62f8426fca"}},"body":{"contentType":"text","content":"hello"},"attachments":[],"mentions":[],"reactions":[],"messageHistory":[]}"##;

const NOTIFICATION: &str =
    r#"{"receipts":[{"messageId":"9b7ee2a8-2b4b-4f0c-b9a2-1f1ad0a7b6a4","to":"+14255550123"}]}"#;

/// Serves until standard input ends.
pub(crate) fn run() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (config, root) = certificate()?;
    runtime.spawn(async move {
        if let Err(error) = serve(config, root).await {
            println!("{error}");
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn certificate() -> Result<(ServerConfig, String), Failure> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()])?;
    let path = std::env::temp_dir().join(format!("ms-messenger-bench-{}.crt", std::process::id()));
    std::fs::write(&path, made.cert.pem())?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((config, path.display().to_string()))
}

async fn serve(config: ServerConfig, root: String) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("https://localhost:{} {root}", listener.local_addr()?.port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service_fn(accept))
                    .await;
            }
        });
    }
}

/// Responds as the services do: with a request id of its own, and Graph with that of the client.
async fn accept(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (mut status, id_header, body) = match request.uri().path() {
        path if path.starts_with("/v1.0") => (201, "request-id", GRAPH),
        path if path.starts_with("/chat") => (201, "ms-cv", r#"{"id":"1593107077690"}"#),
        path if path.ends_with("notifications:send") => (202, "ms-cv", NOTIFICATION),
        _ => (200, "ms-cv", r#"{"messageId":"1593107077690"}"#),
    };
    let mut body = Bytes::from_static(body.as_bytes());
    if request.method() == Method::GET {
        (status, body) = (200, lists::page(&request));
    }
    let id = format!("{:032x}", COUNT.fetch_add(1, Ordering::Relaxed));
    let echoed = request.headers().get("client-request-id").cloned();
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(id_header, id);
    }
    if let Some(echoed) = echoed {
        headers.insert("client-request-id", echoed);
    }
    Ok(response)
}
