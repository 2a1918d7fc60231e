//! `msm api`: a request to any path of a configured service.

use std::{ops::ControlFlow, path::Path};

use ms_messenger::{
    Delivery, Error, ErrorKind, Problem, Result,
    http::{HeaderName, HeaderValue, Method, OpenRequest, Pages, Response},
};
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::{
    args::{ApiArgs, argument_of},
    config::Settings,
    connect, environment,
    exit::Exit,
    explain::{Explained, explain},
    files, interrupt, interrupted,
    outcome::Line,
    platform::Platform,
    print,
    terminal::{escaped, shown},
    text,
    transport::{http_options, retry},
    usage,
};

/// The most pages of a list.
const MOST_PAGES: usize = 1000;
/// The deepest nesting of a JSONPath: with each level its parser can take twice as long.
const DEEPEST_PATH: usize = 10;
/// Headers that the client sets itself, instead of those given, and those of the connection, with which
/// a server would read another message than the one written.
const OWN_HEADERS: [&str; 17] = [
    "authorization",
    "client-request-id",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-ms-client-request-id",
    "x-ms-content-sha256",
    "x-ms-date",
];

/// What a request is made of.
struct Wanted {
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<(HeaderValue, Vec<u8>)>,
    filter: Option<JsonPath>,
}

/// Makes the request and prints what it returns.
pub(crate) async fn run(args: &ApiArgs) -> Exit {
    let mut settings = None;
    match request(args, &mut settings).await {
        Ok(exit) => exit,
        Err(error) => failed(args, error, settings.as_ref()),
    }
}

async fn request(args: &ApiArgs, known: &mut Option<Settings>) -> Result<Exit> {
    if !args.is_read() {
        interrupt::watch();
    }
    let wanted = wanted(args)?;
    let settings = Settings::read(&args.common.connection, &environment::process)?;
    let settings = &*known.insert(settings);
    let platform = platform(args, settings)?;
    let mut request = open(args, platform, settings, &wanted)?;
    for (name, value) in &wanted.headers {
        request = request.with_header(name.clone(), value.clone());
    }
    if let Some((kind, body)) = wanted.body {
        request = request.with_body(kind, body);
    }
    let filter = wanted.filter.as_ref();
    if !args.is_read() {
        interrupted::unknown_from_now_on(Some(text::api::UNKNOWN), args.common.json);
    }
    if !args.paginate {
        return respond(args, &request.send().await?, filter);
    }
    let mut pages = request.pages::<Value>().with_max_pages(MOST_PAGES);
    let (mut has_items, mut is_found) = (false, false);
    while let Some(page) = next_page(&mut pages).await? {
        let page = Value::Array(page);
        let items = match filter {
            Some(filter) => filter.query(&page).all(),
            None => page.as_array().into_iter().flatten().collect(),
        };
        has_items |= page.get(0).is_some();
        is_found |= !items.is_empty();
        for item in items {
            if let ControlFlow::Break(exit) = print::item(&escaped(&item.to_string())) {
                return Ok(exit);
            }
        }
    }
    if has_items && !is_found {
        print::note(text::api::SELECTED_NO_ITEM);
    }
    Ok(Exit::Success)
}

/// Reads the next page. Says of a first response that is none what to do; every other error has its
/// own text, e.g. that of a link that is not followed.
async fn next_page(pages: &mut Pages<Value>) -> Result<Option<Vec<Value>>> {
    let is_first = pages.pages_read() == 0;
    pages.next_page().await.map_err(|error| {
        let is_response = error.kind() == ErrorKind::Protocol && error.status().is_some();
        if is_first && is_response {
            error.with_message(text::api::NOT_A_PAGE)
        } else {
            error
        }
    })
}

