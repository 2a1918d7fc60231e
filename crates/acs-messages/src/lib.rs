//! Typed client for Azure Communication Services Advanced Messaging: WhatsApp notifications and conversations.
