//! `msm list`.

use std::ops::ControlFlow;

use ms_messenger::{
    ErrorKind, Problem, Result, RetryPolicy, Uuid,
    http::{Pages, encode_path_segment},
    msgraph_chat::{ChatQuery, GraphChatClient, Method},
    ucwa::UcwaContact,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    args::{ListThingsArgs, Things, To, argument_of},
    connect,
    exit::Exit,
    place::{Opening, Place},
    platform::Platform,
    print, report,
    show::unsupported,
    terminal::{escaped, shown_line},
    text,
    transport::http_options,
    usage,
};

/// The most pages of a list.
const MOST_PAGES: usize = 200;
/// The most contacts that a server returns.
const MOST_CONTACTS: usize = 100;

/// Columns of a table: a heading, and the members of an item of which the first that is there is
/// shown.
type Columns = &'static [(&'static str, &'static [&'static str])];

const NAMED: Columns = &[
    (text::read::NAME, &["/displayName"]),
    (text::read::ID, &["/id"]),
];
const CHATS: Columns = &[
    (text::read::TOPIC, &["/topic"]),
    (text::read::KIND, &["/chatType"]),
    (text::read::MEMBERS, &["/members"]),
    (text::read::ID, &["/id"]),
];
const TOPICS: Columns = &[(text::read::TOPIC, &["/topic"]), (text::read::ID, &["/id"])];
const TEMPLATES: Columns = &[
    (text::read::NAME, &["/name"]),
    (text::read::LANGUAGE, &["/language"]),
    (text::read::STATUS, &["/status"]),
];
const CONTACTS: Columns = &[
    (text::read::NAME, &["/name"]),
    (text::read::ADDRESS, &["/uri"]),
    (text::read::MAIL, &["/emailAddresses"]),
];
const MEMBERS: Columns = &[
    (text::read::NAME, &["/displayName"]),
    (text::read::ADDRESS, &["/email"]),
    (text::read::ROLES, &["/roles"]),
    (
        text::read::ID,
        &["/userId", "/communicationIdentifier/rawId", "/id"],
    ),
];

/// Lists things.
pub(crate) async fn run(args: &ListThingsArgs) -> Exit {
    let mut opening = Opening::default();
    match list(args, &mut opening).await {
        Ok((items, columns)) => printed(args, &items, columns),
        Err(error) => {
            let settings = opening.settings.as_ref();
            let of = |field: &str| argument_of(field).map(|_| "OF");
            report::failed_at(error, args.common.json, settings, of)
        }
    }
}

async fn list(args: &ListThingsArgs, opening: &mut Opening) -> Result<(Vec<Value>, Columns)> {
    let of = args.of.as_deref();
    let needs_of = matches!(
        args.what,
        Things::Channels | Things::Members | Things::Contacts
    );
    if needs_of != of.is_some() {
        let rule = if needs_of {
            text::read::OF_MISSING
        } else {
            text::read::OF_UNUSED
        };
        return Err(usage::refused("list", "OF", rule));
    }
    let of = of.unwrap_or_default();
    let (common, retry) = (&args.common, RetryPolicy::default());
    Ok(match args.what {
        Things::Teams => (all(opening.teams(common)?.joined_teams()).await?, NAMED),
        Things::Channels => (channels(&opening.teams(common)?, of).await?, NAMED),
        Things::Chats => {
            let query = ChatQuery::new().with_members(true);
            (all(opening.teams(common)?.chats_with(&query)).await?, CHATS)
        }
        Things::Threads => {
            let settings = opening.settings_for(common, Platform::AcsChat)?;
            let client = connect::acs_chat(settings, http_options(common.timeout), retry)?;
            let pages = client.request(Method::GET, "/chat/threads").pages();
            (all::<Value>(pages).await?, TOPICS)
        }
        Things::Conversations if args.common.platform == Some(Platform::Ucwa) => {
            let rule = text::read::UCWA_CONVERSATIONS;
            return Err(Problem::new("--platform", rule).into_error(ErrorKind::Unsupported));
        }
        Things::Contacts => (contacts(args, of, opening).await?, CONTACTS),
        Things::Conversations | Things::Templates => of_acs_messages(args, opening).await?,
        Things::Members => (members(args, of, opening).await?, MEMBERS),
    })
}

/// Lists the conversations of ACS Messages, or the templates of its channel.
async fn of_acs_messages(
    args: &ListThingsArgs,
    opening: &mut Opening,
) -> Result<(Vec<Value>, Columns)> {
    let common = &args.common;
    let settings = opening.settings_for(common, Platform::AcsMessages)?;
    let channel = settings
        .value("ACS_CHANNEL_REGISTRATION_ID")
        .map(Uuid::try_parse);
    let (options, retry) = (http_options(common.timeout), RetryPolicy::default());
    let client = connect::acs_messages(settings, options, retry)?;
    let (path, columns) = match (args.what, channel) {
        (Things::Conversations, _) => ("/messages/conversations".to_owned(), TOPICS),
        (_, Some(Ok(channel))) => (
            format!("/messages/channels/{channel}/templates?api-version=2024-08-30"),
            TEMPLATES,
        ),
        _ => {
            let rule = text::read::CHANNEL_MISSING;
            let field = "ACS_CHANNEL_REGISTRATION_ID";
            return Err(Problem::new(field, rule).into_error(ErrorKind::Config));
        }
    };
    let pages = client.request(Method::GET, path).pages();
    Ok((all::<Value>(pages).await?, columns))
}

