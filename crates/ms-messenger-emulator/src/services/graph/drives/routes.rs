//! The operations on drives and their paths.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::{services::graph::found::Found, wire::path::decode_segment};

/// The largest body of a simple upload: 250 MB.
const MAX_UPLOAD: usize = 250 * 1024 * 1024;
/// A piece of a session stays below 60 MiB.
const MAX_PIECE: usize = 60 * 1024 * 1024 - 1;

/// An operation on drives with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// On a drive or on something in it.
    In(Address, Op),
    /// The folder of a channel, by team and channel.
    ChannelFolder(String, String),
    /// The file of an encoded address, or its contents.
    Shared { token: String, is_content: bool },
    /// By an address that needs no token.
    Direct(Direct),
}

/// An item: of which drive, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) root: Root,
    /// The item that the path starts from; `None`: the root.
    pub(crate) item: Option<String>,
    pub(crate) path: Vec<String>,
}

/// The drive that a path begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `/me/drive`.
    Me,
    /// `/users/{id or principal name}/drive`.
    User(String),
    /// `/drives/{id}`.
    Drive(String),
}

/// What is done with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// The drive itself.
    Drive,
    Get,
    List,
    CreateFolder,
    Content,
    Upload,
    CreateSession,
    /// Gives the bytes of a session another name.
    Commit,
    Delete,
    Invite,
    CreateLink,
}

/// A request to a pre-authenticated address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Direct {
    pub(crate) drive: String,
    pub(crate) item: String,
    pub(crate) op: DirectOp,
}

/// What is done at a pre-authenticated address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectOp {
    Piece,
    Status,
    Finish,
    Cancel,
    Download,
}

impl Op {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Drive => "drive.get",
            Self::Get => "drive.item",
            Self::List => "drive.list",
            Self::CreateFolder => "drive.create",
            Self::Content => "drive.content",
            Self::Upload => "drive.upload",
            Self::CreateSession => "drive.session.create",
            Self::Commit => "drive.session.commit",
            Self::Delete => "drive.delete",
            Self::Invite => "drive.invite",
            Self::CreateLink => "drive.link",
        }
    }
}

impl DirectOp {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Piece => "drive.session.piece",
            Self::Status => "drive.session.get",
            Self::Finish => "drive.session.commit",
            Self::Cancel => "drive.session.cancel",
            Self::Download => "drive.download",
        }
    }
}

/// The largest body of an operation, if it has one of its own.
pub(crate) const fn max_body(call: &Call) -> Option<usize> {
    match call {
        Call::In(_, Op::Upload) => Some(MAX_UPLOAD),
        Call::Direct(Direct {
            op: DirectOp::Piece,
            ..
        }) => Some(MAX_PIECE),
        _ => None,
    }
}

/// Routes what is below a version of Graph.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    let (root, rest) = match raw {
        ["me", "drive", rest @ ..] => (Some(Root::Me), rest),
        ["users", user, "drive", rest @ ..] => (decode_segment(user).map(Root::User), rest),
        ["drives", drive, rest @ ..] => (decode_segment(drive).map(Root::Drive), rest),
        ["teams", team, "channels", channel, "filesFolder"] => {
            let ids = decode_segment(team).zip(decode_segment(channel));
            let call = ids.map(|(team, channel)| Call::ChannelFolder(team, channel));
            return Some(on(method, "GET", "drive.folder", call));
        }
        ["shares", token, "driveItem", rest @ ..] => {
            let (name, is_content) = match rest {
                [] => ("drive.share", false),
                ["content"] => ("drive.share.content", true),
                _ => return None,
            };
            let call = decode_segment(token).map(|token| Call::Shared { token, is_content });
            return Some(on(method, "GET", name, call));
        }
        _ => return None,
    };
    let (item, path, tail) = position(rest)?;
    let (allowed, op) = operation(method, tail, rest.is_empty())?;
    let found = op.map(|op| {
        let at = root
            .zip(item)
            .zip(path)
            .map(|((root, item), path)| Address {
                root,
                item: item.map(str::to_owned),
                path,
            });
        (op.name(), at.map(|at| Call::In(at, op)))
    });
    Some((allowed, found))
}

