//! The list of users, by `$filter`.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{
            filter::{Advanced, Filter},
            options, person,
        },
        error::GraphError,
        response,
    },
};

const DEFAULT_TOP: usize = 100;
const MAX_TOP: usize = 999;

/// `GET /users`: the seeded users. Texts are compared without case.
pub(crate) fn list(context: &Context<'_>) -> Result<Outcome, GraphError> {
    options::only(
        context,
        &["$filter", "$select", "$top", "$count", "$skiptoken"],
    )?;
    let query = &context.request.query;
    let selected = options::names(context, "$select", &person::MEMBERS)?;
    let is_eventual = context
        .request
        .header("consistencylevel")
        .is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    let is_counted = query.value("$count") == Some("true");
    if is_counted && !is_eventual {
        return Err(unsupported("$count is not currently supported."));
    }
    let filter = filter(context, is_eventual && is_counted)?;
    let (top, skip) = (
        number(context, "$top", DEFAULT_TOP)?,
        number(context, "$skiptoken", 0)?,
    );
    if !(1..=MAX_TOP).contains(&top) {
        let message = format!(
            "Invalid page size specified: '{top}'. Must be between 1 and {MAX_TOP} inclusive."
        );
        return Err(unsupported(&message));
    }
    let users = context.service.seed.graph.users.iter();
    let users = users.map(|user| person::resource(&user.id, Some(&user.display_name), Some(user)));
    let admitted: Vec<Value> = users
        .filter(|user| filter.as_ref().is_none_or(|it| it.admits(&lower(user))))
        .collect();
    let count = admitted.len();
    let page = admitted.into_iter().skip(skip).take(top);
    let page = page.map(|user| options::select(user, &selected)).collect();
    let mut metadata = "users".to_owned();
    if !selected.is_empty() {
        metadata = format!("users({})", selected.join(","));
    }
    let mut body = options::collection(context, &metadata, page);
    if let Value::Object(members) = &mut body {
        members.remove("@odata.count");
        if is_counted {
            members.insert("@odata.count".to_owned(), count.into());
        }
        if skip + top < count {
            let token = (skip + top).to_string();
            let link = next_link(context, &token);
            members.insert("@odata.nextLink".to_owned(), link.into());
        }
    }
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// `$filter`; some operators need `ConsistencyLevel: eventual` and `$count=true`.
fn filter(context: &Context<'_>, is_advanced: bool) -> Result<Option<Filter>, GraphError> {
    let Some(text) = context.request.query.value("$filter") else {
        return Ok(None);
    };
    let filter = Filter::parse(&text.to_lowercase());
    let filter = filter.ok_or_else(|| GraphError::bad_request("Invalid filter clause"))?;
    let message = match filter.advanced() {
        Some(Advanced::Contains) => "Unsupported Query.",
        None => return Ok(Some(filter)),
        Some(_) if is_advanced => return Ok(Some(filter)),
        Some(Advanced::NotEquals) => "Filter operator 'NotEqualsMatch' is not supported.",
        Some(Advanced::Not) => "Filter operator 'Not' is not supported.",
        Some(Advanced::EndsWith) => {
            "Operator 'endsWith' is not supported because the 'ConsistencyLevel:eventual' header is \
             missing. Refer to https://aka.ms/graph-docs/advanced-queries for more information"
        }
    };
    Err(unsupported(message))
}

fn number(context: &Context<'_>, option: &str, default: usize) -> Result<usize, GraphError> {
    let value = context.request.query.value(option);
    let number = value.map_or(Ok(default), str::parse);
    number.map_err(|_| GraphError::bad_request(format!("Invalid value for '{option}'.")))
}

/// The link to the next page: this request's own, with another token.
fn next_link(context: &Context<'_>, token: &str) -> String {
    let mut link = format!("{}{}?", context.request.origin(), context.request.path());
    for option in ["$top", "$filter", "$select", "$count"] {
        if let Some(value) = context.request.query.value(option) {
            link.push_str(&options::pair(option, value));
        }
    }
    link + "$skiptoken=" + token
}

fn unsupported(message: &str) -> GraphError {
    GraphError::coded(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
}

/// The user with all texts in lower case.
fn lower(user: &Value) -> Value {
    let mut user = user.clone();
    for value in user
        .as_object_mut()
        .into_iter()
        .flat_map(|it| it.values_mut())
    {
        if let Value::String(text) = value {
            *text = text.to_lowercase();
        }
    }
    user
}
