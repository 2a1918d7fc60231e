//! Typed client for Microsoft Teams messages through Microsoft Graph: channels, replies and chats.
