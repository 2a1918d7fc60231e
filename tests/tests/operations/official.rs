//! What Microsoft's packages for Python and JavaScript have of the operations. `tests/interop` checks it
//! against the packages themselves.

use ms_messenger::http::{Method, Operation};

/// The packages, and what they do about a response that does not come.
pub(crate) const PACKAGES: &str = "\
*Official* is what Microsoft's packages for Python and JavaScript have, by its name in Python:

| Service | Python | JavaScript |
|---|---|---|
| ACS Advanced Messaging | azure-communication-messages 1.1.0 | @azure-rest/communication-messages 2.0.0: the same requests, as `path(…)` and a method |
| ACS Chat | azure-communication-chat 1.3.0 | @azure/communication-chat 1.6.0: the same functions in camel case |
| ACS Identity | azure-communication-identity 1.5.0 | @azure/communication-identity 1.3.1: the same functions in camel case |
| Microsoft Graph | msgraph-sdk 1.65.0, msgraph-core 1.5.2 | @microsoft/microsoft-graph-client 3.0.7: any path, as `api(…)` and a method, without types; `LargeFileUploadTask`, `BatchRequestContent` |

What they send again after a failure depends on status and method:

| Package | After a lost connection or a time-out | After a 5xx |
|---|---|---|
| azure-core 1.41.0 (Python) | GET, PUT and DELETE are sent again, POST and PATCH are not | those are sent again after 500, 502, 503 and 504, POST and PATCH after 500, 503 and 504 |
| @azure/core-rest-pipeline 1.24.0 (JavaScript) | every method is sent again; by default it waits for a response without a limit | every method is sent again, except after 501 and 505 |
| microsoft-kiota-http 1.16.0 (Graph, Python) | nothing is sent again | every method is sent again after 503 and 504 |
| @microsoft/microsoft-graph-client 3.0.7 | nothing is sent again | every method is sent again after 503 and 504 |

So a POST that was executed before a 504, or with JavaScript and ACS before its connection was lost, is executed
twice, unless the service removes the duplicate by a key: `create_chat_thread` has one, and
`NotificationMessagesClient.send` in Python; in JavaScript the caller sets its headers.
Sources: `azure/core/pipeline/policies/_retry.py`, `kiota_http/middleware/retry_handler.py`,
`exponentialRetryStrategy.js` of @typespec/ts-http-runtime 0.3.6 (in core-rest-pipeline) and `RetryHandler.js` of these versions;
`tests/interop` checks these tables and the column against the installed packages.
";

/// The functions of the Azure packages: the operations of a client and theirs, one a line.
const MESSAGES: &str = "\
notification.send NotificationMessagesClient.send
media.get NotificationMessagesClient.download_media
template.list MessageTemplateClient.list_templates
";
const CHAT: &str = "\
thread.create ChatClient.create_chat_thread
thread.list ChatClient.list_chat_threads
thread.delete ChatClient.delete_chat_thread
thread.get ChatThreadClient.get_properties
thread.update ChatThreadClient.update_topic
participant.list ChatThreadClient.list_participants
participant.add ChatThreadClient.add_participants
participant.remove ChatThreadClient.remove_participant
message.send ChatThreadClient.send_message
message.list ChatThreadClient.list_messages
message.get ChatThreadClient.get_message
message.update ChatThreadClient.update_message
message.delete ChatThreadClient.delete_message
receipt.list ChatThreadClient.list_read_receipts
receipt.send ChatThreadClient.send_read_receipt
typing.send ChatThreadClient.send_typing_notification
";
const IDENTITY: &str = "\
identity.create CommunicationIdentityClient.create_user
identity.delete CommunicationIdentityClient.delete_user
token.issue CommunicationIdentityClient.get_token
token.revoke CommunicationIdentityClient.revoke_tokens
token.exchange CommunicationIdentityClient.get_token_for_teams_user
";

/// What the package for the service of `client` has for `operation`, or nothing.
pub(crate) fn of(client: &str, operation: &Operation) -> Option<&'static str> {
    let functions = match client {
        "acs-messages" => MESSAGES,
        "acs-chat" => CHAT,
        "acs-identity" => IDENTITY,
        "msgraph-chat" => return of_graph(operation),
        // The others have no package.
        _ => return None,
    };
    let mut functions = functions.lines().filter_map(|line| line.split_once(' '));
    let function = functions.find(|(name, _)| *name == operation.name());
    function.map(|(_, function)| function)
}

/// The package is generated from the service's description and has almost everything.
fn of_graph(operation: &Operation) -> Option<&'static str> {
    let is_read = *operation.method() == Method::GET;
    match operation.path() {
        "/users/{user-id}/chats/getAllMessages/delta" => None,
        "{upload-url}" if !is_read => Some("msgraph-core LargeFileUploadTask"),
        "{upload-url}" | "{download-url}" => None,
        "/drives/{drive-id}/items/{item-id}:/{name}:" if !is_read => None,
        "/$batch" => Some("msgraph-core BatchRequestBuilder"),
        _ => Some("msgraph-sdk"),
    }
}
