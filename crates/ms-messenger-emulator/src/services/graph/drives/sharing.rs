//! Permissions of items: invitations of users, and share links.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        directory::binding,
        drives::{
            error,
            item::{Grant, Grantee, Link, Role, Scope},
            locate,
            routes::Address,
            visit::Visit,
        },
        error::GraphError,
        messages::validate,
        response,
        state::Graph,
    },
};

/// `POST …/invite`: one entry for each recipient, its permission or its error.
pub(crate) fn invite(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let (service, body) = (context.service, validate::body(context.request)?);
    let recipients = body["recipients"].as_array().filter(|all| !all.is_empty());
    let recipients = recipients
        .ok_or_else(|| error::invalid("recipients is required and must be a non-empty array."))?;
    let role = role(&body["roles"])?;
    for name in ["requireSignIn", "sendInvitation"] {
        if !matches!(body[name], Value::Null | Value::Bool(_)) {
            return Err(error::invalid(
                "requireSignIn and sendInvitation must be true or false.",
            ));
        }
    }
    let mut store = service.store();
    let found = locate::item(visit, &mut store, at, Role::Write)?;
    let drive = store.drives.drive_mut(&found.drive);
    let item = drive.and_then(|drive| drive.item_mut(&found.item));
    let item = item.ok_or_else(error::item_not_found)?;
    let mut entries = Vec::new();
    for recipient in recipients {
        let Some(to) = grantee(service, recipient) else {
            entries.push(unresolved(recipient, role));
            continue;
        };
        let known = item.grants.iter_mut().find(|grant| grant.to == to);
        let grant = match known {
            Some(grant) => {
                grant.role = role;
                grant.clone()
            }
            None => {
                let id = service.engine.guid().simple().to_string();
                let grant = Grant { id, to, role };
                item.grants.push(grant.clone());
                grant
            }
        };
        entries.push(granted(service, &grant));
    }
    let metadata = "Collection(microsoft.graph.permission)";
    let body = json!({
        "@odata.context": format!("{}/$metadata#{metadata}", context.base),
        "value": entries,
    });
    Ok(response::json(StatusCode::OK, body.to_string()))
}

fn role(roles: &Value) -> Result<Role, GraphError> {
    let all: Option<Vec<Role>> = roles.as_array().and_then(|roles| {
        let role = |role: &Value| match role.as_str()? {
            "read" => Some(Role::Read),
            "write" => Some(Role::Write),
            _ => None,
        };
        roles.iter().map(role).collect()
    });
    let highest = all.and_then(|all| all.into_iter().max());
    highest.ok_or_else(|| error::invalid("roles is required: read or write."))
}

/// The user that a recipient names by `objectId` or `email`, or a guest; unless strict any mail
/// address is one.
fn grantee(service: &Graph, recipient: &Value) -> Option<Grantee> {
    if let Some(id) = recipient["objectId"].as_str() {
        return binding::user_id(service, id).ok().map(Grantee::User);
    }
    let mail = recipient["email"].as_str()?.trim().to_lowercase();
    let mut users = service.seed.graph.users.iter();
    if let Some(user) = users.find(|user| user.upn.eq_ignore_ascii_case(&mail)) {
        return Some(Grantee::User(user.id.clone()));
    }
    let is_address = mail
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let is_open = !service.engine.is_strict();
    (is_open && is_address && !mail.contains(char::is_whitespace)).then_some(Grantee::Guest(mail))
}

fn granted(service: &Graph, grant: &Grant) -> Value {
    let user = match &grant.to {
        Grantee::User(id) => {
            let user = service.seed.graph_user(id);
            json!({
                "id": id,
                "displayName": user.map(|user| &user.display_name),
                "email": user.map(|user| &user.upn),
            })
        }
        Grantee::Guest(mail) => json!({"displayName": mail, "email": mail}),
    };
    json!({
        "id": grant.id,
        "roles": [grant.role.as_str()],
        "grantedTo": {"user": user},
        "grantedToV2": {"user": user},
        "hasPassword": false,
    })
}

/// The entry of an unknown recipient.
fn unresolved(recipient: &Value, role: Role) -> Value {
    let mut user = json!({});
    for (name, member) in [("id", "objectId"), ("email", "email")] {
        if let Some(text) = recipient[member].as_str() {
            user[name] = text.into();
        }
    }
    json!({
        "roles": [role.as_str()],
        "grantedTo": {"user": user},
        "grantedToV2": {"user": user},
        "error": {
            "code": "notFound",
            "message": "The recipient could not be resolved.",
            "localizedMessage": "The recipient could not be resolved.",
        },
    })
}

/// The type and the scope of the link that a request asks for.
fn kind_and_scope(body: &Value) -> Result<(&'static str, Scope), GraphError> {
    let kind = match body["type"].as_str() {
        Some("view") => "view",
        Some("edit") => "edit",
        _ => return Err(error::invalid("type is required: view or edit.")),
    };
    let scope = match &body["scope"] {
        Value::Null => Scope::Organization,
        scope => match scope.as_str() {
            Some("anonymous") => Scope::Anonymous,
            Some("organization") => Scope::Organization,
            Some("users") => Scope::Users,
            _ => {
                let message = "scope must be anonymous, organization or users.";
                return Err(error::invalid(message));
            }
        },
    };
    Ok((kind, scope))
}

/// `POST …/createLink`: 201 with a link, 200 when there is one of this type and scope.
pub(crate) fn link(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let (service, body) = (context.service, validate::body(context.request)?);
    let (kind, scope) = kind_and_scope(&body)?;
    let mut store = service.store();
    let found = locate::item(visit, &mut store, at, Role::Write)?;
    let drive = store.drives.drive_mut(&found.drive);
    let drive = drive.ok_or_else(error::item_not_found)?;
    let site = drive.site.clone();
    let item = drive.item_mut(&found.item);
    let item = item.ok_or_else(error::item_not_found)?;
    let known = item
        .links
        .iter()
        .find(|l| l.kind == kind && l.scope == scope);
    let (status, link) = match known {
        Some(link) => (StatusCode::OK, link.clone()),
        None => {
            let link = Link {
                id: service.engine.guid().to_string(),
                kind,
                scope,
                url: site.link_url(item, service.engine.guid()),
            };
            item.links.push(link.clone());
            (StatusCode::CREATED, link)
        }
    };
    let role = if kind == "edit" { "write" } else { "read" };
    let body = json!({
        "@odata.context": format!("{}/$metadata#permission", context.base),
        "id": link.id,
        "roles": [role],
        "hasPassword": false,
        "link": {
            "type": kind,
            "scope": scope.as_str(),
            "webUrl": link.url,
            "preventsDownload": false,
        },
    });
    Ok(response::json(status, body.to_string()))
}
