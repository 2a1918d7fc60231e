//! Operations on subscriptions: create, list, get, renew, reauthorize, delete.

use std::sync::{Arc, atomic::Ordering};

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        auth,
        error::GraphError,
        messages::{preference::no_content, validate::body},
        notifications::{
            handshake, kept,
            live::Live,
            read::{self, Owner, Wanted},
            resource::Watch,
            routes::Call,
        },
        response,
        routes::Version,
        state::Graph,
    },
    wire::request::Request,
};

/// So many subscriptions are on a page.
const PAGE: usize = 20;

/// The caller: the application, and the user or the service principal.
struct App {
    id: String,
    object: String,
}

/// Whether the operation calls a receiver, and so takes time.
pub(crate) const fn takes_time(call: &Call) -> bool {
    matches!(call, Call::Create | Call::Update(_))
}

/// Carries out an operation that calls no receiver.
pub(crate) fn handle(
    service: &Graph,
    request: &Request,
    version: Version,
    call: &Call,
) -> Result<Outcome, GraphError> {
    let app = app(service, request)?;
    match call {
        Call::List => list(service, request, version, &app),
        Call::Get(id) => {
            let live = find(service, &app, id)?;
            Ok(shown(request, version, StatusCode::OK, &live))
        }
        Call::Delete(id) => {
            let live = find(service, &app, id)?;
            live.is_removed.store(true, Ordering::Relaxed);
            service.notifications.remove(&live);
            kept::keep(&service.notifications, &live);
            Ok(no_content())
        }
        Call::Reauthorize(id) => {
            let live = find(service, &app, id)?;
            live.is_paused.store(false, Ordering::Relaxed);
            kept::keep(&service.notifications, &live);
            Ok(no_content())
        }
        Call::Create | Call::Update(_) => {
            let message =
                "A subscription cannot be created or changed within a batch of the emulator.";
            Err(GraphError::bad_request(message))
        }
    }
}

/// Carries out an operation that calls a receiver.
pub(crate) async fn handle_later(
    service: &Graph,
    request: &Request,
    version: Version,
    call: &Call,
) -> Result<Outcome, GraphError> {
    match call {
        Call::Create => create(service, request, version).await,
        Call::Update(id) => update(service, request, version, id).await,
        call => handle(service, request, version, call),
    }
}

fn app(service: &Graph, request: &Request) -> Result<App, GraphError> {
    let claims = auth::verify(service, request)?;
    let id = claims.text("appid").or_else(|| claims.text("azp"));
    Ok(App {
        id: id.unwrap_or_default().to_owned(),
        object: claims.text("oid").unwrap_or_default().to_ascii_lowercase(),
    })
}

/// A subscription of the app.
fn find(service: &Graph, app: &App, id: &str) -> Result<Arc<Live>, GraphError> {
    let mut all = service.notifications.all().into_iter();
    let found = all.find(|live| {
        let subscription = live.subscription();
        subscription.id.eq_ignore_ascii_case(id) && subscription.app == app.id
    });
    found.ok_or_else(|| GraphError::not_found("The object was not found."))
}

/// The app's own, oldest first, in pages.
fn list(
    service: &Graph,
    request: &Request,
    version: Version,
    app: &App,
) -> Result<Outcome, GraphError> {
    let after = match request.query.value("$skiptoken").map(str::parse::<u64>) {
        None => 0,
        Some(Ok(number)) => number,
        Some(Err(_)) => return Err(GraphError::bad_request("The $skiptoken is not valid.")),
    };
    let all = service.notifications.all();
    let mut own: Vec<(u64, Value)> = Vec::new();
    for live in &all {
        let subscription = live.subscription();
        if subscription.app == app.id && subscription.number > after {
            own.push((subscription.number, subscription.to_json()));
        }
    }
    own.sort_unstable_by_key(|(number, _)| *number);
    let has_more = own.len() > PAGE;
    own.truncate(PAGE);
    let base = format!("{}/{version}", request.origin());
    let mut body = json!({"@odata.context": format!("{base}/$metadata#subscriptions")});
    if let Some((last, _)) = own.last().filter(|_| has_more) {
        let link = format!("{base}/subscriptions?$skiptoken={last}");
        body["@odata.nextLink"] = json!(link);
    }
    body["value"] = own.into_iter().map(|(_, one)| one).collect();
    Ok(response::json(StatusCode::OK, body.to_string()))
}

