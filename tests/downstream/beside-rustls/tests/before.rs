//! The program makes its configuration first.

#[test]
fn rustls_finds_its_provider_before_a_client_is_built() {
    let own = beside_rustls::config();
    assert!(!own.crypto_provider().cipher_suites.is_empty());
    beside_rustls::teams().unwrap();
}
