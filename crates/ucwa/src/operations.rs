//! The operations of UCWA: what each is, and whether it may be repeated. The server names the
//! addresses of its calls in links, so that the path of an operation is the relation of its link.

use ms_messenger_http::{Method, Operation};

const SIGN_IN: &str = "UcwaBuilder::sign_in";
const SEND: &str = "UcwaSession::send";
const RECEIVE: &str = "UcwaSession::receive";
const INVITATION: &str = "Invitation::accept";

pub(crate) static DISCOVERY_GET: Operation =
    Operation::read("discovery.get", "/").with_function(SIGN_IN);

pub(crate) static CHALLENGE_GET: Operation =
    Operation::read("challenge.get", "rel=user").with_function(SIGN_IN);

pub(crate) static USER_GET: Operation =
    Operation::read("user.get", "rel=user").with_function(SIGN_IN);

pub(crate) static TICKET_ISSUE: Operation = Operation::repeatable(
    Method::POST,
    "ticket.issue",
    "MsRtcOAuth href",
    "each call issues a ticket, which expires unused; a credential that was refused is not sent again",
)
.with_function(SIGN_IN);

pub(crate) static APPLICATION_CREATE: Operation = Operation::repeatable(
    Method::POST,
    "application.create",
    "rel=applications",
    "the same identity gets the same application",
)
.with_function(SIGN_IN);

pub(crate) static APPLICATION_GET: Operation =
    Operation::read("application.get", "rel=application")
        .with_function("UcwaSession::search_contacts");

pub(crate) static APPLICATION_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "application.delete",
    "rel=application",
    "a deleted application stays deleted",
)
.with_function("UcwaSession::sign_out");

pub(crate) static EVENTS_GET: Operation = Operation::repeatable(
    Method::GET,
    "events.get",
    "rel=events",
    "the server sends again what was not acknowledged",
)
.with_function(RECEIVE);

pub(crate) static ME_GET: Operation =
    Operation::read("me.get", "rel=me").with_function("UcwaSession::me");

pub(crate) static AVAILABLE_SET: Operation = Operation::repeatable(
    Method::POST,
    "available.set",
    "rel=makeMeAvailable",
    "a user who is available stays available",
)
.with_function(RECEIVE);

pub(crate) static ACTIVITY_REPORT: Operation = Operation::repeatable(
    Method::POST,
    "activity.report",
    "rel=reportMyActivity",
    "a second report changes nothing",
)
.with_function(RECEIVE);

pub(crate) static PRESENCE_GET: Operation =
    Operation::read("presence.get", "rel=presence").with_function("UcwaSession::presence");

pub(crate) static PRESENCE_SET: Operation = Operation::repeatable(
    Method::POST,
    "presence.set",
    "rel=presence",
    "it sets a value",
)
.with_function("UcwaSession::set_presence");

pub(crate) static NOTE_GET: Operation =
    Operation::read("note.get", "rel=note").with_function("UcwaSession::note");

pub(crate) static NOTE_SET: Operation =
    Operation::repeatable(Method::POST, "note.set", "rel=note", "it sets a value")
        .with_function("UcwaSession::set_note");

pub(crate) static PEOPLE_GET: Operation =
    Operation::read("people.get", "rel=people").with_function("UcwaSession::search_contacts");

pub(crate) static CONTACT_SEARCH: Operation =
    Operation::read("contact.search", "rel=search").with_function("UcwaSession::search_contacts");

pub(crate) static CONTACT_GET: Operation =
    Operation::read("contact.get", "rel=contact").with_function("UcwaContact::refresh");

pub(crate) static CONTACT_PRESENCE: Operation =
    Operation::read("contact.presence", "rel=contactPresence")
        .with_function("UcwaContact::presence");

pub(crate) static CONTACT_NOTE: Operation =
    Operation::read("contact.note", "rel=contactNote").with_function("UcwaContact::note");

pub(crate) static COMMUNICATION_GET: Operation =
    Operation::read("communication.get", "rel=communication").with_function(SEND);

pub(crate) static COMMUNICATION_SET: Operation = Operation::repeatable(
    Method::PUT,
    "communication.set",
    "rel=communication",
    "its etag is out of date after the first call",
)
.with_function(SEND);

pub(crate) static INVITATION_START: Operation = Operation::message(
    Method::POST,
    "invitation.start",
    "rel=startMessaging",
    "each call invites, and can carry the message",
)
.with_function(SEND)
.with_doubt("settle it (Messenger::settle), in the same session");

pub(crate) static INVITATION_GET: Operation =
    Operation::read("invitation.get", "rel=messagingInvitation").with_function(SEND);

pub(crate) static INVITATION_ACCEPT: Operation = Operation::repeatable(
    Method::POST,
    "invitation.accept",
    "rel=accept",
    "one that was accepted stays accepted",
)
.with_function(INVITATION);

pub(crate) static INVITATION_DECLINE: Operation = Operation::repeatable(
    Method::POST,
    "invitation.decline",
    "rel=decline",
    "one that has ended counts as declined",
)
.with_function("Invitation::decline");

pub(crate) static INVITATION_CANCEL: Operation = Operation::repeatable(
    Method::POST,
    "invitation.cancel",
    "rel=stopMessaging",
    "one that has ended stays ended",
)
.with_function(SEND);

