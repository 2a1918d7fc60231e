//! Delta queries and exports: full synchronisation, pages, and what changed since.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::json;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        error::GraphError,
        messages::{
            address::own_id,
            changes::{Changes, Depth, Since},
            list,
            preference::{view, with_preference},
            routes::{Across, AllOf, InPlace},
            store::Store,
            template::View,
        },
        place::{Place, team_id},
        response,
    },
    wire::clock,
};

const DEFAULT_TOP: usize = 20;
/// The service looks back eight months.
const EIGHT_MONTHS_MS: u64 = 243 * 86_400_000;
const TYPE: &[u8] = br##"{"@odata.type":"#microsoft.graph.chatMessage","##;

/// A query of changes, and its list.
struct Query {
    /// The list's path, to which a token is bound.
    path: String,
    is_delta: bool,
    since: Since,
    /// Of the store that is asked.
    generation: u64,
}

/// The changes in the messages of a channel or a chat.
pub(crate) fn in_place(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let at = call.at.resolve(context)?;
    let path = format!("{}/messages", at.path());
    let depth = if list::expands_replies(context.request)? {
        Depth::WithReplies
    } else {
        Depth::Roots
    };
    let query = read(context, path, true, depth)?;
    let changes = {
        let graph = &context.service.store();
        let directory = &graph.directory;
        directory.admit(&at.place, &context.caller)?;
        changes_of(&graph.messages, &[&at.place], query.since)?
    };
    Ok(response(context, &query, &changes))
}

/// The messages of all chats of a user, or of all channels of a team: export, or changes.
pub(crate) fn across(context: &Context<'_>, call: &Across) -> Result<Outcome, GraphError> {
    let (path, all_of) = match &call.all_of {
        AllOf::UserChats(user) => {
            let user = own_id(context, user)?;
            let path = format!("users/{user}/chats/getAllMessages");
            (path, AllOf::UserChats(user))
        }
        AllOf::TeamChannels(team) => {
            let team = team_id(team)?;
            let path = format!("teams/{team}/channels/getAllMessages");
            (path, AllOf::TeamChannels(team))
        }
    };
    let query = read(context, path, call.is_delta, Depth::Flat)?;
    let changes = {
        let graph = &context.service.store();
        let is_wanted = |place: &&Place| match (&all_of, place) {
            (AllOf::UserChats(user), Place::Chat { .. }) => graph.directory.is_member(place, user),
            (AllOf::TeamChannels(wanted), Place::Channel { team, .. }) => wanted == team,
            _ => false,
        };
        let places: Vec<&Place> = graph.messages.places().filter(is_wanted).collect();
        changes_of(&graph.messages, &places, query.since)?
    };
    Ok(response(context, &query, &changes))
}

fn changes_of(store: &Store, places: &[&Place], since: Since) -> Result<Changes, GraphError> {
    if store.has_forgotten_since(places, since.position) {
        return Err(gone());
    }
    Ok(store.changes(places, since))
}

fn gone() -> GraphError {
    let message = "The sync state is not found: start the synchronisation again.";
    GraphError::of_status(StatusCode::GONE, message)
}

/// Reads the options of a first call, or the token of a later one, which has them all.
fn read(
    context: &Context<'_>,
    path: String,
    is_delta: bool,
    depth: Depth,
) -> Result<Query, GraphError> {
    let request = context.request;
    let token = |name| request.query.value(name);
    let generation = context.service.store().messages.generation();
    for (name, kind) in [("$skiptoken", 's'), ("$deltatoken", 'd')] {
        if let Some(token) = token(name) {
            list::only(request, &[name])?;
            let since = since(token, kind, generation, &path)?;
            return Ok(Query {
                path,
                is_delta,
                since,
                generation,
            });
        }
    }
    let own: &[&str] = match (is_delta, depth) {
        (true, Depth::Flat) => &["$top", "$filter"],
        (true, _) => &["$top", "$skip", "$filter", "$expand"],
        (false, _) => &["$top", "$filter"],
    };
    list::only(request, own)?;
    let skip = request.query.value("$skip").map(str::parse).transpose();
    let (after_ms, before_ms) = bounds(request.query.value("$filter"), is_delta)?;
    let oldest = context
        .service
        .engine
        .now_ms()
        .saturating_sub(EIGHT_MONTHS_MS);
    let since = Since {
        position: 0,
        size: list::top(request)?.unwrap_or(DEFAULT_TOP),
        skip: skip
            .map_err(|_| GraphError::bad_request("Invalid value specified for $skip."))?
            .unwrap_or(0),
        depth,
        after_ms: if is_delta {
            after_ms.max(oldest)
        } else {
            after_ms
        },
        before_ms,
    };
    Ok(Query {
        path,
        is_delta,
        since,
        generation,
    })
}