fn shown(request: &Request, version: Version, status: StatusCode, live: &Live) -> Outcome {
    let mut body = live.subscription().to_json();
    let context = format!(
        "{}/{version}/$metadata#subscriptions/$entity",
        request.origin()
    );
    body["@odata.context"] = json!(context);
    response::json(status, body.to_string())
}

async fn create(
    service: &Graph,
    request: &Request,
    version: Version,
) -> Result<Outcome, GraphError> {
    let app = app(service, request)?;
    let hub = &service.notifications;
    let mut wanted = read::wanted(&body(request)?, service.engine.now_ms())?;
    let caller = auth::authenticate(service, request, wanted.watch.permissions())?;
    if let Watch::ChatsOf(user) = &mut wanted.watch {
        *user = Some(whose(service, user.as_deref(), &caller.id)?);
    }
    if let Watch::In(place) = &wanted.watch {
        service.store().directory.admit(place, &caller)?;
    }
    let check = |wanted: &Wanted| {
        let problem = hub.quota_problem(&app.id, &wanted.watch);
        problem.map_or(Ok(()), |problem| Err(GraphError::forbidden(problem)))
    };
    check(&wanted)?;
    let (resets, limit) = (service.engine.resets(), hub.pace.limit());
    handshake::validate(&service.engine, &wanted.url.1, limit).await?;
    if let Some((_, lifecycle)) = &wanted.lifecycle {
        handshake::validate(&service.engine, lifecycle, limit).await?;
    }
    // Another request may have made the same one meanwhile.
    check(&wanted)?;
    let owner = Owner {
        id: service.engine.response_id().to_string(),
        number: service.notifications.next_number(),
        app: app.id,
        creator: app.object,
    };
    let live = Arc::new(Live::new(wanted.owned_by(owner)));
    if service.engine.resets() != resets || !hub.add(Arc::clone(&live)) {
        let message = "The emulator was reset meanwhile.";
        return Err(GraphError::of_status(
            StatusCode::SERVICE_UNAVAILABLE,
            message,
        ));
    }
    kept::keep(hub, &live);
    Ok(shown(request, version, StatusCode::CREATED, &live))
}

/// Object id of the user whose chats are watched.
fn whose(service: &Graph, user: Option<&str>, caller: &str) -> Result<String, GraphError> {
    let Some(user) = user else {
        return Ok(caller.to_owned());
    };
    match service.seed.graph_user_like(user) {
        Some(user) => Ok(user.id.clone()),
        None if uuid::Uuid::try_parse(user).is_ok() => Ok(user.to_owned()),
        None => Err(GraphError::not_found("The user was not found.")),
    }
}

/// Renews a subscription, which reauthorizes it too; a new address is validated first.
async fn update(
    service: &Graph,
    request: &Request,
    version: Version,
    id: &str,
) -> Result<Outcome, GraphError> {
    let app = app(service, request)?;
    let live = find(service, &app, id)?;
    let renewal = read::renewal(&body(request)?, service.engine.now_ms())?;
    let limit = service.notifications.pace.limit();
    if let Some((_, address)) = &renewal.url {
        handshake::validate(&service.engine, address, limit).await?;
    }
    {
        let mut subscription = live.subscription();
        if let Some((url, address)) = renewal.url {
            (subscription.url, subscription.address) = (url, address);
        }
        if let Some(expires) = renewal.expires {
            subscription.expires = expires;
        }
        if subscription.certificate.is_some() && renewal.certificate.is_some() {
            subscription.certificate = renewal.certificate;
        }
    }
    live.is_paused.store(false, Ordering::Relaxed);
    kept::keep(&service.notifications, &live);
    Ok(shown(request, version, StatusCode::OK, &live))
}
