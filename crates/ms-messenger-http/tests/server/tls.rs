//! Certificates of our own making, and a server that speaks HTTP/2.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use h2::server::SendResponse;
use ms_messenger_http::Bytes;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    LazyConfigAcceptor, TlsAcceptor,
    rustls::{NamedGroup, ServerConfig, crypto::ring, pki_types::PrivateKeyDer, server::Acceptor},
};

/// A server's certificate and the authority that issued it.
pub(crate) struct Identity {
    /// The certificate of the authority, in PEM form.
    pub(crate) authority: String,
    config: ServerConfig,
}

impl Identity {
    /// A certificate for `name`, issued by an authority that only the test knows.
    pub(crate) fn new(name: &str) -> Self {
        Self::valid(name, (1975, 4096))
    }

    /// As `new`, but valid from the first to the second of `years` only.
    pub(crate) fn valid(name: &str, years: (i32, i32)) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);

        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self { authority, config }
    }

    /// Offers `protocols`, the best first.
    pub(crate) fn acceptor(&self, protocols: &[&str]) -> TlsAcceptor {
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
        Arc::new(config).into()
    }
}

/// An HTTP/2 server that does `act` with every request, once its body has been read.
/// It ends with the runtime of the test.
pub(crate) async fn http2(
    identity: &Identity,
    act: fn(SendResponse<Bytes>),
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = identity.acceptor(&["h2"]);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let stream = listener.accept().await.unwrap().0;
            let (tls, count) = (tls.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                let stream = tls.accept(stream).await.unwrap();
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((mut request, respond))) = connection.accept().await {
                    let count = Arc::clone(&count);
                    tokio::spawn(async move {
                        while let Some(Ok(_)) = request.body_mut().data().await {}
                        count.fetch_add(1, Ordering::SeqCst);
                        act(respond);
                    });
                }
            });
        }
    });
    (address, seen)
}

/// A request by HTTP/2, and where its response goes.
pub(crate) struct Stream<'a> {
    /// The number of the connection, from 1.
    pub(crate) connection: usize,
    pub(crate) request: &'a http::Request<()>,
    pub(crate) respond: SendResponse<Bytes>,
}

/// An HTTP/2 server that does `act` with every request, once its body has been read.
pub(crate) async fn http2_streams(
    identity: &Identity,
    act: impl Fn(Stream<'_>) + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = identity.acceptor(&["h2"]);
    let act = Arc::new(act);
    tokio::spawn(async move {
        for connection in 1.. {
            let stream = listener.accept().await.unwrap().0;
            let (tls, act) = (tls.clone(), Arc::clone(&act));
            tokio::spawn(async move {
                let stream = tls.accept(stream).await.unwrap();
                let mut frames = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, respond))) = frames.accept().await {
                    let act = Arc::clone(&act);
                    tokio::spawn(async move {
                        let (head, mut body) = request.into_parts();
                        while let Some(Ok(_)) = body.data().await {}
                        let request = http::Request::from_parts(head, ());
                        let request = &request;
                        act(Stream {
                            connection,
                            request,
                            respond,
                        });
                    });
                }
            });
        }
    });
    address
}

/// An HTTP/2 server that reads a request and then says GOAWAY, with last words of 16,000 bytes.
/// It claims no stream.
pub(crate) async fn farewell(identity: &Identity) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = identity.acceptor(&["h2"]);
    tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let mut stream = tls.accept(stream).await.unwrap();
        // Our settings, empty.
        stream
            .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        let mut seen = Vec::new();
        // The end of the request: a frame of data with END_STREAM on stream 1.
        while !seen.windows(6).any(|it| it == [0, 1, 0, 0, 0, 1]) {
            assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
        }
        let words = [b'\n'; 16_000];
        let length = u32::try_from(8 + words.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        // GOAWAY on stream 0; the last stream is 0, the reason INTERNAL_ERROR.
        frame.extend([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        frame.extend(words);
        stream.write_all(&frame).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    address
}

/// The groups for the exchange of keys that a client offers in its first message. The handshake
/// then ends, so that the client fails to connect.
pub(crate) async fn offered_groups(listener: TcpListener) -> Vec<NamedGroup> {
    let stream = listener.accept().await.unwrap().0;
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream)
        .await
        .unwrap();
    start.client_hello().named_groups().unwrap().to_vec()
}

/// 201 with a small JSON body.
pub(crate) fn created(mut respond: SendResponse<Bytes>) {
    let response = http::Response::builder()
        .status(201)
        .header("request-id", "req-2")
        .body(())
        .unwrap();
    let mut body = respond.send_response(response, false).unwrap();
    body.send_data(Bytes::from_static(b"{\"id\":\"2\"}"), true)
        .unwrap();
}