/// Routes the addresses that need no token: below `/_api/v2.0`.
pub(crate) fn direct(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    let ["drives", drive, "items", item, rest @ ..] = raw else {
        return None;
    };
    let (allowed, op) = match (rest, method.as_str()) {
        (["uploadSession"], method) => (
            "GET, PUT, POST, DELETE",
            match method {
                "PUT" => Some(DirectOp::Piece),
                "GET" => Some(DirectOp::Status),
                "POST" => Some(DirectOp::Finish),
                "DELETE" => Some(DirectOp::Cancel),
                _ => None,
            },
        ),
        (["content"], method) => ("GET", (method == "GET").then_some(DirectOp::Download)),
        _ => return None,
    };
    let ids = decode_segment(drive).zip(decode_segment(item));
    let found = op.map(|op| {
        let call = ids.map(|(drive, item)| Direct { drive, item, op });
        (op.name(), call.map(Call::Direct))
    });
    Some((allowed, found))
}

fn on(
    method: &Method,
    allowed: &'static str,
    name: &'static str,
    call: Option<Call>,
) -> Found<Call> {
    (allowed, (method == allowed).then_some((name, call)))
}

/// The item that is named (`None`: the root), the path from it, and the segments after both.
type Position<'a> = (Option<Option<&'a str>>, Option<Vec<String>>, &'a [&'a str]);

