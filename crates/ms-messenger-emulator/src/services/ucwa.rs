//! UCWA 2.0, the web API of Skype for Business Server: discovery, tickets, applications, the event
//! channel, and conversations between their users.

mod applications;
mod calls;
mod channel;
mod data_uri;
mod desk;
mod discovery;
mod dress;
mod event;
mod gzip;
mod hrefs;
mod inject;
mod input;
mod invitations;
mod meeting_im;
mod meetings;
mod messages;
mod model;
mod pget;
mod reads;
mod render;
mod responses;
mod rings;
mod routes;
mod talks;
mod tickets;
mod time;
mod xml;

use std::sync::Arc;

use crate::engine::faults::{FaultAction, UcwaFault};
use crate::engine::resources::{Outcome, Shared};
use crate::wire::request::Request;
use crate::wire::response::Response;

use desk::{Desk, with_desk};
use http::StatusCode;
use input::Input;
use responses::{Reply, created, done, not_found, refusal, resource};
use routes::{Part, What};
use tickets::Caller;

pub(crate) use desk::Store;
pub(crate) use inject::{Injection, inject};
pub(crate) use responses::status_error;
pub(crate) use routes::{Call, OPERATIONS, route};
pub use time::UcwaTopology;
pub(crate) use time::{UcwaSettings, keep_time};

/// Answers an operation of this platform.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    call: &Call,
    request: &Request,
    fault: Option<&FaultAction>,
) -> Outcome {
    let fault = match fault {
        Some(FaultAction::Ucwa(fault)) => Some(fault),
        _ => None,
    };
    let reply = execute(shared, call, request, fault).await;
    let response = reply.unwrap_or_else(|refusal| *refusal);
    let is_send = matches!(
        call,
        Call::Under {
            what: What::InConversation(_, Part::Send),
            ..
        }
    );
    let is_stored = is_send && response.status == StatusCode::CREATED;
    let response = responses::with_server(shared, request, response);
    Outcome::new(dress::dress(call, request, fault, response), is_stored)
}

async fn execute(
    shared: &Arc<Shared>,
    call: &Call,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    let has_origin = request.headers.contains_key("x-ms-origin");
    if has_origin && (shared.settings.is_strict || fault == Some(&UcwaFault::RefuseOrigin)) {
        let reason = "Cross-domain request is not allowed.";
        let status = StatusCode::FORBIDDEN;
        return Err(responses::diagnosed(status, 28_070, request.host(), reason));
    }
    match call {
        Call::Root => Ok(discovery::root(shared, request, fault)),
        Call::Token => Ok(with_desk(shared, |desk| desk.token(request))),
        Call::User => with_desk(shared, |desk| {
            desk.authenticate(request, fault)?;
            Ok(discovery::user(desk, request, fault))
        }),
        Call::CreateApplication => with_desk(shared, |desk| {
            let caller = desk.authenticate(request, fault)?;
            create(desk, &caller, request, fault)
        }),
        Call::Under { application, what } => under(shared, application, what, request, fault).await,
    }
}

fn create(
    desk: &mut Desk<'_>,
    caller: &Caller,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    if fault == Some(&UcwaFault::TooManyApplications) {
        let message = "The most recent sign-in of the user exceeds the number of applications.";
        return Err(refusal(StatusCode::GONE, "TooManyApplications", message));
    }
    let input = Input::read(request)?;
    let (id, is_new) = desk.create_application(caller, &input)?;
    let found = desk.store.applications.get(&id).ok_or_else(not_found)?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let this = hrefs::base(&id);
    let cookie = format!("cwt_ucwa={}; path={this}/photos; HttpOnly", desk.id());
    let response = Response::json(status, &reads::application(found));
    Ok(response
        .with_header("location", &this)
        .with_header("set-cookie", &cookie))
}

async fn under(
    shared: &Arc<Shared>,
    application: &str,
    what: &What,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    let admitted = with_desk(shared, |desk| {
        let caller = desk.authenticate(request, fault)?;
        desk.admit(application, &caller)?;
        match fault {
            Some(UcwaFault::ApplicationNotFound) => desk.end_application(application),
            Some(UcwaFault::InactiveApplication) => desk.expire(application),
            _ => return Ok(()),
        }
        desk.admit(application, &caller)
    });
    admitted?;
    if *what == What::Events {
        return pget::events(shared, application, request, fault).await;
    }
    let response = with_desk(shared, |desk| {
        operate(desk, application, what, request, fault)
    })?;
    if fault == Some(&UcwaFault::EventsFirst) {
        pget::until_taken(shared, application).await;
    }
    Ok(response)
}

fn operate(
    desk: &mut Desk<'_>,
    application: &str,
    what: &What,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    match what {
        What::SignOut => {
            desk.end_application(application);
            Ok(done())
        }
        What::MakeAvailable => {
            let input = Input::read(request)?;
            desk.make_available(application, &input).map(|()| done())
        }
        What::ReportActivity => desk.report_activity(application).map(|()| done()),
        What::PutCommunication => {
            let tag = request.header("if-match");
            let resource_now = desk.put_communication(application, tag, &request.body)?;
            Ok(resource(&resource_now))
        }
        What::Start => created_at(desk.start(application, request, fault)),
        What::AddMessaging(id) => created_at(desk.add_messaging(application, id, request, fault)),
        What::AddParticipant => created_at(desk.add_participant(application, request, fault)),
        What::Meeting => created_at(desk.meet(application, request)),
        What::Accept(id) => desk.accept(application, id, fault).map(|()| done()),
        What::Decline(id) => {
            let input = Input::read(request)?;
            desk.decline(application, id, &input).map(|()| done())
        }
        What::Cancel(id) => desk.cancel(application, id).map(|()| done()),
        What::InConversation(id, part) => {
            in_conversation(desk, application, id, part, request, fault)
        }
        _ => reads::read(desk, application, what, request),
    }
}

fn created_at(location: Reply<String>) -> Reply {
    location.map(|location| created(&location))
}

fn in_conversation(
    desk: &mut Desk<'_>,
    application: &str,
    id: &str,
    part: &Part,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    match part {
        Part::Send => created_at(desk.send(application, id, request, fault)),
        Part::Typing => desk.type_on(application, id).map(|()| done()),
        Part::Terminate => desk.terminate(application, id).map(|()| done()),
        Part::Leave => {
            desk.store.view(application, id).ok_or_else(not_found)?;
            desk.quit(application, id);
            Ok(done())
        }
        Part::MisplacedSend => Err(misplaced(desk)),
        _ => reads::part(desk, application, id, part),
    }
}

/// A message posted to `messaging` itself, as clients do that build addresses.
fn misplaced(desk: &Desk<'_>) -> Box<Response> {
    let body = serde_json::json!({
        "code": "ServiceFailure",
        "subcode": "None",
        "message": "An error occurred. Please retry.",
        "debugInfo": {"errorReportId": desk.id()},
    });
    Box::new(Response::json(StatusCode::INTERNAL_SERVER_ERROR, &body))
}
