//! Reads the body of a subscription.

use serde_json::Value;

use crate::{
    engine::push::address::Address,
    services::graph::{
        error::GraphError,
        notifications::{
            certificate::Certificate, change::ChangeType, narrowing::Narrowing, resource::Watch,
            subscription::Subscription,
        },
    },
    wire::clock,
};

/// The longest life of a subscription to messages, in minutes.
const MAX_MINUTES: u64 = 4320;
const HOUR_MS: u64 = 3_600_000;
const MAX_TEXT: usize = 128;

/// A subscription as the body has it.
pub(crate) struct Wanted {
    pub(crate) changes: Vec<ChangeType>,
    pub(crate) resource: String,
    pub(crate) watch: Watch,
    pub(crate) narrowing: Narrowing,
    pub(crate) url: (String, Address),
    pub(crate) lifecycle: Option<(String, Address)>,
    pub(crate) expires: u64,
    pub(crate) client_state: Option<String>,
    pub(crate) certificate: Option<Certificate>,
}

/// What a subscription has beside its body.
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) app: String,
    pub(crate) creator: String,
}

impl Wanted {
    /// The subscription of `owner`.
    pub(crate) fn owned_by(self, owner: Owner) -> Subscription {
        let (url, address) = self.url;
        Subscription {
            id: owner.id,
            number: owner.number,
            app: owner.app,
            creator: owner.creator,
            changes: self.changes,
            resource: self.resource,
            watch: self.watch,
            narrowing: self.narrowing,
            url,
            address,
            lifecycle: self.lifecycle,
            expires: self.expires,
            client_state: self.client_state,
            certificate: self.certificate,
        }
    }
}

/// What a renewal changes.
pub(crate) struct Renewal {
    pub(crate) expires: Option<u64>,
    pub(crate) url: Option<(String, Address)>,
    pub(crate) certificate: Option<Certificate>,
}

/// Reads the body of a new subscription.
pub(crate) fn wanted(body: &Value, now: u64) -> Result<Wanted, GraphError> {
    let resource = required(body, "resource")?;
    let (path, query) = match resource.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (resource, None),
    };
    let watch = Watch::parse(path)?;
    let narrowing = query.map(Narrowing::parse).transpose()?;
    let changes = changes(required(body, "changeType")?)?;
    let url = address(required(body, "notificationUrl")?, "notificationUrl")?;
    let lifecycle = text(body, "lifecycleNotificationUrl")?;
    let lifecycle = lifecycle.map(|url| address(url, "lifecycleNotificationUrl"));
    let expires = expires(required(body, "expirationDateTime")?, now)?;
    let lifecycle = lifecycle.transpose()?;
    if lifecycle.is_none() && expires > now + HOUR_MS {
        return Err(GraphError::bad_request(
            "lifecycleNotificationUrl is a required property for subscription creation on this \
             resource when the expirationDateTime value is set to greater than 1 hour",
        ));
    }
    Ok(Wanted {
        changes,
        resource: resource.to_owned(),
        watch,
        narrowing: narrowing.unwrap_or_default(),
        url,
        lifecycle,
        expires,
        client_state: short(body, "clientState")?.map(str::to_owned),
        certificate: certificate(body)?,
    })
}

/// Reads the body of a renewal.
pub(crate) fn renewal(body: &Value, now: u64) -> Result<Renewal, GraphError> {
    if body.get("lifecycleNotificationUrl").is_some() {
        let message = "The property 'lifecycleNotificationUrl' cannot be changed.";
        return Err(GraphError::bad_request(message));
    }
    let expires = text(body, "expirationDateTime")?.map(|time| expires(time, now));
    let url = text(body, "notificationUrl")?.map(|url| address(url, "notificationUrl"));
    let certificate = match body.get("encryptionCertificate") {
        None | Some(Value::Null) => None,
        Some(_) => Some(encryption(body)?),
    };
    Ok(Renewal {
        expires: expires.transpose()?,
        url: url.transpose()?,
        certificate,
    })
}

fn text<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, GraphError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(GraphError::invalid_body()),
    }
}

fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, GraphError> {
    let found = text(body, name)?.filter(|text| !text.is_empty());
    found.ok_or_else(|| {
        let message = format!("{name} is a required property for subscription creation.");
        GraphError::bad_request(message)
    })
}

fn short<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, GraphError> {
    let found = text(body, name)?;
    if found.is_some_and(|text| text.chars().count() > MAX_TEXT) {
        let message = format!("{name} has a maximum length of {MAX_TEXT} characters.");
        return Err(GraphError::bad_request(message));
    }
    Ok(found)
}

fn changes(list: &str) -> Result<Vec<ChangeType>, GraphError> {
    let names = list.split(',').map(|name| ChangeType::parse(name.trim()));
    names.collect::<Option<Vec<ChangeType>>>().ok_or_else(|| {
        let message = "changeType must be a list of created, updated and deleted.";
        GraphError::bad_request(message)
    })
}

fn address(url: &str, name: &str) -> Result<(String, Address), GraphError> {
    match Address::parse(url) {
        Ok(address) => Ok((url.to_owned(), address)),
        Err(rule) => Err(GraphError::bad_request(format!("{name} {rule}."))),
    }
}

fn expires(time: &str, now: u64) -> Result<u64, GraphError> {
    let expires = clock::parse_rfc3339(time).ok_or_else(GraphError::invalid_body)?;
    if expires <= now {
        let message = "Subscription expiration must be in the future.";
        return Err(GraphError::bad_request(message));
    }
    if expires > now + MAX_MINUTES * 60_000 {
        return Err(GraphError::bad_request(format!(
            "Subscription expiration can only be {MAX_MINUTES} minutes in the future."
        )));
    }
    Ok(expires)
}

fn certificate(body: &Value) -> Result<Option<Certificate>, GraphError> {
    match body.get("includeResourceData") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Bool(true)) => encryption(body).map(Some),
        Some(_) => Err(GraphError::invalid_body()),
    }
}

fn encryption(body: &Value) -> Result<Certificate, GraphError> {
    let id = short(body, "encryptionCertificateId")?.filter(|id| !id.is_empty());
    let (Some(id), Some(text)) = (id, text(body, "encryptionCertificate")?) else {
        return Err(GraphError::bad_request(
            "encryptionCertificate and encryptionCertificateId are required properties when \
             includeResourceData is set to true.",
        ));
    };
    Certificate::parse(text, id)
        .map_err(|rule| GraphError::bad_request(format!("encryptionCertificate {rule}.")))
}
