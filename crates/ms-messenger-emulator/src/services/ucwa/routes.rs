//! From method and path to an operation of UCWA.

use http::Method;

use crate::{
    engine::routing::Routing,
    wire::{path::decode_segment, request::Query},
};

/// The names of the operations.
pub(crate) const OPERATIONS: [&str; 37] = [
    "discover",
    "user",
    "token",
    "application",
    "get_application",
    "sign_out",
    "events",
    "me",
    "make_available",
    "report_activity",
    "set_presence",
    "set_note",
    "communication",
    "communication.put",
    "start",
    "add_messaging",
    "add_participant",
    "meeting",
    "invitation",
    "accept",
    "decline",
    "cancel",
    "conversations",
    "conversation",
    "leave",
    "messaging",
    "send",
    "message",
    "typing",
    "terminate",
    "participants",
    "participant",
    "people",
    "search",
    "contact_presence",
    "contact_note",
    "other",
];

/// An operation with its path parameters, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Root,
    User,
    Token,
    CreateApplication,
    /// Something under an application.
    Under {
        application: String,
        what: What,
    },
}

/// What is asked of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Application,
    SignOut,
    Events,
    Policies,
    Me,
    /// `presence`, `note` or `location` of the user.
    MePart(&'static str),
    MakeAvailable,
    ReportActivity,
    SetPresence,
    SetNote,
    Communication,
    PutCommunication,
    Start,
    AddMessaging(String),
    AddParticipant,
    Meeting,
    Invitation(String),
    Accept(String),
    Decline(String),
    Cancel(String),
    Conversations,
    InConversation(String, Part),
    People,
    Search,
    Contact(String),
    ContactPresence(String),
    ContactNote(String),
    /// A path that the emulator does not know.
    Other,
}

/// What is asked of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Itself,
    Leave,
    Messaging,
    /// A POST to `messaging` itself, to which the service responds with 500.
    MisplacedSend,
    Send,
    Message(u32),
    Typing,
    Terminate,
    TypingParticipants,
    Participants,
    Participant(String),
    ParticipantMessaging(String),
    LocalParticipant,
    OnlineMeeting,
}

