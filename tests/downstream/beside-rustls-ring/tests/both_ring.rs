//! Both take ring.

use rustls::crypto::CryptoProvider;

#[test]
fn rustls_with_ring_finds_its_provider_beside_the_light_choice() {
    beside_rustls_ring::teams().unwrap();
    assert!(CryptoProvider::get_default().is_none(), "none is installed");
    let own = beside_rustls_ring::config();
    assert!(!own.crypto_provider().cipher_suites.is_empty());
}
