//! The addresses of the last sends, so that not every send parses its own.

use std::{collections::VecDeque, fmt, sync::Mutex};

use ms_messenger_core::Result;
use url::Url;

use crate::{Call, Endpoint, RetryClass};

/// The number of addresses that are kept: most senders have few destinations.
const KEPT: usize = 16;
/// The bytes of the longest address that is kept.
const LONGEST: usize = 1024;

/// The addresses of the last sends, which `Debug` does not show.
#[derive(Default)]
pub(crate) struct Addresses(Mutex<VecDeque<Url>>);

impl Addresses {
    /// The address of `call` at `endpoint`, always the same endpoint. It never waits: a call that
    /// meets another one at the same moment parses its address.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::address`].
    pub(crate) fn of(&self, call: &Call, endpoint: &Endpoint) -> Result<Url> {
        let path = call.path_and_query.as_str();
        if call.class != RetryClass::Message || path.len() > LONGEST {
            return endpoint.address(path);
        }
        let Ok(mut kept) = self.0.try_lock() else {
            return endpoint.address(path);
        };
        if let Some(url) = kept.iter().find(|url| endpoint.is_address(url, path)) {
            return Ok(url.clone());
        }
        let url = endpoint.address(path)?;
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(url.clone());
        Ok(url)
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addresses").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(addresses: &Addresses, path: &str) -> Result<String> {
        let endpoint = Endpoint::parse("http://localhost:1/v1.0")?;
        let url = addresses.of(&Call::post("send", path), &endpoint)?;
        Ok(url.into())
    }

    #[test]
    fn every_address_is_that_of_its_path_whatever_was_sent_before() {
        let addresses = Addresses::default();
        for round in 0..3 {
            for n in 0..2 * KEPT {
                let path = format!("/chats/{}/messages?n={}", n / 2, n % 2);
                let expected = format!("http://localhost:1/v1.0{path}");
                assert_eq!(address(&addresses, &path).unwrap(), expected, "{round}");
            }
        }
        assert_eq!(addresses.0.lock().unwrap().len(), KEPT);
    }

    #[test]
    fn an_unusable_address_is_rejected_each_time_and_not_kept() {
        let addresses = Addresses::default();
        for _ in 0..2 {
            assert!(address(&addresses, "/chats/../messages").is_err());
        }
        assert!(addresses.0.lock().unwrap().is_empty());
        assert_eq!(format!("{addresses:?}"), "Addresses { .. }");
    }

    #[test]
    fn only_the_addresses_of_sends_of_usual_length_are_kept() {
        let addresses = Addresses::default();
        let endpoint = Endpoint::parse("http://localhost:1").unwrap();
        addresses.of(&Call::get("list", "/a"), &endpoint).unwrap();
        let long = format!("/{}", "a".repeat(LONGEST));
        addresses.of(&Call::post("send", long), &endpoint).unwrap();
        assert!(addresses.0.lock().unwrap().is_empty());
    }
}
