//! Carries out the operations of UCWA.

use http::StatusCode;

use crate::{
    engine::outcome::Outcome,
    services::ucwa::{
        discovery,
        encoding::encode,
        faults::UcwaFault,
        hrefs,
        input::Input,
        pget, reads,
        responses::{self, Reply, created, done, not_found, refusal, resource},
        routes::{Call, Part, What},
        state::Ucwa,
        ticket::Caller,
        transaction::{Tx, with_tx},
    },
    wire::{request::Request, response::Response},
};

/// Carries out an operation, as the fault changes it.
pub(super) async fn handle(
    service: &Ucwa,
    call: &Call,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Outcome {
    let reply = execute(service, call, request, fault).await;
    let response = reply.unwrap_or_else(|refusal| *refusal);
    let is_send = matches!(
        call,
        Call::Under {
            what: What::InConversation(_, Part::Send),
            ..
        }
    );
    let is_stored = is_send && response.status == StatusCode::CREATED;
    let response = responses::with_server(service, request, response);
    Outcome::new(encode(call, request, fault, response), is_stored)
}

async fn execute(
    service: &Ucwa,
    call: &Call,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    let has_origin = request.headers.contains_key("x-ms-origin");
    if has_origin && (service.engine.is_strict() || fault == Some(&UcwaFault::RefuseOrigin)) {
        let reason = "Cross-domain request is not allowed.";
        let status = StatusCode::FORBIDDEN;
        return Err(responses::diagnosed(status, 28_070, request.host(), reason));
    }
    match call {
        Call::Root => Ok(discovery::root(service, request, fault)),
        Call::Token => Ok(with_tx(service, |tx| tx.token(request))),
        Call::User => with_tx(service, |tx| {
            tx.authenticate(request, fault)?;
            Ok(discovery::user(tx, request, fault))
        }),
        Call::CreateApplication => with_tx(service, |tx| {
            let caller = tx.authenticate(request, fault)?;
            create(tx, &caller, request, fault)
        }),
        Call::Under { application, what } => {
            under(service, application, what, request, fault).await
        }
    }
}

fn create(tx: &mut Tx<'_>, caller: &Caller, request: &Request, fault: Option<&UcwaFault>) -> Reply {
    if fault == Some(&UcwaFault::TooManyApplications) {
        let message = "The most recent sign-in of the user exceeds the number of applications.";
        return Err(refusal(StatusCode::GONE, "TooManyApplications", message));
    }
    let input = Input::read(request)?;
    let (id, is_new) = tx.create_application(caller, &input)?;
    let found = tx.store.applications.get(&id).ok_or_else(not_found)?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let this = hrefs::base(&id);
    let cookie = format!("cwt_ucwa={}; path={this}/photos; HttpOnly", tx.id());
    let response = Response::json(status, &reads::application(found, fault));
    Ok(response
        .with_header("location", &this)
        .with_header("set-cookie", &cookie))
}

async fn under(
    service: &Ucwa,
    application: &str,
    what: &What,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    let admitted = with_tx(service, |tx| {
        let caller = tx.authenticate(request, fault)?;
        tx.admit(application, &caller)?;
        match fault {
            Some(UcwaFault::ApplicationNotFound) => tx.end_application(application),
            Some(UcwaFault::InactiveApplication) => tx.expire(application),
            _ => return Ok(()),
        }
        tx.admit(application, &caller)
    });
    admitted?;
    if *what == What::Events {
        return pget::events(service, application, request, fault).await;
    }
    let response = with_tx(service, |tx| operate(tx, application, what, request, fault))?;
    if fault == Some(&UcwaFault::EventsFirst) {
        pget::until_taken(service, application).await;
    }
    Ok(response)
}

fn operate(
    tx: &mut Tx<'_>,
    application: &str,
    what: &What,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    match what {
        What::Application => {
            let owner = tx.store.applications.get(application);
            let owner = owner.ok_or_else(not_found)?;
            Ok(resource(&reads::application(owner, fault)))
        }
        What::SignOut => {
            tx.end_application(application);
            Ok(done())
        }
        What::MakeAvailable => {
            let input = Input::read(request)?;
            tx.make_available(application, &input).map(|()| done())
        }
        What::ReportActivity => tx.report_activity(application).map(|()| done()),
        What::SetPresence => {
            let input = Input::read(request)?;
            tx.set_presence(application, &input).map(|()| done())
        }
        What::SetNote => {
            let input = Input::read(request)?;
            tx.set_note(application, &input).map(|()| done())
        }
        What::PutCommunication => {
            let tag = request.header("if-match");
            let resource_now = tx.put_communication(application, tag, &request.body)?;
            Ok(resource(&resource_now))
        }
        What::Start => created_at(tx.start(application, request, fault)),
        What::AddMessaging(id) => created_at(tx.add_messaging(application, id, request, fault)),
        What::AddParticipant => created_at(tx.add_participant(application, request, fault)),
        What::Meeting => created_at(tx.meet(application, request)),
        What::Accept(id) => tx.accept(application, id, fault).map(|()| done()),
        What::Decline(id) => {
            let input = Input::read(request)?;
            tx.decline(application, id, &input).map(|()| done())
        }
        What::Cancel(id) => tx.cancel(application, id).map(|()| done()),
        What::InConversation(id, part) => {
            in_conversation(tx, application, id, part, request, fault)
        }
        _ => reads::read(tx, application, what, request),
    }
}

fn created_at(location: Reply<String>) -> Reply {
    location.map(|location| created(&location))
}

fn in_conversation(
    tx: &mut Tx<'_>,
    application: &str,
    id: &str,
    part: &Part,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    match part {
        Part::Send => created_at(tx.send(application, id, request, fault)),
        Part::Typing => tx.type_on(application, id).map(|()| done()),
        Part::Terminate => tx.terminate(application, id).map(|()| done()),
        Part::Leave => {
            tx.store.view(application, id).ok_or_else(not_found)?;
            tx.quit(application, id);
            Ok(done())
        }
        Part::MisplacedSend => Err(misplaced(tx)),
        _ => reads::part(tx, application, id, part),
    }
}

/// A message posted to `messaging` itself, as clients do that build addresses.
fn misplaced(tx: &Tx<'_>) -> Box<Response> {
    let body = serde_json::json!({
        "code": "ServiceFailure",
        "subcode": "None",
        "message": "An error occurred. Please retry.",
        "debugInfo": {"errorReportId": tx.id()},
    });
    Box::new(Response::json(StatusCode::INTERNAL_SERVER_ERROR, &body))
}
