//! `GET /_emulator/export`: everything that was stored, as a tar archive of files.

use std::io;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use tar::{Builder, Header};

use crate::{
    engine::{
        admin_response::error,
        ledger::{
            filter::Filter,
            request::CapturedRequest,
            row::{KeptRow, LedgerRow},
            select::{Span, select},
        },
        registry::Registry,
    },
    wire::{clock, response::Response},
};

/// So many bytes of responses are in an archive at most.
const MOST_RESPONSES: usize = 64 << 20;

/// Responds with the archive.
pub(super) fn respond(registry: &Registry) -> Response {
    match archive(registry) {
        Ok(bytes) => Response::bytes(StatusCode::OK, "application/x-tar", Bytes::from(bytes)),
        Err(_) => {
            let message = "The archive cannot be written.";
            error(StatusCode::INTERNAL_SERVER_ERROR, "Internal", message, &[])
        }
    }
}

/// `messages/000001-acs-chat.json` is a row of the ledger, `exchanges/000001-acs-chat.request.http` its
/// request as it was received, `exchanges/000001-acs-chat.response.http` what the client was told, both
/// without credentials.
pub(crate) fn archive(registry: &Registry) -> io::Result<Vec<u8>> {
    let mut files = Files {
        archive: Builder::new(Vec::new()),
        seconds: clock::system_ms() / 1000,
        messages: 0,
        responses: Responses::default(),
    };
    files.add_json("stats.json", &registry.stats())?;
    files.add_json("faults.json", &registry.engine.faults().to_json())?;
    let found = select(&registry.engine, &Filter::default(), Span::All);
    for row in found.rows.iter().filter_map(KeptRow::open) {
        files.add_row(&row)?;
        files.add_response(registry, &row)?;
    }
    let overview = json!({"messages": files.messages, "responses": files.responses.to_json()});
    files.add_json("export.json", &overview)?;
    files.archive.into_inner()
}

/// What became of the responses.
#[derive(Debug, Default)]
struct Responses {
    written: u64,
    /// The client got none, it is not complete yet, or it is not kept any more.
    none: u64,
    /// Those of a request that stored several messages are written with the first.
    shared: u64,
    /// Left out, because the archive would have too many bytes of them.
    left_out: u64,
    bytes: usize,
    last: u64,
}

impl Responses {
    fn to_json(&self) -> Value {
        json!({
            "written": self.written,
            "none": self.none,
            "shared": self.shared,
            "left_out": self.left_out,
        })
    }
}

struct Files {
    archive: Builder<Vec<u8>>,
    /// When the files were made, Unix seconds.
    seconds: u64,
    messages: u64,
    responses: Responses,
}

impl Files {
    fn add_row(&mut self, row: &LedgerRow) -> io::Result<()> {
        let name = name_of(row);
        self.messages += 1;
        let json = serde_json::to_value(row)?;
        self.add_json(&format!("messages/{name}.json"), &json)?;
        let request = raw(&row.request);
        self.add(&format!("exchanges/{name}.request.http"), &request)
    }

    /// The response of the exchange that stored a row, while it is kept.
    fn add_response(&mut self, registry: &Registry, row: &LedgerRow) -> io::Result<()> {
        if row.exchange != 0 && row.exchange == self.responses.last {
            self.responses.shared += 1;
            return Ok(());
        }
        self.responses.last = row.exchange;
        let kept = {
            let exchanges = registry.engine.activity.exchanges();
            exchanges.get(row.exchange).cloned()
        };
        let told = kept.and_then(|kept| kept.details()?.told);
        let Some((raw, is_cut)) = told.map(|told| told.raw()) else {
            self.responses.none += 1;
            return Ok(());
        };
        if self.responses.bytes + raw.len() > MOST_RESPONSES {
            self.responses.left_out += 1;
            return Ok(());
        }
        self.responses.bytes += raw.len();
        self.responses.written += 1;
        let kind = if is_cut { "response.cut" } else { "response" };
        self.add(&format!("exchanges/{}.{kind}.http", name_of(row)), &raw)
    }

    fn add_json(&mut self, path: &str, value: &Value) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        self.add(path, &text)
    }

    fn add(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(self.seconds);
        self.archive.append_data(&mut header, path, content)
    }
}

/// The number and the platform of a row.
fn name_of(row: &LedgerRow) -> String {
    format!("{:06}-{}", row.seq, file_name(row.platform.as_str()))
}

/// A service of your own has any name; a file has not.
fn file_name(platform: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let plain = platform.chars().map(|c| if is_plain(c) { c } else { '_' });
    plain.take(64).collect()
}

fn raw(request: &CapturedRequest) -> Vec<u8> {
    let mut raw = format!("{} {} HTTP/1.1\r\n", request.method(), request.path());
    for (name, value) in request.headers() {
        raw.push_str(&format!("{name}: {value}\r\n"));
    }
    raw.push_str("\r\n");
    let mut raw = raw.into_bytes();
    raw.extend_from_slice(request.body());
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_platform_leads_to_no_other_folder() {
        assert_eq!(file_name("../../etc/x"), "______etc_x");
        assert_eq!(file_name("acs-chat"), "acs-chat");
    }
}
