//! Typed client for Azure Communication Services Chat.
