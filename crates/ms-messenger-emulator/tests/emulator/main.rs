//! The emulator, driven from outside: one program of tests, which links the emulator once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod acs;
mod acs_channels;
mod acs_conversations;
mod acs_hostile;
mod acs_identifiers;
mod acs_identity;
mod acs_images;
mod acs_messages_of_chat;
mod acs_participants;
mod acs_threads;
mod acs_versions;
mod admin;
// The description is of a build with all features.
#[cfg(all(feature = "inbox", feature = "metrics", feature = "export"))]
mod admin_api;
mod arrows;
mod connections;
mod data;
mod data_kept;
mod data_state;
mod edited_text;
mod encoded_ids;
mod entra;
mod entra_refusals;
mod entra_sign_ins;
mod events;
mod events_by_hand;
mod events_chat;
mod events_faults;
mod events_media;
mod events_statuses;
mod expect;
mod faults;
mod faults_bytes;
mod faults_json;
mod faults_plans;
mod faults_tokens;
mod files;
mod files_sessions;
mod files_sharing;
mod graph;
mod graph_bare;
mod graph_batch;
mod graph_changes;
mod graph_delta;
mod graph_directory;
mod graph_events;
mod graph_forms;
mod graph_markers;
mod graph_members;
mod graph_migration;
mod graph_notification_faults;
mod graph_notifications;
mod graph_permissions;
mod graph_reads;
mod graph_subscriptions;
mod graph_teams;
mod graph_users;
mod https;
#[cfg(feature = "inbox")]
mod inbox;
#[cfg(feature = "inbox")]
mod inbox_changes;
#[cfg(feature = "inbox")]
mod inbox_events;
#[cfg(feature = "inbox")]
mod inbox_exchanges;
#[cfg(feature = "inbox")]
mod inbox_hostile;
#[cfg(feature = "inbox")]
mod inbox_messages;
mod injected_ids;
mod injected_past;
mod keep;
mod late_store;
mod limits;
mod messages_query;
mod outside;
mod own_service;
mod platforms;
mod program;
mod receiver;
#[cfg(feature = "record")]
mod record;
#[cfg(feature = "record")]
mod record_links;
#[cfg(feature = "record")]
mod record_services;
#[cfg(feature = "record")]
mod replay;
mod service_clock;
mod sign_in;
mod skype;
mod teams;
mod ucwa;
mod ucwa_applications;
mod ucwa_clock;
mod ucwa_contacts;
mod ucwa_events;
mod ucwa_faults;
mod ucwa_hosts;
mod ucwa_people;
mod ucwa_talk_faults;
