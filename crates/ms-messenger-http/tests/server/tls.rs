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
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// A server's certificate and the authority that issued it.
pub(crate) struct Identity {
    /// The certificate of the authority, in PEM form.
    pub(crate) authority: String,
    config: ServerConfig,
}

impl Identity {
    /// A certificate for `name`, issued by an authority that nobody else knows.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);

        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
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

/// 201 with a small JSON body.
pub(crate) fn created(mut respond: SendResponse<Bytes>) {
    let answer = http::Response::builder()
        .status(201)
        .header("request-id", "req-2")
        .body(())
        .unwrap();
    let mut body = respond.send_response(answer, false).unwrap();
    body.send_data(Bytes::from_static(b"{\"id\":\"2\"}"), true)
        .unwrap();
}
