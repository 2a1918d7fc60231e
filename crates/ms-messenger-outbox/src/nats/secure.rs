//! TLS to the server.

use std::net::IpAddr;

use async_nats::{ConnectOptions, ServerAddr};

use crate::error::{OutboxError, OutboxErrorKind, Result};

/// Returns the options with TLS demanded of a server on another machine: neither the password nor
/// messages go to it in clear.
pub(super) fn demand_tls(options: ConnectOptions, url: &str) -> Result<ConnectOptions> {
    let Ok(address) = url.parse::<ServerAddr>() else {
        // Connecting reports it.
        return Ok(options);
    };
    let host = address.host();
    let is_loopback = host.parse().is_ok_and(|it: IpAddr| it.is_loopback());
    let is_local = is_loopback || host.eq_ignore_ascii_case("localhost");
    with_tls(options, !is_local || address.tls_required())
}

/// Trusts the authorities of the system, also where a server on this machine demands TLS. Nothing is
/// set for the whole process.
#[cfg(feature = "rustls-ring")]
fn with_tls(options: ConnectOptions, is_demanded: bool) -> Result<ConnectOptions> {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore, crypto::ring};

    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions();
    let config = config.map_err(|it| {
        let text = "TLS cannot be used";
        OutboxError::new(OutboxErrorKind::Denied, text).with_source(it)
    })?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(options.tls_client_config(config).require_tls(is_demanded))
}

#[cfg(not(feature = "rustls-ring"))]
fn with_tls(options: ConnectOptions, is_demanded: bool) -> Result<ConnectOptions> {
    if !is_demanded {
        return Ok(options);
    }
    let text = "this program was built without TLS, which a NATS server on another machine needs: \
        it needs the feature `rustls-ring`";
    Err(OutboxError::new(OutboxErrorKind::Invalid, text))
}