/// What a path takes: method, name of the operation, the operation. Empty: no such path.
type Choices = Vec<(Method, &'static str, What)>;

/// Routes a request outside `/_emulator` that no other platform took.
pub(crate) fn route(method: &Method, path: &str, query: &str) -> Routing<Call> {
    // Clients join hrefs carelessly; the service does not mind doubled slashes.
    let raw: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let lower: Vec<String> = raw.iter().map(|part| part.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match lower.as_slice() {
        [] | ["autodiscover", "autodiscoverservice.svc", "root"] => {
            plain(method, &[Method::GET, Method::HEAD], "discover", Call::Root)
        }
        [
            "autodiscover",
            "autodiscoverservice.svc",
            "root",
            "oauth",
            "user",
        ]
        | ["autodiscover", "autodiscoverservice.svc", "root", "user"] => {
            plain(method, &[Method::GET, Method::HEAD], "user", Call::User)
        }
        ["webticket", "oauthtoken"] => plain(method, &[Method::POST], "token", Call::Token),
        ["ucwa", "oauth", "v1", "applications"] => plain(
            method,
            &[Method::POST],
            "application",
            Call::CreateApplication,
        ),
        ["ucwa", "oauth", "v1", "applications", _, ..] => {
            let Some(application) = decode_segment(raw[4]) else {
                return Routing::Unknown;
            };
            under(method, application, &raw[5..], query)
        }
        ["ucwa" | "autodiscover" | "webticket", ..] => Routing::Unknown,
        _ => Routing::NotMine,
    }
}

fn plain(method: &Method, wanted: &[Method], operation: &'static str, call: Call) -> Routing<Call> {
    if !wanted.contains(method) {
        let is_post = wanted[0] == Method::POST;
        return Routing::WrongMethod(if is_post { "POST" } else { "GET, HEAD" });
    }
    Routing::found(operation, call)
}

fn under(method: &Method, application: String, rest: &[&str], query: &str) -> Routing<Call> {
    let choices = choices(rest, query).unwrap_or_default();
    if choices.is_empty() {
        let what = What::Other;
        return Routing::found("other", Call::Under { application, what });
    }
    let allowed = match (choices.len(), &choices[0].0) {
        (1, &Method::GET) => "GET",
        (1, _) => "POST",
        (_, _) if choices[1].0 == Method::PUT => "GET, PUT",
        (_, _) if choices[1].0 == Method::DELETE => "GET, DELETE",
        _ => "GET, POST",
    };
    let is_head = *method == Method::HEAD;
    let chosen = choices
        .into_iter()
        .find(|(m, ..)| m == method || (is_head && *m == Method::GET));
    match chosen {
        Some((_, operation, what)) => Routing::found(operation, Call::Under { application, what }),
        None => Routing::WrongMethod(allowed),
    }
}

fn choices(rest: &[&str], query: &str) -> Option<Choices> {
    let get = |operation, what| vec![(Method::GET, operation, what)];
    let post = |operation, what| vec![(Method::POST, operation, what)];
    Some(match rest {
        [] => vec![
            (Method::GET, "get_application", What::Application),
            (Method::DELETE, "sign_out", What::SignOut),
        ],
        ["events"] => get("events", What::Events),
        ["policies"] => get("other", What::Policies),
        ["me"] => get("me", What::Me),
        ["me", "presence"] => {
            let read = (Method::GET, "me", What::MePart("presence"));
            vec![read, (Method::POST, "set_presence", What::SetPresence)]
        }
        ["me", "note"] => {
            let read = (Method::GET, "me", What::MePart("note"));
            vec![read, (Method::POST, "set_note", What::SetNote)]
        }
        ["me", "location"] => get("me", What::MePart("location")),
        ["me", "makeMeAvailable"] => post("make_available", What::MakeAvailable),
        ["me", "reportMyActivity"] | ["reportMyActivity"] => {
            post("report_activity", What::ReportActivity)
        }
        ["people"] => get("people", What::People),
        ["people", "search"] => get("search", What::Search),
        ["people", sip, "presence"] => get(
            "contact_presence",
            What::ContactPresence(decode_segment(sip)?),
        ),
        ["people", sip, "note"] => get("contact_note", What::ContactNote(decode_segment(sip)?)),
        ["people", sip] => get("people", What::Contact(decode_segment(sip)?)),
        ["communication", rest @ ..] => return communication(rest, query),
        _ => return None,
    })
}

fn communication(rest: &[&str], query: &str) -> Option<Choices> {
    let get = |operation, what| vec![(Method::GET, operation, what)];
    let post = |operation, what| vec![(Method::POST, operation, what)];
    Some(match rest {
        [] => vec![
            (Method::GET, "communication", What::Communication),
            (Method::PUT, "communication.put", What::PutCommunication),
        ],
        ["messagingInvitations"] => match Query::parse(query).value("conversation") {
            Some(conversation) => {
                post("add_messaging", What::AddMessaging(conversation.to_owned()))
            }
            None => post("start", What::Start),
        },
        ["participantInvitations"] => post("add_participant", What::AddParticipant),
        ["onlineMeetingInvitations"] => post("meeting", What::Meeting),
        [
            "messagingInvitations" | "participantInvitations" | "onlineMeetingInvitations",
            id,
            rest @ ..,
        ] => {
            let id = decode_segment(id)?;
            match rest {
                [] => get("invitation", What::Invitation(id)),
                ["accept"] => post("accept", What::Accept(id)),
                ["decline"] => post("decline", What::Decline(id)),
                ["cancel"] => post("cancel", What::Cancel(id)),
                _ => return None,
            }
        }
        ["conversations"] => get("conversations", What::Conversations),
        ["conversations", id, rest @ ..] => return conversation(decode_segment(id)?, rest),
        _ => return None,
    })
}

fn conversation(id: String, rest: &[&str]) -> Option<Choices> {
    let (method, operation, part) = match rest {
        [] => {
            let read = What::InConversation(id.clone(), Part::Itself);
            let leave = What::InConversation(id, Part::Leave);
            return Some(vec![
                (Method::GET, "conversation", read),
                (Method::DELETE, "leave", leave),
            ]);
        }
        ["messaging"] => {
            let read = What::InConversation(id.clone(), Part::Messaging);
            let misplaced = What::InConversation(id, Part::MisplacedSend);
            return Some(vec![
                (Method::GET, "messaging", read),
                (Method::POST, "messaging", misplaced),
            ]);
        }
        ["messaging", "messages"] => (Method::POST, "send", Part::Send),
        ["messaging", "messages", number] => {
            (Method::GET, "message", Part::Message(number.parse().ok()?))
        }
        ["messaging", "typing"] => (Method::POST, "typing", Part::Typing),
        ["messaging", "terminate"] => (Method::POST, "terminate", Part::Terminate),
        ["messaging", "typingParticipants"] | ["typingParticipants"] => {
            (Method::GET, "participants", Part::TypingParticipants)
        }
        ["participants"] => (Method::GET, "participants", Part::Participants),
        ["localParticipant"] => (Method::GET, "participant", Part::LocalParticipant),
        ["onlineMeeting"] => (Method::GET, "conversation", Part::OnlineMeeting),
        ["participants", sip] => (
            Method::GET,
            "participant",
            Part::Participant(decode_segment(sip)?),
        ),
        ["participants", sip, "messaging"] => {
            let part = Part::ParticipantMessaging(decode_segment(sip)?);
            (Method::GET, "participant", part)
        }
        _ => return None,
    };
    Some(vec![(method, operation, What::InConversation(id, part))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: Method, path: &str, query: &str) -> &'static str {
        match route(&method, path, query) {
            Routing::Found(route) => route.operation,
            Routing::WrongMethod(..) => "wrong method",
            _ => "",
        }
    }

    #[test]
    fn paths_are_read_leniently_and_distinguished_by_their_query() {
        const P: &str = "/ucwa//oauth/v1/applications/1";
        let invitations = format!("{P}/communication/messagingInvitations");
        for (method, path, query, expected) in [
            (Method::GET, "/", "", "discover"),
            (
                Method::HEAD,
                "//Autodiscover/AutodiscoverService.svc/root/oauth/user",
                "",
                "user",
            ),
            (Method::POST, "/webticket/OAuthToken", "", "token"),
            (Method::POST, invitations.as_str(), "", "start"),
            (
                Method::POST,
                invitations.as_str(),
                "conversation=x",
                "add_messaging",
            ),
            (Method::GET, invitations.as_str(), "", "wrong method"),
            (Method::GET, &format!("{P}/unheard/of"), "", "other"),
            (Method::GET, "/favicon.ico", "", ""),
        ] {
            assert_eq!(operation(method, path, query), expected, "{path}");
        }
    }

    #[test]
    fn every_operation_has_a_listed_name() {
        let id = || "x".to_owned();
        let rest = [
            "",
            "events",
            "me",
            "me/presence",
            "me/note",
            "people",
            "people/search",
            "people/x@y",
            "people/x@y/presence",
            "people/x@y/note",
            "communication",
            "communication/conversations/1/messaging/messages",
        ];
        for path in rest {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
                if let Routing::Found(found) = under(&method, id(), &parts, "") {
                    assert!(OPERATIONS.contains(&found.operation), "{}", found.operation);
                }
            }
        }
    }
}
