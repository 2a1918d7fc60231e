//! The ready line for a caller that reached the emulator under another name or port than it
//! listens at: in a container, or from one.

use http::Uri;
use serde_json::Value;

use crate::wire::request::Request;

/// Returns the ready line with the addresses at which the caller of `request` reaches the emulator.
pub(super) fn seen_by(request: &Request, line: Value) -> Value {
    moved(line, &request.origin())
}

fn moved(mut line: Value, called: &str) -> Value {
    let own = |name: &str| line[name].as_str().map(str::to_owned);
    let (Some(http), https) = (own("http"), own("https")) else {
        return line;
    };
    let Some(to) = Place::of(called) else {
        return line;
    };
    let is_secure = to.scheme == "https";
    let listener = https.as_deref().filter(|_| is_secure);
    let Some(from) = Place::of(listener.unwrap_or(&http)) else {
        return line;
    };
    if from.is_same(&to) {
        return line;
    }
    let (new_http, new_https) = if from.port == to.port {
        let named = |own: &str| Place::of(own).map(|it| it.named(&to.host));
        (named(&http), https.as_deref().and_then(named))
    } else {
        // Only the called port is known from there.
        let called = called.to_owned();
        (Some(called.clone()), is_secure.then_some(called))
    };
    if let Some(https) = &https {
        match &new_https {
            Some(new) => replace(&mut line, https, new),
            None => forget_https(&mut line, https, &http),
        }
    }
    if let Some(new) = new_http {
        replace(&mut line, &http, &new);
    }
    line
}

/// Scheme, host and port of an origin.
#[derive(Debug)]
struct Place {
    scheme: String,
    host: String,
    port: u16,
}

impl Place {
    fn of(origin: &str) -> Option<Self> {
        let uri: Uri = origin.parse().ok()?;
        let scheme = uri.scheme_str()?.to_owned();
        let usual = if scheme == "https" { 443 } else { 80 };
        Some(Self {
            host: uri.host()?.to_ascii_lowercase(),
            port: uri.port_u16().unwrap_or(usual),
            scheme,
        })
    }

    /// Whether both are one place; the names of this machine for itself are one name.
    fn is_same(&self, other: &Self) -> bool {
        let name = |place: &Self| match place.host.as_str() {
            "127.0.0.1" | "[::1]" => "localhost".to_owned(),
            other => other.to_owned(),
        };
        self.port == other.port && name(self) == name(other)
    }

    fn named(&self, host: &str) -> String {
        format!("{}://{host}:{}", self.scheme, self.port)
    }
}

/// Replaces an address in all texts.
fn replace(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) => *text = text.replace(from, to),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, from, to)),
        Value::Object(members) => {
            members.values_mut().for_each(|it| replace(it, from, to));
        }
        _ => {}
    }
}

/// Removes the HTTPS listener, whose port is not known from where the caller is.
fn forget_https(line: &mut Value, https: &str, http: &str) {
    if let Some(members) = line.as_object_mut() {
        members.remove("https");
        members.remove("ca");
    }
    replace(line, https, http);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line() -> Value {
        json!({
            "http": "http://localhost:8410",
            "https": "https://localhost:8411",
            "ca": "/data/ca.pem",
            "acs": {"connection_string": "endpoint=http://localhost:8410/;accesskey=a"},
            "entra": {"authority": "https://localhost:8411"},
            "graph": {"base": "http://localhost:8410/v1.0", "users": [{"id": "1"}]},
        })
    }

    #[test]
    fn the_listeners_own_addresses_are_as_they_are() {
        for called in [
            "http://localhost:8410",
            "http://127.0.0.1:8410",
            "http://[::1]:8410",
            "https://LOCALHOST:8411",
        ] {
            assert_eq!(moved(line(), called), line(), "{called}");
        }
    }

    #[test]
    fn another_name_is_that_of_both_listeners() {
        for called in ["http://emulator:8410", "https://emulator:8411"] {
            let line = moved(line(), called);
            assert_eq!(line["http"], "http://emulator:8410", "{called}");
            assert_eq!(line["https"], "https://emulator:8411");
            assert_eq!(line["entra"]["authority"], "https://emulator:8411");
            assert_eq!(line["graph"]["base"], "http://emulator:8410/v1.0");
            assert_eq!(line["ca"], "/data/ca.pem");
        }
    }

    #[test]
    fn behind_another_port_only_that_one_is_known() {
        let seen = moved(line(), "http://127.0.0.1:9000");
        assert_eq!(seen["http"], "http://127.0.0.1:9000");
        let string = "endpoint=http://127.0.0.1:9000/;accesskey=a";
        assert_eq!(seen["acs"]["connection_string"], string);
        assert_eq!(seen["entra"]["authority"], "http://127.0.0.1:9000");
        assert_eq!((seen.get("https"), seen.get("ca")), (None, None));
        let seen = moved(line(), "https://localhost:9001");
        assert_eq!(seen["http"], "https://localhost:9001");
        assert_eq!(seen["https"], "https://localhost:9001");
        assert_eq!(seen["ca"], "/data/ca.pem");
        assert!(!seen.to_string().contains("841"), "{seen}");
    }
}