/// Reads the channels of a team, by its id or by the name shown.
async fn channels(client: &GraphChatClient, of: &str) -> Result<Vec<Value>> {
    let team = if Uuid::try_parse(of).is_ok() {
        client.team(of)
    } else {
        // As in a target, `@` marks a name.
        client.find_team(of.strip_prefix('@').unwrap_or(of)).await?
    };
    all(team.channels()).await
}

async fn members(args: &ListThingsArgs, of: &str, opening: &mut Opening) -> Result<Vec<Value>> {
    let to: std::result::Result<To, String> = of.parse();
    let to = to.map_err(|rule| Problem::new("OF", rule).into_error(ErrorKind::InvalidRequest))?;
    let place = opening
        .open(&args.common, &to.target, RetryPolicy::default())
        .await?;
    match &place {
        Place::Channel(channel) => all(channel.members()).await,
        Place::Chat(chat) => all(chat.members()).await,
        Place::Thread(client, id) => {
            let path = format!(
                "/chat/threads/{}/participants",
                encode_path_segment(id.as_str())
            );
            all::<Value>(client.request(Method::GET, path).pages()).await
        }
        Place::Conversation(client, id) => {
            let path = format!(
                "/messages/conversations/{}",
                encode_path_segment(id.as_str())
            );
            let conversation: Value = client.request(Method::GET, path).json().await?;
            let members = conversation["participants"].as_array();
            Ok(members.cloned().unwrap_or_default())
        }
        Place::Peer(..) => {
            let error = unsupported(&place, text::read::UCWA_MEMBERS);
            place.end().await;
            Err(error)
        }
    }
}

/// Searches the address book of Skype for Business.
async fn contacts(args: &ListThingsArgs, of: &str, opening: &mut Opening) -> Result<Vec<Value>> {
    let common = &args.common;
    let settings = opening.settings_for(common, Platform::Ucwa)?;
    let options = http_options(common.timeout);
    let builder = connect::skype(settings, options, RetryPolicy::default())?;
    let session = builder.sign_in().await?;
    let found = session.search_contacts(of, MOST_CONTACTS).await;
    connect::sign_out(&session).await;
    let found = found?;
    if found.has_more {
        print::note(text::read::more_contacts(MOST_CONTACTS));
    }
    Ok(found.contacts.iter().map(contact).collect())
}

/// Returns a contact with the names of the service.
fn contact(contact: &UcwaContact) -> Value {
    json!({
        "uri": contact.uri, "name": contact.name, "emailAddresses": contact.email_addresses,
        "title": contact.title, "department": contact.department, "company": contact.company,
        "office": contact.office, "workPhoneNumber": contact.work_phone,
        "mobilePhoneNumber": contact.mobile_phone,
        "type": contact.kind.as_ref().map(|kind| kind.as_str()),
        "sourceNetwork": contact.source_network.as_ref().map(|network| network.as_str()),
    })
}

/// Reads every page.
async fn all<T: Serialize + DeserializeOwned>(pages: Pages<T>) -> Result<Vec<Value>> {
    let mut pages = pages.with_max_pages(MOST_PAGES);
    let mut items = Vec::new();
    while let Some(page) = pages.next_page().await? {
        for item in page {
            items.push(serde_json::to_value(item).map_err(|error| {
                let text = text::outcome::ITEM_WITHOUT_JSON;
                ms_messenger::Error::new(ErrorKind::Other, text).with_source(error)
            })?);
        }
    }
    Ok(items)
}

fn printed(args: &ListThingsArgs, items: &[Value], columns: Columns) -> Exit {
    if args.common.json {
        for item in items {
            if let ControlFlow::Break(exit) = print::item(&escaped(&item.to_string())) {
                return exit;
            }
        }
        return Exit::Success;
    }
    if items.is_empty() {
        print::note("none");
        return Exit::Success;
    }
    let head: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let rows: Vec<Vec<String>> = items.iter().map(|item| row(item, columns)).collect();
    print::last(&print::columns(&head, &rows), Exit::Success)
}

fn row(item: &Value, columns: Columns) -> Vec<String> {
    let cell = |members: &&[&str]| {
        let mut values = members.iter().filter_map(|path| item.pointer(path));
        let text = values.find(|value| !value.is_null()).map(cell);
        shown_line(&text.unwrap_or_default())
    };
    columns.iter().map(|(_, members)| cell(members)).collect()
}

/// Returns a value in one cell of a table; of objects the names.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let names = items
                .iter()
                .map(|it| cell(it.get("displayName").unwrap_or(it)));
            names.collect::<Vec<_>>().join(", ")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
