//! Query options of the directory's lists, and their pages.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::services::graph::{context::Context, directory::filter::Filter, error::GraphError};

const DEFAULT_TOP: usize = 20;
const MAX_TOP: usize = 50;

/// Refuses a query option that is not one of `known`.
pub(crate) fn only(context: &Context<'_>, known: &[&str]) -> Result<(), GraphError> {
    let is_known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    let mut names = context.request.query.names();
    match names.find(|name| name.starts_with('$') && !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(GraphError::bad_request(format!(
            "Query option '{name}' is not allowed."
        ))),
    }
}

/// The names in `$expand` or `$select`, each one of `known`.
pub(crate) fn names<'a>(
    context: &'a Context<'_>,
    option: &str,
    known: &[&str],
) -> Result<Vec<&'a str>, GraphError> {
    let Some(value) = context.request.query.value(option) else {
        return Ok(Vec::new());
    };
    let names: Vec<&str> = value.split(',').map(str::trim).collect();
    match names.iter().find(|name| !known.contains(name)) {
        None => Ok(names),
        Some(name) => Err(GraphError::bad_request(format!(
            "Could not find a property named '{name}' in '{option}'."
        ))),
    }
}

/// `$top`, from 1 to 50.
pub(crate) fn top(context: &Context<'_>) -> Result<usize, GraphError> {
    match context.request.query.value("$top").map(str::parse::<usize>) {
        None => Ok(DEFAULT_TOP),
        Some(Ok(top)) if (1..=MAX_TOP).contains(&top) => Ok(top),
        Some(_) => {
            let message = format!("The limit of '{MAX_TOP}' for Top query has been exceeded.");
            Err(GraphError::bad_request(message))
        }
    }
}

/// `$filter`, when there is one.
pub(crate) fn filter(context: &Context<'_>) -> Result<Option<Filter>, GraphError> {
    let text = context.request.query.value("$filter");
    let filter = text.map(|text| Filter::parse(text).ok_or(text)).transpose();
    filter.map_err(|text| {
        GraphError::bad_request(format!("Invalid filter clause: '{text}' is not supported."))
    })
}

/// The key of the last entry of the page before: a time, and the id that separates equal times.
pub(crate) fn cursor(context: &Context<'_>) -> Result<Option<(u64, String)>, GraphError> {
    let decode = |token: &str| {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (time, id) = text.split_once('.')?;
        Some((time.parse().ok()?, id.to_owned()))
    };
    let Some(token) = context.request.query.value("$skiptoken") else {
        return Ok(None);
    };
    let cursor = decode(token);
    let cursor = cursor.ok_or_else(|| GraphError::bad_request("The $skiptoken is not valid."))?;
    Ok(Some(cursor))
}

/// An option of a link, with what separates it from the next.
pub(crate) fn pair(option: &str, value: &str) -> String {
    format!("{option}={}&", utf8_percent_encode(value, NON_ALPHANUMERIC))
}

/// The link to the page after `last`: this request's own, with the other token.
pub(crate) fn next_link(context: &Context<'_>, last: (u64, &str)) -> String {
    let token = URL_SAFE_NO_PAD.encode(format!("{}.{}", last.0, last.1));
    let mut link = format!("{}{}?", context.request.origin(), context.request.path());
    for option in ["$top", "$expand", "$select", "$filter", "$orderby"] {
        if let Some(value) = context.request.query.value(option) {
            link.push_str(&pair(option, value));
        }
    }
    link + &format!("$skiptoken={token}")
}

/// The body of a collection.
pub(crate) fn collection(context: &Context<'_>, metadata: &str, value: Vec<Value>) -> Value {
    json!({
        "@odata.context": format!("{}/$metadata#{metadata}", context.base),
        "@odata.count": value.len(),
        "value": value,
    })
}

/// `entity` with its context in front.
pub(crate) fn entity(context: &Context<'_>, metadata: &str, mut entity: Value) -> Value {
    entity["@odata.context"] = json!(format!("{}/$metadata#{metadata}/$entity", context.base));
    entity
}

/// Leaves the members `selected` only, all when none are named.
pub(crate) fn select(mut entity: Value, selected: &[&str]) -> Value {
    if let (Value::Object(members), false) = (&mut entity, selected.is_empty()) {
        members.retain(|name, _| name.starts_with('@') || selected.contains(&name.as_str()));
    }
    entity
}

/// The names of an entity's members.
pub(crate) fn members_of(entity: &Value) -> Vec<&str> {
    let members = entity.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}
