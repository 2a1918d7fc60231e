//! The operations of export and import.

use ms_messenger_http::{Method, Operation};

const NO_DUPLICATES: &str =
    "only a message with a time of creation is refused when it is imported a second time";
const STARTED: &str = "a second call fails, because the migration has been started already";
const COMPLETED: &str = "a second call fails, because there is no migration any more";
const LOOK: &str = "read the migration mode before the next attempt";

pub(crate) static CHAT_EXPORT: Operation = Operation::read(
    "chat_message.export",
    "/users/{user-id}/chats/getAllMessages",
)
.with_permission("Chat.Read.All")
.with_function("GraphChatClient::all_chat_messages");

pub(crate) static CHAT_EXPORT_CHANGES: Operation = Operation::read(
    "chat_message.export_changes",
    "/users/{user-id}/chats/getAllMessages/delta",
)
.with_permission("Chat.Read.All")
.with_function("GraphChatClient::all_chat_changes");

pub(crate) static CHANNEL_EXPORT: Operation = Operation::read(
    "channel_message.export",
    "/teams/{team-id}/channels/getAllMessages",
)
.with_permission("ChannelMessage.Read.All")
.with_function("Team::all_messages");

pub(crate) static CHANNEL_IMPORT: Operation = Operation::message(
    Method::POST,
    "channel_message.import",
    "/teams/{team-id}/channels/{channel-id}/messages",
    NO_DUPLICATES,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Channel::import");

pub(crate) static REPLY_IMPORT: Operation = Operation::message(
    Method::POST,
    "reply.import",
    "/teams/{team-id}/channels/{channel-id}/messages/{message-id}/replies",
    NO_DUPLICATES,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Channel::import_reply");

pub(crate) static CHAT_IMPORT: Operation = Operation::message(
    Method::POST,
    "chat_message.import",
    "/chats/{chat-id}/messages",
    NO_DUPLICATES,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Chat::import");

pub(crate) static CHANNEL_MIGRATION_START: Operation = Operation::once(
    Method::POST,
    "channel.start_migration",
    "/teams/{team-id}/channels/{channel-id}/startMigration",
    STARTED,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Channel::start_migration")
.with_doubt(LOOK);

pub(crate) static CHANNEL_MIGRATION_COMPLETE: Operation = Operation::once(
    Method::POST,
    "channel.complete_migration",
    "/teams/{team-id}/channels/{channel-id}/completeMigration",
    COMPLETED,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Channel::complete_migration")
.with_doubt(LOOK);

pub(crate) static CHAT_MIGRATION_START: Operation = Operation::once(
    Method::POST,
    "chat.start_migration",
    "/chats/{chat-id}/startMigration",
    STARTED,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Chat::start_migration")
.with_doubt(LOOK);

pub(crate) static CHAT_MIGRATION_COMPLETE: Operation = Operation::once(
    Method::POST,
    "chat.complete_migration",
    "/chats/{chat-id}/completeMigration",
    COMPLETED,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Chat::complete_migration")
.with_doubt(LOOK);

pub(crate) static TEAM_MIGRATION_COMPLETE: Operation = Operation::once(
    Method::POST,
    "team.complete_migration",
    "/teams/{team-id}/completeMigration",
    COMPLETED,
)
.with_permission("Teamwork.Migrate.All")
.with_function("Team::complete_migration")
.with_doubt(LOOK);