/// Prints a response, or what the filter selects of it.
fn respond(args: &ApiArgs, response: &Response, filter: Option<&JsonPath>) -> Result<Exit> {
    if response.body().is_empty() {
        return Ok(Exit::Success);
    }
    // What changes something was done, also if its response cannot be printed.
    let delivery = if args.is_read() {
        Delivery::NotSent
    } else {
        Delivery::Sent
    };
    let unusable = |text| Err(Error::new(ErrorKind::Protocol, text).with_delivery(delivery));
    let read = serde_json::from_slice::<Value>(response.body());
    let text = std::str::from_utf8(response.body());
    let lines = match (read, filter) {
        (Ok(value), Some(filter)) => {
            let found = filter.query(&value).all();
            if found.is_empty() {
                print::note(text::api::SELECTED_NOTHING);
            }
            found.iter().map(|it| escaped(&it.to_string())).collect()
        }
        (Ok(value), None) if args.common.json => vec![escaped(&value.to_string())],
        (Ok(value), None) => vec![shown(&format!("{value:#}"))],
        (Err(_), Some(_)) => return unusable(text::api::NOTHING_TO_SELECT),
        (Err(_), None) => match text {
            Ok(text) if args.common.json => vec![escaped(&Value::from(text).to_string())],
            Ok(text) => vec![shown(text)],
            Err(_) if args.common.json => return unusable(text::api::NOT_JSON),
            Err(_) => {
                let written = print::bytes(response.body());
                return written.map_or_else(|| unusable(text::api::NOT_TEXT), Ok);
            }
        },
    };
    for line in lines {
        if let ControlFlow::Break(exit) = print::item(&line) {
            return Ok(exit);
        }
    }
    Ok(Exit::Success)
}

/// Checks everything that needs no settings.
fn wanted(args: &ApiArgs) -> Result<Wanted> {
    let invalid = |field: &str, rule: &str| usage::refused("api", field, rule);
    let method = args.method().and_then(|it| it.parse::<Method>().ok());
    let method = method.ok_or_else(|| invalid("METHOD", text::api::METHODS))?;
    let path = args
        .path()
        .ok_or_else(|| invalid("PATH", text::api::PATH_MISSING))?;
    if let Some(rule) = whole_address(path) {
        return Err(invalid("PATH", rule));
    }
    let is_read = method == Method::GET;
    if args.paginate && !is_read {
        return Err(invalid("--paginate", text::api::ONLY_FOR_GET));
    }
    let filter = args.filter.as_deref().map(json_path).transpose();
    let filter = filter.map_err(|rule| invalid("--filter", &rule))?;
    let headers = args.header.iter().map(|text| header(text));
    let headers = headers.collect::<Result<Vec<_>>>()?;
    if let Some(name) = repeated(&headers) {
        return Err(invalid("--header", &text::api::header_twice(name)));
    }
    let body = match &args.input {
        Some(_) if is_read => return Err(invalid("--input", text::api::NOT_FOR_GET)),
        Some(path) => Some(body(path, &headers)?),
        None => None,
    };
    Ok(Wanted {
        method,
        path: path.to_owned(),
        headers,
        body,
        filter,
    })
}

/// Returns what is wrong with an address that is pasted as a path.
fn whole_address(path: &str) -> Option<&'static str> {
    let is_http =
        |scheme: &str| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let (scheme, _) = path.split_once("://")?;
    is_http(scheme).then_some(text::api::WHOLE_ADDRESS)
}

/// Reads a JSONPath.
fn json_path(text: &str) -> Result<JsonPath, String> {
    if nesting(text) > DEEPEST_PATH {
        return Err(text::api::TOO_DEEP.to_owned());
    }
    JsonPath::parse(text).map_err(|error| text::api::not_a_json_path(error.position() + 1))
}

/// Returns how deep the brackets of a JSONPath are nested, those in its strings left out.
fn nesting(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                let _ = chars.next();
            }
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => open += 1,
            (None, ']' | ')') => open = open.saturating_sub(1),
            (None, _) => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// Reads a header. Its value is not repeated in errors: it may be a secret.
fn header(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let invalid = |rule: &str| usage::refused("api", "--header", rule);
    let rule = text::api::NOT_A_HEADER;
    let (name, value) = text.split_once(':').ok_or_else(|| invalid(rule))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| invalid(rule))?;
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| invalid(rule))?;
    value.set_sensitive(true);
    if OWN_HEADERS.contains(&name.as_str()) {
        return Err(invalid(&text::api::own_header(name.as_str())));
    }
    Ok((name, value))
}

/// Returns the name of a header that is given twice: only one of its values would be sent.
fn repeated(headers: &[(HeaderName, HeaderValue)]) -> Option<&str> {
    let mut names = headers.iter().map(|(name, _)| name).enumerate();
    let twice = names.find(|(at, name)| headers[..*at].iter().any(|(it, _)| it == *name));
    twice.map(|(_, name)| name.as_str())
}

