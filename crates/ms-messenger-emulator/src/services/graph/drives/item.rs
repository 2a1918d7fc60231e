//! Files and folders, and what lets users read them.

use uuid::Uuid;

use crate::services::graph::drives::content::Content;

/// A file or a folder.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// The GUID of the `eTag`, by which messages name the file.
    pub(crate) guid: Uuid,
    pub(crate) name: String,
    /// `None` for the root of a drive.
    pub(crate) parent: Option<String>,
    /// `None` for a folder.
    pub(crate) content: Option<Content>,
    /// Raised by every change.
    pub(crate) version: u64,
    /// Epoch milliseconds.
    pub(crate) created: u64,
    pub(crate) modified: u64,
    pub(crate) author: Author,
    pub(crate) grants: Vec<Grant>,
    pub(crate) links: Vec<Link>,
}

/// The user or application that made a file.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) is_user: bool,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Read,
    Write,
}

impl Role {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A permission of one user.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) to: Grantee,
    pub(crate) role: Role,
}

/// The user of a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grantee {
    /// By object id.
    User(String),
    /// A guest, by mail address in lower case.
    Guest(String),
}

/// A share link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    /// `view` or `edit`.
    pub(crate) kind: &'static str,
    pub(crate) scope: Scope,
    pub(crate) url: String,
}

/// The users that a share link lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Anonymous,
    Organization,
    /// Those that have a permission anyway.
    Users,
}

impl Scope {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Organization => "organization",
            Self::Users => "users",
        }
    }
}

impl Item {
    pub(crate) fn new(
        guid: Uuid,
        name: &str,
        parent: Option<&str>,
        author: &Author,
        now: u64,
    ) -> Self {
        Self {
            id: id_of(guid),
            guid,
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
            content: None,
            version: 1,
            created: now,
            modified: now,
            author: author.clone(),
            grants: Vec::new(),
            links: Vec::new(),
        }
    }

    pub(crate) const fn is_folder(&self) -> bool {
        self.content.is_none()
    }

    /// The size of its content in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.content.as_ref().map_or(0, Content::size)
    }

    /// The GUID as the `eTag` has it.
    pub(crate) fn guid_text(&self) -> String {
        self.guid.to_string().to_uppercase()
    }

    /// `"{GUID},version"`, with its quotes.
    pub(crate) fn etag(&self) -> String {
        format!("\"{{{}}},{}\"", self.guid_text(), self.version)
    }

    /// `"c:{GUID},version"`, with its quotes.
    pub(crate) fn ctag(&self) -> String {
        format!("\"c:{{{}}},{}\"", self.guid_text(), self.version)
    }

    /// Whether an `If-Match` header names this version.
    pub(crate) fn matches(&self, header: &str) -> bool {
        let mut tags = header.split(", ").map(str::trim);
        tags.any(|tag| tag == "*" || tag == self.etag() || tag == self.ctag())
    }

    /// What its own permissions let that user do.
    pub(crate) fn granted(&self, user: &Grantee) -> Option<Role> {
        let grants = self.grants.iter().filter(|grant| grant.to == *user);
        grants.map(|grant| grant.role).max()
    }
}

/// The id of an item with that GUID.
pub(crate) fn id_of(guid: Uuid) -> String {
    format!("01{}", guid.simple().to_string().to_uppercase())
}
