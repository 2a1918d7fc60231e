//! The reader of recordings. The origin of a file is unknown, so that everything in it is checked.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::Path,
};

use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::{
    record::exchange::{Exchange, Heading, VERSION},
    replay::recording_error::RecordingError,
};

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 32 << 20;
/// The largest file, in bytes.
const LARGEST_FILE: u64 = 512 << 20;
/// The most exchanges.
const MOST_EXCHANGES: usize = 100_000;
/// The longest method and the longest media type, in bytes.
const LONGEST_WORD: usize = 100;
/// The longest path, in bytes.
const LONGEST_PATH: usize = 8192;

/// Reads a recording.
pub(crate) fn read(path: &Path) -> Result<(Heading, Vec<Exchange>), RecordingError> {
    let unreadable = |source: io::Error| RecordingError::Read {
        path: path.to_owned(),
        source,
    };
    // Before it is opened: that of a pipe would wait for whatever writes to it.
    if !path.metadata().map_err(unreadable)?.is_file() {
        let kind = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
        return Err(unreadable(kind));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut lines = Lines {
        reader: BufReader::new(file.take(LARGEST_FILE + 1)),
        bytes: 0,
    };
    let broken = |line: usize, rule: String| RecordingError::Line {
        path: path.to_owned(),
        line,
        rule,
    };
    let mut heading = None;
    let mut exchanges: Vec<Exchange> = Vec::new();
    for line in 1.. {
        let Some(bytes) = lines.next().map_err(unreadable)? else {
            break;
        };
        let bytes = bytes.map_err(|rule| broken(line, rule.to_owned()))?;
        if heading.is_none() {
            heading = Some(self::heading(&bytes).map_err(|rule| broken(line, rule))?);
            continue;
        }
        let exchange = exchange(&bytes, exchanges.len()).map_err(|rule| broken(line, rule))?;
        exchanges.push(exchange);
    }
    match heading {
        Some(heading) => Ok((heading, exchanges)),
        None => Err(broken(
            1,
            "is missing: a recording has a heading".to_owned(),
        )),
    }
}

struct Lines {
    reader: BufReader<io::Take<File>>,
    bytes: u64,
}

impl Lines {
    /// The next line without its end, or the rule that it breaks.
    fn next(&mut self) -> io::Result<Option<Result<Vec<u8>, &'static str>>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.reader).take(LONGEST_LINE + 1);
        let length = limited.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok(None);
        }
        self.bytes += length;
        if self.bytes > LARGEST_FILE {
            return Ok(Some(Err("the file is larger than 512 MiB")));
        }
        if line.last() != Some(&b'\n') {
            let rule = if length > LONGEST_LINE {
                "is longer than 32 MiB"
            } else {
                "is incomplete: it has no end of line"
            };
            return Ok(Some(Err(rule)));
        }
        line.pop();
        Ok(Some(Ok(line)))
    }
}

fn heading(line: &[u8]) -> Result<Heading, String> {
    let rule = "is no heading of a recording of `msm emulator record`";
    let heading: Heading = serde_json::from_slice(line).map_err(|_| rule.to_owned())?;
    if heading.ms_messenger_recording != VERSION {
        return Err(format!("ms_messenger_recording: must be {VERSION}"));
    }
    Ok(heading)
}

fn exchange(line: &[u8], before: usize) -> Result<Exchange, String> {
    let exchange: Exchange = serde_json::from_slice(line).map_err(|error| {
        let place = error.column();
        if error.is_data() {
            format!("is no exchange of a recording: wrong or missing at column {place}")
        } else {
            format!("is no JSON: wrong at column {place}")
        }
    })?;
    let (request, response) = (&exchange.request, &exchange.response);
    let headers = request.headers.iter().chain(&response.headers);
    let has_headers = headers.into_iter().all(|(name, value)| {
        let value = value.as_deref().unwrap_or_default();
        HeaderName::try_from(name.as_str()).is_ok() && HeaderValue::try_from(value).is_ok()
    });
    let is_path = request.path.starts_with('/')
        && request.path.len() <= LONGEST_PATH
        && request.path.bytes().all(|b| b.is_ascii_graphic());
    let rules = [
        (
            before < MOST_EXCHANGES,
            "there are more than 100,000 exchanges",
        ),
        (
            exchange.n == before as u64 + 1,
            "n: must be the number of the exchange, from 1",
        ),
        (
            is_method(&request.method),
            "request.method: must be a method of HTTP",
        ),
        (
            is_path,
            "request.path: must begin with / and be at most 8192 visible characters of ASCII",
        ),
        (has_headers, "headers: must be names and values of HTTP"),
        (
            StatusCode::from_u16(response.status)
                .is_ok_and(|s| s.as_u16() >= 200 && s.as_u16() < 600),
            "response.status: must be from 200 to 599",
        ),
    ];
    match rules.into_iter().find(|(is_kept, _)| !is_kept) {
        Some((_, rule)) => Err(rule.to_owned()),
        None => Ok(exchange),
    }
}

fn is_method(name: &str) -> bool {
    name.len() <= LONGEST_WORD && Method::try_from(name).is_ok()
}