/// Reads the body and finds its media type: that of the headers, else JSON.
fn body(path: &Path, headers: &[(HeaderName, HeaderValue)]) -> Result<(HeaderValue, Vec<u8>)> {
    let bytes = files::bytes_or_input(path, files::BULK);
    let bytes = bytes.map_err(|error| files::unusable(path, &error))?;
    let named = headers
        .iter()
        .find(|(name, _)| name.as_str() == "content-type");
    let kind = match named {
        Some((_, kind)) => kind.clone(),
        None => HeaderValue::from_static("application/json"),
    };
    let is_json = kind
        .to_str()
        .is_ok_and(|kind| kind.starts_with("application/json"));
    if is_json && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        let rule = format!(
            "{}: {}",
            text::input::not_json(&error),
            text::api::OTHER_TYPE
        );
        return Err(Problem::new("--input", rule).into_error(ErrorKind::InvalidRequest));
    }
    Ok((kind, bytes))
}

/// Returns the platform: the named one, else the only one that is configured.
fn platform(args: &ApiArgs, settings: &Settings) -> Result<Platform> {
    let configured = Platform::ALL
        .into_iter()
        .filter(|it| settings.configures(*it));
    let configured: Vec<Platform> = configured.filter(|it| *it != Platform::Ucwa).collect();
    let chosen = match (args.common.platform, configured.as_slice()) {
        (Some(Platform::Ucwa), _) => {
            let rule = text::api::NO_PATHS;
            return Err(Problem::new("--platform", rule).into_error(ErrorKind::Unsupported));
        }
        (Some(named), _) => named,
        (None, [only]) => *only,
        (None, []) => {
            let text = text::platform::NONE_CONFIGURED;
            return Err(Error::new(ErrorKind::Config, text));
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|it| it.as_str()).collect();
            let text = text::platform::several_configured(&names.join(", "));
            return Err(Error::new(ErrorKind::Config, text));
        }
    };
    if settings.configures(chosen) {
        Ok(chosen)
    } else {
        Err(chosen.not_configured())
    }
}

fn open(
    args: &ApiArgs,
    platform: Platform,
    settings: &Settings,
    wanted: &Wanted,
) -> Result<OpenRequest> {
    let (options, retry) = (http_options(args.common.timeout), retry(None));
    let (method, path) = (wanted.method.clone(), wanted.path.as_str());
    Ok(match platform {
        Platform::AcsMessages => {
            connect::acs_messages(settings, options, retry)?.request(method, path)
        }
        Platform::AcsChat => connect::acs_chat(settings, options, retry)?.request(method, path),
        _ => connect::msgraph_chat(settings, options, retry)?.request(method, path),
    })
}

/// Reports an error: for a request that may have been executed, that it may.
fn failed(args: &ApiArgs, error: Error, settings: Option<&Settings>) -> Exit {
    if let Some(exit) = usage::report_refused(&error, args.common.json) {
        return exit;
    }
    let error = if args.common.json {
        error
    } else {
        error.with_field_names(|field| argument_of(field).map(str::to_owned))
    };
    let Explained { error, advice } = explain(error, settings);
    let exit = Exit::of(&error);
    let doubt = text::api::UNKNOWN;
    let advice = if exit == Exit::Unknown {
        Some(doubt)
    } else {
        advice.as_deref()
    };
    if args.common.json {
        let line = Line {
            advice,
            ..Line::of(&error, exit)
        };
        let _ = print::result(&line.to_string());
    } else if exit == Exit::Unknown {
        let error = text::outcome::error(error.message());
        print::important(format_args!("{error}\n  {doubt}"));
    } else {
        print::important(print::plain_error_text(&error, exit, advice));
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_path_that_would_occupy_the_parser_is_refused() {
        let nested = |open: &str, close: &str, depth: usize| {
            format!("$[?{}@.a{}]", open.repeat(depth), close.repeat(depth))
        };
        for text in [
            nested("(", ")", 50_000),
            nested("@[?", "]", 5_000),
            nested("@[?", "]", 20),
        ] {
            let rule = json_path(&text).unwrap_err();
            assert_eq!(rule, text::api::TOO_DEEP);
        }
        assert!(json_path(&nested("(", ")", 5)).is_ok());
        assert!(json_path(&nested("@[?", "]", 5)).is_ok());
        // Brackets in a name do not count.
        assert!(json_path(&format!(r#"$["\"{0}"]['{0}']"#, "[".repeat(50))).is_ok());
    }

    #[test]
    fn a_header_has_a_name_and_is_not_one_of_the_client() {
        assert!(header("Prefer: a=b:c").is_ok());
        for text in [
            "",
            "hunter2",
            ": hunter2",
            "Authorization: hunter2",
            "a b: hunter2",
            "a: \u{1}hunter2",
        ] {
            let error = header(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
