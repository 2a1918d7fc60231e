//! Texts of `msm api`.

pub(crate) const NOT_A_PAGE: &str = "the response is not a page of a list: leave --paginate out";
pub(crate) const NOTHING_TO_SELECT: &str =
    "the response is not JSON, so nothing can be selected from it";
pub(crate) const SELECTED_NOTHING: &str = "--filter selects nothing of the response";
pub(crate) const SELECTED_NO_ITEM: &str = "--filter selects nothing: with --paginate it is applied to \
     the array of the items, e.g. $[*].id";

pub(crate) const NOT_JSON: &str = "the response is neither JSON nor text: leave --json out";
pub(crate) const NOT_TEXT: &str =
    "the response is not text: redirect it to a file, e.g. with > picture.png";

pub(crate) const METHODS: &str =
    "must be GET, HEAD, POST, PUT, PATCH or DELETE, and stand before the path";
pub(crate) const PATH_MISSING: &str = "is missing: it follows the method, e.g. /me/joinedTeams";
pub(crate) const WHOLE_ADDRESS: &str = "must not have scheme and host: write what follows the version, e.g. \
    /me of https://graph.microsoft.com/v1.0/me";
pub(crate) const ONLY_FOR_GET: &str = "is for GET only";
pub(crate) const NOT_FOR_GET: &str = "is not for GET";

pub(crate) fn not_a_json_path(at: usize) -> String {
    format!("is not a JSONPath: wrong at character {at}")
}

pub(crate) const TOO_DEEP: &str = "must not have more than 10 brackets within each other";

pub(crate) const NOT_A_HEADER: &str = "must be a name and a value, e.g. 'Prefer: return=minimal'";

/// A header that cannot be given.
pub(crate) fn own_header(name: &str) -> String {
    format!("must not be {name}, which msm or the connection sets")
}

/// A header that has one value only.
pub(crate) fn header_twice(name: &str) -> String {
    format!("must name {name} once: give its values in one option, e.g. 'Prefer: a, b'")
}

/// What follows the error of a body that is not JSON.
pub(crate) const OTHER_TYPE: &str = "--header 'Content-Type: …' names another type";

pub(crate) const NO_PATHS: &str =
    "ucwa has no paths before a sign-in: its server names each address";

pub(crate) const UNKNOWN: &str =
    "it is unknown whether the request was executed: look before you make it again";