pub(crate) static MEETING_START: Operation = Operation::once(
    Method::POST,
    "meeting.start",
    "rel=startOnlineMeeting",
    "each call begins a meeting",
)
.with_function("UcwaSession::start_meeting")
.with_doubt("the meeting may have begun: look for it with UcwaSession::conversations");

pub(crate) static PARTICIPANT_ADD: Operation = Operation::once(
    Method::POST,
    "participant.add",
    "rel=addParticipant",
    "each call invites the participant",
)
.with_function("UcwaConversation::add_participant")
.with_doubt(
    "the participant may have been invited: look for it with UcwaConversation::participants",
);

pub(crate) static MESSAGING_ADD: Operation = Operation::once(
    Method::POST,
    "messaging.add",
    "rel=addMessaging",
    "a second call is refused while the first is under way",
)
.with_function(INVITATION)
.with_doubt("messaging may have been added: UcwaConversation::is_open says so");

pub(crate) static MESSAGING_GET: Operation =
    Operation::read("messaging.get", "rel=messaging").with_function(SEND);

pub(crate) static MESSAGING_STOP: Operation = Operation::repeatable(
    Method::POST,
    "messaging.stop",
    "rel=stopMessaging",
    "what was stopped stays stopped",
)
.with_function("UcwaConversation::stop");

pub(crate) static MESSAGE_SEND: Operation = Operation::message(
    Method::POST,
    "message.send",
    "rel=sendMessage",
    "each call sends a message",
)
.with_function("UcwaConversation::send")
.with_doubt("settle it (Messenger::settle), in the same session");

pub(crate) static MESSAGE_GET: Operation =
    Operation::read("message.get", "rel=message").with_function("UcwaConversation::message");

pub(crate) static TYPING_SEND: Operation = Operation::repeatable(
    Method::POST,
    "typing.send",
    "rel=setIsTyping",
    "the server withdraws it after a while, however often it was sent",
)
.with_function("UcwaConversation::set_typing");

pub(crate) static TYPING_LIST: Operation = Operation::read("typing.list", "rel=typingParticipants")
    .with_function("UcwaConversation::typing_participants");

pub(crate) static CONVERSATION_LIST: Operation =
    Operation::read("conversation.list", "rel=conversations")
        .with_function("UcwaSession::conversations");

pub(crate) static CONVERSATION_GET: Operation =
    Operation::read("conversation.get", "rel=conversation")
        .with_function("UcwaConversation::details");

pub(crate) static CONVERSATION_LEAVE: Operation = Operation::repeatable(
    Method::DELETE,
    "conversation.leave",
    "rel=conversation",
    "a conversation that was left stays left",
)
.with_function("UcwaConversation::leave");

pub(crate) static PARTICIPANT_LIST: Operation =
    Operation::read("participant.list", "rel=participants")
        .with_function("UcwaConversation::participants");

pub(crate) static PARTICIPANT_GET: Operation =
    Operation::read("participant.get", "rel=participant")
        .with_function("UcwaConversation::participants");

/// Returns the read of the resource that an event only named.
pub(crate) fn read_of(rel: &str) -> &'static Operation {
    match rel {
        "conversation" => &CONVERSATION_GET,
        "messaging" => &MESSAGING_GET,
        "communication" => &COMMUNICATION_GET,
        "me" => &ME_GET,
        "message" => &MESSAGE_GET,
        "participant" => &PARTICIPANT_GET,
        _ => &INVITATION_GET,
    }
}

/// Every operation of this client. The path is the relation of the link that names the address;
/// only discovery has an address of its own.
///
/// ```
/// use ucwa::OPERATIONS;
///
/// let add = OPERATIONS.iter().find(|it| it.name() == "participant.add").expect("it is there");
/// assert_eq!(add.path(), "rel=addParticipant");
/// assert!(!add.is_repeatable());
/// assert!(add.doubt().is_some_and(|doubt| doubt.contains("UcwaConversation::participants")));
/// ```
pub static OPERATIONS: &[&Operation] = &[
    &DISCOVERY_GET,
    &CHALLENGE_GET,
    &USER_GET,
    &TICKET_ISSUE,
    &APPLICATION_CREATE,
    &APPLICATION_GET,
    &APPLICATION_DELETE,
    &EVENTS_GET,
    &ME_GET,
    &AVAILABLE_SET,
    &ACTIVITY_REPORT,
    &PRESENCE_GET,
    &PRESENCE_SET,
    &NOTE_GET,
    &NOTE_SET,
    &PEOPLE_GET,
    &CONTACT_SEARCH,
    &CONTACT_GET,
    &CONTACT_PRESENCE,
    &CONTACT_NOTE,
    &COMMUNICATION_GET,
    &COMMUNICATION_SET,
    &INVITATION_START,
    &INVITATION_GET,
    &INVITATION_ACCEPT,
    &INVITATION_DECLINE,
    &INVITATION_CANCEL,
    &MEETING_START,
    &PARTICIPANT_ADD,
    &MESSAGING_ADD,
    &MESSAGING_GET,
    &MESSAGING_STOP,
    &MESSAGE_SEND,
    &MESSAGE_GET,
    &TYPING_SEND,
    &TYPING_LIST,
    &CONVERSATION_LIST,
    &CONVERSATION_GET,
    &CONVERSATION_LEAVE,
    &PARTICIPANT_LIST,
    &PARTICIPANT_GET,
];