/// Exclusive bounds of `lastModifiedDateTime`; a delta query has a lower one only.
fn bounds(filter: Option<&str>, is_delta: bool) -> Result<(u64, u64), GraphError> {
    let mut bounds = (0, u64::MAX);
    let invalid = || GraphError::bad_request("The $filter is not supported.");
    for term in filter.iter().flat_map(|filter| filter.split(" and ")) {
        let words: Vec<&str> = term.split_whitespace().collect();
        let ["lastModifiedDateTime", operator, time] = words.as_slice() else {
            return Err(invalid());
        };
        let time = clock::parse_rfc3339(time).ok_or_else(invalid)?;
        match *operator {
            "gt" => bounds.0 = time,
            "lt" if !is_delta => bounds.1 = time,
            _ => return Err(invalid()),
        }
    }
    Ok(bounds)
}

fn bound_to(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

fn token(kind: char, query: &Query, position: u64) -> String {
    let (since, path, generation) = (&query.since, bound_to(&query.path), query.generation);
    let depth = match since.depth {
        Depth::Roots => 0,
        Depth::WithReplies => 1,
        Depth::Flat => 2,
    };
    let (size, after, before) = (since.size, since.after_ms, since.before_ms);
    URL_SAFE_NO_PAD.encode(format!(
        "{kind}.{generation}.{path}.{position}.{size}.{depth}.{after}.{before}"
    ))
}

/// What a token stands for. One of another start of the emulator, or of none, cannot be continued.
fn since(token: &str, kind: char, generation: u64, path: &str) -> Result<Since, GraphError> {
    let text = URL_SAFE_NO_PAD.decode(token).map_err(|_| gone())?;
    let text = String::from_utf8(text).map_err(|_| gone())?;
    let (found, numbers) = text.split_once('.').ok_or_else(gone)?;
    let numbers: Result<Vec<u64>, _> = numbers.split('.').map(str::parse).collect();
    let numbers = numbers.map_err(|_| gone())?;
    let [of, bound, position, size, depth, after_ms, before_ms] = numbers[..] else {
        return Err(gone());
    };
    if of != generation {
        return Err(gone());
    }
    if bound != bound_to(path) || found != kind.to_string() {
        let message = "The token does not belong to this query.";
        return Err(GraphError::bad_request(message));
    }
    Ok(Since {
        position,
        size: usize::try_from(size).map_err(|_| gone())?,
        skip: 0,
        depth: match depth {
            0 => Depth::Roots,
            1 => Depth::WithReplies,
            _ => Depth::Flat,
        },
        after_ms,
        before_ms,
    })
}

fn response(context: &Context<'_>, query: &Query, changes: &Changes) -> Outcome {
    let view = view(context);
    let body = body(view, query, changes);
    with_preference(response::json(StatusCode::OK, body), view)
}

fn body(view: View<'_>, query: &Query, changes: &Changes) -> Vec<u8> {
    let (base, path) = (view.base, &query.path);
    let function = if query.is_delta { "/delta" } else { "" };
    let link = |kind, name: &str| {
        let token = token(kind, query, changes.position);
        json!(format!("{base}/{path}{function}?${name}={token}"))
    };
    let mut head = json!({
        "@odata.context": format!("{base}/$metadata#Collection(chatMessage)"),
    });
    if changes.has_more {
        head["@odata.nextLink"] = link('s', "skiptoken");
    } else if query.is_delta {
        head["@odata.deltaLink"] = link('d', "deltatoken");
    }
    if !query.is_delta {
        head["@odata.count"] = json!(changes.listed.len());
    }
    let mut body = head.to_string().into_bytes();
    body.pop();
    body.extend_from_slice(b",\"value\":[");
    for (i, listed) in changes.listed.iter().enumerate() {
        list::separate(&mut body, i);
        let mut item = Vec::new();
        if query.since.depth == Depth::WithReplies {
            list::write_with_replies(&mut item, view, path, listed);
        } else {
            item.extend_from_slice(&listed.template.view(view));
        }
        body.extend_from_slice(TYPE);
        body.extend_from_slice(&item[1..]);
    }
    body.extend_from_slice(b"]}");
    body
}
