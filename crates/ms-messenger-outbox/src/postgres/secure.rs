//! TLS to the database.

use std::{io, net::IpAddr};

use ms_messenger_core::{ErrorKind, Problems};
use sqlx::{
    Error as SqlError,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::failure::to_error;
use crate::error::{OutboxError, OutboxErrorKind, Result};

const RULE: &str =
    "must be `require`, `verify-ca` or `verify-full` for a server on another machine";

/// Returns the options with TLS demanded of a server on another machine: neither the password nor
/// messages go to it in clear.
///
/// The driver compares the host with `verify-ca`, too, but asks the process for a default provider of
/// cryptography, without which it panics: it is `verify-full` here.
pub(super) fn demand_tls(options: PgConnectOptions) -> Result<PgConnectOptions> {
    if matches!(options.get_ssl_mode(), PgSslMode::VerifyCa) {
        return Ok(options.ssl_mode(PgSslMode::VerifyFull));
    }
    if is_local(&options) {
        return Ok(options);
    }
    match options.get_ssl_mode() {
        PgSslMode::Prefer => Ok(options.ssl_mode(PgSslMode::Require)),
        // The driver does not use TLS with `allow`.
        PgSslMode::Disable | PgSslMode::Allow => {
            let mut problems = Problems::new();
            problems.add("sslmode", RULE);
            let checked = problems.into_result(ErrorKind::InvalidRequest);
            checked.map_err(|error| OutboxError::invalid(&error))?;
            Ok(options)
        }
        _ => Ok(options),
    }
}

/// Whether the server is on this machine: at a socket, or at a loopback address.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address.parse().is_ok_and(|it: IpAddr| it.is_loopback());
    is_socket(options) || is_loopback || host.eq_ignore_ascii_case("localhost")
}

fn is_socket(options: &PgConnectOptions) -> bool {
    options.get_socket().is_some() || options.get_host().starts_with('/')
}

/// Classifies an error of the first connection: what is wrong with its certificates is said.
pub(super) fn of_connecting(options: &PgConnectOptions, error: SqlError) -> OutboxError {
    use OutboxErrorKind::{Denied, Invalid};
    let (kind, message) = match &error {
        SqlError::Tls(text) if text.to_string().contains("without TLS") => {
            let message = "this program was built without TLS, which `sslmode` demands: \
                 it needs the feature `rustls-ring`";
            (Invalid, message)
        }
        SqlError::Tls(text) if text.to_string().contains("does not support TLS") => (
            Denied,
            "the database offers no TLS, which `sslmode` demands",
        ),
        SqlError::Tls(_) => (
            Invalid,
            "a certificate or a key in `sslrootcert`, `sslcert` or `sslkey` cannot be used",
        ),
        SqlError::Io(error) if is_of_certificate(error) => (
            Denied,
            "the certificate of the database is not trusted, or is that of another host",
        ),
        SqlError::Io(error) if is_of_file(error) && !is_socket(options) => (
            Invalid,
            "a file in `sslrootcert`, `sslcert` or `sslkey` cannot be read",
        ),
        _ => return to_error(error),
    };
    OutboxError::new(kind, message).with_source(error)
}

fn is_of_certificate(error: &io::Error) -> bool {
    let source = error.get_ref();
    source.is_some_and(|it| it.to_string().starts_with("invalid peer certificate"))
}

/// Of a file: a server in the network is never missing in this way.
fn is_of_file(error: &io::Error) -> bool {
    use io::ErrorKind::{IsADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | PermissionDenied | IsADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<&'static str> {
        let options: PgConnectOptions = url.parse().unwrap();
        Ok(match demand_tls(options)?.get_ssl_mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => "verify-full",
        })
    }

    #[test]
    fn a_server_on_another_machine_gets_nothing_in_clear() {
        for host in [
            "db.example",
            "192.0.2.1",
            "[2001:db8::1]",
            "localhost.example",
        ] {
            let url = |mode: &str| format!("postgres://u:hunter2@{host}/db?sslmode={mode}");
            assert_eq!(mode(&url("prefer")).unwrap(), "require", "{host}");
            for kept in ["require", "verify-full"] {
                assert_eq!(mode(&url(kept)).unwrap(), kept, "{host}");
            }
            assert_eq!(mode(&url("verify-ca")).unwrap(), "verify-full", "{host}");
            for clear in ["disable", "allow"] {
                let error = mode(&url(clear)).unwrap_err();
                assert_eq!(error.kind(), OutboxErrorKind::Invalid);
                let problem = &error.problems()[0];
                assert_eq!((&*problem.field, &*problem.rule), ("sslmode", RULE));
                assert!(!format!("{error:?}").contains("hunter2"));
            }
        }
    }

    #[test]
    fn on_this_machine_tls_is_a_choice() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]"] {
            for kept in ["disable", "allow", "prefer", "require", "verify-full"] {
                let url = format!("postgres://u@{host}/db?sslmode={kept}");
                assert_eq!(mode(&url).unwrap(), kept, "{host}");
            }
        }
        let socket = "postgres://u@db.example/db?host=/run/postgresql&sslmode=disable";
        assert_eq!(mode(socket).unwrap(), "disable");
    }
}
