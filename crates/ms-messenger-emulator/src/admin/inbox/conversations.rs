//! The list of conversations.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::{
    admin::inbox::{
        events::Cursor,
        index::{Index, Key},
        query::Parameters,
    },
    engine::{admin_response::ok, inspect::Scene, ledger::row::LedgerRow, registry::Registry},
    wire::{lock::lock, request::Request, response::Response},
};

const MOST: usize = 200;
/// So many conversations are looked at for one page.
const BUDGET: usize = 2_000;
/// The longest preview, in characters.
const PREVIEW: usize = 120;
/// So many participants are listed.
const PEOPLE: usize = 100;

/// What the index knows of a conversation.
struct Known {
    key: Key,
    newest: u64,
    messages: usize,
    duplicates: u64,
}

/// Responds with `{conversations, next, messages, total, cursor}`, the newest first. `cursor` is
/// where `/_emulator/events` continues.
pub(super) fn list(registry: &Registry, index: &Mutex<Index>, request: &Request) -> Response {
    let known = ["platform", "search", "id", "before", "limit"];
    let mut parameters = Parameters::new(request, &known);
    let platform = parameters.platform(registry);
    let search = parameters.text("search").map(str::to_lowercase);
    let id = parameters.text("id");
    let before = parameters.number("before").unwrap_or(u64::MAX);
    let limit = parameters.limit(50, MOST);
    if let Some(refusal) = parameters.refusal() {
        return refusal;
    }
    let cursor = Cursor::now(&registry.engine);
    let (candidates, total, is_all) = {
        let mut index = lock(index);
        index.follow(&registry.engine);
        let known = index.newest_first(before).filter(|(_, key, _)| {
            platform.is_none_or(|platform| platform == key.0) && id.is_none_or(|id| *id == *key.1)
        });
        let most = if search.is_some() { BUDGET } else { limit + 1 };
        let known = known.map(|(newest, key, conversation)| Known {
            key: (key.0, Arc::clone(&key.1)),
            newest,
            messages: conversation.rows.len(),
            duplicates: conversation.duplicates,
        });
        let known: Vec<Known> = known.take(most).collect();
        let is_all = known.len() < most;
        (known, index.len(), is_all)
    };
    let mut conversations = Vec::new();
    let mut next = candidates.last().map(|known| known.newest);
    for known in candidates {
        let scene = scene(registry, &known.key);
        if !search
            .as_ref()
            .is_none_or(|text| matches(&known, &scene, text))
        {
            continue;
        }
        if conversations.len() == limit {
            next = conversations
                .last()
                .and_then(|last: &Value| last["newest"].as_u64());
            break;
        }
        conversations.push(entry(registry, &known, scene));
    }
    let is_full = conversations.len() == limit;
    ok(&json!({
        "conversations": conversations,
        "next": next.filter(|_| is_full || !is_all),
        "total": total,
        "messages": registry.engine.ledger().newest_seq(),
        "cursor": cursor.to_string(),
    }))
}

fn scene(registry: &Registry, (platform, id): &Key) -> Scene {
    let inspector = registry.inspector(*platform);
    inspector.map_or_else(Scene::default, |inspector| inspector.conversation(id))
}

fn matches(known: &Known, scene: &Scene, text: &str) -> bool {
    let has = |name: &str| name.to_lowercase().contains(text);
    let people = &scene.people;
    has(&known.key.1)
        || scene.title.as_deref().is_some_and(has)
        || people.iter().any(|one| has(&one.id) || has(&one.name))
}

fn entry(registry: &Registry, known: &Known, mut scene: Scene) -> Value {
    let row = registry.engine.ledger().row(known.newest);
    let row = row.and_then(|row| row.open());
    let (platform, id) = &known.key;
    scene.people.truncate(PEOPLE);
    json!({
        "platform": platform,
        "id": **id,
        "title": scene.title,
        "people": scene.people,
        "inject": scene.inject,
        "sender_member": scene.sender_member,
        "newest": known.newest,
        "messages": known.messages,
        "duplicates": known.duplicates,
        "last": row.map(|row| preview(registry, &row)),
    })
}

/// The beginning of a message as it is now, for lists.
pub(super) fn preview(registry: &Registry, row: &LedgerRow) -> Value {
    let inspector = registry.inspector(row.platform);
    let name = inspector.and_then(|inspector| inspector.name(&row.sender));
    let is_html = row.kind == "html";
    let text = match &row.edited_text {
        _ if row.is_deleted => String::new(),
        Some(text) => beginning(row.is_edited_html.unwrap_or(is_html), text),
        None => beginning(is_html, &row.text),
    };
    json!({
        "seq": row.seq,
        "platform": row.platform,
        "conversation": row.conversation,
        "sender": name.unwrap_or_else(|| row.sender.clone()),
        "received_at": row.received_at,
        "kind": row.kind,
        "text": text,
        "is_deleted": row.is_deleted,
    })
}

/// The first characters of a text; of HTML, of what it shows.
fn beginning(is_html: bool, text: &str) -> String {
    if !is_html {
        return text.chars().take(PREVIEW).collect();
    }
    let mut shown = String::new();
    let mut is_tag = false;
    for c in text.chars().take(20 * PREVIEW) {
        match c {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            c if !is_tag => shown.push(c),
            _ => {}
        }
    }
    let shown = shown
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    shown.chars().take(PREVIEW).collect()
}
