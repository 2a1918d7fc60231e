//! Contacts: the search, and what a contact publishes.

use serde_json::{Value, json};

use crate::services::ucwa::{
    applications::anonymous,
    hrefs,
    input::Input,
    model::Application,
    presence::{note_of, shown},
    responses::{Reply, no_application, not_found},
    transaction::Tx,
};

const MAX_QUERY: usize = 256;
const MAX_RESULTS: usize = 100;

/// `people`: its links.
pub(super) fn people(base: &str) -> Value {
    let this = format!("{base}/people");
    let mut links = json!({"self": {"href": this}});
    for (rel, path) in [
        ("presenceSubscriptions", "presenceSubscriptions"),
        ("subscribedContacts", "subscribedContacts"),
        (
            "presenceSubscriptionMemberships",
            "presenceSubscriptionMemberships",
        ),
        ("myGroups", "groups"),
        ("myGroupMemberships", "groupMemberships"),
        ("myContacts", "contacts"),
        ("myPrivacyRelationships", "privacyRelationships"),
        (
            "myContactsAndGroupsSubscription",
            "contactsAndGroupsSubscription",
        ),
        ("search", "search"),
    ] {
        links[rel] = json!({"href": format!("{this}/{path}")});
    }
    json!({"_links": links, "rel": "people"})
}

/// `contact`.
pub(super) fn contact(tx: &Tx<'_>, application: &str, sip: &str) -> Reply<Value> {
    Ok(render(tx, application, &known(tx, sip)?))
}

/// A contact that exists: a seeded user, or unless strict any address.
fn known(tx: &Tx<'_>, sip: &str) -> Reply<String> {
    let sip = hrefs::normal_sip(sip).ok_or_else(not_found)?;
    if tx.user(&sip).is_none() && tx.service.engine.is_strict() {
        return Err(not_found());
    }
    Ok(sip)
}

fn render(tx: &Tx<'_>, application: &str, sip: &str) -> Value {
    let this = hrefs::person(application, sip);
    let is_known = tx.user(sip).is_some();
    json!({
        "uri": sip,
        "sourceNetwork": if is_known { "SameEnterprise" } else { "Federated" },
        "title": "",
        "emailAddresses": [sip.strip_prefix("sip:").unwrap_or(sip)],
        "type": "User",
        "name": tx.name_of(sip),
        "_links": {
            "self": {"href": this},
            "contactPresence": {"href": format!("{this}/presence")},
            "contactNote": {"href": format!("{this}/note")},
        },
        "rel": "contact",
    })
}

/// `contactPresence`. A signed-in user publishes it with the application that was used last, a
/// contact without one by `inject`.
pub(super) fn presence(tx: &Tx<'_>, application: &str, sip: &str) -> Reply<Value> {
    let sip = known(tx, sip)?;
    let own = tx.store.applications.values().filter(|a| a.sip == sip);
    let newest = own.clone().filter(|a| a.is_available);
    let newest = newest.max_by_key(|a| a.last_activity);
    let injected = tx.store.published.get(&sip).filter(|_| newest.is_none());
    let is_signed_in = own.count() > 0;
    let state = match (newest, injected.and_then(|it| it.availability)) {
        (Some(newest), _) => newest.availability,
        (None, _) if is_signed_in => "Offline",
        (None, Some(injected)) => injected,
        // The emulator responds in place of this contact, which is always there.
        (None, None) => "Online",
    };
    let (availability, activity) = shown(state);
    let activity = injected
        .and_then(|it| it.activity.as_deref())
        .unwrap_or(activity);
    let this = format!("{}/presence", hrefs::person(application, &sip));
    let mut found = json!({
        "availability": availability,
        "activity": activity,
        "_links": {"self": {"href": this}},
        "rel": "contactPresence",
    });
    if availability != "Offline" {
        found["deviceType"] = "PC".into();
    }
    if let Some(newest) = newest {
        found["lastActive"] = format!("/Date({})/", last_active(tx, newest)).into();
    }
    Ok(found)
}

/// The time of the last activity, in epoch milliseconds.
fn last_active(tx: &Tx<'_>, application: &Application) -> u64 {
    let ago = application.last_activity.elapsed().as_millis();
    let ago = u64::try_from(ago).unwrap_or_default();
    tx.service.engine.now_ms().saturating_sub(ago)
}

/// `contactNote`.
pub(super) fn note(tx: &Tx<'_>, application: &str, sip: &str) -> Reply<Value> {
    let sip = known(tx, sip)?;
    let this = format!("{}/note", hrefs::person(application, &sip));
    let links = json!({"self": {"href": this}});
    Ok(note_of(tx, &sip, links, "contactNote"))
}

/// `search`: the users with the words in their name or address, and unless strict any complete
/// address outside the seeded world.
pub(super) fn search(tx: &Tx<'_>, application: &str, input: &Input, this: &str) -> Reply<Value> {
    let owner = tx.store.applications.get(application);
    if owner.ok_or_else(no_application)?.is_anonymous {
        return Err(anonymous());
    }
    let query = input.text("query", MAX_QUERY)?;
    let query = input.required("query", query)?.trim().to_lowercase();
    let limit = match input.text("limit", 20)? {
        None => MAX_RESULTS,
        Some(limit) => {
            let limit = limit.parse().ok();
            let limit = limit.filter(|limit| (1..=MAX_RESULTS).contains(limit));
            limit.ok_or_else(|| input.bad("limit", "must be from 1 to 100"))?
        }
    };
    let users = tx.service.seed.ucwa.users.iter();
    let has = |text: &str| text.to_lowercase().contains(&query);
    let users = users.filter(|user| has(&user.name) || has(&user.sip) || has(&user.username));
    let mut found: Vec<String> = users.map(|user| user.sip.clone()).collect();
    if let Ok(sip) = known(tx, &query)
        && found.is_empty()
    {
        found.push(sip);
    }
    let contacts = found.iter().take(limit);
    let contacts: Vec<Value> = contacts.map(|sip| render(tx, application, sip)).collect();
    Ok(json!({
        "moreResultsAvailable": found.len() > limit,
        "_links": {"self": {"href": this}},
        "_embedded": {"contact": contacts},
        "rel": "search",
    }))
}
