//! Autodiscovery: the root, and the user with the address of the applications.

use serde_json::{Value, json};

use crate::{
    services::ucwa::{
        faults::UcwaFault, hrefs::APPLICATIONS, responses::resource, settings::UcwaTopology,
        state::Ucwa, transaction::Tx,
    },
    wire::{request::Request, response::Response},
};

const SERVICE: &str = "/Autodiscover/AutodiscoverService.svc/root";

fn domain(request: &Request) -> String {
    let domain = request
        .query
        .value("originalDomain")
        .unwrap_or("contoso.test");
    format!("originalDomain={domain}")
}

fn redirect(request: &Request, path: &str, href: &Option<String>) -> Value {
    let other = || format!("{}{path}?{}", request.other_origin(), domain(request));
    let href = href.clone().unwrap_or_else(other);
    json!({"_links": {"redirect": {"href": href}}})
}

/// The root. It needs no ticket.
pub(super) fn root(service: &Ucwa, request: &Request, fault: Option<&UcwaFault>) -> Response {
    // The redirect names the domain; a request that has it is at the right place.
    let is_first = request.query.value("originalDomain").is_none();
    if service.settings.topology == UcwaTopology::Redirect && is_first {
        return resource(&redirect(request, SERVICE, &None));
    }
    if let Some(UcwaFault::DiscoveryRedirect { href }) = fault {
        return resource(&redirect(request, SERVICE, href));
    }
    let origin = request.origin();
    let domain = domain(request);
    resource(&json!({
        "_links": {
            "self": {"href": format!("{origin}{SERVICE}?{domain}")},
            "user": {"href": format!("{origin}{SERVICE}/oauth/user?{domain}")},
            "xframe": {"href": format!("{origin}/Autodiscover/XFrame/XFrame.html")},
        },
    }))
}

/// The user, once the ticket is good.
pub(super) fn user(tx: &mut Tx<'_>, request: &Request, fault: Option<&UcwaFault>) -> Response {
    let origin = request.origin();
    let pool = match fault {
        Some(UcwaFault::DiscoveryRedirect { href }) => {
            let path = format!("{SERVICE}/oauth/user");
            return resource(&redirect(request, &path, href));
        }
        other
            if other == Some(&UcwaFault::PoolSplit)
                || tx.service.settings.topology == UcwaTopology::TwoPools =>
        {
            tx.bind_ticket(request);
            request.other_origin()
        }
        _ => origin.clone(),
    };
    resource(&json!({
        "_links": {
            "self": {"href": format!("{origin}{SERVICE}/user")},
            "applications": {"href": format!("{pool}{APPLICATIONS}")},
            "xframe": {"href": format!("{origin}/Autodiscover/XFrame/XFrame.html")},
        },
    }))
}
