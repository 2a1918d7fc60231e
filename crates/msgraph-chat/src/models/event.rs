//! Events in messages of the service. Source: Graph `eventMessageDetail` and its thirty kinds.

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    identity::{IdentitySet, UserIdentity},
    nullable::nullable,
    scalar::Timestamp,
};

open_enum! {
    /// The kind of an event, as `@odata.type` names it.
    pub enum EventKind {
        /// `callEnded`.
        CallEnded = "#microsoft.graph.callEndedEventMessageDetail",
        /// `callRecording`.
        CallRecording = "#microsoft.graph.callRecordingEventMessageDetail",
        /// `callStarted`.
        CallStarted = "#microsoft.graph.callStartedEventMessageDetail",
        /// `callTranscript`.
        CallTranscript = "#microsoft.graph.callTranscriptEventMessageDetail",
        /// `channelAdded`.
        ChannelAdded = "#microsoft.graph.channelAddedEventMessageDetail",
        /// `channelDeleted`.
        ChannelDeleted = "#microsoft.graph.channelDeletedEventMessageDetail",
        /// `channelDescriptionUpdated`.
        ChannelDescriptionUpdated = "#microsoft.graph.channelDescriptionUpdatedEventMessageDetail",
        /// `channelRenamed`.
        ChannelRenamed = "#microsoft.graph.channelRenamedEventMessageDetail",
        /// `channelSetAsFavoriteByDefault`.
        ChannelSetAsFavoriteByDefault = "#microsoft.graph.channelSetAsFavoriteByDefaultEventMessageDetail",
        /// `channelUnsetAsFavoriteByDefault`.
        ChannelUnsetAsFavoriteByDefault = "#microsoft.graph.channelUnsetAsFavoriteByDefaultEventMessageDetail",
        /// `chatRenamed`.
        ChatRenamed = "#microsoft.graph.chatRenamedEventMessageDetail",
        /// `conversationMemberRoleUpdated`.
        ConversationMemberRoleUpdated = "#microsoft.graph.conversationMemberRoleUpdatedEventMessageDetail",
        /// `meetingPolicyUpdated`.
        MeetingPolicyUpdated = "#microsoft.graph.meetingPolicyUpdatedEventMessageDetail",
        /// `membersAdded`.
        MembersAdded = "#microsoft.graph.membersAddedEventMessageDetail",
        /// `membersDeleted`.
        MembersDeleted = "#microsoft.graph.membersDeletedEventMessageDetail",
        /// `membersJoined`.
        MembersJoined = "#microsoft.graph.membersJoinedEventMessageDetail",
        /// `membersLeft`.
        MembersLeft = "#microsoft.graph.membersLeftEventMessageDetail",
        /// `messagePinned`.
        MessagePinned = "#microsoft.graph.messagePinnedEventMessageDetail",
        /// `messageUnpinned`.
        MessageUnpinned = "#microsoft.graph.messageUnpinnedEventMessageDetail",
        /// `tabUpdated`.
        TabUpdated = "#microsoft.graph.tabUpdatedEventMessageDetail",
        /// `teamArchived`.
        TeamArchived = "#microsoft.graph.teamArchivedEventMessageDetail",
        /// `teamCreated`.
        TeamCreated = "#microsoft.graph.teamCreatedEventMessageDetail",
        /// `teamDescriptionUpdated`.
        TeamDescriptionUpdated = "#microsoft.graph.teamDescriptionUpdatedEventMessageDetail",
        /// `teamJoiningDisabled`.
        TeamJoiningDisabled = "#microsoft.graph.teamJoiningDisabledEventMessageDetail",
        /// `teamJoiningEnabled`.
        TeamJoiningEnabled = "#microsoft.graph.teamJoiningEnabledEventMessageDetail",
        /// `teamRenamed`.
        TeamRenamed = "#microsoft.graph.teamRenamedEventMessageDetail",
        /// `teamUnarchived`.
        TeamUnarchived = "#microsoft.graph.teamUnarchivedEventMessageDetail",
        /// `teamsAppInstalled`.
        TeamsAppInstalled = "#microsoft.graph.teamsAppInstalledEventMessageDetail",
        /// `teamsAppRemoved`.
        TeamsAppRemoved = "#microsoft.graph.teamsAppRemovedEventMessageDetail",
        /// `teamsAppUpgraded`.
        TeamsAppUpgraded = "#microsoft.graph.teamsAppUpgradedEventMessageDetail",
    }
}

/// An event. Its members depend on the kind; a kind that this version does not know keeps its
/// members in `other`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct EventMessageDetail {
    /// The kind.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<EventKind>,
    /// The initiator; not for transcripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator: Option<IdentitySet>,
    /// The duration of the call, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_duration: Option<String>,
    /// `call`, `meeting` or `screenShare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_event_type: Option<String>,
    /// The id of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// The participants of the call.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub call_participants: Vec<CallParticipantInfo>,
    /// The name of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_recording_display_name: Option<String>,
    /// The duration of the recording, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_recording_duration: Option<String>,
    /// `success`, `failure`, `initial` or `chunkFinished`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_recording_status: Option<String>,
    /// The address of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_recording_url: Option<String>,
    /// The calendar id of the meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_transcript_i_cal_uid: Option<String>,
    /// The organizer of the meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_organizer: Option<IdentitySet>,
    /// The id of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// The name of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_display_name: Option<String>,
    /// The description of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_description: Option<String>,
    /// The id of the chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// The name of the chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_display_name: Option<String>,
    /// The new roles of the member.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub conversation_member_roles: Vec<String>,
    /// The member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_member_user: Option<UserIdentity>,
    /// Whether the chat of the meeting is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_chat_enabled: Option<bool>,
    /// The id of the chat of the meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_chat_id: Option<String>,
    /// The members that joined or left.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub members: Vec<UserIdentity>,
    /// The time from which new members see messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_history_start_date_time: Option<Timestamp>,
    /// The time of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_date_time: Option<Timestamp>,
    /// The id of the tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tab_id: Option<String>,
    /// The id of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The name of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_display_name: Option<String>,
    /// The description of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_description: Option<String>,
    /// The id of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams_app_id: Option<String>,
    /// The name of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams_app_display_name: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A participant of a call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct CallParticipantInfo {
    /// The identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<IdentitySet>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
