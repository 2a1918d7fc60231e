//! The provider of cryptography that a process has installed is used for our connections too.
#![cfg(any(feature = "rustls", feature = "rustls-ring"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod server;

use ms_messenger_core::ErrorKind;
use server::{
    client::{Numbered, SERVICE, options, pipeline_to, quick, send},
    tls::offered_groups,
};
use tokio::net::TcpListener;
use tokio_rustls::rustls::{
    NamedGroup,
    crypto::{CryptoProvider, ring},
};

/// The only test of this process, because a provider is installed for all of it.
#[tokio::test]
async fn the_provider_of_the_process_comes_before_that_of_a_feature() {
    let installed = CryptoProvider {
        kx_groups: vec![ring::kx_group::SECP384R1],
        ..ring::default_provider()
    };
    installed.install_default().unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let offered = tokio::spawn(offered_groups(listener));
    let pipeline = pipeline_to(&SERVICE, &url, &options(), Numbered::default())
        .with_retry(quick().with_max_attempts(1));
    let error = pipeline.call(send()).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert_eq!(offered.await.unwrap(), [NamedGroup::secp384r1]);
}
