//! The addresses of files, as browsers and messages have them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use crate::services::graph::drives::{item::Item, name};

/// What SharePoint leaves as it is in the path of an address.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b'/');

/// The site of a drive.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// `https://contoso-my.sharepoint.test`.
    pub(crate) host: &'static str,
    /// `personal/alice_contoso_test`.
    pub(crate) path: String,
    /// The name of the library: `Documents`.
    pub(crate) library: &'static str,
}

impl Site {
    /// The address of the file at `path` of the library.
    pub(crate) fn dav_url(&self, path: &str) -> String {
        let path = format!("{}/{}/{path}", self.path, self.library);
        let path = utf8_percent_encode(path.trim_end_matches('/'), SEGMENT);
        format!("{}/{path}", self.host)
    }

    /// The address that opens the file in a browser: for documents that of their editor.
    pub(crate) fn web_url(&self, item: &Item, path: &str) -> String {
        if item.is_folder() || !name::is_office(&item.name) {
            return self.dav_url(path);
        }
        let file = utf8_percent_encode(&item.name, SEGMENT);
        format!(
            "{}/{}/_layouts/15/Doc.aspx?sourcedoc=%7B{}%7D&file={file}&action=default\
             &mobileredirect=true",
            self.host,
            self.path,
            item.guid_text()
        )
    }

    /// The address of a share link of the item.
    pub(crate) fn link_url(&self, item: &Item, token: Uuid) -> String {
        let kind = name::link_kind(&item.name, item.is_folder());
        let scope = if self.path.starts_with("personal/") {
            "g"
        } else {
            "s"
        };
        let token = token.simple();
        // A link to a site's file has the name of the site alone.
        let site = self.path.strip_prefix("sites/").unwrap_or(&self.path);
        format!("{}/:{kind}:/{scope}/{site}/E{token}", self.host)
    }

    /// Whether an address is one of this site's host.
    pub(crate) fn has(&self, url: &str) -> bool {
        let rest = url.strip_prefix(self.host);
        rest.is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Whether two addresses are the same but for their percent-encoding.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one == other || percent_decode_str(one).eq(percent_decode_str(other))
}