/// `root`, `items/{id}`, and the same with a path between colons.
fn position<'a>(rest: &'a [&'a str]) -> Option<Position<'a>> {
    let plain = |item, tail| (Some(item), Some(Vec::new()), tail);
    Some(match rest {
        [] => plain(None, rest),
        ["root", tail @ ..] => plain(None, tail),
        ["root:", tail @ ..] => {
            let (path, tail) = by_path(tail);
            (Some(None), path, tail)
        }
        ["items", id, tail @ ..] => match id.strip_suffix(':') {
            None if id.is_empty() => return None,
            None => plain(Some(*id), tail),
            Some(id) => {
                let (path, tail) = by_path(tail);
                (Some(Some(id)), path, tail)
            }
        },
        _ => return None,
    })
}

/// The decoded names up to the one that ends with a colon, and the segments after it; no names when
/// one of them cannot be read.
fn by_path<'a>(segments: &'a [&'a str]) -> (Option<Vec<String>>, &'a [&'a str]) {
    let end = segments.iter().position(|segment| segment.ends_with(':'));
    let (path, tail) = match end {
        Some(end) => (&segments[..=end], &segments[end + 1..]),
        None => (segments, &[][..]),
    };
    let decode = |segment: &&str| {
        let name = segment.strip_suffix(':').unwrap_or(segment);
        let name = percent_decode_str(name).decode_utf8().ok()?;
        Some(name.into_owned())
    };
    let mut names: Option<Vec<String>> = path.iter().map(decode).collect();
    // `root:/` and `root:/:` are the root itself.
    if names
        .as_ref()
        .is_some_and(|names| names.len() == 1 && names[0].is_empty())
    {
        names = Some(Vec::new());
    }
    (names, tail)
}

/// The methods that the segments after an item take, and what the called one does.
fn operation(method: &Method, tail: &[&str], is_drive: bool) -> Option<(&'static str, Option<Op>)> {
    let method = method.as_str();
    let one = |wanted: &'static str, op| (wanted, (method == wanted).then_some(op));
    Some(match tail {
        [] if is_drive => one("GET", Op::Drive),
        [] => (
            "GET, PUT, DELETE",
            match method {
                "GET" => Some(Op::Get),
                "PUT" => Some(Op::Commit),
                "DELETE" => Some(Op::Delete),
                _ => None,
            },
        ),
        ["children"] => (
            "GET, POST",
            match method {
                "GET" => Some(Op::List),
                "POST" => Some(Op::CreateFolder),
                _ => None,
            },
        ),
        ["content"] => (
            "GET, PUT",
            match method {
                "GET" => Some(Op::Content),
                "PUT" => Some(Op::Upload),
                _ => None,
            },
        ),
        [action] => match action.strip_prefix("microsoft.graph.").unwrap_or(action) {
            "createUploadSession" => one("POST", Op::CreateSession),
            "invite" => one("POST", Op::Invite),
            "createLink" => one("POST", Op::CreateLink),
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::graph::routes::OPERATIONS;

    fn name(method: &str, path: &str) -> Option<&'static str> {
        let raw: Vec<&str> = path.split('/').collect();
        let method: Method = method.parse().ok()?;
        let found = match raw.as_slice() {
            ["_api", "v2.0", rest @ ..] => direct(&method, rest),
            rest => route(&method, rest),
        };
        found?.1.map(|(name, _)| name)
    }

    #[test]
    fn every_operation_has_its_path_and_a_known_name() {
        let session = "_api/v2.0/drives/D/items/I/uploadSession";
        for (method, path, expected) in [
            ("GET", "me/drive", "drive.get"),
            ("GET", "users/U/drive/root", "drive.item"),
            ("GET", "drives/D/items/I", "drive.item"),
            ("GET", "drives/D/root:/a/b", "drive.item"),
            ("DELETE", "drives/D/items/I", "drive.delete"),
            ("GET", "me/drive/root/children", "drive.list"),
            ("POST", "me/drive/root:/a:/children", "drive.create"),
            ("GET", "drives/D/items/I/content", "drive.content"),
            ("PUT", "drives/D/items/I:/a.txt:/content", "drive.upload"),
            (
                "POST",
                "me/drive/root:/a:/createUploadSession",
                "drive.session.create",
            ),
            ("PUT", "me/drive/root:/a", "drive.session.commit"),
            ("PUT", session, "drive.session.piece"),
            ("GET", session, "drive.session.get"),
            ("POST", session, "drive.session.commit"),
            ("DELETE", session, "drive.session.cancel"),
            (
                "GET",
                "_api/v2.0/drives/D/items/I/content",
                "drive.download",
            ),
            ("POST", "me/drive/items/I/invite", "drive.invite"),
            (
                "POST",
                "me/drive/items/I/microsoft.graph.createLink",
                "drive.link",
            ),
            ("GET", "teams/T/channels/C/filesFolder", "drive.folder"),
            ("GET", "shares/u!x/driveItem", "drive.share"),
            ("GET", "shares/u!x/driveItem/content", "drive.share.content"),
        ] {
            assert_eq!(name(method, path), Some(expected), "{method} {path}");
            assert!(OPERATIONS.contains(&expected), "{expected}");
        }
        for (method, path) in [
            ("POST", "me/drive"),
            ("PATCH", "me/drive/items/I"),
            ("GET", "me/drive/items"),
            ("GET", "me/drives"),
            ("GET", "shares/u!x"),
        ] {
            assert_eq!(name(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn a_path_is_decoded_name_by_name() {
        let raw = ["root:", "a%20b", "c%2Fd%23.pdf:", "content"];
        let (item, path, tail) = position(&raw).unwrap();
        assert_eq!((item, tail), (Some(None), &["content"][..]));
        assert_eq!(path.unwrap(), ["a b", "c/d#.pdf"]);
        assert_eq!(position(&["root:", "%FF:"]).unwrap().1, None);
        assert_eq!(
            position(&["root:", ":", "children"]).unwrap().1,
            Some(Vec::new())
        );
    }

    proptest::proptest! {
        #[test]
        fn hostile_paths_do_not_panic(path in "(me/drive|drives/D)/[ -~]{0,60}") {
            let raw: Vec<&str> = path.split('/').collect();
            let _ = route(&Method::PUT, &raw);
        }
    }
}
