//! What a command of `msm emulator exec` trusts: what it trusts anyway, and the emulator.

use std::{fs, io, path::Path};

use crate::files;

/// Where systems keep the certificates that programs trust.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// Writes `file`: the certificates of `trusted` (a file; by default those of the system), then `ca`.
///
/// # Errors
///
/// When a file that was named cannot be read, or `file` cannot be written.
pub(crate) fn write(file: &Path, trusted: Option<&str>, ca: &str) -> io::Result<()> {
    let mut bundle = match trusted {
        Some(trusted) => files::text(Path::new(trusted), files::MESSAGE)?,
        None => {
            let mut known = SYSTEM.iter();
            known
                .find_map(|known| fs::read_to_string(known).ok())
                .unwrap_or_default()
        }
    };
    if !bundle.is_empty() && !bundle.ends_with('\n') {
        bundle.push('\n');
    }
    bundle.push_str(ca);
    fs::write(file, bundle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificates_that_were_trusted_stay_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let (own, file) = (folder.path().join("own.pem"), folder.path().join("all.pem"));
        fs::write(&own, "OWN").unwrap();
        write(&file, own.to_str(), "CA\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "OWN\nCA\n");
        assert!(write(&file, Some("/nonexistent"), "CA").is_err());
    }
}
